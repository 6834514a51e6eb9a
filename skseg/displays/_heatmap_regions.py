"""The segments that each pair of scores R and F may belong to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from skseg._typing import ObjectArray
from skseg.rules._cells import (
    Axis,
    BooleanAxis,
    DateAxis,
    NumberAxis,
    TextAxis,
    build_axes,
)

if TYPE_CHECKING:
    from skseg._rfm._segmenter import RFMSegmenter

# Regions are left out where more combinations of values than this decide them.
_MOST_COMBINATIONS = 100_000


def segment_regions(
    segmenter: RFMSegmenter,
) -> tuple[ObjectArray | None, list[str]]:
    """Return the segments of each pair of scores R, F, and the other deciding columns.

    The names of several segments are joined by slashes. A score that no value gets has
    no segment. There are no regions where the scores are the segments, or where too
    many combinations of conditions on other columns would have to be tried.
    """
    if not segmenter._has_map:
        return None, []
    columns = _scored_columns(segmenter)
    rules = segmenter.rules_
    other = {
        name: _values_of_cells(axis)
        for name, axis in build_axes(rules.rules.values()).items()
        if name not in columns
    }
    table = segmenter.score_table_[~segmenter.score_table_["collapsed"]]
    recency, frequency = (
        table[table["dimension"] == name] for name in ("recency", "frequency")
    )
    n_combinations = len(recency) * len(frequency) * prod(map(len, other.values()))
    if n_combinations > _MOST_COMBINATIONS:
        return None, []
    # The closed end of its interval stands for every score.
    end = "high" if segmenter._dimensions[0].closed == "right" else "low"
    ends: list[Iterable[Any]] = [recency[end], frequency[end], *other.values()]
    combinations = zip(*product(*ends), strict=True)
    names_of_columns = [*columns, *other]
    codes = rules.assign(dict(zip(names_of_columns, combinations, strict=True)))
    texts = [
        " / ".join(segmenter.segment_names_[np.unique(codes_of_cell)])
        for codes_of_cell in codes.reshape(len(recency) * len(frequency), -1)
    ]
    r, f = (part["score"].to_numpy() - 1 for part in (recency, frequency))
    shape = [len(segmenter.cut_points_[d]) + 1 for d in ("recency", "frequency")]
    regions = np.full(shape, None, dtype=object)
    regions[np.ix_(r, f)] = np.reshape(texts, (len(recency), len(frequency)))
    return regions, list(other)


def _values_of_cells(axis: Axis) -> list[Any]:
    """Return a known value for every way in which conditions on a column can hold."""
    if isinstance(axis, TextAxis):
        return [*axis.values, "other".join(axis.values) + "other"]
    if isinstance(axis, BooleanAxis):
        return [False, True]
    if isinstance(axis, NumberAxis) and len(axis.edges):
        return [np.nextafter(axis.edges[0], -np.inf), *axis.edges]
    if isinstance(axis, DateAxis) and len(axis.edges):
        return list(np.append(axis.edges[0] - 1, axis.edges).view("datetime64[us]"))
    # Conditions on what is left ask for True, for False, or whether there is a value.
    return [True, False]


def _scored_columns(segmenter: RFMSegmenter) -> tuple[str, str]:
    """Return the columns of recency and frequency; those of an array are x0 and x1."""
    column_of = {d.name: d.column for d in segmenter._dimensions}
    return column_of["recency"], column_of["frequency"]
