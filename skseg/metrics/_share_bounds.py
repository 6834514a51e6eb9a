"""Bounds on the shares of segments and of noise, under which segments are of use."""

from __future__ import annotations

from typing import NamedTuple

from skseg._core._validation import is_number
from skseg._search.clusters._segment_sizes import SegmentSizes
from skseg.exceptions import InvalidParameterError


class ShareBounds(NamedTuple):
    """Which sizes of segments are legal; None for no bound."""

    min_share: float | None
    max_share: float | None
    max_noise: float | None

    def check(self, owner: str) -> None:
        """Raise if a bound is wrong."""
        for name, value, high in zip(self._fields, self, (0.5, 1, 1), strict=True):
            if value is not None and not (is_number(value) and 0 <= value <= high):
                rule = f"None or a number in [0, {high}]"
                raise InvalidParameterError(owner, name, rule, value)
        if self.max_share is not None and (
            self.max_share == 0 or self.max_share < (self.min_share or 0)
        ):
            rule = f"above 0 and at least min_share={self.min_share}"
            raise InvalidParameterError(owner, "max_share", rule, self.max_share)

    def broken(self, sizes: SegmentSizes) -> str:
        """Return the first bound that segments break; an empty text for none."""
        if not sizes.has_distances:
            return "fewer than 2 segments"
        if self.max_noise is not None and sizes.noise_share > self.max_noise:
            return f"more noise than max_noise={self.max_noise}"
        if self.max_share is not None and sizes.largest_share > self.max_share:
            return f"a segment above max_share={self.max_share}"
        if self.min_share is not None and sizes.smallest_share < self.min_share:
            return f"a segment below min_share={self.min_share}"
        return ""
