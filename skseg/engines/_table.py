"""What is asked of every engine: run a query, and hand its result on."""

from __future__ import annotations

import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from skseg.exceptions import MissingColumnError

from ._arrays import Arrays

# The name of a table, or the path of a file or folder.
Target = str | os.PathLike[str]


class Table(ABC):
    """A table that is not in memory, with the engine that reads it.

    Parameters
    ----------
    dialect : str
        Name of the engine's SQL, as `RuleSet.to_sql` takes it.
    source : str
        SQL of the table, which stands behind FROM.
    types : mapping of str to str
        Column -> its type, as the engine writes it, in the order of the table.

    Attributes
    ----------
    dialect, source : str
        As given.
    types : dict of str to str
        As given.

    Examples
    --------
    >>> import duckdb
    >>> from skseg.engines import open_table
    >>> table = open_table(duckdb.sql("SELECT 120.0::DOUBLE AS aov"))
    >>> table.fetch(f"SELECT count(*) AS n, max(aov) AS top FROM {table.source}")
    {'n': array([1]), 'top': array([120.])}
    """

    def __init__(self, dialect: str, source: str, types: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.source = source
        self.types = dict(types)

    def __repr__(self) -> str:
        columns = ", ".join(self.types)
        return f"<{type(self).__name__} of {self.dialect} with columns {columns}>"

    def require(self, owner: str, names: Sequence[str]) -> None:
        """Raise unless the table has all of some columns.

        Parameters
        ----------
        owner : str
            Who needs them, as the subject of the error.
        names : sequence of str
            The columns.

        Raises
        ------
        MissingColumnError
            If any is absent; it lists those that there are.
        """
        absent = [name for name in names if name not in self.types]
        if absent:
            raise MissingColumnError(owner, absent, list(self.types))

    @abstractmethod
    def fetch(self, sql: str) -> Arrays:
        """Run a query and return its result, which has to fit into memory.

        Parameters
        ----------
        sql : str
            A SELECT statement in the dialect.

        Returns
        -------
        dict of str to ndarray
            Column -> values. Floats are float64, NaN where NULL is; integers without
            NULL are int64, and booleans without NULL are bool in engines that have
            them. All else is Python's objects, None where NULL is: text, dates,
            integers beyond 64 bits, integers and booleans with NULL. A query casts
            what is not plain to BIGINT or DOUBLE, such as sums and decimals, whose
            types differ from engine to engine, and counts that may be NULL to DOUBLE.
            A result without rows, and in SQLite one of NULL alone, has no types.
        """

    @abstractmethod
    def relation(self, sql: str) -> Any:
        """Return the engine's own lazy object for the result of a query.

        Parameters
        ----------
        sql : str
            A SELECT statement in the dialect.

        Returns
        -------
        object
            What the engine's users know: a relation of DuckDB, a DataFrame of Spark.
        """

    @abstractmethod
    def write(self, sql: str, to: Target, *, overwrite: bool = False) -> None:
        """Write the result of a query to a new table or file of the engine.

        The target is complete, or is not there.

        Parameters
        ----------
        sql : str
            A SELECT statement in the dialect.
        to : str or pathlib.Path
            The name of a table, or the path of a file or, in Spark, a folder: a str is
            one where it holds a slash or ends in ".parquet" or ".csv".
        overwrite : bool, default=False
            Whether it takes the place of a target of that name, which else is an error.
        """


def view_name() -> str:
    """Return a name that no view or table has, of other processes and users either."""
    return f"skseg_{uuid.uuid4().hex}"
