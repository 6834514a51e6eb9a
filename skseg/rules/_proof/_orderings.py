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
        self._none_before = np.full((1, size), -2)
        self._taken = np.arange(size) - np.arange(size)[:, None]
        self._digits = {v: len(format_number(v)) for p in places for v in p.values}
        self._per_value = 1 + (size - 1) * max(self._digits.values())
        self._per_infinity = self._per_value * size
        # There are two infinities.
        self._per_cell = self._per_infinity * 3
        # By the number of digits.
        self._uses: dict[int, _Ints] = {}

    def values(self, shown: _Flags) -> list[float]:
        """Return values of the quantiles for which most of the cells `shown` exist.

        ``shown[cell]`` tells whether a cell is one of these; the last is for cell -1.
        Of values that are worth the same, the smallest are returned.
        """
        gains = (self._per_cell * shown)[self._cells]
        worth = np.full((1, len(self._taken)), _NEVER)
        worth[0, -1] = 0
        choices = []
        for i in reversed(range(len(self._places))):
            find = self._interval if self._places[i].is_interval else self._value
            worth, choice = find(i, gains[i], worth)
            choices.append(choice)
        return self._follow(choices[::-1])

    def _value(self, i: int, gain: _Ints, above: _Ints) -> tuple[_Ints, list[_Ints]]:
        """Return the worth of a single value and all above it, and the best choices.

        `gain` is the worth of the cells in this place.
        """
        (value,) = self._places[i].values
        use = self._use(value)
        if math.isinf(value):
            use = use - self._per_infinity
        use = np.where(self._taken == 0, 0, use)
        is_new = self._cells[i] != self._cells_before(i)[:, :, None]
        worth, choice = _best(is_new * gain + (use + above))
        return worth, [choice]

    def _interval(self, i: int, gain: _Ints, above: _Ints) -> tuple[_Ints, list[_Ints]]:
        """Return the worth of an interval and all above it, and the best choices."""
        cells, open_cells = self._cells[i], self._open_cells[i]
        open_gain = np.diagonal(gain)
        # The quantiles, and the values between them and the next.
        gains = (cells != open_cells[:, None]) * gain + (
            open_cells != cells
        ) * open_gain
        worth, choices = above, []
        for value in reversed(self._places[i].values):
            total = gains + self._use(value) + worth
            # No quantile has this value, so none has a later one of the interval.
            np.fill_diagonal(total, above)
            worth, choice = _best(total[None])
            choices.append(choice)
        is_new = open_cells != self._cells_before(i)
        return is_new * open_gain + worth, choices[::-1]

    def _cells_before(self, i: int) -> _Ints:
        """Return the cell of the values just below a place, -2 for none.

        There is one row if it does not depend on the number of quantiles below these.
        """
        if i == 0 or self._is_listed:
            return self._none_before
        is_interval = self._places[i - 1].is_interval
        before: _Ints = (
            self._open_cells[i - 1 : i] if is_interval else self._cells[i - 1]
        )
        return before

    def _use(self, value: float) -> _Ints:
        """Return the worth of a value for the quantiles from one number to another."""
        digits = self._digits[value]
        if digits not in self._uses:
            worth = self._per_value - self._taken * digits
            self._uses[digits] = np.where(self._taken > 0, worth, _NEVER)
        return self._uses[digits]

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
