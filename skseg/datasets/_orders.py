"""Order lines of a shop whose customers are of known types."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._core._validation import check_int

from ._common import DAY, read_day, read_generator
from ._customer_types import (
    CATEGORIES,
    CHANNELS,
    CUSTOMER_TYPES,
    DISCOUNTS,
    PAYMENTS,
    Favourites,
    draw_favourites,
    draw_types,
    follow,
    texts,
)

# Shares of messy orders, of the magnitude that published web shop exports have.
CANCELLED, ANONYMOUS, SAME_DAY, WITH_FREE_LINE = 0.05, 0.04, 0.03, 0.02


class _Lines(NamedTuple):
    """Order lines before they are sorted and numbered."""

    customer: NDArray[np.int64]  # 0 for an anonymous order
    order: NDArray[np.int64]
    second: NDArray[np.int64]  # from the start of the as_of day
    cents: NDArray[np.int64]
    channel: NDArray[np.intp]
    payment: NDArray[np.intp]
    category: NDArray[np.intp]
    percent: NDArray[np.int64]  # taken off the list price


@overload
def make_orders(
    n_customers: int = 1000,
    *,
    as_of: Any = "2025-01-01",
    messy: bool = False,
    random_state: Any = None,
    return_truth: Literal[False] = False,
) -> pd.DataFrame: ...


@overload
def make_orders(
    n_customers: int = 1000,
    *,
    as_of: Any = "2025-01-01",
    messy: bool = False,
    random_state: Any = None,
    return_truth: Literal[True],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...


def make_orders(
    n_customers: int = 1000,
    *,
    as_of: Any = "2025-01-01",
    messy: bool = False,
    random_state: Any = None,
    return_truth: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Generate the order lines of a shop whose customers are of known types.

    Each customer is of one of seven types, each with its own distributions of recency,
    number of orders, time between orders and order value, and its own tastes. So an RFM
    segmentation of the orders, its profile and what customers prefer can be compared
    with the truth.

    Parameters
    ----------
    n_customers : int, default=1000
        Number of customers, at least 1; each has about 7 orders and 12 lines.
    as_of : str, date, datetime or pandas.Timestamp, default="2025-01-01"
        The last day of the data.
    messy : bool, default=False
        Whether to add what real exports have: orders cancelled by a later order of
        negative lines, anonymous orders (a missing customer id), lines of a zero
        amount, and second orders on the same day. There is at least one of each. The
        clean lines stay as they are, except for their order ids.
    random_state : int, numpy.random.Generator, RandomState or None, default=None
        Seed of the random numbers; the same int gives the same orders.
    return_truth : bool, default=False
        Whether to return the types of the customers as well.

    Returns
    -------
    orders : pandas.DataFrame of shape (n_lines, 8)
        Order lines, sorted by date, with the columns:

        - customer_id : int64 from 1 on; Int64 with missing values if `messy`;
        - order_id : int64, ascending with the date;
        - date : datetime64[us], the moment of the order, between 8:00 and 22:00;
        - amount : float64 with 2 decimals, after the discount;
        - channel : app, store or web, the same for all lines of an order;
        - payment : card, invoice or wallet, the same for all lines of an order;
        - category : beauty, books, electronics, fashion, home, sports or toys;
        - discount : float64 with 2 decimals, the money off the list price; negative
          where the line is.
    types : pandas.DataFrame of shape (n_customers, 5)
        The columns customer_id; type, one of champion, loyal, big spender, new,
        occasional, at risk, lost; favourite_channel, favourite_payment and
        favourite_category. Only if `return_truth`.

    Raises
    ------
    InvalidParameterError
        If `n_customers` is not a positive int, `as_of` not a date, or `random_state`
        not a seed.

    Notes
    -----
    The shares of the types are fixed, the type of a customer is random. Recency and
    number of orders are uniform in the range of the type. The days between orders are
    geometric, and no customer has two clean orders on one day. The value of an order is
    log-normal around the median of the type, times a log-normal factor of the customer.

    Half of the customers of a type have its tastes, the others have any other favourite
    with equal chances; channel, payment and category are independent of each other. Of
    the orders, 75 % have the favourite channel and 75 % the favourite payment of the
    customer; of the lines, 75 % are of the favourite category; all others are equally
    frequent. An order has a discount with the chance of the type, of 10, 20 or 30 % of
    the list price. Neither tastes nor discounts depend on the dates and amounts of the
    customers of a type, nor change them.

    =========== ======= ======= =========== ==========
    type        channel payment category    discounted
    =========== ======= ======= =========== ==========
    champion    app     card    fashion     10 %
    loyal       web     card    beauty      20 %
    big spender store   invoice electronics 5 %
    new         app     wallet  sports      50 %
    occasional  web     wallet  home        40 %
    at risk     store   card    toys        30 %
    lost        web     invoice books       60 %
    =========== ======= ======= =========== ==========

    Examples
    --------
    >>> from skseg.datasets import make_orders
    >>> orders, types = make_orders(100, random_state=0, return_truth=True)
    >>> orders.columns[:4].to_list()
    ['customer_id', 'order_id', 'date', 'amount']
    >>> orders.columns[4:].to_list()
    ['channel', 'payment', 'category', 'discount']
    >>> types["type"].value_counts().to_dict()["champion"]
    8
    """
    check_int("make_orders", "n_customers", n_customers, 1, 2**31)
    day = read_day("make_orders", as_of)
    rng = read_generator("make_orders", random_state)
    code = draw_types(rng, n_customers)
    # A generator apart, so that tastes do not change dates and amounts.
    (taste_rng,) = rng.spawn(1)
    favourites = draw_favourites(taste_rng, code)
    lines = _draw_lines(rng, taste_rng, code, favourites)
    if messy:
        lines = _add_mess(rng, lines)
    orders = _to_frame(lines, day, messy)
    if not return_truth:
        return orders
    types = pd.DataFrame(
        {
            "customer_id": np.arange(1, n_customers + 1),
            "type": np.array(list(CUSTOMER_TYPES), dtype=object)[code],
            "favourite_channel": texts(CHANNELS, favourites.channel),
            "favourite_payment": texts(PAYMENTS, favourites.payment),
            "favourite_category": texts(CATEGORIES, favourites.category),
        }
    )
    return orders, types


