"""Slices from the ends of a column, with rows for a segment that is too small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skseg._search._bounds import SizeBounds
from skseg._typing import BoolArray, FloatArray, IntArray

from ._intervals import SLACK, roundest_threshold
from ._points import encode


class Slice(NamedTuple):
    """The rows with ``x <= threshold``, or the others, missing values among them."""

    threshold: float
    is_below: bool
    rows: BoolArray


def end_slices(
    values: FloatArray, sizes: FloatArray, shortfall: float, bounds: SizeBounds
) -> Iterator[Slice]:
    """Yield the smallest slice at each end of a column that fills up a segment.

    The segment has `shortfall` fewer rows than the lower bound. With the slice it keeps
    to the bounds, and the size of the remaining rows adds up. A slice may grow by 5 %
    of a segment to a rounder threshold. Missing values lie above the largest one, and a
    threshold of infinity separates present from missing values.
    """
    distinct, ranks = encode(values)
    totals = np.bincount(ranks, sizes, minlength=len(distinct))
    up_to = np.concatenate([[0.0], np.cumsum(totals)])
    for is_below in (True, False):
        taken = up_to if is_below else up_to[-1] - up_to
        rest = up_to[-1] - taken
        is_legal = (taken >= shortfall) & (
            taken - shortfall <= bounds.high - bounds.low
        )
        is_legal &= bounds.all_fewest(rest) * bounds.low <= rest
        is_legal[[0, -1]] = False
        if not is_legal.any():
            continue
        slack = SLACK * bounds.low
        cuts = np.flatnonzero(is_legal & (taken <= taken[is_legal].min() + slack))
        run = _first_run(cuts if is_below else cuts[::-1])
        threshold = roundest_threshold(distinct, int(run.min()), int(run.max()))
        is_at_most = values <= threshold
        yield Slice(threshold, is_below, is_at_most if is_below else ~is_at_most)


def _first_run(cuts: IntArray) -> IntArray:
    """Return the first cuts, up to where neighbours are no longer consecutive."""
    gaps = np.flatnonzero(np.abs(np.diff(cuts)) > 1)
    return cuts[: gaps[0] + 1] if len(gaps) else cuts
