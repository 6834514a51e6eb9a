"""The tab "Overview": how many customers and how much value each segment has."""

from __future__ import annotations

from dataclasses import dataclass

from skseg.report._numbers import UNKNOWN, count_text, number_text

from ._sentences import executive_sentences, outcome_text
from ._source import Segment, Source
from ._tables import (
    Cell,
    Table,
    count_cell,
    heads,
    name_cell,
    number_cell,
    percent_cell,
)


@dataclass(frozen=True)
class Overview:
    """Sentences, pairs of key figure and label, and the table of segments."""

    sentences: list[str]
    figures: list[tuple[str, str]]
    table: Table


def overview(source: Source) -> Overview:
    """Return what the tab shows."""
    return Overview(
        executive_sentences(source), _key_figures(source), segment_table(source)
    )


def _key_figures(source: Source) -> list[tuple[str, str]]:
    figures = [
        (count_text(source.n), "customers"),
        (str(len(source.segments)), "segments"),
    ]
    if source.has_value:
        name = source.profile.value
        figures.append((number_text(source.value, source.unit), f"{name}, all"))
        if source.n > 0:
            mean = number_text(source.value / source.n, source.unit)
            figures.append((mean, f"{name} per customer"))
    return figures


def segment_table(source: Source) -> Table:
    """Return sizes, value and outcome of the segments."""
    profile = source.profile
    titles = ["Segment", "Customers", "Share of customers"]
    if source.has_value:
        titles += [f"{profile.value}", "Share of it", "Per customer"]
    if source.has_outcome:
        titles.append(f"{profile.outcome} (95% interval)")
    return Table(
        "Segments by size and value",
        heads(*titles),
        [_row(source, segment) for segment in source.segments],
    )


def _row(source: Source, segment: Segment) -> list[Cell]:
    cells = [
        name_cell(segment.name, segment.code),
        count_cell(segment.n),
        percent_cell(segment.share),
    ]
    if source.has_value:
        cells += [
            number_cell(segment.value, source.unit),
            percent_cell(segment.value_share),
            number_cell(segment.value_mean, source.unit),
        ]
    if source.has_outcome:
        low, high = segment.outcome_low, segment.outcome_high
        texts = [outcome_text(source, bound) for bound in (low, high)]
        interval = "" if UNKNOWN in texts else " to ".join(texts)
        text = outcome_text(source, segment.outcome)
        cells.append(Cell(text, segment.outcome, "num", interval))
    return cells
