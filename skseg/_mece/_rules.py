"""Business rules, read and made a proved partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skseg._core._outside_noise import noise_as_outside
from skseg._typing import BoolArray, IntArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError
from skseg.rules import Columns, Domain, MECEReport, Rule, RuleSet, parse
from skseg.rules._language._conditions import conjunction
from skseg.rules._language._names import column_text
from skseg.rules._proof._domain import as_schema, border_leaves

OWNER = "MECERuleSegmenter"


def tiers(column: str) -> dict[str, str]:
    """Return the rules that are used where none are given."""
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
            OWNER, "rules", "a RuleSet or a mapping of names to rules", rules
        )
    if params is not None and not isinstance(params, Mapping):
        raise InvalidParameterError(
            OWNER, "params", "a mapping of names to values", params
        )

    def read(rule: Any, subject: str, parameter: str) -> Rule:
        try:
            return parse(rule, columns=columns, params=params)
        except RuleError as error:
            raise RuleError(
                f"{subject}: {error}", owner=OWNER, name=parameter, value=rule
            ) from None

    parsed = {n: read(rule, f"The rule {n!r}", "rules") for n, rule in rules.items()}
    if universe is not None:
        universe = read(universe, "The universe", "universe")
    return RuleSet(parsed, universe=universe)


def taken_apart(
    rules: RuleSet, default: str | None, universe: Any
) -> tuple[Mapping[str, Rule], str | None, str | Rule | None]:
    """Return the rules, default and universe of a rule set as parameters.

    Noise has the code -1, as the rows outside of a universe have it, so it becomes the
    rows outside. Raises InvalidParameterError where `default` or `universe`, which are
    None unless they are given as well, say something else.
    """
    if rules.noise is not None:
        _require_apart(rules)
        rules = noise_as_outside(rules)
    conditions, inside = dict(rules.rules), rules.universe
    if rules.default is not None:
        if default not in (None, rules.default):
            raise _contradiction("default", rules.default, default)
        default = rules.default
    if not conditions and default is not None:
        conditions, default = {default: parse("True")}, None
    if inside is not None:
        if universe is not None and parse(universe) != inside:
            raise _contradiction("universe", str(inside), universe)
        universe = inside
    return conditions, default, universe


def _contradiction(name: str, of_rules: str, value: Any) -> InvalidParameterError:
    """Return the error about a parameter that a rule set answers in another way."""
    return InvalidParameterError(
        OWNER,
        name,
        f"None or {of_rules!r}, the {name} that the RuleSet passed as rules has",
        value,
        advice=f"Leave {name} out, or pass rules.rules, which has no {name}, as rules.",
    )


def _require_apart(rules: RuleSet) -> None:
    """Raise if rows may be noise and in another segment."""
    name, n_rules = rules.noise, len(rules)
    report = rules.verify(max_findings=n_rules * n_rules)
    overlaps = [overlap for overlap in report.overlaps if name in overlap.names]
    if overlaps:
        raise InvalidDataError(
            f"The noise of the rule set overlaps its other rules: {overlaps[0]}.",
            owner=OWNER,
            name="rules",
            advice="Pass rules.disjoint() as rules.",
        )


def partition(
    rules: RuleSet,
    report: MECEReport,
    count: Callable[[RuleSet], tuple[int, int, int]],
    *,
    default: str | None,
    on_overlap: str,
    schema: Mapping[str, Any] | None,
) -> RuleSet:
    """Return rules of which exactly one holds for every row, or raise.

    `report` is the proof about the `rules`, which have no default. `count` returns the
    numbers of rows inside, of those of several rules, and of those of none. The default
    is added where the rules leave gaps, and ``on_overlap="first"`` makes them disjoint.
    """
    gaps = not report.is_exhaustive and default is None
    if report.n_overlaps and on_overlap == "raise":
        remedy = {"on_overlap": "first"}
        advice = (
            "Change a threshold, or declare that the first rule that holds counts with "
            "on_overlap='first'"
        )
        if gaps:
            remedy["default"] = "Others"
            advice += ", and name the segment of all other rows with default='Others'"
        shown = report if default is None else overlaps_of(report)
        raise InvalidDataError(
            f"The rules overlap.\n{shown}\n{_counted(count(rules))}",
            owner=OWNER,
            name="on_overlap",
            value=on_overlap,
            advice=f"{advice}.",
            remedy=remedy,
        )
    if gaps:
        raise InvalidDataError(
            f"The rules leave gaps.\n{report}\n{_counted(count(rules))}",
            owner=OWNER,
            name="default",
            value=default,
            advice="Change the rules, or name the segment of all other rows with "
            "default='Others'.",
            remedy={"default": "Others"},
        )
    if report.is_exhaustive:
        default = None
    complete = RuleSet(rules.rules, default=default, universe=rules.universe)
    return complete.disjoint(schema) if report.n_overlaps else complete


def overlaps_of(report: MECEReport) -> MECEReport:
    """Return a report without gaps, for rules whose default takes what they leave."""
    return replace(report, gaps=(), is_exhaustive=True)


def _counted(counts: tuple[int, int, int]) -> str:
    """Return a sentence on how many rows satisfy several rules, and how many none."""
    n_inside, n_several, n_none = counts
    return (
        f"Of the {n_inside:,} rows to be segmented, {n_several:,} "
        f"satisfy several rules and {n_none:,} none."
    )


def with_explicit_default(
    rules: RuleSet, schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return the rules, the default with an explicit rule as the last one."""
    if rules.default is None:
        return dict(rules.rules)
    complete = RuleSet({**rules.rules, rules.default: parse("True")})
    # Only the last rule overlaps others, so it alone is rewritten.
    return dict(complete.disjoint(schema).rules)


