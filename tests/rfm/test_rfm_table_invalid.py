"""rfm_table: what becomes of rows that cannot be used, kind by kind."""

from __future__ import annotations

import ast
import itertools
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg import rfm_table
from skseg.exceptions import InvalidDataError, InvalidParameterError

from .frames import AS_OF, DAY, KINDS, NAMES, arrow_table, run, values_of

# One row of each kind of defect, after a good one.
BAD_ROWS: dict[str, dict[str, Any]] = {
    "missing customer": {"customer": None},
    "missing order id": {"order": ""},
    "missing date": {"date": None},
    "unparsable date": {"date": "31.12.2024"},
    "date after as_of": {"date": "2025-01-01"},
    "missing amount": {"amount": None},
    "unparsable amount": {"amount": "ten"},
    "non-finite amount": {"amount": "inf"},
}
GOOD_ROW = {"customer": "Ann", "order": "1", "date": "2024-03-01", "amount": "2.50"}
COLUMNS = {**NAMES, "order_id": "order", "as_of": AS_OF}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def make_kind(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    return request.param


def lines_with(*kinds: str) -> pa.Table:
    rows = [GOOD_ROW, *({**GOOD_ROW, **BAD_ROWS[kind]} for kind in kinds)]
    return pa.table({name: [row[name] for row in rows] for name in GOOD_ROW})


def refusal(frame: Any, **options: Any) -> InvalidDataError:
    with pytest.raises(InvalidDataError) as info:
        rfm_table(frame, **{**COLUMNS, **options})
    return info.value


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_each_kind_can_be_excluded_alone(
    make_kind: Callable[[pa.Table], Any], kind: str
) -> None:
    frame = make_kind(lines_with(kind))
    table, report = run(frame, order_id="order", invalid={kind: "exclude"})
    assert report.excluded == {kind: 1}
    assert values_of(table, "monetary") == [2.5]


@pytest.mark.parametrize(
    ("excluded", "refused"), list(itertools.permutations(BAD_ROWS, 2))
)
def test_excluding_one_kind_refuses_another(excluded: str, refused: str) -> None:
    frame = lines_with(excluded, refused)
    error = refusal(frame, invalid={excluded: "exclude"})
    assert [defect.kind for defect in error.value] == [refused]  # type: ignore[union-attr]
    assert f"- {refused}: 1 row, first in row 2 (from 0)" in str(error)
    assert "1 of 3 transactions cannot be used" in str(error)
    assert excluded not in error.message
    # What the advice says, when executed.
    _, report = run(frame, order_id="order", **error.remedy)
    assert report.excluded == {excluded: 1, refused: 1}
    assert f"pass invalid={error.remedy['invalid']!r}" in str(error)


def test_the_monthly_job_with_a_past_as_of_still_refuses_bad_rows() -> None:
    monthly = {"as_of": "2024-03-31", "invalid": {"date after as_of": "exclude"}}
    good = lines_with("date after as_of")
    table, report = run(good, order_id="order", **monthly)
    assert values_of(table, "recency") == [30.0]
    assert report.excluded == {"date after as_of": 1}
    for kind in BAD_ROWS.keys() - {"date after as_of"}:
        error = refusal(lines_with("date after as_of", kind), **monthly)
        assert [defect.kind for defect in error.value] == [kind]  # type: ignore[union-attr]


def test_both_ways_of_the_advice_work() -> None:
    frame = lines_with("missing date", "unparsable amount")
    error = refusal(frame)
    advice = error.advice or ""
    ways = [
        ast.literal_eval(text.split(" to leave")[0].split(" for these")[0])
        for text in advice.split("invalid=")[1:]
    ]
    by_kind = {"missing date": "exclude", "unparsable amount": "exclude"}
    assert ways == ["exclude", by_kind]
    for invalid in ways:
        _, report = run(frame, order_id="order", invalid=invalid)
        assert report.excluded == {"missing date": 1, "unparsable amount": 1}


def test_an_empty_mapping_and_explicit_raise_refuse_all() -> None:
    for invalid in ({}, {"missing date": "raise"}, "raise"):
        assert refusal(lines_with("missing date"), invalid=invalid).row == 1


def test_nothing_left_is_refused_with_its_kinds() -> None:
    frame = lines_with("missing date").slice(1)
    error = refusal(frame, invalid={"missing date": "exclude"})
    assert "no transaction left to use" in str(error)
    assert "- missing date: 1 row" in str(error)


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_to_leave_out_all_rows_is_no_remedy(kind: str) -> None:
    error = refusal(lines_with(kind).slice(1))
    assert "no transaction left to use" in str(error)
    assert f"- {kind}: 1 row" in str(error)
    assert "exclude' leaves such rows out, and then none is left." in str(error)
    assert error.remedy == {}
    left = refusal(lines_with(kind).slice(1), invalid="exclude")
    assert "none is left" not in str(left)
    assert left.advice is None


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        ("drop", "'raise' or 'exclude'. Got 'drop'"),
        (None, "Got None instead"),
        ({"date after asof": "exclude"}, "Did you mean 'date after as_of'"),
        ({"missing dates": "exclude"}, "Did you mean 'missing date'"),
        ({"xyz": "exclude"}, "keys among 'missing customer', 'placeholder customer'"),
        ({3: "exclude"}, "Got 3 instead"),
        (
            {"missing date": "drop"},
            "'raise' or 'exclude' for 'missing date'. Got 'drop'",
        ),
        ({"missing date": "keep"}, "Got 'keep' instead"),
        ({"missing date": ["exclude"]}, r"Got \['exclude'\] instead"),
        ({"placeholder customer": "drop"}, "'warn' or 'keep' or 'exclude' or 'raise'"),
    ],
)
def test_unknown_kinds_and_actions_are_named(invalid: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message) as info:
        run(lines_with(), invalid=invalid)
    assert info.value.name == "invalid"


