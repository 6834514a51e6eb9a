"""The SQL of Spark, executed: rules over special values, on every type of column.

A query of Spark takes a second before it begins, so that one has many expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, missing
from tests.engines.connections import spark_session, spark_table
from tests.rules.sql.sql_data import (
    DAYS,
    FLOATS,
    FLOATS32,
    INTEGERS,
    MOMENTS,
    NASTY,
    TEXTS,
    Column,
    assigned,
    date_rules,
    iso,
    number_rules,
    text_rules,
)


def boolean_rules(name: str) -> list[Rule]:
    """Return rules over a column of booleans."""
    column = col(name)
    leaves = [column == True, column == False, column.isin([True, False])]  # noqa: E712
    return [rule for leaf in leaves for rule in (leaf, ~leaf, leaf & ~missing(name))]


@dataclass(frozen=True)
class Cell:
    """A column: its type in Arrow and in Spark, its values and rules over it."""

    arrow: pa.DataType
    type: str
    values: Sequence[Any]
    rules: Callable[[str], list[Rule]]


DECIMALS = [None, *map(Decimal, ("0", "1", "2", "120", "0.1", "-120", "1.5"))]
LONG = [*DECIMALS, *map(Decimal, ("9007199254740993.5", "0.10000000000000001"))]
GRID = [
    Cell(pa.float64(), "double", FLOATS, number_rules),
    Cell(pa.float32(), "float", FLOATS32, number_rules),
    Cell(pa.int64(), "bigint", INTEGERS, number_rules),
    Cell(pa.int16(), "smallint", (None, 0, 1, -1, 2, 3, 120), number_rules),
    Cell(pa.decimal128(38, 18), "decimal(38,18)", LONG, number_rules),
    Cell(pa.bool_(), "boolean", (None, True, False), number_rules),
    Cell(pa.bool_(), "boolean", (None, True, False), boolean_rules),
    Cell(pa.float64(), "double", (None, 0.0, 1.0, -0.0), boolean_rules),
    Cell(pa.decimal128(9, 2), "decimal(9,2)", DECIMALS[:3], boolean_rules),
    Cell(pa.string(), "string", (None, "true", "FALSE", "1", "0.0"), boolean_rules),
    Cell(pa.string(), "string", TEXTS, text_rules),
    Cell(pa.timestamp("us"), "timestamp_ntz", MOMENTS, date_rules),
    Cell(pa.date32(), "date", DAYS, date_rules),
    Cell(pa.string(), "string", iso(MOMENTS, "short"), date_rules),
]
NAMES = [f"c{i}" for i in range(len(GRID))]
N_ROWS = max(len(cell.values) for cell in GRID)


@cache
def view() -> str:
    """Return the name of a view of all columns, filled with missing values."""
    spark = spark_session()
    rows = [
        pa.array([*cell.values, *[None] * (N_ROWS - len(cell.values))], cell.arrow)
        for cell in GRID
    ]
    table = pa.table([pa.array(range(N_ROWS)), *rows], names=["row", *NAMES])
    spark_table(table).createOrReplaceTempView("skseg_grid")
    return "skseg_grid" if spark else ""


@pytest.mark.parametrize("is_typed", [False, True], ids=["any type", "known type"])
@pytest.mark.parametrize("index", range(len(GRID)))
def test_sql_of_spark_assigns_what_assign_does(index: int, is_typed: bool) -> None:
    name, cell = NAMES[index], GRID[index]
    tested = cell.rules(name)
    if len(tested) > 20:
        # Spark takes most of the time to analyse long expressions. Every rule over
        # numbers has its turn on some type.
        tested = tested[index::7] if is_typed else tested[index::31]
    rule_sets = [RuleSet({"yes": rule}) for rule in tested]
    types = {name: cell.type} if is_typed else None
    sqls = [rules.to_sql("spark", output="code", types=types) for rules in rule_sets]
    query = f"SELECT {', '.join(sqls)} FROM {view()} ORDER BY row"
    rows = spark_session().sql(query).collect()
    got = [list(codes) for codes in zip(*rows, strict=True)]
    filled = [*cell.values, *[None] * (N_ROWS - len(cell.values))]
    expected = assigned([Column(name, cell.type, filled)], rule_sets)
    wrong = [str(r) for r, a, b in zip(tested, got, expected, strict=True) if a != b]
    assert not wrong


def test_names_and_values_are_data_in_spark() -> None:
    values = [*NASTY, "other", None]
    table = pa.table({"row": range(len(values)), "a.b `c`": values})
    spark_table(table).createOrReplaceTempView("skseg_nasty")
    rule_set = RuleSet({text: col("a.b `c`") == text for text in NASTY})
    for types in (None, {"a.b `c`": "string"}):
        sql = rule_set.to_sql("spark", alias="segment", types=types)
        rows = spark_session().sql(f"SELECT {sql} FROM skseg_nasty ORDER BY row")
        assert [row.segment for row in rows.collect()] == [*NASTY, None, None]


@pytest.mark.parametrize(
    ("index", "rule"),
    [
        (0, "{} == 'a'"),
        (2, "{} == '1'"),
        (5, "{} != 'true'"),
        (10, "{} < 3"),
        (10, "{} == True"),
        (10, "{} < date('2024-12-25')"),
        (11, "{} < 3"),
        (12, "{} == 'a'"),
        (2, "{} < date('2024-12-25')"),
    ],
)
def test_what_assign_refuses_stops_spark(index: int, rule: str) -> None:
    name, cell = NAMES[index], GRID[index]
    rules = RuleSet({"yes": rule.format(name)})
    with pytest.raises(RuleError):
        rules.assign({name: list(cell.values)})
    for types in (None, {name: cell.type}):
        with pytest.raises(Exception, match=r"holds|cannot|compare|neither"):
            run_in_spark(rules, types)


def run_in_spark(rules: RuleSet, types: dict[str, str] | None) -> None:
    """Run the query of a rule set over the view."""
    sql = rules.to_sql("spark", output="code", types=types)
    spark_session().sql(f"SELECT {sql} FROM {view()}").collect()
