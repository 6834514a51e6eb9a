"""A column that is a numpy array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import RuleError, representation

from ._date_column import DateArray, read_dates
from ._language._booleans import is_boolean, is_truth_word
from ._language._dates import is_date_value, microseconds_of_text
from ._language._names import column_text
from ._values import (
    NUMBER_TYPES,
    is_missing_value,
    is_number,
    to_float64,
    truth_value,
)

# A look-up remembers up to this many texts; beyond, it classifies unseen ones anew.
_MAX_REMEMBERED = 1 << 16


@dataclass(frozen=True)
class ArrayColumn:
    """One column as an array of any dtype; see `Columns` for what its methods return.

    `owner` is the subject of error messages.
    """

    owner: str
    name: str
    values: Any

    def numbers(self) -> FloatArray:
        """Return the column as float64, missing values as NaN."""
        self._require_comparable("numbers")
        # A longdouble beyond float64 is infinite, as an integer is.
        with np.errstate(over="ignore"):
            return self._floats()

    def _floats(self) -> FloatArray:
        if self.values.dtype.kind in "fiub":
            return np.asarray(self.values, dtype=np.float64)
        values = np.asarray(self.values, dtype=object)
        types = set(map(type, values))
        numeric = (*NUMBER_TYPES, type(None))
        if all(issubclass(t, numeric) for t in types) and np.timedelta64 not in types:
            try:
                # None becomes NaN.
                return values.astype(np.float64)
            except (OverflowError, ValueError):
                pass  # integers beyond float64, signalling NaN
        floats = np.empty(len(values))
        for row, value in enumerate(values):
            if is_missing_value(value):
                floats[row] = np.nan
            elif is_number(value):
                floats[row] = to_float64(value)
            else:
                self._fail_kind(row, value, "numbers")
        return floats

    def text_codes(self, values: Sequence[str]) -> IntArray:
        """Return each row's position in `values`, then "other" and "missing"."""
        self._require_comparable("text")
        texts = np.asarray(self.values, dtype=object)
        codes = _TextCodes(values)
        try:
            return np.fromiter(
                map(codes.__getitem__, texts), dtype=np.intp, count=len(texts)
            )
        except (TypeError, ValueError):
            # A value that is no text, or a missing one that has no hash.
            self._require_text(texts)
            present = [text if isinstance(text, str) else None for text in texts]
            return np.array([codes[text] for text in present], dtype=np.intp)

    def boolean_codes(self) -> IntArray:
        """Return 0 for false, 1 for true and 2 for a missing value."""
        self._require_comparable("booleans")
        if self.values.dtype.kind == "b":
            return self.values.astype(np.intp)  # type: ignore[no-any-return]
        codes = np.full(len(self.values), 2, dtype=np.intp)
        if self.values.dtype.kind in "fiu":
            codes[self.values == 0], codes[self.values == 1] = 0, 1
            for row in np.flatnonzero((codes == 2) & ~np.isnan(self.values))[:1]:
                self._fail_kind(int(row), self.values[row].item(), "booleans")
            return codes
        remembered: dict[str, int] = {}
        for row, value in enumerate(self.values):
            code = remembered.get(value) if type(value) is str else None
            if code is None:
                code = self._boolean_code(row, value)
                if type(value) is str:
                    remembered[value] = code
            codes[row] = code
        return codes

    def _boolean_code(self, row: int, value: Any) -> int:
        if is_missing_value(value):
            return 2
        truth = truth_value(value)
        if truth is None:
            self._fail_kind(row, value, "booleans")
        return int(truth)

    def dates(self) -> DateArray:
        """Return the column as datetime64 in microseconds, missing values as NaT."""
        return read_dates(self.owner, self.name, self.values)

    def is_text(self) -> bool:
        """Tell whether the column holds text."""
        if self.values.dtype.kind != "O":
            return bool(self.values.dtype.kind in "US")
        return any(isinstance(value, str) for value in self.values)

    def levels(self) -> list[str]:
        """Return the different texts of the column, sorted."""
        self._require_comparable("text")
        self._require_text(self.values)
        # An array of texts holds a subclass of str.
        return sorted({str(v) for v in self.values if isinstance(v, str)})

    def missing(self) -> BoolArray:
        """Return which rows are missing."""
        if self.values.dtype.kind in "fc":
            return np.asarray(np.isnan(self.values))
        if self.values.dtype.kind in "mM":
            return np.asarray(np.isnat(self.values))
        values = np.asarray(self.values, dtype=object)
        return np.fromiter(map(is_missing_value, values), dtype=bool, count=len(values))

    def _require_comparable(self, kind: str) -> None:
        if self.values.dtype.kind in "mM":
            advice = date_advice if self.values.dtype.kind == "M" else duration_advice
            raise incomparable_error(
                self.owner, self.name, self.values.dtype, kind, advice(self.name)
            )

    def _require_text(self, values: Iterable[Any]) -> None:
        for row, value in enumerate(values):
            if not isinstance(value, str) and not is_missing_value(value):
                self._fail_kind(row, value, "text")

    def _fail_kind(self, row: int, value: Any, kind: str) -> NoReturn:
        """Raise, since a row holds a value of another kind."""
        advice = _kind_advice(kind, self.name, value)
        is_iso = isinstance(value, str) and microseconds_of_text(value) is not None
        if is_date_value(value) or is_iso:
            advice = date_advice(self.name)
        raise RuleError(
            f"{self.owner} compares {kind}, and row {row} of column {self.name!r} "
            f"holds {representation(value)} ({type(value).__name__}).",
            owner=self.owner,
            rule=kind,
            value=value,
            column=self.name,
            row=row,
            advice=advice,
        )


