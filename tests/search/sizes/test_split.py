"""split_to_sizes: rows cut into boxes of legal sizes."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skseg._search._bounds import size_bounds
from skseg._search.sizes._guillotine import GuillotineSearch, Leaf, Recursion, run
from skseg._search.sizes._intervals import fewest_intervals, round_cuts
from skseg._search.sizes._points import Node, distinct_points
from skseg._search.sizes._split import Interval, Split, split_to_sizes
from tests.search.sizes.oracles import fewest_runs, guillotine_feasible

FloatArray = npt.NDArray[np.float64]
NAN, INF = math.nan, math.inf
N_SEEDS = 5000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 120


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)[:, np.newaxis]


def upper_bounds(split: Split, i: int = 0) -> list[float | None]:
    return [box.intervals[i].high for box in split.boxes]


def assert_partition(split: Split, values: FloatArray, weight: FloatArray) -> None:
    """Every row lies in the box of its code alone, and the sizes are the boxes'."""
    inside = np.array(
        [
            np.all(
                [
                    interval.contains(values[:, i])
                    for i, interval in enumerate(box.intervals)
                ],
                axis=0,
            )
            for box in split.boxes
        ]
    )
    assert (inside.sum(axis=0) == 1).all()
    np.testing.assert_array_equal(inside.argmax(axis=0), split.codes)
    expected = np.bincount(split.codes, weight, minlength=len(split.boxes))
    np.testing.assert_allclose([box.size for box in split.boxes], expected)


# Small cases by hand


def test_rows_of_legal_size_stay_whole() -> None:
    split = split_to_sizes(column(3, 1, 2), 2, 3)
    assert split.status == "solved"
    assert [box.intervals for box in split.boxes] == [(Interval(),)]
    assert split.codes.tolist() == [0, 0, 0]


def test_one_column_is_cut_into_the_fewest_equal_intervals() -> None:
    split = split_to_sizes(column(*range(12)), 2, 4)
    assert [box.size for box in split.boxes] == [4, 4, 4]
    assert upper_bounds(split) == [3, 7, None]
    assert [box.intervals[0].low for box in split.boxes] == [None, 3, 7]


def test_equal_values_stay_together() -> None:
    split = split_to_sizes(column(1, 1, 1, 1, 2, 3), 2, 4)
    assert split.codes.tolist() == [0, 0, 0, 0, 1, 1]


def test_a_second_column_cuts_what_the_first_cannot() -> None:
    # Four rows share x0 = 0; x1 alone has three rows at 0 and at 1 each, too many too.
    values = np.array([[0, 0], [0, 0], [0, 1], [0, 1], [1, 0], [2, 1]], float)
    split = split_to_sizes(values, 2, 2)
    assert split.codes.tolist() == [0, 0, 1, 1, 2, 2]
    assert split.boxes[0].intervals == (
        Interval(None, 0, missing=False),
        Interval(None, 0, missing=False),
    )
    assert split.boxes[2].intervals == (Interval(0, None), Interval())


def test_columns_are_mixed_where_the_most_balanced_cut_is_a_dead_end() -> None:
    # The halves by x0 hold 4 rows each, equal in x1 by threes: 3 + 1 does not do for
    # bounds of 2. The cut at x1 <= 0 leaves 2 and 6 rows.
    values = np.array(
        [[0, 0], [0, 1], [0, 1], [0, 1], [1, 0], [1, 2], [1, 2], [1, 2]], float
    )
    split = split_to_sizes(values, 2, 3)
    assert sorted(box.size for box in split.boxes) == [2, 3, 3]
    assert_partition(split, values, np.ones(8))


def test_among_equally_good_columns_the_first_is_cut() -> None:
    values = np.column_stack([np.arange(6), np.arange(6)[::-1]]).astype(float)
    split = split_to_sizes(values, 3, 3)
    assert upper_bounds(split, 0) == [2, None]
    assert upper_bounds(split, 1) == [None, None]


def test_the_column_that_needs_fewer_intervals_is_cut() -> None:
    coarse = [0, 0, 1, 1, 2, 2]
    split = split_to_sizes(np.column_stack([coarse, np.arange(6.0)]), 2, 3)
    assert len(split.boxes) == 2
    assert upper_bounds(split, 1) == [2, None]


def test_missing_values_are_a_group_above_the_largest() -> None:
    split = split_to_sizes(column(NAN, 1, NAN, 2, NAN, 3), 3, 3)
    assert split.codes.tolist() == [1, 0, 1, 0, 1, 0]
    present, absent = (box.intervals[0] for box in split.boxes)
    assert present == Interval(None, INF, missing=False)
    assert absent == Interval(INF, None)


