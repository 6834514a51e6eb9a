"""Bounds on the values of a column for which a rule can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from skseg.rules._language._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
)
from skseg.rules._language._dates import Date
from skseg.rules._language._thresholds import Threshold

# A place on the number line: just below (-1), at (0) or just above (1) a number, or a
# moment in microseconds.
Place = tuple[float, int]
LOWEST: Place = (-math.inf, -1)
HIGHEST: Place = (math.inf, 1)


@dataclass(frozen=True, slots=True)
class Hull:
    """What contains all values of a column for which a rule holds.

    Numbers and dates lie from `low` to `high`. A text is one of `texts`, or any text
    where that is None. Missing values are among them if `missing`.
    """

    low: Place = LOWEST
    high: Place = HIGHEST
    texts: frozenset[str] | None = None
    missing: bool = True

    def intersection(self, other: Hull) -> Hull:
        """Return a hull of what is in both hulls."""
        texts = self.texts
        if other.texts is not None:
            texts = other.texts if texts is None else texts & other.texts
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Hull(low, high, texts, self.missing and other.missing)

    def union(self, other: Hull) -> Hull:
        """Return a hull of what is in one of the hulls."""
        texts = None
        if self.texts is not None and other.texts is not None:
            texts = self.texts | other.texts
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Hull(low, high, texts, self.missing or other.missing)


ANYTHING = Hull()
_NOTHING = Hull(HIGHEST, LOWEST, frozenset(), missing=False)


def hulls(rule: Rule) -> dict[str, Hull]:
    """Return column -> hull of a rule in negation normal form.

    Columns that it lacks may hold anything. A rule that never holds may have any hulls.
    """
    if isinstance(rule, And):
        common: dict[str, Hull] = {}
        for part in rule.parts:
            for name, hull in hulls(part).items():
                common[name] = common.get(name, ANYTHING).intersection(hull)
        return common
    if isinstance(rule, Or):
        return _union([hulls(part) for part in rule.parts])
    negated = isinstance(rule, Not)
    leaf = rule.part if isinstance(rule, Not) else rule
    assert isinstance(leaf, Leaf)
    return {leaf.column: _leaf_hull(leaf, negated)}


def _union(parts: list[Mapping[str, Hull]]) -> dict[str, Hull]:
    if not parts:
        return {}
    united = dict(parts[0])
    for part in parts[1:]:
        united = {
            name: hull.union(part[name])
            for name, hull in united.items()
            if name in part
        }
    return united


def _leaf_hull(leaf: Leaf, negated: bool) -> Hull:
    if isinstance(leaf, Missing):
        return (
            replace(ANYTHING, missing=False)
            if negated
            else replace(_NOTHING, missing=True)
        )
    if isinstance(leaf, Membership):
        if negated:
            return ANYTHING
        values = [
            _leaf_hull(Comparison(leaf.column, "==", v), False) for v in leaf.values
        ]
        united = _NOTHING
        for value in values:
            united = united.union(value)
        return united
    return _comparison_hull(leaf, negated)


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _comparison_hull(leaf: Comparison, negated: bool) -> Hull:
    operator = _OPPOSITE[leaf.operator] if negated else leaf.operator
    # x != 3 holds for missing values, as does the negation of all but x != 3.
    missing = negated != (leaf.operator == "!=")
    if operator == "!=":
        return ANYTHING
    if isinstance(leaf.threshold, str):
        return Hull(texts=frozenset([leaf.threshold]), missing=missing)
    number = place_number(leaf.threshold)
    if number is None:
        return ANYTHING
    below, at, above = (number, -1), (number, 0), (number, 1)
    low, high = {
        "<": (LOWEST, below),
        "<=": (LOWEST, at),
        ">": (above, HIGHEST),
        ">=": (at, HIGHEST),
        "==": (at, at),
    }[operator]
    return Hull(low, high, missing=missing)


def place_number(threshold: Threshold) -> float | None:
    """Return a number that sorts as a threshold does; None for truth values."""
    if isinstance(threshold, Date):
        return threshold.microseconds
    return threshold if isinstance(threshold, float) else None
