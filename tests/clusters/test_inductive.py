"""InductiveSegmenter: new rows in the clusters of any clusterer."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import (
    DBSCAN,
    HDBSCAN,
    OPTICS,
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
    SpectralClustering,
)
from sklearn.datasets import make_blobs, make_moons
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import pairwise_distances, r2_score, silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import InductiveSegmenter
from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.metrics import make_segment_scorer
from tests.examples import few_examples

NATIVE = [
    KMeans(3, random_state=0),
    MiniBatchKMeans(3, n_init=1, random_state=0),
    BisectingKMeans(3, random_state=0),
    GaussianMixture(3, random_state=0),
    Birch(n_clusters=3),
    MeanShift(bandwidth=3.0),
    AffinityPropagation(damping=0.9, random_state=0),
]
OTHERS = [
    (DBSCAN(eps=1.0), "core"),
    (HDBSCAN(copy=True), "nearest"),
    (OPTICS(min_samples=10), "nearest"),
    (AgglomerativeClustering(3), "row"),
    (SpectralClustering(3, random_state=0), "row"),
]


class Labelled(ClusterMixin, BaseEstimator):
    """Finds the clusters that it has been told."""

    def __init__(self, labels: Any, metric: Any = "euclidean") -> None:
        self.labels = labels
        self.metric = metric

    def fit(self, X: Any, y: Any = None) -> Labelled:
        self.labels_ = np.array(self.labels)
        return self


class WeightedLabelled(Labelled):
    """Takes weights, to which it pays no heed."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Labelled:
        return super().fit(X)


class PredictsTwo(Labelled):
    """Predicts a cluster, 2, that it may never have found."""

    def predict(self, X: Any) -> Any:
        return np.full(len(X), 2)


@pytest.fixture(scope="module")
def blobs() -> np.ndarray:
    return make_blobs([80, 60, 40], cluster_std=0.7, random_state=3)[0]


@pytest.fixture
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


# Core samples, by hand

# Core samples at 1, 2, 3 and at 8, 9, 10; border rows at 0, 4, 7 and 11, noise at 30.
LINE = column(0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 30)


@pytest.fixture(scope="module")
def line() -> InductiveSegmenter:
    return InductiveSegmenter(DBSCAN(eps=1, min_samples=3)).fit(LINE)


def test_core_takes_the_nearest_core_sample_within_eps(
    line: InductiveSegmenter,
) -> None:
    assert line.assign_ == "core"
    assert line.labels_.tolist() == [0] * 5 + [1] * 5 + [-1]
    new = column(-1, 0, 0.5, 4, 4.01, 5.5, 6.99, 7, 11, 11.01, 30)
    assert line.predict(new).tolist() == [-1, 0, 0, 0, -1, -1, -1, 1, 1, -1, -1]
    assert line.agreement_ == 1


def test_table_and_names_have_noise_last(line: InductiveSegmenter) -> None:
    assert line.segment_names_.tolist() == ["Segment 0", "Segment 1", "Noise"]
    columns = ["code", "name", "rule", "n", "share", "agreement"]
    assert list(line.segments_) == columns
    assert line.segments_["agreement"].tolist() == [1, 1, 1]
    assert line.segments_["rule"].isna().all()
    assert line.segments_["code"].tolist() == [0, 1, -1]
    assert line.segments_["name"].tolist() == line.segment_names_.tolist()
    assert line.segments_["n"].tolist() == [5, 5, 1]
    np.testing.assert_allclose(line.segments_["share"], [5 / 11, 5 / 11, 1 / 11])
    assert line.segments_["n"].dtype.kind == "i"


def test_centers_are_means_without_noise_and_transform_measures_to_them(
    line: InductiveSegmenter,
) -> None:
    assert line.centers_.tolist() == [[2], [9]]
    assert line.transform([[2], [5]]).tolist() == [[0, 7], [3, 4]]
    assert line.get_feature_names_out().tolist() == [
        "inductivesegmenter0",
        "inductivesegmenter1",
    ]


def test_border_row_of_two_clusters_goes_to_the_nearest_core_sample() -> None:
    # 4 is within 2 of the core samples at 2 and at 5; DBSCAN's first found is 2.
    X = column(0, 1, 2, 2, 4, 5.5, 6.5, 6.5, 7)
    dbscan = DBSCAN(eps=2, min_samples=5)
    assert dbscan.fit(X).labels_.tolist() == [0] * 5 + [1] * 4
    with pytest.warns(UserWarning, match=r"for 88\.9% of the .* assigns by 'core'"):
        segmenter = InductiveSegmenter(dbscan).fit(X)
    assert segmenter.predict(X).tolist() == [0] * 4 + [1] * 5
    assert segmenter.agreement_ == 8 / 9
    # The table counts the segments of the clusterer.
    assert segmenter.segments_["n"].tolist() == [5, 4, 0]
    assert segmenter.segments_["agreement"].tolist()[:2] == [4 / 5, 1]


@pytest.mark.parametrize("order", [1, -1])
def test_core_samples_equally_near_give_the_lower_code(order: int) -> None:
    X = column(0, 0, 0, 1, 7, 8, 8, 8)[::order]
    segmenter = InductiveSegmenter(DBSCAN(eps=3, min_samples=3)).fit(X)
    assert sorted(segmenter.labels_) == [0] * 4 + [1] * 4
    assert segmenter.predict(column(4)).tolist() == [0]
    assert segmenter.predict(column(3.9, 4.1)).tolist() == [0, 1][::order]


# The nearest row, by hand

# Reaches: 2 in cluster 0 (from 3 to 1), 1 in cluster 1, 0 in cluster 2, a single row.
NEAREST = column(0, 1, 3, 10, 11, 12, 20, 30)
NEAREST_LABELS = [0, 0, 0, 1, 1, 1, -1, 2]


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev"])
def test_nearest_takes_the_label_of_the_nearest_row_within_its_reach(
    metric: str, copies: int
) -> None:
    clusterer = Labelled(NEAREST_LABELS * copies, metric)
    segmenter = InductiveSegmenter(clusterer).fit(np.tile(NEAREST, (copies, 1)))
    assert segmenter.assign_ == "nearest"
    new = column(-2, -2.1, 2, 5, 5.1, 9, 8.9, 13, 15.9, 16.1, 19, 30, 30.1)
    expected = [0, -1, 0, 0, -1, 1, -1, 1, -1, -1, -1, 2, -1]
    assert segmenter.predict(new).tolist() == expected
    assert segmenter.agreement_ == 1


