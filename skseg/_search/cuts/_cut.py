"""Rows cut by score into the tiers of largest value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Required, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._typing import FloatArray

from ._menu import Goal, Mode, make_goal
from ._positions import Blocks, Limits
from ._rows import Rows, Runs, read_rows
from ._side import Found, Rates, Side, Task, parts
from ._solve import solve, upper_bound
from ._sweep import (
    Division,
    best_division,
    blocks_that_matter,
    pruned,
    values_of,
)
from ._why import Nearest, nearest_bounds, why_impossible
from ._why_side import why_not


class Asked(TypedDict, total=False):
    """What is asked of cuts; see `optimal_cuts`."""

    gain: Required[npt.ArrayLike]
    cost: Required[npt.ArrayLike]
    fixed: npt.ArrayLike
    mode: Mode
    min_size: float
    max_size: float
    budget: float
    spent: float
    rates: Rates | None


@dataclass(frozen=True, slots=True)
class Cuts:
    """Outcome of `optimal_cuts`.

    Attributes
    ----------
    status : {"solved", "impossible"}
        "impossible": no division meets what is asked, which is proved if the gap is 0.
    tiers : tuple of int
        Positions in the menu of the tiers used, ascending; empty if impossible.
    cuts : tuple of float
        Thresholds between them, one less. A row belongs to the lower tier if and only
        if ``score <= threshold``.
    value : float
        What the division makes; -inf if impossible.
    upper_bound : float
        No division makes more.
    gap : float
        ``upper_bound - value``: 0.0 if proved, up to the rounding of the value.
    sizes, conversions : tuple of float
        Weighted sums of every tier used.
    spend : float
        What the tiers used cost.
    nearest : Nearest or None
        The smallest changes that make it possible; None if solved.
    why : str
        What stands in the way; empty if solved.
    """

    status: Literal["solved", "impossible"]
    tiers: tuple[int, ...]
    cuts: tuple[float, ...]
    value: float
    upper_bound: float
    gap: float
    sizes: tuple[float, ...] = ()
    conversions: tuple[float, ...] = ()
    spend: float = 0.0
    nearest: Nearest | None = None
    why: str = ""


def optimal_cuts(
    scores: FloatArray,
    conversions: npt.ArrayLike,
    *,
    weight: FloatArray | None = None,
    **asked: Unpack[Asked],
) -> Cuts:
    """Cut rows by score into tiers such that the value of all is largest.

    A tier i that is used, with weighted sums N of its rows and Y of their conversions,
    makes ``gain[i] * Y - cost[i] * N - fixed[i]``.

    Parameters
    ----------
    scores : ndarray of float64 of shape (n_rows,)
        Not NaN. Only their order and their ties matter.
    conversions : array-like of shape (n_rows,)
        Finite: 0 or 1, or what is expected of a row, per unit of weight.
    weight : ndarray of float64 of shape (n_rows,), default=None
        Not negative, 1 by default. A whole weight is a repetition; rows without weight
        decide nothing.
    gain, cost : array-like of shape (n_tiers,) or scalar
        Per conversion and per unit of weight, finite, for tiers in order of score, the
        first for the lowest. One of them at least has the length of the menu.
    fixed : array-like of shape (n_tiers,) or scalar, default=0.0
        Per tier used.
    mode : {"subset", "prefix", "exact"}, default="subset"
        Which tiers may stay unused: any, only the last ones, none.
    min_size, max_size : float, default=0.0, inf
        Bounds of the weight of every tier used.
    budget : float, default=inf
        Largest spend: the sum of ``cost[i] * N + fixed[i]`` over the tiers used.
    spent : float, default=0.0
        What part of the budget is spent anyway.
    rates : Rates or None, default=None
        What is asked of the conversion rates of neighbours.

    Returns
    -------
    Cuts
        Independent of the order of rows. Of equal values, the one of the fewest tiers;
        among these, from the lowest score up, the lowest tier and then the lowest cut
        that leave the optimum within reach. Values are equal that differ by less than
        1e-12, for every tier, of the money at stake: all conversions at the largest
        gain, and all rows at the lowest cost.

    Notes
    -----
    Sums are exact if weights and conversions are whole numbers. Others are rounded
    once, to multiples of 2**-52 of their total, and their sums are exact from there on.
    So no result depends on the order of adding up.

    A dynamic program takes the tiers in order [1]_: the best value of what is below a
    border, given the tier that ends there, is that tier's line ``gain * Y - cost * N``
    plus a running maximum over where it may begin, so that one tier costs O(n). A lower
    bound on sizes shifts the maximum, an upper bound makes a window of it.

    Few borders need it. Rows are counted in buckets of like scores. The best cuts
    between buckets bound the optimum from below. The dynamic program over buckets, in
    which a cut inside one takes the corner of its ``(N, Y)`` that is most favourable
    and sizes are as favourable as they can be, bounds from above what a cut inside a
    bucket can lead to. Only buckets in which this is no less than the bound from below
    have their rows sorted; coarse groups of buckets are tried first. Borders between
    these rows are pruned in the same manner, in ever smaller blocks, and what is left
    is solved exactly. Where nothing can be pruned, this is a sort and the O(n K)
    dynamic program.

    A budget or rates that these cuts do not meet take more: `best_within_budget` looks
    for the price of money at which the budget is just kept [2]_ and then closes the gap
    that remains, `best_with_rates` is a dynamic program over pairs of borders, of which
    no more than some hundreds can be taken. Both are exact as long as few enough
    borders can lead to anything better than the best division found. If not, that one
    is returned and the gap is what it may fall short by. "impossible" is not proved
    then, either: the gap is inf. Of equal values, any may be the one returned.

    References
    ----------
    .. [1] R. Bellman (1961), On the approximation of curves by line segments using
       dynamic programming. Communications of the ACM 4 (6), 284.
    .. [2] H. Everett (1963), Generalized Lagrange multiplier method for solving
       problems of optimum allocation of resources. Operations Research 11 (3), 399-417.

    Examples
    --------
    >>> scores = np.array([0.1, 0.2, 0.25, 0.75, 0.8, 0.9])
    >>> conversions = np.array([0, 0, 0, 1, 0, 1])
    >>> found = optimal_cuts(scores, conversions, gain=[10, 20], cost=[0, 4])
    >>> found.tiers, found.cuts, found.value
    ((0, 1), (0.5,), 28.0)
    """
    return cut_rows(as_rows(scores, conversions, weight), **asked)


def value_path(
    scores: FloatArray,
    conversions: npt.ArrayLike,
    *,
    weight: FloatArray | None = None,
    **asked: Unpack[Asked],
) -> FloatArray:
    """Return the largest value for every number of tiers used.

    Parameters
    ----------
    scores, conversions, weight, gain, cost, fixed, mode, min_size, max_size, \
