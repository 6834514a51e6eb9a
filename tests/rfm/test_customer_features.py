"""customer_features: every column against a count by hand, and its rules."""

from __future__ import annotations

import datetime as dt
import math
import os
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from skseg import customer_features, rfm_table
from skseg.datasets import make_orders
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError

COLUMNS = {
    "customer_id": "customer",
    "order_id": "order",
    "date": "date",
    "amount": "amount",
}
LABELS = {name: name for name in ("product", "category", "channel", "payment")}
ALL = {**COLUMNS, **LABELS, "discount": "discount", "quantity": "quantity"}
AS_OF = dt.date(2024, 12, 31)
WEEKDAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
TIMES = ["night", "morning", "afternoon", "evening"]


def random_lines(seed: int, n: int = 240, n_customers: int = 12) -> pd.DataFrame:
    """Return messy lines: few labels and many ties, missing labels, returns."""
    rng = np.random.default_rng(seed)
    order = rng.integers(0, n // 2, n)
    customer = rng.integers(0, n_customers, n // 2)[order]
    second = rng.integers(0, 900 * 86_400, n // 2)[order] + rng.integers(0, 9000, n)
    cents = rng.choice([-500, 0, 100, 250, 999, 1234], n, p=[0.15, 0.05, *[0.2] * 4])
    discount = np.where(cents < 0, -1, 1) * rng.choice([0, 0, 33, 150], n)

    def labels(texts: list[Any]) -> Any:
        return rng.choice(np.array([*texts, None], dtype=object), n)

    return pd.DataFrame(
        {
            "customer": customer,
            "order": order,
            "date": pd.Timestamp("2022-06-01") + pd.to_timedelta(second, "s"),
            "amount": cents / 100,
            "product": labels(list("abcdefgh")),
            "category": labels(["x", "y", "z"]),
            "channel": labels(["app", "web"]),
            "payment": labels([" ", "card", "cash"]),
            "discount": discount / 100,
            "quantity": rng.integers(1, 5, n),
        }
    )


def features(frame: Any, **options: Any) -> Any:
    table, _ = customer_features(
        frame, return_report=True, **{"as_of": AS_OF, **ALL, **options}
    )
    return table


# The oracle: plain Python over orders, with exact shares


def top(shares: dict[Any, Fraction], n: int, min_orders: int = 3) -> tuple[Any, float]:
    if n < min_orders:
        return None, math.nan
    largest = max(shares.values())
    best = [label for label, share in shares.items() if share == largest]
    is_preferred = len(best) == 1 and largest >= Fraction(1, 2)
    return best[0] if is_preferred else None, float(largest)


def shares_of(baskets: list[list[Any]]) -> tuple[dict[Any, Fraction], int]:
    known = [[label for label in basket if label is not None] for basket in baskets]
    known = [basket for basket in known if basket]
    shares: Counter[Any] = Counter()
    for basket in known:
        for label in basket:
            shares[label] += Fraction(1, len(basket) * len(known))
    return dict(shares), len(known)


def expected_row(lines: pd.DataFrame, typical: float) -> dict[str, Any]:
    row: dict[str, Any] = {}
    amount = lines["amount"]
    sold = amount[amount > 0].sum()
    row["return_rate"] = -amount[amount < 0].sum() / sold if sold else math.nan
    orders = []
    for _, order in lines.groupby("order"):
        net = round(order["amount"].sum(), 2)
        if net > 0 or (net == 0 and (order["amount"] >= 0).all()):
            orders.append(order)
    sales = [order[order["amount"] >= 0] for order in orders]
    n = len(orders)
    row["lines_per_order"] = sum(map(len, sales)) / n if n else math.nan
    n_items = sum(sale["quantity"].sum() for sale in sales)
    row["items_per_order"] = n_items / n if n else math.nan
    for name in LABELS:
        baskets = [
            [x if isinstance(x, str) and x.strip() else None for x in sale[name]]
            for sale in sales
        ]
        shares, n_known = shares_of(baskets)
        if name in ("product", "category"):
            noun = {"product": "n_products", "category": "n_categories"}[name]
            row[noun] = len(shares)
            entropy = -sum(float(s) * math.log(s) for s in shares.values())
            row[f"{name}_diversity"] = math.exp(entropy) if shares else math.nan
        if name != "product":
            label, share = top(shares, n_known)
            row[f"preferred_{name}"], row[f"preferred_{name}_share"] = label, share
    off = sum(sale["discount"].sum() for sale in sales)
    paid = sum(sale["amount"].sum() for sale in sales)
    row["discount_share"] = off / (off + paid) if off + paid else math.nan
    n_off = sum((sale["discount"] > 0).any() for sale in sales)
    row["discounted_order_share"] = n_off / n if n else math.nan
    moments = [order["date"].min() for order in orders]
    n_weekend = sum(moment.weekday() > 4 for moment in moments)
    row["weekend_share"] = n_weekend / n if n else math.nan
    days = sorted(moment.date() for moment in moments)
    tenure = (AS_OF - days[0]).days if n else math.nan
    recency = (AS_OF - days[-1]).days if n else math.nan
    for name, labels in {
        "weekday": [WEEKDAYS[moment.weekday()] for moment in moments],
        "time": [TIMES[moment.hour // 6] for moment in moments],
        "quarter": [f"Q{moment.quarter}" for moment in moments],
    }.items():
        shares, _ = shares_of([[label] for label in labels])
        is_young = name == "quarter" and not tenure >= 365
        label, share = top(shares, 0 if is_young else n)
        named = "seasonality_share" if name == "quarter" else f"preferred_{name}_share"
        row[f"preferred_{name}"], row[named] = label, share
    row["lifecycle_stage"], row["expected_gap"] = None, math.nan
    if n:
        gap = (tenure - recency + typical) / n
        row["expected_gap"] = gap
        limits = {"active": 2 * gap, "cooling": 3 * gap, "lapsed": math.inf}
        stage = next(s for s, limit in limits.items() if recency <= limit)
        row["lifecycle_stage"] = "new" if tenure <= typical else stage
    return row


@pytest.mark.parametrize("seed", range(6))
def test_every_column_is_the_one_counted_by_hand(seed: int) -> None:
    lines = random_lines(seed, n_customers=[4, 12, 60][seed % 3])
    table, report = customer_features(lines, as_of=AS_OF, **ALL, return_report=True)
    rfm, _ = rfm_table(lines, as_of=AS_OF, **COLUMNS, return_report=True)
    gaps = rfm.loc[rfm["frequency"] > 1, "mean_gap"]
    assert report.typical_gap == gaps.median()
    expected = [
        {"customer": customer, **expected_row(of_customer, gaps.median())}
        for customer, of_customer in lines.groupby("customer")
    ]
    assert [*expected[0]] == [*table.columns]
    for row, (_, actual) in zip(expected, table.iterrows(), strict=True):
        for name, value in row.items():
            if value is None:
                assert pd.isna(actual[name]), name
            elif isinstance(value, str):
                assert actual[name] == value, name
            else:
                assert actual[name] == pytest.approx(value, nan_ok=True), name


def test_the_rows_are_those_of_the_rfm_table() -> None:
    orders = make_orders(300, messy=True, random_state=5)
    names = {name: name for name in ("customer_id", "order_id", "date", "amount")}
    options = {**names, "as_of": "2025-01-01", "invalid": "exclude"}
    table, report = customer_features(
        orders, **options, channel="channel", return_report=True
    )
    rfm, of_rfm = rfm_table(orders, **options, return_report=True)
    pd.testing.assert_series_equal(table["customer_id"], rfm["customer_id"])
    pd.testing.assert_index_equal(table.index, rfm.index)
    assert set(table.columns) & set(rfm.columns) == {"customer_id"}
    assert report.excluded == of_rfm.excluded
    assert report.n_purchases == of_rfm.n_purchases
    assert "Customer features as of 2025-01-01" in str(report)
    assert "RFM table" not in report._repr_html_()


def test_preferences_find_the_favourites_of_generated_customers() -> None:
    orders, truth = make_orders(600, random_state=0, return_truth=True)
    options = {name: name for name in ("customer_id", "order_id", "date", "amount")}
    table = customer_features(
        orders, **options, as_of="2025-01-01", channel="channel", category="category"
    )
    table = table.merge(truth, on="customer_id")
    for name in ("channel", "category"):
        known = table.dropna(subset=[f"preferred_{name}"])
        assert len(known) > 300
        is_right = known[f"preferred_{name}"] == known[f"favourite_{name}"]
        assert is_right.mean() > 0.9
    stages = pd.crosstab(table["type"], table["lifecycle_stage"], normalize="index")
    assert stages.loc["champion", "active"] > 0.9
    assert stages.loc["lost", "lapsed"] > 0.9
    assert stages.loc["new", "new"] > 0.7


# Columns that are asked for by name alone

OF_COLUMN = {
    "order_id": {"lines_per_order"},
    "quantity": {"items_per_order"},
    "product": {"n_products", "product_diversity"},
    "category": {
        *("n_categories", "category_diversity"),
        *("preferred_category", "preferred_category_share"),
    },
    "channel": {"preferred_channel", "preferred_channel_share"},
    "payment": {"preferred_payment", "preferred_payment_share"},
    "discount": {"discount_share", "discounted_order_share"},
}


@pytest.mark.parametrize("name", OF_COLUMN)
def test_without_its_column_a_feature_is_absent(name: str) -> None:
    lines = random_lines(0)
    everything = set(features(lines).columns)
    assert everything - set(features(lines, **{name: None}).columns) == OF_COLUMN[name]


@pytest.mark.parametrize("days", ["date", "datetime", "text"])
def test_dates_without_times_have_no_time_of_day(days: str) -> None:
    lines = random_lines(0)
    kinds: dict[str, Any] = {
        "date": lines["date"].dt.date,
        "datetime": lines["date"].dt.normalize(),
        "text": lines["date"].dt.strftime("%Y-%m-%d"),
    }
    with_times = set(features(lines).columns)
    table = features(lines.assign(date=kinds[days]))
    absent = {"preferred_time", "preferred_time_share"}
    assert with_times - set(table.columns) == absent


# Containers and types

CONVERSIONS: dict[str, Any] = {
    "object": lambda lines: lines.astype(object),
    "category": lambda lines: lines.astype(
        dict.fromkeys(("product", "category", "channel", "payment"), "category")
    ),
    "nullable": lambda lines: lines.convert_dtypes(),
    "pyarrow types": lambda lines: lines.convert_dtypes(dtype_backend="pyarrow"),
    "text": lambda lines: lines.assign(
        date=lines["date"].dt.strftime("%Y-%m-%d %H:%M:%S"),
        amount=[f"{value:.2f}" for value in lines["amount"]],
        discount=[f"{value:.2f}" for value in lines["discount"]],
    ),
    "polars": lambda lines: nw.from_native(_arrow(lines)).lazy("polars").collect(),
    "pyarrow": lambda lines: _arrow(lines),  # noqa: PLW0108 - defined below
    "shuffled": lambda lines: lines.sample(frac=1, random_state=0),
    "indexed": lambda lines: lines.set_axis(range(900, 900 + len(lines))),
}


def _arrow(lines: pd.DataFrame) -> Any:
    pa = pytest.importorskip("pyarrow")
    return pa.Table.from_pandas(lines, preserve_index=False)


@pytest.mark.parametrize("kind", CONVERSIONS)
def test_every_container_and_type_has_the_same_features(kind: str) -> None:
    lines = random_lines(3)
    expected = features(lines)
    frame = nw.to_native(CONVERSIONS[kind](lines), pass_through=True)
    table = nw.from_native(features(frame))
    assert table.implementation == nw.from_native(frame).implementation
    assert list(table.columns) == list(expected.columns)
    for name in expected.columns:
        actual = [None if pd.isna(x) else x for x in table[name].to_list()]
        wanted = [None if pd.isna(x) else x for x in expected[name]]
        if isinstance(expected[name].dropna().iloc[0], str):
            assert actual == wanted, name
        else:
            # Parts of orders add up in the order of the rows.
            assert [x is None for x in actual] == [x is None for x in wanted], name
            known = [x for x in wanted if x is not None]
            numbers = [x for x in actual if x is not None]
            assert numbers == pytest.approx(known, rel=1e-12), name


def test_time_zones_decide_the_weekday_and_the_time() -> None:
    date = pd.to_datetime(["2024-03-03 23:30"] * 3, utc=True)
    frame = pd.DataFrame({"customer": 1, "date": date, "amount": 1.0})
    columns = {"customer_id": "customer", "date": "date", "amount": "amount"}

    def favourites(zone: str | None) -> list[str]:
        table = customer_features(frame, **columns, as_of="latest", time_zone=zone)
        return [table[f"preferred_{x}"].item() for x in ("weekday", "time")]

    assert favourites(None) == ["Sunday", "evening"]
    assert favourites("Europe/Berlin") == ["Monday", "night"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([7.0, 7.0, np.nan, 7.0], ["7"]),
        ([7, 7, 7, 8], ["7"]),
        ([True, True, True, False], ["True"]),
        (["web", "web", "  ", "web"], ["web"]),
        ([None, None, "web", None], [None]),
        ([None, None, None, None], [None]),
    ],
)
def test_labels_are_known_by_their_text(values: list[Any], texts: list[Any]) -> None:
    frame = pd.DataFrame(
        {"customer": 1, "date": "2024-03-03", "amount": 1, "channel": values}
    )
    columns = {"customer_id": "customer", "date": "date", "amount": "amount"}
    table, report = customer_features(
        frame, **columns, channel="channel", as_of="latest", return_report=True
    )
    shown = table["preferred_channel"]
    assert [None if pd.isna(text) else text for text in shown] == texts
    n_missing = sum(pd.isna(x) or not str(x).strip() for x in values)
    assert report.unlabelled == ({"channel": n_missing} if n_missing else {})


# Preferences and stages


def of_one(dates: list[str], **options: Any) -> pd.Series[Any]:
    frame = pd.DataFrame({"customer": 1, "date": dates, "amount": 1.0})
    columns = {"customer_id": "customer", "date": "date", "amount": "amount"}
    table = customer_features(frame, **columns, **{"as_of": AS_OF, **options})
    return table.iloc[0]


MONDAY, TUESDAY, WEDNESDAY = "2024-12-02", "2024-12-03", "2024-12-04"


@pytest.mark.parametrize(
    ("dates", "options", "weekday", "share"),
    [
        ([MONDAY] * 2, {}, None, None),
        ([MONDAY] * 2, {"min_orders": 2}, "Monday", 1.0),
        ([MONDAY] * 3, {}, "Monday", 1.0),
        ([MONDAY, MONDAY, TUESDAY, TUESDAY], {}, None, 0.5),
        ([MONDAY, MONDAY, TUESDAY, WEDNESDAY], {}, "Monday", 0.5),
        ([MONDAY, MONDAY, TUESDAY, WEDNESDAY], {"min_share": 0.51}, None, 0.5),
        ([MONDAY, TUESDAY, WEDNESDAY], {"min_share": 0}, None, 1 / 3),
    ],
)
def test_a_preference_needs_purchases_a_share_and_no_tie(
    dates: list[str], options: dict[str, Any], weekday: str | None, share: float | None
) -> None:
    row = of_one(dates, **options)
    shown, actual = row["preferred_weekday"], row["preferred_weekday_share"]
    assert (None if pd.isna(shown) else shown) == weekday
    assert (None if pd.isna(actual) else actual) == share


@pytest.mark.parametrize(
    ("days_ago", "stage"),
    [
        ([10], "new"),
        ([11], "active"),
        ([20], "active"),
        ([21], "cooling"),
        ([30], "cooling"),
        ([31], "lapsed"),
        # Own gaps of 0 and a typical one of 10 days make an expected one of 5 days.
        ([11, 11], "cooling"),
        ([16, 16], "lapsed"),
        ([0, 300], "active"),
    ],
)
def test_stages_change_at_the_documented_gaps(days_ago: list[int], stage: str) -> None:
    dates = [str(AS_OF - dt.timedelta(days)) for days in days_ago]
    assert of_one(dates, typical_gap=10)["lifecycle_stage"] == stage


def test_without_any_repeat_purchase_nobody_has_a_stage() -> None:
    row = of_one([MONDAY])
    assert pd.isna(row["lifecycle_stage"])
    assert math.isnan(row["expected_gap"])
    assert of_one([MONDAY], typical_gap=60)["lifecycle_stage"] == "new"


def test_the_typical_gap_of_all_judges_a_part_alike() -> None:
    lines = random_lines(1)
    table, report = customer_features(lines, as_of=AS_OF, **ALL, return_report=True)
    part = lines[lines["customer"] < 5]
    alone = features(part, typical_gap=report.typical_gap)
    pd.testing.assert_frame_equal(alone, table[table["customer"] < 5])


def test_a_customer_of_returns_alone_has_no_features_but_a_row() -> None:
    lines = random_lines(0).head(4).assign(amount=-1.0, discount=0.0)
    table = features(lines)
    numbers = table.drop(columns="customer")
    assert (numbers[["n_products", "n_categories"]] == 0).all(axis=None)
    assert numbers.drop(columns=["n_products", "n_categories"]).isna().all(axis=None)


# What is refused, and said


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_orders": 0}, InvalidParameterError, "'min_orders'"),
        ({"min_orders": True}, InvalidParameterError, "'min_orders'"),
        ({"min_share": 1.1}, InvalidParameterError, r"'min_share' .* in \[0, 1\]"),
        ({"min_share": "half"}, InvalidParameterError, "'min_share'"),
        ({"lifecycle_gaps": (3, 2)}, InvalidParameterError, "'lifecycle_gaps'"),
        ({"lifecycle_gaps": 2}, InvalidParameterError, "'lifecycle_gaps'"),
        ({"lifecycle_gaps": (1, math.inf)}, InvalidParameterError, "lifecycle_gaps"),
        ({"typical_gap": -1}, InvalidParameterError, "'typical_gap'"),
        ({"typical_gap": math.nan}, InvalidParameterError, "'typical_gap'"),
        ({"channel": 3}, InvalidParameterError, "'channel' .* name of a column"),
        ({"channel": "kanal"}, MissingColumnError, "channel"),
        ({"as_of": "today"}, InvalidParameterError, "as_of.* of customer_features"),
        ({"time_zone": "Mars"}, InvalidParameterError, "of customer_features"),
        ({"time_zone": "UTC"}, InvalidDataError, "time zone"),
        ({"date": "amount"}, InvalidDataError, "customer_features needs dates"),
        ({"amount": "date"}, InvalidDataError, "customer_features needs numbers"),
        ({"discount": "date"}, InvalidDataError, "customer_features needs numbers"),
        ({"decimals": 1}, InvalidDataError, "finer than decimals=1"),
    ],
)
def test_errors_name_the_function_and_the_parameter(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        features(random_lines(0), **options)
    assert getattr(raised.value, "owner", None) == "customer_features"


def test_labels_that_have_no_hash_are_refused_by_the_name_of_their_column() -> None:
    lines = random_lines(0)
    lines = lines.assign(channel=[["app"]] * len(lines))
    with pytest.raises(InvalidDataError, match="labels in the column 'channel' must"):
        features(lines)
    text = lines.assign(channel=lines["channel"].astype(str))
    assert features(text)["preferred_channel"].dropna().unique().tolist() == ["['app']"]


def test_rounded_discounts_are_counted_with_the_amounts() -> None:
    lines = random_lines(0)
    lines = lines.assign(discount=lines["discount"] / 7)
    with pytest.raises(InvalidDataError, match="column 'discount' has more") as raised:
        features(lines)
    assert raised.value.remedy == {"decimals": 2, "rounding": "half_even"}
    options = {**ALL, **raised.value.remedy, "as_of": AS_OF}
    _, report = customer_features(lines, **options, return_report=True)
    cents = lines["discount"] * 100
    n_rounded = ((cents - cents.round()).abs() > 1e-9).sum()
    assert report.n_rounded == n_rounded > 0


def test_a_customer_column_named_like_a_feature_is_refused() -> None:
    lines = random_lines(0).rename(columns={"customer": "return_rate"})
    with pytest.raises(InvalidParameterError, match="no column of the result has"):
        features(lines, customer_id="return_rate")


def test_a_negative_discount_is_refused_and_its_opposite_works() -> None:
    lines = random_lines(0)
    wrong = lines.assign(discount=-lines["discount"])
    with pytest.raises(InvalidDataError, match="opposite sign") as raised:
        features(wrong)
    row = raised.value.row
    assert row is not None
    assert wrong["discount"][row] < 0 <= wrong["amount"][row]
    pd.testing.assert_frame_equal(
        features(wrong.assign(discount=-wrong["discount"])), features(lines)
    )


def test_missing_discounts_are_unusable_rows_until_they_are_filled() -> None:
    lines = random_lines(0)
    gaps = lines.assign(discount=lines["discount"].where(lines["discount"] != 0))
    with pytest.raises(InvalidDataError, match=r"missing amount: .* of 'discount'"):
        features(gaps)
    filled = features(gaps.assign(discount=gaps["discount"].fillna(0)))
    pd.testing.assert_frame_equal(filled, features(lines))


def test_what_is_left_out_and_what_has_no_label_is_said() -> None:
    lines = random_lines(0)
    with pytest.warns(UserWarning, match=r"no label(.|\n)* without a category"):
        customer_features(lines, as_of=AS_OF, **ALL)
    complete = lines[lines["payment"] != " "].dropna()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        customer_features(complete, as_of=AS_OF, **ALL)
    without = complete.assign(customer=complete["customer"].astype(float))
    without.iloc[0, 0] = np.nan
    with pytest.warns(UserWarning, match=r"left out(.|\n)*1 missing customer"):
        customer_features(without, as_of=AS_OF, **ALL, invalid="exclude")


def test_quantity_and_price_make_the_amount_and_the_number_of_items() -> None:
    lines = random_lines(2)
    price = (lines["amount"] * 100).astype(int) / 100
    lines = lines.assign(price=price, amount=price * lines["quantity"])
    by_factors = features(lines, amount=None, price="price")
    pd.testing.assert_frame_equal(by_factors, features(lines))
    with pytest.raises(InvalidParameterError, match="'amount'"):
        features(lines, price="price")


def test_money_is_exact_for_decimals_and_floats_alike() -> None:
    frame = pd.DataFrame(
        {
            "customer": 1,
            "date": "2024-03-03",
            "amount": [0.1] * 10 + [-0.1] * 3,
            "discount": [0.1] * 10 + [0.0] * 3,
        }
    )
    columns = {"customer_id": "customer", "date": "date", "amount": "amount"}
    table = customer_features(frame, **columns, discount="discount", as_of="latest")
    assert table["return_rate"].item() == 0.3
    assert table["discount_share"].item() == 0.5


def test_online_retail() -> None:
    folder = os.environ.get("SKSEG_DATA")
    if folder is None:
        pytest.skip("SKSEG_DATA is not set")
    path = Path(folder) / "online_retail" / "online_retail.csv.gz"
    lines = pd.read_csv(path, dtype={"CustomerID": "Int64", "StockCode": str})
    table, report = customer_features(
        lines,
        customer_id="CustomerID",
        order_id="InvoiceNo",
        date="InvoiceDate",
        quantity="Quantity",
        price="UnitPrice",
        product="StockCode",
        as_of="2011-12-10",
        invalid={"missing customer": "exclude"},
        return_report=True,
    )
    known = lines.dropna(subset=["CustomerID"])
    sold = known[known["Quantity"] > 0]
    n_products = sold.groupby("CustomerID")["StockCode"].nunique()
    shown = table.set_index("CustomerID")["n_products"]
    # Orders with a net amount below zero are no purchases.
    same = shown.reindex(n_products.index) == n_products
    assert same.mean() > 0.99
    money = known["Quantity"] * known["UnitPrice"]
    returned = (-money.where(money < 0, 0)).groupby(known["CustomerID"]).sum()
    bought = money.where(money > 0, 0).groupby(known["CustomerID"]).sum()
    rate = (returned / bought.where(bought > 0)).reindex(table["CustomerID"])
    np.testing.assert_allclose(table["return_rate"], rate.to_numpy(float), rtol=1e-9)
    # The shop is closed on Saturdays.
    assert set(table["preferred_weekday"].dropna()) <= set(WEEKDAYS) - {"Saturday"}
    assert report.n_customers == 4372
