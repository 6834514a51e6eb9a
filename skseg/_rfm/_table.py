"""From order lines to one row per customer: recency, frequency, monetary."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeVar, overload

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from skseg._typing import IntArray
from skseg.engines import Table, open_table

from ._calendar import EPOCH
from ._columns import with_ids
from ._ids import number_ids
from ._lines import Lines, read_lines, read_transactions
from ._money import check_sums
from ._orders import Orders, group_orders, summarise
from ._table_options import Options
from ._table_report import RFMTableReport

FrameT = TypeVar("FrameT")


@overload
def rfm_table(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    as_of: Any,
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
def rfm_table(
    transactions: FrameT,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    as_of: Any,
    time_zone: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    decimals: int | str = "auto",
    rounding: str | None = None,
    invalid: str | Mapping[str, str] = "raise",
    return_report: Literal[True],
) -> tuple[FrameT, RFMTableReport]: ...


def rfm_table(
    transactions: Any,
    *,
    customer_id: str,
    date: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order_id: str | None = None,
    as_of: Any,
    time_zone: str | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    decimals: int | str = "auto",
    rounding: str | None = None,
    invalid: str | Mapping[str, str] = "raise",
    return_report: bool = False,
) -> Any:
    """Summarise order lines into one row per customer.

    Parameters
    ----------
    transactions : data frame of shape (n_lines, n_columns), path or table
        Order lines, in any order: pandas, polars, pyarrow, or any other frame in
        memory that narwhals reads; or lines that stay where they are: the path or
        pattern of Parquet or CSV files, a relation of DuckDB, a DataFrame of Spark, a
        table of ibis, a LazyFrame of polars, or what `skseg.engines.sql_table` gives.
        It is not changed.
    customer_id : str
        Column of the customer ids. Text and numbers must not be mixed.
    date : str
        Column of the dates: dates, timestamps with or without a time zone, or text
        in ISO 8601 or in the `date_format`.
    amount : str or None, default=None
        Column of the amounts of money, negative for returns: floats, integers,
        decimals, or text. May be None with `quantity` and `price`.
    quantity, price : str or None, default=None
        Columns whose exact product is the amount, in place of `amount`.
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
    date_format : str or None, default=None
        Format of dates that are text or numbers, in the codes of
        ``datetime.strptime``: "%d.%m.%Y" for 31.12.2024, "%m/%d/%Y" for 12/31/2024,
        "%Y%m%d" for 20241231. "excel" reads the serial dates of spreadsheets (45657
        for 2024-12-31). If None, text must be ISO 8601. It says nothing about columns
        of dates or timestamps.
    decimal : {".", ","}, default="."
        Decimal mark of numbers that are text.
    thousands : {".", ",", " ", "'", "_"} or None, default=None
        Mark between groups of digits of numbers that are text. A currency sign or
        code beside the number is read over, as long as there is only one currency in
        the column; "(12.00)" and "12.00-" are negative.
    decimals : int or "auto", default="auto"
        Decimals of an amount, from 0 to 12: money is summed in whole multiples of
        ``10**-decimals``, which is exact and does not depend on the order of the rows.
        "auto" takes the fewest that hold all amounts. The noise of floating-point
        arithmetic is no decimal: 15.299999999999999 is 15.3, as a float and as text.
    rounding : {"half_even", "half_up"} or None, default=None
        Round amounts with more than `decimals` decimals, half to even or half away
        from zero; the report counts them. If None, they are an error.
    invalid : {"raise", "exclude"} or mapping of str to str, default="raise"
        What to do with transactions that cannot be used. "exclude" leaves them out,
        and counts them in the report or else in a warning. A mapping says it for some
        kinds, ``{"date after as_of": "exclude"}``; all others raise. The kinds are

        - "missing customer" and "missing order id": an empty or blank id counts as
          none;
        - "missing date" and "unparsable date";
        - "date after as_of";
        - "missing amount", "unparsable amount" and "non-finite amount", of the
          quantity and the price as well;
        - "placeholder customer" and "placeholder order id": ids such as "NULL", "NA"
          or "nan", which usually stand for a missing value. They are used, with a
          warning, unless a mapping says "keep" (without a warning), "exclude" or
          "raise".
    return_report : bool, default=False
        Whether to return a `RFMTableReport` as well.

    Returns
    -------
    table : data frame of shape (n_customers, 7)
        A frame of the same library, sorted by customer id. Of lines that are not in
        memory it is the lazy object of their engine, in no order, and NULL stands for
        NaN. It has the columns:

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
        If `transactions` is neither a data frame nor a table; if a parameter is out of
        its range; if columns are missing; if there is no transaction to use; if there
        are invalid transactions that are not excluded; if amounts have more decimals
        than `decimals`, or than can be summed exactly, and are not to be rounded; if
        the amounts of a customer add up to 2**53 minor units or more; if floats of 16
        or 32 bits cannot tell their amounts from others; if amounts are in several
        currencies; if the customer ids mix text and numbers.

    Warns
    -----
    UserWarning
        If transactions are left out and no report is returned. If ids are texts that
        usually stand for a missing value, and `invalid` says nothing about them.

    Notes
    -----
    An order is a *purchase* unless it is cancelled, that is unless its net amount is
    negative, or is zero with a negative line. A free order (a voucher) is a purchase.
    Cancellations and returns lower `monetary`, and count in nothing else. A customer
    with nothing but returns stays in the table, with a frequency of 0.

    Of lines that are not in memory, one query counts the defects and finds the decimals
    of the amounts; it is run here, and so are the errors raised. The table is a second
    query, run by whoever reads the result, and valid for the lines that were counted.
    `return_report` takes a third, for the numbers of orders. The values are those of
    the same lines in memory, to the last bit. Texts of dates and amounts are read once
    a value, up to 50,000 different ones; a moment with a zone needs `time_zone`, except
    on Spark and MySQL, where it is shown by the clock of the session.

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
      amounts       summed exactly in 1 decimal
      orders        4: 3 purchases, 1 cancelled
      customers     2, of whom 0 without a purchase
    """
    options = Options(
        customer_id,
        date,
        amount,
        quantity,
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
    )
    options.check()
    table_of_lines = open_table(transactions)
    if table_of_lines is not None:
        return _relation(table_of_lines, options, return_report=return_report)
    customers = read_customers(read_transactions(transactions, options), options)
    lines, report = customers.lines, customers.report
    table = with_ids(lines.customer.series, customers.customer, customers.values)
    for message in customers.warnings:
        warnings.warn(message, stacklevel=2)
    if return_report:
        return table, report
    if report.excluded:
        warnings.warn(f"Transactions were left out.\n{report}", stacklevel=2)
    return table


def _relation(table: Table, options: Options, *, return_report: bool) -> Any:
    """Return the table of customers as an object of the engine that holds the lines."""
    # What it needs of SQL is an extra.
    from . import _lazy

    customers = _lazy.read_customers(table, options, with_report=return_report)
    for kind, texts in customers.placeholders.items():
        if texts and options.action(kind) == "warn":
            message = _placeholder_warning(kind, texts, customers.excluded, options)
            warnings.warn(message, stacklevel=3)
    if return_report:
        return customers.relation, customers.report
    if customers.excluded:
        kinds = [f"{count:,} {kind}" for kind, count in customers.excluded.items()]
        warnings.warn(
            f"Of {customers.n_rows:,} transactions some were left out: "
            f"{'; '.join(kinds)}. Pass return_report=True for all counts.",
            stacklevel=3,
        )
    return customers.relation


class Customers(NamedTuple):
    """Order lines with their customers, orders and RFM values, and what to say of them.

    `customer` is the place of each line's customer in the sorted ids, `values` the
    columns of `rfm_table` but the ids.
    """

    lines: Lines
    customer: IntArray
    orders: Orders
    values: dict[str, NDArray[Any]]
    report: RFMTableReport
    warnings: list[str]


def read_customers(frame: nw.DataFrame[Any], options: Options) -> Customers:
    """Return the customers of a frame of transactions, or raise."""
    lines = read_lines(frame, options)
    placeholders = lines.placeholders()
    customer, n_customers = number_ids(
        lines.customer, ordered=True, owner=options.owner
    )
    for money in lines.numbers:
        check_sums(customer, money, options.owner)
    orders = group_orders(customer, lines)
    as_of_day = lines.as_of.toordinal() - EPOCH
    scale = 10**lines.money.decimals
    values = summarise(orders, n_customers, as_of_day, scale)
    return Customers(
        lines,
        customer,
        orders,
        values,
        _report(lines, placeholders, orders, len(frame), values["frequency"]),
        [
            _placeholder_warning(kind, texts, lines.excluded, options)
            for kind, texts in placeholders.items()
            if texts and options.action(kind) == "warn"
        ],
    )


def _placeholder_warning(
    kind: str, texts: Mapping[str, int], excluded: Iterable[str], options: Options
) -> str:
    """Return which ids may be none, and what to do."""
    shown = ", ".join(f"{text!r} ({n:,})" for text, n in texts.items())
    n_rows = sum(texts.values())
    verb = "transaction has" if n_rows == 1 else "transactions have"
    noun = kind.removeprefix("placeholder ").replace("customer", "customer id")
    article = "an" if noun.startswith("o") else "a"
    # What has been left out would be refused again without its action.
    invalid: dict[str, str] = dict.fromkeys(excluded, "exclude")
    if isinstance(options.invalid, Mapping):
        invalid = dict(options.invalid)
    exclude, keep = {**invalid, kind: "exclude"}, {**invalid, kind: "keep"}
    return (
        f"{n_rows:,} {verb} {article} {noun} that usually stands for a missing one: "
        f"{shown}. "
        f"It was used as it is written. To leave such rows out, pass "
        f"invalid={exclude!r}; to use them without this warning, invalid={keep!r}."
    )


def _report(
    lines: Lines,
    placeholders: Mapping[str, dict[str, int]],
    orders: Orders,
    n_rows: int,
    frequency: NDArray[np.int64],
) -> RFMTableReport:
    """Return the counts of what was read, used and excluded."""
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
        decimals=lines.money.decimals,
        n_rounded=lines.money.n_rounded,
        excluded=dict(lines.excluded),
        placeholder_customers=placeholders["placeholder customer"],
        placeholder_orders=placeholders["placeholder order id"],
    )
