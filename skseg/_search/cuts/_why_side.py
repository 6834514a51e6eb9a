"""Why no division is within a budget or has the rates asked, and what would do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from skseg._search._bounds import count_rows

from ._rates import most_borders
from ._side import Found, Rates, Side, Task, parts
from ._solve import even, solve
from ._sweep import Division, best_division, pruned
from ._why import Nearest, menu_counts, short

# The largest difference of rates is found up to this share of the one asked.
_PRECISION = 1e-6
# Among so many borders, where it takes too long among all.
_FEW = 300

# What to change, as in the message, and the side that results.
Change = tuple[list[str], Side]


def why_not(task: Task, found: Found) -> tuple[Nearest, str]:
    """Return the nearest budget and rates that allow a division, and a message.

    Parameters
    ----------
    task : Task
        That allows none; some division has legal sizes.
    found : Found
        Says whether that is proved.

    Notes
    -----
    The smallest budget is what the division spends that spends least, by the search for
    the best one. The largest difference of rates is found by bisection, every division
    met being a better start than the difference tried.
    """
    is_proved = found.is_proved
    n_distinct, budget = len(task.n) - 1, _least_budget(task, task.side)
    if task.side.has_rates and len(task.n) > most_borders(task):
        is_proved = False
        # What is possible at some borders is possible.
        task = task.at(even(task, _FEW))
    diff = _largest_diff(task, task.side)
    changes = []
    if budget is not None:
        changes.append(f"budget={short(budget + task.side.spent, 1)}")
    if diff is not None:
        changes.append(f"min_rate_diff={short(diff, -1)}")
    change = " or ".join(changes) or next(_further(task))
    sure = found.is_proved
    message = (
        f"{count_rows(float(task.n[-1]))} of {n_distinct:,} distinct scores "
        f"{'cannot be' if sure else 'were not found to be'} cut into "
        f"{menu_counts(task.goal)} {_asked(task)}. The smallest change "
        f"{'that makes' if is_proved else 'found that makes'} it possible: {change}."
    )
    return Nearest(None, None, None, n_distinct, budget, diff), message


def _asked(task: Task) -> str:
    """Describe what is asked besides sizes."""
    side, asked = task.side, []
    if side.budget < math.inf:
        asked.append(f"budget={side.budget + side.spent:.12g}")
    if side.rates is not None and side.rates.order is not None:
        asked.append(f'monotonic="{side.rates.order}"')
    if side.rates is not None and side.rates.min_diff > 0:
        asked.append(f"min_rate_diff={_exact(side.rates.min_diff)}")
    sizes = "of legal size " if task.limits.low > 0 or task.limits.high < np.inf else ""
    return f"{sizes}that meet {' and '.join(asked)}"


def _exact(number: float) -> str:
    return f"{int(number)}" if float(number).is_integer() else f"{number!r}"


def _further(task: Task) -> Iterator[str]:
    """Yield further changes, the smaller ones first; the last always does."""
    side, rates = task.side, task.side.rates
    free = replace(side, budget=math.inf)
    any_order = None
    if rates is not None and rates.order is not None:
        any_order = Rates(None, rates.min_diff)
        if _cheapest(task, replace(side, rates=any_order)) is not None:
            yield "monotonic=None"
    every = np.ones(task.goal.n_tiers, dtype=bool)
    subset = replace(task.goal, starts=every, ends=every, skips=True)
    if not task.goal.skips and _cheapest(task.with_goal(subset), side) is not None:
        yield 'mode="subset"'
    sides: list[Change] = [([], free)]
    diff = _largest_diff(task, free)
    if diff is not None and rates is not None:
        less = replace(free, rates=replace(rates, min_diff=diff))
        sides.append(([f"min_rate_diff={short(diff, -1)}"], less))
    if any_order is not None:
        sides.append((["monotonic=None"], replace(free, rates=any_order)))
    sides.append((["monotonic=None", "min_rate_diff=0"], Side()))
    for changes, one in sides:
        division = _cheapest(task, one)
        if division is not None:
            if task.spend(division) > task.most_spent:
                spend = task.spend(division) + side.spent
                changes = [*changes, f"budget={short(spend, 1)}"]
            yield " together with ".join(changes)


def _least_budget(task: Task, side: Side) -> float | None:
    if side.budget == math.inf:
        return None
    division = _cheapest(task, replace(side, budget=math.inf))
    return None if division is None else task.spend(division)


def _largest_diff(task: Task, side: Side) -> float | None:
    """Return the largest difference of rates that is possible, None if none is."""
    if side.rates is None or side.rates.shift <= 0:
        return None
    free = replace(side.rates, min_diff=0.0)
    division = _cheapest(task, replace(side, rates=free))
    if division is None:
        return None
    low, high = _smallest_step(task, division), side.rates.min_diff
    while high - low > _PRECISION * side.rates.min_diff:
        middle = (low + high) / 2
        tried = replace(side.rates, min_diff=middle)
        division = _cheapest(task, replace(side, rates=tried))
        if division is None:
            high = middle
        else:
            low = max(middle, _smallest_step(task, division))
    return low


def _smallest_step(task: Task, division: Division) -> float:
    """Return the smallest difference of the rates of neighbours."""
    sizes, sums = parts(division, task.n, task.y)
    rates = sums / sizes
    return float(np.abs(np.diff(rates)).min(initial=1.0))


def _cheapest(task: Task, side: Side) -> Division | None:
    """Return the division that spends least, if that is within the budget."""
    free = replace(side, budget=math.inf)
    cheap = task.with_goal(task.goal.thrift(float(task.n[-1]))).asked(free)
    n, y = pruned(cheap.n, cheap.y, [cheap.goal], cheap.limits)
    division = best_division(n, y, cheap.goal, cheap.limits)
    if division is not None and not cheap.admits(division):
        division = solve(cheap, division).division
    if division is None or task.spend(division) > task.asked(side).most_spent:
        return None
    return division
