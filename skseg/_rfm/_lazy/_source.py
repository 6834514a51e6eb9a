"""The table of order lines: its columns in SQL, their kinds, and queries of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skseg._rfm._table_options import Options
from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._functions import FUNCTIONS, MapRows

# Texts and other values that are read one by one are fetched up to this number; they
# come back within the query, which every engine still parses at once.
MAX_VALUES = 50_000
TEXT, DATE, MOMENT, INSTANT = "text", "date", "moment", "instant"
INTEGER, FLOAT, SHORT_FLOAT, DECIMAL = "integer", "float", "short float", "decimal"
OTHER = "other"
NUMBERS = (INTEGER, FLOAT, SHORT_FLOAT, DECIMAL)


class Source:
    """The table of order lines, and what is known of the columns that are read."""

    def __init__(self, table: Table, options: Options) -> None:
        self.table = table
        self.options = options
        self.functions = FUNCTIONS[table.dialect]
        table.require(options.owner, options.column_names)
        names = options.column_names
        if self.functions.has_types_of_values:
            self.kinds = self._kinds_of_values(names)
        else:
            self.kinds = {
                name: _kind(table.types[name], table.dialect) for name in names
            }
        self._mappings: list[str] = []
        self._joins: list[str] = []
        self._columns: list[str] = []

    def column(self, name: str) -> str:
        """Return a column in SQL."""
        # sqlglot is an extra, so it is imported where it is used.
        from skseg.rules._sql._dialects import find_dialect
        from skseg.rules._sql._trees import column_tree

        return find_dialect(self.table.dialect).write(column_tree(name), pretty=False)

    def key(self, name: str) -> str:
        """Return a column in SQL as it compares: text byte by byte."""
        column = self.column(name)
        return self.functions.exact(column) if self.kinds[name] == TEXT else column

    def scale(self, name: str) -> int | None:
        """Return the number of decimals of the type of a column, if it has one."""
        match = re.search(r"\(\s*\d+\s*,\s*(\d+)\s*\)", self.table.types[name])
        return None if match is None else int(match[1])

    def is_nan(self, name: str) -> str | None:
        """Return whether a column of floats is NULL or NaN, if the engine has NaN."""
        from skseg.rules._sql._dialects import find_dialect
        from skseg.rules._sql._numbers import column_numbers_sql

        if find_dialect(self.table.dialect).nan_tests is None:
            return None
        # Without the types Spark would be asked TYPEOF, the code of which it generates
        # wrong for rows that the session holds.
        _, is_number = column_numbers_sql(name, self.table.dialect, self.table.types)
        return f"NOT ({is_number})"

    def add_column(self, sql: str) -> str:
        """Compute a column once that several expressions use, and return its name."""
        name = f"skseg_column{len(self._columns)}"
        self._columns.append(f"{sql} AS {name}")
        return name

    def add_mapping(
        self, key: str, columns: Sequence[str], rows: MapRows
    ) -> dict[str, str]:
        """Send values along with the query, joined by the first of their columns.

        Return the others, which are integers, in SQL; NULL in rows without a match.
        """
        number = len(self._mappings)
        name = f"skseg_map{number}"
        names = {column: f"{name}_{column}" for column in columns}
        first = next(iter(names.values()))
        self._mappings.append(self.functions.mapping(name, list(names.values()), rows))
        self._joins.append(f"LEFT JOIN {name} ON {key} = {first}")
        integer = self.functions.integer
        return {column: f"CAST({name} AS {integer})" for column, name in names.items()}

    @property
    def with_clause(self) -> list[str]:
        """The tables of values, as parts of WITH."""
        return list(self._mappings)

    @property
    def from_clause(self) -> str:
        """The table with its further columns and tables of values."""
        source = self.table.source
        if self._columns:
            columns = ", ".join(self._columns)
            source = f"(SELECT *, {columns} FROM {source}) AS skseg_source"
        return " ".join([f"FROM {source}", *self._joins])

    def select(self, columns: str, rest: str = "") -> dict[str, NDArray[Any]]:
        """Run one SELECT over the lines, and fetch it."""
        return self.fetch(f"SELECT {columns} {self.from_clause} {rest}")

    def fetch(self, sql: str) -> dict[str, NDArray[Any]]:
        """Run a SELECT that may use the tables of values, and fetch it."""
        with_clause = ", ".join(self._mappings)
        prefix = f"WITH {with_clause} " if with_clause else ""
        return self.table.fetch(f"{prefix}{sql}")

    def distinct(
        self, key: str, name: str, where: str, sums: Mapping[str, str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Fetch the distinct values of a column, with sums over their lines."""
        terms = "".join(
            f", CAST(SUM({sql}) AS {self.functions.integer}) AS {alias}"
            for alias, sql in (sums or {}).items()
        )
        values = self.select(
            f"{key} AS skseg_value{terms}",
            f"WHERE {where} GROUP BY {key} LIMIT {MAX_VALUES + 1}",
        )
        if len(values["skseg_value"]) > MAX_VALUES:
            kind = self.kinds[name]
            raise InvalidDataError(
                f"{self.options.owner} reads the column {name!r} value by value, and "
                f"it has more than {MAX_VALUES:,} different values to be read so.",
                owner=self.options.owner,
                rule=f"at most {MAX_VALUES:,} different values",
                value=kind,
                column=name,
                advice="Cast it in a view of the table: dates to DATE, amounts to "
                "DECIMAL or to DOUBLE, rounded to their decimals.",
            )
        return values

    def _kinds_of_values(self, names: Sequence[str]) -> dict[str, str]:
        """Return the kinds of columns whose values have types of their own."""
        types = ("integer", "real", "text", "blob")
        terms = [
            f"MAX(TYPEOF({self.column(name)}) = '{kind}') AS skseg_{kind}{i}"
            for i, name in enumerate(names)
            for kind in types
        ]
        present = self.table.fetch(
            f"SELECT {', '.join(terms)} FROM {self.table.source}"
        )
        kinds = {}
        for i, name in enumerate(names):
            holds = [kind for kind in types if _is_true(present[f"skseg_{kind}{i}"])]
            if "text" in holds and len(holds) > 1:
                raise _mixed(name, self.options)
            kinds[name] = {
                (): TEXT,
                ("integer",): INTEGER,
                ("real",): FLOAT,
                ("integer", "real"): FLOAT,
                ("text",): TEXT,
            }.get(tuple(holds), OTHER)
        return kinds


