"""The proof: are rules mutually exclusive and collectively exhaustive?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._boxes import (
    Box,
    BoxCompiler,
    TooManyBoxesError,
    cover,
    find_gap,
    grow_inside,
    grow_outside,
    intersect,
    overlapping_pairs,
    subtract_all,
    volume,
)
from ._cells import Axis, build_axes
from ._conditions import Rule, disjunction
from ._domain import Domain, as_schema
from ._witness import box_rule, describe_box, witness

# Steps of the search for gaps among overlapping rules, where no volume can guide it.
_GAP_STEPS = 20_000


def _where(box: Mapping[str, str]) -> str:
    return " and ".join(f"{name}: {values}" for name, values in box.items()) or "always"


def _example(row: Mapping[str, Any], box: Mapping[str, str]) -> str:
    shown = {name: row[name] for name in row if name in box} or row
    return ", ".join(f"{name}={_value(value)}" for name, value in shown.items())


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
    """

    names: tuple[str, str]
    box: dict[str, str]
    witness: dict[str, Any]

    def __str__(self) -> str:
        first, second = self.names
        example = _example(self.witness, self.box)
        return (
            f"{first!r} and {second!r} overlap where {_where(self.box)}; "
            f"for example {example}"
        )


@dataclass(frozen=True)
class Gap:
    """Rows for which no rule holds.

    Attributes
    ----------
    box : dict of str to str
        The restricted columns of a maximal box of uncovered rows, in words.
    witness : dict of str to float, str or None
        One uncovered row; None is missing.
    """

    box: dict[str, str]
    witness: dict[str, Any]

    def __str__(self) -> str:
        example = _example(self.witness, self.box)
        return f"no rule holds where {_where(self.box)}; for example {example}"


@dataclass(frozen=True)
class MECEReport:
    """What `RuleSet.verify` found out.

    Attributes
    ----------
    is_exclusive : bool
        No row satisfies two rules.
    is_exhaustive : bool or None
        Every row satisfies a rule, or the rule set has a default. None where the rules
        overlap in so entangled a way that the search for gaps ran out of steps.
    is_mece : bool
        Both: the rules are a partition of all possible rows.
    overlaps : tuple of Overlap
        One for each overlapping pair of rules, the first `max_findings` of them.
    n_overlaps : int
        Number of overlapping pairs.
    gaps : tuple of Gap
        Disjoint regions that no rule covers, the first `max_findings`. With a default
        they are the rows that the default takes.
    unreachable : tuple of str
        Rules that no row reaches when the first rule that holds wins, the default
        included; None if that was not decided.
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
            lines.append("Collectively exhaustive: undecided; resolve the overlaps first.")
        if self.gaps:
            taken = f"The default {self.default!r} takes the rest:"
            lines.append(taken if self.default else "Not collectively exhaustive.")
            lines += [f"  {gap}" for gap in self.gaps]
        if self.unreachable:
            lines.append(f"No row reaches {', '.join(map(repr, self.unreachable))}.")
        return "\n".join(lines)


class Proof:
    """Rules taken apart into boxes, under a schema."""

    def __init__(
        self, rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
    ) -> None:
        self.names = list(rules)
        self.schema: dict[str, Domain] = as_schema(schema)
        extra = {
            name: (domain.kind, domain.leaves(name) if domain.kind else [])
            for name, domain in self.schema.items()
        }
        self.axes: dict[str, Axis] = build_axes(rules.values(), extra)
        self.universe: Box = tuple(
            self.schema.get(name, Domain()).allowed(axis)
            for name, axis in self.axes.items()
        )
        compiler = BoxCompiler(self.axes, self.universe)
        # A schema may leave a column no value at all; then there are no rows.
        possible = all(self.universe)
        self.regions: list[list[Box]] = [
            compiler.boxes(rule) if possible else [] for rule in rules.values()
        ]

    def overlapping_rules(self) -> list[tuple[int, int]]:
        """Return the overlapping pairs of rules, in order."""
        boxes = [box for region in self.regions for box in region]
        owners = [k for k, region in enumerate(self.regions) for _ in region]
        sizes = [axis.size for axis in self.axes.values()]
        left, right = overlapping_pairs(boxes, owners, sizes)
        return sorted({(owners[i], owners[j]) for i, j in zip(left, right, strict=True)})

    def first_match_regions(self, pairs: Sequence[tuple[int, int]]) -> list[list[Box]]:
        """Return each rule's disjoint boxes without those of the rules before it."""
        earlier: dict[int, list[int]] = {}
        for first, second in pairs:
            earlier.setdefault(second, []).append(first)
        return [
            subtract_all(region, [b for k in earlier.get(n, []) for b in self.regions[k]])
            for n, region in enumerate(self.regions)
        ]

    def overlap(self, first: int, second: int) -> Overlap:
        """Return the evidence that two rules overlap."""
        shared = [
            both
            for a in self.regions[first]
            for b in self.regions[second]
            if (both := intersect(a, b)) is not None
        ]
        box = max(shared, key=volume)
        if len(shared) > 1:
            box = grow_inside(box, self.universe, shared)
        names = (self.names[first], self.names[second])
        return Overlap(names, self._words(box), witness(box, self.axes, self.schema))

    def gaps(self, boxes: Sequence[Box], disjoint: bool, at_most: int) -> list[Gap]:
        """Return disjoint uncovered regions, each shown as a maximal box."""
        found: list[Gap] = []
        covered = list(boxes)
        budget = [10**9 if disjoint else _GAP_STEPS]
        while len(found) < at_most:
            gap = find_gap(self.universe, covered, disjoint, budget)
            if gap is None:
                break
            shown = grow_outside(gap, self.universe, boxes)
            row = witness(gap, self.axes, self.schema)
            found.append(Gap(self._words(shown), row))
            # Left out whole, so that the next gap is another one.
            covered += subtract_all([shown], covered)
        return found

    def _words(self, box: Box) -> dict[str, str]:
        return describe_box(box, self.axes, self.universe, self.schema)



