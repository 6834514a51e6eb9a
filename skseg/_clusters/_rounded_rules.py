"""Thresholds of rules as round as the rows allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Literal, TypeGuard

import numpy as np

from skseg._search._readable import roundest
from skseg._typing import FloatArray
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import (
    Comparison,
    Leaf,
    Missing,
    Operator,
    leaf_values,
    leaves,
    map_leaves,
)

# The operators without and with the threshold itself on the lower side.
_INCLUSIVE: dict[Operator, Operator] = {"<": "<=", ">=": ">"}


def leaves_of(rules: RuleSet) -> Iterator[Leaf]:
    """Yield the conditions on one column in all rules, and in the universe."""
    conditions = [*rules.rules.values()]
    conditions += [] if rules.universe is None else [rules.universe]
    return chain.from_iterable(map(leaves, conditions))


def mapped_rules(rules: RuleSet, change: Callable[[Leaf], Rule]) -> RuleSet:
    """Return the rules with every condition on one column replaced."""
    universe = rules.universe
    return RuleSet(
        {name: map_leaves(rule, change) for name, rule in rules.rules.items()},
        default=rules.default,
        universe=None if universe is None else map_leaves(universe, change),
        noise=rules.noise,
    )


def rounded_rules(rules: RuleSet, columns: Columns) -> RuleSet:
    """Return the rules with the roundest thresholds that divide the rows alike.

    A threshold with rows on one side only stays as it is. So do those in a gap between
    two values that borders on, or holds, a number which some condition asks for.
    """
    columns.require(list(rules.columns))
    distinct = {
        name: np.unique(values[~np.isnan(values)])
        for name, kind in rules.kinds.items()
        if kind == "number"
        for values in [columns.numbers(name)]
    }
    operators = _operators_by_gap(rules, distinct)

    def rounded(leaf: Leaf) -> Rule:
        if not _is_cut(leaf, distinct):
            return leaf
        values = distinct[leaf.column]
        gap = _gap(values, leaf.operator, leaf.threshold)
        used = operators[leaf.column, gap]
        if "==" in used or not 0 < gap < len(values):
            return leaf
        low, high = float(values[gap - 1]), float(values[gap])
        if used <= {"<", ">="}:
            # These thresholds may be the upper value itself, but not the lower one.
            return replace(leaf, threshold=-roundest(-high, -low) + 0.0)
        operator = _INCLUSIVE.get(leaf.operator, leaf.operator)
        return replace(leaf, operator=operator, threshold=roundest(low, high))

    return mapped_rules(rules, rounded)


def _operators_by_gap(
    rules: RuleSet, distinct: Mapping[str, FloatArray]
) -> dict[tuple[str, int], set[str]]:
    """Return which operators have a threshold in each gap, "==" for numbers asked for.

    A number that is asked for is between two thresholds.
    """
    operators: dict[tuple[str, int], set[str]] = defaultdict(set)
    for leaf in leaves_of(rules):
        if isinstance(leaf, Missing) or leaf.column not in distinct:
            continue
        values = distinct[leaf.column]
        if _is_cut(leaf, distinct):
            gap = _gap(values, leaf.operator, leaf.threshold)
            operators[leaf.column, gap].add(leaf.operator)
            continue
        for number in leaf_values(leaf):
            for operator in ("<", "<="):
                operators[leaf.column, _gap(values, operator, number)].add("==")
    return operators


def _is_cut(leaf: Leaf, distinct: Mapping[str, FloatArray]) -> TypeGuard[Comparison]:
    """Tell whether a condition divides the numbers of a column in two."""
    is_cut = isinstance(leaf, Comparison) and leaf.operator not in ("==", "!=")
    return is_cut and leaf.column in distinct


def _gap(values: FloatArray, operator: str, threshold: Any) -> int:
    """Return how many of the ascending values a threshold is above."""
    side: Literal["left", "right"] = "left" if operator in _INCLUSIVE else "right"
    return int(np.searchsorted(values, threshold, side=side))
