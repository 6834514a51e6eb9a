"""Customers of a large table, of whom only scores near the cuts are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from skseg._core._aggregates import group_counts, number_sql
from skseg._core._aggregates._cells import Span, part_sql
from skseg._core._aggregates._numbers import integer_sql
from skseg._core._aggregates._scans import Scans
from skseg._core._steps import interval_tests, step_sql
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.engines import Table

from ._customers import Customers

# Cells of scores that are counted in one scan, which bounds what is fetched.
N_CELLS = 65_536
# Ranges of scores that one condition tells apart, by nine comparisons a row.
_MAX_RANGES = 500
# Every round divides the cells near the cuts anew, into hundreds of parts each.
_MAX_ROUNDS = 6

# Of customers, and of the sums of cells, in or beside which an optimum may cut.
Relevance = Callable[[Customers, FloatArray, FloatArray], BoolArray]


class Cells(NamedTuple):
    """Cells of neighbouring scores, ascending: ends, sizes, conversions, and rows."""

    low: FloatArray
    high: FloatArray
    n: FloatArray
    y: FloatArray
    n_rows: IntArray

    def span(self, first: int, last: int) -> Span:
        """Return the bounds of a range of cells, and about the mean of its scores."""
        low, high = (ends[first : last + 1] for ends in (self.low, self.high))
        with np.errstate(invalid="ignore"):
            middles = low / 2 + high / 2
            mean = np.average(middles, weights=self.n_rows[first : last + 1])
        return Span(float(low[0]), float(high[-1]), float(mean))

    def but(self, ranges: Sequence[tuple[int, int]], parts: Cells) -> Cells:
        """Return the cells with parts in place of those in some ranges."""
        outside = np.ones(len(self.low), dtype=bool)
        for first, last in ranges:
            outside[first : last + 1] = False
        columns = [
            np.concatenate([column[outside], part])
            for column, part in zip(self, parts, strict=True)
        ]
        order = np.argsort(columns[0], kind="stable")
        return Cells(*(column[order] for column in columns))


class ScoredTable(NamedTuple):
    """A table, its column of scores, SQL of a 0 / 1 outcome, and the weights."""

    table: Table
    column: str
    outcome: str
    sample_weight: str | None


def cell_customers(
    scored: ScoredTable,
    relevance: Relevance,
    *,
    min_rows: int,
    max_rows: int,
    n_cells: int = N_CELLS,
) -> Customers | None:
    """Return few customers whose optimal tiers are those of the table.

    An upper bound of the profit of all tiers that cut inside a cell shows which cells
    an optimum cannot cut at; `relevance` tells the others. Each of the former is one
    score, and the scores of the latter are fetched, or divided into smaller cells while
    they have more than `max_rows` rows. None: the table has less than `min_rows` scores
    or outcomes other than 0 and 1, or so many rows remain near the cuts.
    """
    bounds = next(iter(_bounds(scored).values()), None)
    if bounds is None or bounds.n_rows.sum() < max(min_rows, 1):
        return None
    spans = [bounds.span(place) for place in range(len(bounds.n))]
    cells, unscored = _divided(scored, spans, n_cells, with_unscored=True)
    if unscored is None:
        return None
    for _ in range(_MAX_ROUNDS):
        customers = _customers(cells, unscored)
        wanted = relevance(customers, cells.n, cells.y) & (cells.low < cells.high)
        ranges = _ranges(wanted, cells.n_rows)
        n_rows = sum(int(cells.n_rows[i : j + 1].sum()) for i, j in ranges)
        if n_rows <= max_rows:
            parts = _scores(scored, cells, ranges) if ranges else None
            return _customers(cells.but(ranges, parts) if parts else cells, unscored)
        if np.count_nonzero(wanted) <= _MAX_RANGES:
            # Parts of each cell are finer than any of a range.
            ranges = [(place, place) for place in np.flatnonzero(wanted).tolist()]
        spans = [cells.span(first, last) for first, last in ranges]
        parts, _ = _divided(scored, spans, n_cells, with_unscored=False)
        cells = cells.but(ranges, parts)
    return None


def _bounds(scored: ScoredTable) -> dict[Any, Any]:
    scans = Scans(scored.table, [scored.column], "0", None, scored.sample_weight)
    return scans.bounds()


def _divided(
    scored: ScoredTable, spans: Sequence[Span], n_cells: int, *, with_unscored: bool
) -> tuple[Cells, tuple[float, float] | None]:
    """Return the cells of some spans, in one scan, and sums of those without a score.

    The latter are None if an outcome is neither 0 nor 1.
    """
    table = scored.table
    value, present = number_sql(table, scored.column)
    n_parts = max(n_cells // len(spans), 2**6)

    def key(step: int) -> str:
        if step % 2 == 0:
            return "-1"
        place, span = step // 2, spans[step // 2]
        first = str(place * (n_parts + 1))
        if span.low == span.high:
            return first
        return f"{first} + {part_sql(table, value, span, n_parts)}"

    tests = interval_tests(table, value, [(span.low, span.high) for span in spans])
    cell = f"CASE WHEN {present} THEN {step_sql(tests, key)} ELSE -2 END"
    groups = _counted(scored, cell, value, None)
    # The weight of rows without weight is 0, whether or not they have a score.
    others = groups["skseg_key"] == -2
    unscored = float(groups["n"][others].sum()), float(groups["y"][others].sum())
    cells = _joined(groups, groups["skseg_key"] >= 0)
    has_faults = with_unscored and bool(groups["n_faults"].sum())
    return cells, None if has_faults else unscored


def _joined(groups: dict[str, Any], rows: BoolArray) -> Cells:
    """Return cells, joined where the engine's arithmetic lets them overlap."""
    low, high = (groups[end][rows].astype(np.float64) + 0.0 for end in ("low", "high"))
    order = np.argsort(low, kind="stable")
    low, reach = low[order], np.maximum.accumulate(high[order])
    starts = np.flatnonzero(np.append(True, low[1:] > reach[:-1])[: len(low)])
    ends = np.append(starts[1:], len(low)) - 1
    n, y, n_rows = (
        np.add.reduceat(groups[name][rows][order], starts)
        for name in ("n", "y", "n_rows")
    )
    floats = n.astype(np.float64), y.astype(np.float64)
    return Cells(low[starts], reach[ends], *floats, n_rows.astype(np.int64))


