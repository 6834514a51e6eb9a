"""optimal_cuts: rows cut by score into the tiers of largest value."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg._search.cuts import (
    Cuts,
    _dynamic_program,
    _rows,
    optimal_cuts,
    threshold_between,
)
from tests.search.cuts.cut_oracles import (
    Problem,
    best,
    is_possible,
    message,
    path,
    value_path,
)

FloatArray = npt.NDArray[np.float64]
INF, MAX = math.inf, sys.float_info.max
TINY = math.ulp(0.0)
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
N_SEEDS = 20_000 if THOROUGH else 600
MODES = ["subset", "prefix", "exact"]


@contextmanager
def as_if_many() -> Iterator[None]:
    """Take the way of many rows with a few: buckets, blocks, several pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rows, "_MAX_SORTED", 2)
        patch.setattr(_rows, "_ROWS_A_BUCKET", 2)
        patch.setattr(_rows, "_CHUNK", 3)
        patch.setattr(_dynamic_program, "_N_BLOCKS", 1)
        patch.setattr(_dynamic_program, "_MIN_BORDERS_A_BLOCK", 2)
        yield


def random_problem(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    kind = rng.integers(4)
    scores = rng.integers(-4 if kind == 0 else 0, 7, n) / 4
    if kind == 1:
        scores[rng.random(n) < 0.2] = rng.choice([-INF, INF])
    conversions = rng.integers(0, 2, n).astype(float)
    if kind == 2:
        conversions = rng.integers(-4, 9, n) / 8
    weight = [np.ones(n), rng.integers(0, 4, n), rng.integers(0, 8, n) / 4]
    revenue = np.sort(rng.integers(0, 9, k)) if seed % 2 else rng.integers(-4, 9, k)
    cost = np.sort(rng.integers(0, 5, k)) if seed % 2 else rng.integers(-2, 5, k)
    fixed_cost = [np.zeros(k), rng.integers(0, 3, k), rng.integers(-2, 3, k)]
    return Problem(
        scores.tolist(),
        conversions.tolist(),
        weight[rng.integers(3)].tolist(),
        revenue.tolist(),
        (cost / 2).tolist(),
        fixed_cost[rng.integers(3)].tolist(),
        MODES[rng.integers(3)],
        float(rng.choice([0, 0, 1, 1.25, 2, 3])),
        float(rng.choice([INF, INF, 3, 3.5, 4, 6])),
    )


def cut_ranks(result: Cuts, problem: Problem) -> tuple[int, ...]:
    """How many distinct scores with weight lie on the lower side of every cut."""
    pairs = zip(problem.scores, problem.weight, strict=True)
    distinct = {score for score, weight in pairs if weight > 0}
    return tuple(sum(score <= cut for score in distinct) for cut in result.cut_points)


def assert_right(problem: Problem) -> None:
    result, expected = optimal_cuts(**problem.arguments()), best(problem)
    if expected is None:
        assert result.status == "infeasible"
        assert message(result)
        return
    assert result.status == "solved"
    assert result.value == float(expected.value)
    assert result.tiers == expected.tiers
    assert cut_ranks(result, problem) == expected.cuts
    assert result.upper_bound - result.value == result.gap == 0.0


# Small cases by hand


def test_the_lowest_scores_get_the_cheap_tier() -> None:
    # From 0.5 up the upper tier makes 10 more per conversion, 2 of 3, for 4 a row.
    scores, converted = np.array([0.1, 0.2, 0.4, 0.6, 0.8, 0.9]), [0, 0, 0, 1, 0, 1]
    result = optimal_cuts(scores, converted, revenue=[10, 20], cost=[0, 4])
    assert (result.tiers, result.cut_points, result.value) == ((0, 1), (0.5,), 28.0)
    assert (result.sizes, result.conversions) == ((3.0, 3.0), (0.0, 2.0))


def test_everyone_is_in_the_cheapest_tier_if_the_others_bring_in_nothing_more() -> None:
    result = optimal_cuts(np.arange(4.0), [0, 1, 0, 1], revenue=30, cost=[2, 4, 6])
    assert (result.tiers, result.cut_points, result.value) == ((0,), (), 52.0)


def test_modes_say_which_tiers_may_stay_unused() -> None:
    # A row in tier 0 costs 5, in tier 1 nothing, in tier 2 it makes 1 less than in 1.
    options: dict[str, Any] = {"revenue": [0, 1, 0], "cost": [5, 0, 0]}
    scores, converted = np.arange(4.0), np.ones(4)
    result = {m: optimal_cuts(scores, converted, mode=m, **options) for m in MODES}
    assert {m: result[m].tiers for m in MODES} == {
        "subset": (1,),
        "prefix": (0, 1),
        "exact": (0, 1, 2),
    }
    assert [result[m].value for m in MODES] == [4, -2, -3]


def test_a_fixed_cost_is_paid_by_tiers_used() -> None:
    options: dict[str, Any] = {"revenue": [1, 3], "cost": [0, 1]}
    scores, converted = np.arange(4.0), [0, 0, 1, 1]
    free = optimal_cuts(scores, converted, **options)
    assert (free.tiers, free.value) == ((0, 1), 4)
    paid = optimal_cuts(scores, converted, fixed_cost=[0, 3], **options)
    assert (paid.tiers, paid.value) == ((0,), 2)


def test_sizes_stay_within_the_bounds() -> None:
    options: dict[str, Any] = {"revenue": [0, 10], "cost": [0, 4]}
    scores, converted = np.arange(6.0), [0, 0, 0, 0, 0, 1]
    assert optimal_cuts(scores, converted, **options).sizes == (5, 1)
    assert optimal_cuts(scores, converted, min_size=2, **options).sizes == (4, 2)
    assert optimal_cuts(scores, converted, max_size=3, **options).sizes == (3, 3)


def test_equal_scores_stay_together() -> None:
    result = optimal_cuts(
        np.array([1.0, 2, 2, 2]), [0, 1, 0, 0], revenue=[0, 10], cost=[0, 4], min_size=2
    )
    assert result.tiers == (0,)


def test_ties_go_to_the_fewest_tiers_and_then_to_the_lowest_cuts() -> None:
    same = optimal_cuts(np.arange(5.0), np.ones(5), revenue=[1, 1, 1], cost=0)
    assert same.tiers == (0,)
    # No row of the lower three converts, so none of the cuts below 3 costs anything.
    result = optimal_cuts(
        np.arange(5.0), [0, 0, 0, 1, 1], revenue=[1, 2], cost=0, mode="exact"
    )
    assert (result.cut_points, result.value) == ((0.5,), 4)


def test_ties_are_told_from_rounding() -> None:
    # In decimals 0.3 * 1 - 0.1 * 3 is nothing; in float64 it is a little more or less.
    result = optimal_cuts(np.arange(3.0), [0, 1, 0], revenue=[0, 0.3], cost=[0, 0.1])
    assert result.tiers == (0, 1)
    result = optimal_cuts(
        np.zeros(30), np.arange(30) < 10, revenue=[0, 0.3], cost=[0, 0.1]
    )
    assert result.tiers == (0,)


def test_a_prohibitive_cost_keeps_a_tier_out_and_changes_nothing_else() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(300)
    converted = rng.random(300) < scores
    options: dict[str, Any] = {"revenue": [1, 2, 3]}
    result = optimal_cuts(scores, converted, cost=[0, 0.4, 1e3], **options)
    assert result.tiers == (0, 1)
    assert optimal_cuts(scores, converted, cost=[0, 0.4, 1e15], **options) == result
    with as_if_many():
        assert optimal_cuts(scores, converted, cost=[0, 0.4, 1e15], **options) == result


# Against all divisions


def test_nothing_is_better_or_simpler_among_all_ways_to_cut() -> None:
    for seed in range(N_SEEDS):
        assert_right(random_problem(seed))


def test_buckets_and_blocks_do_not_change_the_optimum() -> None:
    with as_if_many():
        for seed in range(N_SEEDS, 2 * N_SEEDS):
            assert_right(random_problem(seed))


@pytest.mark.parametrize("many", [False, True])
def test_the_path_has_the_best_value_for_every_number_of_tiers(many: bool) -> None:
    for seed in range(N_SEEDS // 3):
        problem = random_problem(seed)
        with as_if_many() if many else pytest.MonkeyPatch.context():
            result = value_path(**problem.arguments())
        np.testing.assert_array_equal(result, path(problem))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    n, k = draw(st.integers(1, 7)), draw(st.integers(1, 4))

    def several(values: st.SearchStrategy[float], size: int) -> list[float]:
        return draw(st.lists(values, min_size=size, max_size=size))

    quarters = st.integers(-20, 20).map(lambda x: x / 4)
    return Problem(
        several(st.floats(allow_nan=False), n),
        several(st.sampled_from([0.0, 1.0]) | quarters, n),
        several(st.integers(0, 8).map(lambda x: x / 4), n),
        several(quarters, k),
        several(quarters, k),
        several(quarters, k),
        draw(st.sampled_from(MODES)),
        draw(st.sampled_from([0, 0.5, 1, 2, 3])),
        draw(st.sampled_from([INF, 3, 4, 5.5])),
    )


@given(problem=problems())
def test_the_best_is_found_for_any_scores(problem: Problem) -> None:
    assert_right(problem)
    with as_if_many():
        assert_right(problem)


# Invariances


def random_rows(seed: int, n: int = 3000) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    scores = np.round(np.clip(rng.gamma(2, 2, n) / 20, 0, 1), 3)
    return scores, (rng.random(n) < scores).astype(float)


MENU: dict[str, Any] = {
    "revenue": [10, 18, 24, 28, 30],
    "cost": [0.0, 0.7, 1.9, 3.4, 4.7],
}


@pytest.mark.parametrize("bounds", [{}, {"min_size": 150.5}, {"max_size": 600.5}])
@pytest.mark.parametrize("mode", MODES)
def test_the_order_of_rows_does_not_matter(mode: Any, bounds: dict[str, float]) -> None:
    scores, converted = random_rows(0)
    rng = np.random.default_rng(1)
    weight = rng.random(len(scores))
    options: dict[str, Any] = {**MENU, **bounds, "mode": mode}
    result = optimal_cuts(scores, converted, weight=weight, **options)
    assert result.status == "solved"
    for _ in range(3):
        order = rng.permutation(len(scores))
        again = optimal_cuts(
            scores[order], converted[order], weight=weight[order], **options
        )
        assert again == result


def test_sums_of_fractions_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(2)
    scores, expected = np.round(rng.random(3000), 2), rng.normal(0.1, 1, 3000)
    result = optimal_cuts(scores, expected, **MENU)
    for _ in range(5):
        order = rng.permutation(len(scores))
        assert optimal_cuts(scores[order], expected[order], **MENU) == result


def test_both_zeros_are_one_score() -> None:
    scores, converted = np.array([0.0, -0.0, 1.0, 2.0]), [1, 0, 0, 1]
    options: dict[str, Any] = {"revenue": [0, 1], "cost": 0, "mode": "exact"}
    result = optimal_cuts(scores, converted, **options)
    assert (result.cut_points, result.sizes, result.value) == ((0.5,), (2, 2), 1)


@pytest.mark.parametrize("mode", MODES)
def test_only_the_order_of_scores_matters(mode: Any) -> None:
    scores, converted = random_rows(1)
    result = optimal_cuts(scores, converted, mode=mode, min_size=50, **MENU)
    for transform in (np.exp, np.cbrt, lambda x: -1 / (x + 1e-3), lambda x: 1e300 * x):
        moved = optimal_cuts(
            transform(scores), converted, mode=mode, min_size=50, **MENU
        )
        assert (moved.tiers, moved.sizes) == (result.tiers, result.sizes)
        assert moved.value == result.value


def test_a_whole_weight_is_a_repetition() -> None:
    scores, converted = random_rows(2, 500)
    weight = np.random.default_rng(3).integers(0, 5, len(scores))
    options: dict[str, Any] = {**MENU, "min_size": 100, "max_size": 700}
    weighted = optimal_cuts(scores, converted, weight=weight.astype(float), **options)
    repeated = optimal_cuts(scores.repeat(weight), converted.repeat(weight), **options)
    assert weighted == repeated


def test_aggregated_rows_give_what_rows_give() -> None:
    scores, converted = random_rows(3)
    distinct, codes = np.unique(scores, return_inverse=True)
    count = np.bincount(codes).astype(float)
    rate = np.bincount(codes, converted) / count
    rows = optimal_cuts(scores, converted, min_size=200, **MENU)
    table = optimal_cuts(distinct, rate, weight=count, min_size=200, **MENU)
    assert (table.tiers, table.cut_points, table.sizes) == (
        rows.tiers,
        rows.cut_points,
        rows.sizes,
    )
    assert table.value == pytest.approx(rows.value, rel=1e-12)


def test_rows_without_weight_decide_nothing() -> None:
    scores, converted = np.array([0.0, 1, 1.5, 2, 9]), np.array([0, 0, 1, 1, 1e9])
    weight = np.array([1.0, 1, 0, 1, 0])
    result = optimal_cuts(scores, converted, weight=weight, revenue=[0, 9], cost=[0, 1])
    assert (result.cut_points, result.value) == ((1.5,), 8)


def test_booleans_and_integers_are_conversions_too() -> None:
    scores, converted = random_rows(4)
    result = optimal_cuts(scores, converted, **MENU)
    assert optimal_cuts(scores, converted.astype(bool), **MENU) == result
    assert optimal_cuts(scores, converted.astype(np.int8), **MENU) == result


def test_more_tiers_never_lower_the_optimum() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores, converted = random_rows(seed, 300)
        revenue, cost, fixed_cost = (
            rng.normal(10, 5, 6),
            rng.normal(2, 1, 6),
            rng.random(6),
        )
        values = [
            optimal_cuts(
                scores,
                converted,
                revenue=revenue[:k],
                cost=cost[:k],
                fixed_cost=fixed_cost[:k],
                min_size=20,
            ).value
            for k in range(1, 7)
        ]
        assert values == sorted(values)


def test_the_value_is_the_maximum_of_the_path() -> None:
    for seed in range(5):
        scores, converted = random_rows(seed)
        for bounds in ({}, {"min_size": 600}, {"max_size": 1000}):
            result = optimal_cuts(scores, converted, **MENU, **bounds)
            values = value_path(scores, converted, **MENU, **bounds)
            assert result.value == pytest.approx(np.nanmax(values))
            assert len(result.tiers) == np.nanargmax(values) + 1


# Thresholds


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (1.0, math.nextafter(1.0, 2)),
        (math.nextafter(1.0, 0), 1.0),
        (0.0, TINY),
        (-TINY, 0.0),
        (-TINY, TINY),
        (TINY, 2 * TINY),
        (math.nextafter(MAX, 0), MAX),
        (-MAX, MAX),
        (MAX, INF),
        (-INF, -MAX),
        (-INF, INF),
        (-INF, 5.0),
        (5.0, INF),
        (0.75 * MAX, MAX),
        (0.1, 0.2),
    ],
)
def test_a_threshold_parts_neighbouring_scores(low: float, high: float) -> None:
    assert low <= threshold_between(low, high) < high
    result = optimal_cuts(np.array([high, low]), [1, 0], revenue=[0, 2], cost=[0, 1])
    assert len(result.cut_points) == 1
    assert low <= result.cut_points[0] < high


