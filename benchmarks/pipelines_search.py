"""One search over five kinds of segmenters by one outcome, exhaustive and by optuna.

    python benchmarks/pipelines_search.py               # two minutes
    pip install optuna                                  # for the study

Customers of a shop, and who of them buys again in the quarter after. Candidates are RFM
maps, business rules, revenue tiers on one column, clusters, and rules that stand in for
clusters. All are scored by the share of the variance of the outcome that lies
between the segments of held-out rows, adjusted for their number.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measure import cpu, write_results
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    RFMSegmenter,
    RuleSurrogate,
    rfm_table,
)
from skseg.datasets import make_orders
from skseg.metrics import (
    largest_share,
    make_segment_scorer,
    n_segments,
    smallest_share,
)

RESULTS = Path(__file__).parent / "results"

N_CUSTOMERS = 4_000
AS_OF = "2024-10-01"
COLUMNS = ["recency", "frequency", "monetary"]
SCORER = make_segment_scorer(
    "explained_variance", min_size=0.02, max_size=0.9, max_noise=0.5, illegal=np.nan
)
Row = dict[str, Any]


def customers() -> tuple[pd.DataFrame, Any]:
    """Return customers, and whether they buy in the quarter after: 0 or 1."""
    orders = make_orders(N_CUSTOMERS, random_state=0)
    is_before = pd.to_datetime(orders["date"]) < AS_OF
    table = rfm_table(
        orders[is_before],
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of=AS_OF,
    )
    later = orders.loc[~is_before, "customer_id"]
    return table[COLUMNS], table["customer_id"].isin(later).to_numpy(np.intp)


def scaled(clusterer: Any) -> Any:
    """Return a clusterer of the logarithms of the columns, in units of spread."""
    return make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), clusterer)


def candidates() -> dict[str, tuple[Any, dict[str, list[Any]]]]:
    """Return kind -> an estimator and the grid of its settings."""
    rules = {
        "Active": "recency <= {active}",
        "Regular": "recency > {active} and frequency >= {regular}",
    }
    tiers = {"revenue": [30.0, 45.0, 60.0], "cost": [0.0, 5.0, 15.0]}
    return {
        "RFMSegmenter": (
            RFMSegmenter(),
            {"segments": ["grid", "seed", "putler"], "n_scores": [3, 5, 8]},
        ),
        "MECERuleSegmenter": (
            MECERuleSegmenter(
                rules, params={"active": 60, "regular": 4}, default="Others"
            ),
            {"params__active": [30, 60, 120], "params__regular": [2, 4, 8]},
        ),
        "OptimalRevenueBinner": (
            OptimalRevenueBinner(3, score_column="monetary", **tiers),
            {"score_column": COLUMNS[1:], "min_size": [0.05, 0.2]},
        ),
        "InductiveSegmenter": (
            scaled(InductiveSegmenter(KMeans(3, n_init=3, random_state=0))),
            {
                "inductivesegmenter__clusterer": [
                    *(KMeans(k, n_init=3, random_state=0) for k in (3, 5, 8)),
                    HDBSCAN(min_cluster_size=100, copy=True),
                ]
            },
        ),
        "RuleSurrogate": (
            RuleSurrogate(scaled(KMeans(3, n_init=3)), random_state=0),
            {
                "estimator__kmeans__n_clusters": [3, 5, 8],
                "significant_digits": [1, 2],
            },
        ),
    }


def grid_search(X: Any, y: Any) -> list[Row]:
    """Search all candidates in one grid; return `cv_results_`, the best one first."""
    kinds = candidates()
    pipeline = Pipeline([("segments", next(iter(kinds.values()))[0])])
    grid = [
        {"segments": [estimator]}
        | {f"segments__{name}": values for name, values in settings.items()}
        for estimator, settings in kinds.values()
    ]
    search = GridSearchCV(
        pipeline,
        grid,
        cv=5,
        scoring={
            "explained_variance": SCORER,
            "n_segments": n_segments,
            "smallest_share": smallest_share,
            "largest_share": largest_share,
        },
        refit="explained_variance",
        error_score="raise",
    ).fit(X, y)
    results = search.cv_results_
    order = np.argsort(results["rank_test_explained_variance"], kind="stable")
    rows = []
    for i in order:
        settings = dict(results["params"][i])
        kind = next(
            name
            for name, (estimator, _) in kinds.items()
            if estimator is settings["segments"]
        )
        del settings["segments"]
        row: Row = {
            "rank": int(results["rank_test_explained_variance"][i]),
            "kind": kind,
            "settings": ", ".join(
                f"{name.removeprefix('segments__')}={value}"
                for name, value in settings.items()
            ),
        }
        for name in search.scoring:
            row[name] = round(float(results[f"mean_test_{name}"][i]), 4)
        rows.append(row)
    return rows


def study(X: Any, y: Any, n_trials: int) -> Row:
    """Let optuna choose kind and settings; return the best trial."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kinds = candidates()

    def objective(trial: Any) -> float:
        kind = trial.suggest_categorical("kind", list(kinds))
        estimator, settings = kinds[kind]
        chosen = {
            name: values[trial.suggest_int(f"{kind}__{name}", 0, len(values) - 1)]
            for name, values in settings.items()
        }
        model = Pipeline([("segments", estimator)]).set_params(
            **{f"segments__{name}": value for name, value in chosen.items()}
        )
        trial.set_user_attr(
            "settings", ", ".join(f"{k}={v}" for k, v in chosen.items())
        )
        return float(cross_val_score(model, X, y, cv=5, scoring=SCORER).mean())

    trials = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=0)
    )
    trials.optimize(objective, n_trials=n_trials)
    best = trials.best_trial
    return {
        "trials": n_trials,
        "kind": best.params["kind"],
        "settings": best.user_attrs["settings"],
        "explained_variance": round(float(best.value), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=25)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    X, y = customers()
    with threadpool_limits(1), warnings.catch_warnings():
        # Means of candidates that break a bound are NaN, which searches warn of.
        warnings.simplefilter("ignore", UserWarning)
        seconds, rows = cpu(lambda: grid_search(X, y))
        for row in rows:
            print("  ".join(f"{name}={value}" for name, value in row.items()))
        print(f"{len(rows)} candidates, {seconds:.0f} CPU s")
        write_results(rows, arguments.out / "pipelines_search.csv")
        if importlib.util.find_spec("optuna") is None:
            print("optuna is not installed: no study")
            return
        seconds, best = cpu(lambda: study(X, y, arguments.trials))
        print(f"optuna, {seconds:.0f} CPU s: {best}")
        write_results([best], arguments.out / "pipelines_study.csv")


if __name__ == "__main__":
    main()
