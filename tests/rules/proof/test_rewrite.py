"""Rules written anew: shorter, and for the same rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, parse
from tests.examples import few_examples
from tests.rules.strategies import columns_for, rules

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (
            "(x > 1 and y < 3) or (x > 1 and z > 2)",
            "x > 1 and (y < 3 or z > 2)",
        ),
        (
            "(x > 1 and y < 3) or (x > 1 and z > 2) or w > 5",
            "w > 5 or (x > 1 and (y < 3 or z > 2))",
        ),
        (
            "(x > 1 and y < 3 and z > 2) or (x > 1 and y < 3 and w > 5)",
            "x > 1 and y < 3 and (z > 2 or w > 5)",
        ),
        (
            "(x > 1 and y < 3) or (z > 2 and w > 5)",
            "(x > 1 and y < 3) or (z > 2 and w > 5)",
        ),
        ("x > 1 or (x > 1 and y < 3)", "x > 1"),
        (
            "missing(x) or (not x < 90 and missing(y))",
            "missing(x) or (x >= 90 and missing(y))",
        ),
        ("(x > 1 and y < 3) or (x > 1 and not y < 3)", "x > 1"),
    ],
)
def test_what_several_boxes_share_is_written_once(text: str, short: str) -> None:
    simple = RuleSet({"a": text}).simplify()["a"]
    assert sorted(str(simple)) == sorted(short)
    assert RuleSet({"a": simple, "b": f"not ({text})"}).verify().is_mece
    assert len(str(simple)) <= len(text)


@few_examples(60)
@given(rules(max_leaves=12), st.data())
def test_a_simplified_rule_holds_for_the_same_rows(
    rule: Rule, data: st.DataObject
) -> None:
    rule_set = RuleSet({"a": rule})
    try:
        simple = rule_set.simplify()["a"]
    except RuleError:
        return
    assert parse(str(simple)) == simple
    X = data.draw(columns_for(rule_set))
    assert simple.evaluate(X).tolist() == rule.evaluate(X).tolist()
