"""Segments ranked by a weighted sum of normalised dimensions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skseg._core._magnitudes import to_unit_scale
from skseg._typing import FloatArray


def score_table(
    dimensions: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> pd.DataFrame:
    """Return the normalised dimensions, the overall score and the rank of segments.

    Every dimension is scaled from 0, its worst segment, to 1, its best; a negative
    weight says that less is better. The overall score is the mean of the dimensions by
    absolute weight, missing where a dimension is.

    This is simple additive weighting with min-max normalisation: Hwang & Yoon,
    "Multiple Attribute Decision Making" (1981).
    """
    table = pd.DataFrame(
        {
            f"score_{name}": _normalised(np.sign(weights[name]) * values)
            for name, values in dimensions.items()
        }
    )
    values = np.array([weights[name] for name in dimensions], dtype=np.float64)
    # So that their sum is finite.
    importance = to_unit_scale(np.abs(values))
    table["score"] = table.to_numpy() @ (importance / importance.sum())
    table["rank"] = table["score"].rank(ascending=False, method="min").astype("Int64")
    return table


def _normalised(values: FloatArray) -> FloatArray:
    known = values[~np.isnan(values)]
    low, high = known.min(initial=np.inf), known.max(initial=-np.inf)
    if low < high:
        # The range may overflow; that of the halves does not.
        unit = 1.0 if high / 2 - low / 2 <= np.finfo(float).max / 2 else 2.0
        span = high / unit - low / unit
        return np.asarray((values / unit - low / unit) / span)
    # Where all segments are alike, each is as good as the best.
    return np.where(np.isnan(values), np.nan, 1.0)
