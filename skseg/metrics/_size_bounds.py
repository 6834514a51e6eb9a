"""Bounds of the sizes of segments and of noise, within which segments are of use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._core._validation import check_size, is_number
from skseg._search.clusters._segment_sizes import SegmentSizes, segment_sizes
from skseg._typing import IntArray
from skseg.exceptions import InvalidParameterError


class BrokenBound(NamedTuple):
    """A bound, and how far what it bounds is beyond it.

    `code` is that of the segment, -1 for noise, None for the number of segments.
    `value` and `limit` count rows, or segments.
    """

    bound: str
    code: int | None
    value: int
    limit: float


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
        low, high = self.limits(known.n_rows)
        if known.largest > high:
            return f"a segment above max_size={self.max_size}"
        if known.smallest < low:
            return f"a segment below min_size={self.min_size}"
        return ""

    def limits(self, n_rows: int) -> tuple[float, float]:
        """Return the smallest and the largest legal size among so many rows."""
        low = check_size("", "min_size", self.min_size, n_rows)
        high = check_size("", "max_size", self.max_size, n_rows)
        return 0.0 if low is None else low, np.inf if high is None else high

    def all_broken(
        self, held_out: IntArray, known: IntArray, *, needs_two: bool = True
    ) -> list[BrokenBound]:
        """Return every bound that is broken, by the same rules as `broken_by`.

        One segment is legal unless the measure `needs_two`.
        """
        sizes, broken = segment_sizes(held_out), []
        if needs_two and sizes.n_segments < 2:
            broken.append(BrokenBound("n_segments", None, sizes.n_segments, 2))
        elif sizes.n_segments >= 2 and not sizes.has_distances:
            most = sizes.n_inside - 1
            broken.append(BrokenBound("n_segments", None, sizes.n_segments, most))
        if self.max_noise is not None and sizes.noise_share > self.max_noise:
            n_noise = sizes.n_rows - sizes.n_inside
            limit = self.max_noise * sizes.n_rows
            broken.append(BrokenBound("max_noise", -1, n_noise, limit))
        low, high = self.limits(len(known))
        codes, counts = np.unique_counts(known[known >= 0])
        for code, n in zip(codes.tolist(), counts.tolist(), strict=True):
            if n > high:
                broken.append(BrokenBound("max_size", code, n, high))
            if n < low:
                broken.append(BrokenBound("min_size", code, n, low))
        return broken
