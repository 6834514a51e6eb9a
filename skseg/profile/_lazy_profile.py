"""profile_segments of a table that is not in memory, by GROUP BY over its rules."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skseg._core._outcome import read_outcome
from skseg._core._seen_outcome import digest_of
from skseg._core._table_outcome import missing_outcome_error
from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError

from ._arguments import as_groups, column_names, no_rows_error, too_many_groups_error
from ._feature_tables import (
    FeatureTables,
    Part,
    feature_tables,
    group_part,
    level_tables,
    number_tables,
    protected_part,
)
from ._intervals import MeanInterval, intervals_of_moments, mean_intervals
from ._lazy_copies import LazyCopies
from ._lazy_levels import top_levels
from ._lazy_numbers import LazyNumbers
from ._lazy_rows import MAX_GROUPS, Groups, LazyRows
from ._parts import ProfileParts
from ._profile import SegmentProfile
from ._roles import roles_by
from ._segment_table import Curve, value_curve, value_sums
from ._segmentation import OWNER, rules_of, segmentation_by_rules


def lazy_profile(
    table: Table,
    source: Any,
    *,
    features: Sequence[str] | None,
    value: Any,
    outcome: Any,
    rows: str,
    segment_names: Any,
    protected: Sequence[str],
    min_count: int,
    sample_weight: Any,
    max_groups: int = MAX_GROUPS,
) -> SegmentProfile:
    """Return the profile of a table; see `profile_segments`.

    The values of a column are fetched by segment and counted, and the code for weighted
    rows in memory does the rest. Where there are more than `max_groups` of them, the
    engine sorts and adds up.
    """
    rules = rules_of(source, segment_names)
    grouped = column_names("protected", protected)
    named = {"value": value, "outcome": outcome, "sample_weight": sample_weight}
    for parameter, name in named.items():
        _check_column(table, parameter, name)
    for parameter, names in (("protected", grouped), ("features", features or ())):
        for name in column_names(parameter, names):
            _check_column(table, parameter, name)
    table.require(OWNER, rules.columns)
    listed = [name for name in table.types if name not in grouped]
    if features is not None:
        listed = column_names("features", features)
    customers = LazyRows(table, rules, sample_weight, max_groups)
    if not customers.sizes:
        raise no_rows_error()
    codes = np.array(list(customers.sizes), dtype=np.int64)
    segmentation = segmentation_by_rules(source, rules, codes, list(table.types))
    n = [float(customers.sizes.get(code, 0)) for code in segmentation.codes]
    columns = _Columns(customers, segmentation.codes, np.array(n), min_count)
    tables = {name: columns.tables(name) for name in listed}
    return ProfileParts(
        segmentation,
        np.array(n),
        None if value is None else columns.value_sums(value),
        None if value is None else columns.value_curve(value),
        None if outcome is None else columns.outcome(outcome),
        tables,
        roles_by(
            listed,
            segmentation.seen,
            outcome,
            are_copies=LazyCopies(customers, listed).are_copies,
            is_outcome=columns.is_outcome,
        ),
        [columns.protected(name) for name in grouped],
        value,
        outcome,
    ).profile(rows, min_count)


def _check_column(table: Table, parameter: str, name: Any) -> None:
    if name is None:
        return
    if not isinstance(name, str):
        rule = "the name of a column, as X is a table that is not in memory"
        raise InvalidParameterError(OWNER, parameter, rule, name)
    if name not in table.types:
        advice = f"The parameter {parameter!r} names it."
        raise MissingColumnError(OWNER, [name], list(table.types), advice=advice)


@dataclass
class _Columns:
    """The columns of a table by segment, each of which is read once."""

    rows: LazyRows
    codes: list[int]
    n: FloatArray
    min_count: int
    _groups: dict[str, Groups | None] = field(default_factory=dict)

    def groups(self, name: str) -> Groups | None:
        """Return the values of a column by segment, None if they are too many."""
        if name not in self._groups:
            self._groups[name] = self.rows.groups(name, self.codes)
        return self._groups[name]

    def numbers(self, name: str) -> LazyNumbers:
        """Return a column of which the engine makes the statistics."""
        return LazyNumbers(self.rows, self.codes, name)

    def tables(self, name: str) -> FeatureTables:
        """Return what a profile says about a feature."""
        groups, codes = self.groups(name), np.array(self.codes, dtype=np.int64)
        if groups is not None:
            return feature_tables(groups.feature, groups.rows, codes, self.min_count)
        if self.rows.kind(name) == "number":
            numbers = self.numbers(name)
            summary, infinite = numbers.summary(self.n), numbers.infinite()
            return number_tables(name, summary, infinite, codes, self.min_count)
        levels, counts, n_more = top_levels(self.rows, self.codes, name)
        return level_tables(name, counts, levels, codes, self.min_count, n_more)

    def protected(self, name: str) -> Part:
        """Return how each group of a protected column is represented."""
        groups, codes = self.groups(name), np.array(self.codes, dtype=np.int64)
        if groups is not None:
            feature = as_groups(groups.feature)
            return protected_part(feature, groups.rows, codes, self.min_count)
        if self.rows.kind(name) == "number":
            raise too_many_groups_error(name, self.rows.max_groups)
        levels, counts, n_more = top_levels(self.rows, self.codes, name)
        return group_part(name, counts, levels, codes, self.min_count, n_more)

    def is_outcome(self, name: str, digests: Set[str]) -> bool | None:
        """Tell whether a column has one of some digests.

        None if it has too many values to fetch, and as many rows as such an outcome.
        """
        groups = self.groups(name)
        if groups is not None:
            return digest_of(groups.feature.numbers, groups.n) in digests
        n_rows = f"{self.rows.n_rows}:"
        return None if any(d.startswith(n_rows) for d in digests) else False

    def value_sums(self, name: str) -> FloatArray:
        """Return the sum of the values of each segment, or raise."""
        if self.rows.kind(name) != "number":
            raise _value_error(name, "numbers", self.rows.table.types[name])
        groups = self.groups(name)
        if groups is None:
            numbers = self.numbers(name)
            n_unknown = float((self.n - numbers.n).sum())
            _check_known(name, n_unknown)
            return numbers.sums()
        _check_known(name, _n_unknown(groups))
        return value_sums(groups.feature.numbers, groups.rows)

    def value_curve(self, name: str) -> Curve:
        """Return the curve of the values."""
        groups = self.groups(name)
        if groups is None:
            return self.numbers(name).curve()
        return value_curve(groups.feature.numbers, groups.rows)

    def outcome(self, name: str) -> MeanInterval:
        """Return the mean of an outcome in each segment with its limits, or raise."""
        groups = self.groups(name)
        if groups is None and self.rows.kind(name) == "number":
            numbers = self.numbers(name)
            if (numbers.n < self.n).any():
                n_unknown = int((self.n - numbers.n).sum())
                raise missing_outcome_error(OWNER, name, n_unknown)
            # Only a column of more than two values has too many of them.
            return intervals_of_moments(numbers.moments(), is_rate=False)
        if groups is None:
            levels = top_levels(self.rows, self.codes, name).levels
            read_outcome(OWNER, np.array(levels, dtype=object), len(levels))
            raise AssertionError("labels of more than two classes are no outcome")
        if n_unknown := int(_n_unknown(groups)):
            raise missing_outcome_error(OWNER, name, n_unknown)
        values = groups.feature.numbers
        if self.rows.kind(name) == "text":
            labels = np.array(groups.feature.levels, dtype=object)
            numbers_of_levels, _ = read_outcome(OWNER, labels, len(labels))
            values = numbers_of_levels[groups.feature.places]
        return mean_intervals(values, groups.rows)


def _n_unknown(groups: Groups) -> float:
    """Return how many customers have a missing or an infinite value."""
    return float(groups.n[np.isnan(groups.feature.numbers)].sum())


def _check_known(name: str, n_unknown: float) -> None:
    if n_unknown:
        raise _value_error(name, "known and finite", f"{n_unknown:,.0f} others")


def _value_error(name: str, rule: str, content: Any) -> InvalidDataError:
    return InvalidDataError(
        f"The 'value' of {OWNER} must be {rule}. Column {name!r} has {content}.",
        owner=OWNER,
        name="value",
        rule=rule,
        value=content,
        column=name,
        advice="Say in a view of the table what such customers are worth, or leave "
        "them out there.",
    )
