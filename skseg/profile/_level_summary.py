"""Counts and shares of the levels of a column, of each segment and of everyone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._search.effects._inference import newcombe, wilson
from skseg._typing import FloatArray, IntArray

from ._association import Association, level_association
from ._segment_rows import SegmentRows


class LevelSummary(NamedTuple):
    """What a profile says about the levels of a column.

    `n` and `missing` have one element per segment; the others one row per segment and
    one column per level. `difference` is that of the share to the share among all
    others, with Newcombe's 95 % interval.
    """

    n: FloatArray
    missing: FloatArray
    counts: FloatArray
    share: FloatArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    association: Association


class Representation(NamedTuple):
    """Ratio of each level's share in a segment to its share of everyone, with limits.

    One row per segment and one column per level.
    """

    share: FloatArray
    ratio: FloatArray
    ratio_low: FloatArray
    ratio_high: FloatArray


def level_counts(levels: IntArray, n_levels: int, rows: SegmentRows) -> FloatArray:
    """Return how many rows of each segment have each level.

    `levels` has one number per row, in the order of the codes: 0 to `n_levels` - 1, or
    -1 where it is missing. The last column of the result counts what is missing.
    """
    columns = n_levels + 1
    levels = np.where(levels < 0, n_levels, levels)[rows.order]
    cells = rows.codes.astype(np.intp) * columns + levels
    counts = np.bincount(cells, rows.weight, rows.n_segments * columns)
    return counts.reshape(rows.n_segments, columns).astype(np.float64)


def summarise_levels(counts: FloatArray) -> LevelSummary:
    """Return the summary of the counts that `level_counts` returns."""
    count, missing = counts[:, :-1], counts[:, -1]
    n = count.sum(axis=1)
    rest = count.sum(axis=0) - count
    size = np.broadcast_to(n[:, None], count.shape)
    estimate = newcombe(count, size, rest, n.sum() - size)
    with np.errstate(invalid="ignore"):
        share = count / n[:, None]
    return LevelSummary(
        n,
        missing,
        count,
        share,
        estimate.effect,
        estimate.low,
        estimate.high,
        level_association(count),
    )


def representation(counts: FloatArray, level: float = 0.95) -> Representation:
    """Return how each level is represented in each segment.

    `counts` is that of `level_counts`. The limits are those of the ratio r of the share
    in the segment to the share among all others, see `ratio_limits`; the ratio to
    everyone is r / (w r + 1 - w), w the share of the segment.
    """
    count = counts[:, :-1]
    n = count.sum(axis=1, keepdims=True)
    total = n.sum()
    low, high = ratio_limits(count, n, count.sum(axis=0) - count, total - n, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = count / n
        everyone = count.sum(axis=0) / total
        weight = n / total
        limits = [r / (weight * r + 1 - weight) for r in (low, high)]
        limits[1] = np.where(np.isfinite(high), limits[1], 1 / weight)
        return Representation(share, share / everyone, *limits)


def ratio_limits(
    y_a: FloatArray, n_a: FloatArray, y_b: FloatArray, n_b: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the limits of rate A over rate B, from Wilson's limits of both.

    A. Donner and G. Zou, "Closed-form confidence intervals for functions of the normal
    mean and standard deviation", Statistical Methods in Medical Research 21 (2012),
    347-359.
    """
    low_a, rate_a, high_a = wilson(y_a, n_a, level)
    low_b, rate_b, high_b = wilson(y_b, n_b, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        product = rate_a * rate_b
        root = _root(product, low_a, high_b, rate_a, rate_b)
        # Of the two forms of a root, the one that stands a rate B of 0.
        low = low_a * (2 * rate_a - low_a) / (product + root)
        high = product + _root(product, high_a, low_b, rate_a, rate_b)
        high = high / (low_b * (2 * rate_b - low_b))
    is_known = ~np.isnan(product)
    low = np.where(is_known & (low_a <= 0), 0.0, low)
    return low, np.where(is_known & (low_b <= 0), np.inf, high)


def _root(
    product: FloatArray,
    a: FloatArray,
    b: FloatArray,
    share: FloatArray,
    other: FloatArray,
) -> FloatArray:
    """Return the root of the quadratic equation that a limit of the ratio solves."""
    inner = product**2 - a * b * (2 * share - a) * (2 * other - b)
    return np.sqrt(np.maximum(inner, 0.0))
