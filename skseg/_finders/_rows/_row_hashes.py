"""Hashes of rows, by which equal ones are found and drawn, whatever their order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skseg._core._hashes import Hashes, canonical, splitmix64
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns

# Near 2**53 whole numbers are no longer exact, and scipy finds no binomial quantiles.
_MOST_COUNTS = 2.0**50


def column_hashes(columns: Columns) -> list[Hashes]:
    """Return the hashes of the values of each column; missing ones are equal."""
    parts = []
    for name in columns.names:
        if columns.is_text(name):
            levels = columns.levels(name)
            of_level = pd.util.hash_array(np.array([*levels, "", ""], dtype=object))
            of_level[-1:] = splitmix64(of_level[-1:])  # missing is not the text ""
            parts.append(of_level[columns.text_codes(name, levels)])
        else:
            parts.append(value_hashes(columns.numbers(name)))
    return parts


def value_hashes(values: FloatArray) -> Hashes:
    """Return hashes of numbers."""
    return pd.util.hash_array(canonical(values))


def digest(hashes: Hashes, weight: FloatArray) -> np.uint64:
    """Return one hash of all rows that does not depend on their order."""
    total: np.uint64 = weighted_hashes(hashes, weight).sum()
    return total


def customer_hashes(hashes: Hashes, weight: FloatArray, cluster: IntArray) -> Hashes:
    """Return the hash of each customer, which is that of the set of its rows."""
    of_customer = np.zeros(cluster.max(initial=-1) + 1, dtype=np.uint64)
    np.add.at(of_customer, cluster, weighted_hashes(hashes, weight))
    return splitmix64(of_customer)


def are_counts(weight: FloatArray) -> bool:
    """Tell whether weights are whole numbers of rows, of which some can be drawn."""
    is_whole = bool((weight == np.floor(weight)).all())
    return is_whole and float(weight.sum()) <= _MOST_COUNTS


def weighted_hashes(hashes: Hashes, weight: FloatArray) -> Hashes:
    """Return hashes that add up, modulo 2**64, to the hash of a set of rows."""
    counts = (np.fmod(weight, 2.0**44) * 2.0**20).astype(np.uint64)
    return counts * splitmix64(hashes)
