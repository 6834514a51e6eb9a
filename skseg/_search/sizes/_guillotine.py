"""The search for guillotine cuts: depth first, best cut first, with memoization.

A sequence of guillotine cuts divides rows by one column, then each side by one column,
and so on. Whether a set of rows can be divided depends on these rows alone, so the
search stores its answer for every set it meets, and fails only when all cuts have.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from skseg._search._arrays import smallest
from skseg._search._bounds import SizeBounds
from skseg._typing import FloatArray, IntArray

from ._intervals import SLACK, fewest_intervals, is_exact, round_cuts
from ._points import Node, Points

# Scanning this many values takes as long as the overhead of one small node.
_VALUES_PER_STEP = 2500


@dataclass(frozen=True, slots=True)
class Leaf:
    """A segment."""

    size: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows cut by one column: part i has thresholds[i - 1] < x <= thresholds[i]."""

    column: int
    thresholds: tuple[float, ...]
    parts: tuple[Tree, ...]


Tree = Leaf | Cut

# A recursive function as a generator: it yields the nodes to be solved first, is sent
# their trees and returns its own. None is no tree.
Recursion = Generator[Node, "Tree | None", "Tree | None"]


class OutOfStepsError(Exception):
    """The search has used up its steps before it came to an answer."""


def run(solve: Callable[[Node], Recursion], root: Node) -> Tree | None:
    """Return the tree that the recursive function `solve` returns for `root`.

    A stack of generators replaces recursion, since peeling one segment after the other
    off a large node goes deeper than the stack of Python.
    """
    stack, answer = [solve(root)], None
    while stack:
        try:
            child = stack[-1].send(answer)
        except StopIteration as stop:
            answer = stop.value
            stack.pop()
        else:
            stack.append(solve(child))
            answer = None
    return answer


