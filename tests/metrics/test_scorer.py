"""make_segment_scorer: what is legal, what it measures, and searches that use it."""

from __future__ import annotations

import math
import pickle
import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.datasets import make_blobs, make_moons
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import InductiveSegmenter, MECERuleSegmenter
from skseg.exceptions import InvalidDataError
from skseg.metrics import (
    largest_share,
    make_profit_scorer,
    make_segment_scorer,
    n_segments,
    noise_share,
    smallest_share,
    stability_score,
)

FOLDS = KFold(3, shuffle=True, random_state=0)
ILLEGAL = -1e100


class FirstColumn(BaseEstimator):
    """Takes the first column for the code."""

    def fit(self, X: Any, y: Any = None) -> Self:
        self.labels_ = self.predict(X)
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X)[:, 0].astype(int)


def with_codes(*sizes: int, noise: int = 0) -> np.ndarray:
    """Rows whose first column is their code, with a second column that varies."""
    codes = np.repeat([*range(len(sizes)), -1], [*sizes, noise])
    return np.c_[codes, np.arange(len(codes)) % 7]


def blobs(n: int = 300, k: int = 4) -> np.ndarray:
    angles = np.arange(k) * 2 * np.pi / k
    centers = 6 * np.c_[np.cos(angles), np.sin(angles)]
    X, _ = make_blobs(n, centers=centers, cluster_std=0.7, random_state=0)
    return X


def first_metric(X: np.ndarray, codes: np.ndarray) -> float:
    return float(codes.mean())


def fitted(X: np.ndarray) -> FirstColumn:
    return FirstColumn().fit(X)


@pytest.mark.parametrize(
    ("bounds", "X", "is_legal"),
    [
        ({}, with_codes(50, 50), True),
        ({}, with_codes(60, 40), True),
        ({}, with_codes(61, 39), False),
        ({}, with_codes(50, 45, 5), True),
        ({}, with_codes(50, 46, 4), False),
        ({}, with_codes(35, 35, noise=30), True),
        ({}, with_codes(35, 34, noise=31), False),
        # Shares are of all rows: of the rows inside, 44 are 62 %.
        ({}, with_codes(44, 27, noise=29), True),
        ({"max_size": None}, with_codes(95, 5), True),
        ({"max_size": None, "min_size": None}, with_codes(98, 2), True),
        ({"max_noise": None}, with_codes(6, 6, noise=88), True),
        ({"max_noise": 0}, with_codes(50, 49, noise=1), False),
        ({"max_size": None}, with_codes(100), False),
        ({"max_size": None, "max_noise": None}, with_codes(0, 0, noise=9), False),
        # As many segments as rows have no silhouette.
        ({"min_size": None}, with_codes(1, 1, 1, 1), False),
        ({"max_size": 0.4}, with_codes(50, 50), False),
        ({"max_size": 0.4}, with_codes(40, 40, noise=20), True),
        # An int is a number of rows; each is among the training rows and held out.
        ({"min_size": 8}, with_codes(50, 46, 4), True),
        ({"min_size": 9}, with_codes(50, 46, 4), False),
        ({"max_size": 122, "min_size": 0.05}, with_codes(61, 39), True),
        ({"max_size": 121}, with_codes(61, 39), False),
    ],
)
def test_bounds_are_shares_of_all_rows_or_numbers_of_rows_and_inclusive(
    bounds: dict[str, Any], X: np.ndarray, is_legal: bool
) -> None:
    score = make_segment_scorer(**bounds)(fitted(X), X)
    assert (score != ILLEGAL) == is_legal
    assert math.isfinite(score)


