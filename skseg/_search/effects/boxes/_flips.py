"""How large the largest effect of all boxes is when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._sets import Axis, Codes, Limits, Side, cell_sets
from ._tables import ONE_THREAD, Columns, Sample, joint_cells, product, sample

Floats = npt.NDArray[np.float32]


def max_t(
    codes: Codes,
    axes: Sequence[Axis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    n_replicates: int,
    rng: np.random.Generator,
    min_size: float = 1.0,
    max_size: float = np.inf,
    max_columns: int = 2,
    side: Side = "both",
    n_groups: int = 512,
) -> FloatArray:
    """Draw the largest z of all boxes under random signs of the scores.

    Parameters
    ----------
    codes, axes, score, weight, min_size, max_size, side
        As in `scan`.
    n_replicates : int
        How often to draw signs.
    rng : numpy.random.Generator
        The source of the signs.
    max_columns : {1, 2}, default=2
        The most columns with a condition.
    n_groups : int, default=512
        Rows are divided into so many groups at random, and the rows of a group have
        the same sign.

    Returns
    -------
    ndarray of float64 of shape (1 + n_replicates,)
        The largest absolute z: of the scores as they are, then of the replicates. Zero
        where no box is legal or has an effect on the side.

    Notes
    -----
    If the signs of the scores were arbitrary, the first of these numbers would be like
    the others, and the share of all of them that are at least as large as the first is
    a p-value for "no box has an effect". All boxes are looked at in each replicate, so
    this pays for the search. Signs by groups are as good as signs by rows, because the
    test is valid with any group of sign changes; it makes replicates cheap, as the
    groups' sums in the cells are counted once for all of them.

    A weight stands for equal rows, which have the same sign.
    """
    rows = sample(codes, axes, score, weight)
    n_rows = len(rows.value)
    rows = rows.part(rng.permutation(n_rows))
    n_groups = min(n_groups, n_rows)
    signs = np.ones((1 + n_replicates, n_groups), dtype=np.float32)
    signs[1:] -= 2 * rng.integers(0, 2, (n_replicates, n_groups), dtype=np.uint8)
    if side == "negative":
        signs = -signs
    groups = np.arange(n_rows) * n_groups // max(n_rows, 1)
    search = _Search(rows, groups, signs, Limits(min_size, max_size, side))
    several = [i for i, axis in enumerate(axes) if len(cell_sets(axis))]
    for i, column in enumerate(several):
        search.look_into((column,))
        if max_columns > 1:
            for other in several[i + 1 :]:
                search.look_into((column, other))
    return np.sqrt(search.best)


class _Search:
    """The largest squares of z so far, of all replicates."""

    def __init__(
        self,
        rows: Sample,
        groups: IntArray,
        signs: Floats,
        limits: Limits,
    ) -> None:
        self._rows = rows
        self._groups = groups
        self._signs = signs
        self._limits = limits
        self.best = np.zeros(len(signs))

    def look_into(self, columns: Columns) -> None:
        """Compare the boxes of one or two columns, in all replicates at once."""
        total, size = self._sums(columns)
        sets = [cell_sets(self._rows.axes[column]) for column in columns]
        if len(columns) == 1:
            total, size = total[np.newaxis], size[np.newaxis]
            first: FloatArray = np.ones((1, 1))
        else:
            first = sets[0].astype(np.float64)
        last = sets[-1].T.astype(np.float64)
        size = product(first, size)
        inside = product(first.astype(np.float32), total.reshape(len(total), -1))
        inside = inside.reshape(len(first), -1, len(last))
        which, replicate = np.nonzero(self._bounds(inside, size) >= self.best)
        used, place = np.unique(which, return_inverse=True)
        one_over = self._one_over(product(size[used], last))
        step = max((1 << 20) // last.shape[1], 1)
        for start in range(0, len(which), step):
            some = slice(start, start + step)
            chosen = inside[which[some], replicate[some]]
            keys = product(chosen, last.astype(np.float32))
            if self._limits.side != "both":
                np.maximum(keys, 0, out=keys)
            np.square(keys, out=keys)
            keys *= one_over[place[some]]
            np.maximum.at(self.best, replicate[some], keys.max(axis=1))

    def _sums(self, columns: Columns) -> tuple[Floats, FloatArray]:
        """Return sums of the scores, by cells, replicates and cells, and the sizes."""
        rows, n_groups = self._rows, self._signs.shape[1]
        shape = rows.shape(columns)
        n_cells = prod(shape)
        cells = joint_cells(rows.codes, columns, shape)
        size = np.bincount(cells, rows.weight, n_cells).reshape(shape)
        cells += self._groups * n_cells
        total = np.bincount(cells, rows.value, n_groups * n_cells)
        # In standard deviations, squares are safe in single precision.
        scaled = (total / np.sqrt(rows.variance)).astype(np.float32)
        by_group = scaled.reshape(n_groups, n_cells)
        flipped = _flipped(self._signs, by_group)
        if len(columns) == 1:
            return flipped, size.astype(np.float64)
        by_cell = flipped.reshape(-1, *shape).transpose(1, 0, 2)
        return np.ascontiguousarray(by_cell), size.astype(np.float64)

    def _one_over(self, size: FloatArray) -> Floats:
        legal = (size >= self._limits.min_size) & (size <= self._limits.max_size)
        legal &= size > 0
        return np.divide(1, size, out=np.zeros_like(size), where=legal).astype(
            np.float32
        )

    def _bounds(self, inside: Floats, size: FloatArray) -> Floats:
        """Bound the keys of the boxes within each set, as in `best_boxes`."""
        one_over = np.divide(1, size, out=np.zeros_like(size), where=size > 0)
        keys = inside * np.abs(inside)
        keys *= one_over.astype(np.float32)[:, np.newaxis]
        ones = np.ones(keys.shape[2], dtype=np.float32)
        difference = keys @ ones
        if self._limits.side == "both":
            np.abs(difference, out=difference)
        bounds = np.abs(keys, out=keys) @ ones + difference
        bounds[size.sum(axis=1) < self._limits.min_size] = -1
        # The slack is for single precision.
        return bounds * np.float32(0.5 * (1 + 1e-4))


def _flipped(signs: Floats, by_group: Floats) -> Floats:
    """Return the sums over groups under all signs, in products for one thread."""
    step = max(ONE_THREAD // max(signs.size, 1), 1)
    out = np.empty((len(signs), by_group.shape[1]), dtype=np.float32)
    for start in range(0, by_group.shape[1], step):
        some = slice(start, start + step)
        np.matmul(signs, by_group[:, some], out=out[:, some])
    return out
