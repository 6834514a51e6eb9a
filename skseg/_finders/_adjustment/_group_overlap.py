"""How well the columns tell two groups apart, and how alike weighting makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from skseg._html import html_table
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Rule

from ._nuisance import ModelWeight, Nuisance
from ._nuisance_models import prepared

ALPHA = 0.01  # level of the test whether the columns tell the groups apart
LEVELS = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class GroupOverlap:
    """Overlap of the propensities of two groups, and balance of their columns.

    Finders with ``assignment="observational"`` have one in ``overlap_``. All numbers
    are weighted by the sample weights, and all propensities are cross-fitted. What is
    not said to be about the region of overlap is about all rows.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns.
    auc, auc_low, auc_high : float
        Area under the ROC curve with which the propensities tell the groups apart, and
        its 95 % interval; 0.5 if they do not.
    p_value : float
        One-sided p-value of an AUC as large as this if groups were drawn at random.
    is_predictable : bool
        Whether the p-value is at most 0.01: groups were not drawn at random.
    n_a, n_b : float
        Rows of each group in the region.
    effective_n_a, effective_n_b : float
        Rows that would tell as much if it were not for the unequal weights
        1 / propensity in A and 1 / (1 - propensity) in B; in the region.
    propensity_quantiles : ndarray of shape (2, 9)
        Quantiles of the propensity, the probability of group A, in A and in B: at 0,
        0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 and 1.
    smd : ndarray of shape (n_columns,)
        Standardised mean difference, A minus B, of each column: in units of the root of
        the average variance. For a categorical column it is the largest one of a level,
        and for any column that of being missing, where that is larger. Above 0.1 in
        size is commonly called unbalanced.
    smd_weighted : ndarray of shape (n_columns,)
        The same in the region, with rows weighted by the inverse propensities of their
        groups.
    n_extreme : int
        Rows with a propensity below 0.01 or above 0.99, for which there is hardly
        anyone of the other group to compare with.
    region : Rule or None
        The region of overlap, which findings are about: where propensities lie between
        0.05 and 0.95, or a tenth of the share of a smaller group, for most rows. None:
        everywhere. A rule that never holds: the groups overlap nowhere.
    n_outside : float
        Rows outside of the region, which are left out.
    n_bounded : int
        Rows in the region with a propensity beyond these limits, which count as if it
        were at the limit.
    models : tuple of ModelWeight
        What predicts the propensity in the region, the outcome in A and that in B: the
        ``target``, the name of the ``model``, its ``loss`` out of fold (log-loss of
        groups and 0 / 1 outcomes, squared error of others) and its ``weight``. Weights
        are shares for outcomes. For the propensity they multiply the logits of the
        models; all are 0 where nothing tells the groups apart.

    See Also
    --------
    SegmentFinder : Its ``balance_`` tests each column by itself.

    Notes
    -----
    The AUC is the average over the folds, weighted by their pairs, since propensities
    of different models have no common scale; its variance is that of DeLong [1]_, which
    takes the models as given.

    The p-value is based on the variance of ranks drawn at random, as that of Mann and
    Whitney, times two: a model of fold j tested on fold k and one of k tested on j see
    the same chance likeness of the two folds. Two is the factor of linear scores with
    nothing to learn, and the largest one.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson (1988), Comparing the areas
       under two or more correlated receiver operating characteristic curves. Biometrics
       44 (3), 837-845.

    Examples
    --------
    >>> from skseg import BoxSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(2000, assignment="observational", random_state=0)
    >>> X = leads[["past_orders", "newsletter"]]
    >>> finder = BoxSegmentFinder(assignment="observational", random_state=0)
    >>> overlap = finder.fit(X, leads["converted"], group=leads["seller"]).overlap_
    >>> overlap.is_predictable
    True
    >>> bool((abs(overlap.smd_weighted) < abs(overlap.smd)).all())
    True
    >>> overlap.to_frame()["column"].tolist()
    ['past_orders', 'newsletter']
    """

    columns: tuple[str, ...]
    auc: float
    auc_low: float
    auc_high: float
    p_value: float
    is_predictable: bool
    n_a: float
    n_b: float
    effective_n_a: float
    effective_n_b: float
    propensity_quantiles: FloatArray
    smd: FloatArray
    smd_weighted: FloatArray
    n_extreme: int
    region: Rule | None = None
    n_outside: float = 0.0
    n_bounded: int = 0
    models: tuple[ModelWeight, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the standardised mean differences of the columns.

        Returns
        -------
        DataFrame of shape (n_columns, 3)
            The columns column, smd and smd_weighted, in the order of `columns`.
        """
        return pd.DataFrame(
            {
                "column": list(self.columns),
                "smd": self.smd,
                "smd_weighted": self.smd_weighted,
            }
        )

    def _repr_html_(self) -> str:
        caption = (
            f"AUC of the group {self.auc:.3f} ({self.auc_low:.3f} to "
            f"{self.auc_high:.3f}), p = {self.p_value:.2g}. "
            f"A: {self.n_a:g} rows, worth {self.effective_n_a:.0f} when weighted. "
            f"B: {self.n_b:g} rows, worth {self.effective_n_b:.0f}. "
            f"{self.n_extreme} rows have a propensity below 0.01 or above 0.99. "
            f"{self.n_outside:g} rows are outside of the region of overlap, "
            f"{self.n_bounded} in it have a bounded propensity."
        )
        rows = zip(self.columns, self.smd, self.smd_weighted, strict=True)
        return html_table(
            ["column", "smd", "smd_weighted"],
            [(name, f"{smd:.3f}", f"{weighted:.3f}") for name, smd, weighted in rows],
            caption,
        )


