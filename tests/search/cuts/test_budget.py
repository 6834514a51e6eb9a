"""optimal_cuts within a budget."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from skseg._search.cuts import (
    Constraints,
    Cuts,
    Rates,
    _budget,
    _label_setting,
    _rate_bounds,
    _rates,
    _solve,
    optimal_cuts,
)
from skseg._search.cuts._objective import make_objective
from skseg._search.cuts._positions import Limits
from skseg._search.cuts._problem import CutProblem
from skseg._search.cuts._solve import solve_at
from tests.search.cuts.cut_oracles import (
    Problem,
    Solution,
    best,
    is_possible,
    message,
    path,
    value_path,
)
from tests.search.cuts.test_cuts import (
    MENU,
    MODES,
    THOROUGH,
    as_if_many,
    random_problem,
    random_rows,
)

N_SEEDS = 20_000 if THOROUGH else 400
INF = math.inf
ORDERS: list[Any] = [None, "ascending", "descending"]


@contextmanager
def with_little_effort() -> Iterator[None]:
    """Let every search give up early, so that gaps remain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rates, "_MAX_BORDERS", 5)
        patch.setattr(_solve, "_GRID", 2)
        patch.setattr(_rate_bounds, "_N_BLOCKS", 3)
        patch.setattr(_rate_bounds, "_MAX_ROUNDS", 1)
        patch.setattr(_budget, "_SEARCHES", ((2, 4, 4),))
        patch.setattr(_label_setting, "_MAX_NEW", 3)
        yield


@lru_cache(2048)
def constrained(seed: int, *, budget: bool, rates: bool) -> Problem:
    """Return a small problem of any kind, most without bounds of sizes."""
    problem, rng = random_problem(seed), np.random.default_rng([seed, 1])
    if seed % 3:
        problem = replace(problem, min_size=0.0)
    if seed % 5:
        problem = replace(problem, max_size=INF)
    if budget:
        n, cost, fixed_cost = sum(problem.weight), problem.cost, problem.fixed_cost
        least, most = min(cost) * n + min(fixed_cost), max(cost) * n + max(fixed_cost)
        amount = rng.uniform(least, most + 1)
        problem = replace(problem, budget=float(np.round(4 * amount) / 4))
    if rates:
        diff = float(rng.choice([0, 0, 1 / 8, 1 / 3, 0.5]))
        problem = replace(problem, order=ORDERS[rng.integers(3)], min_diff=diff)
    return problem


@lru_cache(2048)
def optimum(seed: int, *, budget: bool, rates: bool) -> Solution | None:
    """Return the best of all divisions, once for all tests."""
    return best(constrained(seed, budget=budget, rates=rates))


@lru_cache(2048)
def solved(seed: int, *, budget: bool, rates: bool) -> Cuts:
    """Return the cuts that the search finds with full effort, once for all tests."""
    problem = constrained(seed, budget=budget, rates=rates)
    return optimal_cuts(**problem.arguments())


def assert_best(
    seed: int, counts: Counter[str], solve: Callable[..., Cuts], **kind: bool
) -> None:
    """Assert that the cuts are optimal, or that their gap covers the difference."""
    problem, expected = constrained(seed, **kind), optimum(seed, **kind)
    result = solve(seed, **kind)
    counts["all"] += 1
    if expected is None:
        assert result.status == "infeasible"
        assert message(result)
        counts["infeasible"] += 1
        return
    assert result.upper_bound >= expected.value
    assert result.gap == result.upper_bound - result.value or result.gap == INF
    counts["gaps"] += result.gap > 0
    if result.status == "infeasible":
        # No division was found, which is no proof.
        assert result.gap == INF
        assert "not found" in message(result)
        return
    assert result.value <= expected.value
    if result.gap == 0:
        assert result.value == expected.value
    assert result.spend <= problem.budget
    assert len(result.tiers) == len(result.sizes) == len(result.cut_points) + 1


def changes_in(text: str) -> list[dict[str, Any]]:
    """Return the changes that a message proposes, in the names of the oracle."""
    names = {"min_rate_diff": "min_diff", "monotonic": "order"}
    values: dict[str, Any] = {"None": None, '"subset"': "subset"}
    proposals = text.split("possible: ")[1].removesuffix(".").split(" or ")
    return [
        {
            names.get(name, name): values[value] if value in values else float(value)
            for name, value in re.findall(r"(\w+)=([^ ]+)", proposal)
        }
        for proposal in proposals
    ]


# Small cases by hand


def rows_of_one_each() -> tuple[Any, Any]:
    return np.arange(6.0), [0, 0, 0, 1, 0, 1]


