"""The tab "What differs": features by size of their effect, and valid p-values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg.report._numbers import UNKNOWN, p_text

from ._source import Source
from ._tables import Cell, Table, heads, name_cell, text_cell

ROLES = {
    "rule": "in the rules",
    "seen": "seen by the fit",
    "free": "never seen",
    "unknown": "not known",
}
# Cohen's conventions (1988) for shares of variance, and for Cramer's V.
_LIMITS = {"omega_squared": (0.01, 0.06, 0.14), "cramers_v": (0.1, 0.3, 0.5)}
_SIZES = ("tiny", "small", "medium", "large")
_TESTS = {
    "welch": "means, by Welch's test",
    "kruskal_wallis": "ranks, by Kruskal-Wallis",
    "chi_square": "shares, by chi-square",
}
_EFFECTS = {"omega_squared": "share of variance", "cramers_v": "Cramér's V"}


def difference_table(source: Source) -> Table:
    """Return the features in the order of the profile, the largest effect first."""
    rows = source.profile.features_.to_dict("records")
    return Table(
        "Features, the largest difference between segments first",
        heads("Feature", "Difference", "Size", "What the segmentation knew", "p-value"),
        [
            [
                name_cell(str(row["feature"])),
                _effect_cell(row["effect"]),
                text_cell(*_size_words(row["effect"], str(row["effect_name"]))),
                text_cell(ROLES.get(str(row["role"]), str(row["role"])), _copy(row)),
                _p_cell(source, row),
            ]
            for row in rows
        ],
    )


def _effect_cell(effect: float) -> Cell:
    text = f"{effect:.2f}" if np.isfinite(effect) else UNKNOWN
    return Cell(text, effect, "num")


def _size_words(effect: float, effect_name: str) -> tuple[str, str]:
    name = _EFFECTS.get(effect_name, effect_name)
    limits = _LIMITS.get(effect_name)
    if limits is None or not np.isfinite(effect):
        return UNKNOWN, name
    return _SIZES[sum(effect >= limit for limit in limits)], name


def _copy(row: Mapping[Any, Any]) -> str:
    return f"as {row['copy_of']}" if row.get("copy_of") else ""


def _p_cell(source: Source, row: Mapping[Any, Any]) -> Cell:
    p_value = row["p_adj"]
    if np.isfinite(p_value):
        test = _TESTS.get(str(row["test"]), "")
        return Cell(p_text(p_value), p_value, "num", test)
    return Cell("none", None, "num", why_no_p_value(source.profile.rows, row))


def why_no_p_value(rows: str, row: Mapping[Any, Any]) -> str:
    """Return in a few words why a feature has no p-value."""
    role = row["role"]
    if role == "rule":
        return "differs by construction"
    if row.get("p_valid"):
        return "too few customers or no variation"
    if role == "seen" and rows == "training":
        return "the fit saw these customers; take fresh ones"
    return "not known what made the segments"
