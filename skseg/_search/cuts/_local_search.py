"""Local search: divisions improved by moving one cut at a time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._problem import CutProblem, Division

_MAX_ROUNDS = 20


def local_search(problem: CutProblem, division: Division) -> Division | None:
    """Return a division that no move of one cut improves, None if none is feasible.

    Every cut in turn moves to its best border while the others stay, until none moves.
    The division to start from need not be feasible.
    """
    tiers, cuts = division.tiers, [*problem.cuts(division).tolist()]
    value = -np.inf
    if problem.is_feasible(division):
        value = problem.objective_value(division)
    for _ in range(_MAX_ROUNDS):
        before = value
        for t in range(len(cuts)):
            border, candidate = _best_border(problem, tiers, cuts, t)
            if candidate > value + problem.objective.rounding:
                cuts[t], value = border, candidate
        if value <= before:
            break
    return problem.division(tiers, cuts) if value > -np.inf else None


def _best_border(
    problem: CutProblem, tiers: list[int], cuts: list[int], t: int
) -> tuple[int, float]:
    """Return the best border for one cut, and the objective value there."""
    all_cuts = [0, *cuts, len(problem.n) - 1]
    borders = _legal_borders(problem, all_cuts[t], all_cuts[t + 2])
    if not len(borders):
        return 0, -np.inf
    objective, (i, j) = problem.objective, tiers[t : t + 2]
    division = problem.division(tiers, cuts)
    moved_n = problem.n[borders] - problem.n[cuts[t]]
    moved_y = problem.y[borders] - problem.y[cuts[t]]
    values = problem.objective_value(division) + objective.profit(i, moved_n, moved_y)
    values -= objective.profit(j, moved_n, moved_y)
    if problem.constraints.budget < np.inf:
        spend = problem.spend(division)
        spends = spend + (objective.cost[i] - objective.cost[j]) * moved_n
        values[~(spends <= problem.max_spend)] = -np.inf
    if problem.constraints.has_rates:
        values[~_has_legal_rates(problem, all_cuts, t, borders)] = -np.inf
    best = int(values.argmax())
    return int(borders[best]), float(values[best])


def _legal_borders(problem: CutProblem, below: int, above: int) -> IntArray:
    """Return the borders at which tiers on both sides have a legal size."""
    n, limits = problem.n, problem.limits
    least = max(n[below] + limits.low, n[above] - limits.high)
    most = min(n[above] - limits.low, n[below] + limits.high)
    first = max(below + 1, int(np.searchsorted(n, least, "left")))
    stop = min(above, int(np.searchsorted(n, most, "right")))
    return np.arange(first, stop)


def _has_legal_rates(
    problem: CutProblem, all_cuts: list[int], t: int, borders: IntArray
) -> BoolArray:
    """Tell at which borders for one cut the rates of all neighbours are allowed."""
    rates = problem.constraints.rates
    assert rates is not None
    n, y = problem.n, problem.y
    tier_rates: list[FloatArray] = []
    for k in range(len(all_cuts) - 1):
        low = borders if k == t + 1 else np.full(1, all_cuts[k])
        high = borders if k == t else np.full(1, all_cuts[k + 1])
        tier_rates.append((y[high] - y[low]) / (n[high] - n[low]))
    is_legal = np.ones(len(borders), dtype=bool)
    for lower, upper in pairwise(tier_rates):
        is_legal &= rates.allows(lower, upper)
    return is_legal
