"""Files and folders of Parquet and CSV, read by DuckDB without loading them."""

from __future__ import annotations

import os
from typing import Any

from ._duckdb import DuckDBTable, duckdb_connection


def scan_files(
    path: str | os.PathLike[str],
    *,
    memory_limit: str | None = None,
    temp_directory: str | os.PathLike[str] | None = None,
    threads: int | None = None,
) -> DuckDBTable:
    """Return the table of a file, a folder or a pattern of files.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet or CSV file, or a pattern such as ``"orders/*.parquet"``.
    memory_limit : str or None, default=None
        The most memory that DuckDB takes, such as "1GB".
    temp_directory : str, pathlib.Path or None, default=None
        Folder for what does not fit into it.
    threads : int or None, default=None
        Number of threads.

    Returns
    -------
    Table
        The table.
    """
    config: dict[str, Any] = {}
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if temp_directory is not None:
        config["temp_directory"] = os.fspath(temp_directory)
    if threads is not None:
        config["threads"] = threads
    connection = duckdb_connection("Reading files where they are", config)
    text = os.fspath(path)
    read = connection.read_csv if text.endswith(".csv") else connection.read_parquet
    return DuckDBTable(read(text), connection)
