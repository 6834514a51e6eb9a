"""Which rows an estimator accepts, as some take no missing values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from skseg._core._base import SegmenterMixin
from skseg._core._caller import caller_level
from skseg._core._foreign import is_by_row, tags_of
from skseg._core._mixed_columns import listed
from skseg._typing import BoolArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns

from ._monotone import keeps_order


def accepted_rows(owner: str, estimator: Any, columns: Columns) -> BoolArray:
    """Return which rows the estimator accepts; warn of others, raise if there is none.

    Called by ``fit`` itself: the warning points to the line that calls ``fit``.
    """
    if takes_missing(estimator):
        return np.ones(columns.n_rows, dtype=bool)
    accepted = is_complete(columns)
    if not accepted.any():
        raise InvalidDataError(
            "Every row of X has a missing or infinite value (NaN, None, inf), in "
            f"{_incomplete(columns)}, and {estimator!r} takes none.",
            owner=owner,
            name="X",
            rule="at least one row without missing and infinite values",
            advice="Impute in a pipeline before it.",
        )
    if not accepted.all():
        warnings.warn(
            f"{int((~accepted).sum())} of {len(accepted)} rows have missing or "
            f"infinite values in {_incomplete(columns)} and no part in the fit of "
            f"{estimator!r}, which takes none. They get their segments by the rules. "
            "Impute in a pipeline before it to have them segmented.",
            UserWarning,
            stacklevel=caller_level(),
        )
    return accepted


def takes_missing(estimator: Any) -> bool:
    """Tell whether an estimator may be given rows with missing values.

    The tags of pipelines and searches are not reliable. These are given all rows,
    unless none of their steps could impute.
    """
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps]
        return not all(map(keeps_order, steps[:-1])) or takes_missing(steps[-1])
    inner = getattr(estimator, "estimator", None)
    if isinstance(inner, Pipeline) and not isinstance(estimator, SegmenterMixin):
        return takes_missing(inner)
    return bool(tags_of(estimator).input_tags.allow_nan)


def is_complete(columns: Columns) -> BoolArray:
    """Return which rows have a finite number, or a text, in every column."""
    complete = np.ones(columns.n_rows, dtype=bool)
    for name in columns.names:
        complete &= _is_complete_in(columns, name)
    return complete


def _is_complete_in(columns: Columns, name: str) -> BoolArray:
    if columns.is_text(name):
        return ~columns.missing(name)
    return np.isfinite(columns.numbers(name))


def _incomplete(columns: Columns) -> str:
    """Return the columns with a missing or infinite value, in words."""
    names = [name for name in columns.names if not _is_complete_in(columns, name).all()]
    noun = "column" if len(names) == 1 else "columns"
    return f"{noun} {listed(names)}"


def take_accepted(values: Any, accepted: BoolArray) -> Any:
    """Return the accepted rows of values that have one for each row, else `values`."""
    if accepted.all() or not is_by_row(values, len(accepted)):
        return values
    return _safe_indexing(values, np.flatnonzero(accepted))
