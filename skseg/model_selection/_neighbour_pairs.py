"""Pairs of rows within radii, as scikit-learn's neighbour search decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

from skseg._search.clusters._dbscan import NeighbourPairs
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

# Rows, neighbours and distances of pairs.
Block = tuple[npt.NDArray[np.integer], npt.NDArray[np.integer], FloatArray]

# More pairs would take more than about 5 GB.
MOST_PAIRS = 100_000_000
# Exponents of the metrics that scipy's tree searches, several times as fast.
_EXPONENTS = {
    "euclidean": 2.0,
    "l2": 2.0,
    "manhattan": 1.0,
    "cityblock": 1.0,
    "l1": 1.0,
    "chebyshev": np.inf,
}
# In more columns, or with fewer rows, scikit-learn compares all rows, without a tree.
_MOST_COLUMNS, _FEWEST_ROWS = 15, 12
# Relative distance from a radius below which rounding may decide who is a neighbour.
_ROUNDING = 1e-9
_BATCH_OF_ROWS, _BATCH_OF_PAIRS = 1 << 11, 1 << 18
# Rows from which the number of pairs is estimated.
_SAMPLE = 200


def tree_exponent(metric: str, X: FloatArray) -> float | None:
    """Return the exponent of the metric if a tree finds the neighbours, or None."""
    is_for_trees = len(X) >= _FEWEST_ROWS and X.shape[1] <= _MOST_COLUMNS
    return _EXPONENTS.get(metric) if is_for_trees else None


def neighbour_pairs(
    owner: str,
    search: NearestNeighbors,
    rows: FloatArray,
    count: IntArray,
    radii: FloatArray,
    exponent: float | None,
) -> NeighbourPairs:
    """Return the pairs within the largest radius, each with its smallest radius.

    A pair is within a radius if the fitted `search` finds it there; equal rows are
    pairs as well. `count` has the number of customers that each row stands for, `radii`
    ascend, and the `exponent` comes from `tree_exponent`. Raises if there are about
    `MOST_PAIRS` pairs or more.
    """
    _check_number(owner, search, rows, float(radii[-1]))
    row_type: Any = np.int32 if len(rows) <= np.iinfo(np.int32).max else np.intp
    level_type = np.min_scalar_type(len(radii))
    parts = []
    reach = float(radii[-1]) * (1 + _ROUNDING)
    blocks = (
        _searched(search, rows, reach)
        if exponent is None
        else _by_tree(rows, reach, exponent)
    )
    for first, second, distance in blocks:
        level = np.zeros(len(first), dtype=level_type)
        is_tied = np.zeros(len(first), dtype=bool)
        for radius in radii.tolist():
            is_beyond = distance > radius * (1 + _ROUNDING)
            is_tied |= (distance >= radius * (1 - _ROUNDING)) & ~is_beyond
            level += is_beyond
        parts.append((first.astype(row_type), second.astype(row_type), level, is_tied))
    first, second, level, is_tied = map(np.concatenate, zip(*parts, strict=True))
    del parts
    tied = np.flatnonzero(is_tied)
    for number, radius in enumerate(radii.tolist()):
        # Pairs that are clearly beyond the radius before, but not beyond this one.
        open_pairs = tied[level[tied] == number]
        if len(open_pairs):
            ends = first[open_pairs], second[open_pairs]
            level[open_pairs] += _is_outside(search, rows, *ends, radius, exponent)
    if len(tied):
        inside = np.flatnonzero(level < len(radii))
        first, second, level = first[inside], second[inside], level[inside]
    return NeighbourPairs(first, second, level, count, len(radii))


def _check_number(
    owner: str, search: NearestNeighbors, rows: FloatArray, radius: float
) -> None:
    """Raise if there are too many pairs within the radius, estimated from a sample."""
    sample = rows[:: max(len(rows) // _SAMPLE, 1)]
    neighbours = search.radius_neighbors(sample, radius, return_distance=False)
    n_around = float(np.mean([len(around) - 1 for around in neighbours]))
    n_pairs = n_around * len(rows) / 2
    if n_pairs > MOST_PAIRS:
        raise InvalidDataError(
            f"{owner} would have to keep about {n_pairs:.2g} pairs of rows within "
            f"eps={radius:.3g}, {n_around:.0f} neighbours of each row on average, but "
            f"can keep {MOST_PAIRS:.1g}.",
            owner=owner,
            name="eps",
            rule=f"small enough for {MOST_PAIRS:.1g} pairs of rows",
            value=radius,
            advice="Pass a smaller eps or a sample of the rows, or transform skewed "
            "columns (logarithm, quantiles), which a few rows stretch.",
        )


def _searched(
    search: NearestNeighbors, rows: FloatArray, radius: float
) -> Iterator[Block]:
    """Yield the pairs within the radius, each once, as scikit-learn finds them."""
    for batch in gen_batches(len(rows), _BATCH_OF_ROWS):
        distances, neighbours = search.radius_neighbors(rows[batch], radius)
        n_around = [len(around) for around in neighbours]
        first = np.repeat(np.arange(batch.start, batch.stop), n_around)
        second, distance = np.concatenate(neighbours), np.concatenate(distances)
        once = first < second
        yield first[once], second[once], distance[once]


def _by_tree(rows: FloatArray, radius: float, exponent: float) -> Iterator[Block]:
    """Yield the pairs within the radius, each once, as scipy finds them."""
    pairs = KDTree(rows).query_pairs(radius, p=exponent, output_type="ndarray")
    columns = np.ascontiguousarray(rows.T)
    # Without any pair, there is still one empty block.
    for start in range(0, max(len(pairs), 1), _BATCH_OF_PAIRS):
        first, second = pairs[start : start + _BATCH_OF_PAIRS].T
        yield first, second, _distances(columns, first, second, exponent)


def _distances(
    columns: FloatArray, first: IntArray, second: IntArray, exponent: float
) -> FloatArray:
    """Return the distances of pairs of rows."""
    total = np.zeros(len(first))
    for column in columns:
        difference = np.abs(column[first] - column[second])
        if exponent == np.inf:
            np.maximum(total, difference, out=total)
        else:
            total += difference**exponent
    return np.sqrt(total) if exponent == 2 else total


def _is_outside(
    search: NearestNeighbors,
    rows: FloatArray,
    first: IntArray,
    second: IntArray,
    radius: float,
    exponent: float | None,
) -> BoolArray:
    """Tell which pairs the search does not find.

    The search must be run again: it compares other numbers than the distances that it
    returns, such as squares, or bounds of the nodes of its tree.
    """
    queries, place = np.unique(first, return_inverse=True)
    if exponent is None:
        # Without a tree, the last digits depend on which rows are compared at once.
        queries, place = np.arange(len(rows)), first
    graph = search.radius_neighbors_graph(rows[queries], radius)
    graph.sort_indices()
    is_neighbour: BoolArray = np.asarray(graph[place, second]).ravel() > 0
    return ~is_neighbour
