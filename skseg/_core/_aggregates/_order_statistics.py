"""Exact order statistics of columns that are not in memory, in two or three scans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._cells import Cells
from ._scans import Scans, Series

# Cells are split into so many parts in one scan.
N_PARTS = 65_536
# Groups and distinct values that are fetched at once, which bounds the memory.
MAX_FETCHED = 2**22

# The wanted ranks, from 1 on, of the so many values of a series.
Ranks = Callable[[int], Sequence[int]]


def order_statistics(
    table: Table,
    ranks: Mapping[str, Ranks],
    *,
    group: str = "0",
    where: str | None = None,
    sample_weight: str | None = None,
    n_parts: int = N_PARTS,
    max_fetched: int = MAX_FETCHED,
) -> dict[tuple[str, int], FloatArray]:
    """Return the values of wanted ranks of several columns, by groups of rows.

    The first scan counts the rows of each column and group, and has their smallest and
    largest value; a second one counts the rows in 65,536 cells between them; a third
    one fetches the distinct values of the cells that hold a wanted rank. A cell of one
    value is done, and one of too many rows is divided once more, in a further scan.
    Small tables take the first and the third scan only.

    Which cell a row is in is for the engine to decide, by whatever arithmetic: ranks
    follow from the counts, and from the smallest and the largest value of each cell,
    and cells that overlap are joined (see `Cells.of_groups`). So the result is exact
    however the engine rounds.

    Parameters
    ----------
    table : Table
        The table.
    ranks : mapping of str to callable
        Column of numbers -> the ranks that are wanted, given the number of values.
    group : str, default="0"
        Expression of the number of a row's group.
    where : str or None, default=None
        Condition in the dialect of the table for the rows that count.
    sample_weight : str or None, default=None
        Column of whole-number weights, each of which counts as so many rows; see
        `check_weights`.
    n_parts : int, default=65_536
        Parts of a cell; fewer where many cells are divided at once.
    max_fetched : int, default=2**22
        Largest number of groups or values fetched at once.

    Returns
    -------
    dict of (str, int) to ndarray of float64
        Column and group -> values, of zero without a sign. Columns without a value in a
        group, and groups without rows, are absent.

    Raises
    ------
    InvalidDataError
        If the table changes while it is read.
    """
    columns = list(ranks)
    scans = Scans(table, columns, group, where, sample_weight)
    cells = {series: part for series, part in scans.bounds().items() if len(part.n)}
    wanted = {s: ranks[columns[s.column]](int(c.n.sum())) for s, c in cells.items()}
    while unfinished := _unfinished(cells, wanted):
        max_rows = max(max_fetched // len(unfinished), n_parts)
        large = [u for u in unfinished if cells[u[0]].n_rows[u[1]] > max_rows]
        chosen = large or unfinished
        spans = [(series, cells[series].span(place)) for series, place in chosen]
        if large:
            size = max(min(n_parts, max_fetched // len(large)), 2**8)
            parts = scans.parts(spans, size)
        else:
            parts = scans.values(spans)
        # From the last cell on, since positions behind a divided cell change.
        pairs = zip(chosen, parts, strict=True)
        for (series, place), part in sorted(pairs, key=lambda pair: -pair[0][1]):
            if part.n.sum() != cells[series].n[place]:
                raise _changed_error(columns[series.column])
            cells[series] = cells[series].replaced(place, part)
    return {
        (columns[s.column], s.group): c.low[c.of_ranks(wanted[s])]
        for s, c in cells.items()
    }


def _unfinished(
    cells: Mapping[Series, Cells], wanted: Mapping[Series, Sequence[int]]
) -> list[tuple[Series, int]]:
    """Return series and position of the wanted cells of more than one value."""
    unfinished = []
    for series, parts in cells.items():
        places = np.unique(parts.of_ranks(wanted[series]))
        is_open = parts.low[places] < parts.high[places]
        unfinished += [(series, int(place)) for place in places[is_open]]
    return unfinished


def _changed_error(column: str) -> InvalidDataError:
    return InvalidDataError(
        f"Column {column!r} of the table has changed while it was read.",
        column=column,
        advice="Read a table that nobody writes to, or a copy of it.",
    )
