"""Numbers about one numeric column, of each segment and of everyone, in one pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._association import Association, number_association, rows_for_means
from ._histograms import Histogram, bin_edges, histogram
from ._moments import (
    Moments,
    deviation,
    difference_to_others,
    pooled_moments,
    pooled_skewness,
    sorted_moments,
)
from ._ranks import Ranks, ranks_of_segments, share_below, sorted_quantiles
from ._segment_rows import SegmentRows

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Description(NamedTuple):
    """Statistics of known values; NaN where there are too few.

    `std` has the denominator n - 1; quantiles are interpolated as in `np.quantile`.
    Each field is an array with one element per segment, or one number for everyone.
    """

    n: FloatArray
    missing: FloatArray
    mean: FloatArray
    std: FloatArray
    q05: FloatArray
    q25: FloatArray
    median: FloatArray
    q75: FloatArray
    q95: FloatArray


class NumberSummary(NamedTuple):
    """What a profile says about a numeric column.

    `median_rank` is the share of everyone below the segment's median, ties by half;
    `difference` that of the segment's mean to the mean of all others, with Welch's 95 %
    interval, NaN where it would not cover; `rank_effect` is 2 AUC - 1 against all
    others.
    """

    segments: Description
    everyone: Description
    median_rank: FloatArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    rank_effect: FloatArray
    histogram: Histogram
    association: Association


class _SortedColumn(NamedTuple):
    """Known values sorted within their segments, and all of them sorted.

    `weights` belong to the values by segment, `codes` and `weight` to all values.
    """

    blocks: list[FloatArray]
    weights: list[FloatArray | None]
    values: FloatArray
    codes: IntArray
    weight: FloatArray | None


def summarise_number(values: FloatArray, rows: SegmentRows) -> NumberSummary:
    """Return the summary of one column, whose values are in the order of the codes.

    NaN is missing. Where infinite values leave a mean or a variance undefined, it is
    NaN, and so is what depends on it.
    """
    column = _sorted_column(values, rows)
    pairs = list(zip(column.blocks, column.weights, strict=True))
    moments = Moments(*np.array([sorted_moments(*pair) for pair in pairs]).T)
    quantiles = np.array([sorted_quantiles(*pair, QUANTILES) for pair in pairs])
    overall = sorted_quantiles(column.values, column.weight, QUANTILES)
    edges = bin_edges(column.values, column.weight, (overall[1], overall[3]))
    return number_summary(
        rows.n,
        moments,
        quantiles,
        overall,
        share_below(quantiles[:, 2], column.values, column.weight),
        ranks_of_segments(column.values, column.weight, column.codes, moments.n),
        histogram(edges, column.blocks, column.weights),
    )


def number_summary(
    n_rows: FloatArray,
    moments: Moments,
    quantiles: FloatArray,
    overall: FloatArray,
    median_rank: FloatArray,
    ranks: Ranks,
    shares: Histogram,
) -> NumberSummary:
    """Return the summary of a column from its statistics by segment.

    `n_rows` has the rows of each segment, those without a value included. `quantiles`
    has one row per segment, `overall` those of all values.
    """
    n, mean, root, _ = moments
    total, centre, between, within = pooled_moments(n, mean, root)
    std = deviation(root, n)
    everyone_std = deviation(np.hypot(between, within), total)
    skewness = pooled_skewness(moments)
    return NumberSummary(
        Description(n, n_rows - n, mean, std, *quantiles.T),
        Description(total, (n_rows - n).sum(), centre, everyone_std, *overall),
        median_rank,
        *_trusted(difference_to_others(n, mean, root), n, rows_for_means(skewness)),
        ranks.effect,
        shares,
        number_association(
            n,
            mean,
            std,
            (between, within),
            skewness,
            (ranks.trace, ranks.scores),
        ),
    )


def _trusted(
    interval: tuple[FloatArray, FloatArray, FloatArray], n: FloatArray, needed: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return differences with the limits that enough rows on both sides vouch for."""
    difference, low, high = interval
    is_trusted = np.minimum(n, n.sum() - n) >= needed
    is_trusted &= np.isfinite(low) & np.isfinite(high)
    low, high = (np.where(is_trusted, limit, np.nan) for limit in (low, high))
    return difference, low, high


def _sorted_column(values: FloatArray, rows: SegmentRows) -> _SortedColumn:
    # Twice as fast as indexing, which matters for millions of rows.
    ordered = np.take(np.asarray(values, np.float64), rows.order)
    blocks: list[FloatArray] = []
    weights: list[FloatArray | None] = []
    for rows_of_segment in rows.blocks():
        block = ordered[rows_of_segment]
        weight = None
        if rows.weight is None:
            block.sort()
        else:
            order = np.argsort(block, kind="stable")
            block, weight = block[order], rows.weight[rows_of_segment][order]
        # Missing values are sorted to the end.
        n_known = int(np.searchsorted(block, np.nan))
        blocks.append(block[:n_known])
        weights.append(None if weight is None else weight[:n_known])
    known = np.concatenate(blocks)
    order = _merged_order(known)
    sizes = [len(block) for block in blocks]
    codes = np.repeat(np.arange(len(blocks), dtype=rows.codes.dtype), sizes)
    merged = None
    if rows.weight is not None:
        merged = np.concatenate([w for w in weights if w is not None])[order]
    return _SortedColumn(
        blocks, weights, np.take(known, order), np.take(codes, order), merged
    )


def _merged_order(values: FloatArray) -> IntArray:
    """Return the order of values that consist of a few sorted blocks.

    Timsort merges the blocks, which is faster than to sort anew, and faster still for
    integers. The bits of floats are integers in the same order, if those of negative
    values are inverted.
    """
    bits = values.view(np.int64)
    keys = bits >> 63
    keys &= np.iinfo(np.int64).max
    keys ^= bits
    return np.argsort(keys, kind="stable")
