"""BinningComparisonDisplay: out-of-sample profits of ways to cut a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg.exceptions import InvalidParameterError

from ._binning_comparison_drawing import draw_comparison, figure_size
from ._canvas import TITLE_PAD, write_message
from ._display import Display
from ._reading import numbers_of, read_table
from ._style import money_text

_OWNER = "BinningComparisonDisplay"
_TEXTS = ("method", "tiers")
_NUMBERS = ("profit", "ci_low", "ci_high", "promised")


@dataclass(kw_only=True, eq=False, repr=False)
class BinningComparisonDisplay(Display):
    """Profit per customer of ways to cut a score into tiers, with intervals.

    Use `from_comparison` or `from_table` to make one.

    Parameters
    ----------
    method : sequence of str of length n_ways
        Names of the methods, from the top.
    tiers : sequence of str of length n_ways
        How their bins got tiers: "own", "in order", "best per bin", or others.
    profit, ci_low, ci_high : array-like of shape (n_ways,)
        Profit per customer out of sample, and its confidence limits, in currency.
    promised : array-like of shape (n_ways,)
        Profit per customer of the training rows; NaN if it is not known.
    confidence_level : float, default=None
        Confidence level of the intervals; None if it is not known.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skseg.model_selection.compare_binnings : Computes the profits.
    RevenueTiersDisplay : The tiers of one binner.

    Notes
    -----
    A hollow mark is the profit that was promised in training; its distance from the
    filled one is the optimism of bins and tiers. Intervals of single methods overlap
    even where one is surely better, since all are valued on the same customers: see
    ``behind`` in the table of the comparison.

    Examples
    --------
    >>> import numpy as np
    >>> from skseg.displays import BinningComparisonDisplay
    >>> from skseg.model_selection import compare_binnings
    >>> rng = np.random.default_rng(0)
    >>> score = rng.beta(2, 5, 1000)
    >>> converted = rng.random(1000) < score
    >>> comparison = compare_binnings(
    ...     score, converted, revenue=[30, 45], cost=[0, 4], methods=["uniform"],
    ...     random_state=0,
    ... )
    >>> display = BinningComparisonDisplay.from_comparison(comparison)
    >>> display.frame()[["method", "tiers", "profit"]].round(1)
        method         tiers  profit
    0  uniform      in order     8.6
    1  uniform  best per bin     8.6
    """

    method: Sequence[str]
    tiers: Sequence[str]
    profit: npt.ArrayLike
    ci_low: npt.ArrayLike
    ci_high: npt.ArrayLike
    promised: npt.ArrayLike
    confidence_level: float | None = None

    @classmethod
    def from_comparison(
        cls, comparison: Any, *, ax: Any = None, title: str | None = None
    ) -> BinningComparisonDisplay:
        """Draw a comparison of binnings.

        Parameters
        ----------
        comparison : BinningComparison
            What `compare_binnings` gives.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        BinningComparisonDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If it is no such comparison.
        MissingExtraError
            If matplotlib is not installed.
        """
        if not hasattr(comparison, "table") or not hasattr(comparison, "fold_profits"):
            rule = "a BinningComparison, with 'table' and 'fold_profits'"
            raise InvalidParameterError(_OWNER, "comparison", rule, comparison)
        display = cls(
            **_read_comparison(comparison.table),
            confidence_level=comparison.confidence_level,
        )
        return display.plot(ax=ax, title=title)

    @classmethod
    def from_table(
        cls, table: Any, *, ax: Any = None, title: str | None = None
    ) -> BinningComparisonDisplay:
        """Draw a comparison that is given as a table.

        Parameters
        ----------
        table : frame of shape (n_ways, n_columns)
            With the columns ``method``, ``tiers``, ``profit``, ``ci_low``, ``ci_high``
            and ``promised``, as that of a `BinningComparison` has them.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        BinningComparisonDisplay
            The display, drawn. Without a row the picture says so.

        Raises
        ------
        ValueError
            If a column is missing, or a profit is not finite.
        MissingExtraError
            If matplotlib is not installed.
        """
        return cls(**_read_comparison(table)).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_ways, 6)
            One row per way, from the top, with the columns method, tiers, profit,
            ci_low, ci_high and promised.
        """
        texts = {
            name: pd.Series([str(text) for text in getattr(self, name)], dtype=object)
            for name in _TEXTS
        }
        numbers = {
            name: np.asarray(getattr(self, name), dtype=np.float64) for name in _NUMBERS
        }
        return pd.DataFrame(texts | numbers)

    def _figure_size(self) -> tuple[float, float]:
        return figure_size(len(self.method))

    def _title(self) -> str:
        if not len(self.method):
            return "Out-of-sample profit per customer"
        first = self.frame().iloc[0]
        return (
            f"Out-of-sample profit per customer: {money_text(first['profit'])} by "
            f"{first['method']}"
        )

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        if frame.empty:
            write_message(ax, "No methods")
            return TITLE_PAD
        return draw_comparison(ax, frame, self.confidence_level)


def _read_comparison(table: Any) -> dict[str, Any]:
    """Return the parameters of the display, or raise."""
    frame = read_table(_OWNER, "table", table, [*_TEXTS, *_NUMBERS])
    numbers = {name: numbers_of(frame, name) for name in _NUMBERS}
    for name in _NUMBERS[:-1]:
        if not np.isfinite(numbers[name]).all():
            rule = f"finite in {name!r}"
            raise InvalidParameterError(_OWNER, "table", rule, numbers[name])
    texts = {name: frame.get_column(name).to_list() for name in _TEXTS}
    return texts | numbers
