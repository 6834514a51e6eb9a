"""Radar of medians: one closed line per segment."""

from __future__ import annotations

import math

import pandas as pd

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, coordinate

from ._rows import few, marked

_WIDTH, _X, _Y, _RADIUS, _MOST = 640.0, 320.0, 176.0, 130.0, 8
_N_DASHES = 6
_RINGS = (0.5, 1.0)


def radar(profile: SegmentProfile, chosen: int | None = None) -> str:
    """Return the medians of segments as ranks among all customers, 0 to 100 %.

    The up to eight numeric features in which segments differ most are the axes. Each
    segment is a group of class ``segment-CODE``, so that a style can hide it. Fewer
    than three features make no radar: the text is empty.
    """
    table = profile.numbers_.pivot(
        index="feature", columns="code", values="median_rank"
    )
    order = [name for name in profile.features_["feature"] if name in table.index]
    axes = order[:_MOST]
    if len(axes) < 3:
        return ""
    drawing = Drawing(
        "Medians of segments, by their rank among all customers",
        "The middle ring is the typical customer, the outer ring the largest.",
    )
    _axes(drawing, axes)
    n_rows = 0
    for place, (code, name) in enumerate(
        zip(profile.segments_["code"], profile.segments_["name"], strict=True)
    ):
        ranks = table.loc[axes, code]
        css = f"segment-{code} dash-{place % _N_DASHES}"
        drawing.open_group(css + (" chosen" if code == chosen else ""))
        drawing.path(_outline(ranks), "outline")
        x, y = 20 + 310 * (place % 2), 2 * _Y + 24 + 20 * (place // 2)
        drawing.path(f"M{x} {coordinate(y - 4)}h30", "outline")
        label = marked(name, is_chosen=code == chosen)
        note = f" ({few(profile)})" if ranks.isna().all() else ""
        drawing.text(x + 38, y, f"{label}{note}", 260)
        drawing.close_group()
        n_rows = place // 2 + 1
    for share in _RINGS:
        # Last, so that they stand above the lines of the segments.
        drawing.text(_X + 4, _Y - share * _RADIUS + 14, f"{share:.0%}", 60)
    return drawing.svg(_WIDTH, 2 * _Y + 14 + 20 * n_rows + 4)


def _axes(drawing: Drawing, axes: list[str]) -> None:
    spokes = []
    for place, name in enumerate(axes):
        x, y = _point(place / len(axes), 1)
        spokes.append(f"M{_X:g} {_Y:g}L{coordinate(x)} {coordinate(y)}")
        side = (x - _X) / _RADIUS
        x, y = _point(place / len(axes), 1.13)
        if abs(side) < 0.1:
            drawing.text(_X, y + 4, name, 300, anchor="middle")
        elif side > 0:
            drawing.text(x, y + 4, name, _WIDTH - x - 4)
        else:
            drawing.text(x, y + 4, name, x - 4, anchor="end")
    drawing.path("".join(spokes), "axis")
    for share in _RINGS:
        ring = [_point(i / len(axes), share) for i in range(len(axes))]
        data = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in ring)
        drawing.path(f"M{data}z", "axis" if share == 1 else "even")


def _outline(ranks: pd.Series) -> str:
    """Return a line that leaves out what is not known, closed if all is known."""
    data, is_down = "", False
    for place, rank in enumerate(ranks):
        if not math.isfinite(rank):
            is_down = False
            continue
        x, y = _point(place / len(ranks), rank)
        data += f"{'L' if is_down else 'M'}{coordinate(x)} {coordinate(y)}"
        is_down = True
    return f"{data}z" if data and ranks.notna().all() else data


def _point(turn: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    length = radius * _RADIUS
    return _X + length * math.sin(angle), _Y - length * math.cos(angle)
