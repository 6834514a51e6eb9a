"""Slices of rules that are too large, given to rules that are too small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from skseg._search._bounds import SizeBounds
from skseg._search.sizes._slices import Slice, end_slices
from skseg._search.sizes._split import Interval
from skseg._typing import FloatArray

from ._merging import Profiles
from ._parts import Part

# Slices that are tried for each rule that is too small, those of least loss.
_N_TRIES = 4
# A slice makes rules longer, so it has to explain this many times as much.
_WORTHWHILE = 1.05

Groups = list[list[Part]]


@dataclass(frozen=True)
class Slicing:
    """Parts of which some are too large, and have to be cut, and others too small.

    `regroup` splits and merges parts to legal sizes, or returns None if that fails.
    """

    parts: Sequence[Part]
    values: FloatArray
    weight: FloatArray
    profiles: Profiles
    bounds: SizeBounds
    regroup: Callable[[Sequence[Part]], Groups | None]

    def improved(self, groups: Groups | None) -> Groups | None:
        """Return better groups than these if slices give some.

        A rule that is too large has to be cut anyway. So a slice at the end of one of
        its columns can fill up a rule that is too small, at a smaller loss than a whole
        part. Rules that are too small are filled up one after the other, those that
        differ most from the average first.
        """
        best = -np.inf if groups is None else self.profiles.explained(groups)
        parts = list(self.parts)
        for small in self._small():
            least = best * _WORTHWHILE
            for candidate in self._with_slices(parts, small):
                regrouped = self.regroup(candidate)
                if regrouped is None:
                    continue
                explained = self.profiles.explained(regrouped)
                if explained > max(least, best):
                    best, groups, parts = explained, regrouped, candidate
        return groups

    def _small(self) -> list[Part]:
        """Return the parts that are too small, those that differ most first."""
        small = [part for part in self.parts if 0 < part.size < self.bounds.low]
        distances = (self.profiles.of(small) ** 2).sum(axis=1)
        sizes = np.array([part.size for part in small])
        return [small[i] for i in np.argsort(-sizes * distances, kind="stable")]

    def _with_slices(self, parts: Sequence[Part], small: Part) -> list[list[Part]]:
        """Return the parts with one of them cut in two: the best ways to do so."""
        donors, halves = [], []
        for donor, part in enumerate(parts):
            if part.size > self.bounds.high:
                for column in range(self.values.shape[1]):
                    for end_slice in self._end_slices(part, column, small):
                        donors.append(donor)
                        halves.append(self._cut(part, column, end_slice))
        losses = self._losses(small, [taken for taken, _ in halves])
        return [
            [*parts[: donors[i]], *halves[i], *parts[donors[i] + 1 :]]
            for i in np.argsort(losses, kind="stable")[:_N_TRIES].tolist()
        ]

    def _end_slices(self, part: Part, column: int, small: Part) -> list[Slice]:
        values, weight = self.values[part.rows, column], self.weight[part.rows]
        shortfall = self.bounds.low - small.size
        return list(end_slices(values, weight, shortfall, self.bounds))

    def _cut(self, part: Part, column: int, end_slice: Slice) -> list[Part]:
        """Return the slice of a part and the remaining part."""
        sides = Interval().cut([end_slice.threshold])
        if not end_slice.is_below:
            sides.reverse()
        halves = []
        for side, rows in zip(sides, [end_slice.rows, ~end_slice.rows], strict=True):
            intervals = [Interval()] * len(part.intervals)
            intervals[column] = side
            size = float(self.weight[part.rows[rows]].sum())
            halves.append(part.narrowed(intervals, rows, size))
        return halves

    def _losses(self, small: Part, slices: Sequence[Part]) -> FloatArray:
        """Return the squared error that merging each slice with a part adds."""
        profiles = self.profiles.of([small, *slices])
        sizes = np.array([part.size for part in slices])
        distances = ((profiles[1:] - profiles[0]) ** 2).sum(axis=1)
        return np.asarray(sizes * small.size / (sizes + small.size) * distances)
