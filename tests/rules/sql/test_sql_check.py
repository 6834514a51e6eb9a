"""The query of sql_check returns rows where SQL is wrong, and else none."""

from __future__ import annotations

from typing import Any

import pytest

from skseg.rules import RuleSet
from tests.engines.connections import spark_session
from tests.rules.sql.sql_data import ENGINES, cursor_of

RULE_SETS = {
    "numbers": RuleSet(
        {"a": "x >= 120", "b": "0.1 < x <= 7.5 or y == -3"}, default="c"
    ),
    "texts": RuleSet(
        {"a": "plan in ['pro', 'it\\'s']", "b": "plan != 'free' and x > 1"}
    ),
    "dates": RuleSet({"a": "day >= date('2024-02-29 18:00')", "b": "missing(day)"}),
    "booleans": RuleSet({"a": "active == True", "b": "active == False"}, default="c"),
    "missing": RuleSet({"a": "missing(x)", "b": "not missing(y) and x > inf"}),
    "named as the columns of the query": RuleSet({"a": "got > 1 and expected < 2"}),
    "universe": RuleSet({"a": "x > 1"}, universe="y <= 3"),
    "no column": RuleSet({"a": "True"}),
    "many": RuleSet({f"s{i}": f"{i} <= x < {i + 1} or y == {i}" for i in range(60)}),
}


def fetch(dialect: str, sql: str) -> list[Any]:
    """Return the rows of a query."""
    if dialect == "spark":
        return [tuple(row) for row in spark_session().sql(sql).collect()]
    with cursor_of(dialect) as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.mark.parametrize("name", RULE_SETS)
@pytest.mark.parametrize("dialect", ENGINES)
def test_no_row_disagrees_on_the_executed_engines(dialect: str, name: str) -> None:
    assert not fetch(dialect, RULE_SETS[name].sql_check(dialect))


def test_no_row_disagrees_on_spark() -> None:
    for name in ("numbers", "texts", "dates", "booleans", "missing"):
        assert not fetch("spark", RULE_SETS[name].sql_check("spark"))


@pytest.mark.parametrize("dialect", ENGINES)
def test_changed_sql_gives_the_rows_that_disagree(dialect: str) -> None:
    rules = RuleSet({"a": "x >= 120", "b": "x < 7"})
    other = RuleSet({"a": "x > 120", "b": "x < 7"})
    case = rules.to_sql(dialect, output="code")
    sql = rules.sql_check(dialect)
    assert sql.count(case) == 1
    changed = sql.replace(case, other.to_sql(dialect, output="code"))
    assert [tuple(map(float, row)) for row in fetch(dialect, changed)] == [
        (120.0, 0.0, -1.0)
    ]


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        ("duckdb", {"x": "FLOAT", "n": "INTEGER", "plan": "VARCHAR", "day": "DATE"}),
        ("postgres", {"x": "real", "n": "integer", "plan": "text", "day": "date"}),
        ("duckdb", {"x": "DOUBLE", "n": "DECIMAL(9, 2)", "day": "TIMESTAMP"}),
        ("postgres", {"x": "double precision", "n": "bigint"}),
        ("mysql", {"x": "double", "n": "bigint", "day": "datetime(6)"}),
        ("sqlite", {"x": "REAL", "n": "INTEGER", "plan": "TEXT"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_no_row_disagrees_on_columns_of_known_types(
    dialect: str, types: dict[str, str]
) -> None:
    rules = RuleSet(
        {
            "a": "x >= 0.1 and n in [1, 7]",
            "b": "plan == 'pro' or day < date('2024-02-29')",
            "c": "x != 3 and not missing(n)",
        }
    )
    assert not fetch(dialect, rules.sql_check(dialect, types=types))


def test_rows_are_bounded_and_always_the_same() -> None:
    rules = RuleSet(
        {
            f"s{i}": f"{c} > {i} and {d} < {i}.5"
            for i, (c, d) in enumerate(["ab", "cd"] * 9)
        }
    )
    sql = rules.sql_check("duckdb")
    assert sql == rules.sql_check("duckdb")
    assert 1_900 < sql.count("\n(") <= 2_000
    assert not fetch("duckdb", sql)
