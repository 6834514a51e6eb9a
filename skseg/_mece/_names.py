"""Readable names of segments that were split or merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from skseg._search.sizes._split import Interval
from skseg.rules import Rule
from skseg.rules._cells import NumberAxis
from skseg.rules._language._thresholds import format_number
from skseg.rules._proof._domain import cell_bounds

from ._parts import Part, Regions

# A longer list of names does not fit a chart or a table.
_MAX_NAMES = 3


def joined_name(names: Sequence[str]) -> str:
    """Return one name for segments that were merged."""
    if len(names) <= _MAX_NAMES:
        return " + ".join(names)
    listed = " + ".join(names[: _MAX_NAMES - 1])
    return f"{listed} + {len(names) - _MAX_NAMES + 1} more"


def unique_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, numbered if it is taken."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name} ({number})", number + 1
    return candidate


def group_name(
    whole: Sequence[str],
    partial: Mapping[str, Sequence[tuple[Part, Rule]]],
    columns: Sequence[str],
    schema: Mapping[str, Any] | None,
) -> str:
    """Return the name of a segment.

    `whole` names the business rules that are in it as a whole, `partial` those of which
    it has parts, with these parts and their rules. `columns` are those of the parts'
    intervals.
    """
    ranged = [
        f"{name} / {_ranges(parts, columns, schema)}" for name, parts in partial.items()
    ]
    if len(whole) + len(ranged) > 1:
        # A range is not that of the other rules.
        ranged = [f"({name})" for name in ranged]
    return joined_name([*whole, *ranged])


def _ranges(
    parts: Sequence[tuple[Part, Rule]],
    columns: Sequence[str],
    schema: Mapping[str, Any] | None,
) -> str:
    """Return the ranges, of the columns that were cut, that parts of a pool cover."""
    cut_columns = {
        column
        for part, _ in parts
        for column, interval in zip(columns, part.intervals, strict=True)
        if interval != Interval()
    }
    # Where the parts are one plain box, it has the bounds of the rule itself, too.
    regions = Regions([rule for _, rule in parts], schema)
    box = regions.union(range(len(parts)))
    if box is None and len(parts) > 1:
        return " or ".join(_ranges([part], columns, schema) for part in parts)
    masks = regions.extent(0) if box is None else regions.restricted(box)
    return ", ".join(
        _range_text(column, mask, regions)
        for column, mask in masks.items()
        if column in cut_columns
    )


def _range_text(column: str, mask: int, regions: Regions) -> str:
    axis = regions.axes[column]
    assert isinstance(axis, NumberAxis)
    cells = [cell for cell in range(axis.size - 1) if mask >> cell & 1]
    if not cells:
        return f"{column} missing"
    text = f"{column} {_interval_text(axis, cells[0], cells[-1])}"
    return f"{text} or missing" if mask & axis.missing else text


def _interval_text(axis: NumberAxis, first: int, last: int) -> str:
    """Return the range from the first to the last cell in words."""
    low_edge, high_edge = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    low, is_open = axis.origins.get(low_edge, (low_edge, False))
    high, is_closed = axis.origins.get(high_edge, (high_edge, False))
    # The outermost cells reach to the infinities, and the very last one holds what is
    # missing.
    has_no_low, has_no_high = first == 0, last == axis.size - 2
    if has_no_low and has_no_high:
        return "known"
    if has_no_low:
        return f"{'up to' if is_closed else 'below'} {format_number(high)}"
    if has_no_high:
        return f"{'over' if is_open else 'from'} {format_number(low)}"
    if low == high:
        return format_number(low)
    dash = "-" if low >= 0 else " to "
    return f"{format_number(low)}{dash}{format_number(high)}"
