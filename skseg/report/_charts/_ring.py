"""Ring of the shares of customers, with a label and a line to it for each segment."""

from __future__ import annotations

import math

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, coordinate
from skseg.report._numbers import percent_text

_WIDTH, _HEIGHT, _X, _Y = 620.0, 300.0, 310.0, 150.0
_OUTER, _INNER, _BEND = 100.0, 62.0, 112.0
_LINE_HEIGHT = 18.0
# The thinnest slice that a label with a line can point at.
_LEAST_SHARE = 0.005


def share_ring(profile: SegmentProfile) -> str:
    """Return the shares of customers as a ring, clockwise from the top."""
    drawing = Drawing("Share of customers")
    table = profile.segments_
    labels: dict[bool, list[tuple[float, str, str, float]]] = {True: [], False: []}
    start = 0.0
    for code, name, share in zip(
        table["code"], table["name"], table["share"], strict=True
    ):
        if not (math.isfinite(share) and share > 0):
            continue
        css = f"segment-{code}"
        drawing.open_group(css)
        drawing.path(_slice(start, start + share), "slice")
        drawing.close_group()
        middle = start + share / 2
        if share >= _LEAST_SHARE:
            text = f"{percent_text(share)} {name}"
            labels[middle < 0.5].append((middle, text, css, share))
        start += share
    for is_right, side in labels.items():
        _write_labels(drawing, side, is_right=is_right)
    return drawing.svg(_WIDTH, _HEIGHT)


def _slice(start: float, end: float) -> str:
    if end - start > 0.9999:
        # An arc from a point to itself would be nothing.
        return _slice(start, start + 0.5) + _slice(start + 0.5, start + 0.9999)
    large = int(end - start > 0.5)
    (a, b), (c, d) = _point(start, _OUTER), _point(end, _OUTER)
    (e, f), (g, h) = _point(end, _INNER), _point(start, _INNER)
    place = [coordinate(number) for number in (a, b, c, d, e, f, g, h)]
    return (
        f"M{place[0]} {place[1]}A{_OUTER:g} {_OUTER:g} 0 {large} 1 {place[2]} "
        f"{place[3]}L{place[4]} {place[5]}A{_INNER:g} {_INNER:g} 0 {large} 0 "
        f"{place[6]} {place[7]}z"
    )


def _write_labels(
    drawing: Drawing, side: list[tuple[float, str, str, float]], *, is_right: bool
) -> None:
    """Write the labels of a side from top to bottom, none closer than a line."""
    side = sorted(side, key=lambda label: _point(label[0], _BEND)[1])
    room = int(_HEIGHT // _LINE_HEIGHT)
    if len(side) > room:
        # The largest are labelled; the bars name all.
        largest = sorted(side, key=lambda label: -label[3])[:room]
        side = [label for label in side if label in largest]
    lines = _spread([_point(middle, _BEND)[1] for middle, *_ in side])
    x = _X + (140 if is_right else -140)
    step = 6 if is_right else -6
    for (middle, text, css, _), y in zip(side, lines, strict=True):
        places = [_point(middle, _OUTER), _point(middle, _BEND), (x, y)]
        data = "L".join(f"{coordinate(a)} {coordinate(b)}" for a, b in places)
        drawing.open_group(css)
        drawing.path(f"M{data}h{step}", "leader")
        drawing.text(
            x + 1.7 * step,
            y + 4,
            text,
            _WIDTH - x - 16 if is_right else x - 16,
            anchor="start" if is_right else "end",
        )
        drawing.close_group()


def _spread(heights: list[float]) -> list[float]:
    """Return heights in the same order, at least a line apart and within the frame."""
    lines: list[float] = []
    for place, height in enumerate(heights):
        below = len(heights) - 1 - place
        last = _HEIGHT - _LINE_HEIGHT / 2 - below * _LINE_HEIGHT
        first = lines[-1] + _LINE_HEIGHT if lines else _LINE_HEIGHT / 2
        lines.append(max(min(height, last), first))
    return lines


def _point(turn: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    return _X + radius * math.sin(angle), _Y - radius * math.cos(angle)
