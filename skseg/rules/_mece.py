"""Whether rules are mutually exclusive and collectively exhaustive."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._boxes import Box, Budget, TooManyBoxesError, volume
from ._conditions import Rule
from ._errors import RuleError
from ._proof import Proof

# Steps for taking overlapping rules apart, where searching is the other way to know.
_REPORT_STEPS = 20_000
# Steps of a search for gaps among overlapping rules, where no volume can guide it.
_SEARCH_STEPS = 20_000


def _where(box: Mapping[str, str], row: Mapping[str, Any]) -> str:
    """Say where a box lies and show a row of it."""
    words = " and ".join(f"{name}: {values}" for name, values in box.items())
    shown = ", ".join(f"{name}={_value(row[name])}" for name in row if name in box)
    return f"where {words}; for example {shown}"


def _value(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return repr(value)


@dataclass(frozen=True)
class Overlap:
    """Two rules that hold for the same rows.

    Attributes
    ----------
    names : tuple of str
        The two rules, in the order of the rule set.
    box : dict of str to str
        The restricted columns of a maximal box of shared rows, in words.
    witness : dict of str to float, str or None
        One shared row; None is missing.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> rules = RuleSet({"VIP": "aov >= 120", "Free": "plan == 'free'"})
    >>> rules.verify().overlaps[0].witness
    {'aov': 120.0, 'plan': 'free'}
    """

    names: tuple[str, str]
    box: dict[str, str]
    witness: dict[str, Any]

    def __str__(self) -> str:
        first, second = self.names
        where = _where(self.box, self.witness) if self.box else "everywhere"
        return f"{first!r} and {second!r} overlap {where}"


@dataclass(frozen=True)
class Gap:
    """Rows for which no rule holds.

    Attributes
    ----------
    box : dict of str to str
        The restricted columns of a maximal box of uncovered rows, in words.
    witness : dict of str to float, str or None
        One uncovered row; None is missing.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> RuleSet({"Old": "age > 40", "Young": "age <= 40"}).verify().gaps[0].witness
    {'age': None}
    """

    box: dict[str, str]
    witness: dict[str, Any]

    def __str__(self) -> str:
        where = _where(self.box, self.witness) if self.box else "anywhere"
        return f"no rule holds {where}"


@dataclass(frozen=True)
class MECEReport:
    """What `RuleSet.verify` found out.

    Parameters
    ----------
    is_exclusive : bool
        No row satisfies two rules.
    is_exhaustive : bool or None
        Every row satisfies a rule, or the rule set has a default. None where the rules
        overlap in so entangled a way that the search for gaps ran out of steps.
    overlaps : tuple of Overlap
        One for each overlapping pair of rules, the first `max_findings` of them.
    n_overlaps : int
        Number of overlapping pairs.
    gaps : tuple of Gap
        Disjoint regions that no rule covers, the first `max_findings`. With a default
        they are the rows that the default takes.
    unreachable : tuple of str or None
        Rules that no row reaches when the first rule that holds wins, the default
        included; None if that was not decided.
    default : str, default=None
        Name of the segment of the rows for which no rule holds.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> report = RuleSet({"Old": "age > 40", "Young": "age <= 40"}).verify()
    >>> report.is_exclusive, report.is_exhaustive
    (True, False)
    >>> print(report)
    Not collectively exhaustive.
      no rule holds where age: missing; for example age=missing
    """

    is_exclusive: bool
    is_exhaustive: bool | None
    overlaps: tuple[Overlap, ...]
    n_overlaps: int
    gaps: tuple[Gap, ...]
    unreachable: tuple[str, ...] | None
    default: str | None = field(default=None, repr=False)

    @property
    def is_mece(self) -> bool:
        """Mutually exclusive and collectively exhaustive."""
        return self.is_exclusive and self.is_exhaustive is True

    def __str__(self) -> str:
        lines = []
        if self.is_mece:
            lines.append("Mutually exclusive and collectively exhaustive.")
        if self.n_overlaps:
            pairs = "pair overlaps" if self.n_overlaps == 1 else "pairs overlap"
            lines.append(f"Not mutually exclusive: {self.n_overlaps} {pairs}.")
            lines += [f"  {overlap}" for overlap in self.overlaps]
        if self.is_exhaustive is None:
            lines.append(
                "Collectively exhaustive: undecided; resolve the overlaps first."
            )
        if self.gaps:
            taken = f"The default {self.default!r} takes the rest:"
            lines.append(taken if self.default else "Not collectively exhaustive.")
            lines += [f"  {gap}" for gap in self.gaps]
        if self.unreachable:
            lines.append(f"No row reaches {', '.join(map(repr, self.unreachable))}.")
        return "\n".join(lines)


def verify(
    rules: Mapping[str, Rule],
    default: str | None,
    schema: Mapping[str, Any] | None,
    max_findings: int,
) -> MECEReport:
    """Prove or refute that `rules` are a partition; see `RuleSet.verify`."""
    if not isinstance(max_findings, numbers.Integral) or max_findings < 0:
        raise RuleError(
            "The 'max_findings' parameter of verify must be an int in [0, inf). Got "
            f"{max_findings!r} instead."
        )
    proof = Proof(rules, schema)
    pairs = proof.overlapping_rules()
    try:
        regions = proof.first_match_regions(Budget(_REPORT_STEPS))
    except TooManyBoxesError:
        regions = None
    gaps, exhaustive = _gaps(proof, regions, max_findings)
    unreachable = _unreachable(proof, regions)
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
    # looking is quicker there than adding up the volumes of the pieces.
    entangled = boxes is None or len(boxes) > 4 * len(proof.index.boxes)
    at_most = max(max_findings, 1)
    found, ended = proof.gaps(
        None if entangled else boxes, at_most, Budget(_SEARCH_STEPS)
    )
    if boxes is not None and not found:
        found, ended = proof.gaps(boxes, at_most, Budget(_SEARCH_STEPS))
    gaps = [Gap(*evidence) for evidence in found[:max_findings]]
    if found or boxes is not None:
        return gaps, False
    return gaps, True if ended else None


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
