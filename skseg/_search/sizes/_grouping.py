"""Which segments become one: the best grouping of few, a near one of many."""

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
IsSibling = Callable[[Group], bool]

# Up to so many segments, all ways of grouping them are compared.
FEW = 12
# Losses are compared in whole steps: what rounding makes of equal ones is equal.
_LOSS_STEPS = 2.0**40


@dataclass(frozen=True)
class Segments:
    """What is known of the segments to be grouped.

    Attributes
    ----------
    sizes : ndarray of shape (n_segments,)
        Rows, or sums of weights.
    sums : ndarray of shape (n_segments, n_features)
        Size times standardized profile.
    squares : ndarray of shape (n_segments,)
        Size times squared length of the standardized profile.
    are_siblings : callable
        Whether the segments of a group belong together.
    """

    sizes: FloatArray
    sums: FloatArray
    squares: FloatArray
    are_siblings: IsSibling

    @classmethod
    def of(
        cls,
        sizes: FloatArray,
        profiles: npt.ArrayLike | None,
        siblings: npt.ArrayLike | IsSibling | None,
    ) -> Segments:
        """Standardize profiles and unify the ways to name siblings."""
        given = np.empty((len(sizes), 0))
        if profiles is not None:
            given = np.asarray(profiles, dtype=np.float64)
        profile = _standardized(given, sizes)
        return cls(
            sizes,
            profile * sizes[:, np.newaxis],
            (profile**2).sum(axis=1) * sizes,
            _sibling_rule(siblings),
        )


def _standardized(profiles: FloatArray, sizes: FloatArray) -> FloatArray:
    """Return profiles with mean 0 and deviation 1 over the rows of all segments."""
    # A segment without rows has no profile, and none is needed: it weighs nothing.
    profiles = np.where(sizes[:, np.newaxis] > 0, profiles, 0.0)
    total = sizes.sum() or 1.0
    centred = profiles - sizes @ profiles / total
    deviation = np.sqrt(sizes @ centred**2 / total)
    return centred / np.where(deviation > 0, deviation, 1.0)


def _sibling_rule(siblings: npt.ArrayLike | IsSibling | None) -> IsSibling:
    if siblings is None:
        return lambda group: True
    if callable(siblings):
        return siblings
    # A set of segments is an int, a bit for each.
    beside = [
        sum(1 << int(other) for other in np.flatnonzero(row))
        for row in np.asarray(siblings, dtype=bool)
    ]

    def linked(group: Group) -> bool:
        left, reached = set(group[1:]), beside[group[0]]
        while joining := [other for other in left if reached >> other & 1]:
            left.difference_update(joining)
            for other in joining:
                reached |= beside[other]
        return not left

    return linked


def best_grouping(
    segments: Segments, bounds: SizeBounds, *, allow: bool
) -> list[Group] | None:
    """Return the best of all groupings, None if none is legal.

    Notes
    -----
    A dynamic program over sets of segments: the group of a set's first segment, and the
    best grouping of the others. `allow`: groups may be too large.
    """
    values = _group_values(segments, bounds, allow=allow)
    n = len(segments.sizes)
    best = np.full((1 << n, values.shape[1]), np.inf)
    best[0] = 0.0
    chosen = np.zeros(1 << n, dtype=np.intp)
    for everyone in range(1, 1 << n):
        groups = _groups_of_first(everyone)
        totals = values[groups] + best[everyone ^ groups]
        first = smallest(list(totals.T))
        best[everyone], chosen[everyone] = totals[first], groups[first]
    if np.isinf(best[-1, 0]):
        return None
    found, left = [], (1 << n) - 1
    while left:
        found.append(_members(int(chosen[left])))
        left ^= int(chosen[left])
    return found


