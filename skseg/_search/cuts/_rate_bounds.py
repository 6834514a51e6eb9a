"""Bounds of what cuts in whole blocks of borders can lead to if rates matter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._rates import Neighbours, most_borders, neighbours
from ._side import Rates, Task

# Blocks, and how often what remains is put into finer ones.
_BLOCKS = 400
_MOST_ROUNDS = 12
# What has to go in a round for another to be worth it.
_WORTH = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """Tiers between two blocks of borders, or within one.

    Attributes
    ----------
    legal : ndarray of bool of shape (n_blocks, n_blocks)
        Whether one may have a legal size.
    lowest, highest : ndarray of float64 of the same shape
        Range of their rates.
    """

    legal: BoolArray
    lowest: FloatArray
    highest: FloatArray


def narrowed(task: Task, floor: float) -> tuple[Task, float]:
    """Return the task with fewer borders, and a bound of the score.

    Parameters
    ----------
    task : Task
        With rates; a budget does not matter.
    floor : float
        Borders remain that may lead to this score.

    Notes
    -----
    Borders are put into blocks. Between blocks the dynamic program of `pair_endings`
    takes every cut at the best border of its block and every rate as favourable as
    borders allow, from below and from above, so that it bounds what a cut in a block
    can lead to. Blocks that can lead to too little go, and the rest is put into finer
    ones.
    """
    bound = np.inf
    for _ in range(_MOST_ROUNDS):
        size = len(task.n)
        if size <= most_borders(task):
            break
        inner = np.linspace(1, size - 1, min(_BLOCKS, size - 2) + 1).astype(np.intp)
        starts = np.unique(np.append(0, inner))
        bounds = _through(task, starts)
        bound = min(bound, float(bounds[-1]))
        kept = (bounds > -np.inf) & (bounds >= floor - 4 * task.goal.rounding)
        kept[[0, -1]] = True
        borders = np.repeat(kept, np.diff(np.append(starts, size)))
        task = task.at(np.flatnonzero(borders))
        if len(task.n) > _WORTH * size:
            break
    return task, bound


def _through(task: Task, starts: IntArray) -> FloatArray:
    """Return for every block no less than the best score with a cut there."""
    size, goal = len(task.n), task.goal
    stops = np.append(starts[1:], size)
    above = _ahead(task, starts)
    below = _ahead(_mirror(task), (size - stops)[::-1])
    # The mirrored tiers run from the upper border to the lower one.
    below = below[:, ::-1, ::-1, ::-1].swapaxes(2, 3)
    whole = [
        float(goal.worth(i, task.n[-1:], task.y[-1:])[0]) + goal.charged[i]
        for i in range(goal.n_tiers)
    ]
    best = np.full(len(starts), -np.inf)
    for layer in range(len(above)):
        both = above[layer] + below[len(above) - 1 - layer]
        both -= np.array(whole)[:, np.newaxis, np.newaxis]
        np.maximum(best, both.max(axis=(0, 1)), out=best)
    return best


def _mirror(task: Task) -> Task:
    """Return the task for rows in descending order of score."""
    rates = task.side.rates or Rates(None)
    if rates.order == "ascending":
        rates = replace(rates, order="descending")
    elif rates.order == "descending":
        rates = replace(rates, order="ascending")
    n, y = (sums[-1] - sums[::-1] for sums in (task.n, task.y))
    side = replace(task.side, rates=rates)
    return Task(n, y, task.goal.mirror(), task.limits, side)


def _ahead(task: Task, starts: IntArray) -> FloatArray:
    """Return what the cuts above a tier can make, its upper end included.

    A cut makes what the tier below it makes up to there, less what the one above would;
    the end, what the last tier makes up to there.
    """
    goal, size = task.goal, len(starts)
    sides = _possible(task, starts)
    tiers = _tiers(task, starts)
    total = [goal.worth(i, task.n[-1:], task.y[-1:])[0] for i in range(goal.n_tiers)]
    ahead = np.full((goal.count or 1, goal.n_tiers, size, size), -np.inf)
    for layer in range(len(ahead)):
        follow: list[FloatArray] = []
        for i in reversed(range(goal.n_tiers)):
            for j, after in enumerate(follow, start=i + 1):
                # Sorted from the next tier up.
                step = after + (_cut(task, starts, i, j) - goal.charged[j])
                np.maximum(ahead[layer, i], step, out=ahead[layer, i])
                if not goal.skips:
                    break
            if goal.ends[i] and layer == 0:
                ahead[layer, i, :, -1] = total[i]
            ahead[layer, i][~tiers.legal] = -np.inf
            if layer > 0 or not goal.count:
                source = ahead[layer - 1, i] if goal.count else ahead[layer, i]
                follow.insert(0, np.maximum.reduce([s.best(source) for s in sides]))
    return ahead


def _cut(task: Task, starts: IntArray, i: int, j: int) -> FloatArray:
    """Return the most that a cut between two tiers makes in every block."""
    makes = task.goal.worth(i, task.n, task.y) - task.goal.worth(j, task.n, task.y)
    return np.maximum.reduceat(makes, starts)


def _possible(task: Task, starts: IntArray) -> list[Neighbours]:
    tiers, rates = _tiers(task, starts), task.side.rates or Rates(None)
    return [
        neighbours(tiers.lowest, tiers.highest, tiers.legal, rates.shift)
        if sign > 0
        else neighbours(-tiers.highest, -tiers.lowest, tiers.legal, rates.shift)
        for sign in rates.signs
    ]


def _tiers(task: Task, starts: IntArray) -> Tiers:
    stops = np.append(starts[1:], len(task.n))
    fewest, most = task.n[starts], task.n[stops - 1]
    least = np.minimum.reduceat(task.y, starts)
    largest = np.maximum.reduceat(task.y, starts)
    # From the block of the row to that of the column.
    shortest = fewest - most[:, np.newaxis]
    longest = most - fewest[:, np.newaxis]
    low, high = least - largest[:, np.newaxis], largest - least[:, np.newaxis]
    legal = (longest > 0) & (longest >= task.limits.low)
    legal &= shortest <= task.limits.high
    apart = shortest > 0
    lowest = np.full(low.shape, -np.inf)
    highest = np.full(low.shape, np.inf)
    np.divide(low, np.where(low >= 0, longest, shortest), out=lowest, where=apart)
    np.divide(high, np.where(high >= 0, shortest, longest), out=highest, where=apart)
    return Tiers(legal, lowest, highest)
