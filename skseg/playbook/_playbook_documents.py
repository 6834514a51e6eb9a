"""Playbooks as documents: their shape, and how they are read and written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skseg._documents._plain_file import read_plain
from skseg._documents._shapes import (
    ListOf,
    OrNull,
    Record,
    Value,
    check,
    is_number,
)
from skseg._documents._versions import VERSION_KEYS, check_version
from skseg._documents._yaml import load_yaml
from skseg.exceptions import RuleError

from ._plays import LISTS, TEXTS, Play

OWNER = "Playbook"
FORMAT = "skseg.playbook"
VERSION = 1
TITLE = "a playbook"


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return False
    # Lone surrogates are no text in any file.
    return not any("\ud800" <= character <= "\udfff" for character in value)


_TEXT = Value("text that is not empty", _is_text)
_SHARE = Value("a number in [0, 1]", lambda value: is_number(value) and 0 <= value <= 1)


def _choice(*words: str) -> Value:
    rule = " or ".join(json.dumps(word) for word in words)
    return Value(rule, lambda value: isinstance(value, str) and value in words)


_PLAY = Record(
    {"name": _TEXT},
    {
        "when": OrNull(_TEXT),
        **dict.fromkeys(LISTS, ListOf("a list of texts", _TEXT)),
        **dict.fromkeys(TEXTS, OrNull(_TEXT)),
        "budget_share": OrNull(_SHARE),
    },
)
_SHAPE = Record(
    {**VERSION_KEYS, "plays": ListOf("a list of plays", _PLAY)},
    {
        "default": OrNull(_TEXT),
        "on_overlap": _choice("raise", "first"),
        "on_gap": _choice("raise", "default"),
    },
)


def playbook_document(
    plays: Sequence[Play | Mapping[str, Any]],
    *,
    default: str | None,
    on_overlap: str,
    on_gap: str,
) -> dict[str, Any]:
    """Return a playbook as plain data."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "default": default,
        "on_overlap": on_overlap,
        "on_gap": on_gap,
        "plays": [p.to_dict() if isinstance(p, Play) else _plain(p) for p in plays],
    }


def _plain(play: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as plain data, without tuples and numbers of numpy."""
    return {
        key: list(value)
        if isinstance(value, tuple)
        else value.item()
        if isinstance(value, np.generic)
        else value
        for key, value in play.items()
    }


def checked_document(content: Any, owner: str) -> dict[str, Any]:
    """Return a document whose keys and values are those of a playbook.

    One text stands for a list of one text. Raises RuleError with the place of the
    first fault.
    """
    check_version(content, FORMAT, VERSION, title=TITLE, owner=owner)
    plays = content.get("plays")
    if isinstance(plays, list):
        content = {**content, "plays": [_with_lists(play) for play in plays]}
    check(content, _SHAPE, title=TITLE, owner=owner)
    names = [play["name"] for play in content["plays"]]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise RuleError(
                f"Not {TITLE}: plays[{position}].name must be a name of its own. Got "
                f"{name!r}, which plays[{names.index(name)}] has already.",
                owner=owner,
                name=f"plays[{position}].name",
                value=name,
            )
    checked: dict[str, Any] = content
    return checked


def _with_lists(play: Any) -> Any:
    if not isinstance(play, Mapping):
        return play
    return {
        key: [value] if key in LISTS and isinstance(value, str) else value
        for key, value in play.items()
    }


def read_yaml(source: Any, owner: str) -> Any:
    """Return the YAML of a source: a str is the text, a path is that of a file."""
    if isinstance(source, os.PathLike):
        return read_plain(Path(source))
    if not isinstance(source, str):
        rule = "YAML as a str, or a file by its pathlib.Path"
        raise RuleError(
            f"{owner} reads {rule}. Got the type {type(source).__name__} instead.",
            owner=owner,
            name="source",
            rule=rule,
            value=source,
        )
    if "\n" not in source and source.lower().endswith((".yaml", ".yml")):
        raise RuleError(
            f"Not {TITLE}: {source!r} is the name of a file.",
            owner=owner,
            name="source",
            value=source,
            advice=f"A file is read by its path: pathlib.Path({source!r}).",
        )
    return load_yaml(source)


def yaml_text(content: Mapping[str, Any]) -> str:
    """Return a checked document as YAML, every text in quotes."""
    lines = [f"{k}: {_scalar(v)}" for k, v in content.items() if k != "plays"]
    lines.append("plays:" if content["plays"] else "plays: []")
    for play in content["plays"]:
        dash = "- "
        for key, value in play.items():
            if isinstance(value, list):
                lines.append(f"  {dash}{key}:")
                lines += [f"      - {_scalar(item)}" for item in value]
            else:
                lines.append(f"  {dash}{key}: {_scalar(value)}")
            dash = "  "
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if not isinstance(value, str):
        return repr(value)
    # Line ends other than \n, and what cannot be printed, are escaped in YAML.
    is_plain = all(character.isprintable() or character == "\n" for character in value)
    return json.dumps(value, ensure_ascii=not is_plain)
