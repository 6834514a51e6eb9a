"""z3 agrees about rules whose quantiles are open, with quantiles as variables."""

from __future__ import annotations

import math
import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from skseg.rules import (
    Domain,
    MECEReport,
    Rule,
    RuleSet,
    col,
    maximum,
    minimum,
    missing,
    q,
)
from skseg.rules._language._conditions import (
    Comparison,
    conjunction,
    disjunction,
    leaves,
    map_leaves,
)
from skseg.rules._language._thresholds import Extreme, Threshold
from tests.rules.generators import (
    Rules,
    flip_one,
    near_partition,
    partition,
    random_rules,
    random_schema,
)
from tests.rules.proof.enumerated import verify_by_enumeration
from tests.rules.proof.test_symbolic import LEVELS, assert_findings_hold
from tests.rules.proof.z3_quantiles import QuantileOracle, RealOracle

pytestmark = pytest.mark.pure

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BATCH = 200 if THOROUGH else 3
SEEDS = [range(start, start + BATCH) for start in range(0, 10 * BATCH, BATCH)]


def next_to(number: float, steps: int) -> float:
    """Return the float64 some steps above a number, or below it."""
    for _ in range(abs(steps)):
        number = math.nextafter(number, math.copysign(math.inf, steps))
    return number


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
        # More of them would have too many orders to be enumerated.
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
        ~(col("number0") < float(rng.randint(-3, 3))),
        col("number1").isin([float(rng.randint(-3, 0)), float(rng.randint(1, 3))]),
        (col("number0") > 1.0) | (col("number1") > 0.0),
    ]
    return conjunction(rng.sample(parts, rng.randint(1, 2)))


def verdict(report: Any) -> tuple[bool, bool | None]:
    return report.is_exclusive, report.is_exhaustive


def assert_enumeration_agrees(
    rules: RuleSet, schema: dict[str, Domain], report: MECEReport
) -> None:
    """Compare with a proof that tries every order, and count findings that differ."""
    plain = verify_by_enumeration(rules, schema)
    assert verdict(report) == verdict(plain), (rules, schema)
    assert report.unreachable == plain.unreachable
    assert report.n_overlaps == plain.n_overlaps
    assert len(report.gaps) == len(plain.gaps)
    assert [o.names for o in report.overlaps] == [o.names for o in plain.overlaps]
    FINDINGS[report == plain] += 1


# Of boxes or orders that are as large and as readable as each other, enumeration takes
# another one now and then.
FINDINGS: Counter[bool] = Counter()


def verdicts(seed: int) -> tuple[bool, bool]:
    """Prove the rule set of a seed, compare with z3, and return the verdict."""
    rules, schema, universe = rules_of(seed)
    report = RuleSet(rules, universe=universe).verify(schema)
    judge = QuantileOracle(rules, schema, universe)
    theirs = (bool(judge.is_exclusive()), bool(judge.is_exhaustive()))
    assert verdict(report) == theirs, (seed, rules, schema, universe)
    if universe is None:
        assert_findings_hold(RuleSet(rules), report, schema)
    assert_enumeration_agrees(RuleSet(rules, universe=universe), schema, report)
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
    before = FINDINGS.copy()
    counts = Counter(verdicts(seed) for seed in seeds)
    assert counts.total() == len(seeds)
    assert (FINDINGS - before)[False] <= 1 + len(seeds) // 25


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


MIDDLE, TINY = 2.0**53, 5e-324
# Numbers with their neighbours, so that hardly a value lies between two thresholds.
CROWDS = {
    "one": ([1.0, next_to(1, 1), next_to(1, 2), next_to(1, 3)], Domain()),
    "zero": ([-TINY, 0.0, TINY, 2 * TINY], Domain()),
    "infinity": ([next_to(math.inf, -2), next_to(math.inf, -1), math.inf], Domain()),
    "-infinity": ([-math.inf, next_to(-math.inf, 1), next_to(-math.inf, 2)], Domain()),
    "bounds": (
        [1.0, next_to(1, 1), next_to(1, 2)],
        Domain(low=1, high=next_to(1, 2), missing=False),
    ),
    "whole": ([0.0, 0.5, 1.0, 2.0, 2.5, 3.0], Domain(integer=True)),
    "few whole": ([0.5, 1.0, 2.0], Domain(integer=True, low=0.2, high=2.7)),
    "2**53": ([MIDDLE - 1, MIDDLE, MIDDLE + 2, MIDDLE + 4], Domain(integer=True)),
    "-2**53": (
        [-MIDDLE - 4, -MIDDLE - 2, -MIDDLE],
        Domain(integer=True, missing=False),
    ),
    "largest": ([next_to(math.inf, -2), next_to(math.inf, -1)], Domain(integer=True)),
}


