"""Findings in use: membership, SQL, Python, predictions, policies, combinations."""

from __future__ import annotations

import io
import pickle
import runpy
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from skseg import (
    BoxSegmentFinder,
    CombinedFindings,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    combine_findings,
)
from skseg._finders import DecisionThresholds
from skseg.datasets import make_seller_groups
from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.rules import RuleSet

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
ODD, QUOTED, ENDLESS = "odd name", "quo\"te'd", "select"


def odd_rows(n_rows: int = 3000) -> tuple[pd.DataFrame, Any, Any]:
    """Return columns with odd names, texts and numbers, and two segments in them."""
    random = np.random.default_rng(1)
    X = pd.DataFrame(
        {
            ODD: random.normal(size=n_rows).round(3),
            QUOTED: random.choice(["it's", 'say "x"', "plain", "%;--"], n_rows),
            ENDLESS: random.normal(size=n_rows).round(3),
            "flag": random.random(n_rows) < 0.5,
        }
    )
    X.loc[::7, ENDLESS], X.loc[1::9, ENDLESS] = np.inf, -np.inf
    X.loc[::5, ODD], X.loc[2::11, QUOTED] = np.nan, None
    group = random.choice(["A", "B"], n_rows)
    chance = np.full(n_rows, 0.3)
    unknown = X[ODD].isna() | (X[ODD] > 0.5)
    chance[unknown & (X[QUOTED] != "plain") & (group == "A")] += 0.5
    chance[(X[ENDLESS] < -0.4) & ~unknown & (group == "B")] += 0.5
    return X, (random.random(n_rows) < chance).astype(int), group


@pytest.fixture(scope="module", params=FINDERS)
def fitted(request: Any) -> Any:
    X, y, group = odd_rows()
    finder = request.param(random_state=0).fit(X, y, group)
    assert len(finder.segments_) > 0
    return finder, X, y, group


def also_unseen(X: pd.DataFrame) -> pd.DataFrame:
    """Return rows of fit, and some with values that were not there."""
    new = X[:60].reset_index(drop=True)
    new.loc[:9, QUOTED], new.loc[10:19, ODD] = "new", -np.inf
    new.loc[20:29, ENDLESS], new.loc[30:39, ODD] = np.nan, 1e300
    return pd.concat([X, new], ignore_index=True)


# --- rules ---------------------------------------------------------------------------


def test_transform_is_membership_in_the_rules(fitted: Any) -> None:
    finder, X, *_ = fitted
    rows = also_unseen(X)
    members = finder.rules_.membership(rows)
    inside = finder.transform(rows)
    assert inside.dtype == np.float64
    np.testing.assert_array_equal(inside, members)
    first = np.where(members.any(axis=1), members.argmax(axis=1), -1)
    np.testing.assert_array_equal(finder.apply(rows), first)
    finder = clone(finder).set_output(transform="pandas").fit(*fitted[1:])
    frame = finder.transform(X.set_index(np.arange(len(X)) + 5))
    assert frame.columns.tolist() == list(finder.rules_.rules)
    assert frame.index[0] == 5


def test_sql_is_membership(fitted: Any) -> None:
    finder, X, *_ = fitted
    rows = also_unseen(X)
    sql = finder.to_sql()
    assert sql.columns.tolist() == ["name", "rule", "sql"]
    assert sql["name"].tolist() == list(finder.rules_.rules)
    # NaN of floats stays NaN there, which duckdb takes for the largest number.
    table = pa.table({name: pa.array(rows[name], from_pandas=False) for name in X})
    assert table[ODD].null_count == 0
    with duckdb.connect() as connection:
        connection.register("customers", table)
        conditions = ", ".join(
            f"({condition}) as s{i}" for i, condition in enumerate(sql["sql"])
        )
        selected = connection.sql(f"select {conditions} from customers").df()
    # Where there is no text, its comparison is NULL, which WHERE takes for false.
    selected = selected.eq(True).fillna(False).to_numpy(bool)
    np.testing.assert_array_equal(selected, finder.transform(rows) == 1)


