"""Tables that SQLite has imported from csv files: every value is text, none is NULL."""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, parse
from tests.cli.cli_tools import skseg_command, write, write_csv

from .sql_data import Column, run

AFFINITIES = ("TEXT", "NUMERIC", "INTEGER", "REAL", "", "BLOB", "VARCHAR(20)")
# What the reader of csv files makes of a field in a column of numbers.
NUMBERS = {
    "10": 10.0,
    " 10": 10.0,
    "10 ": 10.0,
    "\t10": 10.0,
    "1e3": 1000.0,
    "1E+3": 1000.0,
    "-5.": -5.0,
    ".5": 0.5,
    "+5": 5.0,
    "-0": 0.0,
    "007": 7.0,
    "0.1": 0.1,
    "1e400": math.inf,
    "-1e400": -math.inf,
    "1e-400": 0.0,
    "9007199254740993": 2.0**53,
    "9223372036854775807": 2.0**63,
    "9223372036854775808": 2.0**63,
    "99999999999999999999": 1e20,
}
# Some of these are numbers to the reader, none to SQLite; a wrong one is worse.
NO_NUMBERS = (
    *("abc", "  ", "12abc", "abc12", "nan", "NaN", "inf", "Infinity", "0x10", "1e"),
    *("1e+", ".", "-", "--5", "- 5", "1 0", "1,5", "1,000", "1_000", "5\0abc", "true"),
    *("\u0663", "\u00a05", "(5)", "$5", "5%", "NULL", b"10", b"", b"\xff"),
)
OPERATORS = ("<", "<=", ">", ">=", "==", "!=")
THRESHOLDS = (-5.0, 0.0, 0.1, 2.0, 7.0, 10.0, 1000.0, 2.0**53, 1e20, math.inf)
RULES = [
    *(f"x {op} {number!r}" for op, number in product(OPERATORS, THRESHOLDS)),
    *(f"not x {op} {number!r}" for op, number in product(OPERATORS, THRESHOLDS[:4])),
    *("x in [10, 0.1]", "x not in [10, 0.1]", "0 <= x < 10", "not (0 <= x < 10)"),
    *("missing(x) or x < 2", "not missing(x) and x < 2", "missing(x) and x != 2"),
    "(x < 2 or x > 7) and not missing(x)",
]


def rule_code(rule: Rule) -> str:
    return RuleSet({"yes": rule}).to_sql("sqlite", output="code")


@cache
def codes_in_sql(*, empty_is_missing: bool) -> list[str]:
    """Return the SQL of all rules, which is the same for columns of every affinity."""
    return [
        RuleSet({"yes": rule}).to_sql(
            "sqlite", output="code", empty_is_missing=empty_is_missing
        )
        for rule in RULES
    ]


@pytest.mark.parametrize("declared", AFFINITIES)
@pytest.mark.parametrize("empty_is_missing", [False, True])
def test_numbers_as_text_are_those_that_the_reader_of_csv_files_reads(
    declared: str, empty_is_missing: bool
) -> None:
    # Empty fields are missing; as any other text they stop the query.
    texts = [*NUMBERS, *([""] if empty_is_missing else [])]
    numbers = [*NUMBERS.values(), *([math.nan] if empty_is_missing else [])]
    columns = [Column("x", declared, texts)]
    expressions = codes_in_sql(empty_is_missing=empty_is_missing)
    _, rows = run("sqlite", columns, expressions)
    for rule, codes in zip(RULES, zip(*rows, strict=True), strict=True):
        expected = RuleSet({"yes": rule}).assign({"x": numbers}).tolist()
        assert list(codes) == expected, rule


@cache
def comparisons_in_sql() -> list[str]:
    """Return queries that compare with numbers, as code and as condition."""
    rules = [parse(f"{no}x {op} 2") for op in OPERATORS for no in ("", "not ")]
    rules += [parse("x in [0, 12]"), parse("x not in [0, 12]")]
    queries = [f"SELECT {rule_code(rule)} FROM t" for rule in rules]
    return queries + [
        f"SELECT * FROM t WHERE {rule.to_sql('sqlite')}" for rule in rules
    ]


