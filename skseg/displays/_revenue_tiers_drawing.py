"""The parts of the picture that RevenueTiersDisplay draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray

from ._drawing import fit_text, size_in_inches

# Of one hue, light enough at the lower end to stand off white and black alike.
_RATES = ("#CFE6F5", "#56B4E9", "#0072B2", "#003A5C")
# From the palette of Okabe and Ito, as the others: it stands out from every blue.
_LINE = "#D55E00"
_BAR_WIDTH = 0.72
_LABEL_SIZE = 9.0
# Height of a label and half that of a marker, in points, with some air.
_LABEL_HEIGHT = 1.5 * _LABEL_SIZE
_MARKER = 6.0
# What layout leaves of the axes, about, beside names, scales and colour bar.
_SHRINKAGE = 0.9


def draw_tiers(ax: Any, shown: pd.DataFrame) -> Any:
    """Draw tiers that have customers; return the axes of the line, None without."""
    if shown.empty:
        ax.text(0.5, 0.5, "No customers", ha="center", transform=ax.transAxes)
        ax.set_axis_off()
        return None
    _draw_bars(ax, shown)
    # After the colour bar, which takes its place from the axes.
    line_ax = ax.twinx()
    _draw_line(line_ax, shown["conversions"])
    _dress(ax, line_ax, shown)
    _label(ax, line_ax, shown)
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
        pad=0.22 if ax.figure.get_layout_engine() is None else 0.02,
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
    """Set what is around bars and line: names and scales."""
    width = _SHRINKAGE * size_in_inches(ax)[0] / len(shown)
    fitted = [fit_text(str(name), 0.95 * width, 0.75) for name in shown["name"]]
    ax.set_xticks(
        np.arange(len(shown)),
        [text for text, _ in fitted],
        fontsize=min(size for _, size in fitted),
        parse_math=False,
    )
    ax.set_xlim(-0.6, len(shown) - 0.4)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("Above the bars: profit per customer")
    ax.set_ylabel("Customers (bars)")
    line_ax.set_ylabel("Conversions (line)", color=_LINE)
    line_ax.tick_params(axis="y", colors=_LINE)
    for one, values in ((ax, shown["n"]), (line_ax, shown["conversions"])):
        one.yaxis.set_major_formatter("{x:,.10g}")
        one.set_ylim(*_limits(ax, values.to_numpy()))
        one.spines[["top"]].set_visible(False)
    line_ax.spines[["right"]].set_color(_LINE)


def _limits(ax: Any, values: FloatArray) -> tuple[float, float]:
    """Return limits with room for a label above the highest of the `values`."""
    room = min((2 * _MARKER + _LABEL_HEIGHT) / _height(ax), 0.5)
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)
    if high <= low:
        high = low + 1.0
    return low, low + (high - low) / (1.0 - room)


def _height(ax: Any) -> float:
    """Return the height of the axes in points, after the layout."""
    return float(72 * _SHRINKAGE * size_in_inches(ax)[1])


def _label(ax: Any, line_ax: Any, shown: pd.DataFrame) -> None:
    """Write the profits above the bars, or above the line where it is in the way."""
    from matplotlib.patheffects import withStroke

    texts = [money_text(profit) for profit in shown["profit_per_customer"]]
    width = 72 * _SHRINKAGE * size_in_inches(ax)[0] / (len(shown) + 0.2)
    longest = max(map(len, texts))
    size = max(min(_LABEL_SIZE, 0.95 * width / (0.62 * longest)), 4.0)
    high = ax.get_ylim()[1]
    low_line, high_line = line_ax.get_ylim()
    bars = shown["n"].to_numpy() / high
    line = (shown["conversions"].to_numpy() - low_line) / (high_line - low_line)
    halves = np.array([0.62 * size * len(text) / 2 / width for text in texts])
    unit = _height(ax)
    places = label_places(
        bars, line, halves, _LABEL_HEIGHT / unit, _MARKER / unit, 4.0 / unit
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
            parse_math=False,
            path_effects=[withStroke(linewidth=3.0, foreground="white")],
        )


def label_places(
    bars: FloatArray,
    line: FloatArray,
    halves: FloatArray,
    label: float,
    marker: float,
    air: float,
) -> FloatArray:
    """Return where labels begin, which stand on their bars unless the line is there.

    Bars, the points of the line and all heights are in units of the height of the axes;
    `halves` are half the widths of the labels, in units of the distance of bars.
    """
    at = np.arange(len(bars))
    places = np.empty(len(bars))
    for i in range(len(bars)):
        # A steep line may cross the ends of a label, lest it go up too far with it.
        x = np.array([i - halves[i] / 2, i, i + halves[i] / 2])
        passes = np.interp(x, at, line)
        below, above = passes.min() - marker, passes.max() + marker
        start = bars[i] + air
        is_free = above <= start or below >= start + label
        places[i] = start if is_free else above
    return places


def money_text(amount: float) -> str:
    """Return an amount with as many decimals as its size asks for."""
    size = abs(amount)
    if size >= 1000:
        return f"{amount:,.0f}"
    if size >= 0.1 or size == 0:
        return f"{amount:.2f}"
    return f"{amount:.2g}"
