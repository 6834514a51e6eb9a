"""Ranks of the numbers that a column may hold, against counting them one by one."""

from __future__ import annotations

import math
import sys
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.rules import Domain, RuleSet
from skseg.rules._proof._possible_numbers import (
    PossibleNumbers,
    float_at,
    float_rank,
    whole_at,
    whole_rank,
)
from skseg.rules._proof._witness import _whole_number

pytestmark = pytest.mark.pure

BIGGEST = sys.float_info.max
ALL = PossibleNumbers()
WHOLE = PossibleNumbers(are_whole=True)


def neighbours(number: float, count: int) -> list[float]:
    """Return the float64 around a number, in rising order."""
    below, above = [number], [number]
    for _ in range(count):
        below.append(math.nextafter(below[-1], -math.inf))
        above.append(math.nextafter(above[-1], math.inf))
    return sorted({*below, *above})


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "number", [0.0, 5e-324, 1.0, 2.0**52, 2.0**53, 2.0**63, 2.0**64, 1e300]
)
def test_neighbours_have_neighbouring_ranks(number: float, sign: int) -> None:
    floats = neighbours(sign * number, 9)
    assert [b - a for a, b in pairwise(map(float_rank, floats))] == [1] * 18
    assert [float_at(float_rank(value)) for value in floats] == floats
    if abs(number) >= 2.0**53:
        whole = [value for value in floats if value.is_integer()]
    else:
        whole = [sign * number // 1 + i for i in range(-9, 10)]
    ranks = list(map(whole_rank, whole))
    assert [b - a for a, b in pairwise(ranks)] == [1] * (len(whole) - 1)
    assert list(map(whole_at, ranks)) == whole


def test_the_ends_of_float64_have_ranks_too() -> None:
    for rank_of in (float_rank, whole_rank):
        assert rank_of(math.inf) == rank_of(BIGGEST) + 1
        assert rank_of(-math.inf) == -rank_of(math.inf)
        assert rank_of(-0.0) == rank_of(0.0) == 0
    assert ALL.at(ALL.start) == -math.inf
    assert ALL.at(ALL.stop - 1) == math.inf
    assert WHOLE.at(WHOLE.start) == -BIGGEST
    assert WHOLE.at(WHOLE.stop - 1) == BIGGEST


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_ranks_are_in_the_order_of_the_numbers(a: float, b: float) -> None:
    assert (a < b) == (float_rank(a) < float_rank(b))
    assert float_at(float_rank(a)) == a
    first, stop = sorted((WHOLE.rank_from(a), WHOLE.rank_from(b)))
    if first < stop:
        between = WHOLE.at(first)
        assert between.is_integer()
        assert min(a, b) <= between < max(a, b)


CORNERS = [
    *(5e-324, 0.5, 1.0, 1.5, 2.0**52 + 0.5, 2.0**53 - 2, 2.0**53 - 1, 2.0**53),
    *(2.0**53 + 2, 2.0**53 + 4, 2.0**63, 2.0**64, 1e16, 1e300, BIGGEST, math.inf),
]
DOMAINS = {
    "any": Domain(),
    "whole": Domain(integer=True),
    "from -1.5 to 2**53 + 2": Domain(low=-1.5, high=2.0**53 + 2),
    "whole from -1.5": Domain(integer=True, low=-1.5),
    "whole to 2**53 + 2": Domain(integer=True, high=2.0**53 + 2),
    "no whole number": Domain(integer=True, low=0.25, high=0.75),
    "no finite number": Domain(integer=True, low=math.inf),
    "listed": Domain(values=[3, -1, 0.5, 2.0**53, math.inf]),
}


def window(corner: float, domain: Domain) -> list[float]:
    """Return numbers around a corner without any possible one left out in between."""
    floats = neighbours(corner, 5)
    if not domain.integer or abs(corner) > 2**53 + 5:
        return floats
    steps = [math.floor(corner) + i / 2 for i in range(-9, 10)]
    return sorted({*floats, *map(float, steps)})


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_what_lies_between_two_numbers_is_what_counting_finds(domain: Domain) -> None:
    possible = domain.possible_numbers
    for corner in sorted({*CORNERS, *(-corner for corner in CORNERS), 0.0}):
        numbers = window(corner, domain)
        for number in numbers:
            assert (number in possible) == holds(domain, number)
        for low, high in combinations(numbers, 2):
            first, stop = possible.between(low, high)
            inside = [n for n in numbers if low < n < high and holds(domain, n)]
            assert [possible.at(rank) for rank in range(first, stop)] == inside
            ends = {n for n in (low, high) if holds(domain, n)}
            first, stop = possible.rank_from(low), possible.rank_above(high)
            closed = sorted({*inside, *ends})
            assert [possible.at(rank) for rank in range(first, stop)] == closed


@pytest.mark.parametrize("corner", CORNERS)
def test_the_whole_number_shown_of_a_cell_is_that_nearest_to_zero(
    corner: float,
) -> None:
    for sign in (1, -1):
        numbers = window(sign * corner, Domain(integer=True))
        for low, high in combinations(numbers, 2):
            whole = [n for n in numbers if holds(Domain(integer=True), n)]
            nearest = min((n for n in whole if low <= n < high), key=abs, default=None)
            assert _whole_number(low, high) == nearest


def holds(domain: Domain, number: float) -> bool:
    if domain.values is not None:
        return number in domain.values
    is_whole = math.isfinite(number) and number == math.floor(number)
    return domain.low <= number <= domain.high and (is_whole or not domain.integer)


@pytest.mark.parametrize("distance", [-4, -2, -1, 0, 2, 4, 2**53, 2**63])
@pytest.mark.parametrize("sign", ["", "-"])
def test_whole_numbers_beyond_every_threshold_are_not_forgotten(
    distance: int, sign: str
) -> None:
    """Above 2**53 - 2 the gap up to the quantile was once taken for empty."""
    threshold = float(2**53 + distance)
    rule = f"b <= {threshold!r} or b > q(0.5)"
    if sign:
        rule = f"b >= {-threshold!r} or b < q(0.5)"
    schema = {"b": {"integer": True, "missing": False}}
    report = RuleSet({"a": rule}).verify(schema)
    assert report.is_exhaustive is False
    (gap,) = report.gaps
    rules = RuleSet({"a": rule}).with_quantiles(gap.quantiles)
    assert not rules.membership({"b": [gap.witness["b"]]}).any()
