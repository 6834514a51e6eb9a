"""Reading columns: what a frame holds becomes float64 with NaN, or codes of text."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray, ObjectArray
from skseg.exceptions import MissingColumnError, RuleError

# Up to this many values, a comparison a piece within the frame beats taking every text
# out of it.
_FEW_VALUES = 16
# Texts that a look-up remembers; beyond, unseen ones are looked at again and again.
_MANY_TEXTS = 1 << 16
# What numpy converts on its own; to text it would do more than that.
_AS_FLOAT = (numbers.Real, Decimal, type(None))
_BRIDGES: dict[Any, Any] = {
    nw.Boolean: nw.Int8,
    nw.Int128: nw.Float64,
    nw.UInt128: nw.Float64,
}


def is_missing_value(value: Any) -> bool:
    """Tell whether a single value is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, Decimal):
        # A signalling NaN refuses to be compared.
        return value.is_nan()
    try:
        return bool(value != value)
    except TypeError:
        # pandas.NA answers comparisons with NA, which has no truth value.
        return True
    except ValueError:
        # Nor has an array of several values, which is not a missing one.
        return False


class Columns:
    """The columns of a frame, mapping or array, read by name.

    The columns of an array are called ``x0``, ``x1``, ...
    """

    def __init__(self, X: Any, owner: str = "The rule set") -> None:
        self.owner = owner
        self._frame: nw.DataFrame[Any] | None = None
        self._arrays: dict[str, Any] = {}
        if isinstance(X, Mapping):
            self._arrays = {str(name): _one_column(name, X[name]) for name in X}
            lengths = {len(values) for values in self._arrays.values()}
            if len(lengths) > 1:
                raise RuleError(f"The columns differ in length: {sorted(lengths)}.")
            self.n_rows = lengths.pop() if lengths else 0
            self.names = list(self._arrays)
            return
        try:
            native = nw.from_native(X, eager_only=True, pass_through=True)
            if isinstance(native, nw.DataFrame):
                self._frame = native
                self.n_rows, self.names = len(native), list(native.columns)
                return
        except nw.exceptions.DuplicateError as error:
            raise RuleError(f"{owner} cannot tell columns apart: {error}") from None
        array = _as_array(X)
        if array.ndim != 2:
            raise RuleError(
                "Rules read a frame, a mapping of columns or an array of shape "
                f"(n_rows, n_columns). Got {type(X).__name__} of shape {array.shape} "
                "instead."
            )
        self.n_rows = len(array)
        self.names = [f"x{i}" for i in range(array.shape[1])]
        self._arrays = {name: array[:, i] for i, name in enumerate(self.names)}

    def take(self, rows: IntArray) -> Columns:
        """Return some of the rows."""
        if self._frame is not None:
            return Columns(self._frame[rows], self.owner)
        return Columns(
            {n: values[rows] for n, values in self._arrays.items()}, self.owner
        )

    def require(self, names: list[str]) -> None:
        """Raise unless all of `names` are there."""
        absent = [name for name in names if name not in self.names]
        if absent:
            raise MissingColumnError(self.owner, absent, self.names)

    def numbers(self, name: str) -> FloatArray:
        """Return a column as float64, missing values as NaN."""
        column = self._column(name, "numbers")
        if isinstance(column, nw.Series):
            # Flags with gaps would come out as slow objects, and numpy has no integers
            # of 128 bits.
            bridge = _BRIDGES.get(type(column.dtype))
            column = (column.cast(bridge) if bridge else column).to_numpy()
        if column.dtype.kind in "fiub":
            return np.asarray(column, dtype=np.float64)
        return self._object_numbers(name, np.asarray(column, dtype=object))

    def text_codes(self, name: str, values: Sequence[str]) -> IntArray:
        """Return each row's position in `values`.

        Any other text gets ``len(values)``, a missing one ``len(values) + 1``.
        """
        column = self._column(name, "text")
        if isinstance(column, nw.Series):
            if len(values) <= _FEW_VALUES and _compares_as_text(column):
                try:
                    return _compared(column, values)
                except NotImplementedError:
                    pass  # pyarrow cannot compare a string_view
            column = column.to_numpy()
        return self._looked_up(name, np.asarray(column, dtype=object), values)

    def is_text(self, name: str) -> bool:
        """Tell whether a column holds text; one without any value holds numbers."""
        column = self._column(name, None)
        if isinstance(column, nw.Series):
            if column.dtype in (nw.String, nw.Categorical, nw.Enum):
                # Categories of pandas may be numbers.
                return column.dtype == nw.String or _has_text_categories(column)
            if column.dtype != nw.Object:
                return False
            column = column.to_numpy()
        if column.dtype.kind != "O":
            return bool(column.dtype.kind in "US")
        return any(isinstance(value, str) for value in column)

    def levels(self, name: str) -> list[str]:
        """Return the different texts of a column, sorted."""
        column = self._column(name, "text")
        if isinstance(column, nw.Series):
            column = column.drop_nulls().unique().to_numpy()
        texts = {value for value in column if not is_missing_value(value)}
        for value in texts:
            if not isinstance(value, str):
                row = list(column).index(value)
                self._wrong_kind(name, row, value, "text")
        return sorted(texts)

    def missing(self, name: str) -> BoolArray:
        """Return which rows of a column, of any type, are missing."""
        column = self._column(name, None)
        if isinstance(column, nw.Series):
            null = np.array(column.is_null().to_numpy(), dtype=bool)
            if column.dtype.is_float():
                return null | np.isnan(column.to_numpy())
            if column.dtype != nw.Object:
                return null
            column = column.to_numpy()
        if column.dtype.kind in "fc":
            return np.asarray(np.isnan(column))
        if column.dtype.kind in "mM":
            return np.asarray(np.isnat(column))
        objects = np.asarray(column, dtype=object)
        return np.fromiter(
            map(is_missing_value, objects), dtype=bool, count=len(objects)
        )

    def _column(self, name: str, wanted: str | None) -> Any:
        """Return a series or an array, of a type that may hold the wanted kind."""
        if self._frame is not None:
            column: Any = self._frame[name]
        else:
            column = self._arrays[name]
        if isinstance(column, nw.Series):
            column = _decoded(column)
            temporal, nested = column.dtype.is_temporal(), column.dtype.is_nested()
        else:
            temporal, nested = column.dtype.kind in "mM", False
        if wanted and (temporal or nested):
            hint = " Turn dates into a number first, such as days before today."
            raise RuleError(
                f"{self.owner} compares {wanted}, and column {name!r} holds "
                f"{column.dtype}.{hint if temporal else ''}"
            )
        return column

    def _object_numbers(self, name: str, values: ObjectArray) -> FloatArray:
        if all(issubclass(t, _AS_FLOAT) for t in set(map(type, values))):
            try:
                # None becomes NaN.
                return values.astype(np.float64)
            except (OverflowError, ValueError):
                pass  # integers beyond float64, signalling NaN
        out = np.empty(len(values))
        for i, value in enumerate(values):
            if is_missing_value(value):
                out[i] = np.nan
            elif isinstance(value, numbers.Real | Decimal):
                out[i] = _to_float(value)
            else:
                self._wrong_kind(name, i, value, "numbers")
        return out

    def _looked_up(
        self, name: str, values: ObjectArray, named: Sequence[str]
    ) -> IntArray:
        codes = _TextCodes(named)
        try:
            return np.fromiter(
                map(codes.__getitem__, values), dtype=np.intp, count=len(values)
            )
        except TypeError:
            for i, value in enumerate(values):
                if not isinstance(value, str) and not is_missing_value(value):
                    self._wrong_kind(name, i, value, "text")
            raise

    def _wrong_kind(self, name: str, row: int, value: Any, wanted: str) -> NoReturn:
        hint = "text values are quoted in rules"
        if wanted == "text":
            hint = "numbers are not quoted in rules"
        raise RuleError(
            f"{self.owner} compares {wanted}, and row {row} of column {name!r} holds "
            f"{value!r} ({type(value).__name__}). Convert the column, or the rule: "
            f"{hint}."
        )