def crowded(rng: Random, numbers: list[float]) -> Rules:
    """Return a partition of a column by few thresholds, or nearly one."""

    def threshold() -> Threshold:
        part = rng.choice([*numbers, q(0.3), q(0.3), q(0.7), q(0.7)])
        other = rng.choice([*numbers, q(0.3), q(0.7)])
        return rng.choice([part, part, maximum(part, other), minimum(part, other)])

    x = col("number0")
    cuts = [
        rng.choice([lambda t: (x < t, x >= t), lambda t: (x <= t, x > t)])(threshold())
        for _ in range(rng.randint(2, 3))
    ]
    (below, above), *others = cuts
    parts = [below, above]
    for low, high in others:
        part = parts.pop(rng.randrange(len(parts)))
        parts += [part & low, part & high]
    rules: Rules = {f"s{i}": part for i, part in enumerate(parts)}
    rules["none"] = missing("number0")
    for _ in range(rng.randint(0, 2)):
        rules = rng.choice([near_partition, flip_one])(rng, rules)
    return rules


@pytest.mark.parametrize("name", CROWDS)
def test_z3_agrees_where_thresholds_are_neighbours(name: str) -> None:
    numbers, domain = CROWDS[name]
    rng = Random(name)
    for _ in range(100 if THOROUGH else 1):
        rules = crowded(rng, numbers)
        rule_set, schema = RuleSet(rules), {"number0": domain}
        report, judge = rule_set.verify(schema), QuantileOracle(rules, schema)
        theirs = judge.is_exclusive(), judge.is_exhaustive()
        assert verdict(report) == theirs, rules
        assert_findings_hold(rule_set, report, schema)
        assert_enumeration_agrees(rule_set, schema, report)


def tree(rng: Random, n_rules: int, n_columns: int, n_cuts: int) -> Rules:
    """Return a partition of columns of numbers, by many quantiles and numbers each."""
    levels = [q(i / (n_cuts + 1)) for i in range(1, n_cuts + 1)]
    numbers = [40.0 * i for i in range(1, n_cuts + 1)]
    columns = [f"number{i}" for i in range(n_columns)]
    known = [~missing(column) for column in columns]
    regions: list[list[Rule]] = [known]
    while len(regions) < n_rules:
        parts = regions.pop(rng.randrange(len(regions)))
        level, number = rng.choice(levels), rng.choice(numbers)
        cut = rng.choice(
            [level, number, maximum(level, number), minimum(level, number)]
        )
        x = col(rng.choice(columns))
        sides = rng.choice([(x < cut, x >= cut), (x <= cut, x > cut)])
        regions += [[*parts, side] for side in sides]
    rules = {f"s{i}": conjunction(parts) for i, parts in enumerate(regions)}
    return rules | {"none": disjunction(map(missing, columns))}


@pytest.mark.parametrize("n_columns", [1, 3])
@pytest.mark.parametrize("n_cuts", [6, 10, 25])
def test_z3_agrees_in_real_numbers_on_more_thresholds_than_can_be_ordered(
    n_columns: int, n_cuts: int
) -> None:
    for seed in range(40 if THOROUGH else 2):
        rng = Random(seed)
        rules = tree(rng, rng.randint(10, 60), n_columns, n_cuts)
        assert RuleSet(rules).verify().is_mece
        for change in (reopened, reopened, flip_one):
            rules = change(rng, rules)
            rule_set, judge = RuleSet(rules), RealOracle(rules)
            report = rule_set.verify()
            assert verdict(report) == (judge.is_exclusive(), judge.is_exhaustive())
            assert_findings_hold(rule_set, report, None)


def test_the_rule_sets_are_of_every_kind() -> None:
    kinds = Counter()
    n_open = 0
    for seed in range(60):
        rules, schema, universe = rules_of(seed)
        rule_set = RuleSet(rules, universe=universe)
        n_open += not rule_set.is_resolved
        kinds[verdict(rule_set.verify(schema))] += 1
    assert n_open >= 45
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
