"""How alike two groups are, and how well the columns tell them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from skseg._typing import BoolArray, FloatArray, IntArray

from ._nuisance import Nuisance, prepared

ALPHA = 0.01  # of the test whether the groups can be told apart
LEVELS = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Balance:
    """How alike the groups are.

    Attributes
    ----------
    auc, auc_low, auc_high : float
        How well the columns tell the groups apart, with a 95 % interval; 0.5: not at
        all.
    p_value : float
        One-sided, of an AUC as high as that if the groups were drawn at random.
    is_predictable : bool
        Whether the p-value is at most 0.01: compare the groups by `aipw_score` then.
    n_a, n_b : float
        Sizes of the groups, weighted, of the rows kept.
    effective_n_a, effective_n_b : float
        Numbers of rows that would tell as much, were it not for the unequal
        weights 1 / propensity and 1 / (1 - propensity).
    overlap : ndarray of shape (2, 9)
        Quantiles of the propensity in A and in B, at the levels `LEVELS`.
    smd : ndarray of shape (n_columns,)
        Mean in A - mean in B, over the root of the average variance; of a categorical
        column that of its most unequal level, or of being missing where that is
        larger. Above 0.1 in size is commonly called unbalanced.
    smd_weighted : ndarray of shape (n_columns,)
        The same of the rows kept, weighted by the inverse propensities.
    n_extreme : int
        As in `Nuisance`.
    """

    auc: float
    auc_low: float
    auc_high: float
    p_value: float
    is_predictable: bool
    n_a: float
    n_b: float
    effective_n_a: float
    effective_n_b: float
    overlap: FloatArray
    smd: FloatArray
    smd_weighted: FloatArray
    n_extreme: int


def check_balance(
    X: FloatArray,
    in_a: BoolArray,
    nuisance: Nuisance,
    sample_weight: FloatArray | None = None,
    *,
    is_categorical: BoolArray | None = None,
) -> Balance:
    """Return how alike the groups are, by themselves and reweighted.

    Parameters
    ----------
    X, in_a, sample_weight, is_categorical
        As in `cross_fitted_nuisance`.
    nuisance : Nuisance
        What it returned.

    Returns
    -------
    Balance
        The diagnostics.

    Notes
    -----
    The AUC is the average over the folds, as propensities of different models are not
    to be ranked together, by E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson,
    "Comparing the areas under two or more correlated receiver operating characteristic
    curves", Biometrics 44 (1988), 837-845. The interval takes the models as given.

    The p-value takes the variance of ranks drawn at random, as Mann and Whitney do, and
    doubles it. With nothing to learn the folds repeat each other: a model of fold j
    tested on fold k and one of k tested on j see the same chance likeness of the two.
    That is a factor of 2 for linear scores, and cannot be more.
    """
    weight = np.ones(len(in_a)) if sample_weight is None else sample_weight
    codes = np.zeros(X.shape[1], bool) if is_categorical is None else is_categorical
    propensity = nuisance.propensity
    values = prepared(X, codes)
    auc, error, null_error = _mean_auc(propensity, in_a, weight, nuisance.fold)
    margin = float(ndtri(0.975)) * error
    p_value = float(ndtr((0.5 - auc) / null_error)) if null_error > 0 else 1.0
    kept = np.where(nuisance.kept, weight, 0.0)
    inverse = kept / np.where(in_a, propensity, 1 - propensity)
    by_group = [_effective(kept, inverse, rows) for rows in (in_a, ~in_a)]
    overlap = [
        np.quantile(
            propensity[rows], LEVELS, method="inverted_cdf", weights=weight[rows]
        )
        for rows in (in_a, ~in_a)
    ]
    return Balance(
        auc=auc,
        auc_low=max(auc - margin, 0.0),
        auc_high=min(auc + margin, 1.0),
        p_value=p_value,
        is_predictable=p_value <= ALPHA,
        n_a=by_group[0][0],
        n_b=by_group[1][0],
        effective_n_a=by_group[0][1],
        effective_n_b=by_group[1][1],
        overlap=np.array(overlap),
        smd=_mean_differences(values, in_a, weight, codes),
        smd_weighted=_mean_differences(values, in_a, inverse, codes),
        n_extreme=nuisance.n_extreme,
    )


def _effective(
    weight: FloatArray, inverse: FloatArray, rows: BoolArray
) -> tuple[float, float]:
    """Return the size of a group, and the rows that it is worth when reweighted."""
    some, factor = weight[rows], inverse[rows]
    counted = some > 0
    # A weight of 3 is three rows of the same factor.
    squares = (factor[counted] ** 2 / some[counted]).sum()
    effective = factor.sum() ** 2 / squares if counted.any() else 0.0
    return float(some.sum()), float(effective)


def _mean_auc(
    score: FloatArray, in_a: BoolArray, weight: FloatArray, fold: IntArray
) -> tuple[float, float, float]:
    """Return the AUC averaged over folds by pairs, its error, and that of chance."""
    every = (fold == k for k in range(int(fold.max()) + 1))
    found = [_auc(score[rows], in_a[rows], weight[rows]) for rows in every]
    auc, variance, null_variance, n_pairs = np.transpose(found)
    if not n_pairs.any():
        return 0.5, 0.0, 0.0
    share = n_pairs / n_pairs.sum()
    error, null_error = np.sqrt(share**2 @ np.column_stack([variance, null_variance]))
    return float(share @ auc), float(error), float(np.sqrt(2) * null_error)


def _auc(
    score: FloatArray, in_a: BoolArray, weight: FloatArray
) -> tuple[float, float, float, float]:
    """Return the AUC, its variance, that of chance, and the number of pairs."""
    place = np.unique(score, return_inverse=True)[1]
    a = np.bincount(place, weight * in_a)
    b = np.bincount(place, weight * ~in_a)
    n_a, n_b = a.sum(), b.sum()
    if not (n_a > 1 and n_b > 1):
        return 0.5, 0.0, 0.0, 0.0
    below = (np.cumsum(b) - b / 2) / n_b  # of each in A, the share of B it beats
    above = (n_a - np.cumsum(a) + a / 2) / n_a
    auc = a @ below / n_a
    scatter_a = a @ (below - auc) ** 2 / (n_a - 1) / n_a
    scatter_b = b @ (above - auc) ** 2 / (n_b - 1) / n_b
    n, ties = n_a + n_b, a + b
    untied = n + 1 - (ties**3 - ties).sum() / (n * (n - 1))
    # Rounding can leave less than nothing where all are tied.
    chance = max(untied, 0.0) / (12 * n_a * n_b)
    return auc, scatter_a + scatter_b, chance, n_a * n_b


def _mean_differences(
    X: FloatArray, in_a: BoolArray, weight: FloatArray, is_categorical: BoolArray
) -> FloatArray:
    return np.array(
        [
            _column_difference(column, in_a, weight, has_codes)
            for column, has_codes in zip(X.T, is_categorical, strict=True)
        ]
    )


def _column_difference(
    column: FloatArray, in_a: BoolArray, weight: FloatArray, has_codes: bool
) -> float:
    """Return the largest difference, in size, of values, levels or being missing."""
    known = ~np.isnan(column)
    everyone = np.ones_like(known)
    parts: list[tuple[npt.NDArray[Any], BoolArray]] = [(known, everyone)]
    if has_codes:
        parts += [(column == code, everyone) for code in np.unique(column[known])]
    else:
        parts.append((column, known))
    found = [
        _standardised(values[rows].astype(np.float64), in_a[rows], weight[rows])
        for values, rows in parts
    ]
    return max(found, key=abs)


def _standardised(values: FloatArray, in_a: BoolArray, weight: FloatArray) -> float:
    means, variances = [], []
    for rows in (in_a, ~in_a):
        if not weight[rows].any():
            return 0.0
        mean = np.average(values[rows], weights=weight[rows])
        means.append(mean)
        variances.append(np.average((values[rows] - mean) ** 2, weights=weight[rows]))
    scatter = float(np.sqrt(np.mean(variances)))
    difference = float(means[0] - means[1])
    if difference == 0:
        return 0.0
    return difference / scatter if scatter > 0 else math.copysign(math.inf, difference)
