"""From order lines to one row per customer: recency, frequency, monetary."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, overload

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from skseg._core._validation import check_choice, check_int
from skseg._html import html_table
from skseg._typing import IntArray
from skseg.exceptions import InvalidParameterError

from ._calendar import EPOCH, check_time_zone
from ._lines import BLOCK, ColumnNames, Lines, number_ids, read_frame, read_lines
from ._money import MAX_DECIMALS, check_sums
from ._orders import Orders, group_orders, summarise

FrameT = TypeVar("FrameT")
OWNER = "rfm_table"

RESULT_COLUMNS = (
    "recency",
    "frequency",
    "monetary",
    "tenure",
    "average_order_value",
    "mean_gap",
)


@dataclass(frozen=True)
class RFMTableReport:
    """Counts of what `rfm_table` has read, used and excluded.

    Attributes
    ----------
    as_of : datetime.date
        The day from which recency and tenure are counted.
    n_rows, n_used : int
        Transactions read, and transactions used.
    n_customers : int
        Customers with at least one usable transaction: the rows of the table.
    n_orders, n_purchases, n_cancelled_orders : int
        Orders, of which purchases and cancelled.
    n_customers_without_purchase : int
        Customers all of whose orders are cancelled.
    excluded : dict of str to int
        Number of transactions left out, by kind of defect. Each counts once, under
        its first defect, so the counts add up to ``n_rows - n_used``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import rfm_table
    >>> lines = pd.DataFrame(
    ...     {"who": ["Ann", None], "when": ["2024-03-01", "2024-03-05"], "paid": [5, 7]}
    ... )
    >>> table, report = rfm_table(
    ...     lines,
    ...     customer_id="who",
    ...     date="when",
    ...     amount="paid",
    ...     as_of="2024-03-31",
    ...     invalid="exclude",
    ...     return_report=True,
    ... )
    >>> report.excluded
    {'missing customer': 1}
    """

    as_of: dt.date
    n_rows: int
    n_used: int
    n_customers: int
    n_orders: int
    n_purchases: int
    n_cancelled_orders: int
    n_customers_without_purchase: int
    excluded: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Show the counts in a few lines."""
        kinds = [f"{count:,} {kind}" for kind, count in self.excluded.items()]
        return (
            f"RFM table as of {self.as_of}\n"
            f"  transactions  {self.n_rows:,} read, {self.n_used:,} used\n"
            f"  excluded      {'; '.join(kinds) or 'none'}\n"
            f"  orders        {self.n_orders:,}: {self.n_purchases:,} purchases, "
            f"{self.n_cancelled_orders:,} cancelled\n"
            f"  customers     {self.n_customers:,}, of whom "
            f"{self.n_customers_without_purchase:,} without a purchase"
        )

    def _repr_html_(self) -> str:
        """Show the counts as a table in notebooks."""
        counts = [
            ("transactions read", self.n_rows),
            ("transactions used", self.n_used),
            *((f"excluded: {kind}", count) for kind, count in self.excluded.items()),
            ("orders", self.n_orders),
            ("purchases", self.n_purchases),
            ("cancelled orders", self.n_cancelled_orders),
            ("customers", self.n_customers),
            ("customers without a purchase", self.n_customers_without_purchase),
        ]
        rows = [(name, f"{count:,}") for name, count in counts]
        return html_table(["", "n"], rows, f"RFM table as of {self.as_of}")


@overload
def rfm_table(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str,
    order_id: str | None = None,
    as_of: Any,
    time_zone: str | None = None,
    decimals: int = 2,
    invalid: str = "raise",
    return_report: Literal[False] = False,
) -> FrameT: ...


@overload
def rfm_table(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str,
    order_id: str | None = None,
    as_of: Any,
    time_zone: str | None = None,
    decimals: int = 2,
    invalid: str = "raise",
    return_report: Literal[True],
) -> tuple[FrameT, RFMTableReport]: ...


