"""Differences between the mean amounts of two groups, by studentised permutations.

Most customers spend nothing, few a little, and one or two a lot. In 15 rows without a
purchase the variance is 0, and Welch's test is certain of their mean: on amounts
without any effect it is significant at 5 % in up to a third of the cases. A permutation
test knows how often 15 rows have no purchase by chance. It is exact where amounts do
not depend on the group, whatever their distribution. As its statistic is Welch's t, it
also holds in large samples of equal means and unequal variances, and is then as good as
Welch's test: A. Janssen, "Studentized permutation tests for non-i.i.d. hypotheses and
the generalized Behrens-Fisher problem", Statistics & Probability Letters 36 (1997),
9-21; E. Chung and J. P. Romano, "Exact and asymptotically robust permutation tests",
Annals of Statistics 41 (2013), 484-507.

Each tail is tested at half of the level, since t is skewed where the groups differ in
size. Intervals hold the differences that the test does not reject, with the permuted t
in place of Student's.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from scipy.special import stdtr, stdtrit

from skseg._typing import FloatArray, IntArray

from ._inference import Estimate, difference_of_means, welch, wilson

# The level is exact with any number of replicates. A p-value above `_CLEAR` of few of
# them is not worth more; one below two in all of them is extrapolated.
_FEW_REPLICATES = 199
_N_REPLICATES = 1599
_CLEAR = 0.2
# The replicates beyond which tails are extrapolated are the sixteenth from either end.
_N_BEYOND = 16
# Amounts that are permuted together, as if equal; the largest ones are alone.
_MAX_BINS = 48
# With fewer buyers, permutations do not tell how many more there may be.
_FEW_BUYERS = 6
# Beyond it numpy draws no hypergeometric numbers, and Welch's test will do.
_MAX_ROWS = 10**9
# Replicates of equal sums differ by rounding.
_ROUNDING = 1e-9


def permutation_t(
    y: FloatArray,
    weight_a: FloatArray,
    weight_b: FloatArray,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return mean A minus mean B of segments, with intervals and p-values of `null`.

    The weights of the rows of A and of B have the shape (n_rows, n_segments). They are
    repetitions; those that are not whole are rounded so that the rows up to any amount
    have their weight. Where a group has at most one row, or amounts are constant within
    both groups, the interval is the whole line and p is NaN.

    If no amount is negative, limits are differences of means that are not: the lower
    one is at least minus the upper limit of mean B, the upper one at most that of mean
    A. Where a group has fewer than six effective buyers, (sum of y)^2 / sum of y^2,
    limits beyond 0 are at least as far from the effect as those of Newcombe's form,
    made of limits of both means: G. Y. Zou and A. Donner, "Construction of confidence
    limits about effect measures", Statistics in Medicine 27 (2008), 1693-1702.

    The permutations are seeded by the data, and depend neither on the order of the rows
    nor on which group is A: equal data have equal p-values.

    >>> y = np.array([0.0] * 12 + [20.0, 30.0, 90.0])
    >>> in_a = np.arange(15.0)[:, np.newaxis] < 6  # nobody of A spends
    >>> estimate = permutation_t(y, in_a * 1.0, ~in_a * 1.0)
    >>> estimate.effect.round(2), estimate.p_value > 0.2
    (array([-15.56]), array([ True]))
    """
    estimate = mean_differences(y, weight_a, weight_b, level, null)
    low, high = estimate.low.copy(), estimate.high.copy()
    p_value = estimate.p_value.copy()
    amounts = _Amounts(y, (weight_a, weight_b))
    for i in np.flatnonzero(~np.isnan(p_value)):
        counted = amounts.counted(int(i))
        if counted[1].sum() + counted[2].sum() > _MAX_ROWS:
            continue
        comparison = _Comparison(*counted, _FEW_REPLICATES)
        if comparison.p_value(null) <= _CLEAR:
            comparison = _Comparison(*counted, _N_REPLICATES)
        low[i], high[i] = comparison.limits(level)
        p_value[i] = comparison.p_value(null)
    return Estimate(estimate.effect, low, high, p_value)