@pytest.mark.parametrize(
    ("trained_on", "held_out", "is_legal"),
    [
        # 8 and 10 of 200 rows, though the fold alone has 12 % and 2 %.
        (with_codes(75, 73, 2), with_codes(22, 22, 6), False),
        (with_codes(75, 66, 9), with_codes(25, 24, 1), True),
        # No held-out row is among the outliers that are a segment.
        (with_codes(100, 97, 3), with_codes(25, 25), False),
        # Of 250 rows 150 are 60 %, and 151 more.
        (with_codes(110, 90), with_codes(40, 10), True),
        (with_codes(110, 90), with_codes(41, 9), False),
        # Noise is that of the held-out rows alone, and no segment.
        (with_codes(20, 20, noise=160), with_codes(25, 25), True),
        (with_codes(50, 50, noise=99), with_codes(25, 25), True),
        (with_codes(100, 100), with_codes(10, 10, noise=9), False),
        # One segment has no distances.
        (with_codes(50, 50), with_codes(9), False),
    ],
)
def test_shares_are_those_of_training_and_held_out_rows_together(
    trained_on: np.ndarray, held_out: np.ndarray, is_legal: bool
) -> None:
    for estimator in (
        fitted(trained_on),
        make_pipeline("passthrough", FirstColumn()).fit(trained_on),
        FrozenEstimator(fitted(trained_on)),
        FrozenEstimator(make_pipeline(FirstColumn()).fit(trained_on)),
        GridSearchCV(FirstColumn(), {}, scoring=lambda *_: 0, cv=2).fit(trained_on),
    ):
        score = make_segment_scorer(metric=first_metric)(estimator, held_out)
        assert (score != ILLEGAL) == is_legal


def test_mixture_without_labels_is_known_by_the_held_out_rows() -> None:
    X = blobs()
    mixture = GaussianMixture(4, random_state=0).fit(X)
    expected = silhouette_score(X, mixture.predict(X))
    assert make_segment_scorer()(mixture, X) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "reference", "sign"),
    [
        ("silhouette", silhouette_score, 1),
        ("calinski_harabasz", calinski_harabasz_score, 1),
        ("davies_bouldin", davies_bouldin_score, -1),
        (calinski_harabasz_score, calinski_harabasz_score, 1),
    ],
)
def test_distances_are_those_behind_the_scaler_without_noise(
    metric: Any, reference: Any, sign: int
) -> None:
    X = blobs() * [1, 1000]
    model = make_pipeline(StandardScaler(), KMeans(4, n_init=2, random_state=0)).fit(X)
    scaled = model[0].transform(X)
    expected = sign * reference(scaled, model.predict(X))
    assert make_segment_scorer(metric)(model, X) == pytest.approx(expected)
    noisy = with_codes(40, 40, noise=20)
    inside = noisy[:80]
    expected = sign * reference(inside, inside[:, 0])
    assert make_segment_scorer(metric)(fitted(noisy), noisy) == pytest.approx(expected)


def test_stability_is_that_of_clones_on_the_held_out_rows() -> None:
    X = blobs()
    model = KMeans(4, random_state=0).fit(X[:200])
    scorer = make_segment_scorer("stability", n_replicates=3, random_state=5)
    expected = stability_score(model, X[200:], n_replicates=3, random_state=5)
    assert scorer(model, X[200:]) == expected


def test_prediction_strength_is_1_if_own_clusters_are_predicted_and_low_if_not() -> (
    None
):
    X = blobs()
    scorer = make_segment_scorer("prediction_strength", min_size=None)
    good = KMeans(4, n_init=5, random_state=0)
    assert scorer(good.fit(X[:150]), X[150:]) == 1
    many = KMeans(9, n_init=5, random_state=0)
    assert scorer(many.fit(X[:150]), X[150:]) < 0.8


def test_score_ignores_y_and_takes_frames() -> None:
    X = blobs()
    scorer = make_segment_scorer()
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = KMeans(4, random_state=0).fit(frame)
    assert scorer(model, frame, ["any"] * len(X)) == scorer(model, frame)
    model = KMeans(4, random_state=0).fit(pl.DataFrame(X, ["a", "b"]))
    assert scorer(model, pl.DataFrame(X, ["a", "b"])) == scorer(model, frame)


