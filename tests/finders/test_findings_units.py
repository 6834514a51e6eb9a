"""Points, currencies and profits: what the table of findings measures effects in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skseg import (
    BoxSegmentFinder,
    DecisionThresholds,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg._search.effects._inference import newcombe
from skseg.exceptions import InvalidParameterError

FINDERS = [BoxSegmentFinder, TLearnerSegmentFinder, IVSegmentFinder, L1SegmentFinder]


def campaign(
    n_rows: int, base: float, effect: float, seed: int = 0
) -> tuple[pd.DataFrame, Any, Any]:
    """Return customers of two plans; a mail sells more to those of the plan "pro"."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "plan": random.choice(["free", "pro", "team"], n_rows),
            "age": random.integers(18, 80, n_rows),
        }
    )
    group = random.choice(["control", "mail"], n_rows)
    chance = base + effect * ((X["plan"] == "pro") & (group == "mail"))
    return X, (random.random(n_rows) < chance).astype(int), group


def fitted(Finder: Any, data: Any, **thresholds: Any) -> Any:
    limits = DecisionThresholds(**thresholds)
    return Finder(random_state=0, thresholds=limits).fit(*data)


@pytest.fixture(scope="module")
def rare() -> tuple[pd.DataFrame, Any, Any]:
    return campaign(120_000, 0.01, 0.01)


@pytest.mark.parametrize("is_sale", [True, False])
def test_a_segment_in_which_rare_sales_double_is_to_be_implemented(
    rare: Any, is_sale: bool
) -> None:
    X, sold, group = rare
    data = X, (sold if is_sale else 1 - sold), group
    first = fitted(BoxSegmentFinder, data).segments_.loc[0]
    assert first["rule"] == "plan in ['pro']"
    assert first["decision"] == "Implement"
    assert first["unit"] == first["rate_unit"] == "points"
    assert abs(first["effect"]) == pytest.approx(1.0, abs=0.6)
    assert (first["group_a"], first["group_b"]) == ("mail", "control")
    assert first["best_group"] == ("mail" if is_sale else "control")
    if is_sale:
        ratio = first["rate_a"] / first["rate_b"]
        assert first["lift"] == pytest.approx(100 * (ratio - 1))
    old = DecisionThresholds.historical()
    table = BoxSegmentFinder(random_state=0, thresholds=old).fit(*data).segments_
    assert table.loc[0, "decision"] == "Skip"


def test_findings_do_not_depend_on_the_names_of_groups_and_outcomes() -> None:
    X, y, group = campaign(8000, 0.1, 0.1)
    finder = BoxSegmentFinder(random_state=0, inference="none")
    tables = [
        clone(finder).set_params(treatment=label).fit(X, outcome, group).segments_
        for label, outcome in (("mail", y), ("control", 1 - y))
    ]
    a, b = (t[["rule", "best_group", "decision", "effect", "gap"]] for t in tables)
    # The group with more sales has fewer of those who do not buy.
    opposite = {"mail": "control", "control": "mail"}
    b = b.assign(best_group=b["best_group"].map(opposite))
    pd.testing.assert_frame_equal(a, b)


@pytest.fixture(scope="module")
def mails() -> tuple[pd.DataFrame, Any, Any]:
    return campaign(30_000, 0.1, 0.06)


@pytest.mark.parametrize("Finder", FINDERS)
@pytest.mark.parametrize("value", [10.0, -10.0])
def test_profits_are_values_of_effects_less_the_cost(
    Finder: Any, value: float, mails: Any
) -> None:
    cost = 0.2
    table = fitted(Finder, mails, value=value, cost=cost).segments_
    assert len(table)
    sales_a = (table["rate_a"] * table["n_a"] / 100).round()
    sales_b = (table["rate_b"] * table["n_b"] / 100).round()
    effect = newcombe(sales_a, table["n_a"], sales_b, table["n_b"], null=cost / value)
    ends = np.sort([value * effect.low - cost, value * effect.high - cost], axis=0)
    np.testing.assert_allclose(table["effect"], value * effect.effect - cost)
    np.testing.assert_allclose(table[["ci_low", "ci_high"]].to_numpy().T, ends)
    np.testing.assert_allclose(table["p_value"], effect.p_value)
    np.testing.assert_allclose(table["break_even"], 100 * cost / value)
    assert {*table["unit"]} == {"profit"}
    assert {*table["rate_unit"]} == {"points"}
    is_paying = table["effect"] >= 0
    assert (table["best_group"] == np.where(is_paying, "mail", "control")).all()


