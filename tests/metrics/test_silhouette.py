"""Silhouettes as users ask for them: against scikit-learn, inputs, errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as theirs
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from skseg.metrics import silhouette_samples, silhouette_score

METRICS = ["euclidean", "sqeuclidean", "manhattan"]
X4, LABELS4 = [[0.0], [1.0], [5.0], [7.0]], [0, 0, 1, 1]


@pytest.mark.parametrize("metric", METRICS)
@given(st.data())
def test_widths_are_those_of_scikit_learn(metric: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 30))
    # Quarters are exact in floating point, also in scikit-learn's products.
    quarters = st.integers(-40, 40).map(lambda i: i / 4)
    X = data.draw(arrays(np.float64, (n, 2), elements=quarters))
    labels = data.draw(arrays(np.int64, n, elements=st.integers(0, 3)))
    assume(2 <= len(np.unique(labels)) < n)
    expected = theirs.silhouette_samples(X, labels, metric=metric)
    found = silhouette_samples(X, labels, metric=metric)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    score = theirs.silhouette_score(X, labels, metric=metric)
    assert silhouette_score(X, labels, metric=metric) == pytest.approx(score, abs=1e-7)


def test_estimate_and_its_error_against_scikit_learn() -> None:
    X, _ = make_blobs(5001, 8, centers=4, cluster_std=4.0, random_state=0)
    labels = KMeans(4, n_init=1, random_state=0).fit_predict(X)
    expected = theirs.silhouette_score(X, labels)
    score, error = silhouette_score(X, labels, random_state=0, return_error=True)
    assert 0 < error < 5e-4
    assert abs(score - expected) < 4 * error
    assert score != expected
    widths = silhouette_samples(X, labels, random_state=0)
    assert widths.mean() == pytest.approx(score)
    exact = silhouette_score(X, labels, method="exact", return_error=True)
    assert exact == (pytest.approx(expected), 0.0)


def test_random_state_as_in_scikit_learn() -> None:
    X = np.random.default_rng(0).standard_normal((3000, 2))
    labels = (X[:, 0] > 0).astype(int)

    def score(random_state: Any) -> float:
        return silhouette_score(
            X, labels, method="estimate", n_references=32, random_state=random_state
        )

    assert score(1) == score(1) == score(np.random.RandomState(1))
    assert score(1) != score(2)
    assert score(None) != score(None)


def test_labels_of_any_kind() -> None:
    expected = silhouette_samples(X4, LABELS4)
    kinds: list[Any] = [
        [5, 5, 900, 900],
        [-3, -3, -2, -2],
        ["a", "a", "b", "b"],
        [0.0, 0.0, 1.0, 1.0],
        [True, True, False, False],
        np.array([0, 0, 2**62, 2**62]),
        pd.Series(["low", "low", "top", "top"], index=[3, 1, 4, 2]),
        pd.Categorical(["low", "low", "top", "top"]),
    ]
    for labels in kinds:
        np.testing.assert_array_equal(silhouette_samples(X4, labels), expected)


@pytest.mark.parametrize("noise", [-1, -1.0])
def test_noise_has_no_width_and_no_influence(noise: float) -> None:
    X, labels = [*X4, [2.0], [99.0]], [*LABELS4, noise, noise]
    widths = silhouette_samples(X, labels)
    np.testing.assert_array_equal(widths[:4], silhouette_samples(X4, LABELS4))
    assert np.isnan(widths[4:]).all()
    assert silhouette_score(X, labels) == silhouette_score(X4, LABELS4)


def test_frames(make_frame: Callable[[Any], Any]) -> None:
    frame = make_frame({"x": [0.0, 1.0, 5.0, 7.0], "y": [1, 1, 1, 1]})
    expected = silhouette_samples(X4, LABELS4)
    np.testing.assert_array_equal(silhouette_samples(frame, LABELS4), expected)


def test_the_caller_keeps_the_rows_as_they_were() -> None:
    X = np.random.default_rng(0).standard_normal((50, 2))
    labels = (X[:, 0] > 0).astype(int)
    kept = X.copy()
    for method in ("exact", "estimate"):
        silhouette_samples(X, labels, method=method)
    np.testing.assert_array_equal(X, kept)


def test_mall_customers(data_dir: Path) -> None:
    published = json.loads((data_dir / "reference_results.json").read_text())
    published = published["mall_kmeans"]
    customers = pd.read_csv(data_dir / "mall_customers/mall_customers.csv.gz")
    X = customers[published["features"]].to_numpy(dtype=float)
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(X)
    score = silhouette_score(X, labels)
    assert score == pytest.approx(published["silhouette_k5"], abs=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "cosine"}, "'metric' parameter of silhouette_samples must be 'eu"),
        (
            {"method": "fast"},
            "'method' .* must be 'auto' or 'exact' or 'estimate'. Got",
        ),
        (
            {"method": "estimate", "metric": "manhattan"},
            "must be 'auto' or 'exact' with metric='manhattan'",
        ),
        ({"n_references": 15}, r"must be an int in \[16, 1000000\]. Got 15 instead"),
        ({"n_references": 99.0}, "must be an int"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        silhouette_samples(X4, LABELS4, **parameters)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 0, 0, 0], r"Got 1 segment\(s\) in 4 row\(s\)"),
        ([0, 1, 2, 3], r"Got 4 segment\(s\) in 4 row\(s\)"),
        ([0, 0, -1, -1], r"Got 1 segment\(s\) in 2 row\(s\), noise apart"),
        ([-1, -1, -1, -1], r"Got 0 segment\(s\) in 0 row\(s\)"),
        ([0, 0, 1], "one value a row. Got 3 values and 4 rows"),
        ([0, 0, 1, np.nan], "must be known"),
        (np.array(["a", "a", None, "b"], dtype=object), "must be known"),
    ],
)
def test_wrong_labels(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        silhouette_score(X4, labels)


def test_rows_must_be_finite_numbers() -> None:
    with pytest.raises(ValueError, match="Input X contains NaN"):
        silhouette_samples([[0.0], [np.nan], [1.0]], [0, 0, 1])
