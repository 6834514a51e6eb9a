"""Whether rules are mutually exclusive and collectively exhaustive."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from skseg.exceptions import RuleError
from skseg.rules._language._conditions import Rule, open_thresholds
from skseg.rules._reserved_names import OUTSIDE

from ._boxes import Box, Budget, TooManyBoxesError, volume
from ._proof import Proof
from ._report import Gap, MECEReport, Overlap

# Steps for taking overlapping rules apart, where searching is the other way to know.
_REPORT_STEPS = 20_000
# Steps of a search for gaps among overlapping rules, where no volume can guide it.
_SEARCH_STEPS = 20_000


def verify(
    rules: Mapping[str, Rule],
    default: str | None,
    universe: Rule | None,
    schema: Mapping[str, Any] | None,
    max_findings: int,
) -> MECEReport:
    """Prove or refute that `rules` are a partition; see `RuleSet.verify`."""
    if not isinstance(max_findings, numbers.Integral) or max_findings < 0:
        raise RuleError(
            "The 'max_findings' parameter of verify must be an int in [0, inf). Got "
            f"{max_findings!r} instead.",
            owner="RuleSet.verify",
            name="max_findings",
            rule="an int in [0, inf)",
            value=max_findings,
        )
    if universe is not None:
        rules = _within_universe(rules, universe)
    proof = Proof(rules, schema, universe)
    pairs = proof.overlapping_rules()
    try:
        regions = proof.first_match_regions(Budget(_REPORT_STEPS))
    except TooManyBoxesError:
        regions = None
    gaps, exhaustive = _gaps(proof, regions, max_findings)
    unreachable = _unreachable(proof, regions)
    if unreachable is not None and OUTSIDE in unreachable:
        unreachable.remove(OUTSIDE)
    if default is not None and exhaustive and unreachable is not None:
        unreachable.append(default)
    return MECEReport(
        is_exclusive=not pairs,
        is_exhaustive=True if default is not None else exhaustive,
        overlaps=tuple(
            Overlap((proof.names[i], proof.names[j]), *proof.overlap(i, j))
            for i, j in pairs[:max_findings]
        ),
        n_overlaps=len(pairs),
        gaps=tuple(gaps),
        unreachable=None if unreachable is None else tuple(unreachable),
        default=default,
    )


def _within_universe(rules: Mapping[str, Rule], universe: Rule) -> dict[str, Rule]:
    """Return rules that partition all rows if `rules` partition the universe."""
    columns = {column for column, _ in open_thresholds([universe])}
    for column, _ in open_thresholds(rules.values()):
        if column in columns:
            raise RuleError(
                f"Quantiles of column {column!r} stand in the universe and in the "
                "rules. They are quantiles of different rows, so their order is not "
                "known without data.",
                owner="RuleSet.verify",
                name="universe",
                column=column,
                advice="Use a number in the universe, or resolve(X) the rules first.",
            )
    inside = {name: universe & rule for name, rule in rules.items()}
    return {OUTSIDE: ~universe, **inside}


def _gaps(
    proof: Proof, regions: list[list[Box]] | None, max_findings: int
) -> tuple[list[Gap], bool | None]:
    """Return the gaps and whether there are none, None for undecided."""
    total, boxes = volume(proof.universe), None
    if regions is not None:
        boxes = [box for region in regions for box in region]
        if sum(map(volume, boxes)) == total:
            return [], True
    # Rules in many pieces overlap a lot, and such rules leave gaps in plain sight:
    # a search is quicker there than adding up the volumes of the pieces.
    entangled = boxes is None or len(boxes) > 4 * len(proof.index.boxes)
    at_most = max(max_findings, 1)
    shown_boxes, complete = proof.gaps(
        None if entangled else boxes, at_most, Budget(_SEARCH_STEPS)
    )
    if boxes is not None and not shown_boxes:
        shown_boxes, complete = proof.gaps(boxes, at_most, Budget(_SEARCH_STEPS))
    gaps = [Gap(*parts) for parts in shown_boxes[:max_findings]]
    if shown_boxes or boxes is not None:
        return gaps, False
    return gaps, True if complete else None


def _unreachable(proof: Proof, regions: list[list[Box]] | None) -> list[str] | None:
    """Return the rules that no row reaches, None for undecided."""
    if regions is not None:
        return [
            name
            for name, region in zip(proof.names, regions, strict=True)
            if not region
        ]
    budget = Budget(_SEARCH_STEPS)
    try:
        return [
            name
            for number, name in enumerate(proof.names)
            if not proof.reachable(number, budget)
        ]
    except TooManyBoxesError:
        return None
