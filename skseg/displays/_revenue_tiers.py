"""RevenueTiersDisplay: customers, conversions and profit of every tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._canvas import TITLE_PAD
from ._display import Display
from ._reading import read_table
from ._revenue_tiers_drawing import draw_tiers
from ._style import money_text

_OWNER = "RevenueTiersDisplay"
_COLUMNS = ["name", "n", "conversions", "profit"]


@dataclass(kw_only=True, eq=False, repr=False)
class RevenueTiersDisplay(Display):
    """Bars of the customers in every tier, with a line of their conversions.

    Bars are coloured by conversion rate, and the profit per customer is written above
    them. Use `from_estimator` or `from_table` to make one.

    Parameters
    ----------
    segment_names : sequence of str of length n_segments
        Segment names, in the order of the bars from the left.
    n : array-like of shape (n_segments,)
        Number of customers, or sum of their weights. A segment with none has no bar.
    conversions : array-like of shape (n_segments,)
        Conversions of all customers in the segment.
    profit : array-like of shape (n_segments,)
        Revenue minus costs of all customers in the segment, in currency.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the bars.
    line_ax_ : matplotlib Axes or None
        The axes of the line, which share their x axis; None if there are no customers.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    RevenueCurveDisplay : What other cut points would have made.

    Examples
    --------
    >>> from skseg import OptimalRevenueBinner
    >>> from skseg.displays import RevenueTiersDisplay
    >>> scores = [[0.1], [0.2], [0.3], [0.7], [0.8], [0.9]]
    >>> converted = [0, 0, 0, 1, 0, 1]
    >>> binner = OptimalRevenueBinner(
    ...     2, revenue=10, response=[1, 2], cost=[0, 4], segment_names=["None", "Call"]
    ... )
    >>> display = RevenueTiersDisplay.from_estimator(binner.fit(scores, converted))
    >>> display.frame()[["name", "n", "rate", "profit"]]
           name    n      rate  profit
    0      None  3.0  0.000000     0.0
    1      Call  3.0  0.666667    28.0
    2  No score  0.0       NaN     0.0
    """

    line_ax_: Any = field(init=False)
    segment_names: Sequence[str]
    n: npt.ArrayLike
    conversions: npt.ArrayLike
    profit: npt.ArrayLike

    @classmethod
    def from_estimator(
        cls,
        binner: Any,
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        revenue: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> RevenueTiersDisplay:
        """Draw the tiers of a fitted binner.

        Parameters
        ----------
        binner : estimator
            A fitted binner whose ``segments_`` are a frame as in `from_table`, such as
            `OptimalRevenueBinner`, or a `PropensityBinner` around one.
        X : frame or array of shape (n_rows, n_columns), default=None
            Other customers, to see what the tiers make of them; for this the binner
            needs ``evaluate``. None: those of ``fit``, with the numbers in
            ``segments_``; conversions there are those of the response model.
        y : array-like of shape (n_rows,), default=None
            Their conversions, as in ``fit``; given if and only if `X` is.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the customer three times. Only with `X`: of those of
            ``fit`` the weights are known.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in ``fit``; only with
            `X`.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RevenueTiersDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If the binner has no revenue to show or cannot evaluate customers, or the
            customers are not as in ``fit``.
        MissingExtraError
            If matplotlib is not installed.
        """
        binner = as_fitted(binner)
        if not hasattr(binner, "segments_"):
            rule = "a binner with 'segments_'"
            raise InvalidParameterError(_OWNER, "binner", rule, binner)
        if X is None:
            by_row = {"y": y, "sample_weight": sample_weight, "revenue": revenue}
            for name, value in by_row.items():
                if value is not None:
                    raise InvalidParameterError(_OWNER, name, "None where X is", value)
            return cls.from_table(binner.segments_, ax=ax, title=title)
        if y is None:
            raise InvalidDataError(
                f"{_OWNER} needs the outcome y of the customers X.",
                owner=_OWNER,
                name="y",
                rule="the outcome of the customers X",
            )
        if not hasattr(binner, "evaluate"):
            rule = "a binner with 'evaluate', unless X is None"
            raise InvalidParameterError(_OWNER, "binner", rule, binner)
        by_row = {"sample_weight": sample_weight, "revenue": revenue}
        by_row = {name: value for name, value in by_row.items() if value is not None}
        return cls.from_table(binner.evaluate(X, y, **by_row), ax=ax, title=title)

    @classmethod
    def from_table(
        cls, table: Any, *, ax: Any = None, title: str | None = None
    ) -> RevenueTiersDisplay:
        """Draw tiers given as a table.

        Parameters
        ----------
        table : frame of shape (n_segments, n_columns)
            With the columns ``name``, ``n``, ``conversions`` and ``profit``, as
            ``segments_`` and ``evaluate`` of `OptimalRevenueBinner` have them.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RevenueTiersDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a column is missing, or a number is not finite, or negative in ``n``.
        MissingExtraError
            If matplotlib is not installed.
        """
        display = cls(**_check_table(table))
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments, 6)
            One row per segment, also of those without customers, with the columns name,
            n, conversions, rate, profit and profit_per_customer; rate and
            profit_per_customer are NaN where n is 0.
        """
        n = np.asarray(self.n, dtype=np.float64)
        conversions = np.asarray(self.conversions, dtype=np.float64)
        profit = np.asarray(self.profit, dtype=np.float64)
        known = np.where(n > 0, n, np.nan)
        return pd.DataFrame(
            {
                "name": list(self.segment_names),
                "n": n,
                "conversions": conversions,
                "rate": conversions / known,
                "profit": profit,
                "profit_per_customer": profit / known,
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        n_shown = int((np.asarray(self.n) > 0).sum())
        return min(max(3.0 + 1.1 * n_shown, 7.0), 16.0), 4.8

    def _title(self) -> str:
        return f"Profit by tier, {money_text(float(np.sum(self.profit)))} in all"

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        self.line_ax_ = draw_tiers(ax, frame[frame["n"] > 0].reset_index(drop=True))
        return TITLE_PAD


def _check_table(table: Any) -> dict[str, Any]:
    frame = read_table(_OWNER, "table", table, _COLUMNS)
    columns: dict[str, Any] = {
        name: frame.get_column(name).to_numpy().astype(np.float64)
        for name in _COLUMNS[1:]
    }
    for name, values in columns.items():
        bad = ~np.isfinite(values) | ((values < 0) & (name == "n"))
        if bad.any():
            rule = "finite and not negative" if name == "n" else "finite"
            raise InvalidParameterError(
                _OWNER, "table", f"{rule} in {name!r}", values[bad]
            )
    columns["segment_names"] = [
        str(name) for name in frame.get_column("name").to_list()
    ]
    return columns
