"""What outcomes are worth, and what the treatment costs."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from skseg._search.effects._inference import Estimate
from skseg._typing import BoolArray, FloatArray

Number = TypeVar("Number", float, FloatArray)


class Economics(NamedTuple):
    """The value of a unit of the outcome, and the cost of a customer of the treatment.

    A is the treatment. With a value of 1 and no cost, profits are outcomes.
    """

    value: float = 1.0
    cost: float = 0.0

    @property
    def break_even(self) -> float:
        """The effect on the outcome that pays for the treatment."""
        return self.cost / self.value

    def profit(self, outcome: FloatArray, to_a: BoolArray | None) -> FloatArray:
        """Return what outcomes bring, less the cost of the rows in A.

        `to_a` tells the rows of the treatment; None: nobody is treated.
        """
        profit = self.value * outcome
        return profit if to_a is None else profit - self.cost * to_a

    def gain(self, effect: Number) -> Number:
        """Return what an effect of A over B on the outcome brings, less the cost."""
        return self.value * effect - self.cost

    def gains(self, estimate: Estimate) -> Estimate:
        """Return the gains of effects, whose p-values are about the break-even."""
        low, high = self.gain(estimate.low), self.gain(estimate.high)
        return Estimate(
            self.gain(estimate.effect),
            np.minimum(low, high),
            np.maximum(low, high),
            estimate.p_value,
        )
