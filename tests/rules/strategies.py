"""Hypothesis strategies: thresholds, rules, rule sets, columns and their edge cases."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from skseg.rules import Rule, RuleSet, col, maximum, minimum, missing, q
from skseg.rules._language._conditions import (
    Comparison,
    Membership,
    comparison,
    conjunction,
    disjunction,
    leaves,
)

BIGGEST = sys.float_info.max
TINIEST = 5e-324
# Where float64 has corners.
SPECIAL_NUMBERS = [
    0.0,
    -0.0,
    TINIEST,
    -TINIEST,
    sys.float_info.min,
    0.1,
    0.1 + 0.2,
    1.0,
    math.nextafter(1.0, 0.0),
    math.nextafter(1.0, 2.0),
    -1.0,
    40.0,
    2.0**53,
    -(2.0**53),
    1e16,
    1e300,
    BIGGEST,
    -BIGGEST,
    math.inf,
    -math.inf,
]
SPECIAL_TEXTS = ["", " ", "free", "FREE", "it's", 'say "x"', "a\\b", "a\nb", "ß", "🙂"]
ODD_NAMES = [
    "my plan",
    "it's",
    'the "x"',
    "a\\b",
    "a\nb",
    "a.b",
    "naïve",
    "ﬁ",
    "if",
    "None",
    "q",
    "max",
    "min",
    "col",
    "missing",
    "inf",
    "nan",
    "2nd",
    "; drop table x",
    "{x}",
    " x",
    "名前",
]
NUMBER_COLUMNS, TEXT_COLUMNS = ("a", "b", "c"), ("s", "t")
KINDS = dict.fromkeys(NUMBER_COLUMNS, "number") | dict.fromkeys(TEXT_COLUMNS, "text")

# Few distinct values, so that columns, thresholds and each other meet often.
numbers = st.one_of(
    st.integers(-3, 3).map(float),
    st.sampled_from(SPECIAL_NUMBERS),
    st.floats(allow_nan=False),
)
texts = st.one_of(
    st.sampled_from(SPECIAL_TEXTS),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)


def thresholds(*, resolved: bool = True) -> st.SearchStrategy[Any]:
    """Numbers and, unless `resolved`, quantiles and extremes of all these."""
    if resolved:
        return numbers
    simple = numbers | st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 1.0]).map(q)

    def extremes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        args = st.lists(inner, min_size=2, max_size=3)
        return args.map(lambda a: maximum(*a)) | args.map(lambda a: minimum(*a))

    return st.recursive(simple, extremes, max_leaves=4)


def leaf_rules(
    kinds: Mapping[str, str] = KINDS, *, resolved: bool = True
) -> st.SearchStrategy[Rule]:
    """Conditions on one column."""

    def of(name: str) -> st.SearchStrategy[Rule]:
        absent = st.just(missing(name))
        if kinds[name] == "text":
            values = texts
            symbols = st.sampled_from(["==", "!="])
            compared = st.builds(comparison, st.just(name), symbols, texts)
        else:
            values = numbers
            symbols = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
            bounds = thresholds(resolved=resolved)
            compared = st.builds(comparison, st.just(name), symbols, bounds)
        listed = st.lists(values, min_size=1, max_size=4).map(col(name).isin)
        return st.one_of(compared, compared, listed, absent)

    return st.sampled_from(sorted(kinds)).flatmap(of)


def rules(
    kinds: Mapping[str, str] = KINDS, *, resolved: bool = True, max_leaves: int = 8
) -> st.SearchStrategy[Rule]:
    """Rules of any shape, the constant ones included."""

    def combined(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
        parts = st.lists(inner, max_size=4)
        return st.one_of(
            parts.map(conjunction), parts.map(disjunction), inner.map(lambda r: ~r)
        )

    return st.recursive(
        leaf_rules(kinds, resolved=resolved), combined, max_leaves=max_leaves
    )


names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8
)


@st.composite
def rule_sets(
    draw: st.DrawFn,
    kinds: Mapping[str, str] = KINDS,
    *,
    resolved: bool = True,
    min_size: int = 0,
    max_size: int = 4,
) -> RuleSet:
    """Rule sets with or without a default and a universe."""
    segments = draw(
        st.dictionaries(
            names,
            rules(kinds, resolved=resolved, max_leaves=4),
            min_size=min_size,
            max_size=max_size,
        )
    )
    default = draw(st.none() | names.filter(lambda name: name not in segments))
    universe = draw(st.none() | rules(kinds, resolved=resolved, max_leaves=3))
    return RuleSet(segments, default=default, universe=universe)


@st.composite
def columns_for(
    draw: st.DrawFn, rule_set: RuleSet, max_rows: int = 8
) -> dict[str, list[Any]]:
    """The columns of a rule set, their values on and right beside the thresholds."""
    universe = [] if rule_set.universe is None else [rule_set.universe]
    written = [*universe, *rule_set.rules.values()]
    values = [value for rule in written for value in _values_of(rule)]
    number, text = numbers, texts
    if near := [v for v in values if isinstance(v, float) and math.isfinite(v)]:
        sides = st.sampled_from([-math.inf, math.inf])
        number |= st.sampled_from(near)
        number |= st.builds(math.nextafter, st.sampled_from(near), sides)
    if named := [value for value in values if isinstance(value, str)]:
        text |= st.sampled_from(named)
    n_rows = draw(st.integers(0, max_rows))
    of = {"number": number | st.none(), "text": text | st.none()}
    return {
        name: draw(st.lists(of[KINDS[name]], min_size=n_rows, max_size=n_rows))
        for name in rule_set.columns or NUMBER_COLUMNS[:1]
    }


def _values_of(rule: Rule) -> list[Any]:
    values: list[Any] = []
    for leaf in leaves(rule):
        if isinstance(leaf, Membership):
            values += leaf.values
        elif isinstance(leaf, Comparison):
            values.append(leaf.threshold)
    return values
