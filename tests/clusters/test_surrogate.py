"""RuleSurrogate: rules that stand in for a segmenter, proved and measured."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import BaseEstimator, ClusterMixin, clone, is_clusterer
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import cohen_kappa_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skseg import MECERuleSegmenter, RFMSegmenter, RuleSurrogate
from skseg._core._wrapped import first_attribute
from skseg.exceptions import MissingColumnError
from skseg.rules import RuleSet
from skseg.rules._language._conditions import Comparison, leaves
from tests.examples import few_examples
from tests.rules.sql.sql_data import Column, sql_codes


class Given(ClusterMixin, BaseEstimator):
    """Segments rows as it is told to; takes missing values, text, and new rows."""

    def __init__(self, codes: Any = None) -> None:
        self.codes = codes

    def fit(self, X: Any, y: Any = None) -> Given:
        self.labels_ = np.asarray(self.codes)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class Named(Given):
    """The same, with names."""

    segment_names_ = np.array(["Low", "High", "Noise"], dtype=object)


def given_codes(X: Any, codes: Any, **options: Any) -> RuleSurrogate:
    options = {"random_state": 0, **options}
    return RuleSurrogate(Given(codes), **options).fit(X)


def texts(surrogate: RuleSurrogate) -> dict[str, str]:
    return surrogate.rules_.texts()


def thresholds(rules: RuleSet) -> list[float]:
    return [
        leaf.threshold
        for rule in rules.rules.values()
        for leaf in leaves(rule)
        if isinstance(leaf, Comparison) and isinstance(leaf.threshold, float)
    ]


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    return make_blobs(400, 2, centers=4, cluster_std=0.8, random_state=3)


# Rules by hand


def test_one_column_is_cut_at_the_roundest_number_between_the_segments() -> None:
    X = [[1.0], [2.0], [3.0], [17.0], [18.0], [19.0]]
    surrogate = given_codes(X, [1, 1, 1, 0, 0, 0])
    assert texts(surrogate) == {
        "Segment 0": "x0 > 10",
        "Segment 1": "x0 <= 10",
        "Unknown": "everyone else",
    }
    assert surrogate.n_rules_ == 2
    assert surrogate.labels_.tolist() == [1, 1, 1, 0, 0, 0]
    # On the rule, next to it, and where there is no value.
    rows = [[10.0], [np.nextafter(10.0, 11)], [np.nan], [np.inf], [-np.inf]]
    assert surrogate.predict(rows).tolist() == [1, 0, 2, 0, 1]


def test_two_columns_make_boxes() -> None:
    X = [[a, b] for a in (0.0, 1, 10, 11) for b in (0.0, 1, 10, 11)]
    codes = [0 if a < 5 else 1 if b < 5 else 2 for a, b in X]
    assert texts(given_codes(X, codes)) == {
        "Segment 0": "x0 <= 5",
        "Segment 1": "x0 > 5 and x1 <= 5",
        "Segment 2": "x0 > 5 and x1 > 5",
        "Unknown": "everyone else",
    }


def test_a_segment_in_two_places_is_two_rules() -> None:
    X = np.arange(30.0)[:, np.newaxis]
    codes = np.repeat([0, 1, 0], 10)
    surrogate = given_codes(X, codes)
    assert surrogate.n_rules_ == 3
    assert texts(surrogate)["Segment 0"] == "x0 <= 9 or x0 > 19"
    assert texts(surrogate)["Segment 1"] == "9 < x0 <= 19"
    with_two = given_codes(X, codes, max_rules=2)
    assert with_two.n_rules_ == 2


def test_segments_table_by_hand() -> None:
    X = np.arange(10.0)[:, np.newaxis]
    # A row of segment 1 sits among those of segment 0; two rules cannot tell it.
    surrogate = given_codes(X, [0, 0, 1, 0, 0, 1, 1, 1, 1, 1], max_rules=2)
    table = surrogate.segments_
    assert table["code"].tolist() == [0, 1, 2]
    assert table["name"].tolist() == ["Segment 0", "Segment 1", "Unknown"]
    assert table["rule"].tolist() == ["x0 <= 4", "x0 > 4", "everyone else"]
    assert table["n"].tolist() == [5, 5, 0]
    assert table["share"].tolist() == [0.5, 0.5, 0]
    np.testing.assert_allclose(table["recall"], [1, 5 / 6, np.nan])
    np.testing.assert_allclose(table["precision"], [4 / 5, 1, np.nan])


def test_cost_ratio_by_hand() -> None:
    X = np.array([[0.0], [1], [4], [10], [11], [12]])
    # The own means are 2.5 / 3 of {0, 1, 10}, ... : rules move one row.
    codes = [0, 0, 1, 1, 1, 1]
    surrogate = given_codes(X, codes)
    assert surrogate.cost_ratio_ == 1
    surrogate = given_codes(X, [0, 0, 0, 1, 1, 0], max_rules=2)
    own = ((X[[0, 1, 2, 5]] - 4.25) ** 2).sum() + 0.5
    rules = ((X[:3] - 5 / 3) ** 2).sum() + 2
    assert surrogate.labels_.tolist() == [0, 0, 0, 1, 1, 1]
    assert surrogate.cost_ratio_ == pytest.approx(rules / own)


def test_cost_ratio_is_measured_where_the_clusterer_measured() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)) * [1, 1000]
    pipeline = make_pipeline(StandardScaler(), KMeans(4, random_state=0))
    surrogate = RuleSurrogate(pipeline, random_state=0).fit(X)
    rows = StandardScaler().fit_transform(X)
    codes = pipeline.fit_predict(X)

    def inertia(labels: Any) -> float:
        return sum(
            ((rows[labels == c] - rows[labels == c].mean(axis=0)) ** 2).sum()
            for c in np.unique(labels)
        )

    assert surrogate.cost_ratio_ == pytest.approx(
        inertia(surrogate.labels_) / inertia(codes)
    )
    assert inertia(codes) == pytest.approx(surrogate.estimator_[-1].inertia_)


def test_one_segment_is_everyone() -> None:
    surrogate = given_codes([[1.0], [2.0], [3.0]], [0, 0, 0])
    assert texts(surrogate)["Segment 0"] == "True"
    assert surrogate.predict([[np.nan], [9.0]]).tolist() == [0, 0]


# Missing values and text


def test_missing_values_of_training_have_a_rule() -> None:
    X = [[1.0], [2.0], [8.0], [9.0], [np.nan], [np.nan]]
    surrogate = given_codes(X, [0, 0, 1, 1, 2, 2])
    assert texts(surrogate)["Segment 2"] == "missing(x0)"
    assert surrogate.labels_.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("among", [0, 1])
def test_missing_values_go_with_small_or_large_numbers_in_one_rule(among: int) -> None:
    X = [[1.0], [2.0], [8.0], [9.0], [np.nan], [np.nan]]
    surrogate = given_codes(X, [0, 0, 1, 1, among, among], max_rules=2)
    assert surrogate.labels_.tolist() == [0, 0, 1, 1, among, among]
    # Which holds for missing values as well.
    expected = "not x0 > 5" if among == 0 else "not x0 <= 5"
    assert texts(surrogate)[f"Segment {among}"] == expected


def test_levels_of_a_text_and_unseen_texts() -> None:
    X = pd.DataFrame({"plan": ["free", "pro", "trial", None] * 5})
    surrogate = given_codes(X, [0, 1, 0, 1] * 5)
    assert texts(surrogate) == {
        "Segment 0": "plan in ['free', 'trial']",
        "Segment 1": "plan in ['pro'] or missing(plan)",
        "Unknown": "everyone else",
    }
    new = pd.DataFrame({"plan": ["free", "enterprise", None]})
    assert surrogate.predict(new).tolist() == [0, 2, 1]


def test_rare_levels_share_a_cell_with_unseen_texts() -> None:
    frequent = [f"c{i}" for i in range(29) for _ in range(5)]
    rare = [f"rare{i}" for i in range(40)]
    X = pd.DataFrame({"city": [*frequent, *rare, *(["c0"] * 200)]})
    codes = [*([0] * len(frequent)), *([1] * len(rare)), *([0] * 200)]
    surrogate = given_codes(X, codes)
    rule = texts(surrogate)["Segment 1"]
    assert rule.startswith("city not in ['c0', 'c1', ")
    assert rule.endswith("] and not missing(city)")
    new = pd.DataFrame({"city": ["c0", "rare3", "never seen", None]})
    assert surrogate.predict(new).tolist() == [0, 1, 1, 2]


def test_missing_text_and_rare_levels_together() -> None:
    cities = [*[f"c{i % 30}" for i in range(600)], *[f"r{i}" for i in range(60)]]
    X = pd.DataFrame({"city": [*cities, *([None] * 60)]})
    surrogate = given_codes(X, [*([0] * 600), *([1] * 60), *([1] * 60)])
    new = pd.DataFrame({"city": ["c0", "r3", "never seen", None]})
    assert surrogate.predict(new).tolist() == [0, 1, 1, 1]


def test_empty_and_constant_columns_are_not_used() -> None:
    X = pd.DataFrame({"empty": [np.nan] * 6, "same": [3.0] * 6, "x": [1.0, 2, 3] * 2})
    surrogate = given_codes(X, [0, 0, 1] * 2)
    assert surrogate.rules_.columns == ("x",)


def test_rows_that_the_segmenter_does_not_take_get_segments_by_the_rules() -> None:
    X = np.array(
        [[1.0, 0], [2, 0], [2, np.nan], [8, 1], [9, 1], [np.nan, 1], [np.inf, 0]]
    )
    with pytest.warns(UserWarning, match="3 of 7 rows have missing or infinite"):
        surrogate = RuleSurrogate(KMeans(2, random_state=0), random_state=0).fit(X)
    assert surrogate.estimator_.n_features_in_ == 2
    assert len(surrogate.estimator_.labels_) == 4
    assert len(surrogate.labels_) == 7
    assert surrogate.segments_["n"].sum() == 7
    np.testing.assert_array_equal(surrogate.labels_, surrogate.rules_.assign(X))


def test_weights_and_outcomes_of_rows_left_out_are_left_out() -> None:
    X = pd.DataFrame({"x": [1.0, 2, np.nan, 8, 9]})

    class Noting(KMeans):
        def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
            self.seen_ = list(y), list(sample_weight)
            return super().fit(X, sample_weight=sample_weight)

    surrogate = RuleSurrogate(Noting(2, random_state=0), random_state=0)
    with pytest.warns(UserWarning, match="1 of 5 rows"):
        surrogate.fit(X, list("abcde"), sample_weight=np.arange(5.0))
    assert surrogate.estimator_.seen_ == (list("abde"), [0.0, 1.0, 3.0, 4.0])


def test_no_complete_row_is_an_error() -> None:
    with pytest.raises(ValueError, match="Every row of X has a missing or infinite"):
        RuleSurrogate(KMeans(2)).fit([[np.nan], [np.nan]])


@pytest.mark.parametrize("searched", [False, True])
def test_a_pipeline_that_imputes_is_fitted_on_all_rows(searched: bool) -> None:
    X = np.array([[1.0], [2], [np.nan], [np.nan], [8], [9], [2], [1], [9], [8]])
    pipeline = make_pipeline(SimpleImputer(), KMeans(3, random_state=0))
    folds = ShuffleSplit(2, random_state=0)
    search = GridSearchCV(pipeline, {"kmeans__n_clusters": [3]}, cv=folds)
    surrogate = RuleSurrogate(search if searched else pipeline, random_state=0).fit(X)
    assert len(first_attribute(surrogate.estimator_, "labels_")) == 10
    expected = pipeline.fit(X).predict(X)
    np.testing.assert_array_equal(surrogate.labels_, expected)
    assert "missing(x0)" in texts(surrogate).values()


def test_text_columns_go_through_the_pipeline_of_the_segmenter() -> None:
    X = pd.DataFrame({"plan": ["free", "pro"] * 20, "age": np.arange(40.0)})
    columns = make_column_transformer(
        (OneHotEncoder(), ["plan"]), (StandardScaler(), ["age"])
    )
    surrogate = RuleSurrogate(
        make_pipeline(columns, KMeans(2, random_state=0)), random_state=0
    ).fit(X)
    assert surrogate.rules_.verify().is_mece
    assert surrogate.score(X) > 0.9


# Thresholds


def significant(number: float) -> int:
    digits = repr(abs(number)).split("e")[0].removesuffix(".0").replace(".", "")
    return max(len(digits.strip("0")), 1)


@pytest.mark.parametrize("digits", [1, 2, 3, 5])
def test_thresholds_have_the_digits_asked_for(digits: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.lognormal(3, 1, size=(3000, 3))
    surrogate = RuleSurrogate(
        KMeans(6, random_state=0),
        significant_digits=digits,
        max_rules=30,
        random_state=0,
    ).fit(X)
    found = thresholds(surrogate.rules_)
    assert found
    assert max(map(significant, found)) <= digits


def test_more_digits_do_not_hurt_fidelity_much() -> None:
    rng = np.random.default_rng(0)
    X = rng.lognormal(3, 1, size=(3000, 3))
    scores = [
        RuleSurrogate(
            KMeans(6, random_state=0), significant_digits=digits, random_state=0
        )
        .fit(X)
        .fidelity_
        for digits in (2, 15)
    ]
    assert abs(scores[0] - scores[1]) < 0.02


@pytest.mark.parametrize(
    "values",
    [
        np.repeat(np.arange(2000.0, 2027), 20),
        np.linspace(36.0, 37.5, 400),
        1.7e9 + np.linspace(0, 1000, 400),
        1e12 + np.arange(400.0),
        np.append(np.zeros(200), 1.7e9 + np.linspace(0, 1000, 400)),
        np.append(np.repeat(np.arange(2000.0, 2027), 20), [0.0, 9999.0]),
    ],
    ids=["years", "degrees", "seconds", "far", "with zeros", "with sentinels"],
)
def test_an_offset_does_not_collapse_a_column(values: np.ndarray) -> None:
    X = values[:, np.newaxis]
    is_late = values > np.quantile(values, 0.7)
    surrogate = given_codes(X, is_late.astype(int))
    assert (surrogate.labels_ == is_late).mean() > 0.98


def test_years_are_cut_at_years() -> None:
    years = np.repeat(np.arange(2000.0, 2027), 20)[:, np.newaxis]
    surrogate = given_codes(years, (years[:, 0] > 2013).astype(int))
    assert texts(surrogate)["Segment 0"] == "x0 <= 2013"


def test_neighbours_that_float32_would_merge_are_separated() -> None:
    # Both are the same number in float32, in which scikit-learn's trees compare.
    low, high = 16777217.0, 16777218.0
    X = np.array([[low], [high]] * 10)
    surrogate = given_codes(X, [0, 1] * 10)
    assert surrogate.predict([[low], [high]]).tolist() == [0, 1]


# Noise, names and codes


def test_noise_is_a_segment_with_a_rule_and_the_code_minus_one() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(m, 0.2, (100, 2)) for m in (0, 5)])
    X = np.vstack([X, np.column_stack([np.full(9, 20.0), np.arange(0, 90, 10)])])
    surrogate = RuleSurrogate(DBSCAN(eps=1), random_state=0).fit(X)
    assert surrogate.rules_.noise == "Noise"
    assert surrogate.segment_names_.tolist() == [
        "Segment 0",
        "Segment 1",
        "Unknown",
        "Noise",
    ]
    assert surrogate.segments_["code"].tolist() == [0, 1, 2, -1]
    np.testing.assert_array_equal(surrogate.labels_, DBSCAN(eps=1).fit_predict(X))
    np.testing.assert_array_equal(
        surrogate.segment_names_[surrogate.labels_[-9:]], ["Noise"] * 9
    )
    assert surrogate.segments_["recall"].iloc[[0, 1, 3]].tolist() == [1, 1, 1]
    assert surrogate.transform(X)[-1].tolist() == [0, 0, 0, 1]
    assert surrogate.cost_ratio_ == 1


def test_everything_may_be_noise() -> None:
    surrogate = given_codes([[1.0], [2.0]], [-1, -1])
    assert surrogate.labels_.tolist() == [-1, -1]
    assert surrogate.segment_names_.tolist() == ["Unknown", "Noise"]
    assert np.isnan(surrogate.cost_ratio_)


def test_names_of_the_segmenter_are_kept_without_a_noise_that_did_not_occur() -> None:
    X = [[1.0], [2.0], [8.0], [9.0]]
    surrogate = RuleSurrogate(Named([0, 0, 1, 1]), random_state=0).fit(X)
    assert surrogate.segment_names_.tolist() == ["Low", "High", "Unknown"]
    surrogate = RuleSurrogate(Named([0, 0, 1, -1]), random_state=0).fit(X)
    assert surrogate.segment_names_.tolist() == ["Low", "High", "Unknown", "Noise"]
    assert surrogate.labels_.tolist() == [0, 0, 1, -1]


def test_names_are_found_within_pipelines_and_frozen_ones() -> None:
    X = [[1.0], [2.0], [8.0], [9.0]]
    fitted = make_pipeline(StandardScaler(), Named([0, 0, 1, 1])).fit(X)
    surrogate = RuleSurrogate(FrozenEstimator(fitted), random_state=0).fit(X)
    assert surrogate.segment_names_.tolist() == ["Low", "High", "Unknown"]


def test_a_segment_without_training_rows_keeps_its_code() -> None:
    surrogate = given_codes([[1.0], [2.0], [8.0], [9.0]], [0, 0, 2, 2])
    assert texts(surrogate)["Segment 1"] == "False"
    assert surrogate.segments_["code"].tolist() == [0, 1, 2, 3]
    assert surrogate.predict([[np.nan]]).tolist() == [3]


def test_rows_that_hdbscan_cannot_place_are_noise() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(m, 0.2, (50, 2)) for m in (0, 5)])
    X[:5, 0] = np.nan
    X[5:10, 0] = np.inf
    codes = HDBSCAN(copy=True).fit_predict(X)
    assert {-2, -3} <= set(codes)
    surrogate = RuleSurrogate(HDBSCAN(copy=True), random_state=0).fit(X)
    np.testing.assert_array_equal(surrogate.labels_, np.maximum(codes, -1))


def test_rfm_segments_are_reproduced_and_share_the_unknown_segment() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "recency": rng.integers(0, 365, 2000).astype(float),
            "frequency": rng.geometric(0.3, 2000).astype(float),
            "monetary": rng.lognormal(4, 1, 2000),
        }
    )
    X.loc[:20, "recency"] = np.nan
    segmenter = RFMSegmenter().fit(X)
    surrogate = RuleSurrogate(FrozenEstimator(segmenter), max_rules=60, random_state=0)
    surrogate.fit(X)
    assert surrogate.segment_names_.tolist() == segmenter.segment_names_.tolist()
    assert surrogate.score(X) > 0.9
    assert surrogate.segments_["recall"].iloc[-1] == 1


def test_the_outside_of_a_universe_becomes_a_segment_with_a_rule() -> None:
    X = pd.DataFrame({"aov": np.arange(100.0), "days": np.tile(np.arange(10.0), 10)})
    segmenter = MECERuleSegmenter(
        {"High": "aov >= 50"}, default="Low", universe="days <= 7"
    ).fit(X)
    surrogate = RuleSurrogate(FrozenEstimator(segmenter), random_state=0).fit(X)
    assert surrogate.segment_names_.tolist() == ["High", "Low", "Unknown", "outside"]
    assert surrogate.score(X) == 1


# Every segment has a rule


def test_every_segment_keeps_a_rule_even_if_others_would_gain_more() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    codes = (X[:, 0] > 0).astype(int)
    # The third one is spread over the others, and hardly denser anywhere.
    codes[rng.random(2000) < 0.1 + 0.1 * (X[:, 1] > 0)] = 2
    surrogate = given_codes(X, codes, max_rules=3)
    assert set(surrogate.labels_) == {0, 1, 2}


def test_a_segment_that_no_rule_can_separate_is_named_in_a_warning() -> None:
    X = [[1.0], [1.0], [1.0], [9.0], [9.0]]
    with pytest.warns(UserWarning, match="tells 'Segment 1' from other segments"):
        surrogate = given_codes(X, [0, 0, 1, 2, 2])
    assert texts(surrogate)["Segment 1"] == "False"
    assert surrogate.rules_.verify().is_mece


# Measures


def test_fidelity_is_measured_on_held_out_rows(blobs: Any) -> None:
    X, _ = blobs
    # Codes by chance: rules that were measured on their own rows would look well.
    codes = np.random.default_rng(0).integers(0, 2, len(X))
    surrogate = given_codes(X, codes, max_rules=60)
    assert (surrogate.labels_ == codes).mean() > 0.65
    assert 0.35 < surrogate.fidelity_ < 0.65
    assert 0.35 < surrogate.balanced_fidelity_ < 0.65


def test_balanced_fidelity_weights_segments_equally() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 1))
    codes = np.zeros(4000, dtype=int)
    # A tenth of the rows, and half of them among the others.
    codes[:200], codes[200:400] = 1, 1
    X[:200] += 20
    surrogate = given_codes(X, codes, max_rules=2)
    assert surrogate.fidelity_ == pytest.approx(0.95, abs=0.02)
    assert surrogate.balanced_fidelity_ == pytest.approx(0.75, abs=0.08)


def test_fidelity_is_unknown_where_nothing_can_be_held_out() -> None:
    surrogate = given_codes([[1.0], [9.0]], [0, 1])
    assert np.isnan(surrogate.fidelity_)
    assert np.isnan(surrogate.balanced_fidelity_)


def test_separate_blobs_get_one_rule_each() -> None:
    X, _ = make_blobs(600, 3, centers=5, cluster_std=0.3, random_state=0)
    surrogate = RuleSurrogate(KMeans(5, random_state=0), random_state=0).fit(X)
    assert surrogate.n_rules_ == 5
    assert surrogate.fidelity_ == 1
    assert surrogate.cost_ratio_ == 1


def test_more_rules_are_no_worse_on_the_training_rows(blobs: Any) -> None:
    X, _ = blobs
    codes = KMeans(6, random_state=0).fit_predict(X)
    balanced = [
        given_codes(X, codes, max_rules=n).segments_["recall"].mean()
        for n in (6, 12, 24, 48)
    ]
    assert all(np.diff(balanced) > -1e-3)


def test_no_worse_than_a_tree_of_the_same_size_in_scikit_learn(blobs: Any) -> None:
    X, _ = blobs
    codes = KMeans(6, random_state=0).fit_predict(X)
    for n in (6, 9, 12):
        tree = DecisionTreeClassifier(
            max_leaf_nodes=n, class_weight="balanced", random_state=0
        ).fit(X, codes)
        found = tree.predict(X)
        theirs = np.mean([(found[codes == c] == c).mean() for c in range(6)])
        ours = given_codes(X, codes, max_rules=n).segments_["recall"].mean()
        # A leaf that adds less than 0.1 % is not grown.
        assert ours > theirs - 0.01


def test_rules_are_learned_from_a_sample_and_all_rows_are_counted() -> None:
    X, _ = make_blobs(5000, 2, centers=3, random_state=0)
    codes = KMeans(3, random_state=0).fit_predict(X)
    codes[0] = 3
    X[0] = 100
    surrogate = given_codes(X, codes, max_rows=500)
    assert surrogate.segments_["n"].sum() == 5000
    assert len(surrogate.labels_) == 5000
    # The single row of a segment is in every sample.
    assert surrogate.labels_[0] == 3
    assert surrogate.fidelity_ > 0.9


def test_score_is_agreement_beyond_chance_on_new_rows_with_weights(blobs: Any) -> None:
    X, _ = blobs
    surrogate = RuleSurrogate(KMeans(7, random_state=0), max_rules=7, random_state=0)
    surrogate.fit(X[:200])
    new = X[200:]
    agree = surrogate.predict(new) == surrogate.estimator_.predict(new)
    assert 0 < agree.mean() < 1
    labels, codes = surrogate.predict(new), surrogate.estimator_.predict(new)
    assert surrogate.score(new) == pytest.approx(cohen_kappa_score(labels, codes))
    weight = np.arange(len(new)) % 3
    assert surrogate.score(new, None, weight) == pytest.approx(
        surrogate.score(np.repeat(new, weight, axis=0))
    )


def test_score_needs_a_segmenter_that_predicts(blobs: Any) -> None:
    surrogate = RuleSurrogate(DBSCAN(), random_state=0).fit(blobs[0])
    assert not hasattr(surrogate, "score")
    with pytest.raises(AttributeError) as caught:
        surrogate.score(blobs[0])
    assert "has no predict for new rows" in str(caught.value.__cause__)


# Segmenters of all kinds


def test_around_a_pipeline_rules_are_in_raw_units() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "aov": np.append(rng.normal(50, 5, 200), rng.normal(200, 5, 200)),
            "country": 7.0,
        }
    )
    pipeline = make_pipeline(StandardScaler(), KMeans(2, random_state=0))
    surrogate = RuleSurrogate(pipeline, random_state=0).fit(X)
    assert sorted(texts(surrogate).values()) == [
        "aov <= 100",
        "aov > 100",
        "everyone else",
    ]
    np.testing.assert_array_equal(surrogate.labels_, pipeline.fit(X).predict(X))


@pytest.mark.parametrize(
    "segmenter",
    [
        None,
        KMeans(4),
        DBSCAN(),
        HDBSCAN(copy=True),
        AgglomerativeClustering(4),
        GaussianMixture(4),
        make_pipeline(StandardScaler(), DBSCAN(0.3)),
        GridSearchCV(KMeans(), {"n_clusters": [3, 4]}),
        GridSearchCV(
            make_pipeline(StandardScaler(), GaussianMixture()),
            {"gaussianmixture__n_components": [3, 4]},
        ),
    ],
    ids=lambda segmenter: type(segmenter).__name__,
)
def test_any_segmenter_is_reproduced_well_on_blobs(segmenter: Any, blobs: Any) -> None:
    X, _ = blobs
    surrogate = RuleSurrogate(segmenter, random_state=0).fit(X)
    assert surrogate.fidelity_ > 0.85
    assert surrogate.rules_.verify().is_mece
    np.testing.assert_array_equal(surrogate.predict(X), surrogate.labels_)


def test_a_search_for_a_clusterer_without_predict_gives_its_labels(blobs: Any) -> None:
    X, _ = blobs

    def n_clusters(model: Any, X: Any, y: Any = None) -> float:
        return float(len(np.unique(model.fit_predict(X))))

    search = GridSearchCV(DBSCAN(), {"eps": [0.5, 1.0]}, scoring=n_clusters)
    surrogate = RuleSurrogate(search, max_rules=60, random_state=0).fit(X)
    expected = search.fit(X).best_estimator_.labels_
    assert (surrogate.labels_ == expected).mean() > 0.9


def test_a_frozen_segmenter_is_not_fitted_again(blobs: Any) -> None:
    X, _ = blobs
    fitted = KMeans(4, random_state=0).fit(X)
    centers = fitted.cluster_centers_.copy()
    surrogate = RuleSurrogate(FrozenEstimator(fitted), random_state=0).fit(X[:100])
    np.testing.assert_array_equal(fitted.cluster_centers_, centers)
    # The surrogate owns a copy, as it owns its data.
    kept = surrogate.estimator_.estimator
    assert kept is not fitted
    np.testing.assert_array_equal(kept.cluster_centers_, centers)
    frozen = FrozenEstimator(DBSCAN(eps=0.7).fit(X))
    assert RuleSurrogate(frozen, random_state=0).fit(X).fidelity_ > 0.8
    with pytest.raises(ValueError, match=r"one code a row.* shape \(400,\) for 100"):
        RuleSurrogate(frozen, random_state=0).fit(X[:100])


def test_a_supervised_segmenter_gets_the_outcome_and_is_no_clusterer() -> None:
    X = np.arange(40.0)[:, np.newaxis]
    y = (X[:, 0] >= 25).astype(int)
    surrogate = RuleSurrogate(DecisionTreeClassifier(), random_state=0).fit(X, y)
    np.testing.assert_array_equal(surrogate.labels_, y)
    assert not is_clusterer(surrogate)
    assert is_clusterer(RuleSurrogate(KMeans()))
    assert is_clusterer(RuleSurrogate())


def test_random_state_seeds_the_segmenter_where_it_has_no_seed(blobs: Any) -> None:
    X, _ = blobs
    one, other = (
        RuleSurrogate(
            make_pipeline(StandardScaler(), KMeans(9, n_init=1)), random_state=3
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.fit(X).labels_, other.fit(X).labels_)
    seeded = RuleSurrogate(KMeans(3, random_state=7), random_state=3).fit(X)
    assert seeded.estimator_.random_state == 7
    assert one.estimator.steps[-1][1].random_state is None


# The interface of scikit-learn


def test_max_rules_is_searched_by_fidelity(blobs: Any) -> None:
    X, _ = blobs
    search = GridSearchCV(
        RuleSurrogate(KMeans(7, random_state=0), random_state=0),
        {"max_rules": [7, 30]},
        cv=ShuffleSplit(2, random_state=0),
    ).fit(X)
    assert search.best_params_ == {"max_rules": 30}
    assert search.best_score_ > 0.8


def test_frames_of_all_kinds_give_the_same_rules(
    make_frame: Callable[[Any], Any],
) -> None:
    rng = np.random.default_rng(0)
    amounts = [
        None if i % 10 == 0 else float(v) for i, v in enumerate(rng.normal(size=200))
    ]
    plans = [["free", "pro", None][i % 3] for i in range(200)]
    codes = [i % 3 for i in range(200)]
    X = make_frame({"amount": amounts, "plan": plans})
    surrogate = given_codes(X, codes)
    assert texts(surrogate) == {
        "Segment 0": "plan in ['free']",
        "Segment 1": "plan in ['pro']",
        "Segment 2": "missing(plan)",
        "Unknown": "everyone else",
    }
    np.testing.assert_array_equal(surrogate.predict(X), codes)
    with pytest.raises(MissingColumnError, match="needs the column 'plan'"):
        surrogate.predict(make_frame({"amount": amounts, "other": plans}))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_output_is_a_frame_of_the_segments(container: str, blobs: Any) -> None:
    X = pd.DataFrame(blobs[0], columns=["a", "b"], index=range(5, 405))
    surrogate = RuleSurrogate(KMeans(3, random_state=0), random_state=0)
    out = surrogate.set_output(transform=container).fit_transform(X)
    assert list(out.columns) == surrogate.segment_names_.tolist()
    assert list(surrogate.get_feature_names_out()) == list(out.columns)
    if container == "pandas":
        assert list(out.index) == list(X.index)
    np.testing.assert_array_equal(out.to_numpy().argmax(axis=1), surrogate.labels_)
    np.testing.assert_array_equal(out.to_numpy().sum(axis=1), 1)


def test_clone_and_pickle(blobs: Any) -> None:
    X, _ = blobs
    surrogate = RuleSurrogate(KMeans(3, random_state=0), random_state=0).fit(X)
    assert clone(surrogate).fit(X).rules_ == surrogate.rules_
    again = pickle.loads(pickle.dumps(surrogate))
    np.testing.assert_array_equal(again.predict(X), surrogate.labels_)
    with pytest.raises(NotFittedError):
        clone(surrogate).predict(X)


def test_it_can_be_the_last_step_of_a_pipeline(blobs: Any) -> None:
    X, _ = blobs
    pipeline = make_pipeline(
        StandardScaler(), RuleSurrogate(KMeans(3, random_state=0), random_state=0)
    )
    np.testing.assert_array_equal(pipeline.fit_predict(X), pipeline.predict(X))
    assert pipeline.score(X) > 0.9


def test_metadata_reaches_the_segmenter() -> None:
    X = np.array([[0.0], [1], [2], [10], [11]])
    weight = [1.0, 1, 1, 1, 100]
    plain = RuleSurrogate(KMeans(2, random_state=0), random_state=0)
    plain.fit(X, sample_weight=weight)
    center = plain.estimator_.cluster_centers_.max()
    assert center == pytest.approx((10 + 1100) / 101)
    with config_context(enable_metadata_routing=True):
        asks = KMeans(2, random_state=0).set_fit_request(sample_weight=True)
        routed = RuleSurrogate(asks, random_state=0).fit(X, sample_weight=weight)
    assert routed.estimator_.cluster_centers_.max() == center


# Parameters


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"estimator": "kmeans"},
            "'estimator' parameter of RuleSurrogate must be None",
        ),
        ({"estimator": StandardScaler()}, "a segmenter with predict, fit_predict or"),
        ({"max_rules": 1}, r"'max_rules' .* an int in \[2, .*need a rule each"),
        ({"max_rules": 2.5}, r"'max_rules' parameter of RuleSurrogate must be an int"),
        (
            {"significant_digits": 0},
            r"'significant_digits' .* an int in \[1, 15\]. Got 0",
        ),
        (
            {"significant_digits": True},
            r"'significant_digits' .* an int in \[1, 15\]. Got True",
        ),
        ({"validation_size": 0}, r"'validation_size' .* a number in \(0, 1\). Got 0"),
        ({"validation_size": 1.0}, r"'validation_size' .* a number in \(0, 1\)"),
        ({"max_rows": 1}, r"'max_rows' .* an int in \[2, "),
        ({"unknown": "Segment 0"}, "'unknown' .* no name of another segment"),
        ({"unknown": ""}, "'unknown' parameter of RuleSurrogate must be a str"),
        ({"unknown": None}, "'unknown' parameter of RuleSurrogate must be a str"),
    ],
)
def test_bad_parameters_are_named(parameters: Any, message: str) -> None:
    X = [[1.0], [2.0], [8.0], [9.0]]
    surrogate = RuleSurrogate(KMeans(2, random_state=0)).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        surrogate.fit(X)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 1, 0], r"one code a row. .* shape \(3,\) for 4 rows"),
        ([[0], [1], [0], [1]], r"one code a row. .* shape \(4, 1\)"),
        (["a", "b", "a", "b"], "integer codes: 0, 1, ..., and -1 for noise"),
        ([0.0, 1.0, 0.0, 1.0], "gave float64 values such as np.float64"),
    ],
)
def test_values_that_are_not_codes_are_an_error(codes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        given_codes([[1.0], [2.0], [8.0], [9.0]], codes)


def test_more_codes_than_names_are_an_error() -> None:
    with pytest.raises(ValueError, match="gave the code 3 and has 3 segments"):
        RuleSurrogate(Named([0, 1, 2, 3])).fit([[1.0], [2.0], [8.0], [9.0]])


def test_dates_are_refused_with_advice() -> None:
    X = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=4)})
    with pytest.raises(ValueError, match="Turn dates into a number first"):
        given_codes(X, [0, 0, 1, 1])


# Properties

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 0.1, 0.3, 1 / 3, 16777217.0, 2013.0, -2.5, np.nan]),
    st.integers(-5, 5).map(float),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "it's", "ä"]))
ROWS = st.lists(
    st.tuples(NUMBERS, NUMBERS, TEXTS, st.integers(-1, 3)), min_size=1, max_size=40
)


def frame(rows: Any) -> pd.DataFrame:
    one, two, text, *_ = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "one": np.array(one, dtype=float),
            "two": np.array(two, dtype=float),
            "text": np.array([*text, "t"], dtype=object)[:-1],
        }
    )


def learned(rows: Any, max_rules: int) -> tuple[RuleSurrogate, pd.DataFrame]:
    X, codes = frame(rows), np.array([row[-1] for row in rows])
    with warnings.catch_warnings():
        # Rows that are alike may be in different segments.
        warnings.filterwarnings("ignore", message="No rule of RuleSurrogate tells")
        return given_codes(X, codes, max_rules=max_rules), X


def boundary_rows(rules: RuleSet, rows: Any) -> pd.DataFrame:
    """Return rows on every threshold and next to it, and with values never seen."""
    numbers = [
        value
        for t in [*thresholds(rules), 0.0]
        for value in (t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf))
    ]
    numbers += [np.nan, np.inf, -np.inf, float(np.float32(0.1))]
    words = [row[2] for row in rows] + [None, "never seen", ""]
    rng = np.random.default_rng(0)
    return frame(
        [
            (rng.choice(numbers), rng.choice(numbers), words[rng.integers(len(words))])
            for _ in range(60)
        ]
    )


@few_examples(12)
@given(ROWS, st.integers(5, 12))
def test_rules_are_a_partition_and_predict_is_the_rules(
    rows: Any, max_rules: int
) -> None:
    surrogate, X = learned(rows, max_rules)
    assert surrogate.rules_.verify().is_mece
    assert surrogate.n_rules_ <= max_rules
    np.testing.assert_array_equal(surrogate.labels_, surrogate.predict(X))
    probes = boundary_rows(surrogate.rules_, rows)
    held = surrogate.rules_.membership(probes)
    np.testing.assert_array_equal(held.sum(axis=1), 1)
    codes = surrogate.predict(probes)
    np.testing.assert_array_equal(
        codes, np.array(surrogate.rules_.codes)[held.argmax(1)]
    )
    # Segments that no row can be in, as no rule leaves any to Unknown, have no column.
    is_column = np.isin(surrogate.segment_names_, surrogate.get_feature_names_out())
    np.testing.assert_array_equal(surrogate.transform(probes), held[:, is_column])
    assert not held[:, ~is_column].any()


@few_examples(8)
@given(ROWS)
def test_rules_survive_json_and_mean_the_same_in_sql(rows: Any) -> None:
    surrogate, _ = learned(rows, 8)
    assert RuleSet.from_json(surrogate.rules_.to_json()) == surrogate.rules_
    probes = boundary_rows(surrogate.rules_, rows)
    columns = [
        Column("one", "DOUBLE", probes["one"].tolist()),
        Column("two", "DOUBLE", probes["two"].tolist()),
        Column("text", "VARCHAR", [t if t == t else None for t in probes["text"]]),
    ]
    (codes,) = sql_codes("duckdb", columns, [surrogate.rules_])
    assert codes == surrogate.predict(probes).tolist()


@few_examples(12)
@given(ROWS)
def test_no_training_row_is_unknown_and_distinct_rows_can_be_memorised(
    rows: Any,
) -> None:
    surrogate, X = learned(rows, 200)
    assert surrogate.segments_.set_index("name").loc["Unknown", "n"] == 0
    by_row: dict[str, set[int]] = {}
    for row, code in zip(X.to_numpy().tolist(), (r[-1] for r in rows), strict=True):
        by_row.setdefault(
            repr([v + 0.0 if isinstance(v, float) else v for v in row]), set()
        ).add(code)
    if all(len(codes) == 1 for codes in by_row.values()):
        np.testing.assert_array_equal(surrogate.labels_, [row[-1] for row in rows])


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_rules_change_their_units_with_the_data(k: int) -> None:
    X, _ = make_blobs(120, 2, centers=k, random_state=k % 3)
    codes = KMeans(k, random_state=0, n_init=1).fit_predict(X)
    expected = given_codes(X, codes).labels_
    for unit in (1e-6, 1e6):
        assert (given_codes(X * unit, codes).labels_ == expected).mean() > 0.95


def test_segments_of_real_customers_are_reproduced(data_dir: Any) -> None:
    mall = pd.read_csv(data_dir / "mall_customers" / "mall_customers.csv.gz")
    X = mall[[c for c in mall if re.search("Age|Income|Score|Spending", c)]]
    pipeline = make_pipeline(StandardScaler(), KMeans(5, random_state=0, n_init=10))
    surrogate = RuleSurrogate(pipeline, random_state=0).fit(X)
    assert surrogate.segments_["recall"].iloc[:5].min() > 0.8
    assert 1 - 1e-9 <= surrogate.cost_ratio_ < 1.2
