"""Cross-fitted nuisance models: who is in which group, and the outcome in each.

Where groups were not drawn at random, their difference in the outcome is also one
between their customers. The doubly robust `aipw_score` removes it, given for each row
the probability of its group and the expected outcome in both groups, predicted by
models that were fitted without that row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

# A propensity closer to 0 or 1 lets one row count for more than a hundred.
EXTREME = 0.01

# Boosting needs rows to split and to stop early on; with fewer, linear models predict
# better.
_MIN_BOOSTED_ROWS = 1000
# A column with fewer known values is set aside.
_MIN_KNOWN_VALUES = 20
# Bins of a numeric column and levels of a categorical one: enough to adjust for it,
# and quick to fit.
_MAX_BINS = 64


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Predictions for each row by models that were fitted without it; not clipped.

    Rows of the same fold are predicted by the same models.
    """

    propensity: FloatArray  # probability of group A
    mean_a: FloatArray  # expected outcome in A
    mean_b: FloatArray
    fold: IntArray

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
    folds: int | IntArray = 5,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Nuisance:
    """Predict group and outcome of every row by models that were fitted without it.

    `X` holds numbers, NaN where missing, and categorical columns as codes from 0 on;
    `folds` is the number of stratified folds, or the fold of each row. A repeated row
    should come once, with a higher weight: copies of it would be in several folds.
    """
    n_rows, n_columns = X.shape
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    codes = np.zeros(n_columns, bool) if is_categorical is None else is_categorical
    rng = check_random_state(random_state)
    fold = stratified_folds(y, in_a, folds, rng) if isinstance(folds, int) else folds
    values = prepared(X, codes)
    everyone = np.ones(n_rows, bool)
    targets = ((in_a.astype(np.float64), everyone), (y, in_a), (y, ~in_a))
    fits = [
        (target, (fold != k) & (weight > 0) & rows, fold == k)
        for k in range(fold.max() + 1)
        for target, rows in targets
    ]
    if not all(training.any() for _, training, _ in fits):
        raise _too_few_rows(in_a)
    predictions = Parallel(n_jobs=n_jobs)(
        delayed(_fit_predict)(
            values[training], target[training], weight[training], values[test], codes, s
        )
        for (target, training, test), s in zip(
            fits, rng.randint(2**31 - 1, size=len(fits)), strict=True
        )
    )
    propensity, mean_a, mean_b = out = np.empty((len(targets), n_rows))
    for i, prediction in enumerate(predictions):
        out[i % len(targets), fits[i][2]] = prediction
    return Nuisance(propensity, mean_a, mean_b, fold)


def stratified_folds(
    y: FloatArray, in_a: BoolArray, n_folds: int, rng: np.random.RandomState
) -> IntArray:
    """Return the fold of each row, stratified by group and by a 0 / 1 outcome."""
    stratum = 2 * in_a + (y if _is_binary(y) else 0)
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


def _is_binary(y: FloatArray) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all())


def prepared(X: FloatArray, is_categorical: BoolArray) -> FloatArray:
    """Return the columns as all models take them: finite or NaN, and of few codes."""
    values = np.array(X, dtype=np.float64)
    for column, has_codes in zip(values.T, is_categorical, strict=True):
        if has_codes:
            column[~np.isfinite(column) | (column < 0)] = np.nan
            column[:] = _codes_by_frequency(column)
        elif np.isinf(column).any():
            finite = column[np.isfinite(column)]
            low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
            np.clip(column, low, high, out=column)
    return values


def _codes_by_frequency(column: FloatArray) -> FloatArray:
    """Return codes in the order of their frequency; the rare ones share the last."""
    place, count = np.unique(column, return_inverse=True, return_counts=True)[1:]
    rank = np.argsort(np.argsort(-count, kind="stable"), kind="stable")
    codes = np.minimum(rank, _MAX_BINS - 1)[place].astype(np.float64)
    return np.where(np.isnan(column), np.nan, codes)


def _fit_predict(
    X: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    X_new: FloatArray,
    is_categorical: BoolArray,
    seed: int,
) -> FloatArray:
    """Return predictions for new rows; probabilities if the target is 0 / 1."""
    if (target == target[0]).all():
        return np.full(len(X_new), target[0])
    is_binary = _is_binary(target)
    if len(target) < _MIN_BOOSTED_ROWS:
        model, step = _linear_model(is_binary, len(target), is_categorical, seed)
    else:
        model, step = _boosted_model(is_binary, is_categorical, seed), ""
    # Boosting fails on a column without values, which early stopping can leave where
    # there are few.
    known = np.count_nonzero(~np.isnan(X), axis=0) >= _MIN_KNOWN_VALUES
    X, X_new = np.where(known, X, 0.0), np.where(known, X_new, 0.0)
    # Weights of 1 change nothing, but boosting takes several times as long with them.
    weights = {} if (weight == 1).all() else {f"{step}sample_weight": weight}
    # Models run side by side by n_jobs. Threads within one wait for each other, which
    # on a busy machine takes ten times as long as their work.
    with threadpool_limits(1):
        model.fit(X, target, **weights)
        if is_binary:
            return np.asarray(model.predict_proba(X_new)[:, 1], dtype=np.float64)
        return np.asarray(model.predict(X_new), dtype=np.float64)


def _boosted_model(is_binary: bool, is_categorical: BoolArray, seed: int) -> Any:
    """Return boosting that stops early: with nothing to learn it predicts the mean."""
    kind = (
        HistGradientBoostingClassifier if is_binary else HistGradientBoostingRegressor
    )
    return kind(
        max_iter=200,
        max_bins=_MAX_BINS,
        max_leaf_nodes=8,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=True,
        n_iter_no_change=5,
        categorical_features=is_categorical,
        random_state=seed,
    )


def _linear_model(
    is_binary: bool, n_rows: int, is_categorical: BoolArray, seed: int
) -> tuple[Any, str]:
    """Return logistic or ridge regression on ranks, and the prefix of its weights."""
    # Ranks limit the leverage of long tails.
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        QuantileTransformer(n_quantiles=min(100, n_rows), random_state=seed),
    )
    levels = OneHotEncoder(
        max_categories=20, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    columns = make_column_transformer(
        (numbers, np.flatnonzero(~is_categorical)),
        (levels, np.flatnonzero(is_categorical)),
    )
    regression = LogisticRegression(max_iter=1000) if is_binary else Ridge()
    step = f"{type(regression).__name__.lower()}__"
    return make_pipeline(columns, regression), step
