"""Numbers that read well: of all thresholds that cut alike, the roundest."""

from __future__ import annotations

import math
from fractions import Fraction


def roundest(low: float, high: float) -> float:
    """Return the roundest float64 t with ``low <= t < high``.

    Zero is rounder than any other number; then come the multiples of the largest power
    of ten, or of half of one. Among equals, the one nearest to the middle.

    Parameters
    ----------
    low, high : float
        Infinities allowed, ``low < high``.

    Returns
    -------
    float
        Cuts exactly: what is at most `low` is at most t, what is at least `high` is
        above it.
    """
    if low <= 0 < high:
        return 0.0
    start, end = _finite_ends(low, high)
    if not start < end:
        return low + 0.0
    exact_start, exact_end = Fraction(start), Fraction(end)
    power = math.floor(math.log10(max(abs(start), abs(end)))) + 1
    for digits in range(power, power - 20, -1):
        for step in (Fraction(10) ** digits, Fraction(10) ** digits / 2):
            number = _nearest_multiple(exact_start, exact_end, step)
            if number is not None and low <= float(number) < high:
                return float(number) + 0.0
    return low + 0.0


def _finite_ends(low: float, high: float) -> tuple[float, float]:
    """Return ends for an interval without one, as far away again as the other is."""
    if math.isinf(low):
        low = high - abs(high) - 1
    if math.isinf(high):
        high = low + abs(low) + 1
    return (low, high) if math.isfinite(low + high) else (low, low)


def _nearest_multiple(low: Fraction, high: Fraction, step: Fraction) -> Fraction | None:
    """Return the multiple of `step` in ``[low, high)`` nearest to the middle."""
    first, last = math.ceil(low / step), math.ceil(high / step) - 1
    if first > last:
        return None
    middle = round((low + high) / 2 / step)
    return min(max(middle, first), last) * step
