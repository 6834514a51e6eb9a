"""Several boxes, one after the other, each as simple as the data allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from skseg._typing import BoolArray, FloatArray

from ._best import Best, Found
from ._search import Triples, measure, search
from ._sets import Axis, Box, Codes, Limits, Side, rows_in
from ._simplify import cost, simplified
from ._tables import Sample, joint_table, sample

# For the next search a row that is explained weighs so much.
_COVERED = 2.0
# Columns with fewer cells have no cells so thin that they may be an inexact border.
_THIN = 8


def cover(
    codes: Codes,
    axes: Sequence[Axis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    n_segments: int,
    min_z: float = 5.5,
    max_columns: int = 3,
    min_size: float = 1.0,
    max_size: float = np.inf,
    side: Side = "both",
    triples: Triples = "grown",
) -> list[Box]:
    """Find several boxes, each with an effect that the ones before do not explain.

    Parameters
    ----------
    codes, axes, score, weight, max_columns, min_size, max_size, side, triples
        As in `scan`.
    n_segments : int
        The most boxes to return.
    min_z : float, default=5.5
        The least absolute z of a box, both as it is and in terms of what is left to
        explain. A high quantile of the replicates of `max_t` is a good choice. Meant
        for boxes of one and two columns: the square of z must be larger by twice the
        logarithm of (columns times cells) in a box of three, which is the best of as
        many times more.

    Returns
    -------
    list of Box
        In the order they were found. Their numbers are those of all rows in them.

    Notes
    -----
    The scores in a box that was found are set to zero for the search of the next one,
    but its rows still count, and double: a box that reaches into the explained region
    pays for it. So of an exclusive-or all four quadrants are found. Without those rows,
    half of the rows would do for the second quadrant; and if they counted once, all
    rows would do for the last two, which have the same sign.

    What was found is simplified then: see `simplified`. It is passed over if it has no
    such effect apart from the boxes found before and one cell around them.
    """
    rows = sample(codes, axes, score, weight)
    pieces = _Pieces(rows, Limits(min_size, max_size, side), min_z)
    for _ in range(3 * n_segments):
        candidates = pieces.candidates(max_columns, triples)
        if not candidates or len(pieces.boxes) == n_segments:
            break
        pieces.take(candidates)
    return pieces.boxes


class _Pieces:
    """The boxes found so far, and the scores that are left to explain."""

    def __init__(self, rows: Sample, limits: Limits, min_z: float) -> None:
        self._rows = rows
        self._limits = limits
        self._min_z = min_z
        self._covered = np.zeros(len(rows.value), dtype=bool)
        self.left = rows
        self.boxes: list[Box] = []

    def candidates(self, max_columns: int, triples: Triples) -> list[Found]:
        """Return boxes that explain enough of what is left, the best first.

        Boxes with more columns come out of more comparisons, and what is best among
        them has to be better by that.
        """
        rows, left = self._rows, self.left
        each = [Best(1) for _ in range(max_columns)]
        search(left, self._limits, each, triples)
        worth = []
        for found in (found for best in each for found in best.found):
            simple = simplified(found, rows, self._covered, left, self._limits)
            table = joint_table(left, simple.columns)
            key = -measure(table, rows.axes, simple.sets, self._limits).minus_key
            if self._is_enough(key, simple):
                price = cost(rows.axes, simple.columns) * rows.variance
                worth.append((price - key, simple))
        return [simple for _, simple in sorted(worth)]

    def take(self, candidates: list[Found]) -> None:
        """Take in the first new box, or at least regard one as explained."""
        codes, axes = self._rows.codes, self._rows.axes
        boxes = [found.box(axes, self._rows.variance) for found in candidates]
        for found, box in zip(candidates, boxes, strict=True):
            inside = box.contains(codes)
            enough = self._is_enough(-found.minus_key, found)
            if enough and self._is_new(box, inside):
                self.boxes.append(box)
                self._covered |= inside
                break
        else:
            inside = boxes[0].contains(codes)
        weight = (
            np.ones(len(inside)) if self._rows.weight is None else self._rows.weight
        )
        value = np.where(inside, 0.0, self.left.value)
        weight = np.where(self._covered, _COVERED, 1.0) * weight
        self.left = replace(self._rows, value=value, weight=weight)

    def _is_enough(self, key: float, found: Found) -> bool:
        """Tell whether an effect is more than the best of many may be by chance."""
        third = 0.0
        if len(found.columns) > 2:
            n_cells = max(self._rows.shape(found.columns))
            third = 2 * log(len(self._rows.axes) * n_cells)
        return key >= (self._min_z**2 + third) * self._rows.variance

    def _is_new(self, box: Box, inside: BoolArray) -> bool:
        """Tell whether a box has an effect apart from earlier ones and their borders.

        Cells are rarely cut where an effect begins, so some of it is left by a box.
        """
        axes, codes = self._rows.axes, self._rows.codes
        for other in self.boxes:
            if other.z * box.z > 0:
                wider = tuple(
                    (column, _widened(cells, axes[column]))
                    for column, cells in other.cells
                )
                inside = inside & ~rows_in(codes, wider)
        total = float(self.left.value[inside].sum())
        weight = self._rows.weight
        size = float(inside.sum() if weight is None else weight[inside].sum())
        least = self._min_z**2 * self._rows.variance
        return total * box.z > 0 and total**2 >= least * size


def _widened(cells: tuple[bool, ...], axis: Axis) -> tuple[bool, ...]:
    """Add the neighbours of cells, where cells are thin and have an order."""
    n = axis.n_cells - (axis.missing is not None)
    if axis.nominal or n < _THIN:
        return cells
    wider = np.array(cells)
    wider[1:n] |= cells[: n - 1]
    wider[: n - 1] |= cells[1:n]
    return tuple(wider.tolist())
