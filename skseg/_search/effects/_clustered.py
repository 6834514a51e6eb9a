"""Differences between two groups where a customer has several rows.

The rows of a customer are not independent, so errors come from customers instead: the
influence of each row on an estimate is summed by customer, and the squares of these
sums add up to the variance (a linearised ratio). Each sum is divided by the root of one
less the share of its customer, which makes the variance unbiased where all rows are
independent: the CR2 of R. M. Bell and D. F. McCaffrey, "Bias reduction in standard
errors for linear regression with multi-stage samples", Survey Methodology 28 (2002),
169-181. With n customers of equal numbers of rows it is the usual factor n / (n - 1),
and with one row a customer the variance of Welch's test.

Few customers, or few that have most of the rows, leave the variance itself uncertain.
Its degrees of freedom are the effective number of customers less one: A. V. Carter,
K. T. Schnepel and D. G. Steigerwald, "Asymptotic behavior of a t-test robust to cluster
heterogeneity", Review of Economics and Statistics 99 (2017), 698-709, for rows that are
as alike as can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from skseg._typing import BoolArray, FloatArray, IntArray

from ._inference import Estimate, rates_that_differ_by, wilson_within

# With fewer customers in a group no interval is claimed: rates and amounts of so few
# say little of how much other customers differ.
MIN_CUSTOMERS = 10

# Below this share of its scale, a variance is the rounding error of zero.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class _Mean:
    """Means of segments, and what each customer contributes to their errors."""

    n: FloatArray  # sums of weights, of shape (n_segments,)
    mean: FloatArray
    n_customers: IntArray
    influence: FloatArray  # of each customer, of shape (n_customers, n_segments)
    size: FloatArray  # weight of each customer, of the same shape
    is_constant: BoolArray  # whether all differences are rounding errors

    @property
    def variance(self) -> FloatArray:
        """Squared standard errors of the means."""
        squares: FloatArray = (self.influence**2).sum(axis=0)
        return np.where(self.is_constant, 0.0, squares)

    @property
    def effective_customers(self) -> FloatArray:
        """Number of customers of equal size that are as good as these."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.n**2 / (self.size**2).sum(axis=0))

    @property
    def dof(self) -> FloatArray:
        """Degrees of freedom of the variance."""
        squares = self.size**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(squares.sum(axis=0) ** 2 / (squares**2).sum(axis=0) - 1)


