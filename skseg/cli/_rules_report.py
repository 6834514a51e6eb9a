"""What the proof of a file of rules has found, in words and as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from skseg.exceptions import RuleError
from skseg.rules import Gap, MECEReport, Overlap

from ._rules_file import DEFINITION, RulesFile

PROVED, REFUTED, UNDECIDED = "proved", "refuted", "undecided"


@dataclass(frozen=True)
class Finding:
    """The proof of a file of rules.

    Attributes
    ----------
    file : RulesFile
        What was checked.
    report : MECEReport or None
        What was found out; None where the proof does not end.
    reason : str
        Why it does not end.
    """

    file: RulesFile
    report: MECEReport | None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Whether the rules are a partition in the way that they declare to be one."""
        if self.report is None:
            return UNDECIDED
        exclusive = self.report.is_exclusive or self.file.first_counts
        if not exclusive or self.report.is_exhaustive is False:
            return REFUTED
        return UNDECIDED if self.report.is_exhaustive is None else PROVED


def check(file: RulesFile, *, max_findings: int) -> Finding:
    """Prove or refute the rules of a file."""
    try:
        return Finding(file, file.verify(max_findings=max_findings))
    except RuleError as error:
        # The rules themselves have been read: it is the proof that cannot be had.
        return Finding(file, None, _in_terms_of_files(str(error)))


def _in_terms_of_files(message: str) -> str:
    message = message.replace(" before resolve(X)", " without data")
    message = message.replace(", or resolve first", "")
    return message.replace(", or resolve(X) the rules first", "")


def headline(file: RulesFile) -> str:
    """Say what the file holds."""
    n_rules = len(file.rules.rules)
    parts = ["1 rule" if n_rules == 1 else f"{n_rules} rules"]
    if file.rules.default is not None:
        parts.append(f"the default {file.rules.default!r}")
    if file.rules.universe is not None:
        parts.append(f"the universe {file.rules.universe}")
    *first, last = parts
    return f"{file.path.name}: {', '.join(first)}{' and ' if first else ''}{last}."


def sentences(finding: Finding) -> list[str]:
    """Say what was found; what belongs to a sentence follows it, indented."""
    file, report = finding.file, finding.report
    if report is None:
        return [f"Undecided. {finding.reason}"]
    said = [_verdict_sentence(finding)]
    if report.n_overlaps:
        said += _overlap_lines(report, first_counts=file.first_counts)
    if report.is_exhaustive is None:
        said.append(
            "Whether every row is in a segment is undecided: the search for gaps ran "
            "out of steps. Resolve the overlaps first."
        )
    if report.gaps:
        taken = f"The default {report.default!r} takes the rest:"
        said.append(taken if report.default else "Not collectively exhaustive:")
        said += [f"  {gap}" for gap in report.gaps]
    elif report.is_exhaustive is False:
        said.append("Not collectively exhaustive.")
    if report.unreachable:
        said.append(f"No row reaches {', '.join(map(repr, report.unreachable))}.")
    if finding.verdict == REFUTED and file.form == DEFINITION:
        said.append(_advice(finding))
    return said


def _verdict_sentence(finding: Finding) -> str:
    if finding.verdict != PROVED:
        return f"{finding.verdict.capitalize()}."
    within = " of the universe" if finding.file.rules.universe is not None else ""
    whatever = "" if finding.file.rules.is_resolved else ", whatever the quantiles are"
    return (
        f"Proved: every possible row{within}, missing values included, is in exactly "
        f"one segment{whatever}."
    )


def _overlap_lines(report: MECEReport, *, first_counts: bool) -> list[str]:
    n_pairs = report.n_overlaps
    pairs = "1 pair overlaps" if n_pairs == 1 else f"{n_pairs} pairs overlap"
    lines = [
        f"{pairs}; the first rule that holds counts, as declared:"
        if first_counts
        else f"Not mutually exclusive, {pairs}:"
    ]
    lines += [f"  {overlap}" for overlap in report.overlaps]
    if more := n_pairs - len(report.overlaps):
        lines.append(f"  ... {more} more; see --max-findings")
    return lines


def _advice(finding: Finding) -> str:
    report = finding.report
    assert report is not None
    ways = []
    if not report.is_exclusive and not finding.file.first_counts:
        ways.append("'on_overlap: first' lets the first rule that holds count")
    if report.is_exhaustive is False:
        ways.append("'default: Others' makes a segment of all other rows")
    return f"Mend the rules, or declare what is meant: {', '.join(ways)}."


def as_json(finding: Finding) -> str:
    """Return the finding as JSON that any parser reads."""
    file, report = finding.file, finding.report
    content: dict[str, Any] = {
        "file": str(file.path),
        "form": file.form,
        "verdict": finding.verdict,
        "is_mece": None,
        "is_exclusive": None,
        "is_exhaustive": None,
        "on_overlap": "first" if file.first_counts else "raise",
        "default": file.rules.default,
        "universe": None if file.rules.universe is None else str(file.rules.universe),
        "rules": {name: str(rule) for name, rule in file.rules.rules.items()},
    }
    if report is None:
        content["reason"] = finding.reason
    else:
        content |= {
            "is_mece": report.is_mece,
            "is_exclusive": report.is_exclusive,
            "is_exhaustive": report.is_exhaustive,
            "n_overlaps": report.n_overlaps,
            "overlaps": [
                {"names": list(o.names), **_evidence(o)} for o in report.overlaps
            ],
            "gaps": [_evidence(gap) for gap in report.gaps],
            "unreachable": (
                None if report.unreachable is None else list(report.unreachable)
            ),
        }
        if report.is_exhaustive is None:
            # Exhaustion is part of being a partition, and so is undecided too.
            content["is_mece"] = None if report.is_exclusive else False
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _evidence(found: Overlap | Gap) -> dict[str, Any]:
    return {
        "text": str(found),
        "box": found.box,
        "witness": {name: _plain(value) for name, value in found.witness.items()},
        "quantiles": {
            name: {str(level): _plain(value) for level, value in levels.items()}
            for name, levels in found.quantiles.items()
        },
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON has: infinities as text, missing values as null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
