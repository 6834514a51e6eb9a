"""Folds of tested rows: a policy is decided on some and valued on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from skseg._core._hashes import Hashes, splitmix64
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._honest_split import salted_by_group
from skseg._finders._rows._row_hashes import (
    are_counts,
    customer_hashes,
    value_hashes,
)
from skseg._typing import FloatArray

Codes = npt.NDArray[np.uint8]


def policy_folds(
    hashes: Hashes, rows: ComparedRows, n_folds: int
) -> npt.NDArray[np.float64]:
    """Return the weight of every row in every fold, of shape (n_folds, n_rows).

    A row goes to each fold with the same probability, and all rows of a cluster to the
    same one. Of equal rows, and of a row with a whole weight, each fold gets a
    multinomial number. So the folds depend on `hashes`, not on the order of the rows.
    """
    weight = rows.weight
    if rows.cluster is not None:
        of_customer = customer_hashes(hashes, weight, rows.cluster)
        fold = np.floor(_uniform(of_customer) * n_folds)[rows.cluster]
        return np.where(fold == np.arange(n_folds)[:, np.newaxis], weight, 0.0)
    if are_counts(weight):
        return _dealt(hashes, weight, n_folds)
    return weight * _dealt(hashes, (weight > 0).astype(np.float64), n_folds)


def _dealt(hashes: Hashes, counts: FloatArray, n_folds: int) -> FloatArray:
    """Return how many of each row's counts are in each fold; equal hashes share."""
    order = np.argsort(hashes, kind="stable")
    counts = counts[order]
    is_first = np.diff(hashes[order], prepend=~hashes[order][:1]) != 0
    block = np.cumsum(is_first) - 1
    sizes = np.add.reduceat(counts, np.flatnonzero(is_first))
    below = np.cumsum(counts) - counts
    below -= below[np.flatnonzero(is_first)][block]
    stops = np.cumsum(_multinomial(hashes[order][is_first], sizes, n_folds), axis=0)
    inside = [
        np.clip(stop[block] - below, 0.0, counts)
        for stop in np.vstack([np.zeros(len(sizes)), stops])
    ]
    dealt = np.empty((n_folds, len(hashes)))
    dealt[:, order] = np.diff(inside, axis=0)
    return dealt


def _multinomial(hashes: Hashes, sizes: FloatArray, n_folds: int) -> FloatArray:
    """Return multinomial numbers of every block for each fold, by its hash."""
    is_single = sizes == 1
    fold = np.floor(_uniform(splitmix64(hashes)) * n_folds)
    drawn = np.where(is_single & (fold == np.arange(n_folds)[:, np.newaxis]), 1.0, 0.0)
    blocks = np.flatnonzero(~is_single)
    left = sizes[blocks]
    for k in range(n_folds - 1):
        hashes = splitmix64(hashes)
        uniform = _uniform(hashes[blocks])
        drawn[k, blocks] = binom.ppf(uniform, left, 1 / (n_folds - k))
        left = left - drawn[k, blocks]
    drawn[-1, blocks] = left
    return drawn


def cell_hashes(
    codes: Codes, names: Sequence[str], rows: ComparedRows, seed: int
) -> Hashes:
    """Return hashes of what a policy knows of the rows, whatever the columns' order.

    They do not depend on which of the groups is called A.
    """
    hashes = np.full(codes.shape[1], seed, dtype=np.uint64)
    keys = splitmix64(pd.util.hash_array(np.array([*names], dtype=object)))
    for key, cells in zip(keys, codes, strict=True):
        hashes += splitmix64(np.arange(1, 257, dtype=np.uint64) * key)[cells]
    numbers = [rows.y]
    if rows.score is not None:
        numbers.append(np.abs(rows.score))
    if (rows.weight != np.floor(rows.weight)).any():
        numbers.append(rows.weight)
    for values in numbers:
        hashes = splitmix64(hashes) + value_hashes(values)
    return splitmix64(salted_by_group(hashes, rows))


def _uniform(hashes: Hashes) -> FloatArray:
    """Return numbers in [0, 1)."""
    return (hashes >> np.uint64(11)) / 2.0**53
