"""Files of rows: CSV, Parquet and Excel, read alike."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice
from skseg._rfm._calendar import check_date_format
from skseg._rfm._date_texts import DateFormat
from skseg._rfm._number_texts import NumberFormat
from skseg._rfm._table_options import DECIMAL_MARKS, THOUSANDS_MARKS
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._advice import Advice, Parameter, Part, parts_of
from ._csv_file import read_csv_texts
from ._csv_layout import check_sep
from ._encodings import check_encoding
from ._excel_file import read_excel_columns
from ._file_source import CSV, EXCEL, FileSource, open_source
from ._kinds import ColumnReader
from ._parquet_file import read_parquet_columns
from ._table_header import OWNER, WantedColumns

_UNREADABLE = (
    EOFError,
    OSError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class DataFile:
    """Columns of a file of rows.

    Columns of CSV files are text, in which an empty field is missing, and nothing else
    is: a value may be ``NA`` or ``null``. Columns of Excel files hold Python objects,
    those of Parquet files have the types that are stored.
    """

    name: str
    frame: pd.DataFrame
    locate: Callable[[int], str]
    number_format: NumberFormat
    date_format: DateFormat

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.frame)

    def place(self, row: int) -> str:
        """Return where a row, counted from 0, is in the file: "line 3" or "row 3"."""
        return self.locate(row)

    def read(self, name: str, kind: str | None) -> Any:
        """Return a column read by its kind, or raise with the place of a wrong cell."""
        return self._reader.read(name, kind)

    def columns(self, kinds: Mapping[str, str | None]) -> pd.DataFrame:
        """Return columns, each read by its kind.

        Raises ValueError that lists what is wrong with all of them.
        """
        columns, errors = {}, []
        for name, kind in kinds.items():
            try:
                columns[name] = self.read(name, kind)
            except InvalidDataError as error:
                errors.append(error)
        if errors:
            raise _together(errors)
        return pd.DataFrame(columns, index=self.frame.index)

    def finite_numbers(self, name: str) -> FloatArray:
        """Return a column that has a finite number in every row, or raise."""
        numbers = self._reader.numbers(name, may_be_text=False)
        is_finite = np.isfinite(numbers)
        if not is_finite.all():
            row = int(np.argmin(is_finite))
            value = "an empty field" if np.isnan(numbers[row]) else f"{numbers[row]}"
            raise InvalidDataError(
                f"{self._whole_place(row)}: The column {name!r} must hold a finite "
                f"number in every row. Got {value}.",
                column=name,
                row=row,
            )
        return numbers

    def weights(self, name: str) -> FloatArray:
        """Return a column of weights, or raise."""
        weights = self.finite_numbers(name)
        if (weights < 0).any():
            row = int(np.argmax(weights < 0))
            raise InvalidDataError(
                f"{self._whole_place(row)}: The weight in column {name!r} is negative.",
                column=name,
                row=row,
            )
        if not weights.any():
            raise InvalidDataError(
                f"{self.name}: The weight in column {name!r} is zero in every row.",
                column=name,
            )
        return weights

    def _whole_place(self, row: int) -> str:
        return f"{self.name}, {self.place(row)}"

    @property
    def _reader(self) -> ColumnReader:
        return ColumnReader(
            self.frame,
            self.name,
            self._whole_place,
            self.number_format,
            self.date_format,
        )


def read_data_file(
    path: Path,
    columns: Sequence[str] | None,
    *,
    optional: Iterable[str] = (),
    file: IO[bytes] | None = None,
    sep: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    sheet: str | None = None,
) -> DataFile:
    """Read columns of a CSV, Parquet or Excel file, in the order named.

    All columns are read if they are None. Columns that are `optional` are read where
    they exist; `file` is the same file opened, for instance by what shows the progress
    of reading. Raises ValueError if this is no such file, a column is missing or not
    the only one of its name, or there are no rows.
    """
    check_sep(sep)
    codec = check_encoding(encoding)
    check_marks(decimal, thousands)
    check_date_format(date_format, OWNER)
    if sheet is not None and not isinstance(sheet, str):
        rule = "None or the name of a sheet, or its number from 1, as text"
        raise InvalidParameterError(OWNER, "sheet", rule, sheet)
    needed = None if columns is None else list(dict.fromkeys(columns))
    wanted = WantedColumns(needed, list(optional))
    kind = CSV
    try:
        with open_source(path, file) as source:
            kind = source.kind
            frame, locate = _read(
                source, wanted, sep=sep, encoding=codec, decimal=decimal, sheet=sheet
            )
    except _UNREADABLE as error:
        raise _cannot_read(path, kind, error) from error
    if not len(frame):
        raise InvalidDataError(f"{path.name} holds no rows.", owner=OWNER)
    formats = NumberFormat(decimal, thousands), DateFormat(date_format)
    return DataFile(path.name, frame, locate, *formats)


def check_marks(decimal: Any, thousands: Any) -> None:
    """Accept a decimal mark, and another mark or None between groups of digits."""
    check_choice(OWNER, "decimal", decimal, DECIMAL_MARKS)
    marks = [mark for mark in THOUSANDS_MARKS if mark != decimal]
    if thousands is not None and thousands not in marks:
        rule = f"None or one of {', '.join(map(repr, marks))}"
        raise InvalidParameterError(OWNER, "thousands", rule, thousands)


def _read(
    source: FileSource,
    wanted: WantedColumns,
    *,
    sep: str | None,
    encoding: str | None,
    decimal: str,
    sheet: str | None,
) -> tuple[pd.DataFrame, Callable[[int], str]]:
    """Return the columns, and what tells the place of a row."""
    for name, value, kind, noun in (
        ("sheet", sheet, EXCEL, "sheets"),
        ("sep", sep, CSV, "separator"),
        ("encoding", encoding, CSV, "encoding"),
    ):
        if value is not None and source.kind != kind:
            raise InvalidDataError(
                f"{source.name} is {source.kind}, which has no {noun}.",
                owner=OWNER,
                name=name,
                value=value,
                advice=Advice("Leave out ", Parameter(name), "."),
            )
    if source.kind == CSV:
        with source.open() as stream:
            table = read_csv_texts(
                stream,
                source.name,
                wanted,
                sep=sep,
                encoding=encoding,
                decimal=decimal,
            )
        return table.texts, table.place
    if source.kind == EXCEL:
        cells = read_excel_columns(source, wanted, sheet)
        return cells.frame, lambda row: f"row {cells.numbers[row]}"
    return read_parquet_columns(source, wanted), lambda row: f"row {row + 1}"


def _cannot_read(path: Path, kind: str, error: Exception) -> InvalidDataError:
    if isinstance(error, FileNotFoundError):
        return InvalidDataError(f"There is no file {str(path)!r}.", owner=OWNER)
    if isinstance(error, IsADirectoryError):
        return InvalidDataError(f"{str(path)!r} is a folder, no file.", owner=OWNER)
    reason = str(error).strip().rstrip(".")
    return InvalidDataError(
        f"{path.name} cannot be read as {kind}: {reason}.", owner=OWNER
    )


def _together(errors: Iterable[InvalidDataError]) -> InvalidDataError:
    """Return one error that says what several say, those with advice at the end."""
    first, *others = sorted(errors, key=lambda error: error.advice is not None)
    messages = [first.message]
    while others and first.advice is None:
        first, *others = others
        messages.append(first.message)
    parts: list[Part] = list(parts_of(first.advice))
    for error in others:
        parts += ["\n", error.message, " ", *parts_of(error.advice)]
    return InvalidDataError(
        "\n".join(messages),
        owner=OWNER,
        column=first.column,
        row=first.row,
        value=first.value,
        advice=Advice(*parts) if parts else None,
    )
