"""What displays of profiles share: reading of features, and names beside rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import check_int
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.profile import SegmentProfile

from ._canvas import TEXT_SIZE, axes_size, cut_text, room_left

_NAME_WIDTH = 125.0


def chosen_features(
    owner: str,
    profile: SegmentProfile,
    features: str | Sequence[str] | None,
    max_features: int,
    min_features: int = 1,
) -> list[str]:
    """Return the numeric features to show, by default those of the largest effect."""
    max_features = check_int(owner, "max_features", max_features, min_features, 50)
    known = [
        str(name)
        for name, kind in zip(
            profile.features_["feature"], profile.features_["kind"], strict=True
        )
        if kind == "number"
    ]
    if not known:
        raise InvalidDataError(
            f"{owner} needs a profile with numeric features. Got one without.",
            owner=owner,
            name="profile",
            rule="a profile with numeric features",
            advice="CompositionDisplay shows levels.",
        )
    if features is None:
        return known[:max_features]
    names = [features] if isinstance(features, str) else list(features)
    for name in names:
        if name not in known:
            rule = f"numeric features of the profile: {', '.join(map(repr, known))}"
            raise InvalidParameterError(
                owner,
                "features",
                rule,
                features,
                advice=did_you_mean(str(name), known).strip() or None,
            )
    if not names or len(set(names)) != len(names):
        rule = "at least one feature, and none twice"
        raise InvalidParameterError(owner, "features", rule, features)
    return names


def by_segment(
    table: pd.DataFrame, codes: Sequence[int], features: Sequence[str], column: str
) -> FloatArray:
    """Return a column of a table as an array of shape (n_segments, n_features)."""
    values = table.set_index(["feature", "code"])[column]
    pairs = [(feature, code) for code in codes for feature in features]
    cells = values.reindex(pd.MultiIndex.from_tuples(pairs)).to_numpy(np.float64)
    return cells.reshape(len(codes), len(features))


def write_row_names(ax: Any, names: Sequence[str]) -> None:
    """Write the names of rows to the left of the axes, the first at the top."""
    size = min(max(0.6 * axes_size(ax)[1] / max(len(names), 1), 4.0), TEXT_SIZE)
    room = room_left(ax, _NAME_WIDTH)
    texts = [cut_text(ax, name, room, size) for name in names]
    ax.set_yticks(range(len(names)), texts, fontsize=size, parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
