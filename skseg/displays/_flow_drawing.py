"""Drawing of SegmentFlowDisplay: bars, bands and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.rules._reserved_names import OUTSIDE

from ._canvas import (
    ELLIPSIS,
    LINE,
    NOTE_SIZE,
    TEXT_SIZE,
    TITLE_PAD,
    axes_size,
    cut_text,
    legend_above,
    settle,
    text_width,
)
from ._style import GREY, VERMILION, count_text, palette

_DARK = "#444444"
_OUT_OF_BOUNDS = VERMILION
# Width of a bar, the least distance of two bars, and that of a bar and its label.
_BAR = 11.5
_GAP = 3.6
_PAD = 5.0
# The shares of the height and, for each column, of the width that texts may take.
_TEXT_HEIGHT, _TEXT_WIDTHS = 0.7, (0.3, 0.3, 0.42)


class Column:
    """Bars one below the other: their places, in points.

    A bar is as high as its size; where that is less than its label needs, it stands in
    the middle of the place that the label takes.
    """

    def __init__(self, sizes: pd.Series[float], height: float, line: float) -> None:
        self.sizes = sizes
        self.height = height
        self.line = line
        self.x = 0.0
        self.centres: FloatArray = np.zeros(len(sizes))

    @property
    def _room(self) -> float:
        return self.height - _GAP * (len(self.sizes) - 1)

    def scale(self) -> float:
        """Return the largest number of points per customer with which all bars fit."""
        sizes = np.sort(self.sizes.to_numpy(dtype=np.float64))[::-1]
        if not sizes.sum():
            return 0.0
        # The smaller bars take the height of a label each, and the k larger ones share
        # the rest; k is right when the smallest of these is as high as a label.
        for k in range(len(sizes), 0, -1):
            scale = (self._room - self.line * (len(sizes) - k)) / sizes[:k].sum()
            if sizes[k - 1] * scale >= self.line:
                return float(scale)
        return float(self.line / sizes[0])

    def place(self, scale: float) -> None:
        """Spread the bars over the height."""
        self.heights = self.sizes.to_numpy(dtype=np.float64) * scale
        slots = np.maximum(self.heights, self.line)
        spare = self.height - slots.sum()
        gap = spare / (len(slots) - 1) if len(slots) > 1 else 0.0
        start = spare / 2 if len(slots) == 1 else 0.0
        ends = start + np.cumsum(slots + gap) - gap
        self.centres = ends - slots / 2

    def top(self, name: Any) -> float:
        """Return where the bar of `name` begins."""
        number = self.sizes.index.get_loc(name)
        return float(self.centres[number] - self.heights[number] / 2)


def draw_flow(ax: Any, frame: pd.DataFrame, bounds_text: str) -> float:
    """Draw the bars of all customers, of rules and of segments, and the flows.

    Return where the title begins.
    """
    ax.set_axis_off()
    marked = set(frame.loc[~frame["in_bounds"], "segment"])
    pad = _draw_legend(ax, bounds_text) if marked else TITLE_PAD
    is_outside = frame["segment"] == OUTSIDE
    if is_outside.any():
        n_inside = count_text(frame["n"][~is_outside].sum())
        _write_note(ax, f"Shares are of the {n_inside} customers in the universe.")
    settle(ax)
    width, height = axes_size(ax)
    ax.set_xlim(0.0, width)
    ax.set_ylim(height, 0.0)
    rules = frame.groupby("rule", sort=False)["n"].sum()
    segments = frame.groupby("segment", sort=False)["n"].sum()[_order(frame)]
    n_bars = max(len(rules), len(segments))
    size = min(TEXT_SIZE, _TEXT_HEIGHT * height / (n_bars * LINE))
    everyone = pd.Series([frame["n"].sum()], index=["All"])
    columns = [Column(n, height, LINE * size) for n in (everyone, rules, segments)]
    scale = min(column.scale() for column in columns)
    for column in columns:
        column.place(scale)
    texts = [
        _texts(ax, column.sizes, share * width, size)
        for column, share in zip(columns, _TEXT_WIDTHS, strict=True)
    ]
    _place_columns(ax, columns, texts, width, size)
    colours = dict(zip(rules.index, palette(len(rules)), strict=True))
    colours[OUTSIDE] = GREY
    _draw_bands(ax, frame, columns, scale, colours)
    _draw_bars(ax, columns, colours, marked)
    _draw_labels(ax, columns, texts, marked, size)
    return pad


def _order(frame: pd.DataFrame) -> list[str]:
    """Return the segments in the order of the rules that they come from."""
    rank = {rule: i for i, rule in enumerate(dict.fromkeys(frame["rule"]))}
    places = frame["rule"].map(rank) * frame["n"]
    sums = places.groupby(frame["segment"], sort=False).sum()
    totals = frame.groupby("segment", sort=False)["n"].sum()
    first = frame["rule"].map(rank).groupby(frame["segment"], sort=False).min()
    mean = (sums / totals.where(totals > 0)).fillna(first)
    return list(mean.sort_values(kind="stable").index)


def _texts(ax: Any, sizes: pd.Series[float], room: float, size: float) -> list[str]:
    """Return name, number and share of each bar, names cut to fit `room`."""
    total = sizes[sizes.index != OUTSIDE].sum()
    texts = []
    for name, n in sizes.items():
        has_share = total and len(sizes) > 1 and name != OUTSIDE
        share = f" ({n / total:.1%})" if has_share else ""
        texts.append(_shortened(ax, str(name), f"  {count_text(n)}{share}", room, size))
    return texts


def _shortened(ax: Any, name: str, numbers: str, room: float, size: float) -> str:
    text = cut_text(ax, name, room, size, weight="bold", ending=numbers)
    # "VIP + Core / aov 120-180": the end is what tells parts of the same rules apart.
    head, slash, tail = name.rpartition(" / ")
    if slash and text.endswith(ELLIPSIS + numbers):
        ending = f" / {tail}{numbers}"
        if text_width(ax, "n" * 3 + ELLIPSIS + ending, size, "bold") <= room:
            return cut_text(ax, head, room, size, weight="bold", ending=ending)
    return text


def _place_columns(
    ax: Any,
    columns: Sequence[Column],
    texts: Sequence[Sequence[str]],
    width: float,
    size: float,
) -> None:
    """Put the segments as far to the right as their labels allow, the rules between."""
    _, rules, segments = columns
    wanted = [text_width(ax, "\n".join(column), size, "bold") for column in texts]
    segments.x = width - wanted[2] - _BAR - _PAD
    # The labels of the rules lie to their left, on the flow from all customers.
    rules.x = max(0.5 * (segments.x - _BAR), 2 * _BAR + wanted[1] + 2 * _PAD)


def _draw_bands(
    ax: Any,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    scale: float,
    colours: dict[str, str],
) -> None:
    everyone, rules, segments = columns
    top = everyone.top("All")
    for rule, n in rules.sizes.items():
        thickness, end = n * scale, rules.top(rule)
        _draw_band(ax, (everyone.x, rules.x), (top, end), thickness, "#EEEEEE")
        top += thickness
    rank = {name: i for i, name in enumerate(segments.sizes.index)}
    order = {name: i for i, name in enumerate(rules.sizes.index)}
    leave = {name: rules.top(name) for name in rules.sizes.index}
    arrive = {name: segments.top(name) for name in segments.sizes.index}
    # Sorted so, bands cross neither at the bars that they leave nor, since rules come
    # first, at those where they arrive.
    flows = sorted(
        zip(frame["rule"], frame["segment"], frame["n"], strict=True),
        key=lambda flow: (order[flow[0]], rank[flow[1]]),
    )
    for rule, segment, n in flows:
        ends = (leave[rule], arrive[segment])
        _draw_band(ax, (rules.x, segments.x), ends, n * scale, colours[rule], 0.75)
        leave[rule] += n * scale
        arrive[segment] += n * scale


def _draw_band(
    ax: Any,
    xs: tuple[float, float],
    tops: tuple[float, float],
    thickness: float,
    colour: str,
    alpha: float = 1.0,
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not thickness:
        return
    left, right = xs[0] + _BAR, xs[1]
    middle = (left + right) / 2
    (y0, y1), below = tops, thickness
    corners = [
        (left, y0),
        *[(middle, y0), (middle, y1), (right, y1)],
        (right, y1 + below),
        *[(middle, y1 + below), (middle, y0 + below), (left, y0 + below)],
        (left, y0),
    ]
    curve = [Path.CURVE4] * 3
    path = Path(corners, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
    # The line keeps the smallest flows in sight.
    ax.add_patch(PathPatch(path, color=colour, alpha=alpha, linewidth=0.8, zorder=1))


def _draw_bars(
    ax: Any, columns: Sequence[Column], colours: dict[str, str], marked: set[str]
) -> None:
    from matplotlib.patches import Rectangle

    for number, column in enumerate(columns):
        for name, height in zip(column.sizes.index, column.heights, strict=True):
            fill = _DARK
            if number == 1:
                fill = colours[name]
            if number == 2 and name == OUTSIDE:
                fill = GREY
            elif number == 2 and name in marked:
                fill = _OUT_OF_BOUNDS
            bar = Rectangle((column.x, column.top(name)), _BAR, height)
            edge = _OUT_OF_BOUNDS if fill == _OUT_OF_BOUNDS else _DARK
            bar.set(facecolor=fill, edgecolor=edge, linewidth=0.7, zorder=2)
            ax.add_patch(bar)


def _draw_labels(
    ax: Any,
    columns: Sequence[Column],
    texts: Sequence[Sequence[str]],
    marked: set[str],
    size: float,
) -> None:
    look = {"va": "center", "fontsize": size, "parse_math": False, "zorder": 3}
    everyone, rules, segments = columns
    ax.text(
        _BAR / 2,
        everyone.centres[0],
        texts[0][0],
        ha="center",
        rotation=90,
        color="white",
        **look,
    )
    for text, y in zip(texts[1], rules.centres, strict=True):
        ax.text(rules.x - _PAD, y, text, ha="right", **look)
    for name, text, y in zip(
        segments.sizes.index, texts[2], segments.centres, strict=True
    ):
        bold = {"color": _OUT_OF_BOUNDS, "weight": "bold"} if name in marked else {}
        ax.text(segments.x + _BAR + _PAD, y, text, ha="left", **look, **bold)


def _write_note(ax: Any, text: str) -> None:
    look = {"va": "top", "fontsize": NOTE_SIZE, "color": _DARK}
    below = (0, -TITLE_PAD)
    ax.annotate(
        text, (0.0, 0.0), below, "axes fraction", textcoords="offset points", **look
    )


def _draw_legend(ax: Any, bounds_text: str) -> float:
    from matplotlib.patches import Patch

    return legend_above(ax, [Patch(color=_OUT_OF_BOUNDS)], [f"segment {bounds_text}"])
