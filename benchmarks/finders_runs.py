"""Shares of runs: of false findings, and of planted ones that are found.

`historical` is how two groups were compared before: a shallow tree for each, fitted on
70 % of the rows, the leaves of both intersected, and the pieces read as they stand,
without p-values.
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest
from sklearn.tree import DecisionTreeClassifier

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg.datasets import make_seller_groups

BoolArray = npt.NDArray[np.bool_]
Row = dict[str, Any]
Runs = dict[int, range]

NOT_COLUMNS = ["seller", "converted", "revenue"]
HISTORICAL = "historical reading"


class Findings(NamedTuple):
    """What a method found: the table of a finder, and who is in each finding."""

    table: pd.DataFrame
    members: Callable[[pd.DataFrame], BoolArray]


def finders(seed: int, **options: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield method, inference and finder."""
    options["random_state"] = seed
    yield "Box", "honest", BoxSegmentFinder(**options)
    two = {"max_features": 2, "inference": "maxt"}
    yield "Box", "maxt", BoxSegmentFinder(**two, **options)
    yield "T-Learner", "honest", TLearnerSegmentFinder(**options)
    yield "IV", "honest", IVSegmentFinder(**options)
    yield "L1", "honest", L1SegmentFinder(**options)


def fitted(finder: Any, customers: pd.DataFrame) -> Findings:
    X = customers.drop(columns=NOT_COLUMNS)
    finder.fit(X, customers["converted"], group=customers["seller"])
    return Findings(finder.segments_, finder.rules_.membership)


def historical(customers: pd.DataFrame, seed: int) -> Findings:
    """Return the pieces of two trees, those with a decision other than Implement too.

    Implement: groups differ by 10 points or more in the training rows, 5 % of them or
    more are there, and the better group's rate on the other rows is within 10 points.
    """
    X, y = _dummies(customers), customers["converted"].to_numpy()
    in_a = customers["seller"].to_numpy() == "A"
    is_train = np.random.default_rng(seed).random(len(X)) < 0.7
    trees = [
        DecisionTreeClassifier(max_depth=2, random_state=seed).fit(
            X[is_train & group], y[is_train & group]
        )
        for group in (in_a, ~in_a)
    ]
    leaves = [tree.apply(X) for tree in trees]
    rows, pieces = [], []
    for piece in sorted(set(zip(*(leaf.tolist() for leaf in leaves), strict=True))):
        inside = (leaves[0] == piece[0]) & (leaves[1] == piece[1])
        seen, unseen = inside & is_train, inside & ~is_train
        rates = [
            [_mean(y[rows_of & group]) for group in (in_a, ~in_a)]
            for rows_of in (seen, unseen)
        ]
        effect = 100 * (rates[0][0] - rates[0][1])
        best = 0 if effect >= 0 else 1
        gap = 100 * (rates[1][best] - rates[0][best])
        size = seen.sum() / is_train.sum()
        does = abs(effect) >= 10 and size >= 0.05 and abs(gap) <= 10
        decision = "Implement" if does else "Skip"
        rows.append(("AB"[best], effect, math.nan, decision))
        pieces.append(piece)
    names = ["best_group", "effect", "p_adj", "decision"]

    def members(others: pd.DataFrame) -> BoolArray:
        Z = _dummies(others).reindex(columns=X.columns, fill_value=0.0)
        a, b = (tree.apply(Z) for tree in trees)
        return np.column_stack([(a == p) & (b == q) for p, q in pieces])

    return Findings(pd.DataFrame(rows, columns=names), members)


def _dummies(customers: pd.DataFrame) -> pd.DataFrame:
    X = customers.drop(columns=NOT_COLUMNS, errors="ignore")
    return pd.get_dummies(X).astype(float)


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else math.nan


def interval(hits: int, runs: int) -> Row:
    exact = binomtest(hits, runs).proportion_ci(0.95)
    return {
        "runs": runs,
        "hits": hits,
        "share": round(hits / runs, 4),
        "low": round(exact.low, 4),
        "high": round(exact.high, 4),
    }


class Tally:
    """How often each method did something, and what it took."""

    def __init__(self) -> None:
        self._runs: Counter[Any] = Counter()
        self._hits: Counter[Any] = Counter()
        self._cpu: Counter[Any] = Counter()

    def add(self, key: tuple[Any, ...], hit: bool, seconds: float) -> None:
        self._runs[key] += 1
        self._hits[key] += hit
        self._cpu[key] += seconds

    def rows(self, names: tuple[str, ...]) -> list[Row]:
        return [
            dict(zip(names, key, strict=True))
            | interval(self._hits[key], runs)
            | {"cpu_s": round(self._cpu[key] / runs, 3)}
            for key, runs in self._runs.items()
        ]


