"""What EffectMapDisplay shows: rows and outcomes of both groups in every cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg._core._validation import (
    check_outcome,
    check_sample_weight,
)
from skseg._finders._base import SegmentFinder
from skseg._finders._comparison import Comparison
from skseg._finders._groups import parted, read_groups
from skseg._finders._table import conditions_by_column
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule

from ._effect_map_cells import ColumnCells, column_cells


def read_rows(
    owner: str,
    finder: SegmentFinder,
    columns: Columns,
    y: Any,
    group: Any,
    sample_weight: Any,
) -> tuple[Columns, Comparison]:
    """Return the rows that are compared as in ``fit`` of the finder, or raise."""
    values, labels = parted(y, group)
    if values is None:
        raise InvalidDataError(f"{owner} needs the outcome y of the rows X.")
    if (labels is None) != (finder.groups_ is None):
        rule = "None, as in fit" if finder.groups_ is None else "given, as in fit"
        raise InvalidParameterError(owner, "group", rule, labels)
    outcome = check_outcome(owner, values, columns.n_rows)
    weight = check_sample_weight(sample_weight, columns.n_rows)
    counts = np.ones(columns.n_rows) if weight is None else weight
    in_a = None
    if labels is not None:
        pair = finder.groups_ if finder.compare is None else finder.compare
        groups = read_groups(owner, labels, pair, columns.n_rows)
        in_a = groups.in_a
        counts = np.where(groups.in_a | groups.in_b, counts, 0.0)
    used = np.flatnonzero(counts > 0)
    if in_a is not None and len({*in_a[used].tolist()}) < 2:
        raise InvalidDataError(
            f"{owner} compares the groups {finder.groups_!r}. One of them has no rows "
            "of a weight above zero."
        )
    is_binary = bool(np.isin(outcome[used], (0.0, 1.0)).all())
    rows = Comparison(outcome, in_a, counts, is_binary).take(used)
    return columns.take(used), rows


def conditions(finder: SegmentFinder, finding: int) -> dict[str, Rule]:
    """Return the conditions of a finding, in order, by column; none without it."""
    if finding >= len(finder.segments_):
        return {}
    rules = list(finder.rules_.rules.values())
    return conditions_by_column(rules[finding])


def map_numbers(
    columns: Columns,
    rows: Comparison,
    names: list[str],
    found: dict[str, Rule],
    max_cells: int,
) -> dict[str, Any]:
    """Return the parameters of the display."""
    parts = [
        column_cells(columns, name, found.get(name), max_cells, rows.weight)
        for name in names
    ]
    if len(parts) == 1:
        one_row = np.zeros(len(rows.y), dtype=np.uint8)
        parts.append(ColumnCells(one_row, ["all"], np.ones(1, dtype=bool)))
    shape = (len(parts[0].labels), len(parts[1].labels))
    place = np.ravel_multi_index([part.codes.astype(np.intp) for part in parts], shape)

    def summed(values: FloatArray) -> FloatArray:
        sums = np.bincount(place, values, shape[0] * shape[1])
        return sums.astype(np.float64).reshape(shape)

    in_all = rows.weight, rows.weight * rows.y
    if rows.in_a is None:
        n_a, y_a = (summed(values) for values in in_all)
        n_b, y_b = rows.weight.sum() - n_a, in_all[1].sum() - y_a
    else:
        n_a, y_a = (summed(values * rows.in_a) for values in in_all)
        n_b, y_b = (summed(values * ~rows.in_a) for values in in_all)
    inside = np.logical_and.outer(parts[0].is_inside, parts[1].is_inside)
    if not any(name in found for name in names):
        inside[:] = False
    return {
        "columns": names,
        "cells": [part.labels for part in parts],
        "n_a": n_a,
        "n_b": n_b,
        "mean_a": rows.points * _quotient(y_a, n_a),
        "mean_b": rows.points * _quotient(y_b, n_b),
        "is_inside": inside,
    }


def _quotient(total: FloatArray, n: FloatArray) -> FloatArray:
    return total / np.where(n > 0, n, np.nan)
