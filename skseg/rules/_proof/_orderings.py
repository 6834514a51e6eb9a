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

    The worth of a choice is one number that ranks, in this order, the cells shown, few
    infinite quantiles, many different ones and few digits. Arrays are indexed by the
    number of quantiles below a value and the number not above it; from `used` quantiles
    on, a value that the next ones have leads to a larger number.

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
        # Of values in an interval that are no quantiles.
        self._open_cells: _Ints = np.diagonal(cells, axis1=1, axis2=2)
        self._is_listed = is_listed
        size = cells.shape[-1]
        self._taken = np.arange(size) - np.arange(size)[:, None]
        self._digits = {v: len(format_number(v)) for p in places for v in p.values}
        per_value = 1 + (size - 1) * max(self._digits.values())
        self._per_infinity = per_value * size
        # There are two infinities.
        self._per_cell = self._per_infinity * 3
        # What it is worth to use a value, its digits aside.
        self._use = np.where(self._taken > 0, per_value, _NEVER)

    def values(self, shown: _Flags) -> list[float]:
        """Return values of the quantiles for which most of the cells `shown` exist.

        ``shown[cell]`` tells whether a cell is one of these; the last is for cell -1.
        Of values that are worth the same, the smallest are returned.
        """
        worth = np.full((1, len(self._taken)), _NEVER)
        worth[0, -1] = 0
        choices = []
        for i in reversed(range(len(self._places))):
            value_or_interval = (
                self._interval if self._places[i].is_interval else self._value
            )
            worth, choice = value_or_interval(i, shown[self._cells[i]], worth)
            choices.append(choice)
        return self._follow(choices[::-1])

    def _value(self, i: int, shown: _Flags, above: _Ints) -> tuple[_Ints, list[_Ints]]:
        """Return the worth of a single value and all above it, and the best choices."""
        (value,) = self._places[i].values
        use = self._use - self._taken * self._digits[value]
        if math.isinf(value):
            use -= self._per_infinity
        np.fill_diagonal(use, 0)
        is_new = shown & (self._cells[i] != self._cells_before(i)[:, :, None])
        worth, choice = _best(self._per_cell * is_new + use + above)
        return worth, [choice]

    def _interval(
        self, i: int, shown: _Flags, above: _Ints
    ) -> tuple[_Ints, list[_Ints]]:
        """Return the worth of an interval and all above it, and the best choices."""
        cells, open_cells = self._cells[i], self._open_cells[i]
        is_open_shown = np.diagonal(shown)
        # The quantiles, and the values between them and the next.
        n_new = 1 * (shown & (cells != open_cells[:, None]))
        n_new += is_open_shown & (open_cells != cells)
        use = self._per_cell * n_new + self._use
        worth, choices = above, []
        for value in reversed(self._places[i].values):
            total = use - self._taken * self._digits[value] + worth
            # No quantile has this value, so none has a later one of the interval.
            np.fill_diagonal(total, above)
            worth, choice = _best(total[None])
            choices.append(choice)
        is_new = is_open_shown & (open_cells != self._cells_before(i))
        return self._per_cell * is_new + worth, choices[::-1]

    def _cells_before(self, i: int) -> _Ints:
        """Return the cell of the values just below a place, -2 for none.

        There is one row if it does not depend on the number of quantiles below these.
        """
        if i == 0 or self._is_listed:
            return np.full((1, len(self._taken)), -2)
        is_interval = self._places[i - 1].is_interval
        before: _Ints = (
            self._open_cells[i - 1 : i] if is_interval else self._cells[i - 1]
        )
        return before

    def _follow(self, choices: list[list[_Ints]]) -> list[float]:
        """Return the values that the best choices make, from the lowest place on."""
        values: list[float] = []
        below = 0
        for place, place_choices in zip(self._places, choices, strict=True):
            n_before = len(values)
            for value, choice in zip(place.values, place_choices, strict=True):
                row = choice[min(below, len(choice) - 1)]
                n_taken = int(row[len(values)]) - len(values)
                if n_taken == 0:
                    break
                values += [value] * n_taken
            below = n_before
        return values


def _best(worth: _Ints) -> tuple[_Ints, _Ints]:
    """Return the maximum over the last axis, and the last index at which it stands."""
    choice = worth.shape[-1] - 1 - worth[..., ::-1].argmax(axis=-1)
    return worth.max(axis=-1), choice
