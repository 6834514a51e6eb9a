"""Columns of cells, the sets of cells that may be conditions, and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray

Codes = npt.NDArray[np.uint8]
# A column and which of its cells belong to the box.
Condition = tuple[int, tuple[bool, ...]]


@dataclass(frozen=True, slots=True)
class CodedAxis:
    """The cells of a column; nominal cells, of which there are few, have no order."""

    n_cells: int  # including the cell of missing values
    missing: int | None = None  # the cell of missing values, always the last one
    nominal: bool = False

    @property
    def n_known(self) -> int:
        """Number of cells without the cell of missing values."""
        return self.n_cells - (self.missing is not None)


@dataclass(frozen=True, slots=True)
class ScoredBox:
    """A conjunction of conditions, and the sum of the scores of its rows."""

    cells: tuple[Condition, ...]  # in the order of the columns
    n: float  # number of rows, or sum of their weights
    total: float
    z: float  # total / (sigma sqrt(n)); sigma squared is the mean squared score

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that have a condition."""
        return tuple(column for column, _ in self.cells)

    def contains(self, codes: Codes) -> BoolArray:
        """Tell which rows are in the box."""
        return rows_in(codes, self.cells)


def squared_z(total: FloatArray, size: FloatArray, min_size: float) -> FloatArray:
    """Return the squares of z as if sigma were one, zero for boxes that are too small.

    This is the key that boxes are compared by.
    """
    is_legal = (size >= min_size) & (size > 0)
    return np.asarray(total * total / np.where(is_legal, size, np.inf))


def rows_in(codes: Codes, conditions: tuple[Condition, ...]) -> BoolArray:
    """Tell which rows meet all conditions."""
    inside = np.ones(codes.shape[1], dtype=bool)
    for column, cells in conditions:
        inside &= np.array(cells)[codes[column]]
    return inside


@lru_cache(maxsize=256)
def cell_sets(axis: CodedAxis) -> BoolArray:
    """Return the sets of cells that are candidates for a condition, one a row.

    Intervals come in the order of their first, then their last cells; then the same
    with missing values; then missing values alone. Sets of nominal cells are in the
    order of the binary numbers that the cells are the digits of. The set of all cells
    is no condition, and is left out.
    """
    n = axis.n_cells
    if axis.nominal:
        numbers = np.arange(1, 2**n - 1)
        sets = (numbers[:, np.newaxis] >> np.arange(n) & 1).astype(bool)
    else:
        sets = _intervals(axis)
        sets = sets[~sets.all(axis=1)]
    sets.flags.writeable = False
    return sets


@lru_cache(maxsize=256)
def set_matrix(axis: CodedAxis) -> npt.NDArray[np.float32]:
    """Return the sets of cells as zeros and ones, for products with sums of cells."""
    matrix = cell_sets(axis).astype(np.float32)
    matrix.flags.writeable = False
    return matrix


def _intervals(axis: CodedAxis) -> BoolArray:
    first, last = np.triu_indices(axis.n_known)
    cells = np.arange(axis.n_cells)
    sets = (first[:, np.newaxis] <= cells) & (cells <= last[:, np.newaxis])
    if axis.missing is None:
        return sets
    is_missing = cells == axis.missing
    return np.concatenate([sets, sets | is_missing, is_missing[np.newaxis]])
