"""Divisions made better by moving one cut at a time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._side import Task
from ._sweep import Division

_MOST_ROUNDS = 20


def improved(task: Task, division: Division) -> Division | None:
    """Return what a division becomes if cuts move one by one, None if nothing legal.

    Every cut in turn goes where the value of all is largest, the others staying, until
    none moves. The division given need not be within the budget.
    """
    tiers, cuts = division.tiers, [*task.cuts(division).tolist()]
    score = task.score(division) if task.admits(division) else -np.inf
    for _ in range(_MOST_ROUNDS):
        before = score
        for t in range(len(cuts)):
            place, found = _best_place(task, tiers, cuts, t)
            if found > score + task.goal.rounding:
                cuts[t], score = place, found
        if score <= before:
            break
    return task.division(tiers, cuts) if score > -np.inf else None


def _best_place(
    task: Task, tiers: list[int], cuts: list[int], t: int
) -> tuple[int, float]:
    """Return where one cut is best, and the score with it there."""
    ends = [0, *cuts, len(task.n) - 1]
    places = _places(task, ends[t], ends[t + 2])
    if not len(places):
        return 0, -np.inf
    goal, (i, j) = task.goal, tiers[t : t + 2]
    n, y = task.n[places], task.y[places]
    here = task.division(tiers, cuts)
    moved_n, moved_y = n - task.n[cuts[t]], y - task.y[cuts[t]]
    scores = task.score(here) + goal.worth(i, moved_n, moved_y)
    scores -= goal.worth(j, moved_n, moved_y)
    if task.side.budget < np.inf:
        spends = task.spend(here) + (goal.cost[i] - goal.cost[j]) * moved_n
        scores[~(spends <= task.most_spent)] = -np.inf
    if task.side.has_rates:
        scores[~_rates_fit(task, ends, t, places)] = -np.inf
    at = int(scores.argmax())
    return int(places[at]), float(scores[at])


def _places(task: Task, below: int, above: int) -> IntArray:
    """Return the borders at which tiers on both sides have a legal size."""
    n, limits = task.n, task.limits
    least = max(n[below] + limits.low, n[above] - limits.high)
    most = min(n[above] - limits.low, n[below] + limits.high)
    first = max(below + 1, int(np.searchsorted(n, least, "left")))
    stop = min(above, int(np.searchsorted(n, most, "right")))
    return np.arange(first, stop)


def _rates_fit(task: Task, ends: list[int], t: int, places: IntArray) -> BoolArray:
    """Tell for which places of a cut the rates of all neighbours fit."""
    rates = task.side.rates
    assert rates is not None
    column: list[FloatArray] = []
    for k in range(len(ends) - 1):
        low = places if k == t + 1 else np.full(1, ends[k])
        high = places if k == t else np.full(1, ends[k + 1])
        column.append((task.y[high] - task.y[low]) / (task.n[high] - task.n[low]))
    fits = np.ones(len(places), dtype=bool)
    for lower, upper in pairwise(column):
        fits &= rates.fits(lower, upper)
    return fits