budget, rates
        As for `optimal_cuts`.

    Returns
    -------
    ndarray of float64 of shape (n_tiers,)
        For 1, 2, ... tiers; NaN where no division has so many. With a budget or rates
        and many rows, the best value found, as in `optimal_cuts`.

    Notes
    -----
    Bounds and pruning are those of `optimal_cuts`, for every number of tiers at once,
    with the number as a further state of the dynamic program if any tier may stay
    unused: O(n K^2) a number where nothing can be pruned.
    """
    return path_of_rows(as_rows(scores, conversions, weight), **asked)


def as_rows(
    scores: FloatArray, conversions: npt.ArrayLike, weight: FloatArray | None
) -> Rows:
    """Return what `cut_rows` and `path_of_rows` read, so that it is read once."""
    scores = np.asarray(scores, dtype=np.float64)
    if weight is not None:
        weight = np.asarray(weight, dtype=np.float64)
    return read_rows(scores, np.asarray(conversions), weight)


def cut_rows(rows: Rows, **asked: Unpack[Asked]) -> Cuts:
    """Return `optimal_cuts` of rows that have been read."""
    goal, bounds, limits, side = _read(rows, asked)
    n, y, runs = _candidates(rows, [goal], limits)
    division = best_division(n, y, goal, limits) if n[-1] > 0 else None
    if division is None:
        nearest = nearest_bounds(_all_runs(rows).n, goal, limits)
        return _impossible(nearest, why_impossible(nearest, goal, bounds, n[-1]))
    task, proved = Task(n, y, goal, limits, side), True
    found = Found(division, task.score(division), proved)
    if not task.admits(division):
        runs = _all_runs(rows)
        task = replace(task, n=runs.n, y=runs.y)
        found = solve(task, division)
    if found.division is None:
        nearest, why = why_not(task, found)
        return _impossible(nearest, why, upper_bound(task, found))
    return _solved(task, found, runs)


def path_of_rows(rows: Rows, **asked: Unpack[Asked]) -> FloatArray:
    """Return `value_path` of rows that have been read."""
    goal, _, limits, side = _read(rows, asked)
    path = np.full(goal.n_tiers, -math.inf)
    n, y, _ = _candidates(rows, goal.all_counts(), limits)
    if n[-1] > 0 and side.is_free:
        for one in goal.all_counts():
            values = values_of(n, y, replace(one, tie=0.0), limits)
            if goal.skips:
                path[:] = values
            else:
                path[one.n_tiers - 1] = values[-1]
    elif n[-1] > 0:
        task = Task(n, y, goal, limits, side)
        every = cache(lambda: _all_runs(rows))
        for k, one in goal.by_count():
            path[k - 1] = _best_value(task.with_goal(one), every)
    return np.where(path > -math.inf, path, np.nan)


def threshold_between(low: float, high: float) -> float:
    """Return the middle of two scores, such that ``low <= threshold < high``."""
    middle = low / 2 + high / 2
    if math.isfinite(high - low):
        middle = low + (high - low) / 2
    if math.isnan(middle):
        return 0.0
    return middle if low <= middle < high else low


def _read(rows: Rows, asked: Asked) -> tuple[Goal, SizeBounds, Limits, Side]:
    gain, cost, fixed = _menu(asked["gain"], asked["cost"], asked.get("fixed", 0.0))
    total = float(rows.n.sum())
    goal = make_goal(gain, cost, fixed, asked.get("mode", "subset"))
    goal = goal.settled(total, float(rows.up.sum() + rows.down.sum()))
    sizes = asked.get("min_size", 0.0), asked.get("max_size", math.inf)
    spent = asked.get("spent", 0.0)
    side = Side(asked.get("budget", math.inf) - spent, asked.get("rates"), spent)
    return goal, *_limits(rows, total, *sizes), side


def _menu(*parts: npt.ArrayLike) -> list[FloatArray]:
    arrays = [np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in parts]
    return [np.array(part) for part in np.broadcast_arrays(*arrays)]


def _limits(
    rows: Rows, total: float, min_size: float, max_size: float
) -> tuple[SizeBounds, Limits]:
    """Return the bounds, rounded to steps in which differences of sums are exact."""
    weight = np.ones(1) if rows.weight is None else rows.weight
    bounds = size_bounds(min_size, max_size, weight)
    if total == 0:
        return bounds, Limits(bounds.low, bounds.high)
    step = math.ldexp(1.0, max(math.frexp(total)[1] - 52, -1074))
    if (weight == np.floor(weight)).all():
        step = 1.0
    low = math.ceil(min(bounds.low, 2 * total) / step) * step
    high = math.inf
    if bounds.high < total:
        high = math.floor(bounds.high / step) * step
    return bounds, Limits(low, high, step)


def _candidates(
    rows: Rows, goals: Sequence[Goal], limits: Limits
) -> tuple[FloatArray, FloatArray, Runs]:
    """Return the sums below all borders that can matter, ends included.

    And the distinct scores on both sides of them, among others.
    """
    n, y = rows.edges()
    wanted = np.ones(len(rows.n), dtype=bool)
    if rows.codes is not None:
        wanted = rows.n > 0
        least, most = (y[:-1] - rows.down)[wanted], (y[:-1] + rows.up)[wanted]
        filled = np.append(wanted, True)
        blocks = Blocks(
            n[filled], y[filled], n[:-1][wanted], n[1:][wanted], least, most
        )
        at_edge, inside = blocks_that_matter(blocks, goals, limits)
        # Both buckets at an edge know the scores beside it; beside the ends is no cut.
        at_edge[[0, -1]] = False
        wanted[wanted] = inside | at_edge[:-1] | at_edge[1:]
    runs = rows.sorted_runs(wanted)
    stop = np.searchsorted(runs.n, n[-1])
    n = np.concatenate([[0.0], runs.n[:stop], n[-1:]])
    y = np.concatenate([[0.0], runs.y[:stop], y[-1:]])
    return *pruned(n, y, goals, limits), runs


def _thresholds(division: Division, runs: Runs) -> tuple[float, ...]:
    at = np.searchsorted(runs.n, division.below)
    pairs = zip(runs.scores[at].tolist(), runs.scores[at + 1].tolist(), strict=True)
    return tuple(threshold_between(low, high) for low, high in pairs)


def _all_runs(rows: Rows) -> Runs:
    """Return the sums below all borders, ends included, with the scores below them."""
    runs = rows.sorted_runs(np.ones(len(rows.n), dtype=bool))
    kept = np.diff(runs.n, prepend=0.0) > 0
    scores, n, y = (part[kept] for part in (runs.scores, runs.n, runs.y))
    y[-1:] = runs.y[-1:]
    zero = np.zeros(1)
    return Runs(*(np.concatenate([zero, part]) for part in (scores, n, y)))


def _best_value(task: Task, every: Callable[[], Runs]) -> float:
    """Return the largest value found, -inf if there is none."""
    division = best_division(task.n, task.y, task.goal, task.limits)
    if division is not None and not task.admits(division):
        task = replace(task, n=every().n, y=every().y)
        division = solve(task, division).division
    return -math.inf if division is None else task.value(division)


def _solved(task: Task, found: Found, runs: Runs) -> Cuts:
    division = found.division
    assert division is not None
    sizes, sums = parts(division, task.n, task.y)
    value, bound = task.value(division), upper_bound(task, found)
    return Cuts(
        "solved",
        tuple(division.tiers),
        _thresholds(division, runs),
        value,
        bound,
        bound - value,
        tuple(sizes.tolist()),
        tuple(sums.tolist()),
        min(task.spend(division), task.side.budget),
    )


def _impossible(nearest: Nearest, why: str, bound: float = -math.inf) -> Cuts:
    gap = 0.0 if bound == -math.inf else math.inf
    return Cuts("impossible", (), (), -math.inf, bound, gap, nearest=nearest, why=why)
