"""The shape of a strategy as JSON, which people may have edited."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from skseg.exceptions import RuleError, did_you_mean

FORMAT = "skseg.strategy"
VERSION = 1

Test = Callable[[Any], bool]
# Key -> a test of its value, and the rule in words.
Shape = Mapping[str, tuple[Test, str]]


def check_strategy(content: Any) -> None:
    """Raise a RuleError with the path of the fault if `content` is no strategy.

    What fit has found, figures and the part "fitted", is not looked into: fingerprints
    tell whether it is as it was written.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RuleError(f"Not a strategy: the key 'format' must be {FORMAT!r}.")
    if content.get("version") != VERSION or isinstance(content["version"], bool):
        raise RuleError(
            f"This skseg reads version {VERSION} of {FORMAT}. Got version "
            f"{content.get('version')!r}; a newer skseg wrote it."
        )
    _check_shape(content, _STRATEGY, "")
    for i, entry in enumerate(content["segments"]):
        place = f"segments[{i}]"
        _check_shape(entry, _SEGMENT, place)
    if content.get("parameters") is not None:
        _check_shape(content["parameters"], PARAMETERS, "parameters")


def _check_shape(content: Any, shape: Shape, place: str) -> None:
    """Raise if an object has another key than those of `shape`, or a wrong value."""
    if not isinstance(content, dict):
        raise _error(place, "an object", content)
    for key, value in content.items():
        if key not in shape:
            path = f"{place}.{key}".lstrip(".")
            raise RuleError(
                f"Not a strategy: the keys {f'of {place} ' if place else ''}are "
                f"{', '.join(shape)}. Got {path!r} instead.{did_you_mean(key, shape)}",
                name=path,
                value=value,
            )
    for key, (test, rule) in shape.items():
        _require(content, key, test, rule, place)


def is_finite(value: Any) -> bool:
    """Tell whether no number in a piece of JSON is infinite."""
    if isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
        return all(map(is_finite, parts))
    return not isinstance(value, float) or math.isfinite(value)


def _require(
    holder: Mapping[str, Any], key: str, test: Test, rule: str, place: str = ""
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


def _or_null(test: Test) -> Test:
    return lambda value: value is None or test(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_finite_mapping(value: Any) -> bool:
    return isinstance(value, dict) and is_finite(value)


def _is_mapping_of(test: Test) -> Test:
    return lambda value: isinstance(value, dict) and all(map(test, value.values()))


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < math.inf


def _is_size(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_rank(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_columns(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and _is_texts(value) and len(set(value)) == len(value)
    # Every column gets a name, so that their number is bounded.
    return _is_rank(value) and value <= 1_000_000


def _is(constant: Any) -> Test:
    return lambda value: value == constant


_TEXT = (_is_text, "text")
_TEXT_OR_NULL = (_or_null(_is_text), "text, or null")
_RULE_OR_NULL = (_or_null(_is_text), "the text of a rule, or null")
_ELSE_OR_RULE = (
    _or_null(_is_text),
    "the text of a rule, or null for everyone else",
)
_SIZE_OR_NULL = (_or_null(_is_size), "a number above 0, or null")
_SCHEMA = (_or_null(_is_finite_mapping), "an object without infinities, or null")
_TEXTS_BY_NAME_OR_NULL = (
    _or_null(_is_mapping_of(_is_text)),
    "an object of texts, or null",
)

_STRATEGY: Shape = {
    "format": (_is(FORMAT), repr(FORMAT)),
    "version": (_is(VERSION), str(VERSION)),
    "columns": (_is_columns, "a list of different column names, or their number"),
    "universe": _RULE_OR_NULL,
    "schema": _SCHEMA,
    "segments": (_is_list, "a list of segments"),
    "parameters": (_or_null(_is_mapping), "an object, or null"),
    "fitted": (_or_null(_is_mapping), "an object, or null"),
}
_SEGMENT: Shape = {
    "name": (_is_text, "the name of the segment"),
    "rule": _ELSE_OR_RULE,
    "description": _TEXT_OR_NULL,
    "sql": _TEXT_OR_NULL,
    "action": _TEXT_OR_NULL,
    "figures": (_or_null(_is_mapping), "an object, or null"),
    "fingerprints": (_or_null(_is_mapping), "an object, or null"),
}
PARAMETERS: Shape = {
    "rules": _TEXTS_BY_NAME_OR_NULL,
    "params": (_or_null(_is_mapping), "an object, or null"),
    "default": _TEXT_OR_NULL,
    "on_overlap": _TEXT,
    "on_gap": _TEXT,
    "universe": _RULE_OR_NULL,
    "min_size": _SIZE_OR_NULL,
    "max_size": _SIZE_OR_NULL,
    "split_on": (_or_null(_is_texts), "a list of columns, or null"),
    "oversize": _TEXT,
    "score_weights": (
        _or_null(_is_mapping_of(_is_number)),
        "an object of numbers, or null",
    ),
    "playbook": _TEXTS_BY_NAME_OR_NULL,
}
