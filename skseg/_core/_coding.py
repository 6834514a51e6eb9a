"""Columns of any kind coded as a few cells each, and sets of cells as rules."""

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

# A search tries every subset of the cells of a text column with at most this many.
MAX_NOMINAL_LEVELS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCoding:
    """How the values of a column are put into cells.

    A column of numbers has thresholds, each of which belongs to the cell below it. A
    column of text has levels in every cell, and no thresholds; a cell without levels
    takes all other texts. Missing values may have a cell of their own, after all
    others.
    """

    name: str
    thresholds: FloatArray | None
    levels: tuple[tuple[str, ...], ...]
    has_missing: bool

    @property
    def n_known(self) -> int:
        """Number of cells without that of missing values."""
        if self.thresholds is None:
            return len(self.levels)
        return len(self.thresholds) + 1

    @property
    def axis(self) -> CodedAxis:
        """The column as a search sees it: number and kind of its cells."""
        n_cells = self.n_known + self.has_missing
        is_nominal = self.thresholds is None and self.n_known <= MAX_NOMINAL_LEVELS
        return CodedAxis(n_cells, n_cells - 1 if self.has_missing else None, is_nominal)

    def rule(self, cells: Sequence[bool]) -> Rule:
        """Return the condition that a value is in one of the marked cells."""
        known = np.array(cells[: self.n_known], dtype=bool)
        alternatives = []
        if known.all():
            if self.has_missing and not cells[-1]:
                return ~missing(self.name)
            raise InvalidDataError("All cells of a column are no condition.")
        if self.thresholds is None:
            others = self._cell_of_others
            if others is not None and known[others]:
                return self._none_of(self._texts(~known), bool(cells[-1]))
            if known.any():
                alternatives.append(col(self.name).isin(self._texts(known)))
        else:
            alternatives += [self._within(*run) for run in _runs(known)]
        if self.has_missing and cells[-1]:
            alternatives.append(missing(self.name))
        return disjunction(alternatives)

    @property
    def _cell_of_others(self) -> int | None:
        """Number of the cell that takes all other texts, if there is one."""
        return self.levels.index(()) if () in self.levels else None

    def _texts(self, cells: BoolArray) -> list[str]:
        """Return the levels in the marked cells."""
        return [level for i in np.flatnonzero(cells) for level in self.levels[i]]

    def _none_of(self, texts: list[str], or_missing: bool) -> Rule:
        """Return the condition that a text is none of `texts`, or perhaps missing."""
        is_other = ~col(self.name).isin(texts)
        # A missing value is in no list, so the condition holds for it.
        if self.has_missing and or_missing:
            return is_other
        return is_other & ~missing(self.name)

    def _within(self, first: int, last: int) -> Rule:
        """Return the condition that a number is in a cell from `first` to `last`."""
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

        Values without a cell get the number after the last one: missing values where
        none were seen before, and unseen texts where no cell takes all others.
        """
        n_cells = self.axis.n_cells
        if self.thresholds is None:
            levels = [level for cell in self.levels for level in cell]
            cell_of_level = np.repeat(
                np.arange(len(self.levels)), [len(cell) for cell in self.levels]
            )
            others = self._cell_of_others
            unseen = n_cells if others is None else others
            # text_codes counts unseen and missing texts after the levels.
            cells = np.append(cell_of_level, [unseen, self.n_known])
            return cells[columns.text_codes(self.name, levels)].astype(np.uint8)
        values = columns.numbers(self.name)
        codes = np.searchsorted(self.thresholds, values).astype(np.uint8)
        codes[np.isnan(values)] = self.n_known
        return codes


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the first and the last position of every run of True."""
    edges = np.flatnonzero(np.diff(np.pad(mask, 1).astype(np.int8)))
    return [(int(start), int(end) - 1) for start, end in edges.reshape(-1, 2)]


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """How the columns of a frame with two cells or more are put into cells.

    `unlisted` are the columns of text none of whose levels is frequent enough for a
    rule, such as e-mail addresses.
    """

    columns: tuple[ColumnCoding, ...]
    unlisted: tuple[str, ...] = ()

    @property
    def axes(self) -> list[CodedAxis]:
        """The columns as a search sees them."""
        return [column.axis for column in self.columns]

    def codes(self, columns: Columns) -> Codes:
        """Return the cells of all rows, of shape (n_columns, n_rows)."""
        if not self.columns:
            return np.zeros((0, columns.n_rows), dtype=np.uint8)
        return np.stack([column.codes(columns) for column in self.columns])


def distinct_values(
    values: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the distinct values, ascending, and the sum of the counts of each."""
    if (counts == 1).all():
        distinct, sizes = np.unique(values, return_counts=True)
        return distinct, sizes.astype(np.float64)
    distinct, positions = np.unique(values, return_inverse=True)
    sizes = np.bincount(positions, counts, minlength=len(distinct))
    return distinct, sizes.astype(np.float64)


def even_cells(sizes: FloatArray, n_cells: int) -> list[int]:
    """Return the last value of every cell but the last, for cells of about even size.

    `sizes` holds the weight of each distinct value, ascending by value. A value that
    fills a cell alone gets one to itself, as a frequent zero does.
    """
    if len(sizes) <= n_cells:
        return list(range(len(sizes) - 1))
    cumulative = np.cumsum(sizes)
    # A cell ends before a value of which more than half would exceed its share.
    up_to_half_the_next = cumulative[:-1] + sizes[1:] / 2
    ends: list[int] = []
    assigned = 0.0
    for n_remaining in range(n_cells, 1, -1):
        target = assigned + (cumulative[-1] - assigned) / n_remaining
        end = int(np.searchsorted(cumulative, target))
        end = min(end, int(np.searchsorted(up_to_half_the_next, target, "right")))
        if ends:
            end = max(end, ends[-1] + 1)
        if end >= len(sizes) - 1:
            break
        ends.append(end)
        assigned = float(cumulative[end])
    return ends
