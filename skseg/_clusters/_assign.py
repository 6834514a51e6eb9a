"""How new rows get the cluster of training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

from skseg._core._foreign import codes_or_none, params_of, predict_params
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._nearest_tree import UNSETTLED, NearestTree, nearest_tree

WAYS = ("auto", "native", "core", "nearest", "row", "centroid")

# Rows whose neighbours are held in memory at once. A multiple of the 256 rows that
# scikit-learn multiplies at once, so that training rows meet in the same blocks, and
# have the same rounding errors, as in the fit of DBSCAN.
_BATCH = 4096


class Assigner(Protocol):
    """Assigns codes to rows: from 0 on, and -1 for noise."""

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row."""
        ...


def resolve_assign(
    owner: str,
    assign: str,
    clusterer: Any,
    fit_params: Mapping[str, Any],
    X: Any,
    labels: IntArray,
) -> str:
    """Return how rows are assigned, given a fitted clusterer, or raise."""
    has_noise = isinstance(clusterer, (HDBSCAN, OPTICS)) or bool((labels < 0).any())
    core_names = ("core_sample_indices_", "eps")
    possible = {
        "native": hasattr(clusterer, "predict"),
        "core": all(hasattr(clusterer, name) for name in core_names),
        "nearest": has_noise,
    }
    if assign == "auto":
        possible["native"] &= _predicts_single_rows(clusterer, fit_params, X)
        return next((way for way, fits in possible.items() if fits), "row")
    needed = {"native": "predict", "core": "core samples and eps, such as DBSCAN"}
    if assign in needed and not possible[assign]:
        rule = (
            f"another one, as {assign!r} takes a clusterer with {needed[assign]}, not "
            f"{clusterer!r}"
        )
        raise InvalidParameterError(owner, "assign", rule, assign)
    return assign


def _predicts_single_rows(
    clusterer: Any, fit_params: Mapping[str, Any], X: Any
) -> bool:
    """Tell whether a clusterer assigns a new row by itself.

    One that keeps to bounds of sizes, such as `KMeansConstrained`, does so only for as
    many rows as the bounds ask for.
    """
    if not hasattr(clusterer, "predict"):
        return False
    try:
        clusterer.predict(X[:1], **predict_params(clusterer, fit_params, X.shape[0]))
    except ValueError:
        return False
    return True


def make_assigner(
    owner: str,
    way: str,
    clusterer: Any,
    fit_params: Mapping[str, Any],
    X: Any,
    codes: IntArray,
    cluster_labels: IntArray,
    centers: FloatArray,
) -> Assigner:
    """Return the assigner for a way that `resolve_assign` returned."""
    if way == "native":
        to_predict = predict_params(clusterer, fit_params, X.shape[0])
        has_noise = bool((codes < 0).any())
        return NativeAssigner(owner, clusterer, to_predict, cluster_labels, has_noise)
    if way == "centroid" or not len(cluster_labels):
        return CentroidAssigner(centers)
    if way == "row":
        return row_assigner(clusterer, X, codes, len(cluster_labels))
    make = core_assigner if way == "core" else nearest_assigner
    return make(clusterer, X, codes, len(cluster_labels))


@dataclass(frozen=True)
class NativeAssigner:
    """Assigns rows by the clusterer's ``predict``."""

    owner: str
    clusterer: Any
    predict_params: dict[str, Any]
    cluster_labels: IntArray
    has_noise: bool

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row."""
        predicted = self.clusterer.predict(X, **self.predict_params)
        labels = codes_or_none(predicted)
        if labels is None or labels.shape != (X.shape[0],):
            raise InvalidDataError(
                f"{self.owner} needs a clusterer that predicts an integer label for "
                f"every row. {self.clusterer!r} gives {predicted!r} for {X.shape[0]} "
                "rows.",
                owner=self.owner,
                name="clusterer",
                rule="a clusterer that predicts an integer label for every row",
                value=self.clusterer,
            )
        order = (
            np.append(-1, self.cluster_labels)
            if self.has_noise
            else self.cluster_labels
        )
        is_unknown = ~np.isin(labels, order)
        if is_unknown.any():
            row = int(is_unknown.argmax())
            raise InvalidDataError(
                f"{self.owner} knows the labels {order.tolist()} of {self.clusterer!r} "
                f"from the training rows. It predicts {labels[row]} for row {row}, "
                "which is none of them.",
                owner=self.owner,
                name="clusterer",
                rule="a clusterer that predicts labels of training rows",
                value=labels[row],
                row=row,
            )
        return np.searchsorted(order, labels).astype(np.intp) - self.has_noise


@dataclass(frozen=True)
class CentroidAssigner:
    """Assigns rows to the nearest mean."""

    centers: FloatArray

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; the lower one if means are equally near."""
        if not len(self.centers):
            return np.full(X.shape[0], -1)
        nearest: IntArray = distances(X, self.centers).argmin(axis=1)
        return nearest


