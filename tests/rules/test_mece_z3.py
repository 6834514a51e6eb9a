"""The proof against z3, on partitions, near-partitions and random rule sets."""

from __future__ import annotations

import math
import os
from random import Random
from typing import Any

import pytest

from skseg.rules import RuleSet

from .generators import (
    Rules,
    flip_one,
    near_partition,
    partition,
    random_rules,
)
from .z3_oracle import Z3Rules

# The thorough profile proves 12,000 rule sets; the fast one a sample of each family.
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
PER_FAMILY = 2400 if THOROUGH else 12


def true_partition(rng: Random, n_rules: int, n_columns: int) -> Rules:
    return partition(rng, n_rules, n_columns, grid=rng.random() < 0.5)


def nearly(rng: Random, n_rules: int, n_columns: int) -> Rules:
    rules = true_partition(rng, n_rules, n_columns)
    return near_partition(rng, rules, rng.randint(1, 2))


def flipped(rng: Random, n_rules: int, n_columns: int) -> Rules:
    rules = partition(rng, n_rules, n_columns)
    try:
        return flip_one(rng, rules)
    except IndexError:  # a partition by text and missing values alone
        return near_partition(rng, rules)


def entangled(rng: Random, n_rules: int, n_columns: int) -> Rules:
    return random_rules(rng, n_rules, n_columns, grid=True)


def mixed(rng: Random, n_rules: int, n_columns: int) -> Rules:
    rules = true_partition(rng, n_rules, n_columns)
    extra = random_rules(rng, 1, n_columns, grid=True)
    return {**rules, "extra": extra["s0"]}


FAMILIES = [true_partition, nearly, flipped, entangled, mixed]


def assert_confirmed(rules: RuleSet, report: Any) -> None:
    """Evaluate the rules on every witness of the report."""
    for overlap in report.overlaps:
        row = {name: [value] for name, value in overlap.witness.items()}
        held = rules.membership(row)[0]
        assert held[[rules.names.index(name) for name in overlap.names]].all()
    for gap in report.gaps:
        row = {name: [value] for name, value in gap.witness.items()}
        assert not rules.membership(row).any()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_verdicts_agree_with_z3_and_witnesses_are_confirmed(family: Any) -> None:
    rng = Random(f"{family.__name__}")
    verdicts = set()
    for _ in range(PER_FAMILY):
        drawn = family(rng, rng.randint(2, 7), rng.randint(1, 4))
        rules = RuleSet(drawn)
        report = rules.verify()
        oracle = Z3Rules(rules.rules)
        assert report.is_exclusive == oracle.is_exclusive(), rules
        assert report.is_exhaustive == oracle.is_exhaustive(), rules
        assert report.is_exclusive == (not report.overlaps)
        assert report.is_exhaustive == (not report.gaps)
        assert_confirmed(rules, report)
        verdicts.add(report.is_mece)
    assert verdicts == {true_partition: {True}}.get(family, verdicts | {False})


def test_both_questions_about_exclusion_agree() -> None:
    rng = Random(7)
    for _ in range(10):
        rules = nearly(rng, 5, 3)
        oracle = Z3Rules(rules)
        assert oracle.is_exclusive() != oracle.some_row_satisfies_two()


@pytest.mark.parametrize("edge", [0.0, 1.0, -1.0, 5e-324, 1e308])
def test_an_interval_between_neighbouring_floats_is_empty_for_both(edge: float) -> None:
    above = math.nextafter(edge, math.inf)
    rules = RuleSet({"low": f"x <= {edge!r}", "rest": f"x >= {above!r} or missing(x)"})
    assert rules.verify().is_mece
    oracle = Z3Rules(rules.rules)
    assert oracle.is_exclusive()
    assert oracle.is_exhaustive()