def test_python_is_membership(fitted: Any, tmp_path: Path) -> None:
    finder, X, *_ = fitted
    rows = also_unseen(X).set_index(np.arange(len(X) + 60) * 2)
    assert finder.to_python(tmp_path / "found.py") is None
    assert (tmp_path / "found.py").read_text(encoding="utf-8") == finder.to_python()
    segments = runpy.run_path(str(tmp_path / "found.py"))["segments"]
    flags = segments(rows)
    assert flags.index.equals(rows.index)
    assert flags.columns.tolist() == list(finder.rules_.rules)
    np.testing.assert_array_equal(flags, finder.transform(rows) == 1)


def test_rules_survive_json(fitted: Any) -> None:
    finder, X, *_ = fitted
    again = RuleSet.from_json(finder.rules_.to_json())
    assert again == finder.rules_
    np.testing.assert_array_equal(again.membership(X), finder.transform(X))


def test_the_table_survives_csv(fitted: Any, tmp_path: Path) -> None:
    finder = fitted[0]
    text = finder.to_csv()
    assert finder.to_csv(tmp_path / "found.csv") is None
    assert (tmp_path / "found.csv").read_text(encoding="utf-8") == text
    again = pd.read_csv(io.StringIO(text))
    for name in again:
        for value, written in zip(finder.segments_[name], again[name], strict=True):
            both = pd.isna(value) and pd.isna(written)
            if isinstance(written, float):
                written = pytest.approx(written, rel=1e-12)
            assert both or value == written, name


def test_to_frame_is_a_copy(fitted: Any) -> None:
    finder = fitted[0]
    frame = finder.to_frame()
    frame["decision"] = "none"
    assert "none" not in set(finder.segments_["decision"])


def test_a_finder_survives_pickle_and_clone(fitted: Any) -> None:
    finder, X, y, group = fitted
    again = pickle.loads(pickle.dumps(finder))
    pd.testing.assert_frame_equal(again.segments_, finder.segments_)
    assert again.rules_ == finder.rules_
    np.testing.assert_array_equal(again.predict(X), finder.predict(X))
    finder = clone(finder).set_params(thresholds=DecisionThresholds(alpha=0.01))
    copy = clone(finder)
    assert not hasattr(copy, "segments_")
    assert copy.thresholds == finder.thresholds
    pd.testing.assert_frame_equal(
        copy.fit(X, y, group).segments_, finder.fit(X, y, group).segments_
    )


@pytest.mark.parametrize("Finder", FINDERS)
def test_methods_need_a_fitted_finder(Finder: Any) -> None:
    X, y, group = odd_rows(20)
    finder = Finder()
    for call in (
        lambda: finder.predict(X),
        lambda: finder.score(X, y, group),
        lambda: finder.transform(X),
        lambda: finder.apply(X),
        finder.to_frame,
        finder.to_csv,
        lambda: finder.to_frame(style="historical"),
        finder.to_sql,
        finder.to_python,
        finder.get_feature_names_out,
    ):
        with pytest.raises(NotFittedError):
            call()


# --- predict and score ---------------------------------------------------------------


def test_predict_follows_the_first_sure_finding(fitted: Any) -> None:
    finder, X, y, group = fitted
    members = finder.transform(X) == 1
    overall = max("AB", key=lambda label: y[group == label].mean())
    expected = []
    best = finder.segments_["best_group"]
    sure = (finder.segments_["p_adj"] <= 0.05).to_numpy()
    for row in members:
        where = np.flatnonzero(row & sure)
        expected.append(best[where[0]] if len(where) else overall)
    predicted = finder.predict(X)
    assert predicted.tolist() == expected
    if isinstance(finder, BoxSegmentFinder):
        assert set(predicted) == {"A", "B"}


def test_predict_follows_only_findings_below_alpha(fitted: Any) -> None:
    finder, X, y, group = fitted
    strict = clone(finder).set_params(thresholds=DecisionThresholds(alpha=0.0))
    assert len(set(strict.fit(X, y, group).predict(X))) == 1


def test_score_is_the_value_of_the_policy(fitted: Any) -> None:
    finder, X, y, group = fitted
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    predicted = finder.predict(X)
    for w in (np.ones(len(y)), weight):
        share = w[group == "A"].sum() / w.sum()
        total = values = 0.0
        for i in range(len(y)):
            if predicted[i] == group[i]:
                by = w[i] / (share if group[i] == "A" else 1 - share)
                total, values = total + by, values + by * y[i]
        score = finder.score(X, y, group, sample_weight=w)
        assert score == pytest.approx(values / total)


