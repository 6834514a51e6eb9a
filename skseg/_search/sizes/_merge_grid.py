"""Cells of a grid merged into boxes of legal sizes with the least loss."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from skseg._search._bounds import (
    SizeBounds,
    count_rows,
    format_size,
    size_bounds,
    summable,
)
from skseg._typing import FloatArray, IntArray

from ._grouping import LOSS_STEPS

Shape = tuple[int, ...]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GridMerge:
    """Outcome of `merge_grid`, without boxes if no guillotine cuts give legal sizes.

    Boxes are a partition of the grid, empty cells included, in the order of their first
    cells. The loss is the squared error of the outcome that merging adds to that within
    cells.
    """

    status: Literal["solved", "infeasible"]
    boxes: tuple[tuple[Range, ...], ...]  # the cells start <= cell < stop by axis
    labels: IntArray  # the box of every cell, -1 if there are no boxes
    sizes: FloatArray
    loss: float
    infeasibility: str = ""  # why there is no legal division


def merge_grid(
    sizes: npt.ArrayLike,
    min_size: float,
    max_size: float,
    *,
    sums: npt.ArrayLike | None = None,
) -> GridMerge:
    """Divide a grid of cells into boxes of legal sizes with the least loss.

    The cells are intervals of ordered columns, one per axis; more than three columns
    are slow. `sums`, of the shape of `sizes` or with a further axis, are sums of one
    outcome or of several on a common scale. Without them all divisions have a loss of
    zero.

    The result is exact: of all divisions by guillotine cuts the one with the least
    squared error of the outcome within boxes; among ties the one with the most boxes,
    then the smallest sum of squared sizes. A dynamic program goes over all boxes of
    cells in the order of their shapes, and compares each as a whole with all ways of
    cutting it in two. Squared errors within cells are the same for all divisions, so
    sums are enough. An empty cell belongs to a box like any other, since new rows may
    fall into it.

    >>> merge = merge_grid([[9, 1], [6, 4]], 5, 12, sums=[[9, 1], [0, 0]])
    >>> merge.labels
    array([[0, 0],
           [1, 1]])
    """
    cells = np.asarray(sizes, dtype=np.float64)
    cells = summable(cells.ravel()).reshape(cells.shape)
    outcomes = np.empty((0, *cells.shape))
    if sums is not None:
        table = np.asarray(sums, dtype=np.float64)
        outcomes = np.moveaxis(table.reshape(*cells.shape, -1), -1, 0)
    bounds = size_bounds(min_size, max_size, cells)
    best = _BestDivisions(cells, outcomes, bounds)
    if not best.is_feasible:
        labels, text = np.full(cells.shape, -1), _infeasibility(cells, bounds)
        return GridMerge("infeasible", (), labels, np.empty(0), np.nan, text)
    boxes = tuple(sorted(best.boxes()))
    labels = np.empty(cells.shape, dtype=np.intp)
    for i, box in enumerate(boxes):
        labels[tuple(slice(start, stop) for start, stop in box)] = i
    merged = np.array([cells[labels == i].sum() for i in range(len(boxes))])
    return GridMerge("solved", boxes, labels, merged, best.loss)


def _infeasibility(sizes: FloatArray, bounds: SizeBounds) -> str:
    if (text := bounds.infeasibility(float(sizes.sum()))) is not None:
        return text
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

    The costs of a division are its loss, minus its number of boxes and the sum of its
    squared sizes, compared in this order. They add up over parts, so the best division
    of a box consists of best divisions of the two sides of a cut.
    """

    def __init__(
        self, sizes: FloatArray, outcomes: FloatArray, bounds: SizeBounds
    ) -> None:
        self._bounds = bounds
        self._whole = sizes.shape
        # Centring keeps the digits of small differences between large sums.
        mean = outcomes.sum(axis=tuple(range(1, outcomes.ndim))) / (sizes.sum() or 1.0)
        centred = outcomes - np.multiply.outer(mean, sizes)
        explained = _explained(sizes, centred)
        self._loss_step = float(explained.sum()) / LOSS_STEPS or 1.0
        self._up_to = _sums_up_to(np.stack([sizes, explained, *centred]))
        self._costs: dict[Shape, FloatArray] = {}
        # 0 for a box that stays whole, i for the i-th cut of its shape.
        self._choices: dict[Shape, IntArray] = {}
        # In this order, the parts of a box come before it.
        for shape in itertools.product(*(range(1, n + 1) for n in sizes.shape)):
            self._solve(shape)

    @property
    def is_feasible(self) -> bool:
        """Whether the whole grid has a legal division."""
        return bool(np.isfinite(self._costs[self._whole]).all())

    @property
    def loss(self) -> float:
        """Loss of the best division of the whole grid."""
        return float(self._costs[self._whole][0].item()) * self._loss_step

    def _solve(self, shape: Shape) -> None:
        """Find the best division of all boxes of a shape at once."""
        whole, cuts = self._undivided(shape), list(_all_cuts(shape))
        costs = np.empty((len(cuts) + 1, *whole.shape))
        costs[0] = whole
        for (axis, cut), divided in zip(cuts, costs[1:], strict=True):
            below, above = _sides(shape, axis, cut)
            n = whole.shape[axis + 1]
            np.add(
                _part(self._costs[below], axis + 1, 0, n),
                _part(self._costs[above], axis + 1, cut, n),
                out=divided,
            )
        choice = _first_smallest(costs)
        chosen = np.take_along_axis(costs, choice[np.newaxis, np.newaxis], axis=0)
        self._costs[shape], self._choices[shape] = chosen[0], choice

    def _undivided(self, shape: Shape) -> FloatArray:
        """Return the costs of boxes that stay whole, infinite for illegal ones."""
        sums = self._up_to
        for axis, length in enumerate(shape, start=1):
            n = sums.shape[axis] - length
            sums = _part(sums, axis, length, n) - _part(sums, axis, 0, n)
        size, within_cells, *outcomes = sums
        loss = within_cells - _explained(size, np.array(outcomes))
        steps = np.maximum(loss, 0.0) / self._loss_step
        is_legal = (self._bounds.low <= size) & (size <= self._bounds.high) & (size > 0)
        loss_or_inf = np.where(is_legal, steps, np.inf)
        return np.stack([loss_or_inf, np.full_like(size, -1.0), size**2])

    def boxes(self) -> Iterator[tuple[Range, ...]]:
        """Yield the boxes of the best division of the whole grid."""
        stack = [((0,) * len(self._whole), self._whole)]
        while stack:
            start, shape = stack.pop()
            choice = int(self._choices[shape][start])
            if choice == 0:
                yield tuple((a, a + n) for a, n in zip(start, shape, strict=True))
                continue
            axis, cut = next(itertools.islice(_all_cuts(shape), choice - 1, None))
            below, above = _sides(shape, axis, cut)
            stack.append((start, below))
            stack.append(
                ((*start[:axis], start[axis] + cut, *start[axis + 1 :]), above)
            )