def require_covered(
    codes: IntArray,
    rules: RuleSet,
    columns: Columns,
    schema: Mapping[str, Any] | None,
) -> None:
    """Raise if a row of the universe that contradicts the schema has no segment."""
    if not schema:
        # Without a schema the proof covers every row there can be.
        return
    is_uncovered = codes < 0
    if is_uncovered.any():
        is_uncovered &= rules.inside(columns)
    if not is_uncovered.any():
        return
    row = int(np.argmax(is_uncovered))
    contradicted = {
        name: domain
        for name, domain in as_schema(schema).items()
        if name in columns.names and not _satisfies(domain, columns, name)[row]
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
        advice="Mend the data, say less in schema, or put such rows outside with "
        "on_invalid='outside'.",
    )


def require_covered_table(
    table: Table, rules: RuleSet, schema: Mapping[str, Any] | None
) -> None:
    """Raise as `require_covered` for a table that is not in memory, by one query."""
    if not schema or rules.default is not None:
        return
    table.require(OWNER, rules.columns)
    # Only a row of the universe without a segment has no name.
    case = rules.to_sql(table.dialect, alias="segment", types=table.types)
    segments = f"(SELECT {case} FROM {table.source}) AS segments"
    counted = f"SELECT count(*) AS n FROM {segments} WHERE segment IS NULL"
    if n := int(table.fetch(counted)["n"][0]):
        rows = "1 row belongs" if n == 1 else f"{n} rows belong"
        raise InvalidDataError(
            f"{rows} to no segment, as what they hold contradicts the schema, on which "
            "the proof relies.",
            owner=OWNER,
            name="schema",
            rule="a schema that all rows follow",
            value=n,
            advice="Mend the data, say less in schema, or put such rows outside with "
            "on_invalid='outside'.",
        )


def _satisfies(domain: Domain, columns: Columns, name: str) -> BoolArray:
    """Return which values of a column are in its domain."""
    allowed = np.ones(columns.n_rows, dtype=bool)
    if domain.kind is not None:
        allowed = conjunction(border_leaves(domain, name)).evaluate(columns)
    if domain.integer:
        values = columns.numbers(name)
        allowed &= np.isfinite(values) & (np.floor(values) == values)
    return np.where(columns.missing(name), domain.missing, allowed)
