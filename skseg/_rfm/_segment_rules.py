"""Segments in the units of the data: those of a map, or all combinations of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from skseg.exceptions import InvalidParameterError
from skseg.rules import Domain, MECEReport, Rule, RuleSet, col
from skseg.rules._language._conditions import conjunction

from ._dimensions import OWNER, Dimension, translated
from ._map_proof import disjoint_rules
from ._segment_maps import SegmentMap


def segments_of_map(
    segment_map: SegmentMap,
    dimensions: Sequence[Dimension],
    columns: Sequence[str],
    unknown: Any,
) -> tuple[RuleSet, MECEReport]:
    """Return the segments of a map, and the proof about the map over all scores."""
    score_rules, report = disjoint_rules(segment_map, dimensions, columns)
    scales = {d.score: d for d in dimensions}
    rules = {name: translated(rule, scales) for name, rule in score_rules.items()}
    return RuleSet(rules, default=_unknown_name(unknown, rules)).simplify(), report


def segments_of_scores(
    dimensions: Sequence[Dimension], unknown: Any
) -> tuple[RuleSet, MECEReport]:
    """Return a segment for each combination of scores, best first, and the proof.

    The proof is that of a map, over all scores; a combination with a collapsed score,
    which no value gets, is no segment.
    """
    schema = {
        d.score: Domain(integer=True, low=1, high=d.n_scores, missing=False)
        for d in dimensions
    }
    rule_of = [
        {score: d.rule([score]) for score in d.scores_with_values()} for d in dimensions
    ]
    over_scores, rules = {}, {}
    for scores in product(*(range(d.n_scores, 0, -1) for d in dimensions)):
        pairs = [(d.score, k) for d, k in zip(dimensions, scores, strict=True)]
        name = " ".join(f"{score}{k}" for score, k in pairs)
        over_scores[name] = conjunction([col(score) == k for score, k in pairs])
        parts = [of.get(k) for of, k in zip(rule_of, scores, strict=True)]
        if None not in parts:
            rules[name] = conjunction([part for part in parts if part is not None])
    report = RuleSet(over_scores).verify(schema)
    return RuleSet(rules, default=_unknown_name(unknown, rules)), report


def _unknown_name(unknown: Any, rules: Mapping[str, Rule]) -> str:
    if not isinstance(unknown, str) or unknown in rules:
        rule = "a str that is no name of another segment"
        raise InvalidParameterError(OWNER, "unknown", rule, unknown)
    return unknown