@given(
    legal=st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=10),
    best=st.floats(-1e12, 1e12),
)
def test_candidate_illegal_in_one_fold_is_below_any_that_is_legal_in_all(
    legal: list[float], best: float
) -> None:
    broken = [make_segment_scorer()(fitted(X), X) for X in [with_codes(97, 3)]]
    assert np.mean(broken + [best] * (len(legal) - 1)) < np.mean(legal)


def test_search_finds_the_number_of_blobs() -> None:
    X = blobs()
    for metric in ("silhouette", "calinski_harabasz", "davies_bouldin"):
        search = GridSearchCV(
            KMeans(n_init=3, random_state=0),
            {"n_clusters": [2, 3, 4, 5, 6]},
            scoring=make_segment_scorer(metric),
            cv=FOLDS,
        ).fit(X)
        assert search.best_params_ == {"n_clusters": 4}, metric


def test_score_of_kmeans_prefers_more_clusters_whatever_the_rows() -> None:
    grid = {"n_clusters": [2, 4, 8, 16]}
    search = GridSearchCV(KMeans(n_init=3, random_state=0), grid, cv=FOLDS)
    assert search.fit(blobs()).best_params_ == {"n_clusters": 16}


def test_one_grid_over_clusterers_in_a_pipeline_finds_the_right_one() -> None:
    # Two crescents, in units that only scaling makes comparable, and some strays.
    X, _ = make_moons(600, noise=0.05, random_state=0)
    strays = np.random.default_rng(0).uniform([-1.5, -1], [2.5, 1.5], (12, 2))
    X = np.r_[X, strays] * [1, 1000]
    true = np.r_[make_moons(600, noise=0.05, random_state=0)[1], np.full(12, -1)]
    grid = [
        {"cluster": [KMeans(n_init=3, random_state=0)], "cluster__n_clusters": [2, 3]},
        {
            "cluster": [
                InductiveSegmenter(DBSCAN(min_samples=8)),
            ],
            "cluster__clusterer__eps": [0.1, 0.25, 3],
        },
        {
            "cluster": [InductiveSegmenter(HDBSCAN(copy=True))],
            "cluster__clusterer__min_cluster_size": [20, 40],
        },
    ]
    search = GridSearchCV(
        Pipeline([("scale", StandardScaler()), ("cluster", KMeans())]),
        grid,
        scoring=make_segment_scorer("prediction_strength"),
        cv=FOLDS,
    ).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert adjusted_rand_score(true, search.predict(X)) > 0.95
    # At a radius of 0.1 too much is noise, at 3 all rows are one segment.
    scores = search.cv_results_["mean_test_score"]
    assert [score < 0 for score in scores] == [False] * 2 + [True, False, True] + [
        False
    ] * 2


def plain_silhouette(estimator: Any, X: Any, y: Any = None) -> float:
    return float(silhouette_score(X, estimator.predict(X)))


def test_plain_silhouette_chooses_the_outliers_and_the_bounded_one_does_not() -> None:
    rng = np.random.default_rng(0)
    X = np.r_[blobs(), rng.normal([60, 60], 4, (18, 2))]
    segmenter = InductiveSegmenter(DBSCAN(min_samples=4))
    sizes = []
    for scoring in (plain_silhouette, make_segment_scorer()):
        search = GridSearchCV(
            segmenter, {"clusterer__eps": [0.9, 12]}, scoring=scoring, cv=FOLDS
        ).fit(X)
        sizes.append(search.best_estimator_.segments_["n"].tolist())
    assert sizes[0] == [300, 18, 0]
    assert len(sizes[1]) == 5
    assert min(sizes[1][:4]) > 65


