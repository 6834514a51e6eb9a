"""How far cuts and profits would vary with other customers of the same kind."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from skseg._search.cuts._resample import ScoreBlocks, block_sums, cells
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._customers import Customers
from ._menu import Menu
from ._problem import Problem
from ._response import CALIBRATED, calibrated_rates
from ._settings import OWNER


@dataclass(frozen=True, slots=True, eq=False)
class RevenueBootstrap:
    """Result of `OptimalRevenueBinner.bootstrap`.

    Attributes
    ----------
    estimates : DataFrame
        The binner's own cut points and profits: columns kind, name and estimate of
        `frame`.
    profit_columns : tuple of int
        Columns of `profits` that `frame` reports.
    cut_points : ndarray of float of shape (n_feasible, n_cuts)
        For every replicate that meets the constraints and every cut point of the
        binner, the score above which customers are in the tier above it, or in higher
        ones: -inf for all, inf for none.
    profits : ndarray of float of shape (n_feasible, n_bins + 1)
        Profit of every tier of the menu, 0 where it is unused, and of the customers
        without a score.
    optimism : float
        By how much tiers promise more of the customers that they are fitted to than
        they make of others, in currency: the mean difference between what the tiers of
        a replicate promise of it and what they make of the original outcomes. The same
        difference of the fitted tiers, by outcomes, is chance alone and taken off.
    n_candidates : int
        Number of cuts that replicates could choose from.
    is_complete : bool
        Whether these are all that there are, one between any two distinct scores.
    n_infeasible : int
        Number of the replicates that cannot be cut within the constraints.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg import OptimalRevenueBinner
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 1000)
    >>> converted = rng.random(1000) < score
    >>> binner = OptimalRevenueBinner(2, revenue=[30, 45], cost=[0, 4])
    >>> binner.fit(score[:, None], converted)  # doctest: +ELLIPSIS
    OptimalRevenueBinner(...)
    >>> result = binner.bootstrap(100, random_state=0)
    >>> result.cut_points.shape, result.profits.shape
    ((100, 1), (100, 3))
    >>> bool(result.optimism > 0)
    True
    """

    estimates: pd.DataFrame
    profit_columns: tuple[int, ...]
    cut_points: FloatArray
    profits: FloatArray
    optimism: float
    n_candidates: int
    is_complete: bool
    n_infeasible: int

    def frame(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return percentile intervals.

        Parameters
        ----------
        confidence_level : float, default=0.95
            Share of the replicates inside an interval, in (0, 1).

        Returns
        -------
        DataFrame
            Columns kind ("cut", "tier" or "total"), name, estimate (of the binner),
            ci_low and ci_high. Cut points, ascending, are in units of the score; the
            profits of the tiers used, and their total, in currency.

        Raises
        ------
        ValueError
            If the level is not in (0, 1), or no replicate could be cut.
        """
        is_number = isinstance(confidence_level, numbers.Real)
        if not is_number or not 0 < confidence_level < 1:
            owner, rule = type(self).__name__, "a number in (0, 1)"
            raise InvalidParameterError(
                owner, "confidence_level", rule, confidence_level
            )
        if not len(self.profits):
            raise InvalidDataError(
                f"None of the {self.n_infeasible} replicates can be cut within the "
                "constraints, so there are no intervals. Relax the constraints."
            )
        tail = (1 - confidence_level) / 2
        totals = self.profits.sum(axis=1)
        columns = [
            *self.cut_points.T,
            *self.profits.T[list(self.profit_columns)],
            totals,
        ]
        # There is no mean of two infinities, so quantiles are not interpolated.
        limits = [
            np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
            for values in columns
        ]
        low, high = np.transpose(limits)
        return self.estimates.assign(ci_low=low, ci_high=high)


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """What a binner remembers of its customers, to draw others like them.

    Attributes
    ----------
    blocks : ScoreBlocks
        The customers with a score; conversions are the observed ones.
    unscored : tuple of float
        Number and conversions of those without.
    squares : ndarray of float64 of shape (n_blocks + 1,), or None
        Sums of squared conversions, for customers who do more than convert or not; of
        those without a score last.
    scores : ndarray of float64 of shape (n_blocks,)
        Mean score of the customers of every block, as far as the model asks for it.
    model : str
        The response model.
    menu : Menu
        The tiers.
    missing_tier : int
        How customers without a score are treated.
    """

    blocks: ScoreBlocks
    unscored: tuple[float, float]
    squares: FloatArray | None
    scores: FloatArray
    model: str
    menu: Menu
    missing_tier: int

    def bootstrap(
        self,
        problem: Problem,
        segments: pd.DataFrame,
        n_replicates: int,
        rng: np.random.Generator,
    ) -> RevenueBootstrap:
        """Return the optima of other customers of the same kind.

        Parameters
        ----------
        problem : Problem
            What is optimal.
        segments : DataFrame
            What the binner has found.
        n_replicates : int
            How often customers are drawn.
        rng : Generator
            Source of the draws.
        """
        tiers = segments["tier"].to_numpy()[:-1]
        cuts = segments["high"].to_numpy()[: len(tiers) - 1]
        found = list(self._replicates(problem, (tiers, cuts), n_replicates, rng))
        n_tiers = len(problem.gain)
        is_shown = segments["n"].to_numpy() > 0
        is_shown[:-1] = True
        shown = np.append(tiers, n_tiers)[is_shown]
        return RevenueBootstrap(
            _fitted(segments[is_shown], cuts),
            tuple(shown.tolist()),
            np.array([one.cuts for one in found]).reshape(len(found), len(tiers) - 1),
            np.array([one.profits for one in found]).reshape(len(found), n_tiers + 1),
            float(np.mean([one.optimism for one in found])) if found else np.nan,
            len(self.blocks.thresholds),
            self.blocks.is_complete,
            n_replicates - len(found),
        )

    def _replicates(
        self,
        problem: Problem,
        fitted: tuple[IntArray, FloatArray],
        n_replicates: int,
        rng: np.random.Generator,
    ) -> Iterator[Replicate]:
        """Yield the optimum of every draw that can be cut.

        Of what is fitted, tiers and cuts are given.
        """
        blocks = self.blocks
        n = np.append(blocks.n, self.unscored[0])
        y = np.append(blocks.y, self.unscored[1])
        original = _below(blocks.n, blocks.y)
        fitted_tiers, cuts = fitted
        inner = np.searchsorted(blocks.thresholds, cuts, side="right")
        fitted_at = np.array([0, *inner, len(blocks.n)])
        for sizes, drawn in cells(n, y, self.squares).replicates(n_replicates, rng):
            here = self._sums(sizes[:-1], drawn[:-1])
            division = self._asked(problem, sizes[-1]).divided(*here)
            if division is None:
                continue
            tiers, at = np.array(division.tiers), _places(here[0], division.below)
            made = self._profits(tiers, at, here)
            elsewhere = self._profits(tiers, at, original)
            more = _below(sizes[:-1], drawn[:-1]) - original
            chance = self._profits(fitted_tiers, fitted_at, more, is_fixed=False)
            without = self._unscored_profit(tiers, sizes[-1], drawn[-1])
            yield Replicate(
                self._boundaries(tiers, at, fitted_tiers),
                np.append(made, without),
                float(made.sum() - elsewhere.sum() - chance.sum()),
            )

    def _asked(self, problem: Problem, n_unscored: float) -> Problem:
        """Return the problem of a draw with so many customers without a score."""
        tier, fixed = self.missing_tier, self.menu.fixed_cost
        if n_unscored == 0:
            return replace(problem, fixed=fixed, spent=0.0)
        # They pay for their tier, whoever else is in it.
        is_paid = np.arange(len(fixed)) == tier
        spent = float(self.menu.cost[tier] * n_unscored + fixed[tier])
        return replace(problem, fixed=np.where(is_paid, 0.0, fixed), spent=spent)

    def _sums(self, n: FloatArray, y: FloatArray) -> FloatArray:
        """Return sizes and expected conversions below every block, and of all."""
        some = n > 0
        if self.model in CALIBRATED and some.any():
            rates = np.zeros_like(y)
            scores = self.scores[some]
            rates[some] = calibrated_rates(OWNER, self.model, scores, n[some], y[some])
            y = n * rates
        return _below(n, y)

    def _profits(
        self, tiers: IntArray, at: IntArray, sums: FloatArray, is_fixed: bool = True
    ) -> FloatArray:
        """Return what every tier makes of the customers with a score."""
        n, y = np.diff(sums[:, at])
        menu = self.menu
        profits = np.zeros(len(menu.gain))
        profits[tiers] = menu.gain[tiers] * y - menu.cost[tiers] * n
        if is_fixed:
            profits[tiers] -= menu.fixed_cost[tiers]
        return profits

    def _unscored_profit(self, tiers: IntArray, n: float, y: float) -> float:
        """Return what is made of those without one, less a fixed cost of their own."""
        tier, menu = self.missing_tier, self.menu
        fixed = menu.fixed_cost[tier] if n > 0 and tier not in tiers else 0.0
        return float(menu.gain[tier] * y - menu.cost[tier] * n - fixed)

    def _boundaries(
        self, tiers: IntArray, at: IntArray, fitted_tiers: IntArray
    ) -> FloatArray:
        """Return above which score a tier is at least the next fitted one."""
        edges = np.concatenate([[-np.inf], self.blocks.thresholds, [np.inf]])
        return edges[at[np.searchsorted(tiers, fitted_tiers[1:])]]