def test_rows_equally_near_give_the_lowest_code_that_reaches_and_noise_last() -> None:
    # The cluster of 3 has no other member: its reach is 0. 5 is noise.
    X = column(1, 3, 5, 7, -1, 9)
    segmenter = InductiveSegmenter(Labelled([1, 0, -1, 2, 1, 2])).fit(X)
    assert segmenter.predict(column(2, 4, 6, 0)).tolist() == [1, -1, 2, 1]


def test_copies_with_different_labels_get_the_lowest() -> None:
    X = column(0, 0, 0, 5, 5, 9)
    with pytest.warns(UserWarning, match=r"50\.0% of the training rows"):
        segmenter = InductiveSegmenter(Labelled([-1, 1, 0, -1, 1, 0])).fit(X)
    assert segmenter.predict(X).tolist() == [0, 0, 0, 1, 1, 0]
    assert segmenter.agreement_ == 0.5


def test_many_rows_equally_near_are_all_considered() -> None:
    # 36 points of the grid are exactly 65 from (0, 0).
    x, y = (axis.ravel() for axis in np.mgrid[-65:66, -65:66])
    X = np.column_stack([x, y])[x**2 + y**2 == 65**2]
    assert len(X) == 36
    for row in range(36):
        # Only the two opposite points reach as far.
        labels = (X != X[row]).any(axis=1) & (X != -X[row]).any(axis=1)
        segmenter = InductiveSegmenter(Labelled(labels * 1), assign="nearest").fit(X)
        assert segmenter.predict([[0, 0]]).tolist() == [0]


# The nearest mean, by hand


def test_centroid_takes_the_nearest_mean_and_noise_is_no_cluster() -> None:
    X, clusterer = column(0, 2, 100, 10, 12), Labelled([0, 0, -1, 1, 1])
    with pytest.warns(UserWarning, match=r"80\.0% .* assigns by 'centroid'"):
        segmenter = InductiveSegmenter(clusterer, assign="centroid").fit(X)
    assert segmenter.centers_.tolist() == [[1], [11]]
    assert segmenter.predict(column(5, 6, 7, 90)).tolist() == [0, 0, 1, 1]
    assert segmenter.agreement_ == 0.8
    assert segmenter.segment_names_.tolist() == ["Segment 0", "Segment 1", "Noise"]


def test_agreement_shows_where_means_approximate_clusters_poorly() -> None:
    X, _ = make_moons(200, noise=0.03, random_state=0)
    clusterer = AgglomerativeClustering(2, linkage="single")
    with pytest.warns(UserWarning, match=r"With assign='row' training rows keep"):
        by_mean = InductiveSegmenter(clusterer, assign="centroid").fit(X)
    by_row = InductiveSegmenter(clusterer, assign="nearest").fit(X)
    assert by_mean.assign_ == "centroid"
    assert by_mean.agreement_ == np.mean(by_mean.predict(X) == by_mean.labels_)
    assert by_mean.agreement_ < 0.9
    assert by_row.agreement_ == 1


def test_distances_far_from_zero_do_not_cancel() -> None:
    X = column(0, 1, 4, 5) + 1e9
    segmenter = InductiveSegmenter(AgglomerativeClustering(2)).fit(X)
    assert sorted(segmenter.transform(X[:1])[0]) == [0.5, 4.5]
    assert segmenter.agreement_ == 1


# The clusterer's own way


