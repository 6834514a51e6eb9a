"""What a profile says about one segment: its strongest features, and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ._profile import SegmentProfile

_FEATURES_IN_SENTENCES = 2
# Weaker effects are not worth a sentence: a rank effect of 0.1 is a chance of 55 % to
# be above one of the others.
_LEAST_EFFECT = 0.1


def strongest_features(profile: SegmentProfile, code: int) -> pd.DataFrame:
    """Return one row per feature whose effect is shown, the strongest first.

    The effect of a level is the difference of its share to that among all others, which
    is 2 AUC - 1 of having the level, so that it compares with the rank effect of a
    number. Of each feature the level with the strongest effect counts.
    """
    numbers = profile.numbers_[profile.numbers_["code"] == code]
    everyone = profile.everyone_.set_index("feature")["median"]
    levels = profile.levels_[profile.levels_["code"] == code]
    table = pd.DataFrame(
        {
            "feature": [*numbers["feature"], *levels["feature"]],
            "level": [*[""] * len(numbers), *levels["level"]],
            "effect": [*numbers["rank_effect"], *levels["difference"]],
            "segment": [*numbers["median"], *levels["share"]],
            "compared": [
                *(everyone[name] for name in numbers["feature"]),
                *(levels["share"] - levels["difference"]),
            ],
            "kind": [*["number"] * len(numbers), *["level"] * len(levels)],
        }
    )
    table = table[table["effect"].notna()]
    order = table["effect"].abs().sort_values(ascending=False, kind="stable").index
    table = table.loc[order].drop_duplicates("feature")
    return table.reset_index(drop=True)


def describe(profile: SegmentProfile, code: int) -> str:
    """Return two or three sentences about a segment."""
    place = list(profile.segments_["code"]).index(code)
    return " ".join(_sentences(profile, profile.segments_.iloc[place], code))


def _sentences(
    profile: SegmentProfile, segment: pd.Series[Any], code: int
) -> Iterator[str]:
    n = segment["n"]
    if not n:
        yield "No customers."
        return
    noun = "customer" if n == 1 else "customers"
    value = _known(segment, "value_share")
    worth = f", {percent(value)} of {profile.value}" if value is not None else ""
    yield f"{number(n)} {noun} ({percent(segment['share'])}){worth}."
    if n < profile.min_count:
        yield f"Fewer than {profile.min_count}, so that no more is shown."
        return
    features = strongest_features(profile, code)
    features = features[features["effect"].abs() >= _LEAST_EFFECT]
    # A copy, such as the same amount in another unit, would say the same again.
    table = profile.features_.set_index("feature")
    is_copy = table["copy_of"].isin(table.index)
    features = features[~features["feature"].map(is_copy).astype(bool)]
    clauses = [
        _clause(row) for _, row in features.head(_FEATURES_IN_SENTENCES).iterrows()
    ]
    if clauses:
        yield f"Compared with all others they have {' and '.join(clauses)}."
    elif len(profile.features_) and len(profile.segments_) > 1:
        yield "In no feature do they differ much from all others."
    outcome = _known(segment, "outcome")
    if outcome is not None:
        yield f"Mean {profile.outcome}: {number(outcome)}{_interval(segment)}."


def _known(segment: pd.Series[Any], name: str) -> float | None:
    value = segment.get(name)
    return None if value is None or pd.isna(value) else float(value)


def _clause(row: pd.Series[Any]) -> str:
    segment, compared, name = row["segment"], row["compared"], row["feature"]
    if row["kind"] == "level":
        direction = "more" if row["effect"] > 0 else "less"
        return (
            f"{direction} often {row['level']!r} as {name} ({percent(segment)} against "
            f"{percent(compared)})"
        )
    direction = "higher" if row["effect"] > 0 else "lower"
    medians = f"median {number(segment)} against {number(compared)} of everyone"
    if number(segment) == number(compared):
        # Where most customers share a value, as zero, ranks differ and medians do not.
        medians += f", {direction} in {percent((1 + abs(row['effect'])) / 2)} of pairs"
    return f"{direction} {name} ({medians})"


def _interval(segment: pd.Series[Any]) -> str:
    low, high = segment["outcome_low"], segment["outcome_high"]
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f" (95 % interval {number(low)} to {number(high)})"


def percent(share: float) -> str:
    """Return a share as a percentage that is not rounded to nothing, or to all."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        text = f"{100 * share:.1f} %"
        if text == "0.0 %":
            return "less than 0.1 %"
        return "more than 99.9 %" if text == "100.0 %" else text
    return f"{100 * share:.0f} %"


def number(value: float) -> str:
    """Return a number with three significant digits, whole parts in full."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.3g}"
