"""What differs between segments: features by their effects."""

from __future__ import annotations

import math

from skseg.profile import SegmentProfile
from skseg.report._numbers import p_text

from ._rows import RowChart, few


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
