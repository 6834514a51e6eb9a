"""The proof of a file of rules, in sentences and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from skseg.exceptions import RuleError
from skseg.rules import Gap, MECEReport, Overlap

from ._rules_file import DEFINITION, RulesFile
from ._wording import advice_to_declare, key_terms, worded

PROVED, REFUTED, UNDECIDED = "proved", "refuted", "undecided"


@dataclass(frozen=True)
class Check:
    """A file of rules and its proof, or the reason why there is none."""

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


def check_rules(file: RulesFile, *, max_findings: int) -> Check:
    """Prove or refute the rules of a file."""
    try:
        return Check(file, file.verify(max_findings=max_findings))
    except RuleError as error:
        # The rules themselves have been read: the proof is what cannot be had.
        return Check(file, None, worded(error, key_terms("")))


def headline(file: RulesFile) -> str:
    """Return a sentence about the content of the file."""
    n_rules = len(file.rules.rules)
    parts = ["1 rule" if n_rules == 1 else f"{n_rules} rules"]
    if file.rules.default is not None:
        parts.append(f"the default {file.rules.default!r}")
    if file.rules.universe is not None:
        parts.append(f"the universe {file.rules.universe}")
    if file.rules.noise is not None:
        parts.append(f"the noise {file.rules.noise!r}")
    *first, last = parts
    return f"{file.path.name}: {', '.join(first)}{' and ' if first else ''}{last}."


def check_sentences(check: Check) -> Iterator[str]:
    """Yield the verdict and its evidence; details are indented below their sentence."""
    file, report = check.file, check.report
    if report is None:
        yield f"Undecided. {check.reason}"
        return
    yield _verdict_sentence(check)
    if report.n_overlaps:
        yield from _overlap_lines(report, first_counts=file.first_counts)
    if report.is_exhaustive is None:
        yield (
            "Whether every row is in a segment is undecided: the search for gaps ran "
            "out of steps. Resolve the overlaps first."
        )
    if report.gaps:
        taken = f"The default {report.default!r} takes the rest:"
        yield taken if report.default else "Not collectively exhaustive:"
        yield from (f"  {gap}" for gap in report.gaps)
    elif report.is_exhaustive is False:
        yield "Not collectively exhaustive."
    if report.unreachable:
        yield f"No row reaches {', '.join(map(repr, report.unreachable))}."
    if check.verdict == REFUTED and file.form == DEFINITION:
        remedy = {}
        if not report.is_exclusive and not file.first_counts:
            remedy["on_overlap"] = "first"
        if report.is_exhaustive is False:
            remedy["default"] = "Others"
        yield advice_to_declare(remedy, key_terms(file.path.name))


def _verdict_sentence(check: Check) -> str:
    if check.verdict != PROVED:
        return f"{check.verdict.capitalize()}."
    within = " of the universe" if check.file.rules.universe is not None else ""
    whatever = "" if check.file.rules.is_resolved else ", whatever the quantiles are"
    return (
        f"Proved: every possible row{within}, missing values included, is in exactly "
        f"one segment{whatever}."
    )


def _overlap_lines(report: MECEReport, *, first_counts: bool) -> Iterator[str]:
    n_pairs = report.n_overlaps
    pairs = "1 pair overlaps" if n_pairs == 1 else f"{n_pairs} pairs overlap"
    if first_counts:
        yield f"{pairs}; the first rule that holds counts, as declared:"
    else:
        yield f"Not mutually exclusive, {pairs}:"
    yield from (f"  {overlap}" for overlap in report.overlaps)
    if n_hidden := n_pairs - len(report.overlaps):
        yield f"  ... {n_hidden} more; see --max-findings"


def check_json(check: Check, encoding: str = "utf-8") -> str:
    """Return the check as JSON that any parser reads, fit for an encoding."""
    file, report = check.file, check.report
    content: dict[str, Any] = {
        "file": str(file.path),
        "form": file.form,
        "verdict": check.verdict,
        "is_mece": None,
        "is_exclusive": None,
        "is_exhaustive": None,
        "on_overlap": "first" if file.first_counts else "raise",
        "default": file.rules.default,
        "noise": file.rules.noise,
        "universe": None if file.rules.universe is None else str(file.rules.universe),
        "rules": {name: str(rule) for name, rule in file.rules.rules.items()},
    }
    if report is None:
        content["reason"] = check.reason
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
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(content, indent=2, allow_nan=False)
    return text


def _evidence(region: Overlap | Gap) -> dict[str, Any]:
    return {
        "text": str(region),
        "box": region.box,
        "witness": {name: _plain(value) for name, value in region.witness.items()},
        "quantiles": {
            name: {str(level): _plain(value) for level, value in levels.items()}
            for name, levels in region.quantiles.items()
        },
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON has: infinities as text, missing values as null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
