"""K-Means for k from 2 to 10: one path, against ten starts for each k.

Ours is the path inside `select_n_segments`, without the criteria.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from _measure import cpu
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from skseg.model_selection._n_segments._path import full_path

Row = dict[str, Any]
FloatArray = npt.NDArray[np.float64]

N_COLUMNS = 10
KS = range(2, 11)


def _normal(n: int) -> FloatArray:
    return np.random.default_rng(0).normal(size=(n, N_COLUMNS))


def _correlated(n: int) -> FloatArray:
    mix = np.random.default_rng(1).normal(size=(N_COLUMNS, N_COLUMNS))
    return np.asarray(_normal(n) @ mix)


def _skewed(n: int) -> FloatArray:
    return np.asarray(StandardScaler().fit_transform(np.exp(0.3 * _correlated(n))))


DATA: dict[str, Callable[[int], FloatArray]] = {
    "6 blobs": lambda n: make_blobs(
        n, N_COLUMNS, centers=6, cluster_std=2.0, random_state=1
    )[0],
    "8 overlapping blobs": lambda n: make_blobs(
        n, N_COLUMNS, centers=8, cluster_std=5.0, random_state=2
    )[0],
    "4 overlapping blobs, 2-D": lambda n: make_blobs(
        n, 2, centers=4, cluster_std=2.0, random_state=0
    )[0],
    "one normal population": _normal,
    "one correlated normal population": _correlated,
    "one skewed population": _skewed,
}


def k_scan(n: int = 100_000) -> list[Row]:
    """Measure CPU seconds and inertia of both, on each kind of rows."""
    rows = []
    for name, make in DATA.items():
        X = make(n)
        naive_s, naive = cpu(partial(_naive, X))
        path_s, path = cpu(partial(_path, X))
        excess = [path[k] / naive[k] - 1 for k in KS]
        rows.append(
            {
                "data": name,
                "rows": n,
                "naive_cpu_s": round(naive_s, 2),
                "path_cpu_s": round(path_s, 2),
                "times": round(naive_s / path_s, 1),
                "worst_excess_inertia": round(max(excess), 5),
                "best_excess_inertia": round(min(excess), 5),
            }
        )
    return rows


def _naive(X: FloatArray) -> dict[int, float]:
    return {k: KMeans(k, n_init=10, random_state=0).fit(X).inertia_ for k in KS}


def _path(X: FloatArray) -> dict[int, float]:
    rng = np.random.default_rng(0)
    return {k: model.inertia_ for k, model in full_path(X - X.mean(axis=0), KS, rng)}
