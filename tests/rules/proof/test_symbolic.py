"""Proofs about rules whose quantiles are still open."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg.exceptions import RuleError
from skseg.rules import (
    Gap,
    MECEReport,
    Overlap,
    Rule,
    RuleSet,
    col,
    maximum,
    minimum,
    missing,
    q,
)
from skseg.rules._language._conditions import comparison, conjunction
from skseg.rules._proof._domain import Domain, as_schema

pytestmark = pytest.mark.pure

NEXT = math.nextafter(1.0, 2.0)


def assert_findings_hold(rules: RuleSet, report: MECEReport, schema: Any) -> None:
    """Check every finding on its own row, with its own quantiles."""
    finding: Overlap | Gap
    for finding in (*report.overlaps, *report.gaps):
        for name, levels in finding.quantiles.items():
            values = [levels[p] for p in sorted(levels)]
            assert values == sorted(values)
            assert all(lies_in(v, as_schema(schema).get(name)) for v in values)
        row = {name: [value] for name, value in finding.witness.items()}
        holding = rules.with_quantiles(finding.quantiles).membership(row)[0]
        held = [name for name, yes in zip(rules.names, holding, strict=True) if yes]
        if isinstance(finding, Overlap):
            assert set(finding.names) <= set(held)
        else:
            assert held == [rules.default] * (rules.default is not None)


def lies_in(value: float, domain: Domain | None) -> bool:
    """Tell whether a domain holds a value; a domain without values has no quantiles."""
    if domain is None:
        return True
    if domain.values is not None:
        return value in domain.values
    low, high = domain.number_bounds
    if domain.integer:
        finite = sys.float_info.max
        if low > finite or high < -finite:
            return True
        low, high = max(low, -finite), min(high, finite)
        if math.ceil(low) > math.floor(high):
            return True
    whole = not domain.integer or value.is_integer()
    return whole and low <= value <= high


LEVELS = (0.25, 0.5, 0.75)


def test_a_quantile_and_a_number_overlap_when_the_quantile_is_small() -> None:
    report = RuleSet({"VIP": "aov >= q(0.75)", "Small": "aov < 40"}).verify()
    (overlap,) = report.overlaps
    assert overlap.names == ("VIP", "Small")
    assert overlap.box == {"aov": "[37, 40)"}
    assert overlap.witness == {"aov": 37.0}
    assert overlap.quantiles == {"aov": {0.75: 37.0}}
    assert str(overlap) == (
        "'VIP' and 'Small' overlap where aov: [37, 40); for example aov=37 with "
        "q(0.75)=37 of aov"
    )
    assert report.gaps[0].quantiles["aov"][0.75] > 40


def test_a_hybrid_threshold_on_both_sides_is_certified_before_any_data() -> None:
    rules = RuleSet(
        {
            "VIP": "aov >= max(q(0.75), 120)",
            "Core": "40 <= aov < max(q(0.75), 120)",
            "Small": "aov < 40",
            "Unknown": "missing(aov)",
        }
    )
    assert rules.verify().is_mece


def test_quantiles_rise_with_their_levels() -> None:
    rising = {"a": "x <= q(0.2)", "b": "q(0.2) < x <= q(0.8)", "c": "x > q(0.8)"}
    crossed = {"a": "x <= q(0.8)", "b": "q(0.8) < x <= q(0.2)", "c": "x > q(0.2)"}
    assert RuleSet(rising | {"-": "missing(x)"}).verify().is_mece
    report = RuleSet(crossed | {"-": "missing(x)"}).verify()
    assert [overlap.names for overlap in report.overlaps] == [("a", "c")]
    # The one in the middle never holds.
    assert report.unreachable == ("b",)


def test_quantiles_of_equal_value_are_thought_of() -> None:
    rules = RuleSet({"a": "x <= q(0.25)", "b": "x >= q(0.5)"}, default="rest")
    (overlap,) = rules.verify().overlaps
    assert overlap.quantiles["x"][0.25] == overlap.quantiles["x"][0.5]
    assert overlap.witness["x"] == overlap.quantiles["x"][0.5]


def test_quantiles_of_two_columns_know_nothing_of_each_other() -> None:
    rules = RuleSet({"a": "x > q(0.5) and y <= 3", "b": "y > q(0.5) and x <= 3"})
    (overlap,) = rules.verify().overlaps
    assert_findings_hold(rules, rules.verify(), None)
    assert set(overlap.quantiles) == {"x", "y"}


def test_a_gap_of_missing_values_depends_on_no_quantile() -> None:
    gap = RuleSet({"a": "x > q(0.5)", "b": "x <= q(0.5)"}).verify().gaps[0]
    assert str(gap) == "no rule holds where x: missing; for example x=missing"
    assert set(gap.quantiles) == {"x"}


def test_a_quantile_is_a_value_of_the_data() -> None:
    rules = RuleSet({"a": "x >= q(0.5)", "b": "x < 1"}, default="rest")
    assert not rules.verify().is_exclusive
    assert rules.verify({"x": Domain(low=1)}).is_exclusive
    assert rules.verify({"x": Domain(values=(1.0, 2.0))}).is_exclusive
    flags = {"x": Domain(integer=True, low=0, high=1)}
    (overlap,) = rules.verify(flags).overlaps
    assert overlap.witness == {"x": 0.0}
    assert overlap.quantiles == {"x": {0.5: 0.0}}


def test_a_quantile_may_be_infinite() -> None:
    report = RuleSet({"a": "x < q(0.5)", "b": "x >= q(0.5)", "c": "x < inf"}).verify()
    assert report.n_overlaps == 2
    top = RuleSet({"a": "x > q(0.5)", "b": "x == inf"}, default="rest").verify()
    assert top.overlaps[0].quantiles["x"][0.5] < math.inf


@pytest.mark.parametrize(("upper", "exclusive"), [(1.0, True), (NEXT, False)])
def test_neighbouring_numbers_leave_a_quantile_no_room_between(
    upper: float, exclusive: bool
) -> None:
    rules = RuleSet(
        {
            "a": (col("x") > 1) & (col("x") < q(0.5)),
            "b": col("x") == 1,
            "c": col("x") < 1,
        }
    )
    assert rules.verify({"x": Domain(low=1, high=NEXT)}).is_exclusive
    between = RuleSet(
        {"a": (col("x") >= q(0.5)) & (col("x") < upper), "b": col("x") == 1}
    )
    schema = {"x": Domain(low=1, high=NEXT, missing=False)}
    assert between.verify(schema).is_exclusive is exclusive


def test_a_domain_without_values_has_no_rows() -> None:
    nothing = {"x": Domain(integer=True, low=0.2, high=0.8, missing=False)}
    rules = RuleSet({"a": "x > q(0.5)", "b": "x > 0"})
    assert rules.verify(nothing).is_mece


def test_forty_quantiles_and_forty_numbers_are_not_too_many() -> None:
    rules = RuleSet({f"r{i}": f"q({i / 100}) <= x < {i}" for i in range(40)})
    report = rules.verify()
    assert report.n_overlaps == 40 * 39 / 2
    assert report.is_exhaustive is False
    assert_findings_hold(rules, report, None)


def test_tiers_of_fifty_thresholds_are_proved() -> None:
    cuts = [f"max(q({i / 26:.2f}), {i})" for i in range(1, 26)]
    inner = [f"{low} <= x < {high}" for low, high in itertools.pairwise(cuts)]
    tiers = [f"x < {cuts[0]}", *inner, f"x >= {cuts[-1]}", "missing(x)"]
    assert RuleSet({f"r{i}": rule for i, rule in enumerate(tiers)}).verify().is_mece


def test_hundreds_of_quantiles_are_refused_at_once() -> None:
    rules = RuleSet({f"r{i}": f"x >= q({i / 700})" for i in range(700)})
    with pytest.raises(RuleError, match=r"compared with 700 quantiles and 0 numbers"):
        rules.verify()


def test_more_positions_than_a_proof_can_take_are_refused() -> None:
    n = 120
    rules = RuleSet({f"r{i}": f"x in [{i}] or x == q({i / n})" for i in range(n)})
    with pytest.raises(
        RuleError, match=r"'x' is compared with 120 quantiles and 120 numbers"
    ) as refusal:
        rules.verify()
    assert refusal.value.column == "x"
    # Both pieces of its advice.
    assert not rules.resolve({"x": range(n)}).verify().is_exhaustive
    fewer = RuleSet(dict(list(rules.rules.items())[:20]))
    assert not fewer.verify().is_exclusive


@pytest.mark.parametrize("method", ["disjoint", "simplify"])
def test_rewriting_needs_resolved_rules(method: str) -> None:
    rules = RuleSet({"a": col("x") > q(0.5)})
    with pytest.raises(RuleError, match="Call resolve"):
        getattr(rules, method)()


# Everything that two quantiles of a column and one row can be, relative to numbers:
# between any two of these lie more grid points than there are quantiles and rows.
def grid(numbers: Sequence[float], domain: Domain) -> list[float]:
    if domain.values is not None:
        return [float(value) for value in domain.values]
    if domain.integer:
        return [float(i) for i in range(int(domain.low), int(domain.high) + 1)]
    borders = [min(numbers) - 6, *numbers, max(numbers) + 6]
    inner = [
        low + (high - low) * i / 6
        for low, high in itertools.pairwise(borders)
        for i in range(1, 6)
    ]
    return sorted({-math.inf, *numbers, *inner, math.inf})


def brute_force(
    rules: RuleSet, numbers: Sequence[float], schema: dict[str, Domain]
) -> tuple[bool, bool]:
    """Try all quantiles and rows on a grid; return (exclusive, exhaustive)."""
    grids = {c: grid(numbers, schema.get(c, Domain())) for c in rules.columns}
    axes = [[*values, math.nan] for values in grids.values()]
    mesh = np.meshgrid(*axes, indexing="ij")
    rows = {c: m.ravel() for c, m in zip(grids, mesh, strict=True)}
    for name, domain in schema.items():
        if not domain.missing:
            present = ~np.isnan(rows[name])
            rows = {c: values[present] for c, values in rows.items()}
    exclusive = exhaustive = True
    for quantiles in all_quantiles(grids):
        holds = rules.with_quantiles(quantiles).membership(rows).sum(axis=1)
        exclusive &= bool((holds <= 1).all())
        exhaustive &= bool((holds >= 1).all())
    return exclusive, exhaustive


def all_quantiles(
    grids: dict[str, list[float]],
) -> Iterator[dict[str, dict[float, float]]]:
    rising = [
        list(itertools.combinations_with_replacement(values, len(USED)))
        for values in grids.values()
    ]
    for chosen in itertools.product(*rising):
        yield {
            name: dict(zip(USED, values, strict=True))
            for name, values in zip(grids, chosen, strict=True)
        }


USED = (0.25, 0.75)
NUMBERS = (0.0, 12.0)


@st.composite
def thresholds(draw: st.DrawFn, levels: Sequence[float]) -> Any:
    part = st.one_of(st.sampled_from(NUMBERS), st.sampled_from([*map(q, levels)]))
    shape = draw(st.sampled_from(["part", "part", "max", "min"]))
    if shape == "part":
        return draw(part)
    return (maximum if shape == "max" else minimum)(draw(part), draw(part))


@st.composite
def tiers(draw: st.DrawFn, column: str, levels: Sequence[float]) -> list[Rule]:
    """Conditions that may be the tiers of a column, or just about."""
    cuts = draw(st.lists(thresholds(levels), min_size=1, max_size=2))
    flip = draw(st.integers(-4, 2 * len(cuts) - 1))
    kinds: list[Any] = ["<", ">="] * len(cuts)
    if flip >= 0:
        kinds[flip] = {"<": "<=", ">=": ">"}[kinds[flip]]
    sides = [comparison(column, k, cuts[i // 2]) for i, k in enumerate(kinds)]
    inner = [conjunction(sides[i : i + 2]) for i in range(1, len(sides) - 1, 2)]
    ends = [sides[0], *inner, sides[-1]]
    if draw(st.booleans()):
        ends[0] = ends[0] | missing(column)
    return ends


SCHEMAS = [
    {},
    {"x": Domain(low=0, missing=False)},
    {"x": Domain(integer=True, low=-2, high=14)},
    {"x": Domain(integer=True, low=11, high=12, missing=False)},
    {"x": Domain(values=(0.0, 5.0, 12.0), missing=False)},
]


@given(tiers("x", USED), st.sampled_from(SCHEMAS))
def test_every_order_of_quantiles_is_considered(
    conditions: list[Rule], schema: dict[str, Domain]
) -> None:
    rules = RuleSet({f"r{i}": rule for i, rule in enumerate(conditions)})
    report = rules.verify(schema)
    domain = schema.get("x", Domain())
    if domain.low == 0 and not domain.integer:
        # Bounds of a domain are numbers like those of the rules.
        rules_in = brute_force_bounded(rules, domain)
    else:
        rules_in = brute_force(rules, NUMBERS, schema)
    assert (report.is_exclusive, report.is_exhaustive) == rules_in
    assert_findings_hold(rules, report, schema)


def brute_force_bounded(rules: RuleSet, domain: Domain) -> tuple[bool, bool]:
    values = tuple(v for v in grid(NUMBERS, Domain()) if domain.low <= v <= domain.high)
    closed = Domain(values=values, missing=domain.missing)
    return brute_force(rules, NUMBERS, {"x": closed})


@settings(max_examples=20)
@given(tiers("x", USED[:1]), tiers("y", USED[:1]))
def test_columns_are_proved_together(xs: list[Rule], ys: list[Rule]) -> None:
    rules = RuleSet(
        {f"{i}{j}": x & y for i, x in enumerate(xs) for j, y in enumerate(ys)}
    )
    report = rules.verify()
    flat = [
        brute_force(RuleSet(dict(enumerate_names(r))), NUMBERS, {}) for r in (xs, ys)
    ]
    # A product of conditions is a partition just if each factor is one.
    assert report.is_exhaustive == all(exhaustive for _, exhaustive in flat)
    if all(exclusive for exclusive, _ in flat):
        assert report.is_exclusive
    assert_findings_hold(rules, report, None)


def enumerate_names(rules: list[Rule]) -> Iterator[tuple[str, Rule]]:
    return ((f"r{i}", rule) for i, rule in enumerate(rules))


@given(
    tiers("x", LEVELS),
    st.lists(
        st.one_of(st.sampled_from([-6.0, 0.0, 5.0, 12.0, 20.0]), st.floats(-20, 20)),
        min_size=1,
        max_size=8,
    ),
)
def test_what_is_certified_holds_after_resolving_on_any_data(
    conditions: list[Rule], data: list[float]
) -> None:
    rules = RuleSet(dict(enumerate_names(conditions)))
    certified, resolved = rules.verify(), rules.resolve({"x": data}).verify()
    assert resolved.is_exclusive or not certified.is_exclusive
    assert resolved.is_exhaustive or not certified.is_exhaustive


@pytest.mark.parametrize(
    ("universe", "exclusive"),
    [
        ("x >= 100", True),
        ("x > 99 and y == 'a'", False),
        ("100 <= x < 200", True),
        ("x == 100", True),
        ("x >= 100 or y == 'a'", False),
        ("y == 'a'", False),
        ("x > inf", True),
        ("x in [100, 150]", True),
        ("x in [99, 100]", False),
        ("not (x < 100)", True),
        ("x >= 100 or x >= 150", True),
        ("not (not (x > 100) and x != 100)", True),
        ("(x > 99 or y == 'a') and (x >= 100 or y != 'a')", False),
        ("(x > 100 or y == 'a') and (x >= 100 or y != 'a')", True),
        ("missing(x) and y == 'a'", True),
    ],
)
def test_quantiles_of_the_universe_lie_in_it(universe: str, exclusive: bool) -> None:
    # Both hold where the quantile is below 100.
    rules = RuleSet({"a": "q(0.5) < x <= 100", "b": "x == 100"}, universe=universe)
    report = rules.verify()
    assert report.is_exclusive is exclusive
    assert_findings_hold(rules, report, None)


@pytest.mark.parametrize("universe", ["x >= 10 and x > q(0.5)", "x > max(q(0.5), 9)"])
def test_quantiles_in_the_universe_are_of_all_rows(universe: str) -> None:
    rules = RuleSet({"a": "x > 10"}, universe=universe)
    whole = {"x": Domain(integer=True, missing=False)}
    assert not rules.verify(whole).is_exhaustive
    resolved = rules.resolve({"x": [1, 2, 3, 10, 11]})
    assert resolved.assign({"x": [10]}).tolist() == [-1]
    assert resolved.inside({"x": [10]}).tolist() == [True]


@pytest.mark.parametrize("universe", ["x in [3, 5]", "not (x < 3)", "x != 2 and x > 1"])
def test_whole_numbers_of_the_universe_are_its_quantiles(universe: str) -> None:
    rules = RuleSet({"a": "x <= q(0.5) or x > 3"}, universe=universe)
    assert rules.verify({"x": Domain(integer=True, missing=False)}).is_exhaustive


def test_of_a_closed_list_only_values_in_the_universe_are_quantiles() -> None:
    levels = {"x": Domain(values=(1.0, 2.0, 3.0), missing=False)}
    rules = {"a": "x >= q(0.5)", "b": "x == 1"}
    assert not RuleSet(rules).verify(levels).is_exclusive
    assert RuleSet(rules, universe="x >= 2").verify(levels).is_exclusive
    assert RuleSet(rules, universe="x > 3").verify(levels).is_mece


def test_given_quantiles_take_their_places() -> None:
    rules = RuleSet({"a": "x > max(q(0.5), 2)"}, default="b", universe="y > q(0.1)")
    quantiles = {"x": {0.5: 3, 0.75: 4}, "y": {0.1: 1}}
    expected = RuleSet({"a": "x > 3"}, default="b", universe="y > 1")
    assert rules.with_quantiles(quantiles) == expected
    assert expected.with_quantiles({}) == expected
    with pytest.raises(RuleError, match=r"q\(0.1\) of column 'y' has no value"):
        rules.with_quantiles({"x": {0.5: 3}})