def test_the_spend_is_within_the_budget() -> None:
    # The upper tier makes 10 a conversion more and costs 4 a row: 12 for scores from 3.
    options: dict[str, Any] = {"revenue": [10, 20], "cost": [0, 4]}
    scores, converted = rows_of_one_each()
    free = optimal_cuts(scores, converted, **options)
    assert (free.value, free.spend, free.sizes) == (28, 12, (3, 3))
    assert optimal_cuts(scores, converted, budget=12, **options) == free
    less = optimal_cuts(scores, converted, budget=11.5, **options)
    assert (less.value, less.spend, less.sizes) == (26, 4, (5, 1))
    none = optimal_cuts(scores, converted, budget=0, **options)
    assert (none.value, none.spend, none.tiers) == (20, 0, (0,))
    assert less.gap == none.gap == 0


def test_fixed_costs_count_against_the_budget() -> None:
    options: dict[str, Any] = {
        "revenue": [10, 20],
        "cost": [0, 4],
        "fixed_cost": [1, 2],
    }
    scores, converted = rows_of_one_each()
    assert optimal_cuts(scores, converted, budget=7, **options).spend == 7
    assert optimal_cuts(scores, converted, budget=6.5, **options).tiers == (0,)


def test_optima_below_the_convex_hull_of_values_are_found() -> None:
    # 3 rows in the upper tier make 9, 2 make 4, 1 makes 3, and cost 1 each: 2 are below
    # the line from 1 to 3, so that they are optimal at no multiplier.
    options: dict[str, Any] = {"revenue": [0, 1], "cost": [0, 1]}
    result = optimal_cuts(np.arange(4.0), [0, 6, 2, 4], budget=2, **options)
    assert (result.sizes, result.value, result.gap) == ((2, 2), 4, 0)


def test_negative_costs_extend_the_budget() -> None:
    # Tier 0 pays 1 a row, tier 1 costs 1.
    options: dict[str, Any] = {"revenue": [0, 3], "cost": [-1, 1], "mode": "exact"}
    result = optimal_cuts(np.arange(4.0), [0, 1, 1, 1], budget=0, **options)
    assert (result.sizes, result.spend, result.value) == ((2, 2), 0, 6)
    result = optimal_cuts(np.arange(4.0), [0, 1, 1, 1], budget=-2, **options)
    assert (result.sizes, result.spend) == ((3, 1), -2)


def test_a_reason_names_the_smallest_budget() -> None:
    result = optimal_cuts(
        np.arange(6.0), np.ones(6), revenue=9, cost=[1, 2], mode="exact", budget=6
    )
    assert (result.status, result.gap, result.upper_bound) == ("infeasible", 0, -INF)
    assert result.nearest is not None
    assert result.nearest.budget == 7
    assert message(result) == (
        "6 rows of 6 distinct scores cannot be cut into 2 tiers that meet budget=6. "
        "The smallest change that makes it possible: budget=7."
    )


def test_a_budget_equal_to_a_spend_allows_it_whatever_the_rounding() -> None:
    options: dict[str, Any] = {"revenue": 1, "cost": [0.1], "fixed_cost": 0.7}
    result = optimal_cuts(np.arange(3.0), np.ones(3), budget=1.0, **options)
    assert (result.status, result.spend) == ("solved", 1.0)
    result = optimal_cuts(np.arange(3.0), np.ones(3), budget=0.1 + 0.2, **options)
    assert "budget=1." in message(result)


# Against all divisions


