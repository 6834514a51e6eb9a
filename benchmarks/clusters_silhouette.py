"""Silhouettes of all rows: CPU time against scikit-learn's exact ones, and errors.

Segments are those of K-Means. Ratios are to one run of scikit-learn in the same
process, on one thread.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from _measure import cpu, median_cpu
from sklearn import metrics as sklearn_metrics
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from skseg.metrics import silhouette_samples, silhouette_score

N_ROWS, N_COLUMNS = 100_000, 10
N_EXACT = 20_000
N_REFERENCES = (24, 64, 256, 512)
N_DRAWS = 5

FloatArray = npt.NDArray[np.float64]
Row = dict[str, Any]


def _blobs(n: int, rng: np.random.Generator) -> FloatArray:
    seed = int(rng.integers(2**31))
    X, _ = make_blobs(n, N_COLUMNS, centers=5, cluster_std=3.0, random_state=seed)
    return np.asarray(X)


# Data, the number of segments, and whether scikit-learn's time is taken as well.
DATA: dict[str, tuple[Callable[[int, np.random.Generator], FloatArray], int, bool]] = {
    "5 blobs that overlap": (_blobs, 5, True),
    "one Gaussian": (lambda n, rng: rng.standard_normal((n, N_COLUMNS)), 8, True),
    "lognormal": (lambda n, rng: rng.lognormal(size=(n, N_COLUMNS)), 5, True),
    "Student's t, 3 df": (lambda n, rng: rng.standard_t(3, (n, N_COLUMNS)), 5, False),
}


def silhouettes(n_rows: int = N_ROWS) -> list[Row]:
    """Return the estimates of each data set, then the exact ones."""
    rows = []
    with threadpool_limits(1):
        for name, (make, k, is_timed) in DATA.items():
            X = make(n_rows, np.random.default_rng(0))
            labels = KMeans(k, n_init=1, random_state=0).fit_predict(X)
            rows += _estimates(name, X, labels, is_timed)
        rows += _exact(min(n_rows, N_EXACT))
    return rows


def _estimates(
    name: str, X: FloatArray, labels: npt.NDArray[np.integer], is_timed: bool
) -> list[Row]:
    what = {"data": name, "rows": len(X), "segments": int(labels.max()) + 1}
    if is_timed:
        method = "scikit-learn"
        seconds, true = cpu(lambda: sklearn_metrics.silhouette_samples(X, labels))
    else:
        method = "exact"
        seconds, true = cpu(lambda: silhouette_samples(X, labels, method="exact"))
    row = {
        "method": method,
        "cpu_s": round(seconds, 2),
        "score": round(float(true.mean()), 4),
    }
    rows = [what | row]
    print(rows[-1], flush=True)
    for m in N_REFERENCES:
        row = {"method": "estimate", "n_references": m}
        row |= _errors(X, labels, m, true)
        if is_timed:
            row["times"] = round(seconds / row["cpu_s"])
        rows.append(what | row)
        print(rows[-1], flush=True)
    return rows


def _errors(
    X: FloatArray, labels: npt.NDArray[np.integer], m: int, true: FloatArray
) -> Row:
    """Return the median CPU seconds, and the errors of several draws."""
    seconds, errors = [], []
    for seed in range(N_DRAWS):
        options = {"n_references": m, "random_state": seed, "method": "estimate"}
        taken, widths = cpu(lambda: silhouette_samples(X, labels, **options))  # noqa: B023
        seconds.append(taken)
        errors.append(widths - true)
    with_error, (_, stated) = cpu(
        lambda: silhouette_score(X, labels, return_error=True, **options)
    )
    means = [error.mean() for error in errors]
    return {
        "cpu_s": round(statistics.median(seconds), 4),
        "cpu_s_with_error": round(with_error, 4),
        "largest_error_of_mean": f"{np.abs(means).max():.1e}",
        "stated_error": f"{stated:.1e}",
        "rms_of_row": f"{np.sqrt(np.square(errors).mean()):.1e}",
        "largest_of_row": f"{np.abs(errors).max():.1e}",
    }


def _exact(n_rows: int) -> list[Row]:
    X = _blobs(n_rows, np.random.default_rng(0))
    labels = KMeans(5, n_init=1, random_state=0).fit_predict(X)
    rows = []
    for metric in ("sqeuclidean", "manhattan", "euclidean"):
        theirs, true = cpu(
            lambda: sklearn_metrics.silhouette_samples(X, labels, metric=metric)  # noqa: B023
        )
        ours, widths = median_cpu(
            lambda: silhouette_samples(X, labels, metric=metric, method="exact")  # noqa: B023
        )
        rows.append(
            {
                "data": f"5 blobs that overlap, {metric}",
                "rows": n_rows,
                "segments": 5,
                "method": "exact",
                "cpu_s": round(ours, 4),
                "scikit_learn_s": round(theirs, 2),
                "times": round(theirs / ours, 1),
                "largest_of_row": f"{np.abs(widths - true).max():.1e}",
            }
        )
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    silhouettes()
