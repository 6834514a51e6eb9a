"""Means of columns in the groups of a table: those in memory, to the last bit."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from skseg._typing import FloatArray
from skseg.engines import Table

from ._counts import group_counts
from ._numbers import literal_sql
from ._sums import Extent, exact_group_sums, extents, quotient_sql


def finite_sql(table: Table, value: str) -> str:
    """Return a value that is NULL where it is infinite."""
    largest = literal_sql(table, sys.float_info.max)
    return f"CASE WHEN ABS({value}) <= {largest} THEN {value} END"


def table_group_means(
    table: Table,
    values: Mapping[str, str],
    group: str,
    n_groups: int,
    *,
    weight: str | None = None,
    where: str | None = None,
) -> dict[str, FloatArray]:
    """Return the weighted means of finite values in groups, those of `group_means`.

    Parameters
    ----------
    table : Table
        The table.
    values : mapping of str to str
        Name, a plain word, -> expression of numbers, NULL where they are missing.
    group : str
        Expression of the number of a row's group, from 0 on, negative for no group.
    n_groups : int
        Number of groups.
    weight : str or None, default=None
        Expression of the whole-number weight of a row.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.

    Returns
    -------
    dict of str to ndarray of float64 of shape (n_groups,)
        Name -> means, NaN for groups without a finite value.
    """
    finite = {name: finite_sql(table, value) for name, value in values.items()}
    aggregates = {}
    for name, value in finite.items():
        aggregates[f"largest_{name}"] = f"MAX(ABS({value}))"
        aggregates[f"rows_{name}"] = f"COUNT({value})"
        if weight is not None:
            known = f"CASE WHEN ({value}) IS NOT NULL THEN {weight} END"
            aggregates[f"total_{name}"] = f"SUM({known})"
    counts = group_counts(
        table, {"skseg_group": group}, aggregates=aggregates, where=where
    )
    terms, extent_of = {}, {}
    for name, value in finite.items():
        n_rows = int(counts[f"rows_{name}"].sum())
        largest = np.asarray(counts[f"largest_{name}"], dtype=np.float64)
        extent_of[name] = Extent(n_rows, float(np.nanmax(largest)) if n_rows else 0.0)
        scaled = quotient_sql(table, value, _scale(extent_of[name]))
        terms[name] = scaled if weight is None else f"{weight} * ({scaled})"
    scaled_extents = (
        {n: Extent(e.n, e.largest / _scale(e)) for n, e in extent_of.items()}
        if weight is None
        else extents(table, terms, where)
    )
    sums = exact_group_sums(
        table, terms, group, n_groups, where=where, extent_of=scaled_extents
    )
    places = np.asarray(counts["skseg_group"], dtype=np.int64)
    is_group, means = places >= 0, {}
    for name, extent in extent_of.items():
        mean, total = np.full(n_groups, np.nan), np.zeros(n_groups)
        column = f"rows_{name}" if weight is None else f"total_{name}"
        totals = np.asarray(counts[column], dtype=np.float64)
        total[places[is_group]] = np.nan_to_num(totals[is_group])
        np.divide(sums[name], total, out=mean, where=total > 0)
        means[name] = np.asarray(mean * _scale(extent))
    return means


def _scale(extent: Extent) -> float:
    """Return the power of two by which `group_means` divides the values."""
    return float(2.0 ** np.frexp(max(extent.largest, 1.0) / 2)[1])
