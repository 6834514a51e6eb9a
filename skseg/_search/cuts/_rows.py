"""Rows as sums below the borders between their scores, mostly without sorting them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._search._bounds import summable
from skseg._typing import BoolArray, FloatArray, IntArray

from ._positions import Sums

# Rows are read in pieces that stay in the cache.
_PIECE = 1 << 15
# So few rows are sorted at once. More are counted in buckets first.
_FEW_ROWS = 1 << 17
# About so many rows are in a bucket, more if there would be too many buckets.
_ROWS_A_BUCKET = 100
_MOST_BUCKETS = 1 << 16
_SAMPLE = 1 << 12

Codes = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Distinct scores, and the sums up to and including each of them.

    Attributes
    ----------
    scores, n, y : ndarray of float64
        Ascending scores; sizes and conversions of all rows up to them.
    """

    scores: FloatArray
    n: FloatArray
    y: FloatArray


@dataclass(slots=True, eq=False)
class Rows:
    """Rows in buckets by score, of which single ones can be sorted.

    Attributes
    ----------
    scores, conversions : ndarray of shape (n_rows,)
        As given, but for the rows without weight. Conversions are times the weight.
    weight : ndarray of float64 of shape (n_rows,), or None
        None: 1.
    is_binary : bool
        Whether conversions are 0 or 1 and there is no weight.
    bucket : callable
        From scores to the numbers of their buckets, which ascend with the score.
    codes : ndarray of uint16 of shape (n_rows,), or None
        The number of every row's bucket; None: there is one.
    n, y, up, down : ndarray of float64 of shape (n_buckets,)
        Sums of sizes, conversions, positive conversions and minus the negative ones.
    """

    scores: FloatArray
    conversions: npt.NDArray[Any]
    weight: FloatArray | None
    is_binary: bool
    bucket: Callable[[FloatArray], Codes]
    codes: Codes | None
    n: FloatArray = field(init=False)
    y: FloatArray = field(init=False)
    up: FloatArray = field(init=False)
    down: FloatArray = field(init=False)

    def edges(self) -> Sums:
        """Return the sums below every bucket and below the end."""
        return _from_zero(self.n), _from_zero(self.y)

    def sorted_runs(self, wanted: BoolArray) -> Runs:
        """Return the distinct scores in the buckets wanted, in order."""
        kept = [
            (scores[some], conversions[some], None if weight is None else weight[some])
            for codes, scores, conversions, weight in self.pieces(_PIECE)
            for some in [
                slice(None) if codes is None else wanted.take(codes).nonzero()[0]
            ]
        ]
        scores = np.concatenate([piece[0] for piece in kept])
        conversions = np.concatenate([piece[1] for piece in kept])
        weight = None
        if self.weight is not None:
            weight = np.concatenate(
                [piece[2] for piece in kept if piece[2] is not None]
            )
        del kept
        if self.is_binary and scores.min(initial=0.0) >= 0:
            runs = _packed_runs(scores, conversions)
        else:
            runs = _ordered_runs(scores, conversions, weight)
        if self.codes is None:
            return runs
        # Rows of buckets that are not wanted lie below, too.
        bucket = self.bucket(runs.scores)
        for sums, known in ((runs.n, self.n), (runs.y, self.y)):
            missing = np.where(wanted, 0.0, known)
            sums += _from_zero(missing)[bucket]
        return runs

    def pieces(
        self, size: int
    ) -> Iterator[tuple[Codes | None, FloatArray, npt.NDArray[Any], FloatArray | None]]:
        """Yield codes, scores, conversions and weight of so many rows at a time."""
        for start in range(0, max(1, len(self.scores)), size):
            here = slice(start, start + size)
            yield (
                None if self.codes is None else self.codes[here],
                self.scores[here],
                self.conversions[here],
                None if self.weight is None else self.weight[here],
            )


