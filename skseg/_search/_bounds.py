"""Bounds on sizes: which sizes arithmetic alone rules out, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

# Sums of fractional weights may miss a bound by this share of it: 10 x 0.1 is 1.
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class SizeBounds:
    """Smallest and largest size of a segment.

    Sizes are compared with `low` and `high`, rounding included; `min_size` and
    `max_size` are the bounds that the user gave.
    """

    low: float
    high: float
    min_size: float
    max_size: float

    def fits(self, size: float) -> bool:
        """Tell whether one segment may have this size."""
        return self.low <= size <= self.high

    def fewest(self, size: float) -> int:
        """Return the fewest segments that keep to the upper bound."""
        return max(1, math.ceil(size / self.high))

    def adds_up(self, size: float) -> bool:
        """Tell whether some k has k * low <= size <= k * high.

        The fewest segments leave the most room above the lower bound.
        """
        return self.fewest(size) * self.low <= size

    def all_fewest(self, sizes: FloatArray) -> FloatArray:
        """Return `fewest` of every size."""
        return np.maximum(1.0, np.ceil(sizes / self.high))

    def excess(self, sizes: FloatArray) -> FloatArray:
        """Return the number of rows above the bound that no division can avoid."""
        if self.low <= 0:
            return np.zeros_like(sizes)
        return np.maximum(0.0, sizes - np.floor(sizes / self.low) * self.high)

    def infeasibility(self, size: float) -> str | None:
        """Return why arithmetic rules `size` rows out, None if it does not."""
        if size < self.low:
            return (
                f"{count_rows(size)} {'is' if size == 1 else 'are'} fewer than "
                f"min_size={format_size(self.min_size)}."
            )
        if self.adds_up(size):
            return None
        k = math.floor(size / self.low)
        return (
            f"{format_size(size)} rows cannot be divided into segments of "
            f"{self}: {_segments(k)} at most {format_size(k * self.max_size)} rows, "
            f"{_segments(k + 1)} at least {format_size((k + 1) * self.min_size)}. "
            f"The nearest bounds that add up: max_size="
            f"{format_size(_round_up(size / k, self.high))} or min_size="
            f"{format_size(-_round_up(-size / (k + 1), -self.low))}."
        )

    def __str__(self) -> str:
        low, high = format_size(self.min_size), format_size(self.max_size)
        return f"{low} to {high} rows" if low != high else f"{low} rows"


def size_bounds(min_size: float, max_size: float, sizes: FloatArray) -> SizeBounds:
    """Return bounds for sums of `sizes`: exact for whole ones, else up to rounding."""
    if not (0 <= min_size <= max_size and max_size > 0):
        rule = "0 <= min_size <= max_size and max_size > 0"
        raise InvalidDataError(
            f"Sizes must have {rule}. Got min_size={min_size!r} and "
            f"max_size={max_size!r}.",
            name="min_size",
            rule=rule,
            value=(min_size, max_size),
        )
    low, high = float(np.ceil(min_size)), float(np.floor(max_size))
    if not _are_whole(sizes) or low > high or high < 1:
        low, high = min_size * (1 - _TOLERANCE), max_size * (1 + _TOLERANCE)
    return SizeBounds(low, high, float(min_size), float(max_size))


def _are_whole(sizes: FloatArray) -> bool:
    return bool((sizes == np.floor(sizes)).all())


def summable(sizes: FloatArray) -> FloatArray:
    """Return `sizes` such that their sums do not depend on the order of adding up.

    Whole numbers are summable. Others are rounded to multiples of a power of two that
    is small, but large enough for float64 to hold every sum exactly.
    """
    if _are_whole(sizes):
        return sizes
    # Exactly rounded, so that it does not depend on the order either.
    total = math.fsum(sizes)
    step = math.ldexp(1.0, max(math.frexp(total)[1] - 52, -1074))
    return np.asarray(np.rint(sizes / step) * step)


def format_size(size: float) -> str:
    """Write a number of rows, or a weight, for a message."""
    if math.isinf(size) or not float(size).is_integer():
        return f"{size:,.6g}"
    return f"{int(size):,}"


def count_rows(size: float) -> str:
    """Write a number of rows with its unit."""
    return "1 row" if size == 1 else f"{format_size(size)} rows"


def _segments(k: int) -> str:
    return "1 segment has" if k == 1 else f"{k:,} segments have"


def _round_up(size: float, bound: float) -> float:
    """Return a short number at or above `size`, whole if the `bound` is."""
    if float(bound).is_integer():
        return float(math.ceil(size))
    step = 10.0 ** (math.floor(math.log10(abs(size))) - 4)
    return math.ceil(size / step) * step
