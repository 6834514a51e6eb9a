"""Whole-number weights, each of which counts as so many rows."""

from __future__ import annotations

from typing import NamedTuple

from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._numbers import integer_sql, literal_sql, number_sql, require_numbers

# Whole numbers up to here are float64, so sums of weights are exact, as in memory.
LARGEST_TOTAL = 2.0**53


class CountSQL(NamedTuple):
    """SQL of the number of rows, and of which rows count at all; None for all rows."""

    total: str
    where: str | None


def count_sql(table: Table, sample_weight: str | None) -> CountSQL:
    """Return how the rows of a group are counted, or their weights added up."""
    if sample_weight is None:
        return CountSQL("COUNT(*)", None)
    weight = number_sql(table, sample_weight).value
    whole = integer_sql(table, weight)
    return CountSQL(integer_sql(table, f"SUM({whole})"), f"{weight} > 0")


def check_weights(table: Table, owner: str, sample_weight: str | None) -> None:
    """Raise unless the weights of a table are whole numbers of an exact sum.

    Fractions would be added up in the order in which an engine happens to read them.

    Raises
    ------
    InvalidDataError
        If a weight is missing, negative or a fraction, or their sum is beyond 2**53.
    """
    if sample_weight is None:
        return
    require_numbers(table, owner, [sample_weight])
    weight, present = number_sql(table, sample_weight)
    largest = literal_sql(table, LARGEST_TOTAL)
    # CASE is evaluated in order: no weight that has no BIGINT is cast to one.
    is_whole = (
        f"CASE WHEN NOT {present} THEN 0 WHEN {weight} < 0 OR {weight} > {largest} "
        f"THEN 0 WHEN {weight} = {integer_sql(table, weight)} THEN 1 ELSE 0 END = 1"
    )
    sql = (
        f"SELECT COUNT(CASE WHEN {is_whole} THEN NULL ELSE 1 END) AS n_wrong, "
        f"COALESCE(SUM(CASE WHEN {is_whole} THEN {weight} END), {largest} - {largest})"
        f" AS total FROM {table.source}"
    )
    answer = table.fetch(sql)
    n_wrong, total = int(answer["n_wrong"][0]), float(answer["total"][0])
    if n_wrong == 0 and total <= LARGEST_TOTAL:
        return
    other = f"{n_wrong:,} other weights" if n_wrong else f"the sum {total:.6g} > 2**53"
    raise InvalidDataError(
        f"The weights of rows that stay in a table must be whole numbers, not "
        f"negative. Column {sample_weight!r} has {other}.",
        owner=owner,
        name="sample_weight",
        rule="whole numbers >= 0",
        column=sample_weight,
        advice="Multiply the weights by one factor and round them, or load the table "
        "and fit it in memory, where weights may be fractions.",
    )
