"""The table of a name in a database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from skseg.exceptions import InvalidParameterError, did_you_mean

from ._database import Database, DatabaseTable, closed_connection
from ._duckdb import DuckDBTable, quoted
from ._mariadb import MariaDBDatabase
from ._names import name_parts, package
from ._postgres import PostgresDatabase
from ._sqlite import SQLiteDatabase
from ._table import Table

# Database, schema and table of DuckDB.
N_PARTS = 3
# Driver, by the package that a connection's class is of.
DATABASES: dict[str, type[Database]] = {
    "sqlite3": SQLiteDatabase,
    "psycopg": PostgresDatabase,
    "pymysql": MariaDBDatabase,
}
CONNECTIONS = (
    "an open connection of sqlite3, psycopg, pymysql or duckdb, or an Engine or "
    "Connection of SQLAlchemy over one of the first three"
)


def sql_table(connection: Any, name: str) -> Table:
    """Return a table or view of a database, where rules and fits are computed.

    It is read only: unless a method is told a target, no statement but SELECT is run,
    and no transaction stays open that was not. The columns are read once, here.

    Parameters
    ----------
    connection : connection
        Of sqlite3, psycopg (PostgreSQL), pymysql (MariaDB, MySQL) or duckdb; or an
        Engine or Connection of SQLAlchemy over one of the first three. It stays open,
        and must until the last result is fetched.
    name : str
        Name of the table or view, with its schema where need be: "customers" or
        "sales.customers". Names are compared as they are, capitals included; a name
        that holds a dot stands in quotes: ``'"sales.2024"."customers"'``.

    Returns
    -------
    Table
        To be passed wherever rows or transactions are.

    Raises
    ------
    InvalidParameterError
        If this is no such connection or it is closed, or if there is no such table, in
        which case the error lists those that there are, or it may not be read.

    Examples
    --------
    >>> import sqlite3
    >>> from skseg.engines import sql_table
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE customers (aov REAL, plan TEXT)")
    >>> sql_table(connection, "customers").types
    {'aov': 'REAL', 'plan': 'TEXT'}
    >>> connection.close()
    """
    parts = name_parts("sql_table", "name", name)
    if package(type(connection)) in {"duckdb", "_duckdb"}:
        return _duckdb_table(connection, name, parts)
    database = _database(connection)
    types = database.columns(parts) if len(parts) <= database.n_parts else {}
    if not types:
        raise no_table(name, database.tables())
    source = database.quoted(*parts)
    try:
        database.rows(f"SELECT * FROM {source} WHERE 1 = 0")
    except Exception as error:
        raise unreadable(name, error) from error
    return DatabaseTable(database, source, types)


def _duckdb_table(connection: Any, name: str, parts: tuple[str, ...]) -> DuckDBTable:
    import duckdb

    try:
        if len(parts) > N_PARTS:
            raise duckdb.CatalogException(name)
        relation = connection.sql(f"FROM {quoted(*parts)}")
    except duckdb.ConnectionException as error:
        raise closed_connection(connection) from error
    except duckdb.CatalogException as error:
        rows = connection.sql("SHOW TABLES").fetchall()
        raise no_table(name, [table for (table,) in rows]) from error
    except duckdb.Error as error:
        raise unreadable(name, error) from error
    return DuckDBTable(relation, connection)


def no_table(name: str, tables: list[str]) -> InvalidParameterError:
    """Return the error for a table that is not there."""
    shown = ", ".join(map(repr, tables[:20])) or "none"
    more = f", ... ({len(tables)} in all)" if len(tables) > 20 else ""
    return InvalidParameterError(
        "sql_table",
        "name",
        "the name of a table or view of the database",
        name,
        advice=f"Those that need no schema: {shown}{more}.{did_you_mean(name, tables)}",
    )


def unreadable(name: str, error: Exception) -> InvalidParameterError:
    """Return the error for a table that the database does not let us read."""
    return InvalidParameterError(
        "sql_table",
        "name",
        "a table that the connection's user may read",
        name,
        advice=f"The database says: {' '.join(str(error).split())}",
    )


def _database(connection: Any) -> Database:
    """Return the database behind a connection, or raise for what is none."""
    connect: Callable[[], AbstractContextManager[Any]]
    raw, connect = connection, lambda: nullcontext(connection)
    if package(type(connection)) == "sqlalchemy":
        if not hasattr(connection, "dialect"):
            raise InvalidParameterError(
                "sql_table",
                "connection",
                CONNECTIONS,
                connection,
                advice="Pass session.connection() for a Session.",
            )
        if getattr(connection, "closed", False):
            raise closed_connection(connection)
        connect = _pooled(connection)
        with connect() as driver_connection:
            raw = driver_connection
    for base in type(raw).__mro__:
        if (driver := package(base)) in DATABASES:
            return DATABASES[driver](connect)
    raise InvalidParameterError("sql_table", "connection", CONNECTIONS, connection)


def _pooled(connection: Any) -> Callable[[], AbstractContextManager[Any]]:
    """Return how to borrow the driver's connection of SQLAlchemy's object."""
    if not hasattr(connection, "raw_connection"):
        # A Connection holds one, which stays its own.
        return lambda: nullcontext(connection.connection.driver_connection)

    @contextmanager
    def borrow() -> Any:
        pooled = connection.raw_connection()
        try:
            yield pooled.driver_connection
        finally:
            pooled.close()

    return borrow
