"""Rules as text that parses back."""

from __future__ import annotations

from collections.abc import Sequence

from ._booleans import Boolean
from ._conditions import And, Comparison, Membership, Missing, Not, Or, Rule
from ._dates import Date
from ._names import column_text
from ._thresholds import threshold_text

_MIRRORED = {">": "<", ">=": "<="}


def value_text(value: float | str | Date | Boolean) -> str:
    """Return a number, a text, a date or a boolean as text of the rule language."""
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
    if not isinstance(part, And):
        return rule_text(part)
    # Written once: twice on every level would take exponential time in the depth.
    conjuncts = _conjuncts(part.parts)
    text = " and ".join(conjuncts) or "True"
    # Python binds "and" tighter than "or"; brackets make that visible.
    return f"({text})" if len(conjuncts) > 1 else text


def _conjunct(part: Rule) -> str:
    text = rule_text(part)
    return f"({text})" if isinstance(part, Or) and part.parts else text


def chained(first: Rule, second: Rule | None) -> tuple[Comparison, Comparison] | None:
    """Return the two rules if they bound one column, as ``low < x < high`` does."""
    if not isinstance(first, Comparison) or not isinstance(second, Comparison):
        return None
    if first.column != second.column:
        return None
    if first.operator not in _MIRRORED or second.operator not in ("<", "<="):
        return None
    return first, second


def _chain_text(first: Comparison, second: Comparison) -> str:
    assert not isinstance(first.threshold, str)
    assert not isinstance(second.threshold, str)
    low, high = threshold_text(first.threshold), threshold_text(second.threshold)
    column = column_text(first.column)
    return f"{low} {_MIRRORED[first.operator]} {column} {second.operator} {high}"


def _conjuncts(parts: Sequence[Rule]) -> list[str]:
    texts: list[str] = []
    position = 0
    while position < len(parts):
        following = parts[position + 1] if position + 1 < len(parts) else None
        chain = chained(parts[position], following)
        texts.append(_chain_text(*chain) if chain else _conjunct(parts[position]))
        position += 2 if chain else 1
    return texts
