"""LazyFrames of polars, whose batches of rows DuckDB reads as they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from skseg.exceptions import MissingExtraError

from ._arrays import Arrays, duckdb_arrays
from ._duckdb import duckdb_connection, interruptible, relation_types
from ._table import Table, Target, view_name
from ._targets import write_file

CAPABILITY = "Reading a LazyFrame of polars"
# Rows of a batch that DuckDB hands back to polars.
N_ROWS = 100_000


class PolarsTable(Table):
    """A LazyFrame of polars, which DuckDB reads.

    Each time that a query reads it, its columns are collected anew: in batches where
    the version of polars has `collect_batches`, so that they need not fit into memory.

    Parameters
    ----------
    frame : polars.LazyFrame
        The LazyFrame.
    """

    def __init__(self, frame: Any) -> None:
        # Through it polars hands rows to DuckDB.
        if find_spec("pyarrow") is None:
            raise MissingExtraError(CAPABILITY, "sql")
        self.frame = frame
        self._connection = duckdb_connection(CAPABILITY)
        view, self._names = view_name(), list(frame.collect_schema().names())
        super().__init__("duckdb", view, {})
        query = f"FROM {view}"
        session = self._session(query, with_rows=False)
        self.types = relation_types(session.sql(query))

    def _session(self, sql: str, *, with_rows: bool = True) -> Any:
        """Return a session for one query, which must live as long as its result."""
        # Two queries in one session would share the view, but not its columns.
        session = self._connection.cursor()
        frame = self.frame.select(used_columns(sql, self._names))
        if not with_rows:
            rows = frame.collect_schema().to_frame(eager=True).to_arrow()
        elif hasattr(frame, "collect_batches"):
            rows = Batches(frame)
        else:
            rows = frame.collect().to_arrow()
        session.register(self.source, rows)
        return session

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        session = self._session(sql)
        with interruptible():
            return duckdb_arrays(session.sql(sql))

    def relation(self, sql: str) -> Any:
        """Return a query as a LazyFrame; see `Table.relation`."""
        from polars import from_arrow
        from polars.io.plugins import register_io_source

        def source(
            columns: list[str] | None,
            predicate: Any,
            n_rows: int | None,
            batch_size: int | None,
        ) -> Iterator[Any]:
            # It has to filter, but need not be quick about it.
            session = self._session(sql)
            query = session.sql(sql)
            if predicate is None and n_rows is not None:
                query = query.limit(n_rows)
            for batch in _arrow_reader(query, batch_size or N_ROWS):
                frame: Any = from_arrow(batch)
                frame = frame if columns is None else frame.select(columns)
                yield frame if predicate is None else frame.filter(predicate)

        session = self._session(sql, with_rows=False)
        empty: Any = from_arrow(_arrow_reader(session.sql(sql), 1).read_all())
        return register_io_source(source, schema=empty.schema)

    def with_column(
        self, name: str, columns: list[str], values: Callable[[Any], Any], dtype: str
    ) -> Any:
        """Return the LazyFrame with one more column, which Python computes.

        Parameters
        ----------
        name : str
            The new column.
        columns : list of str
            The columns that it is computed from.
        values : callable
            Function from a frame of these columns to the values.
        dtype : str
            Name of its data type in polars.
        """
        import polars

        kind = getattr(polars, dtype)

        def compute(series: Any) -> Any:
            return polars.Series(values(series.struct.unnest()), dtype=kind)

        # An expression, unlike a function of the frame, lets polars read only the
        # columns that are used. Without columns, any tells the number of rows.
        rows = polars.struct(columns or self._names[:1])
        column = rows.map_batches(compute, return_dtype=kind, is_elementwise=True)
        return self.frame.with_columns(column.alias(name))

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query to a file; see `Table.write`."""
        with interruptible():
            write_file(self._session(sql).sql, sql, to, overwrite=overwrite)


def _arrow_reader(relation: Any, n_rows: int) -> Any:
    """Return the batches of a relation of DuckDB, which has renamed the method."""
    if hasattr(relation, "to_arrow_reader"):
        return relation.to_arrow_reader(n_rows)
    return relation.fetch_arrow_reader(n_rows)


class Batches:
    """Rows of a LazyFrame for DuckDB, which starts a stream for each reading.

    Parameters
    ----------
    frame : polars.LazyFrame
        The LazyFrame.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import pyarrow as pa

        empty = self._frame.collect_schema().to_frame(eager=True)
        schema = empty.to_arrow().schema
        reader = pa.RecordBatchReader.from_batches(schema, self._batches(schema))
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self, schema: Any) -> Iterator[Any]:
        # Nothing is collected where only the types are asked for.
        for frame in self._frame.collect_batches():
            yield from frame.to_arrow().cast(schema).to_batches()


def used_columns(sql: str, names: list[str]) -> list[str]:
    """Return the columns that a query may mention, at least one.

    All where it has a star; else those whose name stands somewhere in its text. The
    names in a query of DuckDB may differ from those of the columns in capitals.
    """
    text = re.sub(r"count\s*\(\s*\*\s*\)", "", sql.casefold())
    if "*" in text or not re.match(r"\s*(select|with)\b", text):
        return names
    used = [name for name in names if name.replace('"', '""').casefold() in text]
    return used or names[:1]
