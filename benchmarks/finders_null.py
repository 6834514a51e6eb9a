"""The null gallery: shapes of data in which no group does better than the other.

Whatever a finder says is to be implemented or piloted there is false. The shapes are
those on which searches for segments are known to go wrong: copies of customers, several
rows of each, groups that do not overlap, rare outcomes, amounts that few spend.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs, interval, progress

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """What a finder is fitted to."""

    X: pd.DataFrame
    y: npt.NDArray[Any]
    group: npt.NDArray[Any] | None
    cluster: npt.NDArray[Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def repeated(self, rows: npt.NDArray[np.intp]) -> Study:
        """Return some rows of the study, one or several times each."""
        X = self.X.iloc[rows].reset_index(drop=True)
        group = None if self.group is None else self.group[rows]
        return Study(X, self.y[rows], group, options=self.options)


def _columns(n: int, rng: Rng) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": rng.normal(45, 12, n).round(1),
            "spend": rng.lognormal(3, 1, n).round(2),
            "visits": rng.poisson(3, n),
            "channel": rng.choice(["web", "shop", "app", "mail"], n),
            "plan": rng.choice(["free", "plus"], n, p=[0.7, 0.3]),
            "days": rng.exponential(60, n).round(1),
        }
    )


def _drawn(n: int, rng: Rng, share: float = 0.5) -> npt.NDArray[Any]:
    return np.where(rng.random(n) < share, "A", "B").astype(object)


def _hits(chance: Any, n: int, rng: Rng) -> npt.NDArray[np.int64]:
    return (rng.random(n) < chance).astype(np.int64)


def _prognosis(X: pd.DataFrame) -> Floats:
    logit = -0.8 + 0.05 * (X["age"] - 45) + 0.9 * (X["channel"] == "web")
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def independent(n: int, rng: Rng) -> Study:
    return Study(_columns(n, rng), _hits(0.3, n, rng), _drawn(n, rng))


def prognostic(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    return Study(X, _hits(_prognosis(X), n, rng), _drawn(n, rng))


def ties(n: int, rng: Rng) -> Study:
    X = pd.DataFrame({f"x{i}": rng.integers(0, 5, n) for i in range(4)})
    return Study(X, _hits(0.35, n, rng), _drawn(n, rng))


def many_levels(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    X["city"] = "c" + pd.Series(rng.integers(0, 150, n)).astype(str)
    return Study(X, _hits(0.3, n, rng), _drawn(n, rng))


def correlated(n: int, rng: Rng) -> Study:
    factor = rng.normal(size=(n, 1))
    values = 0.9 * factor + 0.45 * rng.normal(size=(n, 8))
    X = pd.DataFrame(values, columns=[f"x{i}" for i in range(8)])
    chance = 1 / (1 + np.exp(1 - factor[:, 0]))
    return Study(X, _hits(chance, n, rng), _drawn(n, rng))


def uneven_groups(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    return Study(X, _hits(_prognosis(X), n, rng), _drawn(n, rng, 0.05))


def rare_outcome(n: int, rng: Rng) -> Study:
    return Study(_columns(n, rng), _hits(0.005, n, rng), _drawn(n, rng))


def few_rows(n: int, rng: Rng) -> Study:
    X = _columns(300, rng)
    return Study(X, _hits(_prognosis(X), 300, rng), _drawn(300, rng))


def _spend(buys: npt.NDArray[Any], n: int, rng: Rng) -> Floats:
    return np.round(buys * rng.lognormal(4, 1.2, n), 2)


def spend(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    return Study(X, _spend(_hits(_prognosis(X), n, rng), n, rng), _drawn(n, rng))


def rare_spend(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    return Study(X, _spend(_hits(0.01, n, rng), n, rng), _drawn(n, rng))


def copies(n: int, rng: Rng) -> Study:
    return prognostic(n // 5, rng).repeated(np.repeat(np.arange(n // 5), 5))


def clustered(n: int, rng: Rng) -> Study:
    """Customers have five rows each, a group, and a chance to buy of their own."""
    customer = np.repeat(np.arange(n // 5), 5)
    X = _columns(n // 5, rng)
    effect = rng.normal(0, 1.5, n // 5)
    chance = 1 / (1 + np.exp(0.8 - effect))[customer]
    group = _drawn(n // 5, rng)[customer]
    X = X.iloc[customer].reset_index(drop=True)
    X["basket"] = rng.lognormal(3, 1, len(customer)).round(2)
    return Study(X, _hits(chance, len(customer), rng), group, cluster=customer)


def no_group(n: int, rng: Rng) -> Study:
    return Study(_columns(n, rng), _hits(0.1, n, rng), None)


def no_group_spend(n: int, rng: Rng) -> Study:
    return Study(_columns(n, rng), _spend(_hits(0.1, n, rng), n, rng), None)


def _observational(X: pd.DataFrame, chance: Any, share: Any, rng: Rng) -> Study:
    n = len(X)
    group = np.where(rng.random(n) < share, "A", "B").astype(object)
    options = {"assignment": "observational"}
    return Study(X, _hits(chance, n, rng), group, options=options)


def no_overlap(n: int, rng: Rng) -> Study:
    """The young are all in B, and age alone decides between A and B of the others."""
    X = _columns(n, rng)
    share = np.where(X["age"] < 40, 0.0, np.where(X["age"] > 55, 0.9, 0.4))
    return _observational(X, _prognosis(X), share, rng)


def weak_overlap(n: int, rng: Rng) -> Study:
    X = _columns(n, rng)
    share = 1 / (1 + np.exp(-0.2 * (X["age"] - 45)))
    return _observational(X, _prognosis(X), share, rng)


def crossed_confounding(n: int, rng: Rng) -> Study:
    """An exclusive or of two columns decides about the group and the outcome."""
    X = _columns(n, rng)
    is_odd = (X["age"] > 45).to_numpy() ^ (X["spend"] > np.exp(3)).to_numpy()
    chance, share = np.where(is_odd, 0.5, 0.2), np.where(is_odd, 0.7, 0.3)
    return _observational(X, chance, share, rng)


def many_columns(n: int, rng: Rng) -> Study:
    values = rng.normal(size=(n, 200)).round(3)
    X = pd.DataFrame(values, columns=[f"x{i}" for i in range(200)])
    return Study(X, _hits(0.3, n, rng), _drawn(n, rng))


GALLERY: dict[str, Callable[[int, Rng], Study]] = {
    shape.__name__.replace("_", " "): shape
    for shape in (
        independent,
        prognostic,
        ties,
        many_levels,
        correlated,
        uneven_groups,
        rare_outcome,
        few_rows,
        spend,
        rare_spend,
        copies,
        clustered,
        no_group,
        no_group_spend,
        no_overlap,
        weak_overlap,
        crossed_confounding,
        many_columns,
    )
}

FINDERS = {
    "Box": BoxSegmentFinder,
    "T-Learner": TLearnerSegmentFinder,
    "IV": IVSegmentFinder,
    "L1": L1SegmentFinder,
}


def finders(study: Study, seed: int) -> Iterator[tuple[str, str, Any]]:
    """Yield method, inference and finder."""
    options = {"random_state": seed, **study.options}
    for method, Finder in FINDERS.items():
        if method == "IV" and not np.isin(study.y, (0, 1)).all():
            options = {**options, "event_above": 0.0}
        yield method, "honest", Finder(**options)
        yield method, "maxt", Finder(inference="maxt", max_features=2, **options)


def null_gallery(runs: Runs) -> list[Row]:
    """How often is there something to implement, or to pilot, where nothing is?"""
    tallies: dict[tuple[str, int, str, str], list[tuple[bool, bool, bool, float]]] = {}
    for n, numbers in runs.items():
        for run in numbers:
            for i, (shape, make) in enumerate(GALLERY.items()):
                study = make(n, np.random.default_rng([run, i]))
                for method, inference, finder in finders(study, run):
                    key = (shape, n, method, inference)
                    tallies.setdefault(key, []).append(_decided(finder, study))
            progress("null", n, run, numbers)
    return [
        {
            "shape": shape,
            "rows": n,
            "method": method,
            "inference": inference,
            "decision": decision,
            **interval(sum(result[place] for result in results), len(results)),
            "warned": sum(result[2] for result in results),
            "cpu_s": round(sum(result[3] for result in results) / len(results), 3),
        }
        for (shape, n, method, inference), results in tallies.items()
        for place, decision in enumerate(("Implement", "Pilot"))
    ]


def _decided(finder: Any, study: Study) -> tuple[bool, bool, bool, float]:
    """Return whether a finder implements, pilots or warns, and its CPU seconds."""
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        finder.fit(study.X, study.y, group=study.group, cluster=study.cluster)
    seconds = time.process_time() - start
    decisions = set(finder.segments_["decision"])
    return "Implement" in decisions, "Pilot" in decisions, bool(caught), seconds
