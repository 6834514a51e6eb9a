"""DBSCAN for a grid of settings at once, with the labels of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from skseg._search.clusters._dbscan import dbscan_labels
from skseg._typing import FloatArray, IntArray

from ._neighbour_pairs import neighbour_pairs, tree_exponent

# Codes of all rows by min_samples and eps.
Labels = dict[tuple[int, float], npt.NDArray[np.integer]]


def dbscan_grid(
    owner: str,
    X: FloatArray,
    cells: Mapping[int, Sequence[float]],
    *,
    metric: str,
    n_jobs: int | None = None,
) -> Labels:
    """Return the labels of DBSCAN for the values of ``eps`` of every ``min_samples``.

    Their integer type is the smallest that holds them. Raises if the pairs within the
    largest radius do not fit into memory.
    """
    radii = np.unique([eps for chosen in cells.values() for eps in chosen])
    exponent = tree_exponent(metric, X)
    search = NearestNeighbors(metric=metric, n_jobs=n_jobs)
    points = _Points(np.arange(len(X)), np.ones(len(X), np.intp), np.arange(len(X)))
    if exponent is not None:
        points = _distinct_points(X)
        # Asks for a tree however few points there are: DBSCAN uses one for the rows,
        # and brute force rounds differently.
        search.set_params(n_neighbors=None)
    rows = X[points.first_row]
    pairs = neighbour_pairs(
        owner, search.fit(rows), rows, points.n_rows, radii, exponent
    )
    labels: Labels = {}
    for min_samples, level, codes in dbscan_labels(pairs, list(cells)):
        eps = float(radii[level])
        if eps in cells[min_samples]:
            dtype = np.promote_types(np.int8, np.min_scalar_type(codes.max()))
            labels[min_samples, eps] = codes.astype(dtype)[points.of_row]
    return labels


class _Points(NamedTuple):
    """Distinct rows in the order of their first copy, and the point of each row."""

    first_row: IntArray
    n_rows: IntArray
    of_row: IntArray


def _distinct_points(X: FloatArray) -> _Points:
    """Return the distinct rows: pairs of copies would grow as the square of copies."""
    order = np.lexsort(X.T)
    is_new = np.append(True, (np.diff(X[order], axis=0) != 0).any(axis=1))
    of_row = np.empty(len(X), dtype=np.intp)
    of_row[order] = np.cumsum(is_new) - 1
    # lexsort is stable, so the first copy comes first.
    first_row = order[is_new]
    by_row = np.argsort(first_row)
    rank = np.empty(len(first_row), dtype=np.intp)
    rank[by_row] = np.arange(len(first_row))
    of_row = rank[of_row]
    return _Points(first_row[by_row], np.bincount(of_row), of_row)
