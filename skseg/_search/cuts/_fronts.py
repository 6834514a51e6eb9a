"""The search for the best division within a budget: a front of beginnings per tier."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray, IntArray

from ._menu import Goal
from ._positions import exact_positions
from ._side import Task
from ._sweep import Division, followers, suffixes

# A tier begun: what is below it makes and saves (minus what it spends), less what the
# tier would up to where it begins; the same at the price; what the whole can make at
# most at the price; and the number of the label.
_LABEL = np.dtype(
    [(name, np.float64) for name in ("score", "saved", "priced", "bound")]
    + [("number", np.intp)]
)
Labels = npt.NDArray[Any]
# So many labels are compared with the front before they become part of it.
_FRESH = 64
# After so many labels, fronts are kept short to come to an end.
_MOST_LABELS = 1_000_000
_FEW_LABELS = 20


@dataclass(slots=True, eq=False)
class Front:
    """Beginnings of one tier, of which none makes less and spends more than another.

    Attributes
    ----------
    labels : ndarray of labels
        Those that may end at the border at hand: first `n_sorted` in order of spend,
        and of score, too; then some fresh ones.
    waiting : deque of (int, ndarray)
        The border of those that may not end yet, and they.
    top : float
        The largest score at the price.
    lost : float
        The largest bound of labels left out for there being too many.
    """

    labels: Labels = field(default_factory=lambda: np.zeros(0, dtype=_LABEL))
    n_sorted: int = 0
    waiting: deque[tuple[int, Labels]] = field(default_factory=deque)
    top: float = -np.inf
    lost: float = -np.inf

    def advance(self, border: int, last_start: float, n: FloatArray, most: int) -> None:
        """Let those join that a tier of legal size may end at a border for.

        Such as begin at a lower one and not above `last_start`. Among these it does not
        matter where: what can be reached from a border can be reached from those below.
        """
        new = []
        while self.waiting and self.waiting[0][0] < border:
            if n[self.waiting[0][0]] > last_start:
                break
            new.append(self.waiting.popleft()[1])
        if not new:
            return
        fresh = self._better(np.concatenate(new))
        if not len(fresh):
            return
        self.labels = np.concatenate([self.labels, fresh])
        if len(self.labels) - self.n_sorted > max(_FRESH, self.n_sorted // 4):
            self._sort(most)
        self.top = float(self.labels["priced"].max())

    def _better(self, fresh: Labels) -> Labels:
        """Return the labels that no sorted one is as good as."""
        known = self.labels[: self.n_sorted]
        if not len(known):
            return fresh
        place = np.searchsorted(-known["saved"], -fresh["saved"], "right")
        score = np.append(-np.inf, known["score"])[place]
        return fresh[fresh["score"] > score]

    def _sort(self, most: int) -> None:
        labels = self.labels
        labels = labels[np.lexsort((-labels["score"], -labels["saved"]))]
        best = np.maximum.accumulate(labels["score"])
        labels = labels[np.append(True, best[1:] > best[:-1])]
        if len(labels) > most:
            order = np.argsort(-labels["priced"], kind="stable")
            self.lost = max(self.lost, float(labels["bound"][order[most:]].max()))
            labels = labels[np.sort(order[:most])]
        self.labels, self.n_sorted = labels, len(labels)


@dataclass(slots=True, eq=False)
class FrontSearch:
    """A search for divisions that beat one, for tiers without a largest size.

    Attributes
    ----------
    task : Task
        What is looked for: no rates, no upper bound of sizes.
    price, rounding : float
        What a unit of money spent costs in the bounds; how exact spends are.
    best : float
        The score to beat.
    lost : float
        The largest bound of what was left out: below `to_beat`, none beats `best`.
    most : int
        Length of a front.
    """

    task: Task
    price: float
    rounding: float
    best: float
    lost: float
    most: int
    _priced: Goal = field(init=False)
    _thrift: Goal = field(init=False)
    _rests: FloatArray = field(init=False)
    _savings: FloatArray = field(init=False)
    _most_spent: float = field(init=False)
    _sums: tuple[list[float], list[float]] = field(init=False)
    _menus: dict[int, tuple[list[float], list[float], list[float]]] = field(init=False)
    _fronts: dict[tuple[int, int], Front] = field(default_factory=dict)
    _parents: list[IntArray] = field(default_factory=list)
    _begun: list[tuple[int, int, int]] = field(default_factory=list)
    _n_labels: int = 0
    _winner: int = -1

    def run(self) -> Division | None:
        """Return the best division if it beats the score, which `best` becomes."""
        task, n = self.task, self.task.n
        self._priced = task.goal.priced(self.price, self.rounding)
        self._thrift = task.goal.thrift(float(n[-1]))
        self._most_spent, self._sums = task.most_spent, (n.tolist(), task.y.tolist())
        self._menus = {
            id(goal): (goal.gain.tolist(), goal.cost.tolist(), goal.charged.tolist())
            for goal in (task.goal, self._thrift, self._priced)
        }
        positions = exact_positions(n, task.y)
        self._rests, self._savings = (
            suffixes(positions, goal, task.limits, "ended")
            for goal in (self._priced, self._thrift)
        )
        first = np.zeros(1, dtype=_LABEL)
        first["number"] = -1
        for tier in followers(task.goal, None):
            self._begin(Front(first, 1, top=0.0), None, tier, (0, 0))
        for border in range(1, len(n)):
            for (used, tier), front in list(self._fronts.items()):
                last_start = float(n[border] - task.limits.low)
                front.advance(border, last_start, n, self._width())
                if not len(front.labels):
                    continue
                if border == len(n) - 1:
                    self._finish(front.labels, used, tier)
                    continue
                for after in followers(task.goal, tier):
                    self._begin(front, tier, after, (used, border))
        self.lost = max([self.lost, *(front.lost for front in self._fronts.values())])
        return self._division() if self._winner >= 0 else None

    def _width(self) -> int:
        return self.most if self._n_labels < _MOST_LABELS else _FEW_LABELS

    def to_beat(self) -> float:
        """Return the bound that leads to nothing better."""
        paid = self.price * self._most_spent if self.price else 0.0
        return self.best - paid + self._priced.rounding

    def _begin(
        self, front: Front, tier: int | None, after: int, place: tuple[int, int]
    ) -> None:
        """Let one tier follow another, or none, at a border."""
        used, border = place
        layer = self.task.goal.layer(used)
        if layer < 0:
            return
        priced = self._step(self._priced, tier, after, border)
        rest = float(self._rests[layer, after, border])
        to_beat = self.to_beat()
        if not front.top + (priced + rest) > to_beat:
            return
        score = self._step(self.task.goal, tier, after, border)
        saved = self._step(self._thrift, tier, after, border)
        labels, least = front.labels, float(self._savings[layer, after, border])
        keep = labels["priced"] + (priced + rest) > to_beat
        keep &= labels["saved"] + (saved + least) >= -self._most_spent
        some = labels[keep]
        if not len(some):
            return
        new = np.empty(len(some), dtype=_LABEL)
        new["score"] = some["score"] + score
        new["saved"] = some["saved"] + saved
        new["priced"] = some["priced"] + priced
        new["bound"] = new["priced"] + rest
        new["number"] = np.arange(self._n_labels, self._n_labels + len(some))
        self._parents.append(some["number"])
        self._begun.append((self._n_labels, after, border))
        self._n_labels += len(some)
        counted = 0 if self.task.goal.count is None else used + 1
        following = self._fronts.setdefault((counted, after), Front())
        following.waiting.append((border, new))

    def _step(self, goal: Goal, tier: int | None, after: int, border: int) -> float:
        """Return what changes where one tier ends and another begins."""
        # In these words, since it takes most of the time.
        n, y = self._sums[0][border], self._sums[1][border]
        gain, cost, charged = self._menus[id(goal)]
        step = cost[after] * n - gain[after] * y - charged[after]
        return step if tier is None else step + gain[tier] * y - cost[tier] * n

    def _finish(self, labels: Labels, used: int, tier: int) -> None:
        """Let a tier end above all rows."""
        goal, n, y = self.task.goal, self.task.n[-1], self.task.y[-1]
        if not goal.ends[tier] or used != (goal.count or 0):
            return
        saved = labels["saved"] + float(self._thrift.worth(tier, n, y))
        labels = labels[saved >= -self._most_spent]
        if not len(labels):
            return
        at = int(labels["score"].argmax())
        score = float(labels["score"][at]) + float(goal.worth(tier, n, y))
        if score > self.best:
            self.best, self._winner = score, int(labels["number"][at])

    def _division(self) -> Division:
        parents = np.concatenate(self._parents)
        firsts = [first for first, *_ in self._begun]
        tiers, cuts, number = list[int](), list[int](), self._winner
        while number >= 0:
            at = int(np.searchsorted(firsts, number, "right")) - 1
            tiers.insert(0, self._begun[at][1])
            cuts.insert(0, self._begun[at][2])
            number = int(parents[number])
        return self.task.division(tiers, cuts[1:])
