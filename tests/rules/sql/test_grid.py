"""Every rule over special values, on every type of column that an engine has.

The SQL gives each row the segment that `assign` gives it, or it stops where `assign`
refuses the column; it does so whether or not it knows the types of the columns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import duckdb
import pytest

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, missing
from skseg.rules._sql._dialects import DIALECTS
from tests.rules.sql.sql_data import (
    DAYS,
    FLOATS,
    FLOATS32,
    INTEGERS,
    MOMENTS,
    TEXTS,
    Column,
    assigned,
    date_rules,
    iso,
    number_rules,
    run,
    storable,
    text_rules,
)

X = col("x")
FAMILIES: dict[str, list[Rule]] = {
    "numbers": number_rules("x"),
    "text": text_rules("x"),
    "dates": date_rules("x"),
    "booleans": [
        rule
        for leaf in (X == True, X == False, X.isin([True, False]), X != True)  # noqa: E712
        for rule in (leaf, ~leaf, leaf | missing("x"), leaf & ~missing("x"))
    ],
    "missing": [missing("x"), ~missing("x")],
}
# Rules that read every value that is not missing.
PLAIN: dict[str, list[Rule]] = {
    "numbers": [X < 1, ~(X >= 1), X.isin([1, 2])],
    "text": [X == "free", X != "1", X == "true"],
    "dates": [X < dt.date(2024, 12, 25), X != dt.date(2024, 12, 25)],
    "booleans": [X == True, ~(X == False)],  # noqa: E712
}


@dataclass(frozen=True)
class Cell:
    """A column of a table, of one engine.

    `known` is its type as the engine writes it, where the declaration says more. Where
    the type is not known, the engine `stops` at rules that `assign` takes.
    """

    dialect: str
    declared: str
    values: Sequence[Any]
    known: str = ""
    setup: tuple[str, ...] = ()
    stops: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"{self.dialect} {self.declared}".strip()

    @property
    def type(self) -> str:
        """The type of the column, without its collation and its charset."""
        bare = re.split(r"(?i) collate | character set ", self.declared)[0]
        return self.known or bare


DECIMALS = [
    None,
    *map(Decimal, ("0", "1", "2", "3", "-1", "120", "119.9999", "120.0001", "1.5")),
    *map(Decimal, ("0.1", "0.3", "-120", "3544.8132", "9007199254740993")),
]
# Digits that float64 does not have.
LONG_DECIMALS = [
    *DECIMALS,
    *map(
        Decimal, ("0.10000000000000001", "0.1000000000000000056", "103.333333333333333")
    ),
    *map(Decimal, ("9007199254740992.5", "9007199254740993.0000000001")),
    *map(
        Decimal, ("0.30000000000000004", "0.0000051897630648", "18446744073709551616.5")
    ),
]
# DuckDB before 2.0 casts some numbers of many digits to the float64 beside it.
WIDE_DECIMALS = (
    [v for v in LONG_DECIMALS if v is None or v < 10**18]
    if duckdb.__version__ >= "2"
    else DECIMALS[:-1]
)
HUGE_DECIMALS = [
    *LONG_DECIMALS,
    *map(Decimal, (10**22, 10**22 + 1, 10**23 - 1, -(10**30))),
]
NUMERICS = [
    *HUGE_DECIMALS,
    *(Decimal(v) for v in FLOATS if v is not None and abs(v) >= 1e-300),
    Decimal("NaN"),
    Decimal("0.1000000000000000055511151231257827021181583404541015625"),
]
SMALL = (None, 0, 1, -1, 2, 3, 119, 120, 121)
SIGNS = (None, True, False)
UNSIGNED = [*(i for i in INTEGERS if i and i > 0), 2**64 - 1]
WORDS = (None, "true", "FALSE", "True", "1", "0", "1.0", "-0.0")
UNPADDED = [text for text in TEXTS if text is None or not text.endswith(" ")]
LATIN = [t for t in TEXTS if t is None or t.isascii() or t in ("ß", "é")]
MEMBERS = (None, "free", "pro", "1")
# What TIMESTAMP of MySQL reaches.
RECENT = [None, *(m for m in MOMENTS if m and 1971 < m.year < 2037)]
NANOSECONDS = [m for m in MOMENTS if not m or 1700 < m.year < 2200]
WHOLE_SECONDS = [m and m.replace(microsecond=0) for m in MOMENTS]
ZONED = [None, dt.datetime(2024, 12, 25, tzinfo=dt.UTC)]
CREATE_MOOD = (
    "DROP TYPE IF EXISTS pg_temp.mood",
    "CREATE TYPE pg_temp.mood AS ENUM ('free', 'pro', '1')",
)
CREATE_AMOUNT = (
    "DROP DOMAIN IF EXISTS pg_temp.amount",
    "CREATE DOMAIN pg_temp.amount AS numeric",
)
CREATE_COLLATION = """
CREATE COLLATION IF NOT EXISTS pg_temp.sloppy
(provider = icu, locale = 'und-u-ks-level1', deterministic = false)
"""


def cells(dialect: str, *columns: tuple[Any, ...], **options: Any) -> list[Cell]:
    """Return the columns of one engine."""
    return [Cell(dialect, *column, **options) for column in columns]


GRID = [
    *cells(
        "duckdb",
        ("DOUBLE", FLOATS),
        ("FLOAT", FLOATS32),
        ("INTEGER", SMALL),
        ("BIGINT", INTEGERS),
        ("UBIGINT", UNSIGNED),
        ("HUGEINT", [*INTEGERS, 2**100, -(2**100) - 1]),
        ("DECIMAL(18, 4)", DECIMALS[:-1]),
        ("DECIMAL(38, 20)", WIDE_DECIMALS),
        ("BOOLEAN", SIGNS),
        ("VARCHAR", TEXTS),
        ("VARCHAR COLLATE NOCASE", TEXTS),
        ("VARCHAR COLLATE NOACCENT", TEXTS),
        ("ENUM ('free', 'pro', '1')", MEMBERS),
        ("VARCHAR", WORDS),
        ("TIMESTAMP", MOMENTS),
        ("DATE", DAYS),
        ("TIMESTAMP_S", WHOLE_SECONDS),
        ("TIMESTAMP_NS", NANOSECONDS),
        ("VARCHAR", iso(MOMENTS, " ")),
        ("VARCHAR", iso(MOMENTS, "T|microseconds")),
        ("VARCHAR", iso(MOMENTS, "short")),
        ("TIMESTAMP WITH TIME ZONE", ZONED),
    ),
    *cells("duckdb", ("VARCHAR", TEXTS), setup=("SET default_collation = 'nocase'",)),
    *cells(
        "sqlite",
        ("REAL", FLOATS),
        ("", FLOATS),
        ("INTEGER", INTEGERS),
        ("NUMERIC", (*FLOATS, *INTEGERS)),
        ("BOOLEAN", SIGNS),
        ("TEXT", TEXTS),
        ("TEXT COLLATE NOCASE", TEXTS),
        ("TEXT COLLATE RTRIM", TEXTS),
        ("", TEXTS),
        ("TEXT", WORDS),
        ("TEXT", iso(MOMENTS, " ")),
        ("TIMESTAMP", iso(MOMENTS, "T|microseconds")),
        ("", iso(MOMENTS, "short")),
        ("DATE", [day and day.isoformat() for day in DAYS]),
        ("TEXT COLLATE NOCASE", iso(MOMENTS, "T")),
    ),
    *cells(
        "postgres",
        ("double precision", FLOATS),
        ("real", FLOATS32),
        ("smallint", SMALL),
        ("bigint", INTEGERS),
        ("numeric", NUMERICS),
        ("numeric(20, 4)", [*DECIMALS, Decimal("NaN")]),
        ("text", TEXTS),
        ("character varying(40)", TEXTS),
        ('text COLLATE "en-x-icu"', TEXTS),
        ("name", TEXTS),
        ("character(20)", UNPADDED),
        ("text", WORDS),
        ("timestamp without time zone", MOMENTS),
        ("timestamp(3) without time zone", WHOLE_SECONDS),
        ("date", DAYS),
        ("text", iso(MOMENTS, " ")),
        ("text", iso(MOMENTS, "T|microseconds")),
        ("character varying(40)", iso(MOMENTS, "short")),
        ("timestamp with time zone", ZONED),
    ),
    *cells("postgres", ("boolean", SIGNS), stops=frozenset(["numbers"])),
    *cells("postgres", ("pg_temp.mood", MEMBERS), setup=CREATE_MOOD, known="mood"),
    *cells("postgres", ("pg_temp.amount", NUMERICS), setup=CREATE_AMOUNT),
    *cells(
        "postgres", ("text COLLATE pg_temp.sloppy", TEXTS), setup=(CREATE_COLLATION,)
    ),
    *cells(
        "mysql",
        ("double", storable("mysql", FLOATS)),
        ("float", [v for v in storable("mysql", FLOATS32) if not v or abs(v) > 1e-37]),
        ("int(11)", SMALL),
        ("bigint(20)", INTEGERS),
        ("bigint(20) unsigned", UNSIGNED),
        ("decimal(20,4)", DECIMALS),
        ("decimal(65,20)", HUGE_DECIMALS),
        ("tinyint(1)", SIGNS),
        ("text", TEXTS),
        ("varchar(40) COLLATE utf8mb4_general_ci", TEXTS),
        ("varchar(40) COLLATE utf8mb4_bin", TEXTS),
        ("longtext COLLATE utf8mb4_unicode_ci", TEXTS),
        ("varchar(40) CHARACTER SET latin1", LATIN),
        ("char(40)", UNPADDED),
        ("enum('free','pro','1')", MEMBERS),
        ("varchar(40)", WORDS),
        ("datetime(6)", MOMENTS),
        ("date", DAYS),
        ("timestamp(6) NULL", RECENT),
        ("text", iso(MOMENTS, " ")),
        ("text", iso(MOMENTS, "T|microseconds")),
        ("varchar(40)", iso(MOMENTS, "short")),
    ),
]


@cache
def code_sql(rule: Rule, dialect: str, type_name: str | None) -> str:
    """Return the SQL of the rule's code, over a column of a type."""
    types = None if type_name is None else {"x": type_name}
    return RuleSet({"yes": rule}).to_sql(dialect, output="code", types=types)