def mean_differences(
    y: FloatArray,
    weight_a: FloatArray,
    weight_b: FloatArray,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return what `permutation_t` does by Welch's test, which takes no time."""
    # Centred, so that sums of squares keep their digits. Where no row counts, any
    # centre will do.
    n_a, n_b = weight_a.sum(axis=0), weight_b.sum(axis=0)
    weight = (weight_a + weight_b).sum(axis=1)
    y = y - weight @ y / (weight.sum() or 1.0)
    a, b = ((y @ w, y**2 @ w, n) for w, n in ((weight_a, n_a), (weight_b, n_b)))
    return welch(*a, *b, level, null)


class _Amounts:
    """The distinct amounts of rows, and their weights in segments; most are zero."""

    def __init__(self, y: FloatArray, weights: tuple[FloatArray, FloatArray]) -> None:
        is_zero = y == 0
        rows = np.flatnonzero(~is_zero)
        distinct, self._place = np.unique(y[rows], return_inverse=True)
        self._n_below_zero = int(np.searchsorted(distinct, 0.0))
        self._values = np.insert(distinct, self._n_below_zero, 0.0)
        self._weights = [weight[rows].T for weight in weights]
        self._zeros = [is_zero @ weight for weight in weights]

    def counted(self, segment: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the amounts that count, in ascending order, and their weights."""
        n_distinct = len(self._values) - 1
        a, b = (
            np.insert(
                np.bincount(self._place, weight[segment], n_distinct),
                self._n_below_zero,
                zeros[segment],
            ).astype(np.float64)
            for weight, zeros in zip(self._weights, self._zeros, strict=True)
        )
        is_used = a + b > 0
        return self._values[is_used], a[is_used], b[is_used]


class _Comparison:
    """Distinct amounts with their weights in two groups, whose t is permuted."""

    def __init__(
        self, values: FloatArray, a: FloatArray, b: FloatArray, n_replicates: int
    ) -> None:
        self._values, self._a, self._b = values, a, b
        centred = values - (a + b) @ values / (a + b).sum()
        sums = ((w @ centred, w @ centred**2, w.sum()) for w in (a, b))
        effect, error, self._dof = difference_of_means(*sums)
        self._effect, self._error = float(effect), float(error)
        self._replicates = np.sort(self._permuted_t(centred, n_replicates))

    def limits(self, level: float) -> tuple[float, float]:
        """Return the confidence limits of mean A minus mean B."""
        tail = (1 - level) / 2
        low = self._effect - self._error * self._quantile(self._replicates, tail)
        mirrored = -self._replicates[::-1]
        high = self._effect + self._error * self._quantile(mirrored, tail)
        if self._values[0] >= 0:
            low, high = self._of_no_negative_means(low, high, level)
        return low, high

    def p_value(self, null: float) -> float:
        """Return twice the smaller tail of the replicates beyond the difference."""
        t = (self._effect - null) / self._error
        slack = _ROUNDING * abs(t)
        n_above = np.count_nonzero(self._replicates >= t - slack)
        n_below = np.count_nonzero(self._replicates <= t + slack)
        n_beyond = min(n_above, n_below)
        p = min(2 * (n_beyond + 1) / (len(self._replicates) + 1), 1.0)
        if n_beyond:
            return p
        replicates = self._replicates if t > 0 else -self._replicates[::-1]
        return min(p, 2 * float(stdtr(self._dof, -abs(t) / self._stretch(replicates))))

    def _permuted_t(self, centred: FloatArray, n_replicates: int) -> FloatArray:
        """Return t of groups to which the same amounts are assigned by chance."""
        counts_a, counts_b = _whole_counts(self._a), _whole_counts(self._b)
        n_a, n_b = int(counts_a.sum()), int(counts_b.sum())
        # One seed for all data would always make the same mistake in the same sizes.
        seed = crc32(counts_a.tobytes()) ^ crc32(counts_b.tobytes())
        values, counts = _binned(centred, counts_a + counts_b)
        total, squares = counts @ values, counts @ values**2
        # The smaller group is drawn: it takes less time, and t only changes its sign
        # where the groups change their names.
        n, n_rest = min(n_a, n_b), max(n_a, n_b)
        drawn = (
            np.random.default_rng(seed)
            .multivariate_hypergeometric(counts, n, n_replicates, method="marginals")
            .astype(np.float64)
        )
        drawn_total, drawn_squares = drawn @ values, drawn @ values**2
        effect, error, _ = difference_of_means(
            (drawn_total, drawn_squares, float(n)),
            (total - drawn_total, squares - drawn_squares, float(n_rest)),
        )
        # Constant within both groups: infinitely many standard errors, or no effect.
        is_none = np.abs(effect) <= _ROUNDING * np.abs(values).max()
        unlimited = np.where(is_none, 0.0, np.copysign(np.inf, effect))
        t = np.divide(effect, error, out=unlimited, where=error > 0)
        if n_a == n_b:
            # The rest is as good a draw, and then groups may change their names.
            return np.concatenate([t, -t])
        return t if n_a < n_b else -t

    def _quantile(self, replicates: FloatArray, tail: float) -> float:
        """Return the t that at most the share `tail` of the ordered replicates reaches.

        With the slack that `p_value` allows for rounding, so that both agree.
        """
        student = float(stdtrit(self._dof, 1 - tail))
        n_beyond = int(round(tail * (len(replicates) + 1), 6))
        if n_beyond == 0:
            return max(float(replicates[-1]), student * self._stretch(replicates))
        quantile = float(replicates[-n_beyond]) * (1 + _ROUNDING)
        # Hardly any replicate is above zero where hardly any group of the size has an
        # amount; then they do not tell how far the effect may be from its estimate.
        return quantile if min(quantile, student) > 0 else student

    def _stretch(self, replicates: FloatArray) -> float:
        """Return by how much the upper tail of the replicates is wider than Student's.

        At least 1, so that extrapolation claims no more than Welch's test.
        """
        tail = _N_BEYOND / (len(replicates) + 1)
        return max(1.0, float(replicates[-_N_BEYOND] / stdtrit(self._dof, 1 - tail)))

    def _of_no_negative_means(
        self, low: float, high: float, level: float
    ) -> tuple[float, float]:
        """Return limits that amounts allow which are never negative.

        Limits of both means are Wilson's, of the effective number of buyers, all of
        whom spend the same. For rates these are the successes.
        """
        total, squares = (
            np.array([w @ self._values**power for w in (self._a, self._b)])
            for power in (1, 2)
        )
        # A group in which hardly anybody spends has buyers like those of both.
        spend = np.full(2, squares.sum() / total.sum())
        own = np.divide(squares, total, out=np.zeros(2), where=total > 0)
        spend = np.maximum(spend, own)
        n, buyers = np.array([self._a.sum(), self._b.sum()]), total / spend
        lowest, mean, highest = (spend * x for x in wilson(buyers, n, level))
        # Permutations tell what is possible without an effect. With one, a group of few
        # buyers may have more, which a sample without any does not show.
        if ((buyers < _FEW_BUYERS) & (buyers <= n / 2)).any():
            below, above = mean - lowest, highest - mean
            if low <= 0:
                low = min(low, self._effect - float(np.hypot(below[0], above[1])))
            if high >= 0:
                high = max(high, self._effect + float(np.hypot(above[0], below[1])))
        return max(low, -float(highest[1])), min(high, float(highest[0]))


def _whole_counts(weight: FloatArray) -> IntArray:
    """Round weights so that their running sums are right to half a row."""
    sums = np.rint(np.cumsum(weight)).astype(np.intp)
    return np.diff(sums, prepend=0)


def _binned(values: FloatArray, counts: IntArray) -> tuple[FloatArray, IntArray]:
    """Return few distinct values with their counts, the most frequent one last.

    If there are many, neighbours are replaced by their mean, so that every bin has a
    like part of all distances from zero: a permutation test of rounded amounts is as
    exact as one of the amounts.
    """
    values, counts = values[counts > 0], counts[counts > 0]
    if len(values) > _MAX_BINS:
        distance = counts * np.abs(values)
        middle = np.cumsum(distance) - distance / 2
        number = (middle * (_MAX_BINS / distance.sum())).astype(np.intp)
        sums = np.bincount(number, counts * values)
        counts = np.bincount(number, counts).astype(np.intp)
        values = sums[counts > 0] / counts[counts > 0]
        counts = counts[counts > 0]
    order = np.argsort(counts, kind="stable")
    return values[order], counts[order]
