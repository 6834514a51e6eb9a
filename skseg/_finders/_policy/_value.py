"""What a policy brings: its mean outcome or profit, and how sure that is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics
from skseg._typing import BoolArray, FloatArray, IntArray


class PolicyValue(NamedTuple):
    """The mean of a row under a policy; NaN where no row has followed it.

    `influence` has the part of each row in the error of the estimate: its variance is
    that of the weighted mean of the influences.
    """

    value: float
    influence: FloatArray

    def minus(self, other: PolicyValue) -> PolicyValue:
        """Return the difference of two policies, whose errors are those of each row."""
        return PolicyValue(self.value - other.value, self.influence - other.influence)


class Interval(NamedTuple):
    """A confidence interval of a mean."""

    low: float
    high: float


ANY_NUMBER = Interval(-math.inf, math.inf)


def policy_value(rows: ComparedRows, to_a: BoolArray) -> PolicyValue:
    """Return the mean profit if rows were sent to A or to B as `to_a` says.

    Rows in the group that they would be sent to stand for the others: each is weighted
    by the inverse of the probability of its group. With doubly robust scores, the gain
    of A over B is added to the outcome in B. Without groups it is the lift: by how much
    the rows of `to_a` exceed the mean of all, 0 for no rows.
    """
    if rows.in_a is None:
        outcome, treated = _lift(rows, to_a), np.zeros(len(to_a))
    else:
        treated = to_a.astype(np.float64)
        is_robust = rows.score is not None
        outcome = _robust_mean(rows, to_a) if is_robust else _weighted_mean(rows, to_a)
    share = _mean(treated, rows.weight)
    economics = rows.economics or Economics()
    return PolicyValue(
        economics.value * outcome.value - economics.cost * share,
        economics.value * outcome.influence - economics.cost * (treated - share),
    )


def _robust_mean(rows: ComparedRows, to_a: BoolArray) -> PolicyValue:
    assert rows.score is not None
    assert rows.score_of_b is not None
    outcome = rows.score_of_b + np.where(to_a, rows.score, 0.0)
    mean = _mean(outcome, rows.weight)
    return PolicyValue(mean, outcome - mean)


def _weighted_mean(rows: ComparedRows, to_a: BoolArray) -> PolicyValue:
    """Return the mean of the rows that followed, by inverse shares of the groups.

    The shares are estimated from the same rows, which the last term of the influence
    allows for: J. K. Lunceford and M. Davidian, "Stratification and weighting via the
    propensity score", Statistics in Medicine 23 (2004), 2937-2960.
    """
    assert rows.in_a is not None
    share = _mean(rows.in_a.astype(np.float64), rows.weight)
    probability = np.where(rows.in_a, share, 1 - share)
    with np.errstate(divide="ignore"):
        follows = np.where(rows.in_a == to_a, 1 / probability, 0.0)
    total = float(rows.weight @ follows)
    if not total > 0:
        return PolicyValue(math.nan, np.zeros(len(to_a)))
    mean = float(rows.weight * follows @ rows.y) / total
    influence = follows * (rows.y - mean) * rows.weight.sum() / total
    if 0 < share < 1:
        # What the rows of A add to the mean of the influence, and those of B take off.
        part_of_a = _mean(np.where(rows.in_a, influence, 0.0), rows.weight)
        influence -= part_of_a * (rows.in_a - share) / (share * (1 - share))
    return PolicyValue(mean, influence)


def _lift(rows: ComparedRows, inside: BoolArray) -> PolicyValue:
    share = _mean(inside.astype(np.float64), rows.weight)
    if share == 0:
        return PolicyValue(0.0, np.zeros(len(inside)))
    mean = _mean(rows.y, rows.weight)
    mean_inside = _mean(np.where(inside, rows.y, 0.0), rows.weight) / share
    influence = np.where(inside, rows.y - mean_inside, 0.0) / share - (rows.y - mean)
    return PolicyValue(mean_inside - mean, influence)


def standard_error(
    influence: FloatArray, weight: FloatArray, cluster: IntArray | None = None
) -> float:
    """Return the standard error of a weighted mean, robust to clusters.

    A row of weight three counts as three rows, and the rows of a cluster as one draw.
    NaN for less than two rows or clusters.
    """
    total = float(weight.sum())
    if cluster is None:
        squares, n = float(weight @ influence**2), total
    else:
        used = weight > 0
        _, codes = np.unique(cluster[used], return_inverse=True)
        sums = np.bincount(codes, weights=(weight * influence)[used])
        squares, n = float(sums @ sums), float(len(sums))
    return math.sqrt(squares * n / (n - 1)) / total if n > 1 else math.nan


def value_interval(
    estimate: PolicyValue,
    weight: FloatArray,
    cluster: IntArray | None = None,
    *,
    level: float,
    possible: Interval = ANY_NUMBER,
) -> Interval:
    """Return the normal interval of a value, within what is possible.

    Where the rows do not determine the error, all that is possible.
    """
    error = standard_error(estimate.influence, weight, cluster)
    if math.isnan(estimate.value) or not error > 0:
        return possible
    margin = float(ndtri((1 + level) / 2)) * error
    low, high = estimate.value - margin, estimate.value + margin
    return Interval(max(low, possible.low), min(high, possible.high))


def _mean(values: FloatArray, weight: FloatArray) -> float:
    return float(np.average(values, weights=weight))
