"""RFM segments as features: encodings, containers, searches, storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from skseg import RFMSegmenter
from tests.rfm.customers import DIMENSIONS, customer_table

X = customer_table().set_axis(np.arange(300) * 2 + 1)
X.iloc[0, 0] = np.nan
Y = (np.random.default_rng(0).random(300) < 1 / (1 + X["recency"].fillna(0) / 60)) * 1
ENCODINGS = ["scores", "onehot", "ordinal"]
CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "nullable": lambda frame: frame.convert_dtypes(),
    "pyarrow types": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.from_pandas,
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "array": lambda frame: frame.to_numpy(),
}
MAPS = ["grid", "seed", "putler", "r-rfm", None]


def columns_of(encode: str, segmenter: RFMSegmenter) -> list[str]:
    if encode == "onehot":
        unreachable = segmenter.unreachable_segments_
        return [name for name in segmenter.segment_names_ if name not in unreachable]
    return ["segment"] if encode == "ordinal" else ["R", "F", "M"]


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("encode", ENCODINGS)
def test_columns_of_every_encoding_have_their_names(
    encode: str, container: str, output: str
) -> None:
    rows = CONTAINERS[container](X)
    segmenter = RFMSegmenter("putler", encode=encode).set_output(transform=output)
    for features in (segmenter.fit_transform(rows), segmenter.transform(rows)):
        names = columns_of(encode, segmenter)
        assert segmenter.get_feature_names_out().tolist() == names
        assert features.shape == (300, len(names))
        if output != "default":
            assert list(features.columns) == names
        if output == "pandas" and container == "pandas":
            assert features.index.equals(X.index)
    expected = segmenter.segment_names_[segmenter.predict(rows)]
    if encode == "ordinal" and output != "default":
        assert list(features["segment"]) == expected.tolist()
    if encode == "onehot":
        flags = np.asarray(features)
        assert np.array(names)[flags.argmax(axis=1)].tolist() == expected.tolist()
        assert (flags.sum(axis=1) == 1).all()


@pytest.mark.parametrize("segments", ["grid", None])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("encode", ENCODINGS)
def test_no_rows_give_no_rows_of_the_same_columns(
    encode: str, container: str, segments: str | None
) -> None:
    rows = CONTAINERS[container](X)
    segmenter = RFMSegmenter(segments, encode=encode).fit(rows)
    codes = segmenter.predict(rows[:0])
    assert codes.shape == (0,)
    assert codes.dtype.kind == "i"
    assert segmenter.transform(rows[:0]).shape == (
        0,
        segmenter.transform(rows).shape[1],
    )
    scores = segmenter.scores(rows[:0])
    assert scores.shape == (0, 3)
    pd.testing.assert_series_equal(scores.dtypes, segmenter.scores(rows).dtypes)


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
def test_a_search_over_maps_tells_them_apart(encode: str) -> None:
    pipeline = make_pipeline(
        RFMSegmenter(encode=encode), LogisticRegression(max_iter=2000)
    )
    search = GridSearchCV(
        pipeline,
        {"rfmsegmenter__segments": MAPS},
        cv=3,
        scoring="neg_log_loss",
        error_score="raise",
    ).fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"].tolist())) == len(MAPS)


@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_union_and_a_column_transformer_keep_the_names(encode: str) -> None:
    segmenter = RFMSegmenter(encode=encode).fit(X)
    names = columns_of(encode, segmenter)
    union = FeatureUnion(
        [("rfm", RFMSegmenter(encode=encode)), ("all", "passthrough")]
    ).set_output(transform="pandas")
    assert union.fit_transform(X).index.equals(X.index)
    prefixed = [f"rfm__{name}" for name in names]
    assert union.get_feature_names_out().tolist()[: len(names)] == prefixed
    table = X[["monetary", "frequency", "recency"]].assign(age=30.0)
    step = ("rfm", RFMSegmenter(encode=encode), DIMENSIONS)
    transformer = ColumnTransformer([step], remainder="passthrough")
    features = transformer.fit_transform(table)
    assert transformer.get_feature_names_out().tolist() == [*prefixed, "remainder__age"]
    np.testing.assert_array_equal(
        np.asarray(features)[:, :-1].astype(float), segmenter.transform(X)
    )


def test_categories_reach_trees_that_read_them() -> None:
    pipeline = make_pipeline(
        RFMSegmenter(encode="ordinal"),
        HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
    ).set_output(transform="pandas")
    assert pipeline.fit(X, Y).predict(X).shape == (300,)


def test_scores_are_missing_where_the_value_is() -> None:
    behind = make_pipeline(
        RFMSegmenter(), SimpleImputer(strategy="median"), LogisticRegression()
    )
    assert np.isnan(RFMSegmenter().fit_transform(X)[0, 0])
    assert behind.fit(X, Y).predict(X).shape == (300,)


@pytest.mark.parametrize("rows", [X, X.to_numpy()], ids=["frame", "array"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"segments": None, "encode": "onehot"},
        {"segments": "seed", "n_scores": {"recency": 3}, "encode": "ordinal"},
        {"segments": {"Top": "R >= {r}", "Rest": "R < {r}"}, "params": {"r": 3}},
        {"recency": 0, "frequency": 1, "monetary": 2},
        {"cut_points": {"recency": [30, 90, 180, 365]}},
    ],
    ids=["default", "scores", "seed", "map", "positions", "cut points"],
)
def test_a_stored_segmenter_is_the_same(parameters: dict[str, Any], rows: Any) -> None:
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    y = np.where(Y, "yes", "no")
    segmenter = RFMSegmenter(**parameters).fit(rows, y)
    content = skops.dumps(segmenter)
    untrusted = skops.get_untrusted_types(data=content)
    assert all(name.startswith("skseg.") for name in untrusted)
    loaded = skops.loads(content, trusted=untrusted)
    np.testing.assert_array_equal(loaded.predict(rows), segmenter.predict(rows))
    np.testing.assert_array_equal(loaded.transform(rows), segmenter.transform(rows))
    assert loaded.score(rows, y) == segmenter.score(rows, y)
    assert loaded.score(rows) == segmenter.score(rows)
    pd.testing.assert_frame_equal(loaded.segments_, segmenter.segments_)
    pd.testing.assert_frame_equal(loaded.score_table_, segmenter.score_table_)
    pd.testing.assert_frame_equal(loaded.scores(rows), segmenter.scores(rows))
    assert repr(loaded.segments_) == repr(segmenter.segments_)
    assert repr(loaded) == repr(segmenter)
    assert str(loaded.rules_) == str(segmenter.rules_)
    assert str(loaded.mece_report_) == str(segmenter.mece_report_)
    assert loaded.classes_.tolist() == ["no", "yes"]
    assert loaded.columns_ == segmenter.columns_
    assert loaded.taken_by_position_ == segmenter.taken_by_position_
    assert loaded.fit(rows, y).rules_ == segmenter.rules_
