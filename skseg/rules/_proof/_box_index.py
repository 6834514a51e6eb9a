"""Many boxes at once: a set of boxes is an int with a bit for each box.

One operation on such ints tests every box, so the proof's cost grows with the number of
tests, not with the number of pairs of boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skseg.rules._cells import members_by_cell, runs

from ._boxes import Box, Budget, common_volume, volume

# Node of the search for a gap, a region: the boxes that meet it, its masks, and for
# each axis the boxes that span it there.
_Node = tuple[int, list[int], list[int]]


class _AxisIndex:
    """The boxes over each cell of an axis, and over some or all cells of a run.

    A segment tree: node i stands for the cells of the nodes 2 i and 2 i + 1.
    """

    def __init__(self, size: int) -> None:
        self.cells = [0] * size
        self.add({})

    def add(self, members: dict[int, int]) -> None:
        """Add boxes, given as mask -> the boxes with exactly that mask."""
        size = len(self.cells)
        added = members_by_cell(members, size)
        self.cells = [old | new for old, new in zip(self.cells, added, strict=True)]
        self._unions = [0] * size + self.cells
        self._common = self._unions.copy()
        for node in reversed(range(1, size)):
            self._unions[node] = self._unions[2 * node] | self._unions[2 * node + 1]
            self._common[node] = self._common[2 * node] & self._common[2 * node + 1]
        self._answers: dict[int, tuple[int, int]] = {}

    def meet_and_span(self, mask: int) -> tuple[int, int]:
        """Return the boxes over some, and those over all, of the cells `mask`."""
        answer = self._answers.get(mask)
        if answer is not None:
            return answer
        size = len(self.cells)
        meet, span = 0, -1
        for start, stop in runs(mask):
            left, right = start + size, stop + size
            while left < right:
                if left & 1:
                    meet |= self._unions[left]
                    span &= self._common[left]
                    left += 1
                if right & 1:
                    right -= 1
                    meet |= self._unions[right]
                    span &= self._common[right]
                left, right = left >> 1, right >> 1
        self._answers[mask] = meet, span
        return meet, span


class BoxIndex:
    """Boxes of a universe, with answers to which of them meet another box."""

    def __init__(self, boxes: Iterable[Box], universe: Box) -> None:
        self.boxes: list[Box] = []
        self._universe = universe
        self._axes = [_AxisIndex(mask.bit_length()) for mask in universe]
        self.add(boxes)

    @property
    def all_boxes(self) -> int:
        """The set of all boxes."""
        return (1 << len(self.boxes)) - 1

    def add(self, boxes: Iterable[Box]) -> None:
        """Add boxes behind the others."""
        # There are few distinct masks: most rules leave most columns alone.
        members: list[dict[int, int]] = [{} for _ in self._axes]
        for box in boxes:
            bit = 1 << len(self.boxes)
            self.boxes.append(box)
            for group, mask in zip(members, box, strict=True):
                group[mask] = group.get(mask, 0) | bit
        for axis, group in zip(self._axes, members, strict=True):
            axis.add(group)

    def members(self, subset: int) -> Iterator[Box]:
        """Yield the boxes of a set, in the order in which they were given."""
        while subset:
            lowest = subset & -subset
            yield self.boxes[lowest.bit_length() - 1]
            subset ^= lowest

    def meeting(self, box: Box) -> int:
        """Return the boxes that share rows with `box`."""
        meeting = self.all_boxes
        for axis, mask in zip(self._axes, box, strict=True):
            meeting &= axis.meet_and_span(mask)[0]
        return meeting

    def find_gap(
        self, region: Box, among: int, budget: Budget, disjoint: int = 0
    ) -> Box | None:
        """Return a box of `region` outside the boxes `among`, or None if there is none.

        Depth-first search: cut a box out of the region, go on with the pieces around
        it. Where boxes are known to be `disjoint`, the sum of their volumes tells
        whether they fill a piece.
        """
        answers = [
            axis.meet_and_span(mask)
            for axis, mask in zip(self._axes, region, strict=True)
        ]
        for meet, _ in answers:
            among &= meet
        stack: list[_Node] = [(among, list(region), [span for _, span in answers])]
        while stack:
            meeting, masks, spans = stack.pop()
            budget.spend()
            if not meeting:
                return tuple(masks)
            hole = _simplest(meeting, spans)
            if hole is None or self._fill(meeting & disjoint, tuple(masks)):
                continue
            stack += self._around(self.boxes[hole], meeting, masks, spans)
        return None

    def _fill(self, disjoint: int, region: Box) -> bool:
        """Tell whether disjoint boxes leave nothing of `region`."""
        volumes = (common_volume(box, region) for box in self.members(disjoint))
        return bool(disjoint) and sum(volumes) == volume(region)

    def _around(
        self, hole: Box, meeting: int, masks: list[int], spans: list[int]
    ) -> list[_Node]:
        """Return the pieces of a region around a box, that of fewest boxes last."""
        cuts = []
        for axis, mask in enumerate(masks):
            outside = mask & ~hole[axis]
            if outside:
                meet, span = self._axes[axis].meet_and_span(outside)
                cuts.append(((meeting & meet).bit_count(), axis, outside, meet, span))
        # Each cut leaves the next ones only the slab of the hole, so the first piece is
        # the largest: it should be the one that the fewest boxes meet.
        cuts.sort()
        pieces: list[_Node] = []
        masks, spans = masks.copy(), spans.copy()
        for _, axis, outside, meet, span in cuts:
            inside = masks[axis] & hole[axis]
            masks[axis], spans[axis] = outside, span
            pieces.append((meeting & meet, masks.copy(), spans.copy()))
            meet, spans[axis] = self._axes[axis].meet_and_span(inside)
            masks[axis] = inside
            meeting &= meet
        pieces.sort(key=lambda piece: -piece[0].bit_count())
        return pieces

    def grow_outside(self, box: Box) -> Box:
        """Return a maximal box around `box` that meets none of the boxes."""
        grown = list(box)
        for axis, allowed in enumerate(self._universe):
            in_the_way = self.meeting((*grown[:axis], allowed, *grown[axis + 1 :]))
            boxes_at = self._axes[axis].cells
            for start, stop in runs(allowed):
                for cell in range(start, stop):
                    if boxes_at[cell] & in_the_way:
                        allowed ^= 1 << cell
            grown[axis] = allowed
        return tuple(grown)


def _simplest(meeting: int, spans: list[int]) -> int | None:
    """Return the number of a box that cuts a region on the fewest axes.

    None if a box spans the region on every axis. Ties go to the first box.
    """
    # The boxes that cut on at least one, two and three axes.
    once = twice = thrice = 0
    for span in spans:
        cutting = meeting & ~span
        thrice |= twice & cutting
        twice |= once & cutting
        once |= cutting
    if once != meeting:
        return None
    best = once & ~twice or twice & ~thrice or once
    return (best & -best).bit_length() - 1
