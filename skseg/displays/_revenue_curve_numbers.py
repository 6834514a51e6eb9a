"""Total profit as a function of a single cut, which moves between its neighbours.

Customers are sorted by score; N and Y are the running sums of customers and of
conversions. The tier from border i to border k has the profit
``revenue * (Y[k] - Y[i]) - cost * (N[k] - N[i])`` less its fixed cost. With all borders
but one fixed, the total is a constant plus the profits of the two tiers that meet at
the border, so every place of the cut costs a subtraction after a single sort.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skseg._search.cuts import threshold_between
from skseg._typing import BoolArray, FloatArray, IntArray

# Sums of fractional weights have rounding errors, relative to the total. They must not
# let a tier break its bounds.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Tiers:
    """Fitted tiers, from the lowest score up; a customer at a cut is below it."""

    cuts: FloatArray  # of shape (n_tiers - 1,)
    position: IntArray  # on the menu, of shape (n_tiers,)
    # Amounts of the whole menu per conversion, per customer, and once.
    revenue: FloatArray
    cost: FloatArray
    fixed_cost: FloatArray
    missing_tier: int  # on the menu, of customers without a score


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Customers in order of score; border k is above k distinct scores."""

    scores: FloatArray  # distinct and ascending, of shape (n_scores,)
    # Customers and conversions below each border, of shape (n_scores + 1,).
    n: FloatArray
    y: FloatArray
    n_unscored: float
    y_unscored: float

    def borders(self, cuts: FloatArray) -> IntArray:
        """Return the position of each cut among the borders."""
        return np.searchsorted(self.scores, cuts, side="right")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Total profit by the score at which one cut is placed, ascending.

    A point is legal where both tiers at the cut keep the bounds of sizes.
    """

    score: FloatArray
    profit: FloatArray
    is_legal: BoolArray


def running_sums(
    scores: FloatArray, conversions: FloatArray, weight: FloatArray | None
) -> Sums:
    """Return the running sums of customers; NaN means that there is no score."""
    counts = np.ones(len(scores)) if weight is None else weight
    converted = conversions * counts
    unscored = np.isnan(scores)
    counted = ~unscored & (counts > 0)
    distinct, place = np.unique(scores[counted], return_inverse=True)
    n = np.bincount(place, counts[counted], minlength=len(distinct))
    y = np.bincount(place, converted[counted], minlength=len(distinct))
    return Sums(
        distinct,
        np.append(0.0, np.cumsum(n)),
        np.append(0.0, np.cumsum(y)),
        float(counts[unscored].sum()),
        float(converted[unscored].sum()),
    )


def total_profit(tiers: Tiers, sums: Sums) -> float:
    """Return the profit with the cuts where they are."""
    borders = np.array([0, *sums.borders(tiers.cuts), len(sums.scores)])
    n, y = np.diff(sums.n[borders]), np.diff(sums.y[borders])
    margin = tiers.revenue[tiers.position] @ y - tiers.cost[tiers.position] @ n
    is_used = np.zeros(len(tiers.fixed_cost), dtype=bool)
    is_used[tiers.position[n > 0]] = True
    is_used[tiers.missing_tier] |= sums.n_unscored > 0
    return float(margin + _unscored(tiers, sums) - tiers.fixed_cost @ is_used)


def profit_curve(
    tiers: Tiers,
    sums: Sums,
    cut: int,
    bounds: tuple[float, float],
    max_points: int,
) -> Curve:
    """Return the total profit as the cut of index `cut` moves between its neighbours.

    The points are borders between distinct scores, spread evenly over these; the ends
    and the fitted cut are always among them, so `max_points` is at least 3. The bounds
    are the least and the largest size of a tier, in customers.
    """
    fitted = int(sums.borders(tiers.cuts[cut : cut + 1])[0])
    ends = _neighbours(tiers, sums, cut)
    first, last = (border for border, _ in ends)
    spread = np.linspace(first, last, min(max_points - 1, last - first + 1))
    borders = np.union1d(np.rint(spread).astype(np.intp), fitted)
    sizes = sums.n[borders] - sums.n[first], sums.n[last] - sums.n[borders]
    low, high = tiers.position[cut : cut + 2]
    pair_profit = (
        tiers.revenue[low] * (sums.y[borders] - sums.y[first])
        + tiers.revenue[high] * (sums.y[last] - sums.y[borders])
        - tiers.cost[low] * sizes[0]
        - tiers.cost[high] * sizes[1]
    )
    for tier, size in zip((low, high), sizes, strict=True):
        is_paid_anyway = tier == tiers.missing_tier and sums.n_unscored > 0
        if not is_paid_anyway:
            pair_profit -= np.where(size > 0, tiers.fixed_cost[tier], 0.0)
    # The profit of all other tiers does not depend on this cut.
    at_fitted = int(np.searchsorted(borders, fitted))
    profit = pair_profit + (total_profit(tiers, sums) - pair_profit[at_fitted])
    places = {**dict(ends), fitted: float(tiers.cuts[cut])}
    score = np.array([_place(int(k), sums.scores, places) for k in borders])
    slack = _ROUNDING * sums.n[-1]
    is_legal = np.ones(len(borders), dtype=bool)
    for size in sizes:
        is_legal &= (size >= bounds[0] - slack) & (size <= bounds[1] + slack)
    return Curve(score, profit, is_legal)


def _unscored(tiers: Tiers, sums: Sums) -> float:
    """Return the profit of customers without a score, before the fixed cost."""
    tier = tiers.missing_tier
    profit = tiers.revenue[tier] * sums.y_unscored - tiers.cost[tier] * sums.n_unscored
    return float(profit)


def _neighbours(tiers: Tiers, sums: Sums, cut: int) -> list[tuple[int, float]]:
    """Return the borders between which a cut may move, and the scores there.

    These are the neighbouring cuts, or the lowest and the highest score.
    """
    n_scores = len(sums.scores)
    # A customer at a cut is below it, so that none is only below the lowest score.
    ends = [
        (0, float(np.nextafter(sums.scores[0], -np.inf))),
        (n_scores, float(sums.scores[-1])),
    ]
    for side, neighbour in ((0, cut - 1), (1, cut + 1)):
        if 0 <= neighbour < len(tiers.cuts):
            place = tiers.cuts[neighbour : neighbour + 1]
            ends[side] = (int(sums.borders(place)[0]), float(place[0]))
    return ends


def _place(border: int, scores: FloatArray, places: dict[int, float]) -> float:
    """Return the score at a border: that in `places`, or one between its neighbours."""
    if border in places:
        return places[border]
    return threshold_between(float(scores[border - 1]), float(scores[border]))
