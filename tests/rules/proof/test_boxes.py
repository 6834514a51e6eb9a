"""Box arithmetic against sets of points, in universes small enough to list."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.rules._cells import runs
from skseg.rules._proof._box_index import BoxIndex
from skseg.rules._proof._boxes import (
    Box,
    Budget,
    TooManyBoxesError,
    cover,
    grow_inside,
    intersect,
    separate,
    subtract,
    subtract_all,
    volume,
)

pytestmark = pytest.mark.pure

# Cells of three axes; not all are possible.
UNIVERSE: Box = (0b1011, 0b111, 0b11110)
masks = [
    st.integers(1, full).map(lambda m, full=full: m & full).filter(bool)
    for full in UNIVERSE
]
boxes_ = st.tuples(*masks)
lists_ = st.lists(boxes_, max_size=6)

Point = tuple[int, ...]


def cells(mask: int) -> list[int]:
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def points(boxes: Iterable[Box]) -> set[Point]:
    return {p for box in boxes for p in itertools.product(*map(cells, box))}


def slabs(box: Box) -> Iterable[Box]:
    """Yield what is added to a box when it grows by one possible cell."""
    for axis, (mask, full) in enumerate(zip(box, UNIVERSE, strict=True)):
        for cell in cells(full & ~mask):
            yield (*box[:axis], 1 << cell, *box[axis + 1 :])


ALL = points([UNIVERSE])


def is_disjoint(boxes: list[Box]) -> bool:
    return sum(map(volume, boxes)) == len(points(boxes))


@given(boxes_, boxes_)
def test_intersection_and_volume_are_those_of_the_points(a: Box, b: Box) -> None:
    both = intersect(a, b)
    assert points([] if both is None else [both]) == points([a]) & points([b])
    assert volume(a) == len(points([a]))


@given(boxes_, boxes_)
def test_what_is_left_of_a_box_is_disjoint(box: Box, hole: Box) -> None:
    pieces = subtract(box, hole)
    assert points(pieces) == points([box]) - points([hole])
    assert is_disjoint(pieces)
    assert all(all(piece) for piece in pieces)


@given(lists_, lists_)
def test_what_is_left_of_several_boxes_is_disjoint(
    boxes: list[Box], holes: list[Box]
) -> None:
    apart = separate(boxes)
    assert points(apart) == points(boxes)
    assert is_disjoint(apart)
    left = subtract_all(apart, holes)
    assert points(left) == points(boxes) - points(holes)
    assert is_disjoint(left)


@given(lists_.filter(bool))
def test_a_box_grows_inside_until_no_cell_can_be_added(boxes: list[Box]) -> None:
    region = separate(boxes)
    for box in region:
        grown = grow_inside(box, UNIVERSE, region)
        assert points([box]) <= points([grown]) <= points(region)
        assert not any(points([slab]) <= points(region) for slab in slabs(grown))


@given(lists_)
def test_a_cover_is_the_region_in_maximal_boxes(boxes: list[Box]) -> None:
    region = separate(boxes)
    covering = cover(region, UNIVERSE)
    assert points(covering) == points(region)
    assert len(covering) <= len(region)
    for i, box in enumerate(covering):
        assert not points([box]) <= points(covering[:i])
        assert not any(points([slab]) <= points(region) for slab in slabs(box))


def test_an_l_is_covered_by_two_boxes() -> None:
    row, column = (0b111, 0b001), (0b001, 0b111)
    assert sorted(cover(separate([row, column]), (0b111, 0b111))) == [column, row]


@given(st.integers(0, 2**12))
def test_runs_are_the_set_bits(mask: int) -> None:
    spans = list(runs(mask))
    assert [bit for start, stop in spans for bit in range(start, stop)] == cells(mask)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


@given(lists_, lists_, boxes_)
def test_an_index_knows_which_boxes_meet(
    first: list[Box], later: list[Box], box: Box
) -> None:
    index = BoxIndex(first, UNIVERSE)
    index.add(later)
    meeting = [b for b in first + later if points([b]) & points([box])]
    assert list(index.members(index.meeting(box))) == meeting
    assert list(index.members(index.all_boxes)) == first + later


@given(lists_, boxes_, st.booleans())
def test_a_gap_is_found_where_there_is_one(
    boxes: list[Box], region: Box, disjoint: bool
) -> None:
    boxes = separate(boxes) if disjoint else boxes
    index = BoxIndex(boxes, UNIVERSE)
    known = index.all_boxes if disjoint else 0
    gap = index.find_gap(region, index.all_boxes, Budget(10_000), known)
    uncovered = points([region]) - points(boxes)
    if gap is None:
        assert not uncovered
    else:
        assert points([gap])
        assert points([gap]) <= uncovered


@given(lists_, lists_)
def test_only_the_boxes_asked_for_can_cover(
    boxes: list[Box], others: list[Box]
) -> None:
    index = BoxIndex([*boxes, *others], UNIVERSE)
    among = (1 << len(boxes)) - 1
    gap = index.find_gap(UNIVERSE, among, Budget(10_000))
    assert (gap is None) == (points(boxes) == ALL)


@given(lists_)
def test_a_gap_grows_until_no_cell_can_be_added(boxes: list[Box]) -> None:
    index = BoxIndex(boxes, UNIVERSE)
    gap = index.find_gap(UNIVERSE, index.all_boxes, Budget(10_000))
    if gap is None:
        return
    grown = index.grow_outside(gap)
    assert points([gap]) <= points([grown]) <= ALL - points(boxes)
    assert all(points([slab]) & points(boxes) for slab in slabs(grown))


def test_a_universe_without_columns_holds_one_point() -> None:
    assert volume(()) == 1
    empty, full = BoxIndex([], ()), BoxIndex([()], ())
    assert empty.find_gap((), 0, Budget(9)) == ()
    assert full.find_gap((), full.all_boxes, Budget(9)) is None
    assert subtract((), ()) == []


def test_a_search_ends_when_its_budget_is_spent() -> None:
    index = BoxIndex([(0b0011, 0b01), (0b1100, 0b10)], (0b1111, 0b11))
    with pytest.raises(TooManyBoxesError, match="overlap in too many ways"):
        index.find_gap((0b1111, 0b11), index.all_boxes, Budget(1))
    with pytest.raises(TooManyBoxesError, match="overlap in too many ways"):
        subtract_all([(0b1111, 0b11)], index.boxes, Budget(1))
