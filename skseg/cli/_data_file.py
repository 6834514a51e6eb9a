"""Reading a CSV file of customers: numbers where rules compare with numbers."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import lzma
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

from ._orders_file import COMPRESSION, read_texts

# What databases read as a number as well: no 1_000, no NaN, no digits of other scripts.
_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|(?i:inf(?:inity)?))\s*"
)


@dataclass(frozen=True)
class DataFile:
    """The columns of a CSV file that are asked for, as text.

    Attributes
    ----------
    path : Path
        The file.
    texts : DataFrame of str
        Its columns; empty cells are missing.
    sep, encoding : str
        How it is written.
    """

    path: Path
    texts: pd.DataFrame
    sep: str
    encoding: str

    def frame(self, kinds: Mapping[str, str | None]) -> pd.DataFrame:
        """Return columns, as float64 those of the kind "number".

        Parameters
        ----------
        kinds : mapping of str to (str or None)
            Column -> "number", or anything else for text.

        Returns
        -------
        DataFrame of shape (n_rows, n_columns)
            The columns in the order named.

        Raises
        ------
        ValueError
            If a value of a number column is no number; the message names its line.
        """
        columns: dict[str, Any] = {
            name: self.numbers(name) if kind == "number" else self.texts[name]
            for name, kind in kinds.items()
        }
        return pd.DataFrame(columns, index=self.texts.index)

    def numbers(self, name: str, *, known: bool = False) -> FloatArray:
        """Return a column as numbers.

        Parameters
        ----------
        name : str
            The column.
        known : bool, default=False
            Whether every value must be there, and finite.

        Returns
        -------
        ndarray of shape (n_rows,)
            The numbers, NaN for empty cells.

        Raises
        ------
        ValueError
            If a value cannot be used; the message names its line.
        """
        codes, distinct = pd.factorize(self.texts[name])
        read = [_number(text) for text in distinct]
        # The last one is that of the code -1, of missing values.
        values = np.array([0.0 if v is None else v for v in read] + [np.nan])
        wrong = np.array([value is None for value in read] + [False])
        if wrong.any():
            row = int(np.argmax(wrong[codes]))
            text = distinct[codes[row]]
            hint = ""
            if _number(text.replace(",", ".")) is not None:
                hint = " Write decimals with a point."
            raise InvalidDataError(
                f"{self.place(row)}: the column {name!r} must hold numbers, or nothing "
                f"where the value is missing. Got {text!r}.{hint}"
            )
        found: FloatArray = values[codes]
        if known and not np.isfinite(found).all():
            row = int(np.argmin(np.isfinite(found)))
            got = "an empty cell" if np.isnan(found[row]) else f"{found[row]}"
            raise InvalidDataError(
                f"{self.place(row)}: the column {name!r} must hold a finite number in "
                f"every row. Got {got}."
            )
        return found

    def place(self, row: int) -> str:
        """Return file and line of a row, counted from 0."""
        return f"{self.path.name}, line {self._line(row)}"

    def _line(self, row: int) -> int:
        records = _records(self.path, self.sep, self.encoding)
        # The first record is the header.
        return next(itertools.islice(records, row + 1, None))[0]


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _records(path: Path, sep: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a CSV file, each with the line that it begins in."""
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


def read_data(
    path: Path,
    columns: list[str],
    *,
    sep: str = ",",
    encoding: str = "utf-8",
    file: IO[bytes] | None = None,
) -> DataFile:
    """Read columns of a CSV file as text.

    Parameters
    ----------
    path, sep, encoding, file
        As in `read_orders`.
    columns : list of str
        The columns; naming one twice does no harm.

    Returns
    -------
    DataFile
        The columns.

    Raises
    ------
    ValueError
        If the file is no such CSV, a column is missing, or there are no rows.
    """
    texts = read_texts(path, columns, sep=sep, encoding=encoding, file=file)
    # Where a name stands twice, pandas takes the first of its columns in silence.
    header = next(_records(path, sep, encoding))[1]
    for name in texts:
        if header.count(str(name)) > 1:
            raise InvalidDataError(
                f"{path.name} has several columns {name!r}. Rename all but one."
            )
    if not len(texts):
        raise InvalidDataError(f"{path.name} holds no rows.")
    return DataFile(path, texts, sep, encoding)
