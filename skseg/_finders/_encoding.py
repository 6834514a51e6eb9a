"""Findings as the columns of `transform`, for the training rows cross-fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.utils.validation import _num_samples

from skseg._core._cross_fitting import fold_models
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._fitted_state import reads_state
from skseg._core._folds import check_folds
from skseg._core._outcome import OutcomeCoding
from skseg._core._validation import read_columns
from skseg._core._vector import read_vector
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Columns, RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._rows._copies import ids_of_copies, ids_of_repeats
from ._rows._customer_ids import read_customers
from ._rows._group_folds import strata
from ._rows._with_group import split_outcome

# Findings of two fits are the same one if they share more of the rows in either than
# they do not.
_MIN_JACCARD = 0.5


class FindingsEncoderMixin(SegmentEncoderMixin):
    """Mixin for finders: which findings every row is in, or the first of them."""

    _encodings = ("membership", "onehot", "ordinal")

    rules_: RuleSet
    groups_: tuple[Any, Any] | None
    cv: Any
    _outcome_coding: OutcomeCoding

    @reads_state
    def apply(self, X: Any) -> IntArray:
        """Return the best finding of every row.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Codes in ``segments_``; -1 for rows in none.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        return self.rules_.assign(read_columns(self, X, reset=False))

    def _codes(self, X: Any) -> IntArray:
        return self.apply(X)

    def _features(self, X: Any) -> FloatArray:
        members = self.rules_.membership(read_columns(self, X, reset=False))
        return _columns_of_findings(members)

    def _feature_names(self) -> Sequence[str]:
        # What follows in a pipeline needs a column, also where nothing was found.
        return self.rules_.names or (OUTSIDE,)

    def _training_codes(self, X: Any, y: Any, fit_params: dict[str, Any]) -> IntArray:
        members = self._cross_fitted_members(X, y, fit_params)
        is_first = members & (np.cumsum(members, axis=1) == 1)
        codes: IntArray = is_first @ np.arange(1, members.shape[1] + 1) - 1
        return codes

    def _training_features(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> FloatArray:
        return _columns_of_findings(self._cross_fitted_members(X, y, fit_params))

    def _cross_fitted_members(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> BoolArray:
        """Return which findings every training row is in, by a finder without its fold.

        A finding of such a finder is the one of `self` that it shares most rows with.
        """
        n_rows, n_findings = _num_samples(X), len(self.rules_)
        check_folds(type(self).__name__, self.cv, n_rows)
        members = np.zeros((n_rows, n_findings), dtype=bool)
        if not n_findings:
            return members
        names = ("group", "cluster")
        outcome, group, cluster = split_outcome(y, *map(fit_params.get, names))
        cells = strata(outcome, np.zeros(n_rows) if group is None else group)
        columns = read_columns(self, X, reset=False)
        final = self.rules_.membership(columns)
        weight = fit_params.get("sample_weight")
        customers = self._customers(columns, outcome, group, cluster, weight)
        for finder, test in fold_models(
            self, X, y, cells.astype(np.float64), fit_params, self.cv, customers
        ):
            of_fold = finder.rules_.membership(read_columns(finder, X, reset=False))
            for j, i in matched_findings(of_fold, final):
                members[test, i] = of_fold[test, j]
        return members

    def _customers(
        self, columns: Columns, outcome: Any, group: Any, cluster: Any, weight: Any
    ) -> IntArray | None:
        """Return which rows must be in the same fold, None if any may be in others.

        Those of a customer, and copies: one in another fold has told the outcome. What
        looks like rows of a customer counts as such, as in `fit`.
        """
        owner = type(self).__name__
        if cluster is not None:
            return read_customers(owner, cluster, columns.n_rows)
        if weight is not None:
            return None
        y = self._outcome_coding.numbers(owner, outcome, columns.n_rows)
        if group is None or self.groups_ is None:
            return ids_of_copies(columns, y, None)
        labels = read_vector(owner, "group", group).labels()
        is_first = [label == self.groups_[0] for label in labels]
        in_a = np.array(is_first, dtype=bool)
        copies = ids_of_copies(columns, y, in_a)
        return ids_of_repeats(columns, in_a) if copies is None else copies


def encoding_of_findings(encode: str, rules: RuleSet) -> SegmentEncoding:
    """Return the encoding of first findings, with a column for rows in none.

    A finding that others before it cover is the first one of no row.
    """
    names = [*rules.names, OUTSIDE]
    encoding = SegmentEncoding.of_names(encode, names, len(rules))
    if not encoding.is_of_codes or not len(rules):
        return encoding
    report = rules.verify(max_findings=1)
    impossible = [*(report.unreachable or ())]
    # Where there is a universe, the rows beyond it are outside.
    if report.is_exhaustive and rules.universe is None:
        impossible.append(OUTSIDE)
    is_possible = ~np.isin(encoding.names, impossible)
    return SegmentEncoding(
        encode, encoding.names[is_possible], encoding.codes[is_possible]
    )


def matched_findings(
    of_fold: BoolArray, final: BoolArray, weight: FloatArray | None = None
) -> list[tuple[int, int]]:
    """Return pairs of a finding of a fold and the one of the final fit that it is.

    Both hold the rows of their findings, of shapes (n_rows, n_findings). The pairs have
    the largest sum of Jaccard indices of all that pair each finding at most once.
    """
    counts = np.ones(len(final)) if weight is None else weight
    inside = of_fold * counts[:, np.newaxis]
    shared = inside.T @ final
    union = inside.sum(axis=0)[:, np.newaxis] + counts @ final - shared
    jaccard = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    pairs = zip(*linear_sum_assignment(jaccard, maximize=True), strict=True)
    return [(int(j), int(i)) for j, i in pairs if jaccard[j, i] > _MIN_JACCARD]


def _columns_of_findings(members: BoolArray) -> FloatArray:
    """Return membership as numbers; where nothing was found, all rows are outside."""
    n_rows, n_findings = members.shape
    return members.astype(np.float64) if n_findings else np.ones((n_rows, 1))
