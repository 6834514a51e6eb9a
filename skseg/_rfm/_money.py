"""Amounts of money, read as whole minor units so that they sum exactly."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._defects import Defects

MAX_DECIMALS = 12
# Below this bound float64 holds every integer, so sums of integers are exact, and the
# same in any order of the rows.
MAX_UNITS = 2**53
# A smaller excess, in minor units, is rounding noise: 15.299999999999 is 15.30.
NOISE = 1e-6
# Rows rounded at a time, so that the temporaries stay in the processor's cache.
BLOCK = 1 << 16
# Python's default context rounds to 28 digits, which would hide a decimal too many.
EXACT = Context(prec=200)


def read_units(series: nw.Series[Any], decimals: int, defects: Defects) -> FloatArray:
    """Return the amounts as whole multiples of 10**-decimals."""
    dtype = series.dtype
    if dtype.is_integer() or dtype.is_float():
        return _units_of_floats(series, decimals, defects)
    if dtype.is_decimal() or dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object):
        return _units_of_values(series, decimals, defects)
    raise InvalidDataError(
        f"rfm_table needs numbers in the column {series.name!r}, which holds {dtype}."
    )


def _units_of_floats(
    series: nw.Series[Any], decimals: int, defects: Defects
) -> FloatArray:
    raw = series.to_numpy()
    amounts = raw.astype(np.float64, copy=False)
    finite = np.isfinite(amounts)
    if not finite.all():
        defects.add("missing amount", np.isnan(amounts))
        defects.add("non-finite amount", ~finite, series)
        amounts = np.where(finite, amounts, 0.0)
    units, excess = _round_to_units(amounts, 10**decimals)
    if not excess <= NOISE:
        # Below the resolution of a large amount, or of a float32, it is noise as well.
        step = 4 * np.finfo(raw.dtype if raw.dtype.kind == "f" else np.float64).eps

        def is_too_fine(decimals: int) -> BoolArray:
            with np.errstate(over="ignore", invalid="ignore"):
                scaled = amounts * 10**decimals
                excess: FloatArray = np.abs(scaled - np.rint(scaled))
            noise = NOISE + step * np.abs(scaled)
            too_fine: BoolArray = (excess > noise) & defects.usable
            return too_fine

        _check_decimals(is_too_fine, series, decimals)
    return units


def _round_to_units(amounts: FloatArray, scale: int) -> tuple[FloatArray, float]:
    """Return the rounded `amounts * scale` and the largest change by the rounding."""
    units = np.empty(len(amounts))
    largest = np.float64(0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(amounts), BLOCK):
            scaled = amounts[start : start + BLOCK] * scale
            scaled -= np.rint(scaled, out=units[start : start + BLOCK])
            # NaN where a huge amount overflows, and it stays NaN, unlike with max().
            largest = np.maximum(largest, np.maximum(scaled.max(), -scaled.min()))
    return units, float(largest)


def _units_of_values(
    series: nw.Series[Any], decimals: int, defects: Defects
) -> FloatArray:
    """Read decimals and texts without rounding, each distinct value once."""
    rows, distinct = pd.factorize(series.to_numpy(), use_na_sentinel=False)
    missing = np.asarray(pd.isna(distinct))
    read = [_as_decimal(value) for value in distinct]
    unparsable = np.array([amount is None for amount in read])
    finite = np.array([amount is not None and amount.is_finite() for amount in read])
    defects.add("missing amount", missing[rows])
    defects.add("unparsable amount", unparsable[rows], series)
    defects.add("non-finite amount", ~finite[rows], series)
    amounts = [a if a is not None and a.is_finite() else Decimal(0) for a in read]

    def is_too_fine(decimals: int) -> BoolArray:
        scaled = [EXACT.scaleb(amount, decimals) for amount in amounts]
        fine = np.array([unit != unit.to_integral_value() for unit in scaled])
        return fine[rows] & defects.usable

    _check_decimals(is_too_fine, series, decimals)
    return np.rint([float(EXACT.scaleb(amount, decimals)) for amount in amounts])[rows]


def _as_decimal(value: Any) -> Decimal | None:
    """Return a number, read from plain text if need be, or None."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, (float, np.floating)):
        # 15 digits are those that a float64 surely holds; the others may be noise.
        return Decimal(f"{value:.15g}")
    if not isinstance(value, str) or "_" in value:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return None if amount.is_nan() else amount


def _check_decimals(
    is_too_fine: Callable[[int], BoolArray],
    series: nw.Series[Any],
    decimals: int,
) -> None:
    """Raise on the first amount with more than `decimals` decimals."""
    too_fine = is_too_fine(decimals)
    if not too_fine.any():
        return
    row = int(too_fine.argmax())
    enough = (
        d for d in range(decimals + 1, MAX_DECIMALS + 1) if not is_too_fine(d).any()
    )
    best = next(enough, None)
    advice = "Round the amounts first."
    if best is not None:
        advice = f"Pass decimals={best}, which keeps all amounts."
    raise InvalidDataError(
        f"The amount {series[row]} in row {row} (counted from 0) of the column "
        f"{series.name!r} is finer than decimals={decimals}, so sums would not be "
        "exact.",
        owner="rfm_table",
        name="amount",
        rule=f"at most {decimals} decimals",
        value=str(series[row]),
        column=series.name,
        row=row,
        advice=advice,
        remedy=None if best is None else {"decimals": best},
    )


def check_sums(customer: IntArray, units: FloatArray, decimals: int) -> None:
    """Raise where a customer's amounts add up to more than float64 holds exactly."""
    largest = max(float(units.max()), -float(units.min()))
    if largest * len(units) < MAX_UNITS:
        return
    # Not the net sum: on the way to it a sum of large amounts would lose units.
    if np.bincount(customer, weights=np.abs(units)).max() >= MAX_UNITS:
        raise InvalidDataError(
            "The amounts of one customer add up to 2**53 minor units or more, which "
            f"cannot be summed exactly with {decimals} decimals.",
            owner="rfm_table",
            name="decimals",
            value=decimals,
            advice="Use fewer, or a larger unit of money, such as thousands.",
        )
