"""Customers of a table that is not in memory, as an `RFMSegmenter` learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._aggregates import (
    check_weights,
    group_counts,
    group_medians,
    number_sql,
    quantiles_by_column,
    require_numbers,
)
from skseg._core._aggregates._means import finite_sql, table_group_means
from skseg._core._aggregates._sums import exact_group_sums, extents, quotient_sql
from skseg._core._base import segment_table
from skseg._core._caller import caller_level
from skseg._core._outcome import OutcomeCoding
from skseg._core._table_columns import column_names, no_rows_error
from skseg._core._table_outcome import missing_outcome_error, optional_table_outcome
from skseg._core._table_unseen import warn_of_unseen_values_in_table
from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.rules import Columns, RuleSet, col
from skseg.rules._language._conditions import Missing

from ._dimension_columns import DimensionColumns, warn_of_doubtful_positions
from ._dimensions import OWNER, Closed, Dimension, check_learned, cut_levels
from ._segment_table import shares_of_total

# Rows that are looked at where columns are taken by position.
_N_EXAMPLES = 5_000


class TableCustomers:
    """Customers of a table, of which aggregates alone are fetched.

    Parameters
    ----------
    segmenter : RFMSegmenter
        The segmenter, which gets the names of the columns.
    table : Table
        The table.
    y, sample_weight : str or None
        Columns of the outcome and of whole-number weights. The other ones are X.
    """

    # The segments of the rows stay where the rows are.
    labels = None

    def __init__(
        self, segmenter: Any, table: Table, y: Any, sample_weight: Any
    ) -> None:
        self._table = table
        given = column_names(OWNER, table, {"y": y, "sample_weight": sample_weight})
        self.names = [name for name in table.types if name not in given.values()]
        segmenter.n_features_in_ = len(self.names)
        segmenter.feature_names_in_ = np.array(self.names, dtype=object)
        self._weight = given.get("sample_weight")
        check_weights(table, OWNER, self._weight)
        self._y = given.get("y")
        self._outcome = optional_table_outcome(
            OWNER, table, self._y, segmenter.pos_label
        )
        self.coding = OutcomeCoding() if self._outcome is None else self._outcome.coding
        self._check_rows()

    def _check_rows(self) -> None:
        """Raise if there are no rows, or outcomes are not known."""
        aggregates = {}
        if self._outcome is not None:
            known = finite_sql(self._table, self._outcome.sql)
            aggregates["n_known"] = f"COUNT({known})"
        counts = group_counts(self._table, {}, aggregates=aggregates)
        n_rows = int(counts["n"][0])
        if not n_rows:
            raise no_rows_error(OWNER)
        if "n_known" in counts and int(counts["n_known"][0]) < n_rows:
            n_missing = n_rows - int(counts["n_known"][0])
            raise missing_outcome_error(OWNER, str(self._y), n_missing)

    def cut_points(
        self, n_scores: Mapping[str, int], closed: Closed
    ) -> dict[str, FloatArray]:
        """Return the learned cut points of columns with so many scores."""
        require_numbers(self._table, OWNER, n_scores)
        cut_points = quantiles_by_column(
            self._table,
            {column: cut_levels(n) for column, n in n_scores.items()},
            sample_weight=self._weight,
        )
        for column, cuts in cut_points.items():
            check_learned(column, cuts)
        return cut_points if closed == "right" else self._following(cut_points)

    def _following(self, cut_points: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the smallest values above cut points, as bins closed on the left."""
        table = self._table
        smallest = {}
        for place, (column, cuts) in enumerate(cut_points.items()):
            value = number_sql(table, column).value
            for i, cut in enumerate(cuts.tolist()):
                is_above = (col(column) > cut).to_sql(table.dialect, types=table.types)
                smallest[f"v_{place}_{i}"] = (
                    f"MIN(CASE WHEN {is_above} THEN {value} END)"
                )
        where = None
        if self._weight is not None:
            where = f"{number_sql(table, self._weight).value} > 0"
        values = group_counts(table, {}, aggregates=smallest, where=where)
        following = {}
        for place, (column, cuts) in enumerate(cut_points.items()):
            next_values = [values[f"v_{place}_{i}"][0] for i in range(len(cuts))]
            above = np.array(next_values, dtype=np.float64)
            following[column] = np.where(
                np.isnan(above), np.nextafter(cuts, np.inf), above
            )
        return following

    def check_positions(self, taken: DimensionColumns) -> None:
        """Warn where columns do not look like what their positions say.

        Some rows of the table are looked at.
        """
        if not taken.positions:
            return
        columns = list(taken.names.values())
        require_numbers(self._table, OWNER, columns)
        values = ", ".join(
            f"CASE WHEN {number.present} THEN {number.value} END AS v{place}"
            for place, number in enumerate(number_sql(self._table, c) for c in columns)
        )
        rows = self._table.fetch(
            f"SELECT {values} FROM {self._table.source} LIMIT {_N_EXAMPLES}"
        )
        examples = {c: rows[f"v{place}"] for place, c in enumerate(columns)}
        warn_of_doubtful_positions(taken, Columns(examples, OWNER))

    def assign(self, rules: RuleSet) -> None:
        """Warn of texts that no row holds; the rows stay where they are."""
        warn_of_unseen_values_in_table(rules, self._table, caller_level())

    def tables(
        self, rules: RuleSet, dimensions: Sequence[Dimension]
    ) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """Return the table of segments, and that of the scores of each dimension."""
        table, n_segments = self._table, len(rules)
        require_numbers(table, OWNER, [d.column for d in dimensions])
        group = rules.to_sql(table.dialect, output="code", types=table.types)
        sizes, bins = self._sizes(group, n_segments, dimensions)
        segments = segment_table(rules, np.arange(n_segments), sizes.astype(float))
        segments["n"] = sizes
        medians = group_medians(
            table,
            [d.column for d in dimensions],
            group,
            n_segments,
            sample_weight=self._weight,
        )
        for d in dimensions:
            segments[f"median_{d.name}"] = medians[d.column]
            if d.name == "monetary":
                revenue = self._revenue(d.column, group, n_segments)
                segments["revenue_share"] = shares_of_total(revenue)
        if self._outcome is not None:
            segments["outcome"] = table_group_means(
                table,
                {"y": self._outcome.sql},
                group,
                n_segments,
                weight=self._weight_sql(),
            )["y"]
        return segments, [d.table(n) for d, n in zip(dimensions, bins, strict=True)]

    def _weight_sql(self) -> str | None:
        weight = self._weight
        return None if weight is None else number_sql(self._table, weight).value

    def _sizes(
        self, group: str, n_segments: int, dimensions: Sequence[Dimension]
    ) -> tuple[Any, list[Any]]:
        """Return the numbers of customers of each segment, and of each bin."""
        keys = {"skseg_code": group}
        keys |= {f"skseg_{d.score.lower()}": self._bin_sql(d) for d in dimensions}
        counts = group_counts(self._table, keys, sample_weight=self._weight)
        # Sums of weights are float64 in memory.
        n = counts["n"] if self._weight is None else counts["n"].astype(np.float64)
        sizes = np.zeros(n_segments, n.dtype)
        np.add.at(sizes, counts["skseg_code"].astype(np.intp), n)
        bins = []
        for d in dimensions:
            places = counts[f"skseg_{d.score.lower()}"].astype(np.intp)
            # The last one is for missing values, whose bin is -1.
            totals = np.zeros(d.n_scores + 1, n.dtype)
            np.add.at(totals, places, n)
            bins.append(totals[:-1])
        return sizes, bins

    def _bin_sql(self, dimension: Dimension) -> str:
        """Return the number of the bin of a value, -1 for a missing one."""
        table, last = self._table, dimension.n_scores - 1
        rules = [
            Missing(dimension.column),
            *map(dimension.is_in_bin_or_lower, range(last)),
        ]
        branches = " ".join(
            f"WHEN {rule.to_sql(table.dialect, types=table.types)} THEN {place - 1}"
            for place, rule in enumerate(rules)
        )
        return f"CASE {branches} ELSE {last} END"

    def _revenue(self, column: str, group: str, n_segments: int) -> FloatArray:
        """Return the revenue of every segment, in units of the largest amount."""
        table, weight = self._table, self._weight_sql()
        value, present = number_sql(table, column)
        counted = present if weight is None else f"{present} AND {weight} > 0"
        finite = finite_sql(table, f"(CASE WHEN {counted} THEN {value} END)")
        largest = extents(table, {"amount": finite})["amount"].largest
        divisor = max(largest, float(np.finfo(np.float64).tiny))
        scaled = quotient_sql(table, f"COALESCE({finite}, 0)", divisor)
        term = scaled if weight is None else f"({scaled}) * {weight}"
        return exact_group_sums(table, {"amount": term}, group, n_segments)["amount"]
