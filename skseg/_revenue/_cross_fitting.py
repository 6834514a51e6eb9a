"""Predictions of every row by a model that has not seen it."""

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

Splits = list[tuple[Any, Any]]


def fold_splits(
    owner: str, cv: Any, X: Any, y: FloatArray, estimator: Any, params: dict[str, Any]
) -> Splits:
    """Return train and test rows of every fold, or raise."""
    n_folds = 5 if cv is None else cv
    stratify = is_classifier(estimator)
    if stratify and isinstance(n_folds, numbers.Integral):
        # Stratified folds need a class with that many rows; counts may have none.
        stratify = bool(np.unique_counts(y).counts.max() >= n_folds)
    splitter = check_cv(cv, y, classifier=stratify)
    with warnings.catch_warnings():
        # No harm here: nothing is scored fold by fold.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splits = list(splitter.split(X, y, **params))
    tested = np.concatenate([np.arange(0), *(test for _, test in splits)])
    if not np.array_equal(np.sort(tested), np.arange(len(y))):
        absent = np.setdiff1d(np.arange(len(y)), tested)
        given = shorten(repr(cv), 60, placeholder=" ...")
        raise InvalidDataError(
            f"The 'cv' parameter of {owner} must put every row in exactly one test "
            f"fold. Got {given} instead: of {len(y)} rows {len(absent)} are in "
            f"none, and all folds together have {len(tested)}."
        )
    return splits


def out_of_fold(
    owner: str,
    estimator: Any,
    X: Any,
    y: FloatArray,
    splits: Splits,
    params: dict[str, Any],
    method: str,
    n_jobs: int | None,
) -> FloatArray:
    """Return the propensity of every row, by a model fitted without its fold."""
    of_folds = Parallel(n_jobs=n_jobs)(
        delayed(_of_fold)(owner, clone(estimator), X, y, train, test, params, method)
        for train, test in splits
    )
    propensities = np.empty(len(y))
    for (_, test), values in zip(splits, of_folds, strict=True):
        propensities[test] = values
    return propensities


def expected_outcome(owner: str, estimator: Any, X: Any, method: str) -> FloatArray:
    """Return the outcomes that a fitted estimator expects, or raise."""
    if not hasattr(estimator, method):
        # Before it is fitted, a stack of models cannot tell what it will have.
        rule = f"an estimator with {method}"
        if method == "predict_proba":
            rule += ", which CalibratedClassifierCV adds to those without"
        raise InvalidParameterError(owner, "estimator", rule, estimator)
    if method == "predict":
        return np.asarray(column_or_1d(estimator.predict(X)), dtype=np.float64)
    # A fold may lack some classes: each model knows its own ones.
    classes = np.asarray(estimator.classes_, dtype=np.float64)
    return np.asarray(np.asarray(estimator.predict_proba(X)) @ classes)


def _of_fold(
    owner: str,
    estimator: Any,
    X: Any,
    y: FloatArray,
    train: IntArray,
    test: IntArray,
    params: dict[str, Any],
    method: str,
) -> FloatArray:
    """Return the propensities of the test rows by a model of the training rows."""
    own_params = {
        name: take_rows(value, train) if np.ndim(value) > 0 else value
        for name, value in params.items()
    }
    estimator.fit(take_rows(X, train), y[train], **own_params)
    return expected_outcome(owner, estimator, take_rows(X, test), method)