def _draw_lines(
    rng: np.random.Generator,
    taste_rng: np.random.Generator,
    code: NDArray[np.intp],
    favourites: Favourites,
) -> _Lines:
    """Draw the orders of each customer, from the last one back, and their lines."""
    kinds = CUSTOMER_TYPES.values()
    recency_range = np.array([kind.recency for kind in kinds])[code]
    orders_range = np.array([kind.orders for kind in kinds])[code]
    mean_gap = np.array([kind.gap for kind in kinds])[code]
    value = np.array([kind.value for kind in kinds])[code]
    recency = rng.integers(recency_range[:, 0], recency_range[:, 1], endpoint=True)
    n_orders = rng.integers(orders_range[:, 0], orders_range[:, 1], endpoint=True)
    value *= rng.lognormal(0.0, 0.25, len(code))

    customer = np.repeat(np.arange(len(code)), n_orders)
    last_order = np.cumsum(n_orders) - n_orders
    gap = rng.geometric(1 / mean_gap[customer])
    days_before_last = np.cumsum(gap)
    days_before_last -= np.repeat(days_before_last[last_order], n_orders)
    days_ago = days_before_last + recency[customer]
    second = _within_opening_hours(rng, -days_ago * DAY)

    n_lines = rng.geometric(0.55, len(customer))
    order = np.repeat(np.arange(len(customer)), n_lines)
    cents = _draw_cents(rng, (value[customer] / n_lines)[order])

    channel = follow(taste_rng, favourites.channel[customer], len(CHANNELS))
    payment = follow(taste_rng, favourites.payment[customer], len(PAYMENTS))
    category = follow(taste_rng, favourites.category[customer[order]], len(CATEGORIES))
    discounted = np.array([kind.discounted for kind in kinds])[code][customer]
    percent = taste_rng.choice(DISCOUNTS, len(customer))
    percent[taste_rng.random(len(customer)) >= discounted] = 0
    return _Lines(
        customer[order] + 1,
        order,
        second[order],
        cents,
        channel[order],
        payment[order],
        category,
        percent[order],
    )


