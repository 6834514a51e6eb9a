"""Segmenters that see the outcome as steps: what a model behind them learns of noise.

    python benchmarks/pipelines_leakage.py                  # 50 data sets: some minutes
    python benchmarks/pipelines_leakage.py --sets 3         # a quick look

Outcomes are permuted, so that there is nothing to learn. Every segmenter that uses the
outcome is a step in front of a logistic regression and of a forest. `train` is the AUC
on the rows and columns that the classifier was fitted to; `blind` the same where the
segments were learned from another permutation, so that they cannot know these outcomes;
`naive` that of fit and transform, in which they do; `test` that on other rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from _measure import write_results
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, TargetEncoder
from threadpoolctl import threadpool_limits

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    TLearnerSegmentFinder,
)

RESULTS = Path(__file__).parent / "results"

N_SETS = 50
N_ROWS = 600
N_TEST = 2_000
COLUMNS = ["a", "b", "c", "d"]

Row = dict[str, Any]


class DataSet(NamedTuple):
    """Rows whose outcome, 0 or 1, has nothing to do with them, and others alike."""

    X: pd.DataFrame
    y: Any
    X_test: pd.DataFrame
    y_test: Any


def data_set(seed: int) -> DataSet:
    """Return rows with skewed, correlated columns; 30 % of the outcomes are 1."""
    rng = np.random.default_rng(seed)
    n_rows = N_ROWS + N_TEST
    values = rng.normal(size=(n_rows, len(COLUMNS))) @ rng.normal(size=(4, 4))
    values[:, :2] = np.exp(values[:, :2] / 2)
    outcome = (np.arange(n_rows) % 10 < 3).astype(np.intp)
    X = pd.DataFrame(values, columns=COLUMNS)
    train, test = slice(N_ROWS), slice(N_ROWS, None)
    y, y_test = rng.permutation(outcome[train]), rng.permutation(outcome[test])
    return DataSet(X[train], y, X[test].reset_index(drop=True), y_test)


def _rules(**settings: Any) -> MECERuleSegmenter:
    """Return 16 cells of the quartiles of two columns, of which small ones are merged.

    The columns are independent enough that most cells have fewer rows than 8 %.
    """
    bounds = [
        "{0} <= q(0.25)",
        "{0} > q(0.25) and {0} <= q(0.5)",
        "{0} > q(0.5) and {0} <= q(0.75)",
        "{0} > q(0.75)",
    ]
    rules = {
        f"{i} {j}": f"{first.format('a')} and {second.format('c')}"
        for i, first in enumerate(bounds)
        for j, second in enumerate(bounds)
    }
    return MECERuleSegmenter(rules, default="Missing", **settings)


def _finder(finder: Callable[..., Any]) -> Any:
    """Return a finder that searches all rows and keeps what it sees in noise."""
    return finder(
        max_features=2, max_cells=8, max_findings=5, inference="none", random_state=0
    )


MENU: dict[str, Any] = {"revenue": [30.0, 45.0, 60.0], "cost": [0.0, 4.0, 9.0]}
FOREST = RandomForestClassifier(20, random_state=0)

# Step, and the values of `encode` that it knows.
STEPS: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "MECERuleSegmenter, merging": (
        lambda: _rules(min_size=0.08),
        ("onehot", "ordinal"),
    ),
    "OptimalRevenueBinner": (
        lambda: OptimalRevenueBinner(3, score_column="a", **MENU),
        ("ordinal", "onehot", "rate", "woe", "value"),
    ),
    "PropensityBinner, forest": (
        lambda: PropensityBinner(FOREST, OptimalRevenueBinner(3, **MENU)),
        ("ordinal", "onehot", "scores"),
    ),
    "BoxSegmentFinder": (
        lambda: _finder(BoxSegmentFinder),
        ("membership", "onehot", "ordinal"),
    ),
    "IVSegmentFinder": (
        lambda: _finder(IVSegmentFinder),
        ("membership", "onehot", "ordinal"),
    ),
    "L1SegmentFinder": (
        lambda: _finder(L1SegmentFinder),
        ("membership", "onehot", "ordinal"),
    ),
    "TLearnerSegmentFinder": (
        lambda: _finder(TLearnerSegmentFinder),
        ("membership", "onehot", "ordinal"),
    ),
}

# What has not seen the outcome, or is scikit-learn's own.
REFERENCES: dict[str, Callable[[], Any]] = {
    "TargetEncoder of deciles": lambda: make_pipeline(
        KBinsDiscretizer(10, encode="ordinal"), TargetEncoder(random_state=0)
    ),
    "the 16 cells, not merged": _rules,
}

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(max_iter=1_000),
    "forest": lambda: RandomForestClassifier(10, min_samples_leaf=5, random_state=0),
}


def all_steps() -> dict[tuple[str, str], Callable[[], Any]]:
    """Return (name, encode) -> how to make the step; references have no `encode`."""
    steps: dict[tuple[str, str], Callable[[], Any]] = {
        (name, ""): make for name, make in REFERENCES.items()
    }
    for name, (make, encodings) in STEPS.items():
        for encode in encodings:
            steps[name, encode] = lambda make=make, encode=encode: make().set_params(
                encode=encode
            )
    return steps


def aucs(step: Any, data: DataSet) -> list[Row]:
    """Return the AUCs of each classifier behind a step."""
    X, y = data.X, data.y
    step = clone(step)
    train, test = step.fit_transform(X, y), step.transform(data.X_test)
    naive = step.transform(X)
    other_outcomes = np.random.default_rng(0).permutation(y)
    blind = clone(step).fit(X, other_outcomes).transform(X)
    rows = []
    for name, make in CLASSIFIERS.items():
        model = make().fit(train, y)
        row: Row = {"classifier": name, "train": _auc(model, train, y)}
        for kind, columns in {"blind": blind, "naive": naive}.items():
            row[kind] = _auc(make().fit(columns, y), columns, y)
        rows.append(row | {"test": _auc(model, test, data.y_test)})
    return rows


def _auc(model: Any, X: Any, y: Any) -> float:
    return float(roc_auc_score(y, model.predict_proba(X)[:, 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=N_SETS)
    parser.add_argument("--steps", nargs="*", default=None, help="names, or parts")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    sets = [data_set(seed) for seed in range(arguments.sets)]
    results = []
    with threadpool_limits(1):
        for (name, encode), make in all_steps().items():
            if arguments.steps and not any(part in name for part in arguments.steps):
                continue
            runs = pd.DataFrame([row for data in sets for row in aucs(make(), data)])
            for classifier, group in runs.groupby("classifier", sort=False):
                row: Row = {"step": name, "encode": encode, "classifier": classifier}
                for column in ("train", "blind", "naive", "test"):
                    row[column] = round(group[column].mean(), 4)
                row["test_error"] = round(group["test"].sem(), 4)
                results.append(row)
                print("  ".join(f"{key}={value}" for key, value in row.items()))
    write_results(results, arguments.out / "pipelines_leakage.csv")


if __name__ == "__main__":
    main()
