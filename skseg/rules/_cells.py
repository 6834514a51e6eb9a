"""Elementary cells: sets of values of a column that no rule can tell apart.

A set of rules splits each column into finitely many cells, on which every condition is
constant. Evaluation and proof both work on cell numbers: a set of cells of a column is
a bit mask, a Python int whose bit i stands for cell i.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import xor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from skseg._typing import FloatArray
from skseg.exceptions import RuleError

from ._columns import Columns
from ._date_column import MISSING
from ._language._booleans import Boolean
from ._language._conditions import (
    PLURAL,
    And,
    Comparison,
    Kind,
    Leaf,
    Membership,
    Missing,
    Not,
    Or,
    Rule,
    column_kinds,
    leaf_values,
    leaves,
    require_resolved,
)
from ._language._dates import Date

# Up to this many edges, comparing all values with each edge beats a binary search.
_FEW_EDGES = 24


def compared_values(leaf: Leaf) -> Iterable[tuple[Any, bool]]:
    """Yield (value, whether cells part just above it) of what a leaf compares with."""
    if isinstance(leaf, Missing):
        return
    if isinstance(leaf, Membership):
        yield from ((value, above) for value in leaf.values for above in (False, True))
    elif leaf.operator in ("==", "!="):
        yield from ((leaf.threshold, False), (leaf.threshold, True))
    else:
        yield leaf.threshold, leaf.operator in (">", "<=")


class OrderedCells:
    """Cells of a column of ordered values, and what conditions hold on them."""

    @property
    def full(self) -> int:
        """All cells."""
        raise NotImplementedError

    @property
    def missing(self) -> int:
        """The cell of missing values."""
        raise NotImplementedError

    def _from(self, value: Any, above: bool) -> int:
        """Return the cells of all values at or above `value`, or only `above` it."""
        raise NotImplementedError

    def _point(self, value: Any) -> int:
        return self._from(value, False) & ~self._from(value, True)

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        if isinstance(leaf, Missing):
            return self.missing
        if isinstance(leaf, Membership):
            mask = 0
            for value in leaf.values:
                mask |= self._point(value)
            return mask
        if leaf.operator == "==":
            return self._point(leaf.threshold)
        if leaf.operator == "!=":
            return self.full & ~self._point(leaf.threshold)
        above = self._from(leaf.threshold, leaf.operator in (">", "<="))
        if leaf.operator in (">", ">="):
            return above
        return self.full & ~self.missing & ~above


@dataclass(frozen=True)
class OrderedAxis(OrderedCells):
    """A column of ordered values: cells ``[edge, next edge)``, then "missing"."""

    name: str
    edges: npt.NDArray[Any]
    # Edge -> the value it came from and whether the edge lies just above it.
    origins: dict[Any, tuple[Any, bool]]

    @classmethod
    def edge(cls, value: Any, above: bool) -> Any:
        """Return e such that ``x >= e`` is ``x >= value``, or ``x > value``."""
        raise NotImplementedError

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.edges) + 2

    @cached_property
    def full(self) -> int:
        """All cells."""
        return (1 << self.size) - 1

    @cached_property
    def missing(self) -> int:
        """The cell of missing values."""
        return 1 << (self.size - 1)

    @cached_property
    def _sorted_edges(self) -> list[Any]:
        return self.edges.tolist()  # type: ignore[no-any-return]

    def _from(self, value: Any, above: bool) -> int:
        """Return the cells of all values at or above `value`, or only `above` it."""
        edge = self.edge(value, above)
        if math.isnan(edge):
            return 0
        first = bisect_right(self._sorted_edges, edge)
        return self.full & ~self.missing & -(1 << first)


@dataclass(frozen=True)
class NumberAxis(OrderedAxis):
    """A column of numbers."""

    @classmethod
    def edge(cls, value: float, above: bool) -> float:
        """Return e such that ``x >= e`` is ``x >= value``, or ``x > value`` if `above`.

        float64 has neighbours, so every comparison is a comparison with ``>=``, and an
        interval that holds no float64 never becomes a cell. NaN: no x is above
        infinity.
        """
        if not above:
            return value
        if value == math.inf:
            return math.nan
        return math.nextafter(value, math.inf) + 0.0

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        return self.encode(columns.numbers(self.name))

    def encode(self, values: FloatArray) -> npt.NDArray[Any]:
        """Return the cell number of every value."""
        if len(self.edges) > _FEW_EDGES:
            codes = np.searchsorted(self.edges, values, side="right")
        else:
            codes = np.zeros(len(values), dtype=np.uint8)
            flags = np.empty(len(values), dtype=bool)
            for edge in self.edges:
                np.greater_equal(values, edge, out=flags)
                codes += flags.view(np.uint8)
        absent = np.isnan(values)
        if absent.any():
            codes[absent] = self.size - 1
        return codes


@dataclass(frozen=True)
class DateAxis(OrderedAxis):
    """A column of dates, whose edges are int64 microseconds."""

    @classmethod
    def edge(cls, value: Date, above: bool) -> int:
        """Return e such that ``x >= e`` is ``x >= value``, or ``x > value``."""
        return value.microseconds + above

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        microseconds = columns.dates(self.name).view(np.int64)
        codes = np.searchsorted(self.edges, microseconds, side="right")
        codes[microseconds == MISSING] = self.size - 1
        return codes


@dataclass(frozen=True)
class TextAxis:
    """A column of text: a cell for each named value, "any other", then "missing"."""

    name: str
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.values) + 2

    @cached_property
    def full(self) -> int:
        """All cells."""
        return (1 << self.size) - 1

    @cached_property
    def missing(self) -> int:
        """The cell of missing values."""
        return 1 << (self.size - 1)

    @cached_property
    def _cell(self) -> dict[str, int]:
        return {value: i for i, value in enumerate(self.values)}

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        if isinstance(leaf, Missing):
            return self.missing
        texts: tuple[Any, ...] = (
            leaf.values if isinstance(leaf, Membership) else (leaf.threshold,)
        )
        named = sum([1 << self._cell[text] for text in texts])
        negated = isinstance(leaf, Comparison) and leaf.operator == "!="
        return self.full & ~named if negated else named

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        return columns.text_codes(self.name, self.values)


@dataclass(frozen=True)
class BooleanAxis:
    """A column of booleans: cells "false", "true", "missing"."""

    name: str
    size = 3
    full = 0b111
    missing = 0b100

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        if isinstance(leaf, Missing):
            return self.missing
        values = leaf_values(leaf)
        listed = sum([1 << value for value in (0, 1) if Boolean(bool(value)) in values])
        negated = isinstance(leaf, Comparison) and leaf.operator == "!="
        return self.full & ~listed if negated else listed

    def values(self, mask: int) -> list[Boolean]:
        """Return what the cells `mask` hold, True first."""
        return [Boolean(value) for value in (True, False) if mask >> value & 1]

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        return columns.boolean_codes(self.name)


@dataclass(frozen=True)
class PresenceAxis:
    """A column that is only tested for missing values: cells "present", "missing"."""

    name: str
    size = 2
    full = 0b11
    missing = 0b10

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""
        assert isinstance(leaf, Missing)
        return self.missing

    def codes(self, columns: Columns) -> npt.NDArray[Any]:
        """Return the cell number of every row."""
        return columns.missing(self.name).view(np.uint8)


Axis = NumberAxis | DateAxis | TextAxis | BooleanAxis | PresenceAxis


class CellAxis(Protocol):
    """A column as the arithmetic of boxes sees it: cells on which conditions hold."""

    @property
    def full(self) -> int:
        """All cells."""

    def mask(self, leaf: Leaf) -> int:
        """Return the cells on which `leaf` holds."""


def rule_mask(rule: Rule, axis: CellAxis) -> int:
    """Return the cells on which a rule about a single column holds."""
    if isinstance(rule, And):
        mask = axis.full
        for part in rule.parts:
            mask &= rule_mask(part, axis)
        return mask
    if isinstance(rule, Or):
        mask = 0
        for part in rule.parts:
            mask |= rule_mask(part, axis)
        return mask
    if isinstance(rule, Not):
        return axis.full & ~rule_mask(rule.part, axis)
    assert isinstance(rule, Leaf)
    return axis.mask(rule)


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of set bits as half-open ranges of positions."""
    position = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        ones = (~mask & (mask + 1)).bit_length() - 1
        mask >>= ones
        yield position + zeros, position + zeros + ones
        position += zeros + ones


