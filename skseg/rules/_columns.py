"""Reading columns: whatever a frame holds becomes float64 with NaN, or text with None."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from ._errors import RuleError, missing_columns_message

FloatArray = npt.NDArray[np.float64]
ObjectArray = npt.NDArray[np.object_]
BoolArray = npt.NDArray[np.bool_]


def is_missing_value(value: Any) -> bool:
    """Tell whether a single value is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:
        # pandas.NA answers comparisons with NA, which has no truth value.
        return True


class Columns:
    """The columns of a frame, mapping or array, read by name.

    The columns of an array are called ``x0``, ``x1``, ...
    """

    def __init__(self, X: Any, owner: str = "The rule set") -> None:
        self.owner = owner
        self._frame: nw.DataFrame[Any] | None = None
        self._arrays: dict[str, Any] = {}
        if isinstance(X, Mapping):
            self._arrays = {str(name): _as_array(values) for name, values in X.items()}
            lengths = {len(values) for values in self._arrays.values()}
            if len(lengths) > 1:
                raise RuleError(f"The columns differ in length: {sorted(lengths)}.")
            self.n_rows = lengths.pop() if lengths else 0
            self.names = list(self._arrays)
            return
        native = nw.from_native(X, eager_only=True, pass_through=True)
        if isinstance(native, nw.DataFrame):
            self._frame = native
            self.n_rows, self.names = len(native), list(native.columns)
            return
        array = np.asarray(X)
        if array.ndim != 2:
            raise RuleError(
                "Rules read a frame, a mapping of columns or an array of shape (n_rows, "
                f"n_columns). Got {type(X).__name__} of shape {array.shape} instead."
            )
        self.n_rows = len(array)
        self.names = [f"x{i}" for i in range(array.shape[1])]
        self._arrays = {name: array[:, i] for i, name in enumerate(self.names)}

    def require(self, names: list[str]) -> None:
        """Raise unless all of `names` are there."""
        absent = [name for name in names if name not in self.names]
        if absent:
            raise RuleError(missing_columns_message(absent, self.names, self.owner))

    def numbers(self, name: str) -> FloatArray:
        """Return a column as float64, missing values as NaN."""
        if self._frame is None:
            return self._array_numbers(name, self._arrays[name])
        series = self._frame[name]
        dtype = series.dtype
        if dtype == nw.Float64 and series.null_count() == 0:
            return np.asarray(series.to_numpy(), dtype=np.float64)
        if dtype.is_numeric() or dtype == nw.Boolean:
            # Cast before leaving the frame: 64-bit integers with gaps would pass
            # through object arrays otherwise.
            floats = series.cast(nw.Float64)
            if floats.null_count():
                floats = floats.fill_null(math.nan)
            return np.asarray(floats.to_numpy(), dtype=np.float64)
        self._refuse(name, dtype, "numbers")
        return self._object_numbers(name, _series_objects(series))

    def texts(self, name: str) -> ObjectArray:
        """Return a column as an object array of str, missing values as None."""
        if self._frame is None:
            return self._object_texts(name, np.asarray(self._arrays[name], dtype=object))
        series = self._frame[name]
        dtype = series.dtype
        self._refuse(name, dtype, "text")
        if dtype == nw.Enum or (dtype == nw.Categorical and _holds_text(series)):
            series = series.cast(nw.String)
        return self._object_texts(name, _series_objects(series))

    def missing(self, name: str) -> BoolArray:
        """Return which rows of a column, of any type, are missing."""
        if self._frame is not None:
            series = self._frame[name]
            absent = np.asarray(series.is_null().to_numpy(), dtype=bool)
            if series.dtype.is_float():
                absent |= np.isnan(self.numbers(name))
            elif series.dtype == nw.Object:
                absent |= _missing_objects(_series_objects(series))
            return absent
        array = self._arrays[name]
        if array.dtype.kind == "f":
            return np.asarray(np.isnan(array))
        if array.dtype.kind in "mM":
            return np.asarray(np.isnat(array))
        return _missing_objects(np.asarray(array, dtype=object))

    def _refuse(self, name: str, dtype: Any, wanted: str) -> None:
        if dtype.is_temporal():
            raise RuleError(
                f"Column {name!r} holds {dtype}, and {self.owner.lower()} compares "
                f"{wanted}. Turn dates into a number first, such as days before today."
            )

    def _array_numbers(self, name: str, array: Any) -> FloatArray:
        if array.dtype.kind in "fiub":
            return np.asarray(array, dtype=np.float64)
        return self._object_numbers(name, np.asarray(array, dtype=object))

    def _object_numbers(self, name: str, values: ObjectArray) -> FloatArray:
        out = np.empty(len(values))
        for i, value in enumerate(values):
            if isinstance(value, numbers.Real | Decimal):
                out[i] = _to_float(value)
            elif is_missing_value(value):
                out[i] = np.nan
            else:
                self._wrong_kind(name, i, value, "numbers")
        return out

    def _object_texts(self, name: str, values: ObjectArray) -> ObjectArray:
        out = np.empty(len(values), dtype=object)
        for i, value in enumerate(values):
            if isinstance(value, str):
                out[i] = value
            elif not is_missing_value(value):
                self._wrong_kind(name, i, value, "text")
        return out

    def _wrong_kind(self, name: str, row: int, value: Any, wanted: str) -> None:
        other = "text values are quoted in rules" if wanted == "numbers" else (
            "numbers are not quoted in rules"
        )
        raise RuleError(
            f"Column {name!r} is compared with {wanted}, and row {row} holds {value!r} "
            f"({type(value).__name__}). Convert the column, or the rule: {other}."
        )


def _as_array(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values
    array = np.asarray(values)
    # A list such as ["a", None, 1.0] must not become the text "1.0".
    return array if array.dtype.kind in "fiub" else np.array(values, dtype=object)


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        # What IEEE 754 rounding to nearest gives.
        return math.inf if value > 0 else -math.inf


def _holds_text(series: nw.Series[Any]) -> bool:
    return series.cat.get_categories().dtype == nw.String


def _series_objects(series: nw.Series[Any]) -> ObjectArray:
    return np.asarray(series.to_numpy(), dtype=object)


def _missing_objects(values: ObjectArray) -> BoolArray:
    return np.fromiter(map(is_missing_value, values), dtype=bool, count=len(values))
