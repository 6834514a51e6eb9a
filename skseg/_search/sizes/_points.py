"""Rows as ranks: equal rows counted once, every column sorted once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._search._arrays import smallest
from skseg._typing import FloatArray, IntArray

Ranks = npt.NDArray[np.int32]

# A smaller span of ranks is counted into a table; a larger one is sorted.
_DENSE = 4


@dataclass(frozen=True, slots=True)
class Profile:
    """The distinct values of one column among some points.

    Attributes
    ----------
    ranks : ndarray of int
        Ascending.
    up_to : ndarray of float64
        Sizes below each of them, and at the end of all: one more than ranks.
    """

    ranks: IntArray
    up_to: FloatArray


@dataclass(frozen=True, slots=True)
class Points:
    """Distinct rows.

    Attributes
    ----------
    values : list of ndarray
        For each column its distinct values, ascending, NaN for missing last.
    ranks : list of ndarray
        For each column the ranks of the points in its values.
    sizes : ndarray of float64
        How many rows a point stands for.
    """

    values: list[FloatArray]
    ranks: list[Ranks]
    sizes: FloatArray

    def node(self) -> Node:
        """Return the node of all points."""
        return Node(np.arange(len(self.sizes)), float(self.sizes.sum()))

    def profile(self, node: Node, column: int) -> Profile:
        """Return the distinct values of a column in a node, computed once."""
        if column not in node.profiles:
            ranks = self.ranks[column][node.points]
            node.profiles[column] = _profile(ranks, self.sizes[node.points])
        return node.profiles[column]

    def sides(self, node: Node, column: int, cut: int) -> tuple[Node, Node]:
        """Return the nodes below and above a cut of a node."""
        profile = self.profile(node, column)
        below = self.ranks[column][node.points] < profile.ranks[cut]
        size = float(profile.up_to[cut])
        return (
            Node(node.points[below], size),
            Node(node.points[~below], node.size - size),
        )

    def largest(self, node: Node) -> int:
        """Return the point of largest size, the lowest of equal ones."""
        ranks = (ranks[node.points].astype(np.float64) for ranks in self.ranks)
        return int(node.points[smallest([-self.sizes[node.points], *ranks])])

    def key(self, node: Node) -> tuple[int, ...]:
        """Return the smallest box around a node, which tells nodes apart.

        A node is what a box cuts out of all points, so the smallest box does, too.
        """
        key = []
        for ranks in self.ranks:
            here = ranks[node.points]
            key += [int(here.min()), int(here.max())]
        return tuple(key)


@dataclass(slots=True, eq=False)
class Node:
    """Some points: the ones in a box.

    Attributes
    ----------
    points : ndarray of int
        Their numbers.
    size : float
        Sum of their sizes.
    profiles : dict of int to Profile
        What is known of their columns.
    """

    points: IntArray
    size: float
    profiles: dict[int, Profile] = field(default_factory=dict)


def _profile(ranks: Ranks, sizes: FloatArray) -> Profile:
    low, high = int(ranks.min()), int(ranks.max())
    if high - low < _DENSE * len(ranks):
        totals = _sums(ranks - low, sizes)
        # No point has size zero.
        found = np.flatnonzero(totals)
        distinct, totals = found + low, totals[found]
    else:
        distinct, which = encode(ranks)
        totals = _sums(which, sizes)
    return Profile(distinct, np.concatenate([[0.0], np.cumsum(totals)]))


def encode(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Ranks]:
    """Return the distinct values, ascending, NaN last, and every value's rank."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.ones(len(values), dtype=bool)
    # One NaN equals no other, but all of them are one group.
    starts[1:] = (ordered[1:] != ordered[:-1]) & (ordered[:-1] == ordered[:-1])
    ranks = np.empty(len(values), dtype=np.int32)
    ranks[order] = np.cumsum(starts) - 1
    return ordered[starts], ranks


def distinct_points(values: FloatArray, sizes: FloatArray) -> Points:
    """Return the distinct rows of `values`, each with the sum of its sizes."""
    columns = [encode(values[:, column]) for column in range(values.shape[1])]
    distinct = [values for values, _ in columns]
    ranks = [ranks for _, ranks in columns]
    if any(len(values) == len(sizes) for values in distinct):
        return Points(distinct, ranks, sizes)
    counts = [len(values) for values in distinct]
    if math.prod(counts) <= _DENSE * len(sizes):
        cells = np.ravel_multi_index(ranks, counts)
        totals = _sums(cells, sizes)
        found = np.flatnonzero(totals)
        parts = np.unravel_index(found, counts)
        return Points(distinct, [r.astype(np.int32) for r in parts], totals[found])
    keys, which = encode(_combined(ranks, counts))
    first = np.empty(len(keys), dtype=np.intp)
    first[which] = np.arange(len(which))
    return Points(distinct, [r[first] for r in ranks], _sums(which, sizes))


def _combined(ranks: list[Ranks], counts: list[int]) -> npt.NDArray[np.int64]:
    """Return one number a row that tells distinct rows apart."""
    key, span = ranks[0].astype(np.int64), counts[0]
    for more, count in zip(ranks[1:], counts[1:], strict=True):
        if span * count >= 2**62:
            distinct, encoded = encode(key)
            key, span = encoded.astype(np.int64), len(distinct)
        key = key * count + more
        span *= count
    return key


def _sums(cells: npt.NDArray[np.integer], sizes: FloatArray) -> FloatArray:
    return np.bincount(cells, sizes).astype(np.float64, copy=False)
