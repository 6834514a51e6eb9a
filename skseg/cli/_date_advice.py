"""The formats in which a text may be a date."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Iterator

_DAYS = [
    f"%{first}{mark}%{second}{mark}%{year}"
    for year in "Yy"
    for mark in "./-"
    for first, second in ("dm", "md")
]
_DAYS += ["%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y"]
_TIMES = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S"]
# Serial dates of spreadsheets between the years 1982 and 2064.
_SERIAL = re.compile(r"[3-5][0-9]{4}(?:\.[0-9]*)?")


def date_advice(text: str) -> str:
    """Return the options with which a text is a date, or nothing."""
    days: dict[dt.date, str] = {}
    for date_format, day in _readings(text):
        days.setdefault(day, f"--date-format {shlex.quote(date_format)}")
    ways = [f"{option} if it is {day}" for day, option in days.items()]
    return f" Give {', or '.join(ways)}." if ways else ""


def _readings(text: str) -> Iterator[tuple[str, dt.date]]:
    """Yield formats that fit a text, with the day that it is."""
    for day_format in _DAYS:
        for time_format in _TIMES:
            try:
                moment = dt.datetime.strptime(text.strip(), day_format + time_format)
            except ValueError:
                continue
            yield day_format + time_format, moment.date()
    if _SERIAL.fullmatch(text.strip()):
        serial = dt.timedelta(days=int(float(text)))
        yield "excel", dt.date(1899, 12, 30) + serial
