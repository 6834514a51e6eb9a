"""Weight of evidence and information value, from counts of events in bins.

Counts have the shape (..., n_bins, n_groups, 2): rows without the event, then rows with
it, of one group or of two. Sums of weights are counts, too. The axes before the bins
are those of several tables, which are computed in one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._search._readable import roundest
from skseg._typing import BoolArray, FloatArray, IntArray

# Ways to treat bins without events, or without non-events; `woe_table` explains them.
ZERO_CELLS = ("all", "ignore", "replace_0.99", "replace_0.9", "replace_1")
# Names and limits of N. Siddiqi (2006), Credit Risk Scorecards.
BANDS = ("useless", "weak", "medium", "strong", "suspicious")
_LIMITS = (0.02, 0.1, 0.3, 0.5)
# Rows that are compared at a time, few enough to stay in the cache.
_CHUNK = 1 << 14
# With at most this many edges, comparing with each is faster than a binary search.
_FEW_EDGES = 32


@dataclass(frozen=True, slots=True, eq=False)
class WoeTable:
    """Weights of evidence and information values of bins.

    The weight of evidence is the logarithm of the share of the events over the share of
    the non-events, positive where events are frequent. The contributions of the bins
    add up to the information value, net if there are two groups.
    """

    counts: FloatArray  # (..., n_bins, n_groups, 2)
    woe: FloatArray  # (..., n_bins, n_groups)
    contribution: FloatArray  # (..., n_bins)

    @property
    def net_woe(self) -> FloatArray:
        """WOE of the first group, minus that of the second if there are two."""
        if self.woe.shape[-1] == 1:
            return self.woe[..., 0]
        return np.asarray(self.woe[..., 0] - self.woe[..., 1])

    @property
    def iv(self) -> FloatArray:
        """(Net) information value."""
        return np.asarray(self.contribution.sum(axis=-1))

    @property
    def scaled_iv(self) -> FloatArray:
        """(Net) information value on the scale of that of a single group.

        The weights of the net IV are products of two shares, so it falls with the
        number of bins. Dividing by the share of the rows in the bin corrects this: the
        result is the IV of one group if the other has the same event rate in all bins.
        """
        if self.woe.shape[-1] == 1:
            return self.iv
        size = self.counts.sum(axis=-1)
        with np.errstate(invalid="ignore"):
            share = (size / size.sum(axis=-2, keepdims=True)).mean(axis=-1)
        parts = self.contribution / np.where(share > 0, share, 1.0)
        return np.asarray(parts.sum(axis=-1))

    def columns(self) -> dict[str, FloatArray]:
        """Return the columns of the table, one entry per bin."""
        size = self.counts.sum(axis=-1)
        if self.woe.shape[-1] == 1:
            return {
                "n": size[..., 0],
                "events": self.counts[..., 0, 1],
                "nonevents": self.counts[..., 0, 0],
                "woe": self.woe[..., 0],
                "contribution": self.contribution,
            }
        columns: dict[str, FloatArray] = {}
        for i, name in enumerate("AB"):
            columns[f"n_{name}"] = size[..., i]
            columns[f"events_{name}"] = self.counts[..., i, 1]
            columns[f"nonevents_{name}"] = self.counts[..., i, 0]
        columns |= {f"woe_{name}": self.woe[..., i] for i, name in enumerate("AB")}
        return columns | {"net_woe": self.net_woe, "contribution": self.contribution}


def woe_table(counts: npt.ArrayLike, zero_cells: str = "all") -> WoeTable:
    """Return weights of evidence and information values.

    `zero_cells` says what becomes of counts of zero. "all": every count is increased by
    0.5. "ignore": WOE is 0 where one of the counts is 0. "replace_0.99", "replace_0.9":
    zeros are replaced by this number, also in the totals. "replace_1": zeros are
    replaced by 1, but not in the totals. Bins without rows have a WOE of 0 in any case.
    All numbers are NaN for a group without events, or without non-events.

    The information value is Jeffreys' divergence, J in S. Kullback and R. A. Leibler
    (1951), "On information and sufficiency", Annals of Mathematical Statistics 22,
    79-86. The net information value is by K. Larsen (2010), "Net lift models".
    """
    counts = np.asarray(counts, np.float64)
    used = counts.sum(axis=(-2, -1)) > 0
    share = _shares(counts, used, zero_cells)
    nonevents, events = share[..., 0], share[..., 1]
    has_both = (nonevents > 0) & (events > 0) & used[..., np.newaxis]
    ratio = np.divide(events, nonevents, where=has_both, out=np.ones_like(events))
    woe = np.log(ratio)
    woe[np.isnan(events) | np.isnan(nonevents)] = np.nan
    if counts.shape[-2] == 1:
        weight = (events - nonevents)[..., 0]
        return WoeTable(counts, woe, weight * woe[..., 0])
    weight = events[..., 0] * nonevents[..., 1] - nonevents[..., 0] * events[..., 1]
    return WoeTable(counts, woe, weight * (woe[..., 0] - woe[..., 1]))


def cross_validated_iv(counts: npt.ArrayLike, zero_cells: str = "all") -> float:
    """Return a (scaled net) information value that noise does not enlarge.

    `counts` has the shape (n_folds, n_bins, n_groups, 2). The weights of evidence are
    those of the rows outside of a fold, and the shares that they are multiplied with
    are those of its rows, so that chance in one is none in the other: the expected
    value of a column of noise is 0. The result is the mean over the folds, NaN if one
    of them lacks events, or non-events, of a group.
    """
    counts = np.asarray(counts, np.float64)
    train = woe_table(counts.sum(axis=0) - counts, zero_cells)
    total = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        share = np.where(total > 0, counts / total, np.nan)
    nonevents, events = share[..., 0], share[..., 1]
    if counts.shape[-2] == 1:
        weight = (events - nonevents)[..., 0]
    else:
        size = train.counts.sum(axis=-1)
        share_of_bin = (size / size.sum(axis=-2, keepdims=True)).mean(axis=-1)
        weight = events[..., 0] * nonevents[..., 1] - nonevents[..., 0] * events[..., 1]
        weight = weight / np.where(share_of_bin > 0, share_of_bin, 1.0)
    return float((weight * train.net_woe).sum(axis=-1).mean())


def _shares(counts: FloatArray, used: BoolArray, zero_cells: str) -> FloatArray:
    """Return the share of each bin in the non-events and the events of its group."""
    total = counts.sum(axis=-3, keepdims=True)
    total = np.where(total > 0, total, np.nan)
    is_used = used[..., np.newaxis, np.newaxis]
    if zero_cells == "ignore":
        return np.asarray(counts / total)
    if zero_cells == "all":
        filled = np.where(is_used, counts + 0.5, 0.0)
    else:
        replacement = float(zero_cells.removeprefix("replace_"))
        filled = np.where(is_used & (counts == 0), replacement, counts)
    if zero_cells != "replace_1":
        total = np.where(np.isnan(total), np.nan, filled.sum(axis=-3, keepdims=True))
    return np.asarray(filled / total)


def quantile_edges(
    values: FloatArray, weight: FloatArray | None, max_bins: int
) -> FloatArray:
    """Return edges between all values if they are few, else at quantiles.

    Quantiles are those of numpy's ``method="inverted_cdf"``.
    """
    if weight is None:
        ordered = np.sort(values)
        at_quantile = -(-np.arange(1, max_bins) * len(values) // max_bins) - 1
    else:
        order = np.argsort(values)
        ordered, sums = values[order], np.cumsum(weight[order])
        total = float(sums[-1]) if len(sums) else 0.0
        quantile_sums = np.arange(1, max_bins) * total / max_bins
        at_quantile = np.searchsorted(sums, quantile_sums)
    # Positions at which the first distinct value begins, the second, and so on.
    positions = [0]
    while positions[-1] < len(ordered) and len(positions) <= max_bins:
        value = ordered[positions[-1]]
        positions.append(int(np.searchsorted(ordered, value, "right")))
    bin_positions = np.array(positions[1:], dtype=np.intp)
    if positions[-1] < len(ordered):
        # A value that holds several quantiles gets one bin.
        above = np.searchsorted(ordered, ordered[at_quantile], "right")
        bin_positions = np.unique(above)
    edges = [
        roundest(float(ordered[i - 1]), float(ordered[i]))
        for i in bin_positions
        if i < len(ordered)
    ]
    return np.array(edges, dtype=np.float64)


def interval_codes(
    values: FloatArray, edges: FloatArray, closed: str
) -> npt.NDArray[np.integer]:
    """Return the interval of each value, closed at its right or left edge."""
    if len(edges) > _FEW_EDGES:
        return np.searchsorted(edges, values, "left" if closed == "right" else "right")
    above = np.greater if closed == "right" else np.greater_equal
    codes = np.zeros(len(values), dtype=np.uint8)
    for start in range(0, len(values), _CHUNK):
        part, chunk = codes[start : start + _CHUNK], values[start : start + _CHUNK]
        for edge in edges:
            part += above(chunk, edge)
    return codes


def count_bins(
    codes: npt.NDArray[np.integer],
    group_event: npt.NDArray[np.uint8],
    n_bins: int,
    n_groups: int,
    weight: FloatArray | None = None,
) -> FloatArray:
    """Return the counts, of shape (n_bins, n_groups, 2), of rows in bins.

    `group_event` is twice the number of the row's group, plus 1 for the event.
    """
    n_cells = 2 * n_groups * n_bins
    # Eight bits per row, where they suffice, are read several times as fast.
    dtype = np.uint8 if n_cells <= 256 else np.intp
    cell = codes.astype(dtype) * np.array(2 * n_groups, dtype) + group_event
    counts = np.bincount(cell, weight, minlength=n_cells)
    return counts.reshape(n_bins, n_groups, 2).astype(np.float64)


def sets_by_iv(
    counts: FloatArray, sets: BoolArray, sign: int, min_size: float, zero_cells: str
) -> BoolArray:
    """Return the sets of bins with a (net) WOE of one sign, the largest IV first.

    The (net) IV is that of two bins: rows inside of the set and rows outside of it. No
    set of `sets`, one a row, has all bins; at least `min_size` rows must be inside.
    """
    inside = np.tensordot(sets, counts, 1)
    outside = counts.sum(axis=0) - inside
    table = woe_table(np.stack([inside, outside], axis=1), zero_cells)
    is_valid = (sign * table.net_woe[:, 0] > 0) & (inside.sum(axis=(1, 2)) >= min_size)
    valid = np.flatnonzero(is_valid)
    return sets[valid[descending(table.scaled_iv[valid])]]


def descending(iv: FloatArray) -> IntArray:
    """Return the order of information values, the largest first and NaN last.

    Values that only rounding tells apart keep their order, so that weighted rows give
    the same result as repeated ones.
    """
    return np.argsort(-np.round(iv, 12), kind="stable")


def bands(iv: FloatArray) -> list[str | None]:
    """Return Siddiqi's name of the band of each information value; None for NaN."""
    band = np.searchsorted(_LIMITS, iv, side="right")
    return [
        None if is_nan else BANDS[i]
        for i, is_nan in zip(band, np.isnan(iv), strict=True)
    ]
