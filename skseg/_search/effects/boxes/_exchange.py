"""Replicates of the largest scores, by what is exchangeable without any effect.

Random signs are right for scores that are symmetric around zero. Those of amounts are
skewed, and so are those of rare outcomes and of groups of different sizes: signs would
make small boxes with two buyers look impossible. So the largest scores, which are not
near normal when they are summed in a small box, get replicates of their own. In a trial
these are what the scores would be if the labels of the groups had been drawn otherwise:
the randomisation test of R. A. Fisher, "The Design of Experiments" (1935). Without
groups the scores are in other rows, as if outcomes did not depend on the columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

Floats = npt.NDArray[np.float32]

# Rows with replicates of their own, and how many numbers these may be.
_MAX_ROWS = 1 << 12
_MIN_ROWS = 1 << 8
_MAX_NUMBERS = 1 << 23


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What is exchangeable: the labels of the groups, or else the rows.

    `other_score` is the score that a row would have in the other group.
    """

    in_a: BoolArray | None = None  # None: the rows
    other_score: FloatArray | None = None

    def take(self, rows: IntArray, sigma: float) -> Exchange:
        """Return the same for some of the rows, with scores in units of sigma."""
        if self.in_a is None or self.other_score is None:
            return self
        return Exchange(self.in_a[rows], self.other_score[rows] / sigma)


@dataclass(frozen=True, slots=True, eq=False)
class MovedScores:
    """Scores of some rows in all replicates, the first of which is as it is.

    All arrays have one row per replicate, or one for all of them.
    """

    place: npt.NDArray[np.integer]  # the row of each score
    value: Floats  # scores times weights, in units of `sigma`
    scale: FloatArray  # makes the spread of all scores that of the first replicate
    mean: float  # what all other scores are less, so that they are symmetric
    rows: IntArray  # whose scores these are

    def sums(self, cells: IntArray, n_cells: int) -> Floats:
        """Return sums of the scores by replicate and cell."""
        n = len(self.scale)
        index = cells[self.place] + n_cells * np.arange(n)[:, np.newaxis]
        value = np.broadcast_to(self.value, index.shape)
        total = np.bincount(index.ravel(), value.ravel(), n * n_cells)
        return total.reshape(n, n_cells).astype(np.float32)


def moved_scores(
    exchange: Exchange,
    value: FloatArray,
    weight: FloatArray,
    n_replicates: int,
    rng: np.random.Generator,
) -> MovedScores:
    """Return replicates of the largest scores; `value` is a score times its weight."""
    n = min(max(_MAX_NUMBERS // n_replicates, _MIN_ROWS), _MAX_ROWS, len(value))
    if exchange.in_a is None or exchange.other_score is None:
        return _in_other_rows(value, weight, n, n_replicates, rng)
    other = exchange.other_score * weight
    rows = _largest_of_groups(np.abs(value - other), exchange.in_a, n)
    in_a = exchange.in_a[rows]
    labels = np.repeat(in_a[np.newaxis], 1 + n_replicates, axis=0)
    rng.permuted(labels[1:], axis=1, out=labels[1:])
    replicates = np.where(labels == in_a, value[rows], other[rows])
    squares = np.divide(replicates**2, weight[rows]).sum(axis=1)
    squares += (value**2 / weight).sum() - squares[0]
    scale = np.sqrt(squares[0] / np.where(squares > 0, squares, 1.0))
    values = replicates.astype(np.float32)
    return MovedScores(rows[np.newaxis], values, scale, 0.0, rows)


def _in_other_rows(
    value: FloatArray,
    weight: FloatArray,
    n: int,
    n_replicates: int,
    rng: np.random.Generator,
) -> MovedScores:
    score = value / weight
    rows = _largest(np.abs(score - np.median(score)), n)
    is_other = np.ones(len(value), dtype=bool)
    is_other[rows] = False
    mean = float(score[is_other].mean()) if is_other.any() else 0.0
    place = np.empty((1 + n_replicates, len(rows)), dtype=np.int32)
    place[0] = rows
    for replicate in place[1:]:
        replicate[:] = rng.choice(len(value), len(rows), replace=False)
    moved = ((score[rows] - mean) * weight[rows]).astype(np.float32)
    scale = np.ones(1 + n_replicates)
    return MovedScores(place, moved[np.newaxis], scale, mean, rows)


def _largest_of_groups(size: FloatArray, in_a: BoolArray, n: int) -> IntArray:
    """Return the rows of the n largest sizes, as many of each group as its share.

    Else the labels that are drawn again would not be those of the trial, and the scores
    would not have the mean zero: where the effect that is tested is not zero, equal
    outcomes have other sizes in A than in B.
    """
    n_a = round(n * float(in_a.mean()))
    groups = ((np.flatnonzero(in_a), n_a), (np.flatnonzero(~in_a), n - n_a))
    return np.concatenate([rows[_largest(size[rows], k)] for rows, k in groups])


def _largest(size: FloatArray, n: int) -> IntArray:
    """Return the rows of the n largest sizes, the largest first.

    Equal sizes are taken in the order of the rows, which is random. They are rounded,
    since those of equal outcomes differ by group in their last digits: all rows of one
    group would come first, and their scores have one sign.
    """
    largest = size.max(initial=0.0)
    rounded = np.round(size / largest, 9) if largest > 0 else size
    return np.argsort(-rounded, kind="stable")[:n]
