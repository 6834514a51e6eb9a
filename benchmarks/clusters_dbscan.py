"""A grid of DBSCAN: CPU time and labels against those of single fits.

The radii are those that `select_eps` tries by itself around the knee of 10 neighbours.
The 5 fits are those of the 5 radii with 10 neighbours: what a user pays who has chosen
`min_samples` already. All 25 fits are run as well, for their labels. `select_eps` has
15 cells by default, and besides the grid it has distances to neighbours and
silhouettes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from _measure import cpu, median_cpu
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from skseg.model_selection import select_eps
from skseg.model_selection._dbscan_grid import dbscan_grid
from skseg.model_selection._eps import candidates, k_distances, knee

MIN_SAMPLES = (5, 10, 20, 30, 50)
FITTED = 10
ROWS = (20_000, 50_000)
FloatArray = npt.NDArray[np.float64]
Row = dict[str, Any]


def dbscan(rows: Sequence[int] = ROWS) -> list[Row]:
    """Compare the grid of 25 cells with 5 fits; the target is at most 1.5 times."""
    with threadpool_limits(1):
        return [_compared(name, X) for n in rows for name, X in _data(n).items()]


def _data(n: int) -> dict[str, FloatArray]:
    """Return blobs and moons with a tenth of noise, and blobs of whole numbers."""
    n_noise = n // 10
    rng = np.random.default_rng(0)
    found = {}
    for d in (2, 5):
        X, _ = make_blobs(n - n_noise, d, centers=8, random_state=d)
        found[f"blobs and noise, {d} columns"] = _with_noise(X, n_noise, rng)
    moons, _ = make_moons(n - n_noise, noise=0.05, random_state=0)
    found["moons and noise, 2 columns"] = _with_noise(moons, n_noise, rng)
    beyond = rng.normal(0, 0.05, (n - n_noise, 3))
    moons = np.hstack([moons, beyond])
    found["moons and noise, 5 columns"] = _with_noise(moons, n_noise, rng)
    # Whole numbers: nearly all distances are ties, and many rows are equal.
    whole, _ = make_blobs(
        n, 2, centers=8, cluster_std=30, center_box=(-500, 500), random_state=0
    )
    found["blobs of whole numbers, 2 columns"] = np.round(whole)
    return found


def _with_noise(X: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    return np.vstack([X, rng.uniform(X.min(axis=0), X.max(axis=0), (n, X.shape[1]))])


def _compared(name: str, X: FloatArray) -> Row:
    radii = _radii(X)
    cells = dict.fromkeys(MIN_SAMPLES, radii)
    grid_s, grid = median_cpu(
        lambda: dbscan_grid("benchmark", X, cells, metric="euclidean")
    )
    five_s, _ = median_cpu(lambda: [_fit(X, eps, FITTED) for eps in radii])
    all_s, labels = cpu(lambda: {(m, e): _fit(X, e, m) for m in cells for e in radii})
    selected_s, _ = cpu(lambda: select_eps(X, random_state=0))
    row = {
        "data": name,
        "rows": len(X),
        "eps": " ".join(f"{eps:g}" for eps in radii),
        "five_fits_cpu_s": round(five_s, 2),
        "grid_of_25_cpu_s": round(grid_s, 2),
        "times_five_fits": round(grid_s / five_s, 2),
        "select_eps_cpu_s": round(selected_s, 2),
        "fits_of_25_cpu_s": round(all_s, 2),
        "cells_identical": sum(np.array_equal(grid[c], labels[c]) for c in grid),
        "least_adjusted_rand": min(
            round(float(adjusted_rand_score(labels[c], grid[c])), 6) for c in grid
        ),
    }
    print(row, flush=True)
    return row


def _radii(X: FloatArray) -> list[float]:
    """Return the radii that `select_eps` tries."""
    curve = k_distances(X, [FITTED], "euclidean", None)[FITTED]
    return candidates(FITTED, knee(curve), 5)


def _fit(X: FloatArray, eps: float, min_samples: int) -> npt.NDArray[np.intp]:
    labels: npt.NDArray[np.intp] = (
        DBSCAN(eps=eps, min_samples=min_samples).fit(X).labels_
    )
    return labels
