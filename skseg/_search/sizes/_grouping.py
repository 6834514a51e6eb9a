"""The best of all groupings of a few segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._search._bounds import SizeBounds
from skseg._typing import BoolArray, FloatArray, IntArray

Group = tuple[int, ...]
AreSiblings = Callable[[Group], bool]

# With at most this many segments, all groupings are compared.
MAX_EXHAUSTIVE = 12
# Losses are compared in whole steps of this share of the total, so that rounding errors
# do not break ties.
LOSS_STEPS = 2.0**40
# Groups of siblings are preferred where they keep all but this share of the explained
# squared error: half of the 0.1 % that is promised, which leaves room for rounding.
_SIBLING_SHARE = 0.0005


@dataclass(frozen=True)
class SegmentMoments:
    """Sizes of the segments to be grouped, and moments of their profiles."""

    sizes: FloatArray
    sums: FloatArray  # size times centred profile
    squares: FloatArray  # size times squared length of the centred profile
    are_siblings: AreSiblings

    @classmethod
    def of(
        cls,
        sizes: FloatArray,
        profiles: npt.ArrayLike | None,
        siblings: npt.ArrayLike | AreSiblings | None,
    ) -> SegmentMoments:
        """Centre profiles and turn siblings into a callable."""
        means = np.empty((len(sizes), 0))
        if profiles is not None:
            means = np.asarray(profiles, dtype=np.float64)
        # The profile of a segment without rows may be NaN, and has no weight.
        means = np.where(sizes[:, np.newaxis] > 0, means, 0.0)
        # Centring keeps the digits of small differences between large means.
        means = means - sizes @ means / (sizes.sum() or 1.0)
        return cls(
            sizes,
            means * sizes[:, np.newaxis],
            (means**2).sum(axis=1) * sizes,
            _are_siblings(siblings),
        )

    @property
    def loss_step(self) -> float:
        """The difference of losses that counts as none."""
        return float(self.squares.sum()) / LOSS_STEPS or 1.0

    def loss(self, group: Group) -> float:
        """Return the squared error that merging a group adds."""
        members = list(group)
        size = self.sizes[members].sum()
        explained = (self.sums[members].sum(axis=0) ** 2).sum() / size if size else 0.0
        return max(float(self.squares[members].sum() - explained), 0.0)


def _are_siblings(siblings: npt.ArrayLike | AreSiblings | None) -> AreSiblings:
    if siblings is None:
        return lambda group: True
    if callable(siblings):
        return siblings
    # A set of segments is an int, with a bit for each.
    adjacent = [
        sum(1 << int(sibling) for sibling in np.flatnonzero(row))
        for row in np.asarray(siblings, dtype=bool)
    ]

    def is_connected(group: Group) -> bool:
        unreached, reachable = set(group[1:]), adjacent[group[0]]
        while reached := [i for i in unreached if reachable >> i & 1]:
            unreached.difference_update(reached)
            for i in reached:
                reachable |= adjacent[i]
        return not unreached

    return is_connected


def best_grouping(
    segments: SegmentMoments, bounds: SizeBounds, *, allow_oversize: bool = False
) -> list[Group] | None:
    """Return the best of all groupings, None if none is legal.

    Of the groupings that explain almost as much as the best one, the result has the
    fewest groups of segments that are no siblings.
    """
    costs = _group_costs(segments, bounds, allow_oversize=allow_oversize)
    best = _cheapest(costs)
    if best is None:
        return None
    grouping = [_members(group) for group in best]
    if all(len(group) == 1 or segments.are_siblings(group) for group in grouping):
        return grouping
    near_costs = _with_siblings_preferred(costs, costs[best].sum(axis=0), segments)
    nearly_best = _cheapest(near_costs)
    assert nearly_best is not None
    return [_members(group) for group in nearly_best]


def _group_costs(
    segments: SegmentMoments, bounds: SizeBounds, *, allow_oversize: bool
) -> FloatArray:
    """Return the costs of every set of segments as a group, infinite if it is illegal.

    Costs are compared number by number: rows above the bound, squared error in steps,
    minus the number of groups, squared size.
    """
    n = len(segments.sizes)
    is_member = np.arange(1 << n)[:, np.newaxis] >> np.arange(n) & 1
    size = is_member @ segments.sizes
    sums = ((is_member @ segments.sums) ** 2).sum(axis=1)
    explained = np.divide(sums, size, out=np.zeros_like(size), where=size > 0)
    loss = np.maximum(is_member @ segments.squares - explained, 0.0)
    is_legal = size >= bounds.low
    if not allow_oversize:
        is_legal &= size <= bounds.high
    excess = np.where(is_legal, np.maximum(size - bounds.high, 0.0), np.inf)
    return np.column_stack(
        [excess, loss / segments.loss_step, np.full(1 << n, -1.0), size**2]
    )


def _with_siblings_preferred(
    costs: FloatArray, best: FloatArray, segments: SegmentMoments
) -> FloatArray:
    """Return costs that charge for groups of segments that are no siblings.

    All charges of a grouping together stay below the share of the explained error that
    siblings may cost. `best` holds the costs of the best grouping; groups that cost
    more on their own than it does are left out.
    """
    n = len(segments.sizes)
    excess, loss = best[:2]
    tolerance = _SIBLING_SHARE * max(LOSS_STEPS - loss, 0.0)
    # A grouping has at most n / 2 groups of several segments. One step breaks ties.
    charge = max(tolerance / max(n // 2, 1), 1.0)
    is_near = (costs[:, 0] <= excess) & (costs[:, 1] <= loss + tolerance + 1.0)
    near_costs = np.where(is_near[:, np.newaxis], costs, np.inf)
    for group in np.flatnonzero(is_near).tolist():
        members = _members(group)
        if len(members) > 1 and not segments.are_siblings(members):
            near_costs[group, 1] += charge
    return near_costs


def _cheapest(costs: FloatArray) -> list[int] | None:
    """Return the cheapest grouping as sets of segments, None if none is legal.

    A dynamic program over sets of segments, in which a set is an int with a bit for
    each: the best grouping of a set consists of the group of its first segment and the
    best grouping of the remaining ones. All sets with the same first segment are solved
    at once.
    """
    n = len(costs).bit_length() - 1
    best = np.full_like(costs, np.inf)
    best[0] = 0.0
    first_group = np.zeros(len(costs), dtype=np.intp)
    for first in reversed(range(n)):
        # All segments together are the only set with the very first one that matters.
        pairs = _subsets(n - 1 - first) if first else _subsets_of_all(n - 1)
        groups = pairs.subsets << first + 1 | 1 << first
        totals = costs[groups] + best[(pairs.sets ^ pairs.subsets) << first + 1]
        chosen = _first_smallest(totals, pairs)
        sets = pairs.sets[chosen] << first + 1 | 1 << first
        best[sets], first_group[sets] = totals[chosen], groups[chosen]
    if np.isinf(best[-1, 0]):
        return None
    grouping, remaining = [], len(costs) - 1
    while remaining:
        grouping.append(int(first_group[remaining]))
        remaining ^= grouping[-1]
    return grouping


class _Subsets(NamedTuple):
    """Pairs of a set and a subset of it, in ascending order of the sets."""

    sets: IntArray
    subsets: IntArray
    starts: IntArray  # the first pair of every set
    numbers: IntArray  # the number of the set, from 0 up, of every pair


@cache
def _subsets(n: int) -> _Subsets:
    """Return all pairs for all sets of n segments."""
    sets = subsets = np.zeros(1, dtype=np.intp)
    for bit in 1 << np.arange(n):
        with_bit = np.repeat(subsets, 2) | np.tile([0, bit], len(subsets))
        subsets = np.concatenate([subsets, with_bit])
        sets = np.concatenate([sets, np.repeat(sets, 2) | bit])
    starts = np.flatnonzero(np.diff(sets, prepend=-1))
    # Every set occurs, so that its number is the set itself.
    return _Subsets(sets, subsets, starts, sets)


def _subsets_of_all(n: int) -> _Subsets:
    """Return the pairs for the set of all n segments."""
    subsets = np.arange(1 << n)
    zeros = np.zeros_like(subsets)
    return _Subsets(zeros + (len(subsets) - 1), subsets, zeros[:1], zeros)


def _first_smallest(costs: FloatArray, pairs: _Subsets) -> IntArray:
    """Return for each set the first of its pairs with the smallest costs."""
    excess, loss, *tie_breakers = costs.T
    is_tied: BoolArray = np.ones(len(costs), dtype=bool)
    # Rounded only now, since sums of rounded losses break ties, too.
    for cost in [excess, np.rint(loss), *tie_breakers]:
        cost_or_inf = np.where(is_tied, cost, np.inf)
        smallest = np.minimum.reduceat(cost_or_inf, pairs.starts)
        is_tied &= cost_or_inf == smallest[pairs.numbers]
    tied = np.flatnonzero(is_tied)[::-1]
    first = np.empty(len(pairs.starts), dtype=np.intp)
    # The last assignment counts, which is that of the first pair.
    first[pairs.numbers[tied]] = tied
    return first


def _members(group: int) -> Group:
    """Return the segments of a set, which is an int with a bit for each."""
    return tuple(i for i in range(group.bit_length()) if group >> i & 1)
