"""Business rules on their way to a proved partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skseg._typing import BoolArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError
from skseg.rules import Columns, Domain, MECEReport, Rule, RuleSet, parse
from skseg.rules._language._conditions import conjunction
from skseg.rules._language._text import column_text
from skseg.rules._proof._domain import as_schema, border_leaves

OWNER = "MECERuleSegmenter"


def tiers(column: str) -> dict[str, str]:
    """Return the rules that stand in where none are given."""
    x = column_text(column)
    return {
        "High": f"{x} > q(0.8)",
        "Medium": f"q(0.2) < {x} <= q(0.8)",
        "Low": f"{x} <= q(0.2)",
        "Unknown": f"missing({x})",
    }


def read_rules(
    rules: Any,
    universe: Any,
    params: Any,
    columns: Sequence[str] | None,
) -> RuleSet:
    """Return rules and universe as a rule set, with the values of their parameters."""
    if not isinstance(rules, Mapping) or not rules:
        raise InvalidParameterError(
            OWNER, "rules", "a mapping of names to rules", rules
        )
    if params is not None and not isinstance(params, Mapping):
        raise InvalidParameterError(
            OWNER, "params", "a mapping of names to values", params
        )

    def read(rule: Any, what: str, name: str) -> Rule:
        try:
            return parse(rule, columns=columns, params=params)
        except RuleError as error:
            raise RuleError(
                f"{what}: {error}", owner=OWNER, name=name, value=rule
            ) from None

    return RuleSet(
        {n: read(rule, f"The rule {n!r}", "rules") for n, rule in rules.items()},
        universe=(
            None if universe is None else read(universe, "The universe", "universe")
        ),
    )


def partition(
    rules: RuleSet,
    report: MECEReport,
    columns: Columns,
    *,
    default: str | None,
    on_overlap: str,
    schema: Mapping[str, Any] | None,
) -> RuleSet:
    """Return rules of which exactly one holds, as declared, or raise.

    `report` is about `rules` without the default, which is dropped where no row can
    need it.
    """
    if report.n_overlaps and on_overlap == "raise":
        raise InvalidDataError(
            f"The rules overlap.\n{report}\n{_count(rules, columns)}",
            owner=OWNER,
            name="on_overlap",
            value=on_overlap,
            advice="Change a threshold, or declare that the first rule that holds "
            "counts with on_overlap='first'.",
            remedy={"on_overlap": "first"},
        )
    if not report.is_exhaustive and default is None:
        raise InvalidDataError(
            f"The rules leave gaps.\n{report}\n{_count(rules, columns)}",
            owner=OWNER,
            name="default",
            value=default,
            advice="Change the rules, or name the segment of all other rows with "
            "default='Others'.",
            remedy={"default": "Others"},
        )
    needed = None if report.is_exhaustive else default
    complete = RuleSet(rules.rules, default=needed, universe=rules.universe)
    return complete.disjoint(schema) if report.n_overlaps else complete


def _count(rules: RuleSet, columns: Columns) -> str:
    """Say how many rows at hand are concerned."""
    holding, inside = rules.membership(columns).sum(axis=1), rules.inside(columns)
    several, none = (holding[inside] > 1).sum(), (holding[inside] == 0).sum()
    return (
        f"Of the {inside.sum():,} rows to be segmented, {several:,} satisfy several "
        f"rules and {none:,} none."
    )


def with_explicit_default(
    rules: RuleSet, schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return the rules with one for the default, too."""
    if rules.default is None:
        return dict(rules.rules)
    complete = RuleSet({**rules.rules, rules.default: parse("True")})
    # Only the rule that overlaps the others, the last one, is rewritten.
    return dict(complete.disjoint(schema).rules)


def require_covered(
    codes: IntArray,
    rules: RuleSet,
    columns: Columns,
    schema: Mapping[str, Any] | None,
) -> None:
    """Raise if a row inside belongs to no segment, which the schema rules out."""
    if not schema:
        # Then the proof is about all rows, and there is nothing to look for.
        return
    stray = codes < 0
    if stray.any():
        stray &= rules.inside(columns)
    if not stray.any():
        return
    row = int(np.argmax(stray))
    contradicted = {
        name: domain
        for name, domain in as_schema(schema).items()
        if name in columns.names and not _keeps_to(domain, columns, name)[row]
    }
    known = [f"{name!r} (known as {domain})" for name, domain in contradicted.items()]
    raise InvalidDataError(
        f"Row {row} belongs to no segment: it contradicts the schema, on which the "
        f"proof relies, in column {' and '.join(known)}.",
        owner=OWNER,
        name="schema",
        value=contradicted,
        column=next(iter(contradicted), None),
        row=row,
        advice="Mend the data, or say less in schema.",
    )


def _keeps_to(domain: Domain, columns: Columns, name: str) -> BoolArray:
    """Return which values of a column the domain allows."""
    allowed = np.ones(columns.n_rows, dtype=bool)
    if domain.kind is not None:
        allowed = conjunction(border_leaves(domain, name)).evaluate(columns)
    if domain.integer:
        values = columns.numbers(name)
        allowed &= np.isfinite(values) & (np.floor(values) == values)
    return np.where(columns.missing(name), domain.missing, allowed)
