"""The menu of tiers that rows may be cut into, and what is asked of the cuts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray

Mode = Literal["subset", "prefix", "exact"]

# Differences below this share of the money at stake are rounding, not preference.
_ROUNDING = 2.0**-44
# What every further tier has to bring in, for ties to go to the fewest tiers. Far above
# what rounding adds up to over all tiers.
_TIE = 2.0**-40


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """What is to be maximised over which divisions.

    Attributes
    ----------
    gain, cost, fixed : ndarray of float64 of shape (n_tiers,)
        Per conversion, per unit of size, per tier used.
    starts, ends : ndarray of bool of shape (n_tiers,)
        Which tiers may be the lowest and the highest that is used.
    skips : bool
        Whether tiers between these may stay unused.
    count : int or None
        How many tiers are used; None: as many as is best.
    or_fewer : bool
        Whether every number of tiers up to the count is a goal of its own.
    rounding : float
        Values that differ by less are equal.
    tie : float
        What every tier used has to bring in, to be told from no difference.
    """

    gain: FloatArray
    cost: FloatArray
    fixed: FloatArray
    starts: BoolArray
    ends: BoolArray
    skips: bool
    count: int | None = None
    or_fewer: bool = False
    rounding: float = 0.0
    tie: float = 0.0

    @property
    def charged(self) -> FloatArray:
        """What is taken off per tier used."""
        return self.fixed + self.tie

    @property
    def n_tiers(self) -> int:
        """Length of the menu."""
        return len(self.gain)

    def worth(self, i: int, n: FloatArray, y: FloatArray) -> FloatArray:
        """Return what tier i makes of sizes and conversions, fixed cost apart."""
        return np.asarray(self.gain[i] * y - self.cost[i] * n)

    def layer(self, n_used: int) -> int:
        """Return how many tiers follow the next one, 0 if tiers are not counted."""
        return 0 if self.count is None else self.count - 1 - n_used

    def priced(self, price: float, rounding: float) -> Goal:
        """Return the goal in which every unit of money spent costs so much more.

        Parameters
        ----------
        price : float
            Not negative.
        rounding : float
            Spends that differ by less are equal.
        """
        return replace(
            self,
            cost=self.cost * (1 + price),
            fixed=self.fixed * (1 + price),
            rounding=self.rounding + price * rounding,
        )

    def thrift(self, n: float) -> Goal:
        """Return the goal of spending least on rows of this total size."""
        goal = replace(self, gain=np.zeros_like(self.gain), tie=0.0)
        return replace(goal, rounding=_ROUNDING * goal._money(n, 0.0))

    def mirror(self) -> Goal:
        """Return the goal for rows in descending order of score."""
        gain, cost, fixed = self.gain[::-1], self.cost[::-1], self.fixed[::-1]
        starts, ends = self.ends[::-1], self.starts[::-1]
        return replace(
            self, gain=gain, cost=cost, fixed=fixed, starts=starts, ends=ends
        )

    def settled(self, n: float, y: float) -> Goal:
        """Return the goal with its ties decided, for rows of this total.

        Parameters
        ----------
        n : float
            Total size.
        y : float
            Total of the conversions, each without its sign.
        """
        scale = self._money(n, y)
        return replace(self, rounding=_ROUNDING * scale, tie=_TIE * scale)

    def _money(self, n: float, y: float) -> float:
        """Return the money at stake, above 0.

        A prohibitive cost, which keeps a tier out, is no scale for the others.
        """
        spent = np.abs(self.cost) * n + np.abs(self.fixed)
        earned = np.maximum(-self.cost, 0.0) * n + np.maximum(-self.fixed, 0.0)
        money = np.abs(self.gain).max() * y + earned.max() + spent[self.starts].min()
        if self.starts.sum() == self.ends.sum() == 1:
            money += spent.max()
        return float(money or spent[spent > 0].min(initial=1.0))

    def all_counts(self) -> list[Goal]:
        """Return goals that together ask for every number of tiers."""
        if self.skips:
            return [replace(self, count=self.n_tiers, or_fewer=True)]
        return [goal for _, goal in self.by_count()]

    def by_count(self) -> Iterator[tuple[int, Goal]]:
        """Yield a goal for every number of tiers that may be used."""
        for k in range(1, self.n_tiers + 1):
            if self.skips:
                yield k, replace(self, count=k)
            elif self.ends[k - 1]:
                is_last = np.arange(k) == k - 1
                yield (
                    k,
                    Goal(
                        self.gain[:k],
                        self.cost[:k],
                        self.fixed[:k],
                        self.starts[:k],
                        is_last,
                        skips=False,
                        rounding=self.rounding,
                        tie=self.tie,
                    ),
                )


def make_goal(
    gain: FloatArray, cost: FloatArray, fixed: FloatArray, mode: Mode
) -> Goal:
    """Return the goal in which these tiers may stay unused."""
    tier = np.arange(len(gain))
    starts = tier >= 0 if mode == "subset" else tier == 0
    ends = tier == len(gain) - 1 if mode == "exact" else tier >= 0
    return Goal(gain, cost, fixed, starts, ends, skips=mode == "subset")
