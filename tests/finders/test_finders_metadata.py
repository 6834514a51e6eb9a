"""Groups of segment finders: labels, routing on and off, folds, errors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.fixes import parse_version

from skseg import (
    BoxSegmentFinder,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    information_value,
    with_group,
)

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
GRID = {"min_size": [0.05, 0.9]}

# scikit-learn 1.6 does not ask the steps of a pipeline what its score takes.
PIPELINES_ARE_SCORED = parse_version(sklearn.__version__) >= parse_version("1.7")


def planted(n_rows: int = 1500, labels: Any = ("A", "B")) -> Any:
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {"age": random.normal(50, 10, n_rows), "noise": random.normal(size=n_rows)}
    )
    group = random.integers(0, len(labels), n_rows)
    chance = 0.3 + (group == 0) * np.where(X["age"] > 55, 0.5, -0.2)
    y = (random.random(n_rows) < chance).astype(int)
    return X, y, np.array(list(labels), dtype=object)[group]


def quick(**options: Any) -> BoxSegmentFinder:
    return BoxSegmentFinder(random_state=0, max_features=1, **options)


def rules_of(finder: Any) -> list[str]:
    return [str(rule) for rule in finder.rules_.rules.values()]


def value_of(finder: Any, X: Any, y: Any, group: Any) -> float:
    """Return what a policy is worth, by the rows that happened to follow it."""
    share = {label: np.mean(group == label) for label in set(group)}
    probability = np.array([share[label] for label in group])
    weight = (finder.predict(X) == group) / probability
    return float((weight * y).sum() / weight.sum())


# --- routing off ---------------------------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
def test_a_pipeline_passes_the_group_to_fit(Finder: Any) -> None:
    X, y, group = planted()
    finder = Finder(random_state=0)
    pipeline = Pipeline([("finder", finder)]).fit(X, y, finder__group=group)
    alone = Finder(random_state=0).fit(X, y, group=group)
    pd.testing.assert_frame_equal(pipeline[-1].segments_, alone.segments_)
    np.testing.assert_array_equal(pipeline.predict(X), alone.predict(X))
    with pytest.raises(ValueError, match=r"score needs the group too.*with_group"):
        pipeline.score(X, y)
    assert alone.score(X, y, group) == pytest.approx(value_of(alone, X, y, group))


@pytest.mark.parametrize("Finder", FINDERS)
def test_the_group_inside_y_is_the_group_beside_it(Finder: Any) -> None:
    X, y, group = planted()
    both = with_group(y, group)
    beside = Finder(random_state=0).fit(X, y, group)
    inside = make_pipeline(Finder(random_state=0)).fit(X, both)
    pd.testing.assert_frame_equal(beside.segments_, inside[-1].segments_)
    assert inside.score(X, both) == beside.score(X, y, group)


def test_cross_validation_without_routing() -> None:
    X, y, group = planted()
    both, cv = with_group(y, group), GroupStratifiedKFold(3)
    scores = cross_val_score(quick(), X, both, cv=cv, error_score="raise")
    for score, (train, test) in zip(scores, cv.split(X, both), strict=True):
        finder = quick().fit(X.iloc[train], y[train], group[train])
        expected = value_of(finder, X.iloc[test], y[test], group[test])
        assert score == pytest.approx(expected)
    # Whoever knows where A is better gets more than either group.
    assert scores.mean() > max(y[group == label].mean() for label in "AB") + 0.01
    search = GridSearchCV(quick(), GRID, cv=cv, error_score="raise").fit(X, both)
    assert search.best_params_ == {"min_size": 0.05}
    assert search.score(X, both) == search.best_estimator_.score(X, y, group)


# --- routing on ----------------------------------------------------------------------


@pytest.fixture
def _routing() -> Any:
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("_routing")
def test_cross_validation_with_routing() -> None:
    X, y, group = planted()
    cv = KFold(3)
    estimators = [quick()]
    if PIPELINES_ARE_SCORED:
        estimators.append(make_pipeline(quick()))
    for estimator in estimators:
        scores = cross_val_score(
            estimator, X, y, cv=cv, params={"group": group}, error_score="raise"
        )
        for score, (train, test) in zip(scores, cv.split(X), strict=True):
            finder = quick().fit(X.iloc[train], y[train], group[train])
            expected = value_of(finder, X.iloc[test], y[test], group[test])
            assert score == pytest.approx(expected)


@pytest.mark.usefixtures("_routing")
def test_grid_search_with_routing() -> None:
    X, y, group = planted()
    search = GridSearchCV(quick(), GRID, cv=3, error_score="raise")
    search.fit(X, y, group=group)
    assert search.best_params_ == {"min_size": 0.05}
    assert search.best_estimator_.groups_ == ("A", "B")
    best = quick(min_size=0.05).fit(X, y, group)
    assert search.score(X, y, group=group) == best.score(X, y, group)
    if not PIPELINES_ARE_SCORED:
        return
    within = GridSearchCV(
        Pipeline([("finder", quick())]),
        {"finder__min_size": GRID["min_size"]},
        cv=3,
        error_score="raise",
    ).fit(X, y, group=group)
    assert within.best_score_ == search.best_score_


@pytest.mark.usefixtures("_routing")
@pytest.mark.parametrize("Finder", FINDERS)
def test_a_pipeline_with_routing(Finder: Any) -> None:
    X, y, group = planted()
    pipeline = make_pipeline(Finder(random_state=0)).fit(X, y, group=group)
    alone = Finder(random_state=0).fit(X, y, group)
    assert rules_of(pipeline[-1]) == rules_of(alone)
    assert pipeline.score(X, y, group=group) == alone.score(X, y, group)
    with pytest.raises(ValueError, match="score needs the group too"):
        pipeline.score(X, y)


@pytest.mark.usefixtures("_routing")
def test_weights_are_routed_on_request() -> None:
    X, y, group = planted()
    finder = quick().set_fit_request(sample_weight=True)
    finder = finder.set_score_request(sample_weight=True)
    weight = np.where(X["age"] > 55, 2.0, 1.0)
    scores = cross_val_score(
        finder,
        X,
        y,
        cv=KFold(2),
        params={"group": group, "sample_weight": weight},
        error_score="raise",
    )
    train, test = next(KFold(2).split(X))
    fitted = quick().fit(X.iloc[train], y[train], group[train], weight[train])
    expected = fitted.score(X.iloc[test], y[test], group[test], weight[test])
    assert scores[0] == expected


# --- both, neither, wrong ------------------------------------------------------------


@pytest.mark.parametrize("routing", [False, True])
def test_the_group_is_not_given_twice(routing: bool) -> None:
    X, y, group = planted(200)
    both = with_group(y, group)
    with config_context(enable_metadata_routing=routing):
        finder = quick().fit(X, both)
        for method in (finder.score, quick().fit):
            with pytest.raises(ValueError, match="given twice"):
                method(X, both, group=group)


def test_a_finder_without_groups_scores_without_them() -> None:
    X, y, group = planted()
    finder = quick().fit(X, y)
    with pytest.raises(ValueError, match="fitted without a group"):
        finder.score(X, y, group)
    with pytest.raises(ValueError, match="fitted without a group"):
        finder.score(X, with_group(y, group))
    inside = finder.predict(X) == 1
    assert finder.score(X, y) == pytest.approx(y[inside].mean() - y.mean())


def test_score_changes_nothing() -> None:
    X, y, group = planted()
    finder = quick(assignment="observational").fit(X, y, group)
    before = dict(vars(finder))
    finder.score(X[:700], y[:700], group[:700])
    assert all(vars(finder)[name] is value for name, value in before.items())
    assert set(vars(finder)) == set(before)


@pytest.mark.parametrize("absent", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_are_an_error(absent: Any) -> None:
    X, y, group = planted(200)
    group[17] = absent
    for given in ((y, group), (with_group(y, group), None)):
        with pytest.raises(ValueError, match=r"group of .* at row 17"):
            quick().fit(X, *given)


@pytest.mark.parametrize(
    ("treatment", "reference", "message"),
    [
        (None, None, r"compares two groups\. Got 3: \['A', 'B', 'C'\]"),
        ("Z", None, r"'treatment' parameter of .* must .* Got 'Z'"),
        (None, "Z", r"'reference' parameter .* The labels are \['A', 'B', 'C'\]"),
        ("A", "Z", r"'reference' parameter .* Got 'Z' instead"),
        (("A", "B"), None, r"'treatment' parameter .* Got \('A', 'B'\) instead"),
        ("A", "A", r"'reference' parameter .* another label than 'treatment'"),
    ],
)
def test_groups_to_compare_must_have_rows(
    treatment: Any, reference: Any, message: str
) -> None:
    X, y, group = planted(200, labels="ABC")
    with pytest.raises(ValueError, match=message):
        quick(treatment=treatment, reference=reference).fit(X, y, group)
    with pytest.raises(ValueError, match=message):
        information_value(X, y, group=group, treatment=treatment, reference=reference)


def test_the_advice_about_three_groups_works() -> None:
    X, y, group = planted(200, labels="ABC")
    assert quick(treatment="A", reference="C").fit(X, y, group).groups_ == ("A", "C")
    assert quick(treatment="B").fit(X, y, group).groups_ == ("B", "not B")
    assert quick(reference="B").fit(X, y, group).groups_ == ("not B", "B")


def test_lengths_must_agree() -> None:
    X, y, group = planted(200)
    with pytest.raises(ValueError, match="Got 199 labels and 200 rows"):
        quick().fit(X, y, group[1:])
    with pytest.raises(ValueError, match="199 outcomes"):
        with_group(y[1:], group)


# --- labels and groups ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "kind", "reference"),
    [((1, 2), "i", None), ((False, True), "b", "A"), (("a", "b"), "U", None)],
)
def test_labels_keep_their_type(labels: Any, kind: str, reference: Any) -> None:
    X, y, group = planted(labels=labels)
    finder = quick().fit(X, y, np.array(group.tolist()))
    text = quick(reference=reference)
    text.fit(X, y, np.where(group == labels[0], "A", "B"))
    assert set(finder.groups_) == set(labels)
    best = text.segments_["best_group"].map({"A": labels[0], "B": labels[1]})
    assert finder.segments_["best_group"].tolist() == best.tolist()
    predicted = finder.predict(X)
    assert predicted.dtype.kind == kind
    is_first = text.predict(X) == "A"
    assert predicted.tolist() == [
        labels[0] if first else labels[1] for first in is_first
    ]
    assert finder.score(X, y, group) == text.score(
        X, y, np.where(group == labels[0], "A", "B")
    )


@pytest.mark.parametrize(
    "convert",
    [
        list,
        pd.Series,
        pd.Categorical,
        pl.Series,
        lambda group: pd.Series(group, dtype="string"),
        lambda group: pd.Series(group, index=np.arange(len(group))[::-1]),
    ],
)
def test_a_group_may_come_in_any_form(convert: Any) -> None:
    X, y, group = planted()
    finder = quick().fit(X, y, convert(group))
    assert rules_of(finder) == rules_of(quick().fit(X, y, group))
    assert finder.groups_ == ("A", "B")


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("inference", ["honest", "none"])
def test_rows_of_other_groups_count_for_nothing(Finder: Any, inference: str) -> None:
    X, y, group = planted(labels="ABC")
    X["city"] = np.where(group == "C", "other", np.where(X["noise"] > 0, "x", "y"))
    in_c = group == "C"
    # Neither their outcomes nor their values.
    y = np.where(in_c, 77.5, y)
    X.loc[in_c, "age"] += 1000
    options = {"random_state": 0, "inference": inference}
    finder = Finder(treatment="A", reference="B", **options).fit(X, y, group)
    alone = clone(finder).fit(X[~in_c], y[~in_c], group[~in_c])
    pd.testing.assert_frame_equal(finder.segments_, alone.segments_)
    pd.testing.assert_frame_equal(finder.policy_table_, alone.policy_table_)
    assert rules_of(finder) == rules_of(alone)
    np.testing.assert_array_equal(finder.predict(X), alone.predict(X))
    score = finder.score(X, y, group)
    assert score == pytest.approx(alone.score(X[~in_c], y[~in_c], group[~in_c]))


def test_a_group_can_be_compared_with_all_others() -> None:
    X, y, group = planted(labels="ABC")
    finder = quick(treatment="A").fit(X, y, group)
    pair = np.where(group == "A", "A", "not A")
    merged = quick().fit(X, y, pair)
    assert finder.groups_ == ("A", "not A")
    pd.testing.assert_frame_equal(finder.segments_, merged.segments_)
    np.testing.assert_array_equal(finder.predict(X), merged.predict(X))
    assert finder.score(X, y, group) == merged.score(X, y, pair)


def test_a_label_that_is_a_number_can_be_compared_with_all_others() -> None:
    X, y, group = planted(labels=(0, 1, 2))
    finder = quick(treatment=0).fit(X, y, group)
    assert set(finder.predict(X)) == {0, "not 0"}
    assert finder.score(X, y, group) > 0


def test_treatment_and_reference_can_change_places() -> None:
    X, y, group = planted()
    finder = quick(treatment="B", reference="A").fit(X, y, group)
    assert finder.groups_ == ("B", "A")
    plain = quick().fit(X, y, group)
    effects = plain.segments_["effect"]
    np.testing.assert_allclose(finder.segments_["effect"], -effects)


@pytest.mark.parametrize("Finder", FINDERS)
def test_without_groups_a_segment_is_compared_with_the_rest(Finder: Any) -> None:
    random = np.random.default_rng(0)
    X = pd.DataFrame({"age": random.normal(50, 10, 2000)})
    y = (random.random(2000) < 0.1 + 0.5 * (X["age"] > 55)).astype(int)
    finder = Finder(inference="none", max_features=1).fit(X, y)
    assert finder.groups_ is None
    assert not hasattr(finder, "balance_")
    for i, row in finder.segments_.iterrows():
        inside = finder.transform(X)[:, i] == 1
        effect = y[inside].mean() - y[~inside].mean()
        assert row["effect"] == pytest.approx(100 * effect)
        assert row["best_group"] == ("segment" if effect > 0 else "rest")
        assert [row["n_a"], row["n_b"]] == [inside.sum(), (~inside).sum()]
    sure = Finder(random_state=0, max_features=1).fit(X, y)
    predicted = sure.predict(X)
    assert predicted.dtype.kind == "i"
    assert predicted[(X["age"] > 56)].mean() > 0.9
    assert predicted[(X["age"] < 50)].mean() < 0.1


# --- folds ---------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [False, True])
def test_folds_have_the_same_shares(shuffle: bool) -> None:
    _, y, group = planted(labels="ABC")
    both = with_group(y, group)
    seed = 0 if shuffle else None
    cv = GroupStratifiedKFold(4, shuffle=shuffle, random_state=seed)
    folds = [test for _, test in cv.split(np.zeros(len(y)), both)]
    assert sorted(np.concatenate(folds)) == list(range(len(y)))
    assert cv.get_n_splits() == 4
    total = Counter(zip(y, group, strict=True))
    for fold in folds:
        counts = Counter(zip(y[fold], group[fold], strict=True))
        for cell, n in total.items():
            assert abs(counts[cell] - n / 4) <= 1


def test_folds_of_numbers_have_the_same_shares_of_large_ones() -> None:
    _, y, group = planted()
    revenue = np.random.default_rng(0).lognormal(size=len(y))
    both = with_group(revenue, group)
    for _, test in GroupStratifiedKFold(3).split(both, both):
        for label in "AB":
            rows = test[group[test] == label]
            large = revenue[rows] > np.median(revenue[group == label])
            assert large.mean() == pytest.approx(0.5, abs=0.02)


def test_folds_need_the_group() -> None:
    _, y, _ = planted(20)
    with pytest.raises(ValueError, match=r"with_group\(y, group\)"):
        next(GroupStratifiedKFold(2).split(y, y))


def test_with_group_has_two_named_fields() -> None:
    both = with_group(pd.Series([True, False]), pd.Series([1, 2]))
    assert both["outcome"].tolist() == [1.0, 0.0]
    assert both["group"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="must be numbers"):
        with_group([["yes"], 1j], ["A", "B"])