FIRST_TYPES: dict[tuple[str, object], str] = {}


def types_of(cell: Cell) -> list[str | None]:
    """Return the types that SQL is written for: unknown, and the column's own."""
    known = DIALECTS[cell.dialect].known_types
    if known is None:
        return [None]
    # Types that are stored alike share their SQL.
    key = cell.dialect, known.storage_of(cell.type)
    return [None, FIRST_TYPES.setdefault(key, cell.type)]


def codes_of(
    cell: Cell, tested: Sequence[Rule], types: Sequence[str | None]
) -> list[list[int]]:
    """Return the codes that SQL gives each row, one list a type and a rule."""
    sqls = [code_sql(rule, cell.dialect, name) for name in types for rule in tested]
    column = Column("x", cell.declared, cell.values)
    _, rows = run(cell.dialect, [column], sqls, *cell.setup)
    return [list(codes) for codes in zip(*rows, strict=True)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("cell", GRID, ids=str)
def test_sql_assigns_what_assign_does_or_stops_where_it_does(
    cell: Cell, family: str
) -> None:
    tested, types = FAMILIES[family], types_of(cell)
    columns = [Column("x", cell.declared, cell.values)]
    try:
        expected = assigned(columns, [RuleSet({"yes": rule}) for rule in tested])
    except RuleError:
        assert_stops(cell, family, types)
        return
    if family in cell.stops:
        assert_stops(cell, family, types[:1])
        types = types[1:]
    got = codes_of(cell, tested, types)
    cases = zip([*tested] * len(types), got, expected * len(types), strict=True)
    assert not [str(rule) for rule, codes, right in cases if codes != right]


def assert_stops(cell: Cell, family: str, types: Sequence[str | None]) -> None:
    """Assert that no query gives a segment to a column that `assign` refuses."""
    for type_name, rule in product(types, PLAIN[family]):
        with pytest.raises(Exception, match=STOPPED):
            codes_of(cell, [rule], [type_name])


@pytest.mark.parametrize("dialect", sorted({cell.dialect for cell in GRID}))
def test_types_of_other_columns_and_unknown_types_change_nothing(dialect: str) -> None:
    rule = (X > 1) & (col("y") == "a")
    sql = rule.to_sql(dialect)
    assert sql == rule.to_sql(dialect, types={"z": "bigint", "x": "geography"})


STOPPED = (
    r"compare (numbers|text|dates|booleans)|holds|malformed JSON|cannot cast|"
    r"No function matches|Could not convert|invalid input syntax|Conversion Error|zone|"
    r"neither true nor false|Binder Error|collations"
)
