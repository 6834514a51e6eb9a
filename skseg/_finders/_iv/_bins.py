"""Columns in bins, their information values, and the boxes that bins make up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skseg._core._coding import even_cells
from skseg._finders._search import Conditions, Search
from skseg._search.effects._iv import (
    WoeTable,
    bands,
    count_bins,
    descending,
    sets_by_iv,
    woe_table,
)
from skseg._search.effects.boxes import CodedAxis
from skseg._search.effects.boxes._sets import cell_sets
from skseg._typing import BoolArray, FloatArray, IntArray

# Columns that are combined, and sets of bins of each column for either sign of the net
# WOE: at most 64 boxes for each of the 56 triples of columns.
_MAX_COLUMNS = 8
_MAX_SETS = 4


@dataclass(frozen=True, slots=True, eq=False)
class BinnedColumn:
    """A column in bins, with their counts and weights of evidence."""

    column: int
    bin_of: IntArray  # the bin of each cell
    axis: CodedAxis  # the bins
    table: WoeTable

    def rules(self, search: Search) -> list[str]:
        """Return the rule of each bin."""
        column = search.coding.columns[self.column]
        return [
            str(column.rule((self.bin_of == i).tolist()))
            for i in range(self.axis.n_cells)
        ]


def binned_columns(
    search: Search, event: BoolArray, max_bins: int, zero_cells: str
) -> list[BinnedColumn]:
    """Return all columns in bins; `event` tells which rows have the event."""
    rows = search.rows
    # Non-events and events of A, then those of B.
    kind = event.astype(np.uint8)
    if rows.in_a is not None:
        kind += np.where(rows.in_a, 0, 2).astype(np.uint8)
    n_groups = 1 if rows.in_a is None else 2
    binned = []
    for i, axis in enumerate(search.axes):
        counts = count_bins(search.codes[i], kind, axis.n_cells, n_groups, rows.weight)
        binned.append(_merged(i, axis, counts, max_bins, zero_cells))
    return binned


def _merged(
    column: int, axis: CodedAxis, counts: FloatArray, max_bins: int, zero_cells: str
) -> BinnedColumn:
    """Return a column whose neighbouring cells are merged to bins of even sizes."""
    bin_of = np.arange(axis.n_cells)
    if not axis.nominal:
        n_known = axis.n_cells - (axis.missing is not None)
        ends = even_cells(counts[:n_known].sum(axis=(1, 2)), max_bins)
        bin_of[:n_known] = np.searchsorted(ends, np.arange(n_known))
        bin_of[n_known:] = len(ends) + 1
    n_bins = int(bin_of[-1]) + 1
    missing = None if axis.missing is None else n_bins - 1
    counts_of_bins = np.zeros((n_bins, *counts.shape[1:]))
    np.add.at(counts_of_bins, bin_of, counts)
    bins = CodedAxis(n_bins, missing, axis.nominal)
    return BinnedColumn(column, bin_of, bins, woe_table(counts_of_bins, zero_cells))


def candidates(
    search: Search, binned: Sequence[BinnedColumn], zero_cells: str
) -> Iterator[Conditions]:
    """Yield the largest box of every few columns, for either sign of the net WOE."""
    strength = np.array([column.table.scaled_iv for column in binned])
    ranked = [i for i in descending(strength) if not np.isnan(strength[i])]
    strongest = [binned[i] for i in sorted(ranked[:_MAX_COLUMNS])]
    weight = search.rows.weight
    score = weight * search.score
    bins = {c.column: c.bin_of[search.codes[c.column]] for c in strongest}
    for sign in (1, -1):
        sets = {
            c.column: sets_by_iv(
                c.table.counts, cell_sets(c.axis), sign, search.min_size, zero_cells
            )[:_MAX_SETS]
            for c in strongest
        }
        for size in range(1, search.max_features + 1):
            for columns in combinations(strongest, size):
                place = np.ravel_multi_index(
                    [bins[c.column] for c in columns],
                    [c.axis.n_cells for c in columns],
                )
                n, total = (
                    _sums_inside(place, values, [sets[c.column] for c in columns])
                    for values in (weight, score)
                )
                if (best := _largest(n, total, search.min_size)) is not None:
                    yield {
                        c.column: tuple(sets[c.column][i][c.bin_of].tolist())
                        for c, i in zip(columns, best, strict=True)
                    }


def _sums_inside(
    place: IntArray, values: FloatArray, sets: Sequence[BoolArray]
) -> FloatArray:
    """Return the sum of the values in each combination of the sets."""
    shape = [flags.shape[1] for flags in sets]
    sums = np.bincount(place, values, int(np.prod(shape))).reshape(shape)
    for flags in sets:
        # The first axis is summed over; the sets of its column become the last one.
        sums = np.tensordot(sums, flags, axes=(0, 1))
    return sums


def _largest(
    n: FloatArray, total: FloatArray, min_size: float
) -> tuple[int, ...] | None:
    """Return where the effect in standard errors is largest; None if all are small."""
    legal = (n >= min_size) & (n > 0)
    if not legal.any():
        return None
    squares = np.where(legal, total**2 / np.where(legal, n, 1.0), -1.0)
    # The first of those that differ by rounding alone.
    best = np.argmax(squares >= squares.max() * (1 - 1e-9))
    return tuple(int(i) for i in np.unravel_index(best, squares.shape))


class ColumnIV(NamedTuple):
    """A column in bins, and what is known of them."""

    name: str
    rules: list[str]
    table: WoeTable
    specials: list[str | None] | None = None  # names of special codes, if there are any
    cross_validated: float | None = None  # its information value


def iv_frames(columns: Sequence[ColumnIV]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per column and one row per bin, the largest value first."""
    scaled = np.array([float(column.table.scaled_iv) for column in columns])
    is_validated = any(column.cross_validated is not None for column in columns)
    strength = scaled
    if is_validated:
        strength = np.array([column.cross_validated for column in columns], np.float64)
    order = descending(strength)
    ordered = [columns[i] for i in order]
    main = "iv"
    values = {"iv": [float(column.table.iv) for column in ordered]}
    if ordered and ordered[0].table.woe.shape[-1] > 1:
        main = "net_iv_scaled"
        values = {"net_iv": values["iv"], main: scaled[order].tolist()}
    if is_validated:
        values[f"{main}_cv"] = strength[order].tolist()
    per_column: dict[str, Any] = {"column": [c.name for c in ordered], **values}
    per_column["band"] = bands(strength[order])
    per_column["rank"] = np.arange(1, len(ordered) + 1)
    if not ordered:
        return pd.DataFrame(per_column), pd.DataFrame({"column": [], "bin": []})
    per_bin = []
    for column in ordered:
        bins: dict[str, Any] = {"column": column.name, "bin": column.rules}
        if column.specials is not None:
            bins["special"] = pd.Series(column.specials, dtype=object)
        per_bin.append(pd.DataFrame(bins | column.table.columns()))
    return pd.DataFrame(per_column), pd.concat(per_bin, ignore_index=True)
