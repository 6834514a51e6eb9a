"""Tables of every engine: their columns, what queries return, and what they leave."""

from __future__ import annotations

import datetime
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from skseg.engines import Table, is_table, open_table, sql_table
from skseg.engines._polars import used_columns
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingExtraError
from tests.engines.connections import (
    connection,
    every_engine,
    make_table,
    new_name,
    variable,
)

MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 5)
VALUES: dict[str, Any] = {
    "double": [0.1, None, math.nan],
    "full double": [0.1, -0.0, 1e300],
    "null": pa.array([None] * 3, pa.float64()),
    "whole": [1, 2**53 + 1, -(2**63)],
    "small": pa.array([1, 2, -3], pa.int32()),
    "gaps": [1, None, 2**53 + 1],
    "text": ["", None, "it's ä\\"],
    "truth": [True, False, True],
    "maybe": [True, None, False],
    "day": [datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)],
    "a.b": [1, 2, 3],
    'q"`': [1, 2, 3],
}
# Engines that have no booleans give whole numbers, and SQLite no dates but text.
WITHOUT_BOOLEANS = ("sqlite", "mariadb", "ibis")


def opened(X: Any) -> Table:
    table = open_table(X)
    assert table is not None
    assert is_table(X)
    return table


@every_engine
def test_values_are_the_same_from_every_engine(engine: str) -> None:
    values = VALUES.copy()
    if engine == "ibis":
        # The backend for SQLite takes no backticks, and dates before 1970 alone.
        values.pop('q"`')
    table = opened(make_table(engine, values))
    assert list(table.types) == list(values)
    assert all(isinstance(kind, str) for kind in table.types.values())
    columns = table.fetch(f"SELECT * FROM {table.source}")
    assert list(columns) == list(values)
    kinds = {name: array.dtype.kind for name, array in columns.items()}
    integers = ["whole", "small", "a.b"]
    assert {kinds[name] for name in ["double", "full double"]} == {"f"}
    assert {kinds[name] for name in integers} == {"i"}
    assert {columns[name].dtype.itemsize for name in integers} == {8}
    assert {kinds[name] for name in ["gaps", "text", "maybe", "day"]} == {"O"}
    assert kinds["truth"] == ("i" if engine in WITHOUT_BOOLEANS else "b")
    np.testing.assert_array_equal(columns["double"], [0.1, math.nan, math.nan])
    np.testing.assert_array_equal(columns["full double"], VALUES["full double"])
    if engine not in ("sqlite", "ibis", "mariadb"):
        # These read the literal as 0.0, or store it as a whole number.
        assert np.signbit(columns["full double"]).tolist() == [False, True, False]
    for name in ["whole", "gaps", "text", "maybe", "a.b"]:
        assert columns[name].tolist() == list(VALUES[name]), name
    days = VALUES["day"]
    if engine in ("sqlite", "ibis"):
        days = [None if day is None else day.isoformat() for day in days]
    assert columns["day"].tolist() == days
    if engine in ("sqlite", "ibis"):
        assert columns["null"].tolist() == [None] * 3
    else:
        assert np.isnan(columns["null"]).all()


@every_engine
def test_a_result_without_rows_has_its_columns(engine: str) -> None:
    table = opened(make_table(engine, {"x": [1.0], "s": ["a"]}))
    columns = table.fetch(f"SELECT x, s FROM {table.source} WHERE x > 5")
    assert {name: len(values) for name, values in columns.items()} == {"x": 0, "s": 0}


@every_engine
def test_the_result_of_a_query_is_a_table_again(engine: str) -> None:
    table = opened(make_table(engine, {"x": [1.0, 2.0], "s": ["a", None]}))
    query = f"SELECT s, x + 1 AS y FROM {table.source}"
    result = opened(table.relation(query))
    assert list(result.types) == ["s", "y"]
    assert result.dialect == table.dialect
    rows = result.fetch(f"SELECT y FROM {result.source} ORDER BY 1")
    assert rows["y"].tolist() == [2.0, 3.0]


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_a_query_may_read_a_table_twice(engine: str) -> None:
    table = opened(make_table(engine, {"x": [1.0, 2.0, math.nan], "y": [1, 2, 3]}))
    rows = table.fetch(
        f"WITH a AS (SELECT x, y FROM {table.source}), "
        f"b AS (SELECT y FROM {table.source}) "
        "SELECT count(*) AS n FROM a JOIN b USING (y) WHERE isnan(a.x)"
    )
    assert rows["n"].tolist() == [1]


