"""Drawing of SegmentProjectionDisplay: points, centroids, names and axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray, IntArray

from ._canvas import (
    NOTE_SIZE,
    TEXT_SIZE,
    add_legend,
    axes_size,
    has_layout,
    settle,
    text_height,
    text_width,
    wrap_text,
)
from ._style import GREY, segment_style

_NAME_WIDTH = 115.0
_POINT = 12.0  # square points
# Where a name may stand beside its centroid: right, left, above, below, then farther.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def draw_projection(
    ax: Any,
    frame: pd.DataFrame,
    points: FloatArray,
    labels: IntArray,
    axes: Sequence[tuple[float, list[str]]],
) -> None:
    """Draw rows, centroids and names, and label the axes."""
    _scatter(ax, points, labels)
    segments = frame[frame["code"] >= 0]
    for code, x, y in zip(segments["code"], segments["x"], segments["y"], strict=True):
        colour, marker = segment_style(code)
        ax.plot(
            *(x, y, marker),
            color=colour,
            markersize=10.0,
            markeredgecolor="black",
            markeredgewidth=1.5,
            zorder=4,
        )
    n_noise = int(frame["n"][frame["code"] < 0].sum())
    if n_noise:
        name = wrap_text(ax, str(frame["name"].iloc[-1]), _NAME_WIDTH, max_lines=2)
        _note_noise(ax, f"{name}: {n_noise:,} rows")
    width, height = axes_size(ax)
    ax.set_xlabel(_axis_text(ax, "First", *axes[0], width), parse_math=False)
    ax.set_ylabel(_axis_text(ax, "Second", *axes[1], height), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8.0, colors="#666666")
    settle(ax)
    _write_names(ax, segments[["x", "y"]].to_numpy(), segments["name"])


def _scatter(ax: Any, points: FloatArray, labels: IntArray) -> None:
    """Draw noise below, and all other rows in the order given."""
    is_noise = labels < 0
    ax.scatter(
        *points[is_noise].T,
        s=_POINT,
        marker="x",
        color=GREY,
        linewidths=0.7,
        zorder=1,
    )
    styles = [segment_style(code) for code in labels]
    # A scatter has one marker; within it, points keep their order.
    for marker in dict.fromkeys(marker for _, marker in styles if marker != "x"):
        chosen = np.array([style[1] == marker for style in styles])
        ax.scatter(
            *points[chosen].T,
            s=_POINT,
            marker=marker,
            c=[colour for colour, shape in styles if shape == marker],
            alpha=0.55,
            linewidths=0.0,
            zorder=2,
        )


def _write_names(ax: Any, centroids: FloatArray, names: Iterable[object]) -> None:
    """Write names beside centroids, where they cover neither centroids nor names."""
    from matplotlib.patheffects import withStroke

    ax.autoscale_view()
    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    width, height = axes_size(ax)
    spans = np.array([x_high - x_low, y_high - y_low])
    at = (centroids - [x_low, y_low]) / spans * [width, height]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in at]
    halo = [withStroke(linewidth=3.0, foreground="white")]
    for (x, y), place, full_name in zip(centroids, at, names, strict=True):
        name = wrap_text(ax, str(full_name), _NAME_WIDTH, max_lines=2, weight="bold")
        size = text_width(ax, name, TEXT_SIZE, "bold"), text_height(name, TEXT_SIZE)
        shift, extent = _free_place(place, size, taken, (width, height))
        taken.append(extent)
        ax.annotate(
            name,
            (x, y),
            shift,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=TEXT_SIZE,
            fontweight="bold",
            path_effects=halo,
            zorder=5,
            parse_math=False,
            arrowprops=_leader() if np.hypot(*shift) > size[0] / 2 + 20 else None,
        )


def _leader() -> dict[str, Any]:
    return {"arrowstyle": "-", "color": "#444444", "linewidth": 0.8, "zorder": 3}


Extent = tuple[float, float, float, float]


def _free_place(
    place: FloatArray,
    size: tuple[float, float],
    taken: Sequence[Extent],
    inside: tuple[float, float],
) -> tuple[tuple[float, float], Extent]:
    """Return the shift of the middle of a text, in points, and its extent.

    It is the place that overlaps least with the `taken` extents, the nearest first.
    """
    best: tuple[float, tuple[float, float], Extent] | None = None
    for far in (8.0, 20.0, 36.0, 56.0, 80.0):
        for right, up in _DIRECTIONS:
            shift = (right * (far + size[0] / 2), up * (far + size[1] / 2))
            x, y = place[0] + shift[0], place[1] + shift[1]
            half = size[0] / 2, size[1] / 2
            extent = (x - half[0], y - half[1], x + half[0], y + half[1])
            cost = sum(_common_area(extent, other) for other in taken)
            cost += _common_area(extent, extent) - _common_area(
                extent, (0.0, 0.0, *inside)
            )
            if best is None or cost < best[0]:
                best = cost, shift, extent
            if cost == 0:
                return shift, extent
    assert best is not None
    return best[1], best[2]


def _common_area(a: Extent, b: Extent) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    return max(across, 0.0) * max(down, 0.0)


def _note_noise(ax: Any, text: str) -> None:
    """Say in a legend what the crosses are."""
    from matplotlib.lines import Line2D

    cross = Line2D([], [], color=GREY, marker="x", markersize=4.0, linestyle="none")
    add_legend(ax, [cross], [text], fontsize=NOTE_SIZE, loc="upper right")


def _axis_text(
    ax: Any, ordinal: str, share: float, features: Sequence[str], length: float
) -> str:
    """Return what an axis shows, in lines no longer than it."""
    text = f"{ordinal} direction, {share:.0%} of the variance"
    if features:
        text += f": {', '.join(features)}"
    # Without a layout engine nothing makes room for a second line.
    return wrap_text(ax, text, length, 10.0, max_lines=2 if has_layout(ax) else 1)