def test_missing_values_stay_with_large_ones_where_sizes_ask_for_it() -> None:
    split = split_to_sizes(column(1, 2, 3, NAN), 2, 2)
    assert split.codes.tolist() == [0, 0, 1, 1]
    assert [box.intervals[0].missing for box in split.boxes] == [False, True]


def test_missing_is_separated_from_present_where_that_is_nearly_balanced() -> None:
    split = split_to_sizes(column(*range(510), *[NAN] * 490), 100, 600)
    assert [box.size for box in split.boxes] == [510, 490]
    assert upper_bounds(split) == [INF, None]


def test_infinities_are_values_like_any_other() -> None:
    values = column(-INF, -INF, 0, 1, INF, INF)
    split = split_to_sizes(values, 2, 2)
    assert split.codes.tolist() == [0, 0, 1, 1, 2, 2]
    assert_partition(split, values, np.ones(6))


def test_cuts_move_to_rounder_thresholds_within_a_twentieth_of_a_segment() -> None:
    values = column(*np.arange(1000) / 7)
    split = split_to_sizes(values, 100, 900)
    assert upper_bounds(split) == [70, None]
    assert [box.size for box in split.boxes] == [491, 509]


def test_thresholds_do_not_move_out_of_the_bounds() -> None:
    split = split_to_sizes(column(*np.arange(1000) / 7), 500, 500)
    assert [box.size for box in split.boxes] == [500, 500]
    assert upper_bounds(split) == [71.4, None]


@pytest.mark.parametrize("offset", [1.5, -1.5])
def test_a_rounder_threshold_never_costs_a_segment_its_least_size(
    offset: float,
) -> None:
    # 50 is the roundest threshold within reach, but leaves 485 rows on one side.
    split = split_to_sizes(column(*np.arange(1000) / 10 + offset), 490, 900)
    assert all(box.size >= 490 for box in split.boxes)
    assert len(split.boxes) == 2


def test_a_cut_never_moves_so_far_that_nothing_is_below_it() -> None:
    bounds = size_bounds(0, 10, np.array([0.1]))
    values, up_to = np.array([0.0, 1.0]), np.array([0, 0.1, 20])
    assert round_cuts(values, up_to, [1], [1, 2], bounds) == ([1], (0.0,))


def test_sizes_are_sums_of_weights() -> None:
    weight = np.array([5.0, 1, 1, 1, 2])
    split = split_to_sizes(column(*range(5)), 5, 5, sample_weight=weight)
    assert split.codes.tolist() == [0, 1, 1, 1, 1]
    assert [box.size for box in split.boxes] == [5, 5]


def test_rows_without_weight_are_placed_but_do_not_count() -> None:
    values = column(1, 2, 3, 4, 99, NAN)
    weight = np.array([1.0, 1, 1, 1, 0, 0])
    split = split_to_sizes(values, 2, 2, sample_weight=weight)
    assert split.codes.tolist() == [0, 0, 1, 1, 1, 1]
    assert [box.size for box in split.boxes] == [2, 2]


def test_fractional_weights_meet_bounds_that_they_add_up_to() -> None:
    weight = np.full(20, 0.1)
    split = split_to_sizes(column(*range(20)), 1, 1, sample_weight=weight)
    assert np.bincount(split.codes).tolist() == [10, 10]


# Explanations


TOO_FEW = "3 rows are fewer than min_size=4."
DO_NOT_ADD_UP = (
    "25 rows cannot be divided into segments of 10 to 12 rows: 2 segments have at most "
    "24 rows, 3 segments have at least 30. The nearest bounds that add up: max_size=13 "
    "or min_size=8."
)
EQUAL_IN_ONE_COLUMN = (
    "5 rows have aov = 7.5, more than max_size=4: no cut by 'aov' can part them. Split "
    "on a further column that tells them apart."
)
EQUAL_IN_ALL_COLUMNS = (
    "3 rows have aov missing, visits = 1, more than max_size=2: no cut by 'aov' and "
    "'visits' can part them. Split on a further column that tells them apart."
)
NO_CUTS = (
    "No sequence of cuts by 'aov' gives segments of 2 to 3 rows: every one leaves some "
    "group of equal values in a segment that is too small or too large. Widen the "
    "bounds, or split on a further column with finer values."
)


