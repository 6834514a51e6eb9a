"""Cells of sorted values: how many rows they have, and where they begin and end."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray
from skseg.engines import Table

from ._numbers import integer_sql, literal_sql

# Beyond, values have cells of their own, so that differences and sums of the others
# cannot overflow.
_OUTER = 1e280


class Span(NamedTuple):
    """The bounds of a cell, both included, and the mean of its values if known."""

    low: float
    high: float
    mean: float = math.nan


class Cells(NamedTuple):
    """Disjoint cells in ascending order, which hold all present values of a column.

    `low` and `high` are the smallest and the largest value of each, `n` is its weight
    and `n_rows` its number of rows.
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
        # The sum leaves out what is beyond the outer bounds.
        mean = np.add.reduceat(groups["total"][order], starts) / n_rows
        return cls(low[starts], reach[ends], n, n_rows, mean)

    def of_ranks(self, levels: list[Fraction]) -> IntArray:
        """Return the position of the cell that holds the quantile of each level."""
        up_to = np.cumsum(self.n)
        total = int(up_to[-1])
        targets = [math.ceil(level * total) for level in levels]
        positions = np.searchsorted(up_to, targets, side="left")
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


def outer_classes_sql(table: Table, value: str) -> str:
    """Return the number, 0 to 4, of a value's class: infinite, very large or neither.

    MariaDB reads no infinity, so infinite is what is beyond the largest float64.
    """
    largest, outer = (
        literal_sql(table, bound) for bound in (sys.float_info.max, _OUTER)
    )
    return (
        f"CASE WHEN {value} < -({largest}) THEN 0 WHEN {value} < -({outer}) THEN 1 "
        f"WHEN {value} <= {outer} THEN 2 WHEN {value} <= {largest} THEN 3 "
        f"WHEN {value} IS NOT NULL THEN 4 END"
    )


def inner_sum_sql(table: Table, value: str) -> str:
    """Return the sum of the values that are not very large; 0 where there are none."""
    outer = literal_sql(table, _OUTER)
    inner = f"CASE WHEN ABS({value}) <= {outer} THEN {value} ELSE {outer} - {outer} END"
    return f"SUM({inner})"


def part_sql(table: Table, value: str, span: Span, n_parts: int) -> str:
    """Return the number, 0 to `n_parts`, of the part of a cell that a value is in.

    A part is finer where values lie closer together: with u the distance to the nearer
    end and s the mean distance, the number is ``n_parts * u / (u + s)``. Of skewed
    values equal steps would leave nearly all in one part. Nothing overflows, nor
    underflows, at which Postgres would stop.
    """
    low, high, mean = span
    scale = ""
    if max(abs(low), abs(high)) > _OUTER:
        low, high, mean, scale = low / 4, high / 4, math.nan, f" * {_sql(table, 0.25)}"
    width = high - low
    is_from_low = not mean - low > high - mean
    # A known mean apart, some room is left for skewness.
    distance = mean - low if is_from_low else high - mean
    if not distance > 0:
        distance = width / 2**8
    s = max(min(distance, width), width / 2**20, math.ulp(0.0))
    scaled = f"{value}{scale}"
    u = f"({scaled} - {_sql(table, low)})"
    if not is_from_low:
        u = f"({_sql(table, high)} - {scaled})"
    number = f"{_sql(table, n_parts)} * ({u} / ({u} + {_sql(table, s)}))"
    return (
        f"CASE WHEN {u} <= {_sql(table, s / n_parts)} THEN 0 "
        f"ELSE {integer_sql(table, number)} END"
    )


def within_sql(table: Table, value: str, span: Span) -> str:
    """Return whether a value is within the bounds of a cell."""
    low, high, _ = span
    parts = []
    if low >= -sys.float_info.max:
        parts.append(f"{value} >= {_sql(table, low)}")
    if high <= sys.float_info.max:
        parts.append(f"{value} <= {_sql(table, high)}")
    return " AND ".join(parts) or f"{value} IS NOT NULL"


def _sql(table: Table, number: float) -> str:
    # Brackets keep a minus from making a comment of the one before.
    return f"({literal_sql(table, float(number))})"
