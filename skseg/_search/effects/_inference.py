"""What a difference between two groups is worth: intervals, tests, scores.

Everything is vectorised over segments, and takes sums: a row of weight 3 adds three
times to each of them, so that weights are repetitions. Where the data say nothing about
the error of a difference, its interval holds every possible value and its p-value is
NaN, so that it never passes for a finding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError

# A variance below this share of the mean square is what rounding leaves of none.
_ROUNDING = 1e-12


class Estimate(NamedTuple):
    """Differences of segments, their confidence limits and two-sided p-values."""

    effect: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray


def newcombe(
    y_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    y_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """Return rate A minus rate B with Newcombe's interval and the p of `score_test`.

    `y_a` of `n_a` and `y_b` of `n_b` rows are successes. Where a group is empty the
    effect and the p-value are NaN and the interval is [-1, 1].

    Notes
    -----
    Method 10 of R. G. Newcombe, "Interval estimation for the difference between
    independent proportions", Statistics in Medicine 17 (1998), 873-890: the lower limit
    lies below the difference by the root of the sum of squares of the distances from
    rate A down to its lower and from rate B up to its upper Wilson limit. Its errors
    are not those of the test: close to the edge the two can disagree.
    """
    low_a, rate_a, high_a = _wilson(y_a, n_a, level)
    low_b, rate_b, high_b = _wilson(y_b, n_b, level)
    effect = rate_a - rate_b
    low = effect - np.hypot(rate_a - low_a, high_b - rate_b)
    high = effect + np.hypot(high_a - rate_a, rate_b - low_b)
    is_unknown = np.isnan(effect)
    # The last bits may lie beyond what a difference of rates can be.
    low = np.where(is_unknown, -1.0, np.maximum(low, -1.0))
    high = np.where(is_unknown, 1.0, np.minimum(high, 1.0))
    return Estimate(effect, low, high, score_test(y_a, n_a, y_b, n_b))


def _wilson(
    y: npt.ArrayLike, n: npt.ArrayLike, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower limits, rates and upper limits by Wilson; NaN for no rows."""
    y, n = np.asarray(y, np.float64), np.asarray(n, np.float64)
    z = _normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = y / n
        spread = z * np.sqrt(z * z + 4 * y * (1 - rate))
    centre, scale = 2 * y + z * z, 2 * (n + z * z)
    # Rounding must not push a limit past the rate itself, at rates of 0 and 1.
    low = np.minimum((centre - spread) / scale, rate)
    high = np.maximum((centre + spread) / scale, rate)
    return low, rate, high


def score_test(
    y_a: npt.ArrayLike, n_a: npt.ArrayLike, y_b: npt.ArrayLike, n_b: npt.ArrayLike
) -> FloatArray:
    """Return two-sided p-values of equal rates; NaN where a group is empty.

    Notes
    -----
    The score test of Miettinen and Nurminen (1985) for a difference of 0: the pooled z
    with its variance times N / (N - 1), which is Pearson's chi-squared times
    (N - 1) / N, without continuity correction. Where all rows agree p is 1: no
    difference is seen, and none could have been.
    """
    y_a, n_a, y_b, n_b = (np.asarray(x, np.float64) for x in (y_a, n_a, y_b, n_b))
    total = n_a + n_b
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = y_a / n_a - y_b / n_b
        rate = (y_a + y_b) / total
        variance = rate * (1 - rate) * (1 / n_a + 1 / n_b) * total / (total - 1)
        z = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
    return np.where(np.isnan(difference), np.nan, _normal_p(z))


