"""Multinomial bootstrap of rows that are grouped by score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._rows import Rows

# Largest number of bins, at which a replicate takes about a millisecond. Half of their
# borders are at even ranks, half around the fitted cuts.
_MAX_BINS = 1024
_N_EVEN = 512
# Cuts of n rows vary by about n ** (2 / 3) ranks. Distances of borders from a fitted
# cut grow geometrically, from this share of it on.
_NEAREST = 1 / 32


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBins:
    """Sums of weights and of conversions of rows in bins of neighbouring scores.

    `thresholds` are the scores between bins; `is_complete` tells whether every distinct
    score has a bin of its own.
    """

    thresholds: FloatArray
    n: FloatArray
    y: FloatArray
    is_complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Groups of `n` rows: a `share` of each has the value `high`, the rest `low`."""

    n: FloatArray
    low: FloatArray
    high: FloatArray
    share: FloatArray

    def replicates(
        self, n_replicates: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield numbers and sums of the groups of rows drawn with replacement.

        Every replicate draws as many rows as there are.
        """
        counts = np.concatenate([self.n * (1 - self.share), self.n * self.share])
        total = counts.sum()
        for _ in range(n_replicates):
            drawn = rng.multinomial(round(total), counts / total)
            lower, higher = drawn[: len(self.n)], drawn[len(self.n) :]
            sums = lower * self.low + higher * self.high
            yield (lower + higher).astype(np.float64), sums


def row_groups(n: FloatArray, y: FloatArray, squares: FloatArray | None) -> RowGroups:
    """Return groups of `n` rows with given sums of values and of squared values.

    The two values of a group are one standard deviation below and above its mean, which
    preserves mean and variance of sums. Without squares they are 0 and 1.
    """
    mean = np.divide(y, n, out=np.zeros_like(y), where=n > 0)
    if squares is None:
        return RowGroups(n, np.zeros_like(y), np.ones_like(y), np.clip(mean, 0.0, 1.0))
    mean_square = np.divide(squares, n, out=np.zeros_like(y), where=n > 0)
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 0.0))
    return RowGroups(n, mean - deviation, mean + deviation, np.full_like(y, 0.5))


def score_bins(rows: Rows, cuts: FloatArray) -> ScoreBins:
    """Return rows in few bins, which are small around the fitted cuts."""
    if rows.codes is None or np.count_nonzero(rows.n) <= _MAX_BINS:
        runs = rows.sorted_runs(np.ones(len(rows.n), dtype=bool))
        positions = np.searchsorted(runs.scores, cuts, side="right") - 1
        ends = _bin_ends(runs.n, positions)
        thresholds = np.array(runs.thresholds(ends[:-1]))
        n, y = (np.diff(sums[ends], prepend=0.0) for sums in (runs.n, runs.y))
        return ScoreBins(thresholds, n, y, len(ends) == len(runs.n))
    positions = rows.bucket(cuts).astype(np.intp)
    cumulative_n, cumulative_y = np.cumsum(rows.n), np.cumsum(rows.y)
    ends = _bin_ends(cumulative_n, positions)
    thresholds = _upper_edges(rows.bucket, ends[:-1])
    n = np.diff(cumulative_n[ends], prepend=0.0)
    y = np.diff(cumulative_y[ends], prepend=0.0)
    return ScoreBins(thresholds, n, y, is_complete=False)


def bin_sums(
    thresholds: FloatArray,
    scores: FloatArray,
    values: FloatArray,
    weight: FloatArray | None,
) -> FloatArray:
    """Return the weighted sum of a value over the rows of every bin."""
    weighted = values if weight is None else values * weight
    position = np.searchsorted(thresholds, scores)
    sums = np.bincount(position, weighted, minlength=len(thresholds) + 1)
    return sums.astype(np.float64, copy=False)


def _bin_ends(cumulative: FloatArray, cuts: IntArray) -> IntArray:
    """Return the positions of scores, or buckets, at which bins end.

    Cumulative weights of all positions, and the positions of the cuts, are given.
    """
    filled = np.flatnonzero(np.diff(cumulative, prepend=0.0))
    if len(filled) <= _MAX_BINS:
        return filled
    total = float(cumulative[-1])
    per_side = max(4, (_MAX_BINS - _N_EVEN) // (2 * max(1, len(cuts))))
    distances = np.geomspace(_NEAREST * total ** (2 / 3), total, per_side)
    offsets = np.concatenate([-distances, distances])
    around = cumulative[cuts][:, np.newaxis] + offsets
    ranks = np.concatenate([np.linspace(0, total, _N_EVEN), around.ravel()])
    ranks = ranks[(ranks > 0) & (ranks < total)]
    ends = np.searchsorted(cumulative[filled], ranks)
    at_cuts = np.searchsorted(filled, cuts, side="right") - 1
    at_cuts = at_cuts[at_cuts >= 0]
    chosen = np.unique(np.concatenate([ends, at_cuts, [len(filled) - 1]]))
    return np.asarray(filled[chosen])


def _upper_edges(
    bucket: Callable[[FloatArray], npt.NDArray[np.uint16]], ends: IntArray
) -> FloatArray:
    """Return the highest score of every given bucket, or of the buckets below it."""
    last = np.iinfo(np.int64).max

    def score(rank: npt.NDArray[np.int64]) -> FloatArray:
        # Apart from the sign, floats sort like the integers of their bits.
        return (rank ^ ((rank >> 63) & last)).view(np.float64)

    highest = np.float64(np.inf).view(np.int64)
    low, high = np.full(len(ends), -highest - 1), np.full(len(ends), highest)
    for _ in range(65):
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        is_within = bucket(score(middle)) <= ends
        low, high = np.where(is_within, middle, low), np.where(is_within, high, middle)
    return score(low)
