"""Files and folders of Parquet and CSV, read by DuckDB without loading them."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._csv_columns import csv_header, csv_relation, unreadable_file
from ._duckdb import DuckDBTable, duckdb_connection, interruptible
from ._table import Target
from ._targets import sql_text, write_file

OWNER = "scan_files"
FILES = (
    "a file, a folder or a pattern of Parquet files (.parquet, .pq) or of CSV files "
    "(.csv, .csv.gz)"
)
ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".csv.gz": "csv"}


# Kept open for the relations of versions of DuckDB in which these do not.
_connections: list[Any] = []


@cache
def _relations_keep_connections() -> bool:
    """Return whether a relation of DuckDB holds the connection that made it."""
    import duckdb

    relation = duckdb.connect(":memory:").sql("SELECT 1")
    try:
        relation.fetchall()
    except duckdb.ConnectionException:
        return False
    return True


class FilesTable(DuckDBTable):
    """Files, read through a connection that nobody else has.

    A table that were written there would be lost with it.
    """

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query to a file; see `Table.write`."""
        with interruptible():
            write_file(self.relation, sql, to, overwrite=overwrite)


def scan_files(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str | None] | None = None,
    sep: str | None = None,
    memory_limit: str | None = None,
    temp_directory: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    verbose: bool = False,
) -> FilesTable:
    r"""Return the table of a file, a folder or a pattern of files, without loading it.

    DuckDB reads what a query needs of it, and writes what does not fit into memory to a
    temporary folder. Several files are one table: they must have the same columns.

    Parameters
    ----------
    path : str or pathlib.Path
        A Parquet or CSV file, a folder of files of one kind, or a pattern such as
        ``"orders/*.parquet"`` or ``"orders/**/*.csv"``. Of a folder, files of other
        kinds are left out, and what begins with a dot or an underscore. Parquet may be
        remote, such as ``"s3://bucket/orders/*.parquet"``, where DuckDB can load its
        extension for it.
    columns : mapping of str to str, default=None
        What columns of CSV files hold: "number", "text", "date", "boolean" or "id",
        which is integers where each is written as Python writes it, else text. None,
        and columns that it lacks: what all of the values are, which takes a reading of
        the files. A column is of numbers, dates or booleans if all its values are
        written as such; of numbers with leading zeros, or of more than 18 digits, it is
        text. An empty field is a missing value.
    sep : str, default=None
        The character between fields of CSV files; None takes the one of comma,
        semicolon, tab and ``|`` that the header has.
    memory_limit : str, default=None
        The most memory that DuckDB takes, such as "1GB"; None is 80 % of the machine's.
    temp_directory : str or pathlib.Path, default=None
        Folder for what does not fit into it; None is one that DuckDB makes in that for
        temporary files, which the variable TMPDIR names, and removes.
    threads : int, default=None
        Number of threads; None takes all cores.
    verbose : bool, default=False
        Whether queries that take more than some seconds show a progress bar.

    Returns
    -------
    Table
        To be passed wherever rows or transactions are.

    Raises
    ------
    InvalidParameterError
        If there is no such file, files of several kinds, or a parameter breaks its
        rule.
    InvalidDataError
        If the files differ in their columns, or a header cannot be read.
    MissingExtraError
        If DuckDB is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skseg.engines import scan_files
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "customers.csv")
    ...     _ = path.write_text("id,aov\n007,120.5\n010,\n")
    ...     scan_files(path).types
    {'id': 'VARCHAR', 'aov': 'DOUBLE'}
    """
    kind, files = _files(path)
    if kind == "parquet" and (columns or sep):
        name, value = ("columns", columns) if columns else ("sep", sep)
        rule = "None for Parquet files, which have types of their own"
        raise InvalidParameterError(OWNER, name, rule, value)
    connection = _connection(memory_limit, temp_directory, threads, verbose)
    import duckdb

    try:
        if kind == "parquet":
            relation = _parquet_relation(connection, files)
        else:
            relation = csv_relation(connection, files, columns or {}, sep)
    except duckdb.Error as error:
        problem = " ".join(str(error).split())
        raise unreadable_file(os.fspath(path), problem) from error
    if not _relations_keep_connections():
        _connections.append(connection)
    return FilesTable(relation, connection)