def test_the_score_of_always_choosing_one_group_is_its_mean() -> None:
    X, y, group = odd_rows(400)
    finder = BoxSegmentFinder(inference="none").fit(X, y, group)
    (label,) = set(finder.predict(X))
    assert finder.score(X, y, group) == pytest.approx(y[group == label].mean())


def test_the_doubly_robust_score_is_near_the_true_value() -> None:
    made, truth = make_seller_groups(
        4000,
        effect=0.4,
        assignment="observational",
        n_noise=0,
        random_state=0,
        return_truth=True,
    )
    X = made[["channel", "basket_value", "past_orders", "newsletter", "satisfaction"]]
    y, group = made["converted"], made["seller"]
    options = {"random_state": 0, "max_features": 2}
    finder = BoxSegmentFinder(assignment="observational", **options)
    finder.fit(X, y, group)
    chance = np.where(
        finder.predict(X) == "A", truth["probability_a"], truth["probability_b"]
    )
    score = finder.score(X, y, group)
    assert score == pytest.approx(chance.mean(), abs=0.03)
    assert finder.segments_.loc[0, "best_group"] == "A"


# --- groups that were not drawn at random --------------------------------------------


def confounded(n_rows: int, seed: int, assignment: Any = "observational") -> Any:
    made = make_seller_groups(
        n_rows, pattern="none", assignment=assignment, n_noise=1, random_state=seed
    )
    columns = ["past_orders", "newsletter", "channel", "satisfaction", "age", "noise_1"]
    return made[columns], made["converted"].to_numpy(), made["seller"].to_numpy()


def test_a_group_that_can_be_predicted_is_warned_of() -> None:
    X, y, group = confounded(8000, 0)
    finder = BoxSegmentFinder(random_state=0, max_features=1)
    with pytest.warns(UserWarning, match=r"can be predicted.*='observational'"):
        finder.fit(X, y, group)
    balance = finder.balance_
    assert balance.columns.tolist() == ["column", "chi2", "dof", "v", "p", "p_adj"]
    assert set(balance["column"]) == set(X.columns)
    assert balance["p"].is_monotonic_increasing
    assert (balance["p_adj"] >= balance["p"]).all()
    assert balance["v"].between(0, 1).all()
    assert balance.loc[0, "column"] in {"past_orders", "newsletter", "channel"}
    unrelated = balance.set_index("column").loc["noise_1"]
    assert unrelated["p"] > 1e-4
    assert not hasattr(finder, "overlap_")


def test_a_random_group_is_not_warned_of() -> None:
    # Warnings are errors here.
    for seed in range(5):
        X, y, group = confounded(3000, seed, "randomized")
        IVSegmentFinder(random_state=seed).fit(X, y, group)


def test_the_balance_is_the_chi_squared_test_by_hand() -> None:
    X = pd.DataFrame({"city": ["x"] * 60 + ["y"] * 40})
    group = ["A"] * 20 + ["B"] * 40 + ["A"] * 30 + ["B"] * 10
    finder = BoxSegmentFinder(inference="none", assignment="randomized")
    y = np.arange(100) % 2
    with pytest.warns(UserWarning, match="from 1 column.* 'city'"):
        finder.fit(X, y, group)
    row = finder.balance_.loc[0]
    # Expected: 30 and 30, 20 and 20.
    assert row["chi2"] == pytest.approx(2 * 100 / 30 + 2 * 100 / 20)
    assert row["dof"] == 1
    assert row["v"] == pytest.approx(np.sqrt(row["chi2"] / 100))


def test_doubly_robust_findings_allow_for_who_went_where() -> None:
    X, y, group = confounded(4000, 0)
    options = {"random_state": 0, "max_features": 2}
    with pytest.warns(UserWarning, match="can be predicted"):
        BoxSegmentFinder(**options).fit(X, y, group)
    finder = BoxSegmentFinder(assignment="observational", **options)
    finder.fit(X, y, group)
    assert not (finder.segments_["p_adj"] <= 0.05).any()
    assert "Implement" not in set(finder.segments_["decision"])
    assert finder.overlap_.is_predictable
    assert finder.overlap_.auc > 0.6
    smd = np.nanmax(np.abs(finder.overlap_.smd))
    assert np.nanmax(np.abs(finder.overlap_.smd_weighted)) < smd / 2
    assert len(finder.balance_) == X.shape[1]


