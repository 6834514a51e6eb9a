"""rfm_table: small cases by hand, properties, an oracle, published data."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import RFMTableReport, rfm_table
from skseg.exceptions import InvalidDataError
from tests.examples import few_examples

NAMES = {"customer_id": "customer", "date": "date", "amount": "amount"}
VALUES = [
    "recency",
    "frequency",
    "monetary",
    "tenure",
    "average_order_value",
    "mean_gap",
]
AS_OF = dt.date(2024, 3, 31)
NAN = math.nan

# pyarrow alone would hand out missing integers to pandas as floats.
NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.int8(): pd.Int8Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}
# From one typed table, so that every kind holds the same values.
KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": lambda table: table.to_pandas(),
    "pandas-nullable": lambda table: table.to_pandas(types_mapper=NULLABLE.get),
    "pandas-pyarrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "pyarrow": lambda table: table,
}


@pytest.fixture(scope="session", params=KINDS.values(), ids=KINDS.keys())
def make_kind(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    return request.param


def lines_of(*rows: Sequence[Any], columns: str = "customer date amount") -> Any:
    frame = pd.DataFrame(rows, columns=columns.split())
    frame["date"] = pd.to_datetime(frame["date"])
    return frame


def by_customer(table: Any) -> dict[Any, tuple[float, ...]]:
    """Return the rows of a table of any library, by customer id."""
    return {row[0]: row[1:] for row in nw.from_native(table).rows()}


def assert_rows(table: Any, expected: Mapping[Any, Sequence[float]]) -> None:
    rows = by_customer(table)
    assert list(rows) == list(expected)
    for customer, row in expected.items():
        np.testing.assert_array_equal(np.array(rows[customer], float), row)


# ------------------------------------------------------------------ by hand


def test_each_value_of_a_customer_by_hand() -> None:
    lines = lines_of(
        ("Ann", "2024-03-21 23:59", 10.0),
        ("Bob", "2024-03-31 00:00", 5.0),
        ("Ann", "2024-03-01 00:00", 20.0),
        ("Ann", "2024-03-05 12:00", 0.5),
    )
    table = rfm_table(lines, **NAMES, as_of="2024-03-31")
    assert table.columns.to_list() == ["customer", *VALUES]
    assert_rows(
        table,
        {
            "Ann": (10, 3, 30.5, 30, 30.5 / 3, 10),
            "Bob": (0, 1, 5, 0, 5, NAN),
        },
    )


@pytest.mark.parametrize(
    ("purchase", "as_of", "recency"),
    [
        ("2024-03-31 00:00:00", "2024-03-31", 0),
        ("2024-03-31 23:59:59", "2024-03-31", 0),
        ("2024-03-30 23:59:59", "2024-03-31", 1),
        ("2024-03-30 00:00:00", "2024-03-31 23:59:59", 1),
        ("2024-02-28 12:00:00", "2024-03-01", 2),  # a leap year
        ("1969-12-31 23:59:59", "1970-01-01", 1),  # on both sides of the epoch
        ("1960-02-29 00:00:01", "1960-03-01", 1),
    ],
)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_recency_counts_calendar_days_in_every_unit(
    purchase: str, as_of: str, recency: int, unit: str
) -> None:
    lines = lines_of((1, purchase, 1.0))
    lines["date"] = lines["date"].astype(f"datetime64[{unit}]")
    assert rfm_table(lines, **NAMES, as_of=as_of)["recency"].to_list() == [recency]


@pytest.mark.parametrize(
    "as_of",
    [
        "2024-03-31",
        "20240331",
        "2024-03-31T10:00:00",
        dt.date(2024, 3, 31),
        dt.datetime(2024, 3, 31, 23, 59),
        pd.Timestamp("2024-03-31 12:00"),
        np.datetime64("2024-03-31T23", "h"),
        "latest",
    ],
)
def test_as_of_is_read_in_every_form_and_echoed(as_of: Any) -> None:
    lines = lines_of((1, "2024-03-31 08:00", 1.0), (2, "2024-03-30 08:00", 1.0))
    table, report = rfm_table(lines, **NAMES, as_of=as_of, return_report=True)
    assert report.as_of == AS_OF
    assert table["recency"].to_list() == [0, 1]


def test_latest_is_the_day_of_the_latest_usable_transaction() -> None:
    lines = lines_of((1, "2024-03-30", 1.0), (1, "2024-04-02", NAN))
    _, report = rfm_table(
        lines, **NAMES, as_of="latest", invalid="exclude", return_report=True
    )
    assert report.as_of == dt.date(2024, 3, 30)


def test_lines_of_an_order_count_once_and_it_is_dated_by_its_earliest_line() -> None:
    lines = lines_of(
        ("Ann", "2024-03-20", 5.0, 8),  # a return under the number of its order
        ("Ann", "2024-03-11", 20.0, 8),
        ("Ann", "2024-03-01", 10.0, 7),
        ("Ann", "2024-03-01", 10.0, 7),
        columns="customer date amount order",
    )
    lines.loc[0, "amount"] = -5.0
    table = rfm_table(lines, **NAMES, order_id="order", as_of=AS_OF)
    assert_rows(table, {"Ann": (20, 2, 35, 30, 17.5, 10)})


def test_an_order_id_shared_by_two_customers_is_two_orders() -> None:
    lines = lines_of(
        ("Ann", "2024-03-01", 10.0, 1),
        ("Bob", "2024-03-11", 20.0, 1),
        ("Ann", "2024-03-21", 30.0, 2),
        columns="customer date amount order",
    )
    table, report = rfm_table(
        lines, **NAMES, order_id="order", as_of=AS_OF, return_report=True
    )
    assert report.n_orders == 3
    assert_rows(
        table, {"Ann": (10, 2, 40, 30, 20, 20), "Bob": (20, 1, 20, 20, 20, NAN)}
    )


def test_order_ids_may_mix_text_and_numbers_as_spreadsheets_do() -> None:
    lines = lines_of(
        ("Ann", "2024-03-01", 10.0, 536365),
        ("Ann", "2024-03-11", -4.0, "C536366"),
        ("Ann", "2024-03-01", 2.0, 536365),
        columns="customer date amount order",
    )
    table = rfm_table(lines, **NAMES, order_id="order", as_of=AS_OF)
    assert_rows(table, {"Ann": (30, 1, 8, 30, 8, NAN)})


def test_with_the_date_as_order_id_each_customer_day_is_one_order() -> None:
    lines = lines_of(
        ("Ann", "2024-03-01 09:00", 10.0),
        ("Ann", "2024-03-01 17:00", 10.0),
        ("Bob", "2024-03-01 17:00", 10.0),
        ("Ann", "2024-03-11 00:00", 10.0),
    )
    by_line = rfm_table(lines, **NAMES, as_of=AS_OF)
    by_day = rfm_table(lines, **NAMES, order_id="date", as_of=AS_OF)
    assert by_line["frequency"].to_list() == [3, 1]
    assert by_day["frequency"].to_list() == [2, 1]
    assert by_day["mean_gap"][0] == 10


@pytest.mark.parametrize(
    ("amounts", "is_purchase"),
    [
        ((10.0,), True),
        ((10.0, -4.0), True),
        ((0.0,), True),  # a voucher
        ((0.0, 0.0), True),
        ((10.0, -10.0), False),
        ((-10.0,), False),
        ((5.0, -10.0), False),
        ((-0.0,), True),
    ],
)
def test_an_order_is_a_purchase_unless_it_is_cancelled(
    amounts: Sequence[float], is_purchase: bool
) -> None:
    rows = [(1, "2024-03-11", amount, "x") for amount in amounts]
    lines = lines_of(*rows, columns="customer date amount order")
    table, report = rfm_table(
        lines, **NAMES, order_id="order", as_of=AS_OF, return_report=True
    )
    days = 20 if is_purchase else NAN
    net = sum(amounts)
    value = net if is_purchase else NAN
    assert_rows(table, {1: (days, int(is_purchase), net, days, value, NAN)})
    assert report.n_purchases == int(is_purchase)
    assert report.n_cancelled_orders == int(not is_purchase)


def test_a_later_cancellation_lowers_monetary_alone() -> None:
    lines = lines_of(
        (1, "2024-02-01", -3.0),  # returned before the first purchase of the data
        (1, "2024-03-01", 50.0),
        (1, "2024-03-11", 30.0),
        (1, "2024-03-30", -30.0),
    )
    table = rfm_table(lines, **NAMES, as_of=AS_OF)
    assert_rows(table, {1: (20, 2, 47, 30, 23.5, 10)})


def test_a_customer_with_only_returns_stays_in_the_table() -> None:
    lines = lines_of((1, "2024-03-01", -5.0), (2, "2024-03-01", 5.0))
    table, report = rfm_table(lines, **NAMES, as_of=AS_OF, return_report=True)
    assert_rows(table, {1: (NAN, 0, -5, NAN, NAN, NAN), 2: (30, 1, 5, 30, 5, NAN)})
    assert report.n_customers_without_purchase == 1


def test_the_input_is_not_changed() -> None:
    lines = lines_of((2, "2024-03-01", 5.5), (1, "2024-03-02", NAN))
    before = lines.copy()
    rfm_table(lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True)
    pd.testing.assert_frame_equal(lines, before)


# ------------------------------------------------------------------ money


def test_float_noise_is_rounded_away() -> None:
    noisy = 5.1 * 3
    assert noisy == 15.299999999999999
    lines = lines_of((1, "2024-03-01", noisy), (1, "2024-03-01", 0.1 + 0.2))
    assert rfm_table(lines, **NAMES, as_of=AS_OF)["monetary"].to_list() == [15.6]
    lines["amount"] = pd.Series([noisy, Decimal("0.30")], dtype=object)
    assert rfm_table(lines, **NAMES, as_of=AS_OF)["monetary"].to_list() == [15.6]


def test_ten_thousand_tenths_are_exactly_a_thousand() -> None:
    lines = pd.DataFrame({"customer": 1, "date": AS_OF, "amount": np.full(10_000, 0.1)})
    assert lines["amount"].cumsum().iloc[-1] != 1000  # what floats would give
    assert rfm_table(lines, **NAMES, as_of=AS_OF)["monetary"].to_list() == [1000]


AMOUNT_TYPES: dict[str, Callable[[str], Any]] = {
    "float": float,
    "text": str,
    "decimal": Decimal,
}


@pytest.fixture(params=AMOUNT_TYPES.values(), ids=AMOUNT_TYPES.keys())
def to_amount(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    return request.param


@pytest.mark.parametrize("fine", ["2.125", "2.121", "2.129", "-2.129"])
def test_an_amount_with_too_many_decimals_raises_and_names_the_cure(
    to_amount: Callable[[str], Any], fine: str
) -> None:
    lines = lines_of((1, "2024-03-01", 1.25), (1, "2024-03-01", 1.25))
    lines["amount"] = [to_amount("1.25"), to_amount(fine)]
    with pytest.raises(
        ValueError, match=f"amount {fine} in row 1 .*decimals=3, which keeps"
    ):
        rfm_table(lines, **NAMES, as_of=AS_OF, decimals=2)
    table = rfm_table(lines, **NAMES, as_of=AS_OF, decimals=3)
    assert table["monetary"].to_list() == [float(Decimal("1.25") + Decimal(fine))]


def test_a_fine_amount_is_seen_however_small_its_excess() -> None:
    lines = lines_of((1, "2024-03-01", 1.2501), (1, "2024-03-01", 1.25))
    with pytest.raises(
        ValueError, match=r"amount 1\.2501 in row 0 .*decimals=4, which keeps"
    ):
        rfm_table(lines, **NAMES, as_of=AS_OF, decimals=2)


def test_a_decimal_is_not_forgiven_what_a_float_is() -> None:
    lines = lines_of((1, "2024-03-01", 1.0))
    lines["amount"] = pd.Series([Decimal("1.000000000000000000000000000001")])
    with pytest.raises(ValueError, match="decimals=2, rounding='half_even', which"):
        rfm_table(lines, **NAMES, as_of=AS_OF)


def test_decimals_are_not_asked_of_rows_that_are_left_out(
    to_amount: Callable[[str], Any],
) -> None:
    lines = lines_of((1, "2024-03-01", 1.25), (None, "2024-03-01", 2.125))
    lines["amount"] = [to_amount("1.25"), to_amount("2.125")]
    table, _ = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert table["monetary"].to_list() == [1.25]


def test_large_and_small_amounts_of_float32_are_read_as_their_decimals() -> None:
    lines = lines_of((1, "2024-03-01", 15.3), (2, "2024-03-01", 9999.99))
    lines["amount"] = lines["amount"].astype("float32")
    table = rfm_table(lines, **NAMES, as_of=AS_OF)
    assert table["monetary"].to_list() == [15.3, 9999.99]


@pytest.mark.parametrize(
    "amounts",
    [
        [2.0**53, 1.0],
        [-(2.0**53), -1.0],
        [2.0**52, -(2.0**52)],
        [1e300, 1e308],
        [2**62, 2**62],
    ],
    ids=str,
)
def test_sums_beyond_what_float64_counts_raise(amounts: list[float]) -> None:
    lines = pd.DataFrame({"customer": 1, "date": AS_OF, "amount": amounts})
    with pytest.raises(ValueError, match=r"2\*\*53 minor units or more"):
        rfm_table(lines, **NAMES, as_of=AS_OF, decimals=0)


def test_a_fine_amount_beside_a_huge_one_is_named_without_a_warning() -> None:
    lines = lines_of((1, "2024-03-01", 1e308), (1, "2024-03-01", 1.005))
    with pytest.raises(ValueError, match=r"amount 1\.005 in row 1 "):
        rfm_table(lines, **NAMES, as_of=AS_OF)
    lines.loc[0, "date"] = pd.Timestamp("2024-04-01")
    with pytest.raises(ValueError, match=r"amount 1\.005 in row 1 "):
        rfm_table(lines, **NAMES, as_of=AS_OF, invalid="exclude", decimals=2)


def test_the_limit_is_one_of_each_customer_not_of_the_table() -> None:
    large = float(2**52)
    lines = pd.DataFrame({"customer": [1, 2, 3], "date": AS_OF, "amount": large})
    table = rfm_table(lines, **NAMES, as_of=AS_OF, decimals=0)
    assert table["monetary"].to_list() == [large] * 3


@few_examples(10)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(-(10**9), 10**9)),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 6),
)
def test_sums_are_those_of_exact_arithmetic(
    rows: list[tuple[int, int]], decimals: int
) -> None:
    exact: dict[int, Fraction] = defaultdict(Fraction)
    for customer, units in rows:
        exact[customer] += Fraction(units, 10**decimals)
    customers, units_of_row = zip(*rows, strict=True)
    texts = [str(Decimal(units).scaleb(-decimals)) for units in units_of_row]
    columns = {"customer": customers, "date": AS_OF}
    for amounts in (texts, list(map(float, texts)), list(map(Decimal, texts))):
        frame = pd.DataFrame({**columns, "amount": amounts})
        table = rfm_table(frame, **NAMES, as_of=AS_OF, decimals=decimals)
        sums = dict(zip(table["customer"], table["monetary"], strict=True))
        # float(Fraction) is correctly rounded: equal to the last bit.
        assert sums == {customer: float(total) for customer, total in exact.items()}


# ------------------------------------------------------------------ time zones


def test_the_calendar_day_is_that_of_the_own_time_zone_or_of_time_zone() -> None:
    lines = lines_of((1, "2024-03-30 23:30", 1.0))
    lines["date"] = lines["date"].dt.tz_localize("UTC")
    in_own_zone = rfm_table(lines, **NAMES, as_of=AS_OF)
    berlin = rfm_table(lines, **NAMES, as_of=AS_OF, time_zone="Europe/Berlin")
    assert (in_own_zone["recency"][0], berlin["recency"][0]) == (1, 0)


def test_an_aware_as_of_is_converted_to_the_zone_of_the_dates() -> None:
    lines = lines_of((1, "2024-03-30 12:00", 1.0))
    lines["date"] = lines["date"].dt.tz_localize("Asia/Tokyo")
    as_of = pd.Timestamp("2024-03-30 23:00", tz="UTC")
    assert rfm_table(lines, **NAMES, as_of=as_of)["recency"][0] == 1
    in_utc = rfm_table(lines, **NAMES, as_of=as_of, time_zone="UTC")
    assert in_utc["recency"][0] == 0
    fixed = lines.assign(date=lines["date"].dt.tz_convert("UTC+09:00"))
    assert rfm_table(fixed, **NAMES, as_of=as_of)["recency"][0] == 1


def test_texts_with_offsets_have_their_own_days_unless_converted() -> None:
    lines = pd.DataFrame(
        {
            "customer": [1, 2],
            "date": ["2024-03-31T00:30:00+02:00", "2024-03-30T22:30:00Z"],  # equal
            "amount": 1.0,
        }
    )
    in_own_zone = rfm_table(lines, **NAMES, as_of=AS_OF)
    assert in_own_zone["recency"].to_list() == [0, 1]
    utc = rfm_table(lines, **NAMES, as_of="2024-03-31T12:00Z", time_zone="UTC")
    assert utc["recency"].to_list() == [1, 1]
    lines["date"] = pd.Series(map(dt.datetime.fromisoformat, lines["date"]), dtype="O")
    objects = rfm_table(lines, **NAMES, as_of="2024-03-31T12:00+02:00")
    assert objects["recency"].to_list() == [0, 1]


@pytest.mark.parametrize("dates", ["datetime", "date", "text"])
def test_zone_of_dates_without_one_is_asked_for(dates: str) -> None:
    lines = lines_of((1, "2024-03-30 12:00", 1.0))
    if dates != "datetime":
        lines["date"] = lines["date"].dt.date if dates == "date" else "2024-03-30"
    with pytest.raises(
        ValueError, match=r"'date' has dates without one\. Leave time_zone"
    ):
        rfm_table(lines, **NAMES, as_of=AS_OF, time_zone="Europe/Berlin")
    with pytest.raises(ValueError, match=r"'as_of' .* must be without a time zone"):
        rfm_table(lines, **NAMES, as_of="2024-03-31T12:00:00Z")


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]


@few_examples(10)
@given(
    st.lists(
        # Around the turn of the clocks in 2024, and where Apia skipped a whole day.
        st.one_of(
            st.datetimes(dt.datetime(2024, 3, 9), dt.datetime(2024, 3, 11)),
            st.datetimes(dt.datetime(2024, 3, 30), dt.datetime(2024, 4, 1)),
            st.datetimes(dt.datetime(2024, 11, 2), dt.datetime(2024, 11, 4)),
            st.datetimes(dt.datetime(2011, 12, 28), dt.datetime(2012, 1, 1)),
        ),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_days_in_any_zone_are_those_of_the_standard_library(
    make_kind: Callable[[pa.Table], Any],
    moments: list[dt.datetime],
    stored: str,
    zone: str,
) -> None:
    instants = [moment.replace(tzinfo=dt.UTC) for moment in moments]
    table = pa.table(
        {
            "customer": list(range(len(instants))),
            "date": pa.array(instants, pa.timestamp("us", stored)),
            "amount": [1.0] * len(instants),
        }
    )
    as_of = dt.date(2024, 12, 31)
    for time_zone in (None, zone):
        local = ZoneInfo(time_zone or stored)
        expected = [(as_of - i.astimezone(local).date()).days for i in instants]
        table_of_kind = rfm_table(
            make_kind(table), **NAMES, as_of=as_of, time_zone=time_zone
        )
        assert [row[0] for row in by_customer(table_of_kind).values()] == expected


# ------------------------------------------------------------------ kinds of frame


def typed_table(**changed: pa.Array) -> pa.Table:
    columns = {
        "customer": pa.array([30, 10, 30, 2**60 + 1]),
        "date": pa.array([AS_OF, AS_OF, dt.date(2024, 3, 1), AS_OF], pa.date32()),
        "amount": pa.array([1.5, 2.0, 3.0, 4.0]),
    }
    return pa.table({**columns, **changed})


EXPECTED = {
    10: (0, 1, 2, 0, 2, NAN),
    30: (0, 2, 4.5, 30, 2.25, 30),
    2**60 + 1: (0, 1, 4, 0, 4, NAN),
}


@pytest.mark.parametrize(
    "dates",
    [
        pa.array([AS_OF, AS_OF, dt.date(2024, 3, 1), AS_OF], pa.date32()),
        pa.array([AS_OF, AS_OF, dt.date(2024, 3, 1), AS_OF]).cast(pa.timestamp("ns")),
        pa.array(["2024-03-31", "2024-03-31T23:59:59", "20240301", "2024-03-31 08"]),
    ],
    ids=["date", "timestamp", "text"],
)
@pytest.mark.parametrize(
    "amounts",
    [
        pa.array([1.5, 2.0, 3.0, 4.0]),
        pa.array(["1.5", "2", "3.00", "4e0"]),
        pa.array([Decimal("1.50"), Decimal(2), Decimal(3), Decimal(4)]),
    ],
    ids=["float", "text", "decimal"],
)
def test_every_kind_of_frame_gives_the_same_rows_in_its_own_kind(
    make_kind: Callable[[pa.Table], Any], dates: pa.Array, amounts: pa.Array
) -> None:
    frame = make_kind(typed_table(date=dates, amount=amounts))
    table = rfm_table(frame, **NAMES, as_of=AS_OF)
    assert type(table) is type(frame)
    assert_rows(table, EXPECTED)
    schema = nw.from_native(table).schema
    assert schema["customer"] == nw.Int64
    assert {schema[name] for name in VALUES} == {nw.Int64, nw.Float64}


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["b", "a", "b", "ü"]),
        pa.array(["b", "a", "b", "ü"]).dictionary_encode(),
        pa.array([-5, -128, -5, 127], pa.int8()),
        pa.array([2**63, 0, 2**63, 2**64 - 1], pa.uint64()),
        pa.array([2**64 - 2, 2**64 - 3, 2**64 - 2, 2**64 - 1], pa.uint64()),
        pa.array([-(2**63), 7, -(2**63), 2**63 - 1]),
        pa.array([1.5, -1.0, 1.5, 1e300]),
        pa.array([dt.date(2024, 1, d) for d in (2, 1, 2, 3)], pa.date32()),
    ],
    ids=lambda ids: str(ids.type),
)
def test_ids_of_every_type_are_kept_and_sorted(
    make_kind: Callable[[pa.Table], Any], ids: pa.Array
) -> None:
    frame = make_kind(typed_table(customer=ids))
    table = rfm_table(frame, **NAMES, as_of=AS_OF)
    assert list(by_customer(table)) == sorted(set(nw.from_native(frame)["customer"]))
    before, after = (nw.from_native(f)["customer"] for f in (frame, table))
    assert after.dtype == before.dtype
    if isinstance(table, pd.DataFrame):
        assert table["customer"].dtype == frame["customer"].dtype
        pd.testing.assert_index_equal(table.index, pd.RangeIndex(3))


def test_missing_values_of_every_kind_of_frame_are_found(
    make_kind: Callable[[pa.Table], Any],
) -> None:
    table = pa.table(
        {
            "customer": [1, None, 1, 1, 2**60 + 1],
            "date": pa.array([AS_OF, AS_OF, None, AS_OF, AS_OF]),
            "amount": pa.array([1.0, 1.0, 1.0, None, 4.0]),
            "order": ["a", "a", "b", "c", "d"],
        }
    )
    frame = make_kind(table)
    result, report = rfm_table(
        frame,
        **NAMES,
        order_id="order",
        as_of=AS_OF,
        invalid="exclude",
        return_report=True,
    )
    assert report.excluded == {
        "missing customer": 1,
        "missing date": 1,
        "missing amount": 1,
    }
    # numpy has no missing integers: pandas itself made this column of floats.
    large = float(2**60) if frame_is_numpy(frame) else 2**60 + 1
    assert list(by_customer(result)) == [1, large]


def frame_is_numpy(frame: Any) -> bool:
    return isinstance(frame, pd.DataFrame) and frame["amount"].dtype == np.float64


@pytest.mark.parametrize("dtype", [None, object, "category", "string"])
def test_empty_and_missing_text_ids_are_no_customer(dtype: Any) -> None:
    lines = lines_of(
        ("a", "2024-03-01", 1.0), ("", "2024-03-01", 1.0), (None, "2024-03-01", 1.0)
    )
    if dtype is not None:
        lines["customer"] = lines["customer"].astype(dtype)
    table, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"missing customer": 2}
    assert table["customer"].to_list() == ["a"]
    assert table["customer"].dtype == lines["customer"].dtype


def test_nan_ids_of_polars_are_no_customer() -> None:
    lines = pl.DataFrame({"customer": [1.0, NAN], "date": AS_OF, "amount": 1})
    _, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"missing customer": 1}


def test_object_columns_of_python_values_are_read() -> None:
    lines = pd.DataFrame(
        {
            "customer": [7, 7, 8, 9, 7],
            "date": [
                dt.date(2024, 3, 1),
                dt.datetime(2024, 3, 11, 23, 59),
                "2024-03-31",
                np.datetime64("2024-03-30"),
                pd.NaT,
            ],
            "amount": [1, 2.5, Decimal("0.10"), "3", 1],
        },
        dtype=object,
    )
    table, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"missing date": 1}
    assert table["recency"].to_list() == [20, 0, 1]
    assert table["monetary"].to_list() == [3.5, 0.1, 3]


# ------------------------------------------------------------------ properties

DAYS = st.integers(-400, 0).map(lambda days: AS_OF + dt.timedelta(days))
ROW = st.tuples(
    st.integers(1, 4),
    st.integers(1, 5),
    st.builds(dt.datetime.combine, DAYS, st.times()),
    st.integers(-300, 300),
)
ROWS = st.lists(ROW, min_size=1, max_size=25)
Rows = list[tuple[int, int, dt.datetime, int]]
ORDER_IDS = st.sampled_from([None, "order", "date"])


def frame_of(rows: Rows) -> pd.DataFrame:
    customer, order, date, cents = zip(*rows, strict=True)
    dates = np.array(date, dtype="datetime64[us]")
    amount = np.array(cents) / 100
    return pd.DataFrame(
        {"customer": customer, "order": order, "date": dates, "amount": amount}
    )


def oracle(rows: Rows, order_id: str | None, as_of: dt.date) -> dict[int, tuple]:
    """Compute the table in plain Python, order by order, in exact numbers."""
    orders: dict[Any, list[tuple[dt.date, int]]] = defaultdict(list)
    for i, (customer, order, date, cents) in enumerate(rows):
        key = {None: i, "order": order, "date": date.date()}[order_id]
        orders[customer, key].append((date.date(), cents))
    days: dict[int, list[dt.date]] = {row[0]: [] for row in sorted(rows)}
    total = dict.fromkeys(days, 0)
    for (customer, _), lines in orders.items():
        net = sum(cents for _, cents in lines)
        total[customer] += net
        if net > 0 or (net == 0 and all(cents >= 0 for _, cents in lines)):
            days[customer].append(min(day for day, _ in lines))
    table = {}
    for customer, bought in days.items():
        n, money = len(bought), float(Fraction(total[customer], 100))
        recency = (as_of - max(bought)).days if n else NAN
        tenure = (as_of - min(bought)).days if n else NAN
        value = money / n if n else NAN
        gap = (max(bought) - min(bought)).days / (n - 1) if n > 1 else NAN
        table[customer] = (recency, n, money, tenure, value, gap)
    return table


@few_examples(10)
@given(ROWS, ORDER_IDS)
def test_table_is_that_of_plain_python(rows: Rows, order_id: str | None) -> None:
    table, report = rfm_table(
        frame_of(rows), **NAMES, order_id=order_id, as_of=AS_OF, return_report=True
    )
    expected = oracle(rows, order_id, AS_OF)
    assert_rows(table, expected)
    frequencies = [row[1] for row in expected.values()]
    assert report.n_purchases == sum(frequencies)
    assert report.n_customers_without_purchase == frequencies.count(0)
    assert report.n_orders == report.n_purchases + report.n_cancelled_orders


@few_examples(10)
@given(ROWS, ORDER_IDS, st.randoms(use_true_random=False))
def test_order_of_the_rows_changes_no_bit(
    rows: Rows, order_id: str | None, random: Any
) -> None:
    shuffled = random.sample(rows, len(rows))
    tables = [
        rfm_table(frame_of(r), **NAMES, order_id=order_id, as_of=AS_OF)
        for r in (rows, shuffled)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@few_examples(10)
@given(ROWS, st.data())
def test_splitting_a_line_within_its_order_changes_nothing(
    rows: Rows, data: st.DataObject
) -> None:
    i = data.draw(st.integers(0, len(rows) - 1))
    *line, cents = rows[i]
    # Both parts of the sign of the whole: a new negative line would be a return.
    part = data.draw(st.integers(min(cents, 0), max(cents, 0)))
    split = [*rows[:i], (*line, part), *rows[i + 1 :], (*line, cents - part)]
    tables = [
        rfm_table(frame_of(r), **NAMES, order_id="order", as_of=AS_OF)
        for r in (rows, split)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@few_examples(10)
@given(ROWS, ORDER_IDS)
def test_the_same_customers_under_new_ids_get_the_same_rows(
    rows: Rows, order_id: str | None
) -> None:
    doubled = rows + [(customer + 10, *rest) for customer, *rest in rows]
    table = rfm_table(frame_of(doubled), **NAMES, order_id=order_id, as_of=AS_OF)
    old, new = np.split(table[VALUES].to_numpy(), 2)
    np.testing.assert_array_equal(old, new)


@few_examples(10)
@given(ROWS, ORDER_IDS, st.sampled_from([lambda i: i**20, str, float]))
def test_ids_matter_only_through_their_order(
    rows: Rows, order_id: str | None, rename: Callable[[int], Any]
) -> None:
    frame = frame_of(rows)
    renamed = frame.assign(
        customer=frame["customer"].map(rename), order=frame["order"].map(rename)
    )
    table, other = (
        rfm_table(f, **NAMES, order_id=order_id, as_of=AS_OF) for f in (frame, renamed)
    )
    assert other["customer"].to_list() == [rename(i) for i in table["customer"]]
    pd.testing.assert_frame_equal(table[VALUES], other[VALUES], check_exact=True)


@few_examples(10)
@given(ROWS, ORDER_IDS)
def test_every_kind_of_frame_gives_the_same_table(
    make_frame: Callable[[Any], Any], rows: Rows, order_id: str | None
) -> None:
    frame = frame_of(rows)
    other = make_frame(frame.to_dict("list"))
    options = {**NAMES, "order_id": order_id, "as_of": AS_OF}
    assert_rows(rfm_table(other, **options), by_customer(rfm_table(frame, **options)))


@few_examples(10)
@given(ROWS, ORDER_IDS, st.integers(0, 5000))
def test_moving_as_of_by_k_days_adds_k_to_recency_and_tenure(
    rows: Rows, order_id: str | None, k: int
) -> None:
    table, later = (
        rfm_table(
            frame_of(rows),
            **NAMES,
            order_id=order_id,
            as_of=AS_OF + dt.timedelta(days),
        )
        for days in (0, k)
    )
    table[["recency", "tenure"]] += k
    pd.testing.assert_frame_equal(table, later, check_exact=True)


@few_examples(10)
@given(ROWS, ORDER_IDS, st.lists(st.booleans(), min_size=25, max_size=25))
def test_excluded_rows_have_no_effect_and_are_counted(
    rows: Rows, order_id: str | None, spoil: list[bool]
) -> None:
    frame = frame_of(rows)
    spoiled = np.array(spoil[: len(rows)])
    spoiled[0] = False
    with_bad = frame.assign(amount=frame["amount"].mask(spoiled, np.inf))
    options = {**NAMES, "order_id": order_id, "as_of": AS_OF, "return_report": True}
    table, _ = rfm_table(frame[~spoiled], **options)
    other, report = rfm_table(with_bad, **options, invalid="exclude")
    pd.testing.assert_frame_equal(table, other, check_exact=True)
    assert sum(report.excluded.values()) == report.n_rows - report.n_used
    assert report.n_rows - report.n_used == spoiled.sum()


@pytest.mark.parametrize("spread", [1, 10**12], ids=["running", "sparse"])
def test_a_large_table_is_that_of_a_group_by_in_integers(spread: int) -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    ids = 7 + spread * rng.integers(0, 15_000, n)
    cents = rng.integers(-500, 5000, n)
    day = rng.integers(0, 1000, n)
    dates = np.datetime64(AS_OF, "s") - day.astype("m8[D]")
    lines = pd.DataFrame({"customer": ids, "date": dates, "amount": cents / 100})
    table = rfm_table(lines, **NAMES, as_of=AS_OF)
    bought = pd.Series(day).where(cents >= 0).groupby(ids)
    assert table["customer"].to_list() == list(bought.groups)
    assert table["frequency"].to_list() == bought.count().to_list()
    np.testing.assert_array_equal(table["recency"], bought.min())
    np.testing.assert_array_equal(table["tenure"], bought.max())
    np.testing.assert_array_equal(
        table["monetary"], pd.Series(cents).groupby(ids).sum() / 100
    )


# ------------------------------------------------------------------ invalid rows

BAD_LINES = pd.DataFrame(
    {
        "customer": ["a", None, "a", "a", "a", "a", "a", "a", "a", "a"],
        "order": [1, 2, None, 4, 5, 6, 7, 8, 9, 10],
        "date": [
            "2024-03-01",
            "2024-03-01",
            "2024-03-01",
            None,
            "31/03/2024",
            "2024-04-01",
            *["2024-03-02"] * 4,
        ],
        "amount": ["1.50", "1", "1", "1", "1", "1", None, "inf", "1,000.00", "2.25"],
    }
)
BAD_COUNTS = {
    "missing customer": 1,
    "missing order id": 1,
    "missing date": 1,
    "unparsable date": 1,
    "date after as_of": 1,
    "missing amount": 1,
    "unparsable amount": 1,
    "non-finite amount": 1,
}


def test_invalid_rows_raise_with_every_kind_its_count_first_row_and_cure() -> None:
    with pytest.raises(ValueError, match="8 of 10 transactions") as info:
        rfm_table(BAD_LINES, **NAMES, order_id="order", as_of=AS_OF)
    message = str(info.value)
    for kind, row in zip(BAD_COUNTS, (1, 2, 3, 4, 5, 6, 8, 7), strict=True):
        assert f"- {kind}: 1 row, first in row {row} (from 0)" in message
    assert "'31/03/2024'" in message
    assert "date_format" in message
    assert "'1,000.00'" in message
    assert "invalid='exclude'" in message


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_exclude_leaves_invalid_rows_out_and_counts_them(library: Any) -> None:
    columns = BAD_LINES.astype(object).where(BAD_LINES.notna(), None)
    lines = library(columns.to_dict("list"))
    table, report = rfm_table(
        lines,
        **NAMES,
        order_id="order",
        as_of=AS_OF,
        invalid="exclude",
        return_report=True,
    )
    assert report == RFMTableReport(
        as_of=AS_OF,
        n_rows=10,
        n_used=2,
        n_customers=1,
        n_orders=2,
        n_purchases=2,
        n_cancelled_orders=0,
        n_customers_without_purchase=0,
        decimals=2,
        excluded=BAD_COUNTS,
    )
    assert_rows(table, {"a": (29, 2, 3.75, 30, 1.875, 1)})


def test_a_row_with_several_defects_counts_once() -> None:
    lines = lines_of((None, None, NAN), (1, "2024-03-01", 1.0))
    _, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"missing customer": 1}


def test_exclude_without_a_report_warns_with_the_counts() -> None:
    lines = lines_of((1, "2024-03-01", 1.0), *[(None, "2024-03-01", 1.0)] * 2)
    with pytest.warns(UserWarning, match="2 missing customer") as record:
        rfm_table(lines, **NAMES, as_of=AS_OF, invalid="exclude")
    assert record[0].filename == __file__


def test_a_customer_whose_rows_are_all_left_out_is_not_in_the_table() -> None:
    lines = lines_of((1, "2024-03-01", 1.0), (2, "2024-04-01", 1.0))
    table, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert table["customer"].to_list() == [1]
    assert report.n_customers == 1


def test_nothing_left_raises() -> None:
    lines = lines_of((1, "2024-04-01", 1.0))
    with pytest.raises(ValueError, match="no transaction left to use"):
        rfm_table(lines, **NAMES, as_of=AS_OF, invalid="exclude")


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "today",
        "2024",
        "2024-03",
        "2024-3-1",
        "2024-02-30",
        " 2024-03-01",
        "01.03.2024",
        "2024/03/01",
        "2024-03-01x10:00",
        "2024-03-01T25:00",
        "2024-0301",
        "٢٠٢٤-٠٣-٠١",
        "",
    ],
)
def test_dates_in_text_are_iso_8601_or_counted_as_unparsable(text: str) -> None:
    lines = pd.DataFrame({"customer": 1, "date": ["2024-03-01", text], "amount": 1})
    _, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"unparsable date": 1}


@pytest.mark.parametrize("text", ["1,5", "$1$", "1_000", "", "abc", "nan", "1.5 PCS"])
def test_amounts_in_text_are_plain_numbers_or_counted_as_unparsable(text: str) -> None:
    lines = pd.DataFrame({"customer": 1, "date": AS_OF, "amount": ["1.5", text]})
    _, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert report.excluded == {"unparsable amount": 1}


def test_report_reads_as_a_short_account() -> None:
    lines = lines_of(
        (1, "2024-03-01", 1.0), (2, "2024-03-01", -1.0), (None, "2024-03-01", 1.0)
    )
    _, report = rfm_table(
        lines, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert str(report) == (
        "RFM table as of 2024-03-31\n"
        "  transactions  3 read, 2 used\n"
        "  excluded      1 missing customer\n"
        "  amounts       summed exactly in 0 decimals\n"
        "  orders        2: 1 purchases, 1 cancelled\n"
        "  customers     2, of whom 1 without a purchase"
    )


def test_the_report_is_a_table_in_notebooks() -> None:
    lines = lines_of((1, "2024-03-01", 1.0), (None, "2024-03-02", 2.0))
    options = {"as_of": AS_OF, "invalid": "exclude", "return_report": True}
    _, report = rfm_table(lines, **NAMES, **options)
    cells = re.findall("<td[^>]*>([^<]*)</td>", report._repr_html_())
    assert dict(zip(cells[::2], cells[1::2], strict=True)) == {
        "transactions read": "2",
        "transactions used": "1",
        "excluded: missing customer": "1",
        "decimals of the amounts": "0",
        "amounts rounded": "0",
        "orders": "1",
        "purchases": "1",
        "cancelled orders": "0",
        "customers": "1",
        "customers without a purchase": "0",
    }


# ------------------------------------------------------------------ errors

GOOD = lines_of((1, "2024-03-01", 1.0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"decimals": -1}, r"'decimals' .* an int in \[0, 12\]\. Got -1 instead\."),
        ({"decimals": 13}, "Got 13 instead"),
        ({"decimals": True}, "Got True instead"),
        ({"decimals": 2.0}, r"Got 2\.0 instead"),
        ({"invalid": "drop"}, "'raise' or 'exclude'. Got 'drop' instead"),
        ({"as_of": None}, "'as_of' parameter of rfm_table must be a date"),
        ({"as_of": "today"}, "Got 'today' instead"),
        ({"as_of": pd.NaT}, "Got NaT instead"),
        ({"as_of": 20240331}, "Got 20240331 instead"),
        ({"time_zone": "Berlin"}, "'time_zone' .* Got 'Berlin' instead"),
        ({"time_zone": 1}, "Got 1 instead"),
        ({"customer_id": None}, "'customer_id' .* the name of a column. Got None"),
        ({"amount": 3}, "'amount' .* the name of a column. Got 3"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rfm_table(GOOD, **{**NAMES, "as_of": AS_OF, **parameters})


def test_as_of_has_no_default() -> None:
    with pytest.raises(TypeError, match="as_of"):
        rfm_table(GOOD, **NAMES)  # type: ignore[call-overload]


def test_missing_columns_are_named_with_what_there_is() -> None:
    options = {**NAMES, "customer_id": "Customers", "order_id": "invoice"}
    with pytest.raises(
        ValueError,
        match=r"'Customers', 'invoice'.*Available: 'customer'.*mean 'customer'",
    ):
        rfm_table(GOOD, **options, as_of=AS_OF)


def test_an_id_column_named_like_a_result_is_refused() -> None:
    lines = GOOD.rename(columns={"customer": "recency"})
    with pytest.raises(ValueError, match="Got 'recency' instead"):
        rfm_table(lines, **{**NAMES, "customer_id": "recency"}, as_of=AS_OF)


@pytest.mark.parametrize("frame", [[1, 2], np.ones((2, 3))])
def test_what_is_no_frame_in_memory_is_refused(frame: Any) -> None:
    kind = type(frame).__name__
    with pytest.raises(InvalidDataError, match=f"in memory.*Got .*{kind}"):
        rfm_table(frame, **NAMES, as_of=AS_OF)


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one transaction"):
        rfm_table(GOOD.iloc[:0], **NAMES, as_of=AS_OF)


@pytest.mark.parametrize("dtype", [object, "category"])
def test_customer_ids_that_mix_text_and_numbers_are_refused(dtype: Any) -> None:
    lines = lines_of((7, "2024-03-01", 1.0), ("7", "2024-03-01", 1.0))
    lines["customer"] = lines["customer"].astype(dtype)
    with pytest.raises(ValueError, match=r"mix text and .*, such as '7' and 7"):
        rfm_table(lines, **NAMES, as_of=AS_OF)


@pytest.mark.parametrize("column", ["date", "amount"])
def test_a_column_of_another_type_is_refused_with_its_type(column: str) -> None:
    lines = GOOD.assign(**{column: [20240301] if column == "date" else [True]})
    with pytest.raises(ValueError, match=f"column '{column}', which holds"):
        rfm_table(lines, **NAMES, as_of=AS_OF)


# ------------------------------------------------------------------ published data


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Any:
    return json.loads((data_dir / "reference_results.json").read_text())


@pytest.fixture(scope="module")
def online_retail(data_dir: Path) -> pd.DataFrame:
    lines = pd.read_csv(
        data_dir / "online_retail/online_retail.csv.gz",
        usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        dtype={"InvoiceNo": str},
        parse_dates=["InvoiceDate"],
    )
    return lines.assign(amount=lines["Quantity"] * lines["UnitPrice"])


RETAIL = {"customer_id": "CustomerID", "date": "InvoiceDate", "amount": "amount"}


def assert_distribution(found: Any, published: Mapping[str, float]) -> None:
    described = pd.Series(found).describe()
    names = {"q25": "25%", "q50": "50%", "q75": "75%"}
    for name, value in published.items():
        assert described[names.get(name, name)] == pytest.approx(value, abs=5e-7)


def test_online_retail_has_the_published_distributions(
    online_retail: pd.DataFrame, published: Any
) -> None:
    reference = published["online_retail"]
    bought = (online_retail["Quantity"] > 0) & (online_retail["UnitPrice"] > 0)
    options = {**RETAIL, "decimals": 3, "invalid": "exclude", "return_report": True}
    table, report = rfm_table(
        online_retail[bought], **options, order_id="InvoiceNo", as_of="2011-12-10"
    )
    clean = reference["clean"]
    assert report.n_used == clean["rows"]
    assert report.n_orders == report.n_purchases == clean["invoices"]
    assert report.n_customers == clean["customers"] == 4338
    assert report.as_of == dt.date(2011, 12, 10)
    assert math.fsum(table["monetary"]) == pytest.approx(clean["revenue"], abs=1e-6)
    described = reference["describe"]
    # Floor days from the moment of purchase to the midnight that ends the last day,
    # plus 1, are the calendar days to the day that begins then.
    assert_distribution(table["recency"], described["recency"])
    assert_distribution(table["frequency"], described["frequency_invoices"])
    assert_distribution(table["monetary"], described["monetary"])
    by_line, _ = rfm_table(online_retail[bought], **options, as_of="latest")
    assert_distribution(by_line["frequency"], described["frequency_lines"])


def test_online_retail_as_exported_keeps_account_of_every_row(
    online_retail: pd.DataFrame, published: Any
) -> None:
    reference = published["online_retail"]
    with pytest.raises(ValueError, match="missing customer: 135,080 rows"):
        rfm_table(online_retail, **RETAIL, as_of="latest", decimals=3)
    table, report = rfm_table(
        online_retail,
        **RETAIL,
        order_id="InvoiceNo",
        as_of="latest",
        decimals=3,
        invalid="exclude",
        return_report=True,
    )
    assert report.excluded == {"missing customer": 135_080}
    assert report.n_rows == reference["raw"]["rows"]
    assert report.n_customers == reference["raw"]["customers"]
    # The customers with at least one line of a positive quantity.
    n_buyers = report.n_customers - report.n_customers_without_purchase
    assert n_buyers == reference["customers_when_price_zero_kept"]
    named = online_retail.dropna(subset="CustomerID")
    cancelled = named["InvoiceNo"].str.startswith("C")
    n_cancelled = named.loc[cancelled, "InvoiceNo"].nunique()
    assert report.n_cancelled_orders == n_cancelled
    thousandths = (named["amount"] * 1000).round().astype("int64")
    exact = thousandths.groupby(named["CustomerID"]).sum() / 1000
    assert table["monetary"].to_list() == exact.to_list()


@pytest.fixture(scope="module")
def cdnow_sample(data_dir: Path) -> pd.DataFrame:
    return pd.read_csv(
        data_dir / "cdnow/cdnow_sample.csv.gz", dtype={"date": str}
    ).rename(columns={"dollar_value": "amount", "customer_id": "customer"})


def repeat_summary(lines: pd.DataFrame, as_of: Any) -> pd.DataFrame:
    """Return x, t_x, T in days and the mean value of repeat days, from our columns."""
    options = {**NAMES, "order_id": "date", "as_of": as_of, "invalid": "exclude"}
    table, _ = rfm_table(lines, **options, return_report=True)
    first = dict(zip(table["customer"], table["tenure"], strict=True))
    tenure = (pd.Timestamp(as_of) - pd.to_datetime(lines["date"])).dt.days
    on_first_day = lines[tenure == lines["customer"].map(first)]
    first_day = rfm_table(on_first_day, **NAMES, as_of=as_of)
    x = table["frequency"] - 1
    later = (table["monetary"] - first_day["monetary"]).round(2)
    return pd.DataFrame(
        {
            "ID": table["customer"],
            "x": x,
            "t_x": table["tenure"] - table["recency"],
            "T": table["tenure"],
            "zbar": (later / x).fillna(0.0),
        }
    )


def test_cdnow_gives_the_published_summary_of_every_customer(
    cdnow_sample: pd.DataFrame, data_dir: Path
) -> None:
    summary = repeat_summary(cdnow_sample, "1997-09-30")
    summary[["t_x", "T"]] /= 7  # published in weeks
    folder = data_dir / "cdnow"
    plain = pd.read_csv(folder / "expected_cdnow_customers_summary.csv.gz")
    money = pd.read_csv(
        folder / "expected_cdnow_customers_summary_with_monetary.csv.gz"
    )
    plain = plain.rename(columns={"frequency": "x", "recency": "t_x"})
    assert len(summary) == 2357
    for expected in (plain, money):
        assert summary["ID"].to_list() == expected["ID"].to_list()
        assert summary["x"].to_list() == expected["x"].to_list()
        for name in expected.columns[2:]:
            # Published with two decimals.
            error = np.abs(summary[name] - expected[name]).max()
            assert error <= 0.005 + 1e-9, name


def test_cdnow_gives_the_published_repeat_buyers(
    cdnow_sample: pd.DataFrame, published: Any
) -> None:
    reference = published["cdnow_lifetimes"]
    counts = repeat_summary(cdnow_sample, "1997-09-30")["x"].value_counts().sort_index()
    assert counts[:7].to_list() == reference["frequency_histogram_0_to_6"]
    expected = reference["hardie_2005_cut_1997-10-01_repeat_monetary_rounded"]
    summary = repeat_summary(cdnow_sample, "1997-10-01")
    zbar = summary.loc[summary["x"] > 0, "zbar"]
    described = zbar.describe().rename({"50%": "median"}).round()
    assert described[list(expected)].to_dict() == expected


def test_cdnow_master_has_the_published_totals(data_dir: Path) -> None:
    lines = pd.read_csv(data_dir / "cdnow/cdnow_master.csv.gz", dtype=str).rename(
        columns={"dollar_value": "amount", "customer_id": "customer"}
    )
    table, report = rfm_table(
        lines, **NAMES, order_id="date", as_of="latest", return_report=True
    )
    assert report.as_of == dt.date(1998, 6, 30)
    assert (report.n_rows, report.n_customers) == (69_659, 23_570)
    assert report.excluded == {}
    assert sum(Decimal(str(value)) for value in table["monetary"]) == Decimal(
        "2500315.63"
    )
    assert table["customer"].iloc[[0, -1]].to_list() == ["00001", "23570"]


def test_cdnow_sample_has_the_published_customer_days(
    cdnow_sample: pd.DataFrame,
) -> None:
    _, report = rfm_table(
        cdnow_sample, **NAMES, order_id="date", as_of="latest", return_report=True
    )
    assert report.n_orders == 6696


def test_r_package_rows_equal_the_published_ones(
    data_dir: Path, published: Any
) -> None:
    folder = data_dir / "rfm_r_package"
    orders = pd.read_csv(folder / "rfm_data_orders.csv.gz")
    expected = pd.read_csv(folder / "expected_orders_scores_segments.csv.gz")
    # The published table has titles in its names, and the orders one name as a truth.
    title = r"^(Mr|Mrs|Ms|Miss|Dr)\.? | (Sr\.|Jr\.|MD|DVM|PhD|DDS|I|II|III|IV|V)$"
    expected.index = expected["customer"].str.replace(title, "", regex=True)
    orders["customer_id"] = orders["customer_id"].replace("TRUE Conroy", "True Conroy")
    reference = published["rfm_r_orders"]
    table = rfm_table(
        orders,
        customer_id="customer_id",
        date="order_date",
        amount="revenue",
        as_of=reference["analysis_date"],
    ).set_index("customer_id")
    assert len(table) == expected.index.nunique() == reference["n_customers"] == 995
    ours = table[["frequency", "recency", "monetary"]].astype("int64")
    theirs = expected[["orders", "recency_days", "total_spend"]].loc[ours.index]
    assert (ours.to_numpy() == theirs.to_numpy()).all()
    counts = ours["frequency"].value_counts().sort_index()
    published_counts = reference["order_distribution"]
    assert {str(k): v for k, v in counts.items()} == published_counts


def test_lifetimes_toy_customers_by_hand(published: Any) -> None:
    toy = published["cdnow_lifetimes"]["toy_daily"]
    rows = [(customer, date, 1.0) for customer, date in toy["transactions"]]
    summary = repeat_summary(lines_of(*rows), toy["observation_end"])
    expected = {int(k): v for k, v in toy["frequency_recency_T"].items()}
    for row in summary.itertuples():
        assert [row.x, row.t_x, row.T] == expected[row.ID]


def test_lifetimes_toy_monetary_by_hand(published: Any) -> None:
    toy = published["cdnow_lifetimes"]["toy_unordered_monetary"]
    rows = [(1, date, float(amount)) for date, amount in toy["dates_sales"]]
    summary = repeat_summary(lines_of(*rows), "2014-05-21")
    assert summary["zbar"].to_list() == [toy["monetary_value_excluding_first"]]


def test_customer_ids_without_a_hash_are_refused_with_what_to_do() -> None:
    orders = pd.DataFrame(
        {
            "customer": [["ann"], ["bob"], ["ann"]],
            "day": pd.to_datetime(["2024-01-01"] * 3),
            "amount": [1.0, 2.0, 3.0],
        }
    )
    columns = {"customer_id": "customer", "date": "day", "amount": "amount"}
    with pytest.raises(InvalidDataError, match=r"by frame\[column\].astype\(str\)"):
        rfm_table(orders, **columns, as_of="2024-02-01")
    orders["customer"] = orders["customer"].astype(str)
    table = rfm_table(orders, **columns, as_of="2024-02-01")
    assert table["monetary"].tolist() == [4.0, 2.0]
