"""tier_profit: what the tiers of a menu make of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg._core._outcome import OutcomeCoding, read_outcome
from skseg._core._sums import group_sums
from skseg._core._validation import check_sample_weight
from skseg._core._vector import read_vector
from skseg._revenue._menu import Menu, n_tiers_of, per_tier
from skseg._revenue._row_revenue import read_row_revenue
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    did_you_mean,
)
from skseg.rules._frames import read_frame

OWNER = "tier_profit"
# What a menu may leave out.
_DEFAULTS = {"response": 1.0, "cost": 0.0, "fixed_cost": 0.0}


def tier_profit(
    codes: Any,
    y: Any,
    menu: Any,
    *,
    sample_weight: Any = None,
    revenue: Any = None,
    pos_label: Any = None,
) -> float:
    """Return revenue minus cost of customers, each treated by a tier of one menu.

    The tiers may come from anywhere: a binner, a discretizer, a spreadsheet. So this is
    one yardstick for all of them.

    Parameters
    ----------
    codes : array-like of int of shape (n_rows,)
        Tier of every row: its position on the menu, from 0 on. For an
        `OptimalRevenueBinner` it is ``binner.tiers_[binner.predict(X)]``, since tiers
        that it does not use have no code.
    y : array-like of shape (n_rows,)
        Conversions: 0 / 1, any finite number, or labels of two classes.
    menu : mapping or frame
        ``"revenue"`` per conversion, ``"response"`` (the factor by which a tier
        multiplies the conversions that `y` shows; 1 if absent), ``"cost"`` per customer
        and ``"fixed_cost"`` of a tier that is used (both 0 if absent), in currency. In
        a mapping each is a number, a list with one number a tier, at least one of them
        a list, or a function of the tier's index. In a frame, such as ``binner.menu_``,
        they are columns with one row per tier; it may have others.
    sample_weight : array-like of shape (n_rows,), default=None
        Weight 3 counts as the row three times.
    revenue : array-like of shape (n_rows,), default=None
        Revenue of each customer per conversion, by which that of the menu is
        multiplied; finite. None: 1 for all.
    pos_label : object, default=None
        Label that counts as 1. None: the second one in sorted order.

    Returns
    -------
    float
        Profit of all rows, in currency.

    Raises
    ------
    ValueError
        If a code is no position on the menu, the menu is wrong, an outcome is unknown,
        or the profit is beyond float64.

    See Also
    --------
    tier_spend : The cost alone, to compare with a budget.
    make_profit_scorer : The same as a scorer, per customer.
    skseg.model_selection.compare_binnings : Ways to cut a score into the tiers of a
        menu, out of sample.

    Examples
    --------
    Two customers get nothing, two get a call for 4 each, which is answered by one of
    them, and makes 1.5 times as many buy.

    >>> from skseg.metrics import tier_profit
    >>> menu = {"revenue": 30, "response": [1, 1.5], "cost": [0, 4]}
    >>> tier_profit([0, 0, 1, 1], [0, 0, 0, 1], menu)
    37.0
    """
    table = read_menu_table(OWNER, menu)
    tiers = _read_tiers(codes, len(table.cost), OWNER)
    outcome, _ = read_outcome(OWNER, y, len(tiers), pos_label)
    weight = check_sample_weight(sample_weight, len(tiers), OWNER)
    row_revenue = read_row_revenue(OWNER, revenue, len(tiers))
    if row_revenue is not None:
        with np.errstate(over="ignore"):
            outcome = outcome * row_revenue
    return total_profit(OWNER, tiers, outcome, table, weight)


def tier_spend(
    codes: Any, menu: Any, *, sample_weight: Any = None, per_customer: bool = False
) -> float:
    """Return what it costs to treat customers, each by a tier of one menu.

    No outcome is needed, so that it tells before a campaign whether that is within its
    budget.

    Parameters
    ----------
    codes : array-like of int of shape (n_rows,)
        Tier of every row: its position on the menu, from 0 on. For an
        `OptimalRevenueBinner` it is ``binner.tiers_[binner.predict(X)]``.
    menu : mapping or frame
        As in `tier_profit`; its revenue and response have no part.
    sample_weight : array-like of shape (n_rows,), default=None
        Weight 3 counts as the row three times.
    per_customer : bool, default=False
        Whether to divide the spend by the number of customers, the sum of their
        weights.

    Returns
    -------
    float
        Cost of all rows, fixed costs of the tiers used included, in currency.

    Raises
    ------
    ValueError
        If a code is no position on the menu, the menu is wrong, the spend is beyond
        float64, or a spend per customer is asked for and there are no customers.

    See Also
    --------
    tier_profit : Revenue minus this cost.

    Examples
    --------
    >>> from skseg.metrics import tier_spend
    >>> menu = {"revenue": 30, "cost": [0, 4], "fixed_cost": [0, 10]}
    >>> tier_spend([0, 0, 1, 1], menu)
    18.0
    >>> tier_spend([0, 0, 1, 1], menu, per_customer=True)
    4.5
    """
    owner = "tier_spend"
    table = read_menu_table(owner, menu)
    tiers = _read_tiers(codes, len(table.cost), owner)
    weight = check_sample_weight(sample_weight, len(tiers), owner)
    # Adding 0.0 turns -0.0 into 0.0.
    spend = 0.0 - total_profit(owner, tiers, np.zeros(len(tiers)), table, weight)
    if not per_customer:
        return spend
    n = len(tiers) if weight is None else float(weight.sum())
    if n == 0:
        raise InvalidDataError(
            f"{owner} cannot divide by the number of customers: there are no rows.",
            owner=owner,
            name="codes",
            rule="of at least one row",
        )
    return spend / n


def total_profit(
    owner: str,
    tiers: IntArray,
    outcome: FloatArray,
    menu: Menu,
    weight: FloatArray | None = None,
) -> float:
    """Return the profit of all rows by the tier of every row, or raise."""
    n_tiers = len(menu.cost)
    with np.errstate(over="ignore", invalid="ignore"):
        counted = outcome if weight is None else outcome * weight
        n = group_sums(tiers, weight, n_tiers)
        conversions = group_sums(tiers, counted, n_tiers)
        profits = menu.effective_revenue * conversions - menu.cost * n
        profit = float((profits - np.where(n > 0, menu.fixed_cost, 0.0)).sum())
    check_money(owner, profit, len(tiers))
    return profit


def check_money(owner: str, total: float, n_rows: int) -> None:
    """Raise if a sum over customers is beyond float64."""
    if not np.isfinite(total):
        raise InvalidDataError(
            f"The profit of {owner} must be finite, and the money of {n_rows:,} "
            "customers is beyond float64.",
            owner=owner,
            name="menu",
            rule="money of a finite sum over all customers",
            advice="Choose another unit of money, such as millions, or of y.",
        )


def read_menu_table(owner: str, menu: Any) -> Menu:
    """Return the menu that a mapping or a frame describes, or raise."""
    frame = None if isinstance(menu, Mapping) else read_frame(menu, owner, "menu")
    if frame is not None:
        known = {"revenue", *_DEFAULTS}
        columns = {
            name: frame.get_column(name).to_list()
            for name in frame.columns
            if name in known
        }
        if "revenue" not in columns:
            raise MissingColumnError(owner, ["revenue"], frame.columns)
        return menu_of(owner, **columns)
    if not isinstance(menu, Mapping) or "revenue" not in menu:
        rule = "a mapping or a frame with 'revenue'"
        raise InvalidParameterError(owner, "menu", rule, menu)
    names = ["revenue", *_DEFAULTS]
    if unknown := [name for name in menu if name not in names]:
        rule = f"a mapping with the keys {', '.join(map(repr, names))}"
        raise InvalidParameterError(
            owner,
            "menu",
            rule,
            unknown[0],
            advice=did_you_mean(str(unknown[0]), names).strip() or None,
        )
    return menu_of(owner, **menu)


def menu_of(owner: str, **parts: Any) -> Menu:
    """Return the menu with these parts, at least one of them a list; or raise."""
    n_tiers = n_tiers_of(owner, **parts)
    all_parts = _DEFAULTS | parts
    menu = Menu(
        **{
            name: per_tier(owner, name, value, n_tiers)
            for name, value in all_parts.items()
        }
    )
    if (menu.response < 0).any():
        rule = "0 or more a tier"
        raise InvalidParameterError(owner, "response", rule, parts["response"])
    return menu


def read_conversions(
    owner: str, y: Any, n_rows: int, pos_label: Any, *, learned: Any = None
) -> tuple[FloatArray, OutcomeCoding]:
    """Return outcomes as numbers, also if all rows have the same label; or raise.

    `learned` are the classes of the fitted estimator in sorted order, None if it has
    none.
    """
    if y is None:
        raise InvalidDataError(
            f"{owner} needs the outcome y of the held-out rows.",
            owner=owner,
            name="y",
            rule="given",
            advice="Pass it to fit of the search: search.fit(X, y).",
        )
    if pos_label is None and learned is not None:
        pos_label = _second_label(owner, y, np.asarray(learned).tolist())
    if pos_label is not None:
        # A fold may lack one of the labels, and both are known.
        vector = read_vector(owner, "y", y, title="The outcome y")
        labels = {*vector.labels().tolist(), pos_label}
        if len(labels) <= 2 and None not in labels:
            coding = OutcomeCoding(np.array([*labels], dtype=object), pos_label)
            return coding.numbers(owner, y, n_rows), coding
    return read_outcome(owner, y, n_rows, pos_label)


def _second_label(owner: str, y: Any, classes: list[Any]) -> Any:
    """Return the second of two text classes if outcomes are among them, else None."""
    if len(classes) != 2 or not all(isinstance(label, str) for label in classes):
        return None
    labels = {*read_vector(owner, "y", y, title="The outcome y").labels().tolist()}
    return classes[1] if labels <= {*classes} else None


def _read_tiers(codes: Any, n_tiers: int, owner: str) -> IntArray:
    tiers = read_vector(owner, "codes", codes).codes()
    is_tier = (tiers >= 0) & (tiers < n_tiers)
    if not is_tier.all():
        row = int(np.argmin(is_tier))
        rule = f"positions on the menu, 0 to {n_tiers - 1}"
        raise InvalidDataError(
            f"The codes of {owner} must be {rule}. Got {tiers[row]} at row {row}.",
            owner=owner,
            name="codes",
            rule=rule,
            value=int(tiers[row]),
            row=row,
            advice="Give every row a tier, and the menu all tiers.",
        )
    return tiers
