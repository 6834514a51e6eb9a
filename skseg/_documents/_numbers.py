"""Numbers as documents write them, each the float64 or int that it says."""

from __future__ import annotations

import math

from ._errors import DocumentError

# The largest float64 has 309 digits; int() takes long for what is much longer.
_MOST_DIGITS = 309


def read_int(text: str) -> int:
    """Return the int that digits stand for; raise DocumentError beyond float64."""
    n_digits = len(text.lstrip("+-"))
    if n_digits > _MOST_DIGITS or math.isinf(float(text)):
        raise DocumentError(f"a number of {n_digits} digits is beyond float64")
    return int(text)


def read_float(text: str) -> float:
    """Return the nearest float64; raise DocumentError where that is 0 or infinite."""
    number = float(text)
    digits = text.lower().partition("e")[0].strip("+-0.")
    if math.isinf(number) or (digits and not number):
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        raise DocumentError(f"the number {shown} is beyond float64")
    return number
