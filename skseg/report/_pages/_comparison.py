"""The tab "Compare": medians of any segments side by side."""

from __future__ import annotations

import numpy as np

from skseg.report._numbers import UNKNOWN, number_text, percent_text

from ._source import Source
from ._tables import Cell, Table, name_cell

# Ranks of a segment's median among all customers beyond which it is marked.
_MARKS = ((0.8, "▲▲"), (0.65, "▲"), (0.35, ""), (0.2, "▼"), (-1.0, "▼▼"))


def comparison_table(source: Source) -> Table:
    """Return medians of numbers and the most frequent levels, one column a segment."""
    columns = {
        segment.code: {
            **_medians(source, segment.code),
            **_levels(source, segment.code),
        }
        for segment in source.segments
    }
    features = [str(name) for name in source.profile.features_["feature"]]
    return Table(
        "Typical customer of each segment (median, or most frequent level)",
        [
            Cell("Feature"),
            Cell("Everyone", css="num"),
            *(
                Cell(segment.name, css=f"num name key segment-{segment.code}")
                for segment in source.segments
            ),
        ],
        [
            [
                name_cell(feature),
                Cell(number_text(source.medians.get(feature, np.nan)), css="num"),
                *(
                    columns[segment.code].get(
                        feature, Cell(UNKNOWN, css=f"num segment-{segment.code}")
                    )
                    for segment in source.segments
                ),
            ]
            for feature in features
        ],
    )


def mark_of(rank: float) -> str:
    """Return the mark of a median by its rank among all customers."""
    if not np.isfinite(rank):
        return ""
    return next(mark for limit, mark in _MARKS if rank >= limit)


def _medians(source: Source, code: int) -> dict[str, Cell]:
    numbers = source.profile.numbers_
    rows = numbers[numbers["code"] == code]
    columns = zip(rows["feature"], rows["median"], rows["median_rank"], strict=True)
    return {
        str(feature): Cell(
            f"{number_text(median)} {mark_of(rank)}".rstrip(),
            median,
            f"num segment-{code}",
        )
        for feature, median, rank in columns
    }


def _levels(source: Source, code: int) -> dict[str, Cell]:
    levels = source.profile.levels_
    rows = levels[(levels["code"] == code) & levels["share"].notna()]
    # Of equal shares the first level stands, in the order of the profile.
    order = rows["share"].sort_values(ascending=False, kind="stable").index
    top = rows.loc[order].drop_duplicates("feature")
    columns = zip(top["feature"], top["level"], top["share"], strict=True)
    return {
        str(feature): Cell(
            f"{level} {percent_text(share)}", share, f"num name segment-{code}"
        )
        for feature, level, share in columns
    }
