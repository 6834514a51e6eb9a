"""Columns of any kind coded to a few cells each, in the same way for all finders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from skseg._core._coding import (
    MAX_NOMINAL_LEVELS,
    Coding,
    ColumnCoding,
    distinct_values,
    even_cells,
)
from skseg._search._readable import roundest
from skseg._typing import FloatArray, IntArray
from skseg.rules import Columns

# Rows of the overall effect that shrink the effect of each level.
_PRIOR_ROWS = 20.0
# Level of the test whether the effects of the levels differ.
_ALPHA = 0.01


def learn_coding(
    columns: Columns,
    names: Sequence[str],
    *,
    max_cells: int,
    score: FloatArray,
    weight: FloatArray | None,
) -> Coding:
    """Return the cells of the columns `names`.

    A column has at most `max_cells` cells, the one of missing values included. If a
    text has many levels, these are ordered by their mean `score`.
    """
    counts = np.ones(columns.n_rows) if weight is None else weight
    learned = [_learn(columns, name, max_cells, score, counts) for name in names]
    return Coding(tuple(c for c in learned if c.axis.n_cells > 1))


def _learn(
    columns: Columns, name: str, max_cells: int, score: FloatArray, counts: FloatArray
) -> ColumnCoding:
    if columns.is_text(name):
        return _learn_text(columns, name, max_cells, score, counts)
    values = columns.numbers(name)
    is_known = ~np.isnan(values) & (counts > 0)
    if not is_known.any():
        # All rows are in one cell.
        return ColumnCoding(name, None, (), has_missing=True)
    has_missing = bool((np.isnan(values) & (counts > 0)).any())
    distinct, sizes = distinct_values(values[is_known], counts[is_known])
    last_values = even_cells(sizes, max_cells - has_missing)
    thresholds = np.array(
        [roundest(float(distinct[i]), float(distinct[i + 1])) for i in last_values]
    )
    return ColumnCoding(name, thresholds, (), has_missing)


def _learn_text(
    columns: Columns, name: str, max_cells: int, score: FloatArray, counts: FloatArray
) -> ColumnCoding:
    levels = columns.levels(name)
    codes, n_codes = columns.text_codes(name, levels), len(levels) + 2
    sums = np.bincount(codes, counts * score, minlength=n_codes).astype(float)
    sizes = np.bincount(codes, counts, minlength=n_codes).astype(float)
    has_missing = bool(sizes[-1] > 0)
    used = np.flatnonzero(sizes[:-2] > 0)
    if len(used) <= MAX_NOMINAL_LEVELS:
        return ColumnCoding(name, None, tuple((levels[i],) for i in used), has_missing)
    order = used[_level_order(sums[used], sizes[used], score, counts)]
    last_values = even_cells(sizes[order], max_cells - has_missing)
    cells = np.split(order, np.array(last_values, dtype=np.intp) + 1)
    texts = tuple(tuple(levels[i] for i in cell) for cell in cells)
    return ColumnCoding(name, None, texts, has_missing)


def _level_order(
    sums: FloatArray, sizes: FloatArray, score: FloatArray, counts: FloatArray
) -> IntArray:
    """Return the order of many levels, given the sums of their scores and their sizes.

    It is by effect if the effects differ significantly, else by size. Ordered by chance
    effects, the first and the last levels would make the best segments of all, and hold
    for no other rows.
    """
    overall = sums.sum() / sizes.sum()
    spread = float(np.average((score - overall) ** 2, weights=counts))
    effects = sums / sizes - overall
    if spread > 0:
        statistic = float(sizes @ effects**2) / spread
        if chi2.sf(statistic, len(sizes) - 1) < _ALPHA:
            # Shrunken effects put rare levels near the middle, where they do no harm.
            return np.argsort(effects * sizes / (sizes + _PRIOR_ROWS), kind="stable")
    return np.argsort(-sizes, kind="stable")
