"""SilhouetteDisplay: how much nearer rows are to their own segment than to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_int
from skseg._core._wrapped import cluster_space
from skseg._typing import FloatArray
from skseg.metrics import silhouette_samples

from ._clusters_drawing import noise_text, quantile_positions, signed_text
from ._clusters_reading import (
    Segments,
    check_rows,
    read_features,
    read_fitted,
    read_segments,
)
from ._drawing import open_axes
from ._effect_map_drawing import wrap_title
from ._revenue_curve_drawing import write_message
from ._silhouette_drawing import draw_knives, figure_size

_OWNER = "SilhouetteDisplay"


class SilhouetteDisplay:
    r"""Silhouette widths of the rows, sorted within each segment, and their mean.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes, from the top.
    names : sequence of str of length n_segments
        Segment names.
    n : array-like of int of shape (n_segments,)
        Number of rows.
    widths : sequence of n_segments array-likes
        Widths of the rows of each segment in descending order, or evenly spaced ones
        of them. None of a segment without rows.
    mean : array-like of shape (n_segments,)
        Mean width of all rows of the segment; NaN without rows.
    negative_share : array-like of shape (n_segments,)
        Share of its rows that are nearer to another segment; NaN without rows.
    silhouette : float
        Mean width of all rows in segments; NaN with fewer than two segments.
    n_noise : int, default=0
        Number of rows in no segment, which have no width.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skseg.metrics.silhouette_samples : The widths.
    SegmentProjectionDisplay : Where the segments are.

    Notes
    -----
    The width of a row is :math:`(b - a) / \max(a, b)`, where :math:`a` is its mean
    distance to the other rows of its segment, and :math:`b` that to the rows of the
    nearest other segment [1]_. Below 0 a row is nearer to another segment. A knife
    that is long and blunt is a compact segment that stands apart; one that gets thin
    early touches a neighbour.

    Widths favour round segments of about the same size. They cannot say whether there
    are segments at all: one cloud that was cut in two has widths above 0, too.

    References
    ----------
    .. [1] P. J. Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation
       and validation of cluster analysis. Journal of Computational and Applied
       Mathematics 20, 53-65.

    Examples
    --------
    >>> from skseg.displays import SilhouetteDisplay
    >>> X = [[0.0], [1.0], [8.0], [9.0], [5.0]]
    >>> display = SilhouetteDisplay.from_predictions(X, [0, 0, 1, 1, -1])
    >>> display.frame().round(3)
       code name  n   mean  negative_share
    0     0    0  2  0.875             0.0
    1     1    1  2  0.875             0.0
    """

    ax_: Any
    figure_: Any

    def __init__(
        self,
        *,
        codes: npt.ArrayLike,
        names: Sequence[str],
        n: npt.ArrayLike,
        widths: Sequence[npt.ArrayLike],
        mean: npt.ArrayLike,
        negative_share: npt.ArrayLike,
        silhouette: float,
        n_noise: int = 0,
    ) -> None:
        self.codes = codes
        self.names = names
        self.n = n
        self.widths = widths
        self.mean = mean
        self.negative_share = negative_share
        self.silhouette = silhouette
        self.n_noise = n_noise

    @classmethod
    def from_estimator(
        cls,
        segmenter: Any,
        X: Any,
        *,
        metric: str = "euclidean",
        max_points: int = 500,
        random_state: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SilhouetteDisplay:
        """Draw the widths of rows by a fitted segmenter.

        Parameters
        ----------
        segmenter : estimator
            Any fitted clusterer or segmenter, or a pipeline that ends in one.
        X : frame or array of shape (n_rows, n_columns)
            Rows as the segmenter takes them; those of the training if it has no
            ``predict``. Distances are measured between what the clusterer at the end
            of a pipeline sees.
        metric : {"euclidean", "sqeuclidean", "manhattan"}, default="euclidean"
            How far two rows are apart.
        max_points : int, default=500
            Most widths to draw of a segment, in [2, 1000000]. Means are of all rows.
        random_state : int, RandomState or None, default=None
            For Euclidean widths of more than 5,000 rows, which are estimated.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure.
        title : str, default=None
            Title. None: one that says the mean; an empty one for no title.

        Returns
        -------
        SilhouetteDisplay
            The display, drawn. With fewer than two segments the picture says so.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the rows cannot be predicted, are no finite numbers, or are all in
            segments of their own.
        MissingExtraError
            If matplotlib is not installed.
        """
        segments = read_fitted(_OWNER, segmenter, X)
        rows = cluster_space(_OWNER, segmenter, X)
        check_rows(_OWNER, len(rows), len(segments.codes))
        max_points = check_int(_OWNER, "max_points", max_points, 2, 1_000_000)
        numbers = _numbers(rows, segments, metric, max_points, random_state)
        return cls(**numbers).plot(ax=ax, title=title)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        labels: npt.ArrayLike,
        *,
        segment_names: Sequence[str] | None = None,
        metric: str = "euclidean",
        max_points: int = 500,
        random_state: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SilhouetteDisplay:
        """Draw the widths of rows of given segments.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Rows in the units in which distances are to be measured, finite.
        labels : array-like of int of shape (n_rows,)
            Segment codes; -1 is noise, which is left out.
        segment_names : sequence of str, default=None
            Names; a code is a position here, and a last name "Noise" is that of -1.
            None: ``"0"``, ``"1"``, ... up to the largest code.
        metric : {"euclidean", "sqeuclidean", "manhattan"}, default="euclidean"
            How far two rows are apart.
        max_points : int, default=500
            Most widths to draw of a segment, in [2, 1000000]. Means are of all rows.
        random_state : int, RandomState or None, default=None
            For Euclidean widths of more than 5,000 rows, which are estimated.
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure.
        title : str, default=None
            Title. None: one that says the mean; an empty one for no title.

        Returns
        -------
        SilhouetteDisplay
            The display, drawn. With fewer than two segments the picture says so.

        Raises
        ------
        ValueError
            If the labels are not codes of the names, or the rows no finite numbers or
            all in segments of their own.
        MissingExtraError
            If matplotlib is not installed.
        """
        segments = read_segments(_OWNER, labels, segment_names)
        rows = read_features(_OWNER, X, len(segments.codes))
        max_points = check_int(_OWNER, "max_points", max_points, 2, 1_000_000)
        numbers = _numbers(rows, segments, metric, max_points, random_state)
        return cls(**numbers).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments, 5)
            One row per segment, from the top, with the columns code, name, n, mean
            (width) and negative_share (of the rows that are nearer to another
            segment).
        """
        return pd.DataFrame(
            {
                "code": np.asarray(self.codes),
                "name": pd.Series(list(self.names), dtype=object),
                "n": np.asarray(self.n),
                "mean": np.asarray(self.mean, dtype=np.float64),
                "negative_share": np.asarray(self.negative_share, dtype=np.float64),
            }
        )

    def plot(self, ax: Any = None, *, title: str | None = None) -> SilhouetteDisplay:
        """Draw the widths.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure.
        title : str, default=None
            Title. None: one that says the mean; an empty one for no title.

        Returns
        -------
        SilhouetteDisplay
            The display itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        frame = self.frame()
        is_known = not np.isnan(self.silhouette)
        ax = open_axes(ax, figure_size(len(frame)) if is_known else (7.0, 2.0))
        if title is None:
            mean = f", mean {signed_text(self.silhouette)} (dashed)" if is_known else ""
            left_out = noise_text(self.n_noise, int(frame["n"].sum()) + self.n_noise)
            title = f"Silhouette{mean}" + (f"; {left_out}" if left_out else "")
            title = wrap_title(ax, title)
        if is_known:
            draw_knives(ax, frame, self.widths, self.silhouette)
        else:
            write_message(ax, "Fewer than two segments: there is no silhouette.")
        ax.set_title(title, loc="left", fontweight="bold", parse_math=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _numbers(
    X: FloatArray, segments: Segments, metric: str, max_points: int, random_state: Any
) -> dict[str, Any]:
    """Return the parameters of the display."""
    codes, n_segments = segments.codes, len(segments.names)
    widths = np.full(len(codes), np.nan)
    is_inside = codes >= 0
    if len(np.unique(codes[is_inside])) > 1:
        widths = silhouette_samples(X, codes, metric=metric, random_state=random_state)
    sorted_widths = [-np.sort(-widths[codes == code]) for code in range(n_segments)]
    return {
        "codes": np.arange(n_segments),
        "names": segments.names,
        "n": segments.sizes[:-1],
        "widths": [w[quantile_positions(len(w), max_points)] for w in sorted_widths],
        "mean": [w.mean() if len(w) else np.nan for w in sorted_widths],
        "negative_share": [_negative_share(w) for w in sorted_widths],
        "silhouette": float(widths[is_inside].mean()) if is_inside.any() else np.nan,
        "n_noise": int(segments.sizes[-1]),
    }


def _negative_share(widths: FloatArray) -> float:
    is_known = len(widths) and not np.isnan(widths[0])
    return float((widths < 0).mean()) if is_known else np.nan