@pytest.mark.parametrize(
    ("cost", "rule", "better"),
    [
        (0.0, "plan in ['pro']", "mail"),
        (0.1, "plan in ['pro']", "mail"),
        (0.4, "plan in ['free', 'team']", "control"),
    ],
)
def test_a_mail_is_for_those_to_whom_it_pays(
    mails: Any, cost: float, rule: str, better: str
) -> None:
    table = fitted(BoxSegmentFinder, mails, value=10.0, cost=cost).segments_
    first = table.loc[0]
    assert first["rule"] == rule
    assert first["best_group"] == better
    assert first["decision"] == "Implement"
    assert (first["effect"] > 0) == (better == "mail")


def test_the_policy_and_its_score_are_about_profits(mails: Any) -> None:
    X, y, group = mails
    finder = fitted(BoxSegmentFinder, mails, value=10.0, cost=0.3)
    sent = finder.predict(X)
    assert ((sent == "mail") == (X["plan"] == "pro")).mean() > 0.9
    followed = sent == group
    profit = 10.0 * y - 0.3 * (group == "mail")
    share = (group == "mail").mean()
    weight = followed / np.where(group == "mail", share, 1 - share)
    expected = np.average(profit, weights=weight)
    assert finder.score(X, y, group) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_amounts_that_cost_are_compared_with_the_cost(sign: int) -> None:
    X, y, group = campaign(8000, 0.5, 0.3)
    spend = sign * y * np.random.default_rng(1).lognormal(3, 0.3, len(y)).round(2)
    cost = 2.0
    profit = fitted(BoxSegmentFinder, (X, spend, group), value=1.0, cost=cost)
    by_hand = fitted(
        BoxSegmentFinder, (X, spend - cost * (group == "mail"), group), value=1.0
    )
    names = ["rule", "best_group", "effect", "ci_low", "ci_high", "decision"]
    # The honest split depends on the outcomes, so that estimates differ a little.
    a, b = (finder.segments_.loc[0, names] for finder in (profit, by_hand))
    assert a["rule"].startswith("plan in ['pro']")
    assert b["rule"].startswith("plan in ['pro']")
    assert a["best_group"] == b["best_group"]
    assert a["effect"] == pytest.approx(b["effect"], abs=1.5)
    assert profit.segments_.loc[0, "break_even"] == cost
    assert profit.segments_.loc[0, "rate_unit"] == "outcome"


def test_amounts_whose_mean_is_near_0_have_no_lift() -> None:
    X, y, group = campaign(4000, 0.5, 0.3)
    balance = y * 20.0 - 10.0 + np.random.default_rng(0).normal(size=len(y)).round(3)
    balance -= balance.mean()
    table = BoxSegmentFinder(random_state=0).fit(X, balance, group).segments_
    first = table.loc[0]
    assert first["rule"] == "plan in ['pro']"
    assert 4.0 < first["effect"] < 8.0
    assert first["unit"] == "outcome"
    assert math.isnan(first["lift"])
    assert first["decision"] == "Implement"
    # What is paid in is far from 0.
    paid = BoxSegmentFinder(random_state=0).fit(X, balance + 100, group).segments_
    assert paid["lift"].abs().max() < 12


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_decisions_do_not_depend_on_the_currency(scale: float) -> None:
    X, y, group = campaign(4000, 0.4, 0.3)
    amounts = y * np.random.default_rng(1).lognormal(3, 0.3, len(y))
    tables = [
        BoxSegmentFinder(random_state=0, inference="none").fit(X, a, group).segments_
        for a in (amounts, scale * amounts)
    ]
    assert tables[0]["rule"].tolist() == tables[1]["rule"].tolist()
    assert tables[0]["decision"].tolist() == tables[1]["decision"].tolist()
    np.testing.assert_allclose(tables[1]["effect"], scale * tables[0]["effect"])
    np.testing.assert_allclose(tables[1]["lift"], tables[0]["lift"])