def _ranges(wanted: BoolArray, n_rows: IntArray) -> list[tuple[int, int]]:
    """Return first and last place of ranges of cells that hold all wanted ones.

    If there are too many, those with the fewest rows in between are joined.
    """
    edges = np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    if len(first) > _MAX_RANGES:
        up_to = np.append(0, np.cumsum(n_rows))
        between = up_to[first[1:]] - up_to[last[:-1] + 1]
        widest = np.sort(np.argsort(-between, kind="stable")[: _MAX_RANGES - 1])
        first = np.append(first[:1], first[1:][widest])
        last = np.append(last[:-1][widest], last[-1:])
    return list(zip(first.tolist(), last.tolist(), strict=True))


def _scores(
    scored: ScoredTable, cells: Cells, ranges: Sequence[tuple[int, int]]
) -> Cells:
    """Return a cell for every score in some ranges, in one scan."""
    value, present = number_sql(scored.table, scored.column)
    ends = [(float(cells.low[i]), float(cells.high[j])) for i, j in ranges]
    tests = interval_tests(scored.table, value, ends)
    inside = step_sql(tests, lambda step: str(step % 2))
    groups = _counted(scored, value, value, f"{present} AND {inside} = 1")
    return _joined(groups, np.ones(len(groups["n"]), dtype=bool))


def _counted(
    scored: ScoredTable, key: str, value: str, where: str | None
) -> dict[str, Any]:
    """Return sums of the customers with the same key."""
    table, outcome = scored.table, scored.outcome
    weight = "1"
    if scored.sample_weight is not None:
        weight = integer_sql(table, number_sql(table, scored.sample_weight).value)
    is_event = f"CASE WHEN {outcome} = 1 THEN {weight} ELSE 0 END"
    is_fault = f"CASE WHEN {outcome} = 0 OR {outcome} = 1 THEN 0 ELSE 1 END"
    return group_counts(
        table,
        {"skseg_key": key},
        aggregates={
            "low": f"MIN({value})",
            "high": f"MAX({value})",
            "y": integer_sql(table, f"SUM({is_event})"),
            "n_rows": "COUNT(*)",
            "n_faults": integer_sql(table, f"SUM({is_fault})"),
        },
        where=where,
        sample_weight=scored.sample_weight,
    )


def _customers(cells: Cells, unscored: tuple[float, float]) -> Customers:
    """Return customers of one score for every cell, converted and not."""
    scores = np.append(cells.low, np.nan)
    # The highest score is that of a customer, like the lowest one.
    scores[-2] = cells.high[-1]
    n, y = np.append(cells.n, unscored[0]), np.append(cells.y, unscored[1])
    weight = np.concatenate([y, n - y])
    counted = weight > 0
    conversions = np.repeat([1.0, 0.0], len(scores))
    return Customers(np.tile(scores, 2)[counted], conversions[counted], weight[counted])
