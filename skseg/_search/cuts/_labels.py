"""The search for the best division within a budget: labels at every border."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._menu import Goal
from ._positions import exact_positions
from ._rates import pair_endings
from ._side import Task
from ._sweep import Division, suffixes

# After so many ways to go on from a label have been looked at, only a few labels of the
# largest bounds are followed, to come to an end.
_MOST_STEPS = 50_000_000
_FEW_LABELS = 10
_MOST_NEW = 20_000

# A way to cut what is below a border: its last tier and where that begins and ends, how
# many tiers there are, the label it follows; what it makes, less what ties are decided
# with, and spends; what the whole can make at most, less the price of what it spends.
_LABEL = np.dtype(
    [(name, np.intp) for name in ("tier", "start", "border", "used", "parent")]
    + [(name, np.float64) for name in ("score", "spent", "bound")]
)
Labels = npt.NDArray[Any]


@dataclass(slots=True, eq=False)
class Search:
    """A search for divisions that beat one.

    Attributes
    ----------
    task : Task
        What is looked for.
    price, rounding : float
        What a unit of money spent costs in the bounds; how exact spends are.
    best : float
        The score to beat.
    lost : float
        The largest bound of what was left out: below `to_beat`, none beats `best`.
    most : int
        Labels at a border.
    """

    task: Task
    price: float
    rounding: float
    best: float
    lost: float
    most: int
    _goals: tuple[Goal, Goal] = field(init=False)
    _endings: tuple[FloatArray, FloatArray] = field(init=False)
    _waiting: dict[int, list[Labels]] = field(init=False)
    _done: list[Labels] = field(default_factory=list)
    _n_done: int = 0
    _n_steps: int = 0
    _winner: npt.NDArray[Any] | None = None

    def run(self) -> Division | None:
        """Return the best division if it beats the score, which `best` becomes."""
        goal, size = self.task.goal, len(self.task.n)
        priced = goal.priced(self.price, self.rounding)
        self._goals = priced, goal.thrift(float(self.task.n[-1]))
        self._endings = self._ahead(priced), self._ahead(self._goals[1])
        self._waiting = defaultdict(list)
        first = np.zeros(1, dtype=_LABEL)
        first["tier"], first["bound"] = -1, np.inf
        self._waiting[0].append(first)
        for border in range(size - 1):
            labels = self._labels_at(border)
            if len(labels):
                self._extend(labels, border)
                self._done.append(labels)
                self._n_done += len(labels)
        return None if self._winner is None else self._division(self._winner)

    def to_beat(self) -> float:
        """Return the bound that leads to nothing better."""
        # Nothing within the budget pays a higher price.
        paid = self.price * self.task.most_spent if self.price else 0.0
        return self.best - paid + self._goals[0].rounding

    def _ahead(self, goal: Goal) -> FloatArray:
        """Return `pair_endings`, which depend on one border if rates do not matter."""
        task = self.task.with_goal(goal)
        if task.side.has_rates:
            return pair_endings(task)
        positions = exact_positions(task.n, task.y)
        one = suffixes(positions, goal, task.limits, "begun")
        size = len(task.n)
        return np.broadcast_to(one[:, :, np.newaxis], (*one.shape[:2], size, size))

    def _labels_at(self, border: int) -> Labels:
        """Return the labels that end here and are worth following."""
        found = self._waiting.pop(border, [])
        if not found:
            return np.zeros(0, dtype=_LABEL)
        labels = np.concatenate(found)
        labels = labels[labels["bound"] > self.to_beat()]
        width = self.most if self._n_steps < _MOST_STEPS else _FEW_LABELS
        return self._followed(_undominated(labels, self.task.side.has_rates), width)

    def _followed(self, labels: Labels, width: int) -> Labels:
        """Return the labels of the largest bounds, so many at most."""
        if len(labels) <= width:
            return labels
        order = np.argsort(-labels["bound"], kind="stable")
        self.lost = max(self.lost, float(labels["bound"][order[width]]))
        return labels[order[:width]]

    def _extend(self, labels: Labels, border: int) -> None:
        """Add what may follow the labels at a border."""
        goal, new = self.task.goal, list[Labels]()
        for used in np.unique(labels["used"]).tolist():
            for tier in range(goal.n_tiers):
                last = labels["tier"]
                may = (last < tier) if goal.skips else (last == tier - 1)
                may = np.where(last < 0, goal.starts[tier], may)
                some = np.flatnonzero(may & (labels["used"] == used))
                if len(some):
                    layer = goal.layer(used)
                    new.append(self._next(labels[some], some, layer, tier, border))
        new.append(np.zeros(0, dtype=_LABEL))
        reached = self._followed(np.concatenate(new), _MOST_NEW)
        if not len(reached):
            return
        reached = reached[np.argsort(reached["border"], kind="stable")]
        ends, first = np.unique(reached["border"], return_index=True)
        for end, some in zip(
            ends.tolist(), np.split(reached, first[1:].tolist()), strict=True
        ):
            if end == len(self.task.n) - 1:
                self._finish(some)
            else:
                self._waiting[end].append(some)

    def _next(
        self, labels: Labels, numbers: IntArray, layer: int, tier: int, border: int
    ) -> Labels:
        """Return the labels with one more tier that begins here."""
        task, goal, (priced, thrift) = self.task, self.task.goal, self._goals
        n, y = task.n, task.y
        begun = labels["score"] - self.price * labels["spent"] - priced.charged[tier]
        begun -= priced.worth(tier, n[border], y[border])
        saved = -labels["spent"] - thrift.fixed[tier]
        saved -= thrift.worth(tier, n[border], y[border])
        bounds, savings = (ends[layer, tier, border] for ends in self._endings)
        ahead = self._reachable(border)
        alive = begun + bounds[ahead].max(initial=-np.inf) > self.to_beat()
        labels, numbers, begun, saved = (
            part[alive] for part in (labels, numbers, begun, saved)
        )
        self._n_steps += len(labels) * (ahead.stop - ahead.start)
        bound = begun[:, np.newaxis] + bounds[ahead]
        keep = bound > self.to_beat()
        keep &= saved[:, np.newaxis] + savings[ahead] >= -task.most_spent
        keep &= self._fit(labels["start"], border, ahead)
        who, where = np.nonzero(keep)
        new = np.zeros(len(who), dtype=_LABEL)
        to = where + ahead.start
        sizes, sums = n[to] - n[border], y[to] - y[border]
        new["tier"], new["start"], new["border"] = tier, border, to
        new["used"], new["parent"] = labels["used"][who] + 1, numbers[who]
        new["parent"] += self._n_done
        new["score"] = labels["score"][who] - goal.charged[tier]
        new["score"] += goal.worth(tier, sizes, sums)
        new["spent"] = labels["spent"][who] + goal.cost[tier] * sizes + goal.fixed[tier]
        new["bound"] = bound[who, where]
        return new

    def _reachable(self, border: int) -> slice:
        n, limits = self.task.n, self.task.limits
        first = int(np.searchsorted(n, n[border] + limits.low, "left"))
        stop = int(np.searchsorted(n, n[border] + limits.high, "right"))
        return slice(max(first, border + 1), max(stop, border + 1, first))

    def _fit(self, start: IntArray, border: int, ahead: slice) -> BoolArray | bool:
        """Tell where a tier that begins here may follow one that begins there."""
        task, rates = self.task, self.task.side.rates
        if rates is None or not rates.signs or border == 0:
            return True
        n, y = task.n, task.y
        lower = (y[border] - y[start]) / (n[border] - n[start])
        upper = (y[ahead] - y[border]) / (n[ahead] - n[border])
        return rates.fits(lower[:, np.newaxis], upper[np.newaxis])

    def _finish(self, labels: Labels) -> None:
        labels = labels[labels["spent"] <= self.task.most_spent]
        if len(labels):
            best = labels[labels["score"].argmax()]
            if best["score"] > self.best:
                self.best, self._winner = float(best["score"]), best.copy()

    def _division(self, label: npt.NDArray[Any]) -> Division:
        done = np.concatenate(self._done)
        tiers, cuts = [int(label["tier"])], [int(label["start"])]
        while cuts[0] > 0:
            label = done[label["parent"]]
            tiers.insert(0, int(label["tier"]))
            cuts.insert(0, int(label["start"]))
        return self.task.division(tiers, cuts[1:])


def _undominated(labels: Labels, by_rate: bool) -> Labels:
    """Return the labels than which no like one makes as much and spends no more.

    Alike are those of which the same can follow: where rates matter, the ones that
    begin at the same border, too.
    """
    kinds = labels["used"] * (labels["tier"].max(initial=0) + 1) + labels["tier"]
    if by_rate:
        kinds = kinds * (labels["start"].max(initial=0) + 1) + labels["start"]
    order = np.lexsort((-labels["score"], labels["spent"], kinds))
    labels, kinds = labels[order], kinds[order]
    # Ranks in which every kind is above the one before.
    rank = np.unique(labels["score"], return_inverse=True)[1]
    rank = rank + _steps(kinds) * (len(labels) + 1)
    best = np.maximum.accumulate(rank)
    kept = np.ones(len(labels), dtype=bool)
    kept[1:] = rank[1:] > best[:-1]
    return labels[kept]


def _steps(ordered: IntArray) -> IntArray:
    """Number the runs of equal values."""
    return np.append(0, np.cumsum(np.diff(ordered) != 0))
