"""The orders that quantiles of unseen data may have among known numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ._domain import Domain


class _Candidate(NamedTuple):
    """A value that a quantile may have.

    Within a wide interval between known numbers only the order of the quantiles
    matters, so its candidates are used one after the other: one that `follows` another
    is used only after that.
    """

    value: float
    follows: bool = False


def orderings(
    n_quantiles: int, numbers: Sequence[float], domain: Domain
) -> Iterator[tuple[float, ...]]:
    """Yield values of the quantiles, for every order of quantiles and `numbers`.

    The quantiles rise with their levels and may be equal. Each is a value of the data,
    so it lies in the domain. Wherever there is room, a value of the domain lies between
    any two neighbours in the order, and what rules tell apart where there is less room,
    they tell apart there.
    """
    candidates = _candidates(n_quantiles, numbers, domain)
    leaders = [i for i, candidate in enumerate(candidates) if not candidate.follows]

    def successors(last: int) -> list[int]:
        follower = last + 1
        can_follow = follower < len(candidates) and candidates[follower].follows
        later = (i for i in leaders if i > last)
        return [last, *([follower] if can_follow else []), *later]

    next_choices = [successors(i) for i in range(len(candidates))]

    def extend(chosen: tuple[int, ...]) -> Iterator[tuple[float, ...]]:
        if len(chosen) == n_quantiles:
            yield tuple(candidates[i].value for i in chosen)
            return
        for i in next_choices[chosen[-1]] if chosen else leaders:
            yield from extend((*chosen, i))

    return extend(())


def _candidates(
    n_quantiles: int, numbers: Sequence[float], domain: Domain
) -> list[_Candidate]:
    """Return the candidates on, between and beyond the numbers, in rising order."""
    if domain.values is not None:
        listed = [value for value in domain.values if isinstance(value, float)]
        return [_Candidate(value) for value in sorted(listed)]
    borders = sorted({-math.inf, *numbers, domain.low, domain.high, math.inf})
    candidates = [_Candidate(border) for border in borders]
    for low, high in pairwise(borders):
        candidates += _between(low, high, n_quantiles, domain.integer)
    return sorted(c for c in candidates if _is_possible(c.value, domain))


def _is_possible(value: float, domain: Domain) -> bool:
    whole = math.isfinite(value) and value.is_integer()
    return domain.low <= value <= domain.high and (whole or not domain.integer)


def _between(low: float, high: float, count: int, integer: bool) -> list[_Candidate]:
    """Return the candidates strictly between two numbers."""
    if integer:
        # Beyond 2**53 not every whole number is a float64.
        first = math.floor(max(low, -(2.0**53))) + 1
        last = math.ceil(min(high, 2.0**53)) - 1
    else:
        first, last = _ordinal(low) + 1, _ordinal(high) - 1
    room = last - first + 1
    if room < 3 * (count + 1):
        # Every value counts where quantiles may be direct neighbours.
        narrow = range(first, last + 1)
        return [_Candidate(float(n) if integer else _float_at(n)) for n in narrow]
    values = _readable(low, high, count, integer)
    if values is None:
        spread = [first + room * i // (count + 1) for i in range(1, count + 1)]
        values = [float(n) if integer else _float_at(n) for n in spread]
    return [_Candidate(value, follows=i > 0) for i, value in enumerate(values)]


def _readable(low: float, high: float, count: int, integer: bool) -> list[float] | None:
    """Return numbers of few digits in (low, high), with room between them, if any."""
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