def rfm_table(
    transactions: Any,
    *,
    customer_id: str,
    date: str,
    amount: str,
    order_id: str | None = None,
    as_of: Any,
    time_zone: str | None = None,
    decimals: int = 2,
    invalid: str = "raise",
    return_report: bool = False,
) -> Any:
    """Summarise order lines into one row per customer.

    Parameters
    ----------
    transactions : data frame of shape (n_lines, n_columns)
        Order lines, in any order: pandas, polars, pyarrow, or any other frame in
        memory that narwhals reads. It is not changed.
    customer_id : str
        Column of the customer ids. Text and numbers must not be mixed.
    date : str
        Column of the dates: dates, timestamps with or without a time zone, or text
        in ISO 8601.
    amount : str
        Column of the amounts of money, negative for returns: floats, integers,
        decimals, or text of plain numbers.
    order_id : str or None, default=None
        Column of the order ids. Lines of the same customer and order id are one
        order, dated by its earliest line, so that a return booked later under the
        same id is no new purchase. If it is the date column, each calendar day of a
        customer is one order. If None, each line is one order.
    as_of : date, datetime, str, pandas.Timestamp or "latest"
        The day from which recency and tenure are counted: text in ISO 8601, or
        "latest" for the day of the latest usable transaction. A moment with a time
        zone is converted to the zone of the dates; without one, its day is taken as
        it is written. Transactions after that day are invalid.
    time_zone : str or None, default=None
        Convert timestamps that have a time zone to this one, such as
        "Europe/Berlin", before their calendar day is taken. If None, it is the day in
        their own time zone. Timestamps without a time zone are taken as they are
        written.
    decimals : int, default=2
        Decimals of an amount, from 0 to 6: money is summed in whole multiples of
        ``10**-decimals``, which is exact and does not depend on the order of the rows.
    invalid : {"raise", "exclude"}, default="raise"
        What to do with transactions that cannot be used: without a customer, order
        id, date or amount (an empty id counts as none), with a date or amount that
        cannot be read, with an infinite amount, or dated after `as_of`. "exclude"
        leaves them out, and counts them in the report or else in a warning.
    return_report : bool, default=False
        Whether to return a `RFMTableReport` as well.

    Returns
    -------
    table : data frame of shape (n_customers, 7)
        A frame of the same library, sorted by customer id, with the columns:

        - the customer id, with its name and type;
        - recency : float, calendar days from the last purchase to `as_of`; 0 for a
          purchase on that day, NaN without a purchase;
        - frequency : int, number of purchases;
        - monetary : float, sum of all amounts, returns included, in units of currency;
        - tenure : float, calendar days from the first purchase to `as_of`; NaN
          without a purchase;
        - average_order_value : float, ``monetary / frequency``; NaN without a
          purchase;
        - mean_gap : float, mean number of calendar days between successive purchases,
          ``(tenure - recency) / (frequency - 1)``; NaN below two purchases.
    report : RFMTableReport
        Only if `return_report`.

    Raises
    ------
    ValueError
        If `transactions` is not a data frame in memory; if a parameter is out of its
        range; if columns are missing; if there is no transaction to use; if there are
        invalid transactions and ``invalid="raise"``; if an amount has more decimals
        than `decimals`; if the amounts of a customer add
        up to 2**53 minor units or more; if the customer ids mix text and numbers.

    Warns
    -----
    UserWarning
        If transactions are left out and no report is returned.

    Notes
    -----
    An order is a *purchase* unless it is cancelled, that is unless its net amount is
    negative, or is zero with a negative line. A free order (a voucher) is a purchase.
    Cancellations and returns lower `monetary`, and count in nothing else. A customer
    with nothing but returns stays in the table, with a frequency of 0.

    Recency, frequency and monetary value are those of Hughes [1]_. Fader, Hardie and
    Lee [2]_ count from the first purchase instead: for their model of repeat buying
    with orders by day, x is ``frequency - 1``, t_x is ``tenure - recency`` and T is
    `tenure`.

    References
    ----------
    .. [1] A. M. Hughes (1994). Strategic Database Marketing. Probus.
    .. [2] P. S. Fader, B. G. S. Hardie and K. L. Lee (2005). "Counting your customers"
       the easy way: an alternative to the Pareto/NBD model. Marketing Science 24(2),
       275-284.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg import rfm_table
    >>> march = pd.Timestamp("2024-03-01")
    >>> lines = pd.DataFrame(
    ...     {
    ...         "customer": ["Ann", "Ann", "Ann", "Bob", "Bob"],
    ...         "order": [1, 1, 3, 2, 4],
    ...         "date": march + pd.to_timedelta([0, 0, 10, 4, 5], "D"),
    ...         "amount": [20.0, 5.5, 10.0, 30.0, -30.0],
    ...     }
    ... )
    >>> table, report = rfm_table(
    ...     lines,
    ...     customer_id="customer",
    ...     order_id="order",
    ...     date="date",
    ...     amount="amount",
    ...     as_of="2024-03-31",
    ...     return_report=True,
    ... )
    >>> table[["customer", "recency", "frequency", "monetary", "mean_gap"]]
      customer  recency  frequency  monetary  mean_gap
    0      Ann     20.0          2      35.5      10.0
    1      Bob     26.0          1       0.0       NaN
    >>> print(report)
    RFM table as of 2024-03-31
      transactions  5 read, 5 used
      excluded      none
      orders        4: 3 purchases, 1 cancelled
      customers     2, of whom 0 without a purchase
    """
    columns = ColumnNames(customer_id, date, amount, order_id)
    _check_parameters(columns, time_zone, decimals, invalid)
    frame = read_frame(transactions, columns)
    lines = read_lines(
        frame,
        columns,
        as_of=as_of,
        time_zone=time_zone,
        decimals=decimals,
        invalid=invalid,
    )
    customer, n_customers = number_ids(lines.customer, ordered=True)
    check_sums(customer, lines.units, decimals)
    orders = group_orders(customer, lines)
    as_of_day = lines.as_of.toordinal() - EPOCH
    values = summarise(orders, n_customers, as_of_day, 10**decimals)
    report = _report(lines, orders, len(frame), values["frequency"])
    table = _with_ids(lines.customer, customer, values)
    if return_report:
        return table, report
    if report.excluded:
        warnings.warn(f"Transactions were left out.\n{report}", stacklevel=2)
    return table


