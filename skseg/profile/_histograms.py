"""Bins of a numeric column that one outlier does not spoil."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray

from ._ranks import rows_at

N_BINS = 20
# Everyone between these quantiles is inside the bins, and the rest in the outer ones.
_INNER = (0.01, 0.99)
# Ranges between quartiles that bins reach beyond them.
_REACH = 3.0


class Histogram(NamedTuple):
    """Shares of each segment in bins, and of everyone.

    `edges` has one element more than there are bins; `shares` has one row per segment.
    The first and the last bin also hold what lies beyond the edges.
    """

    edges: FloatArray
    shares: FloatArray
    shares_everyone: FloatArray


def bin_edges(
    values: FloatArray, weight: FloatArray | None, quartiles: tuple[float, float]
) -> FloatArray:
    """Return the edges of at most 20 bins of equal width.

    `values` are sorted, and `quartiles` are their lower and upper one. Bins reach to
    the smallest and largest values, unless few of them lie far out. Whole numbers have
    bins of whole widths, around the numbers.
    """
    inside = slice(
        int(np.searchsorted(values, -np.inf, "right")),
        int(np.searchsorted(values, np.inf)),
    )
    finite = values[inside]
    if not len(finite):
        return np.empty(0)
    low, high = _bounds(finite, None if weight is None else weight[inside], quartiles)
    if _are_whole(finite) and high - low < 2.0**52:
        width = np.ceil((high - low + 1) / N_BINS)
        n_bins = int(np.ceil((high - low + 1) / width))
        return np.asarray(low - 0.5 + width * np.arange(n_bins + 1))
    if low == high:
        return np.asarray(low + np.array([-1, 1]) * abs(low) / N_BINS)
    # Halves, since the difference of the largest floats overflows.
    steps = np.arange(N_BINS + 1) / N_BINS
    edges = 2 * (low / 2 * (1 - steps) + high / 2 * steps)
    return np.unique(edges)


def _are_whole(values: FloatArray) -> bool:
    # Most columns that have fractions have some among few values, which saves a pass.
    return all((part == np.rint(part)).all() for part in (values[:100], values))


def _bounds(
    values: FloatArray, weight: FloatArray | None, quartiles: tuple[float, float]
) -> tuple[float, float]:
    """Return the range that bins cover, which excludes values far out."""
    low, high = _inner(values, weight)
    if low == high:
        # Nearly everybody has the same value: the range of the others is shown.
        is_other = values != low
        if not is_other.any():
            return low, high
        others = _inner(values[is_other], None if weight is None else weight[is_other])
        return min(low, others[0]), max(high, others[1])
    with np.errstate(over="ignore", invalid="ignore"):
        reach = _REACH * (quartiles[1] - quartiles[0])
        return (
            float(max(values[0], min(low, quartiles[0] - reach))),
            float(min(values[-1], max(high, quartiles[1] + reach))),
        )


def _inner(values: FloatArray, weight: FloatArray | None) -> tuple[float, float]:
    """Return two values, beyond each of which is at least one row and 1 % of all."""
    cumulative = None if weight is None else np.cumsum(weight)
    total = len(values) if cumulative is None else cumulative[-1]
    low, high = values[rows_at(inner_positions(total), cumulative, len(values))]
    # Of two rows, each is beyond the other.
    return float(min(low, high)), float(max(low, high))


def inner_positions(total: float) -> FloatArray:
    """Return the positions, among sorted rows, of the values that bins cover."""
    last = max(total - 1, 0.0)
    return np.array([np.ceil(_INNER[0] * last), np.floor(_INNER[1] * last)])


def histogram(
    edges: FloatArray,
    blocks: list[FloatArray],
    weights: list[FloatArray | None],
) -> Histogram:
    """Return the shares of each segment's sorted values in the bins."""
    if not len(edges):
        return Histogram(edges, np.empty((len(blocks), 0)), np.empty(0))
    counts = np.array(
        [
            _counts(edges, block, weight)
            for block, weight in zip(blocks, weights, strict=True)
        ]
    )
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
        total = counts.sum(axis=0)
        return Histogram(edges, shares, total / total.sum())


def _counts(
    edges: FloatArray, values: FloatArray, weight: FloatArray | None
) -> FloatArray:
    inner = np.searchsorted(values, edges[1:-1])
    if weight is None:
        return np.diff(np.concatenate([[0], inner, [len(values)]])).astype(np.float64)
    cumulative = np.concatenate([[0.0], np.cumsum(weight)])
    sums = cumulative[inner]
    return np.diff(np.concatenate([[0.0], sums, cumulative[-1:]]))