def test_multimetric_with_metadata_routing_and_without_gives_the_same() -> None:
    X = blobs()
    scoring = {
        "ours": make_segment_scorer(),
        "db": make_segment_scorer("davies_bouldin"),
    }
    results = []
    for routing in (False, True):
        with config_context(enable_metadata_routing=routing):
            model = make_pipeline(StandardScaler(), KMeans(4, random_state=0))
            # scikit-learn 1.6.0 needs params where routing is on.
            options = {"cv": FOLDS, "params": {}}
            both = cross_validate(model, X, scoring=scoring, **options)
            alone = cross_validate(model, X, scoring=scoring["ours"], **options)
            search = GridSearchCV(
                model,
                {"kmeans__n_clusters": [3, 4]},
                scoring=scoring,
                refit="ours",
                cv=FOLDS,
            ).fit(X)
        assert search.best_params_ == {"kmeans__n_clusters": 4}
        np.testing.assert_array_equal(both["test_ours"], alone["test_score"])
        results.append([both["test_ours"], both["test_db"]])
    np.testing.assert_array_equal(results[0], results[1])


def test_weights_of_the_fit_do_not_reach_the_scorer() -> None:
    X = blobs()
    weight = np.ones(len(X))
    scorer = make_segment_scorer()
    search = GridSearchCV(
        KMeans(random_state=0),
        {"n_clusters": [3, 4]},
        scoring={"ours": scorer, "again": scorer},
        refit="ours",
        cv=FOLDS,
    )
    with warnings.catch_warnings():
        # Which scikit-learn says, from 1.8 on, of every scorer.
        warnings.filterwarnings("ignore", ".*does not support sample_weight")
        search.fit(X, sample_weight=weight)
    assert search.best_params_ == {"n_clusters": 4}


def test_all_candidates_illegal_gives_finite_scores_and_no_warning() -> None:
    X = blobs()
    scorer = make_segment_scorer(max_size=0.1)
    grid = {"n_clusters": [2, 4]}
    search = GridSearchCV(KMeans(random_state=0), grid, scoring=scorer, cv=FOLDS).fit(X)
    assert search.best_score_ == ILLEGAL
    assert np.isfinite(search.cv_results_["std_test_score"]).all()


def test_search_with_a_clusterer_that_cannot_predict_says_what_to_do() -> None:
    X = blobs()
    message = r"needs an estimator with predict.*Got DBSCAN\(eps=1\)\. Inductive"
    with pytest.raises(ValueError, match=message):
        make_segment_scorer()(DBSCAN(eps=1).fit(X), X)
    model = make_pipeline(StandardScaler(), AgglomerativeClustering()).fit(X)
    with pytest.raises(ValueError, match="needs an estimator with predict"):
        make_segment_scorer("stability")(model, X)


def test_segments_that_are_no_codes_and_a_metric_that_is_nan_raise() -> None:
    class Named(FirstColumn):
        def predict(self, X: Any) -> Any:
            return np.array(["a", "b"])[super().predict(X)]

    X = with_codes(50, 50)
    with pytest.raises(ValueError, match=r"integer codes.*Got <U1 of shape \(100,\)"):
        make_segment_scorer()(Named(), X)
    scorer = make_segment_scorer(lambda X, codes: np.nan)
    with pytest.raises(ValueError, match=r"metric of .* must be finite. Got nan"):
        scorer(fitted(X), X)


def test_distances_of_text_raise_and_name_the_scorer() -> None:
    frame = pd.DataFrame({"code": [0, 1] * 50, "text": ["a", "b"] * 50})
    model = FirstColumn().fit(frame)
    with pytest.raises(ValueError, match="make_segment_scorer measures distances"):
        make_segment_scorer()(model, frame)
    # Stability knows no distances.
    assert make_segment_scorer("stability")(model, frame) == 1


