"""Columns of a table as float64 values in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from skseg.engines import Table
from skseg.exceptions import InvalidDataError


class NumberSQL(NamedTuple):
    """SQL of a column as a double, and of whether it is neither NULL nor NaN."""

    value: str
    present: str


def number_sql(table: Table, column: str) -> NumberSQL:
    """Return a column as float64, as rules read it, and the test of its presence.

    Parameters
    ----------
    table : Table
        The table.
    column : str
        Name of one of its columns.

    Returns
    -------
    NumberSQL
        Expressions in the dialect of the table. ``present`` is never NULL.
    """
    # sqlglot is an extra, so it is imported where it is used.
    from skseg.rules._sql._numbers import column_numbers_sql

    return NumberSQL(*column_numbers_sql(column, table.dialect, table.types))


def literal_sql(table: Table, value: float) -> str:
    """Return a finite float64 as a literal that the engine of a table reads as it."""
    from skseg.rules._sql._numbers import float_sql

    # Brackets keep a minus from making a comment of the one before, and products, which
    # some numbers of SQLite are, together.
    return f"({float_sql(float(value), table.dialect)})"


def integer_sql(table: Table, number: str) -> str:
    """Return a number as a BIGINT."""
    name = "SIGNED" if table.dialect == "mysql" else "BIGINT"
    return f"CAST({number} AS {name})"


def require_numbers(table: Table, owner: str, columns: Iterable[str]) -> None:
    """Raise unless columns are in a table and their types are those of numbers.

    Types that the engine does not keep to, as in SQLite, are left to the query, which
    stops at a value that is no number.

    Parameters
    ----------
    table : Table
        The table.
    owner : str
        The estimator or function, as the subject of the error.
    columns : iterable of str
        Names of columns.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    InvalidDataError
        If a column holds text, dates or anything else but numbers and booleans.
    """
    names = list(dict.fromkeys(columns))
    table.require(owner, names)
    if table.dialect == "sqlite":
        return
    for name in names:
        if not _may_hold_numbers(table.types[name], table.dialect):
            raise InvalidDataError(
                f"{owner} compares numbers, and column {name!r} is of the type "
                f"{table.types[name]}.",
                owner=owner,
                rule="numbers",
                value=table.types[name],
                column=name,
                advice="Cast the column to a number in the table or in a view of it.",
            )


def _may_hold_numbers(type_name: str, dialect: str) -> bool:
    """Return whether a type is one of numbers, booleans or of unknown kind."""
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._storage import NUMBERS

    known = find_dialect(dialect).known_types
    storage = None if known is None else known.storage_of(type_name)
    return storage is None or storage in NUMBERS or storage == "boolean"
