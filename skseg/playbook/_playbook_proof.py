"""The proof that every segment gets exactly one play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skseg.exceptions import RuleError, did_you_mean, reworded
from skseg.rules import MECEReport, Rule, RuleSet

from ._playbook_conditions import Differences
from ._playbook_documents import OWNER
from ._playbook_rows import SCHEMA
from ._plays import Play

_REST = "Others"


@dataclass(frozen=True)
class ProvedConditions:
    """The conditions of plays as rules of which exactly one holds for each row.

    `report` is the proof about the conditions as written, and `columns` are those that
    the condition of each play compares, both columns of a difference.
    """

    rules: RuleSet
    report: MECEReport
    differences: Differences
    columns: Mapping[str, tuple[str, ...]]

    def descriptions(self) -> dict[str, str]:
        """Return the condition of each play in English, by its name."""
        schema = _known(self.rules, self.differences)
        descriptions: dict[str, str] = self.rules.describe(schema)
        return descriptions


def prove_conditions(
    plays: Sequence[Play], *, default: str | None, on_overlap: str, on_gap: str
) -> ProvedConditions:
    """Return disjoint rules without a gap, and the proof about those as written.

    Raises RuleError if a condition is no rule, or conditions overlap or leave a gap
    where they must not.
    """
    differences = Differences()
    rules = {
        play.name: _parsed(play, play.when, differences)
        for play in plays
        if play.when is not None
    }
    written = RuleSet(rules, default=default)
    _check_resolved(written)
    schema = _known(written, differences)
    report = written.verify(schema)
    if report.n_overlaps and on_overlap == "raise":
        raise _overlap_error(report)
    if not report.is_exhaustive:
        if on_gap == "raise":
            raise _gap_error(report)
        _check_name_of_rest(rules)
        default = _REST
    complete = RuleSet(rules, default=default)
    return ProvedConditions(
        complete.disjoint(schema) if report.n_overlaps else complete,
        report,
        differences,
        {name: _operands(name, rule, differences) for name, rule in rules.items()},
    )


def _parsed(play: Play, when: str, differences: Differences) -> Rule:
    try:
        return differences.parse(when)
    except RuleError as error:
        raise reworded(error, f"The play {play.name!r}: {error}") from None


def _check_resolved(rules: RuleSet) -> None:
    if not rules.is_resolved:
        raise RuleError(
            "The conditions of plays hold numbers, not quantiles such as q(0.75), "
            "as they are about few segments. Compare a rank, as in "
            "rank_recency > 0.75.",
            owner=OWNER,
            name="when",
        )


def _known(rules: RuleSet, differences: Differences) -> dict[str, Any]:
    """Return what is known of the columns of rules, apart from their numbers."""
    schema = {**SCHEMA, **differences.schema}
    return {name: schema[name] for name in schema if name in rules.columns}


def _operands(name: str, rule: Rule, differences: Differences) -> tuple[str, ...]:
    """Return the columns of a rule, both columns instead of their difference."""
    columns = RuleSet({name: rule}).columns
    pairs = differences.pairs
    operands = [c for column in columns for c in pairs.get(column, (column,))]
    return tuple(dict.fromkeys(operands))


def _overlap_error(report: MECEReport) -> RuleError:
    return RuleError(
        f"Segments can get two plays.\n{report}",
        owner=OWNER,
        name="on_overlap",
        value="raise",
        advice="Change a condition, or let the first play that holds count "
        "with on_overlap='first'.",
        remedy={"on_overlap": "first"},
    )


def _gap_error(report: MECEReport) -> RuleError:
    return RuleError(
        f"Segments can be left without a play.\n{report}",
        owner=OWNER,
        name="on_gap",
        value="raise",
        advice="Change a condition, name a play without one as the "
        f"default, or give these segments the play {_REST!r} with "
        "on_gap='default'.",
        remedy={"on_gap": "default"},
    )


def _check_name_of_rest(rules: Mapping[str, Rule]) -> None:
    if _REST in rules:
        raise RuleError(
            f"Segments without a play get the play {_REST!r}, whose name is taken.",
            owner=OWNER,
            name="on_gap",
            value="default",
            advice=f"Rename the play {_REST!r}.",
        )


def check_default(plays: Sequence[Play], default: str | None) -> None:
    """Raise RuleError unless the default, and it alone, has no condition."""
    names = [play.name for play in plays]
    if default is not None and default not in names:
        raise RuleError(
            f"The default play must be one of {names}. Got {default!r} "
            f"instead.{did_you_mean(default, names)}",
            owner=OWNER,
            name="default",
            value=default,
        )
    for play in plays:
        is_default = play.name == default
        if (play.when is None) != is_default:
            problem = (
                "is the default, so it must have no condition"
                if is_default
                else "needs a condition, 'when', as it is not the default"
            )
            raise RuleError(
                f"The play {play.name!r} {problem}.",
                owner=OWNER,
                name="when",
                value=play.when,
            )
