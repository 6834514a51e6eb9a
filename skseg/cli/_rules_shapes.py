"""Whether the values of a hand-written definition are what its keys ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from skseg.exceptions import RuleError, did_you_mean
from skseg.rules import Domain


def kind_of(value: Any) -> str:
    """Return what a value of YAML or JSON is, in words."""
    if value is None:
        return "empty"
    for kind, word in (
        (bool, f"read as {str(value).lower()}"),
        (str, f"the text {value!r}"),
        (int | float, f"read as the number {value}"),
        (dict, "read as a mapping"),
        (list, "read as a list"),
    ):
        if isinstance(value, kind):
            return word
    return f"read as {type(value).__name__}"


def check_keys(
    content: Mapping[str, Any], known: Sequence[str], place: str = ""
) -> None:
    """Raise if there is a key that is not known."""
    for key in content:
        if key not in known:
            hint = did_you_mean(key, known) or f" Known: {', '.join(known)}."
            raise RuleError(f"unknown key {key!r}{place}.{hint}")


def check_shapes(content: Mapping[str, Any]) -> None:
    """Raise where a value is not what its key asks for, often for lack of quotes."""
    for key, check in _SHAPES.items():
        # An empty value is as good as no key, but for the rules themselves.
        if content.get(key) is not None or key == "rules":
            check(key, content.get(key))
    if not content["rules"]:
        raise RuleError("the key 'rules' must hold at least one rule.")


def _text(what: str, value: Any) -> None:
    if value is None:
        raise RuleError(f"{what} is empty.")
    if not isinstance(value, str):
        raise RuleError(
            f"{what} must be text. It is {kind_of(value)}; put it in quotes."
        )


def _text_key(key: str, value: Any) -> None:
    _text(f"the key {key!r}", value)


def _mapping(key: str, value: Any, rule: str = "a mapping") -> None:
    if not isinstance(value, dict):
        raise RuleError(f"the key {key!r} must be {rule}. It is {kind_of(value)}.")


def _texts(key: str, value: Any, *, rule: str, what: str) -> None:
    _mapping(key, value, rule)
    for name, text in value.items():
        _text(f"{what} {name!r}", text)


def _schema(key: str, value: Any) -> None:
    _mapping(key, value, "a mapping of columns")
    for name, domain in value.items():
        if not isinstance(domain, dict):
            raise RuleError(
                f"the schema of {name!r} must be a mapping, such as {{low: 0}}. It is "
                f"{kind_of(domain)}."
            )
        known = [field.name for field in fields(Domain)]
        check_keys(domain, known, f" in the schema of {name!r}")


def _columns(key: str, value: Any) -> None:
    if not isinstance(value, list):
        raise RuleError(
            f"the key {key!r} must be a list of columns. It is {kind_of(value)}."
        )
    for name in value:
        _text(f"a column in {key!r}", name)


_SHAPES: dict[str, Callable[[str, Any], None]] = {
    "rules": partial(_texts, rule="a mapping of names to rules", what="the rule"),
    "default": _text_key,
    "universe": _text_key,
    "on_overlap": _text_key,
    "on_gap": _text_key,
    "oversize": _text_key,
    "playbook": partial(
        _texts, rule="a mapping of names to actions", what="the action for"
    ),
    "params": _mapping,
    "schema": _schema,
    "score_weights": _mapping,
    "split_on": _columns,
}
