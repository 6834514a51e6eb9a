"""merge_grid and merge_segments: segments merged to legal sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skseg._search._bounds import size_bounds
from skseg._search.sizes._grouping import (
    MAX_EXHAUSTIVE,
    SegmentMoments,
    best_grouping,
)
from skseg._search.sizes._grouping_search import GroupingSearch, improved_grouping
from skseg._search.sizes._merge import Merge, merge_segments
from skseg._search.sizes._merge_grid import merge_grid
from tests.search.sizes.oracles import grid_divisions, set_partitions, squared_error

FloatArray = npt.NDArray[np.float64]

# Grids


def test_a_grid_of_legal_cells_stays_as_it_is() -> None:
    merge = merge_grid([[5, 6], [7, 8]], 5, 8)
    assert merge.status == "solved"
    assert merge.labels.tolist() == [[0, 1], [2, 3]]
    assert merge.boxes[1] == ((0, 1), (1, 2))
    assert merge.sizes.tolist() == [5, 6, 7, 8]


def test_cells_with_like_outcomes_are_merged() -> None:
    sizes = np.array([[4, 4], [4, 4]])
    by_rows = merge_grid(sizes, 8, 8, sums=[[4, 4], [0, 0]])
    by_columns = merge_grid(sizes, 8, 8, sums=[[4, 0], [4, 0]])
    assert by_rows.labels.tolist() == [[0, 0], [1, 1]]
    assert by_columns.labels.tolist() == [[0, 1], [0, 1]]
    assert by_rows.loss == by_columns.loss == 0


def test_the_loss_is_the_squared_error_that_merging_adds() -> None:
    # Means 1 and 4 become 2: 4 rows move by 1, 2 rows by 2.
    merge = merge_grid([4, 2], 6, 6, sums=[4, 8])
    assert merge.loss == pytest.approx(4 * 1 + 2 * 4)


def test_without_an_outcome_there_are_as_many_boxes_as_possible_evenly() -> None:
    merge = merge_grid([2, 2, 2, 2, 2, 2, 2], 4, 8)
    assert merge.sizes.tolist() == [4, 4, 6]


def test_an_empty_cell_belongs_to_a_box_with_rows() -> None:
    merge = merge_grid([[0, 0, 5], [5, 0, 0]], 5, 5)
    assert merge.status == "solved"
    assert merge.sizes.tolist() == [5, 5]
    assert set(merge.labels.ravel()) == {0, 1}


def test_a_lower_bound_of_zero_makes_no_box_without_rows() -> None:
    assert merge_grid([0, 5, 0, 5], 0, 9).sizes.tolist() == [5, 5]


def test_a_pinwheel_is_not_a_sequence_of_cuts() -> None:
    sizes = [[3, 7, 6], [8, 10, 4], [2, 1, 9]]
    pinwheel = [[0, 0, 1], [2, 3, 1], [2, 4, 4]]
    assert np.bincount(np.ravel(pinwheel), np.ravel(sizes)).tolist() == [10] * 5
    merge = merge_grid(sizes, 10, 10)
    assert merge.status == "infeasible"
    assert merge.infeasibility == (
        "No division of the grid into boxes by cuts from edge to edge gives segments "
        "of 10 rows. Widen the bounds, or use a finer grid."
    )
    assert (merge.labels == -1).all()


def test_a_grid_says_why_sizes_are_infeasible() -> None:
    assert merge_grid([1, 2], 4, 9).infeasibility == "3 rows are fewer than min_size=4."
    assert (
        "2 segments have at most 24 rows" in merge_grid([5] * 5, 10, 12).infeasibility
    )
    assert merge_grid([[9, 3], [3, 3]], 3, 6).infeasibility == (
        "Cell (0, 0) alone has 9 rows, more than max_size=6. Split it first."
    )


def test_an_outcome_far_from_zero_merges_like_one_around_it() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, (4, 4))
    sums = rng.normal(size=(4, 4))
    near = merge_grid(sizes, 8, 30, sums=sums)
    far = merge_grid(sizes, 8, 30, sums=sums + 1e7 * sizes)
    assert far.boxes == near.boxes
    assert far.loss == pytest.approx(near.loss, rel=1e-6)


def test_several_outcomes_add_up() -> None:
    sizes = [[2, 2], [2, 2]]
    first, second = np.array([[2, 0], [2, 0]]), np.array([[9, 9], [0, 0]])
    merged = merge_grid(sizes, 4, 4, sums=np.stack([first, second], axis=-1))
    assert merged.labels.tolist() == [[0, 0], [1, 1]]
    alone = merge_grid(sizes, 4, 4, sums=second)
    assert merged.loss == pytest.approx(alone.loss + 2 * (4 * 0.25))


shapes = st.sampled_from([(4,), (6,), (2, 3), (3, 3), (2, 4), (2, 2, 2), (1, 3, 2)])


@st.composite
def grids(draw: Any) -> tuple[FloatArray, FloatArray, tuple[int, int]]:
    shape = draw(shapes)
    sizes = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 6)))
    means = draw(hnp.arrays(np.int64, shape, elements=st.integers(-2, 2)))
    low = draw(st.integers(1, 12))
    return (
        sizes.astype(float),
        means.astype(float),
        (low, low + draw(st.integers(0, 12))),
    )


def grid_costs(
    sizes: FloatArray, means: FloatArray, division: Any
) -> tuple[float, int, float]:
    cells = [tuple(slice(*limits) for limits in box) for box in division]
    loss = sum(
        squared_error(sizes[box].ravel(), means[box].reshape(-1, 1)) for box in cells
    )
    return round(loss, 6), -len(cells), sum(sizes[box].sum() ** 2 for box in cells)


# Losses of one box and of two boxes that are equal, but not as sums of rounded numbers.
TIED_GRID = (
    np.array([[3.0, 1, 3, 3], [3, 3, 1, 3]]),
    np.array([[0.0, 1, 0, 0], [0, 0, 1, 0]]),
    (2, 8),
)


# Ties of feasible boxes beside boxes that have no legal division.
TIES_BESIDE_NONE = (
    np.array([[2.0, 2, 1, 1], [2, 0, 0, 0]]),
    np.zeros((2, 4)),
    (2, 4),
)


@given(grids())
@example(TIED_GRID)
@example(TIES_BESIDE_NONE)
def test_no_division_of_a_grid_is_better(instance: Any) -> None:
    sizes, means, (low, high) = instance
    merge = merge_grid(sizes, low, high, sums=sizes * means)
    legal = [
        grid_costs(sizes, means, division)
        for division in grid_divisions(sizes.shape)
        if all(
            low <= sizes[tuple(slice(*limits) for limits in box)].sum() <= high
            for box in division
        )
    ]
    assert bool(merge.boxes) == bool(legal)
    if legal:
        costs = grid_costs(sizes, means, merge.boxes)
        assert costs == min(legal)
        assert merge.loss == pytest.approx(costs[0], abs=1e-5)
    else:
        assert merge.status == "infeasible"


@given(grids())
def test_a_merged_grid_loses_no_cell(instance: Any) -> None:
    sizes, _, (low, high) = instance
    merge = merge_grid(sizes, low, high)
    assume(merge.boxes)
    covered = np.zeros(sizes.shape, dtype=int)
    for i, box in enumerate(merge.boxes):
        inside = tuple(slice(*limits) for limits in box)
        covered[inside] += 1
        assert (merge.labels[inside] == i).all()
        assert merge.sizes[i] == sizes[inside].sum()
    assert (covered == 1).all()
    assert low <= merge.sizes.min() <= merge.sizes.max() <= high


# Beyond grids


def test_a_small_segment_joins_the_nearest() -> None:
    merge = merge_segments([600, 100, 700], 500, 1000, profiles=[[0.0], [2.0], [3.0]])
    assert merge == Merge("solved", ((0,), (1, 2)), (600.0, 800.0))


def test_a_nearer_segment_comes_before_a_sibling() -> None:
    parents = np.array([0, 0, 1])
    merge = merge_segments(
        [600, 100, 700],
        500,
        1000,
        profiles=[[0.0], [2.0], [3.0]],
        siblings=parents[:, np.newaxis] == parents,
    )
    assert merge.groups == ((0,), (1, 2))


@pytest.mark.parametrize(("mean", "partner"), [(0.0, 1), (-0.02, 1), (-0.5, 2)])
def test_a_sibling_is_preferred_where_it_costs_next_to_nothing(
    mean: float, partner: int
) -> None:
    # The loss with the sibling is larger by a share of 0, 0.0001 or 0.003.
    merge = merge_segments(
        [100, 700, 700, 700],
        500,
        1000,
        profiles=[[mean], [1.0], [-1.0], [30.0]],
        siblings=np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    )
    assert merge.groups[0] == (0, partner)


def test_another_segment_is_taken_where_the_sibling_has_no_room() -> None:
    siblings = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], bool)
    merge = merge_segments([950, 100, 700], 500, 1000, siblings=siblings)
    assert merge.groups == ((0,), (1, 2))


@pytest.mark.parametrize("n_others", [0, MAX_EXHAUSTIVE])
def test_siblings_may_be_given_by_a_callable_of_their_union(n_others: int) -> None:
    # Cells of a 2 x 2 grid: a union is one box unless it is an L or a diagonal.
    boxes = {(0, 1), (2, 3), (0, 2), (1, 3), (0, 1, 2, 3)}
    merge = merge_segments(
        [3, 9, 9, 9] + [9] * n_others,
        5,
        12,
        profiles=[[0.0], [5.0], [0.0], [0.0]] + [[9.0]] * n_others,
        siblings=lambda group: group in boxes,
    )
    assert merge.groups[:3] == ((0, 2), (1,), (3,))


def test_siblings_are_linked_by_other_siblings() -> None:
    links = np.zeros((6, 6), bool)
    for first, second in [(0, 1), (0, 2), (1, 3), (2, 4)]:
        links[first, second] = links[second, first] = True
    are_siblings = SegmentMoments.of(np.ones(6), None, links).are_siblings
    assert are_siblings((0, 1, 2, 3, 4))
    assert not are_siblings((0, 3))
    assert not are_siblings((0, 1, 5))


def test_nearness_is_the_squared_error_that_a_merge_adds() -> None:
    # 100 rows at 0 may join 100 rows at 1.2 or 700 rows at -1: 86.4 against 87.5.
    sizes = [100, 150, 700] + [700] * MAX_EXHAUSTIVE
    profiles = [[0.0], [1.2], [-1.0]] + [[50.0]] * MAX_EXHAUSTIVE
    merge = merge_segments(sizes, 200, 1000, profiles=profiles)
    assert merge.groups[0] == (0, 1)


def test_profiles_in_another_unit_give_the_same_groups() -> None:
    rng = np.random.default_rng(0)
    sizes, profiles = rng.integers(1, 9, 10), rng.normal(size=(10, 3))
    merge = merge_segments(sizes, 8, 30, profiles=profiles)
    scaled = merge_segments(sizes, 8, 30, profiles=profiles * 1e6 + [7, -9, 1e9])
    assert merge.groups == scaled.groups


def test_a_segment_without_rows_needs_no_profile() -> None:
    merge = merge_segments([0, 5, 5], 5, 9, profiles=[[np.nan], [0.0], [1.0]])
    assert merge.status == "solved"
    assert sorted(sum(merge.groups, ())) == [0, 1, 2]


def test_no_segments_are_no_groups() -> None:
    assert merge_segments([], 0, 1) == Merge("solved", (), ())


TOO_FEW = "3 rows are fewer than min_size=4."
TOO_LARGE = "Segment 'd' alone has 25 rows, more than max_size=10. Split it first."
NO_ROOM = (
    "Segment 'a' has 3 rows, fewer than min_size=4, and together with any other more "
    "than max_size=10."
)
NO_WAY = (
    "No way of merging the segments gives sizes of 4 to 10 rows. Widen the bounds, or "
    "split large segments first."
)


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ([1, 2], TOO_FEW),
        ([5, 6, 4, 25], TOO_LARGE),
        ([3, 9, 9], NO_ROOM),
        ([1, 2, 9, 9], NO_WAY),
        ([1, 2] + [9] * MAX_EXHAUSTIVE, NO_WAY),
    ],
)
def test_merges_say_why_sizes_are_infeasible(sizes: list[int], text: str) -> None:
    merge = merge_segments(sizes, 4, 10, names=list("abcdefghijklmn"[: len(sizes)]))
    assert (merge.status, merge.groups, merge.infeasibility) == ("infeasible", (), text)


def test_a_segment_that_is_too_large_stays_alone_where_that_is_allowed() -> None:
    merge = merge_segments([5, 5, 30, 2], 4, 10, allow_oversize=True)
    assert merge.status == "oversize"
    assert (2,) in merge.groups
    assert merge.infeasibility.startswith("Segment '2' alone has 30 rows")


def test_many_segments_around_one_that_is_too_large_are_merged_among_themselves() -> (
    None
):
    merge = merge_segments([3] * 14 + [99], 6, 6, allow_oversize=True)
    assert merge.status == "oversize"
    assert sorted(merge.sizes) == [6] * 7 + [99]


def test_a_small_segment_is_added_to_a_full_one_if_there_is_no_other() -> None:
    merge = merge_segments([1, 10, 10], 4, 10, allow_oversize=True)
    assert sorted(merge.sizes) == [10, 11]


def test_a_small_segment_among_many_full_ones_is_added_to_the_nearest() -> None:
    sizes = [1] + [10] * MAX_EXHAUSTIVE
    profiles = np.array([[5.2], *[[i] for i in range(MAX_EXHAUSTIVE)]])
    merge = merge_segments(sizes, 4, 10, profiles=profiles, allow_oversize=True)
    assert merge.status == "oversize"
    assert merge.groups[0] == (0, 6)
    assert sorted(merge.sizes) == [10] * (MAX_EXHAUSTIVE - 1) + [11]
    assert merge.infeasibility.startswith(
        "Segment '0' has 1 row, fewer than min_size=4"
    )


def test_rows_added_to_an_oversize_segment_count_like_any_other_excess() -> None:
    sizes = [1] + [10] * MAX_EXHAUSTIVE + [99]
    profiles = np.array([[5.2], *[[i] for i in range(MAX_EXHAUSTIVE)], [5.2]])
    merge = merge_segments(sizes, 4, 10, profiles=profiles, allow_oversize=True)
    assert merge.groups[0] == (0, MAX_EXHAUSTIVE + 1)


def test_giving_up_is_not_called_infeasible() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(30, 60, 40)
    merge = merge_segments(sizes, 100, 110, max_steps=10)
    assert merge.status == "undecided"
    assert merge.infeasibility == (
        "Undecided: 10 merges tried gave no segments of 100 to 110 rows, nor a proof "
        "that none do. Wider bounds make it easier."
    )


@st.composite
def segment_sets(draw: Any) -> tuple[FloatArray, FloatArray, Any, tuple[int, int]]:
    n = draw(st.integers(1, 7))
    sizes = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 9)))
    profiles = draw(hnp.arrays(np.int64, (n, 2), elements=st.integers(-2, 2)))
    links = draw(hnp.arrays(np.bool_, (n, n)))
    low = draw(st.integers(1, 12))
    bounds = low, low + draw(st.integers(0, 10))
    return sizes.astype(float), profiles.astype(float), links | links.T, bounds


def connected(group: list[int], links: Any) -> bool:
    within = links[np.ix_(group, group)] | np.eye(len(group), dtype=bool)
    return bool((np.linalg.matrix_power(within.astype(int), len(group)) > 0).all())


@given(segment_sets(), st.booleans())
def test_no_grouping_of_few_segments_is_better(instance: Any, allow: bool) -> None:
    sizes, profiles, links, (low, high) = instance
    merge = merge_segments(
        sizes, low, high, profiles=profiles, siblings=links, allow_oversize=allow
    )

    def loss(groups: Any) -> tuple[float, float]:
        excess = sum(max(sizes[list(group)].sum() - high, 0) for group in groups)
        losses = [squared_error(sizes[list(g)], profiles[list(g)]) for g in groups]
        return excess, round(sum(losses), 6) + 0.0

    def ties(groups: Any) -> tuple[float, ...]:
        unrelated = sum(not connected(list(group), links) for group in groups)
        squares = sum(sizes[list(group)].sum() ** 2 for group in groups)
        return unrelated, -len(groups), squares

    legal = [
        groups
        for groups in set_partitions(len(sizes))
        if all(
            low <= sizes[group].sum() and (allow or sizes[group].sum() <= high)
            for group in groups
        )
    ]
    assert bool(merge.groups) == bool(legal)
    if not legal:
        return
    assert sorted(sum(merge.groups, ())) == list(range(len(sizes)))
    best = min(map(loss, legal))
    least_ties = min(ties(groups) for groups in legal if loss(groups) == best)
    excess, least = loss(merge.groups)
    assert excess == best[0]
    explained = squared_error(sizes, profiles) - best[1]
    assert least - best[1] <= 0.0005 * explained + 1e-6
    if least == best[1]:
        assert ties(merge.groups) == least_ties
    else:
        assert ties(merge.groups)[0] < least_ties[0]


def random_merge(seed: int) -> tuple[FloatArray, FloatArray, tuple[float, float]]:
    """Return weights, mean outcomes and bounds of 2 to 8 segments."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    sizes = rng.lognormal(5, rng.uniform(0.1, 1.5), n)
    if rng.random() < 0.5:
        sizes = np.round(sizes)
    means = rng.choice(
        [rng.beta(1, 9, n), rng.normal(100, 50, n), rng.integers(0, 3, n)]
    )
    low = rng.uniform(0.3, 2.5) * sizes.mean()
    high = low * rng.uniform(1.2, 4) if rng.random() < 0.6 else np.inf
    return sizes, means, (low, high)