@every_engine
def test_columns_that_are_absent_are_named_with_those_there_are(engine: str) -> None:
    table = opened(make_table(engine, {"aov": [1.0]}))
    with pytest.raises(InvalidDataError, match=r"the column 'sum'.*'aov'"):
        table.require("A test", ["aov", "sum"])
    table.require("A test", ["aov"])


def test_columns_of_one_name_are_refused() -> None:
    relation = duckdb.sql("SELECT 1 AS a, 2 AS b")
    twice = relation.query("t", "SELECT a, b AS a FROM t")
    if len(set(twice.columns)) == 2:
        pytest.skip("this version of DuckDB renames them")
    with pytest.raises(InvalidDataError, match="several columns called 'a'"):
        open_table(twice)


# --- LazyFrames of polars -------------------------------------------------------------


def test_polars_reads_the_columns_that_a_query_mentions() -> None:
    names = ["aov", "plan", 'say "hi"', "x"]
    assert used_columns("SELECT AOV FROM t", names) == ["aov"]
    # More columns than are needed do no harm: there is an x in max.
    sql = 'SELECT max("say ""hi""") FROM t'
    assert used_columns(sql, names) == names[2:]
    assert used_columns("SELECT count(*) FROM t", names) == ["aov"]
    assert used_columns("SELECT Count( * ), max(plan) FROM t", names) == ["plan", "x"]
    for sql in ("SELECT * FROM t", "SELECT t.* FROM t", "FROM t", "TABLE t"):
        assert used_columns(sql, names) == names
    with_sql = "\nWITH a AS (SELECT plan FROM t) SELECT plan FROM a"
    assert used_columns(with_sql, names) == ["plan"]


def test_a_query_of_polars_is_lazy_and_filters() -> None:
    reads: list[int] = []

    def watched(frame: pl.DataFrame) -> pl.DataFrame:
        reads.append(frame.height)
        return frame

    columns = {"x": range(1000), "y": [1.5] * 1000}
    frame = pl.LazyFrame(columns).map_batches(watched)
    table = opened(frame)
    result = table.relation(f"SELECT x * 2 AS z, y FROM {table.source} WHERE x >= 10")
    assert isinstance(result, pl.LazyFrame)
    assert reads == []
    assert result.collect_schema() == {"z": pl.Int64, "y": pl.Float64}
    assert reads == []
    assert result.head(2).collect()["z"].to_list() == [20, 22]
    assert result.filter(pl.col("z") == 40).select("y").collect().rows() == [(1.5,)]
    assert result.filter(pl.col("z") > 40).head(1).collect().rows() == [(42, 1.5)]
    assert result.select(pl.len()).collect().item() == 990


def test_lazy_frames_of_narwhals_are_those_they_wrap() -> None:
    for native in (pl.LazyFrame({"x": [1.0]}), duckdb.sql("SELECT 1.0::DOUBLE AS x")):
        lazy = nw.from_native(native)
        assert is_table(lazy)
        assert opened(lazy).types == {"x": "DOUBLE"}


@pytest.mark.parametrize(
    "value", [None, 1, [[1.0]], {"a": [1]}, np.ones((2, 2)), object()]
)
def test_what_is_in_memory_is_no_table(value: Any) -> None:
    assert open_table(value) is None
    assert not is_table(value)


# --- Connections ----------------------------------------------------------------------


def cursor_of(engine: str, of: Any) -> Callable[[str], Any]:
    """Return a function that runs a statement and returns its rows."""

    def execute(sql: str) -> Any:
        cursor = of.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None

    return execute


DATABASES = ["duckdb", "sqlite", "postgres", "mariadb"]
every_database = pytest.mark.parametrize("engine", DATABASES)


