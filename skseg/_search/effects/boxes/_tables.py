"""Sums of scores and weights over the joint cells of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, prod

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._blocks import pair_blocks
from ._sets import CodedAxis, Codes

# Rows per histogram: few enough to stay in the cache between its steps.
_CHUNK = 1 << 16
_MAX_CELLS = 1 << 18

ColumnSet = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows with scores."""

    codes: Codes
    axes: Sequence[CodedAxis]
    value: FloatArray  # scores times weights
    weight: FloatArray | None  # None: all weights are one
    variance: float  # the mean squared score, or one if all scores are zero

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
    """Return values times weights, rounded so that all sums of them are exact.

    The step depends on the largest value and the total weight. Unlike the sum of the
    values, these are the same to the last bit for weighted and for repeated rows.
    """
    is_counted = slice(None) if weight is None else weight > 0
    largest = np.abs(values[is_counted]).max(initial=0.0)
    n_rows = float(len(values)) if weight is None else fsum(weight)
    exponent = int(np.frexp(largest)[1]) + int(np.frexp(n_rows)[1])
    step = np.ldexp(1.0, exponent - 52)
    steps = np.rint(values / step)
    # Rounded before weighting: a whole weight is then a repetition, exactly.
    return np.asarray((steps if weight is None else np.rint(steps * weight)) * step)


@dataclass(frozen=True, slots=True, eq=False)
class JointTable:
    """Sums of scores and of weights over joint cells, with one axis per column."""

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
    first, *following = columns
    cells = codes[first].astype(np.uint16 if is_small else np.uint32)
    for column, n in zip(following, shape[1:], strict=True):
        cells *= cells.dtype.type(n)
        cells += codes[column]
    joint: IntArray = cells.astype(np.intp)
    return joint


def column_blocks(
    rows: Sample, n_columns: int, columns: Sequence[int]
) -> Iterator[tuple[ColumnSet, list[ColumnSet]]]:
    """Yield blocks of columns, and the combinations of `n_columns` to take from each.

    Every combination of the columns is in one block; those of the first ones come
    early. Rows are counted once for a block, and tables of pairs are margins of it,
    where there are far fewer cells than rows.
    """
    if n_columns != 2:
        for combination in combinations(columns, n_columns):
            block = tuple(sorted(combination))
            yield block, [block]
        return
    max_cells = min(max(len(rows.value) // 3, 1), _MAX_CELLS)
    for axes, pairs in pair_blocks(rows.shape(columns), max_cells):
        yield (
            tuple(sorted(columns[axis] for axis in axes)),
            [tuple(sorted(columns[axis] for axis in pair)) for pair in pairs],
        )


def tables_of_block(
    rows: Sample, block: ColumnSet, subsets: Sequence[ColumnSet]
) -> Iterator[JointTable]:
    """Yield the tables of subsets of a block of columns."""
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
