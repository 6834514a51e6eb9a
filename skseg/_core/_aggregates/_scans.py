"""Queries of several columns and groups of a table, each of which reads it once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from skseg.engines import Table

from ._cells import Cells, Classes, Span, part_sql, within_sql
from ._numbers import integer_sql, number_sql
from ._weights import count_sql


class Series(NamedTuple):
    """The values of a column, by its position, in the rows of a group."""

    column: int
    group: int


class Scans:
    """Scans of several columns of numbers of a table, each of which reads it once.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        Columns of numbers.
    group : str
        Expression of the number of a row's group.
    where : str or None
        Condition for the rows that count.
    sample_weight : str or None
        Column of whole-number weights.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        group: str,
        where: str | None,
        sample_weight: str | None,
    ) -> None:
        self._table = table
        self._n_columns = len(columns)
        self._is_weighted = sample_weight is not None
        conditions = [] if where is None else [where]
        values = [f"{group} AS g"]
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

    def bounds(self) -> dict[Series, Cells]:
        """Return the cells of the very small, the very large and all other values."""
        selected = []
        for place in range(self._n_columns):
            classes = Classes.of_value(self._table, f"v{place}")
            for name, value in classes._asdict().items():
                selected += [
                    f"MIN({value}) AS low_{name}{place}",
                    f"MAX({value}) AS high_{name}{place}",
                    f"COUNT({value}) AS n_rows_{name}{place}",
                ]
                if self._is_weighted:
                    n = f"SUM(CASE WHEN ({value}) IS NOT NULL THEN w ELSE 0 END)"
                    n = integer_sql(self._table, n)
                    selected.append(f"{n} AS n_{name}{place}")
            selected.append(f"SUM({classes.inner}) AS total{place}")
        answer = self._table.fetch(
            f"SELECT g, {', '.join(selected)} FROM ({self._rows}) AS skseg_rows "
            "GROUP BY g"
        )
        groups = answer.pop("g")
        cells = {}
        for row, group in enumerate(groups):
            values = {name: column[row] for name, column in answer.items()}
            for place in range(self._n_columns):
                series = Series(place, int(group))
                cells[series] = self._cells_of_bounds(values, place)
        return cells

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

    def parts(self, spans: Sequence[tuple[Series, Span]], n_parts: int) -> list[Cells]:
        """Return the cells that some cells of series are divided into."""
        stride = n_parts + 1
        keys = [
            f"{place * stride} + {part_sql(self._table, 'v', span, n_parts)}"
            for place, (_, span) in enumerate(spans)
        ]
        groups = self._table.fetch(
            f"SELECT k, MIN(v) AS low, MAX(v) AS high, {self._counts()} FROM "
            f"({self._keyed(spans, keys)}) AS skseg_keyed WHERE k IS NOT NULL "
            "GROUP BY k"
        )
        place_of = np.asarray(groups.pop("k"), dtype=np.int64) // stride
        return self._cells(groups, place_of, len(spans))

    def values(self, spans: Sequence[tuple[Series, Span]]) -> list[Cells]:
        """Return the cells of one value each in some cells of series."""
        keys = [str(place) for place in range(len(spans))]
        groups = self._table.fetch(
            f"SELECT k, v AS low, {self._counts()} FROM "
            f"({self._keyed(spans, keys)}) AS skseg_keyed WHERE k IS NOT NULL "
            "GROUP BY k, v"
        )
        place_of = np.asarray(groups.pop("k"), dtype=np.int64)
        groups["high"] = groups["low"]
        return self._cells(groups, place_of, len(spans))

    def _cells(
        self, groups: dict[str, Any], place_of: Any, n_spans: int
    ) -> list[Cells]:
        groups.setdefault("n_rows", groups["n"])
        order = np.argsort(place_of, kind="stable")
        ends = np.searchsorted(place_of[order], np.arange(1, n_spans + 1))
        rows_of_span = np.split(order, ends)[:n_spans]
        return [
            Cells.of_groups({name: values[rows] for name, values in groups.items()})
            for rows in rows_of_span
        ]

    def _keyed(self, spans: Sequence[tuple[Series, Span]], keys: Sequence[str]) -> str:
        """Return rows of a value, v, and the key of its span, k, NULL without."""
        branches = sorted(
            (series, f"WHEN {within_sql(self._table, 'v', span)} THEN {key}")
            for (series, span), key in zip(spans, keys, strict=True)
        )
        case_of_series = {
            series: f"CASE {' '.join(branch for _, branch in pairs)} END"
            for series, pairs in groupby(branches, key=lambda pair: pair[0])
        }
        case_of_column = {
            column: _case("g", ((s.group, case_of_series[s]) for s in group))
            for column, group in groupby(case_of_series, key=lambda s: s.column)
        }
        key = _case("c", case_of_column.items())
        return (
            f"SELECT v, {self._weight()}{key} AS k FROM ({self._unpivoted()}) AS "
            "skseg_values"
        )

    def _unpivoted(self) -> str:
        """Return rows of the number of a column, c, and a value, v, in one scan.

        Not every engine has grouping sets, and a union would read the table for each.
        """
        places = range(self._n_columns)
        if len(places) == 1:
            return (
                f"SELECT 0 AS c, g, {self._weight()}v0 AS v FROM ({self._rows}) AS "
                "skseg_rows"
            )
        names = " UNION ALL ".join(f"SELECT {place} AS c" for place in places)
        value = _case("c", ((place, f"v{place}") for place in places))
        return (
            f"SELECT c, g, {self._weight()}{value} AS v FROM ({self._rows}) "
            f"AS skseg_rows CROSS JOIN ({names}) AS skseg_columns"
        )

    def _weight(self) -> str:
        return "w, " if self._is_weighted else ""

    def _counts(self) -> str:
        if not self._is_weighted:
            return "COUNT(*) AS n"
        return f"{integer_sql(self._table, 'SUM(w)')} AS n, COUNT(*) AS n_rows"


def _case(name: str, results: Iterable[tuple[int, str]]) -> str:
    """Return the result of the number in a column."""
    branches = [f"WHEN {number} THEN {result}" for number, result in results]
    return f"CASE {name} {' '.join(branches)} END"
