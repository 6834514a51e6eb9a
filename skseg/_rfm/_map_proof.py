"""A segment map, proved and made disjoint over the scores."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError
from skseg.rules import Domain, MECEReport, Rule, RuleSet, parse
from skseg.rules._language._conditions import (
    Leaf,
    Membership,
    Missing,
    leaves,
    open_thresholds,
)
from skseg.rules._language._thresholds import threshold_text

from ._dimensions import OWNER, Dimension, Rescaling, translated
from ._segment_maps import LEAST_SCORES, MOST_SCORES, N_SCORES, SegmentMap


def disjoint_rules(
    segment_map: SegmentMap, dimensions: Sequence[Dimension], columns: Sequence[str]
) -> tuple[dict[str, Rule], MECEReport]:
    """Return the map as disjoint, exhaustive rules, and the proof about it.

    Its rules are over the scores of `dimensions` and the `columns` of the customer
    table; those of a map that ships are first brought to the numbers of scores. Raises
    if a rule is wrong, asks for a missing score or for one that does not exist, or if
    the rules overlap or leave gaps and the map does not say what to do.
    """
    schema = {
        d.score: Domain(integer=True, low=1, high=d.n_scores, missing=False)
        for d in dimensions
    }
    known = [*schema, *columns]
    rules = RuleSet(
        {
            name: parse(rule, columns=known, params=segment_map.params)
            for name, rule in segment_map.rules.items()
        }
    )
    _check_no_missing_score(rules, schema)
    if segment_map.name is None:
        _check_comparisons(rules, dimensions)
    else:
        rules = _on_scores(segment_map, rules, dimensions)
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


def _on_scores(
    segment_map: SegmentMap, rules: RuleSet, dimensions: Sequence[Dimension]
) -> RuleSet:
    """Return the rules of a map that ships, on the numbers of scores that there are.

    A segment none of whose scores exist among fewer than five is left out.
    """
    scales = {}
    for d in dimensions:
        if d.score not in rules.columns or d.n_scores == N_SCORES:
            continue
        if not LEAST_SCORES <= d.n_scores <= MOST_SCORES:
            raise InvalidDataError(
                f"The map segments={segment_map.name!r} is defined on {LEAST_SCORES} "
                f"to {MOST_SCORES} scores. Got {d.n_scores} for {d.name!r}.",
                owner=OWNER,
                name="n_scores",
                rule=f"{LEAST_SCORES} to {MOST_SCORES} for the map "
                f"{segment_map.name!r}",
                value=d.n_scores,
                advice=f"Give {LEAST_SCORES - 1} to {MOST_SCORES - 1} cut points or "
                f"n_scores={N_SCORES}, or a map of your own.",
            )
        scales[d.score] = Rescaling(d.score, segment_map.scores_out_of_five(d.n_scores))
    if not scales:
        return rules
    rescaled = {name: translated(rule, scales) for name, rule in rules.rules.items()}
    return RuleSet({n: rule for n, rule in rescaled.items() if rule != parse("False")})


def _check_comparisons(rules: RuleSet, dimensions: Sequence[Dimension]) -> None:
    """Raise if a rule compares a score with what is none, or a column with a quantile.

    Such a condition holds for nobody or for everybody, which no other check reports.
    """
    by_score = {d.score: d for d in dimensions}
    for name, rule in rules.rules.items():
        for leaf in leaves(rule):
            dimension = by_score.get(leaf.column)
            if dimension is None:
                _check_no_quantile(name, leaf)
            elif not _is_about_scores(leaf, dimension.n_scores):
                scores = f"1 to {dimension.n_scores}"
                raise RuleError(
                    f"Segment {name!r} has the condition {leaf}, but the scores "
                    f"{leaf.column} are {scores}.",
                    owner=OWNER,
                    name="segments",
                    rule=f"conditions that compare {leaf.column} with {scores}",
                    value=str(leaf),
                    column=leaf.column,
                    advice="Correct the condition, or change the number of scores with "
                    f"n_scores or with cut_points of {dimension.name!r}."
                    f"{_advice_on_quantiles(leaf)}",
                )


def _advice_on_quantiles(leaf: Leaf) -> str:
    quantiles = [threshold_text(threshold) for _, threshold in open_thresholds([leaf])]
    return "".join(f" Write a number in place of {text}." for text in quantiles)


def _is_about_scores(leaf: Leaf, largest: int) -> bool:
    """Tell whether a condition compares with scores from 1 to `largest`.

    In comparisons of order 0 and ``largest + 1`` are taken as well, since half-open
    ranges end there, and numbers between scores; but some score must satisfy them.
    """
    scores = range(1, largest + 1)
    if isinstance(leaf, Missing):
        return False
    if isinstance(leaf, Membership):
        return all(value in scores for value in leaf.values)
    if not isinstance(leaf.threshold, float):
        return False
    if leaf.operator in ("==", "!="):
        return leaf.threshold in scores
    satisfied = leaf.evaluate({leaf.column: np.array(scores)})
    return 0 <= leaf.threshold <= largest + 1 and bool(satisfied.any())


def _check_no_quantile(name: str, leaf: Leaf) -> None:
    for column, threshold in open_thresholds([leaf]):
        raise RuleError(
            f"Segment {name!r} has the condition {leaf}. The rules of a map compare "
            "with numbers and text, not with quantiles.",
            owner=OWNER,
            name="segments",
            rule="without quantiles",
            value=str(leaf),
            column=column,
            advice=f"Write a number in place of {threshold_text(threshold)}.",
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
