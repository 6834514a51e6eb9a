"""How often 95 % intervals hold the truth, and tests reject where there is no effect.

`levels` compares two groups of given sizes, without a search; `coverage` takes all
findings of the finders, whose true effects are known from the chances that the data
were drawn with.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs, finders, interval, progress

from skseg._search.effects._amounts import mean_differences, permutation_t
from skseg._search.effects._inference import newcombe, score_test

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Rows on which the true effects in findings are averaged.
N_POPULATION = 100_000


@dataclass(frozen=True)
class Amounts:
    """Zero-inflated lognormal amounts of two groups; sigma 0 is a rate."""

    n_a: int
    n_b: int
    rate_a: float
    rate_b: float
    sigma: float
    factor: float = 1.0  # of the amounts of A

    def draw(self, rng: Rng) -> tuple[Floats, Floats]:
        a, b = (
            (rng.random(n) < rate) * rng.lognormal(0.0, self.sigma, n)
            for n, rate in ((self.n_a, self.rate_a), (self.n_b, self.rate_b))
        )
        return self.factor * a, b

    @property
    def effect(self) -> float:
        mean = float(np.exp(self.sigma**2 / 2))
        return mean * (self.factor * self.rate_a - self.rate_b)


NO_EFFECT = [
    (15, 485, 0.1, 1.0),
    (50, 450, 0.1, 1.0),
    (100, 900, 0.1, 1.5),
    (100, 900, 0.01, 1.0),
    (250, 2250, 0.005, 1.0),
    (500, 2000, 0.1, 1.5),
    (100, 100, 0.1, 1.0),
    (20, 380, 0.1, 1.0),
    (15, 485, 0.005, 0.0),
    (25, 2475, 0.005, 0.0),
    (50, 950, 0.01, 0.0),
    (250, 2250, 0.3, 0.0),
]
EFFECTS = [
    Amounts(100, 400, 0.2, 0.1, 1.0),
    Amounts(50, 950, 0.3, 0.1, 1.0),
    Amounts(200, 800, 0.1, 0.3, 1.0),
    Amounts(200, 800, 0.3, 0.3, 1.0, factor=2.0),
    Amounts(200, 800, 0.3, 0.3, 1.0, factor=0.5),
    Amounts(250, 250, 0.2, 0.1, 1.0),
    Amounts(500, 4500, 0.02, 0.01, 0.0),
]
SHAPES = [Amounts(a, b, rate, rate, sigma) for a, b, rate, sigma in NO_EFFECT] + EFFECTS


def levels(runs: Runs) -> list[Row]:
    """Two groups: coverage of the interval, and rejections of no effect by both tests.

    Before, amounts had Welch's test, and rates the score test in any case.
    """
    rows = []
    for shape in SHAPES:
        for numbers in runs.values():
            counts: Counter[str] = Counter()
            for run in numbers:
                counts.update(_compared(shape, np.random.default_rng(run)))
            rows.append(
                {
                    "groups": f"{shape.n_a} / {shape.n_b}",
                    "buyers": f"{shape.rate_a:g} / {shape.rate_b:g}",
                    "sigma": shape.sigma,
                    "factor": shape.factor,
                    "covered before": round(counts["covered before"] / len(numbers), 4),
                    "p <= .05 before": round(counts["5 % before"] / len(numbers), 4),
                    "p <= .005 before": round(counts["0.5 % before"] / len(numbers), 4),
                    "p <= .05": round(counts["5 %"] / len(numbers), 4),
                    "p <= .005": round(counts["0.5 %"] / len(numbers), 4),
                }
                | interval(counts["covered"], len(numbers))
            )
    return rows


def _compared(shape: Amounts, rng: Rng) -> dict[str, bool]:
    """Return what an interval and two tests say of one pair of groups."""
    a, b = shape.draw(rng)
    if shape.sigma == 0:
        estimate = newcombe(a.sum(), len(a), b.sum(), len(b))
        low, high = float(estimate.low), float(estimate.high)
        former_low, former_high = low, high
        p = float(estimate.p_value)
        former_p = float(score_test(a.sum(), len(a), b.sum(), len(b)))
    else:
        y = np.concatenate([a, b])
        in_a = (np.arange(len(y)) < len(a))[:, np.newaxis]
        weights = in_a.astype(float), (~in_a).astype(float)
        now, former = permutation_t(y, *weights), mean_differences(y, *weights)
        low, high, p = (float(part[0]) for part in now[1:])
        former_low, former_high, former_p = (float(part[0]) for part in former[1:])
    return {
        "covered": low <= shape.effect <= high,
        "covered before": former_low <= shape.effect <= former_high,
        "5 %": p <= 0.05,
        "0.5 %": p <= 0.005,
        "5 % before": former_p <= 0.05,
        "0.5 % before": former_p <= 0.005,
    }


@dataclass(frozen=True)
class Population:
    """Rows with the mean outcomes that they have in A and in B."""

    X: pd.DataFrame
    mean_a: Floats
    mean_b: Floats

    def effect(self, inside: Bools, has_groups: bool) -> float:
        """Return the true effect in a segment: against B, or against the rest."""
        if has_groups:
            return float((self.mean_a - self.mean_b)[inside].mean())
        return float(self.mean_b[inside].mean() - self.mean_b[~inside].mean())


def _population(n: int, rng: Rng, rate: float, effect: float) -> Population:
    """Return customers of whom those with many visits on the web buy more often."""
    X = pd.DataFrame(
        {
            "age": rng.normal(45, 12, n).round(1),
            "visits": rng.poisson(3, n),
            "channel": rng.choice(["web", "shop", "app", "mail"], n),
            "days": rng.exponential(60, n).round(1),
        }
    )
    is_young = (X["age"] < 45).to_numpy()
    planted = (X["channel"].isin(["web", "app"]) & (X["visits"] >= 3)).to_numpy()
    mean_b = rate * np.where(is_young, 1.5, 0.75)
    return Population(X, mean_b * (1 + effect * planted), mean_b)


@dataclass(frozen=True)
class Study:
    """Which data are drawn: buyers, what they spend, and how groups came about."""

    rate: float
    sigma: float  # of lognormal amounts; 0: the outcome is 0 or 1
    effect: float  # by what the planted segment buys more often in A
    share_of_a: float | None  # None: no groups
    assignment: str = "randomized"

    @property
    def has_groups(self) -> bool:
        return self.share_of_a is not None

    def population(self, n: int, rng: Rng) -> Population:
        people = _population(n, rng, self.rate, self.effect)
        if self.has_groups:
            return people
        return Population(people.X, people.mean_a, people.mean_a)

    def draw(self, people: Population, rng: Rng) -> tuple[Floats, Any]:
        """Return outcomes and groups; amounts have the mean 1."""
        n = len(people.X)
        share = np.full(n, self.share_of_a or 0.0)
        if self.assignment == "observational":
            share = np.where(people.X["age"] < 45, 0.6, 0.35)
        in_a = rng.random(n) < share
        buys = rng.random(n) < np.where(in_a, people.mean_a, people.mean_b)
        spend = rng.lognormal(-(self.sigma**2) / 2, self.sigma, n)
        return buys * spend, np.where(in_a, "A", "B") if self.has_groups else None


STUDIES = {
    "rate, no effect": Study(0.2, 0.0, 0.0, 0.5),
    "rate": Study(0.2, 0.0, 0.8, 0.5),
    "rate, observational": Study(0.2, 0.0, 0.8, 0.5, "observational"),
    "spend, no effect": Study(0.1, 1.2, 0.0, 0.5),
    "spend": Study(0.2, 1.0, 1.2, 0.5),
    "spend, 5 % in A": Study(0.2, 1.0, 2.0, 0.05),
    "spend, observational": Study(0.2, 1.0, 1.2, 0.5, "observational"),
    "spend, no group": Study(0.1, 1.2, 1.0, None),
    "rare spend, no group": Study(0.01, 1.0, 2.0, None),
}


def coverage(runs: Runs) -> list[Row]:
    """Share of findings whose interval, on rows not searched, holds the true effect."""
    findings: Counter[tuple[str, int, str]] = Counter()
    covered: Counter[tuple[str, int, str]] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for n, numbers in runs.items():
            for run in numbers:
                for name, study in STUDIES.items():
                    for method, is_covered in _findings(study, n, run):
                        findings[name, n, method] += len(is_covered)
                        covered[name, n, method] += int(is_covered.sum())
                progress("coverage", n, run, numbers)
    return [
        {"data": name, "rows": n, "method": method}
        | interval(covered[name, n, method], count)
        for (name, n, method), count in findings.items()
        if count
    ]


def _findings(study: Study, n: int, run: int) -> Iterator[tuple[str, Bools]]:
    """Yield each honest method, and which of its findings hold the truth."""
    rng = np.random.default_rng(run)
    people = study.population(n, rng)
    y, group = study.draw(people, rng)
    many = study.population(N_POPULATION, np.random.default_rng(10_000 + run))
    for method, inference, finder in finders(run, assignment=study.assignment):
        if inference != "honest":
            continue
        table = finder.fit(people.X, y, group=group).segments_
        inside = finder.rules_.membership(many.X)
        unit = 100.0 if study.sigma == 0 else 1.0
        truth = [
            unit * many.effect(inside[:, i], study.has_groups)
            for i in range(len(table))
        ]
        is_covered = (table["ci_low"] <= truth) & (truth <= table["ci_high"])
        yield method, is_covered.to_numpy()
