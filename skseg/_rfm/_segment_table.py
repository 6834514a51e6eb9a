"""The table of RFM segments: sizes, medians, shares of revenue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skseg._core._base import segment_table
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns, RuleSet
from skseg.rules._quantile import inverted_cdf

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
            inverted_cdf(values_of_segment, [0.5], w)[0]
            for values_of_segment, w in zip(
                np.split(values[order], ends), weights, strict=True
            )
        ]
        if d.name == "monetary":
            revenue = _revenue(values, codes, weight, len(table))
            total = revenue.sum()
            table["revenue_share"] = revenue / total if total else np.nan
    return table


def _revenue(
    amounts: FloatArray, codes: IntArray, weight: FloatArray | None, n_segments: int
) -> FloatArray:
    """Return the revenue of every segment, in units of the largest amount."""
    counts = np.isfinite(amounts) & (True if weight is None else weight > 0)
    finite = np.where(counts, amounts, 0.0)
    # Scaled first, so that no sum of representable amounts overflows.
    scaled = finite / max(np.abs(finite).max(), np.finfo(float).tiny)
    weighted = scaled if weight is None else scaled * weight
    return np.bincount(codes, weighted, minlength=n_segments).astype(np.float64)
