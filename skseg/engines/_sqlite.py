"""SQLite, by the driver of Python's library."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from ._database import Database, Parts
from ._table import view_name

# Instructions of SQLite's machine between two looks for Ctrl-C: some milliseconds.
N_INSTRUCTIONS = 100_000


class SQLiteDatabase(Database):
    """A database of SQLite; see `Database`."""

    dialect = "sqlite"

    def is_open(self, connection: sqlite3.Connection) -> bool:
        """Return whether the connection still is one."""
        try:
            connection.total_changes  # noqa: B018 - fails on a closed connection
        except sqlite3.ProgrammingError:
            return False
        return True

    @contextmanager
    def reading(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
        """Give a cursor; the driver begins no transaction for a query."""
        # Python runs its signal handlers in this function of nothing: else Ctrl-C would
        # wait for the end of the query.
        connection.set_progress_handler(lambda: 0, N_INSTRUCTIONS)
        # SQLite has no hash that other engines have too.
        connection.create_function("skseg_md5", 1, _md5, deterministic=True)
        try:
            with closing(connection.cursor()) as cursor:
                # Rows of a factory of the user's need not be tuples.
                cursor.row_factory = None
                yield cursor
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from error
            raise
        finally:
            connection.set_progress_handler(None, 0)

    def columns(self, parts: Parts) -> dict[str, str]:
        """Return the columns of a table or view and their types."""
        schema = f"{self.quoted(*parts[:-1])}." if len(parts) > 1 else ""
        if schema and parts[0] not in self._schemas():
            return {}
        # The hidden columns are those of virtual tables, which * leaves out.
        info = self.rows(f"PRAGMA {schema}table_xinfo({self.quoted(parts[-1])})")
        return {name: kind for _, name, kind, *_, hidden in info if hidden != 1}

    def _schemas(self) -> list[str]:
        return [name for _, name, _ in self.rows("PRAGMA database_list")]

    def tables(self) -> list[str]:
        """Return the names of the tables and views."""
        kinds = "type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        sql = " UNION ".join(
            f"SELECT name FROM {master} WHERE {kinds}"
            for master in ("sqlite_master", "sqlite_temp_master")
        )
        return [name for (name,) in self.rows(f"{sql} ORDER BY name")]

    def result_types(self, sql: str, known: Mapping[str, str]) -> dict[str, str]:
        """Return the columns of a query, with the types of those of the table."""
        with self.cursor() as cursor:
            cursor.execute(f"SELECT * FROM (\n{sql}\n) LIMIT 0")
            names = [column[0] for column in cursor.description]
        # A column that is computed has no type in SQLite.
        return {name: known.get(name, "") for name in names}

    def create_table(self, parts: Parts, sql: str, *, overwrite: bool) -> None:
        """Write the result of a query to a table, in a transaction."""
        target = self.quoted(*parts)
        with self.connect() as connection, self.reading(connection) as cursor:
            # The savepoint is a transaction of its own where none is open.
            cursor.execute("SAVEPOINT skseg")
            try:
                if overwrite:
                    # The query may read the table whose place its result takes. A table
                    # that is renamed would need every view of the database to be valid.
                    result = self.quoted("temp", view_name())
                    cursor.execute(f"CREATE TEMP TABLE {result} AS\n{sql}")
                    cursor.execute(f"DROP TABLE IF EXISTS {target}")
                    sql = f"SELECT * FROM {result}"
                cursor.execute(f"CREATE TABLE {target} AS\n{sql}")
                if overwrite:
                    cursor.execute(f"DROP TABLE {result}")
            except BaseException:
                cursor.execute("ROLLBACK TO skseg")
                raise
            finally:
                cursor.execute("RELEASE skseg")


def _md5(text: str | None) -> str | None:
    """Return the digits of MD5, which draws samples and keeps no secrets."""
    if text is None:
        return None
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
