"""Finders as steps: encodings, cross-fitted training rows, routing, no rows, skops."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import TargetEncoder

from skseg import (
    BoxSegmentFinder,
    DecisionThresholds,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    with_group,
)
from skseg._core import _searches
from skseg._finders._encoding import encoding_of_findings, matched_findings
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import RuleSet

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
ENCODINGS = ["membership", "onehot", "ordinal"]
EVERY_FINDER = pytest.mark.parametrize("Finder", FINDERS)


def planted(n_rows: int = 600, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"age": rng.normal(50, 10, n_rows), "noise": rng.normal(size=n_rows)}
    )
    group = rng.choice(["A", "B"], n_rows)
    chance = 0.3 + (group == "A") * np.where(X["age"] > 55, 0.6, -0.2)
    return X, (rng.random(n_rows) < chance).astype(int), group


def quick(Finder: Any = BoxSegmentFinder, **options: Any) -> Any:
    return Finder(**{"random_state": 0, "max_features": 1} | options)


# --- encodings -----------------------------------------------------------------------


@EVERY_FINDER
@pytest.mark.parametrize("encode", ENCODINGS)
def test_columns_are_what_encode_says(Finder: Any, encode: str) -> None:
    X, y, group = planted()
    finder = quick(Finder, encode=encode, inference="none").fit(X, y, group=group)
    names, codes = list(finder.rules_.names), finder.apply(X)
    columns = finder.transform(X)
    if encode == "membership":
        np.testing.assert_array_equal(columns, finder.rules_.membership(X))
    elif encode == "onehot":
        possible = list(finder.get_feature_names_out())
        assert "outside" in possible
        expected = [
            codes == (-1 if name == "outside" else names.index(name))
            for name in possible
        ]
        np.testing.assert_array_equal(columns, np.column_stack(expected))
        np.testing.assert_array_equal(columns.sum(axis=1), 1.0)
    else:
        np.testing.assert_array_equal(columns[:, 0], codes)
        assert finder.get_feature_names_out().tolist() == ["segment"]
    assert columns.shape == (len(X), len(finder.get_feature_names_out()))
    empty = finder.transform(X[:0])
    assert empty.shape == (0, columns.shape[1])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_the_ordinal_column_holds_names(container: str) -> None:
    X, y, group = planted()
    finder = quick(encode="ordinal").set_output(transform=container)
    finder.fit(X, y, group=group)
    names = [*finder.rules_.names, "outside"]
    column = finder.transform(X)["segment"]
    assert column.to_list() == [names[code] for code in finder.apply(X)]
    assert (
        str(column.dtype).lower().startswith("cat" if container == "pandas" else "en")
    )


@EVERY_FINDER
@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_nothing_found_is_one_column(Finder: Any, encode: str, container: str) -> None:
    X, y, group = planted(120)
    X = X[["noise"]] * 0
    finder = quick(Finder, encode=encode).set_output(transform=container)
    for columns in (
        finder.fit_transform(X, y, group=group),
        finder.transform(X),
    ):
        assert columns.shape == (120, 1)
    assert len(finder.rules_) == 0
    expected = "segment" if encode == "ordinal" else "outside"
    assert finder.get_feature_names_out().tolist() == [expected]
    if container == "default":
        assert np.all(columns == (-1 if encode == "ordinal" else 1))
        # The classifier behind it gets what it needs.
        pipeline = make_pipeline(quick(Finder, encode=encode), LogisticRegression())
        assert pipeline.fit(X, y).predict(X).shape == (120,)


def test_segments_that_cannot_occur_have_no_column() -> None:
    def names(**rules: str) -> list[str]:
        return [*encoding_of_findings("onehot", RuleSet(rules)).columns]

    assert names(a="x > 1", b="x > 2", c="x < 0") == ["a", "c", "outside"]
    assert names(a="x > 1", b="not x > 1") == ["a", "b"]
    assert names(a="x > 1", b="x <= 1") == ["a", "b", "outside"]  # missing x
    encoding = encoding_of_findings("onehot", RuleSet({"a": "x > 1", "b": "x > 2"}))
    assert encoding.codes.tolist() == [0, -1]


def test_an_unknown_encoding_is_refused_in_fit() -> None:
    X, y, _ = planted(60)
    with pytest.raises(InvalidParameterError, match=r"'encode' parameter .* 'scores'"):
        quick(encode="scores").fit(X, y)


# --- cross-fitting -------------------------------------------------------------------


def noise(seed: int, n_rows: int = 300) -> Any:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "spend": rng.exponential(size=n_rows),
            "city": rng.choice([f"city {i}" for i in range(12)], n_rows),
            "visits": rng.integers(0, 6, n_rows),
        }
    )
    outcome = (rng.random(n_rows) < 0.4).astype(int)
    return X, outcome, rng.choice(["A", "B"], n_rows)


@pytest.mark.filterwarnings("ignore:.TargetEncoder:FutureWarning")
@pytest.mark.parametrize("group_is", ["absent", "beside y", "inside y"])
def test_noise_teaches_nothing_downstream(group_is: str) -> None:
    areas: dict[str, list[float]] = {"cross": [], "leaky": [], "encoder": []}
    for seed in range(20):
        X, y, group = noise(seed)
        target = with_group(y, group) if group_is == "inside y" else y
        params = {"group": group} if group_is == "beside y" else {}
        finder = quick(IVSegmentFinder, inference="none", cv=3)
        cross = finder.fit_transform(X, target, **params)
        features = {
            "cross": cross,
            "leaky": finder.transform(X),
            "encoder": TargetEncoder(random_state=0).fit_transform(X, y),
        }
        in_a = (group == "A")[:, np.newaxis].astype(float)
        for name, columns in features.items():
            if group_is != "absent" and name != "encoder":
                columns = np.hstack([columns, in_a, in_a * columns])
            model = LogisticRegression().fit(columns, y)
            areas[name].append(roc_auc_score(y, model.predict_proba(columns)[:, 1]))
    mean = {name: np.mean(values) for name, values in areas.items()}
    assert mean["cross"] < mean["encoder"]
    assert mean["cross"] < mean["leaky"] - 0.02


@EVERY_FINDER
@pytest.mark.parametrize("encode", ENCODINGS)
def test_each_training_row_is_coded_by_a_finder_without_it(
    Finder: Any, encode: str
) -> None:
    X, y, group = planted(400)
    cv = KFold(2, shuffle=True, random_state=1)
    finder = quick(Finder, encode=encode, cv=cv, inference="none")
    columns = finder.fit_transform(X, y, group=group)
    final = finder.rules_.membership(X)
    members = np.zeros(final.shape, dtype=bool)
    for train, test in cv.split(X):
        fold = clone(finder).fit(X.iloc[train], y[train], group=group[train])
        of_fold = fold.rules_.membership(X)
        for j, i in matched_findings(of_fold, final):
            members[test, i] = of_fold[test, j]
    first = np.where(members.any(axis=1), members.argmax(axis=1), -1)
    if encode == "membership":
        np.testing.assert_array_equal(columns, members)
    elif encode == "ordinal":
        np.testing.assert_array_equal(columns[:, 0], first)
    else:
        np.testing.assert_array_equal(
            columns, first[:, np.newaxis] == finder._encoding.codes
        )
    # A strong finding is found in every fold, so that its rows keep it.
    assert (members[:, 0] == final[:, 0]).mean() > 0.8


def test_matching_is_the_best_of_all_pairings() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b = rng.random((2, 8, 3)) < 0.7
        b = b[:, : rng.integers(1, 4)]
        pairs = matched_findings(a, b)
        jaccard = np.array(
            [[(x & z).sum() / max((x | z).sum(), 1) for z in b.T] for x in a.T]
        )
        assert all(jaccard[pair] > 0.5 for pair in pairs)
        assert len({j for j, _ in pairs}) == len({i for _, i in pairs}) == len(pairs)
    same = rng.random((50, 4)) < 0.4
    order = [2, 0, 3, 1]
    assert matched_findings(same, same[:, order]) == [(0, 1), (1, 3), (2, 0), (3, 2)]


def test_weights_groups_and_pairs_reach_the_finders_of_folds() -> None:
    X, y, group = planted(400)
    weight = np.where(X["age"] > 55, 2.0, 1.0)
    both = quick(cv=3).fit_transform(X, with_group(y, group), sample_weight=weight)
    beside = quick(cv=3).fit_transform(X, y, group=group, sample_weight=weight)
    np.testing.assert_array_equal(both, beside)
    third = np.where(np.arange(400) % 10 == 0, "C", group)
    compared = quick(cv=3, treatment="B", reference="A", min_size=20)
    assert compared.fit_transform(X, y, group=third).shape[0] == 400


@pytest.mark.parametrize("cv", ["five", 1, 500, True, 2.5])
@pytest.mark.parametrize("constant", [False, True])
def test_folds_that_cannot_be_are_refused(cv: Any, constant: bool) -> None:
    X, y, group = planted(300)
    with pytest.raises(InvalidParameterError, match="'cv' parameter of BoxSegment"):
        quick(cv=cv).fit_transform(X * 0 if constant else X, y, group=group)


def test_a_fold_that_fails_says_which() -> None:
    X, y, group = planted(60)
    folds = [(np.flatnonzero(group == "A"), np.flatnonzero(group == "B"))]
    folds.append((folds[0][1], folds[0][0]))
    X["age"] = np.where(y == 1, 100, 1)
    finder = quick(inference="none", cv=folds)
    with pytest.raises(ValueError, match="compares two groups") as caught:
        finder.fit_transform(X, np.where(group == "A", y, 1 - y), group=group)
    assert "that of fold 0 failed" in caught.value.__notes__[0]
    assert not hasattr(finder, "rules_")
    # What the note says, works.
    finder.set_params(cv=3).fit_transform(X, y, group=group)
    finder.set_params(cv=folds).fit(X, y, group=group).transform(X)


# --- the group in a pipeline ---------------------------------------------------------


def behind_a_finder(model: Any, **options: Any) -> Any:
    step = ("finder", quick(**options), ["age", "noise"])
    return make_pipeline(ColumnTransformer([step]), model)


@pytest.mark.parametrize(
    "estimator",
    [
        behind_a_finder(LogisticRegression()),
        make_pipeline(quick(), LogisticRegression()),
        make_pipeline(quick(), LinearRegression()),
        make_pipeline(quick(), RandomForestRegressor(3)),
        CalibratedClassifierCV(make_pipeline(quick(), LogisticRegression()), cv=2),
        GridSearchCV(make_pipeline(quick(), LogisticRegression()), {}, cv=2),
        GridSearchCV(
            behind_a_finder(LogisticRegression()),
            {"columntransformer__finder__max_features": [1]},
            cv=GroupStratifiedKFold(2),
            error_score="raise",
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_outcome_with_its_group_says_how_to_reach_other_estimators(
    estimator: Any,
) -> None:
    X, y, group = planted(300)
    with pytest.raises(InvalidDataError, match="use metadata routing") as caught:
        clone(estimator).fit(X, with_group(y, group))
    assert caught.value.owner == "with_group"
    advice = str(caught.value)
    assert "sklearn.set_config(enable_metadata_routing=True)" in advice
    assert "fit(X, y, group=group)" in advice
    with config_context(enable_metadata_routing=True):
        fitted = clone(estimator).fit(X, y, group=group)
        assert fitted.predict(X).shape == y.shape
        assert np.isfinite(fitted.score(X, y))


def test_a_splitter_that_knows_no_groups_names_the_one_that_does() -> None:
    X, y, group = planted(100)
    both = with_group(y, group)
    with pytest.raises(InvalidDataError, match="those of GroupStratifiedKFold"):
        cross_val_score(quick(), X, both, cv=StratifiedKFold(2))
    assert cross_val_score(quick(), X, both, cv=GroupStratifiedKFold(2)).shape == (2,)


@pytest.mark.parametrize("shuffle", [False, True])
def test_folds_get_the_routed_group(shuffle: bool) -> None:
    X, y, group = planted(300)
    cv = GroupStratifiedKFold(3, shuffle=shuffle, random_state=0 if shuffle else None)
    beside = list(cv.split(X, y, group=group))
    inside = list(cv.split(X, with_group(y, group)))
    for folds, others in zip(beside, inside, strict=True):
        for rows, other_rows in zip(folds, others, strict=True):
            np.testing.assert_array_equal(rows, other_rows)
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            behind_a_finder(LogisticRegression()),
            {"columntransformer__finder__encode": ENCODINGS},
            cv=cv,
            scoring="roc_auc",
            error_score="raise",
        ).fit(X, y, group=group)
    assert search.cv_results_["mean_test_score"].min() > 0.4
    assert search.n_splits_ == 3


def test_a_pipeline_alone_takes_the_group_without_routing() -> None:
    X, y, group = planted()
    pipeline = make_pipeline(quick(), LogisticRegression())
    pipeline.fit(X, y, boxsegmentfinder__group=group)
    assert pipeline[0].groups_ == ("A", "B")
    union = FeatureUnion([("box", quick()), ("l1", quick(L1SegmentFinder))])
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(union, LogisticRegression()).fit(X, y, group=group)
    names = model[0].get_feature_names_out()
    assert {"box__Segment 1", "l1__Segment 1"} <= {*names}


def test_an_outcome_with_its_group_is_taken_like_an_array() -> None:
    X, y, group = planted(40)
    both = with_group(y, group)
    assert len(both) == 40
    assert both.shape == (40,)
    assert both[3] == (float(y[3]), group[3])
    assert both[-2:].tolist() == both.tolist()[-2:] == list(both)[-2:]
    for rows in ([4, 2], np.array([4, 2]), np.arange(40) < 2, slice(3)):
        np.testing.assert_array_equal(both[rows]["outcome"], y[rows])
        np.testing.assert_array_equal(both[rows]["group"], group[rows])
    _, _, train, test = train_test_split(X, both, random_state=0)
    assert sorted(train.tolist() + test.tolist()) == sorted(both.tolist())
    assert pickle.loads(pickle.dumps(both)).tolist() == both.tolist()
    assert repr(both) == "<outcome and group of 40 rows>"
    with pytest.raises(InvalidDataError, match="Only segment finders"):
        pd.Series(both)
    with pytest.raises(KeyError):
        both["weight"]


# --- settings ------------------------------------------------------------------------


def test_one_threshold_can_be_set_and_searched() -> None:
    X, y, group = planted(1500)
    finder = quick()
    assert finder.get_params()["thresholds__alpha"] == 0.05
    assert finder.get_params(deep=False)["thresholds"] is None
    alphas, cv, both = [1e-300, 0.05], GroupStratifiedKFold(3), with_group(y, group)
    search = GridSearchCV(
        finder, {"thresholds__alpha": alphas}, cv=cv, error_score="raise"
    ).fit(X, both)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] != scores[1]
    for alpha, score in zip(alphas, scores, strict=True):
        alone = quick(thresholds=DecisionThresholds(alpha=alpha))
        assert score == cross_val_score(alone, X, both, cv=cv).mean()
    assert finder.thresholds is None
    strict = clone(finder.set_params(thresholds__alpha=0.01))
    assert strict.thresholds == DecisionThresholds(alpha=0.01)
    assert strict.thresholds is not finder.thresholds


def test_nested_thresholds_leave_those_of_the_caller() -> None:
    thresholds = DecisionThresholds(pilot_share=0.02)
    finder = quick(thresholds=thresholds).set_params(thresholds__alpha=0.2)
    assert finder.thresholds == DecisionThresholds(pilot_share=0.02, alpha=0.2)
    assert thresholds.alpha == 0.05
    assert thresholds.set_params(alpha=0.2) is thresholds
    assert thresholds == finder.thresholds
    assert DecisionThresholds(**thresholds.get_params()) == thresholds


def test_thresholds_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match=r"thresholds__alpa.*Did you mean 'alpha'"):
        quick().set_params(thresholds__alpa=0.1)
    thresholds = DecisionThresholds()
    with pytest.raises(InvalidDataError, match="Did you mean 'alpha'"):
        thresholds.set_params(pilot_gap=1.0, alpa=0.1)
    assert thresholds == DecisionThresholds()


def test_counts_in_folds_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_searches, "_warned", set())
    X, y, group = planted(300)
    both, cv = with_group(y, group), GroupStratifiedKFold(2)
    with pytest.warns(UserWarning, match="min_size=20 of BoxSegmentFinder is a number"):
        cross_val_score(quick(min_size=20), X, both, cv=cv)
    quick(min_size=20).fit(X, both)
    cross_val_score(quick(min_size=0.1), X, both, cv=cv)


@EVERY_FINDER
def test_no_rows_are_answered(Finder: Any) -> None:
    X, y, group = planted(300)
    finder = quick(Finder).fit(X, y, group=group)
    assert finder.predict(X[:0]).shape == finder.apply(X[:0]).shape == (0,)
    by_position = quick(Finder).fit(X.to_numpy(), y)
    assert by_position.predict(np.empty((0, 2))).shape == (0,)
    with pytest.raises(InvalidDataError, match="there are no rows"):
        finder.score(X[:0], y[:0], group=group[:0])
    with pytest.raises(InvalidDataError, match="there are no rows"):
        finder.score(X[:0], with_group(y[:0], group[:0]))


# --- stored --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "finder",
    [
        quick(encode="ordinal", random_state=np.random.RandomState(0)),
        quick(
            assignment="observational",
            propensity_estimator=LogisticRegression(),
            thresholds=DecisionThresholds(alpha=0.1),
        ),
        quick(inference="maxt", n_replicates=19, treatment="A"),
        quick(TLearnerSegmentFinder, encode="onehot"),
        quick(IVSegmentFinder),
        quick(L1SegmentFinder),
        make_pipeline(quick(), LogisticRegression()),
    ],
    ids=["generator", "observational", "maxt", "t-learner", "iv", "l1", "pipeline"],
)
@pytest.mark.parametrize("outcome", ["numbers", "labels"])
@pytest.mark.filterwarnings("ignore:The group can be predicted:UserWarning")
def test_skops_stores_finders(finder: Any, outcome: str) -> None:
    X, y, group = planted(300)
    y = y if outcome == "numbers" else np.where(y == 1, "yes", "no")
    has_group = not hasattr(finder, "steps")
    params = {"group": group} if has_group else {}
    model = clone(finder).fit(X, y, **params)
    data = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert {name.split(".")[0] for name in untrusted} <= {"skseg", "sklearn"}
    loaded = skops.io.loads(data, trusted=untrusted)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.score(X, y, **params) == model.score(X, y, **params)
    if not has_group:
        return
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    for table in ("segments_", "balance_", "iv_", "iv_table_", "coefficients_"):
        if hasattr(model, table):
            pd.testing.assert_frame_equal(getattr(loaded, table), getattr(model, table))
    if hasattr(model, "overlap_"):
        pd.testing.assert_frame_equal(
            loaded.overlap_.to_frame(), model.overlap_.to_frame()
        )
    assert loaded.to_csv() == model.to_csv()
    refitted, again = (
        clone(m).set_params(random_state=0).fit(X, y, group=group)
        for m in (loaded, model)
    )
    assert refitted.rules_ == again.rules_
