"""The decimal numbers that floats stand for, without the noise of their arithmetic.

A float stands for the decimal number with the fewest decimals whose nearest float it
is, or from which it differs by no more than a few roundings: 15.299999999999999, which
is 5.1 * 3, stands for 15.3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._typing import BoolArray, FloatArray, IntArray

MAX_DECIMALS = 12
# Below this bound float64 holds every integer, so sums of integers are exact, and the
# same in any order of the rows.
MAX_UNITS = 2**53
# Rows handled at a time, so that the temporaries stay in the cache of the processor.
BLOCK = 1 << 14
# Roundings, in units of the machine epsilon, that a result of arithmetic has gone
# through. Numbers of up to 15 digits differ by more from those with fewer decimals.
ROUNDINGS = 3
# The same for a small difference of large numbers, in epsilons of these: they are taken
# to be as large as the largest amount, or usual prices, unless all amounts are tiny.
# Such noise has more than 15 digits, by which it is told from a small amount.
ROUNDINGS_OF_OPERANDS = 16
USUAL_OPERAND = 1000.0
LEAST_LARGEST = 0.01
MAX_DIFFERENCE = 1e-9
# Noise must be small beside the last decimal, or any number would be taken for noise.
MAX_NOISE_IN_UNITS = 0.01


class Amounts(NamedTuple):
    """Amounts as whole multiples of 10**-decimals, apart from those that are finer."""

    units: FloatArray  # 0 where finer
    decimals: int
    finer_rows: IntArray
    finer: NDArray[Any]  # float64, or Decimal in an object array


def amounts_of_floats(
    values: FloatArray, dtype: np.dtype[Any], largest: float | None = None
) -> Amounts:
    """Read finite floats, which have come as `dtype`, with the fewest decimals.

    `largest` is the largest of all amounts, where `values` are only some of them.
    """
    largest = max(float(values.max()), -float(values.min()), largest or 0.0)
    reading = _Reading(dtype, largest, most_decimals(largest, dtype))
    units = np.empty(len(values))
    finer = []
    decimals_of_block = []
    decimals = 0
    for start in range(0, len(values), BLOCK):
        block = slice(start, start + BLOCK)
        # A block begins with the decimals of the one before, and seldom needs more.
        decimals, finer_rows = reading.read(values[block], units[block], decimals)
        decimals_of_block.append(decimals)
        finer.append(start + finer_rows)
    for i, fewer in enumerate(decimals_of_block):
        if fewer < decimals:
            units[i * BLOCK : (i + 1) * BLOCK] *= 10.0 ** (decimals - fewer)
    rows: IntArray = np.concatenate(finer)
    units[rows] = 0.0
    return Amounts(units, decimals, rows, values[rows])


def most_decimals(largest: float, dtype: np.dtype[Any]) -> int:
    """Return with how many decimals all amounts up to the largest differ as `dtype`."""
    if largest >= MAX_UNITS:
        # Whole numbers in any case; see check_sums for what becomes of them.
        return 0
    spacing = float(np.spacing(dtype.type(largest)))
    fitting = (d for d in range(MAX_DECIMALS, 0, -1) if spacing * 10**d < 1)
    return next(fitting, 0)


class _Reading(NamedTuple):
    """How the floats of a column are read."""

    dtype: np.dtype[Any]
    largest: float
    most_decimals: int

    def read(
        self, values: FloatArray, units: FloatArray, decimals: int
    ) -> tuple[int, IntArray]:
        """Write the units of a block; return their decimals and the rows too fine.

        At least `decimals` are taken.
        """
        scaled = values * 10.0**decimals
        is_open = ~self._holds(values, scaled, np.rint(scaled, out=units), decimals)
        if self.dtype != np.float64:
            # A whole number that is not known to one unit is none.
            is_vague = np.spacing(np.abs(values).astype(self.dtype)) >= 1
            is_open |= is_vague
        rows: IntArray = np.flatnonzero(is_open)
        needed = decimals
        finer_units = []
        for d in range(decimals + 1, self.most_decimals + 1):
            if not len(rows):
                break
            part = values[rows]
            scaled = part * 10.0**d
            part_units = np.rint(scaled)
            holds = self._holds(part, scaled, part_units, d)
            if holds.any():
                finer_units.append((rows[holds], part_units[holds], d))
                needed = d
            rows = rows[~holds]
        if needed > decimals:
            units *= 10.0 ** (needed - decimals)
        for part_rows, part_units, d in finer_units:
            units[part_rows] = part_units * 10.0 ** (needed - d)
        return needed, rows

    def _holds(
        self, values: FloatArray, scaled: FloatArray, units: FloatArray, decimals: int
    ) -> BoolArray:
        """Tell which values stand for whole multiples of 10**-decimals."""
        nearest = np.divide(units, 10.0**decimals, dtype=np.float64)
        if self.dtype != np.float64:
            nearest = nearest.astype(self.dtype)
        holds: BoolArray = nearest == values
        if not holds.all():
            excess = np.abs(scaled - units)
            noise = ROUNDINGS * np.finfo(self.dtype).eps * np.abs(units)
            holds |= excess <= np.minimum(noise, MAX_NOISE_IN_UNITS, out=noise)
            rows = np.flatnonzero(~holds)
            holds[rows] = self._is_difference(values[rows], excess[rows], decimals)
        return holds

    def _is_difference(
        self, values: FloatArray, excess: FloatArray, decimals: int
    ) -> BoolArray:
        """Tell which values have an excess that comes from larger numbers."""
        is_difference = np.zeros(len(values), dtype=bool)
        is_money = self.dtype == np.float64 and self.largest >= LEAST_LARGEST
        operand = max(self.largest, USUAL_OPERAND) if is_money else 0.0
        noise = ROUNDINGS_OF_OPERANDS * float(np.finfo(float).eps) * operand
        noise = min(noise, MAX_DIFFERENCE) * 10.0**decimals
        if 0 < noise <= MAX_NOISE_IN_UNITS:
            candidates = np.flatnonzero(excess <= noise)
            is_difference[candidates] = [
                float(f"{value:.15g}") != value for value in values[candidates].tolist()
            ]
        return is_difference