def _is_true(value: NDArray[Any]) -> bool:
    return bool(value[0] is not None and value[0] == 1)


def _mixed(name: str, options: Options) -> InvalidDataError:
    noun = "customer ids" if name == options.customer_id else f"values of {name!r}"
    return InvalidDataError(
        f"The {noun} mix text and other values.",
        owner=options.owner,
        name="customer_id" if name == options.customer_id else None,
        column=name,
        advice="Give them one type, for example by CAST in a view of the table.",
    )


def _kind(type_name: str, dialect: str) -> str:
    """Return the kind of a type of an engine."""
    from skseg.rules._sql._trees import exp, sqlglot

    kinds = exp.DataType.Type
    try:
        kind = exp.DataType.build(type_name, dialect=dialect).this
    except sqlglot.errors.SqlglotError:
        return OTHER
    # Of NULL alone nothing but that is read.
    # Before sqlglot 27 its texts lack those of MySQL.
    long_texts = {kinds.TINYTEXT, kinds.MEDIUMTEXT, kinds.LONGTEXT}
    if kind in {*exp.DataType.TEXT_TYPES, *long_texts, kinds.ENUM, kinds.NULL}:
        return TEXT
    if kind in {kinds.DATE, kinds.DATE32}:
        return DATE
    if kind in {kinds.TIMESTAMPTZ, kinds.TIMESTAMPLTZ}:
        return INSTANT
    if kind in exp.DataType.TEMPORAL_TYPES and kind != kinds.TIME:
        return MOMENT
    if kind in {*exp.DataType.INTEGER_TYPES, kinds.INT128, kinds.UINT128}:
        return INTEGER
    if kind in {kinds.DECIMAL, kinds.BIGDECIMAL}:
        return DECIMAL
    return {kinds.DOUBLE: FLOAT, kinds.FLOAT: SHORT_FLOAT}.get(kind, OTHER)


def is_present(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of some fetched values are not NULL."""
    return np.array([value is not None for value in values.tolist()], dtype=bool)
