"""How new rows are assigned to the clusters of the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from scipy.spatial.distance import cdist
from sklearn.cluster import HDBSCAN, OPTICS
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import VALID_METRICS, NearestNeighbors
from sklearn.utils import gen_batches

from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

WAYS = ("auto", "native", "core", "nearest", "centroid")

# Rows whose neighbours are held at once. A multiple of the 256 rows that scikit-learn
# multiplies at once, so that training rows come in the blocks they came in to DBSCAN.
_BATCH = 4096


class Assigner(Protocol):
    """Assigns rows: codes from 0 on, and -1 for noise."""

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row."""
        ...


def resolve_assign(owner: str, assign: str, clusterer: Any, labels: IntArray) -> str:
    """Return the way of assigning that fits a fitted clusterer, or raise."""
    has_noise = isinstance(clusterer, (HDBSCAN, OPTICS)) or bool((labels < 0).any())
    core_names = ("core_sample_indices_", "eps")
    possible = {
        "native": hasattr(clusterer, "predict"),
        "core": all(hasattr(clusterer, name) for name in core_names),
        "nearest": has_noise,
    }
    if assign == "auto":
        return next((way for way, fits in possible.items() if fits), "centroid")
    needed = {"native": "predict", "core": "core samples and eps, such as DBSCAN"}
    if assign in needed and not possible[assign]:
        rule = f"another one, as {assign!r} takes a clusterer with {needed[assign]}"
        raise InvalidParameterError(
            owner, "assign", f"{rule}, not {clusterer!r}", assign
        )
    return assign


def make_assigner(
    owner: str,
    way: str,
    clusterer: Any,
    X: Any,
    codes: IntArray,
    known: IntArray,
    centers: FloatArray,
) -> Assigner:
    """Return what assigns rows in a way that `resolve_assign` has found."""
    if way == "native":
        return NativeAssigner(owner, clusterer, known, bool((codes < 0).any()))
    if way == "centroid":
        return CentroidAssigner(centers)
    make = core_assigner if way == "core" else nearest_assigner
    return make(clusterer, X, codes, len(known))


@dataclass(frozen=True)
class NativeAssigner:
    """By the clusterer's own ``predict``."""

    owner: str
    clusterer: Any
    known: IntArray
    has_noise: bool

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row."""
        labels = np.asarray(self.clusterer.predict(X))
        order = np.append(-1, self.known) if self.has_noise else self.known
        found = np.searchsorted(order, labels)
        strange = ~np.isin(labels, order)
        if strange.any():
            raise InvalidDataError(
                f"{self.owner} knows the labels {order.tolist()} of {self.clusterer!r} "
                f"from the training rows. It predicts {labels[strange][0]} for row "
                f"{int(strange.argmax())}, of which nothing is known."
            )
        return found.astype(np.intp) - self.has_noise


@dataclass(frozen=True)
class CentroidAssigner:
    """By the nearest mean."""

    centers: FloatArray

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; of means equally near, the lower one."""
        if not len(self.centers):
            return np.full(X.shape[0], -1)
        nearest: IntArray = distances(X, self.centers).argmin(axis=1)
        return nearest


@dataclass(frozen=True)
class CoreAssigner:
    """By the nearest core sample within eps."""

    neighbors: NearestNeighbors
    # Of every training row, its code if it is a core sample, else the noise's.
    core_codes: IntArray
    noise: int

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; of core samples equally near, the lower one."""
        batches = gen_batches(X.shape[0], _BATCH)
        parts = [self._batch(X[rows]) for rows in batches]
        return _with_noise(np.concatenate(parts), self.noise)

    def _batch(self, X: Any) -> IntArray:
        graph = self.neighbors.radius_neighbors_graph(X, mode="distance")
        # One entry more, so that the last rows may be without neighbours, too.
        codes = np.append(self.core_codes[graph.indices], self.noise)
        far = np.where(codes < self.noise, np.append(graph.data, np.inf), np.inf)
        starts, counts = graph.indptr[:-1], np.diff(graph.indptr)
        nearest = np.append(np.minimum.reduceat(far, starts).repeat(counts), np.inf)
        tied = np.where(far == nearest, codes, self.noise)
        best: IntArray = np.minimum.reduceat(tied, starts)
        return np.where(counts > 0, best, self.noise)


def core_assigner(
    clusterer: Any, X: Any, codes: IntArray, n_clusters: int
) -> CoreAssigner:
    """Return an assigner that finds neighbours in the very way of a fitted DBSCAN."""
    params = clusterer.get_params()
    names = ("algorithm", "leaf_size", "metric", "metric_params", "p", "n_jobs")
    given = {name: params[name] for name in names if name in params}
    # Of all rows, not of the core samples alone: other rows may mean another algorithm
    # or another tree, whose last bit decides whether a row at eps is within.
    neighbors = NearestNeighbors(radius=clusterer.eps, **given).fit(X)
    is_core = np.zeros(X.shape[0], dtype=bool)
    is_core[clusterer.core_sample_indices_] = True
    return CoreAssigner(neighbors, np.where(is_core, codes, n_clusters), n_clusters)


@dataclass(frozen=True)
class NearestAssigner:
    """By the nearest training row, as far as its cluster reaches."""

    neighbors: NearestNeighbors
    row_codes: IntArray
    # The reach of every cluster, and that of noise.
    reach: FloatArray

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; of rows equally near, the lower one."""
        noise, n_rows = len(self.reach) - 1, len(self.row_codes)
        best = np.full(X.shape[0], noise)
        unsettled, n_neighbors = np.arange(X.shape[0]), min(2, n_rows)
        while len(unsettled):
            far, near = self.neighbors.kneighbors(X[unsettled], n_neighbors)
            codes = self.row_codes[near]
            tied = far == far[:, :1]
            is_reached = tied & (far <= self.reach[codes])
            best[unsettled] = np.where(is_reached, codes, noise).min(axis=1)
            if n_neighbors == n_rows:
                break
            # As long as all neighbours are equally near, there may be more of them.
            unsettled = unsettled[tied[:, -1]]
            n_neighbors = min(2 * n_neighbors, n_rows)
        return _with_noise(best, noise)