def test_scorer_is_picklable_comparable_and_prints_its_parameters() -> None:
    for metric in ("stability", first_metric):
        scorer = make_segment_scorer(metric, max_noise=None, random_state=3)
        again = pickle.loads(pickle.dumps(scorer))
        assert again == scorer
        X = blobs()
        model = KMeans(4, random_state=0).fit(X)
        assert again(model, X) == scorer(model, X)
    assert repr(make_segment_scorer()) == "make_segment_scorer('silhouette')"
    assert repr(scorer) == (
        "make_segment_scorer(first_metric, max_noise=None, random_state=3)"
    )


def test_callable_metric_gets_rows_and_codes_without_noise() -> None:
    seen = []

    def metric(X: np.ndarray, codes: np.ndarray) -> float:
        seen.append((X, codes))
        return 1

    X = with_codes(40, 40, noise=20)
    assert make_segment_scorer(metric)(fitted(X), X) == 1
    np.testing.assert_array_equal(seen[0][0], X[:80])
    np.testing.assert_array_equal(seen[0][1], X[:80, 0])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"metric": "inertia"}, "'metric' .* must be 'silhouette' or .*Got 'inertia'"),
        ({"min_size": 0.6}, r"'min_size' .* or a float in \(0, 0.5\]. Got 0.6"),
        ({"min_size": True}, "'min_size'"),
        ({"max_size": 0}, r"'max_size' .* an int in \[1, inf\) or a float .* Got 0"),
        ({"max_size": 0.04}, "'max_size' .* at least min_size=0.05. Got 0.04"),
        ({"max_size": 9, "min_size": 10}, "at least min_size=10. Got 9"),
        ({"max_size": 0.2, "min_size": 0.3}, "at least min_size=0.3. Got 0.2"),
        ({"max_size": 1.1}, "'max_size'"),
        ({"max_noise": -0.1}, r"'max_noise' .* in \[0, 1\]. Got -0.1"),
        ({"max_noise": np.nan}, "'max_noise'"),
        ({"illegal": -np.inf}, "'illegal' .* a finite number or nan. Got -inf"),
        ({"illegal": None}, "'illegal'"),
        ({"illegal": True}, "'illegal'"),
        ({"metric": lambda X: 0.0}, r"'metric' .* a callable metric\(X, codes\) or"),
        ({"metric": lambda X, codes, y, z: 0.0}, r"or metric\(X, codes, y\)"),
        ({"n_replicates": 0}, "'n_replicates'"),
        ({"random_state": "x"}, "cannot be used to seed"),
    ],
)
def test_wrong_parameters_raise_when_the_scorer_is_made(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_segment_scorer(**parameters)


def test_score_of_illegal_segments_can_be_chosen() -> None:
    X = with_codes(97, 3)
    assert make_segment_scorer(illegal=-1)(fitted(X), X) == -1


def test_estimator_is_left_as_it_was() -> None:
    X = blobs()
    model = KMeans(4, random_state=0).fit(X)
    before = model.cluster_centers_.copy()
    for metric in ("stability", "prediction_strength", "silhouette"):
        make_segment_scorer(metric)(model, X[:100])
    np.testing.assert_array_equal(model.cluster_centers_, before)


@pytest.mark.parametrize(
    "scorer",
    [
        make_segment_scorer(),
        make_segment_scorer("explained_variance"),
        make_segment_scorer().explain,
        make_profit_scorer([30, 45], cost=[0, 4]),
        n_segments,
        smallest_share,
        largest_share,
        noise_share,
    ],
    ids=[
        "silhouette",
        "explained variance",
        "explain",
        "profit",
        "n_segments",
        "smallest",
        "largest",
        "noise",
    ],
)
def test_no_rows_have_no_score(scorer: Any) -> None:
    X = pd.DataFrame({"aov": [1.0, 2.0, 30.0, 40.0]})
    rules = MECERuleSegmenter({"Rich": "aov > 10"}, default="Poor").fit(X)
    with pytest.raises(InvalidDataError, match="at least one held-out row") as error:
        scorer(rules, X[:0], [])
    assert error.value.name == "X"
