"""Upper bounds of what cuts in whole blocks of borders can reach, given the rates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._problem import CutProblem, Rates
from ._rates import Successors, max_borders, successors

# Initial number of blocks, and how often the remaining borders are put into new ones.
_N_BLOCKS = 400
_MAX_ROUNDS = 16
# There are twice as many blocks once a larger share of the borders than this remains.
_MAX_REMAINING = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class TierRanges:
    """Legality and range of the rates of tiers from one block of borders to another.

    `legal` tells whether some tier between the blocks has a legal size.
    """

    legal: BoolArray
    lowest: FloatArray
    highest: FloatArray


def narrow_borders(problem: CutProblem, floor: float) -> tuple[CutProblem, float]:
    """Return the problem at fewer borders, and an upper bound of the objective value.

    Borders of divisions that may reach `floor` are kept; the budget is ignored. Borders
    are put into blocks. Between blocks, the dynamic program of `pair_backward_values`
    takes every cut at the best border of its block and every rate as favourable as the
    borders allow, upwards and downwards. This bounds what a cut in a block can reach.
    Blocks whose bound is too low are dropped and the rest is put into smaller blocks,
    until there are as many blocks as `max_borders`.
    """
    bound, n_blocks, most_blocks = np.inf, _N_BLOCKS, max_borders(problem)
    for _ in range(_MAX_ROUNDS):
        size = len(problem.n)
        if size <= most_blocks:
            break
        inner = np.linspace(1, size - 1, min(n_blocks, size - 2) + 1).astype(np.intp)
        starts = np.unique(np.append(0, inner))
        bounds = _bounds_through(problem, starts)
        bound = min(bound, float(bounds[-1]))
        reaches = bounds >= floor - 4 * problem.objective.rounding
        is_kept = (bounds > -np.inf) & reaches
        is_kept[[0, -1]] = True
        borders = np.repeat(is_kept, np.diff(np.append(starts, size)))
        problem = problem.at_borders(np.flatnonzero(borders))
        if len(problem.n) > _MAX_REMAINING * size:
            if n_blocks >= most_blocks:
                break
            n_blocks = min(2 * n_blocks, most_blocks)
    return problem, bound


def _bounds_through(problem: CutProblem, starts: IntArray) -> FloatArray:
    """Return, for every block, an upper bound of the value with a cut there."""
    size, objective = len(problem.n), problem.objective
    stops = np.append(starts[1:], size)
    above = _suffix_bounds(problem, starts)
    below = _suffix_bounds(_mirror(problem), (size - stops)[::-1])
    # The mirrored tiers run from the upper border to the lower one.
    below = below[:, ::-1, ::-1, ::-1].swapaxes(2, 3)
    # The tier at the block is in both the prefix and the suffix.
    total = [
        float(objective.profit(i, problem.n[-1:], problem.y[-1:])[0])
        + objective.fixed_cost_and_tie[i]
        for i in range(objective.n_tiers)
    ]
    best = np.full(len(starts), -np.inf)
    for layer in range(len(above)):
        values = above[layer] + below[len(above) - 1 - layer]
        values -= np.array(total)[:, np.newaxis, np.newaxis]
        np.maximum(best, values.max(axis=(0, 1)), out=best)
    return best


def _mirror(problem: CutProblem) -> CutProblem:
    """Return the problem for rows in descending order of score."""
    rates = problem.constraints.rates or Rates(None)
    if rates.order == "ascending":
        rates = replace(rates, order="descending")
    elif rates.order == "descending":
        rates = replace(rates, order="ascending")
    n, y = (sums[-1] - sums[::-1] for sums in (problem.n, problem.y))
    constraints = replace(problem.constraints, rates=rates)
    return CutProblem(n, y, problem.objective.mirror(), problem.limits, constraints)


def _suffix_bounds(problem: CutProblem, starts: IntArray) -> FloatArray:
    """Return upper bounds of what the cuts above a tier make, its upper end included.

    A cut makes the profit of the tier below it up to the cut, less that of the tier
    above it; the upper end makes the profit of the last tier up to there.
    """
    objective, size = problem.objective, len(starts)
    successors_by_sign = _successors(problem, starts)
    tiers = _tier_ranges(problem, starts)
    total = [
        objective.profit(i, problem.n[-1:], problem.y[-1:])[0]
        for i in range(objective.n_tiers)
    ]
    bounds = np.full((objective.count or 1, objective.n_tiers, size, size), -np.inf)
    for layer in range(len(bounds)):
        # Bounds of the tiers above, the next one first.
        suffixes: list[FloatArray] = []
        for i in reversed(range(objective.n_tiers)):
            for j, suffix in enumerate(suffixes, start=i + 1):
                cut = _cut_bounds(problem, starts, i, j)
                value = suffix + (cut - objective.fixed_cost_and_tie[j])
                np.maximum(bounds[layer, i], value, out=bounds[layer, i])
                if not objective.may_skip:
                    break
            if objective.can_be_highest[i] and layer == 0:
                bounds[layer, i, :, -1] = total[i]
            bounds[layer, i][~tiers.legal] = -np.inf
            if layer > 0 or not objective.count:
                source = bounds[layer - 1, i] if objective.count else bounds[layer, i]
                best = [legal.best(source) for legal in successors_by_sign]
                suffixes.insert(0, np.maximum.reduce(best))
    return bounds


def _cut_bounds(problem: CutProblem, starts: IntArray, i: int, j: int) -> FloatArray:
    """Return the most that a cut between tiers i and j makes in every block."""
    objective, n, y = problem.objective, problem.n, problem.y
    value = objective.profit(i, n, y) - objective.profit(j, n, y)
    return np.maximum.reduceat(value, starts)


def _successors(problem: CutProblem, starts: IntArray) -> list[Successors]:
    """Return, for every sign, the tiers that may follow if rates are favourable."""
    tiers = _tier_ranges(problem, starts)
    rates = problem.constraints.rates or Rates(None)
    return [
        successors(tiers.lowest, tiers.highest, tiers.legal, rates.required_diff)
        if sign > 0
        else successors(-tiers.highest, -tiers.lowest, tiers.legal, rates.required_diff)
        for sign in rates.signs
    ]


def _tier_ranges(problem: CutProblem, starts: IntArray) -> TierRanges:
    stops = np.append(starts[1:], len(problem.n))
    fewest, most = problem.n[starts], problem.n[stops - 1]
    least = np.minimum.reduceat(problem.y, starts)
    largest = np.maximum.reduceat(problem.y, starts)
    # Rows are the lower block of a tier, columns the upper one.
    shortest = fewest - most[:, np.newaxis]
    longest = most - fewest[:, np.newaxis]
    low, high = least - largest[:, np.newaxis], largest - least[:, np.newaxis]
    legal = (longest > 0) & (longest >= problem.limits.low)
    legal &= shortest <= problem.limits.high
    apart = shortest > 0
    lowest = np.full(low.shape, -np.inf)
    highest = np.full(low.shape, np.inf)
    np.divide(low, np.where(low >= 0, longest, shortest), out=lowest, where=apart)
    np.divide(high, np.where(high >= 0, shortest, longest), out=highest, where=apart)
    return TierRanges(legal, lowest, highest)
