"""Every domain and every threshold, from the smallest float64 to infinity.

The verdicts, boxes and witnesses of the proof, and what rules say of columns and of
single rows, are compared with plain Python on values that stand for all of a domain.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import sys
from collections.abc import Iterable
from itertools import combinations, product
from random import Random
from typing import Any

import numpy as np
import pytest

from skseg.rules import Domain, MECEReport, RuleSet
from skseg.rules._language._conditions import column_kinds, comparison, leaves, missing
from tests.rules.proof.domain_oracle import (
    admits,
    column_of,
    holds,
    included_ends,
    is_in,
    plain_row,
    stand_ins,
)

pytestmark = pytest.mark.pure

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BIGGEST = sys.float_info.max
SIZES = [
    *(0.0, 5e-324, sys.float_info.min, 0.5, 1.0, math.nextafter(1.0, 2.0), 1.5),
    *(2.0**52 + 0.5, 2.0**53 - 2, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 2.0**53 + 4),
    *(1e16, 2.0**63 - 1024, 2.0**63, 2.0**63 + 2048, 2.0**64, 1e300, BIGGEST, math.inf),
]
THRESHOLDS = sorted({*SIZES, *(-size for size in SIZES)})
OPERATORS = ["<", "<=", ">", ">=", "==", "!="]
INTERVALS = {
    "all": (-math.inf, math.inf),
    "0 to 1": (0, 1),
    "below 2**53": (-math.inf, 2**53 - 1),
    "around 2**53": (2**53 - 1.0, 2.0**53 + 4),
    "around -(2**53)": (-(2.0**53) - 4, 1 - 2.0**53),
    "64 bits": (-(2.0**63), 2.0**64),
    "above 1e16": (1e16, math.inf),
    "one number": (2.0**53 + 2, 2.0**53 + 2),
    "no whole number": (0.25, 0.75),
    "finite": (-BIGGEST, BIGGEST),
    "infinite": (math.inf, math.inf),
}
DOMAINS = {
    f"{'whole ' if integer else ''}{name}": Domain(integer=integer, low=low, high=high)
    for name, (low, high) in INTERVALS.items()
    for integer in (False, True)
}
DOMAINS["small list"] = Domain(values=[1, 0.5, -1])
DOMAINS["large list"] = Domain(values=[2.0**53, 2.0**53 + 4, -math.inf, 2.0**64])
DOMAINS["booleans"] = Domain(values=[True, False])


def chosen(cases: Iterable[Any], count: int) -> list[Any]:
    """Return some of the cases, many more of them where there is time for that."""
    listed, count = list(cases), 40 * count if THOROUGH else count
    return Random(0).sample(listed, min(count, len(listed)))


def with_gaps(domain: Domain, can_be_missing: bool) -> Domain:
    return Domain(
        domain.integer, domain.low, domain.high, domain.values, can_be_missing
    )


def assert_right(rules: RuleSet, domain: Domain, kind: str = "number") -> MECEReport:
    """Assert all that a report says of rules about the column x."""
    conditions = list(rules.rules.values())
    compared = [leaf for rule in conditions for leaf in leaves(rule)]
    values = stand_ins(kind, compared, domain)
    report = rules.verify({"x": domain})
    named = [
        end
        for finding in (*report.gaps, *report.overlaps)
        for end in included_ends(finding.box.get("x", "missing"), kind)
    ]
    # What a box names must be possible, be the column one of whole numbers or a list.
    assert all(admits(domain, end) or math.isinf(end) for end in named)
    values += [end for end in named if admits(domain, end)]
    table = [[holds(rule, {"x": value}) for rule in conditions] for value in values]
    counts = [sum(row) for row in table]
    assert report.is_exclusive == all(count <= 1 for count in counts)
    assert report.is_exhaustive == all(count >= 1 for count in counts)
    uncovered = [count == 0 for count in counts]
    assert len(report.gaps) == any(uncovered)
    claims = [(gap, uncovered) for gap in report.gaps]
    names = list(rules.rules)
    pairs = {overlap.names: overlap for overlap in report.overlaps}
    for i, j in combinations(range(len(names)), 2):
        shared = [row[i] and row[j] for row in table]
        assert any(shared) == ((names[i], names[j]) in pairs)
        if any(shared):
            claims.append((pairs[names[i], names[j]], shared))
    for finding, expected in claims:
        # A maximal box about one column holds all that the finding is about.
        words = finding.box.get("x")
        boxed = [words is None or is_in(words, value, kind) for value in values]
        assert boxed == expected, (words, values)
        witness = plain_row(finding.witness)["x"]
        assert admits(domain, witness)
        assert words is None or is_in(words, witness, kind)
        held = [holds(rule, {"x": witness}) for rule in conditions]
        at = [names.index(name) for name in getattr(finding, "names", ())]
        assert all(held[i] for i in at) if at else not any(held)
    assert_evaluated(rules, values, table, kind)
    return report


def assert_evaluated(
    rules: RuleSet, values: list[Any], table: list[list[bool]], kind: str
) -> None:
    """Assert what rules say of the values, as a column and one by one."""
    if not values:
        return
    column = column_of(kind, values)
    held = np.array(table, dtype=bool).reshape(len(values), -1)
    assert (rules.membership({"x": column}) == held).all()
    first = np.column_stack([held, np.ones(len(values), dtype=bool)]).argmax(axis=1)
    codes = np.where(first < held.shape[1], first, -1)
    assert [rules.assign_row({"x": v}) for v in column] == codes.tolist()


@pytest.mark.parametrize("can_be_missing", [True, False])
@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_one_comparison_with_every_threshold(
    domain: Domain, can_be_missing: bool
) -> None:
    domain = with_gaps(domain, can_be_missing)
    for threshold, operator in chosen(product(THRESHOLDS, OPERATORS), 20):
        rule = comparison("x", operator, threshold)
        assert_right(RuleSet({"a": rule}), domain)


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_two_comparisons_with_thresholds_beside_each_other(domain: Domain) -> None:
    pairs = [
        (first, second)
        for i, first in enumerate(THRESHOLDS)
        for second in THRESHOLDS[i : i + 4]
    ]
    cases = product(pairs, OPERATORS, OPERATORS)
    for (first, second), below, above in chosen(cases, 12):
        rules = {
            "a": comparison("x", below, first) | missing("x"),
            "b": comparison("x", above, second),
        }
        assert_right(RuleSet(rules), domain)


@pytest.mark.parametrize("can_be_missing", [True, False])
@pytest.mark.parametrize(
    "domain",
    [
        Domain(),
        Domain(values=["a", "b"]),
        Domain(values=["c"]),
        Domain(values=["a", "b", "c", ""]),
    ],
    ids=["any", "two", "one", "four"],
)
def test_every_condition_on_a_column_of_text(
    domain: Domain, can_be_missing: bool
) -> None:
    conditions = ["x == 'a'", "x != 'a'", "x in ['a', 'b']", "x not in ['b']"]
    conditions += ["missing(x)", "not missing(x)", "x in ['a', 'b', 'c', '']"]
    for first, second in chosen(product(conditions, conditions), 12):
        rules = RuleSet({"a": first, "b": second})
        if "text" in column_kinds(rules.rules.values()).values():
            assert_right(rules, with_gaps(domain, can_be_missing), "text")


@pytest.mark.parametrize("can_be_missing", [True, False])
@pytest.mark.parametrize(
    "domain",
    [
        Domain(),
        Domain(values=[True, False]),
        Domain(values=[False]),
        Domain(values=[1]),
        Domain(values=[1, 0]),
        Domain(integer=True, low=0, high=1),
        Domain(low=0.5, high=1),
    ],
    ids=str,
)
def test_every_condition_on_a_column_of_booleans(
    domain: Domain, can_be_missing: bool
) -> None:
    conditions = ["x == True", "x != True", "x == False", "x in [True, False]"]
    conditions += ["missing(x)", "not missing(x)", "not x == True"]
    for first, second in chosen(product(conditions, conditions), 12):
        rules = RuleSet({"a": first, "b": second})
        if "boolean" in column_kinds(rules.rules.values()).values():
            assert_right(rules, with_gaps(domain, can_be_missing), "boolean")


NEW_YEAR, NOON = dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 12)


@pytest.mark.parametrize("can_be_missing", [True, False])
@pytest.mark.parametrize(
    "domain",
    [
        Domain(),
        Domain(low=NEW_YEAR),
        Domain(high=NEW_YEAR),
        Domain(low=NEW_YEAR, high=NOON),
        Domain(low=NOON, high=NOON),
        Domain(low=dt.datetime(1, 1, 1), high=dt.datetime.max),
        Domain(values=[NEW_YEAR, NOON, dt.date(2024, 1, 2)]),
        Domain(values=[dt.date(1969, 12, 31)]),
    ],
    ids=["any", "from", "to", "half a day", "noon", "calendar", "three", "one"],
)
def test_every_condition_on_a_column_of_dates(
    domain: Domain, can_be_missing: bool
) -> None:
    moments = ["2024-01-01", "2024-01-01 12:00", "2024-01-01 00:00:00.000001"]
    moments += ["1970-01-01", "0001-01-01", "9999-12-31"]
    cases = product(moments[:3], moments, OPERATORS, OPERATORS)
    for first, second, below, above in chosen(cases, 12):
        rules = {
            "a": f"x {below} date({first!r})",
            "b": f"x {above} date({second!r}) or missing(x)",
        }
        assert_right(RuleSet(rules), with_gaps(domain, can_be_missing), "date")


@pytest.mark.parametrize("number", [1e16, -1e16, 2.0**53, 2.0**53 + 2, 1e300, BIGGEST])
def test_boxes_of_large_whole_numbers_leave_out_what_is_no_gap(number: float) -> None:
    report = assert_right(RuleSet({"a": f"x == {number!r}"}), Domain(integer=True))
    (gap,) = report.gaps
    assert not is_in(gap.box["x"], number, "number")
    report = assert_right(
        RuleSet({"a": f"x != {number!r}"}), Domain(integer=True, missing=False)
    )
    assert included_ends(report.gaps[0].box["x"], "number") == [number]


def test_a_box_of_whole_numbers_ends_below_the_threshold() -> None:
    schema = {"x": Domain(integer=True, low=-1, missing=False)}
    (gap,) = RuleSet({"a": "x >= 1e16"}).verify(schema).gaps
    assert gap.box == {"x": "[-1, 9999999999999998]"}


OPEN_RULES = [
    {"a": "x {o1} {t} or x {o2} q(0.5)"},
    {"a": "x {o1} {t} and x {o2} q(0.5)", "b": "x {o1} {t} or x {o2} q(0.5)"},
    {"a": "x {o1} max(q(0.5), {t})", "b": "x {o2} q(0.5) or missing(x)"},
    {"a": "x {o1} min(q(0.5), {t})", "b": "x {o2} {t} or missing(x)"},
]


def assert_right_for_all_quantiles(rules: RuleSet, domain: Domain) -> None:
    """Assert the verdict on open quantiles, which are any values of the domain."""
    compared = [leaf for rule in rules.rules.values() for leaf in leaves(rule)]
    values = stand_ins("number", compared, domain, reach=3)
    exclusive = exhaustive = True
    # Without a value there is no quantile, and yet there are rows.
    present = [value for value in values if value is not None]
    for quantile in present or [0.0]:
        resolved = rules.with_quantiles({"x": {0.5: quantile}}).rules.values()
        counts = [sum(holds(r, {"x": value}) for r in resolved) for value in values]
        exclusive &= all(count <= 1 for count in counts)
        exhaustive &= all(count >= 1 for count in counts)
    report = rules.verify({"x": domain})
    assert (report.is_exclusive, report.is_exhaustive) == (exclusive, exhaustive)
    for finding in (*report.overlaps, *report.gaps):
        resolved = rules.with_quantiles(finding.quantiles or {"x": {0.5: 0.0}}).rules
        witness, words = finding.witness["x"], finding.box.get("x", "missing")
        shown = [witness, *finding.quantiles.get("x", {}).values()][: 1 + len(present)]
        ends = [end for end in included_ends(words, "number") if math.isfinite(end)]
        assert all(admits(domain, value) for value in shown)
        assert all(admits(domain, end) or not domain.integer for end in ends)
        assert all(is_in(words, end, "number") for end in ends)
        boxed = [value for value in values if is_in(words, value, "number")]
        for value in (witness, *(boxed if "x" in finding.box else ())):
            held = {name for name in resolved if holds(resolved[name], {"x": value})}
            named = set(getattr(finding, "names", ()))
            assert held >= named if named else not held


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_open_quantiles_beside_every_threshold(domain: Domain) -> None:
    cases = product(OPEN_RULES, THRESHOLDS, ["<", ">="], ["<=", ">"], [True, False])
    for texts, threshold, o1, o2, absent in chosen(cases, 10):
        t = repr(threshold)
        rules = {n: text.format(o1=o1, o2=o2, t=t) for n, text in texts.items()}
        assert_right_for_all_quantiles(RuleSet(rules), with_gaps(domain, absent))
