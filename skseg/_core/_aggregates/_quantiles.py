"""Exact quantiles of columns that are not in memory, in two or three scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError
from skseg.rules._quantile import exact_level

from ._cells import Cells
from ._scans import Scans

# Cells of a column are split into so many parts in one scan.
N_PARTS = 65_536
# Groups and distinct values that are fetched at once, which bounds the memory.
MAX_FETCHED = 2**22


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
    """Return exact quantiles of several columns, in the same few scans.

    The first scan counts the rows of each column and finds their smallest and largest
    value; a second one counts the rows in 65,536 cells between them; a third one
    fetches the distinct values of the cells that hold a wanted quantile. A cell of one
    value is done, and one of too many rows is divided once more, in a further scan.
    Small tables take the first and the third scan only.

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
    n_parts : int, default=65_536
        Parts of a cell; fewer where many cells are divided at once.
    max_fetched : int, default=2**22
        Largest number of groups or values fetched at once.

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
    scans = Scans(table, list(exact), where, sample_weight)
    cells = dict(zip(exact, scans.bounds(), strict=True))
    while wanted := _unfinished(cells, exact):
        max_rows = max(max_fetched // len(wanted), n_parts)
        large = [w for w in wanted if cells[w[0]].n_rows[w[1]] > max_rows]
        chosen = large or wanted
        spans = [(column, cells[column].span(place)) for column, place in chosen]
        if large:
            size = max(min(n_parts, max_fetched // len(large)), 2**8)
            parts = scans.parts(spans, size)
        else:
            parts = scans.values(spans)
        # From the last cell on, since positions behind a divided cell change.
        pairs = zip(chosen, parts, strict=True)
        for (column, place), part in sorted(pairs, key=lambda p: -p[0][1]):
            if part.n.sum() != cells[column].n[place]:
                raise _changed_error(column)
            cells[column] = cells[column].replaced(place, part)
    return {column: _chosen(cells[column], exact[column]) for column in exact}


def _unfinished(
    cells: Mapping[str, Cells], levels: Mapping[str, list[Fraction]]
) -> list[tuple[str, int]]:
    """Return column and position of the wanted cells of more than one value."""
    unfinished = []
    for column, column_cells in cells.items():
        if len(column_cells.n) and levels[column]:
            places = np.unique(column_cells.of_ranks(levels[column]))
            is_open = column_cells.low[places] < column_cells.high[places]
            unfinished += [(column, int(place)) for place in places[is_open]]
    return unfinished


def _chosen(cells: Cells, levels: list[Fraction]) -> FloatArray:
    if not len(cells.n) or not levels:
        return np.full(len(levels), np.nan)
    return cells.low[cells.of_ranks(levels)]


def _changed_error(column: str) -> InvalidDataError:
    return InvalidDataError(
        f"Column {column!r} of the table has changed while it was read.",
        column=column,
        advice="Read a table that nobody writes to, or a copy of it.",
    )
