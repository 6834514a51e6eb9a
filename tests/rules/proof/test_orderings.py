"""The order of quantiles that is shown is the best of all, as enumeration tells."""

from __future__ import annotations

import math
import os
from itertools import groupby
from random import Random
from typing import Any

import pytest

from skseg.rules import Domain, maximum, q
from skseg.rules._language._conditions import Leaf, comparison, membership
from skseg.rules._proof._domain import border_leaves
from skseg.rules._proof._symbolic import Scenario, SymbolicAxis
from tests.rules.proof.enumerated import orderings, readability

pytestmark = pytest.mark.pure

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

NEXT = math.nextafter(1.0, 2.0)
DOMAINS = {
    "any": Domain(),
    "no less than 0": Domain(low=0, missing=False),
    "whole": Domain(integer=True),
    "whole, 0 to 9": Domain(integer=True, low=0, high=9, missing=False),
    "whole, beyond 2**53": Domain(integer=True, low=2.0**53 - 2),
    "neighbours of 1": Domain(low=1, high=math.nextafter(NEXT, 2)),
    "listed": Domain(values=(0.0, 1.0, 4.0, 9.0)),
}
NUMBERS = [-math.inf, -3.0, 0.0, 1.0, NEXT, 2.5, 4.0, 9.0, 2.0**53, 2.0**53 + 2]
LEVELS = [0.2, 0.4, 0.6, 0.8]


def some_leaves(rng: Random, domain: Domain) -> list[Leaf]:
    def part() -> Any:
        return q(rng.choice(LEVELS)) if rng.random() < 0.6 else rng.choice(NUMBERS)

    def leaf() -> Leaf:
        operator: Any = rng.choice(["<", "<=", ">", ">=", "==", "!="])
        threshold = rng.choice([part, part, lambda: maximum(part(), part())])()
        return comparison("x", operator, threshold)

    leaves: list[Leaf] = [comparison("x", ">=", q(0.4))]
    leaves += [leaf() for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.2:
        leaves.append(membership("x", (1.0, 4.0)))
    return [*leaves, *border_leaves(domain, "x")]


def n_shown(scenario: Scenario, mask: int, domain: Domain) -> int:
    """Count the intervals of a scenario that lie in `mask`."""
    shown = scenario.within(mask)
    if not domain.integer:
        return shown.bit_count()
    # What parts at a fraction alone, such as x == 2.5, parts no whole numbers.
    possible = [
        (cell, shown >> i & 1)
        for i, cell in enumerate(scenario.symbolic_cells)
        if cell >= 0
    ]
    return sum(is_shown for (_, is_shown), _ in groupby(possible))


def n_infinite(scenario: Scenario) -> int:
    return len({v for v in scenario.quantiles.values() if math.isinf(v)})


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_no_order_shows_more_of_a_box_or_reads_better(domain: Domain) -> None:
    rng = Random(repr(domain))
    for _ in range(200 if THOROUGH else 6):
        leaves = some_leaves(rng, domain)
        axis = SymbolicAxis("x", leaves, domain, domain)
        levels, numbers = axis._positions.levels, axis._positions.numbers
        scenarios = [
            axis.with_quantiles(dict(zip(levels, values, strict=True)))
            for values in orderings(len(levels), numbers, domain)
        ]
        for _ in range(5):
            mask = rng.getrandbits(axis.full.bit_length()) & axis.full or axis.full
            best, *others = (
                (-n_shown(s, mask, domain), n_infinite(s), readability(s.quantiles))
                for s in (axis.scenario(mask), *scenarios)
            )
            assert best == min(others), (leaves, mask)
