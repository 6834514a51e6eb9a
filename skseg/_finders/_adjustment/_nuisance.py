"""Cross-fitted nuisance predictions: who is in which group, and the outcome in each.

Where groups were not drawn at random, their difference in the outcome is also one
between their customers. Doubly robust effects take it out, given for each row the
probability of its group and the expected outcome in both groups, predicted by models
that were fitted without that row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._nuisance_models import (
    NuisanceModel,
    is_zero_one,
    outcome_models,
    prepared,
    propensity_models,
)
from ._stacking import (
    calibrated_probability,
    mixture_weights,
    out_of_fold_losses,
)

# A propensity closer to 0 or 1 lets one row count for more than a hundred.
EXTREME = 0.01
# In the loss of outcome models no row stands for more than twenty.
_LEAST_CHANCE = 0.05

PROPENSITY, OUTCOME_A, OUTCOME_B = "propensity", "outcome in A", "outcome in B"


class ModelWeight(NamedTuple):
    """The weight of a model in the prediction of the group, or of an outcome."""

    target: str
    model: str
    loss: float  # out of fold: mean log-loss of a 0 / 1 target, or mean squared error
    weight: float  # of logits for the propensity; shares of the mean for outcomes


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Predictions for each row by models that were fitted without it; not bounded.

    Rows of the same fold are predicted by the same models.
    """

    propensity: FloatArray  # probability of group A
    mean_a: FloatArray  # expected outcome in A
    mean_b: FloatArray
    fold: IntArray
    models: tuple[ModelWeight, ...] = ()

    @property
    def n_extreme(self) -> int:
        """Number of rows with a propensity below 0.01 or above 0.99."""
        margin = np.minimum(self.propensity, 1 - self.propensity)
        return int(np.count_nonzero(margin < EXTREME))


def cross_fitted_nuisance(
    X: FloatArray,
    y: FloatArray,
    in_a: BoolArray,
    sample_weight: FloatArray | None = None,
    *,
    is_categorical: BoolArray | None = None,
    cluster: IntArray | None = None,
    folds: int | IntArray = 5,
    propensity_estimator: Any = None,
    outcome_estimator: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Nuisance:
    """Predict group and outcome of every row by models that were fitted without it.

    `X` holds numbers, NaN where missing, and categorical columns as codes from 0 on;
    `folds` is the number of stratified folds, or the fold of each row; rows of one
    `cluster` share a fold. A repeated row should come once, with a higher weight:
    copies of it would be in several folds.
    """
    n_rows, n_columns = X.shape
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    codes = np.zeros(n_columns, bool) if is_categorical is None else is_categorical
    rng = check_random_state(random_state)
    if isinstance(folds, int):
        folds = stratified_folds(y, in_a, folds, rng, cluster)
    values = prepared(X, codes)
    everyone = np.ones(n_rows, bool)
    predict = _CrossFit(values, weight, codes, folds, rng, n_jobs)
    if not all(
        (rows & (weight > 0) & (folds != k)).any()
        for rows in (in_a, ~in_a)
        for k in range(folds.max() + 1)
    ):
        raise _too_few_rows(in_a)
    groups = propensity_models(values, codes, propensity_estimator)
    is_a = in_a.astype(np.float64)
    out_of_fold = predict(groups, is_a, everyone)
    propensity, weights = calibrated_probability(out_of_fold, is_a, weight)
    losses = out_of_fold_losses(out_of_fold, is_a, weight, True)
    described = [
        ModelWeight(PROPENSITY, model.name, float(loss), float(share))
        for model, loss, share in zip(groups, losses, weights, strict=True)
    ]
    pooled_models, arm_models = outcome_models(values, codes, outcome_estimator)
    pooled = predict(pooled_models, y, everyone)
    means = []
    for name, rows, chance in (
        (OUTCOME_A, in_a, propensity),
        (OUTCOME_B, ~in_a, 1 - propensity),
    ):
        predictions = np.column_stack([pooled, predict(arm_models, y, rows)])
        # Each row of a group stands for all that are like it, as in the effect.
        standing = (weight / np.maximum(chance, _LEAST_CHANCE))[rows]
        known = predictions[rows], y[rows], standing, is_zero_one(y)
        shares, losses = mixture_weights(*known), out_of_fold_losses(*known)
        means.append(predictions @ shares)
        models = [*(f"{m.name}, both groups" for m in pooled_models)]
        models += [m.name for m in arm_models]
        described += [
            ModelWeight(name, model, float(loss), float(share))
            for model, loss, share in zip(models, losses, shares, strict=True)
        ]
    return Nuisance(propensity, means[0], means[1], folds, tuple(described))


@dataclass(frozen=True, slots=True, eq=False)
class _CrossFit:
    """Rows in folds, of which one target after the other is predicted."""

    values: FloatArray
    weight: FloatArray
    is_categorical: BoolArray
    fold: IntArray
    rng: np.random.RandomState
    n_jobs: int | None

    def __call__(
        self, models: Sequence[NuisanceModel], target: FloatArray, rows: BoolArray
    ) -> FloatArray:
        """Return predictions of all rows, one column a model, by fits to `rows`."""
        trained = rows & (self.weight > 0)
        fits = [(k, j) for k in range(self.fold.max() + 1) for j in range(len(models))]
        seeds = self.rng.randint(2**31 - 1, size=len(fits))
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(models[j].fit_predict)(
                self.values[train := trained & (self.fold != k)],
                target[train],
                self.weight[train],
                self.values[self.fold == k],
                self.is_categorical,
                seed,
            )
            for (k, j), seed in zip(fits, seeds, strict=True)
        )
        predictions = np.empty((len(target), len(models)))
        for (k, j), part in zip(fits, parts, strict=True):
            predictions[self.fold == k, j] = part
        return predictions


def stratified_folds(
    y: FloatArray,
    in_a: BoolArray,
    n_folds: int,
    rng: np.random.RandomState,
    cluster: IntArray | None = None,
) -> IntArray:
    """Return the fold of each row, stratified by group and by a 0 / 1 outcome.

    Rows of a cluster share the fold of its first row.
    """
    if cluster is not None:
        _, first, place = np.unique(cluster, return_index=True, return_inverse=True)
        return stratified_folds(y[first], in_a[first], n_folds, rng)[place]
    stratum = 2 * in_a + (y if is_zero_one(y) else 0)
    # Counting through the sorted rows, across strata, keeps folds of equal size where a
    # stratum has fewer rows than there are folds.
    order = np.lexsort((rng.random_sample(len(y)), stratum))
    fold = np.empty(len(y), dtype=np.intp)
    fold[order] = np.arange(len(y)) % n_folds
    return fold


def _too_few_rows(in_a: BoolArray) -> InvalidDataError:
    n_a, n_b = np.count_nonzero(in_a), np.count_nonzero(~in_a)
    return InvalidDataError(
        "Models of group and outcome need, beside every fold, rows of both groups, of "
        f"positive weight. Got {n_a} rows of A and {n_b} of B in all.",
        name="group",
        value=(n_a, n_b),
        advice="Fit to more rows of the smaller group.",
    )
