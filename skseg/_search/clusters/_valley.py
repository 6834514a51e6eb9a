"""Valleys: bands of one dimension that hold hardly any rows between two groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

from skseg._typing import BoolArray, FloatArray, IntArray

# What counts as a valley; chosen on the populations of benchmarks/clusters.py. Groups
# six standard deviations apart are just within these bounds, and counts with many zeros
# just outside.
MAX_DENSITY = 0.1  # of the density of the sparser side
MIN_WIDTH = 0.08  # of the range of the middle 90 % of the rows
MIN_SIDE = 0.05  # share of the rows on each side
_MIN_MISSING = 0.025  # share of the rows that would fill the valley
# Rows beside a valley over which the density of a side is measured, as shares.
_STRETCHES = (0.05, 0.1, 0.2, 0.4)
# The numbers of rows in the bands that are tried grow by this factor.
_GROWTH = 1.6
# With fewer different values, a column is a scale or a category: nothing lies between.
_MIN_VALUES = 10
# A distance between neighbouring values is a gap, and no coarse scale, if it is more
# than so many times the largest of so many distances on either side.
_COARSER, _NEIGHBOURS = 3.0, 3


class Valley(NamedTuple):
    """The band between two of the rows, and its p-value."""

    lower: int  # the row at the lower edge
    upper: int
    p_value: float


class Sides(NamedTuple):
    """Stretches of rows beside each row: numbers of rows, and widths."""

    n: IntArray  # of shape (n_stretches, n_rows)
    width: FloatArray


def has_fine_scale(values: FloatArray) -> bool:
    """Return whether a column has enough different values for a valley."""
    return len(np.unique(values)) >= _MIN_VALUES


def spread_ties(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the values, with equal ones spread evenly between their neighbours.

    Values on a coarse scale, as counts, thus become as dense as the scale is. A value
    far from its neighbours is spread no farther than the scale around them, so that
    the zeros of a column of amounts stay where they are.
    """
    levels, code, count = np.unique(values, return_inverse=True, return_counts=True)
    step = np.diff(levels)
    if len(step) == 0 or count.max() == 1:
        return values
    half = np.minimum(step, _COARSER * _scale_around(step)) / 2
    left = np.concatenate([half[:1], half])[code]
    right = np.concatenate([half, half[-1:]])[code]
    # The ranks of equal values are random: the order of the rows means nothing.
    order = np.lexsort((rng.random(len(values)), code))
    start = np.cumsum(count) - count
    rank = np.empty(len(values))
    rank[order] = np.arange(len(values)) - start[code[order]]
    place = 2 * (rank + 0.5) / count[code] - 1
    spread: FloatArray = values + np.where(place < 0, left, right) * place
    return spread


def _scale_around(step: FloatArray) -> FloatArray:
    """Return the largest of the neighbouring steps; infinite for the only one."""
    if len(step) == 1:
        return np.array([np.inf])
    padded = np.pad(step, _NEIGHBOURS)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    is_neighbour = np.arange(2 * _NEIGHBOURS + 1) != _NEIGHBOURS
    return np.asarray(windows[:, is_neighbour].max(axis=1))


def deepest_valley(values: FloatArray) -> Valley | None:
    """Return the valley that a population with one mode explains least, if any.

    The values are not tied, see `spread_ties`. Where a density has one mode, every band
    is at least as dense as the stretch beside it that is farther from the mode: given
    the rows in both, the number in the band is at least binomial. The p-value is the
    larger one of both sides, times the number of bands and stretches that were tried.
    Comparing neighbouring intervals is the local test of L. Dümbgen and G. Walther
    (2008), Multiscale inference about a density, Annals of Statistics 36 (4),
    1758-1785.
    """
    order = np.argsort(values)
    x = values[order]
    n_rows, n_side = len(x), int(np.ceil(MIN_SIDE * len(x)))
    least_width = max(MIN_WIDTH * (x[-n_side] - x[n_side - 1]), np.finfo(float).tiny)
    below, above = _sides(x)
    steps = _steps(n_rows)
    best = Valley(0, 0, 1.0)
    for step in steps:
        lower = np.arange(n_side - 1, n_rows - n_side - step + 1)
        width = x[lower + step] - x[lower]
        lower, width = lower[width >= least_width], width[width >= least_width]
        sides = _at(below, lower, width), _at(above, lower + step, width)
        is_deep = _is_deep(step - 1, width, sides, n_rows)
        if is_deep.any():
            p_values = np.max(
                [_tail(step - 1, width, side)[is_deep] for side in sides], axis=0
            )
            edge = lower[is_deep][p_values.argmin()]
            if p_values.min() < best.p_value:
                best = Valley(order[edge], order[edge + step], float(p_values.min()))
    if best.lower == best.upper:
        return None
    n_tried = n_rows * len(steps) * len(_STRETCHES) ** 2
    return best._replace(p_value=min(best.p_value * n_tried, 1.0))


def _steps(n_rows: int) -> list[int]:
    """Return the distances in rank between the edges of the bands that are tried."""
    steps = [1]
    while steps[-1] < MAX_DENSITY * n_rows / 2:
        steps.append(int(np.ceil(_GROWTH * steps[-1])))
    return steps


def _sides(x: FloatArray) -> tuple[Sides, Sides]:
    """Return the stretches below and above each of the ascending values."""
    rows = np.arange(len(x))
    longest = np.ceil(np.array(_STRETCHES)[:, None] * len(x)).astype(np.intp)
    n_below, n_above = np.minimum(longest, rows), np.minimum(longest, rows[::-1])
    return (
        Sides(n_below, x - x[rows - n_below]),
        Sides(n_above, x[rows + n_above] - x),
    )


def _at(sides: Sides, rows: IntArray, width: FloatArray) -> Sides:
    """Return the densest stretch beside each band, as one of shape (n_bands,).

    A stretch is as wide as the band at least: a few equal values are no dense side.
    """
    n, widths = sides.n[:, rows], np.maximum(sides.width[:, rows], width)
    densest = (n / widths).argmax(axis=0), np.arange(len(rows))
    return Sides(n[densest], widths[densest])


def _is_deep(
    n_inside: int, width: FloatArray, sides: tuple[Sides, Sides], n_rows: int
) -> BoolArray:
    """Return which bands hold hardly any rows compared with their sparser side."""
    n_full = width * np.minimum(*(side.n / side.width for side in sides))
    is_sparse = n_inside <= MAX_DENSITY * n_full
    is_large = n_full - n_inside >= _MIN_MISSING * n_rows
    return np.asarray(is_sparse & is_large)


def _tail(n_inside: int, width: FloatArray, side: Sides) -> FloatArray:
    """Return the chance of so few rows in the band if it were as dense as a side."""
    share = width / (width + side.width)
    return np.asarray(bdtr(float(n_inside), side.n + n_inside, share))
