"""Who comes to which group, and what to expect there: predictions that saw no answer.

Where groups were not drawn at random, a difference between them is also one between
their customers. `cross_fitted_nuisance` predicts for every row, by models that have
not seen it, the probability of group A and the expected outcome in both groups, which
is what `aipw_score` takes.
"""

from __future__ import annotations

import numbers
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
from sklearn.model_selection import check_cv
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

EXTREME = 0.01  # a propensity closer to 0 or 1 makes a row count a hundred times

# Trees need rows to split and to stop on; below that many, straight lines do better.
_FEW = 1000
_FEWEST_KNOWN = 20  # values of a column, for it to be looked at
# Of a column, numeric or categorical: enough to adjust for it, and quick.
_MOST_BINS = 64


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Cross-fitted predictions of each row; none is clipped.

    Attributes
    ----------
    propensity : ndarray of shape (n_rows,)
        Probability of group A.
    mean_a, mean_b : ndarray of shape (n_rows,)
        Expected outcome in the groups.
    fold : ndarray of int of shape (n_rows,)
        Rows of the same fold were predicted by the same models.
    kept : ndarray of bool of shape (n_rows,)
        False for rows that were trimmed: the effect is then about the others alone.
    n_extreme : int
        Rows whose propensity is below 0.01 or above 0.99, trimmed or not: hardly anyone
        of the other group is there to compare them with.
    """

    propensity: FloatArray
    mean_a: FloatArray
    mean_b: FloatArray
    fold: IntArray
    kept: BoolArray
    n_extreme: int


def cross_fitted_nuisance(
    X: FloatArray,
    y: FloatArray,
    in_a: BoolArray,
    sample_weight: FloatArray | None = None,
    *,
    is_categorical: BoolArray | None = None,
    cv: Any = 5,
    trim: float | None = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> Nuisance:
    """Predict the group and the outcome of every row by models that have not seen it.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Numbers, NaN where missing; categorical columns as codes from 0 on.
    y : ndarray of shape (n_rows,)
        Outcome: probabilities are predicted if it is 0 / 1, means otherwise.
    in_a : ndarray of bool of shape (n_rows,)
        Whether a row is of group A.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weights in the fits. A repeated row should come as one of a higher weight: as
        several rows it would be in several folds, and so be seen.
    is_categorical : ndarray of bool of shape (n_columns,), default=None
        Which columns are codes. None: none.
    cv : int, splitter or iterable of (train, test), default=5
        The test parts are the folds; models learn from all other rows. An int is the
        number of folds, shuffled, and stratified by group and by a 0 / 1 outcome.
    trim : float, default=None
        Rows of a propensity outside of [trim, 1 - trim] are marked as not kept.
    random_state : int, RandomState or None, default=None
        Seed of folds and models.
    n_jobs : int, default=None
        Number of models to fit at once, as joblib counts.

    Returns
    -------
    Nuisance
        The predictions.

    Raises
    ------
    ValueError
        If a group has too few rows, `trim` is not in [0, 0.5), or the folds are no
        partition of the rows.

    Notes
    -----
    Gradient boosting that stops early, which with nothing to learn stays close to the
    average; below 1,000 rows to learn from, logistic or ridge regression on ranks. The
    models of the outcome are fitted in each group by itself.
    """
    if trim is not None and not 0 <= trim < 0.5:
        raise InvalidDataError(
            f"trim must be None or in [0, 0.5). Got {trim!r} instead."
        )
    n_rows, n_columns = X.shape
    weight = np.ones(n_rows) if sample_weight is None else sample_weight
    codes = np.zeros(n_columns, bool) if is_categorical is None else is_categorical
    rng = check_random_state(random_state)
    fold = _folds(X, y, in_a, cv, rng)
    values = prepared(X, codes)
    everyone = np.ones(n_rows, bool)
    targets = ((in_a.astype(np.float64), everyone), (y, in_a), (y, ~in_a))
    parts = [
        (target, (fold != k) & (weight > 0) & some, fold == k)
        for k in range(fold.max() + 1)
        for target, some in targets
    ]
    for _, learn, _ in parts:
        if not learn.any():
            n_a, n_b = np.count_nonzero(in_a), np.count_nonzero(~in_a)
            raise InvalidDataError(
                "Every fold must leave rows of both groups, of positive weight, to "
                f"learn from. Got {n_a} rows of A and {n_b} of B in all."
            )
    predictions = Parallel(n_jobs=n_jobs)(
        delayed(_fit_predict)(
            values[learn], target[learn], weight[learn], values[test], codes, seed
        )
        for (target, learn, test), seed in zip(
            parts, rng.randint(2**31 - 1, size=len(parts)), strict=True
        )
    )
    out = np.empty((len(targets), n_rows))
    for i, prediction in enumerate(predictions):
        out[i % len(targets), parts[i][2]] = prediction
    propensity, mean_a, mean_b = out
    margin = np.minimum(propensity, 1 - propensity)
    return Nuisance(
        propensity=propensity,
        mean_a=mean_a,
        mean_b=mean_b,
        fold=fold,
        kept=margin >= (trim or 0.0),
        n_extreme=int(np.count_nonzero(margin < EXTREME)),
    )


def _folds(
    X: FloatArray, y: FloatArray, in_a: BoolArray, cv: Any, rng: np.random.RandomState
) -> IntArray:
    """Return the fold of each row."""
    n_rows = len(y)
    fold = np.full(n_rows, -1, dtype=np.intp)
    stratum = 2 * in_a + (y if _is_binary(y) else 0)
    if isinstance(cv, numbers.Integral):
        if not 2 <= cv <= n_rows:  # type: ignore[operator]
            raise InvalidDataError(
                f"cv must be an int in [2, {n_rows}]. Got {cv} instead."
            )
        # Dealing out the sorted rows keeps even strata of fewer rows than folds apart.
        order = np.lexsort((rng.random_sample(n_rows), stratum))
        fold[order] = np.arange(n_rows) % int(cv)
        return fold
    n_tested = 0
    for k, (_, test) in enumerate(check_cv(cv).split(X, stratum)):
        fold[test] = k
        n_tested += len(fold[test])
    if n_tested != n_rows or (fold < 0).any():
        raise InvalidDataError("The test folds of cv must be a partition of the rows.")
    return fold


def _is_binary(y: FloatArray) -> bool:
    return bool(np.isin(y, (0.0, 1.0)).all())


def prepared(X: FloatArray, is_categorical: BoolArray) -> FloatArray:
    """Return the columns as all models take them: finite or NaN, and of few codes."""
    values = np.array(X, dtype=np.float64)
    for column, has_codes in zip(values.T, is_categorical, strict=True):
        if has_codes:
            column[~np.isfinite(column) | (column < 0)] = np.nan
            column[:] = _fewer_codes(column)
        elif np.isinf(column).any():
            finite = column[np.isfinite(column)]
            low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
            np.clip(column, low, high, out=column)
    return values


def _fewer_codes(column: FloatArray) -> FloatArray:
    """Number codes anew by how frequent they are, the rare ones as one."""
    place, count = np.unique(column, return_inverse=True, return_counts=True)[1:]
    rank = np.argsort(np.argsort(-count, kind="stable"), kind="stable")
    fewer = np.minimum(rank, _MOST_BINS - 1)[place].astype(np.float64)
    return np.where(np.isnan(column), np.nan, fewer)


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
    make = _linear_model if len(target) < _FEW else _boosted_model
    model, step = make(is_binary, len(target), is_categorical, seed)
    # Trees fail on a column without values, and early stopping sets some rows aside.
    known = np.count_nonzero(~np.isnan(X), axis=0) >= _FEWEST_KNOWN
    X, X_new = np.where(known, X, 0.0), np.where(known, X_new, 0.0)
    # Weights of 1 would be the same, yet cost the trees several times the time.
    weights = {} if (weight == 1).all() else {f"{step}sample_weight": weight}
    # Models run side by side by n_jobs. Threads within one wait for each other, which
    # on a busy machine takes ten times as long as their work.
    with threadpool_limits(1):
        model.fit(X, target, **weights)
        if is_binary:
            return np.asarray(model.predict_proba(X_new)[:, 1], dtype=np.float64)
        return np.asarray(model.predict(X_new), dtype=np.float64)


def _boosted_model(
    is_binary: bool, n_rows: int, is_categorical: BoolArray, seed: int
) -> tuple[Any, str]:
    kind = (
        HistGradientBoostingClassifier if is_binary else HistGradientBoostingRegressor
    )
    model = kind(
        max_iter=200,
        max_bins=_MOST_BINS,
        max_leaf_nodes=8,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=True,
        n_iter_no_change=5,
        categorical_features=is_categorical,
        random_state=seed,
    )
    return model, ""


def _linear_model(
    is_binary: bool, n_rows: int, is_categorical: BoolArray, seed: int
) -> tuple[Any, str]:
    # Ranks keep long tails from steering the line.
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
    last = LogisticRegression(max_iter=1000) if is_binary else Ridge()
    return make_pipeline(columns, last), f"{type(last).__name__.lower()}__"
