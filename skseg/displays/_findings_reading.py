"""What FindingsDisplay reads: the table of findings, and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from skseg._finders._decision import DECISIONS
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import RuleSet, is_missing_value

_NUMBERS = {
    "effect": "effect",
    "ci_low": "ci_low",
    "ci_high": "ci_high",
    "p_adj": "p_adj",
    "share": "share",
}


def read_findings(owner: str, table: Any, rules: Any) -> dict[str, Any]:
    """Return the parameters of the display, or raise."""
    needed = [*_NUMBERS.values(), "decision"]
    read = nw.from_native(table, eager_only=True, pass_through=True)
    if not isinstance(read, nw.DataFrame):
        rule = f"a frame with the columns {', '.join(map(repr, needed))}"
        raise InvalidParameterError(owner, "table", rule, table)
    if rules is None:
        needed.append("rule")
    if absent := [name for name in needed if name not in read.columns]:
        raise MissingColumnError(owner, absent, read.columns)
    found: dict[str, Any] = {
        name: _numbers(read, column) for name, column in _NUMBERS.items()
    }
    found["share"] = 100 * found["share"]
    found["decision"] = _decisions(owner, read)
    if rules is None:
        rules = read.get_column("rule").to_list()
    found["rules"] = _texts(owner, rules, len(read))
    found["groups"] = _groups(read, found["effect"])
    return found


def _numbers(table: nw.DataFrame[Any], name: str) -> FloatArray:
    values = table.get_column(name).to_list()
    return np.array([np.nan if is_missing_value(v) else float(v) for v in values])


def _decisions(owner: str, table: nw.DataFrame[Any]) -> list[str]:
    decisions = table.get_column("decision").to_list()
    for decision in decisions:
        if decision not in DECISIONS:
            rule = f"one of {', '.join(map(repr, DECISIONS))} in 'decision'"
            raise InvalidParameterError(owner, "table", rule, decision)
    return decisions


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
    if "best_group" not in table.columns:
        return None, None
    best = table.get_column("best_group").to_list()
    a, b = (
        next(
            (label for label, is_here in zip(best, side, strict=True) if is_here), None
        )
        for side in (effect >= 0, effect < 0)
    )
    return a, b
