"""What is asked of every engine: run a query, and hand its result on."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skseg.exceptions import MissingColumnError

_numbers = itertools.count(1)


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
    """

    def __init__(self, dialect: str, source: str, types: Mapping[str, str]) -> None:
        self.dialect = dialect
        self.source = source
        self.types = dict(types)

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
    def fetch(self, sql: str) -> dict[str, NDArray[Any]]:
        """Run a query and return its result, which has to fit into memory.

        Parameters
        ----------
        sql : str
            A SELECT statement in the dialect.

        Returns
        -------
        dict of str to ndarray
            Column -> values: float64 for floats, with NaN for NULL; int64 for integers
            without NULL, which a query casts to BIGINT; else Python's objects, with
            None for NULL.
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
    def write(self, sql: str, to: str) -> None:
        """Write the result of a query to a new table or file of the engine.

        The target is complete, or is not there.

        Parameters
        ----------
        sql : str
            A SELECT statement in the dialect.
        to : str
            The name of a table, or the path of a file.
        """


def view_name() -> str:
    """Return a name that no other view of this process has."""
    return f"skseg_{next(_numbers)}"


def plain_arrays(columns: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return columns without masks: NaN for NULL in numbers, else None."""
    return {name: _plain(values) for name, values in columns.items()}


def _plain(values: Any) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    mask, data = np.ma.getmaskarray(values), np.ma.getdata(values)
    if not mask.any():
        return data
    plain = data.astype(np.float64 if data.dtype.kind in "iuf" else object)
    plain[mask] = np.nan if plain.dtype.kind == "f" else None
    return plain