@pytest.mark.parametrize("Finder", FINDERS[1:])
def test_other_finders_estimate_propensities_too(Finder: Any) -> None:
    X, y, group = confounded(1200, 0)
    X = X[["past_orders", "newsletter", "satisfaction"]]
    models = {
        "propensity_estimator": LogisticRegression(),
        "outcome_estimator": LogisticRegression(),
    }
    finder = Finder(assignment="observational", random_state=0, **models)
    finder.fit(X, y, group)
    assert "Implement" not in set(finder.segments_["decision"])
    assert np.isfinite(finder.score(X, y, group))


# --- several finders -----------------------------------------------------------------


@pytest.fixture(scope="module")
def several() -> Any:
    X, y, group = odd_rows()
    return [Finder(random_state=0).fit(X, y, group) for Finder in FINDERS], X


def test_one_finder_combined_is_the_same(several: Any) -> None:
    (finder, *_), _ = several
    combined = combine_findings([finder])
    assert isinstance(combined, CombinedFindings)
    expected = finder.segments_.assign(method="Box")
    pd.testing.assert_frame_equal(combined.table, expected)
    assert combined.rules == finder.rules_


def test_a_finding_is_listed_once(several: Any) -> None:
    (finder, *_), _ = several
    combined = combine_findings([finder, finder])
    assert combined.rules == finder.rules_
    twice = np.minimum(2 * finder.segments_["p_adj"], 1)
    np.testing.assert_allclose(combined.table["p_adj"], twice)


def test_p_values_are_multiplied_by_the_number_of_finders(several: Any) -> None:
    finders, X = several
    combined = combine_findings(finders, X, max_findings=50, max_overlap=1.0)
    known = {
        str(rule): (f.segments_.loc[i, "p_adj"], f.segments_.loc[i, "decision"])
        for f in reversed(finders)
        for i, rule in enumerate(f.rules_.rules.values())
    }
    for row, rule in zip(
        combined.table.itertuples(), combined.rules.rules.values(), strict=True
    ):
        p, decision = known[str(rule)]
        assert row.p_adj == pytest.approx(min(4 * p, 1.0))
        if decision == "Implement" and 4 * p > 0.05:
            decision = "Pilot"
        if decision == "Pilot" and 4 * p > 0.1:
            decision = "Hold"
        assert row.decision == decision
    assert len(set(map(str, combined.rules.rules.values()))) == len(combined.table)
    assert combined.table["method"].nunique() > 1


def test_an_implement_above_alpha_becomes_a_pilot() -> None:
    X, y, group = odd_rows()
    finder = BoxSegmentFinder(random_state=0, max_findings=1).fit(X, y, group)
    p = finder.segments_.loc[0, "p_adj"]
    limits = DecisionThresholds(alpha=1.5 * p, implement_gap=100, pilot_gap=100)
    finder.set_params(thresholds=limits).fit(X, y, group)
    assert finder.segments_.loc[0, "decision"] == "Implement"
    assert combine_findings([finder]).table.loc[0, "decision"] == "Implement"
    assert combine_findings([finder, finder]).table.loc[0, "decision"] == "Pilot"
    # The strictest alpha of all is the one that holds.
    loose = clone(finder).set_params(thresholds=None).fit(X, y, group)
    assert combine_findings([loose, finder]).table.loc[0, "decision"] == "Pilot"


def test_a_pilot_above_its_level_becomes_a_hold() -> None:
    X, y, group = odd_rows()
    finder = BoxSegmentFinder(random_state=0, max_findings=1).fit(X, y, group)
    p = finder.segments_.loc[0, "p_adj"]
    limits = DecisionThresholds(
        alpha=0.5 * p, pilot_alpha=1.5 * p, implement_gap=100, pilot_gap=100
    )
    finder.set_params(thresholds=limits).fit(X, y, group)
    assert combine_findings([finder]).table.loc[0, "decision"] == "Pilot"
    assert combine_findings([finder, finder]).table.loc[0, "decision"] == "Hold"


