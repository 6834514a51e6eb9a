"""Types of customers of a generated shop: when they buy, for how much, and what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._common import class_of

CHANNELS = ("app", "store", "web")
PAYMENTS = ("card", "invoice", "wallet")
CATEGORIES = ("beauty", "books", "electronics", "fashion", "home", "sports", "toys")
DISCOUNTS = (10, 20, 30)  # percent of the list price


class CustomerType(NamedTuple):
    """Distributions of a type of customer; ranges are uniform and inclusive."""

    share: float
    recency: tuple[int, int]  # days since the last order
    orders: tuple[int, int]
    gap: int  # mean number of days between orders
    value: float  # median amount of an order
    channel: str  # what half of the customers like best
    payment: str
    category: str
    discounted: float  # share of orders with a discount


# fmt: off
CUSTOMER_TYPES = {
    "champion": CustomerType(
        0.08, (0, 20), (15, 30), 20, 120.0, "app", "card", "fashion", 0.1),
    "loyal": CustomerType(
        0.17, (5, 60), (8, 16), 40, 70.0, "web", "card", "beauty", 0.2),
    "big spender": CustomerType(
        0.05, (10, 90), (2, 4), 90, 500.0, "store", "invoice", "electronics", 0.05),
    "new": CustomerType(
        0.12, (0, 30), (1, 2), 10, 45.0, "app", "wallet", "sports", 0.5),
    "occasional": CustomerType(
        0.20, (60, 200), (2, 5), 80, 50.0, "web", "wallet", "home", 0.4),
    "at risk": CustomerType(
        0.13, (150, 350), (8, 16), 35, 80.0, "store", "card", "toys", 0.3),
    "lost": CustomerType(
        0.25, (300, 720), (1, 3), 60, 30.0, "web", "invoice", "books", 0.6),
}
# fmt: on

# Share of the customers with the tastes of their type, and of the orders (for the
# category, of the lines) that follow the taste of their customer.
OF_TYPE, OF_FAVOURITE = 0.5, 0.75


class Favourites(NamedTuple):
    """What each customer likes best, as positions among the labels."""

    channel: NDArray[np.intp]
    payment: NDArray[np.intp]
    category: NDArray[np.intp]


def draw_types(rng: np.random.Generator, n_customers: int) -> NDArray[np.intp]:
    """Draw the types of the customers, with fixed shares up to rounding."""
    quantiles = (np.arange(n_customers) + 0.5) / n_customers
    shares = [kind.share for kind in CUSTOMER_TYPES.values()]
    return rng.permutation(class_of(quantiles, shares))


def draw_favourites(rng: np.random.Generator, code: NDArray[np.intp]) -> Favourites:
    """Draw what each customer likes best, given the types."""
    kinds = CUSTOMER_TYPES.values()
    channels = np.array([CHANNELS.index(kind.channel) for kind in kinds])
    payments = np.array([PAYMENTS.index(kind.payment) for kind in kinds])
    categories = np.array([CATEGORIES.index(kind.category) for kind in kinds])
    return Favourites(
        _same_or_other(rng, channels[code], len(CHANNELS), OF_TYPE),
        _same_or_other(rng, payments[code], len(PAYMENTS), OF_TYPE),
        _same_or_other(rng, categories[code], len(CATEGORIES), OF_TYPE),
    )


def follow(
    rng: np.random.Generator, favourite: NDArray[np.intp], n_labels: int
) -> NDArray[np.intp]:
    """Draw the labels of orders or lines, mostly the favourite of their customer."""
    return _same_or_other(rng, favourite, n_labels, OF_FAVOURITE)


def _same_or_other(
    rng: np.random.Generator, label: NDArray[np.intp], n_labels: int, same: float
) -> NDArray[np.intp]:
    """Keep each label with the probability `same`, or draw any other one."""
    steps = rng.integers(1, n_labels, len(label))
    steps[rng.random(len(label)) < same] = 0
    return (label + steps) % n_labels


def texts(labels: tuple[str, ...], positions: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return the labels at these positions."""
    return np.array(labels, dtype=object)[positions]
