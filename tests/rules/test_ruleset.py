"""RuleSet: names, codes, quantiles, storage, and the same segments in other words."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from skseg.exceptions import RuleError
from skseg.rules import Domain, Rule, RuleSet, col, maximum, missing, q
from tests.rules import oracle
from tests.rules.generators import partition, random_rules, random_schema
from tests.rules.strategies import KINDS, columns_for, rule_sets

TIERS = RuleSet({"VIP": "aov >= 120", "Core": "40 <= aov < 120"}, default="Small")


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    lists = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in lists]


def test_codes_are_positions_and_the_default_comes_last() -> None:
    X = {"aov": [200.0, 15.0, 40.0, None]}
    assert TIERS.names == ("VIP", "Core", "Small")
    assert TIERS.assign(X).tolist() == [0, 2, 1, 2]
    assert TIERS.assign(X).dtype == np.intp
    assert TIERS.membership(X).tolist() == [
        [True, False, False],
        [False, False, True],
        [False, True, False],
        [False, False, True],
    ]


def test_without_a_default_nobody_is_minus_one() -> None:
    rules = RuleSet(dict(TIERS.rules))
    assert rules.assign({"aov": [200.0, 15.0, 40.0, None]}).tolist() == [0, -1, 1, -1]
    assert rules.membership({"aov": [None]}).tolist() == [[False, False]]


def test_the_first_rule_that_holds_wins() -> None:
    rules = {"a": "x > 1", "b": "x > 2", "c": "x > 0"}
    X = {"x": [3.0, 1.5, 0.5, 0.0]}
    assert RuleSet(rules).assign(X).tolist() == [0, 0, 2, -1]
    turned = dict(reversed(rules.items()))
    assert RuleSet(turned).assign(X).tolist() == [0, 0, 0, -1]
    assert RuleSet(rules).membership(X)[0].tolist() == [True, True, True]


@given(st.data())
def test_assign_is_the_first_match_of_membership(data: Any) -> None:
    rules = data.draw(rule_sets(max_size=5))
    X = data.draw(columns_for(rules))
    held = rules.membership(X)
    assert held.shape == (len(next(iter(X.values()))), len(rules))
    codes = rules.assign(X).tolist()
    assert codes == [row.index(True) if any(row) else -1 for row in held.tolist()]
    assert codes == [oracle.code(rules, row) for row in rows_of(X)]


def test_it_is_a_collection_of_names() -> None:
    assert len(TIERS) == 3
    assert list(TIERS) == ["VIP", "Core", "Small"]
    assert "Small" in TIERS
    assert TIERS["VIP"] == (col("aov") >= 120)
    assert TIERS.default == "Small"
    assert TIERS.columns == ("aov",)
    with pytest.raises(KeyError):
        TIERS["Small"]
    with pytest.raises(TypeError):
        TIERS.rules["VIP"] = missing("aov")  # type: ignore[index]


def test_columns_are_in_the_order_of_their_first_appearance() -> None:
    rules = RuleSet({"a": "y > 1 and x > 1", "b": "missing(z) or x > 2 or w == 'u'"})
    assert rules.columns == ("y", "x", "z", "w")


def test_equality_minds_order_names_and_default() -> None:
    same = RuleSet({"VIP": col("aov") >= 120, "Core": TIERS["Core"]}, default="Small")
    assert same == TIERS
    assert hash(same) == hash(TIERS)
    others = [
        RuleSet(dict(TIERS.rules)),
        RuleSet(dict(TIERS.rules), default="Rest"),
        RuleSet(dict(reversed(TIERS.rules.items())), default="Small"),
        RuleSet({"VIP": "aov >= 121", "Core": TIERS["Core"]}, default="Small"),
        RuleSet({"vip": TIERS["VIP"], "Core": TIERS["Core"]}, default="Small"),
    ]
    for other in others:
        assert other != TIERS
    assert len({TIERS, same, *others}) == 6
    assert TIERS != "TIERS"


def test_it_prints_its_rules() -> None:
    assert str(TIERS) == "VIP: aov >= 120\nCore: 40 <= aov < 120\nSmall: everyone else"
    assert eval(repr(TIERS), {"RuleSet": RuleSet}) == TIERS  # noqa: S307


def test_it_is_described_in_english() -> None:
    assert TIERS.describe() == {
        "VIP": "aov is at least 120",
        "Core": "aov is at least 40 and below 120",
        "Small": "everyone else",
    }


@given(rule_sets(resolved=False))
def test_it_can_be_copied_and_pickled(rules: RuleSet) -> None:
    if rules.is_resolved:
        rules.assign({name: [] for name in KINDS})
    for copy in (deepcopy(rules), pickle.loads(pickle.dumps(rules))):
        assert copy == rules
        assert copy.names == rules.names
        assert str(copy) == str(rules)


def test_a_copy_assigns_like_the_original() -> None:
    X = {"aov": [200.0, 15.0, 40.0, None]}
    codes = TIERS.assign(X).tolist()
    assert deepcopy(TIERS).assign(X).tolist() == codes
    assert pickle.loads(pickle.dumps(TIERS)).assign(X).tolist() == codes


@pytest.mark.parametrize(
    ("rules", "default", "message"),
    [
        (["a > 1"], None, "must be a mapping"),
        ("a > 1", None, "must be a mapping"),
        ({"": "a > 1"}, None, "must not be empty"),
        ({1: "a > 1"}, None, "must be a str"),
        ({"x\0": "a > 1"}, None, "NUL"),
        ({"\ud800": "a > 1"}, None, "lone surrogates"),
        ({"x": "a > 1"}, "x", "has a rule already"),
        ({"x": "a > 1"}, "", "must not be empty"),
        ({"x": "a > 1"}, 0, "must be a str"),
        ({"x": "a > "}, None, "Segment 'x': Not a rule"),
        ({"x": None}, None, "Segment 'x': A rule must be a str or a Rule"),
        ({"x": "a > 1", "y": "a == 'u'"}, None, "with numbers and with text"),
    ],
)
def test_bad_rule_sets_are_refused(rules: Any, default: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RuleSet(rules, default=default)


def test_quantiles_become_values_of_the_data() -> None:
    rules = RuleSet(
        {
            "top": col("aov") >= maximum(q(0.75), 120),
            "low": "aov < min(q(0.25), 60) and n <= q(0.5)",
            "u": "plan == 'u'",
        },
        default="rest",
    )
    X = {"aov": [50, 90, None, 150, 400], "n": [3, 1, 2, None, 9], "plan": ["u"] * 5}
    resolved = rules.resolve(X)
    assert not rules.is_resolved
    assert resolved.is_resolved
    assert str(resolved) == (
        "top: aov >= 150\nlow: aov < 50 and n <= 2\nu: plan == 'u'\nrest: everyone else"
    )
    assert resolved.resolve(X) == resolved
    assert resolved.assign(X).tolist() == [2, 2, 2, 0, 0]


def test_weights_repeat_rows_in_quantiles() -> None:
    rules = RuleSet({"top": "x > q(0.5)"})
    X, weight = {"x": [1.0, 2.0, 3.0]}, [5, 1, 1]
    repeated = {"x": np.repeat(X["x"], weight)}
    assert rules.resolve(X, sample_weight=weight) == rules.resolve(repeated)
    assert str(rules.resolve(X, sample_weight=weight)["top"]) == "x > 1"
    assert str(rules.resolve(X)["top"]) == "x > 2"


@given(st.data())
def test_doubling_the_data_changes_no_threshold(data: Any) -> None:
    rules = data.draw(rule_sets({"a": "number", "b": "number"}, resolved=False))
    values = st.floats(allow_nan=False)
    X = {name: data.draw(st.lists(values, min_size=3, max_size=3)) for name in "ab"}
    try:
        once = rules.resolve(X)
    except RuleError:
        # Nobody is inside of the universe.
        reject()
    assert rules.resolve({name: column * 2 for name, column in X.items()}) == once
    assert rules.resolve(X, sample_weight=[2.0, 2.0, 2.0]) == once
    assert rules.resolve(pd.DataFrame(X)) == once
    assert once.is_resolved


@pytest.mark.parametrize(
    ("X", "weight", "message"),
    [
        ({"x": [None, None]}, None, r"q\(0.5\) of column 'x' has no value"),
        ({"x": []}, None, "has no value"),
        ({"x": [1.0, 2.0]}, [0, 0], "has no value"),
        ({"x": [1.0, 2.0]}, [1], r"shape \(2,\)"),
        ({"x": [1.0, 2.0]}, [1, -1], "not negative"),
        ({"y": [1.0]}, None, "needs the column 'x'. Available: 'y'"),
        ({"x": ["u"]}, None, "compares numbers"),
    ],
)
def test_a_quantile_needs_data(X: Any, weight: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RuleSet({"top": "x > q(0.5)"}).resolve(X, sample_weight=weight)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, "2", 3], "must be numbers, one a row. Got '2' at row 1."),
        (pd.Series(["a", "b", "c"]), "must be numbers, one a row. Got 'a' at row 0."),
        ([1 + 2j, 1, 1], "must be numbers, one a row."),
        (pd.to_datetime(["2024-01-01"] * 3), "must be numbers, one a row."),
        (pd.to_timedelta([1, 2, 3], unit="D"), "must be numbers, one a row."),
        ("abc", "must be numbers, one a row. Got str values."),
        (3, "must be numbers, one a row. Got int values."),
        ({"w": 1}, "must be numbers, one a row. Got dict values."),
        ([[1, 2, 3]], "must be numbers, one a row. Got list values."),
        ([1, 2], "must have shape (3,), one weight a row. Got shape (2,)"),
        ([1, -1, 1], "must be finite and not negative. Got -1.0 at row 1."),
        ([1, 1, None], "must be finite and not negative. Got nan at row 2."),
        (pd.Series([1, 1, None], dtype="Int64"), "Got nan at row 2."),
        ([1, np.inf, 1], "must be finite and not negative. Got inf at row 1."),
    ],
    ids=str,
)
@pytest.mark.parametrize("rule", ["x > q(0.5)", "x > 2"])
def test_weights_that_are_none_are_refused_by_what_they_are(
    weight: Any, message: str, rule: str
) -> None:
    rules = RuleSet({"top": rule})
    with pytest.raises(RuleError, match="sample_weight") as caught:
        rules.resolve({"x": [1.0, 2.0, 3.0]}, sample_weight=weight)
    assert message in str(caught.value)
    assert (caught.value.owner, caught.value.name) == (
        "RuleSet.resolve",
        "sample_weight",
    )


@pytest.mark.parametrize(
    "read",
    [list, np.array, pd.Series, lambda w: pd.Series(w, dtype="Int64"), pl.Series],
    ids=["list", "numpy", "pandas", "nullable", "polars"],
)
def test_weights_may_come_in_any_container(read: Any) -> None:
    rules = RuleSet({"top": "x > q(0.5)"})
    resolved = rules.resolve({"x": [1.0, 2.0, 3.0]}, sample_weight=read([1, 1, 5]))
    assert str(resolved["top"]) == "x > 3"


def test_json_is_for_people_too() -> None:
    content = json.loads(TIERS.to_json())
    assert content == {
        "format": "skseg.rules",
        "version": 1,
        "rules": [
            {"name": "VIP", "rule": "aov >= 120"},
            {"name": "Core", "rule": "40 <= aov < 120"},
        ],
        "default": "Small",
    }
    assert "\n" not in TIERS.to_json(indent=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Not JSON"),
        ("{", "Not JSON"),
        pytest.param("[" * 100_000, "Not JSON", id="deep"),
        ("[]", "Not a rule set"),
        ('{"format": "other"}', "Not a rule set"),
        ('{"format": "skseg.rules"}', "the key 'version' is missing"),
        ('{"format": "skseg.rules", "version": 2}', "Got version 2; a newer skseg"),
        ('{"format": "skseg.rules", "version": 1}', "the key 'rules' is missing"),
    ],
)
def test_other_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RuleSet.from_json(text)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (5, "rules must be a list of rules. Got 5 instead"),
        (["x"], r"rules\[0\] must be an object. Got \"x\" instead"),
        ([{"name": "x"}], r"the key 'rules\[0\].rule' is missing"),
        ([{"name": "x", "rule": "a > 1"}] * 2, "'x' has two rules"),
        ([{"name": ["x"], "rule": "a > 1"}], r"rules\[0\].name must be text. Got \["),
        ([{"name": "x", "rule": 5}], r"rules\[0\].rule must be text. Got 5 instead"),
        ([{"name": "x", "rule": "__import__(1)"}], "Segment 'x': Unknown function"),
    ],
)
def test_json_with_bad_rules_is_refused(rules: Any, message: str) -> None:
    content = {"format": "skseg.rules", "version": 1, "rules": rules}
    with pytest.raises(RuleError, match=message):
        RuleSet.from_json(json.dumps(content))


# The same segments in other words.


@given(st.data())
def test_disjoint_rules_give_everyone_the_same_segment(data: Any) -> None:
    rules = data.draw(rule_sets(max_size=5))
    apart = rules.disjoint()
    assert apart.names == rules.names
    assert apart.verify().is_exclusive
    X = data.draw(columns_for(rules))
    if set(apart.columns) <= set(X):
        assert apart.assign(X).tolist() == rules.assign(X).tolist()
        assert (apart.membership(X).sum(axis=1) <= 1).all()


@given(st.data())
def test_simple_rules_hold_for_the_same_rows(data: Any) -> None:
    rules = data.draw(rule_sets(max_size=5))
    simple = rules.simplify()
    X = data.draw(columns_for(rules))
    assert simple.names == rules.names
    assert simple.membership(X).tolist() == rules.membership(X).tolist()
    assert simple.simplify().membership(X).tolist() == rules.membership(X).tolist()


@pytest.mark.parametrize("seed", range(12))
def test_larger_rule_sets_can_be_told_apart_and_simplified(seed: int) -> None:
    rng = Random(seed)
    drawn: dict[str, Rule] = random_rules(rng, 12, 4, grid=True)
    if seed % 2:
        drawn = partition(rng, 12, 4) | random_rules(rng, 3, 4)
        drawn = {f"{i}": rule for i, rule in enumerate(drawn.values())}
    rules = RuleSet(drawn)
    n_rows, numbers = 3000, np.random.default_rng(seed)
    words = np.array(["free", "pro", "", "it's", "ß", "other", "x", None], dtype=object)
    values = np.array([-np.inf, np.inf, np.nan, *np.arange(-3.5, 4, 0.5), -500, 500])
    X = {
        name: numbers.choice(words if name.startswith("text") else values, n_rows)
        for name in rules.columns
    }
    apart, simple = rules.disjoint(), rules.simplify()
    assert apart.verify().is_exclusive
    assert apart.assign(X).tolist() == rules.assign(X).tolist()
    assert (apart.membership(X).sum(axis=1) <= 1).all()
    assert simple.membership(X).tolist() == rules.membership(X).tolist()


@pytest.mark.parametrize("seed", range(12))
def test_under_a_schema_possible_rows_keep_their_segment(seed: int) -> None:
    rng = Random(seed)
    rules = RuleSet(random_rules(rng, 6, 3, grid=True))
    schema = random_schema(rng, dict(rules.rules))
    apart, simple = rules.disjoint(schema), rules.simplify(schema)
    assert apart.verify(schema).is_exclusive
    X: dict[str, list[Any]] = {}
    for name in rules.columns:
        domain = schema.get(name, Domain())
        if name.startswith("text"):
            words = domain.values or ("free", "pro", "", "it's", "ß", "other", "unseen")
            possible: list[Any] = list(words)
        else:
            grid = [x / 2 for x in range(-8, 9)]
            possible = [
                x
                for x in grid
                if domain.low <= x <= domain.high
                and (not domain.integer or x.is_integer())
            ]
        possible += [None] if domain.missing else []
        if not possible:
            return
        X[name] = rng.choices(possible, k=1000)
    assert apart.assign(X).tolist() == rules.assign(X).tolist()
    assert simple.membership(X).tolist() == rules.membership(X).tolist()


def test_rules_that_do_not_overlap_stay_as_they_are_written() -> None:
    rules = RuleSet({"a": "not x >= 3", "b": "x >= 3 and not y < 1", "c": "x >= 7"})
    apart = rules.disjoint()
    assert apart["a"] == rules["a"]
    assert apart["b"] == rules["b"]
    assert str(apart["c"]) == "x >= 7 and y < 1"


@pytest.mark.parametrize(
    ("rules", "schema", "expected"),
    [
        (
            {"VIP": "aov >= 120", "Core": "aov >= 40"},
            None,
            {"VIP": "aov >= 120", "Core": "40 <= aov < 120"},
        ),
        (
            {"a": "x > 1", "b": "x > 2"},
            None,
            {"a": "x > 1", "b": "False"},
        ),
        (
            {"a": "s in ['u', 'v']", "b": "s in ['v', 'w']", "c": "True"},
            None,
            {
                "a": "s in ['u', 'v']",
                "b": "s in ['w']",
                "c": "s not in ['u', 'v', 'w']",
            },
        ),
        (
            {"a": "x < 1", "b": "True"},
            None,
            {"a": "x < 1", "b": "not x < 1"},
        ),
        (
            {"a": "x < 1", "b": "True"},
            {"x": {"missing": False}},
            {"a": "x < 1", "b": "x >= 1"},
        ),
        (
            {"a": "missing(x)", "b": "True"},
            None,
            {"a": "missing(x)", "b": "not missing(x)"},
        ),
        (
            {
                "Top": "(R >= 3 and F >= 4) or (R >= 3 and M >= 4)",
                "New": "R == 5 and F <= 2 and M >= 2",
            },
            dict.fromkeys("RFM", Domain(integer=True, low=1, high=5, missing=False)),
            {
                "Top": "(R >= 3 and F >= 4) or (R >= 3 and M >= 4)",
                "New": "R == 5 and F <= 2 and 2 <= M < 4",
            },
        ),
    ],
)
def test_overlaps_are_resolved_into_readable_rules(
    rules: dict[str, str], schema: Any, expected: dict[str, str]
) -> None:
    apart = RuleSet(rules).disjoint(schema)
    texts = {name: str(rule) for name, rule in apart.rules.items()}
    assert texts == expected


def test_a_union_of_ranges_is_simplified_to_the_ranges() -> None:
    rules = RuleSet({"a": "(x > 1 and x > 2 and not x >= 9) or 4 < x <= 20 or x == 30"})
    assert str(rules.simplify()["a"]) == "2 < x <= 20 or x == 30"


ABANDONED = {"days": [1.0, 7.0, 8.0, None], "aov": [200.0, 20.0, 500.0, 150.0]}


def test_rows_outside_of_the_universe_belong_to_no_segment() -> None:
    rules = RuleSet({"VIP": "aov >= 120"}, default="Rest", universe="days <= 7")
    assert rules.columns == ("days", "aov")
    assert rules.names == ("VIP", "Rest")
    assert rules.assign(ABANDONED).tolist() == [0, 1, -1, -1]
    assert rules.membership(ABANDONED).tolist() == [
        [True, False],
        [False, True],
        [False, False],
        [False, False],
    ]
    assert str(rules) == (
        "outside: everyone but those for whom days <= 7\n"
        "VIP: aov >= 120\n"
        "Rest: everyone else"
    )
    assert rules != RuleSet(rules.rules, default="Rest")


def test_quantiles_of_segments_are_those_of_the_universe() -> None:
    rules = RuleSet({"top": "aov >= q(1)"}, universe="days <= q(0.5)")
    resolved = rules.resolve(ABANDONED)
    assert str(resolved.universe) == "days <= 7"
    assert str(resolved["top"]) == "aov >= 200"
    weighted = rules.resolve(ABANDONED, sample_weight=[0, 1, 1, 1])
    assert str(weighted["top"]) == "aov >= 20"


def test_the_proof_is_about_the_rows_inside() -> None:
    rules = {"late": "days > 3", "early": "days <= 3"}
    assert not RuleSet(rules).verify().is_exhaustive
    inside = RuleSet(rules, universe="days <= 7").verify()
    assert inside.is_mece
    assert inside.unreachable == ()
    report = RuleSet(
        {**rules, "VIP": "aov >= 120", "never": "days > 9"},
        universe="days <= 7 or aov < 3",
    ).verify()
    assert [overlap.names for overlap in report.overlaps] == [
        ("late", "VIP"),
        ("late", "never"),
        ("early", "VIP"),
    ]
    assert report.overlaps[1].witness == {"days": 10.0, "aov": 0.0}


def test_quantiles_of_universe_and_segments_have_no_known_order() -> None:
    rules = RuleSet({"a": "x > q(0.5)"}, universe="x > q(0.1)")
    with pytest.raises(RuleError, match="quantiles of different rows"):
        rules.verify()
    other = RuleSet({"a": "y > q(0.5)", "b": "y <= q(0.5)"}, universe="x > q(0.1)")
    assert other.verify().is_exclusive
    assert rules.resolve({"x": [1, 2, 3, 4]}).verify().is_exclusive


def test_no_segment_has_the_name_of_the_rows_outside() -> None:
    with pytest.raises(RuleError, match="No segment may be called 'outside'"):
        RuleSet({"outside": "x > 1"}, universe="x > 0")
    with pytest.raises(RuleError, match="No segment may be called 'outside'"):
        RuleSet({"a": "x > 1"}, default="outside", universe="x > 0")
    with pytest.raises(RuleError, match="The universe: Unknown function"):
        RuleSet({"a": "x > 1"}, universe="exp(x) > 0")


@pytest.mark.parametrize("output", ["code", "name"])
def test_sql_names_the_rows_outside(output: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    rules = RuleSet({"VIP": "aov >= 120"}, default="Rest", universe="days <= 7")
    frame = pd.DataFrame(ABANDONED)
    sql = f"SELECT {rules.to_sql(output=output)} FROM frame"
    results = [row[0] for row in duckdb.sql(sql).fetchall()]
    named = ["VIP", "Rest", "outside", "outside"]
    assert results == (rules.assign(frame).tolist() if output == "code" else named)


def test_a_mistyped_key_of_json_is_refused() -> None:
    text = RuleSet({"VIP": "aov >= 120"}, default="Others").to_json()
    with pytest.raises(RuleError, match=r"Got 'deefault' instead. Did you mean 'def"):
        RuleSet.from_json(text.replace('"default"', '"deefault"'))


DENSE = RuleSet(
    {"Core": "x <= 5", "Edge": "5 < x <= 9", "Noise": "x > 9"},
    default="Unknown",
    noise="Noise",
)


def test_noise_has_the_code_minus_one_and_the_last_name() -> None:
    rows = {"x": [1.0, 7.0, 20.0, None]}
    assert DENSE.names == ("Core", "Edge", "Unknown", "Noise")
    assert DENSE.codes == (0, 1, 2, -1)
    codes = DENSE.assign(rows)
    assert codes.tolist() == [0, 1, -1, 2]
    assert [DENSE.names[code] for code in codes] == [
        "Core",
        "Edge",
        "Noise",
        "Unknown",
    ]
    assert DENSE.membership(rows).argmax(axis=1).tolist() == [0, 1, 3, 2]
    assert list(DENSE.texts()) == list(DENSE.names)
    assert DENSE.verify().is_exclusive


def test_without_a_default_rows_of_no_segment_look_like_noise() -> None:
    rules = RuleSet({"Core": "x <= 5", "Noise": "x > 9"}, noise="Noise")
    assert rules.assign({"x": [1, 7, 20]}).tolist() == [0, -1, -1]
    assert not rules.verify().is_exhaustive


@given(st.data())
def test_noise_changes_the_code_of_its_rows_alone(data: Any) -> None:
    rules = data.draw(rule_sets(max_size=5))
    if rules.universe is not None or not rules.rules:
        reject()
    last = list(rules.rules)[-1]
    noisy = RuleSet(rules.rules, default=rules.default, noise=last)
    X = data.draw(columns_for(rules))
    nobody = "nobody"
    names = np.array([*rules.names, nobody], dtype=object)[rules.assign(X)]
    codes = noisy.assign(X)
    assert ((codes == -1) == ((names == last) | (names == nobody))).all()
    names_of_codes = np.array(noisy.names, dtype=object)[codes]
    assert (names_of_codes == names)[names != nobody].all()
    held = dict(zip(rules.names, rules.membership(X).T, strict=True))
    for name, holds in zip(noisy.names, noisy.membership(X).T, strict=True):
        assert (holds == held[name]).all()
    assert (noisy.simplify().assign(X) == codes).all()
    assert RuleSet.from_json(noisy.to_json()) == noisy != rules
    assert pickle.loads(pickle.dumps(noisy)) == noisy


@pytest.mark.parametrize(
    ("given_as", "message"),
    [
        ({"noise": "Core"}, "must be the last of the rules"),
        ({"noise": "Nobody"}, "must be the last of the rules"),
        ({"noise": "Noise", "universe": "x > 0"}, "a universe or noise"),
    ],
)
def test_noise_is_the_last_rule_and_excludes_a_universe(
    given_as: Any, message: str
) -> None:
    with pytest.raises(RuleError, match=message):
        RuleSet({"Core": "x <= 5", "Noise": "x > 5"}, **given_as)


@pytest.mark.parametrize(
    ("output", "expected"),
    [("code", [0, 1, -1, 2]), ("name", ["Core", "Edge", "Noise", "Unknown"])],
)
def test_sql_gives_noise_its_code_and_name(output: str, expected: list[Any]) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    case = DENSE.to_sql("duckdb", output=output)
    rows = "(VALUES (1.0), (7.0), (20.0), (NULL)) t(x)"
    results = duckdb.sql(f"SELECT {case} FROM {rows}").fetchall()
    assert [value for (value,) in results] == expected


def cells_of(html: str) -> list[list[str]]:
    """Return the text of every cell of a table, row by row, the head included."""
    rows = ElementTree.fromstring(html).iter("tr")
    return [["".join(cell.itertext()) for cell in row] for row in rows]


def test_a_notebook_shows_a_rule_set_as_a_table() -> None:
    rules = RuleSet({"VIP": "a > 1", "Odd": "missing(a)"}, default="All", noise="Odd")
    assert cells_of(rules._repr_html_()) == [
        ["code", "name", "rule"],
        ["0", "VIP", "a > 1"],
        ["1", "All", "everyone else"],
        ["-1", "Odd", "missing(a)"],
    ]
    inside = RuleSet({"VIP": "a > 1"}, universe="b < 2")
    assert "<caption" in inside._repr_html_()
    assert "Universe: b &lt; 2" in inside._repr_html_()


def test_hostile_names_are_text_in_a_notebook() -> None:
    hostile = "<script>alert(1)</script>"
    rules = RuleSet(
        {hostile: col(hostile) == hostile, "b": col(hostile) == hostile},
        default=f"{hostile}$",
    )
    for html in (rules._repr_html_(), rules.verify()._repr_html_()):
        assert "<script" not in html
        assert any(hostile in cell for row in cells_of(html) for cell in row)


def test_errors_of_json_name_the_key_and_the_value() -> None:
    with pytest.raises(RuleError) as caught:
        RuleSet.from_json('{"format": "skseg.rules", "version": 2}')
    facts = caught.value
    assert (facts.owner, facts.name, facts.value) == ("RuleSet.from_json", "version", 2)
    text = '{"format": "skseg.rules", "version": 1, "rules": [], "defaults": null}'
    with pytest.raises(RuleError, match="Did you mean 'default'") as caught:
        RuleSet.from_json(text)
    assert caught.value.name == "defaults"


def test_errors_of_an_unreadable_rule_in_json_keep_its_text_and_place() -> None:
    text = TIERS.to_json().replace("40 <= aov", "40 <= aov and b = 1 or aov")
    with pytest.raises(RuleError, match="Segment 'Core': Not a rule") as caught:
        RuleSet.from_json(text)
    assert caught.value.text == "40 <= aov and b = 1 or aov < 120"
    assert caught.value.span is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_rule_set_is_read_from_a_file_by_its_path(
    tmp_path: Path, encoding: str
) -> None:
    rules = RuleSet({"Größte": "aov >= 120"}, default="Übrige")
    path = tmp_path / "rules.json"
    path.write_text(rules.to_json(), encoding=encoding)
    assert RuleSet.from_json(path) == rules
    assert RuleSet.from_json(path.read_text(encoding="utf-8-sig")) == rules
    with pytest.raises(RuleError, match="is the name of a file") as caught:
        RuleSet.from_json(str(path))
    assert caught.value.advice == (
        f"A file is read by its path: pathlib.Path({str(path)!r})."
    )
    with pytest.raises(FileNotFoundError):
        RuleSet.from_json(tmp_path / "none.json")


@pytest.mark.parametrize("source", [None, b"{}", 3, {"format": "skseg.rules"}])
def test_what_is_neither_json_nor_a_path_is_refused(source: Any) -> None:
    with pytest.raises(RuleError, match=r"as a str, or a file by its pathlib\.Path"):
        RuleSet.from_json(source)
