"""Groupings of segments: the best one of few, one of near segments among many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from skseg._search._arrays import smallest
from skseg._search._bounds import SizeBounds
from skseg._typing import FloatArray, IntArray

Group = tuple[int, ...]
AreSiblings = Callable[[Group], bool]

# With at most this many segments, all groupings are compared.
MAX_EXHAUSTIVE = 12
# Losses are compared in whole steps of this share of the total, so that rounding errors
# do not break ties.
LOSS_STEPS = 2.0**40


@dataclass(frozen=True)
class SegmentMoments:
    """Sizes of the segments to be grouped, and moments of their profiles."""

    sizes: FloatArray
    sums: FloatArray  # size times standardized profile
    squares: FloatArray  # size times squared length of the standardized profile
    are_siblings: AreSiblings

    @classmethod
    def of(
        cls,
        sizes: FloatArray,
        profiles: npt.ArrayLike | None,
        siblings: npt.ArrayLike | AreSiblings | None,
    ) -> SegmentMoments:
        """Standardize profiles and turn siblings into a callable."""
        means = np.empty((len(sizes), 0))
        if profiles is not None:
            means = np.asarray(profiles, dtype=np.float64)
        means = _standardized(means, sizes)
        return cls(
            sizes,
            means * sizes[:, np.newaxis],
            (means**2).sum(axis=1) * sizes,
            _are_siblings(siblings),
        )


def _standardized(profiles: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return profiles with mean 0 and deviation 1 over the rows of all segments."""
    # The profile of a segment without rows may be NaN, and has no weight.
    profiles = np.where(sizes[:, np.newaxis] > 0, profiles, 0.0)
    total = sizes.sum() or 1.0
    centred = profiles - sizes @ profiles / total
    deviation = np.sqrt(sizes @ centred**2 / total)
    return centred / np.where(deviation > 0, deviation, 1.0)


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
    segments: SegmentMoments, bounds: SizeBounds, *, allow_oversize: bool
) -> list[Group] | None:
    """Return the best of all groupings, None if none is legal.

    A dynamic program over sets of segments compares all groups of the first segment of
    a set, each with the best grouping of the remaining segments.
    """
    costs = _group_costs(segments, bounds, allow_oversize=allow_oversize)
    n = len(segments.sizes)
    best = np.full((1 << n, costs.shape[1]), np.inf)
    best[0] = 0.0
    first_group = np.zeros(1 << n, dtype=np.intp)
    for subset in range(1, 1 << n):
        groups = _groups_of_first(subset)
        totals = costs[groups] + best[subset ^ groups]
        excess, n_unrelated, loss, *tie_breakers = totals.T
        # Rounded only now, since sums of rounded losses break ties, too.
        cheapest = smallest([excess, n_unrelated, np.rint(loss), *tie_breakers])
        best[subset], first_group[subset] = totals[cheapest], groups[cheapest]
    if np.isinf(best[-1, 0]):
        return None
    grouping, remaining = [], (1 << n) - 1
    while remaining:
        grouping.append(_members(int(first_group[remaining])))
        remaining ^= int(first_group[remaining])
    return grouping


def _group_costs(
    segments: SegmentMoments, bounds: SizeBounds, *, allow_oversize: bool
) -> FloatArray:
    """Return the cost of every set of segments as a group, infinite if it is illegal.

    Costs are compared number by number: rows above the bound, whether the segments are
    not siblings, squared error, minus the number of groups, squared size.
    """
    n = len(segments.sizes)
    is_member = np.arange(1 << n)[:, np.newaxis] >> np.arange(n) & 1
    size = is_member @ segments.sizes
    sums = ((is_member @ segments.sums) ** 2).sum(axis=1)
    explained = np.divide(sums, size, out=np.zeros_like(size), where=size > 0)
    loss = np.maximum(is_member @ segments.squares - explained, 0.0)
    step = float(segments.squares.sum()) / LOSS_STEPS or 1.0
    is_legal = size >= bounds.low
    if not allow_oversize:
        is_legal &= size <= bounds.high
    merges = np.flatnonzero(is_legal & (is_member.sum(axis=1) > 1))
    unrelated = np.zeros(1 << n)
    unrelated[merges] = [
        not segments.are_siblings(_members(int(group))) for group in merges
    ]
    excess = np.where(is_legal, np.maximum(size - bounds.high, 0.0), np.inf)
    return np.column_stack(
        [excess, unrelated, loss / step, np.full(1 << n, -1.0), size**2]
    )


