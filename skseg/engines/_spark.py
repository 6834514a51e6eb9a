"""DataFrames of Spark."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skseg.exceptions import InvalidDataError

from ._arrays import Arrays, arrow_arrays
from ._names import name_parts
from ._table import Table, Target, view_name
from ._targets import existing_target, is_path, unwritable

TIME_ZONE = "spark.sql.session.timeZone"


class SparkTable(Table):
    """A DataFrame of Spark, a view of its session while a query is planned.

    Queries are planned in UTC, whatever the time zone of the session: that is where
    times with a zone become days.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        The DataFrame.
    """

    def __init__(self, frame: Any) -> None:
        types = dict(frame.dtypes)
        if len(types) < len(frame.dtypes):
            names = frame.columns
            name = next(name for name in names if names.count(name) > 1)
            raise InvalidDataError(
                f"The DataFrame has several columns called {name!r}.",
                name="X",
                column=name,
                advice="Rename them with toDF.",
            )
        self._frame = frame
        self._session = frame.sparkSession
        super().__init__("spark", view_name(), types)

    def fetch(self, sql: str) -> Arrays:
        """Run a query; see `Table.fetch`."""
        frame = self.relation(sql)
        with warnings.catch_warnings():
            # It has not been tried with new versions of pandas, which is not used.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support")
            return arrow_arrays(frame.toArrow())

    def relation(self, sql: str) -> Any:
        """Return a query as a DataFrame; see `Table.relation`."""
        with self._planning():
            return self._session.sql(sql)

    @contextmanager
    def _planning(self) -> Iterator[None]:
        self._frame.createOrReplaceTempView(self.source)
        settings = self._session.conf
        zone = settings.get(TIME_ZONE)
        settings.set(TIME_ZONE, "UTC")
        try:
            yield
        finally:
            settings.set(TIME_ZONE, zone)
            # A plan of Spark Connect still is the text of its query.
            if "connect" not in type(self._frame).__module__:
                self._session.catalog.dropTempView(self.source)

    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query; see `Table.write`."""
        if is_path(to):
            self._write_folder(sql, os.fspath(to), overwrite)
        else:
            self._write_table(sql, os.fspath(to), overwrite)

    def _write_folder(self, sql: str, to: str, overwrite: bool) -> None:
        if not to.endswith(".parquet"):
            rule = "the name of a table or a path that ends in '.parquet'"
            raise unwritable("a DataFrame of Spark", rule, to)
        hadoop = self._session._jvm.org.apache.hadoop.fs
        target = hadoop.Path(to)
        # Spark skips what begins with a dot where it reads a folder.
        beside = hadoop.Path(target.getParent(), f".{target.getName()}.{view_name()}")
        files = target.getFileSystem(self._session._jsc.hadoopConfiguration())
        if files.exists(target) and not overwrite:
            raise existing_target(to)
        frame = self.relation(sql)
        try:
            frame.write.parquet(beside.toString())
            if overwrite:
                files.delete(target, True)
            files.rename(beside, target)
        finally:
            files.delete(beside, True)

    def _write_table(self, sql: str, to: str, overwrite: bool) -> None:
        parts = name_parts("label", "to", to)
        target = _quoted(*parts)
        beside = _quoted(*parts[:-1], view_name())
        exists = self._session.catalog.tableExists(target)
        if exists and not overwrite:
            raise existing_target(to)
        frame = self.relation(sql)
        try:
            frame.write.saveAsTable(beside)
            if exists:
                self._session.sql(f"DROP TABLE {target}")
            self._session.sql(f"ALTER TABLE {beside} RENAME TO {target}")
        finally:
            self._session.sql(f"DROP TABLE IF EXISTS {beside}")


def _quoted(*parts: str) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)
