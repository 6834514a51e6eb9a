"""Rows as numbers, for everything that measures distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules._frames import read_frame

from ._vector import ADVICE_ON_TIME, is_time_value


def numeric_rows(owner: str, X: Any, **options: Any) -> FloatArray:
    """Return the rows of any container as float64; `options` are of `check_array`.

    Raises what `check_array` does; `InvalidDataError` for dates and durations, which it
    would count in whatever unit they are stored, and for frames that are not read.
    """
    check_no_times(owner, X)
    rows = check_array(X, dtype=np.float64, estimator=owner, **options)
    return np.asarray(rows)


def check_no_times(owner: str, X: Any) -> None:
    """Raise if any value is a date or a duration, or the frame is not read."""
    frame = read_frame(X, owner)
    if frame is None:
        _check_no_times_in_array(owner, X)
        return
    for column in frame.iter_columns():
        if column.dtype.is_temporal():
            raise _time_error(owner, column.dtype, column.name)


def _check_no_times_in_array(owner: str, X: Any) -> None:
    try:
        array = np.asarray(X) if isinstance(X, np.ndarray | list | tuple) else None
    except ValueError:
        return  # rows of unequal length, which are refused later
    if array is None:
        return
    if array.dtype.kind in "mM":
        raise _time_error(owner, array.dtype)
    if array.dtype.kind == "O":
        for value in array.flat:
            if is_time_value(value):
                raise _time_error(owner, type(value).__name__)


def _time_error(
    owner: str, dtype: object, column: str | None = None
) -> InvalidDataError:
    place = "" if column is None else f" in column {column!r}"
    return InvalidDataError(
        f"X of {owner} must be numbers. Got {dtype} values{place}.",
        owner=owner,
        name="X",
        rule="numbers",
        column=column,
        advice=ADVICE_ON_TIME,
    )