def test_errors_about_rows_can_be_pickled() -> None:
    error = refusal(lines_with("unparsable date", "unparsable amount"))
    copy = pickle.loads(pickle.dumps(error))
    assert copy.value == error.value


# ------------------------------------------------------------------ placeholders

PLACEHOLDERS = [
    "NULL",
    "null",
    "Null",
    "NA",
    "N/A",
    "n/a",
    "nan",
    "NaN",
    "None",
    "none",
    "<NA>",
    "NaT",
    "#N/A",
    " NULL ",
    "(null)",
    "\\N",
    "undefined",
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_texts_for_a_missing_id_are_warned_of_and_counted(
    make_kind: Callable[[pa.Table], Any], text: str
) -> None:
    frame = make_kind(arrow_table(customer=["Ann", text, text]))
    with pytest.warns(UserWarning, match="2 transactions have a customer") as record:
        table, report = run(frame)
    (warning,) = record
    assert f"{text!r} (2)" in str(warning.message)
    assert report.placeholder_customers == {text: 2}
    assert report.placeholder_orders == {}
    assert f"placeholders  2 with the customer id {text!r}" in str(report)
    assert sorted(values_of(table, "customer")) == sorted(["Ann", text])


@pytest.mark.parametrize("dtype", ["category", "string", "object", "str"])
def test_they_are_found_in_every_type_of_text(dtype: str) -> None:
    lines = arrow_table(customer=["Ann", "NULL", "nan"]).to_pandas()
    lines["customer"] = lines["customer"].astype(dtype)
    with pytest.warns(UserWarning, match=r"'NULL' \(1\), 'nan' \(1\)"):
        _, report = run(lines)
    assert report.placeholder_customers == {"NULL": 1, "nan": 1}


def advised(message: str) -> list[dict[str, str]]:
    """Return the values of `invalid` that a message advises."""
    parts = message.split("invalid=")[1:]
    return [ast.literal_eval(part[: part.index("}") + 1]) for part in parts]


@pytest.mark.parametrize(
    "invalid",
    ["raise", "exclude", {}, {"missing date": "exclude"}],
    ids=str,
)
def test_what_the_warning_advises_works(invalid: Any) -> None:
    lines = arrow_table(customer=["Ann", "NULL", "Bob"])
    if invalid not in ("raise", {}):
        lines = lines.set_column(1, "date", pa.array([DAY, DAY, None]))
    with pytest.warns(UserWarning, match="usually stands for a missing one") as record:
        run(lines, invalid=invalid)
    exclude, keep = advised(str(record[0].message))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, without = run(lines, invalid=exclude)
        _, kept = run(lines, invalid=keep)
    assert without.excluded["placeholder customer"] == 1
    assert without.placeholder_customers == {}
    assert kept.placeholder_customers == {"NULL": 1}


def test_they_can_be_refused() -> None:
    lines = arrow_table(customer=["Ann", "NULL", "NULL"])
    error = refusal(lines, order_id=None, invalid={"placeholder customer": "raise"})
    assert "- placeholder customer: 2 rows, first in row 1 (from 0)" in str(error)
    assert ": 'NULL'." in str(error)
    _, report = run(lines, **error.remedy)
    assert report.excluded == {"placeholder customer": 2}


def test_latest_is_a_day_of_the_rows_that_are_left() -> None:
    lines = arrow_table(customer=["Ann", "NULL"])
    lines = lines.set_column(1, "date", pa.array([DAY, AS_OF]))
    invalid = {"placeholder customer": "exclude"}
    assert run(lines, as_of="latest", invalid=invalid)[1].as_of == DAY


def test_orders_with_a_placeholder_are_counted_as_well() -> None:
    lines = arrow_table(customer=["Ann", "Ann", "Ann"], order=["1", "NULL", "NULL"])
    with pytest.warns(UserWarning, match=r"2 transactions have an order id") as record:
        table, report = run(lines, order_id="order")
    assert report.placeholder_orders == {"NULL": 2}
    assert values_of(table, "frequency") == [2]
    exclude, _ = advised(str(record[0].message))
    assert values_of(run(lines, order_id="order", invalid=exclude)[0], "frequency") == [
        1
    ]


@pytest.mark.parametrize("text", ["Nullmann", "Anna", "Nancy", "na1", "0", "NA-17"])
def test_ids_that_only_resemble_a_placeholder_are_ids(text: str) -> None:
    _, report = run(arrow_table(customer=["Ann", text]))
    assert report.placeholder_customers == {}


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0"])
def test_blank_ids_are_missing(
    make_kind: Callable[[pa.Table], Any], blank: str
) -> None:
    frame = make_kind(arrow_table(customer=["Ann", blank]))
    _, report = run(frame, invalid={"missing customer": "exclude"})
    assert report.excluded == {"missing customer": 1}


def test_blank_order_ids_beside_numbers_are_missing() -> None:
    lines = arrow_table(customer=["Ann"] * 3).to_pandas()
    lines["order"] = pd.Series([536365, "C536366", ""], dtype=object)
    _, report = run(lines, order_id="order", invalid="exclude")
    assert report.excluded == {"missing order id": 1}


def test_numbers_are_no_placeholders() -> None:
    for ids in ([1, 2], [1.0, np.nan], pd.array([1, None], dtype="Int64")):
        lines = pd.DataFrame({"customer": ids, "date": DAY, "amount": 1})
        _, report = run(lines, invalid="exclude")
        assert report.placeholder_customers == {}


def test_ids_without_their_placeholders_keep_type_and_order() -> None:
    for frame in (
        pd.DataFrame({"customer": ["b", "NULL", "a"], "date": DAY, "amount": 1}),
        pl.DataFrame({"customer": ["b", "NULL", "a"], "date": DAY, "amount": 1}),
    ):
        table, _ = run(frame, invalid={"placeholder customer": "exclude"})
        assert values_of(table, "customer") == ["a", "b"]
        before, after = (nw.from_native(f)["customer"].dtype for f in (frame, table))
        assert before == after


def test_parameters_of_columns_that_are_wrong_in_the_same_rows_are_named_at_once() -> (
    None
):
    orders = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "when": ["31.12.2024", "30.11.2024", "1.2.2024"],
            "paid": [None, "1.234,50", "20,00"],
        }
    )
    columns = {"customer_id": "id", "date": "when", "amount": "paid"}
    with pytest.raises(ValueError, match="3 of 3 transactions") as error:
        rfm_table(orders, as_of="2025-01-01", **columns)
    assert (
        "- unparsable amount: also in 2 rows, first in row 1 (from 0) of 'paid': "
        "'1.234,50'. Pass decimal=',', thousands='.', which reads '1.234,50' as "
        "1234.50." in str(error.value)
    )
    table = rfm_table(
        orders.dropna(),
        as_of="2025-01-01",
        date_format="%d.%m.%Y",
        decimal=",",
        thousands=".",
        **columns,
    )
    assert table["monetary"].to_list() == [1234.5, 20.0]
