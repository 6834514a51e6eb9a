"""Numbers written for people: marks, signs, and currencies beside the amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

# What stands for a character that can be typed.
_TYPED = str.maketrans(
    {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-"}
)
_ISO_4217 = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL "
    "BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP "
    "ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL "
    "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD "
    "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
# Signs, also with letters in front (US$, R$), codes, and what some countries write.
_SIGN = "[$\u00a3-\u00a5\u0e3f\u20a0-\u20c0\uff04\uffe1\uffe5]"
_CURRENCY = (
    rf"[A-Z]{{0,3}}{_SIGN}|{_ISO_4217.replace(' ', '|')}|kr\.?|z\u0142|K\u010d|Ft|Fr\.?"
)


class Number(NamedTuple):
    """A number that was read from text, and the currency beside it, if any."""

    value: Decimal
    currency: str


class NumberFormat(NamedTuple):
    """The marks with which numbers are written."""

    decimal: str = "."
    thousands: str | None = None

    def read(self, texts: Sequence[str]) -> list[Number | None]:
        """Return the number of each text, or None."""
        number = self._number_pattern()
        plain = re.compile(f"[-+]?(?:{number})")
        # An amount of accounting is in parentheses if it is negative, and one of SAP
        # has the sign behind it.
        dressed = re.compile(
            rf"\(? ?(?P<sign>[-+]?) ?(?P<before>{_CURRENCY})? ?(?P<sign2>[-+]?) ?\(?"
            rf"(?P<number>{number})"
            rf"\)? ?(?P<sign3>-?) ?(?P<after>{_CURRENCY})?(?P<sign4>-?) ?\)?"
        )
        return [
            Number(self._value(text), "")
            if plain.fullmatch(text)
            else self._dressed_number(dressed, text)
            for text in texts
        ]

    def changes(self, present: NumberFormat) -> dict[str, object]:
        """Return the marks that differ from those of the present format."""
        before = present._asdict()
        return {k: v for k, v in self._asdict().items() if v != before[k]}

    def _number_pattern(self) -> str:
        digits = "[0-9]+"
        if self.thousands is not None:
            # Groups of three, or of two before the last one, as in India.
            mark = re.escape(self.thousands)
            groups = f"(?:{mark}[0-9]{{3}})+|(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
            digits += f"|[0-9]{{1,3}}(?:{groups})"
        mark = re.escape(self.decimal)
        return (
            rf"(?:(?:{digits})(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][-+]?[0-9]+)?"
            r"|(?i:inf(?:inity)?)"
        )

    def _dressed_number(self, pattern: re.Pattern[str], text: str) -> Number | None:
        body = text.translate(_TYPED).strip()
        match = pattern.fullmatch(body)
        if match is None:
            return None
        is_negative = "(" in body
        signs = "".join(match.group("sign", "sign2", "sign3", "sign4"))
        currencies = [mark for mark in match.group("before", "after") if mark]
        n_signs = len(signs) + body.count("(")
        if body.count("(") != body.count(")") or n_signs > 1 or len(currencies) > 1:
            return None
        value = self._value(match["number"])
        # Unlike the minus sign, this does not round to the digits of a context.
        value = value.copy_negate() if is_negative or signs == "-" else value
        return Number(value, "".join(currencies))

    def _value(self, digits: str) -> Decimal:
        digits = digits.replace(self.thousands or " ", "")
        return Decimal(digits.replace(self.decimal, "."))


# In the order of preference: without a mark of thousands if that reads as much.
_FORMATS = [
    NumberFormat(decimal, thousands)
    for thousands in (None, ".", ",", " ", "'", "_")
    for decimal in (".", ",")
    if thousands != decimal
]


def fitting_formats(texts: Sequence[str], present: NumberFormat) -> list[NumberFormat]:
    """Return the formats that read the most texts, if more than the present one.

    Several differ in what they read: 1,234 is 1.234 or 1234.
    """
    readings = {fmt: fmt.read(texts) for fmt in _FORMATS}
    counts = {
        fmt: len(texts) - reading.count(None) for fmt, reading in readings.items()
    }
    most = max(counts.values())
    n_present = len(texts) - present.read(texts).count(None)
    formats: list[NumberFormat] = []
    if most > n_present:
        for fmt, reading in readings.items():
            seen = [readings[other] for other in formats]
            if counts[fmt] == most and reading not in seen:
                formats.append(fmt)
    return formats
