"""Reads what to do with each segment."""

from __future__ import annotations

from typing import Any

import pandas as pd

from skseg.exceptions import InvalidParameterError, MissingColumnError, did_you_mean
from skseg.profile import SegmentProfile
from skseg.report._numbers import number_text, percent_text

# Names of segments are in one of these columns.
_KEYS = ("code", "name", "segment")
# Already on the card, from the profile.
_KNOWN = {
    *_KEYS,
    "n",
    "share",
    "value",
    "value_share",
    "value_mean",
    "rule",
    "description",
    "outcome",
    "outcome_low",
    "outcome_high",
}


def read_plan(
    plan: pd.DataFrame | None, profile: SegmentProfile, owner: str
) -> dict[int, list[tuple[str, str]]]:
    """Return code -> pairs of label and text."""
    if plan is None:
        return {}
    if not isinstance(plan, pd.DataFrame):
        raise InvalidParameterError(
            owner,
            "plan",
            "a DataFrame with one row per segment",
            plan,
            advice="Playbook.recommend returns one.",
        )
    key = next((name for name in _KEYS if name in plan), None)
    if key is None:
        raise MissingColumnError(
            owner,
            ["name"],
            [str(c) for c in plan.columns],
            advice="The plan names a segment by it.",
        )
    codes = _codes_by(key, profile)
    plays: dict[int, list[tuple[str, str]]] = {}
    for row in plan.to_dict("records"):
        if row[key] not in codes:
            raise InvalidParameterError(
                owner,
                "plan",
                f"a table whose column {key!r} holds segments of the profile",
                row[key],
                advice=f"They are {list(codes)}.{did_you_mean(str(row[key]), codes)}",
            )
        code = codes[row[key]]
        if code in plays:
            rule = "a table with one row per segment"
            raise InvalidParameterError(owner, "plan", rule, row[key])
        plays[code] = [
            (str(label).replace("_", " ").capitalize(), text)
            for label, value in row.items()
            if label not in _KNOWN and (text := _text(value, str(label)))
        ]
    return plays


def _codes_by(key: str, profile: SegmentProfile) -> dict[Any, int]:
    table = profile.segments_
    keys = table["code" if key == "code" else "name"]
    return {k: int(code) for k, code in zip(keys, table["code"], strict=True)}


def _text(value: Any, label: str = "") -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(entry)}" for key, entry in value.items())
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and label.endswith("share"):
        return percent_text(value)
    if isinstance(value, float):
        return number_text(value)
    return str(value)
