"""What policies bring: one group for all, the findings, and models of effects.

On generated trials the value of a policy is known: it is that of fresh customers. On
Hillstrom's e-mails (SKSEG_DATA) it is estimated on the half of the customers that took
no part. econml's causal forest comes along where it is installed.
"""

from __future__ import annotations

import os
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs, progress
from scipy.stats import t as student_t
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder

from skseg import BoxSegmentFinder, DecisionThresholds, IVSegmentFinder
from skseg.datasets import make_seller_groups

Array = npt.NDArray[Any]

N_NEW = 100_000


class Trial(NamedTuple):
    """Customers of a trial, what their outcomes are worth, and the truth if known."""

    X: pd.DataFrame
    y: Array
    is_treated: Array
    value: float = 1.0
    cost: float = 0.0
    expected: tuple[Array, Array] | None = None  # outcomes with and without treatment
    assignment: str = "randomized"

    @property
    def group(self) -> Array:
        return np.where(self.is_treated, "treatment", "control")

    def take(self, rows: Array) -> Trial:
        return self._replace(
            X=self.X.iloc[rows].reset_index(drop=True),
            y=self.y[rows],
            is_treated=self.is_treated[rows],
        )

    def worth(self, treats: Array) -> float:
        """Return the profit per customer if those of `treats` are treated."""
        if self.expected is not None:
            outcome = np.where(treats, *self.expected).mean()
        else:
            share = self.is_treated.mean()
            follows = (treats == self.is_treated) / np.where(
                self.is_treated, share, 1 - share
            )
            outcome = np.average(self.y, weights=follows)
        return float(self.value * outcome - self.cost * treats.mean())


# --- trials --------------------------------------------------------------------------


def sellers(pattern: Any, n: int, seed: int, **options: Any) -> Trial:
    data, truth = make_seller_groups(
        n, pattern=pattern, random_state=seed, return_truth=True, **options
    )
    X = data.drop(columns=["seller", "converted", "revenue"])
    expected = truth["probability_a"].to_numpy(), truth["probability_b"].to_numpy()
    is_treated = (data["seller"] == "A").to_numpy()
    y, assignment = data["converted"].to_numpy(float), options.get("assignment")
    trial = Trial(X, y, is_treated, expected=expected)
    return trial if assignment is None else trial._replace(assignment=assignment)


