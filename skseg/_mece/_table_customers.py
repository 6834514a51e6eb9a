"""Customers of a table that is not in memory, as `MECERuleSegmenter` learns from them.

Groups of rows that agree in all that matters stand for the rows, with their number as
weight, so that the code of rows in memory runs on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skseg._core._aggregates import (
    check_weights,
    group_counts,
    number_sql,
    require_numbers,
)
from skseg._core._aggregates._means import finite_sql, table_group_means
from skseg._core._caller import caller_level
from skseg._core._outcome import OutcomeCoding
from skseg._core._table_columns import column_names, known_number_sql, no_rows_error
from skseg._core._table_outcome import missing_outcome_error, optional_table_outcome
from skseg._core._table_quantiles import table_quantiles
from skseg._core._table_unseen import warn_of_unseen_values_in_table
from skseg._search._bounds import size_bounds
from skseg._typing import FloatArray, IntArray
from skseg.engines import Table, open_table
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, Domain, Rule, RuleSet

from ._rules import OWNER, require_covered_table
from ._training_rows import TrainingRows, infinite_score_error, no_numbers_error

# Groups of rows that sizing may need, which memory and the search of cuts bound.
MAX_GROUPS = 5_000_000


@dataclass(frozen=True)
class RowGroups(TrainingRows):
    """Groups of the rows of a table, whose engine computes the means of segments.

    `segment` is the SQL of a row's segment, `outcome_sql` and `weight_sql` those of its
    outcome and weight, if it has one.
    """

    table: Table
    segment: str
    outcome_sql: str | None
    weight_sql: str | None

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns."""
        return list(self.table.types)

    @property
    def has_outcome(self) -> bool:
        """Whether the rows have an outcome."""
        return self.outcome_sql is not None

    def outcome_means(self, n_segments: int) -> FloatArray:
        """Return the weighted mean of the outcome of every segment."""
        assert self.outcome_sql is not None
        return self._means_of(self.outcome_sql, n_segments)

    def column_means(self, name: str, n_segments: int) -> FloatArray:
        """Return the weighted means of a column of the score, or raise if infinite."""
        _require_numbers(self.table, name, "score_weights")
        value = known_number_sql(self.table, name)
        finite = finite_sql(self.table, value)
        counts = group_counts(
            self.table,
            {},
            aggregates={"largest": f"MAX({value})", "smallest": f"MIN({value})"},
            where=f"({self.segment}) >= 0 AND ({value}) IS NOT NULL "
            f"AND ({finite}) IS NULL",
        )
        if int(counts["n"][0]):
            extreme = counts["largest"][0], counts["smallest"][0]
            raise infinite_score_error(name, float(max(extreme, key=abs)), None)
        return self._means_of(value, n_segments)

    def _means_of(self, value: str, n_segments: int) -> FloatArray:
        means = table_group_means(
            self.table,
            {"value": value},
            self.segment,
            n_segments,
            weight=self.weight_sql,
            where=f"({self.segment}) >= 0",
        )
        return means["value"]


