"""Small segments merged with others, at the least loss, until all have legal sizes."""

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

from ._grouping import (
    MAX_EXHAUSTIVE,
    AreSiblings,
    Group,
    SegmentMoments,
    best_grouping,
)
from ._grouping_search import GroupingSearch, improved_grouping

MAX_STEPS = 20_000
# Sizes lead the second attempt, if nearness ran out of steps.
_ORDERS: tuple[Literal["near", "tight"], ...] = ("near", "tight")


@dataclass(frozen=True, slots=True)
class Merge:
    """Outcome of `merge_segments`.

    "oversize": some groups stay too large, which was allowed. "infeasible": it is
    proved that no grouping gives legal sizes. "undecided": none was found before the
    search was given up. Each segment is in exactly one group, unless there are none.
    Segments ascend within groups, groups are ordered by their first segment.
    """

    status: Literal["solved", "oversize", "infeasible", "undecided"]
    groups: tuple[Group, ...]
    sizes: tuple[float, ...]
    infeasibility: str = ""  # why there is no legal grouping


def merge_segments(
    sizes: npt.ArrayLike,
    min_size: float,
    max_size: float,
    *,
    profiles: npt.ArrayLike | None = None,
    siblings: npt.ArrayLike | AreSiblings | None = None,
    allow_oversize: bool = False,
    names: Sequence[str] | None = None,
    max_steps: int = MAX_STEPS,
) -> Merge:
    """Merge segments that are too small with others at the least loss.

    `profiles` are means of one outcome, or of several on a common scale, of every
    segment; without them no merge has a loss. `siblings` says which segments belong
    together, such as the parts of one rule. It is an array of pairs, which link groups
    of more, or a callable that takes an ascending tuple of segments and tells whether
    their union is as good as one segment, such as a plain conjunction. If
    `allow_oversize`, groups may be too large where there is no legal grouping, with as
    few rows above the bound as the search finds. No group is ever too small. `names`
    are those of segments in messages, 0, 1, ... by default.

    The loss is Ward's: the squared error of the profiles that a merge adds. Any two
    segments may be merged. For up to 12 segments, a dynamic program over all sets of
    segments finds the best grouping: fewest rows above the bound, least loss, most
    groups, most even sizes. Among groupings that keep 99.95 % of the squared error that
    the best one explains, one with as few groups as possible that are not siblings is
    preferred. More segments are merged step by step: the smallest undersized one joins
    that with which the loss is least and the bound is kept; in a dead end, the last
    merge is undone. Every legal grouping can be reached by such merges, so the search
    misses none within its `max_steps` merges. Then every group is regrouped with the
    nearest ones in the best way, until that improves nothing. Except for exact ties,
    the result does not depend on the order of the segments.

    >>> merge_segments([900, 300, 250, 800], 500, 1000, profiles=[[1], [2], [9], [8]])
    Merge(status='solved', groups=((0,), (1, 2), (3,)), ...)
    """
    weights = summable(np.asarray(sizes, dtype=np.float64))
    bounds = size_bounds(min_size, max_size, weights)
    segments = SegmentMoments.of(weights, profiles, siblings)
    if len(weights) <= MAX_EXHAUSTIVE:
        solution = best_grouping(segments, bounds, allow_oversize=allow_oversize)
        is_decided = True
    else:
        solution, is_decided = _search(segments, bounds, allow_oversize, max_steps)
    groups = tuple(sorted(solution or []))
    merged = tuple(float(weights[list(group)].sum()) for group in groups)
    if solution is not None and max(merged, default=0.0) <= bounds.high:
        return Merge("solved", groups, merged)
    names = names or [str(i) for i in range(len(weights))]
    limit = None if is_decided else max_steps
    infeasibility = _infeasibility(weights, bounds, names, limit)
    if solution is not None:
        return Merge("oversize", groups, merged, infeasibility)
    return Merge("infeasible" if is_decided else "undecided", (), (), infeasibility)


def _search(
    segments: SegmentMoments, bounds: SizeBounds, allow_oversize: bool, max_steps: int
) -> tuple[list[Group] | None, bool]:
    """Return a grouping or None, and whether None is proved."""
    # Oversize segments stay alone unless the others need them.
    is_mergeable = segments.sizes <= bounds.high
    mergeable = np.flatnonzero(is_mergeable)
    alone = [(i,) for i in np.flatnonzero(~is_mergeable).tolist()]
    is_decided = True
    sizes = segments.sizes[mergeable]
    is_hopeless = (
        not bounds.adds_up(float(sizes.sum()))
        or _without_partner(sizes, bounds) is not None
    )
    if (allow_oversize or not alone) and not is_hopeless:
        for order in _ORDERS:
            search = GroupingSearch(segments, bounds, max_steps, order=order)
            solution = search.solve(mergeable)
            is_decided = search.steps_left >= 0
            if solution is not None:
                return improved_grouping(solution, segments, bounds) + alone, True
            if is_decided:
                break
    if allow_oversize and segments.sizes.sum() >= bounds.low:
        # Every merge removes a group and none has to be undone, so these steps suffice.
        n_segments = len(segments.sizes)
        search = GroupingSearch(segments, bounds, n_segments, allow_oversize=True)
        return search.solve(np.arange(n_segments)), is_decided
    return None, is_decided


def _infeasibility(
    sizes: FloatArray, bounds: SizeBounds, names: Sequence[str], max_steps: int | None
) -> str:
    """Return why there is no grouping; `max_steps` is None if that is proved."""
    if (text := bounds.infeasibility(float(sizes.sum()))) is not None:
        return text
    largest = int(np.argmax(sizes))
    if sizes[largest] > bounds.high:
        return (
            f"Segment {names[largest]!r} alone has {count_rows(sizes[largest])}, "
            f"more than max_size={format_size(bounds.max_size)}. Split it first."
        )
    if (small := _without_partner(sizes, bounds)) is not None:
        return (
            f"Segment {names[small]!r} has {count_rows(sizes[small])}, fewer "
            f"than min_size={format_size(bounds.min_size)}, and together with any "
            f"other more than max_size={format_size(bounds.max_size)}."
        )
    if max_steps is not None:
        return (
            f"Undecided: {max_steps:,} merges tried gave no segments of {bounds}, nor "
            "a proof that none do. Wider bounds make it easier."
        )
    return (
        f"No way of merging the segments gives sizes of {bounds}. Widen the bounds, or "
        "split large segments first."
    )


def _without_partner(sizes: FloatArray, bounds: SizeBounds) -> int | None:
    """Return an undersized segment that fits together with no other, None if none."""
    for i in np.flatnonzero(sizes < bounds.low).tolist():
        partner_sizes = np.delete(sizes, i)
        if sizes[i] + partner_sizes.min(initial=np.inf) > bounds.high:
            return int(i)
    return None