def drawn(
    n: int, seed: int, rates: Callable[[pd.DataFrame], tuple[Any, Any]], **worth: float
) -> Trial:
    """Return a trial with rates of treated and untreated customers."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({f"v{i}": rng.normal(size=n) for i in range(1, 8)})
    X["v1"] = rng.integers(0, 4, n)
    X["v4"] = rng.integers(1, 3, n)
    treated, untreated = (np.broadcast_to(rate, n) for rate in rates(X))
    is_treated = rng.random(n) < 0.5
    y = (rng.random(n) < np.where(is_treated, treated, untreated)).astype(float)
    return Trial(X, y, is_treated, **worth, expected=(treated, untreated))


def promotion(n: int, seed: int) -> Trial:
    """Return a promotion at 0.15 for purchases of 10, to which one segment responds."""

    def rates(X: pd.DataFrame) -> tuple[Any, Any]:
        responds = (X["v4"] == 2) & (X["v3"] > 0.3)
        return np.where(responds, 0.042, 0.008), 0.007

    return drawn(n, seed, rates, value=10.0, cost=0.15)


def both_ways(n: int, seed: int) -> Trial:
    """Return a treatment that harms a segment so much that it loses overall."""

    def rates(X: pd.DataFrame) -> tuple[Any, Any]:
        return np.where(X["v2"] > 0.6, 0.05, 0.34), 0.3

    return drawn(n, seed, rates)


def small_effect(n: int, seed: int) -> Trial:
    """Return a treatment that helps everybody by one point."""
    return drawn(n, seed, lambda X: (0.21, 0.2))


def no_effect(n: int, seed: int) -> Trial:
    """Return a treatment without any effect."""
    return drawn(n, seed, lambda X: (0.2, 0.2))


def smooth(n: int, seed: int) -> Trial:
    """Return an effect that grows along a line that no column shows."""

    def rates(X: pd.DataFrame) -> tuple[Any, Any]:
        return 0.3 + 0.06 * np.clip(X["v2"] + X["v3"], -4, 4), 0.3

    return drawn(n, seed, rates)


TRIALS: dict[str, Callable[[int, int], Trial]] = {
    "promotion": promotion,
    "both ways": both_ways,
    "conjunction": lambda n, seed: sellers("conjunction", n, seed),
    "exclusive or": lambda n, seed: sellers("xor", n, seed),
    "observational": lambda n, seed: sellers(
        "conjunction", n, seed, assignment="observational"
    ),
    "smooth": smooth,
    "small effect": small_effect,
    "no effect": no_effect,
}


# --- policies ------------------------------------------------------------------------

# Fits to a trial, and tells who of new customers is treated.
Policy = Callable[[Trial, Trial, int], Array]


def by_findings(Finder: Any, **options: Any) -> Policy:
    def treats(trial: Trial, new: Trial, seed: int) -> Array:
        thresholds = DecisionThresholds()
        if trial.value != 1 or trial.cost:
            thresholds = DecisionThresholds(value=trial.value, cost=trial.cost)
        design = {"assignment": trial.assignment, "random_state": seed}
        finder = Finder(thresholds=thresholds, **design, **options)
        finder.fit(trial.X, trial.y, trial.group)
        return np.asarray(finder.predict(new.X) == "treatment")

    return treats


def _numbers(trial: Trial, new: Trial) -> tuple[Array, Array]:
    both = pd.concat([trial.X, new.X])
    texts = both.select_dtypes(exclude="number").columns
    both[texts] = OrdinalEncoder().fit_transform(both[texts].astype(str))
    values = both.to_numpy(float)
    return values[: len(trial.X)], values[len(trial.X) :]


def by_t_learner(trial: Trial, new: Trial, seed: int) -> Array:
    X, X_new = _numbers(trial, new)
    means = [
        HistGradientBoostingRegressor(
            max_leaf_nodes=8,
            min_samples_leaf=50,
            early_stopping=True,
            random_state=seed,
        )
        .fit(X[rows], trial.y[rows])
        .predict(X_new)
        for rows in (trial.is_treated, ~trial.is_treated)
    ]
    return np.asarray(trial.value * (means[0] - means[1]) > trial.cost)


def by_causal_forest(trial: Trial, new: Trial, seed: int) -> Array:
    from econml.dml import CausalForestDML

    X, X_new = (np.nan_to_num(part, nan=-1.0) for part in _numbers(trial, new))
    forest = CausalForestDML(
        model_y=HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=8),
        model_t=LogisticRegression(max_iter=500),
        discrete_treatment=True,
        n_estimators=100,
        min_samples_leaf=50,
        cv=2,
        inference=False,
        random_state=seed,
        n_jobs=1,
    )
    forest.fit(trial.y, trial.is_treated.astype(int), X=X)
    effect = np.asarray(forest.effect(X_new)).ravel()
    return np.asarray(trial.value * effect > trial.cost)


def policies() -> Iterator[tuple[str, Policy]]:
    yield "all treated", lambda trial, new, seed: np.ones(len(new.X), bool)
    yield "nobody treated", lambda trial, new, seed: np.zeros(len(new.X), bool)
    yield "Box, honest", by_findings(BoxSegmentFinder)
    yield "Box, maxt", by_findings(BoxSegmentFinder, inference="maxt", max_features=2)
    yield "IV, honest", by_findings(IVSegmentFinder)
    yield "T-learner (boosting)", by_t_learner
    try:
        import econml  # noqa: F401
    except ImportError:
        print("econml is not installed: its causal forest is left out.")
        return
    yield "causal forest (econml)", by_causal_forest


def policy(runs: Runs) -> list[Row]:
    """Gains over the better group for all, and shares of what could be gained."""
    rows: list[Row] = []
    methods = list(policies())
    for n, seeds in runs.items():
        for name, make in TRIALS.items():
            worths, cpu = defaultdict(list), defaultdict(float)
            for seed in seeds:
                trial = make(n, 5000 + seed)
                new = make(N_NEW, 9_000_000 + seed)
                assert new.expected is not None
                gain = new.value * (new.expected[0] - new.expected[1]) - new.cost
                worths["oracle"].append(new.worth(gain > 0))
                for method, treats in methods:
                    start = time.process_time()
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        chosen = treats(trial, new, seed)
                    cpu[method] += time.process_time() - start
                    worths[method].append(new.worth(chosen))
                progress(f"policy, {name}", n, seed, seeds)
            rows += _summary(name, n, worths, cpu)
        rows += hillstrom(n, seeds, methods)
    return rows


def _summary(name: str, n: int, worths: Any, cpu: Any) -> Iterator[Row]:
    """Yield the mean gain of each method over the group that is better for all."""
    means = {method: np.mean(worths[method]) for method in worths}
    baseline = max(("all treated", "nobody treated"), key=means.__getitem__)
    best = np.array(worths["oracle"]) - worths[baseline]
    for method, values in worths.items():
        gains = np.array(values) - worths[baseline]
        low, high = _interval(gains)
        yield {
            "data": name,
            "rows": n,
            "policy": method,
            "runs": len(gains),
            "gain": round(float(gains.mean()), 5),
            "low": round(low, 5),
            "high": round(high, 5),
            "least": round(float(gains.min()), 5),
            "share_of_oracle": round(float(gains.mean() / best.mean()), 3)
            if best.mean() > 1e-9
            else "",
            "cpu_s": round(cpu[method] / len(gains), 2) if method in cpu else "",
        }


def _interval(gains: Array) -> tuple[float, float]:
    """Return Student's interval of a mean."""
    if len(gains) < 2 or gains.std() == 0:
        return float(gains.mean()), float(gains.mean())
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    margin = error * student_t.ppf(0.975, len(gains) - 1)
    return float(gains.mean() - margin), float(gains.mean() + margin)


