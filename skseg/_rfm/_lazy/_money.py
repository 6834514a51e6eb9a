"""Amounts of money of a table, as SQL of whole minor units that sum exactly."""

from __future__ import annotations

import math
from typing import NamedTuple

from skseg._rfm._float_decimals import (
    MAX_DECIMALS,
    MAX_UNITS,
)
from skseg.exceptions import InvalidDataError

from ._amounts import Units, too_fine
from ._conditions import Conditions
from ._number_column import Measures, NumberColumn, exists
from ._source import Source


class Money(NamedTuple):
    """SQL of the amounts as whole multiples of 10**-decimals, and of what is rounded.

    `largest` is no less than the largest amount in units.
    """

    units: str
    decimals: int
    largest: float
    is_rounded: str | None = None


def read_money(
    source: Source,
    columns: list[NumberColumn],
    measures: list[Measures],
    conditions: Conditions,
) -> Money:
    """Return the amounts of the usable rows, or raise where they are too fine."""
    parts = [
        column.read(measure) for column, measure in zip(columns, measures, strict=True)
    ]
    part, largest = parts[0], measures[0].largest * 10.0 ** parts[0].decimals
    if len(parts) == 2:
        part, largest = _product(source, parts, measures, conditions)
    options = source.options
    if options.decimals == "auto":
        return Money(part.units, part.decimals, largest)
    decimals = int(options.decimals)
    surplus = part.decimals - decimals
    if surplus <= 0:
        units = f"({part.units} * {10**-surplus})" if surplus else part.units
        money = Money(units, decimals, largest * 10.0**-surplus)
    else:
        money = _fewer_decimals(source, part, largest, conditions)
    if part.finer is None:
        return money
    is_finer = f"{part.finer} IS NOT NULL"
    is_rounded = f"({is_finer})"
    if money.is_rounded is not None:
        is_rounded = f"({is_finer} OR {money.is_rounded})"
    units = f"COALESCE({part.finer}, {money.units})"
    # Finer values may be larger than all others.
    largest = max(money.largest, (measures[0].largest + 1) * 10.0**decimals)
    return Money(units, decimals, largest, is_rounded)


def _fewer_decimals(
    source: Source, part: Units, largest: float, conditions: Conditions
) -> Money:
    """Return the amounts with fewer decimals than some of them need."""
    options, functions = source.options, source.functions
    decimals = int(options.decimals)
    step = 10 ** (part.decimals - decimals)
    units = part.units
    rest = f"(ABS({units}) % {step})"
    if options.rounding is None:
        if exists(source, conditions, f"{rest} <> 0"):
            raise too_fine(
                source,
                f"{rest} <> 0",
                conditions,
                largest / 10.0**part.decimals,
                keeps=part.decimals,
            )
        return Money(functions.divided(units, str(step)), decimals, largest / step)
    quotient = functions.divided(f"(ABS({units}) - {rest})", str(step))
    is_odd = "" if options.rounding == "half_up" else f" AND {quotient} % 2 = 1"
    goes_up = f"2 * {rest} > {step} OR (2 * {rest} = {step}{is_odd})"
    nearest = f"({quotient} + CASE WHEN {goes_up} THEN 1 ELSE 0 END)"
    sign = f"CASE WHEN {units} < 0 THEN -1 ELSE 1 END"
    return Money(f"({sign} * {nearest})", decimals, largest / step + 1, f"{rest} <> 0")


def _product(
    source: Source,
    parts: list[Units],
    measures: list[Measures],
    conditions: Conditions,
) -> tuple[Units, float]:
    """Return the exact products, with the fewest decimals that hold them."""
    largest = math.prod(
        round(measure.largest * 10.0**part.decimals)
        for part, measure in zip(parts, measures, strict=True)
    )
    if largest >= MAX_UNITS or any(part.finer is not None for part in parts):
        raise _no_product(source)
    product = f"({parts[0].units} * {parts[1].units})"
    decimals = kept = parts[0].decimals + parts[1].decimals
    while kept and not exists(
        source, conditions, f"{product} % {10 ** (decimals - kept + 1)} <> 0"
    ):
        kept -= 1
    if kept > MAX_DECIMALS:
        raise _no_product(source)
    if kept < decimals:
        step = 10 ** (decimals - kept)
        product = source.functions.divided(product, str(step))
        largest /= step
    return Units(product, kept), float(largest)


def _no_product(source: Source) -> InvalidDataError:
    options = source.options
    names = [str(options.quantity), str(options.price)]
    return InvalidDataError(
        f"The products of the columns {names[0]!r} and {names[1]!r} have more digits "
        f"than {options.owner} multiplies exactly in a table that is not in memory.",
        owner=options.owner,
        name="price",
        rule="products below 2**53 in units of all their decimals",
        column=" x ".join(names),
        advice="Compute the product in a view of the table, as a DECIMAL rounded to "
        "the decimals of your money, and pass it as the amount.",
    )
