"""What rules read like where something is known of their columns."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.rules import Domain, Rule, RuleSet, col, missing, parse
from skseg.rules._language._conditions import comparison, conjunction
from skseg.rules._language._english import Wording
from tests.examples import few_examples

WHOLE = Wording(integers={"n"})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("2 < n <= 3", "n is 3"),
        ("3 <= n <= 3", "n is 3"),
        ("2 < n < 4", "n is 3"),
        ("2.5 < n < 3.5", "n is 3"),
        ("2 < n <= 5", "n is 3 to 5"),
        ("3 <= n < 6", "n is 3 to 5"),
        ("-6 < n < -3", "n is -5 to -4"),
        ("n > 2", "n is at least 3"),
        ("n >= 2.5", "n is at least 3"),
        ("n < 3", "n is at most 2"),
        ("n <= 2.5", "n is at most 2"),
        ("not n > 2", "n is at most 2 (or is missing)"),
        ("n == 3", "n is 3"),
        ("n != 3", "n is not 3 (or is missing)"),
        ("n in [3, 5]", "n is 3 or 5"),
        ("2 < x <= 3", "x is above 2 and at most 3"),
        ("n > inf", "n is above inf"),
        ("n >= 1e300", "n is at least 1e+300"),
        # No whole number lies between.
        ("3 < n < 4", "n is at least 4 and at most 3"),
        ("2 < n <= 3 and n < 9", "n is 3 and n is at most 8"),
        ("n > 2 or missing(n)", "n is at least 3 or n is missing"),
        ("not 2 < n <= 5", "n is at most 2 or at least 6 (or is missing)"),
        ("not 2 < x <= 5", "x is at most 2 or above 5 (or is missing)"),
    ],
)
def test_bounds_of_whole_numbers_include_their_numbers(rule: str, text: str) -> None:
    assert WHOLE.english(parse(rule)) == text


def test_of_columns_that_are_never_missing_it_is_not_said() -> None:
    words = Wording(present={"n"})
    assert words.english(parse("not n > 2")) == "n is at most 2"
    assert words.english(parse("n != 2")) == "n is not 2"
    assert words.english(parse("n not in [2, 3]")) == "n is not 2 or 3"
    assert words.english(parse("not x > 2")) == "x is at most 2 (or is missing)"


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Domain(integer=True), "n is 3 to 5"),
        (Domain(integer=True, low=1, high=9, missing=False), "n is 3 to 5"),
        (Domain(values=(1, 2, 3, 4, 5)), "n is 3 to 5"),
        (Domain(values=(1, 2.5)), "n is above 2 and at most 5"),
        (Domain(low=0), "n is above 2 and at most 5"),
        ({"integer": True}, "n is 3 to 5"),
    ],
    ids=str,
)
def test_a_rule_set_is_described_with_what_the_schema_says(
    domain: Any, text: str
) -> None:
    rules = RuleSet({"A": "2 < n <= 5"}, default="Rest")
    assert rules.describe({"n": domain}) == {"A": text, "Rest": "everyone else"}
    assert rules.describe()["A"] == "n is above 2 and at most 5"


def holds(text: str, value: float) -> bool:
    """Read the English of a rule about `n`, independently, and apply it to a value."""
    if match := re.fullmatch(r"(.*) \(or is missing\)", text):
        return np.isnan(value) or holds(match[1], value)
    if text in ("n is missing", "n is known"):
        return np.isnan(value) == (text == "n is missing")
    clause = text.removeprefix("n is ")
    if " or " in clause:
        return any(holds(f"n is {part}", value) for part in clause.split(" or "))
    if " and " in clause:
        return all(holds(f"n is {part}", value) for part in clause.split(" and "))
    if match := re.fullmatch(r"(\S+) to (\S+)", clause):
        return float(match[1]) <= value <= float(match[2])
    for words, compare in {
        "at least ": np.greater_equal,
        "at most ": np.less_equal,
        "above ": np.greater,
        "below ": np.less,
        "not ": lambda a, b: not np.isnan(a) and a != b,
        "": np.equal,
    }.items():
        if clause.startswith(words):
            return bool(compare(value, float(clause.removeprefix(words))))
    raise AssertionError(text)


NUMBERS = st.integers(-4, 4).map(float) | st.sampled_from([-1.5, 0.5, 2.25])


@st.composite
def rules_on_one_column(draw: st.DrawFn) -> Rule:
    operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    rule: Rule = comparison("n", draw(operators), draw(NUMBERS))
    if draw(st.booleans()):
        low = comparison("n", draw(st.sampled_from([">", ">="])), draw(NUMBERS))
        high = comparison("n", draw(st.sampled_from(["<", "<="])), draw(NUMBERS))
        rule = conjunction([low, high])
    return ~rule if draw(st.booleans()) else rule


@few_examples(100)
@given(rules_on_one_column(), st.booleans())
def test_english_says_what_the_rule_says(rule: Rule, is_whole: bool) -> None:
    text = (WHOLE if is_whole else Wording()).english(rule)
    values = [*np.arange(-6.0, 7.0), np.nan]
    if not is_whole:
        values += [-1.5, 0.5, 2.25, 0.1]
    truth = rule.evaluate({"n": values})
    assert [holds(text, value) for value in values] == truth.tolist()


def test_builders_read_like_text() -> None:
    rule = (col("n") > 2) & (col("n") <= 3) | missing("n")
    assert WHOLE.english(rule) == "(n is 3) or n is missing"
