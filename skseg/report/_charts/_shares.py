"""Shares of customers as a ring."""

from __future__ import annotations

import math

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, coordinate
from skseg.report._pages._numbers import percent_text

from ._rows import few

_RADIUS, _HOLE, _CENTER = 90.0, 52.0, 100.0


def share_donut(profile: SegmentProfile, chosen: int | None = None) -> str:
    """Return a ring of the shares of customers, with a list of what is what.

    The number before a name is the place of its arc, clockwise from the top.
    """
    drawing = Drawing("Share of customers by segment", "Clockwise from the top.")
    table = profile.segments_[["code", "name", "share"]]
    start = 0.0
    height = max(2 * _CENTER, 24.0 * len(table) + 8)
    for place, (code, name, share) in enumerate(table.itertuples(index=False)):
        is_known = math.isfinite(share)
        css = f"segment-{code}" + (" chosen" if code == chosen else "")
        drawing.open_group(css)
        if is_known and share > 0:
            drawing.path(_arc(start, start + share), "slice")
            start += share
        y = 24.0 * place + 8
        drawing.rect(220, y, 12, 12, "slice")
        mark = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE} " if code == chosen else ""
        drawing.text(240, y + 10, f"{mark}{place + 1}. {name}", 210)
        number = percent_text(share) if is_known else few(profile)
        drawing.text(556, y + 10, number, 100, anchor="end")
        drawing.close_group()
    return drawing.svg(560, height)


def _arc(start: float, end: float) -> str:
    # An arc whose ends coincide is not drawn at all.
    end = min(end, start + 0.9999)
    is_large = int(end - start > 0.5)
    outer, inner = (
        [_point(at, _RADIUS) for at in (start, end)],
        [_point(at, _HOLE) for at in (end, start)],
    )
    return (
        f"M{outer[0]}A{_RADIUS:g} {_RADIUS:g} 0 {is_large} 1 {outer[1]}"
        f"L{inner[0]}A{_HOLE:g} {_HOLE:g} 0 {is_large} 0 {inner[1]}z"
    )


def _point(turn: float, radius: float) -> str:
    angle = 2 * math.pi * turn
    x, y = _CENTER + radius * math.sin(angle), _CENTER - radius * math.cos(angle)
    return f"{coordinate(x)} {coordinate(y)}"
