"""What a rule means, said as plainly as Python can: one customer at a time."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
)

_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(rule: Rule, row: Mapping[str, Any]) -> bool:
    """Evaluate `rule` on one customer; None and NaN are missing."""
    match rule:
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Missing(column):
            return is_missing(row[column])
        case Membership(column, values):
            return any(_value(row[column]) == value for value in values)
        case Comparison(column, symbol, threshold):
            value = _value(row[column])
            if is_missing(value) and symbol != "!=":
                return False
            return bool(_COMPARE[symbol](value, threshold))
    raise AssertionError(f"not a rule: {rule!r}")


def is_missing(value: Any) -> bool:
    return value is None or value != value


def _value(value: Any) -> Any:
    """Return text as it is, missing values as nan, and numbers as float64."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def is_inside(rules: RuleSet, row: Mapping[str, Any]) -> bool:
    """Tell whether one customer belongs to the universe."""
    return rules.universe is None or holds(rules.universe, row)


def memberships(rules: RuleSet, row: Mapping[str, Any]) -> list[bool]:
    """Return for one customer which of the rules hold, the default left out."""
    inside = is_inside(rules, row)
    return [inside and holds(rule, row) for rule in rules.rules.values()]


def code(rules: RuleSet, row: Mapping[str, Any]) -> int:
    """Return the segment code of one customer."""
    held = memberships(rules, row)
    has_default = rules.default is not None and is_inside(rules, row)
    return held.index(True) if any(held) else len(held) if has_default else -1
