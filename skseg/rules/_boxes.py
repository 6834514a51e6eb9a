"""Boxes of cells: one bit mask a column. The arithmetic under the proof.

A box is the set of rows whose every column lies in that column's mask. No mask of a box
is ever empty; an empty box is no box.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ._cells import Axis
from ._conditions import And, Leaf, Not, Or, Rule, leaves
from ._errors import RuleError
from ._evaluate import rule_mask

Box = tuple[int, ...]

# A rule that needs more disjoint boxes than this is refused: its proof would not end.
MAX_BOXES = 20_000


class TooManyBoxesError(RuleError):
    """A rule, or a set of them, is too entangled to be taken apart into boxes."""


def volume(box: Box) -> int:
    """Return the number of cell combinations in `box`."""
    return math.prod(mask.bit_count() for mask in box)


def intersect(a: Box, b: Box) -> Box | None:
    """Return the rows in both boxes, or None."""
    common = []
    for x, y in zip(a, b, strict=True):
        both = x & y
        if not both:
            return None
        common.append(both)
    return tuple(common)


def subtract(box: Box, hole: Box) -> list[Box]:
    """Return disjoint boxes that make up `box` without `hole`."""
    if intersect(box, hole) is None:
        return [box]
    pieces = []
    rest = list(box)
    for axis, (mask, taken) in enumerate(zip(box, hole, strict=True)):
        outside = mask & ~taken
        if outside:
            pieces.append((*rest[:axis], outside, *rest[axis + 1 :]))
            rest[axis] = mask & taken
    return pieces


def subtract_all(boxes: Iterable[Box], holes: Iterable[Box]) -> list[Box]:
    """Return disjoint boxes that make up disjoint `boxes` without all `holes`."""
    pieces = list(boxes)
    for hole in holes:
        pieces = [piece for box in pieces for piece in subtract(box, hole)]
        _check_count(pieces)
    return pieces


def _check_count(boxes: Sequence[Box]) -> None:
    if len(boxes) > MAX_BOXES:
        raise TooManyBoxesError(
            f"The rules take more than {MAX_BOXES:,} boxes to tell apart. Split them "
            "into simpler rules."
        )


class BoxCompiler:
    """Takes rules apart into disjoint boxes within a universe of allowed cells."""

    def __init__(self, axes: dict[str, Axis], universe: Box) -> None:
        self.axes = axes
        self.universe = universe
        self._position = {name: i for i, name in enumerate(axes)}

    def boxes(self, rule: Rule, negated: bool = False) -> list[Box]:
        """Return disjoint boxes that make up the rows where `rule` holds."""
        names = {leaf.column for leaf in leaves(rule)}
        if len(names) == 1:
            return self._one_column(rule, names.pop(), negated)
        if isinstance(rule, Not):
            return self.boxes(rule.part, not negated)
        assert isinstance(rule, And | Or)
        parts = [self.boxes(part, negated) for part in rule.parts]
        if isinstance(rule, And) != negated:
            return self._all(parts)
        return self._any(parts)

    def _one_column(self, rule: Rule, name: str, negated: bool) -> list[Box]:
        axis, position = self.axes[name], self._position[name]
        mask = rule_mask(rule, axis)
        mask = (axis.full & ~mask if negated else mask) & self.universe[position]
        if not mask:
            return []
        return [(*self.universe[:position], mask, *self.universe[position + 1 :])]

    def _all(self, parts: list[list[Box]]) -> list[Box]:
        found = [self.universe]
        for boxes in sorted(parts, key=len):
            pairs = (intersect(a, b) for a in found for b in boxes)
            found = [box for box in pairs if box is not None]
            _check_count(found)
        return found

    def _any(self, parts: list[list[Box]]) -> list[Box]:
        found: list[Box] = []
        for boxes in sorted(parts, key=len):
            found += subtract_all(boxes, found)
            _check_count(found)
        return found


def overlapping_pairs(
    boxes: Sequence[Box], owners: Sequence[int], sizes: Sequence[int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the positions (i, j), i < j, of intersecting boxes of different owners.

    All pairs are tested column by column, most selective column first, and the
    pairs already told apart are left behind.
    """
    n = len(boxes)
    tables = [_words([box[axis] for box in boxes], size) for axis, size in enumerate(sizes)]
    width = [np.mean([box[a].bit_count() for box in boxes]) / s for a, s in enumerate(sizes)]
    order = np.argsort(width) if n else []
    owner = np.asarray(owners)
    found: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
    step = max(1, 2_000_000 // max(n, 1))
    for start in range(0, n, step):
        left, right = np.nonzero(
            (np.arange(start, min(start + step, n))[:, None] < np.arange(n))
            & (owner[start : start + step, None] != owner)
        )
        left += start
        for axis in order:
            words = tables[axis]
            meet = np.zeros(len(left), dtype=bool)
            for word in words:
                meet |= (word[left] & word[right]) != 0
            left, right = left[meet], right[meet]
        found.append((left, right))
    if not found:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    lefts, rights = zip(*found, strict=True)
    return np.concatenate(lefts), np.concatenate(rights)


def _words(masks: Sequence[int], size: int) -> npt.NDArray[np.uint64]:
    """Return the masks as rows of 64-bit words, shape (n_words, n_masks)."""
    n_words = -(-size // 64)
    raw = b"".join(mask.to_bytes(8 * n_words, "little") for mask in masks)
    words = np.frombuffer(raw, dtype="<u8").reshape(len(masks), n_words)
    return np.ascontiguousarray(words.T)


def find_gap(universe: Box, boxes: Sequence[Box], disjoint: bool, budget: list[int]) -> Box | None:
    """Return a box of rows outside all `boxes`, or None if they cover the universe.

    Depth first: subtract the largest box, go on with what is left. Where the boxes are
    disjoint their volumes tell at every step whether anything is left at all. `budget`
    holds the number of steps still allowed; at zero `TooManyBoxesError` is raised.
    """
    stack: list[tuple[Box, Sequence[Box]]] = [(universe, boxes)]
    while stack:
        region, candidates = stack.pop()
        budget[0] -= 1
        if budget[0] < 0:
            raise TooManyBoxesError("The search for gaps exceeded its budget.")
        inside = [box for c in candidates if (box := intersect(c, region)) is not None]
        if not inside:
            return region
        volumes = [volume(box) for box in inside]
        largest = max(volumes)
        total = volume(region)
        if largest == total or (disjoint and sum(volumes) == total):
            continue
        hole = inside[volumes.index(largest)]
        # The largest piece is looked at first: it is the likeliest to hold a gap.
        pieces = sorted(subtract(region, hole), key=volume)
        stack.extend((piece, inside) for piece in pieces)
    return None


def grow_outside(box: Box, universe: Box, boxes: Sequence[Box]) -> Box:
    """Return a maximal box around `box` that still meets none of `boxes`."""
    grown = list(box)
    for axis, allowed in enumerate(universe):
        rest = [(mask, i) for i, mask in enumerate(grown) if i != axis]
        blocked = 0
        for other in boxes:
            if all(other[i] & mask for mask, i in rest):
                blocked |= other[axis]
        grown[axis] = allowed & ~blocked
    return tuple(grown)


def grow_inside(box: Box, universe: Box, region: Sequence[Box]) -> Box:
    """Return a maximal box around `box` within the disjoint boxes `region`."""
    grown = list(box)
    for axis, allowed in enumerate(universe):
        added = grown[axis]
        for cell in _cells(allowed & ~added):
            slab = (*grown[:axis], cell, *grown[axis + 1 :])
            pieces = (intersect(slab, part) for part in region)
            if sum(volume(p) for p in pieces if p is not None) == volume(slab):
                added |= cell
        grown[axis] = added
    return tuple(grown)


def _cells(mask: int) -> Iterable[int]:
    while mask:
        lowest = mask & -mask
        yield lowest
        mask ^= lowest


def cover(region: Sequence[Box], universe: Box) -> list[Box]:
    """Return few maximal boxes, perhaps overlapping, that make up disjoint `region`."""
    left = list(region)
    found = []
    while left:
        grown = [grow_inside(box, universe, region) for box in left]
        best = max(grown, key=lambda box: _newly_covered(box, left))
        found.append(best)
        left = subtract_all(left, [best])
    return found


def _newly_covered(box: Box, left: Sequence[Box]) -> int:
    pieces = (intersect(box, part) for part in left)
    return sum(volume(p) for p in pieces if p is not None)
