"""Findings as features of a classifier, where the outcome is noise.

`fit_transform` gives cross-fitted training rows, `fit` and `transform` gives rows whose
outcomes the findings were chosen by. The AUC of the training rows is what a classifier
behind them believes to know, that of new rows what it knows: nothing, 0.5.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from finders_runs import Row, Runs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import TargetEncoder

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)

FINDERS = {
    "Box": BoxSegmentFinder,
    "IV": IVSegmentFinder,
    "L1": L1SegmentFinder,
    "T-Learner": TLearnerSegmentFinder,
}
FloatArray = npt.NDArray[np.float64]
Features = tuple[FloatArray, FloatArray]


def optimism(runs: Runs) -> list[Row]:
    """Mean AUC of classifiers behind findings, and behind the codes of a TargetEncoder.

    With groups, the classifiers see the group too, and its products with the findings.
    """
    rows = []
    for n_rows, seeds in runs.items():
        areas: dict[tuple[str, ...], list[tuple[float, float]]] = {}
        for seed in seeds:
            train, new = noise(n_rows, 2 * seed), noise(n_rows, 2 * seed + 1)
            for kind, features in features_of(train, new, seed):
                for name, area in areas_of(features, train[1], new[1]).items():
                    areas.setdefault((*kind, name), []).append(area)
        rows += [
            {
                "rows": n_rows,
                "sets": len(pairs),
                "features": features,
                "groups": groups,
                "training rows": training_rows,
                "classifier": classifier,
                "AUC, training rows": round(float(np.mean(pairs, axis=0)[0]), 3),
                "AUC, new rows": round(float(np.mean(pairs, axis=0)[1]), 3),
            }
            for (features, groups, training_rows, classifier), pairs in areas.items()
        ]
    return rows


def noise(n_rows: int, seed: int) -> tuple[pd.DataFrame, Any, Any]:
    """Return columns, an outcome and a group, all independent of each other."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.normal(size=n_rows),
            "spend": rng.exponential(size=n_rows),
            "channel": rng.choice([*"uvwxyz"], n_rows),
            "city": rng.choice([f"city {i}" for i in range(25)], n_rows),
            "visits": rng.integers(0, 6, n_rows),
        }
    )
    outcome = (rng.random(n_rows) < 0.35).astype(int)
    return X, outcome, rng.choice(["A", "B"], n_rows)


def features_of(
    train: Any, new: Any, seed: int
) -> Iterator[tuple[tuple[str, str, str], Features]]:
    """Yield what the features are, and those of the training rows and of new ones."""
    (X, y, group), (X_new, _, group_new) = train, new
    columns = ["channel", "city", "visits"]
    encoder = TargetEncoder(random_state=0)
    with warnings.catch_warnings():
        # scikit-learn 1.9 wants a splitter where 1.6 takes none.
        warnings.simplefilter("ignore", FutureWarning)
        encoded = encoder.fit_transform(X[columns], y)
    yield (
        ("TargetEncoder", "no", "cross-fitted"),
        (encoded, encoder.transform(X_new[columns])),
    )
    for name, finder_class in FINDERS.items():
        for groups in ("no", "yes"):
            finder = finder_class(random_state=seed, max_features=2)
            params = {"group": group} if groups == "yes" else {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                cross_fitted = finder.fit_transform(X, y, **params)
            for kind, features in (
                ("cross-fitted", cross_fitted),
                ("as new rows", finder.transform(X)),
            ):
                features_new = finder.transform(X_new)
                if groups == "yes":
                    features = with_products(features, group)
                    features_new = with_products(features_new, group_new)
                yield (name, groups, kind), (features, features_new)


def with_products(features: FloatArray, group: Any) -> FloatArray:
    in_a = (group == "A").astype(np.float64)[:, np.newaxis]
    return np.hstack([features, in_a, features * in_a])


def areas_of(features: Features, y: Any, y_new: Any) -> dict[str, tuple[float, float]]:
    """Return classifier -> AUC of the training rows, and of new ones."""
    areas = {}
    for classifier in (
        LogisticRegression(),
        RandomForestClassifier(50, max_depth=5, random_state=0),
    ):
        classifier.fit(features[0], y)
        areas[type(classifier).__name__] = tuple(
            float(roc_auc_score(outcome, classifier.predict_proba(rows)[:, 1]))
            for rows, outcome in zip(features, (y, y_new), strict=True)
        )
    return areas