class _TextCodes(dict[Any, int]):
    """Text -> its code; what is not known yet is looked at once."""

    def __init__(self, named: Sequence[str]) -> None:
        super().__init__((text, code) for code, text in enumerate(named))
        self.other = len(named)

    def __missing__(self, value: Any) -> int:
        if isinstance(value, str):
            code = self.other
        elif is_missing_value(value):
            code = self.other + 1
        else:
            raise TypeError(value)
        if len(self) < _MANY_TEXTS:
            self[value] = code
        return code


def _one_column(name: Any, values: Any) -> Any:
    column = nw.from_native(values, series_only=True, pass_through=True)
    if isinstance(column, nw.Series):
        return column
    array = _as_array(values)
    if array.ndim != 1:
        raise RuleError(
            f"Column {str(name)!r} must be one-dimensional. Got "
            f"{type(values).__name__} of shape {array.shape} instead."
        )
    return array


def _as_array(values: Any) -> Any:
    if isinstance(values, np.ma.MaskedArray):
        objects = np.array(values.data, dtype=object)
        objects[np.ma.getmaskarray(values)] = None
        return objects
    if isinstance(values, np.ndarray):
        return values
    try:
        array = np.asarray(values)
    except ValueError:
        # Rows or values of unequal length.
        return np.array(values, dtype=object)
    # A list such as ["a", None, 1.0] must not become the text "1.0".
    return array if array.dtype.kind in "fiub" else np.array(values, dtype=object)


def _has_text_categories(column: nw.Series[Any]) -> bool:
    if not column.implementation.is_pandas_like():
        return True
    categories = column.to_native().dtype.categories
    return any(isinstance(category, str) for category in categories)


def _decoded(column: nw.Series[Any]) -> nw.Series[Any]:
    """Return a dictionary-encoded column of polars or pyarrow as a plain one."""
    if column.dtype not in (nw.Categorical, nw.Enum):
        return column
    if column.implementation.is_polars():
        return column.cast(nw.String)
    if column.implementation.is_pyarrow():
        native = column.to_native()
        return nw.from_native(native.cast(native.type.value_type), series_only=True)
    return column


def _compares_as_text(column: nw.Series[Any]) -> bool:
    """Tell whether a column holds nothing but text, and compares with it fast."""
    if not column.implementation.is_pandas_like():
        return column.dtype == nw.String
    native = column.to_native()
    categories = getattr(native.dtype, "categories", None)
    if categories is not None:
        return all(isinstance(category, str) for category in categories)
    storage = getattr(native.dtype, "storage", repr(native.dtype))
    return column.dtype == nw.String and "pyarrow" in storage


def _compared(column: nw.Series[Any], values: Sequence[str]) -> IntArray:
    codes = np.full(len(column), len(values), dtype=np.intp)
    for code, value in enumerate(values):
        codes[(column == value).fill_null(False).to_numpy()] = code
    codes[column.is_null().to_numpy()] = len(values) + 1
    return codes


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        # What IEEE 754 rounding to nearest gives.
        return math.inf if value > 0 else -math.inf