def _tried(find: Callable[[], Findings]) -> tuple[float, Findings]:
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        findings = find()
    return time.process_time() - start, findings


def _implements(findings: Findings) -> bool:
    return bool((findings.table["decision"] == "Implement").any())


def _is_sure(findings: Findings) -> bool:
    return bool((findings.table["p_adj"] <= 0.05).any())


def _few_values(n: int, seed: int) -> pd.DataFrame:
    """Noise in four columns of five values: most rows have an equal one."""
    rng = np.random.default_rng(seed)
    columns = {f"x{i}": rng.integers(0, 5, n) for i in range(1, 5)}
    group = np.where(rng.random(n) < 0.5, "A", "B").astype(object)
    converted = (rng.random(n) < 0.35).astype(np.int64)
    outcome = {"seller": group, "converted": converted, "revenue": 0.0}
    return pd.DataFrame({**columns, **outcome})


def _customers(n: int, seed: int, prognostic: bool) -> pd.DataFrame:
    return make_seller_groups(
        n, pattern="none", prognostic=prognostic, random_state=seed
    )


DATA: dict[str, Callable[[int, int], pd.DataFrame]] = {
    "pure noise": lambda n, seed: _customers(n, seed, False),
    "prognostic": lambda n, seed: _customers(n, seed, True),
    "few values": _few_values,
}


def false_findings(runs: Runs) -> list[Row]:
    """Nothing is planted: how often is there something to implement?"""
    tally = Tally()
    for n, numbers in runs.items():
        for run in numbers:
            for name, make in DATA.items():
                data = make(n, 1000 + run)
                for method, inference, finder in finders(run):
                    seconds, findings = _tried(lambda f=finder, d=data: fitted(f, d))
                    key = (name, n, method, inference)
                    tally.add(key, _implements(findings), seconds)
                seconds, findings = _tried(lambda r=run, d=data: historical(d, r))
                key = (name, n, HISTORICAL, "none")
                tally.add(key, _implements(findings), seconds)
            progress("false", n, run, numbers)
    return tally.rows(("data", "rows", "method", "inference"))


# Others take as long for the models of group and outcome, and find less.
CHOSEN = [("Box", "honest"), ("IV", "honest")]


def confounded(runs: Runs) -> list[Row]:
    """Nothing is planted, and A gets the customers who would convert anyway.

    Confounding alone seldom makes 10 points, so any adjusted p of at most 5 % counts.
    """
    tally = Tally()
    for n, numbers in runs.items():
        for run in numbers:
            data = make_seller_groups(
                n, pattern="none", assignment="observational", random_state=2000 + run
            )
            for assignment in ("randomized", "observational"):
                for method, inference, finder in finders(run, assignment=assignment):
                    if (method, inference) in CHOSEN:
                        seconds, findings = _tried(
                            lambda f=finder, d=data: fitted(f, d)
                        )
                        key = (n, method, assignment)
                        tally.add(key, _is_sure(findings), seconds)
            progress("confounded", n, run, numbers)
    return tally.rows(("rows", "method", "assignment"))


def power(runs: Runs) -> list[Row]:
    """How often is the planted conjunction found, with certainty?

    By an Implement or Pilot finding with an adjusted p of at most 5 % that says A, and
    half of whose rows or more are in the conjunction.
    """
    tally = Tally()
    for n, numbers in runs.items():
        for run in numbers:
            data, truth = make_seller_groups(
                n, pattern="conjunction", random_state=3000 + run, return_truth=True
            )
            planted = (truth["segment"] == 0).to_numpy()
            for method, inference, finder in finders(run):
                seconds, findings = _tried(lambda f=finder, d=data: fitted(f, d))
                hit = _overlaps(findings, data, planted)
                tally.add((n, method, inference), hit, seconds)
            progress("power", n, run, numbers)
    return tally.rows(("rows", "method", "inference"))


def _overlaps(findings: Findings, data: pd.DataFrame, planted: BoolArray) -> bool:
    table = findings.table
    sure = table["decision"].isin(["Implement", "Pilot"]) & (table["p_adj"] <= 0.05)
    chosen = np.flatnonzero(sure & (table["best_group"] == "A"))
    inside = findings.members(data)[:, chosen]
    both = (inside & planted[:, np.newaxis]).sum(axis=0)
    precision = both / np.maximum(inside.sum(axis=0), 1)
    return bool((precision >= 0.5).any())


def progress(part: str, n: int, run: int, numbers: range) -> None:
    if (run + 1) % 10 == 0:
        now = time.strftime("%X")
        print(f"{now} {part}, {n:,} rows: {run + 1} of {numbers.stop}", flush=True)