def test_findings_of_different_profits_are_not_combined() -> None:
    X, y, group = odd_rows()
    one, other = (
        BoxSegmentFinder(random_state=0).set_params(thresholds__value=value)
        for value in (10.0, 20.0)
    )
    fitted = [one.fit(X, y, group), other.fit(X, y, group)]
    with pytest.raises(InvalidDataError, match="same value and cost") as caught:
        combine_findings(fitted)
    assert "thresholds__value" in str(caught.value)
    other.set_params(thresholds__value=10.0).fit(X, y, group)
    assert {*combine_findings(fitted).table["unit"]} == {"profit"}


@pytest.mark.parametrize("max_overlap", [0.2, 0.8])
def test_findings_that_overlap_are_listed_once(
    several: Any, max_overlap: float
) -> None:
    finders, X = several
    combined = combine_findings(finders, X, max_findings=50, max_overlap=max_overlap)
    members = combined.rules.membership(X)
    n = len(combined.table)
    assert n > 1
    for i in range(n):
        for j in range(i):
            both = (members[:, i] & members[:, j]).sum()
            either = (members[:, i] | members[:, j]).sum()
            assert both / either <= max_overlap
    everything = combine_findings(finders, max_findings=50)
    assert len(everything.table) > n
    assert str(combined.rules["Segment 1"]) == str(everything.rules["Segment 1"])
    place = combined.table["decision"].map(["Implement", "Pilot", "Hold", "Skip"].index)
    assert place.is_monotonic_increasing


def test_max_findings_limits_the_combined_findings(several: Any) -> None:
    finders, X = several
    combined = combine_findings(finders, X, max_findings=2)
    assert len(combined.table) == len(combined.rules) == 2
    assert list(combined.rules.rules) == ["Segment 1", "Segment 2"]
    assert combined.table.index.tolist() == [0, 1]


def test_finders_that_found_nothing_combine() -> None:
    X, y, group = odd_rows(200)
    empty = BoxSegmentFinder().fit(X[["flag"]].assign(flag=True), y, group)
    combined = combine_findings([empty, empty], X)
    assert len(combined.table) == len(combined.rules) == 0
    assert combined.table.columns.tolist() == [*empty.segments_, "method"]
    finder = BoxSegmentFinder(random_state=0).fit(*odd_rows())
    assert len(combine_findings([empty, finder]).table) == len(finder.segments_)


def test_what_cannot_be_combined_is_an_error(several: Any) -> None:
    (finder, *_), _ = several
    X, y, group = odd_rows()
    turned = clone(finder).set_params(treatment="B", reference="A").fit(X, y, group)
    for finders, message in (
        ([], "list of fitted segment finders"),
        (finder, "list of fitted segment finders"),
        ([finder, "Box"], "list of fitted segment finders"),
        ([finder, turned], r"compare the same groups\. Got .*'A', 'B'.*'B', 'A'"),
    ):
        with pytest.raises(ValueError, match=message):
            combine_findings(finders)
    with pytest.raises(NotFittedError):
        combine_findings([finder, BoxSegmentFinder()])
    with pytest.raises(ValueError, match="'max_findings' parameter of combine_f"):
        combine_findings([finder], max_findings=0)
    for wrong in (0, 1.5, -0.1, "0.8", None, np.nan, True):
        with pytest.raises(ValueError, match=r"'max_overlap' parameter .* in \(0, 1\]"):
            combine_findings([finder], max_overlap=wrong)


