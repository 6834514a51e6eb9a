"""Where quantiles of data not yet seen may lie among known numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ._domain import Domain


class _Place(NamedTuple):
    """A value that a quantile may have.

    In a wide gap between known numbers only the order of the quantiles matters, so its
    places are used in turn: one that `follows` another adds nothing without that.
    """

    value: float
    follows: bool = False


def placements(
    count: int, numbers: Sequence[float], domain: Domain
) -> Iterator[tuple[float, ...]]:
    """Yield values of `count` quantiles, for every order of these and of `numbers`.

    The quantiles rise with their levels and may be equal. Each is a value of the data,
    so it lies in the domain. Wherever there is room, a value of the domain lies between
    any two neighbours in the order, and what rules tell apart in tighter placements,
    they tell apart there.
    """
    places = _places(count, numbers, domain)
    free = [i for i, place in enumerate(places) if not place.follows]

    def next_places(last: int) -> list[int]:
        in_turn = [last + 1] if last + 1 < len(places) and last + 1 not in free else []
        return [last, *in_turn, *(i for i in free if i > last)]

    after = [next_places(i) for i in range(len(places))]

    def extend(chosen: tuple[int, ...]) -> Iterator[tuple[float, ...]]:
        if len(chosen) == count:
            yield tuple(places[i].value for i in chosen)
            return
        for i in after[chosen[-1]] if chosen else free:
            yield from extend((*chosen, i))

    return extend(())


def _places(count: int, numbers: Sequence[float], domain: Domain) -> list[_Place]:
    if domain.values is not None:
        return [_Place(value) for value in sorted(map(float, domain.values))]
    borders = sorted({-math.inf, *numbers, domain.low, domain.high, math.inf})
    places = [_Place(border) for border in borders]
    for low, high in pairwise(borders):
        places += _between(low, high, count, domain.integer)
    return sorted(place for place in places if _possible(place.value, domain))


def _possible(value: float, domain: Domain) -> bool:
    whole = math.isfinite(value) and value.is_integer()
    return domain.low <= value <= domain.high and (whole or not domain.integer)


def _between(low: float, high: float, count: int, integer: bool) -> list[_Place]:
    """Return the places strictly between two numbers."""
    if integer:
        # Beyond 2**53 not every whole number is a float64.
        first = math.floor(max(low, -(2.0**53))) + 1
        last = math.ceil(min(high, 2.0**53)) - 1
    else:
        first, last = _ordinal(low) + 1, _ordinal(high) - 1
    room = last - first + 1
    if room < 3 * (count + 1):
        narrow = range(first, last + 1)
        return [_Place(float(n) if integer else _float_at(n)) for n in narrow]
    values = _readable(low, high, count, integer)
    if values is None:
        spread = [first + room * i // (count + 1) for i in range(1, count + 1)]
        values = [float(n) if integer else _float_at(n) for n in spread]
    return [_Place(value, follows=i > 0) for i, value in enumerate(values)]


def _readable(low: float, high: float, count: int, integer: bool) -> list[float] | None:
    """Return `count` short numbers in (low, high) with room between them, if any."""
    if low > -math.inf:
        first = math.floor(low) + 3
    else:
        first = math.floor(high) - 3 * count if high < math.inf else 3
    last = first + 3 * count
    if max(abs(first), abs(last)) < 2**50 and last <= high:
        return [float(n) for n in range(first, last, 3)]
    step = (high - low) / (count + 1)
    if integer or not math.isfinite(step):
        return None
    for digits in range(1, 7):
        short = [float(f"{low + step * i:.{digits}g}") for i in range(1, count + 1)]
        ordinals = [_ordinal(value) for value in (low, *short, high)]
        if all(b - a > 2 for a, b in pairwise(ordinals)):
            return short
    return None


def _ordinal(number: float) -> int:
    """Number the float64 in rising order; neighbours have neighbouring numbers."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number + 0.0))
    return int(bits) if bits >= 0 else -(int(bits) & (2**63 - 1))


def _float_at(ordinal: int) -> float:
    """Return the float64 with a number; the inverse of `_ordinal`."""
    (size,) = struct.unpack("<d", struct.pack("<q", abs(ordinal)))
    return math.copysign(size, ordinal) + 0.0
