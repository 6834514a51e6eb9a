"""The policy of a finder: who goes to which group, and what that brings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._fitted_state import reads_state
from skseg._core._outcome import OutcomeCoding
from skseg._core._validation import read_columns
from skseg._typing import BoolArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, RuleSet

from ._compared_rows import ComparedRows
from ._study import StudyDesign, read_study
from ._with_group import split_outcome


class PolicyMixin:
    """Mixin for finders: send every row to the group that serves it best."""

    rules_: RuleSet
    groups_: tuple[Any, Any] | None
    _design: StudyDesign
    _outcome_coding: OutcomeCoding
    _is_sure: BoolArray
    _favours_a: BoolArray
    _overall_a: bool

    @reads_state
    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return which group serves every row best.

        Rows in a finding whose adjusted p-value is at most alpha go to the group that
        does better there, by the first such finding; all others to the group that does
        better overall.

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

        Candidates with the same outcome, groups and rows may be compared by it.

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
        columns = read_columns(self, X, reset=False)
        values, labels = split_outcome(y, group)
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
        return policy_value(study.rows, self._sent_to_a(columns))

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
        to_a = np.full(columns.n_rows, self._overall_a)
        members = self.rules_.membership(columns)
        # The first finding has the last word.
        for i in np.flatnonzero(self._is_sure)[::-1]:
            to_a[members[:, i]] = self._favours_a[i]
        return to_a


def policy_value(rows: ComparedRows, to_a: BoolArray) -> float:
    """Return the mean outcome if rows were sent to A or to B as `to_a` says.

    Rows in the group that they would be sent to stand for the others: each is weighted
    by the inverse of the probability of its group. With doubly robust scores, the gain
    of A over B is added to the mean outcome of B.
    """
    if rows.in_a is None:
        inside = rows.weight * to_a
        if not inside.any():
            return 0.0
        mean = np.average(rows.y, weights=rows.weight)
        return float(np.average(rows.y, weights=inside) - mean)
    if rows.score is not None and rows.score_of_b is not None:
        value = rows.score_of_b + np.where(to_a, rows.score, 0.0)
        return float(np.average(value, weights=rows.weight))
    share_a = np.average(rows.in_a, weights=rows.weight)
    probability = np.where(rows.in_a, share_a, 1 - share_a)
    follows = rows.weight * (rows.in_a == to_a) / probability
    if not follows.any():
        raise InvalidDataError(
            "No row is in the group that predict sends it to, so nothing is known of "
            "what that would bring.",
            name="group",
            advice="Score rows of both groups.",
        )
    return float(np.average(rows.y, weights=follows))
