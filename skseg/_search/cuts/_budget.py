"""The best division within a budget."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._fronts import FrontSearch
from ._labels import Search
from ._moves import improved
from ._positions import Limits, exact_positions
from ._rates import best_with_rates, most_borders
from ._side import Found, Task
from ._sweep import Division, best_division, pruned, through

_ROUNDING = 2.0**-44
# Prices tried, and divisions seen on the way that are made better.
_MOST_PRICES = 60
_MOST_STARTS = 10
# Borders of which each gets a bound of its own.
_MOST_BOUNDED = 1 << 16
# One search after the other: labels at a border, or of a tier, and borders.
_SEARCHES = ((200, 1000), (3000, 4000))
# Borders where labels at different ones do not compare.
_MOST_APART = 600


@dataclass(frozen=True, slots=True)
class Price:
    """The price of money at which a budget is just kept.

    Attributes
    ----------
    price, rounding : float
        What a unit of money spent costs on top; how exact spends are.
    bound : float
        No division within the budget has a larger score.
    seen : list of Division
        The best ones at other prices, the last tried last, within the budget or not.
    """

    price: float
    rounding: float
    bound: float
    seen: list[Division]


def best_within_budget(task: Task, relaxed: Division) -> Found:
    """Return the best division within the budget.

    Parameters
    ----------
    task : Task
        What is asked; if rates are, no more borders than `most_borders`.
    relaxed : Division
        The best one without a budget.

    Notes
    -----
    What the best division makes at a price of money bounds what any division within the
    budget makes; the price of the lowest bound is found between divisions on both sides
    of the budget (`best_price`). The divisions met on the way are made better by moving
    cuts, and then all are compared that might beat the best of these: borders whose own
    bound is too low are left out, and among the others runs a search whose labels are
    pruned by that bound and by dominance (`Search`). It is exact unless it has to leave
    out labels, in which case their largest bound is the one returned.
    """
    price = best_price(task, relaxed)
    if price is None:
        return Found(None, -math.inf, is_proved=True)
    best = _best_seen(task, price)
    return closed(task, price, best)


def best_price(task: Task, relaxed: Division) -> Price | None:
    """Return the price for the lowest bound, None if the budget is out of reach.

    Notes
    -----
    The best score at a price is convex in the price and as steep as the division that
    reaches it is dear. The next price is the one at which two divisions on both sides
    of the budget draw: if nothing is better there, it is the one looked for.
    """
    free = task.asked(replace(task.side, budget=math.inf))
    thrift = task.goal.thrift(float(task.n[-1]))
    unit = _ROUNDING * (abs(task.side.budget) + abs(task.spend(relaxed)))
    unit += thrift.rounding
    cheap = _best(free.with_goal(thrift))
    if cheap is None or task.spend(cheap) > task.most_spent:
        return None
    dear, seen = relaxed, [relaxed, cheap]
    price, bound = 0.0, task.score(relaxed)
    for _ in range(_MOST_PRICES):
        run = task.spend(dear) - task.spend(cheap)
        if run <= unit:
            break
        draw = max(0.0, (task.score(dear) - task.score(cheap)) / run)
        goal = task.goal.priced(draw, unit)
        found = _best(free.with_goal(goal))
        assert found is not None
        top = task.score(found) - draw * task.spend(found)
        seen.append(found)
        if top + draw * task.most_spent + goal.rounding < bound:
            price, bound = draw, top + draw * task.most_spent + goal.rounding
        if top <= task.score(cheap) - draw * task.spend(cheap) + goal.rounding:
            break
        if task.spend(found) > task.most_spent:
            dear = found
        else:
            cheap = found
    return Price(price, unit, bound, seen)


def _best(task: Task) -> Division | None:
    """Return the best division, whatever it spends."""
    if task.side.has_rates:
        return best_with_rates(task)
    n, y = pruned(task.n, task.y, [task.goal], task.limits)
    return best_division(n, y, task.goal, task.limits)


def _best_seen(task: Task, price: Price) -> Division | None:
    """Return the best that divisions seen become by moving cuts.

    Cuts move between those borders only that can lead to more than the best one seen.
    """
    starts = price.seen[-_MOST_STARTS:]
    starts += [one for pair in pairwise(starts) for one in _mixed(*pair, task.limits)]
    # The cheapest one is within the budget, if none of the others ever is.
    starts.append(price.seen[1])
    legal = [one for one in starts if task.admits(one)]
    score = max((task.score(one) for one in legal), default=-math.inf)
    goal = task.goal.priced(price.price, price.rounding)
    floor = score - price.price * task.most_spent if price.price else score
    n, _ = pruned(task.n, task.y, [goal], task.limits, floor)
    places = [np.searchsorted(task.n, n), *(task.cuts(one) for one in starts)]
    some = task.at(np.unique(np.concatenate(places)))
    moved = [improved(some, one) for one in starts]
    return max((one for one in moved if one is not None), key=task.score, default=None)


def _mixed(one: Division, other: Division, limits: Limits) -> Iterator[Division]:
    """Yield legal ones with the lower cuts of one and the upper cuts of the other."""
    if one.tiers != other.tiers:
        return
    for t in range(1, len(one.below)):
        for a, b in ((one, other), (other, one)):
            size = b.below[t] - a.below[t - 1]
            if size > 0 and limits.low <= size <= limits.high:
                yield Division(
                    a.tiers, a.below[:t] + b.below[t:], a.sums[:t] + b.sums[t:]
                )


def closed(task: Task, price: Price, best: Division | None) -> Found:
    """Return the best division after a search for any better one.

    Borders that are not searched, and labels that are not followed, are accounted for.
    """
    bound = price.bound
    for most, n_borders in _SEARCHES:
        score = -math.inf if best is None else task.score(best)
        some, lost = that_matter(task, price, score, n_borders)
        if some is None:
            break
        search = _search(some, price, score, lost, most)
        better = search.run()
        best = best if better is None else better
        if search.lost <= search.to_beat():
            return Found(best, search.best, is_proved=True)
        paid = price.price * task.most_spent
        bound = min(bound, max(search.best, search.lost + paid))
    return Found(best, bound, is_proved=False)


def _search(
    task: Task, price: Price, score: float, lost: float, most: int
) -> Search | FrontSearch:
    """Return the search that suits what is asked."""
    if _labels_apart(task):
        return Search(task, price.price, price.rounding, score, lost, most)
    return FrontSearch(task, price.price, price.rounding, score, lost, most)


def _labels_apart(task: Task) -> bool:
    return task.side.has_rates or task.limits.high < task.n[-1]


def that_matter(
    task: Task, price: Price, score: float, n_borders: int
) -> tuple[Task | None, float]:
    """Return the task with the borders that can lead to more than a score.

    As many as asked, and as the search can take.

    Returns
    -------
    some : Task or None
        None if they are too many to tell which are best.
    lost : float
        The largest bound of what was left out for there being too many.
    """
    goal = task.goal.priced(price.price, price.rounding)
    floor = score - price.price * task.most_spent if price.price else score
    n, y = pruned(task.n, task.y, [goal], task.limits, floor)
    if len(n) > _MOST_BOUNDED:
        return None, -math.inf
    [(_, bounds)] = through(exact_positions(n, y), goal, task.limits)
    bounds[[0, -1]] = np.inf
    if task.side.has_rates:
        n_borders = most_borders(task)
    elif _labels_apart(task):
        n_borders = min(n_borders, _MOST_APART)
    some, lost = _largest(bounds, floor - 4 * goal.rounding, n_borders)
    return replace(task, n=n[some], y=y[some]), lost


def _largest(bounds: FloatArray, least: float, most: int) -> tuple[IntArray, float]:
    """Return the places of the largest bounds, and the largest of the rest."""
    some = np.flatnonzero(bounds >= least)
    if len(some) <= most:
        return some, -math.inf
    order = some[np.argsort(-bounds[some], kind="stable")]
    return np.sort(order[:most]), float(bounds[order[most]])
