"""Estimators of other libraries, which may lack what those of scikit-learn have."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, RuleError

from ._vector import read_vector


def tags_of(estimator: Any) -> Any:
    """Return the tags of an estimator, the default ones if it has none.

    Libraries with a copy of older base classes, such as k-means-constrained, have none,
    or mixins that look for a base class in vain.
    """
    try:
        return estimator.__sklearn_tags__()
    except AttributeError:
        tags: Any = BaseEstimator().__sklearn_tags__()
        # Before scikit-learn 1.6 the type of an estimator was this attribute.
        tags.estimator_type = getattr(estimator, "_estimator_type", None)
        return tags


def is_classifier(estimator: Any) -> bool:
    """Tell whether an estimator of any library is a classifier."""
    return bool(tags_of(estimator).estimator_type == "classifier")


def params_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator, none if it does not tell them."""
    is_told = hasattr(estimator, "get_params")
    return dict(estimator.get_params()) if is_told else {}


def predict_params(
    estimator: Any, fit_params: Mapping[str, Any], n_rows: int
) -> dict[str, Any]:
    """Return the arguments of ``fit`` that ``predict`` takes too, and for any rows.

    `KPrototypes` needs to know the categorical columns in both.
    """
    try:
        named = signature(estimator.predict).parameters
    except (AttributeError, TypeError, ValueError):
        # There is no predict, or one in C that does not tell its arguments.
        return {}
    return {
        name: value
        for name, value in fit_params.items()
        if name in named and not is_by_row(value, n_rows)
    }


def is_by_row(value: Any, n_rows: int) -> bool:
    """Tell whether an argument has a value for every row."""
    has_length = not isinstance(value, str) and hasattr(value, "__len__")
    return has_length and len(value) == n_rows


def codes_or_none(labels: Any) -> IntArray | None:
    """Return the labels of rows as codes, None if they are no whole numbers."""
    if np.ndim(labels) != 1:
        return None
    try:
        return read_vector(None, "labels", labels).codes()
    except (InvalidDataError, RuleError):
        return None
