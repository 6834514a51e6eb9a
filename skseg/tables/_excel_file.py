"""Columns of Excel files, as the values of their cells."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import pandas as pd

from skseg.exceptions import InvalidDataError, MissingExtraError

from ._advice import Advice, Parameter, Part, Settings
from ._file_source import FileSource
from ._table_header import N_LIKELY, OWNER, WantedColumns


@dataclass(frozen=True)
class SheetColumns:
    """Cells of columns as Python values, and the number of each row in the sheet."""

    frame: pd.DataFrame
    numbers: list[int]


@dataclass(frozen=True)
class _Sheet:
    title: str
    header: list[str]
    header_row: int


def read_excel_columns(
    source: FileSource, wanted: WantedColumns, sheet: str | None
) -> SheetColumns:
    """Return the named columns of a sheet; empty rows count only in a single column.

    `sheet` is a name, or a number from 1. Without it, it is the only sheet whose header
    has the columns that are needed. Raises ValueError if there is no such sheet, a
    column is missing or not the only one of its name, or a cell has a formula whose
    value is not stored.
    """
    with source.open() as stream, _workbook(stream, source) as book:
        chosen = _find_sheet(book, wanted, sheet, source.name)
        columns = wanted.positions(
            chosen.header, source.name, _advice_on_missing(book, chosen, wanted)
        )
        positions = list(columns.values())
        n_names = len(chosen.header)
        rows, numbers = [], []
        for number, cells in _rows(
            book[chosen.title], chosen.header_row + 1, keeps_empty=n_names == 1
        ):
            if wanted.needed is None and any(c is not None for c in cells[n_names:]):
                raise InvalidDataError(
                    f"{source.name}, row {number}: A cell is in no column of the "
                    "header.",
                    owner=OWNER,
                    advice=Advice("Name it, or give the ", Parameter("columns"), "."),
                )
            rows.append([cells[p] if p < len(cells) else None for p in positions])
            numbers.append(number)
    frame = pd.DataFrame(rows, columns=pd.Index(list(columns)), dtype=object)
    if frame.isna().to_numpy().any():
        _require_values(source, chosen.title, frame, numbers, positions)
    return SheetColumns(frame, numbers)


@contextmanager
def _workbook(
    stream: IO[bytes], source: FileSource, *, with_formulas: bool = False
) -> Iterator[Any]:
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise MissingExtraError("Reading Excel files", "cli") from None
    with warnings.catch_warnings():
        # It warns of styles, filters and drop-down lists that it does not know.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(
                stream, read_only=True, data_only=not with_formulas
            )
        except (KeyError, ValueError) as error:
            raise InvalidDataError(
                f"{source.name} cannot be read as Excel: {error}."
            ) from error
        try:
            yield book
        finally:
            book.close()


def _find_sheet(
    book: Any, wanted: WantedColumns, title: str | None, file_name: str
) -> _Sheet:
    titles = [sheet.title for sheet in book.worksheets]
    if title is not None and title not in titles:
        # A number counts the sheets, unless one of them is called so.
        number = int(title) if title.isdecimal() else 0
        if 1 <= number <= len(titles):
            return _read_header(book[titles[number - 1]])
        raise InvalidDataError(
            f"{file_name} has no sheet {title!r}. Its sheets: "
            f"{', '.join(map(repr, titles))}.",
            owner=OWNER,
            name="sheet",
            value=title,
        )
    sheets = [_read_header(book[t]) for t in titles if title in (None, t)]
    fitting = [s for s in sheets if s.header and wanted.are_in(s.header)]
    if len(fitting) > 1:
        ways: list[Part] = ["Give "]
        for sheet in fitting:
            ways += [Settings({"sheet": sheet.title}), " or "]
        raise InvalidDataError(
            f"{file_name} has {len(fitting)} sheets with these columns.",
            owner=OWNER,
            name="sheet",
            advice=Advice(*ways[:-1], "."),
        )
    if fitting:
        return fitting[0]
    if not any(sheet.header for sheet in sheets):
        raise InvalidDataError(f"{file_name} is empty: it has no header.", owner=OWNER)
    return max(sheets, key=lambda sheet: wanted.n_in(sheet.header))


def _read_header(sheet: Any) -> _Sheet:
    """Return the first row of a sheet that is not empty, as text."""
    number, cells = next(_rows(sheet, 1), (1, ()))
    return _Sheet(sheet.title, _header_of(cells), number)


def _header_of(cells: Sequence[Any]) -> list[str]:
    """Return the cells as text, without empty ones at the end, which are not used."""
    header = ["" if value is None else str(value) for value in cells]
    while header and not header[-1]:
        header.pop()
    return header


def _advice_on_missing(book: Any, sheet: _Sheet, wanted: WantedColumns) -> str | None:
    """Return what to do if the sheet has a header, but not in its first row."""
    if wanted.are_in(sheet.header):
        return None
    below = islice(_rows(book[sheet.title], sheet.header_row + 1), N_LIKELY)
    return wanted.advice_on_header(((n, _header_of(c)) for n, c in below), "row")


def _rows(
    sheet: Any, first: int, *, keeps_empty: bool = False
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield rows with their numbers, empty ones only between others, and on demand."""
    # Some programs write a wrong size of the sheet, at which reading would stop.
    sheet.reset_dimensions()
    empty = []
    for number, cells in enumerate(
        sheet.iter_rows(min_row=first, values_only=True), first
    ):
        if all(value is None for value in cells):
            empty.append((number, cells))
            continue
        if keeps_empty:
            yield from empty
        empty.clear()
        yield number, cells


def _require_values(
    source: FileSource,
    title: str,
    frame: pd.DataFrame,
    numbers: Sequence[int],
    positions: Sequence[int],
) -> None:
    """Raise where a cell that seems empty has a formula without a stored value."""
    row_of = {number: row for row, number in enumerate(numbers)}
    with source.open() as stream, _workbook(stream, source, with_formulas=True) as book:
        for number, cells in _rows(book[title], numbers[0]):
            for column, position in enumerate(positions):
                formula = cells[position] if position < len(cells) else None
                row = row_of.get(number)
                is_empty = row is None or frame.iat[row, column] is None
                if is_empty and isinstance(formula, str) and formula[:1] == "=":
                    raise InvalidDataError(
                        f"{source.name}, row {number}: The column "
                        f"{frame.columns[column]!r} has a formula whose value is not "
                        "stored in the file.",
                        advice="Open the file in Excel and save it, or save it as CSV.",
                    )
