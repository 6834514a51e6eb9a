"""Rules as text that parses back, and as English."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Sequence

from ._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
)
from ._dates import Date
from ._thresholds import Extreme, Quantile, Threshold, format_number, threshold_text

RESERVED = frozenset({"col", "q", "max", "min", "missing", "inf", "nan"})

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {">": "<", ">=": "<="}


def column_text(name: str) -> str:
    """Return a bare column name where that reads back unchanged, else ``col(...)``."""
    bare = (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in RESERVED
        # Python normalises identifiers, so a bare name must be normal already.
        and unicodedata.normalize("NFKC", name) == name
    )
    return name if bare else f"col({name!r})"


def value_text(value: float | str | Date) -> str:
    """Return a number, a text or a date as text of the rule language."""
    return repr(value) if isinstance(value, str) else threshold_text(value)


def rule_text(rule: Rule) -> str:
    """Return `rule` as text of the rule language."""
    if isinstance(rule, Or):
        return " or ".join(map(_disjunct, rule.parts)) or "False"
    if isinstance(rule, And):
        return " and ".join(_conjuncts(rule.parts)) or "True"
    if isinstance(rule, Not):
        if isinstance(rule.part, Membership):
            return _membership_text(rule.part, "not in")
        inner = rule_text(rule.part)
        return f"not ({inner})" if isinstance(rule.part, And | Or) else f"not {inner}"
    if isinstance(rule, Membership):
        return _membership_text(rule, "in")
    if isinstance(rule, Missing):
        return f"missing({column_text(rule.column)})"
    assert isinstance(rule, Comparison)
    value = rule.threshold
    right = repr(value) if isinstance(value, str) else threshold_text(value)
    return f"{column_text(rule.column)} {rule.operator} {right}"


def _membership_text(rule: Membership, operator: str) -> str:
    values = ", ".join(value_text(value) for value in rule.values)
    return f"{column_text(rule.column)} {operator} [{values}]"


def _disjunct(part: Rule) -> str:
    # Python binds "and" tighter than "or"; brackets make that visible.
    brackets = isinstance(part, And) and len(_conjuncts(part.parts)) > 1
    return f"({rule_text(part)})" if brackets else rule_text(part)


def _conjunct(part: Rule) -> str:
    text = rule_text(part)
    return f"({text})" if isinstance(part, Or) and part.parts else text


def _chain(first: Rule, second: Rule | None) -> tuple[str, str, str, str, str] | None:
    """Return the pieces of ``low < x < high`` if the two rules bound one column."""
    if not isinstance(first, Comparison) or not isinstance(second, Comparison):
        return None
    if first.column != second.column:
        return None
    if first.operator not in _MIRRORED or second.operator not in ("<", "<="):
        return None
    assert not isinstance(first.threshold, str)
    assert not isinstance(second.threshold, str)
    return (
        threshold_text(first.threshold),
        _MIRRORED[first.operator],
        column_text(first.column),
        second.operator,
        threshold_text(second.threshold),
    )


def _conjuncts(parts: Sequence[Rule]) -> list[str]:
    texts: list[str] = []
    position = 0
    while position < len(parts):
        following = parts[position + 1] if position + 1 < len(parts) else None
        chain = _chain(parts[position], following)
        texts.append(" ".join(chain) if chain else _conjunct(parts[position]))
        position += 2 if chain else 1
    return texts


_ENGLISH = {
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
    "==": "",
    "!=": "not",
}


# Of moments; their own words for "at least" and "below" are those of a calendar.
_ENGLISH_DATES = {
    "<": "before",
    "<=": "at or before",
    ">": "after",
    ">=": "at or after",
    "==": "exactly",
    "!=": "not exactly",
}


def _english_date(date: Date, operator: str) -> str:
    # Only "on or after" a day and "before" it leave no doubt about its hours.
    if date.is_midnight and operator not in ("<", ">="):
        return f"{date.iso} 00:00"
    return date.iso


def _english_threshold(threshold: Threshold | str) -> str:
    if isinstance(threshold, str):
        return repr(threshold)
    if isinstance(threshold, Date):
        return threshold.iso
    if isinstance(threshold, float):
        return format_number(threshold)
    if isinstance(threshold, Quantile):
        percent = format_number(round(threshold.p * 100, 10))
        return f"its {percent}% quantile"
    assert isinstance(threshold, Extreme)
    which = "larger" if threshold.function == "max" else "smaller"
    if len(threshold.args) > 2:
        which = "largest" if threshold.function == "max" else "smallest"
    args = [_english_threshold(arg) for arg in threshold.args]
    return f"the {which} of {_listed(args, 'and')}"


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _clause(operator: str, threshold: Threshold | str) -> str:
    if isinstance(threshold, Date):
        words = _ENGLISH_DATES[operator]
        if operator == ">=" and threshold.is_midnight:
            words = "on or after"
        return f"{words} {_english_date(threshold, operator)}"
    return f"{_ENGLISH[operator]} {_english_threshold(threshold)}".strip()


def _english_value(value: float | str | Date) -> str:
    if isinstance(value, Date):
        return _english_date(value, "==")
    return value_text(value)


def _leaf_english(leaf: Leaf, negated: bool) -> str:
    if isinstance(leaf, Missing):
        return f"{leaf.column} is {'known' if negated else 'missing'}"
    if isinstance(leaf, Membership):
        values = _listed([_english_value(value) for value in leaf.values], "or")
        if negated:
            return f"{leaf.column} is not {values} (or is missing)"
        return f"{leaf.column} is {values}"
    if leaf.operator == "!=":
        clause, with_missing = _clause("!=", leaf.threshold), not negated
    else:
        clause, with_missing = _clause(leaf.operator, leaf.threshold), negated
    if negated:
        clause = _clause(_OPPOSITE[leaf.operator], leaf.threshold)
    return f"{leaf.column} is {clause}" + (" (or is missing)" if with_missing else "")


def _joined(parts: Sequence[str], word: str) -> str:
    if len(parts) == 1:
        return parts[0]
    # A comma separates parts that contain an "and" or "or" themselves.
    comma = any(" and " in part or " or " in part for part in parts)
    return f"{',' if comma else ''} {word} ".join(parts)


def _conjunct_clauses(parts: Sequence[Rule]) -> list[str]:
    clauses: list[str] = []
    position = 0
    while position < len(parts):
        part = parts[position]
        following = parts[position + 1] if position + 1 < len(parts) else None
        if _chain(part, following):
            assert isinstance(part, Comparison)
            assert isinstance(following, Comparison)
            low = _clause(part.operator, part.threshold)
            high = _clause(following.operator, following.threshold)
            clauses.append(f"{part.column} is {low} and {high}")
            position += 1
        else:
            text = rule_english(part)
            clauses.append(f"({text})" if isinstance(part, Or) else text)
        position += 1
    return clauses


def rule_english(rule: Rule) -> str:
    """Return `rule` as an English clause; see `Rule.describe`."""
    if isinstance(rule, And):
        return _joined(_conjunct_clauses(rule.parts), "and") if rule.parts else "always"
    if isinstance(rule, Or):
        texts = [
            f"({text})" if isinstance(part, And) and len(part.parts) > 1 else text
            for part, text in ((part, rule_english(part)) for part in rule.parts)
        ]
        return " or ".join(texts) if texts else "never"
    if isinstance(rule, Not):
        if isinstance(rule.part, Comparison | Membership | Missing):
            return _leaf_english(rule.part, negated=True)
        return f"it is not so that ({rule_english(rule.part)})"
    assert isinstance(rule, Comparison | Membership | Missing)
    return _leaf_english(rule, negated=False)