@every_database
def test_tables_are_found_by_names_of_any_kind(engine: str) -> None:
    execute, mark = (
        cursor_of(engine, connection(engine)),
        "`" if engine == "mariadb" else '"',
    )
    name, view = f"{new_name()}.Ä b'c", new_name()
    execute(f"CREATE TABLE {mark}{name}{mark} (x INTEGER, {mark}Y z{mark} INTEGER)")
    execute(f"CREATE VIEW {view} AS SELECT x FROM {mark}{name}{mark}")
    try:
        schema = {"duckdb": "main.", "sqlite": "main.", "postgres": "public."}
        for prefix in ("", schema.get(engine, "")):
            for quote in ('"', "`"):
                table = sql_table(connection(engine), f"{prefix}{quote}{name}{quote}")
                assert list(table.types) == ["x", "Y z"]
                assert len(table.fetch(f"SELECT * FROM {table.source}")["x"]) == 0
        assert list(sql_table(connection(engine), view).types) == ["x"]
        with pytest.raises(InvalidParameterError) as error:
            sql_table(connection(engine), view[:-1] + "x" + view[-1])
        assert error.value.advice is not None
        assert repr(view) in error.value.advice
        assert f"Did you mean {view!r}?" in error.value.advice
        for absent in (f"nowhere.{view}", f"a.b.c.d.{view}"):
            with pytest.raises(InvalidParameterError, match="table or view of the"):
                sql_table(connection(engine), absent)
    finally:
        execute(f"DROP VIEW {view}")
        execute(f"DROP TABLE {mark}{name}{mark}")


@pytest.mark.parametrize(
    "name", ["", ".", "a.", ".a", 'a"b', "a..b", '""', None, 3, ("a",)]
)
def test_what_names_no_table_is_refused(name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="name of a table, such as"):
        sql_table(connection("sqlite"), name)


NO_CONNECTIONS = [None, "sqlite://", object(), pl.LazyFrame()]


@pytest.mark.parametrize(
    "value", NO_CONNECTIONS, ids=lambda value: type(value).__name__
)
def test_what_is_no_connection_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParameterError, match="an open connection of sqlite3"):
        sql_table(value, "customers")


def test_a_closed_connection_is_said_to_be_closed() -> None:
    closed: list[Any] = [sqlite3.connect(":memory:"), duckdb.connect(":memory:")]
    for each in closed:
        each.close()
        with pytest.raises(InvalidParameterError, match="must be open") as error:
            sql_table(each, "customers")
        assert error.value.name == "connection"


def test_a_closed_connection_of_a_server_is_said_to_be_closed() -> None:
    with closing(another("postgres")) as postgres:
        pass
    with closing(another("mariadb")) as mariadb:
        pass
    for each in (postgres, mariadb):
        with pytest.raises(InvalidParameterError, match="must be open"):
            sql_table(each, "customers")


SYSTEM_TABLES = {
    "sqlite": "sqlite_master",
    "postgres": "pg_catalog.pg_class",
    "mariadb": "information_schema.tables",
}


@pytest.mark.parametrize("engine", sorted(SYSTEM_TABLES))
def test_a_table_says_that_its_connection_has_been_closed(engine: str) -> None:
    opened = sqlite3.connect(":memory:") if engine == "sqlite" else another(engine)
    with closing(opened):
        table = sql_table(opened, SYSTEM_TABLES[engine])
    query = f"SELECT * FROM {table.source}"
    for use in (table.fetch, table.relation, lambda sql: table.write(sql, "copy")):
        with pytest.raises(InvalidParameterError, match="Connect again, and pass"):
            use(query)


def another(engine: str, **options: Any) -> Any:
    """Return a connection of its own, without autocommit."""
    if engine == "postgres":
        psycopg = pytest.importorskip("psycopg")
        return psycopg.connect(variable("SKSEG_POSTGRES"), **options)
    if engine == "mariadb":
        shared = connection("mariadb")
        pymysql = pytest.importorskip("pymysql")
        where = {"host": shared.host, "port": shared.port, "user": shared.user}
        return pymysql.connect(**where, database=shared.db, **options)
    return sqlite3.connect(":memory:", **options)


