"""Domains and rules in plain Python, and rows that stand for all rows of a domain.

Nothing of this knows cells or ranks. Dates are microseconds, missing values None.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from typing import Any

import numpy as np

from skseg.rules import Domain, Rule
from skseg.rules._language._booleans import Boolean
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
)
from skseg.rules._language._dates import Date
from skseg.rules._language._thresholds import Extreme, Quantile

Row = dict[str, Any]
# Stands for all texts that rules and domains do not name.
OTHER_TEXT = "other"

_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1), dt.timedelta(microseconds=1)
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def plain(value: Any) -> Any:
    """Return a value of a rule or a domain as numbers, text and booleans."""
    if isinstance(value, Date):
        return value.microseconds
    return value.value if isinstance(value, Boolean) else value


def holds(rule: Rule, row: Mapping[str, Any]) -> bool:
    """Evaluate a rule on one row."""
    match rule:
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Missing(column):
            return row[column] is None
        case Membership(column, values):
            return row[column] in [plain(value) for value in values]
        case Comparison(column, symbol, threshold):
            if row[column] is None:
                return symbol == "!="
            return bool(_COMPARE[symbol](row[column], plain(threshold)))
    raise AssertionError(f"not a rule: {rule!r}")


def admits(domain: Domain, value: Any) -> bool:
    """Tell whether a column may hold a value."""
    if value is None:
        return domain.missing
    if domain.values is not None:
        return value in [plain(listed) for listed in domain.values]
    if isinstance(value, str):
        return True
    is_whole = math.isfinite(value) and value == math.floor(value)
    low, high = plain(domain.low), plain(domain.high)
    return low <= value <= high and (is_whole or not domain.integer)


def stand_ins(
    kind: str, leaves: Iterable[Leaf], domain: Domain, reach: int = 1
) -> list[Any]:
    """Return values of a domain such that every other one is like one of them.

    Beside each number and border these are the next `reach` values on both sides.
    """
    named = {
        plain(value) for value in (domain.low, domain.high, *(domain.values or ()))
    }
    for leaf in leaves:
        if isinstance(leaf, Membership):
            named |= {plain(value) for value in leaf.values}
        elif isinstance(leaf, Comparison):
            named |= {plain(number) for number in _numbers(leaf.threshold)}
    values: list[Any] = [False, True]
    if kind == "text":
        values = [*sorted(v for v in named if isinstance(v, str)), OTHER_TEXT]
    elif kind == "date":
        finite = {int(moment) for moment in named if math.isfinite(moment)}
        values = sorted({m + step for m in finite for step in (-1, 0, 1)} | {0})
    elif kind == "number":
        values = _beside({float(number) for number in named}, reach)
    return [value for value in (*values, None) if admits(domain, value)]


def _numbers(threshold: Any) -> list[Any]:
    """Return what a threshold is made of, but for quantiles."""
    if isinstance(threshold, Extreme):
        return [number for part in threshold.args for number in _numbers(part)]
    return [] if isinstance(threshold, Quantile) else [threshold]


def _beside(numbers: set[float], reach: int) -> list[float]:
    """Return numbers with the float64 and the whole float64 next to each."""
    biggest = sys.float_info.max
    near = {0.0, 1.0, -1.0, *numbers, -math.inf, -biggest, biggest, math.inf}
    for number in tuple(near):
        for side in (-math.inf, math.inf):
            beside = number
            for _ in range(reach):
                beside = math.nextafter(beside, side)
                near.add(beside)
        if abs(number) <= 2**53:
            whole = math.floor(number)
            near |= {float(whole + step) for step in range(-reach, reach + 2)}
    rising = sorted(near)
    near |= {low / 2 + high / 2 for low, high in pairwise(rising)}
    return sorted(number for number in near if not math.isnan(number))


def different(values: Iterable[Any], name: str, leaves: Iterable[Leaf]) -> list[Any]:
    """Return the first of the values of a column that the leaves do not tell apart."""
    leaves = list(leaves)
    first: dict[tuple[bool, ...], Any] = {}
    for value in values:
        first.setdefault(tuple(holds(leaf, {name: value}) for leaf in leaves), value)
    return list(first.values())


def rows(columns: Mapping[str, list[Any]]) -> Iterator[Row]:
    """Yield the rows that combine the values of all columns."""
    for row in product(*columns.values()):
        yield dict(zip(columns, row, strict=True))


def plain_row(row: Mapping[str, Any]) -> Row:
    """Return a witness of a report as a row of plain values."""
    return {name: _plain_cell(value) for name, value in row.items()}


def _plain_cell(value: Any) -> Any:
    if isinstance(value, dt.datetime | np.datetime64):
        return int((np.datetime64(value, "us") - np.datetime64(0, "us")).astype(int))
    return value


def column_of(kind: str, values: list[Any]) -> Any:
    """Return plain values as a column of data."""
    if kind != "date":
        return values
    least = np.iinfo(np.int64).min
    return np.array([least if v is None else v for v in values]).view("M8[us]")


def is_in(words: str, value: Any, kind: str) -> bool:
    """Tell whether a value is among those that the words of a box name."""
    pieces = words.split(" or ")
    if value is None:
        return "missing" in pieces
    if "any value" in pieces:
        return True
    return any(_is_in_piece(piece, value, kind) for piece in pieces)


def _is_in_piece(piece: str, value: Any, kind: str) -> bool:
    if piece == "any other text":
        return value == OTHER_TEXT
    ends = ends_of(piece, kind)
    if piece[0] == "{":
        return value in ends
    if len(ends) != 2:
        return False
    low, high = ends
    above = value >= low if piece[0] == "[" else value > low
    return above and (value <= high if piece[-1] == "]" else value < high)


def ends_of(piece: str, kind: str) -> list[Any]:
    """Return the values that an interval or a list of a box names."""
    if piece[0] not in "{[(":
        return []
    return [_read(word, kind) for word in piece[1:-1].split(", ")]


def included_ends(words: str, kind: str) -> list[Any]:
    """Return the finite values that the words of a box say are in it."""
    ends = []
    for piece in words.split(" or "):
        named = ends_of(piece, kind)
        if piece[0] == "{":
            ends += named
        elif named:
            ends += [named[0]] * (piece[0] == "[") + [named[1]] * (piece[-1] == "]")
    return ends


def _read(word: str, kind: str) -> Any:
    if kind == "text":
        return word.strip("'")
    if kind == "boolean":
        return {"True": True, "False": False}[word]
    if kind == "date" and re.match(r"\d{4}-", word):
        return (dt.datetime.fromisoformat(word) - _EPOCH) // dt.timedelta(
            microseconds=1
        )
    return float(word)
