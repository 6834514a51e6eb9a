"""Mean Euclidean distances of all rows to all segments, from references alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._search._arrays import FloatArray, IntArray

from ._groups import Centres, Groups, candidates, centres
from ._references import References, draw

Float32 = npt.NDArray[np.float32]

# Distances held at a time: 1 MB, which stays in a processor's cache.
_PAIRS = 1 << 18


class Estimate(NamedTuple):
    """Mean distances, and what they were estimated from.

    Parameters
    ----------
    means : ndarray of float64 of shape (n_rows, n_segments)
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

    Around the mean of the segment, in units of the farthest row: so that single
    precision has its digits for near rows and far ones alike.

    Parameters
    ----------
    mean : ndarray of float64 of shape (n_columns,)
        Of the segment.
    unit : float
        Distance of the farthest row.
    squares : ndarray of float64 of shape (n_rows,)
        Squared distances of all rows to the mean.
    spread : float
        Mean squared distance of the segment's rows to the mean, in units.
    points : ndarray of float32 of shape (n_columns + 2, n_references)
        Times a row, its square and 1: the squared distances.
    """

    mean: FloatArray
    unit: float
    squares: FloatArray
    spread: float
    points: Float32


class Block(NamedTuple):
    """Some rows, in units of a product.

    Parameters
    ----------
    rows : ndarray of int of shape (n,)
        Which they are.
    points : ndarray of float32 of shape (n, n_columns + 2)
        Every row around the mean, its square, and 1.
    slope : ndarray of float32 of shape (n,)
        How the root grows at the mean squared distance.
    distances : ndarray of float32 of shape (n, n_references)
        Overwritten by the next block.
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
        rows = np.flatnonzero(possible[:, code])
        part = product(groups, middle, code, drawn, rows)
        weights = drawn.weights.astype(np.float32)
        lack = _lack(part, drawn)
        for block in blocks(groups, part, rows):
            near = block.distances @ weights + block.slope * (block.points @ lack)
            means[block.rows, code] = near * part.unit
        references.append(drawn)
    return Estimate(means, middle, references)


def product(
    groups: Groups, middle: Centres, code: int, drawn: References, rows: IntArray
) -> Product:
    """Return the matrix for distances of those rows to the references."""
    mean, squares = middle.means[code], middle.squares[:, code]
    unit = float(np.sqrt(squares[rows].max(initial=0.0))) or 1.0
    near = (groups.X[drawn.rows] - mean) / unit
    ones = np.ones(len(near))
    points = np.vstack([-2 * near.T, ones, (near**2).sum(axis=1)])
    spread = float(middle.spread[code]) / unit**2
    return Product(mean, unit, squares, spread, points.astype(np.float32))


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
    every = np.empty((min(step, len(rows)), n_points), dtype=np.float32)
    every[:, -1] = 1
    products = np.empty((len(every), n_references), dtype=np.float32)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        points, distances = every[: len(some)], products[: len(some)]
        near = groups.X[some]
        near -= part.mean
        np.divide(near, part.unit, out=points[:, :-2], casting="same_kind")
        points[:, -2] = part.squares[some] / part.unit**2
        np.matmul(points, part.points, out=distances)
        # Below zero by rounding alone; abs takes a quarter of the time of maximum.
        np.abs(distances, out=distances)
        np.sqrt(distances, out=distances)
        square = points[:, -2] + np.float32(part.spread)
        slope = np.zeros_like(square)
        np.divide(0.5, np.sqrt(square), out=slope, where=square > 0)
        yield Block(some, points, slope, distances)
