"""Groupings of many segments: a legal one is searched for, then improved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skseg._search._bounds import SizeBounds
from skseg._typing import BoolArray, FloatArray, IntArray

from ._grouping import Group, SegmentMoments, best_grouping

# Neighbouring groups are regrouped with up to this many pieces at a time. With 10, of
# 12 random segments 98 to 99.9 % of the best explained error is reached, with 8 only
# 96 %; every further one takes three times as long.
_MAX_PIECES = 10


@dataclass(frozen=True)
class _State:
    """Groups, each with its size and the sum of its profiles."""

    groups: list[Group]
    sizes: FloatArray
    sums: FloatArray

    @classmethod
    def of(cls, groups: Sequence[Group], segments: SegmentMoments) -> _State:
        """Return the state of groups of segments."""
        members = [list(group) for group in groups]
        return cls(
            list(groups),
            np.array([segments.sizes[group].sum() for group in members]),
            np.array([segments.sums[group].sum(axis=0) for group in members]),
        )

    def replaced(self, positions: list[int], new: _State) -> _State:
        """Return the state with new groups in place of those at some positions."""
        gone = set(positions)
        kept = [group for i, group in enumerate(self.groups) if i not in gone]
        return _State(
            kept + new.groups,
            np.concatenate([np.delete(self.sizes, positions), new.sizes]),
            np.concatenate([np.delete(self.sums, positions, axis=0), new.sums]),
        )

    def merged(self, i: int, j: int) -> _State:
        """Return the state in which group j has become part of group i."""
        groups, sizes, sums = list(self.groups), self.sizes.copy(), self.sums.copy()
        groups[i] = tuple(sorted(groups[i] + groups[j]))
        sizes[i] += sizes[j]
        sums[i] += sums[j]
        del groups[j]
        return _State(groups, np.delete(sizes, j), np.delete(sums, j, axis=0))


class GroupingSearch:
    """Merges undersized groups with others, depth first with backtracking.

    In any legal grouping, the smallest undersized group is together with some other
    group. All others are tried, so that no grouping is missed. The order "near" tries
    the merge of least loss first, "tight" groups that barely reach the lower bound,
    which saves rows where they are scarce.
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
        else:
            # Whole steps of loss, so that rounding errors do not break ties.
            loss = np.rint(_losses(state, small) / self.segments.loss_step)[partners]
            related = self._are_related(state, small, partners, loss)
            order = np.lexsort((size[partners], ~related, loss, excess[partners]))
        return [(small, int(partner)) for partner in partners[order[::-1]]]

    def _are_related(
        self, state: _State, small: int, partners: IntArray, loss: FloatArray
    ) -> BoolArray:
        """Tell which partners of equal loss would form a group of siblings."""
        related = np.zeros(len(partners), dtype=bool)
        _, numbers, counts = np.unique(loss, return_inverse=True, return_counts=True)
        for i in np.flatnonzero(counts[numbers] > 1).tolist():
            union = state.groups[small] + state.groups[partners[i]]
            related[i] = self.segments.are_siblings(tuple(sorted(union)))
        return related


def _losses(state: _State, small: int) -> FloatArray:
    """Return the squared error that a merge of `small` with each group would add."""
    means = state.sums / np.where(state.sizes > 0, state.sizes, 1.0)[:, np.newaxis]
    distance = ((means - means[small]) ** 2).sum(axis=1)
    union = state.sizes + state.sizes[small]
    weight = state.sizes * state.sizes[small] / np.where(union > 0, union, 1.0)
    return np.asarray(weight * distance)


def improved_grouping(
    groups: Sequence[Group], segments: SegmentMoments, bounds: SizeBounds
) -> list[Group]:
    """Return a legal grouping improved until no regrouping of near groups helps.

    A large neighbourhood search: a group and those nearest to it are regrouped in the
    best way, which includes all moves, swaps, merges and splits among them.
    """
    state = _State.of(groups, segments)
    centres = [group for group in groups if len(group) > 1]
    solved: set[frozenset[Group]] = set()
    while centres:
        centre = centres.pop()
        if centre not in state.groups:
            continue
        positions = _nearest(state, state.groups.index(centre))
        near = [state.groups[i] for i in positions]
        if frozenset(near) in solved:
            continue
        solved.add(frozenset(near))
        pieces = [piece for group in near for piece in _pieces(group, near, segments)]
        regrouped = best_grouping(_moments_of(pieces, segments), bounds)
        # The groups themselves are one grouping of their pieces.
        assert regrouped is not None
        unions = [tuple(sorted(sum((pieces[i] for i in g), ()))) for g in regrouped]
        gain = sum(map(segments.loss, near)) - sum(map(segments.loss, unions))
        if gain > segments.loss_step:
            state = state.replaced(positions, _State.of(unions, segments))
            centres += [group for group in unions if len(group) > 1]
    return state.groups


def _nearest(state: _State, centre: int) -> list[int]:
    """Return the positions of a group and of those nearest to it, as many as fit."""
    losses = _losses(state, centre)
    losses[centre] = -1.0
    positions, n_pieces = [], 0
    for i in np.argsort(losses, kind="stable")[:_MAX_PIECES].tolist():
        n_pieces += min(len(state.groups[i]), _MAX_PIECES // 2)
        if n_pieces > _MAX_PIECES:
            break
        positions.append(i)
    return positions


def _pieces(
    group: Group, near: Sequence[Group], segments: SegmentMoments
) -> list[Group]:
    """Return the segments of a group, of a large one the outer ones and the rest."""
    if len(group) <= _MAX_PIECES // 2:
        return [(i,) for i in group]
    others = [i for other in near if other != group for i in other]
    size = segments.sizes[others].sum() or 1.0
    target = segments.sums[others].sum(axis=0) / size
    members = np.array(group)
    sizes = np.where(segments.sizes[members] > 0, segments.sizes[members], 1.0)
    means = segments.sums[members] / sizes[:, np.newaxis]
    order = members[np.argsort(((means - target) ** 2).sum(axis=1), kind="stable")]
    n_outer = _MAX_PIECES // 2 - 1
    outer = [(int(i),) for i in order[:n_outer]]
    return [*outer, tuple(order[n_outer:].tolist())]


def _moments_of(pieces: Sequence[Group], segments: SegmentMoments) -> SegmentMoments:
    """Return the moments of pieces, each of one or several segments."""
    state = _State.of(pieces, segments)
    squares = np.array([segments.squares[list(piece)].sum() for piece in pieces])
    return SegmentMoments(state.sizes, state.sums, squares, lambda group: True)