@pytest.mark.parametrize("clusterer", NATIVE, ids=lambda c: type(c).__name__)
def test_native_is_the_clusterer_itself(clusterer: Any, blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter(clusterer).fit(blobs)
    own = clone(clusterer).fit(blobs)
    new = blobs + np.random.default_rng(0).normal(size=blobs.shape)
    assert segmenter.assign_ == "native"
    np.testing.assert_array_equal(segmenter.predict(new), own.predict(new))
    np.testing.assert_array_equal(
        segmenter.labels_, getattr(own, "labels_", own.predict(blobs))
    )
    assert segmenter.agreement_ == 1
    assert "Noise" not in segmenter.segment_names_
    assert segmenter.segments_["n"].sum() == len(blobs)


@pytest.mark.parametrize(("clusterer", "assign"), OTHERS, ids=lambda c: str(c)[:6])
def test_auto_adds_predict_to_clusterers_without_it(
    clusterer: Any, assign: str, blobs: np.ndarray
) -> None:
    segmenter = InductiveSegmenter(clusterer).fit(blobs)
    assert segmenter.assign_ == assign
    assert not hasattr(segmenter.clusterer_, "predict")
    np.testing.assert_array_equal(
        segmenter.labels_, clone(clusterer).fit_predict(blobs)
    )
    assert segmenter.agreement_ == 1
    assert ("Noise" in segmenter.segment_names_) == (assign != "row")


def test_default_is_kmeans_with_four_clusters(blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter().fit(blobs)
    own = KMeans(4, n_init=10, random_state=0).fit(blobs)
    np.testing.assert_array_equal(segmenter.labels_, own.labels_)
    np.testing.assert_allclose(segmenter.centers_, own.cluster_centers_)
    assert segmenter.clusterer is None


def test_component_without_training_rows_keeps_its_code_and_centre() -> None:
    X = column(0, 0.1, 0.2, 0.3, 9, 9.1, 9.2, 9.3)
    mixture = GaussianMixture(
        3,
        means_init=[[0.15], [5], [9.15]],
        weights_init=[0.5, 1e-9, 0.5 - 1e-9],
        precisions_init=[[[1.0]], [[1e-4]], [[1.0]]],
        max_iter=1,
    )
    with pytest.warns(ConvergenceWarning):
        segmenter = InductiveSegmenter(mixture).fit(X)
    assert set(segmenter.labels_) == {0, 2}
    assert segmenter.segments_["n"].tolist() == [4, 0, 4]
    assert segmenter.centers_[1] == segmenter.clusterer_.means_[1]
    codes = segmenter.predict(column(0, 60, 9))
    assert codes.tolist() == [0, 1, 2]
    assert segmenter.segment_names_[codes].tolist() == [f"Segment {i}" for i in codes]


def test_birch_keeps_clusters_of_its_subclusters(blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter(Birch(threshold=0.3, n_clusters=None)).fit(blobs)
    n_clusters = len(segmenter.clusterer_.subcluster_centers_)
    assert len(segmenter.segments_) == n_clusters
    assert np.isfinite(segmenter.centers_).all()
    assert segmenter.predict(segmenter.clusterer_.subcluster_centers_).tolist() == list(
        range(n_clusters)
    )


def test_labels_with_gaps_become_consecutive_codes() -> None:
    segmenter = InductiveSegmenter(Labelled([5, 5, 2, 2, -1])).fit(
        column(0, 1, 5, 6, 20)
    )
    assert segmenter.labels_.tolist() == [1, 1, 0, 0, -1]
    assert segmenter.predict(column(0, 6)).tolist() == [1, 0]
    with pytest.warns(UserWarning, match=r"33\.3% .* assigns by 'native'"):
        native = InductiveSegmenter(PredictsTwo([4, 4, 2])).fit(column(0, 1, 9))
    assert native.predict(column(1)).tolist() == [0]


def test_predicted_labels_that_no_training_row_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels \[0, 1\].* predicts 2 for row 0"):
        InductiveSegmenter(PredictsTwo([0, 0, 1])).fit(column(0, 1, 9))


def test_rows_that_mean_shift_leaves_unassigned_are_noise(blobs: np.ndarray) -> None:
    X = np.vstack([blobs, [[60, 60]]])
    clusterer = MeanShift(bandwidth=3.0, cluster_all=False, min_bin_freq=5)
    clusterer.set_params(bin_seeding=True)
    segmenter = InductiveSegmenter(clusterer).fit(X)
    assert segmenter.labels_[-1] == -1
    assert segmenter.segment_names_[-1] == "Noise"
    # Its own predict knows no noise, which the agreement tells.
    assert segmenter.assign_ == "native"
    assert segmenter.agreement_ == np.mean(segmenter.labels_ >= 0) < 1
    nearest = clone(segmenter).set_params(assign="nearest").fit(X)
    assert nearest.agreement_ == 1


# All noise


@pytest.mark.parametrize(
    "clusterer",
    [DBSCAN(eps=0.1), HDBSCAN(copy=True), Labelled([-1] * 10)],
    ids=["core", "nearest", "labelled"],
)
@pytest.mark.parametrize("assign", ["auto", "nearest", "centroid"])
def test_all_noise_is_no_segment_and_no_error(clusterer: Any, assign: str) -> None:
    X = np.arange(20.0).reshape(10, 2) ** 2
    segmenter = InductiveSegmenter(clusterer, assign=assign).fit(X)
    assert segmenter.segments_["code"].tolist() == [-1]
    assert segmenter.segments_["n"].tolist() == [10]
    assert segmenter.segment_names_.tolist() == ["Noise"]
    assert segmenter.centers_.shape == (0, 2)
    assert segmenter.predict(X[:3]).tolist() == [-1] * 3
    # There is no distance to give, and a step of a pipeline has a column at least.
    assert segmenter.transform(X[:3]).tolist() == [[1.0]] * 3
    assert segmenter.get_feature_names_out().tolist() == ["Noise"]
    assert segmenter.agreement_ == 1
    frame = segmenter.set_output(transform="pandas").transform(pd.DataFrame(X))
    assert frame.shape == (10, 1)


def test_affinity_propagation_that_does_not_converge_is_all_noise() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    clusterer = AffinityPropagation(max_iter=2, random_state=0)
    with pytest.warns(ConvergenceWarning):
        segmenter = InductiveSegmenter(clusterer).fit(X)
    own = segmenter.clusterer_
    assert len(segmenter.centers_) == len(own.cluster_centers_) == 0
    assert segmenter.segment_names_.tolist() == ["Noise"]
    with pytest.warns(ConvergenceWarning):
        codes = segmenter.predict(X)
    np.testing.assert_array_equal(codes, own.labels_)


# Training rows keep what the clusterer gave them

GRID = hnp.arrays(
    np.int64,
    st.tuples(st.integers(2, 40), st.integers(1, 3)),
    elements=st.integers(0, 8),
)
# At exactly these distances grids have many pairs; not all have exact squares.
EPS = st.sampled_from([1, 2, 3, 2**0.5, 3**0.5, 5**0.5, 8**0.5])
SCALE = st.sampled_from([1.0, 0.1, 0.3, 1 / 3, 1e-3, 1e6])


def near_cores(model: DBSCAN, X: Any, rows: Any, metric: str) -> list[list[Any]]:
    """Return, for every row, (distance, code) of the core samples within eps."""
    cores = model.core_sample_indices_
    far = cdist(rows, X[cores], metric) if len(cores) else np.empty((len(rows), 0))
    codes = model.labels_[cores]
    # Half an eps in 1e12 more: the oracle rounds in another way.
    within = far <= model.eps * (1 + 1e-12)
    return [
        sorted(zip(far[i][within[i]], codes[within[i]], strict=True))
        for i in range(len(rows))
    ]


@given(
    X=GRID,
    eps=EPS,
    scale=SCALE,
    min_samples=st.integers(1, 5),
    algorithm=st.sampled_from(["auto", "brute", "kd_tree", "ball_tree"]),
    metric=st.sampled_from(["euclidean", "cityblock", "chebyshev"]),
)
def test_core_reproduces_dbscan_on_training_rows_except_border_ties(
    X: Any, eps: float, scale: float, min_samples: int, algorithm: str, metric: str
) -> None:
    X = X * scale
    dbscan = DBSCAN(
        eps=eps * scale, min_samples=min_samples, algorithm=algorithm, metric=metric
    )
    segmenter = InductiveSegmenter(dbscan).fit(X)
    own = dbscan.fit(X)
    np.testing.assert_array_equal(segmenter.labels_, own.labels_)
    codes = segmenter.predict(X)
    cores = set(own.core_sample_indices_)
    for row, near in enumerate(near_cores(own, X, X, metric)):
        clusters = {code for _, code in near}
        if row not in cores and len(clusters) > 1:
            # At exactly eps the oracle may round to a core sample that DBSCAN does not.
            assert codes[row] in {*clusters, own.labels_[row]}
        else:
            assert codes[row] == own.labels_[row]
    assert segmenter.agreement_ == np.mean(codes == own.labels_)


@given(
    X=GRID,
    new=hnp.arrays(np.int64, (30, 3), elements=st.integers(-3, 11)),
    eps=st.integers(1, 4),
    metric=st.sampled_from(["euclidean", "cityblock", "chebyshev"]),
    min_samples=st.integers(1, 5),
)
def test_core_assigns_new_rows_as_brute_force_does(
    X: Any, new: Any, eps: int, metric: str, min_samples: int
) -> None:
    new = new[:, : X.shape[1]]
    dbscan = DBSCAN(eps=eps, min_samples=min_samples, metric=metric)
    codes = InductiveSegmenter(dbscan).fit(X).predict(new)
    near = near_cores(dbscan.fit(X), X, new, metric)
    assert codes.tolist() == [found[0][1] if found else -1 for found in near]


@pytest.mark.parametrize("n_features", [2, 20])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_core_rounds_as_dbscan_does_at_a_distance_of_eps(
    n_features: int, dtype: Any
) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (400, n_features)) * 0.1 + rng.choice([0.0, 3.3], (400, 1))
    X = X.astype(dtype)
    apart = np.unique(cdist(X, X).round(6))
    for eps in np.sort(apart[apart > 0])[[3, 6]].tolist():
        segmenter = InductiveSegmenter(DBSCAN(eps=eps, min_samples=4)).fit(X)
        noise = segmenter.labels_ < 0
        np.testing.assert_array_equal(segmenter.predict(X) < 0, noise)


def test_core_holds_more_rows_than_one_batch() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    segmenter = InductiveSegmenter(DBSCAN(eps=0.2)).fit(X)
    many = np.tile(X, (30, 1))
    np.testing.assert_array_equal(
        segmenter.predict(many), np.tile(segmenter.predict(X), 30)
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"metric": "minkowski", "p": 3},
        {"metric": "minkowski", "metric_params": {"p": 1}},
        {"metric": "mahalanobis", "metric_params": {"VI": np.diag([1.0, 9.0])}},
        {"metric": "cosine", "eps": 0.01},
        {"metric": lambda a, b: abs(a[0] - b[0]), "eps": 0.15},
    ],
    ids=["p", "metric_params p", "mahalanobis", "cosine", "callable"],
)
def test_core_measures_as_dbscan_does(
    settings: dict[str, Any], blobs: np.ndarray
) -> None:
    X, new = blobs[:100], blobs[100:]
    model = DBSCAN(**{"eps": 0.6, "min_samples": 4, **settings})
    segmenter = InductiveSegmenter(model).fit(X)
    cores = segmenter.clusterer_.core_sample_indices_
    params = settings.get("metric_params", {}) | {
        name: settings[name] for name in ("p",) if name in settings
    }
    far = pairwise_distances(new, X[cores], settings["metric"], **params)
    nearest = segmenter.labels_[cores][far.argmin(axis=1)]
    expected = np.where(far.min(axis=1) <= model.eps, nearest, -1)
    np.testing.assert_array_equal(segmenter.predict(new), expected)
    assert expected.max() >= 0
    assert segmenter.agreement_ > 0.95


