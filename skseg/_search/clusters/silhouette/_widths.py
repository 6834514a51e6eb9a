"""Silhouette widths of rows, from mean distances to segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray


class Derivatives(NamedTuple):
    """Derivatives of the widths by the mean distances that `widths` takes."""

    nearest: IntArray  # the nearest other segment
    by_own: FloatArray  # by the mean distance to the own segment
    by_other: FloatArray  # by that to the nearest other segment


def widths(means: FloatArray, codes: IntArray, sizes: IntArray) -> FloatArray:
    """Return the silhouette widths of rows.

    `means`, of shape (n_segments, n_rows), are mean distances to all rows of a segment,
    including the row itself. They may be infinite for segments that are not nearest.
    """
    inner, outer, larger = _inner_and_outer(means, codes, sizes)
    return (outer - inner) / larger


def derivatives(means: FloatArray, codes: IntArray, sizes: IntArray) -> Derivatives:
    """Return the derivatives of the widths."""
    inner, outer, larger = _inner_and_outer(means, codes, sizes)
    square = larger**2
    factor = _without_self(codes, sizes)
    nearest = np.argmin(_to_other_segments(means, codes), axis=0)
    return Derivatives(nearest, -factor * outer / square, inner / square)


def _inner_and_outer(
    means: FloatArray, codes: IntArray, sizes: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return distances to the own and the nearest other segment, and the larger one."""
    inner = means[codes, np.arange(len(codes))] * _without_self(codes, sizes)
    outer = _to_other_segments(means, codes).min(axis=0)
    larger = np.maximum(inner, outer)
    # By convention the width is 0 in a segment of one row, and if both distances are 0.
    larger[(sizes[codes] == 1) | (larger == 0)] = np.inf
    return inner, outer, larger


def _without_self(codes: IntArray, sizes: IntArray) -> FloatArray:
    """Return the factor that removes a row itself, at distance 0, from the mean."""
    return np.asarray((sizes / np.maximum(sizes - 1, 1))[codes])


def _to_other_segments(means: FloatArray, codes: IntArray) -> FloatArray:
    distances = means.copy()
    distances[codes, np.arange(len(codes))] = np.inf
    return distances
