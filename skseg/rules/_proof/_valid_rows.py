"""The rule of the rows that a schema allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from skseg.rules._cells import build_axis, leaves_by_column
from skseg.rules._language._conditions import (
    Kind,
    Leaf,
    Missing,
    Rule,
    column_kinds,
    comparison,
    conjunction,
    disjunction,
    membership,
    open_thresholds,
)

from ._domain import Domain, allowed_cells, as_schema, border_leaves, domain_of_kind
from ._rewrite import mask_rule

# A list of this many whole numbers reads as a rule still; a longer one does not.
_MOST_LISTED = 100


def valid_rows_rule(schema: Mapping[str, Any], rules: Iterable[Rule]) -> Rule:
    """Return the rule of the rows that a schema allows, one condition a column.

    Rules cannot ask whether a number is whole. So whole numbers are listed where there
    are at most 100; of more of them, the rule leaves out the ranges between thresholds
    of `rules` in which no whole number lies.
    """
    rules = list(rules)
    kinds = column_kinds(rules)
    domains = {
        name: domain_of_kind(domain, kinds.get(name))
        for name, domain in as_schema(schema).items()
    }
    borders = {
        name: (domain.kind, list(border_leaves(domain, name)) if domain.kind else [])
        for name, domain in domains.items()
    }
    compared = borders | leaves_by_column(rules, borders)
    return conjunction(
        _domain_rule(name, domain, *compared[name]) for name, domain in domains.items()
    )


def _domain_rule(
    name: str, domain: Domain, kind: Kind | None, leaves: list[Leaf]
) -> Rule:
    """Return the rule that a column, of which rules ask `leaves`, is in its domain."""
    values: Any = domain.values
    if domain.integer:
        numbers = domain.possible_numbers
        if numbers.stop - numbers.start <= _MOST_LISTED:
            values = [numbers.at(rank) for rank in range(numbers.start, numbers.stop)]
    if values:
        rule: Rule = membership(name, values)
    else:
        # A quantile may have any value, so it ends no range.
        known = [
            leaf for leaf in leaves if not any(True for _ in open_thresholds([leaf]))
        ]
        if domain.integer:
            # The infinities are no whole numbers.
            known += [comparison(name, ">", -math.inf), comparison(name, "<", math.inf)]
        axis = build_axis(name, kind, known)
        allowed, present = allowed_cells(domain, axis), axis.full & ~axis.missing
        if allowed & present == present:
            return conjunction([]) if domain.missing else ~Missing(name)
        rule = mask_rule(allowed & present, axis, axis.full)
    return disjunction([rule, Missing(name)]) if domain.missing else rule
