"""Columns of numbers and float64 values as SQL, for the queries of aggregates."""

from __future__ import annotations

from collections.abc import Mapping

from skseg.rules._language._conditions import Missing, Not, comparison

from ._dialects import find_dialect
from ._trees import exp
from ._writer import Writer


def column_numbers_sql(
    name: str, dialect: str, types: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Return the SQL of a column as doubles, and of whether a value is not missing.

    They are the operand and the test of presence that rules over the column are written
    with. The test is TRUE or FALSE, never NULL.
    """
    engine = find_dialect(dialect)
    # The comparison tells the writer that the column holds numbers.
    writer = Writer(engine, [comparison(name, ">", 0.0)], types=types)
    present = writer.condition(Not(Missing(name))).tree
    value = writer.operand(name)
    return engine.write(value, pretty=False), engine.write(present, pretty=False)


def float_sql(value: float, dialect: str) -> str:
    """Return a finite float64 as SQL that the engine reads as that float64."""
    engine = find_dialect(dialect)
    tree = engine.number(abs(value))
    return engine.write(tree if value >= 0 else exp.Neg(this=tree), pretty=False)