def read_rows(
    scores: FloatArray,
    conversions: npt.NDArray[Any],
    weight: FloatArray | None,
) -> Rows:
    """Return rows in buckets; those without weight are dropped."""
    is_binary = weight is None and _holds(_is_binary, conversions)
    if weight is not None:
        counted = weight > 0
        scores, conversions = scores[counted], conversions[counted]
        weight = summable(weight[counted])
        conversions = conversions * weight
    if not is_binary:
        conversions = conversions.astype(np.float64, copy=False)
    if not is_binary and not _holds(_is_whole, conversions):
        # Exactly summable, too, whatever the sign.
        conversions = np.copysign(summable(np.abs(conversions)), conversions)
    n_buckets = min(_MOST_BUCKETS, len(scores) // _ROWS_A_BUCKET + 3)
    bucket = _bucketing(scores, n_buckets)
    codes = None if bucket is None else np.empty(len(scores), dtype=np.uint16)
    rows = Rows(scores, conversions, weight, is_binary, bucket or _no_bucket, codes)
    _count(rows, 1 if bucket is None else n_buckets)
    return rows


def _bucketing(
    scores: FloatArray, n_buckets: int
) -> Callable[[FloatArray], Codes] | None:
    """Return equal bins of most scores, None where there is no point in them."""
    if len(scores) <= _FEW_ROWS:
        return None
    sample = np.sort(scores[:: max(1, len(scores) // _SAMPLE)])
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        return None
    tail = len(sample) // 1000
    low, high = float(sample[tail]), float(sample[len(sample) - 1 - tail])
    width = high - low
    if not (0 < width < math.inf and (factor := (n_buckets - 2) / width) < math.inf):
        return None
    # Bucket 0 is for what is lower.
    shift = low * factor - 1.0

    def bucket(some: FloatArray) -> Codes:
        # Every step keeps the order, rounding included.
        with np.errstate(over="ignore"):
            place = some * factor
        place -= shift
        np.minimum(place, n_buckets - 1.0, out=place)
        np.maximum(place, 0.0, out=place)
        return place.astype(np.uint16)

    return bucket


def _no_bucket(scores: FloatArray) -> Codes:
    return np.zeros(len(scores), dtype=np.uint16)


def _count(rows: Rows, n_buckets: int) -> None:
    """Set the sums of all buckets, and the codes."""
    for codes, scores, *_ in rows.pieces(_PIECE):
        if codes is not None:
            codes[:] = rows.bucket(scores)
    totals = np.zeros((3, n_buckets))
    # Every piece costs as much as its buckets, too.
    for codes, scores, conversions, weight in rows.pieces(max(_PIECE, 4 * n_buckets)):
        at = np.zeros(len(scores), np.intp) if codes is None else codes.astype(np.intp)
        if rows.is_binary:
            at *= 2
            at += conversions == 1
            pairs = np.bincount(at, minlength=2 * n_buckets)
            totals[0] += pairs[::2] + pairs[1::2]
            totals[1] += pairs[1::2]
        else:
            up = np.maximum(conversions, 0)
            totals[0] += np.bincount(at, weight, minlength=n_buckets)
            totals[1] += np.bincount(at, up, minlength=n_buckets)
            totals[2] += np.bincount(at, up - conversions, minlength=n_buckets)
    rows.n, rows.up, rows.down = totals
    rows.y = rows.up - rows.down


def _packed_runs(scores: FloatArray, conversions: npt.NDArray[Any]) -> Runs:
    # The bits of floats that are not negative sort as whole numbers. The bit of the
    # sign is free; that of -0.0 is shifted out. Scores are a copy, changed in place.
    keys = scores.view(np.uint64)
    keys <<= np.uint64(1)
    keys |= conversions.astype(np.uint64)
    keys.sort()
    converted: FloatArray = np.cumsum(keys & np.uint64(1), dtype=np.float64)
    keys >>= np.uint64(1)
    last = _last_of_runs(keys)
    return Runs(keys[last].view(np.float64), last + np.float64(1), converted[last])


def _ordered_runs(
    scores: FloatArray,
    conversions: npt.NDArray[Any],
    weight: FloatArray | None,
) -> Runs:
    order = np.argsort(scores)
    scores = scores[order]
    last = _last_of_runs(scores)
    y: FloatArray = np.cumsum(conversions[order], dtype=np.float64)[last]
    n = last + np.float64(1) if weight is None else np.cumsum(weight[order])[last]
    return Runs(scores[last], n.astype(np.float64, copy=False), y)


def _last_of_runs(ordered: npt.NDArray[Any]) -> IntArray:
    is_last = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_last[:-1])
    return np.flatnonzero(is_last)


def _from_zero(parts: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(parts)])


def _holds(test: Callable[[npt.NDArray[Any]], bool], values: npt.NDArray[Any]) -> bool:
    pieces = range(0, len(values), _PIECE)
    return all(test(values[start : start + _PIECE]) for start in pieces)


def _is_binary(values: npt.NDArray[Any]) -> bool:
    n_known = np.count_nonzero(values == 0) + np.count_nonzero(values == 1)
    return bool(n_known == len(values))


def _is_whole(values: npt.NDArray[Any]) -> bool:
    return bool((values == np.floor(values)).all())
