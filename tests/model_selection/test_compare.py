"""compare_segmenters: one row per segmenter, all measured in one space."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_blobs
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.metrics import make_segment_scorer, stability_score
from skseg.model_selection import compare_segmenters

COLUMNS = [
    "n_segments",
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "noise_share",
    "largest_share",
    "smallest_share",
    "stability",
    "fit_seconds",
]
DISTANCES = {
    "silhouette": silhouette_score,
    "calinski_harabasz": calinski_harabasz_score,
    "davies_bouldin": davies_bouldin_score,
}


class Given(BaseEstimator):
    """The codes are those it was made with."""

    def __init__(self, codes: Any) -> None:
        self.codes = codes

    def fit_predict(self, X: Any, y: Any = None) -> Any:
        return np.array(self.codes)


def blobs(n: int = 240) -> np.ndarray:
    X, _ = make_blobs(n, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    return X


def compare(*segmenters: Any, X: Any, **options: Any) -> pd.DataFrame:
    options = {"n_replicates": 0, "random_state": 0} | options
    return compare_segmenters(dict(enumerate(segmenters)), X, **options)


def test_measures_by_hand() -> None:
    X = np.array([[0.0], [2], [10], [12], [50]])
    table = compare(Given([0, 0, 1, 1, -1]), X=X)
    assert list(table) == COLUMNS
    row = table.loc[0]
    assert row["n_segments"] == 2
    assert row["noise_share"] == 0.2
    assert row["largest_share"] == row["smallest_share"] == 0.4
    # Of 0 and of 12: 1 - 2 / 11; of 2 and of 10: 1 - 2 / 9.
    assert row["silhouette"] == pytest.approx(1 - 1 / 11 - 1 / 9)
    # Between: 4 rows 5 from the middle; within: 4 rows 1 from their centroid.
    assert row["calinski_harabasz"] == pytest.approx((100 / 1) / (4 / 2))
    assert row["davies_bouldin"] == pytest.approx((1 + 1) / 10)
    assert math.isnan(row["stability"])


@pytest.mark.parametrize(
    ("codes", "n_segments", "noise", "largest", "smallest"),
    [
        ([0, 0, 0, 0], 1, 0, 1, 1),
        ([0, 0, 0, -1], 1, 0.25, 0.75, 0.75),
        ([-1, -1, -1, -1], 0, 1, math.nan, math.nan),
        ([0, 1, 2, 3], 4, 0, 0.25, 0.25),
        ([0, 1, -1, -1], 2, 0.5, 0.25, 0.25),
    ],
)
def test_distances_are_nan_where_there_are_none(
    codes: list[int], n_segments: int, noise: float, largest: float, smallest: float
) -> None:
    row = compare(Given(codes), X=np.arange(8.0).reshape(4, 2)).loc[0]
    assert row[list(DISTANCES)].isna().all()
    assert row["n_segments"] == n_segments
    assert row["noise_share"] == noise
    np.testing.assert_equal(row["largest_share"], largest)
    np.testing.assert_equal(row["smallest_share"], smallest)


def test_codes_may_have_gaps_and_several_kinds_of_noise() -> None:
    # HDBSCAN has -2 and -3 for rows that it cannot read.
    X = np.array([[0.0], [1], [5], [6], [8], [9]])
    row = compare(Given([7, 7, 3, 3, -2, -3]), X=X).loc[0]
    assert row["n_segments"] == 2
    assert row["noise_share"] == pytest.approx(1 / 3)
    assert row["silhouette"] == pytest.approx(silhouette_score(X[:4], [7, 7, 3, 3]))


def test_clusterers_of_all_kinds_have_the_scores_of_scikit_learn() -> None:
    X = blobs()
    segmenters = {
        "k-means": KMeans(3, n_init=3, random_state=0),
        "density": DBSCAN(eps=0.7),
        "densities": HDBSCAN(copy=True),
        "hierarchical": AgglomerativeClustering(4),
        "mixture": GaussianMixture(3, random_state=0),
        "pipeline": make_pipeline(StandardScaler(), KMeans(5, random_state=0)),
    }
    table = compare_segmenters(segmenters, X, n_replicates=1, random_state=0)
    assert table.index.name == "segmenter"
    assert list(table.index) == list(segmenters)
    assert table.dtypes.drop("n_segments").eq(float).all()
    assert table["n_segments"].dtype.kind == "i"
    assert (table["fit_seconds"] > 0).all()
    for name, segmenter in segmenters.items():
        codes = segmenter.fit_predict(X)
        inside = codes >= 0
        assert table.loc[name, "noise_share"] == pytest.approx(1 - inside.mean())
        for figure, score in DISTANCES.items():
            expected = score(X[inside], codes[inside])
            assert table.loc[name, figure] == pytest.approx(expected)
        sizes = np.bincount(codes[inside]) / len(X)
        assert table.loc[name, "largest_share"] == pytest.approx(sizes.max())
        assert table.loc[name, "smallest_share"] == pytest.approx(sizes.min())
    assert 0 < table.loc["density", "noise_share"] < 0.5


def test_all_are_measured_in_one_space() -> None:
    X = blobs() * [1, 1000]
    model = KMeans(3, n_init=3, random_state=0)
    piped = make_pipeline(StandardScaler(), model)
    table = compare(piped, Given(piped.fit_predict(X)), X=X, space=StandardScaler())
    assert table.loc[0, COLUMNS[:-2]].equals(table.loc[1, COLUMNS[:-2]])
    scaled = StandardScaler().fit_transform(X)
    expected = silhouette_score(scaled, piped.fit_predict(X))
    assert table.loc[0, "silhouette"] == pytest.approx(expected)
    in_units = compare(piped, X=X).loc[0, "silhouette"]
    assert in_units == pytest.approx(silhouette_score(X, piped.fit_predict(X)))
    assert in_units != pytest.approx(expected)


def test_space_is_not_fitted_itself() -> None:
    space = StandardScaler()
    model = KMeans(3, random_state=0)
    compare(model, X=blobs(), space=space, n_replicates=1)
    assert not hasattr(space, "mean_")
    assert not hasattr(model, "labels_")


def test_stability_is_the_score_on_the_same_samples_for_all() -> None:
    X = blobs()
    three, six = KMeans(3, n_init=2, random_state=0), KMeans(6, random_state=0)
    table = compare(three, six, six, X=X, n_replicates=3, random_state=4)
    assert table.loc[0, "stability"] == pytest.approx(1)
    assert table.loc[1, "stability"] == table.loc[2, "stability"] < 0.9
    seed = np.random.RandomState(4).randint(2**31)
    expected = stability_score(six, X, n_replicates=3, random_state=seed)
    assert table.loc[1, "stability"] == expected


def test_stability_of_a_clusterer_without_predict_is_that_of_the_inductive_one() -> (
    None
):
    X = blobs()
    density, scaler = DBSCAN(eps=0.3), StandardScaler()
    inductive = make_pipeline(scaler, InductiveSegmenter(density))
    piped = make_pipeline(scaler, density)
    nested = make_pipeline(scaler, make_pipeline(density))
    table = compare(inductive, piped, nested, X=X, n_replicates=3)
    assert len(set(table["stability"])) == 1
    assert 0.5 < table.loc[0, "stability"] < 1
    assert piped.steps[-1][1] is density
    alone = compare(density, InductiveSegmenter(density), X=X, n_replicates=2)
    assert len(set(alone["stability"])) == 1


def test_n_jobs_does_not_change_the_result() -> None:
    X = blobs(90)
    model = KMeans(6, n_init=1, random_state=0)
    alone = compare(model, X=X, n_replicates=3)
    with parallel_config("threading"):
        together = compare(model, X=X, n_replicates=3, n_jobs=2)
    pd.testing.assert_frame_equal(
        alone.drop(columns="fit_seconds"), together.drop(columns="fit_seconds")
    )


def test_segmenters_on_frames_with_text(make_frame: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "recency": rng.integers(1, 300, 200).tolist(),
        "frequency": rng.integers(1, 20, 200).tolist(),
        "monetary": rng.gamma(2, 50, 200).tolist(),
        "country": rng.choice(["DE", "FR", "UK"], 200).tolist(),
    }
    X = make_frame(columns)
    numbers = ["recency", "frequency", "monetary"]
    space = make_column_transformer(
        (StandardScaler(), numbers),
        (OneHotEncoder(sparse_output=False), ["country"]),
    )
    segmenters = {
        "rfm": RFMSegmenter(),
        "rules": MECERuleSegmenter(
            {"Abroad": "country == 'FR' or country == 'UK'"}, default="Home"
        ),
        "k-means": make_pipeline(space, KMeans(3, random_state=0)),
    }
    table = compare_segmenters(
        segmenters, X, space=space, n_replicates=2, random_state=0
    )
    assert table.notna().all(axis=None)
    assert table.loc["rules", "n_segments"] == 2
    assert table.loc["rules", "stability"] == 1
    abroad = np.isin(columns["country"], ["FR", "UK"])
    points = space.fit_transform(pd.DataFrame(columns))
    expected = silhouette_score(points, abroad)
    assert table.loc["rules", "silhouette"] == pytest.approx(expected)


def test_estimator_without_fit_predict_predicts_its_training_rows() -> None:
    search = GridSearchCV(
        KMeans(n_init=2, random_state=0),
        {"n_clusters": [2, 3, 4]},
        scoring=make_segment_scorer(),
        cv=KFold(3, shuffle=True, random_state=0),
    )
    table = compare(search, X=blobs(), n_replicates=1)
    assert table.loc[0, "n_segments"] == 3
    assert table.loc[0, "stability"] == pytest.approx(1)


def test_rows_that_are_no_numbers_ask_for_a_space() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": ["x", "y", "z"]})
    sparse = OneHotEncoder()
    missing = np.array([[1.0], [np.nan], [2]])
    ask = "Pass as 'space' a transformer"
    for X, space, advice in (
        (frame, None, ask),
        (frame[["b"]], sparse, ask),
        (missing, None, r"make_pipeline\(SimpleImputer\(\), StandardScaler\(\)\)"),
    ):
        message = f"(?s)compare_segmenters measures distances.* {advice}"
        with pytest.raises(ValueError, match=message):
            compare(Given([0, 0, 1]), X=X, space=space)


class Failing(BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Self:
        raise RuntimeError("no luck")


def test_segmenter_that_fails_is_named() -> None:
    X = blobs(30)
    for model, reason in (
        (Failing(), "no luck"),
        (KMeans(31), "n_clusters"),
        # Fits all rows, but not a half of them.
        (KMeans(20), "n_clusters"),
        (Given(["a"] * 30), "integer codes"),
        (StandardScaler(), "predict"),
    ):
        message = f"(?s)Segmenter 'bad' of compare_segmenters failed: .*{reason}"
        with pytest.raises(ValueError, match=message) as caught:
            compare_segmenters({"good": KMeans(2), "bad": model}, X, n_replicates=1)
        assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"segmenters": {}}, "'segmenters' .* mapping from names to estimators"),
        ({"segmenters": [KMeans(2)]}, "'segmenters' .* mapping from names"),
        ({"space": StandardScaler}, "'space' .* None or a transformer"),
        ({"space": "scaled"}, "'space' .* None or a transformer. Got 'scaled'"),
        ({"n_replicates": -1}, r"'n_replicates' .* an int in \[0, "),
        ({"n_replicates": 2.0}, r"'n_replicates' .* an int in \[0, "),
        ({"y": [0, 1]}, "one outcome a row"),
        ({"y": [*"abc"] * 80}, "labels of two classes. Got 3 classes"),
        ({"y": [0, 1] * 120, "cv": 1}, "'cv'"),
        ({"y": [0] * 240}, "must differ between the held-out rows"),
    ],
)
def test_wrong_parameters_raise(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare_segmenters(**({"segmenters": {"a": KMeans(2)}, "X": blobs()} | options))


# The outcome


def test_explained_variance_is_the_mean_score_of_the_held_out_rows() -> None:
    X = blobs()
    rng = np.random.default_rng(0)
    y = rng.normal(0, 1, 240) + (X[:, 0] > 4)
    three, density = KMeans(3, n_init=2, random_state=0), DBSCAN(eps=1.0)
    folds = KFold(4, shuffle=True, random_state=0)
    table = compare(three, density, X=X, y=y, n_replicates=1, cv=folds)
    columns = [*COLUMNS]
    columns.insert(columns.index("stability"), "explained_variance")
    assert table.columns.tolist() == columns
    scorer = make_segment_scorer(
        "explained_variance", min_size=None, max_size=None, max_noise=None
    )
    for row, model in enumerate((three, InductiveSegmenter(density))):
        expected = cross_val_score(model, X, y, cv=folds, scoring=scorer).mean()
        assert table.loc[row, "explained_variance"] == pytest.approx(expected)
    without = compare(three, density, X=X, n_replicates=1)
    distances = ["silhouette", "noise_share", "largest_share"]
    pd.testing.assert_frame_equal(table[distances], without[distances])


def test_segments_at_random_and_one_segment_explain_nothing() -> None:
    class Chance(BaseEstimator):
        def fit(self, X: Any, y: Any = None) -> Self:
            return self

        def predict(self, X: Any) -> Any:
            return (np.abs(X[:, 0]) * 1e6).astype(int) % 25

    class Single(Chance):
        def predict(self, X: Any) -> Any:
            return np.zeros(len(X), dtype=int)

    X = np.random.default_rng(0).normal(size=(2000, 2))
    y = np.random.default_rng(1).random(2000) < 0.3
    table = compare(Chance(), Single(), X=X, y=y, n_replicates=0)
    assert abs(table.loc[0, "explained_variance"]) < 0.03
    assert table.loc[1, "explained_variance"] == 0
    assert np.isnan(table.loc[1, "silhouette"])


def test_segmenters_that_are_fitted_to_an_outcome_are_compared_with_others() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "recency": rng.integers(1, 300, 400),
            "frequency": rng.integers(1, 20, 400),
            "monetary": rng.gamma(2, 50, 400),
        }
    )
    y = (rng.random(400) < 0.1 + 0.5 * (X["recency"] < 100)).to_numpy()
    menu = OptimalRevenueBinner(2, revenue=[10, 16], cost=[0, 2], min_size=0.2)
    segmenters = {
        "rfm": RFMSegmenter(n_scores=3),
        "rules": MECERuleSegmenter({"New": "recency < 100"}, default="Old"),
        "tiers": PropensityBinner(binner=menu, cv=2),
        "k-means": make_pipeline(StandardScaler(), KMeans(3, n_init=1)),
        "surrogate": RuleSurrogate(KMeans(3, n_init=1, random_state=0), random_state=0),
    }
    options: dict[str, Any] = {"n_replicates": 2, "cv": 3, "random_state": 0}
    table = compare_segmenters(segmenters, X, y, space=StandardScaler(), **options)
    assert table.notna().all(axis=None)
    assert table["explained_variance"].idxmax() in {"rules", "tiers"}
    assert table.loc["rules", "explained_variance"] > 0.15
    again = compare_segmenters(segmenters, X, y=y, space=StandardScaler(), **options)
    shown = table.columns.drop("fit_seconds")
    pd.testing.assert_frame_equal(table[shown].iloc[:3], again[shown].iloc[:3])


def test_as_many_segments_as_held_out_rows_explain_an_unknown_share() -> None:
    class Alone(BaseEstimator):
        def fit(self, X: Any, y: Any = None) -> Self:
            return self

        def predict(self, X: Any) -> Any:
            return np.arange(len(X))

    X = blobs(40)
    table = compare(Alone(), X=X, y=X[:, 0], n_replicates=0, cv=4)
    assert np.isnan(table.loc[0, "explained_variance"])
