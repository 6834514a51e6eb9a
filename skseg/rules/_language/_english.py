"""Rules in English."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ._booleans import Boolean
from ._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Operator,
    Or,
    Rule,
)
from ._dates import Date
from ._text import chained, value_text
from ._thresholds import Extreme, Quantile, Threshold, format_number

_OPPOSITE: dict[Operator, Operator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}

_WORDS = {
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
    "==": "",
    "!=": "not",
}

# Of moments; their own words for "at least" and "below" are those of a calendar.
_WORDS_OF_DATES = {
    "<": "before",
    "<=": "at or before",
    ">": "after",
    ">=": "at or after",
    "==": "exactly",
    "!=": "not exactly",
}

# Beyond it the neighbours of a whole number are no float64.
_LARGEST_WHOLE = 2.0**53


@dataclass(frozen=True)
class Wording:
    """What is known of columns, and shapes how rules read.

    `integers` are the columns that hold whole numbers alone, `present` those that are
    never missing.
    """

    integers: Collection[str] = ()
    present: Collection[str] = ()

    def english(self, rule: Rule) -> str:
        """Return `rule` as an English clause; see `Rule.describe`."""
        if isinstance(rule, And):
            clauses = self._conjuncts(rule.parts)
            return _joined(clauses, "and") if clauses else "always"
        if isinstance(rule, Or):
            texts = [
                f"({text})" if isinstance(part, And) and len(part.parts) > 1 else text
                for part, text in ((part, self.english(part)) for part in rule.parts)
            ]
            return " or ".join(texts) if texts else "never"
        if isinstance(rule, Not):
            if isinstance(rule.part, Comparison | Membership | Missing):
                return self._leaf(rule.part, negated=True)
            parts = rule.part.parts if isinstance(rule.part, And) else ()
            if len(parts) == 2 and (chain := chained(*parts)):
                return self._outside(*chain)
            return f"it is not so that ({self.english(rule.part)})"
        assert isinstance(rule, Comparison | Membership | Missing)
        return self._leaf(rule, negated=False)

    def _conjuncts(self, parts: Sequence[Rule]) -> list[str]:
        clauses: list[str] = []
        position = 0
        while position < len(parts):
            part = parts[position]
            following = parts[position + 1] if position + 1 < len(parts) else None
            if chain := chained(part, following):
                clauses.append(self._range(*chain))
                position += 2
                continue
            text = self.english(part)
            clauses.append(f"({text})" if isinstance(part, Or) else text)
            position += 1
        return clauses

    def _range(self, low: Comparison, high: Comparison) -> str:
        column = low.column
        least, most = (
            self._whole(column, bound.operator, bound.threshold)
            for bound in (low, high)
        )
        if least is not None and most is not None:
            (_, first), (_, last) = least, most
            if first == last:
                return f"{column} is {format_number(first)}"
            if first < last:
                return f"{column} is {format_number(first)} to {format_number(last)}"
        clauses = (self._clause(column, b.operator, b.threshold) for b in (low, high))
        return f"{column} is {' and '.join(clauses)}"

    def _outside(self, low: Comparison, high: Comparison) -> str:
        """Return the complement of a range."""
        column = low.column
        below, above = (
            self._clause(column, _OPPOSITE[bound.operator], bound.threshold)
            for bound in (low, high)
        )
        or_missing = "" if column in self.present else " (or is missing)"
        return f"{column} is {below} or {above}{or_missing}"

    def _whole(
        self, column: str, operator: Operator, threshold: Threshold | str
    ) -> tuple[Operator, float] | None:
        """Return the bound that includes its number, for a column of whole numbers.

        None for another column, or where there is no such bound.
        """
        if column not in self.integers or not isinstance(threshold, float):
            return None
        if not abs(threshold) < _LARGEST_WHOLE:
            return None
        if operator in (">", ">="):
            above = math.floor(threshold) + 1
            return ">=", float(above if operator == ">" else math.ceil(threshold))
        if operator in ("<", "<="):
            below = math.ceil(threshold) - 1
            return "<=", float(below if operator == "<" else math.floor(threshold))
        return None

    def _leaf(self, leaf: Leaf, *, negated: bool) -> str:
        name = leaf.column
        if isinstance(leaf, Missing):
            return f"{name} is {'known' if negated else 'missing'}"
        or_missing = "" if name in self.present else " (or is missing)"
        if isinstance(leaf, Membership):
            values = _listed([_value(value) for value in leaf.values], "or")
            return (
                f"{name} is not {values}{or_missing}"
                if negated
                else (f"{name} is {values}")
            )
        operator = _OPPOSITE[leaf.operator] if negated else leaf.operator
        clause = self._clause(name, operator, leaf.threshold)
        # A missing value differs from every other one.
        holds_for_missing = negated != (leaf.operator == "!=")
        return f"{name} is {clause}{or_missing if holds_for_missing else ''}"

    def _clause(
        self, column: str, operator: Operator, threshold: Threshold | str
    ) -> str:
        if isinstance(threshold, Date):
            words = _WORDS_OF_DATES[operator]
            if operator == ">=" and threshold.is_midnight:
                words = "on or after"
            return f"{words} {_date(threshold, operator)}"
        if whole := self._whole(column, operator, threshold):
            operator, threshold = whole
        return f"{_WORDS[operator]} {_threshold(threshold)}".strip()


def _date(date: Date, operator: str) -> str:
    # Only "on or after" a day and "before" it leave no doubt about its hours.
    if date.is_midnight and operator not in ("<", ">="):
        return f"{date.iso} 00:00"
    return date.iso


def _threshold(threshold: Threshold | str) -> str:
    if isinstance(threshold, str):
        return repr(threshold)
    if isinstance(threshold, Date):
        return threshold.iso
    if isinstance(threshold, Boolean):
        return str(threshold).lower()
    if isinstance(threshold, float):
        return format_number(threshold)
    if isinstance(threshold, Quantile):
        return f"its {quantile_name(threshold)}"
    assert isinstance(threshold, Extreme)
    which = "larger" if threshold.function == "max" else "smaller"
    if len(threshold.args) > 2:
        which = "largest" if threshold.function == "max" else "smallest"
    args = [_threshold(arg) for arg in threshold.args]
    return f"the {which} of {_listed(args, 'and')}"


def quantile_name(quantile: Quantile) -> str:
    """Return "75% quantile" for ``q(0.75)``."""
    return f"{format_number(round(quantile.p * 100, 10))}% quantile"


def _value(value: float | str | Date | Boolean) -> str:
    if isinstance(value, Boolean):
        return _threshold(value)
    return _date(value, "==") if isinstance(value, Date) else value_text(value)


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _joined(parts: Sequence[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    # A comma separates parts that contain an "and" or "or" themselves.
    comma = any(" and " in part or " or " in part for part in parts)
    return f"{',' if comma else ''} {word} ".join(parts)
