"""Distinct rows as ranks, and nodes: the rows in a box."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._search._arrays import smallest
from skseg._typing import FloatArray, IntArray

Ranks = npt.NDArray[np.int32]

# Ranks whose span is at most this many times their number are counted into a table;
# others are sorted.
_DENSE = 4


@dataclass(frozen=True, slots=True)
class DistinctValues:
    """The distinct values of one column in a node."""

    ranks: IntArray  # ascending
    up_to: FloatArray  # size below each of them, then the total size


@dataclass(frozen=True, slots=True)
class Points:
    """Distinct rows."""

    values: list[FloatArray]  # distinct, by column, ascending, NaN for missing last
    ranks: list[Ranks]  # for each column, the rank of every point among its values
    sizes: FloatArray  # number of rows, or sum of weights, of each point

    def node(self) -> Node:
        """Return the node of all points."""
        return Node(np.arange(len(self.sizes)), float(self.sizes.sum()))

    def distinct(self, node: Node, column: int) -> DistinctValues:
        """Return the distinct values of a column in a node, computed once."""
        if column not in node.distinct:
            ranks = self.ranks[column][node.points]
            node.distinct[column] = _distinct_values(ranks, self.sizes[node.points])
        return node.distinct[column]

    def sides(self, node: Node, column: int, cut: int) -> tuple[Node, Node]:
        """Return the nodes below and above a cut of a node."""
        distinct = self.distinct(node, column)
        is_below = self.ranks[column][node.points] < distinct.ranks[cut]
        size = float(distinct.up_to[cut])
        return (
            Node(node.points[is_below], size),
            Node(node.points[~is_below], node.size - size),
        )

    def largest(self, node: Node) -> int:
        """Return the point of largest size, the lowest of equal ones."""
        ranks = (ranks[node.points].astype(np.float64) for ranks in self.ranks)
        return int(node.points[smallest([-self.sizes[node.points], *ranks])])

    def key(self, node: Node) -> tuple[int, ...]:
        """Return the bounding box of a node, which identifies it.

        A node is the intersection of all points with a box, and so with its bounding
        box.
        """
        key = []
        for column_ranks in self.ranks:
            ranks = column_ranks[node.points]
            key += [int(ranks.min()), int(ranks.max())]
        return tuple(key)


@dataclass(slots=True, eq=False)
class Node:
    """The points in a box."""

    points: IntArray
    size: float  # sum of the sizes of the points
    # The columns that have been looked at.
    distinct: dict[int, DistinctValues] = field(default_factory=dict)


def _distinct_values(ranks: Ranks, sizes: FloatArray) -> DistinctValues:
    low, high = int(ranks.min()), int(ranks.max())
    if high - low < _DENSE * len(ranks):
        totals = _sums(ranks - low, sizes)
        # No point has size zero.
        present = np.flatnonzero(totals)
        distinct, totals = present + low, totals[present]
    else:
        distinct, inverse = encode(ranks)
        totals = _sums(inverse, sizes)
    return DistinctValues(distinct, np.concatenate([[0.0], np.cumsum(totals)]))


def encode(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Ranks]:
    """Return the distinct values, ascending, NaN last, and the rank of every value."""
    order = np.argsort(values)
    ordered = values[order]
    is_first = np.ones(len(values), dtype=bool)
    # NaN differs from itself, but all NaN have one rank.
    is_first[1:] = (ordered[1:] != ordered[:-1]) & (ordered[:-1] == ordered[:-1])
    ranks = np.empty(len(values), dtype=np.int32)
    ranks[order] = np.cumsum(is_first) - 1
    return ordered[is_first], ranks


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
        present = np.flatnonzero(totals)
        cell_ranks = np.unravel_index(present, counts)
        ranks = [ranks.astype(np.int32) for ranks in cell_ranks]
        return Points(distinct, ranks, totals[present])
    keys, inverse = encode(_combined(ranks, counts))
    first = np.empty(len(keys), dtype=np.intp)
    first[inverse] = np.arange(len(inverse))
    return Points(distinct, [r[first] for r in ranks], _sums(inverse, sizes))


def _combined(ranks: list[Ranks], counts: list[int]) -> npt.NDArray[np.int64]:
    """Return one number per row that identifies equal rows."""
    key, span = ranks[0].astype(np.int64), counts[0]
    for column_ranks, count in zip(ranks[1:], counts[1:], strict=True):
        if span * count >= 2**62:
            distinct, encoded = encode(key)
            key, span = encoded.astype(np.int64), len(distinct)
        key = key * count + column_ranks
        span *= count
    return key


def _sums(cells: npt.NDArray[np.integer], sizes: FloatArray) -> FloatArray:
    return np.bincount(cells, sizes).astype(np.float64, copy=False)
