"""Bounds of sizes that no division meets, and the nearest bounds that one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import NamedTuple

import numpy as np

from skseg._search._bounds import SizeBounds, count_rows
from skseg._typing import FloatArray

from ._objective import Objective
from ._positions import Limits, exact_positions, windows


@dataclass(frozen=True, slots=True)
class NearestFeasible:
    """The nearest constraints that allow a division, each with all others unchanged.

    None stands for a constraint that was not given or whose change alone does not help.
    If neither bound of sizes alone does, `both_bounds` are the smallest upper bound and
    the largest lower bound that goes with it, the lower one first. No more than
    `n_distinct` tiers can be used.
    """

    min_size: float | None
    max_size: float | None
    both_bounds: tuple[float, float] | None
    n_distinct: int
    budget: float | None = None
    min_rate_diff: float | None = None


# Parameters with values that together make a division possible.
Change = dict[str, object]


class Explanation(NamedTuple):
    """Why no division exists, and what to change.

    `advice` has all smallest changes in words, and `remedy` the first of them; both are
    empty if none helps.
    """

    reason: str
    advice: str
    remedy: Change


def nearest_feasible_bounds(
    n: FloatArray, objective: Objective, limits: Limits
) -> NearestFeasible:
    """Return the nearest bounds that allow a division, given sizes below all borders.

    Whether a division exists takes O(n K): k tiers can end at a border if k - 1 tiers
    can end at some border in its window. Wider bounds allow no less, so the nearest
    ones are found by bisection, exactly: sizes are whole multiples of a step. The
    bisection starts from what arithmetic alone rules out.
    """
    total = float(n[-1])

    def allows(low: float, high: float) -> bool:
        return _is_feasible(n, objective, Limits(low, high, limits.step))

    def largest_low(high: float) -> float:
        # At least this many tiers are needed, and they share all rows.
        n_tiers = max(_fewest_tiers(objective), math.ceil(total / high))
        stop = min(limits.low / limits.step, total // (n_tiers * limits.step) + 1)
        n_steps = _last_true(lambda i: allows(i * limits.step, high), 0, int(stop))
        return limits.step * n_steps

    def smallest_high(low: float) -> float:
        n_tiers = min(objective.n_tiers, total // low) if low > 0 else objective.n_tiers
        stop = max(limits.high / limits.step, -(-total // (n_tiers * limits.step)) - 1)
        first = -round(total / limits.step)
        n_steps = _last_true(lambda i: allows(low, -i * limits.step), first, -int(stop))
        return -limits.step * n_steps

    min_size = max_size = both_bounds = None
    if allows(0.0, limits.high):
        min_size = largest_low(limits.high)
    if allows(limits.low, total):
        max_size = smallest_high(limits.low)
    if min_size is None and max_size is None and allows(0.0, total):
        widest = smallest_high(0.0)
        both_bounds = (largest_low(widest), widest)
    return NearestFeasible(min_size, max_size, both_bounds, len(n) - 1)


def _last_true(holds: Callable[[int], bool], first: int, stop: int) -> int:
    """Return the last number for which a condition holds.

    It holds at `first` and not at `stop`. The search takes growing steps down from
    `stop`, since the answer mostly is near it.
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


def _fewest_tiers(objective: Objective) -> int:
    return 1 if objective.may_skip else int(objective.can_be_highest.argmax()) + 1


def _is_feasible(n: FloatArray, objective: Objective, limits: Limits) -> bool:
    reach = windows(exact_positions(n, n), limits)
    stop = np.maximum(reach.last + 1, reach.first)
    is_end = np.zeros(len(n), dtype=bool)
    is_end[0] = True
    for k in range(1, objective.n_tiers + 1):
        n_ends = np.append(0, np.cumsum(is_end))
        is_end = n_ends[stop] > n_ends[reach.first]
        if is_end[-1] and (objective.may_skip or objective.can_be_highest[k - 1]):
            return True
    return False


def explain_sizes(
    nearest: NearestFeasible, objective: Objective, bounds: SizeBounds, total: float
) -> Explanation:
    """Return why no division exists, and the smallest change that allows one."""
    if total == 0:
        return Explanation("There are no rows with a weight above 0.", "", {})
    fewest, n_distinct = _fewest_tiers(objective), nearest.n_distinct
    scores = f"{n_distinct:,} distinct {'score' if n_distinct == 1 else 'scores'}"
    if n_distinct < fewest:
        advice = (
            'Choose mode="subset", in which tiers may stay unused, or at most '
            f"n_bins={n_distinct}."
        )
        reason = f"{scores} cannot be cut into {fewest:,} tiers."
        return Explanation(reason, advice, {"mode": "subset"})
    changes: list[Change] = []
    if nearest.min_size is not None:
        changes.append({"min_size": _lower_bound(nearest.min_size)})
    if nearest.max_size is not None:
        changes.append({"max_size": math.ceil(nearest.max_size)})
    if nearest.both_bounds is not None:
        low, high = nearest.both_bounds
        changes = [{"min_size": _lower_bound(low), "max_size": math.ceil(high)}]
    reason = (
        f"{count_rows(total)} of {scores} cannot be cut into {menu_counts(objective)} "
        f"of {bounds}."
    )
    return Explanation(reason, smallest_change(changes), changes[0])


def smallest_change(changes: Sequence[Change], *, is_smallest: bool = True) -> str:
    """Write changes each of which makes a division possible."""
    texts = [" together with ".join(map(_setting, c, c.values())) for c in changes]
    makes = "that makes" if is_smallest else "found that makes"
    return f"The smallest change {makes} it possible: {' or '.join(texts)}."


def _setting(name: str, value: object) -> str:
    if isinstance(value, str):
        return f'{name}="{value}"'
    return f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}"


def _lower_bound(size: float) -> int | None:
    """Return a lower bound as users may give it: whole, or None."""
    return math.floor(size) or None


def menu_counts(objective: Objective) -> str:
    """Write how many tiers may be used."""
    fewest, most = _fewest_tiers(objective), objective.n_tiers
    count = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"{count} {'tier' if most == 1 else 'tiers'}"


def round_bound(number: float, direction: int) -> float:
    """Return a number of few digits, rounded down (-1) or up (1) to be feasible."""
    if float(number).is_integer():
        return int(number)
    rounding = ROUND_FLOOR if direction < 0 else ROUND_CEILING
    rounded = Context(prec=6, rounding=rounding).create_decimal(Decimal(number))
    return float(rounded)
