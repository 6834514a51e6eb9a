"""Boxes without the conditions that the data do not ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf, log

import numpy as np

from skseg._typing import BoolArray

from ._best import Found
from ._search import climb, measure
from ._sets import Axis, Limits, cell_sets
from ._tables import Columns, Sample, Table, joint_table

# The numbers of the sets of some columns, in the order of the columns.
Numbers = dict[int, int]


def simplified(
    found: Found,
    rows: Sample,
    covered: BoolArray,
    left: Sample,
    limits: Limits,
) -> Found:
    """Drop conditions, or parts of them, that hardly make a box any better.

    Parameters
    ----------
    found : Found
        The box.
    rows : Sample
        All rows.
    covered : ndarray of bool of shape (n_rows,)
        Which of them are in boxes found before.
    left : Sample
        All rows, without the scores that were explained before.
    limits : Limits
        What boxes are allowed to be.

    Returns
    -------
    Found
        The simpler box, measured by all rows.

    Notes
    -----
    A condition is the best one of many. If it is about nothing, the square of z grows
    by it all the same, by up to about twice the logarithm of their number. If it grows
    by no more, the condition goes. This must be so in terms of all rows of the box, and
    also in terms of the rows that no box before has: else a box would grow into a
    region whose effect has another sign, or into one whose effect is better explained.
    """
    checks = _Checks(rows, covered, limits)
    while True:
        numbers = dict(zip(found.columns, found.sets, strict=True))
        fewer = checks.without_one(numbers)
        if not fewer:
            break
        columns = tuple(fewer)
        table = joint_table(left, columns)
        found = climb(table, rows.axes, tuple(fewer.values()), limits)
    return checks.found(checks.widened(numbers))


def cost(axes: Sequence[Axis], columns: Iterable[int]) -> float:
    """Return what conditions have to add to the square of z to be worth it."""
    return sum(2 * log(len(axes) * len(cell_sets(axes[column]))) for column in columns)


class _Checks:
    """Compares boxes by all rows and by those that no box before has."""

    def __init__(self, rows: Sample, covered: BoolArray, limits: Limits) -> None:
        self._rows = rows
        self._fresh = rows.part(~covered) if covered.any() else rows
        self._limits = limits
        self._tables: dict[Columns, tuple[Table, Table]] = {}

    def found(self, numbers: Numbers) -> Found:
        """Return a box as measured by all rows."""
        table, _ = self._tables_of(numbers)
        return measure(table, self._rows.axes, tuple(numbers.values()), self._limits)

    def without_one(self, numbers: Numbers) -> Numbers:
        """Return a box without the condition that it needs least, if any."""
        best, least_loss = {}, 1.0
        for column in numbers if len(numbers) > 1 else ():
            fewer = {other: numbers[other] for other in numbers if other != column}
            loss = self._loss(numbers, fewer) / cost(self._rows.axes, [column])
            if loss <= least_loss:
                best, least_loss = fewer, loss
        return best

    def widened(self, numbers: Numbers) -> Numbers:
        """Return a box whose conditions are open to one side, where that will do."""
        for column in numbers:
            axis = self._rows.axes[column]
            for number in _simpler_sets(axis, numbers[column]):
                wider = numbers | {column: number}
                if self._loss(numbers, wider) <= 2 * log(axis.n_cells):
                    numbers = wider
                    break
        return numbers

    def _loss(self, numbers: Numbers, simpler: Numbers) -> float:
        """Return by how much the square of z falls, infinite if too far."""
        before, after = self._keys(numbers), self._keys(simpler)
        if min(after) <= 0:
            return inf
        pairs = zip(before, after, strict=True)
        return max(one - other for one, other in pairs) / self._rows.variance

    def _keys(self, numbers: Numbers) -> tuple[float, float]:
        everything, fresh = self._tables_of(numbers)
        axes, sets = self._rows.axes, tuple(numbers.values())
        of_any_size = Limits(0, inf, self._limits.side)
        return (
            -measure(everything, axes, sets, self._limits).minus_key,
            -measure(fresh, axes, sets, of_any_size).minus_key,
        )

    def _tables_of(self, numbers: Numbers) -> tuple[Table, Table]:
        columns = tuple(numbers)
        if columns not in self._tables:
            everything = joint_table(self._rows, columns)
            fresh = everything
            if self._fresh is not self._rows:
                fresh = joint_table(self._fresh, columns)
            self._tables[columns] = everything, fresh
        return self._tables[columns]


def _simpler_sets(axis: Axis, number: int) -> Iterator[int]:
    """Yield sets that are open to more sides, the simplest first."""
    if axis.nominal:
        return
    sets = cell_sets(axis)
    n = axis.n_cells - (axis.missing is not None)
    inside = sets[number]
    if not inside[:n].any():
        return
    first, last = np.flatnonzero(inside[:n])[[0, -1]]
    known = {some.tobytes(): i for i, some in enumerate(sets)}
    for start, stop in ((0, last + 1), (first, n), (first, last + 1)):
        wider = np.zeros_like(inside)
        wider[start:stop] = True
        if wider.tobytes() in known:
            yield known[wider.tobytes()]
        wider[n:] = inside[n:]
        if wider.tobytes() in known:
            yield known[wider.tobytes()]
