"""Which number of segments each criterion chooses, with clusters and without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from skseg import rfm_table
from skseg.datasets import make_orders
from skseg.model_selection import NSegmentsSelection, select_n_segments

Row = dict[str, Any]
FloatArray = npt.NDArray[np.float64]

N_ROWS = 3_000
# Enough rows that the silhouette is estimated.
N_ESTIMATED = 6_000
KS = range(2, 11)


def _scaled(X: Any) -> FloatArray:
    return np.asarray(StandardScaler().fit_transform(X))


def _blobs(n: int, seed: int, n_columns: int, k: int, spread: float) -> FloatArray:
    """Return blobs whose centres are at least 5 (in 2-D) to 9 (10-D) units apart."""
    rng = np.random.default_rng(seed)
    while True:
        centers = rng.uniform(-10, 10, size=(k, n_columns))
        apart = np.linalg.norm(centers[:, None] - centers, axis=-1)
        if apart[np.triu_indices(k, 1)].min() >= 4 + n_columns / 2:
            X, _ = make_blobs(n, centers=centers, cluster_std=spread, random_state=seed)
            return _scaled(X)


def _correlated(seed: int, n_columns: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(n_columns, n_columns))
    return np.asarray(rng.normal(size=(N_ROWS, n_columns)) @ mix)


def _uniform(seed: int, n_columns: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(size=(N_ROWS, n_columns))


def _lognormal(seed: int) -> FloatArray:
    return _scaled(np.exp(0.5 * _correlated(seed, 3)))


def _rfm(seed: int, *, log: bool) -> FloatArray:
    """Return customers of seven types that overlap."""
    table = rfm_table(
        make_orders(N_ROWS, random_state=seed),
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of="2025-01-01",
    )
    X = table[["recency", "frequency", "monetary"]].to_numpy(np.float64)
    return _scaled(np.log1p(X) if log else X)


# True number of clusters, 1 for none; and how to draw them.
POPULATIONS: dict[str, tuple[int, Callable[[int], FloatArray]]] = {
    "4 blobs, 2-D": (4, lambda seed: _blobs(N_ROWS, seed, 2, 4, 1.0)),
    "4 overlapping blobs, 2-D": (4, lambda seed: _blobs(N_ROWS, seed, 2, 4, 1.75)),
    "5 overlapping blobs, 10-D": (5, lambda seed: _blobs(N_ROWS, seed, 10, 5, 4.0)),
    "one normal population, 2-D": (
        1,
        lambda seed: np.random.default_rng(seed).normal(size=(N_ROWS, 2)),
    ),
    "one correlated normal population, 3-D": (1, lambda seed: _correlated(seed, 3)),
    "one correlated normal population, 10-D": (1, lambda seed: _correlated(seed, 10)),
    "one uniform population, 2-D": (1, lambda seed: _uniform(seed, 2)),
    "one uniform population, 10-D": (1, lambda seed: _uniform(seed, 10)),
    "one log-normal population, 3-D": (1, _lognormal),
    "RFM of 7 types of customer, raw": (7, lambda seed: _rfm(seed, log=False)),
    "RFM of 7 types of customer, logarithms": (7, lambda seed: _rfm(seed, log=True)),
}


def verdicts(n_runs: int = 20) -> list[Row]:
    """Count the numbers that each criterion chooses, per population."""
    rows = []
    for name, (truth, draw) in POPULATIONS.items():
        found = [
            select_n_segments(draw(seed), n_segments=KS, random_state=seed)
            for seed in range(n_runs)
        ]
        row: Row = {
            "population": name,
            "true": truth,
            "runs": n_runs,
            "structure": sum(one.has_structure for one in found),
            "verdict": _counts(one.n_segments for one in found),
        }
        row |= {
            criterion: _counts(one.choices[criterion] for one in found)
            for criterion in found[0].choices
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def _counts(numbers: Any) -> str:
    """Return counts of the numbers as text, the most frequent first: "4 x18, 3 x2"."""
    return ", ".join(f"{k} x{n}" for k, n in Counter(numbers).most_common())


def agreement(n_sets: int = 40) -> list[Row]:
    """Compare the choice with that by ten starts for each k and exact silhouettes."""
    rows = []
    for seed in range(n_sets):
        k = 3 + seed % 6
        n_columns = (2, 5, 10)[seed % 3]
        X = _blobs(N_ESTIMATED, seed, n_columns, k, 1.0 + 0.25 * (seed % 4))
        found: NSegmentsSelection = select_n_segments(
            X, n_segments=KS, criteria=("silhouette",), max_rows=100, random_state=seed
        )
        exact = {k: silhouette_score(X, _naive(X, k)) for k in KS}
        rows.append(
            {
                "blobs": k,
                "columns": n_columns,
                "rows": N_ESTIMATED,
                "ours": found.choices["silhouette"],
                "exact": max(exact, key=exact.__getitem__),
            }
        )
    same = sum(row["ours"] == row["exact"] for row in rows)
    return [{"sets": n_sets, "same_k": same}, *rows]


def _naive(X: FloatArray, k: int) -> npt.NDArray[np.int32]:
    return np.asarray(KMeans(k, n_init=10, random_state=0).fit_predict(X))