DISTINCT = hnp.arrays(
    np.int64,
    st.tuples(st.integers(12, 30), st.integers(1, 3)),
    elements=st.integers(-30, 30),
).map(lambda X: np.unique(X, axis=0))


@pytest.mark.parametrize(
    "clusterer",
    [HDBSCAN(min_cluster_size=3, copy=True), OPTICS(min_samples=3)],
    ids=["HDBSCAN", "OPTICS"],
)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@few_examples(10)
@given(X=DISTINCT.filter(lambda X: len(X) >= 6), scale=SCALE)
def test_nearest_reproduces_the_labels_of_distinct_training_rows(
    clusterer: Any, metric: str, X: Any, scale: float
) -> None:
    # Reachabilities of OPTICS are infinite, and 0 / 0 their ratios, on some grids.
    with np.errstate(all="ignore"):
        segmenter = InductiveSegmenter(clone(clusterer).set_params(metric=metric))
        segmenter.fit(X * scale)
    np.testing.assert_array_equal(segmenter.predict(X * scale), segmenter.labels_)
    assert segmenter.agreement_ == 1


@given(
    X=GRID,
    new=hnp.arrays(np.int64, (20, 3), elements=st.integers(-3, 11)),
    data=st.data(),
)
def test_nearest_assigns_new_rows_as_brute_force_does(
    X: Any, new: Any, data: st.DataObject
) -> None:
    new, rows = new[:, : X.shape[1]], np.unique(X, axis=0)
    n_rows = len(rows)
    labels = data.draw(hnp.arrays(np.int64, n_rows, elements=st.integers(-1, 3)))
    if n_rows < 2:
        return
    segmenter = InductiveSegmenter(Labelled(labels), assign="nearest").fit(rows)
    codes, far, among = segmenter.labels_, cdist(new, rows), cdist(rows, rows)
    np.fill_diagonal(among, np.inf)
    reach = {
        code: among[np.ix_(codes == code, codes == code)].min(axis=1).max()
        for code in set(codes[codes >= 0].tolist())
    }
    reach = {code: 0 if np.isinf(r) else r for code, r in reach.items()}
    for row, code in enumerate(segmenter.predict(new)):
        nearest = codes[far[row] == far[row].min()]
        open_to_it = [c for c in nearest if c >= 0 and far[row].min() <= reach[c]]
        assert code == min(open_to_it, default=-1)


@pytest.mark.parametrize(
    ("settings", "params"),
    [
        ({"metric": "minkowski", "p": 3}, {"p": 3}),
        ({"metric": "minkowski", "p": 1}, {"p": 1}),
        (
            {"metric": "mahalanobis", "metric_params": {"VI": np.diag([1.0, 9.0])}},
            {"VI": np.diag([1.0, 9.0])},
        ),
        ({"metric": "cosine"}, {}),
        ({"metric": lambda a, b: abs(a[0] - b[0])}, {}),
    ],
    ids=["p", "p of 1", "mahalanobis", "cosine", "callable"],
)
def test_nearest_measures_as_the_clusterer_does(
    settings: dict[str, Any], params: dict[str, Any], blobs: np.ndarray
) -> None:
    X, new = blobs[:120], blobs[120:]
    segmenter = InductiveSegmenter(OPTICS(min_samples=8, **settings)).fit(X)
    labels, metric = segmenter.labels_, settings["metric"]
    far = pairwise_distances(new, X, metric, **params)
    among = pairwise_distances(X, metric=metric, **params)
    np.fill_diagonal(among, np.inf)
    nearest = labels[far.argmin(axis=1)]
    reach = {
        code: among[np.ix_(labels == code, labels == code)].min(axis=1).max()
        for code in set(labels.tolist()) - {-1}
    }
    expected = [
        code if distance <= reach.get(code, -1) else -1
        for code, distance in zip(nearest.tolist(), far.min(axis=1), strict=True)
    ]
    assert segmenter.predict(new).tolist() == expected
    assert max(expected) >= 0
    assert segmenter.agreement_ == 1


def test_nearest_takes_p_among_the_parameters_of_the_metric(blobs: np.ndarray) -> None:
    clusterer = HDBSCAN(metric="minkowski", metric_params={"p": 3}, copy=True)
    segmenter = InductiveSegmenter(clusterer).fit(blobs)
    reach = segmenter._assigner.reach
    members = blobs[segmenter.labels_ == 0]
    among = cdist(members, members, "minkowski", p=3)
    np.fill_diagonal(among, np.inf)
    np.testing.assert_allclose(reach[0], among.min(axis=1).max())
    assert segmenter.agreement_ == 1


