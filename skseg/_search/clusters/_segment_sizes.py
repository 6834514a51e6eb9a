"""Sizes of the segments of an assignment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import IntArray


class SegmentSizes(NamedTuple):
    """Number of segments and of their rows, and shares of all rows including noise."""

    n_segments: int
    n_inside: int
    noise_share: float
    smallest_share: float
    largest_share: float

    @property
    def has_distances(self) -> bool:
        """Whether there are distances both within and between segments."""
        return 2 <= self.n_segments < self.n_inside


def segment_sizes(codes: IntArray) -> SegmentSizes:
    """Return the sizes of the segments that have rows.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        Segments; negative codes are noise.

    Returns
    -------
    SegmentSizes
        The shares of segments are NaN if there is no segment.
    """
    _, sizes = np.unique_counts(codes[codes >= 0])
    n_rows, n_inside = len(codes), int(sizes.sum())
    return SegmentSizes(
        n_segments=len(sizes),
        n_inside=n_inside,
        noise_share=(n_rows - n_inside) / n_rows,
        smallest_share=int(sizes.min()) / n_rows if n_inside else np.nan,
        largest_share=int(sizes.max()) / n_rows if n_inside else np.nan,
    )
