"""Parquet files in DuckDB: their statistics leave NaN out, and SQL sees it still.

DuckDB 2 takes the columns of a Parquet file without NULL to be free of NaN, unless it
is told otherwise, and answers what it can from the statistics alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skseg.rules import Columns, Rule, RuleSet, col, missing
from skseg.rules._sql._expressions import condition_sql
from tests.rules.sql.sql_data import number_rules

Writer = Callable[[list[float | None], str, Path, int], None]

N_ROWS = 40
# A file of several row groups has statistics of each.
ROWS_OF_GROUPS = {"constant groups": 10}


def pandas_file(values: list[float | None], dtype: str, path: Path, n: int) -> None:
    column = pd.Series(values, dtype=dtype)
    pd.DataFrame({"x": column}).to_parquet(path, row_group_size=n)


def nullable_pandas_file(
    values: list[float | None], dtype: str, path: Path, n: int
) -> None:
    array = pa.array(values, pa.float32() if dtype == "float32" else pa.float64())
    column = pd.Series(pd.arrays.ArrowExtensionArray(array))
    pd.DataFrame({"x": column}).to_parquet(path, row_group_size=n)


def pyarrow_file(values: list[float | None], dtype: str, path: Path, n: int) -> None:
    array = pa.array(values, pa.float32() if dtype == "float32" else pa.float64())
    pq.write_table(pa.table({"x": array}), path, row_group_size=n)


def polars_file(values: list[float | None], dtype: str, path: Path, n: int) -> None:
    column = pl.Series(values, dtype=pl.Float32 if dtype == "float32" else pl.Float64)
    pl.DataFrame({"x": column}).write_parquet(path, row_group_size=n)


def duckdb_file(values: list[float | None], dtype: str, path: Path, n: int) -> None:
    declared = "FLOAT" if dtype == "float32" else "DOUBLE"
    with closing(duckdb.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (x {declared})")
        connection.executemany("INSERT INTO t VALUES (?)", [[v] for v in values])
        connection.execute(f"COPY t TO '{path}' (FORMAT PARQUET, ROW_GROUP_SIZE {n})")


WRITERS: dict[str, Writer] = {
    "pandas": pandas_file,
    "pandas with Arrow dtypes": nullable_pandas_file,
    "pyarrow": pyarrow_file,
    "polars": polars_file,
    "duckdb": duckdb_file,
}

nan = math.nan
COLUMNS: dict[str, list[float | None]] = {
    # Not -0.0 alone: DuckDB 1.5 skips it by the Bloom filters of its own files.
    "mixed": [5.0, nan, 120.0, 0.1, 0.0, math.inf, -math.inf, 2.0],
    "constant": [5.0, nan],
    "constant one": [1.0, nan],
    "all NaN": [nan],
    "zeros": [0.0, nan, -0.0, 0.0],
    "with NULL": [5.0, nan, None, 120.0, None, 0.0, 1.0, 2.0],
    "constant with NULL": [5.0, nan, None, 5.0],
    "NaN and NULL": [nan, None],
    "all NULL": [None],
    "no NaN": [1.0, 2.0, 3.0, 120.0],
    "constant groups": [*[5.0, nan] * 5, *[1.0, 3.0] * 5, *[nan] * 10, *[7.0] * 10],
}


FILES = [
    *((writer, name, "float64") for writer in WRITERS for name in COLUMNS),
    *(("pyarrow", name, "float32") for name in COLUMNS),
]
every_file = pytest.mark.parametrize(("writer", "name", "dtype"), FILES)


def rules_near(numbers: Iterable[float]) -> list[Rule]:
    """Return the comparisons with `numbers`, their negations, and tests for missing."""
    column, tested = col("x"), [missing("x")]
    for number in numbers:
        tested += [column < number, column > number, column == number]
        tested += [column <= number, column >= number, column.isin([number, 9])]
        tested += [missing("x") & ~(column == number), (column > number) & (column < 9)]
    return [*tested, *(~rule for rule in tested)]


RULES = rules_near([0, 4, 5, 6, 7, math.inf])
CASES = [RuleSet({"yes": rule}).to_sql("duckdb", output="code") for rule in RULES]
WHERES = [condition_sql(rule, "duckdb") for rule in RULES]


@pytest.fixture
def parquet(writer: str, name: str, dtype: str, tmp_path: Path) -> Path:
    """Return the path of a file with one of the columns."""
    path = tmp_path / "t.parquet"
    n = ROWS_OF_GROUPS.get(name, N_ROWS)
    WRITERS[writer](values_of(name), dtype, path, n)
    return path


def values_of(name: str) -> list[float | None]:
    """Return one of the columns at the length of the files."""
    return (COLUMNS[name] * N_ROWS)[:N_ROWS]


def holding(rules: list[Rule], name: str, dtype: str) -> Any:
    """Return for each rule and row of a column whether the rule holds."""
    values = [nan if value is None else value for value in values_of(name)]
    columns = Columns({"x": np.array(values, dtype=dtype)})
    return np.array([rule.evaluate(columns) for rule in rules])


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection that gives the rows of several row groups in their order."""
    return duckdb.connect(":memory:", config={"threads": 1})


