"""Drawing of RevenueCurveDisplay: curves, cuts, intervals and legend."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray

from ._canvas import NOTE_SIZE, add_legend, cut_text, has_layout, text_width
from ._style import HUES

# Another round of the colours takes another style.
_STYLES = ("solid", "dashed", "dashdot", "dotted")
_ILLEGAL = "#BBBBBB"
# Width of a label of the legend in one line, and of a name where a label takes two.
_LABEL_WIDTH, _NAME_WIDTH = 175.0, 120.0
_MOST_CUTS = 24
# Labels of names with more characters take two lines, roughly.
_LONG_NAME = 12


def figure_height(names: Sequence[str]) -> float:
    """Return the height in inches of a new figure, which the legend must fit."""
    n_labels = min(len(names) - 1, _MOST_CUTS) + 3
    n_lines = 2 if max(len(str(name)) for name in names) > _LONG_NAME else 1
    return max(5.0, 1.2 + (1.3 * n_lines + 0.5) * n_labels * NOTE_SIZE / 72)


def cut_labels(ax: Any, names: Sequence[str], cut_points: FloatArray) -> list[str]:
    """Return the label of every cut in the legend, in two lines where it is long."""
    labels = []
    pairs = list(pairwise(names))
    for pair, cut in zip(pairs[:_MOST_CUTS], cut_points, strict=False):
        low, high = (cut_text(ax, name, _NAME_WIDTH, NOTE_SIZE) for name in pair)
        label = f"{' | '.join(pair)}  ({cut:.4g})"
        if text_width(ax, label, NOTE_SIZE) > _LABEL_WIDTH:
            label = f"{low} |\n{high}  ({cut:.4g})"
        labels.append(label)
    if (n_more := len(pairs) - _MOST_CUTS) > 0:
        labels.append(f"and {n_more} more")
    return labels


def draw_curves(
    ax: Any,
    frame: pd.DataFrame,
    cut_points: FloatArray,
    value: float,
    intervals: FloatArray | None,
) -> None:
    """Draw a curve for every cut: in colour where it is legal, else in grey."""
    limits = _limits(frame["score"].to_numpy(), cut_points)
    for i, cut in enumerate(cut_points):
        points = frame[frame["cut"] == i]
        style = _style(i, len(cut_points))
        colour = style["color"]
        if intervals is not None:
            _shade(ax, intervals[i].clip(*limits), colour)
        ax.axvline(cut, color=colour, linewidth=0.8, alpha=0.7, zorder=1.5)
        score, profit = points["score"].to_numpy(), points["profit"].to_numpy()
        ax.plot(score, profit, color=_ILLEGAL, linewidth=1.4, zorder=2)
        legal = np.where(points["is_legal"], profit, np.nan)
        ax.plot(score, legal, zorder=3, **style)
        dot = {"color": colour, "marker": "o", "markeredgecolor": "white"}
        ax.plot(cut, value, markersize=8.0, zorder=4, **dot)
    ax.set_xlim(*limits)
    ax.margins(y=0.08)
    ax.set_ylabel("Total profit")
    ax.yaxis.set_major_formatter("{x:,.10g}")
    ax.spines[["top", "right"]].set_visible(False)


def draw_legend(
    ax: Any,
    labels: Sequence[str],
    n_cuts: int,
    *,
    has_illegal: bool,
    has_intervals: bool,
) -> None:
    """Draw the legend: beside the axes if a layout engine makes room, else in them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], **_style(i, n_cuts)) for i in range(min(n_cuts, _MOST_CUTS))
    ]
    if n_cuts > _MOST_CUTS:
        handles.append(Line2D([], [], color="none"))
    labels = list(labels)
    if has_illegal:
        handles.append(Line2D([], [], color=_ILLEGAL, linewidth=1.4))
        labels.append("A tier breaks its bounds of size")
    if has_intervals:
        handles.append(Patch(color="#888888", alpha=0.3, linewidth=0.0))
        labels.append("Interval of the cut")
    place: dict[str, Any] = {"loc": "best", "framealpha": 0.85}
    if has_layout(ax):
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False}
    add_legend(ax, handles, labels, fontsize=NOTE_SIZE, **place)


def _style(i: int, n_cuts: int) -> dict[str, Any]:
    return {
        "color": HUES[i % len(HUES)],
        "linestyle": _STYLES[i // len(HUES) % len(_STYLES)],
        "linewidth": 2.0 if n_cuts <= 5 else 1.4,
    }


def _shade(ax: Any, interval: FloatArray, colour: str) -> None:
    if not np.isnan(interval).any():
        ax.axvspan(*interval, color=colour, alpha=0.15, linewidth=0.0, zorder=1)


def _limits(scores: FloatArray, cut_points: FloatArray) -> tuple[float, float]:
    """Return finite limits of the x axis, since scores may be infinite."""
    values = np.concatenate([scores, cut_points])
    finite = values[np.isfinite(values)]
    low, high = float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))
    if low > high:
        return -1.0, 1.0
    margin = 0.02 * (high - low) or 0.5
    return low - margin, high + margin
