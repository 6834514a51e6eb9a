"""Columns of any kind coded to a few cells each, in the same way for all finders."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

from skseg._core._caller import caller_level
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

# Of more than six levels, those of fewer rows are not listed in rules, nor are those
# beyond the most frequent ones: a list of thousands of texts that occur once each holds
# for no other rows. The most are enough for provinces or product groups.
MIN_LEVEL_SIZE = 5
_MAX_LISTED_LEVELS = 300
# Levels that hold no more than this share of the rows are not worth a pool, which takes
# unseen texts too: they are listed with the others.
_MIN_POOL = 0.01
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
    text has many levels, these are ordered by their mean `score`, and rare ones are
    pooled in the cell of all other texts.
    """
    counts = np.ones(columns.n_rows) if weight is None else weight
    learned = [_learn(columns, name, max_cells, score, counts) for name in names]
    return Coding(
        tuple(c for c in learned if c.axis.n_cells > 1),
        tuple(c.name for c in learned if c.levels == ((),)),
    )


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
    listed = _listed_levels(sizes, used)
    others = np.setdiff1d(used, listed)
    if len(others):
        # The pool of the others takes part as one more level.
        pool = others[0]
        sums[pool], sizes[pool] = sums[others].sum(), sizes[others].sum()
        listed = np.append(listed, pool)
    order = listed[_level_order(sums[listed], sizes[listed], score, counts)]
    last_values = even_cells(sizes[order], max_cells - has_missing)
    cells = np.split(order, np.array(last_values, dtype=np.intp) + 1)
    texts = tuple(
        () if np.isin(others, cell).any() else tuple(levels[i] for i in cell)
        for cell in cells
    )
    return ColumnCoding(name, None, texts, has_missing)


def _listed_levels(sizes: FloatArray, used: IntArray) -> IntArray:
    """Return the levels among `used` that are listed in rules, in ascending order."""
    by_size = used[np.argsort(-sizes[used], kind="stable")]
    listed = by_size[:_MAX_LISTED_LEVELS]
    listed = listed[sizes[listed] >= MIN_LEVEL_SIZE]
    rest = by_size[len(listed) :]
    is_pool = sizes[rest].sum() > _MIN_POOL * sizes[used].sum()
    return np.sort(listed if is_pool or len(used) > _MAX_LISTED_LEVELS else by_size)


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


def warn_of_unlisted(owner: str, names: Sequence[str]) -> None:
    """Warn of columns of text about which no rule can be found.

    Called by ``_search`` of a finder: the warning points to the line that calls
    ``fit``.
    """
    if not names:
        return
    nouns = "column" if len(names) == 1 else "columns"
    warnings.warn(
        f"{owner} uses the {nouns} {', '.join(map(repr, names))} only as far as values "
        f"are missing: no text occurs in {MIN_LEVEL_SIZE} of the rows searched, so no "
        "list of texts would hold for other customers. Leave out what identifies a "
        "customer, or derive a column of few texts from it, such as the domain of an "
        "e-mail address.",
        UserWarning,
        stacklevel=caller_level(),
    )
