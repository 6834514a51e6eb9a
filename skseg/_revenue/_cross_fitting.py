"""Out-of-fold predictions: of every row by a model that has not seen it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import column_or_1d

from skseg._core._folds import Splits, short
from skseg._core._foreign import is_classifier
from skseg._core._rows import take_rows
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

OWNER = "PropensityBinner"
# A class of fewer rows may be the reason why a classifier that is fitted refuses.
_FEW_ROWS = 10


def check_classes(estimator: Any, y: FloatArray) -> None:
    """Raise if outcomes are no classes, and the estimator is a classifier."""
    # It casts outcomes to int, for which the largest floats are too large.
    with np.errstate(invalid="ignore"):
        kind = type_of_target(y)
    if is_classifier(estimator) and kind.startswith("continuous"):
        row = int(np.argmax(y != np.floor(y)))
        raise InvalidDataError(
            f"The outcome y of {OWNER} must be classes, such as 0 / 1 or counts, for "
            f"the classifier {short(estimator)}. Got {y[row]} at row {row}.",
            owner=OWNER,
            name="y",
            rule="classes, such as 0 / 1 or counts, for a classifier",
            value=float(y[row]),
            row=row,
            advice="For other outcomes, such as revenue, pass a regressor: "
            "estimator=HistGradientBoostingRegressor().",
        )


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
    try:
        estimator.fit(take_rows(X, train), y[train], **train_params)
    except ValueError as error:
        classes, counts = np.unique(y[train], return_counts=True)
        if is_classifier(estimator) and len(classes) == 1:
            raise _one_class_error(estimator, y, classes[0]) from error
        if is_classifier(estimator) and counts.min() < _FEW_ROWS:
            error.add_note(
                f"{OWNER} fits the model without the rows of each fold. Without those "
                f"of this one, {counts.min()} of {len(train):,} outcomes are "
                f"{classes[counts.argmin()]:g}."
            )
        raise
    return expected_outcome(estimator, take_rows(X, test), method)


def _one_class_error(estimator: Any, y: FloatArray, outcome: float) -> InvalidDataError:
    """Return the error for a fold without which all outcomes are the same."""
    others = np.flatnonzero(y != outcome)
    fact, row = f"All {len(y):,} outcomes are {outcome:g}.", None
    advice = "Pass rows of more than one outcome."
    if len(others):
        row = int(others[0])
        fact = (
            f"Of {len(y):,} outcomes {len(others):,} differ from {outcome:g}, the "
            f"first at row {row}, and one fold has all of them, so that the others "
            "have none to learn from."
        )
        advice = (
            "Choose folds with some of them each: cv=2, or "
            "cv=StratifiedKFold(shuffle=True)."
        )
    if len(others) == 1:
        fact = (
            f"Of {len(y):,} outcomes only one differs from {outcome:g}, at row {row}, "
            "and the model for this row must not have seen it."
        )
        advice = (
            "Pass rows with at least two of each outcome, or a regressor, such as "
            "estimator=HistGradientBoostingRegressor()."
        )
    return InvalidDataError(
        f"The outcome y of {OWNER} must have two classes without the rows of any "
        f"fold, for the classifier {short(estimator)}. {fact}",
        owner=OWNER,
        name="y",
        rule="of two classes without the rows of any fold",
        value=float(outcome),
        row=row,
        advice=advice,
    )
