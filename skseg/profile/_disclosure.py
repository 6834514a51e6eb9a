"""What few customers share is not shown, nor what gives it away by subtraction."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from skseg._typing import BoolArray, FloatArray


def few(n: FloatArray, min_count: int) -> BoolArray:
    """Tell which counts are of too few customers to be shown; none is no secret."""
    return np.asarray((n > 0) & (n < min_count))


def few_and_next(n: FloatArray, min_count: int) -> BoolArray:
    """Return segments whose sums are not shown: small ones, and the next larger one.

    The sum of a single hidden segment is that of everyone less all others, so a second
    one is hidden with it, and more until the hidden ones hold enough customers.
    """
    hidden = few(n, min_count)
    return _with_company(n, hidden, min_count)


def _with_company(n: FloatArray, hidden: BoolArray, min_count: int) -> BoolArray:
    hidden = hidden.copy()
    while hidden.any() and (hidden.sum() < 2 or n[hidden].sum() < min_count):
        shown = np.flatnonzero(~hidden & (n > 0))
        if not len(shown):
            break
        hidden[shown[np.argmin(n[shown])]] = True
    return hidden


def hidden_cells(counts: FloatArray, min_count: int) -> tuple[BoolArray, BoolArray]:
    """Return which counts are hidden, and which of their totals over all segments.

    `counts` has one row per segment and one column per level, or bin. Sizes of segments
    are known, so that no row may lack a single count, and neither may a column whose
    total is shown. In the statistics of disclosure control this is primary and
    complementary suppression of cells.
    """
    table = np.vstack([counts, counts.sum(axis=0)])
    hidden = few(table, min_count)
    before = -1
    while hidden.sum() != before:
        before = hidden.sum()
        for row in range(len(table)):
            hidden[row] = _with_company(table[row], hidden[row], min_count)
        for column in range(table.shape[1]):
            cells, total = hidden[:-1, column], hidden[-1, column]
            if not total:
                hidden[:-1, column] = _with_company(counts[:, column], cells, min_count)
            elif not cells.any():
                # The total of counts that are shown is shown as well.
                hidden[:-1, column] = counts[:, column] == counts[:, column].max()
    return hidden[:-1], hidden[-1]


def name_of_pool(n_pooled: int, noun: str, names: Collection[str]) -> str:
    """Return what rare levels are called together, unlike any of the `names`."""
    name = f"{n_pooled} other {noun}{'' if n_pooled == 1 else 's'}"
    while name in names:
        name = f"({name})"
    return name
