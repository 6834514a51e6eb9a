"""CSV files as text, with the line of every row."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import eq
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, MissingColumnError

from ._wording import place_of

CHUNK = 200_000  # rows
COMPRESSION = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip"}
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

# What databases read as a number as well: no 1_000, no NaN, no digits of other scripts.
_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|(?i:inf(?:inity)?))\s*"
)


@dataclass(frozen=True)
class CSVFile:
    """Columns of a CSV file, as text.

    Empty fields are missing, and nothing else is: a value may be ``NA`` or ``null``.
    """

    path: Path
    texts: pd.DataFrame
    sep: str
    encoding: str

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.texts)

    def line(self, row: int) -> int:
        """Return the line in which a row, counted from 0, begins."""
        records = _records(self.path, self.sep, self.encoding)
        # The first record is the header.
        return next(itertools.islice(records, row + 1, None))[0]

    def texts_with_ids(self, names: Iterable[str]) -> pd.DataFrame:
        """Return the columns, ids as integers where that loses no leading zero."""
        ids = {name: as_integers_if_lossless(self.texts[name]) for name in names}
        return self.texts.assign(**ids)

    def columns(self, kinds: Mapping[str, str | None]) -> pd.DataFrame:
        """Return columns, those of the kind "number" as float64, all others as text."""
        columns: dict[str, Any] = {
            name: self.numbers(name) if kind == "number" else self.texts[name]
            for name, kind in kinds.items()
        }
        return pd.DataFrame(columns, index=self.texts.index)

    def numbers(self, name: str) -> FloatArray:
        """Return a column as numbers, NaN for empty fields, or raise with the line."""
        codes, distinct = pd.factorize(self.texts[name])
        parsed = [_number(text) for text in distinct]
        # The last entry is for missing values, whose code is -1.
        values = np.array([0.0 if v is None else v for v in parsed] + [np.nan])
        is_bad = np.array([value is None for value in parsed] + [False])[codes]
        if is_bad.any():
            row = int(np.argmax(is_bad))
            text = distinct[codes[row]]
            hint = ""
            if _number(text.replace(",", ".")) is not None:
                hint = " Write decimals with a point."
            raise InvalidDataError(
                f"{place_of(self, row)}: The column {name!r} must hold numbers, or "
                f"nothing where the value is missing. Got {text!r}.{hint}"
            )
        numbers: FloatArray = values[codes]
        return numbers

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


def read_csv_file(
    path: Path,
    columns: Iterable[str],
    *,
    sep: str = ",",
    encoding: str = "utf-8",
    file: IO[bytes] | None = None,
) -> CSVFile:
    """Read columns of a CSV file as text, in the order named.

    The file is compressed if its name ends in .gz, .bz2, .xz or .zip. `file` is the
    same file opened, for instance by what shows the progress of reading. Raises
    ValueError if this is no such CSV, a column is missing or not the only one of its
    name, or there are no rows.
    """
    names = list(dict.fromkeys(columns))
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header, such as for an amount of 1,234.50,
            # is an error only where all columns are read, and else cut off in silence.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            texts = _read_texts(path, names, sep=sep, encoding=encoding, file=file)
    except UNREADABLE as error:
        raise InvalidDataError(_cannot_read(path, error)) from error
    # Where a name stands twice, pandas takes the first of its columns in silence.
    header = next(_records(path, sep, encoding))[1]
    for name in names:
        if header.count(name) > 1:
            raise InvalidDataError(
                f"{path.name} has several columns {name!r}. Rename all but one."
            )
    if not len(texts):
        raise InvalidDataError(f"{path.name} holds no rows.")
    return CSVFile(path, texts, sep, encoding)


def _read_texts(
    path: Path, names: list[str], *, sep: str, encoding: str, file: IO[bytes] | None
) -> pd.DataFrame:
    options: dict[str, Any] = {
        "sep": sep,
        "encoding": encoding,
        "compression": COMPRESSION.get(path.suffix.lower()),
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "index_col": False,
    }
    header = list(pd.read_csv(path, nrows=0, **options))
    if missing := [name for name in names if name not in header]:
        advice = "Is the separator another one?" if len(header) == 1 else None
        raise MissingColumnError(path.name, missing, header, advice=advice)
    source = path if file is None else file
    with pd.read_csv(source, chunksize=CHUNK, **options) as chunks:
        return pd.concat([chunk[names] for chunk in chunks], ignore_index=True)


def _cannot_read(path: Path, error: Exception) -> str:
    reason = str(error).strip().rstrip(".")
    if isinstance(error, pd.errors.ParserWarning):
        reason = "its rows have more fields than its header"
    elif isinstance(error, UnicodeError):
        reason += ". It seems to have another encoding, such as latin-1"
    return f"{path.name} cannot be read as CSV: {reason}."


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _records(path: Path, sep: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a CSV file, each with the line in which it begins."""
    with _opened(path) as binary:
        text = io.TextIOWrapper(binary, encoding=encoding, newline="")
        reader, line = csv.reader(text, delimiter=sep), 1
        for record in reader:
            # A value may run over several lines, and blank lines are no rows.
            is_blank = not record or (len(record) == 1 and record[0].isspace())
            if not is_blank:
                yield line, record
            line = reader.line_num + 1


def _opened(path: Path) -> Any:
    kind = COMPRESSION.get(path.suffix.lower())
    if kind == "zip":
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            return io.BytesIO(archive.read(name))
    if kind == "gzip":
        return gzip.open(path)
    if kind == "bz2":
        return bz2.open(path)
    return lzma.open(path) if kind == "xz" else path.open("rb")


def as_integers_if_lossless(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return ids as integers if Python writes each of them alike, else as text.

    The integers are int64, or Int64 where ids are missing.
    """
    codes, distinct = pd.factorize(texts)
    written = distinct.tolist()
    try:
        integers = [int(text) for text in written]
        numbers = np.array(integers, dtype=np.int64)
    except (ValueError, OverflowError):
        return texts
    if not integers or not all(map(eq, map(str, integers), written)):
        return texts
    missing = codes == -1
    values = numbers[codes]
    if not missing.any():
        return pd.Series(values, texts.index, name=texts.name)
    nullable = pd.arrays.IntegerArray(values, missing)
    return pd.Series(nullable, texts.index, name=texts.name)