@dataclass(frozen=True)
class CoreAssigner:
    """Assigns rows to the cluster of the nearest core sample within eps."""

    neighbors: NearestNeighbors
    # Per training row: its code if it is a core sample, else `noise`.
    core_codes: IntArray
    noise: int
    tree: NearestTree | None

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; the lower one if samples are equally near."""
        return _with_noise(_settled_first(self.tree, self._all, X), self.noise)

    def _all(self, X: Any) -> IntArray:
        batches = gen_batches(X.shape[0], _BATCH)
        return np.concatenate([self._batch(X[rows]) for rows in batches])

    def _batch(self, X: Any) -> IntArray:
        graph = self.neighbors.radius_neighbors_graph(X, mode="distance")
        # A spare entry at the end, in case the last rows have no neighbours.
        codes = np.append(self.core_codes[graph.indices], self.noise)
        distance = np.where(codes < self.noise, np.append(graph.data, np.inf), np.inf)
        row_starts, counts = graph.indptr[:-1], np.diff(graph.indptr)
        least = np.minimum.reduceat(distance, row_starts).repeat(counts)
        is_nearest = distance == np.append(least, np.inf)
        best: IntArray = np.minimum.reduceat(
            np.where(is_nearest, codes, self.noise), row_starts
        )
        return np.where(counts > 0, best, self.noise)


def core_assigner(
    clusterer: Any, X: Any, codes: IntArray, n_clusters: int
) -> CoreAssigner:
    """Return an assigner that finds neighbours exactly as a fitted DBSCAN does."""
    params = params_of(clusterer)
    names = ("algorithm", "leaf_size", "metric", "metric_params", "p", "n_jobs")
    settings = {name: params[name] for name in names if name in params}
    # Searches all rows and not the core samples alone: with other rows, scikit-learn
    # may choose another algorithm or tree, and rounding decides who is within eps.
    neighbors = NearestNeighbors(radius=clusterer.eps, **settings).fit(X)
    is_core = np.zeros(X.shape[0], dtype=bool)
    is_core[clusterer.core_sample_indices_] = True
    core_codes = np.where(is_core, codes, n_clusters)
    reach = np.array([*[float(clusterer.eps)] * n_clusters, np.inf])
    tree = nearest_tree(neighbors, *_distinct(X[is_core], codes[is_core]), reach)
    return CoreAssigner(neighbors, core_codes, n_clusters, tree)


@dataclass(frozen=True)
class NearestAssigner:
    """Assigns rows to the cluster of the nearest training row, within its reach."""

    neighbors: NearestNeighbors
    row_codes: IntArray
    # Per cluster, and for noise at the end.
    reach: FloatArray
    tree: NearestTree | None

    def codes(self, X: Any) -> IntArray:
        """Return the code of every row; the lower one if rows are equally near."""
        return _with_noise(_settled_first(self.tree, self._all, X), len(self.reach) - 1)

    def _all(self, X: Any) -> IntArray:
        noise, n_rows = len(self.reach) - 1, len(self.row_codes)
        best = np.full(X.shape[0], noise)
        unsettled, n_neighbors = np.arange(X.shape[0]), min(2, n_rows)
        while len(unsettled):
            distance, near = self.neighbors.kneighbors(X[unsettled], n_neighbors)
            codes = self.row_codes[near]
            is_nearest = distance == distance[:, :1]
            is_reached = is_nearest & (distance <= self.reach[codes])
            best[unsettled] = np.where(is_reached, codes, noise).min(axis=1)
            if n_neighbors == n_rows:
                break
            # While all neighbours are equally near, further ones may be as near.
            unsettled = unsettled[is_nearest[:, -1]]
            n_neighbors = min(2 * n_neighbors, n_rows)
        return best


def nearest_assigner(
    clusterer: Any, X: Any, codes: IntArray, n_clusters: int
) -> NearestAssigner:
    """Return an assigner with the metric of a fitted clusterer."""
    rows, row_codes = _distinct(X, np.where(codes < 0, n_clusters, codes))
    settings = _exact_search(clusterer, rows)
    reach_by_code = [
        _reach(rows[np.flatnonzero(row_codes == code)], settings)
        for code in range(n_clusters)
    ]
    neighbors = NearestNeighbors(**settings).fit(rows)
    reach = np.array([*reach_by_code, np.inf])
    tree = nearest_tree(neighbors, rows, row_codes, reach)
    return NearestAssigner(neighbors, row_codes, reach, tree)


def row_assigner(
    clusterer: Any, X: Any, codes: IntArray, n_clusters: int
) -> NearestAssigner:
    """Return an assigner by the nearest row that is in a cluster, however far."""
    labelled = np.flatnonzero(codes >= 0)
    rows, row_codes = _distinct(X[labelled], codes[labelled])
    neighbors = NearestNeighbors(**_exact_search(clusterer, rows)).fit(rows)
    reach = np.full(n_clusters + 1, np.inf)
    tree = nearest_tree(neighbors, rows, row_codes, reach)
    return NearestAssigner(neighbors, row_codes, reach, tree)


def distances(X: Any, centers: FloatArray) -> FloatArray:
    """Return the Euclidean distance of every row to every centre."""
    if issparse(X):
        return np.asarray(euclidean_distances(X, centers), dtype=np.float64)
    # Takes differences: scikit-learn's expanded squares cancel far from the origin.
    return cdist(np.asarray(X, dtype=np.float64), centers)


def _settled_first(
    tree: NearestTree | None, assign: Callable[[Any], IntArray], X: Any
) -> IntArray:
    """Return the codes by a fast tree, and by `assign` where it settles none."""
    if tree is None:
        return assign(X)
    codes = tree.codes(X)
    rows = np.flatnonzero(codes == UNSETTLED)
    if len(rows):
        codes[rows] = assign(X[rows])
    return codes


def _with_noise(codes: IntArray, noise: int) -> IntArray:
    return np.where(codes == noise, -1, codes)


def _distinct(X: Any, codes: IntArray) -> tuple[Any, IntArray]:
    """Return the distinct rows, each with the lowest code among its copies.

    A row and its copies would always be equally near.
    """
    if issparse(X):
        copy_of, _ = pd.factorize(_row_keys(X))
    else:
        # NumPy 2.0 returns the inverse as a column.
        copy_of = np.unique(X, axis=0, return_inverse=True)[1].reshape(-1)
    # In the order of codes the first copy has the lowest one.
    order = np.argsort(codes, kind="stable")
    first = order[np.unique(copy_of[order], return_index=True)[1]]
    return X[first], codes[first]


def _row_keys(X: Any) -> ObjectArray:
    """Return a key per row of a sparse matrix: equal for equal rows."""
    X = X.copy()
    X.sum_duplicates()
    X.eliminate_zeros()
    keys = [
        X.indices[start:end].tobytes() + X.data[start:end].tobytes()
        for start, end in pairwise(X.indptr)
    ]
    return np.array(keys, dtype=object)


def _exact_search(clusterer: Any, X: Any) -> dict[str, Any]:
    """Return settings of NearestNeighbors that keep a row's distance to itself at 0."""
    params = params_of(clusterer)
    metric = params.get("metric", "euclidean")
    metric_params = params.get("metric_params")
    p = params.get("p", None if "p" in (metric_params or {}) else 2)
    # Trees take differences; brute force may expand squares, which cancel.
    algorithm = "brute"
    if not issparse(X):
        if callable(metric) or metric in VALID_METRICS["ball_tree"]:
            algorithm = "ball_tree"
        if metric in VALID_METRICS["kd_tree"] and not metric_params:
            algorithm = "kd_tree"
    settings = {"metric": metric, "metric_params": metric_params, "p": p}
    return {"algorithm": algorithm, "n_jobs": params.get("n_jobs"), **settings}


def _reach(members: Any, settings: dict[str, Any]) -> float:
    """Return the largest distance of a member to its nearest one; 0 without others."""
    if members.shape[0] < 2:
        return 0.0
    distance, _ = NearestNeighbors(**settings).fit(members).kneighbors(n_neighbors=1)
    return float(distance.max())
