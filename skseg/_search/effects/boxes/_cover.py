"""Several boxes, one after the other, each as simple as the data allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log

import numpy as np
from joblib import Parallel
from threadpoolctl import threadpool_limits

from skseg._typing import BoolArray, FloatArray

from ._best import Candidate, TopBoxes
from ._search import measure, search
from ._sets import CodedAxis, Codes, ScoredBox, rows_in
from ._simplify import complexity_penalty, simplified
from ._tables import Sample, joint_table, sample

# Weight of a covered row in the following searches; `cover` says why it counts double.
_COVERED_WEIGHT = 2.0
# In columns with fewer cells, a neighbouring cell is too wide to be an inexact border.
_MIN_CELLS_TO_WIDEN = 8


def cover(
    codes: Codes,
    axes: Sequence[CodedAxis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    max_boxes: int,
    min_z: float = 5.5,
    max_columns: int = 3,
    min_size: float = 1.0,
    max_size: float = inf,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> list[ScoredBox]:
    """Find several boxes, each with an effect that earlier ones do not explain.

    The mean of `score` over the rows of a box estimates the effect there; a weight of w
    is w equal rows. Boxes come in the order in which they were found, and their numbers
    are those of all of their rows.

    `min_z` is the least absolute z of a box, both on all rows and on the residual
    scores; a high quantile of the replicates of `max_t` is a good choice. It is meant
    for boxes of one and two columns, which are compared exhaustively. Those of three
    grow out of the best boxes of two. They are the best of many more, so the square of
    their z must be larger by twice the logarithm of (columns times cells).

    The square of z is twice the logarithm of the likelihood ratio of "the mean is
    shifted inside of the box, zero outside" to "the mean is zero everywhere": of two
    boxes with the same effect the larger one wins, of two with the same sum the purer.

    Scores in a box are set to zero for the search of the next box, but its rows still
    count, and double: a box that reaches into an explained region is penalised. This
    is why all four quadrants of an exclusive-or are found. If covered rows did not
    count, half of all rows would do for the second quadrant; if they counted once, all
    rows would do for the last two, which have the same sign.

    Each box is then simplified (see `simplified`), and skipped if it has no effect of
    `min_z` outside of the earlier boxes and one cell around them. A box that holds for
    more than `max_size` rows is no condition: where it is the best, the mean of the
    scores is taken out, and boxes are those that differ from it.

    Pairs of columns are searched by `n_jobs` processes; `verbose` prints how far they
    are.

    >>> codes = np.array([[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]], dtype=np.uint8)
    >>> score = np.array([0.0, 0.0, 0.0, 9.0, 0.0, 9.0])
    >>> axes = [CodedAxis(3), CodedAxis(2)]
    >>> [box] = cover(codes, axes, score, max_boxes=1, min_z=1.5)
    >>> box.cells
    ((1, (False, True)),)
    >>> box.n, box.total
    (3.0, 18.0)
    """
    rows = sample(codes, axes, score, weight)
    score = np.asarray(score, dtype=np.float64)
    covering = _Covering(rows, score, min_size, max_size, min_z)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator", verbose=verbose)
    # More threads slow down the many small products.
    with threadpool_limits(1, user_api="blas"):
        # Searches without a new box only zero scores: three per box bound the time.
        for _ in range(3 * max_boxes):
            candidates = covering.candidates(max_columns, parallel)
            if not candidates or len(covering.boxes) == max_boxes:
                break
            covering.add_first_new(candidates)
    return covering.boxes


class _Covering:
    """The boxes so far, and the scores that they do not explain."""

    def __init__(
        self,
        rows: Sample,
        score: FloatArray,
        min_size: float,
        max_size: float,
        min_z: float,
    ) -> None:
        self._measured = rows
        self._score = score
        self._min_size = min_size
        self._max_size = max_size
        self._min_z = min_z
        self._covered = np.zeros(len(rows.value), dtype=bool)
        # What is searched: the scores, or their differences from the mean.
        self._rows = rows
        self._residual = rows
        self.boxes: list[ScoredBox] = []

    def candidates(self, max_columns: int, parallel: Parallel) -> list[Candidate]:
        """Return simplified boxes that explain enough of the residual, the best first.

        Boxes of more columns are the best of more comparisons, so they are ranked by
        their keys less a penalty.
        """
        rows, residual = self._rows, self._residual
        tops = [TopBoxes(1) for _ in range(max_columns)]
        search(residual, self._min_size, tops, parallel)
        ranked = []
        for candidate in (candidate for top in tops for candidate in top.candidates):
            simple = simplified(
                candidate, rows, self._covered, residual, self._min_size
            )
            table = joint_table(residual, simple.columns)
            key = measure(table, rows.axes, simple.sets, self._min_size).key
            if self._is_significant(key, simple):
                penalty = complexity_penalty(rows.axes, simple.columns) * rows.variance
                ranked.append((penalty - key, simple))
        return [simple for _, simple in sorted(ranked)]

    def add_first_new(self, candidates: list[Candidate]) -> None:
        """Add the first box with an effect of its own and zero its scores.

        If there is none, the scores of the best candidate are zeroed, so that the next
        search differs. If the best one holds for nearly all rows, the mean is taken out
        instead, once.
        """
        codes, axes = self._rows.codes, self._rows.axes
        boxes = [candidate.box(axes, self._rows.variance) for candidate in candidates]
        if boxes[0].n > self._max_size and self._rows is self._measured:
            self._centre()
            return
        for candidate, box in zip(candidates, boxes, strict=True):
            inside = box.contains(codes)
            measured = self._as_measured(box, inside)
            is_effect = measured.z * box.z > 0 and box.n <= self._max_size
            is_significant = is_effect and self._is_significant(
                candidate.key, candidate
            )
            if is_significant and self._is_new(box, inside):
                self.boxes.append(measured)
                self._covered |= inside
                break
        else:
            inside = boxes[0].contains(codes)
        self._leave(np.where(inside, 0.0, self._residual.value))

    def _leave(self, value: FloatArray) -> None:
        """Search what is left of the scores next."""
        weight = np.where(self._covered, _COVERED_WEIGHT, 1.0)
        if self._rows.weight is not None:
            weight *= self._rows.weight
        self._residual = replace(self._rows, value=value, weight=weight)

    def _centre(self) -> None:
        """Search for differences from the mean effect of the rows not yet covered.

        A box that holds for nearly all rows says that there is an effect everywhere. If
        it were covered like others, no place where it is larger would be found.
        """
        rows, is_free = self._measured, ~self._covered
        weight = None if rows.weight is None else rows.weight[is_free]
        mean = np.average(self._score[is_free], weights=weight)
        centred = sample(rows.codes, rows.axes, self._score - mean, rows.weight)
        self._rows = replace(centred, variance=rows.variance)
        self._leave(np.where(is_free, self._rows.value, 0.0))

    def _as_measured(self, box: ScoredBox, inside: BoolArray) -> ScoredBox:
        """Return a box with the sum of its scores as they were given."""
        if self._rows is self._measured:
            return box
        total = float(self._measured.value[inside].sum())
        z = total / float(np.sqrt(self._measured.variance * box.n))
        # An effect that is only larger or smaller than that of others is none.
        return replace(box, total=total, z=z if abs(z) >= self._min_z else 0.0)

    def _is_significant(self, key: float, candidate: Candidate) -> bool:
        """Tell whether a key exceeds what the best of all boxes has by chance."""
        penalty = 0.0
        if len(candidate.columns) > 2:
            n_cells = max(self._rows.shape(candidate.columns))
            penalty = 2 * log(len(self._rows.axes) * n_cells)
        return key >= (self._min_z**2 + penalty) * self._rows.variance

    def _is_new(self, box: ScoredBox, inside: BoolArray) -> bool:
        """Tell whether a box has an effect outside of earlier ones and their borders.

        An effect rarely begins where a cell does, so a box leaves some of it over in
        the neighbouring cells.
        """
        axes, codes = self._rows.axes, self._rows.codes
        for earlier in self.boxes:
            if earlier.z * box.z > 0:
                wider = tuple(
                    (column, _widened(cells, axes[column]))
                    for column, cells in earlier.cells
                )
                inside = inside & ~rows_in(codes, wider)
        total = float(self._residual.value[inside].sum())
        weight = self._rows.weight
        size = float(inside.sum() if weight is None else weight[inside].sum())
        min_key = self._min_z**2 * self._rows.variance
        return total * box.z > 0 and total**2 >= min_key * size


def _widened(cells: tuple[bool, ...], axis: CodedAxis) -> tuple[bool, ...]:
    """Add the neighbours of cells, where cells are narrow and have an order."""
    n = axis.n_known
    if axis.nominal or n < _MIN_CELLS_TO_WIDEN:
        return cells
    wider = np.array(cells)
    wider[1:n] |= cells[: n - 1]
    wider[: n - 1] |= cells[1:n]
    return tuple(wider.tolist())
