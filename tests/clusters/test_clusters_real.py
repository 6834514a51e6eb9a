"""Clusters of real customers against what is published of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skseg import RuleSurrogate
from skseg.metrics import make_segment_scorer
from skseg.model_selection import compare_segmenters, select_n_segments


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Any:
    text = (data_dir / "reference_results.json").read_text(encoding="utf-8")
    return json.loads(text)["mall_kmeans"]


@pytest.fixture(scope="module")
def mall(data_dir: Path, published: Any) -> pd.DataFrame:
    path = data_dir / "mall_customers" / "mall_customers.csv.gz"
    return pd.read_csv(path)[published["features"]]


def k_means(k: int) -> KMeans:
    return KMeans(k, n_init=10, random_state=0)


def test_mall_inertias_are_those_published(mall: pd.DataFrame, published: Any) -> None:
    inertias = [k_means(k).fit(mall).inertia_ for k in range(1, 6)]
    assert inertias == pytest.approx(published["inertia_k1_to_k5"], rel=1e-6)


def test_mall_comparison_has_the_sizes_and_silhouette_published(
    mall: pd.DataFrame, published: Any
) -> None:
    table = compare_segmenters({"five": k_means(5)}, mall, random_state=0)
    row = table.loc["five"]
    assert row["silhouette"] == pytest.approx(published["silhouette_k5"], abs=1e-6)
    sizes = published["k5_sizes"]
    assert row["n_segments"] == len(sizes)
    assert row["largest_share"] == max(sizes) / 200
    assert row["smallest_share"] == min(sizes) / 200
    assert row["stability"] > 0.8


def test_mall_search_takes_the_five_segments_published(
    mall: pd.DataFrame, published: Any
) -> None:
    search = GridSearchCV(
        k_means(2),
        {"n_clusters": list(range(2, 9))},
        scoring=make_segment_scorer(),
        cv=KFold(4, shuffle=True, random_state=0),
    ).fit(mall)
    assert search.best_params_ == {"n_clusters": 5}
    sizes = np.bincount(search.best_estimator_.labels_)
    assert sorted(sizes, reverse=True) == published["k5_sizes"]


def test_mall_verdict_is_five_segments_and_few_rules_tell_them(
    mall: pd.DataFrame,
) -> None:
    points = StandardScaler().fit_transform(mall)
    selection = select_n_segments(
        points,
        n_segments=range(2, 8),
        criteria=["silhouette"],
        n_references=19,
        random_state=0,
    )
    assert selection.has_structure
    assert selection.n_segments == 5
    segmenter = make_pipeline(StandardScaler(), k_means(5))
    surrogate = RuleSurrogate(segmenter, max_rules=5, random_state=0).fit(mall)
    assert surrogate.rules_.verify().is_mece
    assert surrogate.n_rules_ == 5
    assert surrogate.fidelity_ > 0.9
    assert 1 <= surrogate.cost_ratio_ < 1.05


def test_telco_clusters_are_customers_with_and_without_internet(data_dir: Path) -> None:
    data = pd.read_csv(data_dir / "telco_churn" / "telco_churn.csv.gz")
    X = data.drop(columns=["customerID", "Churn", "TotalCharges"])
    space = make_column_transformer(
        (StandardScaler(), ["tenure", "MonthlyCharges"]),
        (
            OneHotEncoder(sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    segmenter = make_pipeline(space, k_means(2))
    surrogate = RuleSurrogate(segmenter, random_state=0).fit(X)
    assert surrogate.fidelity_ == 1
    without = X["InternetService"] == "No"
    smaller = np.bincount(surrogate.labels_, minlength=2)[:2].argmin()
    np.testing.assert_array_equal(surrogate.labels_ == smaller, without)
    table = compare_segmenters({"two": surrogate}, X, space=space, n_replicates=0)
    assert table.loc["two", "smallest_share"] == pytest.approx(without.mean())
