"""The decision matrix of a playbook: IF a segment, THEN what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ._plays import Play, play_cells


def decision_table(
    rows: pd.DataFrame, plays: Sequence[Play], clauses: Mapping[str, str]
) -> pd.DataFrame:
    """Return one row per segment with its play in words.

    `clauses` has the condition of each play in English, by its name.
    """
    return pd.DataFrame(
        {
            "code": rows["code"],
            "name": rows["name"],
            "play": [play.name for play in plays],
            "if": [
                f"IF {name} ({_clause(play, clauses)})"
                for name, play in zip(rows["name"], plays, strict=True)
            ],
            "then": [f"THEN {_action(play)}" for play in plays],
        }
    )


def _clause(play: Play, clauses: Mapping[str, str]) -> str:
    return "no other play" if play.when is None else clauses[play.name]


def _action(play: Play) -> str:
    cells = play_cells(play)
    parts = [
        f"{name.replace('_', ' ')}: {value:.0%}"
        if isinstance(value, float | int)
        else f"{name.replace('_', ' ')}: {value}"
        for name, value in cells.items()
        if value not in (None, "")
    ]
    return "; ".join([play.name, *parts])
