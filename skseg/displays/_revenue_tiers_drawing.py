"""Drawing of RevenueTiersDisplay: bars, line and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray

from ._canvas import (
    LEAST_SIZE,
    TEXT_SIZE,
    axes_size,
    fit_text,
    fitting_size,
    has_layout,
    settle,
    text_width,
    write_message,
)
from ._style import VERMILION, money_text

# One hue; its lightest tone differs from the white background.
_RATES = ("#CFE6F5", "#56B4E9", "#0072B2", "#003A5C")
_LINE = VERMILION
_BAR_WIDTH = 0.72
# Height of a label, and half that of a marker, with some air.
_LABEL_HEIGHT = 1.5 * TEXT_SIZE
_MARKER = 6.0
_NAME_HEIGHT = 54.0
_AXIS_LABEL = "Above the bars: profit per customer"


def draw_tiers(ax: Any, shown: pd.DataFrame) -> Any:
    """Draw tiers that have customers; return the axes of the line, if there is one."""
    if shown.empty:
        write_message(ax, "No customers")
        return None
    _draw_bars(ax, shown)
    # After the colour bar, which takes its place from the axes.
    line_ax = ax.twinx()
    _draw_line(line_ax, shown["conversions"])
    _dress(ax, line_ax, shown)
    settle(ax)
    _write_names(ax, shown["name"])
    settle(ax)
    for axes, values in ((ax, shown["n"]), (line_ax, shown["conversions"])):
        axes.set_ylim(*_limits(ax, values.to_numpy()))
    _write_profits(ax, line_ax, shown)
    return line_ax


def _draw_bars(ax: Any, shown: pd.DataFrame) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.ticker import PercentFormatter

    low, high = min(shown["rate"].min(), 0.0), max(shown["rate"].max(), 0.0)
    norm = Normalize(low, high if high > low else low + 1.0)
    colours = ScalarMappable(norm, LinearSegmentedColormap.from_list("skseg", _RATES))
    ax.bar(
        np.arange(len(shown)),
        shown["n"],
        _BAR_WIDTH,
        color=colours.to_rgba(shown["rate"].to_numpy()),
        edgecolor="#335566",
        linewidth=0.6,
    )
    is_share = low >= 0 and high <= 1
    ax.figure.colorbar(
        colours,
        ax=ax,
        aspect=28,
        # Only a layout engine sees that the scale of the line is in between.
        pad=0.02 if has_layout(ax) else 0.22,
        label="Conversion rate" if is_share else "Conversions per customer",
        format=PercentFormatter(1.0) if is_share else None,
    )


def _draw_line(line_ax: Any, conversions: pd.Series[float]) -> None:
    line_ax.plot(
        np.arange(len(conversions)),
        conversions,
        color=_LINE,
        linewidth=1.8,
        marker="o",
        markersize=7.0,
        markeredgecolor="white",
        clip_on=False,
        label="Conversions",
    )


def _dress(ax: Any, line_ax: Any, shown: pd.DataFrame) -> None:
    """Set limits, labels, ticks and spines of both axes."""
    ax.set_xlim(-0.6, len(shown) - 0.4)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel(_AXIS_LABEL)
    ax.set_ylabel("Customers (bars)")
    line_ax.set_ylabel("Conversions (line)", color=_LINE)
    line_ax.tick_params(axis="y", colors=_LINE)
    for axes in (ax, line_ax):
        axes.yaxis.set_major_formatter("{x:,.10g}")
        axes.spines[["top"]].set_visible(False)
    line_ax.spines[["right"]].set_color(_LINE)


def _write_names(ax: Any, names: pd.Series[str]) -> None:
    width = 0.95 * axes_size(ax)[0] / (len(names) + 0.2)
    fitted = [fit_text(ax, str(name), width, _NAME_HEIGHT) for name in names]
    ax.set_xticks(
        np.arange(len(names)),
        [text for text, _ in fitted],
        fontsize=min(size for _, size in fitted),
        parse_math=False,
    )


def _limits(ax: Any, values: FloatArray) -> tuple[float, float]:
    """Return limits with room for a label above the highest of the `values`."""
    room = min((2 * _MARKER + _LABEL_HEIGHT) / axes_size(ax)[1], 0.5)
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)
    if high <= low:
        high = low + 1.0
    return low, low + (high - low) / (1.0 - room)


def _write_profits(ax: Any, line_ax: Any, shown: pd.DataFrame) -> None:
    """Write the profits above the bars, or above the line where it is in the way."""
    from matplotlib.patheffects import withStroke

    texts = [money_text(profit) for profit in shown["profit_per_customer"]]
    width, height = axes_size(ax)
    width /= len(shown) + 0.2
    size = max(fitting_size(ax, texts, 0.95 * width), LEAST_SIZE)
    low_line, high_line = line_ax.get_ylim()
    places = label_places(
        shown["n"].to_numpy() / ax.get_ylim()[1],
        (shown["conversions"].to_numpy() - low_line) / (high_line - low_line),
        np.array([text_width(ax, text, size) / 2 / width for text in texts]),
        _LABEL_HEIGHT / height,
        _MARKER / height,
        4.0 / height,
    )
    for i, (text, place) in enumerate(zip(texts, places, strict=True)):
        # On the axes of the line, so as to be above it.
        line_ax.text(
            i,
            place,
            text,
            transform=line_ax.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=size,
            path_effects=[withStroke(linewidth=3.0, foreground="white")],
        )


def label_places(
    bars: FloatArray,
    line: FloatArray,
    half_widths: FloatArray,
    label: float,
    marker: float,
    air: float,
) -> FloatArray:
    """Return the lower ends of labels: on their bars, or above a line that is there.

    Bars, the points of the line and all heights are in units of the height of the axes,
    half the widths of the labels in units of the distance of bars.
    """
    at = np.arange(len(bars))
    places = np.empty(len(bars))
    for i in range(len(bars)):
        # A steep line may cross the ends of a label, lest it go up too far with it.
        x = np.array([i - half_widths[i] / 2, i, i + half_widths[i] / 2])
        passes = np.interp(x, at, line)
        below, above = passes.min() - marker, passes.max() + marker
        start = bars[i] + air
        is_free = above <= start or below >= start + label
        places[i] = start if is_free else above
    return places
