"""Differences between two groups that were not drawn at random, in segments.

Expected outcomes that models predict for either group are moved, in each segment and
each group, until the weighted residuals of the rows that were in that group add up to 0
(targeted maximum likelihood). Rates are moved on the logit scale, so that no estimate
leaves [0, 1], however small a propensity is, and amounts by a constant. Since weights
are relative to their sum, a propensity that is wrong by the same factor in the whole
segment does no harm.

M. J. van der Laan and D. Rubin, "Targeted maximum likelihood learning", International
Journal of Biostatistics 2 (2006), article 11; with rows weighted instead of a covariate
in the fluctuation, which copes better with small propensities: S. Gruber and M. J. van
der Laan, "A targeted maximum likelihood estimator of a causal effect on a bounded
continuous outcome", International Journal of Biostatistics 6 (2010), article 26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, stdtr, stdtrit

from skseg._typing import BoolArray, FloatArray, IntArray

from ._clustered import MIN_CUSTOMERS
from ._inference import Estimate, newcombe

# A predicted rate of exactly 0 or 1 could not be moved.
_LEAST_RATE = 1e-3
# Logits beyond this are 0 or 1 in double precision.
_LARGEST_LOGIT = 40.0
# Below this share of its scale, a variance is the rounding error of zero.
_ROUNDING = 1e-12


class TargetedEffects(NamedTuple):
    """Effects in segments, and how many rows of equal weight each group is worth."""

    estimate: Estimate
    effective_n_a: FloatArray
    effective_n_b: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class AdjustedRows:
    """Outcomes and groups of rows, and what models that have not seen them expect."""

    y: FloatArray
    in_a: BoolArray
    weight: FloatArray
    propensity: FloatArray  # probability of group A, between 0 and 1 exclusive
    mean_a: FloatArray  # expected outcome in A
    mean_b: FloatArray
    is_binary: bool
    cluster: IntArray | None = None  # the customer of each row

    def take(self, rows: IntArray) -> AdjustedRows:
        """Return some of the rows."""
        return AdjustedRows(
            self.y[rows],
            self.in_a[rows],
            self.weight[rows],
            self.propensity[rows],
            self.mean_a[rows],
            self.mean_b[rows],
            self.is_binary,
            None if self.cluster is None else self.cluster[rows],
        )


def targeted_effects(
    rows: AdjustedRows, members: BoolArray, level: float = 0.95, null: float = 0.0
) -> TargetedEffects:
    """Return the effect of A over B in each segment, tested against `null`.

    `members` tells which rows are in which segment. The interval of rates is Newcombe's
    on the sizes of samples with the same errors; that of amounts Welch's. Where a group
    has fewer than two effective rows, or than `MIN_CUSTOMERS` customers, the interval
    holds all that is possible and p is NaN.
    """
    counted = rows.weight > 0
    effects = [
        _effect(rows.take(np.flatnonzero(inside & counted)), level, null)
        for inside in members.T
    ]
    table = np.array(effects, dtype=np.float64).reshape(-1, 6).T
    return TargetedEffects(Estimate(*table[:4]), table[4], table[5])


class _Arm(NamedTuple):
    """The mean outcome if all rows of a segment were in one group."""

    mean: float
    expected: FloatArray  # outcome of each row, after targeting
    factor: FloatArray  # of the residual of each row; 0 in the other group
    influence: FloatArray  # of each row on the mean
    effective_n: float


def _arm(
    rows: AdjustedRows, in_group: BoolArray, probability: FloatArray, mean: FloatArray
) -> _Arm | None:
    """Return the mean outcome in a group; None if there is no one in it."""
    if not in_group.any():
        return None
    weight, total = rows.weight, float(rows.weight.sum())
    factor = np.where(in_group, 1 / probability, 0.0)
    factor *= total / (weight @ factor)
    expected = _targeted(rows.y, weight * factor, mean, rows.is_binary)
    average = float(weight @ expected / total)
    influence = factor * (rows.y - expected) + expected - average
    return _Arm(
        mean=average,
        expected=expected,
        factor=factor,
        influence=influence,
        effective_n=float(total**2 / (weight @ factor**2)),
    )


def _targeted(
    y: FloatArray, weight: FloatArray, expected: FloatArray, is_binary: bool
) -> FloatArray:
    """Return expectations whose weighted residuals add up to 0."""
    if not is_binary:
        return np.asarray(expected + weight @ (y - expected) / weight.sum())
    rate = weight @ y / weight.sum()
    if rate <= 0 or rate >= 1 - _ROUNDING:
        return np.full(len(y), round(float(rate)), dtype=np.float64)
    start = logit(np.clip(expected, _LEAST_RATE, 1 - _LEAST_RATE))
    used = weight > 0

    def surplus(shift: float) -> float:
        return float(weight[used] @ (y[used] - expit(start[used] + shift)))

    return expit(start + brentq(surplus, -_LARGEST_LOGIT, _LARGEST_LOGIT))


_UNKNOWN = (np.nan, -np.inf, np.inf, np.nan)


def _effect(rows: AdjustedRows, level: float, null: float) -> tuple[float, ...]:
    """Return effect, limits, p and the effective sizes of A and B."""
    a = _arm(rows, rows.in_a, rows.propensity, rows.mean_a)
    b = _arm(rows, ~rows.in_a, 1 - rows.propensity, rows.mean_b)
    sizes = tuple(0.0 if arm is None else arm.effective_n for arm in (a, b))
    unknown = (np.nan, -1.0, 1.0, np.nan) if rows.is_binary else _UNKNOWN
    if a is None or b is None or min(sizes) < 2 or not _has_customers(rows):
        return *unknown, *sizes
    effect = a.mean - b.mean
    variance = _squared_error(rows, a.influence - b.influence)
    scale = _squared_error(rows, a.influence) + _squared_error(rows, b.influence)
    if rows.is_binary:
        variance = max(variance, _variance_without_effect(rows, a, b))
    if not variance > _ROUNDING * scale:
        return effect, *unknown[1:], *sizes
    error = float(np.sqrt(variance))
    z = (effect - null) / error
    if rows.is_binary:
        low, high = _limits_of_rates(rows, a, b, level)
        return effect, low, high, 2 * float(ndtr(-abs(z))), *sizes
    dof = _dof(rows, a, b)
    margin = float(stdtrit(dof, (1 + level) / 2)) * error
    p = 2 * float(stdtr(dof, -abs(z)))
    return effect, effect - margin, effect + margin, p, *sizes


def _squared_error(rows: AdjustedRows, influence: FloatArray) -> float:
    """Return the variance of a mean, to which each row contributes its influence."""
    weight, total = rows.weight, float(rows.weight.sum())
    if rows.cluster is None:
        # A weight of 3 is three rows.
        return float(weight @ influence**2 / total / (total - 1))
    customer = np.unique(rows.cluster, return_inverse=True)[1]
    share = np.bincount(customer, weight) / total
    sums = np.bincount(customer, weight * influence) / total
    return float((sums**2 / (1 - share)).sum())


def _variance_without_effect(rows: AdjustedRows, a: _Arm, b: _Arm) -> float:
    """Return the variance of the residuals of rates that are the same in both groups.

    As that of the score test, it does not vanish where a small group has no successes.
    """
    share_a = a.effective_n / (a.effective_n + b.effective_n)
    rate = share_a * a.expected + (1 - share_a) * b.expected
    squares = (a.factor**2 + b.factor**2) * rate * (1 - rate)
    return float(rows.weight @ squares / rows.weight.sum() ** 2)


def _limits_of_rates(
    rows: AdjustedRows, a: _Arm, b: _Arm, level: float
) -> tuple[float, float]:
    """Return Newcombe's limits for samples with the errors of the two rates."""
    successes, n = [], []
    for arm in (a, b):
        variance = _squared_error(rows, arm.influence)
        spread = arm.mean * (1 - arm.mean)
        # Where all outcomes agree, the weights alone say how much is known.
        size = spread / variance if variance > _ROUNDING else arm.effective_n
        n.append(size)
        successes.append(arm.mean * size)
    limits = newcombe(successes[0], n[0], successes[1], n[1], level)
    return float(limits.low), float(limits.high)


def _dof(rows: AdjustedRows, a: _Arm, b: _Arm) -> float:
    """Return Welch's degrees of freedom, for effective sizes of the groups."""
    errors = [_squared_error(rows, arm.influence) for arm in (a, b)]
    share = errors[0] / (sum(errors) or 1.0)
    dof = 1 / (share**2 / (a.effective_n - 1) + (1 - share) ** 2 / (b.effective_n - 1))
    if rows.cluster is None:
        return dof
    return min(dof, float(min(_n_customers(rows)) - 1))


def _has_customers(rows: AdjustedRows) -> bool:
    return rows.cluster is None or min(_n_customers(rows)) >= MIN_CUSTOMERS


def _n_customers(rows: AdjustedRows) -> tuple[int, int]:
    """Return the number of customers with rows in A, and of those with rows in B."""
    assert rows.cluster is not None
    in_a = rows.in_a
    return len(np.unique(rows.cluster[in_a])), len(np.unique(rows.cluster[~in_a]))
