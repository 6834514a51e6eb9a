"""Rows sorted by segment, and where the segments are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from skseg._typing import BoolArray, FloatArray, IntArray

_RADIX = 1 << 16


class Groups(NamedTuple):
    """Rows in the order of their segments.

    Parameters
    ----------
    X : ndarray of float64 of shape (n_rows, n_columns)
        In units that suit single precision.
    codes : ndarray of int of shape (n_rows,)
        The segment of every row, ascending from 0 on; none is empty.
    parts : list of slice
        Where the rows of each segment are.
    sizes : ndarray of int of shape (n_segments,)
        How many these are.
    order : ndarray of int of shape (n_rows,)
        Where each row was before.
    """

    X: FloatArray
    codes: IntArray
    parts: list[slice]
    sizes: IntArray
    order: IntArray


class Centres(NamedTuple):
    """Where segments are, and how wide.

    Parameters
    ----------
    means : ndarray of float64 of shape (n_segments, n_columns)
        Of their rows.
    spread : ndarray of float64 of shape (n_segments,)
        Mean squared distance of a segment's rows to its mean.
    squares : ndarray of float64 of shape (n_segments, n_rows)
        Squared distances of all rows to all means.
    """

    means: FloatArray
    spread: FloatArray
    squares: FloatArray


def grouped(X: FloatArray, codes: IntArray) -> Groups:
    """Return the rows whose codes are not negative."""
    known = np.flatnonzero(codes >= 0)
    codes = codes[known]
    sizes = np.bincount(codes)
    # Codes that no row has leave no gap.
    codes = (np.cumsum(sizes > 0) - 1)[codes]
    sizes = sizes[sizes > 0]
    ends = np.cumsum(sizes)
    parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    # Sixteen bits are sorted by radix, in linear time.
    key = codes.astype(np.uint16) if len(sizes) <= _RADIX else codes
    order = np.argsort(key, kind="stable")
    codes, order = codes[order], known[order]
    X = X[order]
    # Widths are free of units. Powers of two take no digits, and squares are finite.
    exponent = int(np.frexp(max(float(X.max()), -float(X.min())))[1])
    # In two steps, as the power itself may be out of range.
    for half in (exponent // 2, exponent - exponent // 2):
        X *= np.ldexp(1.0, -half)
    return Groups(X, codes, parts, sizes, order)


def centres(groups: Groups) -> Centres:
    """Return the moments of the segments, without loss to a far origin."""
    means = np.empty((len(groups.sizes), groups.X.shape[1]))
    for mean, part in zip(means, groups.parts, strict=True):
        rows = groups.X[part]
        mean[:] = rows.mean(axis=0)
        # What it lacks by rounding: so that equal rows are at distance 0 to it.
        mean += (rows - mean).mean(axis=0)
    squares = cdist(means, groups.X, "sqeuclidean")
    spread = [own[part].mean() for own, part in zip(squares, groups.parts, strict=True)]
    return Centres(means, np.array(spread), squares)


def candidates(groups: Groups, middle: Centres) -> BoolArray:
    """Tell which segments may be a row's own or its nearest other one.

    The mean distance to a segment is at least the distance to its mean, and at most the
    root of the mean squared distance (Jensen).

    Returns
    -------
    ndarray of bool of shape (n_segments, n_rows)
    """
    own = groups.codes, np.arange(len(groups.X))
    most = middle.squares + middle.spread[:, np.newaxis]
    most[own] = np.inf
    # With room for rounding.
    possible = middle.squares <= most.min(axis=0) * (1 + 1e-9)
    possible[own] = True
    return np.asarray(possible)
