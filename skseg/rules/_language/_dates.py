"""Dates: moments without a time zone, in microseconds."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg.exceptions import RuleError

_EPOCH = dt.datetime(1970, 1, 1)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY = 86_400_000_000

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?",
    re.ASCII,
)
# How a time zone ends a text that is an ISO date but for it.
_ZONE = re.compile(r"\s?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)", re.IGNORECASE | re.ASCII)

ISO_EXAMPLES = "'2024-12-25' or '2024-12-25 18:00'"


@dataclass(frozen=True, slots=True, repr=False)
class Date:
    """``date('2024-12-25 18:00')``: a moment, in microseconds since 1970-01-01.

    A day stands for its first moment. There is no time zone.
    """

    microseconds: int

    @property
    def iso(self) -> str:
        """The moment as text, without parts that are zero."""
        days, microseconds = divmod(self.microseconds, _DAY)
        day = str(np.datetime64(days, "D"))
        if not microseconds:
            return day
        seconds, fraction = divmod(microseconds, 1_000_000)
        text = f"{day} {seconds // 3600:02}:{seconds // 60 % 60:02}"
        if seconds % 60 or fraction:
            text += f":{seconds % 60:02}"
        return f"{text}.{fraction:06}".rstrip("0") if fraction else text

    @property
    def padded(self) -> str:
        """The moment as text of one length: date, time and microseconds."""
        moment = np.datetime64(self.microseconds, "us")
        return str(moment).replace("T", " ")

    @property
    def is_midnight(self) -> bool:
        """Whether this is the first moment of a day."""
        return self.microseconds % _DAY == 0

    def __repr__(self) -> str:
        return f"date({self.iso!r})"


def is_date_value(value: object) -> bool:
    """Tell whether a value is a date or a moment of Python, numpy or pandas."""
    # pandas' Timestamp, and its NaT, are datetimes.
    return isinstance(value, Date | dt.date | np.datetime64)


def as_date(value: Any) -> Date:
    """Return a date, a moment or ISO text as a `Date`, checked."""
    if isinstance(value, Date):
        return value
    if isinstance(value, str):
        return _date_of_text(value)
    if not is_date_value(value):
        raise RuleError(
            f"A date must be ISO text, such as {ISO_EXAMPLES}, a datetime.date or a "
            f"datetime.datetime. Got {value!r} instead.",
            rule="a date",
            value=value,
        )
    if value != value:
        raise RuleError(
            "NaT is not a date: nothing compares with it.",
            rule="a date",
            value=value,
            advice="Use missing(column) to ask for missing values.",
        )
    if getattr(value, "tzinfo", None) is not None:
        raise _zone_error(value)
    moment = np.datetime64(value) if not isinstance(value, np.datetime64) else value
    microseconds = int(to_microseconds(np.array([moment]))[0])
    if getattr(value, "nanosecond", 0) or moment != np.datetime64(microseconds, "us"):
        raise RuleError(
            f"Rules compare dates in microseconds. Got {value!r}.",
            rule="in whole microseconds",
            value=value,
        )
    return _in_calendar(Date(microseconds), value)


def _date_of_text(text: str) -> Date:
    microseconds = microseconds_of_text(text)
    if microseconds is not None:
        fraction = text.partition(".")[2]
        if fraction[6:].strip("0"):
            raise RuleError(
                f"Rules compare dates in microseconds. Got {text!r}.",
                rule="in whole microseconds",
                value=text,
            )
        return Date(microseconds)
    if has_zone(text):
        raise _zone_error(text)
    raise RuleError(
        f"A date must be ISO text, such as {ISO_EXAMPLES}. Got {text!r} instead."
        f"{iso_hint(text)}",
        rule="ISO text",
        value=text,
    )


def _zone_error(value: object) -> RuleError:
    return RuleError(
        f"date(...) has no time zone. Got {value!r}.",
        rule="without a time zone",
        value=value,
        advice="Write the local time that the columns hold, without a zone.",
    )


def _in_calendar(date: Date, value: object) -> Date:
    if not re.match(r"(?!0000)\d{4}-", date.iso):
        raise RuleError(
            f"A date must lie in the years 1 to 9999. Got {value!r} instead.",
            rule="in the years 1 to 9999",
            value=value,
        )
    return date


def microseconds_of_text(text: str) -> int | None:
    """Return an ISO date or moment in microseconds, finer digits cut off; else None."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    *parts, fraction = match.groups()
    try:
        moment = dt.datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]
    except ValueError:
        return None
    return microseconds_of(moment) + int((fraction or "").ljust(6, "0")[:6])


