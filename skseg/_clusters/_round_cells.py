"""Columns as cells with round borders, so that rules need no rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np

from skseg._core._coding import Coding, ColumnCoding, distinct_values, even_cells
from skseg._search._readable import roundest
from skseg._typing import FloatArray
from skseg.rules import Columns

# Most thresholds of a numeric column; numbers of cells are uint8.
_MOST_CUTS = 250
# Most levels of a text with a cell each; beyond, rare levels share the last cell.
_MOST_LEVELS = 30
# Digits count from the threshold itself, or from this many times the spread around it
# if that is less: years get the digits of their differences.
_FAR_FROM_ZERO = 10.0


def learn_cells(columns: Columns, names: Sequence[str], digits: int) -> Coding:
    """Return the cells of the columns called `names`, without constant columns."""
    learned = [
        _texts(columns, name)
        if columns.is_text(name)
        else _numbers(columns, name, digits)
        for name in names
    ]
    return Coding(tuple(column for column in learned if column.axis.n_cells > 1))


def _numbers(columns: Columns, name: str, digits: int) -> ColumnCoding:
    values = columns.numbers(name)
    present = values[~np.isnan(values)]
    if not len(present):
        # All rows are in one cell.
        return ColumnCoding(name, None, (), has_missing=True)
    distinct, sizes = distinct_values(present, np.ones(len(present)))
    thresholds = round_thresholds(distinct, sizes, digits)
    return ColumnCoding(name, thresholds, (), has_missing=len(present) < len(values))


def round_thresholds(
    distinct: FloatArray, sizes: FloatArray, digits: int
) -> FloatArray:
    """Return rounded thresholds: one in the widest gap of each small quantile.

    `distinct` are the ascending values, `sizes` the rows with each. Where values are
    far from zero compared with their spread, as years are, the digits are about those
    of the spread.
    """
    below = np.cumsum(sizes)
    gaps = set()
    for end in _widest_gaps(distinct, sizes):
        threshold = roundest(float(distinct[end]), float(distinct[end + 1]))
        scale = min(abs(threshold), _FAR_FROM_ZERO * _spread(distinct, below, end))
        if 0 < scale < math.inf:
            # Rounding up may leave the range of float64.
            with suppress(OverflowError):
                threshold = round(threshold, digits - 1 - math.floor(math.log10(scale)))
        gap = int(np.searchsorted(distinct, threshold, side="right")) - 1
        if 0 <= gap < len(distinct) - 1:
            gaps.add(gap)
    # The roundest threshold in the same gap has no more digits.
    rounded = [roundest(float(distinct[g]), float(distinct[g + 1])) for g in gaps]
    return np.array(sorted(rounded), dtype=np.float64)


def _widest_gaps(distinct: FloatArray, sizes: FloatArray) -> list[int]:
    """Return the places of the values before the widest gap of each small quantile."""
    with np.errstate(over="ignore"):
        widths = np.diff(distinct)
    stops = [*(end + 1 for end in even_cells(sizes, _MOST_CUTS)), len(widths)]
    return [
        start + int(widths[start:stop].argmax())
        for start, stop in pairwise([0, *stops])
        if start < stop
    ]


def _spread(distinct: FloatArray, below: FloatArray, end: int) -> float:
    """Return how far the nearest quarter of the rows on one side reaches from a cut.

    This is local: other clusters, outliers and sentinel values have no part in it.
    """
    quarter = below[-1] / 4
    with np.errstate(over="ignore"):
        reaches = [distinct[-1] - distinct[0]]
        if below[end] > quarter:
            first = np.searchsorted(below, below[end] - quarter)
            reaches.append(distinct[end + 1] - distinct[first])
        if below[end] + quarter <= below[-1]:
            last = np.searchsorted(below, below[end] + quarter)
            reaches.append(distinct[last] - distinct[end])
    return float(min(reaches))


def _texts(columns: Columns, name: str) -> ColumnCoding:
    levels = columns.levels(name)
    sizes = np.bincount(columns.text_codes(name, levels), minlength=len(levels) + 2)
    has_missing = bool(sizes[-1] > 0)
    if len(levels) <= _MOST_LEVELS:
        return ColumnCoding(name, None, tuple((t,) for t in levels), has_missing)
    order = np.argsort(-sizes[: len(levels)], kind="stable")
    listed = order[: _MOST_LEVELS - 1]
    # A text of one row, such as an e-mail address, is no rule for others.
    frequent = np.sort(listed[sizes[listed] > 1])
    cells = (*((levels[i],) for i in frequent), ())
    return ColumnCoding(name, None, cells, has_missing)
