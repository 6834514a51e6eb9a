"""Tables of ibis, over whichever of its backends."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from skseg.exceptions import InvalidParameterError

from ._arrays import Arrays, Rows, arrow_arrays
from ._names import name_parts
from ._table import Table, Target, view_name
from ._targets import existing_target, is_path, unwritable

# The name of the SQL of each backend of ibis.
DIALECTS = {
    "bigquery": "bigquery",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "mssql": "tsql",
    "mysql": "mysql",
    "postgres": "postgres",
    "pyspark": "spark",
    "snowflake": "snowflake",
    "sqlite": "sqlite",
}


class IbisTable(Table):
    """A table of ibis, whose backend runs the queries.

    Parameters
    ----------
    table : ibis.Table
        The table, or an expression that is one.
    """

    def __init__(self, table: Any) -> None:
        # Of a table in memory it is the default one.
        backend = table._find_backend(use_default=True)
        if backend.name not in DIALECTS:
            raise InvalidParameterError(
                "open_table",
                "X",
                f"a table of one of ibis' backends {', '.join(DIALECTS)}",
                backend.name,
            )
        self._table, self._backend = table, backend
        kind = backend.compiler.type_mapper.to_string
        types = {name: kind(dtype) for name, dtype in table.schema().items()}
        super().__init__(DIALECTS[backend.name], view_name(), types)

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        relation = self.relation(sql)
        if self._backend.name != "sqlite":
            return arrow_arrays(self._backend.to_pyarrow(relation))
        # Of computed columns ibis takes the type of the first row for that of all, and
        # NULL for a type.
        with closing(self._backend.raw_sql(self._backend.compile(relation))) as cursor:
            rows = Rows([column[0] for column in cursor.description])
            rows.append(cursor.fetchall())
            return rows.arrays()

    def relation(self, sql: str) -> Any:
        """Return a query as a table of ibis; see `Table.relation`."""
        return self._table.alias(self.source).sql(sql)

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query to a new table; see `Table.write`."""
        if is_path(to):
            raise unwritable("a table of ibis", "the name of a table", to)
        *schema, name = name_parts("label", "to", to)
        database = tuple(schema) or None
        if not overwrite and name in self._backend.list_tables(database=database):
            raise existing_target(to)
        self._backend.create_table(
            name, self.relation(sql), database=database, overwrite=overwrite
        )
