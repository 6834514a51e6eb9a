"""Bands: the values of a column that no rule can tell apart, laid out on an axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidParameterError
from skseg.rules import Columns, Domain, RuleSet
from skseg.rules._cells import Axis, NumberAxis, PresenceAxis, build_axis
from skseg.rules._language._conditions import leaves
from skseg.rules._language._thresholds import format_number
from skseg.rules._proof._domain import allowed_cells, border_leaves, cell_bounds
from skseg.rules._proof._witness import describe_box, witness

Kind = Literal["interval", "point", "category", "missing"]
MISSING: Literal["missing"] = "missing"
# Larger thresholds stand for infinity; no picture reaches that far.
_FAR = 1e300
# With fewer whole numbers on an axis, each has a tick.
_FEW_INTEGERS = 12
# Space before the band of missing values, and its width, as parts of an axis.
_APART, _MISSING_WIDTH = 0.03, 0.11


@dataclass(frozen=True)
class Band:
    """A cell of a column: in words, one of its values, and the interval it takes.

    A point takes an interval of no length; ends may be infinite. Missing values come
    after all others.
    """

    cell: int
    text: str
    value: float | str | None
    low: float
    high: float
    kind: Kind


@dataclass(frozen=True)
class BandAxis:
    """The bands of a column, the part of it to show, and its ticks."""

    name: str
    bands: tuple[Band, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    @cached_property
    def spans(self) -> FloatArray:
        """Begin and end of each band in the picture, shape (n_bands, 2)."""
        size = self.high - self.low
        start, width = self.high + _APART * size, _MISSING_WIDTH * size
        if self.bands[0].kind in ("category", MISSING):
            start, width = self.high + 0.15, 1.0
        return np.array(
            [
                (start, start + width)
                if band.kind == MISSING
                else np.clip([band.low, band.high], self.low, self.high)
                for band in self.bands
            ]
        )

    @property
    def end(self) -> float:
        """End of the last band."""
        return float(self.spans.max())


def column_axis(rules: RuleSet, name: str, domain: Domain, owner: str) -> Axis:
    """Return the cells into which the rules, and the domain, split a column."""
    within = [] if rules.universe is None else [rules.universe]
    conditions = [*within, *rules.rules.values()]
    compared = rules.kinds[name]
    if None not in (compared, domain.kind) and compared != domain.kind:
        rule = f"about what the rules compare: column {name!r} holds {compared}"
        raise InvalidParameterError(owner, "schema", rule, domain)
    comparisons = [
        leaf
        for condition in conditions
        for leaf in leaves(condition)
        if leaf.column == name
    ]
    kind = compared or domain.kind
    if kind is None:
        return PresenceAxis(name)
    if domain.kind:
        comparisons += border_leaves(domain, name)
    return build_axis(name, kind, comparisons)


def band_axis(axis: Axis, domain: Domain, data: Columns | None, owner: str) -> BandAxis:
    """Lay out the cells of a column; the range shown includes the bulk of the data."""
    allowed = allowed_cells(domain, axis)
    cells = [cell for cell in range(axis.size) if allowed >> cell & 1]
    if not cells:
        rule = f"one that leaves column {axis.name!r} a value"
        raise InvalidParameterError(owner, "schema", rule, domain)
    as_numbers = isinstance(axis, NumberAxis) and domain.values is None
    bands = tuple(
        _number_band(axis, cell, domain)
        if as_numbers and 1 << cell != axis.missing
        else _category(axis, cell, place, domain)
        for place, cell in enumerate(cells)
    )
    shown = [band for band in bands if band.kind != MISSING]
    if shown and as_numbers:
        assert isinstance(axis, NumberAxis)
        low, high = _limits(shown, None if data is None else data.numbers(axis.name))
        ticks = _number_ticks(axis, domain, low, high)
    else:
        low, high = -0.5, len(shown) - 0.5
        ticks = [(band.low + 0.5, _category_name(band)) for band in shown]
    layout = BandAxis(axis.name, bands, low, high, ())
    if bands[-1].kind == MISSING:
        ticks.append((float(layout.spans[-1].mean()), MISSING))
    return BandAxis(axis.name, bands, low, high, tuple(ticks))


def _words_and_value(
    axis: Axis, cell: int, domain: Domain
) -> tuple[str, float | str | None]:
    box, axes, schema = (1 << cell,), {axis.name: axis}, {axis.name: domain}
    # With an empty universe, no box is left out as the universe itself.
    words = describe_box(box, axes, (0,), schema)[axis.name]
    return words, witness(box, axes, schema)[axis.name]


def _category(axis: Axis, cell: int, place: int, domain: Domain) -> Band:
    kind: Kind = MISSING if 1 << cell == axis.missing else "category"
    words = _words_and_value(axis, cell, domain)
    return Band(cell, *words, place - 0.5, place + 0.5, kind)


def _category_name(band: Band) -> str:
    if band.text == "any other text":
        return "other"
    if band.text == "any value":
        return "present"
    return band.value if isinstance(band.value, str) else band.text.strip("{}")


def _number_band(axis: Axis, cell: int, domain: Domain) -> Band:
    assert isinstance(axis, NumberAxis)
    low, high = cell_bounds(axis, cell)
    words = _words_and_value(axis, cell, domain)
    if domain.integer:
        # Each whole number extends half of the way to the next.
        low, high = (math.ceil(e) - 0.5 if math.isfinite(e) else e for e in (low, high))
        return Band(cell, *words, low, high, "interval")
    start, stop = (axis.origins.get(edge, (edge, False))[0] for edge in (low, high))
    kind: Kind = "point" if start == stop else "interval"
    return Band(cell, *words, start, stop, kind)


def _limits(bands: Sequence[Band], values: FloatArray | None) -> tuple[float, float]:
    """Return the range to show: the thresholds and the bulk of the values, padded."""
    first, last = bands[0].low, bands[-1].high
    edges = [edge for band in bands for edge in (band.low, band.high)]
    inner = [edge for edge in edges[1:-1] if abs(edge) < _FAR]
    inner = inner or [edge for edge in (first, last) if abs(edge) < _FAR] or [0.0]
    low, high = min(inner), max(inner)
    span = high - low or abs(low) or 1.0
    margin = 0.3 * span
    if values is not None and np.isfinite(values).any():
        bulk = np.percentile(values[np.isfinite(values)], [1, 99])
        low, high = min(low, float(bulk[0])), max(high, float(bulk[1]))
        # A threshold at the end of the range must not coincide with the frame.
        margin = 0.08 * (high - low) or margin
    # The first and last possible value are shown, unless they are far away.
    low = first if low - first <= 2 * span else max(low - margin, first)
    high = last if last - high <= 2 * span else min(high + margin, last)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _number_ticks(
    axis: NumberAxis, domain: Domain, low: float, high: float
) -> list[tuple[float, str]]:
    first, last = math.ceil(low), math.floor(high)
    if domain.integer and last - first < _FEW_INTEGERS:
        return [(float(number), str(number)) for number in range(first, last + 1)]
    numbers = sorted({number for number, _ in axis.origins.values()})
    return [
        (number, format_number(number)) for number in numbers if low <= number <= high
    ]


def segments_by_rectangle(
    rules: RuleSet, axes: Sequence[BandAxis], row: Mapping[str, Any]
) -> BoolArray:
    """Tell which segments hold in each rectangle, evaluated at one row of each.

    Where there is a universe, the last "segment" are the rows outside of it.
    """
    shape = [len(axis.bands) for axis in axes]
    n_rectangles = math.prod(shape)
    rows: dict[str, Any] = {name: [value] * n_rectangles for name, value in row.items()}
    for axis, places in zip(axes, np.indices(shape), strict=True):
        rows[axis.name] = [axis.bands[i].value for i in places.ravel()]
    holds = rules.membership(rows)
    if rules.universe is not None:
        holds = np.column_stack([holds, ~rules.inside(rows)])
    return holds.reshape(*shape, holds.shape[1])


def count_rows(
    data: Columns,
    cells: Mapping[str, Axis],
    axes: Sequence[BandAxis],
    row: Mapping[str, Any],
    weight: FloatArray | None,
) -> npt.NDArray[Any]:
    """Return the number of rows in each rectangle."""
    shown = np.ones(data.n_rows, dtype=bool)
    for name, value in row.items():
        code = cells[name].codes(Columns({name: [value]}))[0]
        shown &= cells[name].codes(data) == code
    rectangle = np.zeros(data.n_rows, dtype=np.intp)
    for axis in axes:
        band_of_cell = np.full(cells[axis.name].size, -1)
        band_of_cell[[band.cell for band in axis.bands]] = range(len(axis.bands))
        band = band_of_cell[cells[axis.name].codes(data)]
        shown &= band >= 0
        rectangle = rectangle * len(axis.bands) + band
    shape = [len(axis.bands) for axis in axes]
    return np.bincount(
        rectangle[shown],
        None if weight is None else weight[shown],
        minlength=math.prod(shape),
    ).reshape(shape)


def place_of(value: Any, axis: BandAxis, cells: Axis, owner: str) -> float:
    """Return the place at which to mark a value of a finding, inside of the picture."""
    cell = int(cells.codes(Columns({axis.name: [value]}))[0])
    numbers = [band.cell for band in axis.bands]
    if cell not in numbers:
        rule = f"possible under the schema, and so is {axis.name} = {value!r} not"
        raise InvalidParameterError(owner, "finding", rule, value)
    band = axis.bands[numbers.index(cell)]
    low, high = map(float, axis.spans[numbers.index(cell)])
    if band.kind in ("category", MISSING):
        return (low + high) / 2
    margin = min(0.025 * (axis.high - axis.low), (high - low) / 2)
    return min(max(float(value), low + margin), high - margin)
