"""Through pipelines, searches and whatever else stands around a fitted clusterer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

# Where fitted estimators keep the one that they stand around.
_INNER = ("best_estimator_", "segmenter_", "clusterer_")


def unwrapped(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and, one after the other, those that it stands around."""
    while True:
        yield estimator
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        else:
            inner = [name for name in _INNER if hasattr(estimator, name)]
            if not inner:
                return
            estimator = getattr(estimator, inner[0])


def first_attribute(estimator: Any, name: str) -> Any:
    """Return an attribute of the outermost estimator that has it, or None."""
    for one in unwrapped(estimator):
        if (value := getattr(one, name, None)) is not None:
            return value
    return None


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
    for one in unwrapped(estimator):
        if isinstance(one, Pipeline) and len(one) > 1:
            X = one[:-1].transform(X)
    try:
        return np.asarray(check_array(X, dtype=np.float64, estimator=owner))
    except ValueError as error:
        raise InvalidDataError(
            f"{owner} measures distances, which takes finite numbers in every column "
            f"that the clusterer sees: {error} Encode, impute and scale in a pipeline "
            "before it."
        ) from error
