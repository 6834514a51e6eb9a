"""Strategies edited by hand: a figure is shown only if it is still true."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.datasets import make_cart_abandoners
from skseg.exceptions import InfeasibleError, RuleError
from skseg.rules import Rule, RuleSet, parse, q
from skseg.rules._proof._domain import as_schema
from skseg.rules._proof._equivalence import equivalent
from tests.examples import few_examples
from tests.rules.strategies import columns_for
from tests.rules.strategies import rules as any_rules

Content = dict[str, Any]

RULES = {"VIP": "aov >= 120", "Core": "40 <= aov < 120"}
FIGURES = ["n", "share", "outcome", "score_outcome", "score_size", "score", "rank"]


def customers() -> pd.DataFrame:
    X = make_cart_abandoners(600, random_state=0)
    X.loc[::9, "aov"] = np.nan
    return X[["aov", "days_since_abandon", "converted"]].rename(
        columns={"days_since_abandon": "days"}
    )


def fitted(**parameters: Any) -> MECERuleSegmenter:
    settings: dict[str, Any] = {
        "default": "New",
        "universe": "days <= 14",
        "playbook": {"VIP": "Call"},
    }
    X = customers()
    return MECERuleSegmenter(RULES, **(settings | parameters)).fit(X, X["converted"])


@cache
def _fitted_text() -> str:
    return str(fitted().to_json())


def fitted_content() -> Content:
    """Return the strategy of `fitted`, to be edited."""
    content: Content = json.loads(_fitted_text())
    return content


def content_of(segmenter: MECERuleSegmenter) -> Content:
    content: Content = json.loads(str(segmenter.to_json()))
    return content


def read(content: Content) -> MECERuleSegmenter:
    return MECERuleSegmenter.from_strategy(json.dumps(content))


def entry(content: Content, name: str) -> dict[str, Any]:
    (segment,) = (e for e in content["segments"] if e["name"] == name)
    return dict_of(segment)


def dict_of(segment: Any) -> dict[str, Any]:
    assert isinstance(segment, dict)
    return segment


def setting(segment: str, **values: Any) -> Callable[[Content], None]:
    """Return the edit that sets keys of a segment."""

    def edit(content: Content) -> None:
        entry(content, segment).update(values)

    return edit


def figure(name: str, key: str, value: Any) -> Callable[[Content], None]:
    """Return the edit that sets a figure of a segment."""

    def edit(content: Content) -> None:
        entry(content, name)["figures"][key] = value

    return edit


def both(*edits: Callable[[Content], None]) -> Callable[[Content], None]:
    def edit(content: Content) -> None:
        for part in edits:
            part(content)

    return edit


def universe(text: str | None) -> Callable[[Content], None]:
    return lambda content: content.update(universe=text)


def delete(name: str) -> Callable[[Content], None]:
    return lambda content: content["segments"].remove(entry(content, name))


def add(**segment: Any) -> Callable[[Content], None]:
    return lambda content: content["segments"].append(segment)


def copy_of_vip(content: Content) -> None:
    copy = json.loads(json.dumps(entry(content, "VIP")))
    entry(content, "VIP")["rule"] = "aov >= 200"
    content["segments"].append({**copy, "name": "Rich", "rule": "120 <= aov < 200"})


def swap_figures(content: Content) -> None:
    vip, core = entry(content, "VIP"), entry(content, "Core")
    for key in ("figures", "fingerprints"):
        vip[key], core[key] = core[key], vip[key]


EDITS: dict[str, Callable[[Content], None]] = {
    "nothing": lambda content: None,
    "rule in other words": setting("VIP", rule="(120 <= aov)"),
    "border moved": both(
        setting("VIP", rule="aov >= 100"), setting("Core", rule="40 <= aov < 100")
    ),
    "rule narrowed, for the default": setting("VIP", rule="aov >= 150"),
    "rule widened, of the default": setting("Core", rule="20 <= aov < 120"),
    "rule with missing values": setting("VIP", rule="aov >= 120 or missing(aov)"),
    "rule on another column": setting("VIP", rule="aov >= 120 and days > 3"),
    "rule of nobody": setting("VIP", rule="False"),
    "universe narrowed": universe("days <= 7"),
    "universe widened": universe("days <= 20"),
    "universe removed": universe(None),
    "universe in other words": universe("not (days > 14 or missing(days))"),
    "default renamed": setting("New", name="Others"),
    "default with a rule": setting("New", rule="aov < 40 or missing(aov)"),
    "order reversed": lambda content: content["segments"].reverse(),
    "segment renamed": setting("VIP", name="Best"),
    "names swapped": both(
        setting("VIP", name="x"), setting("Core", name="VIP"), setting("x", name="Core")
    ),
    "rules swapped": both(
        setting("VIP", rule=RULES["Core"]), setting("Core", rule=RULES["VIP"])
    ),
    "figures swapped": swap_figures,
    "segment deleted": delete("VIP"),
    "segment added": add(name="Tiny", rule="aov < 5"),
    "segment added that is empty": add(name="Tiny", rule="False"),
    "segment copied": copy_of_vip,
    "action": setting("Core", action="Mail"),
    "description": setting("VIP", description="the best"),
    "sql": setting("VIP", sql="1 = 1"),
    "n": figure("VIP", "n", 1_000_000),
    "share": figure("VIP", "share", 0.9),
    "outcome": figure("VIP", "outcome", 0.99),
    "score": figure("VIP", "score", 1.0),
    "rank": figure("VIP", "rank", 1),
    "figures deleted": setting("VIP", figures=None),
    "fitted": lambda content: content["fitted"].update(n_outside=5),
    "schema": lambda content: content.update(schema={"days": {"low": 0}}),
    "size": lambda content: content["parameters"].update(min_size=5),
}


def counted(segmenter: MECERuleSegmenter) -> pd.DataFrame:
    """Count figures afresh, as they are in a fit of the same rules."""
    X = customers()
    codes = segmenter.rules_.assign(X)
    inside = codes >= 0
    rows = [np.flatnonzero(codes == code) for code in range(len(segmenter.rules_))]
    y = X["converted"].to_numpy()
    table = pd.DataFrame(
        {
            "n": [len(r) for r in rows],
            "share": [len(r) / inside.sum() for r in rows],
            "outcome": [y[r].mean() if len(r) else np.nan for r in rows],
        },
        index=list(segmenter.rules_.names),
    )
    scored = {"score_outcome": table["outcome"], "score_size": table["share"]}
    scored["score_size"] = scored["score_size"].where(table["n"] > 0)
    for name, values in scored.items():
        table[name] = (values - values.min()) / (values.max() - values.min())
    table["score"] = (table["score_outcome"] + table["score_size"]) / 2
    table["rank"] = table["score"].rank(ascending=False, method="min")
    return table


@cache
def edited(edit: str) -> tuple[MECERuleSegmenter, pd.DataFrame]:
    """Return the segmenter of an edited strategy, and its true figures."""
    content = fitted_content()
    EDITS[edit](content)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* edited by hand")
        segmenter = read(content)
    return segmenter, counted(segmenter)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("edit", EDITS)
def test_a_figure_that_is_shown_is_true(edit: str, figure: str) -> None:
    segmenter, truth = edited(edit)
    shown = segmenter.segments_.set_index("name")[figure].astype(float)
    is_known = shown.notna()
    np.testing.assert_allclose(shown[is_known], truth[figure].astype(float)[is_known])


@pytest.mark.parametrize("edit", EDITS)
def test_table_and_file_of_an_edited_strategy_say_the_same(edit: str) -> None:
    segmenter, _ = edited(edit)
    shown = segmenter.segments_.set_index("name")[FIGURES].astype(float)
    frame = segmenter.to_strategy().set_index("name")[FIGURES].astype(float)
    pd.testing.assert_frame_equal(frame.loc[shown.index], shown)
    again = read(content_of(segmenter))
    pd.testing.assert_frame_equal(again.segments_, segmenter.segments_)
    assert again.get_params() == segmenter.get_params()


@pytest.mark.parametrize(
    "edit",
    [
        "nothing",
        "rule in other words",
        "universe in other words",
        "default renamed",
        "order reversed",
        "segment renamed",
        "action",
        "schema",
        "size",
    ],
)
def test_an_edit_that_moves_no_row_leaves_all_figures(edit: str) -> None:
    content = fitted_content()
    EDITS[edit](content)
    assert read(content).segments_[FIGURES].notna().all(axis=None)


@pytest.mark.parametrize("edit", ["universe narrowed", "universe removed"])
def test_an_edited_universe_takes_all_figures(edit: str) -> None:
    content = content_of(fitted(min_size=0.01))
    EDITS[edit](content)
    segmenter = read(content)
    assert segmenter.segments_[FIGURES].isna().all(axis=None)
    assert segmenter.lineage_.empty
    assert np.isnan(segmenter.min_size_ or 0)
    if edit == "universe removed":
        assert segmenter.n_outside_ == 0
    else:
        assert np.isnan(segmenter.n_outside_)


def test_an_edited_rule_takes_the_figures_of_the_default_with_it() -> None:
    content = fitted_content()
    EDITS["rule narrowed, for the default"](content)
    table = read(content).segments_.set_index("name")
    assert table.loc[["VIP", "New"], FIGURES].isna().all(axis=None)
    assert table.loc["Core", ["n", "share", "outcome"]].notna().all()
    # What Core is among the others is not known without theirs.
    assert table.loc["Core", ["score", "rank"]].isna().all()


def test_counts_stay_whole_numbers_where_some_are_missing() -> None:
    content = fitted_content()
    EDITS["rule narrowed, for the default"](content)
    segmenter = read(content)
    n = fitted().segments_.set_index("name").loc["Core", "n"]
    assert str(segmenter.to_strategy().set_index("name").loc["Core", "n"]) == str(n)
    assert f",{n}," in str(segmenter.to_csv())
    figures = entry(content_of(segmenter), "Core")["figures"]
    assert isinstance(figures["n"], int)


def test_rows_that_contradict_the_schema_go_by_the_order_of_the_rules() -> None:
    X = pd.DataFrame({"R": [1.0, 2.0, 2.3, 3.0, 4.0]})
    segmenter = MECERuleSegmenter(
        {"Low": "R <= 2.5", "High": "R >= 2.2"},
        schema={"R": {"integer": True, "missing": False}},
    ).fit(X)
    content = content_of(segmenter)
    EDITS["order reversed"](content)
    copy = read(content)
    # The row of 2.3 has changed places, although no possible row has.
    assert copy.segments_["n"].isna().all()
    assert copy.recount(X).segments_["n"].tolist() == [3, 2]
    content = content_of(segmenter)
    content["segments"][0]["action"] = "Mail"
    assert read(content).segments_["n"].tolist() == [3, 2]


def test_a_file_of_an_editor_on_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "strategy.json"
    text = str(fitted().to_json()).replace("\n", "\r\n")
    path.write_bytes(text.encode("utf-8-sig"))
    segmenter = MECERuleSegmenter.from_strategy(path)
    pd.testing.assert_frame_equal(segmenter.segments_, fitted().segments_)


# Edits of what follows from other things


@pytest.mark.parametrize("field", ["description", "sql", "n", "share", "rank"])
def test_an_edit_without_effect_warns_and_says_what_to_do(field: str) -> None:
    content = fitted_content()
    EDITS[field](content)
    is_text = field in ("description", "sql")
    advice = "Edit the 'rule' instead" if is_text else r"recount\(X, y\)"
    with pytest.warns(UserWarning, match=rf"segment 'VIP' (was|were) edited.*{advice}"):
        read(content)


def test_an_edited_record_of_the_fit_warns_and_takes_the_figures() -> None:
    content = fitted_content()
    EDITS["fitted"](content)
    with pytest.warns(UserWarning, match=r"The part 'fitted' .* Count again"):
        segmenter = read(content)
    assert segmenter.segments_[FIGURES].isna().all(axis=None)


def test_the_advice_to_count_again_works() -> None:
    content = fitted_content()
    both(EDITS["n"], EDITS["border moved"])(content)
    with pytest.warns(UserWarning, match="edited by hand"):
        segmenter = read(content)
    X = customers()
    segmenter.recount(X, X["converted"])
    truth = counted(segmenter)
    for name in FIGURES:
        shown = segmenter.segments_[name].to_numpy(dtype=float)
        np.testing.assert_allclose(shown, truth[name].astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(content_of(segmenter)).segments_[FIGURES].notna().all(axis=None)


def test_numbers_may_be_laid_out_anew() -> None:
    content = fitted_content()
    for segment in content["segments"]:
        figures = segment["figures"]
        figures["n"] = float(figures["n"])
        segment["figures"] = dict(reversed(figures.items()))
    pd.testing.assert_frame_equal(
        read(content).segments_, fitted().segments_, check_like=True, check_dtype=False
    )


def test_an_unknown_key_of_a_segment_is_refused_with_the_likely_one() -> None:
    content = fitted_content()
    setting("VIP", acton="Call")(content)
    with pytest.raises(RuleError, match=r"segments\[0\]\.acton.*Did you mean 'action'"):
        read(content)


def test_a_key_that_stands_twice_is_refused() -> None:
    text = str(fitted().to_json()).replace(
        '"rule": "aov >= 120"', '"rule": "aov >= 120", "rule": "aov >= 150"', 1
    )
    with pytest.raises(RuleError, match="the key 'rule' stands twice"):
        MECERuleSegmenter.from_strategy(text)


# Names


def test_a_rename_reaches_lineage_parameters_and_pictures() -> None:
    pytest.importorskip("matplotlib")
    from skseg.displays import SegmentFlowDisplay

    content = fitted_content()
    EDITS["segment renamed"](content)
    EDITS["default renamed"](content)
    segmenter = read(content)
    names = ["Best", "Core", "Others", "outside"]
    assert segmenter.lineage_["segment"].tolist() == names
    assert segmenter.lineage_["rule"].tolist() == names
    assert list(segmenter.rules or {}) == ["Best", "Core"]
    assert segmenter.default == "Others"
    assert segmenter.playbook == {"Best": "Call"}
    frame = SegmentFlowDisplay.from_estimator(segmenter).frame()
    assert frame["segment"].tolist() == names
    X = customers()
    refitted = segmenter.fit(X, X["converted"])
    assert refitted.segment_names_.tolist() == names
    pd.testing.assert_series_equal(refitted.segments_["n"], fitted().segments_["n"])


def test_a_picture_of_flows_that_are_not_known_asks_to_count_them() -> None:
    pytest.importorskip("matplotlib")
    from skseg.displays import SegmentFlowDisplay

    content = fitted_content()
    EDITS["border moved"](content)
    segmenter = read(content)
    with pytest.raises(ValueError, match=r"Call its recount\(X\)"):
        SegmentFlowDisplay.from_estimator(segmenter)
    display = SegmentFlowDisplay.from_estimator(segmenter.recount(customers()))
    assert display.frame()["n"].sum() == len(customers())


def test_a_part_of_a_rule_that_is_renamed_keeps_its_name_in_a_refit() -> None:
    segmenter = fitted(max_size=150)
    content = content_of(segmenter)
    part = next(name for name in segmenter.rules_.names if " / " in name)
    setting(part, name="First")(content)
    copy = read(content)
    assert "First" in copy.lineage_["segment"].tolist()
    assert part not in copy.lineage_["segment"].tolist()
    assert copy.lineage_["rule"].tolist() == segmenter.lineage_["rule"].tolist()
    # No business rule gives a segment of this name, so the segments are the rules.
    assert list(copy.rules or {}) == [n for n in copy.rules_.names if n != "New"]
    X = customers()
    assert copy.fit(X, X["converted"]).labels_.tolist() == segmenter.labels_.tolist()
    assert "First" in copy.rules_.names


def test_names_may_be_swapped() -> None:
    content = fitted_content()
    EDITS["names swapped"](content)
    segmenter = read(content)
    assert segmenter.rules == {"Core": RULES["VIP"], "VIP": RULES["Core"]}
    assert segmenter.playbook == {"Core": "Call"}


def test_an_action_of_a_whole_rule_reaches_the_playbook() -> None:
    content = content_of(fitted(params={"unused": 3}))
    EDITS["action"](content)
    segmenter = read(content)
    assert segmenter.playbook == {"VIP": "Call", "Core": "Mail"}
    assert segmenter.params == {"unused": 3}


def test_a_rule_may_be_renamed_among_the_parameters_as_well() -> None:
    X = customers()
    rules = {"VIP": "aov >= q(0.8)", "Core": "aov < q(0.8)"}
    segmenter = MECERuleSegmenter(rules, default="New", playbook={"VIP": "Call"}).fit(X)
    content = content_of(segmenter)
    setting("VIP", name="Best")(content)
    content["parameters"]["rules"] = {"Best": rules["VIP"], "Core": rules["Core"]}
    copy = read(content)
    assert copy.rules == content["parameters"]["rules"]
    assert copy.playbook == {"Best": "Call"}
    content["parameters"]["playbook"] = {"Best": "Call"}
    assert read(content).playbook == {"Best": "Call"}


def test_names_swapped_among_the_parameters_as_well_are_not_swapped_back() -> None:
    content = fitted_content()
    EDITS["names swapped"](content)
    content["parameters"]["rules"] = {"Core": RULES["VIP"], "VIP": RULES["Core"]}
    copy = read(content)
    assert copy.rules == {"Core": RULES["VIP"], "VIP": RULES["Core"]}


MERGED = {"VIP": "aov >= 90", "Rich": "60 <= aov < 90", "Core": "aov < 60"}


def merged(**rules: str) -> MECERuleSegmenter:
    """Return segments of which one is merged, at a cost."""
    X = customers()
    segmenter = MECERuleSegmenter(
        MERGED | rules, default="New", universe="days <= 14", min_size=0.2
    ).fit(X, 0.8 * (X["aov"] >= 60) + 0.2 * (X["aov"] >= 90))
    assert segmenter.rules_.names == ("VIP + Rich", "Core", "New")
    return segmenter


@pytest.mark.parametrize("edit", ["renamed", "other universe", "both"])
def test_flows_of_a_merged_segment_are_counted_by_business_rule(edit: str) -> None:
    segmenter = merged()
    content = content_of(segmenter)
    name = "VIP + Rich" if edit == "other universe" else "Top"
    setting("VIP + Rich", name=name)(content)
    if edit != "renamed":
        universe("days <= 20")(content)
    X = customers()
    copy = read(content).recount(X, X["converted"])
    inside = X["days"] <= (14 if edit == "renamed" else 20)
    aov = X["aov"][inside]
    flows = copy.lineage_.set_index(["rule", "segment"])["n"]
    assert flows["VIP", name] == (aov >= 90).sum()
    assert flows["Rich", name] == ((aov >= 60) & (aov < 90)).sum()
    assert copy.merge_report_ is not None
    assert name in copy.merge_report_.losses


def test_rules_that_overlap_in_another_universe_are_not_counted() -> None:
    segmenter = merged(Rich="60 <= aov < 90 or (aov >= 90 and days > 14)")
    content = content_of(segmenter)
    universe(None)(content)
    copy = read(content).recount(customers())
    assert copy.lineage_["rule"].tolist() == ["VIP + Rich", "Core", "New"]


def test_two_rules_never_get_the_same_name_in_the_lineage() -> None:
    segmenter = merged()
    content = content_of(segmenter)
    setting("Core", name="VIP")(content)
    copy = read(content)
    assert copy.lineage_["rule"].tolist() == segmenter.lineage_["rule"].tolist()
    assert "VIP" in copy.lineage_["segment"].tolist()


# Fitting again


@pytest.mark.parametrize(
    "weights", [{"size": 1}, {"outcome": -1, "size": 1}, {"aov": 1}]
)
def test_scores_by_other_weights_are_not_shown(weights: dict[str, float]) -> None:
    content = fitted_content()
    content["parameters"]["score_weights"] = weights
    copy = read(content)
    table, X = copy.segments_, customers()
    assert table["n"].notna().all()
    assert table.filter(like="score").isna().all(axis=None)
    assert table["rank"].isna().all()
    recounted = copy.recount(X, X["converted"]).segments_
    expected = fitted(score_weights=weights).segments_
    pd.testing.assert_series_equal(recounted["score"], expected["score"])


def test_scores_without_parameters_are_shown_if_they_have_the_usual_weights() -> None:
    for weights, is_shown in [(None, True), ({"size": 1.0}, False)]:
        content = content_of(fitted(score_weights=weights))
        content["parameters"] = None
        assert read(content).segments_["score"].notna().any() == is_shown


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "not all of them 0"),
        ({"size": 0}, "not all of them 0"),
        ({"aovv": 1}, r"names? 'aovv'.* Did you mean 'aov'\?"),
    ],
)
def test_weights_that_no_fit_takes_are_refused(
    weights: dict[str, float], message: str
) -> None:
    content = fitted_content()
    content["parameters"]["score_weights"] = weights
    with pytest.raises(RuleError, match=f"parameters: .*{message}"):
        read(content)


def test_what_merging_costs_is_that_of_the_rows() -> None:
    X, segmenter = customers(), merged()
    report = segmenter.merge_report_
    assert report is not None
    content = content_of(segmenter)
    assert read(content).merge_report_ == report
    setting("VIP + Rich", name="Top")(content)
    copy = read(content)
    assert copy.merge_report_ is not None
    assert list(copy.merge_report_.losses) == ["Top", *list(report.losses)[1:]]
    setting("Core", rule="aov < 50")(content)
    assert read(content).merge_report_ is None
    outcome = (X["aov"] > 130).astype(int)
    recounted = segmenter.recount(X, outcome).merge_report_
    assert recounted is not None
    assert recounted.score_after == pytest.approx(segmenter.score(X, outcome))
    assert segmenter.recount(X).merge_report_ is None
    nobody = X.assign(days=99)
    assert segmenter.recount(nobody, X["converted"]).merge_report_ is None


def test_bounds_and_weights_of_the_fit_hold_in_a_refit() -> None:
    X = customers()
    parameters: dict[str, Any] = {
        "min_size": 60,
        "max_size": 0.5,
        "score_weights": {"outcome": 2, "aov": -1.0},
        "split_on": ["aov"],
    }
    segmenter = fitted(**parameters)
    assert segmenter.segments_["n"].min() >= 60
    copy = read(content_of(segmenter))
    assert copy.get_params() == segmenter.get_params()
    copy.fit(X, X["converted"])
    pd.testing.assert_frame_equal(copy.segments_, segmenter.segments_)
    pd.testing.assert_frame_equal(copy.lineage_, segmenter.lineage_)
    assert copy.to_json() == segmenter.to_json()


def test_quantiles_are_those_of_the_new_rows_in_a_refit() -> None:
    X = customers()
    rules = {"VIP": "aov >= max(q({level}), {least})"}
    segmenter = MECERuleSegmenter(
        rules, params={"level": 0.9, "least": q(0.1)}, default="New"
    ).fit(X)
    copy = read(content_of(segmenter))
    assert copy.params == {"level": 0.9, "least": q(0.1)}
    doubled = X.assign(aov=2 * X["aov"])
    expected = segmenter.fit(doubled)
    assert copy.fit(doubled).rules_ == expected.rules_


def test_an_edited_universe_leaves_the_quantiles_to_a_refit() -> None:
    X = customers()
    segmenter = MECERuleSegmenter(
        {"VIP": "aov >= q(0.8)"}, default="New", universe="days <= 14"
    ).fit(X)
    content = content_of(segmenter)
    universe("days <= 7")(content)
    copy = read(content)
    assert copy.rules == {"VIP": "aov >= q(0.8)"}
    assert copy.universe == "days <= 7"
    expected = segmenter.set_params(universe="days <= 7").fit(X)
    assert copy.fit(X).rules_ == expected.rules_


def test_an_edited_rule_is_the_rule_of_a_refit() -> None:
    X = customers()
    segmenter = fitted(min_size=20, score_weights={"size": 1})
    content = content_of(segmenter)
    EDITS["border moved"](content)
    copy = read(content)
    assert copy.rules == {"VIP": "aov >= 100", "Core": "40 <= aov < 100"}
    assert copy.min_size == 20
    assert copy.score_weights == {"size": 1}
    assert copy.playbook == {"VIP": "Call"}
    copy.fit(X, X["converted"])
    assert copy.segments_["n"].tolist() == counted(copy)["n"].tolist()


def test_parameters_in_the_file_may_be_edited_for_the_next_fit() -> None:
    X = customers()
    content = fitted_content()
    content["parameters"]["max_size"] = 100
    copy = read(content)
    pd.testing.assert_frame_equal(copy.segments_, fitted().segments_)
    assert copy.fit(X, X["converted"]).segments_["n"].max() <= 100
    content["parameters"]["on_overlap"] = "last"
    with pytest.raises(RuleError, match=r"parameters: .*on_overlap"):
        read(content)


def test_a_strategy_of_segments_alone_is_read() -> None:
    content = fitted_content()
    for key in ("parameters", "fitted"):
        del content[key]
    segmenter = read(content)
    assert segmenter.rules == RULES
    assert segmenter.segments_[FIGURES].isna().all(axis=None)
    assert segmenter.predict(customers()).tolist() == fitted().labels_.tolist()


DAYS = pd.to_datetime(["2024-12-20", "2024-12-21", "2024-12-25"])
VALUES = st.sampled_from(
    [3, 40.5, "a", q(0.5), float("inf"), ["a", "b"], (1.5, 2), np.float64(7), True]
)


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Return parameters of every kind with which `customers` can be segmented."""
    vip = draw(st.sampled_from([100, 120.0, q(0.75)]))
    rules: Any = draw(
        st.sampled_from(
            [
                {"VIP": "aov >= {t}", "Core": "40 <= aov < {t}"},
                {"VIP": "aov >= max(q(0.5), {t})", "Small": "aov < 20"},
                {"VIP": "aov >= {t}", "Core": parse("aov < 15")},
                {"VIP": "aov >= {t}", "All": "aov > 0"},
            ]
        )
    )
    overlap = draw(st.sampled_from(["first"] if "All" in rules else ["first", "raise"]))
    return {
        "rules": rules,
        "params": {"t": vip, "unused": draw(VALUES)},
        "default": draw(st.sampled_from(["New", "Rest of it"])),
        "on_overlap": overlap,
        "on_gap": draw(st.sampled_from(["raise", "default"])),
        "universe": draw(
            st.sampled_from([None, "days <= 14", "days <= q(0.8)", parse("days > 1")])
        ),
        "min_size": draw(st.sampled_from([None, 20, 0.05])),
        "max_size": draw(st.sampled_from([None, 300, 0.6])),
        "split_on": draw(st.sampled_from([None, ["days"], ("aov", "days")])),
        "oversize": draw(st.sampled_from(["raise", "allow"])),
        "schema": draw(
            st.sampled_from([None, {}, {"days": {"low": 0}, "x": {"values": ["a"]}}])
        ),
        "score_weights": draw(
            st.sampled_from([None, {"size": 1}, {"outcome": 0.5, "aov": -2}])
        ),
        "playbook": draw(st.sampled_from([None, {}, {"VIP": "Call"}])),
    }


