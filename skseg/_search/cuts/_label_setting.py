"""Label-setting search within a budget: labels at every border."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._dual import BudgetSearch
from ._dynamic_program import backward_values
from ._objective import Objective
from ._positions import exact_positions
from ._problem import Division
from ._rates import pair_backward_values

# After this many extensions of labels, only a few labels of the largest bounds are
# kept at a border, so that the search comes to an end.
_MAX_STEPS = 50_000_000
_FEW_LABELS = 10
_MAX_NEW = 20_000

# A label is a division of the rows below a border. Its entries are the last tier, the
# borders at which that starts and ends, the number of tiers used, the parent label;
# the objective value and the spend; and an upper bound of the Lagrangian of the whole
# division.
_LABEL = np.dtype(
    [(name, np.intp) for name in ("tier", "start", "border", "used", "parent")]
    + [(name, np.float64) for name in ("value", "spent", "bound")]
)
Labels = npt.NDArray[Any]


@dataclass(slots=True, eq=False)
class LabelSearch(BudgetSearch):
    """A search with labels at every border, for any constraints."""

    _endings: tuple[FloatArray, FloatArray] = field(init=False)
    _waiting: dict[int, list[Labels]] = field(init=False)
    _settled: list[Labels] = field(default_factory=list)
    _n_settled: int = 0
    _n_steps: int = 0
    _winner: npt.NDArray[Any] | None = None

    def run(self) -> Division | None:
        """Return the best division if it beats `best`, which becomes its value."""
        self._endings = (
            self._suffixes(self.penalised),
            self._suffixes(self.minimum_cost),
        )
        self._waiting = defaultdict(list)
        first = np.zeros(1, dtype=_LABEL)
        first["tier"], first["bound"] = -1, np.inf
        self._waiting[0].append(first)
        for border in range(len(self.problem.n) - 1):
            labels = self._labels_at(border)
            if len(labels):
                self._extend(labels, border)
                self._settled.append(labels)
                self._n_settled += len(labels)
        return None if self._winner is None else self._division(self._winner)

    def _suffixes(self, objective: Objective) -> FloatArray:
        """Return `pair_backward_values`; without rates one border decides them."""
        problem = self.problem.with_objective(objective)
        if problem.constraints.has_rates:
            return pair_backward_values(problem)
        positions = exact_positions(problem.n, problem.y)
        values = backward_values(positions, objective, problem.limits, "end")
        shape = (*values.shape[:2], len(problem.n), len(problem.n))
        return np.broadcast_to(values[:, :, np.newaxis], shape)

    def _labels_at(self, border: int) -> Labels:
        """Return the labels that end at a border and may lead to something better."""
        arrived = self._waiting.pop(border, [])
        if not arrived:
            return np.zeros(0, dtype=_LABEL)
        labels = np.concatenate(arrived)
        labels = labels[labels["bound"] > self.to_beat()]
        width = self.width if self._n_steps < _MAX_STEPS else _FEW_LABELS
        labels = _undominated(labels, self.problem.constraints.has_rates)
        return self._largest(labels, width)

    def _largest(self, labels: Labels, width: int) -> Labels:
        """Return at most `width` labels, those of the largest bounds."""
        if len(labels) <= width:
            return labels
        order = np.argsort(-labels["bound"], kind="stable")
        self.lost = max(self.lost, float(labels["bound"][order[width]]))
        return labels[order[:width]]

    def _extend(self, labels: Labels, border: int) -> None:
        """Add one more tier to the labels at a border, in every legal way."""
        objective, extended = self.problem.objective, list[Labels]()
        last = labels["tier"]
        for used in np.unique(labels["used"]).tolist():
            for tier in range(objective.n_tiers):
                may = (last < tier) if objective.may_skip else (last == tier - 1)
                may = np.where(last < 0, objective.can_be_lowest[tier], may)
                numbers = np.flatnonzero(may & (labels["used"] == used))
                if len(numbers):
                    layer = objective.layer(used)
                    extended.append(
                        self._with_tier(labels[numbers], numbers, layer, tier, border)
                    )
        extended.append(np.zeros(0, dtype=_LABEL))
        new = self._largest(np.concatenate(extended), _MAX_NEW)
        if not len(new):
            return
        new = new[np.argsort(new["border"], kind="stable")]
        borders, first = np.unique(new["border"], return_index=True)
        groups = np.split(new, first[1:].tolist())
        for end, group in zip(borders.tolist(), groups, strict=True):
            if end == len(self.problem.n) - 1:
                self._finish(group)
            else:
                self._waiting[end].append(group)

    def _with_tier(
        self, labels: Labels, numbers: IntArray, layer: int, tier: int, border: int
    ) -> Labels:
        """Return the labels with one more tier, which starts at a border."""
        problem, objective = self.problem, self.problem.objective
        penalised, minimum_cost = self.penalised, self.minimum_cost
        n, y = problem.n, problem.y
        value = labels["value"] - self.dual.multiplier * labels["spent"]
        value = value - penalised.fixed_cost_and_tie[tier]
        value -= penalised.profit(tier, n[border], y[border])
        saved = -labels["spent"] - minimum_cost.fixed_cost[tier]
        saved -= minimum_cost.profit(tier, n[border], y[border])
        bounds, savings = (values[layer, tier, border] for values in self._endings)
        ahead = problem.reachable(border)
        alive = value + bounds[ahead].max(initial=-np.inf) > self.to_beat()
        labels, numbers, value, saved = (
            part[alive] for part in (labels, numbers, value, saved)
        )
        self._n_steps += len(labels) * (ahead.stop - ahead.start)
        bound = value[:, np.newaxis] + bounds[ahead]
        keep = bound > self.to_beat()
        keep &= saved[:, np.newaxis] + savings[ahead] >= -self.max_spend
        keep &= self._has_legal_rates(labels["start"], border, ahead)
        parents, steps = np.nonzero(keep)
        new = np.zeros(len(parents), dtype=_LABEL)
        ends = steps + ahead.start
        sizes, conversions = n[ends] - n[border], y[ends] - y[border]
        new["tier"], new["start"], new["border"] = tier, border, ends
        new["used"], new["parent"] = labels["used"][parents] + 1, numbers[parents]
        new["parent"] += self._n_settled
        new["value"] = labels["value"][parents] - objective.fixed_cost_and_tie[tier]
        new["value"] += objective.profit(tier, sizes, conversions)
        new["spent"] = labels["spent"][parents] + objective.cost[tier] * sizes
        new["spent"] += objective.fixed_cost[tier]
        new["bound"] = bound[parents, steps]
        return new

    def _has_legal_rates(
        self, start: IntArray, border: int, ahead: slice
    ) -> BoolArray | bool:
        """Tell whether tiers before and after a border may have their rates."""
        problem, rates = self.problem, self.problem.constraints.rates
        if rates is None or not rates.signs or border == 0:
            return True
        n, y = problem.n, problem.y
        lower = (y[border] - y[start]) / (n[border] - n[start])
        upper = (y[ahead] - y[border]) / (n[ahead] - n[border])
        return rates.allows(lower[:, np.newaxis], upper[np.newaxis])

    def _finish(self, labels: Labels) -> None:
        """Compare labels that end above all rows with the best value."""
        labels = labels[labels["spent"] <= self.max_spend]
        if len(labels):
            best = labels[labels["value"].argmax()]
            if best["value"] > self.best:
                self.best, self._winner = float(best["value"]), best.copy()

    def _division(self, label: npt.NDArray[Any]) -> Division:
        settled = np.concatenate(self._settled)
        tiers, cuts = [int(label["tier"])], [int(label["start"])]
        while cuts[0] > 0:
            label = settled[label["parent"]]
            tiers.insert(0, int(label["tier"]))
            cuts.insert(0, int(label["start"]))
        return self.problem.division(tiers, cuts[1:])


def _undominated(labels: Labels, by_rate: bool) -> Labels:
    """Return the labels that no label of the same kind dominates.

    Labels of a kind can be continued alike: they have the same last tier and number of
    tiers and, if rates matter, the same start of the last tier.
    """
    kinds = labels["used"] * (labels["tier"].max(initial=0) + 1) + labels["tier"]
    if by_rate:
        kinds = kinds * (labels["start"].max(initial=0) + 1) + labels["start"]
    order = np.lexsort((-labels["value"], labels["spent"], kinds))
    labels, kinds = labels[order], kinds[order]
    # One running maximum for all kinds: each ranks above all of the kind before.
    rank = np.unique(labels["value"], return_inverse=True)[1]
    rank = rank + _run_numbers(kinds) * (len(labels) + 1)
    best = np.maximum.accumulate(rank)
    is_undominated = np.ones(len(labels), dtype=bool)
    is_undominated[1:] = rank[1:] > best[:-1]
    return labels[is_undominated]


def _run_numbers(ordered: IntArray) -> IntArray:
    """Number the runs of equal values."""
    return np.append(0, np.cumsum(np.diff(ordered) != 0))
