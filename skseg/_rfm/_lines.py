"""Order lines of any frame library, read into plain arrays."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError, MissingColumnError

from ._calendar import EPOCH, as_of_day, read_days
from ._defects import Defects
from ._money import read_units

# Rows handled at a time, where a loop spares a second array of full length.
BLOCK = 1 << 16


class ColumnNames(NamedTuple):
    """Names of the columns to read."""

    customer: str
    date: str
    amount: str
    order: str | None


class Lines(NamedTuple):
    """The usable order lines."""

    customer: nw.Series[Any]
    order: nw.Series[Any] | NDArray[np.int64] | None
    day: NDArray[np.int64]  # since 1970-01-01
    units: FloatArray  # whole minor units
    as_of: dt.date
    excluded: dict[str, int]


def read_frame(transactions: Any, columns: ColumnNames) -> nw.DataFrame[Any]:
    """Wrap the frame, and check that it has rows and the named columns."""
    try:
        frame: nw.DataFrame[Any] = nw.from_native(transactions, eager_only=True)
    except TypeError as error:
        raise InvalidDataError(
            "The 'transactions' parameter of rfm_table must be a data frame in memory. "
            f"Got {type(transactions).__name__} instead.",
            owner="rfm_table",
            name="transactions",
            rule="a data frame in memory",
            value=transactions,
            advice="Pass a frame of pandas, polars or pyarrow; collect a lazy one.",
        ) from error
    wanted = [name for name in dict.fromkeys(columns) if name is not None]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise MissingColumnError("rfm_table", missing, frame.columns)
    if not len(frame):
        raise InvalidDataError(
            "rfm_table needs at least one transaction. Got 0 rows.",
            owner="rfm_table",
            name="transactions",
        )
    return frame


def read_lines(
    frame: nw.DataFrame[Any],
    columns: ColumnNames,
    *,
    as_of: Any,
    time_zone: str | None,
    decimals: int,
    invalid: str,
) -> Lines:
    """Read the columns; raise on rows that cannot be used, or exclude them."""
    defects = Defects(len(frame))
    customer = frame.get_column(columns.customer)
    defects.add("missing customer", _is_missing_id(customer))
    by_date = columns.order == columns.date
    order: Any = None
    if columns.order is not None and not by_date:
        order = frame.get_column(columns.order)
        defects.add("missing order id", _is_missing_id(order))
    dates = frame.get_column(columns.date)
    day, zone = read_days(dates, time_zone, defects)
    last = None
    if not (isinstance(as_of, str) and as_of == "latest"):
        last = as_of_day(as_of, zone)
        defects.add("date after as_of", day > last, dates)
    units = read_units(frame.get_column(columns.amount), decimals, defects)

    if defects.counts:
        _check_defects(defects, invalid)
        usable = np.flatnonzero(defects.usable)
        customer, day, units = customer[usable], day[usable], units[usable]
        order = None if order is None else order[usable]
    as_of_date = dt.date.fromordinal(EPOCH + (int(day.max()) if last is None else last))
    order = day if by_date else order
    return Lines(customer, order, day, units, as_of_date, defects.counts)


def _is_missing_id(series: nw.Series[Any]) -> BoolArray:
    """Find null, NaN and empty ids: an empty text identifies nobody."""
    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(True)
    elif series.dtype in (nw.String, nw.Categorical, nw.Enum):
        missing = missing | (series.cast(nw.String) == "").fill_null(True)
    mask: BoolArray = missing.to_numpy().astype(bool, copy=False)
    return mask


def _check_defects(defects: Defects, invalid: str) -> None:
    if invalid == "raise":
        raise InvalidDataError(
            str(defects),
            owner="rfm_table",
            name="transactions",
            value=tuple(defects.kinds),
            row=min(defect.row for defect in defects.kinds),
            advice="Correct these rows, or pass invalid='exclude' to leave them out "
            "and have them counted.",
            remedy={"invalid": "exclude"},
        )
    if not defects.usable.any():
        raise InvalidDataError(
            f"rfm_table has no transaction left to use. {defects}",
            owner="rfm_table",
            name="transactions",
            value=tuple(defects.kinds),
            row=0,
        )


def number_ids(
    ids: nw.Series[Any] | NDArray[np.int64], *, ordered: bool
) -> tuple[IntArray, int]:
    """Give each distinct id a number from 0 on, in sorted order if `ordered`."""
    array: Any = ids
    if isinstance(ids, nw.Series):
        # pandas numbers the texts of its series without a Python object for each.
        is_pandas = ids.implementation.is_pandas() and not ids.dtype.is_integer()
        array = ids.to_native() if is_pandas else ids.to_numpy()
    if isinstance(array, np.ndarray) and array.dtype.kind in "iu":
        low, high = int(array.min()), int(array.max())
        if high - low < 4 * len(array) and high <= np.iinfo(np.int64).max:
            return _number_integers(array.astype(np.int64, copy=False) - low)
    codes, distinct = pd.factorize(array)
    if ordered:
        order = _sorted_order(np.asarray(distinct))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        _relabel(codes, rank)
    return codes, len(distinct)


def _number_integers(offsets: NDArray[np.int64]) -> tuple[IntArray, int]:
    """Rank integers by a table instead of hashing them, which is far less work."""
    seen = np.zeros(int(offsets.max()) + 1, dtype=bool)
    seen[offsets] = True
    rank = np.cumsum(seen, dtype=np.intp) - 1
    _relabel(offsets, rank)
    return offsets, int(rank[-1]) + 1


def _relabel(codes: IntArray, rank: IntArray) -> None:
    """Replace the codes in place, which spares the memory of a second array."""
    for start in range(0, len(codes), BLOCK):
        part = codes[start : start + BLOCK]
        part[:] = rank[part]


def _sorted_order(ids: NDArray[Any]) -> IntArray:
    """Return the positions that sort the ids; refuse ids of mixed kinds."""
    if ids.dtype != object:
        return np.argsort(ids)
    values = ids.tolist()
    # 7 and '7' would be two customers.
    examples = {isinstance(value, str): value for value in values}
    if len(examples) == 2:
        raise InvalidDataError(
            "The customer ids mix text and other values, such as "
            f"{examples[True]!r} and {examples[False]!r}. Give them one type, for "
            "example by frame[column].astype(str)."
        )
    # Python sorts its own objects in a third of the time that numpy takes.
    return np.array(sorted(range(len(values)), key=values.__getitem__))
