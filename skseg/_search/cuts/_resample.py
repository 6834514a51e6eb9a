"""Rows drawn again and again: blocks of like scores, which is all that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._cut import threshold_between
from ._rows import Rows

# About so many borders are candidates for the cuts of a replicate: half of them at even
# ranks, and half around the cuts that were found.
_MOST_BLOCKS = 1024
_EVEN = 512
# Cuts move by about the cube root of the number of rows, as a share of these. Distances
# around them grow in even ratios from a small part of that on.
_NEAREST = 1 / 32


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBlocks:
    """Rows in blocks of neighbouring scores.

    Attributes
    ----------
    thresholds : ndarray of float64 of shape (n_blocks - 1,)
        Between the blocks.
    n, y : ndarray of float64 of shape (n_blocks,)
        Sums of sizes and conversions.
    is_complete : bool
        Whether every distinct score is a block of its own.
    """

    thresholds: FloatArray
    n: FloatArray
    y: FloatArray
    is_complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Groups of rows that are alike: of a group some have one value, the others two.

    Attributes
    ----------
    n : ndarray of float64 of shape (n_groups,)
        Sizes.
    low, high, share : ndarray of float64 of shape (n_groups,)
        The lower and the higher value of a row, and the share of rows with the latter.
    """

    n: FloatArray
    low: FloatArray
    high: FloatArray
    share: FloatArray

    def replicates(
        self, n_replicates: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield sizes and sums of values of the groups, for rows drawn as often.

        As many rows as there are, with replacement.
        """
        cells = np.concatenate([self.n * (1 - self.share), self.n * self.share])
        total = cells.sum()
        for _ in range(n_replicates):
            drawn = rng.multinomial(round(total), cells / total)
            lower, higher = drawn[: len(self.n)], drawn[len(self.n) :]
            sums = lower * self.low + higher * self.high
            yield (lower + higher).astype(np.float64), sums


def cells(n: FloatArray, y: FloatArray, squares: FloatArray | None) -> Cells:
    """Return groups of rows by their sums.

    Parameters
    ----------
    n, y : ndarray of float64 of shape (n_groups,)
        Sums of sizes and values.
    squares : ndarray of float64 of shape (n_groups,), or None
        Sums of the squares of values. Values are put at the standard deviation from the
        mean, which gives sums the mean and the variance that they would have. None:
        values are 0 and 1.
    """
    mean = np.divide(y, n, out=np.zeros_like(y), where=n > 0)
    if squares is None:
        return Cells(n, np.zeros_like(y), np.ones_like(y), np.clip(mean, 0.0, 1.0))
    mean_square = np.divide(squares, n, out=np.zeros_like(y), where=n > 0)
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 0.0))
    return Cells(n, mean - deviation, mean + deviation, np.full_like(y, 0.5))


def score_blocks(rows: Rows, cuts: FloatArray) -> ScoreBlocks:
    """Return rows in blocks: few, but small ones around the cuts.

    Parameters
    ----------
    rows : Rows
        The rows, as read.
    cuts : ndarray of float64 of shape (n_cuts,)
        Where cuts have been found.
    """
    if rows.codes is None or np.count_nonzero(rows.n) <= _MOST_BLOCKS:
        runs = rows.sorted_runs(np.ones(len(rows.n), dtype=bool))
        places = np.searchsorted(runs.scores, cuts, side="right") - 1
        ends = _block_ends(runs.n, places)
        sides = runs.scores[ends[:-1]].tolist(), runs.scores[ends[:-1] + 1].tolist()
        pairs = zip(*sides, strict=True)
        thresholds = np.array([threshold_between(*pair) for pair in pairs])
        n, y = (np.diff(sums[ends], prepend=0.0) for sums in (runs.n, runs.y))
        return ScoreBlocks(thresholds, n, y, len(ends) == len(runs.n))
    places = rows.bucket(cuts).astype(np.intp)
    below, sums = np.cumsum(rows.n), np.cumsum(rows.y)
    ends = _block_ends(below, places)
    thresholds = _upper_edges(rows.bucket, ends[:-1])
    n, y = (np.diff(total[ends], prepend=0.0) for total in (below, sums))
    return ScoreBlocks(thresholds, n, y, is_complete=False)


def block_sums(
    thresholds: FloatArray,
    scores: FloatArray,
    values: FloatArray,
    weight: FloatArray | None,
) -> FloatArray:
    """Return the sum of a value of the rows of every block."""
    weighted = values if weight is None else values * weight
    block = np.searchsorted(thresholds, scores)
    sums = np.bincount(block, weighted, minlength=len(thresholds) + 1)
    return sums.astype(np.float64, copy=False)


def _block_ends(below: FloatArray, places: IntArray) -> IntArray:
    """Return the last units of blocks, given the sizes up to and with every unit."""
    filled = np.flatnonzero(np.diff(below, prepend=0.0))
    if len(filled) <= _MOST_BLOCKS:
        return filled
    total = float(below[-1])
    per_side = max(4, (_MOST_BLOCKS - _EVEN) // (2 * max(1, len(places))))
    distances = np.geomspace(_NEAREST * total ** (2 / 3), total, per_side)
    around = below[places][:, np.newaxis] + np.concatenate([-distances, distances])
    ranks = np.concatenate([np.linspace(0, total, _EVEN), around.ravel()])
    ends = np.searchsorted(below[filled], ranks[(ranks > 0) & (ranks < total)])
    here = np.searchsorted(filled, places, side="right") - 1
    chosen = np.unique(np.concatenate([ends, here[here >= 0], [len(filled) - 1]]))
    return np.asarray(filled[chosen])


def _upper_edges(
    bucket: Callable[[FloatArray], npt.NDArray[np.uint16]], ends: IntArray
) -> FloatArray:
    """Return the highest scores that are in these buckets or lower ones."""
    last = np.iinfo(np.int64).max

    def score(rank: npt.NDArray[np.int64]) -> FloatArray:
        # Apart from the sign, the bits of floats sort as whole numbers.
        return (rank ^ ((rank >> 63) & last)).view(np.float64)

    highest = np.float64(np.inf).view(np.int64)
    low, high = np.full(len(ends), -highest - 1), np.full(len(ends), highest)
    for _ in range(65):
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        is_within = bucket(score(middle)) <= ends
        low, high = np.where(is_within, middle, low), np.where(is_within, high, middle)
    return score(low)