def welch(
    y_a: npt.ArrayLike,
    sq_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    y_b: npt.ArrayLike,
    sq_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """Return mean A minus mean B with Welch's interval and p-value.

    `y_*` are sums of the outcome, `sq_*` of its squares, over `n_*` rows. Where a group
    has no more than one row, or no row of either group differs from the others of its
    group, the interval is the whole line and p is NaN. Outcomes whose mean is many
    times their scatter lose digits in such sums: centre them before.
    """
    mean_a, error_a, dof_a = _squared_error(y_a, sq_a, n_a)
    mean_b, error_b, dof_b = _squared_error(y_b, sq_b, n_b)
    error = error_a + error_b
    with np.errstate(divide="ignore", invalid="ignore"):
        # By shares of the error: the squares of small ones would underflow.
        share = error_a / error
        dof = 1 / (share**2 / dof_a + (1 - share) ** 2 / dof_b)
        margin = np.multiply(stdtrit(dof, (1 + level) / 2), np.sqrt(error), dtype=float)
        p: FloatArray = 2 * stdtr(dof, -np.abs(mean_a - mean_b) / np.sqrt(error))
    return _estimate(mean_a - mean_b, margin, p, error > 0)


def mean_interval(
    total: npt.ArrayLike, total_sq: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> Estimate:
    """Return the mean of an additive score with its normal interval and p against 0.

    `total` and `total_sq` are sums of the score and of its square over `n` rows. With
    no more than one row, or no two that differ, the interval is the whole line and p
    is NaN.
    """
    mean, error, _ = _squared_error(total, total_sq, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = _normal_quantile(level) * np.sqrt(error)
        p = _normal_p(mean / np.sqrt(error))
    return _estimate(mean, margin, p, error > 0)


def _squared_error(
    total: npt.ArrayLike, total_sq: npt.ArrayLike, n: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means, their squared standard errors and the degrees of freedom."""
    total, total_sq, n = (np.asarray(x, np.float64) for x in (total, total_sq, n))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        squares = total_sq - total * mean
        squares = np.where(squares > _ROUNDING * total_sq, squares, 0.0)
        error = np.where(n > 1, squares / (n - 1) / n, np.nan)
    return mean, error, n - 1


def _estimate(
    effect: FloatArray, margin: FloatArray, p: FloatArray, is_known: BoolArray
) -> Estimate:
    margin = np.where(is_known, margin, np.inf)
    centre = np.where(np.isnan(effect), 0.0, effect)
    p = np.where(is_known, p, np.nan)
    return Estimate(effect, centre - margin, centre + margin, p)


def _normal_quantile(level: float) -> float:
    return float(ndtri((1 + level) / 2))


def _normal_p(z: FloatArray) -> FloatArray:
    return np.asarray(2 * ndtr(-np.abs(z)))


def holm(p: npt.ArrayLike) -> FloatArray:
    """Return Holm's adjusted p-values; NaN stays NaN and counts as no hypothesis.

    Notes
    -----
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6 (1979), 65-70. The smallest of m is multiplied by m, the
    next by m - 1 and so on, and none may be below its predecessor: those up to alpha
    hold together with an error of at most alpha, however they depend on each other.
    """
    p = np.asarray(p, np.float64)
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sorts last
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def ipw_score(
    y: FloatArray, in_a: BoolArray, weight: FloatArray | None = None
) -> FloatArray:
    r"""Return what each row adds to mean A - mean B, of groups drawn at random.

    The mean of the scores over the rows of any segment, weighted as the rows are,
    estimates the effect there; over all rows it is exactly mean A - mean B. The scores
    themselves are not multiplied by the weights.

    Raises
    ------
    ValueError
        If a group has no rows of positive weight.

    Notes
    -----
    With T = 1 in group A, p the share of A and a constant m, the score is

    .. math:: \psi = \left(\frac{T}{p} - \frac{1 - T}{1 - p}\right) (y - m).

    Unbiased in any segment: T is independent of all else, so that
    :math:`E[\psi | S] = E[y_A - m | S] - E[y_B - m | S]`, whatever m. As for its
    variance, :math:`E[\psi^2] = E(y_A - m)^2 / p + E(y_B - m)^2 / (1 - p)` has the
    derivative 0 at :math:`m = (1 - p) \mu_A + p \mu_B`, and there the variance is
    :math:`\sigma_A^2 / p + \sigma_B^2 / (1 - p)`, as that of mean A - mean B. The
    score is then the same as `aipw_score` with p and the two overall means.

    That p and m come from the same rows biases a segment by the order of 1 / n: a row
    moves m by that much.
    """
    weight = np.ones(len(y)) if weight is None else weight
    n_a, n_b = weight[in_a].sum(), weight[~in_a].sum()
    if not (n_a > 0 and n_b > 0):
        raise InvalidDataError(f"Both groups need rows. Got {n_a} of A and {n_b} of B.")
    mean_a = weight[in_a] @ y[in_a] / n_a
    mean_b = weight[~in_a] @ y[~in_a] / n_b
    share = n_a / (n_a + n_b)
    centre = (1 - share) * mean_a + share * mean_b
    score: FloatArray = np.where(in_a, 1 / share, -1 / (1 - share)) * (y - centre)
    return score


def aipw_score(
    y: FloatArray,
    in_a: BoolArray,
    propensity: FloatArray,
    mean_a: FloatArray,
    mean_b: FloatArray,
) -> FloatArray:
    """Return what each row adds to the effect of A over B, doubly robust.

    `propensity` is the probability of group A given the row, `mean_a` and `mean_b` the
    expected outcomes in the groups, each predicted by a model that has not seen the
    row. The mean over a segment estimates the effect there if either the propensity or
    both expected outcomes are right.

    Raises
    ------
    ValueError
        If a propensity does not lie between 0 and 1.

    Notes
    -----
    J. M. Robins, A. Rotnitzky and L. P. Zhao, "Estimation of regression coefficients
    when some regressors are not always observed", Journal of the American Statistical
    Association 89 (1994), 846-866; with cross-fitting, V. Chernozhukov et al.,
    "Double/debiased machine learning", The Econometrics Journal 21 (2018), C1-C68.
    """
    is_inside = (propensity > 0) & (propensity < 1)
    if not is_inside.all():
        row = int(np.argmin(is_inside))
        raise InvalidDataError(
            "A propensity must lie between 0 and 1, else nobody is there to compare "
            f"with. Got {propensity[row]} at row {row}."
        )
    residual = np.where(
        in_a, (y - mean_a) / propensity, -(y - mean_b) / (1 - propensity)
    )
    return mean_a - mean_b + residual


def rest_score(y: FloatArray, weight: FloatArray | None = None) -> FloatArray:
    r"""Return y minus its mean: what tests a segment against the rest.

    Notes
    -----
    For a segment of the share s, :math:`\bar y = s \bar y_S + (1 - s) \bar y_R`, so the
    mean of the scores over it is the lift over the average,

    .. math:: \bar y_S - \bar y = (1 - s) (\bar y_S - \bar y_R):

    it is 0 where the effect against the rest is 0, and the effect after a division by
    1 - s. No additive score has the effect itself as its mean: the rest depends on the
    segment. `mean_interval` takes the average for known, though the segment is a part
    of it: with equal scatter its z is too small by the factor :math:`\sqrt{1 - s}`, on
    the safe side. To report the effect, use `newcombe` or `welch` with the rest as
    group B.
    """
    return y - np.average(y, weights=weight)
