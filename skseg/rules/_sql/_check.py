"""A query that compares the SQL of a rule set with its codes, over special values."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from skseg._typing import IntArray
from skseg.rules._language._conditions import Kind, Rule, leaf_values, leaves
from skseg.rules._language._dates import Date, as_moment

from ._dialect import Dialect
from ._dialects import find_dialect
from ._storage import Storage
from ._trees import Tree, column_tree, double, exp, text_tree
from ._tsql import SksegTSQL

# Enough for every value of a few columns, and for most pairs of them.
_MAX_ROWS = 2_000
# Engines without VALUES as a table.
_WITHOUT_VALUES = ("mysql", "bigquery", "snowflake", "redshift", "tsql")
_LAST_MOMENT = 253_402_300_799_999_999
_FIRST_MOMENT = -62_135_596_800_000_000


def check_sql(
    kinds: Mapping[str, Kind | None],
    rules: Sequence[Rule],
    assign: Callable[[Mapping[str, Sequence[Any]]], IntArray],
    case: str,
    dialect: str,
    types: Mapping[str, str] | None,
) -> str:
    """Return the query; see `RuleSet.sql_check`. `case` is the SQL of the codes."""
    engine = find_dialect(dialect)
    storages = {name: _storage(engine, types, name) for name in kinds}
    # A type that is not told may hold anything, as all columns of SQLite.
    cast = {name: types[name] for name in kinds if types and storages[name]}
    values = {
        name: _special_values(kind, _compared(rules, name), engine, storages[name])
        for name, kind in kinds.items()
    }
    rows = _rows(list(values.values()))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(values)}
    # Rules without columns are assigned to any row.
    codes = assign(_in_memory(columns or {"x": [0.0]}))
    lines = [
        [
            *(
                _value(engine, value, cast.get(name))
                for name, value in zip(kinds, row, strict=True)
            ),
            str(int(code)),
        ]
        for row, code in zip(rows, codes, strict=True)
    ]
    names = _free_names(kinds)
    quoted = [_quoted(engine, name) for name in (*kinds, *names)]
    listed, got = ", ".join(quoted[:-1]), quoted[-1]
    table = _table(lines, quoted[:-1], dialect)
    return (
        f"SELECT {listed}, {got}\nFROM (\nSELECT {listed},\n{case} AS {got}\n"
        f"FROM (\n{table}\n) AS special_values\n) AS checked\n"
        f"WHERE {quoted[-2]} <> {got}"
    )


def _quoted(engine: Dialect, name: str) -> str:
    return engine.write(column_tree(name), pretty=False)


def _free_names(kinds: Iterable[str]) -> tuple[str, str]:
    """Return "expected" and "got", longer where columns are called so."""
    taken = {name.lower() for name in kinds}
    free = []
    for name in ("expected", "got"):
        while name in taken:
            name += "_"
        free.append(name)
    return free[0], free[1]


def _storage(
    engine: Dialect, types: Mapping[str, str] | None, name: str
) -> Storage | None:
    if types is None or name not in types or engine.known_types is None:
        return None
    return engine.known_types.storage_of(types[name])


def _compared(rules: Sequence[Rule], name: str) -> list[Any]:
    values = (
        value
        for rule in rules
        for leaf in leaves(rule)
        if leaf.column == name
        for value in leaf_values(leaf)
    )
    return list(dict.fromkeys(values))


def _special_values(
    kind: Kind | None, compared: Sequence[Any], engine: Dialect, storage: Storage | None
) -> list[Any]:
    """Return values around all that a column is compared with; None comes last."""
    values: Iterable[Any]
    if kind == "boolean":
        values = [True, False]
    elif kind == "text":
        texts = (
            (text, f"{text} ", f" {text}", text.swapcase(), text[:-1])
            for text in compared
        )
        values = ["", *itertools.chain.from_iterable(texts), "unseen"]
    elif kind == "date":
        values = _moments(compared, storage)
    else:
        values = _numbers(
            [v for v in compared if isinstance(v, float)], engine, storage
        )
    return [*dict.fromkeys(values), None]


def _moments(compared: Sequence[Date], storage: Storage | None) -> list[Date]:
    # A column of days holds whole days only.
    step = 86_400_000_000 if storage == "date" else 1
    whole = [date.microseconds // step * step for date in compared]
    near = [moment + sign * step for moment in whole for sign in (0, -1, 1)]
    return [Date(m) for m in near if _FIRST_MOMENT <= m <= _LAST_MOMENT]


def _numbers(
    compared: Sequence[float], engine: Dialect, storage: Storage | None
) -> list[float]:
    finite = [v for v in compared if math.isfinite(v)] or [0.0]
    if storage in ("integer", "decimal"):
        whole = [math.floor(v) + more for v in finite for more in (0, 1, -1)]
        return [float(v) for v in whole if abs(v) < 100] or [0.0]
    if storage == "boolean":
        return [1.0, 0.0]
    near = [
        v
        for number in finite
        for v in (
            number,
            math.nextafter(number, -math.inf),
            math.nextafter(number, math.inf),
        )
    ]
    numbers = [0.0, *(v for v in near if math.isfinite(v))]
    if engine.infinity is not None:
        numbers += [math.inf, -math.inf]
    if storage == "float32":
        with np.errstate(over="ignore"):
            numbers = [float(np.float32(v)) for v in numbers]
        if engine.infinity is None:
            numbers = [v for v in numbers if math.isfinite(v)]
    return [*numbers, math.nan] if engine.nan_tests is not None else numbers


def _rows(values: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return all combinations or, of more than 2,000, a part of them.

    Each value stands in a row whose others are the first of their columns; the
    remaining rows are drawn at random, always the same ones.
    """
    if math.prod(map(len, values)) <= _MAX_ROWS:
        return list(itertools.product(*values))
    base = tuple(column[0] for column in values)
    rows = dict.fromkeys(
        (*base[:i], value, *base[i + 1 :])
        for i, column in enumerate(values)
        for value in column
    )
    generator = random.Random(0)
    while len(rows) < _MAX_ROWS:
        rows[tuple(generator.choice(column) for column in values)] = None
    return list(rows)[:_MAX_ROWS]


