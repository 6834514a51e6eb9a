"""What the cuts are asked for, in the terms of the search."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skseg._search.cuts import Asked, Division, Mode, Rates, Side, solve_at
from skseg._search.cuts._menu import make_goal
from skseg._search.cuts._positions import Limits
from skseg._typing import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A menu and constraints; see `optimal_cuts`.

    Attributes
    ----------
    gain, cost, fixed : ndarray of float64 of shape (n_tiers,)
        Per conversion, per customer, per tier used.
    mode : {"subset", "prefix", "exact"}
        Which tiers may stay unused.
    min_size, max_size : float
        Bounds of the tiers used.
    budget : float
        Largest spend.
    spent : float
        What part of it is spent on customers without a score.
    rates : Rates or None
        What is asked of the rates of neighbours.
    """

    gain: FloatArray
    cost: FloatArray
    fixed: FloatArray
    mode: Mode
    min_size: float
    max_size: float
    budget: float
    spent: float
    rates: Rates | None

    @property
    def asked(self) -> Asked:
        """The same in the words of the search."""
        return {
            "gain": self.gain,
            "cost": self.cost,
            "fixed": self.fixed,
            "mode": self.mode,
            "min_size": self.min_size,
            "max_size": self.max_size,
            "budget": self.budget,
            "spent": self.spent,
            "rates": self.rates,
        }

    def divided(self, n: FloatArray, y: FloatArray) -> Division | None:
        """Return the best division of blocks of whole customers.

        Parameters
        ----------
        n, y : ndarray of float64 of shape (n_blocks + 1,)
            Sums below every block, and of all.
        """
        goal = make_goal(self.gain, self.cost, self.fixed, self.mode)
        goal = goal.settled(float(n[-1]), float(np.abs(np.diff(y)).sum()))
        high = self.max_size
        limits = Limits(
            math.ceil(self.min_size), math.floor(high) if high < n[-1] else math.inf
        )
        side = Side(self.budget - self.spent, self.rates)
        return solve_at(n, y, goal, limits, side)[0]
