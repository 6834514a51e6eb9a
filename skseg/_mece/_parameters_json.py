"""The parameters of a segmenter as JSON, and back."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from skseg.exceptions import RuleError
from skseg.rules import Domain, Rule, parse
from skseg.rules._language._booleans import Boolean
from skseg.rules._language._conditions import Comparison
from skseg.rules._language._dates import is_date_value
from skseg.rules._language._thresholds import (
    Extreme,
    Quantile,
    Threshold,
    as_threshold,
    check_name,
    threshold_text,
)
from skseg.rules._proof._domain import as_schema

from ._strategy_shape import THRESHOLD, no_strategy


def snapshot(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of parameters that later changes to their values do not reach."""
    return {name: _copied(value) for name, value in parameters.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, list | tuple) else value


def write_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON without loss, rules as their text.

    Raises RuleError for a value in params that is neither number, text nor threshold,
    for a name that is no text, and for folds that are not a number.
    """
    for name in parameters["params"] or ():
        check_name(name, "The name of a parameter", allow_empty=True)
    cv = parameters["cv"]
    if cv is not None and not isinstance(cv, numbers.Integral):
        raise RuleError(
            f"Folds that are not a number cannot be written as JSON. Got cv={cv!r}.",
            owner="MECERuleSegmenter",
            name="cv",
            rule="a number of folds",
            value=cv,
            advice="Pass a number of folds as cv, and fit again.",
        )
    plain = {name: _plain(value) for name, value in parameters.items()}
    if parameters["params"] is not None:
        plain["params"] = {
            name: _plain_value(name, value)
            for name, value in parameters["params"].items()
        }
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Rule):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    return value


def write_schema(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a schema as JSON without loss."""
    if schema is None:
        return None
    return {name: _plain_domain(name, d) for name, d in as_schema(schema).items()}


def _plain_domain(name: str, domain: Domain) -> dict[str, Any]:
    standard = Domain()
    facts = {
        field.name: value
        for field in fields(Domain)
        if (value := getattr(domain, field.name)) != getattr(standard, field.name)
    }
    return {key: _plain_value(name, value) for key, value in facts.items()}


def read_schema(content: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the schema that `write_schema` wrote."""
    if content is None:
        return None
    return {
        name: {
            key: _read_value(("schema", name, key), value)
            for key, value in domain.items()
        }
        for name, domain in content.items()
    }


def _plain_value(name: str, value: Any) -> Any:
    """Return a value of rules as JSON."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Quantile | Extreme) or is_date_value(value):
        return {THRESHOLD: threshold_text(as_threshold(value))}
    if isinstance(value, Boolean):
        return value.value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real):
        is_plain = isinstance(value, bool | int | float)
        number: Any = value if is_plain else float(value)
        # JSON has no infinity, but the language of rules has.
        is_infinite = isinstance(number, float) and math.isinf(number)
        return {THRESHOLD: threshold_text(number)} if is_infinite else number
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        return [_plain_value(name, inner) for inner in value]
    raise RuleError(
        f"The value of params[{name!r}] cannot be written as JSON. Got {value!r}.",
        owner="MECERuleSegmenter",
        name="params",
        rule="a number, text, a threshold such as q(0.75), or a list of them",
        value=value,
        advice="Use a number, text, a threshold such as q(0.75), or a list of them.",
    )


def read_parameters(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that `write_parameters` wrote."""
    parameters = dict(content)
    if content.get("params") is not None:
        parameters["params"] = {
            name: _read_value(("parameters", "params", name), value)
            for name, value in content["params"].items()
        }
    return parameters


def _read_value(path: tuple[str | int, ...], value: Any) -> Any:
    if isinstance(value, list):
        return [_read_value((*path, i), inner) for i, inner in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    text = value.get(THRESHOLD)
    if len(value) == 1 and isinstance(text, str):
        return read_threshold(path, text)
    rule = f'a number, text, a list, or an object such as {{"{THRESHOLD}": "q(0.75)"}}'
    raise no_strategy(path, rule, value)


def read_threshold(path: tuple[str | int, ...], text: str) -> Threshold:
    """Return the threshold that a text at a place in a strategy stands for."""
    try:
        rule = parse(f"x == {text}")
    except RuleError:
        raise no_strategy(path, "a threshold, such as q(0.75)", text) from None
    if isinstance(rule, Comparison) and (rule.column, rule.operator) == ("x", "=="):
        threshold = rule.threshold
        if not isinstance(threshold, str):
            return threshold
    raise no_strategy(path, "a threshold, such as q(0.75)", text)


def read_number(path: tuple[str | int, ...], text: str) -> float:
    """Return the number that a text at a place in a strategy stands for."""
    threshold = read_threshold(path, text)
    if isinstance(threshold, float):
        return threshold
    raise no_strategy(path, "a number as text", text)
