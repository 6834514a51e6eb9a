"""The models among which a nuisance is predicted: linear ones, trees, the user's own.

Columns come as `prepared` returns them: numbers, NaN where missing, and codes from 0 on
for the levels of a categorical column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidParameterError

# Bins of a numeric column and levels of a categorical one: enough to adjust for it,
# and quick to fit.
MAX_BINS = 64
_MAX_LEVELS = 20
# A column with fewer known values in the training rows is set aside.
_MIN_KNOWN_VALUES = 20
# Products of more columns than these are more than a ridge can sort out in seconds.
_MAX_CROSSED = 30
# With fewer rows a fixed number of trees is better than early stopping.
_MIN_STOPPED_ROWS = 5000


@dataclass(frozen=True, slots=True)
class NuisanceModel:
    """A model by name; `estimator` is None for the package's own models."""

    name: str
    estimator: Any = None

    def fit_predict(
        self,
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
        is_binary = is_zero_one(target)
        known = np.count_nonzero(~np.isnan(X), axis=0) >= _MIN_KNOWN_VALUES
        X, X_new = np.where(known, X, 0.0), np.where(known, X_new, 0.0)
        if self.estimator is not None:
            model = make_pipeline(
                _encoder(is_categorical), _seeded(clone(self.estimator), seed)
            )
        elif self.name == TREES.name:
            model = make_pipeline(
                _boosted_trees(is_binary, len(target), is_categorical, seed)
            )
        else:
            is_crossed = self.name == CROSSED.name
            model = _linear(is_binary, len(target), is_categorical, seed, is_crossed)
        # Models run side by side by n_jobs. Threads within one wait for each other,
        # which on a busy machine takes ten times as long as their work.
        with threadpool_limits(1):
            model.fit(X, target, **self._weights(model, weight))
            if is_binary and hasattr(model, "predict_proba"):
                return np.asarray(model.predict_proba(X_new)[:, 1], dtype=np.float64)
            return np.asarray(model.predict(X_new), dtype=np.float64)

    def _weights(self, model: Pipeline, weight: FloatArray) -> dict[str, FloatArray]:
        # Weights of 1 change nothing, but boosting takes several times as long with
        # them, and not every estimator knows them.
        if (weight == 1).all():
            return {}
        step, last = model.steps[-1]
        if not has_fit_parameter(last, "sample_weight"):
            raise InvalidParameterError(
                "SegmentFinder",
                self.name,
                "an estimator whose fit takes sample_weight, where rows have weights",
                self.estimator,
                advice="Choose another estimator, or leave out the weights.",
            )
        return {f"{step}__sample_weight": weight}


LINEAR = NuisanceModel("linear")
CROSSED = NuisanceModel("linear with products")
TREES = NuisanceModel("boosted trees")


def propensity_models(
    X: FloatArray, is_categorical: BoolArray, estimator: Any
) -> list[NuisanceModel]:
    """Return the models of the group: the user's, or linear ones and trees."""
    if estimator is not None:
        return [NuisanceModel("propensity_estimator", estimator)]
    return [LINEAR, *_crossed(X, is_categorical), TREES]


def outcome_models(
    X: FloatArray, is_categorical: BoolArray, estimator: Any
) -> tuple[list[NuisanceModel], list[NuisanceModel]]:
    """Return models of the outcome for both groups together, and for each of them.

    Those of both groups know most where a group has few rows, and are as good as any
    where the groups do not differ.
    """
    if estimator is not None:
        return [], [NuisanceModel("outcome_estimator", estimator)]
    return [*_crossed(X, is_categorical), TREES], [LINEAR, TREES]


def _crossed(X: FloatArray, is_categorical: BoolArray) -> list[NuisanceModel]:
    """Return the model of products, if there are not too many of them."""
    n_levels = [
        min(len(np.unique(column[~np.isnan(column)])), _MAX_LEVELS)
        for column in X[:, is_categorical].T
    ]
    n_columns = np.count_nonzero(~is_categorical) + sum(n_levels)
    return [CROSSED] if n_columns <= _MAX_CROSSED else []


def check_nuisance_estimators(owner: str, propensity: Any, outcome: Any) -> None:
    """Raise if what predicts groups or outcomes is no estimator of its kind."""
    if propensity is not None and not (
        isinstance(propensity, BaseEstimator)
        and is_classifier(propensity)
        and hasattr(propensity, "predict_proba")
    ):
        raise InvalidParameterError(
            owner,
            "propensity_estimator",
            "None or a classifier with predict_proba",
            propensity,
            advice="LogisticRegression() of scikit-learn is one.",
        )
    if outcome is not None and not (
        isinstance(outcome, BaseEstimator) and hasattr(outcome, "predict")
    ):
        raise InvalidParameterError(
            owner,
            "outcome_estimator",
            "None or an estimator with fit and predict",
            outcome,
            advice="A classifier for a 0 / 1 outcome, a regressor for amounts.",
        )


def is_zero_one(target: FloatArray) -> bool:
    """Return whether all values are 0 or 1."""
    return bool(np.isin(target, (0.0, 1.0)).all())


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
    codes = np.minimum(rank, MAX_BINS - 1)[place].astype(np.float64)
    return np.where(np.isnan(column), np.nan, codes)


def _seeded(estimator: Any, seed: int) -> Any:
    """Return the estimator with a seed, where the user has left it open."""
    params = estimator.get_params(deep=False)
    if "random_state" in params and params["random_state"] is None:
        estimator.set_params(random_state=seed)
    return estimator


def _boosted_trees(
    is_binary: bool, n_rows: int, is_categorical: BoolArray, seed: int
) -> Any:
    """Return small trees: few of a thousand rows, of many rows until they stop."""
    kind = (
        HistGradientBoostingClassifier if is_binary else HistGradientBoostingRegressor
    )
    is_small = n_rows < _MIN_STOPPED_ROWS
    return kind(
        # With a tenth of few rows kept aside, early stopping stops by accident.
        early_stopping=not is_small,
        max_iter=60 if is_small else 300,
        learning_rate=0.07 if is_small else 0.1,
        n_iter_no_change=5,
        max_bins=MAX_BINS,
        max_leaf_nodes=8,
        min_samples_leaf=20,
        l2_regularization=1.0,
        categorical_features=is_categorical,
        random_state=seed,
    )


def _encoder(is_categorical: BoolArray, *scalers: Any) -> Any:
    """Return a transformer to numbers without gaps, and one column per level."""
    impute = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    levels = OneHotEncoder(
        max_categories=_MAX_LEVELS,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    return make_column_transformer(
        (make_pipeline(impute, *scalers), np.flatnonzero(~is_categorical)),
        (levels, np.flatnonzero(is_categorical)),
    )


def _linear(
    is_binary: bool, n_rows: int, is_categorical: BoolArray, seed: int, is_crossed: bool
) -> Pipeline:
    """Return logistic or ridge regression on ranks, and on products of them."""
    # Ranks limit the leverage of long tails.
    ranks = QuantileTransformer(n_quantiles=min(100, n_rows), random_state=seed)
    steps = [_encoder(is_categorical, ranks)]
    if is_crossed:
        # Squares and products of centred ranks are U-shapes and interactions, and not
        # the ranks themselves over again.
        steps += [
            StandardScaler(with_std=False),
            PolynomialFeatures(2, include_bias=False),
        ]
    regression = LogisticRegression(max_iter=1000) if is_binary else Ridge()
    return make_pipeline(*steps, regression)
