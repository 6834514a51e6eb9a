"""How each engine writes the few functions that order lines are read with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# What str.strip() takes away.
WHITESPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
MapRows = Sequence[tuple[str, ...]]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bytes_quoted(text: str) -> str:
    return f"X'{text.encode().hex()}'"


def _spark_quoted(text: str) -> str:
    # Spark replaces ${...} by variables, within literals too.
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def _values(name: str, columns: Sequence[str], rows: MapRows) -> str:
    listed = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"{name}({', '.join(columns)}) AS (VALUES {listed})"


def _union(name: str, columns: Sequence[str], rows: MapRows) -> str:
    # MySQL and MariaDB write VALUES differently.
    selects = " UNION ALL ".join(f"SELECT {', '.join(row)}" for row in rows)
    return f"{name}({', '.join(columns)}) AS ({selects})"


@dataclass(frozen=True)
class Functions:
    """How an engine writes the functions that order lines are read with.

    `day` is the number of days from 1970-01-01 to a date or a moment without a zone,
    `seconds` the whole seconds from there to a moment, rounded down. `whole` rounds a
    double to a whole number; ties may go either way. `truncated` cuts a decimal off
    behind its mark. `divided` divides integers without a rest. `exact` makes text
    compare byte by byte, and `shown` is that text again, aggregated over equal ones.
    `mapping` is a table of values, as part of WITH. `finite` tells whether a date or
    moment is none of the engine's infinities.
    """

    integer: str
    double: str
    real: str
    text: str
    day: Callable[[str], str]
    seconds: Callable[[str], str]
    whole: Callable[[str], str]
    truncated: Callable[[str], str]
    divided: Callable[[str, str], str]
    exact: Callable[[str], str]
    shown: Callable[[str], str] | None
    last_character: Callable[[str], str]
    stripped: Callable[[str], str]
    quoted: Callable[[str], str]
    mapping: Callable[[str, Sequence[str], MapRows], str]
    infinity: str | None
    finite: Callable[[str], str] | None
    # Tells whether a float is neither NULL, NaN nor infinite.
    finite_number: Callable[[str], str] | None = None
    # Whether a moment of the type TIMESTAMP is shown by the clock of the session.
    has_session_clock: bool = False
    # Whether types are those of the values and not of the columns.
    has_types_of_values: bool = False


def _slash(a: str, b: str) -> str:
    return f"({a} / {b})"


def _div(a: str, b: str) -> str:
    return f"({a} DIV {b})"


def _floor(number: str, step: int, divided: Callable[[str, str], str]) -> str:
    rest = f"(({number} % {step}) + {step}) % {step}"
    return divided(f"({number} - {rest})", str(step))


def _slashes(a: str, b: str) -> str:
    return f"({a} // {b})"


def _mysql_stripped(x: str) -> str:
    characters = "".join(f"\\\\x{{{ord(c):x}}}" for c in WHITESPACE)
    return f"REGEXP_REPLACE({x}, '^[{characters}]+|[{characters}]+$', '')"


FUNCTIONS = {
    "duckdb": Functions(
        integer="BIGINT",
        double="DOUBLE",
        real="REAL",
        text="VARCHAR",
        day=lambda x: f"(CAST({x} AS DATE) - DATE '1970-01-01')",
        seconds=lambda x: _floor(f"EPOCH_US({x})", 1_000_000, _slashes),
        whole=lambda x: f"ROUND({x})",
        truncated=lambda x: f"TRUNC({x})",
        divided=_slashes,
        exact=lambda x: f'(CAST({x} AS VARCHAR) COLLATE "C")',
        shown=None,
        last_character=lambda x: f"RIGHT({x}, 1)",
        stripped=lambda x: f"TRIM({x}, {_quoted(WHITESPACE)})",
        quoted=_quoted,
        mapping=_values,
        infinity="CAST('inf' AS DOUBLE)",
        finite=lambda x: f"ISFINITE({x})",
        finite_number=lambda x: f"ISFINITE({x})",
    ),
    "sqlite": Functions(
        integer="INTEGER",
        double="REAL",
        real="REAL",
        text="TEXT",
        # SQLite has no dates, which are read as texts.
        day=lambda x: x,
        seconds=lambda x: x,
        whole=lambda x: f"ROUND({x})",
        truncated=lambda x: f"{x}",
        divided=_slash,
        exact=lambda x: f"({x} COLLATE BINARY)",
        shown=None,
        last_character=lambda x: f"SUBSTR({x}, -1)",
        stripped=lambda x: f"TRIM({x}, {_quoted(WHITESPACE)})",
        quoted=_quoted,
        mapping=_values,
        infinity="9e999",
        finite=None,
        has_types_of_values=True,
    ),
    "postgres": Functions(
        integer="BIGINT",
        double="DOUBLE PRECISION",
        real="REAL",
        text="TEXT",
        day=lambda x: f"(CAST({x} AS DATE) - DATE '1970-01-01')",
        seconds=lambda x: f"CAST(FLOOR(EXTRACT(EPOCH FROM {x})) AS BIGINT)",
        whole=lambda x: f"ROUND({x})",
        truncated=lambda x: f"TRUNC({x})",
        divided=_slash,
        exact=lambda x: f'(CAST({x} AS TEXT) COLLATE "C")',
        shown=None,
        last_character=lambda x: f"RIGHT({x}, 1)",
        stripped=lambda x: f"BTRIM({x}, {_quoted(WHITESPACE)})",
        quoted=_quoted,
        mapping=_values,
        infinity="CAST('infinity' AS DOUBLE PRECISION)",
        finite=lambda x: f"ISFINITE({x})",
    ),
    "mysql": Functions(
        integer="SIGNED",
        double="DOUBLE",
        real="FLOAT",
        text="CHAR",
        day=lambda x: f"DATEDIFF({x}, '1970-01-01')",
        seconds=lambda x: f"FLOOR(UNIX_TIMESTAMP({x}))",
        whole=lambda x: f"ROUND({x})",
        truncated=lambda x: f"TRUNCATE({x}, 0)",
        divided=_div,
        exact=lambda x: f"CAST(CONVERT({x} USING utf8mb4) AS BINARY)",
        shown=lambda x: f"MIN({x})",
        last_character=lambda x: f"RIGHT({x}, 1)",
        stripped=_mysql_stripped,
        quoted=_bytes_quoted,
        mapping=_union,
        infinity=None,
        finite=None,
        has_session_clock=True,
    ),
    "spark": Functions(
        integer="BIGINT",
        double="DOUBLE",
        real="FLOAT",
        text="STRING",
        day=lambda x: f"DATEDIFF({x}, DATE '1970-01-01')",
        seconds=lambda x: f"UNIX_SECONDS({x})",
        whole=lambda x: f"RINT({x})",
        truncated=lambda x: f"CAST({x} AS BIGINT)",
        divided=_div,
        exact=lambda x: f"(CAST({x} AS STRING) COLLATE UTF8_BINARY)",
        shown=None,
        last_character=lambda x: f"RIGHT({x}, 1)",
        stripped=lambda x: f"TRIM(BOTH {_spark_quoted(WHITESPACE)} FROM {x})",
        quoted=_spark_quoted,
        mapping=_values,
        infinity="CAST('Infinity' AS DOUBLE)",
        finite=None,
        has_session_clock=True,
    ),
}
