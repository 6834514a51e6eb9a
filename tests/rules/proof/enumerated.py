"""Proofs about open quantiles by enumeration: every order is tried, one after another.

Slow and plain: an axis has the cells of all scenarios side by side. What it proves,
shows and prefers is what the proof has to prove, show and prefer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from unittest.mock import patch

from skseg.rules import Domain, MECEReport, RuleSet
from skseg.rules._cells import NumberAxis, number_axis
from skseg.rules._language._conditions import (
    Comparison,
    Leaf,
    Membership,
    resolve_leaf,
)
from skseg.rules._language._thresholds import (
    Extreme,
    Quantile,
    Threshold,
    format_number,
)
from skseg.rules._proof import _proof
from skseg.rules._proof._candidates import places
from skseg.rules._proof._domain import allowed_cells
from skseg.rules._proof._symbolic import SymbolicAxis

MAX_ORDERS = 20_000


class TooManyOrdersError(Exception):
    """There are too many orders to try them all."""


def verify_by_enumeration(rules: RuleSet, schema: Any = None) -> MECEReport:
    """Verify `rules` with every order of quantiles and numbers."""
    with patch.object(_proof, "SymbolicAxis", EnumeratedAxis):
        return rules.verify(schema)


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
    return [
        _Candidate(value, follows=i > 0)
        for place in places(n_quantiles, numbers, domain)
        for i, value in enumerate(place.values)
    ]


@dataclass(frozen=True)
class EnumeratedScenario:
    """One order of quantiles and numbers: values by level, and the cells.

    `allowed` marks the cells of `axis` that hold a possible value; `offset` is the
    number of cells of the scenarios before.
    """

    quantiles: Mapping[float, float]
    axis: NumberAxis
    allowed: int
    offset: int

    def mask(self, leaf: Leaf) -> int:
        return self.axis.mask(_resolved(leaf, self.quantiles))

    def within(self, mask: int) -> int:
        return mask >> self.offset & self.axis.full


class EnumeratedAxis(SymbolicAxis):
    """A column of numbers compared with quantiles: the cells of all scenarios."""

    def __init__(
        self, name: str, leaves: Iterable[Leaf], domain: Domain, quantile_domain: Domain
    ) -> None:
        leaves = list(dict.fromkeys(leaves))
        levels = sorted({p for leaf in leaves for p in _levels(leaf)})
        numbers = sorted({number for leaf in leaves for number in _numbers(leaf)})
        every = orderings(len(levels), numbers, quantile_domain)
        orders = list(islice(every, MAX_ORDERS + 1))
        if len(orders) > MAX_ORDERS:
            raise TooManyOrdersError(name)
        scenarios: dict[tuple[int, ...], EnumeratedScenario] = {}
        offset = 0
        # A domain without values leaves no rows, wherever the quantiles are.
        for values in orders or [(0.0,) * len(levels)]:
            quantiles = dict(zip(levels, values, strict=True))
            resolved = [_resolved(leaf, quantiles) for leaf in leaves]
            axis = number_axis(name, resolved)
            allowed = allowed_cells(domain, axis)
            # Orders in which the leaves hold on the same cells are alike; max(...) and
            # min(...) make many of them.
            pattern = (axis.size, allowed, *map(axis.mask, resolved))
            alike = scenarios.get(pattern)
            if alike is None:
                scenarios[pattern] = EnumeratedScenario(
                    quantiles, axis, allowed, offset
                )
                offset += axis.size
            elif readability(quantiles) < readability(alike.quantiles):
                scenarios[pattern] = EnumeratedScenario(
                    quantiles, axis, allowed, alike.offset
                )
        self.scenarios = list(scenarios.values())

    @property
    def missing(self) -> int:
        return self._joined(scenario.axis.missing for scenario in self.scenarios)

    @property
    def full(self) -> int:
        return self._joined(scenario.axis.full for scenario in self.scenarios)

    @property
    def allowed(self) -> int:
        return self._joined(scenario.allowed for scenario in self.scenarios)

    def mask(self, leaf: Leaf) -> int:
        return self._joined(scenario.mask(leaf) for scenario in self.scenarios)

    def scenario(self, mask: int) -> Any:
        present = (s for s in self.scenarios if s.within(mask))
        return min(
            present,
            key=lambda s: (-s.within(mask).bit_count(), readability(s.quantiles)),
        )

    def _joined(self, masks: Iterable[int]) -> int:
        joined = 0
        for scenario, mask in zip(self.scenarios, masks, strict=True):
            joined |= mask << scenario.offset
        return joined


def readability(quantiles: Mapping[float, float]) -> tuple[bool, int, int]:
    """Rank quantiles, the best first: finite, different, numbers of few digits."""
    values = quantiles.values()
    infinite = any(map(math.isinf, values))
    return infinite, -len({*values}), sum(len(format_number(v)) for v in values)


def _levels(leaf: Leaf) -> Iterator[float]:
    return (part.p for part in _parts(leaf) if isinstance(part, Quantile))


def _numbers(leaf: Leaf) -> Iterator[float]:
    listed = leaf.values if isinstance(leaf, Membership) else _parts(leaf)
    return (part for part in listed if isinstance(part, float))


def _parts(leaf: Leaf) -> Iterator[Threshold]:
    """Yield the numbers and quantiles that the threshold of `leaf` is made of."""
    stack: list[Any] = [leaf.threshold] if isinstance(leaf, Comparison) else []
    while stack:
        threshold = stack.pop()
        if isinstance(threshold, Extreme):
            stack.extend(threshold.args)
        elif not isinstance(threshold, str):
            yield threshold


def _resolved(leaf: Leaf, quantiles: Mapping[float, float]) -> Leaf:
    return resolve_leaf(leaf, lambda _, level: quantiles[level])
