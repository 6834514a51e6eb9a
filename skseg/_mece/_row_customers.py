"""Customers in memory, one a row, as a `MECERuleSegmenter` learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from skseg._core._caller import caller_level
from skseg._core._magnitudes import check_finite_squares
from skseg._core._outcome import OutcomeCoding, read_optional_outcome
from skseg._core._validation import check_sample_weight, read_columns
from skseg._typing import IntArray
from skseg.rules import Domain, RuleSet
from skseg.rules._quantile import column_quantiles
from skseg.rules._unseen import warn_of_unseen_values

from ._rules import OWNER, require_covered
from ._training_rows import TrainingRows


class RowCustomers:
    """Customers in memory, with their weights and outcomes.

    Parameters
    ----------
    segmenter : MECERuleSegmenter
        The segmenter, which gets the names of the columns.
    X, y, sample_weight : object
        As in `MECERuleSegmenter.fit`.

    Attributes
    ----------
    of_rules : TrainingRows
        The rows with the codes of their business rules, once they are assigned.
    """

    of_rules: TrainingRows

    def __init__(self, segmenter: Any, X: Any, y: Any, sample_weight: Any) -> None:
        self._columns = read_columns(segmenter, X, reset=True)
        self.names: Sequence[str] = self._columns.names
        self._weight = check_sample_weight(sample_weight, self._columns.n_rows, OWNER)
        bounds = segmenter.min_size, segmenter.max_size
        if self._weight is not None and bounds != (None, None):
            # Merging weighs squared distances.
            check_finite_squares(OWNER, "sample_weight", self._weight)
        self._y, self._pos_label = y, segmenter.pos_label
        self.quantiles_of = column_quantiles(self._columns, self._weight)

    @property
    def has_outcome(self) -> bool:
        """Whether there is an outcome, once rules are assigned."""
        return self.of_rules.has_outcome

    def warn_of_unseen_values(self, rules: RuleSet) -> None:
        """Warn of texts in rules that no row holds."""
        unseen = rules.unseen_values(self._columns)
        warn_of_unseen_values(unseen, self._columns, caller_level())

    def counts_by_rules(self, rules: RuleSet) -> tuple[int, int, int]:
        """Return how many rows are inside, satisfy several rules, and satisfy none."""
        inside = rules.inside(self._columns)
        n_rules = rules.membership(self._columns).sum(axis=1)[inside]
        return int(inside.sum()), int((n_rules > 1).sum()), int((n_rules == 0).sum())

    def assign(self, base: RuleSet, schema: Mapping[str, Domain]) -> OutcomeCoding:
        """Set the business rules of the rows, and read their outcomes; or raise."""
        codes = base.assign(self._columns)
        require_covered(codes, base, self._columns, schema)
        outcome, coding = read_optional_outcome(
            OWNER, self._y, codes >= 0, self._pos_label
        )
        self.of_rules = TrainingRows(self._columns, codes, self._weight, outcome)
        return coding

    def to_size(
        self,
        base: RuleSet,
        cut_columns: list[str],
        min_size: float | None,
        max_size: float | None,
    ) -> tuple[TrainingRows, list[str]]:
        """Return the rows that splitting and merging need, and the columns to cut."""
        return self.of_rules, cut_columns

    def of_segments(
        self, base: RuleSet, rules: RuleSet
    ) -> tuple[IntArray, TrainingRows]:
        """Return the codes of business rules, and the rows with those of segments."""
        rows = replace(self.of_rules, codes=rules.assign(self._columns))
        return self.of_rules.codes, rows

    def outcomes_of_segments(
        self, base: RuleSet, rules: RuleSet
    ) -> tuple[IntArray, TrainingRows]:
        """Return `of_segments` with the outcome of every row, if there is one."""
        return self.of_segments(base, rules)
