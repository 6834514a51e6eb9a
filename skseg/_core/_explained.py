"""Means of an outcome by segment, and how much of its variance they explain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._magnitudes import to_unit_scale
from ._sums import group_sums
from ._validation import check_outcome, check_sample_weight


def group_means(
    codes: IntArray, n_groups: int, values: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the weighted mean of the finite values of every group, NaN for none."""
    known = np.isfinite(values)
    codes, weight, values = codes[known], weight[known], values[known]
    # Scaling by a power of two rounds nothing, and keeps the sums from overflowing.
    scale = 2.0 ** np.frexp(np.abs(values).max(initial=1.0) / 2)[1]
    total = group_sums(codes, weight, n_groups)
    sums = group_sums(codes, weight * (values / scale), n_groups)
    means = np.full(n_groups, np.nan)
    np.divide(sums, total, out=means, where=total > 0)
    return np.asarray(means * scale)


def explained_outcome(
    owner: str, segments: pd.DataFrame, codes: IntArray, y: Any, sample_weight: Any
) -> float:
    """Return R squared of the outcome `y`, predicted by the training mean of segments.

    `segments` is the table of a fitted segmenter; of its segments without a training
    row the mean of all segments is predicted. Rows with the code -1 are left out.
    """
    inside = codes >= 0
    outcome = check_outcome(owner, y, inside)
    weight = check_sample_weight(sample_weight, len(codes), owner)
    # A strategy whose rules were edited may have lost all that fit has measured.
    if "outcome" not in segments or segments["outcome"].isna().all():
        raise InvalidDataError(
            f"score of {owner} compares outcomes, and fit had none.",
            owner=owner,
            name="y",
            advice="Pass y to fit.",
        )
    means = segments["outcome"].to_numpy()
    known = ~np.isnan(means)
    overall = np.average(means[known], weights=segments["n"][known])
    expected = np.where(known, means, overall)[codes[inside]]
    weight = None if weight is None else to_unit_scale(weight[inside])
    # The share is that in any unit, and in this one no square overflows.
    outcome, expected = to_unit_scale(np.stack([outcome[inside], expected]))
    return float(r2_score(outcome, expected, sample_weight=weight))


def explained_ranks(
    codes: IntArray, values: FloatArray, weight: FloatArray | None
) -> float:
    """Return the share of the variance of the ranks of `values` between segments.

    Equal values have the mean of their ranks; rows with a missing value are left out.
    NaN if no two known values differ.
    """
    # Weights that vanish beside the largest are as good as none.
    weight = np.ones(len(values)) if weight is None else to_unit_scale(weight)
    known = ~np.isnan(values) & (weight > 0)
    n = weight[known]
    _, places = np.unique(values[known], return_inverse=True)
    n_of_value = np.bincount(places, n)
    if len(n_of_value) < 2:
        return np.nan
    ranks = (np.cumsum(n_of_value) - n_of_value / 2)[places]
    inside = codes[known]
    means = group_means(inside, int(inside.max()) + 1, ranks, n)
    return float(r2_score(ranks, means[inside], sample_weight=n))
