"""Silhouette widths of rows, from mean distances to segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._search._arrays import FloatArray, IntArray


class Widths(NamedTuple):
    """Widths, and how they change with the mean distances.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_rows,)
        The widths.
    nearest : ndarray of int of shape (n_rows,)
        The nearest other segment.
    by_own, by_other : ndarray of float64 of shape (n_rows,)
        Derivatives by the mean distance to the own and to that segment.
    """

    values: FloatArray
    nearest: IntArray
    by_own: FloatArray
    by_other: FloatArray


def widths(means: FloatArray, codes: IntArray, sizes: IntArray) -> Widths:
    """Return the widths of rows.

    Parameters
    ----------
    means : ndarray of float64 of shape (n_rows, n_segments)
        Mean distances to all rows of a segment, the row itself among them. May be
        infinite for segments that are not nearest.
    codes : ndarray of int of shape (n_rows,)
        The segment of every row.
    sizes : ndarray of int of shape (n_segments,)
        How many rows the segments have.
    """
    rows = np.arange(len(means))
    size = sizes[codes]
    # A row is no neighbour of its own.
    share = size / np.maximum(size - 1, 1)
    own = means[rows, codes] * share
    others = means.copy()
    others[rows, codes] = np.inf
    nearest = np.argmin(others, axis=1)
    other = others[rows, nearest]
    larger = np.maximum(own, other)
    # By convention 0 in a segment of one row, and where nothing is apart.
    larger[(size == 1) | (larger == 0)] = np.inf
    return Widths(
        (other - own) / larger, nearest, -share * other / larger**2, own / larger**2
    )
