"""z3 agrees about rules whose quantiles are open, with quantiles as variables."""

from __future__ import annotations

import math
import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from skseg.rules import Domain, Rule, RuleSet, col, maximum, minimum, missing, q
from skseg.rules._language._conditions import (
    Comparison,
    conjunction,
    leaves,
    map_leaves,
)
from skseg.rules._language._thresholds import Extreme, Threshold
from tests.rules.generators import (
    Rules,
    near_partition,
    partition,
    random_rules,
    random_schema,
)
from tests.rules.proof.test_symbolic import LEVELS, assert_findings_hold
from tests.rules.proof.z3_quantiles import QuantileOracle, RealOracle

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BATCH = 200 if THOROUGH else 3
SEEDS = [range(start, start + BATCH) for start in range(0, 10 * BATCH, BATCH)]


def opened(rng: Random, rules: Rules) -> Rules:
    """Return `rules` with open thresholds in place of some numbers.

    The same for the same number of a column, so that a partition remains one.
    """
    instead: dict[tuple[str, float], Threshold] = {}

    def change(leaf: Any) -> Rule:
        if not isinstance(leaf, Comparison) or not isinstance(leaf.threshold, float):
            return leaf  # type: ignore[no-any-return]
        key = leaf.column, leaf.threshold
        if key not in instead:
            instead[key] = _open_threshold(rng, leaf.threshold)
        return Comparison(leaf.column, leaf.operator, instead[key])

    return {name: map_leaves(rule, change) for name, rule in rules.items()}


def _open_threshold(rng: Random, number: float) -> Threshold:
    level = q(rng.choice(LEVELS))
    return rng.choice(
        [
            number,
            level,
            maximum(level, number),
            minimum(level, number),
            maximum(minimum(level, number + 2), number),
            minimum(maximum(level, q(0.5)), number),
        ]
    )


def reopened(rng: Random, rules: Rules) -> Rules:
    """Return `rules` with one threshold changed on one side of a border only."""
    places = [
        (name, i)
        for name, rule in rules.items()
        for i, leaf in enumerate(leaves(rule))
        if isinstance(leaf, Comparison) and not isinstance(leaf.threshold, str)
    ]
    if not places:
        return rules
    name, place = rng.choice(places)
    seen = iter(range(10**9))

    def change(leaf: Any) -> Rule:
        if next(seen) != place:
            return leaf  # type: ignore[no-any-return]
        threshold = leaf.threshold
        if isinstance(threshold, Extreme) and rng.random() < 0.8:
            # What is forgotten in practice: one half of a mixed threshold.
            threshold = rng.choice(threshold.args)
        else:
            threshold = _open_threshold(rng, float(rng.randint(-3, 3)))
        return Comparison(leaf.column, leaf.operator, threshold)

    return {**rules, name: map_leaves(rules[name], change)}


def touching(rng: Random) -> Rules:
    """Return rules that meet only where two thresholds are equal, if they do.

    Trees of cuts have one threshold a border, so nothing in them depends on that.
    """
    number, level = float(rng.randint(-1, 1)), q(0.5)
    low, high = rng.choice(
        [
            (q(0.25), level),
            (q(0.25), q(0.75)),
            (minimum(q(0.25), number), minimum(level, number)),
            (number, maximum(level, number)),
            (minimum(level, number), number),
            (minimum(level, number), maximum(q(0.75), number)),
            (level, math.inf),
            (-math.inf, level),
        ]
    )
    x = col("number0")
    rules: Rules = {
        "low": rng.choice([x < low, x <= low]),
        "high": rng.choice([x > high, x >= high]),
        "none": missing("number0"),
    }
    if rng.random() < 0.5:
        above, below = (
            rng.choice([x > low, x >= low]),
            rng.choice([x < high, x <= high]),
        )
        rules["between"] = above & below
    return rules


