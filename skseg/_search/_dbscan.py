"""DBSCAN for many radii and many numbers of neighbours, from one graph.

Of every pair of neighbours it is enough to know the smallest radius, of those asked
for, that the pair lies within: its level. With that, a number of neighbours turns rows
into core rows at a level, and a pair joins two clusters from the level on at which both
its rows are core. So clusters only grow from level to level, and one pass over the
pairs gives the labels of all radii.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ._arrays import BoolArray, IntArray

Levels = npt.NDArray[np.unsignedinteger]
Rows = npt.NDArray[np.integer]


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

    def degrees(self) -> IntArray:
        """Return how many customers lie around every row, itself included.

        Returns
        -------
        ndarray of int of shape (n_levels, n_rows)
            Within each radius.
        """
        n_rows = len(self.count)
        added = np.zeros(self.n_levels * n_rows)
        for row, other in ((self.first, self.second), (self.second, self.first)):
            place = self.level * np.intp(n_rows) + row
            # None where each counts once: weights would be gathered for nothing.
            weight = self.count[other] if (self.count > 1).any() else None
            added += np.bincount(place, weight, minlength=len(added))
        found = added.reshape(self.n_levels, n_rows).cumsum(axis=0)
        return (found + self.count).astype(np.intp)


def dbscan_levels(
    pairs: NeighbourPairs, degrees: IntArray, min_samples: int
) -> Iterator[IntArray]:
    """Yield what DBSCAN gives for each radius, in ascending order.

    Parameters
    ----------
    pairs : NeighbourPairs
        Who is near to whom.
    degrees : ndarray of int of shape (n_levels, n_rows)
        As `pairs.degrees` gives it, whatever `min_samples`.
    min_samples : int
        Customers around a core row, itself included.

    Yields
    ------
    ndarray of int of shape (n_rows,)
        Clusters from 0 on in the order of their first core rows, -1 for noise. A row
        that is not core belongs to the first cluster with a core row around it.

    Notes
    -----
    M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based algorithm for
    discovering clusters in large spatial databases with noise, KDD-96, 226-231. Their
    border rows belong to the cluster that comes first, and so do those of scikit-learn.
    """
    # Degrees grow with the level, so this is the first one at which a row is core.
    core_from = (degrees < min_samples).sum(axis=0).astype(pairs.level.dtype)
    of_first, of_second = core_from[pairs.first], core_from[pairs.second]
    both_from = np.maximum(np.maximum(of_first, of_second), pairs.level)
    borders = _Borders.of(pairs, of_first, of_second)
    component: Rows = np.arange(len(core_from), dtype=pairs.first.dtype)
    for level in range(pairs.n_levels):
        joins = np.flatnonzero(both_from == level)
        # Most pairs lie within what some of them join already, and need no search.
        step = max(len(joins) // (4 * len(core_from)), 1)
        for some in (joins[::step], joins):
            component = _joined(component, pairs.first[some], pairs.second[some])
        yield borders.attached(_numbered(component, core_from <= level), level)


def _joined(component: Rows, first: Rows, second: Rows) -> Rows:
    """Return the components after rows `first` were joined with rows `second`."""
    first, second = component[first], component[second]
    apart = first != second
    if not apart.any():
        return component
    ends = first[apart], second[apart]
    size = int(component.max()) + 1
    graph = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(size, size))
    merged = connected_components(graph, directed=False)[1]
    return np.asarray(merged[component])


def _numbered(component: Rows, is_core: BoolArray) -> IntArray:
    """Return the clusters of core rows, in the order of their first rows, else -1."""
    rows = np.flatnonzero(is_core)
    own = component[rows]
    first_row = np.zeros(len(component), dtype=np.intp)
    # Of several assignments to one place the last one holds.
    first_row[own[::-1]] = rows[::-1]
    is_first = first_row[own] == rows
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