def _members(group: int) -> Group:
    """Return the segments of a set, which is an int with a bit for each."""
    return tuple(i for i in range(group.bit_length()) if group >> i & 1)


def _groups_of_first(subset: int) -> IntArray:
    """Return all groups within a set that contain its first segment."""
    groups = np.array([subset & -subset])
    for member in _members(subset)[1:]:
        groups = np.concatenate([groups, groups | 1 << member])
    return groups


@dataclass(frozen=True)
class _State:
    """Groups, each with its size and the sum of its profiles."""

    groups: list[Group]
    sizes: FloatArray
    sums: FloatArray

    def merged(self, i: int, j: int) -> _State:
        """Return the state in which group j has become part of group i."""
        groups, sizes, sums = list(self.groups), self.sizes.copy(), self.sums.copy()
        groups[i] = tuple(sorted(groups[i] + groups[j]))
        sizes[i] += sizes[j]
        sums[i] += sums[j]
        del groups[j]
        return _State(groups, np.delete(sizes, j), np.delete(sums, j, axis=0))


class GroupingSearch:
    """Merges undersized groups with near ones, depth first with backtracking.

    In any legal grouping, the smallest undersized group is together with some other
    group. All others are tried, so that no grouping is missed. The order "near" tries
    near siblings first, "tight" groups that barely reach the lower bound, which saves
    rows where they are scarce.
    """

    def __init__(
        self,
        segments: SegmentMoments,
        bounds: SizeBounds,
        max_steps: int,
        *,
        order: Literal["near", "tight"] = "near",
        allow_oversize: bool = False,
    ) -> None:
        self.segments = segments
        self.bounds = bounds
        self.steps_left = max_steps
        self.order = order
        self.allow_oversize = allow_oversize

    def solve(self, members: IntArray) -> list[Group] | None:
        """Return a grouping of some segments, or None.

        None proves that there is none, unless the steps ran out: ``steps_left < 0``.
        """
        start = _State(
            [(int(i),) for i in members],
            self.segments.sizes[members],
            self.segments.sums[members],
        )
        failed: set[frozenset[Group]] = set()
        stack = [(start, self._merges(start))]
        while stack:
            state, merges = stack[-1]
            if merges is None:
                return state.groups
            if not merges:
                failed.add(frozenset(state.groups))
                stack.pop()
                continue
            self.steps_left -= 1
            if self.steps_left < 0:
                return None
            successor = state.merged(*merges.pop())
            if frozenset(successor.groups) not in failed:
                stack.append((successor, self._merges(successor)))
        return None

    def _merges(self, state: _State) -> list[tuple[int, int]] | None:
        """Return the merges to try, best last; None if every group is large enough."""
        if state.sizes.min(initial=np.inf) >= self.bounds.low:
            return None
        small = int(np.argmin(state.sizes))
        size = state.sizes + state.sizes[small]
        is_candidate = np.arange(len(size)) != small
        excess = np.maximum(size - self.bounds.high, 0.0)
        excess -= np.maximum(state.sizes - self.bounds.high, 0.0)
        if not self.allow_oversize:
            is_candidate &= excess <= 0
        partners = np.flatnonzero(is_candidate)
        if self.order == "tight":
            order = np.lexsort((size[partners], size[partners] < self.bounds.low))
            return [(small, int(partner)) for partner in partners[order[::-1]]]
        unions = [state.groups[small] + state.groups[j] for j in partners]
        siblings = [self.segments.are_siblings(tuple(sorted(g))) for g in unions]
        loss = self._loss(state, small)[partners]
        order = np.lexsort(
            (size[partners], loss, ~np.array(siblings, dtype=bool), excess[partners])
        )
        return [(small, int(partner)) for partner in partners[order[::-1]]]

    @staticmethod
    def _loss(state: _State, small: int) -> FloatArray:
        """Return the squared error that a merge with each group would add."""
        means = state.sums / np.where(state.sizes > 0, state.sizes, 1.0)[:, np.newaxis]
        distance = ((means - means[small]) ** 2).sum(axis=1)
        union = state.sizes + state.sizes[small]
        weight = state.sizes * state.sizes[small] / np.where(union > 0, union, 1.0)
        return np.asarray(weight * distance)
