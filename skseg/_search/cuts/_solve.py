"""The best division at given borders, whatever the constraints."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from skseg._typing import IntArray

from ._budget import best_within_budget
from ._dual import DualSolution, solve_dual
from ._dynamic_program import best_division, pruned
from ._local_search import local_search
from ._problem import CutProblem, Division, Incumbent
from ._rate_bounds import narrow_borders
from ._rates import best_with_rates, max_borders

# Number of borders of the first grid, and of grids that close in on the best cuts.
_GRID = 300
_MAX_GRIDS = 8


def solve_at(problem: CutProblem) -> tuple[Division | None, float]:
    """Return the best division, None if none was found, and an upper bound.

    Weights below borders only have to ascend weakly. The upper bound is the value of
    the division if it is proved to be optimal, -inf if the problem is proved to be
    infeasible.
    """
    # No tier is empty.
    problem = problem.at_borders(np.flatnonzero(np.diff(problem.n, prepend=-1.0)))
    division = best_division(problem) if len(problem.n) > 1 else None
    if division is None:
        return None, -math.inf
    if problem.constraints.is_unconstrained or problem.is_feasible(division):
        return division, problem.value(division)
    incumbent = solve(problem, division)
    return incumbent.division, upper_bound(problem, incumbent)


def upper_bound(problem: CutProblem, incumbent: Incumbent) -> float:
    """Return an upper bound of the value of all divisions."""
    if incumbent.division is None:
        slack = 0.0 if incumbent.is_proved else _tie_slack(problem)
        return incumbent.bound + slack
    value = problem.value(incumbent.division)
    if incumbent.is_proved:
        return value
    return max(value, incumbent.bound + _tie_slack(problem))


def _tie_slack(problem: CutProblem) -> float:
    """Return by how much values exceed objective values at most."""
    objective = problem.objective
    return objective.n_tiers * objective.tie + objective.rounding


def solve(problem: CutProblem, relaxed: Division) -> Incumbent:
    """Return the best division; `relaxed` is the best without budget and rates.

    A budget alone is solved by `best_within_budget`, rates by `best_with_rates` if
    there are few enough borders. For more borders, the best division of any rates is
    the best one if its rates are allowed. Otherwise grids that close in on their best
    cuts yield a division, and borders that no better division cuts at are dropped
    (`narrow_borders`); if few enough remain, the best division among them is optimal.
    """
    if not problem.constraints.has_rates:
        return best_within_budget(problem, relaxed)
    if len(problem.n) <= max_borders(problem):
        return _best_at_few_borders(problem)
    of_any_rates = _best_of_any_rates(problem, relaxed)
    if of_any_rates.is_proved and (
        of_any_rates.division is None or problem.is_feasible(of_any_rates.division)
    ):
        return of_any_rates
    dual = DualSolution(0.0, 0.0, problem.objective_value(relaxed), [relaxed])
    if problem.spend(relaxed) > problem.max_spend:
        any_rates = replace(problem.constraints, rates=None)
        solution = solve_dual(problem.with_constraints(any_rates), relaxed)
        if solution is None:
            return Incumbent(None, -math.inf, is_proved=True)
        dual = solution
    best = _best_on_grids(problem, dual.divisions)
    if of_any_rates.division is not None and problem.is_feasible(of_any_rates.division):
        best = max(best, of_any_rates.division, key=problem.objective_value)
    narrowed, bound = _remaining(problem, dual, problem.objective_value(best))
    if bound == -math.inf:
        return Incumbent(None, bound, is_proved=True)
    bound = min(bound, dual.bound, of_any_rates.bound)
    if len(narrowed.n) <= max_borders(narrowed):
        incumbent = _best_at_few_borders(narrowed)
        if incumbent.is_proved:
            return incumbent
        bound = min(bound, incumbent.bound)
        best = max(best, incumbent.division, key=problem.objective_value)
    bound = max(bound, problem.objective_value(best))
    return Incumbent(best, bound, is_proved=False)


def _best_of_any_rates(problem: CutProblem, relaxed: Division) -> Incumbent:
    """Return the best division within the budget, whatever its rates."""
    if problem.spend(relaxed) <= problem.max_spend:
        return Incumbent(relaxed, problem.objective_value(relaxed), is_proved=True)
    constraints = replace(problem.constraints, rates=None)
    return best_within_budget(problem.with_constraints(constraints), relaxed)


def _remaining(
    problem: CutProblem, dual: DualSolution, value: float
) -> tuple[CutProblem, float]:
    """Return the borders of divisions that may beat a value, and an upper bound."""
    penalty = dual.penalty(problem)
    penalised = pruned(dual.penalised(problem), value - penalty)
    narrowed, bound = narrow_borders(penalised, value - penalty)
    return narrowed.with_objective(problem.objective), bound + penalty


def _best_at_few_borders(problem: CutProblem) -> Incumbent:
    division = best_with_rates(problem.without_budget())
    if division is None:
        return Incumbent(None, -math.inf, is_proved=True)
    if problem.is_feasible(division):
        value = problem.objective_value(division)
        return Incumbent(division, value, is_proved=True)
    return best_within_budget(problem, division)


def _best_on_grids(problem: CutProblem, divisions: list[Division]) -> Division | None:
    """Return the best division found between borders on ever finer grids."""
    best: Division | None = None
    width = len(problem.n) // _GRID + 1
    grid = even_borders(problem, min(_GRID, max_borders(problem) // 2))
    cuts = np.unique(np.concatenate([problem.cuts(d) for d in divisions[-2:]]))
    for _ in range(_MAX_GRIDS):
        borders = np.unique(np.concatenate([grid, cuts, [0, len(problem.n) - 1]]))
        division = _best_at_few_borders(problem.at_borders(borders)).division
        if division is not None:
            candidate = local_search(problem, division)
            best = max(best, candidate, key=problem.objective_value)
        if best is None or width == 0:
            break
        cuts = problem.cuts(best)
        grid, width = _grid_around(problem, cuts, width), width // 8
    return best


def even_borders(problem: CutProblem, n_borders: int) -> IntArray:
    """Return a given number of borders, about equally many rows apart."""
    targets = np.linspace(0.0, problem.n[-1], n_borders + 1)
    borders = np.searchsorted(problem.n, targets)
    return np.unique(np.minimum(borders, len(problem.n) - 1)).astype(np.intp)


def _grid_around(problem: CutProblem, cuts: IntArray, width: int) -> IntArray:
    """Return borders around each of some cuts."""
    count = min(_GRID, max_borders(problem) // 2) // (2 * max(1, len(cuts)))
    step = max(1, width // max(1, count))
    borders = cuts[:, np.newaxis] + np.arange(-count, count + 1) * step
    return np.asarray(np.clip(borders.ravel(), 0, len(problem.n) - 1))
