"""What every document must hold: text that can be written, in few levels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._errors import DocumentError

# What skseg writes has seven levels at most. Functions that walk over a document call
# themselves once a level.
_MOST_LEVELS = 50


def check_plain(content: Any) -> None:
    """Raise DocumentError for deep nesting, and for text that UTF-8 cannot write."""
    level: list[Any] = [content]
    for _ in range(_MOST_LEVELS):
        if not level:
            return
        _check_texts(part for part in level if isinstance(part, str))
        level = [inner for part in level for inner in _parts(part)]
    raise DocumentError("it is nested too deeply")


def _parts(content: Any) -> Iterable[Any]:
    if isinstance(content, dict):
        return [*content, *content.values()]
    return content if isinstance(content, list) else ()


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise DocumentError(
                f"the text {shown_text(text)} holds a lone surrogate, which no "
                "encoding can write"
            ) from None


def shown_text(text: str) -> str:
    """Return a text in quotes, its beginning where it is long."""
    return repr(text) if len(text) <= 80 else f"{text[:80]!r}..."
