"""What the box search is about: columns of cells, sets of cells, and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray

Codes = npt.NDArray[np.uint8]
Side = Literal["both", "positive", "negative"]
# A column and which of its cells belong to the box.
Condition = tuple[int, tuple[bool, ...]]


@dataclass(frozen=True, slots=True)
class Axis:
    """The cells of a column.

    Attributes
    ----------
    n_cells : int
        Number of cells, the one of missing values included.
    missing : int or None
        The cell of missing values, always the last one. None: the column has none.
    nominal : bool
        Whether the cells have no order, so that any set of them may be a condition.
        Meant for up to six levels.
    """

    n_cells: int
    missing: int | None = None
    nominal: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A conjunction of conditions and the scores in it.

    Attributes
    ----------
    cells : tuple of (int, tuple of bool)
        For each column that has a condition, in the order of the columns, which of its
        cells belong to the box.
    n : float
        Rows in the box, or the sum of their weights.
    total : float
        Sum of the scores in the box.
    z : float
        ``total / (sigma * sqrt(n))``, where sigma squared is the mean squared score of
        all rows.
    """

    cells: tuple[Condition, ...]
    n: float
    total: float
    z: float

    @property
    def columns(self) -> tuple[int, ...]:
        """The columns that have a condition."""
        return tuple(column for column, _ in self.cells)

    def contains(self, codes: Codes) -> BoolArray:
        """Tell which rows are in the box."""
        return rows_in(codes, self.cells)


@dataclass(frozen=True, slots=True)
class Limits:
    """What boxes are allowed to be."""

    min_size: float
    max_size: float
    side: Side

    def keys(self, total: FloatArray, size: FloatArray) -> FloatArray:
        """Return what boxes are compared by, which is the square of z unless illegal.

        Illegal boxes, of a wrong size or with an effect on the wrong side, have keys of
        zero or less. Scaled as if sigma were one.
        """
        legal = (size >= self.min_size) & (size <= self.max_size) & (size > 0)
        squares = total * (np.abs(total) if self.side != "both" else total)
        if self.side == "negative":
            squares = -squares
        return np.asarray(squares / np.where(legal, size, np.inf))


def rows_in(codes: Codes, conditions: tuple[Condition, ...]) -> BoolArray:
    """Tell which rows meet all conditions."""
    inside = np.ones(codes.shape[1], dtype=bool)
    for column, cells in conditions:
        inside &= np.array(cells)[codes[column]]
    return inside


@lru_cache(maxsize=256)
def cell_sets(axis: Axis, whole: bool = False) -> BoolArray:
    """Return the sets of cells that are candidates for a condition, one a row.

    Parameters
    ----------
    axis : Axis
        The column.
    whole : bool, default=False
        Whether to add, as the last row, all cells, which is no condition.

    Returns
    -------
    ndarray of bool of shape (n_sets, n_cells)
        Intervals in the order of their first, then their last cells; then the same with
        missing values; then missing values alone. Sets of nominal cells in the order of
        the binary numbers that the cells are the digits of.
    """
    n = axis.n_cells
    if axis.nominal:
        numbers = np.arange(1, 2**n - 1)
        sets = (numbers[:, np.newaxis] >> np.arange(n) & 1).astype(bool)
    else:
        sets = _intervals(n, axis.missing is not None)
        sets = sets[~sets.all(axis=1)]
    if whole:
        sets = np.concatenate([sets, np.ones((1, n), dtype=bool)])
    sets.flags.writeable = False
    return sets


def _intervals(n_cells: int, missing: bool) -> BoolArray:
    n = n_cells - missing
    first, last = np.triu_indices(n)
    cells = np.arange(n_cells)
    sets = (first[:, np.newaxis] <= cells) & (cells <= last[:, np.newaxis])
    if not missing:
        return sets
    only = cells == n
    return np.concatenate([sets, sets | only, only[np.newaxis]])