def test_thresholds_are_midpoints() -> None:
    assert threshold_between(1, 2) == 1.5
    assert threshold_between(-3, 1) == -1
    assert threshold_between(0.5 * MAX, MAX) == 0.75 * MAX
    assert threshold_between(-MAX, MAX) == 0


# Bounds that cannot be met


def bounds_in(message_text: str) -> list[dict[str, float]]:
    """Return the bounds that a message proposes, one dict for each alternative."""
    proposals = message_text.split("makes it possible: ")[1].rstrip(".").split(" or ")
    pattern = r"(min|max)_size=(None|[\d.e+-]+)"
    return [
        {
            f"{end}_size": 0.0 if value == "None" else float(value.rstrip("."))
            for end, value in re.findall(pattern, text)
        }
        for text in proposals
    ]


def test_a_reason_names_the_smallest_change() -> None:
    result = optimal_cuts(
        np.arange(10.0),
        np.ones(10),
        revenue=[1, 2, 3],
        cost=0,
        mode="exact",
        min_size=4,
    )
    assert result.status == "infeasible"
    assert message(result) == (
        "10 rows of 10 distinct scores cannot be cut into 3 tiers of 4 to inf rows. "
        "The smallest change that makes it possible: min_size=3."
    )
    assert (result.tiers, result.cut_points, result.value) == ((), (), -INF)
    result = optimal_cuts(
        np.arange(10.0), np.ones(10), revenue=[1, 2], cost=0, max_size=4
    )
    assert message(result) == (
        "10 rows of 10 distinct scores cannot be cut into 1 to 2 tiers of 0 to 4 rows. "
        "The smallest change that makes it possible: max_size=5."
    )


