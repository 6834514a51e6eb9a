"""A policy without findings: every row by its own estimated effect.

It shows what findings give up for being readable: a T-learner [1]_ on the cells of the
columns.

.. [1] S. Kuenzel, J. Sekhon, P. Bickel, B. Yu (2019), Metalearners for estimating
   heterogeneous treatment effects using machine learning. Proceedings of the National
   Academy of Sciences 116 (10), 4156-4165.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from skseg._finders._rows._economics import Economics
from skseg._finders._search import Search
from skseg._typing import BoolArray, FloatArray

from ._folds import cell_hashes

Codes = npt.NDArray[np.uint8]

# A yardstick must cost less than the findings: boosting 10,000 rows takes 0.1 s.
_MAX_ROWS = 10_000
# With fewer rows in a group boosting follows noise, and a line is better.
_MIN_BOOSTED_ROWS = 2_500


def effects_by_model(search: Search, codes: Codes) -> FloatArray:
    """Return the estimated effect of A over B on each row of `codes`.

    The models see at most 10,000 of the rows searched. Without groups it is the
    expected outcome.
    """
    rows = search.rows
    matrix, new = (_design_matrix(search, cells) for cells in (search.codes, codes))
    chosen = _sample(search)
    groups: list[Any] = [...]
    if rows.in_a is not None:
        groups = [rows.in_a[chosen], ~rows.in_a[chosen]]
    means = []
    # Threads wait for each other on a busy machine, which takes longer than their work.
    with threadpool_limits(1):
        for group in groups:
            members = chosen[group]
            y, weight = rows.y[members], rows.weight[members]
            means.append(_predicted(matrix[members], y, weight, new, search))
    return means[0] if len(means) == 1 else means[0] - means[1]


def policy_by_model(search: Search, codes: Codes, share: float) -> BoolArray:
    """Return the rows of `codes` that the model sends to A.

    Without groups, the `share` of the rows with the best expected outcomes.
    """
    gain = (search.rows.economics or Economics()).gain
    gains = gain(effects_by_model(search, codes))
    if search.rows.in_a is not None:
        return np.asarray(gains > 0)
    best = np.argsort(-gains, kind="stable")[: round(share * len(gains))]
    to_a = np.zeros(len(gains), dtype=bool)
    to_a[best] = True
    return to_a


def _sample(search: Search) -> npt.NDArray[np.intp]:
    """Return the positions of the rows to fit, whatever the order of the rows."""
    names = [column.name for column in search.coding.columns]
    hashes = cell_hashes(search.codes, names, search.rows, search.random_state)
    return np.argsort(hashes, kind="stable")[:_MAX_ROWS]


def _design_matrix(search: Search, codes: Codes) -> FloatArray:
    """Return cells of numbers as they are ordered, and those of texts as flags."""
    columns: list[FloatArray] = [np.zeros(codes.shape[1])]
    for axis, cells in zip(search.axes, codes, strict=True):
        if axis.nominal:
            columns += [(cells == i).astype(np.float64) for i in range(axis.n_cells)]
            continue
        is_missing = cells >= axis.n_known
        place = 2.0 * cells / axis.n_known - 1.0
        columns += [np.where(is_missing, 0.0, place), is_missing.astype(np.float64)]
    return np.column_stack(columns)


def _predicted(
    X: FloatArray, y: FloatArray, weight: FloatArray, new: FloatArray, search: Search
) -> FloatArray:
    if not len(y) or (y == y[0]).all():
        return np.full(len(new), y[0] if len(y) else 0.0)
    if len(y) < _MIN_BOOSTED_ROWS:
        ridge = RidgeCV(alphas=np.logspace(0, 4, 9)).fit(X, y, sample_weight=weight)
        return np.asarray(ridge.predict(new), dtype=np.float64)
    is_binary = search.rows.is_binary
    kind = (
        HistGradientBoostingClassifier if is_binary else HistGradientBoostingRegressor
    )
    model = kind(
        learning_rate=0.3,
        max_iter=25,
        max_leaf_nodes=8,
        min_samples_leaf=50,
        early_stopping=True,
        n_iter_no_change=3,
        random_state=search.random_state % 2**32,
    )
    # Weights of 1 change nothing, but boosting takes several times as long with them.
    weights = {} if (weight == 1).all() else {"sample_weight": weight}
    model.fit(X, y, **weights)
    predicted = model.predict_proba(new)[:, 1] if is_binary else model.predict(new)
    return np.asarray(predicted, dtype=np.float64)
