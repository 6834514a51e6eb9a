"""Cells of a grid merged into boxes of legal sizes, optimally."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from skseg._search._arrays import comes_before
from skseg._search._bounds import (
    SizeBounds,
    count_rows,
    format_size,
    size_bounds,
    summable,
)
from skseg._typing import FloatArray, IntArray

Shape = tuple[int, ...]
Range = tuple[int, int]

# Losses that differ by less than this share of the total spread count as equal, so that
# rounding does not decide what the number of segments should.
_LOSS_STEPS = 2.0**40


@dataclass(frozen=True, slots=True)
class GridMerge:
    """Outcome of `merge_grid`.

    Attributes
    ----------
    status : {"solved", "oversize", "impossible"}
        "oversize": some boxes stay too large, which was allowed. "impossible": no
        division into boxes by cuts through and through gives legal sizes.
    boxes : tuple of tuple of (int, int)
        For each box and axis the cells ``start <= cell < stop``. A partition of the
        grid, empty cells included, in the order of the first cells.
    labels : ndarray of int of the grid's shape
        The number of every cell's box, -1 where there are no boxes.
    sizes : ndarray of float64 of shape (n_boxes,)
        Rows in the boxes.
    loss : float
        Squared error of the outcome that the merging adds to the cells' own.
    why : str
        What stands in the way; empty if "solved".
    """

    status: Literal["solved", "oversize", "impossible"]
    boxes: tuple[tuple[Range, ...], ...]
    labels: IntArray
    sizes: FloatArray
    loss: float
    why: str = ""


def merge_grid(
    sizes: npt.ArrayLike,
    min_size: float,
    max_size: float,
    *,
    sums: npt.ArrayLike | None = None,
    allow_oversize: bool = False,
) -> GridMerge:
    """Divide a grid of cells into boxes of legal sizes with the least loss.

    Parameters
    ----------
    sizes : array of shape (n_1, ..., n_d)
        Rows in the cells, or sums of their weights. The cells are intervals of d
        ordered columns, up to three for a quick answer.
    min_size, max_size : float
        Bounds of every box's size, ``0 <= min_size <= max_size``.
    sums : array of shape (n_1, ..., n_d) or (n_1, ..., n_d, n_outcomes), default=None
        Sums of the outcome over the rows of the cells; several outcomes should have a
        common scale. None: every division is as good as any other.
    allow_oversize : bool, default=False
        Of all divisions without undersized boxes, those with the fewest rows above the
        bound come first.

    Returns
    -------
    GridMerge
        Of all divisions by guillotine cuts the one with the least squared error of the
        outcome within boxes; among equals the most boxes, then the smallest sum of
        squared sizes.

    Notes
    -----
    Exact: a dynamic program over all boxes of cells, in order of their shapes, each the
    best of itself and all ways of cutting it in two. What a cell's own squared error is
    does not matter for the comparison, so sums are enough. An empty cell belongs to a
    box like any other, as new rows may fall into it.

    Examples
    --------
    >>> merge = merge_grid([[9, 1], [6, 4]], 5, 12, sums=[[9, 1], [0, 0]])
    >>> merge.labels
    array([[0, 0],
           [1, 1]])
    """
    cells = np.asarray(sizes, dtype=np.float64)
    cells = summable(cells.ravel()).reshape(cells.shape)
    outcomes = np.empty((0, *cells.shape))
    if sums is not None:
        given = np.asarray(sums, dtype=np.float64)
        outcomes = np.moveaxis(given.reshape(*cells.shape, -1), -1, 0)
    bounds = size_bounds(min_size, max_size, cells)
    best = _BestDivisions(cells, outcomes, bounds, allow_oversize)
    why = _why_not(cells, bounds)
    if not best.feasible:
        nowhere = np.full(cells.shape, -1)
        return GridMerge("impossible", (), nowhere, np.empty(0), np.nan, why)
    boxes = tuple(sorted(best.boxes()))
    labels = np.empty(cells.shape, dtype=np.intp)
    for i, box in enumerate(boxes):
        labels[tuple(slice(*ends) for ends in box)] = i
    merged = np.array([cells[labels == i].sum() for i in range(len(boxes))])
    if merged.max() > bounds.high:
        return GridMerge("oversize", boxes, labels, merged, best.loss, why)
    return GridMerge("solved", boxes, labels, merged, best.loss)


def _why_not(sizes: FloatArray, bounds: SizeBounds) -> str:
    by_number = bounds.why_not(float(sizes.sum()))
    if by_number is not None:
        return by_number
    if sizes.max() > bounds.high:
        cell = tuple(map(int, np.unravel_index(np.argmax(sizes), sizes.shape)))
        return (
            f"Cell {cell} alone has {count_rows(sizes.max())}, more than "
            f"max_size={format_size(bounds.max_size)}. Split it first."
        )
    return (
        "No division of the grid into boxes by cuts from edge to edge gives segments "
        f"of {bounds}. Widen the bounds, or use a finer grid."
    )


class _BestDivisions:
    """The best division of every box of cells, by the shapes of the boxes.

    A division's values are (rows above the bound, loss, minus its number of boxes, sum
    of squared sizes); smaller is better, the first one first. They add up over parts,
    so the best division of a box consists of best divisions of its halves.
    """

    def __init__(
        self, sizes: FloatArray, outcomes: FloatArray, bounds: SizeBounds, allow: bool
    ) -> None:
        self._bounds = bounds
        self._allow = allow
        self._whole = sizes.shape
        # About the mean, large sums do not drown small differences.
        mean = outcomes.sum(axis=tuple(range(1, outcomes.ndim))) / (sizes.sum() or 1.0)
        centred = outcomes - np.multiply.outer(mean, sizes)
        explained = _explained(sizes, centred)
        self._loss_step = float(explained.sum()) / _LOSS_STEPS or 1.0
        self._up_to = _sums_up_to(np.stack([sizes, explained, *centred]))
        self._values: dict[Shape, FloatArray] = {}
        self._cuts: dict[Shape, IntArray] = {}
        # In this order the parts of a box come before it.
        for shape in itertools.product(*(range(1, n + 1) for n in sizes.shape)):
            self._solve(shape)

    @property
    def feasible(self) -> bool:
        """Whether the whole grid has a legal division."""
        return bool(np.isfinite(self._values[self._whole]).all())

    @property
    def loss(self) -> float:
        """What the best division of the whole grid loses."""
        return float(self._values[self._whole][1].item()) * self._loss_step

    def _solve(self, shape: Shape) -> None:
        """Find the best division of all boxes of a shape at once."""
        best = self._undivided(shape)
        choice = np.full(best.shape[1:], -1)
        for number, (axis, place) in enumerate(_all_cuts(shape)):
            below, above = _halves(shape, axis, place)
            n = best.shape[axis + 1]
            values = _part(self._values[below], axis + 1, 0, n)
            values = values + _part(self._values[above], axis + 1, place, n)
            better = comes_before(values, best)
            best = np.where(better, values, best)
            choice[better] = number
        self._values[shape], self._cuts[shape] = best, choice

    def _undivided(self, shape: Shape) -> FloatArray:
        """Return the values of boxes that stay whole, infinite for illegal ones."""
        sums = self._up_to
        for axis, length in enumerate(shape, start=1):
            n = sums.shape[axis] - length
            sums = _part(sums, axis, length, n) - _part(sums, axis, 0, n)
        size, of_cells, *of_outcomes = sums
        loss = of_cells - _explained(size, np.array(of_outcomes))
        values = np.stack(
            [
                np.maximum(size - self._bounds.high, 0.0),
                np.rint(np.maximum(loss, 0.0) / self._loss_step),
                np.full_like(size, -1.0),
                size**2,
            ]
        )
        illegal = (size < self._bounds.low) | (size <= 0)
        if not self._allow:
            illegal |= size > self._bounds.high
        values[0, illegal] = np.inf
        return values

    def boxes(self) -> Iterator[tuple[Range, ...]]:
        """Yield the boxes of the best division of the whole grid."""
        stack = [((0,) * len(self._whole), self._whole)]
        while stack:
            start, shape = stack.pop()
            choice = int(self._cuts[shape][start])
            if choice < 0:
                yield tuple((a, a + n) for a, n in zip(start, shape, strict=True))
                continue
            axis, place = next(itertools.islice(_all_cuts(shape), choice, None))
            below, above = _halves(shape, axis, place)
            stack.append((start, below))
            stack.append(
                ((*start[:axis], start[axis] + place, *start[axis + 1 :]), above)
            )


def _all_cuts(shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield (axis, cells below) of all ways to cut a shape in two."""
    for axis, length in enumerate(shape):
        for place in range(1, length):
            yield axis, place


def _halves(shape: Shape, axis: int, place: int) -> tuple[Shape, Shape]:
    before, after = shape[:axis], shape[axis + 1 :]
    return (*before, place, *after), (*before, shape[axis] - place, *after)


def _part(array: FloatArray, axis: int, start: int, n: int) -> FloatArray:
    index = [slice(None)] * array.ndim
    index[axis] = slice(start, start + n)
    return array[tuple(index)]


def _sums_up_to(stacked: FloatArray) -> FloatArray:
    """Return sums over all cells below each corner of the grid, one grid a row."""
    for axis in range(1, stacked.ndim):
        stacked = stacked.cumsum(axis)
    return np.pad(stacked, [(0, 0), *[(1, 0)] * (stacked.ndim - 1)])


def _explained(sizes: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the squared sums over the sizes, which is the squared error explained."""
    squares = (sums**2).sum(axis=0) if len(sums) else np.zeros_like(sizes)
    return np.divide(squares, sizes, out=np.zeros_like(sizes), where=sizes > 0)
