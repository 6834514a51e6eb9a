"""The engines that tests can run: their connections, and tables of generated columns.

Servers are found by the variables that ``tests/engines/servers.sh start`` prints. A
test of an engine whose server or library is absent skips, with the reason.
"""

from __future__ import annotations

import atexit
import datetime
import itertools
import math
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pytest

from skseg.engines import sql_table

Columns = Mapping[str, Sequence[Any]]

# Tables of two processes are told by the number of the process.
_numbers = itertools.count(1)


def new_name() -> str:
    """Return a name that no other table of a test has."""
    return f"t{os.getpid()}_{next(_numbers)}"


def variable(name: str) -> str:
    """Return where a server is; skip the test where it is not told."""
    if not (address := os.environ.get(name)):
        pytest.skip(f"{name} is not set: tests/engines/servers.sh starts the server")
    return address


@cache
def duckdb_connection() -> Any:
    """Return one connection to a DuckDB in memory for the process."""
    return duckdb.connect(":memory:", config={"threads": 1})


@cache
def sqlite_connection() -> sqlite3.Connection:
    """Return one connection to a SQLite in memory for the process."""
    return sqlite3.connect(":memory:", check_same_thread=False)


@cache
def postgres_connection() -> Any:
    """Return one connection to PostgreSQL for the process, or skip."""
    address = variable("SKSEG_POSTGRES")
    psycopg = pytest.importorskip("psycopg")
    return psycopg.connect(address, autocommit=True)


@cache
def mariadb_connection() -> Any:
    """Return one connection to MariaDB for the process, or skip."""
    parts = urlsplit(variable("SKSEG_MARIADB"))
    pymysql = pytest.importorskip("pymysql")
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        database=parts.path.lstrip("/"),
        charset="utf8mb4",
        autocommit=True,
    )


@cache
def spark_session() -> Any:
    """Return one session of Spark for the process, on one core, or skip."""
    address = variable("SKSEG_SPARK")
    sql = pytest.importorskip("pyspark.sql")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = sql.SparkSession.builder.master(address).appName("skseg tests")
    for name, value in {
        "spark.cores.max": "1",
        "spark.executor.cores": "1",
        "spark.executor.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="skseg-spark-"),
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    # An idle session would hold its core from the next process.
    atexit.register(session.stop)
    return session


def postgres_type(kind: pa.DataType) -> str:
    """Return the type of PostgreSQL for one of Arrow."""
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return _sql_type(
        kind,
        {"float": "real", "double": "double precision", "bool": "boolean"},
        text="text",
    )


def mariadb_type(kind: pa.DataType) -> str:
    """Return the type of MariaDB for one of Arrow."""
    if pa.types.is_timestamp(kind):
        return "datetime(6)"
    return _sql_type(
        kind, {"float": "float", "double": "double", "bool": "boolean"}, text="longtext"
    )


def sqlite_type(kind: pa.DataType) -> str:
    """Return the declared type of SQLite for one of Arrow."""
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP"
    return _sql_type(
        kind, {"float": "REAL", "double": "REAL", "bool": "BOOLEAN"}, text="TEXT"
    )


def _sql_type(kind: pa.DataType, types: Mapping[str, str], text: str) -> str:
    name = str(kind)
    if name in types:
        return types[name]
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_integer(kind):
        return {"int8": "smallint", "int16": "smallint", "int32": "integer"}.get(
            name, "bigint"
        )
    return text


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, datetime.date) else value


def _mariadb_value(value: Any) -> Any:
    # MariaDB stores no NaN, so that a missing number can only be NULL there.
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_is(value: Any) -> Any:
    return value


def _create(
    execute: Callable[[str], Any], table: pa.Table, kind: Callable[[Any], str], q: str
) -> str:
    """Create an empty table, and return its name."""
    name = new_name()
    columns = [
        f"{q}{field.name.replace(q, q * 2)}{q} {kind(field.type)}"
        for field in table.schema
    ]
    execute(f"CREATE TABLE {name} ({', '.join(columns)})")
    return name


