"""The customers that tiers are fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from skseg._core._magnitudes import check_finite_sum
from skseg._core._outcome import OutcomeCoding, read_outcome
from skseg._core._sums import exact_sum
from skseg._search.cuts import Rows, read_rows
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError

from ._menu import OWNER
from ._response import expected_conversions


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers with and without a score, which is NaN for the latter.

    Conversions, observed or expected, are per unit of weight; no weight stands for 1.
    A conversion brings the `revenue` of its customer, times that of a tier; none stands
    for 1.
    """

    scores: FloatArray
    conversions: FloatArray
    weight: FloatArray | None
    revenue: FloatArray | None = None

    @cached_property
    def amounts(self) -> FloatArray:
        """Conversions times the revenue of the customer."""
        if self.revenue is None:
            return self.conversions
        return self.conversions * self.revenue

    @cached_property
    def has_score(self) -> BoolArray:
        """Whether a customer has a score."""
        return ~np.isnan(self.scores)

    @cached_property
    def scored(self) -> Customers:
        """The customers with a score."""
        return self if self.has_score.all() else self._subset(self.has_score)

    @cached_property
    def unscored(self) -> Customers:
        """The customers without a score."""
        return self._subset(~self.has_score)

    def _subset(self, rows: BoolArray) -> Customers:
        weight = None if self.weight is None else self.weight[rows]
        revenue = None if self.revenue is None else self.revenue[rows]
        return Customers(self.scores[rows], self.conversions[rows], weight, revenue)

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest score of a customer with weight."""
        scores = self.scores if self.weight is None else self.scores[self.weight > 0]
        return float(scores.min()), float(scores.max())

    @cached_property
    def are_shares(self) -> bool:
        """Whether all conversions are in [0, 1]."""
        return bool(self.conversions.min() >= 0 and self.conversions.max() <= 1)

    @property
    def are_amounts_shares(self) -> bool:
        """Whether amounts are conversions, all of them in [0, 1]."""
        return self.revenue is None and self.are_shares

    @property
    def is_counted(self) -> bool:
        """Whether every weight is a number of customers."""
        return self.weight is None or bool((self.weight == np.floor(self.weight)).all())

    def squared(self) -> Customers:
        """Return the customers with squared amounts."""
        return replace(self, conversions=self.amounts**2, revenue=None)

    def rows(self) -> Rows:
        """Return the customers as the search reads them."""
        return read_rows(self.scores, self.amounts, self.weight)

    @property
    def n(self) -> float:
        """Sum of the weights."""
        if self.weight is None:
            return float(len(self.scores))
        return exact_sum(self.weight)

    @property
    def total_amount(self) -> float:
        """Weighted sum of the amounts."""
        if self.weight is None:
            return exact_sum(self.amounts)
        return exact_sum(self.amounts * self.weight)

    @property
    def total_absolute_amount(self) -> float:
        """Weighted sum of the absolute amounts."""
        absolute = replace(self, conversions=np.abs(self.amounts), revenue=None)
        return absolute.total_amount


def observed_customers(
    scores: FloatArray,
    y: Any,
    weight: FloatArray | None,
    revenue: FloatArray | None,
    response_model: str,
    pos_label: Any,
) -> tuple[Customers, OutcomeCoding]:
    """Return the customers with their outcomes, and how these were coded, or raise.

    If the score is the response, the outcomes may be left out.
    """
    if y is not None:
        outcome, coding = read_outcome(OWNER, y, len(scores), pos_label)
        check_finite_sum(OWNER, "y", outcome, weight)
        customers = Customers(scores, outcome, weight, revenue)
        if revenue is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                check_finite_sum(OWNER, "revenue", customers.amounts, weight)
        return customers, coding
    if response_model != "score":
        raise InvalidDataError(
            f"{OWNER} requires y to be passed, but the target y is None. Only "
            "response_model='score' needs no outcome.",
            owner=OWNER,
            name="y",
            rule="given, unless response_model is 'score'",
        )
    if np.isnan(scores).any():
        row = int(np.isnan(scores).argmax())
        raise InvalidDataError(
            f"{OWNER} cannot tell what customers without a score are worth. Pass the "
            f"outcome y. Got NaN at row {row}.",
            owner=OWNER,
            name="y",
            rule="given where customers have no score",
            row=row,
        )
    return Customers(scores, scores, weight, revenue), OutcomeCoding()


def expected_customers(observed: Customers, response_model: str) -> Customers:
    """Return the customers with their expected conversions, or raise."""
    scored = observed.scored
    if scored.n == 0:
        raise InvalidDataError(
            f"{OWNER} needs customers with a score. All rows have NaN or no weight.",
            owner=OWNER,
            name="X",
            rule="rows with a score and a weight above 0",
        )
    if response_model == "observed":
        return observed
    expected = observed.conversions.copy()
    expected[observed.has_score] = expected_conversions(
        response_model, scored.scores, scored.conversions, scored.weight
    )
    if response_model == "score":
        check_finite_sum(OWNER, "X", scored.scores, scored.weight)
    return replace(observed, conversions=expected)
