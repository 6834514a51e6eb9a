"""Relations of DuckDB."""

from __future__ import annotations

from typing import Any

from ._arrays import Arrays, masked_arrays
from ._table import Table, view_name


class DuckDBTable(Table):
    """A relation of DuckDB, read through a temporary view of its connection.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        The relation.
    connection : duckdb.DuckDBPyConnection or None, default=None
        The connection that it belongs to, to keep it open.
    """

    def __init__(self, relation: Any, connection: Any = None) -> None:
        self._connection = connection
        self._view = view_name()
        # The view is in the relation's connection, which the relation does not tell.
        self._relation = relation
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        super().__init__("duckdb", self._view, types)

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        return masked_arrays(self.relation(sql).fetchnumpy())

    def relation(self, sql: str) -> Any:
        """Return a query as a relation; see `Table.relation`."""
        return self._relation.query(self._view, sql)

    def write(self, sql: str, to: str, *, overwrite: bool = False) -> None:
        """Write the result of a query to a file; see `Table.write`."""
        self.relation(sql).write_parquet(to)
