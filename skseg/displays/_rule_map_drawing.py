"""Drawing of RuleMapDisplay: rectangles, borders, names and ticks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._canvas import axes_size, cut_text, settle, text_height, text_width, wrap_text
from ._rule_map_bands import MISSING, BandAxis
from ._rule_map_labels import DARK, RuleMap, set_legend, write_name

# Half the width of a single value, as a part of its axis.
_POINT = 0.006
_TICK_WIDTH = 120.0


def draw_rule_map(
    ax: Any,
    picture: RuleMap,
    notes: Sequence[str],
    star: Sequence[float],
    star_text: str,
) -> None:
    """Draw the map, and mark the place `star` in it."""
    _fill(ax, picture)
    _outline(ax, picture)
    entries = []
    if star:
        x, y = [*star, 0.5][:2]
        look = {"marker": "*", "markersize": 15, "color": "black", "linestyle": "none"}
        # Rimmed in white, so that it is seen on any colour.
        look |= {"markeredgecolor": "white", "markeredgewidth": 1.0, "zorder": 9}
        entries = [(ax.plot([x], [y], **look)[0], star_text)]
    set_legend(ax, picture, picture.order(), entries)
    _dress(ax, picture, notes)
    # Names that fit into the map leave the legend, which can only become smaller.
    settle(ax)
    written = {key for key in picture.order() if write_name(ax, picture, key)}
    unwritten = [key for key in picture.order() if key not in written]
    set_legend(ax, picture, unwritten, entries)


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
    """Tell whether a rectangle of no width differs from both of its neighbours."""
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
        # Antialiasing would show seams between rectangles of one colour.
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
            # The outer half of the line lies outside of the axes.
            frame.set(linewidth=0.9, zorder=8, clip_on=False)
            ax.add_patch(frame)


def _blocks(axis: BandAxis) -> list[tuple[float, float]]:
    """Return the extent of the values, and that of the missing values."""
    is_missing = np.array([band.kind == MISSING for band in axis.bands])
    parts = [axis.spans[~is_missing], axis.spans[is_missing]]
    return [(float(part.min()), float(part.max())) for part in parts if part.size]


def _dress(ax: Any, picture: RuleMap, notes: Sequence[str]) -> None:
    """Write the names of the columns, notes below, and the ticks."""
    ax.set_xlim(picture.x.low, picture.x.end)
    ax.set_ylim(picture.y.low, picture.y.end)
    settle(ax)
    width, height = axes_size(ax)
    lines = [cut_text(ax, picture.x.name, width, 10.0)]
    lines += [wrap_text(ax, note, width, 10.0, max_lines=3) for note in notes]
    ax.set_xlabel("\n".join(lines), parse_math=False)
    ax.set_ylabel(cut_text(ax, picture.y.name, height, 10.0), parse_math=False)
    _set_ticks(ax, ax.set_xticks, picture.x, width, is_upright=False)
    _set_ticks(ax, ax.set_yticks, picture.y, height, is_upright=True)
    ax.tick_params(length=4, color=DARK)
    ax.spines[:].set_visible(False)


def _set_ticks(
    ax: Any, set_ticks: Any, axis: BandAxis, length: float, *, is_upright: bool
) -> None:
    """Set all ticks, but no label that would touch the one before."""
    per_unit = length / (axis.end - axis.low)
    room = _TICK_WIDTH
    if not is_upright and axis.bands[0].kind == "category":
        room = min(room, max(per_unit, 20.0))
    labels, end = [], -np.inf
    for place, text in axis.ticks:
        label = wrap_text(ax, text, room, 10.0, max_lines=2)
        extent = text_height(label, 10.0) if is_upright else text_width(ax, label, 10.0)
        half = extent / per_unit / 2
        fits = place - half > end
        labels.append(label if fits else "")
        end = place + half if fits else end
    set_ticks([place for place, _ in axis.ticks], labels, parse_math=False)
