"""The same segments in other words: plain boxes in place of nested conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skseg.rules._language._conditions import Rule, disjunction, require_resolved

from ._boxes import Box, Budget, cover, separate
from ._proof import Proof
from ._symbolic import settled_axes
from ._witness import box_rule

# Steps for taking overlapping rules apart, where the parts themselves are asked for.
_STEPS = 1_000_000


def disjoint_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return `rules` rewritten so that each holds only where no earlier one does."""
    require_resolved(rules.values())
    proof = Proof(rules, schema)
    changed = {second for _, second in proof.overlapping_rules()}
    regions = proof.first_match_regions(Budget(_STEPS))
    return {
        name: _as_boxes(regions[number], proof) if number in changed else rule
        for number, (name, rule) in enumerate(rules.items())
    }


def simplified_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return each rule as few boxes, one range or list of values a column."""
    require_resolved(rules.values())
    proof = Proof(rules, schema)
    return {
        name: _as_boxes(separate(region), proof)
        for name, region in zip(rules, proof.regions, strict=True)
    }


def _as_boxes(region: list[Box], proof: Proof) -> Rule:
    """Return the rule that a row lies in disjoint boxes, as few maximal ones."""
    boxes = cover(region, proof.universe)
    axes = settled_axes(proof.axes, {})
    return disjunction(box_rule(box, axes, proof.universe) for box in boxes)