@pytest.mark.parametrize("seed", range(200))
def test_merging_explains_what_the_best_of_all_set_partitions_explains(
    seed: int,
) -> None:
    sizes, means, (low, high) = random_merge(seed)
    siblings = np.random.default_rng(seed).random((len(sizes), len(sizes))) < 0.3
    merge = merge_segments(
        sizes, low, high, profiles=means[:, np.newaxis], siblings=siblings
    )

    def explained(groups: Any) -> float:
        overall = np.average(means, weights=sizes)
        totals = [sizes[list(group)].sum() for group in groups]
        sums = [sizes[list(g)] @ (means[list(g)] - overall) for g in groups]
        return float(np.sum(np.square(sums) / totals))

    legal = [
        groups
        for groups in set_partitions(len(sizes))
        if all(low <= sizes[group].sum() <= high for group in groups)
    ]
    assert (merge.status == "solved") == bool(legal)
    if legal:
        assert all(low <= sizes[list(group)].sum() <= high for group in merge.groups)
        assert explained(merge.groups) >= 0.999 * max(map(explained, legal)) - 1e-9


@given(segment_sets(), st.sampled_from(["near", "tight"]))
def test_the_search_finds_a_grouping_if_there_is_one(instance: Any, order: Any) -> None:
    sizes, profiles, links, (low, high) = instance
    segments = SegmentMoments.of(sizes, profiles, links)
    search = GroupingSearch(
        segments, size_bounds(low, high, sizes), max_steps=10**6, order=order
    )
    assume(sizes.max() <= high)
    groups = search.solve(np.arange(len(sizes)))
    exists = any(
        all(low <= sizes[group].sum() <= high for group in grouping)
        for grouping in set_partitions(len(sizes))
    )
    assert (groups is not None) == exists
    if groups is not None:
        assert sorted(sum(groups, ())) == list(range(len(sizes)))
        assert all(low <= sizes[list(group)].sum() <= high for group in groups)