class GuillotineSearch:
    """Divides nodes into legal sizes, or proves that no sequence of cuts does."""

    def __init__(self, points: Points, bounds: SizeBounds) -> None:
        self.points = points
        self.bounds = bounds
        self.steps_left = 0
        self._memo: dict[tuple[int, ...], Tree | None] = {}

    def solve(self, root: Node, max_steps: int) -> Tree | None:
        """Return a tree of legal leaves, or None if there is none.

        Raises OutOfStepsError if the search is given up before it is decided.
        """
        self.steps_left = max_steps
        if self.points.sizes[root.points].max(initial=0.0) > self.bounds.high:
            return None
        return run(self._solve, root)

    def _solve(self, node: Node) -> Recursion:
        if self.bounds.fits(node.size):
            return Leaf(node.size)
        if not self.bounds.adds_up(node.size):
            return None
        self._spend(node)
        # While the memo is empty, keys of large nodes need not be computed.
        key = self.points.key(node) if self._memo else ()
        if key in self._memo:
            return self._memo[key]
        tree: Tree | None = self._cut_by_one_column(node)
        if tree is None:
            tree = yield from self._cut_in_two(node)
        self._memo[key or self.points.key(node)] = tree
        return tree

    def _spend(self, node: Node) -> None:
        n_values = len(node.points) * len(self.points.ranks)
        self.steps_left -= 1 + n_values // _VALUES_PER_STEP
        if self.steps_left < 0:
            raise OutOfStepsError

    def _cut_by_one_column(self, node: Node) -> Cut | None:
        """Return the node cut by the column that needs the fewest intervals."""
        fewest, best = self.bounds.fewest(node.size), None
        for column in range(len(self.points.ranks)):
            up_to = self.points.distinct(node, column).up_to
            cuts = fewest_intervals(up_to, self.bounds)
            if cuts is None or (best is not None and len(cuts) >= len(best[1])):
                continue
            best = column, cuts
            if len(cuts) + 1 == fewest:
                break
        return None if best is None else self._multiway_cut(node, *best)

    def _multiway_cut(self, node: Node, column: int, cuts: list[int]) -> Cut:
        cuts, thresholds = self.rounded(node, column, cuts, [1] * (len(cuts) + 1))
        up_to = self.points.distinct(node, column).up_to
        sizes = np.diff(up_to[[0, *cuts, len(up_to) - 1]])
        return Cut(column, thresholds, tuple(Leaf(size) for size in sizes.tolist()))

    def _cut_in_two(self, node: Node) -> Recursion:
        columns = [self.points.distinct(node, c) for c in range(len(self.points.ranks))]
        varying = [distinct for distinct in columns if len(distinct.ranks) > 1]
        if len(varying) == 1 and is_exact(varying[0].up_to):
            return None
        for column, cut, threshold in self._cuts(node):
            sides = self.points.sides(node, column, cut)
            parts: list[Tree | None] = [None, None]
            # The smaller side is the quicker one to fail.
            for i in sorted((0, 1), key=lambda i: sides[i].size):
                parts[i] = yield sides[i]
                if parts[i] is None:
                    break
            below, above = parts
            if below is not None and above is not None:
                return Cut(column, (threshold,), (below, above))
        return None

    def _cuts(self, node: Node) -> Iterator[tuple[int, int, float]]:
        """Yield (column, cut, threshold) of every cut whose sides both add up.

        The best cut of each column comes first, moved to a rounder threshold; then all
        cuts as they are. Both are in the order of `_preferences`.
        """
        columns = []
        for column in range(len(self.points.ranks)):
            up_to = self.points.distinct(node, column).up_to
            cuts = _feasible_cuts(up_to, self.bounds)
            if len(cuts):
                coarse, fine = _preferences(up_to[cuts], up_to[-1], self.bounds)
                columns.append((np.full(len(cuts), column), cuts, coarse, fine))
        best = []
        for number, cuts, coarse, fine in columns:
            i = smallest([*coarse, *fine])
            best.append((coarse[:, i].tolist(), int(number[i]), int(cuts[i])))
        for _, column, cut in sorted(best):
            yield self._rounded_cut(node, column, cut, SLACK)
        if not columns:
            return
        numbers, cuts, coarse, fine = (
            np.concatenate(parts, axis=-1) for parts in zip(*columns, strict=True)
        )
        # lexsort sorts by the last key first.
        order = np.lexsort([*fine[::-1], numbers, *coarse[::-1]])
        for column, cut in zip(numbers[order], cuts[order], strict=True):
            yield self._rounded_cut(node, int(column), int(cut), slack=0.0)

    def _rounded_cut(
        self, node: Node, column: int, cut: int, slack: float
    ) -> tuple[int, int, float]:
        below = float(self.points.distinct(node, column).up_to[cut])
        counts = [self.bounds.fewest(size) for size in (below, node.size - below)]
        [cut], [threshold] = self.rounded(node, column, [cut], counts, slack)
        return column, cut, threshold

    def rounded(
        self,
        node: Node,
        column: int,
        cuts: list[int],
        counts: list[int],
        slack: float = SLACK,
    ) -> tuple[list[int], tuple[float, ...]]:
        """Return cuts of a node and their thresholds, moved as `round_cuts` does."""
        distinct = self.points.distinct(node, column)
        values = self.points.values[column][distinct.ranks]
        return round_cuts(values, distinct.up_to, cuts, counts, self.bounds, slack)


def _feasible_cuts(up_to: FloatArray, bounds: SizeBounds) -> IntArray:
    """Return the cuts whose sides both add up."""
    sides = np.stack([up_to[1:-1], up_to[-1] - up_to[1:-1]])
    adds_up = bounds.all_fewest(sides) * bounds.low <= sides
    return np.flatnonzero(adds_up.all(axis=0)) + 1


def _preferences(
    below: FloatArray, total: float, bounds: SizeBounds
) -> tuple[FloatArray, FloatArray]:
    """Return the criteria by which cuts are ranked, one per row; smaller is better.

    Three coarse criteria are compared before the order of the columns: the number of
    segments; the deviation of the sides from proportional sizes, as far as it exceeds
    `SLACK`; and whether both sides have at least a quarter of the segments, which keeps
    rules short. Two fine ones are compared after it: the difference of the numbers of
    segments, and the deviation itself.
    """
    n_below, n_above = bounds.all_fewest(below), bounds.all_fewest(total - below)
    n_segments = n_below + n_above
    uneven = np.abs(n_below - n_above) / n_segments
    deviation = np.abs(below * n_segments / total - n_below)
    coarse = [n_segments, np.maximum(deviation, SLACK), np.maximum(uneven, 0.5)]
    return np.stack(coarse), np.stack([uneven, deviation])
