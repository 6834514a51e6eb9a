"""Queries of several columns of a table, each of which reads the table once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skseg.engines import Table

from ._cells import Cells, Classes, Span, part_sql, within_sql
from ._numbers import integer_sql, number_sql
from ._weights import count_sql


class Scans:
    """Scans of several columns of numbers of a table, each of which reads it once.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        Columns of numbers.
    where : str or None
        Condition for the rows that count.
    sample_weight : str or None
        Column of whole-number weights.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        where: str | None,
        sample_weight: str | None,
    ) -> None:
        self._table = table
        self._columns = columns
        self._is_weighted = sample_weight is not None
        conditions = [] if where is None else [where]
        values = []
        if sample_weight is not None:
            conditions.append(str(count_sql(table, sample_weight).where))
            weight = integer_sql(table, number_sql(table, sample_weight).value)
            values.append(f"{weight} AS w")
        for place, column in enumerate(columns):
            value, present = number_sql(table, column)
            values.append(f"CASE WHEN {present} THEN {value} END AS v{place}")
        self._rows = f"SELECT {', '.join(values)} FROM {table.source}"
        if conditions:
            self._rows += f" WHERE {' AND '.join(f'({c})' for c in conditions)}"

    def bounds(self) -> list[Cells]:
        """Return the cells of the very small, the very large and all other values."""
        selected = []
        for place in range(len(self._columns)):
            classes = Classes.of_value(self._table, f"v{place}")
            for name, value in classes._asdict().items():
                selected += [
                    f"MIN({value}) AS low_{name}{place}",
                    f"MAX({value}) AS high_{name}{place}",
                    f"COUNT({value}) AS n_rows_{name}{place}",
                ]
                if self._is_weighted:
                    n = f"SUM(CASE WHEN ({value}) IS NOT NULL THEN w ELSE 0 END)"
                    selected.append(f"{integer_sql(self._table, n)} AS n_{name}{place}")
            selected.append(f"SUM({classes.inner}) AS total{place}")
        sql = f"SELECT {', '.join(selected)} FROM ({self._rows}) AS skseg_rows"
        row = {name: value[0] for name, value in self._table.fetch(sql).items()}
        return [
            self._cells_of_bounds(row, place) for place in range(len(self._columns))
        ]

    def _cells_of_bounds(self, row: Mapping[str, Any], place: int) -> Cells:
        names = [n for n in Classes._fields if int(row[f"n_rows_{n}{place}"])]

        def column(part: str, dtype: Any = np.float64) -> Any:
            return np.array([row[f"{part}_{n}{place}"] for n in names], dtype)

        n_rows = column("n_rows", np.int64)
        mean = np.full(len(names), np.nan)
        if "inner" in names:
            inner = names.index("inner")
            mean[inner] = float(row[f"total{place}"]) / n_rows[inner]
        n = column("n", np.int64) if self._is_weighted else n_rows
        # Adding 0.0 takes the sign off zero.
        return Cells(column("low") + 0.0, column("high") + 0.0, n, n_rows, mean)

    def parts(self, spans: Sequence[tuple[str, Span]], n_parts: int) -> list[Cells]:
        """Return the cells that some cells of columns are divided into."""
        stride = n_parts + 1
        branches = [
            f"WHEN {self._within(column, span)} THEN {place * stride} + "
            f"{part_sql(self._table, 'v', span, n_parts)}"
            for place, (column, span) in enumerate(spans)
        ]
        groups = self._table.fetch(
            f"SELECT k, MIN(v) AS low, MAX(v) AS high, {self._counts()} FROM "
            f"(SELECT v, {self._weight()}CASE {' '.join(branches)} END AS k FROM "
            f"({self._unpivoted()}) AS skseg_values) AS skseg_keyed "
            "WHERE k IS NOT NULL GROUP BY k"
        )
        place_of = np.asarray(groups.pop("k"), dtype=np.int64) // stride
        return self._cells(groups, [place_of == place for place in range(len(spans))])

    def values(self, spans: Sequence[tuple[str, Span]]) -> list[Cells]:
        """Return the cells of one value each in some cells of columns."""
        conditions = [f"({self._within(column, span)})" for column, span in spans]
        groups = self._table.fetch(
            f"SELECT c, v AS low, {self._counts()} FROM ({self._unpivoted()}) "
            f"AS skseg_values WHERE {' OR '.join(conditions)} GROUP BY c, v"
        )
        number, low = groups.pop("c"), np.asarray(groups["low"], dtype=np.float64)
        groups["high"] = low
        masks = [
            (number == self._columns.index(column))
            & (low >= span.low)
            & (low <= span.high)
            for column, span in spans
        ]
        return self._cells(groups, masks)

    def _cells(self, groups: dict[str, Any], masks: Sequence[Any]) -> list[Cells]:
        groups.setdefault("n_rows", groups["n"])
        return [
            Cells.of_groups({name: values[rows] for name, values in groups.items()})
            for rows in masks
        ]

    def _within(self, column: str, span: Span) -> str:
        within = within_sql(self._table, "v", span)
        if len(self._columns) == 1:
            return within
        return f"c = {self._columns.index(column)} AND {within}"

    def _unpivoted(self) -> str:
        """Return rows of the number of a column, c, and a value, v, in one scan.

        Not every engine has grouping sets, and a union would read the table for each.
        """
        numbers = range(len(self._columns))
        if len(numbers) == 1:
            return (
                f"SELECT 0 AS c, {self._weight()}v0 AS v FROM ({self._rows}) AS "
                "skseg_rows"
            )
        names = " UNION ALL ".join(f"SELECT {number} AS c" for number in numbers)
        cases = " ".join(f"WHEN {number} THEN v{number}" for number in numbers)
        return (
            f"SELECT c, {self._weight()}CASE c {cases} END AS v FROM ({self._rows}) "
            f"AS skseg_rows CROSS JOIN ({names}) AS skseg_columns"
        )

    def _weight(self) -> str:
        return "w, " if self._is_weighted else ""

    def _counts(self) -> str:
        if not self._is_weighted:
            return "COUNT(*) AS n"
        return f"{integer_sql(self._table, 'SUM(w)')} AS n, COUNT(*) AS n_rows"
