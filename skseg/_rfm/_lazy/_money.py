"""Amounts of money of a table, as SQL of whole minor units that sum exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._rfm._decimal_amounts import FLOAT64, format_remedies, read_decimals
from skseg._rfm._defects import Defects
from skseg._rfm._float_decimals import (
    MAX_DECIMALS,
    MAX_UNITS,
    Amounts,
    amounts_of_floats,
    most_decimals,
)
from skseg._rfm._money import CENTS, advice_on_decimals, advice_to_round, rounded
from skseg._rfm._number_texts import NumberFormat
from skseg._rfm._table_options import Options
from skseg._typing import BoolArray
from skseg.exceptions import InvalidDataError

from ._conditions import Conditions
from ._numbers import (
    EXACT_UNITS,
    FINER,
    NOISE,
    OPEN,
    double,
    likely_decimals,
    needed_decimals,
    open_decimals,
    power,
    whole_units,
)
from ._source import DECIMAL, FLOAT, INTEGER, NUMBERS, SHORT_FLOAT, TEXT, Source

# Units from which noise may be as large as half of one.
NOISY_UNITS = 1e14
# How near to a tie the decimal digits decide; see `_rounded_values` of frames.
NEAR_TIE = 1e-3


class Measures(NamedTuple):
    """What the account says of a column: its largest value, highest code, decimals."""

    largest: float
    code: int
    decimals: int  # of all values that are exact or noisy


class Money(NamedTuple):
    """SQL of the amounts as whole multiples of 10**-decimals, and of what is rounded.

    `largest` is no less than the largest amount in units.
    """

    units: str
    decimals: int
    largest: float
    is_rounded: str | None = None


class _Units(NamedTuple):
    """SQL of a column in units of 10**-decimals; and of finer values, rounded."""

    units: str
    decimals: int
    finer: str | None = None  # NULL where the value is not finer


class NumberColumn:
    """A column of numbers, read with the account and after it."""

    def __init__(self, source: Source, name: str, conditions: Conditions) -> None:
        self.source, self.name = source, name
        self.kind = source.kinds[name]
        self._conditions = conditions
        self._texts: _Texts | None = None
        options = source.options
        if self.kind == TEXT:
            self._texts = _Texts(source, name, conditions)
        elif self.kind in NUMBERS:
            self._add_conditions()
        else:
            raise InvalidDataError(
                f"{options.owner} needs numbers in the column {name!r}, which is of "
                f"the type {source.table.types[name]}.",
                owner=options.owner,
                name="amount",
                column=name,
            )

    def _add_conditions(self) -> None:
        source, name = self.source, self.name
        is_missing = f"{source.column(name)} IS NULL"
        may_be_nan = self.kind != INTEGER and (
            self.kind != DECIMAL or source.table.dialect == "postgres"
        )
        is_fine: str | None = f"{source.column(name)} IS NOT NULL"
        if may_be_nan:
            is_missing = source.is_nan(name) or is_missing
            finite = source.functions.finite_number
            is_fine = None if finite is None else finite(double(source, name))
        self._conditions.add("missing amount", is_missing, name, is_fine=is_fine)
        infinity = source.functions.infinity
        if may_be_nan and infinity is not None:
            is_infinite = f"ABS({double(source, name)}) = {infinity}"
            self._conditions.add(
                "non-finite amount", is_infinite, name, is_fine=is_fine
            )

    @property
    def measures(self) -> tuple[str, str]:
        """SQL of the size of a value, and of its code."""
        if self._texts is not None:
            return self._texts.size, "0"
        size = f"ABS({double(self.source, self.name)})"
        return size, likely_decimals(self.source, self.name)

    def read(self, measures: Measures) -> _Units:
        """Return the column in units of as few decimals as hold its values."""
        if self._texts is not None:
            return self._texts.units
        largest, decimals = measures.largest, measures.decimals
        most = most_decimals(largest, self._dtype)
        if self.kind in (DECIMAL, SHORT_FLOAT):
            decimals = self._fewest(measures.code)
            if decimals <= most:
                return self._settled(decimals, largest)
            return self._with_finer(largest, most)
        if self.kind == FLOAT:
            units = largest * 10.0**decimals
            is_settled = measures.code < NOISE and units < EXACT_UNITS
            is_settled |= measures.code < OPEN and units < NOISY_UNITS
            if not is_settled or decimals > most:
                return self._with_open(largest, most)
            decimals = self._fewest(decimals)
        return self._settled(decimals, largest)

    def _fewest(self, decimals: int) -> int:
        """Return the fewest decimals that hold all values, of which some may be few."""
        scale = self.source.scale(self.name) if self.kind == DECIMAL else None
        if decimals != (CENTS if self.kind == FLOAT else scale):
            return decimals
        code = needed_decimals(self.source, self.name)
        is_needed = f"{code} IN ({decimals}, {NOISE + decimals})"
        if _exists(self.source, self._conditions, is_needed):
            return decimals
        return max(code % NOISE for code in self._codes(code))

    @property
    def _dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32) if self.kind == SHORT_FLOAT else FLOAT64

    def _settled(self, decimals: int, largest: float) -> _Units:
        units = whole_units(self.source, self.name, decimals, largest)
        return _Units(units, decimals)

    def _codes(self, code: str) -> dict[int, int]:
        """Fetch how many usable rows have each code."""
        rows = self.source.select(
            f"{code} AS skseg_code, COUNT(*) AS skseg_n",
            f"WHERE {self._conditions.and_usable('1 = 1')} GROUP BY {code}",
        )
        codes = map(int, rows["skseg_code"].tolist())
        return dict(zip(codes, map(int, rows["skseg_n"].tolist()), strict=True))

    def _with_finer(self, largest: float, most: int) -> _Units:
        """Read decimals and short floats some of which are finer than can be held."""
        code = needed_decimals(self.source, self.name)
        counts = self._codes(code)
        decimals = max((c for c in counts if c <= most), default=0)
        is_finer = f"{code} > {most}"
        if self.source.options.rounding is None:
            raise too_fine(self.source, is_finer, self._conditions, largest)
        units = whole_units(self.source, self.name, decimals, largest)
        if self.kind == SHORT_FLOAT:
            return _Units(units, decimals, self._rounded_finer(is_finer))
        values = self._fetch(is_finer)
        finer = Amounts(np.zeros(len(values)), 0, np.arange(len(values)), values)
        return _Units(units, decimals, self._sent_back(values, finer)["finer"])

    def _with_open(self, largest: float, most: int) -> _Units:
        """Read floats some of which are noisy, open or finer than can be held."""
        code = open_decimals(self.source, self.name, largest, most)
        counts = self._codes(code)
        decimals = max((c % NOISE for c in counts if c < OPEN), default=0)
        if counts.get(FINER) and self.source.options.rounding is None:
            is_finer = f"{code} = {FINER}"
            raise too_fine(self.source, is_finer, self._conditions, largest)
        values, amounts, is_open = self._read_open(code, counts, decimals, largest)
        if len(amounts.finer) and self.source.options.rounding is None:
            raise too_fine(
                self.source, is_open, self._conditions, largest, amounts.finer
            )
        decimals = max(decimals, amounts.decimals)
        units = whole_units(self.source, self.name, decimals, largest)
        finer = None
        if len(values):
            shift = 10.0 ** (decimals - amounts.decimals)
            shifted = amounts._replace(units=amounts.units * shift, decimals=decimals)
            names = self._sent_back(values, shifted)
            units = f"COALESCE({names['units']}, {units})"
            finer = names["finer"] if len(amounts.finer) else None
        if counts.get(FINER):
            formula = self._rounded_finer(f"{code} = {FINER}")
            finer = formula if finer is None else f"COALESCE({finer}, {formula})"
        return _Units(units, decimals, finer)

    def _read_open(
        self, code: str, counts: Mapping[int, int], decimals: int, largest: float
    ) -> tuple[NDArray[Any], Amounts, str]:
        """Fetch the values that arithmetic in SQL does not settle, and read them."""
        while True:
            is_open = [f"{code} = {OPEN}"] if counts.get(OPEN) else []
            scale = power(self.source, decimals)
            size = f"ABS({double(self.source, self.name)}) * {scale}"
            if largest * 10.0**decimals >= NOISY_UNITS:
                is_open.append(f"({code} >= {NOISE} AND {size} >= {NOISY_UNITS:.0f})")
                is_open.append(f"{size} >= {EXACT_UNITS:.0f}")
            values = np.zeros(0)
            condition = " OR ".join(is_open)
            if is_open:
                values = self._fetch(f"({condition})").astype(np.float64)
            if not len(values):
                none = np.zeros(0, dtype=np.intp)
                return values, Amounts(values, 0, none, values), condition
            amounts = amounts_of_floats(values, FLOAT64, largest)
            if amounts.decimals <= decimals:
                return values, amounts, condition
            decimals = amounts.decimals

    def _fetch(self, condition: str) -> NDArray[Any]:
        where = self._conditions.and_usable(condition)
        column = self.source.column(self.name)
        return self.source.distinct(column, self.name, where)["skseg_value"]

    def _sent_back(self, values: NDArray[Any], amounts: Amounts) -> dict[str, str]:
        """Send the units of fetched values along, those of finer ones rounded."""
        from ._dates import literal

        rows = [
            (literal(self.source, value), units, finer)
            for value, (units, finer) in zip(
                values.tolist(), _units_of(amounts, self.source.options), strict=True
            )
        ]
        key = self.source.column(self.name)
        return self.source.add_mapping(key, ("value", "units", "finer"), rows)

    def _rounded_finer(self, is_finer: str) -> str:
        """Return finer floats as rounded units; ties are left to the decimal digits."""
        decimals = int(self.source.options.decimals)
        functions = self.source.functions
        scaled = f"{double(self.source, self.name)} * {power(self.source, decimals)}"
        units = functions.whole(f"({scaled})")
        is_near = f"ABS(ABS({scaled} - {units}) - 0.5) < {NEAR_TIE}"
        formula = f"CAST({units} AS {functions.integer})"
        # The code is tested again, since the rule for ties is about finer values only.
        values = self._fetch(f"({is_finer} AND {is_near})")
        if len(values):
            floats = values.astype(np.float64)
            rows = np.arange(len(values))
            names = self._sent_back(
                values, Amounts(np.zeros(len(values)), 0, rows, floats)
            )
            formula = f"COALESCE({names['finer']}, {formula})"
        return f"CASE WHEN {is_finer} THEN {formula} END"


class _Texts:
    """A column of numbers that are texts, each read once."""

    def __init__(self, source: Source, name: str, conditions: Conditions) -> None:
        options = source.options
        number_format = NumberFormat(options.decimal, options.thousands)
        key, column = source.key(name), source.column(name)
        is_used = f"CASE WHEN {conditions.code} = 0 THEN 1 ELSE 0 END"
        distinct = source.distinct(
            key, name, f"{column} IS NOT NULL", {"skseg_used": is_used}
        )
        texts = _texts(distinct["skseg_value"])
        numbers = number_format.read(texts)
        amounts = _amounts_of_texts(
            texts, distinct["skseg_used"] > 0, name, number_format, options
        )
        rows = []
        for text, number, (units, finer) in zip(
            texts, numbers, _units_of(amounts, options), strict=True
        ):
            if number is None:
                continue
            is_finite = math.isfinite(float(number.value))
            rows.append(
                (source.functions.quoted(text), units, finer, str(int(is_finite)))
            )
        names = dict.fromkeys(("units", "finer", "finite"), "NULL")
        if rows:
            columns = ("value", "units", "finer", "finite")
            names = source.add_mapping(key, columns, rows)
        conditions.add("missing amount", f"{column} IS NULL", name)
        conditions.add(
            "unparsable amount",
            f"{names['finite']} IS NULL",
            name,
            lambda: format_remedies(texts, number_format),
        )
        conditions.add("non-finite amount", f"{names['finite']} = 0", name)
        has_finer = bool(len(amounts.finer))
        if has_finer and options.rounding is None:
            values = np.abs(amounts.units) / 10.0**amounts.decimals
            largest = float(values.max(initial=0.0))
            raise too_fine(
                source,
                f"{names['finer']} IS NOT NULL",
                conditions,
                largest,
                amounts.finer,
            )
        finer_units = names["finer"] if has_finer else None
        self.units = _Units(names["units"], amounts.decimals, finer_units)
        scale = power(source, amounts.decimals)
        self.size = (
            f"ABS(CAST({names['units']} AS {source.functions.double}) / {scale})"
        )


def _amounts_of_texts(
    texts: list[str],
    is_used: BoolArray,
    name: str,
    number_format: NumberFormat,
    options: Options,
) -> Amounts:
    if not texts or not is_used.any():
        rows = np.zeros(0, dtype=np.intp)
        return Amounts(np.zeros(len(texts)), 0, rows, np.zeros(0))
    series: Any = nw.from_native(
        pd.Series(texts, dtype=object, name=name), series_only=True
    )
    defects = Defects(len(texts), options.owner)
    defects.usable &= is_used
    return read_decimals(series, number_format, defects)


def _texts(values: NDArray[Any]) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()]


def _units_of(amounts: Amounts, options: Options) -> Iterator[tuple[str, str]]:
    """Return units, and the rounded units of finer values, as SQL; NULL for none."""
    # Beyond any sum that is allowed, and within the integers of all engines.
    limit = 2.0**62
    units = [f"{unit:.0f}" for unit in np.clip(amounts.units, -limit, limit).tolist()]
    finer = ["NULL"] * len(units)
    if len(amounts.finer) and options.rounding is not None:
        # Rounded units of the values that are not finer are not used.
        money = rounded(amounts, int(options.decimals), options.rounding)
        for row in amounts.finer_rows:
            unit = min(max(float(money.units[row]), -limit), limit)
            units[row], finer[row] = "NULL", f"{unit:.0f}"
    elif len(amounts.finer):
        for row in amounts.finer_rows:
            finer[row] = "0"
    return zip(units, finer, strict=True)


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
    source: Source, part: _Units, largest: float, conditions: Conditions
) -> Money:
    """Return the amounts with fewer decimals than some of them need."""
    options, functions = source.options, source.functions
    decimals = int(options.decimals)
    step = 10 ** (part.decimals - decimals)
    units = part.units
    rest = f"(ABS({units}) % {step})"
    if options.rounding is None:
        if _exists(source, conditions, f"{rest} <> 0"):
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
    parts: list[_Units],
    measures: list[Measures],
    conditions: Conditions,
) -> tuple[_Units, float]:
    """Return the exact products, with the fewest decimals that hold them."""
    largest = math.prod(
        round(measure.largest * 10.0**part.decimals)
        for part, measure in zip(parts, measures, strict=True)
    )
    if largest >= MAX_UNITS or any(part.finer is not None for part in parts):
        raise _no_product(source)
    product = f"({parts[0].units} * {parts[1].units})"
    decimals = kept = parts[0].decimals + parts[1].decimals
    while kept and not _exists(
        source, conditions, f"{product} % {10 ** (decimals - kept + 1)} <> 0"
    ):
        kept -= 1
    if kept > MAX_DECIMALS:
        raise _no_product(source)
    if kept < decimals:
        step = 10 ** (decimals - kept)
        product = source.functions.divided(product, str(step))
        largest /= step
    return _Units(product, kept), float(largest)


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


def _exists(source: Source, conditions: Conditions, condition: str) -> bool:
    """Tell whether a usable row meets a condition; the first one ends the search."""
    where = conditions.and_usable(f"({condition})")
    return bool(
        len(source.select("1 AS skseg_one", f"WHERE {where} LIMIT 1")["skseg_one"])
    )


def too_fine(
    source: Source,
    is_finer: str,
    conditions: Conditions,
    largest: float,
    finer: NDArray[Any] | None = None,
    keeps: int | None = None,
) -> InvalidDataError:
    """Return the error for amounts with too many decimals."""
    options, functions = source.options, source.functions
    names = options.amount_columns
    shown = [
        f"CAST({source.column(name)} AS {functions.text}) AS skseg_value{i}"
        for i, name in enumerate(names)
    ]
    where = conditions.and_usable(f"({is_finer})")
    example = source.select(", ".join(shown), f"WHERE {where} LIMIT 1")
    value = " x ".join(str(example[f"skseg_value{i}"][0]) for i in range(len(names)))
    columns = " x ".join(map(repr, names))
    statement = "has more decimals than can be summed exactly"
    rule = "few enough decimals to be summed exactly"
    if options.decimals != "auto":
        statement = (
            f"is finer than decimals={options.decimals}, so sums would not be exact"
        )
        rule = f"at most {options.decimals} decimals"
    total = _total(source, conditions)
    if options.decimals == "auto":
        advice, remedy = advice_to_round(total, CENTS)
    else:
        none = np.zeros(0, dtype=np.intp)
        units = np.array([total * 10.0 ** (keeps or 0)])
        amounts = Amounts(units, keeps or 0, none, np.zeros(0))
        if keeps is None:
            advice, remedy = advice_to_round(total, int(options.decimals))
        else:
            advice, remedy = advice_on_decimals(amounts, options)
    short = [name for name in names if source.kinds[name] == SHORT_FLOAT]
    if short:
        advice = (
            f"The column {short[0]!r} holds floats of fewer than 8 digits: read it "
            f"anew from its source, as float64, decimals or text. {advice}"
        )
    return InvalidDataError(
        f"The amount {value} of the column {columns} {statement}.",
        owner=options.owner,
        name="amount",
        rule=rule,
        value=value,
        column=" x ".join(names),
        advice=advice,
        remedy=remedy,
    )


def _total(source: Source, conditions: Conditions) -> float:
    """Fetch about what the sizes of the usable amounts add up to, for advice."""
    names = source.options.amount_columns
    if any(source.kinds[name] == TEXT for name in names):
        return 0.0
    size = " * ".join(f"ABS({double(source, name)})" for name in names)
    row = source.select(
        f"SUM({size}) AS skseg_total", f"WHERE {conditions.and_usable('1 = 1')}"
    )
    return float(row["skseg_total"][0])
