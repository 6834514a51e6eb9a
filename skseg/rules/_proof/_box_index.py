"""Many boxes at once: a set of boxes is an int, a bit for each box.

One operation on such ints asks every box the same question, so the proof's cost grows
with the number of questions, not with the number of pairs of boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skseg.rules._cells import members_by_cell, runs

from ._boxes import Box, Budget, common_volume, volume

# A region in which a gap is sought: the boxes that meet it, its masks, and for each
# axis the boxes that span it there.
_Node = tuple[int, list[int], list[int]]


class _AxisIndex:
    """The boxes over each cell of an axis, united and intersected over runs of cells.

    A segment tree: node i stands for the cells of the nodes 2 i and 2 i + 1.
    """

    def __init__(self, size: int) -> None:
        self.cells = [0] * size
        self.add({})

    def add(self, members: dict[int, int]) -> None:
        """Add boxes: mask -> those with exactly that mask."""
        size = len(self.cells)
        added = members_by_cell(members, size)
        self.cells = [old | new for old, new in zip(self.cells, added, strict=True)]
        self._some = [0] * size + self.cells
        self._every = self._some.copy()
        for node in reversed(range(1, size)):
            self._some[node] = self._some[2 * node] | self._some[2 * node + 1]
            self._every[node] = self._every[2 * node] & self._every[2 * node + 1]
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
                    meet |= self._some[left]
                    span &= self._every[left]
                    left += 1
                if right & 1:
                    right -= 1
                    meet |= self._some[right]
                    span &= self._every[right]
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
    def everyone(self) -> int:
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

    def members(self, some: int) -> Iterator[Box]:
        """Yield the boxes of a set, in the order in which they were given."""
        while some:
            lowest = some & -some
            yield self.boxes[lowest.bit_length() - 1]
            some ^= lowest

    def meeting(self, box: Box) -> int:
        """Return the boxes that share rows with `box`."""
        some = self.everyone
        for axis, mask in zip(self._axes, box, strict=True):
            some &= axis.meet_and_span(mask)[0]
        return some

    def find_gap(
        self, region: Box, among: int, budget: Budget, disjoint: int = 0
    ) -> Box | None:
        """Return a box of `region` outside the boxes `among`, or None if there is none.

        Depth first: cut a box out, go on with what is left around it. Of boxes known to
        be `disjoint`, volumes tell at every step whether they leave anything at all.
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

    def _fill(self, some: int, region: Box) -> bool:
        """Tell whether some disjoint boxes leave nothing of `region`."""
        parts = (common_volume(box, region) for box in self.members(some))
        return bool(some) and sum(parts) == volume(region)

    def _around(
        self, hole: Box, meeting: int, masks: list[int], spans: list[int]
    ) -> list[_Node]:
        """Return what is left of a region around a box, the emptiest piece last."""
        cuts = []
        for axis, mask in enumerate(masks):
            outside = mask & ~hole[axis]
            if outside:
                meet, span = self._axes[axis].meet_and_span(outside)
                cuts.append(((meeting & meet).bit_count(), axis, outside, meet, span))
        # The first cut gets all of its outside, the later ones what lies beside the
        # hole: so the emptiest comes first.
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
            beside = self.meeting((*grown[:axis], allowed, *grown[axis + 1 :]))
            over = self._axes[axis].cells
            for start, stop in runs(allowed):
                for cell in range(start, stop):
                    if over[cell] & beside:
                        allowed ^= 1 << cell
            grown[axis] = allowed
        return tuple(grown)


def _simplest(meeting: int, spans: list[int]) -> int | None:
    """Return the number of a box that cuts a region on the fewest axes.

    None if a box spans the region on every axis. Among equals the first box wins.
    """
    one = two = three = 0  # the boxes that cut on at least so many axes
    for span in spans:
        cutting = meeting & ~span
        three |= two & cutting
        two |= one & cutting
        one |= cutting
    if one != meeting:
        return None
    best = one & ~two or two & ~three or one
    return (best & -best).bit_length() - 1
