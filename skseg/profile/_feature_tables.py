"""From one column to its rows in the tables of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._association import Association
from ._disclosure import few, few_and_next, hidden_cells, name_of_pool
from ._features import Feature
from ._level_summary import level_counts, representation, summarise_levels
from ._number_summary import Description, NumberSummary, summarise_number
from ._segment_rows import SegmentRows

# Less frequent levels are pooled, since nobody reads more of them.
MOST_LEVELS = 30
_EFFECT_NAMES = {"number": "omega_squared", "level": "cramers_v"}

Part = dict[str, Any]


@dataclass(frozen=True)
class FeatureTables:
    """What the tables hold about one feature; `parts` go by the name of the table."""

    kind: str
    n: float
    missing: float
    infinite: float
    n_levels: int
    association: Association
    parts: Mapping[str, Part] = field(default_factory=dict)


def feature_tables(
    feature: Feature, rows: SegmentRows, codes: IntArray, min_count: int
) -> FeatureTables:
    """Return what a profile says about one feature."""
    if feature.kind == "number":
        return _of_number(feature, rows, codes, min_count)
    return _of_levels(feature, rows, codes, min_count)


def effect_name(kind: str) -> str:
    """Return the name of the effect size of a kind of feature."""
    return _EFFECT_NAMES[kind]


def _of_number(
    feature: Feature, rows: SegmentRows, codes: IntArray, min_count: int
) -> FeatureTables:
    assert feature.values is not None
    is_infinite = feature.is_infinite
    infinite = 0.0
    if is_infinite is not None:
        infinite = float(rows.weights[is_infinite[rows.order]].sum())
    summary = summarise_number(feature.values, rows)
    return number_tables(feature.name, summary, infinite, codes, min_count)


def number_tables(
    name: str, summary: NumberSummary, infinite: float, codes: IntArray, min_count: int
) -> FeatureTables:
    """Return what a profile says about a numeric column, from its summary.

    `infinite` is the weight of the rows with infinite values.
    """
    n, everyone = summary.segments.n, summary.everyone
    is_few = few(n, min_count)
    # A mean of everyone and those of all other segments give away that of the last.
    has_no_mean = few_and_next(n, min_count)
    k = len(codes)
    numbers = {"feature": [name] * k, "code": codes}
    numbers |= _description(summary.segments, is_few, has_no_mean)
    for key in ("median_rank", "rank_effect"):
        numbers[key] = _blank(getattr(summary, key), is_few)
    for key in ("difference", "difference_low", "difference_high"):
        numbers[key] = _blank(getattr(summary, key), has_no_mean)
    is_nobody = few(np.array([float(everyone.n)]), min_count)
    total = Description(*(np.array([float(value)]) for value in everyone))
    everyone_part = {
        "feature": [name],
        **_description(total, is_nobody, is_nobody),
    }
    return FeatureTables(
        "number",
        float(everyone.n),
        float(everyone.missing),
        infinite,
        0,
        summary.association,
        {
            "numbers_": numbers,
            "everyone_": everyone_part,
            "histograms_": _histogram(name, summary, codes, min_count),
        },
    )


def _description(
    statistics: Description, is_few: Any, has_no_mean: Any
) -> dict[str, FloatArray]:
    columns = dict(zip(Description._fields, statistics, strict=True))
    for name, values in columns.items():
        if name in ("mean", "std"):
            columns[name] = _blank(values, has_no_mean)
        elif name not in ("n", "missing"):
            columns[name] = _blank(values, is_few)
    return columns


def _blank(values: FloatArray, is_hidden: Any) -> FloatArray:
    return np.where(is_hidden, np.nan, values)


def _histogram(
    name: str, summary: NumberSummary, codes: IntArray, min_count: int
) -> Part:
    edges, shares, everyone = summary.histogram
    n = summary.segments.n[:, np.newaxis]
    counts = np.rint(np.where(n > 0, shares, 0.0) * n * 1e6) / 1e6
    hidden, total_hidden = hidden_cells(counts, min_count)
    shares, everyone = _blank(shares, hidden), _blank(everyone, total_hidden)
    k, n_bins = shares.shape
    return {
        "feature": [name] * (k * n_bins),
        "low": np.repeat(edges[:-1], k),
        "high": np.repeat(edges[1:], k),
        "code": np.tile(codes, n_bins),
        "share": shares.T.ravel(),
        "share_everyone": np.repeat(everyone, k),
    }


def _of_levels(
    feature: Feature, rows: SegmentRows, codes: IntArray, min_count: int
) -> FeatureTables:
    assert feature.places is not None
    counts = level_counts(feature.places, len(feature.levels), rows)
    return level_tables(feature.name, counts, feature.levels, codes, min_count)


def level_tables(
    name: str,
    counts: FloatArray,
    levels: tuple[str, ...],
    codes: IntArray,
    min_count: int,
    n_more: int = 0,
) -> FeatureTables:
    """Return what a profile says about a column of levels, from its `level_counts`.

    `n_more` further levels, less frequent than `levels`, are counted together in the
    last column but one.
    """
    counts, names, n_pooled = _pooled(counts, levels, min_count, n_more)
    summary = summarise_levels(counts)
    hidden, total_hidden = hidden_cells(summary.counts, min_count)
    # A difference and a share give away the share of all others.
    has_no_difference = hidden | total_hidden
    k, n_levels = hidden.shape
    part = {
        "feature": [name] * (k * n_levels),
        "level": [level for level in names for _ in range(k)],
        "n_levels": np.repeat(n_pooled, k),
        "code": np.tile(codes, n_levels),
        "n": np.tile(summary.n, n_levels),
    }
    for key, values, is_hidden in (
        ("count", summary.counts, hidden),
        ("share", summary.share, hidden),
        ("difference", summary.difference, has_no_difference),
        ("difference_low", summary.difference_low, has_no_difference),
        ("difference_high", summary.difference_high, has_no_difference),
    ):
        part[key] = _blank(values, is_hidden).T.ravel()
    return FeatureTables(
        "level",
        float(summary.n.sum()),
        float(summary.missing.sum()),
        0.0,
        int(n_pooled.sum()),
        summary.association,
        {"levels_": part},
    )


def _pooled(
    counts: FloatArray, levels: tuple[str, ...], min_count: int, n_more: int
) -> tuple[FloatArray, list[str], IntArray]:
    """Return counts in which rare levels are one, their names and what each stands for.

    Pooled are levels that too few customers have, then the least frequent ones beyond
    `MOST_LEVELS`, then as many as it takes for all pooled ones to be shown.
    """
    totals = counts[:, : len(levels)].sum(axis=0)
    further = counts[:, len(levels) : -1].sum(axis=1, keepdims=True)
    present = np.flatnonzero(totals > 0)
    order = present[np.argsort(-totals[present], kind="stable")]
    n_kept = int((totals[order] >= min_count).sum())
    n_levels = len(order) + n_more
    if n_levels > MOST_LEVELS:
        n_kept = min(n_kept, MOST_LEVELS - 1)
    n_further = further.sum()
    while (
        0 < n_kept < n_levels and totals[order[n_kept:]].sum() + n_further < min_count
    ):
        n_kept -= 1
    kept, rest = np.sort(order[:n_kept]), order[n_kept:]
    names = [levels[place] for place in kept]
    blocks, n_pooled = [counts[:, kept]], [1] * len(kept)
    if n_levels > n_kept:
        blocks.append(counts[:, rest].sum(axis=1, keepdims=True) + further)
        names.append(name_of_pool(n_levels - n_kept, "level", levels))
        n_pooled.append(n_levels - n_kept)
    blocks.append(counts[:, -1:])
    return np.hstack(blocks), names, np.array(n_pooled, dtype=np.int64)


def protected_part(
    feature: Feature, rows: SegmentRows, codes: IntArray, min_count: int
) -> Part:
    """Return how each group of a protected column is represented in each segment."""
    assert feature.places is not None
    counts = level_counts(feature.places, len(feature.levels), rows)
    return group_part(feature.name, counts, feature.levels, codes, min_count)


def group_part(
    column: str,
    counts: FloatArray,
    groups: tuple[str, ...],
    codes: IntArray,
    min_count: int,
    n_more: int = 0,
) -> Part:
    """Return what `protected_part` does, from counts as `level_tables` takes them."""
    counts, names, _ = _pooled(counts, groups, min_count, n_more)
    hidden, total_hidden = hidden_cells(counts[:, :-1], min_count)
    ratios = representation(counts)
    k, n_groups = hidden.shape
    part: Part = {
        "column": [column] * (k * n_groups),
        "group": [name for name in names for _ in range(k)],
        "code": np.tile(codes, n_groups),
        "n": _blank(counts[:, :-1], hidden).T.ravel(),
        "share": _blank(ratios.share, hidden).T.ravel(),
    }
    for name in ("ratio", "ratio_low", "ratio_high"):
        values = _blank(getattr(ratios, name), hidden | total_hidden)
        part[name] = values.T.ravel()
    return part
