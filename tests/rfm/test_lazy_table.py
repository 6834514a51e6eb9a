"""rfm_table of tables that are not in memory gives the same as in memory."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import RFMTableReport, rfm_table
from skseg.datasets import make_orders
from skseg.engines import open_table
from skseg.exceptions import InvalidDataError, MissingColumnError, SksegError
from tests.engines.connections import engine_names, every_engine, make_table
from tests.examples import few_examples

# A query of Spark takes seconds.
quick_engines = pytest.mark.parametrize(
    "engine", [name for name in engine_names if name != "spark"]
)
DAY = dt.date(2024, 3, 1)
COLUMNS = {"customer_id": "customer", "date": "date", "amount": "amount"}
AS_OF = "2024-12-31"


def fetched(table: Any) -> pd.DataFrame:
    """Return what an engine's object holds, as a frame in memory."""
    opened = open_table(table)
    assert opened is not None
    arrays = opened.fetch(f"SELECT * FROM {opened.source}")
    return pd.DataFrame({name: list(values) for name, values in arrays.items()})


def in_memory(columns: pa.Table) -> Any:
    """Return the lines in the types of Arrow, as a frame of pandas."""
    return columns.to_pandas(types_mapper=pd.ArrowDtype)


def outcome(
    transactions: Any, **options: Any
) -> tuple[Any, RFMTableReport] | SksegError:
    """Return the table and its report, or the error."""
    options = {**COLUMNS, "as_of": AS_OF, **options}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return rfm_table(transactions, return_report=True, **options)
    except SksegError as error:
        return error


