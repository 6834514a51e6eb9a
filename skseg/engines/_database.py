"""Tables of databases, read through the connection of a driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from skseg.exceptions import InvalidParameterError

from ._arrays import Arrays, Rows
from ._names import name_parts
from ._table import Table, Target, view_name
from ._targets import existing_target, is_path, unwritable

# The name of a table, with those of its schema and database before it.
Parts = tuple[str, ...]

# Rows that a cursor hands out at a time. As Python's objects they take some 100 bytes a
# value, so that fewer would save no memory that counts.
N_ROWS = 50_000


class Database(ABC):
    """A database behind a connection, with what its driver does in its own way.

    Parameters
    ----------
    connect : callable
        Gives the driver's connection as a context. That of a pool is borrowed for one
        query; another is the user's and stays open.
    """

    dialect: str
    quote = '"'
    # How the driver numbers the types of floats.
    floats: frozenset[int] = frozenset()
    # How many parts the name of a table may have.
    n_parts = 2

    def __init__(self, connect: Callable[[], AbstractContextManager[Any]]) -> None:
        self._connect = connect

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Give the driver's connection, or raise if it has been closed."""
        with self._connect() as connection:
            if not self.is_open(connection):
                raise closed_connection(connection)
            yield connection

    def quoted(self, *parts: str) -> str:
        """Return the parts of a name as SQL."""
        quote = self.quote
        return ".".join(quote + p.replace(quote, quote * 2) + quote for p in parts)

    @abstractmethod
    def is_open(self, connection: Any) -> bool:
        """Return whether the connection still is one."""

    @abstractmethod
    def reading(self, connection: Any) -> AbstractContextManager[Any]:
        """Give a cursor, and end the transaction that its query has begun.

        A transaction of the user's goes on as it was. A query that is interrupted ends
        in the database as well.
        """

    @abstractmethod
    def columns(self, parts: Parts) -> dict[str, str]:
        """Return the columns of a table or view and their types; none if it is absent.

        The names of the parts are compared as they are, as if in quotes.
        """

    @abstractmethod
    def tables(self) -> list[str]:
        """Return the names of the tables and views that can be named without schema."""

    @abstractmethod
    def result_types(self, sql: str, known: Mapping[str, str]) -> dict[str, str]:
        """Return the columns of a query, and their types.

        Parameters
        ----------
        sql : str
            The query.
        known : mapping of str to str
            The types of the columns of the table that it reads.
        """

    @abstractmethod
    def create_table(self, parts: Parts, sql: str, *, overwrite: bool) -> None:
        """Write the result of a query to a table, wholly or not at all.

        Parameters
        ----------
        parts : tuple of str
            The name of the table.
        sql : str
            The query.
        overwrite : bool
            Whether it takes the place of a table of that name.
        """

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a cursor for one query."""
        with self.connect() as connection, self.reading(connection) as cursor:
            yield cursor

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result."""
        with self.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


def closed_connection(connection: Any) -> InvalidParameterError:
    """Return the error for a connection that has been closed."""
    return InvalidParameterError(
        "sql_table",
        "connection",
        "open",
        connection,
        advice="Connect again, and pass that connection to sql_table.",
    )


class DatabaseTable(Table):
    """A table, a view or a query of a database.

    Parameters
    ----------
    database : Database
        The database.
    source : str
        SQL of the table, which stands behind FROM.
    types : mapping of str to str
        Column -> its type.
    """

    def __init__(
        self, database: Database, source: str, types: Mapping[str, str]
    ) -> None:
        super().__init__(database.dialect, source, types)
        self._database = database

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        with self._database.cursor() as cursor:
            cursor.execute(sql)
            codes = {column[0]: column[1] for column in cursor.description}
            floats = {n for n, code in codes.items() if code in self._database.floats}
            rows = Rows(list(codes), floats)
            while some_rows := cursor.fetchmany(N_ROWS):
                rows.append(some_rows)
        return rows.arrays()

    def relation(self, sql: str) -> DatabaseTable:
        """Return the table of a query; see `Table.relation`."""
        types = self._database.result_types(sql, self.types)
        name = self._database.quoted(view_name())
        return DatabaseTable(self._database, f"(\n{sql}\n) AS {name}", types)

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query to a table; see `Table.write`."""
        if is_path(to):
            raise unwritable("a table of a database", "the name of a table", to)
        parts = name_parts("label", "to", to)
        if not overwrite and self._database.columns(parts):
            raise existing_target(to)
        self._database.create_table(parts, sql, overwrite=overwrite)
