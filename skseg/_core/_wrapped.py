"""Through pipelines, searches and whatever else stands around a fitted clusterer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skseg._typing import FloatArray
from skseg.exceptions import (
    InvalidDataError,
    MissingColumnError,
    RuleError,
    SksegError,
    representation,
)
from skseg.rules import Columns

from ._base import SegmenterMixin
from ._numeric_rows import numeric_rows
from ._validation import read_columns, read_rows

_ADVICE = "Encode, impute and scale in a pipeline before it."


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
    with the largest unit decides every distance. For a segmenter by rules it is made of
    the columns that its rules use; what else the rows hold, such as an identifier, has
    no part in its segments. Raises if the rows are not finite numbers there; `owner` is
    the class or function that the message names.
    """
    for layer in unwrapped(estimator):
        if isinstance(layer, Pipeline) and len(layer) > 1:
            X = layer[:-1].transform(X)
        elif hasattr(layer, "clusterer_"):
            # InductiveSegmenter has fitted its clusterer to an array without names.
            X = _numbers(owner, read_rows(layer, X, reset=False))
    if isinstance(layer, SegmenterMixin):
        names = layer._space_columns()
        if names is not None:
            return _columns(owner, layer, names, X)
        X = read_rows(layer, X, reset=False)
    return _numbers(owner, X)


def _columns(owner: str, segmenter: Any, names: Sequence[str], X: Any) -> FloatArray:
    """Return columns that a fitted segmenter knows, as finite numbers; or raise."""
    columns = read_columns(segmenter, X, reset=False)
    rows = np.empty((columns.n_rows, len(names)))
    for place, name in enumerate(names):
        try:
            rows[:, place] = columns.numbers(name)
        except MissingColumnError:
            raise
        except RuleError as error:
            held = _contents(columns, name, error.value)
            raise _no_distances(owner, f"Column {name!r} holds {held}.", name) from None
    is_finite = np.isfinite(rows)
    if not is_finite.all():
        row, place = (int(i) for i in np.argwhere(~is_finite)[0])
        fact = f"Got {rows[row, place]} in column {names[place]!r} at row {row}."
        raise _no_distances(owner, fact, names[place], row)
    return rows


def _contents(columns: Columns, name: str, example: object) -> str:
    """Say what a column holds that are no numbers."""
    if columns.is_text(name):
        return "text"
    is_time = isinstance(example, nw.dtypes.DType) and example.is_temporal()
    return "dates or durations" if is_time else representation(example)


def _no_distances(
    owner: str, fact: str, column: str, row: int | None = None
) -> InvalidDataError:
    rule = "finite numbers in every column that the segments depend on"
    return InvalidDataError(
        f"{owner} measures distances, which takes {rule}. {fact}",
        owner=owner,
        name="X",
        rule=rule,
        column=column,
        row=row,
        advice="Encode, impute and scale in a pipeline before, or choose a measure "
        "without distances.",
    )


def _numbers(owner: str, X: Any) -> FloatArray:
    try:
        return numeric_rows(owner, X, advice=_ADVICE)
    except SksegError:
        raise
    except (ValueError, TypeError) as error:
        raise InvalidDataError(
            f"{owner} measures distances, which takes finite numbers in every column "
            f"that the clusterer sees: {error}",
            owner=owner,
            name="X",
            rule="finite numbers in every column that the clusterer sees",
            advice=_ADVICE,
        ) from error
