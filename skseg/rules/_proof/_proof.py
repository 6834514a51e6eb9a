"""Rules as boxes of cells: which rules overlap, leave gaps or are unreachable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from itertools import accumulate
from operator import or_
from typing import Any, NamedTuple

from skseg.rules._cells import NumberAxis, build_axis, leaves_by_column
from skseg.rules._language._conditions import (
    Kind,
    Leaf,
    Rule,
    column_kinds,
)

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
    ANY_VALUE,
    Domain,
    allowed_cells,
    as_schema,
    border_leaves,
    domain_in_cells,
    domain_of_kind,
)
from ._symbolic import (
    ProofAxis,
    SymbolicAxis,
    concrete_axes,
    is_open,
    pick_scenarios,
)
from ._witness import describe_box, witness

# Steps for splitting the rows that two rules share into disjoint boxes.
_OVERLAP_STEPS = 2_000


class ShownBox(NamedTuple):
    """A box in words, one of its rows, and the quantiles for which it exists."""

    box: dict[str, str]
    witness: dict[str, Any]
    quantiles: dict[str, dict[float, float]]


class Proof:
    """Rules as boxes, under a schema that says what the columns may hold.

    Quantiles in the rules are those of the rows in `universe`, None for all rows. Those
    in `universe` are of all rows.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        schema: Mapping[str, Any] | None,
        universe: Rule | None = None,
    ) -> None:
        self.names = list(rules)
        self._universe_rule = universe
        kinds = column_kinds(rules.values())
        self.schema: dict[str, Domain] = {
            name: domain_of_kind(domain, kinds.get(name))
            for name, domain in as_schema(schema).items()
        }
        extra = {
            name: (domain.kind, border_leaves(domain, name) if domain.kind else [])
            for name, domain in self.schema.items()
        }
        self.axes: dict[str, ProofAxis] = {
            name: self._axis(name, kind, leaves)
            for name, (kind, leaves) in leaves_by_column(rules.values(), extra).items()
        }
        self.universe: Box = tuple(
            axis.allowed
            if isinstance(axis, SymbolicAxis)
            else allowed_cells(self._domain(name), axis)
            for name, axis in self.axes.items()
        )
        compiler = BoxCompiler(self.axes, self.universe)
        # There are no rows if the schema allows a column no value.
        possible = all(self.universe)
        self.regions: list[list[Box]] = [
            compiler.boxes(rule) if possible else [] for rule in rules.values()
        ]
        self._index_regions()

    def _domain(self, name: str) -> Domain:
        return self.schema.get(name, ANY_VALUE)

    def _axis(self, name: str, kind: Kind | None, leaves: list[Leaf]) -> ProofAxis:
        if any(map(is_open, leaves)):
            domain = self._domain(name)
            return SymbolicAxis(name, leaves, domain, self._quantile_domain(name))
        return build_axis(name, kind, leaves)

    def _quantile_domain(self, name: str) -> Domain:
        """Return the domain of a column among the rows whose quantiles are open."""
        domain, universe = self._domain(name), self._universe_proof
        axis = None if universe is None else universe.axes.get(name)
        # Where the universe has quantiles of the column, these are of all rows.
        if universe is None or not isinstance(axis, NumberAxis):
            return domain
        place = list(universe.axes).index(name)
        cells = reduce(or_, (box[place] for box in universe.regions[0]), 0)
        return domain_in_cells(domain, axis, cells)

    @cached_property
    def _universe_proof(self) -> Proof | None:
        """The universe as boxes, with cells of its own."""
        if self._universe_rule is None:
            return None
        return Proof({"universe": self._universe_rule}, self.schema)

    def _index_regions(self) -> None:
        pairs = [(box, n) for n, region in enumerate(self.regions) for box in region]
        # Searches try the boxes in this order, and large ones decide most.
        pairs.sort(key=lambda pair: -volume(pair[0]))
        self.index = BoxIndex((box for box, _ in pairs), self.universe)
        self._rule_of = [n for _, n in pairs]
        self._boxes_of = [0] * len(self.regions)
        for position, n in enumerate(self._rule_of):
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
                first = self._rule_of[meeting.bit_length() - 1]
                pairs.append((first, second))
                meeting &= ~self._boxes_of[first]
        return sorted(pairs)

    def first_match_regions(self, budget: Budget) -> list[list[Box]]:
        """Return each rule's disjoint boxes without those of the rules before it."""
        regions: list[list[Box]] = []
        for boxes, covered in zip(self._boxes_of, self._boxes_before, strict=False):
            regions.append([])
            for box in self.index.members(boxes):
                holes = self.index.members(self.index.meeting(box) & covered)
                regions[-1] += subtract_all([box], holes, budget)
                # The boxes of one rule may overlap too.
                covered |= boxes & -boxes
                boxes &= boxes - 1
        return regions

    def reachable(self, number: int, budget: Budget) -> bool:
        """Tell whether some row satisfies a rule and none before it."""
        before = self._boxes_before[number]
        return any(
            self.index.find_gap(box, before, budget) is not None
            for box in self.regions[number]
        )

    def overlap(self, first: int, second: int) -> ShownBox:
        """Return a maximal box of the rows that two rules share, with one such row."""
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
        return self._shown_box(shown, shown)

    def gaps(
        self, disjoint_boxes: Sequence[Box] | None, at_most: int, budget: Budget
    ) -> tuple[list[ShownBox], bool]:
        """Return maximal uncovered boxes with a row each, and whether these are all.

        Each row lies outside the boxes before. `disjoint_boxes` make up the covered
        region where that is known; their volumes then guide the search.
        """
        if disjoint_boxes is None:
            index, disjoint = BoxIndex(self.index.boxes, self.universe), 0
        else:
            index = BoxIndex(disjoint_boxes, self.universe)
            disjoint = index.all_boxes
        gaps: list[ShownBox] = []
        while len(gaps) < at_most:
            try:
                gap = index.find_gap(self.universe, index.all_boxes, budget, disjoint)
            except TooManyBoxesError:
                return gaps, False
            if gap is None:
                return gaps, True
            shown = self.index.grow_outside(gap)
            gaps.append(self._shown_box(shown, gap))
            # As if it were covered, so that the next gap is another one.
            index.add([shown])
        return gaps, False

    def _shown_box(self, shown: Box, inner: Box) -> ShownBox:
        """Return the box `shown` in words, with a row of its part `inner`."""
        scenarios = pick_scenarios(inner, self.axes)
        shown, inner, universe = (
            tuple(
                scenarios[name].within(mask) if name in scenarios else mask
                for name, mask in zip(self.axes, box, strict=True)
            )
            for box in (shown, inner, self.universe)
        )
        axes = concrete_axes(self.axes, scenarios)
        return ShownBox(
            describe_box(shown, axes, universe, self.schema),
            witness(inner, axes, self.schema),
            {
                name: dict(scenario.quantiles)
                for name, scenario in scenarios.items()
                if scenario.quantiles
            },
        )
