"""The customers that tiers are fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skseg._search.cuts import Rows, as_rows
from skseg._typing import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers, with and without a score.

    Attributes
    ----------
    scores : ndarray of float64 of shape (n_rows,)
        NaN for none.
    conversions : ndarray of float64 of shape (n_rows,)
        What is expected of each, per unit of weight.
    weight : ndarray of float64 of shape (n_rows,) or None
        None: 1.
    """

    scores: FloatArray
    conversions: FloatArray
    weight: FloatArray | None

    @cached_property
    def has_score(self) -> BoolArray:
        """Which customers have a score."""
        return ~np.isnan(self.scores)

    @cached_property
    def scored(self) -> Customers:
        """Those with a score."""
        has_score = self.has_score
        if has_score.all():
            return self
        weight = None if self.weight is None else self.weight[has_score]
        return Customers(self.scores[has_score], self.conversions[has_score], weight)

    @cached_property
    def unscored(self) -> Customers:
        """Those without."""
        without = ~self.has_score
        weight = None if self.weight is None else self.weight[without]
        return Customers(self.scores[without], self.conversions[without], weight)

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest score of a customer with weight."""
        scores = self.scores if self.weight is None else self.scores[self.weight > 0]
        return float(scores.min()), float(scores.max())

    @cached_property
    def are_shares(self) -> bool:
        """Whether conversions are shares of a customer, in [0, 1]."""
        return bool(self.conversions.min() >= 0 and self.conversions.max() <= 1)

    @property
    def is_counted(self) -> bool:
        """Whether every weight is a number of customers."""
        return self.weight is None or bool((self.weight == np.floor(self.weight)).all())

    def squared(self) -> Customers:
        """Return the customers with the squares of their conversions."""
        return replace(self, conversions=self.conversions**2)

    def rows(self) -> Rows:
        """Return the customers as the search reads them."""
        return as_rows(self.scores, self.conversions, self.weight)

    @property
    def n(self) -> float:
        """Number, or weight, of all."""
        if self.weight is None:
            return float(len(self.scores))
        return float(self.weight.sum())

    @property
    def n_conversions(self) -> float:
        """Sum of the conversions of all."""
        if self.weight is None:
            return float(self.conversions.sum())
        return float(self.conversions @ self.weight)
