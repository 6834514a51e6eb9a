"""The tab "Segments": one card for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skseg.report._numbers import MINUS, count_text, number_text, percent_text

from ._rule_texts import RuleText, rule_texts
from ._sentences import outcome_text
from ._source import Segment, Source
from ._tables import Cell, Table, heads, name_cell, number_cell


@dataclass(frozen=True)
class Card:
    """Who the customers of a segment are, by which rule, and what to do."""

    segment: Segment
    figures: list[tuple[str, str]]
    description: str
    table: Table
    rule: RuleText
    play: Sequence[tuple[str, str]]


def segment_cards(source: Source) -> list[Card]:
    """Return the cards in the order of the segments."""
    rules = rule_texts(source)
    return [
        Card(
            segment,
            _figures(source, segment),
            source.profile.description(segment.name),
            _top_table(source, segment),
            rules[segment.code],
            source.plays.get(segment.code, ()),
        )
        for segment in source.segments
    ]


def _figures(source: Source, segment: Segment) -> list[tuple[str, str]]:
    figures = [
        (count_text(segment.n), "customers"),
        (percent_text(segment.share), "of all customers"),
    ]
    if source.has_value:
        name = source.profile.value
        figures += [
            (percent_text(segment.value_share), f"of {name}"),
            (number_text(segment.value_mean, source.unit), f"{name} per customer"),
        ]
    if source.has_outcome:
        text = outcome_text(source, segment.outcome)
        figures.append((text, f"{source.profile.outcome}, mean"))
    return figures


def _top_table(source: Source, segment: Segment) -> Table:
    """Return the features in which the segment differs most from everyone else."""
    numbers = source.profile.numbers_
    rows = numbers[(numbers["code"] == segment.code) & numbers["rank_effect"].notna()]
    order = rows["rank_effect"].abs().sort_values(ascending=False, kind="stable")
    top = rows.loc[order.index[:5]]
    return Table(
        "Where it differs most: typical (median) customer",
        heads("Feature", "This segment", "Everyone", "Lower or higher"),
        [_top_row(row, source.medians) for row in top.to_dict("records")]
        + _top_levels(source.profile.levels_, segment.code),
    )


def _top_row(row: Mapping[Any, Any], medians: dict[str, float]) -> list[Cell]:
    name, effect = str(row["feature"]), row["rank_effect"]
    return [
        name_cell(name),
        number_cell(row["median"]),
        number_cell(medians.get(name, float("nan"))),
        Cell(f"{direction(effect)}", effect, "num"),
    ]


def _top_levels(levels: pd.DataFrame, code: int) -> list[list[Cell]]:
    rows = levels[(levels["code"] == code) & levels["difference"].notna()]
    order = rows["difference"].abs().sort_values(ascending=False, kind="stable")
    top = rows.loc[order.index[:3]].to_dict("records")
    return [
        [
            name_cell(f"{row['feature']}: {row['level']}"),
            Cell(percent_text(row["share"]), row["share"], "num"),
            Cell(
                f"{percent_text(row['share'] - row['difference'])} of others",
                None,
                "num",
            ),
            Cell(_points(row["difference"]), row["difference"], "num"),
        ]
        for row in top
    ]


def _points(difference: float) -> str:
    return f"{difference * 100:+.1f} points".replace("-", MINUS)


def direction(effect: float) -> str:
    """Return in words how often a customer of a segment lies above one of the others.

    A rank effect e means that this happens in (1 + e) / 2 of all pairs.
    """
    size = abs(effect)
    if size < 0.05:
        return "about the same"
    word = "higher" if effect > 0 else "lower"
    for limit, adverb in ((0.2, "slightly "), (0.5, ""), (0.8, "much ")):
        if size < limit:
            return f"{adverb}{word}"
    return f"almost always {word}"