def _kind_advice(kind: str, name: str, value: Any) -> str:
    """Say what to do about a value that is not of a kind."""
    if kind == "booleans":
        return (
            "Booleans are True and False, 1 and 0, or the texts true and false. Other "
            "values are compared with what they are: == 'yes', == 2."
        )
    is_word = isinstance(value, str) and is_truth_word(value)
    if is_word or is_boolean(value):
        rule = f"{column_text(name)} == True"
        return f"Compare booleans with True or False, without quotes: {rule}."
    quotes = {
        "numbers": "text values are quoted in rules",
        "text": "numbers are not quoted in rules",
    }
    return f"Convert the column, or the rule: {quotes[kind]}."


def incomparable_error(
    owner: str, name: str, dtype: object, kind: str, advice: str | None
) -> RuleError:
    """Return the error for a column whose type holds neither numbers nor text."""
    return RuleError(
        f"{owner} compares {kind}, and column {name!r} holds {dtype}.",
        owner=owner,
        rule=kind,
        value=dtype,
        column=name,
        advice=advice,
    )


def date_advice(name: str) -> str:
    """Say how to use a column of dates."""
    return (
        "Turn dates into a number first, such as days before today, or compare them "
        f"with a date in a rule: {column_text(name)} >= date('2024-12-25')."
    )


def duration_advice(name: str) -> str:
    """Say how to use a column of durations."""
    return f"Turn durations into numbers first: X[{name!r}] / pandas.Timedelta(days=1)."


class _TextCodes(dict[Any, int]):
    """Text -> its code; a text that is not listed is classified when first seen."""

    def __init__(self, listed: Sequence[str]) -> None:
        super().__init__((text, code) for code, text in enumerate(listed))
        self.other = len(listed)

    def __missing__(self, value: Any) -> int:
        if isinstance(value, str):
            code = self.other
        elif is_missing_value(value):
            code = self.other + 1
        else:
            raise TypeError(value)
        if len(self) < _MAX_REMEMBERED:
            self[value] = code
        return code


def as_array(values: Any) -> Any:
    """Return `values` as an array that keeps the type of every value."""
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
