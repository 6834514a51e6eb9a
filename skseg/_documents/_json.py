"""JSON, read strictly."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ._errors import DocumentError
from ._numbers import read_float, read_int
from ._plain import check_plain, shown_text


def load_json(text: str) -> Any:
    """Return the JSON in a text, which may begin with a byte order mark.

    Raises DocumentError for what is no JSON; for a key that stands twice, a number
    beyond float64, NaN and Infinity, a lone surrogate, and nesting beyond 50 levels.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DocumentError("it is empty", language="JSON")
    try:
        content = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=read_int,
            parse_float=read_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            error.msg[:1].lower() + error.msg[1:],
            language="JSON",
            mark=(error.lineno, error.colno),
        ) from None
    except RecursionError:
        raise DocumentError("it is nested too deeply", language="JSON") from None
    check_plain(content)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    known: set[str] = set()
    for key, _ in pairs:
        if key in known:
            raise DocumentError(f"the key {shown_text(key)} stands twice")
        known.add(key)
    raise AssertionError


def _refuse_constant(constant: str) -> NoReturn:
    raise DocumentError(f"{constant} is no JSON", language="JSON")


def dump_json(content: Any, *, indent: int | None = None) -> str:
    """Return plain data as JSON that `load_json` reads.

    Raises DocumentError for what it would not read, such as an infinity.
    """
    try:
        text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"{str(error)[:1].lower()}{str(error)[1:]}"
        if "float" in problem:
            problem = "JSON has no infinity and no NaN"
        raise DocumentError(problem) from None
    load_json(text)
    return text
