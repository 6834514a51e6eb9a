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

from ._sets import CodedAxis, Codes

# Rows per histogram: few enough to stay in the cache between its steps.
_CHUNK = 1 << 16
_MAX_CELLS = 1 << 18
# Multiplications in a matrix product that is too small for a BLAS to use threads.
ONE_THREAD = 1 << 17

ColumnSet = tuple[int, ...]
_Float = TypeVar("_Float", bound=np.floating[Any])


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows with scores.

    Attributes
    ----------
    codes : ndarray of uint8 of shape (n_columns, n_rows)
        The cells of the rows.
    axes : sequence of CodedAxis
        The columns.
    value : ndarray of float64 of shape (n_rows,)
        Scores times weights.
    weight : ndarray of float64 of shape (n_rows,) or None
        Weights, None if all of them are one.
    variance : float
        The mean squared score, or one if all scores are zero.
    """

    codes: Codes
    axes: Sequence[CodedAxis]
    value: FloatArray
    weight: FloatArray | None
    variance: float

    def subset(self, rows: BoolArray | IntArray) -> Sample:
        """Return some of the rows, with the variance of all."""
        indices = np.flatnonzero(rows) if rows.dtype == bool else rows
        value = self.value[indices]
        weight = None if self.weight is None else self.weight[indices]
        # `take` per column is many times as fast as a two-dimensional index.
        codes = np.empty((len(self.codes), len(value)), dtype=np.uint8)
        for taken, column in zip(codes, self.codes, strict=True):
            np.take(column, indices, out=taken, mode="clip")
        return Sample(codes, self.axes, value, weight, self.variance)

    def shape(self, columns: Sequence[int]) -> tuple[int, ...]:
        """Return the numbers of cells of columns."""
        return tuple(self.axes[column].n_cells for column in columns)


def sample(
    codes: Codes,
    axes: Sequence[CodedAxis],
    score: FloatArray,
    weight: FloatArray | None,
) -> Sample:
    """Return rows whose scores add up exactly, in whatever order.

    Scores are rounded to multiples of a power of two, which is negligibly small and yet
    so large that none of their sums is rounded. So equal boxes have equal sums, however
    rows are ordered, summed, or repeated instead of weighted, and ties are broken by
    the shape of the boxes alone.
    """
    score = np.asarray(score, dtype=np.float64)
    squares = _exactly_summable(score**2, weight)
    size = float(len(score))
    if weight is not None:
        weight = np.asarray(weight, dtype=np.float64)
        weight = _exactly_summable(np.ones_like(score), weight)
        size = float(weight.sum())
    variance = float(squares.sum()) / size if size else 0.0
    value = _exactly_summable(score, weight)
    return Sample(codes, axes, value, weight, variance or 1.0)


def _exactly_summable(values: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Return values times weights, rounded so that all sums of them are exact."""
    weighted = np.abs(values) if weight is None else np.abs(values) * weight
    _, exponent = np.frexp(weighted.sum())
    step = np.ldexp(1.0, int(exponent) - 52)
    steps = np.rint(values / step)
    # Rounded before weighting: a whole weight is then a repetition, exactly.
    return np.asarray((steps if weight is None else np.rint(steps * weight)) * step)


@dataclass(frozen=True, slots=True, eq=False)
class JointTable:
    """Sums over the joint cells of a few columns.

    Attributes
    ----------
    columns : tuple of int
        The columns, in the order of the axes.
    total, size : ndarray of float64 with one axis per column
        Sums of the scores, and of the weights.
    """

    columns: ColumnSet
    total: FloatArray
    size: FloatArray