class TableCustomers:
    """Customers of a table, of which aggregates alone are fetched.

    Parameters
    ----------
    segmenter : MECERuleSegmenter
        The segmenter, which gets the names of the columns.
    X : object
        What `table` was opened from.
    table : Table
        The table.
    y, sample_weight : str or None
        Columns of the outcome and of whole-number weights. The other ones are X.

    Attributes
    ----------
    of_rules : TrainingRows
        Groups of rows by their business rules, once they are assigned.
    """

    of_rules: TrainingRows

    def __init__(
        self, segmenter: Any, X: Any, table: Table, y: Any, sample_weight: Any
    ) -> None:
        given = column_names(OWNER, table, {"y": y, "sample_weight": sample_weight})
        self.names = [name for name in table.types if name not in given.values()]
        segmenter.n_features_in_ = len(self.names)
        segmenter.feature_names_in_ = np.array(self.names, dtype=object)
        template = segmenter._template(self.names)[0]
        # Rules tell which columns of CSV files are text, whatever their values are.
        kinds = {name: kind for name, kind in template.kinds.items() if kind == "text"}
        self._table = table = open_table(X, kinds) or table
        table.require(OWNER, template.columns)
        self._check_kinds(template.kinds)
        self._weight, self._y = given.get("sample_weight"), given.get("y")
        check_weights(table, OWNER, self._weight)
        self.quantiles_of = table_quantiles(table, self._weight)
        if not int(group_counts(table, {})["n"][0]):
            raise no_rows_error(OWNER)
        self._outcome = optional_table_outcome(
            OWNER, table, self._y, segmenter.pos_label
        )

    def _check_kinds(self, kinds: Mapping[str, Any]) -> None:
        numbers = [name for name, kind in kinds.items() if kind == "number"]
        require_numbers(self._table, OWNER, numbers)

    @property
    def has_outcome(self) -> bool:
        """Whether there is an outcome."""
        return self._outcome is not None

    def _sql(self, rule: Rule) -> str:
        return rule.to_sql(self._table.dialect, types=self._table.types)

    def warn_of_unseen_values(self, rules: RuleSet) -> None:
        """Warn of texts in rules that no row holds."""
        warn_of_unseen_values_in_table(rules, self._table, caller_level())

    def counts_by_rules(self, rules: RuleSet) -> tuple[int, int, int]:
        """Return how many rows are inside, satisfy several rules, and satisfy none."""
        flags = [
            f"CASE WHEN {self._sql(rule)} THEN 1 ELSE 0 END"
            for rule in rules.rules.values()
        ]
        where = None if rules.universe is None else self._sql(rules.universe)
        counts = group_counts(
            self._table, {"skseg_rules": " + ".join(flags)}, where=where
        )
        n_rules, n = counts["skseg_rules"].astype(np.int64), counts["n"]
        return int(n.sum()), int(n[n_rules > 1].sum()), int(n[n_rules == 0].sum())

    def assign(self, base: RuleSet, schema: Mapping[str, Domain]) -> OutcomeCoding:
        """Count the rows of every business rule, and check their outcomes; or raise."""
        require_covered_table(self._table, base, schema)
        code = self._code_sql(base)
        counts = self._groups({"skseg_rule": code})
        self.of_rules = self._rows(counts["skseg_rule"], counts["n"])
        if self._outcome is None:
            return OutcomeCoding()
        known = finite_sql(self._table, self._outcome.sql)
        wanting = group_counts(
            self._table, {}, where=f"({code}) >= 0 AND ({known}) IS NULL"
        )
        if n_missing := int(wanting["n"][0]):
            raise missing_outcome_error(OWNER, str(self._y), n_missing)
        return self._outcome.coding

    def _code_sql(self, rules: RuleSet) -> str:
        return rules.to_sql(self._table.dialect, output="code", types=self._table.types)

    def _groups(
        self, keys: Mapping[str, str], where: str | None = None
    ) -> dict[str, Any]:
        """Return the groups of rows, or raise if there are too many."""
        groups = group_counts(
            self._table,
            keys,
            where=where,
            sample_weight=self._weight,
            limit=MAX_GROUPS + 1,
        )
        if len(groups["n"]) > MAX_GROUPS:
            raise InvalidDataError(
                f"To bring segments to min_size and max_size, {OWNER} needs the "
                "different rows of the columns to split on and of the outcome, which "
                f"are more than {MAX_GROUPS:,}.",
                owner=OWNER,
                name="X",
                rule=f"at most {MAX_GROUPS:,} different rows to split and merge",
                advice="Round these columns in a view of the table, name fewer columns "
                "in split_on, or fit a sample in memory and write the segments of all "
                "rows with label.",
            )
        return groups

    def _rows(
        self,
        codes: Any,
        n: Any,
        columns: Mapping[str, FloatArray] | None = None,
        outcome: FloatArray | None = None,
    ) -> TrainingRows:
        """Return groups as rows whose weights are their numbers."""
        return TrainingRows(
            Columns(dict(columns or {}), OWNER),
            np.asarray(codes, dtype=np.int64),
            np.asarray(n, dtype=np.float64),
            outcome,
        )

    def to_size(
        self,
        base: RuleSet,
        cut_columns: list[str],
        min_size: float | None,
        max_size: float | None,
    ) -> tuple[TrainingRows, list[str]]:
        """Return the rows that splitting and merging need, and the columns to cut."""
        for name in cut_columns:
            _require_numbers(self._table, name, "split_on")
        if self._are_legal(base, min_size, max_size):
            return self.of_rules, []
        if max_size is None and self.has_outcome:
            # Merging alone, which looks at outcomes alone.
            cut_columns = []
        keys = {"skseg_rule": self._code_sql(base)}
        keys |= {
            f"skseg_x{i}": known_number_sql(self._table, name)
            for i, name in enumerate(cut_columns)
        }
        if self._outcome is not None:
            keys["skseg_y"] = self._outcome.sql
        groups = self._groups(keys, where=f"({keys['skseg_rule']}) >= 0")
        values = {
            name: _floats(groups[f"skseg_x{i}"]) for i, name in enumerate(cut_columns)
        }
        outcome = None if self._outcome is None else _floats(groups["skseg_y"])
        rows = self._rows(groups["skseg_rule"], groups["n"], values, outcome)
        return rows, cut_columns

    def _are_legal(
        self, base: RuleSet, min_size: float | None, max_size: float | None
    ) -> bool:
        """Return whether the business rules are of legal sizes as they are."""
        rows = self.of_rules
        sizes = np.bincount(
            rows.codes[rows.inside], rows.counts[rows.inside], minlength=len(base)
        )
        bounds = size_bounds(min_size or 0.0, max_size or np.inf, rows.counts)
        if base.default is not None and not sizes[-1]:
            sizes = sizes[:-1]
        return all(bounds.fits(size) for size in sizes.tolist())

    def of_segments(
        self, base: RuleSet, rules: RuleSet
    ) -> tuple[IntArray, TrainingRows]:
        """Return groups of rows: the codes of business rules, and those of segments."""
        segment = self._code_sql(rules)
        groups = self._groups(
            {"skseg_rule": self._code_sql(base), "skseg_segment": segment}
        )
        # Of rows in memory without weights all count.
        rows = self._rows(groups["skseg_segment"], groups["n"])
        weight = self._weight
        return groups["skseg_rule"].astype(np.int64), RowGroups(
            rows.columns,
            rows.codes,
            rows.weight,
            None,
            self._table,
            segment,
            None if self._outcome is None else self._outcome.sql,
            None if weight is None else number_sql(self._table, weight).value,
        )

    def outcomes_of_segments(
        self, base: RuleSet, rules: RuleSet
    ) -> tuple[IntArray, TrainingRows]:
        """Return `of_segments` by outcomes too, if there is one."""
        if self._outcome is None:
            return self.of_segments(base, rules)
        groups = self._groups(
            {
                "skseg_rule": self._code_sql(base),
                "skseg_segment": self._code_sql(rules),
                "skseg_y": self._outcome.sql,
            },
            where=f"({self._code_sql(rules)}) >= 0",
        )
        outcome = _floats(groups["skseg_y"])
        rows = self._rows(groups["skseg_segment"], groups["n"], outcome=outcome)
        return groups["skseg_rule"].astype(np.int64), rows


def _require_numbers(table: Table, name: str, parameter: str) -> None:
    """Raise unless a column that a parameter names is of a type of numbers."""
    try:
        require_numbers(table, OWNER, [name])
    except InvalidDataError as error:
        held = f"It is of the type {error.value}."
        raise no_numbers_error(name, parameter, held, error.value, None) from None


def _floats(values: Any) -> FloatArray:
    """Return numbers as float64, NULL as NaN."""
    return np.asarray(values, dtype=np.float64)
