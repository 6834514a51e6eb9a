"""What a report is made of: the profile, and what its user adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from skseg.profile import SegmentProfile
from skseg.profile._intervals import is_share


class Segment(NamedTuple):
    """One row of the profile's segments, unknown numbers as NaN."""

    code: int
    name: str
    rule: str
    n: float
    share: float
    value: float
    value_share: float
    value_mean: float
    outcome: float
    outcome_low: float
    outcome_high: float

    @property
    def is_shown(self) -> bool:
        """Return whether the segment has as many customers as numbers need."""
        return bool(np.isfinite(self.n))


@dataclass(frozen=True)
class Source:
    """All that the pages read.

    Attributes
    ----------
    profile : SegmentProfile
        The numbers.
    plays : mapping of int to sequence of (str, str)
        Code -> pairs of label and text, from the plan.
    has_plan : bool
        Whether there is a plan at all.
    previous : SegmentProfile or None
        The profile of before.
    clv : mapping of int to float
        Code -> customer lifetime value per customer.
    unit : str
        The unit of the value, such as "EUR".
    dialect : str
        The dialect of SQL.
    """

    profile: SegmentProfile
    plays: Mapping[int, Sequence[tuple[str, str]]]
    has_plan: bool
    previous: SegmentProfile | None
    clv: Mapping[int, float]
    unit: str
    dialect: str

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments in the order of their codes, noise last."""
        return segments_of(self.profile)

    @cached_property
    def by_code(self) -> dict[int, Segment]:
        """Code -> segment."""
        return {segment.code: segment for segment in self.segments}

    @cached_property
    def medians(self) -> dict[str, float]:
        """Feature -> median of everyone, of numbers."""
        everyone = self.profile.everyone_
        return dict(zip(everyone["feature"], everyone["median"], strict=True))

    @property
    def n(self) -> float:
        """Number of customers, as far as segments show theirs."""
        return float(np.nansum([segment.n for segment in self.segments]))

    @property
    def value(self) -> float:
        """What all customers are worth together; NaN without a value."""
        amounts = [segment.value for segment in self.segments]
        return float(np.nansum(amounts)) if np.isfinite(amounts).any() else np.nan

    @property
    def has_value(self) -> bool:
        """Whether the profile knows what customers are worth."""
        return self.profile.value is not None and bool(np.isfinite(self.value))

    @property
    def value_is_divisible(self) -> bool:
        """Whether a share of the value means something: no segment has a negative one.

        A segment that brings -10 % of the value, or 130 % of it, needs other words.
        """
        amounts = [s.value for s in self.segments if np.isfinite(s.value)]
        return self.has_value and self.value > 0 and min(amounts) >= 0

    @property
    def has_outcome(self) -> bool:
        """Whether the profile knows an outcome."""
        return self.profile.outcome is not None

    @property
    def is_rate(self) -> bool:
        """Whether the outcome is a share of customers."""
        table = self.profile.segments_
        columns = ("outcome", "outcome_low", "outcome_high")
        return self.has_outcome and is_share(
            *(table[name].to_numpy() for name in columns)
        )


def segments_of(profile: SegmentProfile) -> tuple[Segment, ...]:
    """Return the segments of a profile."""
    return tuple(_rows(profile))


def _rows(profile: SegmentProfile) -> Iterator[Segment]:
    for row in profile.segments_.to_dict("records"):
        numbers = {name: float(row.get(name, np.nan)) for name in Segment._fields[3:]}
        yield Segment(int(row["code"]), str(row["name"]), str(row["rule"]), **numbers)
