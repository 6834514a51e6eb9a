"""SegmentProjectionDisplay: the segments in the plane in which rows differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import check_random_state

from skseg._core._validation import check_int
from skseg._core._wrapped import cluster_space
from skseg._typing import FloatArray

from ._canvas import TITLE_PAD
from ._display import Display
from ._projection_drawing import draw_projection
from ._reading import (
    Segments,
    check_rows,
    column_names,
    read_features,
    read_fitted,
    read_segments,
    rows_of_fit,
    space_names,
)
from ._style import MINUS

_OWNER = "SegmentProjectionDisplay"


@dataclass(kw_only=True, eq=False, repr=False)
class SegmentProjectionDisplay(Display):
    """Rows and centroids of segments, projected on their two principal directions.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    points : array-like of shape (n_points, 2)
        Places of the rows that are drawn.
    labels : array-like of int of shape (n_points,)
        Their segment codes; -1 is noise.
    codes : array-like of int of shape (n_segments,)
        Codes of the segments that have rows, noise as the last one.
    segment_names : sequence of str of length n_segments
        Names of these segments.
    n : array-like of int of shape (n_segments,)
        Number of all rows in them, drawn or not.
    centroids : array-like of shape (n_segments, 2)
        Means of all their rows; NaN for noise.
    explained : array-like of shape (2,)
        Share of the variance of all rows along each direction.
    loadings : array-like of shape (2, n_features)
        Weights of the features in each direction; their squares sum up to 1.
    features : sequence of str of length n_features
        Names of the features.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    FeatureHeatmapDisplay : What tells the segments apart.
    SilhouetteDisplay : How far they are apart in all directions.

    Notes
    -----
    The plane is that of a principal component analysis of the rows, noise included, in
    the space of the clusterer. It shows a share of the variance only, which the axes
    say: segments that overlap here may be apart in another direction.

    Examples
    --------
    >>> from skseg.displays import SegmentProjectionDisplay
    >>> X = [[0.0, 1.0], [0.0, 2.0], [9.0, 1.0], [9.0, 2.0]]
    >>> display = SegmentProjectionDisplay.from_predictions(
    ...     X, [0, 0, 1, 1], segment_names=["Near", "Far"]
    ... )
    >>> display.frame()
       code  name  n    x    y
    0     0  Near  2 -4.5  0.0
    1     1   Far  2  4.5  0.0
    """

    points: npt.ArrayLike
    labels: npt.ArrayLike
    codes: npt.ArrayLike
    segment_names: Sequence[str]
    n: npt.ArrayLike
    centroids: npt.ArrayLike
    explained: npt.ArrayLike
    loadings: npt.ArrayLike
    features: Sequence[str]

    @classmethod
    def from_estimator(
        cls,
        segmenter: Any,
        X: Any,
        *,
        max_points: int = 2000,
        random_state: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentProjectionDisplay:
        """Draw rows and their segments by a fitted segmenter.

        Parameters
        ----------
        segmenter : estimator
            Any fitted clusterer or segmenter, or a pipeline that ends in one.
        X : frame or array of shape (n_rows, n_columns)
            Rows as the segmenter takes them; those of the training if it has no
            ``predict``. What is projected is what the clusterer at the end of a
            pipeline sees. A frame may have more columns, in any order.
        max_points : int, default=2000
            Most rows to draw, in [1, 1000000]: of more, a random sample. Centroids and
            directions are of all rows.
        random_state : int, RandomState or None, default=None
            Seed of the sample, and of the order in which points are drawn.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentProjectionDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the rows cannot be predicted, or are no finite numbers.
        MissingExtraError
            If matplotlib is not installed.
        """
        X = rows_of_fit(_OWNER, segmenter, X)
        segments = read_fitted(_OWNER, segmenter, X)
        rows = cluster_space(_OWNER, segmenter, X)
        check_rows(_OWNER, len(rows), len(segments.codes))
        features = space_names(segmenter, X, rows.shape[1])
        numbers = _numbers(rows, segments, features, max_points, random_state)
        return cls(**numbers).plot(ax=ax, title=title)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        labels: npt.ArrayLike,
        *,
        segment_names: Sequence[str] | None = None,
        max_points: int = 2000,
        random_state: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentProjectionDisplay:
        """Draw rows of given segments.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Rows in comparable units, such as standardized ones; finite numbers.
        labels : array-like of int or str of shape (n_rows,)
            Segment codes, or names of `segment_names`; -1 is noise.
        segment_names : sequence of str, default=None
            Names; a code is a position here, and a last name "Noise" is that of -1.
            None: ``"0"``, ``"1"``, ... up to the largest code.
        max_points : int, default=2000
            Most rows to draw, in [1, 1000000]: of more, a random sample. Centroids and
            directions are of all rows.
        random_state : int, RandomState or None, default=None
            Seed of the sample, and of the order in which points are drawn.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentProjectionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the labels are not codes of the names, or the rows no finite numbers.
        MissingExtraError
            If matplotlib is not installed.
        """
        segments = read_segments(_OWNER, labels, segment_names)
        rows = read_features(_OWNER, X, len(segments.codes))
        features = column_names(X, rows.shape[1])
        numbers = _numbers(rows, segments, features, max_points, random_state)
        return cls(**numbers).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments, 5)
            One row per segment that has rows, noise as the last one, with the columns
            code, name, n, x and y (of its centroid; NaN for noise).
        """
        centroids = np.asarray(self.centroids, dtype=np.float64)
        return pd.DataFrame(
            {
                "code": np.asarray(self.codes),
                "name": pd.Series(list(self.segment_names), dtype=object),
                "n": np.asarray(self.n),
                "x": centroids[:, 0],
                "y": centroids[:, 1],
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        return 8.5, 6.0

    def _title(self) -> str:
        total, drawn = int(np.sum(self.n)), len(np.asarray(self.points))
        of = f"{drawn:,} of {total:,}" if drawn < total else f"{total:,}"
        return f"Segments of {of} {'row' if total == 1 else 'rows'}"

    def _draw(self, ax: Any) -> float:
        draw_projection(
            ax,
            self.frame(),
            np.asarray(self.points, dtype=np.float64),
            np.asarray(self.labels),
            [
                (float(share), _leading(weights, self.features))
                for share, weights in zip(
                    np.asarray(self.explained), np.asarray(self.loadings), strict=True
                )
            ],
        )
        return TITLE_PAD


def _numbers(
    X: FloatArray,
    segments: Segments,
    features: Sequence[str],
    max_points: int,
    random_state: Any,
) -> dict[str, Any]:
    """Return the parameters of the display."""
    max_points = check_int(_OWNER, "max_points", max_points, 1, 1_000_000)
    centred = X - X.mean(axis=0)
    explained, loadings = _directions(centred)
    places = centred @ loadings.T
    # In random order, so that no segment covers the others.
    order = check_random_state(random_state).permutation(len(X))[:max_points]
    shown = np.array([code for code in segments.shown if segments.sizes[code]])
    centroids = np.array(
        [
            places[segments.codes == code].mean(axis=0) if code >= 0 else [np.nan] * 2
            for code in shown
        ]
    )
    return {
        "points": places[order],
        "labels": segments.codes[order],
        "codes": shown,
        "segment_names": segments.names_of(shown),
        "n": segments.sizes[shown],
        "centroids": centroids,
        "explained": explained,
        "loadings": loadings,
        "features": features,
    }


def _directions(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the shares of variance and the weights of two principal directions.

    The largest weight of a direction is positive. The second one of a single column,
    and both where all rows are equal, explain nothing.
    """
    variance, vectors = np.linalg.eigh(centred.T @ centred)
    largest = np.argsort(variance)[::-1][:2]
    total = variance.sum()
    explained = variance[largest] / total if total > 0 else np.zeros(len(largest))
    loadings = vectors.T[largest]
    peaks = np.abs(loadings).argmax(axis=1)
    loadings = loadings * np.sign(loadings[np.arange(len(peaks)), peaks])[:, None]
    missing = 2 - len(largest)
    return (
        np.append(explained.clip(0.0), np.zeros(missing)),
        np.concatenate([loadings, np.zeros((missing, centred.shape[1]))]),
    )


def _leading(weights: FloatArray, features: Sequence[str]) -> list[str]:
    """Return up to three features of the largest weights, with their signs.

    Those that weigh less than half of the largest one do not name a direction.
    """
    order = np.argsort(-np.abs(weights), kind="stable")[:3]
    least = np.abs(weights).max() / 2
    # The space does not break, so that a sign stays with its feature.
    return [
        f"{'+' if weights[i] > 0 else MINUS}\N{NO-BREAK SPACE}{features[i]}"
        for i in order
        if weights[i] and abs(weights[i]) >= least
    ]
