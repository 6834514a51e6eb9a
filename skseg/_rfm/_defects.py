"""Transactions that cannot be used, counted by kind of defect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray
from skseg.exceptions import representation

# Kind of defect -> what can be done with its rows; the first is the usual action.
_UNUSABLE = ("raise", "exclude")
_DOUBTFUL = ("warn", "keep", "exclude", "raise")
ACTIONS = {
    "missing customer": _UNUSABLE,
    "placeholder customer": _DOUBTFUL,
    "missing order id": _UNUSABLE,
    "placeholder order id": _DOUBTFUL,
    "missing date": _UNUSABLE,
    "unparsable date": _UNUSABLE,
    "date after as_of": _UNUSABLE,
    "missing amount": _UNUSABLE,
    "unparsable amount": _UNUSABLE,
    "non-finite amount": _UNUSABLE,
}
HINTS = {
    "missing customer": "Give these rows a customer, or leave them out.",
    "placeholder customer": "Give these rows a customer, or leave them out.",
    "unparsable date": (
        "Dates given as text must be ISO 8601 (2024-03-31, 2024-03-31 10:15:00), or "
        "in the date_format."
    ),
    "unparsable amount": (
        "Amounts must be numbers, which True is not, or texts of numbers (1234.50), "
        "with the marks that decimal and thousands say, and at most a sign and a "
        "currency beside them."
    ),
    "date after as_of": "Choose a later as_of to keep them.",
}


class Remedy(NamedTuple):
    """Parameters that would read texts which cannot be read as it is."""

    parameters: Mapping[str, object]
    effect: str  # what that reads, as the end of "which ..."
    n_left: int  # different texts that could still not be read

    def __str__(self) -> str:
        """Return the parameters as they are passed, and what they bring about."""
        passed = ", ".join(f"{name}={v!r}" for name, v in self.parameters.items())
        left = f" (all but {self.n_left:,} of the texts)" if self.n_left else ""
        return f"{passed}, which {self.effect}{left}"


class Defect(NamedTuple):
    """Rows with the same defect: their number, the first one, and its value.

    Rows of a table that is not in memory have no order: `row` is None, and the value is
    one of theirs. The rows of a second defect have another one, under which they count.
    """

    kind: str
    n_rows: int
    row: int | None
    value: str | None
    column: str | None = None
    remedies: tuple[Remedy, ...] = ()
    is_second: bool = False

    @property
    def hint(self) -> str:
        """What to do about it, in whole sentences."""
        if not self.remedies:
            return HINTS.get(self.kind, "")
        return f"Pass {', or '.join(map(str, self.remedies))}."


def _no_remedies() -> Sequence[Remedy]:
    return ()


class DefectCounts(Protocol):
    """The numbers of rows that cannot be used, and what to say of them."""

    @property
    def n_rows(self) -> int:
        """Number of rows, usable or not."""

    @property
    def n_usable(self) -> int:
        """Number of rows without a defect."""

    def explained(self, wanted: str, action: Callable[[str], str]) -> list[Defect]:
        """Return the defects on which that action is wanted, with their remedies."""


class Defects:
    """The rows that cannot be used; each counts once, under its first defect."""

    def __init__(self, n_rows: int, owner: str) -> None:
        self.owner = owner  # the function that reads them, for its errors
        self.usable = np.ones(n_rows, dtype=bool)
        self._defects: list[tuple[Defect, Callable[[], Sequence[Remedy]]]] = []

    @property
    def n_rows(self) -> int:
        """Number of rows, usable or not."""
        return len(self.usable)

    @property
    def n_usable(self) -> int:
        """Number of rows without a defect."""
        return int(np.count_nonzero(self.usable))

    @property
    def counts(self) -> dict[str, int]:
        """Kind of defect -> number of rows."""
        counts: dict[str, int] = {}
        for defect, _ in self._defects:
            if defect.is_second:
                continue
            counts[defect.kind] = counts.get(defect.kind, 0) + defect.n_rows
        return counts

    def add(
        self,
        kind: str,
        is_defective: BoolArray,
        values: nw.Series[Any] | None = None,
        remedies: Callable[[], Sequence[Remedy]] = _no_remedies,
    ) -> None:
        """Count the defective rows that had no other defect before, or else all.

        What could remedy them takes time to find, and is asked for in errors alone.
        """
        is_first = is_defective & self.usable
        is_second = not is_first.any()
        is_defective = is_defective if is_second else is_first
        count = int(np.count_nonzero(is_defective))
        if count:
            row = int(is_defective.argmax())
            value = column = None
            if values is not None:
                column = values.name
                value = None if kind.startswith("missing") else _text(values[row])
            defect = Defect(kind, count, row, value, column, is_second=is_second)
            self._defects.append((defect, remedies))
            self.usable &= ~is_defective

    def explained(self, wanted: str, action: Callable[[str], str]) -> list[Defect]:
        """Return the defects on which that action is wanted, with their remedies.

        Second defects are among them if they have a remedy, so that all parameters that
        a column needs are named at once.
        """
        return to_explain(
            defect._replace(remedies=tuple(remedies()))
            for defect, remedies in self._defects
            if action(defect.kind) == wanted
        )


def to_explain(defects: Iterable[Defect]) -> list[Defect]:
    """Return the defects that an error lists, none if all are second ones."""
    listed = [d for d in defects if d.remedies or not d.is_second]
    return [] if all(defect.is_second for defect in listed) else listed


def _text(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of 5000 digits
        return representation(value)


def describe_defects(defects: Sequence[Defect], n_rows: int) -> str:
    """List every kind with its count, its first row and what to do."""
    n_unusable = sum(defect.n_rows for defect in defects if not defect.is_second)
    lines = [f"{n_unusable:,} of {n_rows:,} transactions cannot be used:"]
    for defect in defects:
        noun = "row" if defect.n_rows == 1 else "rows"
        also = "also in " if defect.is_second else ""
        column = "" if defect.column is None else f" of {defect.column!r}"
        first, mark = f", first in row {defect.row} (from 0)", ": "
        if defect.row is None:
            first, mark = "", ", such as "
        shown = "" if defect.value is None else f"{mark}{defect.value!r}"
        hint = f" {defect.hint}" if defect.hint else ""
        lines.append(
            f"- {defect.kind}: {also}{defect.n_rows:,} {noun}{first}{column}{shown}."
            f"{hint}"
        )
    return "\n".join(lines)
