"""Out-of-fold predictions: of every row by a model that has not seen it."""

from __future__ import annotations

import numbers
import warnings
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import column_or_1d

from skseg._core._rows import take_rows
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

OWNER = "PropensityBinner"
Splits = list[tuple[Any, Any]]


def fold_splits(
    cv: Any, X: Any, y: FloatArray, estimator: Any, params: dict[str, Any]
) -> Splits:
    """Return train and test rows of every fold, or raise."""
    n_folds = 5 if cv is None else cv
    stratify = is_classifier(estimator)
    if stratify and isinstance(n_folds, numbers.Integral):
        # Stratified folds need a class with that many rows, which counts may lack.
        stratify = bool(np.unique_counts(y).counts.max() >= n_folds)
    splitter = check_cv(cv, y, classifier=stratify)
    with warnings.catch_warnings():
        # A fold that lacks a class does no harm, as nothing is scored fold by fold.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splits = list(splitter.split(X, y, **params))
    tested = np.concatenate([np.arange(0), *(test for _, test in splits)])
    if not np.array_equal(np.sort(tested), np.arange(len(y))):
        untested = np.setdiff1d(np.arange(len(y)), tested)
        text = shorten(repr(cv), 60, placeholder=" ...")
        rule = "put every row in exactly one test fold"
        raise InvalidDataError(
            f"The 'cv' parameter of {OWNER} must {rule}. Got {text} instead: of "
            f"{len(y)} rows {len(untested)} are in none, and all folds together have "
            f"{len(tested)}.",
            owner=OWNER,
            name="cv",
            rule=rule,
            value=cv,
            row=int(untested[0]) if len(untested) else None,
        )
    return splits


def out_of_fold(
    estimator: Any,
    X: Any,
    y: FloatArray,
    splits: Splits,
    params: dict[str, Any],
    method: str,
    n_jobs: int | None,
) -> FloatArray:
    """Return the propensity of every row, by a model fitted without its fold."""
    predictions = Parallel(n_jobs=n_jobs)(
        delayed(_predict_fold)(clone(estimator), X, y, train, test, params, method)
        for train, test in splits
    )
    propensities = np.empty(len(y))
    for (_, test), values in zip(splits, predictions, strict=True):
        propensities[test] = values
    return propensities


def expected_outcome(estimator: Any, X: Any, method: str) -> FloatArray:
    """Return the expected outcomes of a fitted estimator, or raise."""
    if not hasattr(estimator, method):
        # This cannot be checked earlier: a stack of models has its methods when fitted.
        rule = f"an estimator with {method}"
        if method == "predict_proba":
            rule += ", which CalibratedClassifierCV adds to those without"
        raise InvalidParameterError(OWNER, "estimator", rule, estimator)
    if method == "predict":
        return np.asarray(column_or_1d(estimator.predict(X)), dtype=np.float64)
    # A fold may lack some classes, so each model has classes of its own.
    classes = np.asarray(estimator.classes_, dtype=np.float64)
    return np.asarray(np.asarray(estimator.predict_proba(X)) @ classes)


def _predict_fold(
    estimator: Any,
    X: Any,
    y: FloatArray,
    train: IntArray,
    test: IntArray,
    params: dict[str, Any],
    method: str,
) -> FloatArray:
    """Return the propensities of the test rows by a model of the training rows."""
    train_params = {
        name: take_rows(value, train) if np.ndim(value) > 0 else value
        for name, value in params.items()
    }
    estimator.fit(take_rows(X, train), y[train], **train_params)
    return expected_outcome(estimator, take_rows(X, test), method)
