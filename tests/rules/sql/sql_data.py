"""What the tests of SQL share: engines, tables of special values, random rules."""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from skseg.rules import Columns, Rule, RuleSet, col, missing
from tests.engines.connections import (
    duckdb_connection,
    mariadb_connection,
    postgres_connection,
)

# The engines that need no server, and those that do.
EMBEDDED = ("duckdb", "sqlite")
SERVERS = ("postgres", "mysql")
ENGINES = (*EMBEDDED, *SERVERS)
# The type of float64.
DOUBLE = {
    "duckdb": "DOUBLE",
    "sqlite": "REAL",
    "postgres": "double precision",
    "mysql": "double",
}


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its type as declared in SQL, its values."""

    name: str
    type: str
    values: Sequence[Any]


@contextmanager
def cursor_of(dialect: str) -> Iterator[Any]:
    """Give a cursor of a new database, or of the process's session on a server."""
    if dialect == "duckdb":
        # A cursor has settings and temporary tables of its own.
        with duckdb_connection().cursor() as cursor:
            yield cursor
    elif dialect == "sqlite":
        with closing(sqlite3.connect(":memory:")) as database:
            yield database.cursor()
    elif dialect == "postgres":
        with postgres_connection().cursor() as cursor:
            # Compiling a large CASE takes longer than the few rows.
            cursor.execute("SET jit = off")
            yield cursor
    else:
        with mariadb_connection().cursor() as cursor:
            yield cursor


