"""SQL about dates is executed, and its segments are those of assign."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.rules import Rule, RuleSet, col, missing
from tests.rules.sql.sql_data import Column, assigned, sql_codes

DAY = col("day")
MICROSECOND = dt.timedelta(microseconds=1)
THRESHOLDS = [
    dt.datetime(2024, 12, 25),
    dt.datetime(2024, 12, 25, 18, 0, 0, 1),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    dt.datetime(9999, 12, 31),
    dt.datetime(1, 1, 1),
]
MOMENTS: list[Any] = [
    None,
    *(t + offset * MICROSECOND for t in THRESHOLDS[:-1] for offset in (-1, 0, 1)),
    *(THRESHOLDS[-1], THRESHOLDS[-1] + MICROSECOND),
    dt.datetime(2024, 12, 25, 18, 0, 0, 100000),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
]
# Years that nanoseconds in int64 reach.
WITHIN = range(1700, 2200)
DAYS = [None if moment is None else moment.date() for moment in MOMENTS]
EVERY_RULE: list[Rule] = [
    rule
    for threshold in THRESHOLDS
    for leaf in (
        *(DAY < threshold, DAY <= threshold, DAY > threshold, DAY >= threshold),
        *(DAY == threshold, DAY != threshold),
    )
    for rule in (leaf, ~leaf, leaf | missing("day"), leaf & ~missing("day"))
] + [DAY.isin(THRESHOLDS), ~DAY.isin(THRESHOLDS[:1])]


def iso(values: list[Any], form: str) -> list[str | None]:
    """Return moments as ISO text: as Python writes it, as pandas does, or short."""
    if form == "short":
        return [None if v is None else str(v).removesuffix(" 00:00:00") for v in values]
    sep, _, spec = form.partition("|")
    if spec:
        return [None if v is None else v.isoformat(sep, spec) for v in values]
    return [None if v is None else v.isoformat(sep) for v in values]


@pytest.mark.parametrize(
    ("dialect", "declared", "values"),
    [
        ("duckdb", "TIMESTAMP", MOMENTS),
        ("duckdb", "DATE", DAYS),
        ("duckdb", "TIMESTAMP_S", [m and m.replace(microsecond=0) for m in MOMENTS]),
        (
            "duckdb",
            "TIMESTAMP_NS",
            [m for m in MOMENTS if not m or 1700 < m.year < 2200],
        ),
        ("duckdb", "VARCHAR", iso(MOMENTS, " ")),
        ("duckdb", "VARCHAR", iso(MOMENTS, "T|microseconds")),
        ("duckdb", "VARCHAR", iso(MOMENTS, "short")),
        ("sqlite", "TEXT", iso(MOMENTS, " ")),
        ("sqlite", "TIMESTAMP", iso(MOMENTS, "T|microseconds")),
        ("sqlite", "", iso(MOMENTS, "short")),
        ("sqlite", "DATE", [day and day.isoformat() for day in DAYS]),
        ("sqlite", "TEXT COLLATE NOCASE", iso(MOMENTS, "T")),
    ],
    ids=lambda value: value if isinstance(value, str) else "values",
)
def test_dates_compare_as_they_do_in_frames(
    dialect: str, declared: str, values: list[Any]
) -> None:
    columns = [Column("day", declared, values)]
    rule_sets = [RuleSet({"yes": rule}) for rule in EVERY_RULE]
    got = sql_codes(dialect, columns, rule_sets)
    wrong = [
        str(rule)
        for rule, a, b in zip(
            EVERY_RULE, got, assigned(columns, rule_sets), strict=True
        )
        if a != b
    ]
    assert not wrong


moments = st.sampled_from([t for t in MOMENTS if t is not None])
windows = st.tuples(moments, moments, st.floats(0, 9)).map(
    lambda parts: (
        ((DAY >= parts[0]) & (DAY < parts[1]) | (col("aov") > parts[2]))
        & ~(missing("day") & (col("aov") < 5))
    )
)


@given(st.lists(windows, min_size=1, max_size=3), st.booleans())
def test_dates_and_numbers_together(rules: list[Rule], has_default: bool) -> None:
    rule_set = RuleSet(
        {f"r{i}": rule for i, rule in enumerate(rules)},
        default="rest" if has_default else None,
        universe=DAY != MOMENTS[1],
    )
    numbers = [(None, 0.0, 4.5, 7.0)[i % 4] for i in range(len(MOMENTS))]
    for dialect, declared, values in (
        ("duckdb", "TIMESTAMP", MOMENTS),
        ("sqlite", "TEXT", iso(MOMENTS, " ")),
    ):
        columns = [Column("day", declared, values), Column("aov", "DOUBLE", numbers)]
        assert sql_codes(dialect, columns, [rule_set]) == assigned(columns, [rule_set])


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
    ],
)
def test_what_assign_refuses_stops_the_query(
    dialect: str, declared: str, value: Any
) -> None:
    columns = [Column("day", declared, [value])]
    rules = RuleSet({"yes": dt.date(2024, 12, 25) <= DAY})
    with pytest.raises(ValueError, match="compares dates"):
        assigned(columns, [rules])
    with pytest.raises(Exception, match=r"(?i)zone|conversion|cast|malformed JSON"):
        sql_codes(dialect, columns, [rules])


def test_dates_in_a_parquet_file(tmp_path: Any) -> None:
    path = str(tmp_path / "days.parquet")
    rules = RuleSet({"yes": DAY >= THRESHOLDS[0]}, default="no")
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * FROM (VALUES (DATE '2024-12-24'), (DATE '2024-12-25'), "
            f"(NULL)) AS t(day)) TO '{path}' (FORMAT parquet)"
        )
        query = f"SELECT {rules.to_sql('duckdb')} FROM '{path}'"
        assert connection.execute(query).fetchall() == [("no",), ("yes",), ("no",)]
