"""Cross-fitted codes: the segment of every training row by a model without its fold."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import indexable
from sklearn.utils.validation import _num_samples

from skseg._typing import FloatArray, IntArray
from skseg.rules._reserved_names import OUTSIDE

from ._folds import Splits, fold_splits, splits_of_customers
from ._foreign import is_by_row, params_of
from ._owned import owned_clone
from ._rows import native_rows, take_rows
from ._validation import check_sample_weight

# Bounds that may count rows, of which the models of folds have fewer.
_BOUNDS = ("min_size", "max_size")


def cross_fitted_codes(
    segmenter: Any,
    X: Any,
    y: Any,
    outcome: FloatArray,
    fit_params: Mapping[str, Any],
    cv: Any = 5,
) -> IntArray:
    """Return the code of every training row by a model that was fitted without it.

    Each fold gets a clone of `segmenter`, fitted to the other rows with bounds of sizes
    that are the same shares of these. Its segments are those of the fitted `segmenter`
    by name; one of another name is that which most of its rows are in. `outcome` holds
    the numbers of `y`, and folds have about the same shares of each. An int as `cv`
    means that many shuffled folds, always the same ones.

    Raises
    ------
    ValueError
        If `cv` is wrong or the fit of a fold fails; a note says which.
    """
    code_of, fitted = _code_of_name(segmenter), segmenter.predict(X)
    codes = np.empty(len(fitted), dtype=np.intp)
    for model, test in fold_models(segmenter, X, y, outcome, fit_params, cv):
        in_fold = model.predict(X)
        for name, code in _code_of_name(model).items():
            rows = np.flatnonzero(in_fold == code)
            known = rows[~np.isin(rows, test)]
            codes[np.intersect1d(rows, test)] = code_of.get(
                name, _most_common(fitted[known if len(known) else rows])
            )
    return codes


def fold_models(
    segmenter: Any,
    X: Any,
    y: Any,
    outcome: FloatArray,
    fit_params: Mapping[str, Any],
    cv: Any = 5,
    cluster: IntArray | None = None,
) -> Iterator[tuple[Any, IntArray]]:
    """Yield a model for every fold, fitted to the other rows, and the rows of the fold.

    The arguments are those of `cross_fitted_codes`; rows of the same `cluster`, such as
    those of a customer, are in the same fold. A segmenter with other parameters
    for all rows than bounds of sizes, such as a budget, has `_prepare_for_fold`, which
    a clone is called with: the fitted segmenter, and the share of the rows that the
    clone gets. Warnings about the rows of a fold are left out, since the fit to all
    rows has given them.
    """
    owner = type(segmenter).__name__
    X, y = indexable(native_rows(owner, X), y)
    n_rows = _num_samples(X)
    splits = shuffled_splits(owner, cv, X, outcome, cluster=cluster)
    weight = check_sample_weight(fit_params.get("sample_weight"), n_rows)
    weight = np.ones(n_rows) if weight is None else weight
    # Rows outside of a universe have no part in the shares of sizes.
    total = float(segmenter.segments_["n"].sum())
    for fold, (train, test) in enumerate(splits):
        model = _with_shares(owned_clone(segmenter), total)
        if hasattr(model, "_prepare_for_fold"):
            share = float(weight[train].sum() / weight.sum())
            model._prepare_for_fold(segmenter, share)
        params = {
            name: take_rows(value, train) if is_by_row(value, n_rows) else value
            for name, value in fit_params.items()
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                model.fit(take_rows(X, train), take_rows(y, train), **params)
        except ValueError as error:
            error.add_note(
                f"fit_transform of {owner} fits one model without the rows of each of "
                f"{len(splits)} folds; that of fold {fold} failed. Choose other folds "
                "by cv, or call fit and then transform, which treats all rows as new."
            )
            raise
        yield model, test


def shuffled_splits(
    owner: str,
    cv: Any,
    X: Any,
    outcome: FloatArray,
    *,
    cluster: IntArray | None = None,
    most_classes: int = 20,
    random_state: Any = 0,
) -> Splits:
    """Return train and test rows of folds that are alike in outcome, or raise.

    Rows are shuffled where `cv` is an int, and folds have about the same share of each
    outcome. An outcome of more values than `most_classes` is no set of classes, which
    folds could have alike. Rows of the same `cluster` are in the same fold.
    """
    stratify = len(np.unique(outcome)) <= most_classes
    if cluster is not None:
        strata = np.unique(outcome, return_inverse=True)[1] * stratify
        return splits_of_customers(owner, cv, X, strata, cluster, random_state)
    folds = _shuffled(cv, outcome, stratify=stratify, random_state=random_state)
    return fold_splits(owner, folds, X, outcome, {}, stratify=stratify)


def _shuffled(
    cv: Any, outcome: FloatArray, *, stratify: bool, random_state: Any
) -> Any:
    """Return the folds that an int means: rows may be sorted by segment or by date."""
    is_count = isinstance(cv, numbers.Integral) and not isinstance(cv, bool)
    if not is_count or not 2 <= cv <= len(outcome):
        return cv
    if stratify and np.unique_counts(outcome).counts.max() >= cv:
        return StratifiedKFold(cv, shuffle=True, random_state=random_state)
    return KFold(cv, shuffle=True, random_state=random_state)


def _with_shares(segmenter: Any, total: float) -> Any:
    """Return the segmenter with numbers of rows as shares of all rows."""
    params = params_of(segmenter)
    shares = {
        name: value / total
        for name in _BOUNDS
        if isinstance(value := params.get(name), numbers.Integral) and value < total
    }
    return segmenter.set_params(**shares)


def _code_of_name(segmenter: Any) -> dict[str, int]:
    """Return name -> code of a fitted segmenter, noise and outside included."""
    rules = segmenter.rules_
    outside = {} if rules.universe is None else {OUTSIDE: -1}
    return dict(zip(rules.names, rules.codes, strict=True)) | outside


def _most_common(codes: IntArray) -> int:
    """Return the most common code, -1 if there is none."""
    values, counts = np.unique(codes, return_counts=True)
    return int(values[counts.argmax()]) if len(values) else -1
