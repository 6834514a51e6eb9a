"""Rows as numbers, for everything that measures distances."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils.validation import check_array

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns
from skseg.rules._frames import read_frame

from ._mixed_columns import MixedColumns
from ._vector import ADVICE_ON_TIME, is_time_value

ENCODE = "Encode it in a pipeline before, as by OneHotEncoder, or leave it out."
_IMPUTE = "Impute in a pipeline before, as by SimpleImputer, or leave the columns out."
_REPLACE = "SimpleImputer takes no infinite values: replace these by NaN before it."


def numeric_rows(
    owner: str, X: Any, *, advice: str = ENCODE, **options: Any
) -> FloatArray:
    """Return the rows of any container as float64; `options` are of `check_array`.

    Raises what `check_array` does; `InvalidDataError` for dates and durations, which it
    would count in whatever unit they are stored, for text, which is a number only by
    its looks, for missing and infinite values, and for frames that are not read.
    `advice` is that on text.
    """
    check_no_times(owner, X)
    check_no_text(owner, X, advice)
    try:
        rows = check_array(X, dtype=np.float64, estimator=owner, **options)
    except ValueError as error:
        raise named_fault(owner, X, error) from None
    return np.asarray(rows)


def named_fault(owner: str, X: Any, error: ValueError) -> ValueError:
    """Return an error of `check_array` with the columns that are not finite.

    Other errors are returned as they are.
    """
    is_nan, is_infinite = "contains NaN" in str(error), "infinity" in str(error)
    columns = MixedColumns.of(X, owner) if is_nan or is_infinite else None
    if columns is None or columns.first is None:
        return error
    advice = f"{_IMPUTE} For these columns: {columns.recipe()}."
    return InvalidDataError(
        f"Input X contains {'NaN' if is_nan else 'infinity'}. {owner} measures "
        f"distances, which takes finite numbers in every column. {columns.faults()}",
        owner=owner,
        name="X",
        rule="finite numbers in every column",
        column=columns.first,
        advice=f"{_REPLACE} {advice}" if columns.infinite else advice,
    )


def named_text(owner: str, X: Any, error: ValueError) -> ValueError:
    """Return an error on an array with the columns of text, if these are the cause."""
    columns = MixedColumns.of(X, owner) if "string" in str(error) else None
    if columns is None or not columns.texts:
        return error
    return InvalidDataError(
        f"{owner} reads arrays as numbers: {error}. {columns.faults()}",
        owner=owner,
        name="X",
        rule="numbers in every column of an array",
        column=columns.texts[0],
        advice="Pass a frame, such as pandas.DataFrame(X), in which columns may hold "
        f"text, or encode. For these columns: {columns.recipe()}.",
    )


def check_no_text(owner: str, X: Any, advice: str = ENCODE) -> None:
    """Raise if a column holds text; other faults are left to `check_array`."""
    frame = read_frame(X, owner)
    if frame is None:
        is_array = isinstance(X, np.ndarray) and X.ndim == 2
        if not is_array or X.dtype.kind not in "OUS":
            return
    columns = Columns(X if frame is None else frame, owner)
    if not any(map(columns.is_text, columns.names)):
        return
    mixed = MixedColumns.of_columns(columns, is_array=frame is None)
    raise InvalidDataError(
        f"{owner} measures distances, which takes finite numbers in every column. "
        f"{mixed.faults()}",
        owner=owner,
        name="X",
        rule="finite numbers in every column",
        column=mixed.texts[0],
        advice=f"{advice} For these columns: {mixed.recipe()}.",
    )


def check_no_times(owner: str, X: Any) -> None:
    """Raise if any value is a date or a duration, or the frame is not read."""
    frame = read_frame(X, owner)
    if frame is None:
        _check_no_times_in_array(owner, X)
        return
    for column in frame.iter_columns():
        if column.dtype.is_temporal():
            raise _time_error(owner, column.dtype, column.name)
        if column.dtype == nw.Object:
            for value in column.to_list():
                if is_time_value(value):
                    raise _time_error(owner, type(value).__name__, column.name)


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
