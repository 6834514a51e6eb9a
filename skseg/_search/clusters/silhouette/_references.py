"""Rows that stand for a segment: drawn with unequal chances, weighted by calibration.

A weighted sum over m references estimates the mean distance of any row to the segment.
Far rows count most, so they are drawn with larger chances (Madow). The weights are then
changed as little as makes them exact for what is known of the whole segment: its mean,
its spread, its mean distances to all the means (Deville and Särndal). Then they are so
for mean squared distances of every row. They do what control variates do, with the best
coefficients for each row, at no cost per row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._groups import Centres, Groups

# Controls that vary by less than this share of the widest are left out: where the draw
# shows next to nothing of them, heavy tails may hold all that there is.
_LEAST = 0.01
# What varies by less than this share of its size does not vary.
_ROUNDING = 1e-6


class References(NamedTuple):
    """References of one segment.

    Parameters
    ----------
    rows : ndarray of int of shape (n_references,)
        Places in the sorted rows.
    chances : ndarray of float64 of shape (n_references,)
        Of each to be drawn.
    base, weights : ndarray of float64 of shape (n_references,)
        Before and after calibration; their sum is 1.
    basis : ndarray of float64 of shape (n_references, n_controls)
        Orthonormal: the controls times the roots of the base weights.
    """

    rows: IntArray
    chances: FloatArray
    base: FloatArray
    weights: FloatArray
    basis: FloatArray


def draw(
    groups: Groups,
    middle: Centres,
    code: int,
    n_references: int,
    rng: np.random.Generator,
) -> References:
    """Return references of a segment, all of its rows if they are few."""
    own = groups.parts[code]
    size = int(groups.sizes[code])
    if size <= n_references:
        even = np.full(size, 1 / size)
        rows = np.arange(own.start, own.stop)
        return References(rows, np.ones(size), even, even, np.empty((size, 0)))
    # Sorted, a draw in even steps takes near and far rows in their shares.
    radius = np.sqrt(middle.squares[code, own])
    order = np.argsort(radius)
    chances = _chances(radius[order], n_references)
    steps = rng.random() + np.arange(n_references)
    drawn = np.searchsorted(np.cumsum(chances), steps, side="right")
    # The sum of the chances may fall short of their number by rounding.
    drawn = np.minimum(drawn, size - 1)
    base = 1 / chances[drawn]
    base /= base.sum()
    rows = own.start + order[drawn]
    weights, basis = _calibrated(groups, middle, code, rows, base)
    return References(rows, chances[drawn], base, weights, basis)


def _chances(radius: FloatArray, n_references: int) -> FloatArray:
    """Return the chances of rows, sorted by radius, to be drawn.

    Their sum is the number of references. They are proportional to the distance to a
    row about the mean, up to certainty.
    """
    sizes = radius + (float(radius.mean()) or 1.0)
    sums = np.cumsum(sizes)
    # With so many of the farthest rows certain, no other chance may be above 1.
    n_certain = np.arange(n_references)
    last = len(sizes) - 1 - n_certain
    rate = (n_references - n_certain) / sums[last]
    enough = int(np.argmax(sizes[last] * rate <= 1 + 1e-12))
    return np.asarray(np.minimum(1.0, sizes * rate[enough]))


def _calibrated(
    groups: Groups, middle: Centres, code: int, rows: IntArray, base: FloatArray
) -> tuple[FloatArray, FloatArray]:
    own = groups.parts[code]
    points = groups.X[rows] - middle.means[code]
    squares = middle.squares[:, rows]
    others = np.column_stack([squares[code], np.sqrt(squares).T])
    known = np.append(middle.spread[code], np.sqrt(middle.squares[:, own]).mean(axis=1))
    # Coordinates keep their proportions: the widest directions matter most.
    points, zero = _scaled(points, np.zeros(points.shape[1]), base, together=True)
    others, known = _scaled(others, known, base, together=False)
    controls = np.column_stack([points, others])
    missing = np.concatenate([zero, known])
    root = np.sqrt(base)
    basis, lengths, axes = np.linalg.svd(
        root[:, np.newaxis] * controls, full_matrices=False
    )
    # At most half as many controls as references: the rest must average noise.
    n_controls = min(len(rows) // 2, int((lengths > _LEAST * lengths[0]).sum()))
    basis = basis[:, :n_controls]
    change = axes[:n_controls] @ missing / lengths[:n_controls]
    return base + root * (basis @ change), basis


def _scaled(
    controls: FloatArray, known: FloatArray, base: FloatArray, *, together: bool
) -> tuple[FloatArray, FloatArray]:
    """Return controls and known means, centred at those of the draw, of variance 1."""
    size = np.abs(controls).max(axis=None if together else 0)
    centre = base @ controls
    controls = controls - centre
    variance = base @ controls**2
    scale = np.sqrt(variance.sum() if together else variance)
    # Divided by infinity, a control has no part.
    scale = np.where(scale > _ROUNDING * size, scale, np.inf)
    return controls / scale, (known - centre) / scale
