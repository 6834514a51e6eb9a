"""Segments merged with the nearest ones until all of them have legal sizes."""

from __future__ import annotations

from collections.abc import Sequence
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
from skseg._typing import FloatArray

from ._grouping import FEW, Group, GroupingSearch, IsSibling, Segments, best_grouping

MAX_STEPS = 20_000
_ORDERS: tuple[Literal["near", "tight"], ...] = ("near", "tight")


@dataclass(frozen=True, slots=True)
class Merge:
    """Outcome of `merge_nearest`.

    Attributes
    ----------
    status : {"solved", "oversize", "impossible", "undecided"}
        "oversize": some groups stay too large, which was allowed. "impossible": no
        grouping gives legal sizes, which is proved. "undecided": none was found before
        the search was given up.
    groups : tuple of tuple of int
        The segments that become one, ascending, every segment in exactly one group;
        ordered by their first segment. Empty unless "solved" or "oversize".
    sizes : tuple of float
        Rows in the groups.
    why : str
        What stands in the way; empty if "solved".
    """

    status: Literal["solved", "oversize", "impossible", "undecided"]
    groups: tuple[Group, ...]
    sizes: tuple[float, ...]
    why: str = ""


def merge_nearest(
    sizes: npt.ArrayLike,
    min_size: float,
    max_size: float,
    *,
    profiles: npt.ArrayLike | None = None,
    siblings: npt.ArrayLike | IsSibling | None = None,
    allow_oversize: bool = False,
    names: Sequence[str] | None = None,
    max_steps: int = MAX_STEPS,
) -> Merge:
    """Merge segments that are too small with near ones.

    Parameters
    ----------
    sizes : array of shape (n_segments,)
        Rows in the segments, or sums of their weights.
    min_size, max_size : float
        Bounds of every group's size, ``0 <= min_size <= max_size``.
    profiles : array of shape (n_segments, n_features), default=None
        Means of the segments, in any units: they are standardized. None: all segments
        are equally near.
    siblings : array of bool of shape (n_segments, n_segments) or callable, default=None
        Which segments belong together, such as the parts of one rule. Groups are
        siblings if any two of their segments are. A callable is asked, for an ascending
        tuple of segments, whether their union is as good as one segment, such as a
        plain conjunction. None: all are.
    allow_oversize : bool, default=False
        Where no grouping is legal, some groups are too large, with as few rows above
        the bound as the search finds. None is ever too small.
    names : sequence of str, default=None
        What messages call the segments; 0, 1, ... by default.
    max_steps : int, default=20_000
        What the search may cost with more than 12 segments, in merges tried.

    Returns
    -------
    Merge
        Does not depend on the order of the segments but for exact ties.

    Notes
    -----
    Nearness is Ward's: the squared error of the standardized profiles that a merge
    adds. Of up to 12 segments the best grouping is found by a dynamic program over all
    sets of segments: fewest rows above the bound, fewest merges of strangers, least
    squared error, most groups, most even sizes. Of more segments, the smallest that is
    too small joins the nearest sibling, or else the nearest stranger, with which it
    does not exceed the bound; where that leads nowhere, the last choice is undone.
    Every legal grouping can be reached by such merges, so the search misses none.

    Examples
    --------
    >>> merge_nearest([900, 300, 250, 800], 500, 1000, profiles=[[1], [2], [9], [8]])
    Merge(status='solved', groups=((0,), (1, 2), (3,)), ...)
    """
    weights = summable(np.asarray(sizes, dtype=np.float64))
    bounds = size_bounds(min_size, max_size, weights)
    segments = Segments.of(weights, profiles, siblings)
    if len(weights) <= FEW:
        solution = best_grouping(segments, bounds, allow=allow_oversize)
        decided = True
    else:
        solution, decided = _search(segments, bounds, allow_oversize, max_steps)
    groups = tuple(sorted(solution or []))
    merged = tuple(float(weights[list(group)].sum()) for group in groups)
    if solution is not None and max(merged, default=0.0) <= bounds.high:
        return Merge("solved", groups, merged)
    names = names or [str(i) for i in range(len(weights))]
    why = _why_not(weights, bounds, names, None if decided else max_steps)
    if solution is not None:
        return Merge("oversize", groups, merged, why)
    return Merge("impossible" if decided else "undecided", (), (), why)


def _search(
    segments: Segments, bounds: SizeBounds, allow: bool, max_steps: int
) -> tuple[list[Group] | None, bool]:
    """Return a grouping or None, and whether None is proved."""
    everyone = np.arange(len(segments.sizes))
    # What is too large already stays alone as long as the others do without it.
    others = np.flatnonzero(segments.sizes <= bounds.high)
    alone = [(i,) for i in np.setdiff1d(everyone, others).tolist()]
    decided = True
    sizes = segments.sizes[others]
    hopeless = (
        not bounds.adds_up(float(sizes.sum())) or _stuck(sizes, bounds) is not None
    )
    if (allow or not alone) and not hopeless:
        for order in _ORDERS:
            search = GroupingSearch(segments, bounds, max_steps, order=order)
            solution = search.solve(others)
            decided = search.steps_left >= 0
            if solution is not None:
                return solution + alone, True
            if decided:
                break
    if allow and segments.sizes.sum() >= bounds.low:
        # Every merge leaves a group less, and with this many no merge is undone.
        search = GroupingSearch(segments, bounds, len(everyone), allow=True)
        return search.solve(everyone), decided
    return None, decided


def _why_not(
    sizes: FloatArray, bounds: SizeBounds, names: Sequence[str], steps: int | None
) -> str:
    """Return what stands in the way; `steps`: the search was given up after so many."""
    by_number = bounds.why_not(float(sizes.sum()))
    if by_number is not None:
        return by_number
    largest = int(np.argmax(sizes))
    if sizes[largest] > bounds.high:
        return (
            f"Segment {names[largest]!r} alone has {count_rows(sizes[largest])}, "
            f"more than max_size={format_size(bounds.max_size)}. Split it first."
        )
    if (stuck := _stuck(sizes, bounds)) is not None:
        return (
            f"Segment {names[stuck]!r} has {count_rows(sizes[stuck])}, fewer "
            f"than min_size={format_size(bounds.min_size)}, and together with any "
            f"other more than max_size={format_size(bounds.max_size)}."
        )
    if steps is not None:
        return (
            f"Undecided: {steps:,} merges tried gave no segments of {bounds}, nor a "
            "proof that none do. Wider bounds make it easier."
        )
    return (
        f"No way of merging the segments gives sizes of {bounds}. Widen the bounds, or "
        "split large segments first."
    )


def _stuck(sizes: FloatArray, bounds: SizeBounds) -> int | None:
    """Return a segment that is too small and has room beside no other, None if none."""
    for i in np.flatnonzero(sizes < bounds.low).tolist():
        others = np.delete(sizes, i)
        if sizes[i] + others.min(initial=np.inf) > bounds.high:
            return int(i)
    return None
