"""What the picture of RuleMapDisplay says: which segments hold together, and where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, IntArray
from skseg.rules._reserved_names import OUTSIDE

from ._drawing import count_text, palette
from ._rule_map_bands import Band, BandAxis

ONE_BAND = BandAxis("", (Band(0, "", None, 0.0, 1.0, "interval"),), 0.0, 1.0, ())

DARK = "#333333"
_DEFAULT = "#DDDDDD"
_OVERLAP = "#D55E00"
_OVERLAP_HATCHES = ("///", "\\\\\\", "xxx", "...", "---")
_OUTSIDE = {"facecolor": "white", "edgecolor": "#BBBBBB", "hatch": ".."}
_GAP = {"facecolor": "white", "edgecolor": "#AAAAAA", "hatch": "////"}


@dataclass(frozen=True)
class RuleMap:
    """What `draw_rule_map` needs to know."""

    x: BandAxis
    y: BandAxis
    holds: BoolArray
    names: tuple[str, ...]
    default: str | None
    n: npt.NDArray[Any] | None

    @cached_property
    def _distinct(self) -> tuple[BoolArray, IntArray]:
        flat = self.holds.reshape(-1, self.holds.shape[-1])
        rows, inverse = np.unique(flat, axis=0, return_inverse=True)
        return rows, inverse.reshape(self.holds.shape[:-1])

    @property
    def keys(self) -> IntArray:
        """Position in `groups` of each rectangle."""
        return self._distinct[1]

    @cached_property
    def groups(self) -> list[tuple[str, ...]]:
        """The sets of segments that hold together somewhere."""
        return [
            tuple(name for name, held in zip(self.names, row, strict=True) if held)
            for row in self._distinct[0]
        ]

    def order(self) -> list[int]:
        """Return the keys: segments in their order, then overlaps, then the gap."""

        def rank(key: int) -> tuple[bool, bool, list[int]]:
            group = self.groups[key]
            return not group, len(group) > 1, [self.names.index(name) for name in group]

        return sorted(range(len(self.groups)), key=rank)

    @cached_property
    def overlaps(self) -> list[int]:
        """The keys where two or more segments hold."""
        return [key for key in self.order() if len(self.groups[key]) > 1]

    @property
    def others(self) -> list[int]:
        """The overlaps that are too many to be told apart."""
        if len(self.overlaps) <= len(_OVERLAP_HATCHES):
            return []
        return self.overlaps[len(_OVERLAP_HATCHES) - 1 :]

    @cached_property
    def styles(self) -> list[dict[str, Any]]:
        """How each group is filled."""
        colours = dict(zip(self.names, palette(len(self.names)), strict=True))
        if self.default is not None:
            colours[self.default] = _DEFAULT
        styles = []
        for key, group in enumerate(self.groups):
            if group == (OUTSIDE,):
                styles.append(dict(_OUTSIDE))
            elif len(group) == 1:
                styles.append({"facecolor": colours[group[0]], "edgecolor": "none"})
            elif group:
                rank = min(self.overlaps.index(key), len(_OVERLAP_HATCHES) - 1)
                hatch = _OVERLAP_HATCHES[rank]
                style = {"facecolor": _OVERLAP, "edgecolor": DARK, "hatch": hatch}
                styles.append(style)
            else:
                styles.append(dict(_GAP))
        return styles

    def label(self, key: int) -> str:
        """Return what a group is called, without its number of rows."""
        group = self.groups[key]
        if len(group) == 1:
            return group[0]
        return f"overlap: {' + '.join(group)}" if group else "no rule"

    def count(self, *keys: int) -> str:
        """Return the number of rows of groups, if they were counted."""
        if self.n is None:
            return ""
        return f"n = {count_text(float(self.n[np.isin(self.keys, keys)].sum()))}"
