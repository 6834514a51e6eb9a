"""Cells of sorted values: how many rows they have, and where they begin and end."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray
from skseg.engines import Table

from ._numbers import integer_sql, literal_sql

# Values beyond have cells of their own: differences and sums of the others cannot
# overflow.
_OUTER = 1e280


class Span(NamedTuple):
    """The bounds of a cell, both included, and the mean of its values if known."""

    low: float
    high: float
    mean: float = math.nan


class Cells(NamedTuple):
    """Disjoint cells in ascending order, which hold all present values of a column.

    `low` and `high` are the smallest and the largest value of each, `n` is its weight,
    `n_rows` its number of rows, and `mean` the mean of its values, NaN if unknown.
    """

    low: FloatArray
    high: FloatArray
    n: IntArray
    n_rows: IntArray
    mean: FloatArray

    @classmethod
    def of_groups(cls, groups: dict[str, Any]) -> Cells:
        """Return the cells of groups of rows, joining those that overlap.

        Ranks follow from counts and comparisons alone: which group a row is in is for
        the engine to decide, by whatever arithmetic. If it rounds in its own way, two
        groups may overlap, and are one cell.
        """
        order = np.argsort(groups["low"], kind="stable")
        # Adding 0.0 takes the sign off zero.
        low, high = groups["low"][order] + 0.0, groups["high"][order] + 0.0
        reach = np.maximum.accumulate(high)
        starts = np.flatnonzero(np.append(True, low[1:] > reach[:-1])[: len(low)])
        if not len(low):
            return cls(low, high, *(np.empty(0, np.int64),) * 2, low)
        n, n_rows = (
            np.add.reduceat(groups[name][order].astype(np.int64), starts)
            for name in ("n", "n_rows")
        )
        ends = np.append(starts[1:], len(low)) - 1
        return cls(low[starts], reach[ends], n, n_rows, np.full(len(n), np.nan))

    def of_ranks(self, ranks: Sequence[int]) -> IntArray:
        """Return the position of the cell that holds each rank, from 1 on."""
        up_to = np.cumsum(self.n)
        positions = np.searchsorted(up_to, np.asarray(ranks, np.int64), side="left")
        return np.asarray(np.minimum(positions, len(up_to) - 1))

    def span(self, position: int) -> Span:
        """Return the bounds of one cell."""
        return Span(
            float(self.low[position]),
            float(self.high[position]),
            float(self.mean[position]),
        )

    def replaced(self, position: int, parts: Cells) -> Cells:
        """Return the cells with `parts` in place of one of them."""
        pairs = zip(self, parts, strict=True)
        return Cells(
            *(np.concatenate((w[:position], p, w[position + 1 :])) for w, p in pairs)
        )


class Classes(NamedTuple):
    """SQL of a value if it is very small, neither, or very large; else NULL."""

    below: str
    inner: str
    above: str

    @classmethod
    def of_value(cls, table: Table, value: str) -> Classes:
        """Return the classes of a value of a table."""
        outer = literal_sql(table, _OUTER)
        return cls(
            f"CASE WHEN {value} < -{outer} THEN {value} END",
            f"CASE WHEN {value} >= -{outer} AND {value} <= {outer} THEN {value} END",
            f"CASE WHEN {value} > {outer} THEN {value} END",
        )


def part_sql(table: Table, value: str, span: Span, n_parts: int) -> str:
    """Return the number, 0 to `n_parts`, of the part of a cell that a value is in.

    A part is finer where values lie closer together: with u the distance to the nearer
    end of the cell and s the mean of u, the number is ``n_parts * s / (u + s)``. Of
    skewed values equal steps would leave nearly all in one part. Nothing overflows or
    underflows, at which Postgres would stop.
    """
    low, high, mean = span
    if math.isinf(high - low) and (math.isinf(low) or math.isinf(high)):
        # MariaDB knows no infinity, which is what is beyond the largest float64.
        largest = literal_sql(table, sys.float_info.max)
        return f"CASE WHEN ABS({value}) > {largest} THEN 1 ELSE 0 END"
    if max(abs(low), abs(high)) > _OUTER:
        scale = 2.0**-40
        low, high, mean = low * scale, high * scale, math.nan
        value = f"{value} * {literal_sql(table, scale)}"
    is_from_low = not mean - low > high - mean
    u = f"{value} - {literal_sql(table, low)}"
    if not is_from_low:
        u = f"{literal_sql(table, high)} - {value}"
    s = _step(low, high, mean - low if is_from_low else high - mean)
    return integer_sql(
        table, f"{literal_sql(table, n_parts * s)} / ({u} + {literal_sql(table, s)})"
    )


def _step(low: float, high: float, distance: float) -> float:
    """Return the mean distance to an end of a cell, or what stands for it.

    Its bounds make sure that every division leaves parts that are narrower.
    """
    width = high - low
    if not distance > 0:
        # Some room for skewness, and at least 1 / 256 of the width is left off.
        distance = width / 2**8
    return max(min(distance, width), width / 2**20, math.ulp(0.0))


def within_sql(table: Table, value: str, span: Span) -> str:
    """Return whether a value is within the bounds of a cell."""
    low, high, _ = span
    parts = []
    if low >= -sys.float_info.max:
        parts.append(f"{value} >= {literal_sql(table, low)}")
    if high <= sys.float_info.max:
        parts.append(f"{value} <= {literal_sql(table, high)}")
    return " AND ".join(parts) or f"{value} IS NOT NULL"