def group_overlap(
    X: FloatArray,
    in_a: BoolArray,
    nuisance: Nuisance,
    sample_weight: FloatArray | None = None,
    *,
    columns: Sequence[str],
    is_categorical: BoolArray | None = None,
) -> GroupOverlap:
    """Return how alike the groups are, by themselves and weighted by propensities.

    `columns` are the names of those of `X`; the other arguments are what
    `cross_fitted_nuisance` was called with, and what it returned.
    """
    weight = np.ones(len(in_a)) if sample_weight is None else sample_weight
    codes = np.zeros(X.shape[1], bool) if is_categorical is None else is_categorical
    propensity = nuisance.propensity
    values = prepared(X, codes)
    auc, error, null_error = _mean_auc(propensity, in_a, weight, nuisance.fold)
    margin = float(ndtri(0.975)) * error
    p_value = float(ndtr((0.5 - auc) / null_error)) if null_error > 0 else 1.0
    inverse = weight / np.where(in_a, propensity, 1 - propensity)
    quantiles = [
        np.quantile(propensity[g], LEVELS, method="inverted_cdf", weights=weight[g])
        for g in (in_a, ~in_a)
    ]
    return GroupOverlap(
        columns=tuple(columns),
        auc=auc,
        auc_low=max(auc - margin, 0.0),
        auc_high=min(auc + margin, 1.0),
        p_value=p_value,
        is_predictable=p_value <= ALPHA,
        n_a=float(weight[in_a].sum()),
        n_b=float(weight[~in_a].sum()),
        effective_n_a=_effective_size(weight[in_a], inverse[in_a]),
        effective_n_b=_effective_size(weight[~in_a], inverse[~in_a]),
        propensity_quantiles=np.array(quantiles),
        smd=_mean_differences(values, in_a, weight, codes),
        smd_weighted=_mean_differences(values, in_a, inverse, codes),
        n_extreme=nuisance.n_extreme,
    )


def _effective_size(weight: FloatArray, inverse: FloatArray) -> float:
    """Return Kish's effective size of a group weighted by `inverse`."""
    counted = weight > 0
    if not counted.any():
        return 0.0
    # A weight of 3 is three rows of a third of the inverse each.
    squares = (inverse[counted] ** 2 / weight[counted]).sum()
    return float(inverse.sum() ** 2 / squares)


def _mean_auc(
    score: FloatArray, in_a: BoolArray, weight: FloatArray, fold: IntArray
) -> tuple[float, float, float]:
    """Return the AUC averaged over folds by pairs, its error, and that of chance."""
    folds = (fold == k for k in np.unique(fold))
    per_fold = [_auc(score[rows], in_a[rows], weight[rows]) for rows in folds]
    auc, variance, null_variance, n_pairs = np.transpose(per_fold)
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
    below = (np.cumsum(b) - b / 2) / n_b  # share of B that each row of A exceeds
    above = (n_a - np.cumsum(a) + a / 2) / n_a
    auc = a @ below / n_a
    variance_a = a @ (below - auc) ** 2 / (n_a - 1) / n_a
    variance_b = b @ (above - auc) ** 2 / (n_b - 1) / n_b
    n, ties = n_a + n_b, a + b
    untied = n + 1 - (ties**3 - ties).sum() / (n * (n - 1))
    # Where all are tied, rounding can make it negative.
    chance = max(untied, 0.0) / (12 * n_a * n_b)
    return auc, variance_a + variance_b, chance, n_a * n_b


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
    is_known = ~np.isnan(column)
    everyone = np.ones_like(is_known)
    parts: list[tuple[npt.NDArray[Any], BoolArray]] = [(is_known, everyone)]
    if has_codes:
        parts += [(column == code, everyone) for code in np.unique(column[is_known])]
    else:
        parts.append((column, is_known))
    differences = [
        _standardised(values[rows].astype(np.float64), in_a[rows], weight[rows])
        for values, rows in parts
    ]
    return max(differences, key=abs)


def _standardised(values: FloatArray, in_a: BoolArray, weight: FloatArray) -> float:
    """Return the difference of the groups' means, in standard deviations."""
    means, variances = [], []
    for rows in (in_a, ~in_a):
        if not weight[rows].any():
            return 0.0
        mean = np.average(values[rows], weights=weight[rows])
        means.append(mean)
        variances.append(np.average((values[rows] - mean) ** 2, weights=weight[rows]))
    deviation = float(np.sqrt(np.mean(variances)))
    difference = float(means[0] - means[1])
    if difference == 0:
        return 0.0
    if deviation == 0:
        return math.copysign(math.inf, difference)
    return difference / deviation
