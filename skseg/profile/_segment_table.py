"""One row per segment: who it is, how large, and what it is worth."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skseg._typing import FloatArray

from ._disclosure import few_and_next
from ._intervals import MeanInterval
from ._segment_rows import SegmentRows, sums_by_segment
from ._segmentation import Segmentation

# Shares of the customers at which the curve of the value is shown.
STEPS = np.arange(101) / 100


def segment_columns(
    segmentation: Segmentation,
    n: FloatArray,
    value: FloatArray | None,
    outcome: MeanInterval | None,
    min_count: int,
) -> dict[str, Any]:
    """Return the columns of the table of segments.

    `n` is the weight of the customers of each segment, `value` the sum of their values.
    """
    rules = segmentation.rules
    texts = {} if rules is None else rules.texts()
    is_hidden = few_and_next(n, min_count)
    columns: dict[str, Any] = {
        "code": segmentation.codes,
        "name": segmentation.names,
        "rule": [texts.get(name) or "" for name in segmentation.names],
        "n": n,
        "share": n / n.sum(),
    }
    if value is not None:
        total = value.sum()
        with np.errstate(invalid="ignore", divide="ignore"):
            figures = {
                "value": value,
                "value_share": value / (total or np.nan),
                "value_mean": value / n,
            }
        columns |= {k: np.where(is_hidden, np.nan, v) for k, v in figures.items()}
    if outcome is not None:
        figures = {
            "outcome": outcome.mean,
            "outcome_low": outcome.low,
            "outcome_high": outcome.high,
        }
        columns |= {k: np.where(is_hidden, np.nan, v) for k, v in figures.items()}
    return columns


def value_sums(value: FloatArray, rows: SegmentRows) -> FloatArray:
    """Return the sum of the values of each segment."""
    ordered = value[rows.order]
    weighted = ordered if rows.weight is None else ordered * rows.weight
    return sums_by_segment(rows.codes, weighted, rows.n_segments)


class Curve(NamedTuple):
    """Cumulative weight of customers and of their value, the most valuable first."""

    n: FloatArray
    amounts: FloatArray


def value_curve(value: FloatArray, rows: SegmentRows) -> Curve:
    """Return the curve of all customers."""
    ordered = value[rows.order]
    weight = rows.weights
    order = np.argsort(-ordered, kind="stable")
    return Curve(np.cumsum(weight[order]), np.cumsum(ordered[order] * weight[order]))


def concentration(curve: Curve | None, min_count: int) -> dict[str, FloatArray]:
    """Return the share of the value that the most valuable customers bring.

    Points that are about fewer than `min_count` customers, at either end, are left out,
    but for nobody and everybody. Without a positive total there are no shares.
    """
    nothing = {"customers": np.empty(0), "value": np.empty(0)}
    if curve is None or not curve.amounts[-1] > 0:
        return nothing
    n, amounts = curve
    counts = STEPS * n[-1]
    is_shown = (counts >= min_count) & (n[-1] - counts >= min_count)
    is_shown[[0, -1]] = True
    share = np.interp(counts, [0.0, *n], [0.0, *amounts / amounts[-1]])
    return {"customers": STEPS[is_shown], "value": share[is_shown]}
