"""What `transform` gives, by `encode`: one meaning for every segmenter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import DBSCAN
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from skseg import BoxSegmentFinder, InductiveSegmenter, RuleSurrogate
from tests.pipelines.customers import COLUMNS, N_NEW, customers
from tests.pipelines.segmenters import ENCODINGS, SEGMENTERS, encodings, segmenter

DATA = customers("pandas")
# Rows of every kind, and some that are far from all of them.
MIXED = pd.concat(
    [DATA.X, pd.DataFrame([[9000, 1, -5.0], [170, 900, 1e6]], columns=COLUMNS)],
    ignore_index=True,
)
EVERY_SEGMENTER = pytest.mark.parametrize("name", SEGMENTERS)
EVERY_ENCODING = pytest.mark.parametrize(
    ("name", "encode"),
    [(name, encode) for name in SEGMENTERS for encode in encodings(name)],
)


def fitted(name: str, encode: str | None) -> Any:
    return segmenter(name, encode, DATA.columns).fit(DATA.X, DATA.y)


def codes_of(model: Any, X: Any) -> Any:
    """Return the segment codes; those of a finder are its best findings."""
    return model.apply(X) if hasattr(model, "apply") else model.predict(X)


def names_of(model: Any, X: Any) -> list[str]:
    """Return the names of the segments of rows, "outside" for those in no finding."""
    names = getattr(model, "segment_names_", None)
    if names is None:
        names = np.array([*model.rules_.names, "outside"], dtype=object)
    return list(names[codes_of(model, X)])


@EVERY_SEGMENTER
def test_onehot_has_every_row_in_the_column_of_its_segment(name: str) -> None:
    model = fitted(name, "onehot")
    columns = model.get_feature_names_out()
    flags = np.asarray(model.transform(MIXED))
    assert np.array_equal(np.unique(flags), [0.0, 1.0])
    assert np.array_equal(flags.sum(axis=1), np.ones(len(MIXED)))
    assert list(columns[flags.argmax(axis=1)]) == names_of(model, MIXED)
    assert len(set(columns)) == len(columns)


@EVERY_SEGMENTER
def test_ordinal_is_the_column_of_codes(name: str) -> None:
    model = fitted(name, "ordinal")
    codes = np.asarray(model.transform(MIXED))
    assert codes.dtype == np.float64
    assert np.array_equal(codes[:, 0], codes_of(model, MIXED))


@EVERY_SEGMENTER
def test_ordinal_frames_hold_the_names_as_categories(name: str) -> None:
    X = MIXED.set_axis(range(100, 100 + len(MIXED)))
    model = fitted(name, "ordinal")
    frame = model.set_output(transform="pandas").transform(X)
    (column,) = model.get_feature_names_out()
    assert isinstance(frame[column].dtype, pd.CategoricalDtype)
    assert frame[column].tolist() == names_of(model, X)
    assert frame.index.equals(X.index)
    as_onehot = fitted(name, "onehot").get_feature_names_out()
    assert frame[column].cat.categories.tolist() == as_onehot.tolist()
    series = model.set_output(transform="polars").transform(X)[column]
    assert isinstance(series.dtype, pl.Enum | pl.Categorical)
    assert series.to_list() == names_of(model, X)


@EVERY_ENCODING
def test_frames_hold_the_numbers_and_names_of_the_array(
    name: str, encode: str | None
) -> None:
    if encode == "ordinal":
        pytest.skip("its frames hold names, which another test compares")
    model = fitted(name, encode)
    array, columns = model.transform(DATA.X_new), model.get_feature_names_out()
    for container in ("pandas", "polars"):
        frame = model.set_output(transform=container).transform(DATA.X_new)
        assert list(frame.columns) == list(columns)
        assert np.array_equal(frame.to_numpy(), array)


@EVERY_ENCODING
def test_no_rows_have_the_columns_of_some(name: str, encode: str | None) -> None:
    model = fitted(name, encode)
    assert codes_of(model, DATA.X_new.iloc[:0]).shape == (0,)
    n_columns = len(model.get_feature_names_out())
    assert np.asarray(model.transform(DATA.X_new.iloc[:0])).shape == (0, n_columns)
    assert np.asarray(model.transform(DATA.X_new)).shape == (N_NEW, n_columns)


@EVERY_SEGMENTER
def test_a_search_goes_through_the_encodings(name: str) -> None:
    pipeline = Pipeline(
        [
            ("segments", segmenter(name, encodings(name)[0], DATA.columns)),
            ("classifier", LogisticRegression(max_iter=10_000)),
        ]
    )
    grid = {"segments__encode": list(encodings(name))}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise")
    scores = search.fit(DATA.X, DATA.y).cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()


FINDS_NOTHING = {
    "DBSCAN": lambda: InductiveSegmenter(DBSCAN(eps=1e-9)),
    "rules of DBSCAN": lambda: RuleSurrogate(DBSCAN(eps=1e-9), random_state=0),
    "finder": lambda: BoxSegmentFinder(min_size=0.999, random_state=0),
}


@pytest.mark.parametrize(
    ("kind", "encode"),
    [
        (kind, encode)
        for kind, make in FINDS_NOTHING.items()
        for encode in ENCODINGS[type(make()).__name__]
    ],
)
def test_a_classifier_stands_behind_a_segmenter_that_finds_nothing(
    kind: str, encode: str | None
) -> None:
    step = FINDS_NOTHING[kind]().set_params(encode=encode)
    model = make_pipeline(step, LogisticRegression()).fit(DATA.X, DATA.y)
    chance = model.predict_proba(MIXED)[:, 1]
    # One segment, so one chance, which is the share of "yes" in the training rows.
    assert np.allclose(chance, np.mean(DATA.y == "yes"), atol=1e-3)
