"""What decided the thresholds in the rules of segments, in words."""

from __future__ import annotations

from collections.abc import Sequence

from skseg.rules import RuleSet
from skseg.rules._language._conditions import Comparison, leaves
from skseg.rules._language._thresholds import format_number

from ._cut_points import CutPoint


def threshold_notes(rules: RuleSet, cut_points: Sequence[CutPoint]) -> list[str]:
    """Return for every segment what decided the thresholds in its rule."""
    notes: dict[tuple[str, object], str] = {}
    for point in cut_points:
        key = (point.column, point.value)
        notes[key] = "; ".join(filter(None, [notes.get(key), point.note()]))
    texts = []
    for name in rules.names:
        conditions = leaves(rules[name]) if name in rules.rules else ()
        bounds = dict.fromkeys(
            (leaf.column, leaf.threshold)
            for leaf in conditions
            if isinstance(leaf, Comparison) and isinstance(leaf.threshold, float)
        )
        texts.append(
            "; ".join(
                f"{column} {format_number(number)}: {notes[column, number]}"
                for column, number in bounds
                if (column, number) in notes
            )
        )
    return texts
