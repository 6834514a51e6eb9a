"""The dynamic program over positions of cuts, as bounds and as the final word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray

from ._menu import Goal
from ._positions import (
    Blocks,
    Limits,
    Positions,
    Sums,
    exact_positions,
    in_blocks,
    windows,
)

# Borders are put into so many blocks, and into four times as many if that helps little,
# as long as a block holds enough of them to be worth it.
_FEW = 4096
_WORTH = 4
# Numbers that the dynamic program keeps, at most to begin with.
_CELLS = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Best values from the lowest score up.

    With the value of tier i up to a position p written v_i(p), a tier i that reaches
    from p to q makes v_i(q) - v_i(p) - fixed_i.

    Attributes
    ----------
    begun : ndarray of float64 of shape (n_layers, n_tiers, n_positions)
        If tier i begins at p: the best value of what is below p, less fixed_i + v_i(p).
    ended : ndarray of float64 of the same shape
        If tier i ends at q: the largest `begun` where it may have begun. Layers are
        numbers of tiers used if those matter to the goal.
    """

    begun: FloatArray
    ended: FloatArray


def sweep(positions: Positions, goal: Goal, limits: Limits) -> Sweep:
    """Run the dynamic program and keep all of it."""
    shape = (goal.count or 1, goal.n_tiers, len(positions.low))
    kept = Sweep(np.empty(shape), np.empty(shape))
    for layer, i, begun, ended in _tiers(positions, goal, limits):
        kept.begun[layer, i], kept.ended[layer, i] = begun, ended
    return kept


def values_of(n: FloatArray, y: FloatArray, goal: Goal, limits: Limits) -> list[float]:
    """Return the best value with cuts at these positions, -inf if there is none.

    One for every layer: for every number of tiers up to the count, if that matters.
    """
    best = [-np.inf] * (goal.count or 1)
    for layer, i, _, ended in _tiers(exact_positions(n, y), goal, limits):
        if goal.ends[i]:
            value = float(ended[-1] + goal.worth(i, n[-1:], y[-1:])[0])
            best[layer] = max(best[layer], value)
    return best


def _tiers(
    positions: Positions, goal: Goal, limits: Limits
) -> Iterator[tuple[int, int, FloatArray, FloatArray]]:
    """Yield layer, tier, `begun` and `ended`, over all positions at once.

    No more than two layers are held at a time, and two tiers if there is one layer.
    """
    size, counted = len(positions.low), goal.count is not None
    reach, charged = windows(positions, limits), goal.charged
    lower: list[FloatArray] = []
    for layer in range(goal.count or 1):
        below = [np.full(size, -np.inf) for _ in positions.corners]
        this: list[FloatArray] = []
        for i in range(goal.n_tiers):
            begun = np.full(size, -np.inf)
            # What a tier follows has one tier less, where tiers are counted.
            if i > 0 and (layer > 0 or not counted):
                before = lower[i - 1] if counted else this.pop()
                for corner, (n, y) in enumerate(positions.corners):
                    end = before + goal.worth(i - 1, n, y)
                    if goal.skips:
                        np.maximum(end, below[corner], out=end)
                    below[corner] = end
                    np.maximum(begun, end - goal.worth(i, n, y), out=begun)
            begun[0] = 0.0 if layer == 0 and goal.starts[i] else -np.inf
            begun -= charged[i]
            this.append(reach.best(begun))
            yield layer, i, begun, this[-1]
        lower = this


def through(
    positions: Positions, goal: Goal, limits: Limits
) -> Iterator[tuple[int, FloatArray]]:
    """Yield for every position no less than the best value with a cut there.

    Preceded by the number of the layer that the highest tier is in.
    """
    up = sweep(positions, goal, limits).begun
    suffix = suffixes(positions, goal, limits, "ended")
    for last in range(0 if goal.or_fewer else len(up) - 1, len(up)):
        best = np.full(len(positions.low), -np.inf)
        for layer in range(last + 1):
            # A tier counted from below and from above is one.
            here = (up[layer] + suffix[last - layer]).max(axis=0)
            np.maximum(best, here, out=best)
        yield last, best


def suffixes(
    positions: Positions, goal: Goal, limits: Limits, kind: Literal["begun", "ended"]
) -> FloatArray:
    """Return what `begun` at one position has to be added to for the whole value.

    "ended": for tiers that begin at a position; "begun": for those that end at it.
    """
    swept = sweep(positions.mirror(), goal.mirror(), limits)
    n, y = (sums[-1] for sums in positions.corners[0])
    total = goal.gain * y - goal.cost * n + goal.charged
    suffix = (swept.ended if kind == "ended" else swept.begun)[:, ::-1, ::-1]
    suffix += total[:, np.newaxis]
    return suffix


