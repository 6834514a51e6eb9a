"""Outcomes of a table that is not in memory, as numbers that its engine computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skseg.engines import Table
from skseg.exceptions import InvalidDataError
from skseg.rules import col

from ._aggregates import require_numbers
from ._outcome import OutcomeCoding, read_outcome
from ._table_columns import distinct_values, first_value, known_number_sql, quoted_sql

# Labels that an error message may name are some of these.
_MAX_LABELS = 1000


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """SQL of an outcome as a double, NULL where it is missing, and how it was coded."""

    sql: str
    coding: OutcomeCoding


def table_outcome(owner: str, table: Table, name: str, pos_label: Any) -> TableOutcome:
    """Return how an engine computes the outcome in a column, or raise.

    Labels are text, and True and False, as `read_outcome` reads them in memory.
    """
    first = first_value(table, name)
    if pos_label is None and not isinstance(first, str | bool):
        require_numbers(table, owner, [name])
        return TableOutcome(known_number_sql(table, name), OutcomeCoding())
    quoted = quoted_sql(table, name)
    labels = distinct_values(table, name, _MAX_LABELS)
    _, coding = read_outcome(owner, labels, len(labels), pos_label)
    assert coding.classes is not None
    rule = col(name) == coding.positive
    is_positive = rule.to_sql(table.dialect, types=table.types)
    return TableOutcome(
        f"CASE WHEN {quoted} IS NULL THEN NULL WHEN {is_positive} THEN 1e0 "
        "ELSE 0e0 END",
        coding,
    )


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


def optional_table_outcome(
    owner: str, table: Table, name: str | None, pos_label: Any
) -> TableOutcome | None:
    """Return the outcome as `table_outcome` does, None where labels are not two.

    For segmenters that can do without, as `read_optional_outcome` for rows in memory.
    """
    if name is None:
        return None
    is_text = isinstance(first_value(table, name), str)
    if is_text and pos_label is None and len(distinct_values(table, name, 3)) != 2:
        return None
    return table_outcome(owner, table, name, pos_label)
