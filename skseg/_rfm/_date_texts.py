"""Dates as people and spreadsheets write them, and the formats that read them."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._defects import Remedy

EXCEL = "excel"
_ISO_8601 = re.compile(r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|[0-9]{4})(?:[T ].+)?")
_SERIAL = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_EXCEL_DAY_0 = dt.date(1899, 12, 30).toordinal()
# Excel has a 29 February 1900, its day 60, and ends with the year 9999.
_EXCEL_DAYS = range(61, 2_958_466)
# Serial dates from 1927 to 2119, and so not years, counts or days as 20241231.
_LIKELY_EXCEL_DAYS = range(10_000, 80_000)

_DATES = [
    *("%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%y", "%m.%d.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%y/%m/%d", "%y-%m-%d", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d%b%Y"),
    *("%d %b %Y", "%d %B %Y", "%d. %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
]
_TIMES = [
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p"),
    *(", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p", "T%H:%M:%S"),
]
# A format that reads none of the first values is not tried on all of them.
_N_TRIED = 20


class DateFormat(NamedTuple):
    """How dates are written that are text or numbers: None is ISO 8601."""

    text: str | None = None

    def read(self, value: Any) -> dt.date | None:
        """Return a date or a datetime, or None for what is none."""
        if isinstance(value, np.datetime64):
            value = pd.Timestamp(value)
        if isinstance(value, dt.date):
            return None if pd.isna(value) else value
        if isinstance(value, str):
            return self._read_text(value)
        if self.text is None or isinstance(value, (bool, np.bool_)):
            return None
        if not isinstance(value, (int, float, np.integer, np.floating)):
            return None
        if self.text == EXCEL:
            return _excel_date(float(value))
        return self._read_text(str(int(value))) if float(value).is_integer() else None

    def _read_text(self, text: str) -> dt.date | None:
        if self.text is not None:
            # Databases fill columns of fixed width with spaces.
            text = text.strip()
        if self.text == EXCEL:
            return _excel_date(float(text)) if _SERIAL.fullmatch(text) else None
        try:
            if self.text is not None:
                return dt.datetime.strptime(text, self.text)
            # fromisoformat alone lets any character stand between date and time.
            is_iso = _ISO_8601.fullmatch(text) is not None
            return dt.datetime.fromisoformat(text) if is_iso else None
        except ValueError:
            return None

    def determines_days(self) -> bool:
        """Tell whether the format has day, month and year."""
        if self.text in (None, EXCEL):
            return True
        # Two days that differ in all parts, so that no part can be left out.
        days = [dt.date(1999, 2, 17), dt.date(2021, 11, 23)]
        noon = dt.time(12, tzinfo=dt.UTC)
        moments = [dt.datetime.combine(day, noon) for day in days]
        texts = [moment.strftime(self.text) for moment in moments]
        return _days([self._read_text(text) for text in texts]) == _days(days)


def _excel_date(serial: float) -> dt.date | None:
    if not _EXCEL_DAYS.start <= serial < _EXCEL_DAYS.stop:
        return None
    return dt.date.fromordinal(_EXCEL_DAY_0 + int(serial))


_FORMATS = [
    DateFormat(),
    *(DateFormat(date + time) for date, time in itertools.product(_DATES, _TIMES)),
    DateFormat(EXCEL),
]


def format_remedies(values: Sequence[Any], present: DateFormat) -> list[Remedy]:
    """Return the formats that read the most values, if more than the present one.

    Several differ in what they read: 03/04/2024 is in March or in April.
    """
    unread = [i for i, value in enumerate(values) if present.read(value) is None]
    most = len(values) - len(unread)
    readings: dict[DateFormat, list[dt.date | None]] = {}
    for date_format in _FORMATS:
        if not any(date_format.read(values[i]) for i in unread[:_N_TRIED]):
            continue
        reading = [date_format.read(value) for value in values]
        count = len(values) - reading.count(None)
        if count > most:
            readings, most = {}, count
        is_new = _days(reading) not in map(_days, readings.values())
        if count == most and is_new and _is_likely(date_format, values):
            readings[date_format] = reading
    if most == len(values) - len(unread):
        return []
    return [_remedy(f, reading, values, unread) for f, reading in readings.items()]


def _days(reading: Sequence[dt.date | None]) -> list[int | None]:
    return [None if moment is None else moment.toordinal() for moment in reading]


def _is_likely(date_format: DateFormat, values: Sequence[Any]) -> bool:
    if date_format.text != EXCEL:
        return True
    texts = [str(value).strip() for value in values]
    serials = [float(text) for text in texts if _SERIAL.fullmatch(text)]
    likely = _LIKELY_EXCEL_DAYS
    return all(likely.start <= serial < likely.stop for serial in serials)


def _remedy(
    date_format: DateFormat,
    reading: Sequence[dt.date | None],
    values: Sequence[Any],
    unread: Sequence[int],
) -> Remedy:
    i = next(i for i in unread if reading[i] is not None)
    day = dt.date.fromordinal(_days(reading)[i] or 0)
    parameters = {"date_format": date_format.text}
    return Remedy(parameters, f"reads {str(values[i])!r} as {day}", reading.count(None))


def numbers_advice(numbers: Sequence[float]) -> str:
    """Return what to do about a column of numbers where dates are expected."""
    low, high = min(numbers, default=0), max(numbers, default=0)
    if _LIKELY_EXCEL_DAYS.start <= low and high < _LIKELY_EXCEL_DAYS.stop:
        day = _excel_date(low)
        return (
            f"Pass date_format='excel', which reads {low:g} as {day}, the serial date "
            "of a spreadsheet."
        )
    by_digits = DateFormat("%Y%m%d")
    if numbers and all(by_digits.read(number) is not None for number in numbers):
        return "Pass date_format='%Y%m%d'."
    # Moments from 1973 on, in units of 1e-0 to 1e-9 seconds since 1970.
    for digits, unit in ((8, "s"), (11, "ms"), (14, "us"), (17, "ns")):
        if 10**digits <= low and high < 10 ** (digits + 2):
            return f"Parse it first: pandas.to_datetime(dates, unit={unit!r})."
    return (
        "Pass the date_format in which they are written, such as '%Y%m%d' or 'excel'."
    )
