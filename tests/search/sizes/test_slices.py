"""end_slices: rows at the ends of a column that fill up a segment."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skseg._search._bounds import size_bounds
from skseg._search.sizes._slices import end_slices
from skseg._search.sizes._split import Interval

FloatArray = npt.NDArray[np.float64]
NAN = float("nan")


def slices(
    values: Any, shortfall: float, low: float, high: float, sizes: Any = None
) -> dict[bool, tuple[float, list[int]]]:
    """Return the threshold and the rows of the slice below, and of that above."""
    values = np.array(values, dtype=float)
    sizes = np.ones(len(values)) if sizes is None else np.array(sizes, dtype=float)
    bounds = size_bounds(low, high, sizes)
    return {
        end_slice.is_below: (
            end_slice.threshold,
            np.flatnonzero(end_slice.rows).tolist(),
        )
        for end_slice in end_slices(values, sizes, shortfall, bounds)
    }


def test_a_slice_is_the_smallest_that_fills_up_the_segment() -> None:
    assert slices(range(1, 11), 2, 4, 6) == {True: (2, [0, 1]), False: (8, [8, 9])}


def test_equal_values_stay_together() -> None:
    assert slices([1, 1, 1, 2, 3, 4, 5, 5, 5, 5], 2, 4, 7)[True] == (1, [0, 1, 2])


def test_missing_values_are_above_the_largest() -> None:
    result = slices([1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN], 2, 4, 6)
    assert result[False] == (np.inf, [8, 9])


def test_the_remaining_rows_add_up() -> None:
    # The 9 rows beside a slice of 2 are two segments of 4 and 5, but not of 4 each.
    assert slices(range(11), 2, 4, 5)[True][1] == [0, 1]
    assert slices(range(11), 2, 4, 4) == {}


def test_a_slice_that_is_too_large_for_the_segment_is_none() -> None:
    assert slices([1] * 5 + [2] * 5, 2, 4, 6) == {}


def test_a_slice_grows_a_little_to_a_rounder_threshold() -> None:
    values = np.arange(1000) + 0.25
    assert slices(values, 295, 500, 900)[True] == (300.0, list(range(300)))
    assert slices(values, 295, 500, 900)[False][0] == 700.0


def test_sizes_are_weights() -> None:
    result = slices(range(6), 2, 4, 6, sizes=[0.5, 1.5, 4, 4, 1, 1])
    assert result == {True: (1, [0, 1]), False: (3, [4, 5])}


@st.composite
def columns(draw: Any) -> tuple[FloatArray, int, int, int]:
    values = draw(
        hnp.arrays(
            np.float64, st.integers(1, 14), elements=st.integers(0, 6).map(float)
        )
    )
    values = np.where(values == 6, np.nan, values)
    low = draw(st.integers(2, 5))
    return values, draw(st.integers(1, low - 1)), low, low + draw(st.integers(0, 4))


@given(columns())
def test_a_slice_is_legal_and_exists_where_any_is(instance: Any) -> None:
    values, shortfall, low, high = instance
    result = slices(values, shortfall, low, high)
    ranks = np.unique(values, return_inverse=True)[1]
    bounds = size_bounds(low, high, np.ones(1))

    def legal(rows: Any) -> bool:
        size, rest = rows.sum(), (~rows).sum()
        fits = low - shortfall + size <= high and size >= shortfall
        return bool(fits and rest > 0 and bounds.adds_up(float(rest)))

    for is_below in (True, False):
        cuts = [
            ranks < c if is_below else ranks >= c for c in range(1, ranks.max() + 1)
        ]
        sizes = [int(rows.sum()) for rows in cuts if legal(rows)]
        assert (is_below in result) == bool(sizes)
        if sizes:
            assert len(result[is_below][1]) == min(sizes)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Interval(), Interval(1, 2, False), Interval(1, 2, False)),
        (Interval(None, 5), Interval(3, None), Interval(3, 5)),
        (Interval(2, 9, False), Interval(3, 7), Interval(3, 7, False)),
        (Interval(), Interval(), Interval()),
    ],
    ids=str,
)
def test_intervals_have_an_intersection(
    first: Interval, second: Interval, both: Interval
) -> None:
    assert first & second == second & first == both
