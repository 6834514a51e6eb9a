"""Rule sets as JSON, without loss."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
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


def json_text(source: str | os.PathLike[str], owner: str) -> str:
    """Return JSON as text: a str is the text, a path is that of a file with it."""
    if isinstance(source, os.PathLike):
        # Some editors begin a file with a byte order mark.
        return Path(source).read_text(encoding="utf-8-sig")
    if not isinstance(source, str):
        raise RuleError(
            f"{owner} reads JSON as a str, or a file by its pathlib.Path. Got "
            f"{source!r} instead.",
            owner=owner,
            rule="JSON or a pathlib.Path",
            value=source,
        )
    is_path = "\n" not in source and "{" not in source and source.endswith(".json")
    if is_path:
        raise RuleError(
            f"Not JSON: {source!r} is the name of a file.",
            owner=owner,
            rule="JSON or a pathlib.Path",
            value=source,
            advice=f"A file is read by its path: pathlib.Path({source!r}).",
        )
    return source


def read_json(source: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arguments of the rule set that `write_json` wrote."""
    text = json_text(source, "RuleSet.from_json")
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
