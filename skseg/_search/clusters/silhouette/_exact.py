"""Mean distances of all rows to all segments, exactly."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from skseg._typing import FloatArray

from ._groups import Groups, candidates, centres

# Distances held at a time: 32 MB.
_PAIRS = 4_000_000


def squared_means(groups: Groups) -> FloatArray:
    """Return mean squared Euclidean distances, of shape (n_segments, n_rows).

    They are the squared distance to the mean and the spread around it (Huygens), which
    takes O(rows x segments x columns).
    """
    middle = centres(groups)
    return middle.squares + middle.spread[:, np.newaxis]


def manhattan_means(groups: Groups) -> FloatArray:
    """Return mean Manhattan distances, of shape (n_segments, n_rows).

    Column by column in sorted order: from one value to the next, the distances to all
    rows below grow by the gap. Sums of gaps have no cancellation, as prefix sums of
    values would. It takes O(columns x rows x (log rows + segments)).
    """
    n_rows, n_segments = len(groups.X), len(groups.sizes)
    sizes = groups.sizes[:, np.newaxis]
    total = np.zeros((n_segments, n_rows))
    for column in groups.X.T:
        order = np.argsort(column)
        gaps = np.diff(column[order])
        codes = groups.codes[order]
        below = np.cumsum(codes[:-1] == np.arange(n_segments)[:, np.newaxis], axis=1)
        sums = np.zeros((n_segments, n_rows))
        np.cumsum(gaps * below, axis=1, out=sums[:, 1:])
        above = gaps * (sizes - below)
        sums[:, :-1] += np.cumsum(above[:, ::-1], axis=1)[:, ::-1]
        total[:, order] += sums
    return total / sizes


def euclidean_means(groups: Groups) -> FloatArray:
    """Return mean Euclidean distances; infinite to segments that cannot be nearest."""
    possible = candidates(groups, centres(groups))
    means = np.full(possible.shape, np.inf)
    for code, part in enumerate(groups.parts):
        rows = np.flatnonzero(possible[code])
        segment = groups.X[part]
        step = max(1, _PAIRS // len(segment))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            means[code, some] = cdist(groups.X[some], segment).mean(axis=1)
    return means
