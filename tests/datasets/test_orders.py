"""make_orders: the laws it promises, the mess, the seed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import rfm_table
from skseg.datasets import make_orders

NAMES = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "date": "date",
    "amount": "amount",
}
AS_OF = "2025-01-01"
TEXT = str(pd.DataFrame({"text": ["a"]})["text"].dtype)
LABELS = {
    "channel": ["app", "store", "web"],
    "payment": ["card", "invoice", "wallet"],
    "category": [
        *("beauty", "books", "electronics", "fashion", "home", "sports", "toys")
    ],
}
# type: favourite channel, payment and category of half of it, share of discounts
TASTES = {
    "champion": ("app", "card", "fashion", 0.1),
    "loyal": ("web", "card", "beauty", 0.2),
    "big spender": ("store", "invoice", "electronics", 0.05),
    "new": ("app", "wallet", "sports", 0.5),
    "occasional": ("web", "wallet", "home", 0.4),
    "at risk": ("store", "card", "toys", 0.3),
    "lost": ("web", "invoice", "books", 0.6),
}

# type: share, range of recency, range of number of orders, median value of an order
TYPES = {
    "champion": (0.08, (0, 20), (15, 30), 120),
    "loyal": (0.17, (5, 60), (8, 16), 70),
    "big spender": (0.05, (10, 90), (2, 4), 500),
    "new": (0.12, (0, 30), (1, 2), 45),
    "occasional": (0.20, (60, 200), (2, 5), 50),
    "at risk": (0.13, (150, 350), (8, 16), 80),
    "lost": (0.25, (300, 720), (1, 3), 30),
}


@pytest.fixture(scope="module")
def clean() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_orders(5000, random_state=0, return_truth=True)


@pytest.fixture(scope="module")
def messy() -> pd.DataFrame:
    return make_orders(5000, messy=True, random_state=0)


@pytest.fixture(scope="module")
def customers(clean: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    orders, types = clean
    table = rfm_table(orders, **NAMES, as_of=AS_OF)
    return table.merge(types, on="customer_id", validate="1:1")


def test_columns_have_the_documented_types(
    clean: tuple[pd.DataFrame, pd.DataFrame], messy: pd.DataFrame
) -> None:
    orders, types = clean
    dtypes = {name: str(dtype) for name, dtype in orders.dtypes.items()}
    assert dtypes == {
        "customer_id": "int64",
        "order_id": "int64",
        "date": "datetime64[us]",
        "amount": "float64",
        **dict.fromkeys(("channel", "payment", "category"), TEXT),
        "discount": "float64",
    }
    assert messy.dtypes.drop("customer_id").equals(orders.dtypes.drop("customer_id"))
    assert str(messy["customer_id"].dtype) == "Int64"
    assert types["customer_id"].to_list() == list(range(1, 5001))
    assert orders["customer_id"].nunique() == 5000


@pytest.mark.parametrize("name", TYPES)
def test_each_type_follows_its_own_distributions(
    customers: pd.DataFrame, name: str
) -> None:
    share, recency, n_orders, value = TYPES[name]
    of_type = customers[customers["type"] == name]
    assert len(of_type) == round(share * 5000)
    for column, (low, high) in {"recency": recency, "frequency": n_orders}.items():
        assert of_type[column].min() == low
        assert of_type[column].max() == high
    # A mean of log-normals lies above their median, by some exp(s**2 / 2).
    typical = of_type["average_order_value"].median()
    assert value < typical < 1.25 * value


def test_recency_frequency_and_value_distinguish_the_types(
    customers: pd.DataFrame,
) -> None:
    centre = customers.groupby("type")[["recency", "frequency", "monetary"]].median()
    assert centre["monetary"].idxmax() == "champion"
    assert centre["recency"].idxmax() == "lost"
    assert centre.loc["at risk", "frequency"] == centre.loc["loyal", "frequency"]
    assert centre.loc["at risk", "recency"] > 5 * centre.loc["loyal", "recency"]
    money = centre["monetary"]
    assert money["big spender"] > 5 * money["occasional"]


def test_clean_orders_are_consistent(
    clean: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    orders, _ = clean
    assert (orders["amount"] > 0).all()
    by_order = orders.groupby("order_id")
    assert (by_order["customer_id"].nunique() == 1).all()
    assert (by_order["date"].nunique() == 1).all()
    assert by_order.size().max() > 3
    days = orders.drop_duplicates("order_id")
    days = days.assign(date=days["date"].dt.normalize())
    assert not days.duplicated(["customer_id", "date"]).any()
    assert orders["date"].dt.hour.between(8, 21).all()


@pytest.mark.parametrize("messy", [False, True])
@pytest.mark.parametrize(
    "as_of", [AS_OF, dt.date(2024, 2, 29), pd.Timestamp("2000-01-01 15:00")]
)
def test_orders_are_sorted_numbered_by_date_and_end_on_the_as_of_day(
    as_of: Any, messy: bool
) -> None:
    orders = make_orders(300, as_of=as_of, messy=messy, random_state=1)
    assert orders["date"].is_monotonic_increasing
    assert orders["date"].max() < pd.Timestamp(as_of).normalize() + pd.Timedelta("1D")
    steps = np.diff(orders["order_id"], prepend=0)
    assert set(steps) == {0, 1}
    assert orders.index.equals(pd.RangeIndex(len(orders)))


def test_amounts_have_two_decimals(messy: pd.DataFrame) -> None:
    cents = messy["amount"] * 100
    assert np.abs(cents - cents.round()).max() < 1e-6
    assert (messy["amount"] == messy["amount"].round(2)).all()


def test_messy_orders_have_each_kind_of_mess(messy: pd.DataFrame) -> None:
    _, report = rfm_table(
        messy, **NAMES, as_of=AS_OF, invalid="exclude", return_report=True
    )
    assert set(report.excluded) == {"missing customer"}
    assert 0.04 < report.n_cancelled_orders / report.n_orders < 0.06
    assert (messy["amount"] == 0).any()
    orders = messy.dropna().drop_duplicates("order_id")
    days = orders.assign(date=orders["date"].dt.normalize())
    assert days.duplicated(["customer_id", "date"]).any()


def test_even_a_single_customer_has_mess() -> None:
    orders = make_orders(1, messy=True, random_state=0)
    assert orders["customer_id"].isna().any()
    assert (orders["amount"] < 0).any()
    assert (orders["amount"] == 0).any()


def test_mess_leaves_the_clean_lines_as_they_are() -> None:
    clean, messy = (
        make_orders(500, messy=messy, random_state=2).drop(columns="order_id")
        for messy in (False, True)
    )
    lines = set(messy.dropna().itertuples(index=False, name=None))
    assert lines > set(clean.itertuples(index=False, name=None))


def test_a_cancellation_repeats_an_earlier_order_with_negative_lines() -> None:
    messy = make_orders(500, messy=True, random_state=2)
    complete = messy.dropna()
    is_return = complete["amount"] < 0
    returns = complete[is_return].groupby("order_id")
    purchases = complete[~is_return & (complete["amount"] > 0)].groupby("order_id")
    first_date: dict[Any, pd.Timestamp] = {}
    for _, order in purchases:
        key = (order["customer_id"].iloc[0], tuple(sorted(order["amount"])))
        first_date.setdefault(key, order["date"].iloc[0])
    assert len(returns) > 100
    for _, order in returns:
        key = (order["customer_id"].iloc[0], tuple(sorted(-order["amount"])))
        assert first_date[key] <= order["date"].iloc[0]


@pytest.mark.parametrize("column", LABELS)
def test_tastes_follow_the_type_and_the_favourite_of_the_customer(
    clean: tuple[pd.DataFrame, pd.DataFrame], column: str
) -> None:
    orders, types = clean
    n_labels = len(LABELS[column])
    place = list(LABELS).index(column)
    is_of_type = types[f"favourite_{column}"] == types["type"].map(
        {kind: tastes[place] for kind, tastes in TASTES.items()}
    )
    assert abs(is_of_type.mean() - 0.5) < 0.03
    rows = orders if column == "category" else orders.drop_duplicates("order_id")
    rows = rows.merge(types, on="customer_id")
    assert sorted(rows[column].unique()) == LABELS[column]
    favourite = rows[f"favourite_{column}"]
    assert abs((rows[column] == favourite).mean() - 0.75) < 0.01
    others = rows.loc[rows[column] != favourite]
    rates = pd.crosstab(
        others[f"favourite_{column}"], others[column], normalize="index"
    )
    apart = rates.to_numpy()[~np.eye(n_labels, dtype=bool)]
    assert np.abs(apart - 1 / (n_labels - 1)).max() < 0.05


def test_an_order_has_one_channel_one_payment_and_one_rate_of_discount(
    clean: tuple[pd.DataFrame, pd.DataFrame], messy: pd.DataFrame
) -> None:
    for orders in (clean[0], messy):
        by_order = orders.groupby("order_id")
        assert (by_order[["channel", "payment"]].nunique() == 1).all(axis=None)
        list_price = orders["amount"] + orders["discount"]
        rate = (orders["discount"] / list_price.where(list_price != 0)).fillna(0)
        gap = np.abs(rate.to_numpy()[:, None] - [0, 0.1, 0.2, 0.3])
        is_large = orders["amount"].abs() > 5
        assert gap[is_large].min(axis=1).max() < 0.002


def test_discounts_have_the_frequency_of_the_type(
    clean: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    orders, types = clean
    is_discounted = orders.groupby("order_id")["discount"].sum() > 0
    kind = orders.drop_duplicates("order_id").merge(types, on="customer_id")["type"]
    rates = is_discounted.groupby(kind.to_numpy()).mean()
    for name, (*_, rate) in TASTES.items():
        assert abs(rates[name] - rate) < 0.03, name


def test_discounts_have_the_sign_and_the_decimals_of_their_line(
    messy: pd.DataFrame,
) -> None:
    discount, amount = messy["discount"], messy["amount"]
    assert (discount == discount.round(2)).all()
    assert (discount * amount >= 0).all()
    assert not np.signbit(discount[amount >= 0]).any()
    assert (discount[amount < 0] < 0).any()
    assert not np.signbit(discount[discount == 0]).any()


def test_dates_and_amounts_are_those_of_before_there_were_tastes() -> None:
    orders = make_orders(200, messy=True, random_state=7)
    numbers = orders[["order_id", "amount"]].to_numpy()
    days = (orders["date"] - pd.Timestamp(AS_OF)).dt.total_seconds()
    sums = [len(orders), numbers[:, 1].sum(), days.sum(), orders["customer_id"].sum()]
    assert sums == pytest.approx([2861, 137247.16, -77200501012, 271877])


@pytest.mark.parametrize("messy", [False, True])
def test_the_same_seed_gives_the_same_orders(messy: bool) -> None:
    def orders(random_state: Any) -> pd.DataFrame:
        return make_orders(50, messy=messy, random_state=random_state)

    pd.testing.assert_frame_equal(orders(3), orders(3))
    pd.testing.assert_frame_equal(orders(3), orders(np.random.default_rng(3)))
    old = np.random.RandomState
    pd.testing.assert_frame_equal(orders(old(3)), orders(old(3)))
    assert not orders(3).equals(orders(4))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_customers": 0}, r"'n_customers' .* an int in \[1, .*\]\. Got 0 instead"),
        ({"n_customers": 1.5}, r"Got 1\.5 instead"),
        ({"n_customers": True}, "Got True instead"),
        ({"as_of": "today"}, "'as_of' parameter of make_orders .* Got 'today'"),
        ({"as_of": None}, "Got None instead"),
        ({"as_of": pd.NaT}, "Got NaT instead"),
        ({"random_state": -1}, "'random_state' parameter of make_orders .* Got -1"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_orders(**parameters)
