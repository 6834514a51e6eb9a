"""One value a row, in any container: outcomes, weights, groups, codes, names."""

from __future__ import annotations

import datetime as dt
import numbers
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.exceptions import DataConversionWarning

from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, RuleError
from skseg.rules import is_missing_value
from skseg.rules._array_column import ArrayColumn, as_array
from skseg.rules._frames import read_frame, read_series
from skseg.rules._series_column import SeriesColumn, decoded

from ._caller import caller_level

# Containers that are no frames: reading them takes no narwhals.
_PLAIN = (np.ndarray, list, tuple, range)


@dataclass(frozen=True)
class Vector:
    """One value a row; the same values are read alike from every container.

    `subject` is that of error messages, such as "group of IVSegmentFinder".
    `is_categorical` tells whether the container calls the values categories.
    """

    owner: str | None
    name: str
    subject: str
    column: ArrayColumn | SeriesColumn
    is_categorical: bool = False

    def __len__(self) -> int:
        column = self.column
        return len(column.values if isinstance(column, ArrayColumn) else column.series)

    @property
    def dtype(self) -> Any:
        """Type of the values in the words of their library."""
        column = self.column
        if isinstance(column, ArrayColumn):
            return column.values.dtype
        return getattr(column.series.to_native(), "dtype", column.series.dtype)

    def numbers(self, rule: str = "numbers") -> FloatArray:
        """Return float64, with missing values as NaN; raise for other than numbers."""
        if getattr(self.dtype, "kind", "") == "c":
            raise InvalidDataError(
                f"Complex data not supported: {self.subject} must be {rule}. Got "
                f"{self.dtype} values.",
                owner=self.owner,
                name=self.name,
                rule=rule,
                value=self._example(None),
            )
        try:
            return self.column.numbers()
        except RuleError as error:
            raise self._error(rule, error.row) from None

    def labels(self) -> npt.NDArray[Any]:
        """Return the values as they are, with missing ones as None.

        Whole numbers stay exact, as they never pass through floats, and flags stay
        flags.
        """
        values = self._plain_values()
        if values.dtype.kind in "biu":
            return values
        if values.dtype.kind in "mM":
            values = np.array(pd.Series(values).tolist(), dtype=object)
        labels = np.empty(len(values), dtype=object)
        for row, value in enumerate(values.tolist()):
            if not is_missing_value(value):
                labels[row] = _python_value(value)
        return labels

    def codes(self) -> IntArray:
        """Return whole numbers, or raise; flags and floats are no codes."""
        rule = "whole numbers"
        values = self._plain_values()
        if not len(values):
            return np.empty(0, dtype=np.intp)
        if values.dtype.kind == "O":
            for row, value in enumerate(values):
                if not _is_whole(value):
                    raise self._error(rule, row)
        elif values.dtype.kind not in "iu":
            raise self._error(rule, None)
        is_small = values <= np.iinfo(np.intp).max
        is_valid = is_small & (values >= np.iinfo(np.intp).min)
        if not is_valid.all():
            raise self._error(f"{rule} of 64 bits", int(np.argmin(is_valid)))
        return values.astype(np.intp)

    def _plain_values(self) -> npt.NDArray[Any]:
        """Return the values as an array that loses nothing."""
        if isinstance(self.column, ArrayColumn):
            return np.asarray(self.column.values)
        series = self.column.series
        # Where values are missing, whole numbers and flags would become floats.
        has_plain_type = series.dtype.is_integer() or series.dtype == nw.Boolean
        is_wide = series.dtype in (nw.Int128, nw.UInt128)
        if has_plain_type and not is_wide and not self.column.missing().any():
            return np.asarray(series.to_numpy())
        values = np.empty(len(series), dtype=object)
        values[:] = series.to_list()
        return values

    def _error(self, rule: str, row: int | None) -> InvalidDataError:
        place = "" if row is None else f" at row {row}"
        example = self._example(row)
        return InvalidDataError(
            f"{self.subject} must be {rule}. Got {self.dtype} values such as "
            f"{example!r}{place}.",
            owner=self.owner,
            name=self.name,
            rule=rule,
            value=example,
            row=row,
            advice=self._advice(rule, example),
        )

    def _advice(self, rule: str, example: Any) -> str | None:
        """Return what to do about a value that breaks the rule, if that is known."""
        if self._is_time(example):
            return ADVICE_ON_TIME
        if is_missing_value(example):
            return "Leave such rows out, or say what they count as."
        if isinstance(example, float) and self.column.missing().any():
            return "Leave out the rows without a value, and convert the others to int."
        if isinstance(example, float) and example.is_integer():
            return f"Convert them to whole numbers, as by {self.name}.astype(int)."
        return None

    def _is_time(self, example: Any) -> bool:
        column = self.column
        if isinstance(column, SeriesColumn) and column.series.dtype.is_temporal():
            return True
        return is_time_value(example)

    def _example(self, row: int | None) -> Any:
        column = self.column
        values = column.values if isinstance(column, ArrayColumn) else column.series
        value = values[row or 0] if len(values) else None
        # numpy's times have no equal in Python.
        is_time = isinstance(value, np.datetime64 | np.timedelta64)
        return value.item() if isinstance(value, np.generic) and not is_time else value


