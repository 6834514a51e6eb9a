"""Which objects are tables that are not in memory, and the engine of each."""

from __future__ import annotations

import os
from typing import Any

from ._duckdb import DuckDBTable
from ._files import scan_files
from ._table import Table


def open_table(X: Any) -> Table | None:
    """Return the table that is not in memory, or None for what is in memory.

    Parameters
    ----------
    X : object
        The path or pattern of Parquet or CSV files, a relation of DuckDB, or a `Table`.

    Returns
    -------
    Table or None
        The table; None for frames, arrays and lists.
    """
    if isinstance(X, Table):
        return X
    if isinstance(X, str | os.PathLike):
        return scan_files(X)
    # The library need not be installed to tell what is not of it.
    if type(X).__name__ == "DuckDBPyRelation":
        return DuckDBTable(X)
    return None
