"""z3 agrees with every verdict, on partitions with one thing wrong above all."""

from __future__ import annotations

import math
import os
from collections import Counter
from random import Random
from typing import Any

import pytest
import z3

from skseg.rules import Domain, MECEReport, RuleSet, col, missing
from skseg.rules._proof import _mece
from tests.rules.generators import (
    Rules,
    near_partition,
    partition,
    random_rules,
    random_schema,
)
from tests.rules.proof.z3_oracle import Z3Oracle, number
from tests.rules.strategies import SPECIAL_NUMBERS

pytestmark = pytest.mark.pure

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BATCH = 600 if THOROUGH else 6
SEEDS = [range(start, start + BATCH) for start in range(0, 20 * BATCH, BATCH)]


def rules_of(seed: int) -> tuple[Rules, dict[str, Domain]]:
    """Return the rule set of a seed: one in five random, most near-partitions."""
    rng = Random(seed)
    n_rules, n_columns = rng.randint(2, 8), rng.randint(2, 4)
    grid = rng.random() < 0.6
    if seed % 5 == 0:
        rules = random_rules(rng, n_rules, n_columns, grid=grid)
    else:
        rules = partition(rng, n_rules, n_columns, grid=grid)
        rules = near_partition(rng, rules, rng.choice([0, 1, 1, 1, 1, 2, 3]))
    schema = random_schema(rng, rules) if rng.random() < 0.3 else {}
    return rules, schema


def admits(domain: Domain, value: Any) -> bool:
    if value is None:
        return domain.missing
    if domain.values is not None:
        return value in domain.values
    if isinstance(value, str):
        return True
    whole = not domain.integer or (math.isfinite(value) and value == math.floor(value))
    return domain.low <= value <= domain.high and whole


def names_held(rule_set: RuleSet, row: dict[str, Any]) -> set[str]:
    held = rule_set.membership({name: [value] for name, value in row.items()})[0]
    return {name for name, holds in zip(rule_set.names, held, strict=True) if holds}


def assert_witnesses(
    rule_set: RuleSet, schema: dict[str, Domain], report: MECEReport
) -> None:
    """Assert that the rules, evaluated on the rows shown, do what the report says."""
    for overlap in report.overlaps:
        assert names_held(rule_set, overlap.witness) >= set(overlap.names)
    for gap in report.gaps:
        assert names_held(rule_set, gap.witness) == set()
    for finding in (*report.overlaps, *report.gaps):
        for name, value in finding.witness.items():
            assert admits(schema.get(name, Domain()), value)


def verified_by_search(rule_set: RuleSet, schema: dict[str, Domain]) -> MECEReport:
    """Verify in the way that large sets of overlapping rules are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_mece, "_REPORT_STEPS", 0)
        return rule_set.verify(schema)


def verdicts(seed: int) -> tuple[bool, bool]:
    """Prove the rule set of a seed twice, compare with z3, and return the verdict."""
    rules, schema = rules_of(seed)
    rule_set, judge = RuleSet(rules), Z3Oracle(rules, schema)
    report = rule_set.verify(schema)
    verdict = (report.is_exclusive, report.is_exhaustive)
    by_z3 = (judge.is_exclusive(), judge.is_exhaustive())
    assert verdict == by_z3, (seed, rules, schema)
    assert report.is_exclusive == (not report.overlaps)
    assert report.is_exhaustive == (not report.gaps)
    assert_witnesses(rule_set, schema, report)
    searched = verified_by_search(rule_set, schema)
    assert verdict == (searched.is_exclusive, searched.is_exhaustive), seed
    assert searched.unreachable == report.unreachable
    assert searched.overlaps == report.overlaps
    assert_witnesses(rule_set, schema, searched)
    if seed % 10 < 2:
        names = list(rules)
        pairs = [
            (names[i], names[j])
            for i in range(len(names))
            for j in range(i + 1, len(names))
            if judge.overlap(i, j)
        ]
        assert [overlap.names for overlap in report.overlaps] == pairs[:20], seed
        assert report.n_overlaps == len(pairs)
        unreached = [n for i, n in enumerate(names) if not judge.is_reachable(i)]
        assert report.unreachable == tuple(unreached), seed
    return report.is_exclusive, bool(report.is_exhaustive)


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda s: f"{s.start}-{s.stop - 1}")
def test_z3_agrees_on_every_rule_set_and_every_witness_holds(seeds: range) -> None:
    counts = Counter(verdicts(seed) for seed in seeds)
    assert counts.total() == len(seeds)


@pytest.mark.parametrize("seed", range(300 if THOROUGH else 9))
def test_z3_agrees_on_larger_rule_sets(seed: int) -> None:
    rng = Random(seed)
    n_rules, n_columns = rng.randint(20, 80), rng.randint(4, 15)
    if seed % 3 == 0:
        rules = random_rules(rng, n_rules, n_columns, grid=seed % 2 == 0)
    else:
        rules = partition(rng, n_rules, n_columns, grid=seed % 2 == 0)
        rules = near_partition(rng, rules, rng.choice([0, 1, 2, 5]))
    schema = random_schema(rng, rules) if seed % 4 == 0 else {}
    rule_set, judge = RuleSet(rules), Z3Oracle(rules, schema)
    verdict = (judge.is_exclusive(), judge.is_exhaustive())
    for report in (rule_set.verify(schema), verified_by_search(rule_set, schema)):
        # A search among overlapping rules may give up, but it must not err.
        assert report.is_exclusive == verdict[0]
        assert report.is_exhaustive in (verdict[1], None)
        assert_witnesses(rule_set, schema, report)
    assert rule_set.verify(schema).is_exhaustive is not None
    for place in rng.sample(range(len(rules)), 5):
        reached = rule_set.names[place] not in (report.unreachable or ())
        assert report.unreachable is None or reached == judge.is_reachable(place)


def test_the_rule_sets_are_of_every_kind() -> None:
    kinds = Counter()
    for seed in range(60):
        rules, schema = rules_of(seed)
        report = RuleSet(rules).verify(schema)
        kinds[report.is_exclusive, report.is_exhaustive] += 1
    assert len(kinds) == 4
    assert min(kinds.values()) >= 5


@pytest.mark.parametrize("seed", range(20))
def test_an_unchanged_partition_is_proved(seed: int) -> None:
    rng = Random(seed)
    rules = partition(rng, rng.randint(1, 30), rng.randint(1, 5), grid=seed % 2 == 0)
    assert RuleSet(rules).verify().is_mece


def test_z3_knows_the_corners_of_float64() -> None:
    for value in SPECIAL_NUMBERS:
        for other in (value, math.nextafter(value, math.inf)):
            for symbol, rule in (("<", col("x") < value), ("==", col("x") == value)):
                judge = Z3Oracle({"r": rule})
                pinned = z3.fpEQ(judge.columns["x"], number(other))
                expected = other < value if symbol == "<" else other == value
                assert judge._is_possible(judge.rules[0], pinned) == expected


def test_z3_tells_missing_from_any_number() -> None:
    judge = Z3Oracle({"r": missing("x") & (col("x") < math.inf), "s": ~(col("x") < 1)})
    assert judge._is_possible(judge.rules[0]) is False
    assert judge._is_possible(judge.rules[1], judge.missing("x")) is True
