"""Columns of any kind as a few cells each, and sets of cells as rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skseg._search.effects.boxes import CodedAxis
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, Rule, col, missing
from skseg.rules._language._conditions import conjunction, disjunction

Codes = npt.NDArray[np.uint8]

# Up to so many levels of a text every subset is a candidate.
FEW_LEVELS = 6


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """A column, and the cells that its values are put into.

    Attributes
    ----------
    name : str
        Of the column.
    thresholds : ndarray of float64, or None
        Of numbers: a value is in the first cell whose threshold it does not exceed, or
        in the last one. None for texts.
    levels : tuple of (tuple of str)
        Of texts: the levels in every cell. If the last one has none, it is the cell of
        all other texts.
    has_missing : bool
        Whether missing values have a cell, the last one.
    """

    name: str
    thresholds: FloatArray | None
    levels: tuple[tuple[str, ...], ...]
    has_missing: bool

    @property
    def n_known(self) -> int:
        """Number of cells but the one of missing values."""
        if self.thresholds is None:
            return len(self.levels)
        return len(self.thresholds) + 1

    @property
    def axis(self) -> CodedAxis:
        """What a search has to know of the column."""
        n_cells = self.n_known + self.has_missing
        is_nominal = self.thresholds is None and self.n_known <= FEW_LEVELS
        return CodedAxis(n_cells, n_cells - 1 if self.has_missing else None, is_nominal)

    def rule(self, cells: Sequence[bool]) -> Rule:
        """Return the condition that a value is in one of these cells."""
        known = np.array(cells[: self.n_known], dtype=bool)
        parts = []
        if known.all():
            if self.has_missing and not cells[-1]:
                return ~missing(self.name)
            raise InvalidDataError("All cells of a column are no condition.")
        if self.thresholds is None:
            if self._takes_others and known[-1]:
                return self._none_of(self._texts(~known), bool(cells[-1]))
            if known.any():
                parts.append(col(self.name).isin(self._texts(known)))
        else:
            parts += [self._within(*run) for run in _runs(known)]
        if self.has_missing and cells[-1]:
            parts.append(missing(self.name))
        return disjunction(parts)

    @property
    def _takes_others(self) -> bool:
        """Whether the last cell of texts is that of all other texts."""
        return bool(self.levels) and not self.levels[-1]

    def _texts(self, chosen: BoolArray) -> list[str]:
        """Return the levels in the chosen cells."""
        return [level for i in np.flatnonzero(chosen) for level in self.levels[i]]

    def _none_of(self, texts: list[str], or_missing: bool) -> Rule:
        """Return the condition that a text is none of some."""
        unlike = ~col(self.name).isin(texts)
        # A missing value is in no list.
        if self.has_missing and or_missing:
            return unlike
        return unlike & ~missing(self.name)

    def _within(self, first: int, last: int) -> Rule:
        """Return the condition that a number is in one of the cells first..last."""
        assert self.thresholds is not None
        number = col(self.name)
        bounds = []
        if first > 0:
            bounds.append(number > float(self.thresholds[first - 1]))
        if last < len(self.thresholds):
            bounds.append(number <= float(self.thresholds[last]))
        return conjunction(bounds)

    def codes(self, columns: Columns) -> Codes:
        """Return the cell of every row.

        Texts that were not seen before, where no cell is for all others, and values
        missing where none were, get the number after the last cell.
        """
        n_cells = self.axis.n_cells
        if self.thresholds is None:
            flat = [level for cell in self.levels for level in cell]
            of_level = np.repeat(
                np.arange(len(self.levels)), [len(cell) for cell in self.levels]
            )
            unseen = len(self.levels) - 1 if self._takes_others else n_cells
            table = np.append(of_level, [unseen, self.n_known])
            return table[columns.text_codes(self.name, flat)].astype(np.uint8)
        values = columns.numbers(self.name)
        found = np.searchsorted(self.thresholds, values).astype(np.uint8)
        found[np.isnan(values)] = self.n_known
        return found


def _runs(chosen: BoolArray) -> list[tuple[int, int]]:
    """Return first and last of every run of True."""
    edges = np.flatnonzero(np.diff(np.pad(chosen, 1).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """All columns that vary, in cells.

    Attributes
    ----------
    columns : tuple of CodedColumn
        Those with two cells or more.
    """

    columns: tuple[CodedColumn, ...]

    @property
    def axes(self) -> list[CodedAxis]:
        """What a search has to know of the columns."""
        return [column.axis for column in self.columns]

    def codes(self, columns: Columns) -> Codes:
        """Return the cells, of shape (n_columns, n_rows)."""
        if not self.columns:
            return np.zeros((0, columns.n_rows), dtype=np.uint8)
        return np.stack([column.codes(columns) for column in self.columns])


def distinct_values(
    values: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values, ascending, and how much each of them counts."""
    if (counts == 1).all():
        distinct, sizes = np.unique(values, return_counts=True)
        return distinct, sizes.astype(np.float64)
    distinct, place = np.unique(values, return_inverse=True)
    sizes = np.bincount(place, counts, minlength=len(distinct))
    return distinct, sizes.astype(np.float64)


def even_cells(sizes: FloatArray, n_cells: int) -> list[int]:
    """Return after which values cells end, such that their sizes are about even.

    A value that alone fills a cell gets one, as zero does where it is frequent.
    """
    if len(sizes) <= n_cells:
        return list(range(len(sizes) - 1))
    below = np.cumsum(sizes)
    # A cell ends before a value that would fill it more than half beyond its share.
    with_half_the_next = below[:-1] + sizes[1:] / 2
    ends: list[int] = []
    done = 0.0
    for left in range(n_cells, 1, -1):
        full = done + (below[-1] - done) / left
        end = int(np.searchsorted(below, full))
        end = min(end, int(np.searchsorted(with_half_the_next, full, "right")))
        if ends:
            end = max(end, ends[-1] + 1)
        if end >= len(sizes) - 1:
            break
        ends.append(end)
        done = float(below[end])
    return ends
