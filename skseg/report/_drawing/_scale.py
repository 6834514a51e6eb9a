"""From numbers to places in a chart."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear map of the interval [low, high] to [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        span = self.high - self.low
        share = (number - self.low) / span if span > 0 else 0.0
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at most `most` multiples of 1, 2 or 5 times a power of ten in [low, high].

    Bounds that are not finite, or equal, have their own finite values as ticks.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return sorted({bound for bound in (low, high) if math.isfinite(bound)})
    raw = (high - low) / max(most - 1, 1)
    if not math.isfinite(raw) or raw < 1e-300:
        return [low, high]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10, 20) if m * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
