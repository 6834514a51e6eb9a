"""MECERuleSegmenter takes the rule set of another segmenter."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skseg import MECERuleSegmenter
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import RuleSet
from tests.core.fitted_models import CASES, NAMES, facts_of, rows

PARTITIONS = [
    "RFMSegmenter",
    "MECERuleSegmenter",
    "OptimalRevenueBinner",
    "PropensityBinner",
    "RuleSurrogate",
]
FINDERS = [name for name in CASES if "Finder" in name]
X = pd.DataFrame(
    {"aov": [10.0, 50, 200, np.nan, 130, 30], "age": [20.0, 30, 40, 50, np.nan, 70]}
)


@cache
def fitted(name: str) -> Any:
    """Return the fitted model of a case."""
    frame = pd.DataFrame(rows(0), columns=NAMES)
    return CASES[name].fit(CASES[name].make(), frame, facts_of(rows(0)))


def frame_for(model: Any, seed: int, n_missing: int = 0) -> pd.DataFrame:
    """Return customers with the columns that the rules of a model use."""
    frame = pd.DataFrame(rows(seed), columns=NAMES)
    if "propensity" in model.rules_.columns:
        frame = pd.DataFrame({"propensity": model.predict_propensity(frame)})
    for i in range(n_missing):
        frame.iloc[i, i % frame.shape[1]] = np.nan
    return frame


@pytest.mark.parametrize("name", PARTITIONS)
def test_codes_are_those_of_the_segmenter_that_the_rules_come_from(name: str) -> None:
    model = fitted(name)
    schema = model.schema if name == "MECERuleSegmenter" else None
    segmenter = MECERuleSegmenter(model.rules_, schema=schema)
    segmenter.fit(frame_for(model, 0))
    n_missing = 0 if schema else 9
    fresh = frame_for(model, 7, n_missing)
    expected = model.rules_.assign(fresh)
    np.testing.assert_array_equal(segmenter.predict(fresh), expected)
    stored = MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None))
    np.testing.assert_array_equal(stored.predict(fresh), expected)
    again = clone(stored).fit(frame_for(model, 0))
    np.testing.assert_array_equal(again.predict(fresh), expected)


@pytest.mark.parametrize("name", FINDERS)
def test_findings_are_a_partition_once_the_others_and_overlaps_are_declared(
    name: str,
) -> None:
    model = fitted(name)
    if not len(model.rules_):
        with pytest.raises(InvalidParameterError, match="'rules' parameter"):
            MECERuleSegmenter(model.rules_).fit(frame_for(model, 0))
        return
    with pytest.raises(InvalidDataError, match="default='Others'"):
        MECERuleSegmenter(model.rules_, on_overlap="first").fit(frame_for(model, 0))
    segmenter = MECERuleSegmenter(
        model.rules_, on_overlap="first", default="Others"
    ).fit(frame_for(model, 0))
    fresh = frame_for(model, 7)
    codes = model.rules_.assign(fresh)
    expected = np.where(codes < 0, len(model.rules_), codes)
    np.testing.assert_array_equal(segmenter.predict(fresh), expected)


def test_default_and_universe_come_with_the_rules() -> None:
    rules = RuleSet({"High": "aov >= 100"}, default="Rest", universe="age < 60")
    segmenter = MECERuleSegmenter(rules).fit(X)
    assert list(segmenter.segment_names_) == ["High", "Rest", "outside"]
    np.testing.assert_array_equal(segmenter.predict(X), rules.assign(X))
    assert segmenter.parse_rules() == rules
    assert segmenter.verify().is_mece


def test_noise_is_outside() -> None:
    rules = RuleSet(
        {"High": "aov >= 100", "Low": "aov < 40", "Noise": "40 <= aov < 100"},
        default="Unknown",
        noise="Noise",
    )
    segmenter = MECERuleSegmenter(rules).fit(X)
    np.testing.assert_array_equal(segmenter.predict(X), [1, -1, 0, 2, 0, 1])
    np.testing.assert_array_equal(segmenter.predict(X), rules.assign(X))
    assert segmenter.n_outside_ == 1


def test_noise_that_overlaps_a_rule_is_refused_and_the_advice_helps() -> None:
    rules = RuleSet(
        {"High": "aov >= 100", "Noise": "aov >= 90"}, default="Low", noise="Noise"
    )
    with pytest.raises(InvalidDataError, match=r"Pass rules\.disjoint\(\)"):
        MECERuleSegmenter(rules).fit(X)
    segmenter = MECERuleSegmenter(rules.disjoint()).fit(X)
    np.testing.assert_array_equal(segmenter.predict(X), rules.assign(X))


def test_a_default_alone_is_everyone() -> None:
    segmenter = MECERuleSegmenter(RuleSet({}, default="All")).fit(X)
    assert list(segmenter.segment_names_) == ["All"]
    assert (segmenter.labels_ == 0).all()


@pytest.mark.parametrize(
    ("name", "value"), [("default", "Others"), ("universe", "age < 50")]
)
def test_a_parameter_that_contradicts_the_rule_set_is_refused(
    name: str, value: str
) -> None:
    rules = RuleSet({"High": "aov >= 100"}, default="Rest", universe="age < 60")
    segmenter: Any = MECERuleSegmenter(rules, **{name: value})
    with pytest.raises(InvalidParameterError, match=f"the {name} that the RuleSet"):
        segmenter.fit(X)
    # What the message advises: leave it out, or pass the rules alone.
    segmenter.set_params(**{name: None}).fit(X)
    segmenter.set_params(rules=rules.rules, default="Others").fit(X)


@pytest.mark.parametrize("name", ["default", "universe"])
def test_a_parameter_that_repeats_the_rule_set_is_accepted(name: str) -> None:
    rules = RuleSet({"High": "aov >= 100"}, default="Rest", universe="age < 60")
    segmenter: Any = MECERuleSegmenter(rules)
    segmenter.set_params(**{name: str(getattr(rules, name))})
    np.testing.assert_array_equal(segmenter.fit(X).labels_, rules.assign(X))


def test_quantiles_of_a_rule_set_are_those_of_the_training_rows() -> None:
    rules = RuleSet({"High": "aov >= q(0.5)"}, default="Rest")
    segmenter = MECERuleSegmenter(rules).fit(X)
    np.testing.assert_array_equal(segmenter.labels_, rules.resolve(X).assign(X))
    assert len(segmenter.cut_points_) == 1


def test_rule_sets_have_sizes_playbooks_clones_and_searches() -> None:
    rules = RuleSet({"High": "aov >= 100", "Low": "aov < 100"}, default="Unknown")
    frame = pd.DataFrame({"aov": np.arange(200.0)})
    segmenter = MECERuleSegmenter(rules, max_size=60, playbook={"High": "Call"})
    copy = clone(segmenter)
    assert copy.rules == rules
    assert copy.get_params()["rules"] == rules
    copy.fit(frame)
    assert copy.segments_["n"].max() <= 60
    assert set(copy.to_strategy(dialect=None)["action"]) == {"Call", ""}
    other = RuleSet({"High": "aov >= 20"}, default="Rest")
    search = GridSearchCV(MECERuleSegmenter(rules), {"rules": [other, rules]}, cv=2)
    search.fit(frame, np.arange(200) >= 100)
    assert search.best_params_["rules"] in (other, rules)
    assert segmenter.rules is rules
