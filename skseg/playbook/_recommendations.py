"""The play of each segment of a profile, with the numbers that decide it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from skseg.exceptions import MissingColumnError
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile

from ._playbook_budget import divided_budget
from ._playbook_documents import OWNER
from ._playbook_proof import ProvedConditions
from ._playbook_rows import playbook_rows
from ._plays import Play, play_cells


def assigned_plays(
    plays: Sequence[Play], conditions: ProvedConditions, profile: SegmentProfile
) -> tuple[pd.DataFrame, list[Play]]:
    """Return the rows of a profile, and the play of each.

    Raises InvalidParameterError if the profile is none, and MissingColumnError if it
    lacks a column of a condition.
    """
    check_profile(OWNER, profile)
    rows, ambiguous = playbook_rows(profile)
    _check_columns(conditions, rows, ambiguous)
    rows = conditions.differences.computed(rows)
    by_name = {play.name: play for play in plays}
    names = [conditions.rules.names[code] for code in conditions.rules.assign(rows)]
    return rows, [by_name.get(name) or Play(name) for name in names]


def _check_columns(
    conditions: ProvedConditions, rows: pd.DataFrame, ambiguous: Collection[str]
) -> None:
    needed = [name for names in conditions.columns.values() for name in names]
    missing = [name for name in dict.fromkeys(needed) if name not in rows]
    if not missing:
        return
    advice = "Profile the feature, or change the condition of the play."
    if missing[0] in ambiguous:
        advice = f"Two numbers are called {missing[0]!r}: rename one of the features."
    raise MissingColumnError("The playbook", missing, [*map(str, rows)], advice=advice)


def recommendation_table(
    rows: pd.DataFrame,
    plays: Sequence[Play],
    columns: Mapping[str, tuple[str, ...]],
) -> pd.DataFrame:
    """Return one row per segment: its play, the reason, and the fields of the play.

    `columns` are those that the condition of each play compares.
    """
    table = rows[["code", "name", "n", "share"]].copy()
    table["play"] = [play.name for play in plays]
    table["why"] = [
        _reason(play, columns.get(play.name, ()), row)
        for play, (_, row) in zip(plays, rows.iterrows(), strict=True)
    ]
    table["segment_budget_share"] = divided_budget(table, plays)
    cells = pd.DataFrame([play_cells(play) for play in plays], index=table.index)
    cells["budget_share"] = cells["budget_share"].astype(float)
    return pd.concat([table, cells], axis=1)


def _reason(play: Play, columns: Sequence[str], row: pd.Series[Any]) -> str:
    """Return the condition of a play with the numbers of a segment."""
    if play.when is None:
        return "no other play's condition holds"
    # The name of the segment stands beside the reason.
    numbers = ", ".join(
        f"{name} = {_shown(row[name])}" for name in columns if name != "name"
    )
    return f"{play.when} ({numbers})" if numbers else play.when


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    return "missing" if math.isnan(value) else f"{value:.6g}"