@every_file
def test_case_sees_nan_that_the_statistics_of_a_file_leave_out(
    parquet: Path, name: str, dtype: str
) -> None:
    assert_case_assigns(parquet, RULES, CASES, holding(RULES, name, dtype))


@pytest.mark.parametrize("name", ["mixed", "constant", "zeros", "all NaN"])
def test_case_sees_nan_in_every_rule_of_the_grid(name: str, tmp_path: Path) -> None:
    tested = number_rules("x")
    cases = [RuleSet({"yes": rule}).to_sql("duckdb", output="code") for rule in tested]
    pyarrow_file(values_of(name), "float64", tmp_path / "t.parquet", N_ROWS)
    expected = holding(tested, name, "float64")
    assert_case_assigns(tmp_path / "t.parquet", tested, cases, expected)


def assert_case_assigns(
    path: Path, tested: list[Rule], cases: list[str], expected: Any
) -> None:
    """Assert that a CASE a rule tells for which rows of a file the rule holds."""
    with closing(connect()) as connection:
        query = f"SELECT {', '.join(cases)} FROM '{path}'"
        codes = np.array(connection.execute(query).fetchall())
    agree = ((codes == 0) == expected.T).all(axis=0)
    assert not [str(rule) for rule, ok in zip(tested, agree, strict=True) if not ok]


@every_file
def test_where_sees_nan_that_the_statistics_of_a_file_leave_out(
    parquet: Path, name: str, dtype: str
) -> None:
    expected = holding(RULES, name, dtype)
    values = np.array([nan if v is None else v for v in values_of(name)], dtype=dtype)
    wrong = []
    with closing(connect()) as connection:
        for rule, where, rows in zip(RULES, WHERES, expected, strict=True):
            query = f"SELECT x FROM '{parquet}' WHERE {where}"
            kept = connection.execute(query).fetchall()
            got = np.array([nan if v is None else v for (v,) in kept], dtype=dtype)
            if not np.array_equal(np.sort(got), np.sort(values[rows]), equal_nan=True):
                wrong.append(str(rule))
    assert not wrong


@every_file
def test_missing_of_a_column_of_any_type_sees_nan_too(
    parquet: Path, name: str, dtype: str
) -> None:
    expected = holding([missing("x")], name, dtype)[0].sum()
    with closing(connect()) as connection:
        for rule, n in ((missing("x"), expected), (~missing("x"), N_ROWS - expected)):
            case = RuleSet({"yes": rule}).to_sql("duckdb", output="code")
            for query in (
                f"SELECT count(*) FROM '{parquet}' WHERE {rule.to_sql()}",
                f"SELECT count(*) FILTER ({case} = 0) FROM '{parquet}'",
                f"SELECT coalesce(sum(1 + {case}), 0) FROM '{parquet}'",
            ):
                assert connection.execute(query).fetchall() == [(n,)], query
