"""Rows cut into segments of legal sizes, each a conjunction of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skseg._search._bounds import (
    SizeBounds,
    count_rows,
    format_size,
    size_bounds,
    summable,
)
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules._language._thresholds import format_number

from ._guillotine import Cut, GuillotineSearch, Leaf, OutOfStepsError, Tree
from ._oversize import divide_oversize
from ._points import Points, distinct_points

Status = Literal["solved", "oversize", "infeasible", "undecided"]

# A part of a tree, its intervals and its rows.
_Part = tuple[Tree, tuple["Interval", ...], IntArray]

# A few seconds. Feasible splits are mostly found within tens of steps.
MAX_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Values of a column: ``low < x <= high``, with or without missing ones.

    None is no bound. An infinite bound is one: ``x <= inf`` holds for every present
    value.
    """

    low: float | None = None
    high: float | None = None
    missing: bool = True

    def contains(self, values: FloatArray) -> BoolArray:
        """Return which values lie in the interval."""
        inside = ~np.isnan(values)
        if self.low is not None:
            inside &= values > self.low
        if self.high is not None:
            inside &= values <= self.high
        return inside | np.isnan(values) if self.missing else inside

    def __and__(self, other: Interval) -> Interval:
        """Return the values that lie in both intervals."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(
            max(lows, default=None),
            min(highs, default=None),
            self.missing and other.missing,
        )

    def cut(self, thresholds: Sequence[float]) -> list[Interval]:
        """Return the parts below, between and above ascending thresholds."""
        lows, highs = [self.low, *thresholds], [*thresholds, self.high]
        last = len(thresholds)
        return [
            Interval(low, high, self.missing and i == last)
            for i, (low, high) in enumerate(zip(lows, highs, strict=True))
        ]


@dataclass(frozen=True, slots=True)
class SizedBox:
    """A segment: one interval per column, all of which hold for its rows."""

    intervals: tuple[Interval, ...]
    size: float  # number of rows, or sum of their weights


@dataclass(frozen=True, slots=True)
class Split:
    """Outcome of `split_to_sizes`.

    "oversize": some boxes stay too large, which was allowed. "infeasible": it is proved
    that no sequence of cuts gives legal sizes. "undecided": none was found before the
    search was given up. Boxes are a partition of all possible rows in the order of the
    cuts, low values first.
    """

    status: Status
    boxes: tuple[SizedBox, ...]
    codes: IntArray  # the box of every row, -1 if there are no boxes
    infeasibility: str = ""  # why there is no legal split


def split_to_sizes(
    values: FloatArray,
    min_size: float,
    max_size: float,
    *,
    sample_weight: FloatArray | None = None,
    allow_oversize: bool = False,
    names: Sequence[str] | None = None,
    max_steps: int = MAX_STEPS,
) -> Split:
    """Cut rows into boxes of legal sizes by guillotine cuts.

    NaN is missing: a value of its own above the largest. A cut at t puts ``x <= t`` on
    one side, larger and missing values on the other; a cut at infinity separates
    present from missing values. Rows of weight zero are put into boxes, but do not
    affect the cuts. If `allow_oversize`, boxes may stay too large where there is no
    legal split. No box is ever too small. `names` are those of the columns in messages,
    x0, x1, ... by default.

    A set of rows of legal size is not divided further. Any other is cut by a single
    column if that is possible: by the column that needs the fewest intervals, as near
    to equal shares as its values allow. Otherwise it is cut in two, and each side is
    divided on its own: of all cuts, by the one that promises the fewest segments, then
    proportional shares, then the column named first. Cuts move by up to 5 % of a
    segment to a rounder threshold, or to where missing values begin. If a side turns
    out to be indivisible, the next best cut is tried; indivisible sets are stored.
    Within its steps, of 0.1 to 0.2 ms each, the search solves whatever guillotine cuts
    can solve. The result does not depend on the order of the rows. Infeasible bounds do
    not raise, since the caller has more to say about them.

    >>> import numpy as np
    >>> split = split_to_sizes(np.array([[8.0], [1], [3], [9], [2], [7]]), 2, 3)
    >>> split.codes
    array([1, 0, 0, 1, 0, 1])
    >>> [box.intervals[0].high for box in split.boxes]
    [5.0, None]
    """
    n_rows, n_columns = values.shape
    sizes = np.ones(n_rows) if sample_weight is None else summable(sample_weight)
    is_counted = sizes > 0
    points = distinct_points(values[is_counted], sizes[is_counted])
    bounds = size_bounds(min_size, max_size, points.sizes)
    search, root = GuillotineSearch(points, bounds), points.node()
    is_decided, tree = True, None
    try:
        tree = search.solve(root, max_steps)
    except OutOfStepsError:
        is_decided = False
    infeasibility = ""
    if tree is None:
        names = names or [f"x{i}" for i in range(n_columns)]
        limit = None if is_decided else max_steps
        infeasibility = _infeasibility(points, bounds, names, limit)
        if not allow_oversize or root.size < bounds.low:
            status: Status = "infeasible" if is_decided else "undecided"
            return Split(status, (), np.full(n_rows, -1), infeasibility)
        tree = divide_oversize(search, root, max_steps)
    boxes, codes = _lay_out(tree, values)
    if any(box.size > bounds.high for box in boxes):
        return Split("oversize", boxes, codes, infeasibility)
    return Split("solved", boxes, codes)


def _infeasibility(
    points: Points, bounds: SizeBounds, names: Sequence[str], max_steps: int | None
) -> str:
    """Return why there is no split; `max_steps` is None if that is proved."""
    if (text := bounds.infeasibility(float(points.sizes.sum()))) is not None:
        return text
    columns = " and ".join(repr(name) for name in names)
    largest = points.largest(points.node())
    if points.sizes[largest] > bounds.high:
        size = float(points.sizes[largest])
        return (
            f"{count_rows(size)} {'has' if size == 1 else 'have'} "
            f"{_row_text(points, largest, names)}, more than "
            f"max_size={format_size(bounds.max_size)}: no cut by {columns} can part "
            "them. Split on a further column that tells them apart."
        )
    if max_steps is not None:
        return (
            f"Undecided: {max_steps:,} steps of search found no way to cut by "
            f"{columns} into segments of {bounds}, nor a proof that there is none. "
            "Wider bounds or a further column with finer values make it easier."
        )
    return (
        f"No sequence of cuts by {columns} gives segments of {bounds}: every one "
        "leaves some group of equal values in a segment that is too small or too "
        "large. Widen the bounds, or split on a further column with finer values."
    )


def _row_text(points: Points, point: int, names: Sequence[str]) -> str:
    parts = []
    for name, values, ranks in zip(names, points.values, points.ranks, strict=True):
        value = float(values[ranks[point]])
        is_missing = value != value
        parts.append(
            f"{name} missing" if is_missing else f"{name} = {format_number(value)}"
        )
    return ", ".join(parts)


def _lay_out(tree: Tree, values: FloatArray) -> tuple[tuple[SizedBox, ...], IntArray]:
    """Return the leaves of a tree as boxes, and the box of every row."""
    boxes: list[SizedBox] = []
    codes = np.empty(len(values), dtype=np.intp)
    everywhere = (Interval(),) * values.shape[1]
    stack: list[_Part] = [(tree, everywhere, np.arange(len(values)))]
    while stack:
        part, intervals, rows = stack.pop()
        if isinstance(part, Leaf):
            codes[rows] = len(boxes)
            boxes.append(SizedBox(intervals, part.size))
        else:
            stack += reversed(_parts(part, intervals, rows, values[rows, part.column]))
    return tuple(boxes), codes


def _parts(
    cut: Cut, intervals: tuple[Interval, ...], rows: IntArray, values: FloatArray
) -> list[_Part]:
    # NaN sorts behind all numbers, so missing values are in the last part.
    number = np.searchsorted(cut.thresholds, values)
    stops = np.cumsum(np.bincount(number, minlength=len(cut.parts)))[:-1]
    before, after = intervals[: cut.column], intervals[cut.column + 1 :]
    return list(
        zip(
            cut.parts,
            [
                (*before, interval, *after)
                for interval in intervals[cut.column].cut(cut.thresholds)
            ],
            np.split(rows[np.argsort(number, kind="stable")], stops),
            strict=True,
        )
    )
