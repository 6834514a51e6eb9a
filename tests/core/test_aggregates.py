"""Aggregates of tables that are not in memory, against the code for arrays."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg._core._aggregates import (
    check_weights,
    group_counts,
    group_medians,
    number_sql,
    quantiles,
    quantiles_by_column,
    require_numbers,
    value_counts,
)
from skseg._core._aggregates._order_statistics import order_statistics
from skseg._core._aggregates._sums import exact_group_sums, quotient_sql
from skseg._core._sums import group_sums
from skseg._rfm._segment_table import median
from skseg.engines import Table, open_table
from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.rules._quantile import inverted_cdf
from tests.engines.connections import every_engine, make_table

# ibis asks pandas for an option that pandas 3 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")

LEVELS: list[float | Fraction] = [0, Fraction(1, 3), 0.1, 0.2, 0.25, 0.5, 0.75, 0.99, 1]
LARGEST = 1.7976931348623157e308
# Infinities are refused by MariaDB, and NaN is NULL there and in SQLite.
FINITE = [
    *(0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-300, 0.1, 0.3, 1 / 3),
    *(1.0, 2.0, -1.0, 1e15, 1e15 + 0.125, 2.0**53, 2.0**53 + 2, 1e280, 1.1e280),
    *(1e300, -1e300, LARGEST, -LARGEST, 1e9, 1e9 + 1, 1e9 + 2, -7.5),
]
NASTY = [*FINITE, np.inf, -np.inf, np.nan]
# So few that every way is taken: division into cells, and values of small cells.
NARROW: dict[str, Any] = {"n_parts": 2, "max_fetched": 8}
OPTIONS: list[dict[str, Any]] = [{}, NARROW]


def opened(engine: str, columns: dict[str, Any]) -> Table:
    """Return columns of numbers as an opened table of an engine."""
    arrays = {
        name: pa.array(np.asarray(values), from_pandas=False)
        for name, values in columns.items()
    }
    table = open_table(make_table(engine, pa.table(arrays)))
    assert table is not None
    return table


def same(left: Any, right: Any) -> bool:
    """Return whether arrays are equal to the last bit, but for the sign of zero."""
    return (np.asarray(left) + 0.0).tobytes() == (np.asarray(right) + 0.0).tobytes()


def nasty_columns(engine: str, n: int = 400) -> dict[str, Any]:
    """Return columns of nasty and of skewed values, and whole-number weights."""
    rng = np.random.default_rng(7)
    values = FINITE if engine == "mariadb" else NASTY
    return {
        "nasty": rng.choice(values, n),
        "skewed": np.exp(rng.normal(size=n) * 20),
        "whole": rng.integers(-3, 9, n).astype(np.int64),
        "weight": rng.integers(0, 4, n).astype(np.int64),
    }


@every_engine
def test_quantiles_are_those_of_the_rows_in_memory(engine: str) -> None:
    columns = nasty_columns(engine)
    table = opened(engine, columns)
    names = ["nasty", "skewed", "whole"]
    for options in OPTIONS:
        by_column = quantiles_by_column(table, dict.fromkeys(names, LEVELS), **options)
        for name in names:
            expected = inverted_cdf(columns[name].astype(float), LEVELS)
            assert same(by_column[name], expected)


@every_engine
def test_whole_weights_of_a_table_count_as_rows(engine: str) -> None:
    columns = nasty_columns(engine)
    table = opened(engine, columns)
    check_weights(table, "Owner", "weight")
    weight = columns["weight"].astype(float)
    levels = {"nasty": LEVELS, "skewed": LEVELS}
    for options in OPTIONS:
        by_column = quantiles_by_column(
            table, levels, sample_weight="weight", **options
        )
        for name, values in by_column.items():
            assert same(values, inverted_cdf(columns[name], LEVELS, weight))
    values, counts = value_counts(table, "whole", sample_weight="weight")
    expected = pd.Series(weight).groupby(columns["whole"]).sum()
    expected = expected[expected > 0]
    assert values.tolist() == expected.index.tolist()
    assert counts.tolist() == expected.tolist()


@every_engine
def test_medians_of_groups_are_those_in_memory(engine: str) -> None:
    columns = nasty_columns(engine)
    table = opened(engine, columns)
    group = f"CASE WHEN {number_sql(table, 'whole').value} > 2 THEN 1 ELSE 0 END"
    is_second = columns["whole"] > 2
    for weight in (None, "weight"):
        medians = group_medians(
            table, ["nasty", "skewed"], group, 3, sample_weight=weight
        )
        for name, values in medians.items():
            expected = []
            for rows in (~is_second, is_second):
                weights = (
                    None if weight is None else columns[weight][rows].astype(float)
                )
                expected.append(median(columns[name][rows], weights))
            assert same(values, [*expected, np.nan])


@every_engine
def test_values_and_groups_are_counted(engine: str) -> None:
    columns = nasty_columns(engine)
    table = opened(engine, columns)
    values, counts = value_counts(table, "nasty")
    known = columns["nasty"][~np.isnan(columns["nasty"])] + 0.0
    expected, n = np.unique(known, return_counts=True)
    assert same(values, expected)
    assert counts.dtype == np.int64
    assert counts.tolist() == n.tolist()
    positive = number_sql(table, "whole").value + " > 0"
    groups = group_counts(
        table, {"positive": f"CASE WHEN {positive} THEN 1 ELSE 0 END"}
    )
    assert dict(zip(groups["positive"], groups["n"], strict=True)) == {
        0: (columns["whole"] <= 0).sum(),
        1: (columns["whole"] > 0).sum(),
    }


@given(
    values=st.lists(
        st.sampled_from(NASTY) | st.floats(width=64) | st.floats(-5, 5),
        min_size=1,
        max_size=30,
    ),
    levels=st.lists(
        st.fractions(0, 1, max_denominator=12) | st.floats(0, 1), min_size=1, max_size=4
    ),
    is_narrow=st.booleans(),
    engine=st.sampled_from(["duckdb", "sqlite"]),
)
@settings(max_examples=60, deadline=None)
def test_quantiles_of_any_values(
    values: list[float], levels: list[Any], is_narrow: bool, engine: str
) -> None:
    table = opened(engine, {"x": np.array(values)})
    options = NARROW if is_narrow else {}
    by_column = quantiles_by_column(table, {"x": levels}, **options)
    assert same(by_column["x"], inverted_cdf(np.array(values), levels))


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="no rows"),
        pytest.param([np.nan, np.nan], id="only missing"),
        pytest.param([np.inf, np.inf, -np.inf], id="only infinite"),
        pytest.param([-np.inf, 1e300, 2e300, np.inf], id="infinite and very large"),
        pytest.param([-0.0, 0.0, -0.0], id="both zeros"),
        pytest.param([5e-324, 1e-323, 1.5e-323], id="subnormal neighbours"),
        pytest.param(np.geomspace(1e-300, 1e300, 60), id="all magnitudes"),
        pytest.param(-np.geomspace(1e-3, 1e12, 200), id="skewed to the left"),
        pytest.param([*range(500), 1e18], id="one outlier"),
        pytest.param(1e15 + np.arange(500) / 8, id="far from zero"),
        pytest.param([7.0] * 500, id="one value"),
        pytest.param([1.0] * 490 + [2.0] * 10, id="two values"),
    ],
)
def test_quantiles_of_values_of_every_shape(engine: str, values: Any) -> None:
    values = np.asarray(values, dtype=float)
    table = opened(engine, {"x": values})
    for options in OPTIONS:
        by_column = quantiles_by_column(table, {"x": LEVELS}, **options)
        assert same(by_column["x"], inverted_cdf(values, LEVELS))


def count_scans(table: Table) -> list[str]:
    """Return a list that will hold every query of a table."""
    queries: list[str] = []
    fetch = table.fetch

    def counted(sql: str) -> Any:
        queries.append(sql)
        return fetch(sql)

    table.fetch = counted  # type: ignore[method-assign]
    return queries


def test_three_scans_are_enough_for_several_skewed_columns() -> None:
    rng = np.random.default_rng(0)
    n = 200_000
    columns = {
        "recency": rng.integers(0, 700, n),
        "frequency": rng.geometric(0.2, n),
        "monetary": np.exp(3 + 2 * rng.normal(size=n)),
    }
    table = opened("duckdb", columns)
    queries = count_scans(table)
    levels = [0.2, 0.4, 0.6, 0.8]
    # So few rows of a cell are fetched as with many millions of rows.
    by_column = quantiles_by_column(
        table, dict.fromkeys(columns, levels), max_fetched=100_000
    )
    for name, values in columns.items():
        assert same(by_column[name], inverted_cdf(values.astype(float), levels))
    assert len(queries) == 3


def test_whole_numbers_of_a_small_range_take_two_scans() -> None:
    values = np.arange(100_000) % 365
    table = opened("duckdb", {"x": values})
    queries = count_scans(table)
    by_column = quantiles_by_column(table, {"x": [0.5]}, max_fetched=1000)
    assert by_column["x"] == [182]
    assert len(queries) == 2


def test_the_rows_that_count_are_chosen() -> None:
    table = opened("duckdb", {"x": np.arange(100.0), "y": np.arange(100.0)})
    assert quantiles(table, "x", [0.5, 1.0], where='"y" < 10').tolist() == [4.0, 9.0]
    values, counts = value_counts(table, "x", where='"y" < 3 OR "y" > 98')
    assert values.tolist() == [0, 1, 2, 99]
    assert counts.tolist() == [1] * 4


def test_a_table_that_changes_between_scans_is_an_error() -> None:
    table = opened("duckdb", {"x": np.arange(100.0)})
    fetch = table.fetch
    n_calls = 0

    def changing(sql: str) -> Any:
        nonlocal n_calls
        n_calls += 1
        answer = fetch(sql)
        if n_calls > 1:
            answer["n"] = answer["n"] + 1
        return answer

    table.fetch = changing  # type: ignore[method-assign]
    with pytest.raises(InvalidDataError, match=r"'x' of the table has changed while"):
        quantiles(table, "x", [0.5])


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres"])
@pytest.mark.parametrize(
    ("weights", "got"),
    [
        ([1.0, 0.5, 2.0], "1 other weights"),
        ([1.0, -1.0, -2.0], "2 other weights"),
        ([1.0, None, 2.0], "1 other weights"),
        ([1.0, np.nan, 2.0], "1 other weights"),
        ([1.0, np.inf, 2.0], "1 other weights"),
        ([1.0, 1e300, 2.0], "1 other weights"),
        ([2.0**53, 2.0, 2.0], r"the sum 9.0072e\+15 > 2\*\*53"),
    ],
    ids=["fraction", "negative", "null", "nan", "infinite", "huge", "sum"],
)
def test_weights_that_cannot_be_counted_are_refused(
    engine: str, weights: list[Any], got: str
) -> None:
    columns = pa.table({"w": pa.array(weights, pa.float64(), from_pandas=False)})
    table = open_table(make_table(engine, columns))
    assert table is not None
    with pytest.raises(InvalidDataError, match=f"'w' has {got}") as error:
        check_weights(table, "Owner", "w")
    assert error.value.column == "w"


@every_engine
def test_weights_of_an_empty_table_are_right(engine: str) -> None:
    table = opened(engine, {"w": np.array([], dtype=float)})
    check_weights(table, "Owner", "w")


def test_columns_of_other_kinds_are_no_numbers() -> None:
    columns = pa.table(
        {
            "text": pa.array(["12"]),
            "day": pa.array([18262], pa.date32()),
            "flag": pa.array([True]),
            "decimal": pa.array([1]).cast(pa.decimal128(30, 2)),
        }
    )
    table = open_table(make_table("duckdb", columns))
    assert table is not None
    require_numbers(table, "Owner", ["flag", "decimal"])
    for name in ("text", "day"):
        with pytest.raises(InvalidDataError, match=f"column '{name}' is of the type"):
            require_numbers(table, "Owner", [name])
    with pytest.raises(MissingColumnError, match="flag"):
        require_numbers(table, "Owner", ["absent"])
    assert quantiles(table, "flag", [0.5]).tolist() == [1.0]


def test_ranks_are_counted_from_one() -> None:
    table = opened("duckdb", {"x": np.array([3.0, 1.0, 2.0, 2.0])})
    values = order_statistics(table, {"x": lambda n: range(1, n + 1)})
    assert values["x", 0].tolist() == [1, 2, 2, 3]


@every_engine
def test_sums_of_groups_are_those_in_memory_to_the_last_bit(engine: str) -> None:
    rng = np.random.default_rng(3)
    n = 500
    columns = {
        "money": np.round(rng.exponential(50, n), 2),
        "wide": rng.normal(size=n) * np.exp(rng.normal(size=n) * 20),
        "group": rng.integers(-1, 3, n).astype(np.int64),
    }
    table = opened(engine, columns)
    money, wide, group = (number_sql(table, name).value for name in columns)
    largest = float(columns["money"].max())
    sums = exact_group_sums(
        table,
        {
            "share": quotient_sql(table, money, largest),
            "some": f"CASE WHEN {wide} > 0 THEN {wide} END",
        },
        group,
        4,
    )
    codes = columns["group"] % 5
    shares = group_sums(codes, columns["money"] / largest, 5)[:4]
    is_some = columns["wide"] > 0
    some = group_sums(codes[is_some], columns["wide"][is_some], 5)[:4]
    assert same(sums["share"], shares)
    assert same(sums["some"], some)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres"])
def test_a_quotient_that_vanishes_is_zero(engine: str) -> None:
    values = np.array([5e-324, 1e-310, 1e-300, 3.0])
    table = opened(engine, {"x": values})
    value = number_sql(table, "x").value
    quotient = quotient_sql(table, value, 1e17)
    groups = group_counts(table, {"k": quotient})
    assert same(np.sort(groups["k"]), np.unique(values / 1e17))