def sorted_rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows by id; NULL and NaN are None, floats are written bit by bit."""
    rows = [
        # Either zero names the customers of both.
        tuple(_plain(value) for value in (_of_one_zero(row[0]), *row[1:]))
        for row in table.itertuples(index=False, name=None)
    ]
    return sorted(rows, key=lambda row: str(row[0]))


def _of_one_zero(customer: Any) -> Any:
    return 0.0 if isinstance(customer, float) and customer == 0 else customer


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, str | bytes | dt.date):
        return value
    return float(value).hex()


def facts(error: SksegError) -> Mapping[str, Any]:
    """Return what an error says that does not depend on the order of the rows."""
    listed: Any = error.value
    kinds = None
    if isinstance(listed, tuple) and listed and hasattr(listed[0], "kind"):
        kinds = [
            (d.kind, d.n_rows, d.column, [r.parameters for r in d.remedies])
            for d in listed
        ]
    return {
        "type": type(error),
        "owner": error.owner,
        "name": error.name,
        "kinds": kinds,
        "remedy": error.remedy,
    }


def assert_same(
    engine: str, columns: pa.Table, frame: Any = None, **options: Any
) -> Any:
    """Compare an engine with memory, and return what it gives."""
    table = make_table(engine, columns)
    actual = outcome(table, **options)
    # SQLite and MariaDB do not hold all values, and have no types of their own.
    lines = fetched(table) if engine in ("sqlite", "mariadb") else in_memory(columns)
    expected = outcome(lines if frame is None else frame, **options)
    if isinstance(expected, SksegError) or isinstance(actual, SksegError):
        assert isinstance(expected, SksegError), actual
        assert isinstance(actual, SksegError), expected
        assert facts(actual) == facts(expected), f"{actual}\n\n{expected}"
        return actual
    assert actual[1] == expected[1]
    rows = fetched(actual[0])
    memory = expected[0]
    assert list(rows.columns) == list(memory.columns)
    assert sorted_rows(rows) == sorted_rows(memory)
    return actual


def lines(**columns: Any) -> pa.Table:
    """Return generated order lines, some of their columns replaced."""
    orders = make_orders(60, random_state=0)
    text = orders["customer_id"].astype(str)
    usual = {
        "customer": "C" + text,
        "order": orders["order_id"],
        "date": orders["date"].astype("datetime64[us]"),
        "amount": orders["amount"],
    }
    return pa.table({**usual, **columns})


# ------------------------------------------------------------------ every engine


@pytest.mark.parametrize("order_id", [None, "date"])
@quick_engines
def test_other_orders_of_clean_lines_are_those_of_memory(
    engine: str, order_id: str | None
) -> None:
    assert_same(engine, lines(), order_id=order_id)


@every_engine
def test_a_table_of_clean_lines_is_that_of_memory(engine: str) -> None:
    table, report = assert_same(engine, lines(), order_id="order")
    assert report.n_rows == report.n_used > 0
    assert type(table) is not pd.DataFrame


def defective() -> pa.Table:
    """Return lines with every defect, some with two of them."""
    rows: list[tuple[Any, ...]] = [
        ("Ann", "1", "2024-03-01", "2.50"),
        ("Ann", "1", "2024-03-05", "-0.50"),
        ("Ann", "2", "2024-03-09", "7"),
        ("ann", "2", "2024-03-02", "1.25"),
        ("Ann ", "3", "2024-03-02", "-1.25"),
        ("\u00c4nn", "4", "2024-03-02", "0"),
        ("Bob", "5", "2024-02-29T23:59:59", "3"),
        ("Bob", "5", "2024-02-28", "-3"),
        (None, "6", "2024-03-01", "1"),
        ("", "6", "2024-03-01", "1"),
        (" \t\u00a0", "6", None, "1"),
        ("Cy", None, "2024-03-01", "1"),
        ("Cy", " ", "2024-03-01", "1"),
        ("Cy", "7", None, "1"),
        ("Cy", "7", "31.12.2024", "1"),
        ("Cy", "7", "2024-02-30", "ten"),
        ("Cy", "7", "2025-01-01", "1"),
        ("Cy", "7", "2024-03-01", None),
        ("Cy", "7", "2024-03-01", "ten"),
        ("Cy", "7", "2024-03-01", "inf"),
        ("Cy", "8", "2024-03-01", "(4.00)"),
        ("NULL", "9", "2024-03-01", "1"),
        (" n/a ", "nan", "2024-03-01", "2"),
        ("n/a", "undefined", "2024-03-01", "2"),
    ]
    names = ("customer", "order", "date", "amount")
    return pa.table(
        {
            name: pa.array([row[i] for row in rows], pa.string())
            for i, name in enumerate(names)
        }
    )


@every_engine
def test_every_defect_is_left_out_as_in_memory(engine: str) -> None:
    assert_same(engine, defective(), order_id="order", invalid="exclude")


@quick_engines
@pytest.mark.parametrize(
    "invalid",
    [
        "raise",
        {"missing customer": "exclude", "unparsable date": "exclude"},
        {"placeholder customer": "raise"},
        {
            **dict.fromkeys(
                [
                    *("missing customer", "missing order id", "missing date"),
                    *("unparsable date", "date after as_of", "missing amount"),
                    *("unparsable amount", "non-finite amount"),
                ],
                "exclude",
            ),
            "placeholder customer": "exclude",
            "placeholder order id": "keep",
        },
    ],
    ids=["raise", "some", "placeholders refused", "placeholders excluded"],
)
def test_every_defect_is_counted_as_in_memory(engine: str, invalid: Any) -> None:
    assert_same(engine, defective(), order_id="order", invalid=invalid)


# ------------------------------------------------------------------ amounts


def amounts_of(
    values: Any, kind: pa.DataType | None = None, **columns: Any
) -> pa.Table:
    """Return lines of a few customers with these amounts."""
    n = len(values)
    usual = {
        "customer": pa.array([i % 3 for i in range(n)], pa.int64()),
        "order": pa.array([i % 5 for i in range(n)], pa.int64()),
        "date": [DAY + dt.timedelta(days=7 * i % 60) for i in range(n)],
        "amount": pa.array(values, kind),
    }
    return pa.table({**usual, **columns})


FLOATS = {
    "cents": [1.1, 2.25, -3.33, 0.0, 1e6 + 0.01],
    "whole": [1.0, 20.0, -300.0],
    "one decimal": [1.5, 2.0, -0.1],
    "noise": [5.1 * 3, 0.1 + 0.2, 1.1 * 1.1, 19.99 * 7],
    "difference": [100.3 - 100.0, 1000.1 - 1000.0, 2.5],
    "tiny": [1e-12, 3e-12, 5e-7],
    "large": [4e13, 0.25, -4e13],
    "large cents": [2.0e13 + 0.01, 0.25, -7.5],
    "small noise beside large": [9e8 + 0.1, (0.1 + 0.2), 1e-3],
    "negative zero": [-0.0, 0.0, 1.0],
    "too fine": [1 / 3, 1.0],
    "net prices": [10 / 1.19, 20 / 1.19, 7.5, -30 / 1.19],
    "finer than its neighbours": [1e9 + 0.5, 1.123456789],
    "above 2**53": [2.0**53, 1.0],
    "sums above 2**53": [2.0**52, 0.0, 0.0, 2.0**52],
    "huge": [1e300, 1.0],
    "subnormal": [5e-324, 1.0],
    "not finite": [float("nan"), float("inf"), -float("inf"), 1.5, None],
    "ties": [0.125, 0.375, 2.675, 1.005, -0.125, 0.135],
    "finer ties": [0.12500000000001, 2.675 + 1e-13, 0.005000000000001, 1 / 3],
}
ROUNDINGS: dict[str, dict[str, Any]] = {
    "auto": {},
    "two": {"decimals": 2},
    "none": {"decimals": 0},
    "half even": {"decimals": 2, "rounding": "half_even"},
    "half up": {"decimals": 2, "rounding": "half_up"},
    "half up of ten": {"decimals": 10, "rounding": "half_up"},
}


@pytest.mark.parametrize("rounding", ["auto", "two", "half even", "half up of ten"])
@pytest.mark.parametrize("values", FLOATS.values(), ids=FLOATS.keys())
def test_floats_are_read_as_in_memory(values: list[Any], rounding: str) -> None:
    columns = amounts_of(values, pa.float64())
    engines = ["duckdb", "sqlite"] if rounding == "half even" else ["duckdb"]
    for engine in engines:
        assert_same(engine, columns, invalid="exclude", **ROUNDINGS[rounding])


OTHER_AMOUNTS = {
    "float32": ([1.1, 2.25, -3.33, 120.07], pa.float32()),
    "float32 beyond its digits": ([200_001.07, 1.5], pa.float32()),
    "float32 beyond whole numbers": ([2.0**24, 1.5], pa.float32()),
    "float32 noise": ([1 / 3, 0.1], pa.float32()),
    "int8": ([1, -3, None], pa.int8()),
    "int64": ([1, 2**40, -(2**40)], pa.int64()),
    "int64 beyond 2**53": ([2**53 + 1, 1], pa.int64()),
    "decimal": ([Decimal("1.10"), Decimal("-2.25")], pa.decimal128(18, 2)),
    "decimal of few decimals": ([Decimal("1.10"), Decimal(2)], pa.decimal128(18, 6)),
    "decimal too fine": ([Decimal("0.12345678901234")], pa.decimal128(38, 20)),
    "decimal finer than its neighbours": (
        [Decimal("999999999.5"), Decimal("0.00000001")],
        pa.decimal128(38, 10),
    ),
    "wide decimal": (
        [Decimal("12345678901234.56"), Decimal("0.01")],
        pa.decimal128(38, 2),
    ),
    "wide decimal beyond 2**53": (
        [Decimal(10) ** 20, Decimal("0.01")],
        pa.decimal128(38, 2),
    ),
    "texts": (["1.10", "-2.25", "+3", "1e2", ".5", "7."], pa.string()),
    "texts of noise": (["15.299999999999999", "0.30000000000000004"], pa.string()),
    "dressed texts": (["$1.10", "(2.25)", "3-", "\u22124.00"], pa.string()),
    "texts too fine": (["0.33333333333333333333", "1"], pa.string()),
    "currencies": (["$1.10", "2 EUR"], pa.string()),
    "texts with marks": (["1.234,56", "12.345.678,90"], pa.string()),
    "texts that no mark reads": (["1.2.3.4", "5"], pa.string()),
    "booleans": ([True, False], pa.bool_()),
    "dates": ([DAY, DAY], pa.date32()),
    "nothing": ([None, None], pa.float64()),
}


@pytest.mark.parametrize("rounding", ["auto", "none", "half up"])
@pytest.mark.parametrize("case", OTHER_AMOUNTS.values(), ids=OTHER_AMOUNTS.keys())
def test_other_types_of_amounts_are_read_as_in_memory(
    case: tuple[list[Any], pa.DataType], rounding: str
) -> None:
    options = ROUNDINGS[rounding]
    assert_same("duckdb", amounts_of(*case), invalid="exclude", **options)


def test_marks_of_texts_are_read_as_in_memory() -> None:
    values = ["1.234,56 \u20ac", "\u20ac 2,50", "(3,00)"]
    options = {"decimal": ",", "thousands": "."}
    _, report = assert_same("duckdb", amounts_of(values), **options)
    assert report.decimals == 2


QUANTITY = {"amount": None, "quantity": "quantity", "price": "price"}
PRODUCTS = {
    "whole quantities": ([1, 2, -3, 10], [1.99, 2.5, 0.01, 7.0], pa.int64()),
    "weights": ([0.125, 2.5, 1.0], [1.99, 3.5, 10.25], pa.float64()),
    "fewer decimals than the factors": ([10, 20], [1.9, 2.5], pa.int64()),
    "texts": (["1", "2.5"], ["$1.99", "3"], pa.string()),
    "a defect in each": ([None, 2, 3], [1.5, None, 2.5], pa.float64()),
    "noise": ([3.0, 7.0], [0.1 + 0.2, 5.1 * 3], pa.float64()),
}


@pytest.mark.parametrize("rounding", ["auto", "two", "half even", "half up of ten"])
@pytest.mark.parametrize("case", PRODUCTS.values(), ids=PRODUCTS.keys())
def test_products_are_exact(case: tuple[Any, ...], rounding: str) -> None:
    quantities, prices, kind = case
    columns = amounts_of(
        [0] * len(quantities),
        quantity=pa.array(quantities, kind),
        price=pa.array(prices),
    )
    options = {**QUANTITY, **ROUNDINGS[rounding], "invalid": "exclude"}
    assert_same("duckdb", columns, order_id="order", **options)


def test_products_with_too_many_digits_are_refused_with_the_way_out() -> None:
    columns = amounts_of([0, 0], quantity=[1.5, 10 / 3], price=[2.0, 3.0])
    rounding = ROUNDINGS["half even"]
    error = outcome(make_table("duckdb", columns), **QUANTITY, **rounding)
    assert isinstance(error, InvalidDataError)
    assert error.column == "quantity x price"
    assert "as a DECIMAL" in str(error)
    relation = make_table("duckdb", columns).project(
        "*, CAST(CAST(quantity AS DECIMAL(18, 9)) * CAST(price AS DECIMAL(9, 2)) "
        "AS DECIMAL(18, 2)) AS product"
    )
    assert isinstance(outcome(relation, amount="product"), tuple)


# ------------------------------------------------------------------ dates


MOMENTS = [
    dt.datetime(2024, 3, 31, 23, 59, 59, 999_999),
    dt.datetime(2024, 3, 31),
    dt.datetime(1969, 12, 31, 23, 59, 59),
    dt.datetime(1960, 2, 29, 0, 0, 1),
    None,
]
ISO_TEXTS = [
    *("2024-03-31", "2024-03-31T10:00", "2024-03-31 23:59:59.999999", "20240331"),
    *("20240301T101500", "2024-03-31T10:00:00Z", "2024-02-29 01:00:00+05:30"),
    *("2024-03-31x10:00", "2024-13-01", "2024-3-1", "31.12.2023", "", " 2024-03-31"),
    *("2024-03-31T25:00", "2024-W10-1", "2024-03-31T", "0001-01-01", None),
]
DATES: dict[str, tuple[list[Any], Any, dict[str, Any]]] = {
    "dates": ([DAY, None, dt.date(1950, 1, 1)], pa.date32(), {}),
    "seconds": (MOMENTS, pa.timestamp("s"), {}),
    "milliseconds": (MOMENTS, pa.timestamp("ms"), {}),
    "microseconds": (MOMENTS, pa.timestamp("us"), {}),
    "nanoseconds": (MOMENTS, pa.timestamp("ns"), {}),
    "a zone that is asked for": (
        MOMENTS, pa.timestamp("us", "UTC"), {"time_zone": "Europe/Berlin"}
    ),
    "a zone of half hours": (
        MOMENTS, pa.timestamp("us", "UTC"), {"time_zone": "Asia/Kolkata"}
    ),
    "a zone that none have": (MOMENTS, pa.timestamp("us"), {"time_zone": "UTC"}),
    "texts": (ISO_TEXTS, pa.string(), {}),
    "texts with zones": (
        ["2024-03-31T23:30:00Z", "2024-03-31T23:30:00-05:00"], pa.string(), {}
    ),
    "texts in a zone": (
        ["2024-03-31T23:30:00Z", "2024-03-31T23:30:00-05:00"],
        pa.string(),
        {"time_zone": "Europe/Berlin"},
    ),
    "texts of a format": (
        ["31.12.2023", " 01.02.2024 ", "x", None],
        pa.string(),
        {"date_format": "%d.%m.%Y"},
    ),
    "numbers of a format": (
        [20240131, 20240230, None], pa.int64(), {"date_format": "%Y%m%d"}
    ),
    "floats of a spreadsheet": (
        [45657.25, 45600.0, 12.0, float("nan")], pa.float64(), {"date_format": "excel"}
    ),
    "numbers without a format": ([20240131, 20240130], pa.int64(), {}),
    "unix seconds": ([1_711_000_000, 1_712_000_000], pa.int64(), {}),
    "booleans": ([True, False], pa.bool_(), {}),
    "decimals": ([Decimal(20240131)], pa.decimal128(10, 0), {"date_format": "%Y%m%d"}),
    "nothing": ([None, None], pa.string(), {}),
}  # fmt: skip


def dated(dates: Any) -> pa.Table:
    return amounts_of([1.5] * len(dates), pa.float64(), date=dates)


@pytest.mark.parametrize("order_id", [None, "date"])
@pytest.mark.parametrize("case", DATES.values(), ids=DATES.keys())
def test_dates_are_read_as_in_memory(
    case: tuple[list[Any], pa.DataType, dict[str, Any]], order_id: str | None
) -> None:
    values, kind, options = case
    columns = dated(pa.array(values, kind))
    for invalid in ("exclude", "raise"):
        assert_same("duckdb", columns, order_id=order_id, invalid=invalid, **options)


@pytest.mark.parametrize("engine", ["sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize(
    "kind", ["dates", "microseconds", "texts", "numbers of a format"]
)
def test_dates_of_other_engines_are_read_as_in_memory(engine: str, kind: str) -> None:
    values, dtype, options = DATES[kind]
    columns = dated(pa.array(values, dtype))
    assert_same(engine, columns, order_id="date", invalid="exclude", **options)


@pytest.mark.parametrize(
    "as_of",
    [
        "2024-03-31",
        "20240331",
        dt.date(2024, 3, 31),
        pd.Timestamp("2024-03-31 12:00"),
        np.datetime64("2024-03-31T23", "h"),
        "latest",
        "9999-12-31",
        "0001-01-01",
        "soon",
        pd.Timestamp("2024-03-31", tz="UTC"),
    ],
    ids=str,
)
def test_as_of_is_read_as_in_memory(as_of: Any) -> None:
    columns = dated(pa.array(MOMENTS, pa.timestamp("us")))
    assert_same("duckdb", columns, as_of=as_of, invalid="exclude")


def test_a_moment_is_converted_to_the_zone_of_the_dates() -> None:
    columns = dated(pa.array(MOMENTS, pa.timestamp("us", "UTC")))
    as_of = dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.UTC)
    options = {"time_zone": "Europe/Berlin", "invalid": "exclude"}
    assert_same("duckdb", columns, as_of=as_of, **options)


def test_the_days_of_a_zone_change_with_its_clocks() -> None:
    # Every half hour around the changes of the clocks, and years without any. Of later
    # years the zones of pandas 2 know no change.
    start = dt.datetime(2023, 10, 28, 20)
    moments = [start + dt.timedelta(minutes=30 * i) for i in range(120)]
    moments += [dt.datetime(year, 6, 30, 22, 30) for year in (1900, 1945, 1980, 2036)]
    columns = dated(pa.array(moments, pa.timestamp("us", "UTC")))
    for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"):
        assert_same(
            "duckdb", columns, time_zone=zone, as_of="2050-01-01", order_id="date"
        )


def test_moments_without_a_zone_of_their_own_are_refused_with_the_way_out() -> None:
    columns = dated(pa.array(MOMENTS, pa.timestamp("us", "UTC")))
    error = outcome(make_table("duckdb", columns), invalid="exclude")
    assert isinstance(error, InvalidDataError)
    assert error.name == "time_zone"
    assert "Pass time_zone='UTC'" in str(error)
    assert_same("duckdb", columns, time_zone="UTC", invalid="exclude")


def test_infinite_dates_cannot_be_read() -> None:
    relation = make_table("duckdb", amounts_of([1.0, 2.0, 3.0])).project(
        "* REPLACE (CASE WHEN amount > 1 THEN CAST('infinity' AS TIMESTAMP) "
        "ELSE CAST(date AS TIMESTAMP) END AS date)"
    )
    result = outcome(relation, invalid="exclude")
    assert isinstance(result, tuple)
    assert result[1].excluded == {"unparsable date": 2}


# ------------------------------------------------------------------ ids


IDS: dict[str, tuple[list[Any], pa.DataType]] = {
    "whole numbers": ([3, 1, 3, None, 2**62], pa.int64()),
    "floats": ([0.0, -0.0, 1.5, float("nan"), None, 1e300], pa.float64()),
    "float32": ([0.1, 0.5, float("nan")], pa.float32()),
    "decimals": ([Decimal("1.10"), Decimal("2.00"), None], pa.decimal128(10, 2)),
    "booleans": ([True, False, None], pa.bool_()),
    "dates": ([DAY, None, DAY], pa.date32()),
    "texts": (
        ["a", "A", "a ", " a", "\u00e4", "a\u0308", "\u00df", "ss", ""],
        pa.string(),
    ),
    "placeholders": (
        [
            *("NULL", "null", " Null", "n/a", "NaN", "-", "--", "?", "\\N", "1.#QNAN"),
            *("undefined", "(blank)", "nullx", "none1", "-5", "1", "Nancy", "\u3000"),
            *("\x1f", "\x00", "?\u2003", "NA\n"),
        ],
        pa.string(),
    ),
}


@pytest.mark.parametrize("column", ["customer", "order"])
@pytest.mark.parametrize("case", IDS.values(), ids=IDS.keys())
def test_ids_of_every_type_are_told_apart_as_in_memory(
    case: tuple[list[Any], pa.DataType], column: str
) -> None:
    ids, kind = case
    columns = {column: pa.array(ids, kind)}
    amounts = ([1.5, -2.0, 0.5] * 8)[: len(ids)]
    table = amounts_of(amounts, pa.float64(), **columns)
    # pandas tells 0.0 from -0.0 in the types of Arrow, but not in those of numpy.
    frame = table.to_pandas() if pa.types.is_floating(kind) else None
    assert_same("duckdb", table, frame, order_id="order", invalid="exclude")


@pytest.mark.parametrize("engine", ["sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize("kind", ["texts", "whole numbers", "placeholders"])
def test_ids_of_other_engines_are_told_apart_as_in_memory(
    engine: str, kind: str
) -> None:
    ids = [value for value in IDS[kind][0] if value != "\x00"]
    columns = amounts_of(
        [1.5] * len(ids), customer=pa.array(ids, IDS[kind][1]), order=[1] * len(ids)
    )
    assert_same(engine, columns, order_id="order", invalid="exclude")


def test_ids_of_a_collation_are_compared_byte_by_byte() -> None:
    lines = amounts_of([1.0, 2.0], customer=["Ann", "ANN"])
    relation = make_table("duckdb", lines).project(
        "* REPLACE (customer COLLATE NOCASE AS customer)"
    )
    result = outcome(relation)
    assert isinstance(result, tuple)
    assert sorted(fetched(result[0])["customer"]) == ["ANN", "Ann"]


def test_ids_that_mix_text_and_numbers_are_refused() -> None:
    import sqlite3

    from skseg.engines import sql_table

    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (customer, date, amount)")
    rows = [(7, "2024-03-01", 1.0), ("7", "2024-03-01", 2.0)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    error = outcome(sql_table(connection, "t"))
    assert isinstance(error, InvalidDataError)
    assert error.name == "customer_id"
    connection.close()


# ------------------------------------------------------------------ sums and errors


def test_sums_beyond_exact_integers_are_refused_for_one_customer_alone() -> None:
    large = 2.0**52
    columns = amounts_of([large, large, 0.5, -large], customer=[1, 2, 2, 3])
    assert_same("duckdb", columns)
    columns = amounts_of([large, 1.0, 1.0, -large], customer=[1, 2, 2, 1])
    assert_same("duckdb", columns)
    # Decimals of which one customer has too many, and which fit for two.
    cents = pa.array([Decimal("50000000000000.01")] * 2, pa.decimal128(38, 2))
    assert_same("duckdb", amounts_of(cents, customer=[1, 1]))
    assert_same("duckdb", amounts_of(cents, customer=[1, 2]))


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_table_without_rows_is_refused(engine: str) -> None:
    dates = pa.array([], pa.date32())
    assert_same(engine, amounts_of([], pa.float64(), date=dates))


def test_a_missing_column_is_named_with_those_that_there_are() -> None:
    table = make_table("duckdb", amounts_of([1.0]))
    error = outcome(table, amount="amuont")
    assert isinstance(error, MissingColumnError)
    assert "'amount'" in str(error)


def test_an_error_of_a_table_counts_and_gives_an_example() -> None:
    columns = amounts_of([1.0, 2.0, 3.0], date=["2024-03-01", "2025-05-05", "x"])
    error = outcome(make_table("duckdb", columns))
    assert isinstance(error, InvalidDataError)
    assert error.row is None
    text = str(error)
    assert "2 of 3 transactions cannot be used" in text
    assert "- unparsable date: 1 row of 'date', such as 'x'." in text
    assert "- date after as_of: 1 row of 'date', such as '2025-05-05'." in text
    # What the advice says, when executed.
    result = outcome(make_table("duckdb", columns), **error.remedy)
    assert isinstance(result, tuple)
    assert result[1].n_used == 1


def test_what_is_left_out_without_a_report_is_warned_of() -> None:
    table = make_table("duckdb", defective())
    options: Any = {**COLUMNS, "as_of": AS_OF, "invalid": "exclude"}
    with pytest.warns(UserWarning, match="left out|usually stands") as records:
        rfm_table(table, **options)
    texts = [str(record.message) for record in records]
    assert any("1 unparsable amount" in text for text in texts)
    assert any("'NULL' (1)" in text for text in texts)
    assert {record.filename for record in records} == {__file__}


def test_many_different_texts_are_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skseg._rfm._lazy._source.MAX_VALUES", 3)
    columns = amounts_of([f"{i}.50" for i in range(5)])
    relation = make_table("duckdb", columns)
    error = outcome(relation)
    assert isinstance(error, InvalidDataError)
    assert error.column == "amount"
    assert "Cast it in a view" in str(error)
    cast = relation.project("* REPLACE (CAST(amount AS DECIMAL(9, 2)) AS amount)")
    assert isinstance(outcome(cast), tuple)


def test_names_of_columns_are_quoted() -> None:
    lines = amounts_of([1.0, 2.5, -1.0])
    names = ["customer id", 'an "order"', "a.b", "select"]
    table = lines.rename_columns(names)
    options = {"customer_id": names[0], "order_id": names[1]}
    for engine in ("duckdb", "sqlite"):
        assert_same(engine, table, date=names[2], amount=names[3], **options)


def test_files_are_read_where_they_are(tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    columns = lines()
    for i, part in enumerate((columns.slice(0, 50), columns.slice(50))):
        pq.write_table(part, tmp_path / f"part{i}.parquet")
    options: Any = {"order_id": "order", "as_of": AS_OF, "return_report": True}
    options |= COLUMNS
    table, report = rfm_table(str(tmp_path / "*.parquet"), **options)
    expected, expected_report = rfm_table(in_memory(columns), **options)
    assert report == expected_report
    assert sorted_rows(fetched(table)) == sorted_rows(expected)


def test_nan_in_a_file_whose_statistics_leave_it_out_is_missing(tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    columns = amounts_of([5.0, float("nan"), 5.0], pa.float64())
    pq.write_table(columns, tmp_path / "nan.parquet")
    options: Any = {"invalid": "exclude", "as_of": AS_OF, "return_report": True}
    options |= COLUMNS
    table, report = rfm_table(tmp_path / "nan.parquet", **options)
    assert report.excluded == {"missing amount": 1}
    assert sorted(fetched(table)["monetary"]) == [5.0, 5.0]


# ------------------------------------------------------------------ random lines

IDS_OF_LINES = st.sampled_from(["a", "A", "b", "b ", "", "NULL", None])
ORDERS_OF_LINES = st.sampled_from([1.0, 2.0, -0.0, 3.0, float("nan"), None])
DATES_OF_LINES = st.one_of(
    st.none(), st.datetimes(dt.datetime(2023, 12, 30), dt.datetime(2024, 3, 2))
)
AMOUNTS_OF_LINES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.1, -1.1, 0.1 + 0.2, 5.1 * 3, 1e3, None]),
    st.sampled_from([float("nan"), float("inf"), 100.3 - 100.0, 1e6 + 0.05]),
    st.integers(-500, 500).map(lambda cents: cents / 100),
    st.decimals(-99, 99, places=4).map(float),
)


@few_examples(25)
@given(
    st.lists(
        st.tuples(IDS_OF_LINES, ORDERS_OF_LINES, DATES_OF_LINES, AMOUNTS_OF_LINES),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([None, "order", "date"]),
    st.sampled_from(["raise", "exclude"]),
    st.sampled_from(["auto", "two", "half even", "half up"]),
    st.sampled_from(["latest", "2024-02-15"]),
)
def test_random_lines_give_the_table_of_memory(
    rows: list[tuple[Any, ...]],
    order_id: str | None,
    invalid: str,
    rounding: str,
    as_of: str,
) -> None:
    kinds = (pa.string(), pa.float64(), pa.timestamp("us"), pa.float64())
    names = ("customer", "order", "date", "amount")
    columns = pa.table(
        {
            name: pa.array([row[i] for row in rows], kind)
            for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )
    options = {"order_id": order_id, "invalid": invalid, "as_of": as_of}
    frame = columns.to_pandas()
    for engine in ("duckdb", "sqlite"):
        lines = frame if engine == "duckdb" else None
        assert_same(engine, columns, lines, **options, **ROUNDINGS[rounding])


def test_online_retail_gives_the_table_of_memory(data_dir: Path) -> None:
    frame = pd.read_csv(
        data_dir / "online_retail/online_retail.csv.gz",
        usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        dtype={"InvoiceNo": str},
        parse_dates=["InvoiceDate"],
    )
    frame = frame.assign(amount=frame["Quantity"] * frame["UnitPrice"])
    columns = pa.Table.from_pandas(frame, preserve_index=False)
    options = {
        "customer_id": "CustomerID",
        "date": "InvoiceDate",
        "order_id": "InvoiceNo",
        "as_of": "latest",
        "invalid": "exclude",
    }
    _, report = assert_same("duckdb", columns, frame, **options)
    assert report.excluded == {"missing customer": 135_080}
    factors = {"amount": None, "quantity": "Quantity", "price": "UnitPrice"}
    assert_same("duckdb", columns, frame, **options, **factors)
