"""Rows cut by score into the tiers of largest profit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Unpack

import numpy as np
import numpy.typing as npt

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._typing import BoolArray, FloatArray

from ._dynamic_program import (
    best_division,
    best_values,
    pruned_sums,
    relevant_blocks,
)
from ._infeasible_constraints import explain_constraints
from ._infeasible_sizes import (
    Explanation,
    NearestFeasible,
    explain_sizes,
    nearest_feasible_bounds,
)
from ._objective import Objective, make_objective
from ._positions import Blocks, Limits
from ._problem import Constraints, CutProblem, Division, Incumbent
from ._rows import Rows, Runs, bucket_sums, read_rows
from ._solve import solve, solve_at, upper_bound
from ._types import CutOptions, Cuts


def optimal_cuts(
    scores: FloatArray,
    conversions: npt.ArrayLike,
    *,
    weight: FloatArray | None = None,
    **options: Unpack[CutOptions],
) -> Cuts:
    """Cut rows by score into the tiers of largest total profit.

    A tier i that is used, with weighted sums N of its rows and Y of their conversions,
    makes ``revenue[i] * Y - cost[i] * N - fixed_cost[i]``. `CutOptions` are this menu
    and the constraints. Scores are not NaN; only their order and their ties matter.
    Conversions are finite, 0 or 1 or expected ones, per unit of weight. Weights are not
    negative, 1 by default. A whole weight is a repetition; rows without weight decide
    nothing.

    The result does not depend on the order of rows. Of equal values, it is the one of
    the fewest tiers; among these, from the lowest score up, the lowest tier and then
    the lowest cut that leave the optimum within reach. Values are equal if they differ
    by less than 1e-12, for every tier, of the money at stake: all conversions at the
    largest revenue, and all rows at the lowest cost.

    Sums are exact if weights and conversions are whole numbers. Others are rounded
    once, to multiples of 2**-52 of their total, and their sums are exact from there on.

    A dynamic program takes the tiers in order [1]_: the best value of the rows below a
    border, given the tier that ends there, is that tier's ``revenue * Y - cost * N``
    plus a running maximum over the borders at which it may start, so that one tier
    takes O(n). A lower bound on sizes shifts the maximum, an upper bound makes it one
    over a sliding window.

    Few borders need it. Rows are counted in buckets of similar scores. The best cuts
    between buckets are a lower bound of the optimum. The dynamic program over buckets,
    in which a cut inside a bucket takes the most favourable corner of its ``(N, Y)``
    and sizes are as favourable as they can be, is an upper bound of what a cut inside a
    bucket can reach. Only buckets whose upper bound is no less than the lower bound
    have their rows sorted; coarse groups of buckets are tried first. Borders between
    these rows are pruned in the same manner, in ever smaller blocks, and the rest is
    solved exactly. Where nothing can be pruned, this is a sort and the O(n K) dynamic
    program.

    If these cuts violate a budget or rates, `best_within_budget` finds the Lagrange
    multiplier of the budget [2]_ and closes the remaining duality gap, and
    `best_with_rates` is a dynamic program over pairs of borders, of which it can take
    some hundreds. Both are exact as long as few enough borders may beat the best
    division found. If not, that division is returned with the gap by which it may fall
    short. An "infeasible" is not proved in this case, either: the gap is inf. Of equal
    values, any may be returned.

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
    >>> cuts = optimal_cuts(scores, conversions, revenue=[10, 20], cost=[0, 4])
    >>> cuts.tiers, cuts.cut_points, cuts.value
    ((0, 1), (0.5,), 28.0)
    """
    return cut_rows(read_rows(scores, conversions, weight), **options)


def cut_rows(rows: Rows, **options: Unpack[CutOptions]) -> Cuts:
    """Return `optimal_cuts` of rows that have been read."""
    objective, bounds, limits, constraints = _read(rows, options)
    n, y, runs = _candidates(rows, [objective], limits)
    problem = CutProblem(n, y, objective, limits, constraints)
    division = best_division(problem) if n[-1] > 0 else None
    if division is None:
        nearest = nearest_feasible_bounds(_all_runs(rows).n, objective, limits)
        explanation = explain_sizes(nearest, objective, bounds, n[-1])
        return _infeasible(nearest, explanation)
    value = problem.objective_value(division)
    incumbent = Incumbent(division, value, is_proved=True)
    if not problem.is_feasible(division):
        runs = _all_runs(rows)
        problem = replace(problem, n=runs.n, y=runs.y)
        incumbent = solve(problem, division)
    if incumbent.division is None:
        nearest, explanation = explain_constraints(problem, incumbent)
        bound = upper_bound(problem, incumbent)
        return _infeasible(nearest, explanation, bound)
    return _solved(problem, incumbent, incumbent.division, runs)


def path_of_rows(rows: Rows, **options: Unpack[CutOptions]) -> FloatArray:
    """Return the largest value with 1, 2, ... tiers used, NaN where that is infeasible.

    With a budget or rates and many rows it is the best value found, as in
    `optimal_cuts`. All numbers of tiers are solved at once, with the number as a
    further state of the dynamic program if any tier may stay unused: O(n K^2) a number
    where nothing can be pruned.
    """
    objective, _, limits, constraints = _read(rows, options)
    path = np.full(objective.n_tiers, -math.inf)
    n, y, _ = _candidates(rows, objective.all_counts(), limits)
    if n[-1] > 0 and constraints.is_unconstrained:
        for counted in objective.all_counts():
            values = best_values(n, y, replace(counted, tie=0.0), limits)
            if objective.may_skip:
                path[:] = values
            else:
                path[counted.n_tiers - 1] = values[-1]
    elif n[-1] > 0:
        problem = CutProblem(n, y, objective, limits, constraints)
        all_runs = cache(lambda: _all_runs(rows))
        for k, counted in objective.by_count():
            path[k - 1] = _best_value(problem.with_objective(counted), all_runs)
    return np.where(path > -math.inf, path, np.nan)


def cut_bins(
    n: FloatArray, y: FloatArray, **options: Unpack[CutOptions]
) -> Division | None:
    """Return the best division of bins of whole rows, None if infeasible.

    `n` and `y` are numbers of rows and conversions below every bin, and of all rows.
    """
    objective, constraints = _read_menu(options)
    objective = objective.with_tie_break(float(n[-1]), float(np.abs(np.diff(y)).sum()))
    low, high = options.get("min_size", 0.0), options.get("max_size", math.inf)
    limits = Limits(math.ceil(low), math.floor(high) if high < n[-1] else math.inf)
    return solve_at(CutProblem(n, y, objective, limits, constraints))[0]


def _read(
    rows: Rows, options: CutOptions
) -> tuple[Objective, SizeBounds, Limits, Constraints]:
    objective, constraints = _read_menu(options)
    total = float(rows.n.sum())
    objective = objective.with_tie_break(total, float(rows.up.sum() + rows.down.sum()))
    sizes = options.get("min_size", 0.0), options.get("max_size", math.inf)
    return objective, *_read_sizes(rows, total, *sizes), constraints


def _read_menu(options: CutOptions) -> tuple[Objective, Constraints]:
    arrays = [
        np.atleast_1d(np.asarray(money, dtype=np.float64))
        for money in (
            options["revenue"],
            options["cost"],
            options.get("fixed_cost", 0.0),
        )
    ]
    revenue, cost, fixed_cost = map(np.array, np.broadcast_arrays(*arrays))
    spent = options.get("spent", 0.0)
    budget = options.get("budget", math.inf) - spent
    constraints = Constraints(budget, options.get("rates"), spent)
    mode = options.get("mode", "subset")
    return make_objective(revenue, cost, fixed_cost, mode), constraints


def _read_sizes(
    rows: Rows, total: float, min_size: float, max_size: float
) -> tuple[SizeBounds, Limits]:
    """Return the bounds, and the same in steps for which differences are exact."""
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
    rows: Rows, objectives: Sequence[Objective], limits: Limits
) -> tuple[FloatArray, FloatArray, Runs]:
    """Return the sums below the borders that an optimum may cut at, and runs.

    Both ends are included. The runs have the scores on both sides of these borders.
    """
    n, y = rows.edges()
    wanted = np.ones(len(rows.n), dtype=bool)
    if rows.codes is not None:
        wanted = _relevant_buckets(rows, objectives, limits)
    runs = rows.sorted_runs(wanted)
    stop = np.searchsorted(runs.n, n[-1])
    n = np.concatenate([[0.0], runs.n[:stop], n[-1:]])
    y = np.concatenate([[0.0], runs.y[:stop], y[-1:]])
    return *pruned_sums(n, y, objectives, limits), runs


def _relevant_buckets(
    rows: Rows, objectives: Sequence[Objective], limits: Limits
) -> BoolArray:
    """Return in or beside which buckets an optimum may cut."""
    (n, y), wanted = rows.edges(), rows.n > 0
    least, most = (y[:-1] - rows.down)[wanted], (y[:-1] + rows.up)[wanted]
    filled = np.append(wanted, True)
    blocks = Blocks(n[filled], y[filled], n[:-1][wanted], n[1:][wanted], least, most)
    at_edge, inside = relevant_blocks(blocks, objectives, limits)
    # Both buckets at an edge know the score beside it. There is no cut at the ends.
    at_edge[[0, -1]] = False
    wanted[wanted] = inside | at_edge[:-1] | at_edge[1:]
    return wanted


def relevant_cells(
    n: FloatArray, y: FloatArray, **options: Unpack[CutOptions]
) -> BoolArray:
    """Return in or beside which cells of neighbouring scores an optimum may cut.

    Cells ascend with the score; `n` are whole numbers of rows, and `y` of conversions,
    0 or 1 a row. Neither an optimum of `cut_rows` nor one of `path_of_rows` cuts
    elsewhere, if a budget or rates do not rule it out.
    """
    rows = bucket_sums(n, y)
    objective, _, limits, _ = _read(rows, options)
    return _relevant_buckets(rows, [objective, *objective.all_counts()], limits)


def _all_runs(rows: Rows) -> Runs:
    """Return the sums below all borders, ends included, with the scores below them."""
    runs = rows.sorted_runs(np.ones(len(rows.n), dtype=bool))
    is_distinct = np.diff(runs.n, prepend=0.0) > 0
    scores, n, y = (column[is_distinct] for column in (runs.scores, runs.n, runs.y))
    y[-1:] = runs.y[-1:]
    zero = np.zeros(1)
    return Runs(*(np.concatenate([zero, column]) for column in (scores, n, y)))


def _best_value(problem: CutProblem, all_runs: Callable[[], Runs]) -> float:
    """Return the largest value found, -inf if there is none."""
    division = best_division(problem)
    if division is not None and not problem.is_feasible(division):
        problem = replace(problem, n=all_runs().n, y=all_runs().y)
        division = solve(problem, division).division
    return -math.inf if division is None else problem.value(division)


def _solved(
    problem: CutProblem, incumbent: Incumbent, division: Division, runs: Runs
) -> Cuts:
    sizes, conversions = problem.tier_sums(division)
    value, bound = problem.value(division), upper_bound(problem, incumbent)
    return Cuts(
        "solved",
        tuple(division.tiers),
        tuple(runs.thresholds(np.searchsorted(runs.n, division.n_below))),
        value,
        bound,
        bound - value,
        tuple(sizes.tolist()),
        tuple(conversions.tolist()),
        min(problem.spend(division), problem.constraints.budget),
    )


def _infeasible(
    nearest: NearestFeasible, explanation: Explanation, bound: float = -math.inf
) -> Cuts:
    gap = 0.0 if bound == -math.inf else math.inf
    return Cuts(
        "infeasible",
        (),
        (),
        -math.inf,
        bound,
        gap,
        nearest=nearest,
        **explanation._asdict(),
    )
