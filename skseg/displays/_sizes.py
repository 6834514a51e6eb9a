"""SegmentSizesDisplay: how large the segments are, and what they are worth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._caller import caller_level
from skseg._core._fitted_state import as_fitted
from skseg._core._validation import check_sample_weight
from skseg._core._vector import read_vector
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.rules._frames import read_frame
from skseg.rules._reserved_names import OUTSIDE

from ._canvas import (
    LEAST_SIZE,
    TEXT_SIZE,
    axes_size,
    legend_above,
    room_left,
    settle,
    text_width,
    wrap_text,
)
from ._display import Display
from ._reading import Segments, read_fitted, read_segments, rows_of_fit
from ._style import BLUE, GREY, ORANGE, count_text

_OWNER = "SegmentSizesDisplay"
_NAME_WIDTH = 125.0


@dataclass(kw_only=True, eq=False, repr=False)
class SegmentSizesDisplay(Display):
    """Bars of the number of customers in each segment, and of its share of revenue.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes, in the order of the bars from the top; -1 is noise.
    segment_names : sequence of str of length n_segments
        Segment names, in the same order.
    n : array-like of shape (n_segments,)
        Number of customers, or sum of their weights.
    revenue_share : array-like of shape (n_segments,), default=None
        Share of the revenue, if known.
    n_outside : float, default=None
        Number of customers outside of the universe, or sum of their weights. They have
        no bar and no part in the shares. None: there is no universe.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    RFMHeatmapDisplay : Where the customers are in the plane of two scores.

    Examples
    --------
    >>> from skseg.displays import SegmentSizesDisplay
    >>> display = SegmentSizesDisplay.from_predictions(
    ...     [0, 0, 1, 0], segment_names=["Small", "VIP"], revenue=[10, 15, 75, 0]
    ... )
    >>> display.frame()
       code   name  n  share  revenue_share
    0     0  Small  3   0.75           0.25
    1     1    VIP  1   0.25           0.75
    """

    codes: npt.ArrayLike
    segment_names: Sequence[str]
    n: npt.ArrayLike
    revenue_share: npt.ArrayLike | None = None
    n_outside: float | None = None

    @classmethod
    def from_estimator(
        cls,
        segmenter: Any,
        X: Any = None,
        *,
        revenue: Any = None,
        sample_weight: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentSizesDisplay:
        """Draw the segments of a fitted segmenter.

        Parameters
        ----------
        segmenter : estimator
            Any fitted segmenter, or clusterer with ``labels_``, or a pipeline that ends
            in one.
        X : frame or array of shape (n_customers, n_columns), default=None
            The customers to count, in a frame with the columns of ``fit`` and possibly
            others, in any order. None: those of ``fit``, with the sizes and the
            shares of revenue in ``segments_``, if there are.
        revenue : str or array-like of shape (n_customers,), default=None
            Revenue of each customer, or the column of `X` that holds it.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentSizesDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the segmenter is not fitted.
        ValueError
            If the customers cannot be predicted, the revenue cannot be read, or the
            sizes of an edited strategy are not known.
        MissingExtraError
            If matplotlib is not installed.

        Examples
        --------
        >>> from skseg import RFMSegmenter
        >>> from skseg.displays import SegmentSizesDisplay
        >>> X = [[3, 9, 400.0], [200, 1, 20.0], [90, 4, 80.0]]
        >>> segmenter = RFMSegmenter("seed").fit(X)
        >>> display = SegmentSizesDisplay.from_estimator(segmenter)
        >>> display.frame()["n"].to_list()
        [1, 0, 0, 0, 2, 0]
        """
        segmenter = as_fitted(segmenter)
        table = getattr(segmenter, "segments_", None)
        if (
            X is None
            and revenue is None
            and sample_weight is None
            and table is not None
        ):
            if table["n"].isna().any():
                raise InvalidParameterError(
                    _OWNER,
                    "segmenter",
                    "a segmenter whose rows have been counted since it was edited",
                    segmenter,
                    advice="Call its recount(X), or pass the rows as X.",
                )
            shares = table.get("revenue_share")
            display = cls(
                codes=table["code"],
                segment_names=table["name"],
                n=table["n"],
                revenue_share=shares,
                n_outside=getattr(segmenter, "n_outside_", None),
            )
            return display.plot(ax=ax, title=title)
        rows = rows_of_fit(_OWNER, segmenter, X)
        segments = read_fitted(_OWNER, segmenter, rows)
        amounts = _column(X, revenue) if isinstance(revenue, str) else revenue
        display = cls(**_numbers(segments, amounts, sample_weight))
        return display.plot(ax=ax, title=title)

    @classmethod
    def from_predictions(
        cls,
        labels: npt.ArrayLike,
        *,
        segment_names: Sequence[str] | None = None,
        revenue: npt.ArrayLike | None = None,
        sample_weight: Any = None,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentSizesDisplay:
        """Draw segments given by the codes of their customers.

        Parameters
        ----------
        labels : array-like of int or str of shape (n_customers,)
            Segment codes, or names of `segment_names`; -1 is noise, and gets a bar of
            its own.
        segment_names : sequence of str, default=None
            Names; a code is a position here, and a last name "Noise" is that of -1. If
            the last name is "outside", -1 is outside of the universe: such customers
            are counted, and have no bar and no part in the shares.
            Segments without a customer are drawn as well. None: ``"0"``, ``"1"``, ...
            up to the largest code.
        revenue : array-like of shape (n_customers,), default=None
            Revenue of each customer. Amounts that are not finite count as 0.
        sample_weight : array-like of shape (n_customers,), default=None
            Weight 3 counts as the customer three times.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentSizesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the labels are not codes of the names, or lengths differ.
        MissingExtraError
            If matplotlib is not installed.
        """
        segments = read_segments(_OWNER, labels, segment_names)
        display = cls(**_numbers(segments, revenue, sample_weight))
        return display.plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape (n_segments, 4 or 5)
            The columns code, name, n, share and, if known, revenue_share. Shares are of
            the customers, and of the revenue, in all the segments.
        """
        n = np.asarray(self.n)
        total = n.sum()
        frame = pd.DataFrame(
            {
                "code": np.asarray(self.codes),
                "name": list(self.segment_names),
                "n": n,
                "share": n / total if total else np.zeros(len(n)),
            }
        )
        if self.revenue_share is not None:
            frame["revenue_share"] = np.asarray(self.revenue_share)
        return frame

    def _figure_size(self) -> tuple[float, float]:
        per_segment = 0.36 if self.revenue_share is None else 0.5
        return 8.0, 1.3 + per_segment * len(self.segment_names)

    def _title(self) -> str:
        counted = "Customers" if self.revenue_share is None else "Customers and revenue"
        return f"{counted} by segment"

    def _draw(self, ax: Any) -> float:
        frame = self.frame()
        has_revenue = "revenue_share" in frame
        size = _label_size(ax, len(frame) * (2 if has_revenue else 1))
        labels = _draw_customers(ax, frame, has_revenue, size)
        pad = _draw_revenue(ax, frame["revenue_share"], size) if has_revenue else 8.0
        ax.set_xlabel(self._axis_text(has_revenue))
        _dress(ax, frame, size, labels)
        return pad

    def _axis_text(self, has_revenue: bool) -> str:
        """Return what the shares are of."""
        if self.n_outside is None:
            of_revenue = " and of all revenue" if has_revenue else ""
            return f"Share of all customers{of_revenue} (%)"
        of_revenue = " and of their revenue" if has_revenue else ""
        return (
            f"Share of the customers in the universe{of_revenue} (%)\n"
            f"outside of it, and not shown: {count_text(self.n_outside)}"
        )


