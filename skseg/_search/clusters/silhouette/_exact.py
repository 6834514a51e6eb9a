"""Exact mean distances of all rows to all segments."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from skseg._typing import FloatArray

from ._rows import SegmentedRows, may_be_nearest, segment_centres

# Distances held at a time: 32 MB.
_MAX_DISTANCES = 4_000_000


def squared_means(rows: SegmentedRows) -> FloatArray:
    """Return mean squared Euclidean distances, of shape (n_segments, n_rows).

    They are the squared distance to the mean plus the spread around it (Huygens), which
    takes O(rows x segments x columns).
    """
    centres = segment_centres(rows)
    return centres.squares + centres.spread[:, np.newaxis]


def manhattan_means(rows: SegmentedRows) -> FloatArray:
    """Return mean Manhattan distances, of shape (n_segments, n_rows).

    Each column is sorted: from one value to the next, the distances to all rows below
    grow by the gap. Unlike prefix sums of values, sums of gaps do not cancel. It takes
    O(columns x rows x (log rows + segments)).
    """
    n_rows, n_segments = len(rows.X), len(rows.sizes)
    sizes = rows.sizes[:, np.newaxis]
    total = np.zeros((n_segments, n_rows))
    for column in rows.X.T:
        order = np.argsort(column)
        gaps = np.diff(column[order])
        codes = rows.codes[order]
        below = np.cumsum(codes[:-1] == np.arange(n_segments)[:, np.newaxis], axis=1)
        sums = np.zeros((n_segments, n_rows))
        np.cumsum(gaps * below, axis=1, out=sums[:, 1:])
        above = gaps * (sizes - below)
        sums[:, :-1] += np.cumsum(above[:, ::-1], axis=1)[:, ::-1]
        total[:, order] += sums
    return total / sizes


def euclidean_means(rows: SegmentedRows) -> FloatArray:
    """Return mean Euclidean distances; infinite to segments that cannot be nearest."""
    needed = may_be_nearest(rows, segment_centres(rows))
    means = np.full(needed.shape, np.inf)
    for code, part in enumerate(rows.parts):
        indices = np.flatnonzero(needed[code])
        segment = rows.X[part]
        step = max(1, _MAX_DISTANCES // len(segment))
        for start in range(0, len(indices), step):
            chunk = indices[start : start + step]
            means[code, chunk] = cdist(rows.X[chunk], segment).mean(axis=1)
    return means
