"""Parts of rules on their way to segments, and which of them make one plain segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any, NamedTuple

import numpy as np

from skseg._search.sizes._split import Interval
from skseg._typing import IntArray
from skseg.rules import Rule
from skseg.rules._cells import NumberAxis
from skseg.rules._language._conditions import Missing, comparison, conjunction
from skseg.rules._proof._boxes import Box, separate, volume
from skseg.rules._proof._proof import Proof
from skseg.rules._proof._symbolic import ProofAxis

# With up to so many columns, all boxes of a grid can be looked at.
_GRID_COLUMNS = 3

# The rules, by number, whose rows are divided together.
Unit = tuple[int, ...]


class Part(NamedTuple):
    """The rows of a unit, or those in one box of its division."""

    unit: Unit
    intervals: tuple[Interval, ...]
    rows: IntArray
    size: float

    @property
    def is_whole(self) -> bool:
        """Whether the unit was left undivided."""
        return all(interval == Interval() for interval in self.intervals)


def cut_rule(columns: Sequence[str], intervals: Sequence[Interval]) -> Rule:
    """Return the rule that a row lies in all intervals, one a column."""
    return conjunction(
        _interval_rule(column, interval)
        for column, interval in zip(columns, intervals, strict=True)
        if interval != Interval()
    )


def _interval_rule(column: str, interval: Interval) -> Rule:
    low, high, absent = interval.low, interval.high, interval.missing
    if low is None and high is None:
        return ~Missing(column)
    parts: list[Rule] = []
    if low is not None:
        parts.append(comparison(column, ">", low))
    if high is not None:
        parts.append(comparison(column, "<=", high))
    within = conjunction(parts)
    return within | Missing(column) if absent else within


class Regions:
    """What parts cover, as boxes of cells; knows whose union is one plain box.

    Parameters
    ----------
    rules : sequence of Rule
        Resolved, one a part; no row satisfies two.
    schema : mapping of str to (Domain or dict) or None
        What the columns may hold.
    """

    def __init__(
        self, rules: Sequence[Rule], schema: Mapping[str, Any] | None = None
    ) -> None:
        proof = Proof({str(i): rule for i, rule in enumerate(rules)}, schema)
        self.axes = proof.axes
        self._universe = proof.universe
        self._regions = [separate(region) for region in proof.regions]

    def union(self, group: Sequence[int]) -> Box | None:
        """Return the union of parts if it is one range or list a column, else None."""
        boxes = [box for i in group for box in self._regions[i]]
        if not boxes:
            return None
        joined = boxes[0]
        for box in boxes[1:]:
            joined = tuple(a | b for a, b in zip(joined, box, strict=True))
        is_box = volume(joined) == sum(map(volume, boxes))
        return joined if is_box and self._is_plain(joined) else None

    def _is_plain(self, box: Box) -> bool:
        return all(
            not isinstance(axis, NumberAxis)
            or _is_run(mask & ~axis.missing, universe & ~axis.missing)
            for axis, mask, universe in zip(
                self.axes.values(), box, self._universe, strict=True
            )
        )

    def restricted(self, box: Box) -> dict[str, int]:
        """Return column -> cells, for the columns that `box` restricts."""
        return {
            name: mask
            for name, mask, universe in zip(self.axes, box, self._universe, strict=True)
            if mask != universe
        }

    def grid(self) -> IntArray | None:
        """Return the parts, by number, as a grid in which any block is a plain box.

        None if they are no such grid of up to three ordered columns.
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
        if len(shape) > _GRID_COLUMNS or np.prod(shape, dtype=int) != len(boxes):
            return None
        grid = np.full([len(distinct) for distinct in steps], -1)
        for number, box in enumerate(boxes):
            place = tuple(s.index(mask) for s, mask in zip(steps, box, strict=True))
            grid[place] = number
        return grid.reshape(shape) if (grid >= 0).all() else None

    def _steps(self, axis: ProofAxis, universe: int, masks: list[int]) -> list[int]:
        """Return the distinct masks in order, or none if neighbours make no range."""
        # Missing values are the last cell, so they do not matter for the order.
        distinct = sorted(set(masks), key=lambda mask: mask & -mask)
        if len(distinct) == 1:
            return distinct
        known = ~axis.missing
        separate = sum(distinct) == reduce(or_, distinct)
        plain = all(
            _is_run((a | b) & known, universe & known) for a, b in pairwise(distinct)
        )
        return distinct if separate and plain and isinstance(axis, NumberAxis) else []


def _is_run(mask: int, universe: int) -> bool:
    """Tell whether no cell of the universe lies between two of `mask` outside of it."""
    if not mask:
        return True
    span = (1 << mask.bit_length()) - (mask & -mask)
    return not span & universe & ~mask
