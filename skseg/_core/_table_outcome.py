"""Outcomes of a table that is not in memory, as numbers that its engine computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg.engines import Table
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import col

from ._aggregates import number_sql, require_numbers
from ._outcome import OutcomeCoding, read_outcome

# Labels that an error message may name are some of these.
_MAX_LABELS = 1000


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """SQL of an outcome as a double, NULL where it is missing, and how it was coded."""

    sql: str
    coding: OutcomeCoding


def column_names(
    owner: str, table: Table, columns: Mapping[str, Any]
) -> dict[str, str]:
    """Return the columns that parameters name, without those that are None; or raise.

    `columns` are the values of the parameters by their names.
    """
    names: dict[str, str] = {}
    for parameter, name in columns.items():
        if name is None:
            continue
        if not isinstance(name, str):
            rule = "the name of a column, as X is a table that is not in memory"
            raise InvalidParameterError(owner, parameter, rule, name)
        table.require(owner, [name])
        if name in names.values():
            rule = "a column of its own"
            raise InvalidParameterError(owner, parameter, rule, name)
        names[parameter] = name
    return names


def table_outcome(owner: str, table: Table, name: str, pos_label: Any) -> TableOutcome:
    """Return how an engine computes the outcome in a column, or raise.

    Labels are text, and True and False, as `read_outcome` reads them in memory.
    """
    quoted = quoted_sql(table, name)
    present = f"FROM {table.source} WHERE {quoted} IS NOT NULL"
    sample = table.fetch(f"SELECT {quoted} AS label {present} LIMIT 1")["label"]
    if pos_label is None and not (len(sample) and isinstance(_item(sample), str | bool)):
        require_numbers(table, owner, [name])
        return TableOutcome(known_number_sql(table, name), OutcomeCoding())
    labels = table.fetch(
        f"SELECT {quoted} AS label {present} GROUP BY {quoted} LIMIT {_MAX_LABELS}"
    )["label"]
    if labels.dtype.kind == "f":
        labels = labels[~np.isnan(labels)]
    _, coding = read_outcome(owner, labels, len(labels), pos_label)
    assert coding.classes is not None
    rule = col(name) == _plain(coding.positive)
    is_positive = rule.to_sql(table.dialect, types=table.types)
    return TableOutcome(
        f"CASE WHEN {quoted} IS NULL THEN NULL WHEN {is_positive} THEN 1e0 "
        "ELSE 0e0 END",
        coding,
    )


def quoted_sql(table: Table, name: str) -> str:
    """Return the name of a column as SQL."""
    # sqlglot is an extra, so it is imported where it is used.
    from skseg.rules._sql._dialects import find_dialect
    from skseg.rules._sql._trees import column_tree

    return find_dialect(table.dialect).write(column_tree(name), pretty=False)


def known_number_sql(table: Table, name: str) -> str:
    """Return SQL of a column as a double that is NULL where it is missing or NaN."""
    number = number_sql(table, name)
    return f"CASE WHEN {number.present} THEN {number.value} END"


def missing_outcome_error(owner: str, name: str, n_rows: int) -> InvalidDataError:
    """Return the error for rows of a table whose outcome is missing or infinite."""
    return InvalidDataError(
        f"The outcome y of {owner} must be known and finite. The column {name!r} is "
        f"missing or infinite in {n_rows:,} rows.",
        owner=owner,
        name="y",
        rule="known and finite",
        value=n_rows,
        column=name,
        advice="Leave such rows out, or say what they count as.",
    )


def _item(values: Any) -> Any:
    value = values[0]
    return value.item() if isinstance(value, np.generic) else value


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
