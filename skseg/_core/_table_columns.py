"""Columns of a table that is not in memory: named by parameters, and as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skseg.engines import Table
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._aggregates import number_sql


def column_names(
    owner: str, table: Table, columns: Mapping[str, Any]
) -> dict[str, str]:
    """Return the columns that parameters name, without those that are None; or raise.

    `columns` are the values of the parameters by their names.
    """
    names: dict[str, str] = {}
    for parameter, name in columns.items():
        if name is None:
            continue
        if not isinstance(name, str):
            rule = "the name of a column, as X is a table that is not in memory"
            raise InvalidParameterError(owner, parameter, rule, name)
        table.require(owner, [name])
        if name in names.values():
            other = next(key for key, value in names.items() if value == name)
            rule = f"another column than {other!r}"
            raise InvalidParameterError(owner, parameter, rule, name)
        names[parameter] = name
    return names


def quoted_sql(table: Table, name: str) -> str:
    """Return the name of a column as SQL."""
    # sqlglot is an extra, so it is imported where it is used.
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._trees import column_tree

    return find_dialect(table.dialect).write(column_tree(name), pretty=False)


def no_rows_error(owner: str) -> InvalidDataError:
    """Return the error about a table without rows, worded as scikit-learn does."""
    return InvalidDataError(
        f"{owner} needs a table with at least 1 row(s). Got none.",
        owner=owner,
        name="X",
        rule="at least one row",
    )


def known_number_sql(table: Table, name: str) -> str:
    """Return SQL of a column as a double that is NULL where it is missing or NaN."""
    number = number_sql(table, name)
    return f"CASE WHEN {number.present} THEN {number.value} END"


def text_sql(table: Table, name: str) -> str:
    """Return SQL of a column as text that is told apart byte by byte."""
    from skseg.rules._sql._texts import column_text_sql

    return column_text_sql(name, table.dialect, table.types)


def first_value(table: Table, name: str) -> Any:
    """Return a value of a column that is not NULL, as Python has it; None without."""
    column = quoted_sql(table, name)
    values = table.fetch(
        f"SELECT {column} AS skseg_value FROM {table.source} "
        f"WHERE {column} IS NOT NULL LIMIT 1"
    )["skseg_value"]
    if not len(values):
        return None
    value = values[0]
    return value.item() if isinstance(value, np.generic) else value


def distinct_values(table: Table, name: str, limit: int) -> NDArray[Any]:
    """Return different values of a column as Python has them, at most `limit`.

    NULL and NaN are none of them, and texts are told apart byte by byte.
    """
    column = quoted_sql(table, name)
    is_text = isinstance(first_value(table, name), str)
    value = text_sql(table, name) if is_text else column
    values = table.fetch(
        f"SELECT {value} AS skseg_value FROM {table.source} "
        f"WHERE {column} IS NOT NULL GROUP BY 1 LIMIT {limit}"
    )["skseg_value"]
    if values.dtype.kind == "f":
        values = values[~np.isnan(values)]
    return texts_of(values) if is_text else values


def texts_of(values: NDArray[Any]) -> NDArray[Any]:
    """Return texts that an engine may hand out as bytes."""
    texts = np.empty(len(values), dtype=object)
    texts[:] = [v.decode() if isinstance(v, bytes) else v for v in values.tolist()]
    return texts
