"""Information values of a table that is not in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skseg._core._aggregates import group_counts
from skseg._core._aggregates._weights import check_weights, count_sql
from skseg._core._table_columns import column_names, distinct_values, quoted_sql
from skseg._core._table_outcome import missing_outcome_error, table_outcome
from skseg._core._validation import check_sample_weight
from skseg._finders._rows._groups import read_groups
from skseg.engines import Table
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Rule, col
from skseg.rules._language._conditions import disjunction

from ._bins import ColumnIV
from ._column_iv import OWNER, IVSettings, check_kinds, column_iv
from ._table_columns import CountedRows, column_rows

# Labels of groups that are fetched; two groups are compared.
_MAX_LABELS = 10_000


class TableRows(NamedTuple):
    """Columns of a table, how its rows are counted, and the number of groups."""

    names: list[str]
    rows: CountedRows
    n_groups: int


class _Group(NamedTuple):
    """The labels of the groups, and SQL of their numbers: 0 for A, 1 for B, or NULL."""

    labels: Sequence[Any]
    sql: str


def read_table_rows(
    table: Table,
    parameters: Mapping[str, Any],
    treatment: Any,
    reference: Any,
    pos_label: Any,
) -> TableRows:
    """Return the columns of a table and how its rows are counted, or raise.

    `parameters` are y, group and sample_weight; all columns that they do not name are
    those of X.
    """
    if parameters["y"] is None:
        rule = "the name of the column with the outcome"
        raise InvalidParameterError(OWNER, "y", rule, None)
    given = column_names(OWNER, table, parameters)
    weight = given.get("sample_weight")
    check_weights(table, OWNER, weight)
    outcome = table_outcome(OWNER, table, given["y"], pos_label).sql
    group = _Group(("X",), "0")
    if "group" in given:
        group = _read_group(table, given["group"], treatment, reference)
    kind = f"2 * {group.sql} + CASE WHEN {outcome} = 1 THEN 1 ELSE 0 END"
    _check_events(table, given["y"], outcome, kind, weight, group.labels)
    names = [name for name in table.types if name not in given.values()]
    where = f"{kind} IS NOT NULL"
    if weight is not None:
        where += f" AND {count_sql(table, weight).where}"
    rows = CountedRows(table, kind, where, weight)
    return TableRows(names, rows, len(group.labels))


def table_columns_iv(of_table: TableRows, settings: IVSettings) -> list[ColumnIV]:
    """Return the columns of a table in bins, with their information values."""
    return [
        column_iv(column_rows(OWNER, of_table.rows, name, settings), name, settings)
        for name in of_table.names
    ]


def _read_group(table: Table, name: str, treatment: Any, reference: Any) -> _Group:
    """Return the groups of a column, or raise."""
    quoted = quoted_sql(table, name)
    n_missing = table.fetch(
        f"SELECT COUNT(*) - COUNT({quoted}) AS n FROM {table.source}"
    )["n"][0]
    if n_missing:
        raise InvalidDataError(
            f"group of {OWNER} must be known. The column {name!r} is missing in "
            f"{int(n_missing):,} rows.",
            owner=OWNER,
            name="group",
            column=name,
            advice="Leave such rows out, or give them a label.",
        )
    labels = distinct_values(table, name, _MAX_LABELS)
    groups = read_groups(OWNER, labels, treatment, reference, len(labels))
    branches = " ".join(
        f"WHEN {_is_any_of(name, labels[rows].tolist()).to_sql(**_engine(table))} "
        f"THEN {number}"
        for number, rows in enumerate((groups.in_a, groups.in_b))
    )
    return _Group(groups.labels, f"CASE {branches} END")


def _is_any_of(name: str, labels: list[Any]) -> Rule:
    return disjunction([col(name) == label for label in labels])


def _engine(table: Table) -> dict[str, Any]:
    return {"dialect": table.dialect, "types": table.types}


def _check_events(
    table: Table,
    name: str,
    outcome: str,
    kind: str,
    weight: str | None,
    labels: Sequence[Any],
) -> None:
    """Raise unless outcomes are 0 and 1, and there are both in every group."""
    fault = (
        f"CASE WHEN {outcome} IS NULL THEN 1 WHEN {outcome} = 0 OR {outcome} = 1 "
        "THEN 0 ELSE 2 END"
    )
    counts = group_counts(
        table,
        {"skseg_fault": fault, "skseg_kind": f"COALESCE({kind}, -1)"},
        aggregates={"low": f"MIN({outcome})", "n_rows": "COUNT(*)"},
        sample_weight=weight,
    )
    if weight is not None and len(counts["n"]):
        check_sample_weight(counts["n"], len(counts["n"]), OWNER)
    is_unknown = counts["skseg_fault"] == 1
    if is_unknown.any():
        n_rows = int(counts["n_rows"][is_unknown].sum())
        raise missing_outcome_error(OWNER, name, n_rows)
    is_used = (counts["skseg_kind"] >= 0) & (counts["n"] > 0)
    is_bad = is_used & (counts["skseg_fault"] == 2)
    if is_bad.any():
        value = float(counts["low"][is_bad].min())
        raise InvalidDataError(
            f"{OWNER} needs an outcome y of 0 / 1. Got {value} in the column {name!r}.",
            owner=OWNER,
            name="y",
            rule="0 or 1",
            value=value,
            column=name,
            advice="Pass the event, such as y > 0.",
        )
    kinds = counts["skseg_kind"][is_used].astype(np.intp)
    check_kinds(np.bincount(kinds, minlength=2 * len(labels)), labels)
