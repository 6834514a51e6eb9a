"""rename_segments: the same codes under other names, for every fitted segmenter."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import MECERuleSegmenter
from skseg.exceptions import InvalidParameterError, RuleError
from skseg.playbook import name_segments, rename_segments
from skseg.profile import profile_segments
from skseg.rules import RuleSet
from tests.core.fitted_models import CASES, NAMES, facts_of, rows

RULES = RuleSet({"A": "x >= 5", "B": "x < 5"}, default="C")


def names_of(model: Any) -> list[str]:
    if hasattr(model, "segment_names_"):
        return [str(name) for name in model.segment_names_]
    return [*model.rules_.names]


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.filterwarnings("ignore")
def test_every_segmenter_keeps_its_codes_and_has_the_new_names(kind: str) -> None:
    X = rows(0)
    case = CASES[kind]
    frame = pd.DataFrame(X, columns=NAMES)
    model = case.fit(case.make(), frame, facts_of(X))
    before = names_of(model)
    free = [name for name in before if name not in ("outside", "Noise")]
    new = {name: f"New {i}" for i, name in enumerate(free)}
    renamed = rename_segments(model, new)
    assert names_of(model) == before
    assert names_of(renamed) == [new.get(name, name) for name in before]
    if hasattr(model, "labels_"):
        np.testing.assert_array_equal(renamed.labels_, model.labels_)
    if hasattr(model, "predict"):
        np.testing.assert_array_equal(renamed.predict(frame), model.predict(frame))
    if "name" in model.segments_:
        expected = [new.get(name, name) for name in model.segments_["name"]]
        assert renamed.segments_["name"].tolist() == expected
    if hasattr(model, "rules_"):
        expected = [new.get(name, name) for name in model.rules_.names]
        assert [*renamed.rules_.names] == expected
    if hasattr(model, "get_feature_names_out"):
        expected = [new.get(name, name) for name in model.get_feature_names_out()]
        assert renamed.get_feature_names_out().tolist() == expected
    if free and hasattr(model, "to_sql"):
        assert "New 0" in str(renamed.to_sql())


@pytest.mark.parametrize(
    "names", [{"A": "V"}, {0: "V"}, ["V", "B", "C"]], ids=["name", "code", "list"]
)
def test_names_come_by_name_by_code_and_as_a_list(names: Any) -> None:
    assert rename_segments(RULES, names).names == ("V", "B", "C")


def test_two_names_may_be_swapped() -> None:
    swapped = rename_segments(RULES, {"A": "B", "B": "A"})
    assert swapped.names == ("B", "A", "C")
    assert swapped["B"] == RULES["A"]


@pytest.mark.parametrize(
    "names",
    [
        {"A": "B"},
        {"A": ""},
        {"A": " "},
        {"A": 3},
        {"A": "outside"},
        {"A": "noise"},
        {"Z": "V"},
        {9: "V"},
        ["V"],
        ["V", "V", "W"],
        "V",
        None,
    ],
    ids=repr,
)
def test_names_that_cannot_be_are_refused(names: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        rename_segments(RULES, names)
    assert caught.value.name == "names"


def test_a_rule_set_refuses_unknown_and_equal_names() -> None:
    with pytest.raises(RuleError, match="No segment is called 'Z'"):
        RULES.renamed({"Z": "V"})
    with pytest.raises(RuleError, match="Two segments would be called 'B'"):
        RULES.renamed({"A": "B"})


@pytest.fixture(scope="module")
def mece() -> MECERuleSegmenter:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.uniform(0, 10, 200), "y": rng.normal(size=200)})
    rules = {"A": "x >= 7", "B": "x < 7 and x >= 3"}
    return MECERuleSegmenter(rules, default="C", min_size=20).fit(X)


def test_lineage_has_new_names_of_segments_and_the_rules_that_were_written(
    mece: MECERuleSegmenter,
) -> None:
    renamed = rename_segments(mece, {"A": "Gold"})
    before = mece.lineage_
    expected = before.assign(segment=before["segment"].replace({"A": "Gold"}))
    pd.testing.assert_frame_equal(renamed.lineage_, expected)
    assert "Gold" in set(renamed.lineage_["segment"])


def test_a_stored_strategy_has_the_new_names(mece: MECERuleSegmenter) -> None:
    renamed = rename_segments(mece, ["Gold", "Silver", "Bronze"])
    stored = MECERuleSegmenter.from_strategy(renamed.to_json(dialect=None))
    assert [*stored.rules_.names] == ["Gold", "Silver", "Bronze"]
    X = pd.DataFrame({"x": [9.0, 5.0, 1.0], "y": [0.0] * 3})
    np.testing.assert_array_equal(stored.predict(X), mece.predict(X))


def test_a_copied_renamed_segmenter_keeps_the_new_names(
    mece: MECERuleSegmenter,
) -> None:
    renamed = rename_segments(mece, {"A": "Gold"})
    copy = pickle.loads(pickle.dumps(renamed))
    assert names_of(copy) == ["Gold", "B", "C"]
    assert names_of(rename_segments(copy, {"Gold": "A"})) == names_of(mece)


def test_a_pipeline_is_renamed_and_its_steps_are_copied() -> None:
    X = pd.DataFrame({"x": np.arange(40.0)})
    scale = StandardScaler().set_output(transform="pandas")
    segmenter = MECERuleSegmenter({"A": "x >= 0"}, default="B")
    pipeline = make_pipeline(scale, segmenter).fit(X)
    renamed = rename_segments(pipeline, {"A": "Gold"})
    assert names_of(renamed[-1]) == ["Gold", "B"]
    assert names_of(pipeline[-1]) == ["A", "B"]
    np.testing.assert_array_equal(renamed.predict(X), pipeline.predict(X))


def test_names_of_a_profile_reach_segmenter_and_profile_alike(
    mece: MECERuleSegmenter,
) -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"x": rng.uniform(0, 10, 200), "y": rng.normal(size=200)})
    profile = profile_segments(mece, X)
    names = name_segments(profile)
    renamed = profile.renamed(names)
    again = profile_segments(rename_segments(mece, names), X)
    pd.testing.assert_frame_equal(renamed.segments_, again.segments_)
    pd.testing.assert_frame_equal(renamed.frame(), again.frame())
    assert renamed.rules == again.rules
    assert renamed.segments_["name"].tolist() == names["name"].tolist()
