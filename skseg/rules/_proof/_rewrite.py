"""Equivalent rules: boxes in place of nested conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from skseg.rules._cells import Axis, BooleanAxis, OrderedAxis, TextAxis
from skseg.rules._language._conditions import (
    Missing,
    Rule,
    comparison,
    conjunction,
    disjunction,
    membership,
    require_resolved,
)

from ._boxes import Box, Budget, cover, intersect, separate, subtract_all
from ._domain import cell_bounds
from ._proof import Proof
from ._symbolic import concrete_axes

# Steps for splitting overlapping rules into disjoint ones.
_STEPS = 1_000_000


def disjoint_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return `rules` rewritten so that each holds only where no earlier one does."""
    require_resolved(rules.values())
    proof = Proof(rules, schema)
    overlapped = {second for _, second in proof.overlapping_rules()}
    regions = proof.first_match_regions(Budget(_STEPS))
    return {
        name: _as_boxes(regions[number], proof) if number in overlapped else rule
        for number, (name, rule) in enumerate(rules.items())
    }


def simplified_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return each rule as few boxes, one range or list of values a column.

    What several boxes share is written once where the rule is shorter so.
    """
    require_resolved(rules.values())
    proof = Proof(rules, schema)
    return {
        name: _as_boxes(separate(region), proof)
        for name, region in zip(rules, proof.regions, strict=True)
    }


def rule_of_rest(
    rules: Mapping[str, Rule], universe: Rule | None, schema: Mapping[str, Any] | None
) -> Rule:
    """Return a short rule for the rows of the universe for which no rule holds.

    Outside of the universe it may hold or not, whatever is shorter.
    """
    inside = {} if universe is None else {"": universe}
    require_resolved([*rules.values(), *inside.values()])
    proof = Proof(
        {**{str(i): r for i, r in enumerate(rules.values())}, **inside}, schema
    )
    budget = Budget(_STEPS)
    taken = [box for region in proof.regions[: len(rules)] for box in region]
    within = [proof.universe]
    outside: list[Box] = []
    if universe is not None:
        within = separate(proof.regions[-1], budget)
        outside = subtract_all([proof.universe], within, budget)
    rest = subtract_all(within, taken, budget)
    return _shortest(_as_boxes(rest, proof), _as_boxes(rest, proof, outside))


def _as_boxes(region: list[Box], proof: Proof, margin: Sequence[Box] = ()) -> Rule:
    """Return the rule that a row lies in disjoint boxes, as few maximal ones."""
    axes = concrete_axes(proof.axes, {})
    boxes = _narrowed(cover(region, proof.universe, margin), axes, proof.universe)
    parts = [_box_parts(box, axes, proof.universe) for box in boxes]
    plain = disjunction(map(conjunction, parts))
    return _shortest(plain, _factored(parts))


def _shortest(*rules: Rule) -> Rule:
    return min(rules, key=lambda rule: len(str(rule)))


def _narrowed(boxes: list[Box], axes: Mapping[str, Axis], universe: Box) -> list[Box]:
    """Return boxes without missing values that another one takes in.

    Maximal boxes are few, but ``aov >= 90`` is shorter than ``not aov < 90``.
    """
    narrowed = list(boxes)
    for position, axis in enumerate(axes.values()):
        absent = axis.missing
        for i, box in enumerate(narrowed):
            mask = box[position]
            if not mask & absent or mask in (absent, universe[position]):
                continue
            rows = _with_mask(box, position, absent)
            others = [*narrowed[:i], *narrowed[i + 1 :]]
            if any(intersect(rows, other) == rows for other in others):
                narrowed[i] = _with_mask(box, position, mask & ~absent)
    return narrowed


def _with_mask(box: Box, position: int, mask: int) -> Box:
    return (*box[:position], mask, *box[position + 1 :])


def _box_parts(box: Box, axes: Mapping[str, Axis], universe: Box) -> list[Rule]:
    """Return the rules, one a column, that all hold for the rows in `box`."""
    return [
        mask_rule(mask, axis, possible)
        for axis, mask, possible in zip(axes.values(), box, universe, strict=True)
        if mask != possible
    ]


def _factored(conjunctions: Sequence[Sequence[Rule]]) -> Rule:
    """Return the rule that a conjunction holds, with what most share written once.

    The part that most of them share is taken out of these, again and again.
    """
    counts = Counter(part for parts in conjunctions for part in parts)
    shared, n = counts.most_common(1)[0] if counts else (None, 0)
    if n < 2:
        return disjunction(map(conjunction, conjunctions))
    sharing, others = [], []
    for parts in conjunctions:
        if shared in parts:
            sharing.append([part for part in parts if part != shared])
        else:
            others.append(parts)
    # A conjunction of nothing more than the shared part takes in all the others.
    inner = _factored(sharing) if all(sharing) else conjunction([])
    assert shared is not None
    taken = conjunction([shared, inner])
    return disjunction([taken, _factored(others)]) if others else taken


def mask_rule(mask: int, axis: Axis, possible: int) -> Rule:
    """Return the rule that a column lies in the cells `mask` of the possible ones."""
    absent = Missing(axis.name)
    values, possible_values = mask & ~axis.missing, possible & ~axis.missing
    if not mask & axis.missing:
        rule = _present_rule(values, axis, possible_values)
        # Conditions on values are false for missing ones; where all values are
        # allowed there is no such condition.
        is_open = rule == conjunction([]) and possible & axis.missing
        return ~absent if is_open else rule
    if not values:
        return absent
    complement = ~_present_rule(possible & ~mask, axis, possible_values)
    either = disjunction([_present_rule(values, axis, possible_values), absent])
    return min(complement, either, key=lambda rule: len(str(rule)))


def _present_rule(values: int, axis: Axis, possible: int) -> Rule:
    """Return the rule that a value which is not missing lies in the cells `values`."""
    if values == possible:
        return conjunction([])
    if isinstance(axis, TextAxis):
        listed = [v for i, v in enumerate(axis.values) if values >> i & 1]
        if values >> len(axis.values) & 1:
            excluded = [v for i, v in enumerate(axis.values) if not values >> i & 1]
            return conjunction([~membership(axis.name, excluded), ~Missing(axis.name)])
        return membership(axis.name, listed)
    if isinstance(axis, BooleanAxis):
        (boolean,) = axis.values(values)
        return comparison(axis.name, "==", boolean)
    assert isinstance(axis, OrderedAxis)
    return disjunction(
        _interval_rule(first, last, axis, possible)
        for first, last in _intervals(values, possible)
    )


def _intervals(values: int, possible: int) -> list[tuple[int, int]]:
    """Return the (first, last) cells of intervals; impossible cells do not end one."""
    intervals: list[tuple[int, int]] = []
    continues = False
    for cell in range(possible.bit_length()):
        if values >> cell & 1:
            first = intervals.pop()[0] if continues else cell
            intervals.append((first, cell))
            continues = True
        elif possible >> cell & 1:
            continues = False
    return intervals


def _interval_rule(first: int, last: int, axis: OrderedAxis, possible: int) -> Rule:
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    low_value, low_open = axis.origins.get(low, (low, False))
    high_value, high_closed = axis.origins.get(high, (high, False))
    below, above = possible & ((1 << first) - 1), possible >> (last + 1)
    is_point = first == last and low_value == high_value
    if is_point and not low_open and high_closed:
        return comparison(axis.name, "==", low_value)
    bounds: list[Rule] = []
    if below:
        bounds.append(comparison(axis.name, ">" if low_open else ">=", low_value))
    if above:
        bounds.append(comparison(axis.name, "<=" if high_closed else "<", high_value))
    return conjunction(bounds)
