"""What a profile is made of: segments, tables of every feature, roles of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skseg._search.effects._inference import holm
from skseg._typing import FloatArray

from ._feature_tables import FeatureTables, Part, effect_name
from ._intervals import MeanInterval
from ._profile import SegmentProfile
from ._roles import Role
from ._schema import TABLES, concatenated, make_table
from ._segment_table import Curve, concentration, segment_columns
from ._segmentation import Segmentation


class ProfileParts(NamedTuple):
    """What is known of the customers, wherever they are.

    `n` is the weight of the customers of each segment, and `value` the sum of their
    values. `tables` and `roles` go by the name of the feature.
    """

    segmentation: Segmentation
    n: FloatArray
    value: FloatArray | None
    value_curve: Curve | None
    outcome: MeanInterval | None
    tables: Mapping[str, FeatureTables]
    roles: Mapping[str, Role]
    protected: Sequence[Part]
    value_name: str | None
    outcome_name: str | None

    def profile(self, rows: str, min_count: int) -> SegmentProfile:
        """Return the profile of training or fresh rows."""
        is_traced = self.segmentation.seen is not None
        ranked = _feature_table(self.tables, self.roles, rows, is_traced=is_traced)
        parts = [self.tables[name].parts for name in ranked["feature"]]
        segments = segment_columns(
            self.segmentation, self.n, self.value, self.outcome, min_count
        )
        curve = concentration(self.value_curve, min_count)
        return SegmentProfile(
            make_table("segments_", segments),
            ranked,
            _table("numbers_", [part.get("numbers_") for part in parts]),
            _table("levels_", [part.get("levels_") for part in parts]),
            _table("everyone_", [part.get("everyone_") for part in parts]),
            _table("histograms_", [part.get("histograms_") for part in parts]),
            make_table("concentration_", curve),
            _table("protected_", self.protected),
            rows,
            min_count,
            self.value_name,
            self.outcome_name,
            self.segmentation.rules,
        )


def _table(name: str, parts: Sequence[Part | None]) -> pd.DataFrame:
    return concatenated(name, [part for part in parts if part is not None])


def _feature_table(
    tables: Mapping[str, FeatureTables],
    roles: Mapping[str, Role],
    rows: str,
    *,
    is_traced: bool,
) -> pd.DataFrame:
    """Return one row per feature, the largest effect first, unknown ones last."""
    content: dict[str, list[Any]] = {name: [] for name in TABLES["features_"]}
    for name, table in tables.items():
        role, test = roles[name], table.association
        is_valid = role.allows_p_value(rows, is_traced=is_traced)
        for key, entry in {
            "feature": name,
            "kind": table.kind,
            "role": role.role,
            "copy_of": role.copy_of,
            "n": table.n,
            "missing": table.missing,
            "infinite": table.infinite,
            "n_levels": table.n_levels,
            "effect": test.effect,
            "effect_name": effect_name(table.kind),
            "test": test.test,
            "p_valid": is_valid,
            "statistic": test.statistic if is_valid else np.nan,
            "p_value": test.p_value if is_valid else np.nan,
            "p_adj": np.nan,
        }.items():
            content[key].append(entry)
    frame = make_table("features_", content)
    frame["p_adj"] = holm(frame["p_value"])
    return frame.sort_values(
        "effect", ascending=False, kind="stable", ignore_index=True
    )
