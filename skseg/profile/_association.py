"""Tests of whether segments differ in a column, and how strongly they do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaincc, fdtrc

from skseg._typing import FloatArray

# Means need this many rows for Student's distribution, and this many times the squared
# skewness: the rule of W. G. Cochran, "Sampling Techniques" (1977).
_LEAST_ROWS = 20
_COCHRAN = 25


class Association(NamedTuple):
    """Test and effect size of a column against the segments; NaN where unknown."""

    test: str
    statistic: float
    p_value: float
    effect_name: str
    effect: float


NO_ASSOCIATION = Association("none", np.nan, np.nan, "none", np.nan)


def rows_for_means(skewness: float) -> float:
    """Return how many rows the t distribution of a mean needs; NaN where unknown."""
    return float(np.maximum(_LEAST_ROWS, _COCHRAN * skewness**2))


class Scores(NamedTuple):
    """What a permutation leaves as it is: two moments of one side of a trace.

    `trace` is the number of degrees of freedom, and `diagonal` the sum of the squared
    diagonal elements of the projection.
    """

    trace: float
    diagonal: float


def welch_anova(n: FloatArray, mean: FloatArray, std: FloatArray) -> tuple[float, ...]:
    """Return Welch's F, its two degrees of freedom and p-value.

    Every segment needs two rows and a positive standard deviation. B. L. Welch, "On the
    comparison of several mean values: an alternative approach", Biometrika 38 (1951),
    330-336.
    """
    k = len(n)
    # Standard deviations relative to the largest, whose squares cannot overflow.
    unit = std.max()
    precision = n / (std / unit) ** 2
    share = precision / precision.sum()
    centre = share @ mean
    between = precision @ ((mean - centre) / unit) ** 2 / (k - 1)
    spread = ((1 - share) ** 2 / (n - 1)).sum()
    statistic = between / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    dof = (k**2 - 1) / (3 * spread)
    p_value = fdtrc(k - 1, dof, statistic)
    return float(statistic), float(k - 1), float(dof), float(p_value)


def omega_squared(between: float, within: float, k: int, n: float) -> float:
    """Return the share of the variance that segments explain, unbiased; at least 0.

    `between` and `within` are roots of sums of squares of `n` rows in `k` segments.
    W. L. Hays, "Statistics for Psychologists" (1963).
    """
    unit = max(between, within)
    if n <= k or not 0 < unit < np.inf:
        return np.nan
    between, within = (between / unit) ** 2, (within / unit) ** 2
    error = within / (n - k)
    return float(max(0.0, (between - (k - 1) * error) / (between + within + error)))


def segment_scores(n: FloatArray) -> Scores:
    """Return the scores of sets of rows: segments, or levels of a column."""
    n = n[n > 0]
    total = n.sum()
    return Scores(len(n) - 1.0, float((n * (1 / n - 1 / total) ** 2).sum()))


def permutation_p(trace: float, a: Scores, b: Scores, n: float) -> float:
    """Return p of a trace statistic, whose permutations have a beta distribution.

    `trace` is tr(A P B P'), where A and B are projections and P permutes `n` rows: eta
    squared of a score and segments, chi-square / n of levels and segments. Its mean and
    variance over all permutations are exact, so that p holds for few rows, for ties and
    for small expected counts: K. J. Berry and P. W. Mielke, "Goodness-of-fit and
    independence tests", Journal of Educational Statistics 11 (1986).
    """
    if not n > 3 or min(a.trace, b.trace) < 1:
        return np.nan
    most = min(a.trace, b.trace)
    mean = a.trace * b.trace / (n - 1)
    variance = permutation_variance(a, b, n)
    if not variance > 0 or not 0 < mean < most:
        return 1.0
    # Beta distribution of trace / most.
    centre = mean / most
    scale = centre * (1 - centre) * most**2 / variance - 1
    share = min(max(trace / most, 0.0), 1.0)
    return float(betaincc(scale * centre, scale * (1 - centre), share))


def permutation_variance(a: Scores, b: Scores, n: float) -> float:
    """Return the variance of the trace over all permutations."""
    spread, rest = zip(*(_spread(scores, n) for scores in (a, b)), strict=True)
    return float(
        2 * rest[0] * rest[1] / (n * (n - 3)) + spread[0] * spread[1] / (n - 1)
    )


def _spread(scores: Scores, n: float) -> tuple[float, float]:
    """Return how unequal the diagonal is, and what it leaves of the trace."""
    unequal = (n * scores.diagonal - scores.trace**2) / (n - 2)
    return unequal, scores.trace * (n - 1 - scores.trace) / (n - 1) - unequal


def number_association(
    n: FloatArray,
    mean: FloatArray,
    std: FloatArray,
    squares: tuple[float, float],
    skewness: float,
    ranks: tuple[float, Scores],
) -> Association:
    """Return the test and the effect size of a numeric column.

    Welch's analysis of variance, where every segment has enough rows for it; else the
    Kruskal-Wallis test by its exact mean and variance. Which test is chosen depends on
    the sizes of segments and on the values of all rows together, never on who has which
    value, so that the choice does not disturb the level.
    """
    is_shown = n > 0
    n, mean, std = n[is_shown], mean[is_shown], std[is_shown]
    total, k = float(n.sum()), len(n)
    if k < 2 or total <= k or np.isnan(ranks[0]):
        return NO_ASSOCIATION
    effect = omega_squared(*squares, k, total)
    if n.min() >= rows_for_means(skewness) and std.min() > 0 and std.max() < np.inf:
        statistic, *_, p_value = welch_anova(n, mean, std)
        return Association("welch", statistic, p_value, "omega_squared", effect)
    trace, scores = ranks
    p_value = permutation_p(trace, segment_scores(n), scores, total)
    statistic = trace * (total - 1)
    return Association("kruskal_wallis", statistic, p_value, "omega_squared", effect)


def level_association(counts: FloatArray) -> Association:
    """Return the chi-square test and Cramer's V of segments (rows) and levels.

    p is that of `permutation_p`, which holds for small expected counts too.
    """
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = float(counts.sum())
    if min(counts.shape) < 2:
        return NO_ASSOCIATION
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    statistic = float(((counts - expected) ** 2 / expected).sum())
    p_value = permutation_p(
        statistic / total,
        segment_scores(counts.sum(axis=1)),
        segment_scores(counts.sum(axis=0)),
        total,
    )
    effect = cramers_v(statistic, total, *counts.shape)
    return Association("chi_square", statistic, p_value, "cramers_v", effect)


def cramers_v(statistic: float, n: float, n_rows: int, n_columns: int) -> float:
    """Return Cramer's V, corrected for bias; 0 where the correction is larger than it.

    W. Bergsma, "A bias-correction for Cramer's V and Tschuprow's T", Journal of the
    Korean Statistical Society 42 (2013), 323-328.
    """
    if not n > 1:
        return np.nan
    rows = n_rows - (n_rows - 1) ** 2 / (n - 1)
    columns = n_columns - (n_columns - 1) ** 2 / (n - 1)
    most = min(rows, columns) - 1
    if not most > 0:
        return np.nan
    phi = max(0.0, statistic / n - (n_rows - 1) * (n_columns - 1) / (n - 1))
    return float(np.sqrt(phi / most))
