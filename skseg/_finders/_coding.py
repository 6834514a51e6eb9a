"""Columns of any kind as a few cells each, once for all finders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from skseg._search._boxes import Axis
from skseg._search._readable import roundest
from skseg.rules import Rule, col, missing
from skseg.rules._columns import Columns
from skseg.rules._conditions import conjunction, disjunction

FloatArray = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

# Up to so many levels of a text every subset is a candidate.
_FEW_LEVELS = 6
# Number of customers with the overall effect that every level is mixed with.
_PRIOR = 20.0
# Levels differ in effect if chance does as much in fewer cases.
_BY_CHANCE = 0.01


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
        Of texts: the levels in every cell.
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
    def axis(self) -> Axis:
        """What a search has to know of the column."""
        n_cells = self.n_known + self.has_missing
        is_nominal = self.thresholds is None and self.n_known <= _FEW_LEVELS
        return Axis(n_cells, n_cells - 1 if self.has_missing else None, is_nominal)

    def rule(self, cells: Sequence[bool]) -> Rule:
        """Return the condition that a value is in one of these cells."""
        known = np.array(cells[: self.n_known], dtype=bool)
        parts = []
        if known.all():
            if self.has_missing and not cells[-1]:
                return ~missing(self.name)
            raise ValueError("All cells of a column are no condition.")
        if self.thresholds is None:
            chosen = [
                level
                for i in np.flatnonzero(known).tolist()
                for level in self.levels[i]
            ]
            if chosen:
                parts.append(col(self.name).isin(chosen))
        else:
            parts += [self._within(*run) for run in _runs(known)]
        if self.has_missing and cells[-1]:
            parts.append(missing(self.name))
        return disjunction(parts)

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

        Texts that were not seen before, and values missing where none were, get the
        number after the last cell.
        """
        n_cells = self.axis.n_cells
        if self.thresholds is None:
            flat = [level for cell in self.levels for level in cell]
            of_level = np.repeat(
                np.arange(len(self.levels)), [len(cell) for cell in self.levels]
            )
            table = np.append(of_level, [n_cells, self.n_known])
            return table[columns.text_codes(self.name, flat)].astype(np.uint8)
        values = columns.numbers(self.name)
        found = np.searchsorted(self.thresholds, values).astype(np.uint8)
        found[np.isnan(values)] = self.n_known
        return found


def _runs(chosen: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
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
    def axes(self) -> list[Axis]:
        """What a search has to know of the columns."""
        return [column.axis for column in self.columns]

    def codes(self, columns: Columns) -> Codes:
        """Return the cells, of shape (n_columns, n_rows)."""
        if not self.columns:
            return np.zeros((0, columns.n_rows), dtype=np.uint8)
        return np.stack([column.codes(columns) for column in self.columns])


def learn_coding(
    columns: Columns,
    names: Sequence[str],
    *,
    max_cells: int,
    score: FloatArray,
    weight: FloatArray | None,
) -> Coding:
    """Return the cells of the columns.

    Parameters
    ----------
    columns : Columns
        The rows to learn from.
    names : sequence of str
        The columns to use.
    max_cells : int
        Largest number of cells of a column, that of missing values included.
    score : ndarray of float64 of shape (n_rows,)
        By whose mean the levels of a text are ordered if they are many.
    weight : ndarray of float64 of shape (n_rows,) or None
        None: 1.
    """
    counts = np.ones(columns.n_rows) if weight is None else weight
    learned = [_learn(columns, name, max_cells, score, counts) for name in names]
    return Coding(tuple(c for c in learned if c.axis.n_cells > 1))


def _learn(
    columns: Columns, name: str, max_cells: int, score: FloatArray, counts: FloatArray
) -> CodedColumn:
    if columns.is_text(name):
        return _learn_text(columns, name, max_cells, score, counts)
    values = columns.numbers(name)
    known = ~np.isnan(values) & (counts > 0)
    if not known.any():
        # All rows are in one cell.
        return CodedColumn(name, None, (), has_missing=True)
    has_missing = bool((np.isnan(values) & (counts > 0)).any())
    distinct, sizes = _distinct(values[known], counts[known])
    ends = even_cells(sizes, max_cells - has_missing)
    thresholds = np.array(
        [roundest(float(distinct[i]), float(distinct[i + 1])) for i in ends]
    )
    return CodedColumn(name, thresholds, (), has_missing)


def _distinct(values: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
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


def _learn_text(
    columns: Columns, name: str, max_cells: int, score: FloatArray, counts: FloatArray
) -> CodedColumn:
    levels = columns.levels(name)
    found = columns.text_codes(name, levels)
    sums = np.bincount(found, counts * score, minlength=len(levels) + 2).astype(float)
    sizes = np.bincount(found, counts, minlength=len(levels) + 2).astype(float)
    has_missing = bool(sizes[-1] > 0)
    used = np.flatnonzero(sizes[:-2] > 0)
    if len(used) <= _FEW_LEVELS:
        return CodedColumn(name, None, tuple((levels[i],) for i in used), has_missing)
    order = used[_level_order(sums[used], sizes[used], score, counts)]
    ends = even_cells(sizes[order], max_cells - has_missing)
    cells = np.split(order, np.array(ends, dtype=np.intp) + 1)
    texts = tuple(tuple(levels[i] for i in cell) for cell in cells)
    return CodedColumn(name, None, texts, has_missing)


def _level_order(
    sums: FloatArray, sizes: FloatArray, score: FloatArray, counts: FloatArray
) -> npt.NDArray[np.intp]:
    """Return the order of many levels, given the sums of their scores and their sizes.

    By effect, if effects differ by more than chance. In an order by chance effects the
    first and the last levels would make the best segments of all, which hold for no
    other rows; then it is the order of their sizes.
    """
    overall = sums.sum() / sizes.sum()
    spread = float(np.average((score - overall) ** 2, weights=counts))
    effects = sums / sizes - overall
    if spread > 0:
        statistic = float(sizes @ effects**2) / spread
        if chi2.sf(statistic, len(sizes) - 1) < _BY_CHANCE:
            # Rare levels are put near the middle, where they do no harm.
            return np.argsort(effects * sizes / (sizes + _PRIOR), kind="stable")
    return np.argsort(-sizes, kind="stable")
