"""The honest split: each row is searched or tested, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from skseg._typing import FloatArray
from skseg.rules import Columns

from ._compared_rows import ComparedRows

Hashes = npt.NDArray[np.uint64]

# Near 2**53 whole numbers are no longer exact, and scipy finds no binomial quantiles.
_MOST_COUNTS = 2.0**50
_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def honest_split(
    columns: Columns, rows: ComparedRows, test_size: float, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the weights with which the rows are searched, and with which tested.

    Each row is tested with the probability `test_size`, independently of all others, by
    a hash of the seed, of its values and of its group. Of n equal rows a binomial
    number is tested, and if weights are whole, a row of weight three counts as three
    rows, unless their sum is beyond 2**50. So the split depends neither on the order of
    the rows nor on that of the columns.
    """
    is_whole = bool((rows.weight == np.floor(rows.weight)).all())
    is_whole &= float(rows.weight.sum()) <= _MOST_COUNTS
    counts = rows.weight if is_whole else (rows.weight > 0).astype(np.float64)
    hashes = _row_hashes(columns, rows, seed)
    if not is_whole:
        hashes = _splitmix64(hashes + _value_hashes(rows.weight))
    in_a = np.zeros(len(rows.y), bool) if rows.in_a is None else rows.in_a
    tested = np.zeros(len(rows.y))
    for is_a in (False, True):
        group = np.flatnonzero((in_a == is_a) & (counts > 0))
        if not len(group):
            continue
        # Equal rows of both groups must not draw equal numbers, or they cancel in the
        # difference. The digest of a group does not depend on which is called A.
        salted = hashes[group] + _digest(hashes[group], rows.weight[group])
        drawn = _binomial_counts(_splitmix64(salted), counts[group], test_size)
        # Without rows to search there is nothing to find.
        tested[group] = 0.0 if (drawn == counts[group]).all() else drawn
    if not is_whole:
        tested *= rows.weight
    return rows.weight - tested, tested


def _binomial_counts(hashes: Hashes, counts: FloatArray, share: float) -> FloatArray:
    """Return how many of each row's counts are tested; equal hashes draw together."""
    order = np.argsort(hashes, kind="stable")
    hashes, counts = hashes[order], counts[order]
    first = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))
    below = np.cumsum(counts) - counts
    sizes = np.diff(below[first], append=below[-1] + counts[-1])
    uniform = _splitmix64(hashes[first]) / 2.0**64
    drawn = binom.ppf(uniform, sizes, share)
    # Among equal rows the first ones are as good as any.
    stop = np.repeat(drawn + below[first], np.diff(first, append=len(counts)))
    tested = np.empty_like(counts)
    tested[order] = np.clip(stop - below, 0.0, counts)
    return tested


def _row_hashes(columns: Columns, rows: ComparedRows, seed: int) -> Hashes:
    """Return hashes of values and outcomes that do not depend on the column order."""
    parts = []
    for name in columns.names:
        if columns.is_text(name):
            levels = columns.levels(name)
            of_level = pd.util.hash_array(np.array([*levels, "", ""], dtype=object))
            of_level[-1:] = _splitmix64(of_level[-1:])  # missing is not the text ""
            parts.append(of_level[columns.text_codes(name, levels)])
        else:
            parts.append(_value_hashes(columns.numbers(name)))
    # A copy of a column adds nothing.
    parts = list({part.tobytes(): part for part in parts}.values())
    outcome = _splitmix64(_value_hashes(rows.y))
    whole_row = outcome.copy()
    for part in parts:
        whole_row += _splitmix64(part)
    hashes = outcome + np.uint64(seed)
    for part in parts:
        # The digest of a column stands for its name, so that equal values in different
        # columns get different hashes.
        column = _digest(part + _splitmix64(whole_row), rows.weight)
        hashes += _splitmix64(part + column)
    return _splitmix64(hashes)


def _digest(hashes: Hashes, weight: FloatArray) -> np.uint64:
    """Return one hash of all rows that does not depend on their order."""
    # Hashes are added up modulo 2**64.
    counts = (np.fmod(weight, 2.0**44) * 2.0**20).astype(np.uint64)
    total: np.uint64 = (counts * _splitmix64(hashes)).sum()
    return total


def _value_hashes(values: FloatArray) -> Hashes:
    # Both zeros are equal, and so are all NaN.
    canonical = np.where(np.isnan(values), np.nan, values + 0.0)
    return pd.util.hash_array(canonical)


def _splitmix64(hashes: Hashes) -> Hashes:
    """Return the next numbers of the generator splitmix64, whose states are hashes."""
    z = hashes + _GOLDEN_GAMMA
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
