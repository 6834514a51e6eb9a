"""The bootstrap of a fitted binner: other customers of the same kind, cut anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from skseg._core._magnitudes import are_finite_squares
from skseg._search.cuts import CutOptions, cut_bins
from skseg._search.cuts._bootstrap import ScoreBins, bin_sums, row_groups, score_bins
from skseg._typing import FloatArray, IntArray

from ._bootstrap import RevenueBootstrap
from ._customers import Customers
from ._menu import Menu
from ._optimum import with_unscored
from ._response import CALIBRATED, calibrated_rates


@dataclass(frozen=True, slots=True, eq=False)
class FittedTiers:
    """Positions on the menu of the tiers used, and the bins that belong to each.

    `borders` are the numbers of bins below every tier and, last, of all bins.
    """

    tiers: IntArray
    borders: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Replicate:
    """Optimal cut points and profits of a draw, and by how much these are too good."""

    cut_points: FloatArray
    profits: FloatArray
    optimism: float


@dataclass(frozen=True, slots=True, eq=False)
class Resampler:
    """Sums of the customers of a binner, from which others like them are drawn.

    `bins` has the customers with a score and their observed conversions, times the
    revenue of the customer if `has_revenue`; `unscored` number and conversions of the
    others. `squares` are sums of squared conversions of the bins and, last, of the
    customers without a score; None if conversions are 0, 1 or shares. `scores` are mean
    scores of the bins, 0 unless the response model needs them.
    """

    bins: ScoreBins
    unscored: tuple[float, float]
    squares: FloatArray | None
    scores: FloatArray
    response_model: str
    has_revenue: bool
    menu: Menu
    missing_tier: int

    @property
    def is_calibrated(self) -> bool:
        """Whether replicates are calibrated anew, from their conversions."""
        return self.response_model in CALIBRATED

    @property
    def has_variance(self) -> bool:
        """Whether the variance of the conversions is neither lost nor infinite."""
        if self.squares is None:
            return True
        total = float(self.squares.sum())
        is_zero = not self.bins.y.any() and self.unscored[1] == 0
        return is_zero or are_finite_squares(total)

    def bootstrap(
        self,
        options: CutOptions,
        segments: pd.DataFrame,
        n_replicates: int,
        rng: np.random.Generator,
    ) -> RevenueBootstrap:
        """Return the optima of drawn customers, given the segments of the binner."""
        tiers = segments["tier"].to_numpy()[:-1]
        cut_points = segments["high"].to_numpy()[: len(tiers) - 1]
        inner = np.searchsorted(self.bins.thresholds, cut_points, side="right")
        fitted = FittedTiers(tiers, np.array([0, *inner, len(self.bins.n)]))
        replicates = list(self._replicates(options, fitted, n_replicates, rng))
        n_feasible, n_tiers = len(replicates), len(self.menu.cost)
        is_reported = segments["n"].to_numpy() > 0
        columns = np.append(tiers, n_tiers)[is_reported]
        cuts = np.array([replicate.cut_points for replicate in replicates])
        profits = np.array([replicate.profits for replicate in replicates])
        optimism = [replicate.optimism for replicate in replicates]
        return RevenueBootstrap(
            _estimates(segments[is_reported], cut_points),
            tuple(columns.tolist()),
            cuts.reshape(n_feasible, len(tiers) - 1),
            profits.reshape(n_feasible, n_tiers + 1),
            float(np.mean(optimism)) if replicates else np.nan,
            len(self.bins.thresholds),
            self.bins.is_complete,
            n_replicates - n_feasible,
        )

    def _replicates(
        self,
        options: CutOptions,
        fitted: FittedTiers,
        n_replicates: int,
        rng: np.random.Generator,
    ) -> Iterator[Replicate]:
        """Yield the optimum of every draw that meets the constraints."""
        groups = row_groups(
            np.append(self.bins.n, self.unscored[0]),
            np.append(self.bins.y, self.unscored[1]),
            self.squares,
        )
        original = _cumulative(self.bins.n, self.bins.y)
        for n, y in groups.replicates(n_replicates, rng):
            sums = self._expected_sums(n[:-1], y[:-1])
            options_of_draw = with_unscored(
                options, self.menu, self.missing_tier, float(n[-1])
            )
            division = cut_bins(*sums, **options_of_draw)
            if division is None:
                continue
            borders = _borders(sums[0], division.n_below)
            best = FittedTiers(np.array(division.tiers), borders)
            promised = self._profits(best, sums)
            realised = self._profits(best, original)
            # The excess profit of the fitted tiers on the draw is chance alone.
            excess = _cumulative(n[:-1], y[:-1]) - original
            chance = self._profits(fitted, excess, with_fixed_cost=False)
            unscored = self._unscored_profit(best.tiers, n[-1], y[-1])
            yield Replicate(
                self._cut_points(best, fitted.tiers),
                np.append(promised, unscored),
                float(promised.sum() - realised.sum() - chance.sum()),
            )

    def _expected_sums(self, n: FloatArray, y: FloatArray) -> FloatArray:
        """Return numbers and expected conversions below every bin, and of all."""
        drawn = n > 0
        if self.is_calibrated and drawn.any():
            rates = np.zeros_like(y)
            rates[drawn] = calibrated_rates(
                self.response_model, self.scores[drawn], n[drawn], y[drawn]
            )
            y = n * rates
        return _cumulative(n, y)

    def _profits(
        self, fitted: FittedTiers, sums: FloatArray, with_fixed_cost: bool = True
    ) -> FloatArray:
        """Return the profit of every tier from the customers with a score."""
        n, y = np.diff(sums[:, fitted.borders])
        menu, tiers = self.menu, fitted.tiers
        profits = np.zeros(len(menu.cost))
        profits[tiers] = menu.effective_revenue[tiers] * y - menu.cost[tiers] * n
        if with_fixed_cost:
            profits[tiers] -= menu.fixed_cost[tiers]
        return profits

    def _unscored_profit(self, tiers: IntArray, n: float, y: float) -> float:
        """Return the profit from customers without a score.

        It includes the fixed cost of their tier, unless others use that tier, too.
        """
        tier, menu = self.missing_tier, self.menu
        fixed_cost = menu.fixed_cost[tier] if n > 0 and tier not in tiers else 0.0
        revenue = menu.effective_revenue[tier] * y
        return float(revenue - menu.cost[tier] * n - fixed_cost)

    def _cut_points(self, best: FittedTiers, tiers: IntArray) -> FloatArray:
        """Return the scores above which customers are in a given tier or a higher one.

        The lowest of the given tiers has none.
        """
        edges = np.concatenate([[-np.inf], self.bins.thresholds, [np.inf]])
        return edges[best.borders[np.searchsorted(best.tiers, tiers[1:])]]


def _cumulative(n: FloatArray, y: FloatArray) -> FloatArray:
    """Return numbers and conversions below every bin, and of all."""
    return np.cumsum(np.pad([n, y], ((0, 0), (1, 0))), axis=1)


def _borders(cumulative_n: FloatArray, n_below: Sequence[float]) -> IntArray:
    """Return the borders of tiers, given the numbers below borders and below cuts.

    Of borders with no drawn customer in between it is the middle one, as a cut point is
    the middle of two scores.
    """
    first = np.searchsorted(cumulative_n, n_below)
    last = np.searchsorted(cumulative_n, n_below, side="right") - 1
    return np.array([0, *(first + last) // 2, len(cumulative_n) - 1])


def _estimates(segments: pd.DataFrame, cut_points: FloatArray) -> pd.DataFrame:
    """Return the estimates of the binner, of which intervals are computed."""
    names, profits = segments["name"].to_list(), segments["profit"].to_list()
    tiers = names[: len(cut_points) + 1]
    cut_names = [f"{low} | {high}" for low, high in pairwise(tiers)]
    return pd.DataFrame(
        {
            "kind": ["cut"] * len(cut_points) + ["tier"] * len(names) + ["total"],
            "name": [*cut_names, *names, "Total"],
            "estimate": [*cut_points, *profits, sum(profits)],
        }
    )


def make_resampler(
    observed: Customers,
    bins: ScoreBins,
    cut_points: FloatArray,
    response_model: str,
    menu: Menu,
    missing_tier: int,
) -> Resampler | None:
    """Return the resampler; None if weights are no numbers of customers.

    `bins` are of the customers with their observed or expected conversions.
    """
    if not observed.is_counted:
        return None
    scored, unscored = observed.scored, observed.unscored
    if response_model in CALIBRATED:
        # Replicates are calibrated anew, from the outcomes.
        bins = score_bins(scored.rows(), cut_points)
    thresholds, weight = bins.thresholds, scored.weight
    squares, mean_scores = None, np.zeros_like(bins.n)
    if response_model == "logistic":
        totals = bin_sums(thresholds, scored.scores, scored.scores, weight)
        mean_scores = totals / bins.n
    # With a known response, only who has which score is left to chance.
    if response_model == "score" or not observed.are_amounts_shares:
        values = scored.amounts
        if response_model == "score":
            values = replace(scored, conversions=scored.scores).amounts
        # Whether they are finite matters to the bootstrap alone.
        with np.errstate(over="ignore"):
            scored_squares = bin_sums(thresholds, scored.scores, values**2, weight)
            squares = np.append(scored_squares, unscored.squared().total_amount)
    return Resampler(
        bins,
        (unscored.n, unscored.total_amount),
        squares,
        mean_scores,
        response_model,
        observed.revenue is not None,
        menu,
        missing_tier,
    )
