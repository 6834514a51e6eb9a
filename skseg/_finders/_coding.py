"""Columns of any kind as a few cells each, once for all finders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from skseg._core._coding import (
    FEW_LEVELS,
    CodedColumn,
    Coding,
    distinct_values,
    even_cells,
)
from skseg._search._readable import roundest
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns

# Number of customers with the overall effect that every level is mixed with.
_PRIOR = 20.0
# Levels differ in effect if chance does as much in fewer cases.
_BY_CHANCE = 0.01


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
    distinct, sizes = distinct_values(values[known], counts[known])
    ends = even_cells(sizes, max_cells - has_missing)
    thresholds = np.array(
        [roundest(float(distinct[i]), float(distinct[i + 1])) for i in ends]
    )
    return CodedColumn(name, thresholds, (), has_missing)


def _learn_text(
    columns: Columns, name: str, max_cells: int, score: FloatArray, counts: FloatArray
) -> CodedColumn:
    levels = columns.levels(name)
    found = columns.text_codes(name, levels)
    sums = np.bincount(found, counts * score, minlength=len(levels) + 2).astype(float)
    sizes = np.bincount(found, counts, minlength=len(levels) + 2).astype(float)
    has_missing = bool(sizes[-1] > 0)
    used = np.flatnonzero(sizes[:-2] > 0)
    if len(used) <= FEW_LEVELS:
        return CodedColumn(name, None, tuple((levels[i],) for i in used), has_missing)
    order = used[_level_order(sums[used], sizes[used], score, counts)]
    ends = even_cells(sizes[order], max_cells - has_missing)
    cells = np.split(order, np.array(ends, dtype=np.intp) + 1)
    texts = tuple(tuple(levels[i] for i in cell) for cell in cells)
    return CodedColumn(name, None, texts, has_missing)


def _level_order(
    sums: FloatArray, sizes: FloatArray, score: FloatArray, counts: FloatArray
) -> IntArray:
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
