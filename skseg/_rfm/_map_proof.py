"""A segment map, proved and made disjoint over the scores."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError
from skseg.rules import Domain, MECEReport, Rule, RuleSet, parse
from skseg.rules._language._conditions import Missing, leaves

from ._dimensions import Dimension
from ._segment_maps import N_SCORES, SegmentMap

OWNER = "RFMSegmenter"


def disjoint_rules(
    segment_map: SegmentMap, dimensions: Sequence[Dimension], columns: Sequence[str]
) -> tuple[dict[str, Rule], MECEReport]:
    """Return the map as disjoint, exhaustive rules, and the proof about it as written.

    Its rules are over the scores of `dimensions` and the `columns` of the customer
    table. Raises if a rule is wrong or asks for a missing score, or if the rules
    overlap or leave gaps and the map does not say what to do.
    """
    schema = {
        d.score: Domain(integer=True, low=1, high=d.n_scores, missing=False)
        for d in dimensions
    }
    known = [*schema, *columns]
    rules = RuleSet(
        {n: parse(rule, columns=known) for n, rule in segment_map.rules.items()}
    )
    _check_no_missing_score(rules, schema)
    _check_n_scores(segment_map, rules, dimensions)
    report = rules.verify(schema)
    _check_declared(segment_map, report)
    complete = dict(rules.rules)
    if segment_map.default is not None and report.gaps:
        if segment_map.default in complete:
            raise InvalidParameterError(
                OWNER, "default", "a name that no rule has", segment_map.default
            )
        complete[segment_map.default] = parse("True")
    return dict(RuleSet(complete).disjoint(schema).rules), report


def _check_no_missing_score(rules: RuleSet, scores: Collection[str]) -> None:
    for name, rule in rules.rules.items():
        for leaf in leaves(rule):
            if isinstance(leaf, Missing) and leaf.column in scores:
                raise RuleError(
                    f"Segment {name!r} asks for missing({leaf.column}). Customers whom "
                    "a missing value leaves undecided have a segment of their own, "
                    "named by the parameter 'unknown'; drop the condition.",
                    owner=OWNER,
                    name="segments",
                    rule="without missing(...) of a score",
                    value=name,
                    column=leaf.column,
                )


def _check_n_scores(
    segment_map: SegmentMap, rules: RuleSet, dimensions: Sequence[Dimension]
) -> None:
    if segment_map.name is None:
        return
    for d in dimensions:
        if d.score in rules.columns and d.n_scores != N_SCORES:
            raise InvalidDataError(
                f"The map segments={segment_map.name!r} is defined on {N_SCORES} "
                f"scores. Got {d.n_scores} for {d.name!r}.",
                owner=OWNER,
                name="n_scores",
                rule=f"{N_SCORES} for the map {segment_map.name!r}",
                value=d.n_scores,
                advice=f"Give {N_SCORES - 1} cut points or n_scores={N_SCORES}, or a "
                "map of your own.",
            )


def _check_declared(segment_map: SegmentMap, report: MECEReport) -> None:
    if report.n_overlaps and segment_map.on_overlap == "raise":
        raise InvalidDataError(
            f"The segments overlap.\n{report}",
            owner=OWNER,
            name="on_overlap",
            value="raise",
            advice="Change the rules, or declare that the first rule that holds counts "
            "with on_overlap='first'.",
            remedy={"on_overlap": "first"},
        )
    if report.gaps and segment_map.default is None:
        raise InvalidDataError(
            f"The segments leave gaps.\n{report}",
            owner=OWNER,
            name="default",
            advice="Change the rules, or name the segment of all other customers with "
            "default='Others'.",
            remedy={"default": "Others"},
        )
