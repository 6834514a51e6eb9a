"""Folds of the training rows: those a model is fitted to, and those it predicts."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterable
from textwrap import shorten
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from skseg._typing import FloatArray, IntArray
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


def folds_of_customers(
    strata: IntArray, cluster: IntArray, n_folds: int, rng: Any = None
) -> IntArray:
    """Return the fold of each row: those of a customer share one, strata are alike.

    Customers are dealt to the folds in order of size, each to the fold that has least
    of its kinds of rows, as `StratifiedGroupKFold` of scikit-learn does; but sums of
    squares are updated, not computed anew for every fold and customer, which takes a
    hundredth of its time. Equal customers are dealt at random if `rng` is a
    RandomState, in the order of `cluster` otherwise.
    """
    customers, customer = np.unique(cluster, return_inverse=True)
    kinds, kind = np.unique(strata, return_inverse=True)
    n = np.zeros((len(customers), len(kinds)))
    np.add.at(n, (customer, kind), 1.0)
    # As shares of the strata: rare ones are as important as others.
    share = n / n.sum(axis=0)
    ties = np.arange(len(customers)) if rng is None else rng.permutation(len(customers))
    order = np.lexsort([ties, -share.max(axis=1)])
    fold = np.empty(len(customers), dtype=np.intp)
    filled = np.zeros((n_folds, len(kinds)))
    for k in order:
        # What a customer adds to the sum of squares of the fold, less what is the same
        # in all folds.
        fold[k] = (filled @ share[k]).argmin()
        filled[fold[k]] += share[k]
    return fold[customer]


def splits_of_customers(
    owner: str, cv: Any, X: Any, strata: IntArray, cluster: IntArray, random_state: Any
) -> Splits:
    """Return train and test rows of folds that keep customers together, or raise.

    An int as `cv` means that many folds of shuffled customers. A splitter gets the
    customers as its groups.
    """
    n_folds = 5 if cv is None else cv
    if isinstance(n_folds, numbers.Integral) and not isinstance(n_folds, bool):
        check_folds(owner, n_folds, len(np.unique(cluster)), "customers")
        random = check_random_state(random_state)
        fold = folds_of_customers(strata, cluster, int(n_folds), random)
        return [
            (np.flatnonzero(fold != k), np.flatnonzero(fold == k))
            for k in range(int(n_folds))
        ]
    with warnings.catch_warnings():
        # Of splitters without groups; whether customers are together is checked below.
        warnings.filterwarnings("ignore", "The groups parameter is ignored")
        y = strata.astype(np.float64)
        splits = fold_splits(owner, cv, X, y, {"groups": cluster}, stratify=False)
    _check_together(owner, cv, splits, cluster)
    return splits


def _check_together(owner: str, cv: Any, splits: Splits, cluster: IntArray) -> None:
    fold = np.empty(len(cluster), dtype=np.intp)
    for k, (_, test) in enumerate(splits):
        fold[test] = k
    order = np.argsort(cluster, kind="stable")
    is_parted = (np.diff(cluster[order]) == 0) & (np.diff(fold[order]) != 0)
    if not is_parted.any():
        return
    row = int(order[1:][is_parted][0])
    rule = "keep the rows of a customer in one fold"
    raise InvalidDataError(
        f"The 'cv' parameter of {owner} must {rule} where customers have several rows. "
        f"Got {short(cv)} instead, which parts those of the customer of row {row}.",
        owner=owner,
        name="cv",
        rule=rule,
        value=cv,
        row=row,
        advice="Choose a number of folds, such as cv=5, or cv=GroupKFold(5) of "
        "scikit-learn, which gets the customers as its groups.",
    )


def check_folds(owner: str, n_folds: Any, n_rows: int, noun: str = "rows") -> None:
    """Raise if `cv` is neither a number of folds for these rows nor has any folds."""
    if n_rows < 2:
        raise InvalidDataError(
            f"{owner} needs at least 2 {noun}, in different folds. Got "
            f"n_samples={n_rows}.",
            owner=owner,
            name="X",
            rule=f"at least 2 {noun}",
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
            f"an int in [2, {n_rows}], the number of {noun}, a splitter, or an "
            "iterable of (train, test)"
        )
        raise InvalidParameterError(owner, "cv", rule, n_folds)


def short(value: object) -> str:
    """Return the beginning of a value's text, for an error message."""
    return shorten(repr(value), 60, placeholder=" ...")
