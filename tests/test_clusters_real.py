"""Clusters of real customers against what is published of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.model_selection import GridSearchCV, KFold

from skseg.metrics import make_segment_scorer
from skseg.model_selection import compare_segmenters


@pytest.fixture(scope="module")
def published(data_dir: Path) -> Any:
    text = (data_dir / "reference_results.json").read_text(encoding="utf-8")
    return json.loads(text)["mall_kmeans"]


@pytest.fixture(scope="module")
def mall(data_dir: Path, published: Any) -> pd.DataFrame:
    path = data_dir / "mall_customers" / "mall_customers.csv.gz"
    return pd.read_csv(path)[published["features"]]


def k_means(k: int) -> KMeans:
    return KMeans(k, n_init=20, random_state=0)


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
