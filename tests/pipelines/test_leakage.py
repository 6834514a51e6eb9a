"""Segmenters that see the outcome teach what follows nothing of it, as TargetEncoder.

The outcomes are permuted, so that there is nothing to learn. benchmarks has this for
more data sets, encodings and classifiers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from skseg import (
    IVSegmentFinder,
    L1SegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    TLearnerSegmentFinder,
)

N_SETS = 4
N_ROWS = 400
# The second tier is better from a rate of 1/2 on.
MENU: dict[str, Any] = {"revenue": [30.0, 45.0], "cost": [0.0, 7.5]}
SEARCH: dict[str, Any] = {"max_features": 1, "max_cells": 8, "inference": "none"}

SUPERVISED: dict[str, Callable[[], Any]] = {
    "tiers of a forest": lambda: PropensityBinner(
        RandomForestClassifier(10, random_state=0),
        OptimalRevenueBinner(2, **MENU),
        encode="onehot",
        cv=3,
    ),
    "scores of a forest": lambda: PropensityBinner(
        RandomForestClassifier(10, random_state=0), encode="scores", cv=3
    ),
    "tiers": lambda: OptimalRevenueBinner(
        2, score_column="a", encode="rate", cv=3, **MENU
    ),
    "merged rules": lambda: MECERuleSegmenter(
        {
            f"{i}{j}": f"{i - 2} <= a < {i - 1} and {4 * j - 4} <= b < {4 * j}"
            for i in range(4)
            for j in range(2)
        },
        default="Others",
        min_size=0.1,
        cv=3,
    ),
    "IV": lambda: IVSegmentFinder(random_state=0, cv=3, **SEARCH),
    "L1": lambda: L1SegmentFinder(random_state=0, cv=3, **SEARCH),
    "trees": lambda: TLearnerSegmentFinder(random_state=0, cv=3, **SEARCH),
}


def permuted(seed: int) -> tuple[pd.DataFrame, Any]:
    """Return rows whose outcome, "yes" or "no", has nothing to do with them."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(N_ROWS, 2)) * [1.5, 2.0], columns=["a", "b"])
    return X, rng.permutation(np.repeat(["yes", "no"], N_ROWS // 2))


def auc_behind(columns: Any, y: Any) -> float:
    """Return the AUC of a classifier on the rows that it was fitted to."""
    model = LogisticRegression().fit(columns, y)
    return float(roc_auc_score(y, model.predict_proba(columns)[:, 1]))


@pytest.mark.filterwarnings("ignore:Merging to min_size:UserWarning")
@pytest.mark.filterwarnings("ignore:One tier is the best:UserWarning")
@pytest.mark.parametrize("name", SUPERVISED)
def test_a_classifier_learns_no_more_than_from_segments_that_cannot_know(
    name: str,
) -> None:
    as_trained, blind, naive = [], [], []
    for seed in range(N_SETS):
        X, y = permuted(seed)
        step = SUPERVISED[name]()
        as_trained.append(auc_behind(step.fit_transform(X, y), y))
        naive.append(auc_behind(step.transform(X), y))
        # The same segments, had they been learned from other outcomes.
        other = np.random.default_rng(seed).permutation(y)
        blind.append(auc_behind(clone(step).fit(X, other).transform(X), y))
    assert np.mean(as_trained) < np.mean(blind) + 0.03
    assert np.mean(as_trained) <= np.mean(naive)
    if "forest" in name:
        assert np.mean(naive) > 0.7


def test_a_pipeline_predicts_new_rows_no_better_and_no_worse_than_chance() -> None:
    aucs = []
    for seed in range(N_SETS):
        X, y = permuted(seed)
        X_new, y_new = permuted(seed + 100)
        step = SUPERVISED["scores of a forest"]()
        model = make_pipeline(step, LogisticRegression()).fit(X, y)
        aucs.append(roc_auc_score(y_new, model.predict_proba(X_new)[:, 1]))
        # It knows that the scores say nothing: a constant has log(2) as its log-loss.
        assert np.abs(model.predict_proba(X)[:, 1] - 0.5).max() < 0.3
    assert abs(np.mean(aucs) - 0.5) < 0.05
