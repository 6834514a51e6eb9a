"""Names of columns: a name that is no text is known by its text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skseg.exceptions import InvalidDataError, RuleError

from ._values import is_missing_value


def text_names(names: Iterable[Any], owner: str) -> list[str]:
    """Return the names of columns as texts, or raise if two of them are the same."""
    texts = []
    for position, name in enumerate(names):
        if is_missing_value(name):
            raise InvalidDataError(
                f"Every column that {owner} reads must have a name. Got {name!r} as "
                f"the name of column {position}, counted from 0.",
                owner=owner,
                name="X",
                rule="with a name for every column",
                value=name,
                advice="Name the column, or leave it out.",
            )
        # Subclasses of str may print as something else than the text that they are.
        texts.append(str.__str__(name) if isinstance(name, str) else str(name))
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        originals = [
            name for name, text in zip(names, texts, strict=True) if text == twice
        ]
        raise RuleError(
            f"{owner} cannot tell columns apart: the names {originals!r} are all read "
            f"as {twice!r}.",
            owner=owner,
            value=twice,
            column=twice,
            advice="Rename all of them but one.",
        )
    return texts
