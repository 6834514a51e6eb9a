"""One column cut into bands of legal sizes, and thresholds that read well.

Positions: cut j of a column lies between its distinct values number j - 1 and j, in
ascending order; missing is the last of them. Sizes up to the cuts are cumulative sums
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

# A cut may move by this share of a segment for the sake of a rounder threshold, and
# imbalances below it count as none.
SLACK = 0.05
# With so many distinct values, what quantiles cannot cut is left to the general search.
_MOST_EXACT = 1 << 16


def find_bands(up_to: FloatArray, bounds: SizeBounds) -> list[int] | None:
    """Return the cuts of a column into the fewest bands of legal sizes, or None.

    Exact unless there are more than 65,536 distinct values.

    Notes
    -----
    If the nearest cuts to the k-quantiles give legal sizes for the smallest k that adds
    up, nothing has fewer bands. Otherwise a dynamic program counts, from the last value
    down, the fewest bands that the rest takes: the bands that may start at a value form
    a window that only moves one way, so its minimum costs constant time. Walking
    forward, the cut nearest to an equal share is taken among those that keep the
    minimum.
    """
    if np.diff(up_to).max() > bounds.high:
        return None
    fewest = bounds.fewest(up_to[-1])
    if (cuts := _near_quantiles(up_to, fewest, bounds)) is not None:
        return cuts
    if len(up_to) > _MOST_EXACT:
        some = range(fewest + 1, fewest + 9)
        tried = (_near_quantiles(up_to, k, bounds) for k in some)
        return next((cuts for cuts in tried if cuts is not None), None)
    return _fewest_cuts(up_to, bounds)


def is_exact(up_to: FloatArray) -> bool:
    """Tell whether no bands found means that there are none."""
    return len(up_to) <= _MOST_EXACT


def _near_quantiles(up_to: FloatArray, k: int, bounds: SizeBounds) -> list[int] | None:
    targets = up_to[-1] * np.arange(1, k) / k
    above = np.clip(np.searchsorted(up_to, targets), 1, len(up_to) - 1)
    cuts = above - (targets - up_to[above - 1] <= up_to[above] - targets)
    sizes = np.diff(up_to[np.concatenate([[0], cuts, [len(up_to) - 1]])])
    legal = sizes.min() >= bounds.low and sizes.max() <= bounds.high
    return cuts.tolist() if legal and sizes.min() > 0 else None


def _fewest_cuts(up_to: FloatArray, bounds: SizeBounds) -> list[int] | None:
    first, last = _windows(up_to, bounds)
    rest = _fewest_from(first, last)
    if rest[0] == math.inf:
        return None
    cuts, here = [0], 0
    while rest[here] > 1:
        target = up_to[here] + (up_to[-1] - up_to[here]) / rest[here]
        stops = range(first[here], last[here])
        here = min(
            (j for j in stops if rest[j] == rest[here] - 1),
            key=lambda j: abs(up_to[j] - target),
        )
        cuts.append(here)
    return cuts[1:]


def _windows(up_to: FloatArray, bounds: SizeBounds) -> tuple[list[int], list[int]]:
    """Return for every cut the range of cuts at which a legal band may end."""
    first = np.searchsorted(up_to, up_to + bounds.low, side="left")
    last = np.searchsorted(up_to, up_to + bounds.high, side="right")
    # A lower bound of zero must not give empty bands.
    return np.maximum(first, np.arange(len(up_to)) + 1).tolist(), last.tolist()


def _fewest_from(first: list[int], last: list[int]) -> list[float]:
    """Return for every cut the fewest legal bands behind it, inf where none will do."""
    end = len(first) - 1
    rest = [math.inf] * end + [0.0]
    # Cuts of the window that are nearer and better than every other: ends ascending
    # from left to right, and so are their counts from right to left.
    window: deque[int] = deque()
    entered = end + 1
    for cut in range(end - 1, -1, -1):
        while entered > first[cut]:
            entered -= 1
            while window and rest[window[-1]] >= rest[entered]:
                window.pop()
            window.append(entered)
        while window and window[0] >= last[cut]:
            window.popleft()
        if window:
            rest[cut] = rest[window[0]] + 1
    return rest


def settle(
    values: FloatArray,
    up_to: FloatArray,
    cuts: Sequence[int],
    counts: Sequence[int],
    bounds: SizeBounds,
    slack: float = SLACK,
) -> tuple[list[int], tuple[float, ...]]:
    """Return the cuts, moved a little where that makes a threshold rounder.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Distinct, ascending, NaN for missing last.
    up_to : ndarray of shape (n_values + 1,)
        Sizes up to the cuts.
    cuts : sequence of int
        Ascending, strictly between 0 and n_values.
    counts : sequence of int
        How many segments each part will be divided into, one more than cuts.
    bounds : SizeBounds
        What the moved parts still keep, `counts` times.
    slack : float
        A cut moves by at most this share of a segment.

    Returns
    -------
    cuts : list of int
        Where the thresholds cut.
    thresholds : tuple of float
        ``x <= threshold`` holds below the cut. Infinity parts present from missing.
    """
    reach = slack * up_to[-1] / sum(counts)
    ends = [*cuts[1:], len(values)]
    moved, thresholds = [0], []
    for i, (cut, end) in enumerate(zip(cuts, ends, strict=True)):
        # Both neighbours of the cut stay legal, whether already moved or not yet.
        below, above = up_to[moved[-1]], up_to[end]
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
        threshold = _threshold(values, min(start, cut), max(stop, cut))
        moved.append(int(np.searchsorted(values, threshold, side="right")))
        thresholds.append(threshold)
    return moved[1:], tuple(thresholds)


def _threshold(values: FloatArray, start: int, stop: int) -> float:
    """Return the roundest threshold that cuts between `start` and `stop`."""
    # Whether a value is there reads better than any threshold.
    if np.isnan(values[stop]):
        return math.inf
    return roundest(float(values[start - 1]), float(values[stop]))