def test_too_few_distinct_scores_are_named() -> None:
    options: dict[str, Any] = {"revenue": [1, 2, 3], "cost": 0, "mode": "exact"}
    result = optimal_cuts(np.array([1.0, 1, 2]), np.ones(3), **options)
    assert message(result) == (
        '2 distinct scores cannot be cut into 3 tiers. Choose mode="subset", in which '
        "tiers may stay unused, or at most n_bins=2."
    )


@pytest.mark.parametrize("n", [0, 3])
def test_without_weight_there_is_nothing_to_cut(n: int) -> None:
    result = optimal_cuts(np.arange(float(n)), np.ones(n), weight=np.zeros(n), **MENU)
    assert message(result) == "There are no rows with a weight above 0."
    path_found = value_path(np.arange(float(n)), np.ones(n), weight=np.zeros(n), **MENU)
    assert np.isnan(path_found).all()


def test_proposed_changes_are_feasible_and_smallest() -> None:
    n_seen = 0
    for seed in range(N_SEEDS):
        problem = random_problem(seed)
        result = optimal_cuts(**problem.arguments())
        if result.status == "solved" or "possible: " not in message(result):
            continue
        n_seen += 1
        proposals = bounds_in(message(result))
        assert proposals
        for change in proposals:
            assert is_possible(problem.with_bounds(**change))
            # Users give whole bounds, so the next ones to try are whole, too.
            if "min_size" in change:
                closer = {**change, "min_size": change["min_size"] + 1}
                if closer["min_size"] <= problem.min_size:
                    assert not is_possible(problem.with_bounds(**closer))
            if "max_size" in change:
                closer = {**change, "max_size": change["max_size"] - 1}
                if closer["max_size"] >= problem.max_size:
                    assert not is_possible(problem.with_bounds(**closer))
        names = [set(change) for change in proposals]
        for name, bound in (("min_size", 0.0), ("max_size", 1e9)):
            alone = is_possible(problem.with_bounds(**{name: bound}))
            assert alone == ({name} in names)
    assert n_seen > N_SEEDS / 50


