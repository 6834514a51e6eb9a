"""The proof: hand-made cases, and brute force over points that stand for all rows."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg.exceptions import RuleError
from skseg.rules import Domain, Gap, MECEReport, Overlap, Rule, RuleSet, col, missing
from skseg.rules._language._conditions import Comparison, Membership, leaves
from skseg.rules._proof import _proof
from tests.rules import oracle
from tests.rules.generators import near_partition, partition, random_rules
from tests.rules.strategies import BIGGEST, TINIEST, rule_sets

pytestmark = pytest.mark.pure

NEXT = math.nextafter(1.0, 2.0)

SEED_MAP = {
    "Top": "(R >= 3 and F >= 4) or (R >= 3 and M >= 4)",
    "Risk": "(R <= 2 and F >= 3) or (R <= 2 and M >= 3)",
    "New": "R == 5 and F <= 2 and M >= 2",
    "Dormant": "R == 1 and F <= 2 and M <= 2",
}
SCORES = dict.fromkeys("RFM", Domain(integer=True, low=1, high=5, missing=False))


def test_the_seed_map_of_rfm_overlaps_where_it_is_known_to() -> None:
    report = RuleSet(SEED_MAP, default="Others").verify(SCORES)
    (overlap,) = report.overlaps
    assert str(overlap) == (
        "'Top' and 'New' overlap where R: {5} and F: [1, 2] and M: [4, 5]; "
        "for example R=5, F=1, M=4"
    )
    assert overlap.witness == {"R": 5.0, "F": 1.0, "M": 4.0}
    assert not report.is_exclusive
    assert report.is_exhaustive
    assert not report.is_mece
    assert report.unreachable == ()


def test_the_seed_map_without_others_leaves_gaps() -> None:
    report = RuleSet(SEED_MAP).verify(SCORES)
    assert report.is_exhaustive is False
    assert str(report.gaps[0]) == (
        "no rule holds where R: [2, 5] and F: [1, 2] and M: {1}; "
        "for example R=5, F=1, M=1"
    )


@pytest.mark.parametrize(
    ("rules", "is_mece"),
    [
        ({"a": "True"}, True),
        ({}, False),
        ({"a": "False"}, False),
        ({"a": "x < 1 or missing(x)", "b": "x >= 1"}, True),
        ({"a": "x < 1", "b": "x >= 1"}, False),
        ({"a": "x < 1", "b": "not x < 1"}, True),
        ({"a": "x <= 1 or missing(x)", "b": "x >= 1"}, False),
        ({"a": "x < 1 or missing(x)", "b": "x > 1"}, False),
        ({"a": "x < 1", "b": "x == 1", "c": "x > 1 or missing(x)"}, True),
        ({"a": "x != 1", "b": "x == 1"}, True),
        ({"a": "x in [1, 2]", "b": "x not in [2, 1]"}, True),
        ({"a": "x in [1, 2]", "b": "x not in [1]"}, False),
        # Floats have neighbours: nothing lies between 1 and the next one.
        ({"a": "x <= 1 or missing(x)", "b": f"x >= {NEXT!r}"}, True),
        ({"a": "x <= 1 or missing(x)", "b": f"x > {NEXT!r}"}, False),
        ({"a": f"x < {NEXT!r} or missing(x)", "b": "x > 1"}, True),
        ({"a": "True", "b": f"1 < x < {NEXT!r}"}, True),
        ({"a": "True", "b": f"1 <= x < {NEXT!r}"}, False),
        ({"a": "x < 0", "b": "x >= -0.0 or missing(x)"}, True),
        ({"a": f"x < {TINIEST!r}", "b": "x > 0 or missing(x)"}, True),
        ({"a": f"x > {-TINIEST!r}", "b": "x < 0 or missing(x)"}, True),
        ({"a": "x <= inf", "b": "missing(x)"}, True),
        ({"a": "x < inf", "b": "missing(x)"}, False),
        ({"a": "x < inf", "b": "x == inf", "c": "missing(x)"}, True),
        ({"a": "x >= -inf", "b": "missing(x)"}, True),
        ({"a": "x > -inf", "b": "x <= -inf or missing(x)"}, True),
        ({"a": f"x <= {BIGGEST!r}", "b": "x == inf or missing(x)"}, True),
        ({"a": f"x > {BIGGEST!r}", "b": "not x == inf"}, True),
        ({"a": "not missing(x)", "b": "x > inf", "c": "missing(x)"}, True),
        ({"a": "missing(x)", "b": "not missing(x)"}, True),
        ({"a": "missing(x)", "b": "x == 'a'"}, False),
        ({"a": "s == 'a'", "b": "s != 'a'"}, True),
        ({"a": "s == 'a'", "b": "s == 'b' or missing(s)"}, False),
        ({"a": "s in ['a', 'b']", "b": "s not in ['b', 'a']"}, True),
        ({"a": "s in ['a', 'other']", "b": "s not in ['a']"}, False),
        ({"a": "s == ''", "b": "not s == ''"}, True),
        ({"a": "x < 1 and y < 1", "b": "not (x < 1 and y < 1)"}, True),
        ({"a": "x < 1 and y < 1", "b": "not x < 1", "c": "x < 1 and not y < 1"}, True),
    ],
)
def test_small_cases_by_hand(rules: dict[str, str], is_mece: bool) -> None:
    rule_set = RuleSet(rules)
    report = rule_set.verify()
    assert report.is_mece is is_mece
    assert is_mece == (report.is_exclusive and report.is_exhaustive)
    assert_findings_hold(rule_set, report)


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        (
            {"a": "x <= 1", "b": "x >= 1"},
            [
                "'a' and 'b' overlap where x: {1}; for example x=1",
                "no rule holds where x: missing; for example x=missing",
            ],
        ),
        (
            {"a": "x < 1", "b": "x >= 3 or missing(x)"},
            ["no rule holds where x: [1, 3); for example x=1"],
        ),
        (
            {"a": "x > 0.5 or missing(x)"},
            ["no rule holds where x: [-inf, 0.5]; for example x=0"],
        ),
        (
            {"a": "x < 0.25 or 0.75 <= x or missing(x)"},
            ["no rule holds where x: [0.25, 0.75); for example x=0.25"],
        ),
        (
            {"a": "x <= 0.25 or 0.75 <= x or missing(x)"},
            ["no rule holds where x: (0.25, 0.75); for example x=0.5"],
        ),
        (
            {"a": "x != inf"},
            ["no rule holds where x: {inf}; for example x=inf"],
        ),
        (
            {"a": "x > -inf or missing(x)"},
            ["no rule holds where x: {-inf}; for example x=-inf"],
        ),
        (
            {"a": "s in ['a', \"it's\"]"},
            ["no rule holds where s: any other text or missing; for example s='other'"],
        ),
        (
            {"a": "s not in ['a', \"it's\"]"},
            ["no rule holds where s: {'a', \"it's\"}; for example s='a'"],
        ),
        (
            {"a": "s == 'other' or missing(s)"},
            ["no rule holds where s: any other text; for example s='other_'"],
        ),
        (
            {"a": "missing(x)"},
            ["no rule holds where x: any value; for example x=0"],
        ),
        ({}, ["no rule holds anywhere"]),
        ({"a": "False"}, ["no rule holds anywhere"]),
        ({"a": "True", "b": "True"}, ["'a' and 'b' overlap everywhere"]),
        (
            {"a": "x > 1 or missing(x)", "b": "x <= 1", "c": "True"},
            [
                "'a' and 'c' overlap where x: (1, inf] or missing; for example x=2",
                "'b' and 'c' overlap where x: [-inf, 1]; for example x=0",
            ],
        ),
    ],
)
def test_findings_read_well(rules: dict[str, str], messages: list[str]) -> None:
    report = RuleSet(rules).verify()
    assert [str(f) for f in (*report.overlaps, *report.gaps)] == messages
    for message in messages:
        assert message in str(report)


def test_a_report_lists_overlaps_gaps_and_unreachable_rules() -> None:
    assert str(RuleSet({"a": "x < 1", "b": "not x < 1"}).verify()) == (
        "Mutually exclusive and collectively exhaustive."
    )
    rules = RuleSet({"a": "x < 5", "b": "x < 3", "c": "x > 3"})
    assert str(rules.verify()) == (
        "Not mutually exclusive: 2 pairs overlap.\n"
        "  'a' and 'b' overlap where x: [-inf, 3); for example x=0\n"
        "  'a' and 'c' overlap where x: (3, 5); for example x=4\n"
        "Not collectively exhaustive.\n"
        "  no rule holds where x: missing; for example x=missing\n"
        "No row reaches 'b'."
    )


def test_a_default_takes_the_gaps_and_shows_them() -> None:
    report = RuleSet({"a": "x < 1"}, default="rest").verify()
    assert report.is_mece
    assert str(report) == (
        "Mutually exclusive and collectively exhaustive.\n"
        "The default 'rest' takes the rest:\n"
        "  no rule holds where x: [1, inf] or missing; for example x=1"
    )


def test_a_default_that_nothing_is_left_for_is_unreachable() -> None:
    report = RuleSet({"a": "x < 1", "b": "not x < 1"}, default="rest").verify()
    assert report.is_mece
    assert report.unreachable == ("rest",)


@pytest.mark.parametrize(
    ("domain", "is_mece"),
    [
        ({}, False),
        ({"missing": False}, False),
        ({"integer": True}, False),
        ({"integer": True, "missing": False}, True),
        (Domain(integer=True, missing=False), True),
        ({"integer": True, "low": 2, "missing": False}, True),
        ({"low": 4, "missing": False}, True),
        ({"low": 3, "missing": False}, True),
        ({"high": 2, "missing": False}, True),
        ({"low": 2.5, "high": 3, "missing": False}, False),
        ({"values": [1, 2, 3], "missing": False}, True),
        ({"values": [1, 2.5, 3], "missing": False}, False),
        ({"values": [1, 2, 3]}, False),
    ],
)
def test_a_schema_leaves_impossible_rows_out(domain: Any, is_mece: bool) -> None:
    rules = RuleSet({"low": "x <= 2", "high": "x >= 3"})
    report = rules.verify({"x": domain})
    assert report.is_mece is is_mece
    assert_findings_hold(rules, report)


@pytest.mark.parametrize(
    ("domain", "is_mece"),
    [
        ({}, False),
        ({"values": ["a", "b"], "missing": False}, True),
        ({"values": ["a"], "missing": False}, True),
        ({"values": ["a", "b"]}, False),
        ({"values": ["a", "b", "c"], "missing": False}, False),
    ],
)
def test_a_closed_list_of_texts_leaves_the_others_out(
    domain: Any, is_mece: bool
) -> None:
    rules = RuleSet({"a": "s == 'a'", "b": "s == 'b'"})
    assert rules.verify({"s": domain}).is_mece is is_mece


def test_a_list_of_texts_names_the_ones_that_rules_forget() -> None:
    report = RuleSet({"a": "s == 'a'"}).verify({"s": {"values": ["a", "b", "c"]}})
    assert str(report.gaps[0]) == (
        "no rule holds where s: {'b', 'c'} or missing; for example s='b'"
    )


def test_witnesses_of_integer_columns_are_integers() -> None:
    schema = {"x": {"integer": True, "low": 0, "missing": False}}
    report = RuleSet({"a": "x < 3", "b": "5 < x < 9"}).verify(schema)
    assert [str(gap) for gap in report.gaps] == [
        "no rule holds where x: [3, 5] or [9, inf); for example x=3"
    ]


def test_integers_end_where_float64_does() -> None:
    whole = {"x": Domain(integer=True, missing=False)}
    assert RuleSet({"a": f"{-BIGGEST!r} <= x <= {BIGGEST!r}"}).verify(whole).is_mece
    report = RuleSet({"a": "x <= 9007199254740992"}).verify(whole)
    assert report.gaps[0].witness == {"x": 9007199254740994.0}


def test_a_column_without_any_possible_value_leaves_no_rows() -> None:
    schema = {"x": Domain(integer=True, low=1.25, high=1.75, missing=False)}
    report = RuleSet({"a": "x > 1", "b": "x > 1"}).verify(schema)
    assert report.is_mece
    assert report.unreachable == ("a", "b")


def test_a_schema_may_speak_of_columns_that_rules_only_ask_for_missing() -> None:
    rules = RuleSet({"a": "missing(x)", "b": "not missing(x)"})
    for domain in ({"values": ["u"]}, {"integer": True}, {"missing": False}):
        report = rules.verify({"x": domain, "elsewhere": {"integer": True}})
        assert report.is_mece
    gap = RuleSet({"a": "missing(x)"}).verify({"x": {"values": ["u", "v"]}}).gaps[0]
    assert gap.witness == {"x": "u"}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"x": {"values": ["a"]}}, "'x' holds text; the rules compare it with numbers"),
        ({"x": 5}, "must be a Domain or a dict"),
        (
            {"x": {"lwo": 1}},
            r"column 'x' may say .* 'lwo' instead. Did you mean 'low'\?",
        ),
        ([("x", {})], "must be a mapping"),
        ({"x": {"low": 2, "high": 1}}, "low <= high"),
        ({"x": {"low": "1"}}, "must be a number"),
        ({"x": {"low": math.nan}}, "NaN"),
        ({"x": {"values": "abc"}}, "must be a list"),
        ({"x": {"values": []}}, "at least one"),
        ({"x": {"values": [1], "integer": True}}, "not both"),
    ],
)
def test_a_wrong_schema_is_refused(schema: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        RuleSet({"a": "x > 1"}).verify(schema)


@pytest.mark.parametrize("value", [-1, 1.5, None, "3"])
def test_max_findings_is_a_count(value: Any) -> None:
    with pytest.raises(RuleError, match=r"int in \[0, inf\)"):
        RuleSet({"a": "x > 1"}).verify(max_findings=value)


@pytest.mark.parametrize("at_most", [0, 1, 3, 100])
def test_max_findings_bounds_what_is_shown_not_what_is_known(at_most: int) -> None:
    rules = RuleSet({str(i): f"{i} <= x <= {i + 1}" for i in range(0, 20, 2)})
    report = rules.verify(max_findings=at_most)
    assert report.is_exclusive
    assert report.is_exhaustive is False
    assert len(report.gaps) == min(at_most, 1)
    twice = RuleSet({f"{name}{k}": rules[name] for name in rules for k in "ab"})
    report = twice.verify(max_findings=at_most)
    assert report.n_overlaps == 10
    assert len(report.overlaps) == min(at_most, 10)
    assert report.is_exhaustive is False


def test_each_gap_shows_a_row_outside_the_gaps_before() -> None:
    report = RuleSet({"a": "x > 1 and y > 1"}).verify()
    first, second = report.gaps
    (column,) = first.box
    assert first.box == {column: "[-inf, 1] or missing"}
    assert second.box == {("y" if column == "x" else "x"): "[-inf, 1] or missing"}
    assert second.witness[column] > 1


# What follows knows nothing of cells: it lists rows that stand for all others, asks
# plain Python which rules hold for them, and reads the words of the report.

Row = dict[str, Any]


def stand_ins(rules: RuleSet, schema: Mapping[str, Domain]) -> dict[str, list[Any]]:
    """Return for each column values such that any row has a stand-in among them."""
    values: dict[str, list[Any]] = {}
    universe = [] if rules.universe is None else [rules.universe]
    for rule in [*universe, *rules.rules.values()]:
        for leaf in leaves(rule):
            thresholds = values.setdefault(leaf.column, [])
            if isinstance(leaf, Membership):
                thresholds += leaf.values
            elif isinstance(leaf, Comparison):
                thresholds.append(leaf.threshold)
    return {
        name: [v for v in _beside(thresholds) if _admits(schema.get(name, Domain()), v)]
        for name, thresholds in values.items()
    }


def _beside(values: list[Any]) -> list[Any]:
    if any(isinstance(value, str) for value in values):
        return [*dict.fromkeys(values), "something else", None]
    above = [math.nextafter(value, math.inf) for value in values]
    return [-math.inf, *sorted({*values, *above}), math.inf, None]


def _admits(domain: Domain, value: Any) -> bool:
    if value is None:
        return domain.missing
    return isinstance(value, str) or domain.low <= value <= domain.high


def rows(columns: dict[str, list[Any]]) -> Iterator[Row]:
    for row in itertools.product(*columns.values()):
        yield dict(zip(columns, row, strict=True))


def lies_in(value: Any, words: str) -> bool:
    """Tell whether a value is among those that the words of a box name."""
    if value is None:
        return re.search(r"(^| )missing$", words) is not None
    if isinstance(value, str):
        if value == "something else":
            return "any other text" in words
        listed = re.search(r"^\{.*\}", words)
        return listed is not None and value in ast.literal_eval(listed[0])
    if "any value" in words:
        return True
    for piece in words.split(" or "):
        if piece.startswith("{"):
            if value in {float(number) for number in piece[1:-1].split(", ")}:
                return True
        elif piece != "missing":
            low, high = map(float, piece[1:-1].split(", "))
            above = value >= low if piece[0] == "[" else value > low
            if above and (value <= high if piece[-1] == "]" else value < high):
                return True
    return False


def assert_box(
    finding: Overlap | Gap, columns: dict[str, list[Any]], expected: dict[int, bool]
) -> None:
    """Assert that a box holds only rows that it is about, and cannot grow."""
    inside = {
        name: [v for v in values if lies_in(v, finding.box.get(name, ""))]
        if name in finding.box
        else values
        for name, values in columns.items()
    }
    everywhere = list(rows(columns))
    places = {tuple(row.values()): i for i, row in enumerate(everywhere)}
    boxed = [expected[places[tuple(row.values())]] for row in rows(inside)]
    assert boxed
    assert all(boxed)
    for name in finding.box:
        for value in columns[name]:
            if value in inside[name]:
                continue
            slab = rows({**inside, name: [value]})
            assert not all(expected[places[tuple(row.values())]] for row in slab)


def assert_findings_hold(rules: RuleSet, report: MECEReport) -> None:
    """Assert that the rules themselves confirm every row that is shown."""
    names = list(rules.rules)
    for overlap in report.overlaps:
        held = oracle.memberships(rules, overlap.witness)
        assert all(held[names.index(name)] for name in overlap.names)
        # A row without columns cannot be written down as a table.
        if overlap.witness:
            table = rules.membership({k: [v] for k, v in overlap.witness.items()})
            assert table[0, [names.index(name) for name in overlap.names]].all()
    for gap in report.gaps:
        assert oracle.is_inside(rules, gap.witness)
        assert not any(oracle.memberships(rules, gap.witness))


def assert_brute_force_agrees(rules: RuleSet, schema: Mapping[str, Domain]) -> None:
    columns = stand_ins(rules, schema)
    held = [oracle.memberships(rules, row) for row in rows(columns)]
    table = np.array(held, dtype=bool).reshape(len(held), len(rules.rules))
    inside = np.array([oracle.is_inside(rules, row) for row in rows(columns)])
    report = rules.verify(schema)
    assert report.is_exclusive == bool((table.sum(axis=1) <= 1).all())
    uncovered = inside & ~table.any(axis=1)
    exhaustive = not uncovered.any()
    assert report.is_exhaustive == (exhaustive or rules.default is not None)
    assert (not report.gaps) == exhaustive
    names = list(rules.rules)
    pairs = [
        (names[i], names[j])
        for i, j in itertools.combinations(range(len(names)), 2)
        if (table[:, i] & table[:, j]).any()
    ]
    assert [overlap.names for overlap in report.overlaps] == pairs
    first = np.column_stack([table, np.ones(len(table), dtype=bool)]).argmax(axis=1)
    reached = {rules.names[code] for code in first[inside] if code < len(rules.names)}
    assert report.unreachable is not None
    assert set(report.unreachable) == set(rules.names) - reached
    assert_findings_hold(rules, report)
    for overlap in report.overlaps:
        i, j = map(names.index, overlap.names)
        assert_box(overlap, columns, dict(enumerate(table[:, i] & table[:, j])))
    for gap in report.gaps:
        assert_box(gap, columns, dict(enumerate(uncovered)))


SMALL = {"a": "number", "b": "number", "s": "text"}
small_schemas = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.builds(
        lambda bounds, absent: Domain(
            low=min(bounds), high=max(bounds), missing=absent
        ),
        st.tuples(*[st.sampled_from([-math.inf, -1.0, 0.0, 2.5, math.inf])] * 2),
        st.booleans(),
    ),
)


@given(rule_sets(SMALL), small_schemas)
def test_brute_force_agrees_on_random_rules(
    rules: RuleSet, schema: dict[str, Domain]
) -> None:
    columns = stand_ins(rules, {})
    if math.prod(map(len, columns.values())) > 4000 or not all(
        _has_stand_ins(columns[name], domain)
        for name, domain in schema.items()
        if name in columns
    ):
        schema = {}
    if math.prod(map(len, columns.values())) <= 4000:
        assert_brute_force_agrees(rules, schema)


def _has_stand_ins(values: list[Any], domain: Domain) -> bool:
    """Tell whether the bounds are among the values, so that these still stand in."""
    bounds = [b for b in (domain.low, domain.high) if math.isfinite(b)]
    return all(bound in values for bound in bounds)


@pytest.mark.parametrize("seed", range(60))
def test_brute_force_agrees_on_near_partitions(seed: int) -> None:
    rng = Random(seed)
    rules = partition(rng, rng.randint(2, 6), rng.randint(1, 3), grid=True)
    assert_brute_force_agrees(RuleSet(rules), {})
    assert RuleSet(rules).verify().is_mece
    damaged = near_partition(rng, rules, rng.randint(1, 2))
    default = "rest" if seed % 3 == 0 else None
    assert_brute_force_agrees(RuleSet(damaged, default=default), {})


@pytest.mark.parametrize("seed", range(10))
def test_where_a_partition_is_proved_every_row_has_exactly_one_segment(
    seed: int,
) -> None:
    rng = Random(seed)
    rules = RuleSet(partition(rng, 40, 6))
    assert rules.verify().is_mece
    numbers = np.random.default_rng(seed)
    n_rows = 2000
    X: dict[str, Any] = {}
    for name in rules.columns:
        if name.startswith("text"):
            words = ["free", "pro", "", "it's", "ß", "other", "unseen", None]
            X[name] = numbers.choice(np.array(words, dtype=object), n_rows)
        else:
            X[name] = numbers.uniform(-1200, 1200, n_rows)
            X[name][::7] = numbers.choice([np.nan, np.inf, -np.inf], len(X[name][::7]))
    assert (rules.membership(X).sum(axis=1) == 1).all()


@pytest.mark.parametrize("seed", range(10))
def test_what_rules_share_is_shown_even_where_it_is_not_taken_apart(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_proof, "_OVERLAP_STEPS", 0)
    rng = Random(seed)
    rules = RuleSet(random_rules(rng, 8, 3, grid=True))
    report = rules.verify()
    assert report.overlaps
    assert_findings_hold(rules, report)


def test_many_columns_are_no_obstacle() -> None:
    names = [f"x{i}" for i in range(60)]
    rules: dict[str, Rule] = {}
    before: Rule = RuleSet({"all": "True"})["all"]
    for name in names:
        rules[name] = before & (col(name) > 0.5)
        before &= ~(col(name) > 0.5)
    assert RuleSet({**rules, "rest": before}).verify().is_mece
    report = RuleSet(rules).verify()
    assert report.gaps[0].witness == dict.fromkeys(names, 0.0)


def test_thousands_of_values_are_no_obstacle() -> None:
    listed, rest = [f"v{i}" for i in range(3000)], [f"w{i}" for i in range(3000)]
    rules = RuleSet({"a": col("s").isin(listed), "b": ~col("s").isin(listed + rest)})
    gap = rules.verify().gaps[0]
    assert gap.witness == {"s": "w0"}
    numbers = RuleSet({"a": col("x").isin(range(3000)), "b": col("x") > 2998.5})
    assert numbers.verify().overlaps[0].witness == {"x": 2999.0}


def test_a_rule_too_entangled_to_be_taken_apart_is_refused() -> None:
    pairs = [(col(f"x{i}") > 0) | (col(f"y{i}") > 0) for i in range(30)]
    rule = pairs[0]
    for pair in pairs[1:]:
        rule &= pair
    with pytest.raises(RuleError, match="more than 20,000 boxes"):
        RuleSet({"a": rule}).verify()


def test_a_notebook_shows_a_report_as_a_table() -> None:
    rules = RuleSet({"VIP": "aov >= q(0.75)", "Small": "aov < 40", "No": "aov > inf"})
    html = rules.verify()._repr_html_()
    assert "Not mutually exclusive: 1 pair overlaps.<br/>Not collectively" in html
    assert "No row reaches &#x27;No&#x27;." in html
    rows = [
        [cell.text or "" for cell in row]
        for row in ElementTree.fromstring(html).iter("tr")
    ]
    assert rows[0] == ["finding", "segments", "where", "for example", "with quantiles"]
    assert rows[1] == [
        "overlap",
        "VIP, Small",
        "aov: [37, 40)",
        "aov=37",
        "q(0.75)=37 of aov",
    ]
    assert [row[0] for row in rows[2:]] == ["gap"] * len(rules.verify().gaps)


def test_a_notebook_shows_a_proved_partition_by_its_verdict() -> None:
    html = RuleSet({"all": "True"}).verify()._repr_html_()
    assert "Mutually exclusive and collectively exhaustive." in html
    assert "<td" not in html


def test_an_undecided_report_is_worded_as_undecided() -> None:
    report = MECEReport(
        is_exclusive=False,
        is_exhaustive=None,
        overlaps=(),
        n_overlaps=3,
        gaps=(),
        unreachable=None,
    )
    assert not report.is_mece
    assert "undecided" in str(report)


def test_missing_is_its_own_segment() -> None:
    rules = RuleSet({"known": ~missing("x"), "unknown": missing("x")})
    assert rules.verify().is_mece