def test_without_groups_a_segment_is_compared_with_the_rest() -> None:
    X, y, _ = campaign(4000, 0.3, 0.0)
    y = np.where(X["plan"] == "pro", 1 - y, y)
    table = fitted(BoxSegmentFinder, (X, y), value=5.0).segments_
    first = table.loc[0]
    assert (first["group_a"], first["group_b"]) == ("segment", "rest")
    assert first["effect"] == pytest.approx(
        5.0 * (first["rate_a"] - first["rate_b"]) / 100
    )
    with pytest.raises(InvalidParameterError, match=r"thresholds\.cost") as caught:
        fitted(BoxSegmentFinder, (X, y), value=5.0, cost=1.0)
    assert "Pass the group" in str(caught.value)


def test_few_rows_or_events_of_a_group_are_no_evidence() -> None:
    X, y, group = campaign(4000, 0.3, 0.3)
    sure = fitted(BoxSegmentFinder, (X, y, group)).segments_.loc[0]
    assert sure["decision"] == "Implement"
    n = min(sure["n_a"], sure["n_b"])
    for limit in ({"min_group": n + 1}, {"min_events": n}):
        table = fitted(BoxSegmentFinder, (X, y, group), **limit).segments_
        assert table.loc[0, "decision"] == "Hold"


def test_values_and_costs_are_parameters_of_a_finder() -> None:
    finder = BoxSegmentFinder().set_params(
        thresholds__value=10.0, thresholds__cost=0.15
    )
    assert finder.thresholds == DecisionThresholds(value=10.0, cost=0.15)
    assert clone(finder).get_params()["thresholds__cost"] == 0.15
    with pytest.raises(ValueError, match="thresholds__costs"):
        finder.set_params(thresholds__costs=1.0)
    X, y, group = campaign(200, 0.3, 0.0)
    finder.set_params(thresholds__value=None)
    with pytest.raises(InvalidParameterError, match=r"thresholds\.cost"):
        finder.fit(X, y, group)


def test_exports_say_what_mean_outcomes_are_measured_in(mails: Any) -> None:
    X, y, group = mails
    rates = BoxSegmentFinder(random_state=0).fit(X, y, group)
    amounts = BoxSegmentFinder(random_state=0).fit(X, 12.5 * y, group)
    assert "Success_Test_%" in rates.to_frame(style="historical")
    historical = amounts.to_frame(style="historical")
    assert "Success_Test" in historical
    assert "Success_Test_%" not in historical
    assert historical["Success_Test"].max() < 12.5


@pytest.mark.parametrize("Finder", FINDERS)
def test_effects_of_rows_that_were_searched_are_cross_fitted(
    Finder: Any, mails: Any
) -> None:
    X, y, group = mails
    finder = Finder(random_state=0, inference="maxt", max_features=2, n_replicates=99)
    table = finder.fit(X, y, group).segments_
    assert table["effect"].between(table["ci_low"], table["ci_high"]).all()
    searched = table["rate_a"] - table["rate_b"]
    np.testing.assert_allclose(table["gap"], searched - table["effect"], atol=1e-9)
    first = table.loc[0]
    assert first["effect"] == pytest.approx(6.0, abs=2.0)
    # The interval holds for all boxes at once, so that it is wider than that of one.
    of_one = newcombe(
        round(first["rate_a"] * first["n_a"] / 100),
        first["n_a"],
        round(first["rate_b"] * first["n_b"] / 100),
        first["n_b"],
    )
    assert first["ci_low"] < 100 * of_one.low
    assert first["ci_high"] > 100 * of_one.high


@pytest.mark.parametrize("inference", ["honest", "maxt"])
def test_noise_is_no_pilot(inference: str) -> None:
    n_pilots, searched, reported = 0, [0.0], [0.0]
    for seed in range(10):
        X, y, group = campaign(600, 0.3, 0.0, seed)
        finder = IVSegmentFinder(
            random_state=seed, inference=inference, max_features=2, n_replicates=39
        )
        table = finder.fit(X, y, group).segments_
        n_pilots += bool({"Pilot", "Implement"} & {*table["decision"]})
        of_search = table["effect"] + table["gap"]
        searched += of_search.abs().tolist()
        # As far as it has the direction of the search.
        reported += (np.sign(of_search) * table["effect"]).tolist()
    # At most one in ten is expected; four of ten have the probability 0.01.
    assert n_pilots < 4
    assert np.mean(searched) > 15
    assert np.mean(reported) < 0.4 * np.mean(searched)
