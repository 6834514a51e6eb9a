"""Division as far as possible where some segments have to stay too large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skseg._search._arrays import smallest

from ._guillotine import (
    Cut,
    GuillotineSearch,
    Leaf,
    OutOfStepsError,
    Recursion,
    Tree,
    run,
)
from ._points import Node


def divide_oversize(search: GuillotineSearch, root: Node, max_steps: int) -> Tree:
    """Return a tree without undersized leaves; some may be too large.

    Nodes that can be divided exactly are. The others are cut where that leaves the
    fewest rows above the bound, as far as numbers tell, and their sides are tried next.
    """
    tree = run(_Division(search, max_steps).divide, root)
    assert tree is not None
    return tree


@dataclass
class _Division:
    """The division of nodes, exactly as long as steps are left for it."""

    search: GuillotineSearch
    steps_left: int

    def divide(self, node: Node) -> Recursion:
        tree = self._exactly(node)
        if tree is not None:
            return tree
        best = self._best_cut(node)
        if best is None:
            return Leaf(node.size)
        column, cut = best
        below, above = self.search.points.sides(node, column, cut)
        parts = []
        for side in (below, above):
            part = yield side
            assert part is not None
            parts.append(part)
        _, thresholds = self.search.rounded(node, column, [cut], [1, 1], slack=0.0)
        return Cut(column, thresholds, tuple(parts))

    def _exactly(self, node: Node) -> Tree | None:
        # Half of the steps that are left, so that later nodes have some, too.
        max_steps = self.steps_left // 2
        try:
            return self.search.solve(node, max_steps)
        except OutOfStepsError:
            return None
        finally:
            self.steps_left -= max_steps - max(self.search.steps_left, 0)

    def _best_cut(self, node: Node) -> tuple[int, int] | None:
        """Return (column, cut), None where every cut leaves a side undersized.

        Around a group of equal rows that is too large, the best cut removes the most
        other rows from it. Otherwise it leaves the fewest rows above the bound, as far
        as numbers tell, and is nearest to the middle.
        """
        points, bounds = self.search.points, self.search.bounds
        largest = points.largest(node)
        best = None
        for column, ranks in enumerate(points.ranks):
            distinct = points.distinct(node, column)
            below = distinct.up_to[1:-1]
            above = node.size - below
            cuts = np.flatnonzero(np.minimum(below, above) >= bounds.low)
            if not len(cuts):
                continue
            if points.sizes[largest] > bounds.high:
                is_below = distinct.ranks[1:] > ranks[largest]
                excess = np.where(is_below, below, above)
            else:
                excess = bounds.excess(below) + bounds.excess(above)
            keys = [excess[cuts], np.abs(below - above)[cuts]]
            i = smallest(keys)
            candidate = [float(key[i]) for key in keys], column, int(cuts[i]) + 1
            best = candidate if best is None else min(best, candidate)
        return None if best is None else best[1:]
