"""Texts that say why rows cannot be cut into segments of legal sizes."""

from __future__ import annotations

from collections.abc import Sequence

from skseg._search._bounds import SizeBounds, count_rows, format_size
from skseg.rules._language._thresholds import format_number

from ._points import Points


def split_infeasibility(
    points: Points, bounds: SizeBounds, names: Sequence[str], max_steps: int | None
) -> str:
    """Return why there is no split.

    `max_steps` is the limit at which an undecided search was given up, None if it is
    proved that there is no split.
    """
    by_number = bounds.why_not(float(points.sizes.sum()))
    if by_number is not None:
        return by_number
    columns = " and ".join(repr(name) for name in names)
    largest = points.largest(points.node())
    if points.sizes[largest] > bounds.high:
        size = float(points.sizes[largest])
        return (
            f"{count_rows(size)} {'has' if size == 1 else 'have'} "
            f"{_row_text(points, largest, names)}, more than "
            f"max_size={format_size(bounds.max_size)}: no cut by {columns} can part "
            "them. Split on a further column that tells them apart."
        )
    if max_steps is not None:
        return (
            f"Undecided: {max_steps:,} steps of search found no way to cut by "
            f"{columns} into segments of {bounds}, nor a proof that there is none. "
            "Wider bounds or a further column with finer values make it easier."
        )
    return (
        f"No sequence of cuts by {columns} gives segments of {bounds}: every one "
        "leaves some group of equal values in a segment that is too small or too "
        "large. Widen the bounds, or split on a further column with finer values."
    )


def _row_text(points: Points, point: int, names: Sequence[str]) -> str:
    parts = []
    for name, values, ranks in zip(names, points.values, points.ranks, strict=True):
        value = float(values[ranks[point]])
        is_missing = value != value
        parts.append(
            f"{name} missing" if is_missing else f"{name} = {format_number(value)}"
        )
    return ", ".join(parts)
