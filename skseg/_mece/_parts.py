"""Parts of rules on their way to segments, and which of them make one plain segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any, NamedTuple

import numpy as np

from skseg._search.sizes._split import Interval
from skseg._typing import BoolArray, IntArray
from skseg.rules import Rule
from skseg.rules._cells import NumberAxis
from skseg.rules._language._conditions import Missing, comparison, conjunction
from skseg.rules._proof._boxes import Box, separate, volume
from skseg.rules._proof._proof import Proof
from skseg.rules._proof._symbolic import ProofAxis

# The optimal merge of a grid enumerates its boxes, whose number grows with the square
# of the cells of every column.
_MAX_GRID_COLUMNS = 3

# Positions of the rules whose rows are pooled before they are split.
Pool = tuple[int, ...]


class Part(NamedTuple):
    """The rows of a pool, or those in one box of its division."""

    pool: Pool
    intervals: tuple[Interval, ...]
    rows: IntArray
    size: float

    def narrowed(
        self, intervals: Iterable[Interval], rows: BoolArray, size: float
    ) -> Part:
        """Return the part within further intervals; `rows` tells which rows it has."""
        both = zip(self.intervals, intervals, strict=True)
        return Part(self.pool, tuple(a & b for a, b in both), self.rows[rows], size)


def cut_rule(columns: Sequence[str], intervals: Sequence[Interval]) -> Rule:
    """Return the conjunction of the intervals, one per column."""
    return conjunction(
        _interval_rule(column, interval)
        for column, interval in zip(columns, intervals, strict=True)
        if interval != Interval()
    )


def _interval_rule(column: str, interval: Interval) -> Rule:
    low, high = interval.low, interval.high
    if low is None and high is None:
        return ~Missing(column)
    bounds: list[Rule] = []
    if low is not None:
        bounds.append(comparison(column, ">", low))
    if high is not None:
        bounds.append(comparison(column, "<=", high))
    within = conjunction(bounds)
    return within | Missing(column) if interval.missing else within


class Regions:
    """The regions of resolved rules, no two of which share a row, as boxes of cells.

    A union of regions is *plain* if it is one box with a single range or list of values
    per column, so that it reads as one conjunction.
    """

    def __init__(
        self, rules: Sequence[Rule], schema: Mapping[str, Any] | None = None
    ) -> None:
        proof = Proof({str(i): rule for i, rule in enumerate(rules)}, schema)
        self.axes = proof.axes
        self._universe = proof.universe
        self._regions = [separate(region) for region in proof.regions]

    def union(self, group: Sequence[int]) -> Box | None:
        """Return the union of a group of regions if it is plain, else None."""
        boxes = [box for i in group for box in self._regions[i]]
        if not boxes:
            return None
        hull = boxes[0]
        for box in boxes[1:]:
            hull = tuple(a | b for a, b in zip(hull, box, strict=True))
        is_union = volume(hull) == sum(map(volume, boxes))
        return hull if is_union and self._is_plain(hull) else None

    def is_empty(self, position: int) -> bool:
        """Tell whether no row can ever be in a region."""
        return not self._regions[position]

    def extent(self, position: int) -> dict[str, int]:
        """Return column -> mask of the cells that a region reaches into."""
        masks = zip(*self._regions[position], strict=True)
        return {
            name: reduce(or_, column_masks)
            for name, column_masks in zip(self.axes, masks, strict=True)
        }

    def _is_plain(self, box: Box) -> bool:
        return all(
            not isinstance(axis, NumberAxis)
            or _is_run(mask & ~axis.missing, universe & ~axis.missing)
            for axis, mask, universe in zip(
                self.axes.values(), box, self._universe, strict=True
            )
        )

    def restricted(self, box: Box) -> dict[str, int]:
        """Return column -> mask of cells, for the columns that `box` restricts."""
        return {
            name: mask
            for name, mask, universe in zip(self.axes, box, self._universe, strict=True)
            if mask != universe
        }

    def grid(self) -> IntArray | None:
        """Return the positions of the regions as a grid in which any block is plain.

        None if they form no such grid, of up to three ordered columns.
        """
        boxes = [region[0] for region in self._regions if len(region) == 1]
        if len(boxes) < len(self._regions):
            return None
        steps = [
            self._steps(axis, universe, masks)
            for axis, universe, *masks in zip(
                self.axes.values(), self._universe, *boxes, strict=True
            )
        ]
        if not all(steps):
            return None
        shape = [len(distinct) for distinct in steps if len(distinct) > 1]
        if len(shape) > _MAX_GRID_COLUMNS or np.prod(shape, dtype=int) != len(boxes):
            return None
        grid = np.full([len(distinct) for distinct in steps], -1)
        for position, box in enumerate(boxes):
            cell = tuple(s.index(mask) for s, mask in zip(steps, box, strict=True))
            grid[cell] = position
        return grid.reshape(shape) if (grid >= 0).all() else None

    def _steps(self, axis: ProofAxis, universe: int, masks: list[int]) -> list[int]:
        """Return the distinct masks in order; none if neighbours form no range."""
        # Missing values are the last cell, so they do not matter for the order.
        distinct = sorted(set(masks), key=lambda mask: mask & -mask)
        if len(distinct) == 1:
            return distinct
        known = ~axis.missing
        are_disjoint = sum(distinct) == reduce(or_, distinct)
        are_adjacent = all(
            _is_run((a | b) & known, universe & known) for a, b in pairwise(distinct)
        )
        is_ordered = isinstance(axis, NumberAxis)
        return distinct if are_disjoint and are_adjacent and is_ordered else []


def _is_run(mask: int, universe: int) -> bool:
    """Tell whether the cells of `mask` are consecutive among those of the universe."""
    if not mask:
        return True
    span = (1 << mask.bit_length()) - (mask & -mask)
    return not span & universe & ~mask
