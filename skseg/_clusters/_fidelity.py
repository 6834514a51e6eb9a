"""How well rules stand in for a segmenter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skseg._core._base import segment_table
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import RuleSet


def sample(codes: IntArray, share: float, rng: np.random.RandomState) -> IntArray:
    """Return row numbers: about this share of each segment, at least one of each."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    _, sizes = np.unique(codes, return_counts=True)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(order[rank < np.repeat(np.ceil(share * sizes), sizes)])


def recalls(codes: IntArray, found: IntArray) -> FloatArray:
    """Return the share of each code's rows that were found, in order of the codes."""
    used, places = np.unique(codes, return_inverse=True)
    right = np.bincount(places, codes == found, minlength=len(used))
    return np.asarray(right / np.bincount(places, minlength=len(used)))


def inertia(rows: FloatArray, codes: IntArray) -> float:
    """Return the sum of squared distances of rows to the means of their codes."""
    _, places, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    total = 0.0
    for column in rows.T:
        # Near zero, so that sums lose no digits to a common offset.
        values = column - column.mean()
        values -= (np.bincount(places, values) / sizes)[places]
        total += float(values @ values)
    return total


def cost_ratio(
    rows: FloatArray, codes: IntArray, labels: IntArray, unknown: int
) -> float:
    """Return inertia of the rules in terms of that of the segmenter.

    Of the rows that are in a segment of both, noise and `unknown` left out. NaN if
    there are none.
    """
    used = (codes >= 0) & (labels >= 0) & (codes != unknown) & (labels != unknown)
    if not used.any():
        return np.nan
    own = inertia(rows[used], codes[used])
    ruled = inertia(rows[used], labels[used])
    if own == 0:
        return 1.0 if ruled == 0 else np.inf
    return ruled / own


def surrogate_table(
    rules: RuleSet, labels: IntArray, codes: IntArray, known: BoolArray
) -> pd.DataFrame:
    """Return one row per segment: sizes, and agreement with the segmenter.

    Parameters
    ----------
    rules : RuleSet
        The segments.
    labels : ndarray of int of shape (n_rows,)
        Codes by the rules.
    codes : ndarray of int of shape (n_known,)
        Codes by the segmenter.
    known : ndarray of bool of shape (n_rows,)
        The rows of `codes`.
    """
    n = len(rules)
    table = segment_table(rules, labels, None)
    # Noise, the last segment, has the code -1.
    own, ruled = codes % n, labels[known] % n
    both = np.bincount(own[own == ruled], minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore"):
        table["recall"] = both / np.bincount(own, minlength=n)
        table["precision"] = both / np.bincount(ruled, minlength=n)
    return table
