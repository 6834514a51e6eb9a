"""Reading a CSV file of orders without changing what it says."""

from __future__ import annotations

import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from operator import eq
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from skseg.exceptions import InvalidDataError, MissingColumnError

COMPRESSION = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip"}
CHUNK = 200_000  # rows
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


def read_orders(
    path: Path,
    *,
    customer: str,
    date: str,
    amount: str,
    order: str | None = None,
    sep: str = ",",
    encoding: str = "utf-8",
    file: IO[bytes] | None = None,
) -> pd.DataFrame:
    """Read the columns that are needed, as text.

    Ids become integers only where that loses nothing: not if any has a leading zero.
    Empty fields are missing, and nothing else is: an id may be ``NA`` or ``null``.

    Parameters
    ----------
    path : Path
        The CSV file; compressed if its name ends in .gz, .bz2, .xz or .zip.
    customer, date, amount : str
        Columns of the customer ids, dates and amounts.
    order : str, default=None
        Column of the order ids.
    sep : str, default=","
        The character between fields.
    encoding : str, default="utf-8"
        How the text is encoded.
    file : binary file, default=None
        The same file opened, for instance by what shows the progress of reading.

    Returns
    -------
    DataFrame of shape (n_lines, 3 or 4)
        The columns customer, order, date and amount.

    Raises
    ------
    ValueError
        If the file is no such CSV, or a column is missing.
    """
    wanted = [name for name in (customer, order, date, amount) if name is not None]
    orders = read_texts(path, wanted, sep=sep, encoding=encoding, file=file)
    for name in {customer, order} - {date, amount, None}:
        orders[name] = as_integers_if_lossless(orders[name])
    return orders


def read_texts(
    path: Path,
    wanted: Iterable[str],
    *,
    sep: str = ",",
    encoding: str = "utf-8",
    file: IO[bytes] | None = None,
) -> pd.DataFrame:
    """Read columns as text; empty fields are missing, and nothing else is.

    Parameters
    ----------
    path, sep, encoding, file
        As in `read_orders`.
    wanted : iterable of str
        The columns; naming one twice does no harm.

    Returns
    -------
    DataFrame of shape (n_lines, n_columns)
        The columns, in the order named.

    Raises
    ------
    ValueError
        If the file is no such CSV, or a column is missing.
    """
    names = list(dict.fromkeys(wanted))
    options: dict[str, Any] = {
        "sep": sep,
        "encoding": encoding,
        "compression": COMPRESSION.get(path.suffix.lower()),
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "index_col": False,
    }
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header, such as for an amount of 1,234.50,
            # is an error only where all columns are read, and else cut off in silence.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            _check_columns(names, list(pd.read_csv(path, nrows=0, **options)), path)
            source = path if file is None else file
            with pd.read_csv(source, chunksize=CHUNK, **options) as chunks:
                parts = [chunk[names] for chunk in chunks]
    except UNREADABLE as error:
        raise InvalidDataError(_cannot_read(path, error)) from error
    return pd.concat(parts, ignore_index=True)


def _check_columns(wanted: list[str], header: list[str], path: Path) -> None:
    if missing := [name for name in wanted if name not in header]:
        advice = "Is the separator another one?" if len(header) == 1 else None
        raise MissingColumnError(path.name, missing, header, advice=advice)


def _cannot_read(path: Path, error: Exception) -> str:
    said = str(error).strip().rstrip(".")
    if isinstance(error, pd.errors.ParserWarning):
        said = "its rows have more fields than its header"
    elif isinstance(error, UnicodeError):
        said += ". It seems to have another encoding, such as latin-1"
    return f"{path.name} cannot be read as CSV: {said}."


def as_integers_if_lossless(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return texts as integers if each is written as Python writes that integer.

    Parameters
    ----------
    texts : Series of str
        Ids; missing values are allowed, and stay.

    Returns
    -------
    Series
        Of dtype int64, or Int64 if values are missing, or the texts.
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