def microseconds_of(value: dt.date) -> int:
    """Return a day or a moment without a time zone in microseconds."""
    microseconds = (value.toordinal() - _EPOCH_ORDINAL) * _DAY
    if isinstance(value, dt.datetime):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        microseconds += seconds * 1_000_000 + value.microsecond
    return microseconds


def as_moment(date: Date) -> dt.datetime | np.datetime64:
    """Return a date as Python's datetime or, outside of its calendar, as numpy's."""
    try:
        return _EPOCH + date.microseconds * _MICROSECOND
    except OverflowError:
        return np.datetime64(date.microseconds, "us")


def moment_text(moment: dt.datetime | np.datetime64) -> str:
    """Return what `as_moment` gives as text."""
    if isinstance(moment, dt.datetime):
        return Date(microseconds_of(moment)).iso
    return str(moment)


def has_zone(text: str) -> bool:
    """Tell whether a text is an ISO moment with a time zone."""
    match = _ISO.match(text)
    return match is not None and _ZONE.fullmatch(text, match.end()) is not None


def to_microseconds(moments: Any) -> Any:
    """Return an array of datetime64 as int64 microseconds, the least one for NaT.

    Fractions of a microsecond are cut off, towards the past. What is beyond int64,
    hundreds of thousands of years from now, becomes the largest or smallest moment.
    """
    unit, _ = np.datetime_data(moments.dtype)
    least = np.iinfo(np.int64).min
    missing = np.isnat(moments)
    if unit == "generic" or missing.all():
        return np.full(moments.shape, least)
    if unit in ("Y", "M"):
        years = 250_000
        limit = years if unit == "Y" else 12 * years
        counts = np.clip(moments.astype(f"M8[{unit}]").astype(np.int64), -limit, limit)
        moments, unit = counts.astype(f"M8[{unit}]").astype("M8[D]"), "D"
    counts = moments.astype(f"M8[{unit}]").astype(np.int64)
    if unit in _FINER:
        microseconds = counts // _FINER[unit]
    else:
        factor = _COARSER[unit]
        limit = np.iinfo(np.int64).max // factor
        microseconds = np.clip(counts, -limit, limit) * factor
    return np.where(missing, least, microseconds)


_FINER = {"ns": 10**3, "ps": 10**6, "fs": 10**9, "as": 10**12}
_COARSER = {
    "us": 1,
    "ms": 10**3,
    "s": 10**6,
    "m": 60 * 10**6,
    "h": 3600 * 10**6,
    "D": _DAY,
    "W": 7 * _DAY,
}

# Formats of dates that are often met in files, to be named in advice.
_FORMATS = (
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"),
    *("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%m-%Y", "%d.%m.%y", "%m/%d/%y"),
    *("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"),
)


def matching_format(text: str) -> str | None:
    """Return a format of dates that `text` fits, of the usual ones; else None."""
    for form in _FORMATS:
        try:
            dt.datetime.strptime(text, form)
        except ValueError:
            continue
        return form
    return None


def is_iso(value: object) -> bool:
    """Tell whether a value is an ISO date as text."""
    return isinstance(value, str) and microseconds_of_text(value) is not None


def likely_iso(text: str) -> str | None:
    """Return the ISO date that `text` is or, in a usual format, means; else None."""
    microseconds = microseconds_of_text(text)
    if microseconds is None:
        form = matching_format(text)
        if form is None:
            return None
        microseconds = microseconds_of(dt.datetime.strptime(text, form))
    return Date(microseconds).iso


def iso_hint(text: str) -> str:
    """Return the question whether an ISO date is meant, or nothing."""
    iso = likely_iso(text)
    return f" Did you mean {iso!r}?" if iso else ""
