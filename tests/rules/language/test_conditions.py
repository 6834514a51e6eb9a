"""The condition algebra: operators, equality, errors and English."""

from __future__ import annotations

import math
import pickle
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, maximum, minimum, missing, parse, q
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Membership,
    Missing,
    Not,
    Or,
)
from tests.rules.strategies import rules

pytestmark = pytest.mark.pure

a, b = col("a"), col("b")


def test_operators_build_what_they_say() -> None:
    assert (a < 1) == Comparison("a", "<", 1.0)
    assert (a <= 1) == Comparison("a", "<=", 1.0)
    assert (a > 1) == Comparison("a", ">", 1.0)
    assert (a >= 1) == Comparison("a", ">=", 1.0)
    assert (a == 1) == Comparison("a", "==", 1.0)
    assert (a != "x") == Comparison("a", "!=", "x")
    assert (a > 1) == Comparison("a", ">", 1.0)
    assert a.isin([2, 1]) == Membership("a", (2.0, 1.0))
    assert a.isin({"x"}) == Membership("a", ("x",))
    assert a.is_missing() == missing("a") == missing(a) == Missing("a")


def test_and_or_are_flat_and_not_cancels_itself() -> None:
    one, two, three = a > 1, b > 2, a < 3
    assert (one & two & three) == And((one, two, three)) == (one & (two & three))
    assert (one | two | three) == Or((one, two, three)) == (one | (two | three))
    assert (one | (two & three)) == Or((one, And((two, three))))
    assert ~one == Not(one)
    assert ~~one == one
    assert ~(one & two) == Not(And((one, two)))


def test_equality_and_hash_are_by_structure() -> None:
    assert (a > 1) == (col("a") > 1.0)
    assert hash(a > 1) == hash(col("a") > 1.0)
    assert (a > 1) != (a >= 1)
    assert (a > 1) != (b < 1)
    assert (a == 0.0) == (a == -0.0)
    assert str(a == -0.0) == "a == 0"
    assert len({a > 1, col("a") > 1, a > 2}) == 2
    assert (a > 1) != "a > 1"


@pytest.mark.parametrize("use", [bool, lambda r: r and r, lambda r: not r])
def test_a_rule_has_no_truth_value(use: Any) -> None:
    with pytest.raises(TypeError, match=r"Combine rules with &, \| and ~"):
        use(a > 1)


def test_a_python_chain_is_an_error_not_half_a_rule() -> None:
    with pytest.raises(TypeError, match="write 40 <= x < 120 as"):
        40 <= a < 120  # noqa: B015


@pytest.mark.parametrize("combine", [lambda r: r & True, lambda r: r | 1])
def test_only_rules_combine(combine: Any) -> None:
    with pytest.raises(TypeError, match="put each comparison in parentheses"):
        combine(a > 1)


def test_a_rule_is_immutable() -> None:
    with pytest.raises(AttributeError):
        (a > 1).column = "b"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value", [1, 1.0, np.int8(1), np.float32(1), Fraction(1), 2**60, 10**20]
)
def test_a_number_of_any_type_is_taken_as_the_float64_equal_to_it(value: Any) -> None:
    rule = a > value
    assert isinstance(rule, Comparison)
    assert type(rule.threshold) is float
    assert rule.threshold == value
    assert a.isin([value]) == Membership("a", (float(value),))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "Use missing"),
        (None, "None is not a threshold. Use missing"),
        (2**53 + 1, "the nearest one is 9007199254740992"),
        (Fraction(1, 3), "is not a float64"),
        (10**400, "beyond float64"),
        pytest.param(10**5000, "beyond float64", id="5000 digits"),
        (1j, "must be a number"),
        (Decimal("0.1"), "must be a number"),
        ([1], "must be a number"),
        (col("b"), "must be a number"),
        (b"x", "must be a number"),
    ],
)
def test_what_is_no_float64_is_no_threshold(value: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        a > value  # noqa: B015


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">="])
def test_text_has_no_order(symbol: str) -> None:
    with pytest.raises(RuleError, match="Text has no order"):
        parse(f"a {symbol} 'x'")
    with pytest.raises(RuleError, match="Text has no order"):
        a < "x"  # noqa: B015


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "holds for nobody"),
        ("xyz", "takes a list"),
        ([1, "x"], "all numbers, all text, all dates or all booleans"),
        (["x", None], "missing values are asked for with missing"),
        ([math.nan], "NaN is not a threshold"),
        ([q(0.5)], "all numbers, all text, all dates or all booleans"),
        (["\0"], "NUL"),
        (["\ud800"], "lone surrogates"),
    ],
)
def test_a_list_of_values_is_checked(values: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        a.isin(values)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must not be empty"),
        ("a\0", "NUL"),
        ("\udfff", "lone surrogates"),
        (1, "must be a str"),
        (None, "must be a str"),
    ],
)
def test_a_column_name_is_checked(name: Any, message: str) -> None:
    for build in (col, missing):
        with pytest.raises(RuleError, match=message):
            build(name)


