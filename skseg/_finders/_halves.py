"""Rows to search and rows to test on, such that equal rows stay together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg.rules._columns import Columns

from ._comparison import Comparison

Hashes = npt.NDArray[np.uint64]
IntArray = npt.NDArray[np.intp]

_ODD = np.uint64(0x9E3779B97F4A7C15)


def halves(
    columns: Columns, rows: Comparison, test_size: float, seed: int
) -> tuple[IntArray, IntArray]:
    """Return the numbers of the rows to search, and of those to test on.

    Within every group, and every half of the outcomes there, the rows are put in an
    order that depends on the seed and on what they hold, and the first ones are for
    the test. So the order of the rows and of the columns does not matter, a weight of
    three is the same as three rows, and no copy of a searched row is tested.
    """
    hashes = _row_hashes(columns, rows, seed)
    label = np.zeros(len(rows.y), bool) if rows.in_a is None else rows.in_a
    is_test = np.zeros(len(rows.y), dtype=bool)
    for one in (False, True):
        here = np.flatnonzero(label == one)
        if not rows.weight[here].any():
            continue
        mean = np.average(rows.y[here], weights=rows.weight[here])
        for some in (here[rows.y[here] > mean], here[rows.y[here] <= mean]):
            is_test[some] = _first(hashes[some], rows.weight[some], test_size)
    return np.flatnonzero(~is_test), np.flatnonzero(is_test)


def _first(
    hashes: Hashes, weight: npt.NDArray[np.float64], share: float
) -> npt.NDArray[np.bool_]:
    """Return which rows are the first by hash, up to a share of the weight."""
    distinct, place = np.unique(hashes, return_inverse=True)
    sizes = np.bincount(place, weight, minlength=len(distinct))
    middle = np.cumsum(sizes) - sizes / 2
    return np.asarray((middle < share * sizes.sum())[place])


def _row_hashes(columns: Columns, rows: Comparison, seed: int) -> Hashes:
    """Return numbers for what the rows hold, whatever the order of the columns."""
    parts = [_hashed(rows.y)]
    for name in columns.names:
        if columns.is_text(name):
            levels = columns.levels(name)
            # Of a missing text, and of one that is not there.
            of_level = pd.util.hash_array(np.array([*levels, "", ""], dtype=object))
            parts.append(of_level[columns.text_codes(name, levels)])
        else:
            parts.append(_hashed(columns.numbers(name)))
    # A column that is there twice says nothing more.
    distinct = {int(part.sum()): part for part in parts}
    mixed = np.full(len(rows.y), seed, dtype=np.uint64)
    for part in distinct.values():
        mixed += _scrambled(part)
    return _scrambled(mixed)


def _hashed(values: npt.NDArray[np.float64]) -> Hashes:
    # Both zeros are equal, and so are all NaN.
    plain = np.where(np.isnan(values), np.nan, values + 0.0)
    return pd.util.hash_array(plain)


def _scrambled(numbers: Hashes) -> Hashes:
    """Return numbers that look random, by the mixer of splitmix64."""
    z = numbers + _ODD
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