@pytest.mark.parametrize(
    ("values", "bounds", "text"),
    [
        (column(1, 2, 3), (4, 9), TOO_FEW),
        (column(*range(25)), (10, 12), DO_NOT_ADD_UP),
        (column(*[7.5] * 5, *range(5)), (2, 4), EQUAL_IN_ONE_COLUMN),
        (column(1, 2, 2, 2, 3), (2, 3), NO_CUTS),
        (
            np.array([[NAN, 1]] * 3 + [[0, 2]] * 2, float),
            (1, 2),
            EQUAL_IN_ALL_COLUMNS,
        ),
    ],
)
def test_infeasible_splits_say_why(
    values: FloatArray, bounds: tuple[int, int], text: str
) -> None:
    names = ["aov", "visits"][: values.shape[1]]
    split = split_to_sizes(values, *bounds, names=names)
    assert (split.status, split.boxes, split.infeasibility) == ("infeasible", (), text)
    assert set(split.codes) == {-1}


@pytest.mark.parametrize("n", range(10, 40))
def test_the_nearest_bounds_of_a_message_do_add_up(n: int) -> None:
    values = column(*range(n))
    text = split_to_sizes(values, 10, 12).infeasibility
    if not text:
        return
    advice = text.rpartition("add up: ")[2].rstrip(".").split(" or ")
    for assignment in advice:
        name, _, number = assignment.partition("=")
        bounds = {"min_size": 10.0, "max_size": 12.0, name: float(number)}
        assert split_to_sizes(values, **bounds).status == "solved"
        narrower = -1 if name == "max_size" else 1
        bounds[name] += narrower
        assert split_to_sizes(values, **bounds).status == "infeasible"


def test_running_out_of_steps_is_not_called_infeasible() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 8, (240, 3)).astype(float)
    split = split_to_sizes(values, 4, 5, max_steps=20)
    assert split.status == "undecided"
    assert split.infeasibility.startswith(
        "Undecided: 20 steps of search found no way to cut by"
    )


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0 <= min_size <= max_size.*Got min_size=3"):
        split_to_sizes(column(1, 2), 3, 2)


# Oversize


def test_a_group_that_is_too_large_stays_whole_and_the_rest_is_divided() -> None:
    values = column(*[0] * 30, *range(1, 25))
    split = split_to_sizes(values, 10, 12, allow_oversize=True)
    assert split.status == "oversize"
    assert [box.size for box in split.boxes] == [30, 12, 12]
    assert split.infeasibility.startswith("30 rows have x0 = 0, more than max_size=12")


def test_sizes_that_do_not_add_up_leave_the_fewest_excess_rows() -> None:
    split = split_to_sizes(column(*range(25)), 10, 12, allow_oversize=True)
    assert split.status == "oversize"
    assert sorted(box.size for box in split.boxes) == [12, 13]


def test_too_few_rows_stay_infeasible_where_oversize_is_allowed() -> None:
    split = split_to_sizes(column(1, 2), 3, 4, allow_oversize=True)
    assert (split.status, split.boxes) == ("infeasible", ())


def test_without_steps_oversize_boxes_are_still_divided_as_the_numbers_suggest() -> (
    None
):
    values = column(*range(16))
    split = split_to_sizes(values, 0, 4, max_steps=0, allow_oversize=True)
    assert [box.size for box in split.boxes] == [4, 4, 4, 4]
    assert (split.status, split.infeasibility) == ("solved", "")


# Properties

numbers = st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 1.0, 5e-324, -2.5, 1e300]) | (
    st.integers(0, 6).map(float) | st.floats(allow_nan=True)
)


@st.composite
def instances(draw: Any, weighted: bool = False) -> tuple[FloatArray, FloatArray, Any]:
    n, d = draw(st.integers(1, 22)), draw(st.integers(1, 3))
    columns = [
        draw(
            st.lists(
                draw(st.sampled_from([st.integers(0, 3).map(float), numbers])),
                min_size=n,
                max_size=n,
            )
        )
        for _ in range(d)
    ]
    weight = np.ones(n)
    if weighted:
        weights = st.lists(st.integers(0, 4), min_size=n, max_size=n)
        weight = np.array(draw(weights), float)
    low = draw(st.integers(1, 6))
    high = low + draw(st.integers(0, low + 2))
    return np.array(columns).T, weight, (low, high)


@given(instances(weighted=True))
def test_solves_what_exhaustive_search_solves_and_nothing_else(instance: Any) -> None:
    values, weight, bounds = instance
    split = split_to_sizes(values, *bounds, sample_weight=weight)
    counted = weight > 0
    feasible = guillotine_feasible(values[counted], weight[counted], *bounds)
    assert split.status == ("solved" if feasible else "infeasible")
    assert all(bounds[0] <= box.size <= bounds[1] for box in split.boxes)
    assert bool(split.infeasibility) == (not feasible)


