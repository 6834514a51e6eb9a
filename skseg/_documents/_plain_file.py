"""YAML and JSON files as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skseg.exceptions import InvalidDataError, RuleError

from ._errors import DocumentError
from ._json import load_json
from ._source import decoded
from ._yaml import load_yaml


def read_plain(path: Path) -> Any:
    """Return the content of a YAML or JSON file in UTF-8 as plain data.

    The suffix tells which it is; without one of .yaml, .yml and .json, text that begins
    with a brace is JSON. Raises ValueError if it is neither, a key stands twice, or it
    holds what `load_json` and `load_yaml` refuse; the message names the file and, where
    it is known, the line.
    """
    try:
        text = decoded(path.read_bytes(), path)
    except RuleError as error:
        raise InvalidDataError(f"{path.name} is not UTF-8 text.") from error
    is_json = text.lstrip().startswith("{")
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        is_json = path.suffix.lower() == ".json"
    try:
        return load_json(text) if is_json else load_yaml(text)
    except DocumentError as error:
        raise InvalidDataError(_worded(error, path.name, is_json=is_json)) from None


def _worded(error: DocumentError, name: str, *, is_json: bool) -> str:
    """Return an error about the text of a file as a sentence that begins with it."""
    problem, place = error.problem, ""
    if problem.startswith("it "):
        return f"{name}{problem.removeprefix('it')}."
    if error.mark is not None:
        line, column = error.mark
        place = f", line {line}, column {column}" if is_json else f", line {line}"
    if error.language and error.mark is not None:
        statement = f"Not {error.language}, {problem}."
    else:
        statement = f"{problem[:1].upper()}{problem[1:]}."
    snippet = f"\n{error.snippet}" if error.snippet else ""
    return f"{name}{place}: {statement}{snippet}"
