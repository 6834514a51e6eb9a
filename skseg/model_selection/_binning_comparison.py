"""BinningComparison: the out-of-sample profits of ways to cut a score into tiers."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from skseg._html import html_frame
from skseg._typing import FloatArray

_FORMAT = "{:,.4g}".format


@dataclass(frozen=True, slots=True, eq=False)
class BinningComparison:
    """Result of `compare_binnings`.

    Attributes
    ----------
    table : DataFrame
        One row per method and way to choose tiers, the most profitable first:

        - ``method``, ``tiers``: "own", "in order" or "best per bin";
        - ``profit``, ``ci_low``, ``ci_high``: per customer, out of sample, in currency,
          with the limits of its confidence interval;
        - ``behind``, ``behind_low``, ``behind_high``: how much more the first row makes
          per customer, of the same customers, with the limits of its confidence
          interval; if that holds 0, the two do not differ significantly;
        - ``promised``: profit per customer of the training rows, to which bins and
          tiers were fitted;
        - ``n_bins``, ``n_tiers``: number of bins, and of tiers that held-out rows got,
          as means of the folds.
    fold_profits : DataFrame
        One row per fold, one column per row of `table` in the same order, with method
        and tiers as its name: profit per customer of the fold, in currency.
    menu : DataFrame
        One row per tier: revenue, response and cost.
    n_rows : int
        Number of customers.
    confidence_level : float
        Confidence level of the intervals.

    See Also
    --------
    compare_binnings : Returns it.
    skseg.displays.BinningComparisonDisplay : Its picture.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg.model_selection import compare_binnings
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 1000)
    >>> converted = rng.random(1000) < score
    >>> comparison = compare_binnings(
    ...     score, converted, revenue=[30, 45], cost=[0, 4], methods=["uniform"],
    ...     random_state=0,
    ... )
    >>> comparison.table[["method", "tiers", "profit"]].round(1)
        method         tiers  profit
    0  uniform      in order     8.6
    1  uniform  best per bin     8.6
    """

    table: pd.DataFrame
    fold_profits: pd.DataFrame
    menu: pd.DataFrame
    n_rows: int
    confidence_level: float

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=_FORMAT)
        return f"{self._caption()}\n\n{table}"

    def _repr_html_(self) -> str:
        return html_frame(self.table, self._caption(), _FORMAT)

    def _caption(self) -> str:
        return (
            f"Out-of-sample profit per customer, {self.n_rows:,} customers, "
            f"{self.confidence_level:.0%} intervals"
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """One method and way to choose tiers, by the folds in which it was valued.

    `profits` are those of every row while it was held out.
    """

    method: str
    tiers: str
    profits: FloatArray
    promised: float
    n_bins: float
    n_tiers: float


def comparison_of(
    candidates: list[Candidate],
    folds: list[FloatArray],
    menu: pd.DataFrame,
    confidence_level: float,
) -> BinningComparison:
    """Return candidates as a table with intervals, the most profitable first."""
    # Of equal ones the first that was given comes first.
    order = np.argsort([-c.profits.mean() for c in candidates], kind="stable")
    ordered = [candidates[place] for place in order]
    rows = []
    for candidate in ordered:
        low, high = _interval(candidate.profits, confidence_level)
        lag = ordered[0].profits - candidate.profits
        lag_low, lag_high = _interval(lag, confidence_level)
        rows.append(
            {
                "method": candidate.method,
                "tiers": candidate.tiers,
                "profit": float(candidate.profits.mean()),
                "ci_low": low,
                "ci_high": high,
                "behind": float(lag.mean()),
                "behind_low": lag_low,
                "behind_high": lag_high,
                "promised": candidate.promised,
                "n_bins": candidate.n_bins,
                "n_tiers": candidate.n_tiers,
            }
        )
    names = [f"{candidate.method}, {candidate.tiers}" for candidate in ordered]
    by_fold = [[c.profits[rows].mean() for c in ordered] for rows in folds]
    index = pd.RangeIndex(len(folds), name="fold")
    return BinningComparison(
        pd.DataFrame(rows),
        pd.DataFrame(by_fold, index=index, columns=names),
        menu,
        len(ordered[0].profits),
        confidence_level,
    )


def _interval(values: FloatArray, confidence_level: float) -> tuple[float, float]:
    """Return a normal confidence interval of the mean of independent values."""
    z = NormalDist().inv_cdf((1 + confidence_level) / 2)
    error = z * float(values.std(ddof=1)) / np.sqrt(len(values))
    mean = float(values.mean())
    return mean - error, mean + error