def test_members_left_out_come_back_to_their_cluster(blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter(HDBSCAN(copy=True)).fit(blobs)
    labels = segmenter.labels_
    for row in np.flatnonzero(labels >= 0)[::10]:
        rest = np.delete(np.arange(len(blobs)), row)
        others = InductiveSegmenter(Labelled(labels[rest])).fit(blobs[rest])
        far = cdist(blobs[[row]], blobs[rest])[0]
        if labels[rest][far.argmin()] == labels[row]:
            reach = segmenter._assigner.reach[labels[row]]
            assert far.min() <= reach
            assert others.predict(blobs[[row]])[0] in {labels[row], -1}


def test_order_of_training_rows_does_not_change_noise() -> None:
    X = np.random.default_rng(1).integers(0, 6, (60, 2))
    new = np.stack(np.meshgrid(np.arange(0, 6, 0.5), np.arange(6)), -1).reshape(-1, 2)
    labels = np.where(X[:, 0] < 3, 0, 1)
    labels[X.sum(axis=1) > 8] = -1
    first = InductiveSegmenter(Labelled(labels)).fit(X).predict(new)
    second = InductiveSegmenter(Labelled(labels[::-1])).fit(X[::-1]).predict(new)
    np.testing.assert_array_equal(first, second)


# Weights and metadata


def test_weight_three_counts_as_three_rows(blobs: np.ndarray) -> None:
    weight = np.random.default_rng(0).integers(0, 4, len(blobs))
    start = KMeans(3, init=blobs[[0, 1, 2]], n_init=1)
    weighted = InductiveSegmenter(start).fit(blobs, sample_weight=weight)
    repeated = InductiveSegmenter(start).fit(blobs.repeat(weight, axis=0))
    np.testing.assert_allclose(weighted.centers_, repeated.centers_)
    np.testing.assert_array_equal(weighted.predict(blobs), repeated.predict(blobs))
    pd.testing.assert_frame_equal(
        weighted.segments_, repeated.segments_, check_dtype=False
    )


def test_weighted_dbscan_is_that_of_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    X, weight = rng.integers(0, 12, (60, 2)), rng.integers(1, 4, 60)
    dbscan = DBSCAN(eps=1, min_samples=5)
    weighted = InductiveSegmenter(dbscan).fit(X, sample_weight=weight)
    repeated = InductiveSegmenter(dbscan).fit(X.repeat(weight, axis=0))
    assert 0 < len(weighted.clusterer_.core_sample_indices_) < 60
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))
    np.testing.assert_allclose(weighted.agreement_, repeated.agreement_)


def test_cluster_of_weightless_rows_has_a_centre() -> None:
    X, weight = column(0, 1, 50, 52), [1, 3, 0, 0]
    segmenter = InductiveSegmenter(WeightedLabelled([0, 0, 1, 1]))
    segmenter.fit(X, sample_weight=weight)
    assert segmenter.segments_["n"].tolist() == [4, 0]
    assert segmenter.centers_.tolist() == [[0.75], [51]]


def test_fit_predict_passes_weights_on(blobs: np.ndarray) -> None:
    weight = np.arange(len(blobs)) % 3
    own = KMeans(3, random_state=0).fit(blobs, sample_weight=weight)
    codes = InductiveSegmenter(KMeans(3, random_state=0)).fit_predict(
        blobs, sample_weight=weight
    )
    np.testing.assert_array_equal(codes, own.labels_)


def test_routing_passes_the_clusterer_the_metadata_that_it_requests(
    routing: None, blobs: np.ndarray
) -> None:
    weight = np.arange(1.0, len(blobs) + 1)
    own = KMeans(3, random_state=0).fit(blobs, sample_weight=weight)
    kmeans = KMeans(3, random_state=0).set_fit_request(sample_weight="customers")
    model = make_pipeline(InductiveSegmenter(kmeans)).fit(blobs, customers=weight)
    np.testing.assert_array_equal(model[-1].labels_, own.labels_)
    assert model[-1].segments_["n"].sum() == weight.sum()
    with pytest.raises(ValueError, match="sample_weight"):
        InductiveSegmenter(KMeans(3)).fit(blobs, sample_weight=weight)
    default = InductiveSegmenter().fit(blobs, sample_weight=weight)
    assert default.segments_["n"].sum() == weight.sum()
    assert InductiveSegmenter(DBSCAN()).fit(blobs).assign_ == "core"


# Pipelines and searches


def segment_silhouette(model: Any, X: Any, y: Any = None) -> float:
    codes = model.predict(X)
    rows = model[:-1].transform(X)
    if len(set(codes[codes >= 0])) < 2 or np.mean(codes < 0) > 0.3:
        return -1.0
    return float(silhouette_score(rows[codes >= 0], codes[codes >= 0]))


def test_one_search_covers_clusterers_and_their_settings() -> None:
    corners = np.array([[0, 0], [0, 9], [9, 0], [9, 9]])
    X, _ = make_blobs(240, centers=corners, random_state=5)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("segment", InductiveSegmenter())]
    )
    grid = [
        {
            "segment__clusterer": [KMeans(random_state=0)],
            "segment__clusterer__n_clusters": [2, 4, 6],
        },
        {
            "segment__clusterer": [DBSCAN()],
            "segment__clusterer__eps": [0.001, 0.2, 5.0],
        },
        {
            "segment__clusterer": [HDBSCAN(copy=True)],
            "segment__clusterer__min_cluster_size": [5, 20],
        },
        {
            "segment__clusterer": [AgglomerativeClustering()],
            "segment__clusterer__linkage": ["ward", "single"],
            "segment__assign": ["centroid", "nearest"],
        },
    ]
    search = GridSearchCV(
        pipeline, grid, scoring=segment_silhouette, cv=3, error_score="raise"
    )
    search.fit(X[::-1])
    results = pd.DataFrame(search.cv_results_)
    assert len(results) == 12
    scores = results["mean_test_score"].tolist()
    kmeans, dbscan = scores[:3], scores[3:6]
    assert max(kmeans) == kmeans[1]
    assert dbscan[0] == dbscan[2] == -1 < dbscan[1]
    assert len(set(search.predict(X)) - {-1}) == 4


def test_search_without_an_outcome_has_to_name_its_scorer(blobs: np.ndarray) -> None:
    search = GridSearchCV(
        InductiveSegmenter(), {"assign": ["auto"]}, error_score="raise"
    )
    with pytest.raises(InvalidDataError, match=r"scoring=make_segment_scorer\(\)"):
        search.fit(blobs)
    # What the error advises works.
    search.set_params(scoring=make_segment_scorer()).fit(blobs)
    assert np.isfinite(search.best_score_)


