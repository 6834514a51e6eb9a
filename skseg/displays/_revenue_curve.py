"""RevenueCurveDisplay: what other cut points would have made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import (
    check_outcome,
    check_sample_weight,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._drawing import open_axes
from ._revenue_curve_drawing import (
    add_legend,
    cut_labels,
    draw_curves,
    legend_height,
    write_message,
)
from ._revenue_curve_numbers import Curve, profit_curve, sums_of, total_profit
from ._revenue_curve_reading import (
    check_intervals,
    check_max_points,
    read_bounds,
    read_scores,
    read_tiers,
)
from ._revenue_tiers_drawing import money_text

_OWNER = "RevenueCurveDisplay"
# What is read of a binner, beside its parameter missing_tier.
_FITTED = ("cut_points_", "tiers_", "menu_", "segments_", "min_size_", "max_size_")


class RevenueCurveDisplay:
    """Total profit against each cut point, while the other cuts stay where they are.

    How sharp a peak is tells how much hangs on its cut. Use `from_estimator` to make
    one.

    Parameters
    ----------
    names : sequence of str of length n_cuts + 1
        Names of the tiers, from the lowest score up; a cut is between two of them.
    cut_points : array-like of shape (n_cuts,)
        Where the cuts are, ascending.
    value : float
        Total profit there, in currency.
    cut : array-like of int of shape (n_points,)
        Index of the cut that moves, ascending.
    score : array-like of shape (n_points,)
        Where this cut is moved to, ascending for each cut.
    profit : array-like of shape (n_points,)
        Total profit with the cut there.
    is_legal : array-like of bool of shape (n_points,)
        Whether both tiers at the cut keep the bounds of sizes.
    intervals : array-like of shape (n_cuts, 2), default=None
        Lower and upper end of an interval for every cut; NaN for none.
    score_name : str, default="score"
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    RevenueTiersDisplay : What the tiers between the cuts make.

    Notes
    -----
    A cut moves between its neighbours, or to the end of the scores, where one of its
    tiers is empty and its fixed cost saved. Budget, order of rates and mode of the
    binner are not looked at: a curve can be higher elsewhere if they forbid it, or
    where it is grey, which is where a tier breaks a bound of sizes.

    Examples
    --------
    >>> from skseg import OptimalRevenueBinner
    >>> from skseg.displays import RevenueCurveDisplay
    >>> scores = [[0.1], [0.2], [0.3], [0.7], [0.8], [0.9]]
    >>> converted = [0, 0, 0, 1, 0, 1]
    >>> binner = OptimalRevenueBinner(
    ...     2, revenue=10, response=[1, 2], cost=[0, 4], segment_names=["None", "Call"]
    ... ).fit(scores, converted)
    >>> display = RevenueCurveDisplay.from_estimator(binner, scores, converted)
    >>> display.frame().round(2)
       cut         name  score  profit  is_legal
    0    0  None | Call   0.10    16.0     False
    1    0  None | Call   0.15    20.0      True
    2    0  None | Call   0.25    24.0      True
    3    0  None | Call   0.50    28.0      True
    4    0  None | Call   0.75    22.0      True
    5    0  None | Call   0.85    26.0      True
    6    0  None | Call   0.90    20.0     False
    """

    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        names: Sequence[str],
        cut_points: npt.ArrayLike,
        value: float,
        cut: npt.ArrayLike,
        score: npt.ArrayLike,
        profit: npt.ArrayLike,
        is_legal: npt.ArrayLike,
        intervals: npt.ArrayLike | None = None,
        score_name: str = "score",
    ) -> None:
        self.names = names
        self.cut_points = cut_points
        self.value = value
        self.cut = cut
        self.score = score
        self.profit = profit
        self.is_legal = is_legal
        self.intervals = intervals
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        binner: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        intervals: Any = None,
        max_points: int = 512,
        ax: Any = None,
        title: str | None = None,
    ) -> RevenueCurveDisplay:
        """Draw what the customers would have made with the cuts elsewhere.

        Parameters
        ----------
        binner : OptimalRevenueBinner
            A fitted binner. Of a `PropensityBinner` pass ``binner_``, and
            ``propensities_`` as the column "propensity" of `X`.
        X : frame or array of shape (n_rows, n_columns)
            Customers, with columns as in ``fit``: those of the training, or others.
            Bounds of sizes are taken in proportion to the number of customers.
        y : array-like of shape (n_rows,)
            Their conversions. These are what profits are computed from, whatever the
            response model: only for "observed", on the customers of the training, are
            the fitted cuts the optimum and the profit there is ``value_``.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the customer three times.
        intervals : RevenueBootstrap or array-like of shape (n_cuts, 2), default=None
            What the ``bootstrap`` of the binner gives, of which the intervals at its
            default level are shown; or their frame, at a level of your choice; or lower
            and upper ends, NaN for none. They are shaded.
        max_points : int, default=512
            Most points to compute of a curve, in [3, inf).
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

        Returns
        -------
        RevenueCurveDisplay
            The display, drawn. If there is one tier for all, and so no cut, the picture
            says so.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        ValueError
            If the binner has no cuts, the customers are not as in ``fit``, none has a
            score, or the intervals are not those of the cuts.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_is_fitted(binner)
        needed = (*_FITTED, "missing_tier")
        if absent := [name for name in needed if not hasattr(binner, name)]:
            rule = f"a binner with {', '.join(map(repr, absent))}"
            raise InvalidParameterError(_OWNER, "binner", rule, binner)
        if y is None:
            raise InvalidDataError(f"{_OWNER} needs the outcome y of the customers X.")
        max_points = check_max_points(max_points)
        ends = check_intervals(intervals, len(binner.cut_points_))
        score_name, scores = read_scores(binner, X)
        outcome = check_outcome(_OWNER, y, np.ones(len(scores), dtype=bool))
        weight = check_sample_weight(sample_weight, len(scores))
        sums = sums_of(scores, outcome, weight)
        if len(sums.scores) == 0:
            raise InvalidDataError(
                f"{_OWNER} needs customers with a score. All rows have NaN or no "
                "weight."
            )
        tiers, bounds = read_tiers(binner), read_bounds(binner, sums)
        curves = [
            profit_curve(tiers, sums, cut, bounds, max_points)
            for cut in range(len(tiers.cuts))
        ]
        display = cls(
            # The last segment is that of the customers without a score.
            names=[str(name) for name in binner.segments_["name"].iloc[:-1]],
            cut_points=tiers.cuts,
            value=total_profit(tiers, sums),
            **_joined(curves),
            intervals=ends,
            score_name=score_name,
        )
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_points, 5)
            One row per point of a curve, with the columns cut (index of the cut that
            moves), name (of the tiers it is between, "None | E-mail"), score (where it
            is moved to), profit (of all tiers) and is_legal.
        """
        cut = np.asarray(self.cut, dtype=np.intp)
        pairs = [" | ".join(pair) for pair in pairwise(map(str, self.names))]
        return pd.DataFrame(
            {
                "cut": cut,
                "name": np.array(pairs, dtype=object)[cut],
                "score": np.asarray(self.score, dtype=np.float64),
                "profit": np.asarray(self.profit, dtype=np.float64),
                "is_legal": np.asarray(self.is_legal, dtype=bool),
            }
        )

    def plot(self, ax: Any = None, *, title: str | None = None) -> RevenueCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure.
        title : str, default=None
            Title. None: one that says what is shown; an empty one for no title.

        Returns
        -------
        RevenueCurveDisplay
            The display itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        cut_points = np.asarray(self.cut_points, dtype=np.float64)
        labels = cut_labels(self.names, cut_points)
        is_own = ax is None
        size = (9.5, max(5.0, 1.5 + legend_height(labels))) if labels else (7.0, 2.0)
        ax = open_axes(ax, size)
        if title is None:
            made = f", {money_text(self.value)} at the fitted cuts" if labels else ""
            title = f"Profit by cut point{made}"
        ax.set_title(title, loc="left", fontweight="bold", parse_math=False)
        if not labels:
            where = f"All scores are in one tier, {self.names[0]}"
            write_message(ax, f"{where}: there is no cut to move.")
        else:
            ends = None if self.intervals is None else np.asarray(self.intervals)
            frame = self.frame()
            draw_curves(ax, frame, cut_points, self.value, ends)
            add_legend(
                ax,
                labels,
                len(cut_points),
                has_illegal=not frame["is_legal"].all(),
                has_intervals=ends is not None,
                is_own=is_own,
            )
            ax.set_xlabel(f"Cut point: {self.score_name}", parse_math=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _joined(curves: list[Curve]) -> dict[str, npt.NDArray[Any]]:
    lengths = [len(curve.score) for curve in curves]
    return {
        "cut": np.repeat(np.arange(len(curves)), lengths),
        "score": np.concatenate([[], *(curve.score for curve in curves)]),
        "profit": np.concatenate([[], *(curve.profit for curve in curves)]),
        "is_legal": np.concatenate(
            [np.zeros(0, dtype=bool), *(curve.is_legal for curve in curves)]
        ),
    }
