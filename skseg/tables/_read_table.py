"""The public reader of data files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from skseg.exceptions import InvalidParameterError, did_you_mean

from ._data_file import read_data_file
from ._kinds import KINDS
from ._table_header import OWNER


def read_table(
    path: str | os.PathLike[str],
    *,
    columns: Iterable[str] | Mapping[str, str | None] | None = None,
    sep: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    sheet: str | None = None,
) -> pd.DataFrame:
    r"""Read a CSV, Parquet or Excel file as the commands of skseg read it.

    What a file says of itself need not be said: its kind and compression are told from
    its first bytes, the names of the columns from its header as it is written, the
    separator of CSV from the header. What cannot be told is never guessed: a row with
    too many or too few fields, quotes that do not close, text in another encoding and
    a column that stands twice are errors with the line.

    Parameters
    ----------
    path : str or path-like
        The file: CSV, Parquet or Excel (``.xlsx``), also compressed by gzip, bzip2, xz
        or zip. It may be a pipe, which is read once.
    columns : iterable of str or mapping of str to str, default=None
        Names of the columns to read, in the order of the result; None reads all. A
        mapping also says what the columns hold:

        - ``"id"``: integers where each of them is written as Python writes it, else
          the text as it is, so that leading zeros are kept;
        - ``"text"``: the text as it is, such as ``NA`` or ``01``;
        - ``"number"``: float64. A number may have the marks of `decimal` and
          `thousands`, a currency and parentheses, as in `rfm_table`; true and false
          are 1 and 0 in a column of nothing else;
        - ``"boolean"``: pandas' boolean, from true and false in any case, and 1 and 0;
        - ``"date"``: datetime64[us], from ISO 8601 or `date_format`;
        - None: as the file has it. CSV has text, Excel has text, numbers, dates and
          booleans, Parquet has the types that are stored, which are Arrow's.

        An empty field of CSV is a missing value, and nothing else is. A column of
        Parquet that stores the type of a date, or numbers or booleans for text, keeps
        it.
    sep : str, default=None
        The single character between the fields of a CSV file. None takes the one of
        comma, semicolon, tab and ``|`` with which the header has the `columns`, or what
        a first line such as ``sep=;`` says.
    decimal : {".", ","}, default="."
        Decimal mark of numbers that are text.
    thousands : {".", ",", " ", "'", "_"} or None, default=None
        Mark between groups of digits of numbers that are text.
    encoding : str, default=None
        Encoding of a CSV file, such as ``"cp1252"``. None is UTF-8, or what a byte
        order mark says.
    date_format : str, default=None
        Format of dates that are no ISO 8601, as in `datetime.datetime.strptime`, or
        ``"excel"`` for the serial dates of spreadsheets.
    sheet : str, default=None
        Sheet of an Excel file, by its name or its number from 1. None takes the only
        one that has the `columns`.

    Returns
    -------
    pandas.DataFrame
        The rows in the order of the file, numbered from 0. Lines without a field are no
        rows, except in a file of one column, where they are missing values.

    Raises
    ------
    InvalidParameterError
        If a parameter has a value that it must not have.
    InvalidDataError
        If the file cannot be read, has no rows, or a cell is none of its kind. The
        message names the line, and the parameters with which it could be read.
    MissingColumnError
        If a column is missing.
    MissingExtraError
        If a Parquet or Excel file is read without the extra ``cli``.

    See Also
    --------
    skseg.rfm_table : Customers from orders; it reads amounts and dates that are text.

    Notes
    -----
    CSV is what RFC 4180 [1]_ describes, with any separator and any line end. A quote
    within a field that does not begin with one is a character like others.

    References
    ----------
    .. [1] Y. Shafranovich. "Common Format and MIME Type for Comma-Separated Values
       (CSV) Files". RFC 4180, 2005. https://www.rfc-editor.org/rfc/rfc4180

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skseg.tables import read_table
    >>> lines = ["id;plan;paid", "007;NA;1.234,50", "7;;20"]
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "customers.csv"
    ...     _ = path.write_text("\n".join(lines))
    ...     kinds = {"id": "id", "plan": "text", "paid": "number"}
    ...     table = read_table(path, columns=kinds, decimal=",", thousands=".")
    >>> table["id"].to_list(), table["paid"].to_list()
    (['007', '7'], [1234.5, 20.0])
    >>> table["plan"].isna().to_list()
    [False, True]
    """
    kinds = _checked_kinds(columns)
    data = read_data_file(
        _checked_path(path),
        None if kinds is None else list(kinds),
        sep=sep,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
        date_format=date_format,
        sheet=sheet,
    )
    return data.frame if kinds is None else data.columns(kinds)


def _checked_path(path: Any) -> Path:
    is_path = isinstance(path, (str, os.PathLike))
    text = os.fspath(path) if is_path else None
    if isinstance(text, str) and text:
        # No system has a way to write a lone surrogate or a NUL.
        with suppress(UnicodeEncodeError):
            if b"\0" not in os.fsencode(text):
                return Path(text)
    raise InvalidParameterError(OWNER, "path", "the path of a file", path)


def _checked_kinds(columns: Any) -> dict[str, str | None] | None:
    """Return the kind of each column, None for all columns, or raise."""
    if columns is None:
        return None
    rule = "None, names of columns, or a mapping of names to kinds"
    if isinstance(columns, (str, bytes)) or not isinstance(columns, Iterable):
        advice = f"Give a list: [{columns!r}]." if isinstance(columns, str) else None
        raise InvalidParameterError(OWNER, "columns", rule, columns, advice=advice)
    kinds: dict[Any, Any] = (
        dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns)
    )
    if not kinds or not all(isinstance(name, str) for name in kinds):
        raise InvalidParameterError(OWNER, "columns", rule, columns)
    for name, kind in kinds.items():
        if kind is not None and kind not in KINDS:
            raise InvalidParameterError(
                OWNER,
                "columns",
                f"a mapping to {', '.join(map(repr, KINDS))} or None",
                {name: kind},
                advice=did_you_mean(str(kind), KINDS).strip() or None,
            )
    return kinds
