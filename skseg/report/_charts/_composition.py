"""Stacked bars of the levels of a feature."""

from __future__ import annotations

import math

from skseg.profile import SegmentProfile
from skseg.report._drawing import Drawing, text_width
from skseg.report._drawing._svg import SMALL
from skseg.report._numbers import percent_text

from ._rows import few, marked

_WIDTH, _START, _ROW, _MOST = 560.0, 170.0, 26.0, 6


def composition_bars(
    profile: SegmentProfile, feature: str, chosen: int | None = None
) -> str:
    """Return how the levels of a feature are shared out in each segment.

    The six largest levels are drawn; what is missing to the full width are the others.
    """
    table = profile.levels_[profile.levels_["feature"] == feature]
    if not len(table):
        return ""
    sizes = table.groupby("level", sort=False)["count"].sum()
    levels = list(sizes.sort_values(ascending=False, kind="stable").index[:_MOST])
    shares = table.set_index(["level", "code"])["share"].to_dict()
    drawing = Drawing(f"Levels of {feature} by segment")
    width = _WIDTH - _START - 4
    rows = zip(profile.segments_["code"], profile.segments_["name"], strict=True)
    for line, (code, name) in enumerate(rows):
        y, x = _ROW * line, _START
        label = marked(name, is_chosen=code == chosen)
        drawing.text(4, y + 17, label, _START - 12)
        known = [float(shares.get((level, code), math.nan)) for level in levels]
        if not any(share > 0 for share in known):
            drawing.text(_START + 4, y + 17, few(profile), width)
        for place, share in enumerate(known):
            if not share > 0:
                continue
            drawing.rect(
                x,
                y + 3,
                share * width,
                20,
                f"level-{place}",
                f"{levels[place]}: {percent_text(share)}",
            )
            label = percent_text(share)
            if text_width(label, SMALL) + 6 <= share * width:
                drawing.text(x + 3, y + 17, label, share * width - 4)
            x += share * width
    top = _ROW * len(profile.segments_) + 6
    for place, level in enumerate(levels):
        x, y = 4 + 278.0 * (place % 2), top + 20 * (place // 2)
        drawing.rect(x, y + 2, 12, 12, f"level-{place}")
        drawing.text(x + 18, y + 12, level, 250)
    return drawing.svg(_WIDTH, top + 20 * math.ceil(len(levels) / 2) + 4)
