"""The search for cuts: depth first, best cut first, nothing tried twice.

A sequence of guillotine cuts divides rows by one column, then each side by one column,
and so on. Whether a set of rows can be divided is a matter of these rows alone, so the
search remembers its answer for every set that it meets, and fails only when all cuts
have.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from skseg._search._arrays import smallest
from skseg._search._bounds import SizeBounds
from skseg._typing import FloatArray, IntArray

from ._bands import SLACK, find_bands, is_exact, settle
from ._points import Node, Points

# Values that take as long to look through as one small node takes to handle.
_VALUES_A_STEP = 2500


@dataclass(frozen=True, slots=True)
class Leaf:
    """A segment. It is `oversize` if it has more rows than allowed."""

    size: float
    oversize: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows cut by one column: part i has thresholds[i - 1] < x <= thresholds[i]."""

    column: int
    thresholds: tuple[float, ...]
    parts: tuple[Tree, ...]


Tree = Leaf | Cut

# What a search asks for next, gets back and finds in the end.
Steps = Generator[Node, "Tree | None", "Tree | None"]


class OutOfStepsError(Exception):
    """The search has used up its steps before it came to an answer."""


def run(steps: Callable[[Node], Steps], root: Node) -> Tree | None:
    """Return what the generator `steps` finds for `root`, answering what it asks for.

    A stack of generators in place of recursion: peeling one segment after the other off
    a large node goes deeper than Python's own stack.
    """
    stack, answer = [steps(root)], None
    while stack:
        try:
            child = stack[-1].send(answer)
        except StopIteration as stop:
            answer = stop.value
            stack.pop()
        else:
            stack.append(steps(child))
            answer = None
    return answer


class GuillotineSearch:
    """Divides nodes into legal sizes, or proves that no sequence of cuts does."""

    def __init__(self, points: Points, bounds: SizeBounds) -> None:
        self.points = points
        self.bounds = bounds
        self.steps_left = 0
        self._known: dict[tuple[int, ...], Tree | None] = {}

    def solve(self, root: Node, max_steps: int) -> Tree | None:
        """Return a tree of legal leaves, or None if there is none.

        Raises
        ------
        OutOfStepsError
            If the question stays open.
        """
        self.steps_left = max_steps
        if self.points.sizes[root.points].max(initial=0.0) > self.bounds.high:
            return None
        return run(self._solve, root)

    def _solve(self, node: Node) -> Steps:
        if self.bounds.fits(node.size):
            return Leaf(node.size)
        if not self.bounds.adds_up(node.size):
            return None
        self._spend(node)
        # While nothing is known, large nodes are spared the search for their key.
        key = self.points.key(node) if self._known else ()
        if key in self._known:
            return self._known[key]
        tree: Tree | None = self._bands(node)
        if tree is None:
            tree = yield from self._cut_in_two(node)
        self._known[key or self.points.key(node)] = tree
        return tree

    def _spend(self, node: Node) -> None:
        values = len(node.points) * len(self.points.ranks)
        self.steps_left -= 1 + values // _VALUES_A_STEP
        if self.steps_left < 0:
            raise OutOfStepsError

    def _bands(self, node: Node) -> Cut | None:
        """Return the node cut by one column alone, the one that takes fewest bands."""
        fewest, best = self.bounds.fewest(node.size), None
        for column in range(len(self.points.ranks)):
            cuts = find_bands(self.points.profile(node, column).up_to, self.bounds)
            if cuts is None or (best is not None and len(cuts) >= len(best[1])):
                continue
            best = column, cuts
            if len(cuts) + 1 == fewest:
                break
        return None if best is None else self._banded(node, *best)

    def _banded(self, node: Node, column: int, cuts: list[int]) -> Cut:
        profile = self.points.profile(node, column)
        values = self.points.values[column][profile.ranks]
        ones = [1] * (len(cuts) + 1)
        cuts, thresholds = settle(values, profile.up_to, cuts, ones, self.bounds)
        sizes = np.diff(profile.up_to[[0, *cuts, len(values)]])
        return Cut(column, thresholds, tuple(Leaf(size) for size in sizes.tolist()))

    def _cut_in_two(self, node: Node) -> Steps:
        profiles = [self.points.profile(node, c) for c in range(len(self.points.ranks))]
        varied = [profile for profile in profiles if len(profile.ranks) > 1]
        if len(varied) == 1 and is_exact(varied[0].up_to):
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
        """Yield (column, cut, threshold) of every cut of which both sides add up.

        First the best cut of each column, moved to a rounder threshold; then all cuts
        as they are. Both in the order of `_preferences`.
        """
        columns = []
        for column in range(len(self.points.ranks)):
            up_to = self.points.profile(node, column).up_to
            cuts = _promising(up_to, self.bounds)
            if len(cuts):
                coarse, fine = _preferences(up_to[cuts], up_to[-1], self.bounds)
                columns.append((np.full(len(cuts), column), cuts, coarse, fine))
        best = []
        for number, cuts, coarse, fine in columns:
            i = smallest([*coarse, *fine])
            best.append((coarse[:, i].tolist(), int(number[i]), int(cuts[i])))
        for _, column, cut in sorted(best):
            yield self._settled(node, column, cut, SLACK)
        if not columns:
            return
        numbers, cuts, coarse, fine = (
            np.concatenate(parts, axis=-1) for parts in zip(*columns, strict=True)
        )
        # lexsort wants the first key last.
        order = np.lexsort([*fine[::-1], numbers, *coarse[::-1]])
        for column, cut in zip(numbers[order], cuts[order], strict=True):
            yield self._settled(node, int(column), int(cut), slack=0.0)

    def _settled(
        self, node: Node, column: int, cut: int, slack: float
    ) -> tuple[int, int, float]:
        profile = self.points.profile(node, column)
        values = self.points.values[column][profile.ranks]
        below = float(profile.up_to[cut])
        counts = [self.bounds.fewest(size) for size in (below, node.size - below)]
        cuts, thresholds = settle(
            values, profile.up_to, [cut], counts, self.bounds, slack
        )
        return column, cuts[0], thresholds[0]


def _promising(up_to: FloatArray, bounds: SizeBounds) -> IntArray:
    """Return the cuts of which both sides add up."""
    sides = np.stack([up_to[1:-1], up_to[-1] - up_to[1:-1]])
    adds_up = bounds.all_fewest(sides) * bounds.low <= sides
    return np.flatnonzero(adds_up.all(axis=0)) + 1


def _preferences(
    below: FloatArray, total: float, bounds: SizeBounds
) -> tuple[FloatArray, FloatArray]:
    """Return what makes a cut better than others, smaller is better, one row a reason.

    The first three count before the order of the columns, the others after it: fewest
    segments; sides in proportion to their numbers of segments, where what is within
    `SLACK` is; at least a quarter of the segments on either side, so that rules stay
    short. Then the same again without allowance, halves first.
    """
    few_below, few_above = bounds.all_fewest(below), bounds.all_fewest(total - below)
    segments = few_below + few_above
    uneven = np.abs(few_below - few_above) / segments
    away = np.abs(below * segments / total - few_below)
    coarse = [segments, np.maximum(away, SLACK), np.maximum(uneven, 0.5)]
    return np.stack(coarse), np.stack([uneven, away])
