"""The order of a column's quantiles and numbers that shows most of a box.

Of a finding one order is shown, with values of the quantiles. The best one is found by
dynamic programming along the number line, from the last place to the first: what the
places above are worth depends on how many quantiles lie there, not on where the others
are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skseg.rules._language._thresholds import format_number

from ._candidates import Place

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

# Worth of what cannot be; sums of a few are within int64.
_NEVER = -(1 << 60)


class OrderingSearch:
    """Chooses values for the quantiles of a column.

    Parameters
    ----------
    places : list of Place
        Where the quantiles may lie, in rising order.
    cells : ndarray of shape (n_places, n_quantiles + 1, n_quantiles + 1)
        The cell of a value in a place, by the number of quantiles below it and the
        number not above it; -1 for none.
    is_listed : bool
        Whether the places are values of a closed list, which are shown one by one:
        neighbours are two, even in the same cell.
    """

    def __init__(self, places: Sequence[Place], cells: _Ints, is_listed: bool) -> None:
        self._places = places
        self._cells = cells
        self._is_listed = is_listed
        self._open_cells: _Ints = np.diagonal(cells, axis1=1, axis2=2)
        size = cells.shape[-1]
        used = np.arange(size)
        self._taken = used - used[:, None]
        lengths = [len(format_number(v)) for place in places for v in place.values]
        # Most cells of the box; then finite quantiles, different ones, few digits.
        self._per_value = 1 + (size - 1) * max(lengths)
        self._infinite = self._per_value * size
        self._per_cell = self._infinite * 3

    def values(self, shown: _Flags) -> list[float]:
        """Return values of the quantiles for which most of the cells `shown` exist.

        ``shown[cell]`` tells whether a cell is one of these; the last is for cell -1.
        Of values that are worth the same, the smallest are returned.
        """
        shown_cells = shown[self._cells]
        last = len(self._places) - 1
        worth = np.full((1, self._taken.shape[0]), _NEVER)
        worth[0, -1] = 0
        steps: list[list[_Ints]] = []
        for i in range(last, -1, -1):
            before = self._cells_before(i)
            choose = self._interval if self._places[i].is_interval else self._point
            worth, choices = choose(i, shown_cells[i], before, worth)
            steps.append(choices)
        return self._follow(steps[::-1])

    def _cells_before(self, i: int) -> _Ints:
        """Return the cell just below a place, by the quantiles used before and after.

        One row where the number of quantiles at the place before does not matter.
        """
        if i == 0 or self._is_listed:
            return np.full((1, self._taken.shape[0]), -2)
        if self._places[i - 1].is_interval:
            return self._open_cells[i - 1 : i]
        before: _Ints = self._cells[i - 1]
        return before

    def _use(self, value: float) -> _Ints:
        """Return what it is worth that quantiles have a value, from used to used."""
        worth = self._per_value - self._taken * len(format_number(value))
        if math.isinf(value):
            worth -= self._infinite
        return np.where(self._taken > 0, worth, _NEVER)

    def _point(
        self, i: int, shown: _Flags, before: _Ints, after: _Ints
    ) -> tuple[_Ints, list[_Ints]]:
        """Return what a single value and all above are worth, and the best choices."""
        use = np.where(self._taken == 0, 0, self._use(self._places[i].values[0]))
        is_new = shown & (self._cells[i] != before[:, :, None])
        return _best(self._per_cell * is_new + use + after)

    def _interval(
        self, i: int, shown: _Flags, before: _Ints, after: _Ints
    ) -> tuple[_Ints, list[_Ints]]:
        """Return what an interval and all above are worth, and the best choices."""
        cells, open_cells = self._cells[i], self._open_cells[i]
        open_shown = np.diagonal(shown)
        # The values at the quantiles, and those between these and the next.
        new = (shown & (cells != open_cells[:, None])).astype(np.int64)
        new += open_shown & (open_cells != cells)
        worth, choices = after[0], []
        for value in reversed(self._places[i].values):
            total = self._per_cell * new + self._use(value) + worth
            np.fill_diagonal(total, after[0])
            worth, choice = _best(total)
            choices += choice
        is_new = open_shown & (open_cells != before)
        return self._per_cell * is_new + worth, choices[::-1]

    def _follow(self, steps: list[list[_Ints]]) -> list[float]:
        """Return the values that the best choices lead to, from the first place on."""
        values: list[float] = []
        below = 0
        for place, choices in zip(self._places, steps, strict=True):
            used = len(values)
            for value, choice in zip(place.values, choices, strict=True):
                row = (
                    choice if choice.ndim == 1 else choice[min(below, len(choice) - 1)]
                )
                taken = int(row[len(values)]) - len(values)
                if not taken:
                    break
                values += [value] * taken
            below = used
        return values


def _best(total: _Ints) -> tuple[_Ints, list[_Ints]]:
    """Return the largest along the last axis, and where it stands for the last time."""
    choice = total.shape[-1] - 1 - total[..., ::-1].argmax(axis=-1)
    return total.max(axis=-1), [choice]
