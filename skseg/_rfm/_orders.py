"""From order lines to orders, and from orders to customers, in plain numpy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._typing import BoolArray, FloatArray, IntArray

from ._ids import number_ids
from ._lines import Lines


class Orders(NamedTuple):
    """Orders, with the number of their customer and the day of their first line."""

    customer: IntArray
    day: NDArray[np.int64]
    units: FloatArray
    is_cancelled: BoolArray
    of_line: IntArray | None = None  # None if each line is an order


def group_orders(customer: IntArray, lines: Lines) -> Orders:
    """Join the lines of an order; without order ids each line is one."""
    if lines.order is None:
        return Orders(customer, lines.day, lines.money.units, lines.money.units < 0)
    order, n_orders = number_ids(lines.order, ordered=False)
    owner = np.empty(n_orders, dtype=np.intp)
    owner[order] = customer
    if (owner[order] != customer).any():
        # Customers share order ids, as where the orders of each customer are counted
        # from 1: then customer and id together name the order.
        order, n_orders = number_ids(customer * n_orders + order, ordered=False)
        owner = np.empty(n_orders, dtype=np.intp)
        owner[order] = customer
    line_units = lines.money.units
    day = np.full(n_orders, np.iinfo(np.int64).max)
    np.minimum.at(day, order, lines.day)
    units = np.bincount(order, weights=line_units, minlength=n_orders).astype(float)
    has_return = np.zeros(n_orders, dtype=bool)
    has_return[order[line_units < 0]] = True
    is_cancelled = (units < 0) | ((units == 0) & has_return)
    return Orders(owner, day, units, is_cancelled, order)


def summarise(
    orders: Orders, n_customers: int, as_of: int, scale: int
) -> dict[str, NDArray[Any]]:
    """Return the columns of the table, one value per customer."""
    # Whole numbers below 2**53 (see check_sums): the sum is exact in any order, and
    # the only rounding is that of this division.
    units = np.bincount(orders.customer, weights=orders.units, minlength=n_customers)
    monetary = units / scale
    customer, day = orders.customer, orders.day
    if orders.is_cancelled.any():
        customer, day = customer[~orders.is_cancelled], day[~orders.is_cancelled]
    frequency = np.bincount(customer, minlength=n_customers)
    limits = np.iinfo(np.int64)
    first, last = np.full((2, n_customers), [[limits.max], [limits.min]])
    np.minimum.at(first, customer, day)
    np.maximum.at(last, customer, day)

    def of_buyers(values: NDArray[Any]) -> FloatArray:
        return np.where(frequency > 0, values, np.nan)

    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "recency": of_buyers(as_of - last),
            "frequency": frequency.astype(np.int64),
            "monetary": monetary,
            "tenure": of_buyers(as_of - first),
            "average_order_value": of_buyers(monetary / frequency),
            # 0 / 0, which is NaN, after a single purchase.
            "mean_gap": of_buyers((last - first) / (frequency - 1)),
        }
