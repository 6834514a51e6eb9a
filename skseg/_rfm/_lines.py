"""Order lines of any frame library, read into plain arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.rules._frames import read_frame

from ._calendar import EPOCH, as_of_day, read_moments
from ._defects import DefectCounts, Defects, describe_defects
from ._ids import Ids, read_ids
from ._labels import Labels, read_labels
from ._money import Money, read_money
from ._series import plain_series
from ._table_options import Options


class Details(NamedTuple):
    """What is read beyond recency, frequency and monetary value, where asked for."""

    second: NDArray[np.int64] | None  # of the day, by the local clock
    items: Money | None
    discount: Money | None
    labels: dict[str, Labels]

    def take(self, rows: IntArray) -> Details:
        """Return the details of some rows."""
        return Details(
            None if self.second is None else self.second[rows],
            None if self.items is None else self.items.take(rows),
            None if self.discount is None else self.discount.take(rows),
            {name: labels.take(rows) for name, labels in self.labels.items()},
        )


class Lines(NamedTuple):
    """The usable order lines."""

    customer: Ids
    order: Ids | NDArray[np.int64] | None
    day: NDArray[np.int64]  # since 1970-01-01
    money: Money
    as_of: dt.date
    excluded: dict[str, int]
    details: Details

    @property
    def numbers(self) -> list[Money]:
        """The amounts, discounts and items, as far as they were asked for."""
        columns = (self.money, self.details.discount, self.details.items)
        return [column for column in columns if column is not None]

    def placeholders(self) -> dict[str, dict[str, int]]:
        """Return kind of placeholder -> texts used as ids -> number of lines."""
        order = self.order
        return {
            "placeholder customer": self.customer.placeholders(),
            "placeholder order id": (
                order.placeholders() if isinstance(order, Ids) else {}
            ),
        }


def read_transactions(transactions: Any, options: Options) -> nw.DataFrame[Any]:
    """Wrap the frame, and check that it has rows and the named columns."""
    frame = read_frame(transactions, options.owner, "transactions")
    if frame is None:
        raise InvalidDataError(
            f"The 'transactions' parameter of {options.owner} must be a data frame in "
            f"memory. Got {type(transactions).__name__} instead.",
            owner=options.owner,
            name="transactions",
            rule="a data frame in memory",
            value=transactions,
            advice="Pass a frame of pandas, polars or pyarrow.",
        )
    names = options.column_names
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise MissingColumnError(options.owner, missing, frame.columns)
    if not len(frame):
        raise InvalidDataError(
            f"{options.owner} needs at least one transaction. Got 0 rows.",
            owner=options.owner,
            name="transactions",
        )
    return frame


def read_lines(frame: nw.DataFrame[Any], options: Options) -> Lines:
    """Read the columns; raise on rows that cannot be used, or exclude them."""
    defects = Defects(len(frame), options.owner)
    customer = read_ids(
        plain_series(frame, options.customer_id), "customer", options, defects
    )
    by_date = options.order_id == options.date
    order: Any = None
    if options.order_id is not None and not by_date:
        order = read_ids(
            plain_series(frame, options.order_id), "order id", options, defects
        )
    dates = plain_series(frame, options.date)
    moments = read_moments(
        dates,
        options.time_zone,
        options.date_format,
        defects,
        with_times=options.with_times,
    )
    day = moments.day
    last = None
    if not (isinstance(options.as_of, str) and options.as_of == "latest"):
        last = as_of_day(options.as_of, moments.zone, options.owner)
        defects.add("date after as_of", day > last, dates)
    money = read_money(frame, options, defects)
    details = _read_details(frame, options, defects, moments.second, money)

    if defects.counts:
        check_defects(defects, options)
        usable = np.flatnonzero(defects.usable)
        customer, day, money = customer.take(usable), day[usable], money.take(usable)
        order = None if order is None else order.take(usable)
        details = details.take(usable)
    as_of = dt.date.fromordinal(EPOCH + (int(day.max()) if last is None else last))
    order = day if by_date else order
    return Lines(customer, order, day, money, as_of, defects.counts, details)


def _read_details(
    frame: nw.DataFrame[Any],
    options: Options,
    defects: Defects,
    second: NDArray[np.int64] | None,
    money: Money,
) -> Details:
    discount = items = None
    if options.items is not None:
        items = _read_numbers(frame, options.items, options, defects)
    if options.discount is not None:
        discount = _read_numbers(frame, options.discount, options, defects)
        is_wrong = defects.usable & (money.units >= 0) & (discount.units < 0)
        if is_wrong.any():
            raise _negative_discount(frame, options, int(is_wrong.argmax()))
    labels = {
        name: read_labels(plain_series(frame, column), options.owner)
        for name, column in options.labels
    }
    return Details(second, items, discount, labels)


def _read_numbers(
    frame: nw.DataFrame[Any], column: str, options: Options, defects: Defects
) -> Money:
    """Read a further column of numbers, as the amounts are read."""
    if column in options.amount_columns:
        # Its defects are known already, and shall not be listed twice.
        usable = defects.usable
        defects = Defects(len(frame), options.owner)
        defects.usable &= usable
    alone = options._replace(amount=column, quantity=None, price=None)
    return read_money(frame, alone, defects)


def _negative_discount(
    frame: nw.DataFrame[Any], options: Options, row: int
) -> InvalidDataError:
    column = str(options.discount)
    value = frame[column][row]
    return InvalidDataError(
        f"The discount {value} in row {row} (counted from 0) of the column {column!r} "
        "is negative, though the amount is not.",
        owner=options.owner,
        name="discount",
        rule="money off, negative for returns alone",
        value=value,
        column=column,
        row=row,
        advice="If it is written as a negative number where money is taken off, pass "
        "the column with the opposite sign.",
    )


def check_defects(defects: DefectCounts, options: Options) -> None:
    """Raise on defects that are not excluded, or that leave nothing."""
    n_rows = defects.n_rows
    refused = defects.explained("raise", options.action)
    if refused and defects.n_usable:
        kinds = (defect.kind for defect in refused if not defect.is_second)
        by_kind = dict.fromkeys(kinds, "exclude")
        remedy: Any = "exclude"
        alone = f", or invalid={by_kind!r} for these kinds alone"
        if isinstance(options.invalid, Mapping):
            remedy, alone = {**options.invalid, **by_kind}, ""
        raise InvalidDataError(
            describe_defects(refused, n_rows),
            owner=options.owner,
            name="transactions",
            value=tuple(refused),
            row=min((d.row for d in refused if d.row is not None), default=None),
            advice=f"Correct these rows, or pass invalid={remedy!r} to leave them out "
            f"and have them counted{alone}.",
            remedy={"invalid": remedy},
        )
    if not defects.n_usable:
        unusable = [*refused, *defects.explained("exclude", options.action)]
        raise InvalidDataError(
            f"{options.owner} has no transaction left to use. "
            f"{describe_defects(unusable, n_rows)}",
            owner=options.owner,
            name="transactions",
            value=tuple(unusable),
            row=0 if unusable and unusable[0].row is not None else None,
            advice="Correct these rows: invalid='exclude' leaves such rows out, and "
            "then none is left."
            if refused
            else None,
        )
