"""SegmentBoxDisplay: quantiles of segments, beside those of everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._typing import FloatArray
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile

from ._canvas import (
    NOTE_SIZE,
    TITLE_PAD,
    axes_size,
    settle,
    wrap_text,
)
from ._display import Display
from ._profile_numbers import by_segment, chosen_features, write_row_names
from ._style import BLUE, GREY

_OWNER = "SegmentBoxDisplay"
QUANTILES = ("q05", "q25", "median", "q75", "q95")
_EVERYONE = "Everyone"
# A positive feature whose 95 % quantile is so many times the 5 % one is drawn on a log
# scale: otherwise most boxes are too small to read.
_WIDE = 50.0


@dataclass(kw_only=True, eq=False, repr=False)
class SegmentBoxDisplay(Display):
    """Boxes of the 5, 25, 50, 75 and 95 % quantiles of features, by segment.

    It is usually made by `from_profile`.

    Parameters
    ----------
    codes : array-like of int of shape (n_segments,)
        Segment codes.
    segment_names : sequence of str of length n_segments
        Their names.
    features : sequence of str of length n_features
        Features, a panel each.
    quantiles : array-like of shape (n_segments, n_features, 5)
        Quantiles at 5, 25, 50, 75 and 95 %; NaN where they are not shown.
    everyone : array-like of shape (n_features, 5)
        Those of all customers.
    n_total : int, default=None
        Number of features of which these are the first. None: these are all.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes that `plot` drew on; a panel for each feature is inside.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    SegmentRadarDisplay : Many features at a glance.

    Notes
    -----
    A feature whose quantiles are positive is drawn on a log scale where the 95 %
    quantile of everyone is more than 50 times the 5 % one. The dashed line is the
    median of everyone.

    Examples
    --------
    >>> from skseg.displays import SegmentBoxDisplay
    >>> display = SegmentBoxDisplay(
    ...     codes=[0],
    ...     segment_names=["Loyal"],
    ...     features=["age"],
    ...     quantiles=[[[20.0, 30.0, 40.0, 50.0, 60.0]]],
    ...     everyone=[[18.0, 25.0, 33.0, 45.0, 70.0]],
    ... )
    >>> display.frame()
       code      name feature   q05   q25  median   q75   q95
    0  <NA>  Everyone     age  18.0  25.0    33.0  45.0  70.0
    1     0     Loyal     age  20.0  30.0    40.0  50.0  60.0
    """

    codes: npt.ArrayLike
    segment_names: Sequence[str]
    features: Sequence[str]
    quantiles: npt.ArrayLike
    everyone: npt.ArrayLike
    n_total: int | None = None

    @classmethod
    def from_profile(
        cls,
        profile: SegmentProfile,
        features: str | Sequence[str] | None = None,
        *,
        max_features: int = 4,
        ax: Any = None,
        title: str | None = None,
    ) -> SegmentBoxDisplay:
        """Draw features of a profile.

        Parameters
        ----------
        profile : SegmentProfile
            The segments, as `profile_segments` returns them.
        features : str or sequence of str, default=None
            Numeric features. None: those with the largest effect.
        max_features : int, default=4
            Most features to show if none are named, from 1 to 50.
        ax, title : matplotlib Axes and str, default=None
            As in `plot`.

        Returns
        -------
        SegmentBoxDisplay
            The display, drawn.

        Raises
        ------
        InvalidParameterError
            If the profile is none or lacks a feature, or `max_features` is wrong.
        InvalidDataError
            If the profile has no numeric feature.
        MissingExtraError
            If matplotlib is not installed.
        """
        check_profile(_OWNER, profile)
        names = chosen_features(_OWNER, profile, features, max_features)
        codes = profile.segments_["code"].tolist()
        cells = [by_segment(profile.numbers_, codes, names, q) for q in QUANTILES]
        everyone = profile.everyone_.set_index("feature").reindex(names)
        n_numeric = int((profile.features_["kind"] == "number").sum())
        return cls(
            codes=codes,
            segment_names=profile.segments_["name"].tolist(),
            features=names,
            quantiles=np.stack(cells, axis=-1),
            everyone=everyone[list(QUANTILES)].to_numpy(np.float64),
            n_total=n_numeric,
        ).plot(ax=ax, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers behind the picture.

        Returns
        -------
        DataFrame of shape ((n_segments + 1) * n_features, 8)
            The columns code (missing for everyone), name, feature, q05, q25, median,
            q75 and q95.
        """
        cells = self._cells()
        n_rows, n_features, _ = cells.shape
        codes = [pd.NA, *np.asarray(self.codes).tolist()]
        names = [_EVERYONE, *self.segment_names]
        table = {
            "code": pd.array(np.repeat(np.array(codes, object), n_features), "Int64"),
            "name": np.repeat(np.array(names, object), n_features),
            "feature": np.tile(np.array(self.features, object), n_rows),
        }
        values = cells.reshape(-1, 5)
        return pd.DataFrame(
            {**table, **{q: values[:, i] for i, q in enumerate(QUANTILES)}}
        )

    def _cells(self) -> FloatArray:
        """Return the quantiles of everyone and of each segment."""
        everyone = np.asarray(self.everyone, np.float64)[np.newaxis]
        segments = np.asarray(self.quantiles, np.float64)
        return np.concatenate([everyone, segments.reshape(-1, *everyone.shape[1:])])

    def _figure_size(self) -> tuple[float, float]:
        n_segments, n_features = len(self.segment_names), len(self.features)
        width = min(2.6 + 2.4 * max(n_features, 2), 16.0)
        return width, min(2.0 + 0.36 * n_segments, 16.0)

    def _title(self) -> str:
        n, total = len(self.features), self.n_total
        of = f", {n} of {total} features" if total and total > n else ""
        return f"Quantiles by segment (5, 25, 50, 75 and 95 %){of}"

    def _draw(self, ax: Any) -> float:
        cells = self._cells()
        write_row_names(ax, [_EVERYONE, *map(str, self.segment_names)])
        ax.set_xticks([])
        ax.spines[:].set_visible(False)
        n_features = len(self.features)
        gap = 0.12 / n_features
        panels = [
            ax.inset_axes((i / n_features + gap / 2, 0.0, 1.0 / n_features - gap, 1.0))
            for i in range(n_features)
        ]
        codes = [0, *np.asarray(self.codes).tolist()]
        for panel, i in zip(panels, range(n_features), strict=True):
            _draw_panel(panel, cells[:, i], codes, ax.get_ylim())
        settle(ax)
        width = (1.0 / n_features - gap) * axes_size(ax)[0]
        for panel, feature in zip(panels, self.features, strict=True):
            text = wrap_text(ax, str(feature), width, NOTE_SIZE, max_lines=2)
            panel.set_xlabel(text, fontsize=NOTE_SIZE, parse_math=False)
            _few_ticks(panel, width)
        return TITLE_PAD


