"""The traits that segments of a profile have, and by how much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.profile import SegmentProfile

# Margins of a value that is not known: the segment has not the trait (it is below 0),
# but does not lack it clearly either (it is above -CLEAR of _fewest, halfway to it).
_UNKNOWN = -0.25
# Ratios of value have no ranks, so a doubling is set equal to 0.4 on the scale of ranks
# (with the shipped margin of 0.08, a ratio 7 % beyond the threshold is half a margin).
_PER_DOUBLING = 0.4


@dataclass(frozen=True)
class Trait:
    """A trait, the segments that have it, and the numbers that make it true.

    `margins` says for each segment by how many margins it lies beyond the threshold:
    it has the trait where this is above 0, and clearly so from a half on.
    """

    words: str
    margins: FloatArray
    evidence: tuple[str, ...]
    is_very: bool = False


def number_text(value: float) -> str:
    """Return a number with about three significant digits."""
    if not np.isfinite(value):
        return str(value)
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):g}"


def candidate_traits(
    profile: SegmentProfile, codes: list[int], document: Mapping[str, Any]
) -> list[Trait]:
    """Return all traits, the preferred first, with margins in the order of `codes`.

    Mild traits come before strong ones. Among each, traits with words of the
    document come first, in its order, then the share of
    value, then other columns, those with the largest effect first. Words that an
    earlier trait has are replaced by those of the fallback.
    """
    traits: list[Trait] = []
    taken: set[str] = set()
    for written, fallback, margins, evidence, is_very in _written(
        profile, codes, document
    ):
        words = written if written not in taken else fallback
        if words in taken or not (margins > 0).any():
            continue
        taken.add(words)
        traits.append(Trait(words, margins, tuple(evidence), is_very))
    # The milder of two words for a column is true by a wider margin.
    return sorted(traits, key=lambda trait: trait.is_very)


_Written = tuple[str, str, FloatArray, list[str], bool]


def _written(
    profile: SegmentProfile, codes: list[int], document: Mapping[str, Any]
) -> Iterator[_Written]:
    """Yield words, words of the fallback, margins and evidence of every trait."""
    limits, fallback = document["thresholds"], document["fallback"]
    numbers = tables_of(profile.numbers_)
    levels = tables_of(profile.levels_)
    entries = _entries(document["features"], numbers)
    level_words = {
        (_key(entry["column"]), entry["level"]): entry["words"]
        for entry in document["levels"]
    }
    known = [*entries]
    yield from (
        trait
        for feature in known
        for trait in _of_numbers(
            profile, numbers[feature], codes, limits, entries[feature], fallback
        )
    )
    in_words = [f for f in levels if any(_key(f) == key for key, _ in level_words)]
    for feature in in_words:
        yield from _of_levels(levels[feature], codes, limits, level_words, fallback)
    yield from _of_value(profile, codes, limits, document.get("value", {}))
    others = profile.features_["feature"].tolist()
    for feature in others:
        if feature in numbers and feature not in entries:
            yield from _of_numbers(
                profile, numbers[feature], codes, limits, {}, fallback
            )
        elif feature in levels and feature not in in_words:
            yield from _of_levels(levels[feature], codes, limits, {}, fallback)


def tables_of(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each feature."""
    if not len(table):
        return {}
    return {str(name): rows for name, rows in table.groupby("feature", sort=False)}


def _key(column: str) -> str:
    """Return the name of a column in the spelling of the document."""
    return re.sub(r"[\W_]+", "_", column.casefold()).strip("_")


def _entries(
    features: list[dict[str, Any]], numbers: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, Any]]:
    """Return the entry of each column that the document knows, in its order."""
    entries: dict[str, dict[str, Any]] = {}
    for entry in features:
        for alias in entry["columns"]:
            for feature in numbers:
                if _key(feature) == _key(alias):
                    entries.setdefault(feature, entry)
    return entries