def _draw_cents(
    rng: np.random.Generator, median: NDArray[np.float64]
) -> NDArray[np.int64]:
    amount = median * rng.lognormal(0.0, 0.4, len(median))
    return np.maximum(np.rint(amount * 100), 1).astype(np.int64)


def _within_opening_hours(
    rng: np.random.Generator, midnight: NDArray[np.int64]
) -> NDArray[np.int64]:
    return midnight + rng.integers(8 * 3600, 22 * 3600, len(midnight))


def _add_mess(rng: np.random.Generator, clean: _Lines) -> _Lines:
    n_orders = int(clean.order[-1]) + 1

    def sample(share: float) -> _Lines:
        is_chosen = np.zeros(n_orders, dtype=bool)
        n_chosen = max(1, round(share * n_orders))
        is_chosen[rng.choice(n_orders, n_chosen, replace=False)] = True
        return _Lines(*(column[is_chosen[clean.order]] for column in clean))

    cancelled, anonymous, same_day, free = map(
        sample, (CANCELLED, ANONYMOUS, SAME_DAY, WITH_FREE_LINE)
    )
    # A cancellation is booked days later, but not after the end of the as_of day.
    delay = rng.integers(0, 14 * DAY, n_orders)[cancelled.order]
    booked = np.minimum(cancelled.second + delay, DAY - 1)
    cancelled = cancelled._replace(second=booked, cents=-cancelled.cents)
    anonymous = anonymous._replace(customer=np.zeros_like(anonymous.customer))
    # Clean orders end before 22:00, so an hour later is the same day.
    later = rng.integers(60, 3600, n_orders)[same_day.order]
    same_day = same_day._replace(
        second=same_day.second + later, cents=_draw_cents(rng, same_day.cents / 100)
    )
    _, first_line = np.unique(free.order, return_index=True)
    free = _Lines(*(column[first_line] for column in free))
    free = free._replace(cents=np.zeros_like(free.cents))

    orders = [
        part._replace(order=part.order + k * n_orders)
        for k, part in enumerate((clean, cancelled, anonymous, same_day))
    ]
    return _Lines(*map(np.concatenate, zip(*orders, free, strict=True)))


def _to_frame(lines: _Lines, as_of: np.datetime64, messy: bool) -> pd.DataFrame:
    """Sort the lines by date and number the orders in that order."""
    by_date = np.lexsort((lines.order, lines.second))
    lines = _Lines(*(column[by_date] for column in lines))
    customer, order, cents = lines.customer, lines.order, lines.cents
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = order[1:] != order[:-1]
    customer_id: Any = customer
    if messy:
        customer_id = pd.arrays.IntegerArray(customer, customer == 0)
    return pd.DataFrame(
        {
            "customer_id": customer_id,
            "order_id": np.cumsum(is_first),
            "date": as_of + lines.second.astype("timedelta64[s]"),
            "amount": cents / 100,
            "channel": texts(CHANNELS, lines.channel),
            "payment": texts(PAYMENTS, lines.payment),
            "category": texts(CATEGORIES, lines.category),
            "discount": _money_off(cents, lines.percent) / 100,
        }
    )


def _money_off(
    cents: NDArray[np.int64], percent: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the discounts in cents, from the amounts after them."""
    # Adding 0 makes the -0 of returns without a discount 0.
    return np.rint(cents * percent / (100 - percent)) + 0.0
