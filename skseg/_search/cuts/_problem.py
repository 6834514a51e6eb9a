"""The problem: borders, objective, limits of sizes, a budget and rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._objective import Objective
from ._positions import Limits

# Differences of rates may fall short of the required one by this much.
_TOLERANCE = 1e-9
# Sums of money are equal if they differ by less than this share of their terms.
_ROUNDING = 2.0**-44


@dataclass(frozen=True, slots=True)
class Rates:
    """Constraint on the conversion rates of neighbouring tiers.

    The order is that from the lowest score up, ties allowed. Neighbours differ by at
    least `min_diff`, up to 1e-9, in either direction if there is no order.
    """

    order: Literal["ascending", "descending"] | None
    min_diff: float = 0.0

    @property
    def required_diff(self) -> float:
        """The required difference, less the tolerance; never negative."""
        return max(self.min_diff - _TOLERANCE, 0.0)

    @property
    def signs(self) -> tuple[float, ...]:
        """Signs with which rates may ascend; empty if any rates are allowed."""
        if self.order is None:
            return (1.0, -1.0) if self.required_diff > 0 else ()
        return (1.0,) if self.order == "ascending" else (-1.0,)

    def allows(self, lower: FloatArray, upper: FloatArray | float) -> BoolArray:
        """Tell whether neighbours may have these rates."""
        is_allowed = np.full(np.broadcast(lower, upper).shape, not self.signs)
        for sign in self.signs:
            is_allowed |= sign * lower <= sign * np.asarray(upper) - self.required_diff
        return is_allowed


@dataclass(frozen=True, slots=True)
class Constraints:
    """Budget and rates: the constraints on a division besides its sizes.

    A spend is the sum of fixed costs and of costs per unit of weight. `spent` is the
    money spent before any cut, `budget` what remains of the user's one.
    """

    budget: float = math.inf
    rates: Rates | None = None
    spent: float = 0.0

    @property
    def is_unconstrained(self) -> bool:
        """Whether there is neither a budget nor a constraint on rates."""
        return self.budget == math.inf and not self.has_rates

    @property
    def has_rates(self) -> bool:
        """Whether some rates are ruled out."""
        return self.rates is not None and bool(self.rates.signs)

    def slack(self, objective: Objective, n: float) -> float:
        """Return by how much rounding may carry a spend above the budget."""
        if self.budget == math.inf:
            return 0.0
        income = max(-float(objective.cost.min()), 0.0) * n
        income += float(np.maximum(-objective.fixed_cost, 0.0).sum())
        return _ROUNDING * (abs(self.budget) + 2 * income)


@dataclass(frozen=True, slots=True)
class Division:
    """The tiers used, ascending, and weight and conversions below every cut."""

    tiers: list[int]
    n_below: list[float]
    y_below: list[float]


@dataclass(frozen=True, slots=True, eq=False)
class CutProblem:
    """Borders at which rows may be cut, the objective, and the constraints.

    `n` and `y` are weight and conversions below every border, both ends included: the
    first are 0, the last the totals. Weights ascend strictly.
    """

    n: FloatArray
    y: FloatArray
    objective: Objective
    limits: Limits
    constraints: Constraints

    @property
    def max_spend(self) -> float:
        """Largest spend that is feasible, rounding included."""
        return self.constraints.budget + self.constraints.slack(
            self.objective, float(self.n[-1])
        )

    def at_borders(self, borders: IntArray) -> CutProblem:
        """Return the problem at some of the borders."""
        return replace(self, n=self.n[borders], y=self.y[borders])

    def without_budget(self) -> CutProblem:
        """Return the problem in which any spend is allowed."""
        return self.with_constraints(replace(self.constraints, budget=math.inf))

    def with_constraints(self, constraints: Constraints) -> CutProblem:
        """Return the problem with other constraints."""
        return replace(self, constraints=constraints)

    def with_objective(self, objective: Objective) -> CutProblem:
        """Return the problem with another objective."""
        return replace(self, objective=objective)

    def tier_sums(self, division: Division) -> tuple[FloatArray, FloatArray]:
        """Return the weight and the conversions of every tier used."""
        sizes = np.diff([0.0, *division.n_below, self.n[-1]])
        return sizes, np.diff([0.0, *division.y_below, self.y[-1]])

    def value(self, division: Division) -> float:
        """Return the profit of a division."""
        sizes, sums = self.tier_sums(division)
        objective, used = self.objective, division.tiers
        terms = [*(objective.revenue[used] * sums), *(-objective.cost[used] * sizes)]
        return math.fsum([*terms, *-objective.fixed_cost[used]])

    def objective_value(self, division: Division | None) -> float:
        """Return the profit less tie-breaking penalties, -inf without a division."""
        if division is None:
            return -math.inf
        return self.value(division) - len(division.tiers) * self.objective.tie

    def spend(self, division: Division) -> float:
        """Return the cost of a division."""
        sizes, _ = self.tier_sums(division)
        used, cost = division.tiers, self.objective.cost
        return math.fsum([*(cost[used] * sizes), *self.objective.fixed_cost[used]])

    def is_feasible(self, division: Division) -> bool:
        """Tell whether a division meets the budget and the rates."""
        if not self.spend(division) <= self.max_spend:
            return False
        if self.constraints.rates is None or not self.constraints.has_rates:
            return True
        sizes, sums = self.tier_sums(division)
        rates = sums / sizes
        return bool(self.constraints.rates.allows(rates[:-1], rates[1:]).all())

    def reachable(self, border: int) -> slice:
        """Return the borders at which a tier from this one ends with a legal size."""
        first = int(np.searchsorted(self.n, self.n[border] + self.limits.low, "left"))
        stop = int(np.searchsorted(self.n, self.n[border] + self.limits.high, "right"))
        return slice(max(first, border + 1), max(stop, border + 1, first))

    def division(self, tiers: list[int], cuts: IntArray | list[int]) -> Division:
        """Return the division with cuts at the given borders."""
        return Division(tiers, self.n[cuts].tolist(), self.y[cuts].tolist())

    def cuts(self, division: Division) -> IntArray:
        """Return the positions of the borders at which a division cuts."""
        return np.searchsorted(self.n, division.n_below)


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The best division known, and an upper bound of `CutProblem.objective_value`.

    `is_proved` tells whether the division is optimal up to rounding or, if there is
    none, whether the problem is infeasible.
    """

    division: Division | None
    bound: float
    is_proved: bool
