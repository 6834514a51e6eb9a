"""Integers beyond 2**53 are one number in columns, in rows, in SQL and in proofs.

It is the nearest float64, whatever holds the integer. So a partition that is proved
over whole numbers is one over 64-bit ids, too.
"""

from __future__ import annotations

import math
import operator
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg.rules import RuleSet

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
CENTERS = [2**53, 2**54, 10**16, 2**62, 2**63, 2**64]
NEAR = [center + step for center in CENTERS for step in range(-4, 5)]
SIGNED = sorted({s * n for n in NEAR for s in (1, -1) if abs(n) < 2**63} | {-(2**63)})
UNSIGNED = [n for n in NEAR if n < 2**64]
THRESHOLDS = sorted({*map(float, NEAR), *(-float(n) for n in NEAR)})

COLUMNS = {
    "list": SIGNED,
    "numpy": np.array(SIGNED),
    "objects": np.array(SIGNED, dtype=object),
    "decimals": [Decimal(n) for n in SIGNED],
    "pandas": pd.Series(SIGNED),
    "pandas nullable": pd.Series(SIGNED, dtype="Int64"),
    "polars": pl.Series(SIGNED),
    "polars 128 bits": pl.Series(SIGNED, dtype=pl.Int128),
    "pyarrow": pa.chunked_array([pa.array(SIGNED)]),
    "unsigned list": UNSIGNED,
    "unsigned numpy": np.array(UNSIGNED, dtype=np.uint64),
    "unsigned pandas": pd.Series(UNSIGNED, dtype="UInt64"),
    "unsigned polars": pl.Series(UNSIGNED, dtype=pl.UInt64),
    "unsigned pyarrow": pa.chunked_array([pa.array(UNSIGNED, pa.uint64())]),
}


def rule_set() -> tuple[RuleSet, list[tuple[str, float]]]:
    """Return one rule for each comparison with each threshold."""
    comparisons = [(symbol, t) for symbol in OPERATORS for t in THRESHOLDS]
    rules = {f"{s}{t!r}": f"id {s} {t!r}" for s, t in comparisons}
    return RuleSet(rules), comparisons


def expected(integers: list[int]) -> np.ndarray[Any, Any]:
    """Return which comparisons hold for the float64 nearest to each integer."""
    _, comparisons = rule_set()
    return np.array(
        [[OPERATORS[s](float(n), t) for s, t in comparisons] for n in integers]
    )


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_any_type_hold_the_nearest_float64(name: str) -> None:
    integers = UNSIGNED if name.startswith("unsigned") else SIGNED
    rules, _ = rule_set()
    assert (rules.membership({"id": COLUMNS[name]}) == expected(integers)).all()


@pytest.mark.parametrize("kind", [int, np.int64, np.uint64, Decimal, float])
def test_a_row_holds_the_nearest_float64(kind: Any) -> None:
    integers = UNSIGNED if kind is np.uint64 else SIGNED
    for symbol, threshold in rule_set()[1][::7]:
        rules = RuleSet({"a": f"id {symbol} {threshold!r}"}, default="rest")
        for integer in integers:
            holds = OPERATORS[symbol](float(integer), threshold)
            value = kind(integer)
            assert rules.assign_row({"id": value}) == (not holds)


@pytest.mark.parametrize(
    "declared",
    [
        "BIGINT",
        "UBIGINT",
        pytest.param(
            "HUGEINT",
            marks=pytest.mark.skipif(
                duckdb.__version__ < "2",
                reason="DuckDB before 2.0 casts HUGEINT to a DOUBLE beside the nearest",
            ),
        ),
    ],
)
def test_duckdb_compares_the_nearest_float64(declared: str) -> None:
    integers = UNSIGNED if declared == "UBIGINT" else SIGNED
    with closing(duckdb.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (id {declared})")
        rows = ", ".join(f"({n})" for n in integers)
        connection.execute(f"INSERT INTO t VALUES {rows}")
        assert_sql_agrees(connection, "duckdb", integers)


def test_sqlite_compares_the_nearest_float64() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in SIGNED])
        assert_sql_agrees(connection, "sqlite", SIGNED)


def assert_sql_agrees(connection: Any, dialect: str, integers: list[int]) -> None:
    for symbol, threshold in rule_set()[1][::5]:
        rules = RuleSet({"a": f"id {symbol} {threshold!r}"}, default="rest")
        sql = rules.to_sql(dialect, output="code")
        codes = connection.execute(f"SELECT {sql} FROM t").fetchall()
        holds = [OPERATORS[symbol](float(n), threshold) for n in integers]
        assert [code == 0 for (code,) in codes] == holds


@pytest.mark.parametrize("center", CENTERS)
def test_what_is_proved_of_whole_numbers_holds_for_every_integer(center: int) -> None:
    schema = {"id": {"integer": True, "missing": False}}
    low = float(center)
    high = math.nextafter(low, math.inf)
    rules = RuleSet({"low": f"id <= {low!r}", "high": f"id >= {high!r}"})
    assert rules.verify(schema).is_mece
    for name, column in COLUMNS.items():
        assert (rules.membership({"id": column}).sum(axis=1) == 1).all(), name
    beyond = math.nextafter(high, math.inf)
    with_gap = RuleSet({"low": f"id <= {low!r}", "high": f"id >= {beyond!r}"})
    (gap,) = with_gap.verify(schema).gaps
    assert with_gap.assign_row({"id": int(gap.witness["id"])}) == -1
