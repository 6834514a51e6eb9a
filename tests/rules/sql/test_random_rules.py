"""Random rule sets on all pairs, triples and quadruples of special values."""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skseg.rules import Columns, RuleSet, col
from tests.rules.sql.sql_data import (
    DOUBLE,
    ENGINES,
    FLOATS,
    INTEGERS,
    TEXTS,
    Column,
    cursor_of,
    mark_of,
    rules,
    storable,
)

BIGINT = {
    "duckdb": "BIGINT",
    "sqlite": "INTEGER",
    "postgres": "bigint",
    "mysql": "bigint",
}
TEXT = {"duckdb": "VARCHAR", "sqlite": "TEXT", "postgres": "text", "mysql": "text"}


@cache
def special_columns(dialect: str) -> tuple[Column, ...]:
    """Return columns of special values, whose product has 10^5 rows."""
    return (
        Column("a", DOUBLE[dialect], [*dict.fromkeys(storable(dialect, FLOATS))]),
        Column("n", BIGINT[dialect], INTEGERS),
        Column("plan", TEXT[dialect], TEXTS),
        Column("flag", TEXT[dialect], (None, "true", "False")),
    )


@cache
def special_rows(dialect: str) -> Columns:
    """Return the product of the special columns."""
    columns = special_columns(dialect)
    values = zip(*product(*(column.values for column in columns)), strict=True)
    arrays = [np.array(column, dtype=object) for column in values]
    arrays[0] = np.array([math.nan if v is None else v for v in arrays[0]], dtype=float)
    names = [column.name for column in columns]
    return Columns(dict(zip(names, arrays, strict=True)))


flags = st.sampled_from([True, False]).flatmap(
    lambda truth: st.sampled_from([col("flag") == truth, col("flag") != truth])
)
conditions = rules(["a", "n"], ["plan"]) | st.builds(
    lambda rule, flag: rule & flag, rules(["a", "n"], ["plan"]), flags
)
rule_sets = st.lists(conditions, min_size=1, max_size=6).map(
    lambda parts: RuleSet({f"s{i}": rule for i, rule in enumerate(parts)})
)


@pytest.mark.parametrize("dialect", ENGINES)
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(tested=st.lists(rule_sets, min_size=8, max_size=8))
def test_random_rule_sets_on_all_combinations_of_special_values(
    dialect: str, tested: list[RuleSet]
) -> None:
    columns = special_columns(dialect)
    types = {column.name: column.type for column in columns}
    sqls = [
        # Each rule set once, with the types of columns and without in turns.
        rule_set.to_sql(dialect, output="code", types=types if i % 2 else None)
        for i, rule_set in enumerate(tested)
    ]
    tables = [f"t_{column.name}" for column in columns]
    order = ", ".join(f"{table}.place" for table in tables)
    with cursor_of(dialect) as cursor:
        for table, column in zip(tables, columns, strict=True):
            create(cursor, dialect, table, column)
        try:
            query = (
                f"SELECT {', '.join(sqls)} FROM {', '.join(tables)} ORDER BY {order}"
            )
            cursor.execute(query)
            codes = np.array(cursor.fetchall())
        finally:
            for table in tables:
                cursor.execute(f"DROP TABLE {table}")
    rows = special_rows(dialect)
    assert len(codes) == rows.n_rows > 50_000
    for got, rule_set in zip(codes.T, tested, strict=True):
        assert np.array_equal(got, rule_set.assign(rows)), rule_set.rules


def create(cursor: Any, dialect: str, table: str, column: Column) -> None:
    """Create a table of one column."""
    kind = f"place INTEGER, {column.name} {column.type}"
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({kind})")
    mark = mark_of(dialect)
    statement = f"INSERT INTO {table} VALUES ({mark}, {mark})"
    cursor.executemany(statement, list(enumerate(column.values)))
