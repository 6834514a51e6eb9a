"""Dates of a table, as SQL of calendar days."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._rfm._calendar import EPOCH, NAIVE, no_zone_to_convert, read_moments
from skseg._rfm._date_texts import DateFormat, format_remedies, numbers_advice
from skseg._rfm._defects import Defects, Remedy
from skseg.exceptions import InvalidDataError

from ._conditions import Conditions
from ._functions import _floor
from ._source import DATE, FLOAT, INSTANT, INTEGER, MOMENT, SHORT_FLOAT, TEXT, Source

HOUR, DAY = 3600, 86_400
# Texts from which an error finds the format that reads them.
_N_EXAMPLES = 5_000
# "2024-03-01" in front of the time of day.
_DATE_LENGTH = 10


class Days(NamedTuple):
    """SQL of the days since 1970-01-01, NULL for none, and the zone of the dates.

    `plain` is the same for usable rows. The dates themselves are in `moment`, unless
    they are read from something else.
    """

    sql: str
    zone: str
    plain: str
    moment: str | None = None

    def after(self, day: int) -> str:
        """Return whether a date is after a day."""
        last = dt.date(9999, 12, 30).toordinal() - EPOCH
        if self.moment is None or day > last:
            return f"{self.sql} > {day}"
        # Comparing takes less time than converting.
        return f"{self.moment} >= DATE '{dt.date.fromordinal(EPOCH + day + 1)}'"

    def of(self, expression: str) -> str:
        """Return the day of an expression of `unconverted` dates."""
        if self.moment is None:
            return expression
        return self.plain.replace(self.moment, expression)

    @property
    def unconverted(self) -> str:
        """The dates of usable rows, in the order of their days."""
        return self.plain if self.moment is None else self.moment

    def latest(self) -> tuple[str, str]:
        """Return what to take the maximum of, and the maximum as a day."""
        if self.moment is None:
            return self.sql, "MAX(skseg_day)"
        day = self.sql.replace(self.moment, "MAX(skseg_day)")
        return self.moment, day


def read_days(source: Source, conditions: Conditions) -> Days:
    """Return the calendar days; add the conditions of rows without one."""
    name, options = source.options.date, source.options
    kind, functions = source.kinds[name], source.functions
    column = source.column(name)
    is_number = kind in (INTEGER, FLOAT, SHORT_FLOAT)
    if is_number and options.date_format is None:
        raise _numbers_without_format(source)
    if kind == TEXT or is_number:
        days = _days_of_values(source)
        conditions.add("missing date", _is_missing(source), name)
        conditions.add(
            "unparsable date", f"{days.sql} IS NULL", name, lambda: _remedies(source)
        )
        return days
    if kind not in (DATE, MOMENT, INSTANT):
        raise InvalidDataError(
            f"{options.owner} needs dates in the column {name!r}, which is of the type "
            f"{source.table.types[name]}.",
            owner=options.owner,
            name="date",
            column=name,
            advice="Pass a column of dates, timestamps, or text.",
        )
    is_finite = None
    is_fine = f"{column} IS NOT NULL"
    if functions.finite is not None:
        is_fine = is_finite = functions.finite(column)
    conditions.add("missing date", f"{column} IS NULL", name, is_fine=is_fine)
    if is_finite is not None:
        is_infinite = f"NOT {is_finite}"
        conditions.add("unparsable date", is_infinite, name, is_fine=is_fine)
    days = _days_of_moments(source, is_finite or f"{column} IS NOT NULL")
    if is_finite is not None:
        # Not all engines subtract from an infinite date.
        days = days._replace(sql=f"CASE WHEN {is_finite} THEN {days.sql} END")
    else:
        is_none = f"{days.sql} IS NULL"
        conditions.add("unparsable date", is_none, name, is_fine=f"NOT {is_none}")
    return days


def _is_missing(source: Source) -> str:
    name = source.options.date
    is_float = source.kinds[name] in (FLOAT, SHORT_FLOAT)
    return (
        source.is_nan(name) if is_float else None
    ) or f"{source.column(name)} IS NULL"


def _days_of_moments(source: Source, is_finite: str) -> Days:
    options, functions = source.options, source.functions
    column, zone = source.column(options.date), options.time_zone
    is_instant = source.kinds[options.date] == INSTANT
    if not is_instant:
        if zone is not None:
            raise no_zone_to_convert(options.date, options.owner)
        return _of_moments(functions.day(column), NAIVE, column)
    if zone is None:
        if functions.has_session_clock:
            return _of_moments(functions.day(column), NAIVE, column)
        raise InvalidDataError(
            f"The moments in the column {options.date!r} are kept in UTC, whatever "
            "zone they were written in, and their calendar days depend on the zone.",
            owner=options.owner,
            name="time_zone",
            column=options.date,
            value=None,
            advice="Pass time_zone='UTC', or the zone of the customers, such as "
            "time_zone='Europe/Berlin'.",
        )
    seconds = functions.seconds(column)
    integer = functions.integer
    limits = source.select(
        f"CAST(MIN({seconds}) AS {functions.double}) AS skseg_first, "
        f"CAST(MAX({seconds}) AS {functions.double}) AS skseg_last",
        f"WHERE {is_finite}",
    )
    first, last = limits["skseg_first"][0], limits["skseg_last"][0]
    if first is None or np.isnan(float(first)):
        return _of_values(functions.day(column), zone)
    offset = _offset_sql(seconds, ZoneInfo(zone), int(first), int(last))
    local = f"(CAST({seconds} AS {integer}) + {offset})"
    return _of_values(_floor(local, DAY, functions.divided), zone)


def _of_values(sql: str, zone: str) -> Days:
    return Days(sql, zone, sql)


def _of_moments(sql: str, zone: str, moment: str) -> Days:
    return Days(sql, zone, sql, moment)


def _offset_sql(seconds: str, zone: ZoneInfo, first: int, last: int) -> str:
    """Return the seconds by which local clocks are ahead of UTC.

    The transitions are those of Python's time zones, so that all engines and frames in
    memory agree, whatever each of them knows about zones.
    """
    changes = transitions(zone, first, last)
    *before, (_, final) = changes
    ends = [end for end, _ in changes[1:]]
    whens = "".join(
        f" WHEN {seconds} < {end} THEN {offset}"
        for (_, offset), end in zip(before, ends, strict=True)
    )
    return f"CASE{whens} ELSE {final} END" if whens else str(final)


def transitions(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int]]:
    """Return (second since 1970, offset from then on) of a zone, from `first` on."""
    step = 6 * HOUR if last - first < 200 * 366 * DAY else 2 * DAY
    changes = [(first, _offset(zone, first))]
    for start in range(first, last, step):
        end = min(start + step, last)
        if _offset(zone, end) == changes[-1][1]:
            continue
        low, high = start, end
        while high - low > 1:
            middle = (low + high) // 2
            is_before = _offset(zone, middle) == changes[-1][1]
            low, high = (middle, high) if is_before else (low, middle)
        changes.append((high, _offset(zone, high)))
    return changes


def _offset(zone: ZoneInfo, second: int) -> int:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _days_of_values(source: Source) -> Days:
    """Read texts and numbers, each value once."""
    options = source.options
    name = options.date
    if (
        source.kinds[name] == TEXT
        and options.date_format is None
        and options.time_zone is None
    ):
        return _days_of_iso_texts(source)
    where = f"NOT ({_is_missing(source)})"
    values = source.distinct(source.key(name), name, where)["skseg_value"]
    days, zone = _read(source, _plain(values))
    return _of_values(_mapped(source, source.key(name), days), zone)


def _days_of_iso_texts(source: Source) -> Days:
    """Read ISO texts, whose day is known from the date, whatever the time of day.

    Dates and times are read apart, each once; texts in which either is unusual are
    read as a whole.
    """
    name, functions = source.options.date, source.functions
    column = source.column(name)
    head = functions.exact(f"SUBSTR({column}, 1, {_DATE_LENGTH})")
    tail = functions.exact(f"SUBSTR({column}, {_DATE_LENGTH + 1})")
    present = f"{column} IS NOT NULL"
    heads = _plain(source.distinct(head, name, present)["skseg_value"])
    tails = _plain(source.distinct(tail, name, present)["skseg_value"])
    is_usual_head = [len(h) == _DATE_LENGTH and h[4:5] == "-" for h in heads]
    usual_heads = list(itertools.compress(heads, is_usual_head))
    days, _ = _read(source, usual_heads)
    some_day = dt.date(2000, 2, 28)
    times, _ = _read(source, [f"{some_day}{t}" for t in tails])
    offset = some_day.toordinal() - EPOCH
    usual_tails = [t for t in tails if times.get(f"{some_day}{t}") == offset]
    odd_tails = sorted(set(tails) - set(usual_tails))
    is_odd = "1 = 0"
    odd_heads = sorted(set(heads) - set(days))
    sql = _mapped(source, head, days)
    if odd_tails:
        listed = ", ".join(map(functions.quoted, odd_tails))
        is_odd = f"{tail} IN ({listed})"
    zone_texts = [f"{some_day}{t}" for t in usual_tails]
    if odd_heads or odd_tails:
        where = f"{present} AND ({is_odd} OR {sql} IS NULL)"
        texts = _plain(source.distinct(source.key(name), name, where)["skseg_value"])
        odd_days, _ = _read(source, texts)
        zone_texts += list(odd_days)
        odd = _mapped(source, source.key(name), odd_days)
        sql = f"COALESCE({odd}, CASE WHEN {is_odd} THEN NULL ELSE {sql} END)"
    _, zone = _read(source, zone_texts)
    return _of_values(sql, zone)


def _read(source: Source, values: Sequence[Any]) -> tuple[dict[Any, int], str]:
    """Return the day of each value that can be read, and the zone of all."""
    options = source.options
    if not values:
        return {}, NAIVE
    series: Any = nw.from_native(
        pd.Series(list(values), dtype=object, name=options.date), series_only=True
    )
    defects = Defects(len(values), options.owner)
    moments = read_moments(series, options.time_zone, options.date_format, defects)
    days = {
        value: int(moments.day[i])
        for i, value in enumerate(values)
        if defects.usable[i]
    }
    return days, str(moments.zone)


def _mapped(source: Source, key: str, days: dict[Any, int]) -> str:
    """Return SQL of the days of values, NULL for others."""
    if not days:
        return f"CAST(NULL AS {source.functions.integer})"
    names = source.add_mapping(
        key,
        ("value", "day"),
        [(literal(source, value), str(day)) for value, day in days.items()],
    )
    return names["day"]


def literal(source: Source, value: Any) -> str:
    """Return a text or a number in SQL."""
    if isinstance(value, str):
        return source.functions.quoted(value)
    if isinstance(value, float):
        from skseg._core._aggregates import literal_sql

        return literal_sql(source.table, value)
    return str(value)


def _plain(values: NDArray[Any]) -> list[Any]:
    """Return fetched values as those of Python, text for bytes."""
    return [v.decode() if isinstance(v, bytes) else v for v in values.tolist()]


def _numbers_without_format(source: Source) -> InvalidDataError:
    name, options = source.options.date, source.options
    double = f"CAST({source.column(name)} AS {source.functions.double})"
    values = source.select(
        f"DISTINCT {double} AS skseg_value",
        f"WHERE NOT ({_is_missing(source)}) LIMIT {_N_EXAMPLES}",
    )["skseg_value"]
    numbers = [value for value in values.tolist() if np.isfinite(value)]
    return InvalidDataError(
        f"{options.owner} needs dates in the column {name!r}, which is of the type "
        f"{source.table.types[name]}.",
        owner=options.owner,
        name="date_format",
        column=name,
        advice=numbers_advice(sorted(numbers)),
    )


def _remedies(source: Source) -> Sequence[Remedy]:
    name = source.options.date
    values = source.select(
        f"DISTINCT {source.key(name)} AS skseg_value",
        f"WHERE NOT ({_is_missing(source)}) LIMIT {_N_EXAMPLES}",
    )["skseg_value"]
    return format_remedies(_plain(values), DateFormat(source.options.date_format))
