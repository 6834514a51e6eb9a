"""Small results of queries as numpy arrays, the same from every engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def duckdb_arrays(relation: Any) -> Arrays:
    """Return the columns of a relation of DuckDB."""
    # They are masked where NULL is.
    columns = relation.fetchnumpy()
    kinds = map(str, relation.types)
    return {
        name: _from_masked(values, kind)
        for (name, values), kind in zip(columns.items(), kinds, strict=True)
    }


def _from_masked(values: Any, kind: str) -> NDArray[Any]:
    mask, data = np.ma.getmaskarray(values), np.ma.getdata(values)
    if data.dtype.kind == "f":
        data = data.astype(np.float64)
        data[mask] = np.nan
        return data
    if not mask.any() and data.dtype.kind in "iub":
        return _from_whole(data)
    # Dates and times too become those of Python, as the drivers of databases give them.
    plain = data.astype("datetime64[D]" if kind == "DATE" else data.dtype)
    plain = plain.astype(object)
    plain[mask] = None
    return plain


def _from_whole(data: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers as int64 and booleans as they are."""
    if data.dtype.kind == "b" or data.dtype == np.int64:
        return data
    if data.dtype == np.uint64 and data.size and data.max() > np.iinfo(np.int64).max:
        return data.astype(object)
    return data.astype(np.int64)


def arrow_arrays(table: Any) -> Arrays:
    """Return the columns of a pyarrow table."""
    return {
        name: _from_arrow(table.column(i)) for i, name in enumerate(table.column_names)
    }


def _from_arrow(column: Any) -> NDArray[Any]:
    kind = str(column.type)
    if kind in {"float", "double", "halffloat"}:
        # NULL becomes NaN.
        values: NDArray[Any] = column.to_numpy()
        return values.astype(np.float64)
    if column.null_count == 0 and (kind == "bool" or "int" in kind):
        return _from_whole(np.asarray(column.to_numpy()))
    return _objects(column.to_pylist())


class Rows:
    """Rows of a driver's cursor, kept as arrays of many rows each.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    floats : collection of str, default=()
        The columns that are known to be floats, whatever rows there are.
    """

    def __init__(self, names: Sequence[str], floats: Collection[str] = ()) -> None:
        self._chunks: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        self._floats = frozenset(floats)

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take some rows more."""
        if rows:
            columns = zip(*rows, strict=True)
            for chunks, values in zip(self._chunks.values(), columns, strict=True):
                chunks.append(_from_objects(values))

    def arrays(self) -> Arrays:
        """Return the columns."""
        return {
            name: _as_floats(chunks) if name in self._floats else _joined(chunks)
            for name, chunks in self._chunks.items()
        }


def _as_floats(chunks: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return chunks of floats, in which NULL alone is an array of None."""
    return np.concatenate([np.empty(0), *(c.astype(np.float64) for c in chunks)])


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    # np.array would make two dimensions of values that are sequences.
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _from_objects(values: Sequence[Any]) -> NDArray[Any]:
    kinds = set(map(type, values))
    if kinds == {int}:
        if min(values) >= -(2**63) and max(values) < 2**63:
            return np.array(values, dtype=np.int64)
    elif kinds == {bool}:
        return np.array(values, dtype=bool)
    elif float in kinds and kinds <= {float, type(None)}:
        return np.array(values, dtype=np.float64)
    return _objects(values)


def _joined(chunks: list[NDArray[Any]]) -> NDArray[Any]:
    kinds = {chunk.dtype for chunk in chunks}
    if len(kinds) == 1:
        return np.concatenate(chunks)
    # Of several kinds: such as a first chunk of NULL alone before one of floats.
    return _from_objects([value for chunk in chunks for value in chunk.tolist()])
