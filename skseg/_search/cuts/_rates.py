"""The dynamic program over pairs of borders, for rates that depend on both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._side import Rates, Task
from ._sweep import Division, followers

# So many borders at most, and so many values for all tiers together, are 64 MB.
_MOST_BORDERS = 1000
_MOST_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """For every tier from b to c, the ones from c to d that may come next.

    Attributes
    ----------
    order : ndarray of int of shape (n_borders, n_borders)
        For every c all d, the one of the rate that fits most others first, as places in
        a table of that shape.
    last : ndarray of int of shape (n_borders, n_borders)
        For every c and b, up to where in that order rates fit, as places in a table
        with one more column in front.
    """

    order: IntArray
    last: IntArray

    def best(self, values: FloatArray) -> FloatArray:
        """Return for every b and c the largest value of what may come next."""
        size = len(values)
        padded = np.full((size, size + 1), -np.inf)
        np.maximum.accumulate(values.ravel()[self.order], axis=1, out=padded[:, 1:])
        return padded.ravel()[self.last].T


def most_borders(task: Task) -> int:
    """Return how many borders there may be for `pair_endings`."""
    tables = task.goal.n_tiers * (task.goal.count or 1)
    return min(_MOST_BORDERS, math.isqrt(_MOST_CELLS // tables))


def pair_endings(task: Task) -> FloatArray:
    """Return what can still be reached by a tier between two borders.

    Returns
    -------
    ndarray of float64 of shape (n_layers, n_tiers, n_borders, n_borders)
        For tier i from b to c, what ``reached - v_i(b) - fixed_i`` has to be added to
        for the best value of all, `reached` being what the tiers below make and v_i(b)
        what tier i makes up to b. Layers are numbers of tiers above if tiers are
        counted.

    Notes
    -----
    Which tier may come next depends on the rate of this one. For every border c the
    tiers that begin there are sorted by rate once; for a tier that ends there the best
    one to come next is a running maximum in that order, up to where rates fit. So it
    takes O(m^2 log m + m^2 K) for m borders.
    """
    goal, size = task.goal, len(task.n)
    legal, rate = tier_rates(task)
    rates = task.side.rates or Rates(None)
    sides = [
        neighbours(sign * rate, sign * rate, legal, rates.shift) for sign in rates.signs
    ]
    worth = [goal.worth(i, task.n, task.y) for i in range(goal.n_tiers)]
    endings = np.empty((goal.count or 1, goal.n_tiers, size, size))
    for layer in range(len(endings)):
        above = endings[layer - 1 if goal.count else layer]
        best = np.full((size, size), -np.inf)
        for i in reversed(range(goal.n_tiers)):
            after = np.full((size, size), -np.inf)
            if i + 1 < goal.n_tiers and (layer > 0 or not goal.count):
                begun = worth[i + 1] + goal.charged[i + 1]
                follow = above[i + 1] - begun[:, np.newaxis]
                best = np.maximum(best, follow) if goal.skips else follow
                for side in sides:
                    np.maximum(after, side.best(best), out=after)
            if goal.ends[i] and layer == 0:
                after[:, -1] = 0.0
            endings[layer, i] = np.where(legal, after + worth[i], -np.inf)
    return endings


def best_with_rates(task: Task) -> Division | None:
    """Return the division of largest value whose rates fit, None if there is none.

    Of equal ones as in `best_division`.
    """
    goal, n, y = task.goal, task.n, task.y
    endings, (_, rate) = pair_endings(task), tier_rates(task)
    here, tiers, cuts = 0, list[int](), list[int]()
    reached, aim = 0.0, np.inf
    fits = np.ones(len(n), dtype=bool)
    while here < len(n) - 1:
        ending = endings[goal.layer(len(tiers)), :, here]
        some = {}
        for i in followers(goal, tiers[-1] if tiers else None):
            begun = reached - float(goal.worth(i, n[here], y[here])) - goal.charged[i]
            some[i] = begun + np.where(fits, ending[i], -np.inf)
        top = max(values.max() for values in some.values())
        if top == -np.inf:
            return None
        aim = min(aim, top if tiers else top - goal.rounding)
        tier = next(i for i in some if some[i].max() >= aim)
        start, here = here, int((some[tier] >= aim).argmax())
        size, sums = n[here] - n[start], y[here] - y[start]
        reached += float(goal.worth(tier, size, sums)) - goal.charged[tier]
        if task.side.rates is not None:
            fits = task.side.rates.fits(rate[start, here], rate[here])
        tiers.append(tier)
        cuts.append(here)
    return task.division(tiers, cuts[:-1])


def tier_rates(task: Task) -> tuple[BoolArray, FloatArray]:
    """Return which pairs of borders bound a tier of legal size, and its rate."""
    n, y = task.n, task.y
    sizes = n - n[:, np.newaxis]
    legal = (sizes > 0) & (sizes >= task.limits.low) & (sizes <= task.limits.high)
    rate = np.zeros_like(sizes)
    np.divide(y - y[:, np.newaxis], sizes, out=rate, where=legal)
    return legal, rate


def neighbours(
    lower: FloatArray, upper: FloatArray, legal: BoolArray, shift: float
) -> Neighbours:
    """Return what may follow where rates ascend by `shift`.

    Parameters
    ----------
    lower, upper : ndarray of float64 of shape (n_borders, n_borders)
        The rate of every tier as the lower and as the upper one of two.
    legal : ndarray of bool of the same shape
        Whether there is such a tier.
    shift : float
        Smallest difference.
    """
    size = len(lower)
    keys = np.where(legal, shift - upper, np.inf)
    order = np.argsort(keys, axis=1, kind="stable")
    last = np.empty((size, size), dtype=np.intp)
    for c in range(size):
        last[c] = np.searchsorted(keys[c, order[c]], -lower[:, c], "right")
    row = np.arange(size)[:, np.newaxis]
    return Neighbours(order + row * size, last + row * (size + 1))