def _connection(
    memory_limit: str | None,
    temp_directory: str | os.PathLike[str] | None,
    threads: int | None,
    verbose: bool,
) -> Any:
    """Return a connection with the resources that it may use."""
    connection = duckdb_connection("Reading files where they are")
    settings = {
        "memory_limit": ("a size such as '1GB'", memory_limit),
        "temp_directory": ("the path of a folder", temp_directory),
        "threads": ("a positive int", threads),
    }
    for name, (rule, value) in settings.items():
        if value is None:
            continue
        try:
            text = str(value) if isinstance(value, int) else os.fspath(value)
            connection.execute(f"SET {name} = {sql_text(text)}")
        except Exception as error:
            raise InvalidParameterError(OWNER, name, rule, value) from error
    if verbose:
        connection.execute("SET enable_progress_bar = true")
    return connection


def _files(path: str | os.PathLike[str]) -> tuple[str, list[str]]:
    """Return whether the files are "parquet" or "csv", and their paths."""
    try:
        text = os.fspath(path)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text:
        raise InvalidParameterError(OWNER, "path", FILES, path)
    if "://" in text:
        files, names = [text], [text]
    elif os.path.isdir(text):
        names = [n for n in _in_folder(text) if _kind(n)]
        files = [glob.escape(name) for name in names]
    elif os.path.exists(text):
        files, names = [glob.escape(text)], [text]
    else:
        names = sorted(glob.glob(text, recursive=True))
        files = [glob.escape(name) for name in names]
    if not names:
        raise InvalidParameterError(
            OWNER, "path", FILES, text, advice="There is no such file."
        )
    kinds = {_kind(name) for name in names}
    if len(kinds) > 1:
        raise InvalidParameterError(
            OWNER,
            "path",
            "files of one kind",
            text,
            advice="It has Parquet and CSV files, or others: pass a pattern such as "
            "'*.parquet'.",
        )
    kind = kinds.pop()
    if kind is None or (kind == "csv" and "://" in text):
        advice = "CSV files have to be on this machine." if kind else None
        raise InvalidParameterError(OWNER, "path", FILES, text, advice=advice)
    return kind, files if kind == "parquet" else names


def _in_folder(folder: str) -> list[str]:
    """Return the paths of the files in a folder and below that are not hidden."""
    paths = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        shown = [name for name in names if not name.startswith((".", "_"))]
        paths += [os.path.join(parent, name) for name in shown]
    return sorted(paths)


def _kind(path: str) -> str | None:
    lower = path.lower()
    return next((ENDINGS[end] for end in ENDINGS if lower.endswith(end)), None)


def _parquet_relation(connection: Any, files: Sequence[str]) -> Any:
    """Return the relation of Parquet files, which must have the same columns."""
    listed = f"[{', '.join(map(sql_text, files))}]"
    if len(files) > 1:
        _check_same_columns(connection, listed)
    options = "union_by_name = true, hive_types_autocast = false"
    known = connection.execute(
        "SELECT DISTINCT unnest(parameters) FROM duckdb_functions() "
        "WHERE function_name = 'read_parquet'"
    ).fetchall()
    if ("can_have_nan",) in known:
        # Else queries are answered from the statistics of files, which leave NaN out.
        options += ", can_have_nan = true"
    return connection.sql(f"SELECT * FROM read_parquet({listed}, {options})")


def _check_same_columns(connection: Any, listed: str) -> None:
    rows = connection.execute(
        "SELECT min(file), names FROM (SELECT file_name AS file, list(name ORDER BY "
        f"name) AS names FROM parquet_schema({listed}) WHERE coalesce(num_children, 0) "
        "= 0 GROUP BY file_name) GROUP BY names ORDER BY min(file) LIMIT 2"
    ).fetchall()
    if len(rows) > 1:
        (first, names), (other, others) = rows
        raise different_columns(first, names, other, others)


def different_columns(
    first: str, names: Sequence[str], other: str, others: Sequence[str]
) -> InvalidDataError:
    """Return the error for two files of one table that differ in their columns."""
    differing = sorted(set(names) ^ set(others)) or list(others)
    return InvalidDataError(
        f"Files of one table must have the same columns. {first} and {other} differ in "
        f"{', '.join(map(repr, differing[:20]))}.",
        owner=OWNER,
        name="path",
        rule="files with the same columns",
        value=other,
        column=differing[0],
        advice="Pass a pattern of the files that belong together.",
    )


def known_columns(
    path: str | os.PathLike[str], columns: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return what is known of those columns that CSV files have; none of Parquet."""
    kind, files = _files(path)
    if kind == "parquet" or not columns:
        return {}
    names = csv_header(files[0], None)
    return {name: kind for name, kind in columns.items() if name in names}
