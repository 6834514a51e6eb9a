"""One row: the segment of a single customer, in microseconds.

Numpy and frames take most of a millisecond to set up. Here each rule is a bit of an
int, and a value of a column leads to the set of rules that it does not rule out. The
intersection of these sets over all columns is the answer for rules that restrict each
column on its own; what a rule says of several columns at once is checked for the rules
that remain, in order.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skseg.exceptions import MissingColumnError, RuleError

from ._cells import (
    Axis,
    BooleanAxis,
    DateAxis,
    NumberAxis,
    TextAxis,
    members_by_cell,
    rule_mask,
)
from ._column_names import text_names
from ._columns import Columns
from ._date_column import MISSING, microseconds_of_value
from ._language._conditions import And, Not, Or, Rule, leaves
from ._values import is_missing_value, is_number, to_float64, truth_value

# Value -> number of its cell.
Encoder = Callable[[Any], int]
# Cell numbers of a row -> whether a condition holds.
Check = Callable[[Sequence[int]], bool]

_OWNER = "The rule set"
# Types whose values are never missing and need no second look.
_PLAIN_NUMBERS = frozenset({int, bool, np.bool_, np.int32, np.int64})
_PLAIN = _PLAIN_NUMBERS | {str}
_PLAIN_DATES = frozenset({dt.date, dt.datetime, str, type(None)})


class RowAssigner:
    """Rules without open quantiles, compiled for one row at a time.

    A row gets the code of the first rule that holds, the last code where none does.
    """

    def __init__(
        self, rules: Sequence[Rule], axes: Mapping[str, Axis], codes: Sequence[int]
    ) -> None:
        self._names = list(axes)
        self._codes = list(codes)
        self._all_rules = (1 << len(rules)) - 1
        self._checks: dict[int, Check] = {}
        masks: list[dict[int, int]] = [{} for _ in axes]
        for number, rule in enumerate(rules):
            by_column, rest = _conjuncts_by_column(rule, axes)
            for i, (name, axis) in enumerate(axes.items()):
                mask = by_column.get(name, axis.full)
                masks[i][mask] = masks[i].get(mask, 0) | 1 << number
            if rest:
                self._checks[number] = _all_hold([_check(r, axes) for r in rest])
        self._columns = [
            (_encoder(axis), members_by_cell(by_mask, axis.size))
            for axis, by_mask in zip(axes.values(), masks, strict=True)
        ]

    def assign(self, row: Mapping[str, Any]) -> int:
        """Return the code of one row; see `RuleSet.assign_row`."""
        try:
            # Other mappings may invent a value for a key that they lack.
            values = [row[name] for name in self._names] if type(row) is dict else None
        except KeyError:
            values = None
        if values is None:
            values = self._values_by_text(row)
        candidates = self._all_rules
        cells = []
        for (encode, rules_at), value in zip(self._columns, values, strict=True):
            cell = encode(value)
            cells.append(cell)
            candidates &= rules_at[cell]
        while candidates:
            first = candidates & -candidates
            number = first.bit_length() - 1
            check = self._checks.get(number)
            if check is None or check(cells):
                return self._codes[number]
            candidates ^= first
        return self._codes[-1]

    def _values_by_text(self, row: Any) -> list[Any]:
        """Return the values of a row by the text of its column names, or raise."""
        # A Series of pandas is no Mapping, and has items like one; so has a frame.
        if not callable(getattr(row, "items", None)) or getattr(row, "ndim", 1) != 1:
            raise RuleError(
                "A row must be a mapping of column names to values, such as a dict. "
                f"Got {type(row).__name__} instead.",
                owner=_OWNER,
                name="row",
                value=row,
                advice="Several rows at once are assigned by RuleSet.assign.",
            )
        items = list(row.items())
        names = text_names([name for name, _ in items], _OWNER)
        named = dict(zip(names, [value for _, value in items], strict=True))
        absent = [name for name in self._names if name not in named]
        if absent:
            raise MissingColumnError(_OWNER, absent, list(named))
        return [named[name] for name in self._names]


def _conjuncts_by_column(
    rule: Rule, axes: Mapping[str, Axis]
) -> tuple[dict[str, int], list[Rule]]:
    """Return each column's cells that a rule allows, and its further conditions."""
    masks: dict[str, int] = {}
    rest: list[Rule] = []
    for part in rule.parts if isinstance(rule, And) else [rule]:
        names = {leaf.column for leaf in leaves(part)}
        if len(names) == 1:
            (name,) = names
            mask = masks.get(name, axes[name].full)
            masks[name] = mask & rule_mask(part, axes[name])
        else:
            rest.append(part)
    return masks, rest


