"""From order lines to one row per customer: what, how and when they buy."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, overload

import numpy as np

from skseg._core._validation import check_int, is_number
from skseg.exceptions import InvalidParameterError

from ._columns import with_ids
from ._feature_columns import COUNTED, PREFERRED, Rules, feature_columns
from ._lines import read_transactions
from ._table import read_customers
from ._table_options import Options
from ._table_report import RFMTableReport

FrameT = TypeVar("FrameT")
OWNER = "customer_features"
FEATURES = (
    *("return_rate", "lines_per_order", "items_per_order"),
    *(f"n_{noun}" for noun in COUNTED.values()),
    *(f"{name}_diversity" for name in COUNTED),
    *(f"preferred_{name}" for name in (*PREFERRED, "weekday", "time", "quarter")),
    *(f"preferred_{name}_share" for name in (*PREFERRED, "weekday", "time")),
    *("discount_share", "discounted_order_share", "weekend_share"),
    *("seasonality_share", "lifecycle_stage", "expected_gap"),
)


@overload
def customer_features(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    product: str | None = None,
    category: str | None = None,
    channel: str | None = None,
    payment: str | None = None,
    discount: str | None = None,
    as_of: Any,
    min_orders: int = 3,
    min_share: float = 0.5,
    lifecycle_gaps: tuple[float, float] = (2.0, 3.0),
    typical_gap: float | None = None,
    time_zone: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    decimals: int | str = "auto",
    rounding: str | None = None,
    invalid: str | Mapping[str, str] = "raise",
    return_report: Literal[False] = False,
) -> FrameT: ...


@overload
def customer_features(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    product: str | None = None,
    category: str | None = None,
    channel: str | None = None,
    payment: str | None = None,
    discount: str | None = None,
    as_of: Any,
    min_orders: int = 3,
    min_share: float = 0.5,
    lifecycle_gaps: tuple[float, float] = (2.0, 3.0),
    typical_gap: float | None = None,
    time_zone: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    decimals: int | str = "auto",
    rounding: str | None = None,
    invalid: str | Mapping[str, str] = "raise",
    return_report: Literal[True],
) -> tuple[FrameT, RFMTableReport]: ...


def customer_features(
    transactions: Any,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    product: str | None = None,
    category: str | None = None,
    channel: str | None = None,
    payment: str | None = None,
    discount: str | None = None,
    as_of: Any,
    min_orders: int = 3,
    min_share: float = 0.5,
    lifecycle_gaps: tuple[float, float] = (2.0, 3.0),
    typical_gap: float | None = None,
    time_zone: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    decimals: int | str = "auto",
    rounding: str | None = None,
    invalid: str | Mapping[str, str] = "raise",
    return_report: bool = False,
) -> Any:
    """Summarise what, how and when customers buy, in one row per customer.

    It reads order lines as `rfm_table` does, and has the same rows, in the same order:
    join the two by the customer id. A feature whose column is not named is not in the
    result.

    Parameters
    ----------
    transactions : data frame of shape (n_lines, n_columns)
        Order lines, in any order: pandas, polars, pyarrow, or any other frame in
        memory that narwhals reads. It is not changed.
    customer_id, date : str
        Columns of the customer ids and of the dates, as in `rfm_table`.
    amount : str or None, default=None
        Column of the amounts of money, negative for returns, after discounts. May be
        None with `quantity` and `price`.
    quantity : str or None, default=None
        Column of the number of items of a line.
    price : str or None, default=None
        Column of the price of an item; its product with the quantity is the amount, in
        place of `amount`.
    order_id : str or None, default=None
        Column of the order ids, as in `rfm_table`. If None, each line is one order.
    product, category, channel, payment : str or None, default=None
        Columns of labels: text, numbers or categories, taken as they are written.
        Missing and blank ones count for none; the report counts them.
    discount : str or None, default=None
        Column of the money taken off the list price, such that `amount` plus discount
        is that price: 0 where there was none, negative for returns alone. It is read
        as the amounts are.
    as_of : date, datetime, str, pandas.Timestamp or "latest"
        The day on which the lifecycle stage is judged, as in `rfm_table`.
    min_orders : int, default=3
        Purchases that a customer needs for a preference and its share. The favourite
        weekday of a customer with one purchase is the day of the purchase, with a
        share of 1.
    min_share : float, default=0.5
        Share of a customer's purchases, from 0 to 1, that a label needs to be
        preferred.
    lifecycle_gaps : tuple of two floats, default=(2.0, 3.0)
        Expected gaps without a purchase after which a customer is cooling, and lapsed.
        Somebody who buys at random, at a constant rate, is quiet for longer than two
        mean gaps in 14 % and for longer than three in 5 % of the cases.
    typical_gap : float or None, default=None
        Days between purchases that are usual in this shop. If None, the median of the
        mean gaps of all customers with at least two purchases; the report has it. Pass
        it to judge a part of the customers, or a later month, as before.
    time_zone, date_format : str or None, default=None
        How dates are read, as in `rfm_table`. Times of day are those of the local
        clock.
    decimal : {".", ","}, default="."
        Decimal mark of numbers that are text.
    thousands : {".", ",", " ", "'", "_"} or None, default=None
        Mark between groups of digits of numbers that are text.
    decimals : int or "auto", default="auto"
        Decimals of amounts, discounts and quantities, as in `rfm_table`.
    rounding : {"half_even", "half_up"} or None, default=None
        How those with more decimals are rounded, as in `rfm_table`.
    invalid : {"raise", "exclude"} or mapping of str to str, default="raise"
        What to do with transactions that cannot be used, as in `rfm_table`.
    return_report : bool, default=False
        Whether to return a `RFMTableReport` as well.

    Returns
    -------
    features : data frame of shape (n_customers, n_features)
        A frame of the same library, sorted by customer id, with the columns:

        - the customer id, with its name and type;
        - return_rate : float, money returned over money sold, from the negative and
          the positive lines; NaN if nothing was sold;
        - lines_per_order : float, mean number of lines of a purchase; with `order_id`;
        - items_per_order : float, mean sum of the quantities of a purchase; with
          `quantity`;
        - n_products, n_categories : int, number of different labels bought;
        - product_diversity, category_diversity : float, number of labels that would be
          as diverse if they were bought equally often, from 1 to the former number;
        - preferred_category, preferred_channel, preferred_payment : str, missing
          without a preference;
        - preferred_category_share, preferred_channel_share, preferred_payment_share :
          float, share of the most frequent label, preferred or not; NaN below
          `min_orders` purchases that have a label;
        - discount_share : float, money off as a share of the list price;
        - discounted_order_share : float, share of purchases with a discount;
        - weekend_share : float, share of purchases on Saturdays and Sundays;
        - preferred_weekday : str, "Monday" to "Sunday"; preferred_weekday_share;
        - preferred_time : str, "night" from 0:00, "morning" from 6:00, "afternoon" from
          12:00 or "evening" from 18:00; preferred_time_share. Both only if a date has a
          time of day other than midnight; serial dates of spreadsheets have none;
        - preferred_quarter : str, "Q1" to "Q4" of the calendar; seasonality_share :
          float, share of purchases in the strongest quarter, all years together. Both
          are missing for a tenure of less than 365 days, which lacks a season;
        - lifecycle_stage : str, "new", "active", "cooling" or "lapsed"; missing without
          a purchase;
        - expected_gap : float, days until the next purchase is expected, from the last.
    report : RFMTableReport
        Only if `return_report`.

    Raises
    ------
    ValueError
        As in `rfm_table`; and if a discount is negative where the amount is not.

    Warns
    -----
    UserWarning
        As in `rfm_table`; and if transactions have no label and no report is returned.

    Notes
    -----
    All but the return rate is about *purchases*, as `rfm_table` defines them, and about
    their lines that are no returns. A voucher booked as a negative line of a purchase
    counts in the return rate: pass it as a discount.

    *Preferences.* Each purchase counts once, with the label of its line. If its lines
    have several, each has the share of lines that it has, so that a large basket counts
    for no more than others. The most frequent label is preferred if its share is at
    least `min_share`, no other has the same, and there are at least `min_orders`
    purchases with a label. With few purchases the largest share is large by chance:
    three purchases at random times have a mean seasonality share of 0.56, twelve one
    of 0.41. Numbers of labels rise with the number of purchases as well.

    *Lifecycle.* The expected gap is the mean of the customer's own gaps between
    purchases and one typical gap more, so that one short gap does not decide. The first
    of these that holds is the stage: *new*, the first purchase is at most a typical gap
    ago; *active*, the last one is at most two expected gaps ago; *cooling*, at most
    three; *lapsed*. The numbers are `lifecycle_gaps`. If nobody has bought twice, and
    there is no `typical_gap`, all stages are missing.

    References
    ----------
    .. [1] M. O. Hill (1973). Diversity and evenness: a unifying notation and its
       consequences. Ecology 54(2), 427-432.

    Examples
    --------
    >>> from skseg import customer_features
    >>> from skseg.datasets import make_orders
    >>> orders = make_orders(200, random_state=0)
    >>> features = customer_features(
    ...     orders,
    ...     customer_id="customer_id",
    ...     order_id="order_id",
    ...     date="date",
    ...     amount="amount",
    ...     category="category",
    ...     as_of="2025-01-01",
    ... )
    >>> columns = ["customer_id", "n_categories", "preferred_category"]
    >>> features[[*columns, "lifecycle_stage"]].head(3)
       customer_id  n_categories preferred_category lifecycle_stage
    0            1             1               home         cooling
    1            2             6              books          active
    2            3             1              books          lapsed
    """
    labels = {
        "product": product,
        "category": category,
        "channel": channel,
        "payment": payment,
    }
    options = Options(
        customer_id,
        date,
        amount,
        # With an amount it is no factor, but counts items.
        quantity if amount is None else None,
        price,
        order_id,
        as_of,
        time_zone,
        date_format,
        decimal,
        thousands,
        decimals,
        rounding,
        invalid,
        owner=OWNER,
        result_columns=FEATURES,
        items=quantity,
        discount=discount,
        labels=tuple((name, c) for name, c in labels.items() if c is not None),
        with_times=True,
    )
    rules = Rules(min_orders, min_share, lifecycle_gaps, typical_gap)
    _check_columns({**labels, "discount": discount, "quantity": quantity})
    options.check()
    rules = _checked(rules)
    frame = read_transactions(transactions, options)
    lines, customer, orders, rfm, report, messages = read_customers(frame, options)
    columns, gap = feature_columns(lines, customer, orders, rfm, rules)
    table = with_ids(lines.customer.series, customer, columns)
    for message in messages:
        warnings.warn(message, stacklevel=2)
    counts = {
        name: int(np.count_nonzero(of_lines.codes < 0))
        for name, of_lines in lines.details.labels.items()
    }
    unlabelled = {name: count for name, count in counts.items() if count}
    report = replace(
        report,
        n_rounded=sum(money.n_rounded for money in lines.numbers),
        unlabelled=unlabelled,
        typical_gap=gap,
    )
    if return_report:
        return table, report
    if report.excluded:
        warnings.warn(f"Transactions were left out.\n{report}", stacklevel=2)
    elif unlabelled:
        warnings.warn(f"Transactions have no label.\n{report}", stacklevel=2)
    return table


def _check_columns(columns: Mapping[str, Any]) -> None:
    for name, column in columns.items():
        if not (column is None or isinstance(column, str)):
            rule = "the name of a column, or None"
            raise InvalidParameterError(OWNER, name, rule, column)


def _checked(rules: Rules) -> Rules:
    """Return the rules with plain numbers; raise where one breaks its rule."""
    check_int(OWNER, "min_orders", rules.min_orders, 1, 2**31)
    if not is_number(rules.min_share) or not 0 <= rules.min_share <= 1:
        raise InvalidParameterError(
            OWNER, "min_share", "a number in [0, 1]", rules.min_share
        )
    gaps: Any = rules.lifecycle_gaps
    is_pair = isinstance(gaps, Sequence | np.ndarray) and len(gaps) == 2
    is_rising = is_pair and all(map(is_number, gaps)) and 0 < gaps[0] < gaps[1]
    if not is_rising or math.isinf(gaps[1]):
        rule = "two rising numbers above 0, such as (2, 3)"
        raise InvalidParameterError(OWNER, "lifecycle_gaps", rule, gaps)
    typical = rules.typical_gap
    if typical is not None and not (is_number(typical) and 0 <= typical < math.inf):
        rule = "None or a number of days, at least 0"
        raise InvalidParameterError(OWNER, "typical_gap", rule, typical)
    return rules._replace(lifecycle_gaps=(float(gaps[0]), float(gaps[1])))
