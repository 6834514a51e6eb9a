"""Rules taken apart into boxes, and what the boxes tell about the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import or_
from typing import Any, NamedTuple

from skseg.rules._cells import build_axis, leaves_by_column
from skseg.rules._language._conditions import Kind, Leaf, Rule, conjunction

from ._box_index import BoxIndex
from ._boxes import (
    Box,
    BoxCompiler,
    Budget,
    TooManyBoxesError,
    grow_inside,
    intersect,
    separate,
    subtract_all,
    volume,
)
from ._domain import (
    Domain,
    allowed_cells,
    as_schema,
    border_leaves,
    domain_within,
)
from ._symbolic import (
    ProofAxis,
    SymbolicAxis,
    is_open,
    settle,
    settled_axes,
    symbolic_axis,
)
from ._witness import describe_box, witness

# Steps for telling apart what two rules share, to show it as one maximal box.
_OVERLAP_STEPS = 2_000


class Evidence(NamedTuple):
    """A box in words, a row of it, and the quantiles with which that is so."""

    box: dict[str, str]
    witness: dict[str, Any]
    quantiles: dict[str, dict[float, float]]


class Proof:
    """Rules taken apart into boxes, under a schema.

    Parameters
    ----------
    rules : mapping of str to Rule
        The rules.
    schema : mapping of str to (Domain or dict) or None
        What the columns may hold.
    universe : Rule, default=None
        The rows whose quantiles the rules mean; None for all.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        schema: Mapping[str, Any] | None,
        universe: Rule | None = None,
    ) -> None:
        self.names = list(rules)
        self._within = conjunction([]) if universe is None else universe
        self.schema: dict[str, Domain] = as_schema(schema)
        extra = {
            name: (domain.kind, border_leaves(domain, name) if domain.kind else [])
            for name, domain in self.schema.items()
        }
        self.axes: dict[str, ProofAxis] = {
            name: self._axis(name, kind, found)
            for name, (kind, found) in leaves_by_column(rules.values(), extra).items()
        }
        self.universe: Box = tuple(
            axis.allowed
            if isinstance(axis, SymbolicAxis)
            else allowed_cells(self._domain(name), axis)
            for name, axis in self.axes.items()
        )
        compiler = BoxCompiler(self.axes, self.universe)
        # A schema may leave a column no value at all; then there are no rows.
        possible = all(self.universe)
        self.regions: list[list[Box]] = [
            compiler.boxes(rule) if possible else [] for rule in rules.values()
        ]
        self._index_regions()

    def _domain(self, name: str) -> Domain:
        return self.schema.get(name, Domain())

    def _axis(self, name: str, kind: Kind | None, found: list[Leaf]) -> ProofAxis:
        if any(map(is_open, found)):
            domain = self._domain(name)
            within = domain_within(domain, self._within, name)
            return symbolic_axis(name, found, domain, within)
        return build_axis(name, kind, found)

    def _index_regions(self) -> None:
        owned = [(box, n) for n, region in enumerate(self.regions) for box in region]
        # The searches look at the first boxes first, and large ones settle most.
        owned.sort(key=lambda pair: -volume(pair[0]))
        self.index = BoxIndex((box for box, _ in owned), self.universe)
        self._owner = [n for _, n in owned]
        self._boxes_of = [0] * len(self.regions)
        for position, n in enumerate(self._owner):
            self._boxes_of[n] |= 1 << position
        self._boxes_before = list(accumulate(self._boxes_of, or_, initial=0))

    def overlapping_rules(self) -> list[tuple[int, int]]:
        """Return the overlapping pairs of rules, in order."""
        pairs = []
        for second, region in enumerate(self.regions):
            meeting = 0
            for box in region:
                meeting |= self.index.meeting(box)
            meeting &= self._boxes_before[second]
            while meeting:
                first = self._owner[meeting.bit_length() - 1]
                pairs.append((first, second))
                meeting &= ~self._boxes_of[first]
        return sorted(pairs)

    def first_match_regions(self, budget: Budget) -> list[list[Box]]:
        """Return each rule's disjoint boxes without those of the rules before it."""
        found: list[list[Box]] = []
        for own, before in zip(self._boxes_of, self._boxes_before, strict=False):
            found.append([])
            for box in self.index.members(own):
                holes = self.index.members(self.index.meeting(box) & before)
                found[-1] += subtract_all([box], holes, budget)
                # The boxes of one rule may overlap too.
                before |= own & -own
                own &= own - 1
        return found

    def reachable(self, number: int, budget: Budget) -> bool:
        """Tell whether some row satisfies a rule and none before it."""
        before = self._boxes_before[number]
        return any(
            self.index.find_gap(box, before, budget) is not None
            for box in self.regions[number]
        )

    def overlap(self, first: int, second: int) -> Evidence:
        """Return a maximal box of the rows that two rules share, with one of them."""
        shared: list[Box] = []
        for box in self.regions[first]:
            others = self.index.meeting(box) & self._boxes_of[second]
            parts = (intersect(box, other) for other in self.index.members(others))
            shared += [part for part in parts if part is not None]
        try:
            shared = separate(shared, Budget(_OVERLAP_STEPS))
        except TooManyBoxesError:
            shared = [max(shared, key=volume)]
        shown = grow_inside(max(shared, key=volume), self.universe, shared)
        return self._evidence(shown, shown)

    def gaps(
        self, disjoint_boxes: Sequence[Box] | None, at_most: int, budget: Budget
    ) -> tuple[list[Evidence], bool]:
        """Return maximal uncovered boxes with a row each, and whether these are all.

        The rows lie outside the boxes shown earlier. Where the covered region is known
        as disjoint boxes, volumes guide the search.
        """
        if disjoint_boxes is None:
            index, disjoint = BoxIndex(self.index.boxes, self.universe), 0
        else:
            index = BoxIndex(disjoint_boxes, self.universe)
            disjoint = index.everyone
        found: list[Evidence] = []
        while len(found) < at_most:
            try:
                gap = index.find_gap(self.universe, index.everyone, budget, disjoint)
            except TooManyBoxesError:
                return found, False
            if gap is None:
                return found, True
            shown = self.index.grow_outside(gap)
            found.append(self._evidence(shown, gap))
            # Taken for covered, so that the next gap is another one.
            index.add([shown])
        return found, False

    def _evidence(self, shown: Box, inner: Box) -> Evidence:
        """Say what a box holds, and show a row of `inner`, a part of it."""
        settled = settle(inner, self.axes)
        shown, inner, universe = (
            tuple(
                settled[name].within(mask) if name in settled else mask
                for name, mask in zip(self.axes, box, strict=True)
            )
            for box in (shown, inner, self.universe)
        )
        axes = settled_axes(self.axes, settled)
        return Evidence(
            describe_box(shown, axes, universe, self.schema),
            witness(inner, axes, self.schema),
            {
                name: dict(scenario.quantiles)
                for name, scenario in settled.items()
                if scenario.quantiles
            },
        )