def _group_values(segments: Segments, bounds: SizeBounds, *, allow: bool) -> FloatArray:
    """Return what every set of segments costs as a group, infinite if it is illegal.

    Smaller is better, the first number first: rows above the bound, whether strangers
    were merged, squared error, minus the number of groups, squared size.
    """
    n = len(segments.sizes)
    within = np.arange(1 << n)[:, np.newaxis] >> np.arange(n) & 1
    size = within @ segments.sizes
    sums = ((within @ segments.sums) ** 2).sum(axis=1)
    explained = np.divide(sums, size, out=np.zeros_like(size), where=size > 0)
    loss = np.maximum(within @ segments.squares - explained, 0.0)
    step = float(segments.squares.sum()) / _LOSS_STEPS or 1.0
    legal = size >= bounds.low
    if not allow:
        legal &= size <= bounds.high
    several = np.flatnonzero(legal & (within.sum(axis=1) > 1))
    strangers = np.zeros(1 << n)
    strangers[several] = [
        not segments.are_siblings(_members(int(group))) for group in several
    ]
    excess = np.where(legal, np.maximum(size - bounds.high, 0.0), np.inf)
    return np.column_stack(
        [excess, strangers, np.rint(loss / step), np.full(1 << n, -1.0), size**2]
    )


def _members(group: int) -> Group:
    return tuple(i for i in range(group.bit_length()) if group >> i & 1)


def _groups_of_first(everyone: int) -> IntArray:
    """Return all subsets of a set that its first segment is in."""
    groups = np.array([everyone & -everyone])
    for other in _members(everyone)[1:]:
        groups = np.concatenate([groups, groups | 1 << other])
    return groups


@dataclass(frozen=True)
class _State:
    """Groups so far, each with its size and the sum of its profiles."""

    groups: list[Group]
    sizes: FloatArray
    sums: FloatArray

    def merged(self, i: int, j: int) -> _State:
        """Return the state in which groups i and j are one, in the place of i."""
        groups, sizes, sums = list(self.groups), self.sizes.copy(), self.sums.copy()
        groups[i] = tuple(sorted(groups[i] + groups[j]))
        sizes[i] += sizes[j]
        sums[i] += sums[j]
        del groups[j]
        return _State(groups, np.delete(sizes, j), np.delete(sums, j, axis=0))


class GroupingSearch:
    """Merges what is too small with what is near, and undoes what leads nowhere.

    Whatever legal grouping there is, the smallest undersized group has to join another
    part of its group in it, and every other is tried: so none is missed.

    Parameters
    ----------
    segments, bounds
        What to group, to which sizes.
    max_steps : int
        Merges that may be tried.
    order : {"near", "tight"}
        What to try first: near siblings, or what barely reaches the lower bound, which
        wastes no rows where they are scarce.
    allow : bool
        Whether groups may be too large.
    """

    def __init__(
        self,
        segments: Segments,
        bounds: SizeBounds,
        max_steps: int,
        *,
        order: Literal["near", "tight"] = "near",
        allow: bool = False,
    ) -> None:
        self.segments = segments
        self.bounds = bounds
        self.steps_left = max_steps
        self.order = order
        self.allow = allow

    def solve(self, members: IntArray) -> list[Group] | None:
        """Return a grouping of some segments, None if there is none.

        Or if the steps do not suffice: then ``steps_left < 0``.
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
            following = state.merged(*merges.pop())
            if frozenset(following.groups) not in failed:
                stack.append((following, self._merges(following)))
        return None

    def _merges(self, state: _State) -> list[tuple[int, int]] | None:
        """Return the merges to try, best last; None if every group is large enough."""
        if state.sizes.min(initial=np.inf) >= self.bounds.low:
            return None
        small = int(np.argmin(state.sizes))
        size = state.sizes + state.sizes[small]
        others = np.arange(len(size)) != small
        excess = np.maximum(size - self.bounds.high, 0.0)
        excess -= np.maximum(state.sizes - self.bounds.high, 0.0)
        if not self.allow:
            others &= excess <= 0
        partners = np.flatnonzero(others)
        if self.order == "tight":
            order = np.lexsort((size[partners], size[partners] < self.bounds.low))
            return [(small, int(partner)) for partner in partners[order[::-1]]]
        together = [state.groups[small] + state.groups[j] for j in partners]
        siblings = [self.segments.are_siblings(tuple(sorted(g))) for g in together]
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
        both = state.sizes + state.sizes[small]
        weight = state.sizes * state.sizes[small] / np.where(both > 0, both, 1.0)
        return np.asarray(weight * distance)
