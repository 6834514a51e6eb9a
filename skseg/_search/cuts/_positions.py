"""Where cuts may lie, and which of them one tier may reach from and to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._menu import Goal

# Sizes and conversions below some positions.
Sums = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Places of cuts in order of score; the first is below all rows, the last above.

    Attributes
    ----------
    low, high : ndarray of float64
        What size lies below: at least, at most. Both ascend.
    corners : list of (sizes, conversions)
        Sums below, of which the true one is a convex combination, as far as the goal
        can tell.
    is_open : ndarray of bool
        Whether a position stands for several borders, so that a tier may begin and end
        in it. Sums below the others are known exactly.
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
    """Smallest and largest size of a tier.

    Attributes
    ----------
    low, high : float
        Whole multiples of `step`; no bound above is inf.
    step : float
        All sizes are whole multiples of it, so that their differences are exact.
    """

    low: float
    high: float
    step: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """For every position the earlier ones at which a tier that ends here may begin.

    Attributes
    ----------
    first, last : ndarray of int
        Of the window; none may begin where ``last < first``. Both ascend.
    levels : list of ndarray of int, or None
        The windows by the logarithm of their length; None: all begin at 0.
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
        # Any window is the union of two that are as long as some power of two.
        found = np.full(len(values), -np.inf)
        for level, here in enumerate(self.levels):
            width = 1 << level
            ends = self.last[here] - width + 1
            found[here] = np.maximum(values[self.first[here]], values[ends])
            values = np.maximum(values[:-width], values[width:])
        return found


def windows(positions: Positions, limits: Limits) -> Windows:
    """Return where a tier of legal size may begin."""
    last = np.arange(len(positions.low)) - ~positions.is_open
    if limits.low > 0:
        fits = np.searchsorted(positions.low, positions.high - limits.low, "right") - 1
        last = np.minimum(last, fits)
    if limits.high >= positions.high[-1]:
        return Windows(np.zeros_like(last), last, None)
    first = np.searchsorted(positions.high, positions.low - limits.high, "left")
    lengths = last - first + 1
    level = np.frexp(np.maximum(lengths, 0).astype(float))[1] - 1
    level[lengths <= 0] = -1
    levels = [np.flatnonzero(level == i) for i in range(int(level.max()) + 1)]
    return Windows(first, last, levels)


def exact_positions(n: FloatArray, y: FloatArray) -> Positions:
    """Return positions at known sums below."""
    return Positions(n, n, [(n, y)], np.zeros(len(n), dtype=bool))


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Borders between rows in order: known edges, and between any two of them a block.

    Attributes
    ----------
    n, y : ndarray of float64 of shape (n_blocks + 1,)
        Sums below the edges; the first is below all rows, the last above.
    fewest, most, least_y, most_y : ndarray of float64 of shape (n_blocks,)
        Range of the sums below the borders inside a block.
    """

    n: FloatArray
    y: FloatArray
    fewest: FloatArray
    most: FloatArray
    least_y: FloatArray
    most_y: FloatArray

    def positions(self, goal: Goal) -> Positions:
        """Return edges and blocks in turn as positions.

        To a goal a cut between tiers i < j is worth ``(gain_i - gain_j) y - (cost_i -
        cost_j) n``. If gains and costs both ascend, no corner of a block beats the one
        with most rows and least conversions.
        """
        sizes = _corner_ends(-goal.cost, self.fewest, self.most)
        sums = _corner_ends(goal.gain, self.least_y, self.most_y)
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
        """Return about so many blocks, each of several, and where they begin."""
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

    def reduced(self, kept: IntArray, is_open: BoolArray) -> Blocks:
        """Return some blocks with their lower edges; what is not open loses borders."""
        n, y = self.n[:-1][kept], self.y[:-1][kept]
        return Blocks(
            np.append(n, self.n[-1]),
            np.append(y, self.y[-1]),
            np.where(is_open, self.fewest[kept], n),
            np.where(is_open, self.most[kept], n),
            np.where(is_open, self.least_y[kept], y),
            np.where(is_open, self.most_y[kept], y),
        )


def in_blocks(n: FloatArray, y: FloatArray, n_blocks: int) -> tuple[IntArray, Blocks]:
    """Return which borders are edges, and the blocks between them.

    Besides equal numbers of borders, wide gaps delimit blocks: one with a gap inside
    would promise too much.
    """
    even = np.linspace(0, len(n) - 1, n_blocks + 1).astype(np.intp)
    wide = np.flatnonzero(np.diff(n) > n[-1] / (4 * n_blocks))
    edges = np.unique(np.concatenate([even, wide, wide + 1]))
    # A block without borders inside has those of the edge below, which does no harm.
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
    both = np.empty(len(outer) + len(inner), dtype=outer.dtype)
    both[::2], both[1::2] = outer, inner
    return both
