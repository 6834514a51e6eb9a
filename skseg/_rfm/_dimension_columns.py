"""Which columns hold recency, frequency and monetary value: by name or by position."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import kendalltau

from skseg._core._caller import caller_level
from skseg._core._validation import are_positions
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError, MissingColumnError
from skseg.rules import Columns

from ._dimensions import OWNER, SCORES

# Associations are measured in about this many rows, which is ample: p-values of real
# ones vanish long before.
_SAMPLE = 5_000
# So that one fit in a thousand warns of columns that are independent of each other.
_LEVEL = 0.001


@dataclass(frozen=True)
class DimensionColumns:
    """Dimension -> column, and the positions of those that were taken by position.

    `guessed` are the dimensions whose position nobody has declared.
    """

    names: dict[str, str]
    positions: dict[str, int]
    guessed: frozenset[str]

    @property
    def note(self) -> str | None:
        """What was taken by position, such as "R = x0, F = x1"; None for nothing."""
        taken = [f"{SCORES[name]} = {self.names[name]}" for name in self.positions]
        return ", ".join(taken) or None


def dimension_columns(
    parameters: Mapping[str, Any], known: Sequence[str]
) -> DimensionColumns:
    """Return the column of each dimension, given the parameters of their names.

    `known` are the columns of X. Where these have no names, those of the default names
    are the first, the second and the third; the third may be absent.
    """
    has_positions = are_positions(known)
    names: dict[str, str] = {}
    positions: dict[str, int] = {}
    guessed = set()
    for place, name in enumerate(SCORES):
        column = parameters[name]
        if column is None and name == "monetary":
            continue
        if has_positions and isinstance(column, str) and column == name:
            if place < len(known):
                names[name], positions[name] = known[place], place
                guessed.add(name)
        elif isinstance(column, numbers.Integral) and not isinstance(column, bool):
            positions[name] = _checked_position(name, int(column), len(known))
            names[name] = known[positions[name]]
        else:
            names[name] = _checked_name(name, column, known)
    _check_all_differ(names)
    return DimensionColumns(names, positions, frozenset(guessed))


def _checked_position(name: str, position: int, n_columns: int) -> int:
    """Return a position from 0 on; those from the end are negative, as in numpy."""
    if not -n_columns <= position < n_columns:
        rule = (
            f"the name of a column or its position: X has {n_columns} columns, "
            f"{-n_columns} to {n_columns - 1}"
        )
        raise InvalidParameterError(OWNER, name, rule, position)
    return position % n_columns


def _checked_name(name: str, column: Any, known: Sequence[str]) -> str:
    if not isinstance(column, str):
        rule = "the name of a column, or its position as a whole number"
        raise InvalidParameterError(OWNER, name, rule, column)
    if column not in known:
        # ColumnTransformer writes the name of the step before that of the column.
        prefixed = [other for other in known if other.endswith(f"__{column}")]
        advice = (
            f"Name it with the parameter {name}=..., or say at which position it is, "
            f"such as {name}=0."
        )
        if name == "monetary":
            advice += " monetary=None leaves it out."
        if len(prefixed) == 1:
            advice = (
                f"Name it: {name}={prefixed[0]!r}, or keep its name with "
                "ColumnTransformer(verbose_feature_names_out=False)."
            )
        raise MissingColumnError(OWNER, [column], list(known), advice=advice)
    return column


def _check_all_differ(names: Mapping[str, str]) -> None:
    dimension_of: dict[str, str] = {}
    for name, column in names.items():
        other = dimension_of.setdefault(column, name)
        if other != name:
            rule = f"another column than that of {other!r}"
            raise InvalidParameterError(
                OWNER,
                name,
                rule,
                column,
                advice="Say which column is which, by names or positions: recency=..., "
                "frequency=..., monetary=...",
            )


def warn_of_doubtful_positions(taken: DimensionColumns, columns: Columns) -> None:
    """Warn where columns that were taken by position do not look like what they are."""
    doubt = next(_doubts(taken, columns), None)
    if doubt is None:
        return
    taken_for = ", ".join(f"{taken.names[d]} for {d}" for d in taken.positions)
    warnings.warn(
        f"{OWNER} takes columns by position: {taken_for}. But {doubt}. Say which "
        "column is which by positions, such as frequency=0, or keep the names of the "
        "columns: pass a frame, and call set_output(transform='pandas') on the steps "
        "before.",
        UserWarning,
        stacklevel=caller_level(),
    )


def _doubts(taken: DimensionColumns, columns: Columns) -> Iterator[str]:
    frequency = columns.numbers(taken.names["frequency"])
    if "frequency" in taken.positions:
        counts = frequency[np.isfinite(frequency)]
        if (counts != np.floor(counts)).any():
            yield "the frequency, which counts orders, holds numbers that are not whole"
    if taken.guessed == {*SCORES}:
        rows = [columns.numbers(taken.names[name]) for name in SCORES]
        known = np.isfinite(rows).all(axis=0)
        if known.sum() > 1:
            yield from _doubtful_associations(*(values[known] for values in rows))


def _doubtful_associations(
    recency: FloatArray, frequency: FloatArray, monetary: FloatArray
) -> Iterator[str]:
    """Yield what hardly holds of customers, whose purchases add up to their money."""
    if _tau(frequency, monetary, "less"):
        yield "the monetary value falls as the frequency rises"
    of_purchases = _tau(frequency, monetary)
    if _tau(recency, monetary, "greater") > of_purchases:
        yield "the monetary value rises with the recency more than with the frequency"
    if _tau(recency, frequency, "greater") > of_purchases:
        yield "the frequency rises with the recency more than with the monetary value"
    if np.median(monetary) < np.median(frequency):
        yield "the monetary value is below the frequency for most customers"


def _tau(
    x: FloatArray,
    y: FloatArray,
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
) -> float:
    """Return the rank correlation of Kendall, 0 where it may be one of chance."""
    step = max(1, len(x) // _SAMPLE)
    result = kendalltau(x[::step], y[::step], alternative=alternative)
    # The p-value is NaN if all values of a column are equal.
    return float(result.statistic) if result.pvalue < _LEVEL else 0.0
