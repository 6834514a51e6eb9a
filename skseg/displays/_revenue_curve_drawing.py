"""The parts of the picture that RevenueCurveDisplay draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray

from ._drawing import BLUE, GREEN, ORANGE, PURPLE, SKY_BLUE

# Of the palette of Okabe and Ito what is dark enough for lines; neighbours differ most.
_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#D55E00", SKY_BLUE)
# Another round of the colours takes another style.
_STYLES = ("solid", "dashed", "dashdot", "dotted")
_ILLEGAL = "#BBBBBB"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

# The legend: characters of a line and of a name, cuts, and size of the font in points.
_LINE = 36
_NAME = 24
_MOST_CUTS = 24
_LEGEND_SIZE = 8.5


def cut_labels(names: Sequence[str], cut_points: FloatArray) -> list[str]:
    """Return what the legend says of every cut, with a line break where it is long."""
    labels = []
    for pair, cut in zip(pairwise(map(str, names)), cut_points, strict=True):
        place = f"({cut:.4g})"
        label = f"{' | '.join(pair)}  {place}"
        if len(label) > _LINE:
            low, high = (
                textwrap.shorten(name, _NAME, placeholder=f" {_ELLIPSIS}")
                for name in pair
            )
            label = f"{low} |\n{high}  {place}"
        labels.append(label)
    if (more := len(labels) - _MOST_CUTS) > 0:
        labels = [*labels[:_MOST_CUTS], f"and {more} more"]
    return labels


def legend_height(labels: Sequence[str]) -> float:
    """Return the height in inches of a legend with these labels."""
    n_lines = sum(label.count("\n") + 1 for label in labels)
    return (1.3 * n_lines + 0.5 * len(labels)) * _LEGEND_SIZE / 72


def draw_curves(
    ax: Any,
    frame: pd.DataFrame,
    cut_points: FloatArray,
    value: float,
    intervals: FloatArray | None,
) -> None:
    """Draw a curve for every cut, where it is legal in colour and elsewhere in grey."""
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


def add_legend(
    ax: Any,
    labels: Sequence[str],
    n_cuts: int,
    *,
    has_illegal: bool,
    has_intervals: bool,
    is_own: bool,
) -> None:
    """Draw the legend: beside a picture of our own, else within the given axes."""
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
    if is_own:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False}
    legend = ax.legend(handles, labels, fontsize=_LEGEND_SIZE, **place)
    for text in legend.get_texts():
        text.set_parse_math(False)


def write_message(ax: Any, text: str) -> None:
    """Write what is to be said in place of a picture."""
    text = textwrap.fill(text, 64)
    ax.text(
        0.5,
        0.5,
        text,
        ha="center",
        va="center",
        transform=ax.transAxes,
        parse_math=False,
    )
    ax.set_axis_off()


def _style(i: int, n_cuts: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[i % len(_COLOURS)],
        "linestyle": _STYLES[i // len(_COLOURS) % len(_STYLES)],
        "linewidth": 2.0 if n_cuts <= 5 else 1.4,
    }


def _shade(ax: Any, ends: FloatArray, colour: str) -> None:
    if not np.isnan(ends).any():
        ax.axvspan(*ends, color=colour, alpha=0.15, linewidth=0.0, zorder=1)


def _limits(scores: FloatArray, cut_points: FloatArray) -> tuple[float, float]:
    """Return the limits of the x axis: scores may be infinite, which axes may not."""
    every = np.concatenate([scores, cut_points])
    finite = every[np.isfinite(every)]
    low, high = float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))
    if low > high:
        return -1.0, 1.0
    air = 0.02 * (high - low) or 0.5
    return low - air, high + air
