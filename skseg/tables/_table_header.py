"""The header of a file with a table, alike for every kind of file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from skseg.exceptions import InvalidDataError, MissingColumnError, did_you_mean

from ._advice import Advice, Parameter

OWNER = "read_table"
# Rows below the first one among which a header is looked for.
N_LIKELY = 50


class WantedColumns(NamedTuple):
    """Names of columns to read: what is needed, and what may be missing.

    All columns of the file are wanted where `needed` is None.
    """

    needed: Sequence[str] | None
    optional: Sequence[str] = ()

    def are_in(self, header: Sequence[str]) -> bool:
        """Tell whether a header has all columns that are needed."""
        return set(self.needed or ()) <= set(header)

    def n_in(self, header: Sequence[str]) -> int:
        """Return how many columns that are needed a header has."""
        return len(set(self.needed or ()) & set(header))

    def positions(
        self, header: Sequence[str], file_name: str, advice: str | None = None
    ) -> dict[str, int]:
        """Return where the columns are in a header, in the order wanted.

        Raises ValueError if a column is missing, with the advice unless there is a name
        like it, or if it stands twice, since nobody knows which of them is meant.
        """
        needed = header if self.needed is None else self.needed
        if missing := [name for name in needed if name not in header]:
            is_like_another = any(did_you_mean(name, header) for name in missing)
            raise MissingColumnError(
                file_name, missing, header, advice=None if is_like_another else advice
            )
        names = dict.fromkeys([*needed, *self.optional])
        for name in names:
            if header.count(name) > 1:
                raise self._ambiguous(name, file_name)
        return {name: header.index(name) for name in names if name in header}

    def _ambiguous(self, name: str, file_name: str) -> InvalidDataError:
        columns = f"columns {name!r}" if name else "columns without a name"
        advice: str = "Rename all but one." if name else "Name them."
        if self.needed is None:
            way = Advice(advice[:-1], ", or give the ", Parameter("columns"))
            advice = way + "to read."
        return InvalidDataError(
            f"{file_name} has several {columns}.",
            owner=OWNER,
            column=name,
            advice=advice,
        )

    def advice_on_header(
        self, rows: Iterable[tuple[int, Sequence[str]]], noun: str
    ) -> str | None:
        """Return what to do if a later row is the header; `rows` have their numbers."""
        for number, cells in rows:
            if self.needed and self.are_in(cells):
                return (
                    f"The header seems to be {noun} {number}: delete everything above "
                    "it."
                )
        return None