def test_sizes_lead_the_search_where_nearness_runs_out_of_steps() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(10, 40, MAX_EXHAUSTIVE + 2).astype(float)
    profiles = rng.normal(size=(MAX_EXHAUSTIVE + 2, 2))
    near = GroupingSearch(
        SegmentMoments.of(sizes, profiles, None),
        size_bounds(60, 66, sizes),
        max_steps=60,
    )
    assert near.solve(np.arange(len(sizes))) is None
    assert near.steps_left < 0
    merge = merge_segments(sizes, 60, 66, profiles=profiles, max_steps=60)
    assert merge.status == "solved"
    assert all(60 <= size <= 66 for size in merge.sizes)


@given(st.integers(0, 10**6), st.integers(MAX_EXHAUSTIVE + 1, 40), st.booleans())
def test_many_segments_are_merged_to_legal_sizes_without_loss(
    seed: int, n: int, allow: bool
) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 100, n)
    merge = merge_segments(
        sizes, 80, 240, profiles=rng.normal(size=(n, 2)), allow_oversize=allow
    )
    assert merge.status == "solved"
    assert sorted(sum(merge.groups, ())) == list(range(n))
    assert all(80 <= size <= 240 for size in merge.sizes)
    assert [sizes[list(group)].sum() for group in merge.groups] == list(merge.sizes)


