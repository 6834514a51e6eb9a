"""Files of rows: CSV, Parquet and Excel, read alike."""

from __future__ import annotations

import datetime as dt
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_float_dtype, is_numeric_dtype

from skseg._rfm._calendar import check_date_format
from skseg._rfm._date_texts import DateFormat, format_remedies
from skseg._rfm._number_texts import NumberFormat
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules._language._dates import microseconds_of_text
from skseg.rules._values import truth_value

from ._csv_file import advice_on_encoding, find_layout, line_of_row, read_csv_texts
from ._excel_file import read_excel_columns
from ._file_format import FileFormat
from ._file_source import CSV, EXCEL, FileSource, find_source
from ._ids import as_integers_if_lossless, cell_text, without_zero_decimals
from ._number_columns import NumberColumn, number_remedies
from ._parquet_file import read_parquet_columns
from ._table_header import WantedColumns
from ._wording import options_advice, place_of

UNREADABLE = (
    EOFError,
    OSError,
    UnicodeError,
    lzma.LZMAError,
    pd.errors.EmptyDataError,
    pd.errors.ParserError,
    pd.errors.ParserWarning,
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

    path: Path
    frame: pd.DataFrame
    locate: Callable[[int], str]
    number_format: NumberFormat
    date_format: DateFormat

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.frame)

    def place(self, row: int) -> str:
        """Return where a row, counted from 0, is in the file: "line 3" or "row 3"."""
        return self.locate(row)

    def with_ids(self, names: Iterable[str]) -> pd.DataFrame:
        """Return the columns, the named ones as ids."""
        return self.frame.assign(**{name: self.ids(name) for name in names})

    def ids(self, name: str) -> pd.Series[Any]:
        """Return a column of ids: integers where no leading zero is lost by it."""
        column = self.frame[name]
        if is_float_dtype(column) or str(column.dtype).startswith("decimal"):
            return without_zero_decimals(column)
        return as_integers_if_lossless(self.texts(name))

    def texts(self, name: str) -> pd.Series[Any]:
        """Return a column; one that mixes types, as of an Excel file, as text."""
        column = self.frame[name]
        if column.dtype != object or infer_dtype(column, skipna=True) == "string":
            return column
        texts = [None if pd.isna(value) else cell_text(value) for value in column]
        return pd.Series(texts, column.index, dtype=object, name=name)

    def columns(self, kinds: Mapping[str, str | None]) -> pd.DataFrame:
        """Return columns read by their kind, which rules need: text if it is None."""
        readers: dict[str | None, Callable[[str], Any]] = {
            None: self.texts,
            "text": self.texts,
            "number": self.numbers,
            "boolean": self.booleans,
            "date": self.dates,
        }
        columns = {name: readers[kind](name) for name, kind in kinds.items()}
        return pd.DataFrame(columns, index=self.frame.index)

    def numbers(self, name: str) -> FloatArray:
        """Return a column as numbers, NaN where it is missing, or raise with the place.

        ``true`` and ``false``, in any case, are 1 and 0 where a column has no numbers
        but these.
        """
        codes, distinct = pd.factorize(self.frame[name])
        column = NumberColumn.read(list(distinct), self.number_format)
        is_bad = np.array([n is None for n in column.numbers] + [False])[codes]
        if is_bad.any():
            row = int(np.argmax(is_bad))
            value = distinct[codes[row]]
            remedies = number_remedies(list(distinct), self.number_format)
            raise InvalidDataError(
                f"{place_of(self, row)}: The column {name!r} must hold numbers, or "
                f"nothing where the value is missing. Got {_shown(value)}.",
                advice=options_advice(remedies),
            )
        if len(column.currencies) > 1:
            marks = " and ".join(map(repr, column.currencies))
            raise InvalidDataError(
                f"{self.name}: The column {name!r} has amounts in several currencies, "
                f"{marks}, which cannot be compared."
            )
        # The last entry is for missing values, whose code is -1.
        numbers: FloatArray = np.array([*column.numbers, np.nan], np.float64)[codes]
        return numbers

    def booleans(self, name: str) -> pd.Series[Any]:
        """Return a column of what rules take for true and false, or raise."""
        column = self.frame[name]
        codes, distinct = pd.factorize(column)
        is_bad = np.array([truth_value(v) is None for v in distinct] + [False])[codes]
        if is_bad.any():
            row = int(np.argmax(is_bad))
            raise InvalidDataError(
                f"{place_of(self, row)}: The column {name!r} must hold true or false, "
                "or 1 or 0, or nothing where it is missing. Got "
                f"{_shown(distinct[codes[row]])}."
            )
        return column

    def dates(self, name: str) -> pd.Series[Any]:
        """Return a column of dates, or raise with the place."""
        column = self.frame[name]
        if not is_text_or_object(column) and not is_numeric_dtype(column):
            return column
        codes, distinct = pd.factorize(column)
        moments = [self._moment(value) for value in distinct]
        is_bad = np.array([moment is None for moment in moments] + [False])[codes]
        if is_bad.any():
            row = int(np.argmax(is_bad))
            texts = [value for value in distinct if isinstance(value, str)]
            raise InvalidDataError(
                f"{place_of(self, row)}: The column {name!r} must hold dates, or "
                "nothing where the date is missing. Got "
                f"{_shown(distinct[codes[row]])}.",
                advice=options_advice(format_remedies(texts, self.date_format))
                or "Write dates as 2024-12-25 or 2024-12-25 18:00, without a time "
                "zone, or give their --date-format.",
            )
        dates = np.array([*moments, None], dtype=object)[codes]
        return pd.Series(dates, column.index, dtype=object, name=name)

    def _moment(self, value: Any) -> dt.date | None:
        """Return a date without a time zone, or None for what is none."""
        is_iso = self.date_format.text is None and isinstance(value, str)
        if is_iso and microseconds_of_text(value) is None:
            # The rules, and the databases that they are sent to, read fewer forms.
            return None
        moment = self.date_format.read(value)
        has_zone = isinstance(moment, dt.datetime) and moment.tzinfo is not None
        return None if has_zone else moment

    def finite_numbers(self, name: str) -> FloatArray:
        """Return a column that has a finite number in every row, or raise."""
        numbers = self.numbers(name)
        is_finite = np.isfinite(numbers)
        if not is_finite.all():
            row = int(np.argmin(is_finite))
            value = "an empty field" if np.isnan(numbers[row]) else f"{numbers[row]}"
            raise InvalidDataError(
                f"{place_of(self, row)}: The column {name!r} must hold a finite number "
                f"in every row. Got {value}."
            )
        return numbers

    def weights(self, name: str) -> FloatArray:
        """Return a column of weights, or raise."""
        weights = self.finite_numbers(name)
        if (weights < 0).any():
            place = place_of(self, int(np.argmax(weights < 0)))
            raise InvalidDataError(
                f"{place}: The weight in column {name!r} is negative."
            )
        if not weights.any():
            raise InvalidDataError(
                f"{self.name}: The weight in column {name!r} is zero in every row."
            )
        return weights


