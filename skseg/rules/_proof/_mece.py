"""Whether rules are mutually exclusive and collectively exhaustive."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skseg.exceptions import RuleError
from skseg.rules._language._conditions import Rule, open_thresholds
from skseg.rules._language._thresholds import Quantile
from skseg.rules._reserved_names import OUTSIDE

from ._boxes import Box, Budget, TooManyBoxesError, volume
from ._proof import Proof

# Steps for taking overlapping rules apart, where searching is the other way to know.
_REPORT_STEPS = 20_000
# Steps of a search for gaps among overlapping rules, where no volume can guide it.
_SEARCH_STEPS = 20_000


def _where(found: Overlap | Gap, everywhere: str) -> str:
    """Say where a box lies, show a row of it, and with which quantiles that is so."""
    text, row = everywhere, found.witness
    if found.box:
        words = " and ".join(f"{name}: {values}" for name, values in found.box.items())
        shown = ", ".join(f"{n}={_value(row[n])}" for n in row if n in found.box)
        text = f"where {words}; for example {shown}"
    given = [
        f"{' and '.join(f'{Quantile(p)}={_value(v)}' for p, v in levels.items())} of "
        f"{name}"
        for name, levels in found.quantiles.items()
        # Whether a value is missing does not depend on quantiles.
        if found.box.get(name, "missing") != "missing"
    ]
    return f"{text} with {', '.join(given)}" if given else text


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
    quantiles : dict of str to dict of float to float
        Column -> level -> value: quantiles, left open in the rules, with which
        this is so. Empty for resolved rules.

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
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        first, second = self.names
        return f"{first!r} and {second!r} overlap {_where(self, 'everywhere')}"


@dataclass(frozen=True)
class Gap:
    """Rows for which no rule holds.

    Attributes
    ----------
    box : dict of str to str
        The restricted columns of a maximal box of uncovered rows, in words.
    witness : dict of str to float, str or None
        One uncovered row; None is missing.
    quantiles : dict of str to dict of float to float
        Column -> level -> value: quantiles, left open in the rules, with which
        this is so. Empty for resolved rules.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> RuleSet({"Old": "age > 40", "Young": "age <= 40"}).verify().gaps[0].witness
    {'age': None}
    """

    box: dict[str, str]
    witness: dict[str, Any]
    quantiles: dict[str, dict[float, float]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"no rule holds {_where(self, 'anywhere')}"


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
    universe: Rule | None,
    schema: Mapping[str, Any] | None,
    max_findings: int,
) -> MECEReport:
    """Prove or refute that `rules` are a partition; see `RuleSet.verify`."""
    if not isinstance(max_findings, numbers.Integral) or max_findings < 0:
        raise RuleError(
            "The 'max_findings' parameter of verify must be an int in [0, inf). Got "
            f"{max_findings!r} instead.",
            owner="RuleSet.verify",
            name="max_findings",
            rule="an int in [0, inf)",
            value=max_findings,
        )
    if universe is not None:
        rules = _within_universe(rules, universe)
    proof = Proof(rules, schema, universe)
    pairs = proof.overlapping_rules()
    try:
        regions = proof.first_match_regions(Budget(_REPORT_STEPS))
    except TooManyBoxesError:
        regions = None
    gaps, exhaustive = _gaps(proof, regions, max_findings)
    unreachable = _unreachable(proof, regions)
    if unreachable is not None and OUTSIDE in unreachable:
        unreachable.remove(OUTSIDE)
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


def _within_universe(rules: Mapping[str, Rule], universe: Rule) -> dict[str, Rule]:
    """Return rules that partition all rows if `rules` partition the universe."""
    columns = {column for column, _ in open_thresholds([universe])}
    for column, _ in open_thresholds(rules.values()):
        if column in columns:
            raise RuleError(
                f"Quantiles of column {column!r} stand in the universe and in the "
                "rules. They are quantiles of different rows, so their order is not "
                "known without data.",
                owner="RuleSet.verify",
                name="universe",
                column=column,
                advice="Use a number in the universe, or resolve(X) the rules first.",
            )
    inside = {name: universe & rule for name, rule in rules.items()}
    return {OUTSIDE: ~universe, **inside}


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
