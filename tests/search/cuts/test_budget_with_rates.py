"""A budget and rates at once, on more borders than pairs of them can be listed."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from skseg._search.cuts import Cuts, Rates, _rates, optimal_cuts
from skseg._typing import BoolArray, FloatArray

N_ROWS = 300
# So few that most borders have to be ruled out by bounds.
MAX_BORDERS = 25
MIN_SIZE = 6.0
MENU: dict[str, Any] = {"revenue": [10, 18, 24], "cost": [0.0, 1.9, 4.7]}
N_TIERS = 3
ORDERS: list[Any] = ["ascending", "descending", None]
INF = math.inf


@cache
def rows(seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    scores = rng.beta(2, 5, N_ROWS)
    return scores, (rng.random(N_ROWS) < scores).astype(float)


def optimum(seed: int, budget: float, rates: Rates, max_size: float) -> float:
    """Return the best profit of all pairs of cuts, -inf if none is legal."""
    scores, converted = rows(seed)
    order = np.argsort(scores)
    y = np.append(0.0, np.cumsum(converted[order]))
    first, second = np.triu_indices(N_ROWS + 1)
    revenue, cost = (np.array(MENU[name], dtype=float) for name in ("revenue", "cost"))
    best = -INF
    for k in range(1, N_TIERS + 1):
        ends = {1: [], 2: [first], 3: [first, second]}[k]
        borders = [np.zeros_like(first), *ends, np.full_like(first, N_ROWS)]
        sizes = np.diff(borders, axis=0).astype(float)
        sums = np.diff([y[border] for border in borders], axis=0)
        legal = ((sizes >= MIN_SIZE) & (sizes <= max_size)).all(axis=0)
        tier_rates = sums / np.maximum(sizes, 1)
        for lower, upper in pairwise(tier_rates):
            legal &= fits(upper - lower, rates)
        for tiers in map(list, combinations(range(N_TIERS), k)):
            spend = cost[tiers] @ sizes
            profit = revenue[tiers] @ sums - spend
            feasible = legal & (spend <= budget)
            best = max(best, profit[feasible].max(initial=-INF))
    return best


def fits(difference: FloatArray, rates: Rates) -> BoolArray:
    if rates.order is None:
        difference = np.abs(difference)
    elif rates.order == "descending":
        difference = -difference
    return np.asarray(difference >= rates.min_diff - (1e-9 if rates.min_diff else 0))


def solved(seed: int, budget: float, rates: Rates | None, max_size: float) -> Cuts:
    scores, converted = rows(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rates, "_MAX_BORDERS", MAX_BORDERS)
        return optimal_cuts(
            scores,
            converted,
            min_size=MIN_SIZE,
            max_size=max_size,
            budget=budget,
            rates=rates,
            **MENU,
        )


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("max_size", [INF, 0.5 * N_ROWS], ids=["any", "half"])
@pytest.mark.parametrize("share", [0.4, 0.8], ids=["tight", "loose"])
@pytest.mark.parametrize("min_diff", [0.0, 0.1])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_the_optimum_is_proved(
    order: Any, min_diff: float, share: float, max_size: float, seed: int
) -> None:
    free = solved(seed, INF, None, max_size)
    budget, rates = round(share * free.spend), Rates(order, min_diff)
    result = solved(seed, budget, rates, max_size)
    expected = optimum(seed, budget, rates, max_size)
    assert result.gap == 0
    assert result.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_rates_that_the_optimum_within_the_budget_meets_change_nothing(
    share: float,
) -> None:
    budget = round(share * solved(0, INF, None, INF).spend)
    of_any_rates = solved(0, budget, None, INF)
    rates = np.array(of_any_rates.conversions) / np.array(of_any_rates.sizes)
    assert (np.diff(rates) > 0).all()
    assert solved(0, budget, Rates("ascending"), INF) == of_any_rates
