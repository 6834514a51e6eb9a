"""Transactions that cannot be used, counted by kind of defect."""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray

# Kind of defect -> what can be done with its rows; the first is the usual action.
_UNUSABLE = ("raise", "exclude")
PLACEHOLDERS = ("placeholder customer", "placeholder order id")
ACTIONS = {
    "missing customer": _UNUSABLE,
    "missing order id": _UNUSABLE,
    "missing date": _UNUSABLE,
    "unparsable date": _UNUSABLE,
    "date after as_of": _UNUSABLE,
    "missing amount": _UNUSABLE,
    "unparsable amount": _UNUSABLE,
    "non-finite amount": _UNUSABLE,
    **dict.fromkeys(PLACEHOLDERS, ("warn", "keep", "exclude", "raise")),
}
HINTS = {
    "missing customer": "Give these rows a customer, or leave them out.",
    "unparsable date": (
        "Dates given as text must be ISO 8601 (2024-03-31, 2024-03-31 10:15:00). Parse "
        "any other format first, for example pandas.to_datetime(dates, "
        "format='%d/%m/%Y')."
    ),
    "unparsable amount": (
        "Amounts given as text must be plain numbers (1234.50): take out currency "
        "signs and thousands separators first."
    ),
    "date after as_of": "Choose a later as_of to keep them.",
}


class Defect(NamedTuple):
    """Rows with the same defect: their number, the first one, and its value."""

    kind: str
    n_rows: int
    row: int
    value: str | None


class Defects:
    """The rows that cannot be used; each counts once, under its first defect."""

    def __init__(self, n_rows: int) -> None:
        self.usable = np.ones(n_rows, dtype=bool)
        self.kinds: list[Defect] = []

    @property
    def counts(self) -> dict[str, int]:
        """Kind of defect -> number of rows."""
        return {defect.kind: defect.n_rows for defect in self.kinds}

    def add(
        self, kind: str, is_defective: BoolArray, values: nw.Series[Any] | None = None
    ) -> None:
        """Count the defective rows that had no other defect before."""
        is_defective = is_defective & self.usable
        count = int(np.count_nonzero(is_defective))
        if count:
            row = int(is_defective.argmax())
            value = None if values is None else str(values[row])
            self.kinds.append(Defect(kind, count, row, value))
            self.usable &= ~is_defective

    def __str__(self) -> str:
        """List every kind with its count, its first row and what to do."""
        n_unusable = sum(self.counts.values())
        lines = [
            f"{n_unusable:,} of {len(self.usable):,} transactions cannot be used:",
        ]
        for kind, count, row, value in self.kinds:
            rows = "row" if count == 1 else "rows"
            shown = "" if value is None else f": {value!r}"
            hint = f" {HINTS[kind]}" if kind in HINTS else ""
            lines.append(
                f"- {kind}: {count:,} {rows}, first in row {row} (from 0){shown}.{hint}"
            )
        return "\n".join(lines)
