"""Estimated mean Euclidean distances of all rows to all segments, from references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._references import References, draw_references
from ._rows import Centres, SegmentedRows, may_be_nearest, segment_centres

Float32 = npt.NDArray[np.float32]

# Distances held at a time: 1 MB, which stays in the cache of a processor.
_MAX_DISTANCES = 1 << 18


class EstimatedMeans(NamedTuple):
    """Estimated mean distances, and what they were estimated from."""

    means: FloatArray  # (n_segments, n_rows); infinite if not nearest
    centres: Centres
    references: list[References]  # one per segment


class ReferenceMatrix(NamedTuple):
    """Matrix that turns distances to the references of a segment into one product.

    The product of `points` with (a row less the mean, the square of that, 1) is the
    squared distance to each reference. Rows are taken relative to the mean of the
    segment, so that single precision is enough for near and far rows alike.
    """

    mean: FloatArray  # of the segment
    spread: float  # mean squared distance of the rows of the segment to the mean
    squares: FloatArray  # squared distances of all rows to the mean
    points: Float32  # (n_columns + 2, n_references)


class Block(NamedTuple):
    """A block of rows. Its arrays are overwritten by the next block."""

    rows: IntArray  # their positions
    points: Float32  # each row less the mean, the square of that, and 1
    slope: Float32  # derivative of the root at the mean squared distance
    distances: Float32  # (n_block_rows, n_references)


def estimated_means(
    rows: SegmentedRows, n_references: int, rng: np.random.Generator
) -> EstimatedMeans:
    """Return estimates of the mean Euclidean distances."""
    centres = segment_centres(rows)
    needed = may_be_nearest(rows, centres)
    means = np.full(needed.shape, np.inf)
    references = []
    for code in range(len(rows.sizes)):
        sample = draw_references(rows, centres, code, n_references, rng)
        matrix = reference_matrix(rows, centres, code, sample)
        weights = sample.weights.astype(np.float32)
        residual = _calibration_residual(matrix, sample)
        for block in blocks(rows, matrix, np.flatnonzero(needed[code])):
            estimate = block.distances @ weights
            estimate += block.slope * (block.points @ residual)
            means[code, block.rows] = estimate
        references.append(sample)
    return EstimatedMeans(means, centres, references)


def reference_matrix(
    rows: SegmentedRows, centres: Centres, code: int, sample: References
) -> ReferenceMatrix:
    """Return the matrix for distances to the references of a segment."""
    centred = rows.X[sample.rows] - centres.means[code]
    ones = np.ones(len(centred))
    points = np.vstack([-2 * centred.T, ones, (centred**2).sum(axis=1)])
    return ReferenceMatrix(
        centres.means[code],
        float(centres.spread[code]),
        centres.squares[code],
        points.astype(np.float32),
    )


def _calibration_residual(matrix: ReferenceMatrix, sample: References) -> Float32:
    """Return the exact mean squared distance less that of the references.

    Both are vectors for the product with the points of a row. The residual is zero if
    the weights are fully calibrated, which few references in many columns are not.
    """
    exact = np.zeros(len(matrix.points))
    exact[-2:] = 1, matrix.spread
    return (exact - matrix.points @ sample.weights).astype(np.float32)


def blocks(
    rows: SegmentedRows, matrix: ReferenceMatrix, indices: IntArray
) -> Iterator[Block]:
    """Yield the rows in blocks, with their distances to the references."""
    n_points, n_references = matrix.points.shape
    step = max(64, _MAX_DISTANCES // n_references)
    n_buffer = min(step, len(indices))
    centred_buffer = np.empty((n_buffer, n_points - 2))
    points_buffer = np.empty((n_buffer, n_points), dtype=np.float32)
    points_buffer[:, -1] = 1
    distances_buffer = np.empty((n_buffer, n_references), dtype=np.float32)
    # With few columns, subtracting a tiled mean is four times as fast as broadcasting.
    means = np.tile(matrix.mean, (n_buffer, 1))
    for start in range(0, len(indices), step):
        chunk = indices[start : start + step]
        centred, points, distances = (
            buffer[: len(chunk)]
            for buffer in (centred_buffer, points_buffer, distances_buffer)
        )
        # Without mode="clip", numpy would write to a temporary copy first.
        np.take(rows.X, chunk, axis=0, out=centred, mode="clip")
        centred -= means[: len(chunk)]
        points[:, :-2] = centred
        points[:, -2] = matrix.squares[chunk]
        np.matmul(points, matrix.points, out=distances)
        # Only rounding makes squares negative; abs is four times as fast as maximum.
        np.abs(distances, out=distances)
        np.sqrt(distances, out=distances)
        square = points[:, -2] + np.float32(matrix.spread)
        slope = np.zeros_like(square)
        np.divide(0.5, np.sqrt(square), out=slope, where=square > 0)
        yield Block(chunk, points, slope, distances)