def is_open(engine: str, of: Any) -> bool:
    """Return whether a transaction is open."""
    if engine == "postgres":
        return int(of.info.transaction_status) != 0
    if engine == "mariadb":
        return bool(of.server_status & 1)
    return bool(of.in_transaction)


SERVERS = ["sqlite", "postgres", "mariadb"]


@pytest.mark.parametrize("engine", SERVERS)
def test_no_transaction_stays_open_that_was_not(engine: str) -> None:
    name = new_name()
    with closing(another(engine)) as own:
        execute = cursor_of(engine, own)
        execute(f"CREATE TABLE {name} (x INTEGER)")
        own.commit()
        try:
            table = sql_table(own, name)
            assert not is_open(engine, own)
            table.fetch(f"SELECT x FROM {table.source}")
            assert not is_open(engine, own)
            with pytest.raises(Exception, match="nothing"):
                table.fetch(f"SELECT nothing FROM {table.source}")
            assert not is_open(engine, own)
            # What the user has begun goes on, whatever becomes of a query.
            execute(f"INSERT INTO {name} VALUES (7)")
            assert table.fetch(f"SELECT x FROM {table.source}")["x"].tolist() == [7]
            with pytest.raises(Exception, match="nothing"):
                table.fetch(f"SELECT nothing FROM {table.source}")
            assert is_open(engine, own)
            own.rollback()
            assert len(table.fetch(f"SELECT x FROM {table.source}")["x"]) == 0
        finally:
            execute(f"DROP TABLE {name}")
            own.commit()


@pytest.mark.parametrize("engine", SERVERS)
def test_factories_of_rows_make_no_difference(engine: str) -> None:
    options: dict[str, Any] = {}
    if engine == "postgres":
        options["row_factory"] = pytest.importorskip("psycopg.rows").dict_row
    if engine == "mariadb":
        options["cursorclass"] = pytest.importorskip("pymysql.cursors").DictCursor
    name = new_name()
    with closing(another(engine, **options)) as own:
        own.row_factory = (
            sqlite3.Row if engine == "sqlite" else options.get("row_factory")
        )
        kind = "TEMPORARY TABLE"
        cursor_of(engine, own)(f"CREATE {kind} {name} AS SELECT 1 AS x, 2 AS y")
        table = sql_table(own, name)
        columns = table.fetch(f"SELECT y, x FROM {table.source}")
        assert [(n, v.tolist()) for n, v in columns.items()] == [("y", [2]), ("x", [1])]


def test_a_database_that_may_only_be_read_is_read(tmp_path: Any) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("CREATE TABLE customers AS SELECT 1.5 AS aov")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        table = sql_table(reader, "customers")
        assert table.fetch(f"SELECT aov FROM {table.source}")["aov"].tolist() == [1.5]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            table.write(f"SELECT aov FROM {table.source}", "copy")


def test_a_table_that_may_not_be_read_is_named() -> None:
    name, role = new_name(), f"role_{new_name()}"
    postgres = connection("postgres")
    postgres.execute(f"CREATE TABLE {name} (x INTEGER)")
    postgres.execute(f"CREATE ROLE {role}")
    try:
        postgres.execute(f"SET ROLE {role}")
        with pytest.raises(InvalidParameterError, match="permission denied") as error:
            sql_table(postgres, name)
        assert error.value.name == "name"
    finally:
        postgres.execute("RESET ROLE")
        postgres.execute(f"DROP TABLE {name}")
        postgres.execute(f"DROP ROLE {role}")


@pytest.fixture
def sqlalchemy_engine(tmp_path: Any) -> Iterator[Any]:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as each:
        each.exec_driver_sql("CREATE TABLE customers AS SELECT 1.5 AS aov, '%x' AS s")
    yield engine
    engine.dispose()


def test_engines_and_connections_of_sqlalchemy_are_read(sqlalchemy_engine: Any) -> None:
    table = sql_table(sqlalchemy_engine, "customers")
    query = f"SELECT aov FROM {table.source} WHERE s LIKE '%x'"
    assert table.fetch(query)["aov"].tolist() == [1.5]
    assert sqlalchemy_engine.pool.checkedout() == 0
    table.write(query, "copy")
    assert list(sql_table(sqlalchemy_engine, "copy").types) == ["aov"]
    with sqlalchemy_engine.connect() as each:
        assert sql_table(each, "main.customers").fetch(query)["aov"].tolist() == [1.5]
    with pytest.raises(InvalidParameterError, match="must be open"):
        sql_table(each, "customers")


