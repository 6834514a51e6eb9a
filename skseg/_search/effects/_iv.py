"""Weight of evidence and information value, from counts of events in bins.

Counts have the shape (..., n_bins, n_groups, 2): rows without, then with the event, of
one group or of two. Sums of weights are counts. What comes before the bins is looped
over by numpy, so that many tables are one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._search._readable import roundest
from skseg._typing import BoolArray, FloatArray, IntArray

# What becomes of bins without events, or without non-events.
ZERO_CELLS = ("all", "ignore", "replace_0.99", "replace_0.9", "replace_1")
BANDS = ("useless", "weak", "medium", "strong", "suspicious")
_LIMITS = (0.02, 0.1, 0.3, 0.5)
# Rows that are compared at once, such that they stay in the cache.
_CHUNK = 1 << 14
# Up to so many edges, comparing with each of them beats looking up.
_FEW_EDGES = 32


@dataclass(frozen=True, slots=True, eq=False)
class WoeTable:
    """What bins tell of an event.

    Attributes
    ----------
    counts : ndarray of float64 of shape (..., n_bins, n_groups, 2)
        Rows without and with the event.
    woe : ndarray of float64 of shape (..., n_bins, n_groups)
        Weight of evidence: the logarithm of the share of the events by the share of the
        non-events, so that it is positive where events are frequent.
    contribution : ndarray of float64 of shape (..., n_bins)
        What the bins add to the information value; of two groups, to the net one.
    """

    counts: FloatArray
    woe: FloatArray
    contribution: FloatArray

    @property
    def net_woe(self) -> FloatArray:
        """WOE of the first group minus that of the second, if there are two."""
        if self.woe.shape[-1] == 1:
            return self.woe[..., 0]
        return np.asarray(self.woe[..., 0] - self.woe[..., 1])

    @property
    def iv(self) -> FloatArray:
        """(Net) information value."""
        return np.asarray(self.contribution.sum(axis=-1))

    @property
    def scaled(self) -> FloatArray:
        """(Net) information value on the scale of the one of a single group.

        Weights of the net IV are products of two shares. It falls with the number of
        bins for that, which a division by the share of the rows puts right: it gives
        the IV of one group if the other has the same rate of events in all bins.
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
        found: dict[str, FloatArray] = {}
        for i, name in enumerate("AB"):
            found[f"n_{name}"] = size[..., i]
            found[f"events_{name}"] = self.counts[..., i, 1]
            found[f"nonevents_{name}"] = self.counts[..., i, 0]
        found |= {f"woe_{name}": self.woe[..., i] for i, name in enumerate("AB")}
        return found | {"net_woe": self.net_woe, "contribution": self.contribution}


def woe_table(counts: npt.ArrayLike, zero_cells: str = "all") -> WoeTable:
    """Return weights of evidence and information values.

    Parameters
    ----------
    counts : array-like of shape (..., n_bins, n_groups, 2)
        Rows without and with the event, of one or two groups.
    zero_cells : {"all", "ignore", "replace_0.99", "replace_0.9", "replace_1"}
        ``"all"``: every count is increased by 0.5. ``"ignore"``: WOE is 0 where one of
        the counts is. ``"replace_0.99"``, ``"replace_0.9"``: zeros become that, and
        count in the totals. ``"replace_1"``: zeros become 1, and the totals stay.

    Returns
    -------
    WoeTable
        Bins without any row say nothing, whatever `zero_cells`. All is NaN for a group
        without events, or without non-events.

    Notes
    -----
    The information value is the divergence of Jeffreys, J in the paper of S. Kullback
    and R. A. Leibler (1951), "On information and sufficiency", Annals of Mathematical
    Statistics 22, 79-86. The net one is by K. Larsen (2010), "Net lift models".
    """
    counts = np.asarray(counts, np.float64)
    used = counts.sum(axis=(-2, -1)) > 0
    share = _shares(counts, used, zero_cells)
    nonevents, events = share[..., 0], share[..., 1]
    telling = (nonevents > 0) & (events > 0) & used[..., np.newaxis]
    ratio = np.divide(events, nonevents, where=telling, out=np.ones_like(events))
    woe = np.log(ratio)
    woe[np.isnan(events) | np.isnan(nonevents)] = np.nan
    if counts.shape[-2] == 1:
        weight = (events - nonevents)[..., 0]
        return WoeTable(counts, woe, weight * woe[..., 0])
    weight = events[..., 0] * nonevents[..., 1] - nonevents[..., 0] * events[..., 1]
    return WoeTable(counts, woe, weight * (woe[..., 0] - woe[..., 1]))


def _shares(counts: FloatArray, used: BoolArray, zero_cells: str) -> FloatArray:
    """Return what share of its events, and of its non-events, a group has in a bin."""
    total = counts.sum(axis=-3, keepdims=True)
    total = np.where(total > 0, total, np.nan)
    here = used[..., np.newaxis, np.newaxis]
    if zero_cells == "ignore":
        return np.asarray(counts / total)
    if zero_cells == "all":
        filled = np.where(here, counts + 0.5, 0.0)
    else:
        stand_in = float(zero_cells.removeprefix("replace_"))
        filled = np.where(here & (counts == 0), stand_in, counts)
    if zero_cells != "replace_1":
        total = np.where(np.isnan(total), np.nan, filled.sum(axis=-3, keepdims=True))
    return np.asarray(filled / total)


