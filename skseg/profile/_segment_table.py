"""One row per segment: who it is, how large, and what it is worth."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skseg._typing import FloatArray

from ._disclosure import few_and_next
from ._intervals import mean_intervals
from ._segment_rows import SegmentRows, sums_by_segment
from ._segmentation import Segmentation

_STEPS = 100


class Amounts(NamedTuple):
    """Values or outcomes, with the rows that have them."""

    values: FloatArray
    rows: SegmentRows


def segment_columns(
    segmentation: Segmentation,
    rows: SegmentRows,
    value: Amounts | None,
    outcome: Amounts | None,
    min_count: int,
) -> dict[str, Any]:
    """Return the columns of the table of segments."""
    rules = segmentation.rules
    texts = {} if rules is None else rules.texts()
    is_hidden = few_and_next(rows.n, min_count)
    columns: dict[str, Any] = {
        "code": segmentation.codes,
        "name": segmentation.names,
        "rule": [texts.get(name) or "" for name in segmentation.names],
        "n": rows.n,
        "share": rows.n / rows.n.sum(),
    }
    if value is not None:
        weighted = _weighted(*value)
        sums = sums_by_segment(value.rows.codes, weighted, rows.n_segments)
        total = sums.sum()
        with np.errstate(invalid="ignore", divide="ignore"):
            figures = {
                "value": sums,
                "value_share": sums / (total or np.nan),
                "value_mean": sums / rows.n,
            }
        columns |= {k: np.where(is_hidden, np.nan, v) for k, v in figures.items()}
    if outcome is not None:
        interval = mean_intervals(*outcome)
        figures = {
            "outcome": interval.mean,
            "outcome_low": interval.low,
            "outcome_high": interval.high,
        }
        columns |= {k: np.where(is_hidden, np.nan, v) for k, v in figures.items()}
    return columns


def _weighted(values: FloatArray, rows: SegmentRows) -> FloatArray:
    ordered = values[rows.order]
    return ordered if rows.weight is None else ordered * rows.weight


def concentration(value: Amounts | None, min_count: int) -> dict[str, FloatArray]:
    """Return the share of the value that the most valuable customers bring.

    Points that are about fewer than `min_count` customers, at either end, are left out,
    but for nobody and everybody. Without a positive total there are no shares.
    """
    nothing = {"customers": np.empty(0), "value": np.empty(0)}
    if value is None:
        return nothing
    ordered = value.values[value.rows.order]
    weight = value.rows.weights
    order = np.argsort(-ordered, kind="stable")
    amounts = np.cumsum(ordered[order] * weight[order])
    n = np.cumsum(weight[order])
    if not amounts[-1] > 0:
        return nothing
    steps = np.arange(_STEPS + 1)
    counts = steps / _STEPS * n[-1]
    is_shown = (counts >= min_count) & (n[-1] - counts >= min_count)
    is_shown[[0, -1]] = True
    share = np.interp(counts, [0.0, *n], [0.0, *amounts / amounts[-1]])
    return {"customers": steps[is_shown] / _STEPS, "value": share[is_shown]}
