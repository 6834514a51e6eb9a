"""Amounts that are decimals, texts or Python objects, read without rounding."""

from __future__ import annotations

import decimal
import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._typing import BoolArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import is_missing_value

from ._defects import Defects, Remedy
from ._float_decimals import Amounts, amounts_of_floats, most_decimals
from ._number_texts import Number, NumberFormat, fitting_formats
from ._text_codes import distinct_values

# Python's default context rounds to 28 digits, which would hide a decimal too many.
EXACT = decimal.Context(
    prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN
)
FLOAT64 = np.dtype(np.float64)
# A float64 surely holds 15 digits, and is told from all others by 17.
SURE_DIGITS, TELLING_DIGITS = 15, 17


def read_decimals(
    series: nw.Series[Any], number_format: NumberFormat, defects: Defects
) -> Amounts:
    """Read each distinct value once; the amounts of unusable rows are 0."""
    rows, distinct = _distinct_values(series)
    texts = [value for value in distinct if isinstance(value, str)]
    numbers = dict(zip(texts, number_format.read(texts), strict=True))
    values = [_value(value, numbers) for value in distinct]
    missing = np.asarray(pd.isna(distinct))
    unparsable = np.array([value is None for value in values]) & ~missing
    # What exceeds float64, such as 1e999, is infinite there.
    finite = np.array(
        [value is not None and math.isfinite(float(value)) for value in values]
    )
    defects.add("missing amount", missing[rows], series)
    defects.add(
        "unparsable amount",
        unparsable[rows],
        series,
        lambda: format_remedies(texts, number_format),
    )
    defects.add("non-finite amount", ~finite[rows], series)
    used = np.zeros(len(distinct), dtype=bool)
    used[rows if defects.usable.all() else rows[defects.usable]] = True
    _check_currencies(
        series.name,
        [numbers[value] for value in distinct[used] if isinstance(value, str)],
        defects.owner,
    )
    numbers_used = [
        Decimal(0) if value is None or not is_used else value
        for value, is_used in zip(values, used, strict=True)
    ]
    amounts = amounts_of_decimals(_without_noise(numbers_used, distinct), rows)
    return without_rows(amounts, ~defects.usable)


def _distinct_values(series: nw.Series[Any]) -> tuple[IntArray, NDArray[Any]]:
    """Return the position of each row's value among the distinct values, and these."""
    if series.dtype != nw.Object:
        return distinct_values(series)
    values = series.to_numpy()
    if any(map(_is_boolean, values)):
        # True equals 1, but is no amount.
        return np.arange(len(values)), values
    try:
        return pd.factorize(values, use_na_sentinel=False)
    except InvalidOperation:
        # A signalling NaN is missing too, and refuses to be compared.
        comparable = values.copy()
        comparable[[is_missing_value(value) for value in values]] = None
        return pd.factorize(comparable, use_na_sentinel=False)
    except TypeError:
        # Some objects, such as lists, cannot be hashed.
        return np.arange(len(values)), values


def amounts_of_decimals(values: Sequence[Decimal], rows: IntArray) -> Amounts:
    """Return the amounts of the rows with the fewest decimals that hold them."""
    decimals = np.array([_n_decimals(value) for value in values])
    largest = max(abs(float(value)) for value in values)
    is_finer = decimals > most_decimals(largest, FLOAT64)
    needed = int(decimals[~is_finer].max(initial=0))
    units = np.array(
        [
            0.0 if fine else float(EXACT.scaleb(value, needed))
            for value, fine in zip(values, is_finer, strict=True)
        ]
    )
    finer_rows = np.flatnonzero(is_finer[rows]) if is_finer.any() else rows[:0]
    finer = np.empty(len(finer_rows), dtype=object)
    finer[:] = [values[i] for i in rows[finer_rows]]
    return Amounts(units[rows], needed, finer_rows, finer)


def without_rows(amounts: Amounts, is_left_out: BoolArray) -> Amounts:
    """Return the amounts with 0 in the rows that are left out."""
    if not is_left_out.any():
        return amounts
    units = np.where(is_left_out, 0.0, amounts.units)
    keep = ~is_left_out[amounts.finer_rows]
    return Amounts(
        units, amounts.decimals, amounts.finer_rows[keep], amounts.finer[keep]
    )


def _n_decimals(value: Decimal) -> int:
    exponent = value.normalize(EXACT).as_tuple().exponent
    return max(0, -int(exponent))


def _value(value: Any, numbers: dict[str, Number | None]) -> Decimal | None:
    """Return a number, or None for what is none."""
    if isinstance(value, str):
        number = numbers[value]
        return None if number is None else number.value
    if isinstance(value, Decimal):
        return None if value.is_nan() else value
    if _is_boolean(value):
        return None
    if isinstance(value, (int, np.integer)):
        return Decimal(int(value))
    if not isinstance(value, (float, np.floating)) or np.isnan(value):
        return None
    exact = Decimal(str(value))
    return None if _is_vague(value, exact) else exact


def _is_boolean(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_vague(value: float | np.floating[Any], number: Decimal) -> bool:
    """Tell whether a short float cannot tell a number from its neighbours."""
    if isinstance(value, float) or not np.isfinite(value):
        return False
    return bool(float(np.spacing(abs(value))) * 10.0 ** _n_decimals(number) >= 1)


def _without_noise(values: list[Decimal], sources: NDArray[Any]) -> list[Decimal]:
    """Replace what floats, or texts of floats, have by arithmetic noise."""
    noisy = [
        i
        for i, value in enumerate(values)
        if SURE_DIGITS < len(value.as_tuple().digits) <= TELLING_DIGITS
        and not isinstance(sources[i], Decimal)
        and Decimal(repr(float(value))) == value
    ]
    if not noisy:
        return values
    floats = np.array([float(values[i]) for i in noisy])
    largest = max(abs(float(value)) for value in values)
    amounts = amounts_of_floats(floats, FLOAT64, largest)
    is_finer = np.zeros(len(noisy), dtype=bool)
    is_finer[amounts.finer_rows] = True
    clean = list(values)
    for i, unit, fine in zip(noisy, amounts.units.tolist(), is_finer, strict=True):
        if not fine:
            clean[i] = EXACT.scaleb(Decimal(int(unit)), -amounts.decimals)
    return clean


def _check_currencies(
    column: str, numbers: Sequence[Number | None], owner: str
) -> None:
    currencies = {number.currency for number in numbers if number is not None} - {""}
    if len(currencies) > 1:
        marks = " and ".join(map(repr, sorted(currencies)))
        raise InvalidDataError(
            f"The column {column!r} has amounts in several currencies, {marks}, which "
            "cannot be added up.",
            owner=owner,
            name="amount",
            rule="in one currency",
            value=tuple(sorted(currencies)),
            column=column,
            advice="Convert them to one, or make a table for each.",
        )


def format_remedies(texts: Sequence[str], present: NumberFormat) -> list[Remedy]:
    """Return the parameters with which the most texts would be read."""
    today = present.read(texts)
    remedies = []
    for number_format in fitting_formats(texts, present):
        numbers = number_format.read(texts)
        text, number = next(
            (text, number)
            for text, number, before in zip(texts, numbers, today, strict=True)
            if number is not None and before is None
        )
        effect = f"reads {text!r} as {number.value}"
        parameters = number_format.changes(present)
        remedies.append(Remedy(parameters, effect, numbers.count(None)))
    return remedies
