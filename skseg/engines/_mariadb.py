"""MariaDB and MySQL, by PyMySQL."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from skseg.exceptions import InvalidParameterError

from ._database import Database, Parts
from ._table import view_name


class MariaDBDatabase(Database):
    """A database of MariaDB or MySQL; see `Database`."""

    dialect = "mysql"
    quote = "`"
    floats = frozenset([4, 5])

    def is_open(self, connection: Any) -> bool:
        """Return whether the connection still is one."""
        return bool(connection.open)

    @contextmanager
    def reading(self, connection: Any) -> Iterator[Any]:
        """Give a cursor that reads rows as they come."""
        from pymysql.cursors import SSCursor

        if hasattr(signal, "siginterrupt"):
            # Polars has the system go on with a read that Ctrl-C interrupts, so that
            # Python would hear of it at the end of the query.
            signal.siginterrupt(signal.SIGINT, True)
        is_idle = not in_transaction(connection)
        zone = run(connection, "SELECT @@session.time_zone")[0][0]
        run(connection, "SET time_zone = '+00:00'")
        try:
            with closing(SSCursor(connection)) as cursor:
                yield cursor
        except BaseException as error:
            if not isinstance(error, Exception):
                kill_query(connection)
            raise
        finally:
            if connection.open:
                run(connection, f"SET time_zone = '{zone}'")
                # A transaction that stays open would read today's rows for ever.
                if is_idle and in_transaction(connection):
                    connection.rollback()

    def columns(self, parts: Parts) -> dict[str, str]:
        """Return the columns of a table or view and their types."""
        from pymysql.constants import ER
        from pymysql.err import MySQLError

        try:
            rows = self.rows(f"SHOW COLUMNS FROM {self.quoted(*parts)}")
        except MySQLError as error:
            if error.args[0] in {ER.NO_SUCH_TABLE, ER.BAD_DB_ERROR, ER.NO_DB_ERROR}:
                return {}
            raise
        return {name: as_text(kind) for name, kind, *_ in rows}

    def tables(self) -> list[str]:
        """Return the names of the tables and views of the connection's database."""
        return [name for (name,) in self.rows("SHOW TABLES")]

    def result_types(self, sql: str, known: Mapping[str, str]) -> dict[str, str]:
        """Return the columns of a query; those of a table keep the type it declares."""
        with self.cursor() as cursor:
            cursor.execute(f"SELECT * FROM (\n{sql}\n) AS {view_name()} LIMIT 0")
            return {
                name: known.get(name, field_types().get(code, "text"))
                for name, code, *_ in cursor.description
            }

    def create_table(self, parts: Parts, sql: str, *, overwrite: bool) -> None:
        """Write the result of a query to a table beside the target, then rename it.

        The database commits at each of these statements.
        """
        beside = self.quoted(*parts[:-1], view_name())
        old = self.quoted(*parts[:-1], view_name())
        target = self.quoted(*parts)
        with self.connect() as connection:
            if in_transaction(connection):
                raise InvalidParameterError(
                    "sql_table",
                    "connection",
                    "without an open transaction, which a new table would commit",
                    connection,
                    advice="Commit it, or roll it back.",
                )
            with self.reading(connection) as cursor:
                try:
                    cursor.execute(f"CREATE TABLE {beside} AS\n{sql}")
                    if overwrite and self.columns(parts):
                        cursor.execute(
                            f"RENAME TABLE {target} TO {old}, {beside} TO {target}"
                        )
                        cursor.execute(f"DROP TABLE {old}")
                    else:
                        cursor.execute(f"RENAME TABLE {beside} TO {target}")
                except Exception:
                    cursor.execute(f"DROP TABLE IF EXISTS {beside}")
                    raise


def run(connection: Any, sql: str) -> Any:
    """Return the rows of a statement, by a cursor whose rows are tuples."""
    from pymysql.cursors import Cursor

    with closing(Cursor(connection)) as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def in_transaction(connection: Any) -> bool:
    """Return whether a transaction is open, as the last answer of the server says."""
    from pymysql.constants import SERVER_STATUS

    return bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)


def kill_query(connection: Any) -> None:
    """End the query of a connection that Ctrl-C has cut off, by another connection.

    The driver closes the connection, which the server does not notice until it sends.
    """
    import pymysql
    from pymysql.constants import CLIENT

    if connection.unix_socket:
        options: dict[str, Any] = {"unix_socket": connection.unix_socket}
    else:
        options = {"host": connection.host, "port": connection.port}
    if connection.client_flag & CLIENT.SSL:
        options["ssl"] = connection.ctx
    # Ctrl-C is reported even if the server cannot be told.
    with suppress(pymysql.MySQLError):
        killer = pymysql.connect(
            user=connection.user, password=connection.password, **options
        )
        with closing(killer):
            killer.kill(connection.thread_id())


def as_text(value: str | bytes) -> str:
    """Return a type, which some servers send as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def field_types() -> dict[int, str]:
    """Return the types of results by their number in the protocol."""
    from pymysql.constants import FIELD_TYPE

    return {
        FIELD_TYPE.TINY: "tinyint",
        FIELD_TYPE.SHORT: "smallint",
        FIELD_TYPE.INT24: "mediumint",
        FIELD_TYPE.LONG: "int",
        FIELD_TYPE.LONGLONG: "bigint",
        FIELD_TYPE.FLOAT: "float",
        FIELD_TYPE.DOUBLE: "double",
        FIELD_TYPE.DECIMAL: "decimal",
        FIELD_TYPE.NEWDECIMAL: "decimal",
        FIELD_TYPE.DATE: "date",
        FIELD_TYPE.DATETIME: "datetime",
        FIELD_TYPE.TIMESTAMP: "timestamp",
        FIELD_TYPE.TIME: "time",
        FIELD_TYPE.YEAR: "year",
    }
