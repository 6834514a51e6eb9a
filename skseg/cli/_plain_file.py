"""YAML and JSON files as plain data, in which no key stands twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from skseg.exceptions import InvalidDataError, MissingExtraError


def read_plain(path: Path) -> Any:
    """Return the content of a YAML or JSON file in UTF-8 as plain data.

    The suffix tells which it is; without one of .yaml, .yml and .json, text that begins
    with a brace is JSON. Raises ValueError if it is neither, or a key stands twice; the
    message names the file and, for YAML, the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDataError(f"{path.name} is not UTF-8 text.") from None
    if not text.strip():
        raise InvalidDataError(f"{path.name} is empty.")
    is_json = text.lstrip().startswith("{")
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        is_json = path.suffix.lower() == ".json"
    load = _load_json if is_json else _load_yaml
    try:
        return load(text, path.name)
    except RecursionError:
        raise InvalidDataError(f"{path.name} is nested too deeply.") from None


def _load_yaml(text: str, name: str) -> Any:
    try:
        from ._yaml_loader import load_yaml
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "yaml":
            raise
        raise MissingExtraError("Reading YAML", "cli") from None
    return load_yaml(text, name)


def _load_json(text: str, name: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, value in pairs:
            if key in content:
                raise InvalidDataError(f"{name}: The key {key!r} stands twice.")
            content[key] = value
        return content

    def refuse(constant: str) -> NoReturn:
        raise InvalidDataError(f"{name}: {constant} is no JSON.")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise InvalidDataError(
            f"{name}, line {error.lineno}, column {error.colno}: Not JSON, {reason}."
        ) from None