# --- Hillstrom's e-mails -------------------------------------------------------------

# Value of a visit or of a dollar spent, and cost of an e-mail, in dollars.
CAMPAIGNS = {
    "visit": (1.0, 0.06),
    "spend": (0.4, 0.2),
}
ARMS = {"mens": "Mens E-Mail", "womens": "Womens E-Mail"}


def hillstrom(n: int, seeds: range, methods: Any) -> list[Row]:
    """Return gains on the half of the customers that was not fitted to."""
    path = Path(os.environ.get("SKSEG_DATA", "")) / "hillstrom" / "hillstrom.csv.gz"
    if not path.is_file():
        print("hillstrom/hillstrom.csv.gz is not in SKSEG_DATA: left out.")
        return []
    data = pd.read_csv(path)
    rows: list[Row] = []
    for arm, label in ARMS.items():
        some = data[data["segment"].isin([label, "No E-Mail"])]
        X = some.drop(columns=["segment", "visit", "conversion", "spend"])
        for outcome, (value, cost) in CAMPAIGNS.items():
            is_treated = (some["segment"] == label).to_numpy()
            trial = Trial(X, some[outcome].to_numpy(float), is_treated, value, cost)
            worths, cpu = defaultdict(list), defaultdict(float)
            for seed in seeds:
                order = np.random.default_rng(seed).permutation(len(X))
                known, new = np.array_split(order, 2)
                fitted, tested = trial.take(known[:n]), trial.take(new)
                for method, treats in methods:
                    start = time.process_time()
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        chosen = treats(fitted, tested, seed)
                    cpu[method] += time.process_time() - start
                    worths[method].append(tested.worth(chosen))
            worths["oracle"] = [float("nan")] * len(seeds)
            name = f"Hillstrom, {arm}, {outcome}"
            rows += [
                row
                for row in _summary(name, min(n, len(X) // 2), worths, cpu)
                if row["policy"] != "oracle"
            ]
    return rows
