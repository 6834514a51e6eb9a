"""What FindingsDisplay reads: the table of findings, and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from skseg._finders._table import DECISIONS, MOST_FEATURES
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import RuleSet, is_missing_value

_NUMBERS = {
    "effect": "Effect_pp",
    "ci_low": "CI_low",
    "ci_high": "CI_high",
    "p_adj": "P_adj",
    "share": "Pct_Train_%",
}
_RANGES = [f"Range_{i + 1}" for i in range(MOST_FEATURES)]


def read_findings(owner: str, table: Any, rules: Any) -> dict[str, Any]:
    """Return the parameters of the display, or raise."""
    needed = [*_NUMBERS.values(), "Decision"]
    read = nw.from_native(table, eager_only=True, pass_through=True)
    if not isinstance(read, nw.DataFrame):
        rule = f"a frame with the columns {', '.join(map(repr, needed))}"
        raise InvalidParameterError(owner, "table", rule, table)
    if rules is None:
        needed.append(_RANGES[0])
    if absent := [name for name in needed if name not in read.columns]:
        raise MissingColumnError(owner, absent, read.columns)
    found: dict[str, Any] = {
        name: _numbers(read, column) for name, column in _NUMBERS.items()
    }
    if "Pct_Test_%" in read.columns:
        unseen = _numbers(read, "Pct_Test_%")
        found["share"] = np.where(np.isnan(unseen), found["share"], unseen)
    found["decision"] = _decisions(owner, read)
    found["rules"] = _ranges(read) if rules is None else _texts(owner, rules, len(read))
    found["groups"] = _groups(read, found["effect"])
    return found


def _numbers(table: nw.DataFrame[Any], name: str) -> FloatArray:
    values = table.get_column(name).to_list()
    return np.array([np.nan if is_missing_value(v) else float(v) for v in values])


def _decisions(owner: str, table: nw.DataFrame[Any]) -> list[str]:
    decisions = table.get_column("Decision").to_list()
    for decision in decisions:
        if decision not in DECISIONS:
            rule = f"one of {', '.join(map(repr, DECISIONS))} in 'Decision'"
            raise InvalidParameterError(owner, "table", rule, decision)
    return decisions


def _ranges(table: nw.DataFrame[Any]) -> list[str]:
    """Return the conditions of each finding together."""
    named = [name for name in _RANGES if name in table.columns]
    rows = zip(*(table.get_column(name).to_list() for name in named), strict=True)
    rules = []
    for row in rows:
        parts = [str(part) for part in row if not is_missing_value(part)]
        if len(parts) > 1:
            parts = [f"({part})" if " or " in part else part for part in parts]
        rules.append(" and ".join(parts))
    return rules


def _texts(owner: str, rules: Any, n_findings: int) -> list[str]:
    """Return one text per finding, or raise."""
    if isinstance(rules, RuleSet):
        rules = rules.rules
    if isinstance(rules, Mapping):
        rules = rules.values()
    texts = None if isinstance(rules, str) else [str(rule) for rule in rules]
    if texts is None or len(texts) != n_findings:
        rule = f"one rule per finding, of which there are {n_findings}"
        raise InvalidParameterError(owner, "rules", rule, texts or rules)
    return texts


def _groups(table: nw.DataFrame[Any], effect: FloatArray) -> tuple[Any, Any]:
    """Return the labels of A and B; None for one that nowhere does better."""
    if "Best_Group" not in table.columns:
        return None, None
    best = table.get_column("Best_Group").to_list()
    a, b = (
        next(
            (label for label, is_here in zip(best, side, strict=True) if is_here), None
        )
        for side in (effect >= 0, effect < 0)
    )
    return a, b
