"""Segments in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skseg.rules import Domain, RuleSet

from ._cut_points import CutPoint


def describe(
    rules: RuleSet, schema: Mapping[str, Domain], cut_points: Sequence[CutPoint]
) -> list[str]:
    """Return every segment in English, with what decided its thresholds."""
    return list(rules.describe().values())
