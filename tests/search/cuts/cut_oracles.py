"""All ways of cutting a few rows into tiers, to compare the exact search with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, Literal

import numpy as np

from skseg._search.cuts import Cuts, Rates, path_of_rows, read_rows
from skseg._typing import FloatArray


def message(cuts: Cuts) -> str:
    """Return reason and advice of infeasible cuts as one text."""
    return f"{cuts.reason} {cuts.advice}".rstrip()


def value_path(
    scores: Any, conversions: Any, *, weight: Any = None, **options: Any
) -> FloatArray:
    """Return the largest values for all numbers of tiers, given what cuts are given."""
    return path_of_rows(read_rows(scores, conversions, weight), **options)


@dataclass(frozen=True)
class Problem:
    """Arguments of `optimal_cuts`, as lists."""

    scores: list[float]
    conversions: list[float]
    weight: list[float]
    revenue: list[float]
    cost: list[float]
    fixed_cost: list[float]
    mode: str = "subset"
    min_size: float = 0.0
    max_size: float = math.inf
    budget: float = math.inf
    order: Literal["ascending", "descending"] | None = None
    min_diff: float = 0.0

    def arguments(self) -> dict[str, Any]:
        constraints: dict[str, Any] = {}
        if self.budget < math.inf:
            constraints["budget"] = self.budget
        if self.order is not None or self.min_diff > 0:
            constraints["rates"] = Rates(self.order, self.min_diff)
        return constraints | {
            "scores": np.array(self.scores, dtype=float),
            "conversions": np.array(self.conversions, dtype=float),
            "weight": np.array(self.weight, dtype=float),
            "revenue": self.revenue,
            "cost": self.cost,
            "fixed_cost": self.fixed_cost,
            "mode": self.mode,
            "min_size": self.min_size,
            "max_size": self.max_size,
        }

    def menu(self) -> tuple[list[float], list[float], list[float]]:
        return self.revenue, self.cost, self.fixed_cost

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
    n, y = [Fraction(0)], [Fraction(0)]
    for d in distinct:
        weights = [(Fraction(w), Fraction(c)) for s, c, w in rows if s == d]
        n.append(n[-1] + sum(w for w, _ in weights))
        y.append(y[-1] + sum(w * c for w, c in weights))
    low, revenue, cost, fixed_cost = (
        Fraction(problem.min_size),
        *(list(map(Fraction, money)) for money in problem.menu()),
    )
    high = Fraction(problem.max_size) if problem.max_size < math.inf else n[-1]
    for tiers in menus(len(revenue), problem.mode):
        for cuts in combinations(range(1, len(distinct)), len(tiers) - 1):
            pairs = list(pairwise([0, *cuts, len(distinct)]))
            sizes = [n[b] - n[a] for a, b in pairs]
            if not distinct or not all(low <= size <= high for size in sizes):
                continue
            spend = sum(
                cost[i] * size + fixed_cost[i]
                for i, size in zip(tiers, sizes, strict=True)
            )
            if spend > problem.budget:
                continue
            sums = [y[b] - y[a] for a, b in pairs]
            rates = [float(c) / float(m) for c, m in zip(sums, sizes, strict=True)]
            if not rates_fit(problem, rates):
                continue
            earned = sum(revenue[i] * c for i, c in zip(tiers, sums, strict=True))
            yield Solution(tiers, cuts, Fraction(earned - spend))


def rates_fit(problem: Problem, rates: list[float]) -> bool:
    """Tell whether neighbours may have these conversion rates."""
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
    result = list(solutions(problem))
    if not result:
        return None
    top = max(solution.value for solution in result)
    return min((s for s in result if s.value == top), key=Solution.rank)


def path(problem: Problem) -> list[float]:
    """Return the best value for every number of tiers used, NaN where there is none."""
    result = list(solutions(problem))
    return [
        max((float(s.value) for s in result if len(s.tiers) == k), default=math.nan)
        for k in range(1, len(problem.revenue) + 1)
    ]


def is_possible(problem: Problem) -> bool:
    """Tell whether any division is legal."""
    return next(solutions(problem), None) is not None
