"""SQL over columns of known types is lean, and refuses what they cannot hold."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pandas as pd
import pytest

from skseg._rfm._lazy._source import Source
from skseg.engines import open_table
from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, parse
from tests.rules.sql.sql_data import ENGINES, Column, run, sql_codes

DAY = "CAST('2024-12-25' AS TIMESTAMP)"


def on_one_line(sql: str) -> str:
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("dialect", "rule", "type_name", "sql"),
    [
        (
            "duckdb",
            "x < 3",
            "DOUBLE",
            '("x" < 3 AND COALESCE(ISFINITE("x") OR ISINF("x"), FALSE))',
        ),
        ("duckdb", "x < 3", "BIGINT", 'CAST("x" AS DOUBLE) < 3'),
        ("duckdb", "x < 3", "DECIMAL(9,2)", 'CAST("x" AS DOUBLE) < 3'),
        ("duckdb", "missing(x)", "BIGINT", '"x" IS NULL'),
        ("duckdb", "missing(x)", "VARCHAR", '"x" IS NULL'),
        ("duckdb", "x == 'a'", "VARCHAR", "CAST(\"x\" AS TEXT) COLLATE C = 'a'"),
        ("duckdb", "x == True", "BOOLEAN", 'COALESCE("x", FALSE)'),
        ("duckdb", "x != True", "BOOLEAN", 'NOT COALESCE("x", FALSE)'),
        ("duckdb", "x == False", "BOOLEAN", 'NOT COALESCE("x", TRUE)'),
        ("duckdb", "x in [True, False]", "BOOLEAN", 'NOT "x" IS NULL'),
        (
            "duckdb",
            "x < date('2024-12-25')",
            "DATE",
            f'CAST("x" AS TIMESTAMP) < {DAY}',
        ),
        ("postgres", "x < 0.1", "double precision", '"x" < 0.1'),
        (
            "postgres",
            "x >= 3",
            "float8",
            '("x" >= 3 AND COALESCE("x" <> \'NaN\', FALSE))',
        ),
        ("postgres", "3 <= x < 5", "double precision", '("x" >= 3 AND "x" < 5)'),
        ("postgres", "x > 3", "bigint", 'CAST("x" AS DOUBLE PRECISION) > 3'),
        ("postgres", "missing(x)", "bigint", '"x" IS NULL'),
        (
            "postgres",
            "x == 'a'",
            "character varying(20)",
            'CAST("x" AS TEXT) COLLATE "C" = \'a\'',
        ),
        ("postgres", "x == True", "boolean", 'COALESCE("x", FALSE)'),
        (
            "postgres",
            "x < date('2024-12-25')",
            "timestamp(3) without time zone",
            f'CAST("x" AS TIMESTAMP) < {DAY}',
        ),
        ("mysql", "x < 0.1", "double", "`x` < 0.1e0"),
        ("mysql", "x >= 3", "bigint(20) unsigned", "CAST(`x` AS DOUBLE) >= 3"),
        ("mysql", "x < inf", "double", "`x` <= 1.7976931348623157e+308"),
        ("mysql", "x == inf", "double", "`x` > 1.7976931348623157e+308"),
        ("mysql", "x > -inf", "double", "`x` >= -1.7976931348623157e+308"),
        ("mysql", "not missing(x)", "double", "NOT (`x` IS NULL)"),
        (
            "mysql",
            "x == 'a'",
            "varchar(20)",
            "CAST(CONVERT(`x` USING utf8mb4) AS BINARY) = 'a'",
        ),
        (
            "mysql",
            "x == 'é'",
            "enum('é','b')",
            "CAST(CONVERT(`x` USING utf8mb4) AS BINARY) = x'C3A9'",
        ),
    ],
)
def test_conditions_on_known_types_say_no_more_than_is_needed(
    dialect: str, rule: str, type_name: str, sql: str
) -> None:
    assert on_one_line(parse(rule).to_sql(dialect, types={"x": type_name})) == sql


def test_missing_values_of_a_choice_are_asked_for_once() -> None:
    rule = parse("not 2 <= x < 5 or x != 3 or missing(x)")
    sql = rule.to_sql("postgres", types={"x": "bigint"})
    assert sql.count("IS NULL") == 1


TYPES: dict[str, dict[str, str]] = {
    "duckdb": {
        "number": "BIGINT",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "zone": "TIMESTAMP WITH TIME ZONE",
    },
    "postgres": {
        "number": "numeric(10,2)",
        "boolean": "boolean",
        "date": "timestamp without time zone",
        "zone": "timestamp with time zone",
    },
    "mysql": {"number": "int(11)", "date": "datetime(6)"},
}
REFUSED = [
    ("x < 3", "date", "numbers"),
    ("x < 3", "zone", "numbers"),
    ("x == 'a'", "number", "text"),
    ("x == 'a'", "boolean", "text"),
    ("x == 'a'", "date", "text"),
    ("x == True", "date", "booleans"),
    ("x < date('2024-12-25')", "number", "dates"),
    ("x < date('2024-12-25')", "boolean", "dates"),
    ("x < date('2024-12-25')", "zone", "dates"),
]


@pytest.mark.parametrize("dialect", TYPES)
@pytest.mark.parametrize(("rule", "kind", "plural"), REFUSED)
def test_column_that_cannot_hold_what_it_is_compared_with_is_refused(
    dialect: str, rule: str, kind: str, plural: str
) -> None:
    if kind not in TYPES[dialect]:
        pytest.skip(f"{dialect} has no type of its own for a {kind}")
    type_name = TYPES[dialect][kind]
    for write in (parse(rule).to_sql, RuleSet({"a": rule}).to_sql):
        with pytest.raises(RuleError) as error:
            write(dialect, types={"x": type_name})
        assert str(error.value).startswith(
            f"The rules compare {plural}, and column 'x' is of type {type_name}."
        )
        assert error.value.column == "x"
        assert error.value.value == type_name


def test_advice_on_a_time_zone_works() -> None:
    rule = col("x") < dt.date(2024, 12, 25)
    with pytest.raises(RuleError, match="AT TIME ZONE 'UTC'"):
        rule.to_sql("postgres", types={"x": "timestamptz"})
    moments = [dt.datetime(2024, 12, 25, hour, tzinfo=dt.UTC) for hour in (0, 1)]
    before = [dt.datetime(2024, 12, 24, 23, 59, tzinfo=dt.UTC), *moments]
    sql = rule.to_sql("postgres", types={"x": "timestamp"})
    local = f"(SELECT {sql} FROM (SELECT t.x AT TIME ZONE 'UTC' AS x) AS u)"
    _, rows = run("postgres", [Column("x", "timestamptz", before)], [local])
    assert rows == [(True,), (False,), (False,)]


TEXT = {"duckdb": "VARCHAR", "sqlite": "TEXT", "postgres": "text", "mysql": "text"}
NUMBERS_AS_TEXT = {
    "10": 10.0,
    " 10": 10.0,
    "10 ": 10.0,
    "1e3": 1000.0,
    "-5.": -5.0,
    ".5": 0.5,
    "+5": 5.0,
    "-0": 0.0,
    "007": 7.0,
    "0.1": 0.1,
    "9007199254740993": 2.0**53,
    "9223372036854775808": 2.0**63,
}
NO_NUMBERS = (
    *("abc", "", "  ", "12abc", "abc12", "1e", "1e+", ".", "-", "--5", "- 5", "1 0"),
    *("1,5", "1,000", "1_000", "true", "\u0663", "(5)", "$5", "5%", "NULL", "5\n6"),
    "2024-12-25",
)
COMPARISONS: list[Rule] = [
    *(col("x") < n for n in (-5, 0.1, 7, 10, 2.0**53)),
    *(col("x") == n for n in (0, 0.1, 7, 10, 2.0**53, 2.0**63)),
    *(~(col("x") >= n) for n in (0.5, 1000)),
    col("x") < math.inf,
    col("x").isin([7, 0.5]),
]


@pytest.mark.parametrize("is_typed", [False, True], ids=["any type", "known type"])
@pytest.mark.parametrize("dialect", ENGINES)
def test_numbers_as_text_are_numbers_and_other_text_stops(
    dialect: str, is_typed: bool
) -> None:
    rule_sets = [RuleSet({"yes": rule}) for rule in COMPARISONS]
    numbers = {"x": [*NUMBERS_AS_TEXT.values(), math.nan]}
    columns = [Column("x", TEXT[dialect], [*NUMBERS_AS_TEXT, None])]
    codes = sql_codes(dialect, columns, rule_sets, is_typed=is_typed)
    assert codes == [rules.assign(numbers).tolist() for rules in rule_sets]
    # DuckDB takes 1_000 for a number, as Python does.
    for text in [t for t in NO_NUMBERS if (dialect, t) != ("duckdb", "1_000")]:
        columns = [Column("x", TEXT[dialect], [text])]
        with pytest.raises(Exception, match=r"(?i)convert|invalid|holds|malformed"):
            sql_codes(dialect, columns, rule_sets[:1], is_typed=is_typed)


def test_numbers_beyond_float64_stop_in_mysql() -> None:
    # The cast makes the largest float64 of them.
    for text in ("1e400", "-1e309"):
        with pytest.raises(Exception, match="out of range"):
            sql_codes("mysql", [Column("x", "text", [text])], [RuleSet({"a": "x < 3"})])


@pytest.mark.parametrize("value", ["yes", "2", "", " true", "true ", "1.00", "01", "-"])
@pytest.mark.parametrize("dialect", ENGINES)
def test_text_that_is_neither_true_nor_false_stops(dialect: str, value: str) -> None:
    columns = [Column("x", TEXT[dialect], [value])]
    for is_typed in (False, True):
        with pytest.raises(Exception, match=r"neither true nor false|malformed"):
            sql_codes(
                dialect, columns, [RuleSet({"a": "x == True"})], is_typed=is_typed
            )


@pytest.mark.parametrize(
    ("dialect", "declared", "value"),
    [
        ("duckdb", "DOUBLE", 0.5),
        ("duckdb", "DECIMAL(9, 2)", Decimal("1.01")),
        ("duckdb", "BIGINT", 2),
        ("postgres", "double precision", 1.0000000000000002),
        ("postgres", "numeric", Decimal("1.00000000000000000000001")),
        ("postgres", "integer", -1),
        ("mysql", "double", 5e-324),
        ("mysql", "decimal(40,30)", Decimal("0.000000000000000000000000000001")),
        ("mysql", "tinyint(1)", 2),
    ],
)
def test_numbers_that_are_neither_0_nor_1_stop(
    dialect: str, declared: str, value: Any
) -> None:
    columns = [Column("x", declared, [value])]
    for is_typed in (False, True):
        with pytest.raises(Exception, match="neither true nor false"):
            sql_codes(
                dialect, columns, [RuleSet({"a": "x == True"})], is_typed=is_typed
            )


@pytest.mark.parametrize("type_name", ["double", "float", "string", "decimal(9,2)"])
def test_spark_is_not_asked_for_types_that_are_known(type_name: str) -> None:
    # The code that Spark generates for TYPEOF does not compile where the session holds
    # the rows, and it says so at length.
    table = SimpleNamespace(dialect="spark", types={"x": type_name})
    assert "TYPEOF" not in str(
        Source.is_nan(cast(Any, SimpleNamespace(table=table)), "x")
    )
    for text in ("x > 3", "missing(x)", "x > date('2024-01-01')"):
        if type_name == "string" or "date" not in text:
            assert "TYPEOF" not in parse(text).to_sql("spark", types=table.types)


@pytest.mark.parametrize(
    "types", [["double"], {"x": float}, pd.Series({"x": "double"})]
)
def test_types_that_are_no_mapping_of_names_are_refused(types: Any) -> None:
    with pytest.raises(RuleError, match="must be a mapping of columns") as error:
        RuleSet({"a": "x > 1"}).to_sql("duckdb", types=types)
    assert error.value.name == "types"


def test_the_types_of_a_table_are_those_that_its_error_advises() -> None:
    relation = duckdb.sql("SELECT 1.5 AS x")
    table = open_table(relation)
    assert table is not None
    rules = RuleSet({"a": "x > 1"})
    sql = rules.to_sql("duckdb", output="code", types=table.types)
    assert table.fetch(f"SELECT {sql} AS code FROM {table.source}")["code"] == [0]
