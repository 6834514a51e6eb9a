"""What ordered tiers lose where the conversion rate does not rise with the score."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np

from skseg._core._caller import caller_level
from skseg._core._magnitudes import to_unit_scale
from skseg._search.cuts._bootstrap import ScoreBins
from skseg._typing import FloatArray, IntArray

from ._customers import Customers
from ._menu import OWNER, Menu

# Tenths of the customers show where a rate falls, and average out most of the noise.
_N_GROUPS = 10
_WARNED_LOSS = 0.01
# Tenths that differ by chance alone seem to gain up to 2.5 standard errors in 99 of 100
# simulated fits with the menu that is most prone to it, and 3 in 999 of 1000.
_STANDARD_ERRORS = 3.0
_ADVICE = (
    "If low scores are the good ones, change their sign. Else recalibrate the score: "
    "PropensityBinner(HistGradientBoostingClassifier(), binner) on this column makes "
    "propensities of it that rise with the rate. If you know that the rate rises, and "
    "this is noise, choose response_model='isotonic'."
)
_ADVICE_ON_REVENUE = (
    "Where the revenue of a row is known before the treatment, such as the value of a "
    "basket, pass the expected revenue as the score: the probability times the revenue."
)


@dataclass(frozen=True, slots=True)
class OrderLoss:
    """The profit that each group's best tier would add to that of ordered tiers.

    `share` is relative to the profit of the best tiers, and `standard_error` that of
    the loss, in currency.
    """

    loss: float
    share: float
    standard_error: float

    def warn(self, *, has_revenue: bool) -> None:
        """Warn if the loss is large, and larger than chance explains."""
        is_large = self.share > _WARNED_LOSS
        if not is_large or not self.loss > _STANDARD_ERRORS * self.standard_error:
            return
        what = "revenue per customer" if has_revenue else "conversion rate"
        warnings.warn(
            f"The {what} does not rise with the score of {OWNER}: tiers in order of "
            f"the score make {self.share:.1%} less than the best tier for each "
            f"{_N_GROUPS}th of the customers ({self.loss:,.6g} of profit). "
            f"{_ADVICE_ON_REVENUE if has_revenue else _ADVICE}",
            UserWarning,
            stacklevel=caller_level(),
        )


def share_of_order_loss(
    observed: Customers, bins: ScoreBins, menu: Menu, response_model: str
) -> float:
    """Return the share of the profit that ordered tiers lose; warn if it is large."""
    loss = order_loss(bins, menu, outcome_variance(observed, bins, response_model))
    loss.warn(has_revenue=observed.revenue is not None)
    return loss.share


def order_loss(bins: ScoreBins, menu: Menu, variance: float) -> OrderLoss:
    """Return what ordered tiers lose, without fixed costs, bounds and budgets.

    Tenths of the customers get their best tiers in any order, and in that of the menu.
    `variance` is that of the outcome of a customer.
    """
    n, y = _tenths(bins)
    revenue = menu.effective_revenue
    profits = revenue * y[:, np.newaxis] - menu.cost * n[:, np.newaxis]
    groups, best = np.arange(len(n)), profits.argmax(axis=1)
    ordered = ordered_tiers(profits)
    gains = profits[groups, best] - profits[groups, ordered]
    if not gains.any():
        return OrderLoss(0.0, 0.0, 0.0)
    loss, profit = float(gains.sum()), abs(float(profits[groups, best].sum()))
    share = loss / profit if profit > 0 else math.inf
    differences = np.abs(revenue[best] - revenue[ordered])
    # The square of money in a small unit may be 0, and in a large one infinite.
    unit = differences.max()
    squares = (differences / unit) ** 2 * (n / n.max()) if unit > 0 else np.zeros(1)
    with np.errstate(over="ignore"):
        error = unit * math.sqrt(squares.sum()) * math.sqrt(n.max()) * np.sqrt(variance)
    return OrderLoss(loss, share, float(error))


def ordered_tiers(profits: FloatArray) -> IntArray:
    """Return the best tiers of groups in ascending order of their scores.

    `profits` has one row per group and one column per tier; no tier is below that of an
    earlier group.
    """
    totals = [profits[0]]
    for profit in profits[1:]:
        totals.append(profit + np.maximum.accumulate(totals[-1]))
    tiers = [int(totals[-1].argmax())]
    for total in totals[-2::-1]:
        tiers.append(int(total[: tiers[-1] + 1].argmax()))
    return np.array(tiers[::-1])


def outcome_variance(
    observed: Customers, bins: ScoreBins, response_model: str
) -> float:
    """Return the variance of the outcome of a customer with a score.

    There is none if the score is the response. All other response models keep the mean,
    so that it is that of the bins.
    """
    if response_model == "score":
        return 0.0
    n = bins.n.sum()
    mean = bins.y.sum() / n
    if observed.are_amounts_shares:
        # An upper bound for shares, and exact for 0 / 1.
        return float(mean * (1 - mean))
    with np.errstate(over="ignore", invalid="ignore"):
        square = observed.scored.squared().total_amount / n
        return float(np.maximum(square - mean**2, 0.0))


def _tenths(bins: ScoreBins) -> tuple[FloatArray, FloatArray]:
    """Return customers and conversions of tenths of the customers; bins stay whole."""
    n = to_unit_scale(bins.n)
    middles = np.cumsum(n) - n / 2
    tenths = np.floor(_N_GROUPS * middles / n.sum())
    starts = np.flatnonzero(np.diff(tenths, prepend=-1))
    return np.add.reduceat(bins.n, starts), np.add.reduceat(bins.y, starts)
