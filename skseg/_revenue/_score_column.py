"""Which column of the rows has the score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from skseg._core._validation import check_int
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    RuleError,
    did_you_mean,
)
from skseg.rules import Columns

from ._menu import OWNER

# Rounding of probabilities in float32.
_TOLERANCE = 1e-5


def score_column(binner: Any, columns: Columns) -> str:
    """Return the name of the column with the score that a binner means, or raise."""
    names = columns.names
    if binner.score_column is not None:
        return _chosen(binner.score_column, names)
    has_names = hasattr(binner, "feature_names_in_") and not _count(names)
    if len(names) > 1 and has_names and not _are_probabilities(columns):
        raise _ambiguous_error(names)
    return names[-1]


def score_column_of_table(binner: Any, names: Sequence[str]) -> str:
    """Return the same for the columns of a table that is not in memory, or raise."""
    if binner.score_column is not None:
        return _chosen(binner.score_column, names)
    if len(names) != 1:
        raise _ambiguous_error(names)
    return names[0]


def _chosen(column: int | str, names: Sequence[str]) -> str:
    """Return the name of the column that a parameter chooses, or raise."""
    if not isinstance(column, str):
        last = len(names) - 1
        return names[check_int(OWNER, "score_column", column, -last - 1, last)]
    if column in names:
        return column
    advice = f"The parameter score_column names it.{did_you_mean(column, names)}"
    raise MissingColumnError(OWNER, [column], names, advice=advice)


def _count(names: Sequence[str]) -> bool:
    """Tell whether names only count columns, such as pca0, pca1, as those of arrays."""
    prefix = re.sub(r"0$", "", names[0])
    return list(names) == [f"{prefix}{i}" for i in range(len(names))]


def _are_probabilities(columns: Columns) -> bool:
    """Tell whether there are two columns of numbers that add up to 1 in every row."""
    if len(columns.names) != 2:
        return False
    try:
        first, second = (columns.numbers(name) for name in columns.names)
    except (InvalidDataError, RuleError):
        return False
    known = ~(np.isnan(first) & np.isnan(second))
    sums = first[known] + second[known]
    in_range = (first[known] >= 0) & (second[known] >= 0)
    return bool(len(sums) and (in_range & (np.abs(sums - 1) <= _TOLERANCE)).all())


def _ambiguous_error(names: Sequence[str]) -> InvalidParameterError:
    example = names[-1]
    return InvalidParameterError(
        OWNER,
        "score_column",
        f"the name of one of the columns {', '.join(map(repr, names))}, as X has "
        "several",
        None,
        advice=f"Pass score_column={example!r}, if that is the score.",
    )
