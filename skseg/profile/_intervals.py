"""Means of the outcome and of the value with their confidence intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from skseg._search.effects._inference import wilson
from skseg._typing import FloatArray

from ._association import rows_for_means
from ._moments import Moments, deviation, pooled_skewness, sorted_moments
from ._segment_rows import SegmentRows


class MeanInterval(NamedTuple):
    """Number of known values, their mean and its limits, one element per segment."""

    n: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def mean_intervals(
    values: FloatArray, rows: SegmentRows, level: float = 0.95
) -> MeanInterval:
    """Return means with Wilson's limits if all values are 0 or 1, else Student's t.

    NaN is missing. Student's limits are NaN where they would not cover: a segment has
    too few rows for the skewness of all values, or no variance.
    """
    ordered = np.asarray(values, np.float64)[rows.order]
    is_known = ~np.isnan(ordered)
    is_rate = bool(np.isin(ordered[is_known], (0.0, 1.0)).all())
    moments = []
    for block in rows.blocks():
        known = is_known[block]
        order = np.argsort(ordered[block][known], kind="stable")
        weight = None if rows.weight is None else rows.weight[block][known][order]
        moments.append(sorted_moments(ordered[block][known][order], weight))
    columns = Moments(*np.array(moments).reshape(-1, 4).T)
    return intervals_of_moments(columns, is_rate=is_rate, level=level)


def intervals_of_moments(
    moments: Moments, *, is_rate: bool, level: float = 0.95
) -> MeanInterval:
    """Return the means with their limits, Wilson's where all values are 0 or 1."""
    n, mean, root, _ = moments
    if is_rate:
        low, _, high = wilson(np.where(n > 0, n * mean, 0.0), n, level)
        return MeanInterval(n, mean, low, high)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = deviation(root, n) / np.sqrt(n)
        margin = stdtrit(n - 1, (1 + level) / 2) * error
    is_trusted = (n >= rows_for_means(pooled_skewness(moments))) & (error > 0)
    margin = np.where(is_trusted, margin, np.nan)
    return MeanInterval(n, mean, mean - margin, mean + margin)


def is_share(mean: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    """Tell whether known means with limits are shares of customers.

    Shares always have limits, which are in [0, 1]; other means may have none.
    """
    known = np.array([mean, low, high])[:, ~np.isnan(mean)]
    return bool(((known >= 0) & (known <= 1)).all())
