"""Null distribution of the largest absolute z over all boxes, by random replicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, islice
from math import prod

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from skseg._typing import FloatArray, IntArray

from ._exchange import Exchange, MovedScores, moved_scores
from ._sets import CodedAxis, Codes, cell_sets, set_matrix
from ._tables import ColumnSet, Sample, joint_cells, sample

Floats = npt.NDArray[np.float32]

# Keys of boxes that are computed at a time.
_MAX_KEYS = 1 << 20
# Pairs of columns that a process searches at a time.
_N_PAIRS = 200


def max_t(
    codes: Codes,
    axes: Sequence[CodedAxis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    n_replicates: int,
    rng: np.random.Generator,
    min_size: float = 1.0,
    max_columns: int = 2,
    n_groups: int = 512,
    cluster: IntArray | None = None,
    exchange: Exchange | None = None,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> FloatArray:
    """Return the largest absolute z over all boxes, and its replicates without effects.

    The first of the 1 + `n_replicates` numbers is that of the scores as they are. A
    number is zero where no box is large enough. Boxes have up to `max_columns`
    conditions, one or two.

    Under the hypothesis that no box has an effect, the signs of the scores are
    exchangeable: the share of these numbers that are at least as large as the first is
    a p-value. Every replicate looks at all boxes, which accounts for the search. Signs
    are drawn for `n_groups` random groups of rows. They are as valid as signs by row,
    since the test holds for any group of sign changes, and make replicates cheap: the
    sums of the groups in the cells are counted once for all of them. A weight stands
    for equal rows, which have the same sign, and so have the rows of a customer, whom
    `cluster` tells: all are in the same group.

    Scores that are not symmetric have no exchangeable signs. The largest ones follow
    what `exchange` says is exchangeable instead, and the others, whose sums are near
    normal, have signs.

    Pairs of columns are searched by `n_jobs` processes; `verbose` prints how far they
    are.
    """
    rows = sample(codes, axes, score, weight)
    order, place = _shuffled(len(rows.value), cluster, rng)
    rows = rows.subset(order)
    n_places = int(place.max(initial=0)) + 1
    n_groups = min(n_groups, n_places)
    signs = np.ones((1 + n_replicates, n_groups), dtype=np.float32)
    signs[1:] -= 2 * rng.integers(0, 2, (n_replicates, n_groups), dtype=np.uint8)
    groups = place * n_groups // n_places
    moved = None
    if exchange is not None:
        sigma = float(np.sqrt(rows.variance))
        counts = np.ones(len(order)) if rows.weight is None else rows.weight
        exchange = exchange.take(order, sigma)
        moved = moved_scores(exchange, rows.value / sigma, counts, n_replicates, rng)
        value = rows.value - sigma * moved.mean * counts
        value[moved.rows] = 0.0
        rows = replace(rows, value=value)
    replicates = _Replicates(rows, groups, signs, moved, min_size)
    divisible = [i for i, axis in enumerate(axes) if len(cell_sets(axis))]
    # Single columns first: the larger the largest, the fewer boxes are looked at.
    replicates.largest = replicates.with_all([(column,) for column in divisible])
    if max_columns > 1:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator", verbose=verbose)
        pairs = combinations(divisible, 2)
        parts = iter(lambda: list(islice(pairs, _N_PAIRS)), [])
        for largest in parallel(delayed(replicates.with_all)(part) for part in parts):
            replicates.largest = np.maximum(replicates.largest, largest)
    return np.sqrt(replicates.largest)


def _shuffled(
    n_rows: int, cluster: IntArray | None, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return the rows in random order, and their places: one for each customer."""
    if cluster is None:
        return rng.permutation(n_rows), np.arange(n_rows)
    customers, customer = np.unique(cluster, return_inverse=True)
    place = rng.permutation(len(customers))[customer]
    order = np.argsort(place, kind="stable")
    return order, place[order]


