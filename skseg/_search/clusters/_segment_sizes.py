"""Sizes of the segments of an assignment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import IntArray


class SegmentSizes(NamedTuple):
    """Numbers of rows, of rows in segments and of segments, and sizes of segments.

    Only segments that have rows count. Without any, the sizes are 0.
    """

    n_rows: int
    n_inside: int
    n_segments: int
    smallest: int
    largest: int

    @property
    def has_distances(self) -> bool:
        """Whether there are distances both within and between segments."""
        return 2 <= self.n_segments < self.n_inside

    @property
    def noise_share(self) -> float:
        """Share of the rows that are in no segment."""
        return (self.n_rows - self.n_inside) / self.n_rows

    @property
    def smallest_share(self) -> float:
        """Share of all rows in the smallest segment; NaN if there is no segment."""
        return self.smallest / self.n_rows if self.n_segments else np.nan

    @property
    def largest_share(self) -> float:
        """Share of all rows in the largest segment; NaN if there is no segment."""
        return self.largest / self.n_rows if self.n_segments else np.nan


def segment_sizes(codes: IntArray) -> SegmentSizes:
    """Return the sizes of the segments; negative codes are noise."""
    _, sizes = np.unique_counts(codes[codes >= 0])
    return SegmentSizes(
        n_rows=len(codes),
        n_inside=int(sizes.sum()),
        n_segments=len(sizes),
        smallest=int(sizes.min()) if len(sizes) else 0,
        largest=int(sizes.max(initial=0)),
    )