def _in_memory(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {
        name: [as_moment(v) if isinstance(v, Date) else v for v in values]
        for name, values in columns.items()
    }


def _value(engine: Dialect, value: Any, type_name: str | None) -> str:
    tree: Tree
    if value is None:
        tree = exp.Null()
    elif isinstance(value, bool):
        tree = exp.Boolean(this=value)
        # SQL Server has no literals for them.
        if engine.grammar is SksegTSQL:
            to = exp.DataType(this=exp.DataType.Type.BOOLEAN)
            tree = exp.Cast(this=exp.Literal.number(int(value)), to=to)
    elif isinstance(value, str):
        tree = engine.result(value)
    elif isinstance(value, Date):
        tree = engine.moment(value)
    else:
        tree = _number(engine, value)
    if type_name is not None:
        grammar = engine.grammar
        tree = exp.Cast(this=tree, to=exp.DataType.build(type_name, dialect=grammar))
    return engine.write(tree, pretty=False)


def _number(engine: Dialect, number: float) -> Tree:
    if math.isnan(number):
        return double(text_tree("NaN"))
    if math.isinf(number):
        assert engine.infinity is not None
        size = engine.infinity()
    else:
        size = engine.number(abs(number))
    return double(exp.Paren(this=exp.Neg(this=size)) if number < 0 else size)


def _table(lines: Sequence[Sequence[str]], quoted: Sequence[str], dialect: str) -> str:
    if dialect in _WITHOUT_VALUES:
        selects = [
            "SELECT "
            + ", ".join(f"{v} AS {n}" for v, n in zip(line, quoted, strict=True))
            for line in lines
        ]
        return "\nUNION ALL ".join(selects)
    rows = ",\n".join(f"({', '.join(line)})" for line in lines)
    listed = ", ".join(quoted)
    return f"WITH v ({listed}) AS (VALUES {rows})\nSELECT {listed} FROM v"
