"""DBSCAN for many settings at once, with the labels that scikit-learn gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from skseg._search.clusters._dbscan import dbscan_labels
from skseg._typing import FloatArray, IntArray

from ._neighbour_pairs import neighbour_pairs, tree_exponent

# Cell of a grid -> codes of all rows.
Labels = dict[tuple[int, float], npt.NDArray[np.integer]]


def dbscan_grid(
    owner: str,
    X: FloatArray,
    cells: Mapping[int, Sequence[float]],
    *,
    metric: str,
    n_jobs: int | None = None,
) -> Labels:
    """Return the labels of DBSCAN for every number of neighbours and its radii.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    X : ndarray of float64 of shape (n_rows, n_columns)
        Finite.
    cells : mapping of int to sequence of float
        ``min_samples`` -> the values of ``eps``.
    metric : str
        As `DBSCAN` takes it.
    n_jobs : int, default=None
        For the search of neighbours.

    Returns
    -------
    dict of (int, float) to ndarray of int of shape (n_rows,)
        By ``min_samples`` and ``eps``. The type is the smallest that holds them.

    Raises
    ------
    ValueError
        If the pairs within the largest radius do not fit into memory.
    """
    radii = np.unique([eps for chosen in cells.values() for eps in chosen])
    exponent = tree_exponent(metric, X)
    search = NearestNeighbors(metric=metric, n_jobs=n_jobs)
    places = _Places(np.arange(len(X)), np.ones(len(X), np.intp), np.arange(len(X)))
    if exponent is not None:
        places = _places(X)
        # A tree for few places, too: DBSCAN has one for the rows, and what compares
        # all rows rounds differently.
        search.set_params(n_neighbors=None)
    rows = X[places.rows]
    pairs = neighbour_pairs(owner, search.fit(rows), rows, places.size, radii, exponent)
    found: Labels = {}
    for number, level, codes in dbscan_labels(pairs, list(cells)):
        eps = float(radii[level])
        if eps in cells[number]:
            kind = np.promote_types(np.int8, np.min_scalar_type(codes.max()))
            found[number, eps] = codes.astype(kind)[places.of_row]
    return found


class _Places(NamedTuple):
    """First row at each place, in order; rows at each place; the place of each row."""

    rows: IntArray
    size: IntArray
    of_row: IntArray


def _places(X: FloatArray) -> _Places:
    """Return the places, since many rows at one of them are pairs without number."""
    order = np.lexsort(X.T)
    is_new = np.append(True, (np.diff(X[order], axis=0) != 0).any(axis=1))
    of_row = np.empty(len(X), dtype=np.intp)
    of_row[order] = np.cumsum(is_new) - 1
    # lexsort is stable, so the first one of equal rows comes first.
    rows = order[is_new]
    by_row = np.argsort(rows)
    number = np.empty(len(rows), dtype=np.intp)
    number[by_row] = np.arange(len(rows))
    of_row = number[of_row]
    return _Places(rows[by_row], np.bincount(of_row), of_row)
