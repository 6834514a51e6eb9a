"""Segments of tables that are not in memory, assigned by the engine that has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skseg._typing import ObjectArray
from skseg.engines import Table, open_table
from skseg.engines._polars import PolarsTable
from skseg.engines._table import Target
from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError

from ._language._thresholds import check_name
from ._reserved_names import OUTSIDE

# A RuleSet, whose method these functions are.
RuleSet = Any


def lazy_table(X: Any, rules: RuleSet, owner: str) -> Table:
    """Return the table that is not in memory, or raise for what is.

    The `rules` tell which columns of CSV files are text, whatever their values are.
    """
    columns = {name: "text" for name, kind in rules.kinds.items() if kind == "text"}
    if (table := open_table(X, columns)) is None:
        raise InvalidDataError(
            f"X of {owner}.label must be a table that is not in memory: files, a "
            "relation of DuckDB, a DataFrame of Spark, a LazyFrame of polars, a table "
            f"of ibis or of sql_table. Got a {type(X).__name__} instead.",
            owner=owner,
            name="X",
            rule="a table that is not in memory",
            value=X,
            advice="Rows in memory get their segments from predict or, by rules alone, "
            "from assign.",
        )
    return table


def label_table(
    rules: RuleSet,
    table: Table,
    name: str,
    *,
    output: str,
    to: Target | None,
    overwrite: bool,
    owner: str,
) -> Any:
    """Return a table with the segments as a further column; see `RuleSet.label`.

    `owner` is the class whose `label` was called, for error messages.
    """
    _check_new_name(table, check_name(name, "The name of the new column"), owner)
    table.require(owner, rules.columns)
    _check_types(rules, table)
    # Errors of rules, such as an open quantile, are those of their SQL.
    case = rules.to_sql(table.dialect, output=output, alias=name, types=table.types)
    if to is None and isinstance(table, PolarsTable):
        return _label_frame(rules, table, name, output)
    sql = f"SELECT *, {case}\nFROM {table.source}"
    if to is None:
        return table.relation(sql)
    return table.write(sql, to, overwrite=overwrite)


def _check_new_name(table: Table, name: str, owner: str) -> None:
    for column in table.types:
        # Most engines do not tell names apart by their capitals.
        if column.casefold() == name.casefold():
            raise InvalidParameterError(
                f"{owner}.label",
                "name",
                "the name of a new column",
                name,
                advice=f"The table has a column {column!r}: pass another name.",
            )


def _check_types(rules: RuleSet, table: Table) -> None:
    """Raise if numbers are compared with a column of text, as rules in memory do."""
    from ._sql._dialects import find_dialect

    known = find_dialect(table.dialect).known_types
    for column, kind in rules.kinds.items():
        declared = table.types[column]
        storage = None if known is None else known.storage_of(declared)
        if kind == "number" and storage == "text":
            raise RuleError(
                f"The rules compare numbers, and column {column!r} is of type "
                f"{declared}.",
                owner="label",
                name="X",
                rule=kind,
                value=declared,
                column=column,
                advice="Convert the column, or the rule: text values are quoted in "
                "rules.",
            )


def _label_frame(rules: RuleSet, table: PolarsTable, name: str, output: str) -> Any:
    """Return a LazyFrame of polars with the segments, assigned as in memory."""
    columns = list(rules.columns)
    if output == "code":
        return table.with_column(name, columns, rules.assign, "Int64")
    return table.with_column(
        name, columns, lambda frame: _names(rules, frame).tolist(), "String"
    )


def _names(rules: RuleSet, frame: Any) -> ObjectArray:
    """Return the names of the segments of a frame, None for rows that have none."""
    names: list[str | None] = list(rules.names)
    if rules.noise is None:
        names.append(OUTSIDE)
    codes = rules.assign(frame)
    labels: ObjectArray = np.array(names, dtype=object)[codes]
    if rules.noise is None:
        labels[(codes < 0) & rules.inside(frame)] = None
    return labels
