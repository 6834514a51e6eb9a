"""Positions at which rows may be cut, and the windows in which a tier may start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._objective import Objective

# Weight and conversions below positions.
Sums = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Positions of cuts by ascending score, from below all rows to above all rows.

    The weight below a position is in [low, high], both ascending. An objective is
    largest at one of the `corners`, sums below the positions. An open position stands
    for several borders, so that a tier may both start and end in it; sums below others
    are exact.
    """

    low: FloatArray
    high: FloatArray
    corners: list[Sums]
    is_open: BoolArray

    def mirror(self) -> Positions:
        """Return the same positions from the highest score down."""
        n, y = (sums[-1] for sums in self.corners[0])
        return Positions(
            (n - self.high)[::-1],
            (n - self.low)[::-1],
            [((n - sizes)[::-1], (y - sums)[::-1]) for sizes, sums in self.corners],
            self.is_open[::-1],
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Smallest and largest size of a tier: whole multiples of `step`, or inf.

    All sizes are multiples of it, so that their differences are exact.
    """

    low: float
    high: float
    step: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """For every position, the earlier ones at which a tier that ends there may start.

    Windows run from `first` to `last`, both ascending, and are empty where ``last <
    first``. `levels` are the positions by binary logarithm of the length of their
    windows, None if all windows start at 0.
    """

    first: IntArray
    last: IntArray
    levels: list[IntArray] | None

    def best(self, values: FloatArray) -> FloatArray:
        """Return the largest value in every window."""
        if self.levels is None:
            highest = np.maximum.accumulate(values)[np.maximum(self.last, 0)]
            highest[self.last < 0] = -np.inf
            return np.asarray(highest)
        # Every window is the union of two windows whose length is a power of two.
        best = np.full(len(values), -np.inf)
        for level, positions in enumerate(self.levels):
            width = 1 << level
            second = self.last[positions] - width + 1
            best[positions] = np.maximum(values[self.first[positions]], values[second])
            values = np.maximum(values[:-width], values[width:])
        return best


def windows(positions: Positions, limits: Limits) -> Windows:
    """Return where a tier of legal size may start."""
    last = np.arange(len(positions.low)) - ~positions.is_open
    if limits.low > 0:
        highest = positions.high - limits.low
        last_legal = np.searchsorted(positions.low, highest, "right") - 1
        last = np.minimum(last, last_legal)
    if limits.high >= positions.high[-1]:
        return Windows(np.zeros_like(last), last, None)
    first = np.searchsorted(positions.high, positions.low - limits.high, "left")
    lengths = last - first + 1
    level = np.frexp(np.maximum(lengths, 0).astype(float))[1] - 1
    level[lengths <= 0] = -1
    levels = [np.flatnonzero(level == i) for i in range(int(level.max()) + 1)]
    return Windows(first, last, levels)


def exact_positions(n: FloatArray, y: FloatArray) -> Positions:
    """Return positions at borders whose sums are known."""
    return Positions(n, n, [(n, y)], np.zeros(len(n), dtype=bool))


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Borders in order of score: known edges, and a block of borders between any two.

    `n` and `y` are sums below the edges, from below all rows to above all rows; the
    other arrays are ranges of the sums below the borders inside a block.
    """

    n: FloatArray
    y: FloatArray
    fewest: FloatArray
    most: FloatArray
    least_y: FloatArray
    most_y: FloatArray

    def positions(self, objective: Objective) -> Positions:
        """Return edges and blocks in turn as positions.

        A cut between tiers i < j makes ``(revenue_i - revenue_j) y - (cost_i - cost_j)
        n``. If revenues and costs both ascend, no corner of a block beats the one with
        most rows and least conversions.
        """
        sizes = _corner_ends(-objective.cost, self.fewest, self.most)
        sums = _corner_ends(objective.revenue, self.least_y, self.most_y)
        return Positions(
            _interleaved(self.n, self.fewest),
            _interleaved(self.n, self.most),
            [
                (_interleaved(self.n, n), _interleaved(self.y, y))
                for n in sizes
                for y in sums
            ],
            np.arange(2 * len(self.n) - 1) % 2 == 1,
        )

    def grouped(self, n_groups: int) -> tuple[IntArray, Blocks]:
        """Return groups of neighbouring blocks, and the first block of each."""
        starts = np.unique(np.linspace(0, len(self.most), n_groups + 1).astype(np.intp))
        first, stop = starts[:-1], starts[1:]
        return first, Blocks(
            self.n[starts],
            self.y[starts],
            self.fewest[first],
            # An edge inside a group may lie above the last block, if that is empty.
            np.maximum(self.most[stop - 1], self.n[stop - 1]),
            np.minimum.reduceat(np.minimum(self.least_y, self.y[:-1]), first),
            np.maximum.reduceat(np.maximum(self.most_y, self.y[:-1]), first),
        )

    def reduced(self, numbers: IntArray, is_open: BoolArray) -> Blocks:
        """Return some blocks with their lower edges; closed ones lose their borders."""
        n, y = self.n[:-1][numbers], self.y[:-1][numbers]
        return Blocks(
            np.append(n, self.n[-1]),
            np.append(y, self.y[-1]),
            np.where(is_open, self.fewest[numbers], n),
            np.where(is_open, self.most[numbers], n),
            np.where(is_open, self.least_y[numbers], y),
            np.where(is_open, self.most_y[numbers], y),
        )


def in_blocks(n: FloatArray, y: FloatArray, n_blocks: int) -> tuple[IntArray, Blocks]:
    """Return which borders are edges, and the blocks between them.

    Blocks have equal numbers of borders, but wide gaps delimit blocks, too: the bound
    of a block with a gap inside would be loose.
    """
    even = np.linspace(0, len(n) - 1, n_blocks + 1).astype(np.intp)
    wide = np.flatnonzero(np.diff(n) > n[-1] / (4 * n_blocks))
    edges = np.unique(np.concatenate([even, wide, wide + 1]))
    # A block without borders inside gets those of the edge below, which does no harm.
    first = np.minimum(edges[:-1] + 1, edges[1:] - 1)
    inside = np.column_stack([first, edges[1:]]).ravel()
    blocks = Blocks(
        n[edges],
        y[edges],
        n[first],
        n[edges[1:] - 1],
        np.minimum.reduceat(y, inside)[::2],
        np.maximum.reduceat(y, inside)[::2],
    )
    return edges, blocks


def _corner_ends(
    coefficient: FloatArray, low: FloatArray, high: FloatArray
) -> list[FloatArray]:
    steps = np.diff(coefficient)
    if (steps >= 0).all():
        return [low]
    return [high] if (steps <= 0).all() else [low, high]


def _interleaved(outer: npt.NDArray[Any], inner: npt.NDArray[Any]) -> npt.NDArray[Any]:
    joined = np.empty(len(outer) + len(inner), dtype=outer.dtype)
    joined[::2], joined[1::2] = outer, inner
    return joined
