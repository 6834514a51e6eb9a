"""The orders that quantiles of unseen data may have among known numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ._domain import Domain
from ._possible_numbers import PossibleNumbers


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
    possible = PossibleNumbers(domain)
    candidates = [_Candidate(border) for border in borders if border in possible]
    for low, high in pairwise(borders):
        candidates += _between(low, high, n_quantiles, possible)
    return sorted(candidates)


def _between(
    low: float, high: float, count: int, possible: PossibleNumbers
) -> list[_Candidate]:
    """Return the candidates strictly between two numbers."""
    first, stop = possible.between(low, high)
    room = stop - first
    if room < 3 * (count + 1):
        # Every value counts where quantiles may be direct neighbours.
        return [_Candidate(possible.at(rank)) for rank in range(first, stop)]
    values = _readable(low, high, count, possible)
    if values is None:
        # Whole numbers are taken beside a threshold: the middle of all that float64
        # holds is beyond the integers of databases.
        step = 3 if possible.are_whole else room // (count + 1)
        start = first if low > -math.inf else stop - 1 - step * (count + 1)
        values = [possible.at(start + step * i) for i in range(1, count + 1)]
    return [_Candidate(value, follows=i > 0) for i, value in enumerate(values)]


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
