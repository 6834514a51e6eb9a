"""What the numbers say, in sentences that are true of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from skseg.report._numbers import (
    change_text,
    count_text,
    list_text,
    number_text,
    percent_text,
    times_text,
)

from ._source import Segment, Source, segments_of


def executive_sentences(source: Source) -> list[str]:
    """Return the sentences of the first page: each is computed, none is a template."""
    candidates = [
        _size(source),
        _largest(source),
        _value(source),
        _concentration(source),
        _outcome(source),
        _differences(source),
        _growth(source),
    ]
    return [sentence for sentence in candidates if sentence]


def _quoted(segments: Iterable[Segment]) -> str:
    return list_text([f"“{segment.name}”" for segment in segments])


def _best(
    segments: Iterable[Segment], key: Callable[[Segment], float]
) -> list[Segment]:
    """Return all segments with the largest known number: ties are no order."""
    known = [segment for segment in segments if np.isfinite(key(segment))]
    top = max(map(key, known), default=np.nan)
    return [segment for segment in known if key(segment) == top]


def _size(source: Source) -> str:
    n = len(source.segments)
    segments = "1 segment" if n == 1 else f"{n} segments"
    hidden = sum(not segment.is_shown for segment in source.segments)
    text = f"{count_text(source.n)} customers are in {segments}."
    if n == 1:
        text = f"There is {segments}, with {count_text(source.n)} customers."
    if hidden:
        return f"{text} The size of {hidden} of them is not shown."
    return text


def _largest(source: Source) -> str:
    if len(source.segments) < 2:
        return ""
    top = _best(source.segments, lambda s: s.n)
    if not top or len(top) == len(source.segments):
        return ""
    share = percent_text(top[0].share)
    if len(top) == 1:
        return f"The largest segment is {_quoted(top)}, with {share} of all customers."
    return f"The largest segments are {_quoted(top)}, each with {share} of customers."


def _value(source: Source) -> str:
    if len(source.segments) < 2 or not source.has_value:
        return ""
    top = _best(source.segments, lambda s: s.value)
    if len(top) != 1:
        return ""
    (best,) = top
    amount = number_text(best.value, source.unit)
    name = source.profile.value
    if not source.value_is_divisible:
        return f"{_quoted(top)} brings most {name}: {amount}."
    text = (
        f"{_quoted(top)} brings most {name}: {amount}, or "
        f"{percent_text(best.value_share)} of all, from {percent_text(best.share)} of "
        "the customers"
    )
    if not 0 < best.share < best.value_share:
        return f"{text}."
    return (
        f"{text} ({times_text(best.value_share / best.share)} its share of customers)."
    )


def _concentration(source: Source) -> str:
    table = source.profile.concentration_
    if not len(table) or not source.value_is_divisible:
        return ""
    near = (table["customers"] - 0.2).abs().to_numpy()
    row = table.iloc[int(near.argmin())]
    if near.min() > 0.005:
        return ""
    return (
        f"The most valuable {row['customers']:.0%} of customers bring "
        f"{percent_text(row['value'])} of {source.profile.value}."
    )


def outcome_text(source: Source, number: float) -> str:
    """Return a mean outcome: a share of customers as percent."""
    return percent_text(number) if source.is_rate else number_text(number)


def _outcome(source: Source) -> str:
    if not source.has_outcome or len(source.segments) < 2:
        return ""
    high = _best(source.segments, lambda s: s.outcome)
    low = _best(source.segments, lambda s: -s.outcome)
    if len(high) != 1 or len(low) != 1 or high == low:
        return ""
    name, (top,), (bottom,) = source.profile.outcome, high, low
    text = (
        f"The mean of {name} is highest in {_quoted(high)} "
        f"({outcome_text(source, top.outcome)}) and lowest in {_quoted(low)} "
        f"({outcome_text(source, bottom.outcome)})"
    )
    if not (np.isfinite(top.outcome_low) and np.isfinite(bottom.outcome_high)):
        return f"{text}."
    if top.outcome_low > bottom.outcome_high:
        return f"{text}; their 95% intervals do not overlap."
    return f"{text}, but their 95% intervals overlap: this may be chance."


def _differences(source: Source) -> str:
    table = source.profile.features_
    known = table[table["effect"].notna()]
    if not len(known) or len(source.segments) < 2:
        return ""
    first = known.iloc[0]
    text = f"Segments differ most in {first['feature']}"
    if first["role"] == "rule":
        text += ", which is part of the rules that make them"
        others = known[known["role"] != "rule"]
        if len(others):
            return f"{text}; of all else, in {others.iloc[0]['feature']}."
    return f"{text}."


def _growth(source: Source) -> str:
    if source.previous is None:
        return ""
    before = {s.name: s.n for s in segments_of(source.previous)}
    kept = [s for s in source.segments if before.get(s.name, 0) > 0 and s.is_shown]
    top = _best(kept, lambda s: s.n / before[s.name])
    if len(top) != 1 or len(kept) < 2:
        return ""
    (best,) = top
    change = best.n / before[best.name] - 1
    if not change:
        return f"{_quoted(top)} has kept its size; all others have lost customers."
    verb = "has grown most" if change > 0 else "has lost least"
    return f"{_quoted(top)} {verb} since the profile before: {change_text(change)}."
