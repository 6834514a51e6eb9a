"""Whether a hand-written definition of rules holds what its keys ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from skseg.exceptions import RuleError, did_you_mean
from skseg.rules import Domain, parse
from skseg.rules._language._conditions import Comparison

_THRESHOLD = re.compile(r"\s*(?:q|max|min)\s*\(.*\)\s*", re.DOTALL)


def read_definition(content: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that a definition gives, thresholds in params parsed.

    Raises RuleError if a key is not one of `keys`, or its value is not what it asks
    for, often for lack of quotes.
    """
    _check_keys(content, keys)
    if "rules" not in content:
        raise RuleError("The key 'rules' is missing, a mapping of names to rules.")
    for key, check in _SHAPES.items():
        # An empty value is as good as no key, except for the rules themselves.
        if content.get(key) is not None or key == "rules":
            check(key, content.get(key))
    if not content["rules"]:
        raise RuleError("The key 'rules' must hold at least one rule.")
    parameters = dict(content)
    if content.get("params") is not None:
        values = content["params"].items()
        parameters["params"] = {name: _value(name, value) for name, value in values}
    return parameters


def kind_of(value: Any) -> str:
    """Return what a value of YAML or JSON is, in words."""
    if value is None:
        return "empty"
    for kind, words in (
        (bool, f"read as {str(value).lower()}"),
        (str, f"the text {value!r}"),
        (int | float, f"read as the number {value}"),
        (dict, "read as a mapping"),
        (list, "read as a list"),
    ):
        if isinstance(value, kind):
            return words
    return f"read as {type(value).__name__}"


def _value(name: str, value: Any) -> Any:
    """Return the value of a named parameter; text such as q(0.75) is a threshold."""
    if not isinstance(value, str) or not _THRESHOLD.fullmatch(value):
        return value
    try:
        rule = parse(f"x >= {value}")
    except RuleError as error:
        raise RuleError(f"The parameter {name!r}: {error}") from None
    return rule.threshold if isinstance(rule, Comparison) else value


def _check_keys(
    content: Mapping[str, Any], keys: Sequence[str], place: str = ""
) -> None:
    for key in content:
        if key not in keys:
            hint = did_you_mean(key, keys) or f" Known: {', '.join(keys)}."
            raise RuleError(f"Unknown key {key!r}{place}.{hint}")


def _check_text(subject: str, value: Any) -> None:
    if value is None:
        raise RuleError(f"{subject} is empty.")
    if not isinstance(value, str):
        raise RuleError(
            f"{subject} must be text. It is {kind_of(value)}; put it in quotes."
        )


def _text(key: str, value: Any) -> None:
    _check_text(f"The key {key!r}", value)


def _mapping(key: str, value: Any, rule: str = "a mapping") -> None:
    if not isinstance(value, dict):
        raise RuleError(f"The key {key!r} must be {rule}. It is {kind_of(value)}.")


def _texts(key: str, value: Any, *, rule: str, subject: str) -> None:
    _mapping(key, value, rule)
    for name, text in value.items():
        _check_text(f"{subject} {name!r}", text)


def _schema(key: str, value: Any) -> None:
    _mapping(key, value, "a mapping of columns")
    keys = [field.name for field in fields(Domain)]
    for name, domain in value.items():
        if not isinstance(domain, dict):
            raise RuleError(
                f"The schema of {name!r} must be a mapping, such as {{low: 0}}. It is "
                f"{kind_of(domain)}."
            )
        _check_keys(domain, keys, f" in the schema of {name!r}")
        try:
            Domain(**domain)
        except RuleError as error:
            raise RuleError(_domain_error(name, error), column=name) from None


def _domain_error(column: str, error: RuleError) -> str:
    """Word an invalid domain by the key that is wrong, if the error knows one."""
    if error.name is None or error.rule is None:
        return f"The schema of {column!r}: {error}"
    return (
        f"The key {error.name!r} in the schema of {column!r} must be {error.rule}. "
        f"It is {kind_of(error.value)}."
    )


def _columns(key: str, value: Any) -> None:
    if not isinstance(value, list):
        raise RuleError(
            f"The key {key!r} must be a list of columns. It is {kind_of(value)}."
        )
    for name in value:
        _check_text(f"A column in {key!r}", name)


_RULES = {"rule": "a mapping of names to rules", "subject": "The rule"}
_ACTIONS = {"rule": "a mapping of names to actions", "subject": "The action for"}

_SHAPES: dict[str, Callable[[str, Any], None]] = {
    "rules": partial(_texts, **_RULES),
    "default": _text,
    "universe": _text,
    "on_overlap": _text,
    "on_gap": _text,
    "oversize": _text,
    "playbook": partial(_texts, **_ACTIONS),
    "params": _mapping,
    "schema": _schema,
    "score_weights": _mapping,
    "split_on": _columns,
}
