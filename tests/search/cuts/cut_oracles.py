"""All ways of cutting a few rows into tiers, to compare the exact search with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, Literal

import numpy as np

from skseg._search.cuts import Rates


@dataclass(frozen=True)
class Problem:
    """Arguments of `optimal_cuts`, as lists."""

    scores: list[float]
    conversions: list[float]
    weight: list[float]
    gain: list[float]
    cost: list[float]
    fixed: list[float]
    mode: str = "subset"
    min_size: float = 0.0
    max_size: float = math.inf
    budget: float = math.inf
    order: Literal["ascending", "descending"] | None = None
    min_diff: float = 0.0

    def arguments(self) -> dict[str, Any]:
        side: dict[str, Any] = {}
        if self.budget < math.inf:
            side["budget"] = self.budget
        if self.order is not None or self.min_diff > 0:
            side["rates"] = Rates(self.order, self.min_diff)
        return side | {
            "scores": np.array(self.scores, dtype=float),
            "conversions": np.array(self.conversions, dtype=float),
            "weight": np.array(self.weight, dtype=float),
            "gain": self.gain,
            "cost": self.cost,
            "fixed": self.fixed,
            "mode": self.mode,
            "min_size": self.min_size,
            "max_size": self.max_size,
        }

    def with_bounds(self, **bounds: Any) -> Problem:
        return replace(self, **bounds)


@dataclass(frozen=True)
class Solution:
    """Tiers used, how many distinct scores lie below each cut, and the exact value."""

    tiers: tuple[int, ...]
    cuts: tuple[int, ...]
    value: Fraction

    def rank(self) -> tuple[Any, ...]:
        """Order of equally good ones: fewest tiers, then tier, cut, tier, cut, ..."""
        interleaved = [
            x for pair in zip(self.tiers, self.cuts, strict=False) for x in pair
        ]
        return (len(self.tiers), *interleaved, self.tiers[-1])


def menus(n_tiers: int, mode: str) -> Iterator[tuple[int, ...]]:
    """Yield the sets of tiers that may be used."""
    for k in range(1, n_tiers + 1):
        for tiers in combinations(range(n_tiers), k):
            is_first = tiers == tuple(range(k))
            if mode == "subset" or (is_first and (mode == "prefix" or k == n_tiers)):
                yield tiers


def solutions(problem: Problem) -> Iterator[Solution]:
    """Yield every legal division."""
    rows = list(zip(problem.scores, problem.conversions, problem.weight, strict=True))
    distinct = sorted({s for s, _, w in rows if w > 0})
    n = [sum(Fraction(w) for s, _, w in rows if s == d) for d in distinct]
    y = [sum(Fraction(w) * Fraction(c) for s, c, w in rows if s == d) for d in distinct]
    low = Fraction(problem.min_size)
    high = Fraction(problem.max_size) if problem.max_size < math.inf else sum(n)
    for tiers in menus(len(problem.gain), problem.mode):
        for cuts in combinations(range(1, len(distinct)), len(tiers) - 1):
            ends = [0, *cuts, len(distinct)]
            parts = [slice(a, b) for a, b in pairwise(ends)]
            if not distinct or not all(low <= sum(n[p]) <= high for p in parts):
                continue
            value = sum(
                Fraction(problem.gain[i]) * sum(y[p])
                - Fraction(problem.cost[i]) * sum(n[p])
                - Fraction(problem.fixed[i])
                for i, p in zip(tiers, parts, strict=True)
            )
            spend = sum(
                Fraction(problem.cost[i]) * sum(n[p]) + Fraction(problem.fixed[i])
                for i, p in zip(tiers, parts, strict=True)
            )
            rates = [float(sum(y[p])) / float(sum(n[p])) for p in parts]
            if spend > problem.budget or not rates_fit(problem, rates):
                continue
            yield Solution(tiers, cuts, Fraction(value))


def rates_fit(problem: Problem, rates: list[float]) -> bool:
    """Tell whether conversion rates of neighbours are as asked."""
    tolerance = 1e-9 if problem.min_diff > 0 else 0.0
    for lower, upper in pairwise(rates):
        diff = upper - lower
        if problem.order is None:
            diff = abs(diff)
        elif problem.order == "descending":
            diff = -diff
        if diff < problem.min_diff - tolerance:
            return False
    return True


def best(problem: Problem) -> Solution | None:
    """Return the best division, None if none is legal."""
    found = list(solutions(problem))
    if not found:
        return None
    top = max(solution.value for solution in found)
    return min((s for s in found if s.value == top), key=Solution.rank)


def path(problem: Problem) -> list[float]:
    """Return the best value for every number of tiers used, NaN where there is none."""
    found = list(solutions(problem))
    return [
        max((float(s.value) for s in found if len(s.tiers) == k), default=math.nan)
        for k in range(1, len(problem.gain) + 1)
    ]


def is_possible(problem: Problem) -> bool:
    """Tell whether any division is legal."""
    return next(solutions(problem), None) is not None
