"""The best division at given borders, whatever is asked of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._budget import Price, best_price, best_within_budget
from ._menu import Goal
from ._moves import improved
from ._positions import Limits
from ._rate_bounds import narrowed
from ._rates import best_with_rates, most_borders
from ._side import Found, Side, Task
from ._sweep import Division, best_division, pruned

# Borders of the first grid, and how often it is drawn closer around the best cuts.
_GRID = 300
_MOST_GRIDS = 8


def solve_at(
    n: FloatArray, y: FloatArray, goal: Goal, limits: Limits, side: Side
) -> tuple[Division | None, float]:
    """Return the best division with cuts at given borders, and a bound from above.

    Parameters
    ----------
    n, y : ndarray of float64 of shape (n_borders,)
        Sizes and conversions below each border, ascending, both ends included: the
        first are 0, the last the totals. Differences are exact, or rounded as the
        values may be.
    goal : Goal
        What is to be largest. `Goal.settled` decides its ties.
    limits : Limits
        Of sizes.
    side : Side
        What else is asked.

    Returns
    -------
    division : Division or None
        None if there is none, or if none was found.
    upper_bound : float
        No division makes more: the value of this one if that is proved, -inf if it is
        proved that there is none.
    """
    apart = np.diff(n) > 0
    if not apart.all():
        # No tier is empty.
        kept = np.append(True, apart)
        n, y = n[kept], y[kept]
    division = best_division(n, y, goal, limits) if len(n) > 1 else None
    if division is None:
        return None, -math.inf
    task = Task(n, y, goal, limits, side)
    if side.is_free or task.admits(division):
        return division, task.value(division)
    found = solve(task, division)
    return found.division, upper_bound(task, found)


def upper_bound(task: Task, found: Found) -> float:
    """Return what no division makes more than."""
    if found.division is None:
        return found.bound + (0.0 if found.is_proved else _ties(task))
    value = task.value(found.division)
    return value if found.is_proved else max(value, found.bound + _ties(task))


def _ties(task: Task) -> float:
    return task.goal.n_tiers * task.goal.tie + task.goal.rounding


def solve(task: Task, relaxed: Division) -> Found:
    """Return the best division.

    Parameters
    ----------
    task : Task
        What is asked.
    relaxed : Division
        The best one if nothing but sizes were asked.

    Notes
    -----
    A budget alone: `best_within_budget`. Rates: `best_with_rates` among as many borders
    as it can take. Of more borders, a grid that is drawn closer around its best cuts
    yields a division. Borders that can lead to no better one are left out (`narrowed`);
    if few enough remain, the best among these is the best of all.
    """
    if not task.side.has_rates:
        return best_within_budget(task, relaxed)
    if len(task.n) <= most_borders(task):
        return _best_of_few(task)
    price = Price(0.0, 0.0, task.score(relaxed), [relaxed])
    if task.spend(relaxed) > task.most_spent:
        lowest = best_price(task.asked(replace(task.side, rates=None)), relaxed)
        if lowest is None:
            return Found(None, -math.inf, is_proved=True)
        price = lowest
    best = _from_grids(task, price.seen)
    score = -math.inf if best is None else task.score(best)
    some, bound = _left(task, price, score)
    if bound == -math.inf:
        return Found(None, bound, is_proved=True)
    bound = min(bound, price.bound)
    if len(some.n) <= most_borders(some):
        found = _best_of_few(some)
        if found.is_proved:
            return found
        bound = min(bound, found.bound)
        best = max(_known(best, found.division), key=task.score, default=None)
        score = -math.inf if best is None else task.score(best)
    return Found(best, max(bound, score), is_proved=False)


def _known(*divisions: Division | None) -> list[Division]:
    return [one for one in divisions if one is not None]


def _left(task: Task, price: Price, score: float) -> tuple[Task, float]:
    """Return the borders that may lead to more than a score, and a bound of it."""
    goal = task.goal.priced(price.price, price.rounding)
    paid = price.price * task.most_spent if price.price else 0.0
    n, y = pruned(task.n, task.y, [goal], task.limits, score - paid)
    some, bound = narrowed(replace(task, n=n, y=y, goal=goal), score - paid)
    return some.with_goal(task.goal), bound + paid


def _best_of_few(task: Task) -> Found:
    free = task.asked(replace(task.side, budget=math.inf))
    division = best_with_rates(free)
    if division is None:
        return Found(None, -math.inf, is_proved=True)
    if task.admits(division):
        return Found(division, task.score(division), is_proved=True)
    return best_within_budget(task, division)


def _from_grids(task: Task, seen: list[Division]) -> Division | None:
    """Return the best division found between borders on ever finer grids."""
    best, width = None, len(task.n) // _GRID + 1
    at = even(task, min(_GRID, most_borders(task) // 2))
    around = np.unique(np.concatenate([task.cuts(one) for one in seen[-2:]]))
    for _ in range(_MOST_GRIDS):
        kept = np.unique(np.concatenate([at, around, [0, len(task.n) - 1]]))
        division = _best_of_few(task.at(kept)).division
        better = None if division is None else improved(task, division)
        if better is not None and (
            best is None or task.score(better) > task.score(best)
        ):
            best = better
        if best is None or width == 0:
            break
        around = task.cuts(best)
        at, width = _close(task, around, width), width // 8
    return best


def even(task: Task, n_borders: int) -> IntArray:
    """Return so many borders, about as many rows apart."""
    wanted = np.linspace(0.0, task.n[-1], n_borders + 1)
    places = np.searchsorted(task.n, wanted)
    return np.unique(np.minimum(places, len(task.n) - 1)).astype(np.intp)


def _close(task: Task, cuts: IntArray, width: int) -> IntArray:
    """Return borders around each of some cuts, and a coarse grid."""
    count = min(_GRID, most_borders(task) // 2) // (2 * max(1, len(cuts)))
    step = max(1, width // max(1, count))
    some = cuts[:, np.newaxis] + np.arange(-count, count + 1) * step
    return np.asarray(np.clip(some.ravel(), 0, len(task.n) - 1))