def _rows(table: pa.Table, value: Callable[[Any], Any]) -> list[list[Any]]:
    columns = [[value(v) for v in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def duckdb_table(table: pa.Table) -> Any:
    """Return a relation of DuckDB over a table of its own."""
    connection, name = duckdb_connection(), new_name()
    connection.register("arrow_table", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_table")
    connection.unregister("arrow_table")
    return connection.table(name)


def sqlite_table(table: pa.Table) -> Any:
    """Return a table of SQLite; NaN is NULL there."""
    connection = sqlite_connection()
    name = _create(connection.execute, table, sqlite_type, '"')
    marks = ", ".join("?" * table.num_columns)
    rows = _rows(table, _sqlite_value)
    connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    connection.commit()
    return sql_table(connection, name)


def postgres_table(table: pa.Table) -> Any:
    """Return a table of PostgreSQL."""
    connection = postgres_connection()
    name = _create(_temporary(connection.execute), table, postgres_type, '"')
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for row in _rows(table, _as_is):
            copy.write_row(row)
    return sql_table(connection, name)


def mariadb_table(table: pa.Table) -> Any:
    """Return a table of MariaDB; NaN is NULL there, and infinities are refused."""
    connection = mariadb_connection()
    with connection.cursor() as cursor:
        name = _create(_temporary(cursor.execute), table, mariadb_type, "`")
        marks = ", ".join(["%s"] * table.num_columns)
        rows = _rows(table, _mariadb_value)
        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    return sql_table(connection, name)


def _temporary(execute: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return `execute` with tables that end with the connection."""
    return lambda sql: execute(sql.replace("CREATE TABLE", "CREATE TEMPORARY TABLE"))


def spark_table(table: pa.Table) -> Any:
    """Return a DataFrame of Spark."""
    session = spark_session()
    with warnings.catch_warnings():
        # It has not been tried with new versions of pandas, which is not used.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support")
        return session.createDataFrame(table)


def polars_table(table: pa.Table) -> Any:
    """Return a LazyFrame of polars."""
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table)
    return frame.lazy()


def ibis_table(table: pa.Table) -> Any:
    """Return a table of ibis over SQLite, whose backend works with every version."""
    ibis = pytest.importorskip("ibis")
    pytest.importorskip("pyarrow_hotfix")
    backend = ibis.sqlite.connect()
    name = _create(backend.raw_sql, table, sqlite_type, '"')
    marks = ", ".join("?" * table.num_columns)
    rows = _rows(table, _sqlite_value)
    backend.con.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    backend.con.commit()
    return backend.table(name)


TABLES: dict[str, Callable[[pa.Table], Any]] = {
    "duckdb": duckdb_table,
    "sqlite": sqlite_table,
    "postgres": postgres_table,
    "mariadb": mariadb_table,
    "spark": spark_table,
    "polars": polars_table,
    "ibis": ibis_table,
}

CONNECTIONS: dict[str, Callable[[], Any]] = {
    "duckdb": duckdb_connection,
    "sqlite": sqlite_connection,
    "postgres": postgres_connection,
    "mariadb": mariadb_connection,
    "spark": spark_session,
}

# In the order in which failures are the easiest to understand.
engine_names = tuple(TABLES)

every_engine = pytest.mark.parametrize("engine", engine_names)


def connection(engine: str) -> Any:
    """Return the connection or session of an engine for this process, or skip."""
    return CONNECTIONS[engine]()


def make_table(engine: str, columns: Columns | pa.Table) -> Any:
    """Return generated columns as a table of an engine, or skip without that engine.

    Parameters
    ----------
    engine : str
        One of `engine_names`.
    columns : mapping of str to sequence, or pyarrow.Table
        Name -> values, or Arrow arrays where the type is not that of the values:
        ``pa.array([1, 2], pa.int32())``. None is NULL; NaN stays NaN in engines that
        store it, and is NULL in SQLite and MariaDB.

    Returns
    -------
    object
        What a user passes: a relation, a DataFrame, a `Table`.
    """
    table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    return TABLES[engine](table)
