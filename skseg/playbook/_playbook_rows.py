"""The rows that a playbook decides on: one per segment of a profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg.profile import SegmentProfile
from skseg.profile._schema import OPTIONAL

OUTCOME_LEVELS = ("above", "below", "similar", "unknown")
# What is known of every profile, apart from its numbers; proofs rely on it.
SCHEMA: dict[str, Any] = {
    "name": {"missing": False},
    "code": {"integer": True, "low": -1, "missing": False},
    "n": {"low": 0.0, "missing": False},
    "share": {"low": 0.0, "high": 1.0, "missing": False},
    "outcome_level": {"values": list(OUTCOME_LEVELS), "missing": False},
}


def playbook_rows(profile: SegmentProfile) -> tuple[pd.DataFrame, set[str]]:
    """Return the numbers of each segment by name, and the names that are ambiguous.

    Names of levels are joined with underscores, so two of them can be equal; such a
    column is left out. Numbers that the profile lacks are missing.
    """
    segments = profile.segments_
    columns: dict[str, Any] = {
        name: segments[name].to_numpy() for name in ("code", "name", "n", "share")
    }
    for name in OPTIONAL["segments_"]:
        is_known = name in segments
        columns[name] = segments[name] if is_known else np.full(len(segments), np.nan)
    columns["outcome_level"] = _outcome_levels(columns, segments["n"].to_numpy())
    share = columns["share"]
    columns["value_index"] = np.divide(
        columns["value_share"],
        share,
        out=np.full(len(segments), np.nan),
        where=share > 0,
    )
    further = list(_feature_columns(profile))
    counts = Counter([*columns, *(name for name, _ in further)])
    ambiguous = {name for name, count in counts.items() if count > 1}
    for name, values in further:
        if name not in ambiguous:
            columns[name] = segments["code"].map(values).to_numpy(dtype=np.float64)
    return pd.DataFrame(columns), ambiguous


def _outcome_levels(columns: Mapping[str, Any], n: NDArray[Any]) -> NDArray[np.object_]:
    """Return where the interval of each segment's outcome lies.

    It is compared with the average of the segments that show their outcome, weighted
    by customers.
    """
    outcome, low, high = (
        np.asarray(columns[name], dtype=np.float64)
        for name in ("outcome", "outcome_low", "outcome_high")
    )
    is_shown = ~np.isnan(outcome)
    weights = np.where(is_shown, n, 0.0)
    total = weights.sum()
    average = np.nansum(outcome * weights) / total if total > 0 else np.nan
    levels = np.select(
        [low > average, high < average, is_shown], OUTCOME_LEVELS[:3], OUTCOME_LEVELS[3]
    )
    return levels.astype(object)


def _feature_columns(profile: SegmentProfile) -> Iterator[tuple[str, Any]]:
    """Yield the names of numbers about features, each with its values by code."""
    n = profile.segments_.set_index("code")["n"]
    features = profile.numbers_["feature"]
    for feature in features.unique():
        rows = profile.numbers_[features == feature].set_index("code")
        yield f"median_{feature}", rows["median"]
        yield f"mean_{feature}", rows["mean"]
        yield f"rank_{feature}", rows["median_rank"]
        yield f"missing_{feature}", rows["missing"] / n.where(n > 0)
    levels = profile.levels_.groupby(["feature", "level"], sort=False)
    for (feature, level), table in levels:
        yield f"share_{feature}_{level}", table.set_index("code")["share"]
