"""The columns of `customer_features`, in plain numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._typing import BoolArray, FloatArray, IntArray

from ._columns import Column, Texts
from ._lifecycle import STAGES, lifecycle
from ._lines import Lines
from ._orders import Orders
from ._preferences import (
    Choices,
    choices_of_lines,
    choices_of_orders,
    effective_number,
    n_labels,
    preferred,
)

WEEKDAYS = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
TIMES = ("night", "morning", "afternoon", "evening")
QUARTERS = ("Q1", "Q2", "Q3", "Q4")
# Shorter tenures do not hold every season.
YEAR = 365
# Labels that are counted, labels that are preferred.
COUNTED = {"product": "products", "category": "categories"}
PREFERRED = ("category", "channel", "payment")


class Rules(NamedTuple):
    """When customers have a preference, and which stage they are in."""

    min_orders: int
    min_share: float
    lifecycle_gaps: tuple[float, float]
    typical_gap: float | None


class Purchases(NamedTuple):
    """The orders that are not cancelled, and their lines that are no returns."""

    customer: IntArray  # of each order
    day: NDArray[np.int64]
    order: IntArray  # of each line
    line: IntArray  # its position among all lines
    of_all_lines: IntArray  # the order of every line, -1 if cancelled
    n_customers: int

    @property
    def n(self) -> int:
        """Number of purchases."""
        return len(self.customer)

    @property
    def frequency(self) -> IntArray:
        """Number of purchases of each customer."""
        return np.bincount(self.customer, minlength=self.n_customers)

    def per_customer(self, values: FloatArray) -> FloatArray:
        """Return the sums of one value per line, for each customer."""
        customer = self.customer[self.order]
        sums = np.bincount(customer, weights=values, minlength=self.n_customers)
        return sums.astype(np.float64)


def purchases_of(orders: Orders, lines: Lines, n_customers: int) -> Purchases:
    """Return the purchases, numbered among themselves."""
    kept = np.flatnonzero(~orders.is_cancelled)
    number = np.full(len(orders.customer), -1)
    number[kept] = np.arange(len(kept))
    order = number if orders.of_line is None else number[orders.of_line]
    line = np.flatnonzero((order >= 0) & (lines.money.units >= 0))
    return Purchases(
        *(orders.customer[kept], orders.day[kept], order[line], line),
        order,
        n_customers,
    )


def feature_columns(
    lines: Lines,
    customer: IntArray,
    orders: Orders,
    rfm: dict[str, NDArray[Any]],
    rules: Rules,
) -> tuple[dict[str, Column], float]:
    """Return the columns, one value per customer, and the typical gap."""
    purchases = purchases_of(orders, lines, len(rfm["frequency"]))
    stages = lifecycle(rfm, rules.typical_gap, rules.lifecycle_gaps)
    columns: dict[str, Column] = {
        "return_rate": _return_rate(lines, customer, purchases.n_customers),
        **_basket_columns(lines, purchases),
        **_label_columns(lines, purchases, rules),
        **_discount_columns(lines, purchases),
        **_calendar_columns(lines, purchases, rfm["tenure"], rules),
        "lifecycle_stage": Texts(stages.stage, STAGES),
        "expected_gap": stages.expected_gap,
    }
    return columns, stages.typical_gap


def _ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _return_rate(lines: Lines, customer: IntArray, n_customers: int) -> FloatArray:
    # Whole units, so the sums are exact and the ratio is rounded once.
    units = lines.money.units
    sold, returned = (
        np.bincount(customer, weights=np.maximum(part, 0), minlength=n_customers)
        for part in (units, -units)
    )
    return _ratio(returned, sold)


def _basket_columns(lines: Lines, purchases: Purchases) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    if lines.order is not None:
        n_lines = purchases.per_customer(np.ones(len(purchases.line)))
        columns["lines_per_order"] = _ratio(n_lines, purchases.frequency)
    if lines.details.items is not None:
        items = lines.details.items
        n_items = purchases.per_customer(items.units[purchases.line])
        total = n_items / 10**items.decimals
        columns["items_per_order"] = _ratio(total, purchases.frequency)
    return columns


def _label_columns(
    lines: Lines, purchases: Purchases, rules: Rules
) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for name, labels in lines.details.labels.items():
        codes = labels.codes[purchases.line]
        is_known = codes >= 0
        choices = choices_of_lines(
            purchases.customer,
            purchases.order[is_known],
            codes[is_known],
            purchases.n_customers,
        )
        if name in COUNTED:
            columns[f"n_{COUNTED[name]}"] = n_labels(choices)
            columns[f"{name}_diversity"] = effective_number(choices)
        if name in PREFERRED:
            columns |= _preference(name, choices, labels.texts, rules)
    return columns


def _preference(
    name: str,
    choices: Choices,
    texts: Sequence[str] | NDArray[np.object_],
    rules: Rules,
    is_judged: BoolArray | None = None,
) -> dict[str, Column]:
    if is_judged is None:
        is_judged = np.ones(len(choices.n_orders), dtype=bool)
    preference = preferred(choices, rules.min_orders, rules.min_share, is_judged)
    return {
        f"preferred_{name}": Texts(preference.label, list(texts)),
        f"preferred_{name}_share": preference.share,
    }


def _discount_columns(lines: Lines, purchases: Purchases) -> dict[str, Column]:
    money_off = lines.details.discount
    if money_off is None:
        return {}
    units = money_off.units[purchases.line]
    off = purchases.per_customer(units) / 10**money_off.decimals
    paid = purchases.per_customer(lines.money.units[purchases.line])
    is_discounted = np.zeros(purchases.n, dtype=bool)
    is_discounted[purchases.order[units > 0]] = True
    n_discounted = np.bincount(
        purchases.customer[is_discounted], minlength=purchases.n_customers
    )
    return {
        "discount_share": _ratio(off, off + paid / 10**lines.money.decimals),
        "discounted_order_share": _ratio(n_discounted, purchases.frequency),
    }


def _calendar_columns(
    lines: Lines, purchases: Purchases, tenure: FloatArray, rules: Rules
) -> dict[str, Column]:
    customer, n_customers = purchases.customer, purchases.n_customers
    weekday = (purchases.day + 3) % 7  # 1970-01-01 was a Thursday
    n_weekend = np.bincount(customer[weekday >= 5], minlength=n_customers)
    month = purchases.day.view("datetime64[D]").astype("datetime64[M]")
    quarter = month.view(np.int64) % 12 // 3
    labels: Mapping[str, tuple[IntArray | None, Sequence[str]]] = {
        "weekday": (weekday, WEEKDAYS),
        "time": (_time_of_day(lines, purchases), TIMES),
    }
    columns: dict[str, Column] = {
        "weekend_share": _ratio(n_weekend, purchases.frequency)
    }
    for name, (label, texts) in labels.items():
        if label is not None:
            choices = choices_of_orders(customer, label, n_customers)
            columns |= _preference(name, choices, texts, rules)
    with np.errstate(invalid="ignore"):
        has_all_seasons = tenure >= YEAR
    choices = choices_of_orders(customer, quarter, n_customers)
    seasons = _preference("quarter", choices, QUARTERS, rules, has_all_seasons)
    columns["preferred_quarter"] = seasons["preferred_quarter"]
    columns["seasonality_share"] = seasons["preferred_quarter_share"]
    return columns


def _time_of_day(lines: Lines, purchases: Purchases) -> IntArray | None:
    """Return the quarter of the day of each purchase; None if there are only dates."""
    second = lines.details.second
    if second is None or not second.any():
        return None
    moment = lines.day * 86_400 + second
    # The earliest line dates an order, as in `rfm_table`.
    of_line = purchases.of_all_lines
    first = np.full(purchases.n, np.iinfo(np.int64).max)
    np.minimum.at(first, of_line[of_line >= 0], moment[of_line >= 0])
    return first % 86_400 // 21_600
