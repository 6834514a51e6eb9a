"""The header of a file with a table, alike for every kind of file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from skseg.exceptions import InvalidDataError, MissingColumnError, did_you_mean


class WantedColumns(NamedTuple):
    """Names of columns to read: what is needed, and what may be missing."""

    needed: Sequence[str]
    optional: Sequence[str] = ()

    def are_in(self, header: Sequence[str]) -> bool:
        """Tell whether a header has all columns that are needed."""
        return set(self.needed) <= set(header)

    def positions(
        self, header: Sequence[str], file_name: str, advice: str | None = None
    ) -> dict[str, int]:
        """Return where the columns are in a header, in the order wanted.

        Raises ValueError if a column is missing, with the advice unless there is a name
        like it, or if it stands twice, since nobody knows which of them is meant.
        """
        if missing := [name for name in self.needed if name not in header]:
            is_like_another = any(did_you_mean(name, header) for name in missing)
            raise MissingColumnError(
                file_name, missing, header, advice=None if is_like_another else advice
            )
        names = dict.fromkeys([*self.needed, *self.optional])
        for name in names:
            if header.count(name) > 1:
                raise InvalidDataError(
                    f"{file_name} has several columns {name!r}. Rename all but one.",
                    column=name,
                )
        return {name: header.index(name) for name in names if name in header}
