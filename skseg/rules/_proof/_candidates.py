"""Values with which quantiles of data not yet seen can be shown.

Every order of quantiles and known numbers occurs among them, with readable values where
there is room for some.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ._domain import Domain
from ._possible_numbers import PossibleNumbers


class Place(NamedTuple):
    """Where quantiles may lie: at one value, or in an interval between known numbers.

    In an interval only the order of the quantiles matters, so its values are used one
    after the other: the next one only after that before. Other possible values lie
    before, between and after these.
    """

    values: tuple[float, ...]
    is_interval: bool = False


def places(n_quantiles: int, numbers: Sequence[float], domain: Domain) -> list[Place]:
    """Return the places on, between and beyond the numbers, in rising order.

    Every quantile is a value of the data, so it lies in the domain.
    """
    possible = domain.possible_numbers
    if domain.values is not None:
        ranks = range(possible.start, possible.stop)
        return [Place((possible.at(rank),)) for rank in ranks]
    borders = sorted({-math.inf, *numbers, *domain.number_bounds, math.inf})
    rising = [Place((border,)) for border in borders if border in possible]
    for low, high in pairwise(borders):
        rising += _between(low, high, n_quantiles, possible)
    return sorted(rising)


def _between(
    low: float, high: float, count: int, possible: PossibleNumbers
) -> list[Place]:
    """Return the places strictly between two numbers."""
    first, stop = possible.between(low, high)
    room = stop - first
    if room < 3 * (count + 1):
        # Every value counts where quantiles may be direct neighbours.
        return [Place((possible.at(rank),)) for rank in range(first, stop)]
    values = _readable(low, high, count, possible)
    if values is None:
        # Whole numbers are taken beside a threshold: the middle of all that float64
        # holds is beyond the integers of databases.
        step = 3 if possible.are_whole else room // (count + 1)
        start = first if low > -math.inf else stop - 1 - step * (count + 1)
        values = [possible.at(start + step * i) for i in range(1, count + 1)]
    return [Place(tuple(values), is_interval=True)]


def _readable(
    low: float, high: float, count: int, possible: PossibleNumbers
) -> list[float] | None:
    """Return numbers of few digits in (low, high), with room between them, if any."""
    if low > -math.inf:
        first = math.floor(low) + 3
    else:
        first = math.floor(high) - 3 * count if high < math.inf else 3
    last = first + 3 * count
    if max(abs(first), abs(last)) < 2**50 and last <= high:
        return [float(n) for n in range(first, last, 3)]
    step = (high - low) / (count + 1)
    if not math.isfinite(step):
        return None
    for digits in range(1, 7):
        short = [float(f"{low + step * i:.{digits}g}") for i in range(1, count + 1)]
        ranks = [possible.rank_from(value) for value in (low, *short, high)]
        apart = all(b - a > 2 for a, b in pairwise(ranks))
        if apart and all(value in possible for value in short):
            return short
    return None
