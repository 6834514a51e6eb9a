"""Which label customers prefer, and how evenly they spread over the labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

# Sums of parts of orders, such as three thirds, differ from whole ones by rounding.
_ROUNDING = 1e-9


class Choices(NamedTuple):
    """How many orders of each customer had each label; pairs that occur, once each.

    An order that has several labels counts once in total.
    """

    customer: IntArray
    label: IntArray
    weight: FloatArray
    n_orders: IntArray  # of each customer, with a label


class Preferences(NamedTuple):
    """The label that each customer prefers, or -1, and the share of the most frequent.

    The shares of customers with too few orders are NaN.
    """

    label: IntArray
    share: FloatArray


def choices_of_lines(
    customer: IntArray,
    order: IntArray,
    label: IntArray,
    n_customers: int,
) -> Choices:
    """Return the choices of lines that have a label, each a part of its order.

    `customer` is the one of each order, `order` and `label` are those of each line.
    """
    size = np.bincount(order, minlength=len(customer))
    weight = 1 / size[order]
    has_label = customer[np.flatnonzero(size)]
    return _counted(customer[order], label, weight, has_label, n_customers)


def choices_of_orders(customer: IntArray, label: IntArray, n_customers: int) -> Choices:
    """Return the choices of orders, each with one label."""
    return _counted(customer, label, np.ones(len(label)), customer, n_customers)


def _counted(
    customer: IntArray,
    label: IntArray,
    weight: FloatArray,
    customer_of_order: IntArray,
    n_customers: int,
) -> Choices:
    width = int(label.max(initial=0)) + 1
    pairs, pair = np.unique(customer * width + label, return_inverse=True)
    weights = np.bincount(pair, weights=weight, minlength=len(pairs)).astype(float)
    n_orders = np.bincount(customer_of_order, minlength=n_customers)
    return Choices(pairs // width, pairs % width, weights, n_orders)


def preferred(
    choices: Choices, min_orders: int, min_share: float, is_judged: BoolArray
) -> Preferences:
    """Return the preference of each customer who has enough orders, and is judged."""
    n_orders = choices.n_orders
    customer, share = choices.customer, choices.weight / n_orders[choices.customer]
    top = np.zeros(len(n_orders))
    np.maximum.at(top, customer, share)
    is_top = share > top[customer] - _ROUNDING
    n_top = np.bincount(customer[is_top], minlength=len(n_orders))
    label = np.full(len(n_orders), -1)
    label[customer[is_top]] = choices.label[is_top]
    is_known = is_judged & (n_orders >= min_orders)
    is_preferred = is_known & (n_top == 1) & (top > min_share - _ROUNDING)
    # A third three times is a whole order.
    top = np.where(np.abs(top - np.rint(top)) < _ROUNDING, np.rint(top), top)
    return Preferences(
        np.where(is_preferred, label, -1), np.where(is_known, top, np.nan)
    )


def effective_number(choices: Choices) -> FloatArray:
    """Return the number of equally frequent labels that are as diverse; NaN for none.

    The exponential of Shannon's entropy: M. O. Hill, "Diversity and evenness: a
    unifying notation and its consequences", Ecology 54 (1973), 427-432.
    """
    n_orders = choices.n_orders
    share = choices.weight / n_orders[choices.customer]
    entropy = np.bincount(
        choices.customer, weights=-share * np.log(share), minlength=len(n_orders)
    )
    return np.where(n_orders > 0, np.maximum(np.exp(entropy), 1.0), np.nan)


def n_labels(choices: Choices) -> IntArray:
    """Return how many different labels each customer has had."""
    counts = np.bincount(choices.customer, minlength=len(choices.n_orders))
    return counts.astype(np.int64)
