"""Differences between two groups: confidence intervals, tests and scores.

All functions are vectorised over segments and take sums, to which a row of weight 3
adds three times: weights are repetitions. Where the data do not determine the error of
a difference, its interval holds every possible value and its p-value is NaN, so that it
never passes for a finding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit
from scipy.stats import hypergeom

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError

# Below this share of the mean square, a variance is the rounding error of zero.
_ROUNDING = 1e-12
# With more events than these in both groups, the score test is as good as an exact one.
_FEW_EVENTS = 20


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
    null: float = 0.0,
) -> Estimate:
    """Return rate A minus rate B with Newcombe's interval and the p of `rate_test`.

    `y_a` of `n_a` and `y_b` of `n_b` rows are successes, and `null` is the difference
    to test. Where a group is empty, the effect and the p-value are NaN and the interval
    is [-1, 1]. The interval is not the inverse of the test: in borderline cases the two
    can disagree.

    Method 10 of R. G. Newcombe, "Interval estimation for the difference between
    independent proportions", Statistics in Medicine 17 (1998), 873-890.
    """
    low_a, rate_a, high_a = wilson(y_a, n_a, level)
    low_b, rate_b, high_b = wilson(y_b, n_b, level)
    effect = rate_a - rate_b
    low = effect - np.hypot(rate_a - low_a, high_b - rate_b)
    high = effect + np.hypot(high_a - rate_a, rate_b - low_b)
    is_unknown = np.isnan(effect)
    # Rounding may push limits slightly beyond -1 and 1.
    low = np.where(is_unknown, -1.0, np.maximum(low, -1.0))
    high = np.where(is_unknown, 1.0, np.minimum(high, 1.0))
    return Estimate(effect, low, high, rate_test(y_a, n_a, y_b, n_b, null))


def wilson(
    y: npt.ArrayLike, n: npt.ArrayLike, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Wilson's lower limits, rates and upper limits; NaN for no rows."""
    y, n = np.asarray(y, np.float64), np.asarray(n, np.float64)
    return wilson_within(y, n, _normal_quantile(level))


def wilson_within(
    y: FloatArray, n: FloatArray, z: float | FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Wilson's limits as `wilson` does, `z` standard errors from the rates."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = y / n
        spread = z * np.sqrt(z * z + 4 * y * (1 - rate))
    centre, scale = 2 * y + z * z, 2 * (n + z * z)
    # Rounding must not push a limit past the rate itself, at rates of 0 and 1.
    low = np.minimum((centre - spread) / scale, rate)
    high = np.maximum((centre + spread) / scale, rate)
    return low, rate, high


def rate_test(
    y_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    y_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    null: float = 0.0,
) -> FloatArray:
    """Return the p-values of `score_test`, or of `mid_p_test` where events are few.

    Of 25 rows one has an event of 0.5 % in more than one case of ten, and the score
    test gives it a p of 0.01. Few are fewer than 20 events, or rows without, that a
    group would have at the joint rate. Differences other than 0, and sums of weights
    that are not whole, have the score test only.
    """
    p = score_test(y_a, n_a, y_b, n_b, null)
    if null != 0:
        return p
    counts = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (y_a, n_a, y_b, n_b))
    )
    y_a, n_a, y_b, n_b = counts
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (y_a + y_b) / (n_a + n_b)
    n_events = np.minimum(n_a, n_b) * np.minimum(rate, 1 - rate)
    is_whole = np.all([count == np.floor(count) for count in counts], axis=0)
    is_exact = is_whole & ~np.isnan(p) & (n_events < _FEW_EVENTS)
    exact = mid_p_test(*(count[is_exact] for count in counts))
    p = np.array(p)
    p[is_exact] = exact
    return p


def mid_p_test(
    y_a: FloatArray, n_a: FloatArray, y_b: FloatArray, n_b: FloatArray
) -> FloatArray:
    """Return two-sided mid-p-values of equal rates, given how many events there are.

    Twice the smaller tail of the hypergeometric distribution, with half of the chance
    of what is observed: H. O. Lancaster, "Significance tests in discrete
    distributions", Journal of the American Statistical Association 56 (1961), 223-234.
    Fisher's test counts all of it, and rejects less than half as often as its level.
    """
    total, events = n_a + n_b, y_a + y_b
    half = hypergeom.pmf(y_a, total, events, n_a) / 2
    above = hypergeom.sf(y_a, total, events, n_a) + half
    below = hypergeom.sf(n_a - y_a, total, total - events, n_a) + half
    return np.asarray(2 * np.minimum(np.minimum(above, below), 0.5))