def test_quantiles_have_no_order_and_say_what_to_use_instead() -> None:
    for order in (max, min):
        for thresholds in ((q(0.5), 120), (120, q(0.5)), (q(0.5), q(0.6))):
            with pytest.raises(TypeError, match=r"skseg.rules.maximum\(...\)"):
                order(*thresholds)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan, "0.5", None])
def test_the_level_of_a_quantile_is_a_share(p: Any) -> None:
    with pytest.raises(RuleError, match=r"must be in \[0, 1\]"):
        q(p)


def test_quantiles_and_extremes_compare_by_structure() -> None:
    assert q(1) == q(1.0)
    assert maximum(q(0.5), 1) == maximum(q(0.5), 1.0) != minimum(q(0.5), 1.0)
    assert (a > q(0.5)) == (a > q(0.5)) != (a > q(0.6))
    with pytest.raises(RuleError, match="at least two"):
        maximum(1)
    with pytest.raises(RuleError, match="must be a number"):
        minimum(1, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rules_",
    [
        {"x": "a > 1", "y": "a == 'x'"},
        {"x": "a > 1 or a in ['x']"},
        {"x": (a != "x") & ~(a == 1)},
    ],
)
def test_a_column_holds_one_kind_of_value(rules_: Any) -> None:
    with pytest.raises(RuleError, match="compared with numbers and with text"):
        RuleSet(rules_)


def test_a_missing_test_fits_either_kind() -> None:
    assert RuleSet({"x": "a > 1 or missing(a)"}).columns == ("a",)
    assert RuleSet({"x": "missing(a) or a == 'x'"}).columns == ("a",)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("aov >= 120", "aov is at least 120"),
        ("aov > 120", "aov is above 120"),
        ("aov <= 120", "aov is at most 120"),
        ("aov < 0.5", "aov is below 0.5"),
        ("aov == 1", "aov is 1"),
        ("aov != 1", "aov is not 1 (or is missing)"),
        ("not aov == 1", "aov is not 1 (or is missing)"),
        ("not aov != 1", "aov is 1"),
        ("not aov >= 120", "aov is below 120 (or is missing)"),
        ("not aov < 120", "aov is at least 120 (or is missing)"),
        ("plan == 'pro'", "plan is 'pro'"),
        ("plan in ['pro', 'team']", "plan is 'pro' or 'team'"),
        ("plan in ['a', 'b', 'c']", "plan is 'a', 'b' or 'c'"),
        ("plan not in ['free']", "plan is not 'free' (or is missing)"),
        ("missing(age)", "age is missing"),
        ("not missing(age)", "age is known"),
        ("40 <= aov < 120", "aov is at least 40 and below 120"),
        ("a > 1 and b > 2", "a is above 1 and b is above 2"),
        ("a > 1 or b > 2", "a is above 1 or b is above 2"),
        (
            "a > 1 and (b > 2 or c > 3)",
            "a is above 1, and (b is above 2 or c is above 3)",
        ),
        (
            "a > 1 or b > 2 and c > 3",
            "a is above 1 or (b is above 2 and c is above 3)",
        ),
        ("not (a > 1 or b > 2)", "it is not so that (a is above 1 or b is above 2)"),
        ("aov >= q(0.75)", "aov is at least its 75% quantile"),
        (
            "aov >= max(q(0.75), 120)",
            "aov is at least the larger of its 75% quantile and 120",
        ),
        (
            "aov < min(1, 2, q(0.5))",
            "aov is below the smallest of 1, 2 and its 50% quantile",
        ),
        ("aov < inf", "aov is below inf"),
        ("True", "always"),
        ("False", "never"),
    ],
)
def test_a_rule_is_said_in_english(text: str, english: str) -> None:
    assert parse(text).describe() == english


@pytest.mark.parametrize(
    "text",
    [
        "40 <= aov < 120",
        "40 < aov <= 120",
        "aov >= 40 and plan == 'x' and aov < 120",
        "a > 1 and (b > 2 or c > 3)",
        "not (a > 1 and b > 2)",
        "not missing(a)",
        "plan not in ['free', 'trial']",
        "col('my plan') == 'x'",
        "aov >= max(q(0.75), min(120, q(1)))",
        "aov >= 1e+16",
        "aov >= -0.1",
        "aov < inf and aov > -inf",
        "True",
        "False",
    ],
)
def test_a_rule_prints_as_it_was_written(text: str) -> None:
    assert str(parse(text)) == text


@given(rules(resolved=False))
def test_rules_can_be_copied_and_pickled(rule: Rule) -> None:
    for copy in (deepcopy(rule), pickle.loads(pickle.dumps(rule))):
        assert copy == rule
        assert hash(copy) == hash(rule)
        assert str(copy) == str(rule)


@given(rules(), rules())
def test_equal_rules_have_equal_text_and_only_they(left: Rule, right: Rule) -> None:
    assert (left == right) == (str(left) == str(right))
    assert (~left == right) == (left == ~right)
