"""Methods that return a value a row, for which rows have to be in memory."""

from __future__ import annotations

from typing import Any

from skseg.engines import open_table
from skseg.exceptions import InvalidDataError


def check_in_memory(owner: str, method: str, X: Any) -> None:
    """Raise for a table that is not in memory, whose rows a method would return."""
    if open_table(X) is None:
        return
    raise InvalidDataError(
        f"{method} of {owner} returns a value a row, so X must be in memory.",
        owner=owner,
        name="X",
        rule="in memory",
        value=type(X).__name__,
        advice="Call fit(X), and label(X) for the segments of the rows where they are.",
    )
