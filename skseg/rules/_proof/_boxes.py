"""Boxes of cells, one bit mask for each column: the arithmetic of the proof.

A box is the set of rows whose every column lies in that column's mask. No mask of a box
is empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import accumulate

from skseg.exceptions import RuleError
from skseg.rules._cells import CellAxis, rule_mask, runs
from skseg.rules._language._conditions import And, Not, Or, Rule, leaves

Box = tuple[int, ...]

# A rule that needs more disjoint boxes is refused: its proof would take too long.
MAX_BOXES = 20_000


class TooManyBoxesError(RuleError):
    """Rules overlap in too many ways to be split into boxes."""


class Budget:
    """Number of steps that a search may take, so that every proof ends."""

    def __init__(self, steps: int) -> None:
        self.remaining = steps

    def spend(self, steps: int = 1) -> None:
        """Count `steps`; raise `TooManyBoxesError` when the budget is spent."""
        self.remaining -= steps
        if self.remaining < 0:
            raise TooManyBoxesError(
                "The rules overlap in too many ways to be told apart.",
                advice="Split them into simpler rules.",
            )


def volume(box: Box) -> int:
    """Return the number of cell combinations in `box`."""
    return math.prod([mask.bit_count() for mask in box])


def intersect(a: Box, b: Box) -> Box | None:
    """Return the rows in both boxes, or None."""
    masks = []
    for x, y in zip(a, b, strict=True):
        mask = x & y
        if not mask:
            return None
        masks.append(mask)
    return tuple(masks)


def common_volume(a: Box, b: Box) -> int:
    """Return the number of cell combinations in both boxes."""
    common = intersect(a, b)
    return 0 if common is None else volume(common)


def subtract(box: Box, hole: Box) -> list[Box]:
    """Return disjoint boxes that make up `box` without `hole`."""
    common = intersect(box, hole)
    if common is None:
        return [box]
    pieces = []
    for axis, (mask, inside) in enumerate(zip(box, common, strict=True)):
        if mask != inside:
            pieces.append((*common[:axis], mask & ~inside, *box[axis + 1 :]))
    return pieces


def subtract_all(
    boxes: Iterable[Box], holes: Iterable[Box], budget: Budget | None = None
) -> list[Box]:
    """Return disjoint boxes that make up disjoint `boxes` without all `holes`."""
    pieces = list(boxes)
    for hole in holes:
        if budget is not None:
            budget.spend(len(pieces))
        pieces = [piece for box in pieces for piece in subtract(box, hole)]
        _check_count(pieces)
    return pieces


def _check_count(boxes: Sequence[Box]) -> None:
    if len(boxes) > MAX_BOXES:
        raise TooManyBoxesError(
            f"The rules take more than {MAX_BOXES:,} boxes to tell apart.",
            advice="Split them into simpler rules.",
        )


def separate(boxes: Iterable[Box], budget: Budget | None = None) -> list[Box]:
    """Return disjoint boxes that make up the same rows as `boxes`."""
    disjoint: list[Box] = []
    for box in sorted(boxes, key=volume, reverse=True):
        disjoint += subtract_all([box], disjoint, budget)
        _check_count(disjoint)
    return disjoint


class BoxCompiler:
    """Turns rules into boxes within a universe of allowed cells."""

    def __init__(self, axes: Mapping[str, CellAxis], universe: Box) -> None:
        self.axes = axes
        self.universe = universe
        self._position = {name: i for i, name in enumerate(axes)}

    def boxes(self, rule: Rule, negated: bool = False) -> list[Box]:
        """Return boxes, perhaps overlapping, of the rows where `rule` holds."""
        names = {leaf.column for leaf in leaves(rule)}
        if len(names) == 1:
            return self._one_column(rule, names.pop(), negated)
        if isinstance(rule, Not):
            return self.boxes(rule.part, not negated)
        assert isinstance(rule, And | Or)
        parts = [self.boxes(part, negated) for part in rule.parts]
        if isinstance(rule, And) != negated:
            return self._intersection(parts)
        return list(dict.fromkeys(box for boxes in parts for box in boxes))

    def _one_column(self, rule: Rule, name: str, negated: bool) -> list[Box]:
        axis, position = self.axes[name], self._position[name]
        mask = rule_mask(rule, axis)
        mask = (axis.full & ~mask if negated else mask) & self.universe[position]
        if not mask:
            return []
        return [(*self.universe[:position], mask, *self.universe[position + 1 :])]

    def _intersection(self, unions: list[list[Box]]) -> list[Box]:
        """Return the boxes of the rows that lie in every one of several unions."""
        common = [self.universe]
        for boxes in sorted(unions, key=len):
            pairs = (intersect(a, b) for a in common for b in boxes)
            common = list(dict.fromkeys(box for box in pairs if box is not None))
            _check_count(common)
        return common


def grow_inside(box: Box, universe: Box, region: Sequence[Box]) -> Box:
    """Return a maximal box around `box` within the disjoint boxes `region`."""
    grown = list(box)
    for axis, allowed in enumerate(universe):
        # A cell may be added where the slab over it lies wholly in the region: the
        # region is disjoint, so the cross-sections of its parts add up.
        slabs = (*grown[:axis], allowed, *grown[axis + 1 :])
        full = volume(slabs) // allowed.bit_count()
        # How much more of the slab over a cell is filled than of that before it.
        changes = [0] * (allowed.bit_length() + 1)
        for part in region:
            common = intersect(part, slabs)
            if common is None:
                continue
            section = volume(common) // common[axis].bit_count()
            for start, stop in runs(common[axis]):
                changes[start] += section
                changes[stop] -= section
        filled = accumulate(changes)
        grown[axis] = sum(1 << cell for cell, n in enumerate(filled) if n == full)
    return tuple(grown)


def cover(
    region: Sequence[Box], universe: Box, margin: Sequence[Box] = ()
) -> list[Box]:
    """Return few maximal boxes, perhaps overlapping, that make up disjoint `region`.

    They may reach into `margin`, disjoint boxes beside the region, where that makes
    them larger. Greedy set cover: the box that adds most comes next. What a box would
    add never grows, so a box that adds as much as when it was queued is the best of
    all.
    """
    allowed = [*region, *margin]
    grown = dict.fromkeys(grow_inside(box, universe, allowed) for box in region)
    queue = [(-volume(box), i, box) for i, box in enumerate(grown)]
    heapify(queue)
    uncovered, chosen = list(region), []
    while uncovered:
        queued, i, box = queue[0]
        added = -sum(common_volume(box, part) for part in uncovered)
        if added == 0:
            heappop(queue)
        elif added > queued:
            heapreplace(queue, (added, i, box))
        else:
            heappop(queue)
            chosen.append(box)
            uncovered = subtract_all(uncovered, [box])
    return chosen