def verify(
    rules: Mapping[str, Rule],
    default: str | None,
    schema: Mapping[str, Any] | None,
    max_findings: int,
) -> MECEReport:
    """Prove or refute that `rules` are a partition; see `RuleSet.verify`."""
    proof = Proof(rules, schema)
    pairs = proof.overlapping_rules()
    try:
        regions = proof.first_match_regions(pairs)
        disjoint = True
        empty = [n for n, r in zip(proof.names, regions, strict=True) if not r]
    except TooManyBoxesError:
        regions, disjoint, empty = proof.regions, False, None
    gaps, exhaustive = _gaps(proof, regions, disjoint, max_findings)
    if default is not None and exhaustive and empty is not None:
        empty.append(default)
    return MECEReport(
        is_exclusive=not pairs,
        is_exhaustive=True if default is not None else exhaustive,
        overlaps=tuple(proof.overlap(*pair) for pair in pairs[:max_findings]),
        n_overlaps=len(pairs),
        gaps=tuple(gaps),
        unreachable=None if empty is None else tuple(empty),
        default=default,
    )


def _gaps(
    proof: Proof, regions: Sequence[list[Box]], disjoint: bool, max_findings: int
) -> tuple[list[Gap], bool | None]:
    """Return the gaps and whether there are none, None for undecided."""
    boxes = [box for region in regions for box in region]
    total = volume(proof.universe)
    if not total or (disjoint and sum(map(volume, boxes)) == total):
        return [], True
    try:
        gaps = proof.gaps(boxes, disjoint, max_findings)
    except TooManyBoxesError:
        return [], None
    return gaps, not gaps


def disjoint_rules(
    rules: Mapping[str, Rule], schema: Mapping[str, Any] | None
) -> dict[str, Rule]:
    """Return `rules` rewritten so that each holds only where no earlier one does."""
    proof = Proof(rules, schema)
    pairs = proof.overlapping_rules()
    changed = {second for _, second in pairs}
    regions = proof.first_match_regions(pairs)
    found: dict[str, Rule] = {}
    for number, (name, rule) in enumerate(rules.items()):
        if number in changed:
            boxes = cover(regions[number], proof.universe)
            rule = disjunction(
                box_rule(box, proof.axes, proof.universe) for box in boxes
            )
        found[name] = rule
    return found
