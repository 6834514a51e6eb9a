"""Amounts of money, read as whole minor units so that they sum exactly."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError

from ._decimal_amounts import (
    EXACT,
    FLOAT64,
    amounts_of_decimals,
    read_decimals,
    without_rows,
)
from ._defects import Defects
from ._float_decimals import MAX_DECIMALS, MAX_UNITS, Amounts, amounts_of_floats
from ._number_texts import NumberFormat
from ._series import is_float, plain_series
from ._table_options import Options

ROUNDING_MODES = {
    "half_even": decimal.ROUND_HALF_EVEN,
    "half_up": decimal.ROUND_HALF_UP,
}
# Decimals to which money is usually rounded.
CENTS = 2


class Money(NamedTuple):
    """The amounts of the rows as whole multiples of 10**-decimals."""

    units: FloatArray
    decimals: int
    is_rounded: BoolArray | None = None

    @property
    def n_rounded(self) -> int:
        """Number of amounts that were rounded."""
        return 0 if self.is_rounded is None else int(self.is_rounded.sum())

    def take(self, rows: IntArray) -> Money:
        """Return the amounts of some rows."""
        is_rounded = None if self.is_rounded is None else self.is_rounded[rows]
        return Money(self.units[rows], self.decimals, is_rounded)


def read_money(frame: nw.DataFrame[Any], options: Options, defects: Defects) -> Money:
    """Return the amounts of the rows; those of unusable rows are 0."""
    number_format = NumberFormat(options.decimal, options.thousands)
    factors = [
        _read_column(plain_series(frame, name), number_format, defects)
        for name in options.amount_columns
    ]
    amounts = factors[0]
    if len(factors) == 2:
        quantity, price = (without_rows(f, ~defects.usable) for f in factors)
        amounts = _product(quantity, price)
    if options.decimals == "auto" and not len(amounts.finer):
        return Money(amounts.units, amounts.decimals)
    if options.rounding is not None:
        return rounded(amounts, int(options.decimals), options.rounding)
    return _with_decimals(amounts, frame, options)


def _read_column(
    series: nw.Series[Any], number_format: NumberFormat, defects: Defects
) -> Amounts:
    """Read the numbers of a column; those of unusable rows are 0."""
    dtype = series.dtype
    if dtype in (nw.Int128, nw.UInt128):
        return read_decimals(series, number_format, defects)
    if dtype.is_integer() or is_float(series):
        return _read_floats(series, defects)
    if dtype.is_decimal() or dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object):
        return read_decimals(series, number_format, defects)
    raise InvalidDataError(
        f"{defects.owner} needs numbers in the column {series.name!r}, which holds "
        f"{dtype}.",
        owner=defects.owner,
        name="amount",
        column=series.name,
    )


def _read_floats(series: nw.Series[Any], defects: Defects) -> Amounts:
    raw = series.to_numpy()
    amounts = raw.astype(np.float64, copy=False)
    finite = np.isfinite(amounts)
    if not finite.all():
        defects.add("missing amount", np.isnan(amounts), series)
        defects.add("non-finite amount", ~finite, series)
    if not defects.usable.all():
        amounts = np.where(defects.usable, amounts, 0.0)
    return amounts_of_floats(amounts, raw.dtype if _is_short(raw.dtype) else FLOAT64)


def _is_short(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "f" and dtype.itemsize < FLOAT64.itemsize


def _product(quantity: Amounts, price: Amounts) -> Amounts:
    """Return the exact products, with the fewest decimals that hold them."""
    largest = float(np.abs(quantity.units).max()) * float(np.abs(price.units).max())
    if not (len(quantity.finer) or len(price.finer) or largest >= MAX_UNITS):
        units = quantity.units * price.units
        decimals = quantity.decimals + price.decimals
        while decimals and not np.fmod(units, 10.0).any():
            units /= 10.0
            decimals -= 1
        if decimals <= MAX_DECIMALS:
            return quantity._replace(units=units, decimals=decimals)
    products = [
        EXACT.multiply(q, p)
        for q, p in zip(_decimals(quantity), _decimals(price), strict=True)
    ]
    return amounts_of_decimals(products, np.arange(len(products)))


def _decimals(amounts: Amounts) -> list[Decimal]:
    """Return every amount as a decimal."""
    values = [
        EXACT.scaleb(Decimal(int(unit)), -amounts.decimals)
        for unit in amounts.units.tolist()
    ]
    for row, value in zip(amounts.finer_rows, amounts.finer, strict=True):
        values[row] = Decimal(str(value))
    return values


def _with_decimals(
    amounts: Amounts, frame: nw.DataFrame[Any], options: Options
) -> Money:
    """Return the amounts with the decimals asked for; raise on finer ones."""
    is_auto = options.decimals == "auto"
    decimals = amounts.decimals if is_auto else int(options.decimals)
    surplus = amounts.decimals - decimals
    rows = amounts.finer_rows
    if surplus > 0:
        too_fine = np.flatnonzero(np.fmod(amounts.units, 10.0**surplus))
        rows = np.concatenate([rows, too_fine])
    if not len(rows):
        return Money(_shifted(amounts.units, -surplus), decimals)
    raise _too_fine(int(rows.min()), amounts, frame, options)


def _too_fine(
    row: int, amounts: Amounts, frame: nw.DataFrame[Any], options: Options
) -> InvalidDataError:
    """Return the error for an amount with too many decimals."""
    columns = [plain_series(frame, name) for name in options.amount_columns]
    value = " x ".join(str(column[row]) for column in columns)
    names = " x ".join(repr(column.name) for column in columns)
    statement = "has more decimals than can be summed exactly"
    rule = "few enough decimals to be summed exactly"
    if options.decimals != "auto":
        statement = (
            f"is finer than decimals={options.decimals}, so sums would not be exact"
        )
        rule = f"at most {options.decimals} decimals"
    advice, remedy = advice_on_decimals(amounts, options)
    short = [c.name for c in columns if _is_short(c.to_numpy().dtype)]
    if short:
        advice = (
            f"The column {short[0]!r} holds floats of fewer than 8 digits: read it "
            f"anew from its source, as float64, decimals or text. {advice}"
        )
    return InvalidDataError(
        f"The amount {value} in row {row} (counted from 0) of the column {names} "
        f"{statement}.",
        owner=options.owner,
        name="amount",
        rule=rule,
        value=value,
        column=" x ".join(options.amount_columns),
        row=row,
        advice=advice,
        remedy=remedy,
    )


def advice_on_decimals(
    amounts: Amounts, options: Options
) -> tuple[str, dict[str, object]]:
    """Return how all amounts are kept, if they can be, and how they are rounded."""
    with np.errstate(over="ignore"):
        total = float(np.abs(amounts.units).sum()) / 10.0**amounts.decimals
    total += float(sum(abs(float(amount)) for amount in amounts.finer))
    if options.decimals == "auto":
        return advice_to_round(total, CENTS)
    advice, remedy = advice_to_round(total, int(options.decimals))
    if not len(amounts.finer) and total * 10.0**amounts.decimals < MAX_UNITS:
        keep = f"Pass decimals={amounts.decimals}, which keeps all amounts."
        advice = f"{keep} To round them: {advice[0].lower()}{advice[1:]}"
        remedy = {"decimals": amounts.decimals}
    return advice, remedy


def advice_to_round(total: float, at_most: int) -> tuple[str, dict[str, object]]:
    """Return what to do so that amounts which add up to `total` sum exactly."""
    fitting = (d for d in range(at_most, -1, -1) if total * 10.0**d < MAX_UNITS / 2)
    decimals = next(fitting, None)
    if decimals is None:
        return "Use a larger unit of money, such as thousands.", {}
    advice = f"Pass decimals={decimals}, rounding='half_even', which rounds the amounts"
    remedy: dict[str, object] = {"decimals": decimals, "rounding": "half_even"}
    return f"{advice} and counts them.", remedy


def rounded(amounts: Amounts, decimals: int, rounding: str) -> Money:
    """Round the amounts that have more decimals."""
    surplus = amounts.decimals - decimals
    units, is_rounded = amounts.units, np.zeros(len(amounts.units), dtype=bool)
    if surplus > 0:
        units, is_rounded = _rounded_units(units, 10**surplus, rounding)
    elif surplus < 0:
        units = _shifted(units, -surplus)
    if len(amounts.finer):
        rounded = _rounded_values(amounts, decimals, rounding)
        units[amounts.finer_rows] = rounded
        is_rounded[amounts.finer_rows] = True
    return Money(units, decimals, is_rounded)


def _shifted(units: FloatArray, places: int) -> FloatArray:
    """Return units that are `places` decimals finer, or coarser if negative."""
    with np.errstate(over="ignore"):
        return units * 10.0**places if places >= 0 else units / 10.0**-places


def _rounded_units(
    units: FloatArray, step: int, rounding: str
) -> tuple[FloatArray, BoolArray]:
    """Return whole units over `step`, rounded, and which of them were rounded."""
    quotient, rest = np.divmod(np.abs(units).astype(np.int64), step)
    is_tie = 2 * rest == step
    goes_up = 2 * rest > step
    goes_up |= is_tie if rounding == "half_up" else is_tie & (quotient % 2 == 1)
    return np.copysign(quotient + goes_up, units), rest > 0


def _rounded_values(amounts: Amounts, decimals: int, rounding: str) -> FloatArray:
    """Return the finer amounts as rounded units."""
    values = amounts.finer
    exact: IntArray = np.arange(len(values))
    rounded = np.zeros(len(values))
    if values.dtype == FLOAT64:
        scaled = values * 10.0**decimals
        np.rint(scaled, out=rounded)
        # Near a tie the decimal digits decide, which binary arithmetic does not know.
        exact = np.flatnonzero(np.abs(np.abs(scaled - rounded) - 0.5) < 1e-3)
    mode = ROUNDING_MODES[rounding]
    for i in exact:
        scaled_value = EXACT.scaleb(Decimal(str(values[i])), decimals)
        rounded[i] = float(scaled_value.to_integral_value(mode, EXACT))
    return rounded


def check_sums(customer: IntArray, money: Money, owner: str) -> None:
    """Raise where a customer's amounts add up to more than float64 holds exactly."""
    units, decimals = money.units, money.decimals
    largest = max(float(units.max()), -float(units.min()))
    if largest * len(units) < MAX_UNITS:
        return
    # Not the net sum: on the way to it a sum of large amounts would lose units.
    total = float(np.bincount(customer, weights=np.abs(units)).max())
    if total >= MAX_UNITS:
        advice, remedy = advice_to_round(total / 10.0**decimals, CENTS)
        raise InvalidDataError(
            "The amounts of one customer add up to 2**53 minor units or more, which "
            f"cannot be summed exactly with {decimals} decimals.",
            owner=owner,
            name="decimals",
            value=decimals,
            advice=advice,
            remedy=remedy,
        )
