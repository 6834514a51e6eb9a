"""Where the rows of a command are: in a file, in many, or in a table of a database."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

# Files in memory take up to ten times their size while they are read, which is where
# a computer of 16 GB comes to its limit.
MOST_BYTES_IN_MEMORY = 1 << 30
STORED_SUFFIXES = (".csv", ".parquet")
AUTO, MEMORY, DUCKDB = "auto", "memory", "duckdb"

Command = Callable[..., Any]


@dataclass(frozen=True)
class DataSource:
    """Rows of files, or of a table of a database; `files` is empty for the latter."""

    name: str
    files: tuple[Path, ...] = ()
    database: str | None = None
    table: str | None = None
    in_memory: bool = True

    @property
    def file(self) -> Path:
        """The only file, where rows are read into memory."""
        return self.files[0]


class _Files(click.Path):
    """A file that exists, or a pattern that files match."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Return the paths of the files, sorted."""
        if not isinstance(value, str) or Path(value).exists():
            super().convert(value, param, ctx)
            return [Path(value)]
        if not glob.has_magic(value):
            return super().convert(value, param, ctx)
        paths = sorted(Path(path) for path in glob.glob(value, recursive=True))
        paths = [path for path in paths if path.is_file()]
        if not paths:
            self.fail(f"No file matches {value!r}.", param, ctx)
        if strange := [p for p in paths if p.suffix.lower() not in STORED_SUFFIXES]:
            self.fail(
                f"A pattern is of .csv or .parquet files. {value!r} matches "
                f"{strange[0].name!r}.",
                param,
                ctx,
            )
        if len({path.suffix.lower() for path in paths}) > 1:
            self.fail(f"{value!r} matches both CSV and Parquet files.", param, ctx)
        return paths


FILES = _Files()
_SOURCE_OPTIONS = [
    click.option(
        "--database",
        envvar="SKSEG_DATABASE",
        metavar="URL",
        help="Database that holds the rows, in place of a file: sqlite:///shop.db, "
        "duckdb:///shop.duckdb, postgresql+psycopg://user@host/shop or "
        "mysql+pymysql://user@host/shop. The variable SKSEG_DATABASE does as well, "
        "which keeps a password out of the list of processes.",
    ),
    click.option(
        "--table",
        help="Table or view of --database, with its schema where need be.",
    ),
    click.option(
        "--engine",
        type=click.Choice([AUTO, MEMORY, DUCKDB]),
        default=AUTO,
        show_default=True,
        help="Whether rows of files are read into memory, or DuckDB reads them in "
        "pieces. 'auto' is DuckDB for several files and for CSV and Parquet files of "
        "1 GiB and more.",
    ),
    click.option(
        "--memory-limit",
        metavar="SIZE",
        help="The most memory that DuckDB takes, such as 2GB; the rest goes to a "
        "temporary folder.",
    ),
]


_TO_TABLE_OPTIONS = [
    click.option(
        "--to-table",
        metavar="NAME",
        help="Also write every row with its segment to this table of --database.",
    ),
    click.option(
        "--overwrite", is_flag=True, help="Replace --to-table if it is there already."
    ),
]


def source_options(argument: str) -> Callable[[Command], Command]:
    """Return what adds the argument and options that say where the rows are.

    The command gets a `DataSource` under the name of the argument.
    """

    def add(command: Command) -> Command:
        @wraps(command)
        def with_source(**options: Any) -> Any:
            names = ("database", "table", "engine")
            where = {name: options.pop(name) for name in names}
            source = _source(argument, options.pop(argument), **where)
            return command(**options, **{argument: source})

        decorated: Command = with_source
        for option in reversed(_SOURCE_OPTIONS):
            decorated = option(decorated)
        return click.argument(argument, type=FILES, required=False)(decorated)

    return add


def to_table_options(command: Command) -> Command:
    """Add the options about a table that is written."""
    for option in reversed(_TO_TABLE_OPTIONS):
        command = option(command)
    return command


def check_to_table(
    source: DataSource, to_table: str | None, *, overwrite: bool
) -> None:
    """Raise where a table cannot be written for want of a database or a name."""
    if to_table is not None and source.database is None:
        raise click.UsageError("--to-table is a table of --database, which is absent.")
    if overwrite and to_table is None:
        raise click.UsageError("--overwrite is about --to-table, which is absent.")


def _source(
    argument: str,
    files: Sequence[Path] | None,
    *,
    database: str | None,
    table: str | None,
    engine: str,
) -> DataSource:
    """Return where the rows are, or raise where that is said twice or not at all."""
    if files is None:
        if table is None or database is None:
            raise click.UsageError(
                f"Give {argument.upper()}, a file of rows, or both --database and "
                "--table."
            )
        if engine != AUTO:
            raise click.UsageError("--engine is about files, not about --database.")
        return DataSource(table, (), database, table, in_memory=False)
    if table is not None:
        raise click.UsageError(f"Give {argument.upper()} or --table, not both.")
    if len(files) > 1 and engine == MEMORY:
        raise click.UsageError("Several files are not read into memory. Give one.")
    in_memory = engine == MEMORY or (engine == AUTO and not _are_large(files))
    name = files[0].name if len(files) == 1 else f"{len(files)} files"
    return DataSource(name, tuple(files), in_memory=in_memory)


def _are_large(files: Sequence[Path]) -> bool:
    if len(files) > 1:
        return True
    (file,) = files
    is_stored = file.suffix.lower() in STORED_SUFFIXES
    return is_stored and file.stat().st_size >= MOST_BYTES_IN_MEMORY