_TIME_TYPES = (
    dt.date,
    dt.time,
    dt.timedelta,
    np.datetime64,
    np.timedelta64,
    pd.Period,
)
ADVICE_ON_TIME = (
    "Dates and durations have no unit of their own, and missing ones would count as "
    "numbers: pass a number, such as days, or a text."
)


def read_vector(
    owner: str | None,
    name: str,
    values: Any,
    n_rows: int | None = None,
    title: str | None = None,
) -> Vector:
    """Return one-dimensional values, `n_rows` of them, or raise.

    A frame or array of one column is taken with a warning, as scikit-learn does. Error
    messages call the values by their `title`, by default their `name`.
    """
    subject = title or name
    if owner is not None:
        subject += f" of {owner}"
    reader = owner or "skseg"
    series = None if isinstance(values, _PLAIN) else _series(reader, name, values)
    column: ArrayColumn | SeriesColumn
    is_categorical = series is not None and series.dtype in (nw.Categorical, nw.Enum)
    if series is None:
        column = ArrayColumn(reader, name, _one_dimensional(reader, name, values))
    else:
        column = SeriesColumn(reader, name, decoded(series))
    vector = Vector(owner, name, subject, column, is_categorical)
    if n_rows is not None and len(vector) != n_rows:
        raise InvalidDataError(
            f"{subject} must have one value a row. Got {len(vector)} values and "
            f"{n_rows} rows.",
            owner=owner,
            name=name,
            rule=f"of length {n_rows}, one value a row",
            value=len(vector),
        )
    return vector


def _series(owner: str, name: str, values: Any) -> nw.Series[Any] | None:
    """Return a series, or the column of a frame that has one; None for other values."""
    series = read_series(values, owner, name)
    if series is not None:
        return series
    frame = read_frame(values, owner, name)
    if frame is None:
        return None
    if frame.shape[1] != 1:
        raise _shape_error(owner, name, frame.shape)
    _warn_of_column_vector(name)
    return frame[:, 0]


def _one_dimensional(owner: str, name: str, values: Any) -> npt.NDArray[Any]:
    """Return plain values as a one-dimensional array, or raise."""
    array = as_array(values)
    if array.ndim == 2 and array.shape[1] == 1:
        _warn_of_column_vector(name)
        return np.asarray(array[:, 0])
    if array.ndim != 1:
        raise _shape_error(owner, name, array.shape)
    return np.asarray(array)


def _shape_error(owner: str, name: str, shape: tuple[int, ...]) -> InvalidDataError:
    return InvalidDataError(
        f"{name} of {owner} must be one-dimensional. Got shape {shape}.",
        owner=owner,
        name=name,
        rule="one-dimensional",
        value=shape,
    )


def _warn_of_column_vector(name: str) -> None:
    warnings.warn(
        f"A column-vector {name} was passed when a 1d array was expected. Please "
        f"change the shape of {name} to (n_samples,), for example using ravel().",
        DataConversionWarning,
        stacklevel=caller_level(),
    )


def is_time_value(value: Any) -> bool:
    """Tell whether a single value is a date, a duration or the like."""
    return isinstance(value, _TIME_TYPES)


def _is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number that no float has been."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    # numpy registers durations as integers.
    is_flag_or_time = isinstance(value, bool | np.timedelta64)
    return isinstance(value, numbers.Integral) and not is_flag_or_time


def _python_value(value: Any) -> Any:
    """Return a value of numpy as one of Python, or of pandas if it is a time."""
    if isinstance(value, np.datetime64):
        # numpy itself makes a whole number of nanoseconds.
        return pd.Timestamp(value)
    if isinstance(value, Decimal) and _is_whole(value):
        # Warehouses store whole numbers as decimals too.
        return int(value)
    return value.item() if isinstance(value, np.generic) else value
