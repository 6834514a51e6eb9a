"""Broken bounds: which, by which segment, by how much; and sizes as scorers."""

from __future__ import annotations

import math
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from skseg import MECERuleSegmenter
from skseg.metrics import (
    largest_share,
    make_segment_scorer,
    n_segments,
    noise_share,
    smallest_share,
)
from skseg.metrics._size_bounds import SizeBounds

from .test_scorer import FOLDS, FirstColumn, blobs, fitted, with_codes

SIZES = {
    "n_segments": n_segments,
    "smallest_share": smallest_share,
    "largest_share": largest_share,
    "noise_share": noise_share,
}


def rows_of(report: Any) -> list[tuple[Any, ...]]:
    columns = ["bound", "code", "name", "value", "limit", "excess"]
    return [tuple(row) for row in report.table[columns].itertuples(index=False)]


@pytest.mark.parametrize(
    ("bounds", "X", "expected"),
    [
        ({}, with_codes(50, 50), []),
        (
            {},
            with_codes(97, 3),
            [
                ("max_size", 0, None, 194, 120.0, 74),
                ("min_size", 1, None, 6, 10.0, 4),
            ],
        ),
        ({}, with_codes(50, 47, 3), [("min_size", 2, None, 6, 10.0, 4)]),
        ({}, with_codes(30, 30, noise=40), [("max_noise", -1, None, 40, 30.0, 10)]),
        ({"min_size": 9}, with_codes(50, 46, 4), [("min_size", 2, None, 8, 9.0, 1)]),
        ({"max_size": 99}, with_codes(50, 50), [
            ("max_size", 0, None, 100, 99.0, 1),
            ("max_size", 1, None, 100, 99.0, 1),
        ]),
        # 7.07 rows of 101 in a share of 0.07: 8 are legal, 7 are not.
        ({"min_size": 0.07, "max_size": None}, with_codes(47, 47, 7), [
            ("min_size", 2, None, 14, 14.14, 1),
        ]),
    ],
    ids=["none", "both", "small", "noise", "rows", "large", "fraction"],
)  # fmt: skip
def test_every_broken_bound_is_told_with_its_segment_and_excess(
    bounds: dict[str, Any], X: np.ndarray, expected: list[Any]
) -> None:
    scorer = make_segment_scorer(**bounds)
    report = scorer.explain(fitted(X), X)
    assert rows_of(report) == expected
    assert report.is_legal == (not expected)
    assert (report.n_rows, report.n_held_out) == (2 * len(X), len(X))


@pytest.mark.parametrize(("X", "n", "limit"), [
    (with_codes(100), 1, 2.0),
    (with_codes(0, 0, noise=9), 0, 2.0),
    (with_codes(1, 1, 1, 1), 4, 3.0),
])  # fmt: skip
def test_too_few_segments_and_too_many_are_told(
    X: np.ndarray, n: int, limit: float
) -> None:
    scorer = make_segment_scorer(min_size=None, max_size=None, max_noise=None)
    report = scorer.explain(fitted(X), X)
    assert report.table["bound"].tolist() == ["n_segments"]
    assert report.table["code"].isna().all()
    assert report.table.loc[0, ["value", "limit"]].tolist() == [n, limit]


def test_the_report_reads_as_sentences_with_the_names_of_segments() -> None:
    X = pd.DataFrame({"aov": [10.0] * 97 + [500.0] * 3})
    model = MECERuleSegmenter({"Poor": "aov < 90"}, default="Rich").fit(X)
    report = make_segment_scorer().explain(model, X)
    assert str(report) == (
        "max_size=0.6: segment 0 ('Poor') has 194 of 200 held-out and training rows "
        "(97.0%), 74 too many.\n"
        "min_size=0.05: segment 1 ('Rich') has 6 of 200 held-out and training rows "
        "(3.0%), 4 too few."
    )
    assert "<table" in report._repr_html_()
    X = with_codes(30, 29, noise=41)
    report = make_segment_scorer().explain(fitted(X), X, None)
    assert str(report) == (
        "max_noise=0.3: noise has 41 of 100 held-out rows (41.0%), 11 too many."
    )
    X = with_codes(100)
    assert "n_segments: 1 with held-out rows" in str(
        make_segment_scorer().explain(fitted(X), X)
    )
    X = with_codes(50, 50)
    legal = make_segment_scorer().explain(fitted(X), X)
    assert str(legal) == "All bounds are met."
    assert "All bounds are met." in legal._repr_html_()


@given(
    held_out=st.lists(st.integers(-1, 4), min_size=1, max_size=30),
    trained=st.lists(st.integers(-1, 4), max_size=30),
    min_size=st.sampled_from([None, 1, 3, 0.07, 0.2]),
    max_size=st.sampled_from([None, 9, 0.3, 0.61]),
    max_noise=st.sampled_from([None, 0, 0.1, 0.35]),
)
def test_a_score_is_illegal_if_and_only_if_the_report_says_so(
    held_out: list[int], trained: list[int], **limits: Any
) -> None:
    bounds = SizeBounds(**limits)
    known = np.array(held_out + trained)
    all_broken = bounds.all_broken(np.array(held_out), known)
    from skseg._search.clusters._segment_sizes import segment_sizes

    first = bounds.broken_by(segment_sizes(np.array(held_out)), segment_sizes(known))
    assert bool(first) == bool(all_broken)
    for item in all_broken:
        assert item.value != item.limit


