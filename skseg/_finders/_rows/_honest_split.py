"""The honest split: each row is searched or tested, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from skseg._core._hashes import Hashes, splitmix64
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns

from ._compared_rows import ComparedRows
from ._row_hashes import (
    are_counts,
    column_hashes,
    customer_hashes,
    digest,
    value_hashes,
)


def honest_split(
    columns: Columns, rows: ComparedRows, test_size: float, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the weights with which the rows are searched, and with which tested.

    Each row is tested with the probability `test_size`, independently of all others, by
    a hash of the seed, of its values and of its group. Of n equal rows a binomial
    number is tested, and if weights are whole, a row of weight three counts as three
    rows, unless their sum is beyond 2**50. Where customers have several rows, they are
    drawn instead, with all their rows, by the hashes of these. So the split depends
    neither on the order of the rows nor on that of the columns, nor on the ids.
    """
    is_whole = are_counts(rows.weight)
    counts = rows.weight if is_whole else (rows.weight > 0).astype(np.float64)
    hashes = _row_hashes(columns, rows, seed)
    if not is_whole:
        hashes = splitmix64(hashes + value_hashes(rows.weight))
    hashes = salted_by_group(hashes, rows)
    if rows.cluster is not None:
        return _split_of_customers(hashes, rows, rows.cluster, test_size)
    tested = np.zeros(len(rows.y))
    for group in _groups(rows):
        drawn = _binomial_counts(splitmix64(hashes[group]), counts[group], test_size)
        # Without rows to search there is nothing to find.
        tested[group] = 0.0 if (drawn == counts[group]).all() else drawn
    if not is_whole:
        tested *= rows.weight
    return rows.weight - tested, tested


def _split_of_customers(
    hashes: Hashes, rows: ComparedRows, cluster: IntArray, test_size: float
) -> tuple[FloatArray, FloatArray]:
    """Return the weights of search and test where customers are drawn."""
    of_customer = customer_hashes(hashes, rows.weight, cluster)
    everyone = np.ones(len(of_customer))
    is_tested = _binomial_counts(of_customer, everyone, test_size) > 0
    tested = np.where(is_tested[cluster], rows.weight, 0.0)
    searched = rows.weight - tested
    # Without rows to search there is nothing to find.
    can_search = all(searched[group].any() for group in _groups(rows))
    return (searched, tested) if can_search else (rows.weight, np.zeros(len(rows.y)))


def salted_by_group(hashes: Hashes, rows: ComparedRows) -> Hashes:
    """Return hashes that differ between equal rows of both groups.

    If such rows drew equal numbers, they would cancel in the difference. The digest of
    a group does not depend on which is called A.
    """
    salted = hashes.copy()
    for group in _groups(rows):
        salted[group] += digest(hashes[group], rows.weight[group])
    return salted


def _groups(rows: ComparedRows) -> list[IntArray]:
    """Return the rows of each group that has any that count."""
    in_a = np.zeros(len(rows.y), bool) if rows.in_a is None else rows.in_a
    groups = [
        np.flatnonzero((in_a == is_a) & (rows.weight > 0)) for is_a in (False, True)
    ]
    return [group for group in groups if len(group)]


def _binomial_counts(hashes: Hashes, counts: FloatArray, share: float) -> FloatArray:
    """Return how many of each row's counts are tested; equal hashes draw together."""
    order = np.argsort(hashes, kind="stable")
    hashes, counts = hashes[order], counts[order]
    first = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))
    below = np.cumsum(counts) - counts
    sizes = np.diff(below[first], append=below[-1] + counts[-1])
    uniform = splitmix64(hashes[first]) / 2.0**64
    drawn = binom.ppf(uniform, sizes, share)
    # Among equal rows the first ones are as good as any.
    stop = np.repeat(drawn + below[first], np.diff(first, append=len(counts)))
    tested = np.empty_like(counts)
    tested[order] = np.clip(stop - below, 0.0, counts)
    return tested


def _row_hashes(columns: Columns, rows: ComparedRows, seed: int) -> Hashes:
    """Return hashes of values and outcomes that do not depend on the column order."""
    # A copy of a column adds nothing.
    parts = {part.tobytes(): part for part in column_hashes(columns)}.values()
    outcome = splitmix64(value_hashes(rows.y))
    whole_row = outcome.copy()
    for part in parts:
        whole_row += splitmix64(part)
    hashes = outcome + np.uint64(seed)
    for part in parts:
        # The digest of a column stands for its name, so that equal values in different
        # columns get different hashes.
        column = digest(part + splitmix64(whole_row), rows.weight)
        hashes += splitmix64(part + column)
    return splitmix64(hashes)