def _numbers(
    segments: Segments, revenue: npt.ArrayLike | None, sample_weight: Any
) -> dict[str, Any]:
    """Return the parameters of the display."""
    n_rows, n_places = len(segments.codes), len(segments.names) + 1
    # Noise is the last place; it is shown only where there is some.
    places = np.where(segments.codes < 0, n_places - 1, segments.codes)
    weight = check_sample_weight(sample_weight, n_rows)
    sizes = np.bincount(places, weight, minlength=n_places)
    has_universe = segments.noise == OUTSIDE
    shown = np.arange(n_places if sizes[-1] and not has_universe else n_places - 1)
    shares = None
    if revenue is not None:
        amounts = _check_revenue(revenue, n_rows)
        amounts = amounts if weight is None else amounts * weight
        sums = np.bincount(places, amounts, minlength=n_places)
        shares = _revenue_shares(sums[shown].astype(np.float64))
    codes = np.where(shown == n_places - 1, -1, shown)
    return {
        "codes": codes,
        "segment_names": segments.names_of(codes),
        "n": sizes[shown],
        "revenue_share": shares,
        "n_outside": sizes[-1] if has_universe else None,
    }


def _revenue_shares(revenue: FloatArray) -> FloatArray:
    """Return shares of the total; of one that is not positive there are none."""
    total = revenue.sum()
    if total < 0:
        warnings.warn(
            f"The total revenue is {total:,.2f}, of which there are no shares: the "
            "bars of revenue are left out.",
            stacklevel=caller_level(),
        )
    return revenue / total if total > 0 else np.full(len(revenue), np.nan)


