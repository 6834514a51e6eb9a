"""MECERuleSegmenter as a step: encodings, outcomes as labels, settings, storage."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder

from skseg import MECERuleSegmenter
from skseg.rules import Domain

TIERS = {"Low": "x < 40", "High": "x >= 40"}
N_CELLS = 9
CELLS = {f"g{i}": f"g == 'g{i}'" for i in range(N_CELLS)}


def cells(seed: int, n_rows: int = 400) -> tuple[pd.DataFrame, Any]:
    """Return rows in groups of unlike sizes, and an outcome that knows nothing."""
    rng = np.random.default_rng(seed)
    share = np.linspace(1, 3, N_CELLS)
    groups = rng.choice(N_CELLS, n_rows, p=share / share.sum())
    return pd.DataFrame({"g": [f"g{i}" for i in groups]}), rng.integers(0, 2, n_rows)


def merging(**settings: Any) -> MECERuleSegmenter:
    """Return rules of groups, of which the outcome decides which are merged."""
    return MECERuleSegmenter(CELLS, default="Others", min_size=0.18, **settings)


# What transform gives


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"default": "New"}, ["Low", "High", "New"]),
        (
            {"default": "New", "universe": "not x >= 90"},
            ["Low", "High", "New", "outside"],
        ),
        # A universe of all rows has none outside.
        ({"default": "New", "universe": "True"}, ["Low", "High", "New"]),
        # A default that the rules leave no row is no segment.
        ({"default": "New", "universe": "not missing(x)"}, ["Low", "High", "outside"]),
        (
            {"rules": {**TIERS, "Never": "x < 10"}, "on_overlap": "first"},
            ["Low", "High", "New"],
        ),
        # Rows may break the schema, and are in the segment whose rule holds.
        (
            {"rules": {"Debt": "x < 0", "Rest": "x >= 0"}, "schema": {"x": {"low": 0}}},
            ["Debt", "Rest", "New"],
        ),
        (
            {
                "rules": {"Debt": "x < 0", "Rest": "x >= 0"},
                "schema": {"x": {"low": 0}},
                "on_invalid": "outside",
            },
            ["Rest", "New", "outside"],
        ),
    ],
    ids=["plain", "universe", "all", "covered", "hidden", "schema", "invalid"],
)
def test_onehot_has_a_column_for_every_segment_that_rows_can_be_in(
    settings: dict[str, Any], names: list[str]
) -> None:
    settings = {"rules": TIERS, "default": "New", **settings}
    X = pd.DataFrame({"x": [5.0, 50.0, 100.0, np.nan]})
    segmenter = MECERuleSegmenter(**settings).fit(X)
    assert segmenter.get_feature_names_out().tolist() == names
    flags = segmenter.transform(X)
    assert flags.shape == (4, len(names))
    assert (flags.sum(axis=1) == 1).all()
    in_words = segmenter.segment_names_[segmenter.predict(X)].tolist()
    assert [names[place] for place in flags.argmax(axis=1)] == in_words
    restored = MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None))
    assert restored.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(restored.transform(X), flags)


def test_ordinal_is_a_column_of_codes_or_of_categories() -> None:
    X = pd.DataFrame({"x": [5.0, 50.0, 100.0, np.nan]}, index=list("abcd"))
    segmenter = MECERuleSegmenter(
        TIERS, default="New", universe="not x > 90", encode="ordinal"
    )
    assert segmenter.fit_transform(X).tolist() == [[0.0], [1.0], [-1.0], [2.0]]
    assert segmenter.get_feature_names_out().tolist() == ["segment"]
    frame = segmenter.set_output(transform="pandas").transform(X)
    assert frame["segment"].tolist() == ["Low", "High", "outside", "New"]
    assert frame["segment"].cat.categories.tolist() == ["Low", "High", "New", "outside"]
    assert frame.index.tolist() == list("abcd")
    frame = segmenter.set_output(transform="polars").fit_transform(pl.from_pandas(X))
    assert frame["segment"].to_list() == ["Low", "High", "outside", "New"]
    assert isinstance(frame["segment"].dtype, pl.Enum)
    assert MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None)).transform(
        X
    ).tolist() == [[0.0], [1.0], [-1.0], [2.0]]


def test_a_wrong_encoding_is_refused() -> None:
    X = pd.DataFrame({"x": [1.0, 50.0]})
    with pytest.raises(
        ValueError, match="'encode' parameter of MECERuleSegmenter must"
    ):
        MECERuleSegmenter(TIERS, default="New", encode="one-hot").fit(X)


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
@pytest.mark.parametrize("settings", [{}, {"universe": "x < 90"}], ids=["all", "some"])
def test_no_rows_give_no_codes_and_no_features(
    encode: str, settings: dict[str, Any]
) -> None:
    X = pd.DataFrame({"x": [5.0, 50.0, np.nan]})
    segmenter = MECERuleSegmenter(TIERS, default="New", encode=encode, **settings)
    segmenter.fit(X, [0, 1, 1])
    for empty in (X.iloc[:0], pl.from_pandas(X)[:0]):
        codes = segmenter.predict(empty)
        assert codes.shape == (0,)
        assert codes.dtype == np.intp
        n_columns = len(segmenter.get_feature_names_out())
        assert segmenter.transform(empty).shape == (0, n_columns)
    with pytest.raises(ValueError, match=r"There is no row.*nothing to score"):
        segmenter.score(X.iloc[:0], [])
    framed = segmenter.set_output(transform="pandas").transform(X.iloc[:0])
    assert framed.shape == (0, n_columns)


# The outcome of a row has no part in its features


def test_training_rows_are_cross_fitted_where_the_outcome_decides() -> None:
    X, y = cells(0)
    segmenter = merging()
    flags = segmenter.fit_transform(X, y)
    assert segmenter.merge_report_ is not None
    assert not np.array_equal(flags, segmenter.transform(X))
    np.testing.assert_array_equal(segmenter.fit(X, y).labels_, segmenter.predict(X))
    assert (flags.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(flags, merging().fit_transform(X, y))
    other_folds = merging(cv=KFold(3)).fit_transform(X, y)
    assert not np.array_equal(flags, other_folds)


@pytest.mark.parametrize(
    ("settings", "y"),
    [
        ({"min_size": None}, "flags"),
        ({}, None),
        ({}, "constant"),
        ({}, "species"),
        ({}, "columns"),
    ],
    ids=["no merging", "no outcome", "constant", "three classes", "several columns"],
)
def test_training_rows_are_those_of_transform_where_the_outcome_decides_nothing(
    settings: dict[str, Any], y: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> None:
        raise AssertionError("no model of a fold is needed")

    monkeypatch.setattr("skseg._mece._segmenter.cross_fitted_codes", fails)
    X, flags = cells(0)
    outcome = {
        None: None,
        "flags": flags,
        "constant": np.zeros(len(X)),
        "species": np.array(["a", "b", "c"])[np.arange(len(X)) % 3],
        "columns": np.column_stack([flags, flags]),
    }[y]
    segmenter = merging().set_params(**settings)
    np.testing.assert_array_equal(
        segmenter.fit_transform(X, outcome), segmenter.transform(X)
    )


def test_bounds_in_rows_are_the_same_shares_of_the_universe_in_folds() -> None:
    X, y = cells(1, 600)
    X["size"] = np.arange(len(X)) % 3
    # 36 rows are 18 % of the 200 in the universe, and too many for most groups.
    shares = merging(universe="size == 0")
    numbers = clone(shares).set_params(min_size=36)
    np.testing.assert_array_equal(
        numbers.fit_transform(X, y), shares.fit_transform(X, y)
    )


def test_the_outcome_may_be_unknown_outside_of_the_universe() -> None:
    X, y = cells(2)
    X["is_old"] = np.arange(len(X)) % 4 == 0
    unknown = np.where(X["is_old"], np.nan, y)
    flags = merging(universe="is_old == False").fit_transform(X, unknown)
    np.testing.assert_array_equal(flags[:, -1] == 1, X["is_old"])


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
def test_nothing_is_learned_downstream_from_permuted_outcomes(encode: str) -> None:
    aucs = []
    for seed in range(10):
        X, y = cells(seed)
        X_new, y_new = cells(seed + 100, 4_000)
        segmenter = merging(encode=encode)
        features = segmenter.fit_transform(X, y)
        model = LogisticRegression().fit(features, y)
        seen = segmenter.transform(X)
        optimist = LogisticRegression().fit(seen, y)
        encoded = TargetEncoder().fit_transform(X, y)
        peer = LogisticRegression().fit(encoded, y)
        aucs.append(
            [
                roc_auc_score(y, model.predict_proba(features)[:, 1]),
                roc_auc_score(
                    y_new, model.predict_proba(segmenter.transform(X_new))[:, 1]
                ),
                roc_auc_score(y, optimist.predict_proba(seen)[:, 1]),
                roc_auc_score(y, peer.predict_proba(encoded)[:, 1]),
            ]
        )
    training, test, of_optimist, of_peer = np.mean(aucs, axis=0)
    assert 0.49 <= test <= 0.51
    assert training < of_optimist
    if encode == "ordinal":
        assert training <= of_peer


# Outcomes as labels


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        pd.Series(["no", "yes"], dtype="category"),
        np.array([False, True]),
        pd.Series([False, True], dtype="boolean"),
    ],
    ids=["text", "objects", "categories", "flags", "nullable flags"],
)
def test_labels_are_the_outcomes_0_and_1(labels: Any) -> None:
    X, flags = cells(3)
    series = pd.Series(labels)
    y = series.iloc[flags].reset_index(drop=True)
    numbers, worded = merging().fit(X, flags), merging().fit(X, y)
    assert worded.rules_ == numbers.rules_
    pd.testing.assert_frame_equal(worded.segments_, numbers.segments_)
    assert worded.classes_.tolist() == series.tolist()
    assert not hasattr(numbers, "classes_")
    assert worded.score(X, y) == numbers.score(X, flags)
    np.testing.assert_array_equal(
        merging().fit_transform(X, y), merging().fit_transform(X, flags)
    )
    only = np.flatnonzero(flags)[:20]
    recounted = worded.recount(X.iloc[only], y.iloc[only]).segments_
    assert recounted["outcome"].dropna().eq(1).all()


def test_pos_label_says_which_label_counts_as_1() -> None:
    X, flags = cells(3)
    y = np.array(["churned", "stayed"])[flags]
    segmenter = merging(pos_label="churned").fit(X, y)
    expected = merging().fit(X, 1 - flags)
    pd.testing.assert_frame_equal(segmenter.segments_, expected.segments_)
    assert segmenter.classes_.tolist() == ["churned", "stayed"]
    assert segmenter.score(X, y) == expected.score(X, 1 - flags)
    restored = MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None))
    assert restored.pos_label == "churned"
    pd.testing.assert_frame_equal(restored.recount(X, y).segments_, expected.segments_)
    with pytest.raises(ValueError, match="'pos_label' parameter of MECERuleSegmenter"):
        merging(pos_label="gone").fit(X, y)


SPECIES = np.array(["a", "b", "c"])


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
@pytest.mark.parametrize("settings", [{}, {"min_size": 0.18}], ids=["plain", "merging"])
def test_labels_of_three_classes_are_left_to_the_classifier_behind(
    encode: str, settings: dict[str, Any]
) -> None:
    X, _ = cells(4)
    y = SPECIES[X["g"].str[1:].astype(int) % 3]
    segmenter = MECERuleSegmenter(CELLS, default="Others", encode=encode, **settings)
    pipeline = make_pipeline(segmenter, LogisticRegression(max_iter=1_000))
    assert cross_val_score(pipeline, X, y, error_score="raise").shape == (5,)
    table = pipeline.fit(X, y)[0].segments_
    assert "outcome" not in table
    assert pipeline.classes_.tolist() == ["a", "b", "c"]
    if encode == "onehot" and not settings:
        assert pipeline.score(X, y) == 1


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "name 'outcome', and no outcome is given. Pass y to fit."),
        (
            SPECIES[[0, 1, 2, 0]],
            (
                "name 'outcome', and the labels in y are of 3 classes, not of two. "
                "Pass numbers, or compare one with the rest: y == 'a'."
            ),
        ),
        (np.eye(4), "name 'outcome', and y has several columns. Pass one of them."),
    ],
    ids=["none", "classes", "columns"],
)
def test_scores_by_an_outcome_say_what_is_missing(y: Any, message: str) -> None:
    X = pd.DataFrame({"x": [5.0, 50.0, 60.0, 4.0]})
    segmenter = MECERuleSegmenter(
        TIERS, default="New", score_weights={"outcome": 1, "size": 1}
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        segmenter.fit(X, y)
    if y is None:
        return
    with pytest.raises(ValueError, match=r"score of .* compares outcomes, and "):
        clone(segmenter).set_params(score_weights=None).fit(X, [0, 1, 1, 0]).score(X, y)
    # What it advises, works.
    advised = y == "a" if y.ndim == 1 else y[:, 0]
    assert segmenter.fit(X, advised).segments_["score_outcome"].notna().any()


# Settings that can be searched


def test_every_entry_of_a_mapping_is_a_parameter() -> None:
    schema = {"x": {"low": 0}, "y": Domain(missing=False)}
    segmenter = MECERuleSegmenter(
        {"VIP": "x >= {t}", "A__B": "x < {t}"},
        params={"t": 40},
        default="New",
        schema=schema,
        score_weights={"size": 1.0, "x": 2.0},
        playbook={"VIP": "call"},
    )
    changes = {
        "rules__VIP": "x >= {t} + 0" and "x > {t}",
        "rules__A__B": "x <= {t}",
        "params__t": 30,
        "schema__x": {"low": -5},
        "score_weights__x": 3.0,
        "playbook__VIP": "write",
    }
    assert changes.keys() <= segmenter.get_params().keys()
    assert not changes.keys() & segmenter.get_params(deep=False).keys()
    assert segmenter.set_params(**changes) is segmenter
    values = segmenter.get_params()
    assert {name: values[name] for name in changes} == changes
    assert schema["x"] == {"low": 0}
    X = pd.DataFrame({"x": [5.0, 30.0, 60.0], "y": [1, 2, 3]})
    assert clone(segmenter).fit(X).labels_.tolist() == [1, 1, 0]
    assert "VIP" in segmenter._repr_html_()


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("rules__VPI", "VIP"),
        ("params__tt", "t"),
        ("schema__xs", "x"),
        ("score_weights__sise", "size"),
        ("playbook__VIPs", "VIP"),
    ],
)
def test_an_unknown_entry_is_refused_with_the_likely_one(
    name: str, likely: str
) -> None:
    segmenter = MECERuleSegmenter(
        {"VIP": "x >= {t}"},
        params={"t": 40},
        default="New",
        schema={"x": {"low": 0}},
        score_weights={"size": 1.0},
        playbook={"VIP": "call"},
    )
    before = segmenter.get_params()
    with pytest.raises(ValueError, match=rf"no parameter '{name}'.*mean '{likely}'\?"):
        segmenter.set_params(**{name: 3})
    assert segmenter.get_params() == before


def test_rules_and_domains_can_be_searched() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.random(600) * 100, "kind": "a"})
    y = (X["x"] > 70) * 1.0
    segmenter = MECERuleSegmenter(
        {"High": "x > 50"}, default="Rest", schema={"x": {"low": 0}}
    )
    grid = {
        "rules__High": ["x > 30", "x > 70", "x > 90"],
        "schema__x": [{"low": 0}, {"low": 0, "high": 100}],
    }
    search = GridSearchCV(segmenter, grid, cv=3, error_score="raise").fit(X, y)
    assert search.best_params_["rules__High"] == "x > 70"
    names = [f"param_{name}" for name in grid]
    assert set(names) <= search.cv_results_.keys()


def test_numbers_of_rows_as_bounds_warn_once_in_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skseg._core._searches._warned", set())
    X, y = cells(5)
    X["kind"] = np.arange(len(X)) % 2
    segmenter = merging(universe="kind == 0").set_params(min_size=30)
    with pytest.warns(UserWarning, match="is a number of rows") as caught:
        cross_val_score(segmenter, X, y, cv=2, error_score="raise")
    messages = [str(warning.message) for warning in caught]
    counts = [text for text in messages if "is a number of rows" in text]
    # 30 of the 100 rows of a fold that lie in the universe.
    assert len(counts) == 1
    assert counts[0].startswith("min_size=30 of MECERuleSegmenter")
    assert "here 0.3," in counts[0]


# Models that can be stored


@pytest.mark.parametrize("kind", ["plain", "merged", "split", "labels", "strategy"])
def test_skops_stores_a_fitted_segmenter(kind: str) -> None:
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"x": rng.random(300).round(2) * 100, "days": rng.integers(9, size=300)}
    )
    y = (rng.random(300) < X["x"] / 150).to_numpy() * 1
    segmenter = MECERuleSegmenter(
        {"VIP": "x >= max(q(0.9), {t})", "Core": "x < max(q(0.9), {t})"},
        params={"t": 60},
        default="New",
        universe="days <= 7",
        schema={"x": Domain(low=0), "days": {"integer": True, "low": 0}},
        on_invalid="outside",
        playbook={"VIP": "call"},
        score_weights={"outcome": 1, "size": 0.5, "x": 1},
    )
    sizes = {
        "merged": {"min_size": 8},
        "split": {"max_size": 80, "min_size": 20},
    }.get(kind, {})
    labels = np.array(["no", "yes"])[y] if kind == "labels" else y
    segmenter.set_params(**sizes).fit(X, labels)
    if kind == "strategy":
        segmenter = MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None))
    data = skops.dumps(segmenter)
    types = skops.get_untrusted_types(data=data)
    assert all(name.startswith("skseg.") for name in types), types
    loaded = skops.loads(data, trusted=types)
    assert str(loaded) == str(segmenter)
    assert loaded.predict(X).tolist() == segmenter.predict(X).tolist()
    np.testing.assert_array_equal(loaded.transform(X), segmenter.transform(X))
    assert loaded.score(X, labels) == segmenter.score(X, labels)
    for table in ("segments_", "lineage_", "cut_points_"):
        pd.testing.assert_frame_equal(getattr(loaded, table), getattr(segmenter, table))
    assert loaded.merge_report_ == segmenter.merge_report_
    assert loaded.to_json(dialect=None) == segmenter.to_json(dialect=None)
    pd.testing.assert_frame_equal(
        loaded.recount(X, labels).segments_, segmenter.recount(X, labels).segments_
    )
    assert clone(loaded).fit(X, labels).rules_ == segmenter.rules_


def test_changing_a_table_leaves_the_model_as_it_is() -> None:
    X = pd.DataFrame({"x": [5.0, 50.0, 60.0, np.nan]})
    segmenter = MECERuleSegmenter(TIERS, default="New", min_size=2).fit(X)
    for name in ("segments_", "lineage_", "cut_points_"):
        before = getattr(segmenter, name)
        getattr(segmenter, name).insert(0, "mine", 1)
        pd.testing.assert_frame_equal(getattr(segmenter, name), before)
    merged = segmenter.segments_["merged_from"].tolist()
    assert merged
    assert all(isinstance(names, tuple) for names in merged)


def test_folds_that_are_no_number_have_no_place_in_a_strategy() -> None:
    X = pd.DataFrame({"x": [5.0, 50.0]})
    segmenter = MECERuleSegmenter(TIERS, default="New", cv=KFold(2)).fit(X)
    with pytest.raises(ValueError, match="Pass a number of folds as cv, and fit again"):
        segmenter.to_json(dialect=None)
    assert segmenter.set_params(cv=3).fit(X).to_json(dialect=None) is not None


def test_folds_may_lack_a_label() -> None:
    X, _ = cells(0)
    y = np.array(["no"] * len(X), dtype=object)
    y[3] = "yes"
    for settings in ({}, {"pos_label": "yes"}, {"score_weights": {"outcome": 1}}):
        segmenter = merging(**settings)
        flags = segmenter.fit_transform(X, y)
        assert (flags.sum(axis=1) == 1).all()


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas])
def test_every_container_is_cross_fitted_alike(convert: Any) -> None:
    X, y = cells(0)
    np.testing.assert_array_equal(
        merging().fit_transform(convert(X), y), merging().fit_transform(X, y)
    )
