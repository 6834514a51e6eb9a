"""profile_items: shares of customers against counts by hand, and what is said."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter, rfm_table
from skseg.datasets import make_orders
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.profile import profile_items

SHOWN = ["code", "name", "item", "n", "count", "share"]


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return make_orders(400, random_state=0)


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return make_orders(400, random_state=0, return_truth=True)[1]


def codes_of(truth: pd.DataFrame) -> pd.Series[Any]:
    """Return codes of three segments and noise, by customer id."""
    return (
        truth.set_index("customer_id")["type"]
        .map({"champion": 0, "loyal": 0, "at risk": 1, "lost": 2, "new": 2})
        .fillna(-1)
        .astype(int)
    )


def test_every_number_is_the_one_counted_by_hand(
    orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    stats = pytest.importorskip("scipy.stats")
    codes = codes_of(truth)
    table = profile_items(orders, codes, min_count=1)
    assert list(dict.fromkeys(table["code"])) == [0, 1, 2, -1]
    assert len(table) == 4 * orders["category"].nunique()
    assert table["p_adj"].notna().all()
    for row in table.to_dict("records"):
        buyers = set(orders.loc[orders["category"] == row["item"], "customer_id"])
        inside = set(codes.index[codes == row["code"]])
        a, b = len(buyers & inside), len(buyers - inside)
        n_a, n_b = len(inside), len(codes) - len(inside)
        assert (row["count"], row["n"], row["n_without"]) == (a, n_a, 0)
        assert row["share"] == a / n_a
        assert row["share_others"] == b / n_b
        assert row["lift"] == pytest.approx((a / n_a) / (b / n_b))
        assert row["difference"] == pytest.approx(a / n_a - b / n_b)
        wilson = stats.binomtest(a, n_a).proportion_ci(method="wilson")
        assert (row["share_low"], row["share_high"]) == pytest.approx(tuple(wilson))
        pooled = (a + b) / (n_a + n_b)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        z = row["difference"] / error
        assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=0.05)
        assert row["lift_low"] < row["lift"] < row["lift_high"]
        # Limits of a lift exclude 1 where those of the difference exclude 0, nearly.
        assert row["difference_low"] < row["difference"] < row["difference_high"]
    order = np.sort(table["p_value"])
    holm = np.maximum.accumulate(order * np.arange(len(order), 0, -1)).clip(max=1)
    np.testing.assert_allclose(np.sort(table["p_adj"]), holm)


def test_a_planted_preference_is_found_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(600), 3)
    code = np.arange(600) % 3
    item = rng.choice(list("abcde"), len(customer))
    is_planted = (code[customer] == 1) & (rng.random(len(customer)) < 0.4)
    item = np.where(is_planted, "a", item)
    lines = pd.DataFrame({"customer_id": customer, "category": item})
    table = profile_items(lines, pd.Series(code))
    best = table.loc[table["p_adj"].idxmin()]
    assert (best["code"], best["item"]) == (1, "a")
    assert best["lift"] > 1.2
    others = profile_items(lines[lines["category"] != "a"], pd.Series(code))
    independent = others[others["code"] != 1]
    assert (independent["p_adj"] > 0.01).all()


def test_p_values_hold_their_level_where_items_do_not_depend_on_the_segment() -> None:
    # 100 data sets of 4 segments: at least one p_adj <= 0.05 in at most 5 %, of which
    # 11 of 100 is the 99 % limit.
    rng = np.random.default_rng(1)
    n_false = 0
    for _ in range(100):
        customer = np.repeat(np.arange(240), rng.integers(1, 5, 240))
        item = rng.choice(list("abcd"), len(customer), p=[0.5, 0.3, 0.15, 0.05])
        lines = pd.DataFrame({"customer_id": customer, "category": item})
        table = profile_items(lines, pd.Series(rng.integers(0, 4, 240)), min_count=1)
        n_false += bool((table["p_adj"] <= 0.05).any())
    assert n_false <= 11


# The codes, in every form


def forms(codes: pd.Series[Any]) -> dict[str, Any]:
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = codes.rename("segment").reset_index()
    return {
        "series": codes,
        "shuffled": codes.sample(frac=1, random_state=0),
        "mapping": codes.to_dict(),
        "pair of lists": (list(codes.index), list(codes)),
        "pair of arrays": (codes.index.to_numpy(), codes.to_numpy()),
        "pair of series": (pl.Series(codes.index.to_numpy()), pl.Series(list(codes))),
        "frame": frame,
        "frame with an index of ids": codes.to_frame("segment"),
        "polars": pl.from_pandas(frame),
        "pyarrow": pa.Table.from_pandas(frame, preserve_index=False),
        "float ids": codes.set_axis(codes.index.astype(float)),
        "nullable": codes.astype("Int64").set_axis(codes.index.astype("Int64")),
    }


FORMS = (
    *("series", "shuffled", "mapping", "pair of lists", "pair of arrays"),
    *("pair of series", "frame", "frame with an index of ids", "polars", "pyarrow"),
    *("float ids", "nullable"),
)


@pytest.mark.parametrize("form", FORMS)
def test_codes_are_read_from_every_form(
    orders: pd.DataFrame, truth: pd.DataFrame, form: str
) -> None:
    codes = codes_of(truth)
    table = profile_items(orders, forms(codes)[form])
    pd.testing.assert_frame_equal(table, profile_items(orders, codes))


LINES: dict[str, Any] = {
    "object": lambda frame: frame.astype(object),
    "category": lambda frame: frame.astype({"category": "category"}),
    "nullable": lambda frame: frame.convert_dtypes(),
    "pyarrow types": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "float ids": lambda frame: frame.astype({"customer_id": float}),
    "shuffled": lambda frame: frame.sample(frac=1, random_state=0),
    "polars": lambda frame: pytest.importorskip("polars").from_pandas(frame),
    "pyarrow": lambda frame: pytest.importorskip("pyarrow").table(dict(frame)),
}


@pytest.mark.parametrize("kind", LINES)
def test_transactions_are_read_from_every_container_and_type(
    orders: pd.DataFrame, truth: pd.DataFrame, kind: str
) -> None:
    codes = codes_of(truth)
    columns = orders[["customer_id", "category"]]
    table = profile_items(LINES[kind](columns), codes)
    pd.testing.assert_frame_equal(table, profile_items(orders, codes))


def test_names_stand_for_codes_and_noise_is_the_last_segment(
    orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    names = ["regular", "at risk", "weak"]
    by_code = profile_items(orders, codes_of(truth), segment_names=names)
    assert list(dict.fromkeys(by_code["name"])) == [*names, "Noise"]
    texts = codes_of(truth).map({**dict(enumerate(names)), -1: "Noise"})
    by_name = profile_items(orders, texts).set_index(["name", "item"])
    pd.testing.assert_series_equal(
        by_name["share"].sort_index(),
        by_code.set_index(["name", "item"])["share"].sort_index(),
    )
    assert (by_name.loc["Noise", "code"] == -1).all()


def test_the_frame_of_a_segmenter_is_read_as_it_is(orders: pd.DataFrame) -> None:
    names = {name: name for name in ("customer_id", "order_id", "date", "amount")}
    customers = rfm_table(orders, **names, as_of="2025-01-01")
    segmenter = RFMSegmenter(encode="ordinal").set_output(transform="pandas")
    X = customers.set_index("customer_id")
    frame = segmenter.fit(X).transform(X)
    table = profile_items(orders, frame, role="seen")
    codes = pd.Series(segmenter.predict(X), X.index)
    by_code = profile_items(
        orders, codes, role="seen", segment_names=list(segmenter.segment_names_)
    )
    columns = ["name", "item", "n", "count"]
    used = by_code[by_code["n"] > 0]
    actual = table.loc[table["n"] > 0, columns]
    pd.testing.assert_frame_equal(
        actual.sort_values(columns, ignore_index=True),
        used[columns].sort_values(columns, ignore_index=True),
    )


@pytest.mark.parametrize("role", ["seen", "rule"])
def test_no_p_value_is_shown_where_segments_differ_by_construction(
    orders: pd.DataFrame, truth: pd.DataFrame, role: str
) -> None:
    table = profile_items(orders, codes_of(truth), role=role)
    assert table[["p_value", "p_adj"]].isna().all(axis=None)
    free = profile_items(orders, codes_of(truth))
    columns = [name for name in table if not name.startswith("p_")]
    pd.testing.assert_frame_equal(table[columns], free[columns])


# What is counted, said and hidden


def small(**columns: Any) -> pd.DataFrame:
    lines = {"customer_id": [1, 1, 1, 2, 3, 4], "category": [*"aabab", None]}
    return pd.DataFrame({**lines, **columns})


def test_a_customer_counts_once_and_those_without_orders_have_bought_nothing() -> None:
    codes = pd.Series({1: 0, 2: 0, 3: 1, 5: 1, 6: 1})
    said = "^1 transaction of 1 customer without a code not counted.$"
    with pytest.warns(UserWarning, match=said):
        table = profile_items(small(), codes, min_count=1)
    rows = table.set_index(["code", "item"])
    assert rows["count"].to_dict() == {
        (0, "a"): 2,
        (0, "b"): 1,
        (1, "a"): 0,
        (1, "b"): 1,
    }
    assert rows["n"].to_dict() == {(0, "a"): 2, (0, "b"): 2, (1, "a"): 3, (1, "b"): 3}
    assert table.groupby("code")["n_without"].first().to_dict() == {0: 0, 1: 2}
    assert rows.loc[(0, "a"), "lift"] == np.inf
    assert rows.loc[(0, "a"), "lift_high"] == np.inf
    assert rows.loc[(1, "a"), "lift"] == 0


def test_transactions_without_an_item_or_a_customer_are_said() -> None:
    codes = pd.Series({1: 0, 2: 0, 3: 1, 4: 1})
    with pytest.warns(
        UserWarning, match="^1 transaction without an item not counted.$"
    ):
        profile_items(small(), codes)
    lines = small(customer_id=[1, 1, 1, 2, 3, None], category=list("aababa"))
    with pytest.raises(InvalidDataError, match=r"missing customer: 1 row") as raised:
        profile_items(lines, codes)
    with pytest.warns(
        UserWarning, match="^1 transaction without a customer left out.$"
    ):
        profile_items(lines, codes, **raised.value.remedy)


def test_rare_items_are_taken_together_and_their_customers_counted_once() -> None:
    lines = pd.DataFrame(
        {
            "customer_id": [*range(40), *range(12), *range(8, 16)],
            "category": ["a"] * 40 + list("bcdefghijklm") + ["n"] * 8,
        }
    )
    codes = pd.Series([0] * 20 + [1] * 20)
    table = profile_items(lines, codes).set_index(["code", "item"])
    assert set(table.index.get_level_values("item")) == {"a", "13 other items"}
    assert table.loc[(0, "13 other items"), "count"] == 16
    assert table.loc[(1, "13 other items"), "count"] == 0


def test_numbers_of_few_customers_are_hidden_and_not_to_be_computed() -> None:
    lines = pd.DataFrame({"customer_id": [*range(24)], "category": "a"})
    codes = pd.Series([0] * 12 + [1] * 9 + [2] * 20)
    codes.iloc[-5:] = 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = profile_items(lines, codes).set_index("code")
    # Segments 1 and 2 have 9 and 3 buyers; together 12, which is enough.
    assert table["count"].isna().to_dict() == {0: False, 1: True, 2: True, 3: False}
    hidden = table.loc[[1, 2]].drop(columns=["name", "item", "n", "n_without"])
    assert hidden.isna().all(axis=None)
    everything = profile_items(lines, codes, min_count=1).set_index("code")
    assert everything["count"].to_dict() == {0: 12, 1: 9, 2: 3, 3: 0}


def test_n_shows_the_items_that_differ_most(
    orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    table = profile_items(orders, codes_of(truth))
    first = profile_items(orders, codes_of(truth), n=2)
    assert first["code"].to_list() == [0, 0, 1, 1, 2, 2, -1, -1]
    expected = table.groupby("code", sort=False).head(2).reset_index(drop=True)
    pd.testing.assert_frame_equal(first, expected)


def test_a_single_segment_has_nobody_to_be_compared_with() -> None:
    table = profile_items(small().dropna(), {1: 0, 2: 0, 3: 0}, min_count=1)
    assert table["share"].to_list() == [2 / 3, 2 / 3]
    compared = table.loc[:, "share_others":]
    assert compared.isna().all(axis=None)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"codes": [0, 1]}, InvalidParameterError, "'codes' .* indexed by customer id"),
        ({"codes": np.array([0, 1])}, InvalidParameterError, "'codes'"),
        (
            {"codes": pd.Series([0], pd.MultiIndex.from_tuples([(1, 2)]))},
            InvalidParameterError,
            "index has 2 levels: keep the customer id alone",
        ),
        ({"codes": {}}, InvalidDataError, "Got no customer"),
        (
            {"codes": ([1, 1, 2], [0, 0, 1])},
            InvalidDataError,
            "1 occurs again in row 1",
        ),
        ({"codes": ([1, None], [0, 1])}, InvalidDataError, "none in row 1"),
        ({"codes": ([1, 2], [0])}, InvalidDataError, "one value a row"),
        ({"codes": {1: 0.5}}, InvalidDataError, "whole numbers"),
        ({"codes": {1: -2}}, InvalidDataError, "-1 for noise"),
        ({"codes": {"1": 0, "2": 1}}, InvalidDataError, r"\(int\), .* \(str\)"),
        ({"item": "product"}, MissingColumnError, "product"),
        ({"item": None}, InvalidParameterError, "'item'"),
        ({"customer_id": "customer"}, MissingColumnError, "customer"),
        ({"role": "unknown"}, InvalidParameterError, "'role'"),
        ({"n": 0}, InvalidParameterError, "'n'"),
        ({"min_count": 0}, InvalidParameterError, "'min_count'"),
        ({"invalid": "keep"}, InvalidParameterError, "'invalid'"),
        ({"segment_names": "ab"}, InvalidParameterError, "'segment_names'"),
        ({"segment_names": ["a", "a"]}, InvalidParameterError, "'segment_names'"),
    ],
)
def test_errors_name_the_function_and_what_is_wrong(
    parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    options = {"codes": {1: 0, 2: 1, 3: 1}, **parameters}
    with pytest.raises(error, match=message) as raised:
        profile_items(small().dropna(), **options)
    assert getattr(raised.value, "owner", None) == "profile_items"


def test_ids_of_another_type_are_read_as_the_advice_says() -> None:
    lines, codes = small().dropna(), pd.Series({"1": 0, "2": 1, "3": 1})
    with pytest.raises(InvalidDataError, match=r"\.astype\(str\)"):
        profile_items(lines, codes)
    lines["customer_id"] = lines["customer_id"].astype(str)
    assert len(profile_items(lines, codes, min_count=1)) == 4


def test_a_column_without_items_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="'category', which holds none"):
        profile_items(small(category=[None] * 6), {1: 0, 2: 1})


def test_online_retail_before_and_after_a_day() -> None:
    folder = os.environ.get("SKSEG_DATA")
    if folder is None:
        pytest.skip("SKSEG_DATA is not set")
    path = Path(folder) / "online_retail" / "online_retail.csv.gz"
    lines = pd.read_csv(path, dtype={"CustomerID": "Int64", "StockCode": str})
    lines = lines.dropna(subset=["CustomerID"])
    lines["date"] = pd.to_datetime(lines["InvoiceDate"])
    is_before = lines["date"] < "2011-07-01"
    customers = rfm_table(
        lines[is_before],
        customer_id="CustomerID",
        order_id="InvoiceNo",
        date="date",
        quantity="Quantity",
        price="UnitPrice",
        as_of="2011-06-30",
    )
    segmenter = RFMSegmenter().fit(customers)
    codes = pd.Series(segmenter.predict(customers), customers["CustomerID"])
    is_sold = lines["StockCode"].str.startswith("22") & (lines["Quantity"] > 0)
    after = lines[~is_before & is_sold]
    with pytest.warns(UserWarning, match="customers without a code not counted"):
        table = profile_items(
            after,
            codes,
            "StockCode",
            customer_id="CustomerID",
            segment_names=segmenter.segment_names_,
            n=20,
        )
    known = after[after["CustomerID"].isin(codes.index)]
    assert table["item"].str.endswith("other items").any()
    row = table[table["item"].isin(known["StockCode"])].dropna().iloc[0]
    buyers = known.loc[known["StockCode"] == row["item"], "CustomerID"].unique()
    assert row["count"] == (codes[buyers] == row["code"]).sum()
    assert row["n"] == (codes == row["code"]).sum()
    # Champions of the past buy more of nearly everything afterwards.
    champions = table[(table["name"] == "Champions")]
    assert (champions["lift"] > 1).all()
