"""One column cut into the fewest intervals of legal sizes, at readable thresholds.

Cut number j of a column lies between its distinct values number j - 1 and j, in
ascending order; missing is the last of them. Sizes below the cuts are cumulative sums
``up_to``, with ``up_to[0] == 0``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from skseg._search._bounds import SizeBounds
from skseg._search._readable import roundest
from skseg._typing import FloatArray

# A cut may move by this share of a segment to a rounder threshold, and imbalances below
# it count as none.
SLACK = 0.05
# With more distinct values the dynamic program is left out: what quantiles cannot cut
# goes to the general search.
_MAX_EXACT = 1 << 16
# Numbers of intervals beyond the fewest that are tried at quantiles then.
_N_TRIES = 8


def fewest_intervals(up_to: FloatArray, bounds: SizeBounds) -> list[int] | None:
    """Return the cuts of a column into the fewest intervals of legal sizes, or None.

    If the cuts nearest to the k-quantiles give legal sizes, for the smallest k that
    adds up, no solution has fewer intervals. Otherwise a dynamic program counts, from
    the last value down, the fewest intervals of the remaining values: the ends of the
    intervals that start at a value form a window that only moves one way, so its
    minimum takes constant time. Then cuts are chosen in ascending order: of those that
    attain the minimum, the one nearest to an equal share. The result is exact unless
    there are more than 65,536 distinct values.
    """
    if np.diff(up_to).max() > bounds.high:
        return None
    fewest = bounds.fewest(up_to[-1])
    if (cuts := _near_quantiles(up_to, fewest, bounds)) is not None:
        return cuts
    if not is_exact(up_to):
        for k in range(fewest + 1, fewest + 1 + _N_TRIES):
            if (cuts := _near_quantiles(up_to, k, bounds)) is not None:
                return cuts
        return None
    return _fewest_cuts(up_to, bounds)


def is_exact(up_to: FloatArray) -> bool:
    """Tell whether None from `fewest_intervals` proves that there is no solution."""
    return len(up_to) - 1 <= _MAX_EXACT


def _near_quantiles(up_to: FloatArray, k: int, bounds: SizeBounds) -> list[int] | None:
    """Return the cuts nearest to the k-quantiles, None if the sizes are not legal."""
    targets = up_to[-1] * np.arange(1, k) / k
    above = np.clip(np.searchsorted(up_to, targets), 1, len(up_to) - 1)
    cuts = above - (targets - up_to[above - 1] <= up_to[above] - targets)
    sizes = np.diff(up_to[np.concatenate([[0], cuts, [len(up_to) - 1]])])
    is_legal = sizes.min() >= bounds.low and sizes.max() <= bounds.high
    return cuts.tolist() if is_legal and sizes.min() > 0 else None


def _fewest_cuts(up_to: FloatArray, bounds: SizeBounds) -> list[int] | None:
    first, last = _windows(up_to, bounds)
    n_above = _fewest_above(first, last)
    if n_above[0] == math.inf:
        return None
    cuts, cut = [], 0
    while n_above[cut] > 1:
        target = up_to[cut] + (up_to[-1] - up_to[cut]) / n_above[cut]
        window = range(first[cut], last[cut])
        cut = min(
            (stop for stop in window if n_above[stop] == n_above[cut] - 1),
            key=lambda stop: abs(up_to[stop] - target),
        )
        cuts.append(cut)
    return cuts


def _windows(up_to: FloatArray, bounds: SizeBounds) -> tuple[list[int], list[int]]:
    """Return for every cut the range of cuts at which a legal interval may end."""
    first = np.searchsorted(up_to, up_to + bounds.low, side="left")
    last = np.searchsorted(up_to, up_to + bounds.high, side="right")
    # With a lower bound of zero, an interval still has at least one value.
    return np.maximum(first, np.arange(len(up_to)) + 1).tolist(), last.tolist()


def _fewest_above(first: list[int], last: list[int]) -> list[float]:
    """Return for every cut the fewest legal intervals above it, inf if there are none.

    `first` and `last` are the windows of the cuts.
    """
    end = len(first) - 1
    fewest = [math.inf] * end + [0.0]
    # A monotonic queue: cuts of the window that no nearer cut is as good as. Cuts
    # ascend from left to right, and so do their numbers from right to left.
    window: deque[int] = deque()
    entered = end + 1
    for cut in range(end - 1, -1, -1):
        while entered > first[cut]:
            entered -= 1
            while window and fewest[window[-1]] >= fewest[entered]:
                window.pop()
            window.append(entered)
        while window and window[0] >= last[cut]:
            window.popleft()
        if window:
            fewest[cut] = fewest[window[0]] + 1
    return fewest


def round_cuts(
    values: FloatArray,
    up_to: FloatArray,
    cuts: Sequence[int],
    counts: Sequence[int],
    bounds: SizeBounds,
    slack: float = SLACK,
) -> tuple[list[int], tuple[float, ...]]:
    """Move cuts a little where that makes their thresholds rounder, and return both.

    `values` are distinct and ascend, NaN for missing last; `counts` has the number of
    segments that each part will be divided into. A part keeps the bounds of a segment
    times its count, and a cut moves by at most the share `slack` of a segment. Below a
    cut ``x <= threshold`` holds; infinity separates present from missing values.
    """
    reach = slack * up_to[-1] / sum(counts)
    next_cuts = [*cuts[1:], len(values)]
    moved, thresholds = [0], []
    for i, (cut, next_cut) in enumerate(zip(cuts, next_cuts, strict=True)):
        # The part below has a moved cut, the part above one that has not moved yet.
        below, above = up_to[moved[-1]], up_to[next_cut]
        lowest = max(
            below + counts[i] * bounds.low,
            above - counts[i + 1] * bounds.high,
            up_to[cut] - reach,
        )
        highest = min(
            below + counts[i] * bounds.high,
            above - counts[i + 1] * bounds.low,
            up_to[cut] + reach,
        )
        start = max(int(np.searchsorted(up_to, lowest)), moved[-1] + 1)
        stop = int(np.searchsorted(up_to, highest, side="right")) - 1
        threshold = roundest_threshold(values, min(start, cut), max(stop, cut))
        moved.append(int(np.searchsorted(values, threshold, side="right")))
        thresholds.append(threshold)
    return moved[1:], tuple(thresholds)


def roundest_threshold(values: FloatArray, start: int, stop: int) -> float:
    """Return the roundest threshold of the cuts from `start` to `stop`."""
    # Being missing or not reads better than any threshold.
    if np.isnan(values[stop]):
        return math.inf
    return roundest(float(values[start - 1]), float(values[stop]))
