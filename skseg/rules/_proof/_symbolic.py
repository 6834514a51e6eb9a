"""Cells of a column whose thresholds are quantiles of data not yet seen.

Before fit, ``q(0.75)`` may lie anywhere among the numbers of the rules. Rules can tell
apart no more than the order of quantiles and numbers, and there are finitely many
orders: each is a scenario, with representative values of the quantiles. The axis of
such a column has the cells of all scenarios side by side. A column's quantiles do not
depend on other columns, so rules are a partition for every data set and row if and only
if they are one over these cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from skseg.exceptions import RuleError
from skseg.rules._cells import Axis, NumberAxis, number_axis
from skseg.rules._language._conditions import (
    Comparison,
    Leaf,
    Membership,
    open_thresholds,
    resolve_leaf,
)
from skseg.rules._language._thresholds import (
    Extreme,
    Quantile,
    Threshold,
    format_number,
)

from ._domain import Domain, allowed_cells
from ._orderings import orderings

# A proof over more orders of one column's quantiles and numbers takes minutes.
MAX_SCENARIOS = 20_000


@dataclass(frozen=True)
class Scenario:
    """One order of quantiles and numbers: values by level, and the cells.

    `allowed` marks the cells of `axis` that hold a possible value; `offset` is the
    number of cells of the scenarios before.
    """

    quantiles: Mapping[float, float]
    axis: NumberAxis
    allowed: int
    offset: int

    def mask(self, leaf: Leaf) -> int:
        """Return the cells of `axis` on which `leaf` holds."""
        return self.axis.mask(_resolved(leaf, self.quantiles))

    def within(self, mask: int) -> int:
        """Return the part of a mask of the whole axis that lies in this scenario."""
        return mask >> self.offset & self.axis.full


@dataclass(frozen=True)
class SymbolicAxis:
    """A column of numbers compared with quantiles: the cells of all scenarios."""

    name: str
    scenarios: tuple[Scenario, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        last = self.scenarios[-1]
        return last.offset + last.axis.size

    @cached_property
    def full(self) -> int:
        """All cells."""
        return (1 << self.size) - 1

    @cached_property
    def allowed(self) -> int:
        """The cells that hold a possible value."""
        return self._joined(scenario.allowed for scenario in self.scenarios)

    @cached_property
    def missing(self) -> int:
        """The cells of missing values."""
        return self._joined(scenario.axis.missing for scenario in self.scenarios)

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        return self._joined(scenario.mask(leaf) for scenario in self.scenarios)

    def plainest(self, mask: int) -> Scenario:
        """Return a scenario with most of the cells `mask` and readable quantiles."""
        present = (s for s in self.scenarios if s.within(mask))
        return min(
            present,
            key=lambda s: (-s.within(mask).bit_count(), _readability(s.quantiles)),
        )

    def _joined(self, masks: Iterable[int]) -> int:
        joined = 0
        for scenario, mask in zip(self.scenarios, masks, strict=True):
            joined |= mask << scenario.offset
        return joined


ProofAxis = Axis | SymbolicAxis


def symbolic_axis(
    name: str, leaves: Iterable[Leaf], domain: Domain, quantile_domain: Domain
) -> SymbolicAxis:
    """Build the axis of a column of numbers that `leaves` compare with quantiles.

    Values of the column lie in `domain`, its quantiles in `quantile_domain`, which is
    narrower where the quantiles are those of a universe.
    """
    leaves = list(dict.fromkeys(leaves))
    levels = sorted({p for leaf in leaves for p in _levels(leaf)})
    numbers = sorted({number for leaf in leaves for number in _numbers(leaf)})
    orders = list(
        islice(orderings(len(levels), numbers, quantile_domain), MAX_SCENARIOS + 1)
    )
    if len(orders) > MAX_SCENARIOS:
        raise RuleError(
            f"Column {name!r} is compared with {len(levels)} quantiles and "
            f"{len(numbers)} numbers, which have more than {MAX_SCENARIOS:,} orders.",
            owner="RuleSet.verify",
            name="rules",
            column=name,
            advice="Use fewer of them, or resolve(X) the rules first.",
        )
    scenarios: dict[tuple[int, ...], Scenario] = {}
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
            scenarios[pattern] = Scenario(quantiles, axis, allowed, offset)
            offset += axis.size
        elif _readability(quantiles) < _readability(alike.quantiles):
            scenarios[pattern] = Scenario(quantiles, axis, allowed, alike.offset)
    return SymbolicAxis(name, tuple(scenarios.values()))


def is_open(leaf: Leaf) -> bool:
    """Tell whether `leaf` compares with a threshold that is not a number or text."""
    return any(True for _ in open_thresholds([leaf]))


def pick_scenarios(
    box: tuple[int, ...], axes: Mapping[str, ProofAxis]
) -> dict[str, Scenario]:
    """Return a scenario for each symbolic column in which it has cells of `box`."""
    return {
        name: axis.plainest(mask)
        for (name, axis), mask in zip(axes.items(), box, strict=True)
        if isinstance(axis, SymbolicAxis)
    }


def concrete_axes(
    axes: Mapping[str, ProofAxis], scenarios: Mapping[str, Scenario]
) -> dict[str, Axis]:
    """Return the axes with those of scenarios in place of the symbolic ones."""
    return {
        name: scenarios[name].axis if isinstance(axis, SymbolicAxis) else axis
        for name, axis in axes.items()
    }


def _readability(quantiles: Mapping[float, float]) -> tuple[bool, int, int]:
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
    stack = [leaf.threshold] if isinstance(leaf, Comparison) else []
    while stack:
        threshold = stack.pop()
        if isinstance(threshold, Extreme):
            stack.extend(threshold.args)
        elif not isinstance(threshold, str):
            yield threshold


def _resolved(leaf: Leaf, quantiles: Mapping[float, float]) -> Leaf:
    return resolve_leaf(leaf, lambda _, level: quantiles[level])
