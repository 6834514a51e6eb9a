"""A box in words, and a witness: one row that lies in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg.rules._cells import (
    Axis,
    BooleanAxis,
    DateAxis,
    NumberAxis,
    OrderedAxis,
    TextAxis,
    runs,
)
from skseg.rules._language._dates import Date, as_moment
from skseg.rules._language._thresholds import format_number

from ._boxes import Box
from ._domain import ANY_VALUE, Domain, cell_bounds
from ._possible_numbers import PossibleNumbers

# The witness is the most readable value of this many cells, those nearest to zero.
_MAX_CELLS = 8
_WHOLE_NUMBERS = PossibleNumbers(are_whole=True)
# A day, an hour, a minute, a second and a microsecond, in microseconds.
_CALENDAR_STEPS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1)


def describe_box(
    box: Box, axes: dict[str, Axis], universe: Box, schema: Mapping[str, Domain]
) -> dict[str, str]:
    """Return column -> its values in words, for the columns that `box` restricts."""
    return {
        name: _describe_mask(mask, axis, schema.get(name, ANY_VALUE))
        for (name, axis), mask, full in zip(axes.items(), box, universe, strict=True)
        if mask != full
    }


def _describe_mask(mask: int, axis: Axis, domain: Domain) -> str:
    """Return the values in the cells `mask` in words."""
    if isinstance(axis, NumberAxis):
        pieces = _number_pieces(mask & ~axis.missing, axis, domain)
    elif isinstance(axis, DateAxis):
        pieces = _date_pieces(mask & ~axis.missing, axis, domain)
    elif isinstance(axis, BooleanAxis):
        named = ", ".join(map(str, axis.values(mask)))
        pieces = [f"{{{named}}}"] if named else []
    elif isinstance(axis, TextAxis):
        pieces = _text_pieces(mask, axis, domain)
    else:
        pieces = ["any value"] if mask & ~axis.missing else []
    if mask & axis.missing:
        pieces.append("missing")
    return " or ".join(pieces)


def _text_pieces(mask: int, axis: TextAxis, domain: Domain) -> list[str]:
    named = [repr(v) for i, v in enumerate(axis.values) if mask >> i & 1]
    pieces = [f"{{{', '.join(named)}}}"] if named else []
    if mask >> len(axis.values) & 1:
        pieces.append("any other text")
    return pieces


def _number_pieces(mask: int, axis: NumberAxis, domain: Domain) -> list[str]:
    if domain.values is None and not domain.integer:
        return [_ordered_run(first, stop - 1, axis) for first, stop in runs(mask)]
    cells = [cell for cell in range(axis.size - 1) if mask >> cell & 1]
    if domain.integer:
        return _whole_pieces(cells, axis, domain.possible_numbers)
    listed = [format_number(cell_bounds(axis, cell)[0]) for cell in cells]
    return [f"{{{', '.join(listed)}}}"] if listed else []


def _date_pieces(mask: int, axis: DateAxis, domain: Domain) -> list[str]:
    if domain.values is not None:
        cells = (cell for cell in range(axis.size - 1) if mask >> cell & 1)
        listed = [Date(int(cell_bounds(axis, cell)[0])).iso for cell in cells]
        return [f"{{{', '.join(listed)}}}"] if listed else []
    return [_ordered_run(first, stop - 1, axis) for first, stop in runs(mask)]


def _whole_pieces(
    cells: list[int], axis: NumberAxis, whole: PossibleNumbers
) -> list[str]:
    """Return the whole numbers of cells as closed intervals."""
    intervals: list[tuple[int, int]] = []
    for cell in cells:
        first, stop = _possible_ranks(axis, cell, whole)
        # No whole number lies between two cells that meet.
        if intervals and intervals[-1][1] == first:
            first = intervals.pop()[0]
        intervals.append((first, stop))
    return [_whole_interval(first, stop - 1, whole) for first, stop in intervals]


def _possible_ranks(
    axis: NumberAxis, cell: int, possible: PossibleNumbers
) -> tuple[int, int]:
    """Return the first rank of a cell's possible numbers, and that after the last."""
    edges = axis.edges
    first = possible.rank_from(edges[cell - 1].item()) if cell else possible.start
    is_last = cell == len(edges)
    return first, possible.stop if is_last else possible.rank_from(edges[cell].item())


def _whole_interval(first: int, last: int, whole: PossibleNumbers) -> str:
    start, stop = format_number(whole.at(first)), format_number(whole.at(last))
    if first == last:
        return f"{{{start}}}"
    left = "(-inf" if first == _WHOLE_NUMBERS.start else f"[{start}"
    right = "inf)" if last == _WHOLE_NUMBERS.stop - 1 else f"{stop}]"
    return f"{left}, {right}"


