"""Why no tiers have legal sizes, and which bounds would allow some."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import numpy as np

from skseg._search._bounds import SizeBounds, count_rows
from skseg._typing import FloatArray

from ._menu import Goal
from ._positions import Limits, exact_positions, windows


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest bounds that allow a division.

    Attributes
    ----------
    min_size : float or None
        The largest lower bound that does with the upper bound as it is; None: none.
    max_size : float or None
        The smallest upper bound that does with the lower bound as it is; None: none.
    both : tuple of float, or None
        If neither alone does: the smallest upper bound without any lower bound, and
        the largest lower bound with that one.
    n_distinct : int
        Number of distinct scores: no more tiers can be used.
    budget : float or None
        The smallest budget that does with all else as it is; None: none, or not asked.
    min_rate_diff : float or None
        The largest difference of rates that does with all else as it is; None: none,
        or not asked.
    """

    min_size: float | None
    max_size: float | None
    both: tuple[float, float] | None
    n_distinct: int
    budget: float | None = None
    min_rate_diff: float | None = None


def nearest_bounds(n: FloatArray, goal: Goal, limits: Limits) -> Nearest:
    """Return the nearest bounds that allow a division.

    Parameters
    ----------
    n : ndarray of float64
        Sizes below all borders between distinct scores, ends included.
    goal : Goal
        Says how many tiers may be used.
    limits : Limits
        That allow none.

    Notes
    -----
    Whether a division exists takes O(n K): the borders that k tiers can end at are the
    ones with one in their window that k - 1 tiers can end at. Wider bounds allow no
    less, so the nearest ones are found by bisection, exactly: sizes are whole multiples
    of a step. It begins at what numbers alone rule out.
    """
    total, asked = float(n[-1]), limits

    def allows(low: float, high: float) -> bool:
        return _is_feasible(n, goal, Limits(low, high, asked.step))

    def largest_low(high: float) -> float:
        # So many tiers it takes at least, and they share all rows.
        tiers = max(_fewest(goal), math.ceil(total / high))
        stop = min(asked.low / asked.step, total // (tiers * asked.step) + 1)
        return asked.step * _last(lambda i: allows(i * asked.step, high), 0, int(stop))

    def smallest_high(low: float) -> float:
        tiers = min(goal.n_tiers, total // low) if low > 0 else goal.n_tiers
        stop = max(asked.high / asked.step, -(-total // (tiers * asked.step)) - 1)
        first = -round(total / asked.step)
        found = _last(lambda i: allows(low, -i * asked.step), first, -int(stop))
        return -asked.step * found

    min_size = max_size = both = None
    if allows(0.0, asked.high):
        min_size = largest_low(asked.high)
    if allows(asked.low, total):
        max_size = smallest_high(asked.low)
    if min_size is None and max_size is None and allows(0.0, total):
        widest = smallest_high(0.0)
        both = (largest_low(widest), widest)
    return Nearest(min_size, max_size, both, len(n) - 1)


def _last(holds: Callable[[int], bool], first: int, stop: int) -> int:
    """Return the last number that holds, as `first` does and `stop` does not.

    Looked for in growing steps from `stop` down, since it mostly is the one before.
    """
    step = 1
    while stop - step > first:
        if holds(stop - step):
            first = stop - step
            break
        stop, step = stop - step, 2 * step
    while stop - first > 1:
        middle = (first + stop) // 2
        if holds(middle):
            first = middle
        else:
            stop = middle
    return first


def _fewest(goal: Goal) -> int:
    return 1 if goal.skips else int(goal.ends.argmax()) + 1


def _is_feasible(n: FloatArray, goal: Goal, limits: Limits) -> bool:
    reach = windows(exact_positions(n, n), limits)
    stop = np.maximum(reach.last + 1, reach.first)
    ends = np.zeros(len(n), dtype=bool)
    ends[0] = True
    for k in range(1, goal.n_tiers + 1):
        count = np.append(0, np.cumsum(ends))
        ends = count[stop] > count[reach.first]
        if ends[-1] and (goal.skips or goal.ends[k - 1]):
            return True
    return False


def why_impossible(
    nearest: Nearest, goal: Goal, bounds: SizeBounds, total: float
) -> str:
    """Return what stands in the way, and the smallest change that removes it."""
    if total == 0:
        return "There are no rows with a weight above 0."
    fewest = _fewest(goal)
    if nearest.n_distinct < fewest:
        values = (
            "1 distinct score"
            if nearest.n_distinct == 1
            else (f"{nearest.n_distinct:,} distinct scores")
        )
        return (
            f'{values} cannot be cut into {fewest:,} tiers. Choose mode="subset", in '
            f"which tiers may stay unused, or at most n_bins={nearest.n_distinct}."
        )
    changes = []
    if nearest.min_size is not None:
        changes.append(_least(nearest.min_size))
    if nearest.max_size is not None:
        changes.append(_most(nearest.max_size))
    change = " or ".join(changes)
    if nearest.both is not None:
        low, high = nearest.both
        change = f"{_least(low)} together with {_most(high)}"
    scores = "score" if nearest.n_distinct == 1 else "scores"
    return (
        f"{count_rows(total)} of {nearest.n_distinct:,} distinct {scores} cannot be "
        f"cut into {menu_counts(goal)} of {bounds}. "
        f"The smallest change that makes it possible: {change}."
    )


def _least(size: float) -> str:
    """Write a lower bound as users may give it: whole, or none."""
    return f"min_size={math.floor(size) or None}"


def _most(size: float) -> str:
    return f"max_size={math.ceil(size)}"


def menu_counts(goal: Goal) -> str:
    """Write how many tiers may be used."""
    fewest, most = _fewest(goal), goal.n_tiers
    count = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{count} {'tier' if most == 1 else 'tiers'}"


def short(number: float, direction: int) -> str:
    """Write a number with few digits, rounded down (-1) or up to where it is enough."""
    if float(number).is_integer():
        return f"{int(number)}"
    rounding = ROUND_FLOOR if direction < 0 else ROUND_CEILING
    rounded = Context(prec=6, rounding=rounding).create_decimal(Decimal(number))
    return f"{float(rounded):.6g}"
