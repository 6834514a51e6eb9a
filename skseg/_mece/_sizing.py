"""Segments split and merged until each of them has a legal size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import disjunction

from ._division import Bound, Division, NoLegalSizesError
from ._merging import PartMerger, Profiles
from ._names import group_name, joined_name, unique_name
from ._parts import Part, Pool
from ._slicing import Slicing


@dataclass(frozen=True)
class SizedSegment:
    """A segment after splitting and merging, with a rule that is not yet simplified.

    `rules` holds the names of the business rules that it can hold rows of; it is split
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
    may be cut; `values` holds their values. Merging preserves the differences between
    means of `features`, which are the outcome if `has_outcome`. NaN is missing in both.
    The bounds are weights of rows. `default` names the rule of the rows that no other
    rule covers, if it is among `rules`.
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
    has_outcome: bool = False

    @cached_property
    def bounds(self) -> SizeBounds:
        """The bounds, with the tolerance that sums of weights need."""
        return size_bounds(self.min_size, self.max_size, self.weight)

    @cached_property
    def _division(self) -> Division:
        return Division(
            list(self.rules.values()),
            self.codes,
            self.weight,
            self.columns,
            self.values,
            self.bounds,
            self.schema,
        )

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
        n_parts = Counter(i for group in groups for part in group for i in part.pool)
        segments: list[SizedSegment] = []
        for group in groups:
            segment = self._segment(group, n_parts)
            if segment.is_changed:
                taken = [*self.taken_names, *(earlier.name for earlier in segments)]
                segment = replace(segment, name=unique_name(segment.name, taken))
            segments.append(segment)
        return segments

    def _segment(self, group: Sequence[Part], n_parts: Counter[int]) -> SizedSegment:
        """Return the segment that a group of parts forms.

        `n_parts` is the number of parts, in all groups, of every rule.
        """
        n_of_group = Counter(position for part in group for position in part.pool)
        positions = sorted(n_of_group)
        whole = [i for i in positions if n_of_group[i] == n_parts[i]]
        partial: dict[str, list[tuple[Part, Rule]]] = {}
        for part in group:
            pool = tuple(i for i in part.pool if i not in whole)
            if pool:
                name = joined_name([self.names[i] for i in pool])
                piece = part._replace(pool=pool)
                partial.setdefault(name, []).append((piece, self._division.rule(piece)))
        whole_names = [self.names[i] for i in whole]
        return SizedSegment(
            group_name(whole_names, partial, self.columns, self.schema),
            disjunction(map(self._division.rule, group)),
            tuple(self.names[i] for i in positions),
            bool(partial),
            sum(part.size for part in group) > self.bounds.high,
        )

    def _groups(self) -> list[list[Part]]:
        """Return the parts that every segment is made of."""
        pools: list[Pool] = [(position,) for position in range(len(self.rules))]
        groups, failure = self._first_legal(pools)
        if self.has_outcome and self._has_small_and_large():
            wholes = [self._division.whole(pool) for pool in pools]
            slicing = Slicing(
                wholes,
                self.values,
                self.weight,
                self.profiles,
                self.bounds,
                self._regrouped,
            )
            groups = slicing.improved(groups)
        if groups is not None:
            return groups
        if self.allow_oversize:
            return self._divided(pools, self.max_size, allow_oversize=True)
        assert failure is not None
        total = float(self.weight.sum())
        impossible = self.bounds.infeasibility(total)
        if impossible is None:
            raise failure
        bound: Bound = "min_size" if total < self.bounds.low else "max_size"
        raise NoLegalSizesError(failure.pool, bound, impossible)

    def _first_legal(
        self, pools: list[Pool]
    ) -> tuple[list[list[Part]] | None, NoLegalSizesError | None]:
        """Return the first legal groups of parts, or None and why there are none.

        Rules that are too large are split, then rules and parts that are too small are
        merged. Where that fails, rules are split into smaller parts, so that small
        rules fit beside them. Where that fails too, rules are pooled before they are
        split, in the end all of them: so every sizing that guillotine cuts through the
        whole universe can reach is within reach.
        """
        for max_size in self._upper_bounds(pools):
            try:
                return self._divided(pools, max_size), None
            except NoLegalSizesError as error:
                failure = error
        if self.bounds.infeasibility(float(self.weight.sum())) is not None:
            return None, failure
        pooled = pools
        while len(pooled) > 1:
            pooled = self._with_pooled(pooled, failure.pool)
            try:
                return self._divided(pooled, self.max_size), None
            except NoLegalSizesError as error:
                failure = error
        return None, failure

    def _has_small_and_large(self) -> bool:
        """Tell whether some rule is too small and another one too large."""
        sizes = np.bincount(self.codes, self.weight)
        is_small = (sizes > 0) & (sizes < self.bounds.low)
        return bool(is_small.any() and sizes.max() > self.bounds.high)

    def _regrouped(self, parts: Sequence[Part]) -> list[list[Part]] | None:
        """Return parts split and merged to legal sizes, None if that fails."""
        split = self._division.split
        try:
            pieces = [piece for part in parts for piece in split(part, self.max_size)]
            return self._merged(pieces)
        except NoLegalSizesError:
            return None

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
        parts = []
        for pool in pools:
            whole = self._division.whole(pool)
            parts += self._division.split(
                whole, max_size, allow_oversize=allow_oversize
            )
        return self._merged(parts, allow_oversize)

    def _merged(
        self, parts: Sequence[Part], allow_oversize: bool = False
    ) -> list[list[Part]]:
        """Return the groups of parts after merging."""
        if all(part.size >= self.bounds.low for part in parts):
            return [[part] for part in parts]
        groups = self._merge(parts, allow_oversize)
        return [[parts[i] for i in group] for group in groups]

    def _merge(
        self, parts: Sequence[Part], allow_oversize: bool
    ) -> Sequence[tuple[int, ...]]:
        """Return the positions of the parts that become one segment."""
        merger = PartMerger(
            parts,
            [self._division.rule(part) for part in parts],
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
        wholes = [self._division.whole(candidate) for candidate in pools]
        profiles = self.profiles.of(wholes)
        position = next(i for i, pooled in enumerate(pools) if {*pool} <= {*pooled})
        distance = ((profiles - profiles[position]) ** 2).sum(axis=1)
        distance[position] = np.inf
        nearest = pools[int(np.argmin(distance))]
        united = tuple(sorted([*pools[position], *nearest]))
        return sorted(
            [united, *(p for p in pools if p not in (pools[position], nearest))]
        )
