"""Noise as the rows outside of a universe, which have the code -1 as well."""

from __future__ import annotations

from skseg.rules import RuleSet


def noise_as_outside(rules: RuleSet) -> RuleSet:
    """Return rules that give every row the code that it has, without noise.

    They are to be mutually exclusive.
    """
    if rules.noise is None:
        return rules
    segments = dict(rules.rules)
    noise = segments.pop(rules.noise)
    return RuleSet(segments, default=rules.default, universe=~noise)