def _ordered_run(first: int, last: int, axis: OrderedAxis) -> str:
    """Return the numbers or dates of neighbouring cells as an interval."""
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    low_origin, low_open = axis.origins.get(low, (low, False))
    high_origin, high_closed = axis.origins.get(high, (high, False))
    # Numbers may be infinite, dates may not.
    may_be_infinite = isinstance(axis, NumberAxis)
    if first == 0:
        low_open = not may_be_infinite
    if last == axis.size - 2:
        high_origin, high_closed = math.inf, may_be_infinite
    if low_origin == high_origin and not low_open and high_closed:
        return f"{{{_value_text(low_origin)}}}"
    left, right = "(" if low_open else "[", "]" if high_closed else ")"
    return f"{left}{_value_text(low_origin)}, {_value_text(high_origin)}{right}"


def _value_text(value: float | Date) -> str:
    return value.iso if isinstance(value, Date) else format_number(value)


def witness(
    box: Box, axes: dict[str, Axis], schema: Mapping[str, Domain]
) -> dict[str, Any]:
    """Return a row of the box: column -> value, None for a missing one."""
    return {
        name: _example(mask, axis, schema.get(name, ANY_VALUE))
        for (name, axis), mask in zip(axes.items(), box, strict=True)
    }


def _example(mask: int, axis: Axis, domain: Domain) -> Any:
    """Return a readable value in the cells `mask`; None only if all are missing."""
    cells = [cell for cell in range(axis.size - 1) if mask >> cell & 1]
    if not cells:
        return None
    if isinstance(axis, NumberAxis):
        zero = int(np.searchsorted(axis.edges, 0.0, side="right"))
        nearest = sorted(cells, key=lambda cell: abs(cell - zero))[:_MAX_CELLS]
        numbers = (_readable_number(axis, cell, domain) for cell in nearest)
        return min(numbers, key=lambda number: (not number.is_integer(), abs(number)))
    if isinstance(axis, DateAxis):
        dates = [_readable_date(axis, cell) for cell in cells[:_MAX_CELLS]]
        return as_moment(min(dates, key=lambda date: len(date.iso)))
    if isinstance(axis, BooleanAxis):
        return axis.values(mask)[0].value
    if isinstance(axis, TextAxis):
        if cells[0] < len(axis.values):
            return axis.values[cells[0]]
        return _unlisted_text(axis.values)
    if domain.kind == "text" and domain.values:
        return domain.values[0]
    if domain.kind == "boolean":
        return True
    return 0.0


def _readable_number(axis: NumberAxis, cell: int, domain: Domain) -> float:
    """Return a number of the cell: whole, else a threshold, else one of few digits."""
    low, high = cell_bounds(axis, cell)
    whole = _whole_number(low, high)
    if whole is not None and (domain.integer or low <= 0 < high):
        return whole
    _, above = axis.origins.get(low, (low, False))
    if not above and math.isfinite(low):
        return low
    for number in (whole, _shortest_between(low, high), low):
        if number is not None and low <= number < high and math.isfinite(number):
            return number
    if cell == axis.size - 2 or high == -math.inf:
        # The cell holds nothing but an infinity.
        return low
    return math.nextafter(high, -math.inf)


def _whole_number(low: float, high: float) -> float | None:
    """Return the whole number in ``[low, high)`` that is nearest to zero, if any."""
    if low <= 0 < high:
        return 0.0
    if low > 0:
        candidate = float(math.ceil(low)) if low < math.inf else math.inf
    else:
        candidate = float(math.ceil(high)) - 1.0 if high > -math.inf else -math.inf
        if candidate >= high:
            # Beyond 2**53 every float64 is whole, and 1.0 is lost in rounding.
            candidate = math.nextafter(high, -math.inf)
    return candidate if low <= candidate < high and math.isfinite(candidate) else None


def _readable_date(axis: DateAxis, cell: int) -> Date:
    """Return a date of the cell: its threshold, else one near it of few digits."""
    low, high = cell_bounds(axis, cell)
    if cell == 0 and high == math.inf:
        return Date(0)
    for step in _CALENDAR_STEPS:
        # The first multiple of the step in the cell or, without a start, the last one.
        near = (high - 1) // step * step if cell == 0 else -(-low // step) * step
        if low <= near < high:
            return Date(int(near))
    raise AssertionError("cells of dates hold a microsecond")


def _shortest_between(low: float, high: float) -> float | None:
    """Return the middle of ``[low, high)``, rounded to as few digits as possible."""
    middle = low / 2 + high / 2
    if not math.isfinite(middle):
        return None
    for digits in range(1, 17):
        number = float(f"{middle:.{digits}g}")
        if low <= number < high:
            return number
    return None


def _unlisted_text(listed: tuple[str, ...]) -> str:
    """Return a text that is none of `listed`."""
    text = "other"
    while text in listed:
        text += "_"
    return text
