"""The policy of finders: sure findings decide, the rest goes where it does better."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from skseg import (
    BoxSegmentFinder,
    DecisionThresholds,
    GroupStratifiedKFold,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
    with_group,
)
from skseg._finders._policy._decided_policy import FindingEvidence, Policy, PolicyRule
from skseg._finders._policy._value import policy_value, standard_error
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
INFERENCES: list[dict[str, Any]] = [
    {"inference": "honest"},
    {"inference": "maxt", "max_features": 2, "n_replicates": 39},
    {"inference": "none"},
]


def trial(
    n_rows: int,
    inside: float,
    outside: float,
    *,
    rate: float = 0.3,
    labels: Any = ("control", "treatment"),
    seed: int = 0,
) -> Any:
    """Return a trial with one effect for x > 0.7, and another one for the others."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"x": random.random(n_rows), "noise": random.normal(size=n_rows)})
    is_treated = random.random(n_rows) < 0.5
    effect = np.where(X["x"] > 0.7, inside, outside)
    y = (random.random(n_rows) < rate + is_treated * effect).astype(float)
    return X, y, np.where(is_treated, labels[1], labels[0])


def promotion(n_rows: int, seed: int) -> Any:
    """Return a public trial's shape: a purchase brings 10, a promotion costs 0.15."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({f"v{i}": random.normal(size=n_rows) for i in range(1, 6)})
    X["v4"] = random.integers(1, 3, n_rows)
    responds = (X["v3"] > 0.3) & (X["v4"] == 2)
    is_treated = random.random(n_rows) < 0.5
    rate = 0.007 + is_treated * np.where(responds, 0.035, 0.001)
    y = (random.random(n_rows) < rate).astype(float)
    return X, y, np.where(is_treated, "Yes", "No"), responds.to_numpy()


# --- who goes where ------------------------------------------------------------------


def test_the_rest_goes_to_the_better_group_of_the_rest() -> None:
    # B wins overall, because of the segment where it is far better.
    X, y, group = trial(20_000, -0.3, 0.06, labels=("B", "A"))
    assert y[group == "B"].mean() > y[group == "A"].mean()
    finder = BoxSegmentFinder(random_state=0).fit(X, y, group)
    assert finder.groups_ == ("A", "B")
    best = np.where(X["x"] > 0.7, "B", "A")
    assert np.mean(finder.predict(X) == best) > 0.97
    value = finder.score(X, y, group)
    assert value > max(y[group == "A"].mean(), y[group == "B"].mean()) + 0.03


def test_a_promotion_goes_to_those_for_whom_it_pays() -> None:
    X, y, group, responds = promotion(60_000, 0)
    thresholds = DecisionThresholds(value=10.0, cost=0.15)
    finder = BoxSegmentFinder(
        random_state=0, max_features=2, thresholds=thresholds
    ).fit(X, y, group)
    assert finder.groups_ == ("Yes", "No")
    promoted = finder.predict(X) == "Yes"
    assert np.mean(promoted == responds) > 0.97
    # The same by hand, as profits are outcomes less costs.
    profit = 10 * y - 0.15 * (group == "Yes")
    by_hand = BoxSegmentFinder(random_state=0, max_features=2)
    by_hand = by_hand.fit(X, profit, group)
    assert np.mean((by_hand.predict(X) == "Yes") == responds) > 0.93
    new_X, new_y, new_group, _ = promotion(60_000, 1)
    share = np.mean(new_group == "Yes")
    sent = finder.predict(new_X)
    follows = (sent == new_group) / np.where(new_group == "Yes", share, 1 - share)
    value = np.average(new_y, weights=follows) * 10 - 0.15 * np.mean(sent == "Yes")
    assert finder.score(new_X, new_y, new_group) == pytest.approx(value)
    nobody = 10 * new_y[new_group == "No"].mean()
    everybody = 10 * new_y[new_group == "Yes"].mean() - 0.15
    assert value > max(nobody, everybody) + 0.03


@pytest.mark.parametrize("labels", [("control", "treatment"), (0, 1), (False, True)])
def test_what_cannot_be_told_goes_to_the_usual_reference(labels: Any) -> None:
    X, y, group = trial(4_000, 0.4, 0.0, labels=labels)
    X["x"] = X["x"] > 0.7
    thresholds = DecisionThresholds(rest_alpha=0.001)
    finder = IVSegmentFinder(random_state=0, max_features=1, thresholds=thresholds)
    finder.fit(X, y, group)
    assert finder.groups_ == (labels[1], labels[0])
    assert finder.predict(X).tolist() == np.where(X["x"], *finder.groups_).tolist()


class TestRule:
    """Decisions about the rest, by sizes of its effect in standard errors."""

    @staticmethod
    def rest_to_a(effect: float, thresholds: DecisionThresholds, **options: Any) -> Any:
        n = 10_000
        in_a = np.arange(n) % 2 == 0
        y = np.where(np.arange(n) % 4 < 2, 1.0, -1.0) + effect * in_a
        rows = ComparedRows(y, in_a, np.ones(n), False, economics=thresholds.economics)
        rule = PolicyRule.of(thresholds, has_reference=options["has_reference"])
        nothing = FindingEvidence(*np.zeros((4, 0)))
        members = np.zeros((n, 0), dtype=bool)
        return rule.decide(rows, members, nothing, rows).rest_to_a

    @pytest.mark.parametrize("effect", [-0.1, -0.01, 0.01, 0.1])
    def test_without_a_reference_the_sign_decides(self, effect: float) -> None:
        thresholds = DecisionThresholds()
        to_a = self.rest_to_a(effect, thresholds, has_reference=False)
        assert to_a == (effect > 0)

    # The standard error is 0.02.
    @pytest.mark.parametrize(
        ("effect", "rest_alpha", "expected"),
        [
            (0.015, 0.32, False),
            (0.025, 0.32, True),
            (-0.1, 0.32, False),
            (0.035, 0.05, False),
            (0.045, 0.05, True),
            (0.001, 1.0, True),
            (-0.001, 1.0, False),
            (1.0, 0.0, False),
        ],
    )
    def test_a_reference_gives_way_to_evidence(
        self, effect: float, rest_alpha: float, expected: bool
    ) -> None:
        thresholds = DecisionThresholds(rest_alpha=rest_alpha)
        assert self.rest_to_a(effect, thresholds, has_reference=True) == expected

    @pytest.mark.parametrize(
        ("effect", "value", "cost", "expected"),
        [
            (0.1, 2.0, 0.1, True),
            (0.1, 1.0, 0.2, False),
            (0.1, 1.0, 0.095, False),  # not told: A costs more
            (0.1, 1.0, 0.105, False),
            (-0.1, 1.0, -0.105, True),  # not told: A costs less
            (-0.1, 1.0, -0.095, True),
            (-0.1, -1.0, 0.0, True),  # an outcome that costs
        ],
    )
    @pytest.mark.parametrize("has_reference", [False, True])
    def test_what_pays_no_more_than_it_costs_goes_to_the_cheaper_group(
        self,
        effect: float,
        value: float,
        cost: float,
        expected: bool,
        has_reference: bool,
    ) -> None:
        thresholds = DecisionThresholds(value=value, cost=cost)
        to_a = self.rest_to_a(effect, thresholds, has_reference=has_reference)
        assert to_a == expected


def test_the_first_sure_finding_of_a_row_decides() -> None:
    policy = Policy(np.array([False, True, True]), np.array([True, False, True]), False)
    members = np.array(
        [[1, 1, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=bool
    )
    assert policy.sent_to_a(members).tolist() == [False, False, True, False, False]
    assert not policy.is_for_all
    assert policy._replace(is_sure=np.zeros(3, dtype=bool)).is_for_all


def test_findings_of_few_rows_or_events_decide_nothing() -> None:
    thresholds = DecisionThresholds()
    rows = ComparedRows(
        np.tile([0.0, 1.0], 50), np.arange(100) < 50, np.ones(100), True
    )
    members = np.ones((100, 1), dtype=bool)
    rule = PolicyRule.of(thresholds, has_reference=True)
    for n_group, n_events, is_sure in [(50, 20, True), (9, 20, False), (50, 1, False)]:
        numbers = np.array([[0.001], [0.3], [n_group], [n_events]])
        policy = rule.decide(rows, members, FindingEvidence(*numbers), rows)
        assert policy.is_sure.tolist() == [is_sure]


# --- values --------------------------------------------------------------------------


def test_values_of_single_groups_are_means_with_their_usual_errors() -> None:
    random = np.random.default_rng(0)
    in_a, y = random.random(500) < 0.3, random.normal(size=500)
    rows = ComparedRows(y, in_a, np.ones(500), False)
    for group, everyone in ((in_a, np.ones(500, bool)), (~in_a, np.zeros(500, bool))):
        value = policy_value(rows, everyone)
        assert value.value == pytest.approx(y[group].mean())
        error = standard_error(value.influence, rows.weight)
        usual = y[group].std() / math.sqrt(group.sum())
        assert error == pytest.approx(usual, rel=0.01)


@pytest.mark.parametrize("has_groups", [True, False])
def test_errors_of_values_are_those_of_repeated_samples(has_groups: bool) -> None:
    random = np.random.default_rng(0)
    values, errors, gains, gain_errors = [], [], [], []
    for _ in range(1500):
        x, in_a = random.random(400), random.random(400) < 0.3
        inside = x < 0.4
        rate = 0.2 + np.where(in_a == inside, 0.3, 0.0)
        y = (random.random(400) < rate).astype(float)
        economics = Economics(10.0, 0.5 if has_groups else 0.0)
        groups = in_a if has_groups else None
        rows = ComparedRows(y, groups, np.ones(400), True, economics=economics)
        value = policy_value(rows, inside)
        gain = value.minus(policy_value(rows, np.ones(400, bool)))
        values.append(value.value)
        gains.append(gain.value)
        errors.append(standard_error(value.influence, rows.weight))
        gain_errors.append(standard_error(gain.influence, rows.weight))
    if has_groups:
        assert np.mean(values) == pytest.approx(10 * 0.5 - 0.5 * 0.4, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.07)
    assert np.mean(gain_errors) == pytest.approx(np.std(gains), rel=0.07)


def test_errors_count_weights_as_rows_and_clusters_as_draws() -> None:
    random = np.random.default_rng(0)
    weight = random.integers(1, 4, 200).astype(float)
    influence = random.normal(size=200)
    again = np.repeat(np.arange(200), weight.astype(int))
    assert standard_error(influence, weight) == pytest.approx(
        standard_error(influence[again], np.ones(len(again)))
    )
    single = np.arange(200)
    assert standard_error(influence, np.ones(200), single) == pytest.approx(
        standard_error(influence, np.ones(200))
    )
    twice = np.tile(single, 2)
    assert standard_error(influence[twice], np.ones(400), twice) == pytest.approx(
        standard_error(influence, np.ones(200))
    )


# --- the table -----------------------------------------------------------------------

COLUMNS = [
    "policy",
    "value",
    "ci_low",
    "ci_high",
    "gain",
    "gain_low",
    "gain_high",
    "share_a",
    "share_b",
]


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("options", INFERENCES, ids=lambda o: o["inference"])
def test_the_table_has_every_policy(Finder: Any, options: Any) -> None:
    X, y, group = trial(3_000, -0.3, 0.2)
    table = Finder(random_state=0, **options).fit(X, y, group).policy_table_
    assert table.columns.tolist() == COLUMNS
    names = ["all treatment", "all control", "findings", "model"]
    assert table["policy"].tolist() == names
    numbers = table.drop(columns="policy")
    assert np.isfinite(numbers).all(axis=None)
    assert table["value"].between(table["ci_low"], table["ci_high"]).all()
    assert table["gain"].between(table["gain_low"], table["gain_high"]).all()
    np.testing.assert_allclose(table["share_a"] + table["share_b"], 1)
    best = table["value"][:2].max()
    np.testing.assert_allclose(table["gain"], table["value"] - best)
    assert table["share_a"][:2].tolist() == [1, 0]


@pytest.mark.parametrize(
    "options",
    [
        {"assignment": "observational"},
        {"thresholds": DecisionThresholds(value=20.0, cost=1.0)},
        {"treatment": "control"},
    ],
    ids=["observational", "profit", "reversed"],
)
def test_the_table_values_what_is_planted(options: Any) -> None:
    X, y, group = trial(8_000, -0.25, 0.2, rate=0.4)
    finder = IVSegmentFinder(random_state=0, max_features=1, **options)
    table = finder.fit(X, y, group).policy_table_.set_index("policy")
    assert (table.loc[["findings", "model"], "gain_low"] > 0).all()
    value, cost = 20.0, 1.0
    if "thresholds" not in options:
        value, cost = 1.0, 0.0
    truth = {
        "all treatment": value * (0.4 - 0.25 * 0.3 + 0.2 * 0.7) - cost,
        "all control": value * 0.4,
        "findings": value * (0.4 + 0.2 * 0.7) - 0.7 * cost,
    }
    for policy, expected in truth.items():
        row = table.loc[policy]
        assert row["ci_low"] < expected < row["ci_high"] + 0.005 * value


def test_rows_and_their_order_and_weights_make_the_same_table() -> None:
    X, y, group = trial(2_000, -0.3, 0.2)
    X = X.round(1)
    random = np.random.default_rng(0)
    weight = random.integers(1, 4, len(y))
    again = random.permutation(np.repeat(np.arange(len(y)), weight))
    tables = []
    for rows, counts in ((np.arange(len(y)), weight), (again, np.ones(len(again)))):
        finder = IVSegmentFinder(random_state=0)
        finder.fit(X.iloc[rows], y[rows], group[rows], sample_weight=counts)
        # The model is about as good either way.
        tables.append(finder.policy_table_[:3])
    pd.testing.assert_frame_equal(*tables)


def test_without_groups_values_are_lifts() -> None:
    X, y, _ = trial(4_000, 0.3, 0.0)
    y = np.where(X["x"] > 0.7, np.maximum(y, X["x"] > 0.85), y)
    finder = IVSegmentFinder(random_state=0).fit(X, y)
    table = finder.policy_table_
    assert table["policy"].tolist() == ["everyone", "findings", "model"]
    assert table.loc[0, "value"] == 0
    assert table.loc[1, "ci_low"] > 0
    assert table.loc[1, "value"] == pytest.approx(finder.score(X, y), abs=0.05)


def test_values_of_one_group_for_all_hold_their_intervals() -> None:
    """False gains are rare where there is nothing to gain."""
    n_false = 0
    for seed in range(60):
        X, y, group = trial(1_000, 0.0, 0.0, seed=seed)
        finder = IVSegmentFinder(random_state=seed, max_features=1)
        table = finder.fit(X, y, group).policy_table_
        n_false += int((table["gain_low"] > 0).any())
    assert n_false <= 6


@pytest.mark.parametrize("options", INFERENCES, ids=lambda o: o["inference"])
@pytest.mark.parametrize("n_rows", [2, 3, 5, 12])
def test_few_rows_make_a_table(n_rows: int, options: Any) -> None:
    X = pd.DataFrame({"x": np.arange(n_rows) * 1.0})
    group, y = np.resize(["A", "B"], n_rows), np.arange(n_rows) % 3 == 0
    finder = IVSegmentFinder(random_state=0, min_size=None, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = finder.fit(X, y.astype(float), group).policy_table_
    assert len(table) == 4
    assert set(finder.predict(X)) <= {"A", "B"}


# --- searches ------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 1])
def test_a_search_whose_candidates_all_tie_warns_once(n_jobs: int | None) -> None:
    X, y, group = trial(600, 0.0, 0.0)
    both, cv = with_group(y, group), GroupStratifiedKFold(2)
    search = GridSearchCV(
        IVSegmentFinder(random_state=0), {"max_features": [1, 2]}, cv=cv, n_jobs=n_jobs
    )
    with pytest.warns(UserWarning, match=r"All 2 candidates .*make_findings_scorer"):
        search.fit(X, both)
    assert len({*search.cv_results_["mean_test_score"]}) == 1


def test_a_search_whose_candidates_differ_does_not_warn() -> None:
    X, y, group = trial(3_000, -0.3, 0.2)
    search = GridSearchCV(
        IVSegmentFinder(random_state=0),
        {"min_size": [0.05, 0.9]},
        cv=GroupStratifiedKFold(2),
    ).fit(X, with_group(y, group))
    assert search.best_params_ == {"min_size": 0.05}
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] > scores[1]
