"""Differences between every two segments, from stored summaries alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import barycentric_interpolate
from scipy.stats import studentized_range

from skseg._search.effects._inference import holm, newcombe
from skseg._typing import FloatArray, IntArray

from ._moments import welch_error

_N_NODES = 6


class Pairs(NamedTuple):
    """Differences of the first less the second segment of every pair.

    The limits hold for all pairs together, and so do the adjusted p-values; NaN and
    infinite limits where the data do not determine the error.
    """

    first: IntArray
    second: IntArray
    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p_adj: FloatArray


def games_howell(
    n: FloatArray, mean: FloatArray, std: FloatArray, level: float = 0.95
) -> Pairs:
    """Return differences of means, whose variances may differ.

    P. A. Games and J. F. Howell, "Pairwise multiple comparison procedures with unequal
    n's and/or variances", Journal of Educational Statistics 1 (1976), 113-125.
    """
    first, second = np.triu_indices(len(n), 1)
    a, b = ((n[i], mean[i], std[i]) for i in (first, second))
    error, dof = welch_error(a, b)
    return _studentized(n, mean, error, dof, level)


def tukey_kramer(
    n: FloatArray, mean: FloatArray, std: FloatArray, level: float = 0.95
) -> Pairs:
    """Return differences of means, under the assumption of one variance for all.

    C. Y. Kramer, "Extension of multiple range tests to group means with unequal numbers
    of replications", Biometrics 12 (1956), 307-310.
    """
    first, second = np.triu_indices(len(n), 1)
    has_variance = n > 1
    dof = float((n[n > 0] - 1).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        roots = np.sqrt(n[has_variance] - 1) * std[has_variance]
        # In units of the largest, whose square cannot overflow.
        unit = roots.max(initial=0.0) or 1.0
        pooled = unit * (np.linalg.norm(roots / unit) / np.sqrt(dof))
        error = pooled * np.sqrt(1 / n[first] + 1 / n[second])
    return _studentized(n, mean, error, np.full(len(first), dof), level)


def without_limits(pairs: Pairs, is_untrusted: ArrayLike) -> Pairs:
    """Return the pairs without limits and p-values of segments with too few rows."""
    untrusted = np.asarray(is_untrusted, dtype=bool)
    is_hidden = untrusted[pairs.first] | untrusted[pairs.second]
    low, high, p_adj = (
        np.where(is_hidden, np.nan, values)
        for values in (pairs.low, pairs.high, pairs.p_adj)
    )
    return pairs._replace(low=low, high=high, p_adj=p_adj)


def _studentized(
    n: FloatArray, mean: FloatArray, error: FloatArray, dof: FloatArray, level: float
) -> Pairs:
    first, second = np.triu_indices(len(n), 1)
    k = int((n > 0).sum())
    # The difference of the largest floats is infinite, and has no test.
    with np.errstate(over="ignore"):
        difference = mean[first] - mean[second]
    is_known = (error > 0) & (dof > 0) & np.isfinite(difference)
    p, margin = np.full(len(first), np.nan), np.full(len(first), np.inf)
    if is_known.any():
        q = np.sqrt(2) * np.abs(difference[is_known]) / error[is_known]
        dof = dof[is_known]
        p[is_known] = np.clip(studentized_range.sf(q, k, dof), 0.0, 1.0)
        quantile = _quantiles(level, k, dof)
        margin[is_known] = quantile / np.sqrt(2) * error[is_known]
    centre = np.where(is_known, difference, 0.0)
    return Pairs(first, second, difference, centre - margin, centre + margin, p)


def _quantiles(level: float, k: int, dof: FloatArray) -> FloatArray:
    """Return quantiles of the studentized range of `k` segments.

    scipy takes 0.2 s for each. They are smooth in 1 / dof, so that a polynomial through
    a few is right to six digits.
    """
    inverse, place = np.unique(1 / dof, return_inverse=True)
    if len(inverse) <= _N_NODES:
        exact = np.atleast_1d(studentized_range.isf(1 - level, k, 1 / inverse))
        return np.asarray(exact[place])
    low, high = inverse[0], inverse[-1]
    angles = np.pi * (np.arange(_N_NODES) + 0.5) / _N_NODES
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos(angles)
    quantiles = studentized_range.isf(1 - level, k, 1 / nodes)
    return np.asarray(barycentric_interpolate(nodes, quantiles, inverse)[place])


def share_pairs(count: FloatArray, n: FloatArray, level: float = 0.95) -> Pairs:
    """Return differences of the shares of one level, with Holm's adjusted p-values.

    The limits are Newcombe's at a level that Bonferroni's inequality asks for.
    """
    first, second = np.triu_indices(len(n), 1)
    is_known = (n[first] > 0) & (n[second] > 0)
    tail = (1 - level) / max(int(is_known.sum()), 1)
    estimate = newcombe(count[first], n[first], count[second], n[second], 1 - tail)
    return Pairs(
        first,
        second,
        estimate.effect,
        estimate.low,
        estimate.high,
        holm(estimate.p_value),
    )