def test_dbscan_in_a_pipeline_predicts_new_rows_as_brute_force_does() -> None:
    X, _ = make_moons(300, noise=0.06, random_state=0)
    X = X * [1000, 1]
    new = np.random.default_rng(0).uniform([-1500, -1], [2500, 1.5], (500, 2))
    model = make_pipeline(StandardScaler(), InductiveSegmenter(DBSCAN(eps=0.25)))
    codes = model.fit(X).predict(new)
    scaler = StandardScaler().fit(X)
    rows = scaler.transform(X)
    own = DBSCAN(eps=0.25).fit(rows)
    near = near_cores(own, rows, scaler.transform(new), "euclidean")
    assert codes.tolist() == [found[0][1] if found else -1 for found in near]
    assert {-1, 0, 1} <= set(codes.tolist())


def test_pipeline_that_predicts_may_be_the_clusterer(blobs: np.ndarray) -> None:
    inner = make_pipeline(StandardScaler(), KMeans(3, random_state=0))
    segmenter = InductiveSegmenter(inner).fit(blobs)
    np.testing.assert_array_equal(segmenter.labels_, inner.fit(blobs).predict(blobs))
    means = [blobs[segmenter.labels_ == code].mean(axis=0) for code in range(3)]
    np.testing.assert_allclose(segmenter.centers_, means)


# Frames, sparse matrices, storage


def test_frames_give_names_and_get_their_kind_back(
    make_frame: Callable[..., Any], blobs: np.ndarray
) -> None:
    frame = make_frame({"recency": blobs[:, 0], "spend": blobs[:, 1]})
    segmenter = InductiveSegmenter(DBSCAN(eps=1.0)).fit(frame)
    assert segmenter.feature_names_in_.tolist() == ["recency", "spend"]
    assert segmenter.n_features_in_ == 2
    np.testing.assert_array_equal(segmenter.predict(frame), segmenter.labels_)
    turned = make_frame({"spend": blobs[:, 1], "recency": blobs[:, 0]})
    np.testing.assert_array_equal(segmenter.predict(turned), segmenter.labels_)
    with pytest.raises(MissingColumnError, match="needs the column 'spend'"):
        segmenter.predict(make_frame({"recency": blobs[:, 0], "paid": blobs[:, 1]}))