class _Replicates:
    """The largest square of z so far, for each replicate."""

    def __init__(
        self,
        rows: Sample,
        groups: IntArray,
        signs: Floats,
        moved: MovedScores | None,
        min_size: float,
    ) -> None:
        self._rows = rows
        self._groups = groups
        self._signs = signs
        self._moved = moved
        self._min_size = min_size
        self.largest = np.zeros(len(signs))

    def with_all(self, column_sets: Sequence[ColumnSet]) -> FloatArray:
        """Return the largest after boxes of one or two columns each, in any process."""
        largest = self.largest.copy()
        # More threads slow down the many small products.
        with threadpool_limits(1, user_api="blas"):
            for columns in column_sets:
                self._update(columns, largest)
        return largest

    def _update(self, columns: ColumnSet, largest: FloatArray) -> None:
        """Compare the boxes of one or two columns, in all replicates at once."""
        total, size = self._sums(columns)
        matrices = [set_matrix(self._rows.axes[column]) for column in columns]
        last = matrices[-1].T
        if len(columns) == 1:
            inside, size = total[np.newaxis], size[np.newaxis]
        else:
            inside = matrices[0] @ total.reshape(len(total), -1)
            inside = inside.reshape(len(inside), -1, len(last))
            size = matrices[0].astype(np.float64) @ size
        promising, replicate = np.nonzero(self._bounds(inside, size) >= largest)
        used, index = np.unique(promising, return_inverse=True)
        inverse_size = self._inverse(size[used] @ last.astype(np.float64))
        step = max(_MAX_KEYS // last.shape[1], 1)
        for start in range(0, len(promising), step):
            part = slice(start, start + step)
            keys = inside[promising[part], replicate[part]] @ last
            np.square(keys, out=keys)
            keys *= inverse_size[index[part]]
            np.maximum.at(largest, replicate[part], keys.max(axis=1))

    def _sums(self, columns: ColumnSet) -> tuple[Floats, FloatArray]:
        """Return sums of the scores, by cells, replicates and cells, and the sizes."""
        rows, n_groups = self._rows, self._signs.shape[1]
        shape = rows.shape(columns)
        n_cells = prod(shape)
        cells = joint_cells(rows.codes, columns, shape)
        size = np.bincount(cells, rows.weight, n_cells)
        by_group = np.bincount(
            cells + self._groups * n_cells, rows.value, n_groups * n_cells
        )
        # In units of sigma, squares do not overflow single precision.
        scaled = (by_group / np.sqrt(rows.variance)).astype(np.float32)
        replicated = self._signs @ scaled.reshape(n_groups, n_cells)
        if self._moved is not None:
            replicated += self._moved.sums(cells, n_cells)
            replicated += np.float32(self._moved.mean) * size.astype(np.float32)
            replicated *= self._moved.scale[:, np.newaxis].astype(np.float32)
        size = size.reshape(shape)
        if len(columns) == 1:
            return replicated, size.astype(np.float64)
        by_cell = replicated.reshape(-1, *shape).transpose(1, 0, 2)
        return np.ascontiguousarray(by_cell), size.astype(np.float64)

    def _inverse(self, size: FloatArray) -> Floats:
        """Return one over the sizes, zero for boxes that are too small."""
        is_legal = (size >= self._min_size) & (size > 0)
        inverse = np.divide(1, size, out=np.zeros_like(size), where=is_legal)
        return inverse.astype(np.float32)

    def _bounds(self, inside: Floats, size: FloatArray) -> Floats:
        """Bound the keys of the boxes within each set, as in `best_boxes`."""
        inverse_size = np.divide(1, size, out=np.zeros_like(size), where=size > 0)
        keys = inside * np.abs(inside)
        keys *= inverse_size.astype(np.float32)[:, np.newaxis]
        ones = np.ones(keys.shape[2], dtype=np.float32)
        difference = keys @ ones
        np.abs(difference, out=difference)
        bounds = np.abs(keys, out=keys) @ ones + difference
        bounds[size.sum(axis=1) < self._min_size] = -1
        # The slack covers the rounding errors of single precision.
        return bounds * np.float32(0.5 * (1 + 1e-4))
