"""The best division within a budget: Lagrangian relaxation and label-setting search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._dual import DualSolution, solve_dual
from ._dynamic_program import bounds_through, pruned
from ._label_setting import LabelSearch
from ._local_search import local_search
from ._pareto import ParetoSearch
from ._positions import Limits, exact_positions
from ._problem import CutProblem, Division, Incumbent
from ._rates import max_borders

# Largest number of divisions from the dual that local search starts from.
_MAX_INITIAL = 10
# Largest number of borders that each get a bound of their own.
_MAX_BOUNDED = 1 << 16
# Width (labels at a border, or of a tier) and number of borders of successive searches,
# and that number if labels at different borders do not compare.
_SEARCHES = ((200, 1000, 600), (3000, 4000, 2400))


def best_within_budget(problem: CutProblem, relaxed: Division) -> Incumbent:
    """Return the best division within the budget; `relaxed` is the best without one.

    The optimum of the Lagrangian at any multiplier is an upper bound of what divisions
    within the budget make; `solve_dual` finds the multiplier of the lowest bound.
    Divisions met on the way are improved by local search. Borders whose own bound is
    below the best of these are dropped, and among the others runs a label-setting
    search, whose labels are pruned by bounds and by dominance. It is exact unless it
    has to drop labels; their largest bound is then returned. With rates, there may be
    at most `max_borders` borders.
    """
    dual = solve_dual(problem, relaxed)
    if dual is None:
        return Incumbent(None, -math.inf, is_proved=True)
    return close_gap(problem, dual, _best_known(problem, dual))


def _best_known(problem: CutProblem, dual: DualSolution) -> Division | None:
    """Return the best local optimum from divisions of the dual and mixtures of them.

    Cuts move only between borders that may lead to more than the best of the former.
    """
    initial = dual.divisions[-_MAX_INITIAL:]
    initial += [
        mixture
        for lower, upper in pairwise(initial)
        for mixture in _mixtures(lower, upper, problem.limits)
    ]
    # The minimum-cost division is within the budget, even if no other one is.
    initial.append(dual.divisions[1])
    values = [problem.objective_value(d) for d in initial if problem.is_feasible(d)]
    value = max(values, default=-math.inf)
    candidates = pruned(dual.penalised(problem), value - dual.penalty(problem))
    borders = [np.searchsorted(problem.n, candidates.n), *map(problem.cuts, initial)]
    narrowed = problem.at_borders(np.unique(np.concatenate(borders)))
    optima = [local_search(narrowed, division) for division in initial]
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
    for width, n_comparable, n_apart in _SEARCHES:
        value = problem.objective_value(best)
        n_borders = n_apart if _are_labels_apart(problem) else n_comparable
        narrowed, lost = relevant_borders(problem, dual, value, n_borders)
        if narrowed is None:
            break
        kind = LabelSearch if _are_labels_apart(narrowed) else ParetoSearch
        search = kind(narrowed, dual, value, lost, width)
        better = search.run()
        best = best if better is None else better
        if search.lost <= search.to_beat():
            return Incumbent(best, search.best, is_proved=True)
        bound = min(bound, max(search.best, search.lost + dual.penalty(problem)))
    return Incumbent(best, bound, is_proved=False)


def _are_labels_apart(problem: CutProblem) -> bool:
    """Tell whether labels at different borders do not compare."""
    return problem.constraints.has_rates or problem.limits.high < problem.n[-1]


def relevant_borders(
    problem: CutProblem, dual: DualSolution, value: float, n_borders: int
) -> tuple[CutProblem | None, float]:
    """Return the problem at the borders of divisions that may beat a value.

    There are at most `n_borders` of them, and as many as the search can take; None if
    too many remain to compute a bound for each. The second result is the largest bound
    of a border that had to be dropped.
    """
    floor = value - dual.penalty(problem)
    penalised = pruned(dual.penalised(problem), floor)
    n, y, objective = penalised.n, penalised.y, penalised.objective
    if len(n) > _MAX_BOUNDED:
        return None, -math.inf
    [(_, bounds)] = bounds_through(exact_positions(n, y), objective, problem.limits)
    bounds[[0, -1]] = np.inf
    if problem.constraints.has_rates:
        n_borders = max_borders(problem)
    borders, lost = _largest(bounds, floor - 4 * objective.rounding, n_borders)
    return replace(problem, n=n[borders], y=y[borders]), lost


def _largest(bounds: FloatArray, floor: float, limit: int) -> tuple[IntArray, float]:
    """Return the positions of the largest bounds, and the largest of the rest."""
    positions = np.flatnonzero(bounds >= floor)
    if len(positions) <= limit:
        return positions, -math.inf
    order = positions[np.argsort(-bounds[positions], kind="stable")]
    return np.sort(order[:limit]), float(bounds[order[limit]])