def nearest_assigner(
    clusterer: Any, X: Any, codes: IntArray, n_clusters: int
) -> NearestAssigner:
    """Return an assigner by the metric of a fitted clusterer, with reaches."""
    rows, row_codes = _distinct(X, np.where(codes < 0, n_clusters, codes))
    settings = _exact_search(clusterer, rows)
    reach = [
        _reach(rows[np.flatnonzero(row_codes == code)], settings)
        for code in range(n_clusters)
    ]
    neighbors = NearestNeighbors(**settings).fit(rows)
    return NearestAssigner(neighbors, row_codes, np.array([*reach, np.inf]))


def distances(X: Any, centers: FloatArray) -> FloatArray:
    """Return the Euclidean distance of every row to every centre."""
    if issparse(X):
        return np.asarray(euclidean_distances(X, centers), dtype=np.float64)
    # Differences are exact where scikit-learn's squares cancel.
    return cdist(np.asarray(X, dtype=np.float64), centers)


def _with_noise(codes: IntArray, noise: int) -> IntArray:
    return np.where(codes == noise, -1, codes)


def _distinct(X: Any, codes: IntArray) -> tuple[Any, IntArray]:
    """Return the distinct rows, each with the lowest code of its copies.

    Copies would be equally near, all of them, to every row.
    """
    if issparse(X):
        copy_of, _ = pd.factorize(_row_keys(X))
    else:
        # NumPy 2.0 returns the inverse as a column.
        copy_of = np.unique(X, axis=0, return_inverse=True)[1].reshape(-1)
    # Ordered by code, so that the first of copies has the lowest one.
    order = np.argsort(codes, kind="stable")
    first = order[np.unique(copy_of[order], return_index=True)[1]]
    return X[first], codes[first]


def _row_keys(X: Any) -> ObjectArray:
    """Return what two rows of a sparse matrix share if they are the same."""
    X = X.copy()
    X.sum_duplicates()
    X.eliminate_zeros()
    keys = [
        X.indices[start:end].tobytes() + X.data[start:end].tobytes()
        for start, end in pairwise(X.indptr)
    ]
    return np.array(keys, dtype=object)


def _exact_search(clusterer: Any, X: Any) -> dict[str, Any]:
    """Return settings of NearestNeighbors by which a row's distance to itself is 0."""
    params = clusterer.get_params()
    metric = params.get("metric", "euclidean")
    metric_params = params.get("metric_params")
    p = params.get("p", None if "p" in (metric_params or {}) else 2)
    # Trees take differences; brute force may take squares, which cancel.
    algorithm = "brute"
    if not issparse(X):
        if callable(metric) or metric in VALID_METRICS["ball_tree"]:
            algorithm = "ball_tree"
        if metric in VALID_METRICS["kd_tree"] and not metric_params:
            algorithm = "kd_tree"
    settings = {"metric": metric, "metric_params": metric_params, "p": p}
    return {"algorithm": algorithm, "n_jobs": params.get("n_jobs"), **settings}


def _reach(members: Any, settings: dict[str, Any]) -> float:
    """Return the largest distance of a member to its nearest fellow; 0 of a hermit."""
    if members.shape[0] < 2:
        return 0.0
    far, _ = NearestNeighbors(**settings).fit(members).kneighbors(n_neighbors=1)
    return float(far.max())