def random_instance(seed: int) -> tuple[FloatArray, int, int]:
    """Return rows with ties and skew, in tight bounds."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 40)), int(rng.integers(1, 4))
    values = np.empty((n, d))
    for i in range(d):
        m = int(rng.integers(2, 12))
        values[:, i] = [
            rng.integers(0, m, n),
            np.floor(rng.exponential(m / 4, n)),
            np.where(rng.random(n) < 0.5, 0, rng.integers(0, 30, n)),
            np.where(rng.random(n) < 0.2, NAN, rng.normal(size=n).round(1)),
        ][rng.integers(4)]
    low = int(rng.integers(2, max(3, n // 3)))
    return values, low, int(low * rng.uniform(1, 2))


def test_solves_the_tight_instances_that_exhaustive_search_solves() -> None:
    verdicts = []
    for seed in range(N_SEEDS):
        values, low, high = random_instance(seed)
        ones = np.ones(len(values))
        split = split_to_sizes(values, low, high)
        feasible = guillotine_feasible(values, ones, low, high)
        assert split.status == ("solved" if feasible else "infeasible"), seed
        if feasible:
            assert_partition(split, values, ones)
            assert all(low <= box.size <= high for box in split.boxes), seed
        verdicts.append(feasible)
    assert 0.2 < np.mean(verdicts) < 0.8


@given(instances(weighted=True))
def test_the_boxes_reproduce_the_codes_and_sizes(instance: Any) -> None:
    values, weight, bounds = instance
    split = split_to_sizes(values, *bounds, sample_weight=weight)
    if split.boxes:
        assert_partition(split, values, weight)


@given(instances(), st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1))
def test_the_boxes_are_a_partition_of_new_rows(instance: Any, new: Any) -> None:
    values, _, bounds = instance
    split = split_to_sizes(values, *bounds, allow_oversize=True)
    assume(split.boxes)
    inside = [
        [
            all(
                interval.contains(np.array([row[i]]))[0]
                for i, interval in enumerate(box.intervals)
            )
            for box in split.boxes
        ]
        for row in new
    ]
    assert (np.sum(inside, axis=1) == 1).all()


@given(instances(weighted=True), st.booleans())
def test_a_weight_is_a_repetition(instance: Any, allow: bool) -> None:
    values, weight, bounds = instance
    repeated = np.repeat(values, weight.astype(int), axis=0)
    split = split_to_sizes(values, *bounds, sample_weight=weight, allow_oversize=allow)
    expected = split_to_sizes(repeated, *bounds, allow_oversize=allow)
    assert split.boxes == expected.boxes
    assert (split.status, split.infeasibility) == (
        expected.status,
        expected.infeasibility,
    )
    codes = np.repeat(split.codes, weight.astype(int))
    np.testing.assert_array_equal(codes, expected.codes)


@given(instances(weighted=True), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_rows_does_not_matter(
    instance: Any, random: Any, fractional: bool
) -> None:
    values, weight, bounds = instance
    if fractional:
        weight = weight / 7
        bounds = tuple(bound / 7 for bound in bounds)
    order = list(range(len(values)))
    random.shuffle(order)
    split = split_to_sizes(values, *bounds, sample_weight=weight, allow_oversize=True)
    shuffled = split_to_sizes(
        values[order], *bounds, sample_weight=weight[order], allow_oversize=True
    )
    assert shuffled.boxes == split.boxes
    assert (shuffled.status, shuffled.infeasibility) == (
        split.status,
        split.infeasibility,
    )
    np.testing.assert_array_equal(shuffled.codes, split.codes[order])


@given(instances(weighted=True))
def test_allowed_oversize_loses_no_row_and_leaves_nothing_too_small(
    instance: Any,
) -> None:
    values, weight, (low, high) = instance
    split = split_to_sizes(values, low, high, sample_weight=weight, allow_oversize=True)
    assert bool(split.boxes) == (weight.sum() >= low)
    assume(split.boxes)
    assert_partition(split, values, weight)
    assert all(box.size >= low for box in split.boxes)
    has_oversize = any(box.size > high for box in split.boxes)
    assert split.status == ("oversize" if has_oversize else "solved")
    strict = split_to_sizes(values, low, high, sample_weight=weight)
    assert (split.status == "solved") == (strict.status == "solved")


@given(instances(), st.integers(0, 3))
def test_few_steps_give_the_same_answer_or_none(instance: Any, steps: int) -> None:
    values, _, bounds = instance
    split = split_to_sizes(values, *bounds, max_steps=steps)
    patient = split_to_sizes(values, *bounds)
    assert split.status in {patient.status, "undecided"}
    oversize = split_to_sizes(values, *bounds, max_steps=steps, allow_oversize=True)
    if oversize.boxes:
        assert_partition(oversize, values, np.ones(len(values)))


@given(st.lists(st.integers(1, 9), min_size=2, max_size=30), st.data())
def test_intervals_are_the_fewest_possible(sizes: list[int], data: Any) -> None:
    low = data.draw(st.integers(1, 12))
    high = low + data.draw(st.integers(0, 12))
    counts = np.array(sizes, float)
    assume(counts.sum() > high)
    up_to = np.concatenate([[0], np.cumsum(counts)])
    cuts = fewest_intervals(up_to, size_bounds(low, high, counts))
    fewest = fewest_runs(counts, low, high)
    if cuts is None:
        assert fewest == INF
    else:
        assert len(cuts) + 1 == fewest
        interval_sizes = np.diff(up_to[[0, *cuts, len(sizes)]])
        assert low <= interval_sizes.min() <= interval_sizes.max() <= high


def test_intervals_of_very_many_values_make_room_for_a_large_group_of_equal_ones() -> (
    None
):
    sizes = np.ones(70_000)
    sizes[34_000] = 9000
    up_to = np.concatenate([[0], np.cumsum(sizes)])
    # Of eight equal intervals, one would join the group to too many other rows.
    cuts = fewest_intervals(up_to, size_bounds(500, 10_000, sizes))
    assert cuts is not None
    interval_sizes = np.diff(up_to[[0, *cuts, len(sizes)]])
    assert interval_sizes.min() >= 500
    assert interval_sizes.max() <= 10_000


def test_distinct_values_of_few_points_far_apart() -> None:
    points = distinct_points(column(*range(100)), np.full(100, 2.0))
    profile = points.distinct(Node(np.array([90, 3, 41]), 6.0), 0)
    assert profile.ranks.tolist() == [3, 41, 90]
    assert profile.up_to.tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize(("n_columns", "n_values"), [(2, 5), (3, 60), (7, 1500)])
def test_distinct_points_are_the_distinct_rows(n_columns: int, n_values: int) -> None:
    rng = np.random.default_rng(0)
    pool = rng.integers(0, n_values, (1500, n_columns)).astype(float)
    pool[::7, 0] = NAN
    rows = pool[rng.integers(0, len(pool), 3000)]
    weight = rng.integers(1, 5, len(rows)).astype(float)
    points = distinct_points(rows, weight)
    point_rows = np.column_stack(
        [
            values[ranks]
            for values, ranks in zip(points.values, points.ranks, strict=True)
        ]
    )
    expected, inverse = np.unique(
        np.nan_to_num(rows, nan=1e9), axis=0, return_inverse=True
    )
    np.testing.assert_array_equal(np.nan_to_num(point_rows, nan=1e9), expected)
    np.testing.assert_array_equal(points.sizes, np.bincount(inverse.ravel(), weight))


# Scale


def test_a_hundred_thousand_rows_with_ties_keep_their_bounds() -> None:
    rng = np.random.default_rng(0)
    values = np.where(
        rng.random((100_000, 3)) < 0.3, NAN, rng.lognormal(size=(100_000, 3))
    )
    values[:, 0] = rng.poisson(2, 100_000)
    split = split_to_sizes(values, 500, 4000)
    assert split.status == "solved"
    assert_partition(split, values, np.ones(len(values)))
    assert all(500 <= box.size <= 4000 for box in split.boxes)


def test_searches_go_deeper_than_the_stack_of_python() -> None:
    def peel(node: Node) -> Recursion:
        if node.size == 0:
            return Leaf(0)
        return (yield Node(node.points, node.size - 1))

    assert run(peel, Node(np.arange(1), 3000)) == Leaf(0)


@pytest.mark.parametrize("seed", range(20))
def test_after_the_best_cuts_come_all_cuts_as_they_are(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 40, (30, 2)) / 4
    points = distinct_points(values, np.ones(30))
    bounds = size_bounds(3, 11, np.ones(30))
    root = points.node()
    cuts = [cut[:2] for cut in GuillotineSearch(points, bounds)._cuts(root)]
    legal = [
        (column, cut)
        for column in range(2)
        for cut, size in enumerate(points.distinct(root, column).up_to[:-1])
        if cut and bounds.adds_up(size) and bounds.adds_up(30 - size)
    ]
    n_best = len({column for column, _ in legal})
    assert sorted(cuts[n_best:]) == legal
