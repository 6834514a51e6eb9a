"""Sums of rows below the borders between scores, mostly without sorting the rows."""

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

# Rows are read in chunks that stay in the cache.
_CHUNK = 1 << 15
# Up to this many rows are sorted at once; more are counted in buckets first.
_MAX_SORTED = 1 << 17
# Average number of rows in a bucket; it is larger if there were too many buckets.
_ROWS_A_BUCKET = 100
_MAX_BUCKETS = 1 << 16
# Rows whose scores decide the width of the buckets.
_SAMPLE = 1 << 12

Codes = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Distinct scores, ascending, and the sums up to and including each of them."""

    scores: FloatArray
    n: FloatArray
    y: FloatArray

    def thresholds(self, positions: IntArray) -> list[float]:
        """Return thresholds between these scores and the next ones."""
        low, high = self.scores[positions], self.scores[positions + 1]
        return list(map(threshold_between, low.tolist(), high.tolist()))


@dataclass(slots=True, eq=False)
class Rows:
    """Rows in buckets by score; the rows of chosen buckets can be sorted.

    Only rows with a weight above 0 are kept, and their conversions are multiplied by
    it; `weight` is None if all weights are 1. `is_binary` rows have conversions 0 or 1
    and no weight. `bucket` is the function from scores to numbers of buckets, which
    ascend with the score, and `codes` are these numbers, None if there is a single
    bucket. `n`, `y`, `up` and `down` are sums per bucket: of weights, of conversions,
    of the positive ones, and of the negative ones without their sign.
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
        """Return the distinct scores of the wanted buckets, in order."""
        parts = [
            (scores[rows], conversions[rows], None if weight is None else weight[rows])
            for codes, scores, conversions, weight in self.chunks(_CHUNK)
            for rows in [
                slice(None) if codes is None else wanted.take(codes).nonzero()[0]
            ]
        ]
        scores = np.concatenate([part[0] for part in parts])
        conversions = np.concatenate([part[1] for part in parts])
        weight = None
        if self.weight is not None:
            weight = np.concatenate([part[2] for part in parts if part[2] is not None])
        # The parts are as large as the rows.
        del parts
        if self.is_binary and scores.min(initial=0.0) >= 0:
            runs = _packed_runs(scores, conversions)
        else:
            runs = _ordered_runs(scores, conversions, weight)
        if self.codes is None:
            return runs
        # Rows of unwanted buckets lie below these scores, too.
        bucket = self.bucket(runs.scores)
        for sums, totals in ((runs.n, self.n), (runs.y, self.y)):
            unwanted = np.where(wanted, 0.0, totals)
            sums += _from_zero(unwanted)[bucket]
        return runs

    def chunks(
        self, size: int
    ) -> Iterator[tuple[Codes | None, FloatArray, npt.NDArray[Any], FloatArray | None]]:
        """Yield codes, scores, conversions and weight of `size` rows at a time."""
        for start in range(0, max(1, len(self.scores)), size):
            rows = slice(start, start + size)
            yield (
                None if self.codes is None else self.codes[rows],
                self.scores[rows],
                self.conversions[rows],
                None if self.weight is None else self.weight[rows],
            )