def test_a_session_of_sqlalchemy_is_refused_with_the_way_out(
    sqlalchemy_engine: Any,
) -> None:
    orm = pytest.importorskip("sqlalchemy.orm")
    with orm.Session(sqlalchemy_engine) as session:
        with pytest.raises(InvalidParameterError, match=r"session\.connection\(\)"):
            sql_table(session, "customers")
        assert sql_table(session.connection(), "customers").types["aov"] is not None


@pytest.mark.parametrize("server", ["postgresql+psycopg", "mysql+pymysql"])
def test_servers_are_read_through_sqlalchemy(server: str) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    key = "SKSEG_POSTGRES" if server.startswith("p") else "SKSEG_MARIADB"
    address = variable(key).partition("://")[2]
    engine = sqlalchemy.create_engine(f"{server}://{address}")
    name = new_name()
    with engine.connect() as each:
        each.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} AS SELECT 7 AS x")
        table = sql_table(each, name)
        assert table.fetch(f"SELECT x FROM {table.source}")["x"].tolist() == [7]
    engine.dispose()


# --- Time zones -----------------------------------------------------------------------


def test_moments_become_days_in_utc() -> None:
    postgres = connection("postgres")
    name = new_name()
    postgres.execute(f"CREATE TEMPORARY TABLE {name} (moment timestamptz)")
    postgres.execute(f"INSERT INTO {name} VALUES ('2024-02-29 23:59:59+00')")
    postgres.execute("SET TIME ZONE 'Pacific/Auckland'")
    try:
        days = sql_table(postgres, name).fetch(f"SELECT moment::date AS d FROM {name}")
        (shown,) = postgres.execute("SHOW TIME ZONE").fetchone()
    finally:
        postgres.execute("RESET TIME ZONE")
    assert days["d"].tolist() == [datetime.date(2024, 2, 29)]
    assert shown == "Pacific/Auckland"


def test_moments_of_mariadb_become_days_in_utc() -> None:
    mariadb, name = connection("mariadb"), new_name()
    execute = cursor_of("mariadb", mariadb)
    execute("SET time_zone = '+13:00'")
    try:
        execute(f"CREATE TEMPORARY TABLE {name} (moment TIMESTAMP)")
        execute(f"INSERT INTO {name} VALUES ('2024-03-01 12:59:59')")
        query = f"SELECT DATE(moment) AS d FROM {name}"
        days = sql_table(mariadb, name).fetch(query)
        shown = execute("SELECT @@session.time_zone")
    finally:
        execute("SET time_zone = 'SYSTEM'")
    assert days["d"].tolist() == [datetime.date(2024, 2, 29)]
    assert shown == (("+13:00",),)


# --- Ctrl-C ---------------------------------------------------------------------------

ENDLESS = {
    "duckdb": "SELECT count(*) AS n FROM range(1000000) a, range(1000000) b "
    "WHERE a.range * b.range % 7 = 3",
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
    "WHERE x < 1e9) SELECT count(*) AS n FROM c",
    "postgres": "SELECT count(*) AS n FROM generate_series(1, 100000) a, "
    "generate_series(1, 100000) b WHERE a * b::bigint % 7 = 3",
    "mariadb": "SELECT benchmark(10000000000, md5('a')) AS n",
}


