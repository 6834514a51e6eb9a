"""What stands around a clusterer: searches, pipelines, surrogates, frozen ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skseg import (
    InductiveSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RuleSurrogate,
)
from skseg._core._wrapped import cluster_space, first_attribute, unwrapped

X = pd.DataFrame({"aov": [10.0, 20, 30, 400, 500, 600], "n": [1.0, 2, 1, 9, 8, 9]})
SCALED = StandardScaler().fit_transform(X)
PIPELINE = make_pipeline(StandardScaler(), KMeans(2, n_init=1, random_state=0))


@pytest.mark.parametrize(
    "estimator",
    [
        PIPELINE,
        make_pipeline(StandardScaler(), InductiveSegmenter(KMeans(2))),
        make_pipeline("passthrough", PIPELINE),
        RuleSurrogate(PIPELINE, random_state=0),
        FrozenEstimator(PIPELINE.fit(X)),
        GridSearchCV(PIPELINE, {"kmeans__n_clusters": [2]}, cv=2),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_distances_are_measured_where_the_clusterer_measured_them(
    estimator: Any,
) -> None:
    fitted = estimator.fit(X, None)
    assert np.allclose(cluster_space("A test", fitted, X), SCALED)
    assert isinstance(list(unwrapped(fitted))[-1], KMeans)
    assert len(first_attribute(fitted, "labels_")) == len(X)
    assert first_attribute(fitted, "nothing") is None


def test_the_model_of_propensities_is_not_a_clusterer() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression())
    binner = PropensityBinner(model, OptimalRevenueBinner(2), cv=2)
    fitted = binner.fit(X, [0, 1, 0, 1, 0, 1])
    assert list(unwrapped(fitted)) == [fitted]
    assert np.allclose(cluster_space("A test", fitted, X), X)


def test_scalers_follow_one_another_in_nested_pipelines() -> None:
    inner = make_pipeline(StandardScaler(), KMeans(2, n_init=1, random_state=0))
    fitted = make_pipeline(MinMaxScaler(), inner).fit(X)
    expected = StandardScaler().fit_transform(MinMaxScaler().fit_transform(X))
    assert np.allclose(cluster_space("A test", fitted, X), expected)


def test_rows_that_are_no_numbers_are_refused_with_advice() -> None:
    clusterer = KMeans(2, n_init=1).fit(X)
    texts = X.assign(n="pro")
    with pytest.raises(ValueError, match=r"A test measures distances.*Encode, impute"):
        cluster_space("A test", clusterer, texts)
