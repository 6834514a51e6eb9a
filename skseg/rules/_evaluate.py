"""Evaluation of rules on columns: for which rows each of them holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, IntArray

from ._cells import Axis, NumberAxis, build_axes, rule_mask
from ._columns import Columns
from ._language._conditions import And, Not, Or, Rule, leaves

# Column -> the cell number of every row.
CellNumbers = dict[str, npt.NDArray[Any]]

# Rules over at most this many combinations of cells are tabulated: then each row takes
# one look-up, however many rules there are.
_TABLE_SIZE = 1 << 18
# Rows are looked up in chunks that stay in the processor's cache.
_CHUNK = 1 << 15


def _bits(mask: int, size: int) -> BoolArray:
    raw = np.frombuffer(mask.to_bytes(size // 8 + 1, "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=size, bitorder="little").astype(bool)


def _holds(rule: Rule, axes: dict[str, Axis], cells: CellNumbers, n: int) -> BoolArray:
    """Return for which of `n` rows of cell numbers `rule` holds."""
    names = {leaf.column for leaf in leaves(rule)}
    if len(names) == 1:
        (name,) = names
        table = _bits(rule_mask(rule, axes[name]), axes[name].size)
        return np.asarray(table[cells[name]])
    if isinstance(rule, Not):
        return ~_holds(rule.part, axes, cells, n)
    assert isinstance(rule, And | Or)
    combine = np.logical_and if isinstance(rule, And) else np.logical_or
    out = np.full(n, isinstance(rule, And))
    for part in rule.parts:
        combine(out, _holds(part, axes, cells, n), out=out)
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
        cells = {name: axis.codes(columns) for name, axis in self.axes.items()}
        return self._all_hold(cells, columns.n_rows)

    def first_match(self, X: Any, codes: Sequence[int]) -> IntArray:
        """Return for each row the code of the first rule that holds.

        `codes` has one for each rule, and a last one for rows where none holds.
        """
        columns = self._read(X)
        if self._n_combinations <= min(_TABLE_SIZE, 4 * columns.n_rows):
            numbers = _first_true(self._membership_table)
            return self._look_up(columns, np.asarray(codes, dtype=np.intp)[numbers])
        cells = {name: axis.codes(columns) for name, axis in self.axes.items()}
        out = np.full(columns.n_rows, codes[-1], dtype=np.intp)
        for rule, code in reversed(list(zip(self.rules, codes, strict=False))):
            out[_holds(rule, self.axes, cells, columns.n_rows)] = code
        return out

    def _read(self, X: Any) -> Columns:
        columns = X if isinstance(X, Columns) else Columns(X)
        columns.require(list(self.axes))
        return columns

    def _all_hold(self, cells: CellNumbers, n: int) -> BoolArray:
        out = np.empty((n, len(self.rules)), dtype=bool)
        for number, rule in enumerate(self.rules):
            out[:, number] = _holds(rule, self.axes, cells, n)
        return out

    @cached_property
    def _membership_table(self) -> BoolArray:
        """Whether each rule holds on each combination of cells, in C order."""
        sizes = [axis.size for axis in self.axes.values()]
        grid = np.indices(sizes).reshape(len(sizes), self._n_combinations)
        cells = dict(zip(self.axes, grid, strict=True))
        return self._all_hold(cells, self._n_combinations)

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
    cells = axis.codes(columns)
    return lambda rows: cells[rows]


def _first_true(holds: BoolArray) -> IntArray:
    """Return the number of the first rule that holds, that of the rules for none."""
    last = np.ones((len(holds), 1), dtype=bool)
    return np.asarray(np.hstack([holds, last]).argmax(axis=1))


def evaluate_rules(rules: Sequence[Rule], X: Any) -> BoolArray:
    """Return for each row of `X` and each rule whether it holds."""
    return Evaluator(tuple(rules)).membership(X)
