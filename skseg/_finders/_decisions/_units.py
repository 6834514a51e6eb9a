"""The units in which effects and mean outcomes are shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics
from skseg._search.effects._inference import Estimate
from skseg._typing import FloatArray

# What effects are measured in, and how a text names it.
UNITS = {
    "points": "percentage points",
    "outcome": "units of the outcome",
    "profit": "profit per customer",
}


class Units(NamedTuple):
    """The factors from outcomes to what a table shows, and to points of thresholds.

    Rates are shown in points, amounts as they are, and effects as profits where an
    outcome has a value.
    """

    name: str  # of the unit of effects, a key of UNITS
    rate_name: str  # of the unit of mean outcomes
    shown: float  # factor from mean outcomes to those that are shown
    points: float  # factor to per cent of the rows, or of the mean without signs
    economics: Economics | None

    @classmethod
    def of(cls, rows: ComparedRows) -> Units:
        """Return the units of some rows."""
        shown = points = 100.0
        if not rows.is_binary:
            mean = float(np.average(np.abs(rows.y), weights=rows.weight))
            shown, points = 1.0, 100.0 / mean if mean > 0 else 100.0
        rate_name = "points" if rows.is_binary else "outcome"
        name = rate_name if rows.economics is None else "profit"
        return cls(name, rate_name, shown, points, rows.economics)

    def effects(self, effect: FloatArray) -> FloatArray:
        """Return effects on the outcome as they are shown."""
        if self.economics is None:
            return self.shown * effect
        return self.economics.gain(effect)

    def estimates(self, estimate: Estimate) -> Estimate:
        """Return estimated effects on the outcome as they are shown."""
        return (self.economics or Economics(self.shown)).gains(estimate)

    @property
    def break_even(self) -> float:
        """The effect that pays for the treatment, as outcomes are shown, or NaN."""
        if self.economics is None:
            return np.nan
        return self.shown * self.economics.break_even