def _first_smallest(costs: FloatArray) -> IntArray:
    """Return the first alternative with the smallest costs, at every position.

    Costs have the shape (alternatives, costs by priority, positions). The loss comes
    first and is compared in whole steps. It is rounded only for the comparison: sums of
    rounded losses break ties, too.
    """
    loss = np.rint(costs[:, 0])
    smallest = loss.min(axis=0)
    is_feasible = smallest < np.inf
    is_tied = (loss == smallest) & is_feasible
    n_feasible = np.count_nonzero(is_feasible)
    for cost in costs[:, 1:].swapaxes(0, 1):
        # Ties are rare, so that the costs after the loss are seldom compared.
        if np.count_nonzero(is_tied) == n_feasible:
            break
        cost_or_inf = np.where(is_tied, cost, np.inf)
        is_tied &= cost_or_inf == cost_or_inf.min(axis=0)
    first: IntArray = is_tied.argmax(axis=0)
    return first


def _all_cuts(shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield (axis, number of cells below) of all ways to cut a shape in two."""
    for axis, length in enumerate(shape):
        for cut in range(1, length):
            yield axis, cut


def _sides(shape: Shape, axis: int, cut: int) -> tuple[Shape, Shape]:
    before, after = shape[:axis], shape[axis + 1 :]
    return (*before, cut, *after), (*before, shape[axis] - cut, *after)


def _part(array: FloatArray, axis: int, start: int, n: int) -> FloatArray:
    return array[(slice(None),) * axis + (slice(start, start + n),)]


def _sums_up_to(stacked: FloatArray) -> FloatArray:
    """Return sums over all cells below each corner of the grid, for each quantity."""
    for axis in range(1, stacked.ndim):
        stacked = stacked.cumsum(axis)
    return np.pad(stacked, [(0, 0), *[(1, 0)] * (stacked.ndim - 1)])


def _explained(sizes: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the explained squared error: squared sums over sizes, 0 without rows."""
    squares = (sums**2).sum(axis=0) if len(sums) else np.zeros_like(sizes)
    return np.divide(squares, sizes, out=np.zeros_like(sizes), where=sizes > 0)