def score_test(
    y_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    y_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    null: float = 0.0,
) -> FloatArray:
    """Return two-sided p-values of a difference of rates; NaN where a group is empty.

    The score test of O. Miettinen and M. Nurminen, "Comparative analysis of two rates",
    Statistics in Medicine 4 (1985), 213-226, of a difference of `null`: z has the
    variance of the rates that are most likely under it, times N / (N - 1), without
    continuity correction. Where all rows agree, p of a difference of 0 is 1: no
    difference is seen, and none could have been.
    """
    y_a, n_a, y_b, n_b = (np.asarray(x, np.float64) for x in (y_a, n_a, y_b, n_b))
    total = n_a + n_b
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = y_a / n_a - y_b / n_b - null
        rate_a, rate_b = rates_that_differ_by(null, y_a, n_a, y_b, n_b)
        variance = rate_a * (1 - rate_a) / n_a + rate_b * (1 - rate_b) / n_b
        variance *= total / (total - 1)
        z = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
        # Rates of 0 and 1 leave no chance of anything else.
        is_impossible = (variance <= 0) & (np.abs(difference) > _ROUNDING)
    p = np.where(is_impossible, 0.0, _normal_p(z))
    return np.where(np.isnan(difference), np.nan, p)


def rates_that_differ_by(
    null: float, y_a: FloatArray, n_a: FloatArray, y_b: FloatArray, n_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the most likely rates of A and B whose difference is `null`.

    The root in closed form of the cubic of the likelihood equation: C. P. Farrington
    and G. Manning, Statistics in Medicine 9 (1990), 1447-1454.
    """
    total = n_a + n_b
    if null == 0:
        rate = (y_a + y_b) / total
        return rate, rate
    share = n_b / n_a
    a = 1 + share
    b = -(1 + share + y_a / n_a + share * y_b / n_b + null * (share + 2))
    c = null**2 + null * (2 * y_a / n_a + share + 1) + y_a / n_a + share * y_b / n_b
    d = -y_a / n_a * null * (1 + null)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a**2) + d / (2 * a)
    u = np.copysign(np.sqrt(np.maximum((b / (3 * a)) ** 2 - c / (3 * a), 0.0)), v)
    cosine = np.divide(v, u**3, out=np.zeros_like(v), where=u != 0)
    w = (np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3
    low, high = max(null, 0.0), min(1 + null, 1.0)
    rate_a = np.clip(2 * u * np.cos(w) - b / (3 * a), low, high)
    return rate_a, np.clip(rate_a - null, 0.0, 1.0)


def welch(
    y_a: npt.ArrayLike,
    sq_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    y_b: npt.ArrayLike,
    sq_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return mean A minus mean B with Welch's interval and the p-value of `null`.

    `y_*` are sums of the outcome, `sq_*` of its squares, over `n_*` rows. Where a group
    has at most one row, or the outcome is constant within both groups, the interval is
    the whole line and p is NaN. Outcomes whose mean is many times their standard
    deviation lose digits in such sums: centre them first.
    """
    effect, error, dof = difference_of_means((y_a, sq_a, n_a), (y_b, sq_b, n_b))
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.multiply(stdtrit(dof, (1 + level) / 2), error, dtype=float)
        p: FloatArray = 2 * stdtr(dof, -np.abs(effect - null) / error)
    return _estimate(effect, margin, p, error > 0)


def difference_of_means(
    a: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    b: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean A minus mean B, its standard error and Welch's degrees of freedom.

    `a` and `b` are sums of the outcome, of its squares and of the rows.
    """
    mean_a, error_a, dof_a = squared_error(*a)
    mean_b, error_b, dof_b = squared_error(*b)
    error = error_a + error_b
    with np.errstate(divide="ignore", invalid="ignore"):
        # Shares of the squared error, since squares of small errors would underflow.
        share = error_a / error
        dof = 1 / (share**2 / dof_a + (1 - share) ** 2 / dof_b)
    return mean_a - mean_b, np.sqrt(error), dof


def mean_interval(
    total: npt.ArrayLike,
    total_sq: npt.ArrayLike,
    n: npt.ArrayLike,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Return the mean of an additive score with its normal interval and p of `null`.

    `total` and `total_sq` are sums of the score and of its square over `n` rows. With
    at most one row, or a constant score, the interval is the whole line and p is NaN.
    """
    mean, error, _ = squared_error(total, total_sq, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = _normal_quantile(level) * np.sqrt(error)
        p = _normal_p((mean - null) / np.sqrt(error))
    return _estimate(mean, margin, p, error > 0)


def squared_error(
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
    """Return Holm's adjusted p-values; NaN stays NaN and is not counted.

    Rejecting all that are at most alpha has a family-wise error of at most alpha under
    any dependence: S. Holm, "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6 (1979), 65-70.
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
    r"""Return inverse-propensity-weighted scores of groups drawn at random.

    The weighted mean of the scores over the rows of any segment estimates the effect
    there; over all rows it is exactly mean A - mean B. The scores themselves are not
    multiplied by the weights. InvalidDataError if a group has no rows of positive
    weight.

    With T = 1 in group A, p the share of A and a constant m, the score is

    .. math:: \psi = \left(\frac{T}{p} - \frac{1 - T}{1 - p}\right) (y - m).

    It is unbiased in any segment, since T is independent of all else. Its variance is
    smallest at :math:`m = (1 - p) \mu_A + p \mu_B`, where it is that of mean A - mean B
    and the score equals `aipw_score` with p and the two overall means. Since p and m
    are estimated from the same rows, the bias within a segment is of the order 1 / n.
    """
    share, centre = _share_and_centre(y, in_a, weight)
    return _ipw_score(y - centre, in_a, share)


def ipw_score_of_other_group(
    y: FloatArray, in_a: BoolArray, weight: FloatArray | None = None, null: float = 0.0
) -> FloatArray:
    """Return the `ipw_score` of each row in the other group if A adds `null` to all."""
    share, centre = _share_and_centre(y, in_a, weight)
    other = np.where(in_a, y - null, y + null)
    return _ipw_score(other - centre, ~in_a, share)


def _ipw_score(centred: FloatArray, in_a: BoolArray, share: float) -> FloatArray:
    score: FloatArray = np.where(in_a, 1 / share, -1 / (1 - share)) * centred
    return score


def _share_and_centre(
    y: FloatArray, in_a: BoolArray, weight: FloatArray | None
) -> tuple[float, float]:
    """Return the share of A, and the constant of the least variance of the scores."""
    weight = np.ones(len(y)) if weight is None else weight
    n_a, n_b = weight[in_a].sum(), weight[~in_a].sum()
    if not (n_a > 0 and n_b > 0):
        raise InvalidDataError(
            f"Both groups need rows. Got {n_a} of A and {n_b} of B.",
            name="group",
            rule="rows of positive weight in both groups",
            value=(float(n_a), float(n_b)),
        )
    mean_a = weight[in_a] @ y[in_a] / n_a
    mean_b = weight[~in_a] @ y[~in_a] / n_b
    share = n_a / (n_a + n_b)
    return float(share), float((1 - share) * mean_a + share * mean_b)


def aipw_score(
    y: FloatArray,
    in_a: BoolArray,
    propensity: FloatArray,
    mean_a: FloatArray,
    mean_b: FloatArray,
) -> FloatArray:
    """Return doubly robust scores, whose mean estimates the effect of A over B.

    `propensity` is the probability of group A given the row, `mean_a` and `mean_b` are
    the expected outcomes in the groups, each predicted by a model that has not seen the
    row. The mean over a segment estimates the effect there if either the propensity or
    both expected outcomes are right. InvalidDataError if a propensity does not lie
    between 0 and 1.

    J. M. Robins, A. Rotnitzky and L. P. Zhao, "Estimation of regression coefficients
    when some regressors are not always observed", Journal of the American Statistical
    Association 89 (1994), 846-866; with cross-fitting, V. Chernozhukov et al.,
    "Double/debiased machine learning", The Econometrics Journal 21 (2018), C1-C68.
    """
    is_inside = (propensity > 0) & (propensity < 1)
    if not is_inside.all():
        row = int(np.argmin(is_inside))
        raise InvalidDataError(
            "A propensity must lie between 0 and 1, or there are no rows to compare "
            f"with. Got {propensity[row]} at row {row}.",
            name="propensity",
            rule="between 0 and 1, exclusive",
            value=float(propensity[row]),
            row=row,
        )
    residual = np.where(
        in_a, (y - mean_a) / propensity, -(y - mean_b) / (1 - propensity)
    )
    return mean_a - mean_b + residual


def rest_score(y: FloatArray, weight: FloatArray | None = None) -> FloatArray:
    r"""Return y minus its mean, scores that test a segment against the rest.

    The mean of the scores over a segment of the share s is the lift over the average,
    :math:`\bar y_S - \bar y = (1 - s) (\bar y_S - \bar y_R)`. It is 0 where the effect
    against the rest is 0. `mean_interval` treats the average as known, though the
    segment is part of it: with equal variances its z is too small by the factor
    :math:`\sqrt{1 - s}`, which is conservative. To report the effect, use `newcombe` or
    `welch` with the rest as group B.
    """
    return y - np.average(y, weights=weight)
