"""Rows sorted by segment, the centres of the segments, and which may be nearest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from skseg._typing import BoolArray, FloatArray, IntArray

# numpy sorts integers of 16 bits by radix, in linear time.
_MAX_RADIX = 1 << 16


class SegmentedRows(NamedTuple):
    """Rows sorted by segment, scaled so that their squares are finite."""

    X: FloatArray
    codes: IntArray  # ascending from 0 on; no segment is empty
    parts: list[slice]  # the rows of each segment
    sizes: IntArray
    order: IntArray  # the position of every row in the input


class Centres(NamedTuple):
    """Means and spreads of the segments."""

    means: FloatArray  # (n_segments, n_columns)
    spread: FloatArray  # mean squared distance of the rows of a segment to its mean
    squares: FloatArray  # squared distances of all rows to all means


def sorted_by_segment(X: FloatArray, codes: IntArray) -> SegmentedRows:
    """Return the rows whose codes are not negative, sorted by segment."""
    inside = np.flatnonzero(codes >= 0)
    codes = codes[inside]
    sizes = np.bincount(codes)
    # Codes without rows are skipped.
    codes = (np.cumsum(sizes > 0) - 1)[codes]
    sizes = sizes[sizes > 0]
    stops = np.cumsum(sizes)
    parts = [slice(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]
    key = codes.astype(np.uint16) if len(sizes) <= _MAX_RADIX else codes
    order = np.argsort(key, kind="stable")
    codes, order = codes[order], inside[order]
    X = X[order]
    # Widths do not depend on the scale, and powers of two cost no digits. The power
    # itself may be out of range, so it is applied in two steps.
    exponent = int(np.frexp(max(float(X.max()), -float(X.min())))[1])
    for half in (exponent // 2, exponent - exponent // 2):
        X *= np.ldexp(1.0, -half)
    return SegmentedRows(X, codes, parts, sizes, order)


def segment_centres(rows: SegmentedRows) -> Centres:
    """Return the centres of the segments, without loss of digits to a far origin."""
    means = np.empty((len(rows.sizes), rows.X.shape[1]))
    for mean, part in zip(means, rows.parts, strict=True):
        members = rows.X[part]
        mean[:] = members.mean(axis=0)
        # Corrects the rounding error, so that equal rows have distance 0 to their mean.
        mean += (members - mean).mean(axis=0)
    squares = cdist(means, rows.X, "sqeuclidean")
    spread = [
        to_mean[part].mean() for to_mean, part in zip(squares, rows.parts, strict=True)
    ]
    return Centres(means, np.array(spread), squares)


def may_be_nearest(rows: SegmentedRows, centres: Centres) -> BoolArray:
    """Tell which segments are a row's own or may be the nearest other one.

    The mean distance to a segment is at least the distance to its mean, and at most the
    root of the mean squared distance (Jensen).
    """
    own_segment = rows.codes, np.arange(len(rows.X))
    upper = centres.squares + centres.spread[:, np.newaxis]
    upper[own_segment] = np.inf
    # The factor leaves room for rounding.
    needed = centres.squares <= upper.min(axis=0) * (1 + 1e-9)
    needed[own_segment] = True
    return np.asarray(needed)
