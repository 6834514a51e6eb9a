"""DBSCAN for many radii and many numbers of neighbours, from one graph.

Of every pair of neighbours it is enough to know the smallest radius, of those asked
for, that the pair lies within: its level. With that, a number of neighbours turns rows
into core rows at a level, and a pair joins two clusters from the level on at which both
its rows are core. So clusters only grow from level to level, and one pass over the
pairs gives the labels of all radii.

Few pairs matter. If both rows of a pair have the largest number of neighbours at the
level of the pair, they are core rows of one cluster from there on, for every number. In
a dense graph nearly all pairs are of this kind, and a star in each cluster will do.
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

# Pairs that are counted at once.
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourPairs:
    """Pairs of rows within the largest radius, each pair once.

    Attributes
    ----------
    first, second : ndarray of int of shape (n_pairs,)
        The two rows, in any order.
    level : ndarray of unsigned int of shape (n_pairs,)
        Number of the smallest radius that the pair lies within, of `n_levels` radii in
        ascending order.
    count : ndarray of int of shape (n_rows,)
        How many customers every row stands for, all of them at the same place.
    n_levels : int
        Number of radii; the type of `level` holds it, too.
    """

    first: Rows
    second: Rows
    level: Levels
    count: IntArray
    n_levels: int


def dbscan_labels(
    pairs: NeighbourPairs, numbers: Sequence[int]
) -> Iterator[tuple[int, int, IntArray]]:
    """Yield what DBSCAN gives for each number of neighbours and each radius.

    Parameters
    ----------
    pairs : NeighbourPairs
        Who is near to whom.
    numbers : sequence of int
        Customers around a core row, itself included.

    Yields
    ------
    number : int
        Of neighbours, in the order of `numbers`.
    level : int
        Number of the radius, in ascending order.
    codes : ndarray of int of shape (n_rows,)
        Clusters from 0 on in the order of their first core rows, -1 for noise. A row
        that is not core belongs to the first cluster with a core row around it.

    Notes
    -----
    M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based algorithm for
    discovering clusters in large spatial databases with noise, KDD-96, 226-231. Their
    border rows belong to the cluster that comes first, and so do those of scikit-learn.
    """
    degrees = _degrees(pairs)
    pairs = _thinned(pairs, _core_from(degrees, max(numbers)))
    for number in numbers:
        core_from = _core_from(degrees, number)
        for level, codes in enumerate(_by_level(pairs, core_from)):
            yield number, level, codes


def _degrees(pairs: NeighbourPairs) -> IntArray:
    """Return how many customers lie around each row at each level, its own included."""
    shape = pairs.n_levels, len(pairs.count)
    found = np.zeros(shape[0] * shape[1], dtype=np.intp)
    # None where each counts once: weights would be gathered for nothing.
    is_weighted = bool((pairs.count > 1).any())
    for start in range(0, len(pairs.level), _CHUNK):
        some = slice(start, start + _CHUNK)
        base = pairs.level[some] * np.intp(shape[1])
        ends = pairs.first[some], pairs.second[some]
        for row, other in (ends, ends[::-1]):
            weight = pairs.count[other] if is_weighted else None
            added = np.bincount(base + row, weight, minlength=len(found))
            found += added.astype(np.intp, copy=False)
    return np.asarray(found.reshape(shape).cumsum(axis=0) + pairs.count)


def _core_from(degrees: IntArray, number: int) -> IntArray:
    """Return the level from which on each row is core, for a number of neighbours."""
    # Degrees grow with the level.
    level: IntArray = (degrees < number).sum(axis=0)
    return level


def _thinned(pairs: NeighbourPairs, core_from: IntArray) -> NeighbourPairs:
    """Return pairs with the same clusters, wherever rows are core no later.

    What is left, beside the stars, are pairs with a row that is not core yet: of each
    row fewer than the number of neighbours.
    """
    core_from = core_from.astype(pairs.level.dtype)
    last = np.maximum(core_from[pairs.first], core_from[pairs.second])
    is_dense = last <= pairs.level
    rest = np.flatnonzero(~is_dense)
    parts = [(pairs.first[rest], pairs.second[rest], pairs.level[rest])]
    component: Rows = np.arange(len(core_from), dtype=pairs.first.dtype)
    for level in range(pairs.n_levels):
        joins = np.flatnonzero(is_dense & (pairs.level == level))
        component = _all_joined(component, pairs.first[joins], pairs.second[joins])
        rows = np.flatnonzero(core_from <= level)
        centres = _first_rows(component, rows)[component[rows]]
        levels = np.full(len(rows), level, dtype=pairs.level.dtype)
        kind = pairs.first.dtype
        parts.append((centres.astype(kind), rows.astype(kind), levels))
    first, second, level_of_pair = map(np.concatenate, zip(*parts, strict=True))
    return NeighbourPairs(first, second, level_of_pair, pairs.count, pairs.n_levels)


def _by_level(pairs: NeighbourPairs, core_from: IntArray) -> Iterator[IntArray]:
    """Yield the codes at each level, of rows that are core from some level on."""
    kept = core_from.astype(pairs.level.dtype)
    of_first, of_second = kept[pairs.first], kept[pairs.second]
    both_from = np.maximum(np.maximum(of_first, of_second), pairs.level)
    borders = _Borders.of(pairs, of_first, of_second)
    component: Rows = np.arange(len(core_from), dtype=pairs.first.dtype)
    for level in range(pairs.n_levels):
        joins = np.flatnonzero(both_from == level)
        component = _all_joined(component, pairs.first[joins], pairs.second[joins])
        yield borders.attached(_numbered(component, core_from <= level), level)


def _all_joined(component: Rows, first: Rows, second: Rows) -> Rows:
    """Return the components after rows `first` were joined with rows `second`."""
    # Most pairs lie within what some of them join already, and need no search.
    step = max(len(first) // (4 * len(component)), 1)
    component = _joined(component, first[::step], second[::step])
    return component if step == 1 else _joined(component, first, second)


def _joined(component: Rows, first: Rows, second: Rows) -> Rows:
    """Join all of them at once."""
    first, second = component[first], component[second]
    apart = first != second
    if not apart.any():
        return component
    ends = first[apart], second[apart]
    size = int(component.max()) + 1
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(size, size))
    merged = connected_components(graph, directed=False)[1]
    return np.asarray(merged[component])


def _first_rows(component: Rows, rows: IntArray) -> IntArray:
    """Return the first of these rows in each component that has any."""
    found = np.zeros(len(component), dtype=np.intp)
    # Of several assignments to one place the last one holds.
    found[component[rows[::-1]]] = rows[::-1]
    return found


def _numbered(component: Rows, is_core: BoolArray) -> IntArray:
    """Return the clusters of core rows, in the order of their first rows, else -1."""
    rows = np.flatnonzero(is_core)
    own = component[rows]
    is_first = _first_rows(component, rows)[own] == rows
    number = np.zeros(len(component), dtype=np.intp)
    number[own[is_first]] = np.arange(np.count_nonzero(is_first))
    codes = np.full(len(component), -1, dtype=np.intp)
    codes[rows] = number[own]
    return codes


@dataclass(frozen=True, slots=True, eq=False)
class _Borders:
    """Pairs of which one row alone is core, at levels in [start, stop)."""

    core: Rows
    border: Rows
    start: Levels
    stop: Levels

    @classmethod
    def of(cls, pairs: NeighbourPairs, of_first: Levels, of_second: Levels) -> _Borders:
        """Return those pairs, of rows that are core from these levels on."""
        start = np.maximum(np.minimum(of_first, of_second), pairs.level)
        stop = np.maximum(of_first, of_second)
        kept = np.flatnonzero(start < stop)
        first, second = pairs.first[kept], pairs.second[kept]
        is_first = of_first[kept] < of_second[kept]
        return cls(
            core=np.where(is_first, first, second),
            border=np.where(is_first, second, first),
            start=start[kept],
            stop=stop[kept],
        )

    def attached(self, codes: IntArray, level: int) -> IntArray:
        """Return the codes of core rows, and of those around them the lowest one."""
        now = (self.start <= level) & (level < self.stop)
        border, code = self.border[now], codes[self.core[now]]
        lowest = np.full(len(codes), len(codes))
        np.minimum.at(lowest, border, code)
        codes[border] = lowest[border]
        return codes
