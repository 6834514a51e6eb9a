"""The float64 that a column of numbers may hold: finitely many, in rising order.

Rules compare numbers as float64, so a proof is about float64 too. Beyond 2**53 not
every whole number is among them, and the further out, the fewer are. Ranks hide that:
the numbers that a column may hold are numbered without gaps, and what lies between two
thresholds is a range of ranks.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

# From here on every float64 is a whole number.
_ALL_WHOLE = 2.0**53


class PossibleNumbers:
    """The numbers of a column, each with its rank among them.

    They are those in `values`, or those from `low` to `high`, which are whole with
    `are_whole`. The ranks are ``start`` to ``stop``, `stop` left out. Infinities are
    numbers, but whole ones are not.
    """

    def __init__(
        self,
        low: float = -math.inf,
        high: float = math.inf,
        *,
        are_whole: bool = False,
        values: Iterable[float] | None = None,
    ) -> None:
        self.are_whole = are_whole
        self._listed: list[float] | None = None
        if values is not None:
            self._listed = sorted(values)
            self.start, self.stop = 0, len(self._listed)
            return
        self.start, self.stop = self._from(low), self._above(high)
        if self.are_whole:
            self.start = max(self.start, whole_rank(-math.inf) + 1)
            self.stop = min(self.stop, whole_rank(math.inf))

    def __contains__(self, number: float) -> bool:
        return self.rank_from(number) < self.rank_above(number)

    def rank_from(self, number: float) -> int:
        """Return the rank of the smallest possible number at or above `number`."""
        return self._clipped(self._from(number))

    def rank_above(self, number: float) -> int:
        """Return the rank of the smallest possible number above `number`."""
        return self._clipped(self._above(number))

    def between(self, low: float, high: float) -> tuple[int, int]:
        """Return the first rank strictly between two numbers, and that after the last.

        Nothing lies between them if the first is not the smaller one.
        """
        return self.rank_above(low), self.rank_from(high)

    def at(self, rank: int) -> float:
        """Return the number of a rank."""
        if self._listed is not None:
            return self._listed[rank]
        return whole_at(rank) if self.are_whole else float_at(rank)

    def _clipped(self, rank: int) -> int:
        return min(max(rank, self.start), self.stop)

    def _from(self, number: float) -> int:
        if self._listed is not None:
            return bisect_left(self._listed, number)
        if not self.are_whole:
            return float_rank(number)
        return whole_rank(number if math.isinf(number) else float(math.ceil(number)))

    def _above(self, number: float) -> int:
        if self._listed is not None:
            return bisect_right(self._listed, number)
        if not self.are_whole:
            return float_rank(number) + 1
        return whole_rank(number if math.isinf(number) else math.floor(number)) + 1


def float_rank(number: float) -> int:
    """Return the rank of a number among all float64, that of zero being 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number + 0.0))
    return int(bits) if bits >= 0 else -(int(bits) & (2**63 - 1))


def float_at(rank: int) -> float:
    """Return the float64 with a rank; the inverse of `float_rank`."""
    (size,) = struct.unpack("<d", struct.pack("<q", abs(rank)))
    return math.copysign(size, rank) + 0.0


_FIRST_ALL_WHOLE = float_rank(_ALL_WHOLE)


def whole_rank(number: float) -> int:
    """Return the rank of a whole number among those of float64, that of zero being 0.

    The infinities are ranked as if they were whole numbers.
    """
    size = abs(number)
    if size <= _ALL_WHOLE:
        return int(number)
    rank = int(_ALL_WHOLE) + float_rank(size) - _FIRST_ALL_WHOLE
    return rank if number > 0 else -rank


def whole_at(rank: int) -> float:
    """Return the whole number with a rank; the inverse of `whole_rank`."""
    if abs(rank) <= _ALL_WHOLE:
        return float(rank)
    size = float_at(_FIRST_ALL_WHOLE + abs(rank) - int(_ALL_WHOLE))
    return size if rank > 0 else -size
