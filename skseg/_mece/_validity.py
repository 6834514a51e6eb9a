"""Rows that break the schema: outside of the universe where that is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from skseg._core._encoding import SegmentEncoding
from skseg.rules import MECEReport, Rule, RuleSet
from skseg.rules._language._conditions import conjunction, resolve_rule
from skseg.rules._proof._domain import as_schema
from skseg.rules._proof._equivalence import equivalent
from skseg.rules._proof._valid_rows import valid_rows_rule
from skseg.rules._quantile import QuantileFunction, QuantilesOf
from skseg.rules._reserved_names import OUTSIDE


def within_schema(
    rules: RuleSet,
    schema: Mapping[str, Any] | None,
    columns: Sequence[str],
    further: Iterable[Rule] = (),
) -> RuleSet:
    """Return rules whose universe has only rows that the schema allows.

    Domains of columns that are not among `columns` have no part in it. `further` are
    rules whose thresholds tell numbers apart as well; see `valid_rows_rule`.
    """
    domains = {n: d for n, d in as_schema(schema).items() if n in columns}
    universe = [] if rules.universe is None else [rules.universe]
    valid = valid_rows_rule(domains, [*universe, *rules.rules.values(), *further])
    narrowed = conjunction([*universe, valid])
    is_implied = any(
        rules.is_resolved and equivalent(rule, narrowed) for rule in universe
    )
    if is_implied or narrowed == conjunction([]):
        return rules
    return RuleSet(rules.rules, default=rules.default, universe=narrowed)


def resolved_rules(
    template: RuleSet,
    columns: Sequence[str],
    quantiles_of: QuantilesOf,
    schema: Mapping[str, Any] | None,
) -> tuple[RuleSet, Rule | None, QuantileFunction, QuantileFunction]:
    """Return rules with numbers for quantiles, in a universe of valid rows.

    Then come the universe as it was written, and the quantiles of all rows and of those
    inside. Without a `schema` all rows are valid.
    """
    valid = template
    if schema:
        valid = within_schema(template, schema, columns)
    resolved, of_all, inside = valid._resolved(quantiles_of)
    universe = template.universe
    if universe is not None:
        universe = resolve_rule(universe, of_all)
    if schema:
        as_written = RuleSet(resolved.rules, universe=universe)
        resolved = within_schema(as_written, schema, columns)
    return resolved, universe, of_all, inside


def narrowed(
    base: RuleSet,
    segments: RuleSet,
    universe: Rule | None,
    schema: Mapping[str, Any],
    columns: Sequence[str],
) -> tuple[RuleSet, RuleSet]:
    """Return business rules and segments in a universe without invalid rows.

    Segments that were cut may have thresholds that the business rules have not.
    """
    as_written = RuleSet(segments.rules, default=segments.default, universe=universe)
    thresholds = base.rules.values()
    narrow = within_schema(as_written, schema, columns, thresholds)
    business = RuleSet(base.rules, default=base.default, universe=narrow.universe)
    return business, narrow


def encoding_of(encode: str, rules: RuleSet, proof: MECEReport) -> SegmentEncoding:
    """Return the encoding of the segments that rows can be in, by their proof."""
    names = [*(proof.unreachable or ())]
    if rules.universe is not None and equivalent(rules.universe, conjunction([])):
        names.append(OUTSIDE)
    return SegmentEncoding.of_rules(encode, rules, names)
