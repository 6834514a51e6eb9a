"""SQL is executed, and its segments are those of assign."""

from __future__ import annotations

import datetime
import math
import sqlite3
import sys
import time
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from skseg.exceptions import MissingExtraError, RuleError
from skseg.rules import Rule, RuleSet, col, missing, parse
from skseg.rules._sql._dialects import DIALECTS
from skseg.rules._sql._expressions import condition_sql
from tests.modules import forget_modules
from tests.rules.sql.sql_data import (
    DOUBLE,
    ENGINES,
    FLOATS,
    NASTY,
    NEGATIVE_NAN,
    TEXTS,
    THRESHOLDS,
    Column,
    assigned,
    each_engine_with,
    neighbours,
    number_rules,
    numbers,
    plain_text,
    rows_of,
    rules,
    run,
    sql_codes,
    storable,
    text_rules,
    texts,
)

every_engine = pytest.mark.parametrize("dialect", ENGINES)


def assert_sql_assigns(
    dialect: str, columns: list[Column], tested: list[Rule], *, is_typed: bool = False
) -> None:
    """Assert that SQL tells of every row and rule what `assign` tells."""
    rule_sets = [RuleSet({"yes": rule}) for rule in tested]
    got = sql_codes(dialect, columns, rule_sets, is_typed=is_typed)
    expected = assigned(columns, rule_sets)
    wrong = [str(r) for r, a, b in zip(tested, got, expected, strict=True) if a != b]
    assert not wrong


# Special values; test_grid.py has every rule on every type of column


def test_enum_column_takes_categories_that_it_does_not_have() -> None:
    columns = [Column("x", "ENUM ('free', 'pro', '')", [None, "free", "pro", ""])]
    assert_sql_assigns("duckdb", columns, text_rules("x"))


MIDNIGHT = datetime.datetime(2024, 2, 29)


@pytest.mark.parametrize(
    ("dialect", "declared", "values"),
    [
        ("duckdb", "DOUBLE", [None, math.nan, NEGATIVE_NAN, math.inf, -math.inf, 0.0]),
        ("duckdb", "FLOAT", [None, math.nan, NEGATIVE_NAN, math.inf, 0.0]),
        ("duckdb", "BIGINT", [None, 0]),
        ("duckdb", "BOOLEAN", [None, False]),
        ("duckdb", "VARCHAR", [None, "nan", "-nan", "", "NULL"]),
        ("duckdb", "ENUM ('nan')", [None, "nan"]),
        ("duckdb", "TIMESTAMP", [None, MIDNIGHT]),
        ("duckdb", "DATE", [None, MIDNIGHT.date()]),
        ("duckdb", "BLOB", [None, b"", b"nan"]),
        ("sqlite", "REAL", [None, math.nan, math.inf, 0.0]),
        ("sqlite", "TEXT", [None, "nan", "", "NULL"]),
        ("sqlite", "BLOB", [None, b"", b"nan"]),
        ("postgres", "double precision", [None, math.nan, math.inf, 0.0]),
        ("postgres", "real", [None, math.nan, -math.inf]),
        ("postgres", "numeric", [None, Decimal("NaN"), Decimal(0)]),
        ("postgres", "boolean", [None, False]),
        ("postgres", "text", [None, "NaN", "nan", "", "NULL"]),
        ("postgres", "timestamp", [None, MIDNIGHT]),
        ("postgres", "date", [None, MIDNIGHT.date()]),
        ("postgres", "timestamptz", [None, MIDNIGHT]),
        ("postgres", "bytea", [None, b"", b"NaN"]),
        ("postgres", "json", [None, '"NaN"']),
        ("postgres", "jsonb", [None, '"NaN"']),
        ("postgres", "uuid", [None, "00000000-0000-0000-0000-000000000000"]),
        ("postgres", "text[]", [None, ["NaN"], []]),
        ("mysql", "double", [None, 0.0]),
        ("mysql", "text", [None, "nan", "", "NULL"]),
        ("mysql", "blob", [None, b"", b"nan"]),
        ("mysql", "bit(1)", [None, b"\0"]),
        ("mysql", "json", [None, '"NaN"']),
        ("mysql", "time", [None, datetime.timedelta(0)]),
    ],
)
def test_missing_is_asked_of_a_column_of_any_type(
    dialect: str, declared: str, values: list[Any]
) -> None:
    tested = [missing("x"), ~missing("x")]
    for is_typed in (False, True):
        columns = [Column("x", declared, values)]
        assert_sql_assigns(dialect, columns, tested, is_typed=is_typed)


