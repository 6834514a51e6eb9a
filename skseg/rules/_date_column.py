"""Dates of a column: whatever holds them becomes datetime64 in microseconds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg.exceptions import RuleError, representation

from ._language._dates import (
    ISO_EXAMPLES,
    has_zone,
    is_date_value,
    matching_format,
    microseconds_of,
    microseconds_of_text,
    to_microseconds,
)
from ._values import is_missing_value, is_number

MISSING = np.iinfo(np.int64).min
_KIND = "dates"

DateArray = npt.NDArray[np.datetime64]


def read_dates(owner: str, name: str, values: Any) -> DateArray:
    """Return an array of any dtype as datetime64 in microseconds, NaT for missing."""
    if values.dtype.kind == "M":
        microseconds = to_microseconds(values)
    elif values.dtype.kind == "f" and np.isnan(values).all():
        microseconds = np.full(len(values), MISSING)
    elif values.dtype.kind in "fiubm":
        raise no_dates_error(owner, name, values.dtype, _number_advice(name, values))
    else:
        microseconds = _from_objects(owner, name, values)
    return microseconds.view("M8[us]")  # type: ignore[no-any-return]


def _number_advice(name: str, values: Any) -> str:
    if values.dtype.kind == "m":
        return "Durations are numbers: compare with a number of days."
    return (
        "Turn numbers into dates first; seconds since 1970 by "
        f"pandas.to_datetime(X[{name!r}], unit='s')."
    )


def _from_objects(owner: str, name: str, values: Any) -> npt.NDArray[np.int64]:
    microseconds = np.empty(len(values), dtype=np.int64)
    # Columns hold the same few days again and again.
    remembered: dict[str, int] = {}
    for row, value in enumerate(values):
        number = remembered.get(value) if type(value) is str else None
        if number is None:
            number = microseconds_of_value(value)
            if number is None:
                raise _unreadable_error(owner, name, row, value)
            if type(value) is str:
                remembered[value] = number
        microseconds[row] = number
    return microseconds


def microseconds_of_value(value: Any) -> int | None:
    """Return one value in microseconds, `MISSING` for a missing one, None for no date.

    A value with a time zone is none: which day it is on depends on where.
    """
    if isinstance(value, str):
        return microseconds_of_text(value)
    if type(value) is dt.datetime and value.tzinfo is None:
        return microseconds_of(value)
    if is_missing_value(value):
        return MISSING
    if isinstance(value, dt.date):
        return None if getattr(value, "tzinfo", None) else microseconds_of(value)
    if isinstance(value, np.datetime64):
        return int(to_microseconds(np.array([value]))[0])
    return None


def _unreadable_error(owner: str, name: str, row: int, value: Any) -> RuleError:
    """Return the error for a value that is no date; the caller raises it."""
    is_zoned = is_date_value(value) or (isinstance(value, str) and has_zone(value))
    advice = f"Dates in text are ISO dates, such as {ISO_EXAMPLES}."
    if is_zoned:
        advice = zone_advice(name)
    elif isinstance(value, str):
        form = matching_format(value) or "%d.%m.%Y"
        advice += (
            " Read other ones first, as "
            f"pandas.to_datetime(X[{name!r}], format={form!r}) does."
        )
    elif hasattr(value, "to_timestamp"):
        advice = f"Periods have a first moment: X[{name!r}].dt.to_timestamp()."
    elif is_number(value):
        advice = "Turn numbers into dates first, as pandas.to_datetime does."
    return RuleError(
        f"{owner} compares {_KIND}, and row {row} of column {name!r} holds "
        f"{representation(value)} ({type(value).__name__}).",
        owner=owner,
        rule=_KIND,
        value=value,
        column=name,
        row=row,
        advice=advice,
    )


def no_dates_error(owner: str, name: str, dtype: object, advice: str) -> RuleError:
    """Return the error for a column whose type holds no dates; the caller raises it."""
    return RuleError(
        f"{owner} compares {_KIND}, and column {name!r} holds {dtype}.",
        owner=owner,
        rule=_KIND,
        value=dtype,
        column=name,
        advice=advice,
    )


def zone_advice(name: str, library: str = "pandas") -> str:
    """Say how to turn moments with a time zone into local ones."""
    column = f"X[{name!r}]"
    steps = {
        "polars": f"{column}.dt.convert_time_zone('Europe/Berlin')"
        ".dt.replace_time_zone(None)",
        "pyarrow": f"pyarrow.compute.local_timestamp({column})",
    }.get(
        library,
        f"pandas.to_datetime({column}, utc=True).dt.tz_convert('Europe/Berlin')"
        ".dt.tz_localize(None)",
    )
    return f"date(...) has no time zone, so turn the column into local time: {steps}"
