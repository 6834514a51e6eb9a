"""SilhouetteDisplay: how much nearer rows are to their own segment than to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._validation import check_int
from skseg._core._wrapped import cluster_space
from skseg._typing import FloatArray
from skseg.metrics import silhouette_samples

from ._canvas import (
    LEAST_SIZE,
    TEXT_SIZE,
    TITLE_PAD,
    axes_size,
    cut_text,
    room_left,
    settle,
    text_width,
    write_message,
)
from ._display import Display
from ._reading import (
    Segments,
    check_rows,
    evenly_spaced,
    read_features,
    read_fitted,
    read_segments,
    rows_of_fit,
)
from ._style import segment_style, signed_text

_OWNER = "SilhouetteDisplay"
_NAME_WIDTH = 158.0


@dataclass(kw_only=True, eq=False, repr=False)
class SilhouetteDisplay(Display):
    r"""Silhouette widths of the rows, sorted within each segment, and their mean.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes, from the top.
    segment_names : sequence of str of length n_segments
        Segment names, in the same order.
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
    nearest other segment [1]_. Below 0 a row is nearer to another segment. A bar
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

    codes: npt.ArrayLike
    segment_names: Sequence[str]
    n: npt.ArrayLike
    widths: Sequence[npt.ArrayLike]
    mean: npt.ArrayLike
    negative_share: npt.ArrayLike
    silhouette: float
    n_noise: int = 0

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
            of a pipeline sees. A frame may have more columns, in any order.
        metric : {"euclidean", "sqeuclidean", "manhattan"}, default="euclidean"
            How far two rows are apart.
        max_points : int, default=500
            Most widths to draw of a segment, in [2, 1000000]. Means are of all rows.
        random_state : int, RandomState or None, default=None
            For Euclidean widths of more than 5,000 rows, which are estimated.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

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
        X = rows_of_fit(_OWNER, segmenter, X)
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
        labels : array-like of int or str of shape (n_rows,)
            Segment codes, or names of `segment_names`; -1 is noise, which is left out.
        segment_names : sequence of str, default=None
            Names; a code is a position here, and a last name "Noise" is that of -1.
            None: ``"0"``, ``"1"``, ... up to the largest code.
        metric : {"euclidean", "sqeuclidean", "manhattan"}, default="euclidean"
            How far two rows are apart.
        max_points : int, default=500
            Most widths to draw of a segment, in [2, 1000000]. Means are of all rows.
        random_state : int, RandomState or None, default=None
            For Euclidean widths of more than 5,000 rows, which are estimated.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

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
                "name": pd.Series(list(self.segment_names), dtype=object),
                "n": np.asarray(self.n),
                "mean": np.asarray(self.mean, dtype=np.float64),
                "negative_share": np.asarray(self.negative_share, dtype=np.float64),
            }
        )

    def _figure_size(self) -> tuple[float, float]:
        if np.isnan(self.silhouette):
            return 7.0, 2.0
        return 8.0, min(max(2.0 + 0.55 * len(self.segment_names), 4.0), 14.0)

    def _title(self) -> str:
        title = "Silhouette"
        if not np.isnan(self.silhouette):
            title += f", mean {signed_text(self.silhouette)} (dashed)"
        if self.n_noise:
            n_rows = int(np.sum(self.n)) + self.n_noise
            title += f"; noise left out: {self.n_noise:,} of {n_rows:,} rows"
        return title

    def _draw(self, ax: Any) -> float:
        if np.isnan(self.silhouette):
            write_message(ax, "Fewer than two segments: there is no silhouette.")
        else:
            _draw_bars(ax, self.frame(), self.widths, self.silhouette)
        return TITLE_PAD


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
        "segment_names": segments.names,
        "n": segments.sizes[:-1],
        "widths": [w[evenly_spaced(len(w), max_points)] for w in sorted_widths],
        "mean": [w.mean() if len(w) else np.nan for w in sorted_widths],
        "negative_share": [_negative_share(w) for w in sorted_widths],
        "silhouette": float(widths[is_inside].mean()) if is_inside.any() else np.nan,
        "n_noise": int(segments.sizes[-1]),
    }


def _negative_share(widths: FloatArray) -> float:
    is_known = len(widths) and not np.isnan(widths[0])
    return float((widths < 0).mean()) if is_known else np.nan


def _draw_bars(
    ax: Any,
    frame: pd.DataFrame,
    widths: Sequence[npt.ArrayLike],
    silhouette: float,
) -> None:
    """Draw one segment below the other, as high as it has rows, and their mean."""
    gap = 0.02 * frame["n"].sum()
    low, high, end = 0.0, 0.0, gap
    places, labels = [], []
    columns = (frame[name].tolist() for name in ("code", "name", "n", "mean"))
    for code, name, n, mean, bar in zip(*columns, widths, strict=True):
        if not n:
            continue
        values = np.asarray(bar, dtype=np.float64)
        # A row is a stripe, so that even one of them is seen.
        edges = np.linspace(end, end + n, len(values) + 1)
        colour = segment_style(code)[0]
        ax.stairs(values, edges, orientation="horizontal", fill=True, color=colour)
        low, high = min(low, values.min()), max(high, values.max())
        places.append(end + n / 2)
        labels.append((str(name), f"{n:,}", signed_text(mean)))
        end += n + gap
    ax.set_ylim(end, 0.0)
    ax.set_xlim(1.08 * low, min(1.08 * high, 1.0) if high > 0 else -0.1 * low or 1.0)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.axvline(silhouette, color="black", linewidth=1.2, linestyle="--")
    ax.set_xlabel("Silhouette width (below 0: nearer to another segment)")
    ax.spines[["top", "right", "left"]].set_visible(False)
    settle(ax)
    _write_labels(ax, places, labels)


def _write_labels(
    ax: Any, places: Sequence[float], labels: Sequence[tuple[str, str, str]]
) -> None:
    """Write names and numbers beside the bars, moved apart where bars are small."""
    height = axes_size(ax)[1]
    size = min(max(height / len(labels) / 2.7, LEAST_SIZE), TEXT_SIZE)
    room = room_left(ax, _NAME_WIDTH)
    numbers = [f"{n} rows, mean {mean}" for _, n, mean in labels]
    if text_width(ax, "\n".join(numbers), size) > room:
        numbers = [mean for _, _, mean in labels]
    texts = [
        f"{cut_text(ax, name, room, size)}\n{second}"
        for (name, _, _), second in zip(labels, numbers, strict=True)
    ]
    end = ax.get_ylim()[0]
    spread = spread_out(np.array(places), 2.6 * size / height * end, end)
    ax.set_yticks(spread, texts, fontsize=size, parse_math=False)
    ax.tick_params(axis="y", length=0)


def spread_out(places: FloatArray, least: float, end: float) -> FloatArray:
    """Move ascending places so that they are `least` apart, within [0, end]."""
    steps = least * np.arange(len(places))
    # Downwards where places are too close, then upwards from the end.
    moved = np.maximum.accumulate(np.maximum(places - steps, least / 2)) + steps
    spread: FloatArray = np.minimum(moved, end - least / 2 - steps[::-1])
    return spread
