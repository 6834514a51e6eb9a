"""Tables of the report, which its templates draw and its script sorts and copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from skseg.report._numbers import change_text, count_text, number_text, percent_text


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the number by which it is sorted, and its CSS classes.

    `note` is a shorter second line.
    """

    text: str
    number: float | None = None
    css: str = ""
    note: str = ""

    @property
    def sort_key(self) -> str | None:
        """Return the number for the script; unknown numbers have none."""
        if self.number is None or not math.isfinite(self.number):
            return None
        return f"{self.number:.12g}"


@dataclass(frozen=True)
class Table:
    """A caption, the heads of the columns, and rows whose first cell names the row."""

    caption: str
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


def heads(*texts: str) -> list[Cell]:
    """Return the heads of columns: the first is of names, the others of numbers."""
    return [Cell(text, css="" if i == 0 else "num") for i, text in enumerate(texts)]


def name_cell(name: str, code: int | None = None) -> Cell:
    """Return the cell that names a row, with the mark of a segment."""
    return Cell(name, css="name" if code is None else f"name key segment-{code}")


def text_cell(text: str, note: str = "") -> Cell:
    """Return a cell of words."""
    return Cell(text, note=note)


def count_cell(count: float) -> Cell:
    """Return a cell with a number of customers."""
    return Cell(count_text(count), count, "num")


def percent_cell(share: float) -> Cell:
    """Return a cell with a share."""
    return Cell(percent_text(share), share, "num")


def number_cell(number: float, unit: str = "") -> Cell:
    """Return a cell with a number."""
    return Cell(number_text(number, unit), number, "num")


def change_cell(ratio: float) -> Cell:
    """Return a cell with a relative change."""
    return Cell(change_text(ratio), ratio, "num")
