"""Customers of a table that is not in memory, as rows of equal customers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skseg._core._aggregates import group_counts, require_numbers
from skseg._core._aggregates._weights import check_weights
from skseg._core._outcome import OutcomeCoding
from skseg._core._table_columns import column_names, known_number_sql
from skseg._core._table_outcome import missing_outcome_error, table_outcome
from skseg._core._validation import check_sample_weight
from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._customers import Customers, observed_customers
from ._menu import OWNER
from ._score_column import score_column_of_table
from ._table_cells import Relevance, ScoredTable, cell_customers

# Rows that are fetched at most: some 32 bytes each, and as much again for the search.
MAX_ROWS = 30_000_000
# From so many scores on, cells of them are counted first, and are divided until no more
# rows than that are near the cuts.
ROWS_OF_CELLS = 2_000_000
# Decimals of a score that an error message tries.
_DECIMALS = (6, 4)


class TableCustomers(NamedTuple):
    """Customers of a table, the columns of X, that of the score, and the coding."""

    names: list[str]
    column: str
    customers: Customers
    coding: OutcomeCoding


def read_table_customers(
    binner: Any,
    table: Table,
    y: Any,
    sample_weight: Any,
    revenue: Any,
    relevance: Relevance | None = None,
    *,
    rows_of_cells: int = ROWS_OF_CELLS,
    max_rows: int = MAX_ROWS,
) -> TableCustomers:
    """Return the distinct scores of a table with their numbers of customers, or raise.

    There is one row for customers of the same score, outcome and revenue; or, if the
    relevance of scores can be told, those near the cuts and cells of the others. The
    other columns of the table are X, as they would be in memory.
    """
    given = column_names(
        OWNER, table, {"y": y, "sample_weight": sample_weight, "revenue": revenue}
    )
    names = [name for name in table.types if name not in given.values()]
    column = score_column_of_table(binner, names)
    require_numbers(table, OWNER, [column])
    check_weights(table, OWNER, weight := given.get("sample_weight"))
    keys, coding = {"score": known_number_sql(table, column)}, OutcomeCoding()
    if "y" in given:
        outcome = table_outcome(OWNER, table, given["y"], binner.pos_label)
        keys["outcome"], coding = outcome.sql, outcome.coding
    if relevance is not None and "y" in given and "revenue" not in given:
        scored = ScoredTable(table, column, keys["outcome"], weight)
        few = cell_customers(
            scored, relevance, min_rows=rows_of_cells, max_rows=rows_of_cells
        )
        if few is not None:
            return TableCustomers(names, column, few, coding)
    if "revenue" in given:
        require_numbers(table, OWNER, [given["revenue"]])
        keys["revenue"] = known_number_sql(table, given["revenue"])
    rows = _fetch(table, column, keys, weight, max_rows)
    counts = check_sample_weight(rows["n"], len(rows["n"]), OWNER)
    _check_known(rows, given)
    if "sample_weight" not in given and bool((rows["n"] == 1).all()):
        # Customers that differ from all others are counted faster without weights.
        counts = None
    customers, _ = observed_customers(
        rows["score"],
        rows.get("outcome"),
        counts,
        rows.get("revenue"),
        binner.response_model,
        None,
    )
    return TableCustomers(names, column, customers, coding)


def _fetch(
    table: Table,
    column: str,
    keys: dict[str, str],
    sample_weight: str | None,
    max_rows: int,
) -> dict[str, NDArray[Any]]:
    """Return one row for all customers of the same keys; raise for too many rows."""
    groups = group_counts(
        table,
        {f"skseg_{key}": sql for key, sql in keys.items()},
        sample_weight=sample_weight,
        limit=max_rows + 1,
    )
    rows = {key.removeprefix("skseg_"): values for key, values in groups.items()}
    if len(rows["n"]) > max_rows:
        raise _too_many_error(table, column, max_rows)
    if not len(rows["n"]):
        raise InvalidDataError(
            f"{OWNER} needs customers. The table has no rows.",
            owner=OWNER,
            name="X",
            rule="at least one row",
        )
    return {key: values.astype(np.float64, copy=False) for key, values in rows.items()}


def _check_known(rows: dict[str, NDArray[Any]], given: dict[str, str]) -> None:
    """Raise if outcomes or revenues are missing or infinite."""
    for key, parameter in (("outcome", "y"), ("revenue", "revenue")):
        if key not in rows:
            continue
        is_known = np.isfinite(rows[key])
        if is_known.all():
            continue
        if key == "outcome":
            n_rows = int(rows["n"][~is_known].sum())
            raise missing_outcome_error(OWNER, given["y"], n_rows)
        raise InvalidDataError(
            f"The revenue of the rows of {OWNER} must be finite. The column "
            f"{given[parameter]!r} is missing or infinite in some rows.",
            owner=OWNER,
            name="revenue",
            rule="finite",
            column=given[parameter],
            advice="For customers who did not convert, give what a conversion would "
            "bring, such as the value of the basket.",
        )


def _too_many_error(table: Table, column: str, max_rows: int) -> InvalidDataError:
    """Return the error for more distinct scores than can be fetched."""
    score = known_number_sql(table, column)
    counts = ", ".join(
        f"COUNT(DISTINCT ROUND(score, {decimals})) AS n_{decimals}"
        for decimals in _DECIMALS
    )
    n = table.fetch(
        f"SELECT {counts} FROM (SELECT {score} AS score FROM {table.source}) AS scores"
    )
    remaining = " and ".join(
        f"{int(n[f'n_{decimals}'][0]):,} at {decimals}" for decimals in _DECIMALS
    )
    return InvalidDataError(
        f"{OWNER} fetches the distinct scores of a table, with their outcomes, and "
        f"these are more than {max_rows:,}.",
        owner=OWNER,
        name="X",
        rule=f"at most {max_rows:,} distinct pairs of score and outcome",
        column=column,
        advice=f"Round the scores: {remaining} decimals remain.",
    )
