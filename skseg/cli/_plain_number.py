"""Numbers as files have them, read as float64."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from skseg.rules._values import is_number, to_float64

from ._file_format import THOUSANDS_MARKS

# What databases read as a number as well: no 1_000, no NaN, no digits of other scripts.
_NUMBER = re.compile(
    r"\s*[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|(?i:inf(?:inity)?))\s*"
)
_CURRENCY = re.compile(r"[^\W\d_]{1,3}|[$\u20ac\xa3\xa5]")
_TRUTH_VALUES = {"true": 1.0, "false": 0.0}
_SPACES = str.maketrans({"\xa0": " ", "\u202f": " "})


@dataclass(frozen=True)
class NumberReader:
    """Reads numbers with a decimal mark and, if any, a mark between thousands."""

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
        return to_float64(value) if is_number(value) else None

    def _plain(self, text: str) -> str | None:
        """Return a text with a point for decimals, if it is a number."""
        if self.thousands is not None:
            whole, mark, rest = text.translate(_SPACES).partition(self.decimal)
            first, *groups = whole.strip().split(self.thousands)
            if groups:
                is_first = re.fullmatch(r"[-+]?[0-9]{1,3}", first) is not None
                if not is_first or {len(group) for group in groups} != {3}:
                    return None
                whole = "".join([first, *groups])
            text = whole + mark + rest
        if self.decimal != ".":
            if "." in text:
                return None
            text = text.replace(self.decimal, ".")
        return text if _NUMBER.fullmatch(text) else None

    def advice(self, value: Any) -> str:
        """Return the options with which a text that is no number is one, or nothing."""
        if not isinstance(value, str):
            return ""
        # A currency is no reason to misread a number.
        value = _CURRENCY.sub("", value)
        if self.value(value) is not None:
            return ""
        options: dict[float, str] = {}
        for reader, words in _other_readers():
            number = reader.value(value)
            if number is not None:
                # The options with the fewest words come first.
                options.setdefault(number, words)
        ways = [f"{words} if it is {number:.15g}" for number, words in options.items()]
        return f" Give {', or '.join(ways)}." if ways else ""


def _other_readers() -> Iterator[tuple[NumberReader, str]]:
    """Yield readers of numbers with the options that give them."""
    yield NumberReader(","), "--decimal ,"
    for decimal, words in ((".", ""), (",", "--decimal , ")):
        for mark in THOUSANDS_MARKS:
            if mark != decimal:
                thousands = " " if mark == "space" else mark
                quoted = f'"{mark}"' if mark == "'" else mark
                option = f"{words}--thousands {quoted}"
                yield NumberReader(decimal, thousands), option


def _truth_value(value: Any) -> float | None:
    if isinstance(value, str):
        return _TRUTH_VALUES.get(value.strip().casefold())
    return float(value) if isinstance(value, bool) else None
