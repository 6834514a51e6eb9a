"""What RevenueCurveDisplay reads of a binner and its customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import check_int, read_columns
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError

from ._revenue_curve_numbers import Sums, Tiers

_OWNER = "RevenueCurveDisplay"


def read_scores(binner: Any, X: Any) -> tuple[str, FloatArray]:
    """Return the name of the score that `binner` cuts, and its values."""
    columns = read_columns(binner, X, reset=False)
    name: str = binner._score_column(columns)
    return name, columns.numbers(name)


def read_tiers(binner: Any) -> Tiers:
    menu = binner.menu_
    return Tiers(
        np.asarray(binner.cut_points_, dtype=np.float64),
        # The last segment is that of the customers without a score.
        np.asarray(binner.tiers_[:-1], dtype=np.intp),
        (menu["revenue"] * menu["response"]).to_numpy(dtype=np.float64),
        menu["cost"].to_numpy(dtype=np.float64),
        menu["fixed_cost"].to_numpy(dtype=np.float64),
        binner.missing_tier,
    )


def read_bounds(binner: Any, sums: Sums) -> tuple[float, float]:
    """Return the bounds of sizes that mean for these customers what they did in fit."""
    n_fitted = float(binner.segments_["n"].iloc[:-1].sum())
    scale = float(sums.n[-1]) / n_fitted
    return binner.min_size_ * scale, binner.max_size_ * scale


def check_max_points(max_points: Any) -> int:
    try:
        return check_int(_OWNER, "max_points", max_points, 3, 2**63)
    except ValueError:
        rule = "an int in [3, inf)"
        raise InvalidParameterError(_OWNER, "max_points", rule, max_points) from None


def check_intervals(intervals: Any, n_cuts: int) -> FloatArray | None:
    """Return lower and upper ends of the cuts' intervals, None for none; or raise."""
    if intervals is None:
        return None
    ends = intervals.frame() if hasattr(intervals, "frame") else intervals
    if isinstance(ends, pd.DataFrame) and {"kind", "ci_low", "ci_high"} <= set(ends):
        ends = ends.loc[ends["kind"] == "cut", ["ci_low", "ci_high"]]
    rule = f"a RevenueBootstrap, or of shape ({n_cuts}, 2), one interval a cut"
    try:
        array = np.asarray(ends, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidParameterError(_OWNER, "intervals", rule, intervals) from None
    if array.size == 0 and n_cuts == 0:
        return None
    if array.shape != (n_cuts, 2) or (array[:, 0] > array[:, 1]).any():
        rule += ", its lower end first"
        raise InvalidParameterError(_OWNER, "intervals", rule, intervals)
    return array
