"""FeatureHeatmapDisplay: how segments differ from all rows, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_array

from skseg._core._numeric_rows import numeric_rows
from skseg._core._validation import check_int, positional_names
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, RuleError
from skseg.rules import Columns
from skseg.rules._frames import read_frame

from ._canvas import TITLE_PAD
from ._display import Display
from ._feature_heatmap_drawing import draw_heatmap, figure_size
from ._reading import Segments, check_rows, read_fitted, read_segments, rows_of_fit

_OWNER = "FeatureHeatmapDisplay"
_MOST_FEATURES = 200


@dataclass(kw_only=True, eq=False, repr=False)
class FeatureHeatmapDisplay(Display):
    """Means of the features in every segment, coloured by how unusual they are.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes, from the top; -1 is noise.
    segment_names : sequence of str of length n_segments
        Segment names, in the same order.
    n : array-like of int of shape (n_segments,)
        Number of rows.
    features : sequence of str of length n_features
        Features, from left to right.
    means : array-like of shape (n_segments, n_features)
        Means of the known values; NaN for none.
    scores : array-like of shape (n_segments, n_features)
        How far these means are from that of all rows, in standard deviations of all
        rows.
    shares : array-like of shape (n_features,)
        Share of the variance that is between segments, in [0, 1].
    n_total : int, default=None
        Number of features of which these are the first. None: these are all.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentProjectionDisplay : Where the segments are.

    Notes
    -----
    Features come in the order of the share of their variance that is between segments
    (eta squared), noise being one of them: what tells segments apart is at the left.
    Missing values are left out, feature by feature. Colours do not get darker beyond 2
    standard deviations.

    Means and deviations are those of the values as they are. A few absurd values of a
    feature make everything else in it look usual.

    Examples
    --------
    >>> import pandas as pd
    >>> from skseg.displays import FeatureHeatmapDisplay
    >>> X = pd.DataFrame({"age": [20, 60, 22, 58], "orders": [1, 2, 8, 9]})
    >>> display = FeatureHeatmapDisplay.from_predictions(
    ...     X, [0, 0, 1, 1], segment_names=["Rare", "Often"]
    ... )
    >>> display.frame().round(2)
       code   name  n feature  mean  score  share
    0     0   Rare  2  orders   1.5  -0.99   0.98
    1     0   Rare  2     age  40.0   0.00   0.00
    2     1  Often  2  orders   8.5   0.99   0.98
    3     1  Often  2     age  40.0   0.00   0.00
    """

    codes: npt.ArrayLike
    segment_names: Sequence[str]
    n: npt.ArrayLike
    features: Sequence[str]
    means: npt.ArrayLike
    scores: npt.ArrayLike
    shares: npt.ArrayLike
    n_total: int | None = None

    @classmethod
    def from_estimator(
        cls,
        segmenter: Any,
        X: Any,
        *,
        features: Any = None,
        max_features: int = 20,
        ax: Any = None,
        title: str | None = None,
    ) -> FeatureHeatmapDisplay:
        """Draw the means of rows by a fitted segmenter.

        Parameters
        ----------
        segmenter : estimator
            Any fitted clusterer or segmenter, or a pipeline that ends in one.
        X : frame or array of shape (n_rows, n_columns)
            Rows as the segmenter takes them; those of the training if it has no
            ``predict``. A frame may have more columns, in any order.
        features : frame or array of shape (n_rows, n_features), default=None
            What to show of these rows, such as columns in their own units. None: the
            columns of ``fit`` as they are in `X`, not what a scaler before the
            clusterer makes of them.
        max_features : int, default=20
            Most features to show, in [1, 200]: those that tell segments apart best.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        FeatureHeatmapDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the rows cannot be predicted, or no feature is numeric.
        MissingExtraError
            If matplotlib is not installed.

        Notes
        -----
        Numeric and bool columns of a frame are shown, texts and dates are not.
        """
        rows = rows_of_fit(_OWNER, segmenter, X)
        segments = read_fitted(_OWNER, segmenter, rows)
        shown = rows if features is None else features
        numbers = _numbers(shown, segments, max_features)
        return cls(**numbers).plot(ax=ax, title=title)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        labels: npt.ArrayLike,
        *,
        segment_names: Sequence[str] | None = None,
        max_features: int = 20,
        ax: Any = None,
        title: str | None = None,
    ) -> FeatureHeatmapDisplay:
        """Draw the means of rows of given segments.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Features in any unit, with NaN for unknown values. Numeric and bool columns
            of a frame are shown, texts and dates are not.
        labels : array-like of int or str of shape (n_rows,)
            Segment codes, or names of `segment_names`; -1 is noise, and the last row.
        segment_names : sequence of str, default=None
            Names; a code is a position here, and a last name "Noise" is that of -1.
            None: ``"0"``, ``"1"``, ... up to the largest code.
        max_features : int, default=20
            Most features to show, in [1, 200]: those that tell segments apart best.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        FeatureHeatmapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the labels are not codes of the names, or no feature is numeric.
        MissingExtraError
            If matplotlib is not installed.
        """
        segments = read_segments(_OWNER, labels, segment_names)
        return cls(**_numbers(X, segments, max_features)).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments * n_features, 7)
            One row per cell, with the columns code, name, n (rows of the segment),
            feature, mean, score (difference to the mean of all rows in standard
            deviations) and share (of the variance of the feature between segments).
        """
        n_segments, n_features = np.shape(self.means)
        names = np.array(self.segment_names, dtype=object)
        return pd.DataFrame(
            {
                "code": np.repeat(np.asarray(self.codes), n_features),
                "name": np.repeat(names, n_features),
                "n": np.repeat(np.asarray(self.n), n_features),
                "feature": np.tile(np.array(self.features, dtype=object), n_segments),
                "mean": np.asarray(self.means, dtype=np.float64).ravel(),
                "score": np.asarray(self.scores, dtype=np.float64).ravel(),
                "share": np.tile(np.asarray(self.shares, np.float64), n_segments),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        n_segments, n_features = np.shape(self.means)
        return figure_size(n_features, n_segments)

    def _title(self) -> str:
        n_features = np.shape(self.means)[1]
        total = self.n_total or n_features
        of = f", {n_features} of {total} features" if total > n_features else ""
        return f"Means by segment{of}"

    def _draw(self, ax: Any) -> float:
        draw_heatmap(
            ax,
            np.asarray(self.means, dtype=np.float64),
            np.asarray(self.scores, dtype=np.float64),
            list(zip(map(str, self.segment_names), np.asarray(self.n), strict=True)),
            list(zip(map(str, self.features), np.asarray(self.shares), strict=True)),
        )
        return TITLE_PAD


def _numbers(X: Any, segments: Segments, max_features: int) -> dict[str, Any]:
    """Return the parameters of the display."""
    max_features = check_int(_OWNER, "max_features", max_features, 1, _MOST_FEATURES)
    values, features = _read_numeric(X)
    check_rows(_OWNER, len(values), len(segments.codes))
    shown = segments.shown
    is_known = ~np.isnan(values)
    known = np.where(is_known, values, 0.0)
    belongs = segments.codes == shown[:, None]
    counts = belongs.astype(np.float64) @ is_known
    total = is_known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        # 0 / 0: what has no known value has no mean.
        means = (belongs @ known) / counts
        mean = known.sum(axis=0) / total
        square = (np.where(is_known, values - mean, 0.0) ** 2).sum(axis=0)
        deviation = np.sqrt(square / total)
    # A constant feature is as usual everywhere.
    is_constant = ~(square > 0)
    distance = np.where(is_constant, means * 0, means - mean)
    scores = distance / np.where(is_constant, 1.0, deviation)
    between = (counts * np.nan_to_num(distance) ** 2).sum(axis=0)
    shares = between / np.where(is_constant, 1.0, square)
    order = np.argsort(-shares, kind="stable")[:max_features]
    return {
        "codes": shown,
        "segment_names": segments.names_of(shown),
        "n": segments.sizes[shown],
        "features": [features[i] for i in order],
        "means": means[:, order],
        "scores": scores[:, order],
        "shares": shares[order].clip(0.0, 1.0),
        "n_total": len(features),
    }


def _read_numeric(X: Any) -> tuple[FloatArray, list[str]]:
    """Return the numeric columns, NaN where they are missing, and their names."""
    frame = read_frame(X, _OWNER)
    if frame is None:
        values = numeric_rows(_OWNER, X, ensure_all_finite="allow-nan")
        return values, positional_names(values.shape[1])
    columns = Columns(frame, _OWNER)
    names = [name for name in frame.columns if _holds_numbers(columns, frame[name])]
    if not names:
        raise InvalidDataError(
            f"{_OWNER} needs numeric or bool columns. Got the columns "
            f"{', '.join(map(repr, frame.columns))} without one.",
            owner=_OWNER,
            name="X",
            rule="a frame with numeric or bool columns",
            value=tuple(frame.columns),
        )
    values = np.column_stack([columns.numbers(name) for name in names])
    values = check_array(
        values, dtype=np.float64, ensure_all_finite="allow-nan", estimator=_OWNER
    )
    return values, names


def _holds_numbers(columns: Columns, series: nw.Series[Any]) -> bool:
    """Tell whether a column holds numbers or flags, as objects and categories may."""
    if series.dtype not in (nw.Object, nw.Categorical):
        return series.dtype.is_numeric() or series.dtype == nw.Boolean
    try:
        return not np.isnan(columns.numbers(series.name)).all()
    except RuleError:
        return False
