"""Exact quantiles of columns that are not in memory, in two or three scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError
from skseg.rules._quantile import exact_level

from ._cells import (
    Cells,
    Span,
    inner_sum_sql,
    outer_classes_sql,
    part_sql,
    within_sql,
)
from ._numbers import number_sql
from ._weights import count_sql

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
    scan = _Scan(table, list(exact), where, sample_weight)
    cells = dict(zip(exact, scan.classes(), strict=True))
    while wanted := _unfinished(cells, exact):
        max_rows = max(max_fetched // len(wanted), n_parts)
        large = [w for w in wanted if cells[w[0]].n_rows[w[1]] > max_rows]
        chosen = large or wanted
        spans = [(column, cells[column].span(place)) for column, place in chosen]
        if large:
            size = max(min(n_parts, max_fetched // len(large)), 2**8)
            parts = scan.parts(spans, size)
        else:
            parts = scan.values(spans)
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
            for place in np.unique(column_cells.of_ranks(levels[column])):
                if column_cells.low[place] < column_cells.high[place]:
                    unfinished.append((column, int(place)))
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


class _Scan:
    """Scans of several columns of a table, each of which reads the table once."""

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        where: str | None,
        sample_weight: str | None,
    ) -> None:
        self.table = table
        self.columns = columns
        self._is_weighted = sample_weight is not None
        weight = "1"
        conditions = [where] if where is not None else []
        if sample_weight is not None:
            count = count_sql(table, sample_weight)
            weight = number_sql(table, sample_weight).value
            conditions.append(str(count.where))
        numbers = [number_sql(table, column) for column in columns]
        values = [
            f"CASE WHEN {number.present} THEN {number.value} END AS v{place}"
            for place, number in enumerate(numbers)
        ]
        rows = f"SELECT {weight} AS w, {', '.join(values)} FROM {table.source}"
        if conditions:
            rows += f" WHERE {' AND '.join(f'({c})' for c in conditions)}"
        if len(columns) == 1:
            self._values = f"SELECT 0 AS c, w, v0 AS v FROM ({rows}) AS skseg_rows"
            return
        # One row a column, since not every engine has grouping sets.
        names = " UNION ALL ".join(f"SELECT {i} AS c" for i in range(len(columns)))
        cases = " ".join(f"WHEN {i} THEN v{i}" for i in range(len(columns)))
        self._values = (
            f"SELECT c, w, CASE c {cases} END AS v FROM ({rows}) AS skseg_rows "
            f"CROSS JOIN ({names}) AS skseg_columns"
        )

    def classes(self) -> list[Cells]:
        """Return cells of the infinite, the very large and the other values."""
        key = f"{outer_classes_sql(self.table, 'v')} + 5 * c"
        groups = self._groups(key, inner_sum_sql(self.table, "v"))
        column = groups["k"] // 5
        return [_cells(groups, column == c) for c in range(len(self.columns))]

    def parts(self, spans: Sequence[tuple[str, Span]], n_parts: int) -> list[Cells]:
        """Return the cells that some cells of columns are divided into."""
        stride = n_parts + 1
        part = [part_sql(self.table, "v", span, n_parts) for _, span in spans]
        key = self._case(
            spans, [f"{place * stride} + {sql}" for place, sql in enumerate(part)]
        )
        groups = self._groups(key, "0e0")
        place = groups["k"] // stride
        return [_cells(groups, place == i) for i in range(len(spans))]

    def values(self, spans: Sequence[tuple[str, Span]]) -> list[Cells]:
        """Return the cells of one value each in some cells of columns."""
        key = self._case(spans, [str(place) for place in range(len(spans))])
        sql = (
            f"SELECT k, v AS low, {self._totals()} FROM ({self._keyed(key)}) AS "
            "skseg_keyed WHERE k IS NOT NULL GROUP BY k, v"
        )
        groups = self.table.fetch(sql)
        groups["high"], groups["total"] = groups["low"], groups["low"]
        return [_cells(groups, groups["k"] == i) for i in range(len(spans))]

    def _case(self, spans: Sequence[tuple[str, Span]], results: list[str]) -> str:
        """Return an expression of the rows in each of some cells; NULL elsewhere."""
        branches = []
        for place, column in enumerate(self.columns):
            inner = [
                f"WHEN {within_sql(self.table, 'v', span)} THEN {result}"
                for (name, span), result in zip(spans, results, strict=True)
                if name == column
            ]
            if inner:
                branches.append(f"WHEN {place} THEN CASE {' '.join(inner)} END")
        return f"CASE c {' '.join(branches)} END"

    def _groups(self, key: str, total: str) -> dict[str, Any]:
        return self.table.fetch(
            f"SELECT k, MIN(v) AS low, MAX(v) AS high, {self._totals()}, {total} AS "
            f"total FROM ({self._keyed(key)}) AS skseg_keyed WHERE k IS NOT NULL "
            "GROUP BY k"
        )

    def _keyed(self, key: str) -> str:
        return f"SELECT v, w, {key} AS k FROM ({self._values}) AS skseg_values"

    def _totals(self) -> str:
        if not self._is_weighted:
            return "COUNT(*) AS n, COUNT(*) AS n_rows"
        kind = "SIGNED" if self.table.dialect == "mysql" else "BIGINT"
        return f"CAST(SUM(CAST(w AS {kind})) AS {kind}) AS n, COUNT(*) AS n_rows"


def _cells(groups: Mapping[str, Any], rows: Any) -> Cells:
    return Cells.of_groups({name: values[rows] for name, values in groups.items()})
