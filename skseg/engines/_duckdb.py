"""Relations of DuckDB."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skseg.exceptions import InvalidDataError, MissingExtraError

from ._arrays import Arrays, duckdb_arrays
from ._names import name_parts
from ._table import Table, Target, view_name
from ._targets import existing_target, is_path, write_file


class DuckDBTable(Table):
    """A relation of DuckDB, read under a name that each query gives it.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        The relation.
    connection : duckdb.DuckDBPyConnection or None, default=None
        The connection that it belongs to, to keep it open.
    """

    def __init__(self, relation: Any, connection: Any = None) -> None:
        self._connection = connection
        # A relation does not tell its connection, but runs statements there.
        self._relation = relation
        super().__init__("duckdb", view_name(), relation_types(relation))

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        with interruptible():
            return duckdb_arrays(self.relation(sql))

    def relation(self, sql: str) -> Any:
        """Return a query as a relation; see `Table.relation`."""
        return self._relation.query(self.source, sql)

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query; see `Table.write`."""
        if is_path(to):
            with interruptible():
                write_file(self.relation, sql, to, overwrite=overwrite)
            return
        import duckdb

        target = quoted(*name_parts("label", "to", to))
        replace = "OR REPLACE " if overwrite else ""
        try:
            with interruptible():
                self.relation(f"CREATE {replace}TABLE {target} AS\n{sql}")
        except duckdb.CatalogException as error:
            if overwrite or "already exists" not in str(error):
                raise
            raise existing_target(to) from error


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt where Ctrl-C has ended a query, as Python does."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def relation_types(relation: Any) -> dict[str, str]:
    """Return the columns of a relation and their types."""
    names = list(relation.columns)
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise InvalidDataError(
            f"The relation has several columns called {name!r}.",
            name="X",
            column=name,
            advice="Give each a name of its own in its query.",
        )
    return dict(zip(names, map(str, relation.types), strict=True))


def quoted(*parts: str) -> str:
    """Return the parts of a name as SQL of DuckDB."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def duckdb_connection(capability: str, config: dict[str, Any] | None = None) -> Any:
    """Return a new connection in memory, or raise where DuckDB is not installed."""
    try:
        import duckdb
    except ModuleNotFoundError:
        raise MissingExtraError(capability, "sql") from None
    # DuckDB makes the folder when it needs it, and removes it. By default it would be
    # ".tmp" in the folder where the user works.
    folder = os.path.join(tempfile.gettempdir(), view_name())
    settings = {"temp_directory": folder} | (config or {})
    connection = duckdb.connect(":memory:", config=settings)
    # Times with a zone become days in UTC, wherever the machine is.
    connection.execute("SET TimeZone = 'UTC'")
    return connection
