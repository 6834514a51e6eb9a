"""Random rule sets under random domains, against plain Python and against z3."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from skseg.rules import Domain, MECEReport, Rule, RuleSet, missing
from skseg.rules._language._conditions import (
    Leaf,
    comparison,
    conjunction,
    disjunction,
    leaves,
    membership,
)
from tests.rules.proof.domain_oracle import (
    admits,
    different,
    holds,
    included_ends,
    is_in,
    plain_row,
    rows,
    stand_ins,
)
from tests.rules.proof.test_domain_oracle import THRESHOLDS
from tests.rules.proof.z3_domains import DomainOracle, ExactOracle

pytestmark = pytest.mark.pure

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BATCH = 500 if THOROUGH else 5
SEEDS = [range(start, start + BATCH) for start in range(0, 20 * BATCH, BATCH)]
OPERATORS = ["<", "<=", ">", ">=", "==", "!="]
KINDS = ["number"] * 6 + ["text", "boolean", "date", "date"]
# Where z3 takes numbers to be exact: float64 has numbers between any two of them.
EXACT = [n / 2 for n in range(-6, 7)] + [2.0**53 - 1, 2.0**53 - 3, -(2.0**52)]
TEXTS = ["a", "b", "c", ""]
MOMENTS = [dt.datetime(2024, 1, 1) + dt.timedelta(microseconds=n) for n in range(4)]
MOMENTS += [dt.datetime(2024, 1, 1, 12), dt.date(1970, 1, 1), dt.datetime.max]


class Case:
    """A rule set of a seed, with the domains of its columns."""

    def __init__(self, seed: int, *, exact: bool = False) -> None:
        self.rng = Random(seed)
        self.exact = exact
        names = "xyz"[: self.rng.choice([1, 2, 2, 3])]
        self.kinds = {
            name: "number" if exact else self.rng.choice(KINDS) for name in names
        }
        self.values = {name: self._some_values(k) for name, k in self.kinds.items()}
        self.schema = {
            name: self._domain(kind, self.values[name])
            for name, kind in self.kinds.items()
            if self.rng.random() < 0.8
        }
        self.rules = RuleSet(
            {f"r{i}": rule for i, rule in enumerate(self._near_partition())}
        )

    def _some_values(self, kind: str) -> list[Any]:
        """Return values of which rules and domains of a column are made."""
        if kind == "text":
            return TEXTS
        if kind == "boolean":
            return [True, False]
        if kind == "date":
            return self.rng.sample(MOMENTS, 4)
        if self.exact:
            return self.rng.sample(EXACT, 4)
        center = self.rng.choice(THRESHOLDS)
        near = {center, *self.rng.sample(THRESHOLDS, 2)}
        near |= {math.nextafter(center, side) for side in (-math.inf, math.inf)}
        near |= {center + step for step in (-2.0, -1.0, 0.5, 1.0, 2.0)}
        return self.rng.sample(sorted(near), min(5, len(near)))

    def _domain(self, kind: str, values: list[Any]) -> Domain:
        can_be_missing = self.rng.random() < 0.4
        listed = self.rng.sample(values, self.rng.randint(1, min(3, len(values))))
        shape = self.rng.choice(["any", "list", "bounds", "bounds"])
        if shape == "any" and kind != "number":
            return Domain(missing=can_be_missing)
        if shape == "list" or kind in ("text", "boolean"):
            return Domain(values=listed, missing=can_be_missing)
        low, high = min(listed, key=_order), max(listed, key=_order)
        bounds = {"low": low, "high": high}
        for name in ("low", "high"):
            if shape == "any" or self.rng.random() < 0.3:
                del bounds[name]
        is_whole = kind == "number" and self.rng.random() < 0.6
        return Domain(integer=is_whole, **bounds, missing=can_be_missing)

    def _leaf(self) -> Leaf:
        name = self.rng.choice(list(self.kinds))
        kind, values = self.kinds[name], self.values[name]
        if self.rng.random() < 0.15:
            return missing(name)
        if self.rng.random() < 0.2:
            return membership(name, self.rng.sample(values, min(2, len(values))))
        has_order = kind in ("number", "date")
        operators = OPERATORS if has_order else OPERATORS[4:]
        return comparison(name, self.rng.choice(operators), self.rng.choice(values))

    def _rule(self) -> Rule:
        parts = [self._leaf() for _ in range(self.rng.choice([1, 1, 2, 3]))]
        combine = self.rng.choice([conjunction, disjunction])
        return ~combine(parts) if self.rng.random() < 0.3 else combine(parts)

    def _near_partition(self) -> Iterator[Rule]:
        """Yield rules that are a partition but for a slip, or next to nothing."""
        rest: Rule = conjunction([])
        slips = self.rng.choice([0, 0.15, 0.4])
        for _ in range(self.rng.randint(1, 3)):
            rule = self._rule()
            yield self._rule() if self.rng.random() < slips else rest & rule
            rest &= ~rule
        if self.rng.random() < 0.9:
            yield rest & self._rule() if self.rng.random() < slips else rest


def _order(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


def assert_counted(case: Case, report: MECEReport) -> None:
    """Assert what plain Python finds on rows that stand for all."""
    compared: dict[str, list[Leaf]] = {}
    for rule in case.rules.rules.values():
        for leaf in leaves(rule):
            compared.setdefault(leaf.column, []).append(leaf)
    domains = {name: case.schema.get(name, Domain()) for name in compared}
    values = {
        name: stand_ins(case.kinds[name], parts, domains[name])
        for name, parts in compared.items()
    }
    few = {name: different(v, name, compared[name]) for name, v in values.items()}
    conditions = dict(case.rules.rules)
    table = [
        {name for name, rule in conditions.items() if holds(rule, row)}
        for row in rows(few)
    ]
    assert report.is_exclusive == all(len(held) <= 1 for held in table)
    assert report.is_exhaustive == all(table)
    pairs = {overlap.names for overlap in report.overlaps}
    names = list(conditions)
    assert pairs == {
        (first, second)
        for held in table
        for i, first in enumerate(names)
        for second in names[i + 1 :]
        if first in held and second in held
    }
    for finding in (*report.overlaps, *report.gaps):
        claimed = set(getattr(finding, "names", ()))
        inside = dict(values)
        for name, words in finding.box.items():
            kind = case.kinds[name]
            ends = included_ends(words, kind)
            inside[name] = [v for v in values[name] if is_in(words, v, kind)]
            if domains[name].integer or domains[name].values:
                ends = [end for end in ends if kind != "number" or math.isfinite(end)]
                assert all(admits(domains[name], end) for end in ends)
        boxed = {name: different(v, name, compared[name]) for name, v in inside.items()}
        witness = plain_row(finding.witness)
        assert all(admits(domains[name], witness[name]) for name in domains)
        for row in (witness, *rows(boxed)):
            held = {name for name, rule in conditions.items() if holds(rule, row)}
            assert held >= claimed if claimed else not held


def verdict(seed: int, *, exact: bool = False) -> tuple[bool, bool | None]:
    """Prove the rule set of a seed, compare with both oracles; return the verdict."""
    case = Case(seed, exact=exact)
    report = case.rules.verify(case.schema)
    assert_counted(case, report)
    oracle = ExactOracle if exact else DomainOracle
    judge = oracle(case.rules.rules, case.schema)
    found = (report.is_exclusive, report.is_exhaustive)
    assert found == (judge.is_exclusive(), judge.is_exhaustive()), seed
    return found


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda s: f"{s.start}-{s.stop - 1}")
def test_random_domains_leave_no_disagreement(seeds: range) -> None:
    for seed in seeds:
        verdict(seed)


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda s: f"{s.start}-{s.stop - 1}")
def test_exact_reals_and_integers_agree_where_float64_has_them(seeds: range) -> None:
    for seed in seeds:
        verdict(seed, exact=True)


def test_the_random_rule_sets_are_of_every_kind() -> None:
    verdicts: Counter[tuple[bool, bool | None]] = Counter()
    domains: Counter[str] = Counter()
    for seed in range(300):
        case = Case(seed)
        report = case.rules.verify(case.schema)
        verdicts[report.is_exclusive, report.is_exhaustive] += 1
        domains.update(str(domain.kind) for domain in case.schema.values())
    assert len(verdicts) == 4
    assert min(verdicts.values()) >= 15
    assert set(domains) == {"None", "number", "text", "boolean", "date"}