def read_data_file(
    path: Path,
    columns: Iterable[str],
    file_format: FileFormat | None = None,
    *,
    optional: Iterable[str] = (),
    file: IO[bytes] | None = None,
) -> DataFile:
    """Read columns of a CSV, Parquet or Excel file, in the order named.

    Columns that are `optional` are read where they exist; `file` is the same file
    opened, for instance by what shows the progress of reading. Raises ValueError if
    this is no such file, a column is missing or not the only one of its name, or there
    are no rows.
    """
    wanted = WantedColumns(list(dict.fromkeys(columns)), list(optional))
    form = file_format or FileFormat()
    check_date_format(form.date_format)
    formats = NumberFormat(form.decimal, form.thousands), DateFormat(form.date_format)
    source = FileSource(path)
    try:
        source = find_source(path, file)
        frame, locate = _read(source, wanted, form, file)
    except UNREADABLE as error:
        raise _cannot_read(source, error) from error
    if not len(frame):
        raise InvalidDataError(f"{path.name} holds no rows.")
    return DataFile(path, frame, locate, *formats)


def _read(
    source: FileSource,
    wanted: WantedColumns,
    form: FileFormat,
    file: IO[bytes] | None,
) -> tuple[pd.DataFrame, Callable[[int], str]]:
    """Return the columns, and what tells the place of a row."""
    if form.sheet is not None and source.kind != EXCEL:
        raise InvalidDataError(
            f"{source.name} is {source.kind}, which has no sheets. Leave out --sheet."
        )
    if source.kind == CSV:
        layout = find_layout(
            source,
            wanted,
            sep=form.sep,
            encoding=form.encoding,
            decimal=form.decimal,
        )
        texts = read_csv_texts(source, wanted, layout, file)
        return texts, lambda row: f"line {line_of_row(source, layout, row)}"
    if source.kind == EXCEL:
        cells = read_excel_columns(source, wanted, form.sheet, file)
        return cells.frame, lambda row: f"row {cells.numbers[row]}"
    return read_parquet_columns(source, wanted, file), lambda row: f"row {row + 1}"


def _cannot_read(source: FileSource, error: Exception) -> InvalidDataError:
    reason, advice = str(error).strip().rstrip("."), None
    if isinstance(error, pd.errors.ParserWarning):
        reason = "its rows have more fields than its header"
        advice = "A field that holds the separator must be in quotes."
    elif isinstance(error, UnicodeDecodeError):
        advice = advice_on_encoding(error)
    return InvalidDataError(
        f"{source.name} cannot be read as {source.kind}: {reason}.", advice=advice
    )


def is_text_or_object(column: pd.Series[Any]) -> bool:
    """Tell whether a column is that of a CSV or Excel file, or of text."""
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else f"{value}"
