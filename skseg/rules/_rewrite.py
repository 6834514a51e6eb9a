"""The same segments in other words: plain boxes in place of nested conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._boxes import cover, separate
from ._conditions import Rule, disjunction
from ._proof import Proof
from ._witness import box_rule


def simplified_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return each rule as few boxes, one range or list of values a column."""
    proof = Proof(rules, schema)
    return {
        name: disjunction(
            box_rule(box, proof.axes, proof.universe)
            for box in cover(separate(region), proof.universe)
        )
        for name, region in zip(rules, proof.regions, strict=True)
    }
