"""The parts of the picture that SegmentFlowDisplay draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.rules._reserved_names import OUTSIDE

from ._drawing import GREY, count_text, palette

_DARK = "#444444"
_OUT_OF_BOUNDS = "#D55E00"
_BAR = 0.16
# Inches between two bars, and between a bar and its label.
_GAP = 0.05
_PAD = 0.07
# Width of a character (a bold one) and height of a line, in units of the font size,
# and the parts of the height and, a column each, of the width that texts may take.
_CHARACTER, _LINE = 0.67, 1.3
_TEXT_HEIGHT, _TEXT_WIDTHS = 0.7, (0.3, 0.3, 0.42)


class Column:
    """Bars one below the other: where they are, in inches, and what they are called.

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
        """Return the largest number of inches a customer with which all fits."""
        sizes = np.sort(self.sizes.to_numpy(dtype=np.float64))[::-1]
        if not sizes.sum():
            return 0.0
        # The smaller bars take the height of a label each, the k larger ones share what
        # is left; k is right when the smallest of these is as high as a label.
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


def draw_flow(ax: Any, frame: pd.DataFrame, bounds_text: str) -> None:
    """Draw the bars of all customers, of rules and of segments, and what links them."""
    ax.set_axis_off()
    marked = set(frame.loc[~frame["in_bounds"], "segment"])
    if marked:
        _set_legend(ax, bounds_text)
    # Only a layout tells how large the axes are, title and legend set.
    ax.figure.draw_without_rendering()
    box = ax.get_window_extent()
    width, height = box.width / ax.figure.dpi, box.height / ax.figure.dpi
    ax.set_xlim(0.0, width)
    ax.set_ylim(height, 0.0)
    rules = frame.groupby("rule", sort=False)["n"].sum()
    segments = frame.groupby("segment", sort=False)["n"].sum()[_order(frame)]
    n_bars = max(len(rules), len(segments))
    size = min(9.0, 72 * _TEXT_HEIGHT * height / (n_bars * _LINE))
    line = size * _LINE / 72
    everyone = pd.Series([frame["n"].sum()], index=["All"])
    columns = [Column(sizes, height, line) for sizes in (everyone, rules, segments)]
    scale = min(column.scale() for column in columns)
    for column in columns:
        column.place(scale)
    texts = [
        _texts(column.sizes, share * width, size)
        for column, share in zip(columns, _TEXT_WIDTHS, strict=True)
    ]
    _place_columns(columns, texts, width, size)
    colours = dict(zip(rules.index, palette(len(rules)), strict=True))
    colours[OUTSIDE] = GREY
    _draw_bands(ax, frame, columns, scale, colours)
    _draw_bars(ax, columns, colours, marked)
    _draw_labels(ax, columns, texts, marked, size)


def _order(frame: pd.DataFrame) -> list[str]:
    """Return the segments in the order of the rules that they come from."""
    rank = {rule: i for i, rule in enumerate(dict.fromkeys(frame["rule"]))}
    places = frame["rule"].map(rank) * frame["n"]
    sums = places.groupby(frame["segment"], sort=False).sum()
    totals = frame.groupby("segment", sort=False)["n"].sum()
    first = frame["rule"].map(rank).groupby(frame["segment"], sort=False).min()
    mean = (sums / totals.where(totals > 0)).fillna(first)
    return list(mean.sort_values(kind="stable").index)


def _texts(sizes: pd.Series[float], room: float, size: float) -> list[str]:
    """Return name, number and share of each bar, names cut to fit `room`."""
    total = sizes.sum()
    columns = int(72 * room / (_CHARACTER * size))
    texts = []
    for name, n in sizes.items():
        share = f" ({n / total:.1%})" if total and len(sizes) > 1 else ""
        count = f"  {count_text(n)}{share}"
        texts.append(_shortened(str(name), max(columns - len(count), 4)) + count)
    return texts


def _shortened(name: str, length: int) -> str:
    if len(name) <= length:
        return name
    # "VIP + Core / aov 120-180": the end is what tells parts of the same rules apart.
    head, slash, tail = name.rpartition(" / ")
    room = length - len(slash + tail) - 1
    if slash and room >= 3:
        return f"{head[:room].rstrip()}\N{HORIZONTAL ELLIPSIS}{slash}{tail}"
    return name[: length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _place_columns(
    columns: Sequence[Column], texts: Sequence[Sequence[str]], width: float, size: float
) -> None:
    """Put the segments as far to the right as their labels allow, the rules between."""
    _, rules, segments = columns
    wanted = [max(map(len, column)) * _CHARACTER * size / 72 for column in texts]
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
        thick, end = n * scale, rules.top(rule)
        _draw_band(ax, (everyone.x, rules.x), (top, end), thick, "#EEEEEE")
        top += thick
    rank = {name: i for i, name in enumerate(segments.sizes.index)}
    order = {name: i for i, name in enumerate(rules.sizes.index)}
    leave = {name: rules.top(name) for name in rules.sizes.index}
    arrive = {name: segments.top(name) for name in segments.sizes.index}
    # In this order the bands neither cross at the bars they leave nor, as rules come
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
    thick: float,
    colour: str,
    alpha: float = 1.0,
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not thick:
        return
    left, right = xs[0] + _BAR, xs[1]
    middle = (left + right) / 2
    (y0, y1), below = tops, thick
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


def _set_legend(ax: Any, bounds_text: str) -> None:
    from matplotlib.patches import Patch

    ax.legend(
        handles=[Patch(color=_OUT_OF_BOUNDS, label=f"segment {bounds_text}")],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.2,
        handlelength=1.2,
        frameon=False,
        fontsize=9,
    )
