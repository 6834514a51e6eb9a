"""Parts of rules that are too small, merged with near ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg._core._explained import group_means
from skseg._search._bounds import SizeBounds
from skseg._search.sizes._merge import Merge, merge_segments
from skseg._search.sizes._merge_grid import merge_grid
from skseg._typing import FloatArray
from skseg.rules import Rule

from ._parts import Part, Regions


@dataclass(frozen=True)
class PartMerger:
    """Parts with their rules and profiles, to be merged within bounds.

    The parts together hold every row once. Profiles are standardised means of the
    features; parts with near ones are merged first.
    """

    parts: Sequence[Part]
    rules: Sequence[Rule]
    profiles: FloatArray
    bounds: SizeBounds
    schema: Mapping[str, Any] | None

    def merged_on_grid(self, around: Collection[int]) -> list[tuple[int, ...]] | None:
        """Return the optimal groups if the parts form a grid, None if they do not.

        The parts `around` it, those of the default, stay as they are. They have to be
        of legal size.
        """
        if any(self.parts[i].size < self.bounds.low for i in around):
            return None
        inner = np.array([i for i in range(len(self.parts)) if i not in around])
        grid = Regions([self.rules[i] for i in inner], self.schema).grid()
        if grid is None:
            return None
        cells = inner[grid]
        sizes = np.array([part.size for part in self.parts])
        sums = (self.profiles * sizes[:, np.newaxis])[cells]
        low, high = self.bounds.min_size, self.bounds.max_size
        blocks = merge_grid(sizes[cells], low, high, sums=sums)
        if blocks.status != "solved":
            return None
        merged = [cells[blocks.labels == i].tolist() for i in range(len(blocks.boxes))]
        return [*(tuple(sorted(group)) for group in merged), *((i,) for i in around)]

    def merged_nearest(self, names: Sequence[str], *, allow_oversize: bool) -> Merge:
        """Return groups of near parts, those with one plain rule before others."""
        regions = Regions(self.rules, self.schema)

        def belong_together(group: tuple[int, ...]) -> bool:
            is_one_pool = len({self.parts[i].pool for i in group}) == 1
            return is_one_pool or regions.union(group) is not None

        return merge_segments(
            np.array([part.size for part in self.parts]),
            self.bounds.min_size,
            self.bounds.max_size,
            profiles=self.profiles,
            siblings=belong_together,
            allow_oversize=allow_oversize,
            names=names,
        )


def profiles_of(
    parts: Sequence[Part], features: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the means of the features in every part, centred and of unit variance."""
    codes = np.empty(len(features), dtype=np.intp)
    for i, part in enumerate(parts):
        codes[part.rows] = i
    sizes = np.array([part.size for part in parts])
    # Without a feature all parts are equally near.
    columns = [np.zeros(len(parts))]
    for feature in features.T:
        means = group_means(codes, len(parts), feature, weight)
        # Scaled, so that squares do not overflow.
        means = means / (np.nanmax(np.abs(means), initial=0.0) or 1.0)
        known = ~np.isnan(means)
        if known.any() and sizes[known].any():
            means -= np.average(means[known], weights=sizes[known])
        # A part without a known value is taken for average.
        centred = np.nan_to_num(means)
        spread = np.sqrt((sizes * centred**2).sum() / sizes.sum())
        columns.append(centred / spread if spread > 0 else centred)
    return np.column_stack(columns)
