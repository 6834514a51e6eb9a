"""Segment codes by estimators, checked for use in scores."""

from __future__ import annotations

from textwrap import shorten
from typing import Any

import numpy as np

from skseg._core._foreign import codes_or_none
from skseg._core._wrapped import first_attribute
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules._reserved_names import NOISE, OUTSIDE


def check_predicts(owner: str, estimator: Any) -> None:
    """Raise if `estimator` cannot assign segments to new rows."""
    if isinstance(estimator, type) or not hasattr(estimator, "predict"):
        raise InvalidDataError(
            f"{owner} needs an estimator with predict, as rows that it was not fitted "
            f"on have to get a segment. Got {_short(estimator)}.",
            owner=owner,
            name="estimator",
            rule="an estimator with predict",
            value=estimator,
            advice="InductiveSegmenter adds predict: InductiveSegmenter(DBSCAN()).",
        )


def predicted_codes(owner: str, estimator: Any, X: Any) -> IntArray:
    """Return the codes that a fitted estimator predicts for some rows, or raise."""
    check_predicts(owner, estimator)
    codes = as_codes(owner, estimator, estimator.predict(X))
    if not len(codes):
        raise InvalidDataError(
            f"{owner} needs at least one held-out row. Got an X of no rows.",
            owner=owner,
            name="X",
            rule="at least one row",
            value=0,
        )
    return codes


def as_codes(owner: str, estimator: Any, values: Any) -> IntArray:
    """Return the segments that an estimator gave as codes, or raise."""
    codes = codes_or_none(values)
    if codes is None:
        array = np.asarray(values)
        raise InvalidDataError(
            f"{owner} needs segments as integer codes, one per row. Got {array.dtype} "
            f"of shape {array.shape} from {_short(estimator)}.",
            owner=owner,
            name="estimator",
            rule="an estimator that gives integer codes, one per row",
            value=estimator,
        )
    return codes


def training_codes(estimator: Any) -> IntArray:
    """Return the codes of the training rows; empty if the estimator keeps none."""
    labels = first_attribute(estimator, "labels_")
    if labels is None:
        return np.empty(0, dtype=np.intp)
    codes = codes_or_none(labels)
    return np.asarray(labels, dtype=np.intp) if codes is None else codes


def names_by_code(estimator: Any) -> dict[int, str]:
    """Return code -> name of the segments, -1 for noise and outside; empty for none."""
    names = first_attribute(estimator, "segment_names_")
    if names is None:
        return {}
    names = [str(name) for name in names]
    outside = [-1] if names and names[-1] in (NOISE, OUTSIDE) else []
    codes = [*range(len(names) - len(outside)), *outside]
    return dict(zip(codes, names, strict=True))


def _short(estimator: Any) -> str:
    return shorten(repr(estimator), 80, placeholder=" ...")
