"""RuleSurrogate in pipelines and searches: score, columns and training rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RuleSurrogate,
)
from skseg._clusters._fidelity import kappa

CODES = hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(-1, 3))


@given(codes=CODES, data=st.data())
def test_kappa_is_that_of_scikit_learn_and_zero_for_one_code(
    codes: Any, data: st.DataObject
) -> None:
    labels = data.draw(hnp.arrays(np.int64, len(codes), elements=st.integers(-1, 3)))
    weight = data.draw(hnp.arrays(np.int64, len(codes), elements=st.integers(1, 4)))
    if len({*codes, *labels}) == 1:
        assert kappa(codes, labels, weight) == 0
        return
    expected = cohen_kappa_score(codes, labels, sample_weight=weight)
    assert kappa(codes, labels, weight) == pytest.approx(expected)
    assert kappa(codes, labels, None) == pytest.approx(cohen_kappa_score(codes, labels))


@pytest.mark.parametrize("n_segments", [1, 2, 5])
def test_score_is_corrected_for_chance_and_fidelity_is_not(n_segments: int) -> None:
    X, _ = make_blobs(300, 4, centers=5, random_state=0)
    surrogate = RuleSurrogate(KMeans(n_segments, random_state=0), random_state=0)
    surrogate.fit(X)
    assert surrogate.fidelity_ > 0.97
    if n_segments == 1:
        assert surrogate.score(X) == 0
    else:
        assert 0.95 < surrogate.score(X) <= 1


@pytest.mark.parametrize("nothing", [KMeans(1), DBSCAN(eps=1e-9), DBSCAN(eps=1e9)])
def test_a_search_does_not_choose_one_segment_of_everybody(nothing: Any) -> None:
    X, _ = make_blobs(200, 3, centers=3, random_state=0)
    inner = [InductiveSegmenter(c) for c in (nothing, KMeans(3, random_state=0))]
    search = GridSearchCV(RuleSurrogate(random_state=0), {"estimator": inner}, cv=3)
    search.fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == 0 < scores[1]


def test_onehot_has_no_column_for_a_segment_without_a_rule() -> None:
    X = pd.DataFrame({"x": [1.0, 1, 1, 5, 5, 5], "y": 0.0})
    twins = InductiveSegmenter(KMeans(2, random_state=0))
    surrogate = RuleSurrogate(twins, random_state=0).fit(X)
    names = surrogate.get_feature_names_out().tolist()
    assert names == ["Segment 0", "Segment 1", "Unknown"]
    assert surrogate.transform(pd.DataFrame({"x": [np.nan], "y": [0.0]})).tolist() == [
        [0, 0, 1]
    ]


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
def test_noise_has_a_column(encode: str) -> None:
    X = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [90.0]])
    surrogate = RuleSurrogate(
        DBSCAN(eps=0.5, min_samples=3), encode=encode, random_state=0
    )
    out = surrogate.fit_transform(X)
    names = surrogate.get_feature_names_out().tolist()
    if encode == "ordinal":
        assert (names, out[:, 0].tolist()) == (["segment"], [0, 0, 0, 0, 0, -1])
    else:
        assert names == ["Segment 0", "Unknown", "Noise"]
        assert out[-1].tolist() == [0, 0, 1]
    frame = surrogate.set_output(transform="pandas").transform(X)
    if encode == "ordinal":
        assert frame["segment"].tolist() == ["Segment 0"] * 5 + ["Noise"]


def rows(seed: int, n: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, and an outcome that has nothing to do with them."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.integers(0, 2, n)


TREE = DecisionTreeClassifier(min_samples_leaf=5, random_state=0)
SUPERVISED = {
    "tree": (TREE, "numbers", 0.6),
    "tree in a pipeline": (make_pipeline(StandardScaler(), TREE), "numbers", 0.6),
    "tiers": (
        PropensityBinner(
            TREE, OptimalRevenueBinner(2, revenue=[30, 45], cost=[0, 20]), cv=2
        ),
        "text",
        # Its own tiers are cut out of fold.
        0.5,
    ),
}


@pytest.mark.parametrize(
    ("segmenter", "labels", "optimism"), SUPERVISED.values(), ids=SUPERVISED.keys()
)
def test_training_rows_of_a_supervised_segmenter_do_not_know_their_outcome(
    segmenter: Any, labels: str, optimism: float
) -> None:
    of_training, of_fit = [], []
    for seed in range(2):
        X, y = rows(seed)
        if labels == "text":
            y = np.where(y == 1, "yes", "no")
        surrogate = RuleSurrogate(segmenter, max_rules=30, random_state=0)
        columns = surrogate.fit_transform(X, y)
        for areas, features in (
            (of_training, columns),
            (of_fit, surrogate.transform(X)),
        ):
            model = LogisticRegression().fit(features, y)
            areas.append(roc_auc_score(y, model.predict_proba(features)[:, 1]))
    # A segment learned by chance is no better than chance for rows held out.
    assert np.mean(of_training) < 0.57
    assert np.mean(of_fit) >= optimism


def test_training_rows_of_clusterers_are_as_new_rows() -> None:
    X, y = rows(0)
    for inner in (
        KMeans(3, random_state=0),
        make_pipeline(StandardScaler(), KMeans(3, random_state=0)),
        MECERuleSegmenter({"A": "x0 > q(0.5)"}, default="B"),
        FrozenEstimator(DecisionTreeClassifier(max_depth=2).fit(X, y)),
    ):
        surrogate = RuleSurrogate(inner, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = surrogate.fit_transform(X, y)
        np.testing.assert_array_equal(out, surrogate.transform(X))


def test_no_rows_have_no_codes() -> None:
    for X in (rows(0)[0], pd.DataFrame(rows(0)[0], columns=["a", "b", "c"])):
        surrogate = RuleSurrogate(KMeans(3, random_state=0), random_state=0).fit(X)
        assert surrogate.predict(X[:0]).shape == (0,)
        assert surrogate.transform(X[:0]).shape == (0, 4)


def test_unknown_encodings_are_refused() -> None:
    with pytest.raises(ValueError, match="'encode' parameter of RuleSurrogate must be"):
        RuleSurrogate(KMeans(2), encode="distances").fit(rows(0)[0])
