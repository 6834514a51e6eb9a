"""Columns of a file read by what they hold: ids, text, numbers, booleans or dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_float_dtype, is_numeric_dtype

from skseg._rfm._date_texts import DateFormat, format_remedies
from skseg._rfm._number_texts import NumberFormat
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import col
from skseg.rules._language._dates import microseconds_of_text
from skseg.rules._values import truth_value

from ._advice import Advice, Parameter, remedies_advice
from ._ids import as_integers_if_lossless, cell_text, without_zero_decimals
from ._number_columns import NumberColumn, number_remedies
from ._table_header import OWNER

# Different words of a column that is taken for one of words.
MOST_WORDS = 10
KINDS = ("id", "text", "number", "boolean", "date")


class ColumnReader(NamedTuple):
    """What reads columns of a frame by their kind, and says where a cell is wrong.

    `place` returns where a row, counted from 0, is: file and line.
    """

    frame: pd.DataFrame
    file_name: str
    place: Callable[[int], str]
    number_format: NumberFormat
    date_format: DateFormat

    def read(self, name: str, kind: str | None) -> Any:
        """Return a column; one without a kind has the types of the file."""
        readers: dict[str, Callable[[str], Any]] = {
            "id": self.ids,
            "text": self.texts,
            "number": self.numbers,
            "boolean": self.booleans,
            "date": self.dates,
        }
        return self.frame[name] if kind is None else readers[kind](name)

    def ids(self, name: str) -> pd.Series[Any]:
        """Return a column of ids: integers where no leading zero is lost by it."""
        column = self.frame[name]
        if is_float_dtype(column) or str(column.dtype).startswith("decimal"):
            return without_zero_decimals(column)
        return as_integers_if_lossless(self.texts(name))

    def texts(self, name: str) -> pd.Series[Any]:
        """Return a column; one that mixes types, as of an Excel file, as text."""
        column = self.frame[name]
        if column.dtype != object or infer_dtype(column, skipna=True) == "string":
            return column
        texts = [None if pd.isna(value) else cell_text(value) for value in column]
        return pd.Series(texts, column.index, dtype=object, name=name)

    def numbers(self, name: str, *, may_be_text: bool = True) -> FloatArray:
        """Return a column as numbers, NaN where it is missing, or raise with the place.

        ``true`` and ``false``, in any case, are 1 and 0 where a column has no numbers
        but these. The error says how to use the column as text if it `may_be_text`.
        """
        codes, distinct = pd.factorize(self.frame[name])
        column = NumberColumn.read(list(distinct), self.number_format)
        is_bad = np.array([n is None for n in column.numbers] + [False])[codes]
        if is_bad.any():
            remedies = number_remedies(list(distinct), self.number_format)
            advice = remedies_advice(remedies)
            if advice is None and may_be_text:
                advice = _advice_on_words(name, list(distinct))
            raise self._wrong_cell(name, is_bad, "numbers", "the value", advice)
        if len(column.currencies) > 1:
            marks = " and ".join(map(repr, column.currencies))
            raise InvalidDataError(
                f"{self.file_name}: The column {name!r} has amounts in several "
                f"currencies, {marks}, which cannot be compared.",
                owner=OWNER,
                column=name,
            )
        # The last entry is for missing values, whose code is -1.
        numbers: FloatArray = np.array([*column.numbers, np.nan], np.float64)[codes]
        return numbers

    def booleans(self, name: str) -> pd.Series[Any]:
        """Return a column of what rules take for true and false, or raise."""
        column = self.frame[name]
        codes, distinct = pd.factorize(column)
        truths = [truth_value(value) for value in distinct]
        is_bad = np.array([truth is None for truth in truths] + [False])[codes]
        if is_bad.any():
            rule = "true or false, or 1 or 0"
            advice = _advice_on_words(name, list(distinct))
            raise self._wrong_cell(name, is_bad, rule, "it", advice)
        values = np.array([*map(bool, truths), False])[codes]
        return pd.Series(pd.arrays.BooleanArray(values, codes < 0), column.index)

    def dates(self, name: str) -> pd.Series[Any]:
        """Return a column of dates, or raise with the place."""
        column = self.frame[name]
        if not _is_text_or_object(column) and not is_numeric_dtype(column):
            return column
        codes, distinct = pd.factorize(column)
        moments = [self._moment(value) for value in distinct]
        is_bad = np.array([moment is None for moment in moments] + [False])[codes]
        if is_bad.any():
            texts = [value for value in distinct if isinstance(value, str)]
            remedies = format_remedies(texts, self.date_format)
            advice = remedies_advice(remedies) or Advice(
                "Write dates as 2024-12-25 or 2024-12-25 18:00, without a time zone, "
                "or give their ",
                Parameter("date_format"),
                ".",
            )
            raise self._wrong_cell(name, is_bad, "dates", "the date", advice)
        dates = np.array([*moments, None], dtype="datetime64[us]")[codes]
        return pd.Series(dates, column.index, name=name)

    def _moment(self, value: Any) -> dt.date | None:
        """Return a date without a time zone, or None for what is none."""
        is_iso = self.date_format.text is None and isinstance(value, str)
        if is_iso and microseconds_of_text(value) is None:
            # The rules, and the databases that they are sent to, read fewer forms.
            return None
        moment = self.date_format.read(value)
        has_zone = isinstance(moment, dt.datetime) and moment.tzinfo is not None
        return None if has_zone else moment

    def _wrong_cell(
        self,
        name: str,
        is_bad: BoolArray,
        rule: str,
        what: str,
        advice: Advice | None,
    ) -> InvalidDataError:
        row = int(np.argmax(is_bad))
        value = self.frame[name].iloc[row]
        return InvalidDataError(
            f"{self.place(row)}: The column {name!r} must hold {rule}, or nothing "
            f"where {what} is missing. Got {_shown(value)}.",
            owner=OWNER,
            rule=rule,
            value=value,
            column=name,
            row=row,
            advice=advice,
        )


def _advice_on_words(name: str, distinct: Sequence[Any]) -> Advice | None:
    """Return how to read a column of a few words, such as yes and no, if it is one."""
    words = [value for value in distinct if isinstance(value, str)]
    if len(words) != len(distinct) or len(words) > MOST_WORDS:
        return None
    if any(character.isdigit() for word in words for character in word):
        return None
    word = next(word for word in words if truth_value(word) is None)
    return Advice(f"It is a column of text: in a rule, write {col(name) == word}.")


def _is_text_or_object(column: pd.Series[Any]) -> bool:
    """Tell whether a column is that of a CSV or Excel file, or of text."""
    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else f"{value}"