@pytest.mark.parametrize("engine", ENDLESS)
def test_ctrl_c_ends_a_query_in_the_engine(engine: str) -> None:
    if engine == "duckdb" and duckdb.__version__.startswith("1.1."):
        pytest.skip("this version of DuckDB hears Ctrl-C at the end of a query")
    if engine == "mariadb":
        own = another("mariadb")
        table: Table = make_table("mariadb", {"x": [1]})
        thread = own.thread_id()
        table._database.connect = lambda: closing(own)  # type: ignore[attr-defined]
    else:
        table = opened(make_table(engine, {"x": [1]}))
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        table.fetch(ENDLESS[engine])
    if engine == "mariadb":
        execute = cursor_of("mariadb", connection("mariadb"))
        running = [row for row in execute("SHOW PROCESSLIST") if row[0] == thread]
        # The server may still be at the end of a killed thread.
        assert (
            all(row[4] != "Query" or row[7] is None for row in running) or not running
        )
    else:
        # The connection serves on.
        assert table.fetch(f"SELECT x FROM {table.source}")["x"].tolist() == [1]


# --- Imports --------------------------------------------------------------------------


def test_engines_are_imported_when_their_tables_are() -> None:
    code = (
        "import sys, skseg.engines; "
        "print([m for m in ('duckdb', 'ibis', 'pandas', 'polars', 'psycopg', 'pyarrow',"
        " 'pymysql', 'pyspark', 'sklearn', 'sqlalchemy') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_a_library_that_is_absent_is_named_by_its_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "customers.parquet"
    pl.DataFrame({"x": [1.0]}).write_parquet(path)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for table in (path, pl.LazyFrame({"x": [1.0]})):
        with pytest.raises(MissingExtraError, match=r"skseg\[sql\]") as error:
            open_table(table)
        assert error.value.extra == "sql"


# --- Spark ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frame() -> Any:
    """Return a DataFrame of Spark with a moment at the end of a day in UTC."""
    moment = pa.array([MOMENT, None], pa.timestamp("us", "UTC"))
    return make_table("spark", {"id": [1, 2], "aov": [150.0, None], "moment": moment})


def test_moments_of_spark_become_days_in_utc(frame: Any) -> None:
    settings = frame.sparkSession.conf
    settings.set("spark.sql.session.timeZone", "Pacific/Auckland")
    try:
        table = opened(frame)
        query = f"SELECT CAST(moment AS DATE) AS d FROM {table.source}"
        days = table.fetch(query)["d"].tolist()
        collected = [row.d for row in table.relation(query).collect()]
        assert settings.get("spark.sql.session.timeZone") == "Pacific/Auckland"
    finally:
        settings.set("spark.sql.session.timeZone", "UTC")
    assert days == collected == [MOMENT.date(), None]
    # The view is there only while a query is planned.
    views = [view.name for view in frame.sparkSession.catalog.listTables()]
    assert table.source not in views


def test_columns_of_spark_of_one_name_are_refused(frame: Any) -> None:
    twice = frame.select("id", "aov").toDF("a", "a")
    with pytest.raises(InvalidDataError, match=r"several columns .* toDF"):
        open_table(twice)
    assert opened(twice.toDF("a", "b")).types == {"a": "bigint", "b": "double"}


def test_spark_writes_folders_and_tables_wholly_or_not_at_all(
    frame: Any, tmp_path: Any
) -> None:
    table, folder = opened(frame), tmp_path / "scored.parquet"
    query = f"SELECT id, aov FROM {table.source}"
    failing = f"SELECT raise_error('stop') AS x FROM {table.source}"
    name = new_name()
    session = frame.sparkSession

    def written() -> list[int]:
        rows = session.read.parquet(str(folder)).collect()
        assert sorted(row.id for row in session.table(name).collect()) == [1, 2]
        return sorted(row.id for row in rows)

    for target in (folder, name):
        with pytest.raises(Exception, match="stop"):
            table.write(failing, target)
    assert list(tmp_path.iterdir()) == []
    assert not session.catalog.tableExists(name)
    try:
        for target in (folder, name):
            table.write(query, target)
            with pytest.raises(InvalidParameterError, match="overwrite=True"):
                table.write(query, target)
            with pytest.raises(Exception, match="stop"):
                table.write(failing, target, overwrite=True)
        assert written() == [1, 2]
        for target in (folder, name):
            table.write(query, target, overwrite=True)
        assert written() == [1, 2]
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]
        with pytest.raises(InvalidParameterError, match=r"ends in '\.parquet'"):
            table.write(query, tmp_path / "scored.csv")
    finally:
        session.sql(f"DROP TABLE IF EXISTS {name}")
