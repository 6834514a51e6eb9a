"""Outcomes of RFM segments: numbers, two labels, and what has no effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skseg import RFMSegmenter
from skseg.exceptions import InvalidDataError, InvalidParameterError
from tests.rfm.customers import customer_table

X = customer_table()
FLAGS = np.random.default_rng(0).random(len(X)) < 1 / (1 + X["recency"] / 60)
WORDS = np.where(FLAGS, "yes", "no")
THREE = np.array(["a", "b", "c"] * 100)

LABELS: dict[str, Callable[[Any], Any]] = {
    "array of text": np.asarray,
    "array of objects": lambda y: np.array(y, dtype=object),
    "list": lambda y: y.tolist(),
    "series": pd.Series,
    "category": lambda y: pd.Series(y, dtype="category"),
    "reversed category": lambda y: pd.Series(
        pd.Categorical(y, categories=["yes", "no"])
    ),
    "string": lambda y: pd.array(y, dtype="string"),
    "pyarrow": lambda y: pa.array(y.tolist()),
    "dictionary": lambda y: pa.array(y.tolist()).dictionary_encode(),
    "polars": pl.Series,
    "polars category": lambda y: pl.Series(y, dtype=pl.Categorical),
    "polars enum": lambda y: pl.Series(y, dtype=pl.Enum(["yes", "no"])),
}


@pytest.mark.parametrize("kind", LABELS)
def test_two_labels_are_an_outcome_in_every_container(kind: str) -> None:
    y = LABELS[kind](WORDS)
    by_number = RFMSegmenter().fit(X, FLAGS.astype(float))
    by_label = RFMSegmenter().fit(X, y)
    assert by_label.classes_.tolist() == ["no", "yes"]
    pd.testing.assert_frame_equal(by_label.segments_, by_number.segments_)
    assert by_label.score(X, y) == by_number.score(X, FLAGS.astype(float))
    weight = np.arange(len(X)) % 3
    assert by_label.score(X, y, weight) == by_number.score(X, FLAGS, weight)


@pytest.mark.parametrize("kind", ["numpy", "object", "nullable", "polars"])
def test_flags_are_labels(kind: str) -> None:
    y: Any = {
        "numpy": FLAGS.to_numpy(),
        "object": FLAGS.to_numpy().astype(object),
        "nullable": FLAGS.astype("boolean"),
        "polars": pl.Series(FLAGS.to_numpy()),
    }[kind]
    segmenter = RFMSegmenter().fit(X, y)
    assert segmenter.classes_.tolist() == [False, True]
    outcomes = segmenter.segments_["outcome"]
    expected = RFMSegmenter().fit(X, FLAGS.astype(int)).segments_["outcome"]
    np.testing.assert_array_equal(outcomes, expected)
    inverse = RFMSegmenter(pos_label=False).fit(X, y).segments_["outcome"]
    np.testing.assert_allclose(inverse, 1 - expected)


def test_numbers_stay_numbers_and_have_no_classes() -> None:
    for y in (FLAGS.astype(int), X["monetary"], np.arange(300) % 4):
        segmenter = RFMSegmenter().fit(X, y)
        assert not hasattr(segmenter, "classes_")
        assert segmenter.segments_["outcome"].max() <= np.max(y)
    assert not hasattr(RFMSegmenter().fit(X, WORDS).fit(X, FLAGS * 1), "classes_")


@pytest.mark.parametrize(
    ("y", "pos_label"),
    [(WORDS, "no"), (WORDS, "yes"), (FLAGS, False), (FLAGS + 1, 1), (FLAGS * 1, 0)],
    ids=["no", "yes", "False", "1 of 1 and 2", "0 of 0 and 1"],
)
def test_the_positive_label_is_yours(y: Any, pos_label: Any) -> None:
    segmenter = RFMSegmenter(pos_label=pos_label).fit(X, y)
    expected = RFMSegmenter().fit(X, (np.asarray(y) == pos_label).astype(float))
    np.testing.assert_array_equal(
        segmenter.segments_["outcome"], expected.segments_["outcome"]
    )
    assert segmenter.score(X, y) == expected.score(X, np.asarray(y) == pos_label)


def test_a_label_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"'no', 'yes'\. Got 'maybe'"):
        RFMSegmenter(pos_label="maybe").fit(X, WORDS)
    segmenter = RFMSegmenter().fit(X, WORDS)
    other = np.where(FLAGS, "yes", "perhaps")
    with pytest.raises(InvalidDataError, match=r"labels of fit, 'no', 'yes'\. Got"):
        segmenter.score(X, other)


@pytest.mark.parametrize(
    "y",
    [THREE, THREE.tolist(), np.repeat("yes", 300), np.ones((300, 2))],
    ids=["three classes", "list", "one class", "two columns"],
)
def test_what_a_later_step_predicts_has_no_effect(y: Any) -> None:
    segmenter = RFMSegmenter(encode="onehot").fit(X, y)
    assert "outcome" not in segmenter.segments_
    assert not hasattr(segmenter, "classes_")
    with pytest.raises(ValueError, match="y"):
        segmenter.score(X, y)
    assert segmenter.score(X) > 0.5


@pytest.mark.parametrize("y", [WORDS, THREE], ids=["two classes", "three classes"])
def test_text_reaches_the_classifier_behind(y: Any) -> None:
    pipeline = make_pipeline(
        RFMSegmenter(encode="onehot"), LogisticRegression(max_iter=1000)
    )
    search = GridSearchCV(
        pipeline,
        {"rfmsegmenter__segments": ["grid", "seed"]},
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert set(search.predict(X)) <= set(y)


def test_a_missing_label_is_refused_with_its_row() -> None:
    y = pd.Series(WORDS, dtype=object)
    y[7] = None
    with pytest.raises(InvalidDataError, match="missing label at row 7"):
        RFMSegmenter().fit(X, y)


def test_a_search_over_maps_by_an_outcome_of_labels() -> None:
    grid = {"segments": ["grid", "seed", None], "n_scores": [3, 5]}
    by_label = GridSearchCV(RFMSegmenter(), grid, cv=3).fit(X, WORDS)
    by_number = GridSearchCV(RFMSegmenter(), grid, cv=3).fit(X, FLAGS * 1)
    np.testing.assert_array_equal(
        by_label.cv_results_["mean_test_score"],
        by_number.cv_results_["mean_test_score"],
    )
