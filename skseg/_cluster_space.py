"""The space in which a fitted clusterer has measured its distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array

FloatArray = npt.NDArray[np.float64]

# Where fitted estimators that stand around another one keep it.
_WRAPPED = ("best_estimator_", "segmenter_", "clusterer_")


def cluster_space(owner: str, estimator: Any, X: Any) -> FloatArray:
    """Return the rows as the clusterer at the end of `estimator` has seen them.

    Silhouettes and inertias mean something there alone: before a scaler, the column
    with the largest unit decides on every distance.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    estimator : estimator
        Fitted: a clusterer, a pipeline that ends in one, or what stands around them.
    X : frame or array of shape (n_rows, n_columns)
        Rows as `estimator` takes them.

    Returns
    -------
    ndarray of float64 of shape (n_rows, n_dimensions)
        Finite.

    Raises
    ------
    ValueError
        If the rows are no finite numbers there.
    """
    if isinstance(estimator, FrozenEstimator):
        return cluster_space(owner, estimator.estimator, X)
    if isinstance(estimator, Pipeline):
        before = estimator[:-1]
        rows = before.transform(X) if len(before) else X
        return cluster_space(owner, estimator[-1], rows)
    for name in _WRAPPED:
        if hasattr(estimator, name):
            return cluster_space(owner, getattr(estimator, name), X)
    try:
        return np.asarray(check_array(X, dtype=np.float64, estimator=owner))
    except ValueError as error:
        raise ValueError(
            f"{owner} measures distances, which takes finite numbers in every column "
            f"that the clusterer sees: {error} Encode, impute and scale in a pipeline "
            "before it."
        ) from error
