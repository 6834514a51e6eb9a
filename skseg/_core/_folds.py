"""Folds of the training rows: those a model is fitted to, and those it predicts."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterable
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

Splits = list[tuple[Any, Any]]


def fold_splits(
    owner: str,
    cv: Any,
    X: Any,
    y: FloatArray,
    params: dict[str, Any],
    *,
    stratify: bool,
) -> Splits:
    """Return train and test rows of folds that are a partition of the rows, or raise.

    With `stratify` an int means folds with about the same share of each outcome, if
    one of these has enough rows.
    """
    n_folds = 5 if cv is None else cv
    check_folds(owner, n_folds, len(y))
    if stratify and isinstance(n_folds, numbers.Integral):
        # Stratified folds need a class with that many rows, which counts may lack.
        stratify = bool(np.unique_counts(y).counts.max() >= n_folds)
    # Amounts of few different values, such as 0 and 12.5, are classes by their codes.
    classes = np.unique(y, return_inverse=True)[1] if stratify else y
    splitter = check_cv(cv, classes, classifier=stratify)
    with warnings.catch_warnings():
        # A fold that lacks a class does no harm, as nothing is scored fold by fold.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        try:
            splits = list(splitter.split(X, classes, **params))
        except ValueError as error:
            # scikit-learn says neither whose folds fail nor how groups get there.
            error.add_note(
                f"The folds are those of the 'cv' parameter of {owner}, {short(cv)}. "
                "If they need groups, pass the folds themselves: "
                "cv=list(splitter.split(X, y, groups))."
            )
            raise
    tested = np.concatenate([np.arange(0), *(test for _, test in splits)])
    if not np.array_equal(np.sort(tested), np.arange(len(y))):
        untested = np.setdiff1d(np.arange(len(y)), tested)
        rule = "put every row in exactly one test fold"
        raise InvalidDataError(
            f"The 'cv' parameter of {owner} must {rule}. Got {short(cv)} instead: of "
            f"{len(y)} rows {len(untested)} are in none, and all folds together have "
            f"{len(tested)}.",
            owner=owner,
            name="cv",
            rule=rule,
            value=cv,
            row=int(untested[0]) if len(untested) else None,
        )
    return splits


def check_folds(owner: str, n_folds: Any, n_rows: int) -> None:
    """Raise if `cv` is neither a number of folds for these rows nor has any folds."""
    if n_rows < 2:
        raise InvalidDataError(
            f"{owner} needs at least 2 rows, in different folds. Got "
            f"n_samples={n_rows}.",
            owner=owner,
            name="X",
            rule="at least 2 rows",
            value=n_rows,
        )
    if hasattr(n_folds, "split") and not isinstance(n_folds, str):
        return
    is_number = isinstance(n_folds, numbers.Integral)
    if not is_number and isinstance(n_folds, Iterable) and not isinstance(n_folds, str):
        return
    is_valid = is_number and not isinstance(n_folds, bool) and 2 <= n_folds <= n_rows
    if not is_valid:
        rule = (
            f"an int in [2, {n_rows}], the number of rows, a splitter, or an iterable "
            "of (train, test)"
        )
        raise InvalidParameterError(owner, "cv", rule, n_folds)


def short(value: object) -> str:
    """Return the beginning of a value's text, for an error message."""
    return shorten(repr(value), 60, placeholder=" ...")
