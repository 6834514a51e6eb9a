"""How a file of rows is written, as far as it cannot be told from the file."""

from __future__ import annotations

from dataclasses import dataclass

# Marks between groups of digits, as people write them in a shell.
THOUSANDS_MARKS = (".", ",", "space", "'", "\u2019", "_")


@dataclass(frozen=True)
class FileFormat:
    """How people write fields, numbers and dates.

    Separator, encoding and sheet are told from the file where they are None;
    `date_format` is that of `rfm_table`.
    """

    sep: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    decimal: str = "."
    thousands: str | None = None
    date_format: str | None = None
