"""Columns of a table that follow from another one, told by its engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skseg._typing import FloatArray

from ._lazy_columns import text_sql
from ._lazy_rows import LazyRows
from ._roles import FEW_ROWS, FunctionCounts, is_function, is_no_chance


class LazyCopies:
    """Tells copies among the columns of a table.

    Parameters
    ----------
    rows : LazyRows
        The customers.
    names : sequence of str
        The columns.
    """

    def __init__(self, rows: LazyRows, names: Sequence[str]) -> None:
        self.rows = rows
        self.names = list(names)
        self.kinds = {
            name: "number" if rows.kind(name) == "number" else "level" for name in names
        }
        self._few: Mapping[str, FloatArray] | None = None

    def are_copies(self, name: str, source: str) -> bool:
        """Tell whether one column is a function of the other that keeps the order.

        As in memory, few rows rule most pairs out before all of them are compared.
        """
        few = self._few_rows()
        return any(
            is_function(
                few[image], few[original], self.kinds[image], self.kinds[original]
            )
            and self._is_copy(image, original)
            for image, original in ((name, source), (source, name))
        )

    def _few_rows(self) -> Mapping[str, FloatArray]:
        if self._few is None:
            columns = {
                f"skseg_{i}": text_sql(self.rows.table, name)[1]
                if self.rows.kind(name) == "text"
                else self.rows.finite_sql(name)
                for i, name in enumerate(self.names)
            }
            sql = f"SELECT * FROM {self.rows.select(columns)} AS few LIMIT {FEW_ROWS}"
            fetched = self.rows.table.fetch(sql)
            self._few = {
                name: _as_numbers(fetched[f"skseg_{i}"], self.rows.kind(name))
                for i, name in enumerate(self.names)
            }
        return self._few

    def _is_copy(self, image: str, original: str) -> bool:
        counts = self._counts(image, original)
        image_kind, original_kind = self.kinds[image], self.kinds[original]
        return counts.is_function(image_kind, original_kind) and is_no_chance(
            counts, image_kind, original_kind
        )

    def _counts(self, image: str, original: str) -> FunctionCounts:
        pairs = self.rows.select(
            {
                "image": self.rows.finite_sql(image),
                "original": self.rows.finite_sql(original),
            }
        )
        known = "WHERE image IS NOT NULL AND original IS NOT NULL"
        by_original = (
            "SELECT original, MIN(image) AS low, MAX(image) AS high, COUNT(*) AS n "
            f"FROM {pairs} AS pairs {known} GROUP BY original"
        )
        neighbours = (
            "SELECT low, high, n, LAG(low) OVER (ORDER BY original) AS previous "
            f"FROM ({by_original}) AS originals"
        )
        columns = {
            "n_broken": _count("low <> high"),
            "n_originals": "COUNT(*)",
            "n_known": self.rows.whole("SUM(n)"),
            "n_up": _count("low > previous"),
            "n_down": _count("low < previous"),
            "n_changes": _count("low <> previous"),
        }
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        answer = self.rows.table.fetch(
            f"SELECT {listed} FROM ({neighbours}) AS neighbours"
        )
        images = self.rows.table.fetch(
            f"SELECT COUNT(*) AS n_images, MAX(n) AS n_most FROM (SELECT image, "
            f"COUNT(*) AS n FROM {pairs} AS pairs {known} GROUP BY image) AS images"
        )
        figures = {name: _whole(answer[name]) for name in columns}
        figures |= {name: _whole(images[name]) for name in ("n_images", "n_most")}
        return FunctionCounts(**figures)


def _count(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def _whole(values: Any) -> int:
    """Return the only value, 0 for the NULL of no rows."""
    value = values.tolist()[0]
    return 0 if value is None or value != value else int(value)


def _as_numbers(values: Any, kind: str) -> FloatArray:
    if kind != "text":
        return np.asarray(values, dtype=np.float64)
    texts = values.tolist()
    place = {text: i for i, text in enumerate(sorted({*texts} - {None}))}
    return np.array([place.get(text, np.nan) for text in texts])