def test_frame_in_duckdb_falls_into_the_segments_of_assign() -> None:
    frame = pl.DataFrame(
        {
            "aov": pl.Series([120.0, math.nan, None, math.inf, -0.0, 39.99, 40.0]),
            "ratio": pl.Series(
                [0.1, None, math.nan, 0.1, 7.0, 0.3, 0.1], dtype=pl.Float32
            ),
            "n": pl.Series([2**53 + 1, 2**53, None, 0, 1, 2, 3], dtype=pl.Int64),
            "plan": pl.Series(
                ["pro", "free", None, "PRO", "", "pro", "free"], dtype=pl.Categorical
            ),
            "active": [True, False, None, True, False, True, True],
        }
    )
    rule_set = RuleSet(
        {
            "big": f"n == {2**53} and not plan == 'free'",
            "unknown": "missing(aov) or missing(active)",
            "exact": "ratio == 0.1 and active == 1",
            "near": "not ratio < 0.1 and plan != 'gold' and active in [1]",
            "idle": "active != 1 and 0 <= aov < 40",
        },
    )
    with closing(duckdb.connect(":memory:")) as connection:
        connection.register("t", frame.to_arrow())
        sql = rule_set.to_sql("duckdb", output="code")
        codes = [
            code for (code,) in connection.execute(f"SELECT {sql} FROM t").fetchall()
        ]
    assert codes == rule_set.assign(frame).tolist()
    assert codes == [0, 1, 1, 3, 4, 3, 3]


# Random rule sets on random rows

ROWS = rows_of(
    {
        "a": st.none() | st.floats() | st.sampled_from(FLOATS),
        "B": st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-3, 3),
        "plan": st.none() | texts,
        "odd name": st.none() | st.floats(),
    }
)
TYPES = {
    "duckdb": {"a": "DOUBLE", "B": "BIGINT", "plan": "TEXT", "odd name": "DOUBLE"},
    "sqlite": {"a": "REAL", "B": "INTEGER", "plan": "TEXT", "odd name": "REAL"},
    "postgres": {"a": "float8", "B": "bigint", "plan": "text", "odd name": "float8"},
    "mysql": {"a": "double", "B": "bigint", "plan": "text", "odd name": "double"},
}
RULES = rules(["a", "B"], ["plan"]) | st.sampled_from(
    [missing("odd name"), ~missing("odd name"), parse("True"), parse("False")]
)


def declared(dialect: str, rows: dict[str, Any]) -> list[Column]:
    """Return the columns that `TYPES` declares, of values that the engine stores."""
    return [
        Column(name, TYPES[dialect][name], storable(dialect, values))
        for name, values in rows.items()
    ]


@every_engine
@given(
    parts=st.lists(RULES, max_size=5),
    default=st.none() | st.just("default"),
    rows=ROWS,
)
def test_random_rule_set_assigns_random_rows_alike(
    dialect: str, parts: list[Rule], default: str | None, rows: dict[str, Any]
) -> None:
    rule_set = RuleSet({f"s{i}": rule for i, rule in enumerate(parts)}, default=default)
    columns = declared(dialect, rows)
    sqls = [
        rule_set.to_sql(dialect, output=output, types=types)
        for types in (None, TYPES[dialect])
        for output in ("name", "code")
    ]
    _, results = run(dialect, columns, sqls)
    [codes] = assigned(columns, [rule_set])
    names = [None if code < 0 else rule_set.names[code] for code in codes]
    assert results == [pair * 2 for pair in zip(names, codes, strict=True)]


