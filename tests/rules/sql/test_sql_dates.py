"""SQL about dates is executed, and its segments are those of assign."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.rules import Rule, RuleSet, col, missing
from tests.rules.sql.sql_data import (
    DATES,
    DOUBLE,
    MOMENTS,
    Column,
    assigned,
    iso,
    run,
    sql_codes,
)

DAY = col("day")


moments = st.sampled_from([t for t in MOMENTS if t is not None])
windows = st.tuples(moments, moments, st.floats(0, 9)).map(
    lambda parts: (
        ((DAY >= parts[0]) & (DAY < parts[1]) | (col("aov") > parts[2]))
        & ~(missing("day") & (col("aov") < 5))
    )
)


@pytest.mark.parametrize(
    ("dialect", "declared", "values"),
    [
        ("duckdb", "TIMESTAMP", MOMENTS),
        ("sqlite", "TEXT", iso(MOMENTS, " ")),
        ("postgres", "timestamp", MOMENTS),
        ("mysql", "datetime(6)", MOMENTS),
    ],
    ids=lambda value: value if isinstance(value, str) else "values",
)
@given(rules=st.lists(windows, min_size=1, max_size=3), has_default=st.booleans())
def test_dates_and_numbers_together(
    dialect: str, declared: str, values: list[Any], rules: list[Rule], has_default: bool
) -> None:
    rule_set = RuleSet(
        {f"r{i}": rule for i, rule in enumerate(rules)},
        default="rest" if has_default else None,
        universe=DAY != MOMENTS[1],
    )
    numbers = [(None, 0.0, 4.5, 7.0)[i % 4] for i in range(len(MOMENTS))]
    columns = [Column("day", declared, values), Column("aov", DOUBLE[dialect], numbers)]
    expected = assigned(columns, [rule_set])
    for is_typed in (False, True):
        codes = sql_codes(dialect, columns, [rule_set], is_typed=is_typed)
        assert codes == expected


NO_DATES = (
    *("25.12.2024", "2024-12-25 18:00+02:00", "2024-12-25 18:00-05:00", "infinity"),
    *("2024-12-25T18:00Z", "2024-12-25 18:00 UTC", "", "now", "2024-02-30", "20241225"),
    *("2024-12-25 24:00", "2024-12-25 18:00:60", "2024-12-25 18", "2024-12-25\n"),
    *("0000-01-01", "2024-1-5", "24-12-25", " 2024-12-25", "2024-12-25x"),
)


@pytest.mark.parametrize(
    ("dialect", "declared", "value"),
    [
        ("duckdb", "VARCHAR", "25.12.2024"),
        ("duckdb", "VARCHAR", "2024-12-25 18:00+02:00"),
        ("duckdb", "VARCHAR", "2024-12-25 18:00-05:00"),
        ("duckdb", "VARCHAR", "2024-12-25T18:00Z"),
        ("duckdb", "VARCHAR", "2024-12-25 18:00 UTC"),
        ("duckdb", "VARCHAR", "infinity"),
        ("duckdb", "VARCHAR", ""),
        ("duckdb", "TIMESTAMPTZ", dt.datetime(2024, 12, 25, tzinfo=dt.UTC)),
        ("duckdb", "BIGINT", 20241225),
        ("duckdb", "DOUBLE", 1.5),
        ("sqlite", "TEXT", "25.12.2024"),
        ("sqlite", "TEXT", "2024-12-25 18:00+02:00"),
        ("sqlite", "TEXT", "2024-12-25 18:00-05:00"),
        ("sqlite", "TEXT", "2024-12-25T18:00Z"),
        ("sqlite", "TEXT", "2024-12-25 18:00 UTC"),
        ("sqlite", "TEXT", ""),
        ("sqlite", "INTEGER", 20241225),
        ("sqlite", "REAL", 1.5),
        *(
            (dialect, "text", text)
            for dialect in ("postgres", "mysql")
            for text in NO_DATES
        ),
        ("postgres", "timestamptz", dt.datetime(2024, 12, 25, tzinfo=dt.UTC)),
        ("postgres", "bigint", 20241225),
        ("postgres", "double precision", 1.5),
        ("postgres", "boolean", True),
        ("mysql", "bigint", 20241225),
        ("mysql", "double", 1.5),
    ],
)
def test_what_assign_refuses_stops_the_query(
    dialect: str, declared: str, value: Any
) -> None:
    columns = [Column("day", declared, [value])]
    rules = RuleSet({"yes": dt.date(2024, 12, 25) <= DAY})
    with pytest.raises(ValueError, match="compares dates"):
        assigned(columns, [rules])
    stops = r"(?i)zone|conversion|cast|malformed JSON|compare dates|holds|out of range"
    for is_typed in (False, True):
        with pytest.raises(Exception, match=stops):
            sql_codes(dialect, columns, [rules], is_typed=is_typed)


@pytest.mark.parametrize("declared", ["date", "datetime", "datetime(6)", "text"])
@pytest.mark.parametrize("day", ["0000-00-00", "2024-00-00", "2024-12-00"])
def test_zero_dates_of_mysql_stop_the_query(declared: str, day: str) -> None:
    columns = [Column("day", declared, [day, "2024-12-25", None])]
    for is_typed in (False, True):
        types = {"day": declared} if is_typed else None
        later = RuleSet({"yes": DAY > dt.date(2024, 1, 1)})
        sql = later.to_sql("mysql", output="code", types=types)
        with pytest.raises(Exception, match="day holds"):
            run("mysql", columns, [sql])


def test_nanoseconds_of_text_are_cut_off_as_in_frames() -> None:
    values = ["2024-12-25 00:00:00.123456789", "2024-12-24 23:59:59.999999999"]
    rules = [
        RuleSet({"yes": DAY >= dt.datetime(2024, 12, 25, 0, 0, 0, n)})
        for n in (0, 123456, 123457)
    ]
    for dialect in ("duckdb", "postgres", "mysql"):
        columns = [Column("day", "text", values)]
        assert sql_codes(dialect, columns, rules) == assigned(columns, rules)


@pytest.mark.parametrize("style", ["SQL, DMY", "German", "Postgres, MDY"])
def test_dates_of_text_mean_the_same_whatever_the_style_of_dates(style: str) -> None:
    columns = [Column("day", "text", iso(MOMENTS, "short"))]
    rules = [RuleSet({"yes": rule}) for rule in (DAY < DATES[0], DAY != DATES[1])]
    setup = f"SET datestyle = '{style}'"
    try:
        codes = sql_codes("postgres", columns, rules, setup)
    finally:
        run("postgres", [Column("x", "int", [1])], ["x"], "RESET datestyle")
    assert codes == assigned(columns, rules)


def test_dates_in_a_parquet_file(tmp_path: Any) -> None:
    path = str(tmp_path / "days.parquet")
    rules = RuleSet({"yes": DAY >= DATES[0]}, default="no")
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * FROM (VALUES (DATE '2024-12-24'), (DATE '2024-12-25'), "
            f"(NULL)) AS t(day)) TO '{path}' (FORMAT parquet)"
        )
        query = f"SELECT {rules.to_sql('duckdb')} FROM '{path}'"
        assert connection.execute(query).fetchall() == [("no",), ("yes",), ("no",)]