def test_large_segments_among_many_are_left_alone() -> None:
    sizes = [600] * 15 + [100]
    merge = merge_segments(sizes, 500, 1000, profiles=np.arange(16.0)[:, np.newaxis])
    assert merge.groups == (*((i,) for i in range(14)), (14, 15))


@pytest.mark.parametrize("n_profiles", [1, 3])
@pytest.mark.parametrize(("low", "high"), [(1.2, np.inf), (1.5, 3), (3, 8)])
def test_regrouping_near_groups_comes_close_to_the_best_grouping(
    n_profiles: int, low: float, high: float
) -> None:
    shares = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        sizes = np.round(rng.lognormal(5, 1, MAX_EXHAUSTIVE))
        profiles = rng.normal(size=(MAX_EXHAUSTIVE, n_profiles))
        segments = SegmentMoments.of(sizes, profiles, None)
        bounds = size_bounds(low * sizes.mean(), high * sizes.mean(), sizes)
        best = best_grouping(segments, bounds)
        if best is None:
            continue
        search = GroupingSearch(segments, bounds, max_steps=20_000)
        start = search.solve(np.arange(len(sizes)))
        assert start is not None
        improved = improved_grouping(start, segments, bounds)
        assert sorted(sum(improved, ())) == list(range(len(sizes)))
        assert all(bounds.fits(sizes[list(group)].sum()) for group in improved)
        losses = [sum(map(segments.loss, groups)) for groups in (best, improved, start)]
        assert np.all(np.diff(losses) > -1e-9)
        explained = segments.squares.sum() - np.array(losses)
        shares.append(explained[1] / explained[0])
    assert len(shares) >= 3
    assert np.mean(shares) >= 0.95


def test_a_large_group_gives_segments_to_another() -> None:
    # At first, the small group has three of the 20 segments of outcome 1.
    sizes = np.ones(26)
    means = np.array([1.0] * 20 + [0.0] * 6)[:, np.newaxis]
    segments = SegmentMoments.of(sizes, means, None)
    groups = [tuple(range(3, 23)), (0, 1, 2, 23, 24, 25)]
    improved = improved_grouping(groups, segments, size_bounds(5, 26, sizes))
    assert sum(map(segments.loss, improved)) == pytest.approx(0)