@pytest.mark.parametrize("rates", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_nothing_within_the_budget_is_better(many: bool, rates: bool) -> None:
    counts: Counter[str] = Counter()
    solve = solved.__wrapped__ if many else solved
    with as_if_many() if many else nullcontext():
        for seed in range(N_SEEDS):
            assert_best(seed, counts, solve, budget=True, rates=rates)
    assert counts["gaps"] == 0
    assert 0.1 < counts["infeasible"] / counts["all"] < 0.6


@pytest.mark.parametrize("rates", [False, True])
def test_a_search_that_gives_up_says_how_far_from_the_best_it_may_be(
    rates: bool,
) -> None:
    counts: Counter[str] = Counter()
    with with_little_effort(), as_if_many():
        for seed in range(N_SEEDS):
            assert_best(seed, counts, solved.__wrapped__, budget=True, rates=rates)
    assert counts["gaps"] > 0


@pytest.mark.parametrize("rates", [False, True])
def test_the_path_is_within_the_budget(rates: bool) -> None:
    for seed in range(N_SEEDS // 2):
        problem = constrained(seed, budget=True, rates=rates)
        result = value_path(**problem.arguments())
        np.testing.assert_array_equal(result, path(problem))


@pytest.mark.parametrize("rates", [False, True])
def test_proposed_changes_are_feasible(rates: bool) -> None:
    n_seen = 0
    for seed in range(N_SEEDS):
        problem = constrained(seed, budget=True, rates=rates)
        result = solved(seed, budget=True, rates=rates)
        if "that meet" not in message(result):
            continue
        n_seen += 1
        for change in changes_in(message(result)):
            assert is_possible(problem.with_bounds(**change)), (seed, message(result))
            if set(change) == {"budget"}:
                assert change["budget"] > problem.budget
                less = change["budget"] - 1e-3
                assert not is_possible(problem.with_bounds(budget=less))
            if set(change) == {"min_diff"}:
                more = change["min_diff"] + 1e-3
                assert not is_possible(problem.with_bounds(min_diff=more))
    assert n_seen > N_SEEDS / 20


# More rows


@pytest.mark.parametrize("bounds", [{}, {"min_size": 40.0}, {"max_size": 150.0}])
def test_two_cuts_are_the_best_of_all_pairs(bounds: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    revenue, cost = np.array([5.0, 8, 9]), np.array([0.0, 0.8, 1.9])
    for _ in range(5):
        y = (rng.random(300) < np.linspace(0.05, 0.8, 300)).astype(float)
        sums = np.append(0.0, np.cumsum(y))
        a, b = np.triu_indices(301, 1)
        is_inner = (a > 0) & (b < 300)
        a, b = a[is_inner], b[is_inner]
        sizes = np.array([a, b - a, 300 - b])
        parts = np.array([sums[a], sums[b] - sums[a], sums[300] - sums[b]])
        spend, value = cost @ sizes, revenue @ parts - cost @ sizes
        legal = (sizes >= bounds.get("min_size", 0)).all(axis=0)
        legal &= (sizes <= bounds.get("max_size", INF)).all(axis=0)
        budget = float(np.quantile(spend[legal], 0.2))
        expected = value[legal & (spend <= budget + 1e-9)].max()
        result = optimal_cuts(
            np.arange(300.0),
            y,
            revenue=revenue,
            cost=cost,
            mode="exact",
            budget=budget,
            **bounds,
        )
        assert result.gap == 0
        assert result.value == pytest.approx(expected, rel=1e-12)
        assert result.spend <= budget


@pytest.mark.parametrize("bounds", [{}, {"min_size": 60.5}])
@pytest.mark.parametrize("mode", MODES)
def test_the_order_of_rows_does_not_matter(mode: Any, bounds: dict[str, float]) -> None:
    scores, converted = random_rows(0, 1000)
    rng = np.random.default_rng(1)
    weight = rng.random(len(scores))
    options: dict[str, Any] = {**MENU, **bounds, "mode": mode}
    free = optimal_cuts(scores, converted, weight=weight, **options)
    nearest = optimal_cuts(
        scores, converted, weight=weight, budget=-1.0, **options
    ).nearest
    assert nearest is not None
    assert nearest.budget is not None
    options["budget"] = nearest.budget
    assert optimal_cuts(scores, converted, **options, weight=weight).status == "solved"
    options["budget"] = (nearest.budget + free.spend) / 2
    result = optimal_cuts(scores, converted, weight=weight, **options)
    assert result.spend <= options["budget"] < free.spend
    order = rng.permutation(len(scores))
    scores, converted, weight = scores[order], converted[order], weight[order]
    with as_if_many():
        assert optimal_cuts(scores, converted, weight=weight, **options) == result


def test_a_larger_budget_makes_no_less() -> None:
    scores, converted = random_rows(1)
    free = optimal_cuts(scores, converted, **MENU)
    budgets = np.linspace(0, 1, 11) * free.spend
    result = [optimal_cuts(scores, converted, budget=b, **MENU) for b in budgets]
    for lower, higher in pairwise(result):
        assert lower.value <= higher.upper_bound
    assert result[-1] == free
    assert all(cuts.gap <= 1e-3 * abs(cuts.value) for cuts in result)


# At given borders


def test_sums_below_borders_are_solved_like_rows() -> None:
    rng = np.random.default_rng(2)
    n = np.append(0.0, np.cumsum(rng.integers(0, 4, 60)).astype(float))
    y = np.append(0.0, np.cumsum(np.diff(n) * rng.integers(0, 3, 60)))
    objective = make_objective(
        np.array([4.0, 6]), np.array([0.0, 2]), np.zeros(2), "subset"
    )
    objective, limits = objective.with_tie_break(n[-1], y[-1]), Limits(0.0, INF)
    rates = Rates("ascending", 0.1)
    for constraints in (
        Constraints(),
        Constraints(budget=30.0),
        Constraints(30.0, rates),
        Constraints(INF, rates),
    ):
        division, bound = solve_at(CutProblem(n, y, objective, limits, constraints))
        assert division is not None
        rows = np.repeat(np.arange(60), np.diff(n).astype(int))
        share = np.diff(y) / np.maximum(np.diff(n), 1)
        result = optimal_cuts(
            rows.astype(float), share[rows], revenue=[4, 6], cost=[0, 2],
            budget=constraints.budget, rates=constraints.rates,
        )  # fmt: skip
        assert result.gap == 0
        assert bound == result.value
        assert division.tiers == list(result.tiers)
        assert division.n_below == np.cumsum(result.sizes[:-1]).tolist()
    infeasible = CutProblem(n, y, objective, limits, Constraints(-1.0))
    assert solve_at(infeasible) == (None, -INF)