def plain(value: Any) -> Any:
    """Return a parameter as it comes back: rules as text, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Rule) else value


@few_examples(25)
@given(parameters())
def test_parameters_come_back_and_a_refit_gives_the_same(settings: Any) -> None:
    X = customers()
    try:
        segmenter = MECERuleSegmenter(**settings).fit(X, X["converted"])
    except InfeasibleError:
        reject()
    text = str(segmenter.to_json(dialect=None))
    copy = MECERuleSegmenter.from_strategy(text)
    assert plain(copy.get_params()) == plain(segmenter.get_params())
    assert copy.to_json(dialect=None) == text
    copy.fit(X, X["converted"])
    assert copy.to_json(dialect=None) == text
    assert copy.labels_.tolist() == segmenter.labels_.tolist()
    pd.testing.assert_frame_equal(copy.segments_, segmenter.segments_)


@pytest.mark.parametrize(
    ("rule", "value", "schema"),
    [
        ("premium == {v}", True, {"premium": {"values": [True, False]}}),
        ("premium == {v}", np.bool_(False), None),
        ("day >= {v}", dt.date(2024, 12, 25), None),
        ("day >= {v}", pd.Timestamp("2024-12-25 10:00"), None),
        ("day in {v}", [np.datetime64("2024-12-21")], {"day": {"values": DAYS}}),
        ("aov > {v}", float("-inf"), None),
        ("aov in {v}", np.array([1.0, 2.5]), None),
        ("aov in {v}", {3, 4}, {"aov": {"values": [1, 2.5, 3]}}),
    ],
    ids=str,
)
def test_values_of_every_kind_come_back(rule: str, value: Any, schema: Any) -> None:
    X = pd.DataFrame({"aov": [1, 2.5, 3], "premium": [True, False, True], "day": DAYS})
    segmenter = MECERuleSegmenter(
        {"A": rule}, default="Rest", params={"v": value}, schema=schema
    ).fit(X)
    text = segmenter.to_json()
    copy = MECERuleSegmenter.from_strategy(text)
    assert copy.rules_ == segmenter.rules_
    assert copy.parse_rules() == segmenter.parse_rules()
    assert as_schema(copy.schema) == as_schema(schema)
    assert copy.to_json() == text
    assert copy.fit(X).to_json() == text


def test_a_value_that_json_cannot_hold_is_named() -> None:
    segmenter = fitted(params={"unused": object()})
    with pytest.raises(RuleError, match=r"params\['unused'\] cannot be written"):
        segmenter.to_json()


def test_parameters_that_change_after_fit_are_not_written() -> None:
    playbook = {"VIP": "Call"}
    segmenter = fitted(playbook=playbook)
    before = segmenter.to_json()
    playbook["Core"] = "Mail"
    segmenter.set_params(min_size=3)
    assert segmenter.to_json() == before


# Counting again


def test_figures_are_counted_anew_on_other_rows() -> None:
    segmenter = fitted(min_size=0.05, max_size=0.5, score_weights={"aov": 1})
    rules = segmenter.rules_
    X = make_cart_abandoners(400, random_state=3)[["aov", "days_since_abandon"]]
    X = X.rename(columns={"days_since_abandon": "days"})
    y = X["aov"].gt(60).to_numpy()
    weight = np.full(len(X), 3)
    segmenter.recount(X, y, sample_weight=weight)
    assert segmenter.rules_ == rules
    inside = (X["days"] <= 14).to_numpy()
    assert segmenter.segments_["n"].sum() == 3 * inside.sum()
    assert segmenter.n_outside_ == 3 * (~inside).sum()
    assert segmenter.lineage_["n"].sum() == 3 * len(X)
    assert segmenter.min_size_ == pytest.approx(0.05 * 3 * inside.sum())
    assert segmenter.labels_.tolist() == segmenter.predict(X).tolist()
    means = segmenter.segments_.set_index("name")["mean_aov"]
    codes = segmenter.labels_
    for code, name in enumerate(rules.names):
        assert means[name] == pytest.approx(X["aov"][codes == code].mean(), nan_ok=True)


def test_scores_are_missing_where_the_rows_lack_their_columns() -> None:
    segmenter = fitted(score_weights={"outcome": 1, "converted": 1})
    X = customers()[["aov", "days"]]
    table = segmenter.recount(X).segments_
    assert table["n"].sum() > 0
    assert table[["score", "rank", "outcome", "mean_converted"]].isna().all(axis=None)


def test_rows_that_break_the_upper_bound_are_flagged() -> None:
    segmenter = fitted(max_size=300)
    assert not segmenter.segments_["oversize"].any()
    X = pd.concat([customers()] * 3)
    table = segmenter.recount(X).segments_
    assert table["oversize"].tolist() == (table["n"] > 300).tolist()
    assert table["oversize"].any()


def test_nobody_in_the_universe_is_counted_as_nobody() -> None:
    segmenter = fitted(min_size=0.1).recount(customers().assign(days=99.0))
    assert segmenter.segments_["n"].tolist() == [0] * len(segmenter.rules_)
    assert segmenter.segments_["share"].isna().all()


# Whether two rules hold for the same rows


@few_examples(60)
@given(st.data())
def test_equivalent_rules_hold_for_the_same_rows(data: st.DataObject) -> None:
    first, second = data.draw(any_rules()), data.draw(any_rules())
    assert equivalent(first, first & (first | second))
    assert equivalent(~(first & second), ~first | ~second)
    both = RuleSet({"a": first, "b": second})
    X = data.draw(columns_for(both))
    if equivalent(first, second):
        assert first.evaluate(X).tolist() == second.evaluate(X).tolist()


@pytest.mark.parametrize(
    ("first", "second", "are_equivalent"),
    [
        ("x > 3", "3 < x", True),
        ("x > 3", "x >= 3", False),
        ("x > 3", "not x <= 3", False),
        ("x > 3 or missing(x)", "not x <= 3", True),
        ("x == 1 or x == 2", "x in [2, 1]", True),
        ("x == 1", "y == 1", False),
        ("x == 1", "x == 'a'", False),
        ("False", "x > 3 and x < 2", True),
        ("True", "x > 3 or not x > 3", True),
    ],
)
def test_rules_are_compared_by_their_rows(
    first: str, second: str, are_equivalent: bool
) -> None:
    assert equivalent(parse(first), parse(second)) is are_equivalent
