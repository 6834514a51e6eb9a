"""Rows sorted by segment, and the moments of every segment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from skseg._search._arrays import BoolArray, FloatArray, IntArray

# Beyond these powers of two, squares would overflow or vanish.
_LARGE, _SMALL = 400, -300
_RADIX = 1 << 16


class Groups(NamedTuple):
    """Rows in the order of their segments.

    Parameters
    ----------
    X : ndarray of float64 of shape (n_rows, n_columns)
    codes : ndarray of int of shape (n_rows,)
        The segment of every row, ascending from 0 on; none is empty.
    sizes, starts : ndarray of int of shape (n_segments,)
        How many rows each segment has, and where they start.
    order : ndarray of int of shape (n_rows,)
        Where each row was before.
    """

    X: FloatArray
    codes: IntArray
    sizes: IntArray
    starts: IntArray
    order: IntArray

    def rows(self, code: int) -> slice:
        """Return where the rows of a segment are."""
        start = int(self.starts[code])
        return slice(start, start + int(self.sizes[code]))

    def means_of(self, values: FloatArray) -> FloatArray:
        """Return the mean of `values`, one entry a row, in every segment."""
        shape = (-1,) + (1,) * (values.ndim - 1)
        sums = np.add.reduceat(values, self.starts, axis=0)
        return np.asarray(sums / self.sizes.reshape(shape))


class Centres(NamedTuple):
    """Where segments are, and how wide.

    Parameters
    ----------
    means : ndarray of float64 of shape (n_segments, n_columns)
    spread : ndarray of float64 of shape (n_segments,)
        Mean squared distance of a segment's rows to its mean.
    squares : ndarray of float64 of shape (n_rows, n_segments)
        Squared distances of all rows to all means.
    """

    means: FloatArray
    spread: FloatArray
    squares: FloatArray


def grouped(X: FloatArray, codes: IntArray) -> Groups:
    """Return the rows whose codes are not negative, on a scale that has squares."""
    known = np.flatnonzero(codes >= 0)
    codes = codes[known]
    sizes = np.bincount(codes)
    # Codes that no row has leave no gap.
    codes = (np.cumsum(sizes > 0) - 1)[codes]
    sizes = sizes[sizes > 0]
    starts = np.cumsum(sizes) - sizes
    # Sixteen bits are sorted by radix, in linear time.
    key = codes.astype(np.uint16) if len(sizes) <= _RADIX else codes
    order = np.argsort(key, kind="stable")
    codes, order = codes[order], known[order]
    X = X[order]
    peak = np.frexp(max(float(X.max()), -float(X.min())))[1]
    if not _SMALL < peak < _LARGE:
        # A power of two takes no digits, and widths are free of units.
        X = np.ldexp(X, -peak)
    return Groups(X, codes, sizes, starts, order)


def centres(groups: Groups) -> Centres:
    """Return the moments of the segments, without loss to a far origin."""
    X, codes = groups.X, groups.codes
    means = groups.means_of(X)
    # What a mean lacks by rounding: so that equal rows are at distance 0 to it.
    means += groups.means_of(X - means[codes])
    squares = cdist(X, means, "sqeuclidean")
    own = squares[np.arange(len(X)), codes]
    return Centres(means, groups.means_of(own), squares)


def candidates(groups: Groups, middle: Centres) -> BoolArray:
    """Tell which segments may be a row's own or its nearest other one.

    The mean distance to a segment is at least the distance to its mean, and at most the
    root of the mean squared distance (Jensen).

    Returns
    -------
    ndarray of bool of shape (n_rows, n_segments)
    """
    own = np.arange(len(groups.X)), groups.codes
    most = middle.squares + middle.spread
    most[own] = np.inf
    # With room for rounding.
    possible = middle.squares <= most.min(axis=1, keepdims=True) * (1 + 1e-9)
    possible[own] = True
    return np.asarray(possible)
