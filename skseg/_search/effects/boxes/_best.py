"""The best boxes of a table, by branch and bound over the sets of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._sets import CodedAxis, ScoredBox, cell_sets, squared_z
from ._tables import ONE_THREAD, ColumnSet, JointTable, product

# Bounds are compared with a key lowered by this factor, so that rounding does not
# discard ties with the best.
_SLACK = 1 - 1e-9
_TINY = np.finfo(np.float64).tiny
# Boxes that are evaluated at a time.
_MAX_BOXES = 1 << 19


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A box by the numbers of its sets in `cell_sets`; better ones sort first.

    The first key is that of `squared_z`; then fewer columns and more rows are better.
    """

    minus_key: float
    n_columns: int
    minus_size: float
    columns: ColumnSet
    sets: tuple[int, ...]
    total: float = field(compare=False)

    @property
    def key(self) -> float:
        """The square of z as if sigma were one."""
        return -self.minus_key

    def box(self, axes: Sequence[CodedAxis], variance: float) -> ScoredBox:
        """Return the box, with z for scores of this variance."""
        cells = tuple(
            (column, tuple(cell_sets(axes[column])[number].tolist()))
            for column, number in zip(self.columns, self.sets, strict=True)
        )
        size = -self.minus_size
        z = self.total / float(np.sqrt(variance * size))
        return ScoredBox(cells, size, self.total, z)


class TopBoxes:
    """The best boxes so far, of all tables or, if `one_per_table`, of each table."""

    def __init__(self, n_best: int, one_per_table: bool = False) -> None:
        self._n_best = n_best
        self._n_per_table = 1 if one_per_table else n_best
        self.candidates: list[Candidate] = []

    def update(
        self, table: JointTable, sets: Sequence[BoolArray], min_size: float
    ) -> None:
        """Keep the best boxes of a table if they are among the best."""
        is_full = len(self.candidates) == self._n_best
        min_key = self.candidates[-1].key if is_full else _TINY
        self.add(best_boxes(table, sets, min_size, min_key, self._n_per_table))

    def add(self, candidates: list[Candidate]) -> None:
        """Keep those boxes that are among the best."""
        if candidates:
            self.candidates = sorted([*self.candidates, *candidates])[: self._n_best]


def best_boxes(
    table: JointTable,
    sets: Sequence[BoolArray],
    min_size: float,
    min_key: float = _TINY,
    n_best: int = 1,
) -> list[Candidate]:
    """Return the best boxes of a table, exactly those of an exhaustive comparison.

    `sets` has the candidates for a condition on each column, one per row; boxes have at
    least the weight `min_size` and the key `min_key`, which is positive.

    Column by column, the sets replace the cells. Within the rows of the sets chosen so
    far, a box is a subset of the cells of the remaining columns. By Cauchy's
    inequality, its key is at most the sum of the keys of those cells whose effect has
    its sign. Where this bound is below `min_key`, no set of the next column is tried.
    On noise this discards more than nine boxes in ten.
    """
    shape = table.total.shape
    total, size = table.total.reshape(1, -1), table.size.reshape(1, -1)
    set_numbers: IntArray = np.zeros((1, 0), dtype=np.intp)
    for n, candidates in zip(shape[:-1], sets[:-1], strict=True):
        total, size = _expand(total, candidates, n), _expand(size, candidates, n)
        promising = _promising(total, size, min_size, min_key)
        total, size = total[promising], size[promising]
        parent, number = np.divmod(promising, len(candidates))
        set_numbers = np.column_stack([set_numbers[parent], number])
    members = sets[-1].T.astype(np.float64)
    step = max(_MAX_BOXES // max(len(sets[-1]), 1), 1)
    best: list[Candidate] = []
    for start in range(0, len(set_numbers), step):
        part = slice(start, start + step)
        sums = product(total[part], members), product(size[part], members)
        best += _evaluate(
            table.columns, sums, set_numbers[part], min_size, min_key, n_best
        )
        best = sorted(best)[:n_best]
        if len(best) == n_best:
            min_key = best[-1].key
    return best


def _expand(sums: FloatArray, candidates: BoolArray, n_cells: int) -> FloatArray:
    """Replace the cells of a column by its sets."""
    n_rest = sums.shape[1] // n_cells
    members = candidates.astype(np.float64)
    blocks = sums.reshape(-1, n_cells, n_rest)
    expanded = np.empty((len(blocks), len(members), n_rest))
    if members.size * n_rest <= ONE_THREAD:
        np.matmul(members, blocks, out=expanded)
    else:
        for i, block in enumerate(blocks):
            expanded[i] = product(members, block)
    return expanded.reshape(-1, n_rest)


def _promising(
    total: FloatArray, size: FloatArray, min_size: float, min_key: float
) -> IntArray:
    """Return the rows of which some cells may make a box with a key of `min_key`."""
    keys = total * np.abs(total)
    np.divide(keys, size, out=keys, where=size > 0)
    difference = np.abs(keys.sum(axis=1))
    both_signs = np.abs(keys, out=keys).sum(axis=1)
    bounds = (both_signs + difference) / 2
    is_large = size.sum(axis=1) >= min_size
    return np.flatnonzero(is_large & (bounds >= min_key * _SLACK))


def _evaluate(
    columns: ColumnSet,
    sums: tuple[FloatArray, FloatArray],
    set_numbers: IntArray,
    min_size: float,
    min_key: float,
    n_best: int,
) -> list[Candidate]:
    """Return the best of all boxes whose sums are given, set by set of the last column.

    `set_numbers` are those of the other columns, one row per row of sums.
    """
    total, size = sums
    keys = squared_z(total, size, min_size)
    rows, last = np.nonzero(keys >= min_key)
    keys = keys[rows, last]
    if n_best < len(keys):
        is_top = keys >= np.partition(keys, -n_best)[-n_best]
        keys, rows, last = keys[is_top], rows[is_top], last[is_top]
    total, size = total[rows, last], size[rows, last]
    # lexsort is stable: among equals the first sets come first.
    return [
        Candidate(
            -float(keys[i]),
            len(columns),
            -float(size[i]),
            columns,
            (*set_numbers[rows[i]].tolist(), int(last[i])),
            float(total[i]),
        )
        for i in np.lexsort((-size, -keys))[:n_best]
    ]
