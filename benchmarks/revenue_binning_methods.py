"""Ways to cut scores into the tiers of a menu, and one count of what they make.

Every method gives `Bins`: edges, and the tier of every bin. Unless a method chooses
tiers itself, its bins in order of score are the tiers of the menu, lowest first.
`best_tiers` chooses them for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import KBinsDiscretizer

from skseg import OptimalRevenueBinner
from skseg._search.cuts import optimal_cuts
from skseg.compat import find_optimal_bins
from skseg.metrics import tier_profit

try:
    import optbinning
except ImportError:
    optbinning = None
try:
    import smart_segment
except ImportError:
    smart_segment = None

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Menu:
    """What a conversion brings in and a customer costs, by tier."""

    name: str
    gain: FloatArray
    cost: FloatArray

    def __len__(self) -> int:
        return len(self.gain)


@dataclass(frozen=True)
class Bins:
    """Scores between bins, the tier of each, and what the tool says it makes."""

    edges: FloatArray
    tiers: IntArray
    side: Literal["left", "right"] = "left"
    claimed: float | None = None

    def labels(self, scores: FloatArray) -> IntArray:
        return self.tiers[np.searchsorted(self.edges, scores, self.side)]


Method = Callable[[FloatArray, Any, Menu], Bins]


def profit_of(bins: Bins, scores: FloatArray, outcome: Any, menu: Menu) -> float:
    """Return revenue minus cost of all rows, each counted once, by its label."""
    prices = {"revenue": menu.gain, "cost": menu.cost}
    return tier_profit(bins.labels(scores), outcome, prices)


def n_tiers(bins: Bins, scores: FloatArray) -> int:
    return int(np.count_nonzero(np.bincount(bins.labels(scores))))


def in_order(edges: Any, side: Literal["left", "right"] = "left") -> Bins:
    return Bins(np.asarray(edges, float), np.arange(len(edges) + 1), side)


def best_tiers(bins: Bins, scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    """Give every bin a tier such that all make most on these rows.

    Tiers may be used by several bins or by none, and do not fall with the score. The
    optimum of the bins as they are, by a dynamic program over bins and tiers.
    """
    n_bins = len(bins.edges) + 1
    codes = np.searchsorted(bins.edges, scores, bins.side)
    n = np.bincount(codes, minlength=n_bins)
    y = np.bincount(codes, outcome, minlength=n_bins)
    worth = np.outer(y, menu.gain) - np.outer(n, menu.cost)
    best, before = np.zeros(len(menu)), []
    for made_of_bin in worth:
        highest = np.maximum.accumulate(best)
        before.append([int(np.argmax(best[: i + 1])) for i in range(len(menu))])
        best = highest + made_of_bin
    tiers = [int(np.argmax(best))]
    for choice in before[:0:-1]:
        tiers.append(choice[tiers[-1]])
    return replace(bins, tiers=np.array(tiers[::-1]), claimed=None)


def with_best_tiers(method: Method) -> Method:
    def fit(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
        return best_tiers(method(scores, outcome, menu), scores, outcome, menu)

    return fit


def binner(**options: Any) -> Method:
    """Return skseg's estimator; without `value_path_` unless asked for."""

    def fit(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
        result = OptimalRevenueBinner(
            len(menu),
            revenue=menu.gain,
            cost=menu.cost,
            **{"compute_path": False, **options},
        )
        with warnings.catch_warnings():
            # The published menu has one tier that is best for everyone.
            warnings.simplefilter("ignore", UserWarning)
            result.fit(scores[:, np.newaxis], outcome)
        # The last segment is for customers without a score.
        return Bins(result.cut_points_, result.tiers_[:-1], claimed=result.value_)

    return fit


def algorithm(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    result = optimal_cuts(scores, outcome, revenue=menu.gain, cost=menu.cost)
    return Bins(
        np.array(result.cut_points), np.array(result.tiers), claimed=result.value
    )


def drop_in(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    _, cutoffs, revenue = find_optimal_bins(
        scores,
        outcome,
        len(menu),
        revenue_fn=menu.gain.__getitem__,
        cost_fn=menu.cost.__getitem__,
    )
    return replace(in_order(cutoffs[1:-1]), claimed=revenue)


def uniform(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    _, edges = pd.cut(scores, len(menu), labels=False, retbins=True)
    return in_order(edges[1:-1])


def percentiles(n_bins: int | None = None) -> Method:
    def fit(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
        _, edges = pd.qcut(
            scores, n_bins or len(menu), labels=False, retbins=True, duplicates="drop"
        )
        return in_order(edges[1:-1])

    return fit


def k_means(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    result = KBinsDiscretizer(
        len(menu), encode="ordinal", strategy="kmeans", random_state=0
    )
    result.fit(scores[:, np.newaxis])
    return in_order(result.bin_edges_[0][1:-1], "right")


def opt_binning(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    result = optbinning.OptimalBinning(max_n_bins=len(menu))
    result.fit(scores, outcome)
    return in_order(result.splits, "right")


def smart_segments(seed: int) -> Method:
    def fit(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
        np.random.seed(seed)  # noqa: NPY002 - the generator that it draws from
        with warnings.catch_warnings():
            # Means of empty bins.
            warnings.simplefilter("ignore", RuntimeWarning)
            _, cutoffs, revenue = smart_segment.find_optimal_bins(
                scores,
                outcome,
                len(menu),
                revenue_fn=menu.gain.__getitem__,
                cost_fn=menu.cost.__getitem__,
            )
        # 1 comes twice. Rows at 1, which it counts nowhere, are given to its last bin.
        edges = np.unique(cutoffs[(cutoffs > 0) & (cutoffs < 1)])
        return replace(in_order(edges, "right"), claimed=float(revenue))

    return fit


def break_even(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    """Take every score for a probability, and give it the tier that then pays most."""
    crossings = {0.0, 1.0}
    for i, j in combinations(range(len(menu)), 2):
        if menu.gain[i] != menu.gain[j]:
            cost, gain = menu.cost[j] - menu.cost[i], menu.gain[j] - menu.gain[i]
            crossings.add(float(np.clip(cost / gain, 0, 1)))
    # Between crossings that differ by rounding, rounding would choose the tier.
    lows = np.unique(np.round(sorted(crossings), 12))
    middles = (lows[:-1] + lows[1:]) / 2
    tiers = np.argmax(np.outer(middles, menu.gain) - menu.cost, axis=1)
    changes = np.flatnonzero(np.diff(tiers)) + 1
    return Bins(lows[changes], tiers[np.append(0, changes)])


def one_tier(scores: FloatArray, outcome: Any, menu: Menu) -> Bins:
    """Give everyone the one tier that makes most."""
    return best_tiers(in_order([]), scores, outcome, menu)
