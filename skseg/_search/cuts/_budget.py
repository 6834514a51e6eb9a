"""The best division within a budget: Lagrangian relaxation and label-setting search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._dynamic_program import Division, best_division, bounds_through, pruned
from ._label_setting import LabelSearch
from ._local_search import local_search
from ._pareto import ParetoSearch
from ._positions import Limits, exact_positions
from ._problem import CutProblem, Incumbent
from ._rates import best_with_rates, max_borders

_ROUNDING = 2.0**-44
# Multipliers tried, and divisions met on the way that local search starts from.
_MAX_MULTIPLIERS = 60
_MAX_STARTS = 10
# Largest number of borders that each get a bound of their own.
_MAX_BOUNDED = 1 << 16
# Width (labels at a border, or of a tier) and number of borders of successive searches.
_SEARCHES = ((200, 1000), (3000, 4000))
# Largest number of borders if labels at different borders do not compare.
_MAX_BORDERS_APART = 600


@dataclass(frozen=True, slots=True)
class DualSolution:
    """The Lagrange multiplier of the budget, and the upper bound that it proves.

    Attributes
    ----------
    multiplier : float
        Penalty per unit of money spent.
    rounding : float
        Spends that differ by less are equal.
    bound : float
        Upper bound of the objective value of all divisions within the budget.
    divisions : list of Division
        Optimal divisions at other multipliers, the last tried last, within the budget
        or not.
    """

    multiplier: float
    rounding: float
    bound: float
    divisions: list[Division]


def best_within_budget(problem: CutProblem, relaxed: Division) -> Incumbent:
    """Return the best division within the budget.

    Parameters
    ----------
    problem : CutProblem
        The problem; with rates, it may have `max_borders` borders at most.
    relaxed : Division
        The best division without a budget.

    Notes
    -----
    The optimum of the Lagrangian at any multiplier is an upper bound of what divisions
    within the budget make; `solve_dual` finds the multiplier of the lowest bound.
    Divisions met on the way are improved by local search. Borders whose own bound is
    below the best of these are dropped, and among the others runs a label-setting
    search, whose labels are pruned by bounds and by dominance. It is exact unless it
    has to drop labels; their largest bound is then returned.
    """
    dual = solve_dual(problem, relaxed)
    if dual is None:
        return Incumbent(None, -math.inf, is_proved=True)
    return close_gap(problem, dual, _best_known(problem, dual))


def solve_dual(problem: CutProblem, relaxed: Division) -> DualSolution | None:
    """Return the multiplier of the lowest bound, None if the budget is infeasible.

    Notes
    -----
    The optimum of the Lagrangian is convex in the multiplier, and its slope is minus
    the spend of the optimal division. The next multiplier is the one at which a
    division above and a division within the budget are equally good: if no division is
    better there, it is the minimiser.
    """
    free = problem.with_constraints(replace(problem.constraints, budget=math.inf))
    minimum_cost = problem.objective.minimum_cost(float(problem.n[-1]))
    unit = _ROUNDING * (abs(problem.constraints.budget) + abs(problem.spend(relaxed)))
    unit += minimum_cost.rounding
    cheap = _best(free.with_objective(minimum_cost))
    if cheap is None or problem.spend(cheap) > problem.max_spend:
        return None
    dear, divisions = relaxed, [relaxed, cheap]
    best_multiplier, bound = 0.0, problem.objective_value(relaxed)
    for _ in range(_MAX_MULTIPLIERS):
        run = problem.spend(dear) - problem.spend(cheap)
        if run <= unit:
            break
        rise = problem.objective_value(dear) - problem.objective_value(cheap)
        multiplier = max(0.0, rise / run)
        objective = problem.objective.penalised(multiplier, unit)
        division = _best(free.with_objective(objective))
        assert division is not None
        divisions.append(division)
        optimum = _lagrangian(problem, division, multiplier)
        candidate = optimum + multiplier * problem.max_spend + objective.rounding
        if candidate < bound:
            best_multiplier, bound = multiplier, candidate
        if optimum <= _lagrangian(problem, cheap, multiplier) + objective.rounding:
            break
        if problem.spend(division) > problem.max_spend:
            dear = division
        else:
            cheap = division
    return DualSolution(best_multiplier, unit, bound, divisions)


def _lagrangian(problem: CutProblem, division: Division, multiplier: float) -> float:
    return problem.objective_value(division) - multiplier * problem.spend(division)


def _best(problem: CutProblem) -> Division | None:
    """Return the best division, whatever it spends."""
    if problem.constraints.has_rates:
        return best_with_rates(problem)
    n, y = pruned(problem.n, problem.y, [problem.objective], problem.limits)
    return best_division(n, y, problem.objective, problem.limits)


def _best_known(problem: CutProblem, dual: DualSolution) -> Division | None:
    """Return the best local optimum from divisions of the dual and mixtures of them.

    Cuts move only between borders that may lead to more than the best of the former.
    """
    starts = dual.divisions[-_MAX_STARTS:]
    starts += [
        mixture
        for lower, upper in pairwise(starts)
        for mixture in _mixtures(lower, upper, problem.limits)
    ]
    # The minimum-cost division is within the budget, even if no other one is.
    starts.append(dual.divisions[1])
    values = [problem.objective_value(d) for d in starts if problem.is_feasible(d)]
    value = max(values, default=-math.inf)
    objective = problem.objective.penalised(dual.multiplier, dual.rounding)
    floor = value - dual.multiplier * problem.max_spend if dual.multiplier else value
    n, _ = pruned(problem.n, problem.y, [objective], problem.limits, floor)
    borders = [np.searchsorted(problem.n, n), *(problem.cuts(d) for d in starts)]
    narrowed = problem.at_borders(np.unique(np.concatenate(borders)))
    optima = [local_search(narrowed, division) for division in starts]
    feasible = [division for division in optima if division is not None]
    return max(feasible, key=problem.objective_value, default=None)


def _mixtures(first: Division, second: Division, limits: Limits) -> Iterator[Division]:
    """Yield legal divisions: the lower cuts of one, the upper cuts of the other."""
    if first.tiers != second.tiers:
        return
    for t in range(1, len(first.n_below)):
        for lower, upper in ((first, second), (second, first)):
            size = upper.n_below[t] - lower.n_below[t - 1]
            if size > 0 and limits.low <= size <= limits.high:
                yield Division(
                    lower.tiers,
                    lower.n_below[:t] + upper.n_below[t:],
                    lower.y_below[:t] + upper.y_below[t:],
                )


def close_gap(
    problem: CutProblem, dual: DualSolution, best: Division | None
) -> Incumbent:
    """Return the best division after a search for any better one.

    The bound covers the borders that are not searched and the labels that are dropped.
    """
    bound = dual.bound
    for width, n_borders in _SEARCHES:
        value = -math.inf if best is None else problem.objective_value(best)
        narrowed, lost = relevant_borders(problem, dual, value, n_borders)
        if narrowed is None:
            break
        search = _search(narrowed, dual, value, lost, width)
        better = search.run()
        best = best if better is None else better
        if search.lost <= search.to_beat():
            return Incumbent(best, search.best, is_proved=True)
        penalty = dual.multiplier * problem.max_spend
        bound = min(bound, max(search.best, search.lost + penalty))
    return Incumbent(best, bound, is_proved=False)


def _search(
    problem: CutProblem, dual: DualSolution, value: float, lost: float, width: int
) -> LabelSearch | ParetoSearch:
    """Return the search that the constraints need."""
    kind = LabelSearch if _are_labels_apart(problem) else ParetoSearch
    return kind(problem, dual.multiplier, dual.rounding, value, lost, width)


def _are_labels_apart(problem: CutProblem) -> bool:
    """Tell whether labels at different borders do not compare."""
    return problem.constraints.has_rates or problem.limits.high < problem.n[-1]


def relevant_borders(
    problem: CutProblem, dual: DualSolution, value: float, n_borders: int
) -> tuple[CutProblem | None, float]:
    """Return the problem at the borders of divisions that may beat a value.

    Returns
    -------
    narrowed : CutProblem or None
        At most `n_borders` borders, and as many as the search can take; None if too
        many remain to compute a bound for each.
    lost : float
        Largest bound of a border that had to be dropped.
    """
    objective = problem.objective.penalised(dual.multiplier, dual.rounding)
    floor = value - dual.multiplier * problem.max_spend if dual.multiplier else value
    n, y = pruned(problem.n, problem.y, [objective], problem.limits, floor)
    if len(n) > _MAX_BOUNDED:
        return None, -math.inf
    [(_, bounds)] = bounds_through(exact_positions(n, y), objective, problem.limits)
    bounds[[0, -1]] = np.inf
    if problem.constraints.has_rates:
        n_borders = max_borders(problem)
    elif _are_labels_apart(problem):
        n_borders = min(n_borders, _MAX_BORDERS_APART)
    kept, lost = _largest(bounds, floor - 4 * objective.rounding, n_borders)
    return replace(problem, n=n[kept], y=y[kept]), lost


def _largest(bounds: FloatArray, floor: float, limit: int) -> tuple[IntArray, float]:
    """Return the positions of the largest bounds, and the largest of the rest."""
    positions = np.flatnonzero(bounds >= floor)
    if len(positions) <= limit:
        return positions, -math.inf
    order = positions[np.argsort(-bounds[positions], kind="stable")]
    return np.sort(order[:limit]), float(bounds[order[limit]])
