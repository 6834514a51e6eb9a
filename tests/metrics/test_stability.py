"""stability_score and prediction_strength: agreement of clones on other rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import make_blobs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import RFMSegmenter
from skseg.metrics import prediction_strength, stability_score
from skseg.metrics._stability import strength_of_rows

SCORES = (stability_score, prediction_strength)


class Constant(BaseEstimator):
    """Every row has one code."""

    def __init__(self, code: int = 0) -> None:
        self.code = code

    def fit(self, X: Any, y: Any = None) -> Self:
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.code)


class Recorder(BaseEstimator):
    """Puts down on which rows it was fitted; its segments are their parity."""

    fitted_on: ClassVar[list[list[int]]] = []

    def fit(self, X: Any, y: Any = None) -> Self:
        self.fitted_on.append(sorted(np.asarray(X)[:, 0].astype(int).tolist()))
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X)[:, 0].astype(int) % 2


def three_blobs(n: int = 240) -> np.ndarray:
    X, _ = make_blobs(n, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    return X


@pytest.fixture
def fitted_on() -> list[list[int]]:
    Recorder.fitted_on.clear()
    return Recorder.fitted_on


@pytest.mark.parametrize(
    ("sample_size", "size", "overlap"),
    [(0.5, 50, 0), (0.2, 20, 0), (0.8, 80, 60), (1, 100, 100), (1.0, 100, 100)],
)
def test_samples_of_a_pair_overlap_as_little_as_possible(
    fitted_on: list[list[int]], sample_size: float, size: int, overlap: int
) -> None:
    X = np.arange(100.0)[:, None]
    score = stability_score(
        Recorder(), X, n_replicates=3, sample_size=sample_size, random_state=0
    )
    assert score == 1
    assert len(fitted_on) == 6
    for first, second in zip(fitted_on[::2], fitted_on[1::2], strict=True):
        assert len(set(first)) == len(first) == len(second) == size
        assert len({*first} & {*second}) == overlap
    # Every replicate has its own samples.
    assert sample_size == 1 or len(set(map(tuple, fitted_on))) == 6


def test_halves_are_a_partition_of_the_rows(fitted_on: list[list[int]]) -> None:
    X = np.arange(101.0)[:, None]
    assert prediction_strength(Recorder(), X, n_replicates=2, random_state=0) == 1
    for first, second in zip(fitted_on[::2], fitted_on[1::2], strict=True):
        assert sorted(first + second) == list(range(101))
        assert len(first) == 50


def test_true_clusters_are_stable_and_clusters_too_many_are_not() -> None:
    X = three_blobs()
    for score in SCORES:
        values = [
            score(KMeans(k, n_init=5), X, n_replicates=5, random_state=0)
            for k in (3, 5)
        ]
        assert values[0] == pytest.approx(1)
        assert values[1] < 0.8


def test_halves_of_an_elongated_cloud_are_stable_segments() -> None:
    # As the documentation warns: no structure, but one best cut.
    X = np.random.default_rng(0).normal(size=(2000, 2)) * [5, 1]
    options = {"n_replicates": 5, "random_state": 0}
    assert stability_score(KMeans(2, n_init=3), X, **options) > 0.9


def test_one_segment_and_fixed_rules_are_perfectly_stable() -> None:
    X = three_blobs(40)
    for score in SCORES:
        assert score(Constant(), X, n_replicates=2) == 1
        assert score(Constant(-1), X, n_replicates=2) == 1


def test_random_segments_have_a_stability_of_about_0() -> None:
    class Chance(Constant):
        def predict(self, X: Any) -> Any:
            return np.random.default_rng().integers(0, 3, len(X))

    X = np.zeros((3000, 1))
    assert abs(stability_score(Chance(), X, n_replicates=5)) < 0.02
    assert prediction_strength(Chance(), X, n_replicates=2) == pytest.approx(
        1 / 3, abs=0.03
    )


def test_noise_is_one_more_segment_of_the_stability() -> None:
    # Of one clone all rows are noise, of the other half of them.
    class HalfNoise(Constant):
        def fit(self, X: Any, y: Any = None) -> Self:
            self.has_first_ = bool((np.asarray(X)[:, 0] == 0).any())
            return self

        def predict(self, X: Any) -> Any:
            codes = np.full(len(X), -1)
            if self.has_first_:
                codes[np.asarray(X)[:, 0] >= 50] = 0
            return codes

    X = np.arange(100.0)[:, None]
    assert stability_score(HalfNoise(), X, n_replicates=2) == 0


@pytest.mark.parametrize(
    ("own", "predicted", "strength"),
    [
        # 3 pairs of cluster 0, of which 1 is together; cluster 1 is whole.
        ([0, 0, 0, 1, 1], [0, 0, 1, 2, 2], 1 / 3),
        ([0, 0, 0, 1, 1], [4, 4, 4, 4, 4], 1),
        # Noise predicted is together with nothing, noise of one's own is left out.
        ([0, 0, 0, 1, 1], [0, 0, 0, -1, -1], 0),
        ([0, 0, 0, 0], [0, 0, -1, -1], 1 / 6),
        ([0, 0, -1, -1], [0, 0, 1, 2], 1),
        ([-1, -1], [-1, -1], 1),
        ([0, 0, 1], [1, 1, 0], 1),
    ],
)
def test_strength_of_rows_by_hand(
    own: list[int], predicted: list[int], strength: float
) -> None:
    given = np.array(predicted)
    assert strength_of_rows(np.array(own), given) == pytest.approx(strength)
    assert given.tolist() == predicted


@given(
    st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=30)
)
def test_strength_of_rows_counts_pairs(codes: list[tuple[int, int]]) -> None:
    shares = []
    for cluster in {own for own, _ in codes if own >= 0}:
        theirs = [predicted for own, predicted in codes if own == cluster]
        pairs = [(a, b) for i, a in enumerate(theirs) for b in theirs[:i]]
        if pairs:
            shares.append(np.mean([a == b >= 0 for a, b in pairs]))
    own, predicted = np.array(codes).T
    assert strength_of_rows(own, predicted) == pytest.approx(min(shares, default=1))


def test_result_depends_on_random_state_and_not_on_n_jobs() -> None:
    X = three_blobs(60)
    model = KMeans(5, n_init=1, random_state=0)
    for score in SCORES:
        first = score(model, X, n_replicates=3, random_state=0)
        assert first == score(model, X, n_replicates=3, random_state=0)
        assert first != score(model, X, n_replicates=3, random_state=1)
        random = np.random.RandomState(0)
        assert first == score(model, X, n_replicates=3, random_state=random)
        with parallel_config("threading"):
            again = score(model, X, n_replicates=3, random_state=0, n_jobs=2)
        assert first == again


def test_estimator_stays_unfitted() -> None:
    model = KMeans(3)
    for score in SCORES:
        score(model, three_blobs(60), n_replicates=1)
        assert not hasattr(model, "labels_")


def test_frames_of_any_kind_give_the_same(make_frame: Callable[..., Any]) -> None:
    X = three_blobs(60)
    frame = make_frame({"a": X[:, 0].tolist(), "b": X[:, 1].tolist()})
    model = make_pipeline(StandardScaler(), KMeans(4, n_init=1, random_state=0))
    for score in SCORES:
        options = {"n_replicates": 2, "random_state": 0}
        assert score(model, frame, **options) == score(model, X, **options)


def test_segmenters_on_frames_with_other_columns_and_pyarrow_tables() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "recency": rng.integers(1, 300, 200),
            "frequency": rng.integers(1, 20, 200),
            "monetary": rng.gamma(2, 50, 200),
        }
    )
    for X in (frame, pa.Table.from_pandas(frame)):
        score = stability_score(RFMSegmenter(), X, n_replicates=2, random_state=0)
        assert 0.3 < score < 1


@pytest.mark.parametrize("score", SCORES)
def test_estimators_without_predict_raise(score: Any) -> None:
    X = three_blobs(40)
    for model in (DBSCAN(), make_pipeline(StandardScaler(), DBSCAN()), KMeans, None):
        with pytest.raises(ValueError, match=f"{score.__name__} needs an estimator"):
            score(model, X)


@pytest.mark.parametrize("score", SCORES)
def test_wrong_parameters_and_too_few_rows_raise(score: Any) -> None:
    for value in (0, 1.5, True, None):
        with pytest.raises(ValueError, match="'n_replicates' parameter of"):
            score(KMeans(2), three_blobs(40), n_replicates=value)
    with pytest.raises(ValueError, match="at least"):
        score(KMeans(2), three_blobs(3))


@pytest.mark.parametrize("value", [0, 1.1, True, None, np.nan, "half"])
def test_wrong_sample_size_raises(value: Any) -> None:
    message = r"'sample_size' parameter of stability_score must be a number in \(0, 1\]"
    with pytest.raises(ValueError, match=message):
        stability_score(KMeans(2), three_blobs(40), sample_size=value)


def test_segments_that_are_no_codes_raise() -> None:
    class Named(Constant):
        def predict(self, X: Any) -> Any:
            return np.full(len(X), "a")

    with pytest.raises(ValueError, match="stability_score needs segments as integer"):
        stability_score(Named(), three_blobs(40))
