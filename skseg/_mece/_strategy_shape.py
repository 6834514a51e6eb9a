"""The shape of a strategy as JSON, which people may have edited."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from skseg.exceptions import RuleError, did_you_mean

FORMAT = "skseg.strategy"
VERSION = 1
LISTS = ["merged_from", "split_from"]

_KEYS = (
    *("format", "version", "columns", "universe", "min_size", "max_size", "schema"),
    *("segments", "lineage"),
)

_Test = Callable[[Any], bool]


def check_strategy(content: Any) -> None:
    """Raise a RuleError with the path of the fault if `content` is no strategy."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RuleError(f"Not a strategy: the key 'format' must be {FORMAT!r}.")
    if content.get("version") != VERSION or isinstance(content["version"], bool):
        raise RuleError(
            f"This skseg reads version {VERSION} of {FORMAT}. Got version "
            f"{content.get('version')!r}; a newer skseg wrote it."
        )
    for key in content:
        if key not in _KEYS:
            raise RuleError(
                f"Not a strategy: the keys are {', '.join(_KEYS)}. Got {key!r} instead."
                f"{did_you_mean(key, _KEYS)}",
                name=key,
                value=content[key],
            )
    columns = "a list of different column names, or their number"
    _require(content, "columns", _is_columns, columns)
    for bound in ("min_size", "max_size"):
        _require(content, bound, _or_null(_is_size), "a number above 0, or null")
    _require(content, "universe", _or_null(_is_text), "the text of a rule, or null")
    schema = "an object without infinities, or null"
    _require(content, "schema", _or_null(_is_schema), schema)
    _require(content, "segments", _is_list, "a list of segments")
    for i, entry in enumerate(content["segments"]):
        _check_segment(entry, f"segments[{i}]")
    _require(content, "lineage", _or_null(_is_list), "a list of flows, or null")
    for i, flow in enumerate(content.get("lineage") or []):
        _check_flow(flow, f"lineage[{i}]")


def _check_segment(entry: Any, place: str) -> None:
    if not isinstance(entry, dict):
        raise _error(place, "an object", entry)
    _require(entry, "name", _is_text, "the name of the segment", place)
    rule_text = "the text of a rule, or null for everyone else"
    _require(entry, "rule", _or_null(_is_text), rule_text, place)
    _require(entry, "action", _or_null(_is_text), "text, or null", place)
    _require(entry, "figures", _or_null(_is_mapping), "an object, or null", place)
    for name in entry.get("figures") or {}:
        test, rule = _or_null(_is_number), "a finite number, or null"
        if name == "rule":
            test, rule = _or_null(_is_text), rule_text
        elif name in LISTS:
            test, rule = _is_texts, "a list of names"
        elif name == "oversize":
            test, rule = _is_flag, "true or false"
        elif name == "rank":
            test, rule = _or_null(_is_rank), "a whole number from 1 on, or null"
        _require(entry["figures"], name, test, rule, f"{place}.figures")


def _check_flow(flow: Any, place: str) -> None:
    if not isinstance(flow, dict):
        raise _error(place, "an object", flow)
    for name in ("rule", "segment"):
        _require(flow, name, _is_text, "a name", place)
    _require(flow, "n", _is_number, "a finite number", place)


def is_finite(value: Any) -> bool:
    """Tell whether no number in a piece of JSON is infinite."""
    if isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
        return all(map(is_finite, parts))
    return not isinstance(value, float) or math.isfinite(value)


def _require(
    holder: Mapping[str, Any], key: str, test: _Test, rule: str, place: str = ""
) -> None:
    value = holder.get(key)
    if not test(value):
        path = f"{place}.{key}".lstrip(".")
        if key not in holder:
            raise RuleError(f"Not a strategy: the key {path!r} is missing.", name=path)
        raise _error(path, rule, value)


def _error(place: str, rule: str, value: Any) -> RuleError:
    return RuleError(
        f"Not a strategy: {place} must be {rule}. Got {value!r} instead.",
        name=place,
        rule=rule,
        value=value,
    )


def _or_null(test: _Test) -> _Test:
    return lambda value: value is None or test(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and is_finite(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _is_size(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_rank(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_columns(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and _is_texts(value) and len(set(value)) == len(value)
    # Every column gets a name, so that their number is bounded.
    return _is_rank(value) and value <= 1_000_000
