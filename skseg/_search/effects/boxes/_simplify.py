"""Boxes without the conditions that the data do not ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf, log

import numpy as np

from skseg._typing import BoolArray

from ._best import Candidate
from ._search import climb, measure
from ._sets import CodedAxis, cell_sets
from ._tables import ColumnSet, JointTable, Sample, joint_table

# The number of the set of each column with a condition, in the order of the columns.
SetOfColumn = dict[int, int]


def simplified(
    candidate: Candidate,
    rows: Sample,
    covered: BoolArray,
    residual: Sample,
    min_size: float,
) -> Candidate:
    """Drop conditions, or parts of them, that hardly make a box any better.

    `covered` are the rows in earlier boxes, `residual` has their scores set to zero.
    The simpler box is measured on all rows.

    A condition is the best of many. Where it has no effect, it still raises the square
    of z, by up to about twice the logarithm of their number. A condition that raises it
    by no more is dropped. This must hold both on all rows of the box and on those that
    are in no earlier box: otherwise a box would grow into a region whose effect has the
    other sign, or is explained better by an earlier box.
    """
    pruning = _Pruning(rows, covered, min_size)
    while True:
        sets = dict(zip(candidate.columns, candidate.sets, strict=True))
        fewer = pruning.without_weakest(sets)
        if not fewer:
            break
        table = joint_table(residual, tuple(fewer))
        candidate = climb(table, rows.axes, tuple(fewer.values()), min_size)
    return pruning.measured(pruning.opened(sets))


def complexity_penalty(axes: Sequence[CodedAxis], columns: Iterable[int]) -> float:
    """Return by how much conditions on columns must raise the square of z."""
    return sum(2 * log(len(axes) * len(cell_sets(axes[column]))) for column in columns)


class _Pruning:
    """Compares boxes both on all rows and on those that are in no earlier box."""

    def __init__(self, rows: Sample, covered: BoolArray, min_size: float) -> None:
        self._rows = rows
        self._uncovered = rows.subset(~covered) if covered.any() else rows
        self._min_size = min_size
        self._tables: dict[ColumnSet, tuple[JointTable, JointTable]] = {}

    def measured(self, sets: SetOfColumn) -> Candidate:
        """Return a box as measured on all rows."""
        table, _ = self._tables_of(sets)
        return measure(table, self._rows.axes, tuple(sets.values()), self._min_size)

    def without_weakest(self, sets: SetOfColumn) -> SetOfColumn:
        """Return a box without its weakest condition; empty if all are needed."""
        best, least_loss = {}, 1.0
        for column in sets if len(sets) > 1 else ():
            fewer = {c: number for c, number in sets.items() if c != column}
            penalty = complexity_penalty(self._rows.axes, [column])
            loss = self._loss(sets, fewer) / penalty
            if loss <= least_loss:
                best, least_loss = fewer, loss
        return best

    def opened(self, sets: SetOfColumn) -> SetOfColumn:
        """Return a box with one-sided conditions, wherever these are as good."""
        for column in sets:
            axis = self._rows.axes[column]
            for number in _one_sided_sets(axis, sets[column]):
                wider = sets | {column: number}
                if self._loss(sets, wider) <= 2 * log(axis.n_cells):
                    sets = wider
                    break
        return sets

    def _loss(self, sets: SetOfColumn, simpler: SetOfColumn) -> float:
        """Return by how much the square of z falls, infinite if no effect is left."""
        keys, simpler_keys = self._keys(sets), self._keys(simpler)
        if min(simpler_keys) <= 0:
            return inf
        losses = [old - new for old, new in zip(keys, simpler_keys, strict=True)]
        return max(losses) / self._rows.variance

    def _keys(self, sets: SetOfColumn) -> tuple[float, float]:
        table, uncovered = self._tables_of(sets)
        axes, numbers = self._rows.axes, tuple(sets.values())
        return (
            measure(table, axes, numbers, self._min_size).key,
            measure(uncovered, axes, numbers, min_size=0.0).key,
        )

    def _tables_of(self, sets: SetOfColumn) -> tuple[JointTable, JointTable]:
        columns = tuple(sets)
        if columns not in self._tables:
            table = uncovered = joint_table(self._rows, columns)
            if self._uncovered is not self._rows:
                uncovered = joint_table(self._uncovered, columns)
            self._tables[columns] = table, uncovered
        return self._tables[columns]


def _one_sided_sets(axis: CodedAxis, number: int) -> Iterator[int]:
    """Yield sets that extend one to the first or the last cell, the simplest first."""
    if axis.nominal:
        return
    sets = cell_sets(axis)
    n = axis.n_known
    cells = sets[number]
    if not cells[:n].any():
        return
    first, last = np.flatnonzero(cells[:n])[[0, -1]]
    numbers = {candidate.tobytes(): i for i, candidate in enumerate(sets)}
    for start, stop in ((0, last + 1), (first, n), (first, last + 1)):
        wider = np.zeros_like(cells)
        wider[start:stop] = True
        if wider.tobytes() in numbers:
            yield numbers[wider.tobytes()]
        wider[n:] = cells[n:]
        if wider.tobytes() in numbers:
            yield numbers[wider.tobytes()]
