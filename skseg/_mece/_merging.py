"""Parts of rules that are too small, merged at the least loss."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skseg._core._explained import group_means
from skseg._search._bounds import SizeBounds
from skseg._search.sizes._merge import Merge, merge_segments
from skseg._search.sizes._merge_grid import merge_grid
from skseg._typing import FloatArray
from skseg.rules import Rule

from ._parts import Part, Regions

# Any two of up to this many parts may be merged. Of a larger grid, unions that are no
# plain conjunction would be hard to read.
_MAX_FREE = 8


@dataclass(frozen=True)
class Profiles:
    """What merging is to preserve: the means of features, in standard deviations.

    The features are the outcome alone, or columns. NaN is missing.
    """

    features: FloatArray
    weight: FloatArray

    @cached_property
    def _scales(self) -> list[tuple[float, float, float]]:
        """The unit, mean and standard deviation of every feature."""
        scales = []
        for feature in self.features.T:
            known = np.isfinite(feature) & (self.weight > 0)
            # In units of the largest value, so that squares do not overflow.
            unit = float(np.abs(feature[known]).max(initial=0.0)) or 1.0
            values, weight = feature[known] / unit, self.weight[known]
            mean = float(np.average(values, weights=weight)) if len(values) else 0.0
            deviations = (values - mean) ** 2 @ weight / (weight.sum() or 1.0)
            scales.append((unit, mean, float(np.sqrt(deviations)) or 1.0))
        return scales

    def of(self, parts: Sequence[Part]) -> FloatArray:
        """Return the profile of every part; a part without a known value is average."""
        rows = np.concatenate([part.rows for part in parts])
        codes = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        # Without a feature all parts are equally near.
        columns = [np.zeros(len(parts))]
        for feature, (unit, mean, deviation) in zip(
            self.features.T, self._scales, strict=True
        ):
            values = feature[rows] / unit
            means = group_means(codes, len(parts), values, self.weight[rows])
            columns.append(np.nan_to_num((means - mean) / deviation))
        return np.column_stack(columns)

    def explained(self, groups: Iterable[Sequence[Part]]) -> float:
        """Return the share of the variance of the features that groups explain."""
        unions = [np.concatenate([part.rows for part in group]) for group in groups]
        sizes = np.array([self.weight[rows].sum() for rows in unions])
        profiles = self.of([Part((), (), rows, 0.0) for rows in unions])
        squares = sizes @ profiles**2
        return float(squares.sum() / (sizes.sum() * max(self.features.shape[1], 1)))


@dataclass(frozen=True)
class PartMerger:
    """Parts with their rules and profiles, to be merged within bounds.

    The parts together hold every row once. Merging loses as little as possible of the
    squared differences between profiles.
    """

    parts: Sequence[Part]
    rules: Sequence[Rule]
    profiles: FloatArray
    bounds: SizeBounds
    schema: Mapping[str, Any] | None

    def merged_on_grid(self, around: Collection[int]) -> list[tuple[int, ...]] | None:
        """Return the optimal groups if the parts form a large grid, else None.

        The parts `around` it, those of the default, stay as they are. They have to be
        of legal size.
        """
        inner = np.array([i for i in range(len(self.parts)) if i not in around])
        is_default_small = any(self.parts[i].size < self.bounds.low for i in around)
        if is_default_small or len(inner) <= _MAX_FREE:
            return None
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

    def merged_freely(self, names: Sequence[str], *, allow_oversize: bool) -> Merge:
        """Return groups of any parts; where it costs nothing, those of a plain rule."""
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