def test_set_output_gives_frames(blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter(KMeans(3, random_state=0))
    X = pd.DataFrame(blobs, columns=["a", "b"]).set_index(np.arange(len(blobs)) + 7)
    out = segmenter.set_output(transform="pandas").fit_transform(X)
    assert out.index.equals(X.index)
    assert out.columns.tolist() == [f"inductivesegmenter{i}" for i in range(3)]
    assert isinstance(
        segmenter.set_output(transform="polars").transform(X), pl.DataFrame
    )
    np.testing.assert_allclose(out, segmenter.clusterer_.transform(blobs), atol=1e-6)


@pytest.mark.parametrize(
    "clusterer",
    [
        KMeans(3, random_state=0),
        DBSCAN(eps=1.0),
        HDBSCAN(copy=True),
        SpectralClustering(3, gamma=0.01, random_state=0),
    ],
    ids=["native", "core", "nearest", "centroid"],
)
def test_sparse_rows_are_as_good_as_dense_ones(clusterer: Any) -> None:
    rng = np.random.default_rng(0)
    X = np.repeat(rng.integers(0, 9, (3, 4)) * 9, 25, axis=0)
    X = (X + rng.integers(0, 3, X.shape)).astype(float)
    dense = InductiveSegmenter(clusterer).fit(X)
    sparse = InductiveSegmenter(clone(clusterer)).fit(csr_array(X))
    np.testing.assert_array_equal(sparse.labels_, dense.labels_)
    np.testing.assert_array_equal(sparse.predict(csr_array(X)), dense.predict(X))
    np.testing.assert_allclose(sparse.centers_, dense.centers_)
    np.testing.assert_allclose(
        sparse.transform(csr_array(X)), dense.transform(X), atol=1e-6
    )
    assert isinstance(sparse.centers_, np.ndarray)


def test_sparse_rows_need_a_clusterer_that_takes_them(blobs: np.ndarray) -> None:
    with pytest.raises(TypeError, match="Sparse data was passed"):
        InductiveSegmenter(AgglomerativeClustering(3)).fit(csr_array(blobs))


@pytest.mark.parametrize(
    "clusterer", [NATIVE[0], *(c for c, _ in OTHERS)], ids=lambda c: type(c).__name__
)
def test_pickled_segmenter_predicts_the_same(clusterer: Any, blobs: np.ndarray) -> None:
    segmenter = InductiveSegmenter(clusterer).fit(blobs)
    new = np.random.default_rng(0).uniform(-12, 12, (200, 2))
    loaded = pickle.loads(pickle.dumps(segmenter))
    np.testing.assert_array_equal(loaded.predict(new), segmenter.predict(new))
    np.testing.assert_array_equal(loaded.transform(new), segmenter.transform(new))


def test_fit_does_not_change_the_clusterer_that_is_passed(blobs: np.ndarray) -> None:
    clusterer = KMeans(3, random_state=0)
    segmenter = InductiveSegmenter(clusterer, segment_names=("A", "B", "C"))
    segmenter.fit(blobs)
    assert not hasattr(clusterer, "labels_")
    assert segmenter.clusterer is clusterer
    assert clone(segmenter).get_params()["clusterer__n_clusters"] == 3


# Names


def test_segment_names_are_in_the_order_of_the_codes() -> None:
    names = np.array(["Low", "High"])
    segmenter = InductiveSegmenter(DBSCAN(eps=1, min_samples=3), segment_names=names)
    segmenter.fit(LINE)
    assert segmenter.segment_names_.tolist() == ["Low", "High", "Noise"]
    codes = segmenter.predict(column(2, 9, 99))
    assert segmenter.segment_names_[codes].tolist() == ["Low", "High", "Noise"]


@pytest.mark.parametrize(
    "names", ["AB", ["A"], ["A", "B", "C"], ["A", "A"], ["A", "Noise"], ["A", 1], 2]
)
def test_wrong_names_are_refused(names: Any) -> None:
    segmenter = InductiveSegmenter(DBSCAN(eps=1, min_samples=3), segment_names=names)
    message = (
        "The 'segment_names' parameter of InductiveSegmenter must be None or 2 "
        f"different names, one a segment, besides 'Noise'. Got {names!r} instead."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        segmenter.fit(LINE)


# Errors


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"clusterer": "kmeans"},
            (
                "The 'clusterer' parameter of InductiveSegmenter must be a clusterer. "
                "Got 'kmeans' instead."
            ),
        ),
        ({"clusterer": KMeans}, "must be a clusterer. Got <class"),
        (
            {"clusterer": DBSCAN(metric="precomputed")},
            (
                "must be one that takes rows, as new rows have no precomputed "
                "distances to the clusters. Got DBSCAN(metric='precomputed') instead."
            ),
        ),
        ({"clusterer": OPTICS(metric="precomputed")}, "no precomputed distances"),
        (
            {"clusterer": SpectralClustering(affinity="precomputed_nearest_neighbors")},
            "no precomputed distances",
        ),
        (
            {"assign": "medoid"},
            (
                "The 'assign' parameter of InductiveSegmenter must be 'auto' or "
                "'native' or 'core' or 'nearest' or 'row' or 'centroid'. Got 'medoid' "
                "instead."
            ),
        ),
        (
            {"clusterer": DBSCAN(), "assign": "native"},
            (
                "The 'assign' parameter of InductiveSegmenter must be another one, as "
                "'native' takes a clusterer with predict, not DBSCAN(). Got 'native' "
                "instead."
            ),
        ),
        (
            {"assign": "core"},
            "'core' takes a clusterer with core samples and eps, such as DBSCAN, not",
        ),
        (
            {"clusterer": make_pipeline(PCA(), DBSCAN())},
            "has neither. Of a pipeline, pass the last step",
        ),
        ({"clusterer": FeatureAgglomeration(2)}, "an integer label for every row"),
        ({"clusterer": Labelled([0, -2] * 90)}, "-1 for noise"),
        ({"clusterer": Labelled(["a", "b"] * 90)}, "an integer label for every row"),
    ],
)
def test_wrong_parameters_are_named(
    blobs: np.ndarray, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        InductiveSegmenter(**parameters).fit(blobs)


def test_wrong_weights_are_refused(blobs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        InductiveSegmenter().fit(blobs, sample_weight=[1, 2])
    with pytest.raises(ValueError, match=r"one whose fit takes sample_weight.*HDBSCAN"):
        InductiveSegmenter(HDBSCAN(copy=True)).fit(
            blobs, sample_weight=np.ones(len(blobs))
        )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_refused(blobs: np.ndarray, bad: float) -> None:
    X = blobs.copy()
    X[3, 1] = bad
    # HDBSCAN alone would give such rows labels of their own, -2 and -3.
    segmenter = InductiveSegmenter(HDBSCAN(copy=True))
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        segmenter.fit(X)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        segmenter.fit(blobs).predict(X)


@pytest.mark.parametrize("method", ["predict", "transform", "get_feature_names_out"])
def test_unfitted_segmenter_says_so(blobs: np.ndarray, method: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(InductiveSegmenter(), method)(blobs)


# Labels of training rows, outcomes, encodings


@pytest.mark.parametrize(
    "clusterer",
    [
        AgglomerativeClustering(3),
        AgglomerativeClustering(3, linkage="single"),
        AgglomerativeClustering(4, metric="manhattan", linkage="average"),
        AgglomerativeClustering(None, distance_threshold=20),
        SpectralClustering(3, gamma=0.5, random_state=0),
        SpectralClustering(3, affinity="nearest_neighbors", random_state=0),
        *(clusterer for clusterer, _ in OTHERS),
        *NATIVE,
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["moons", "blobs that overlap", "whole numbers"])
@pytest.mark.filterwarnings("ignore:Graph is not fully connected")
def test_training_rows_keep_their_label_by_default(clusterer: Any, kind: str) -> None:
    X, _ = make_blobs(150, 3, centers=3, cluster_std=2.5, random_state=0)
    if kind == "moons":
        X, _ = make_moons(150, noise=0.2, random_state=0)
    if kind == "whole numbers":
        X = np.unique(X.round(), axis=0)
    segmenter = InductiveSegmenter(clone(clusterer))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        labels = segmenter.fit_predict(X)
    is_kept = segmenter.predict(X) == labels
    assert segmenter.agreement_ == is_kept.mean()
    if segmenter.assign_ in {"row", "nearest"}:
        assert is_kept.all()
    is_warned = any("returns the clusterer's segment" in str(w.message) for w in caught)
    assert is_warned == (segmenter.agreement_ < 0.95)
    assert segmenter.segments_["n"].sum() == len(X)
    table = segmenter.segments_.set_index("code")
    for code in np.unique(labels):
        assert table.loc[code, "n"] == (labels == code).sum()
        np.testing.assert_allclose(
            table.loc[code, "agreement"], is_kept[labels == code].mean()
        )


def test_row_takes_the_nearest_labelled_row_and_never_noise() -> None:
    X = column(0, 1, 5, 10, 11, 30)
    segmenter = InductiveSegmenter(Labelled([0, 0, -1, 1, 1, -1]), assign="row")
    with pytest.warns(UserWarning, match=r"66\.7%"):
        segmenter.fit(X)
    new = column(-1e6, 0.5, 5, 5.4, 5.5, 5.6, 30, 1e6)
    assert segmenter.predict(new).tolist() == [0, 0, 0, 0, 0, 1, 1, 1]


@given(
    X=GRID,
    new=hnp.arrays(np.int64, (50, 3), elements=st.integers(-3, 11)),
    metric=st.sampled_from(["euclidean", "cityblock", "chebyshev"]),
    data=st.data(),
)
def test_row_assigns_new_rows_as_brute_force_does(
    X: Any, new: Any, metric: str, data: st.DataObject
) -> None:
    rows, new = np.unique(X, axis=0), new[:, : X.shape[1]]
    if len(rows) < 2:
        return
    labels = data.draw(hnp.arrays(np.int64, len(rows), elements=st.integers(0, 3)))
    segmenter = InductiveSegmenter(Labelled(labels, metric)).fit(rows)
    assert segmenter.assign_ == "row"
    far = cdist(new, rows, metric)
    for row, code in enumerate(segmenter.predict(new)):
        assert code == segmenter.labels_[far[row] == far[row].min()].min()


@pytest.mark.parametrize("clusterer", [c for c, _ in OTHERS] + NATIVE, ids=str)
@pytest.mark.parametrize("as_text", [False, True], ids=["numbers", "text"])
def test_score_is_the_variance_of_an_outcome_that_segments_explain(
    clusterer: Any, as_text: bool, blobs: np.ndarray
) -> None:
    rng = np.random.default_rng(0)
    outcome = (blobs[:, 0] + rng.normal(size=len(blobs)) > 0).astype(float)
    y = np.where(outcome == 1, "yes", "no") if as_text else outcome
    train, test = np.arange(len(blobs)) % 2 == 0, np.arange(len(blobs)) % 2 == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segmenter = InductiveSegmenter(clusterer).fit(blobs[train], y[train])
    of_training, codes = segmenter.predict(blobs[train]), segmenter.predict(blobs[test])
    # Noise is a segment like others. One without a training row has the overall mean.
    means = {c: outcome[train][of_training == c].mean() for c in set(of_training)}
    expected = [means.get(c, outcome[train].mean()) for c in codes]
    np.testing.assert_allclose(
        segmenter.score(blobs[test], y[test]), r2_score(outcome[test], expected)
    )
    table = segmenter.segments_.set_index("code")["outcome"]
    assert {c: table[c] for c in means} == pytest.approx(means)


def test_noise_is_no_way_to_leave_hard_rows_out_of_the_score() -> None:
    X, y = column(*range(20)), np.array([0.0] * 5 + [1.0] * 5 + [0.0, 1.0] * 5)
    labels = [0] * 5 + [1] * 5 + [-1] * 10
    segmenter = InductiveSegmenter(Labelled(labels)).fit(X, y)
    assert segmenter.score(X, y) == pytest.approx(0.5)


def test_weight_three_counts_as_three_rows_in_score(blobs: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    weight, y = rng.integers(1, 4, len(blobs)), rng.normal(size=len(blobs))
    start = KMeans(3, init=blobs[[0, 1, 2]], n_init=1)
    weighted = InductiveSegmenter(start).fit(blobs, y, sample_weight=weight)
    many, outcome = blobs.repeat(weight, axis=0), y.repeat(weight)
    repeated = InductiveSegmenter(start).fit(many, outcome)
    np.testing.assert_allclose(
        weighted.score(blobs, y, sample_weight=weight), repeated.score(many, outcome)
    )


def test_score_refuses_what_it_cannot_compare(blobs: np.ndarray) -> None:
    classes = np.arange(len(blobs)) % 3
    texts = np.array(["a", "b", "c"])[classes]
    segmenter = InductiveSegmenter(KMeans(3, random_state=0))
    with pytest.raises(InvalidDataError, match=r"fit had none.* Pass y to fit"):
        segmenter.fit(blobs).score(blobs, classes)
    # More than two labels are for a later step of a pipeline.
    segmenter.fit(blobs, texts)
    assert "outcome" not in segmenter.segments_
    with pytest.raises(InvalidDataError, match=r"of two classes.* y == label"):
        segmenter.score(blobs, texts)
    segmenter.fit(blobs, texts == "a").score(blobs, texts == "a")
    with pytest.raises(InvalidDataError, match="one of the labels of fit"):
        segmenter.fit(blobs, texts[:2].repeat(90)).score(blobs, texts)


def test_one_search_covers_clusterers_by_an_outcome(blobs: np.ndarray) -> None:
    y = make_blobs([80, 60, 40], cluster_std=0.7, random_state=3)[1] == 1
    grid = {
        "clusterer": [
            KMeans(2, random_state=0),
            KMeans(3, random_state=0),
            DBSCAN(eps=1.0),
            DBSCAN(eps=1e-6),
            AgglomerativeClustering(2),
        ]
    }
    search = GridSearchCV(InductiveSegmenter(), grid, error_score="raise")
    scores = search.fit(blobs, y).cv_results_["mean_test_score"]
    assert scores.argmax() in (1, 2)
    assert scores[3] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("encode", ["distances", "onehot", "ordinal"])
@pytest.mark.parametrize(
    ("clusterer", "assign"),
    [*((c, "auto") for c, _ in OTHERS), (DBSCAN(eps=1.0), "centroid")],
    ids=str,
)
def test_encodings_have_columns_for_what_new_rows_can_be(
    clusterer: Any, assign: str, encode: str, blobs: np.ndarray
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segmenter = InductiveSegmenter(clusterer, assign=assign, encode=encode)
        out = segmenter.fit_transform(blobs)
    np.testing.assert_array_equal(out, segmenter.transform(blobs))
    names, codes = segmenter.get_feature_names_out(), segmenter.predict(blobs)
    n_segments = len(segmenter.centers_)
    if encode == "distances":
        np.testing.assert_allclose(out, cdist(blobs, segmenter.centers_))
    elif encode == "ordinal":
        assert names.tolist() == ["segment"]
        np.testing.assert_array_equal(out[:, 0], codes)
    else:
        has_noise = segmenter.assign_ in {"core", "nearest"}
        assert (
            names.tolist()
            == segmenter.segment_names_[: n_segments + has_noise].tolist()
        )
        np.testing.assert_array_equal(
            names[out.argmax(axis=1)], segmenter.segment_names_[codes]
        )


def test_unknown_encodings_are_refused(blobs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="'encode' parameter of InductiveSegmenter"):
        InductiveSegmenter(encode="scores").fit(blobs)


@pytest.mark.parametrize(
    "clusterer", [c for c, _ in OTHERS] + NATIVE[:3], ids=lambda c: type(c).__name__
)
@pytest.mark.parametrize("container", ["array", "frame"])
def test_no_rows_have_no_codes(
    clusterer: Any, container: str, blobs: np.ndarray
) -> None:
    X = blobs if container == "array" else pd.DataFrame(blobs, columns=["a", "b"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segmenter = InductiveSegmenter(clusterer).fit(X)
    assert segmenter.predict(X[:0]).shape == (0,)
    assert segmenter.predict(X[:0]).dtype == segmenter.labels_.dtype
    assert segmenter.transform(X[:0]).shape == (0, len(segmenter.centers_))


# Real data


def test_mall_customers_keep_their_clusters(data_dir: Path) -> None:
    mall = pd.read_csv(data_dir / "mall_customers" / "mall_customers.csv.gz")
    X = mall[["Annual Income (k$)", "Spending Score (1-100)"]]
    dbscan = InductiveSegmenter(DBSCAN(eps=9, min_samples=4)).fit(X)
    cores = set(dbscan.clusterer_.core_sample_indices_)
    rows = X.to_numpy()
    near = near_cores(dbscan.clusterer_, rows, rows, "euclidean")
    shared = [
        row
        for row, found in enumerate(near)
        if row not in cores and len({code for _, code in found}) > 1
    ]
    agrees = dbscan.predict(X) == dbscan.labels_
    assert np.delete(agrees, shared).all()
    hdbscan = InductiveSegmenter(HDBSCAN(min_cluster_size=8, copy=True)).fit(X)
    n_copies = X.duplicated(keep=False).sum()
    assert hdbscan.agreement_ >= 1 - n_copies / len(X)
