"""DBSCAN for many settings at once, with the labels that scikit-learn gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

from skseg._search._arrays import BoolArray, FloatArray, IntArray
from skseg._search._dbscan import NeighbourPairs, dbscan_levels

# Cell of a grid -> codes of all rows.
Labels = dict[tuple[int, float], npt.NDArray[np.integer]]

# More pairs take more than about 4 GB.
MOST_PAIRS = 250_000_000
# Rows whose neighbours are looked up at once.
_BATCH = 2048
# Closer to a radius than this share of it, rounding may decide who is a neighbour.
_ROUNDING = 1e-9


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
        If there are more than `MOST_PAIRS` pairs within the largest radius.
    """
    radii = np.unique([eps for chosen in cells.values() for eps in chosen])
    places = _places(X)
    # For few rows, and by default for these alone, DBSCAN takes no tree. To look up
    # places in another way than it does rows would round differently.
    n_neighbors = 5 if len(X) // 2 <= 5 else None
    search = NearestNeighbors(n_neighbors=n_neighbors, metric=metric, n_jobs=n_jobs)
    search.fit(X[places.rows])
    pairs = _neighbour_pairs(owner, search, X[places.rows], places.size, radii)
    degrees = pairs.degrees()
    found: Labels = {}
    for min_samples, chosen in cells.items():
        labels = dbscan_levels(pairs, degrees, min_samples)
        for eps, codes in zip(radii.tolist(), labels, strict=True):
            if eps in chosen:
                kind = np.promote_types(np.int8, np.min_scalar_type(codes.max()))
                found[min_samples, eps] = codes.astype(kind)[places.of_row]
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


def _neighbour_pairs(
    owner: str,
    search: NearestNeighbors,
    rows: FloatArray,
    count: IntArray,
    radii: FloatArray,
) -> NeighbourPairs:
    """Return the pairs within the largest radius, and the smallest that they are in."""
    kind: Any = np.int32 if len(rows) <= np.iinfo(np.int32).max else np.intp
    level_kind = np.min_scalar_type(len(radii))
    parts, n_pairs = [], 0
    for batch in gen_batches(len(rows), _BATCH):
        around = search.radius_neighbors(rows[batch], float(radii[-1]))
        first, second = _flat(batch.start, around[1])
        once = first < second
        first, second = first[once], second[once]
        n_pairs += len(first)
        if n_pairs > MOST_PAIRS:
            raise ValueError(
                f"{owner} finds {n_pairs:,} pairs of rows within eps={radii[-1]:.3g} "
                f"after {batch.stop:,} of {len(rows):,} rows; more than "
                f"{MOST_PAIRS:,} do not fit into memory. Pass a smaller eps or a "
                "sample of the rows, or transform skewed columns (logarithm, "
                "quantiles), which a few rows stretch."
            )
        level = np.zeros(len(first), dtype=level_kind)
        distance = np.concatenate(around[0])[once]
        for radius in radii[:-1].tolist():
            level += _is_beyond(search, rows, first, second, distance, radius)
        parts.append((first.astype(kind), second.astype(kind), level))
    first, second, level = map(np.concatenate, zip(*parts, strict=True))
    return NeighbourPairs(first, second, level, count, len(radii))


def _is_beyond(
    search: NearestNeighbors,
    rows: FloatArray,
    first: IntArray,
    second: IntArray,
    distance: FloatArray,
    radius: float,
) -> BoolArray:
    """Tell which pairs a search within the radius does not find.

    Searches compare other numbers than the distances that they return, such as squares.
    Where the last digits matter, the search itself is asked.
    """
    beyond = distance > radius * (1 + _ROUNDING)
    tied = np.flatnonzero(~beyond & (distance >= radius * (1 - _ROUNDING)))
    if len(tied):
        asked, place = np.unique(first[tied], return_inverse=True)
        around = search.radius_neighbors(rows[asked], radius, return_distance=False)
        found, other = _flat(0, around)
        n_rows = len(rows)
        inside = np.isin(place * n_rows + second[tied], found * n_rows + other)
        beyond[tied[~inside]] = True
    return beyond


def _flat(start: int, around: npt.NDArray[np.object_]) -> tuple[IntArray, IntArray]:
    """Return the number of the row for each neighbour, from `start` on, and these."""
    n_around = [len(some) for some in around]
    row = np.repeat(np.arange(start, start + len(around)), n_around)
    return row, np.concatenate(around)
