"""rfm_table: amounts are summed exactly, rounded on request, or refused."""

from __future__ import annotations

import datetime as dt
import decimal
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import rfm_table
from skseg.exceptions import InvalidDataError, InvalidParameterError
from tests.examples import few_examples

from .frames import DAY, KINDS, arrow_table, monetary, run, values_of


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def make_kind(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    return request.param


def refusal(frame: Any, **options: Any) -> InvalidDataError:
    with pytest.raises(InvalidDataError) as info:
        run(frame, **options)
    return info.value


# ------------------------------------------------------------------ how many decimals


@pytest.mark.parametrize(
    ("amounts", "decimals"),
    [
        ([3, 20], 0),
        ([3.0, 20.0], 0),
        ([3.5, 20.25], 2),
        ([0.001, 2.0], 3),  # the UnitPrice of the most used public file
        ([19.99 * 1.19], 4),  # a price with VAT
        ([0.345 * 12.99 * 1.19], 7),  # by weight, with VAT
        ([5.1 * 3, 0.1 + 0.2], 1),
        ([1000.1 - 1000, 5.0], 1),  # the noise of the larger numbers
        ([10.1 + 20.2 - 30.3, 30.3], 1),  # nothing is left of a returned order
        ([0.0000005, 1.0], 7),  # prices of tokens are small, but no noise
        ([0.0000005 * 1.1, 1.0], 8),
        ([1e-12], 12),
        ([12345678901234.51], 2),
        (["15.299999999999999", "1.1"], 1),
        (["0.30000000000000004"], 1),
        (["23.788100000000004"], 4),
        (["12345678901234.56"], 2),
        (["1e2", "1.50"], 1),
        ([Decimal("1.50"), Decimal(2)], 1),
        ([Decimal("0.0010")], 3),
        ([1, 2.5, "3.75", Decimal("0.125")], 3),
        ([-0.0], 0),
    ],
    ids=str,
)
def test_decimals_are_the_fewest_that_hold_all_amounts(
    amounts: list[Any], decimals: int
) -> None:
    series = pd.Series(
        amounts, dtype=object if len(set(map(type, amounts))) > 1 else None
    )
    table, report = run(one_line_each(series))
    assert report.decimals == decimals
    exact = [round(Decimal(str(amount)), decimals) for amount in amounts]
    assert values_of(table, "monetary") == [float(amount) for amount in exact]


def one_line_each(amounts: Any) -> pd.DataFrame:
    n = len(amounts)
    return pd.DataFrame({"customer": range(n), "date": [DAY] * n, "amount": amounts})


CENTS = st.integers(-(10**7), 10**7)


@few_examples(10)
@given(
    st.lists(st.tuples(st.integers(1, 3), CENTS), min_size=1, max_size=40),
    st.sampled_from(["1", "3", "1.19", "1.07", "0.85"]),
    st.sampled_from(["1", "0.5", "1.0825"]),
)
def test_noise_of_products_is_no_decimal_in_floats_texts_and_objects(
    rows: list[tuple[int, int]], rate: str, second: str
) -> None:
    customers = [customer for customer, _ in rows]
    exact = [Decimal(c).scaleb(-2) * Decimal(rate) * Decimal(second) for _, c in rows]
    floats = [c / 100 * float(rate) * float(second) for _, c in rows]
    sums: dict[int, Fraction] = defaultdict(Fraction)
    for customer, amount in zip(customers, exact, strict=True):
        sums[customer] += Fraction(amount)
    decimals = max(max(0, -int(a.normalize().as_tuple().exponent)) for a in exact)
    for amounts in (
        floats,
        list(map(repr, floats)),
        pd.Series(floats, dtype=object),
        exact,
    ):
        lines = pd.DataFrame({"customer": customers, "date": DAY, "amount": amounts})
        table, report = run(lines)
        assert report.decimals == decimals
        got = dict(zip(table["customer"], table["monetary"], strict=True))
        # float(Fraction) is correctly rounded: equal to the last bit.
        assert got == {customer: float(total) for customer, total in sums.items()}


@few_examples(10)
@given(st.lists(st.decimals(-(10**6), 10**6, places=5), min_size=1, max_size=30))
def test_amounts_of_up_to_fifteen_digits_are_never_taken_for_noise(
    amounts: list[Decimal],
) -> None:
    decimals = max(max(0, -int(a.normalize().as_tuple().exponent)) for a in amounts)
    for values in (list(map(float, amounts)), list(map(str, amounts)), amounts):
        table, report = run(one_line_each(values))
        assert report.decimals == decimals
        assert values_of(table, "monetary") == list(map(float, amounts))


@pytest.mark.parametrize("n", [5, 40_000], ids=["few", "several-blocks"])
def test_a_late_amount_with_more_decimals_changes_no_earlier_one(n: int) -> None:
    rng = np.random.default_rng(0)
    units = rng.integers(-10_000, 10_000, n)
    amounts = units / 10
    amounts[-1] = 0.00025
    table, report = run(one_line_each(amounts))
    assert report.decimals == 5
    assert values_of(table, "monetary")[:-1] == (units[:-1] / 10).tolist()
    assert values_of(table, "monetary")[-1] == 0.00025


def test_amounts_of_rows_that_are_left_out_need_no_decimals() -> None:
    lines = one_line_each([1.5, 1 / 3, 2.0])
    lines["date"] = pd.to_datetime(["2024-03-01", "2030-01-01", "2024-03-01"])
    _, report = run(lines, invalid="exclude")
    assert (report.decimals, report.excluded) == (1, {"date after as_of": 1})


# ------------------------------------------------------------------ exact or refused

CENT_COLUMNS: dict[str, pa.DataType] = {
    "float64": pa.float64(),
    "float32": pa.float32(),
    "float16": pa.float16(),
    "decimal128": pa.decimal128(20, 2),
    "text": pa.string(),
    "text-view": pa.string_view(),
    "large-text": pa.large_string(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}


@pytest.mark.parametrize("largest", [9, 900, 90_000, 9_000_000], ids=str)
@pytest.mark.parametrize("dtype", CENT_COLUMNS.keys())
def test_cents_of_every_type_and_frame_are_exact_or_refused(
    make_kind: Callable[[pa.Table], Any], dtype: str, largest: int
) -> None:
    is_short = dtype in ("float16", "float32")
    if is_short and make_kind is KINDS["pandas-object"]:
        pytest.skip("as objects they are float64, which does not show what they were")
    if dtype == "float16" and largest > 60_000:
        pytest.skip("float16 ends with 65,504")
    if dtype == "float16" and make_kind is KINDS["polars"]:
        pytest.skip("some versions of polars make float32 of it")
    rng = np.random.default_rng(largest)
    cents = rng.integers(-largest * 100, largest * 100, 50)
    exact = [Decimal(int(c)).scaleb(-2) for c in cents]
    frame = make_kind(arrow_table(amount=amount_column(exact, CENT_COLUMNS[dtype])))
    if is_short and np.spacing(np.dtype(dtype).type(largest)) >= 0.01:
        assert "fewer than 8 digits" in str(refusal(frame))
        return
    result, report = run(frame)
    assert report.decimals <= 2
    assert values_of(result, "monetary") == list(map(float, exact))


def amount_column(exact: Sequence[Decimal], dtype: pa.DataType) -> pa.Array:
    if pa.types.is_floating(dtype):
        numpy_type = dtype.to_pandas_dtype()
        return pa.array(np.array(list(map(float, exact)), dtype=numpy_type))
    if pa.types.is_decimal(dtype):
        return pa.array(exact, dtype)
    if pa.types.is_dictionary(dtype):
        return pa.array(list(map(str, exact))).dictionary_encode()
    return pa.array(list(map(str, exact)), dtype)


@pytest.mark.parametrize(
    ("dtype", "amounts"),
    [
        ("float16", [20.03]),
        ("float16", [2049.0]),
        ("float32", [200001.08]),
        ("float32", [200001.07, 1.25]),
        ("float32", [16777217.0, 1.0]),
    ],
    ids=str,
)
def test_short_floats_that_cannot_tell_cents_apart_are_refused(
    dtype: str, amounts: list[float]
) -> None:
    short = one_line_each(np.array(amounts, dtype=dtype))
    error = refusal(short)
    assert "fewer than 8 digits: read it anew" in str(error)
    # What the advice says: the same amounts as float64, or rounded on request.
    assert monetary(np.array(amounts)) == amounts
    _, report = run(short, **error.remedy)
    assert report.n_rounded >= 1


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_short_floats_that_tell_them_apart_are_exact(dtype: str) -> None:
    assert monetary(np.array([0.1, 1.5, 2.25], dtype=dtype)) == [0.1, 1.5, 2.25]
    assert monetary(np.array([3, 20], dtype=dtype)) == [3.0, 20.0]


@pytest.mark.parametrize(
    "values",
    [[1, True], [2.5, np.True_], [True, False], ["1", True], [[1], 2], [1, 1 + 2j]],
    ids=str,
)
def test_objects_that_are_no_numbers_are_refused_by_row(values: list[Any]) -> None:
    lines = one_line_each(pd.Series(values, dtype=object))
    error = refusal(lines)
    n_bad = sum(not isinstance(v, (int, float, str)) or v is True for v in values)
    n_bad += sum(v is False for v in values)
    assert error.value[0].kind == "unparsable amount"  # type: ignore[index]
    assert error.value[0].n_rows == n_bad  # type: ignore[index]


def test_objects_of_mixed_numbers_are_exact() -> None:
    values = [1, 2.5, Decimal("0.10"), "3", np.float32(20.03), np.int8(4), 0.1 + 0.2]
    expected = [1.0, 2.5, 0.1, 3.0, 20.03, 4.0, 0.3]
    assert monetary(pd.Series(values, dtype=object)) == expected


@pytest.mark.parametrize("dtype", ["bool", "boolean", "complex128", "timedelta64[s]"])
def test_columns_that_are_no_amounts_are_refused(dtype: str) -> None:
    lines = one_line_each(pd.Series([0, 1]).astype(dtype))
    assert "rfm_table needs numbers in the column 'amount'" in str(refusal(lines))


def test_wide_integers_and_sparse_columns_are_read() -> None:
    wide = pl.DataFrame(
        {"customer": [1], "date": [DAY], "amount": pl.Series([7], dtype=pl.Int128)}
    )
    assert values_of(run(wide)[0], "monetary") == [7.0]
    assert monetary(pd.arrays.SparseArray([0.0, 1.25])) == [0.0, 1.25]
    decimals = pa.array([Decimal("1.25")], pa.decimal256(50, 3))
    for kind in ("pyarrow", "pandas-pyarrow", "pandas"):
        table, _ = run(KINDS[kind](arrow_table(amount=decimals)))
        assert values_of(table, "monetary") == [1.25]


# ------------------------------------------------------------------ advice that works

TOO_FINE = {
    "thirds": [1 / 3, 2.0],
    "thirds-text": ["0.3333333333333333", "2"],
    "net-of-vat": [119.99 / 1.19, 20.0],
    "many-digits": ["1.1234567890123456789"],
    "decimal": [Decimal("1.0000000000001"), Decimal(2)],
    "tiny": [1e-13, 5.0],
    "large-and-fine": [1e10 + 0.1, 1e-6],
    "sum-too-large": [2.0**44 + 0.25, 0.125],
    "very-large-and-fine": [3e14, 0.25],
}


@pytest.mark.parametrize("amounts", TOO_FINE.values(), ids=TOO_FINE.keys())
def test_amounts_that_do_not_sum_exactly_are_refused_with_advice_that_works(
    amounts: list[Any],
) -> None:
    lines = pd.DataFrame({"customer": 1, "date": DAY, "amount": amounts})
    error = refusal(lines)
    decimals = error.remedy["decimals"]
    assert f"decimals={decimals}, rounding='half_even', which rounds" in str(error)
    table, report = run(lines, **error.remedy)
    step = Decimal(1).scaleb(-int(str(decimals)))
    rounded = [Decimal(str(a)).quantize(step, decimal.ROUND_HALF_EVEN) for a in amounts]
    assert values_of(table, "monetary") == [float(sum(rounded))]
    assert report.decimals == decimals
    assert report.n_rounded == sum(
        exact != Decimal(str(a)) for exact, a in zip(rounded, amounts, strict=True)
    )


@pytest.mark.parametrize("amounts", [[2.0**53], [2.0**52, -(2.0**52)], [1e308, 1.5]])
def test_amounts_that_no_decimals_sum_exactly_need_a_larger_unit(
    amounts: list[float],
) -> None:
    lines = pd.DataFrame({"customer": 1, "date": DAY, "amount": amounts})
    assert "Use a larger unit of money, such as thousands." in str(refusal(lines))


def test_too_few_decimals_are_refused_with_two_ways_that_work() -> None:
    lines = one_line_each([1.25, 2.125])
    error = refusal(lines, decimals=1)
    assert error.row == 0
    assert "Pass decimals=3, which keeps all amounts." in str(error)
    assert "pass decimals=1, rounding='half_even', which" in str(error)
    assert run(lines, **error.remedy)[1].decimals == 3
    table, report = run(lines, decimals=1, rounding="half_even")
    assert values_of(table, "monetary") == [1.2, 2.1]
    assert report.n_rounded == 2


def test_more_decimals_than_needed_change_no_sum() -> None:
    table, report = run(one_line_each([1.25, 7.0]), decimals=6)
    assert report.decimals == 6
    assert values_of(table, "monetary") == [1.25, 7.0]


# ------------------------------------------------------------------ rounding

MODES = {"half_even": decimal.ROUND_HALF_EVEN, "half_up": decimal.ROUND_HALF_UP}


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("form", ["float", "text", "decimal"])
@few_examples(10)
@given(
    st.lists(
        st.one_of(
            st.decimals(-1000, 1000, places=3),  # half of a cent is common
            st.decimals(-1000, 1000, places=8),
            st.floats(-1e6, 1e6).map(lambda x: Decimal(repr(x))),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 4),
)
def test_rounding_is_that_of_decimal_arithmetic(
    form: str, rounding: str, amounts: list[Decimal], decimals: int
) -> None:
    convert = {"float": float, "text": str, "decimal": Decimal}[form]
    step = Decimal(1).scaleb(-decimals)
    exact = [amount.quantize(step, MODES[rounding]) for amount in amounts]
    table, report = run(
        one_line_each([convert(a) for a in amounts]),
        decimals=decimals,
        rounding=rounding,
    )
    assert values_of(table, "monetary") == list(map(float, exact))
    n_rounded = sum(a != e for a, e in zip(amounts, exact, strict=True))
    # Noise below a trillionth is no decimal, and so nothing to be rounded.
    assert abs(report.n_rounded - n_rounded) <= sum(
        0 < abs(a - e) < 1e-9 for a, e in zip(amounts, exact, strict=True)
    )


def test_ties_are_those_of_the_written_number() -> None:
    # 2.675 is 2.67499999999999982236431605997495353221893310546875 as a float.
    amounts = [0.125, 0.135, 2.675, -2.675, 1.005]
    even = monetary(amounts, decimals=2, rounding="half_even")
    up = monetary(amounts, decimals=2, rounding="half_up")
    assert even == [0.12, 0.14, 2.68, -2.68, 1.0]
    assert up == [0.13, 0.14, 2.68, -2.68, 1.01]


def test_the_report_counts_rounded_amounts_of_used_rows() -> None:
    lines = one_line_each([1.255, 1.255, 2.5, 1 / 3])
    lines["customer"] = ["a", None, "b", "c"]
    _, report = run(lines, decimals=2, rounding="half_up", invalid="exclude")
    assert report.n_rounded == 2
    assert "amounts       summed exactly in 2 decimals, 2 rounded" in str(report)


def test_rounding_needs_to_know_the_decimals() -> None:
    lines = one_line_each([1.255])
    with pytest.raises(InvalidParameterError, match=r"such as decimals=2\.") as info:
        run(lines, rounding="half_up")
    assert info.value.name == "rounding"
    assert run(lines, rounding="half_up", decimals=2)[1].n_rounded == 1


# ------------------------------------------------------------------ quantity x price

PRODUCT = {"amount": None, "quantity": "quantity", "price": "price"}


@few_examples(10)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(-50, 1000),
            st.decimals(0, 1000, places=3),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_quantity_times_price_is_the_exact_product(
    rows: list[tuple[int, int, Decimal]],
) -> None:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for customer, quantity, price in rows:
        sums[customer] += quantity * price
    customers, quantities, prices = map(list, zip(*rows, strict=True))
    lines = pd.DataFrame(
        {"customer": customers, "date": DAY, "quantity": quantities, "price": prices}
    )
    for form in (lambda v: v, float, str):
        formed = lines.assign(
            quantity=lines["quantity"].map(form), price=lines["price"].map(form)
        )
        table, report = run(formed, **PRODUCT)
        got = dict(zip(table["customer"], table["monetary"], strict=True))
        assert got == {customer: float(total) for customer, total in sums.items()}
        products = [q * p for _, q, p in rows]
        fewest = max(-int(p.normalize().as_tuple().exponent) for p in products)
        assert report.decimals == max(0, fewest)


def test_products_that_float64_does_not_hold_are_exact_all_the_same() -> None:
    price = "0.123456789012"
    lines = arrow_table(quantity=["1000000000000", "3000000"], price=[price, "0.5"])
    table, report = run(lines, **PRODUCT)
    assert report.decimals == 0
    assert values_of(table, "monetary") == [123456789012.0, 1500000.0]


@pytest.mark.parametrize("form", [float, str, Decimal])
def test_products_with_more_decimals_than_either_factor_are_exact(form: Any) -> None:
    lines = one_line_each([1.0, 1.0])
    quantities, prices = ["0.00000025", "2.5"], ["0.0004", "0.3"]
    lines["quantity"] = [form(value) for value in quantities]
    lines["price"] = [form(value) for value in prices]
    table, report = run(lines, **PRODUCT)
    assert report.decimals == 10
    assert values_of(table, "monetary") == [0.0000000001, 0.75]
    # 14 decimals are more than are summed.
    lines["price"] = [form(value) for value in ["0.0000003", "0.3"]]
    lines["quantity"] = [form(value) for value in ["0.0000003", "2.5"]]
    error = refusal(lines, **PRODUCT)
    assert values_of(run(lines, **PRODUCT, **error.remedy)[0], "monetary") == [0, 0.75]


@pytest.mark.parametrize("decimals", ["auto", 0, 2, 12])
@pytest.mark.parametrize("amounts", [[1e308, 1.0], [1e308, 1e308], [1e300, 0.5]])
def test_huge_amounts_are_refused_without_a_warning_about_overflow(
    amounts: list[float], decimals: Any
) -> None:
    lines = pd.DataFrame({"customer": 1, "date": DAY, "amount": amounts})
    lines = lines.assign(quantity=lines["amount"], price=lines["amount"])
    for options in ({}, PRODUCT):
        error = refusal(lines, **options, decimals=decimals)
        assert "Use a larger unit of money" in str(error)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e309"])
def test_amounts_beyond_float64_are_infinite(text: str) -> None:
    _, report = run(arrow_table(amount=[text, "1"]), invalid="exclude")
    assert report.excluded == {"non-finite amount": 1}


def test_prices_with_too_many_decimals_are_rounded_as_products() -> None:
    lines = arrow_table(quantity=[3, 1], price=[1 / 3, 2.675])
    error = refusal(lines, **PRODUCT)
    assert "amount 3 x 0.3333333333333333 in row 0 (counted from 0) of" in str(error)
    assert "'quantity' x 'price'" in str(error)
    table, report = run(lines, **PRODUCT, **error.remedy)
    assert values_of(table, "monetary") == [1.0, 2.68]
    assert report.n_rounded == 2


@pytest.mark.parametrize("column", ["quantity", "price"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "missing amount"),
        ("x", "unparsable amount"),
        ("inf", "non-finite amount"),
    ],
)
def test_factors_that_cannot_be_used_are_named(
    column: str, value: Any, kind: str
) -> None:
    columns = {"quantity": ["2", "3"], "price": ["1.5", "0.3333333333333333"]}
    columns[column][1] = value
    lines = arrow_table(**columns)
    error = refusal(lines, **PRODUCT)
    assert f"- {kind}: 1 row, first in row 1 (from 0) of {column!r}" in str(error)
    table, report = run(lines, **PRODUCT, invalid={kind: "exclude"})
    assert report.excluded == {kind: 1}
    assert (values_of(table, "monetary"), report.decimals) == ([3.0], 0)


@pytest.mark.parametrize(
    "columns",
    [
        {"amount": None},
        {"amount": None, "quantity": "quantity"},
        {"amount": "amount", "price": "price"},
        {"amount": "amount", "quantity": "quantity", "price": "price"},
    ],
    ids=str,
)
def test_an_amount_is_given_in_one_way(columns: dict[str, Any]) -> None:
    lines = arrow_table(quantity=[1], price=[1.0])
    with pytest.raises(InvalidParameterError, match="both quantity and price"):
        run(lines, **columns)


# ------------------------------------------------------------------ written numbers

WRITTEN = {
    "us": (["$1,234.56", "$-3.10", "($12.00)"], {"thousands": ","}),
    "us-plain": (["1,234.56", "-3.1", "(12.00)"], {"thousands": ","}),
    "german": (["1.234,56", "-3,10", "-12"], {"decimal": ",", "thousands": "."}),
    "german-euro": (
        ["1.234,56 €", "-3,10 €", "-12,00\u00a0€"],
        {"decimal": ",", "thousands": "."},
    ),
    "french": (
        ["1\u202f234,56 EUR", "-3,10 EUR", "\u221212 EUR"],
        {"decimal": ",", "thousands": " "},
    ),
    "swiss": (["CHF 1'234.56", "CHF -3.10", "CHF -12.00"], {"thousands": "'"}),
    "swiss-curly": (["1’234.56", "-3.10", "-12"], {"thousands": "'"}),
    "sap": (["1.234,56", "3,10-", "12,00-"], {"decimal": ",", "thousands": "."}),
    "comma-alone": (["1234,56", "-3,1", "-12,0"], {"decimal": ","}),
    "point": (["1234.56", "-3.10", "-1.2e1"], {}),
    "pounds": (["£1234.56", "-£3.10", "£(12.00)"], {}),
    "code": (["USD 1234.56", "USD -3.10", "-12 USD"], {}),
    "underscore": (["1_234.56", "-3.10", "-12"], {"thousands": "_"}),
}
EXACT = [1234.56, -3.1, -12.0]


@pytest.mark.parametrize(("texts", "marks"), WRITTEN.values(), ids=WRITTEN.keys())
def test_numbers_are_read_as_they_are_written(
    make_kind: Callable[[pa.Table], Any], texts: list[str], marks: dict[str, Any]
) -> None:
    table, report = run(make_kind(arrow_table(amount=texts)), **marks)
    assert values_of(table, "monetary") == EXACT
    assert report.decimals == 2
    categories = pa.array(texts).dictionary_encode()
    table, _ = run(make_kind(arrow_table(amount=categories)), **marks)
    assert values_of(table, "monetary") == EXACT


NEEDS_MARKS = {name: case for name, case in WRITTEN.items() if case[1]}


@pytest.mark.parametrize(
    ("texts", "marks"), NEEDS_MARKS.values(), ids=NEEDS_MARKS.keys()
)
def test_the_advice_about_marks_reads_them_when_executed(
    texts: list[str], marks: dict[str, Any]
) -> None:
    lines = arrow_table(amount=texts)
    error = refusal(lines)
    (remedy,) = error.value[0].remedies  # type: ignore[index]
    for name, value in remedy.parameters.items():
        assert f"{name}={value!r}" in str(error)
    table, _ = run(lines, **remedy.parameters)
    assert values_of(table, "monetary") == EXACT


@pytest.mark.parametrize(
    ("text", "options", "readings"),
    [
        ("10,50", {}, {10.5}),
        ("1,5", {}, {1.5}),
        ("1,234", {}, {1.234, 1234.0}),
        ("1.234", {"decimal": ","}, {1.234, 1234.0}),
        ("1.234.567", {}, {1234567.0}),
        ("1,234,567", {}, {1234567.0}),
        ("12,34,567.50", {}, {1234567.5}),
        ("1.234,5", {"decimal": ","}, {1234.5}),
        ("1,234.5", {"decimal": ",", "thousands": "."}, {1234.5}),
        ("10,50", {"thousands": ","}, {10.5}),
        ("10 000,5", {}, {10000.5}),
    ],
)
def test_each_reading_of_a_number_is_advised_and_none_is_taken_by_itself(
    text: str, options: dict[str, Any], readings: set[float]
) -> None:
    lines = arrow_table(amount=[text])
    error = refusal(lines, **options)
    remedies = error.value[0].remedies  # type: ignore[index]
    got = set()
    for remedy in remedies:
        assert f"{remedy}" in str(error)
        (value,) = values_of(
            run(lines, **{**options, **remedy.parameters})[0], "monetary"
        )
        got.add(value)
    assert got == readings


@pytest.mark.parametrize(
    ("texts", "n_left"),
    [(["1,50", "2,50", "abc"], 1), (["1,50", "n/a", "abc"], 2)],
)
def test_advice_says_how_much_it_leaves(texts: list[str], n_left: int) -> None:
    lines = arrow_table(amount=texts)
    error = refusal(lines)
    assert f"as 1.50 (all but {n_left} of the texts)" in str(error)
    _, report = run(lines, decimal=",", invalid="exclude")
    assert report.excluded == {"unparsable amount": n_left}


@pytest.mark.parametrize("texts", [["1.5", "2,5"], ["abc"], [""], ["5 PCS"], ["50%"]])
def test_no_marks_are_advised_where_none_would_help(texts: list[str]) -> None:
    error = refusal(arrow_table(amount=texts))
    assert error.value[0].remedies == ()  # type: ignore[index]
    assert "Amounts must be numbers" in str(error)


@pytest.mark.parametrize(
    "text", ["1,23,4", "1,2345", "12,34", "1,,234", ",234", "1,234,", "1 234"]
)
def test_marks_of_thousands_are_read_between_groups_only(text: str) -> None:
    _, report = run(arrow_table(amount=[text, "1"]), thousands=",", invalid="exclude")
    assert report.excluded == {"unparsable amount": 1}


@pytest.mark.parametrize(
    "text", ["(1", "1)", "((1))", "-(1)", "--1", "-1-", "$1$", "$1 EUR", "1 2", "+-1"]
)
def test_signs_and_currencies_stand_once(text: str) -> None:
    _, report = run(arrow_table(amount=[text, "1"]), invalid="exclude")
    assert report.excluded == {"unparsable amount": 1}


@pytest.mark.parametrize("texts", [["$1", "€2"], ["1 EUR", "2 USD", "3"]])
def test_several_currencies_in_a_column_are_refused(texts: list[str]) -> None:
    error = refusal(arrow_table(amount=texts))
    assert "amounts in several currencies, " in str(error)
    # A row that is left out anyway says nothing about the currency.
    lines = arrow_table(amount=texts, customer=["a", *[None] * (len(texts) - 1)])
    assert values_of(run(lines, invalid="exclude")[0], "monetary") == [1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": ";"}, "'decimal' .* must be '.' or ','. Got ';'"),
        ({"decimal": None}, "Got None instead"),
        ({"thousands": "."}, "'thousands' .* None or one of ',', ' ', "),
        ({"thousands": ""}, "Got '' instead"),
        ({"decimals": "two"}, r"'auto' or an int in \[0, 12\]. Got 'two'"),
        ({"decimals": None}, "Got None instead"),
        ({"rounding": "up", "decimals": 2}, "'half_even' or 'half_up'. Got 'up'"),
    ],
)
def test_bad_parameters_about_numbers_are_named(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run(arrow_table(amount=["1"]), **options)


# ------------------------------------------------------------------ published data


@pytest.fixture(scope="module")
def online_retail(data_dir: Path) -> pd.DataFrame:
    """Return the file as it is, in text."""
    columns = ["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    path = data_dir / "online_retail/online_retail.csv.gz"
    return pd.read_csv(path, usecols=columns, dtype=str)


RETAIL = {
    "customer_id": "CustomerID",
    "order_id": "InvoiceNo",
    "date": "InvoiceDate",
    "as_of": "latest",
    "invalid": {"missing customer": "exclude"},
    "return_report": True,
}


def test_online_retail_in_one_call_equals_a_recount_in_decimals(
    online_retail: pd.DataFrame,
) -> None:
    named = online_retail.dropna(subset="CustomerID")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    columns = (named["CustomerID"], named["Quantity"], named["UnitPrice"])
    for customer, quantity, price in zip(*columns, strict=True):
        sums[customer] += Decimal(quantity) * Decimal(price)
    exact = {customer: float(total) for customer, total in sums.items()}
    numbers = online_retail.astype({"Quantity": int, "UnitPrice": float})
    for lines in (online_retail, numbers):
        table, report = rfm_table(
            lines, quantity="Quantity", price="UnitPrice", **RETAIL
        )
        assert report.as_of == dt.date(2011, 12, 9)
        assert (report.decimals, report.n_rounded) == (3, 0)
        assert report.excluded == {"missing customer": 135_080}
        assert dict(zip(table["CustomerID"], table["monetary"], strict=True)) == exact
    product = numbers["Quantity"] * numbers["UnitPrice"]
    for amounts in (product, product.map(repr)):
        lines = online_retail.assign(amount=amounts)
        of_amounts, report = rfm_table(lines, amount="amount", **RETAIL)
        pd.testing.assert_frame_equal(of_amounts, table, check_exact=True)
        assert report.decimals == 3
