"""From a scan over k to proved rules: CPU seconds and memory, in a separate process."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.connection import Connection
from typing import Any

import pandas as pd
from _measure import cpu
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from skseg import RuleSurrogate
from skseg.metrics import silhouette_score
from skseg.model_selection import select_n_segments

N_ROWS, N_COLUMNS, N_CLUSTERS = 1_000_000, 10, 6
MEGABYTE = 2**20


def path() -> list[dict[str, Any]]:
    """Targets: less than 30 s of CPU and 1 GB for a million rows and ten columns."""
    # A new process, whose peak of memory is that of the path alone.
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(sender,))
    process.start()
    rows: list[dict[str, Any]] = receiver.recv()
    process.join()
    return rows


def _measured(sender: Connection) -> None:
    with threadpool_limits(1):
        sender.send(_steps())


def _peak() -> float:
    """Return the peak of memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


def _steps() -> list[dict[str, Any]]:
    X, _ = make_blobs(
        N_ROWS, N_COLUMNS, centers=N_CLUSTERS, cluster_std=3.0, random_state=0
    )
    frame = pd.DataFrame(X, copy=False).add_prefix("x")
    rows = [{"step": "imports and data", "cpu_s": None, "peak_mb": _peak()}]

    scan, found = cpu(lambda: select_n_segments(X, random_state=0))
    rows.append(
        {"step": "select_n_segments, 2 to 10", "cpu_s": scan, "peak_mb": _peak()}
    )

    k = found.n_segments
    start = KMeans(k, init=found.centers[k], n_init=1)
    rules, surrogate = cpu(lambda: RuleSurrogate(start, random_state=0).fit(frame))
    rows.append(
        {"step": "RuleSurrogate of K-Means", "cpu_s": rules, "peak_mb": _peak()}
    )

    proof, report = cpu(surrogate.rules_.verify)
    rows.append({"step": "the proof", "cpu_s": proof, "peak_mb": _peak()})
    total = scan + rules + proof
    rows.append({"step": "in all", "cpu_s": total, "peak_mb": _peak()})

    scored, silhouette = cpu(
        lambda: silhouette_score(X, surrogate.labels_, random_state=0)
    )
    rows.append(
        {"step": "silhouette, beyond that", "cpu_s": scored, "peak_mb": _peak()}
    )
    outcome = {
        "n_segments": k,
        "planted": N_CLUSTERS,
        "is_mece": report.is_mece,
        "n_rules": surrogate.n_rules_,
        "fidelity": round(surrogate.fidelity_, 4),
        "cost_ratio": round(surrogate.cost_ratio_, 4),
        "silhouette": round(float(silhouette), 4),
    }
    for row in rows:
        for name in ("cpu_s", "peak_mb"):
            if row[name] is not None:
                row[name] = round(row[name], 2 if name == "cpu_s" else 0)
    rows[-1] |= outcome
    return rows


if __name__ == "__main__":
    for row in path():
        print(row)
