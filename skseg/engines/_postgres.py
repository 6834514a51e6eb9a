"""PostgreSQL, by psycopg 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ._database import Database, Parts
from ._table import view_name


class PostgresDatabase(Database):
    """A database of PostgreSQL; see `Database`."""

    dialect = "postgres"
    floats = frozenset([700, 701])
    n_parts = 3

    def is_open(self, connection: Any) -> bool:
        """Return whether the connection still is one."""
        return not connection.closed

    @contextmanager
    def reading(self, connection: Any) -> Iterator[Any]:
        """Give a cursor in a transaction, or in a savepoint of the user's one.

        The driver cancels a query that is interrupted.
        """
        from psycopg import Cursor
        from psycopg.rows import tuple_row

        # Whatever the connection's factories of cursors and rows are.
        new = Cursor(connection, row_factory=tuple_row)
        with connection.transaction(), new as cursor:
            # Compiling large CASE expressions takes far longer than running them.
            cursor.execute("SET LOCAL jit = off")
            cursor.execute("SET LOCAL TIME ZONE 'UTC'")
            yield cursor

    def columns(self, parts: Parts) -> dict[str, str]:
        """Return the columns of a table or view and their types."""
        name = self.quoted(*parts).replace("'", "''")
        return dict(
            self.rows(
                "SELECT attname::text, format_type(atttypid, atttypmod) "
                f"FROM pg_attribute WHERE attrelid = to_regclass(E'{escaped(name)}') "
                "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            )
        )

    def tables(self) -> list[str]:
        """Return the names of the tables and views on the search path."""
        rows = self.rows(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r','p','v','m','f') "
            "AND pg_table_is_visible(oid) AND relnamespace NOT IN "
            "('pg_catalog'::regnamespace, 'information_schema'::regnamespace) "
            "ORDER BY relname"
        )
        return [name for (name,) in rows]

    def result_types(self, sql: str, known: Mapping[str, str]) -> dict[str, str]:
        """Return the columns of a query, and their types."""
        with self.cursor() as cursor:
            cursor.execute(f"SELECT * FROM (\n{sql}\n) AS {view_name()} LIMIT 0")
            return {column.name: column.type_display for column in cursor.description}

    def create_table(self, parts: Parts, sql: str, *, overwrite: bool) -> None:
        """Write the result of a query to a table, in a transaction."""
        target = self.quoted(*parts)
        with self.cursor() as cursor:
            if not overwrite:
                cursor.execute(f"CREATE TABLE {target} AS\n{sql}")
                return
            # The query may read the table whose place its result takes.
            name = view_name()
            beside = self.quoted(*parts[:-1], name)
            cursor.execute(f"CREATE TABLE {beside} AS\n{sql}")
            cursor.execute(f"DROP TABLE IF EXISTS {target}")
            cursor.execute(f"ALTER TABLE {beside} RENAME TO {self.quoted(parts[-1])}")


def escaped(text: str) -> str:
    """Return a text whose backslashes stand for themselves in an E'' literal."""
    return text.replace("\\", "\\\\")