def members_by_cell(members: Mapping[int, int], size: int) -> list[int]:
    """Return for each of `size` cells the members over it, a bit each.

    `members` maps a mask of cells to the members that lie over exactly these cells.
    """
    # Walking up the cells, members come and go where a run of their cells begins or
    # ends.
    changes = [0] * (size + 1)
    for mask, bits in members.items():
        for start, stop in runs(mask):
            changes[start] ^= bits
            changes[stop] ^= bits
    return list(accumulate(changes[:-1], xor))


def _edges_with_origins(
    leaves_: Iterable[Leaf], edge_of: Callable[[Any, bool], Any]
) -> dict[Any, tuple[Any, bool]]:
    """Return the edges of cells in rising order, with what they came from."""
    origins: dict[Any, tuple[Any, bool]] = {}
    for leaf in leaves_:
        for value, above in compared_values(leaf):
            edge = edge_of(value, above)
            # An edge may be both ">= b" and "> a"; the former is shown.
            if edge > -math.inf and (not above or edge not in origins):
                origins[edge] = (value, above)
    return dict(sorted(origins.items()))


def number_axis(name: str, leaves_: Iterable[Leaf]) -> NumberAxis:
    """Build the axis of a column of numbers from what it is compared with."""
    origins = _edges_with_origins(leaves_, NumberAxis.edge)
    return NumberAxis(name, np.array(list(origins), dtype=np.float64), origins)


