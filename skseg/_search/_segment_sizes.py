"""How the rows of an assignment are spread over its segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._arrays import IntArray


class SegmentSizes(NamedTuple):
    """Segments that have rows, and shares of all rows, those of noise included."""

    n_segments: int
    n_inside: int
    noise_share: float
    smallest_share: float
    largest_share: float

    @property
    def has_distances(self) -> bool:
        """Whether distances within and between segments exist."""
        return 2 <= self.n_segments < self.n_inside


def segment_sizes(codes: IntArray, expected: IntArray | None = None) -> SegmentSizes:
    """Return how the rows are spread over the segments.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Segments; below 0 is noise.
    expected : ndarray of int, default=None
        Segments that are known from elsewhere, below 0 left out. One of them without a
        row is the smallest segment, with a share of 0; it is not counted.

    Returns
    -------
    SegmentSizes
        The shares of segments are NaN where there is none.
    """
    segments, sizes = np.unique(codes[codes >= 0], return_counts=True)
    n_inside = int(sizes.sum())
    if not len(segments):
        return SegmentSizes(0, 0, 1.0, np.nan, np.nan)
    smallest = int(sizes.min())
    if expected is not None and not np.isin(expected[expected >= 0], segments).all():
        smallest = 0
    n_rows = len(codes)
    return SegmentSizes(
        n_segments=len(segments),
        n_inside=n_inside,
        noise_share=(n_rows - n_inside) / n_rows,
        smallest_share=smallest / n_rows,
        largest_share=int(sizes.max()) / n_rows,
    )
