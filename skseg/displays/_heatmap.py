"""RFMHeatmapDisplay: where the customers are in the plane of recency and frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._fitted_state import as_fitted
from skseg._core._validation import check_choice, check_sample_weight
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._canvas import TITLE_PAD
from ._display import Display
from ._heatmap_drawing import draw_cells, draw_regions, hatch_collapsed, label_axes
from ._heatmap_regions import segment_regions
from ._style import count_text

if TYPE_CHECKING:
    from skseg._rfm._segmenter import RFMSegmenter

_OWNER = "RFMHeatmapDisplay"


@dataclass(kw_only=True, eq=False, repr=False)
class RFMHeatmapDisplay(Display):
    """Grid of the scores R and F: how many customers are where, and in which segment.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    counts : array-like of shape (n_R, n_F)
        Number of customers, or sum of their weights, by score: ``counts[0, 2]`` is for
        R = 1 and F = 3.
    total : float, default=None
        What the shares refer to. None: the sum of `counts`.
    regions : array-like of shape (n_R, n_F), default=None
        Name of the segment of each pair of scores, or names with slashes in between,
        None where there is none. Drawn as outlines.
    cut_points : mapping, default=None
        Cut points of ``"recency"`` and ``"frequency"``, ascending, as in
        ``RFMSegmenter.cut_points_``. They tell what the scores mean.
    closed : {"right", "left"}, default="right"
        Whether a value at a cut point is below it or above it.
    decided_by : sequence of str, default=()
        Columns that decide where a region has several names; the picture says so.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentSizesDisplay : How large the segments are, and what they are worth.

    Notes
    -----
    Hatched cells are scores that no value gets, because ties have made two cut points
    equal.

    Examples
    --------
    >>> from skseg.displays import RFMHeatmapDisplay
    >>> display = RFMHeatmapDisplay.from_predictions(R=[1, 2, 2, 2], F=[1, 1, 2, 2])
    >>> display.frame()
       R  F  n  share
    0  1  1  1   0.25
    1  1  2  0   0.00
    2  2  1  1   0.25
    3  2  2  2   0.50
    """

    counts: npt.ArrayLike
    total: float | None = None
    regions: Any = None
    cut_points: Mapping[str, Any] | None = None
    closed: str = "right"
    decided_by: Sequence[str] = ()

    @classmethod
    def from_estimator(
        cls,
        segmenter: RFMSegmenter,
        X: Any,
        *,
        sample_weight: Any = None,
        values: str = "count",
        ax: Any = None,
        title: str | None = None,
    ) -> RFMHeatmapDisplay:
        """Draw the customers in the grid of the scores that a segmenter gives them.

        Parameters
        ----------
        segmenter : RFMSegmenter
            The fitted segmenter. Its segments are outlined and named; where other
            columns decide, such as monetary value, a region has the names of all
            segments that its customers may be in.
        X : frame or array of shape (n_customers, n_columns)
            The customers. A frame may have more columns than that of ``fit``, in any
            order.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.
        values : {"count", "share"}, default="count"
            What the cells say.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RFMHeatmapDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the columns are not those of ``fit``.
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skseg import RFMSegmenter
        >>> from skseg.displays import RFMHeatmapDisplay
        >>> X = [[3, 9, 400.0], [200, 1, 20.0], [90, 4, 80.0]]
        >>> segmenter = RFMSegmenter().fit(X)
        >>> display = RFMHeatmapDisplay.from_estimator(segmenter, X)
        >>> display.frame().query("n > 0")["segment"].to_list()
        ['Hibernating', 'Potential loyalists', 'Champions']
        """
        segmenter = as_fitted(segmenter)
        scores = segmenter.scores(X).to_numpy(dtype=np.float64, na_value=np.nan)
        regions, decided_by = segment_regions(segmenter)
        return cls.from_predictions(
            R=scores[:, 0],
            F=scores[:, 1],
            regions=regions,
            decided_by=decided_by,
            cut_points={d: segmenter.cut_points_[d] for d in ("recency", "frequency")},
            closed=segmenter._dimensions[0].closed,
            sample_weight=sample_weight,
            values=values,
            ax=ax,
            title=title,
        )

    @classmethod
    def from_predictions(
        cls,
        R: npt.ArrayLike,
        F: npt.ArrayLike,
        *,
        regions: Any = None,
        cut_points: Mapping[str, Any] | None = None,
        closed: str = "right",
        decided_by: Sequence[str] = (),
        sample_weight: Any = None,
        values: str = "count",
        ax: Any = None,
        title: str | None = None,
    ) -> RFMHeatmapDisplay:
        """Draw the customers in the grid of given scores.

        Parameters
        ----------
        R, F : array-like of shape (n_customers,)
            Scores, whole numbers from 1 (worst) on. Customers with a score of NaN are
            in no cell, but part of the total that shares refer to.
        regions : array-like of shape (n_R, n_F), default=None
            Name of the segment of each pair of scores, None where there is none.
        cut_points : mapping, default=None
            Cut points of ``"recency"`` and ``"frequency"``, ascending, as in
            ``RFMSegmenter.cut_points_``. They set the number of scores, which is else
            that of `regions`, or the largest score.
        closed : {"right", "left"}, default="right"
            Whether a value at a cut point is below it or above it.
        decided_by : sequence of str, default=()
            Columns that decide where a region has several names.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.
        values : {"count", "share"}, default="count"
            What the cells say.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        RFMHeatmapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the scores are no whole numbers in range, or lengths differ.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_choice(_OWNER, "closed", closed, ("right", "left"))
        shape = _grid_shape(regions, cut_points)
        r, f = _check_scores(R, "R", shape[0]), _check_scores(F, "F", shape[1])
        if len(r) != len(f):
            raise InvalidDataError(
                f"R and F must be of the same length. Got {len(r)} and {len(f)}.",
                owner=_OWNER,
                name="F",
                rule=f"of the length of R, {len(r)}",
                value=len(f),
            )
        weight = check_sample_weight(sample_weight, len(r))
        shape = shape[0] or _largest(r), shape[1] or _largest(f)
        known = ~(np.isnan(r) | np.isnan(f))
        cell = (r[known] - 1) * shape[1] + f[known] - 1
        counts = np.bincount(
            cell.astype(np.intp),
            None if weight is None else weight[known],
            minlength=shape[0] * shape[1],
        )
        display = cls(
            counts=counts.reshape(shape),
            total=len(r) if weight is None else float(weight.sum()),
            regions=regions,
            cut_points=cut_points,
            closed=closed,
            decided_by=tuple(decided_by),
        )
        return display.plot(ax=ax, values=values, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_R * n_F, 4 or 5)
            One row per cell, with the columns R, F, n, share and, where the regions
            are known, segment.
        """
        counts = np.asarray(self.counts)
        total = counts.sum() if self.total is None else self.total
        r, f = np.indices(counts.shape) + 1
        frame = pd.DataFrame({"R": r.ravel(), "F": f.ravel(), "n": counts.ravel()})
        frame["share"] = frame["n"] / total if total else 0.0
        if self.regions is not None:
            frame["segment"] = np.asarray(self.regions, dtype=object).ravel()
        return frame

    def plot(
        self, ax: Any = None, *, values: str = "count", title: str | None = None
    ) -> Self:
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None: those of a new figure, as large as the grid needs.
        values : {"count", "share"}, default="count"
            What the cells say.
        title : str, default=None
            Title, drawn as it is in lines that fit. None: one that says what is shown;
            an empty one for no title.

        Returns
        -------
        RFMHeatmapDisplay
            The display itself, with ``ax_`` and ``figure_``.

        Raises
        ------
        ValueError
            If `values` is neither.
        MissingExtraError
            If matplotlib is not installed.
        """
        if values not in ("count", "share"):
            raise InvalidParameterError(_OWNER, "values", "'count' or 'share'", values)
        return self._plot(ax, title, values=values)

    def _figure_size(self) -> tuple[float, float]:
        n_r, n_f = np.shape(self.counts)
        return max(1.6 + 1.3 * n_r, 5.5), 1.5 + 0.85 * n_f

    def _title(self) -> str:
        return "Customers by recency and frequency score"

    def _draw(self, ax: Any, values: str = "count") -> float:
        counts = np.asarray(self.counts)
        n_r, n_f = counts.shape
        label_axes(ax, n_r, n_f, self.cut_points, self.closed, self._notes(values))
        regions = (
            None if self.regions is None else np.asarray(self.regions, dtype=object)
        )
        draw_cells(ax, counts, self._cell_texts(values), regions is not None)
        if self.cut_points is not None:
            hatch_collapsed(ax, self.cut_points)
        if regions is not None:
            draw_regions(ax, regions)
        return TITLE_PAD

    def _notes(self, values: str) -> list[str]:
        n_shown = np.sum(self.counts)
        total = n_shown if self.total is None else self.total
        notes = []
        if self.decided_by:
            notes.append(f"several names: decided by {', '.join(self.decided_by)}")
        if values == "share":
            notes.append(f"shares of all {count_text(total)} customers")
        if total > n_shown:
            absent = count_text(total - n_shown)
            notes.append(f"without R or F, and not shown: {absent}")
        return notes

    def _cell_texts(self, values: str) -> list[str]:
        frame = self.frame()
        if values == "share":
            return [f"{share:.1%}" for share in frame["share"]]
        return [count_text(n) for n in frame["n"]]


def _grid_shape(regions: Any, cut_points: Mapping[str, Any] | None) -> tuple[int, int]:
    """Return the numbers of scores R and F as far as they are given, else 0."""
    if cut_points is not None:
        return len(cut_points["recency"]) + 1, len(cut_points["frequency"]) + 1
    if regions is not None:
        n_r, n_f = np.shape(regions)
        return n_r, n_f
    return 0, 0


def _check_scores(scores: npt.ArrayLike, name: str, largest: int) -> FloatArray:
    values = np.asarray(scores, dtype=np.float64)
    known = values[~np.isnan(values)]
    top = largest or np.inf
    if values.ndim != 1 or ((known < 1) | (known > top) | (known % 1 != 0)).any():
        rule = f"1-D, of whole numbers in [1, {top}]"
        raise InvalidParameterError(_OWNER, name, rule, scores)
    return values


def _largest(scores: FloatArray) -> int:
    return int(np.nanmax(scores, initial=1.0))
