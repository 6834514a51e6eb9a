"""Budgets and rates that no division meets, and the nearest ones that one does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from skseg._search._bounds import count_rows

from ._dynamic_program import best_division, pruned
from ._infeasible_sizes import (
    Change,
    Explanation,
    NearestFeasible,
    menu_counts,
    round_bound,
    smallest_change,
)
from ._problem import Constraints, CutProblem, Division, Incumbent, Rates
from ._rates import max_borders
from ._solve import even_borders, solve

# The largest difference of rates is found up to this share of the required one.
_PRECISION = 1e-6
# The nearest rates are searched among this many borders where all of them take too
# long.
_N_BORDERS = 300


def explain_constraints(
    problem: CutProblem, incumbent: Incumbent
) -> tuple[NearestFeasible, Explanation]:
    """Return the nearest feasible budget and rates, a reason, and advice.

    Some division has legal sizes; whether the infeasibility is proved, `incumbent`
    tells. The smallest budget is the spend of the minimum-cost division. The largest
    difference of rates is found by bisection, in which every division met gives a
    better lower end than the difference tried.
    """
    n_rows, n_distinct = float(problem.n[-1]), len(problem.n) - 1
    is_smallest = incumbent.is_proved
    budget = _least_budget(problem, problem.constraints)
    if problem.constraints.has_rates and len(problem.n) > max_borders(problem):
        is_smallest = False
        # A division at some of the borders is a division.
        problem = problem.at_borders(even_borders(problem, _N_BORDERS))
    diff = _largest_diff(problem, problem.constraints)
    changes: list[Change] = []
    if budget is not None:
        least = budget + problem.constraints.spent
        changes.append({"budget": round_bound(least, 1)})
    if diff is not None:
        changes.append({"min_rate_diff": round_bound(diff, -1)})
    changes = changes or [next(_larger_changes(problem))]
    cannot = "cannot be" if incumbent.is_proved else "were not found to be"
    reason = (
        f"{count_rows(n_rows)} of {n_distinct:,} distinct scores {cannot} cut into "
        f"{menu_counts(problem.objective)} {_describe(problem)}."
    )
    advice = smallest_change(changes, is_smallest=is_smallest)
    nearest = NearestFeasible(None, None, None, n_distinct, budget, diff)
    return nearest, Explanation(reason, advice, changes[0])


def _describe(problem: CutProblem) -> str:
    """Write the constraints, those on sizes in general."""
    constraints, parts = problem.constraints, []
    if constraints.budget < math.inf:
        parts.append(f"budget={constraints.budget + constraints.spent:.12g}")
    if constraints.rates is not None and constraints.rates.order is not None:
        parts.append(f'monotonic="{constraints.rates.order}"')
    if constraints.rates is not None and constraints.rates.min_diff > 0:
        parts.append(f"min_rate_diff={_exact(constraints.rates.min_diff)}")
    has_limits = problem.limits.low > 0 or problem.limits.high < np.inf
    sizes = "of legal size " if has_limits else ""
    return f"{sizes}that meet {' and '.join(parts)}"


def _exact(number: float) -> str:
    return f"{int(number)}" if float(number).is_integer() else f"{number!r}"


def _larger_changes(problem: CutProblem) -> Iterator[Change]:
    """Yield changes of more than one number, the smaller ones first.

    The last one is always feasible.
    """
    constraints, rates = problem.constraints, problem.constraints.rates
    free = replace(constraints, budget=math.inf)
    any_order = None
    if rates is not None and rates.order is not None:
        any_order = Rates(None, rates.min_diff)
        if _cheapest(problem, replace(constraints, rates=any_order)) is not None:
            yield {"monotonic": None}
    objective = problem.objective
    if not objective.may_skip:
        subset = problem.with_objective(objective.any_subset())
        if _cheapest(subset, constraints) is not None:
            yield {"mode": "subset"}
    alternatives: list[tuple[Change, Constraints]] = [({}, free)]
    diff = _largest_diff(problem, free)
    if diff is not None and rates is not None:
        less = replace(free, rates=replace(rates, min_diff=diff))
        alternatives.append(({"min_rate_diff": round_bound(diff, -1)}, less))
    if any_order is not None:
        alternatives.append(({"monotonic": None}, replace(free, rates=any_order)))
    alternatives.append(({"monotonic": None, "min_rate_diff": 0}, Constraints()))
    for change, alternative in alternatives:
        division = _cheapest(problem, alternative)
        if division is not None:
            if problem.spend(division) > problem.max_spend:
                spend = problem.spend(division) + constraints.spent
                change = {**change, "budget": round_bound(spend, 1)}
            yield change


def _least_budget(problem: CutProblem, constraints: Constraints) -> float | None:
    if constraints.budget == math.inf:
        return None
    division = _cheapest(problem, replace(constraints, budget=math.inf))
    return None if division is None else problem.spend(division)


def _largest_diff(problem: CutProblem, constraints: Constraints) -> float | None:
    """Return the largest difference of rates that is feasible, None if none is."""
    rates = constraints.rates
    if rates is None or rates.required_diff <= 0:
        return None
    any_diff = replace(rates, min_diff=0.0)
    division = _cheapest(problem, replace(constraints, rates=any_diff))
    if division is None:
        return None
    low, high = _smallest_diff(problem, division), rates.min_diff
    while high - low > _PRECISION * rates.min_diff:
        middle = (low + high) / 2
        middle_rates = replace(rates, min_diff=middle)
        division = _cheapest(problem, replace(constraints, rates=middle_rates))
        if division is None:
            high = middle
        else:
            low = max(middle, _smallest_diff(problem, division))
    return low


def _smallest_diff(problem: CutProblem, division: Division) -> float:
    """Return the smallest difference of the rates of neighbours."""
    sizes, conversions = problem.tier_sums(division)
    return float(np.abs(np.diff(conversions / sizes)).min(initial=1.0))


def _cheapest(problem: CutProblem, constraints: Constraints) -> Division | None:
    """Return the minimum-cost division, if that is within the budget."""
    free = replace(constraints, budget=math.inf)
    minimum_cost = problem.objective.minimum_cost(float(problem.n[-1]))
    cheap = problem.with_objective(minimum_cost).with_constraints(free)
    division = best_division(pruned(cheap))
    if division is not None and not cheap.is_feasible(division):
        division = solve(cheap, division).division
    limit = problem.with_constraints(constraints).max_spend
    if division is None or problem.spend(division) > limit:
        return None
    return division
