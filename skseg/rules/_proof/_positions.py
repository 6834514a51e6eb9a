"""What a row sees of the order of its column's quantiles and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, reduce
from itertools import accumulate
from operator import and_, or_
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray
from skseg.exceptions import RuleError
from skseg.rules._cells import OrderedCells, compared_values, number_axis
from skseg.rules._language._conditions import Comparison, Leaf
from skseg.rules._language._thresholds import Extreme, Quantile, Threshold

from ._domain import Domain, allowed_cells, cell_bounds

# More positions in a column take a proof minutes. 50 thresholds have 24,000 at most.
MAX_POSITIONS = 200_000


class _Ranks:
    """The ranks of a value among quantiles that rise with their levels.

    A rank is how many quantiles lie below the value and how many do not lie above it,
    so far as conditions tell these apart: `compared` holds the quantiles that they
    compare with, and whether values part at the quantile or just above it.
    """

    def __init__(
        self, levels: Sequence[float], compared: set[tuple[Any, bool]]
    ) -> None:
        n = len(levels)
        self._pairs = [(a, b) for a in range(n + 1) for b in range(a, n + 1)]
        n_above, n_at = (
            [*accumulate(((Quantile(p), above) in compared for p in levels), initial=0)]
            for above in (True, False)
        )
        distinct = sorted({(n_above[a], n_at[b]) for a, b in self._pairs})
        numbers = {pair: rank for rank, pair in enumerate(distinct)}
        self.size = len(distinct)
        # By both numbers of quantiles; no value has fewer not above it than below it.
        self.table = np.zeros((n + 1, n + 1), dtype=np.int64)
        for a, b in self._pairs:
            self.table[a, b] = numbers[n_above[a], n_at[b]]
        self._levels = levels
        self._masks: dict[tuple[float, bool], int] = {}

    def from_level(self, level: float, above: bool) -> int:
        """Return the ranks of values at or above a quantile, or only `above` it."""
        key = level, above
        if key not in self._masks:
            i = self._levels.index(level)
            pairs = ((a, b) for a, b in self._pairs if i < (a if above else b))
            self._masks[key] = self._mask(pairs)
        return self._masks[key]

    def possible(self, below: bool, equal: bool, above: bool) -> list[int]:
        """Return the ranks of a value, by where quantiles may be relative to it."""
        n = len(self._levels)
        pairs = (
            (a, b)
            for a, b in self._pairs
            if (below or a == 0) and (equal or a == b) and (above or b == n)
        )
        return sorted(self._of(pairs))

    def _mask(self, pairs: Iterable[tuple[int, int]]) -> int:
        return sum(1 << rank for rank in self._of(pairs))

    def _of(self, pairs: Iterable[tuple[int, int]]) -> set[int]:
        return {int(self.table[pair]) for pair in pairs}


class Positions(OrderedCells):
    """The positions of a value among the quantiles and numbers of its column.

    A position is a cell among the numbers and a rank among the quantiles. A set of
    positions is a bit mask, the ranks of a cell side by side and a missing value last.

    Parameters
    ----------
    name : str
        The column.
    leaves : list of Leaf
        The conditions on it.
    quantile_domain : Domain
        Where the quantiles lie.
    """

    def __init__(
        self, name: str, leaves: Sequence[Leaf], quantile_domain: Domain
    ) -> None:
        self._name = name
        compared = {
            (part, above)
            for leaf in leaves
            for threshold, above in compared_values(leaf)
            for part in _parts(threshold)
        }
        self.levels = sorted({p.p for p, _ in compared if isinstance(p, Quantile)})
        self.numbers = sorted({p for p, _ in compared if isinstance(p, float)})
        self._extent = _extent(quantile_domain)
        bounds = {(bound, above) for bound in self._extent for above in (False, True)}
        self._axis = number_axis(
            name,
            [
                Comparison(name, ">" if above else ">=", part)
                for part, above in compared | bounds
                if isinstance(part, float)
            ],
        )
        n = len(self.levels)
        self._check_size((n + 1) * (n + 2) // 2)
        self._ranks = _Ranks(self.levels, compared)
        self._check_size(self.size)
        # The first rank of each cell.
        self._each = ((1 << self.size) - 1) // ((1 << self._ranks.size) - 1)

    def _check_size(self, size: int) -> None:
        if size > MAX_POSITIONS:
            raise RuleError(
                f"Column {self._name!r} is compared with {len(self.levels)} quantiles "
                f"and {len(self.numbers)} numbers, which leave its values more than "
                f"{MAX_POSITIONS:,} positions.",
                owner="RuleSet.verify",
                name="rules",
                column=self._name,
                advice="Use fewer of them, or resolve(X) the rules first.",
            )

    @property
    def size(self) -> int:
        """Number of positions of a value that is not missing."""
        return (self._axis.size - 1) * self._ranks.size

    @property
    def missing(self) -> int:
        """The position of missing values."""
        return 1 << self.size

    @property
    def full(self) -> int:
        """All positions."""
        return (1 << self.size + 1) - 1

    def _from(self, value: Threshold, above: bool) -> int:
        """Return the positions at or above a threshold, or only `above` it."""
        if isinstance(value, Quantile):
            return self._each * self._ranks.from_level(value.p, above)
        if isinstance(value, Extreme):
            # At or above the largest is at or above each.
            combine = and_ if value.function == "max" else or_
            return reduce(combine, (self._from(arg, above) for arg in value.args))
        cells = self._axis.mask(Comparison(self._name, ">" if above else ">=", value))
        # Behind the last cell if there are none.
        first_cell = (cells & -cells).bit_length() - 1 if cells else self._axis.size - 1
        return (1 << self.size) - (1 << first_cell * self._ranks.size)

    def possible(self, domain: Domain) -> list[int]:
        """Return the positions that values of a domain have, in rising order."""
        low, high = self._extent
        allowed = allowed_cells(domain, self._axis)
        possible_ranks = cache(self._ranks.possible)
        positions: list[int] = []
        for cell in range(self._axis.size - 1):
            if allowed >> cell & 1:
                # Cells end at both bounds of the quantiles.
                start = cell_bounds(self._axis, cell)[0]
                ranks = possible_ranks(low < start, low <= start <= high, start < high)
                positions += [cell * self._ranks.size + rank for rank in ranks]
        return positions

    def of(self, values: FloatArray) -> npt.NDArray[np.int64]:
        """Return the positions of values, by where the quantiles are.

        Element [i, a, b] is the position of value i if `a` quantiles lie below it, and
        `b` do not lie above it.
        """
        cells = self._axis.encode(values).astype(np.int64)
        return cells[:, None, None] * self._ranks.size + self._ranks.table


def _extent(quantile_domain: Domain) -> tuple[float, float]:
    """Return the smallest and the largest value that quantiles may have."""
    possible = quantile_domain.possible_numbers
    if possible.start == possible.stop:
        # There are no rows, and it does not matter where the quantiles are.
        return 0.0, 0.0
    return possible.at(possible.start), possible.at(possible.stop - 1)


def _parts(threshold: Threshold) -> Iterator[float | Quantile]:
    """Yield the numbers and quantiles that a threshold is made of."""
    if isinstance(threshold, Extreme):
        for arg in threshold.args:
            yield from _parts(arg)
    elif isinstance(threshold, float | Quantile):
        yield threshold
