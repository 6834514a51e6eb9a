"""Boxes for people: what a box says, and one customer who lives in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from skseg.rules._cells import Axis, NumberAxis, TextAxis
from skseg.rules._language._conditions import (
    Missing,
    Rule,
    comparison,
    conjunction,
    disjunction,
    membership,
)
from skseg.rules._language._thresholds import format_number

from ._boxes import Box
from ._domain import Domain, cell_bounds, first_integer

# Cells near zero among which the best-looking value is chosen.
_CANDIDATES = 8


def describe_box(
    box: Box, axes: dict[str, Axis], universe: Box, schema: Mapping[str, Domain]
) -> dict[str, str]:
    """Return column -> the values of the box, for the columns that it restricts."""
    return {
        name: _describe_mask(mask, axis, schema.get(name, Domain()))
        for (name, axis), mask, full in zip(axes.items(), box, universe, strict=True)
        if mask != full
    }


def box_rule(box: Box, axes: dict[str, Axis], universe: Box) -> Rule:
    """Return the rule that a row lies in `box`."""
    return conjunction(
        mask_rule(mask, axis, full)
        for axis, mask, full in zip(axes.values(), box, universe, strict=True)
        if mask != full
    )


def mask_rule(mask: int, axis: Axis, full: int) -> Rule:
    """Return the rule that a column lies in the cells `mask` out of `full`."""
    absent = Missing(axis.name)
    if not mask & axis.missing:
        present = _present_rule(mask, axis, full & ~axis.missing)
        # Conditions on values are false for missing ones; without a condition on
        # values, that the value is there has to be said.
        if present == conjunction([]):
            return ~absent if full & axis.missing else present
        return present
    values = mask & ~axis.missing
    if not values:
        return absent
    complement = ~_present_rule(full & ~mask, axis, full & ~axis.missing)
    either = disjunction([_present_rule(values, axis, full & ~axis.missing), absent])
    return min(complement, either, key=lambda rule: len(str(rule)))


def _present_rule(values: int, axis: Axis, full: int) -> Rule:
    """Return the rule that a present value lies in the cells `values`."""
    if values == full:
        return conjunction([])
    if isinstance(axis, TextAxis):
        named = [v for i, v in enumerate(axis.values) if values >> i & 1]
        if values >> len(axis.values) & 1:
            others = [v for i, v in enumerate(axis.values) if not values >> i & 1]
            return conjunction([~membership(axis.name, others), ~Missing(axis.name)])
        return membership(axis.name, named)
    assert isinstance(axis, NumberAxis)
    return disjunction(
        _run_rule(first, last, axis, full) for first, last in _runs(values, full)
    )


def _runs(values: int, full: int) -> list[tuple[int, int]]:
    """Return the (first, last) cells of the runs of `values` among possible cells."""
    runs: list[tuple[int, int]] = []
    joined = False
    for cell in range(full.bit_length()):
        if values >> cell & 1:
            runs[-1:] = [(runs[-1][0], cell)] if joined else [*runs[-1:], (cell, cell)]
            joined = True
        elif full >> cell & 1:
            joined = False
    return runs


def _run_rule(first: int, last: int, axis: NumberAxis, full: int) -> Rule:
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    low_number, low_open = axis.origins.get(low, (low, False))
    high_number, high_closed = axis.origins.get(high, (high, False))
    below, above = full & ((1 << first) - 1), full >> (last + 1)
    point = first == last and low_number == high_number
    if point and not low_open and high_closed:
        return comparison(axis.name, "==", low_number)
    parts: list[Rule] = []
    if below:
        parts.append(comparison(axis.name, ">" if low_open else ">=", low_number))
    if above:
        parts.append(comparison(axis.name, "<=" if high_closed else "<", high_number))
    return conjunction(parts)


def _describe_mask(mask: int, axis: Axis, domain: Domain) -> str:
    if isinstance(axis, NumberAxis):
        pieces = _number_pieces(mask & ~axis.missing, axis, domain)
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
    cells = [cell for cell in range(axis.size - 1) if mask >> cell & 1]
    if domain.values is not None:
        listed = [format_number(cell_bounds(axis, cell)[0]) for cell in cells]
        return [f"{{{', '.join(listed)}}}"] if listed else []
    runs: list[tuple[int, int]] = []
    for cell in cells:
        if runs and _adjacent(runs[-1][1], cell, axis, domain):
            runs[-1] = (runs[-1][0], cell)
        else:
            runs.append((cell, cell))
    describe = _integer_run if domain.integer else _real_run
    return [describe(first, last, axis) for first, last in runs]


def _adjacent(last: int, cell: int, axis: NumberAxis, domain: Domain) -> bool:
    """Tell whether no possible value lies between two cells."""
    between = range(last + 1, cell)
    if not domain.integer:
        return not between
    return all(first_integer(axis, middle) is None for middle in between)


def _integer_run(first: int, last: int, axis: NumberAxis) -> str:
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    start, stop = math.inf, math.inf
    start = math.ceil(low) if math.isfinite(low) else low
    stop = math.ceil(high) - 1 if math.isfinite(high) else high
    if start == stop:
        return f"{{{format_number(float(start))}}}"
    left = "(-inf" if start == -math.inf else f"[{format_number(float(start))}"
    right = "inf)" if stop == math.inf else f"{format_number(float(stop))}]"
    return f"{left}, {right}"


def _real_run(first: int, last: int, axis: NumberAxis) -> str:
    low, high = cell_bounds(axis, first)[0], cell_bounds(axis, last)[1]
    low_origin, low_open = axis.origins.get(low, (low, False))
    high_origin, high_closed = axis.origins.get(high, (high, False))
    if last == axis.size - 2:
        high_origin, high_closed = math.inf, True
    if low_origin == high_origin and not low_open and high_closed:
        return f"{{{format_number(low_origin)}}}"
    left, right = "(" if low_open else "[", "]" if high_closed else ")"
    return f"{left}{format_number(low_origin)}, {format_number(high_origin)}{right}"


def witness(
    box: Box, axes: dict[str, Axis], schema: Mapping[str, Domain]
) -> dict[str, Any]:
    """Return a row of the box: column -> number, text, or None for missing."""
    return {
        name: _one_value(mask, axis, schema.get(name, Domain()))
        for (name, axis), mask in zip(axes.items(), box, strict=True)
    }


def _one_value(mask: int, axis: Axis, domain: Domain) -> Any:
    cells = [cell for cell in range(axis.size - 1) if mask >> cell & 1]
    if not cells:
        return None
    if isinstance(axis, NumberAxis):
        zero = int(np.searchsorted(axis.edges, 0.0, side="right"))
        near = sorted(cells, key=lambda cell: abs(cell - zero))[:_CANDIDATES]
        values = (_number_in(axis, cell, domain) for cell in near)
        return min(values, key=lambda v: (not v.is_integer(), abs(v)))
    if isinstance(axis, TextAxis):
        if cells[0] < len(axis.values):
            return axis.values[cells[0]]
        return _other_text(axis.values)
    if domain.kind == "text" and domain.values:
        return domain.values[0]
    return 0.0


def _number_in(axis: NumberAxis, cell: int, domain: Domain) -> float:
    """Return a value of the cell that reads well: whole, round, near zero."""
    low, high = cell_bounds(axis, cell)
    if domain.integer or (low <= 0 < high):
        whole = first_integer(axis, cell)
        if whole is not None:
            return whole
    _, above = axis.origins.get(low, (low, False))
    if not above and math.isfinite(low):
        return low
    middle = low / 2 + high / 2
    for candidate in (first_integer(axis, cell), _rounded(middle, low, high), low):
        if (
            candidate is not None
            and low <= candidate < high
            and math.isfinite(candidate)
        ):
            return candidate
    return (
        low
        if cell == axis.size - 2 or high == -math.inf
        else math.nextafter(high, -math.inf)
    )


def _rounded(value: float, low: float, high: float) -> float | None:
    if not math.isfinite(value):
        return None
    for digits in range(1, 17):
        candidate = float(f"{value:.{digits}g}")
        if low <= candidate < high:
            return candidate
    return None


def _other_text(named: tuple[str, ...]) -> str:
    text = "other"
    while text in named:
        text += "_"
    return text
