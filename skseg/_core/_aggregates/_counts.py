"""Counts of the rows of a table by values and by groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skseg._typing import FloatArray, IntArray
from skseg.engines import Table

from ._numbers import number_sql
from ._weights import count_sql


def value_counts(
    table: Table,
    column: str,
    *,
    where: str | None = None,
    sample_weight: str | None = None,
) -> tuple[FloatArray, IntArray]:
    """Return the distinct values of a column of numbers and their numbers of rows.

    All distinct values are fetched; `quantiles` serves columns of too many of them.

    Parameters
    ----------
    table : Table
        The table.
    column : str
        A column of numbers.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows; see
        `skseg._core._aggregates._weights.check_weights`.

    Returns
    -------
    values : ndarray of float64 of shape (n_values,)
        Sorted, infinities included, without missing values; zero has no sign.
    counts : ndarray of int64 of shape (n_values,)
        Number of rows of each value, at least 1.
    """
    value, present = number_sql(table, column)
    counts = count_sql(table, sample_weight)
    groups = group_counts(
        table,
        {"skseg_value": value},
        where=" AND ".join(
            f"({condition})"
            for condition in (where, present, counts.where)
            if condition is not None
        ),
        sample_weight=sample_weight,
    )
    return merged_counts(groups["skseg_value"], groups["n"])


def merged_counts(values: Any, counts: Any) -> tuple[FloatArray, IntArray]:
    """Return sorted values and their counts, the two zeros as one value."""
    distinct, positions = np.unique(
        np.asarray(values, dtype=np.float64) + 0.0, return_inverse=True
    )
    totals = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(totals, positions, np.asarray(counts, dtype=np.int64))
    return distinct, totals


def group_counts(
    table: Table,
    expressions: Mapping[str, str],
    *,
    aggregates: Mapping[str, str] | None = None,
    where: str | None = None,
    sample_weight: str | None = None,
    limit: int | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the number of rows of every group, in one scan.

    Parameters
    ----------
    table : Table
        The table.
    expressions : mapping of str to str
        Name -> expression in the dialect of the table, such as a CASE over rules. Rows
        that agree in all of them are a group. The names are plain lower-case words
        that are no columns of the table. Empty: all rows are one group.
    aggregates : mapping of str to str or None, default=None
        Name -> further aggregate over the columns of the table, such as
        ``"MIN(x)"``.
    where : str or None, default=None
        Condition for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows.
    limit : int or None, default=None
        Most groups that are fetched. One more than the caller can use tells that there
        are too many.

    Returns
    -------
    dict of str to ndarray
        The expressions, ``"n"`` and the aggregates, each of shape (n_groups,), in no
        particular order.
    """
    n = count_sql(table, sample_weight).total
    keys = [f"{sql} AS {name}" for name, sql in expressions.items()]
    totals = {"n": n, **(aggregates or {})}
    columns = [*keys, *(f"{sql} AS {name}" for name, sql in totals.items())]
    sql = f"SELECT {', '.join(columns)} FROM {table.source}"
    if where is not None:
        sql += f" WHERE {where}"
    if expressions:
        # Positions, since an engine may take a name for a column of the table.
        sql += f" GROUP BY {', '.join(str(i + 1) for i in range(len(expressions)))}"
    if limit is not None:
        sql += f" LIMIT {limit}"
    groups = table.fetch(sql)
    groups["n"] = np.asarray(groups["n"], dtype=np.int64)
    return groups
