"""What a strategy says of its segments, and that it says what their rules say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg._core._segment_words import full_rules
from skseg.exceptions import RuleError
from skseg.rules import RuleSet, parse
from skseg.rules._proof._rewrite import rule_of_rest
from tests.examples import few_examples
from tests.rules.strategies import columns_for, rule_sets

AOV = pd.DataFrame(
    {"aov": [*range(1, 101), np.nan], "visits": [3] * 101, "plan": ["a"] * 101}
)


def described(rules: dict[str, str], **parameters: Any) -> dict[str, str]:
    segmenter = MECERuleSegmenter(rules, **({"default": "Rest"} | parameters)).fit(AOV)
    table = segmenter.segments_
    frame = segmenter.to_strategy(dialect=None).set_index("name")["description"]
    assert frame.to_dict() == table.set_index("name")["description"].to_dict()
    return frame.to_dict()


# The default


@pytest.mark.parametrize(
    ("rules", "universe", "text"),
    [
        (["aov >= 40", "aov < 40"], None, "aov is missing"),
        (["aov >= 40", "aov < 40"], "visits <= 7", "aov is missing"),
        (["aov >= 40", "10 < aov < 40"], "aov > 10 or missing(aov)", "aov is missing"),
        (["aov >= 40"], None, "aov is below 40 (or is missing)"),
        (["aov >= 40"], "not missing(aov)", "aov is below 40"),
        (["not aov >= 40"], None, "aov is at least 40"),
        (["aov > 90", "aov < 10"], "aov >= 0", "aov is at least 10 and at most 90"),
        (
            ["aov >= 40 and visits > 2", "aov < 40"],
            None,
            (
                "(aov is at least 40 and visits is at most 2 (or is missing)) or "
                "aov is missing"
            ),
        ),
        (["plan == 'a'"], None, "plan is not 'a' (or is missing)"),
    ],
    ids=str,
)
def test_a_default_is_told_in_its_own_words(
    rules: list[str], universe: str | None, text: str
) -> None:
    named = {f"rule {i}": rule for i, rule in enumerate(rules)}
    assert described(named, universe=universe)["Rest"] == text


def test_a_default_of_many_words_is_everyone_else() -> None:
    rules = {f"rule {n}": f"{10 * n} < aov < {10 * n + 5}" for n in range(9)}
    assert described(rules)["Rest"] == "everyone else"


def test_a_default_relies_on_what_is_known_of_a_column() -> None:
    X = AOV.dropna()
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= 40"}, default="Rest", schema={"aov": {"missing": False}}
    ).fit(X)
    assert segmenter.segments_["description"].tolist()[-1] == "aov is below 40"


def test_an_edited_default_that_nobody_can_be_in_says_so() -> None:
    text = str(
        MECERuleSegmenter({"VIP": "aov >= 40"}, default="Rest").fit(AOV).to_json()
    ).replace('"rule": "aov >= 40"', '"rule": "True"', 1)
    table = MECERuleSegmenter.from_strategy(text).segments_
    assert table["description"].tolist() == ["always", "nobody"]


@few_examples(40)
@given(rule_sets(max_size=3), st.data())
def test_the_rule_of_the_rest_holds_for_the_rest(
    rules: RuleSet, data: st.DataObject
) -> None:
    try:
        rest = rule_of_rest(rules.rules, rules.universe, None)
    except RuleError:
        return
    assert parse(str(rest)) == rest
    X = data.draw(columns_for(rules))
    inside = rules.inside(X)
    n_rules = RuleSet(rules.rules, universe=rules.universe).membership(X).sum(axis=1)
    assert rest.evaluate(X)[inside].tolist() == (n_rules[inside] == 0).tolist()


# Thresholds that the data decided


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        ("q(0.75)", "aov 75: its 75% quantile"),
        ("max(q(0.75), 90)", "aov 90: the least allowed; its 75% quantile was 75"),
        ("max(q(0.75), 60)", "aov 75: its 75% quantile; the least allowed is 60"),
        ("max(60, q(0.75))", "aov 75: its 75% quantile; the least allowed is 60"),
        ("min(q(0.75), 60)", "aov 60: the most allowed; its 75% quantile was 75"),
        ("min(q(0.75), 90)", "aov 75: its 75% quantile; the most allowed is 90"),
        ("max(q(0.75), 75)", "aov 75: its 75% quantile, and the least allowed"),
        (
            "max(q(0.2), min(q(0.75), 90))",
            (
                "aov 75: max(q(0.2), min(q(0.75), 90)), where q(0.2) was 20 and "
                "q(0.75) was 75"
            ),
        ),
    ],
)
def test_a_threshold_says_what_decided_it(threshold: str, text: str) -> None:
    rules = {"VIP": f"aov >= {threshold}", "Core": f"aov < {threshold}"}
    frame = MECERuleSegmenter(rules, default="Rest").fit(AOV).to_strategy()
    notes = frame.set_index("name")["thresholds"]
    assert notes.to_dict() == {"VIP": text, "Core": text, "Rest": ""}


def test_without_quantiles_there_is_no_word_of_thresholds() -> None:
    frame = MECERuleSegmenter({"VIP": "aov >= 3"}, default="Rest").fit(AOV)
    assert "thresholds" not in frame.to_strategy()


def test_the_table_of_thresholds_says_the_same() -> None:
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= max(q(0.75), {least})", "Core": "aov < q(0.1)"},
        params={"least": 90},
        default="Rest",
        universe="aov <= q(0.9)",
    ).fit(AOV)
    assert segmenter.cut_points_.to_dict("list") == {
        "column": ["aov", "aov", "aov"],
        "threshold": ["q(0.9)", "max(q(0.75), 90)", "q(0.1)"],
        # Quantiles of rules are those of the universe.
        "value": [90.0, 90.0, 9.0],
        "decided_by": [
            "its 90% quantile",
            "the least allowed; its 75% quantile was 68",
            "its 10% quantile",
        ],
    }
    copy = MECERuleSegmenter.from_strategy(segmenter.to_json())
    pd.testing.assert_frame_equal(copy.cut_points_, segmenter.cut_points_)
    pd.testing.assert_frame_equal(copy.to_strategy(), segmenter.to_strategy())


def test_quantiles_of_another_audience_are_not_told() -> None:
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= q(0.75)"}, default="Rest", universe="aov > 0"
    ).fit(AOV)
    text = str(segmenter.to_json())
    text = text.replace('"universe": "aov > 0"', '"universe": null', 1)
    copy = MECERuleSegmenter.from_strategy(text)
    assert "thresholds" not in copy.to_strategy()
    assert copy.cut_points_.empty


def test_rows_without_quantiles_have_an_empty_table_of_thresholds() -> None:
    segmenter = MECERuleSegmenter({"VIP": "aov >= 3"}, default="Rest").fit(AOV)
    assert segmenter.cut_points_.empty
    assert list(segmenter.cut_points_) == ["column", "threshold", "value", "decided_by"]


# Whole numbers


def test_whole_numbers_are_told_where_the_schema_says_so() -> None:
    rules = {"A": "2 < visits <= 3", "B": "3 < visits <= 6", "C": "visits > 6"}
    plain = described(rules)
    assert plain["B"] == "visits is above 3 and at most 6"
    whole = described(rules, schema={"visits": {"integer": True}})
    assert whole == {
        "A": "visits is 3",
        "B": "visits is 4 to 6",
        "C": "visits is at least 7",
        "Rest": "visits is at most 2 (or is missing)",
    }
    present = described(rules, schema={"visits": {"integer": True, "missing": False}})
    assert present["Rest"] == "visits is at most 2"


# Rules to select by


@few_examples(40)
@given(rule_sets(min_size=1, max_size=3), st.data())
def test_the_rules_of_rows_hold_for_the_rows_of_their_segments(
    rules: RuleSet, data: st.DataObject
) -> None:
    try:
        rules = rules.disjoint()
        selections = full_rules(rules)
    except RuleError:
        return
    X = data.draw(columns_for(rules))
    codes = rules.assign(X)
    for code, rule in enumerate(selections):
        assert rule.evaluate(X).tolist() == (codes == code).tolist()
        assert parse(str(rule)) == rule


def test_the_rule_of_a_default_is_short() -> None:
    rules = RuleSet(
        {f"r{n}": f"{n} <= aov < {n + 1}" for n in range(50)}, default="Rest"
    )
    assert (
        str(full_rules(rules)[-1]) == "not 0 <= aov < 50"
        or len(str(full_rules(rules)[-1])) < 40
    )