def joint_table(rows: Sample, columns: ColumnSet) -> JointTable:
    """Return the sums over the joint cells of columns."""
    shape = rows.shape(columns)
    n_cells = prod(shape)
    total, size = np.zeros(n_cells), np.zeros(n_cells)
    for start in range(0, len(rows.value), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        cells = joint_cells(rows.codes[:, chunk], columns, shape)
        total += np.bincount(cells, rows.value[chunk], n_cells)
        weight = None if rows.weight is None else rows.weight[chunk]
        size += np.bincount(cells, weight, n_cells)
    return JointTable(columns, total.reshape(shape), size.reshape(shape))


def joint_cells(codes: Codes, columns: ColumnSet, shape: Sequence[int]) -> IntArray:
    """Return the joint cell of every row; the cells of the last column vary fastest."""
    is_small = prod(shape) <= 1 << 16
    first, *others = columns
    cells = codes[first].astype(np.uint16 if is_small else np.uint32)
    for column, n in zip(others, shape[1:], strict=True):
        cells *= cells.dtype.type(n)
        cells += codes[column]
    joint: IntArray = cells.astype(np.intp)
    return joint


def all_tables(
    rows: Sample, n_columns: int, columns: Sequence[int]
) -> Iterator[JointTable]:
    """Yield the tables of all combinations of `n_columns` of the columns.

    Rows are counted in blocks of more columns, and the tables are margins of the
    blocks, since there are far fewer cells than rows.
    """
    max_cells = min(max(len(rows.value) // 3, 1), _MAX_CELLS)
    n_cells = {column: rows.axes[column].n_cells for column in columns}
    for block, subsets in _blocks(n_cells, n_columns, max_cells):
        tables = {block: joint_table(rows, block)}
        for subset in subsets:
            yield _margin(tables, block, subset)


def _margin(
    tables: dict[ColumnSet, JointTable], block: ColumnSet, subset: ColumnSet
) -> JointTable:
    """Return the table of a subset of a block, and store it with those in between."""
    if subset not in tables:
        # Summing over the first absent column last shares the most work.
        absent = next(column for column in block if column not in subset)
        wider = tuple(sorted((*subset, absent)))
        table = _margin(tables, block, wider)
        axis = wider.index(absent)
        tables[subset] = JointTable(subset, table.total.sum(axis), table.size.sum(axis))
    return tables[subset]


def _blocks(
    n_cells: dict[int, int], n_columns: int, max_cells: int
) -> Iterator[tuple[ColumnSet, list[ColumnSet]]]:
    """Yield blocks of columns and which combinations to take from each."""
    remaining = dict.fromkeys(combinations(sorted(n_cells), n_columns))
    while remaining:
        block = next(iter(remaining))
        while wider := _widened_block(block, n_cells, remaining, max_cells):
            block = wider
        subsets = [
            subset for subset in combinations(block, n_columns) if subset in remaining
        ]
        for subset in subsets:
            del remaining[subset]
        yield block, subsets


def _widened_block(
    block: ColumnSet,
    n_cells: dict[int, int],
    remaining: dict[ColumnSet, None],
    max_cells: int,
) -> ColumnSet:
    """Return the block with the column that adds the most combinations, if any."""
    block_cells = prod(n_cells[column] for column in block)
    n_columns = len(next(iter(remaining)))
    n_added = {
        column: sum(
            tuple(sorted((*subset, column))) in remaining
            for subset in combinations(block, n_columns - 1)
        )
        for column, n in n_cells.items()
        if column not in block and block_cells * n <= max_cells
    }
    best = max(n_added, key=lambda column: n_added[column], default=-1)
    return tuple(sorted((*block, best))) if n_added.get(best) else ()


def product(
    left: npt.NDArray[_Float], right: npt.NDArray[_Float]
) -> npt.NDArray[_Float]:
    """Return the product of matrices, computed by one thread.

    The threads of a BLAS wait more than they work on products as slim as these, and
    keep other processes from working. Small products are not shared between threads, so
    rows are multiplied in groups.
    """
    n_rows, depth = left.shape
    step = max(ONE_THREAD // max(depth * right.shape[1], 1), 1)
    n_grouped = n_rows - n_rows % step
    out = np.empty((n_rows, right.shape[1]), dtype=left.dtype)
    np.matmul(
        left[:n_grouped].reshape(-1, step, depth),
        right,
        out=out[:n_grouped].reshape(-1, step, right.shape[1]),
    )
    np.matmul(left[n_grouped:], right, out=out[n_grouped:])
    return out
