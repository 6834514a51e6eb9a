"""Steps of a column of numbers as SQL, told by few comparisons for each value."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence

from skseg.engines import Table

from ._aggregates import literal_sql


def comparison_sql(table: Table, value: str, operator: str, key: float) -> str:
    """Return whether a value is below a key ("<"), or at most it ("<=").

    The key may be infinite. Some engines read no infinity: it is what is beyond the
    largest number.
    """
    if math.isfinite(key):
        return f"{value} {operator} {literal_sql(table, key)}"
    largest = literal_sql(table, sys.float_info.max)
    if key > 0:
        return f"{value} <= {largest}" if operator == "<" else "1 = 1"
    return "1 = 0" if operator == "<" else f"{value} < -({largest})"


def step_sql(tests: Sequence[str], result: Callable[[int], str], first: int = 0) -> str:
    """Return the result for the first of some tests that holds, or for none.

    Each test implies the next one, so half of them are left at every branch.
    """
    if not tests:
        return result(first)
    middle = len(tests) // 2
    below = step_sql(tests[:middle], result, first)
    above = step_sql(tests[middle + 1 :], result, first + middle + 1)
    return f"CASE WHEN {tests[middle]} THEN {below} ELSE {above} END"


def interval_tests(
    table: Table, value: str, intervals: Iterable[tuple[float, float]]
) -> list[str]:
    """Return the tests for `step_sql` whose odd steps are some ascending intervals.

    The ends belong to the intervals.
    """
    return [
        comparison_sql(table, value, operator, end)
        for interval in intervals
        for operator, end in zip(("<", "<="), interval, strict=True)
    ]
