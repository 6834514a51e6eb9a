"""`predict` of density clusterers: a million rows, on all cores.

What it is compared with is scikit-learn's own search for neighbours, on every
hundredth row, and brute force on every thousandth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.datasets import make_blobs
from sklearn.neighbors import NearestNeighbors

from skseg import InductiveSegmenter, RuleSurrogate

TRAINING_ROWS, ROWS, COLUMNS = 20_000, 1_000_000, 5
EVERY = 100
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Row = dict[str, Any]


def predictions() -> list[Row]:
    """Measure predictions for a million rows; the target is 2 s of wall time."""
    clusterers = [
        *(DBSCAN(eps=eps, min_samples=10) for eps in (0.8, 1.5, 2.5)),
        HDBSCAN(min_cluster_size=100, copy=True),
        HDBSCAN(min_cluster_size=20, copy=True),
    ]
    return [_measured(clusterer) for clusterer in clusterers]


def _data(n_rows: int, seed: int) -> FloatArray:
    """Return eight blobs with a tenth of noise."""
    X, _ = make_blobs(n_rows, COLUMNS, centers=8, random_state=0)
    rng = np.random.default_rng(seed)
    X = X[rng.permutation(n_rows)]
    X[: n_rows // 10] = rng.uniform(X.min(axis=0), X.max(axis=0), X[::10].shape)
    return X


def _measured(clusterer: Any) -> Row:
    X, new = _data(TRAINING_ROWS, 0), _data(ROWS, 1)
    segmenter = InductiveSegmenter(clusterer).fit(X)
    # Imports and the first threads are not part of a prediction.
    segmenter.predict(new[:1000])
    wall, cpu, codes = _timed(lambda: segmenter.predict(new))
    search = _search(segmenter, X)
    searched, _, _ = _timed(lambda: search(new[::EVERY]))
    rules = RuleSurrogate(segmenter, random_state=0).fit(X)
    by_rules, _, _ = _timed(lambda: rules.predict(new))
    sample = new[:: 10 * EVERY]
    expected = _brute_force(segmenter, X, sample)
    row = {
        "clusterer": repr(clusterer),
        "segments": len(segmenter.centers_),
        "noise": round(float((codes < 0).mean()), 3),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "scikit_learn_search_s": round(searched * EVERY, 1),
        "surrogate_s": round(by_rules, 3),
        "surrogate_agreement": round(float((rules.predict(new) == codes).mean()), 3),
        "codes_of_brute_force": f"{(codes[:: 10 * EVERY] == expected).sum()} of "
        f"{len(sample)}",
    }
    print(row, flush=True)
    return row


def _timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall seconds, CPU seconds, and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def _search(segmenter: Any, X: FloatArray) -> Callable[[FloatArray], Any]:
    """Return the search of scikit-learn that the codes of new rows could come from."""
    if segmenter.assign_ == "core":
        neighbors = NearestNeighbors(radius=segmenter.clusterer_.eps).fit(X)
        return lambda rows: neighbors.radius_neighbors_graph(rows, mode="distance")
    neighbors = NearestNeighbors(n_neighbors=2, algorithm="kd_tree").fit(X)
    return neighbors.kneighbors


def _brute_force(segmenter: Any, X: FloatArray, new: FloatArray) -> IntArray:
    """Return the codes by the definitions, from all distances."""
    labels = segmenter.labels_
    if segmenter.assign_ == "core":
        rows = segmenter.clusterer_.core_sample_indices_
        reach = np.full(len(segmenter.centers_), segmenter.clusterer_.eps)
    else:
        rows = np.arange(len(X))
        reach = np.array([_reach(X[labels == k]) for k in range(labels.max() + 1)])
    far = cdist(new, X[rows])
    codes = labels[rows][far.argmin(axis=1)]
    is_within = far.min(axis=1) <= np.append(reach, np.inf)[codes]
    return np.where(is_within, codes, -1)


def _reach(members: FloatArray) -> float:
    """Return the largest distance of a member to the nearest other one."""
    distance, _ = NearestNeighbors(n_neighbors=1).fit(members).kneighbors()
    return float(distance.max())
