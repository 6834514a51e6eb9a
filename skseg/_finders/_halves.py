"""Rows to search and rows to test on, whatever their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from skseg._typing import FloatArray
from skseg.rules import Columns

from ._comparison import Comparison

Hashes = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)


def halves(
    columns: Columns, rows: Comparison, test_size: float, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the weights of the rows in the search, and those in the test.

    Each row goes to the test with the same probability, whatever becomes of the others,
    by a number that depends on the seed, on what the row holds and on its group. Of
    equal rows a binomial number does, and a row of weight three is dealt like three
    rows, if weights are whole. So neither the order of the rows nor that of the columns
    matters.
    """
    is_whole = bool((rows.weight == np.floor(rows.weight)).all())
    units = rows.weight if is_whole else (rows.weight > 0).astype(np.float64)
    hashes = _row_hashes(columns, rows, seed)
    if not is_whole:
        hashes = _scrambled(hashes + _hashed(rows.weight))
    label = np.zeros(len(rows.y), bool) if rows.in_a is None else rows.in_a
    in_test = np.zeros(len(rows.y))
    for one in (False, True):
        here = np.flatnonzero((label == one) & (units > 0))
        if not len(here):
            continue
        # Equal customers of both groups must not share their luck, or it cancels in the
        # difference. What tells groups apart is what is in them, not which is called A.
        own = hashes[here] + _digest(hashes[here], rows.weight[here])
        dealt = _dealt(_scrambled(own), units[here], test_size)
        # Without rows to search there is nothing to find.
        in_test[here] = 0.0 if (dealt == units[here]).all() else dealt
    if not is_whole:
        in_test *= rows.weight
    return rows.weight - in_test, in_test


def _dealt(hashes: Hashes, units: FloatArray, share: float) -> FloatArray:
    """Return how many units of each row go to the test."""
    order = np.argsort(hashes, kind="stable")
    hashes, units = hashes[order], units[order]
    first = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))
    below = np.cumsum(units) - units
    sizes = np.diff(below[first], append=below[-1] + units[-1])
    uniform = _scrambled(hashes[first]) / 2.0**64
    chosen = binom.ppf(uniform, sizes, share)
    # Of equal rows the first ones are as good as any.
    stop = np.repeat(chosen + below[first], np.diff(first, append=len(units)))
    dealt = np.empty_like(units)
    dealt[order] = np.clip(stop - below, 0.0, units)
    return dealt


def _row_hashes(columns: Columns, rows: Comparison, seed: int) -> Hashes:
    """Return numbers for what the rows hold, whatever the order of the columns."""
    parts = []
    for name in columns.names:
        if columns.is_text(name):
            levels = columns.levels(name)
            of_level = pd.util.hash_array(np.array([*levels, "", ""], dtype=object))
            of_level[-1:] = _scrambled(of_level[-1:])  # missing is not the text ""
            parts.append(of_level[columns.text_codes(name, levels)])
        else:
            parts.append(_hashed(columns.numbers(name)))
    # A column that is there twice says nothing more.
    parts = list({part.tobytes(): part for part in parts}.values())
    outcome = _scrambled(_hashed(rows.y))
    whole = outcome.copy()
    for part in parts:
        whole += _scrambled(part)
    mixed = outcome + np.uint64(seed)
    for part in parts:
        # A value counts for its column, and columns are told by all that is in them.
        column = _digest(part + _scrambled(whole), rows.weight)
        mixed += _scrambled(part + column)
    return _scrambled(mixed)


def _digest(hashes: Hashes, weight: FloatArray) -> np.uint64:
    """Return a number for all rows together, whatever their order."""
    counts = (weight * 2.0**20).astype(np.uint64)
    total: np.uint64 = (counts * _scrambled(hashes)).sum()
    return total


def _hashed(values: FloatArray) -> Hashes:
    # Both zeros are equal, and so are all NaN.
    plain = np.where(np.isnan(values), np.nan, values + 0.0)
    return pd.util.hash_array(plain)


def _scrambled(numbers: Hashes) -> Hashes:
    """Return numbers that look random, by the mixer of splitmix64."""
    z = numbers + _ODD
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
