"""Segment finders: the table recounted by hand, planted segments, no false ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2, chi2_contingency, hypergeom, ttest_ind

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg._finders import DecisionThresholds
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._honest_split import honest_split
from skseg.datasets import make_seller_groups
from skseg.rules import Columns, RuleSet

FINDERS = [
    BoxSegmentFinder,
    TLearnerSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
]
COLUMNS = [
    "code",
    "name",
    "rule",
    "n",
    "share",
    "best_group",
    "group_a",
    "group_b",
    "effect",
    "ci_low",
    "ci_high",
    "unit",
    "lift",
    "break_even",
    "p_value",
    "p_adj",
    "n_a",
    "n_b",
    "effective_n_a",
    "effective_n_b",
    "rate_a",
    "rate_b",
    "rate_unit",
    "decision",
    "gap",
    "share_train",
    "share_test",
    "success_train",
    "success_test",
    "success_diff",
]
HISTORICAL = [
    "Feature_1",
    "Range_1",
    "Feature_2",
    "Range_2",
    "Pct_Train_%",
    "Pct_Test_%",
    "Success_Train_%",
    "Success_Test_%",
    "Success_Diff_%",
    "Method",
]
METHODS = {
    "BoxSegmentFinder": "Box",
    "TLearnerSegmentFinder": "T-Learner",
    "IVSegmentFinder": "IV",
    "L1SegmentFinder": "L1",
}


def leads(n_rows: int, **options: Any) -> tuple[pd.DataFrame, Any, Any]:
    made = make_seller_groups(n_rows, **options)
    X = made.drop(columns=["seller", "converted", "revenue"])
    return X, made["converted"].to_numpy(), made["seller"].to_numpy()


def two_segments(n_rows: int = 4000) -> tuple[pd.DataFrame, Any, Any]:
    """Return rows where A is better in one segment, and B in another."""
    random = np.random.default_rng(3)
    X = pd.DataFrame(
        {
            "age": random.normal(50, 10, n_rows).round(6),
            "city": random.choice(list("xyz"), n_rows),
            "score": random.normal(size=n_rows).round(6),
        }
    )
    group = random.choice(["A", "B"], n_rows)
    in_a, chance = group == "A", np.full(n_rows, 0.3)
    chance[(X["age"] > 55) & in_a] += 0.4
    chance[(X["age"] < 45) & (X["city"] == "x") & ~in_a] += 0.4
    return X, (random.random(n_rows) < chance).astype(int), group


def parts_of_fit(X: Any, y: Any, group: Any, seed: int) -> Any:
    """Return the rows that a finder of this seed searches, and those it tests on."""
    in_a = None if group is None else group == "A"
    rows = ComparedRows(y.astype(float), in_a, np.ones(len(y)), is_binary=True)
    seed = np.random.RandomState(seed).randint(2**31)
    parts = honest_split(Columns(X), rows, 0.5, seed)
    return [np.flatnonzero(weight) for weight in parts]


def holm(p: list[float]) -> list[float]:
    adjusted = np.zeros(len(p))
    worst = 0.0
    for i, k in enumerate(np.argsort(p)):
        worst = min(1.0, max(worst, p[k] * (len(p) - i)))
        adjusted[k] = worst
    return adjusted.tolist()


@pytest.fixture(scope="module")
def planted() -> Any:
    return two_segments()


# --- the table -----------------------------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
def test_the_table_has_a_row_per_finding_that_begins_as_in_all_estimators(
    planted: Any, Finder: Any
) -> None:
    X, y, group = planted
    finder = Finder(random_state=0).fit(X, y, group)
    table = finder.segments_
    assert table.columns.tolist() == COLUMNS
    assert len(table) > 0
    assert table.index.tolist() == list(range(len(table)))
    assert table["code"].tolist() == list(range(len(table)))
    expected = [f"Segment {i + 1}" for i in range(len(table))]
    assert table["name"].tolist() == list(finder.rules_.rules) == expected
    assert finder.get_feature_names_out().tolist() == expected
    assert table["rule"].tolist() == [str(r) for r in finder.rules_.rules.values()]
    members = finder.transform(X)
    np.testing.assert_allclose(table["n"], members.sum(axis=0))
    np.testing.assert_allclose(table["share"], members.mean(axis=0))
    first = np.where(members.any(axis=1), members.argmax(axis=1), -1)
    np.testing.assert_array_equal(finder.apply(X), first)


@pytest.mark.parametrize("Finder", FINDERS)
def test_the_historical_table_has_its_ten_columns(planted: Any, Finder: Any) -> None:
    finder = Finder(random_state=0, max_features=2).fit(*planted)
    table, historical = finder.segments_, finder.to_frame(style="historical")
    assert historical.columns.tolist() == HISTORICAL
    assert set(historical["Method"]) == {METHODS[Finder.__name__]}
    assert historical.index.tolist() == list(range(len(table)))
    for name, numbers in (
        ("Pct_Train_%", 100 * table["share_train"]),
        ("Pct_Test_%", 100 * table["share_test"]),
        ("Success_Train_%", table["success_train"]),
        ("Success_Test_%", table["success_test"]),
        ("Success_Diff_%", table["success_diff"]),
    ):
        assert historical[name].tolist() == numbers.tolist(), name


def test_the_historical_table_goes_on_where_a_finding_has_three_conditions() -> None:
    X, y, group = leads(12_000, pattern="triple", effect=0.4, random_state=0)
    X = X[["device", "tenure_months", "visits_30d", "noise_1"]]
    finder = BoxSegmentFinder(random_state=0).fit(X, y, group)
    historical = finder.to_frame(style="historical")
    assert historical.columns.tolist() == [*HISTORICAL, "Feature_3", "Range_3"]
    assert historical["Feature_3"].notna().any()
    conditions = historical.loc[0, ["Range_1", "Range_2", "Range_3"]]
    assert " and ".join(conditions) == finder.segments_.loc[0, "rule"]


def test_a_style_of_table_that_is_unknown_is_refused(planted: Any) -> None:
    finder = BoxSegmentFinder(random_state=0).fit(*planted)
    for call in (finder.to_frame, finder.to_csv):
        with pytest.raises(ValueError, match=r"or 'historical'\. Got 'old'"):
            call(style="old")


@pytest.mark.parametrize("Finder", FINDERS)
def test_features_and_ranges_are_those_of_the_rules(planted: Any, Finder: Any) -> None:
    X, y, group = planted
    finder = Finder(random_state=0).fit(X, y, group)
    historical = finder.to_frame(style="historical")
    for (_, row), rule in zip(
        historical.iterrows(), finder.rules_.rules.values(), strict=True
    ):
        pairs = [(row.get(f"Feature_{i}"), row.get(f"Range_{i}")) for i in (1, 2, 3)]
        inside = np.ones(len(X), dtype=bool)
        for feature, text in pairs:
            if pd.isna(feature):
                continue
            condition = RuleSet({"condition": text})
            assert condition.columns == (feature,)
            inside &= condition.membership(X)[:, 0]
        np.testing.assert_array_equal(
            inside, RuleSet({"rule": rule}).membership(X)[:, 0]
        )


@pytest.mark.parametrize("Finder", FINDERS)
def test_rates_intervals_and_p_values_are_those_counted_by_hand(Finder: Any) -> None:
    X, y, group = two_segments()
    finder = Finder(random_state=7).fit(X, y, group)
    train, test = parts_of_fit(X, y, group, 7)
    assert sorted([*train, *test]) == list(range(len(X)))
    inside = finder.transform(X) == 1
    p = []
    for i, row in finder.segments_.iterrows():
        rates, counts = {}, {}
        for name, part in (("train", train), ("test", test)):
            for label in "AB":
                rows = part[inside[part, i] & (group[part] == label)]
                rates[name, label], counts[name, label] = y[rows].mean(), len(rows)
        best = "A" if rates["test", "A"] >= rates["test", "B"] else "B"
        assert row["best_group"] == best
        seen, unseen = 100 * rates["train", best], 100 * rates["test", best]
        n_a, n_b = counts["test", "A"], counts["test", "B"]
        effect = rates["test", "A"] - rates["test", "B"]
        expected = {
            "share_train": inside[train, i].mean(),
            "share_test": inside[test, i].mean(),
            "success_train": seen,
            "success_test": unseen,
            "success_diff": unseen - seen,
            "effect": 100 * effect,
            "n_a": n_a,
            "n_b": n_b,
            "rate_a": 100 * rates["test", "A"],
            "rate_b": 100 * rates["test", "B"],
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value), name
        y_a, y_b = (round(rates["test", g] * counts["test", g]) for g in "AB")
        a, b = (
            binomtest(k, n).proportion_ci(method="wilson")
            for k, n in ((y_a, n_a), (y_b, n_b))
        )
        rate_a, rate_b = y_a / n_a, y_b / n_b
        low = effect - np.hypot(rate_a - a.low, b.high - rate_b)
        high = effect + np.hypot(a.high - rate_a, rate_b - b.low)
        assert row["ci_low"] == pytest.approx(100 * low)
        assert row["ci_high"] == pytest.approx(100 * high)
        table = [[y_a, n_a - y_a], [y_b, n_b - y_b]]
        pearson = chi2_contingency(table, correction=False).statistic
        by_score = chi2.sf(pearson * (n_a + n_b - 1) / (n_a + n_b), 1)
        n_events = min(n_a, n_b) * min(y_a + y_b, n_a + n_b - y_a - y_b) / (n_a + n_b)
        # Where events are few, the mid-p of the exact test given how many there are.
        events = hypergeom(n_a + n_b, y_a + y_b, n_a)
        tails = events.cdf(y_a), events.sf(y_a - 1)
        by_count = min(1.0, 2 * (min(tails) - events.pmf(y_a) / 2))
        p.append(by_score if n_events >= 20 else by_count)
    assert finder.segments_["p_value"].tolist() == pytest.approx(p, rel=1e-9)
    assert finder.segments_["p_adj"].tolist() == pytest.approx(holm(p), rel=1e-9)


def test_effects_on_amounts_are_in_units_of_the_outcome() -> None:
    X, y, group = two_segments()
    revenue = y * np.random.default_rng(0).lognormal(4, 0.5, len(y)).round(2)
    finder = BoxSegmentFinder(random_state=1).fit(X, revenue, group)
    _, test = parts_of_fit(X, revenue, group, 1)
    inside = finder.transform(X) == 1
    p = []
    for i, row in finder.segments_.iterrows():
        a, b = (
            revenue[test[inside[test, i] & (group[test] == label)]] for label in "AB"
        )
        test_of_means = ttest_ind(a, b, equal_var=False)
        interval = test_of_means.confidence_interval(0.95)
        effect = a.mean() - b.mean()
        assert row["effect"] == pytest.approx(effect)
        assert row["unit"] == row["rate_unit"] == "outcome"
        assert row["lift"] == pytest.approx(100 * effect / b.mean())
        # Intervals are those of a permutation test, which is Welch's where many spend.
        assert row["ci_low"] == pytest.approx(interval.low, abs=0.1 * abs(effect))
        assert row["ci_high"] == pytest.approx(interval.high, abs=0.1 * abs(effect))
        assert row["rate_a"] == pytest.approx(a.mean())
        assert row["success_test"] == pytest.approx(max(a.mean(), b.mean()))
        assert row["p_value"] == pytest.approx(test_of_means.pvalue, abs=0.01)
        p.append(row["p_value"])
    assert finder.segments_["p_adj"].tolist() == pytest.approx(holm(p), rel=1e-9)
    assert finder.segments_.loc[0, "decision"] == "Implement"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, "Implement"),
        ({"implement_effect": 60.0}, "Pilot"),
        ({"implement_share": 0.9}, "Pilot"),
        ({"implement_gap": 1e-6}, "Pilot"),
        ({"alpha": 0.0}, "Pilot"),
        ({"pilot_gap": 1e-6}, "Hold"),
        ({"pilot_effect": 99.0}, "Skip"),
        ({"pilot_share": 0.9}, "Skip"),
    ],
)
def test_decisions_follow_the_thresholds(
    planted: Any, limits: dict[str, float], expected: str
) -> None:
    limits = {"implement_gap": 30.0, "pilot_gap": 40.0, **limits}
    finder = BoxSegmentFinder(random_state=0, thresholds=DecisionThresholds(**limits))
    table = finder.fit(*planted).segments_
    # The segment of A, on its own in the age.
    (row,) = table.index[(table["best_group"] == "A") & (table["n_a"] > 100)][:1]
    assert table.loc[row, "decision"] == expected


def test_findings_are_in_the_order_of_decisions() -> None:
    X, y, group = leads(4000, n_noise=1, random_state=2)
    table = IVSegmentFinder(random_state=0, inference="honest").fit(X, y, group)
    table = table.segments_
    place = table["decision"].map(["Implement", "Pilot", "Hold", "Skip"].index)
    assert place.is_monotonic_increasing
    for _, some in table.groupby(place):
        assert some["p_adj"].is_monotonic_increasing


@pytest.mark.parametrize("Finder", FINDERS)
def test_without_inference_there_is_nothing_to_implement(
    planted: Any, Finder: Any
) -> None:
    X, y, group = planted
    finder = Finder(inference="none").fit(X, y, group)
    table = finder.segments_
    assert len(table) > 0
    assert table["p_adj"].isna().all()
    assert set(table["decision"]) <= {"Hold", "Skip"}
    assert table[["share_test", "success_test", "success_diff"]].isna().all().all()
    # All rows are counted.
    inside = finder.transform(X)[:, 0] == 1
    assert table.loc[0, "n_a"] == (inside & (group == "A")).sum()
    assert table.loc[0, "share_train"] == pytest.approx(inside.mean())
    # Nothing is sure, so that all go to the group that does better overall.
    rates = {label: y[group == label].mean() for label in "AB"}
    assert set(finder.predict(X)) == {max(rates, key=rates.__getitem__)}


@pytest.mark.parametrize("test_size", [0.25, 0.7])
def test_test_size_is_the_share_of_the_rows_tested(
    planted: Any, test_size: float
) -> None:
    X, y, group = planted
    finder = BoxSegmentFinder(random_state=0, test_size=test_size).fit(X, y, group)
    inside = finder.transform(X)[:, 0] == 1
    tested = finder.segments_.loc[0, ["n_a", "n_b"]].sum()
    assert tested / inside.sum() == pytest.approx(test_size, abs=0.05)


@pytest.mark.parametrize("min_size", [400, 0.2])
def test_no_finding_is_below_the_least_size(planted: Any, min_size: Any) -> None:
    X, y, group = planted
    for Finder in FINDERS:
        finder = Finder(inference="none", min_size=min_size).fit(X, y, group)
        least = min_size if min_size > 1 else min_size * len(X)
        assert (finder.segments_[["n_a", "n_b"]].sum(axis=1) >= least).all()


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("max_features", [1, 2])
def test_findings_and_their_conditions_are_limited(
    planted: Any, Finder: Any, max_features: int
) -> None:
    finder = Finder(max_features=max_features, max_findings=2, inference="none")
    table = finder.fit(*planted).segments_
    assert 0 < len(table) <= 2
    historical = finder.to_frame(style="historical")
    assert "Feature_3" not in historical
    assert max_features == 2 or historical["Feature_2"].isna().all()


# --- maxt ----------------------------------------------------------------------------


@pytest.mark.parametrize("Finder", FINDERS)
def test_maxt_finds_what_is_there(planted: Any, Finder: Any) -> None:
    X, y, group = planted
    finder = Finder(inference="maxt", max_features=2, n_replicates=99, random_state=0)
    table = finder.fit(X, y, group).segments_
    assert table.loc[0, "p_adj"] == pytest.approx(0.01)
    assert table.loc[0, "decision"] == "Implement"
    assert table["p_adj"].between(0.01, 1).all()
    assert table[["share_test", "success_test", "success_diff"]].isna().all().all()
    inside = finder.transform(X)[:, 0] == 1
    assert table.loc[0, "n_b"] == (inside & (group == "B")).sum()


@pytest.mark.parametrize("Finder", FINDERS)
def test_maxt_of_three_columns_is_an_error(planted: Any, Finder: Any) -> None:
    with pytest.raises(ValueError, match=r"Got 3 instead\. Choose max_features=2"):
        Finder(inference="maxt").fit(*planted)


def test_maxt_is_rarely_sure_of_noise() -> None:
    smallest = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        X = random.normal(size=(300, 3))
        y, group = random.integers(0, 2, 300), random.choice(["A", "B"], 300)
        finder = BoxSegmentFinder(
            inference="maxt",
            max_features=2,
            max_cells=6,
            n_replicates=39,
            random_state=seed,
        ).fit(X, y, group)
        smallest.append(finder.segments_["p_adj"].min() if len(finder.segments_) else 1)
    # 2 expected; 7 and more have the probability 0.003.
    assert np.count_nonzero(np.array(smallest) <= 0.05) < 7


# --- planted segments ----------------------------------------------------------------


def best_match(finder: Any, X: Any, truth: Any, better: str) -> float:
    """Return the largest share that a finding for the group has in common with it."""
    members = finder.transform(X) == 1
    table = finder.segments_
    good = table.index[
        (table["decision"] == "Implement") & (table["best_group"] == better)
    ]
    shares = [
        (members[:, i] & truth).sum() / (members[:, i] | truth).sum() for i in good
    ]
    return max(shares, default=0.0)


# Columns of the planted segments, which the search has to tell from those of the
# outcome and from the others.
SEARCHED = ["channel", "basket_value", "device", "tenure_months", "visits_30d", "age"]
SEARCHED += ["engagement", "days_since_contact", "past_orders", "city", "noise_1"]


def half_and_half(n_rows: int, **options: Any) -> Any:
    """Return rows to fit to, further rows, and their planted segments."""
    made, truth = make_seller_groups(n_rows, n_noise=1, return_truth=True, **options)
    X = made[SEARCHED]
    half = n_rows // 2
    fitted = X[:half], made["converted"][:half], made["seller"][:half]
    return fitted, X[half:].reset_index(drop=True), truth["segment"].to_numpy()[half:]


@pytest.mark.parametrize(
    ("pattern", "n_rows", "least"),
    [("conjunction", 20_000, 0.85), ("triple", 40_000, 0.8), ("bands", 30_000, 0.6)],
)
def test_planted_segments_are_found(pattern: Any, n_rows: int, least: float) -> None:
    fitted, X, segment = half_and_half(
        2 * n_rows, pattern=pattern, effect=0.15, random_state=1
    )
    finder = BoxSegmentFinder(random_state=0).fit(*fitted)
    assert best_match(finder, X, segment == 0, "A") > least
    first = finder.segments_.loc[0]
    assert first["decision"] == "Implement"
    assert first["ci_low"] < 15 < first["ci_high"]


def test_all_quadrants_of_an_exclusive_or_are_found() -> None:
    fitted, X, segment = half_and_half(
        60_000, pattern="xor", effect=0.15, random_state=1
    )
    finder = BoxSegmentFinder(random_state=0).fit(*fitted)
    for i, better in enumerate("AABB"):
        assert best_match(finder, X, segment == i, better) > 0.7, i


@pytest.mark.parametrize("finder", FINDERS, ids=lambda finder: finder.__name__)
def test_a_seeded_fit_draws_nothing_from_numpys_global_generator(finder: Any) -> None:
    leads = make_seller_groups(500, random_state=0)
    before = np.random.get_state()[1:3]  # noqa: NPY002
    finder(max_features=1, inference="none", random_state=0).fit(
        leads[["income", "age"]], leads["converted"], group=leads["seller"]
    )
    after = np.random.get_state()[1:3]  # noqa: NPY002
    np.testing.assert_equal(after, before)


@pytest.mark.parametrize("finder", [IVSegmentFinder(), L1SegmentFinder()])
def test_other_finders_see_the_conjunction(finder: Any) -> None:
    fitted, X, segment = half_and_half(
        40_000, pattern="conjunction", effect=0.2, random_state=4
    )
    limits = DecisionThresholds(implement_gap=50, pilot_gap=50)
    finder.set_params(random_state=0, thresholds=limits).fit(*fitted)
    assert best_match(finder, X, segment == 0, "A") > 0.3
    (first, *_) = finder.rules_.rules.values()
    assert "channel" in RuleSet({"first": first}).columns


def test_two_trees_see_the_conjunction_where_nothing_else_tells_outcomes() -> None:
    fitted, X, segment = half_and_half(
        40_000, effect=0.3, prognostic=False, random_state=4
    )
    finder = TLearnerSegmentFinder(random_state=0).fit(*fitted)
    assert best_match(finder, X, segment == 0, "A") > 0.4
    assert len(finder.trees_) == 2


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("prognostic", [False, True])
def test_where_the_groups_do_not_differ_there_is_nothing_to_implement(
    Finder: Any, prognostic: bool
) -> None:
    for seed in range(3):
        X, y, group = leads(
            3000, pattern="none", prognostic=prognostic, random_state=seed
        )
        finder = Finder(random_state=seed, max_cells=16).fit(X[SEARCHED], y, group)
        assert "Implement" not in set(finder.segments_["decision"]), seed


@pytest.mark.parametrize("by", [None, "a", "group"])
def test_customers_who_are_alike_are_divided_by_chance(by: str | None) -> None:
    sure = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        levels = random.choice(list("uvwxyz"), (1500, 3))
        X = pd.DataFrame(levels, columns=["a", "b", "c"])
        y, group = random.random(1500) < 0.3, random.choice(["A", "B"], 1500)
        if by is not None:
            order = np.argsort(group if by == "group" else X["a"], kind="stable")
            X, y, group = X.iloc[order], y[order], group[order]
        finder = IVSegmentFinder(random_state=seed).fit(X, y, group)
        sure += (finder.segments_["p_adj"] <= 0.05).any()
    # 0.6 expected at most; 4 and more have the probability 0.002.
    assert sure < 4


def test_a_level_that_many_customers_share_is_both_searched_and_tested() -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        X = pd.DataFrame({"city": random.choice(list("xyz"), 6000)})
        group = random.choice(["A", "B"], 6000)
        inside = (X["city"] == "x") & (group == "A")
        y = (random.random(6000) < 0.3 + 0.3 * inside).astype(int)
        table = BoxSegmentFinder(random_state=seed).fit(X, y, group).segments_
        assert table.loc[0, "rule"] == "city in ['x']"
        assert table.loc[0, "decision"] == "Implement"
