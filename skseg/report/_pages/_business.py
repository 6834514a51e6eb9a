"""The tab "Business impact": value, its concentration, CLV, growth, representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skseg.profile import SegmentProfile
from skseg.report._numbers import UNKNOWN

from ._source import Segment, Source, segments_of
from ._tables import (
    Cell,
    Table,
    change_cell,
    count_cell,
    heads,
    name_cell,
    number_cell,
    percent_cell,
    text_cell,
)


@dataclass(frozen=True)
class Business:
    """Tables; None where the numbers were not given."""

    value: Table | None
    growth: Table | None
    representation: list[Table]


def business(source: Source) -> Business:
    """Return what the tab shows."""
    has_table = source.has_value or bool(source.clv)
    return Business(
        _value_table(source) if has_table else None,
        None if source.previous is None else _growth_table(source, source.previous),
        _representation(source),
    )


def _value_table(source: Source) -> Table:
    titles = ["Segment", "Share of customers"]
    if source.has_value:
        titles += ["Share of value", "Value against size", "Per customer"]
    if source.clv:
        titles += ["CLV per customer", "CLV, all"]
    return Table(
        "Value of the segments",
        heads(*titles),
        [_value_row(source, segment) for segment in source.segments],
    )


def _value_row(source: Source, segment: Segment) -> list[Cell]:
    cells = [name_cell(segment.name, segment.code), percent_cell(segment.share)]
    if source.has_value:
        ratio = np.nan
        if source.value_is_divisible and segment.share > 0:
            ratio = segment.value_share / segment.share
        text = f"{ratio:.2f} times" if np.isfinite(ratio) else UNKNOWN
        cells += [
            percent_cell(segment.value_share),
            Cell(text, ratio, "num"),
            number_cell(segment.value_mean, source.unit),
        ]
    if source.clv:
        clv = source.clv.get(segment.code, np.nan)
        cells += [
            number_cell(clv, source.unit),
            number_cell(clv * segment.n, source.unit),
        ]
    return cells


def _growth_table(source: Source, previous: SegmentProfile) -> Table:
    before = {s.name: s for s in segments_of(previous)}
    now = {segment.name for segment in source.segments}
    rows = [
        [
            name_cell(segment.name, segment.code),
            *_growth_cells(before.get(segment.name), segment),
        ]
        for segment in source.segments
    ]
    rows += [
        [name_cell(name), count_cell(s.n), count_cell(0), text_cell("gone")]
        for name, s in before.items()
        if name not in now
    ]
    return Table(
        "Customers since the profile before",
        heads("Segment", "Before", "Now", "Change"),
        rows,
    )


def _growth_cells(before: Segment | None, segment: Segment) -> list[Cell]:
    if before is None:
        return [count_cell(0), count_cell(segment.n), text_cell("new")]
    ratio = segment.n / before.n - 1 if before.n > 0 else np.nan
    return [count_cell(before.n), count_cell(segment.n), change_cell(ratio)]


def _representation(source: Source) -> list[Table]:
    protected = source.profile.protected_
    tables = []
    for column in dict.fromkeys(protected["column"]):
        rows = protected[protected["column"] == column].to_dict("records")
        tables.append(
            Table(
                f"Representation by {column}",
                heads("Segment", "Group", "Customers", "Share", "Against everyone"),
                [
                    [
                        _segment_cell(source, int(row["code"])),
                        Cell(str(row["group"]), css="name"),
                        count_cell(row["n"]),
                        percent_cell(row["share"]),
                        _ratio_cell(row["ratio"], row["ratio_low"], row["ratio_high"]),
                    ]
                    for row in rows
                ],
            )
        )
    return tables


def _segment_cell(source: Source, code: int) -> Cell:
    return name_cell(source.by_code[code].name, code)


def _ratio_cell(ratio: float, low: float, high: float) -> Cell:
    if not np.isfinite(ratio):
        return Cell(UNKNOWN, None, "num")
    known = np.isfinite([low, high]).all()
    interval = f"95% interval {low:.2f} to {high:.2f}" if known else ""
    return Cell(f"{ratio:.2f} times", ratio, "num", interval)
