"""Columns of numbers as files have them, read as float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from skseg._rfm._decimal_amounts import format_remedies
from skseg._rfm._defects import Remedy
from skseg._rfm._number_texts import NumberFormat
from skseg.rules._values import TRUTH_WORDS, is_number, to_float64


class NumberColumn(NamedTuple):
    """The number of each distinct value of a column, None for what is none."""

    numbers: list[float | None]
    currencies: list[str]

    @classmethod
    def read(cls, distinct: Sequence[Any], form: NumberFormat) -> NumberColumn:
        """Read numbers, and texts of numbers as `rfm_table` does.

        The texts true and false, in any case, are 1 and 0 in a column of nothing else.
        """
        truths = [_truth_value(value) for value in distinct]
        if None not in truths:
            return cls(truths, [])
        texts = [value for value in distinct if isinstance(value, str)]
        read = dict(zip(texts, form.read(texts), strict=True))
        numbers: list[float | None] = []
        currencies = set()
        for value in distinct:
            number = read.get(value) if isinstance(value, str) else None
            if number is not None:
                numbers.append(to_float64(number.value))
                currencies.add(number.currency)
            else:
                numbers.append(to_float64(value) if is_number(value) else None)
        return cls(numbers, sorted(currencies - {""}))


def number_remedies(distinct: Sequence[Any], form: NumberFormat) -> list[Remedy]:
    """Return the marks with which more texts of a column would be numbers."""
    return format_remedies([v for v in distinct if isinstance(v, str)], form)


def _truth_value(value: Any) -> float | None:
    if isinstance(value, str):
        is_true = TRUTH_WORDS.get(value.lower())
        return None if is_true is None else float(is_true)
    return float(value) if isinstance(value, bool) else None
