"""Dates of any kind, read as calendar days."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import is_missing_value

from ._date_texts import DateFormat, format_remedies, numbers_advice
from ._defects import Defects
from ._text_codes import distinct_values

EPOCH = dt.date(1970, 1, 1).toordinal()
Zone = str | dt.tzinfo
# Stand for the zone of dates without one, and of dates that have one each.
NAIVE = "naive"
EACH_ITS_OWN = "each its own"


class Moments(NamedTuple):
    """Days since 1970-01-01, seconds of the day if they were read, and their zone."""

    day: NDArray[np.int64]
    second: NDArray[np.int64] | None
    zone: Zone


def read_moments(
    series: nw.Series[Any],
    time_zone: str | None,
    date_format: str | None,
    defects: Defects,
    *,
    with_times: bool = False,
) -> Moments:
    """Return the calendar days, and the times of day on request, of local clocks."""
    dtype = series.dtype
    is_number = dtype.is_integer() or dtype.is_float()
    if is_number and date_format is None:
        raise _numbers_without_format(series, defects.owner)
    if is_number or dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object):
        moments = _moments_of_values(
            series, time_zone, DateFormat(date_format), defects
        )
        return moments if with_times else moments._replace(second=None)
    # Arrays hold moments in UTC, but the calendar day is that of the local clock.
    local, zone = _to_local_time(series, time_zone)
    if local.dtype not in (nw.Datetime, nw.Date):
        raise InvalidDataError(
            f"{defects.owner} needs dates in the column {series.name!r}, which holds "
            f"{local.dtype}.",
            owner=defects.owner,
            name="date",
            column=series.name,
            advice="Pass a column of dates, timestamps, or text.",
        )
    if zone is None and time_zone is not None:
        raise no_zone_to_convert(series.name, defects.owner)
    if local.dtype == nw.Date:
        # Some backends hand out dates as Python objects, but never datetimes.
        local = local.cast(nw.Datetime("us"))
    local_times = local.to_numpy()
    days = local_times.astype("datetime64[D]")
    defects.add("missing date", np.isnat(days), series)
    seconds = None
    if with_times:
        seconds = (local_times - days).astype("timedelta64[s]").view(np.int64)
    return Moments(days.view(np.int64), seconds, time_zone or zone or NAIVE)


def _to_local_time(
    series: nw.Series[Any], time_zone: str | None
) -> tuple[nw.Series[Any], Zone | None]:
    """Return local times without a zone, and the zone that they had, if any."""
    native = series.to_native()
    if isinstance(native, pd.Series):
        # narwhals reads pandas' types by their names, and versions up to 2.29 misread
        # some zones, such as America/New_York.
        dtype: Any = native.dtype
        dtype = getattr(dtype, "pyarrow_dtype", dtype)
        zone = getattr(dtype, "tz", None)
        if zone is None:
            return series, None
        # Where tz_localize drops a zone, pandas 2.2 gives UTC for times of pyarrow,
        # and local times for its own.
        native = native.astype(pd.DatetimeTZDtype(dtype.unit, zone))
        native = native if time_zone is None else native.dt.tz_convert(time_zone)
        return nw.from_native(native.dt.tz_localize(None), series_only=True), zone
    name = series.dtype.time_zone if isinstance(series.dtype, nw.Datetime) else None
    if name is None:
        return series, None
    if time_zone is not None:
        series = series.dt.convert_time_zone(time_zone)
    return series.dt.replace_time_zone(None), name


def _numbers_without_format(series: nw.Series[Any], owner: str) -> InvalidDataError:
    numbers = series.drop_nulls().to_numpy().astype(np.float64)
    numbers = np.unique(numbers[np.isfinite(numbers)])
    return InvalidDataError(
        f"{owner} needs dates in the column {series.name!r}, which holds "
        f"{series.dtype}.",
        owner=owner,
        name="date_format",
        column=series.name,
        advice=numbers_advice(numbers.tolist()),
    )


def _moments_of_values(
    series: nw.Series[Any],
    time_zone: str | None,
    date_format: DateFormat,
    defects: Defects,
) -> Moments:
    """Read texts, numbers and Python dates one by one, equal texts once."""
    if series.dtype == nw.Object:
        # The same instant in two zones is equal, yet may be two calendar days.
        rows, distinct = np.arange(len(series)), series.to_numpy()
    else:
        rows, distinct = distinct_values(series)
    # pandas raises on a signalling NaN of decimals.
    missing = np.fromiter(map(is_missing_value, distinct), bool, len(distinct))
    zone = None if time_zone is None else ZoneInfo(time_zone)
    days, seconds = np.zeros((2, len(distinct)), dtype=np.int64)
    unparsable = np.zeros(len(distinct), dtype=bool)
    is_aware = set()
    for i in np.flatnonzero(~missing):
        moment = date_format.read(distinct[i])
        if moment is None:
            unparsable[i] = True
            continue
        is_aware.add(_has_zone(moment))
        if zone is not None and isinstance(moment, dt.datetime):
            moment = moment.astimezone(zone)
        days[i] = moment.toordinal() - EPOCH
        if isinstance(moment, dt.datetime):
            seconds[i] = (moment.hour * 60 + moment.minute) * 60 + moment.second
    if time_zone is not None and False in is_aware:
        raise no_zone_to_convert(series.name, defects.owner)
    defects.add("missing date", missing[rows], series)
    defects.add(
        "unparsable date",
        unparsable[rows],
        series,
        lambda: format_remedies(distinct[~missing].tolist(), date_format),
    )
    zone_name = time_zone or (EACH_ITS_OWN if is_aware == {True} else NAIVE)
    return Moments(days[rows], seconds[rows], zone_name)


def _has_zone(moment: dt.date) -> bool:
    return isinstance(moment, dt.datetime) and moment.tzinfo is not None


def no_zone_to_convert(name: str, owner: str) -> InvalidDataError:
    return InvalidDataError(
        "Only dates that have a time zone can be converted to another; the column "
        f"{name!r} has dates without one.",
        owner=owner,
        name="time_zone",
        column=name,
        advice="Leave time_zone out to take their calendar days as they are written, "
        "or say first which zone they are in, for example "
        "dates.dt.tz_localize('UTC').",
        remedy={"time_zone": None},
    )


def as_of_day(as_of: Any, zone: Zone, owner: str) -> int:
    """Return the day of `as_of` since 1970-01-01; a moment is converted to `zone`."""
    moment = DateFormat().read(as_of)
    if moment is None:
        raise InvalidParameterError(
            owner,
            "as_of",
            "a date, a datetime, an ISO 8601 text such as '2024-03-31', or 'latest'",
            as_of,
        )
    if _has_zone(moment):
        if zone == NAIVE:
            raise InvalidParameterError(
                owner,
                "as_of",
                "without a time zone, like the dates of the transactions",
                as_of,
            )
        if zone != EACH_ITS_OWN:
            moment = pd.Timestamp(moment).tz_convert(zone)
    return moment.toordinal() - EPOCH


def check_time_zone(time_zone: Any, owner: str) -> None:
    """Accept None and the name of a time zone that this machine knows."""
    if time_zone is None:
        return
    try:
        ZoneInfo(time_zone)
    except (TypeError, ValueError, OSError, KeyError) as error:
        rule = "the name of a time zone, such as 'Europe/Berlin', or None"
        raise InvalidParameterError(owner, "time_zone", rule, time_zone) from error


def check_date_format(date_format: Any, owner: str) -> None:
    """Accept None, "excel" and a format that determines the day."""
    is_text = date_format is None or isinstance(date_format, str)
    if not is_text or not DateFormat(date_format).determines_days():
        raise InvalidParameterError(
            owner,
            "date_format",
            "a format of datetime.strptime with day, month and year, such as "
            "'%d.%m.%Y', or 'excel', or None",
            date_format,
        )
