"""Rules in place of clusters: fidelity on held-out rows, cost ratio, and time.

K-Means is fitted; rules with one, two and three boxes a cluster stand in for it. Beside
them stands the same with scikit-learn's tree of as many leaves, read in float32 and not
rounded, without pruning.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measure import cpu
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris, load_wine, make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from skseg import RuleSurrogate, rfm_table
from skseg.datasets import make_orders

Row = dict[str, Any]

RULES_A_SEGMENT = (1, 2, 3)
N_ROWS = 20_000
FOLDS = 4
TIMED = (1_000_000, 10)


def surrogate() -> list[Row]:
    """Measure fidelity of rules with k, 2k and 3k boxes on several sets, and time."""
    rows = [
        row
        for name, (X, model) in _sets().items()
        for row in _fidelities(name, X, model)
    ]
    with threadpool_limits(1):
        rows.append(_timed())
    return rows


def _sets() -> dict[str, tuple[Any, Pipeline]]:
    sets: dict[str, tuple[Any, Pipeline]] = {}
    for spread in (0.5, 1.0, 2.0):
        X, _ = make_blobs(N_ROWS, 5, centers=6, cluster_std=spread, random_state=0)
        sets[f"6 blobs in 5 columns, std {spread:g}"] = _frame(X), _scaled(6)
    X, _ = make_blobs(N_ROWS, 2, centers=5, random_state=170)
    oblique = X @ np.array([[0.6, -0.64], [-0.41, 0.85]])
    sets["5 oblique blobs in 2 columns"] = _frame(oblique), _scaled(5)
    orders = make_orders(N_ROWS, random_state=0)
    rfm = _rfm(orders)
    sets["RFM, logarithms, k = 5"] = rfm, _log_scaled(5)
    sets["RFM, raw amounts, k = 5"] = rfm, _scaled(5)
    for name, load, k in (
        ("iris", load_iris, 3),
        ("wine", load_wine, 3),
        ("digits, 64 columns", load_digits, 10),
    ):
        sets[name] = _frame(load().data), _scaled(k)
    mall = Path(os.environ.get("SKSEG_DATA", "")) / "mall_customers"
    if (path := mall / "mall_customers.csv.gz").is_file():
        sets["mall customers"] = pd.read_csv(path).iloc[:, 2:], _scaled(5)
    else:
        print("mall_customers is not in SKSEG_DATA: it is left out.")
    return sets


def _frame(X: Any) -> pd.DataFrame:
    return pd.DataFrame(X).add_prefix("x")


def _rfm(orders: pd.DataFrame) -> pd.DataFrame:
    table = rfm_table(
        orders,
        customer_id="customer_id",
        order_id="order_id",
        date="date",
        amount="amount",
        as_of=orders["date"].max(),
    )
    return table[["recency", "frequency", "monetary"]].astype(float)


def _scaled(k: int) -> Pipeline:
    return make_pipeline(StandardScaler(), KMeans(k, n_init=10, random_state=0))


def _log_scaled(k: int) -> Pipeline:
    return make_pipeline(FunctionTransformer(np.log1p), *_scaled(k))


def _fidelities(name: str, X: Any, model: Pipeline) -> Iterator[Row]:
    """Yield the row of each number of rules."""
    fitted = clone(model).fit(X)
    codes = fitted.predict(X)
    k = codes.max() + 1
    for times in RULES_A_SEGMENT:
        rules = RuleSurrogate(
            FrozenEstimator(fitted), max_rules=int(times * k), random_state=0
        )
        ours, trees = _fold_fidelities(X, codes, rules)
        rules.fit(X)
        row = {
            "data": name,
            "rows": len(X),
            "k": int(k),
            "max_rules": int(times * k),
            "n_rules": rules.n_rules_,
            "fidelity": round(ours, 4),
            "fidelity_of_tree": round(trees, 4),
            "fidelity_": round(rules.fidelity_, 4),
            "balanced_fidelity_": round(rules.balanced_fidelity_, 4),
            "least_recall": round(float(rules.segments_["recall"].min()), 3),
            "cost_ratio": round(rules.cost_ratio_, 3),
        }
        print(row, flush=True)
        yield row


def _fold_fidelities(X: Any, codes: Any, rules: RuleSurrogate) -> tuple[float, float]:
    """Return the agreement of rules and of scikit-learn's tree with K-Means.

    Both are means over held-out rows of the same folds.
    """
    tree = DecisionTreeClassifier(
        max_leaf_nodes=rules.max_rules, class_weight="balanced", random_state=0
    )
    ours, theirs = [], []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(X, codes):
        found = clone(rules).fit(X.iloc[train]).predict(X.iloc[test])
        ours.append(np.mean(found == codes[test]))
        tree.fit(X.iloc[train], codes[train])
        theirs.append(tree.score(X.iloc[test], codes[test]))
    return float(np.mean(ours)), float(np.mean(theirs))


def _timed() -> Row:
    X, _ = make_blobs(*TIMED, centers=6, cluster_std=4, random_state=0)
    model = make_pipeline(StandardScaler(), KMeans(6, n_init=1, random_state=0)).fit(X)
    rules = RuleSurrogate(FrozenEstimator(model), random_state=0)
    seconds, _ = cpu(lambda: rules.fit(X))
    predict_s, _ = cpu(lambda: rules.predict(X))
    return {
        "data": "6 blobs in 10 columns, std 4",
        "rows": len(X),
        "k": 6,
        "max_rules": 12,
        "n_rules": rules.n_rules_,
        "fidelity_": round(rules.fidelity_, 4),
        "balanced_fidelity_": round(rules.balanced_fidelity_, 4),
        "cost_ratio": round(rules.cost_ratio_, 3),
        "cpu_s": round(seconds, 2),
        "predict_cpu_s": round(predict_s, 2),
    }


if __name__ == "__main__":
    print(surrogate()[-1])
