"""Dividing as far as possible where some segments have to stay too large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skseg._search._arrays import smallest

from ._bands import settle
from ._guillotine import Cut, GuillotineSearch, Leaf, OutOfStepsError, Steps, Tree, run
from ._points import Node


def divide_oversize(search: GuillotineSearch, root: Node, max_steps: int) -> Tree:
    """Return a tree without undersized leaves; those above the bound are flagged.

    What can be divided exactly is. The rest is cut where that leaves fewest rows above
    the bound, as far as the numbers tell, and its sides are tried again.
    """
    tree = run(_Division(search, max_steps).divide, root)
    assert tree is not None
    return tree


@dataclass
class _Division:
    search: GuillotineSearch
    steps_left: int

    def divide(self, node: Node) -> Steps:
        tree = self._exactly(node)
        if tree is not None:
            return tree
        best = self._best_cut(node)
        if best is None:
            return Leaf(node.size, oversize=True)
        column, cut = best
        below, above = self.search.points.sides(node, column, cut)
        parts = []
        for side in (below, above):
            part = yield side
            assert part is not None
            parts.append(part)
        return Cut(column, self._thresholds(node, column, cut), tuple(parts))

    def _exactly(self, node: Node) -> Tree | None:
        # Half of what is left: no node may use up the steps of all that follow.
        given = self.steps_left // 2
        try:
            return self.search.solve(node, given)
        except OutOfStepsError:
            return None
        finally:
            self.steps_left -= given - max(self.search.steps_left, 0)

    def _best_cut(self, node: Node) -> tuple[int, int] | None:
        """Return (column, cut), None where every cut leaves a side undersized.

        Around a group of equal rows that is too large, the cut that takes most rows
        away from it. Else the one after which the numbers leave fewest rows above the
        bound, and then the one nearest to the middle.
        """
        points, bounds = self.search.points, self.search.bounds
        largest = points.largest(node)
        best = None
        for column, ranks in enumerate(points.ranks):
            profile = points.profile(node, column)
            below = profile.up_to[1:-1]
            above = node.size - below
            cuts = np.flatnonzero(np.minimum(below, above) >= bounds.low)
            if not len(cuts):
                continue
            if points.sizes[largest] > bounds.high:
                is_below = profile.ranks[1:] > ranks[largest]
                left_over = np.where(is_below, below, above)
            else:
                left_over = bounds.excess(below) + bounds.excess(above)
            keys = [left_over[cuts], np.abs(below - above)[cuts]]
            i = smallest(keys)
            found = [float(key[i]) for key in keys], column, int(cuts[i]) + 1
            best = found if best is None else min(best, found)
        return None if best is None else best[1:]

    def _thresholds(self, node: Node, column: int, cut: int) -> tuple[float, ...]:
        profile = self.search.points.profile(node, column)
        values = self.search.points.values[column][profile.ranks]
        bounds = self.search.bounds
        return settle(values, profile.up_to, [cut], [1, 1], bounds, slack=0.0)[1]
