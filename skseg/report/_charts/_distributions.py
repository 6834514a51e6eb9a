"""Quantiles of a feature in every segment and of everyone."""

from __future__ import annotations

import math
from typing import Any

from skseg.profile import SegmentProfile
from skseg.report._drawing import coordinate
from skseg.report._numbers import number_text

from ._rows import RowChart, few

_QUANTILES = ["q05", "q25", "median", "q75", "q95"]


def box_plot(profile: SegmentProfile, feature: str, chosen: int | None = None) -> str:
    """Return the 5, 25, 50, 75 and 95 % quantiles of a feature, everyone first."""
    numbers = profile.numbers_[profile.numbers_["feature"] == feature]
    everyone = profile.everyone_[profile.everyone_["feature"] == feature]
    if not len(everyone):
        return ""
    by_code = numbers.set_index("code")[_QUANTILES].to_dict("index")
    names = profile.segments_.set_index("code")["name"].to_dict()
    rows: list[tuple[Any, str, dict[Any, float]]] = [
        (None, "Everyone", everyone[_QUANTILES].iloc[0].to_dict())
    ]
    rows += [(code, str(names[code]), by_code.get(code, {})) for code in names]
    values = [v for *_, row in rows for v in row.values() if math.isfinite(v)]
    if not values:
        return ""
    low, high = min(values), max(values)
    about = "Boxes hold the middle half, lines the middle 90 %; dots are medians."
    chart = RowChart(f"Distribution of {feature}", low, high, about)
    for code, name, row in rows:
        is_known = bool(row) and math.isfinite(row["median"])
        note = number_text(row["median"]) if is_known else few(profile)
        css = "everyone-row" if code is None else f"segment-{code}"
        is_chosen = code is not None and code == chosen
        y = chart.open_row(name, note, css, is_chosen=is_chosen)
        if is_known:
            x = {key: chart.scale(row[key]) for key in _QUANTILES}
            chart.drawing.path(
                f"M{coordinate(x['q05'])} {coordinate(y)}H{coordinate(x['q95'])}",
                "whisker",
            )
            width = x["q75"] - x["q25"]
            chart.drawing.rect(x["q25"], y - 6, width, 12, "bar value")
            chart.drawing.dot(x["median"], y, 3.5, "dot")
        chart.close_row()
    return chart.svg()