@pytest.mark.parametrize("declared", AFFINITIES)
def test_what_is_no_number_stops_a_comparison_with_numbers(declared: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (x {declared})")
        for value in [*NO_NUMBERS, ""]:
            connection.execute("DELETE FROM t")
            connection.execute("INSERT INTO t VALUES (?)", [value])
            for query in comparisons_in_sql():
                with pytest.raises(sqlite3.Error, match="malformed JSON"):
                    connection.execute(query).fetchall()


@pytest.mark.parametrize("declared", ["TEXT", "INTEGER", "REAL", "ANY"])
def test_numbers_of_strict_tables(declared: str) -> None:
    value: Any = {"TEXT": "10", "ANY": " 10"}.get(declared, 10)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (x {declared}) STRICT")
        connection.execute("INSERT INTO t VALUES (?)", [value])
        sql = RuleSet({"low": "x < 2", "ten": "x == 10"}).to_sql("sqlite")
        assert connection.execute(f"SELECT {sql} FROM t").fetchone() == ("ten",)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("x == True", ""),
        ("x != False", ""),
        ("x >= date('2024-12-25')", ""),
        ("x != date('2024-12-25')", ""),
        ("x == 'a'", ""),
        ("x != 'a'", ""),
        ("x == ''", ""),
        ("x in ['', 'a']", ""),
        ("x not in ['', 'a']", ""),
        ("missing(x)", ""),
        ("not missing(x)", ""),
        ("missing(x)", " "),
        ("x == ' '", " "),
    ],
)
def test_empty_text_is_missing_in_columns_of_every_kind(rule: str, value: str) -> None:
    rules = RuleSet({"yes": rule})
    sql = rules.to_sql("sqlite", output="code", empty_is_missing=True)
    _, rows = run("sqlite", [Column("x", "TEXT", [value])], [sql])
    assert [code for (code,) in rows] == rules.assign({"x": [value or None]}).tolist()
    condition = parse(rule).to_sql("sqlite", empty_is_missing=True)
    _, rows = run("sqlite", [Column("x", "TEXT", [value])], [f"{condition} IS TRUE"])
    assert [row for (row,) in rows] == parse(rule).evaluate({"x": [value or None]})


@pytest.mark.parametrize(
    "value",
    [
        *("2024-99-99", "2024-02-30", "2023-02-29", "2024-12-25 24:00", "2024-12-25 1"),
        *("2024-12-25T", "2024-12-25 18", "2024-12-25 18:0", "2024-12-25 18:00:60"),
        *("20241225", "2024-1-5", " 2024-12-25", "abc", "2024-12-25x", 20241225, b"2"),
    ],
    ids=ascii,
)
def test_what_is_no_date_stops_the_query(value: Any) -> None:
    sql = rule_code(parse("x > date('2020-01-01')"))
    with pytest.raises(sqlite3.Error, match="malformed JSON"):
        run("sqlite", [Column("x", "", [value])], [sql])


@pytest.mark.parametrize("declared", ["NUMERIC", "INTEGER", "REAL", ""])
@pytest.mark.parametrize("value", [2, 2.5, b"2", True])
def test_text_is_not_compared_with_what_may_have_been_other_text(
    declared: str, value: Any
) -> None:
    # '2.0', '02' and '2' are one number in a column of numbers.
    sql = rule_code(col("x") == "2")
    with pytest.raises(sqlite3.Error, match="malformed JSON"):
        run("sqlite", [Column("x", declared, [value])], [sql])


LOW_OR_NOT = {"low": "x < 2", "other": "not x < 2"}


@pytest.mark.parametrize(
    "write_sql",
    [
        RuleSet(LOW_OR_NOT).to_sql,
        parse("x < 2").to_sql,
        MECERuleSegmenter(LOW_OR_NOT).fit(pd.DataFrame({"x": [1.0, 3.0]})).to_strategy,
    ],
    ids=["rule set", "rule", "strategy"],
)
def test_empty_text_as_missing_is_refused_where_imports_know_null(
    write_sql: Callable[..., Any],
) -> None:
    with pytest.raises(RuleError, match="for sqlite") as caught:
        write_sql(dialect="duckdb", empty_is_missing=True)
    assert caught.value.name == "empty_is_missing"


