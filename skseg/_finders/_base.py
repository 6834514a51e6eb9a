"""What all segment finders share: they search on some rows and test on others."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skseg._core._base import DocumentationLinkMixin
from skseg._core._coding import Coding
from skseg._core._validation import (
    check_choice,
    check_int,
    check_outcome,
    check_sample_weight,
    check_size,
    read_columns,
)
from skseg._search.effects._inference import holm
from skseg._search.effects.boxes import ScoredBox, max_t
from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import conjunction

from ._balance import group_balance, warn_of_imbalance
from ._coding import learn_coding
from ._comparison import Comparison, Evidence
from ._decision import DecisionThresholds
from ._export import FindingsExport, MembershipTransformer
from ._groups import parted, read_groups
from ._halves import halves
from ._overlap import Balance
from ._policy import doubly_robust, policy_value
from ._search import Search
from ._table import Measured, findings_table, named_findings, ranking

_LEVEL = 0.95
_MOST_CELLS = 64
ASSIGNMENTS = ["randomized", "observational"]


class SegmentFinder(
    DocumentationLinkMixin, FindingsExport, MembershipTransformer, BaseEstimator
):
    """Base of the finders; a subclass says how boxes are found."""

    # A class that says so gets the group wherever routing is on.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"group": True}
    __metadata_request__score: ClassVar[dict[str, bool]] = {"group": True}

    segments_: pd.DataFrame

    _method: ClassVar[str]

    @abstractmethod
    def _boxes(self, search: Search) -> list[ScoredBox]:
        """Return the boxes that look best, the best first."""

    def __init__(
        self,
        *,
        max_features: int = 3,
        max_findings: int = 10,
        min_size: float | None = 0.01,
        max_cells: int = 32,
        assignment: str = "randomized",
        inference: str = "honest",
        test_size: float = 0.5,
        n_replicates: int = 199,
        compare: Any = None,
        thresholds: DecisionThresholds | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.max_features = max_features
        self.max_findings = max_findings
        self.min_size = min_size
        self.max_cells = max_cells
        self.assignment = assignment
        self.inference = inference
        self.test_size = test_size
        self.n_replicates = n_replicates
        self.compare = compare
        self.thresholds = thresholds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, group: Any = None, sample_weight: Any = None) -> Self:
        """Find segments, and test them.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns of any kind, missing values included.
        y : array-like of shape (n_rows,)
            Outcome: 0 / 1, or numbers such as revenue; or what `with_group` gives.
        group : array-like of shape (n_rows,), default=None
            Which group every row belongs to. None: each segment is compared with all
            other rows.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        SegmentFinder
            The fitted finder.

        Raises
        ------
        ValueError
            If a parameter, column, outcome or group is wrong; the message says which.
        """
        columns = read_columns(self, X, reset=True)
        thresholds = self._check_parameters()
        random = check_random_state(self.random_state)
        rows, self.groups_, overlap = self._rows(
            columns, y, group, sample_weight, self.compare
        )
        # Those of an earlier fit must not stay.
        for name in ("balance_", "overlap_"):
            self.__dict__.pop(name, None)
        if overlap is not None:
            self.overlap_ = overlap
        to_search, to_test = self._parts(columns, rows, random)
        here = np.flatnonzero(to_search.weight)
        searched = to_search.take(here)
        search = self._search(columns.take(here), searched, random)
        if rows.in_a is not None and search.axes:
            self.balance_ = group_balance(search)
            if self.assignment == "randomized":
                warn_of_imbalance(type(self).__name__, self.balance_)
        boxes = self._boxes(search)
        rules = [_rule(search.coding, box) for box in boxes]
        members = _members(rules, columns)
        train = to_search.evidence(members, _LEVEL)
        test = None if to_test is None else to_test.evidence(members, _LEVEL)
        table = findings_table(
            Measured(train, test, self._adjusted(search, boxes, test)),
            self.groups_ or ("segment", "rest"),
            points=rows.points,
            thresholds=thresholds,
        )
        self.segments_, self.rules_ = named_findings(
            table, rules, ranking(table).tolist()
        )
        self._is_sure = self.segments_["p_adj"].to_numpy() <= thresholds.alpha
        self._favours_a = self.segments_["effect"].to_numpy() >= 0
        self._overall_a = rows.in_a is not None and rows.mean_effect >= 0
        return self

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
        to_a = self._routed_to_a(read_columns(self._fitted(), X, reset=False))
        if self.groups_ is None:
            return to_a.astype(np.intp)
        # Labels keep their type: 1 and "not 1" do not become texts.
        kinds = set(map(type, self.groups_))
        labels = np.array(self.groups_, dtype=object if len(kinds) > 1 else None)
        return labels[np.where(to_a, 0, 1)]

    def score(
        self, X: Any, y: Any, group: Any = None, sample_weight: Any = None
    ) -> float:
        """Return the mean outcome that can be expected if `predict` is followed.

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

        Returns
        -------
        float
            The value of the policy, in units of the outcome. Without groups, by how
            much the outcome of rows in the findings that do better exceeds the mean.

        Raises
        ------
        NotFittedError
            If the finder is not fitted.
        ValueError
            If the finder was fitted with a group and none is given, or the other way
            round: the result would be about something else.
        """
        owner = type(self).__name__
        columns = read_columns(self._fitted(), X, reset=False)
        _, labels = parted(y, group)
        if self._has_groups and labels is None:
            raise InvalidDataError(
                f"{owner} was fitted with a group, so score needs the group too. "
                "scikit-learn passes it on with metadata routing, or inside y: "
                "with_group(y, group)."
            )
        if not self._has_groups and labels is not None:
            raise InvalidDataError(
                f"{owner} was fitted without a group, so score cannot use one. Leave "
                "it out, or fit with it."
            )
        # One label against all others is no pair to look for.
        compare = self.groups_ if self.compare is None else self.compare
        rows, _, _ = self._rows(columns, y, group, sample_weight, compare)
        return policy_value(rows, self._routed_to_a(columns))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    def _routed_to_a(self, columns: Columns) -> BoolArray:
        to_a = np.full(columns.n_rows, self._overall_a)
        members = self.rules_.membership(columns)
        for i in np.flatnonzero(self._is_sure)[::-1]:
            to_a[members[:, i]] = self._favours_a[i]
        return to_a

    def _findings(self) -> tuple[pd.DataFrame, RuleSet, str]:
        check_is_fitted(self)
        return self.segments_, self.rules_, self._method

    @property
    def _has_groups(self) -> bool:
        return self.groups_ is not None

    def _fitted(self) -> Self:
        check_is_fitted(self)
        return self

    def _check_parameters(self) -> DecisionThresholds:
        """Raise if a parameter is wrong; return the thresholds of decisions."""
        owner = type(self).__name__
        check_int(owner, "max_features", self.max_features, 1, 3)
        check_int(owner, "max_findings", self.max_findings, 1, 1000)
        check_int(owner, "max_cells", self.max_cells, 2, _MOST_CELLS)
        check_int(owner, "n_replicates", self.n_replicates, 19, 100_000)
        check_choice(owner, "assignment", self.assignment, ASSIGNMENTS)
        check_choice(owner, "inference", self.inference, ["honest", "maxt", "none"])
        if not _is_share(self.test_size):
            raise InvalidParameterError(
                owner, "test_size", "a float in (0, 1)", self.test_size
            )
        if self.inference == "maxt" and self.max_features > 2:
            raise InvalidDataError(
                f"inference='maxt' of {owner} is about boxes of one and two columns. "
                f"Got max_features={self.max_features}. Choose 2, or 'honest'."
            )
        if self.thresholds is None:
            return DecisionThresholds()
        if not isinstance(self.thresholds, DecisionThresholds):
            rule = "None or DecisionThresholds"
            raise InvalidParameterError(owner, "thresholds", rule, self.thresholds)
        return self.thresholds

    def _rows(
        self,
        columns: Columns,
        y: Any,
        group: Any,
        sample_weight: Any,
        compare: Any,
    ) -> tuple[Comparison, tuple[Any, Any] | None, Balance | None]:
        """Return the rows that are compared, their groups, and the overlap of these."""
        owner = type(self).__name__
        values, labels = parted(y, group)
        if values is None:
            raise InvalidDataError(
                f"{owner} requires y to be passed, but the target y is None."
            )
        outcome = check_outcome(owner, values, columns.n_rows)
        weight = check_sample_weight(sample_weight, columns.n_rows)
        counts = np.ones(columns.n_rows) if weight is None else weight
        in_a = pair = overlap = None
        if labels is not None:
            groups = read_groups(owner, labels, compare, columns.n_rows)
            pair, in_a = groups.labels, groups.in_a
            # Rows of further groups are there, but count for nothing.
            counts = np.where(groups.in_a | groups.in_b, counts, 0.0)
        used = outcome[counts > 0]
        is_binary = bool(np.isin(used, (0.0, 1.0)).all())
        rows = Comparison(outcome, in_a, counts, is_binary)
        if self.assignment == "observational" and in_a is not None:
            rows, overlap = doubly_robust(
                rows, columns, check_random_state(self.random_state), self.n_jobs
            )
        return rows, pair, overlap

    def _parts(
        self, columns: Columns, rows: Comparison, random: Any
    ) -> tuple[Comparison, Comparison | None]:
        """Return the rows as they are searched, and as they are tested, if they are."""
        if self.inference != "honest":
            return rows, None
        parts = halves(columns, rows, self.test_size, random.randint(2**31))
        to_search, to_test = (replace(rows, weight=weight) for weight in parts)
        return to_search, to_test

    def _search(self, columns: Columns, rows: Comparison, random: Any) -> Search:
        """Return the rows as cells, with a score for each."""
        score = rows.search_score()
        # Signs are flipped there, and what the cells are must not depend on them.
        order = np.abs(score) if self.inference == "maxt" else score
        coding = learn_coding(
            columns,
            columns.names,
            max_cells=self._n_cells(),
            score=order,
            weight=rows.weight,
        )
        owner, total = type(self).__name__, float(rows.weight.sum())
        return Search(
            coding,
            coding.codes(columns),
            coding.axes,
            rows,
            score,
            float(np.sqrt(np.average(score**2, weights=rows.weight))),
            self.max_features,
            self.max_findings,
            check_size(owner, "min_size", self.min_size, total) or 1.0,
            random.randint(2**31),
        )

    def _n_cells(self) -> int:
        # All boxes are searched once for every replicate.
        return min(self.max_cells, 16) if self.inference == "maxt" else self.max_cells

    def _adjusted(
        self,
        search: Search,
        boxes: list[ScoredBox],
        unseen: Evidence | None,
    ) -> FloatArray:
        """Return p-values, adjusted for the number of segments that were looked at."""
        if unseen is not None:
            return holm(unseen.estimate.p_value)
        if self.inference == "none" or not boxes:
            return np.full(len(boxes), np.nan)
        largest = max_t(
            search.codes,
            search.axes,
            search.score,
            search.weight,
            n_replicates=self.n_replicates,
            rng=np.random.default_rng(search.random_state),
            min_size=search.min_size,
            max_columns=self.max_features,
        )
        # Of single precision, and the first is that of the rows as they are.
        z = np.abs([box.z for box in boxes]) * (1 - 1e-5)
        return np.asarray((largest[:, np.newaxis] >= z).mean(axis=0))


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _rule(coding: Coding, box: ScoredBox) -> Rule:
    """Return a box in terms of the columns."""
    return conjunction([coding.columns[i].rule(cells) for i, cells in box.cells])


def _members(rules: list[Rule], columns: Columns) -> BoolArray:
    """Return which rows are in which finding."""
    return RuleSet({str(i): rule for i, rule in enumerate(rules)}).membership(columns)
