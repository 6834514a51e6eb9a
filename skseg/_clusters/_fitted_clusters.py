"""The clusters of a fitted clusterer: labels of rows, and centres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from skseg._core._foreign import codes_or_none, predict_params
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError


def read_labels(
    owner: str, clusterer: Any, X: Any, fit_params: Mapping[str, Any]
) -> IntArray:
    """Return the labels that a fitted clusterer gives its training rows, or raise."""
    if hasattr(clusterer, "labels_"):
        values = clusterer.labels_
    elif hasattr(clusterer, "predict"):
        values = clusterer.predict(
            X, **predict_params(clusterer, fit_params, X.shape[0])
        )
    else:
        raise InvalidDataError(
            f"{owner} needs a clusterer whose fit leaves labels_, or with predict. "
            f"{clusterer!r} has neither.",
            owner=owner,
            name="clusterer",
            rule="a clusterer with labels_ or predict",
            value=clusterer,
            advice="Of a pipeline, pass the last step, and put the others before "
            f"{owner}.",
        )
    n_rows = X.shape[0]
    labels = codes_or_none(values)
    is_one_a_row = labels is not None and labels.shape == (n_rows,)
    if labels is None or not is_one_a_row or labels.min(initial=0) < -1:
        raise InvalidDataError(
            f"{owner} needs a clusterer with an integer label for every row: 0, 1, ... "
            f"for clusters and -1 for noise. {clusterer!r} gives {values!r} for "
            f"{n_rows} rows.",
            owner=owner,
            name="clusterer",
            rule="a clusterer with an integer label for every row",
            value=clusterer,
        )
    return labels


def known_clusters(clusterer: Any, labels: IntArray) -> IntArray:
    """Return the labels of all clusters in ascending order.

    A cluster without training rows counts if the clusterer has a centre for it, as it
    may then be predicted.
    """
    present = np.append(labels, _centers_of(clusterer)[1])
    return np.unique(present[present >= 0]).astype(np.intp)


def cluster_means(
    clusterer: Any,
    cluster_labels: IntArray,
    X: Any,
    codes: IntArray,
    weight: FloatArray | None,
) -> FloatArray:
    """Return the mean of the rows of each cluster, of shape (n_clusters, n_features).

    For a cluster without rows it is the clusterer's centre.
    """
    n_clusters = len(cluster_labels)
    rows = np.flatnonzero(codes >= 0)
    codes = codes[rows]
    weights = np.ones(len(rows)) if weight is None else weight[rows]
    # Rows of weight zero locate a cluster that has no others.
    has_weight = np.bincount(codes, weights, minlength=n_clusters) > 0
    weights = np.where(has_weight[codes], weights, 1.0)
    totals = np.bincount(codes, weights, minlength=n_clusters)
    members = csr_array((weights, (codes, rows)), shape=(n_clusters, X.shape[0]))
    means = _dense(members @ X) / np.where(totals > 0, totals, 1.0)[:, None]
    centers, labels = _centers_of(clusterer)
    for empty in np.flatnonzero(totals == 0):
        means[empty] = centers[labels == cluster_labels[empty]].mean(axis=0)
    return means


def _centers_of(clusterer: Any) -> tuple[FloatArray, IntArray]:
    """Return the centres with which a clusterer predicts, and the label of each."""
    if hasattr(clusterer, "subcluster_labels_"):
        return clusterer.subcluster_centers_, clusterer.subcluster_labels_
    for name in ("cluster_centers_", "means_"):
        if hasattr(clusterer, name):
            centers = _dense(getattr(clusterer, name))
            return centers, np.arange(len(centers))
    return np.empty((0, 0)), np.empty(0, dtype=np.intp)


def _dense(values: Any) -> FloatArray:
    dense = values.toarray() if hasattr(values, "toarray") else values
    return np.asarray(dense, dtype=np.float64)
