"""Rule sets as JSON, without loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from skseg.exceptions import RuleError, did_you_mean

from ._thresholds import check_name

if TYPE_CHECKING:
    from skseg.rules._ruleset import RuleSet

_FORMAT = "skseg.rules"
_KEYS = ("format", "version", "universe", "rules", "default", "noise")


def write_json(rules: RuleSet, indent: int | None) -> str:
    """Return `rules` as JSON; see `RuleSet.to_json`."""
    content: dict[str, Any] = {"format": _FORMAT, "version": 1}
    if rules.universe is not None:
        content["universe"] = str(rules.universe)
    content["rules"] = [{"name": n, "rule": str(r)} for n, r in rules.rules.items()]
    content["default"] = rules.default
    if rules.noise is not None:
        content["noise"] = rules.noise
    return json.dumps(content, indent=indent, ensure_ascii=False)


def read_json(text: str) -> dict[str, Any]:
    """Return the arguments of the rule set that `write_json` wrote."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RuleError(f"Not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise RuleError(f"Not a rule set: the key 'format' must be {_FORMAT!r}.")
    if content.get("version") != 1:
        raise RuleError(
            f"This skseg reads version 1 of {_FORMAT}. Got version "
            f"{content.get('version')!r}; a newer skseg wrote it."
        )
    for key in content:
        if key not in _KEYS:
            raise RuleError(
                f"Not a rule set: the keys are {', '.join(_KEYS)}. Got {key!r} instead."
                f"{did_you_mean(key, _KEYS)}"
            )
    return {
        "rules": _read_rules(content.get("rules")),
        "default": content.get("default"),
        "universe": content.get("universe"),
        "noise": content.get("noise"),
    }


def _read_rules(entries: Any) -> dict[str, str]:
    if not isinstance(entries, list):
        raise RuleError("Not a rule set: the key 'rules' must hold a list of rules.")
    rules: dict[str, str] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not {"name", "rule"} <= entry.keys():
            raise RuleError(f"A rule needs the keys 'name' and 'rule'. Got {entry!r}.")
        if check_name(entry["name"], "A segment name") in rules:
            raise RuleError(f"The segment {entry['name']!r} has two rules.")
        rules[entry["name"]] = entry["rule"]
    return rules
