"""Sums over a numeric column of too many values to fetch, by an engine's queries.

They are added up in the order of the engine: means agree with those in memory to about
1e-12 of the standard deviation, and rank effects to 1e-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from skseg._core._aggregates import literal_sql
from skseg._typing import FloatArray

from ._lazy_rows import LazyRows
from ._moments import Moments
from ._segment_table import STEPS, Curve

# Squares of smaller deviations, which some engines refuse to underflow, add nothing.
_NEGLIGIBLE = 1e-100


class LazySums:
    """A numeric column, added up by the engine of its table.

    Parameters
    ----------
    rows : LazyRows
        The customers.
    codes : sequence of int
        Codes of the segments, in order.
    name : str
        Name of the column.
    """

    def __init__(self, rows: LazyRows, codes: Sequence[int], name: str) -> None:
        self.rows = rows
        self.codes = codes
        self.name = name
        self._known = (
            "(SELECT code, v, w FROM "
            + rows.select(
                {
                    "code": rows.code_sql,
                    "v": rows.finite_sql(name),
                    "w": rows.weight_sql,
                }
            )
            + " AS customers WHERE v IS NOT NULL) AS known"
        )
        self._infinite = rows.select(
            {
                "v": rows.value_sql(name),
                "finite": rows.finite_sql(name),
                "w": rows.weight_sql,
            }
        )

    @cached_property
    def n(self) -> FloatArray:
        """Weight of the known values of each segment."""
        return np.asarray(self._bounds[0])

    @cached_property
    def _bounds(self) -> FloatArray:
        """Weight, smallest and largest value of each segment, NaN without any."""
        return self._by_segment(
            {"n": "SUM(w)", "low": "MIN(v)", "high": "MAX(v)"}, f"FROM {self._known}"
        )

    def infinite(self) -> float:
        """Return the weight of the customers with an infinite value."""
        answer = self.rows.table.fetch(
            f"SELECT {self.rows.whole('SUM(w)')} AS n FROM {self._infinite} AS "
            "customers WHERE v IS NOT NULL AND finite IS NULL"
        )
        value = answer["n"].tolist()[0]
        return 0.0 if value is None else float(value)

    def moments(self, centres: FloatArray | None = None) -> Moments:
        """Return the moments of each segment, from deviations from its `centres`.

        These are the means by default. Sums of squares of the values themselves would
        cancel out.
        """
        n, low, high = self._bounds
        unit = _unit(np.nanmax(np.abs([low, high]), initial=0.0))
        if centres is None:
            total = f"SUM(w * (v / {self._literal(unit)}))"
            (sums,) = self._by_segment({"total": total}, f"FROM {self._known}")
            with np.errstate(invalid="ignore"):
                centres = sums / n * unit
        centre = _case(self._numbers(centres / unit))
        scaled = f"v / {self._literal(unit)} - {centre}"
        tiny = f"ABS(d) < {self._literal(_NEGLIGIBLE)}"
        sums = self._by_segment(
            {
                "s1": "SUM(w * d)",
                "s2": f"SUM(CASE WHEN {tiny} THEN 0 ELSE w * d * d END)",
                "s3": f"SUM(CASE WHEN {tiny} THEN 0 ELSE w * d * d * d END)",
            },
            f"FROM (SELECT code, w, {scaled} AS d FROM {self._known}) AS deviations",
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            first, second, third = sums
            shift = first / n
            squares = np.maximum(second - n * shift**2, 0.0)
            cubes = third - 3 * shift * second + 2 * n * shift**3
            is_constant = low == high
            root = np.where(is_constant, 0.0, np.sqrt(squares))
            skew = np.where(is_constant | (root == 0), 0.0, cubes / root**3)
            mean = np.where(is_constant, low, (centres / unit + shift) * unit)
        is_empty = ~(n > 0)
        root, skew = (np.where(is_empty, np.nan, x) for x in (root * unit, skew))
        return Moments(np.nan_to_num(n), mean, root, skew)

    def sums(self) -> FloatArray:
        """Return the sum of the values of each segment."""
        n, mean, *_ = self.moments()
        return np.where(n > 0, n * mean, 0.0)

    def curve(self) -> Curve:
        """Return the curve of the values at the shares of customers that are shown."""
        total = float(self.n.sum())
        steps = [self._literal(step * total) for step in STEPS[1:-1]]
        crossed = " + ".join(
            f"CASE WHEN n_up_to > {s} AND n_up_to - n <= {s} THEN 1 ELSE 0 END"
            for s in steps
        )
        ranked = (
            "SELECT v, n, SUM(n) OVER (ORDER BY v DESC) AS n_up_to, SUM(n * v) OVER "
            f"(ORDER BY v DESC) AS amount FROM {self._counts()}"
        )
        columns = {name: self.rows.whole(name) for name in ("n", "n_up_to")}
        columns["amount"] = self.rows.double("amount")
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        answer = self.rows.table.fetch(
            f"SELECT v, {listed} FROM ({ranked}) AS ranked WHERE {crossed} > 0"
        )
        order = np.argsort(answer["n_up_to"].astype(np.float64))
        v, n, up_to, amount = (
            answer[key].astype(np.float64)[order]
            for key in ("v", "n", "n_up_to", "amount")
        )
        # Where a value begins and ends; between, the curve is straight.
        points = np.concatenate([up_to - n, up_to, [total]])
        amounts = np.concatenate([amount - n * v, amount, [self.sums().sum()]])
        points, first = np.unique(points, return_index=True)
        is_inside = points > 0
        return Curve(points[is_inside], amounts[first][is_inside])

    def _counts(self, part: str = "0") -> str:
        """Return a subquery of the distinct values of each part, and their weights."""
        return (
            f"(SELECT {part} AS part, v, SUM(w) AS n FROM {self._known} GROUP BY 1, 2)"
            " AS counts"
        )

    def _by_segment(self, columns: Mapping[str, str], source: str) -> FloatArray:
        """Return aggregates as one row each, NaN for segments without rows."""
        listed = ", ".join(
            f"{self.rows.double(sql)} AS {name}" for name, sql in columns.items()
        )
        answer = self.rows.table.fetch(f"SELECT code, {listed} {source} GROUP BY code")
        result = np.full((len(columns), len(self.codes)), np.nan)
        for row, name in enumerate(columns):
            for code, value in zip(answer["code"], answer[name], strict=True):
                result[row, self.codes.index(int(code))] = value
        if "n" in columns:
            result[0] = np.nan_to_num(result[0])
        return result

    def _numbers(self, values: FloatArray) -> list[tuple[int, str]]:
        return [
            (code, self._literal(value))
            for code, value in zip(self.codes, values, strict=True)
            if not np.isnan(value)
        ]

    def _total(self, condition: str) -> str:
        return self.rows.whole(f"SUM(CASE WHEN {condition} THEN w ELSE 0 END)")

    def _literal(self, value: float) -> str:
        return f"({literal_sql(self.rows.table, float(value))})"


def _case(values: Sequence[tuple[int, str]]) -> str:
    branches = " ".join(f"WHEN {code} THEN {literal}" for code, literal in values)
    return f"CASE code {branches} END" if branches else "v"


def _unit(largest: float) -> float:
    """Return a power of two that brings the largest value near 1."""
    if not 0 < largest < np.inf:
        return 1.0
    return float(np.ldexp(1.0, int(np.clip(np.frexp(largest)[1], -1000, 1000))))
