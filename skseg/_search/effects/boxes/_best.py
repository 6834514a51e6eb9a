"""The best boxes of a table: all of them are compared, few of them are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._sets import Axis, Box, Limits, cell_sets
from ._tables import ONE_THREAD, Columns, Table, product

# Bounds are lowered by this share, so that rounding does not hide equals of the best.
_SLACK = 1 - 1e-9
_TINY = np.finfo(np.float64).tiny
# So many boxes are evaluated at a time.
_AT_ONCE = 1 << 19


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A box by the numbers of its sets; what is better sorts first."""

    minus_key: float
    n_columns: int
    minus_size: float
    columns: Columns
    sets: tuple[int, ...]
    total: float = field(compare=False)

    def box(self, axes: Sequence[Axis], variance: float) -> Box:
        """Return the box that was found."""
        cells = tuple(
            (column, tuple(cell_sets(axes[column], whole=True)[number].tolist()))
            for column, number in zip(self.columns, self.sets, strict=True)
        )
        size = -self.minus_size
        z = self.total / float(np.sqrt(variance * size))
        return Box(cells, size, self.total, z)


class Best:
    """The best boxes so far.

    Parameters
    ----------
    n_best : int
        How many to keep.
    one_each : bool, default=False
        Whether to keep only the best of each table.
    """

    def __init__(self, n_best: int, one_each: bool = False) -> None:
        self._n_best = n_best
        self._n_each = 1 if one_each else n_best
        self.found: list[Found] = []

    @property
    def enough(self) -> float:
        """The key that a box must reach to be among the best."""
        if len(self.found) < self._n_best:
            return _TINY
        return -self.found[-1].minus_key

    def look_into(
        self, table: Table, sets: Sequence[BoolArray], limits: Limits
    ) -> None:
        """Keep the best boxes of a table if they are among the best."""
        self.keep(best_boxes(table, sets, limits, self.enough, self._n_each))

    def keep(self, found: list[Found]) -> None:
        """Keep those boxes that are among the best."""
        if found:
            self.found = sorted([*self.found, *found])[: self._n_best]


def best_boxes(
    table: Table,
    sets: Sequence[BoolArray],
    limits: Limits,
    enough: float = _TINY,
    n_best: int = 1,
) -> list[Found]:
    """Return the best boxes of a table.

    Parameters
    ----------
    table : Table
        The sums over its cells.
    sets : sequence of ndarray of bool of shape (n_sets, n_cells)
        The candidates of each column.
    limits : Limits
        What boxes are allowed to be.
    enough : float
        The least key to return, above zero.
    n_best : int, default=1
        The most boxes to return.

    Returns
    -------
    list of Found
        The best first. Exactly what looking at all boxes gives.

    Notes
    -----
    Column by column the sets take the place of the cells. A box within the rows of sets
    chosen so far consists of some of the cells of the columns to come, and by Cauchy's
    inequality the key of any of these boxes is at most the sum of the cells' keys, over
    the cells with an effect on its side. Where that is not enough, no set of the next
    column needs to be tried. On noise this spares more than nine boxes in ten.
    """
    shape = table.total.shape
    total, size = table.total.reshape(1, -1), table.size.reshape(1, -1)
    chosen: IntArray = np.zeros((1, 0), dtype=np.intp)
    for n, candidates in zip(shape[:-1], sets[:-1], strict=True):
        total, size = _expand(total, candidates, n), _expand(size, candidates, n)
        kept = _promising(total, size, limits, enough)
        total, size = total[kept], size[kept]
        before, number = np.divmod(kept, len(candidates))
        chosen = np.column_stack([chosen[before], number])
    members = sets[-1].T.astype(np.float64)
    step = max(_AT_ONCE // max(len(sets[-1]), 1), 1)
    found: list[Found] = []
    for start in range(0, len(chosen), step):
        some = slice(start, start + step)
        found += _evaluate(
            table.columns,
            (product(total[some], members), product(size[some], members)),
            chosen[some],
            limits,
            enough,
            n_best,
        )
        found = sorted(found)[:n_best]
        if len(found) == n_best:
            enough = -found[-1].minus_key
    return found


def _expand(sums: FloatArray, candidates: BoolArray, n_cells: int) -> FloatArray:
    """Put the sets of a column in the place of its cells."""
    rest = sums.shape[1] // n_cells
    members = candidates.astype(np.float64)
    each = sums.reshape(-1, n_cells, rest)
    expanded = np.empty((len(each), len(members), rest))
    if members.size * rest <= ONE_THREAD:
        np.matmul(members, each, out=expanded)
    else:
        for i, some in enumerate(each):
            expanded[i] = product(members, some)
    return expanded.reshape(-1, rest)


def _promising(
    total: FloatArray, size: FloatArray, limits: Limits, enough: float
) -> IntArray:
    """Return the rows in which some cells may make a box that is good enough."""
    keys = total * np.abs(total)
    np.divide(keys, size, out=keys, where=size > 0)
    difference = keys.sum(axis=1)
    both = np.abs(keys, out=keys).sum(axis=1)
    if limits.side == "both":
        difference = np.abs(difference)
    elif limits.side == "negative":
        difference = -difference
    large = size.sum(axis=1) >= limits.min_size
    bounds = (both + difference) / 2
    return np.flatnonzero(large & (bounds >= enough * _SLACK))


def _evaluate(
    columns: Columns,
    sums: tuple[FloatArray, FloatArray],
    chosen: IntArray,
    limits: Limits,
    enough: float,
    n_best: int,
) -> list[Found]:
    total, size = sums
    keys = limits.keys(total, size)
    rows, last = np.nonzero(keys >= enough)
    keys = keys[rows, last]
    if n_best < len(keys):
        good = keys >= np.partition(keys, -n_best)[-n_best]
        keys, rows, last = keys[good], rows[good], last[good]
    total, size = total[rows, last], size[rows, last]
    # Stable: among equals the first sets come first.
    return [
        Found(
            -float(keys[i]),
            len(columns),
            -float(size[i]),
            columns,
            (*chosen[rows[i]].tolist(), int(last[i])),
            float(total[i]),
        )
        for i in np.lexsort((-size, -keys))[:n_best]
    ]
