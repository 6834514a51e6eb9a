"""The parts of the picture that RuleMapDisplay draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._drawing import size_in_inches
from ._rule_map_bands import MISSING, BandAxis
from ._rule_map_groups import DARK, RuleMap
from ._rule_map_labels import set_legend, write_name

# Half the width of a single value, as a part of its axis.
_POINT = 0.006


def draw_rule_map(
    ax: Any,
    picture: RuleMap,
    title: str,
    notes: Sequence[str],
    star: Sequence[float],
    star_text: str,
) -> None:
    """Draw the map, and mark the place `star` in it."""
    _fill(ax, picture)
    _outline(ax, picture)
    label = {"loc": "left", "fontweight": "bold", "parse_math": False}
    ax.set_title("\n".join(textwrap.wrap(title, 70)), **label)
    _dress(ax, picture, notes)
    handles = []
    if star:
        x, y = [*star, 0.5][:2]
        look = {"marker": "*", "markersize": 15, "color": "black", "linestyle": "none"}
        # Rimmed in white, so that it is seen on any colour.
        look |= {"markeredgecolor": "white", "markeredgewidth": 1.0, "zorder": 9}
        handles += ax.plot([x], [y], label=star_text, **look)
    set_legend(ax, picture, picture.order(), handles)
    # Only a layout tells how large the axes are; the legend can but shrink from here.
    ax.figure.draw_without_rendering()
    written = {key for key in picture.order() if write_name(ax, picture, key)}
    left = [key for key in picture.order() if key not in written]
    set_legend(ax, picture, left, handles)


def _widened(axis: BandAxis) -> FloatArray:
    """Return the spans of the bands, points made wide enough to be seen."""
    spans = axis.spans.copy()
    points = [band.kind == "point" for band in axis.bands]
    spans[points] += np.array([-_POINT, _POINT]) * (axis.high - axis.low)
    return spans


def _neighbours(axis: BandAxis) -> list[tuple[int, int]]:
    """Return the pairs of bands that touch, the points between them left out."""
    wide = [i for i, band in enumerate(axis.bands) if band.kind != "point"]
    return [(i, j) for i, j in pairwise(wide) if axis.spans[i, 1] == axis.spans[j, 0]]


def _stands_out(picture: RuleMap, i: int, j: int) -> bool:
    """Tell whether a rectangle of no width differs from what it divides."""
    for keys, place, axis in (
        (picture.keys[:, j], i, picture.x),
        (picture.keys[i], j, picture.y),
    ):
        beside = [*keys[max(place - 1, 0) : place], *keys[place + 1 : place + 2]]
        if axis.bands[place].kind == "point" and keys[place] in beside:
            return False
    return True


def _fill(ax: Any, picture: RuleMap) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    xs, ys = _widened(picture.x), _widened(picture.y)
    layers: dict[tuple[int, int], list[Any]] = {}
    for i, j in np.ndindex(picture.keys.shape):
        key = int(picture.keys[i, j])
        kinds = (picture.x.bands[i].kind, picture.y.bands[j].kind)
        n_points = kinds.count("point")
        if n_points and not _stands_out(picture, i, j):
            continue
        (left, right), (low, high) = xs[i], ys[j]
        patch = Rectangle((left, low), right - left, high - low)
        layers.setdefault((key, n_points), []).append(patch)
    for (key, n_points), patches in layers.items():
        # Smoothed, the seams between rectangles of one colour would be seen.
        layer = PatchCollection(patches, **picture.styles[key])
        layer.set(linewidth=0.0, antialiased=False, zorder=1 + 3 * n_points)
        ax.add_collection(layer)


def _outline(ax: Any, picture: RuleMap) -> None:
    """Draw the borders between groups, and frames around all."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Rectangle

    xs, ys, keys = picture.x.spans, picture.y.spans, picture.keys
    lines = [
        [(xs[i, 1], low), (xs[i, 1], high)]
        for i, k in _neighbours(picture.x)
        for j, (low, high) in enumerate(ys)
        if keys[i, j] != keys[k, j]
    ]
    lines += [
        [(left, ys[j, 1]), (right, ys[j, 1])]
        for j, k in _neighbours(picture.y)
        for i, (left, right) in enumerate(xs)
        if keys[i, j] != keys[i, k]
    ]
    ax.add_collection(LineCollection(lines, colors=DARK, linewidths=0.9, zorder=3))
    for left, right in _blocks(picture.x):
        for low, high in _blocks(picture.y):
            size = (right - left, high - low)
            frame = Rectangle((left, low), *size, fill=False, edgecolor=DARK)
            # The outer half of its line lies beyond the axes.
            frame.set(linewidth=0.9, zorder=8, clip_on=False)
            ax.add_patch(frame)


def _blocks(axis: BandAxis) -> list[tuple[float, float]]:
    """Return where the values and where the missing values are."""
    is_missing = np.array([band.kind == MISSING for band in axis.bands])
    parts = [axis.spans[~is_missing], axis.spans[is_missing]]
    return [(float(part.min()), float(part.max())) for part in parts if part.size]


def _dress(ax: Any, picture: RuleMap, notes: Sequence[str]) -> None:
    width, height = size_in_inches(ax)
    name = textwrap.shorten(picture.x.name, 80, placeholder="\N{HORIZONTAL ELLIPSIS}")
    lines = [line for note in notes for line in textwrap.wrap(note, 90)]
    ax.set_xlabel("\n".join([name, *lines]), parse_math=False)
    ax.set_ylabel(picture.y.name, parse_math=False)
    ax.set_xlim(picture.x.low, picture.x.end)
    ax.set_ylim(picture.y.low, picture.y.end)
    # About a quarter of the width goes to the legend.
    per_unit = 0.75 * width / (picture.x.end - picture.x.low)
    columns = int(72 * per_unit / (0.6 * 9)) if _has_categories(picture.x) else 99
    ticks = [(at, _cut(text, columns)) for at, text in picture.x.ticks]
    _set_ticks(ax.set_xticks, ticks, lambda text: 0.08 * len(text) / per_unit)
    per_unit = height / (picture.y.end - picture.y.low)
    ticks = [(at, _cut(text, 20)) for at, text in picture.y.ticks]
    _set_ticks(ax.set_yticks, ticks, lambda text: 0.17 / per_unit)
    ax.tick_params(length=4, color=DARK)
    ax.spines[:].set_visible(False)


def _has_categories(axis: BandAxis) -> bool:
    return axis.bands[0].kind == "category"


def _cut(text: str, columns: int) -> str:
    wrapped = textwrap.wrap(
        text,
        max(columns, 4),
        max_lines=2,
        placeholder="\N{HORIZONTAL ELLIPSIS}",
    )
    return "\n".join(wrapped)


def _set_ticks(
    set_ticks: Any, ticks: Sequence[tuple[float, str]], size_of: Any
) -> None:
    """Set all ticks, but no label that would touch the one before."""
    labels, end = [], -np.inf
    for at, text in ticks:
        half = size_of(max(text.split("\n"), key=len, default="")) / 2
        fits = at - half > end
        labels.append(text if fits else "")
        end = at + half if fits else end
    set_ticks([at for at, _ in ticks], labels, parse_math=False)
