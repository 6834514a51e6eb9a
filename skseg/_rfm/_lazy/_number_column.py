"""Columns of numbers of a table, as SQL of whole minor units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._rfm._decimal_amounts import FLOAT64
from skseg._rfm._float_decimals import (
    Amounts,
    amounts_of_floats,
    most_decimals,
)
from skseg._rfm._money import CENTS
from skseg.exceptions import InvalidDataError

from ._amounts import Units, too_fine, units_of
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
from ._text_column import TextColumn

# Units from which noise may be as large as half of one.
NOISY_UNITS = 1e14
# How near to a tie the decimal digits decide; see `_rounded_values` of frames.
NEAR_TIE = 1e-3


class Measures(NamedTuple):
    """What the account says of a column: its largest value, highest code, decimals."""

    largest: float
    code: int
    decimals: int  # of all values that are exact or noisy


class NumberColumn:
    """A column of numbers, read with the account and after it."""

    def __init__(self, source: Source, name: str, conditions: Conditions) -> None:
        self.source, self.name = source, name
        self.kind = source.kinds[name]
        self._conditions = conditions
        self._texts: TextColumn | None = None
        options = source.options
        if self.kind == TEXT:
            self._texts = TextColumn(source, name, conditions)
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

    def read(self, measures: Measures) -> Units:
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
        if exists(self.source, self._conditions, is_needed):
            return decimals
        return max(code % NOISE for code in self._codes(code))

    @property
    def _dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32) if self.kind == SHORT_FLOAT else FLOAT64

    def _settled(self, decimals: int, largest: float) -> Units:
        units = whole_units(self.source, self.name, decimals, largest)
        return Units(units, decimals)

    def _codes(self, code: str) -> dict[int, int]:
        """Fetch how many usable rows have each code."""
        rows = self.source.select(
            f"{code} AS skseg_code, COUNT(*) AS skseg_n",
            f"WHERE {self._conditions.and_usable('1 = 1')} GROUP BY {code}",
        )
        codes = map(int, rows["skseg_code"].tolist())
        return dict(zip(codes, map(int, rows["skseg_n"].tolist()), strict=True))

    def _with_finer(self, largest: float, most: int) -> Units:
        """Read decimals and short floats some of which are finer than can be held."""
        code = needed_decimals(self.source, self.name)
        counts = self._codes(code)
        decimals = max((c for c in counts if c <= most), default=0)
        is_finer = f"{code} > {most}"
        if self.source.options.rounding is None:
            raise too_fine(self.source, is_finer, self._conditions, largest)
        units = whole_units(self.source, self.name, decimals, largest)
        if self.kind == SHORT_FLOAT:
            return Units(units, decimals, self._rounded_finer(is_finer))
        values = self._fetch(is_finer)
        finer = Amounts(np.zeros(len(values)), 0, np.arange(len(values)), values)
        return Units(units, decimals, self._sent_back(values, finer)["finer"])

    def _with_open(self, largest: float, most: int) -> Units:
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
        return Units(units, decimals, finer)

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
                values.tolist(), units_of(amounts, self.source.options), strict=True
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


def exists(source: Source, conditions: Conditions, condition: str) -> bool:
    """Tell whether a usable row meets a condition; the first one ends the search."""
    where = conditions.and_usable(f"({condition})")
    return bool(
        len(source.select("1 AS skseg_one", f"WHERE {where} LIMIT 1")["skseg_one"])
    )
