"""Segments split and merged until each of them has a legal size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._search.sizes._merge import merge_nearest
from skseg._search.sizes._merge_grid import merge_grid
from skseg._search.sizes._split import Interval, split_to_sizes
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import conjunction, disjunction

from ._names import group_name, joined_name
from ._parts import Part, Regions, Unit, cut_rule


class NoLegalSizesError(Exception):
    """No legal sizes were found in the way that was tried.

    Attributes
    ----------
    unit : tuple of int
        The rules that stand in the way.
    """

    def __init__(self, unit: Unit, why: str) -> None:
        super().__init__(why)
        self.unit = unit


@dataclass(frozen=True)
class SizedSegment:
    """A segment after splitting and merging.

    Attributes
    ----------
    name : str
        Readable; unlike any other.
    rule : Rule
        Not simplified.
    rules : tuple of str
        The business rules that its rows come from.
    is_split : bool
        Whether it has not all rows of these.
    is_oversize : bool
        Whether it is larger than allowed.
    """

    name: str
    rule: Rule
    rules: tuple[str, ...]
    is_split: bool = False
    is_oversize: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether it is anything else than the rows of one business rule."""
        return self.is_split or len(self.rules) > 1


@dataclass(frozen=True)
class Sizing:
    """Rules, the training rows that they hold for, and the sizes that are wanted.

    Attributes
    ----------
    rules : dict of str to Rule
        Name -> resolved rule, of which exactly one holds for every row.
    codes : ndarray of int of shape (n_rows,)
        The number of every row's rule.
    weight : ndarray of shape (n_rows,)
        What every row counts.
    columns : list of str
        The columns that may be cut.
    values : ndarray of shape (n_rows, n_columns)
        Their values; NaN is missing.
    features : ndarray of shape (n_rows, n_features)
        What makes segments alike; NaN is missing.
    min_size, max_size : float
        The bounds, in weight.
    allow_oversize : bool
        Whether segments that cannot be divided further may stay too large.
    schema : mapping of str to (Domain or dict), default=None
        What the columns may hold.
    taken_names : sequence of str, default=()
        Names that no new segment may get.
    default : str, default=None
        The rule that holds for everyone else, if it is among `rules`.
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
        """The bounds as sizes are compared with them."""
        return size_bounds(self.min_size, self.max_size, self.weight)

    @cached_property
    def names(self) -> list[str]:
        """The names of the business rules."""
        return list(self.rules)

    @property
    def default_unit(self) -> Unit | None:
        """The unit of the default alone."""
        return (self.names.index(self.default),) if self.default in self.rules else None

    def segments(self) -> list[SizedSegment]:
        """Return segments of legal sizes, in the order of their rules.

        Raises
        ------
        NoLegalSizesError
            If there are none, or none were found.
        """
        groups = self._groups()
        n_parts = Counter(part.unit for group in groups for part in group)
        found: list[SizedSegment] = []
        for group in groups:
            here = Counter(part.unit for part in group)
            whole = [unit for unit, n in here.items() if n == n_parts[unit]]
            numbers = sorted({number for unit in here for number in unit})
            rules = [self._rule(part) for part in group]
            name = group_name(
                group, whole, rules, self.columns, self.names, self.schema
            )
            segment = SizedSegment(
                name,
                disjunction(rules),
                tuple(self.names[number] for number in numbers),
                len(whole) < len(here),
                sum(part.size for part in group) > self.bounds.high,
            )
            if segment.is_changed:
                taken = [*self.taken_names, *(other.name for other in found)]
                segment = replace(segment, name=_unlike(name, taken))
            found.append(segment)
        return found

    def _groups(self) -> list[list[Part]]:
        """Return the parts that every segment is made of.

        What is too large is split, what is too small is merged. Where that leads
        nowhere, splitting leaves room for what is too small; then rules are joined
        before they are split, in the end all of them. So no sizes are refused that
        cuts through and through the universe can give.
        """
        units: list[Unit] = [(number,) for number in range(len(self.rules))]
        for max_size in self._upper_bounds(units):
            try:
                return self._divided(units, max_size)
            except NoLegalSizesError as error:
                failed = error
        impossible = self.bounds.why_not(float(self.weight.sum()))
        joined = units
        while len(joined) > 1 and impossible is None:
            joined = self._with_joined(joined, failed.unit)
            try:
                return self._divided(joined, self.max_size)
            except NoLegalSizesError as error:
                failed = error
        if self.allow_oversize:
            return self._divided(units, self.max_size, allow_oversize=True)
        raise NoLegalSizesError(failed.unit, impossible or str(failed))

    def _upper_bounds(self, units: Sequence[Unit]) -> list[float]:
        """Return the bound for splitting, then those that leave room for small ones."""
        sizes = np.bincount(self.codes, self.weight, minlength=len(units))
        small = sizes[sizes < self.bounds.low]
        roomy = {self.max_size - small.max(initial=0.0), self.max_size - small.sum()}
        roomy = {bound for bound in roomy if self.min_size <= bound < self.max_size}
        return [self.max_size, *sorted(roomy, reverse=True)]

    def _divided(
        self, units: Iterable[Unit], max_size: float, *, allow_oversize: bool = False
    ) -> list[list[Part]]:
        parts = [
            part
            for unit in units
            for part in self._split(unit, max_size, allow_oversize)
        ]
        if all(part.size >= self.bounds.low for part in parts):
            return [[part] for part in parts]
        return [
            [parts[i] for i in group] for group in self._merge(parts, allow_oversize)
        ]

    def _split(self, unit: Unit, max_size: float, allow_oversize: bool) -> list[Part]:
        whole = self._whole(unit)
        rows, weight = whole.rows, self.weight[whole.rows]
        if whole.size <= size_bounds(0.0, max_size, self.weight).high:
            return [whole]
        if not self.columns:
            if allow_oversize:
                return [whole]
            raise NoLegalSizesError(
                unit,
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
            raise NoLegalSizesError(unit, split.why)
        return [
            Part(unit, box.intervals, rows[split.codes == i], box.size)
            for i, box in enumerate(split.boxes)
        ]

    def _merge(
        self, parts: Sequence[Part], allow_oversize: bool
    ) -> Sequence[tuple[int, ...]]:
        """Return the parts, by number, that become one segment."""
        sizes = np.array([part.size for part in parts])
        profiles = self._profiles(parts)
        on_grid = self._merge_on_grid(parts, profiles)
        if on_grid is not None:
            return on_grid
        regions = Regions([self._rule(part) for part in parts], self.schema)

        def belong_together(group: tuple[int, ...]) -> bool:
            one_unit = len({parts[i].unit for i in group}) == 1
            return one_unit or regions.union(group) is not None

        merge = merge_nearest(
            sizes,
            self.min_size,
            self.max_size,
            profiles=profiles,
            siblings=belong_together,
            allow_oversize=allow_oversize,
            names=[joined_name([self.names[i] for i in part.unit]) for part in parts],
        )
        if not merge.groups:
            smallest = min(parts, key=lambda part: part.size)
            raise NoLegalSizesError(smallest.unit, merge.why)
        return merge.groups

    def _merge_on_grid(
        self, parts: Sequence[Part], profiles: FloatArray
    ) -> list[tuple[int, ...]] | None:
        """Return the best groups of parts that form a grid, None if they do not.

        A default of legal size, which is everything around the grid, stays as it is.
        """
        around = {i for i, part in enumerate(parts) if part.unit == self.default_unit}
        if any(parts[i].size < self.bounds.low for i in around):
            return None
        inner = np.array([i for i in range(len(parts)) if i not in around])
        grid = Regions([self._rule(parts[i]) for i in inner], self.schema).grid()
        if grid is None:
            return None
        cells = inner[grid]
        sizes = np.array([part.size for part in parts])
        sums = (profiles * sizes[:, np.newaxis])[cells]
        blocks = merge_grid(sizes[cells], self.min_size, self.max_size, sums=sums)
        if blocks.status != "solved":
            return None
        merged = [cells[blocks.labels == i].tolist() for i in range(len(blocks.boxes))]
        return [*(tuple(sorted(group)) for group in merged), *((i,) for i in around)]

    def _profiles(self, parts: Sequence[Part]) -> FloatArray:
        """Return the parts' means of the features, of unit variance over the rows."""
        codes = np.empty(len(self.codes), dtype=np.intp)
        for i, part in enumerate(parts):
            codes[part.rows] = i
        sizes = np.array([part.size for part in parts])
        columns = []
        for feature in self.features.T:
            means = group_means(codes, len(parts), feature, self.weight)
            # No square of a scaled mean is beyond float64.
            means = means / (np.nanmax(np.abs(means), initial=0.0) or 1.0)
            known = ~np.isnan(means)
            if known.any() and sizes[known].any():
                means -= np.average(means[known], weights=sizes[known])
            centred = np.nan_to_num(means)
            spread = np.sqrt((sizes * centred**2).sum() / sizes.sum())
            columns.append(centred / spread if spread > 0 else centred)
        return np.column_stack([np.zeros(len(parts)), *columns])

    def _with_joined(self, units: Sequence[Unit], unit: Unit) -> list[Unit]:
        """Return the units with one of them joined to the nearest."""
        profiles = self._profiles([self._whole(other) for other in units])
        here = list(units).index(unit)
        distance = ((profiles - profiles[here]) ** 2).sum(axis=1)
        distance[here] = np.inf
        joined = {unit, units[int(np.argmin(distance))]}
        merged = tuple(sorted(number for other in joined for number in other))
        return sorted([merged, *(other for other in units if other not in joined)])

    @cached_property
    def _rows(self) -> list[IntArray]:
        """The rows of every rule."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.rules)))
        return np.split(order, ends[:-1])

    def _whole(self, unit: Unit) -> Part:
        rows = np.sort(np.concatenate([self._rows[number] for number in unit]))
        intervals = (Interval(),) * len(self.columns)
        return Part(unit, intervals, rows, float(self.weight[rows].sum()))

    def _rule(self, part: Part) -> Rule:
        whole = disjunction([self.rules[self.names[number]] for number in part.unit])
        return conjunction([whole, cut_rule(self.columns, part.intervals)])


def group_means(
    codes: IntArray, n_groups: int, values: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the mean of the finite values of every group, NaN where there are none."""
    known = np.isfinite(values)
    codes, weight, values = codes[known], weight[known], values[known]
    # A power of two leaves the digits alone, and no sum of scaled values overflows.
    scale = 2.0 ** np.frexp(np.abs(values).max(initial=1.0) / 2)[1]
    total = np.bincount(codes, weight, minlength=n_groups)
    sums = np.bincount(codes, weight * (values / scale), minlength=n_groups)
    means = np.full(n_groups, np.nan)
    np.divide(sums, total, out=means, where=total > 0)
    return np.asarray(means * scale)


def _unlike(name: str, others: Sequence[str]) -> str:
    """Return `name`, numbered if another segment has it already."""
    unlike, number = name, 2
    while unlike in others:
        unlike, number = f"{name} ({number})", number + 1
    return unlike
