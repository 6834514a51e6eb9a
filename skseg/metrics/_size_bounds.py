"""Bounds of the sizes of segments and of noise, within which segments are of use."""

from __future__ import annotations

from typing import NamedTuple

from skseg._core._validation import check_size, is_number
from skseg._search.clusters._segment_sizes import SegmentSizes
from skseg.exceptions import InvalidParameterError


class SizeBounds(NamedTuple):
    """Which sizes of segments are legal; None for no bound."""

    min_size: float | None
    max_size: float | None
    max_noise: float | None

    def check(self, owner: str) -> None:
        """Raise if a bound is wrong."""
        for name, size in (("min_size", self.min_size), ("max_size", self.max_size)):
            check_size(owner, name, size, 1)
        if self.min_size is not None and 0.5 < self.min_size < 1:
            rule = "None, an int in [1, inf) or a float in (0, 0.5]"
            raise InvalidParameterError(owner, "min_size", rule, self.min_size)
        if (
            self.min_size is not None
            and self.max_size is not None
            and (self.min_size < 1) == (self.max_size < 1)
            and self.max_size < self.min_size
        ):
            rule = f"at least min_size={self.min_size}"
            raise InvalidParameterError(owner, "max_size", rule, self.max_size)
        is_share = is_number(self.max_noise) and 0 <= self.max_noise <= 1
        if self.max_noise is not None and not is_share:
            rule = "None or a number in [0, 1]"
            raise InvalidParameterError(owner, "max_noise", rule, self.max_noise)

    def broken_by(self, held_out: SegmentSizes, known: SegmentSizes) -> str:
        """Return the first bound that segments break; an empty text for none.

        Their number and the noise are judged by the held-out rows, the sizes of
        segments by all rows that are known.
        """
        if not held_out.has_distances:
            return "fewer than 2 segments"
        if self.max_noise is not None and held_out.noise_share > self.max_noise:
            return f"more noise than max_noise={self.max_noise}"
        highest = check_size("", "max_size", self.max_size, known.n_rows)
        if highest is not None and known.largest > highest:
            return f"a segment above max_size={self.max_size}"
        lowest = check_size("", "min_size", self.min_size, known.n_rows)
        if lowest is not None and known.smallest < lowest:
            return f"a segment below min_size={self.min_size}"
        return ""