# --- parameters ----------------------------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("max_features", 0, "an int in [1, 3]"),
        ("max_features", 4, "an int in [1, 3]"),
        ("max_features", 2.0, "an int in [1, 3]"),
        ("max_features", True, "an int in [1, 3]"),
        ("max_findings", 0, "an int in [1, 1000]"),
        ("min_size", 0, "None, an int in [1, inf) or a float in (0, 1)"),
        ("min_size", 1.5, "None, an int in [1, inf) or a float in (0, 1)"),
        ("min_size", "1%", "None, an int in [1, inf) or a float in (0, 1)"),
        ("max_cells", 1, "an int in [2, 64]"),
        ("max_cells", 65, "an int in [2, 64]"),
        ("assignment", "random", "'randomized' or 'observational'"),
        ("inference", None, "'honest' or 'maxt' or 'none'"),
        ("test_size", 1, "a float in (0, 1)"),
        ("test_size", 0.0, "a float in (0, 1)"),
        ("test_size", np.nan, "a float in (0, 1)"),
        ("n_replicates", 18, "an int in [19, 100000]"),
        ("thresholds", {"alpha": 0.1}, "None or DecisionThresholds"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_rule(
    Finder: Any, name: str, value: Any, rule: str
) -> None:
    X, y, group = odd_rows(50)
    with pytest.raises(ValueError, match="parameter") as caught:
        Finder(**{name: value}).fit(X, y, group)
    owner = Finder.__name__
    assert str(caught.value) == (
        f"The {name!r} parameter of {owner} must be {rule}. Got {value!r} instead."
    )


@pytest.mark.parametrize(
    ("finder", "message"),
    [
        (TLearnerSegmentFinder(max_depth=0), r"'max_depth' .* an int in \[1, 10\]"),
        (TLearnerSegmentFinder(estimator=3), "'estimator' .* Got 3 instead"),
        (
            TLearnerSegmentFinder(estimator=LogisticRegression()),
            r"'estimator' .* a decision tree.* Got LogisticRegression\(\) instead",
        ),
        (L1SegmentFinder(C=0), "'C' .* None or a number above 0. Got 0 instead"),
        (L1SegmentFinder(C="1"), "'C' .* None or a number above 0. Got '1' instead"),
        (L1SegmentFinder(C=np.nan), "'C' .* a number above 0. Got nan instead"),
        (IVSegmentFinder(max_bins=0), r"'max_bins' .* an int in \[2, 64\]"),
    ],
)
def test_a_wrong_parameter_of_a_single_finder_is_named(
    finder: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        finder.fit(*odd_rows(200))


def test_the_parameters_of_single_finders_have_an_effect() -> None:
    X, y, group = odd_rows()
    tree = DecisionTreeClassifier(max_depth=1, random_state=0)
    finder = TLearnerSegmentFinder(estimator=tree, random_state=0)
    finder.fit(X, y, group)
    assert [tree_of_group.get_depth() for tree_of_group in finder.trees_] == [1, 1]
    assert not hasattr(tree, "tree_")
    deep = TLearnerSegmentFinder(max_depth=3, random_state=0).fit(X, y, group)
    assert max(tree_of_group.get_depth() for tree_of_group in deep.trees_) == 3
    none = L1SegmentFinder(C=1e-9, random_state=0).fit(X, y, group)
    assert (none.coefficients_["coefficient"] == 0).all()
    assert len(none.segments_) == 0
    weak = L1SegmentFinder(C=np.float32(0.5), random_state=0).fit(X, y, group)
    assert np.count_nonzero(weak.coefficients_["coefficient"]) > 2
    assert weak.coefficients_.columns.tolist() == ["column", "rule", "coefficient"]


def test_outcomes_must_be_numbers_that_are_there() -> None:
    X, y, group = odd_rows(50)
    for outcome, message in (
        (np.array(["a", "b", "c"] * 17)[:50], "must be numbers, or labels of two"),
        (np.where(np.arange(50) == 7, np.nan, y), "Got nan at row 7"),
        (np.where(np.arange(50) == 7, np.inf, y), "Got inf at row 7"),
        (y[1:], "Got 49 outcomes and 50 rows"),
        (None, "requires y to be passed"),
    ):
        with pytest.raises(ValueError, match=message):
            BoxSegmentFinder().fit(X, outcome, group)
    for weight in (-np.ones(50), np.zeros(50), np.ones(49)):
        with pytest.raises(ValueError, match="sample_weight must"):
            BoxSegmentFinder().fit(X, y, group, sample_weight=weight)


def test_columns_of_rules_are_needed(fitted: Any) -> None:
    finder, X, *_ = fitted
    for call in (finder.transform, finder.predict, finder.apply):
        with pytest.raises(MissingColumnError, match=f"needs the column {ODD!r}"):
            call(X.drop(columns=ODD))
