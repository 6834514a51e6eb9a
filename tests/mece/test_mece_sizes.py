"""MECERuleSegmenter: rules split and merged until every segment has a legal size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg._mece._names import group_name, joined_name
from skseg._mece._parts import Part, Regions, cut_rule
from skseg._mece._sizing import Sizing
from skseg._search.sizes._split import Interval
from skseg.exceptions import InfeasibleError
from skseg.rules import parse
from tests.examples import few_examples
from tests.mece.mece_data import (
    INF,
    NAN,
    Problem,
    grid_labels,
    groupings,
    problems,
    small_problems,
    squared_error,
)
from tests.search.sizes.oracles import guillotine_feasible

# Random rows seldom hold all texts of the rules, and merging them may cost a lot.
pytestmark = [
    pytest.mark.filterwarnings("ignore:No row of column"),
    pytest.mark.filterwarnings("ignore:Merging to min_size"),
]

LOW_HIGH = {"A": "a < 3", "B": "a >= 3 or missing(a)"}
PLANS = {name: f"s == '{name.lower()}'" for name in "ABCDE"}
CANNOT = "The segments cannot be brought to "
REFUSALS = (
    r"[\d.]+ rows? (is|are) fewer than min_size=",
    r"[\d.]+ rows cannot be divided into segments of ",
    r"[\d.]+ (row has|rows have) .*, more than max_size=",
    r"There is no column of numbers to split on",
    r"No sequence of cuts by ",
    r"No way of merging the segments gives sizes of ",
    r"Segment '.*' has ",
)


def fitted(
    rules: Mapping[str, str],
    columns: Mapping[str, Any],
    y: Sequence[float] | None = None,
    sample_weight: Sequence[float] | None = None,
    **params: Any,
) -> MECERuleSegmenter:
    segmenter = MECERuleSegmenter(rules, **params)
    return segmenter.fit(pd.DataFrame(columns), y, sample_weight)


def sizes(segmenter: MECERuleSegmenter) -> dict[str, float]:
    return dict(zip(segmenter.segments_["name"], segmenter.segments_["n"], strict=True))


def rules(segmenter: MECERuleSegmenter) -> dict[str, str]:
    table = segmenter.segments_
    return dict(zip(table["name"], table["rule"], strict=True))


def reason(
    error: pytest.ExceptionInfo[ValueError], low: float | None, high: float | None
) -> str:
    """Return what follows the bounds that were asked for."""
    message, bounds = str(error.value), f"min_size={low!r} and max_size={high!r}. "
    assert message.startswith(CANNOT + bounds)
    return message.removeprefix(CANNOT + bounds)


# Splitting, by hand


def test_a_rule_of_legal_size_keeps_its_name_and_wording() -> None:
    segmenter = fitted(LOW_HIGH, {"a": range(6)}, min_size=3, max_size=3)
    assert rules(segmenter) == LOW_HIGH
    assert segmenter.segments_["merged_from"].tolist() == [(), ()]
    assert segmenter.segments_["split_from"].tolist() == [(), ()]


def test_a_rule_that_is_too_large_is_split_into_parts_named_by_their_ranges() -> None:
    rule, rest = "120 <= aov < 300", "aov < 120 or aov >= 300 or missing(aov)"
    aov = [120, 150, 180, 200, 220, 240, 10, NAN, 300]
    segmenter = fitted({"VIP": rule, "Rest": rest}, {"aov": aov}, max_size=3)
    assert rules(segmenter) == {
        "VIP / aov 120-190": "120 <= aov <= 190",
        "VIP / aov 190-300": "190 < aov < 300",
        "Rest": rest,
    }
    assert list(sizes(segmenter).values()) == [3, 3, 3]
    assert segmenter.segments_["split_from"].tolist() == [("VIP",), ("VIP",), ()]
    assert segmenter.segments_["merged_from"].tolist() == [(), (), ()]
    assert segmenter.labels_.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("aov >= 2", [2, 4, 6, 8], ["2-5", "over 5"]),
        ("aov > 2", [3, 4, 6, 8], ["2-5", "over 5"]),
        ("aov < 9", [2, 4, 6, 8], ["up to 5", "5-9"]),
        ("aov <= 8", [2, 4, 6, 8], ["up to 5", "5-8"]),
        ("-5 <= aov <= 19", [-5, 5, 15, 18], ["-5 to 10", "10-19"]),
        ("-9 <= aov < 0", [-8, -6, -4, -2], ["-9 to -5", "-5 to 0"]),
        ("aov in [1, 2]", [1, 1, 2, 2], ["1", "2"]),
        ("missing(aov) or aov > 3", [NAN, NAN, 4, 5], ["over 3", "missing"]),
        ("True", [1, 1, NAN, NAN], ["known", "missing"]),
        ("True", [1, 2, 8, NAN], ["up to 5", "over 5 or missing"]),
        # Without 1, what lies below 2 is no range: then the cut alone is named.
        ("aov != 1", [2, 2, 3, 3], ["up to 2", "over 2 or missing"]),
    ],
)
def test_parts_carry_the_bounds_of_the_rule_itself(
    rule: str, values: Sequence[float], expected: list[str]
) -> None:
    segmenter = fitted(
        {"VIP": rule}, {"aov": values}, max_size=2, split_on=["aov"], default="Others"
    )
    names = [name for name in sizes(segmenter) if name != "Others"]
    assert names == [f"VIP / aov {text}" for text in expected]


def test_from_and_below_name_bounds_that_belong_or_do_not() -> None:
    part = Part((0,), (Interval(), Interval(None, 5, False)), np.arange(1), 1.0)
    columns, cut = ["a", "b"], parse("b <= 5")

    def named(rule: str, *intervals: Interval) -> str:
        whole = part._replace(intervals=intervals)
        return group_name([], {"VIP": [(whole, parse(rule) & cut)]}, columns, None)

    both = (Interval(None, 9, False), Interval(None, 5, False))
    assert named("a < 9", *both) == "VIP / a below 9, b up to 5"
    assert named("a >= 2", *both) == "VIP / a from 2, b up to 5"
    assert named("a > 2", *both) == "VIP / a over 2, b up to 5"
    assert named("2 < a <= 9", *both) == "VIP / a 2-9, b up to 5"


def test_a_cut_by_two_columns_names_both() -> None:
    X = {"a": [0, 0, 0, 0, 1, 2], "b": [0, 0, 1, 1, 0, 1]}
    segmenter = fitted({"All": "True"}, X, max_size=2, split_on=["a", "b"])
    assert rules(segmenter) == {
        "All / a up to 0, b up to 0": "a <= 0 and b <= 0",
        "All / a up to 0, b over 0 or missing": "a <= 0 and not b <= 0",
        "All / a over 0 or missing": "not a <= 0",
    }


def test_infinite_values_are_cut_from_the_others() -> None:
    X = {"a": [-INF, -INF, 1, 2, INF, INF]}
    segmenter = fitted({"All": "True"}, X, max_size=2, split_on=["a"])
    assert segmenter.labels_.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("split_on", "column"), [(["a", "b"], "a"), (["b", "a"], "b"), (["c"], "c")]
)
def test_split_on_says_which_columns_are_cut_the_preferred_first(
    split_on: list[str], column: str
) -> None:
    X = {name: range(1, 5) for name in "abc"}
    given_rules = {"A": "a > 0 and b > 0"}
    segmenter = fitted(given_rules, X, max_size=2, split_on=split_on, default="Others")
    assert next(iter(sizes(segmenter))).startswith(f"A / {column} ")


def test_by_default_the_columns_that_rules_compare_with_numbers_are_cut() -> None:
    X = {"z": range(8), "s": list("xy" * 4), "b": range(8), "a": range(8)}
    given_rules = {"A": "s == 'x' and b >= 0 and a >= 0"}
    segmenter = fitted(given_rules, X, max_size=2, default="Others")
    assert list(sizes(segmenter)) == [
        *("A / b 0-3", "A / b over 3"),
        *("Others / b up to 4", "Others / b over 4 or missing"),
    ]


# Merging, by hand


def test_rules_that_are_too_small_are_merged_into_one_plain_rule() -> None:
    tiers = {"A": "a < 1", "B": "1 <= a < 2", "C": "a >= 2 or missing(a)"}
    y = [1, 1, 0, 0, 0]
    segmenter = fitted(tiers, {"a": [0, 0, 1, 2, 2]}, y, min_size=2)
    assert sizes(segmenter) == {"A": 2, "B + C": 3}
    assert rules(segmenter)["B + C"] == "not a < 1"
    assert segmenter.segments_["merged_from"].tolist() == [(), ("B", "C")]
    assert segmenter.segments_["split_from"].tolist() == [(), ()]


@pytest.mark.parametrize(
    ("n", "expected"), [(3, "A + B + C"), (4, "A + B + 2 more"), (5, "A + B + 3 more")]
)
def test_long_names_are_shortened(n: int, expected: str) -> None:
    names = list("ABCDE"[:n])
    assert joined_name(names) == expected
    texts = [name.lower() for name in names]
    given_rules = {name: PLANS[name] for name in names}
    segmenter = fitted(given_rules, {"s": texts}, min_size=n, default="Others")
    assert sizes(segmenter) == {expected: n, "Others": 0}
    assert segmenter.segments_["merged_from"][0] == tuple(names)


def test_names_never_collide_with_those_of_the_user() -> None:
    tiers = {"A": "a < 1", "B": "1 <= a < 2", "A + B": "2 <= a < 3"}
    tiers["A + B (2)"] = "a >= 3 or missing(a)"
    X, y = {"a": [0, 1, 2, 2, 3, 3]}, [0, 0, 1, 1, 5, 5]
    segmenter = fitted(tiers, X, y, min_size=2)
    assert sizes(segmenter) == {"A + B (3)": 2, "A + B": 2, "A + B (2)": 2}


def test_parts_never_collide_with_the_names_of_the_user() -> None:
    given_rules = {"V": "a >= 0", "V / a 0-1": "a < 0 or missing(a)"}
    segmenter = fitted(given_rules, {"a": [0, 1, 2, 3, -1]}, max_size=2)
    assert list(sizes(segmenter)) == ["V / a 0-1 (2)", "V / a over 1", "V / a 0-1"]


def test_a_merged_name_does_not_collide_with_an_empty_default() -> None:
    tiers = {"A": "a < 1", "B": "a >= 1"}
    segmenter = fitted(tiers, {"a": [0, 1]}, min_size=2, default="A + B")
    assert sizes(segmenter) == {"A + B (2)": 2, "A + B": 0}


def test_a_part_does_not_collide_with_an_empty_default() -> None:
    X = {"a": range(4)}
    segmenter = fitted({"V": "a >= 0"}, X, max_size=2, default="V / a over 1")
    assert sizes(segmenter) == {
        "V / a 0-1": 2,
        "V / a over 1 (2)": 2,
        "V / a over 1": 0,
    }


def test_parts_of_one_rule_merged_again_carry_the_range_of_their_union() -> None:
    def part(low: float | None, high: float | None) -> Part:
        interval = Interval(low, high, missing=high is None)
        return Part((0,), (interval,), np.arange(1), 1.0)

    rule = parse("a >= 1")
    below, middle, above = part(None, 5), part(5, 9), part(9, None)

    def named(*parts: Part) -> str:
        rules_of_parts = [(p, rule & cut_rule(["a"], p.intervals)) for p in parts]
        return group_name([], {"V": rules_of_parts}, ["a"], None)

    assert named(below) == "V / a 1-5"
    assert named(below, middle) == "V / a 1-9"
    assert named(middle, above) == "V / a over 5"
    assert named(below, above) == "V / a 1-5 or a over 9"


def test_a_rule_with_all_of_its_parts_is_named_without_ranges() -> None:
    part = Part((1,), (Interval(None, 5, False),), np.arange(1), 1.0)
    pieces = [(part, parse("s == 'w' and a <= 5"))]
    assert group_name(["V", "W"], {}, ["a"], None) == "V + W"
    assert group_name(["V"], {"W": pieces}, ["a"], None) == "V + (W / a up to 5)"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        # B is like A, though only B and C make one plain rule.
        (1, {"A + B": "a < 9 or b < 5", "C": "a >= 9 and b >= 5"}),
        # B is as near to A as to C.
        (0.5, {"A": "a < 9", "B + C": "a >= 9"}),
    ],
)
def test_the_outcome_decides_and_plain_rules_are_preferred_among_equals(
    outcome: float, expected: dict[str, str]
) -> None:
    given_rules = {"A": "a < 9", "B": "a >= 9 and b < 5", "C": "a >= 9 and b >= 5"}
    X = {"a": [1, 1, 1, 20, 20, 20, 20], "b": [0, 0, 0, 1, 9, 9, 9]}
    y = [1, 1, 1, outcome, 0, 0, 0]
    schema = {"a": {"missing": False}, "b": {"missing": False}}
    segmenter = fitted(given_rules, X, y, min_size=2, schema=schema)
    assert rules(segmenter) == expected


def test_strangers_merge_where_siblings_would_be_too_large() -> None:
    given_rules = {"A": "a < 9", "B": "a >= 9 and b < 5", "C": "a >= 9 and b >= 5"}
    X = {"a": [1, 1, 20, 20, 20, 20], "b": [0, 0, 1, 9, 9, 9]}
    segmenter = fitted(given_rules, X, min_size=2, max_size=3, default="Others")
    assert sizes(segmenter) == {"A + B": 3, "C": 3, "Others": 0}


def test_among_siblings_the_nearest_by_outcome_merge() -> None:
    texts, y = list("abbbccc"), [1, 0, 0, 0, 1, 1, 1]
    plans = {name: PLANS[name] for name in "ABC"}
    segmenter = fitted(plans, {"s": texts}, y, min_size=3, default="Others")
    assert sizes(segmenter) == {"A + C": 4, "B": 3, "Others": 0}


def test_the_outcome_of_a_rule_is_its_weighted_mean() -> None:
    # By rows A has the mean of B, by weight that of C.
    texts, y, weight = list("aabc"), [0, 1, 0.5, 1], [1, 9, 20, 20]
    plans = {name: PLANS[name] for name in "ABC"}
    segmenter = fitted(plans, {"s": texts}, y, weight, min_size=20, default="Others")
    assert sizes(segmenter) == {"A + C": 30, "B": 20, "Others": 0}


def test_without_an_outcome_the_nearest_by_standardized_means_merge() -> None:
    # M is nearer to L by a, to H by b; b's larger unit must not decide.
    tiers = {"L": "a < 2", "M": "2 <= a < 5", "H": "a >= 5"}
    X = {"a": [0, 0, 2, 10, 10], "b": [0, 0, 600, 1000, 1000]}
    segmenter = fitted(tiers, X, min_size=2, split_on=["a", "b"], default="Others")
    assert sizes(segmenter) == {"L + M": 3, "H": 2, "Others": 0}


def test_without_an_outcome_means_ignore_missing_and_infinite_values() -> None:
    texts = list("aabbbccc")
    a = [1, NAN, 1, INF, 1, 9, 9, 9]
    segmenter = fitted(
        {name: PLANS[name] for name in "ABC"},
        {"s": texts, "a": a},
        min_size=3,
        split_on=["a"],
        default="Others",
    )
    assert sizes(segmenter) == {"A + B": 5, "C": 3, "Others": 0}


def grid_rules() -> dict[str, str]:
    tiers = {name: [f"{name} < 1", f"1 <= {name} < 2", f"{name} >= 2"] for name in "ab"}
    return {
        f"{i}{j}": f"{low} and {high}"
        for i, low in enumerate(tiers["a"])
        for j, high in enumerate(tiers["b"])
    }


@pytest.mark.parametrize("seed", range(25))
def test_a_grid_is_merged_into_plain_conjunctions_with_the_least_error(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.choice(3, 60, p=rng.dirichlet(np.full(3, 4))) for _ in range(2))
    y = rng.normal(size=60) + np.cumsum(rng.normal(size=9))[3 * a + b]
    low, high = [(7, 60), (9, 20), (12, 22)][seed % 3]
    best = np.inf
    for labels in grid_labels((3, 3), [a, b]):
        n = np.unique(labels, return_counts=True)[1]
        # A box without rows is too small as well.
        n_boxes = labels.max() + 1
        if n.min() >= low and n.max() <= high and len(n) == n_boxes:
            best = min(best, squared_error(y, labels))
    if np.bincount(3 * a + b).max() > high or best == np.inf:
        pytest.skip("a cell is too large, or no division is legal")
    schema = {name: {"missing": False} for name in "ab"}
    X = {"a": a, "b": b}
    segmenter = fitted(grid_rules(), X, y, min_size=low, max_size=high, schema=schema)
    assert squared_error(y, segmenter.labels_) == pytest.approx(best)
    regions = Regions(list(segmenter.rules_.rules.values()), schema)
    for i, rule in enumerate(segmenter.rules_.rules.values()):
        assert regions.union([i]) is not None
        assert " or " not in str(rule)


@pytest.mark.parametrize("seed", range(4))
def test_a_grid_is_merged_as_well_with_a_default_around_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 3, 60).astype(float), rng.integers(0, 3, 60)
    y = rng.normal(size=60) + np.cumsum(rng.normal(size=9))[3 * a.astype(int) + b]
    bounds: dict[str, Any] = {"min_size": 9, "max_size": 20}
    schema = {"a": {"missing": False}, "b": {"missing": False}}
    alone = fitted(grid_rules(), {"a": a, "b": b}, y, schema=schema, **bounds)
    X = {"a": np.append(a, [NAN] * 12), "b": np.append(b, [1] * 12)}
    around = fitted(grid_rules(), X, [*y, *[9.0] * 12], default="Unknown", **bounds)
    assert around.labels_[:60].tolist() == alone.labels_.tolist()
    assert sizes(around) == {**sizes(alone), "Unknown": 12}


@pytest.mark.parametrize("seed", range(3))
def test_a_ladder_of_many_tiers_is_merged_with_the_least_error(seed: int) -> None:
    # More rules than groupings are compared of, so the order of the tiers has to help.
    n, rng = 13, np.random.default_rng(seed)
    a = np.concatenate([np.arange(n), rng.integers(0, n, 60)])
    y = rng.normal(size=len(a)) + rng.normal(size=n)[a]
    legal = [
        labels
        for labels in grid_labels((n,), [a])
        if np.bincount(labels).min() >= 9 and np.bincount(labels).max() <= 30
    ]
    tiers = {f"T{i}": f"{i} <= a < {i + 1}" for i in range(n)}
    segmenter = fitted(tiers, {"a": a}, y, min_size=9, max_size=30, default="Others")
    best = min(squared_error(y, labels) for labels in legal)
    assert squared_error(y, segmenter.labels_) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(25))
def test_rules_that_all_belong_together_are_merged_with_the_least_error(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(5), rng.choice(5, 20)])
    y = rng.normal(size=25) + rng.normal(size=5)[codes]
    low, high = int(rng.integers(3, 9)), int(rng.integers(12, 26))
    legal = [
        labels
        for labels in groupings(codes)
        if np.bincount(labels).min() >= low and np.bincount(labels).max() <= high
    ]
    assert legal
    X = {"s": np.array(list("abcde"))[codes]}
    segmenter = fitted(PLANS, X, y, min_size=low, max_size=high, default="Others")
    best = min(squared_error(y, labels) for labels in legal)
    assert squared_error(y, segmenter.labels_) == pytest.approx(best)


# The default and the universe


def test_a_default_that_no_row_falls_in_is_left_alone() -> None:
    segmenter = fitted(
        {"A": "a < 3", "B": "a >= 3"}, {"a": range(6)}, min_size=3, default="Others"
    )
    assert sizes(segmenter) == {"A": 3, "B": 3, "Others": 0}
    assert rules(segmenter)["Others"] == "everyone else"
    assert not segmenter.segments_["oversize"].any()
    assert segmenter.predict(pd.DataFrame({"a": [NAN]})).tolist() == [2]


def test_a_default_with_rows_is_split_like_any_rule() -> None:
    segmenter = fitted({"A": "a < 2"}, {"a": range(6)}, max_size=2, default="Others")
    assert rules(segmenter) == {
        "A": "a < 2",
        "Others / a 2-3": "2 <= a <= 3",
        "Others / a over 3 or missing": "not a <= 3",
    }


def test_a_default_with_rows_is_merged_like_any_rule() -> None:
    X, y = {"a": [0, 0, 1, 1, NAN]}, [0, 0, 1, 1, 1]
    tiers = {"A": "a < 1", "B": "a >= 1"}
    segmenter = fitted(tiers, X, y, min_size=2, default="Others")
    assert rules(segmenter) == {"A": "a < 1", "B + Others": "not a < 1"}


def test_a_default_of_rows_without_weight_alone_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Memory that numpy leaves as it is may hold anything: here the same every time.
    monkeypatch.setattr(
        np, "empty", lambda shape, dtype=float, **_: np.full(shape, -7, dtype)
    )
    tiers, X = {"A": "a < 1", "B": "a >= 1"}, {"a": [0, 1, NAN]}
    segmenter = fitted(tiers, X, [0, 1, 1], [1, 1, 0], min_size=2, default="Others")
    assert sizes(segmenter) == {"A + B": 2, "Others": 0}


def test_rows_outside_of_the_universe_never_count() -> None:
    # With the rows outside A would be too large, B would not be too small.
    X = {"a": [0, 1, 2, 0, 0, 0, 5, 5], "b": [1, 1, 1, 9, 9, 9, 1, 9]}
    params: dict[str, Any] = {"min_size": 1, "max_size": 3, "universe": "b < 5"}
    segmenter = fitted(LOW_HIGH, X, **params)
    assert sizes(segmenter) == {"A": 3, "B": 1}
    assert segmenter.n_outside_ == 4
    segmenter = fitted(LOW_HIGH, X, **params | {"min_size": 2, "max_size": 4})
    assert sizes(segmenter) == {"A + B": 4}
    assert segmenter.labels_.tolist() == [0, 0, 0, -1, -1, -1, 0, -1]


def test_shares_are_of_the_universe() -> None:
    X = {"a": [0, 1, 4, 5, 9, 9, 9, 9], "b": [1, 1, 1, 1, 9, 9, 9, 9]}
    segmenter = fitted(LOW_HIGH, X, min_size=0.5, max_size=0.75, universe="b < 5")
    assert (segmenter.min_size_, segmenter.max_size_) == (2, 3)
    assert sizes(segmenter) == {"A": 2, "B": 2}


def test_outcomes_outside_of_the_universe_have_no_say() -> None:
    tiers = {"A": "a < 1", "B": "1 <= a < 2", "C": "a >= 2 or missing(a)"}
    X = {"a": [0, 0, 1, 2, 2, 1, 1, 1], "b": [1] * 5 + [9] * 3}
    y = [0, 0, 1, 1, 1, 0, 0, 0]
    segmenter = fitted(tiers, X, y, min_size=2, universe="b < 5")
    assert sizes(segmenter) == {"A": 2, "B + C": 3}


# Bounds


def test_counts_and_shares_mean_the_same() -> None:
    X = {"a": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
    by_count = fitted(LOW_HIGH, X, min_size=3, max_size=4)
    by_share = fitted(LOW_HIGH, X, min_size=0.25, max_size=0.49)
    assert (by_count.min_size_, by_count.max_size_) == (3, 4)
    assert (by_share.min_size_, by_share.max_size_) == (2.5, 4.9)
    assert by_share.rules_ == by_count.rules_
    assert sizes(by_count) == {"A": 3, "B / a 3-5": 3, "B / a over 5 or missing": 4}


@pytest.mark.parametrize("percent", range(1, 50))
def test_a_share_that_is_a_whole_number_of_rows_is_that_number(percent: int) -> None:
    # 0.07 * 100 is 7.000000000000001 and 0.57 * 100 is 56.99999999999999.
    X = {"s": ["a"] * percent + ["b"] * (100 - percent)}
    least = fitted({"A": "s == 'a'"}, X, min_size=percent / 100, default="Others")
    assert sizes(least) == {"A": percent, "Others": 100 - percent}
    largest = (100 - percent) / 100
    segmenter = fitted({"A": "s == 'a'"}, X, max_size=largest, default="Others")
    assert sizes(segmenter) == {"A": percent, "Others": 100 - percent}


def test_without_bounds_nothing_changes() -> None:
    segmenter = fitted(LOW_HIGH, {"a": range(9)})
    assert rules(segmenter) == LOW_HIGH
    assert (segmenter.min_size_, segmenter.max_size_) == (None, None)


def test_weights_count_as_repetitions() -> None:
    weighted = fitted(LOW_HIGH, {"a": [0, 3, 4]}, None, [2, 3, 3], max_size=3)
    assert sizes(weighted) == {"A": 2, "B / a 3": 3, "B / a over 3 or missing": 3}


@pytest.mark.parametrize("large", [1e160, 1e308])
def test_huge_values_have_means_too(large: float) -> None:
    # Their squares and sums are beyond float64.
    X = {"a": [large, large, 0, 0], "s": list("abcc")}
    given_rules = {name: PLANS[name] for name in "ABC"}
    segmenter = fitted(given_rules, X, min_size=2, split_on=["a"], default="Others")
    assert sizes(segmenter) == {"A + B": 2, "C": 2, "Others": 0}


# Where splitting and merging in turn lead nowhere


def test_splitting_leaves_room_for_a_rule_that_is_too_small() -> None:
    # In two, the 9 rows of B give parts of 4 and 5, too full for the 2 rows of A. In
    # three they give parts of 3.
    tiers = {"A": "a < 2", "B": "a >= 2 or missing(a)"}
    segmenter = fitted(tiers, {"a": range(11)}, min_size=3, max_size=5)
    assert sorted(sizes(segmenter).values()) == [3, 3, 5]
    assert segmenter.segments_["merged_from"].tolist() == [("A", "B"), (), ()]
    assert segmenter.labels_.tolist() == [0] * 5 + [1] * 3 + [2] * 3


def test_splitting_leaves_room_for_all_rules_that_are_too_small() -> None:
    # Halves of 6 have room for one single row each, and there are three of these;
    # thirds of 4 may take any number up to three.
    tiers = {"A": "s == 'a'", "B": "s == 'b'", "C": "s == 'c'"}
    X = {"a": range(15), "s": [*"abc", *"d" * 12]}
    segmenter = fitted(
        tiers, X, min_size=4, max_size=7, split_on=["a"], default="Others"
    )
    assert sum(sizes(segmenter).values()) == 15
    assert len(sizes(segmenter)) == 3
    assert all(4 <= n <= 7 for n in sizes(segmenter).values())
    # Whole parts of the default, so its rows were cut before anything was joined.
    lineage = segmenter.lineage_.query("rule == 'Others'")
    assert lineage["n"].tolist() == [4, 4, 4]


def test_rules_are_joined_before_splitting_where_that_alone_is_legal() -> None:
    # A needs one row of B: B itself cannot be cut into 4 and 1.
    segmenter = fitted(LOW_HIGH, {"a": range(8)}, min_size=4, max_size=4)
    assert rules(segmenter) == {
        "A + (B / a 3)": "a <= 3",
        "B / a over 3 or missing": "not a <= 3",
    }
    assert segmenter.segments_["merged_from"].tolist() == [("A", "B"), ()]
    assert segmenter.segments_["split_from"].tolist() == [("A", "B"), ("B",)]


def test_a_rule_that_stands_in_the_way_is_joined_with_the_nearest_alone() -> None:
    X = {"s": list("aaabbbbbcccc"), "a": range(12)}
    y = [0] * 3 + [0, 0, 0, 0, 1] + [1] * 4
    segmenter = fitted(
        {name: PLANS[name] for name in "ABC"},
        X,
        y,
        min_size=4,
        max_size=4,
        split_on=["a"],
        default="Others",
    )
    assert segmenter.segments_["merged_from"].tolist() == [("A", "B")] * 2 + [(), ()]
    assert sizes(segmenter)["C"] == 4


def test_in_the_end_all_rules_are_joined() -> None:
    X = {"s": list("aabbcc"), "a": range(6)}
    segmenter = fitted(
        {name: PLANS[name] for name in "ABC"},
        X,
        min_size=3,
        max_size=3,
        split_on=["a"],
        default="Others",
    )
    assert sizes(segmenter) == {
        "A + B + C / a up to 2": 3,
        "A + B + C / a over 2 or missing": 3,
        "Others": 0,
    }


def test_sizing_alone_keeps_legal_rules_as_they_are() -> None:
    given_rules = {name: parse(rule) for name, rule in LOW_HIGH.items()}
    values = np.arange(6.0)[:, np.newaxis]
    codes, weight = np.array([0] * 3 + [1] * 3), np.ones(6)
    sizing = Sizing(given_rules, codes, weight, ["a"], values, values, 3.0, 3.0)
    segments = sizing.segments()
    assert {s.name: s.rule for s in segments} == given_rules
    assert not any(s.is_changed or s.is_oversize for s in segments)


# Sizes that are impossible


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1 row is fewer"), (3, "3 rows are fewer")]
)
@pytest.mark.parametrize("oversize", ["raise", "allow"])
def test_fewer_rows_than_a_segment_needs_say_so(
    n: int, text: str, oversize: str
) -> None:
    with pytest.raises(ValueError, match="fewer than") as error:
        fitted(LOW_HIGH, {"a": range(n)}, min_size=4, oversize=oversize)
    assert reason(error, 4, None) == f"{text} than min_size=4."


@pytest.mark.parametrize(
    ("n", "low", "high", "text"),
    [
        (10, 6, 8, "6 to 8 rows: 1 segment has at most 8 rows, 2 segments have at"),
        (9, 4, 4, "4 rows: 2 segments have at most 8 rows, 3 segments have at"),
    ],
)
def test_sizes_that_do_not_add_up_come_with_the_nearest_that_do(
    n: int, low: int, high: int, text: str
) -> None:
    with pytest.raises(ValueError, match="cannot be divided") as error:
        fitted(LOW_HIGH, {"a": range(n)}, min_size=low, max_size=high)
    nearest = {10: "max_size=10 or min_size=5", 9: "max_size=5 or min_size=3"}[n]
    assert reason(error, low, high) == (
        f"{n} rows cannot be divided into segments of {text} least 12. The nearest "
        f"bounds that add up: {nearest}."
    )


@pytest.mark.parametrize(
    ("value", "text"), [(200, "a = 200"), (NAN, "a missing"), (INF, "a = inf")]
)
def test_equal_values_above_the_bound_are_named(value: float, text: str) -> None:
    with pytest.raises(ValueError, match="more than max_size=4") as error:
        fitted(LOW_HIGH, {"a": [value] * 5 + [1, 2, 4]}, max_size=4)
    assert reason(error, None, 4) == (
        f"5 rows have {text}, more than max_size=4: no cut by 'a' can part them. Split "
        "on a further column that tells them apart."
    )


def test_values_equal_in_all_columns_are_named() -> None:
    X = {"a": [1, 1, 1, 1, 2], "b": [5, 5, 5, 6, 7]}
    with pytest.raises(ValueError, match="no cut by") as error:
        fitted(LOW_HIGH, X, max_size=2, split_on=["b", "a"])
    assert reason(error, None, 2) == (
        "3 rows have b = 5, a = 1, more than max_size=2: no cut by 'b' and 'a' can "
        "part them. Split on a further column that tells them apart."
    )


def test_without_a_column_of_numbers_there_is_nothing_to_split_on() -> None:
    with pytest.raises(ValueError, match="no column of numbers") as error:
        fitted({"A": "s == 'x'"}, {"s": list("xxxy")}, max_size=2, default="Others")
    assert reason(error, None, 2) == (
        "There is no column of numbers to split on; name some in split_on."
    )


def test_cuts_that_leave_groups_of_equal_values_say_so() -> None:
    # 3 | 4 would need a cut between equal values.
    X = {"a": [0, 0, 1, 1, 1, 2, 2]}
    with pytest.raises(ValueError, match="No sequence of cuts") as error:
        fitted(LOW_HIGH, X, min_size=3, max_size=4)
    assert reason(error, 3, 4) == (
        "No sequence of cuts by 'a' gives segments of 3 to 4 rows: every one leaves "
        "some group of equal values in a segment that is too small or too large. Widen "
        "the bounds, or split on a further column with finer values."
    )


@pytest.mark.parametrize("min_size", [None, 0.1])
def test_a_share_below_one_row_is_refused_with_a_reason(min_size: float | None) -> None:
    with pytest.raises(ValueError, match=r"1 row has a = 0, more than max_size=0\.4: "):
        fitted(LOW_HIGH, {"a": [0]}, min_size=min_size, max_size=0.4)


def test_what_is_too_large_may_stay_and_is_flagged() -> None:
    X = {"a": [200] * 5 + [1, 2, 4]}
    table = fitted(LOW_HIGH, X, max_size=4, oversize="allow").segments_
    assert table["name"].tolist() == ["A", "B / a 3-100", "B / a over 100 or missing"]
    assert table["n"].tolist() == [2, 1, 5]
    assert table["oversize"].tolist() == [False, False, True]


@pytest.mark.filterwarnings("ignore:No row of column 's' holds 'd'")
def test_without_a_column_to_split_on_a_rule_may_stay_too_large() -> None:
    X = {"s": list("aaabbc")}
    segmenter = fitted(PLANS, X, max_size=2, oversize="allow", default="Others")
    table = segmenter.segments_.set_index("name")
    assert table["oversize"].to_dict() == dict.fromkeys([*"BCDE", "Others"], False) | {
        "A": True
    }


def test_allowing_oversize_changes_nothing_where_legal_sizes_exist() -> None:
    # As above, A needs one row of B.
    X = {"a": range(8)}
    expected = fitted(LOW_HIGH, X, min_size=4, max_size=4)
    allowed = fitted(LOW_HIGH, X, min_size=4, max_size=4, oversize="allow")
    assert sizes(allowed) == sizes(expected)
    assert not allowed.segments_["oversize"].any()


def infeasible(X: Mapping[str, Any], **params: Any) -> tuple[Any, ...]:
    """Return the facts of the refusal."""
    with pytest.raises(InfeasibleError) as caught:
        fitted(LOW_HIGH, X, **params)
    error = caught.value
    return error.owner, error.name, error.value


def test_a_refusal_names_the_bound_that_is_broken() -> None:
    owner = "MECERuleSegmenter"
    assert infeasible({"a": range(3)}, min_size=4) == (owner, "min_size", 4)
    equal = {"a": [200] * 5 + [1, 2, 4]}
    assert infeasible(equal, max_size=0.5) == (owner, "max_size", 0.5)
    assert infeasible(equal, min_size=4, max_size=3) == (owner, "min_size", 4)


# Properties


@few_examples(5)
@given(problem=problems())
def test_a_fit_gives_a_partition_of_legal_sizes_or_says_why_not(
    problem: Problem,
) -> None:
    segmenter = problem.fit_or_why()
    if isinstance(segmenter, str):
        reason = segmenter.removeprefix(CANNOT).partition(". ")[2]
        assert re.match("|".join(REFUSALS), reason), segmenter
        return
    table, rule_set = segmenter.segments_, segmenter.rules_
    assert rule_set.verify().is_mece
    inside = segmenter.labels_ >= 0
    holds = rule_set.membership(problem.X)
    np.testing.assert_array_equal(holds.sum(axis=1), inside)
    np.testing.assert_array_equal(segmenter.predict(problem.X), segmenter.labels_)
    size = problem.size[inside]
    counted = np.bincount(segmenter.labels_[inside], size, minlength=len(table))
    np.testing.assert_array_equal(table["n"], counted)
    assert segmenter.n_outside_ == problem.size[~inside].sum()
    low = segmenter.min_size_ or 0
    high = segmenter.max_size_ or INF
    is_empty_default = (table["name"] == rule_set.default) & (table["n"] == 0)
    slack = 1e-9 * size.sum()
    assert (table["n"][~is_empty_default] >= low - slack).all()
    np.testing.assert_array_equal(table["oversize"], table["n"] > high + slack)
    if problem.params["oversize"] == "raise":
        assert not table["oversize"].any()


@few_examples(5)
@given(problem=problems())
def test_lineage_adds_up_by_rule_and_by_segment(problem: Problem) -> None:
    segmenter = problem.fit_or_why()
    assume(not isinstance(segmenter, str))
    lineage = segmenter.lineage_
    lineage = lineage[lineage["segment"] != "outside"]
    by_segment = lineage.groupby("segment")["n"].sum()
    sizes_found = pd.Series(sizes(segmenter))
    expected = sizes_found[sizes_found > 0]
    pd.testing.assert_series_equal(
        by_segment, expected.sort_index(), check_names=False, check_dtype=False
    )
    unsized = {name: problem.params[name] for name in ("default", "on_overlap")}
    universe = problem.params["universe"]
    plain = MECERuleSegmenter(problem.rules, universe=universe, **unsized)
    before = pd.Series(sizes(plain.fit(problem.X, problem.y, problem.weight)))
    pd.testing.assert_series_equal(
        lineage.groupby("rule")["n"].sum(),
        before[before > 0].sort_index(),
        check_names=False,
        check_dtype=False,
    )
    # What the table says of a segment's origins is what became of the rows.
    for _, segment in segmenter.segments_.iterrows():
        rules_of = set(lineage.loc[lineage["segment"] == segment["name"], "rule"])
        origins = {*segment["merged_from"], *segment["split_from"]} or {segment["name"]}
        assert rules_of <= origins
        taken = lineage[lineage["segment"] == segment["name"]].set_index("rule")["n"]
        if not segment["split_from"]:
            assert (before[list(rules_of)] == taken[list(rules_of)]).all()


@few_examples(5)
@given(problem=problems())
def test_every_row_that_may_ever_come_has_a_segment(problem: Problem) -> None:
    segmenter = problem.fit_or_why()
    assume(not isinstance(segmenter, str))
    codes, holds = (
        segmenter.predict(problem.unseen),
        segmenter.rules_.membership(problem.unseen),
    )
    universe = segmenter.rules_.universe
    inside = np.ones(len(codes), bool)
    if universe is not None:
        inside = universe.evaluate(problem.unseen)
    np.testing.assert_array_equal(codes >= 0, inside)
    np.testing.assert_array_equal(holds.sum(axis=1), inside)


@few_examples(10, thorough=200)
@given(problem=problems())
def test_sql_gives_the_codes_of_predict(problem: Problem) -> None:
    segmenter = problem.fit_or_why()
    assume(not isinstance(segmenter, str))
    sql = segmenter.rules_.to_sql("duckdb", output="code")
    with duckdb.connect() as connection:
        for X in (problem.X, problem.unseen):
            connection.register("customers", X)
            codes = connection.sql(f"SELECT {sql} FROM customers").fetchall()
            assert [code for (code,) in codes] == segmenter.predict(X).tolist()


@few_examples(5)
@given(problem=small_problems())
def test_no_sizes_are_refused_that_cuts_through_all_rows_can_give(
    problem: Problem,
) -> None:
    values = problem.X[problem.params["split_on"]].to_numpy()
    low, high = problem.params["min_size"], problem.params["max_size"]
    feasible = guillotine_feasible(values, problem.size, low, high)
    segmenter = problem.fit_or_why()
    if isinstance(segmenter, str):
        assert not feasible, segmenter
    else:
        n = segmenter.segments_["n"]
        assert n[n > 0].between(low, high).all()


@few_examples(5)
@given(problem=small_problems())
def test_a_single_rule_is_split_exactly_where_cuts_can_give_legal_sizes(
    problem: Problem,
) -> None:
    values = problem.X[problem.params["split_on"]].to_numpy()
    low, high = problem.params["min_size"], problem.params["max_size"]
    feasible = guillotine_feasible(values, problem.size, low, high)
    one = Problem({"All": "True"}, problem.X, None, problem.weight, problem.params)
    assert isinstance(one.fit_or_why(), MECERuleSegmenter) == feasible


def assert_same(one: MECERuleSegmenter | str, other: MECERuleSegmenter | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.rules_ == other.rules_
    assert (one.min_size_, one.max_size_) == (other.min_size_, other.max_size_)
    assert one.n_outside_ == other.n_outside_
    for name in ("segments_", "lineage_"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_dtype=False
        )


@few_examples(5)
@given(problem=problems(), data=st.data())
def test_the_order_of_rows_and_columns_does_not_matter(
    problem: Problem, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(range(len(problem.X))))
    columns = data.draw(st.permutations(list(problem.X)))
    shuffled = problem.reordered(rows, columns)
    one, other = problem.fit_or_why(), shuffled.fit_or_why()
    assert_same(one, other)
    if isinstance(one, MECERuleSegmenter) and isinstance(other, MECERuleSegmenter):
        np.testing.assert_array_equal(one.labels_[rows], other.labels_)


@few_examples(5)
@given(problem=problems(weighted=True, max_rows=12))
def test_weights_are_repetitions(problem: Problem) -> None:
    assert_same(problem.fit_or_why(), problem.repeated().fit_or_why())


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_rules_does_not_matter_for_what_is_merged(seed: int) -> None:
    # Of merging alone: columns are preferred, and rules joined, in order.
    rng = np.random.default_rng(seed)
    cells = list(grid_rules().items())[: 9 - seed % 3]
    a, b = rng.integers(0, 3, (2, 60))
    y = rng.normal(size=60)

    def together(order: Sequence[int]) -> set[frozenset[int]]:
        tiers = dict(cells[i] for i in order)
        X = {"a": a, "b": b}
        segmenter = fitted(tiers, X, y, min_size=9, default="Others")
        labels = segmenter.labels_
        return {frozenset(np.flatnonzero(labels == i).tolist()) for i in set(labels)}

    order = rng.permutation(len(cells))
    assert together(range(len(cells))) == together(order.tolist())


def test_a_part_without_an_infinity_is_not_named_as_if_it_had_it() -> None:
    X = {"a": [-INF, -INF, 1, 2, INF, INF]}
    rules = {"A": "a > -inf", "B": "a == -inf"}
    assert sizes(fitted(rules, X, max_size=2, default="D")) == {
        "A / a -inf to 4": 2,
        "A / a over 4": 2,
        "B": 2,
        "D": 0,
    }
