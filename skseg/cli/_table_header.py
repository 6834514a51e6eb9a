"""The header of a file with a table, alike for every kind of file."""

from __future__ import annotations

from collections.abc import Sequence

from skseg.exceptions import InvalidDataError, MissingColumnError, did_you_mean


def positions_of(
    names: Sequence[str],
    header: Sequence[str],
    file_name: str,
    advice: str | None = None,
) -> list[int]:
    """Return where the named columns are in a header.

    Raises ValueError if a column is missing, with the advice unless there is a name
    like it, or if it stands twice, since nobody knows which of them is meant.
    """
    if missing := [name for name in names if name not in header]:
        is_like_another = any(did_you_mean(name, header) for name in missing)
        raise MissingColumnError(
            file_name, missing, header, advice=None if is_like_another else advice
        )
    for name in names:
        if header.count(name) > 1:
            raise InvalidDataError(
                f"{file_name} has several columns {name!r}. Rename all but one.",
                column=name,
            )
    return [header.index(name) for name in names]
