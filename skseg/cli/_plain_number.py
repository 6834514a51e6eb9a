"""Numbers as files have them, read as float64."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skseg.rules._values import is_number, to_float64

# What databases read as a number as well: no 1_000, no NaN, no digits of other scripts.
_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|(?i:inf(?:inity)?))\s*"
)
_TRUTH_VALUES = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class NumberReader:
    """Reads numbers with a decimal mark and, if any, a thousands separator."""

    decimal: str = "."
    thousands: str | None = None

    def values(self, distinct: Sequence[Any]) -> list[float | None]:
        """Return the number that every value of a column is, or None.

        The texts true and false, in any case, are 1 and 0 in a column of nothing else.
        """
        truths = [_truth_value(value) for value in distinct]
        if None not in truths:
            return truths
        return [self.value(value) for value in distinct]

    def value(self, value: Any) -> float | None:
        """Return the number that a value is, or None."""
        if isinstance(value, str):
            plain = self._plain(value)
            return None if plain is None else float(plain)
        # Durations and moments are no numbers, though some libraries take them for it.
        if isinstance(value, (dt.date, dt.time, dt.timedelta)) or not is_number(value):
            return None
        return to_float64(value)

    def hint(self, value: Any) -> str:
        """Return what to do about a value that is no number, or nothing."""
        for decimal, thousands in ((",", None), (",", "."), (".", ",")):
            other = NumberReader(decimal, thousands)
            if other.value(value) is not None and other != self:
                means = "" if thousands is None else f" --thousands {thousands}"
                return f" Is it written with --decimal {decimal}{means}?"
        return ""

    def _plain(self, text: str) -> str | None:
        """Return a text with a point for decimals, if it is a number."""
        if self.thousands is not None:
            whole, mark, rest = text.partition(self.decimal)
            groups = whole.strip().lstrip("+-").split(self.thousands)
            if len(groups) > 1:
                widths = [len(group) for group in groups]
                if widths[0] not in (1, 2, 3) or set(widths[1:]) != {3}:
                    return None
            text = whole.replace(self.thousands, "") + mark + rest
        if self.decimal != ".":
            if "." in text:
                return None
            text = text.replace(self.decimal, ".")
        return text if _NUMBER.fullmatch(text) else None


def _truth_value(value: Any) -> float | None:
    if isinstance(value, str):
        return _TRUTH_VALUES.get(value.strip().casefold())
    return float(value) if isinstance(value, bool) else None
