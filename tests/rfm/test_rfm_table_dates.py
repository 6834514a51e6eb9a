"""rfm_table: dates are read in the format that is given, and never guessed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg.exceptions import InvalidDataError, InvalidParameterError

from .frames import AS_OF, DAY, KINDS, arrow_table, run, values_of

DAYS = [DAY, dt.date(2024, 4, 5), dt.date(2024, 12, 31)]
RECENCY = [float((AS_OF - day).days) for day in DAYS]

FORMATS = [
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%d.%m.%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%B %d, %Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y, %H:%M",
]
EXCEL = [(day - dt.date(1899, 12, 30)).days for day in DAYS]


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def make_kind(request: pytest.FixtureRequest) -> Callable[[pa.Table], Any]:
    return request.param


def written(date_format: str, time: dt.time = dt.time(23, 59)) -> list[str]:
    moments = [dt.datetime.combine(day, time) for day in DAYS]
    return [moment.strftime(date_format) for moment in moments]


def refusal(frame: Any, **options: Any) -> InvalidDataError:
    with pytest.raises(InvalidDataError) as info:
        run(frame, **options)
    return info.value


@pytest.mark.parametrize("date_format", FORMATS)
def test_dates_are_read_in_the_format_given(
    make_kind: Callable[[pa.Table], Any], date_format: str
) -> None:
    texts = written(date_format)
    for dates in (texts, pa.array(texts).dictionary_encode()):
        table, _ = run(make_kind(arrow_table(date=dates)), date_format=date_format)
        assert values_of(table, "recency") == RECENCY


@pytest.mark.parametrize("date_format", ["%Y-%m-%d", *FORMATS, "excel"])
def test_dates_may_be_filled_with_spaces_where_their_format_is_given(
    date_format: str,
) -> None:
    is_excel = date_format == "excel"
    texts = list(map(str, EXCEL)) if is_excel else written(date_format)
    filled = [f" {text}  " for text in texts]
    error = refusal(arrow_table(date=filled))
    assert f"date_format={date_format!r}, which reads '{filled[0]}' as" in str(error)
    table, _ = run(arrow_table(date=filled), date_format=date_format)
    assert values_of(table, "recency") == RECENCY


@pytest.mark.parametrize("date_format", FORMATS)
def test_without_a_format_they_are_refused_with_one_that_works(
    make_kind: Callable[[pa.Table], Any], date_format: str
) -> None:
    frame = make_kind(arrow_table(date=written(date_format)))
    error = refusal(frame)
    (remedy,) = error.value[0].remedies  # type: ignore[index]
    advised = remedy.parameters["date_format"]
    assert f"Pass date_format={advised!r}, which reads" in str(error)
    table, _ = run(frame, date_format=advised)
    assert values_of(table, "recency") == RECENCY


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["03/04/2024"], {dt.date(2024, 3, 4), dt.date(2024, 4, 3)}),
        (["03.04.2024 10:15"], {dt.date(2024, 3, 4), dt.date(2024, 4, 3)}),
        (["3/4/2024 1:05 PM"], {dt.date(2024, 3, 4), dt.date(2024, 4, 3)}),
        (
            ["03-04-24"],
            {dt.date(2024, 3, 4), dt.date(2024, 4, 3), dt.date(2003, 4, 24)},
        ),
        (["03/04/2024", "13/04/2024"], {dt.date(2024, 4, 3)}),
        (["03/04/2024", "04/13/2024"], {dt.date(2024, 3, 4)}),
    ],
    ids=lambda value: str(value) if isinstance(value, list) else "days",
)
def test_each_reading_of_a_date_is_advised_and_none_is_taken_by_itself(
    texts: list[str], days: set[dt.date]
) -> None:
    lines = arrow_table(date=texts)
    error = refusal(lines)
    got = set()
    for remedy in error.value[0].remedies:  # type: ignore[index]
        assert str(remedy) in str(error)
        table, _ = run(lines, **remedy.parameters)
        recency = values_of(table, "recency")[0]
        day = AS_OF - dt.timedelta(recency)
        assert f"reads {texts[0]!r} as {day}" in str(error)
        got.add(day)
    assert got == days


@pytest.mark.parametrize(
    ("texts", "date_format"),
    [
        (["12/31/2024"], "%d/%m/%Y"),
        (["31.12.2024"], "%Y-%m-%d"),
        (["2024-12-31"], "%d.%m.%Y"),
    ],
    ids=str,
)
def test_advice_corrects_a_format_that_is_wrong(
    texts: list[str], date_format: str
) -> None:
    lines = arrow_table(date=texts)
    error = refusal(lines, date_format=date_format)
    (remedy,) = error.value[0].remedies  # type: ignore[index]
    assert str(remedy) in str(error)
    table, _ = run(lines, **remedy.parameters)
    assert values_of(table, "recency") == [0.0]


def test_advice_says_how_many_texts_it_leaves() -> None:
    lines = arrow_table(date=["31.12.2024", "30.12.2024", "unknown"])
    error = refusal(lines)
    assert "as 2024-12-31 (all but 1 of the texts)" in str(error)
    _, report = run(lines, date_format="%d.%m.%Y", invalid="exclude")
    assert report.excluded == {"unparsable date": 1}


@pytest.mark.parametrize(
    "texts", [["abc"], ["2024-03-01", "31.12.2024"], ["12"], ["5. Maerz 2024"]], ids=str
)
def test_no_format_is_advised_where_none_reads_more(texts: list[str]) -> None:
    error = refusal(arrow_table(date=texts))
    assert error.value[0].remedies == ()  # type: ignore[index]
    assert "must be ISO 8601" in str(error)


@pytest.mark.parametrize(
    "numbers", [EXCEL, [n + 0.75 for n in EXCEL]], ids=["int", "float"]
)
def test_serial_dates_of_spreadsheets_are_read_on_request(
    make_kind: Callable[[pa.Table], Any], numbers: list[float]
) -> None:
    for dates in (numbers, list(map(str, numbers))):
        frame = make_kind(arrow_table(date=dates))
        error = refusal(frame)
        assert "date_format='excel', which reads" in str(error)
        table, _ = run(frame, date_format="excel")
        assert values_of(table, "recency") == RECENCY


@pytest.mark.parametrize("serial", [-1, 0, 1, 59, 60, 2_958_466, 1e300, float("inf")])
def test_serial_dates_before_and_after_the_calendar_are_unparsable(
    serial: float,
) -> None:
    lines = arrow_table(date=[float(EXCEL[0]), float(serial)])
    _, report = run(lines, date_format="excel", invalid="exclude")
    assert report.excluded == {"unparsable date": 1}


def test_serial_dates_begin_in_march_1900_where_all_programs_agree() -> None:
    lines = arrow_table(date=[61, 2_958_465])
    table, _ = run(lines, date_format="excel", as_of="9999-12-31")
    days = (dt.date(9999, 12, 31) - dt.date(1900, 3, 1)).days
    assert values_of(table, "recency") == [float(days), 0.0]


@pytest.mark.parametrize("as_type", [int, float])
def test_numbers_that_spell_a_day_are_read_in_their_format(
    make_kind: Callable[[pa.Table], Any], as_type: type
) -> None:
    numbers = [as_type(day.strftime("%Y%m%d")) for day in DAYS]
    frame = make_kind(arrow_table(date=numbers))
    assert (
        "date_format='%Y%m%d'" in str(refusal(frame))
        or make_kind is KINDS["pandas-object"]
    )
    table, _ = run(frame, date_format="%Y%m%d")
    assert values_of(table, "recency") == RECENCY


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_as_numbers_are_refused_with_advice_that_works(unit: str) -> None:
    moments = pd.Series(pd.to_datetime([str(day) for day in DAYS])).astype(
        f"datetime64[{unit}]"
    )
    dates = moments.astype("int64")
    lines = arrow_table(date=dates.tolist()).to_pandas()
    assert f"pandas.to_datetime(dates, unit='{unit}')" in str(refusal(lines))
    parsed = lines.assign(date=pd.to_datetime(lines["date"], unit=unit))
    assert values_of(run(parsed)[0], "recency") == RECENCY


def test_missing_dates_beside_numbers_stay_missing() -> None:
    for frame in (
        pd.DataFrame({"customer": [1, 2], "date": [EXCEL[0], None], "amount": 1}),
        pl.DataFrame({"customer": [1, 2], "date": [EXCEL[0], None], "amount": 1}),
    ):
        _, report = run(frame, date_format="excel", invalid="exclude")
        assert report.excluded == {"missing date": 1}


def test_objects_may_mix_dates_serial_dates_and_texts_as_spreadsheets_do() -> None:
    dates = [dt.datetime(2024, 3, 1, 10), EXCEL[1], "45657", True, pd.NaT]
    lines = pd.DataFrame({"customer": range(5), "date": dates, "amount": 1})
    lines["date"] = pd.Series(dates, dtype=object)
    table, report = run(lines, date_format="excel", invalid="exclude")
    assert values_of(table, "recency") == RECENCY
    assert report.excluded == {"missing date": 1, "unparsable date": 1}


def test_a_format_says_nothing_about_columns_of_dates() -> None:
    for dates in (DAYS, [dt.datetime.combine(day, dt.time(9)) for day in DAYS]):
        table, _ = run(arrow_table(date=dates), date_format="%d.%m.%Y")
        assert values_of(table, "recency") == RECENCY


def test_dates_of_64_bits_are_dates() -> None:
    dates = pa.array(DAYS, pa.date64())
    for kind in ("pandas", "pandas-pyarrow", "polars", "pyarrow"):
        table, _ = run(KINDS[kind](arrow_table(date=dates)))
        assert values_of(table, "recency") == RECENCY


def test_a_format_with_an_offset_gives_moments_with_a_time_zone() -> None:
    lines = arrow_table(date=["30/12/2024 23:30 +0000"])
    options = {"date_format": "%d/%m/%Y %H:%M %z"}
    assert values_of(run(lines, **options)[0], "recency") == [1.0]
    berlin, _ = run(lines, **options, time_zone="Europe/Berlin")
    assert values_of(berlin, "recency") == [0.0]


@pytest.mark.parametrize(
    "date_format", ["%d.%m", "%Y", "dd.mm.yyyy", "", "%", "%H:%M", 3, b"%Y", "%Q %Y"]
)
def test_formats_without_day_month_and_year_are_refused(date_format: Any) -> None:
    with pytest.raises(InvalidParameterError, match="with day, month and year"):
        run(arrow_table(date=["31.12.2024"]), date_format=date_format)


@pytest.mark.parametrize("values", [[True], [dt.time(1)], [dt.timedelta(1)]], ids=str)
def test_columns_that_are_no_dates_are_refused_with_their_type(
    values: list[Any],
) -> None:
    error = refusal(arrow_table(date=values))
    assert "needs dates in the column 'date', which holds" in str(error)


@pytest.mark.parametrize("dtype", [pa.date32(), pa.timestamp("s"), pa.timestamp("ns")])
def test_a_date_may_be_missing_in_a_column_of_dates(
    make_kind: Callable[[pa.Table], Any], dtype: pa.DataType
) -> None:
    days = pa.array([DAYS[0], None, DAYS[1]]).cast(dtype)
    frame = make_kind(arrow_table(date=days))
    table, report = run(frame, invalid="exclude")
    assert report.excluded == {"missing date": 1}
    assert values_of(table, "recency") == RECENCY[:2]
