"""The table of RFM segments: sizes, medians, shares of revenue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skseg._core._aggregates._quantiles import middle
from skseg._core._base import segment_table
from skseg._core._sums import group_sums
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns, RuleSet

from ._dimensions import Dimension


def rfm_segment_table(
    rules: RuleSet,
    codes: IntArray,
    dimensions: Sequence[Dimension],
    columns: Columns,
    weight: FloatArray | None,
) -> pd.DataFrame:
    """Return one row per segment: size, medians of the dimensions, share of revenue."""
    table = segment_table(rules, codes, weight)
    # Sorting small integers takes linear time, which int64 does not.
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(table)))[:-1]
    weights: Sequence[FloatArray | None] = [None] * len(table)
    if weight is not None:
        weights = np.split(weight[order], ends)
    for d in dimensions:
        values = columns.numbers(d.column)
        table[f"median_{d.name}"] = [
            median(values_of_segment, w)
            for values_of_segment, w in zip(
                np.split(values[order], ends), weights, strict=True
            )
        ]
        if d.name == "monetary":
            table["revenue_share"] = shares_of_total(
                _revenue(values, codes, weight, len(table))
            )
    return table


def shares_of_total(revenue: FloatArray) -> FloatArray:
    """Return shares of revenue; NaN unless they add up to more than 0.

    Shares of a total that is not positive would have the wrong signs.
    """
    total = revenue.sum()
    return revenue / total if total > 0 else np.full(len(revenue), np.nan)


def median(values: FloatArray, weight: FloatArray | None) -> float:
    """Return the usual median of the known values, NaN if there is none.

    It is the mean of the middle two where their number is even. A whole weight counts
    as a repetition; in general the middle two are the values up to which, and from
    which on, at least half of the weight lies.
    """
    known = ~np.isnan(values)
    if weight is not None:
        known &= weight > 0
    observed = values if known.all() else values[known]
    if not len(observed):
        return np.nan
    if weight is None:
        upper = len(observed) // 2
        lower = (len(observed) - 1) // 2
        parted = np.partition(observed, (lower, upper))
        return middle(parted[lower], parted[upper])
    order = np.argsort(observed, kind="stable")
    weight_up_to = np.cumsum(weight[known][order])
    half = weight_up_to[-1] / 2
    lower = int(np.searchsorted(weight_up_to, half, side="left"))
    upper = int(np.searchsorted(weight_up_to, half, side="right"))
    return middle(observed[order[lower]], observed[order[upper]])


def _revenue(
    amounts: FloatArray, codes: IntArray, weight: FloatArray | None, n_segments: int
) -> FloatArray:
    """Return the revenue of every segment, in units of the largest amount."""
    counts = np.isfinite(amounts) & (True if weight is None else weight > 0)
    finite = np.where(counts, amounts, 0.0)
    # Scaled first, so that no sum of representable amounts overflows.
    scaled = finite / max(np.abs(finite).max(), np.finfo(float).tiny)
    weighted = scaled if weight is None else scaled * weight
    return np.asarray(group_sums(codes, weighted, n_segments))