# NaN for segments that break a bound


def test_nan_for_broken_bounds_is_ranked_last_and_does_not_hide_other_scores() -> None:
    X = blobs()
    search = GridSearchCV(
        KMeans(n_init=3, random_state=0),
        {"n_clusters": [2, 4, 40]},
        scoring=make_segment_scorer(illegal=math.nan, max_size=None),
        cv=FOLDS,
    )
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert np.isnan(scores).tolist() == [False, False, True]
    assert search.best_params_ == {"n_clusters": 4}
    assert search.cv_results_["rank_test_score"].tolist() == [2, 1, 3]


@pytest.mark.parametrize("illegal", [math.nan, np.nan, np.float32("nan"), float("nan")])
def test_scorers_with_nan_are_equal_and_print_it(illegal: float) -> None:
    scorer = make_segment_scorer(illegal=illegal)
    assert scorer == make_segment_scorer(illegal=math.nan)
    assert repr(scorer) == "make_segment_scorer('silhouette', illegal=nan)"


# Sizes as scorers


def test_sizes_are_those_that_the_bounds_judge() -> None:
    model = FirstColumn().fit(with_codes(60, 30, noise=10))
    X = with_codes(50, 40, noise=10)
    values = {name: scorer(model, X) for name, scorer in SIZES.items()}
    assert values == {
        "n_segments": 2,
        "smallest_share": 0.35,
        "largest_share": 0.55,
        "noise_share": 0.1,
    }
    X = with_codes(0, noise=9)
    model = FirstColumn().fit(X)
    assert [n_segments(model, X), noise_share(model, X)] == [0, 1]
    assert np.isnan([smallest_share(model, X), largest_share(model, X)]).all()


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routing"])
def test_sizes_are_seen_beside_the_score_of_a_search(routing: bool) -> None:
    X = blobs()
    scoring = {"score": make_segment_scorer(), **SIZES}
    with config_context(enable_metadata_routing=routing):
        search = GridSearchCV(
            KMeans(n_init=3, random_state=0),
            {"n_clusters": [3, 4]},
            scoring=scoring,
            refit="score",
            cv=KFold(2, shuffle=True, random_state=0),
        ).fit(X)
    table = pd.DataFrame(search.cv_results_)
    assert table["mean_test_n_segments"].tolist() == [3, 4]
    assert (table["mean_test_smallest_share"] <= 0.34).all()
    assert (table["mean_test_largest_share"] >= 0.25).all()
    assert (table["mean_test_noise_share"] == 0).all()


def test_sizes_take_no_weights_when_fit_gets_some() -> None:
    X = blobs()
    search = GridSearchCV(
        KMeans(random_state=0),
        {"n_clusters": [3, 4]},
        scoring={"score": make_segment_scorer(), **SIZES},
        refit="score",
        cv=FOLDS,
    )
    with warnings.catch_warnings():
        # Which scikit-learn says, from 1.8 on, of every scorer.
        warnings.filterwarnings("ignore", ".*does not support sample_weight")
        search.fit(X, sample_weight=np.ones(len(X)))
    assert search.best_params_ == {"n_clusters": 4}


def test_sizes_are_computed_in_parallel_processes() -> None:
    X = blobs(90)
    model = KMeans(3, n_init=1, random_state=0)
    alone, together = (
        cross_validate(model, X, cv=2, scoring=SIZES, n_jobs=n) for n in (1, 2)
    )
    for name in SIZES:
        np.testing.assert_array_equal(alone[f"test_{name}"], together[f"test_{name}"])


def test_a_search_says_which_bound_a_candidate_broke() -> None:
    X, _ = make_blobs(300, centers=[[0, 0], [0, 9], [9, 0]], random_state=0)
    scorer = make_segment_scorer(max_size=0.45, min_size=0.2)
    bounds = scorer.bound_scorers()
    assert list(bounds) == ["n_segments", "max_noise", "max_size", "min_size"]
    search = GridSearchCV(
        KMeans(random_state=0),
        {"n_clusters": [1, 2, 3, 8]},
        scoring={"score": scorer, **bounds},
        refit="score",
        cv=FOLDS,
    ).fit(X)
    assert search.best_params_ == {"n_clusters": 3}
    results = pd.DataFrame(search.cv_results_)
    is_broken = results[[f"mean_test_{bound}" for bound in bounds]] > 0
    assert is_broken.to_numpy().tolist() == [
        [True, False, True, False],
        [False, False, True, False],
        [False, False, False, False],
        [False, False, False, True],
    ]


def test_a_bound_is_scored_by_its_largest_excess() -> None:
    X = with_codes(47, 47, 3, 3)
    scorer = make_segment_scorer(min_size=0.05)
    report = scorer.explain(fitted(X), X).table
    scores = {
        bound: score(fitted(X), X) for bound, score in scorer.bound_scorers().items()
    }
    assert scores == {"n_segments": 0, "max_noise": 0, "max_size": 0, "min_size": 4}
    assert report["excess"].max() == 4


@pytest.mark.parametrize("bound", ["n_segments", "max_noise", "max_size", "min_size"])
def test_scorers_of_bounds_are_pickled_and_take_no_weights(bound: str) -> None:
    scorer = make_segment_scorer(min_size=7).bound_scorers()[bound]
    assert pickle.loads(pickle.dumps(scorer)) == scorer
    assert not scorer._accept_sample_weight()
