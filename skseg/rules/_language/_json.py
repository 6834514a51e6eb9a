"""Rule sets as JSON, without loss."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from skseg._documents._shapes import TEXT, ListOf, OrNull, Record, check
from skseg._documents._source import read_json
from skseg._documents._versions import VERSION_KEYS, check_version
from skseg.exceptions import RuleError

from ._conditions import Rule
from ._parse import parse

FORMAT = "skseg.rules"
VERSION = 1
_OWNER = "RuleSet.from_json"
_TITLE = "a rule set"
_RULES = ListOf("a list of rules", Record({"name": TEXT, "rule": TEXT}))
_RULE_SET = Record(
    required={**VERSION_KEYS, "rules": _RULES},
    optional={"universe": OrNull(TEXT), "default": OrNull(TEXT), "noise": OrNull(TEXT)},
)


def write_json(
    rules: Mapping[str, Rule],
    default: str | None,
    universe: Rule | None,
    noise: str | None,
    indent: int | None,
) -> str:
    """Return the parts of a rule set as JSON; see `RuleSet.to_json`."""
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if universe is not None:
        content["universe"] = readable_text(universe, "The universe")
    content["rules"] = [
        {"name": name, "rule": readable_text(rule, f"Segment {name!r}")}
        for name, rule in rules.items()
    ]
    content["default"] = default
    if noise is not None:
        content["noise"] = noise
    return json.dumps(content, indent=indent, ensure_ascii=False)


def readable_text(rule: Rule, subject: str) -> str:
    """Return a rule as text, or raise RuleError if the text could not be read again.

    Rules that a program has built may be longer, and deeper, than text may be.
    """
    text = str(rule)
    try:
        parse(text)
    except RuleError as error:
        raise RuleError(
            f"{subject} cannot be written as text that can be read again: "
            f"{error.message}",
            owner="RuleSet.to_json",
            value=rule,
            advice="Write it as several columns or segments.",
        ) from None
    return text


def read_rule_set(source: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arguments of the rule set that `write_json` wrote."""
    return rule_set_arguments(read_json(source, _OWNER, _TITLE))


def rule_set_arguments(content: Any) -> dict[str, Any]:
    """Return the arguments of the rule set that a document holds."""
    check_version(content, FORMAT, VERSION, title=_TITLE, owner=_OWNER)
    check(content, _RULE_SET, title=_TITLE, owner=_OWNER)
    rules: dict[str, str] = {}
    for entry in content["rules"]:
        name = entry["name"]
        if name in rules:
            raise RuleError(
                f"The segment {name!r} has two rules.",
                owner=_OWNER,
                name="rules",
                value=name,
            )
        rules[name] = entry["rule"]
    return {"rules": rules} | {key: content.get(key) for key in _RULE_SET.optional}
