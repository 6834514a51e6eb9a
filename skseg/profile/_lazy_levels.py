"""Counts of the levels of a column that has too many of them to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skseg._core._aggregates import group_counts
from skseg._typing import FloatArray
from skseg.rules import RuleSet, col

from ._feature_tables import MOST_LEVELS
from ._lazy_columns import text_sql
from ._lazy_rows import LazyRows


class TopLevels(NamedTuple):
    """The most frequent levels, sorted, with `level_counts` of them.

    `n_more` further levels are counted together in the last column but one.
    """

    levels: tuple[str, ...]
    counts: FloatArray
    n_more: int


def top_levels(rows: LazyRows, codes: Sequence[int], name: str) -> TopLevels:
    """Return the counts of the levels that a profile may show one by one."""
    key, text = text_sql(rows.table, name)
    customers = rows.select({"k": key, "t": text, "w": rows.weight_sql})
    by_level = (
        f"SELECT k, MIN(t) AS t, SUM(w) AS n FROM {customers} AS customers WHERE k IS "
        "NOT NULL GROUP BY k"
    )
    table = rows.table
    top = table.fetch(
        f"SELECT t FROM ({by_level}) AS levels ORDER BY n DESC, k LIMIT {MOST_LEVELS}"
    )
    n_levels = table.fetch(f"SELECT COUNT(*) AS n FROM ({by_level}) AS levels")["n"][0]
    levels = tuple(sorted(top["t"].tolist()))
    rules = RuleSet({f"{i}": col(name) == level for i, level in enumerate(levels)})
    place = rules.to_sql(table.dialect, output="code", types=table.types)
    answer = group_counts(
        table,
        {
            "skseg_code": rows.code_sql,
            "skseg_level": rows.whole(
                f"CASE WHEN {key} IS NULL THEN -2 ELSE {place} END"
            ),
        },
        where=rows.count.where,
        sample_weight=rows.sample_weight,
    )
    counts = np.zeros((len(codes), len(levels) + 2))
    # All others are the last column but one, missing levels the last one.
    columns = np.where(
        answer["skseg_level"] < 0,
        len(levels) - 1 - answer["skseg_level"],
        answer["skseg_level"],
    )
    for code, column, n in zip(answer["skseg_code"], columns, answer["n"], strict=True):
        counts[list(codes).index(int(code)), int(column)] += n
    return TopLevels(levels, counts, int(n_levels) - len(levels))
