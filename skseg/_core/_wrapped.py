"""Through pipelines, searches and whatever else stands around a fitted clusterer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, SksegError

from ._numeric_rows import numeric_rows


class WrapperMixin:
    """Mixin for estimators whose segments are those of the fitted ``estimator_``."""

    estimator_: Any


def unwrapped(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and, one after the other, those that it stands around."""
    while estimator is not None:
        yield estimator
        estimator = _inner(estimator)


def _inner(estimator: Any) -> Any:
    """Return what `estimator` stands around, or None."""
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if isinstance(estimator, Pipeline):
        return estimator[-1]
    if hasattr(estimator, "best_estimator_"):
        return estimator.best_estimator_
    if isinstance(estimator, WrapperMixin):
        return getattr(estimator, "estimator_", None)
    return getattr(estimator, "clusterer_", None)


def first_attribute(estimator: Any, name: str) -> Any:
    """Return an attribute of the outermost estimator that has it, or None."""
    for layer in unwrapped(estimator):
        if (value := getattr(layer, name, None)) is not None:
            return value
    return None


def cluster_space(owner: str, estimator: Any, X: Any) -> FloatArray:
    """Return the rows as the clusterer at the end of `estimator` has seen them.

    Silhouettes and inertia only make sense in this space: before a scaler, the column
    with the largest unit decides every distance. Raises if the rows are not finite
    numbers there; `owner` is the class or function that the message names.
    """
    for layer in unwrapped(estimator):
        if isinstance(layer, Pipeline) and len(layer) > 1:
            X = layer[:-1].transform(X)
        elif hasattr(layer, "clusterer_"):
            # InductiveSegmenter has fitted its clusterer to an array without names.
            X = _numbers(owner, X)
    return _numbers(owner, X)


def _numbers(owner: str, X: Any) -> FloatArray:
    try:
        return numeric_rows(owner, X)
    except SksegError:
        raise
    except ValueError as error:
        raise InvalidDataError(
            f"{owner} measures distances, which takes finite numbers in every column "
            f"that the clusterer sees: {error} Encode, impute and scale in a pipeline "
            "before it."
        ) from error
