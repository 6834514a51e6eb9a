"""RevenueBootstrap: intervals of cut points and profits."""

from __future__ import annotations

import numbers
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skseg._html import html_table
from skseg._typing import FloatArray
from skseg.exceptions import InfeasibleError, InvalidParameterError


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
        Profit that tiers promise in excess, in currency, because they are fitted to the
        customers whose outcomes are counted. It is the mean difference between the
        profit of a replicate's tiers on the replicate and on the original customers.
        The same difference of the fitted tiers is chance alone and subtracted.
    n_candidates : int
        Number of cut points that replicates could choose from.
    is_complete : bool
        Whether these are all cut points, one between any two distinct scores.
    n_infeasible : int
        Number of replicates that cannot meet the constraints.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg import OptimalRevenueBinner
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 1000)
    >>> converted = rng.random(1000) < score
    >>> binner = OptimalRevenueBinner(2, revenue=[30, 45], cost=[0, 4])
    >>> binner = binner.fit(score[:, None], converted)
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
        InvalidParameterError
            If the level is not in (0, 1).
        InfeasibleError
            If no replicate meets the constraints.
        """
        is_number = isinstance(confidence_level, numbers.Real)
        if not is_number or not 0 < confidence_level < 1:
            owner, rule = type(self).__name__, "a number in (0, 1)"
            raise InvalidParameterError(
                owner, "confidence_level", rule, confidence_level
            )
        if not len(self.profits):
            raise InfeasibleError(
                f"None of the {self.n_infeasible} replicates can be cut within the "
                "constraints, so there are no intervals.",
                owner=type(self).__name__,
                name="n_infeasible",
                rule="less than the number of replicates",
                value=self.n_infeasible,
                advice="Relax the constraints.",
            )
        tail = (1 - confidence_level) / 2
        profits = self.profits.T[list(self.profit_columns)]
        columns = [*self.cut_points.T, *profits, self.profits.sum(axis=1)]
        # There is no mean of two infinities, so quantiles are not interpolated.
        limits = [
            np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
            for values in columns
        ]
        low, high = np.transpose(limits)
        return self.estimates.assign(ci_low=low, ci_high=high)

    def _repr_html_(self) -> str:
        """Return the table of `frame` for notebooks, or of the estimates alone."""
        n_feasible = len(self.profits)
        table = self.frame() if n_feasible else self.estimates
        rows = (
            [kind, name, *(f"{number:,.6g}" for number in figures)]
            for kind, name, *figures in table.itertuples(index=False)
        )
        caption = f"95 % intervals of {n_feasible:,} replicates"
        if self.n_infeasible:
            caption += f"; {self.n_infeasible:,} more cannot meet the constraints"
        return html_table(list(table), rows, caption)
