"""What segments bring: value, outcome with intervals, groups with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from skseg.profile import SegmentProfile
from skseg.profile._intervals import is_share
from skseg.report._drawing import coordinate
from skseg.report._numbers import number_text, percent_text

from ._rows import RowChart, few


def value_bars(profile: SegmentProfile, chosen: int | None = None) -> str:
    """Return the value of each segment; losses go to the left."""
    table = profile.segments_
    if "value" not in table or not table["value"].notna().any():
        return ""
    low, high = min(0.0, table["value"].min()), max(0.0, table["value"].max())
    chart = RowChart(f"{profile.value} by segment", low, high)
    for code, name, value in table[["code", "name", "value"]].itertuples(index=False):
        note = number_text(value) if math.isfinite(value) else few(profile)
        y = chart.open_row(name, note, f"segment-{code}", is_chosen=code == chosen)
        if math.isfinite(value):
            start, end = sorted((chart.scale(0), chart.scale(value)))
            chart.drawing.rect(start, y - 7, end - start, 14, "bar")
        chart.close_row()
    chart.line(0)
    return chart.svg()


def outcome_intervals(profile: SegmentProfile, chosen: int | None = None) -> str:
    """Return the mean outcome of each segment with its interval."""
    table = profile.segments_
    if "outcome" not in table or not table["outcome"].notna().any():
        return ""
    columns = ["outcome", "outcome_low", "outcome_high"]
    means = table[columns].to_numpy(dtype=float)
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    is_rate = is_share(*means.T)
    chart = RowChart(f"{profile.outcome} by segment", min(low, 0), high)
    write = percent_text if is_rate else number_text
    for row in table[["code", "name", *columns]].itertuples(index=False):
        code, name, *numbers = row
        is_known = math.isfinite(numbers[0])
        note = write(numbers[0]) if is_known else few(profile)
        y = chart.open_row(name, note, f"segment-{code}", is_chosen=code == chosen)
        _interval(chart, y, numbers)
        chart.close_row()
    return chart.svg(suffix="%" if is_rate else "")


def representation_ratios(profile: SegmentProfile, column: str) -> str:
    """Return how often groups are in segments, against their share of everyone."""
    table = profile.protected_
    table = table[table["column"] == column]
    if not len(table):
        return ""
    names = profile.segments_.set_index("code")["name"].to_dict()
    highs = table[["ratio", "ratio_high"]].to_numpy().ravel()
    high = max([1.0, *(number for number in highs if math.isfinite(number))])
    about = "1 means as often as among all customers; lines are 95 % intervals."
    chart = RowChart(f"Representation of {column} in segments", 0, high, about)
    columns = ["code", "group", "ratio", "ratio_low", "ratio_high"]
    for row in table[columns].itertuples(index=False):
        code, group, *numbers = row
        is_known = math.isfinite(numbers[0])
        note = f"{numbers[0]:.2f} times" if is_known else few(profile)
        y = chart.open_row(f"{group}: {names[code]}", note, f"segment-{code}")
        _interval(chart, y, numbers)
        chart.close_row()
    chart.line(1, "even")
    return chart.svg()


def _interval(chart: RowChart, y: float, numbers: Sequence[float]) -> None:
    center, low, high = numbers
    if math.isfinite(low) and math.isfinite(high):
        start, end = coordinate(chart.scale(low)), coordinate(chart.scale(high))
        ends = f"M{start} {coordinate(y - 4)}v8M{end} {coordinate(y - 4)}v8"
        chart.drawing.path(f"M{start} {coordinate(y)}H{end}{ends}", "whisker")
    if math.isfinite(center):
        chart.drawing.dot(chart.scale(center), y, 4, "dot")
