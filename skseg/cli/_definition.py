"""Whether a hand-written definition of rules holds what its keys ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from skseg._documents._plain import shown_text
from skseg._documents._shapes import (
    NUMBER,
    TEXT,
    Fault,
    ListOf,
    MappingOf,
    Record,
    Shape,
    Value,
    first_fault,
)
from skseg.exceptions import RuleError, did_you_mean
from skseg.rules import Domain, parse
from skseg.rules._language._conditions import Comparison

_THRESHOLD = re.compile(r"\s*(?:q|max|min|date)\s*\(.*\)\s*", re.DOTALL)
_DATE = re.compile(r"\s*date\s*\(.*\)\s*", re.DOTALL)


def read_definition(content: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that a definition gives, thresholds and dates parsed.

    Raises RuleError if a key is not one of `keys`, or its value is not what it asks
    for, often for lack of quotes.
    """
    optional = {key: _SHAPES.get(key, _ANYTHING) for key in keys if key != "rules"}
    shape = Record({"rules": _SHAPES["rules"]}, optional)
    # An empty value is as good as no key, except for the rules themselves.
    values = {
        key: value
        for key, value in content.items()
        if value is not None or key not in optional
    }
    fault = first_fault(values, shape)
    if fault is not None:
        raise RuleError(_worded(fault), value=fault.value)
    if not content["rules"]:
        raise RuleError("The key 'rules' must hold at least one rule.")
    parameters = dict(content)
    if content.get("params") is not None:
        parameters["params"] = {
            name: _value(f"The parameter {name!r}", value, _THRESHOLD)
            for name, value in content["params"].items()
        }
    if content.get("schema") is not None:
        parameters["schema"] = {
            name: _domain(name, domain) for name, domain in content["schema"].items()
        }
    return parameters


def kind_of(value: Any) -> str:
    """Return what a value of YAML or JSON is, in words."""
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"the text {shown_text(value)}"
    for kind, words in (
        (bool, f"read as {str(value).lower()}"),
        (int | float, f"read as the number {value}"),
        (dict, "read as a mapping"),
        (list, "read as a list"),
    ):
        if isinstance(value, kind):
            return words
    return f"read as {type(value).__name__}"


def _value(subject: str, value: Any, pattern: re.Pattern[str]) -> Any:
    """Return a value, a threshold where it is text such as q(0.75)."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        return value
    try:
        rule = parse(f"x >= {value}")
    except RuleError as error:
        raise RuleError(f"{subject}: {error}") from None
    return rule.threshold if isinstance(rule, Comparison) else value


def _worded(fault: Fault) -> str:
    """Return a fault of a definition as a sentence for who has written it."""
    key, *rest = map(str, fault.path)
    if fault.known is not None:
        name = rest[-1] if rest else key
        holder = f" in the schema of {rest[0]!r}" if rest else ""
        hint = did_you_mean(name, fault.known) or f" Known: {', '.join(fault.known)}."
        return f"Unknown key {shown_text(name)}{holder}.{hint}"
    if fault.is_missing:
        return f"The key {key!r} is missing, {fault.rule}."
    subject = f"The key {key!r}"
    if rest:
        subject = _SUBJECTS[key].format(shown_text(rest[0]))
    is_text = fault.rule == TEXT.rule
    if is_text and fault.value is None:
        return f"{subject} is empty."
    quotes = "; put it in quotes" if is_text else ""
    return f"{subject} must be {fault.rule}. It is {kind_of(fault.value)}{quotes}."


# Key -> what the error about one of its values begins with.
_SUBJECTS = {
    "rules": "The rule {}",
    "playbook": "The action for {}",
    "params": "The parameter {}",
    "schema": "The schema of {}",
    "score_weights": "The weight of {}",
    "split_on": "A column in 'split_on'",
}


def _domain(column: str, domain: Mapping[str, Any]) -> Domain:
    """Return what the schema says of a column, or word what is wrong with it."""
    subject = f"The schema of {column!r}"
    facts = dict(domain)
    for key in ("low", "high", "values"):
        value = facts.get(key)
        if isinstance(value, list):
            facts[key] = [_value(subject, item, _DATE) for item in value]
        elif value is not None:
            facts[key] = _value(subject, value, _DATE)
    try:
        return Domain(**facts)
    except RuleError as error:
        if error.name is None or error.rule is None:
            raise RuleError(f"{subject}: {error}", column=column) from None
        rule = error.rule.replace("True or False", "true or false")
        raise RuleError(
            f"The key {error.name!r} in the schema of {column!r} must be {rule}. It is "
            f"{kind_of(error.value)}.",
            column=column,
        ) from None


def _is_parameter(value: Any) -> bool:
    values = value if isinstance(value, list) and value else [value]
    return all(isinstance(part, str | bool | int | float) for part in values)


_ANYTHING = Value("anything", lambda _: True)
_PARAMETER = Value("a number, text, true or false, or a list of them", _is_parameter)
_DOMAIN = Record(
    {},
    {field.name: _ANYTHING for field in fields(Domain)},
    rule="a mapping, such as {low: 0}",
)
_SHAPES: dict[str, Shape] = {
    "rules": MappingOf("a mapping of names to rules", TEXT),
    "default": TEXT,
    "universe": TEXT,
    "on_overlap": TEXT,
    "on_gap": TEXT,
    "oversize": TEXT,
    "on_invalid": TEXT,
    "playbook": MappingOf("a mapping of names to actions", TEXT),
    "params": MappingOf("a mapping", _PARAMETER),
    "schema": MappingOf("a mapping of columns", _DOMAIN),
    "score_weights": MappingOf("a mapping of dimensions to numbers", NUMBER),
    "split_on": ListOf("a list of columns", TEXT),
}
