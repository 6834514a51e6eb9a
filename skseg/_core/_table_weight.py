"""Weights in a column of a table that is not in memory."""

from __future__ import annotations

from skseg.engines import Table
from skseg.exceptions import InvalidDataError

from ._table_outcome import known_number_sql

# Sums of whole numbers up to this one are exact in float64, whatever their order.
_MAX_TOTAL = 2.0**53


def weight_sql(owner: str, table: Table, name: str) -> str:
    """Return SQL of the weights in a column as doubles, or raise.

    An engine adds up in any order, so weights have to be whole numbers.
    """
    weight = known_number_sql(table, name)
    conditions = {
        "unknown": f"weight IS NULL OR weight < 0 OR weight > {_MAX_TOTAL!r}",
        "broken": "weight <> FLOOR(weight)",
    }
    counts = ", ".join(
        f"COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS n_{key}"
        for key, condition in conditions.items()
    )
    account = table.fetch(
        f"SELECT {counts}, COALESCE(SUM(weight), 0e0) AS total "
        f"FROM (SELECT {weight} AS weight FROM {table.source}) AS weights"
    )
    n_unknown, n_broken = int(account["n_unknown"][0]), int(account["n_broken"][0])
    total = float(account["total"][0])
    if n_unknown:
        raise _error(
            owner, name, "finite and not negative", f"{n_unknown:,} rows break this"
        )
    if n_broken:
        raise _error(
            owner,
            name,
            "whole numbers where rows are added up by an engine, in any order",
            f"{n_broken:,} rows have fractions",
            "Count in a smaller unit, such as ROUND(100 * weight), or pass the rows "
            "in memory.",
        )
    if not total > 0:
        raise _error(owner, name, "above 0 for some row", "The sum is 0")
    if total > _MAX_TOTAL:
        raise _error(
            owner, name, "of a sum up to 2**53", f"The sum is {total:g}", "Divide them."
        )
    return weight


def _error(
    owner: str, name: str, rule: str, fault: str, advice: str | None = None
) -> InvalidDataError:
    return InvalidDataError(
        f"sample_weight of {owner} must be {rule}. In the column {name!r}: {fault}.",
        owner=owner,
        name="sample_weight",
        rule=rule,
        column=name,
        advice=advice,
    )
