"""Rows that stay on disk or in a database, read by what they hold like those of files.

Files of CSV are read by the reader of files, a block at a time, into a table of DuckDB;
what DuckDB cannot surely read as that reader does is read by it, each text once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from skseg._core._aggregates._numbers import integer_sql
from skseg._rfm._date_texts import DateFormat
from skseg._rfm._number_texts import NumberFormat
from skseg.engines import Table, open_table
from skseg.engines._duckdb import duckdb_connection, quoted
from skseg.exceptions import InvalidDataError, MissingExtraError
from skseg.tables._csv_file import csv_blocks
from skseg.tables._encodings import check_encoding
from skseg.tables._file_source import CSV, PARQUET, FileSource, open_source
from skseg.tables._ids import MOST_EXACT_INTEGER
from skseg.tables._kinds import ColumnReader
from skseg.tables._table_header import WantedColumns

from ._data_source import DataSource
from ._database import database_table, prefix_of
from ._file_format import FileFormat

# Different texts of a column that the reader of files reads one by one.
MOST_TEXTS = 200_000
_ROWS = "skseg_rows"
# Packages whose errors are about the rows or the database that holds them.
_ENGINES = ("duckdb", "_duckdb", "sqlite3", "psycopg", "pymysql", "sqlalchemy")
# Texts that every reader takes for the same value -> their type in DuckDB. Floats hold
# 15 digits.
_PLAIN_NUMBER = (
    "regexp_full_match({0}, '[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)') "
    "AND length({0}) <= 15"
)
_PLAIN_DATE = (
    "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
    "([T ]([01][0-9]|2[0-3]):[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,6}})?)?)?') "
    "AND TRY_CAST({0} AS TIMESTAMP) >= TIMESTAMP '0001-01-01'"
)
_PLAIN_INTEGER = (
    "regexp_full_match({0}, '0|-?[1-9][0-9]*') AND TRY_CAST({0} AS BIGINT) IS NOT NULL"
)
_PLAIN = {
    "number": (_PLAIN_NUMBER, "DOUBLE"),
    "date": (_PLAIN_DATE, "TIMESTAMP"),
    "id": (_PLAIN_INTEGER, "BIGINT"),
    # A number that is no code, such as a postal code, which may begin with 0.
    "measure": (
        _PLAIN_NUMBER + " AND NOT regexp_matches({0}, '^[-+]?0[0-9]')",
        "DOUBLE",
    ),
}


@contextmanager
def stored_rows(
    source: DataSource,
    wanted: WantedColumns,
    file_format: FileFormat,
    *,
    memory_limit: str | None = None,
    writable: bool = False,
) -> Iterator[StoredRows]:
    """Give columns of rows that are not in memory.

    Raises ValueError if a column is missing or a file cannot be read, and in place of
    what the engine raises within the context.
    """
    opened = _opened_rows(source, wanted, file_format, memory_limit, writable)
    with _errors_of_engines(source.name), opened as rows:
        yield rows


@contextmanager
def _errors_of_engines(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _ENGINES:
            raise
        reason = str(error).strip().rstrip(".")
        raise InvalidDataError(f"{name} cannot be read: {reason}.") from error


@contextmanager
def _opened_rows(
    source: DataSource,
    wanted: WantedColumns,
    file_format: FileFormat,
    memory_limit: str | None,
    writable: bool,
) -> Iterator[StoredRows]:
    if source.database is not None:
        context = database_table(source.database, str(source.table), writable=writable)
        with context as table:
            wanted.positions(list(table.types), source.name)
            prefix = prefix_of(source.database)
            yield StoredRows(source.name, table, None, file_format, prefix)
        return
    with tempfile.TemporaryDirectory(prefix="skseg-") as folder:
        config: dict[str, Any] = {"temp_directory": folder}
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        with closing(_connection(config)) as connection:
            relation, are_texts = _relation(
                connection, source.files, wanted, file_format
            )
            table = _opened(relation)
            texts = connection if are_texts else None
            yield StoredRows(source.name, table, texts, file_format)


def _connection(config: Mapping[str, Any]) -> Any:
    try:
        return duckdb_connection("Reading rows in pieces", dict(config))
    except MissingExtraError:
        raise
    except Exception as error:
        if "memory_limit" not in config:
            raise
        raise InvalidDataError(
            f"--memory-limit must be a size, such as 2GB. Got {config['memory_limit']}."
        ) from error


def _relation(
    connection: Any,
    files: Sequence[Path],
    wanted: WantedColumns,
    file_format: FileFormat,
) -> tuple[Any, bool]:
    """Return the rows of files of one kind, and whether they are texts of CSV."""
    is_csv = False
    for file in files:
        with open_source(file) as opened:
            is_csv = opened.kind == CSV
            if is_csv:
                _load_csv(connection, opened, wanted, file_format)
                continue
            if opened.kind != PARQUET:
                raise InvalidDataError(
                    f"{file.name} is {opened.kind}: only CSV and Parquet are read in "
                    "pieces.",
                    advice="Give --engine memory.",
                )
    if is_csv:
        return connection.table(_ROWS), True
    relation = connection.read_parquet([str(file) for file in files])
    wanted.positions(list(relation.columns), files[0].name)
    return relation, False


def _load_csv(
    connection: Any, source: FileSource, wanted: WantedColumns, form: FileFormat
) -> None:
    """Append the rows of a file to the table of texts."""
    with source.open() as stream:
        names, blocks = csv_blocks(
            stream,
            source.name,
            wanted,
            sep=form.sep,
            encoding=check_encoding(form.encoding),
            decimal=form.decimal,
        )
        columns = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_ROWS} ({columns})")
        listed = ", ".join(map(quoted, names))
        for block in blocks:
            cells = block.texts()
            texts = pa.table(
                {
                    name: pa.array(cells[position], pa.string(), from_pandas=True)
                    for name, position in zip(names, cells, strict=True)
                }
            )
            connection.register("skseg_block", texts)
            connection.execute(
                f"INSERT INTO {_ROWS} ({listed}) SELECT {listed} FROM skseg_block"
            )
            connection.unregister("skseg_block")


class StoredRows:
    """Columns of rows that are not in memory.

    `name` is that of the file or table. `texts` is the connection of DuckDB that has
    the texts of CSV, or None for rows whose columns have types. `prefix` stands before
    the name of a table that is written beside them.
    """

    def __init__(
        self,
        name: str,
        table: Table,
        texts: Any,
        file_format: FileFormat,
        prefix: str = "",
    ) -> None:
        self.name = name
        self._prefix = prefix
        self.table = table
        self._texts = texts
        self._format = file_format

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        source = self.table.source
        return int(self.table.fetch(f"SELECT COUNT(*) AS n FROM {source}")["n"][0])

    def place(self, row: int) -> str:
        """Return where a row, counted from 0, is."""
        return f"row {row + 1}"

    def target(self, name: str) -> str:
        """Return the name of a table beside the rows, as their connection knows it."""
        return self._prefix + name

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.table.types)

    def typed(
        self, kinds: Mapping[str, str | None], *, may_be_text: bool = False
    ) -> Table:
        """Return columns read by their kinds; those without one are as they are.

        With `may_be_text` numbers and dates that are not written plainly stay texts,
        for a function that reads them itself.
        """
        if self._texts is None:
            return self._stored_columns(kinds)
        plain = self._plain_columns(kinds)
        columns, joins = [], []
        for place, (name, kind) in enumerate(kinds.items()):
            column = f"r.{quoted(name)}"
            if name in plain:
                kind_of_duckdb = _PLAIN[str(kind)][1]
                columns.append(f"CAST({column} AS {kind_of_duckdb}) AS {quoted(name)}")
            elif kind in (None, "id", "text", "measure") or may_be_text:
                columns.append(f"{column} AS {quoted(name)}")
            else:
                mapping = f"skseg_values_{place}"
                self._register_values(mapping, name, str(kind))
                columns.append(f"m{place}.value AS {quoted(name)}")
                joins.append(
                    f"LEFT JOIN {mapping} AS m{place} ON {column} = m{place}.text"
                )
        sql = f"SELECT {', '.join(columns)} FROM {self.table.source} AS r"
        return _opened(self.table.relation(f"{sql} {' '.join(joins)}"))

    def _plain_columns(self, kinds: Mapping[str, str | None]) -> set[str]:
        """Return the columns of which every text has one reading."""
        tests = {}
        for name, kind in kinds.items():
            is_default = kind == "id" or self._has_default_format(kind)
            if kind in _PLAIN and is_default:
                tests[name] = _PLAIN[str(kind)][0].format(quoted(name))
        if not tests:
            return set()
        counts = ", ".join(
            f"CAST(COUNT(*) FILTER ({quoted(name)} IS NOT NULL AND NOT ({test})) "
            f"AS BIGINT) AS n{place}"
            for place, (name, test) in enumerate(tests.items())
        )
        row = self.table.fetch(f"SELECT {counts} FROM {self.table.source}")
        return {name for place, name in enumerate(tests) if not row[f"n{place}"][0]}

    def _has_default_format(self, kind: str | None) -> bool:
        if kind == "date":
            return self._format.date_format is None
        return self._format.decimal == "." and self._format.thousands is None

    def _register_values(self, mapping: str, name: str, kind: str) -> None:
        """Read each text of a column once, and hand the values to DuckDB."""
        column = quoted(name)
        texts = self.table.fetch(
            f"SELECT DISTINCT {column} AS text FROM {self.table.source} "
            f"WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {MOST_TEXTS + 1}"
        )["text"]
        if len(texts) > MOST_TEXTS:
            raise InvalidDataError(
                f"{self.name}: The column {name!r} has more than {MOST_TEXTS:,} "
                f"different texts that are not written as plain {kind}s.",
                column=name,
                advice="Write it anew as Parquet, or give --engine memory.",
            )
        reader = ColumnReader(
            pd.DataFrame({name: texts}),
            self.name,
            lambda row: self.name,
            NumberFormat(self._format.decimal, self._format.thousands),
            DateFormat(self._format.date_format),
        )
        values = pd.DataFrame({"text": texts, "value": reader.read(name, kind)})
        self._texts.register(mapping, values)

    def _stored_columns(self, kinds: Mapping[str, str | None]) -> Table:
        """Return columns in their types; ids that are whole floats become integers."""
        floats = {"DOUBLE", "DOUBLE PRECISION", "FLOAT", "REAL", "double", "float"}
        ids = [
            name
            for name, kind in kinds.items()
            if kind == "id" and self.table.types[name] in floats
        ]
        whole = self._whole_columns(ids)
        columns = []
        for name in kinds:
            column = column_sql(self.table, name)
            cast = integer_sql(self.table, column)
            columns.append(f"{cast} AS {column}" if name in whole else column)
        sql = f"SELECT {', '.join(columns)} FROM {self.table.source}"
        return _opened(self.table.relation(sql))

    def _whole_columns(self, names: Sequence[str]) -> set[str]:
        """Return the columns of floats that hold nothing but whole numbers."""
        if not names:
            return set()
        columns = [column_sql(self.table, name) for name in names]
        tests = ", ".join(
            f"SUM(CASE WHEN {column} <> FLOOR({column}) OR ABS({column}) > "
            f"{MOST_EXACT_INTEGER} THEN 1 ELSE 0 END) AS n{place}"
            for place, column in enumerate(columns)
        )
        row = self.table.fetch(f"SELECT {tests} FROM {self.table.source}")
        return {name for place, name in enumerate(names) if not row[f"n{place}"][0]}


def column_sql(table: Table, name: str) -> str:
    """Return a column in the SQL of its engine."""
    # sqlglot is an extra, so it is imported where it is used.
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._trees import column_tree

    return find_dialect(table.dialect).write(column_tree(name), pretty=False)


def _opened(relation: Any) -> Table:
    table = open_table(relation)
    assert table is not None
    return table
