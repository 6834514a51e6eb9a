"""Sums of scores and weights over the joint cells of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._sets import Axis, Codes

# So many rows at a time stay in the cache between the steps of a histogram.
_CHUNK = 1 << 16
_MOST_CELLS = 1 << 18
# Multiplications in a product of matrices that is too small for threads.
ONE_THREAD = 1 << 17

Columns = tuple[int, ...]
_Float = TypeVar("_Float", bound=np.floating[Any])


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows with scores.

    Attributes
    ----------
    codes : ndarray of uint8 of shape (n_columns, n_rows)
        The cells of the rows.
    axes : sequence of Axis
        The columns.
    value : ndarray of float64 of shape (n_rows,)
        Scores times weights.
    weight : ndarray of float64 of shape (n_rows,) or None
        Weights, None if all of them are one.
    variance : float
        The mean squared score, or one if all scores are zero.
    """

    codes: Codes
    axes: Sequence[Axis]
    value: FloatArray
    weight: FloatArray | None
    variance: float

    def part(self, rows: BoolArray | IntArray) -> Sample:
        """Return some of the rows, with the variance of all."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        value = self.value[places]
        weight = None if self.weight is None else self.weight[places]
        # Column by column, and by places, is many times as fast as all at once.
        codes = np.empty((len(self.codes), len(value)), dtype=np.uint8)
        for some, column in zip(codes, self.codes, strict=True):
            np.take(column, places, out=some, mode="clip")
        return Sample(codes, self.axes, value, weight, self.variance)

    def shape(self, columns: Sequence[int]) -> tuple[int, ...]:
        """Return the numbers of cells of columns."""
        return tuple(self.axes[column].n_cells for column in columns)


def sample(
    codes: Codes, axes: Sequence[Axis], score: FloatArray, weight: FloatArray | None
) -> Sample:
    """Return rows whose scores add up exactly, in whatever order.

    Scores are rounded to multiples of a power of two so small that nobody will notice,
    and so large that no sum of them needs to be rounded. Then equal boxes have equal
    sums: neither the order of the rows decides which of them is best, nor how sums were
    arrived at, nor whether a row was repeated or given a weight.
    """
    score = np.asarray(score, dtype=np.float64)
    squares = _summable(score**2, weight)
    size = float(len(score))
    if weight is not None:
        weight = _summable(np.ones_like(score), np.asarray(weight, dtype=np.float64))
        size = float(weight.sum())
    variance = float(squares.sum()) / size if size else 0.0
    return Sample(codes, axes, _summable(score, weight), weight, variance or 1.0)


def _summable(values: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Return values times weights, rounded so that all sums of them are exact."""
    weighted = np.abs(values) if weight is None else np.abs(values) * weight
    _, exponent = np.frexp(weighted.sum())
    step = np.ldexp(1.0, int(exponent) - 52)
    steps = np.rint(values / step)
    # Whole weights leave whole numbers as they are.
    return np.asarray((steps if weight is None else np.rint(steps * weight)) * step)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Sums over the joint cells of a few columns.

    Attributes
    ----------
    columns : tuple of int
        The columns, in the order of the axes.
    total, size : ndarray of float64, an axis a column
        Sums of the scores, and of the weights.
    """

    columns: Columns
    total: FloatArray
    size: FloatArray

    def without_scores(self, other: Table) -> Table:
        """Return the table with the scores of some of its rows set to zero."""
        return Table(self.columns, self.total - other.total, self.size)

    def without_rows(self, other: Table) -> Table:
        """Return the table of the rows that the other one has not."""
        return Table(self.columns, self.total - other.total, self.size - other.size)


def joint_table(rows: Sample, columns: Columns) -> Table:
    """Return the sums over the joint cells of columns."""
    shape = rows.shape(columns)
    n_cells = prod(shape)
    total, size = np.zeros(n_cells), np.zeros(n_cells)
    for start in range(0, len(rows.value), _CHUNK):
        some = slice(start, start + _CHUNK)
        cells = joint_cells(rows.codes[:, some], columns, shape)
        total += np.bincount(cells, rows.value[some], n_cells)
        weight = None if rows.weight is None else rows.weight[some]
        size += np.bincount(cells, weight, n_cells)
    return Table(columns, total.reshape(shape), size.reshape(shape))


def joint_cells(codes: Codes, columns: Columns, shape: Sequence[int]) -> IntArray:
    """Number the joint cells of rows, the last column's cells first."""
    small = prod(shape) <= 1 << 16
    first, *others = columns
    cells = codes[first].astype(np.uint16 if small else np.uint32)
    for column, n in zip(others, shape[1:], strict=True):
        cells *= cells.dtype.type(n)
        cells += codes[column]
    joint: IntArray = cells.astype(np.intp)
    return joint


