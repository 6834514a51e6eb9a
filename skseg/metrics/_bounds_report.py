"""BoundsReport: which segment breaks which bound of a scorer, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skseg._html import html_frame

from ._size_bounds import BrokenBound

# Columns of the table, and their types.
_COLUMNS: dict[str, Any] = {
    "bound": object,
    "code": "Int64",
    "name": object,
    "value": int,
    "limit": float,
    "excess": int,
    "text": object,
}


@dataclass(frozen=True, slots=True, eq=False)
class BoundsReport:
    """The bounds that a segmentation breaks; see `make_segment_scorer`.

    Attributes
    ----------
    table : DataFrame
        One row per broken bound: bound ("n_segments", "max_noise", "max_size" or
        "min_size"), code (of the segment, -1 for noise; missing for "n_segments"), name
        (of the segment, if it has one), value and limit (in rows; for "n_segments" in
        segments), excess (whole rows or segments that are too many or too few) and text
        (the same in words).
    n_rows : int
        Number of the rows in which the sizes of segments are counted: the held-out and
        the training rows.
    n_held_out : int
        Number of the held-out rows, in which noise and segments are counted.

    See Also
    --------
    make_segment_scorer : Its scorers return it from ``explain``.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from skseg.metrics import make_segment_scorer
    >>> X = [[0.0]] * 97 + [[9.0]] * 3
    >>> report = make_segment_scorer().explain(KMeans(2).fit(X), X)
    >>> report.is_legal
    False
    >>> report.table[["bound", "value", "limit", "excess"]]
          bound  value  limit  excess
    0  max_size    194  120.0      74
    1  min_size      6   10.0       4
    >>> print(report.table["text"][1])
    min_size=0.05: segment 1 has 6 of 200 held-out and training rows (3.0%), 4 too few.
    """

    table: pd.DataFrame
    n_rows: int
    n_held_out: int

    @property
    def is_legal(self) -> bool:
        """Whether all bounds are met."""
        return self.table.empty

    def __str__(self) -> str:
        if self.is_legal:
            return "All bounds are met."
        return "\n".join(self.table["text"])

    def _repr_html_(self) -> str:
        shown = self.table.drop(columns="text")
        caption = "Broken bounds" if len(shown) else str(self)
        return html_frame(shown, caption, "{:,.6g}".format)


def bounds_report(
    broken: Sequence[BrokenBound],
    bounds: Mapping[str, Any],
    names: Mapping[int, str],
    n_rows: int,
    n_held_out: int,
) -> BoundsReport:
    """Return the broken bounds as a report, with the names of the segments."""
    rows = []
    for item in broken:
        total = n_held_out if item.bound == "max_noise" else n_rows
        # A limit that is a share of the rows may be fractional, and rows are whole.
        excess = math.ceil(abs(item.value - item.limit))
        name = None if item.code is None else names.get(item.code)
        row = {**item._asdict(), "name": name, "excess": excess}
        kinds = "held-out" if total == n_held_out else "held-out and training"
        size = f"{item.value:,} of {total:,} {kinds} rows ({item.value / total:.1%})"
        row["text"] = _sentence(row, bounds.get(item.bound), size)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return BoundsReport(table, n_rows, n_held_out)


def _sentence(row: Mapping[str, Any], bound: Any, size: str) -> str:
    """Return a broken bound in words."""
    name, value, excess = row["bound"], row["value"], row["excess"]
    if name == "n_segments":
        verb = "fewer than 2" if value < 2 else "as many as rows"
        return f"n_segments: {value} with held-out rows, {verb}."
    if name == "max_noise":
        return f"{name}={bound}: noise has {size}, {excess:,} too many."
    called = "" if row["name"] is None else f" ({row['name']!r})"
    direction = "few" if name == "min_size" else "many"
    return (
        f"{name}={bound}: segment {row['code']}{called} has {size}, {excess:,} too "
        f"{direction}."
    )
