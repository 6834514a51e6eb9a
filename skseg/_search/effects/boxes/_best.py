"""The best boxes of a table, by branch and bound over the sets of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._bounds import promising_sets
from ._sets import CodedAxis, ScoredBox, cell_sets, set_matrix, squared_z
from ._tables import ColumnSet, JointTable

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
        self.n_best = n_best
        self.n_per_table = 1 if one_per_table else n_best
        self.candidates: list[Candidate] = []

    @property
    def min_key(self) -> float:
        """The key that a box must reach to be among the best; positive."""
        is_full = len(self.candidates) == self.n_best
        return self.candidates[-1].key if is_full else _TINY

    def add(self, candidates: list[Candidate]) -> None:
        """Keep those boxes of a table, the best first, that are among the best."""
        if candidates:
            self.keep([*self.candidates, *candidates[: self.n_per_table]])

    def keep(self, candidates: Iterable[Candidate]) -> None:
        """Keep the best of these boxes, each once."""
        self.candidates = sorted(set(candidates))[: self.n_best]


def add_best(
    table: JointTable,
    axes: Sequence[CodedAxis],
    min_size: float,
    tops: Sequence[TopBoxes],
) -> None:
    """Add the best boxes of a table, which are searched once for all `tops`."""
    min_key = min(top.min_key for top in tops)
    n_best = max(top.n_per_table for top in tops)
    candidates = best_boxes(table, axes, min_size, min_key, n_best)
    for top in tops:
        top.add(candidates)


def best_boxes(
    table: JointTable,
    axes: Sequence[CodedAxis],
    min_size: float,
    min_key: float = _TINY,
    n_best: int = 1,
) -> list[Candidate]:
    """Return the best boxes of a table, exactly those of an exhaustive comparison.

    Boxes have at least the weight `min_size` and the key `min_key`, which is positive.

    Column by column, the sets replace the cells. Those of which no box can reach
    `min_key`, whatever the conditions on the remaining columns, are left out.
    """
    *others, last = (axes[column] for column in table.columns)
    total, size = table.total.reshape(1, -1), table.size.reshape(1, -1)
    set_numbers: IntArray = np.zeros((1, 0), dtype=np.intp)
    for i, axis in enumerate(others):
        blocks = total.reshape(-1, axis.n_cells, total.shape[1] // axis.n_cells)
        block_sizes = size.reshape(blocks.shape)
        remaining = last if i == len(others) - 1 else None
        parents, numbers = promising_sets(
            blocks, block_sizes, axis, remaining, min_key * _SLACK
        )
        if not len(parents):
            return []
        members = cell_sets(axis)
        total = _expanded(blocks, members, parents, numbers)
        size = _expanded(block_sizes, members, parents, numbers)
        set_numbers = np.column_stack([set_numbers[parents], numbers])
    last_sets = set_matrix(last).T.astype(np.float64)
    step = max(_MAX_BOXES // max(last_sets.shape[1], 1), 1)
    best: list[Candidate] = []
    for start in range(0, len(set_numbers), step):
        part = slice(start, start + step)
        sums = total[part] @ last_sets, size[part] @ last_sets
        best += _evaluate(
            table.columns, sums, set_numbers[part], min_size, min_key, n_best
        )
        best = sorted(best)[:n_best]
        if len(best) == n_best:
            min_key = best[-1].key
    return best


def _expanded(
    blocks: FloatArray, sets: BoolArray, parents: IntArray, numbers: IntArray
) -> FloatArray:
    """Return the sums over sets of cells, given their blocks in ascending order."""
    expanded = np.empty((len(parents), blocks.shape[2]))
    starts = np.searchsorted(parents, np.arange(len(blocks) + 1))
    for block, start, stop in zip(blocks, starts, starts[1:], strict=False):
        members = sets[numbers[start:stop]].astype(np.float64)
        np.matmul(members, block, out=expanded[start:stop])
    return expanded


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