def _check_parameters(
    columns: ColumnNames, time_zone: str | None, decimals: int, invalid: str
) -> None:
    names = ("customer_id", "date", "amount", "order_id")
    for name, column in zip(names, columns, strict=True):
        if not (isinstance(column, str) or (name == "order_id" and column is None)):
            raise InvalidParameterError(OWNER, name, "the name of a column", column)
    if columns.customer in RESULT_COLUMNS:
        raise InvalidParameterError(
            OWNER,
            "customer_id",
            f"a name that no column of the result has ({', '.join(RESULT_COLUMNS)})",
            columns.customer,
        )
    check_time_zone(time_zone)
    check_int(OWNER, "decimals", decimals, 0, MAX_DECIMALS)
    check_choice(OWNER, "invalid", invalid, ["raise", "exclude"])


def _report(
    lines: Lines, orders: Orders, n_rows: int, frequency: NDArray[np.int64]
) -> RFMTableReport:
    n_cancelled = int(np.count_nonzero(orders.is_cancelled))
    return RFMTableReport(
        as_of=lines.as_of,
        n_rows=n_rows,
        n_used=len(lines.day),
        n_customers=len(frequency),
        n_orders=len(orders.day),
        n_purchases=len(orders.day) - n_cancelled,
        n_cancelled_orders=n_cancelled,
        n_customers_without_purchase=int(np.count_nonzero(frequency == 0)),
        excluded=dict(lines.excluded),
    )


def _with_ids(
    ids: nw.Series[Any], customer: IntArray, values: dict[str, NDArray[Any]]
) -> Any:
    """Return a frame of the ids, in the type of the input, and the values."""
    row = np.empty(len(values["frequency"]), dtype=np.intp)
    for start in range(0, len(customer), BLOCK):
        part = customer[start : start + BLOCK]
        row[part] = np.arange(start, start + len(part))
    table = nw.maybe_reset_index(ids[row].to_frame())
    backend = nw.get_native_namespace(table)
    series = [nw.new_series(k, v, backend=backend) for k, v in values.items()]
    return table.with_columns(*series).to_native()
