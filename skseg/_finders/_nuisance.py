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
    models_to_compare,
    prepared,
)
from ._stacking import mixture_weights, out_of_fold_losses

# A propensity closer to 0 or 1 lets one row count for more than a hundred.
EXTREME = 0.01

PROPENSITY, OUTCOME_A, OUTCOME_B = "propensity", "outcome in A", "outcome in B"


class ModelShare(NamedTuple):
    """The share of a model in the prediction of the group, or of an outcome."""

    target: str
    model: str
    loss: float  # out of fold: mean log-loss of a 0 / 1 target, or mean squared error
    share: float


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Predictions for each row by models that were fitted without it; not bounded.

    Rows of the same fold are predicted by the same models.
    """

    propensity: FloatArray  # probability of group A
    mean_a: FloatArray  # expected outcome in A
    mean_b: FloatArray
    fold: IntArray
    models: tuple[ModelShare, ...] = ()

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
    groups = models_to_compare(
        values, codes, "propensity_estimator", propensity_estimator
    )
    outcomes = models_to_compare(values, codes, "outcome_estimator", outcome_estimator)
    try:
        predictions, shares = zip(
            predict(PROPENSITY, groups, in_a.astype(np.float64), everyone),
            predict(OUTCOME_A, outcomes, y, in_a),
            predict(OUTCOME_B, outcomes, y, ~in_a),
            strict=True,
        )
    except _NoRows:
        raise _too_few_rows(in_a) from None
    return Nuisance(*predictions, folds, sum(shares, ()))


def cross_fitted_propensity(
    X: FloatArray,
    in_a: BoolArray,
    weight: FloatArray,
    *,
    is_categorical: BoolArray,
    cluster: IntArray | None,
    estimator: Any,
    random_state: Any,
    n_jobs: int | None,
) -> FloatArray:
    """Predict the group of every row alone, by models that were fitted without it."""
    rng = check_random_state(random_state)
    folds = stratified_folds(np.full(len(in_a), 0.5), in_a, 5, rng, cluster)
    values = prepared(X, is_categorical)
    models = models_to_compare(
        values, is_categorical, "propensity_estimator", estimator
    )
    predict = _CrossFit(values, weight, is_categorical, folds, rng, n_jobs)
    everyone = np.ones(len(in_a), bool)
    try:
        return predict(PROPENSITY, models, in_a.astype(np.float64), everyone)[0]
    except _NoRows:
        raise _too_few_rows(in_a) from None


class _NoRows(Exception):
    """Beside a fold there are no rows to fit a model to."""


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
        self,
        name: str,
        models: Sequence[NuisanceModel],
        target: FloatArray,
        rows: BoolArray,
    ) -> tuple[FloatArray, tuple[ModelShare, ...]]:
        """Return the predictions for all rows by models fitted to `rows`."""
        trained = rows & (self.weight > 0)
        folds = range(self.fold.max() + 1)
        if not all((trained & (self.fold != k)).any() for k in folds):
            raise _NoRows
        fits = [(k, j) for k in folds for j in range(len(models))]
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(models[j].fit_predict)(
                self.values[train := trained & (self.fold != k)],
                target[train],
                self.weight[train],
                self.values[self.fold == k],
                self.is_categorical,
                seed,
            )
            for (k, j), seed in zip(
                fits, self.rng.randint(2**31 - 1, size=len(fits)), strict=True
            )
        )
        predictions = np.empty((len(target), len(models)))
        for (k, j), part in zip(fits, parts, strict=True):
            predictions[self.fold == k, j] = part
        is_binary = is_zero_one(target[trained])
        known = predictions[trained], target[trained], self.weight[trained]
        shares = mixture_weights(*known, is_binary)
        losses = out_of_fold_losses(*known, is_binary)
        described = tuple(
            ModelShare(name, model.name, float(loss), float(share))
            for model, loss, share in zip(models, losses, shares, strict=True)
        )
        return predictions @ shares, described


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
