"""Sums of floats in the groups of a table: those in memory, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from skseg._core._sums import rounding_constant, step_exponent
from skseg._typing import FloatArray
from skseg.engines import Table

from ._numbers import literal_sql

# Sums of as many rounded parts of the values are asked for at once, which is what
# numbers of 53 bits over some magnitudes need with many millions of rows.
_N_LEVELS = 3
# Engines that put the expression of a column where its name is. A rest names the one
# before it three times, so that of many levels their number would be exponential.
_INLINING = ("mysql", "postgres", "sqlite")
# Without meaning, but they do not look behind it.
_FENCE = f" LIMIT {2**63 - 1} OFFSET 0"


@dataclass(frozen=True)
class Extent:
    """Number of the values that are added up, and the largest absolute one of them."""

    n: int
    largest: float


def extents(
    table: Table, values: Mapping[str, str], where: str | None = None
) -> dict[str, Extent]:
    """Return name -> extent of expressions that are NULL or finite, in one scan."""
    selected = ", ".join(
        f"COUNT({sql}) AS n_{name}, MAX(ABS({sql})) AS largest_{name}"
        for name, sql in values.items()
    )
    sql = f"SELECT {selected} FROM {table.source}"
    answer = table.fetch(sql if where is None else f"{sql} WHERE {where}")
    result = {}
    for name in values:
        n = int(answer[f"n_{name}"][0])
        result[name] = Extent(n, float(answer[f"largest_{name}"][0]) if n else 0.0)
    return result


def exact_group_sums(
    table: Table,
    values: Mapping[str, str],
    group: str,
    n_groups: int,
    *,
    where: str | None = None,
    extent_of: Mapping[str, Extent] | None = None,
) -> dict[str, FloatArray]:
    """Return the sums of expressions in every group, those of `group_sums` in memory.

    Every value is a multiple of a step that is so large that float64 adds up such
    multiples exactly, in whatever order the engine does, and a rest that is treated
    alike. An engine that rounds like IEEE 754 takes off these parts like numpy. How far
    the next part is down depends on the largest rest, so it is guessed and verified.

    Parameters
    ----------
    table : Table
        The table.
    values : mapping of str to str
        Name, a plain word, -> expression that is finite, or NULL where a row does not
        count. Their magnitudes are at most 2**900.
    group : str
        Expression of the number of a row's group, from 0 on; the sums of a negative one
        are left out.
    n_groups : int
        Number of groups.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    extent_of : mapping of str to Extent or None, default=None
        Name -> extent, where it is known without a scan.

    Returns
    -------
    dict of str to ndarray of float64 of shape (n_groups,)
        Name -> sums.
    """
    if extent_of is None:
        extent_of = extents(table, values, where)
    plans = {name: _Plan(e) for name, e in extent_of.items() if e.largest > 0}
    totals = {name: np.zeros(n_groups) for name in values}
    while pending := {name: plan for name, plan in plans.items() if not plan.is_done}:
        levels = {name: plan.exponents() for name, plan in pending.items()}
        answer = _fetch(table, {n: values[n] for n in pending}, levels, group, where)
        groups = np.asarray(answer["g"], dtype=np.int64)
        for name, plan in pending.items():
            rests = [
                float(np.nanmax(answer[f"rest_{name}_{place}"]))
                for place in range(len(levels[name]))
            ]
            plan.verify(rests)
            if plan.is_done:
                parts = [answer[f"sum_{name}_{k}"] for k in range(plan.n_levels)]
                totals[name] = _added(parts, groups, n_groups)
    return totals


class _Plan:
    """The steps of the parts of an expression: verified ones, and guesses."""

    def __init__(self, extent: Extent) -> None:
        self._n = extent.n
        self._known = [step_exponent(extent.largest, extent.n)]
        self.is_done = False

    @property
    def n_levels(self) -> int:
        """Number of verified parts."""
        return len(self._known)

    def exponents(self) -> list[int]:
        """Return the exponents of steps to try, the verified ones first."""
        exponents = list(self._known)
        while len(exponents) < max(_N_LEVELS, len(self._known) + 1):
            # Of many rests the largest is just below half a step.
            largest = math.ldexp(0.75, exponents[-1] - 1)
            exponents.append(step_exponent(largest, self._n))
        return exponents

    def verify(self, rests: Sequence[float]) -> None:
        """Note what the largest rests after each part say about the steps."""
        tried = self.exponents()
        for place, rest in enumerate(rests):
            if rest == 0:
                self._known = tried[: place + 1]
                self.is_done = True
                return
            exponent = step_exponent(rest, self._n)
            if place + 1 == len(tried) or tried[place + 1] != exponent:
                self._known = [*tried[: place + 1], exponent]
                return


def _fetch(
    table: Table,
    values: Mapping[str, str],
    levels: Mapping[str, Sequence[int]],
    group: str,
    where: str | None,
) -> dict[str, Any]:
    """Return the sums of parts, and the largest rests after each, by group."""
    names = ", ".join(f"{sql} AS x_{name}_0" for name, sql in values.items())
    rows = f"SELECT {group} AS g, {names} FROM {table.source}"
    if where is not None:
        rows += f" WHERE {where}"
    # Subqueries within each other would be too deep for the parser of SQLite.
    queries = [f"rows_0 AS ({rows})"]
    selected = []
    for place in range(max(map(len, levels.values()))):
        columns = []
        for name, exponents in levels.items():
            if place < len(exponents):
                magic = literal_sql(table, rounding_constant(exponents[place]))
                x, rest = f"x_{name}_{place}", f"x_{name}_{place + 1}"
                part = f"({x} + {magic}) - {magic}"
                columns.append(
                    f"{part} AS part_{name}_{place}, {x} - ({part}) AS {rest}"
                )
                selected += [
                    f"SUM(part_{name}_{place}) AS sum_{name}_{place}",
                    f"MAX(ABS({rest})) AS rest_{name}_{place}",
                ]
        rows = f"SELECT r.*, {', '.join(columns)} FROM rows_{place} AS r"
        if place % _N_LEVELS == _N_LEVELS - 1 and table.dialect in _INLINING:
            rows += _FENCE
        queries.append(f"rows_{place + 1} AS ({rows})")
    return table.fetch(
        f"WITH {', '.join(queries)} SELECT g, {', '.join(selected)} "
        f"FROM rows_{len(queries) - 1} GROUP BY g"
    )


def _added(parts: Sequence[Any], groups: Any, n_groups: int) -> FloatArray:
    """Return the sums of the parts of every group, added up like those in memory."""
    totals = np.zeros(n_groups)
    is_counted = groups >= 0
    for part in parts:
        known = is_counted & ~np.isnan(part)
        totals[groups[known]] += part[known]
    return totals


def quotient_sql(table: Table, value: str, divisor: float) -> str:
    """Return the quotient of a finite value and a positive number, as numpy rounds it.

    Postgres stops where a quotient vanishes, which is 0 elsewhere.
    """
    literal = literal_sql(table, divisor)
    vanishing = Fraction(divisor) / 2**1075
    bound = float(vanishing)
    if Fraction(bound) > vanishing:
        bound = math.nextafter(bound, 0.0)
    smallest = literal_sql(table, bound)
    return (
        f"CASE WHEN ABS({value}) <= {smallest} THEN {value} - {value} "
        f"ELSE {value} / {literal} END"
    )
