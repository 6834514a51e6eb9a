"""Cells of a column whose thresholds are quantiles of data not yet seen.

Before fit, ``q(0.75)`` may lie anywhere among the numbers of the rules, and there are
exponentially many orders of quantiles and numbers. A row sees little of them: rules
compare its value with quantiles and numbers, never these with each other, since
``x >= max(q(0.75), 120)`` is ``x >= q(0.75) and x >= 120``. Quantiles rise with their
levels, so all that decides is the value's cell among the numbers, how many quantiles
lie below it and how many do not lie above it. These are the positions, of which k
quantiles and m numbers have at most (2 m + 1) (k + 1) (k + 2) / 2. Positions in which
the same conditions hold are one cell. A column's quantiles do not depend on other
columns, so rules are a partition for every data set and row if and only if they are one
over these cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skseg.rules._cells import Axis, NumberAxis, number_axis
from skseg.rules._language._conditions import Leaf, open_thresholds, resolve_leaf

from ._candidates import Place, places
from ._domain import Domain, allowed_cells
from ._orderings import OrderingSearch
from ._positions import Positions


@dataclass(frozen=True)
class Scenario:
    """One order of quantiles and numbers: values by level, and the cells of `axis`.

    `symbolic_cells` are those in which the cells lie; -1 where there is no possible
    value.
    """

    quantiles: Mapping[float, float]
    axis: NumberAxis
    symbolic_cells: Sequence[int]

    def within(self, mask: int) -> int:
        """Return the cells of `axis` that lie in a mask of symbolic cells."""
        return sum(
            1 << i
            for i, cell in enumerate(self.symbolic_cells)
            if cell >= 0 and mask >> cell & 1
        )


class SymbolicAxis:
    """A column of numbers compared with quantiles.

    Parameters
    ----------
    name : str
        The column.
    leaves : iterable of Leaf
        The conditions on it.
    domain, quantile_domain : Domain
        What the column's values may be, and its quantiles: these are fewer where they
        are quantiles of a universe.
    """

    def __init__(
        self,
        name: str,
        leaves: Iterable[Leaf],
        domain: Domain,
        quantile_domain: Domain,
    ) -> None:
        self.name = name
        self._leaves = list(dict.fromkeys(leaves))
        self._domain, self._quantile_domain = domain, quantile_domain
        self._positions = Positions(name, self._leaves, quantile_domain)
        self._scenarios: dict[int, Scenario] = {}
        masks = map(self._positions.mask, self._leaves)
        patterns = _patterns(masks, self._positions.size + 1)
        # A cell for each pattern of conditions that hold in some possible position.
        self._cells: dict[tuple[str, ...], int] = {}
        self._cell_at = np.full(len(patterns), -1)
        for position in self._positions.possible(domain):
            cell = self._cells.setdefault(patterns[position], len(self._cells))
            self._cell_at[position] = cell
        columns = zip(*self._cells, patterns[-1], strict=True)
        self._masks = {
            leaf: int("".join(column)[::-1], 2)
            for leaf, column in zip(self._leaves, columns, strict=True)
        }

    @property
    def missing(self) -> int:
        """The cell of missing values."""
        return 1 << len(self._cells)

    @property
    def full(self) -> int:
        """All cells."""
        return 2 * self.missing - 1

    @property
    def allowed(self) -> int:
        """The cells that hold a possible value."""
        return self.full if self._domain.missing else self.full & ~self.missing

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        return self._masks[leaf]

    def scenario(self, mask: int) -> Scenario:
        """Return a scenario with most of the cells `mask` and readable quantiles."""
        if mask not in self._scenarios:
            self._scenarios[mask] = self.with_quantiles(self._quantiles(mask))
        return self._scenarios[mask]

    def _quantiles(self, mask: int) -> dict[float, float]:
        levels = self._positions.levels
        if not levels:
            return {}
        cells = np.array([mask >> cell & 1 for cell in range(len(self._cells) + 1)])
        cells[-1] = False
        return dict(zip(levels, self._search.values(cells.astype(bool)), strict=True))

    @cached_property
    def _search(self) -> OrderingSearch:
        n_levels, numbers = len(self._positions.levels), self._positions.numbers
        # Where there are no rows, it does not matter where the quantiles are.
        rising = places(n_levels, numbers, self._quantile_domain) or [Place((0.0,))]
        firsts = np.array([place.values[0] for place in rising])
        return OrderingSearch(
            rising,
            self._cell_at[self._positions.of(firsts)],
            is_listed=self._quantile_domain.values is not None,
        )

    def with_quantiles(self, quantiles: Mapping[float, float]) -> Scenario:
        """Return the scenario of quantiles, given by level."""
        resolved = [
            resolve_leaf(leaf, lambda _, level: quantiles[level])
            for leaf in self._leaves
        ]
        axis = number_axis(self.name, resolved)
        allowed = allowed_cells(self._domain, axis)
        patterns = _patterns(map(axis.mask, resolved), axis.size)
        cells = [
            self._cells[pattern] if allowed >> i & 1 else -1
            for i, pattern in enumerate(patterns[:-1])
        ]
        return Scenario(quantiles, axis, [*cells, len(self._cells)])


ProofAxis = Axis | SymbolicAxis


def _patterns(masks: Iterable[int], size: int) -> list[tuple[str, ...]]:
    """Return for each of `size` bits whether it is set in each of the masks."""
    return list(zip(*(f"{mask:0{size}b}"[::-1] for mask in masks), strict=True))


def is_open(leaf: Leaf) -> bool:
    """Tell whether `leaf` compares with a threshold that is not a number or text."""
    return any(True for _ in open_thresholds([leaf]))


def pick_scenarios(
    box: tuple[int, ...], axes: Mapping[str, ProofAxis]
) -> dict[str, Scenario]:
    """Return a scenario for each symbolic column in which it has cells of `box`."""
    return {
        name: axis.scenario(mask)
        for (name, axis), mask in zip(axes.items(), box, strict=True)
        if isinstance(axis, SymbolicAxis)
    }


def concrete_axes(
    axes: Mapping[str, ProofAxis], scenarios: Mapping[str, Scenario]
) -> dict[str, Axis]:
    """Return the axes with those of scenarios in place of the symbolic ones."""
    return {
        name: scenarios[name].axis if isinstance(axis, SymbolicAxis) else axis
        for name, axis in axes.items()
    }
