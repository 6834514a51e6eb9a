"""RevenueCurveDisplay: the profit that other cut points would have made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import (
    check_int,
    check_outcome,
    check_sample_weight,
    read_columns,
)
from skseg._revenue._row_revenue import check_revenue_as_in_fit, read_row_revenue
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._canvas import TITLE_PAD, axes_size, cut_text, write_message
from ._display import Display
from ._revenue_curve_drawing import cut_labels, draw_curves, draw_legend, figure_height
from ._revenue_curve_numbers import (
    Curve,
    Sums,
    Tiers,
    profit_curve,
    running_sums,
    total_profit,
)
from ._style import money_text

_OWNER = "RevenueCurveDisplay"
# Fitted attributes that are read, beside the parameter missing_tier.
_FITTED = (
    "cut_points_",
    "tiers_",
    "menu_",
    "rules_",
    "segments_",
    "min_size_",
    "max_size_",
)


@dataclass(kw_only=True, eq=False, repr=False)
class RevenueCurveDisplay(Display):
    """Total profit against each cut point, while the other cuts stay where they are.

    The sharper a peak, the more depends on its cut. Use `from_estimator` to make
    one.

    Parameters
    ----------
    segment_names : sequence of str of length n_cuts + 1
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

    segment_names: Sequence[str]
    cut_points: npt.ArrayLike
    value: float
    cut: npt.ArrayLike
    score: npt.ArrayLike
    profit: npt.ArrayLike
    is_legal: npt.ArrayLike
    intervals: npt.ArrayLike | None = None
    score_name: str = "score"

    @classmethod
    def from_estimator(
        cls,
        binner: Any,
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        revenue: Any = None,
        intervals: Any = None,
        max_points: int = 512,
        ax: Any = None,
        title: str | None = None,
    ) -> RevenueCurveDisplay:
        """Draw the profit that the customers would have made with other cuts.

        Parameters
        ----------
        binner : OptimalRevenueBinner or PropensityBinner
            A fitted binner.
        X : frame or array of shape (n_rows, n_columns), default=None
            Customers, with columns as in ``fit``: those of the training, or others.
            Bounds of sizes are taken in proportion to the number of customers. None,
            for a `PropensityBinner` alone: the training rows by their out-of-fold
            propensities, to which its cuts were fitted; as rows of `X` they are new
            ones, whose propensities are those of a model that has seen them.
        y : array-like of shape (n_rows,)
            Their conversions, as in ``fit``, from which profits are computed, whatever
            the response model. The fitted cuts are the optimum, with the profit
            ``value_``, only for the response model "observed" and the customers of the
            training.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the customer three times.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in ``fit``.
        intervals : RevenueBootstrap or array-like of shape (n_cuts, 2), default=None
            Intervals to shade: the result of the ``bootstrap`` of the binner, at its
            default level; its frame, at a level of your choice; or lower and upper
            ends, NaN for none.
        max_points : int, default=512
            Most points of a curve, in [3, inf).
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

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
        coding = getattr(as_fitted(binner), "_coding", None)
        binner, X = _read_binner(as_fitted(binner), X)
        if absent := [name for name in _FITTED if not hasattr(binner, name)]:
            rule = f"a binner with {', '.join(map(repr, absent))}"
            raise InvalidParameterError(_OWNER, "binner", rule, binner)
        if y is None:
            raise InvalidDataError(
                f"{_OWNER} needs the outcome y of the customers X.",
                owner=_OWNER,
                name="y",
                rule="the outcome of the customers X",
            )
        max_points = _check_max_points(max_points)
        intervals = _check_intervals(intervals, len(binner.cut_points_))
        score_name, scores = _read_scores(binner, X)
        if coding is not None and coding.classes is not None:
            y = coding.numbers(_OWNER, y, len(scores))
        outcome = check_outcome(_OWNER, y, np.ones(len(scores), dtype=bool))
        weight = check_sample_weight(sample_weight, len(scores))
        row_revenue = read_row_revenue(_OWNER, revenue, len(scores))
        has_revenue = getattr(binner, "_has_revenue", False)
        check_revenue_as_in_fit(_OWNER, row_revenue, has_revenue=has_revenue)
        if row_revenue is not None:
            outcome = outcome * row_revenue
        sums = running_sums(scores, outcome, weight)
        if len(sums.scores) == 0:
            raise InvalidDataError(
                f"{_OWNER} needs customers with a score. All rows have NaN or no "
                "weight.",
                owner=_OWNER,
                name="X",
                rule="customers with a score and a weight above zero",
            )
        tiers, bounds = _read_tiers(binner), _read_bounds(binner, sums)
        curves = [
            profit_curve(tiers, sums, cut, bounds, max_points)
            for cut in range(len(tiers.cuts))
        ]
        display = cls(
            # The last segment is that of the customers without a score.
            segment_names=[str(name) for name in binner.segments_["name"].iloc[:-1]],
            cut_points=tiers.cuts,
            value=total_profit(tiers, sums),
            **_points(curves),
            intervals=intervals,
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
        pairs = [" | ".join(pair) for pair in pairwise(map(str, self.segment_names))]
        return pd.DataFrame(
            {
                "cut": cut,
                "name": np.array(pairs, dtype=object)[cut],
                "score": np.asarray(self.score, dtype=np.float64),
                "profit": np.asarray(self.profit, dtype=np.float64),
                "is_legal": np.asarray(self.is_legal, dtype=bool),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        n_cuts = len(self.segment_names) - 1
        return (9.5, figure_height(self.segment_names)) if n_cuts else (7.0, 2.0)

    def _title(self) -> str:
        is_cut = len(self.segment_names) > 1
        profit = f", {money_text(self.value)} at the fitted cuts" if is_cut else ""
        return f"Profit by cut point{profit}"

    def _draw(self, ax: Any) -> float:
        names = [str(name) for name in self.segment_names]
        if len(names) == 1:
            message = (
                f"All scores are in one tier, {names[0]}: there is no cut to move."
            )
            write_message(ax, message)
            return TITLE_PAD
        cut_points = np.asarray(self.cut_points, dtype=np.float64)
        intervals = None if self.intervals is None else np.asarray(self.intervals)
        frame = self.frame()
        draw_curves(ax, frame, cut_points, self.value, intervals)
        draw_legend(
            ax,
            cut_labels(ax, names, cut_points),
            len(cut_points),
            has_illegal=not frame["is_legal"].all(),
            has_intervals=intervals is not None,
        )
        label = cut_text(ax, f"Cut point: {self.score_name}", axes_size(ax)[0], 10.0)
        ax.set_xlabel(label, parse_math=False)
        return TITLE_PAD


def _points(curves: list[Curve]) -> dict[str, npt.NDArray[Any]]:
    """Return the points of all curves, one curve after another."""
    lengths = [len(curve.score) for curve in curves]
    return {
        "cut": np.repeat(np.arange(len(curves)), lengths),
        "score": np.concatenate([[], *(curve.score for curve in curves)]),
        "profit": np.concatenate([[], *(curve.profit for curve in curves)]),
        "is_legal": np.concatenate(
            [np.zeros(0, dtype=bool), *(curve.is_legal for curve in curves)]
        ),
    }


def _read_binner(binner: Any, X: Any) -> tuple[Any, Any]:
    """Return the binner of scores, and its rows; those of a model are propensities."""
    if not hasattr(binner, "predict_propensity"):
        if X is None:
            raise InvalidDataError(
                f"{_OWNER} needs the customers X, unless the binner is a "
                "PropensityBinner, which keeps the propensities of its training rows.",
                owner=_OWNER,
                name="X",
                rule="given, unless the binner is a PropensityBinner",
            )
        return binner, X
    propensities = binner.propensities_ if X is None else binner.predict_propensity(X)
    (name,) = binner.binner_.feature_names_in_
    return binner.binner_, pd.DataFrame({name: propensities})


def _read_scores(binner: Any, X: Any) -> tuple[str, FloatArray]:
    """Return the name and the values of the score that a binner cuts."""
    # The rules of a binner are about its score alone.
    (name,) = binner.rules_.columns
    columns = read_columns(binner, X, reset=False)
    columns.require([name])
    return name, columns.numbers(name)


def _read_tiers(binner: Any) -> Tiers:
    menu = binner.menu_
    # The last segment is that of the customers without a score.
    *tiers, missing_tier = binner.tiers_
    return Tiers(
        np.asarray(binner.cut_points_, dtype=np.float64),
        np.array(tiers, dtype=np.intp),
        (menu["revenue"] * menu["response"]).to_numpy(dtype=np.float64),
        menu["cost"].to_numpy(dtype=np.float64),
        menu["fixed_cost"].to_numpy(dtype=np.float64),
        int(missing_tier),
    )


def _read_bounds(binner: Any, sums: Sums) -> tuple[float, float]:
    """Return the bounds of sizes, scaled from the customers of fit to these."""
    n_fitted = float(binner.segments_["n"].iloc[:-1].sum())
    scale = float(sums.n[-1]) / n_fitted
    return binner.min_size_ * scale, binner.max_size_ * scale


def _check_max_points(max_points: Any) -> int:
    try:
        return check_int(_OWNER, "max_points", max_points, 3, 2**63)
    except ValueError:
        rule = "an int in [3, inf)"
        raise InvalidParameterError(_OWNER, "max_points", rule, max_points) from None


def _check_intervals(intervals: Any, n_cuts: int) -> FloatArray | None:
    """Return the intervals of the cuts, lower ends first, or raise."""
    if intervals is None:
        return None
    table = intervals.frame() if hasattr(intervals, "frame") else intervals
    if isinstance(table, pd.DataFrame) and {"kind", "ci_low", "ci_high"} <= set(table):
        table = table.loc[table["kind"] == "cut", ["ci_low", "ci_high"]]
    rule = f"a RevenueBootstrap, or of shape ({n_cuts}, 2), one interval a cut"
    try:
        array = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidParameterError(_OWNER, "intervals", rule, intervals) from None
    if array.size == 0 and n_cuts == 0:
        return None
    if array.shape != (n_cuts, 2) or (array[:, 0] > array[:, 1]).any():
        rule += ", its lower end first"
        raise InvalidParameterError(_OWNER, "intervals", rule, intervals)
    return array
