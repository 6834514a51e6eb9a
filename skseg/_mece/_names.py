"""Readable names of segments that were split or merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skseg._search.sizes._split import Interval
from skseg.rules import Rule
from skseg.rules._cells import NumberAxis
from skseg.rules._language._thresholds import format_number
from skseg.rules._proof._domain import cell_bounds

from ._parts import Part, Regions, Unit, cut_rule

# More names than this in a row are no name any more.
_MOST_NAMES = 3


def joined_name(names: Sequence[str]) -> str:
    """Return one name for segments that were merged."""
    if len(names) <= _MOST_NAMES:
        return " + ".join(names)
    listed = " + ".join(names[: _MOST_NAMES - 1])
    return f"{listed} + {len(names) - _MOST_NAMES + 1} more"


def group_name(
    group: Sequence[Part],
    whole: Sequence[Unit],
    rules: Sequence[Rule],
    columns: Sequence[str],
    names: Sequence[str],
    schema: Mapping[str, Any] | None,
) -> str:
    """Name the segment that `group` makes.

    Parameters
    ----------
    group : sequence of Part
        What was merged into it.
    whole : sequence of tuple of int
        The units of which it has all parts.
    rules : sequence of Rule
        Those of the parts.
    columns : sequence of str
        Those of the parts' intervals.
    names : sequence of str
        Those of the business rules.
    schema : mapping of str to (Domain or dict) or None
        What the columns may hold.
    """
    said = []
    for unit in dict.fromkeys(part.unit for part in group):
        name = joined_name([names[number] for number in unit])
        if unit not in whole:
            own = [
                (part, rule)
                for part, rule in zip(group, rules, strict=True)
                if part.unit == unit
            ]
            name = f"{name} / {_ranges(own, columns, schema)}"
        said.append(name)
    return joined_name(said)


def _ranges(
    parts: Sequence[tuple[Part, Rule]],
    columns: Sequence[str],
    schema: Mapping[str, Any] | None,
) -> str:
    """Say which part of their unit parts are."""
    cut = {
        column
        for part, _ in parts
        for column, interval in zip(columns, part.intervals, strict=True)
        if interval != Interval()
    }
    # With the bounds of the unit itself, if the parts make one plain box.
    regions = Regions([rule for _, rule in parts], schema)
    box = regions.union(range(len(parts)))
    if box is None and len(parts) > 1:
        return " or ".join(_ranges([part], columns, schema) for part in parts)
    if box is None:
        regions = Regions([cut_rule(columns, parts[0][0].intervals)], schema)
        box = regions.union([0])
        assert box is not None
    return ", ".join(
        _range_text(column, mask, regions)
        for column, mask in regions.restricted(box).items()
        if column in cut
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
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    least, above = axis.origins.get(low, (low, False))
    most, closed = axis.origins.get(high, (high, False))
    # The first and the last cell hold the infinities.
    if first == 0 and last == axis.size - 2:
        return "known"
    if first == 0:
        return f"{'up to' if closed else 'below'} {format_number(most)}"
    if last == axis.size - 2:
        return f"{'over' if above else 'from'} {format_number(least)}"
    if least == most:
        return format_number(least)
    between = "-" if least >= 0 else " to "
    return f"{format_number(least)}{between}{format_number(most)}"
