"""The policy of a finder: who goes to which group, and what that brings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._fitted_state import reads_state
from skseg._core._fitted_tables import FittedTable
from skseg._core._outcome import OutcomeCoding
from skseg._core._validation import read_columns
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._economics import Economics
from skseg._finders._rows._study import StudyDesign, read_study
from skseg._finders._rows._with_group import split_outcome
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, RuleSet

from ._decided_policy import Policy, PolicyRule
from ._table import policy_table
from ._value import policy_value
from ._valued_rows import SearchedRows, valued_rows


class PolicyMixin:
    """Mixin for finders: send every row to the group that serves it best."""

    rules_: RuleSet
    groups_: tuple[Any, Any] | None
    _design: StudyDesign
    _outcome_coding: OutcomeCoding
    _policy: Policy
    # 1 for findings in which A gains more than on average, -1 for the others.
    _signs: FloatArray

    policy_table_ = FittedTable()

    @reads_state
    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return which group serves every row best.

        Rows in a finding that is sure go to the group that does better there, by the
        first such finding: its adjusted p-value is at most `alpha`, and both groups
        have `min_group` rows and `min_events` events. All others, the rest, go to the
        group that does better among them, in rows that the search has not seen. Where
        that cannot be told, since the p-value of their effect is above `rest_alpha`,
        they go to the group that costs less, else to the reference, if it was named or
        has a usual label such as "control", else to the one that looks better. With a
        `value` of outcomes, better means more profit. All of these are thresholds of
        `DecisionThresholds`; ``policy_table_`` has what the policy brings.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels of groups. Without groups, 1 for rows in a finding that does better
            than the rest, else 0.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        to_a = self._sent_to_a(read_columns(self, X, reset=False))
        if self.groups_ is None:
            return to_a.astype(np.intp)
        # Labels keep their type: 1 and "not 1" do not become texts.
        kinds = set(map(type, self.groups_))
        labels = np.array(self.groups_, dtype=object if len(kinds) > 1 else None)
        return labels[np.where(to_a, 0, 1)]

    @reads_state
    def score(
        self,
        X: Any,
        y: Any,
        group: Any = None,
        sample_weight: Any = None,
        cluster: Any = None,
    ) -> float:
        """Return the mean outcome that can be expected if `predict` is followed.

        Candidates with the same outcome, groups and rows may be compared by it. With
        ``assignment="observational"`` it is about the rows in ``overlap_.region``.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Outcome, as in `fit`; or what `with_group` gives.
        group : array-like of shape (n_rows,), default=None
            Which group every row belongs to.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        cluster : array-like of shape (n_rows,), default=None
            The customer whom every row is about, as in `fit`.

        Returns
        -------
        float
            The value of the policy, in units of the outcome. Without groups, by how
            much the outcome of rows in the findings that do better exceeds the mean.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        InvalidDataError
            If there are no rows; or if the finder was fitted with a group and none is
            given, or the other way round: the result would be about something else.
        """
        columns, rows = self._rows_to_score(X, y, group, sample_weight, cluster)
        value = policy_value(rows, self._sent_to_a(columns)).value
        if math.isnan(value):
            raise InvalidDataError(
                "No row is in the group that predict sends it to, so nothing is known "
                "of what that would bring.",
                owner=type(self).__name__,
                name="group",
                advice="Score rows of both groups.",
            )
        return value

    @reads_state
    def _verified_gain(
        self, X: Any, y: Any, group: Any, sample_weight: Any, cluster: Any
    ) -> float:
        """Return by how much effects in sure findings differ from the average effect.

        Per row, and positive where they differ as they did in ``fit``.
        """
        columns, rows = self._rows_to_score(X, y, group, sample_weight, cluster)
        members = self.rules_.membership(columns)
        signs = self._policy.of_first(members, self._signs, 0.0)
        if not signs.any():
            return 0.0
        gains = rows.search_score()
        mean = np.average(gains, weights=rows.weight)
        return float(np.average(signs * (gains - mean), weights=rows.weight))

    def _set_policy(self, rule: PolicyRule, study: SearchedRows) -> None:
        """Decide who goes to which group, and value that."""
        tested = study.rows if study.tested is None else study.tested
        self._policy = rule.decide(tested, study.members, study.findings, study.rows)
        average = 0.0 if tested.in_a is None else study.rows.mean_effect
        gain = (tested.economics or Economics()).gain
        is_above = gain(study.findings.effect) >= gain(np.float64(average))
        self._signs = np.where(is_above, 1.0, -1.0)
        self.policy_table_ = policy_table(valued_rows(study, rule), self.groups_)

    def _rows_to_score(
        self, X: Any, y: Any, group: Any, sample_weight: Any, cluster: Any
    ) -> tuple[Columns, ComparedRows]:
        """Return rows to value the policy on, compared as in ``fit``; or raise."""
        columns = read_columns(self, X, reset=False)
        values, labels, cluster = split_outcome(y, group, cluster)
        self._check_group_as_in_fit(labels)
        owner = type(self).__name__
        if not columns.n_rows:
            raise InvalidDataError(
                f"score of {owner} is a mean outcome, and there are no rows.",
                owner=owner,
                name="X",
                rule="at least one row",
                value=0,
            )
        outcome = self._outcome_coding.numbers(owner, values, columns.n_rows)
        study = read_study(
            owner,
            columns,
            outcome,
            group=labels,
            sample_weight=sample_weight,
            cluster=cluster,
            design=self._design,
        )
        return columns, study.rows

    def _check_group_as_in_fit(self, labels: Any) -> None:
        owner = type(self).__name__
        if self.groups_ is not None and labels is None:
            raise InvalidDataError(
                f"{owner} was fitted with a group, so score needs the group too.",
                owner=owner,
                name="group",
                rule="given, as in fit",
                advice="scikit-learn passes it on with metadata routing, or inside y: "
                "with_group(y, group).",
            )
        if self.groups_ is None and labels is not None:
            raise InvalidDataError(
                f"{owner} was fitted without a group, so score cannot use one.",
                owner=owner,
                name="group",
                rule="None, as in fit",
                advice="Leave it out, or fit with it.",
            )

    def _sent_to_a(self, columns: Columns) -> BoolArray:
        return self._policy.sent_to_a(self.rules_.membership(columns))
