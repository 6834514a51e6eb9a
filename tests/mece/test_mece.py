"""MECERuleSegmenter: rules in, a proved partition out; sizes are tested elsewhere."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.exceptions import RuleError
from skseg.rules import Domain, MECEReport, Rule, RuleSet, col, maximum, q
from tests.conftest import FRAMES
from tests.examples import few_examples

TIERS = {"VIP": "aov >= 120", "Core": "40 <= aov < 120"}
OVERLAPPING = {"Large": "aov >= 100", "Small": "aov <= 120"}
ALL_FRAMES = {**FRAMES, "pyarrow": pa.table}


def five() -> pd.DataFrame:
    """Five customers; the fourth is outside of ``days <= 7``."""
    return pd.DataFrame(
        {"aov": [200.0, 50.0, 40.0, 10.0, np.nan], "days": [1.0, 2.0, 3.0, 9.0, 4.0]}
    )


CONVERTED = [1, 0, 1, 0, 0]


@pytest.fixture(scope="module")
def users() -> pd.DataFrame:
    return make_cart_abandoners(4000, random_state=0)


def names_of(segmenter: MECERuleSegmenter, X: Any) -> list[str]:
    return segmenter.segment_names_[segmenter.predict(X)].tolist()


def error_of(segmenter: MECERuleSegmenter, *args: Any, **kwargs: Any) -> str:
    """Return what `fit` says; it must be a ValueError."""
    with pytest.raises(ValueError, match=r".") as caught:
        segmenter.fit(*args, **kwargs)
    return str(caught.value)


# Small cases by hand


def test_every_row_gets_the_code_of_its_rule_and_the_default_the_rest() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five())
    assert segmenter.labels_.tolist() == [0, 1, 1, 2, 2]
    assert segmenter.labels_.dtype == np.intp
    assert segmenter.segment_names_.tolist() == ["VIP", "Core", "New"]
    assert segmenter.predict(five()[::-1]).tolist() == [2, 2, 1, 1, 0]
    unseen = five().assign(aov=[120.0, 39.99, np.inf, -np.inf, 119.99])
    assert names_of(segmenter, unseen) == ["VIP", "New", "VIP", "New", "Core"]


def test_rows_outside_of_the_universe_have_the_code_minus_one_and_a_name() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    segmenter.fit(five())
    assert segmenter.labels_.tolist() == [0, 1, 1, -1, 2]
    assert segmenter.segment_names_.tolist() == ["VIP", "Core", "New", "outside"]
    assert names_of(segmenter, five()) == ["VIP", "Core", "Core", "outside", "New"]
    assert segmenter.n_outside_ == 1
    assert segmenter.rules_.universe == (col("days") <= 7)


def test_a_row_whose_universe_is_unknown_is_outside() -> None:
    X = five().assign(days=[1.0, np.nan, 3.0, 9.0, 4.0])
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7").fit(X)
    assert segmenter.labels_.tolist() == [0, -1, 1, -1, 2]
    assert segmenter.n_outside_ == 2


def test_segment_table_counts_the_rows_inside() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    table = segmenter.fit(five(), CONVERTED).segments_
    assert list(table) == [
        "code",
        "name",
        "rule",
        "n",
        "share",
        "description",
        "outcome",
        "score_outcome",
        "score_size",
        "score",
        "rank",
        "merged_from",
        "split_from",
        "oversize",
    ]
    assert table["code"].tolist() == [0, 1, 2]
    assert table["name"].tolist() == ["VIP", "Core", "New"]
    assert table["rule"].tolist() == ["aov >= 120", "40 <= aov < 120", "everyone else"]
    assert table["description"].tolist() == [
        "aov is at least 120",
        "aov is at least 40 and below 120",
        "aov is below 40 (or is missing)",
    ]
    assert table["n"].tolist() == [1, 2, 1]
    assert table["share"].tolist() == [0.25, 0.5, 0.25]
    assert table["outcome"].tolist() == [1, 0.5, 0]
    assert table["merged_from"].tolist() == [(), (), ()]
    assert table["split_from"].tolist() == [(), (), ()]
    assert table["oversize"].tolist() == [False, False, False]


def test_without_an_outcome_the_table_has_none() -> None:
    table = MECERuleSegmenter(TIERS, default="New").fit(five()).segments_
    assert "outcome" not in table
    assert "score_outcome" not in table


def test_a_segment_that_no_row_is_in_stays_with_no_outcome() -> None:
    rules = {"Whale": "aov >= 1000", **TIERS, "Core": "40 <= aov < 1000"}
    del rules["VIP"]
    segmenter = MECERuleSegmenter(rules, default="New").fit(five(), CONVERTED)
    whale = segmenter.segments_.iloc[0]
    assert (whale["name"], whale["n"], whale["share"]) == ("Whale", 0, 0)
    assert np.isnan(whale["outcome"])
    assert whale["rank"] is pd.NA
    assert names_of(segmenter, five().assign(aov=5000.0)) == ["Whale"] * 5


def test_lineage_says_which_rule_went_where_and_ends_outside() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    lineage = segmenter.fit(five()).lineage_
    assert lineage.to_dict("list") == {
        "rule": ["VIP", "Core", "New", "outside"],
        "segment": ["VIP", "Core", "New", "outside"],
        "n": [1, 2, 1, 1],
    }


def test_lineage_without_a_universe_has_no_outside() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five())
    assert segmenter.lineage_["segment"].tolist() == ["VIP", "Core", "New"]
    assert segmenter.lineage_["n"].sum() == 5
    assert segmenter.n_outside_ == 0


def test_a_universe_that_holds_everyone_is_still_outside_of_nobody() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 99")
    segmenter.fit(five())
    assert segmenter.n_outside_ == 0
    assert segmenter.segment_names_[-1] == "outside"
    assert segmenter.lineage_.iloc[-1].tolist() == ["outside", "outside", 0]


def test_fit_predict_passes_outcome_and_weights_on() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    codes = segmenter.fit_predict(five(), CONVERTED, sample_weight=[1, 2, 1, 1, 1])
    assert codes.tolist() == [0, 1, 1, -1, 2]
    assert segmenter.segments_["n"].tolist() == [1, 3, 1]
    assert segmenter.segments_["outcome"].tolist() == [1, pytest.approx(1 / 3), 0]


@pytest.mark.parametrize(
    "rules",
    [
        {"VIP": "aov >= 120", "Core": "40 <= aov < 120"},
        {"VIP": col("aov") >= 120, "Core": (col("aov") >= 40) & (col("aov") < 120)},
        {"VIP": col("aov") >= 120, "Core": "40 <= aov < 120"},
    ],
    ids=["text", "Rule", "mixed"],
)
@pytest.mark.parametrize("universe", ["days <= 7", col("days") <= 7])
def test_rules_may_be_text_or_rule_objects(
    rules: dict[str, Any], universe: str | Rule
) -> None:
    segmenter = MECERuleSegmenter(rules, default="New", universe=universe).fit(five())
    assert segmenter.labels_.tolist() == [0, 1, 1, -1, 2]
    expected = RuleSet(TIERS, default="New", universe="days <= 7")
    assert segmenter.rules_ == expected


def test_the_fitted_rules_are_proved_and_resolved() -> None:
    rules = {"VIP": "aov >= max(q(0.75), 60)", "Rest": "aov < max(q(0.75), 60)"}
    segmenter = MECERuleSegmenter(rules, default="New").fit(five())
    # The quartile, 50 of 10, 40, 50, 200, is below 60.
    assert str(segmenter.rules_["VIP"]) == "aov >= 60"
    assert segmenter.rules_.is_resolved
    assert segmenter.rules_.verify().is_mece


# Transform and its output


def test_transform_is_one_column_a_segment() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    result = segmenter.fit(five()).transform(five())
    assert result.dtype == np.float64
    assert result.tolist() == [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 0],
    ]
    names = segmenter.get_feature_names_out()
    assert names.tolist() == ["VIP", "Core", "New", "outside"]
    np.testing.assert_array_equal(segmenter.fit_transform(five()), result)


def test_set_output_pandas_keeps_the_index() -> None:
    X = five().set_axis(list("abcde"))
    segmenter = MECERuleSegmenter(TIERS, default="New").set_output(transform="pandas")
    result = segmenter.fit_transform(X)
    assert list(result) == ["VIP", "Core", "New"]
    assert result.index.tolist() == list("abcde")
    assert result["Core"].tolist() == [0, 1, 1, 0, 0]


def test_set_output_polars_gives_a_polars_frame() -> None:
    X = pl.from_pandas(five())
    segmenter = MECERuleSegmenter(TIERS, default="New").set_output(transform="polars")
    result = segmenter.fit_transform(X)
    assert isinstance(result, pl.DataFrame)
    assert result.columns == ["VIP", "Core", "New"]
    assert result["New"].to_list() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("method", ["predict", "transform", "to_strategy", "to_json"])
def test_nothing_works_before_fit(method: str) -> None:
    args = [five()] if method in ("predict", "transform") else []
    with pytest.raises(NotFittedError):
        getattr(MECERuleSegmenter(TIERS, default="New"), method)(*args)
    with pytest.raises(NotFittedError):
        MECERuleSegmenter(TIERS, default="New").score(five(), CONVERTED)
    with pytest.raises(NotFittedError):
        MECERuleSegmenter(TIERS, default="New").get_feature_names_out()


# Quantiles


def test_quantiles_of_the_rules_are_those_of_the_rows_inside() -> None:
    X = pd.DataFrame({"aov": [10.0, 20, 30, 40, 1000, 2000], "days": [1] * 4 + [9] * 2})
    rules = {"High": "aov > q(0.5)", "Low": "aov <= q(0.5)"}
    inside = MECERuleSegmenter(rules, default="New", universe="days <= 7").fit(X)
    assert str(inside.rules_["High"]) == "aov > 20"
    everyone = MECERuleSegmenter(rules, default="New").fit(X)
    assert str(everyone.rules_["High"]) == "aov > 30"


def test_quantiles_of_the_universe_are_those_of_all_rows() -> None:
    X = pd.DataFrame({"aov": [10.0, 20, 30, 40, 1000, 2000]})
    rules = {"High": "aov > q(0.5)", "Low": "aov <= q(0.5)"}
    segmenter = MECERuleSegmenter(rules, universe="aov <= q(0.5)").fit(X)
    assert str(segmenter.rules_.universe) == "aov <= 30"
    # The median of 10, 20, 30: the universe's own quantile came first.
    assert str(segmenter.rules_["High"]) == "aov > 20"
    assert segmenter.labels_.tolist() == [1, 1, 0, -1, -1, -1]


def test_weights_move_quantiles_inside_alone() -> None:
    X = pd.DataFrame({"aov": [10.0, 20, 30, 40], "days": [1, 1, 1, 9]})
    rules = {"High": "aov > q(0.5)", "Low": "aov <= q(0.5)"}
    segmenter = MECERuleSegmenter(rules, default="New", universe="days <= 7")
    segmenter.fit(X, sample_weight=[5, 1, 1, 100])
    assert str(segmenter.rules_["High"]) == "aov > 10"
    assert segmenter.n_outside_ == 100


def test_a_column_without_values_inside_has_no_quantile() -> None:
    X = five().assign(aov=[np.nan, np.nan, np.nan, 10.0, np.nan])
    segmenter = MECERuleSegmenter(
        {"High": "aov > q(0.5)"}, default="New", universe="days <= 7"
    )
    message = error_of(segmenter, X)
    assert "q(0.5) of column 'aov' has no value" in message


# The tiers that stand in for rules


def test_without_rules_the_first_column_falls_into_tiers() -> None:
    X = pd.DataFrame({"aov": [*range(1, 11), None], "days": range(11)})
    segmenter = MECERuleSegmenter().fit(X)
    assert str(segmenter.rules_) == (
        "High: aov > 8\nMedium: 2 < aov <= 8\nLow: aov <= 2\nUnknown: missing(aov)"
    )
    assert segmenter.segments_["n"].tolist() == [2, 6, 2, 1]


def test_the_tiers_of_an_array_are_those_of_its_first_column() -> None:
    X = np.column_stack([[*range(1, 11), np.nan], np.zeros(11)])
    segmenter = MECERuleSegmenter().fit(X)
    assert str(segmenter.rules_["Medium"]) == "2 < x0 <= 8"
    assert segmenter.segments_["n"].tolist() == [2, 6, 2, 1]


def test_the_tiers_read_a_column_of_any_name() -> None:
    X = pd.DataFrame({'the "best" aov': range(1, 11)})
    segmenter = MECERuleSegmenter().fit(X)
    assert segmenter.rules_.columns == ('the "best" aov',)
    assert segmenter.segments_["n"].tolist() == [2, 6, 2, 0]


# Overlaps and gaps


def test_an_overlap_is_refused_with_pair_box_witness_and_rows() -> None:
    X = pd.DataFrame({"aov": [90.0, 100.0, 110.0, 130.0]})
    segmenter = MECERuleSegmenter(OVERLAPPING, default="New")
    assert error_of(segmenter, X) == (
        "The rules overlap.\n"
        "Not mutually exclusive: 1 pair overlaps.\n"
        "  'Large' and 'Small' overlap where aov: [100, 120]; for example aov=100\n"
        "Of the 4 rows to be segmented, 2 satisfy several rules and 0 none.\n"
        "Change a threshold, or declare that the first rule that holds counts with "
        "on_overlap='first'."
    )


def test_an_overlap_that_no_row_is_in_is_refused_as_well() -> None:
    X = pd.DataFrame({"aov": [1.0, 500.0]})
    message = error_of(MECERuleSegmenter(OVERLAPPING, default="New"), X)
    assert "Of the 2 rows to be segmented, 0 satisfy several rules and 0 none." in (
        message
    )


def test_rows_outside_of_the_universe_are_not_counted() -> None:
    X = pd.DataFrame({"aov": [90.0, 110.0, 110.0, None], "days": [1, 1, 9, 1]})
    segmenter = MECERuleSegmenter(OVERLAPPING, default="New", universe="days <= 7")
    assert "Of the 3 rows to be segmented, 1 satisfy several rules and 1 none." in (
        error_of(segmenter, X)
    )


def test_an_overlap_outside_of_the_universe_is_none() -> None:
    X = pd.DataFrame({"aov": [90.0, 110.0, 130.0]})
    segmenter = MECERuleSegmenter(OVERLAPPING, universe="aov > 120 or aov < 100")
    assert segmenter.fit(X).labels_.tolist() == [1, -1, 0]


def test_a_gap_is_refused_with_a_witness_and_rows() -> None:
    rules = {"Large": "aov >= 100", "Small": "aov < 90"}
    assert error_of(MECERuleSegmenter(rules), five()) == (
        "The rules leave gaps.\n"
        "Not collectively exhaustive.\n"
        "  no rule holds where aov: [90, 100) or missing; for example aov=90\n"
        "Of the 5 rows to be segmented, 0 satisfy several rules and 1 none.\n"
        "Change the rules, or name the segment of all other rows with "
        "default='Others'."
    )


def test_on_overlap_first_does_not_excuse_a_gap() -> None:
    segmenter = MECERuleSegmenter(OVERLAPPING, on_overlap="first")
    assert "leave gaps" in error_of(segmenter, five())


def test_the_first_rule_counts_where_that_is_declared() -> None:
    X = pd.DataFrame({"aov": [90.0, 100.0, 110.0, 120.0, 130.0, np.nan]})
    segmenter = MECERuleSegmenter(OVERLAPPING, default="New", on_overlap="first")
    segmenter.fit(X)
    assert segmenter.labels_.tolist() == [1, 0, 0, 0, 0, 2]
    assert str(segmenter.rules_["Small"]) == "aov < 100"
    assert segmenter.rules_.verify().is_mece
    assert segmenter.mece_report_.n_overlaps == 1, "about the rules as written"


@st.composite
def overlapping_rules(draw: st.DrawFn) -> dict[str, str]:
    """Ranges of two columns that overlap more often than not."""
    bound = st.integers(0, 6)
    texts = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(["a", "b"]))
        low, high = sorted([draw(bound), draw(bound)])
        other = draw(
            st.sampled_from(["", " and a >= 3", " or b == 2", " or missing(b)"])
        )
        texts.append(f"{low} <= {name} <= {high}{other}")
    return {f"rule {i}": text for i, text in enumerate(texts)}


SMALL = st.none() | st.integers(-1, 7).map(float)
SMALL_FRAMES = st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=20).map(
    lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype=np.float64)
)


@few_examples(5)
@given(overlapping_rules(), SMALL_FRAMES, st.sampled_from([None, "a <= 4"]))
def test_first_match_keeps_its_segments_as_disjoint_rules(
    rules: dict[str, str], X: pd.DataFrame, universe: str | None
) -> None:
    expected = RuleSet(rules, default="Rest", universe=universe).assign(X)
    if (expected < 0).all():
        return
    segmenter = MECERuleSegmenter(
        rules, default="Rest", universe=universe, on_overlap="first"
    ).fit(X)
    named = np.array([*rules, "Rest", "outside"])[expected]
    assert segmenter.segment_names_[segmenter.labels_].tolist() == named.tolist()
    held = segmenter.rules_.membership(X).sum(axis=1)
    np.testing.assert_array_equal(held, expected >= 0)
    assert segmenter.rules_.verify().is_mece


def test_a_rule_that_an_earlier_one_swallows_keeps_its_code_without_rows() -> None:
    rules = {"All": "aov >= 0", "Never": "aov >= 50", "Rest": "not aov >= 0"}
    segmenter = MECERuleSegmenter(rules, on_overlap="first").fit(five())
    assert segmenter.segments_["n"].tolist() == [4, 0, 1]
    assert str(segmenter.rules_["Never"]) == "False"


def test_naming_a_default_declares_that_gaps_are_fine() -> None:
    segmenter = MECERuleSegmenter({"VIP": "aov >= 120"}, default="Rest").fit(five())
    assert segmenter.rules_.default == "Rest"
    assert segmenter.segments_["n"].tolist() == [1, 4]


@pytest.mark.parametrize("default", [{"default": "Rest"}, {"on_gap": "default"}])
def test_a_default_that_no_row_can_need_is_dropped(default: dict[str, str]) -> None:
    rules = {"VIP": "aov >= 120", "Rest of them": "not aov >= 120"}
    segmenter = MECERuleSegmenter(rules, **default).fit(five())
    assert segmenter.rules_.default is None
    assert segmenter.segment_names_.tolist() == ["VIP", "Rest of them"]


def test_a_default_needed_by_no_row_at_hand_stays() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="Rest").fit(five()[:3])
    assert segmenter.segments_["n"].tolist() == [1, 2, 0]
    assert names_of(segmenter, five())[3:] == ["Rest", "Rest"]


def test_on_gap_default_calls_the_rest_others() -> None:
    segmenter = MECERuleSegmenter({"VIP": "aov >= 120"}, on_gap="default").fit(five())
    assert segmenter.segment_names_.tolist() == ["VIP", "Others"]
    named = MECERuleSegmenter({"VIP": "aov >= 120"}, on_gap="default", default="Rest")
    assert named.fit(five()).segment_names_.tolist() == ["VIP", "Rest"]


def test_the_report_is_about_the_rules_as_written() -> None:
    report = MECERuleSegmenter(TIERS, default="New").fit(five()).mece_report_
    assert isinstance(report, MECEReport)
    assert report.is_exclusive
    assert not report.is_exhaustive
    assert [gap.box for gap in report.gaps] == [{"aov": "[-inf, 40) or missing"}]


# What is wrong with parameters

SIZES = "None, an int in [1, inf) or a float in (0, 1)"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("rules", [], "a RuleSet or a mapping of names to rules"),
        ("rules", {}, "a RuleSet or a mapping of names to rules"),
        ("rules", "aov > 1", "a RuleSet or a mapping of names to rules"),
        ("params", [1], "a mapping of names to values"),
        ("on_overlap", "last", "'raise' or 'first'"),
        ("on_gap", None, "'raise' or 'default'"),
        ("oversize", True, "'raise' or 'allow'"),
        *product(["min_size", "max_size"], [0, -3, 1.0, 0.0, 2.5, True, "5"], [SIZES]),
        ("min_size", np.nan, SIZES),
        ("max_size", np.inf, SIZES),
        ("split_on", "aov", "None or a list of columns"),
        ("playbook", ["call"], "a mapping of segments to actions"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_given(
    name: str, value: Any, rule: str
) -> None:
    segmenter = MECERuleSegmenter(**{"rules": TIERS, "default": "New", name: value})
    assert error_of(segmenter, five()) == (
        f"The {name!r} parameter of MECERuleSegmenter must be {rule}. Got {value!r} "
        "instead."
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"min_size": 4, "max_size": 3},
            "min_size must not exceed max_size. Got 4 and 3 instead.",
        ),
        (
            {"split_on": ["aov", "day"]},
            "needs the column 'day'. Available: 'aov', 'days'. Did you mean 'days'?",
        ),
        (
            {"playbook": {"VPI": "call"}},
            "'VPI', which is neither a segment nor a rule. Did you mean 'VIP'?",
        ),
        ({"schema": 3}, "A schema must be a mapping of columns. Got 3 instead."),
        ({"schema": {"aov": 3}}, "The schema of column 'aov' must be a Domain or a"),
        ({"schema": {"aov": {"lo": 3}}}, "The schema of column 'aov'"),
        ({"default": 3}, "The name of the default segment must be a str. Got 3"),
        ({"default": "VIP"}, "The default segment 'VIP' has a rule already."),
        (
            {"default": "outside", "universe": "days <= 7"},
            "No segment may be called 'outside'",
        ),
        (
            {"universe": "days > 70"},
            "No row lies in the universe, which is days > 70. Widen it.",
        ),
    ],
)
def test_what_parameters_have_to_do_with_each_other_and_with_the_data_is_said(
    parameters: dict[str, Any], message: str
) -> None:
    segmenter = MECERuleSegmenter(**{"rules": TIERS, "default": "New", **parameters})
    assert message in error_of(segmenter, five())


@pytest.mark.parametrize("split_on", [[3], [None]])
def test_a_column_to_split_on_that_is_no_text_is_refused(split_on: list[Any]) -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", split_on=split_on)
    assert "split_on" in error_of(segmenter, five())


@pytest.mark.parametrize("action", [3, None, ["call"]])
def test_an_action_that_is_no_text_is_refused(action: Any) -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", playbook={"VIP": action})
    assert "The 'playbook' parameter" in error_of(segmenter, five())


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("aov >= 1 +", "aov >= 1 +"),
        ("avo >= 1", "Unknown column 'avo'. Did you mean 'aov'?\n  avo >= 1\n  ^^^"),
        (col("avo") >= 1, "Unknown column 'avo'. Did you mean 'aov'?"),
        (3, "A rule must be a str or a Rule. Got 3 instead."),
        ("aov >= {least}", "The parameter 'least' has no value in params."),
    ],
)
def test_a_wrong_rule_is_named_and_shown(rule: Any, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        MECERuleSegmenter({"Fine": "aov < 1", "VIP": rule}, default="New").fit(five())
    text = str(caught.value)
    assert text.startswith("The rule 'VIP': ")
    assert message in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (3, "A segment name must be a str. Got 3 instead."),
        ("", "A segment name must not be empty."),
    ],
)
def test_a_wrong_segment_name_is_refused(name: Any, message: str) -> None:
    segmenter = MECERuleSegmenter({name: "aov >= 1"}, default="New")
    assert error_of(segmenter, five()) == message


def test_a_wrong_universe_is_called_the_universe() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="day <= 7")
    assert error_of(segmenter, five()).startswith(
        "The universe: Unknown column 'day'. Did you mean 'days'?"
    )


def test_a_parameter_with_a_wrong_value_is_shown_in_its_rule() -> None:
    rules = {"VIP": "aov >= {least}"}
    segmenter = MECERuleSegmenter(rules, params={"least": None}, default="New")
    assert error_of(segmenter, five()) == (
        "The rule 'VIP': A threshold must be a number. Got None instead.\n"
        "  aov >= {least}\n         ^^^^^^^"
    )


def test_a_column_of_the_wrong_kind_is_named_with_its_row() -> None:
    X = five().assign(aov=["a"] * 5)
    assert "row 0 of column 'aov' holds 'a'" in error_of(
        MECERuleSegmenter(TIERS, default="New"), X
    )


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["yes", "no", None, "yes", "no"], "must be known. Got a missing label at row"),
        ([1, 0, np.nan, 1, 0], "must be known and finite. Got nan at row 2."),
        ([1, 0, 1, None, 0], "must be known and finite. Got nan at row 3."),
        ([1, 0, 1, 0, np.inf], "must be known and finite. Got inf at row 4."),
        ([1, 0, 1, 0], "y must have one outcome a row of X. Got 4 outcomes and 5 rows"),
    ],
)
def test_a_wrong_outcome_is_refused_in_fit_and_score(y: Any, message: str) -> None:
    fitted = MECERuleSegmenter(TIERS, default="New").fit(five(), CONVERTED)
    with pytest.raises(ValueError, match=re.escape(message)):
        MECERuleSegmenter(TIERS, default="New").fit(five(), y)
    with pytest.raises(ValueError, match=re.escape(message)):
        fitted.score(five(), y)


def test_the_outcome_need_not_be_known_outside_of_the_universe() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    for unknown in (np.nan, np.inf):
        y = [1, 0, 1, unknown, 0]
        segmenter.fit(five(), y)
        assert segmenter.segments_["outcome"].tolist() == [1, 0.5, 0]
        expected = r2_score([1, 0, 1, 0], [1, 0.5, 0.5, 0])
        assert segmenter.score(five(), y) == expected
    assert "Got nan at row 4" in error_of(segmenter, five(), [1, 0, 1, 0, np.nan])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 1, 1, 1], r"must have shape \(5,\), one weight a row"),
        ([1, 1, -1, 1, 1], "Got -1.0 at row 2"),
        ([1, 1, 1, np.nan, 1], "Got nan at row 3"),
        ([0] * 5, "must not be zero for every row"),
    ],
)
def test_wrong_weights_are_refused_in_fit_and_score(
    weight: list[float], message: str
) -> None:
    fitted = MECERuleSegmenter(TIERS, default="New").fit(five(), CONVERTED)
    with pytest.raises(ValueError, match=message):
        MECERuleSegmenter(TIERS, default="New").fit(five(), sample_weight=weight)
    with pytest.raises(ValueError, match=message):
        fitted.score(five(), CONVERTED, sample_weight=weight)


def test_weights_that_are_all_outside_leave_nobody_to_segment() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    message = error_of(segmenter, five(), sample_weight=[0, 0, 0, 1, 0])
    assert message.startswith("No row lies in the universe")


def test_the_constructor_takes_anything_and_checks_nothing() -> None:
    rules: Any = object()
    segmenter = MECERuleSegmenter(rules, min_size=-1, schema="?")
    assert segmenter.rules is rules
    assert segmenter.get_params(deep=False)["schema"] == "?"


# The schema


def test_the_proof_relies_on_the_schema() -> None:
    rules = {"Large": "aov >= 100", "Small": "0 <= aov < 100"}
    known = {"aov": {"low": 0, "missing": False}}
    X = five()[:4]
    segmenter = MECERuleSegmenter(rules, schema=known).fit(X)
    assert segmenter.segments_["n"].tolist() == [1, 3]
    assert segmenter.verify().is_mece
    with pytest.raises(ValueError, match="leave gaps"):
        MECERuleSegmenter(rules).fit(X)


@pytest.mark.parametrize(
    ("rules", "domain", "good", "bad"),
    [
        ({"a": "x >= 0"}, {"low": 0, "missing": False}, [0, 1.5, np.inf], -1.0),
        ({"a": "x <= 9"}, {"high": 9, "missing": False}, [-1.0, 9, -np.inf], 9.5),
        ({"a": "x <= 9 or x > 9"}, {"missing": False}, [-1.0, 99], None),
        (
            {"a": "x <= 1", "b": "x >= 2"},
            {"integer": True, "missing": False},
            [1, 2, 2.0**60],
            1.5,
        ),
        ({"a": "x in [1, 2]"}, {"values": [1, 2], "missing": False}, [1, 2, 1.0], 3),
        (
            {"a": "x in ['u', 'v']"},
            {"values": ["u", "v"], "missing": False},
            ["u", "v", "u"],
            "w",
        ),
        ({"a": "x in ['u']"}, {"values": ["u"], "missing": False}, ["u", "u"], None),
    ],
)
def test_a_row_that_contradicts_the_schema_and_has_no_segment_is_refused(
    rules: dict[str, str], domain: dict[str, Any], good: list[Any], bad: Any
) -> None:
    # What is said of a column that X has not is of no interest.
    schema = {"x": domain, "other": Domain(low=0)}
    segmenter = MECERuleSegmenter(rules, schema=schema).fit(pd.DataFrame({"x": good}))
    assert (segmenter.labels_ >= 0).all()
    X = pd.DataFrame({"x": [*good, bad]})
    message = (
        f"Row {len(good)} belongs to no segment: it contradicts the schema, on which "
        "the proof relies, in column 'x' (known as "
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        segmenter.predict(X)
    with pytest.raises(ValueError, match=re.escape(message)):
        clone(segmenter).fit(X)


def test_a_row_that_contradicts_the_schema_but_has_a_segment_is_let_be() -> None:
    schema = {"aov": {"low": 0}}
    segmenter = MECERuleSegmenter(TIERS, default="New", schema=schema).fit(five())
    assert names_of(segmenter, five().assign(aov=-5.0)) == ["New"] * 5


def test_a_row_outside_of_the_universe_may_contradict_the_schema() -> None:
    schema = {"aov": {"low": 0, "missing": False}}
    segmenter = MECERuleSegmenter(
        {"Large": "aov >= 100", "Small": "0 <= aov < 100"},
        universe="days <= 7",
        schema=schema,
    ).fit(five()[:4])
    X = five()[3:].assign(aov=[-5.0, 5.0])
    assert segmenter.predict(X).tolist() == [-1, 1]


def test_every_contradicted_column_is_named() -> None:
    schema = {
        "aov": {"low": 0, "missing": False},
        "days": {"low": 0, "missing": False},
    }
    rules = {"all": "aov >= 0 or days >= 0"}
    segmenter = MECERuleSegmenter(rules, schema=schema).fit(five()[:4])
    with pytest.raises(ValueError, match=r"'aov' \(known as .*\) and 'days' \(known"):
        segmenter.predict(five().assign(aov=-1.0, days=-1.0))


# Weights


@few_examples(5)
@given(st.data())
def test_a_weight_is_a_number_of_repetitions(data: Any) -> None:
    X = data.draw(SMALL_FRAMES)
    draw_ints = st.lists(st.integers(0, 3), min_size=len(X), max_size=len(X))
    weight = np.array(data.draw(draw_ints))
    y = np.array(data.draw(draw_ints), dtype=np.float64)
    rules = {"High": "a > {cut}", "Low": "a <= {cut}", "Unknown": "missing(a)"}
    segmenter = MECERuleSegmenter(
        rules,
        params={"cut": maximum(q(0.5), 2)},
        universe="b <= 5 or missing(b)",
        score_weights={"outcome": 2, "size": 1, "b": -1},
    )
    repeated = X.loc[X.index.repeat(weight)].reset_index(drop=True)
    inside = RuleSet({}, universe="b <= 5 or missing(b)", default="x")
    if not (inside.assign(repeated) == 0).any():
        return
    if repeated["a"][inside.assign(repeated) == 0].isna().all():
        return
    weighted = clone(segmenter).fit(X, y, sample_weight=weight)
    by_rows = clone(segmenter).fit(repeated, np.repeat(y, weight))
    assert weighted.rules_ == by_rows.rules_
    assert weighted.n_outside_ == by_rows.n_outside_
    pd.testing.assert_frame_equal(
        weighted.segments_, by_rows.segments_, check_dtype=False
    )
    pd.testing.assert_frame_equal(
        weighted.lineage_, by_rows.lineage_, check_dtype=False
    )


def test_weights_may_be_fractions() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    segmenter.fit(five(), sample_weight=[0.5, 0.25, 0.25, 4.0, 1.0])
    assert segmenter.segments_["n"].tolist() == [0.5, 0.5, 1.0]
    assert segmenter.segments_["share"].tolist() == [0.25, 0.25, 0.5]
    assert segmenter.n_outside_ == 4


# Kinds of frame

MIXED: dict[str, Any] = {
    "aov": [200.0, 50.0, 40.0, 10.0, None, 90.0],
    "plan": ["pro", "free", None, "pro", "free", "pro"],
    "days": [1, 2, 3, 9, 4, 5],
}
MIXED_RULES = {
    "Pro": "aov >= q(0.5) and plan == 'pro'",
    "Free": "aov >= q(0.5) and not plan == 'pro'",
    "Small": "aov < q(0.5)",
    "New": "missing(aov)",
}


@pytest.mark.parametrize("make", ALL_FRAMES.values(), ids=ALL_FRAMES.keys())
def test_every_kind_of_frame_gives_the_same(make: Callable[[Any], Any]) -> None:
    expected = MECERuleSegmenter(MIXED_RULES, universe="days <= 7")
    expected.fit(pd.DataFrame(MIXED), [1, 0, 1, 0, 1, 0])
    X = make(MIXED)
    segmenter = clone(expected).fit(X, [1, 0, 1, 0, 1, 0])
    assert segmenter.labels_.tolist() == [0, 1, 2, -1, 3, 0]
    assert segmenter.rules_ == expected.rules_
    assert segmenter.feature_names_in_.tolist() == ["aov", "plan", "days"]
    pd.testing.assert_frame_equal(segmenter.segments_, expected.segments_)
    assert segmenter.predict(X).tolist() == expected.labels_.tolist()
    y = [0, 1, 1, 0, 1, 0]
    assert segmenter.score(X, y) == expected.score(pd.DataFrame(MIXED), y)


def test_an_array_gives_the_same_under_positional_names() -> None:
    X = five()
    rules = {"VIP": "x0 >= 120", "Core": "40 <= x0 < 120"}
    array = MECERuleSegmenter(rules, default="New", universe="x1 <= 7")
    array.fit(X.to_numpy())
    frame = MECERuleSegmenter(TIERS, default="New", universe="days <= 7").fit(X)
    assert array.labels_.tolist() == frame.labels_.tolist()
    assert array.n_features_in_ == 2
    assert not hasattr(array, "feature_names_in_")
    assert array.predict(X.to_numpy().tolist()).tolist() == frame.labels_.tolist()


@pytest.mark.parametrize("make", [pd.Series, pl.Series, pa.array, np.array, list])
def test_the_outcome_may_be_any_kind_of_series(make: Any) -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New")
    segmenter.fit(five(), make(CONVERTED))
    assert segmenter.segments_["outcome"].tolist() == [1, 0.5, 0]


def test_outcome_is_read_by_position_not_by_index() -> None:
    y = pd.Series(CONVERTED, index=[4, 3, 2, 1, 0])
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five(), y)
    assert segmenter.segments_["outcome"].tolist() == [1, 0.5, 0]


def test_new_rows_need_the_columns_of_the_rules_by_name() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five())
    expected = segmenter.labels_.tolist()
    for X in (five()[["days", "aov"]], five()[["aov"]], five().assign(more=1)):
        assert segmenter.predict(X).tolist() == expected
    with pytest.raises(ValueError, match="'aov'"):
        segmenter.predict(five()[["days"]])


def test_an_array_of_another_width_is_refused() -> None:
    segmenter = MECERuleSegmenter().fit(five().to_numpy())
    with pytest.raises(ValueError, match="X has 1 features"):
        segmenter.predict(five()[["aov"]].to_numpy())


def test_fit_and_predict_leave_the_frame_as_it_is() -> None:
    X = five()
    MECERuleSegmenter(TIERS, default="New").fit(X, CONVERTED).predict(X)
    pd.testing.assert_frame_equal(X, five())


# Pickling and cloning


def test_it_is_pickled_and_cloned() -> None:
    segmenter = MECERuleSegmenter(
        {"VIP": col("aov") >= maximum(q(0.75), 60), "Core": "aov < {cut}"},
        params={"cut": 20},
        default="New",
        universe="days <= 7",
        schema={"days": Domain(low=0)},
        playbook={"VIP": "Call"},
    ).fit(five(), CONVERTED)
    copy = pickle.loads(pickle.dumps(segmenter))
    assert copy.rules_ == segmenter.rules_
    assert copy.predict(five()).tolist() == segmenter.labels_.tolist()
    pd.testing.assert_frame_equal(copy.to_strategy(), segmenter.to_strategy())
    fresh = clone(segmenter)
    assert not hasattr(fresh, "rules_")
    assert fresh.get_params() == segmenter.get_params()
    assert fresh.fit(five(), CONVERTED).rules_ == segmenter.rules_


def test_fitting_again_forgets_what_was_learned() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five(), CONVERTED)
    segmenter.set_params(rules={"All": "True"}, default=None).fit(five()[:2])
    assert segmenter.segment_names_.tolist() == ["All"]
    assert segmenter.labels_.tolist() == [0, 0]
    assert "outcome" not in segmenter.segments_


# The proof before any data is seen

HYBRID = {
    "VIP": "aov >= max(q(0.75), 120)",
    "Core": "40 <= aov < max(q(0.75), 120)",
    "Small": "aov < 40",
    "Unknown": "missing(aov)",
}


def test_hybrid_thresholds_are_certified_before_fit() -> None:
    report = MECERuleSegmenter(HYBRID).verify()
    assert report.is_mece
    assert str(report) == "Mutually exclusive and collectively exhaustive."


def test_a_quantile_that_may_fall_below_a_number_is_refuted_with_a_witness() -> None:
    rules = {"VIP": "aov >= q(0.75)", "Small": "aov < 40"}
    report = MECERuleSegmenter(rules, default="Others").verify()
    assert not report.is_exclusive
    (overlap,) = report.overlaps
    assert overlap.names == ("VIP", "Small")
    assert overlap.quantiles["aov"][0.75] < 40
    # Data with that quantile is refused by fit, other data is not.
    X = pd.DataFrame({"aov": [overlap.quantiles["aov"][0.75]] * 4})
    segmenter = MECERuleSegmenter(rules, default="Others")
    assert "overlap" in error_of(segmenter, X)
    segmenter.fit(pd.DataFrame({"aov": [10.0, 50.0]}))


def test_verify_reads_parameters_universe_default_and_schema() -> None:
    rules = {"VIP": "aov >= {cut}", "Small": "aov < 40"}
    assert not MECERuleSegmenter(rules, params={"cut": 40}).verify().is_mece
    assert MECERuleSegmenter(rules, params={"cut": 40}, default="N").verify().is_mece
    others = MECERuleSegmenter(rules, params={"cut": 40}, on_gap="default")
    assert others.verify().is_mece
    schema = {"aov": {"missing": False}}
    assert MECERuleSegmenter(rules, params={"cut": 40}, schema=schema).verify().is_mece
    within = MECERuleSegmenter(rules, params={"cut": 40}, universe="aov >= 0")
    assert within.verify().is_mece
    wider = MECERuleSegmenter(rules, params={"cut": 41}, universe="aov >= 0").verify()
    assert [gap.witness for gap in wider.gaps] == [{"aov": 40.0}]


def test_verify_leaves_the_estimator_unfitted() -> None:
    segmenter = MECERuleSegmenter(HYBRID)
    segmenter.verify()
    with pytest.raises(NotFittedError):
        segmenter.predict(five())


def test_verify_checks_what_it_reads() -> None:
    with pytest.raises(ValueError, match="'on_gap' parameter"):
        MECERuleSegmenter(HYBRID, on_gap="deefault").verify()
    with pytest.raises(RuleError, match="The parameter 'cut' has no value"):
        MECERuleSegmenter({"a": "aov > {cut}"}).verify()
    with pytest.raises(RuleError, match="stand in the universe and in the rules"):
        MECERuleSegmenter(HYBRID, universe="aov > q(0.1)").verify()


def test_the_tiers_need_data_to_be_proved() -> None:
    with pytest.raises(ValueError, match="rules must be given"):
        MECERuleSegmenter().verify()


# Thresholds that rise whatever the data, and some that need not.
RISING = [
    ["2"],
    ["q(0.5)"],
    ["1", "3"],
    ["q(0.25)", "q(0.5)", "q(0.75)"],
    ["min(q(0.5), 3)", "q(0.75)"],
    ["1", "max(q(0.25), 1)", "max(q(0.5), 3)"],
    ["min(q(0.5), 3)", "3", "max(q(0.75), 3)"],
    ["min(max(q(0.5), 1), 3)", "max(q(0.5), 3)"],
]
ANY_ORDER = st.lists(
    st.sampled_from([cut for cuts in RISING for cut in cuts]), min_size=2, max_size=3
)


@st.composite
def tier_rules(draw: st.DrawFn) -> dict[str, str]:
    """Tiers that are a partition unless their borders are off or out of order."""
    cuts = draw(st.sampled_from(RISING) | ANY_ORDER)
    borders = [(">=", "<"), (">", "<="), (">=", "<="), (">", "<")]
    above, upto = draw(st.sampled_from(borders[:2] * 3 + borders))
    edges: list[str | None] = [None, *cuts, None]
    rules = {}
    for number, (low, high) in enumerate(pairwise(edges)):
        parts = [] if low is None else [f"a {above} {low}"]
        parts += [] if high is None else [f"a {upto} {high}"]
        rules[f"tier {number}"] = " and ".join(parts)
    if draw(st.integers(0, 3)):
        rules["Unknown"] = "missing(a)"
    return rules


@few_examples(5)
@given(tier_rules(), st.lists(SMALL_FRAMES, min_size=1, max_size=4))
def test_what_is_certified_is_never_refused_by_fit(
    rules: dict[str, str], frames: list[pd.DataFrame]
) -> None:
    segmenter = MECERuleSegmenter(rules)
    report = segmenter.verify()
    event(f"certified: {report.is_mece}")
    for X in frames:
        if X["a"].isna().all():
            continue
        refusal = ""
        try:
            segmenter.fit(X)
        except ValueError as error:
            refusal = str(error)
        if "The rules overlap" in refusal:
            assert not report.is_exclusive
        elif refusal:
            assert "The rules leave gaps" in refusal
            assert not report.is_exhaustive
        else:
            assert (segmenter.labels_ >= 0).all()


@given(tier_rules())
def test_what_is_refuted_is_refused_by_fit_with_the_data_of_the_report(
    rules: dict[str, str],
) -> None:
    report = MECERuleSegmenter(rules).verify()
    for finding in (*report.overlaps, *report.gaps):
        levels = finding.quantiles.get("a", {})
        # Four rows a level: its quantile is the value that the report names.
        values = [levels.get(p, np.nan) for p in (0.25, 0.5, 0.75)]
        known = pd.Series(values).bfill().ffill()
        X = pd.DataFrame({"a": [*known, known.max()]})
        if X["a"].isna().all():
            X = pd.DataFrame({"a": [1.0]})
        assert re.search("overlap|leave gaps", error_of(MECERuleSegmenter(rules), X))


# Named parameters as parameters of the estimator

TEMPLATE = {"VIP": "aov >= {cut}", "Rest": "not aov >= {cut}"}


def test_named_parameters_are_parameters_of_the_estimator() -> None:
    segmenter = MECERuleSegmenter(TEMPLATE, params={"cut": 100})
    assert segmenter.get_params()["params__cut"] == 100
    assert "params__cut" not in segmenter.get_params(deep=False)
    assert segmenter.set_params(params__cut=45) is segmenter
    assert segmenter.params == {"cut": 45}
    assert segmenter.fit(five()).labels_.tolist() == [0, 0, 1, 1, 1]


def test_the_mapping_of_the_caller_is_never_changed() -> None:
    params = {"cut": 100}
    rules = dict(TEMPLATE)
    segmenter = MECERuleSegmenter(rules, params=params)
    assert segmenter.params is params
    segmenter.set_params(params__cut=45).fit(five())
    clone(segmenter).set_params(params__cut=7)
    assert params == {"cut": 100}
    assert rules == TEMPLATE
    assert segmenter.params == {"cut": 45}


def test_an_unknown_named_parameter_is_refused_with_the_likely_one() -> None:
    segmenter = MECERuleSegmenter(TEMPLATE, params={"aov_min": 100})
    with pytest.raises(ValueError, match=r"aov_mn'.* Did you mean 'aov_min'\?"):
        segmenter.set_params(params__aov_mn=3)
    assert segmenter.params == {"aov_min": 100}
    with pytest.raises(ValueError, match="no parameter 'params__cut'"):
        MECERuleSegmenter(TIERS).set_params(params__cut=3)
    with pytest.raises(ValueError, match="Invalid parameter 'min_sise'"):
        segmenter.set_params(min_sise=3)


def test_params_and_their_members_may_be_set_at_once_in_any_order() -> None:
    for settings in (
        {"params": {"cut": 1, "other": 2}, "params__cut": 3},
        {"params__cut": 3, "params": {"cut": 1, "other": 2}},
    ):
        segmenter = MECERuleSegmenter(TEMPLATE).set_params(**settings)
        assert segmenter.params == {"cut": 3, "other": 2}
    assert settings["params"] == {"cut": 1, "other": 2}


def test_params_that_are_no_mapping_are_listed_as_they_are() -> None:
    segmenter = MECERuleSegmenter(TEMPLATE, params=3)  # type: ignore[arg-type]
    assert segmenter.get_params()["params"] == 3
    with pytest.raises(ValueError, match="no parameter 'params__cut'"):
        segmenter.set_params(params__cut=3)


@pytest.mark.parametrize("values", [["b", "c"], ("b", "c")])
def test_a_parameter_may_be_a_list_of_texts(values: Any) -> None:
    X = pd.DataFrame({"plan": list("abc")})
    rules = {"Paid": "plan in {paid}", "Free": "not plan in {paid}"}
    segmenter = MECERuleSegmenter(rules, params={"paid": values}).fit(X)
    assert segmenter.labels_.tolist() == [1, 0, 0]


def test_a_parameter_may_stand_in_the_universe() -> None:
    segmenter = MECERuleSegmenter(
        TIERS, params={"window": 3}, default="New", universe="days <= {window}"
    )
    assert segmenter.fit(five()).labels_.tolist() == [0, 1, 1, -1, -1]
    segmenter.set_params(params__window=2).fit(five())
    assert segmenter.labels_.tolist() == [0, 1, -1, -1, -1]


def test_named_parameters_are_reached_through_a_pipeline() -> None:
    pipeline = Pipeline(
        [
            ("same", FunctionTransformer()),
            ("rules", MECERuleSegmenter(TEMPLATE, params={"cut": 100})),
        ]
    )
    assert pipeline.get_params()["rules__params__cut"] == 100
    other = clone(pipeline).set_params(rules__params__cut=45)
    assert other.fit(five()).predict(five()).tolist() == [0, 0, 1, 1, 1]
    assert pipeline.get_params()["rules__params__cut"] == 100


# Searching thresholds

HOT = {
    "Hot": "engagement >= {engagement} and aov >= {aov_min}",
    "Warm": "engagement >= {engagement} and not aov >= {aov_min}",
    "Cold": "not engagement >= {engagement}",
}


def test_a_search_finds_the_thresholds_that_the_data_was_made_with() -> None:
    users = make_cart_abandoners(20_000, random_state=1)
    search = GridSearchCV(
        MECERuleSegmenter(
            HOT,
            params={"engagement": 0.5, "aov_min": 50},
            universe="days_since_abandon <= 7",
            min_size=50,
        ),
        {
            "params__engagement": [0.3, 0.6, 0.8],
            "params__aov_min": [30, 80, 150, q(0.1)],
            "min_size": [0.015, 0.01],
        },
        cv=KFold(2, shuffle=True, random_state=0),
        error_score="raise",
    )
    search.fit(users, users["converted"])
    # The law: conversions jump where engagement >= 0.6 and aov >= 80.
    assert search.best_params_["params__engagement"] == 0.6
    assert search.best_params_["params__aov_min"] == 80
    assert search.best_params_["min_size"] == 0.015
    best = search.best_estimator_.segments_.set_index("name")
    assert best["outcome"].idxmax() == "Hot"
    assert best.loc["Hot", "outcome"] > 0.4
    assert search.estimator.params == {"engagement": 0.5, "aov_min": 50}


def test_a_search_may_replace_all_params_at_once(users: pd.DataFrame) -> None:
    grid = [{"engagement": e, "aov_min": a} for e, a in ((0.6, 80), (0.05, 20))]
    start = MECERuleSegmenter(HOT, params=grid[1], universe="days_since_abandon <= 7")
    search = GridSearchCV(start, {"params": grid}, cv=3, error_score="raise")
    search.fit(users, users["converted"])
    assert search.best_params_["params"] == grid[0]


def test_a_search_reaches_quantile_levels_inside_a_pipeline(
    users: pd.DataFrame,
) -> None:
    pipeline = Pipeline(
        [
            ("same", FunctionTransformer()),
            (
                "rules",
                MECERuleSegmenter(
                    {
                        "Engaged": "engagement >= q({level})",
                        "Rest": "engagement < q({level})",
                    },
                    params={"level": 0.5},
                    default="Unknown",
                    universe="days_since_abandon <= 7",
                ),
            ),
        ]
    )
    levels = [0.02, 0.8, 0.995]
    search = GridSearchCV(
        pipeline, {"rules__params__level": levels}, cv=3, error_score="raise"
    ).fit(users, users["converted"])
    # Few users are at either end, so these segments say little about the others.
    assert search.best_params_ == {"rules__params__level": 0.8}
    inside = users[users["days_since_abandon"] <= 7]
    cut = np.quantile(inside["engagement"], 0.8, method="inverted_cdf")
    rules = search.best_estimator_["rules"].rules_
    assert rules["Engaged"] == (col("engagement") >= cut)


# Score


def test_score_is_r2_of_the_segment_means_by_hand() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five(), [4, 0, 2, 1, 3])
    # The means are 4, 1 and 2.
    y = [5, 1, 0, 2, 2]
    assert segmenter.score(five(), y) == r2_score(y, [4, 1, 1, 2, 2])
    total = np.sum((np.array(y) - 2) ** 2)
    assert segmenter.score(five(), y) == pytest.approx(1 - (1 + 0 + 1 + 0 + 0) / total)


def test_score_leaves_the_rows_outside_out() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    segmenter.fit(five(), [4, 0, 2, 1, 3])
    expected = r2_score([5, 1, 0, 2], [4, 1, 1, 3])
    assert segmenter.score(five(), [5, 1, 0, 1000, 2]) == expected


def test_score_of_the_segments_without_outcome_takes_the_overall_mean() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New")
    segmenter.fit(five()[:3], [4, 0, 2])
    expected = r2_score([4, 0, 2, 9, 0], [4, 1, 1, 2, 2])
    assert segmenter.score(five(), [4, 0, 2, 9, 0]) == expected


def test_score_weights_rows_as_repetitions() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    segmenter.fit(five(), [4, 0, 2, 1, 3])
    y, weight = np.array([5, 1, 0, 7, 2]), [1, 3, 0, 2, 2]
    repeated = five().loc[five().index.repeat(weight)]
    assert segmenter.score(five(), y, sample_weight=weight) == pytest.approx(
        segmenter.score(repeated, np.repeat(y, weight))
    )


def test_score_needs_outcomes_in_fit_and_in_score() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New").fit(five())
    with pytest.raises(ValueError, match=r"fit had none\. Pass y to fit"):
        segmenter.score(five(), CONVERTED)
    segmenter.fit(five(), CONVERTED)
    with pytest.raises(TypeError, match="'y'"):
        segmenter.score(five())  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="y"):
        segmenter.score(five(), None)


def test_score_of_nobody_is_refused() -> None:
    segmenter = MECERuleSegmenter(TIERS, default="New", universe="days <= 7")
    segmenter.fit(five(), CONVERTED)
    with pytest.raises(ValueError, match="nothing to score"):
        segmenter.score(five().assign(days=99.0), CONVERTED)


@given(SMALL_FRAMES, st.data())
def test_score_of_the_training_rows_is_the_share_of_variance_between_segments(
    X: pd.DataFrame, data: Any
) -> None:
    numbers = st.lists(st.integers(0, 4), min_size=len(X), max_size=len(X))
    y = np.array(data.draw(numbers), dtype=np.float64)
    if y.var() == 0:
        return
    rules = {"High": "a >= 3", "Low": "a < 3", "Unknown": "missing(a)"}
    segmenter = MECERuleSegmenter(rules).fit(X, y)
    groups = pd.Series(y).groupby(segmenter.labels_)
    between = (groups.transform("mean") - y.mean()).pow(2).mean()
    score = segmenter.score(X, y)
    assert score == pytest.approx(between / y.var())
    assert 0 <= score + 1e-9 <= 1 + 2e-9


def test_informative_thresholds_score_higher_on_rows_not_seen() -> None:
    users = make_cart_abandoners(20_000, random_state=0)
    inside = {"universe": "days_since_abandon <= 7"}
    informative = MECERuleSegmenter(
        HOT, params={"engagement": 0.6, "aov_min": 80}, **inside
    )
    idle = MECERuleSegmenter({"First": "user_id < 10_000"}, default="Last", **inside)
    train, test = users[::2], users[1::2]
    good = informative.fit(train, train["converted"]).score(test, test["converted"])
    poor = idle.fit(train, train["converted"]).score(test, test["converted"])
    assert good > 0.05
    assert poor < 0.01


def test_cross_val_score_uses_it(users: pd.DataFrame) -> None:
    segmenter = MECERuleSegmenter(HOT, params={"engagement": 0.6, "aov_min": 80})
    scores = cross_val_score(segmenter, users, users["converted"], cv=3)
    assert (scores > 0).all()


def test_a_transformer_may_come_before_it() -> None:
    def with_ratio(X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(per_day=X["aov"] / X["days"])

    pipeline = make_pipeline(
        FunctionTransformer(with_ratio),
        MECERuleSegmenter({"Fast": "per_day >= {cut}"}, default="Slow"),
    ).set_output(transform="pandas")
    pipeline.set_params(mecerulesegmenter__params={"cut": 20})
    pipeline.fit(five(), CONVERTED)
    assert pipeline.predict(five()).tolist() == [0, 0, 1, 1, 1]
    assert list(pipeline.transform(five())) == ["Fast", "Slow"]
    expected = r2_score(CONVERTED, [0.5, 0.5, 1 / 3, 1 / 3, 1 / 3])
    assert pipeline.score(five(), CONVERTED) == pytest.approx(expected)


def test_it_may_come_before_a_model_as_a_transformer(users: pd.DataFrame) -> None:
    from sklearn.linear_model import LinearRegression

    segmenter = MECERuleSegmenter(HOT, params={"engagement": 0.6, "aov_min": 80})
    pipeline = make_pipeline(segmenter, LinearRegression(fit_intercept=False))
    pipeline.fit(users, users["converted"])
    # A regression on the one-hot columns predicts the means of the segments.
    assert pipeline.score(users, users["converted"]) == pytest.approx(
        clone(segmenter).fit(users, users["converted"]).score(users, users["converted"])
    )


def test_weights_are_routed_through_a_search(users: pd.DataFrame) -> None:
    X, y = users[:600], users["converted"][:600].to_numpy()
    weight = np.random.default_rng(0).integers(1, 4, len(X)).astype(np.float64)
    folds = KFold(2)
    with config_context(enable_metadata_routing=True):
        segmenter = (
            MECERuleSegmenter(HOT, params={"engagement": 0.6, "aov_min": 80})
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=True)
        )
        search = GridSearchCV(
            segmenter, {"params__aov_min": [60, 80]}, cv=folds, error_score="raise"
        )
        search.fit(X, y, sample_weight=weight)
    assert search.best_estimator_.segments_["n"].sum() == weight.sum()
    for number, cut in enumerate([60, 80]):
        scores = []
        for train, test in folds.split(X):
            fold = clone(segmenter).set_params(params__aov_min=cut)
            fold.fit(X.iloc[train], y[train], sample_weight=weight[train])
            scores.append(fold.score(X.iloc[test], y[test], sample_weight=weight[test]))
        score = search.cv_results_["mean_test_score"][number]
        assert score == pytest.approx(np.mean(scores))


def test_weights_that_nobody_asked_for_are_refused_by_the_routing() -> None:
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            MECERuleSegmenter(TEMPLATE, params={"cut": 45}), {"params__cut": [45]}
        )
        with pytest.raises(ValueError, match="sample_weight"):
            search.fit(five(), CONVERTED, sample_weight=np.ones(5))


# What a message is about


@pytest.mark.parametrize("on_gap", ["raise", "default"])
def test_an_overlap_is_told_without_the_gaps_that_a_default_takes(on_gap: str) -> None:
    segmenter = MECERuleSegmenter(
        {"A": "aov >= 40", "B": "aov <= 50"},
        default="Rest" if on_gap == "raise" else None,
        on_gap=on_gap,
    )
    with pytest.raises(ValueError, match="The rules overlap") as caught:
        segmenter.fit(five())
    message = str(caught.value)
    assert "'A' and 'B' overlap where aov: [40, 50]" in message
    for words in ("exhaustive", "no rule holds", "takes the rest"):
        assert words not in message
    segmenter.set_params(on_overlap="first").fit(five())


def test_an_overlap_without_a_default_is_told_with_the_gaps() -> None:
    rules = {"A": "aov >= 40", "B": "aov <= 50"}
    with pytest.raises(ValueError, match="no rule holds where aov: missing") as caught:
        MECERuleSegmenter(rules).fit(five())
    assert "and 1 none" in str(caught.value)
    MECERuleSegmenter(rules, on_overlap="first", default="Others").fit(five())


COLUMNS_OF_NO_NUMBERS: dict[str, Any] = {
    "text": ["a", "b", "c", None, "e"],
    "mixed": [1, 2, "c", 4, 5],
    "dates": pd.to_datetime(["2024-01-01"] * 5),
    "durations": pd.to_timedelta([1, 2, 3, 4, 5], unit="D"),
    "category": pd.Categorical(["a", "b", "a", "b", "a"]),
    "lists": [[1], [2], [3], [4], [5]],
}


@pytest.mark.parametrize("container", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("parameter", ["score_weights", "split_on"])
@pytest.mark.parametrize("kind", COLUMNS_OF_NO_NUMBERS)
def test_a_column_that_is_no_number_is_told_with_the_parameter_that_names_it(
    kind: str, parameter: str, container: str
) -> None:
    X: Any = pd.DataFrame({"aov": five()["aov"], "plan": COLUMNS_OF_NO_NUMBERS[kind]})
    if container != "pandas":
        if kind == "mixed":
            pytest.skip(f"{container} has no columns of mixed types")
        X = pl.from_pandas(X)
    if container == "pyarrow":
        X = X.to_arrow()
    values: Any = {"score_weights": {"plan": 1}, "split_on": ["plan"]}[parameter]
    segmenter = MECERuleSegmenter({"A": "aov >= 40"}, default="Rest", oversize="allow")
    segmenter.set_params(max_size=2, **{parameter: values})
    message = rf"The {parameter} of MECERuleSegmenter names the column 'plan'"
    with pytest.raises(ValueError, match=message) as caught:
        segmenter.fit(X)
    assert "rule" not in str(caught.value)
    assert getattr(caught.value, "name", None) == parameter
    # The advice: another column, or the same one as numbers.
    segmenter.set_params(**{parameter: {"aov": 1} if "w" in parameter else ["aov"]})
    segmenter.fit(X)
