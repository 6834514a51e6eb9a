"""Where a rising function crosses a value, among all float64 numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray

Ranks = npt.NDArray[np.int64]

# Functions of the C library err in the last bits, so that neighbouring numbers may come
# out in the wrong order: those of `cbrt` up to 8 numbers away from where it crosses a
# value, with glibc 2.36.
_NEIGHBOURS = 32
_ALL_BUT_SIGN = np.int64(2**63 - 1)


def float_cuts(
    function: Callable[[FloatArray], FloatArray],
    values: FloatArray,
    low: float,
    high: float,
) -> list[tuple[float, ...]]:
    """Return the numbers at which a rising function crosses each of the values.

    The function takes arrays of shape (..., n_values), each column for its own value,
    of numbers from `low` to `high`.

    Per value, the cuts are odd in number and ascend. The function is at most the value
    up to the first cut, above it up to the second, and so on; it is above after the
    last. There is one cut where the function keeps the order of neighbouring numbers:
    the number before `low` if every number is mapped above the value (NaN if `low` is
    -inf), and inf if none is.
    """
    first, last = _ranks(np.array([low, high])).tolist()

    def is_within(ranks: Ranks) -> BoolArray:
        images = function(_numbers(np.clip(ranks, first, last)))
        within: BoolArray = (ranks < first) | ((images <= values) & (ranks <= last))
        return within

    crossings = _bisected(is_within, np.full(len(values), first - 1), last + 1)
    nearby = crossings + np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1)[:, np.newaxis]
    within = is_within(nearby)
    within[0], within[-1] = True, False
    numbers = np.where(nearby == last, np.inf, _numbers(nearby))
    is_cut = within[:-1] != within[1:]
    return [
        tuple(column[:-1][cut].tolist())
        for column, cut in zip(numbers.T, is_cut.T, strict=True)
    ]


def _bisected(
    is_within: Callable[[Ranks], BoolArray], within: Ranks, beyond: int
) -> Ranks:
    """Return ranks that are within, each followed by one that is not."""
    above = np.full(len(within), beyond)
    # An interval of 64-bit integers is halved 64 times at most.
    for _ in range(64):
        # The mean, without a sum beyond 64 bits.
        middle = (within >> 1) + (above >> 1) + (within & above & 1)
        is_open = within < middle
        fits = is_within(middle)
        within = np.where(is_open & fits, middle, within)
        above = np.where(is_open & ~fits, middle, above)
    return within


def _ranks(numbers: FloatArray) -> Ranks:
    """Return integers in the order of the numbers, neighbours for neighbours."""
    bits = (numbers + 0.0).view(np.int64)
    return np.where(bits < 0, -(bits & _ALL_BUT_SIGN), bits)


def _numbers(ranks: Ranks) -> FloatArray:
    """Return the numbers that have these ranks."""
    with np.errstate(invalid="ignore"):
        return np.copysign(np.abs(ranks).view(np.float64), ranks) + 0.0
