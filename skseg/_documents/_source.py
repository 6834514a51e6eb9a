"""The text of a document that is given itself, or by the path of its file."""

from __future__ import annotations

import os
from typing import Any

from skseg.exceptions import RuleError

from ._errors import DocumentError
from ._json import load_json
from ._plain import shown_text

_RULE = "JSON as a str, or a file by its pathlib.Path"


def read_json(source: Any, owner: str, title: str) -> Any:
    """Return the JSON of a `source`: a str is the text, a path is that of a file.

    Raises RuleError with the `owner`, and `title` ("a rule set") in its text, for what
    is neither, or no JSON; OSError for a file that cannot be opened.
    """
    text = _text(source, owner)
    try:
        return load_json(text)
    except DocumentError as error:
        message = error.message if error.language else f"Not {title}: {error.message}"
        advice = None
        if isinstance(source, str) and not text.lstrip("\ufeff \n\r\t").startswith("{"):
            advice = f"{owner} reads {_RULE}."
        raise RuleError(
            message, owner=owner, name="source", value=text, advice=advice
        ) from None


def _text(source: Any, owner: str) -> str:
    if isinstance(source, os.PathLike):
        return decoded(_bytes(source, owner), os.fspath(source), owner)
    if not isinstance(source, str):
        advice = None
        if isinstance(source, bytes | bytearray | memoryview):
            advice = "Decode it: bytes(source).decode('utf-8-sig')."
        elif hasattr(source, "read"):
            advice = "Read it: source.read()."
        elif isinstance(source, dict | list):
            advice = "Write it as text: json.dumps(source)."
        raise RuleError(
            f"{owner} reads {_RULE}. Got {_kind(source)} instead.",
            owner=owner,
            name="source",
            rule=_RULE,
            value=source,
            advice=advice,
        )
    if _is_file_name(source):
        raise RuleError(
            f"Not JSON: {shown_text(source)} is the name of a file.",
            owner=owner,
            name="source",
            rule=_RULE,
            value=source,
            advice=f"A file is read by its path: pathlib.Path({source!r}).",
        )
    return source


def _kind(source: Any) -> str:
    return "None" if source is None else f"the type {type(source).__name__}"


def _is_file_name(text: str) -> bool:
    is_short_line = "\n" not in text and len(text) < 4096
    return is_short_line and "{" not in text and text.lower().endswith(".json")


def _bytes(path: os.PathLike[Any], owner: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except ValueError:
        # A NUL in the path.
        raise RuleError(
            f"{owner} reads a file by its path. Got {path!r}, which is none.",
            owner=owner,
            name="source",
            rule="a path",
            value=path,
        ) from None


def decoded(content: bytes, name: Any, owner: str | None = None) -> str:
    """Return the bytes of the file `name` as text, which must be UTF-8."""
    try:
        # UTF-16 without a mark can be read as UTF-8, with a NUL in every character.
        if b"\0" not in content[:2]:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise RuleError(
        f"The file {os.fsdecode(name)} is not UTF-8 text.",
        owner=owner,
        name="source",
        rule="UTF-8 text",
        advice="Save it as UTF-8.",
    )
