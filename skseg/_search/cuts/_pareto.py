"""Label-setting search within a budget: a Pareto front of prefixes per tier."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._dual import BudgetSearch
from ._dynamic_program import backward_values, next_tiers
from ._objective import Objective
from ._positions import exact_positions
from ._problem import Division

# A label is a prefix that ends where a tier starts. Its entries are the value of the
# tiers below and what they save (minus their spend), both less what this tier would
# make, or save, up to its start; the value of the Lagrangian, likewise; an upper bound
# of the Lagrangian of the whole division; and the number of the label.
_LABEL = np.dtype(
    [(name, np.float64) for name in ("value", "saved", "penalised", "bound")]
    + [("number", np.intp)]
)
Labels = npt.NDArray[Any]
# New labels join the sorted front once there are this many.
_MAX_FRESH = 64
# After this many labels, fronts are kept short so that the search comes to an end.
_MAX_LABELS = 1_000_000
_SHORT_FRONT = 20


@dataclass(slots=True, eq=False)
class ParetoFront:
    """Prefixes before a tier, none of which makes less and spends more than another.

    `labels` may end at the current border: the first `n_sorted` are in order of spend,
    and so of value. Those in `waiting`, after the border at which their tier starts,
    may not yet. `top` is the largest value of the Lagrangian, `lost` the largest bound
    of labels that were dropped to keep the front short.
    """

    labels: Labels = field(default_factory=lambda: np.zeros(0, dtype=_LABEL))
    n_sorted: int = 0
    waiting: deque[tuple[int, Labels]] = field(default_factory=deque)
    top: float = -np.inf
    lost: float = -np.inf

    def advance(
        self, border: int, last_start: float, n: FloatArray, width: int
    ) -> None:
        """Add the waiting labels whose tier may end at a border with a legal size.

        These start at a lower border, with no more than `last_start` below it. Where
        exactly does not matter: a tier can end at the same borders from there on.
        """
        ready = []
        while self.waiting and self.waiting[0][0] < border:
            if n[self.waiting[0][0]] > last_start:
                break
            ready.append(self.waiting.popleft()[1])
        if not ready:
            return
        fresh = self._undominated(np.concatenate(ready))
        if not len(fresh):
            return
        self.labels = np.concatenate([self.labels, fresh])
        if len(self.labels) - self.n_sorted > max(_MAX_FRESH, self.n_sorted // 4):
            self._sort(width)
        self.top = float(self.labels["penalised"].max())

    def _undominated(self, fresh: Labels) -> Labels:
        """Return the labels that no sorted label dominates."""
        front = self.labels[: self.n_sorted]
        if not len(front):
            return fresh
        position = np.searchsorted(-front["saved"], -fresh["saved"], "right")
        value = np.append(-np.inf, front["value"])[position]
        return fresh[fresh["value"] > value]

    def _sort(self, width: int) -> None:
        labels = self.labels
        labels = labels[np.lexsort((-labels["value"], -labels["saved"]))]
        best = np.maximum.accumulate(labels["value"])
        labels = labels[np.append(True, best[1:] > best[:-1])]
        if len(labels) > width:
            order = np.argsort(-labels["penalised"], kind="stable")
            self.lost = max(self.lost, float(labels["bound"][order[width:]].max()))
            labels = labels[np.sort(order[:width])]
        self.labels, self.n_sorted = labels, len(labels)


@dataclass(slots=True, eq=False)
class ParetoSearch(BudgetSearch):
    """A search with a front per tier, without rates and without a largest size."""

    _bounds: FloatArray = field(init=False)
    _savings: FloatArray = field(init=False)
    _sums: tuple[list[float], list[float]] = field(init=False)
    _menus: dict[int, tuple[list[float], list[float], list[float]]] = field(init=False)
    _fronts: dict[tuple[int, int], ParetoFront] = field(default_factory=dict)
    _parents: list[IntArray] = field(default_factory=list)
    # First label, tier and border of every entry of `_parents`.
    _origins: list[tuple[int, int, int]] = field(default_factory=list)
    _n_labels: int = 0
    _winner: int = -1

    def run(self) -> Division | None:
        """Return the best division if it beats `best`, which becomes its value."""
        problem, n = self.problem, self.problem.n
        self._prepare()
        first = np.zeros(1, dtype=_LABEL)
        first["number"] = -1
        for tier in next_tiers(problem.objective, None):
            self._start(ParetoFront(first, 1, top=0.0), None, tier, (0, 0))
        for border in range(1, len(n)):
            for (used, tier), front in list(self._fronts.items()):
                last_start = float(n[border] - problem.limits.low)
                front.advance(border, last_start, n, self._front_width())
                if not len(front.labels):
                    continue
                if border == len(n) - 1:
                    self._finish(front.labels, used, tier)
                    continue
                for following in next_tiers(problem.objective, tier):
                    self._start(front, tier, following, (used, border))
        self.lost = max([self.lost, *(front.lost for front in self._fronts.values())])
        return self._division() if self._winner >= 0 else None

    def _prepare(self) -> None:
        """Compute bounds of suffixes, and put what `_step` reads into lists."""
        problem, penalised, cheap = self.problem, self.penalised, self.minimum_cost
        self._sums = problem.n.tolist(), problem.y.tolist()
        self._menus = {
            id(objective): (
                objective.revenue.tolist(),
                objective.cost.tolist(),
                objective.fixed_cost_and_tie.tolist(),
            )
            for objective in (problem.objective, cheap, penalised)
        }
        positions = exact_positions(problem.n, problem.y)
        self._bounds, self._savings = (
            backward_values(positions, objective, problem.limits, "start")
            for objective in (penalised, cheap)
        )

    def _front_width(self) -> int:
        return self.width if self._n_labels < _MAX_LABELS else _SHORT_FRONT

    def _start(
        self, front: ParetoFront, tier: int | None, following: int, at: tuple[int, int]
    ) -> None:
        """Start a tier at a border, after another tier or as the lowest one."""
        used, border = at
        layer = self.problem.objective.layer(used)
        if layer < 0:
            return
        penalised = self._step(self.penalised, tier, following, border)
        bound = float(self._bounds[layer, following, border])
        to_beat = self.to_beat()
        if not front.top + (penalised + bound) > to_beat:
            return
        value = self._step(self.problem.objective, tier, following, border)
        saved = self._step(self.minimum_cost, tier, following, border)
        labels, least = front.labels, float(self._savings[layer, following, border])
        keep = labels["penalised"] + (penalised + bound) > to_beat
        keep &= labels["saved"] + (saved + least) >= -self.max_spend
        parents = labels[keep]
        if not len(parents):
            return
        new = np.empty(len(parents), dtype=_LABEL)
        new["value"] = parents["value"] + value
        new["saved"] = parents["saved"] + saved
        new["penalised"] = parents["penalised"] + penalised
        new["bound"] = new["penalised"] + bound
        new["number"] = np.arange(self._n_labels, self._n_labels + len(parents))
        self._parents.append(parents["number"])
        self._origins.append((self._n_labels, following, border))
        self._n_labels += len(parents)
        n_used = 0 if self.problem.objective.count is None else used + 1
        next_front = self._fronts.setdefault((n_used, following), ParetoFront())
        next_front.waiting.append((border, new))

    def _step(
        self, objective: Objective, tier: int | None, following: int, border: int
    ) -> float:
        """Return the change of value where one tier ends and the next one starts."""
        # Written out on lists instead of calling `Objective.profit`: this is the hot
        # spot of the search.
        n, y = self._sums[0][border], self._sums[1][border]
        revenue, cost, fixed_cost = self._menus[id(objective)]
        step = cost[following] * n - revenue[following] * y - fixed_cost[following]
        return step if tier is None else step + revenue[tier] * y - cost[tier] * n

    def _finish(self, labels: Labels, used: int, tier: int) -> None:
        """End a tier above all rows."""
        objective, n, y = self.problem.objective, self.problem.n[-1], self.problem.y[-1]
        if not objective.can_be_highest[tier] or used != (objective.count or 0):
            return
        saved = labels["saved"] + float(self.minimum_cost.profit(tier, n, y))
        labels = labels[saved >= -self.max_spend]
        if not len(labels):
            return
        best = int(labels["value"].argmax())
        value = float(labels["value"][best]) + float(objective.profit(tier, n, y))
        if value > self.best:
            self.best, self._winner = value, int(labels["number"][best])

    def _division(self) -> Division:
        parents = np.concatenate(self._parents)
        firsts = [first for first, *_ in self._origins]
        tiers, cuts, number = list[int](), list[int](), self._winner
        while number >= 0:
            origin = int(np.searchsorted(firsts, number, "right")) - 1
            tiers.insert(0, self._origins[origin][1])
            cuts.insert(0, self._origins[origin][2])
            number = int(parents[number])
        return self.problem.division(tiers, cuts[1:])