def _draw_panel(
    panel: Any, cells: FloatArray, codes: Sequence[int], limits: tuple[float, float]
) -> None:
    """Draw the boxes of one feature."""
    low, high = cells[0, 0], cells[0, -1]
    known = cells[~np.isnan(cells)]
    if known.size and known.min() > 0 and high > _WIDE * low:
        panel.set_xscale("log")
    for place, (row, code) in enumerate(zip(cells, codes, strict=True)):
        if np.isnan(row).any():
            note = "not shown"
            panel.annotate(
                *(note, (0.5, place)),
                xycoords=("axes fraction", "data"),
                ha="center",
                va="center",
                fontsize=7.0,
                color="#555555",
            )
            continue
        colour = "#555555" if place == 0 else GREY if code < 0 else BLUE
        panel.plot(row[[0, 4]], [place, place], color=colour, linewidth=1.2)
        panel.barh(place, row[3] - row[1], 0.5, left=row[1], color=colour, alpha=0.45)
        panel.plot(row[[2, 2]], [place - 0.3, place + 0.3], color="black", linewidth=2)
    if not np.isnan(cells[0, 2]):
        look = {"color": "#555555", "linestyle": "--", "linewidth": 0.9, "zorder": 0}
        panel.axvline(cells[0, 2], **look)
    panel.set_yticks([])
    panel.set_ylim(limits)
    panel.patch.set_visible(False)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(axis="x", labelsize=7.5)


def _few_ticks(panel: Any, width: float) -> None:
    """Leave as many numbers below a panel as have room."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    n_ticks = max(int(width // 42), 2)
    if panel.get_xscale() == "log":
        panel.xaxis.set_major_locator(LogLocator(numticks=n_ticks))
        # Powers of ten are formulas by default.
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
    else:
        panel.xaxis.set_major_locator(MaxNLocator(n_ticks))