def clustered_rates(
    y: FloatArray,
    weight_a: FloatArray,
    weight_b: FloatArray,
    cluster: IntArray,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return rate A minus rate B of segments, with intervals that allow for customers.

    `y` is 0 or 1, the weights of the rows of A and of B have the shape (n_rows,
    n_segments), `cluster` is the customer of each row, and `null` the difference to
    test. Newcombe's interval and the
    score test get effective sizes, those of independent rows with the same error:
    J. N. K. Rao and A. J. Scott, "A simple method for the analysis of clustered binary
    data", Biometrics 48 (1992), 577-585. Customers with rows in both groups make the
    rates dependent, which enters as in Newcombe's interval for paired rates: Statistics
    in Medicine 17 (1998), 2635-2650, method 10. Quantiles are those of Student's t.

    With fewer than `MIN_CUSTOMERS` in a group the interval is [-1, 1] and p is NaN.
    """
    a, b = _means(y, (weight_a, weight_b), cluster)
    dof = _joint_dof(a, b)
    correlation = _correlation(a, b)
    n_a, n_b = _effective_rows(a), _effective_rows(b)
    quantile = np.asarray(stdtrit(dof, (1 + level) / 2), dtype=np.float64)
    low_a, _, high_a = wilson_within(n_a * a.mean, n_a, quantile)
    low_b, _, high_b = wilson_within(n_b * b.mean, n_b, quantile)
    effect = a.mean - b.mean
    low = effect - _norm(a.mean - low_a, high_b - b.mean, correlation)
    high = effect + _norm(high_a - a.mean, b.mean - low_b, correlation)
    with np.errstate(divide="ignore", invalid="ignore"):
        error_a, error_b = _errors_under(null, n_a * a.mean, n_a, n_b * b.mean, n_b)
        variance = error_a**2 + error_b**2 - 2 * correlation * error_a * error_b
        t = np.where(variance > 0, (effect - null) / np.sqrt(variance), 0.0)
    is_known = _has_customers(a, b) & (dof > 0)
    return Estimate(
        effect,
        np.where(is_known, np.maximum(low, -1.0), -1.0),
        np.where(is_known, np.minimum(high, 1.0), 1.0),
        np.where(is_known, _two_sided(t, dof), np.nan),
    )


def clustered_means(
    y: FloatArray,
    weight_a: FloatArray,
    weight_b: FloatArray,
    cluster: IntArray,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return mean A minus mean B of segments, with intervals that allow for customers.

    The arguments are those of `clustered_rates`. With fewer than `MIN_CUSTOMERS` in a
    group, or without differences between them, the interval is the whole line and p
    is NaN. With one row a customer and equal weights it is Welch's test.
    """
    # Centred, so that what is rounding is told from what is not.
    centre = y.mean() if len(y) else 0.0
    a, b = _means(y - centre, (weight_a, weight_b), cluster)
    variance = ((a.influence - b.influence) ** 2).sum(axis=0)
    is_known = _has_customers(a, b) & ~(a.is_constant & b.is_constant)
    scale = a.variance + b.variance
    return _student(
        a.mean - b.mean,
        null,
        np.where(variance > _ROUNDING * scale, variance, 0.0),
        _joint_dof(a, b),
        is_known,
        level,
    )


def clustered_scores(
    score: FloatArray,
    weight_a: FloatArray,
    weight_b: FloatArray,
    cluster: IntArray,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return mean scores of segments, with intervals that allow for customers.

    The score is additive, as that of `aipw_score`, and rows of both groups count alike.
    The arguments are otherwise those of `clustered_means`, and so is what is unknown.
    """
    inside, a, b = _means(score, (weight_a + weight_b, weight_a, weight_b), cluster)
    is_known = _has_customers(a, b) & ~inside.is_constant
    return _student(inside.mean, null, inside.variance, inside.dof, is_known, level)


def _means(
    y: FloatArray, weights: tuple[FloatArray, ...], cluster: IntArray
) -> list[_Mean]:
    """Return the weighted means of `y`, and what the customers contribute to each."""
    order = np.argsort(cluster, kind="stable")
    first = np.flatnonzero(np.diff(cluster[order], prepend=cluster.min(initial=0) - 1))
    y = y[order]
    return [_mean(y, weight[order], first) for weight in weights]


def _mean(y: FloatArray, weight: FloatArray, first: IntArray) -> _Mean:
    """Return weighted means of rows that are sorted by customer."""
    n = weight.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = y @ weight / n
        residual = y[:, np.newaxis] - np.where(n > 0, mean, 0.0)
        # Without rows there is nothing to add up, which `reduceat` cannot do.
        size, sums = (
            np.add.reduceat(values, first, axis=0)
            if len(first)
            else np.zeros((0, weight.shape[1]))
            for values in (weight, weight * residual)
        )
        share = size / n
        influence = sums / n / np.sqrt(1 - share)
        scale = weight.T @ y**2
    # A customer who has all rows cannot be compared with others.
    influence = np.where((size > 0) & (size < n), influence, 0.0)
    squares = (weight * residual**2).sum(axis=0)
    return _Mean(
        n=n,
        mean=mean,
        n_customers=np.count_nonzero(size > 0, axis=0).astype(np.intp),
        influence=influence,
        size=size,
        is_constant=~(squares > _ROUNDING * scale),
    )


def _has_customers(a: _Mean, b: _Mean) -> BoolArray:
    return np.minimum(a.n_customers, b.n_customers) >= MIN_CUSTOMERS


def _joint_dof(a: _Mean, b: _Mean) -> FloatArray:
    """Return the degrees of freedom of a difference, after Satterthwaite.

    Customers with rows in both groups are not counted twice.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where one mean has no error, as a rate of 0, its sizes still say how many
        # customers there are.
        error_a, error_b = (
            np.where(mean.variance > 0, mean.variance, 1 / mean.effective_customers)
            for mean in (a, b)
        )
        share = error_a / (error_a + error_b)
        part_a, part_b = ((m.size**2) / (m.size**2).sum(axis=0) for m in (a, b))
        common = (part_a * part_b).sum(axis=0)
        return np.asarray(
            1
            / (
                share**2 / a.dof
                + (1 - share) ** 2 / b.dof
                + 2 * share * (1 - share) * common
            )
        )


def _correlation(a: _Mean, b: _Mean) -> FloatArray:
    """Return the correlation of two means, through customers with rows in both."""
    covariance = (a.influence * b.influence).sum(axis=0)
    scale = np.sqrt(a.variance * b.variance)
    correlation = np.divide(
        covariance, scale, out=np.zeros_like(scale), where=scale > 0
    )
    return np.asarray(np.clip(correlation, -1.0, 1.0))


def _effective_rows(rate: _Mean) -> FloatArray:
    """Return the number of independent rows whose rate has the same error.

    Where all rows agree the error is not seen, and each customer counts as one row.
    """
    variance = rate.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        # One row a customer has rate * (1 - rate) / (n - 1), and gives n.
        rows = 1 + rate.mean * (1 - rate.mean) / variance
    rows = np.where(variance > 0, rows, rate.effective_customers)
    return np.minimum(rows, rate.n)


def _errors_under(
    null: float, y_a: FloatArray, n_a: FloatArray, y_b: FloatArray, n_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return standard errors of the rates that are most likely if they differ by null.

    As in `score_test`, times N / (N - 1).
    """
    rate_a, rate_b = rates_that_differ_by(null, y_a, n_a, y_b, n_b)
    factor = (n_a + n_b) / (n_a + n_b - 1)
    error_a = np.sqrt(factor * rate_a * (1 - rate_a) / n_a)
    return error_a, np.sqrt(factor * rate_b * (1 - rate_b) / n_b)


def _norm(first: FloatArray, second: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return the length of the difference of two errors of that correlation."""
    squares = first**2 + second**2 - 2 * correlation * first * second
    return np.sqrt(np.maximum(squares, 0.0))


def _student(
    effect: FloatArray,
    null: float,
    variance: FloatArray,
    dof: FloatArray,
    is_known: BoolArray,
    level: float,
) -> Estimate:
    """Return Student's interval and p-value, or the whole line and NaN."""
    is_known = is_known & (variance > 0) & (dof > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = stdtrit(dof, (1 + level) / 2) * np.sqrt(variance)
        p = _two_sided((effect - null) / np.sqrt(variance), dof)
    margin = np.where(is_known, margin, np.inf)
    centre = np.where(np.isnan(effect), 0.0, effect)
    return Estimate(
        effect, centre - margin, centre + margin, np.where(is_known, p, np.nan)
    )


def _two_sided(t: FloatArray, dof: FloatArray) -> FloatArray:
    return np.asarray(2 * stdtr(dof, -np.abs(t)))
