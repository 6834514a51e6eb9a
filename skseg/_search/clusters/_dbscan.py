"""DBSCAN for many radii and many values of ``min_samples``, from one graph.

The level of a pair of neighbours is the smallest of the given radii that it lies
within. For one value of ``min_samples``, every row is a core row from some level on,
and a pair joins two clusters from the level on at which both of its rows are core. So
clusters only grow from level to level, and one pass over the pairs gives the labels of
all radii.

Few pairs matter. If both rows of a pair are core at the level of the pair for the
largest ``min_samples``, they are in one cluster from there on, for all values. In a
dense graph nearly all pairs are of this kind, and a star in each cluster replaces them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skseg._typing import BoolArray, IntArray

Levels = npt.NDArray[np.unsignedinteger]
Rows = npt.NDArray[np.integer]

# Pairs that are counted at a time.
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourPairs:
    """Pairs of rows within the largest radius, each pair once, its rows in any order.

    The level of a pair is the number of the smallest radius that it lies within, radii
    being in ascending order.
    """

    first: Rows
    second: Rows
    level: Levels
    count: IntArray  # customers that each row stands for, all at the same point
    n_levels: int  # number of radii


def dbscan_labels(
    pairs: NeighbourPairs, min_samples: Sequence[int]
) -> Iterator[tuple[int, int, IntArray]]:
    """Yield (min_samples, level, codes) for each `min_samples` and each radius.

    A core row has at least `min_samples` customers around it, itself included. Codes
    count from 0 on in the order of the first core rows of the clusters; -1 is noise. A
    border row belongs to the first cluster with a core row around it.

    M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based algorithm for
    discovering clusters in large spatial databases with noise, KDD-96, 226-231. There
    and in scikit-learn, border rows belong to the first cluster, too.
    """
    degrees = _degrees(pairs)
    pairs = _thinned(pairs, _core_from(degrees, max(min_samples)))
    for number in min_samples:
        core_from = _core_from(degrees, number)
        for level, codes in enumerate(_labels_by_level(pairs, core_from)):
            yield number, level, codes


def _degrees(pairs: NeighbourPairs) -> IntArray:
    """Return the customers around each row at each level, including its own."""
    shape = pairs.n_levels, len(pairs.count)
    degrees = np.zeros(shape[0] * shape[1], dtype=np.intp)
    # If all counts are one, gathering weights would only cost time.
    is_weighted = bool((pairs.count > 1).any())
    for start in range(0, len(pairs.level), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        base = pairs.level[chunk] * np.intp(shape[1])
        first, second = pairs.first[chunk], pairs.second[chunk]
        for row, neighbour in ((first, second), (second, first)):
            weight = pairs.count[neighbour] if is_weighted else None
            added = np.bincount(base + row, weight, minlength=len(degrees))
            degrees += added.astype(np.intp, copy=False)
    return np.asarray(degrees.reshape(shape).cumsum(axis=0) + pairs.count)


def _core_from(degrees: IntArray, min_samples: int) -> IntArray:
    """Return the level from which on each row is core."""
    # Degrees grow with the level.
    level: IntArray = (degrees < min_samples).sum(axis=0)
    return level


def _thinned(pairs: NeighbourPairs, core_from: IntArray) -> NeighbourPairs:
    """Return fewer pairs that give the same clusters, for rows that are core no later.

    Pairs whose rows are both core at their level are replaced by stars. Of the pairs
    that remain, each row has fewer than ``min_samples``.
    """
    core_from = core_from.astype(pairs.level.dtype)
    last = np.maximum(core_from[pairs.first], core_from[pairs.second])
    is_dense = last <= pairs.level
    sparse = np.flatnonzero(~is_dense)
    parts = [(pairs.first[sparse], pairs.second[sparse], pairs.level[sparse])]
    component: Rows = np.arange(len(core_from), dtype=pairs.first.dtype)
    for level in range(pairs.n_levels):
        edges = np.flatnonzero(is_dense & (pairs.level == level))
        component = _all_joined(component, pairs.first[edges], pairs.second[edges])
        rows = np.flatnonzero(core_from <= level)
        centres = _first_rows(component, rows)[component[rows]]
        levels = np.full(len(rows), level, dtype=pairs.level.dtype)
        dtype = pairs.first.dtype
        parts.append((centres.astype(dtype), rows.astype(dtype), levels))
    first, second, pair_level = map(np.concatenate, zip(*parts, strict=True))
    return NeighbourPairs(first, second, pair_level, pairs.count, pairs.n_levels)


def _labels_by_level(pairs: NeighbourPairs, core_from: IntArray) -> Iterator[IntArray]:
    """Yield the codes at each level."""
    row_level = core_from.astype(pairs.level.dtype)
    first_level, second_level = row_level[pairs.first], row_level[pairs.second]
    both_from = np.maximum(np.maximum(first_level, second_level), pairs.level)
    borders = _Borders.of(pairs, first_level, second_level)
    component: Rows = np.arange(len(core_from), dtype=pairs.first.dtype)
    for level in range(pairs.n_levels):
        edges = np.flatnonzero(both_from == level)
        component = _all_joined(component, pairs.first[edges], pairs.second[edges])
        yield borders.attached(_numbered(component, core_from <= level), level)


def _all_joined(component: Rows, first: Rows, second: Rows) -> Rows:
    """Return the components after rows `first` were joined with rows `second`."""
    # A sample of the pairs mostly joins everything, which makes the rest cheap.
    step = max(len(first) // (4 * len(component)), 1)
    component = _joined(component, first[::step], second[::step])
    return component if step == 1 else _joined(component, first, second)


def _joined(component: Rows, first: Rows, second: Rows) -> Rows:
    first, second = component[first], component[second]
    is_apart = first != second
    if not is_apart.any():
        return component
    edges = first[is_apart], second[is_apart]
    size = int(component.max()) + 1
    graph = coo_array((np.ones(len(edges[0]), np.int8), edges), shape=(size, size))
    merged = connected_components(graph, directed=False)[1]
    return np.asarray(merged[component])


def _first_rows(component: Rows, rows: IntArray) -> IntArray:
    """Return the first of the given rows in each component, 0 where it has none."""
    first = np.zeros(len(component), dtype=np.intp)
    # Several values may be assigned to an index; numpy keeps the last.
    first[component[rows[::-1]]] = rows[::-1]
    return first


def _numbered(component: Rows, is_core: BoolArray) -> IntArray:
    """Return the clusters of core rows in the order of their first rows, else -1."""
    rows = np.flatnonzero(is_core)
    row_component = component[rows]
    is_first = _first_rows(component, rows)[row_component] == rows
    number = np.zeros(len(component), dtype=np.intp)
    number[row_component[is_first]] = np.arange(np.count_nonzero(is_first))
    codes = np.full(len(component), -1, dtype=np.intp)
    codes[rows] = number[row_component]
    return codes


@dataclass(frozen=True, slots=True, eq=False)
class _Borders:
    """Pairs of a core row and a border row, which are so at levels in [start, stop)."""

    core: Rows
    border: Rows
    start: Levels
    stop: Levels

    @classmethod
    def of(
        cls, pairs: NeighbourPairs, first_level: Levels, second_level: Levels
    ) -> _Borders:
        """Return the pairs whose rows are core from different levels on."""
        start = np.maximum(np.minimum(first_level, second_level), pairs.level)
        stop = np.maximum(first_level, second_level)
        borders = np.flatnonzero(start < stop)
        first, second = pairs.first[borders], pairs.second[borders]
        is_first = first_level[borders] < second_level[borders]
        return cls(
            core=np.where(is_first, first, second),
            border=np.where(is_first, second, first),
            start=start[borders],
            stop=stop[borders],
        )

    def attached(self, codes: IntArray, level: int) -> IntArray:
        """Return the codes, with border rows in the first cluster around them."""
        is_active = (self.start <= level) & (level < self.stop)
        border, code = self.border[is_active], codes[self.core[is_active]]
        lowest = np.full(len(codes), len(codes))
        np.minimum.at(lowest, border, code)
        codes[border] = lowest[border]
        return codes