def all_tables(rows: Sample, width: int, columns: Sequence[int]) -> Iterator[Table]:
    """Yield the tables of all combinations of so many columns.

    Rows are counted by the joint cells of more columns at once, from which the tables
    follow by adding up: there are far fewer cells than rows.
    """
    most = min(max(len(rows.value) // 3, 1), _MOST_CELLS)
    n_cells = {column: rows.axes[column].n_cells for column in columns}
    for block, parts in _blocks(n_cells, width, most):
        known = {block: joint_table(rows, block)}
        for part in parts:
            yield _margin(known, block, part)


def _margin(known: dict[Columns, Table], block: Columns, part: Columns) -> Table:
    """Add up a table until some columns are left, the last ones first."""
    if part not in known:
        # Adding up the missing column that comes first, last, shares the most work.
        other = next(column for column in block if column not in part)
        place = block.index(other)
        wider = tuple(sorted((*part, other)))
        table = _margin(known, block, wider)
        place = wider.index(other)
        known[part] = Table(part, table.total.sum(place), table.size.sum(place))
    return known[part]


def _blocks(
    n_cells: dict[int, int], width: int, most: int
) -> Iterator[tuple[Columns, list[Columns]]]:
    """Yield wide blocks of columns and which combinations to take from each."""
    wanted = dict.fromkeys(combinations(sorted(n_cells), width))
    while wanted:
        block = next(iter(wanted))
        while wider := _wider(block, n_cells, wanted, most):
            block = wider
        parts = [part for part in combinations(block, width) if part in wanted]
        for part in parts:
            del wanted[part]
        yield block, parts


def _wider(
    block: Columns, n_cells: dict[int, int], wanted: dict[Columns, None], most: int
) -> Columns:
    """Return the block with the column that adds the most combinations, if any."""
    cells = prod(n_cells[column] for column in block)
    width = len(next(iter(wanted)))
    gains = {
        column: sum(
            tuple(sorted((*part, column))) in wanted
            for part in combinations(block, width - 1)
        )
        for column, n in n_cells.items()
        if column not in block and cells * n <= most
    }
    best = max(gains, key=lambda column: gains[column], default=-1)
    return tuple(sorted((*block, best))) if gains.get(best) else ()


def product(
    left: npt.NDArray[_Float], right: npt.NDArray[_Float]
) -> npt.NDArray[_Float]:
    """Return the product of matrices, computed by one thread.

    On products as slim as these the threads of a BLAS wait more than they work, and the
    other processes with them. Small products are not shared between threads, so the
    rows go in groups.
    """
    n_rows, depth = left.shape
    step = max(ONE_THREAD // max(depth * right.shape[1], 1), 1)
    whole = n_rows - n_rows % step
    out = np.empty((n_rows, right.shape[1]), dtype=left.dtype)
    np.matmul(
        left[:whole].reshape(-1, step, depth),
        right,
        out=out[:whole].reshape(-1, step, right.shape[1]),
    )
    np.matmul(left[whole:], right, out=out[whole:])
    return out