def even_edges(
    values: FloatArray, weight: FloatArray | None, max_bins: int
) -> FloatArray:
    """Return edges at every value if they are few, else at quantiles (inverted_cdf)."""
    if weight is None:
        ordered = np.sort(values)
        places = -(-np.arange(1, max_bins) * len(values) // max_bins) - 1
    else:
        order = np.argsort(values)
        ordered, sums = values[order], np.cumsum(weight[order])
        total = float(sums[-1]) if len(sums) else 0.0
        places = np.searchsorted(sums, np.arange(1, max_bins) * total / max_bins)
    # First rows of the second value, the third, and so on.
    starts = [0]
    while starts[-1] < len(ordered) and len(starts) <= max_bins:
        starts.append(int(np.searchsorted(ordered, ordered[starts[-1]], "right")))
    nexts = np.array(starts[1:], dtype=np.intp)
    if starts[-1] < len(ordered):
        # A value that takes several bins by its number gets one.
        nexts = np.unique(np.searchsorted(ordered, ordered[places], "right"))
    return np.array(
        [
            roundest(float(ordered[i - 1]), float(ordered[i]))
            for i in nexts
            if i < len(ordered)
        ],
        dtype=np.float64,
    )


def intervals(
    values: FloatArray, edges: FloatArray, closed: str
) -> npt.NDArray[np.integer]:
    """Return the number of edges below each value; of those at it, if closed left."""
    if len(edges) > _FEW_EDGES:
        return np.searchsorted(edges, values, "left" if closed == "right" else "right")
    above = np.greater if closed == "right" else np.greater_equal
    codes = np.zeros(len(values), dtype=np.uint8)
    for start in range(0, len(values), _CHUNK):
        some, chunk = codes[start : start + _CHUNK], values[start : start + _CHUNK]
        for edge in edges:
            some += above(chunk, edge)
    return codes


def count_bins(
    codes: npt.NDArray[np.integer],
    side: npt.NDArray[np.uint8],
    n_bins: int,
    n_groups: int,
    weight: FloatArray | None = None,
) -> FloatArray:
    """Return how many rows with and without the event there are in every bin.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
        The bin of every row, below `n_bins`.
    side : ndarray of uint8 of shape (n_rows,)
        Twice the number of the group, plus 1 for the event.
    n_bins, n_groups : int
        Number of bins, and of groups, 1 or 2.
    weight : ndarray of float64 of shape (n_rows,), default=None
        What every row counts. None: 1.

    Returns
    -------
    ndarray of float64 of shape (n_bins, n_groups, 2)
        Rows without and with the event.
    """
    n_places = 2 * n_groups * n_bins
    # Eight bits a row, where they suffice, are read several times as fast.
    kind = np.uint8 if n_places <= 256 else np.intp
    place = codes.astype(kind) * np.array(2 * n_groups, kind) + side
    found = np.bincount(place, weight, minlength=n_places)
    return found.reshape(n_bins, n_groups, 2).astype(np.float64)


def telling_sets(
    counts: FloatArray, sets: BoolArray, sign: int, min_size: float, zero_cells: str
) -> BoolArray:
    """Return the sets of bins with a (net) WOE of that sign, the largest IV first.

    What counts is the (net) IV of being in the set, against being outside.

    Parameters
    ----------
    counts : ndarray of float64 of shape (n_bins, n_groups, 2)
        Rows without and with the event.
    sets : ndarray of bool of shape (n_sets, n_bins)
        The bins in every set, not all of them.
    sign : {1, -1}
        Of the (net) WOE inside.
    min_size : float
        Least number of rows inside.
    zero_cells : str
        As in `woe_table`.
    """
    inside = np.tensordot(sets, counts, 1)
    outside = counts.sum(axis=0) - inside
    table = woe_table(np.stack([inside, outside], axis=1), zero_cells)
    fits = (sign * table.net_woe[:, 0] > 0) & (inside.sum(axis=(1, 2)) >= min_size)
    chosen = np.flatnonzero(fits)
    return sets[chosen[descending(table.scaled[chosen])]]


def descending(iv: FloatArray) -> IntArray:
    """Return the order of such values, the largest first and NaN last.

    What differs by rounding alone stays in place, so that weights are repetitions.
    """
    return np.argsort(-np.round(iv, 12), kind="stable")


def bands(iv: FloatArray) -> list[str | None]:
    """Return what N. Siddiqi (2006) calls such information values; None for NaN."""
    place = np.searchsorted(_LIMITS, iv, side="right")
    return [
        None if unknown else BANDS[i]
        for i, unknown in zip(place, np.isnan(iv), strict=True)
    ]
