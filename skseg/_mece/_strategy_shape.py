"""The shape of a strategy as JSON, which people may have edited."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from skseg._core._strategy_json import FORMAT, VERSION
from skseg._core._validation import positional_names
from skseg._documents._shapes import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Fault,
    ListOf,
    MappingOf,
    OrNull,
    Record,
    Shape,
    Value,
    check,
    fault_error,
    is_count,
    is_number,
)
from skseg._documents._versions import VERSION_KEYS, check_version
from skseg.exceptions import RuleError

from ._rules import OWNER

TITLE = "a strategy"
READER = f"{OWNER}.from_strategy"
# A value that JSON has no word for, such as q(0.75), is written as {"threshold": text}.
THRESHOLD = "threshold"


def check_strategy(content: Any) -> None:
    """Raise RuleError with the place of the fault if `content` is no strategy.

    The texts of rules are not parsed, and columns of the schema not looked at.
    """
    check_version(content, FORMAT, VERSION, title=TITLE, owner=READER)
    columns = content.get("columns")
    names = columns if _is_columns(columns) else []
    if isinstance(names, int):
        names = positional_names(names)
    check(content, _strategy(frozenset(names)), title=TITLE, owner=READER)


def no_strategy(path: tuple[str | int, ...], rule: str, value: Any) -> RuleError:
    """Return the error about a place in a strategy that breaks a rule."""
    return fault_error(Fault(path, value, rule), title=TITLE, owner=READER)


def _is_columns(value: Any) -> bool:
    if isinstance(value, list):
        are_texts = all(isinstance(name, str) for name in value)
        return bool(value) and are_texts and len(set(value)) == len(value)
    # Every column gets a name, so that their number is bounded.
    return is_count(value) and value <= 1_000_000


def _is_figure(value: Any) -> bool:
    # Whole figures stand in columns of 64 bits.
    return is_number(value) and (isinstance(value, float) or abs(value) < 2**63)


def _is_label(value: Any) -> bool:
    return isinstance(value, str | bool) or is_number(value)


def _is_parameter(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_parameter, value))
    if isinstance(value, dict):
        return list(value) == [THRESHOLD] and isinstance(value[THRESHOLD], str)
    return _is_label(value)


_NUMBER_OR_NULL = OrNull(Value("a number", _is_figure))
_TEXT_OR_NULL = OrNull(TEXT)
_RULE_OR_NULL = OrNull(Value("the text of a rule", TEXT.test))
_POSITIVE_OR_NULL = OrNull(Value("a number above 0", lambda v: is_number(v) and v > 0))
_WEIGHT = Value("a number from 0", lambda value: _is_figure(value) and value >= 0)
_RANK = Value("a whole number above 0", lambda v: is_count(v) and _is_figure(v))
_TEXTS = MappingOf("an object of texts", TEXT)
_TEXT_LIST = ListOf("a list of texts", TEXT)
_ANYTHING = Value("anything", lambda _: True)
_COLUMNS = Value("a list of different column names, or their number", _is_columns)
# What a domain holds is left to `Domain`.
_SCHEMA = OrNull(MappingOf("an object", MappingOf("an object", _ANYTHING)))
_PARAMETER = Value(
    f'a number, text, a list, or an object such as {{"{THRESHOLD}": "q(0.75)"}}',
    _is_parameter,
)

PARAMETERS: Mapping[str, Shape] = {
    "rules": OrNull(_TEXTS),
    "params": OrNull(MappingOf("an object", _PARAMETER)),
    "default": _TEXT_OR_NULL,
    "on_overlap": TEXT,
    "on_gap": TEXT,
    "universe": _RULE_OR_NULL,
    "min_size": _POSITIVE_OR_NULL,
    "max_size": _POSITIVE_OR_NULL,
    "split_on": OrNull(ListOf("a list of columns", TEXT)),
    "oversize": TEXT,
    "score_weights": OrNull(MappingOf("an object of numbers", NUMBER)),
    "playbook": OrNull(_TEXTS),
}
# What a strategy that was written before, or by hand, may do without.
FURTHER_PARAMETERS: Mapping[str, Shape] = {
    "on_invalid": TEXT,
    "encode": TEXT,
    "pos_label": OrNull(Value("a label: text, a number, true or false", _is_label)),
    "cv": OrNull(Value("a number of folds", is_count)),
}

_FIGURES: Mapping[str, Shape] = {
    "segment": TEXT,
    "n": OrNull(_WEIGHT),
    "share": _NUMBER_OR_NULL,
    "outcome": _NUMBER_OR_NULL,
    "score_outcome": _NUMBER_OR_NULL,
    "score_size": _NUMBER_OR_NULL,
    "score": _NUMBER_OR_NULL,
    "rank": OrNull(_RANK),
    "merged_from": OrNull(_TEXT_LIST),
    "split_from": OrNull(_TEXT_LIST),
    "oversize": OrNull(BOOLEAN),
}
_CUT_POINT = Record(
    {
        "column": TEXT,
        "threshold": Value("a threshold as text", TEXT.test),
        "value": Value("a number as text", TEXT.test),
        "quantiles": MappingOf("an object of levels", TEXT),
    }
)
_FLOW = Record({"rule": TEXT, "segment": TEXT, "n": _WEIGHT})
_MERGE_REPORT = Record(
    {
        "score_before": NUMBER,
        "score_after": NUMBER,
        "losses": MappingOf("an object of numbers", NUMBER),
    }
)
_FITTED = Record(
    {
        "universe": _RULE_OR_NULL,
        "segments": MappingOf("an object of rules", _RULE_OR_NULL),
        "actions": OrNull(_TEXTS),
        "rules": _TEXTS,
        "default": _TEXT_OR_NULL,
        "min_size": OrNull(_WEIGHT),
        "max_size": OrNull(_WEIGHT),
        "n_outside": OrNull(_WEIGHT),
        "cut_points": ListOf("a list of thresholds", _CUT_POINT),
        "lineage": ListOf("a list of flows", _FLOW),
        "merge_report": OrNull(_MERGE_REPORT),
        "rule_names": OrNull(_TEXT_LIST),
        "score_weights": OrNull(MappingOf("an object of numbers", NUMBER)),
        "fingerprint": TEXT,
    }
)


def _strategy(columns: Set[str]) -> Record:
    """Return the shape of a strategy whose rows have certain columns."""

    def figure_of_column(key: str) -> Shape | None:
        name = key.removeprefix("mean_" if key.startswith("mean_") else "score_")
        return _NUMBER_OR_NULL if name != key and name in columns else None

    figures = Record({}, _FIGURES, others=figure_of_column)
    prints = Record({}, dict.fromkeys(("description", "sql", "figures"), TEXT))
    rule = Value(
        "the text of a rule, or null for everyone else",
        lambda value: value is None or isinstance(value, str),
    )
    segment = Record(
        {"name": Value("the name of the segment", TEXT.test)},
        {
            "rule": rule,
            "description": _TEXT_OR_NULL,
            "sql": _TEXT_OR_NULL,
            "action": _TEXT_OR_NULL,
            "figures": OrNull(figures),
            "fingerprints": OrNull(prints),
        },
    )
    return Record(
        {
            **VERSION_KEYS,
            "columns": _COLUMNS,
            "segments": ListOf("a list of segments", segment),
        },
        {
            "universe": _RULE_OR_NULL,
            "schema": _SCHEMA,
            "parameters": OrNull(Record(PARAMETERS, FURTHER_PARAMETERS)),
            "fitted": OrNull(_FITTED),
        },
    )
