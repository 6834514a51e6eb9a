"""Segments split and merged until each of them has a legal size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._search.sizes._split import Interval, split_to_sizes
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import conjunction, disjunction

from ._merging import PartMerger, Profiles
from ._names import group_name, joined_name, unique_name
from ._parts import Part, Pool, cut_rule

Bound = Literal["min_size", "max_size"]


class NoLegalSizesError(Exception):
    """One attempt at legal sizes has failed; another one may succeed.

    Keeps the rules whose rows could not be split or merged, and the bound that they
    break.
    """

    def __init__(self, pool: Pool, bound: Bound, reason: str) -> None:
        super().__init__(reason)
        self.pool = pool
        self.bound = bound


@dataclass(frozen=True)
class SizedSegment:
    """A segment after splitting and merging, with a rule that is not yet simplified.

    `rules` holds the names of the business rules that its rows come from; it is split
    if rows of these rules are in other segments too.
    """

    name: str
    rule: Rule
    rules: tuple[str, ...]
    is_split: bool = False
    is_oversize: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether it differs from a single business rule."""
        return self.is_split or len(self.rules) > 1


@dataclass(frozen=True)
class Sizing:
    """Rules with their training rows, to be split and merged to legal sizes.

    Every row satisfies exactly one rule, the one at the position in `codes`. `columns`
    may be cut; `values` holds their values. Segments with near means of `features` are
    merged first. NaN is missing in both. The bounds are weights of rows. `default`
    names the rule of the rows that no other rule covers, if it is among `rules`.
    """

    rules: dict[str, Rule]
    codes: IntArray
    weight: FloatArray
    columns: list[str]
    values: FloatArray
    features: FloatArray
    min_size: float
    max_size: float
    allow_oversize: bool = False
    schema: Mapping[str, Any] | None = None
    taken_names: Sequence[str] = ()
    default: str | None = None

    @cached_property
    def bounds(self) -> SizeBounds:
        """The bounds, with the tolerance that sums of weights need."""
        return size_bounds(self.min_size, self.max_size, self.weight)

    @cached_property
    def profiles(self) -> Profiles:
        """What merging is to preserve."""
        return Profiles(self.features, self.weight)

    @cached_property
    def names(self) -> list[str]:
        """Names of the business rules."""
        return list(self.rules)

    def segments(self) -> list[SizedSegment]:
        """Return segments of legal sizes, in the order of their rules, or raise."""
        groups = self._groups()
        n_parts = Counter(part.pool for group in groups for part in group)
        segments: list[SizedSegment] = []
        for group in groups:
            segment = self._segment(group, n_parts)
            if segment.is_changed:
                taken = [*self.taken_names, *(earlier.name for earlier in segments)]
                segment = replace(segment, name=unique_name(segment.name, taken))
            segments.append(segment)
        return segments

    def _segment(self, group: Sequence[Part], n_parts: Counter[Pool]) -> SizedSegment:
        """Return the segment that a group of parts forms."""
        n_of_group = Counter(part.pool for part in group)
        whole = [pool for pool, n in n_of_group.items() if n == n_parts[pool]]
        positions = sorted({position for pool in n_of_group for position in pool})
        rules = [self._rule(part) for part in group]
        return SizedSegment(
            group_name(group, whole, rules, self.columns, self.names, self.schema),
            disjunction(rules),
            tuple(self.names[position] for position in positions),
            len(whole) < len(n_of_group),
            sum(part.size for part in group) > self.bounds.high,
        )

    def _groups(self) -> list[list[Part]]:
        """Return the parts that every segment is made of.

        Rules that are too large are split, then rules and parts that are too small are
        merged. Where that fails, rules are split into smaller parts, so that small
        rules fit beside them. Where that fails too, rules are pooled before they are
        split, in the end all of them: so every sizing that guillotine cuts through the
        whole universe can reach is within reach.
        """
        pools: list[Pool] = [(position,) for position in range(len(self.rules))]
        for max_size in self._upper_bounds(pools):
            try:
                return self._divided(pools, max_size)
            except NoLegalSizesError as error:
                failure = error
        total = float(self.weight.sum())
        impossible = self.bounds.infeasibility(total)
        pooled = pools
        while len(pooled) > 1 and impossible is None:
            pooled = self._with_pooled(pooled, failure.pool)
            try:
                return self._divided(pooled, self.max_size)
            except NoLegalSizesError as error:
                failure = error
        if self.allow_oversize:
            return self._divided(pools, self.max_size, allow_oversize=True)
        if impossible is None:
            raise failure
        bound: Bound = "min_size" if total < self.bounds.low else "max_size"
        raise NoLegalSizesError(failure.pool, bound, impossible)

    def _upper_bounds(self, pools: Sequence[Pool]) -> list[float]:
        """Return the upper bounds to split by, the later ones with room for merging."""
        sizes = np.bincount(self.codes, self.weight, minlength=len(pools))
        small = sizes[sizes < self.bounds.low]
        roomy = {self.max_size - small.max(initial=0.0), self.max_size - small.sum()}
        roomy = {bound for bound in roomy if self.min_size <= bound < self.max_size}
        return [self.max_size, *sorted(roomy, reverse=True)]

    def _divided(
        self, pools: Iterable[Pool], max_size: float, *, allow_oversize: bool = False
    ) -> list[list[Part]]:
        """Return the groups of parts after splitting by `max_size` and merging."""
        parts = [
            part
            for pool in pools
            for part in self._split(pool, max_size, allow_oversize)
        ]
        if all(part.size >= self.bounds.low for part in parts):
            return [[part] for part in parts]
        groups = self._merge(parts, allow_oversize)
        return [[parts[i] for i in group] for group in groups]

    def _split(self, pool: Pool, max_size: float, allow_oversize: bool) -> list[Part]:
        whole = self._whole(pool)
        rows, weight = whole.rows, self.weight[whole.rows]
        if whole.size <= size_bounds(0.0, max_size, self.weight).high:
            return [whole]
        if not self.columns:
            if allow_oversize:
                return [whole]
            raise NoLegalSizesError(
                pool,
                "max_size",
                "There is no column of numbers to split on; name some in split_on.",
            )
        split = split_to_sizes(
            self.values[rows],
            self.min_size,
            max_size,
            sample_weight=weight,
            allow_oversize=allow_oversize,
            names=self.columns,
        )
        if not split.boxes:
            raise NoLegalSizesError(pool, "max_size", split.infeasibility)
        return [
            Part(pool, box.intervals, rows[split.codes == i], box.size)
            for i, box in enumerate(split.boxes)
        ]

    def _merge(
        self, parts: Sequence[Part], allow_oversize: bool
    ) -> Sequence[tuple[int, ...]]:
        """Return the positions of the parts that become one segment."""
        merger = PartMerger(
            parts,
            [self._rule(part) for part in parts],
            self.profiles.of(parts),
            self.bounds,
            self.schema,
        )
        if self.default in self.rules:
            default = (self.names.index(self.default),)
            around = {i for i, part in enumerate(parts) if part.pool == default}
        else:
            around = set()
        if (groups := merger.merged_on_grid(around)) is not None:
            return groups
        names = [joined_name([self.names[i] for i in part.pool]) for part in parts]
        merge = merger.merged_freely(names, allow_oversize=allow_oversize)
        if not merge.groups:
            smallest = min(parts, key=lambda part: part.size)
            raise NoLegalSizesError(smallest.pool, "min_size", merge.infeasibility)
        return merge.groups

    def _with_pooled(self, pools: Sequence[Pool], pool: Pool) -> list[Pool]:
        """Return the pools, one of them united with the nearest other one."""
        wholes = [self._whole(candidate) for candidate in pools]
        profiles = self.profiles.of(wholes)
        position = list(pools).index(pool)
        distance = ((profiles - profiles[position]) ** 2).sum(axis=1)
        distance[position] = np.inf
        nearest = pools[int(np.argmin(distance))]
        united = tuple(sorted([*pool, *nearest]))
        return sorted([united, *(p for p in pools if p not in (pool, nearest))])

    @cached_property
    def _rows(self) -> list[IntArray]:
        """The rows of every rule."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.rules)))
        return np.split(order, ends[:-1])

    def _whole(self, pool: Pool) -> Part:
        rows = np.sort(np.concatenate([self._rows[position] for position in pool]))
        intervals = (Interval(),) * len(self.columns)
        return Part(pool, intervals, rows, float(self.weight[rows].sum()))

    def _rule(self, part: Part) -> Rule:
        whole = disjunction([self.rules[self.names[i]] for i in part.pool])
        return conjunction([whole, cut_rule(self.columns, part.intervals)])
