"""Rules x columns -> which rows they hold for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, IntArray

from ._cells import Axis, CellAxis, NumberAxis, build_axes
from ._columns import Columns
from ._language._conditions import And, Leaf, Not, Or, Rule, leaves

Codes = dict[str, npt.NDArray[Any]]

# Rules over at most this many combinations of cells are tabulated: one look-up a row,
# however many rules there are.
_TABLE_SIZE = 1 << 18
# Rows are handled in pieces that stay in the processor's cache.
_CHUNK = 1 << 15


def _bits(mask: int, size: int) -> BoolArray:
    raw = np.frombuffer(mask.to_bytes(size // 8 + 1, "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=size, bitorder="little").astype(bool)


def rule_mask(rule: Rule, axis: CellAxis) -> int:
    """Return the cells on which a rule about a single column holds."""
    if isinstance(rule, And):
        mask = axis.full
        for part in rule.parts:
            mask &= rule_mask(part, axis)
        return mask
    if isinstance(rule, Or):
        mask = 0
        for part in rule.parts:
            mask |= rule_mask(part, axis)
        return mask
    if isinstance(rule, Not):
        return axis.full & ~rule_mask(rule.part, axis)
    assert isinstance(rule, Leaf)
    return axis.mask(rule)


def _holds(rule: Rule, axes: dict[str, Axis], codes: Codes, n: int) -> BoolArray:
    """Return for which of `n` rows of cell numbers `rule` holds."""
    names = {leaf.column for leaf in leaves(rule)}
    if len(names) == 1:
        (name,) = names
        table = _bits(rule_mask(rule, axes[name]), axes[name].size)
        return np.asarray(table[codes[name]])
    if isinstance(rule, Not):
        return ~_holds(rule.part, axes, codes, n)
    assert isinstance(rule, And | Or)
    combine = np.logical_and if isinstance(rule, And) else np.logical_or
    out = np.full(n, isinstance(rule, And))
    for part in rule.parts:
        combine(out, _holds(part, axes, codes, n), out=out)
    return out


@dataclass(frozen=True)
class Evaluator:
    """Rules compiled to cells, ready for any number of rows."""

    rules: tuple[Rule, ...]

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axis of every column that the rules mention."""
        return build_axes(self.rules)

    @cached_property
    def _n_combinations(self) -> int:
        return math.prod(axis.size for axis in self.axes.values())

    def membership(self, X: Any) -> BoolArray:
        """Return for each row and rule whether it holds, shape (n_rows, n_rules)."""
        columns = self._read(X)
        if self._n_combinations <= min(_TABLE_SIZE, 4 * columns.n_rows):
            return np.asarray(self._membership_table[self._combined(columns)])
        codes = {name: axis.codes(columns) for name, axis in self.axes.items()}
        return self._all_hold(codes, columns.n_rows)

    def first_match(self, X: Any, otherwise: int) -> IntArray:
        """Return for each row the number of the first rule that holds."""
        columns = self._read(X)
        if self._n_combinations <= min(_TABLE_SIZE, 4 * columns.n_rows):
            table = _first_true(self._membership_table, otherwise)
            return self._look_up(columns, table)
        codes = {name: axis.codes(columns) for name, axis in self.axes.items()}
        out = np.full(columns.n_rows, otherwise, dtype=np.intp)
        for number in reversed(range(len(self.rules))):
            rule = self.rules[number]
            out[_holds(rule, self.axes, codes, columns.n_rows)] = number
        return out

    def _read(self, X: Any) -> Columns:
        columns = X if isinstance(X, Columns) else Columns(X)
        columns.require(list(self.axes))
        return columns

    def _all_hold(self, codes: Codes, n: int) -> BoolArray:
        out = np.empty((n, len(self.rules)), dtype=bool)
        for number, rule in enumerate(self.rules):
            out[:, number] = _holds(rule, self.axes, codes, n)
        return out

    @cached_property
    def _membership_table(self) -> BoolArray:
        """Which rules hold on every combination of cells, first column slowest."""
        sizes = [axis.size for axis in self.axes.values()]
        grid = np.indices(sizes).reshape(len(sizes), self._n_combinations)
        codes = dict(zip(self.axes, grid, strict=True))
        return self._all_hold(codes, self._n_combinations)

    def _look_up(self, columns: Columns, table: IntArray) -> IntArray:
        out = np.empty(columns.n_rows, dtype=np.intp)
        readers = [_reader(axis, columns) for axis in self.axes.values()]
        for start in range(0, columns.n_rows, _CHUNK):
            rows = slice(start, min(start + _CHUNK, columns.n_rows))
            combined = np.zeros(rows.stop - rows.start, dtype=np.intp)
            for axis, read in zip(self.axes.values(), readers, strict=True):
                combined *= axis.size
                combined += read(rows)
            np.take(table, combined, out=out[rows], mode="clip")
        return out

    def _combined(self, columns: Columns) -> IntArray:
        return self._look_up(columns, np.arange(self._n_combinations))


def _reader(axis: Axis, columns: Columns) -> Any:
    """Return a function from a slice of rows to their cell numbers."""
    if isinstance(axis, NumberAxis):
        values = columns.numbers(axis.name)
        return lambda rows: axis.encode(values[rows])
    codes = axis.codes(columns)
    return lambda rows: codes[rows]


def _first_true(holds: BoolArray, otherwise: int) -> IntArray:
    if not holds.shape[1]:
        return np.full(len(holds), otherwise, dtype=np.intp)
    return np.where(holds.any(axis=1), holds.argmax(axis=1), otherwise)


def evaluate_rules(rules: Sequence[Rule], X: Any) -> BoolArray:
    """Return for each row of `X` and each rule whether it holds."""
    return Evaluator(tuple(rules)).membership(X)
