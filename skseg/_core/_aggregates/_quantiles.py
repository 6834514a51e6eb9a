"""Exact quantiles and medians of columns that are not in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.rules._quantile import exact_level

from ._order_statistics import MAX_FETCHED, N_PARTS, order_statistics


def quantiles(
    table: Table,
    column: str,
    levels: Sequence[float | Fraction],
    *,
    where: str | None = None,
    sample_weight: str | None = None,
) -> FloatArray:
    """Return the smallest values with at least a share `levels` of the rows below.

    See `quantiles_by_column`, which reads several columns at once.

    Parameters
    ----------
    table : Table
        The table.
    column : str
        A column of numbers.
    levels : sequence of float or Fraction
        Shares from 0 to 1.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows.

    Returns
    -------
    ndarray of float64 of shape (n_levels,)
        The quantiles; NaN where the column has no value.
    """
    by_column = {column: levels}
    return quantiles_by_column(
        table, by_column, where=where, sample_weight=sample_weight
    )[column]


def quantiles_by_column(
    table: Table,
    levels: Mapping[str, Sequence[float | Fraction]],
    *,
    where: str | None = None,
    sample_weight: str | None = None,
    n_parts: int = N_PARTS,
    max_fetched: int = MAX_FETCHED,
) -> dict[str, FloatArray]:
    """Return exact quantiles of several columns, in the same two or three scans.

    Parameters
    ----------
    table : Table
        The table.
    levels : mapping of str to sequence of (float or Fraction)
        Column of numbers -> shares from 0 to 1. A float is read as the decimal number
        that it prints as.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows; see
        `check_weights`.
    n_parts, max_fetched : int
        As in `order_statistics`, which says how it is done.

    Returns
    -------
    dict of str to ndarray of float64
        Column -> quantiles, those of `skseg.rules._quantile.inverted_cdf` to the last
        bit, but zero has no sign; NaN where the column has no value.

    Raises
    ------
    InvalidDataError
        If the table changes while it is read.
    """
    exact = {c: [exact_level(level) for level in ls] for c, ls in levels.items()}
    values = order_statistics(
        table,
        {
            column: partial(_ranks, column_levels)
            for column, column_levels in exact.items()
        },
        where=where,
        sample_weight=sample_weight,
        n_parts=n_parts,
        max_fetched=max_fetched,
    )
    return {c: values.get((c, 0), np.full(len(exact[c]), np.nan)) for c in exact}


def _ranks(levels: Sequence[Fraction], n: int) -> list[int]:
    return [math.ceil(level * n) for level in levels]


def group_medians(
    table: Table,
    columns: Sequence[str],
    group: str,
    n_groups: int,
    *,
    where: str | None = None,
    sample_weight: str | None = None,
) -> dict[str, FloatArray]:
    """Return the usual median of columns in every group, in the same few scans.

    It is the mean of the middle two values where their number is even, as that of
    `numpy.median`, which may not be a value of the column.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        Columns of numbers.
    group : str
        Expression of the number of a row's group, from 0 on.
    n_groups : int
        Number of groups.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows.

    Returns
    -------
    dict of str to ndarray of float64 of shape (n_groups,)
        Column -> medians of the values that are not missing, NaN where there is none.
    """
    pairs = order_statistics(
        table,
        dict.fromkeys(columns, lambda n: [(n + 1) // 2, n // 2 + 1]),
        group=group,
        where=where,
        sample_weight=sample_weight,
    )
    medians = {column: np.full(n_groups, np.nan) for column in columns}
    for (column, place), (low, high) in pairs.items():
        medians[column][place] = middle(low, high)
    return medians


def middle(low: float, high: float) -> float:
    """Return the mean of two values, infinite ones included."""
    total = float(low) + float(high)
    # The sum of two large numbers overflows, and their mean does not.
    return total / 2 if np.isfinite(total) else float(low) / 2 + float(high) / 2