def test_bounds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="min_size <= max_size"):
        optimal_cuts(np.arange(4.0), np.ones(4), min_size=3, max_size=2, **MENU)


# Many rows


@pytest.mark.parametrize("bounds", [{}, {"min_size": 2000}, {"max_size": 90_000}])
@pytest.mark.parametrize("mode", MODES)
def test_buckets_and_blocks_find_what_sorting_every_row_finds(
    mode: Any, bounds: dict[str, float]
) -> None:
    rng = np.random.default_rng(5)
    scores = np.clip(rng.gamma(2, 2, 200_000) / 20, 0, 1)
    converted = (rng.random(len(scores)) < scores).astype(float)
    result = optimal_cuts(scores, converted, mode=mode, **bounds, **MENU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rows, "_MAX_SORTED", len(scores))
        patch.setattr(_dynamic_program, "_N_BLOCKS", len(scores))
        assert optimal_cuts(scores, converted, mode=mode, **bounds, **MENU) == result


def test_scores_of_any_spread_are_cut_alike() -> None:
    rng = np.random.default_rng(6)
    scores = np.clip(rng.gamma(2, 2, 200_000) / 20, 0, 1)
    converted = (rng.random(len(scores)) < scores).astype(float)
    result = optimal_cuts(scores, converted, **MENU)
    for spread in (np.exp(600 * scores), -1 / (scores + 1e-300), scores * TINY * 2**52):
        moved = optimal_cuts(spread, converted, **MENU)
        if len(np.unique(spread)) == len(np.unique(scores)):
            assert (moved.sizes, moved.value) == (result.sizes, result.value)
    infinite = np.where(scores < np.median(scores), -INF, INF)
    assert optimal_cuts(infinite, converted, **MENU).cut_points in ((), (0.0,))
