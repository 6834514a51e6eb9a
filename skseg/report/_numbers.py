"""Numbers in words, as a reader without statistics expects them."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
# Stands where a number is unknown or not shown.
UNKNOWN = "\N{EN DASH}"


def count_text(count: float) -> str:
    """Return a number of customers, which weights may have made fractional."""
    if not math.isfinite(count):
        return UNKNOWN
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"


def percent_text(share: float) -> str:
    """Return a share in percent, which is 0 or 100 only if it is exactly that."""
    if not math.isfinite(share):
        return UNKNOWN
    if 0 < abs(share) < 0.0005:
        return f"{MINUS if share < 0 else ''}<\N{THIN SPACE}0.1%"
    if 0.9995 <= share < 1:
        return ">\N{THIN SPACE}99.9%"
    return _signed(f"{share * 100:.1f}%")


def number_text(number: float, unit: str = "") -> str:
    """Return a number with about four digits, and its unit."""
    if not math.isfinite(number):
        return UNKNOWN
    size = abs(number)
    if size >= 1e15 or 0 < size < 1e-4:
        text = f"{number:.2e}"
    elif size >= 1000:
        text = f"{number:,.0f}"
    elif float(number).is_integer():
        text = f"{number:.0f}"
    elif size >= 100:
        text = f"{number:.1f}"
    elif size >= 1:
        text = f"{number:.2f}"
    else:
        text = f"{number:.3g}"
    text = _signed(text)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def change_text(ratio: float) -> str:
    """Return a relative change in percent, always with its sign."""
    if not math.isfinite(ratio):
        return UNKNOWN
    text = f"{ratio * 100:+.1f}%"
    return "0.0%" if text in {"+0.0%", "-0.0%"} else _signed(text)


def times_text(factor: float) -> str:
    """Return a factor, as in "2.4 times"."""
    return UNKNOWN if not math.isfinite(factor) else f"{_signed(f'{factor:.2g}')} times"


def p_text(p_value: float) -> str:
    """Return a p-value, of which nobody needs more than three decimals."""
    if not math.isfinite(p_value):
        return UNKNOWN
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def list_text(words: list[str]) -> str:
    """Return words as "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
