"""Which objects are tables that are not in memory, and the engine of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from skseg.exceptions import InvalidDataError

from ._duckdb import DuckDBTable
from ._files import known_columns, scan_files
from ._ibis import IbisTable
from ._names import package
from ._polars import PolarsTable
from ._spark import SparkTable
from ._table import Table


def _native_table(X: Any) -> Table:
    """Return the table that a LazyFrame of narwhals wraps."""
    native = X.to_native()
    if (adapter := _adapter(native)) is None:
        raise InvalidDataError(
            "A LazyFrame of narwhals must be one of DuckDB, ibis, polars or Spark. Got "
            f"{type(native).__name__} of {package(type(native))}.",
            name="X",
            value=native,
            advice="Pass X.collect() if it fits into memory.",
        )
    return adapter(native)


# By names, as no library need be installed to tell what is not of it. A DataFrame of
# Spark is a subclass of its own, with or without Spark Connect.
ADAPTERS: dict[tuple[str, str], Callable[[Any], Table]] = {
    ("duckdb", "DuckDBPyRelation"): DuckDBTable,
    ("_duckdb", "DuckDBPyRelation"): DuckDBTable,
    ("ibis", "Table"): IbisTable,
    ("narwhals", "LazyFrame"): _native_table,
    ("polars", "LazyFrame"): PolarsTable,
    ("pyspark", "DataFrame"): SparkTable,
}


def open_table(X: Any, columns: Mapping[str, str | None] | None = None) -> Table | None:
    """Return the table that is not in memory, or None for what is in memory.

    It is cheap, but for CSV files, which are read once to tell the types of columns.

    Parameters
    ----------
    X : object
        The path or pattern of Parquet or CSV files, a relation of DuckDB, a
        DataFrame of Spark, a table of ibis, a LazyFrame of polars, or a `Table`.
    columns : mapping of str to str, default=None
        What is known of the columns of CSV files, as in `scan_files`; what a file lacks
        is ignored, as are tables that are no CSV files.

    Returns
    -------
    Table or None
        The table; None for frames, arrays and lists.

    Examples
    --------
    >>> import duckdb
    >>> from skseg.engines import open_table
    >>> table = open_table(duckdb.sql("SELECT 120.0::DOUBLE AS aov"))
    >>> table.types
    {'aov': 'DOUBLE'}
    >>> open_table([[120.0]]) is None
    True
    """
    if isinstance(X, Table):
        return X
    if isinstance(X, str | os.PathLike):
        return scan_files(X, columns=known_columns(X, columns or {}))
    adapter = _adapter(X)
    return None if adapter is None else adapter(X)


def is_table(X: Any) -> bool:
    """Tell whether an object is a table that is not in memory; it is not opened.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    bool
        Whether `open_table` takes it for a table.

    Examples
    --------
    >>> from skseg.engines import is_table
    >>> is_table("customers/*.parquet"), is_table([[120.0]])
    (True, False)
    """
    return isinstance(X, Table | str | os.PathLike) or _adapter(X) is not None


def _adapter(X: Any) -> Callable[[Any], Table] | None:
    names = [(package(kind), kind.__name__) for kind in type(X).__mro__]
    return next((ADAPTERS[name] for name in names if name in ADAPTERS), None)
