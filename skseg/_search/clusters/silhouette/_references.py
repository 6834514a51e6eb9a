"""Reference rows of a segment: an unequal-probability sample with calibrated weights.

A weighted sum over the references estimates the mean distance of any row to the
segment. Far rows contribute most, so they are drawn with larger probabilities (Madow's
systematic sampling). The weights are then calibrated (Deville and Särndal): changed as
little as makes them exact for the mean of the segment, its spread and its mean
distances to all segment means. They are then exact for the mean squared distance of
every row. This has the effect of control variates with the best coefficients for each
row, at no cost per row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._rows import Centres, SegmentedRows

# Controls with a singular value below this share of the largest are dropped: with heavy
# tails, a sample in which a control hardly varies may miss the rows that make it vary.
_MIN_SINGULAR_VALUE = 0.01
# Variation below this share of the size of a control is rounding.
_ROUNDING = 1e-6


class References(NamedTuple):
    """References of one segment."""

    rows: IntArray  # their positions in the sorted rows
    probabilities: FloatArray  # of inclusion
    design_weights: FloatArray  # before calibration; their sum is 1
    weights: FloatArray  # after calibration; their sum is 1
    basis: FloatArray  # orthonormal, of the controls times roots of design weights


def draw_references(
    rows: SegmentedRows,
    centres: Centres,
    code: int,
    n_references: int,
    rng: np.random.Generator,
) -> References:
    """Return references of a segment, all of its rows if they are few."""
    part = rows.parts[code]
    size = int(rows.sizes[code])
    if size <= n_references:
        equal = np.full(size, 1 / size)
        members = np.arange(part.start, part.stop)
        return References(members, np.ones(size), equal, equal, np.empty((size, 0)))
    # In the order of the radius, a systematic sample is stratified by it.
    radius = np.sqrt(centres.squares[code, part])
    order = np.argsort(radius)
    probabilities = _inclusion_probabilities(radius[order], n_references)
    steps = rng.random() + np.arange(n_references)
    positions = np.searchsorted(np.cumsum(probabilities), steps, side="right")
    # By rounding, the last step may exceed the sum of the probabilities.
    positions = np.minimum(positions, size - 1)
    design_weights = 1 / probabilities[positions]
    design_weights /= design_weights.sum()
    members = part.start + order[positions]
    weights, basis = _calibrated(rows, centres, code, members, design_weights)
    return References(members, probabilities[positions], design_weights, weights, basis)


def _inclusion_probabilities(radius: FloatArray, n_references: int) -> FloatArray:
    """Return the inclusion probabilities of rows that are sorted by radius.

    They sum to the number of references and are proportional to the radius plus its
    mean, up to certainty.
    """
    sizes = radius + (float(radius.mean()) or 1.0)
    sums = np.cumsum(sizes)
    # The fewest rows are certain that leave no other probability above 1.
    n_certain = np.arange(n_references)
    last = len(sizes) - 1 - n_certain
    rate = (n_references - n_certain) / sums[last]
    fewest = int(np.argmax(sizes[last] * rate <= 1 + 1e-12))
    return np.asarray(np.minimum(1.0, sizes * rate[fewest]))


def _calibrated(
    rows: SegmentedRows,
    centres: Centres,
    code: int,
    members: IntArray,
    design_weights: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return calibrated weights, and the basis of the controls."""
    part = rows.parts[code]
    coordinates = rows.X[members] - centres.means[code]
    zeros = np.zeros(coordinates.shape[1])
    # Coordinates share one scale: the widest directions matter most.
    coordinates, coordinate_means = _scaled(
        coordinates, zeros, design_weights, common_scale=True
    )
    squares = centres.squares[:, members]
    distances = np.column_stack([squares[code], np.sqrt(squares).T])
    to_centres = np.sqrt(centres.squares[:, part]).mean(axis=1)
    distances, distance_means = _scaled(
        distances,
        np.append(centres.spread[code], to_centres),
        design_weights,
        common_scale=False,
    )
    controls = np.column_stack([coordinates, distances])
    discrepancy = np.concatenate([coordinate_means, distance_means])
    root = np.sqrt(design_weights)
    basis, singular, axes = np.linalg.svd(
        root[:, np.newaxis] * controls, full_matrices=False
    )
    # At most half as many controls as references: the rest must average out noise.
    is_large = singular > _MIN_SINGULAR_VALUE * singular[0]
    n_controls = min(len(members) // 2, int(is_large.sum()))
    basis = basis[:, :n_controls]
    change = axes[:n_controls] @ discrepancy / singular[:n_controls]
    return design_weights + root * (basis @ change), basis


def _scaled(
    controls: FloatArray,
    means: FloatArray,
    design_weights: FloatArray,
    *,
    common_scale: bool,
) -> tuple[FloatArray, FloatArray]:
    """Return controls and their means in the segment, standardized by the sample."""
    size = np.abs(controls).max(axis=None if common_scale else 0)
    centre = design_weights @ controls
    controls = controls - centre
    variance = design_weights @ controls**2
    scale = np.sqrt(variance.sum() if common_scale else variance)
    # Division by infinity removes a control that does not vary.
    scale = np.where(scale > _ROUNDING * size, scale, np.inf)
    return controls / scale, (means - centre) / scale
