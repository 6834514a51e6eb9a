"""What is asked of a division besides sizes: what it spends, and its rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._menu import Goal
from ._positions import Limits
from ._sweep import Division

# Differences of rates are as large as asked up to this much.
_TOLERANCE = 1e-9
# Sums of money are equal that differ by less than this share of what they add up.
_ROUNDING = 2.0**-44


@dataclass(frozen=True, slots=True)
class Rates:
    """How the conversion rates of neighbouring tiers compare.

    Attributes
    ----------
    order : {"ascending", "descending"} or None
        From the lowest score up, ties allowed; None: any.
    min_diff : float, default=0.0
        Smallest difference of neighbours, up to 1e-9; in either direction if there is
        no order.
    """

    order: Literal["ascending", "descending"] | None
    min_diff: float = 0.0

    @property
    def shift(self) -> float:
        """What one rate plus this may not exceed the other by."""
        return max(self.min_diff - _TOLERANCE, 0.0)

    @property
    def signs(self) -> tuple[float, ...]:
        """Signs with which rates may ascend; none where anything goes."""
        if self.order is None:
            return (1.0, -1.0) if self.shift > 0 else ()
        return (1.0,) if self.order == "ascending" else (-1.0,)

    def fits(self, lower: FloatArray, upper: FloatArray | float) -> BoolArray:
        """Tell whether neighbours may have these rates."""
        found = np.full(np.broadcast(lower, upper).shape, not self.signs)
        for sign in self.signs:
            found |= sign * lower <= sign * np.asarray(upper) - self.shift
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """What is asked of a division besides its sizes.

    Attributes
    ----------
    budget : float, default=inf
        Largest spend: of every tier used, its fixed cost and its cost of all units.
    rates : Rates or None, default=None
        What is asked of the conversion rates.
    spent : float, default=0.0
        What has been taken from the budget that was asked for.
    """

    budget: float = math.inf
    rates: Rates | None = None
    spent: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether nothing is asked."""
        return self.budget == math.inf and not self.has_rates

    @property
    def has_rates(self) -> bool:
        """Whether some rates are ruled out."""
        return self.rates is not None and bool(self.rates.signs)

    def with_budget(self, budget: float) -> Side:
        """Return the same with another budget."""
        return replace(self, budget=budget)

    def slack(self, goal: Goal, n: float) -> float:
        """Return what rounding may add to a spend within the budget."""
        if self.budget == math.inf:
            return 0.0
        back = max(-float(goal.cost.min()), 0.0) * n
        back += float(np.maximum(-goal.fixed, 0.0).sum())
        return _ROUNDING * (abs(self.budget) + 2 * back)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Borders, and what is asked of the division with cuts at some of them.

    Attributes
    ----------
    n, y : ndarray of float64 of shape (n_borders,)
        Sums below every border, both ends included. Sizes are all different.
    goal : Goal
        What is to be largest.
    limits : Limits
        Of sizes.
    side : Side
        What else is asked.
    """

    n: FloatArray
    y: FloatArray
    goal: Goal
    limits: Limits
    side: Side

    @property
    def most_spent(self) -> float:
        """What may be spent, rounding included."""
        return self.side.budget + self.side.slack(self.goal, float(self.n[-1]))

    def at(self, kept: IntArray) -> Task:
        """Return the task with some of the borders."""
        return replace(self, n=self.n[kept], y=self.y[kept])

    def asked(self, side: Side) -> Task:
        """Return the task with something else asked."""
        return replace(self, side=side)

    def with_goal(self, goal: Goal) -> Task:
        """Return the task with another goal."""
        return replace(self, goal=goal)

    def value(self, division: Division) -> float:
        """Return what a division makes."""
        sizes, sums = parts(division, self.n, self.y)
        goal, used = self.goal, division.tiers
        terms = [*(goal.gain[used] * sums), *(-goal.cost[used] * sizes)]
        return math.fsum([*terms, *-goal.fixed[used]])

    def score(self, division: Division) -> float:
        """Return what a division makes, less what ties are decided with."""
        return self.value(division) - len(division.tiers) * self.goal.tie

    def spend(self, division: Division) -> float:
        """Return what a division costs."""
        return spend_of(division, self.n, self.goal)

    def admits(self, division: Division) -> bool:
        """Tell whether a division meets what is asked besides sizes."""
        if not self.spend(division) <= self.most_spent:
            return False
        if self.side.rates is None or not self.side.has_rates:
            return True
        sizes, sums = parts(division, self.n, self.y)
        rates = sums / sizes
        return bool(self.side.rates.fits(rates[:-1], rates[1:]).all())

    def division(self, tiers: list[int], cuts: IntArray | list[int]) -> Division:
        """Return the division with cuts at the borders of these numbers."""
        return Division(tiers, self.n[cuts].tolist(), self.y[cuts].tolist())

    def cuts(self, division: Division) -> IntArray:
        """Return the numbers of the borders at which a division cuts."""
        return np.searchsorted(self.n, division.below)


@dataclass(frozen=True, slots=True)
class Found:
    """The best division known.

    Attributes
    ----------
    division : Division or None
        None if there is none.
    bound : float
        No division has a larger `Task.score`.
    is_proved : bool
        Whether none has a larger one than this, rounding apart; or that there is none.
    """

    division: Division | None
    bound: float
    is_proved: bool


def parts(
    division: Division, n: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return sizes and conversions of the tiers used."""
    sizes = np.diff([0.0, *division.below, n[-1]])
    return sizes, np.diff([0.0, *division.sums, y[-1]])


def spend_of(division: Division, n: FloatArray, goal: Goal) -> float:
    """Return what a division of rows with these sums costs."""
    sizes = np.diff([0.0, *division.below, n[-1]])
    used = division.tiers
    return math.fsum([*(goal.cost[used] * sizes), *goal.fixed[used]])
