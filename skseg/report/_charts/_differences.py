"""What differs between segments: effects, and a map of features by segments."""

from __future__ import annotations

import math

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, coordinate, plain_text, wrapped
from skseg.report._drawing._svg import SMALL
from skseg.report._pages._numbers import p_text

from ._rows import RowChart, few

_LABEL, _CELL, _LINE, _HEAD_LINES = 170.0, 84.0, 22.0, 3


def effect_ranking(profile: SegmentProfile, most: int = 12) -> str:
    """Return bars of the effects, the largest first, with role and valid p-value."""
    table = profile.features_.head(most)
    chart = RowChart("Features by how much segments differ in them", 0, 1)
    for row in table.to_dict("records"):
        effect = row["effect"]
        is_known = math.isfinite(effect)
        notes = [f"{effect:.2f}" if is_known else few(profile), str(row["role"])]
        if math.isfinite(row["p_adj"]):
            notes.append(f"p {p_text(row['p_adj'])}")
        middle = chart.open_row(row["feature"], ", ".join(notes), f"role-{row['role']}")
        if is_known:
            start = chart.scale(0)
            width = chart.scale(min(max(effect, 0), 1)) - start
            chart.drawing.rect(start, middle - 7, width, 14, "bar")
        chart.close_row()
    chart.line(0)
    return chart.svg() if len(table) else ""


def heat_map(profile: SegmentProfile, chosen: int | None = None) -> str:
    """Return the rank of each segment's median among all customers, 0 to 100.

    Triangles and tints mark what is above or below the typical customer.
    """
    table = profile.numbers_.pivot(
        index="feature", columns="code", values="median_rank"
    )
    features = [name for name in profile.features_["feature"] if name in table.index]
    if not features:
        return ""
    drawing = Drawing(
        "Medians of segments among all customers",
        "50 is the typical customer; triangles point up above it and down below it.",
    )
    segments = list(
        zip(profile.segments_["code"], profile.segments_["name"], strict=True)
    )
    top = 14.0 * _HEAD_LINES + 6
    for place, (code, name) in enumerate(segments):
        x = _LABEL + _CELL * place
        if code == chosen:
            height = top + _LINE * len(features)
            drawing.rect(x + 1, 1, _CELL - 2, height, "chosen")
        _head(drawing, x, name)
    # Tints first: text stands on them.
    tints: dict[str, str] = {}
    for line, feature in enumerate(features):
        for place, (code, _) in enumerate(segments):
            if tint := _tint(float(table.at[feature, code])):
                x, y = _LABEL + _CELL * place + 2, top + _LINE * line + 1
                cell = f"h{_CELL - 4:g}v{_LINE - 2:g}h-{_CELL - 4:g}z"
                start = f"M{coordinate(x)} {coordinate(y)}"
                tints[tint] = tints.get(tint, "") + start + cell
    for tint, cells in sorted(tints.items()):
        drawing.path(cells, tint)
    for line, feature in enumerate(features):
        y = top + _LINE * line + 15
        drawing.text(4, y, feature, _LABEL - 12)
        for place, (code, _) in enumerate(segments):
            label = _cell(float(table.at[feature, code]), few(profile))
            x = _LABEL + _CELL * (place + 0.5)
            drawing.text(x, y, label, _CELL - 6, anchor="middle")
    width = _LABEL + _CELL * len(segments)
    return drawing.svg(width, top + _LINE * len(features) + 4)


def _head(drawing: Drawing, x: float, name: object) -> None:
    lines = wrapped(plain_text(name), _CELL - 8, SMALL, _HEAD_LINES)
    for i, line in enumerate(lines):
        y = 14.0 * (_HEAD_LINES - len(lines) + i + 1)
        drawing.text(x + _CELL / 2, y, line, _CELL - 6, anchor="middle")


def _tint(rank: float) -> str:
    if not math.isfinite(rank) or abs(rank - 0.5) < 0.15:
        return ""
    strength = 3 if abs(rank - 0.5) >= 0.4 else 2 if abs(rank - 0.5) >= 0.3 else 1
    return f"{'high' if rank > 0.5 else 'low'}-{strength}"


def _cell(rank: float, unknown: str) -> str:
    if not math.isfinite(rank):
        return unknown
    mark = "" if abs(rank - 0.5) < 0.15 else " ▲" if rank > 0.5 else " ▼"
    return f"{rank * 100:.0f}{mark}"