def rules_of(seed: int) -> tuple[Rules, dict[str, Domain], Rule | None]:
    """Return rules with open quantiles, most of them partitions or nearly so."""
    rng = Random(seed)
    n_rules, n_columns = rng.randint(2, 6), rng.randint(1, 3)
    grid = rng.random() < 0.6
    if seed % 5 == 0:
        # More of them would mention too many numbers of one column for a proof.
        rules = opened(rng, random_rules(rng, min(n_rules, 3), n_columns, grid=grid))
    elif seed % 5 < 3:
        rules = touching(rng)
    else:
        rules = opened(rng, partition(rng, n_rules, n_columns, grid=grid))
        for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
            change = rng.choice([near_partition, reopened])
            rules = change(rng, rules)
    schema = random_schema(rng, rules) if rng.random() < 0.3 else {}
    return rules, schema, _universe(rng) if rng.random() < 0.3 else None


def _universe(rng: Random) -> Rule:
    parts: list[Rule] = [
        col("number0") >= float(rng.randint(-3, 3)),
        col("number1") <= float(rng.randint(-3, 3)),
        ~missing("number0"),
        col("elsewhere") > maximum(q(0.5), 0),
    ]
    return conjunction(rng.sample(parts, rng.randint(1, 2)))


def verdict(report: Any) -> tuple[bool, bool | None]:
    return report.is_exclusive, report.is_exhaustive


def verdicts(seed: int) -> tuple[bool, bool]:
    """Prove the rule set of a seed, compare with z3, and return the verdict."""
    rules, schema, universe = rules_of(seed)
    report = RuleSet(rules, universe=universe).verify(schema)
    judge = QuantileOracle(rules, schema, universe)
    theirs = (bool(judge.is_exclusive()), bool(judge.is_exhaustive()))
    assert verdict(report) == theirs, (seed, rules, schema, universe)
    if universe is None:
        assert_findings_hold(RuleSet(rules), report, schema)
    if seed % 20 in (0, 1):
        names = list(rules)
        pairs = [
            (names[i], names[j])
            for i in range(len(names))
            for j in range(i + 1, len(names))
            if judge.overlap(i, j)
        ]
        assert [overlap.names for overlap in report.overlaps] == pairs, seed
        unreached = [n for i, n in enumerate(names) if not judge.is_reachable(i)]
        assert report.unreachable == tuple(unreached), seed
    return theirs


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda s: f"{s.start}-{s.stop - 1}")
def test_z3_agrees_on_every_rule_set_with_open_quantiles(seeds: range) -> None:
    counts = Counter(verdicts(seed) for seed in seeds)
    assert counts.total() == len(seeds)


@pytest.mark.parametrize("seed", range(1500 if THOROUGH else 15))
def test_z3_agrees_in_real_numbers(seed: int) -> None:
    rng = Random(seed)
    # Two columns of numbers. Thresholds far from each other, as reals are dense.
    rules = opened(rng, partition(rng, rng.randint(2, 6), 2, grid=True))
    for _ in range(seed % 3):
        rules = reopened(rng, rules)
    judge = RealOracle(rules)
    report = RuleSet(rules).verify()
    assert verdict(report) == (judge.is_exclusive(), judge.is_exhaustive())
    assert seed % 3 or report.is_mece


def test_the_rule_sets_are_of_every_kind() -> None:
    kinds = Counter()
    n_open = 0
    for seed in range(40):
        rules, schema, universe = rules_of(seed)
        rule_set = RuleSet(rules, universe=universe)
        n_open += not rule_set.is_resolved
        kinds[verdict(rule_set.verify(schema))] += 1
    assert n_open >= 30
    assert len(kinds) == 4
    assert min(kinds.values()) >= 4


def test_z3_thinks_of_infinite_quantiles() -> None:
    rules = {"a": col("x") <= q(0.5), "b": (col("x") > q(0.5)) & (col("x") < math.inf)}
    infinite = {**rules, "c": col("x") == math.inf}
    judge = QuantileOracle(infinite)
    assert judge.is_exclusive() is False
    assert RuleSet(infinite).verify().n_overlaps == 1
    assert QuantileOracle(rules).is_exclusive() is True


@pytest.mark.parametrize("between", [False, True])
def test_z3_knows_that_neighbouring_numbers_leave_no_room(between: bool) -> None:
    upper = math.nextafter(1.0, 2.0)
    upper = math.nextafter(upper, 2.0) if between else upper
    rules = {"a": (col("x") > 1) & (col("x") < upper) & (col("x") < q(0.5))}
    judge = QuantileOracle(rules)
    assert judge.is_reachable(0) is between
    assert (RuleSet(rules).verify().unreachable == ()) is between
