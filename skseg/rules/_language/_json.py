"""Rule sets as JSON, without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from skseg.exceptions import RuleError, did_you_mean

from ._conditions import Rule
from ._thresholds import check_name

_FORMAT = "skseg.rules"
_KEYS = ("format", "version", "universe", "rules", "default", "noise")


def write_json(
    rules: Mapping[str, Rule],
    default: str | None,
    universe: Rule | None,
    noise: str | None,
    indent: int | None,
) -> str:
    """Return the parts of a rule set as JSON; see `RuleSet.to_json`."""
    content: dict[str, Any] = {"format": _FORMAT, "version": 1}
    if universe is not None:
        content["universe"] = str(universe)
    content["rules"] = [{"name": n, "rule": str(rule)} for n, rule in rules.items()]
    content["default"] = default
    if noise is not None:
        content["noise"] = noise
    return json.dumps(content, indent=indent, ensure_ascii=False)


def read_json(text: str) -> dict[str, Any]:
    """Return the arguments of the rule set that `write_json` wrote."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        _fail(f"Not JSON: {error}", None, text)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        _fail(f"Not a rule set: the key 'format' must be {_FORMAT!r}.", "format", text)
    if "version" not in content:
        _fail("Not a rule set: the key 'version' is missing.", "version", None)
    version = content["version"]
    if version != 1:
        _fail(
            f"This skseg reads version 1 of {_FORMAT}. Got version {version!r}; a "
            "newer skseg wrote it.",
            "version",
            version,
        )
    for key, value in content.items():
        if key not in _KEYS:
            _fail(
                f"Not a rule set: the keys are {', '.join(_KEYS)}. Got {key!r} "
                f"instead.{did_you_mean(key, _KEYS)}",
                key,
                value,
            )
    return {
        "rules": _read_rules(content.get("rules")),
        "default": content.get("default"),
        "universe": content.get("universe"),
        "noise": content.get("noise"),
    }


def _read_rules(entries: Any) -> dict[str, str]:
    if not isinstance(entries, list):
        message = "Not a rule set: the key 'rules' must hold a list of rules."
        _fail(message, "rules", entries)
    rules: dict[str, str] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not {"name", "rule"} <= entry.keys():
            message = f"A rule needs the keys 'name' and 'rule'. Got {entry!r}."
            _fail(message, "rules", entry)
        name = check_name(entry["name"], "A segment name")
        if name in rules:
            _fail(f"The segment {name!r} has two rules.", "rules", name)
        rules[name] = entry["rule"]
    return rules


def _fail(message: str, key: str | None, value: object) -> NoReturn:
    """Raise an error about a key of the JSON object."""
    owner = "RuleSet.from_json"
    raise RuleError(message, owner=owner, name=key, value=value) from None
