"""The roundest of all thresholds between two values."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

# Smaller ones have few digits in floating point.
_SMALLEST_STEP = 1e-290


def roundest(low: float, high: float) -> float:
    """Return the roundest float64 t with ``low <= t < high``.

    Zero is the roundest number. Others are the rounder, the larger the power of ten, or
    half of one, that they are a multiple of. Ties go to the number nearest to the
    middle. Both values may be infinite. The threshold separates exactly: numbers up to
    `low` are at most t, numbers from `high` on are above t.
    """
    if low <= 0 < high:
        return 0.0
    start, end = _finite_ends(low, high)
    if not start < end:
        return low + 0.0
    exact_start, exact_end = Fraction(start), Fraction(end)
    magnitude = math.floor(math.log10(max(abs(start), abs(end))))
    largest = min(magnitude + 1, sys.float_info.max_10_exp)
    for exponent in range(largest, largest - 20, -1):
        for divisor in (1, 2):
            if not _may_have_multiple(start, end, 10.0**exponent / divisor):
                continue
            step = Fraction(10) ** exponent / divisor
            number = _nearest_multiple(exact_start, exact_end, step)
            if number is not None and low <= float(number) < high:
                return float(number) + 0.0
    return low + 0.0


def _finite_ends(low: float, high: float) -> tuple[float, float]:
    """Replace an infinite end by one that is about twice as far as the other end."""
    if math.isinf(low):
        low = high - abs(high) - 1
    if math.isinf(high):
        high = low + abs(low) + 1
    return (low, high) if math.isfinite(low) and math.isfinite(high) else (low, low)


def _may_have_multiple(low: float, high: float, step: float) -> bool:
    """Tell, in floating point, whether a multiple of `step` may be in ``[low, high)``.

    Fractions are exact and slow; this spares them most of the steps.
    """
    if step < _SMALLEST_STEP:
        return True
    first, last = low / step, high / step
    # A thousand times the rounding errors of the step and of the quotients.
    margin = 1e-12 * max(abs(first), abs(last))
    return math.floor(last + margin) >= math.ceil(first - margin)


def _nearest_multiple(low: Fraction, high: Fraction, step: Fraction) -> Fraction | None:
    """Return the multiple of `step` in ``[low, high)`` nearest to the middle."""
    first, last = math.ceil(low / step), math.ceil(high / step) - 1
    if first > last:
        return None
    middle = round((low + high) / 2 / step)
    return min(max(middle, first), last) * step
