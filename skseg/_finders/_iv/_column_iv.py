"""The information value of one column."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skseg._core._caller import caller_level
from skseg._core._coding import MAX_NOMINAL_LEVELS
from skseg._core._column_errors import column_errors_as_data_errors
from skseg._search.effects._iv import count_bins, cross_validated_iv, woe_table
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, missing

from ._bins import ColumnIV
from ._special_codes import SpecialCodes
from ._user_bins import column_bins

OWNER = "information_value"


@dataclass(frozen=True)
class IVSettings:
    """How columns are cut into bins: the bins of the user by column, and the others."""

    bins_of: dict[str, Any]
    closed: str
    max_bins: int
    special: SpecialCodes
    zero_cells: str
    n_groups: int


class ColumnRows(NamedTuple):
    """Rows with a column, with what `count_bins` calls group and event, and weights."""

    columns: Columns
    kind: npt.NDArray[np.uint8]
    weight: FloatArray | None


class Folds(NamedTuple):
    """The fold of every row, and the number of folds."""

    of_row: IntArray
    n_folds: int


def column_iv(
    rows: ColumnRows, name: str, settings: IVSettings, folds: Folds | None = None
) -> ColumnIV:
    """Return a column in bins with its information value, also of `folds` if any."""
    with column_errors_as_data_errors():
        codes, rules, specials = column_bins(
            rows.columns,
            name,
            settings.bins_of.get(name),
            settings.closed,
            settings.max_bins,
            rows.weight,
            settings.special,
        )
    n_bins, n_folds = len(rules), 1 if folds is None else folds.n_folds
    cells = codes if folds is None else folds.of_row * n_bins + codes
    n_groups, zero_cells = settings.n_groups, settings.zero_cells
    counts = count_bins(cells, rows.kind, n_folds * n_bins, n_groups, rows.weight)
    by_fold = counts.reshape(n_folds, n_bins, n_groups, 2)
    counts = by_fold.sum(axis=0)
    if name not in settings.bins_of and rows.columns.is_text(name):
        _warn_of_rare_texts(name, rules, counts)
    return ColumnIV(
        name,
        rules,
        woe_table(counts, zero_cells),
        specials if settings.special else None,
        None if folds is None else cross_validated_iv(by_fold, zero_cells),
    )


def check_kinds(counts: npt.NDArray[Any], labels: Sequence[Any]) -> None:
    """Raise unless there are both events and non-events in every group.

    `counts` are those of non-events and events of each group, by `labels`.
    """
    for i, label in enumerate(labels):
        for event, what in enumerate(("non-events (y = 0)", "events (y = 1)")):
            if not counts[2 * i + event]:
                where = "" if len(labels) == 1 else f" in group {label!r}"
                raise InvalidDataError(
                    f"{OWNER} compares events with non-events. There are no {what}"
                    f"{where}.",
                    owner=OWNER,
                    name="y",
                    rule="with events and non-events in each group",
                    value=None if len(labels) == 1 else label,
                )


def _warn_of_rare_texts(name: str, rules: list[str], counts: FloatArray) -> None:
    """Warn if a column has many bins, most of which have too few rows to tell."""
    n_texts = len(rules) - (rules[-1] == str(missing(name)))
    sizes = counts[:n_texts].sum(axis=(1, 2))
    if n_texts > MAX_NOMINAL_LEVELS and np.median(sizes) <= 2:
        warnings.warn(
            f"The information value of column {name!r} is one of chance: it has "
            f"{n_texts:,} different texts, and a bin for each, most of them of a row "
            "or two. Leave out what identifies a customer, derive a column of few "
            "texts from it, such as the domain of an e-mail address, or name lists of "
            "texts in 'bins'.",
            UserWarning,
            stacklevel=caller_level(),
        )
