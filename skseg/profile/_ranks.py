"""Ranks of the sorted values of a column, ties by half, whatever the weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._association import Scores


class Ranks(NamedTuple):
    """What the ranks of a column say about its segments.

    `effect` is 2 AUC - 1 of each segment against all others; `trace` is eta squared of
    the ranks, and `scores` their `Scores`.
    """

    effect: FloatArray
    trace: float
    scores: Scores


class _Deviations(NamedTuple):
    """Midranks less their mean, as shares of all rows, of every sorted row.

    With the sums of their squares and fourth powers.
    """

    of_rows: FloatArray
    squares: float
    fourth: float


def ranks_of_segments(
    values: FloatArray, weight: FloatArray | None, codes: IntArray, n: FloatArray
) -> Ranks:
    """Return what the ranks of sorted values say about segments of `n` rows."""
    total = float(n.sum())
    deviations = _deviations(values, weight, total)
    of_rows = deviations.of_rows
    sums = np.bincount(codes, of_rows if weight is None else of_rows * weight, len(n))
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = 2 * sums / n * (total / (total - n))
        trace = float(np.nansum(sums**2 / n) / np.float64(deviations.squares))
        diagonal = float(np.float64(deviations.fourth) / deviations.squares**2)
    return Ranks(effect, trace, Scores(1.0, diagonal))


def _deviations(
    values: FloatArray, weight: FloatArray | None, total: float
) -> _Deviations:
    is_new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=is_new[1:])
    if weight is None and is_new.all():
        # Sums of powers in closed form, since most columns of amounts have no ties.
        squares = (total - 1 / total) / 12 if total else 0.0
        fourth = squares * (3 - 7 / total**2) / 20 if total else 0.0
        of_rows = np.arange(0.5 - total / 2, total / 2)
        of_rows /= total
        return _Deviations(of_rows, squares, fourth)
    starts = np.flatnonzero(is_new)
    repeats = np.diff(starts, append=len(values))
    if weight is None:
        ties = repeats.astype(np.float64)
    else:
        ties = np.add.reduceat(weight, starts)
    distinct = (np.cumsum(ties) - ties / 2) / total - 0.5
    second = distinct * distinct
    return _Deviations(
        np.repeat(distinct, repeats),
        float((ties * second).sum()),
        float((ties * second * second).sum()),
    )


def share_below(
    points: FloatArray, values: FloatArray, weight: FloatArray | None
) -> FloatArray:
    """Return the share of sorted values below each point, ties by half."""
    below, up_to = (np.searchsorted(values, points, side) for side in ("left", "right"))
    if weight is None:
        counts, total = below + up_to, float(len(values))
    else:
        cumulative = np.concatenate([[0.0], np.cumsum(weight)])
        counts, total = cumulative[below] + cumulative[up_to], cumulative[-1]
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(points), np.nan, counts / 2 / total)


def sorted_quantiles(
    values: FloatArray, weight: FloatArray | None, shares: tuple[float, ...]
) -> FloatArray:
    """Return quantiles of sorted values, interpolated as in `np.quantile`."""
    if not len(values):
        return np.full(len(shares), np.nan)
    if weight is None:
        cumulative, total = None, float(len(values))
    else:
        cumulative = np.cumsum(weight)
        total = float(cumulative[-1])
    position = np.maximum(np.array(shares) * (total - 1), 0.0)
    below = np.floor(position)
    fraction = position - below
    low, high = (
        values[rows_at(at, cumulative, len(values))] for at in (below, below + 1)
    )
    with np.errstate(invalid="ignore", over="ignore"):
        step = high - low
        # Halves do not overflow; equal ends, infinite ones too, need no step.
        wide = 2 * (low / 2 * (1 - fraction) + high / 2 * fraction)
        between = np.where(np.isfinite(step), low + step * fraction, wide)
    return np.where((low == high) | (fraction == 0), low, between)


def rows_at(
    position: FloatArray, cumulative: FloatArray | None, n_rows: int
) -> IntArray:
    """Return the rows that hold the positions among the repeated rows."""
    if cumulative is None:
        rows = position.astype(np.intp)
    else:
        rows = np.searchsorted(cumulative, position, side="right")
    return np.minimum(rows, n_rows - 1)