FIELDS = ("10", "", " 10", "1e3", "-5.", "0.5", "9007199254740993", "-0", "1e400")


@pytest.mark.parametrize("declared", AFFINITIES)
def test_query_of_the_command_gives_imported_rows_their_segments(
    declared: str, tmp_path: Path
) -> None:
    rows = [
        *((field, "pro", "2024-12-25", "true") for field in FIELDS),
        *(("1", text, "2024-01-01 10:30", "") for text in ("", " ", "free")),
        *(("1", "x", day, "0") for day in ("", "2024-12-31T23:59:59")),
    ]
    lines = ["x,plan,day,flag", *map(",".join, rows)]
    rules = write(
        tmp_path / "r.yaml",
        "on_overlap: first\nrules:\n"
        "  A: x < 1 and plan == 'pro'\n  B: x >= 2 and flag == True\n"
        "  C: missing(plan) or plan == ''\n  D: day >= date('2024-06-01')\n"
        "  E: plan != 'free' and not missing(x)\n  F: missing(x)\ndefault: Rest\n",
    )
    out = tmp_path / "out"
    data = write_csv(tmp_path / "d.csv", lines)
    options = ["--dialect", "sqlite", "--no-plots", "--out", out]
    result = skseg_command("rules", "apply", rules, data, *options)
    assert result.exit_code == 0, result.output
    query = (out / "rules.sql").read_text(encoding="utf-8")
    assert "-- Empty text is a missing value" in query
    with (out / "strategy.csv").open(encoding="utf-8", newline="") as file:
        strategy = list(csv.DictReader(file))
    lines = (out / "rows.csv").read_text(encoding="utf-8").splitlines()[1:]
    segments = [line.split(",")[1:] for line in lines]
    assert len({name for _, name in segments}) >= 6
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE TABLE customers (x {declared}, plan TEXT, day TEXT, flag TEXT)"
        )
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
        imported = connection.execute(query).fetchall()
        selected = {
            segment["name"]: connection.execute(
                f"SELECT rowid FROM customers WHERE {segment['sql']}"
            ).fetchall()
            for segment in strategy
        }
    assert [[str(row[-2]), row[-1]] for row in imported] == segments
    assert selected == {
        segment["name"]: [
            (row,)
            for row, (_, name) in enumerate(segments, 1)
            if name == segment["name"]
        ]
        for segment in strategy
    }


def test_query_of_rfm_sends_customers_without_numbers_to_unknown(
    tmp_path: Path,
) -> None:
    orders = [f"c{i},2024-{i % 12 + 1:02}-10,{10 * i + 5}" for i in range(1, 40)]
    data = write_csv(tmp_path / "o.csv", ["id,when,paid", *orders])
    out = tmp_path / "out"
    roles = ["--customer", "id", "--date", "when", "--amount", "paid"]
    options = ["--as-of", "2025-01-01", "--dialect", "sqlite", "--no-plots"]
    result = skseg_command("rfm", data, *roles, *options, "--out", out)
    assert result.exit_code == 0, result.output
    query = (out / "segments.sql").read_text(encoding="utf-8")
    lines = (out / "customers.csv").read_text(encoding="utf-8").splitlines()
    names, *customers = [line.split(",") for line in lines]
    blank = [
        "" if name in ("recency", "frequency", "monetary") else "0" for name in names
    ]
    with closing(sqlite3.connect(":memory:")) as connection:
        declared = ", ".join(f'"{name}" TEXT' for name in names)
        connection.execute(f"CREATE TABLE customers ({declared})")
        marks = ", ".join("?" for _ in names)
        connection.executemany(
            f"INSERT INTO customers VALUES ({marks})", [*customers, blank]
        )
        segments = [row[-1] for row in connection.execute(query).fetchall()]
    segment = names.index("segment")
    assert segments == [*(customer[segment] for customer in customers), "Unknown"]
