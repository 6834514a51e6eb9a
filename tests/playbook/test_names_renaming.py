"""rename_segments: the same codes under other names, for every fitted segmenter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.exceptions import InvalidParameterError, RuleError
from skseg.playbook import rename_segments
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
