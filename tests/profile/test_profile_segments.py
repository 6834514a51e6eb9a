"""profile_segments: every container, every model, the roles of columns, weights."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skseg
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from skseg.profile import SegmentProfile, profile_segments
from skseg.profile._schema import TABLES
from skseg.rules import RuleSet
from tests.core.fitted_models import CASES, NAMES, Case, facts_of, rows

N = 300
RULES = RuleSet({"high": "aov > 100", "low": "aov <= 100"})


def customers(seed: int = 0, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n)
    age[::17] = np.nan
    plan = rng.choice(["free", "pro", "trial"], n).astype(object)
    plan[::13] = None
    return pd.DataFrame(
        {
            "aov": rng.gamma(2, 60, n),
            "visits": rng.poisson(4, n),
            "age": age,
            "plan": plan,
            "premium": rng.random(n) < 0.3,
        }
    )


def assert_profiles_equal(first: SegmentProfile, second: SegmentProfile) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert first.rules == second.rules


CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda X: X,
    "pandas objects": lambda X: X.astype(object),
    "pandas nullable": lambda X: X.convert_dtypes(),
    "pandas category": lambda X: X.astype({"plan": "category"}),
    "pandas index": lambda X: X.set_axis(np.arange(len(X))[::-1] * 7),
    "polars": lambda X: pl.DataFrame(
        {name: [None if pd.isna(v) else v for v in X[name].tolist()] for name in X}
    ),
    "pyarrow": lambda X: pa.table(
        {name: pa.array(X[name].tolist(), from_pandas=True) for name in X}
    ),
    "mapping": lambda X: {name: X[name].tolist() for name in X},
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_profile(container: str) -> None:
    X = customers()
    expected = profile_segments(RULES, X, value="aov", outcome="premium")
    held = CONTAINERS[container](X)
    assert_profiles_equal(
        profile_segments(RULES, held, value="aov", outcome="premium"), expected
    )


def test_an_array_has_columns_by_position() -> None:
    X = customers()[["aov", "visits"]].to_numpy()
    profile = profile_segments(RuleSet({"a": "x0 > 100", "b": "x0 <= 100"}), X)
    assert {*profile.features_["feature"]} == {"x0", "x1"}


def test_numbers_are_those_of_pandas() -> None:
    X = customers()
    profile = profile_segments(RULES, X, value="aov", outcome="premium")
    groups = X.groupby(np.where(X["aov"] > 100, 0, 1))
    numbers = profile.numbers_[profile.numbers_["feature"] == "age"].set_index("code")
    assert_allclose(numbers["mean"], groups["age"].mean())
    assert_allclose(numbers["std"], groups["age"].std())
    assert_allclose(numbers["q25"], groups["age"].quantile(0.25))
    assert_allclose(numbers["missing"], groups["age"].apply(lambda a: a.isna().sum()))
    segments = profile.segments_
    assert_allclose(segments["n"], groups.size())
    assert_allclose(segments["value"], groups["aov"].sum())
    assert_allclose(segments["outcome"], groups["premium"].mean())
    levels = profile.levels_.query("feature == 'plan' and level == 'pro'")
    assert_allclose(
        levels["count"], groups["plan"].apply(lambda plan: (plan == "pro").sum())
    )


def test_a_weight_is_the_row_so_many_times() -> None:
    X = customers(1, 120)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    repeated = X.loc[X.index.repeat(weight)].reset_index(drop=True)
    settings = {"value": "aov", "outcome": "premium", "protected": ["plan"]}
    weighted = profile_segments(RULES, X, sample_weight=weight, **settings)
    expected = profile_segments(RULES, repeated, **settings)
    for name in TABLES:
        pd.testing.assert_frame_equal(
            getattr(weighted, name), getattr(expected, name), rtol=1e-9
        )


def roles(profile: SegmentProfile) -> dict[str, str]:
    table = profile.features_
    return dict(zip(table["feature"], table["role"], strict=True))


def deciding_columns(name: str, model: Any) -> set[str]:
    if hasattr(model, "rules_") and name != "PropensityBinner":
        return {*model.rules_.columns}
    return {*NAMES}


PARTITIONS = {n: case for n, case in CASES.items() if "Finder" not in n}


@pytest.fixture(scope="module", params=PARTITIONS)
def fitted(request: pytest.FixtureRequest) -> tuple[str, Any, pd.DataFrame, Any]:
    case: Case = PARTITIONS[request.param]
    X = pd.DataFrame(rows(5), columns=NAMES)
    facts = facts_of(X.to_numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = case.fit(case.make(), X, facts)
    return request.param, model, X, facts


def test_every_segmenter_tells_the_roles_of_columns(fitted: Any) -> None:
    name, model, X, facts = fitted
    rng = np.random.default_rng(0)
    crm = X.assign(noise=rng.normal(size=len(X)), euro=X["recency"] * 0.9)
    crm = crm[["noise", "euro", *NAMES[::-1]]]
    takes_y = "y" in PARTITIONS[name].takes
    crm["converted"] = facts["y"]
    profile = profile_segments(model, crm, min_count=1)
    deciding = deciding_columns(name, model)
    expected = {c: "rule" if c in deciding else "seen" for c in NAMES}
    expected |= {"noise": "free", "euro": expected["recency"]}
    expected["converted"] = "seen" if takes_y else "free"
    assert roles(profile) == expected
    valid = dict(
        zip(profile.features_["feature"], profile.features_["p_valid"], strict=True)
    )
    assert valid == {column: role == "free" for column, role in expected.items()}
    is_free = profile.features_["role"] == "free"
    assert profile.features_.loc[~is_free, ["p_value", "p_adj"]].isna().to_numpy().all()
    assert profile.features_.loc[is_free, "p_value"].notna().all()


def test_every_segmenter_shows_seen_columns_on_fresh_rows(fitted: Any) -> None:
    _, model, _, _ = fitted
    fresh = pd.DataFrame(rows(6), columns=NAMES)
    profile = profile_segments(model, fresh, rows="fresh", min_count=1)
    table = profile.features_
    assert (table["p_valid"] == (table["role"] != "rule")).all()
    assert table["p_value"].notna().equals(table["p_valid"])


def test_every_segmenter_agrees_with_its_own_codes(fitted: Any) -> None:
    _, model, X, _ = fitted
    profile = profile_segments(model, X, min_count=1)
    codes = model.predict(X)
    n = profile.segments_.set_index("code")["n"]
    assert n[n > 0].to_dict() == pd.Series(codes).value_counts().to_dict()
    assert len({*profile.segments_["name"]}) == len(profile.segments_)


WRAPPERS: dict[str, Callable[[Any, pd.DataFrame], Any]] = {
    "as it is": lambda model, X: model.fit(X),
    "restored": lambda model, X: type(model).from_strategy(model.fit(X).to_json()),
    "frozen": lambda model, X: FrozenEstimator(model.fit(X)),
    "pipeline of one": lambda model, X: make_pipeline(model).fit(X),
    "search": lambda model, X: GridSearchCV(
        model, {}, cv=2, scoring=lambda *_: 0.0
    ).fit(X),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_rows_need_the_columns_of_the_rules_alone(wrapper: str, container: str) -> None:
    X = customers()[["age", "aov", "visits"]]
    segmenter = skseg.MECERuleSegmenter({"high": "aov > 100"}, default="low")
    model = WRAPPERS[wrapper](segmenter, X)
    fresh = customers(1)[["premium", "aov", "plan"]]
    profile = profile_segments(model, CONTAINERS[container](fresh), rows="fresh")
    expected = [(fresh["aov"] > 100).sum(), (fresh["aov"] <= 100).sum()]
    assert profile.segments_["n"].tolist()[:2] == expected
    assert roles(profile) == {"premium": "free", "aov": "rule", "plan": "free"}
    with pytest.raises(MissingColumnError, match="'aov'"):
        profile_segments(model, CONTAINERS[container](fresh.drop(columns="aov")))


def test_every_segmenter_by_rules_needs_the_columns_of_its_rules(fitted: Any) -> None:
    name, model, X, _ = fitted
    used = [column for column in NAMES if column in deciding_columns(name, model)]
    expected = profile_segments(model, X, min_count=1).segments_
    profile = profile_segments(model, X[used].assign(other="text"), min_count=1)
    pd.testing.assert_frame_equal(profile.segments_, expected)
    with pytest.raises(MissingColumnError, match=used[0]):
        profile_segments(model, X.drop(columns=used[0]).assign(other=1.0))


def test_bare_codes_show_no_p_value() -> None:
    X = customers()
    codes = (X["aov"] > 100).astype(int)
    for kind in ("training", "fresh"):
        profile = profile_segments(codes, X, rows=kind)
        assert {*roles(profile).values()} == {"unknown"}
        assert not profile.features_["p_valid"].any()


def test_a_rule_set_shows_p_values_of_other_columns_on_fresh_rows() -> None:
    X = customers()
    assert not profile_segments(RULES, X).features_["p_valid"].any()
    fresh = profile_segments(RULES, X, rows="fresh").features_
    assert (fresh["p_valid"] == (fresh["feature"] != "aov")).all()


def _pipelines() -> dict[str, tuple[Any, dict[str, str]]]:
    kmeans = KMeans(2, n_init=1, random_state=0)
    all_rule = {"aov": "rule", "visits": "rule", "plan": "free", "age": "free"}
    surrogate = skseg.RuleSurrogate(kmeans, random_state=0)
    chosen = make_column_transformer(
        (StandardScaler(), ["visits"]),
        (OneHotEncoder(sparse_output=False), ["plan"]),
    )
    return {
        "clusterer": (make_pipeline(StandardScaler(), kmeans), all_rule),
        "search": (
            GridSearchCV(make_pipeline(StandardScaler(), kmeans), {}, cv=2),
            all_rule,
        ),
        "mixed": (make_pipeline(PCA(1), surrogate), all_rule),
        "dropped": (
            make_pipeline(chosen, kmeans),
            {"aov": "free", "visits": "rule", "plan": "rule", "age": "free"},
        ),
    }


@pytest.mark.parametrize("kind", _pipelines())
def test_roles_are_traced_through_pipelines(kind: str) -> None:
    model, expected = _pipelines()[kind]
    X = customers(3)[["aov", "visits", "plan", "age"]]
    X["plan"] = X["plan"].fillna("none")
    used = X if kind == "dropped" else X[["aov", "visits"]]
    model.fit(used)
    assert roles(profile_segments(model, X)) == expected


def test_a_surrogate_behind_an_encoder_knows_the_raw_column() -> None:
    X = customers(3)[["aov", "plan"]].fillna({"plan": "none"})
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["plan"]), (StandardScaler(), ["aov"])
    )
    codes_by_plan = KMeans(4, n_init=5, random_state=0)
    surrogate = skseg.RuleSurrogate(codes_by_plan, max_rules=8, random_state=0)
    model = make_pipeline(encoder, surrogate).fit(X)
    used = {
        "aov" if place == len(encoder.fit(X).get_feature_names_out()) - 1 else "plan"
        for place in (int(name[1:]) for name in model[-1].rules_.columns)
    }
    expected = {name: "rule" if name in used else "seen" for name in X}
    assert roles(profile_segments(model, X)) == expected


@pytest.mark.parametrize(
    ("copy", "is_copy"),
    [
        (lambda x, rng: x * 100, True),
        (lambda x, rng: -np.log(x), True),
        (lambda x, rng: x > 100, True),
        (lambda x, rng: pd.cut(x, 4).astype(str), True),
        (lambda x, rng: np.floor(x / 20), True),
        (lambda x, rng: x + rng.normal(size=len(x)), False),
        (lambda x, rng: [f"id {i}" for i in range(len(x))], False),
        (lambda x, rng: rng.random(len(x)) < 0.5, False),
    ],
    ids=["unit", "log", "flag", "band", "rounded", "noisy", "id", "noise"],
)
def test_a_copy_of_a_rule_column_has_its_role(copy: Any, is_copy: bool) -> None:
    X = customers()
    X["new"] = copy(X["aov"], np.random.default_rng(4))
    table = profile_segments(RULES, X).features_.set_index("feature")
    assert table.loc["new", "copy_of"] == ("aov" if is_copy else "")
    assert table.loc["new", "role"] == ("rule" if is_copy else "unknown")


def test_a_finder_gives_no_partition_and_its_advice_runs() -> None:
    X = pd.DataFrame(rows(5), columns=NAMES)
    facts = facts_of(X.to_numpy())
    case = CASES["BoxSegmentFinder"]
    model = case.fit(case.make(), X, facts)
    with pytest.raises(InvalidParameterError, match="must be a partition") as caught:
        profile_segments(model, X)
    advice = str(caught.value.advice)
    code = advice.partition("by codes: ")[2].partition(", with ")[0]
    names = ["others", "finding"]
    codes = eval(code, {"model": model, "X": X})  # noqa: S307
    profile = profile_segments(codes, X, segment_names=names)
    assert list(profile.segments_["name"]) == names


def test_a_clusterer_without_predict_labels_its_training_rows() -> None:
    X = customers()[["aov", "visits"]]
    model = DBSCAN(eps=10, min_samples=5).fit(X)
    profile = profile_segments(model, X)
    assert list(profile.segments_["code"])[-1] == -1
    assert profile.segments_["n"].sum() == len(X)
    with pytest.raises(InvalidParameterError, match="InductiveSegmenter"):
        profile_segments(model, X[:10])


def test_names_of_segments_are_codes_too() -> None:
    X = customers()
    names = pd.Categorical.from_codes((X["aov"] < 100).astype(int), ["rich", "other"])
    profile = profile_segments(names, X)
    assert list(profile.segments_["name"]) == ["rich", "other"]
    assert_profiles_equal(
        profile, profile_segments(names.codes, X, segment_names=["rich", "other"])
    )


HOSTILE = ["<b>x</b>", "", "a\nb", "ä ö", "__", "code", "value'\"", "\u202eabc"]


def test_hostile_names_of_columns_levels_and_segments_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.normal(size=200) for name in HOSTILE})
    X["plan"] = rng.choice(HOSTILE, 200)
    names = rng.choice(HOSTILE, 200)
    profile = profile_segments(names, X, min_count=1)
    assert {*profile.features_["feature"]} == {*HOSTILE, "plan"}
    assert {*profile.segments_["name"]} == {*HOSTILE}
    assert {*profile.levels_["level"]} == {*HOSTILE}
    assert all(profile.description(name) for name in HOSTILE)
    assert "<b>" not in profile._repr_html_()
    assert_profiles_equal(SegmentProfile.from_json(str(profile.to_json())), profile)


def odd(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "constant": np.ones(n),
            "missing": np.full(n, np.nan),
            "none": np.full(n, None, dtype=object),
            "one level": ["x"] * n,
            "infinite": np.full(n, np.inf),
            "huge": np.linspace(-1.0, 1.0, n) * 1e308,
        }
    )


@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("n_segments", [1, 2])
def test_odd_columns_and_few_rows_have_a_profile(n: int, n_segments: int) -> None:
    profile = profile_segments(np.arange(n) % n_segments, odd(n), min_count=1)
    table = profile.features_.set_index("feature")
    assert table.loc["missing", "n"] == table.loc["infinite", "n"] == 0
    assert table.loc["infinite", "infinite"] == n
    for code in profile.segments_["code"]:
        assert profile.description(int(code))
        profile.top_features(int(code))
    for feature in table.index:
        profile.pairs(feature)
        profile.pairs(feature, method="tukey")
    assert_profiles_equal(SegmentProfile.from_json(str(profile.to_json())), profile)


def test_no_rows_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="at least one row"):
        profile_segments([], customers().head(0))


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2024-01-01", periods=20),
        pd.Series([dt.date(2024, 1, 1)] * 20),
        pl.Series([dt.datetime(2024, 1, 1)] * 20),
    ],
    ids=["pandas", "objects", "polars"],
)
def test_dates_are_refused_and_the_advice_runs(values: Any) -> None:
    frame = pl.DataFrame if isinstance(values, pl.Series) else pd.DataFrame
    X = frame({"day": values, "aov": np.arange(20.0)})
    with pytest.raises(InvalidDataError, match="Column 'day'") as caught:
        profile_segments([0, 1] * 10, X)
    advice = str(caught.value.advice)
    code = advice.partition("days, ")[2].partition(", or leave")[0]
    X = pd.DataFrame(X.to_dict(as_series=False)) if frame is pl.DataFrame else X
    X["day"] = eval(code, {"X": X, "pandas": pd})  # noqa: S307
    profile_segments([0, 1] * 10, X)
    profile_segments([0, 1] * 10, X, features=["aov"])


def test_mixed_text_and_numbers_are_refused_with_the_column() -> None:
    X = pd.DataFrame({"mixed": ["a", 1, "b", None] * 5})
    with pytest.raises(InvalidDataError, match="Column 'mixed'"):
        profile_segments([0, 1] * 10, X)


def test_an_identifier_is_pooled_and_said() -> None:
    X = customers().assign(id=[f"c{i}" for i in range(N)])
    profile = profile_segments(RULES, X)
    levels = profile.levels_.query("feature == 'id'")
    assert {*levels["level"]} == {f"{N} other levels"}
    row = profile.features_.set_index("feature").loc["id"]
    assert row["n_levels"] == N
    assert np.isnan(row["effect"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"features": "aov"}, InvalidParameterError),
        ({"features": ["aov", "aov"]}, InvalidParameterError),
        ({"features": ["gone"]}, MissingColumnError),
        ({"protected": ["gone"]}, MissingColumnError),
        ({"protected": ["aov"]}, InvalidDataError),
        ({"value": "gone"}, MissingColumnError),
        ({"value": "age"}, InvalidDataError),
        ({"value": "plan"}, InvalidDataError),
        ({"value": [1.0]}, InvalidDataError),
        ({"outcome": "plan"}, InvalidDataError),
        ({"rows": "test"}, InvalidParameterError),
        ({"min_count": 0}, InvalidParameterError),
        ({"segment_names": ["a", "b"]}, InvalidParameterError),
        ({"sample_weight": [1.0]}, InvalidDataError),
    ],
    ids=str,
)
def test_wrong_arguments_are_errors(arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        profile_segments(RULES, customers(), **arguments)


def test_value_and_outcome_may_be_arrays() -> None:
    X = customers()
    labels = np.where(X["premium"], "yes", "no")
    profile = profile_segments(RULES, X, value=X["aov"].tolist(), outcome=labels)
    expected = profile_segments(RULES, X, value="aov", outcome="premium")
    assert (profile.value, profile.outcome) == ("value", "outcome")
    pd.testing.assert_frame_equal(profile.segments_, expected.segments_)
    assert {"value", "outcome"} <= {*profile.features_["feature"]}


def test_rows_for_which_no_rule_holds_are_outside() -> None:
    X = pd.DataFrame({"aov": np.arange(40.0), "visits": np.arange(40.0) % 3})
    rules = RuleSet({"high": "aov >= 30", "low": "aov < 10"})
    table = profile_segments(rules, X, value="visits").segments_
    assert table["code"].tolist() == [0, 1, -1]
    assert table["name"].tolist() == ["high", "low", "outside"]
    assert table["n"].tolist() == [10, 10, 20]