def date_axis(name: str, leaves_: Iterable[Leaf]) -> DateAxis:
    """Build the axis of a column of dates from what it is compared with."""
    origins = _edges_with_origins(leaves_, DateAxis.edge)
    return DateAxis(name, np.array(list(origins), dtype=np.int64), origins)


def text_axis(name: str, leaves_: Iterable[Leaf]) -> TextAxis:
    """Build the axis of a column of text from the values that it is compared with."""
    values: dict[Any, None] = {}
    for leaf in leaves_:
        if isinstance(leaf, Membership):
            values.update(dict.fromkeys(leaf.values))
        elif isinstance(leaf, Comparison):
            values[leaf.threshold] = None
    return TextAxis(name, tuple(values))


def leaves_by_column(
    rules: Iterable[Rule],
    extra: Mapping[str, tuple[Kind | None, list[Leaf]]] | None = None,
) -> dict[str, tuple[Kind | None, list[Leaf]]]:
    """Return column -> its kind and leaves, for all columns that `rules` mention.

    `extra` adds leaves, such as those of a schema, to the columns among these.
    """
    rules = list(rules)
    kinds = column_kinds(rules)
    by_column: dict[str, list[Leaf]] = {name: [] for name in kinds}
    for rule in rules:
        for leaf in leaves(rule):
            by_column[leaf.column].append(leaf)
    for name, (kind, extra_leaves) in (extra or {}).items():
        if name not in kinds:
            continue
        compared = kinds[name]
        if kind and compared and kind != compared:
            raise RuleError(
                f"The schema says that column {name!r} holds {PLURAL[kind]}; the "
                f"rules compare it with {PLURAL[compared]}.",
                name="schema",
                value=kind,
                column=name,
            )
        kinds[name] = compared or kind
        by_column[name].extend(extra_leaves)
    return {name: (kind, by_column[name]) for name, kind in kinds.items()}


def build_axis(name: str, kind: Kind | None, leaves_: Iterable[Leaf]) -> Axis:
    """Build the axis of a column from the leaves that mention it."""
    if kind == "number":
        return number_axis(name, leaves_)
    if kind == "date":
        return date_axis(name, leaves_)
    if kind == "boolean":
        return BooleanAxis(name)
    return text_axis(name, leaves_) if kind else PresenceAxis(name)


def build_axes(rules: Iterable[Rule]) -> dict[str, Axis]:
    """Build the axes of all columns that resolved `rules` mention."""
    rules = list(rules)
    require_resolved(rules)
    return {
        name: build_axis(name, kind, leaves_)
        for name, (kind, leaves_) in leaves_by_column(rules).items()
    }