def pruned(
    n: FloatArray,
    y: FloatArray,
    goals: Sequence[Goal],
    limits: Limits,
    floor: float | None = None,
) -> Sums:
    """Return the sums below those borders only that can matter to some goal.

    Or that can lead to a value no less than the `floor`.

    Notes
    -----
    Borders are put into blocks. The best cuts between blocks bound the optimum from
    below; for every block the dynamic program over whole blocks, each as good as any
    border in it can be, bounds from above what a cut in it can lead to. What remains is
    put into finer blocks, until that helps no more.
    """
    n_blocks = _few(goals)
    while len(n) > _WORTH * n_blocks:
        edges, blocks = in_blocks(n, y, n_blocks)
        at_edge, inside = matters(blocks, goals, limits, floor)
        keep = np.append(np.repeat(inside, np.diff(edges)), True)
        keep[edges] = at_edge
        before, n, y = len(n), n[keep], y[keep]
        if len(n) > before / 2:
            n_blocks *= 4
    return n, y


def blocks_that_matter(
    blocks: Blocks, goals: Sequence[Goal], limits: Limits
) -> tuple[BoolArray, BoolArray]:
    """Return which edges, and which blocks, can hold a cut of any goal's optimum.

    Blocks are grouped first, as borders are in `pruned`.
    """
    kept, is_open = np.arange(len(blocks.most)), np.ones(len(blocks.most), dtype=bool)
    here, n_groups = blocks, 4 * _few(goals)
    while len(here.most) > 2 * n_groups:
        first, groups = here.grouped(n_groups)
        at_edge, inside = matters(groups, goals, limits)
        live = np.repeat(inside, np.diff(np.append(first, len(kept))))
        keep = live.copy()
        keep[first] |= at_edge[:-1]
        before = len(kept)
        kept, is_open = kept[keep], (is_open & live)[keep]
        here = blocks.reduced(kept, is_open)
        if len(kept) > before / 2:
            n_groups *= 4
    some_edge, some_inside = matters(here, goals, limits)
    at_edge, inside = np.zeros((2, len(blocks.n)), dtype=bool)
    at_edge[kept], inside[kept] = some_edge[:-1], some_inside & is_open
    at_edge[-1] = True
    return at_edge, inside[:-1]


def matters(
    blocks: Blocks, goals: Sequence[Goal], limits: Limits, floor: float | None = None
) -> tuple[BoolArray, BoolArray]:
    """Return which edges, and which blocks, can hold a cut of any goal's optimum.

    Or of whatever makes no less than the `floor`.
    """
    needed = np.zeros(2 * len(blocks.n) - 1, dtype=bool)
    needed[[0, -1]] = True
    for goal in goals:
        least = values_of(blocks.n, blocks.y, goal, limits)
        for layer, bound in through(blocks.positions(goal), goal, limits):
            reached = least[layer] if floor is None else floor
            needed |= (bound > -np.inf) & (bound >= reached - 4 * goal.rounding)
    return needed[::2], needed[1::2]


def _few(goals: Sequence[Goal]) -> int:
    """Return how many blocks to begin with: fewer where tiers are many, and counted."""
    sizes = [(goal.count or 1) * goal.n_tiers for goal in goals]
    return max(1, min(_FEW, _CELLS // max(sizes)))


@dataclass(frozen=True, slots=True)
class Division:
    """Cuts that reach the optimum: numbers of the tiers used, and sizes below the cuts.

    Attributes
    ----------
    tiers : list of int
        Ascending.
    below : list of float
        Size below every cut.
    sums : list of float
        Conversions below every cut.
    """

    tiers: list[int]
    below: list[float]
    sums: list[float]


def best_division(
    n: FloatArray, y: FloatArray, goal: Goal, limits: Limits
) -> Division | None:
    """Return the division of largest value with cuts at these borders, None if none is.

    From the lowest score up, the lowest tier that can come next in an optimum, and the
    lowest cut that can end it.
    """
    positions = exact_positions(n, y)
    endings = suffixes(positions, goal, limits, "begun")
    here, tiers, cuts = 0, list[int](), list[int]()
    charged = goal.charged
    # What has been reached, before the tier that begins here, and the value aimed at.
    reached, aim = 0.0, -np.inf
    while here < len(n) - 1:
        ending = endings[goal.layer(len(tiers))]
        first = np.searchsorted(n, n[here] + limits.low, "left")
        stop = np.searchsorted(n, n[here] + limits.high, "right")
        reachable = slice(max(int(first), here + 1), int(stop))
        follow = followers(goal, tiers[-1] if tiers else None)
        begun = {
            i: reached - float(goal.worth(i, n[here], y[here])) - charged[i]
            for i in follow
        }
        some = {i: begun[i] + ending[i, reachable].max(initial=-np.inf) for i in begun}
        top = max(some.values())
        if top == -np.inf:
            return None
        # Rounding may leave a little less than there was.
        aim = min(aim, top) if tiers else top - goal.rounding
        tier = next(i for i in some if some[i] >= aim)
        hits = begun[tier] + ending[tier, reachable] >= aim
        here = reachable.start + int(hits.argmax())
        reached = begun[tier] + float(goal.worth(tier, n[here], y[here]))
        tiers.append(tier)
        cuts.append(here)
    cuts.pop()
    return Division(tiers, n[cuts].tolist(), y[cuts].tolist())


def followers(goal: Goal, tier: int | None) -> list[int]:
    """Return the tiers that may come next, the first ones if there is none yet."""
    if tier is None:
        return np.flatnonzero(goal.starts).tolist()
    return list(range(goal.n_tiers))[tier + 1 : None if goal.skips else tier + 2]
