"""How well rules reproduce the segments of an estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skseg._core._base import segment_table
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import RuleSet


def stratified_sample(
    codes: IntArray, share: float, rng: np.random.RandomState
) -> IntArray:
    """Return row numbers: about this share of each segment, at least one of each."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    _, sizes = np.unique(codes, return_counts=True)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(order[rank < np.repeat(np.ceil(share * sizes), sizes)])


def recalls(codes: IntArray, labels: IntArray) -> FloatArray:
    """Return the share of each code's rows that have it as label, in order of codes."""
    used, places = np.unique(codes, return_inverse=True)
    agreeing = np.bincount(places, codes == labels, minlength=len(used))
    return np.asarray(agreeing / np.bincount(places, minlength=len(used)))


def kappa(codes: IntArray, labels: IntArray, weight: FloatArray | None) -> float:
    """Return the agreement of codes and labels beyond chance; 0 if all are the same.

    J. Cohen (1960), A Coefficient of Agreement for Nominal Scales. Educational and
    Psychological Measurement 20, 37-46.
    """
    _, places = np.unique(np.stack([codes, labels]), return_inverse=True)
    # NumPy 2.0 returns the inverse in one dimension.
    rows, columns = places.reshape(2, -1)
    weight = np.ones(len(codes)) if weight is None else weight
    total = weight.sum()
    n_codes = int(places.max()) + 1
    shares = np.stack(
        [np.bincount(side, weight, minlength=n_codes) for side in (rows, columns)]
    )
    by_chance = float((shares / total).prod(axis=0).sum())
    disagreement = float(weight[rows != columns].sum() / total)
    if by_chance == 1:
        return 0.0
    return 1.0 - disagreement / (1.0 - by_chance)


def inertia(rows: FloatArray, codes: IntArray) -> float:
    """Return the sum of squared distances of rows to the means of their codes."""
    _, places, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    total = 0.0
    for column in rows.T:
        # Centred first, so that sums lose no digits to a common offset.
        values = column - column.mean()
        values -= (np.bincount(places, values) / sizes)[places]
        total += float(values @ values)
    return total


def cost_ratio(
    rows: FloatArray, codes: IntArray, labels: IntArray, unknown: int
) -> float:
    """Return the inertia by the rules (`labels`) over that by the estimator (`codes`).

    Both are computed on the rows that are in a segment by both, neither noise nor
    `unknown`. NaN if there are none.
    """
    used = (codes >= 0) & (labels >= 0) & (codes != unknown) & (labels != unknown)
    if not used.any():
        return np.nan
    by_estimator = inertia(rows[used], codes[used])
    by_rules = inertia(rows[used], labels[used])
    if by_estimator == 0:
        return 1.0 if by_rules == 0 else np.inf
    return by_rules / by_estimator


def surrogate_table(
    rules: RuleSet, labels: IntArray, codes: IntArray, accepted: BoolArray
) -> pd.DataFrame:
    """Return the table of segments with recall and precision.

    `labels` are the codes of all rows by the rules, `codes` those of the accepted rows
    by the estimator.
    """
    n = len(rules)
    table = segment_table(rules, labels, None)
    # Noise, the last segment, has the code -1.
    by_estimator, by_rules = codes % n, labels[accepted] % n
    agreeing = by_estimator[by_estimator == by_rules]
    n_agreeing = np.bincount(agreeing, minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore"):
        table["recall"] = n_agreeing / np.bincount(by_estimator, minlength=n)
        table["precision"] = n_agreeing / np.bincount(by_rules, minlength=n)
    return table
