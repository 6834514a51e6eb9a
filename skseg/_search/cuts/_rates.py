"""The dynamic program over pairs of borders, for rates that depend on both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._dynamic_program import next_tiers
from ._problem import CutProblem, Division, Rates

# Largest number of borders, and of values for all tiers together: 64 MB.
_MAX_BORDERS = 1000
_MAX_VALUES = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Successors:
    """For every tier from border b to c, the tiers from c to d that may follow it.

    For every c, `order` has the borders d, the tier first whose rate is allowed after
    most others, as flat indices into a square table. `last` has, for every c and b, up
    to where in that order rates are allowed, as flat indices into a table with one more
    column in front.
    """

    order: IntArray
    last: IntArray

    def best(self, values: FloatArray) -> FloatArray:
        """Return for every b and c the largest value of a successor."""
        size = len(values)
        padded = np.full((size, size + 1), -np.inf)
        np.maximum.accumulate(values.ravel()[self.order], axis=1, out=padded[:, 1:])
        return padded.ravel()[self.last].T


def max_borders(problem: CutProblem) -> int:
    """Return the largest number of borders that `pair_backward_values` can take."""
    n_tables = problem.objective.n_tiers * (problem.objective.count or 1)
    return min(_MAX_BORDERS, math.isqrt(_MAX_VALUES // n_tables))


def pair_backward_values(problem: CutProblem) -> FloatArray:
    """Return best values of suffixes that begin with a tier between two borders.

    The shape is (n_layers, n_tiers, n_borders, n_borders). For tier i from border b to
    c, the value completes ``prefix - v_i(b) - fixed_cost_i`` to that of a whole
    division, in the terms of `ForwardValues`. Layers are numbers of tiers above, if the
    objective counts tiers.

    Which tier may come next depends on the rate of this one. For every border c the
    tiers that start there are sorted by rate once; the best successor of a tier that
    ends there is a running maximum in that order, up to where rates are allowed. This
    takes O(m^2 log m + m^2 K) for m borders.
    """
    objective, size = problem.objective, len(problem.n)
    legal, rate = tier_rates(problem)
    rates = problem.constraints.rates or Rates(None)
    successors_by_sign = [
        successors(sign * rate, sign * rate, legal, rates.required_diff)
        for sign in rates.signs
    ]
    profit = [
        objective.profit(i, problem.n, problem.y) for i in range(objective.n_tiers)
    ]
    endings = np.empty((objective.count or 1, objective.n_tiers, size, size))
    for layer in range(len(endings)):
        above = endings[layer - 1 if objective.count else layer]
        best = np.full((size, size), -np.inf)
        for i in reversed(range(objective.n_tiers)):
            suffix = np.full((size, size), -np.inf)
            if i + 1 < objective.n_tiers and (layer > 0 or not objective.count):
                start = profit[i + 1] + objective.fixed_cost_and_tie[i + 1]
                following = above[i + 1] - start[:, np.newaxis]
                best = np.maximum(best, following) if objective.may_skip else following
                for legal_successors in successors_by_sign:
                    np.maximum(suffix, legal_successors.best(best), out=suffix)
            if objective.can_be_highest[i] and layer == 0:
                suffix[:, -1] = 0.0
            endings[layer, i] = np.where(legal, suffix + profit[i], -np.inf)
    return endings


def best_with_rates(problem: CutProblem) -> Division | None:
    """Return the optimal division whose rates are allowed, None if there is none.

    Ties are broken as in `best_division`.
    """
    objective, n, y = problem.objective, problem.n, problem.y
    endings, (_, rate) = pair_backward_values(problem), tier_rates(problem)
    border, tiers, cuts = 0, list[int](), list[int]()
    prefix, target = 0.0, np.inf
    is_allowed = np.ones(len(n), dtype=bool)
    while border < len(n) - 1:
        ending = endings[objective.layer(len(tiers)), :, border]
        values = {}
        for i in next_tiers(objective, tiers[-1] if tiers else None):
            at_start = prefix - float(objective.profit(i, n[border], y[border]))
            at_start -= objective.fixed_cost_and_tie[i]
            values[i] = at_start + np.where(is_allowed, ending[i], -np.inf)
        top = max(value.max() for value in values.values())
        if top == -np.inf:
            return None
        target = min(target, top if tiers else top - objective.rounding)
        tier = next(i for i in values if values[i].max() >= target)
        start, border = border, int((values[tier] >= target).argmax())
        size, conversions = n[border] - n[start], y[border] - y[start]
        profit = float(objective.profit(tier, size, conversions))
        prefix += profit - objective.fixed_cost_and_tie[tier]
        if problem.constraints.rates is not None:
            rates = problem.constraints.rates
            is_allowed = rates.allows(rate[start, border], rate[border])
        tiers.append(tier)
        cuts.append(border)
    return problem.division(tiers, cuts[:-1])


def tier_rates(problem: CutProblem) -> tuple[BoolArray, FloatArray]:
    """Return which pairs of borders enclose a tier of legal size, and its rate."""
    n, y, limits = problem.n, problem.y, problem.limits
    sizes = n - n[:, np.newaxis]
    legal = (sizes > 0) & (sizes >= limits.low) & (sizes <= limits.high)
    rate = np.zeros_like(sizes)
    np.divide(y - y[:, np.newaxis], sizes, out=rate, where=legal)
    return legal, rate


def successors(
    lower: FloatArray, upper: FloatArray, legal: BoolArray, required_diff: float
) -> Successors:
    """Return what may follow where rates have to ascend by `required_diff`.

    All arrays are of shape (n_borders, n_borders): the rate of every tier as the lower
    and as the upper one of two neighbours, and whether a tier between two borders is
    legal.
    """
    size = len(lower)
    keys = np.where(legal, required_diff - upper, np.inf)
    order = np.argsort(keys, axis=1, kind="stable")
    last = np.empty((size, size), dtype=np.intp)
    for c in range(size):
        last[c] = np.searchsorted(keys[c, order[c]], -lower[:, c], "right")
    row = np.arange(size)[:, np.newaxis]
    return Successors(order + row * size, last + row * (size + 1))
