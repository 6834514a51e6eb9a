"""Drawing of BinningComparisonDisplay: points, intervals, promises and names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._canvas import (
    LEAST_SIZE,
    LINE,
    TEXT_SIZE,
    axes_size,
    cut_text,
    legend_above,
    room_left,
    settle,
)
from ._style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION

# By how bins got their tiers; told apart by their shapes as well.
_STYLES = {"own": (BLUE, "o"), "in order": (ORANGE, "s"), "best per bin": (GREEN, "D")}
_OTHER_STYLES = ((PURPLE, "^"), (VERMILION, "v"), (GREY, "P"))
_NAME_WIDTH = 200.0
_MARKER = 6.5


def figure_size(n_ways: int) -> tuple[float, float]:
    """Return the width and height in inches of a new figure."""
    return 8.0, max(1.5 + 0.32 * n_ways, 2.4)


def draw_comparison(
    ax: Any, frame: pd.DataFrame, confidence_level: float | None
) -> float:
    """Draw one way below the other; return where the title begins."""
    n = len(frame)
    styles = _styles_of(frame["tiers"].unique().tolist())
    ax.set_ylim(n - 0.5, -0.5)
    label = "Profit per customer"
    if confidence_level is not None:
        label += f", with {100 * confidence_level:g} % intervals"
    ax.set_xlabel(label)
    ax.xaxis.set_major_formatter("{x:,.6g}")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    _draw_points(ax, frame, styles)
    settle(ax)
    _write_methods(ax, frame["method"].tolist())
    # Long names narrow the axes, above which the legend has to fit.
    settle(ax)
    return _draw_legend(ax, frame, styles)


def _styles_of(ways: list[str]) -> dict[str, tuple[str, str]]:
    others = [way for way in ways if way not in _STYLES]
    further = {
        way: _OTHER_STYLES[i % len(_OTHER_STYLES)] for i, way in enumerate(others)
    }
    return {way: (_STYLES | further)[way] for way in ways}


def _draw_points(
    ax: Any, frame: pd.DataFrame, styles: dict[str, tuple[str, str]]
) -> None:
    # The profit of the best way, to compare the others with.
    ax.axvline(frame["profit"].max(), color=GREY, linewidth=0.9, zorder=1)
    promised = frame["promised"].to_numpy()
    for place, way in enumerate(frame.itertuples()):
        colour, marker = styles[str(way.tiers)]
        look: dict[str, Any] = {"color": colour, "zorder": 3}
        ax.plot([way.ci_low, way.ci_high], [place] * 2, linewidth=2.0, **look)
        ax.plot(
            way.profit,
            place,
            marker=marker,
            markersize=_MARKER,
            markeredgecolor="white",
            markeredgewidth=0.8,
            **look,
        )
        if np.isfinite(promised[place]):
            ax.plot(
                promised[place],
                place,
                marker=marker,
                markersize=_MARKER,
                markerfacecolor="none",
                markeredgecolor=colour,
                linestyle="none",
                zorder=4,
            )
    ax.margins(x=0.04)


def _draw_legend(
    ax: Any, frame: pd.DataFrame, styles: dict[str, tuple[str, str]]
) -> float:
    """Explain the marks, below the title; return where that begins."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, linewidth=2.0)
        for colour, marker in styles.values()
    ]
    labels = [f"tiers {way}" for way in styles]
    if frame["promised"].notna().any():
        promise: dict[str, Any] = {
            "marker": "o",
            "markerfacecolor": "none",
            "linestyle": "none",
        }
        handles.append(Line2D([], [], markeredgecolor="#444444", **promise))
        labels.append("promised in training")
    width = axes_size(ax)[0] - 30.0
    return legend_above(ax, handles, [cut_text(ax, text, width) for text in labels])


def _write_methods(ax: Any, methods: list[str]) -> None:
    row = axes_size(ax)[1] / len(methods)
    size = min(max(row / LINE, LEAST_SIZE), TEXT_SIZE)
    room = room_left(ax, _NAME_WIDTH)
    texts = [cut_text(ax, method, room, size) for method in methods]
    ax.set_yticks(range(len(texts)), texts, fontsize=size, parse_math=False)
