"""The objective: profit of the tiers of a menu, and which of them may stay unused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray

Mode = Literal["subset", "prefix", "exact"]

# Differences below this share of the money at stake are rounding, not preference.
_ROUNDING = 2.0**-44
# Penalty per tier, so that ties go to the fewest tiers. It is far above what rounding
# adds up to over all tiers.
_TIE = 2.0**-40


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """Profit to be maximised, and the sets of tiers that a division may use.

    Arrays have one entry per tier: money per conversion, per unit of weight and per
    tier used, and whether the tier may be the lowest and the highest of those used.
    Tiers between these may stay unused if `may_skip`. With a `count`, exactly that many
    tiers are used; `or_fewer` solves for every smaller number, too. Values that differ
    by less than `rounding` are equal, and `tie` is the penalty per tier that makes ties
    go to fewer.
    """

    revenue: FloatArray
    cost: FloatArray
    fixed_cost: FloatArray
    can_be_lowest: BoolArray
    can_be_highest: BoolArray
    may_skip: bool
    count: int | None = None
    or_fewer: bool = False
    rounding: float = 0.0
    tie: float = 0.0

    @property
    def fixed_cost_and_tie(self) -> FloatArray:
        """Fixed cost and tie-breaking penalty per tier used."""
        return self.fixed_cost + self.tie

    @property
    def n_tiers(self) -> int:
        """Number of tiers on the menu."""
        return len(self.revenue)

    def profit(self, i: int, n: FloatArray, y: FloatArray) -> FloatArray:
        """Return the profit of tier i, without its fixed cost, at sums of rows."""
        return np.asarray(self.revenue[i] * y - self.cost[i] * n)

    def layer(self, n_used: int) -> int:
        """Return how many tiers follow the next one, 0 if tiers are not counted."""
        return 0 if self.count is None else self.count - 1 - n_used

    def penalised(self, multiplier: float, rounding: float) -> Objective:
        """Return the Lagrangian: profit minus `multiplier`, not negative, times spend.

        Spends that differ by less than `rounding` are equal.
        """
        return replace(
            self,
            cost=self.cost * (1 + multiplier),
            fixed_cost=self.fixed_cost * (1 + multiplier),
            rounding=self.rounding + multiplier * rounding,
        )

    def minimum_cost(self, n: float) -> Objective:
        """Return the minimum-cost objective for rows of this total weight."""
        objective = replace(self, revenue=np.zeros_like(self.revenue), tie=0.0)
        rounding = _ROUNDING * objective._money_at_stake(n, 0.0)
        return replace(objective, rounding=rounding)

    def any_subset(self) -> Objective:
        """Return the objective in which every tier may stay unused."""
        every = np.ones(self.n_tiers, dtype=bool)
        return replace(self, can_be_lowest=every, can_be_highest=every, may_skip=True)

    def mirror(self) -> Objective:
        """Return the objective for rows in descending order of score."""
        return replace(
            self,
            revenue=self.revenue[::-1],
            cost=self.cost[::-1],
            fixed_cost=self.fixed_cost[::-1],
            can_be_lowest=self.can_be_highest[::-1],
            can_be_highest=self.can_be_lowest[::-1],
        )

    def with_tie_break(self, n: float, y: float) -> Objective:
        """Return the objective with rounding and tie-break for these totals of rows.

        `y` is the sum of the absolute conversions.
        """
        scale = self._money_at_stake(n, y)
        return replace(self, rounding=_ROUNDING * scale, tie=_TIE * scale)

    def _money_at_stake(self, n: float, y: float) -> float:
        """Return the scale of the money at stake, above 0.

        A prohibitive cost, which keeps a tier out, does not set the scale.
        """
        spent = np.abs(self.cost) * n + np.abs(self.fixed_cost)
        earned = np.maximum(-self.cost, 0.0) * n + np.maximum(-self.fixed_cost, 0.0)
        money = (
            np.abs(self.revenue).max() * y
            + earned.max()
            + spent[self.can_be_lowest].min()
        )
        if self.can_be_lowest.sum() == self.can_be_highest.sum() == 1:
            money += spent.max()
        return float(money or spent[spent > 0].min(initial=1.0))

    def all_counts(self) -> list[Objective]:
        """Return objectives that together cover every number of tiers."""
        if self.may_skip:
            return [replace(self, count=self.n_tiers, or_fewer=True)]
        return [objective for _, objective in self.by_count()]

    def by_count(self) -> Iterator[tuple[int, Objective]]:
        """Yield an objective for every number of tiers that may be used."""
        for k in range(1, self.n_tiers + 1):
            if self.may_skip:
                yield k, replace(self, count=k)
            elif self.can_be_highest[k - 1]:
                first_k = replace(
                    self,
                    revenue=self.revenue[:k],
                    cost=self.cost[:k],
                    fixed_cost=self.fixed_cost[:k],
                    can_be_lowest=self.can_be_lowest[:k],
                    can_be_highest=np.arange(k) == k - 1,
                )
                yield k, first_k


def make_objective(
    revenue: FloatArray, cost: FloatArray, fixed_cost: FloatArray, mode: Mode
) -> Objective:
    """Return the objective in which `mode` says which tiers may stay unused."""
    tier = np.arange(len(revenue))
    lowest = tier >= 0 if mode == "subset" else tier == 0
    highest = tier == len(revenue) - 1 if mode == "exact" else tier >= 0
    return Objective(
        revenue, cost, fixed_cost, lowest, highest, may_skip=mode == "subset"
    )