def _of_numbers(
    profile: SegmentProfile,
    table: pd.DataFrame,
    codes: list[int],
    limits: Mapping[str, float],
    entry: Mapping[str, Any],
    fallback: Mapping[str, str],
) -> Iterator[_Written]:
    """Yield high, low and very high or low values of one column."""
    feature = str(table["feature"].iloc[0])
    rows = table.drop_duplicates("code").set_index("code").reindex(codes)
    # A median that is not shown has no rank to speak of.
    rank = rows["median_rank"].where(rows["median"].notna()).to_numpy(np.float64)
    effect = rows["rank_effect"].to_numpy(np.float64)
    everyone = profile.everyone_.loc[profile.everyone_["feature"] == feature, "median"]
    against = number_text(float(everyone.iloc[0])) if len(everyone) else "unknown"
    evidence = [
        f"{feature} median {number_text(median)} against {against}"
        for median in rows["median"]
    ]
    for level in ("high", "very_high"):
        for sign, suffix in ((1, "high"), (-1, "low")):
            key = level.replace("high", suffix)
            sided = rank if sign == 1 else 1.0 - rank
            margins = np.minimum(
                _beyond(sided, limits[level], limits["margin"]),
                (sign * effect - limits["rank_effect"]) / (2 * limits["margin"]),
            )
            plain = fallback[key].replace("{column}", feature)
            is_very = level == "very_high"
            yield entry.get(key, plain), plain, _known(margins), evidence, is_very


def _beyond(ranks: FloatArray, threshold: float, margin: float) -> FloatArray:
    """Return how many margins ranks lie above a threshold in the widest gap near it.

    Only ranks within one margin count as near, so that a high rank always is one. The
    middle of the widest gap is where a refit moves the fewest segments across: a
    segment that has 0.5 margins or more to it is beyond the threshold clearly.
    """
    near = ranks[np.abs(ranks - threshold) < margin]
    ends = np.sort(np.r_[threshold - margin, near, threshold + margin])
    widest = int(np.argmax(np.diff(ends)))
    cut = (ends[widest] + ends[widest + 1]) / 2
    margins: FloatArray = (ranks - cut) / margin
    return margins


def _known(margins: FloatArray) -> FloatArray:
    return np.where(np.isnan(margins), _UNKNOWN, margins)


def _of_levels(
    table: pd.DataFrame,
    codes: list[int],
    limits: Mapping[str, float],
    written: Mapping[tuple[str, Any], str],
    fallback: Mapping[str, str],
) -> Iterator[_Written]:
    """Yield the levels that most customers of a segment have, and few others."""
    feature = str(table["feature"].iloc[0])
    for level, rows in table.groupby("level", sort=False):
        everyone = rows["count"].sum() / max(rows["n"].sum(), 1.0)
        rows = rows.drop_duplicates("code").set_index("code").reindex(codes)
        share = rows["share"].to_numpy(np.float64)
        difference = rows["difference"].to_numpy(np.float64)
        margins = np.minimum(
            share - limits["level_share"], difference - limits["level_difference"]
        )
        evidence = [f"{feature} {level} {s:.0%} against {everyone:.0%}" for s in share]
        plain = fallback["level"]
        plain = plain.replace("{column}", feature).replace("{level}", str(level))
        words = written.get((_key(feature), level), plain)
        yield words, plain, _known(margins / limits["margin"]), evidence, False


def _of_value(
    profile: SegmentProfile,
    codes: list[int],
    limits: Mapping[str, float],
    words: Mapping[str, str],
) -> Iterator[_Written]:
    """Yield shares of the value that are large or small for the share of customers."""
    if "value_share" not in profile.segments_:
        return
    rows = profile.segments_.set_index("code").loc[codes]
    value = rows["value_share"].to_numpy(np.float64)
    share = rows["share"].to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        doublings = np.log2(np.where(value > 0, value, np.nan) / share)
    evidence = [
        f"{v:.0%} of the value from {s:.0%} of the customers"
        for v, s in zip(value, share, strict=True)
    ]
    for sign, key in ((1, "high"), (-1, "low")):
        if key not in words:
            continue
        beyond = sign * doublings - np.log2(limits["value_ratio"])
        margins = _PER_DOUBLING * beyond / limits["margin"]
        yield words[key], words[key], _known(margins), evidence, False