def _label_size(ax: Any, n_bars: int) -> float:
    """Return the font size in which the labels of `n_bars` bars do not collide."""
    return min(max(0.72 * axes_size(ax)[1] / (n_bars + 1), LEAST_SIZE), TEXT_SIZE)


def _draw_customers(
    ax: Any, frame: pd.DataFrame, has_revenue: bool, size: float
) -> list[str]:
    """Draw the bars of customers; return their labels."""
    thickness, shift = (0.46, -0.19) if has_revenue else (0.68, 0.0)
    bars = ax.barh(
        np.arange(len(frame)) + shift,
        100 * frame["share"],
        thickness,
        color=[GREY if code == -1 else BLUE for code in frame["code"]],
    )
    labels = [
        f"{count_text(n)}  ({share:.1%})"
        for n, share in zip(frame["n"], frame["share"], strict=True)
    ]
    _write_labels(ax, bars, labels, fontsize=size)
    return labels


def _draw_revenue(ax: Any, shares: pd.Series[float], size: float) -> float:
    """Draw the bars of revenue and the legend; return where the title begins."""
    from matplotlib.patches import Patch

    bars = ax.barh(
        np.arange(len(shares)) + 0.2, 100 * shares.fillna(0.0), 0.28, color=ORANGE
    )
    texts = ["" if np.isnan(share) else f"{share:.1%}" for share in shares]
    _write_labels(ax, bars, texts, fontsize=0.9 * size, color="#444444")
    handles = [Patch(color=BLUE), Patch(color=ORANGE)]
    return legend_above(ax, handles, ["Customers", "Revenue"])


def _write_labels(ax: Any, bars: Any, texts: Sequence[str], **look: Any) -> None:
    """Write texts to the right of bars, also of those that go to the left of zero.

    On the left of a small negative bar a label would keep a part of the axes empty.
    """
    for bar, text in zip(bars, texts, strict=True):
        end = (max(bar.get_width(), 0.0), bar.get_y() + bar.get_height() / 2)
        ax.annotate(text, end, (4, 0), textcoords="offset points", va="center", **look)


def _dress(ax: Any, frame: pd.DataFrame, size: float, labels: list[str]) -> None:
    """Set what is around the bars: names, scale, room for the labels."""
    name_size = min(size + 1.0, 10.0)
    width = room_left(ax, _NAME_WIDTH)
    names = [
        wrap_text(ax, str(name), width, name_size, max_lines=2)
        for name in frame["name"]
    ]
    ax.set_yticks(np.arange(len(frame)), names, fontsize=name_size, parse_math=False)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.axvline(0.0, color="black", linewidth=0.8)
    settle(ax)
    widest = max((text_width(ax, label, size) for label in labels), default=0.0)
    room = min((widest + 6.0) / axes_size(ax)[0], 0.4)
    shares = 100 * frame.filter(like="share").to_numpy(dtype=np.float64)
    low = float(np.nanmin(shares, initial=0.0))
    high = float(np.nanmax(shares, initial=1.0))
    span = (high - low) / (1.0 - room)
    ax.set_xlim(low, high + room * span)


def _check_revenue(revenue: npt.ArrayLike, n_rows: int) -> FloatArray:
    amounts = read_vector(_OWNER, "revenue", revenue).numbers()
    if amounts.shape != (n_rows,):
        rule = f"of shape ({n_rows},), one amount a customer"
        raise InvalidDataError(
            f"revenue must have shape ({n_rows},), one amount a customer. Got shape "
            f"{amounts.shape} instead.",
            owner=_OWNER,
            name="revenue",
            rule=rule,
            value=amounts.shape,
        )
    return np.where(np.isfinite(amounts), amounts, 0.0)


def _column(X: Any, name: str) -> Any:
    """Return the column `name` of the frame `X`."""
    frame = read_frame(X, _OWNER)
    if frame is None:
        rule = "an array of amounts, unless X is a frame with such a column"
        raise InvalidParameterError(_OWNER, "revenue", rule, name)
    if name not in frame.columns:
        raise MissingColumnError(_OWNER, [name], frame.columns)
    return frame.get_column(name).to_native()
