"""Mean Euclidean distances of all rows to all segments, from references alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._groups import Centres, Groups, candidates, centres
from ._references import References, draw

Float32 = npt.NDArray[np.float32]

# Distances held at a time: 1 MB, which stays in a processor's cache.
_PAIRS = 1 << 18


class Estimate(NamedTuple):
    """Mean distances, and what they were estimated from.

    Parameters
    ----------
    means : ndarray of float64 of shape (n_segments, n_rows)
        Infinite to segments that cannot be nearest.
    middle : Centres
        Of the segments.
    references : list of References
        One per segment.
    """

    means: FloatArray
    middle: Centres
    references: list[References]


class Product(NamedTuple):
    """What makes distances to the references of a segment one product of matrices.

    Around the mean of the segment, so that single precision has its digits for near
    rows and far ones alike.

    Parameters
    ----------
    mean : ndarray of float64 of shape (n_columns,)
        Of the segment.
    spread : float
        Mean squared distance of the segment's rows to it.
    squares : ndarray of float64 of shape (n_rows,)
        Squared distances of all rows to it.
    points : ndarray of float32 of shape (n_columns + 2, n_references)
        Times a row around the mean, its square and 1: the squared distances.
    """

    mean: FloatArray
    spread: float
    squares: FloatArray
    points: Float32


class Block(NamedTuple):
    """Some rows; what they hold is overwritten by the next ones.

    Parameters
    ----------
    rows : ndarray of int of shape (n,)
        Which they are.
    points : ndarray of float32 of shape (n, n_columns + 2)
        Every row around the mean, its square, and 1.
    slope : ndarray of float32 of shape (n,)
        How the root grows at the mean squared distance.
    distances : ndarray of float32 of shape (n, n_references)
        To the references.
    """

    rows: IntArray
    points: Float32
    slope: Float32
    distances: Float32


def estimated_means(
    groups: Groups, n_references: int, rng: np.random.Generator
) -> Estimate:
    """Return estimates of the mean Euclidean distances."""
    middle = centres(groups)
    possible = candidates(groups, middle)
    means = np.full(possible.shape, np.inf)
    references = []
    for code in range(len(groups.sizes)):
        drawn = draw(groups, middle, code, n_references, rng)
        part = product(groups, middle, code, drawn)
        weights = drawn.weights.astype(np.float32)
        lack = _lack(part, drawn)
        for block in blocks(groups, part, np.flatnonzero(possible[code])):
            near = block.distances @ weights
            near += block.slope * (block.points @ lack)
            means[code, block.rows] = near
        references.append(drawn)
    return Estimate(means, middle, references)


def product(groups: Groups, middle: Centres, code: int, drawn: References) -> Product:
    """Return the matrix for distances to the references of a segment."""
    near = groups.X[drawn.rows] - middle.means[code]
    ones = np.ones(len(near))
    points = np.vstack([-2 * near.T, ones, (near**2).sum(axis=1)])
    return Product(
        middle.means[code],
        float(middle.spread[code]),
        middle.squares[code],
        points.astype(np.float32),
    )


def _lack(part: Product, drawn: References) -> Float32:
    """Return what the references lack of the mean squared distance, which is known.

    It is for the product with a row, and zero if the weights are calibrated in full:
    with few references and many columns they are not.
    """
    known = np.zeros(len(part.points))
    known[-2:] = 1, part.spread
    return (known - part.points @ drawn.weights).astype(np.float32)


def blocks(groups: Groups, part: Product, rows: IntArray) -> Iterator[Block]:
    """Yield the rows in blocks, with their distances to the references."""
    n_points, n_references = part.points.shape
    step = max(64, _PAIRS // n_references)
    n_most = min(step, len(rows))
    read = np.empty((n_most, n_points - 2))
    made = np.empty((n_most, n_points), dtype=np.float32)
    made[:, -1] = 1
    products = np.empty((n_most, n_references), dtype=np.float32)
    # Rows of few columns are subtracted from four times as fast in one piece.
    means = np.tile(part.mean, (n_most, 1))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        near, points, distances = (a[: len(some)] for a in (read, made, products))
        # Without mode="clip", numpy takes a copy for safety.
        np.take(groups.X, some, axis=0, out=near, mode="clip")
        near -= means[: len(some)]
        points[:, :-2] = near
        points[:, -2] = part.squares[some]
        np.matmul(points, part.points, out=distances)
        # Below zero by rounding alone; abs takes a quarter of the time of maximum.
        np.abs(distances, out=distances)
        np.sqrt(distances, out=distances)
        square = points[:, -2] + np.float32(part.spread)
        slope = np.zeros_like(square)
        np.divide(0.5, np.sqrt(square), out=slope, where=square > 0)
        yield Block(some, points, slope, distances)
