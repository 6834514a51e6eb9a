"""Order lines of a shop whose customers are of known types."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._core._validation import check_int

from ._common import DAY, class_of, read_day, read_generator


class _CustomerType(NamedTuple):
    """Distributions of a type of customer; ranges are uniform and inclusive."""

    share: float
    recency: tuple[int, int]  # days since the last order
    orders: tuple[int, int]
    gap: int  # mean number of days between orders
    value: float  # median amount of an order


CUSTOMER_TYPES = {
    "champion": _CustomerType(0.08, (0, 20), (15, 30), 20, 120.0),
    "loyal": _CustomerType(0.17, (5, 60), (8, 16), 40, 70.0),
    "big spender": _CustomerType(0.05, (10, 90), (2, 4), 90, 500.0),
    "new": _CustomerType(0.12, (0, 30), (1, 2), 10, 45.0),
    "occasional": _CustomerType(0.20, (60, 200), (2, 5), 80, 50.0),
    "at risk": _CustomerType(0.13, (150, 350), (8, 16), 35, 80.0),
    "lost": _CustomerType(0.25, (300, 720), (1, 3), 60, 30.0),
}

# Shares of messy orders, of the magnitude that published web shop exports have.
CANCELLED, ANONYMOUS, SAME_DAY, WITH_FREE_LINE = 0.05, 0.04, 0.03, 0.02


class _Lines(NamedTuple):
    """Order lines before they are sorted and numbered."""

    customer: NDArray[np.int64]  # 0 for an anonymous order
    order: NDArray[np.int64]
    second: NDArray[np.int64]  # from the start of the as_of day
    cents: NDArray[np.int64]


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
    number of orders, time between orders and order value. So an RFM segmentation of the
    orders can be compared with the truth.

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
    orders : pandas.DataFrame of shape (n_lines, 4)
        Order lines, sorted by date, with the columns:

        - customer_id : int64 from 1 on; Int64 with missing values if `messy`;
        - order_id : int64, ascending with the date;
        - date : datetime64[us], the moment of the order, between 8:00 and 22:00;
        - amount : float64 with 2 decimals.
    types : pandas.DataFrame of shape (n_customers, 2)
        The columns customer_id and type, one of champion, loyal, big spender, new,
        occasional, at risk, lost. Only if `return_truth`.

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

    Examples
    --------
    >>> from skseg.datasets import make_orders
    >>> orders, types = make_orders(100, random_state=0, return_truth=True)
    >>> orders.columns.to_list()
    ['customer_id', 'order_id', 'date', 'amount']
    >>> types["type"].value_counts().to_dict()["champion"]
    8
    """
    check_int("make_orders", "n_customers", n_customers, 1, 2**31)
    day = read_day("make_orders", as_of)
    rng = read_generator("make_orders", random_state)
    code = _draw_types(rng, n_customers)
    lines = _draw_lines(rng, code)
    if messy:
        lines = _add_mess(rng, lines)
    orders = _to_frame(lines, day, messy)
    if not return_truth:
        return orders
    types = pd.DataFrame(
        {
            "customer_id": np.arange(1, n_customers + 1),
            "type": np.array(list(CUSTOMER_TYPES), dtype=object)[code],
        }
    )
    return orders, types


def _draw_types(rng: np.random.Generator, n_customers: int) -> NDArray[np.intp]:
    """Draw the types of the customers, with fixed shares up to rounding."""
    quantiles = (np.arange(n_customers) + 0.5) / n_customers
    shares = [kind.share for kind in CUSTOMER_TYPES.values()]
    return rng.permutation(class_of(quantiles, shares))


def _draw_lines(rng: np.random.Generator, code: NDArray[np.intp]) -> _Lines:
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
    return _Lines(customer[order] + 1, order, second[order], cents)


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
    customer, order, second, cents = (column[by_date] for column in lines)
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = order[1:] != order[:-1]
    customer_id: Any = customer
    if messy:
        customer_id = pd.arrays.IntegerArray(customer, customer == 0)
    return pd.DataFrame(
        {
            "customer_id": customer_id,
            "order_id": np.cumsum(is_first),
            "date": as_of + second.astype("timedelta64[s]"),
            "amount": cents / 100,
        }
    )
