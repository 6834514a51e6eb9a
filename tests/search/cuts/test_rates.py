"""optimal_cuts with conversion rates that are monotone and apart."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from skseg._search.cuts import Cuts, Rates, _rates, optimal_cuts
from tests.search.cuts.cut_oracles import (
    Problem,
    best,
    is_possible,
    message,
    path,
    rates_fit,
    value_path,
)
from tests.search.cuts.test_budget import (
    assert_best,
    changes_in,
    constrained,
    solved,
    with_little_effort,
)
from tests.search.cuts.test_cuts import MENU, MODES, THOROUGH, as_if_many, random_rows

N_SEEDS = 20_000 if THOROUGH else 400
INF = math.inf


def rates_of(cuts: Cuts) -> list[float]:
    return [y / n for y, n in zip(cuts.conversions, cuts.sizes, strict=True)]


# Small cases by hand


def test_rates_ascend_if_required() -> None:
    # Scores 0 to 2 convert as 1, 0, 1, and each tier is made for one of them.
    options: dict[str, Any] = {"revenue": [2, 0, 2], "cost": [1, 0, 1], "mode": "exact"}
    scores, converted = np.arange(4.0), [1, 0, 0, 1]
    free = optimal_cuts(scores, converted, **options)
    assert (free.sizes, free.value) == ((1, 2, 1), 2)
    result = optimal_cuts(scores, converted, rates=Rates("ascending"), **options)
    assert result.status == "infeasible"
    options["mode"] = "subset"
    result = optimal_cuts(scores, converted, rates=Rates("ascending"), **options)
    assert (result.tiers, result.value, result.gap) == ((1, 2), 1, 0)
    result = optimal_cuts(scores, converted, rates=Rates("descending"), **options)
    assert (result.tiers, result.value, result.gap) == ((0, 1), 1, 0)


def test_equal_rates_ascend_and_descend() -> None:
    options: dict[str, Any] = {"revenue": [0, 3], "cost": [0, 1], "mode": "exact"}
    for order in ("ascending", "descending"):
        rates: Any = Rates(order)
        result = optimal_cuts(np.arange(4.0), np.ones(4), rates=rates, **options)
        assert (result.sizes, result.value) == ((1, 3), 6)


def test_rates_are_compared_exactly() -> None:
    # 1 of 3 and 2 of 6 are the same quotient.
    scores, converted = np.repeat([0.0, 1.0], [3, 6]), [0, 0, 1, 0, 0, 0, 0, 1, 1]
    options: dict[str, Any] = {"revenue": 1, "cost": [0, 0], "mode": "exact"}
    result = optimal_cuts(scores, converted, rates=Rates("descending"), **options)
    assert result.status == "solved"


def test_rates_differ_as_much_as_required() -> None:
    # The free optimum has 1/4 and 3/4; a difference of 2/3 takes 2 of 5 and 2 of 3, ...
    options: dict[str, Any] = {"revenue": [0, 2], "cost": [0, 1], "mode": "exact"}
    scores, converted = np.arange(8.0), [0, 0, 0, 1, 1, 0, 1, 1]
    free = optimal_cuts(scores, converted, **options)
    assert rates_of(free) == [0, 0.8]
    for diff in (0.8, 0.8 + 5e-10):
        same = optimal_cuts(scores, converted, rates=Rates(None, diff), **options)
        assert same.sizes == free.sizes
    result = optimal_cuts(scores, converted, rates=Rates(None, 0.801), **options)
    assert result.status == "infeasible"
    assert result.nearest is not None
    assert result.nearest.min_rate_diff == pytest.approx(0.8)
    assert message(result) == (
        "8 rows of 8 distinct scores cannot be cut into 2 tiers that meet "
        "min_rate_diff=0.801. The smallest change that makes it possible: "
        "min_rate_diff=0.8."
    )


def test_without_an_order_rates_differ_either_way() -> None:
    options: dict[str, Any] = {"revenue": [1, 0, 1], "cost": 0, "mode": "exact"}
    scores, converted = np.arange(6.0), [1, 1, 0, 0, 1, 1]
    result = optimal_cuts(scores, converted, rates=Rates(None, 1.0), **options)
    assert (result.sizes, result.value) == ((2, 2, 2), 4)


def test_a_reason_says_what_else_to_change() -> None:
    options: dict[str, Any] = {"revenue": 1, "cost": [0, 0], "mode": "exact"}
    result = optimal_cuts(
        np.arange(3.0), [1, 0, 0], rates=Rates("ascending", 0.1), **options
    )
    assert message(result) == (
        "3 rows of 3 distinct scores cannot be cut into 2 tiers that meet "
        'monotonic="ascending" and min_rate_diff=0.1. The smallest change that makes '
        "it possible: monotonic=None."
    )


# Against all divisions


@pytest.mark.parametrize("many", [False, True])
def test_no_division_with_legal_rates_is_better(many: bool) -> None:
    counts: Counter[str] = Counter()
    solve = solved.__wrapped__ if many else solved
    with as_if_many() if many else nullcontext():
        for seed in range(N_SEEDS):
            assert_best(seed, counts, solve, budget=False, rates=True)
    assert counts["gaps"] == 0
    assert 0.05 < counts["infeasible"] / counts["all"] < 0.6


def test_a_search_that_gives_up_says_how_far_from_the_best_it_may_be() -> None:
    counts: Counter[str] = Counter()
    with with_little_effort(), as_if_many():
        for seed in range(N_SEEDS):
            assert_best(seed, counts, solved.__wrapped__, budget=False, rates=True)
    assert 0 < counts["gaps"] < N_SEEDS / 10


def test_the_path_has_legal_rates() -> None:
    for seed in range(N_SEEDS // 2):
        problem = constrained(seed, budget=False, rates=True)
        result = value_path(**problem.arguments())
        np.testing.assert_array_equal(result, path(problem))


def test_proposed_changes_are_feasible() -> None:
    n_seen = 0
    for seed in range(N_SEEDS):
        problem = constrained(seed, budget=False, rates=True)
        result = solved(seed, budget=False, rates=True)
        if "that meet" not in message(result):
            continue
        n_seen += 1
        for change in changes_in(message(result)):
            assert is_possible(problem.with_bounds(**change)), (seed, message(result))
            if set(change) == {"min_diff"}:
                more = change["min_diff"] + 1e-3
                assert not is_possible(problem.with_bounds(min_diff=more))
    assert n_seen > N_SEEDS / 20


# More rows


@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize("mode", MODES)
def test_the_order_of_rows_does_not_matter(mode: Any, order: Any) -> None:
    scores, converted = random_rows(0, 1000)
    rng = np.random.default_rng(1)
    weight = rng.random(len(scores))
    options: dict[str, Any] = {**MENU, "mode": mode, "rates": Rates(order, 0.15)}
    result = optimal_cuts(scores, converted, weight=weight, **options)
    again = rng.permutation(len(scores))
    scores, converted, weight = scores[again], converted[again], weight[again]
    with as_if_many():
        assert optimal_cuts(scores, converted, weight=weight, **options) == result


def test_reversed_scores_have_reversed_rates() -> None:
    scores, converted = random_rows(2, 400)
    menu = {name: values[::-1] for name, values in MENU.items()}
    for diff in (0.0, 0.1, 0.2):
        up = optimal_cuts(scores, converted, rates=Rates("ascending", diff), **MENU)
        down = optimal_cuts(-scores, converted, rates=Rates("descending", diff), **menu)
        assert up.value == pytest.approx(down.value, rel=1e-12)
        steps = np.diff(rates_of(up))
        assert (steps >= diff - 1e-9).all()


def test_borders_left_out_are_accounted_for() -> None:
    scores, converted = random_rows(3)
    rates = Rates("ascending", 0.12)
    exact = optimal_cuts(scores, converted, rates=rates, **MENU)
    assert exact.gap == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rates, "_MAX_BORDERS", 60)
        rough = optimal_cuts(scores, converted, rates=rates, **MENU)
    assert rough.value <= exact.value <= rough.upper_bound
    free = optimal_cuts(scores, converted, **MENU)
    assert rough.upper_bound < free.value
    assert rough.value == pytest.approx(exact.value, rel=1e-2)
    assert all(d >= 0.12 - 1e-9 for d in np.diff(rates_of(rough)))


def test_rates_that_the_free_optimum_meets_change_nothing() -> None:
    scores, converted = random_rows(4)
    free = optimal_cuts(scores, converted, **MENU)
    assert rates_of(free) == sorted(rates_of(free))
    assert optimal_cuts(scores, converted, rates=Rates("ascending"), **MENU) == free
    assert optimal_cuts(scores, converted, rates=Rates(None), **MENU) == free


def test_the_oracle_compares_rates_of_neighbours() -> None:
    problem = Problem([0.0], [0.0], [1.0], [1.0], [0.0], [0.0], order="ascending")
    assert rates_fit(problem, [0.1, 0.1, 0.2])
    assert not rates_fit(problem, [0.2, 0.1])
    apart = replace(problem, order=None, min_diff=0.1)
    assert rates_fit(apart, [0.2, 0.1, 0.3])
    assert not rates_fit(apart, [0.2, 0.25])
    assert best(problem) is not None
