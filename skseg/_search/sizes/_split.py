"""Rows cut into segments of legal sizes, each a plain conjunction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skseg._search._bounds import size_bounds, summable
from skseg._typing import BoolArray, FloatArray, IntArray

from ._guillotine import Cut, GuillotineSearch, Leaf, OutOfStepsError, Tree
from ._oversize import divide_oversize
from ._points import distinct_points
from ._why import why_no_split

Status = Literal["solved", "oversize", "impossible", "undecided"]

# What a part of a tree is, where it lies and which rows are in it.
_Part = tuple[Tree, tuple["Interval", ...], IntArray]

# Some seconds' worth: what is feasible is mostly found in tens of steps.
MAX_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Values of a column: ``low < x <= high``, and perhaps missing ones.

    Attributes
    ----------
    low, high : float or None
        None: no bound. An infinite bound means what it says: ``x <= inf`` holds for
        every present value.
    missing : bool
        Whether missing values belong to it.
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

    def cut(self, thresholds: Sequence[float]) -> list[Interval]:
        """Return the parts below, between and above ascending thresholds."""
        lows, highs = [self.low, *thresholds], [*thresholds, self.high]
        last = len(thresholds)
        return [
            Interval(low, high, self.missing and i == last)
            for i, (low, high) in enumerate(zip(lows, highs, strict=True))
        ]


@dataclass(frozen=True, slots=True)
class Box:
    """A segment: one interval a column, all of which hold for its rows.

    Attributes
    ----------
    intervals : tuple of Interval
        In the order of the columns.
    size : float
        Its number of rows, or the sum of their weights.
    oversize : bool
        Whether it has more rows than allowed.
    """

    intervals: tuple[Interval, ...]
    size: float
    oversize: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """Outcome of `split_to_sizes`.

    Attributes
    ----------
    status : {"solved", "oversize", "impossible", "undecided"}
        "solved": every box has a legal size. "oversize": some boxes stay too large,
        which was allowed. "impossible": no sequence of cuts gives legal sizes, which is
        proved. "undecided": none was found before the search was given up.
    boxes : tuple of Box
        A partition of all rows that there can be; empty unless "solved" or "oversize".
        In the order of the cuts, low values first.
    codes : ndarray of int of shape (n_rows,)
        The number of every row's box, -1 where there are no boxes.
    why : str
        What stands in the way; empty if "solved".
    """

    status: Status
    boxes: tuple[Box, ...]
    codes: IntArray
    why: str = ""


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
    """Cut rows into boxes of legal sizes, by one column at a time.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_rows, n_columns)
        At least one column. NaN is missing: a group of its own behind the largest
        value. A cut at t puts ``x <= t`` on one side, larger and missing values on the
        other; a cut at infinity parts present from missing values.
    min_size, max_size : float
        Bounds of every box's size, ``0 <= min_size <= max_size``.
    sample_weight : ndarray of shape (n_rows,), default=None
        Not negative. Sizes are sums of weights; a whole weight is a repetition. Rows
        without weight go where their values belong and have no part in the cuts.
    allow_oversize : bool, default=False
        Where no division is legal, some boxes stay too large. None is ever too small.
    names : sequence of str, default=None
        What messages call the columns; x0, x1, ... by default.
    max_steps : int, default=50_000
        What the search may cost, 0.1 to 0.2 ms a step.

    Returns
    -------
    Split
        Does not depend on the order of the rows. Impossible sizes are no error here:
        the caller has more to say about them.

    Notes
    -----
    A set of rows that fits is never divided further. One that does not is cut by one
    column alone wherever that is possible, by the column that needs the fewest bands,
    as near to equal shares as its values allow. Otherwise by one cut, after which each
    side is divided on its own: of all cuts the one that promises the fewest segments,
    then shares in proportion, then the column named first. Cuts move by up to 5 % of a
    segment to a rounder threshold, or to where missing values begin. If a side turns
    out to be indivisible, the next best cut is tried; sets of rows known to be so are
    remembered. The search thus solves whatever guillotine cuts can solve, within its
    steps.

    Examples
    --------
    >>> import numpy as np
    >>> split = split_to_sizes(np.array([[8.0], [1], [3], [9], [2], [7]]), 2, 3)
    >>> split.codes
    array([1, 0, 0, 1, 0, 1])
    >>> [box.intervals[0].high for box in split.boxes]
    [5.0, None]
    """
    n_rows, n_columns = values.shape
    sizes = np.ones(n_rows) if sample_weight is None else summable(sample_weight)
    counted = sizes > 0
    points = distinct_points(values[counted], sizes[counted])
    bounds = size_bounds(min_size, max_size, points.sizes)
    search, root = GuillotineSearch(points, bounds), points.node()
    decided, tree = True, None
    try:
        tree = search.solve(root, max_steps)
    except OutOfStepsError:
        decided = False
    why = ""
    if tree is None:
        names = names or [f"x{i}" for i in range(n_columns)]
        why = why_no_split(points, bounds, names, None if decided else max_steps)
        if not allow_oversize or root.size < bounds.low:
            status: Status = "impossible" if decided else "undecided"
            return Split(status, (), np.full(n_rows, -1), why)
        tree = divide_oversize(search, root, max_steps)
    boxes, codes = _lay_out(tree, values)
    if any(box.oversize for box in boxes):
        return Split("oversize", boxes, codes, why)
    return Split("solved", boxes, codes)


def _lay_out(tree: Tree, values: FloatArray) -> tuple[tuple[Box, ...], IntArray]:
    """Return the leaves of a tree as boxes, and which of them every row is in."""
    boxes: list[Box] = []
    codes = np.empty(len(values), dtype=np.intp)
    everywhere = (Interval(),) * values.shape[1]
    stack: list[_Part] = [(tree, everywhere, np.arange(len(values)))]
    while stack:
        here, intervals, rows = stack.pop()
        if isinstance(here, Leaf):
            codes[rows] = len(boxes)
            boxes.append(Box(intervals, here.size, here.oversize))
        else:
            stack += reversed(_parts(here, intervals, rows, values[rows, here.column]))
    return tuple(boxes), codes


def _parts(
    cut: Cut, intervals: tuple[Interval, ...], rows: IntArray, values: FloatArray
) -> list[_Part]:
    # NaN sorts behind everything, so missing values come into the last part.
    part = np.searchsorted(cut.thresholds, values)
    ends = np.cumsum(np.bincount(part, minlength=len(cut.parts)))[:-1]
    before, after = intervals[: cut.column], intervals[cut.column + 1 :]
    return list(
        zip(
            cut.parts,
            [
                (*before, interval, *after)
                for interval in intervals[cut.column].cut(cut.thresholds)
            ],
            np.split(rows[np.argsort(part, kind="stable")], ends),
            strict=True,
        )
    )