def read_rows(
    scores: FloatArray, conversions: npt.ArrayLike, weight: FloatArray | None
) -> Rows:
    """Return rows in buckets; rows without weight are dropped."""
    scores = np.asarray(scores, dtype=np.float64)
    values: npt.NDArray[Any] = np.asarray(conversions)
    is_binary = weight is None and _holds(_is_binary, values)
    if weight is not None:
        weight = np.asarray(weight, dtype=np.float64)
        counted = weight > 0
        scores, values = scores[counted], values[counted]
        weight = summable(weight[counted])
        values = values * weight
    if not is_binary:
        values = values.astype(np.float64, copy=False)
    if not is_binary and not _holds(_is_whole, values):
        # Rounded such that sums of either sign are exact.
        values = np.copysign(summable(np.abs(values)), values)
    n_buckets = min(_MAX_BUCKETS, len(scores) // _ROWS_A_BUCKET + 3)
    bucket = _bucketing(scores, n_buckets)
    codes = None if bucket is None else np.empty(len(scores), dtype=np.uint16)
    rows = Rows(scores, values, weight, is_binary, bucket or _no_bucket, codes)
    _count(rows, 1 if bucket is None else n_buckets)
    return rows


def bucket_sums(n: FloatArray, y: FloatArray) -> Rows:
    """Return buckets of 0 / 1 rows of which nothing but the sums is known."""
    scores, codes = np.empty(0), np.empty(0, dtype=np.uint16)
    rows = Rows(scores, scores, None, True, _no_bucket, codes)
    rows.n, rows.y, rows.up, rows.down = n, y, y, np.zeros_like(y)
    return rows


def threshold_between(low: float, high: float) -> float:
    """Return the middle of two scores, such that ``low <= threshold < high``."""
    middle = low / 2 + high / 2
    if math.isfinite(high - low):
        middle = low + (high - low) / 2
    if math.isnan(middle):
        return 0.0
    return middle if low <= middle < high else low


def _bucketing(
    scores: FloatArray, n_buckets: int
) -> Callable[[FloatArray], Codes] | None:
    """Return a function from scores to buckets of equal width, None if one suffices."""
    if len(scores) <= _MAX_SORTED:
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
    # Bucket 0 holds the scores below the range, the last one those above.
    offset = low * factor - 1.0

    def bucket(values: FloatArray) -> Codes:
        # Every step preserves the order, rounding included.
        with np.errstate(over="ignore"):
            position = values * factor
        position -= offset
        np.minimum(position, n_buckets - 1.0, out=position)
        np.maximum(position, 0.0, out=position)
        return position.astype(np.uint16)

    return bucket


def _no_bucket(scores: FloatArray) -> Codes:
    return np.zeros(len(scores), dtype=np.uint16)


def _count(rows: Rows, n_buckets: int) -> None:
    """Set the codes, and the sums of all buckets."""
    for codes, scores, *_ in rows.chunks(_CHUNK):
        if codes is not None:
            codes[:] = rows.bucket(scores)
    totals = np.zeros((3, n_buckets))
    # Counting a chunk takes as long as there are buckets, so chunks are larger.
    for codes, scores, conversions, weight in rows.chunks(max(_CHUNK, 4 * n_buckets)):
        bucket = (
            np.zeros(len(scores), np.intp) if codes is None else codes.astype(np.intp)
        )
        if rows.is_binary:
            bucket *= 2
            bucket += conversions == 1
            pairs = np.bincount(bucket, minlength=2 * n_buckets)
            totals[0] += pairs[::2] + pairs[1::2]
            totals[1] += pairs[1::2]
        else:
            up = np.maximum(conversions, 0)
            totals[0] += np.bincount(bucket, weight, minlength=n_buckets)
            totals[1] += np.bincount(bucket, up, minlength=n_buckets)
            totals[2] += np.bincount(bucket, up - conversions, minlength=n_buckets)
    rows.n, rows.up, rows.down = totals
    rows.y = rows.up - rows.down


def _packed_runs(scores: FloatArray, conversions: npt.NDArray[Any]) -> Runs:
    # Nonnegative floats sort like the integers of their bits. The sign bit is free for
    # the outcome; that of -0.0 is shifted out. The scores are a copy, changed in place.
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


def _from_zero(sums: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(sums)])


def _holds(test: Callable[[npt.NDArray[Any]], bool], values: npt.NDArray[Any]) -> bool:
    starts = range(0, len(values), _CHUNK)
    return all(test(values[start : start + _CHUNK]) for start in starts)


def _is_binary(values: npt.NDArray[Any]) -> bool:
    n_known = np.count_nonzero(values == 0) + np.count_nonzero(values == 1)
    return bool(n_known == len(values))


def _is_whole(values: npt.NDArray[Any]) -> bool:
    return bool((values == np.floor(values)).all())