@every_engine
@given(rule=RULES, rows=ROWS)
def test_where_keeps_exactly_the_rows_for_which_the_rule_holds(
    dialect: str, rule: Rule, rows: dict[str, Any]
) -> None:
    columns = declared(dialect, rows)
    # WHERE takes NULL for false, and so does CASE WHEN; AND binds tighter than OR.
    kept = [
        f"CASE WHEN {condition_sql(rule, dialect, types=types)} AND 1 = 1 "
        "THEN 1 ELSE 0 END"
        for types in (None, TYPES[dialect])
    ]
    _, results = run(dialect, columns, kept)
    held = rule.evaluate({column.name: column.values for column in columns})
    assert results == [(value, value) for value in held.astype(int)]


# Literals


def random_floats(seed: int, n: int) -> list[float]:
    """Return float64 of all sizes, averages of money among them."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 0x7FF0000000000000, n, dtype=np.int64).view(np.float64)
    denormal = rng.integers(1, 1 << 52, n, dtype=np.int64).view(np.float64)
    normal = rng.normal(size=n) * 10.0 ** rng.integers(-6, 12, n)
    average = np.round(rng.uniform(0, 5000, n), 2) / rng.integers(1, 60, n)
    doubles = np.concatenate([bits, denormal, normal, average])
    return list(map(float, doubles * rng.choice([-1, 1], len(doubles))))


@every_engine
def test_engine_reads_every_literal_as_exactly_that_number(dialect: str) -> None:
    powers = [float(f"1e{k}") for k in range(-323, 309)]
    written = [*random_floats(0, 400), *powers, *THRESHOLDS]
    values = storable(dialect, neighbours(written))
    columns = [Column("x", DOUBLE[dialect], values)]
    rule_sets = [RuleSet({"in": col("x").isin(written)})]
    got = sql_codes(dialect, columns, rule_sets)
    assert got == assigned(columns, rule_sets)


@given(numbers)
def test_sqlite_needs_no_more_than_float64_arithmetic_to_read_a_literal(
    number: float,
) -> None:
    sql = condition_sql(col("x") == abs(number), "sqlite").rpartition(" = ")[2]
    if not math.isinf(number):
        assert float64_arithmetic(sql) == abs(number)


def test_sqlite_literal_of_a_quotient_is_read_right_by_float64_arithmetic() -> None:
    for number in map(abs, random_floats(1, 200)):
        sql = condition_sql(col("x") == number, "sqlite").rpartition(" = ")[2]
        assert float64_arithmetic(sql) == number


def float64_arithmetic(sql: str) -> float:
    """Compute a literal as an SQLite without long double does."""
    if "CAST" not in sql:
        return decimal_by_float64(sql)
    words = sql.removeprefix("CAST(").replace(" AS REAL)", "").split(" ")
    value = float(words[0])
    for operator, word in zip(words[1::2], words[2::2], strict=True):
        value = value * int(word) if operator == "*" else value / int(word)
    return value


def decimal_by_float64(literal: str) -> float:
    """Multiply or divide the digits by a power of ten, all of them in float64."""
    _, digits, exponent = Decimal(literal).as_tuple()
    assert isinstance(exponent, int)
    mantissa = int("".join(map(str, digits)))
    # SQLite drops the digits beyond a 64-bit integer.
    assert mantissa < 2**63
    scale = float(10 ** abs(exponent))
    assert scale == Fraction(10) ** abs(exponent)
    return mantissa * scale if exponent > 0 else mantissa / scale


@pytest.mark.parametrize(
    ("number", "duckdb_literal", "sqlite_literal"),
    [
        (120.0, "120", "120"),
        (-120.0, "-120", "-120"),
        (0.1, "0.1e0", "0.1"),
        (12.35, "12.35e0", "12.35"),
        (103.33333333333333, "103.33333333333333e0", "103.333333333333328"),
        (2.0**53 + 2, "9007199254740994.0e0", "9007199254740994"),
        (1e22, "1e+22", "1E+22"),
        (1e-7, "1e-07", "1E-7"),
        (math.inf, "CAST('inf' AS DOUBLE)", "9e999"),
        (-math.inf, "-CAST('inf' AS DOUBLE)", "-9e999"),
    ],
)
def test_literals_read_well(
    number: float, duckdb_literal: str, sqlite_literal: str
) -> None:
    rule = col("x") <= number
    assert condition_sql(rule, "sqlite").endswith(f"END <= {sqlite_literal}")
    assert f'CAST("x" AS DOUBLE) <= {duckdb_literal} AND' in " ".join(
        condition_sql(rule, "duckdb").split()
    )


# What the SQL looks like


X = 'CAST("x" AS DOUBLE)'
IS_NUMBER = f"COALESCE(ISFINITE({X}) OR ISINF({X}), FALSE)"
P = 'SUBSTRING("p", 1) COLLATE C'


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("x < 3", f"({X} < 3 AND {IS_NUMBER})"),
        ("3 <= x < 5", f"({X} >= 3 AND {X} < 5 AND {IS_NUMBER})"),
        ("x < 5 and not x < 3", f"({X} < 5 AND {IS_NUMBER} AND {X} >= 3)"),
        ("x != 3", f"({X} <> 3 OR NOT {IS_NUMBER})"),
        ("not missing(x) and x in [3]", f"({IS_NUMBER} AND {X} = 3)"),
        ("p == 'a'", f"{P} = 'a'"),
        ("p not in ['a', 'b']", f"(NOT {P} IN ('a', 'b') OR \"p\" IS NULL)"),
    ],
)
def test_conditions_say_no_more_than_is_needed(rule: str, sql: str) -> None:
    words = " ".join(condition_sql(parse(rule), "duckdb").split())
    assert words.replace("( ", "(").replace(" )", ")") == sql


def test_long_expression_runs_over_several_lines() -> None:
    rule_set = RuleSet({"VIP": "x >= 120", "Core": "40 <= x < 120"}, default="Small")
    number = (
        "CASE WHEN CAST(`x` AS REAL) = `x` OR CAST(`x` AS INTEGER) = `x` "
        "THEN CAST(`x` AS REAL) WHEN NOT `x` IS NULL "
        "THEN JSON('x holds a value that is no number') END"
    )
    assert rule_set.to_sql("sqlite", alias="segment") == "\n".join(
        [
            "CASE",
            f"  WHEN {number} >= 120",
            "  THEN 'VIP'",
            f"  WHEN {number} >= 40",
            f"  AND {number} < 120",
            "  THEN 'Core'",
            "  ELSE 'Small'",
            "END AS `segment`",
        ]
    )


@every_engine
def test_output_is_the_name_or_the_code(dialect: str) -> None:
    columns = [Column("x", DOUBLE[dialect], [5.0, 1.0])]
    without, with_default = (
        RuleSet({"a": "x > 3"}),
        RuleSet({"a": "x > 3"}, default="b"),
    )
    sqls = [
        s.to_sql(dialect, output=o)
        for o in ("name", "code")
        for s in (without, with_default)
    ]
    _, results = run(dialect, columns, sqls)
    assert results == [("a", "a", 0, 0), (None, "b", -1, 1)]


@every_engine
def test_constant_rules_and_empty_rule_sets_are_expressions_too(dialect: str) -> None:
    rule_sets = [
        RuleSet({"nobody": "False", "all": "True", "late": "x > 0"}),
        RuleSet({"nobody": ~parse("True")}),
        RuleSet({}),
        RuleSet({}, default="all"),
    ]
    columns = [Column("x", DOUBLE[dialect], [1.0, None])]
    sqls = [s.to_sql(dialect, output=o) for s in rule_sets for o in ("name", "code")]
    _, results = run(dialect, columns, sqls)
    assert results == [("all", 1, None, -1, None, -1, "all", 0)] * 2


@every_engine
def test_sqlglot_reads_the_expression_and_writes_one_of_the_same_meaning(
    dialect: str,
) -> None:
    both = zip(number_rules("x")[-40:], text_rules("plan")[:40], strict=True)
    rule_set = RuleSet({f"s{i}": a & b for i, (a, b) in enumerate(both)})
    floats = storable(dialect, FLOATS)
    columns = [
        Column("x", DOUBLE[dialect], [value for value in floats for _ in TEXTS]),
        Column("plan", "TEXT", TEXTS * len(floats)),
    ]
    # sqlglot writes REGEXP of MariaDB, which tells text from numbers, as a function
    # that MySQL alone has.
    types = {c.name: c.type for c in columns} if dialect == "mysql" else None
    sql = rule_set.to_sql(dialect, output="code", types=types)
    again = sqlglot.parse_one(sql, read=dialect).sql(dialect)
    _, results = run(dialect, columns, [sql, again])
    assert [a for a, _ in results] == [b for _, b in results]
    assert [a for a, _ in results] == assigned(columns, [rule_set])[0]


# Names and values are data


@pytest.mark.parametrize(("dialect", "nasty"), each_engine_with(*NASTY))
def test_names_and_values_are_data(dialect: str, nasty: str) -> None:
    if is_refused(dialect, nasty):
        with pytest.raises(RuleError, match="Choose a"):
            RuleSet({"a": "x > 1"}).to_sql(dialect, alias=nasty)
        return
    rule_set = RuleSet({nasty: col(nasty) == nasty, "b": col(nasty).isin(["b", nasty])})
    columns = [Column(nasty, "TEXT", [nasty, nasty * 2, "b", None])]
    names, results = run(dialect, columns, [rule_set.to_sql(dialect, alias=nasty)])
    assert names == [nasty]
    assert [name for (name,) in results] == [nasty, None, "b", None]


@pytest.mark.parametrize(
    ("dialect", "values"),
    each_engine_with(NASTY, [text for text in NASTY if "\n" not in text]),
)
def test_values_side_by_side_are_data_on_one_line_and_on_many(
    dialect: str, values: list[str]
) -> None:
    rule_set = RuleSet({value: col("x") == value for value in values})
    columns = [Column("x", "TEXT", values)]
    _, results = run(dialect, columns, [rule_set.to_sql(dialect)])
    assert [name for (name,) in results] == list(values)


@pytest.mark.parametrize(
    ("dialect", "name"),
    [
        ("postgres", "x" * 64),
        ("postgres", "ä" * 32),
        ("mysql", "x" * 65),
        ("mysql", "x "),
        ("mysql", "\n"),
        ("mysql", "x😀"),
    ],
    ids=ascii,
)
def test_names_that_an_engine_would_cut_or_cannot_have_are_refused(
    dialect: str, name: str
) -> None:
    for rule, alias in (
        (col(name) == "b", None),
        (missing(name), None),
        ("x > 1", name),
    ):
        with pytest.raises(RuleError, match="Choose a") as error:
            RuleSet({"a": rule}).to_sql(dialect, alias=alias)
        assert error.value.value == name
    assert RuleSet({name: "x > 1"}).to_sql(dialect)


@pytest.mark.parametrize(
    ("dialect", "name"),
    [("postgres", "x" * 63), ("postgres", "ä" * 31), ("mysql", "ä" * 64)],
    ids=ascii,
)
def test_longest_names_are_columns_and_aliases(dialect: str, name: str) -> None:
    columns = [Column(name, DOUBLE[dialect], [1.0, 3.0])]
    sql = RuleSet({"a": col(name) > 2}).to_sql(dialect, output="code", alias=name)
    assert run(dialect, columns, [sql]) == ([name], [(-1,), (0,)])


def test_columns_that_differ_by_case_are_two_columns_in_postgres() -> None:
    rule_set = RuleSet({"small": "aov > 1", "large": "AOV > 1"})
    kind = DOUBLE["postgres"]
    columns = [Column("aov", kind, [0.0, 2.0]), Column("AOV", kind, [2.0, 0.0])]
    assert sql_codes("postgres", columns, [rule_set]) == [[1, 0]]


def is_refused(dialect: str, name: str) -> bool:
    """Return whether an engine has no columns of a name."""
    if dialect == "postgres":
        return len(name.encode()) > 63
    is_plain = not name[-1:].isspace() and name[0] > " " and name[0] != "\x7f"
    is_taken = is_plain and len(name) <= 64 and max(name) <= "\uffff"
    return dialect == "mysql" and not is_taken


def accepted(dialect: str, name: str) -> str:
    """Return a name that an engine accepts, made of another."""
    if not is_refused(dialect, name):
        return name
    return f"x{''.join(c for c in name if c <= chr(0xFFFF))[:15]}x"


@every_engine
@given(name=plain_text.filter(bool), value=plain_text, segment=plain_text.filter(bool))
def test_any_text_is_data(dialect: str, name: str, value: str, segment: str) -> None:
    name, alias = accepted(dialect, name), accepted(dialect, segment)
    rule_set = RuleSet({segment: col(name) == value})
    columns = [Column(name, "TEXT", [value, value + "x", None])]
    names, results = run(dialect, columns, [rule_set.to_sql(dialect, alias=alias)])
    assert (names, results) == ([alias], [(segment,), (None,), (None,)])


def test_sqlite_refuses_a_column_that_the_table_lacks() -> None:
    # In double quotes it would be text, and every row would get a segment.
    sql = RuleSet({"a": "typo >= 1"}, default="b").to_sql("sqlite")
    with pytest.raises(sqlite3.OperationalError, match="no such column: typo"):
        run("sqlite", [Column("x", "REAL", [1.0])], [sql])


# Size


@every_engine
def test_thousand_branches_render_fast_and_run(dialect: str) -> None:
    rule_set = RuleSet(
        {
            f"s{i}": f"{i} <= x < {i}.75 and plan in ['a', 'b'] and not n > {i}.37"
            for i in range(1000)
        },
        default="rest",
    )
    start = time.process_time()
    sql = rule_set.to_sql(dialect)
    # Copying all earlier branches for every new one takes half a minute.
    assert time.process_time() - start < 10
    columns = [
        Column("x", DOUBLE[dialect], [0.0, 0.75, 999.5, 500.0, 500.0, None]),
        Column("plan", "TEXT", ["a", "a", "b", "b", "c", "a"]),
        Column("n", DOUBLE[dialect], [None, 0.0, 999.37, 500.4, 1.0, 1.0]),
    ]
    _, results = run(dialect, columns, [sql])
    names = ["s0", "rest", "s999", "rest", "rest", "rest"]
    assert [name for (name,) in results] == names
    codes = [rule_set.names.index(name) for name in names]
    assert assigned(columns, [rule_set]) == [codes]


@every_engine
def test_chains_of_more_than_thousand_parts_run(dialect: str) -> None:
    column = col("x")
    either = " or ".join(f"({i} <= x < {i}.5 and y > {i})" for i in range(1001))
    rule_sets = [
        RuleSet({"or": either}),
        RuleSet({"and": " and ".join(f"not {i} < x <= {i}.5" for i in range(1001))}),
        RuleSet({"in": column.isin(range(3000)), "not in": ~column.isin([7, 8])}),
    ]
    columns = [
        Column(
            "x",
            DOUBLE[dialect],
            [0.0, 1000.25, 1000.5, 1000.75, 2999.0, 8.0, 8.5, None],
        ),
        Column(
            "y",
            DOUBLE[dialect],
            [1.0, 1001.0, 9999.0, 9999.0, 9999.0, 1.0, 1.0, 9999.0],
        ),
    ]
    assert sql_codes(dialect, columns, rule_sets) == assigned(columns, rule_sets)


def nested(depth: int) -> str:
    """Return a rule of `depth` levels of brackets, each at the end of another."""
    text = "not y > 1"
    for level in range(depth):
        text = (
            f"x != {level} and ({text})" if level % 2 else f"x == {level} or ({text})"
        )
    return text


@every_engine
def test_deepest_rule_that_parses_runs(dialect: str) -> None:
    with pytest.raises(RuleError, match="nested 50 levels"):
        parse(nested(50))
    deepest = parse(nested(49))
    rule_sets = [
        RuleSet({"deep": deepest}),
        RuleSet({"not deep": ~deepest}),
        RuleSet({"one level more": ~(deepest & (col("x") < 99))}),
    ]
    columns = [
        Column(
            "x", DOUBLE[dialect], [0.0, 1.0, 47.0, 48.0, 98.0, 98.0, 98.0, 99.0, None]
        ),
        Column(
            "y",
            DOUBLE[dialect],
            storable(dialect, [9.0, 9.0, 0.0, 9.0, 9.0, 1.0, math.nan, None, None]),
        ),
    ]
    assert sql_codes(dialect, columns, rule_sets) == assigned(columns, rule_sets)


@every_engine
def test_rule_nested_deeper_than_parsers_of_sql_go_is_refused(dialect: str) -> None:
    rule = parse(nested(49))
    for level in range(20):
        rule = (rule & (col("x") > level)) | (col("y") > level)
    with pytest.raises(RuleError, match="nested more than 50 levels"):
        RuleSet({"deep": rule}).to_sql(dialect)


# Errors


OFFERED = ", ".join(map(repr, DIALECTS))


@pytest.mark.parametrize("dialect", ["oracle", "", "DuckDB", None])
def test_other_dialects_are_refused_with_the_reason(dialect: Any) -> None:
    with pytest.raises(RuleError) as error:
        RuleSet({"a": "x > 1"}).to_sql(dialect)
    assert str(error.value).startswith(
        f"The SQL dialect must be one of {OFFERED}. Got {dialect!r} instead."
    )
    assert str(error.value).endswith(
        "SQL for 'databricks', 'bigquery', 'snowflake', 'redshift', 'tsql' is not "
        "executed in the tests: RuleSet.sql_check proves it on the warehouse."
    )


def test_mistyped_dialect_gets_a_hint() -> None:
    with pytest.raises(RuleError, match="Did you mean 'sqlite'"):
        RuleSet({"a": "x > 1"}).to_sql("sqlite3")


def test_unknown_output_is_refused() -> None:
    with pytest.raises(RuleError, match=r"must be 'name' or 'code'. Got 'label'"):
        RuleSet({"a": "x > 1"}).to_sql(output="label")


@pytest.mark.parametrize("alias", ["", "a\0b", "\ud800", 5])
def test_alias_that_no_engine_takes_is_refused(alias: Any) -> None:
    with pytest.raises(RuleError, match="The alias must"):
        RuleSet({"a": "x > 1"}).to_sql(alias=alias)


@pytest.mark.parametrize("bad", ["", "a\0b", "\ud800"])
def test_name_or_value_that_no_engine_takes_never_reaches_sql(bad: str) -> None:
    with pytest.raises(RuleError, match="must not"):
        RuleSet({bad: "x > 1"})
    with pytest.raises(RuleError, match="must not"):
        col(bad)
    if bad:
        with pytest.raises(RuleError, match="must not"):
            RuleSet({"a": col("x") == bad})


@every_engine
@pytest.mark.parametrize("threshold", ["q(0.5)", "max(q(0.75), 120)"])
def test_unresolved_quantile_is_refused(dialect: str, threshold: str) -> None:
    rule_set = RuleSet({"a": f"y > 1 or aov >= {threshold}"})
    with pytest.raises(RuleError) as error:
        rule_set.to_sql(dialect)
    assert f"The threshold {threshold} of column 'aov' is not resolved" in str(
        error.value
    )
    resolved = rule_set.resolve({"aov": [130.0, 150.0], "y": [0.0, 0.0]})
    assert "130" in resolved.to_sql(dialect) or "150" in resolved.to_sql(dialect)


def test_columns_that_differ_only_by_case_are_refused() -> None:
    with pytest.raises(RuleError, match="'aov' and 'AOV' apart"):
        RuleSet({"a": "aov > 1", "b": "AOV > 1"}).to_sql()


@every_engine
def test_columns_that_differ_by_the_case_of_other_letters_are_told_apart(
    dialect: str,
) -> None:
    rule_set = RuleSet({"small": "ä > 1", "large": "Ä > 1"})
    if dialect == "mysql":
        with pytest.raises(RuleError, match="'ä' and 'Ä' apart"):
            rule_set.to_sql(dialect)
        return
    kind = DOUBLE[dialect]
    columns = [Column("ä", kind, [0.0, 2.0]), Column("Ä", kind, [2.0, 0.0])]
    assert sql_codes(dialect, columns, [rule_set]) == [[1, 0]]


def test_missing_sqlglot_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_modules(monkeypatch, "skseg.rules._sql")
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(MissingExtraError, match=r'pip install "skseg\[sql\]"'):
        RuleSet({"a": "x > 1"}).to_sql()