def _check(rule: Rule, axes: Mapping[str, Axis]) -> Check:
    """Compile a condition on several columns to a function of a row's cells."""
    names = {leaf.column for leaf in leaves(rule)}
    if len(names) == 1:
        (name,) = names
        position, mask = list(axes).index(name), rule_mask(rule, axes[name])
        return lambda cells: bool(mask >> cells[position] & 1)
    if isinstance(rule, Not):
        part = _check(rule.part, axes)
        return lambda cells: not part(cells)
    assert isinstance(rule, And | Or)
    checks = [_check(part, axes) for part in rule.parts]
    return _all_hold(checks) if isinstance(rule, And) else _any_holds(checks)


def _all_hold(checks: Sequence[Check]) -> Check:
    return lambda cells: all(check(cells) for check in checks)


def _any_holds(checks: Sequence[Check]) -> Check:
    return lambda cells: any(check(cells) for check in checks)


def _encoder(axis: Axis) -> Encoder:
    """Return the function from a value to its cell on `axis`.

    What has no cell is read as `assign` reads a column with that value alone, which
    raises its error.
    """
    if isinstance(axis, NumberAxis):
        return _number_encoder(axis)
    if isinstance(axis, TextAxis):
        return _text_encoder(axis)
    if isinstance(axis, DateAxis):
        return _date_encoder(axis)
    if isinstance(axis, BooleanAxis):
        return _boolean_encoder(axis)

    def encode(value: Any) -> int:
        if isinstance(value, float):
            return int(value != value)
        if type(value) in _PLAIN:
            return 0
        _require_single(axis.name, value)
        return int(is_missing_value(value))

    return encode


def _number_encoder(axis: NumberAxis) -> Encoder:
    edges, missing = axis.edges.tolist(), axis.size - 1

    def encode(value: Any) -> int:
        if value is None:
            return missing
        if isinstance(value, float):
            number = value
        elif type(value) in _PLAIN_NUMBERS:
            number = to_float64(value)
        else:
            _require_single(axis.name, value)
            if is_missing_value(value):
                return missing
            if not is_number(value):
                return int(axis.codes(Columns({axis.name: [value]}))[0])
            number = to_float64(value)
        return bisect_right(edges, number) if number == number else missing

    return encode


def _date_encoder(axis: DateAxis) -> Encoder:
    edges, missing = axis.edges.tolist(), axis.size - 1

    def encode(value: Any) -> int:
        if type(value) not in _PLAIN_DATES:
            _require_single(axis.name, value)
        microseconds = microseconds_of_value(value)
        if microseconds is None:
            return int(axis.codes(Columns({axis.name: [value]}))[0])
        return missing if microseconds == MISSING else bisect_right(edges, microseconds)

    return encode


def _boolean_encoder(axis: BooleanAxis) -> Encoder:
    missing = axis.size - 1

    def encode(value: Any) -> int:
        if isinstance(value, bool):
            return value
        if value is None:
            return missing
        _require_single(axis.name, value)
        if is_missing_value(value):
            return missing
        truth = truth_value(value)
        if truth is None:
            return int(axis.codes(Columns({axis.name: [value]}))[0])
        return truth

    return encode


def _text_encoder(axis: TextAxis) -> Encoder:
    cells = {value: cell for cell, value in enumerate(axis.values)}
    other, missing = len(cells), axis.size - 1

    def encode(value: Any) -> int:
        if isinstance(value, str):
            return cells.get(value, other)
        if value is None:
            return missing
        _require_single(axis.name, value)
        if is_missing_value(value):
            return missing
        return int(axis.codes(Columns({axis.name: [value]}))[0])

    return encode


def _require_single(name: str, value: Any) -> None:
    """Raise if a value holds several."""
    if isinstance(value, list | tuple | set | dict) or np.ndim(value):
        raise RuleError(
            f"A row holds one value for each column. Got {value!r} for column "
            f"{name!r} instead.",
            owner=_OWNER,
            column=name,
            row=0,
            value=value,
            advice="Several rows at once are assigned by RuleSet.assign.",
        )
