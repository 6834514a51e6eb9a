"""The dynamic program over positions of cuts: upper bounds, pruning, the optimum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray

from ._objective import Objective
from ._positions import (
    Blocks,
    Limits,
    Positions,
    Sums,
    exact_positions,
    in_blocks,
    windows,
)
from ._problem import CutProblem, Division

# Initial number of blocks of borders. It is quadrupled where pruning removes less than
# half of the borders, as long as a block holds at least `_MIN_BORDERS_A_BLOCK` of them.
_N_BLOCKS = 4096
_MIN_BORDERS_A_BLOCK = 4
# Largest number of values that the first dynamic program keeps: 32 MB.
_MAX_VALUES = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class ForwardValues:
    """Best values of prefixes, each of shape (n_layers, n_tiers, n_positions).

    Let v_i(p) be the profit of tier i, without its fixed cost, up to position p. A tier
    i from p to q then makes v_i(q) - v_i(p) - fixed_cost_i. `at_start` is the best
    value of the tiers below p, less v_i(p) and fixed_cost_i, if tier i starts at p.
    `at_end` is the largest `at_start` over the positions at which a tier i that ends at
    q may start. Layers are numbers of tiers used, if the objective counts them.
    """

    at_start: FloatArray
    at_end: FloatArray


def forward_values(
    positions: Positions, objective: Objective, limits: Limits
) -> ForwardValues:
    """Run the dynamic program and keep all of its values."""
    shape = (objective.count or 1, objective.n_tiers, len(positions.low))
    values = ForwardValues(np.empty(shape), np.empty(shape))
    for layer, i, at_start, at_end in _tiers(positions, objective, limits):
        values.at_start[layer, i], values.at_end[layer, i] = at_start, at_end
    return values


def best_values(
    n: FloatArray, y: FloatArray, objective: Objective, limits: Limits
) -> list[float]:
    """Return the best value of cuts at these borders, -inf if there are none.

    There is one value per layer: per number of tiers up to the count, if it matters.
    """
    best = [-np.inf] * (objective.count or 1)
    for layer, i, _, at_end in _tiers(exact_positions(n, y), objective, limits):
        if objective.can_be_highest[i]:
            value = float(at_end[-1] + objective.profit(i, n[-1:], y[-1:])[0])
            best[layer] = max(best[layer], value)
    return best


def _tiers(
    positions: Positions, objective: Objective, limits: Limits
) -> Iterator[tuple[int, int, FloatArray, FloatArray]]:
    """Yield layer, tier, `at_start` and `at_end`, over all positions at once.

    At most two layers are held in memory, and two tiers if there is a single layer.
    """
    size, is_counted = len(positions.low), objective.count is not None
    reach, fixed_cost = windows(positions, limits), objective.fixed_cost_and_tie
    previous: list[FloatArray] = []
    for layer in range(objective.count or 1):
        prefix = [np.full(size, -np.inf) for _ in positions.corners]
        current: list[FloatArray] = []
        for i in range(objective.n_tiers):
            at_start = np.full(size, -np.inf)
            # The prefix has one tier less, where tiers are counted.
            if i > 0 and (layer > 0 or not is_counted):
                before = previous[i - 1] if is_counted else current.pop()
                for corner, (n, y) in enumerate(positions.corners):
                    value = before + objective.profit(i - 1, n, y)
                    if objective.may_skip:
                        np.maximum(value, prefix[corner], out=value)
                    prefix[corner] = value
                    value = value - objective.profit(i, n, y)
                    np.maximum(at_start, value, out=at_start)
            is_first = layer == 0 and objective.can_be_lowest[i]
            at_start[0] = 0.0 if is_first else -np.inf
            at_start -= fixed_cost[i]
            current.append(reach.best(at_start))
            yield layer, i, at_start, current[-1]
        previous = current


def bounds_through(
    positions: Positions, objective: Objective, limits: Limits
) -> Iterator[tuple[int, FloatArray]]:
    """Yield, for every position, an upper bound of the best value with a cut there.

    The number of the highest tier's layer comes before the bounds.
    """
    forward = forward_values(positions, objective, limits).at_start
    backward = backward_values(positions, objective, limits, "start")
    for last in range(0 if objective.or_fewer else len(forward) - 1, len(forward)):
        best = np.full(len(positions.low), -np.inf)
        for layer in range(last + 1):
            # The tier at the position is in both the prefix and the suffix.
            value = (forward[layer] + backward[last - layer]).max(axis=0)
            np.maximum(best, value, out=best)
        yield last, best


def backward_values(
    positions: Positions,
    objective: Objective,
    limits: Limits,
    at: Literal["start", "end"],
) -> FloatArray:
    """Return best values of suffixes, which complete the `at_start` of a prefix.

    ``at="start"`` has the values of a tier that starts at a position, ``at="end"`` of
    one that ends there. Added to `ForwardValues.at_start` they give values of whole
    divisions.
    """
    # In descending order of score the start of a tier is its end.
    mirrored = forward_values(positions.mirror(), objective.mirror(), limits)
    n, y = (sums[-1] for sums in positions.corners[0])
    total = objective.revenue * y - objective.cost * n + objective.fixed_cost_and_tie
    suffix = (mirrored.at_end if at == "start" else mirrored.at_start)[:, ::-1, ::-1]
    suffix += total[:, np.newaxis]
    return suffix


def pruned(problem: CutProblem, floor: float | None = None) -> CutProblem:
    """Return the problem at the borders that `pruned_sums` keeps."""
    n, y = problem.n, problem.y
    n, y = pruned_sums(n, y, [problem.objective], problem.limits, floor)
    return replace(problem, n=n, y=y)


def pruned_sums(
    n: FloatArray,
    y: FloatArray,
    objectives: Sequence[Objective],
    limits: Limits,
    floor: float | None = None,
) -> Sums:
    """Return the sums below the borders that an optimum of some objective may cut at.

    With a `floor`, these are the borders of divisions whose value may reach it. Borders
    are put into blocks. The best cuts between blocks are a lower bound of the optimum.
    The dynamic program over whole blocks, each as good as its best border, is an upper
    bound for cuts in a block. Blocks whose bound is too low are dropped and the rest is
    put into smaller blocks, until that removes little.
    """
    n_blocks = _initial_blocks(objectives)
    while len(n) > _MIN_BORDERS_A_BLOCK * n_blocks:
        edges, blocks = in_blocks(n, y, n_blocks)
        at_edge, inside = relevant(blocks, objectives, limits, floor)
        keep = np.append(np.repeat(inside, np.diff(edges)), True)
        keep[edges] = at_edge
        before, n, y = len(n), n[keep], y[keep]
        if len(n) > before / 2:
            n_blocks *= 4
    return n, y


def relevant_blocks(
    blocks: Blocks, objectives: Sequence[Objective], limits: Limits
) -> tuple[BoolArray, BoolArray]:
    """Return the edges, and the blocks, that an optimum of some objective may cut.

    Blocks are grouped first, as borders are in `pruned_sums`.
    """
    numbers, is_open = (
        np.arange(len(blocks.most)),
        np.ones(len(blocks.most), dtype=bool),
    )
    remaining, n_groups = blocks, 4 * _initial_blocks(objectives)
    while len(remaining.most) > 2 * n_groups:
        first, groups = remaining.grouped(n_groups)
        at_edge, inside = relevant(groups, objectives, limits)
        is_live = np.repeat(inside, np.diff(np.append(first, len(numbers))))
        keep = is_live.copy()
        keep[first] |= at_edge[:-1]
        before = len(numbers)
        numbers, is_open = numbers[keep], (is_open & is_live)[keep]
        remaining = blocks.reduced(numbers, is_open)
        if len(numbers) > before / 2:
            n_groups *= 4
    kept_edges, kept_blocks = relevant(remaining, objectives, limits)
    at_edge, inside = np.zeros((2, len(blocks.n)), dtype=bool)
    at_edge[numbers], inside[numbers] = kept_edges[:-1], kept_blocks & is_open
    at_edge[-1] = True
    return at_edge, inside[:-1]


def relevant(
    blocks: Blocks,
    objectives: Sequence[Objective],
    limits: Limits,
    floor: float | None = None,
) -> tuple[BoolArray, BoolArray]:
    """Return the edges, and the blocks, whose upper bound reaches the optimum.

    With a `floor`, the bound has to reach the floor instead.
    """
    is_relevant = np.zeros(2 * len(blocks.n) - 1, dtype=bool)
    is_relevant[[0, -1]] = True
    for objective in objectives:
        least = best_values(blocks.n, blocks.y, objective, limits)
        positions = blocks.positions(objective)
        for layer, bound in bounds_through(positions, objective, limits):
            target = least[layer] if floor is None else floor
            reaches = bound >= target - 4 * objective.rounding
            is_relevant |= (bound > -np.inf) & reaches
    return is_relevant[::2], is_relevant[1::2]


def _initial_blocks(objectives: Sequence[Objective]) -> int:
    """Return the initial number of blocks: fewer for many tiers that are counted."""
    sizes = [(objective.count or 1) * objective.n_tiers for objective in objectives]
    return max(1, min(_N_BLOCKS, _MAX_VALUES // max(sizes)))


def best_division(problem: CutProblem) -> Division | None:
    """Return the optimal division, budget and rates ignored, None if there is none.

    Ties are broken from the lowest score up: the lowest tier that can come next in an
    optimum, and the lowest cut that can end it.
    """
    n, y, objective = problem.n, problem.y, problem.objective
    endings = backward_values(exact_positions(n, y), objective, problem.limits, "end")
    border, tiers, cuts = 0, list[int](), list[int]()
    fixed_cost = objective.fixed_cost_and_tie
    # Value of the tiers below the border, and value that the whole division must reach.
    prefix, target = 0.0, -np.inf
    while border < len(n) - 1:
        ending = endings[objective.layer(len(tiers))]
        reachable = problem.reachable(border)
        at_start = {
            i: prefix - float(objective.profit(i, n[border], y[border])) - fixed_cost[i]
            for i in next_tiers(objective, tiers[-1] if tiers else None)
        }
        values = {
            i: at_start[i] + ending[i, reachable].max(initial=-np.inf) for i in at_start
        }
        top = max(values.values())
        if top == -np.inf:
            return None
        # Rounding may leave a little less than the target at later cuts.
        target = min(target, top) if tiers else top - objective.rounding
        tier = next(i for i in values if values[i] >= target)
        reaches = at_start[tier] + ending[tier, reachable] >= target
        border = reachable.start + int(reaches.argmax())
        prefix = at_start[tier] + float(objective.profit(tier, n[border], y[border]))
        tiers.append(tier)
        cuts.append(border)
    cuts.pop()
    return problem.division(tiers, cuts)


def next_tiers(objective: Objective, tier: int | None) -> list[int]:
    """Return the tiers that may follow, the lowest ones if there is none yet."""
    if tier is None:
        return np.flatnonzero(objective.can_be_lowest).tolist()
    last = None if objective.may_skip else tier + 2
    return list(range(objective.n_tiers))[tier + 1 : last]