@dataclass(frozen=True, slots=True, eq=False)
class Replicate:
    """The optimum of other customers: its cuts, profits, and what is too good in it."""

    cuts: FloatArray
    profits: FloatArray
    optimism: float


def _below(n: FloatArray, y: FloatArray) -> FloatArray:
    """Return sizes and conversions below every block, and of all."""
    return np.cumsum(np.pad([n, y], ((0, 0), (1, 0))), axis=1)


def _places(n: FloatArray, below: Sequence[float]) -> IntArray:
    """Return the borders of tiers, given the sizes below borders and below cuts.

    Of borders with none drawn in between, the middle one, as cuts are.
    """
    first = np.searchsorted(n, below)
    last = np.searchsorted(n, below, side="right") - 1
    return np.array([0, *(first + last) // 2, len(n) - 1])


def _fitted(segments: pd.DataFrame, cuts: FloatArray) -> pd.DataFrame:
    """Return what intervals are asked of, with what the binner has found."""
    names, profits = segments["name"].to_list(), segments["profit"].to_list()
    between = [f"{low} | {high}" for low, high in pairwise(names[: len(cuts) + 1])]
    return pd.DataFrame(
        {
            "kind": ["cut"] * len(cuts) + ["tier"] * len(names) + ["total"],
            "name": [*between, *names, "Total"],
            "estimate": [*cuts, *profits, sum(profits)],
        }
    )


def resampling(
    observed: Customers, blocks: ScoreBlocks, model: str, menu: Menu, missing_tier: int
) -> Resampling | None:
    """Return what to draw from; None if weights are no numbers of customers."""
    if not observed.is_counted:
        return None
    scored, unscored = observed.scored, observed.unscored
    without = unscored.n, unscored.n_conversions
    squares, middles = None, np.zeros_like(blocks.n)
    thresholds, weight = blocks.thresholds, scored.weight
    if model == "logistic":
        totals = block_sums(thresholds, scored.scores, scored.scores, weight)
        middles = totals / blocks.n
    # The score as the response is known: only who has which score is left to chance.
    if model == "score" or not observed.are_shares:
        values = scored.scores if model == "score" else scored.conversions
        inside = block_sums(thresholds, scored.scores, values**2, weight)
        squares = np.append(inside, unscored.squared().n_conversions)
    return Resampling(blocks, without, squares, middles, model, menu, missing_tier)
