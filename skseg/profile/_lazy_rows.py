"""Customers of a table that is not in memory, grouped by segment and value."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from skseg._core._aggregates import group_counts, literal_sql, number_sql
from skseg._core._aggregates._numbers import integer_sql
from skseg._core._aggregates._weights import check_weights, count_sql
from skseg._typing import FloatArray, IntArray
from skseg.engines import Table
from skseg.rules import RuleSet

from ._features import FLAGS, Feature, number_feature, text_feature
from ._lazy_columns import column_kind, double_sql, flag_sql, text_sql
from ._segment_rows import SegmentRows
from ._segmentation import OWNER

# Most groups of a column that are fetched, of about 50 bytes each.
MAX_GROUPS = 2_000_000


class Groups(NamedTuple):
    """A feature whose rows are the distinct values of each segment.

    `n` has the number of customers of each of them, whatever their weights are.
    """

    feature: Feature
    rows: SegmentRows
    n: IntArray


class LazyRows:
    """The customers of a table, by the codes of their segments.

    Parameters
    ----------
    table : Table
        The table.
    rules : RuleSet
        The rules of the segments.
    sample_weight : str or None
        Column of whole-number weights; customers of weight 0 do not count.
    max_groups : int, default=MAX_GROUPS
        Most groups of a column that are fetched.
    """

    def __init__(
        self,
        table: Table,
        rules: RuleSet,
        sample_weight: str | None,
        max_groups: int = MAX_GROUPS,
    ) -> None:
        check_weights(table, OWNER, sample_weight)
        self.table = table
        self.sample_weight = sample_weight
        self.max_groups = max_groups
        case = rules.to_sql(table.dialect, output="code", types=table.types)
        self.code_sql = integer_sql(table, case)
        self.count = count_sql(table, sample_weight)
        self.weight_sql = "1"
        if sample_weight is not None:
            self.weight_sql = integer_sql(table, number_sql(table, sample_weight).value)
        self.kinds: dict[str, str] = {}

    @cached_property
    def sizes(self) -> dict[int, int]:
        """Code of each segment that is not empty -> weight of its customers."""
        codes, n = self._counts["skseg_code"].tolist(), self._counts["n"].tolist()
        return dict(zip(codes, n, strict=True))

    @cached_property
    def n_rows(self) -> int:
        """Number of customers, whatever their weights are."""
        return int(self._counts["skseg_rows"].sum())

    @cached_property
    def _counts(self) -> dict[str, Any]:
        return group_counts(
            self.table,
            {"skseg_code": self.code_sql},
            aggregates={"skseg_rows": integer_sql(self.table, "COUNT(*)")},
            where=self.count.where,
            sample_weight=self.sample_weight,
        )

    def kind(self, name: str) -> str:
        """Return "number", "flag" or "text", or raise for a column of another type."""
        if name not in self.kinds:
            self.kinds[name] = column_kind(self.table, name)
        return self.kinds[name]

    def value_sql(self, name: str) -> str:
        """Return a column whose values are told apart; NULL where it is missing."""
        kind = self.kind(name)
        if kind == "number":
            value, present = number_sql(self.table, name)
            return f"CASE WHEN {present} THEN {value} END"
        if kind == "flag":
            return flag_sql(self.table, name)
        return text_sql(self.table, name)[0]

    def finite_sql(self, name: str) -> str:
        """Return a column as `value_sql` does, NULL where it is infinite as well."""
        value = self.value_sql(name)
        if self.kind(name) != "number":
            return value
        largest = literal_sql(self.table, sys.float_info.max)
        return f"CASE WHEN {value} BETWEEN -({largest}) AND {largest} THEN {value} END"

    def whole(self, sql: str) -> str:
        """Return SQL of a number as a whole number."""
        return integer_sql(self.table, sql)

    def double(self, sql: str) -> str:
        """Return SQL of a number as a double."""
        return double_sql(self.table, sql)

    def select(self, columns: Mapping[str, str]) -> str:
        """Return a subquery of the customers that count, with some expressions."""
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        sql = f"SELECT {listed} FROM {self.table.source}"
        if self.count.where is not None:
            sql += f" WHERE {self.count.where}"
        return f"({sql})"

    def groups(self, name: str, codes: list[int]) -> Groups | None:
        """Return a column by segment, in the order of `codes`.

        None if there are more groups than may be fetched.
        """
        kind = self.kind(name)
        aggregates = {"skseg_rows": integer_sql(self.table, "COUNT(*)")}
        if kind == "text":
            aggregates["skseg_text"] = f"MIN({text_sql(self.table, name)[1]})"
        counts = group_counts(
            self.table,
            {"skseg_code": self.code_sql, "skseg_value": self.value_sql(name)},
            aggregates=aggregates,
            where=self.count.where,
            sample_weight=self.sample_weight,
            limit=None if kind == "flag" else self.max_groups + 1,
        )
        if kind != "flag" and len(counts["n"]) > self.max_groups:
            return None
        place = {code: i for i, code in enumerate(codes)}
        places = [place[code] for code in counts["skseg_code"].tolist()]
        rows = SegmentRows(
            np.array(places, dtype=np.intp), len(codes), counts["n"].astype(np.float64)
        )
        feature = _feature(name, kind, counts)
        return Groups(feature, rows, counts["skseg_rows"].astype(np.int64))


def _feature(name: str, kind: str, counts: dict[str, Any]) -> Feature:
    if kind == "text":
        return text_feature(name, counts["skseg_text"].astype(object))
    values: FloatArray = counts["skseg_value"].astype(np.float64)
    if kind == "number":
        # Adding 0.0 takes the sign off zero.
        return number_feature(name, values + 0.0)
    places = np.where(np.isnan(values), -1, values).astype(np.intp)
    return Feature(name, None, places, FLAGS)