def run(
    dialect: str, columns: Sequence[Column], expressions: Iterable[str], *setup: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names and the rows of a SELECT of `expressions` from a new table."""
    declared = [f"{quoted(c.name, dialect)} {c.type}" for c in columns]
    mark = mark_of(dialect)
    values = [c.values for c in columns]
    rows = list(zip(range(len(values[0])), *values, strict=True))
    names = f"skseg_row INTEGER, {', '.join(declared)}"
    with cursor_of(dialect) as cursor:
        for statement in setup:
            cursor.execute(statement)
        cursor.execute(f"CREATE TEMPORARY TABLE t ({names})")
        try:
            marks = ", ".join([mark] * len(rows[0]))
            cursor.executemany(f"INSERT INTO t VALUES ({marks})", rows)
            cursor.execute(f"SELECT {', '.join(expressions)} FROM t ORDER BY skseg_row")
            return [field[0] for field in cursor.description], list(cursor.fetchall())
        finally:
            cursor.execute("DROP TABLE t")


def mark_of(dialect: str) -> str:
    """Return what stands for a value in a statement."""
    return "?" if dialect in EMBEDDED else "%s"


def quoted(name: str, dialect: str = "duckdb") -> str:
    """Quote an identifier."""
    mark = "`" if dialect == "mysql" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def sql_codes(
    dialect: str,
    columns: Sequence[Column],
    rule_sets: Sequence[RuleSet],
    *setup: str,
    is_typed: bool = False,
) -> list[list[int]]:
    """Return the codes that SQL gives each row, one list a rule set.

    If it `is_typed`, the SQL is written for columns of known types.
    """
    types = {column.name: column.type for column in columns} if is_typed else None
    expressions = [
        rules.to_sql(dialect, output="code", types=types) for rules in rule_sets
    ]
    _, rows = run(dialect, columns, expressions, *setup)
    return [list(codes) for codes in zip(*rows, strict=True)]


def assigned(
    columns: Sequence[Column], rule_sets: Sequence[RuleSet]
) -> list[list[int]]:
    """Return the codes that `assign` gives each row, one list a rule set."""
    read = Columns({column.name: list(column.values) for column in columns})
    return [rules.assign(read).tolist() for rules in rule_sets]


def storable(dialect: str, values: Iterable[Any]) -> list[Any]:
    """Return values that an engine stores: MySQL knows neither NaN nor infinity."""
    if dialect != "mysql":
        return list(values)
    return [
        None if isinstance(v, float) and not math.isfinite(v) else v for v in values
    ]


NEGATIVE_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000000))[0]
LARGEST = 1.7976931348623157e308

# Quantiles as data brings them along, and values around which engines go wrong.
THRESHOLDS = (
    -math.inf,
    -LARGEST,
    -120.0,
    -5e-324,
    0.0,
    5e-324,
    2.2250738585072014e-308,
    5.1897630647758954e-06,
    0.1,
    0.30000000000000004,
    1.0,
    2.0,
    103.33333333333333,
    120.0,
    3544.813189189789,
    2.0**53,
    2.0**53 + 2,
    2.0**63,
    2.0**64,
    1e22,
    1e23,
    1e126,
    LARGEST,
    math.inf,
)


def neighbours(values: Iterable[float]) -> list[float]:
    """Return the values, and the next smaller and larger float64 of each."""
    near = (
        (math.nextafter(v, -math.inf), v, math.nextafter(v, math.inf)) for v in values
    )
    return [value for triple in near for value in triple]


FLOATS = (None, math.nan, NEGATIVE_NAN, -0.0, 1.5, *neighbours(THRESHOLDS))
with np.errstate(over="ignore"):
    FLOATS32 = tuple(None if v is None else float(np.float32(v)) for v in FLOATS)
INTEGERS = (
    *(None, 0, 1, -1, 2, 3, 119, 120, 121),
    *(sign * (2**53 + more) for sign in (1, -1) for more in range(-1, 5)),
    *(2**63 - 1, 2**63 - 513, -(2**63) + 1),
)

TEXTS = (
    *(None, "", " ", "free", "Free", "FREE", "free ", " free", "pro", "nan", "NaN"),
    *("NULL", "null", "1", "1.0", "1e0", "it's", 'say "so"', "a\\b", "a\nb", "%", "_"),
    *("ß", "ss", "é", "e\u0301", "e", "İ", "i", "😀", "inf"),
)


def number_rules(name: str) -> list[Rule]:
    """Return every comparison with every threshold, and what can be made of them."""
    column = col(name)
    rules: list[Rule] = [missing(name)]
    for number in THRESHOLDS:
        rules += [column < number, column <= number, column > number]
        rules += [column >= number, column == number, column != number]
        rules += [column.isin([number]), (column >= number) & (column < number + 1)]
        rules += [(column > number) & ~missing(name), (column < 0) | (column >= number)]
        rules += [(column <= 3) & ~(column < number), (column != 1) & (column > number)]
        rules += [
            missing(name) & (column != number),
            missing(name) & ~(column > number),
        ]
    rules += [column.isin([0, 2, 3]), column.isin([0.1, 1, math.inf])]
    rules.append(column.isin(THRESHOLDS))
    return [*rules, *(~rule for rule in rules)]


def text_rules(name: str) -> list[Rule]:
    """Return every equality and some memberships, and what can be made of them."""
    column, values = col(name), [text for text in TEXTS if text is not None]
    rules: list[Rule] = [missing(name) | (column == "free"), column.isin(values)]
    for value, other in zip(values, [*values[1:], "unseen"], strict=True):
        rules += [column == value, column != value, column.isin([value, other])]
        rules += [(column != value) & ~missing(name), missing(name) | (column != other)]
        rules.append(missing(name) & ~column.isin([value, other]))
        rules.append(column.isin([other, "free"]) & (column != "free"))
    return [*rules, *(~rule for rule in rules)]


MICROSECOND = dt.timedelta(microseconds=1)
DATES = [
    dt.datetime(2024, 12, 25),
    dt.datetime(2024, 12, 25, 18, 0, 0, 1),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    dt.datetime(9999, 12, 31),
    dt.datetime(1, 1, 1),
]
MOMENTS: list[Any] = [
    None,
    *(t + offset * MICROSECOND for t in DATES[:-1] for offset in (-1, 0, 1)),
    *(DATES[-1], DATES[-1] + MICROSECOND),
    dt.datetime(2024, 12, 25, 18, 0, 0, 100000),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
]
DAYS = [None if moment is None else moment.date() for moment in MOMENTS]


def date_rules(name: str) -> list[Rule]:
    """Return every comparison with every date, and what can be made of them."""
    column = col(name)
    tested = [
        rule
        for date in DATES
        for leaf in (
            *(column < date, column <= date, column > date, column >= date),
            *(column == date, column != date),
        )
        for rule in (leaf, ~leaf, leaf | missing(name), leaf & ~missing(name))
    ]
    return [*tested, column.isin(DATES), ~column.isin(DATES[:1])]


def iso(values: list[Any], form: str) -> list[str | None]:
    """Return moments as ISO text: as Python writes it, as pandas does, or short."""
    if form == "short":
        return [None if v is None else str(v).removesuffix(" 00:00:00") for v in values]
    sep, _, spec = form.partition("|")
    if spec:
        return [None if v is None else v.isoformat(sep, spec) for v in values]
    return [None if v is None else v.isoformat(sep) for v in values]


NASTY = (
    *("a b", "'", "''", '"', '""', "`", "``", "\\", "\\'", '\\"', "\\\\", "'\\''"),
    *(
        "[x]",
        "]",
        "a;b",
        "--",
        "-- '",
        "/* x */",
        "*/",
        "/*",
        "#",
        "; DROP TABLE t; --",
    ),
    *("'; DROP TABLE t; --", '"; DROP TABLE t; --', "') OR 1=1 --", "x' OR 'x'='x"),
    *("${x}", "{{x}}", "{% x %}", "%s", "%(x)s", "%%", "?", "?1", ":name", "@x", "$1"),
    *("$$", "$tag$", "\n", "a\nb", "a\r\nb", "\t", "a\n  b", "\u2028", "\u00a0", "ß"),
    *("😀", "名前", "e\u0301", "\u202e", "\ufeff", "\x01", "\x7f", "NULL", "TRUE"),
    *("select", "case", "CAST", "1", "1e5", "x'41'", "E'a'", "U&'a'", "N'a'", "u&x"),
    *("__SQLGLOT__LB__", "__SQLGLOT__LBREAK__", "a.b", "x" * 300),
)

plain_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)
texts = st.sampled_from([text for text in TEXTS if text is not None]) | plain_text
numbers = (
    st.sampled_from(THRESHOLDS)
    | st.integers(-3, 3).map(float)
    | st.floats(allow_nan=False).map(lambda number: number + 0.0)
)


def _number_leaves(name: str) -> st.SearchStrategy[Rule]:
    column = col(name)
    return st.one_of(
        st.builds(lambda n: column < n, numbers),
        st.builds(lambda n: column <= n, numbers),
        st.builds(lambda n: column > n, numbers),
        st.builds(lambda n: column >= n, numbers),
        st.builds(lambda n: column == n, numbers),
        st.builds(lambda n: column != n, numbers),
        st.builds(column.isin, st.lists(numbers, min_size=1, max_size=4)),
        st.just(missing(name)),
    )


def _text_leaves(name: str) -> st.SearchStrategy[Rule]:
    column = col(name)
    return st.one_of(
        st.builds(lambda t: column == t, texts),
        st.builds(lambda t: column != t, texts),
        st.builds(column.isin, st.lists(texts, min_size=1, max_size=4)),
        st.just(missing(name)),
    )


def rules(numeric: Sequence[str], textual: Sequence[str]) -> st.SearchStrategy[Rule]:
    """Return a strategy of rules over columns of numbers and of text."""
    leaf = st.one_of(*map(_number_leaves, numeric), *map(_text_leaves, textual))
    return st.recursive(
        leaf,
        lambda part: st.one_of(
            st.builds(lambda a, b: a & b, part, part),
            st.builds(lambda a, b: a | b, part, part),
            st.builds(lambda a: ~a, part),
        ),
        max_leaves=8,
    )


def rows_of(columns: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return a strategy of column name -> values, all of one length."""
    row = st.tuples(*columns.values())
    return st.lists(row, min_size=1, max_size=12).map(
        lambda values: dict(zip(columns, zip(*values, strict=True), strict=True))
    )


def each_engine_with(*things: Any) -> list[tuple[Any, ...]]:
    """Return all pairs of an engine and a thing."""
    return list(product(ENGINES, things))
