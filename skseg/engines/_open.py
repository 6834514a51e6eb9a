"""Which objects are tables that are not in memory, and the engine of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ._duckdb import DuckDBTable
from ._files import scan_files
from ._ibis import IbisTable
from ._names import package
from ._polars import PolarsTable
from ._spark import SparkTable
from ._table import Table

# By names, as no library need be installed to tell what is not of it. A DataFrame of
# Spark is a subclass of its own, with or without Spark Connect.
ADAPTERS: dict[tuple[str, str], Callable[[Any], Table]] = {
    ("duckdb", "DuckDBPyRelation"): DuckDBTable,
    ("_duckdb", "DuckDBPyRelation"): DuckDBTable,
    ("ibis", "Table"): IbisTable,
    ("polars", "LazyFrame"): PolarsTable,
    ("pyspark", "DataFrame"): SparkTable,
}


def open_table(X: Any) -> Table | None:
    """Return the table that is not in memory, or None for what is in memory.

    Parameters
    ----------
    X : object
        The path or pattern of Parquet or CSV files, a relation of DuckDB, a
        DataFrame of Spark, a table of ibis, a LazyFrame of polars, or a `Table`.

    Returns
    -------
    Table or None
        The table; None for frames, arrays and lists.
    """
    if isinstance(X, Table):
        return X
    if isinstance(X, str | os.PathLike):
        return scan_files(X)
    for base in type(X).__mro__:
        if adapter := ADAPTERS.get((package(base), base.__name__)):
            return adapter(X)
    return None
