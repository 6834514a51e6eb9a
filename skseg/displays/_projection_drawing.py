"""The parts of the picture that SegmentProjectionDisplay draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray, IntArray

from ._clusters_drawing import NOISE_COLOUR, segment_style, wrap_name
from ._drawing import size_in_inches

_CHARACTER = 0.58
_LINE = 1.25
_NAME_SIZE = 9.0
_POINT = 12.0  # square points
# What layout leaves of the axes beside their labels, about.
_ACROSS, _DOWN = 0.92, 0.88
# Where a name may stand beside its centroid: right, left, above, below, then farther.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def figure_size() -> tuple[float, float]:
    """Return width and height of a new figure."""
    return 8.5, 6.0


def draw_points(
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
    names = [wrap_name(str(name), 20) for name in segments["name"]]
    _write_names(ax, segments[["x", "y"]].to_numpy(), names)
    n_noise = int(frame["n"][frame["code"] < 0].sum())
    if n_noise:
        name = str(frame["name"].iloc[-1])
        _note_noise(ax, f"{wrap_name(name, 20)}: {n_noise:,} rows")
    width, height = size_in_inches(ax)
    ax.set_xlabel(_axis_text(ax, "First", *axes[0], width), parse_math=False)
    ax.set_ylabel(_axis_text(ax, "Second", *axes[1], height), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8.0, colors="#666666")


def _scatter(ax: Any, points: FloatArray, labels: IntArray) -> None:
    """Draw noise below, and all other rows in the order given."""
    is_noise = labels < 0
    ax.scatter(
        *points[is_noise].T,
        s=_POINT,
        marker="x",
        color=NOISE_COLOUR,
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
            c=[colour for colour, own in styles if own == marker],
            alpha=0.55,
            linewidths=0.0,
            zorder=2,
        )


def _write_names(ax: Any, centroids: FloatArray, names: Sequence[str]) -> None:
    """Write names beside centroids, where they cover neither centroids nor names."""
    from matplotlib.patheffects import withStroke

    ax.autoscale_view()
    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    width, height = (
        72 * inches * share
        for inches, share in zip(size_in_inches(ax), (_ACROSS, _DOWN), strict=True)
    )
    spans = np.array([x_high - x_low, y_high - y_low])
    at = (centroids - [x_low, y_low]) / spans * [width, height]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in at]
    halo = [withStroke(linewidth=3.0, foreground="white")]
    for (x, y), place, name in zip(centroids, at, names, strict=True):
        lines = name.split("\n")
        size = (
            _CHARACTER * _NAME_SIZE * max(map(len, lines)),
            _LINE * _NAME_SIZE * len(lines),
        )
        shift, box = _free_place(place, size, taken, (width, height))
        taken.append(box)
        ax.annotate(
            name,
            (x, y),
            shift,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=_NAME_SIZE,
            fontweight="bold",
            path_effects=halo,
            zorder=5,
            parse_math=False,
            arrowprops=_leader() if np.hypot(*shift) > size[0] / 2 + 20 else None,
        )


def _leader() -> dict[str, Any]:
    return {"arrowstyle": "-", "color": "#444444", "linewidth": 0.8, "zorder": 3}


Box = tuple[float, float, float, float]


def _free_place(
    place: FloatArray,
    size: tuple[float, float],
    taken: Sequence[Box],
    inside: tuple[float, float],
) -> tuple[tuple[float, float], Box]:
    """Return the shift of the middle of a text, in points, and the box that it takes.

    Of all places the one that overlaps least with what is there, the nearest first.
    """
    best: tuple[float, tuple[float, float], Box] | None = None
    for far in (8.0, 20.0, 36.0, 56.0, 80.0):
        for right, up in _DIRECTIONS:
            shift = (right * (far + size[0] / 2), up * (far + size[1] / 2))
            x, y = place[0] + shift[0], place[1] + shift[1]
            half = size[0] / 2, size[1] / 2
            box = (x - half[0], y - half[1], x + half[0], y + half[1])
            cost = sum(_overlap(box, other) for other in taken)
            cost += _overlap(box, box) - _overlap(box, (0.0, 0.0, *inside))
            if best is None or cost < best[0]:
                best = cost, shift, box
            if cost == 0:
                return shift, box
    assert best is not None
    return best[1], best[2]


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(down, 0.0)


def _note_noise(ax: Any, text: str) -> None:
    """Say in a legend what the crosses are."""
    from matplotlib.lines import Line2D

    cross = Line2D(
        [], [], color=NOISE_COLOUR, marker="x", markersize=4.0, linestyle="none"
    )
    legend = ax.legend([cross], [text], fontsize=8.5, loc="upper right")
    for one in legend.get_texts():
        one.set_parse_math(False)


def _axis_text(
    ax: Any, which: str, share: float, features: Sequence[str], inches: float
) -> str:
    """Return what an axis shows, in lines no longer than it."""
    text = f"{which} direction, {share:.0%} of the variance"
    if features:
        text += f": {', '.join(features)}"
    columns = max(int(72 * inches / (_CHARACTER * 10)), 20)
    # Without a layout engine nothing makes room for a second line.
    n_lines = 1 if ax.figure.get_layout_engine() is None else 2
    return textwrap.fill(
        text, columns, max_lines=n_lines, placeholder=" \N{HORIZONTAL ELLIPSIS}"
    )
